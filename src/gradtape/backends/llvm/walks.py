"""One walk over the tiles of a batch: the graph of a tile, the code that goes from tile to tile, the threads."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ...core.graph import Builder, Graph, Operation
from ...core.spec import Spec
from ...core.tensor import ROWS
from ..rows import GATHERING, Role, Rows
from .program import Program
from .threads import get_threads, share

SMALLEST_SHARE = 1 << 20
"""A thread is worth its start from so many entries of a walk on."""

STRETCH = 512
"""So many tiles are added up one after the other; sums over more are gathered from stretches, in double precision."""

WALK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)

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
        program = Program(self.builder.graph(self.outputs), walk=self._loop)
        self.program = program
        self.walk = WALK(program.code.address("walk"))  # type: ignore[union-attr]

    def _loop(self, program: Program) -> str:
        """A function that goes through a number of tiles: `(table, count, steps, length)`."""
        lines = [
            "define void @walk(ptr %t, i64 %count, ptr %s, i64 %length) {",
            "entry:",
            "  br label %loop",
            "loop:",
        ]
        lines += [
            "  %i = phi i64 [ 0, %entry ], [ %j, %loop ]",
            "  call void @run(ptr %t, ptr %s, i64 %length)",
        ]
        inputs = program.graph.inputs
        moving = [(inputs[k], index) for k, (index, by_rows) in enumerate(self.given_in_order()) if by_rows]
        moving += list(zip(self.outputs, self.written, strict=False))
        for number, (value, index) in enumerate(moving):
            if value not in program.slot:
                continue
            spec = self.cut.graph.specs[index]
            step = self.tile * (math.prod(spec.shape[1:]) * spec.dtype.itemsize)
            lines += [
                f"  %p{number} = getelementptr ptr, ptr %t, i64 {program.slot[value]}",
                f"  %a{number} = load ptr, ptr %p{number}",
                f"  %b{number} = getelementptr i8, ptr %a{number}, i64 {step}",
                f"  store ptr %b{number}, ptr %p{number}",
            ]
        for number, (before, after) in enumerate(self.totals):
            lines += [
                f"  %c{number} = getelementptr ptr, ptr %t, i64 {program.slot[before]}",
                f"  %d{number} = getelementptr ptr, ptr %t, i64 {program.slot[after]}",
                f"  %e{number} = load ptr, ptr %c{number}",
                f"  %f{number} = load ptr, ptr %d{number}",
                f"  store ptr %f{number}, ptr %c{number}",
                f"  store ptr %e{number}, ptr %d{number}",
            ]
        lines += [
            "  %j = add i64 %i, 1",
            "  %more = icmp ult i64 %j, %count",
            "  br i1 %more, label %loop, label %done",
        ]
        return "\n".join([*lines, "done:", "  ret void", "}"])

    def given_in_order(self) -> list[tuple[int, bool]]:
        """The inputs but for the totals, in the order of the graph."""
        return self.given

    def go(self, arrays: dict[int, Any], first: int, count: int) -> list[Any]:
        """Walk over so many tiles from a row on; what has been gathered."""
        program = self.program
        table = program.template.copy()
        inputs = [i for i in program.graph.inputs if not any(i == before for before, _ in self.totals)]
        for value, (index, by_rows) in zip(inputs, self.given, strict=True):
            if value in program.slot:
                table[program.slot[value]] = address_of(arrays[index], first if by_rows else 0)
        for value, index in zip(self.outputs, self.written, strict=False):
            table[program.slot[value]] = address_of(arrays[index], first)
        pairs = []
        for (before, after), (_, verb) in zip(self.totals, self.gathered, strict=True):
            spec = program.graph.specs[before]
            start = np.full(spec.shape, _START[verb], spec.dtype)
            pairs.append((start, np.empty_like(start)))
            table[program.slot[before]], table[program.slot[after]] = (x.ctypes.data for x in pairs[-1])
        block = program.block(table)
        (steps,) = program.parts
        self.walk(table.ctypes.data, count, steps.ctypes.data, len(steps))
        program.release(block)
        return [pair[count % 2] for pair in pairs]


def address_of(array: Any, row: int) -> int:
    """Where a row of an array lies."""
    return int(array.ctypes.data) + (row * array.strides[0] if row else 0)


class Walk:
    """A piece that goes through the batch tile by tile."""

    def __init__(self, count: int, tile: int, bodies: list[Body], work: int) -> None:
        self.count, self.tile, self.bodies, self.work = count, tile, bodies, work
        self.programs = [body.program for body in bodies]

    def run(self, known: dict[int, Any]) -> None:
        body = self.bodies[0]
        graph = body.cut.graph
        arrays = {i: np.asarray(known[i], order="C") for i, _ in body.given if i in known}
        for index in body.written:
            spec = graph.specs[index]
            arrays[index] = known[index] = np.empty(spec.shape, spec.dtype)
        tiles = self.count // self.tile
        threads = max(1, min(get_threads(), tiles, self.work // SMALLEST_SHARE))
        bounds = [tiles * k // threads for k in range(threads + 1)]

        def piece(first: int, last: int) -> Any:
            return lambda: self._gather(arrays, first, last)

        totals = self._joined(share([piece(a, b) for a, b in pairwise(bounds)]))
        if len(self.bodies) > 1:
            totals = self._joined([totals, self.bodies[1].go(arrays, tiles * self.tile, 1)])
        totals = [
            np.asarray(total, graph.specs[index].dtype)
            for total, (index, _) in zip(totals, body.gathered, strict=True)
        ]
        known.update(zip((index for index, _ in body.gathered), totals, strict=True))

    def _gather(self, arrays: dict[int, Any], first: int, last: int) -> list[Any]:
        """Walk over tiles, stretch by stretch; what has been gathered."""
        body, stretch = self.bodies[0], last - first
        if body.gathered:
            stretch = max(STRETCH, SMALLEST_SHARE * (self.count // self.tile) // max(self.work, 1))
        starts = range(first, last, max(stretch, 1))
        return self._joined([body.go(arrays, at * self.tile, min(stretch, last - at)) for at in starts])

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
