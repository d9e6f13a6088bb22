"""Jacobians and Hessians of what a record holds, whole: many seeds at once, by rows or by columns.

A row of a Jacobian is a walk back from one entry of the target. The walk is linear in its seed, so a batch of seeds
(`modes/batch.py`) gives many rows in one walk; and the transpose of the walk, recorded once as operations, gives
columns, which is shorter where the target has more entries than the sources. Seeds come in chunks, so that what lies
on the way fits into bounded memory.

Few walks may give a whole Jacobian that is mostly zeros (`compressed.py`): in a recorded program, and elsewhere where
there is so much to save that its structure can be read each time.

Everything here is made of operations, which outer tapes record.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .core import errors
from .core.bundle import Bundle
from .core.errors import said
from .core.lead import CLOSED, moved, reshaped
from .core.listen import Node, listeners, paused, replayed
from .core.spec import Spec, is_differentiable
from .core.tensor import Tensor
from .modes import rows as rows_of
from .modes.batch import mapped
from .modes.record import Record
from .modes.reverse import Pullback, transpose
from .ops.arranging import ravel
from .ops.linear import concatenate

if TYPE_CHECKING:
    from .coloring import Coloring

MEMORY = 1 << 20
"""Bytes that the seeds of one walk may take in the largest tensor on the way.

More gains nothing: the batch Jacobian of an MLP 64-128-128-10 on 256 points took 8 to 9 ms with half a MiB and with 64,
the Hessian of Rosenbrock's function of 500 numbers 10 ms with half a MiB, 7 to 9 from one to 64.
"""

KEPT = 1 << 25
"""Bytes of all nodes on the way whose partials several walks may share: what does not fit into the third cache is
computed again in little more time than it takes to read it."""

FEW = 8
"""Below so many seeds at once one walk after another is faster: what lies on the way is large."""

READ = 1 << 19
"""So many numbers of all walks together are worth reading the structure of one node on the way.

Reading takes 0.15 ms a node, and walks half a millisecond or more for so many numbers: the Hessian of Rosenbrock's
function takes 10 ms by walks and 6 by products for 500 numbers, 38 and 7 ms for 1,000, 124 and 14 ms for 2,000. Where
the structure turns out dense, a quarter of the time of the walks is lost at most, and mostly little: a matrix ends it.
"""

Linear = Callable[[Tensor], Sequence[Tensor | None]]


def jacobian(
    record: Record, y: Any, sources: Sequence[Any], shared: int = 0, most: int | None = None
) -> list[Tensor | None]:
    """The derivatives of y in each source, of shape y.shape + source.shape; None for a source without connection.

    Args:
        record: holds how y was computed.
        y: a tensor or variable.
        sources: tensors and variables.
        shared: how many first axes y and the sources share; entries that differ there are taken not to interact, and
            the axes are not repeated in the result.
        most: how many seeds at once, at most; 1 walks without batching.
    """
    back, connected, walk = walk_back(record, y, sources)
    order = walk.order
    there = [s for s, c in zip(sources, connected, strict=True) if c]
    if not shared and most != 1 and there and _may_be_read(order, y, there) and _is_real(order):
        found = _compressed(back, y, sources, connected, order, fitting(order, most))
        if found is not None:
            return found
    most = fitting(order, most)
    by_columns = record.knows(y) and most > 1 and _tall(order, y, there, shared)
    directions = there if by_columns else [y]
    if max((math.prod(s._value.shape[shared:]) for s in directions), default=0) > most:
        _keep_partials(walk)
    if by_columns:
        wholes = [
            _columns(back, y, i, sources[i], shared, most) if c else None for i, c in enumerate(connected)
        ]
    else:
        found = _images(back, len(sources), y._value, shared, most) if there else [None] * len(sources)
        wholes = [_rows(rows, y, s, shared) for rows, s in zip(found, sources, strict=True)]
    return [whole if c else None for whole, c in zip(wholes, connected, strict=True)]


def _keep_partials(walk: Pullback) -> None:
    """Let several walks share the partials of elementwise operations, unless these are large together."""
    if sum(math.prod(n.shape) * n.dtype.itemsize for n in walk.blank if not isinstance(n, Bundle)) <= KEPT:
        walk.partials = {}


def _may_be_read(order: Sequence[Node], y: Any, sources: Sequence[Any]) -> bool:
    """Whether the structure of a Jacobian may be read: by a recording, or for one call where that is little work.

    For one call what does not depend on the seed is taken as it is, zeros too; to listeners outside it may be variable.
    """
    if listeners():
        return replayed()
    walks = min(y._value.size, sum(s._value.size for s in sources))
    return bool(walks * _work(order) >= READ * len(order))


def _work(order: Sequence[Node]) -> int:
    """How many numbers one walk goes through."""
    return sum(math.prod(n.shape) for n in order if not isinstance(n, Bundle))


def _compressed(
    back: Linear, y: Any, sources: Sequence[Any], connected: Sequence[bool], order: Sequence[Node], most: int
) -> list[Tensor | None] | None:
    """The Jacobians by few products each; None where that is not worth it."""
    from . import compressed

    places = [i for i, c in enumerate(connected) if c]

    def there(g: Tensor) -> list[Tensor | None]:
        found = back(g)
        return [found[i] for i in places]

    plans = compressed.plans(there, y, [sources[i] for i in places], _work(order))
    if plans is None:
        return None
    wholes: list[Tensor | None] = [None] * len(sources)
    for i, plan in zip(places, plans, strict=True):
        found = products(_part(back, i), y, sources[i], plan.coloring, most)
        wholes[i] = plan.placed(found, (*y._value.shape, *sources[i]._value.shape))
    return wholes


def _part(back: Linear, index: int) -> Linear:
    """The map to one of the sources alone."""
    return lambda g: [back(g)[index]]


def products(back: Linear, y: Any, x: Any, colors: Coloring, most: int, symmetric: bool = False) -> Tensor:
    """The products of a Jacobian with the sums of unit vectors of each colour: those by columns, then those by rows.

    Args:
        back: the walk back from y to x alone.
        colors: of the columns, which are the entries of x, and of the rows, those of y.
        most: how many at once.
        symmetric: whether the Jacobian is, so that a walk back serves for columns too.
    """
    parts = []
    columns, rows = colors.counts
    if columns:
        ahead = back if symmetric else push_along(back, y)
        parts.append(_products(ahead, colors.columns, columns, x, y._value.size, most))
    if rows:
        parts.append(_products(back, colors.rows, rows, y, x._value.size, most))
    if len(parts) == 1:
        return parts[0]
    return concatenate(Tensor(np.zeros(0, y._value.dtype)), *map(ravel, parts), axis=0)  # type: ignore[no-any-return]


def _products(function: Linear, colors: Any, count: int, like: Any, size: int, most: int) -> Tensor:
    """The images of the sums of unit vectors of each colour, one after the other."""

    def seeds(first: int, size: int) -> Any:
        wanted = np.arange(first, first + size)[:, None]
        return (colors == wanted).astype(like._value.dtype).reshape(size, *like._value.shape)

    # One is no batch, so that nothing is reshaped.
    (found,) = images_of(function, 1, seeds, count, most) if count > 1 else function(Tensor(seeds(0, 1)[0]))
    return Tensor(np.zeros(count * size, like._value.dtype)) if found is None else found


def gradients_of_rows(record: Record, y: Any, sources: Sequence[Any]) -> list[Tensor | None]:
    """The gradients of each row of y, its entries added up, along a new first axis; None without connection.

    In one walk where the rows are kept apart, else by a walk for each row, many at once.
    """
    back, connected, walk = walk_back(record, y, sources)
    value = y._value

    def rows(first: int, size: int) -> Any:
        found = np.zeros((size, *value.shape), value.dtype)
        places = np.arange(size)
        found[places, first + places] = 1
        return found

    count = value.shape[0] if any(connected) else 0
    known = [s._node for s in sources if record.knows(s)]
    apart = rows_of.gradients_of_rows(record, y._node, known) if count and record.knows(y) else None
    if apart is None:
        found = images_of(back, len(sources), rows, count, fitting(walk.order, None))
    else:
        found = [apart.get(s._node) for s in sources]
    return [
        None if not c else _zero_rows(s, value.shape[0]) if g is None else g
        for g, c, s in zip(found, connected, sources, strict=True)
    ]


def _zero_rows(source: Any, count: int) -> Tensor:
    return Tensor(np.zeros((count, *source._value.shape), source._value.dtype))


def walk_back(record: Record, y: Any, sources: Sequence[Any]) -> tuple[Linear, list[bool], Pullback]:
    """The map from cotangents of y to those of the sources, which sources are connected, and the walk that it takes."""
    if not is_differentiable(y._value.dtype):
        return lambda _g: [None] * len(sources), [False] * len(sources), Pullback(record, [], [])
    known = [s._node if record.knows(s) else None for s in sources]
    start = y._node if record.knows(y) else None
    walk = Pullback(record, [] if start is None else [start], [n for n in known if n is not None])

    def back(g: Tensor) -> list[Tensor | None]:
        found = walk([(start, g)]) if start is not None else {}
        return [
            g if s is y and n is None else None if n is None else found.get(n)
            for s, n in zip(sources, known, strict=True)
        ]

    connected = [y is s or (n is not None and walk.depends(n)) for s, n in zip(sources, known, strict=True)]
    return back, connected, walk


def fitting(order: Sequence[Node], most: int | None, memory: int | None = None) -> int:
    """How many seeds at once fit into the memory, at most so many as asked for."""
    sizes = [math.prod(n.shape) * n.dtype.itemsize for n in order if not isinstance(n, Bundle)]
    fitting = (MEMORY if memory is None else memory) // max([1, *sizes])
    if fitting < FEW:  # a batch computes its first example twice
        fitting = 1
    return fitting if most is None else max(min(fitting, most), 1)


def _tall(order: Sequence[Node], y: Any, sources: Sequence[Any], shared: int) -> bool:
    """Whether columns are the shorter way. They take a second walk, so half as many are not enough.

    In a recording nothing of the second walk is left but the tangents; equal counts go by rows then.

    Not for complex numbers, whose rows are conjugated, nor where a rule of the user's could be other than linear.
    """
    count = sum(math.prod(s._value.shape[shared:]) for s in sources)
    times = 1 if replayed() else 3
    return times * count < math.prod(y._value.shape[shared:]) and _is_real(order)


def _is_real(order: Sequence[Node]) -> bool:
    """Whether all on the way is real, and no rule is a user's own."""
    real = all(n.dtype.kind == "f" for n in order if not isinstance(n, Bundle))
    return real and not any(n.primitive is not None and n.primitive.lead is CLOSED for n in order)


def _images(function: Linear, outputs: int, like: Any, shared: int, most: int) -> list[Tensor | None]:
    """The images of the unit tensors of an array's shape, along a new first axis; None where nothing arrives."""
    count = math.prod(like.shape[shared:])

    def units(first: int, size: int) -> Any:
        found = np.zeros((size, *like.shape[:shared], count), like.dtype)
        places = np.arange(size)
        found[places, ..., first + places] = 1
        return found.reshape((size, *like.shape))

    return images_of(function, outputs, units, count if like.size else 0, most)


def images_of(
    function: Linear, outputs: int, seeds: Callable[[int, int], Any], count: int, most: int
) -> list[Tensor | None]:
    """The images of so many seeds, so many at once: `seeds(first, size)` gives them along a first axis."""
    if not count:
        return [None] * outputs
    parts = [
        _mapped(function, Tensor(seeds(first, min(most, count - first)))) for first in range(0, count, most)
    ]
    if len(parts) == 1:
        return parts[0]
    return [
        None if any(part is None for part in column) else concatenate(*column, axis=0)
        for column in zip(*parts, strict=True)
    ]


def _mapped(function: Linear, seeds: Tensor) -> list[Tensor | None]:
    try:
        return mapped(function, [seeds])
    except errors.BatchedValueError as error:
        raise errors.BatchedValueError(
            f"Encountered an exception while vectorizing the jacobian computation: {said(error)} With a persistent "
            "tape, experimental_use_pfor=False takes one walk after another"
        ) from error


def _rows(found: Tensor | None, y: Any, source: Any, shared: int) -> Tensor:
    """Gradients along the first axis as a Jacobian; zeros where none arrived."""
    shape = tuple(y._value.shape) + tuple(source._value.shape[shared:])
    if found is None:
        return Tensor(np.zeros(shape, source._value.dtype)[()])
    return reshaped(moved(found, 0, shared), shape)


def _columns(back: Linear, y: Any, index: int, source: Any, shared: int, most: int) -> Tensor:
    """The Jacobian in one source by tangents, which the transpose of the walk takes to the target."""
    (found,) = _images(push_along(back, y, index), 1, source._value, shared, most)
    shape = tuple(y._value.shape) + tuple(source._value.shape[shared:])
    if found is None:
        return Tensor(np.zeros(shape, y._value.dtype)[()])
    return reshaped(moved(found, 0, found.ndim - 1), shape)


def push_along(back: Linear, y: Any, index: int = 0) -> Linear:
    """The map from tangents of one source to those of y: the transpose of the walk back."""
    spec = Spec(y._value.shape, y._value.dtype)

    def ahead(tangent: Tensor) -> list[Tensor | None]:
        return transpose(_part(back, index), [spec], [tangent])

    return ahead


def hessian(
    record: Record, y: Any, sources: Sequence[Any], most: int | None = None
) -> list[list[Tensor | None]]:
    """The second derivatives of a number in each pair of sources, of shape first.shape + second.shape.

    The record hears the walk for the gradients, so it can be walked along again.
    """
    known = [s._node for s in sources if record.knows(s)]
    start = y._node if record.knows(y) else None
    heard = listeners()
    with paused(heard if record in heard else (*heard, record)):
        walk = Pullback(record, [] if start is None else [start], known)
        one = Tensor(np.ones(y._value.shape, y._value.dtype)[()])
        found = walk([(start, one)]) if start is not None else {}
    gradients = [found.get(s._node) for s in sources]
    return [[None] * len(sources) if g is None else jacobian(record, g, sources, 0, most) for g in gradients]
