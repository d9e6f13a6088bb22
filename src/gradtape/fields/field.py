"""A recorded field: values at points, and Taylor series along directions through all points at once.

A point is the last axis of one tensor, (d,) or (n, d), or consists of columns of one batch.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import short
from ..core.errors import ArgumentTypeError, ShapeError
from ..core.listen import listeners, paused
from ..core.tensor import Tensor, as_tensor
from ..core.variable import Variable
from ..modes.batch import Batch, mapped
from ..modes.record import Record
from ..modes.reverse import zeros
from ..modes.series import given, plus, scaled
from ..modes.taylor import Taylor
from ..ops.elementwise import multiply
from ..ops.linear import getitem, reshape, sum_
from ..rows import refuse_mixed_rows

FEW = 4
"""So many directions are taken one by one where an order above two is wanted."""


@dataclass(frozen=True, slots=True)
class Field:
    """A recorded field: its values, the record of how they were made, and the tensors that make up the points.

    `sources` is one tensor with the coordinates along its last axis if `packed`, else one tensor a coordinate.
    """

    record: Record
    value: Any
    sources: tuple[Any, ...]
    packed: bool
    operator: str

    @property
    def dimension(self) -> int:
        shape = self.sources[0]._value.shape
        return (shape[-1] if shape else 1) if self.packed else len(self.sources)

    def coordinate(self, index: int, axes: int | None = None) -> Tensor:
        """One coordinate of all points, in a shape that broadcasts with a value of so many axes (the field's)."""
        if self.packed:
            x = as_tensor(self.sources[0])
            points, part = tuple(x._value.shape[:-1]), getitem(x, index=(Ellipsis, index)) if x.ndim else x
        else:
            part = as_tensor(self.sources[index])
            points = tuple(part._value.shape[:1])
        shape = points + (1,) * ((self.value.ndim if axes is None else axes) - len(points))
        return part if part._value.shape == shape else reshape(part, shape=shape)

    def directions(self, vectors: Any) -> list[Tensor]:
        """Directions, an array (D, d), as one tensor for each source with the directions in front."""
        count = len(vectors)
        if self.packed:
            x = self.sources[0]._value
            rows = np.asarray(vectors, x.dtype).reshape(count, *(1,) * max(x.ndim - 1, 0), *x.shape[-1:])
            return [Tensor(np.broadcast_to(rows, (count, *x.shape)))]
        return [
            Tensor(np.broadcast_to(_column(vectors, i, s), (count, *s._value.shape)))
            for i, s in enumerate(self.sources)
        ]

    def along(self, wholes: Sequence[Tensor], orders: Sequence[int]) -> list[Tensor]:
        """The coefficients of these orders along each of some directions, with the directions in front."""

        def coefficients(*seeds: Tensor) -> list[Tensor | None]:
            listener = Taylor(max(orders))
            for source, seed in zip(self.sources, seeds, strict=True):
                listener.watch(source, given(as_tensor(source), [seed]))
            listener.hear_again(self.record, self.path())
            series = listener.series(self.value)
            return [None if series is None else series[k] for k in orders]

        count = wholes[0]._value.shape[0]
        shape = (count, *self.value._value.shape)
        found = mapped(coefficients, wholes)
        return [Tensor(np.zeros(shape, self.value.dtype)) if part is None else part for part in found]

    def summed(
        self,
        wholes: Sequence[Tensor],
        order: int,
        weights: Sequence[float] | None = None,
        last: Sequence[Tensor | None] = (),
    ) -> Tensor:
        """The weighted sum over directions of the coefficients of one order, carried as one sum.

        `last` gives each source's own coefficient of that order, for all directions together.
        """
        count = wholes[0]._value.shape[0]
        if count <= FEW and order > 2 and not last:
            # Batch mode computes one direction more, the one that the program runs on; here that costs more than the
            # collapse of the highest coefficient saves.
            parts = [
                getitem(
                    self.along([getitem(w, index=(slice(i, i + 1),)) for w in wholes], [order])[0], index=(0,)
                )
                for i in range(count)
            ]
            shares = parts if weights is None else [scaled(p, w) for p, w in zip(parts, weights, strict=True)]
            return functools.reduce(plus, shares)
        batch, outside = Batch(count), listeners()

        def total(term: Tensor) -> Tensor:
            with paused(outside):
                whole = batch.whole(term)
                if weights is not None:
                    column = np.asarray(weights, whole._value.dtype).reshape(-1, *(1,) * (whole.ndim - 1))
                    whole = multiply(whole, Tensor(column))
                return sum_(whole, axis=(0,), keepdims=False)  # type: ignore[no-any-return]

        listener = Taylor(order, total)
        with paused((*outside, batch)):
            for i, (source, whole) in enumerate(zip(self.sources, wholes, strict=True)):
                highest = last[i] if last else None
                known = (
                    [batch.first(whole), *[None] * (order - 2), highest]
                    if order > 1
                    else [total(batch.first(whole))]
                )
                listener.watch(source, given(as_tensor(source), known, order))
            listener.hear_again(self.record, self.path())
            series = listener.series(self.value)
        part = None if series is None else series[order]
        return zeros(self.value) if part is None else part

    def path(self) -> Any:
        node = self.value._node
        return self.record.path([node]) if node is not None and self.record.knows(self.value) else []


def _column(vectors: Any, index: int, source: Any) -> Any:
    """Component `index` of each direction, over the shape of a source."""
    value = source._value
    return np.asarray([v[index] for v in vectors], value.dtype).reshape(-1, *(1,) * value.ndim)


def field_of(record: Record, value: Any, points: Any, operator: str, order: int) -> Field:
    """A recorded field, checked: points that the record follows, of one shape, whose rows do not mix.

    Raises:
        InvalidArgumentError: for points of a wrong shape.
        ValueError: for a field in which one point's value depends on other points.
    """
    packed = isinstance(points, (Tensor, Variable))
    sources = (points,) if packed else tuple(points.values() if isinstance(points, dict) else points)
    for source in sources:
        if not isinstance(source, (Tensor, Variable)):
            raise ArgumentTypeError(f"{operator}: points are tensors or variables, not {short(source)}")
    shapes = [tuple(s._value.shape) for s in sources]
    if packed and len(shapes[0]) > 2:
        raise ShapeError(f"{operator}: points are (d,) or (n, d), not of shape {shapes[0]}")
    if not packed and len({shape[:1] for shape in shapes}) > 1:
        raise ShapeError(f"{operator}: the coordinates are columns of one batch, not of shapes {shapes}")
    field = Field(record, value, sources, packed, operator)
    batched = {
        f"coordinate {i}": s for i, s in enumerate(sources) if s._value.ndim > int(packed) and record.knows(s)
    }
    if batched:
        refuse_mixed_rows(operator, record, field.path(), batched, order)
    return field
