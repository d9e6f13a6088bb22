"""TensorFlow's learning-rate schedules, `tf.optimizers.schedules`: functions of the number of steps made so far.

A schedule is a frozen dataclass that is called with a step (a number or a tensor) and gives a tensor made of
operations, so that a recorded training step follows it. Optimisers take it in double precision (`exact`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError
from ..core.further_errors import RangeError, UnfinishedError
from ..core.spec import default_float, float64
from ..core.tensor import Tensor, as_tensor
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops import linear
from ..ops.composite import astype
from ..ops.ordering import rank_of


def _number(step: Any) -> Tensor:
    return astype(as_tensor(step), float64)


def _quotient(step: Any, size: float, cut: bool) -> Tensor:
    found = _number(step) / size
    return fixed.floor(found) if cut else found  # type: ignore[no-any-return]


def _require_positive(name: str, decay_steps: float) -> None:
    if not decay_steps > 0:
        raise RangeError(f"{name}: decay_steps must be positive, got {decay_steps!r}")


@dataclass(frozen=True, slots=True)
class LearningRateSchedule:
    """Base of all schedules: a subclass is called with the step."""

    def __call__(self, step: Any) -> Tensor:
        """The learning rate at a step, in the default float dtype."""
        return astype(self.exact(step), default_float())

    def exact(self, step: Any) -> Tensor:
        """The learning rate at a step in double precision, as optimisers take it."""
        raise UnfinishedError(f"{type(self).__name__} is not a schedule: it lacks __call__")


def is_exact(schedule: LearningRateSchedule) -> bool:
    """Whether a schedule is called by way of `exact`; a user's own class may say in `__call__` what it gives."""
    return type(schedule).__call__ is LearningRateSchedule.__call__


@dataclass(frozen=True, slots=True)
class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate decay_rate**(step / decay_steps), the exponent cut to a whole number if `staircase`.

    >>> import gradtape as gt
    >>> print(gt.optimizers.schedules.ExponentialDecay(0.5, 10, 0.25)(5).numpy())
    0.25
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False
    name: str = "ExponentialDecay"

    def __post_init__(self) -> None:
        _require_positive(self.name, self.decay_steps)

    def exact(self, step: Any) -> Tensor:
        """The learning rate at a step in double precision."""
        exponent = _quotient(step, self.decay_steps, self.staircase)
        return self.initial_learning_rate * self.decay_rate**exponent  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class InverseTimeDecay(LearningRateSchedule):
    """initial_learning_rate / (1 + decay_rate step / decay_steps), the quotient cut if `staircase`."""

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False
    name: str = "InverseTimeDecay"

    def __post_init__(self) -> None:
        _require_positive(self.name, self.decay_steps)

    def exact(self, step: Any) -> Tensor:
        """The learning rate at a step in double precision."""
        quotient = _quotient(step, self.decay_steps, self.staircase)
        return self.initial_learning_rate / (1 + self.decay_rate * quotient)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class PolynomialDecay(LearningRateSchedule):
    """From the initial rate to the end rate along (1 - step / decay_steps)**power; `cycle` starts longer ones."""

    initial_learning_rate: float
    decay_steps: float
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False
    name: str = "PolynomialDecay"

    def __post_init__(self) -> None:
        _require_positive(self.name, self.decay_steps)

    def exact(self, step: Any) -> Tensor:
        """The learning rate at a step in double precision."""
        share = _number(step) / self.decay_steps
        longest = each.maximum(fixed.ceil(share), 1.0) if self.cycle else 1.0
        height = self.initial_learning_rate - self.end_learning_rate
        return height * (1 - each.minimum(share / longest, 1.0)) ** self.power + self.end_learning_rate  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class CosineDecay(LearningRateSchedule):
    """Half a cosine from the initial rate to alpha times it (Loshchilov and Hutter 2017), after a linear warm-up.

    With `warmup_target` the rate first rises from the initial one to the target in `warmup_steps`.
    """

    initial_learning_rate: float
    decay_steps: float
    alpha: float = 0.0
    name: str = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: float = 0

    def __post_init__(self) -> None:
        _require_positive(self.name, self.decay_steps)

    def exact(self, step: Any) -> Tensor:
        """The learning rate at a step in double precision."""
        now, start, target = _number(step), self.initial_learning_rate, self.warmup_target
        if target is None:
            return self._decayed(now, start)
        decayed = self._decayed(now - self.warmup_steps, target)
        if not self.warmup_steps:
            return decayed
        rising = start + (target - start) * now / self.warmup_steps
        return linear.where(fixed.less(now, each.like(now, self.warmup_steps)), rising, decayed)  # type: ignore[no-any-return]

    def _decayed(self, now: Tensor, top: float) -> Tensor:
        cosine = 0.5 * (1 + each.cos(math.pi * each.minimum(now / self.decay_steps, 1.0)))
        return top * ((1 - self.alpha) * cosine + self.alpha)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and at step boundaries[0], values[1] up to and at boundaries[1], and so on.

    Raises:
        ValueError: unless there is one more value than boundaries, and these rise.
    """

    boundaries: Sequence[float]
    values: Sequence[float]
    name: str = "PiecewiseConstant"

    def __post_init__(self) -> None:
        if len(self.values) != len(self.boundaries) + 1 or list(self.boundaries) != sorted(self.boundaries):
            raise InvalidArgumentError(
                f"{self.name}: there must be one more value than rising boundaries, got {self.boundaries!r} and "
                f"{self.values!r}"
            )

    def exact(self, step: Any) -> Tensor:
        """The learning rate at a step in double precision."""
        now = linear.reshape(_number(step), shape=(1,))
        bounds, values = (Tensor(np.array(part, np.float64)) for part in (self.boundaries, self.values))
        place = rank_of(bounds, now, side="left", dtype=np.dtype(np.int64))
        return linear.reshape(linear.take(values, place, axis=0), shape=())  # type: ignore[no-any-return]


__all__ = [
    "CosineDecay",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
]
