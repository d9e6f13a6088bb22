"""What follows from a record of many rows, some rows at a time, so that what lies on the way stays in the cache.

Where the rows of a record are kept apart (`modes/rows.py`), derivatives of each row by itself follow from the record of
a few rows as from that of all. They are worked out for the first rows while a recording listens, from the values that
the record has kept, which are the inputs of the recorded graph; merged, so that equal operations are done once, it is
replayed for all others. The program itself does not run again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .backends.passes import merged
from .core.bundle import ITEM
from .core.further_errors import RecordingError
from .core.graph import evaluator
from .core.listen import Node, leaf, paused
from .core.recording import Recording, Source
from .core.tensor import Tensor
from .modes.record import Record
from .modes.rows import apart, some_rows

MEMORY = 1 << 19
"""Bytes of the values of one node in a block.

All partials to order 4 of sin(xy) exp(yz), 15 directions, take 0.75 us a point with 1,000 points at once, 0.5 with
4,000 to 8,000 (half a MiB and one), 0.55 with 16,000.
"""

LEAST = 5 << 19
"""Bytes of the values on the way, on the mean, that are worth a recording.

That costs some 40 us an operation; blocks take a half to a quarter of the time. So they are ahead from 2.6 MB on for
these partials, from 1.4 to 2.1 MB for partials of orders one to three of a network with 32 units.
"""

Read = Callable[[Record, Sequence[Node], Tensor, Sequence[Tensor]], Sequence[Tensor]]


def blocks(
    record: Record, path: Sequence[Node], target: Any, sources: Sequence[Any], copies: int, read: Read
) -> Iterator[tuple[slice, list[Any]]] | None:
    """What can be read from a record of each row of a target, block by block: which rows, and the values of these.

    Call it where nobody listens.

    Args:
        record: the record of the program.
        path: its nodes up to the target, in order.
        target: a tensor, with rows along its first axis.
        sources: tensors and variables; those of rank 0 are the same for all rows.
        copies: how many values of a node's shape are there of each node, in one value or beside each other.
        read: takes record, path, target and sources of some rows and returns what follows from them.

    Returns:
        None where rows are not kept apart, where there are too few for it to be worth while, and where what follows
        depends on values in ways that a recording cannot repeat.
    """
    if not path or not target.shape or any(node.primitive is ITEM for node in path):
        return None
    total = target.shape[0]
    sizes = [math.prod(node.shape) * node.dtype.itemsize * copies for node in path]
    parts = -(-max(sizes) // MEMORY)
    if sum(sizes) < LEAST * len(path) or not 1 < parts <= total:
        return None
    shared = {s._node for s in sources if not s.shape}
    flags = apart(record, path[::-1], path[-1], shared)
    if flags is None:
        return None
    for node in path:  # what follows from a number alone is worked out for every block
        if node not in flags and not shared.isdisjoint(node.read(record.key)):
            shared.add(node)
            if math.prod(node.shape) > total // parts:
                return None
    count = -(-total // parts)
    recording, few = Recording(), Record()
    rows: dict[Node, Node] = {}
    arrays: list[Any] = []
    places: dict[int, int] = {}

    def share(x: Any, row: Node | None = None) -> Tensor:
        """The first rows of a value, an input of the graph."""
        value = x._value[:count]
        node = row or rows.get(x._node) or leaf(value)
        own = Tensor(value, node)
        if id(x._value) not in places:
            recording.enter(own, Source(argument=len(arrays)))
            places[id(x._value)] = node.read(recording.key)
            arrays.append(x._value)
        elif not node.knows(recording.key):
            recording.attach(node, places[id(x._value)])
        return own

    some_rows(record, path, flags, few, rows, count, share)
    first = [share(s) if s._node in rows else s for s in sources]
    try:
        with paused((recording,)):
            found = list(read(few, [rows.get(node, node) for node in path], share(target), first))
    except RecordingError:
        return None
    if recording.guards or recording.actions or len(recording.sources) != len(arrays):
        return None
    if any(y.shape[:1] != (count,) for y in found):
        return None
    program = evaluator(merged(recording.recorded(found).graph))

    def walk() -> Iterator[tuple[slice, list[Any]]]:
        for start in (*range(0, total - count, count), total - count):  # the last may overlap the one before
            part = slice(start, start + count)
            with np.errstate(all="ignore"):
                values = program([x[part] for x in arrays])
            yield part, values

    return walk()
