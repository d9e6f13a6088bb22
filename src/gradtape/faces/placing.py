"""TensorFlow's functions of entries at coordinates: `gather_nd`, `scatter_nd`, `tensor_scatter_nd_*`, and of groups.

Coordinates are checked in one place; those outside are refused whatever `bad_indices_policy` says. For extremes they
become places along one axis, so that the rows for groups of slices do the work.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..core.errors import DtypeError, InvalidArgumentError, ShapeError
from ..core.further_errors import RangeError
from ..core.questions import has_outside
from ..core.spec import int64
from ..core.tensor import Tensor, as_tensor, beside, decide
from ..loops.choice import may_differ
from ..ops import composing, linear, selection
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.composing import shape_of
from ..ops.segments import maximum_at, minimum_at
from .selection import integers


def _coordinates(name: str, indices: Any, shape: tuple[int, ...], batch: int = 0) -> Any:
    """Coordinates, along the last axis, into the axes of a shape behind the batch axes.

    Raises:
        ValueError: if they are not within the shape.
    """
    found = integers(name, "indices", indices)
    depth = found.shape[-1] if found.ndim else 0
    if not found.ndim or depth > len(shape) - batch or found.shape[:batch] != shape[:batch]:
        raise ShapeError(f"{name}: indices of shape {found.shape} do not fit a tensor of shape {shape}")
    if ((found < 0) | (found >= np.array(shape[batch : batch + depth], np.int64))).any():
        raise RangeError(f"{name}: an entry of indices does not index into the shape {shape}")
    return found


def _flat(name: str, places: Tensor, shape: tuple[int, ...], batch: int = 0) -> Tensor:
    """Coordinates as numbers along one axis, in place of those that they speak of and the batch axes.

    The range is asked for as a question, so that a recording may hold coordinates that differ from call to call.
    """
    own = places._value.shape
    depth = own[-1] if own else 0
    if not own or depth > len(shape) - batch or own[:batch] != shape[:batch]:
        raise ShapeError(f"{name}: indices of shape {own} do not fit a tensor of shape {shape}")
    if places._value.dtype.kind not in "iu" and places.size:
        raise DtypeError(f"{name}: indices must be integers, not {places.dtype.name} of shape {own}")
    lead = shape[: batch + depth]
    strides = [math.prod(lead[i + 1 :]) for i in range(len(lead))]
    extra = (1,) * (len(own) - 1 - batch)
    grids = np.ogrid[tuple(slice(n) for n in shape[:batch])]
    offset: Any = sum(g.reshape(g.shape + extra) * stride for g, stride in zip(grids, strides, strict=False))
    flat = Tensor(np.broadcast_to(np.int64(offset), own[:-1]).copy()[()])
    wide = fixed.astype(places, dtype=int64)
    for k, stride in enumerate(strides[batch:]):
        column = linear.getitem(wide, index=(Ellipsis, k))
        if decide(column, partial(has_outside, lead[batch + k])):
            raise RangeError(f"{name}: an entry of indices does not index into the shape {shape}")
        flat = linear.add(flat, each.multiply(column, Tensor(int64.type(stride))))
    return flat


def _updates(name: str, found: Any, u: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The updates, of which there must be a slice for each coordinate."""
    wanted = (*found.shape[:-1], *shape[found.shape[-1] :])
    if u._value.shape != wanted:
        raise ShapeError(
            f"{name}: updates have the shape {u.shape}; indices of shape {found.shape} into {shape} need {wanted}"
        )
    return u


def gather_nd(
    params: Any, indices: Any, batch_dims: int = 0, name: str | None = None, bad_indices_policy: str = ""
) -> Tensor:
    """Entries or slices at coordinates: the last axis of `indices` holds one coordinate for each leading axis.

    Args:
        params: tensor to read from.
        indices: integers of shape (..., depth).
        batch_dims: so many leading axes are common to `params` and `indices`.

    Raises:
        ValueError: for coordinates that do not fit the shape or lie outside it.

    >>> import gradtape as gt
    >>> gt.gather_nd(gt.constant([[1.0, 2.0], [3.0, 4.0]]), [[0, 1], [1, 0]]).numpy().tolist()
    [2.0, 3.0]
    """
    x, places = as_tensor(params), as_tensor(indices)
    shape = tuple(x._value.shape)
    if may_differ([places]):
        flat = _flat("gather_nd", places, shape, batch_dims)
        depth = batch_dims + places._value.shape[-1]
        return linear.take(linear.reshape(x, shape=(math.prod(shape[:depth]), *shape[depth:])), flat, axis=0)  # type: ignore[no-any-return]
    found = _coordinates("gather_nd", indices, shape, batch_dims)
    extra = (1,) * (found.ndim - 1 - batch_dims)
    grids = [g.reshape(g.shape + extra) for g in np.ogrid[tuple(slice(n) for n in shape[:batch_dims])]]
    return linear.getitem(x, index=(*grids, *np.moveaxis(found, -1, 0)))  # type: ignore[no-any-return]


def scatter_nd(
    indices: Any, updates: Any, shape: Any, bad_indices_policy: str = "", name: str | None = None
) -> Tensor:
    """Zeros of a shape with the updates added in at coordinates; repeated ones add up.

    >>> import gradtape as gt
    >>> gt.scatter_nd([[1], [1]], gt.constant([2.0, 3.0]), [3]).numpy().tolist()
    [0.0, 5.0, 0.0]
    """
    return _added("scatter_nd", indices, as_tensor(updates), shape_of(shape))


def _added(name: str, indices: Any, u: Tensor, shape: tuple[int, ...]) -> Tensor:
    if may_differ([given := as_tensor(indices)]):
        flat, slices = _lined(name, given, u, shape)
        size = math.prod(shape[: given._value.shape[-1]])
        return linear.reshape(linear.put_add(slices, flat, axis=0, size=size), shape=shape)  # type: ignore[no-any-return]
    found = _coordinates(name, indices, shape)
    places = tuple(np.moveaxis(found, -1, 0))
    return linear.scatter(_updates(name, found, u, shape), index=places, shape=shape)  # type: ignore[no-any-return]


def tensor_scatter_nd_add(
    tensor: Any, indices: Any, updates: Any, bad_indices_policy: str = "", name: str | None = None
) -> Tensor:
    """The tensor with updates added in at coordinates."""
    x, u = beside((tensor, updates))
    return x + _added("tensor_scatter_nd_add", indices, u, tuple(x._value.shape))  # type: ignore[no-any-return]


def tensor_scatter_nd_update(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """The tensor with the entries at coordinates replaced; differentiable in tensor and updates.

    >>> import gradtape as gt
    >>> gt.tensor_scatter_nd_update(gt.zeros(3), [[1]], [9.0]).numpy().tolist()
    [0.0, 9.0, 0.0]
    """
    own = "tensor_scatter_nd_update"
    x, u = beside((tensor, updates))
    shape = tuple(x._value.shape)
    given = as_tensor(indices)._value.shape
    if u.ndim == 0 and given:
        u = linear.broadcast_to(u, shape=(*given[:-1], *shape[given[-1] :]))
    if may_differ([as_tensor(indices)]):
        base, flat, slices = _scattered(own, x, indices, u)
        return linear.reshape(selection.replaced(base, flat, slices), shape=shape)  # type: ignore[no-any-return]
    found = _coordinates(own, indices, shape)
    places = tuple(np.moveaxis(found, -1, 0))
    number = np.full(shape, -1, np.int64)
    number[places] = np.arange(u.size).reshape(_updates(own, found, u, shape)._value.shape)
    # The last of several updates to one entry counts; the others reach nothing.
    kept = np.zeros(u._value.shape, bool)
    kept.reshape(-1)[number[number >= 0]] = True
    last = linear.where(Tensor(kept), u, Tensor(u.dtype.type(0)))
    filled = linear.scatter(last, index=places, shape=shape)
    return linear.where(Tensor(number >= 0), filled, x)  # type: ignore[no-any-return]


def _scattered(name: str, tensor: Any, indices: Any, updates: Any) -> tuple[Tensor, Tensor, Tensor]:
    """The tensor, the places and the updates with the axes that coordinates speak of, and those of places, as one."""
    x, u = beside((tensor, updates))
    shape = tuple(x._value.shape)
    places = as_tensor(indices)
    flat, slices = _lined(name, places, u, shape)
    depth = places._value.shape[-1]
    return linear.reshape(x, shape=(math.prod(shape[:depth]), *shape[depth:])), flat, slices


def _lined(name: str, places: Tensor, u: Tensor, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """The places along one axis, and the slice of the updates for each."""
    flat = _flat(name, places, shape)
    own = places._value.shape
    _updates(name, places._value, u, shape)
    count = math.prod(own[:-1])
    return linear.reshape(flat, shape=(count,)), linear.reshape(u, shape=(count, *shape[own[-1] :]))


def tensor_scatter_nd_sub(
    tensor: Any, indices: Any, updates: Any, bad_indices_policy: str = "", name: str | None = None
) -> Tensor:
    """The tensor with updates subtracted at coordinates."""
    x, places, u = _scattered("tensor_scatter_nd_sub", tensor, indices, updates)
    y = linear.subtract(x, linear.put_add(u, places, axis=0, size=x._value.shape[0]))
    return linear.reshape(y, shape=tuple(as_tensor(tensor)._value.shape))  # type: ignore[no-any-return]


def _extreme(name: str, row: Any, tensor: Any, indices: Any, updates: Any) -> Tensor:
    x, places, u = _scattered(name, tensor, indices, updates)
    size = x._value.shape[0]
    if x._value.dtype.kind not in "iuf":
        raise DtypeError(f"{name}: {x.dtype.name} has no order")
    ids = linear.concatenate(Tensor(np.arange(size)), places, axis=0)
    y = row(linear.concatenate(x, u, axis=0), ids, size=size)
    return linear.reshape(y, shape=tuple(as_tensor(tensor)._value.shape))  # type: ignore[no-any-return]


def tensor_scatter_nd_max(
    tensor: Any, indices: Any, updates: Any, bad_indices_policy: str = "", name: str | None = None
) -> Tensor:
    """The larger of the tensor and the updates at coordinates; equal ones share the derivative.

    >>> import gradtape as gt
    >>> gt.tensor_scatter_nd_max(gt.constant([1.0, 5.0]), [[0], [1]], gt.constant([3.0, 3.0])).numpy().tolist()
    [3.0, 5.0]
    """
    return _extreme("tensor_scatter_nd_max", maximum_at, tensor, indices, updates)


def tensor_scatter_nd_min(
    tensor: Any, indices: Any, updates: Any, bad_indices_policy: str = "", name: str | None = None
) -> Tensor:
    """The smaller of the tensor and the updates at coordinates; equal ones share the derivative."""
    return _extreme("tensor_scatter_nd_min", minimum_at, tensor, indices, updates)


# groups taken apart and put together


def dynamic_partition(
    data: Any, partitions: Any, num_partitions: int, name: str | None = None
) -> list[Tensor]:
    """The slices of each of so many groups, in their order.

    >>> import gradtape as gt
    >>> [p.numpy().tolist() for p in gt.dynamic_partition(gt.constant([1.0, 2.0, 3.0]), [0, 1, 0], 2)]
    [[1.0, 3.0], [2.0]]
    """
    x, groups = as_tensor(data), integers("dynamic_partition", "partitions", partitions)
    count = int(num_partitions)
    if count < 1:
        raise RangeError(f"dynamic_partition: num_partitions must be positive, not {count}")
    if x._value.shape[: groups.ndim] != groups.shape:
        raise ShapeError(
            f"dynamic_partition: the shape of data, {x.shape}, does not start with that of partitions, {groups.shape}"
        )
    if groups.size and not (groups.min() >= 0 and groups.max() < count):
        raise RangeError(f"dynamic_partition: an entry of partitions is not in [0, {count})")
    flat = linear.reshape(x, shape=(groups.size, *x._value.shape[groups.ndim :]))
    return [linear.take(flat, Tensor(np.flatnonzero(groups == i)), axis=0) for i in range(count)]


def dynamic_stitch(indices: Sequence[Any], data: Sequence[Any], name: str | None = None) -> Tensor:
    """Slices of several tensors put at their indices; of several for one place the last counts, and no other varies it.

    Places that no index names are zero.

    >>> import gradtape as gt
    >>> gt.dynamic_stitch([[0, 2], [1]], [gt.constant([1.0, 3.0]), gt.constant([2.0])]).numpy().tolist()
    [1.0, 2.0, 3.0]
    """
    indices = composing.listed("dynamic_stitch", "indices", indices)
    data = composing.listed("dynamic_stitch", "data", data)
    if len(indices) != len(data) or not len(indices):
        raise InvalidArgumentError(f"dynamic_stitch: {len(indices)} indices are given for {len(data)} data")
    xs = beside(data)
    places = [integers("dynamic_stitch", "indices", i) for i in indices]
    for x, place in zip(xs, places, strict=True):
        if x._value.shape[: place.ndim] != place.shape:
            raise ShapeError(
                f"dynamic_stitch: the shape of data, {x.shape}, does not start with that of its indices, {place.shape}"
            )
    rests = [x._value.shape[place.ndim :] for x, place in zip(xs, places, strict=True)]
    if any(rest != rests[0] for rest in rests):
        raise ShapeError(f"dynamic_stitch: the slices of data have different shapes: {rests}")
    flat = np.concatenate([place.reshape(-1) for place in places])
    if flat.size and flat.min() < 0:
        raise RangeError(f"dynamic_stitch: an index is {flat.min()}, but none may be negative")
    parts = [linear.reshape(x, shape=(p.size, *rests[0])) for x, p in zip(xs, places, strict=True)]
    size = int(flat.max(initial=-1)) + 1
    empty = Tensor(np.zeros((size, *rests[0]), xs[0].dtype))
    return selection.replaced(empty, Tensor(flat), linear.concatenate(*parts, axis=0))
