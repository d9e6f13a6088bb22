"""TensorFlow's sums, means, products and extremes of groups of slices: `segment_*` and `unsorted_segment_*`.

`segment_ids` says for each slice of the first axis (of the first axes, unsorted) which group it belongs to. Every
function is one line over `ops/segments.py`; what they share is how the ids are checked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, DtypeError, ShapeError
from ..core.further_errors import RangeError
from ..core.questions import has_outside
from ..core.spec import float64, int64
from ..core.tensor import Tensor, as_tensor, decide
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops import linear
from ..ops.composite import astype
from ..ops.segments import beside_slices, count_at, maximum_at, minimum_at, product_at
from .spelling import named

Group = Callable[[Tensor, Tensor, int], Tensor]


# what each function does with slices whose groups are in range


def _sum(x: Tensor, ids: Tensor, size: int) -> Tensor:
    return linear.put_add(x, ids, axis=0, size=size)  # type: ignore[no-any-return]


def _largest(x: Tensor, ids: Tensor, size: int) -> Tensor:
    return maximum_at(x, ids, size=size)  # type: ignore[no-any-return]


def _smallest(x: Tensor, ids: Tensor, size: int) -> Tensor:
    return minimum_at(x, ids, size=size)  # type: ignore[no-any-return]


def _divided(x: Tensor, ids: Tensor, size: int, root: bool) -> Tensor:
    """The sum over the number of slices or its square root; 0 for an empty group."""
    x = astype(x, float64) if x._value.dtype.kind in "iu" else x
    total = _sum(x, ids, size)
    count = astype(each.maximum(count_at(ids, size), Tensor(int64.type(1))), float64)
    weight = astype(each.sqrt(count) if root else count, x.dtype)
    return each.divide(total, beside_slices(weight, total))  # type: ignore[no-any-return]


def _mean(x: Tensor, ids: Tensor, size: int) -> Tensor:
    return _divided(x, ids, size, root=False)


def _root_mean(x: Tensor, ids: Tensor, size: int) -> Tensor:
    return _divided(x, ids, size, root=True)


# checks


def _given(name: str, data: Any, segment_ids: Any) -> tuple[Tensor, Tensor]:
    x, ids = as_tensor(data), as_tensor(segment_ids)
    if x._value.dtype.kind not in ("iuf" if name.endswith(("min", "max")) else "iufc"):
        raise DtypeError(f"{name}: data of dtype {x.dtype.name} and shape {x.shape} cannot be grouped")
    if ids._value.dtype.kind not in "iu":
        raise DtypeError(f"{name}: segment_ids must be integers, not {ids.dtype.name} of shape {ids.shape}")
    return x, ids


def _ordered(name: str, run: Group, empty_is_zero: bool) -> Callable[..., Tensor]:
    def function(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
        x, ids = _given(title, data, segment_ids)
        if ids.ndim != 1 or x.ndim == 0 or x._value.shape[0] != ids.size:
            raise ShapeError(
                f"{title}: segment_ids of shape {ids.shape} must be a vector of the size of the first axis of data, "
                f"which has the shape {x.shape}"
            )
        groups = np.asarray(ids)
        if groups.size and (groups[0] < 0 or (groups[1:] < groups[:-1]).any()):
            raise RangeError(
                f"{title}: segment_ids must ascend and not be negative; use unsorted_{title} if they do not, "
                f"got {groups.tolist() if groups.size < 20 else groups.shape}"
            )
        size = int(groups[-1]) + 1 if groups.size else 0
        y = run(x, ids, size)
        if empty_is_zero:
            there = beside_slices(fixed.greater(count_at(ids, size), Tensor(int64.type(0))), y)
            y = linear.where(there, y, each.like(y, 0))
        return y

    title = name
    return function


def _unordered(name: str, run: Group) -> Callable[..., Tensor]:
    def function(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
        x, ids = _given(title, data, segment_ids)
        size = _size(title, num_segments)
        if x._value.shape[: ids.ndim] != ids._value.shape:
            raise ShapeError(
                f"{title}: the shape of data, {x.shape}, does not start with that of segment_ids, {ids.shape}"
            )
        if not decide(ids, partial(has_outside, size)):
            return run(x, ids, size)
        groups = np.asarray(ids)
        if groups.size and groups.max() >= size:
            raise RangeError(f"{title}: a segment id is {groups.max()}, but num_segments is {size}")
        # Slices with a negative id belong to no group: they go to one more, which is cut off.
        ids = linear.where(fixed.less(ids, each.like(ids, 0)), each.like(ids, size), ids)
        return linear.getitem(run(x, ids, size + 1), index=(slice(0, size),))  # type: ignore[no-any-return]

    title = name
    return function


def _size(name: str, num_segments: Any) -> int:
    count = np.asarray(num_segments)
    if count.ndim or count.dtype.kind not in "iu":
        raise ArgumentTypeError(f"{name}: num_segments must be an integer, got {num_segments!r}")
    if count < 0:
        raise RangeError(f"{name}: num_segments must not be negative, got {int(count)}")
    return int(count)


# the functions


def _named(function: Callable[..., Tensor], name: str, says: str, unordered: bool) -> Callable[..., Tensor]:
    shape = "integers whose shape is the first part of that of data; slices of a negative id are left out"
    number = "\n    num_segments: how many groups there are."
    text = (
        f"{says}\n\nArgs:\n    data: tensor of rank one or more.\n    segment_ids: "
        + (shape if unordered else "ascending integers from 0, one for each slice of the first axis")
        + f".{number if unordered else ''}\n\nRaises:\n    ValueError: if the ids do not fit data or are out of range."
    )
    return named(function, name, text)


def _segment(name: str, run: Group, says: str, empty_is_zero: bool = False) -> Callable[..., Tensor]:
    return _named(_ordered(name, run, empty_is_zero), name, says, unordered=False)


def _unsorted(name: str, run: Group, says: str) -> Callable[..., Tensor]:
    return _named(_unordered(name, run), name, says, unordered=True)


def _integer_mean(x: Tensor, ids: Tensor, size: int) -> Tensor:
    """TensorFlow's ordered mean of integers is an integer, cut off towards zero."""
    y = _mean(x, ids, size)
    return astype(fixed.trunc(y), x.dtype) if x._value.dtype.kind in "iu" else y


segment_sum = _segment("segment_sum", _sum, "The sum of each group; 0 for an empty one.")
segment_mean = _segment("segment_mean", _integer_mean, "The mean of each group; 0 for an empty one.")
segment_prod = _segment(
    "segment_prod", product_at, "The product of each group, 1 for an empty one; exact at zeros."
)
segment_max = _segment(
    "segment_max",
    _largest,
    "The largest of each group, 0 for an empty one; equal ones share the derivative.",
    True,
)
segment_min = _segment(
    "segment_min",
    _smallest,
    "The smallest of each group, 0 for an empty one; equal ones share the derivative.",
    True,
)

unsorted_segment_sum = _unsorted("unsorted_segment_sum", _sum, "The sum of each group; 0 for an empty one.")
unsorted_segment_mean = _unsorted(
    "unsorted_segment_mean", _mean, "The mean of each group; 0 for an empty one."
)
unsorted_segment_sqrt_n = _unsorted(
    "unsorted_segment_sqrt_n",
    _root_mean,
    "The sum of each group over the root of its size; 0 for an empty one.",
)
unsorted_segment_prod = _unsorted(
    "unsorted_segment_prod", product_at, "The product of each group, 1 for an empty one; exact at zeros."
)
unsorted_segment_max = _unsorted(
    "unsorted_segment_max",
    _largest,
    "The largest of each group, the least number of the dtype for an empty one; equal ones share the derivative.",
)
unsorted_segment_min = _unsorted(
    "unsorted_segment_min",
    _smallest,
    "The smallest of each group, the largest number of the dtype for an empty one; equal ones share the derivative.",
)

__all__ = [
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "unsorted_segment_max",
    "unsorted_segment_mean",
    "unsorted_segment_min",
    "unsorted_segment_prod",
    "unsorted_segment_sqrt_n",
    "unsorted_segment_sum",
]
