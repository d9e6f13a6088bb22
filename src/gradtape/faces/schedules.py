"""TensorFlow's learning-rate schedules, `tf.optimizers.schedules`: functions of the number of steps made so far.

A schedule is a frozen dataclass that is called with a step (number or tensor) and gives a number as float.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.tensor import as_tensor


def _number(step: Any) -> float:
    return float(as_tensor(step)._value)


@dataclass(frozen=True, slots=True)
class LearningRateSchedule:
    """Base of all schedules: a subclass is called with the step."""

    def __call__(self, step: Any) -> float:
        """The learning rate at a step."""
        raise NotImplementedError(f"{type(self).__name__} is not a schedule: it lacks __call__")


@dataclass(frozen=True, slots=True)
class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate decay_rate**(step / decay_steps), the exponent cut to a whole number if `staircase`.

    >>> import gradtape as gt
    >>> gt.optimizers.schedules.ExponentialDecay(0.5, 10, 0.25)(5)
    0.25
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False
    name: str = "ExponentialDecay"

    def __post_init__(self) -> None:
        _require_positive(self.name, self.decay_steps)

    def __call__(self, step: Any) -> float:
        """The learning rate at a step."""
        exponent = _number(step) / self.decay_steps
        exponent = math.floor(exponent) if self.staircase else exponent
        return float(self.initial_learning_rate * self.decay_rate**exponent)


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

    def __call__(self, step: Any) -> float:
        """The learning rate at a step."""
        quotient = _number(step) / self.decay_steps
        quotient = math.floor(quotient) if self.staircase else quotient
        return float(self.initial_learning_rate / (1 + self.decay_rate * quotient))


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

    def __call__(self, step: Any) -> float:
        """The learning rate at a step."""
        now, total = _number(step), float(self.decay_steps)
        if self.cycle:
            total *= max(math.ceil(now / total), 1)
        share = min(now, total) / total
        height = self.initial_learning_rate - self.end_learning_rate
        return float(height * (1 - share) ** self.power + self.end_learning_rate)


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

    def __call__(self, step: Any) -> float:
        """The learning rate at a step."""
        now, top = _number(step), self.initial_learning_rate
        if self.warmup_target is not None:
            if now < self.warmup_steps:
                return float(top + (self.warmup_target - top) * now / self.warmup_steps)
            now, top = now - self.warmup_steps, self.warmup_target
        share = min(now / self.decay_steps, 1.0)
        cosine = 0.5 * (1 + math.cos(math.pi * share))
        return float(top * ((1 - self.alpha) * cosine + self.alpha))


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
            raise ValueError(
                f"{self.name}: there must be one more value than rising boundaries, got {self.boundaries!r} and "
                f"{self.values!r}"
            )

    def __call__(self, step: Any) -> float:
        """The learning rate at a step."""
        return float(self.values[int(np.searchsorted(self.boundaries, _number(step)))])


def _require_positive(name: str, decay_steps: float) -> None:
    if not decay_steps > 0:
        raise ValueError(f"{name}: decay_steps must be positive, got {decay_steps!r}")


__all__ = [
    "CosineDecay",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
]
