"""Composites that arrange entries: shapes, axes, parts, joins, with NumPy's names and arguments."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import errors
from ..core.errors import said
from ..core.tensor import Tensor, as_tensor, beside
from . import linear
from .composing import axes_of, composite, index_of, listed, shape_of


@composite("reshape")
def reshape(a: Any, shape: Any, order: str = "C", *, copy: bool | None = None) -> Tensor:
    """The same entries in another shape; one size may be -1. In the order "F" the first axis varies fastest."""
    x = as_tensor(a)
    wanted = shape_of(shape)
    if order == "F":
        return transpose(reshape(transpose(x), wanted[::-1]))
    if order not in ("C", "A", "K"):
        raise errors.ChoiceError(f"reshape: the order is 'C' or 'F', not {order!r}")
    if wanted.count(-1) == 1:
        rest = math.prod(n for n in wanted if n != -1)
        if rest and x.size % rest == 0:
            wanted = tuple(x.size // rest if n == -1 else n for n in wanted)
    if math.prod(wanted) != x.size or -1 in wanted:
        raise errors.ShapeError(
            f"reshape: a tensor of shape {x.shape} ({x.size} entries) cannot take the shape {wanted}"
        )
    return linear.reshape(x, shape=wanted)  # type: ignore[no-any-return]


@composite("ravel")
def ravel(a: Any, order: str = "C") -> Tensor:
    """All entries in one axis."""
    return reshape(a, -1, order)


@composite("transpose", "permute_dims")
def transpose(a: Any, axes: Any = None) -> Tensor:
    """The axes in another order, reversed by default."""
    x = as_tensor(a)
    order = tuple(range(x.ndim))[::-1] if axes is None else axes_of(axes, x.ndim, "transpose")
    if len(order) != x.ndim:
        raise errors.ShapeError(f"transpose: {len(order)} axes are given for a tensor of rank {x.ndim}")
    return linear.transpose(x, axes=order)  # type: ignore[no-any-return]


@composite("swapaxes")
def swapaxes(a: Any, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged."""
    x = as_tensor(a)
    first, second = axes_of((axis1,), x.ndim, "swapaxes") + axes_of((axis2,), x.ndim, "swapaxes")
    order = list(range(x.ndim))
    order[first], order[second] = second, first
    return linear.transpose(x, axes=tuple(order))  # type: ignore[no-any-return]


@composite("moveaxis")
def moveaxis(a: Any, source: Any, destination: Any) -> Tensor:
    """Some axes moved to other places."""
    x = as_tensor(a)
    start, end = axes_of(source, x.ndim, "moveaxis"), axes_of(destination, x.ndim, "moveaxis")
    order = [i for i in range(x.ndim) if i not in start]
    for place, axis in sorted(zip(end, start, strict=True)):
        order.insert(place, axis)
    return linear.transpose(x, axes=tuple(order))  # type: ignore[no-any-return]


@composite("broadcast_to")
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Tensor:
    """The tensor repeated along new axes and axes of size one, to the given shape."""
    x, wanted = as_tensor(array), shape_of(shape)
    lead = len(wanted) - x.ndim
    if lead >= 0:
        wanted = wanted[:lead] + tuple(
            m if n == -1 else n for n, m in zip(wanted[lead:], x._value.shape, strict=True)
        )
    return linear.broadcast_to(x, shape=wanted)  # type: ignore[no-any-return]


@composite("expand_dims")
def expand_dims(a: Any, axis: Any) -> Tensor:
    """New axes of size one at the given places of the result."""
    x = as_tensor(a)
    count = len(np.asarray(axis).reshape(-1))
    places = axes_of(axis, x.ndim + count, "expand_dims")
    sizes = iter(x._value.shape)
    return linear.reshape(  # type: ignore[no-any-return]
        x, shape=tuple(1 if i in places else next(sizes) for i in range(x.ndim + count))
    )


@composite("squeeze")
def squeeze(a: Any, axis: Any = None) -> Tensor:
    """Axes of size one removed: all of them, or those given."""
    x = as_tensor(a)
    shape = x._value.shape
    if axis is None or (isinstance(axis, (list, tuple)) and not axis):
        gone = tuple(i for i, n in enumerate(shape) if n == 1)
    else:
        gone = axes_of(axis, x.ndim, "squeeze")
        for i in gone:
            if shape[i] != 1:
                raise errors.ShapeError(
                    f"squeeze: axis {i} of the shape {x.shape} has size {shape[i]}, not 1"
                )
    return linear.reshape(x, shape=tuple(n for i, n in enumerate(shape) if i not in gone))  # type: ignore[no-any-return]


@composite("concatenate", "concat")
def concatenate(arrays: Any, axis: int | None = 0) -> Tensor:
    """Tensors joined along an existing axis."""
    xs = beside(tuple(arrays)) if not isinstance(arrays, Tensor) else list(arrays)
    if not xs:
        raise errors.InvalidArgumentError("concatenate: at least one tensor is needed")
    if axis is None:
        xs, axis = [ravel(x) for x in xs], 0
    (place,) = axes_of((axis,), xs[0].ndim, "concatenate")
    if len({x.ndim for x in xs}) > 1:
        raise errors.ShapeError(f"concatenate: the ranks differ in the shapes {[tuple(x.shape) for x in xs]}")
    return linear.concatenate(*xs, axis=place)  # type: ignore[no-any-return]


@composite("stack")
def stack(arrays: Any, axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis."""
    xs = beside(listed("stack", "values", arrays))
    if not xs:
        raise errors.InvalidArgumentError("stack: at least one tensor is needed")
    (place,) = axes_of((axis,), xs[0].ndim + 1, "stack")
    return linear.stack(*xs, axis=place)  # type: ignore[no-any-return]


@composite("flip")
def flip(m: Any, axis: Any = None) -> Tensor:
    """Entries in reverse order along the axes."""
    x = as_tensor(m)
    return linear.flip(x, axis=axes_of(axis, x.ndim, "flip"))  # type: ignore[no-any-return]


@composite("getitem")
def getitem(x: Any, index: Any) -> Tensor:
    """Entries by NumPy's rules: numbers, slices, None, Ellipsis, integer and boolean arrays or tensors."""
    x = as_tensor(x)
    try:
        return linear.getitem(x, index=index_of(index))  # type: ignore[no-any-return]
    except TypeError as error:
        raise errors.ArgumentTypeError(
            f"getitem: a tensor cannot be indexed with {index!r}: {said(error)}"
        ) from None


@composite("take")
def take(a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Tensor:
    """Slices at the indices along an axis."""
    x, places = as_tensor(a), as_tensor(indices)
    x = ravel(x) if axis is None else x
    (place,) = axes_of((axis or 0,), x.ndim, "take")
    if places._value.dtype.kind not in "iu":
        raise errors.DtypeError(f"take: indices must be integers, not {places.dtype.name}")
    return linear.take(x, places, axis=place)  # type: ignore[no-any-return]


@composite("split")
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Parts along an axis: so many equal ones, or parts cut at the given places."""
    x = as_tensor(ary)
    (place,) = axes_of((axis,), x.ndim, "split")
    size = x._value.shape[place]
    if isinstance(indices_or_sections, (int, np.integer)):
        count = int(indices_or_sections)
        if count < 1 or size % count:
            raise errors.ShapeError(f"split: an axis of size {size} cannot be split into {count} equal parts")
        cuts = [i * (size // count) for i in range(1, count)]
    else:
        cuts = list(shape_of(indices_or_sections))
    bounds = [0, *cuts, size]
    lead = (slice(None),) * place
    return [linear.getitem(x, index=(*lead, slice(a, b))) for a, b in itertools.pairwise(bounds)]


def split_sizes(x: Any, sizes: Sequence[int], axis: int) -> list[Tensor]:
    """Parts of the given sizes along an axis."""
    return split(x, list(np.cumsum(sizes))[:-1], axis)
