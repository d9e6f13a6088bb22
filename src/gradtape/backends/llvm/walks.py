"""One walk over the tiles of a batch: the graph of a tile, the code that goes from tile to tile, the threads.

A piece of a program, as a walk is, works on a list of all values that pieces have to do with: arrays and numbers, each
at a place that is known beforehand (`tiles.py`), so that a call looks nothing up.
"""

from __future__ import annotations

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
from .addresses import launch
from .kinds import KINDS, STORED, Unsupported, literal
from .places import Known, Places
from .program import ALIGNMENT, Program
from .threads import get_threads, share
from .totals import identity

SMALLEST_SHARE = 150_000.0
"""To hand work to a thread pays from so many nanoseconds of it on, as on a busy machine it is late to wake."""

SMALLEST_STRETCH = 50_000.0
"""What a stretch of tiles takes at least, in nanoseconds, beside which beginning it is little."""

STRETCH = 512
"""So many tiles are added up one after the other; sums over more are gathered from stretches, in double precision."""

_COMBINE = {"add": np.add, "maximum": np.maximum, "minimum": np.minimum}


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """A graph with the roles of its values, the operation that makes each, and those needed outside their piece."""

    graph: Graph
    rows: Rows
    roles: Mapping[int, Role]
    maker: Mapping[int, Operation]
    wanted: set[int]


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
        # What has been gathered lies in two regions behind what lies between the steps, one total behind the other.
        self.places: list[int] = []
        self.size = 0
        for before, _ in self.totals:
            spec = graph.specs[before]
            self.places.append(self.size)
            self.size += -(-math.prod(spec.shape) * spec.dtype.itemsize // ALIGNMENT) * ALIGNMENT
        self.program = Program(graph, walk=self._loop, more=2 * self.size)
        (self._steps,) = self.program.steps
        self._walk = self.program.code.address("walk")  # type: ignore[union-attr]
        self._whole = self._record(0, self.cut.rows.count // self.tile)
        self._place = self._whole.ctypes.data
        specs = [graph.specs[before] for before, _ in self.totals]
        self.sums = [(spec.shape, spec.dtype) for spec in specs]

    def _record(self, first: int, count: int) -> Any:
        """What the walk over so many tiles from a row on is told (`addresses.py`)."""
        return np.array((self._walk, *self._steps, first, count), np.int64)

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
        begin += [
            f"  %blockp = getelementptr ptr, ptr %t, i64 {program.block_slot}",
            "  %block = load ptr, ptr %blockp",
            f"  %here = getelementptr i8, ptr %block, i64 {program.between}",
            f"  %there = getelementptr i8, ptr %here, i64 {self.size}",
        ]
        turn = []
        for number, ((before, after), place) in enumerate(zip(self.totals, self.places, strict=True)):
            begin += [
                f"  %c{number} = getelementptr ptr, ptr %t, i64 {program.slot[before]}",
                f"  %d{number} = getelementptr ptr, ptr %t, i64 {program.slot[after]}",
                f"  %e{number} = load ptr, ptr %d{number}",
                f"  %f{number} = getelementptr i8, ptr %here, i64 {place}",
                *self._filled(number, program.graph.specs[before]),
            ]
            turn += [
                f"  %g{number} = getelementptr i8, ptr %old, i64 {place}",
                f"  %h{number} = getelementptr i8, ptr %new, i64 {place}",
                f"  %i{number} = select i1 %more, ptr %h{number}, ptr %e{number}",
                f"  store ptr %g{number}, ptr %c{number}",
                f"  store ptr %i{number}, ptr %d{number}",
            ]
        arguments = [
            line
            for number, (name, kind) in enumerate(
                (("s", "ptr"), ("length", "i64"), ("first", "i64"), ("count", "i64")), 1
            )
            for line in (
                f"  %{name}p = getelementptr i64, ptr %record, i64 {number}",
                f"  %{name} = load {kind}, ptr %{name}p",
            )
        ]
        return "\n".join(
            [
                "define void @walk(ptr %t, ptr %record) {",
                "entry:",
                *arguments,
                *begin,
                "  br label %start",
                "start:",
                "  br label %loop",
                "loop:",
                "  %i = phi i64 [ 0, %start ], [ %j, %loop ]",
                "  %old = phi ptr [ %here, %start ], [ %new, %loop ]",
                "  %new = phi ptr [ %there, %start ], [ %old, %loop ]",
                "  %j = add i64 %i, 1",
                "  %more = icmp ult i64 %j, %count",
                *turn,
                "  call void @run(ptr %t, ptr %s, i64 %length)",
                *body,
                "  br i1 %more, label %loop, label %done",
                "done:",
                "  ret void",
                "}",
            ]
        )

    def _filled(self, number: int, spec: Spec) -> list[str]:
        """The lines that fill a total with what changes nothing that is taken together with it."""
        kind = KINDS.get(spec.dtype)
        if kind is None or kind == "i1":
            raise Unsupported(f"{spec.dtype} gathered over rows")
        stored, _ = STORED[kind]
        start = literal(kind, identity(self.gathered[number][1], kind))
        return [
            f"  br label %before{number}",
            f"before{number}:",
            f"  br label %fill{number}",
            f"fill{number}:",
            f"  %k{number} = phi i64 [ 0, %before{number} ], [ %l{number}, %fill{number} ]",
            f"  %m{number} = getelementptr {stored}, ptr %f{number}, i64 %k{number}",
            f"  store {stored} {start}, ptr %m{number}",
            f"  %l{number} = add i64 %k{number}, 1",
            f"  %n{number} = icmp ult i64 %l{number}, {math.prod(spec.shape)}",
            f"  br i1 %n{number}, label %fill{number}, label %filled{number}",
            f"filled{number}:",
        ]

    def go(
        self, given: Sequence[Any], written: Sequence[Any], first: int | None = None, count: int = 0
    ) -> list[Any]:
        """Walk over so many tiles from a row on (over all without one) and write their rows; what has been gathered."""
        program = self.program
        frame = program.frame()
        made = [np.empty(shape, dtype) for shape, dtype in self.sums]
        place = self._place
        if first is not None:
            record = self._record(first, count)
            place = record.ctypes.data
        # In the places of the totals as they come in stand those that go out; the machine code changes both.
        kept = launch([*given, *made, *written, *made], frame.address, place)
        del kept
        program.release(frame)
        return made


class Walk:
    """A piece that goes through the batch tile by tile."""

    def __init__(self, count: int, tile: int, bodies: list[Body], work: float, places: Places) -> None:
        self.count, self.tile, self.bodies, self.work = count, tile, bodies, work
        self.programs = [body.program for body in bodies]
        self.tiles = count // tile
        self.times = [self.tiles, 1][: len(bodies)]
        body = bodies[0]
        self.given = [places.of(index, before or 1) for index, before in body.given]
        self.written = [places.written(index) for index in body.written]
        self.leaving = [places.leaving[place] for place in self.written if place in places.leaving]
        self.gathered = places.made([index for index, _ in body.gathered])
        least = SMALLEST_STRETCH * self.tiles / max(work, 1.0)
        self.stretch = max(STRETCH, int(least)) if body.gathered else self.tiles
        self.threads = max(1, min(self.tiles, int(work / SMALLEST_SHARE)))

    def run(self, known: Known) -> None:
        """Go through the batch; the values that the walk makes are entered."""
        given = [known[place] for place in self.given]
        for place, shape, dtype in self.leaving:
            known[place] = np.empty(shape, dtype)
        written = [known[place] for place in self.written]
        threads = min(self.threads, get_threads()) if self.threads > 1 else 1
        if threads == 1 and self.stretch >= self.tiles and len(self.bodies) == 1:
            known[self.gathered] = self.bodies[0].go(given, written)
            return
        given = [np.asarray(value, order="C") for value in given]
        bounds = [self.tiles * k // threads for k in range(threads + 1)]
        gather = functools.partial(self._gather, given, written)
        parts = share([functools.partial(gather, *ends) for ends in pairwise(bounds)])
        if len(self.bodies) > 1:
            parts = [self._joined(parts), self.bodies[1].go(given, written, self.tiles * self.tile, 1)]
        specs = self.bodies[0].sums
        known[self.gathered] = [
            np.asarray(total, dtype) for total, (_, dtype) in zip(self._joined(parts), specs, strict=True)
        ]

    def _gather(self, given: Sequence[Any], written: Sequence[Any], first: int, last: int) -> list[Any]:
        """Walk over tiles, stretch by stretch; what has been gathered."""
        stretch = self.stretch if self.bodies[0].gathered else last - first
        return self._joined(
            [
                self.bodies[0].go(given, written, at * self.tile, min(stretch, last - at))
                for at in range(first, last, stretch)
            ]
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
