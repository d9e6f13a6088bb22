"""Slices of the first axes gathered into groups: the rows for the largest and the smallest, and what is composed.

`ids` says the group of each slice; its shape is the first part of the shape of `x`, and its entries are in
`range(size)`. `size` is the number of groups. The sum is the row `put_add`; the faces take what users write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.define import tangent
from ..core.errors import DtypeError
from ..core.primitive import Primitive
from ..core.reads import added
from ..core.spec import Spec, int64
from ..core.tensor import Tensor
from . import constant, linear
from . import elementwise as each
from .leading import EXTREME


def _spec(x: Spec, ids: Spec, *, size: int) -> Spec:
    return Spec((size, *x.shape[ids.ndim :]), x.dtype)


def _extreme(name: str, reduce: Any, worst: Callable[[Any], Any]) -> Primitive:
    """A row for the extreme slice of each group; an empty group gets the worst number of the dtype."""

    def value(x: Any, ids: Any, *, size: int) -> Any:
        if x.dtype.kind not in "iuf":
            raise DtypeError(f"{x.dtype.name} has no order")
        rest = x.shape[np.ndim(ids) :]
        flat = np.reshape(ids, -1)
        bounds = np.iinfo(x.dtype) if x.dtype.kind in "iu" else np.finfo(x.dtype)
        y = np.full((size, *rest), worst(bounds), x.dtype)
        if flat.size:
            order = np.argsort(flat, kind="stable")
            there, starts = np.unique(flat[order], return_index=True)
            y[there] = reduce(x.reshape((flat.size, *rest))[order], starts, axis=0)
        return y

    def weight(y: Any, x: Any, ids: Any, size: int) -> Any:
        """Equal extremes share the derivative, as TensorFlow has it and as `max` over axes."""
        chosen = each.cast_flag(constant.equal(x, linear.take(y, ids, axis=0)), x)
        return each.divide(chosen, linear.take(linear.put_add(chosen, ids, axis=0, size=size), ids, axis=0))

    def forward(dx: Any, y: Any, x: Any, ids: Any, *, size: int) -> Any:
        return linear.put_add(each.multiply(weight(y, x, ids, size), dx), ids, axis=0, size=size)

    def backward(g: Any, y: Any, x: Any, ids: Any, *, size: int) -> Any:
        return each.multiply(linear.take(g, ids, axis=0), weight(y, x, ids, size))

    def reach(live: Any, _x: Any, ids: Any, *, size: int) -> Any:
        return linear.take(live, ids, axis=0)

    return tangent(
        name,
        value,
        (forward, None),
        pulls=(backward, None),
        spec=_spec,
        samples=(
            (((5, 2), np.array([0, 2, 0, 1, 2])), {"size": 3}),
            (((2, 3), np.array([[0, 1, 0], [1, 1, 0]])), {"size": 2}),
            (((3,), np.array(0)), {"size": 1}),
        ),
        reach=reach,
        lead=EXTREME,
        reads=added,
    )


maximum_at = _extreme("maximum_at", np.maximum.reduceat, lambda bounds: bounds.min)
minimum_at = _extreme("minimum_at", np.minimum.reduceat, lambda bounds: bounds.max)


def count_at(ids: Tensor, size: int, dtype: Any = int64) -> Tensor:
    """How many slices each group has."""
    ones = Tensor(np.ones(ids._value.shape, dtype)[()])
    return linear.put_add(ones, ids, axis=0, size=size)  # type: ignore[no-any-return]


def beside_slices(per_group: Tensor, y: Tensor) -> Tensor:
    """A number per group with axes of size one for those of a slice."""
    return linear.reshape(per_group, shape=(*per_group._value.shape, *(1,) * (y.ndim - 1)))  # type: ignore[no-any-return]


def product_at(x: Tensor, ids: Tensor, size: int) -> Tensor:
    """The product of the slices of each group, 1 for an empty one.

    Neighbours of a group are multiplied in pairs until one slice is left of each, so nothing is divided and every
    derivative is exact where entries are zero, as in `prod`.
    """
    groups = np.reshape(np.asarray(ids), -1)
    order = np.argsort(groups, kind="stable")
    groups = groups[order]
    one = Tensor(np.ones((1, *x._value.shape[ids.ndim :]), x.dtype))
    y = linear.reshape(x, shape=(groups.size, *one._value.shape[1:]))
    y = linear.take(y, Tensor(order), axis=0)
    while True:
        count = groups.size
        there, starts, lengths = np.unique(groups, return_index=True, return_counts=True)
        if there.size == count:
            break
        rank = np.arange(count) - np.repeat(starts, lengths)
        left = np.flatnonzero(rank % 2 == 0)
        alone = rank[left] + 1 == np.repeat(lengths, lengths)[left]
        right = np.where(alone, count, left + 1)  # the last of an odd number is multiplied by the one behind
        both = linear.concatenate(y, one, axis=0)
        y = each.multiply(linear.take(y, Tensor(left), axis=0), linear.take(both, Tensor(right), axis=0))
        groups = groups[left]
    places = np.full(size, count)
    places[groups] = np.arange(count)
    return linear.take(linear.concatenate(y, one, axis=0), Tensor(places), axis=0)  # type: ignore[no-any-return]
