"""Kernels as loops: the outer axes one by one, the innermost a vector at a time.

All sizes are known, so each loop is written for its own (and once where several kernels come out the same): axes that
lie together in every operand are one axis, operands that do not vary along the innermost axis are read before it, and
where the width does not divide the size the last vector overlaps the one before (computing an entry twice gives the
same entry). A reduction leaves out what it has seen.

Sums of float32 along the innermost axis are gathered in double, in one vector, whose halves are added at the end, and
their halves, and so on; along other axes row by row, as NumPy does. The order does not depend on anything, so results
repeat to the bit.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ...core.graph import Operation
from .counting import Turns
from .driver import Step
from .emit import Lane, Module
from .kinds import STORED, machine
from .operands import Operand, Operands, Places
from .steps import Kernel, Plan
from .totals import gathering, identity_of, part_of, verb_of
from .verbs import OWN, Verbs
from .words import spoken

VECTOR = 64
"""Bytes in a vector of the kernel's largest entries: two registers with AVX2, one with AVX-512."""

LONG = 32
"""Entries in a vector where a kernel only reduces what is there: totals wait for one another, so several are kept."""

INLINED = 8
"""So many elementary functions of a module stand where they are used, as those of one loop share work.

Beyond that they are called: that costs a few percent in time, and saves most of the time to compile.
"""

ELEMENTARY = 40
"""About so many instructions make an elementary function."""

STRAIGHT = 128
"""Vectors of so many instructions together stand one after the other, without a loop around them."""


def emit_kernels(module: Module, kernels: Sequence[Kernel], plan: Plan, places: Places) -> list[Step]:
    """Write kernels as loops, equal ones once; `places` says where a value lies (`Step`)."""
    writers = [_Writer(module, kernel, plan, places) for kernel in kernels]
    keys = [writer.key() for writer in writers]
    times = Counter(keys)
    return [writer.write(key, times[key] == 1) for writer, key in zip(writers, keys, strict=True)]


class _Writer(Operands):
    def __init__(self, module: Module, kernel: Kernel, plan: Plan, places: Places) -> None:
        super().__init__(kernel, plan)
        self.places = places
        self.inner = self.sizes[-1] if self.sizes else 1
        self.width = min(self._widest(), 1 << (self.inner.bit_length() - 1))
        self.e = Verbs(module, self.width)

    def _widest(self) -> int:
        """Entries in a vector at most."""
        if not self.kernel.operations:
            return LONG
        values = [i for op in self.kernel.operations for i in (*op.inputs, *op.outputs)]
        return VECTOR // max(4, *(STORED[self.kind(i)][1] for i in values))

    # the text

    def write(self, key: Any, alone: bool) -> Step:
        """Enter the loop into the module, if it is not there; `alone` where no other step is this loop."""
        self.lead(self.places, alone)
        bodies = self.e.module.bodies
        if key not in bodies:
            bodies[key] = f"loop_{len(bodies)}"
            self._write(bodies[key])
        return Step(bodies[key], tuple([self.start(leader, self.places) for leader in self.leaders]))

    def _write(self, name: str) -> None:
        """Enter the loop into the module."""
        e, module = self.e, self.e.module
        e.begin(e.label())
        given = dict(zip(map(id, self.leaders), e.given(len(self.leaders)), strict=True))
        self.pointers = {id(o): given[id(self.leader[id(o)])] for o in self.operands}
        own = sum(operation.primitive.name in OWN for operation in self.kernel.operations)
        e.inline = module.inlined + own <= INLINED
        module.inlined += own
        self.kept = {id(operand) for _, operand in self.folds if self._stays(operand)}
        for operation, operand in self.folds:
            if self._again(operand):
                self._fill(operation, operand)
        outer = [Turns(e, size) for size in self.sizes[:-1]]
        self.totals = {
            (id(operand), block): Lane(
                outer[-1].carried(
                    e.type(operand.kind), e.number(operand.kind, identity_of(operation, operand.kind)).name
                ),
                operand.kind,
            )
            for operation, operand in self.folds
            if id(operand) in self.kept
            for block in range(self._blocks())
        }
        counters = [turns.counter for turns in outer]
        pointers = {id(o): self._offset(o, counters) for o in self.operands}
        self._innermost(pointers)
        for turns in reversed(outer):
            turns.close([total.name for total in self.totals.values()] if turns is outer[-1] else ())
            if turns is outer[-1]:
                self._put(pointers)
        module.loops[name] = [*e.lines, "  ret void"]

    def _blocks(self) -> int:
        """How many vectors the innermost axis has."""
        return -(-self.inner // self.width)

    def _straight(self) -> bool:
        """Whether the vectors of the innermost axis stand one after the other."""
        return self._blocks() == 1 or self._blocks() * self._work() <= STRAIGHT

    def _stays(self, operand: Operand) -> bool:
        """Whether the totals of a reduction along the last axis but one stay in registers."""
        own = self.strides[id(operand)]
        return len(own) > 1 and bool(own[-1]) and not own[-2] and self._straight()

    def _again(self, operand: Operand) -> bool:
        """Whether a reduction reads what it has written: it comes back to an entry that no register has kept."""
        if id(operand) in self.kept:
            return any(not stride for stride in self.strides[id(operand)][:-2])
        return self.revisited(operand)

    def _put(self, pointers: dict[int, str]) -> None:
        """Write the totals that have stayed in registers."""
        for operation, operand in self.folds:
            if id(operand) in self.kept:
                for block in range(self._blocks()):
                    start, fresh = self._start(block)
                    total = self.totals[id(operand), block]
                    self._fold_along(operation, operand, pointers[id(operand)], str(start), total, fresh)

    def _start(self, block: int) -> tuple[int, Lane | None]:
        """Where a vector begins, and which of its lanes those before have not covered, where they have some."""
        width = self.width
        start = min(block * width, self.inner - width)
        if start == block * width:
            return start, None
        lanes = ", ".join(f"i1 {'true' if start + i >= block * width else 'false'}" for i in range(width))
        return start, Lane(f"<{lanes}>", "i1")

    def _offset(self, operand: Operand, variables: Sequence[str]) -> str:
        """The pointer from which an operand's entries along the innermost axis are as far as from its own place."""
        e, pointer = self.e, self.pointers[id(operand)]
        stored, _ = STORED[operand.kind]
        for variable, stride in zip(variables, self.strides[id(operand)], strict=False):
            if stride:
                pointer = e.behind(pointer, stored, e.times(variable, stride))
        return pointer

    def _innermost(self, pointers: dict[int, str]) -> None:
        """The vectors of the innermost axis: one after the other where they are few, else a loop."""
        known = {
            operand.value: self._splat(operand, pointers[id(operand)])
            for operand in self.loads
            if not self.step(operand)
        }
        totals: dict[int, Lane] = {}
        if self._straight():
            for block in range(self._blocks()):
                start, fresh = self._start(block)
                totals = self._vector(str(start), dict(known), pointers, fresh, totals)
                for operation, operand in self.folds:
                    if id(operand) in self.kept:
                        key = id(operand), block
                        self.totals[key] = verb_of(self.e, operation)(
                            self.totals[key], totals.pop(id(operand))
                        )
        else:
            totals = self._loop(known, pointers)
        for operation, operand in self.folds:
            if not self.step(operand):
                self._finish(operation, operand, pointers[id(operand)], totals[id(operand)])

    def _work(self) -> int:
        """About how many instructions a vector takes."""
        own = sum(operation.primitive.name in OWN for operation in self.kernel.operations)
        moved = sum(1 if self.step(o) in (0, 1) else 2 * self.width for o in self.operands)
        return len(self.kernel.operations) + moved + own * (1 + self.e.inline * ELEMENTARY)

    def _loop(self, known: dict[int, Lane], pointers: dict[int, str]) -> dict[int, Lane]:
        """The loop over vectors; the totals of what is gathered in it, by operand."""
        e, width, size = self.e, self.width, self.inner
        turns = Turns(e, size, width)
        block = turns.counter
        totals: dict[int, Lane] = {}
        for operation, operand in self.folds:
            if self.step(operand):
                continue
            kind = gathering(operation, operand.kind)
            first = e.number(kind, identity_of(operation, kind)).name
            totals[id(operand)] = Lane(turns.carried(e.type(kind), first), kind)
        start, fresh = block, None
        if size % width:
            late = e.line(f"icmp ugt i64 {block}, {size - width}")
            start = e.line(f"select i1 {late}, i64 {size - width}, i64 {block}")
            fresh = self._fresh_lanes(block, start) if self.folds else None
        made = self._vector(start, known, pointers, fresh, totals)
        turns.close([made[key].name for key in totals])
        return made

    def _vector(
        self,
        start: str,
        known: dict[int, Lane],
        pointers: dict[int, str],
        fresh: Lane | None,
        totals: dict[int, Lane],
    ) -> dict[int, Lane]:
        """One vector: read, computed, written, and added to the totals that there are; the new totals, by operand.

        `fresh` says which lanes the vectors before have not covered, where some have been.
        """
        e = self.e
        for operand in self.loads:
            if self.step(operand):
                known[operand.value] = self._load(operand, pointers[id(operand)], start)
        self._entries(known)
        for operand in self.stores:
            self._scatter(operand, pointers[id(operand)], start, known[operand.value])
        made = {}
        for operation, operand in self.folds:
            lane = self._lane(operation.inputs[0], known)
            if id(operand) in self.kept:
                made[id(operand)] = lane
                continue
            if self.step(operand):
                self._fold_along(operation, operand, pointers[id(operand)], start, lane, fresh)
                continue
            kind = gathering(operation, operand.kind)
            lane = e.to(lane, kind)
            if fresh is not None:
                lane = e.select(fresh, lane, e.number(kind, identity_of(operation, kind)))
            total = totals.get(id(operand))
            made[id(operand)] = lane if total is None else verb_of(e, operation)(total, lane)
        return made

    def _fresh_lanes(self, block: str, start: str) -> Lane:
        """The lanes that the vectors before have not covered."""
        e = self.e
        seen = e.line(f"sub i64 {block}, {start}")
        vector = e.type("i64")
        one = e.line(f"insertelement {vector} poison, i64 {seen}, i32 0")
        zeros = f"<{self.width} x i32> zeroinitializer"
        all_ = e.line(f"shufflevector {vector} {one}, {vector} poison, {zeros}")
        numbers = ", ".join(f"i64 {i}" for i in range(self.width))
        return Lane(e.line(f"icmp uge {vector} <{numbers}>, {all_}"), "i1")

    # reading and writing

    def _splat(self, operand: Operand, pointer: str) -> Lane:
        """One entry in every lane."""
        e = self.e
        stored, size = STORED[operand.kind]
        name = e.line(f"load {stored}, ptr {self._at(operand, pointer, '0')}, align {size}")
        if operand.kind == "i1":
            name = e.line(f"icmp ne i8 {name}, 0")
        if self.width > 1:
            vector = e.type(operand.kind)
            name = e.line(f"insertelement {vector} poison, {machine(operand.kind)} {name}, i32 0")
            zeros = f"<{self.width} x i32> zeroinitializer"
            name = e.line(f"shufflevector {vector} {name}, {vector} poison, {zeros}")
        return Lane(name, operand.kind)

    def _at(self, operand: Operand, pointer: str, start: str) -> str:
        e, (stored, _) = self.e, STORED[operand.kind]
        if step := self.step(operand):
            pointer = e.behind(pointer, stored, e.times(start, step))
        return e.behind(pointer, "i8", self.distance[id(operand)])

    def _load(self, operand: Operand, pointer: str, start: str) -> Lane:
        e, width, kind = self.e, self.width, operand.kind
        stored, size = STORED[kind]
        first, step = self._at(operand, pointer, start), self.step(operand)
        vector = stored if width == 1 else f"<{width} x {stored}>"
        if step == 1 or width == 1:
            name = e.line(f"load {vector}, ptr {first}, align {size}")
        else:
            name = "poison"
            for lane in range(width):
                place = e.behind(first, stored, lane * step)
                entry = e.line(f"load {stored}, ptr {place}, align {size}")
                name = e.line(f"insertelement {vector} {name}, {stored} {entry}, i32 {lane}")
        if kind == "i1":
            name = e.line(f"icmp ne {vector} {name}, {'0' if width == 1 else 'zeroinitializer'}")
        return Lane(name, kind)

    def _store(self, operand: Operand, pointer: str, start: str, lane: Lane) -> None:
        """Write a vector of entries; what a kernel stores is contiguous, or one entry."""
        e, width, kind = self.e, self.width, operand.kind
        stored, size = STORED[kind]
        vector = stored if width == 1 else f"<{width} x {stored}>"
        name = lane.name
        if kind == "i1":
            name = e.line(f"zext {e.type('i1')} {name} to {vector}")
        place = self._at(operand, pointer, start)
        e.lines.append(f"  store {vector} {name}, ptr {place}, align {size}")

    # entries and reductions

    def _lane(self, index: int, known: dict[int, Lane]) -> Lane:
        if index not in known:
            value = self.constant(index)._value
            known[index] = self.e.number(self.kind(index), value.reshape(-1)[0])
        return known[index]

    def _entries(self, known: dict[int, Lane]) -> None:
        specs = self.plan.specs
        for operation in self.kernel.operations:
            lanes = [self._lane(i, known) for i in operation.inputs]
            given = [specs[i] for i in operation.inputs]
            (output,) = operation.outputs
            known[output] = spoken(self.e, operation, lanes, given, self.kind(output))

    def _fill(self, operation: Operation, operand: Operand) -> None:
        """Write the identity of a reduction into its result."""
        e = self.e
        stored, size = STORED[operand.kind]
        count = math.prod(self.plan.specs[operand.value].shape)
        turns = Turns(e, count)
        place = e.behind(self.pointers[id(operand)], "i8", self.distance[id(operand)])
        place = e.behind(place, stored, turns.counter)
        number = e.beside(1).number(operand.kind, identity_of(operation, operand.kind)).name
        e.lines.append(f"  store {stored} {number}, ptr {place}, align {size}")
        turns.close()

    def _fold_along(
        self, operation: Operation, operand: Operand, pointer: str, start: str, lane: Lane, fresh: Lane | None
    ) -> None:
        """Combine a vector with the entries of the result that lie along it."""
        e = self.e
        if self._again(operand):
            if fresh is not None:
                lane = e.select(fresh, lane, e.number(lane, identity_of(operation, operand.kind)))
            lane = verb_of(e, operation)(self._load(operand, pointer, start), lane)
        self._scatter(operand, pointer, start, lane)

    def _scatter(self, operand: Operand, pointer: str, start: str, lane: Lane) -> None:
        if self.step(operand) in (0, 1) or self.width == 1:
            self._store(operand, pointer, start, lane)
            return
        e, (stored, size) = self.e, STORED[operand.kind]
        first, step = self._at(operand, pointer, start), self.step(operand)
        for index in range(self.width):
            entry = e.line(f"extractelement {e.type(lane.kind)} {lane.name}, i32 {index}")
            if operand.kind == "i1":
                entry = e.line(f"zext i1 {entry} to {stored}")
            place = e.behind(first, stored, index * step)
            e.lines.append(f"  store {stored} {entry}, ptr {place}, align {size}")

    def _finish(self, operation: Operation, operand: Operand, pointer: str, lane: Lane) -> None:
        """Take the lanes of a total together, halves of halves, and put it into the result."""
        e, total, width = self.e, lane, self.width
        place = self._at(operand, pointer, "0")
        while width > 1:
            whole = e.beside(width).type(lane.kind)
            width //= 2
            part = e.beside(width)
            halves = [
                Lane(part.line(part_of(whole, total.name, first, width)), lane.kind) for first in (0, width)
            ]
            total = verb_of(part, operation)(*halves)
        one = e.beside(1)
        stored, size = STORED[operand.kind]
        if self.revisited(operand):
            old = Lane(one.line(f"load {stored}, ptr {place}, align {size}"), operand.kind)
            total = verb_of(one, operation)(one.to(old, total.kind), total)
        total = one.to(total, operand.kind)
        one.lines.append(f"  store {stored} {total.name}, ptr {place}, align {size}")


__all__ = ["emit_kernels"]
