"""One walk over the tiles of a batch: the graph of a tile, the code that goes from tile to tile, the threads."""

from __future__ import annotations

import ctypes
import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ...core.graph import Builder, Graph, Operation
from ...core.spec import Spec
from ...core.tensor import ROWS
from ..rows import GATHERING, LOOKS, Role, Rows, resized
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


class Values(dict[int, Any]):
    """The values of a graph as they become known; those whose rows lie behind others also with the rows in front."""

    def __init__(self, graph: Graph, rows: Rows, reshaped: Mapping[int, int]) -> None:
        super().__init__()
        self.graph, self.rows, self.reshaped = graph, rows, reshaped
        self.turned: dict[tuple[int, int], Any] = {}

    def __missing__(self, index: int) -> Any:
        """A value that is another in another shape; or one that a walk has written, with its rows where they belong."""
        if index in self.reshaped:
            self[index] = seen = np.reshape(self[self.reshaped[index]], self.graph.specs[index].shape)
            return seen
        spec, before = self.graph.specs[index], self.rows.roles[index].before
        apart = np.ascontiguousarray(self.turned[index, before].swapaxes(0, 1))
        self[index] = whole = apart.reshape(spec.shape)
        return whole

    def by_rows(self, index: int, before: int) -> Any:
        """A value with the rows, that lie behind so many entries, in front."""
        if before == 1:
            return np.asarray(self[index], order="C")
        if (index, before) not in self.turned:
            apart = np.asarray(self[index]).reshape(before, self.rows.count, -1)
            self.turned[index, before] = np.ascontiguousarray(apart.swapaxes(0, 1))
        return self.turned[index, before]

    def written(self, index: int, memory: dict[int, Any]) -> Any:
        """An array for a value that a walk writes, with its rows in front; taken from a memory, or entered there."""
        spec, before, count = self.graph.specs[index], self.rows.roles[index].before, self.rows.count
        if index not in memory:
            apart = (count, before, math.prod(spec.shape) // (before * count))
            memory[index] = np.empty(spec.shape if before == 1 else apart, spec.dtype)
        if before == 1:
            self[index] = memory[index]
        else:
            self.turned[index, before] = memory[index]
        return memory[index]


Given = tuple[int, int | None]
"""An input of a walk: which value, and behind how many entries its rows lie; None for the whole."""


class Body:
    """The graph of one tile of so many rows, compiled, with a loop around it."""

    def __init__(self, cut: Cut, operations: list[Operation], tile: int) -> None:
        self.cut, self.tile = cut, tile
        self.builder = Builder()
        self.made: dict[int, int] = {}  # values that the walk makes, by their place in the graph of the tile
        self.taken: dict[Given, int] = {}  # values that it takes from outside
        self.given: list[Given] = []  # the inputs of the graph of the tile
        for operation in operations:
            self._add(operation)
        self._outputs(operations)
        self._compile()

    # the graph of a tile

    def _spec(self, index: int, before: int) -> Spec:
        """Shape and dtype of the rows of a tile."""
        spec = self.cut.graph.specs[index]
        return Spec(resized(spec.shape, self.cut.rows.count, before, self.tile), spec.dtype)

    def _value(self, index: int, before: int | None) -> int:
        """What an operation reads of a value, its rows in the tile or the whole, in the graph of the tile."""
        if before is not None and self.cut.roles[index].sort == "rows":
            if index not in self.made and (maker := self.cut.maker[index]).primitive.name in LOOKS:
                self._add(maker)
            if index in self.made:
                return self.made[index]
        if (index, before) not in self.taken:
            constant = self.cut.graph.constants.get(index)
            if before is None and constant is not None:
                self.taken[index, before] = self.builder.constant(constant)
            else:
                self.taken[index, before] = self._input(index, before)
        return self.taken[index, before]

    def _input(self, index: int, before: int | None) -> int:
        """A value as an input; rows that lie behind others are given in front, and looked at from where they lie."""
        self.given.append((index, before))
        if before is None:
            return self.builder.input(self.cut.graph.specs[index])
        spec = self._spec(index, before)
        if before == 1:
            return self.builder.input(spec)
        after = math.prod(spec.shape) // (before * self.tile)
        first = self.builder.input(Spec((self.tile, before, after), spec.dtype))
        return self._look("reshape", self._swapped(first), spec.shape, shape=spec.shape)

    def _look(self, name: str, source: int, seen: tuple[int, ...], **params: Any) -> int:
        spec = Spec(seen, self.builder.specs[source].dtype)
        return self.builder.add(ROWS[name], params, [source], [spec])[0]

    def _swapped(self, index: int) -> int:
        """A value of three axes with the first two exchanged."""
        first, second, third = self.builder.specs[index].shape
        return self._look("transpose", index, (second, first, third), axes=(1, 0, 2))

    def _add(self, operation: Operation) -> None:
        """The operation on a tile."""
        (output,) = operation.outputs
        reads, role = self.cut.rows.reads[output], self.cut.roles[output]
        given = [self._value(i, before) for i, before in zip(operation.inputs, reads, strict=True)]
        params = dict(operation.params)
        if role.sort == "gathered":
            spec = self.cut.graph.specs[output]
        else:
            spec = self._spec(output, role.before)
            if "shape" in params:
                params["shape"] = spec.shape
        (self.made[output],) = self.builder.add(operation.primitive, params, given, [spec], operation.line)

    def _outputs(self, operations: list[Operation]) -> None:
        """What leaves the walk: rows written to their place in the batch, and what is gathered."""
        self.written: list[int] = []
        self.gathered: list[tuple[int, str]] = []
        outputs = []
        wanted = [i for op in operations for i in op.outputs if i in self.cut.wanted]
        for index in wanted:
            own, role = self.made[index], self.cut.roles[index]
            if role.sort == "rows":
                spec = self.builder.specs[own]
                if role.before > 1:
                    after = math.prod(spec.shape) // (role.before * self.tile)
                    apart = (role.before, self.tile, after)
                    own = self._swapped(self._look("reshape", own, apart, shape=apart))
                    spec = self.builder.specs[own]
                (copy,) = self.builder.add(ROWS["identity"], {}, [own], [spec])
                self.written.append(index)
                outputs.append(copy)
        self.totals: list[tuple[int, int]] = []
        for index in wanted:
            if self.cut.roles[index].sort != "gathered":
                continue
            verb = GATHERING[self.cut.maker[index].primitive.name]
            spec = self.builder.specs[self.made[index]]
            before = self.builder.input(spec)
            (after,) = self.builder.add(ROWS[verb], {}, [before, self.made[index]], [spec])
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
            (program.graph.inputs[k], index)
            for k, (index, before) in enumerate(self.given)
            if before is not None
        ]
        moving = [*inputs, *zip(self.outputs, self.written, strict=False)]
        for number, (value, index) in enumerate(moving):
            spec = self.cut.graph.specs[index]
            size = math.prod(spec.shape) // self.cut.rows.count * spec.dtype.itemsize
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
        self.times = [count // tile, 1][: len(bodies)]
        self.leaving = set(bodies[0].cut.graph.outputs)

    def run(self, known: Values, between: dict[int, Any]) -> None:
        """Go through the batch.

        Args:
            known: values by their numbers; those that the walk makes are entered.
            between: memory for values that do not leave the graph, which is kept for the next call.
        """
        body = self.bodies[0]
        graph = body.cut.graph
        given = [
            np.asarray(known[i], order="C") if before is None else known.by_rows(i, before)
            for i, before in body.given
        ]
        written = [known.written(i, {} if i in self.leaving else between) for i in body.written]
        tiles = self.count // self.tile
        threads = max(1, min(tiles, int(self.work / SMALLEST_SHARE)))
        if threads > 1:
            threads = min(threads, get_threads())
        if threads == 1:
            totals = self._gather(given, written, 0, tiles)
        else:
            bounds = [tiles * k // threads for k in range(threads + 1)]
            gather = functools.partial(self._gather, given, written)
            totals = self._joined(share([functools.partial(gather, *ends) for ends in pairwise(bounds)]))
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
        if stretch >= last - first:
            return body.go(given, written, first * self.tile, last - first)
        starts = range(first, last, stretch)
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
