"""The first axis of rows that move entries: reshape, broadcast, transpose, reading and adding by an index.

Each `Lead` says how its row reads with one more axis in front, and which inputs lie along the first axis
(`core/lead.py`). Adjoint pairs of `linear.py` stand beside each other here as there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import errors
from ..core.lead import Flags, Lead, aligned, carried, looped, moved, reshaped, shifting, size_of
from ..core.listen import values_of
from ..core.primitive import Primitive
from ..core.spec import Spec, int64
from ..core.tensor import ROWS, Tensor, apply

Params = dict[str, Any]

RESHAPE = shifting(
    lambda shape, params: {"shape": (shape[0], *params["shape"])},
    lambda specs, params: specs[0].shape[:1] == tuple(params["shape"][:1]) != (),
)

TRANSPOSE = shifting(
    lambda _shape, params: {"axes": (0, *(i + 1 for i in params["axes"]))},
    lambda _specs, params: tuple(params["axes"][:1]) == (0,),
)


def _broadcast(primitive: Primitive, xs: Sequence[Tensor], _carries: Flags, params: Params) -> Tensor:
    (x,), shape = xs, params["shape"]
    size, *own = x._value.shape
    x = reshaped(x, (size, *(1,) * (len(shape) - len(own)), *own))
    return apply(primitive, (x,), {"shape": (size, *shape)})  # type: ignore[no-any-return]


def _broadcast_along(specs: Sequence[Spec], params: Params) -> Flags | None:
    shape = tuple(params["shape"])
    if not shape:
        return None
    return (specs[0].ndim == len(shape) and specs[0].shape[0] == shape[0],)


BROADCAST = Lead(_broadcast, _broadcast_along)


# an index: reading entries, and adding into entries


def _advanced(index: tuple[Any, ...]) -> tuple[bool, int]:
    """Whether an index has array parts that stand apart, whose axes NumPy puts in front; and how many these are."""
    arrays = [part for part in index if isinstance(part, (np.ndarray, list))]
    if not arrays:
        return False, 0
    # Beside an array, a number counts as one.
    places = [i for i, part in enumerate(index) if isinstance(part, (np.ndarray, list, int, np.integer))]
    shapes = [np.shape(a) if np.asarray(a).dtype != bool else (0,) for a in arrays]
    return places[-1] - places[0] + 1 > len(places), max(len(shape) for shape in shapes)


def _odd(index: tuple[Any, ...]) -> bool:
    return any(isinstance(part, (bool, np.bool_)) for part in index)


def _first_part(index: tuple[Any, ...], shape: tuple[int, ...]) -> bool:
    """Whether an index takes the first axis whole and leaves it in front."""
    if not shape or _odd(index):
        return False
    if not index or index[0] is Ellipsis:
        used = sum(
            np.ndim(part) if isinstance(part, np.ndarray) and part.dtype == bool else part is not None
            for part in index[1:]
        )
        whole = used < len(shape)
    else:
        first = index[0]
        whole = isinstance(first, slice) and first.indices(shape[0]) == (0, shape[0], 1)
    return whole and not _advanced(index)[0]


def _read(primitive: Primitive, xs: Sequence[Tensor], carries: Flags, params: Params) -> Tensor:
    index = params["index"]
    if _odd(index):
        return looped(primitive, xs, carries, params)  # type: ignore[no-any-return]
    y = apply(primitive, tuple(xs), {"index": (slice(None), *index)})
    apart, rank = _advanced(index)
    return moved(y, rank, 0) if apart else y


def _add(primitive: Primitive, xs: Sequence[Tensor], carries: Flags, params: Params) -> Tensor:
    index, (g,) = params["index"], xs
    if _odd(index):
        return looped(primitive, xs, carries, params)  # type: ignore[no-any-return]
    size = g._value.shape[0]
    apart, rank = _advanced(index)
    g = moved(g, 0, rank) if apart else g
    shape = (size, *params["shape"])
    return apply(primitive, (g,), {"index": (slice(None), *index), "shape": shape})  # type: ignore[no-any-return]


READ = Lead(
    _read, lambda specs, params: (True,) if _first_part(params["index"], tuple(specs[0].shape)) else None
)
ADD = Lead(_add, lambda _specs, params: (True,) if _first_part(params["index"], params["shape"]) else None)


# indices along an axis that may differ between examples: as one tensor with the examples behind each other


def _flat_indices(indices: Tensor, size: int, count: int) -> Tensor:
    """Indices of every example into all examples behind each other, each of so many slices."""
    for value in values_of(indices):
        if value.size and (value.min() < -count or value.max() >= count):
            raise errors.InvalidIndexError(f"an index is out of bounds for an axis of size {count}")
    offset = (np.arange(size) * count).reshape((size,) + (1,) * (indices.ndim - 1))
    wide = apply(ROWS["astype"], (indices,), {"dtype": int64})
    wide = apply(ROWS["remainder"], (wide, Tensor(int64.type(max(count, 1)))))
    return apply(ROWS["add"], (wide, Tensor(offset)))  # type: ignore[no-any-return]


def _take(primitive: Primitive, xs: Sequence[Tensor], carries: Flags, params: Params) -> Tensor:
    (x, indices), axis = xs, params["axis"]
    if not carries[1]:
        return apply(primitive, (x, indices), {"axis": axis + 1})  # type: ignore[no-any-return]
    if not carries[0]:
        return moved(apply(primitive, (x, indices), params), axis, 0)
    x = moved(x, axis + 1, 1)
    size, count, *rest = x._value.shape
    flat = _flat_indices(indices, size, count)
    y = apply(primitive, (reshaped(x, (size * count, *rest)), flat), {"axis": 0})
    for _ in range(axis):  # the axes before the one that is read, from behind the indices to the front
        y = moved(y, indices.ndim + axis - 1, 1)
    return y  # type: ignore[no-any-return]


def _take_along(specs: Sequence[Spec], params: Params) -> Flags | None:
    if params["axis"] > 0:
        return (True, False)
    return (False, True) if specs[1].ndim else None


def _put(primitive: Primitive, xs: Sequence[Tensor], carries: Flags, params: Params) -> Tensor:
    (g, indices), axis, count = xs, params["axis"], params["size"]
    if not carries[1]:
        return apply(primitive, (g, indices), {"axis": axis + 1, "size": count})  # type: ignore[no-any-return]
    size = size_of(xs, carries)
    g = g if carries[0] else carried(g, size)
    for _ in range(axis):  # the axes before the one that is added into, behind the indices
        g = moved(g, 1, indices.ndim + axis - 1)
    flat = _flat_indices(indices, size, count)
    y = apply(primitive, (g, flat), {"axis": 0, "size": size * count})
    y = reshaped(y, (size, count, *y._value.shape[1:]))
    return moved(y, 1, axis + 1)


TAKE = Lead(_take, _take_along)
PUT = Lead(_put, lambda _specs, params: (True, False) if params["axis"] > 0 else None)


def _extreme(primitive: Primitive, xs: Sequence[Tensor], carries: Flags, params: Params) -> Tensor:
    x, ids = xs
    if not carries[1]:
        rank = ids.ndim
        return moved(apply(primitive, (moved(x, 0, rank), ids), params), 1, 0)
    size, count = size_of(xs, carries), params["size"]
    x = x if carries[0] else carried(x, size)
    y = apply(primitive, (x, _flat_indices(ids, size, count)), {"size": size * count})
    return reshaped(y, (size, count, *y._value.shape[1:]))


EXTREME = Lead(_extreme, lambda _specs, _params: None)


# matrices and sums of products


def _matmul(primitive: Primitive, xs: Sequence[Tensor], carries: Flags, params: Params) -> Tensor:
    """One large product where the examples share a matrix, a product for each where they do not."""
    a, b = xs
    if carries == (True, False) and b.ndim == 2:
        rows, inner = a._value.shape[:-1], a._value.shape[-1]
        y = apply(primitive, (reshaped(a, (math.prod(rows), inner)), b))
        return reshaped(y, (*rows, y._value.shape[-1]))
    if carries == (False, True) and a.ndim == b.ndim - 1 == 2:
        # a b = (b' a')' with the examples' columns side by side: (k, B m).
        size, inner, columns = b._value.shape
        y = apply(primitive, (a, reshaped(moved(b, 1, 0), (inner, size * columns))))
        return moved(reshaped(y, (a._value.shape[0], size, columns)), 0, 1)
    return apply(primitive, tuple(aligned(xs, carries)), params)  # type: ignore[no-any-return]


def _product_along(specs: Sequence[Spec], _params: Params) -> Flags | None:
    a, b = specs
    if a.ndim == b.ndim == 2:
        return (True, False)
    rank = max(a.ndim, b.ndim)
    size = max(x.shape[0] for x in specs if x.ndim == rank)
    return (a.ndim == rank and a.shape[0] == size, b.ndim == rank and b.shape[0] == size)


MATMUL = Lead(_matmul, _product_along)


def _einsum(primitive: Primitive, xs: Sequence[Tensor], carries: Flags, params: Params) -> Tensor:
    inputs, output = params["subscripts"].split("->")
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    letter = next(c for c in letters if c not in params["subscripts"])
    terms = [letter * c + term for c, term in zip(carries, inputs.split(","), strict=True)]
    return apply(primitive, tuple(xs), {"subscripts": ",".join(terms) + "->" + letter + output})  # type: ignore[no-any-return]


def _einsum_along(specs: Sequence[Spec], params: Params) -> Flags | None:
    inputs, output = params["subscripts"].split("->")
    terms, letter = inputs.split(","), output[:1]
    if not letter or any(letter in term[1:] for term in terms):
        return None
    size = max(x.shape[0] for x, term in zip(specs, terms, strict=True) if term[:1] == letter)
    return tuple([t[:1] == letter and x.shape[0] == size for x, t in zip(specs, terms, strict=True)])


EINSUM = Lead(_einsum, _einsum_along)


SEARCH = shifting(lambda _shape, params: params, lambda specs, _params: specs[0].ndim > 1)


# rows whose own first axis is that of a batch


def _merge(x: Tensor) -> Tensor:
    size, count, *rest = x._value.shape
    return reshaped(x, (size * count, *rest))


def _parted(y: Tensor, size: int) -> Tensor:
    return reshaped(y, (size, y._value.shape[0] // size, *y._value.shape[1:]))


def _merged(primitive: Primitive, xs: Sequence[Tensor], _carries: Flags, params: Params) -> Tensor:
    (x,) = xs
    return _parted(apply(primitive, (_merge(x),), params), x._value.shape[0])


MERGED = Lead(_merged, lambda _specs, _params: (True,))


def _convolve(primitive: Primitive, xs: Sequence[Tensor], carries: Flags, params: Params) -> Tensor:
    """Examples stand in the first axis of x where they share a kernel; else each is a group of channels."""
    x, w = xs
    size = size_of(xs, carries)
    if not carries[1]:
        return _parted(apply(primitive, (_merge(x), w), params), size)
    x, w = (moved(t, 0, t.ndim - 2) for t in (x if carries[0] else carried(x, size), w))
    x, w = (reshaped(t, (*t._value.shape[:-2], size * t._value.shape[-1])) for t in (x, w))
    y = apply(primitive, (x, w), {**params, "groups": size * params["groups"]})
    channels = y._value.shape[-1] // size
    return moved(reshaped(y, (*y._value.shape[:-1], size, channels)), y.ndim - 1, 0)


CONVOLVE = Lead(_convolve, lambda _specs, _params: (True, False))
