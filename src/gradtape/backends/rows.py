"""The first-axis analysis: which values of a graph have rows that depend only on the same row of a batch.

Such values can be computed a tile of rows at a time, so that they stay in cache from one operation to the next, and
the tiles shared among threads. A sum over the rows is gathered tile by tile and known after the last one; what follows
from it and meets rows again belongs to a further walk over the tiles. `analysed` numbers the walks:

    rows       row i depends on row i of other values (and on values without rows); computed in walk `stage`
    gathered   a sum over rows, or a product of matrices over them; known after walk `stage`
    whole      everything else; can be computed before walk `stage` (after the one before)

Rows need not lie along the first axis: in a transposed matrix they lie along the second, and where a batch computes
several directions at once, each direction has all rows, (directions, rows, ...), or (directions x rows, ...) for a
product. So a role says where rows lie by one number that a reshape does not change: how many entries of the other axes
stand `before` them, when the value is seen as (before, rows, after). A tile of it has some rows of all directions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..core.graph import Graph, Operation
from ..core.spec import Spec
from ..core.tensor import ROWS, Tensor

SMALLEST = 256
"""Batches of fewer rows fit into cache as they are."""
LARGEST_WALKS = 4

GATHERING = {"sum": "add", "max": "maximum", "min": "minimum", "matmul": "add"}
"""What is gathered over rows, and the row that takes the shares of two tiles together."""

LOOKS = frozenset({"transpose", "reshape"})
"""Other looks at the same rows: these are done wherever they are needed."""

Shape = tuple[int, ...]
Reads = tuple[int | None, ...]


class Role(NamedTuple):
    """What a value, or the operation that makes it, is to the walks; and where its rows lie."""

    sort: str
    stage: int
    before: int = 1


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """The outcome: how many rows there are, the role of each value, and how many walks it takes.

    `reads` tells, by the first result of an operation of a walk, what it reads of each input: rows that lie behind so
    many entries, or (None) the whole.
    """

    count: int
    roles: dict[int, Role]
    reads: dict[int, Reads]
    walks: int


@lru_cache(maxsize=1024)
def place_of(shape: Shape, count: int, before: int) -> tuple[int, int] | None:
    """The axis in which so many rows lie behind so many entries, and how many of these are in that axis; or None.

    >>> place_of((5, 300, 2), 300, 5), place_of((1500, 2), 300, 5), place_of((300, 2), 300, 5)
    ((1, 1), (0, 5), None)
    """
    lead = 1
    for axis, size in enumerate(shape):
        if not size or lead > before:
            return None
        if not before % lead and not size % (before // lead * count):
            return axis, before // lead
        lead *= size
    return None


@lru_cache(maxsize=1024)
def resized(shape: Shape, count: int, before: int, rows: int) -> Shape:
    """The shape with another number of rows."""
    place = place_of(shape, count, before)
    assert place is not None
    axis, _ = place
    return (*shape[:axis], shape[axis] // count * rows, *shape[axis + 1 :])


def analysed(graph: Graph) -> tuple[Graph, Rows] | None:
    """The graph, with constants turned so that rows come first, and the roles of all values.

    Returns:
        None where walking over tiles would not pay.
    """
    linked = _linked(graph)
    count = _batch(graph, linked)
    if count is None:
        return None
    graph = _turned(graph, count, linked)
    found = _Analysis(graph, count)
    roles = found.roles()
    walks = 1 + max(
        (r.stage for r in roles.values() if r.sort in ("rows", "gathered") and r.stage >= 0), default=-1
    )
    if not 0 < walks <= LARGEST_WALKS or not _pays(graph, roles):
        return None
    return graph, Rows(count, roles, found.reads, walks)


def _pays(graph: Graph, roles: dict[int, Role]) -> bool:
    """Whether at least half of the entries that operations read and make are so in walks."""
    walked = total = 0
    for operation in graph.operations:
        entries = sum(math.prod(graph.specs[i].shape) for i in (*operation.inputs, *operation.outputs))
        total += entries
        walked += entries * (roles[operation.outputs[0]].sort in ("rows", "gathered"))
    return 2 * walked >= total


def _linked(graph: Graph) -> dict[int, int]:
    """First axes that a reshape makes of two, directions and rows: their sizes, and how many rows that is."""
    found = {}
    for operation in graph.operations:
        if operation.primitive is ROWS.get("reshape"):
            shapes = (graph.specs[operation.inputs[0]].shape, graph.specs[operation.outputs[0]].shape)
            for apart, one in (shapes, shapes[::-1]):
                if len(apart) == len(one) + 1 > 2 and apart[2:] == one[1:] and apart[0] < apart[1]:
                    found[one[0]] = apart[1]
    return found


def _turned(graph: Graph, count: int, linked: dict[int, int]) -> Graph:
    """Write a constant whose rows do not come first as another look at one whose rows do."""
    constants, operations, specs = dict(graph.constants), [], list(graph.specs)

    for index, tensor in graph.constants.items():
        shape = specs[index].shape
        if shape[:1] == (count,):
            continue
        if shape and linked.get(shape[0]) == count:
            before = shape[0] // count
        elif len(shape) > 1 and shape[1] == count:
            before = shape[0]
        else:
            continue
        after = math.prod(shape) // (before * count)
        turned = np.ascontiguousarray(tensor._value.reshape(before, count, after).swapaxes(0, 1))
        dtype, first = specs[index].dtype, len(specs)
        specs += [Spec(turned.shape, dtype), Spec((before, count, after), dtype)]
        del constants[index]
        constants[first] = Tensor(turned)
        operations += [
            Operation(ROWS["transpose"], {"axes": (1, 0, 2)}, (first,), (first + 1,)),
            Operation(ROWS["reshape"], {"shape": shape}, (first + 1,), (index,)),
        ]
    return Graph(tuple(specs), graph.inputs, constants, (*operations, *graph.operations), graph.outputs)


def _batch(graph: Graph, linked: dict[int, int]) -> int | None:
    """The number of rows that most of the memory has."""
    entries: Counter[int] = Counter()
    for operation in graph.operations:
        for index in operation.outputs:
            shape = graph.specs[index].shape
            sizes = {linked.get(shape[0], shape[0])} if shape else set()
            if len(shape) > 2:
                sizes.add(shape[1])
            for size in sizes:
                if size >= SMALLEST:
                    entries[size] += math.prod(shape)
    return entries.most_common(1)[0][0] if entries else None


class _Analysis:
    def __init__(self, graph: Graph, count: int) -> None:
        self.graph, self.count = graph, count
        self.found: dict[int, Role] = {}
        self.reads: dict[int, Reads] = {}

    def roles(self) -> dict[int, Role]:
        for index in (*self.graph.inputs, *self.graph.constants):
            leads = self._shape(index)[:1] == (self.count,)
            self.found[index] = Role("source" if leads else "whole", 0)
        for operation in self.graph.operations:
            role = self._of_rows(operation) if self._meets_rows(operation) else None
            if role is None:
                role = Role("whole", max((self._after(i) for i in operation.inputs), default=0))
            for index in operation.outputs:
                self.found[index] = role
        return self.found

    def _shape(self, index: int) -> Shape:
        return self.graph.specs[index].shape

    def _after(self, index: int) -> int:
        """Before which walk the value is there as a whole."""
        role = self.found[index]
        return role.stage if role.sort in ("whole", "source") else role.stage + 1

    def _stage(self, index: int) -> int:
        """In which walk rows of the value can be read at the earliest."""
        role = self.found[index]
        return role.stage if role.sort == "rows" else self._after(index)

    def _meets_rows(self, operation: Operation) -> bool:
        if any(self.found[i].sort in ("rows", "source") for i in operation.inputs):
            return True
        # A small value spread over the rows is spread in each tile.
        return (
            operation.primitive.name == "broadcast_to" and self.count in self._shape(operation.outputs[0])[:2]
        )

    def _place(self, index: int) -> tuple[int, int] | None:
        """The axis in which rows of the value lie, and how many entries of that axis stand before them."""
        role = self.found[index]
        if role.sort == "gathered":
            return None
        return place_of(self._shape(index), self.count, role.before)

    def _readable(self, index: int, before: int) -> bool:
        """Whether rows of the value can be read in a walk as lying there: its own, or those of a whole value."""
        role = self.found[index]
        if role.sort == "rows":
            return role.before == before
        return role.sort != "gathered" and place_of(self._shape(index), self.count, before) is not None

    def _fixed(self, index: int) -> bool:
        """Whether the value is there as a whole when a walk begins."""
        return self.found[index].sort in ("whole", "gathered", "source")

    def _of_rows(self, operation: Operation) -> Role | None:
        """The role of an operation that keeps rows apart or gathers them; None if it does neither."""
        primitive = operation.primitive
        name = primitive.name
        if len(operation.outputs) != 1 or not (primitive.pointwise or ROWS.get(name) is primitive):
            return None
        if primitive.pointwise or name in ("where", "broadcast_to"):
            found = self._of_entries(operation)
        elif name == "matmul":
            found = self._of_product(operation)
        elif name in ("concatenate", "stack"):
            found = self._of_parts(operation)
        elif len(operation.inputs) == 1:
            found = self._of_one(operation)
        else:
            return None
        if found is None:
            return None
        sort, before, reads = found
        self.reads[operation.outputs[0]] = reads
        return Role(sort, max(self._stage(i) for i in operation.inputs), before)

    # each gives the sort of the result, where its rows lie, and what is read of each input; or None

    def _of_entries(self, operation: Operation) -> tuple[str, int, Reads] | None:
        """Entry by entry: inputs that have the axis of the rows are read by rows, the others are the same for all."""
        shape = self._shape(operation.outputs[0])
        for axis, outer in self._axes(operation, shape):
            reads: list[int | None] = []
            for index in operation.inputs:
                own = self._shape(index)
                at = axis - len(shape) + len(own)
                by_rows = at >= 0 and own[at] == shape[axis]
                reads.append(math.prod(own[:at]) * outer if by_rows else None)
            if all(
                self._fixed(i) if r is None else self._readable(i, r)
                for i, r in zip(operation.inputs, reads, strict=True)
            ):
                return "rows", math.prod(shape[:axis]) * outer, tuple(reads)
        return None

    def _axes(self, operation: Operation, shape: Shape) -> Iterator[tuple[int, int]]:
        """Axes of the result in which rows may lie, those of values with rows first."""
        for sort in ("rows", "source"):
            for index in operation.inputs:
                place, rank = self._place(index), len(self._shape(index))
                if self.found[index].sort == sort and place and (sort == "rows" or rank == len(shape)):
                    yield place[0] + len(shape) - rank, place[1]
        spread = operation.primitive.name == "broadcast_to"
        yield from ((axis, 1) for axis in range(1 + spread) if shape[axis : axis + 1] == (self.count,))

    def _of_product(self, operation: Operation) -> tuple[str, int, Reads] | None:
        """A product of matrices: rows times a matrix, a matrix times columns, or a sum over the rows of both.

        Matrices may lie in stacks, each row of which has its part in every matrix.
        """
        a, b = operation.inputs
        shape, other = self._shape(a), self._shape(b)
        rank = len(shape)
        if rank < 2 or shape[:-2] != other[:-2]:
            return None
        stack = math.prod(shape[:-2])
        first, second = self._place(a), self._place(b)
        lies = self.found[a].sort == "rows" or shape[0] == self.count
        if first and first[0] == rank - 2 and lies and self._fixed(b):
            return "rows", stack * first[1], (stack * first[1], None)
        if not second or self.found[b].sort == "gathered":
            return None
        axis, outer = second
        before = stack * shape[-2] * outer
        if axis == rank - 1:
            return ("rows", before, (None, self.found[b].before)) if self._fixed(a) else None
        if axis == rank - 2 and self.found[a].sort == "rows" and first == (rank - 1, outer):
            return "gathered", 1, (before, stack * outer)
        return None

    def _of_parts(self, operation: Operation) -> tuple[str, int, Reads] | None:
        """Joined along another axis than that of the rows."""
        inputs, axis = operation.inputs, operation.params["axis"]
        places = [self._place(i) for s in ("rows", "source") for i in inputs if self.found[i].sort == s]
        if not places or places[0] is None:
            return None
        own, outer = places[0]
        new = operation.primitive.name == "stack"
        if axis == own and not new:
            return None
        reads = [math.prod(self._shape(i)[:own]) * outer for i in inputs]
        if not all(self._readable(i, r) for i, r in zip(inputs, reads, strict=True)):
            return None
        at = own + (new and axis <= own)
        return "rows", math.prod(self._shape(operation.outputs[0])[:at]) * outer, tuple(reads)

    def _of_one(self, operation: Operation) -> tuple[str, int, Reads] | None:
        """Another look at one value with rows, a part of it, or a sum."""
        (index,), params, name = operation.inputs, operation.params, operation.primitive.name
        place = self._place(index)
        if place is None:
            return None
        axis, outer = place
        shape, before = self._shape(operation.outputs[0]), self.found[index].before
        own = self._shape(index)
        if name in ("sum", "max", "min"):
            if axis in params["axis"]:
                return "gathered", 1, (before,)
            kept = [n for i, n in enumerate(own[:axis]) if i not in params["axis"]]
            return "rows", math.prod(kept) * outer, (before,)
        if name == "reshape":
            fits = place_of(shape, self.count, before) is not None
            return ("rows", before, (before,)) if fits else None
        at: int | None
        if name == "transpose":
            at = tuple(params["axes"]).index(axis)
        elif name == "getitem":
            at = _after_index(params["index"], axis, read=True)
        elif name == "scatter":
            at = _after_index(params["index"], axis, read=False)
        else:
            return None
        return None if at is None else ("rows", math.prod(shape[:at]) * outer, (before,))


def _after_index(index: Sequence[object], axis: int, read: bool) -> int | None:
    """Where an axis is after an index of slices and numbers that takes all of it (and before it, where values are put).

    Reading by a number drops an axis, putting under a number adds one.
    """
    if not all(isinstance(part, (slice, int)) and not isinstance(part, bool) for part in index):
        return None
    full, part = 0, 0  # axes of the value that is indexed, and of what is read from it or put into it
    for item in index:
        sliced = isinstance(item, slice)
        if axis == (full if read else part) and (sliced or read):
            return None if item != slice(None) else part if read else full
        full, part = full + 1, part + sliced
    return axis + (part - full if read else full - part)


__all__ = ["GATHERING", "LOOKS", "Role", "Rows", "analysed", "place_of", "resized"]
