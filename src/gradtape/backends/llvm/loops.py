"""Loops as machine loops: in registers where their values are few numbers, else through the memory of one turn.

registers   every entry of every value has a register of its own (`registers.py`)
memory      a turn is a program as any other; around it the machine code moves the pointers from turn to turn, and
            the two places of each state and each sum change roles, so that no turn writes what it reads
turns       where a turn holds an operation without machine code, its program is called for each turn

The first two are functions that take pointers, steps of the programs around them, turns of other loops among these.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.graph import Graph, Operation
from ...core.loop import Loop, run
from ...core.primitive import Kind, Primitive
from ...core.spec import Spec
from ...core.tensor import ROWS
from ..loops import is_loop
from .complex_mathematics import PAIR, real_of
from .engine import Code
from .kinds import KINDS, Unsupported, literal
from .program import ALIGNMENT, Program
from .registers import Registers, fits
from .steps import Machine

Compile = Callable[[Graph], Any]


def with_machine_loops(graph: Graph, compile: Compile) -> Graph:
    """The graph with each loop as an operation whose value is machine code.

    Args:
        graph: lowered.
        compile: makes a graph ready to run, for the turns of loops that are done turn by turn.
    """
    if not any(is_loop(operation) for operation in graph.operations):
        return graph
    return replace(graph, operations=tuple([_machine(operation, compile) for operation in graph.operations]))


def _machine(operation: Operation, compile: Compile) -> Operation:
    if not is_loop(operation):
        return operation
    row = Primitive("loop", Kind.TANGENT, compiled(operation.params["loop"], compile), None, ())
    return replace(operation, primitive=row)


def compiled(loop: Loop, compile: Compile) -> Machine | Callable[..., tuple[Any, ...]]:
    """The value of a loop: machine code, or a function `(*inputs, loop) -> outputs` that does turn by turn."""
    if loop.turns and fits(loop.body):
        writer = Registers(loop)
        writer.write()
        code = Code(writer.module, ("loop",))
        return Machine(code.address("loop"), np.zeros(1, np.intp), ALIGNMENT, code)
    if loop.turns:
        try:
            return InMemory(replace(loop, body=with_machine_loops(loop.body, compile))).machine()
        except Unsupported:
            pass
    program = compile(loop.body)
    return lambda *xs, loop: run(loop, xs, program)


class InMemory:
    """A loop whose turn has its values in memory.

    Its function has the table of pointers of the turns' program in the memory that it is given, then the program's
    block, and the second places of states and sums. What the program's own table has is copied from the numbers that
    it is given; behind them stand the steps of the turn, and how many numbers these are.
    """

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.graph, self.totals = _turn(loop)
        held, _, stacks = loop.results(self.graph.outputs[: len(loop.body.outputs)])
        state, _, sliced = loop.parts(self.graph.inputs[: len(loop.body.inputs)])
        # The two places of a state or sum, before and after a turn; and the values that lie one behind the other.
        self.pairs = [*zip(state, held, strict=True), *self.totals]
        self.moving = [*sliced, *stacks]
        self.lines: list[str] = []
        self.program = Program(self.graph, walk=self._text)

    def machine(self) -> Machine:
        """The function, and what it needs."""
        program = self.program
        assert program.code is not None
        (steps,) = program.steps
        table = np.concatenate([program.template, np.array(steps, np.intp)])
        return Machine(program.code.address("walk"), table, self.size, program)

    # the text

    def _text(self, program: Program) -> str:
        """A function that does all turns and leaves the results where they belong."""
        loop, size = self.loop, 8 * len(program.template)
        inputs, results = len(loop.body.inputs), len(loop.body.outputs)
        given = [self._given(k) for k in range(inputs + results + 2)]
        *given, numbers, self.table = given
        self.size = -(-size // ALIGNMENT) * ALIGNMENT
        self._do("memcpy", self.table, numbers, size)
        self._put(program.block_slot, self._memory(program.size))
        state, fixed, sliced = loop.parts(given[:inputs])
        held, totals, stacks = loop.results(given[inputs:])
        for value, pointer in zip(loop.parts(self.graph.inputs[:inputs])[1], fixed, strict=True):
            self._put(program.slot[value], pointer)
        for value, pointer in zip(self.moving, (*sliced, *stacks), strict=True):
            self._put(program.slot[value], self._entry(value, pointer))
        if loop.gate:
            self._put(program.slot[self.graph.outputs[-1]], self._memory(1))
            for value, pointer in zip(self.moving[len(sliced) :], stacks, strict=True):
                self._do("memset", pointer, "0", loop.turns * abs(self._step(value)))
        ends = [*held, *totals]
        starts = [self._memory(self._bytes(before)) for before, _ in self.pairs]
        for start, source, (before, _) in zip(starts, state, self.pairs, strict=False):
            self._do("memcpy", start, source, self._bytes(before))
        for start, (before, _) in zip(starts[len(state) :], self.totals, strict=True):
            self._begin_sum(start, self.graph.specs[before])
        for (before, after), start, end in zip(self.pairs, starts, ends, strict=True):
            self._put(program.slot[before], start)
            self._put(program.slot[after], end)
        self._turns(program, numbers)
        # After an odd number of turns the results are where they belong.
        self.lines += ["  %odd = trunc i64 %count to i1", "  br i1 %odd, label %done, label %copy", "copy:"]
        for (before, _), start, end in zip(self.pairs, starts, ends, strict=True):
            self._do("memcpy", end, start, self._bytes(before))
        return "\n".join(
            [
                *_DECLARED,
                "define void @walk(ptr %given, i64 %which) {",
                "entry:",
                *self.lines,
                "  br label %done",
                "done:",
                "  ret void",
                "}",
            ]
        )

    def _turns(self, program: Program, numbers: str) -> None:
        """The loop itself; `%count` is how many turns were done."""
        loop, slot, lines = self.loop, program.slot, self.lines
        steps, length = (
            self._line(f"load ptr, ptr {self._place(numbers, len(program.template) + k)}") for k in (0, 1)
        )
        length = self._line(f"ptrtoint ptr {length} to i64")
        lines += ["  br label %before", "before:", "  br label %head", "head:"]
        lines += [
            "  %i = phi i64 [ 0, %before ], [ %j, %latch ]",
            "  %n = phi i64 [ 0, %before ], [ %m, %latch ]",
        ]
        if loop.gate:
            gate = self._load(slot[self.graph.inputs[0] if loop.gate == "carried" else self.moving[0]])
            truth = self._line(f"icmp ne i8 {self._line(f'load i8, ptr {gate}')}, 0")
            lines += [
                f"  br i1 {truth}, label %go, label %{'end' if loop.gate == 'carried' else 'latch'}",
                "go:",
            ]
        lines.append(f"  call void @run(ptr {self.table}, ptr {steps}, i64 {length})")
        lines.append("  %k = add i64 %n, 1")
        for before, after in self.pairs:
            first, second = self._load(slot[before]), self._load(slot[after])
            self._put(slot[before], second)
            self._put(slot[after], first)
        lines += ["  br label %went", "went:", "  br label %latch", "latch:"]
        lines.append(f"  %m = phi i64 [ %k, %went ]{', [ %n, %head ]' if loop.gate == 'sliced' else ''}")
        for value in self.moving:
            here = self._load(slot[value])
            self._put(slot[value], self._line(f"getelementptr i8, ptr {here}, i64 {self._step(value)}"))
        lines += [
            "  %j = add i64 %i, 1",
            f"  %more = icmp ult i64 %j, {loop.turns}",
            "  br i1 %more, label %head, label %end",
            "end:",
            f"  %count = phi i64 [ %m, %latch ]{', [ %n, %head ]' if loop.gate == 'carried' else ''}",
        ]

    def _begin_sum(self, start: str, spec: Spec) -> None:
        """Fill memory with what changes nothing that is added to it."""
        if spec.dtype.kind == "c":
            spec = Spec((2, *spec.shape), real_of(spec.dtype))
        if spec.dtype.kind != "f":
            self._do("memset", start, "0", spec.dtype.itemsize * math.prod(spec.shape))
            return
        kind, label = KINDS[spec.dtype], f"fill{len(self.lines)}"
        self.lines += [f"  br label %{label}_before", f"{label}_before:", f"  br label %{label}", f"{label}:"]
        at = f"%{label}_at"
        self.lines.append(f"  {at} = phi i64 [ 0, %{label}_before ], [ {at}_next, %{label} ]")
        place = self._line(f"getelementptr {kind}, ptr {start}, i64 {at}")
        self.lines += [
            f"  store {kind} {literal(kind, -0.0)}, ptr {place}",
            f"  {at}_next = add i64 {at}, 1",
            f"  {at}_more = icmp ult i64 {at}_next, {math.prod(spec.shape)}",
            f"  br i1 {at}_more, label %{label}, label %{label}_done",
            f"{label}_done:",
        ]

    def _entry(self, value: int, pointer: str) -> str:
        """Where the entry of the first turn lies."""
        last = (self.loop.turns - 1) * abs(self._step(value)) if self.loop.backwards else 0
        return self._line(f"getelementptr i8, ptr {pointer}, i64 {last}")

    def _step(self, value: int) -> int:
        """How far apart in memory the entries of two turns are."""
        return -self._bytes(value) if self.loop.backwards else self._bytes(value)

    def _bytes(self, value: int) -> int:
        spec = self.graph.specs[value]
        return math.prod(spec.shape) * spec.dtype.itemsize

    def _memory(self, size: int) -> str:
        """A part of the memory that is given."""
        start, self.size = self.size, self.size + max(-(-size // ALIGNMENT), 1) * ALIGNMENT
        return self._line(f"getelementptr i8, ptr {self.table}, i64 {start}")

    def _line(self, text: str) -> str:
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = {text}")
        return name

    def _do(self, name: str, target: str, source: str, size: int) -> None:
        kinds, kind = ("p0.p0", "ptr") if name == "memcpy" else ("p0", "i8")
        self.lines.append(
            f"  call void @llvm.{name}.{kinds}.i64(ptr {target}, {kind} {source}, i64 {size}, i1 false)"
        )

    def _place(self, table: str, slot: int) -> str:
        return self._line(f"getelementptr ptr, ptr {table}, i64 {slot}")

    def _given(self, number: int) -> str:
        return self._line(f"load ptr, ptr {self._place('%given', number)}")

    def _load(self, slot: int) -> str:
        return self._line(f"load ptr, ptr {self._place(self.table, slot)}")

    def _put(self, slot: int, pointer: str) -> None:
        self.lines.append(f"  store ptr {pointer}, ptr {self._place(self.table, slot)}")


_DECLARED = (
    "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)",
    "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
)


def _turn(loop: Loop) -> tuple[Graph, list[tuple[int, int]]]:
    """The graph of a turn in which every result has a place of its own, and the places of the sums.

    A sum enters as one more input, behind the others, and leaves with the turn's share added.
    """
    body = loop.body
    specs, operations = list(body.specs), list(body.operations)
    inputs = list(body.inputs)
    held, shares, entries = loop.results(body.outputs)

    def add(row: Primitive, given: tuple[int, ...], dtype: Any) -> int:
        specs.append(Spec(specs[given[0]].shape, dtype))
        operations.append(Operation(row, {}, given, (len(specs) - 1,)))
        return len(specs) - 1

    def result(row: str, *given: int) -> int:
        dtype = specs[given[0]].dtype
        if dtype.kind != "c":
            return add(ROWS[row], given, dtype)
        real = real_of(dtype)
        parts = [
            add(ROWS[row], tuple([add(ROWS[part], (i,), real) for i in given]), real)
            for part in ("real", "imag")
        ]
        return add(PAIR, tuple(parts), dtype)

    outputs = [result("identity", index) for index in held]
    totals = []
    for index in shares:
        specs.append(specs[index])
        inputs.append(len(specs) - 1)
        outputs.append(result("add", inputs[-1], index))
        totals.append((inputs[-1], outputs[-1]))
    outputs += [result("identity", index) for index in entries]
    if loop.gate:  # so that the table of pointers has it
        outputs.append(
            result("identity", inputs[0 if loop.gate == "carried" else len(body.inputs) - loop.sliced])
        )
    graph = Graph(tuple(specs), tuple(inputs), body.constants, tuple(operations), tuple(outputs))
    return graph, totals


__all__ = ["with_machine_loops"]
