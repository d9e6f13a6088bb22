"""TensorFlow's `tf.initializers` (`tf.keras.initializers`): objects that give a tensor of first values for a shape.

    w = tf.Variable(tf.initializers.GlorotUniform(seed=1)(shape=(3, 4)))

As in Keras 3, an initializer gives the same numbers at each call; without a seed it takes one when it is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, DtypeError, ShapeError
from ..core.further_errors import ChoiceError, RangeError
from ..core.spec import DType, as_dtype, default_float
from ..core.tensor import Tensor
from ..ops.composing import shape_of
from . import random
from .generator import stream

TRUNCATED = 0.87962566103423978
"""The deviation of normal numbers within two deviations, by which they are divided to have the one asked for."""


class Initializer:
    """Base of all initializers: call one with a shape and, if wanted, a dtype."""

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        """The tensor of first values.

        Args:
            shape: of the tensor.
            dtype: of the tensor, the default float if left out.
        """
        return self._values(shape_of(shape), default_float() if dtype is None else as_dtype(dtype))

    def _values(self, shape: tuple[int, ...], dtype: DType) -> Tensor:
        raise NotImplementedError


class Constant(Initializer):
    """One value everywhere, or an array of values that broadcasts or has as many as the shape.

    Args:
        value: a number or an array.

    >>> import gradtape as gt
    >>> gt.initializers.Constant(2.5)((2,)).numpy().tolist()
    [2.5, 2.5]
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def _values(self, shape: tuple[int, ...], dtype: DType) -> Tensor:
        given = np.asarray(self.value)
        try:
            fits = given.reshape(shape) if given.size == math.prod(shape) else np.broadcast_to(given, shape)
        except ValueError:
            raise ShapeError(
                f"Constant: a value of shape {given.shape} does not fit the shape {shape}"
            ) from None
        return Tensor(np.array(fits, dtype)[()])


class Zeros(Constant):
    """Zeros."""

    def __init__(self) -> None:
        super().__init__(0)


class Ones(Constant):
    """Ones."""

    def __init__(self) -> None:
        super().__init__(1)


class Identity(Initializer):
    """The identity matrix times `gain`.

    Raises:
        ValueError: when called with a shape that is not of rank 2.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def _values(self, shape: tuple[int, ...], dtype: DType) -> Tensor:
        if len(shape) != 2:
            raise ShapeError(f"Identity: a matrix has a shape of rank 2, not {shape}")
        return Tensor((self.gain * np.eye(*shape)).astype(dtype))


class _Drawn(Initializer):
    """Base of those that draw numbers."""

    def __init__(self, seed: int | None = None) -> None:
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer))):
            raise ArgumentTypeError(
                f"{type(self).__name__}: the seed must be an integer or None, not {seed!r}"
            )
        self.seed = int(stream(None)._source.integers(2**31)) if seed is None else int(seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        """The tensor of first values, the same at each call.

        Args:
            shape: of the tensor.
            dtype: a floating dtype, the default float if left out.

        Raises:
            TypeError: for another dtype.
        """
        chosen = default_float() if dtype is None else as_dtype(dtype)
        if chosen.kind != "f":
            raise DtypeError(f"{type(self).__name__}: dtype must be floating, not {chosen.name}")
        return self._values(shape_of(shape), chosen)

    def _normal(self, shape: tuple[int, ...], mean: Any, stddev: Any, dtype: DType) -> Tensor:
        return random.stateless_normal(shape, (self.seed, 0), mean, stddev, dtype)

    def _truncated(self, shape: tuple[int, ...], mean: Any, stddev: Any, dtype: DType) -> Tensor:
        return random.stateless_truncated_normal(shape, (self.seed, 0), mean, stddev, dtype)

    def _uniform(self, shape: tuple[int, ...], low: Any, high: Any, dtype: DType) -> Tensor:
        return random.stateless_uniform(shape, (self.seed, 0), low, high, dtype)


class RandomNormal(_Drawn):
    """Normal numbers of a mean and a standard deviation."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def _values(self, shape: tuple[int, ...], dtype: DType) -> Tensor:
        return self._normal(shape, self.mean, self.stddev, dtype)


class TruncatedNormal(RandomNormal):
    """Normal numbers, of which those two deviations from the mean and further are drawn again."""

    def _values(self, shape: tuple[int, ...], dtype: DType) -> Tensor:
        return self._truncated(shape, self.mean, self.stddev, dtype)


class RandomUniform(_Drawn):
    """Numbers spread evenly over an interval."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def _values(self, shape: tuple[int, ...], dtype: DType) -> Tensor:
        return self._uniform(shape, self.minval, self.maxval, dtype)


class VarianceScaling(_Drawn):
    """Numbers of variance `scale / n`, where n is the number of inputs, of outputs, or the mean of both.

    Inputs and outputs are the last two axes of the shape, times the axes before, as a convolution has them.

    Args:
        scale: a positive number.
        mode: "fan_in", "fan_out" or "fan_avg": what n is.
        distribution: "truncated_normal", "untruncated_normal" or "uniform".
        seed: an integer.

    Raises:
        ValueError: for an argument that is none of these.

    >>> import gradtape as gt
    >>> values = gt.initializers.VarianceScaling(2.0, seed=1)((400, 50)).numpy()
    >>> print(f"{values.var() * 400:.1f}")
    2.0
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        if not scale > 0:
            raise RangeError(f"VarianceScaling: scale must be a positive number, not {scale!r}")
        _choose("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        _choose("distribution", distribution, ("truncated_normal", "untruncated_normal", "uniform"))
        super().__init__(seed)
        self.scale, self.mode, self.distribution = scale, mode, distribution

    def _values(self, shape: tuple[int, ...], dtype: DType) -> Tensor:
        inputs, outputs = _fans(shape)
        count = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[self.mode]
        variance = self.scale / max(1.0, count)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return self._uniform(shape, -limit, limit, dtype)
        if self.distribution == "untruncated_normal":
            return self._normal(shape, 0.0, math.sqrt(variance), dtype)
        return self._truncated(shape, 0.0, math.sqrt(variance) / TRUNCATED, dtype)


def _choose(argument: str, given: Any, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise ChoiceError(f"VarianceScaling: {argument} must be one of {', '.join(allowed)}, not {given!r}")


def _fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """How many inputs and outputs weights of this shape have."""
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _scaling(name: str, scale: float, mode: str, distribution: str, source: str) -> type[VarianceScaling]:
    """A class for one choice of scale, mode and distribution, with the paper that proposes it."""

    def __init__(self: Any, seed: int | None = None) -> None:
        VarianceScaling.__init__(self, scale, mode, distribution, seed)

    text = f"`VarianceScaling({scale}, {mode!r}, {distribution!r})` ({source}).\n\n    Args:\n        seed: an integer."
    return type(name, (VarianceScaling,), {"__init__": __init__, "__doc__": text, "__module__": __name__})


GlorotNormal = _scaling("GlorotNormal", 1.0, "fan_avg", "truncated_normal", "Glorot and Bengio 2010")
GlorotUniform = _scaling("GlorotUniform", 1.0, "fan_avg", "uniform", "Glorot and Bengio 2010")
HeNormal = _scaling("HeNormal", 2.0, "fan_in", "truncated_normal", "He et al. 2015")
HeUniform = _scaling("HeUniform", 2.0, "fan_in", "uniform", "He et al. 2015")
LecunNormal = _scaling("LecunNormal", 1.0, "fan_in", "truncated_normal", "LeCun et al. 1998")
LecunUniform = _scaling("LecunUniform", 1.0, "fan_in", "uniform", "LeCun et al. 1998")


class Orthogonal(_Drawn):
    """A matrix with orthonormal rows or columns, times `gain` (Saxe et al. 2014); more axes count as rows.

    Raises:
        ValueError: when called with a shape of rank below 2.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def _values(self, shape: tuple[int, ...], dtype: DType) -> Tensor:
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal: the shape must be at least two-dimensional, not {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        drawn = self._normal((max(rows, columns), min(rows, columns)), 0.0, 1.0, np.dtype("float64"))
        q, r = np.linalg.qr(drawn._value)
        q = q * np.sign(np.diag(r))  # makes it unique, and its distribution even (Mezzadri 2007)
        return Tensor((self.gain * (q.T if rows < columns else q)).reshape(shape).astype(dtype))


random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
zeros, ones, constant, identity, orthogonal = Zeros, Ones, Constant, Identity, Orthogonal
glorot_normal, glorot_uniform, he_normal, he_uniform = GlorotNormal, GlorotUniform, HeNormal, HeUniform
lecun_normal, lecun_uniform, variance_scaling = LecunNormal, LecunUniform, VarianceScaling

_NAMED: dict[str, Callable[..., Initializer]] = {
    "constant": Constant,
    "glorot_normal": GlorotNormal,
    "glorot_uniform": GlorotUniform,
    "he_normal": HeNormal,
    "he_uniform": HeUniform,
    "identity": Identity,
    "lecun_normal": LecunNormal,
    "lecun_uniform": LecunUniform,
    "ones": Ones,
    "orthogonal": Orthogonal,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "variance_scaling": VarianceScaling,
    "zeros": Zeros,
}


def get(identifier: Any) -> Any:
    """The initializer of a name such as "glorot_uniform" or "GlorotUniform"; what can be called stays, and None.

    Raises:
        ValueError: for another name.

    >>> import gradtape as gt
    >>> gt.initializers.get("ones")((2,)).numpy().tolist()
    [1.0, 1.0]
    """
    if isinstance(identifier, type):
        return identifier()
    if identifier is None or callable(identifier):
        return identifier
    by_class = {kind.__name__: kind for kind in _NAMED.values()}
    found = _NAMED.get(identifier) or by_class.get(identifier) if isinstance(identifier, str) else None
    if found is None:
        raise ChoiceError(
            f"Could not interpret initializer identifier: {identifier!r}; there are {', '.join(_NAMED)}"
        )
    return found()


__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]
