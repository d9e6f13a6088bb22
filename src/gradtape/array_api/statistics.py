"""Reductions, running sums, differences and truth values of whole arrays."""

from __future__ import annotations

from typing import Any

from ..faces import numpy_numerical, numpy_reductions
from ..faces.numpy_names import NAMES
from ..ops import composite
from .arrays import exported, promoted, tensor_of


@exported
def all(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether every entry is true."""
    return composite.all(tensor_of(x), axis, keepdims=keepdims)


@exported
def any(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether an entry is true."""
    return composite.any(tensor_of(x), axis, keepdims=keepdims)


@exported
def cumulative_prod(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    """Running products; small integers are multiplied in the default integer."""
    x = tensor_of(x)
    return NAMES["cumulative_prod"](x, axis=axis, dtype=_wide(x, dtype), include_initial=include_initial)


@exported
def cumulative_sum(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    """Running sums; small integers are added in the default integer."""
    x = tensor_of(x)
    return NAMES["cumulative_sum"](x, axis=axis, dtype=_wide(x, dtype), include_initial=include_initial)


@exported
def diff(x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Any:
    """The differences of neighbours, n times over."""
    given = [y for y in (x, prepend, append) if y is not None]
    x, *ends = promoted(*given)
    first = ends.pop(0) if prepend is not None else None
    return numpy_numerical.diff(x, n, axis, first, ends.pop(0) if append is not None else None)


@exported
def max(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest entry; equal ones share the derivative."""
    return composite.max(tensor_of(x), axis, keepdims=keepdims)


@exported
def mean(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean."""
    return composite.mean(tensor_of(x), axis, keepdims=keepdims)


@exported
def min(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest entry; equal ones share the derivative."""
    return composite.min(tensor_of(x), axis, keepdims=keepdims)


@exported
def prod(x: Any, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """The product; small integers are multiplied in the default integer."""
    return numpy_reductions.prod(tensor_of(x), axis, dtype, keepdims=keepdims)


@exported
def std(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """The root of the variance; its derivative is zero where all entries are equal."""
    return numpy_reductions.std(tensor_of(x), axis, ddof=correction, keepdims=keepdims)


@exported
def sum(x: Any, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """The sum; small integers are added in the default integer."""
    return numpy_reductions.sum(tensor_of(x), axis, dtype, keepdims=keepdims)


@exported
def var(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean, with `correction` less entries counted."""
    return numpy_reductions.var(tensor_of(x), axis, ddof=correction, keepdims=keepdims)


def _wide(x: Any, dtype: Any) -> Any:
    """The dtype to add in: what was asked for, else at least the default integer of the same sign."""
    return numpy_reductions.summed_dtype(x._value.dtype) if dtype is None else dtype
