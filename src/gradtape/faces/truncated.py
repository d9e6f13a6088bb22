"""The normal distribution between any two bounds, drawn by its quantile function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import ShapeError
from ..core.further_errors import RangeError
from ..core.spec import broadcast_shapes, float64
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops import linear
from ..ops.composing import shape_of
from ..ops.special import erfc, ndtri
from .noise import keyed, noise


def _below(x: Any) -> Any:
    """The normal distribution's function, without loss of digits in its lower tail."""
    return 0.5 * erfc(x * -math.sqrt(0.5))


def stateless_parameterized_truncated_normal(
    shape: Any,
    seed: Any,
    means: Any = 0.0,
    stddevs: Any = 1.0,
    minvals: Any = -2.0,
    maxvals: Any = 2.0,
    name: str | None = None,
) -> Tensor:
    """Normal numbers between two bounds that depend on the seed alone.

    Args:
        shape: of the result; the parameters broadcast to it.
        seed: two integers.
        means, stddevs, minvals, maxvals: numbers or tensors; derivatives of any order reach them. Bounds may be
            infinite.

    Raises:
        ValueError: for a deviation that is not positive, bounds out of order, or parameters that do not broadcast.

    >>> import gradtape as gt
    >>> y = gt.random.stateless_parameterized_truncated_normal((100,), [1, 2], 0.0, 1.0, 3.0, 4.0).numpy()
    >>> bool((y >= 3).all() and (y <= 4).all())
    True
    """
    title = "stateless_parameterized_truncated_normal"
    sizes, given = shape_of(shape), beside((means, stddevs, minvals, maxvals))
    shapes = [tuple(part._value.shape) for part in given]
    try:
        fits = broadcast_shapes(sizes, *shapes) == sizes
    except ValueError:
        fits = False
    if not fits or any(part.dtype.kind != "f" for part in given):
        raise ShapeError(
            f"{title}: parameters must be floating and broadcast to shape {sizes}, got the shapes {shapes}"
        )
    if not np.all(given[1]._value > 0) or not np.all(given[2]._value < given[3]._value):
        raise RangeError(f"{title}: stddevs must be positive and minvals below maxvals")
    mean, deviation, low, high = (linear.cast(part, dtype=float64) for part in given)

    def standard(bound: Any) -> Any:
        # An infinite bound stays one whatever the deviation; where() keeps infinity times zero out of derivatives.
        return linear.where(fixed.isfinite(bound), (bound - mean) / deviation, bound)

    a, b = standard(low), standard(high)
    # In the upper half the mirror image is drawn, so that probabilities are small numbers and keep their digits.
    upper = fixed.greater(a, -b)
    first, second = (_below(linear.where(upper, *pair)) for pair in ((-b, a), (-a, b)))
    z = ndtri(first + noise(keyed(seed), "open", sizes, float64) * (second - first))
    y = mean + deviation * linear.where(upper, -z, z)
    y = each.minimum(each.maximum(y, low), high)  # rounding may leave the interval
    return linear.cast(y, dtype=as_tensor(given[0]).dtype)  # type: ignore[no-any-return]
