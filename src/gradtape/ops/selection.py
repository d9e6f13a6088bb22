"""Copying, moving, choosing and replacing entries, with NumPy's names and arguments; composed of rows.

First what repeats or moves entries (tile, repeat, roll, grids, joining and cutting), then what reads and replaces
entries by an index along an axis.

Indices stay tensors and are computed with rows: whoever records the operations sees where they come from.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, DtypeError, InvalidArgumentError, InvalidIndexError, ShapeError
from ..core.further_errors import ChoiceError, RangeError
from ..core.spec import broadcast_shapes, int64
from ..core.tensor import Tensor, as_tensor, beside
from . import constant, linear
from . import elementwise as each
from .arranging import concatenate, flip, ravel, split, swapaxes
from .composing import axes_of, composite, shape_of
from .composite import where
from .segments import maximum_at

# copies and moves


@composite("tile")
def tile(A: Any, reps: Any) -> Tensor:
    """The tensor repeated so many times along each axis."""
    x, counts = as_tensor(A), shape_of(reps)
    if builtins.any(n < 0 for n in counts):
        raise RangeError(f"tile: reps must not be negative, got {counts} for a tensor of shape {x.shape}")
    rank = builtins.max(len(counts), x.ndim)
    counts = (1,) * (rank - len(counts)) + counts
    sizes = (1,) * (rank - x.ndim) + tuple(x._value.shape)
    pairs = tuple(n for size in sizes for n in (1, size))
    spread = tuple(n for pair in zip(counts, sizes, strict=True) for n in pair)
    y = linear.broadcast_to(linear.reshape(x, shape=pairs), shape=spread)
    return linear.reshape(y, shape=tuple(m * n for m, n in zip(counts, sizes, strict=True)))  # type: ignore[no-any-return]


@composite("repeat")
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Each entry (or slice along an axis) repeated so many times."""
    x = as_tensor(a)
    x = ravel(x) if axis is None or x.ndim == 0 else x
    (place,) = axes_of((axis or 0,), x.ndim, "repeat")
    counts, size = np.asarray(as_tensor(repeats)), x._value.shape[place]
    if counts.dtype.kind not in "iu":
        raise DtypeError(f"repeat: repeats must be integers, not {counts.dtype.name}")
    if counts.ndim > 1 or (counts.ndim and counts.shape[0] not in (1, size)):
        raise ShapeError(
            f"repeat: repeats of shape {counts.shape} do not fit axis {place} of the shape {x.shape}"
        )
    if counts.size and counts.min() < 0:
        raise RangeError(f"repeat: repeats must not be negative, got {counts.tolist()}")
    index = np.repeat(np.arange(size), np.broadcast_to(counts, (size,)).astype(np.intp))
    return linear.take(x, Tensor(index), axis=place)  # type: ignore[no-any-return]


@composite("roll")
def roll(a: Any, shift: Any, axis: Any = None) -> Tensor:
    """Entries moved along axes; those that leave at one end come back at the other. Shifts of one axis add up."""
    x = as_tensor(a)
    if axis is None:
        return linear.reshape(roll(ravel(x), shift, 0), shape=tuple(x._value.shape))  # type: ignore[no-any-return]
    shifts, axes = np.broadcast_arrays(np.asarray(as_tensor(shift)), np.asarray(as_tensor(axis)))
    if shifts.dtype.kind not in "iu" or shifts.ndim > 1:
        raise ArgumentTypeError(
            f"roll: shift and axis must be integers or lists of them, got {shift!r} and {axis!r}"
        )
    for step, place in zip(shifts.reshape(-1).tolist(), axes.reshape(-1).tolist(), strict=True):
        (i,) = axes_of((place,), x.ndim, "roll")
        size = x._value.shape[i]
        cut = -step % size if size else 0
        if cut:
            lead = (slice(None),) * i
            parts = [linear.getitem(x, index=(*lead, part)) for part in (slice(cut, None), slice(0, cut))]
            x = linear.concatenate(*parts, axis=i)
    return x


@composite("rot90")
def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """A plane turned by k quarter turns, from the first axis towards the second."""
    x = as_tensor(m)
    first, second = axes_of(axes, x.ndim, "rot90")
    turns = k % 4
    if turns == 0:
        return x
    if turns == 2:
        return flip(x, (first, second))
    return (
        swapaxes(flip(x, second), first, second) if turns == 1 else flip(swapaxes(x, first, second), second)
    )


composite("fliplr")(lambda m: flip(m, 1))
composite("flipud")(lambda m: flip(m, 0))


@composite("rollaxis")
def rollaxis(a: Any, axis: int, start: int = 0) -> Tensor:
    """An axis brought before another one."""
    x = as_tensor(a)
    order = list(range(x.ndim))
    (source,) = axes_of((axis,), x.ndim, "rollaxis")
    if not -x.ndim <= start <= x.ndim:
        raise ShapeError(f"rollaxis: start {start} is out of range for a tensor of rank {x.ndim}")
    target = start + x.ndim if start < 0 else start
    order.remove(source)
    order.insert(target - (source < target), source)
    return linear.transpose(x, axes=tuple(order))  # type: ignore[no-any-return]


# grids, joining and cutting


@composite("broadcast_arrays")
def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Tensor, ...]:
    """All tensors at their common shape."""
    xs = [as_tensor(x) for x in args]
    shape = broadcast_shapes(*(x._value.shape for x in xs))
    return tuple(linear.broadcast_to(x, shape=shape) for x in xs)


@composite("meshgrid")
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Tensor, ...]:
    """Coordinates on the grid that the vectors span; with "xy" the first two axes are exchanged."""
    if indexing not in ("xy", "ij"):
        raise ChoiceError(f"meshgrid: indexing must be 'xy' or 'ij', not {indexing!r}")
    xs = [ravel(x) for x in xi]
    places = list(range(len(xs)))
    if indexing == "xy" and len(xs) > 1:
        places[:2] = [1, 0]
    grids = tuple(
        linear.reshape(x, shape=tuple(x.size if i == place else 1 for i in range(len(xs))))
        for x, place in zip(xs, places, strict=True)
    )
    return grids if sparse else broadcast_arrays(*grids)


def _at_least(rank: int) -> Callable[..., Any]:
    def function(*arys: Any) -> Any:
        made = tuple(linear.reshape(x, shape=_lifted(x._value.shape, rank)) for x in map(as_tensor, arys))
        return made[0] if len(made) == 1 else made

    return composite(f"atleast_{rank}d")(function)


def _lifted(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """NumPy's shape of at least this rank: new axes come first, but a matrix becomes (n, m, 1)."""
    if len(shape) >= rank:
        return tuple(shape)
    if rank == 3 and len(shape) > 0:
        return (1, *shape, 1) if len(shape) == 1 else (*shape, 1)
    return (1,) * (rank - len(shape)) + tuple(shape)


atleast_1d, atleast_2d, atleast_3d = _at_least(1), _at_least(2), _at_least(3)


def _joined(name: str, lift: Callable[[Any], Tensor], axis: Callable[[Tensor], int]) -> None:
    def function(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Tensor:
        parts = [lift(x) for x in beside(tuple(tup))]
        if not parts:
            raise InvalidArgumentError(f"{name}: at least one tensor is needed")
        return concatenate(parts, axis(parts[0]))

    composite(name)(function)


def _column(x: Any) -> Tensor:
    return linear.reshape(x, shape=(x.size, 1)) if x.ndim < 2 else x  # type: ignore[no-any-return]


_joined("hstack", atleast_1d, lambda first: 0 if first.ndim == 1 else 1)
_joined("vstack", atleast_2d, lambda _first: 0)
_joined("dstack", atleast_3d, lambda _first: 2)
_joined("column_stack", _column, lambda _first: 1)


@composite("append")
def append(arr: Any, values: Any, axis: int | None = None) -> Tensor:
    """Values joined behind a tensor."""
    return concatenate((arr, values), axis)


@composite("array_split")
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Parts along an axis, of sizes that differ by one at most."""
    if not isinstance(indices_or_sections, (int, np.integer)):
        return split(ary, indices_or_sections, axis)
    x, count = as_tensor(ary), int(indices_or_sections)
    (place,) = axes_of((axis,), x.ndim, "array_split")
    if count < 1:
        raise RangeError(f"array_split: the number of parts must be positive, not {count}")
    size, more = divmod(x._value.shape[place], count)
    sizes = [size + 1] * more + [size] * (count - more)
    return split(x, list(np.cumsum(sizes)[:-1]), place)


def _cut(name: str, axis: Callable[[Tensor], int]) -> None:
    composite(name)(lambda ary, indices_or_sections: split(ary, indices_or_sections, axis(as_tensor(ary))))


_cut("hsplit", lambda x: 0 if x.ndim == 1 else 1)
_cut("vsplit", lambda _x: 0)
_cut("dsplit", lambda _x: 2)


@composite("delete")
def delete(arr: Any, obj: Any, axis: int | None = None) -> Tensor:
    """The tensor without the entries (or slices along an axis) at the given places."""
    x = as_tensor(arr)
    x = ravel(x) if axis is None else x
    (place,) = axes_of((axis or 0,), x.ndim, "delete")
    gone = obj if isinstance(obj, slice) else np.asarray(as_tensor(obj))
    kept = np.delete(np.arange(x._value.shape[place]), gone)
    return linear.take(x, Tensor(kept), axis=place)  # type: ignore[no-any-return]


# reading and replacing by an index along an axis


def places_of(name: str, indices: Any) -> Tensor:
    """Indices as an integer tensor."""
    places = as_tensor(indices)
    if places._value.dtype.kind not in "iu":
        raise DtypeError(f"{name}: indices must be integers, not {places.dtype.name}")
    return places


def flat_places(places: Tensor, shape: Sequence[int], axis: int) -> Any:
    """Places along an axis as places in the flattened tensor: `axis` varies, the other axes stay."""
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    offset: Any = 0
    for i, (size, stride) in enumerate(zip(shape, strides, strict=True)):
        if i != axis:
            offset = offset + (np.arange(size) * stride).reshape((size,) + (1,) * (len(shape) - 1 - i))
    wide = constant.astype(places, dtype=int64)
    return linear.add(each.multiply(wide, Tensor(int64.type(strides[axis]))), Tensor(np.asarray(offset)[()]))


def along(x: Tensor, places: Tensor, axis: int) -> Tensor:
    """Entries at places along an axis; the places (not negative) have the shape of x but for that axis."""
    if x.ndim == 1:
        return linear.take(x, places, axis=0)  # type: ignore[no-any-return]
    flat = flat_places(places, x._value.shape, axis)
    return linear.take(linear.reshape(x, shape=(x.size,)), flat, axis=0)  # type: ignore[no-any-return]


def _aligned(name: str, arr: Any, indices: Any, axis: int | None) -> tuple[Tensor, Tensor, int]:
    """Tensor and places brought to one shape but for the axis, negative places counted from the end."""
    x, places = as_tensor(arr), places_of(name, indices)
    x = ravel(x) if axis is None else x
    (place,) = axes_of((axis or 0,), x.ndim, name)
    if places.ndim != x.ndim:
        raise ShapeError(
            f"{name}: indices of shape {places.shape} and a tensor of shape {x.shape} differ in rank"
        )
    size, values = x._value.shape[place], np.asarray(places)
    if values.size and not (-size <= values.min() and values.max() < size):
        raise InvalidIndexError(f"{name}: an index is out of range for axis {place} of the shape {x.shape}")
    rest = [[n for i, n in enumerate(shape) if i != place] for shape in (x._value.shape, values.shape)]
    try:
        common = list(broadcast_shapes(*map(tuple, rest)))
    except ValueError:
        raise ShapeError(
            f"{name}: indices of shape {places.shape} do not fit a tensor of shape {x.shape} along axis {place}"
        ) from None
    shapes = [(*common[:place], n, *common[place:]) for n in (size, values.shape[place])]
    if size:
        places = each.remainder(places, Tensor(values.dtype.type(size)))
    return linear.broadcast_to(x, shape=shapes[0]), linear.broadcast_to(places, shape=shapes[1]), place


@composite("take_along_axis")
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Tensor:
    """For each line along an axis its entries at its own indices."""
    return along(*_aligned("take_along_axis", arr, indices, axis))


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> Tensor:
    """The tensor with the entries at the indices along an axis replaced; the last of several counts.

    NumPy's function of this name writes into its argument; this one returns the result.
    """
    base, updates = beside((arr, values))
    x, places, place = _aligned("put_along_axis", base, indices, axis)
    flat = linear.reshape(flat_places(places, x._value.shape, place), shape=(places.size,))
    given = linear.broadcast_to(updates, shape=tuple(places._value.shape))
    y = replaced(linear.reshape(x, shape=(x.size,)), flat, linear.reshape(given, shape=(places.size,)))
    return linear.reshape(y, shape=tuple(x._value.shape))  # type: ignore[no-any-return]


def replaced(x: Tensor, places: Tensor, updates: Tensor) -> Tensor:
    """Slices of the first axis replaced by updates; of several for one place the last counts.

    What is overwritten, in x as among the updates, reaches nothing.
    """
    count, rest = updates._value.shape[0], x._value.shape[1:]
    if count == 0:
        return x
    last = maximum_at(Tensor(np.arange(count)), places, size=x._value.shape[0])
    written = constant.greater_equal(last, Tensor(int64.type(0)))
    chosen = linear.take(updates, each.maximum(last, Tensor(int64.type(0))), axis=0)
    written = linear.reshape(written, shape=(x._value.shape[0],) + (1,) * len(rest))
    return linear.where(written, chosen, x)  # type: ignore[no-any-return]


@composite("compress")
def compress(condition: Any, a: Any, axis: int | None = None, out: None = None) -> Tensor:
    """The entries (or slices along an axis) where a vector of conditions holds."""
    x, holds = as_tensor(a), np.asarray(as_tensor(condition))
    x = ravel(x) if axis is None else x
    (place,) = axes_of((axis or 0,), x.ndim, "compress")
    if holds.ndim != 1:
        raise ShapeError(f"compress: the condition must be a vector, not of shape {holds.shape}")
    return linear.take(x, Tensor(np.flatnonzero(holds)), axis=place)  # type: ignore[no-any-return]


@composite("extract")
def extract(condition: Any, arr: Any) -> Tensor:
    """The entries where the condition holds, in one axis."""
    return compress(ravel(condition), arr)


@composite("select")
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Tensor:
    """Entry by entry the choice of the first condition that holds."""
    if len(condlist) != len(choicelist) or not len(condlist):
        raise InvalidArgumentError(
            f"select: {len(condlist)} conditions are given for {len(choicelist)} choices"
        )
    *choices, y = beside((*choicelist, default))
    for condition, choice in zip(reversed(list(condlist)), reversed(choices), strict=True):
        y = where(condition, choice, y)
    return y
