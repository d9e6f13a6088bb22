"""TensorFlow's functions that put entries at places: `tensor_scatter_nd_*`, `dynamic_partition` and `dynamic_stitch`.

Coordinates become places along one axis, so that the rows and composites for slices of the first axis do the work.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError
from ..core.spec import int64
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import composite, linear, selection
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.segments import maximum_at, minimum_at
from .selection import integers


def _scattered(name: str, tensor: Any, indices: Any, updates: Any) -> tuple[Tensor, Tensor, Tensor]:
    """The tensor, the places and the updates with the axes that coordinates speak of, and those of places, as one."""
    x, u = beside((tensor, updates))
    places = as_tensor(indices)
    coordinates = integers(name, "indices", places)
    depth = coordinates.shape[-1] if coordinates.ndim else 0
    if not coordinates.ndim or depth > x.ndim:
        raise InvalidArgumentError(
            f"{name}: indices of shape {places.shape} do not fit a tensor of shape {x.shape}"
        )
    lead, rest = x._value.shape[:depth], x._value.shape[depth:]
    wanted = (*coordinates.shape[:-1], *rest)
    if u._value.shape != wanted:
        raise InvalidArgumentError(
            f"{name}: updates have the shape {u.shape}; indices of shape {places.shape} into {x.shape} need {wanted}"
        )
    if ((coordinates < 0) | (coordinates >= np.array(lead, np.int64))).any():
        raise InvalidArgumentError(f"{name}: an entry of indices does not index into the shape {x.shape}")
    strides = np.array([math.prod(lead[i + 1 :]) for i in range(depth)], np.int64)
    flat = linear.sum_(
        each.multiply(fixed.astype(places, dtype=int64), Tensor(strides)),
        axis=(coordinates.ndim - 1,),
        keepdims=False,
    )
    count = math.prod(coordinates.shape[:-1])
    return (
        linear.reshape(x, shape=(math.prod(lead), *rest)),
        linear.reshape(flat, shape=(count,)),
        linear.reshape(u, shape=(count, *rest)),
    )


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
        raise TypeError(f"{name}: {x.dtype.name} has no order")
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
        raise InvalidArgumentError(f"dynamic_partition: num_partitions must be positive, not {count}")
    if x._value.shape[: groups.ndim] != groups.shape:
        raise InvalidArgumentError(
            f"dynamic_partition: the shape of data, {x.shape}, does not start with that of partitions, {groups.shape}"
        )
    if groups.size and not (groups.min() >= 0 and groups.max() < count):
        raise InvalidArgumentError(f"dynamic_partition: an entry of partitions is not in [0, {count})")
    flat = linear.reshape(x, shape=(groups.size, *x._value.shape[groups.ndim :]))
    return [linear.take(flat, Tensor(np.flatnonzero(groups == i)), axis=0) for i in range(count)]


def dynamic_stitch(indices: Sequence[Any], data: Sequence[Any], name: str | None = None) -> Tensor:
    """Slices of several tensors put at their indices; of several for one place the last counts, and no other varies it.

    Places that no index names are zero.

    >>> import gradtape as gt
    >>> gt.dynamic_stitch([[0, 2], [1]], [gt.constant([1.0, 3.0]), gt.constant([2.0])]).numpy().tolist()
    [1.0, 2.0, 3.0]
    """
    indices = composite.listed("dynamic_stitch", "indices", indices)
    data = composite.listed("dynamic_stitch", "data", data)
    if len(indices) != len(data) or not len(indices):
        raise ValueError(f"dynamic_stitch: {len(indices)} indices are given for {len(data)} data")
    xs = beside(data)
    places = [integers("dynamic_stitch", "indices", i) for i in indices]
    for x, place in zip(xs, places, strict=True):
        if x._value.shape[: place.ndim] != place.shape:
            raise InvalidArgumentError(
                f"dynamic_stitch: the shape of data, {x.shape}, does not start with that of its indices, {place.shape}"
            )
    rests = [x._value.shape[place.ndim :] for x, place in zip(xs, places, strict=True)]
    if any(rest != rests[0] for rest in rests):
        raise InvalidArgumentError(f"dynamic_stitch: the slices of data have different shapes: {rests}")
    flat = np.concatenate([place.reshape(-1) for place in places])
    if flat.size and flat.min() < 0:
        raise InvalidArgumentError(f"dynamic_stitch: an index is {flat.min()}, but none may be negative")
    parts = [linear.reshape(x, shape=(p.size, *rests[0])) for x, p in zip(xs, places, strict=True)]
    size = int(flat.max(initial=-1)) + 1
    empty = Tensor(np.zeros((size, *rests[0]), xs[0].dtype))
    return selection.replaced(empty, Tensor(flat), linear.concatenate(*parts, axis=0))
