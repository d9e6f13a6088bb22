"""Products of tensors composed of rows, with NumPy's names: kron, cross, vecdot."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import ShapeError
from ..core.tensor import Tensor, beside
from . import elementwise as each
from . import linear
from .arranging import moveaxis
from .composing import axes_of, composite


@composite("kron")
def kron(a: Any, b: Any) -> Tensor:
    """The Kronecker product: each entry of a times the whole of b."""
    a, b = beside((a, b))
    n = max(a.ndim, b.ndim)
    shape_a = (1,) * (n - a.ndim) + tuple(a._value.shape)
    shape_b = (1,) * (n - b.ndim) + tuple(b._value.shape)
    left = linear.reshape(a, shape=tuple(k for size in shape_a for k in (size, 1)))
    right = linear.reshape(b, shape=tuple(k for size in shape_b for k in (1, size)))
    y = each.multiply(left, right)
    return linear.reshape(y, shape=tuple(i * j for i, j in zip(shape_a, shape_b, strict=True)))  # type: ignore[no-any-return]


def cross_product(a: Any, b: Any, axis: int = -1) -> Tensor:
    """The cross product of vectors of three entries along an axis; the other axes broadcast."""
    a, b = beside((a, b))
    (i,), (j,) = axes_of((axis,), a.ndim, "cross"), axes_of((axis,), b.ndim, "cross")
    if a._value.shape[i] != 3 or b._value.shape[j] != 3:
        raise ShapeError(f"cross: axis {axis} of the shapes {a.shape} and {b.shape} must have 3 entries")
    x, y = moveaxis(a, i, -1), moveaxis(b, j, -1)
    ahead, behind = np.array([1, 2, 0]), np.array([2, 0, 1])
    first, second = (linear.take(z, Tensor(ahead), axis=z.ndim - 1) for z in (x, y))
    third, fourth = (linear.take(z, Tensor(behind), axis=z.ndim - 1) for z in (x, y))
    return moveaxis(first * fourth - third * second, -1, axis)


@composite("vecdot")
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Tensor:
    """The inner product along an axis; the first vector is conjugated."""
    a, b = beside((x1, x2))
    product = each.multiply(each.conjugated(moveaxis(a, axis, -1)), moveaxis(b, axis, -1))
    return linear.sum_(product, axis=(product.ndim - 1,), keepdims=False)  # type: ignore[no-any-return]
