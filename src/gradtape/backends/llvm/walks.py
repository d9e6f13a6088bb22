"""One walk over the tiles of a batch: the graph of a tile, the code that goes from tile to tile, the threads."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ...core.graph import Builder, Graph, Operation
from ...core.spec import Spec
from ...core.tensor import ROWS
from ..rows import GATHERING, Role, Rows
from .addresses import locate
from .program import ALIGNMENT, Program
from .threads import get_threads, share

SMALLEST_SHARE = 50_000.0
"""To hand work to a thread pays from so many nanoseconds of it on."""

STRETCH = 512
"""So many tiles are added up one after the other; sums over more are gathered from stretches, in double precision."""

WALK = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64
)
"""`walk(table, steps, length, first, count)`: so many tiles from a row on."""

_COMBINE = {"add": np.add, "maximum": np.maximum, "minimum": np.minimum}
_START = {"add": -0.0, "maximum": -math.inf, "minimum": math.inf}


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """A graph with the roles of its values, the operation that makes each, and those needed outside their piece."""

    graph: Graph
    rows: Rows
    roles: Mapping[int, Role]
    maker: Mapping[int, Operation]
    wanted: set[int]


class Body:
    """The graph of one tile of so many rows, compiled, with a loop around it."""

    def __init__(self, cut: Cut, operations: list[Operation], tile: int) -> None:
        self.cut, self.tile = cut, tile
        self.builder = Builder()
        self.rows: dict[int, int] = {}  # values of the graph by their rows in the tile
        self.fixed: dict[int, int] = {}  # values of the graph as wholes
        self.given: list[tuple[int, bool]] = []  # the inputs: which value, and whether by rows
        for operation in operations:
            self._add(operation)
        self._outputs(operations)
        self._compile()

    # the graph of a tile

    def _spec(self, index: int, axis: int = 0) -> Spec:
        spec = self.cut.graph.specs[index]
        shape = list(spec.shape)
        shape[axis] = self.tile
        return Spec(tuple(shape), spec.dtype)

    def _as_fixed(self, index: int) -> int:
        if index not in self.fixed:
            constant = self.cut.graph.constants.get(index)
            if constant is not None:
                self.fixed[index] = self.builder.constant(constant)
            else:
                self.given.append((index, False))
                self.fixed[index] = self.builder.input(self.cut.graph.specs[index])
        return self.fixed[index]

    def _as_rows(self, index: int) -> int:
        if index not in self.rows:
            role = self.cut.roles[index]
            if role.sort == "across":
                self._add(self.cut.maker[index])
            else:
                self.given.append((index, True))
                self.rows[index] = self.builder.input(self._spec(index))
        return self.rows[index]

    def _by_rows(self, operation: Operation) -> list[bool]:
        """For each input whether its rows are read, or the whole."""
        count, specs = self.cut.rows.count, self.cut.graph.specs
        shapes = [specs[i].shape for i in operation.inputs]
        name = operation.primitive.name
        if name == "matmul":
            across = self.cut.roles[operation.inputs[0]].sort == "across"
            return [True, across]
        if operation.primitive.pointwise or name in ("where", "broadcast_to"):
            rank = len(specs[operation.outputs[0]].shape)
            return [len(s) == rank and s[0] == count for s in shapes]
        return [True] * len(shapes)

    def _add(self, operation: Operation) -> None:
        """The operation on a tile."""
        given = [
            self._as_rows(i) if by_rows else self._as_fixed(i)
            for i, by_rows in zip(operation.inputs, self._by_rows(operation), strict=True)
        ]
        (output,) = operation.outputs
        sort = self.cut.roles[output].sort
        params = dict(operation.params)
        if sort == "gathered":
            spec = self.cut.graph.specs[output]
        else:
            spec = self._spec(output, 1 if sort == "across" else 0)
            if "shape" in params:
                params["shape"] = spec.shape
        (self.rows[output],) = self.builder.add(operation.primitive, params, given, [spec], operation.line)

    def _outputs(self, operations: list[Operation]) -> None:
        """What leaves the walk: rows written to their place in the batch, and what is gathered."""
        self.written: list[int] = []
        self.gathered: list[tuple[int, str]] = []
        outputs = []
        wanted = [i for op in operations for i in op.outputs if i in self.cut.wanted]
        for index in wanted:
            own = self.rows[index]
            spec = self.builder.specs[own]
            if self.cut.roles[index].sort == "rows":
                (copy,) = self.builder.add(ROWS["identity"], {}, [own], [spec])
                self.written.append(index)
                outputs.append(copy)
        self.totals: list[tuple[int, int]] = []
        for index in wanted:
            if self.cut.roles[index].sort != "gathered":
                continue
            verb = GATHERING[self.cut.maker[index].primitive.name]
            spec = self.builder.specs[self.rows[index]]
            before = self.builder.input(spec)
            (after,) = self.builder.add(ROWS[verb], {}, [before, self.rows[index]], [spec])
            self.gathered.append((index, verb))
            self.totals.append((before, after))
            outputs.append(after)
        self.outputs = outputs

    # the machine code

    def _compile(self) -> None:
        graph = self.builder.graph(self.outputs)
        # What has been gathered lies in two regions, one total behind the other.
        self.places: list[int] = []
        size = 0
        for before, _ in self.totals:
            spec = graph.specs[before]
            self.places.append(size)
            size += -(-math.prod(spec.shape) * spec.dtype.itemsize // ALIGNMENT) * ALIGNMENT
        self.start = np.zeros(size, np.uint8)
        for total, (_, verb) in zip(self._seen(self.start, graph), self.gathered, strict=True):
            total[...] = _START[verb]
        self.program = Program(graph, walk=self._loop)
        self.walk = WALK(self.program.code.address("walk"))  # type: ignore[union-attr]

    def _seen(self, region: Any, graph: Graph) -> list[Any]:
        """The totals in a region, as arrays."""
        specs = [graph.specs[before] for before, _ in self.totals]
        return [
            np.ndarray(spec.shape, spec.dtype, region, place)
            for spec, place in zip(specs, self.places, strict=True)
        ]

    def _loop(self, program: Program) -> str:
        """The function that goes through the tiles."""
        begin, body = [], []
        inputs = [
            (program.graph.inputs[k], index) for k, (index, by_rows) in enumerate(self.given) if by_rows
        ]
        moving = [*inputs, *zip(self.outputs, self.written, strict=False)]
        for number, (value, index) in enumerate(moving):
            spec = self.cut.graph.specs[index]
            size = math.prod(spec.shape[1:]) * spec.dtype.itemsize
            begin += [
                f"  %p{number} = getelementptr ptr, ptr %t, i64 {program.slot[value]}",
                f"  %q{number} = load ptr, ptr %p{number}",
                f"  %r{number} = mul i64 %first, {size}",
                f"  %s{number} = getelementptr i8, ptr %q{number}, i64 %r{number}",
                f"  store ptr %s{number}, ptr %p{number}",
            ]
            body += [
                f"  %a{number} = load ptr, ptr %p{number}",
                f"  %b{number} = getelementptr i8, ptr %a{number}, i64 {self.tile * size}",
                f"  store ptr %b{number}, ptr %p{number}",
            ]
        for number, ((before, after), place) in enumerate(zip(self.totals, self.places, strict=True)):
            begin += [
                f"  %c{number} = getelementptr ptr, ptr %t, i64 {program.slot[before]}",
                f"  %d{number} = getelementptr ptr, ptr %t, i64 {program.slot[after]}",
                f"  %i{number} = load ptr, ptr %c{number}",
                f"  %j{number} = load ptr, ptr %d{number}",
                f"  %g{number} = getelementptr i8, ptr %i{number}, i64 {place}",
                f"  %h{number} = getelementptr i8, ptr %j{number}, i64 {place}",
                f"  store ptr %g{number}, ptr %c{number}",
                f"  store ptr %h{number}, ptr %d{number}",
            ]
            body += [
                f"  %e{number} = load ptr, ptr %c{number}",
                f"  %f{number} = load ptr, ptr %d{number}",
                f"  store ptr %f{number}, ptr %c{number}",
                f"  store ptr %e{number}, ptr %d{number}",
            ]
        return "\n".join(
            [
                "define void @walk(ptr %t, ptr %s, i64 %length, i64 %first, i64 %count) {",
                "entry:",
                *begin,
                "  br label %loop",
                "loop:",
                "  %i = phi i64 [ 0, %entry ], [ %j, %loop ]",
                "  call void @run(ptr %t, ptr %s, i64 %length)",
                *body,
                "  %j = add i64 %i, 1",
                "  %more = icmp ult i64 %j, %count",
                "  br i1 %more, label %loop, label %done",
                "done:",
                "  ret void",
                "}",
            ]
        )

    def go(self, given: Sequence[Any], written: Sequence[Any], first: int, count: int) -> list[Any]:
        """Walk over so many tiles from a row on, and write their rows; what has been gathered."""
        program = self.program
        frame = program.frame()
        start, end = self.start.copy(), np.empty_like(self.start)
        totals = len(self.totals)
        # Where the regions are is all that is entered for the totals; the machine code knows where they lie in them.
        kept = locate([*given, *[start] * totals, *written, *[end] * totals], frame.address)
        (steps,) = program.parts
        self.walk(frame.address, *steps, first, count)
        del kept
        program.release(frame)
        return self._seen(end if count % 2 else start, program.graph)


class Walk:
    """A piece that goes through the batch tile by tile."""

    def __init__(self, count: int, tile: int, bodies: list[Body], work: float) -> None:
        self.count, self.tile, self.bodies, self.work = count, tile, bodies, work
        self.programs = [body.program for body in bodies]
        self.leaving = set(bodies[0].cut.graph.outputs)

    def run(self, known: dict[int, Any], between: dict[int, Any]) -> None:
        """Go through the batch.

        Args:
            known: values by their numbers; those that the walk makes are entered.
            between: memory for values that do not leave the graph, which is kept for the next call.
        """
        body = self.bodies[0]
        graph = body.cut.graph
        given = [np.asarray(known[i], order="C") for i, _ in body.given]
        written = []
        for index in body.written:
            array = between.get(index)
            if array is None:
                array = np.empty(graph.specs[index].shape, graph.specs[index].dtype)
                if index not in self.leaving:
                    between[index] = array
            written.append(array)
        known.update(zip(body.written, written, strict=True))
        tiles = self.count // self.tile
        threads = max(1, min(tiles, int(self.work / SMALLEST_SHARE)))
        if threads > 1:
            threads = min(threads, get_threads())
        bounds = [tiles * k // threads for k in range(threads + 1)]

        def piece(first: int, last: int) -> Any:
            return lambda: self._gather(given, written, first, last)

        totals = self._joined(share([piece(a, b) for a, b in pairwise(bounds)]))
        if len(self.bodies) > 1:
            rest = self.bodies[1]
            totals = self._joined([totals, rest.go(given, written, tiles * self.tile, 1)])
        for total, (index, _) in zip(totals, body.gathered, strict=True):
            known[index] = np.asarray(total, graph.specs[index].dtype)

    def _gather(self, given: Sequence[Any], written: Sequence[Any], first: int, last: int) -> list[Any]:
        """Walk over tiles, stretch by stretch; what has been gathered."""
        body, stretch = self.bodies[0], last - first
        if body.gathered:
            stretch = max(STRETCH, int(SMALLEST_SHARE * (self.count // self.tile) / max(self.work, 1.0)))
        starts = range(first, last, max(stretch, 1))
        return self._joined(
            [body.go(given, written, at * self.tile, min(stretch, last - at)) for at in starts]
        )

    def _joined(self, parts: list[list[Any]]) -> list[Any]:
        """What several parts of the walk have gathered, in order; sums in double precision."""
        if len(parts) == 1:
            return parts[0]
        found = []
        for (_, verb), *given in zip(self.bodies[0].gathered, *parts, strict=True):
            total = np.asarray(given[0], np.float64) if given[0].dtype.kind == "f" else given[0]
            for part in given[1:]:
                total = _COMBINE[verb](total, part)
            found.append(total)
        return found
