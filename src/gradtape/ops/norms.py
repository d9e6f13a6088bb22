"""Norms of vectors and matrices, composed of rows, with NumPy's names and arguments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import ShapeError
from ..core.further_errors import ChoiceError
from ..core.tensor import Tensor, as_tensor
from . import constant, linear, reduction
from . import elementwise as each
from .arranging import expand_dims, moveaxis, reshape
from .composing import axes_of
from .composite import astype
from .singular import svdvals


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Tensor:
    """A norm over axes taken as one: 2, 1, infinity, -infinity, 0 (how many are not zero) or any other p.

    At the zero vector the derivative is zero, the smallest subgradient, for every p at least 1.
    """
    x = as_tensor(x)
    x = astype(x, np.float64) if x._value.dtype.kind in "biu" else x
    axes = axes_of(axis, x.ndim, "norm")
    size = each.absolute(x) if x._value.dtype.kind == "c" or ord != 2 else x
    if ord == 2:
        return reduction.euclidean_norm(size, axis=axes, keepdims=keepdims)  # type: ignore[no-any-return]
    if ord == 1:
        return linear.sum_(size, axis=axes, keepdims=keepdims)  # type: ignore[no-any-return]
    if ord in (math.inf, -math.inf):
        row = reduction.amax if ord > 0 else reduction.amin
        return row(size, axis=axes, keepdims=keepdims)  # type: ignore[no-any-return]
    if not isinstance(ord, (int, float, np.number)):
        raise ChoiceError(f"norm: ord {ord!r} is not an order of a vector norm")
    if ord == 0:
        full = constant.astype(constant.not_equal(size, each.like(size, 0)), dtype=size.dtype)
        return linear.sum_(full, axis=axes, keepdims=keepdims)  # type: ignore[no-any-return]
    # The largest entry is taken out, so that no power overflows and the zero vector is a case of its own.
    top = constant.stop_gradient(reduction.amax(size, axis=axes, keepdims=True))
    top = linear.where(constant.equal(top, each.like(top, 0)), each.like(top, 1), top)
    total = linear.sum_(each.power(size / top, float(ord)), axis=axes, keepdims=True)
    empty = constant.equal(total, each.like(total, 0))
    root = each.power(linear.where(empty, each.like(total, 1), total), 1 / float(ord))
    y = linear.where(empty, each.like(total, 0), root) * top
    return y if keepdims else reshape(y, constant.reduced_shape(x._value.shape, axes, False))


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """A norm of the matrices in the last two axes: "fro", "nuc", 2 and -2 (singular values), 1, -1, inf, -inf (sums).

    At equal largest singular values, or sums, these share the derivative; at the zero matrix that of "fro" is zero.
    """
    x = as_tensor(x)
    n = x.ndim
    if n < 2:
        raise ShapeError(f"norm: a tensor of shape {x.shape} has no matrices in its last two axes")
    x = astype(x, np.float64) if x._value.dtype.kind in "biu" else x
    if ord in ("fro", "f"):
        return vector_norm(x, axis=(n - 2, n - 1), keepdims=keepdims)
    if ord in (2, -2, "nuc"):
        s = svdvals(x)
        if ord == "nuc":
            y = linear.sum_(s, axis=(n - 2,), keepdims=False)
        else:
            y = (reduction.amax if ord == 2 else reduction.amin)(s, axis=(n - 2,), keepdims=False)
    elif ord in (1, -1, math.inf, -math.inf):
        sums = linear.sum_(each.absolute(x), axis=(n - 2 if abs(ord) == 1 else n - 1,), keepdims=False)
        y = (reduction.amax if ord > 0 else reduction.amin)(sums, axis=(n - 2,), keepdims=False)
    else:
        raise ChoiceError(f"norm: ord {ord!r} is not an order of a matrix norm")
    return expand_dims(y, (-2, -1)) if keepdims else y


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """A vector norm along one axis, a matrix norm over two; the Euclidean norm of all entries by default."""
    x = as_tensor(x)
    if axis is None and (ord is None or x.ndim not in (1, 2)):
        if ord is not None:
            raise ShapeError(
                f"norm: without an axis, ord takes a vector or a matrix, not a tensor of shape {x.shape}"
            )
        return vector_norm(x, keepdims=keepdims)
    axes = axes_of(axis, x.ndim, "norm")
    if len(axes) == 1:
        return vector_norm(x, axis=axes, keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2:
        raise ShapeError(f"norm: one or two axes are needed, not {axes}")
    y = matrix_norm(moveaxis(x, axes, (-2, -1)), ord="fro" if ord is None else ord)
    return expand_dims(y, axes) if keepdims else y
