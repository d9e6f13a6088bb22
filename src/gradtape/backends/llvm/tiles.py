"""Programs over a batch, a tile of rows at a time: activations stay in cache, and threads share the tiles.

From the roles of `rows.py` the graph is cut into pieces in a row: what is whole, a walk over the tiles, what is whole
after it, a further walk, and so on. The piece of a walk is a graph of its own, with the size of a tile in place of the
batch, compiled as every graph; around it the machine code moves the pointers from tile to tile. What is gathered over
rows goes through the walk as a value that each tile takes in and gives out (two places in memory change roles, so no
tile writes what it reads). Each thread gathers for itself, and the threads' shares are taken together in order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...core.graph import Builder, Graph, Operation
from ...core.tensor import ROWS
from ..rows import LOOKS, Rows, analysed
from .costs import nanoseconds
from .kinds import Unsupported
from .places import Known, Places, leaves
from .plan import LARGEST_FACTOR, LARGEST_PRODUCT
from .program import Program
from .walks import SMALLEST_SHARE, Body, Cut, Walk

SOURCE_BYTES = 1 << 17
"""What a tile reads takes so many bytes at most, as a second reading should find it in the second cache."""

TILE_BYTES = 1 << 13
"""A value's tile takes about so many bytes: some dozens of them fit into the second cache."""

CACHED = 1 << 18
"""A batch whose values take fewer bytes together stays in the second cache as it is, and needs no walk."""

SMALLEST = 32
"""Not fewer rows at once, counted in each direction: products of fewer are slow."""


def tiled(graph: Graph) -> Tiled | None:
    """A graph as a program over tiles of rows, None where this would not pay or cannot be."""
    found = analysed(graph)
    if found is None or _is_small(*found):
        return None
    try:
        return Tiled(*found)
    except Unsupported:
        return None


def _is_small(graph: Graph, rows: Rows) -> bool:
    """Whether a batch stays in the cache without tiles, and is not worth a second thread."""
    walked = [op for op in graph.operations if rows.roles[op.outputs[0]].sort != "whole"]
    entered = {i for op in walked for i in (*op.inputs, *op.outputs) if op.primitive.name not in LOOKS}
    size = sum(math.prod(graph.specs[i].shape) * graph.specs[i].dtype.itemsize for i in entered)
    return size < CACHED and sum(nanoseconds(op, graph.specs) for op in walked) < 2 * SMALLEST_SHARE


class Tiled:
    """Call it with the values of the inputs; it gives those of the outputs."""

    def __init__(self, graph: Graph, rows: Rows) -> None:
        self.graph = graph
        cut = _Cut(graph, rows)
        places = Places(graph, rows, cut.reshaped)
        for stage in range(rows.walks + 1):
            whole = cut.whole(stage, places)
            if whole is not None:
                places.pieces.append(whole)
            if ("walk", stage) in cut.groups:  # else it has other looks alone
                places.pieces.append(cut.walk(stage, places))
        self._leave = leaves(places, graph, cut.shared())
        self.pieces = places.pieces
        self._memory = places.memory
        # Of what one walk writes for another, kept from call to call.
        self._pool: list[Known] = []

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        try:
            rest = self._pool.pop()
        except IndexError:
            rest = self._memory()
        known = [*values, *rest]
        for piece in self.pieces:
            piece.run(known)
        self._pool.append(rest)
        return self._leave(known)

    def describe(self) -> dict[str, Any]:
        """What `stats` tells of this program."""
        parts = [program.describe() for piece in self.pieces for program in piece.programs]
        return {
            "backend": "llvm",
            "operations": len(self.graph),
            "kernels": sum(part["kernels"] for part in parts),
            "calls": [name for part in parts for name in part["calls"]],
            "bytes": sum(part["bytes"] for part in parts),
            "moved": sum(
                times * program.describe()["moved"]
                for piece in self.pieces
                for program, times in zip(piece.programs, piece.times, strict=True)
            ),
            "from_disk": all(part["from_disk"] for part in parts if part["kernels"]),
            "walks": sum(isinstance(piece, Walk) for piece in self.pieces),
            "tile": next((piece.tile for piece in self.pieces if isinstance(piece, Walk)), 0),
        }


class _Cut:
    """The pieces of a graph."""

    def __init__(self, graph: Graph, rows: Rows) -> None:
        self.graph, self.rows, self.roles = graph, rows, rows.roles
        self.maker = {i: op for op in graph.operations for i in op.outputs}
        # Wholes in another shape, which are other looks at the same memory.
        self.reshaped = {
            op.outputs[0]: op.inputs[0]
            for op in graph.operations
            if op.primitive is ROWS["reshape"]
            and self.roles[op.outputs[0]].sort == "whole"
            and not self._looks(op.inputs[0])
        }
        self.groups: dict[tuple[str, int], list[Operation]] = {}
        for operation in graph.operations:
            key = self._group(operation)
            if key is not None:
                self.groups.setdefault(key, []).append(operation)
        self.wanted = set(graph.outputs)
        for key, operations in self.groups.items():
            for operation in operations:
                for index in operation.inputs:
                    source = self._source(index)
                    made = self.maker.get(source)
                    if made is not None and self._group(made) != key:
                        self.wanted.add(source)
        self.wanted |= {self._source(i) for i in graph.outputs}

    def _group(self, operation: Operation) -> tuple[str, int] | None:
        """The piece an operation belongs to; None for another look, which goes wherever it is used."""
        role = self.roles[operation.outputs[0]]
        if self._looks(operation.outputs[0]) or operation.outputs[0] in self.reshaped:
            return None
        return ("whole" if role.sort == "whole" else "walk"), role.stage

    def _looks(self, index: int) -> bool:
        """Whether a value is another look at rows."""
        made = self.maker.get(index)
        return made is not None and self.roles[index].sort == "rows" and made.primitive.name in LOOKS

    def _source(self, index: int) -> int:
        """The value itself, or that at which it is another look."""
        while index in self.reshaped or self._looks(index):
            index = self.maker[index].inputs[0]
        return index

    def shared(self) -> list[bool]:
        """For each output whether it lies in the memory of an input, a constant or an output before."""
        taken = {*self.graph.inputs, *self.graph.constants}
        found = []
        for index in self.graph.outputs:
            source = self._source(index) if index in self.reshaped else index
            found.append(source in taken)
            taken.add(source)
        return found

    def whole(self, stage: int, places: Places) -> Whole | None:
        """What is computed as a whole before a walk, and the other looks that the graph gives out."""
        operations = self.groups.get(("whole", stage), [])
        final = stage == self.rows.walks
        outputs = [i for op in operations for i in op.outputs if i in self.wanted]
        if final:
            outputs += [i for i in dict.fromkeys(self.graph.outputs) if self._looks(i)]
        if not outputs:
            return None
        builder = Builder()
        place: dict[int, int] = {}
        inputs: list[int] = []

        def find(index: int) -> int:
            if index not in place:
                if index in self.graph.constants:
                    place[index] = builder.constant(self.graph.constants[index])
                elif self._looks(index) or (index in self.reshaped and self._source(index) in place):
                    add(self.maker[index])
                else:
                    inputs.append(index)
                    place[index] = builder.input(self.graph.specs[index])
            return place[index]

        def add(op: Operation) -> None:
            given = [find(i) for i in op.inputs]
            specs = [self.graph.specs[i] for i in op.outputs]
            place.update(
                zip(
                    op.outputs,
                    builder.add(op.primitive, op.params, given, specs, op.line, op.joint),
                    strict=True,
                )
            )

        for operation in operations:
            add(operation)
        program = Program(builder.graph([find(i) for i in outputs]))
        return Whole(program, [places.of(i) for i in inputs], places.made(outputs))

    def walk(self, stage: int, places: Places) -> Walk:
        """A walk over the tiles."""
        operations = self.groups[("walk", stage)]
        count = self.rows.count
        tile = _tile(count, self._largest(operations))
        cut = Cut(self.graph, self.rows, self.roles, self.maker, self.wanted)
        bodies = [Body(cut, operations, tile)]
        if count % tile:
            bodies.append(Body(cut, operations, count % tile))
        work = sum(nanoseconds(op, self.graph.specs) for op in operations)
        return Walk(count, tile, bodies, work, places)

    def _largest(self, operations: list[Operation]) -> int:
        """How many rows a tile has at most: the widest value takes some kilobytes, and products are machine code."""
        specs, count = self.graph.specs, self.rows.count
        widest, directions, most = 8, 1, count
        for operation in operations:
            (index,) = operation.outputs
            product, role = operation.primitive.name == "matmul", self.roles[index]
            if role.sort == "rows":
                entries = math.prod(specs[index].shape) // count
                widest = max(widest, entries * specs[index].dtype.itemsize)
                directions = max(
                    directions, role.before // math.prod(specs[index].shape[:-2]) if product else 1
                )
            if product:
                most = min(most, self._largest_of(operation))
        largest = min(TILE_BYTES // widest, SOURCE_BYTES // max(self._read(operations), 1))
        return max(1, min(most, max(largest, -(-SMALLEST // directions))))

    def _read(self, operations: list[Operation]) -> int:
        """How many bytes of each row a walk reads from outside."""
        made = {i for operation in operations for i in operation.outputs}
        read = {
            self._source(index)
            for operation in operations
            for index, before in zip(operation.inputs, self.rows.reads[operation.outputs[0]], strict=True)
            if before is not None
        }
        specs = [self.graph.specs[i] for i in read - made]
        return sum(math.prod(spec.shape) * spec.dtype.itemsize for spec in specs) // self.rows.count

    def _largest_of(self, operation: Operation) -> int:
        """Of how many rows a product is left to machine code."""
        count = self.rows.count
        first, second = (self.graph.specs[i].shape for i in operation.inputs)
        largest = LARGEST_PRODUCT // max(math.prod(first) * second[-1] // count, 1)
        if self.rows.reads[operation.outputs[0]][1] is None:
            return largest
        return min(largest, LARGEST_FACTOR // max(math.prod(second[-2:]) // count, 1))


def _tile(count: int, largest: int) -> int:
    """Rows in a tile: a divisor of the batch where there is one of about the size, so that no tile is left over."""
    if largest >= count:
        return count
    for size in range(largest, largest // 3, -1):
        if count % size == 0:
            return size
    return largest


class Whole:
    """A piece that is computed once."""

    def __init__(self, program: Program, given: list[int], made: slice) -> None:
        self.program, self.given, self.made = program, given, made
        self.programs, self.times = [program], [1]

    def run(self, known: Known) -> None:
        known[self.made] = self.program([known[place] for place in self.given])


__all__ = ["Tiled", "tiled"]
