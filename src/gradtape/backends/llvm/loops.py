"""Loops as machine loops: in registers where their values are few numbers, else through the memory of one turn.

registers   every entry of every value has a register of its own (`registers.py`)
memory      a turn is a program as any other; around it the machine code moves the pointers from turn to turn, and
            the two places of each state and each sum change roles, so that no turn writes what it reads
turns       where a turn holds an operation without machine code, its program is called for each turn
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.graph import Graph, Operation
from ...core.loop import Loop, run, start_of_sum
from ...core.primitive import Kind, Primitive
from ...core.tensor import ROWS
from ..loops import is_loop
from .emit import Unsupported
from .engine import Code
from .lower import lowered
from .program import Program
from .registers import Registers, fits

Compile = Callable[[Graph], Any]
WALK = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)


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


def compiled(loop: Loop, compile: Compile) -> Callable[..., tuple[Any, ...]]:
    """The value of a loop, `(*inputs, loop) -> outputs`, as machine code."""
    loop = replace(loop, body=lowered(loop.body), known={})
    if loop.turns and fits(loop.body):
        return InRegisters(loop)
    if loop.turns:
        try:
            return InMemory(loop)
        except Unsupported:
            pass
    program = compile(loop.body)
    return lambda *xs, loop: run(loop, xs, program)


def _address(array: Any) -> int:
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]  # quicker than `ctypes.data`


class Machine:
    """A loop in machine code. `into(outputs, inputs)` writes its results into arrays that are there (`calls.py`)."""

    loop: Loop

    def __call__(self, *xs: Any, loop: Loop) -> tuple[Any, ...]:
        outputs = [np.empty(spec.shape, spec.dtype) for spec in self.loop.spec()]
        self.into(outputs, xs)
        return tuple([y[()] for y in outputs])

    def into(self, outputs: Sequence[Any], xs: Sequence[Any]) -> None:
        """Do the loop."""
        raise NotImplementedError


class InRegisters(Machine):
    """A loop whose values are in registers."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        writer = Registers(loop)
        writer.write()
        self.code = Code(writer.module, ("loop",))
        self.function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.code.address("loop"))

    def into(self, outputs: Sequence[Any], xs: Sequence[Any]) -> None:
        inputs = [np.asarray(x, order="C") for x in xs]
        if self.loop.gate:
            _clear(self.loop, outputs)
        table = np.array([_address(x) for x in (*inputs, *outputs)], np.intp)
        self.function(_address(table))


def _clear(loop: Loop, outputs: Sequence[Any]) -> None:
    """Zeros for the turns that may not be done."""
    for stack in loop.results(outputs)[2]:
        stack[...] = 0


class InMemory(Machine):
    """A loop whose turn has its values in memory."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.graph, self.totals = _turn(loop)
        held, _, stacks = loop.results(self.graph.outputs[: len(loop.body.outputs)])
        state, _, sliced = loop.parts(self.graph.inputs[: len(loop.body.inputs)])
        # The two places of a state or sum, before and after a turn; and the values that lie one behind the other.
        self.pairs = [*zip(state, held, strict=True), *self.totals]
        self.moving = [*sliced, *stacks]
        self.program = Program(self.graph, walk=self._text)
        code = self.program.code
        assert code is not None
        self.function = WALK(code.address("walk"))

    def _text(self, program: Program) -> str:
        """A function that does all turns and says how many were done."""
        loop, slot = self.loop, program.slot
        gate = {"carried": self.graph.inputs[0], "sliced": self.moving[0] if self.moving else -1}.get(
            loop.gate
        )
        lines = ["define i64 @walk(ptr %t, ptr %s, i64 %length) {", "entry:", "  br label %head", "head:"]
        lines += [
            "  %i = phi i64 [ 0, %entry ], [ %j, %latch ]",
            "  %n = phi i64 [ 0, %entry ], [ %m, %latch ]",
        ]
        if gate is None:
            lines.append("  br label %go")
        else:
            lines += [
                f"  %gp = getelementptr ptr, ptr %t, i64 {slot[gate]}",
                "  %ga = load ptr, ptr %gp",
                "  %g8 = load i8, ptr %ga",
                "  %g = icmp ne i8 %g8, 0",
                f"  br i1 %g, label %go, label %{'end' if loop.gate == 'carried' else 'latch'}",
            ]
        lines += ["go:", "  call void @run(ptr %t, ptr %s, i64 %length)", "  %k = add i64 %n, 1"]
        for number, (before, after) in enumerate(self.pairs):
            if before not in slot:  # no turn reads it
                continue
            lines += [
                f"  %c{number} = getelementptr ptr, ptr %t, i64 {slot[before]}",
                f"  %d{number} = getelementptr ptr, ptr %t, i64 {slot[after]}",
                f"  %e{number} = load ptr, ptr %c{number}",
                f"  %f{number} = load ptr, ptr %d{number}",
                f"  store ptr %f{number}, ptr %c{number}",
                f"  store ptr %e{number}, ptr %d{number}",
            ]
        lines += ["  br label %latch", "latch:"]
        skips = loop.gate == "sliced"
        lines.append(f"  %m = phi i64 [ %k, %go ]{', [ %n, %head ]' if skips else ''}")
        for number, value in enumerate(self.moving):
            if value in slot:
                lines += [
                    f"  %p{number} = getelementptr ptr, ptr %t, i64 {slot[value]}",
                    f"  %a{number} = load ptr, ptr %p{number}",
                    f"  %b{number} = getelementptr i8, ptr %a{number}, i64 {self._step(value)}",
                    f"  store ptr %b{number}, ptr %p{number}",
                ]
        lines += [
            "  %j = add i64 %i, 1",
            f"  %more = icmp ult i64 %j, {loop.turns}",
            "  br i1 %more, label %head, label %end",
            "end:",
            f"  %count = phi i64 [ %m, %latch ]{', [ %n, %head ]' if loop.gate == 'carried' else ''}",
            "  ret i64 %count",
            "}",
        ]
        return "\n".join(lines)

    def _step(self, value: int) -> int:
        """How far apart in memory the entries of two turns are."""
        spec = self.graph.specs[value]
        size = math.prod(spec.shape) * spec.dtype.itemsize
        return -size if self.loop.backwards else size

    def into(self, outputs: Sequence[Any], xs: Sequence[Any]) -> None:
        loop, program = self.loop, self.program
        arrays = [np.asarray(x, order="C") for x in xs]
        state, fixed, sliced = loop.parts(arrays)
        held, totals, stacks = loop.results(outputs)
        if loop.gate:
            _clear(loop, outputs)
        starts = [*(x.copy() for x in state), *(np.asarray(start_of_sum(total)) for total in totals)]
        pairs = list(zip(starts, (*held, *totals), strict=True))
        frame, slot = program.frame(), program.slot
        table = frame.table
        for value, array in zip(self.graph.inputs[len(state) :], fixed, strict=False):
            if value in slot:
                table[slot[value]] = _address(array)
        last = loop.turns - 1 if loop.backwards else 0
        for value, array in zip(self.moving, (*sliced, *stacks), strict=True):
            if value in slot:
                table[slot[value]] = _address(array) + last * abs(self._step(value))
        for (before, after), (first, second) in zip(self.pairs, pairs, strict=True):
            table[slot[after]] = _address(second)
            if before in slot:
                table[slot[before]] = _address(first)
        if loop.gate:
            asked = np.empty((), bool)
            table[slot[self.graph.outputs[-1]]] = _address(asked)
        (steps,) = program.parts
        count = self.function(frame.address, *steps)
        program.release(frame)
        for (before, _), (first, second) in zip(self.pairs, pairs, strict=True):
            if not (count % 2 if before in slot else count):
                second[...] = first


def _turn(loop: Loop) -> tuple[Graph, list[tuple[int, int]]]:
    """The graph of a turn in which every result has a place of its own, and the places of the sums.

    A sum enters as one more input, behind the others, and leaves with the turn's share added.
    """
    body = loop.body
    specs, operations = list(body.specs), list(body.operations)
    inputs = list(body.inputs)
    held, shares, entries = loop.results(body.outputs)

    def result(row: str, *given: int) -> int:
        specs.append(specs[given[0]])
        operations.append(Operation(ROWS[row], {}, given, (len(specs) - 1,)))
        return len(specs) - 1

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
