"""Reductions over axes that are not plain sums: largest, smallest, norm, log of a sum of exponentials.

Each has a tangent that is a weighted sum of the input's tangent, so one constructor writes forward and reverse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import reads
from ..core.define import tangent
from ..core.lead import axes
from ..core.primitive import Primitive, Sample
from ..core.spec import Spec
from .constant import equal, reduced_shape
from .elementwise import cast_flag, divide, divide_no_nan, exp, like, multiply, reals_only
from .linear import broadcast_to, spread, sum_, where

_SAMPLES: tuple[Sample, ...] = (
    (((2, 3),), {"axis": (1,), "keepdims": False}),
    (((2, 3),), {"axis": (0, 1), "keepdims": True}),
    (((),), {"axis": (), "keepdims": False}),
)


def reduced_spec(x: Spec, *, axis: tuple[int, ...], keepdims: bool) -> Spec:
    """Shape and dtype of a reduction."""
    return Spec(reduced_shape(x.shape, axis, keepdims), x.dtype)


def reduction(name: str, value: Callable[..., Any], weight: Callable[..., Any]) -> Primitive:
    """A row over some axes whose tangent is `y' = sum(w * x')` with real weights `w = weight(y, x, axis)`.

    `value(x, axis=, keepdims=)` takes a tuple of axes. `weight` is given y with the axes kept at size one.
    """

    def forward(dx: Any, y: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        return sum_(weight(spread(y, x, axis, keepdims), x, axis) * dx, axis=axis, keepdims=keepdims)

    def backward(g: Any, y: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        return multiply(spread(g, x, axis, keepdims), weight(spread(y, x, axis, keepdims), x, axis))

    def reach(live: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        return broadcast_to(spread(live, x, axis, keepdims), shape=tuple(x.shape))

    real = reals_only(value)
    return tangent(
        name,
        real,
        forward,
        pulls=backward,
        spec=reduced_spec,
        samples=_SAMPLES,
        reach=reach,
        lead=axes("axis"),
        reads=reads.reduction,
    )


def _extreme(function: Any, worst: float) -> Callable[..., Any]:
    """NumPy's max or min; of no entries the identity: minus or plus infinity, for integers the last of the range."""

    def value(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        if x.dtype.kind in "iu":
            bounds = np.iinfo(x.dtype)
            return function(x, axis=axis, keepdims=keepdims, initial=bounds.min if worst < 0 else bounds.max)
        if x.dtype.kind == "f":
            return function(x, axis=axis, keepdims=keepdims, initial=worst)
        return function(x, axis=axis, keepdims=keepdims)

    return value


def _shared(y: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """The entries that attain the extreme share the derivative equally."""
    chosen = cast_flag(equal(x, y), x)
    return divide(chosen, sum_(chosen, axis=axis, keepdims=True))


amax = reduction("max", _extreme(np.max, -np.inf), _shared)
amin = reduction("min", _extreme(np.min, np.inf), _shared)


def _norm(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims, dtype=x.dtype))


# At the zero vector the smallest subgradient: zero (docs/nonsmooth.md).
euclidean_norm = reduction("norm", _norm, lambda y, x, _axis: divide_no_nan(x, y))


def _logsumexp(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    # Shifting by the largest entry keeps exp in range; a shift by an infinity would make NaN.
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0).astype(x.dtype)
    y = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True, dtype=x.dtype)) + top
    return y if keepdims else y.reshape(reduced_shape(x.shape, axis, False))[()]


def _softmax_weight(y: Any, x: Any, _axis: tuple[int, ...]) -> Any:
    return exp(x - where(equal(y, like(y, -np.inf)), like(y, 0), y))


logsumexp = reduction("logsumexp", _logsumexp, _softmax_weight)
