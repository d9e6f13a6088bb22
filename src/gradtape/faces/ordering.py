"""TensorFlow's functions that sort, search and count: `sort`, `top_k`, `unique`, `bincount` and their like."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.errors import DtypeError, InvalidArgumentError, ShapeError
from ..core.further_errors import ChoiceError, RangeError
from ..core.spec import int32, int64
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import composite, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.composing import axes_of
from ..ops.ordering import order_of, rank_of, sorted_along
from ..ops.selection import along
from .selection import integers


class TopKV2(NamedTuple):
    """The largest entries of each line and their places."""

    values: Tensor
    indices: Tensor


class Unique(NamedTuple):
    """The different entries in the order of their first occurrence, and for each entry its place among them."""

    y: Tensor
    idx: Tensor


class UniqueWithCounts(NamedTuple):
    """As `Unique`, with how often each occurs."""

    y: Tensor
    idx: Tensor
    count: Tensor  # type: ignore[assignment]  # TensorFlow's name, which hides the method of tuple


def _descending(name: str, direction: Any) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ChoiceError(f"{name}: direction should be one of ASCENDING, DESCENDING, not {direction!r}")
    return bool(direction == "DESCENDING")


def _line(name: str, values: Any, axis: Any) -> tuple[Tensor, int]:
    x = as_tensor(values)
    if x.ndim == 0:
        raise ShapeError(f"{name}: a tensor of shape () has no axis to sort along")
    if x._value.dtype.kind not in "biuf":
        raise DtypeError(f"{name}: {x.dtype.name} of shape {x.shape} has no order")
    return x, axes_of((axis,), x.ndim, name)[0]


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Tensor:
    """The entries of each line in order; the derivative of each goes to where it was.

    Args:
        values: real tensor of rank one or more. NaN counts as the largest.
        axis: the axis along which the lines lie.
        direction: "ASCENDING" or "DESCENDING"; equal entries keep their order in both.

    >>> import gradtape as gt
    >>> gt.sort(gt.constant([3.0, 1.0, 2.0]), direction="DESCENDING").numpy().tolist()
    [3.0, 2.0, 1.0]
    """
    down = _descending("sort", direction)
    return sorted_along(*_line("sort", values, axis), down)[0]


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Tensor:
    """The places that sort each line, as int32; equal entries keep their order.

    >>> import gradtape as gt
    >>> gt.argsort(gt.constant([3.0, 1.0, 2.0])).numpy().tolist()
    [1, 2, 0]
    """
    down = _descending("argsort", direction)
    x, place = _line("argsort", values, axis)
    return order_of(x, axis=place, descending=down, dtype=int32)  # type: ignore[no-any-return]


def top_k(
    input: Any, k: Any = 1, sorted: bool = True, index_type: Any = int32, name: str | None = None
) -> TopKV2:
    """The k largest entries along the last axis in descending order, earlier ones of equals first, and their places.

    >>> import gradtape as gt
    >>> best = gt.math.top_k(gt.constant([3.0, 1.0, 2.0]), 2)
    >>> best.values.numpy().tolist(), best.indices.numpy().tolist()
    ([3.0, 2.0], [0, 2])
    """
    x, place = _line("top_k", input, -1)
    count = int(integers("top_k", "k", k, 0))
    if not 0 <= count <= x._value.shape[place]:
        raise RangeError(f"top_k: input must have at least k columns and k >= 0, got k={count} for {x.shape}")
    order = order_of(x, axis=place, descending=True, dtype=np.dtype(index_type))
    places = linear.getitem(order, index=(Ellipsis, slice(0, count)))
    return TopKV2(along(x, places, place), places)


def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = int32, name: str | None = None
) -> Tensor:
    """Where values belong in sorted lines: before equal entries ("left") or behind them ("right").

    Args:
        sorted_sequence: lines along the last axis, each in ascending order.
        values: numbers for each line; the leading axes are those of `sorted_sequence`.

    >>> import gradtape as gt
    >>> gt.searchsorted([1.0, 2.0, 3.0], [2.0, 0.0, 9.0]).numpy().tolist()
    [1, 0, 3]
    """
    if side not in ("left", "right"):
        raise ChoiceError(f"searchsorted: side must be either 'right' or 'left', not {side!r}")
    lines, x = beside((sorted_sequence, values))
    if not lines.ndim or not x.ndim or lines._value.shape[:-1] != x._value.shape[:-1]:
        raise ShapeError(
            f"searchsorted: Leading dim_size of both tensors must match, got the shapes {lines.shape} and {x.shape}"
        )
    return rank_of(lines, x, side=side, dtype=np.dtype(out_type))  # type: ignore[no-any-return]


def unique_with_counts(x: Any, out_idx: Any = int32, name: str | None = None) -> UniqueWithCounts:
    """The different entries of a vector in the order of their first occurrence, where each entry is, and how often.

    The derivative of each goes to its first occurrence; TensorFlow has none.
    """
    values = as_tensor(x)
    if values.ndim != 1:
        raise ShapeError(f"unique: unique expects a 1D vector, not the shape {values.shape}")
    _, first, inverse, count = np.unique(np.asarray(values), True, True, True, equal_nan=False)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    y = linear.take(values, Tensor(first[order]), axis=0)
    return UniqueWithCounts(y, Tensor(rank[inverse].astype(out_idx)), Tensor(count[order].astype(out_idx)))


def unique(x: Any, out_idx: Any = int32, name: str | None = None) -> Unique:
    """The different entries of a vector in the order of their first occurrence, and where each entry is among them.

    >>> import gradtape as gt
    >>> y, idx = gt.unique(gt.constant([7.0, 5.0, 7.0]))
    >>> y.numpy().tolist(), idx.numpy().tolist()
    ([7.0, 5.0], [0, 1, 0])
    """
    found = unique_with_counts(x, out_idx)
    return Unique(found.y, found.idx)


def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = int32,
    name: str | None = None,
    axis: int | None = None,
    binary_output: bool = False,
) -> Tensor:
    """How often each number occurs, or the sum of its weights, in which it is differentiable.

    Args:
        arr: numbers not below zero.
        weights: one for each number.
        minlength, maxlength: bounds of the result's size; numbers from `maxlength` on are left out.
        dtype: of the result where there are no weights.
        axis: None or 0 counts all numbers together, -1 each row of a matrix apart.
        binary_output: 1 where a number occurs, instead of how often.

    >>> import gradtape as gt
    >>> gt.math.bincount([1, 1, 3], weights=gt.constant([1.0, 2.0, 4.0])).numpy().tolist()
    [0.0, 3.0, 0.0, 4.0]
    """
    if axis not in (None, 0, -1):
        raise ChoiceError(
            f"bincount: Unsupported value for argument axis={axis}. Only 0 and -1 are supported."
        )
    if binary_output and weights is not None:
        raise InvalidArgumentError("bincount: Arguments binary_output and weights are mutually exclusive.")
    numbers = np.asarray(as_tensor(arr))
    if numbers.dtype.kind not in "iuf":
        raise DtypeError(f"bincount: arr must be numbers, not {numbers.dtype.name} of shape {numbers.shape}")
    values = numbers.astype(np.int64)
    if values.size and values.min() < 0:
        raise InvalidArgumentError(f"bincount: Input arr must be non-negative, got {values.min()}")
    if axis == -1 and values.ndim not in (1, 2):
        raise ShapeError(f"bincount: axis=-1 needs a vector or a matrix, not the shape {values.shape}")
    w = Tensor(np.ones(values.shape, dtype)[()]) if weights is None else as_tensor(weights)
    if w._value.shape != values.shape:
        raise ShapeError(f"bincount: weights of shape {w.shape} must have the shape of arr, {values.shape}")
    size = int(values.max(initial=-1)) + 1
    size = size if minlength is None else max(size, int(minlength))
    size = size if maxlength is None else min(size, int(maxlength))
    rows = values.shape[0] if axis == -1 and values.ndim == 2 else 1
    inside = (values < size).reshape(-1)
    places = (values.reshape(rows, -1) + size * np.arange(rows)[:, None]).reshape(-1)
    flat = linear.getitem(linear.reshape(w, shape=(values.size,)), index=(inside,))
    y = linear.put_add(flat, Tensor(places[inside]), axis=0, size=rows * size)
    if binary_output:
        y = each.minimum(y, Tensor(y.dtype.type(1)))
    return linear.reshape(y, shape=(rows, size)) if axis == -1 and values.ndim == 2 else y  # type: ignore[no-any-return]


def histogram_fixed_width_bins(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = int32, name: str | None = None
) -> Tensor:
    """For each value its bin among so many of equal width; values outside the range go to the outermost ones.

    >>> import gradtape as gt
    >>> gt.histogram_fixed_width_bins([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], nbins=5).numpy().tolist()
    [0, 0, 1, 2, 4, 4]
    """
    return _bins("histogram_fixed_width_bins", values, value_range, nbins, dtype)[0]


def _bins(name: str, values: Any, value_range: Any, nbins: Any, dtype: Any) -> tuple[Tensor, int]:
    x, bounds = beside((values, value_range))
    if bounds._value.shape != (2,) or not bounds._value[0] < bounds._value[1]:
        raise InvalidArgumentError(
            f"{name}: value_range must be two ascending numbers, got {bounds.tolist()}"
        )
    count = int(integers(name, "nbins", nbins, 0))
    if count < 1:
        raise InvalidArgumentError(f"{name}: nbins should be a positive number, but got {count}")
    low, high = (linear.getitem(bounds, index=(i,)) for i in (0, 1))
    part = each.divide(linear.subtract(x, low), linear.subtract(high, low))
    if np.isnan(np.asarray(part)).any():
        raise RangeError(f"{name}: values of shape {x.shape} must not contain NaN")
    place = composite.clip(fixed.floor(part * float(count)), 0.0, float(count - 1))
    return fixed.astype(place, dtype=np.dtype(dtype)), count


def histogram_fixed_width(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = int32, name: str | None = None
) -> Tensor:
    """How many values fall into each of so many bins of equal width; those outside go to the outermost ones."""
    places, count = _bins("histogram_fixed_width", values, value_range, nbins, int64)
    flat = linear.reshape(places, shape=(places.size,))
    return linear.put_add(Tensor(np.ones(flat.size, dtype)), flat, axis=0, size=count)  # type: ignore[no-any-return]


def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Tensor:
    """Places in a flattened tensor as coordinates, one row for each axis.

    >>> import gradtape as gt
    >>> gt.unravel_index([5, 3], [2, 3]).numpy().tolist()
    [[1, 1], [2, 0]]
    """
    places, shape = integers("unravel_index", "indices", indices), integers("unravel_index", "dims", dims, 1)
    if places.ndim > 1 or (places.size and not (places.min() >= 0 and places.max() < shape.prod())):
        raise RangeError(
            f"unravel_index: indices {places.tolist()} do not fit into the shape {shape.tolist()}"
        )
    dtype = np.asarray(as_tensor(indices)).dtype
    return Tensor(np.array(np.unravel_index(places, shape.tolist())).astype(dtype))


__all__ = [
    "argsort",
    "bincount",
    "histogram_fixed_width",
    "histogram_fixed_width_bins",
    "searchsorted",
    "sort",
    "top_k",
    "unique",
    "unique_with_counts",
    "unravel_index",
]
