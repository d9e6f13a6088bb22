"""Loops over few numbers: every entry of every value of the body is a number in a register (`entries.py`)."""

from __future__ import annotations

from typing import Any

from ...core.loop import Loop
from .emit import Lane, Module
from .entries import Entries, fits, joined
from .kinds import FLOATS, STORED, machine
from .verbs import Verbs


class Registers:
    """Writes the function of a loop, `(table of pointers)`: first the inputs', then the outputs'."""

    def __init__(self, loop: Loop) -> None:
        self.loop, self.body = loop, loop.body
        self.module = Module()
        self.e = Verbs(self.module)
        self.entries = Entries(self.e, self.body)

    def write(self) -> None:
        """Enter the function into the module."""
        loop, body, e, entries = self.loop, self.body, self.e, self.entries
        pointers = self._pointers(len(body.inputs) + len(body.outputs))
        given, made = pointers[: len(body.inputs)], pointers[len(body.inputs) :]
        state, fixed, sliced = loop.parts(list(zip(given, body.inputs, strict=True)))
        held, sums, stacks = loop.results(list(zip(made, body.outputs, strict=True)))
        if loop.gate:
            self._clear(stacks)
        for pointer, index in fixed:
            self._load(pointer, index)
        begun = [self._entries(pointer, index) for pointer, index in state]
        before = e.block
        e.lines.append("  br label %head")
        e.begin("head")
        e.lines.append(f"  %turn = phi i64 [ 0, %{before} ], [ %turn_next, %latch ]")
        flowing = [[Lane(f"%s{k}_{j}", x.kind) for j, x in enumerate(first)] for k, first in enumerate(begun)]
        totals = [
            [Lane(f"%t{k}_{j}", entries.kind(index)) for j in range(entries.size(index))]
            for k, (_, index) in enumerate(sums)
        ]
        place = len(e.lines)  # the phis come here
        for lanes, (_, index) in zip(flowing, state, strict=True):
            entries.known[index] = entries.named(lanes, body.specs[index].shape)
        turn = "%turn"
        if loop.backwards:
            turn = e.line(f"sub i64 {loop.turns - 1}, %turn")
        gate = self._gate(flowing, sliced, turn)
        for pointer, index in sliced:
            self._load(pointer, index, turn)
        self.entries.write()
        for pointer, index in stacks:
            self._store(pointer, entries.lanes_of(index), turn)
        next_state = [entries.lanes_of(index) for _, index in held]
        next_totals = [
            [e.add(total, share) for total, share in zip(own, entries.lanes_of(index), strict=True)]
            for own, (_, index) in zip(totals, sums, strict=True)
        ]
        self._last = e.block
        e.lines.append("  br label %latch")
        e.begin("latch")
        e.forgotten()  # a gate may have led past the turn
        if gate == "sliced":
            next_state = self._skipped(next_state, flowing)
            next_totals = self._skipped(next_totals, totals)
        e.lines += [
            "  %turn_next = add nuw nsw i64 %turn, 1",
            f"  %more = icmp ult i64 %turn_next, {loop.turns}",
            "  br i1 %more, label %head, label %after",
        ]
        e.begin("after")
        starts = [[e.number(x.kind, -0.0 if x.kind in FLOATS else 0) for x in own] for own in totals]
        phis = [
            f"  {x.name} = phi {machine(x.kind)} [ {a.name}, %{before} ], [ {b.name}, %latch ]"
            for all_, first, then in ((flowing, begun, next_state), (totals, starts, next_totals))
            for own, old, new in zip(all_, first, then, strict=True)
            for x, a, b in zip(own, old, new, strict=True)
        ]
        e.lines[place:place] = phis
        ends, sum_ends = next_state, next_totals
        if gate == "carried":  # the loop ends before a turn, or after the last
            ends, sum_ends = self._ended(next_state, flowing), self._ended(next_totals, totals)
        for (pointer, _), lanes in zip((*held, *sums), (*ends, *sum_ends), strict=True):
            self._store(pointer, lanes)
        self.module.functions.append(
            "\n".join(["define void @loop(ptr %table, i64 %which) {", "entry:", *e.lines, "  ret void", "}"])
        )

    # gates

    def _clear(self, stacks: Any) -> None:
        """Zeros for the turns that may not be done."""
        self.module.declare("llvm.memset.p0.i64", "void", "ptr, i8, i64, i1")
        for pointer, index in stacks:
            size = self.loop.turns * self.entries.size(index) * self.body.specs[index].dtype.itemsize
            self.e.lines.append(f"  call void @llvm.memset.p0.i64(ptr {pointer}, i8 0, i64 {size}, i1 false)")

    def _gate(self, flowing: list[list[Lane]], sliced: Any, turn: str) -> str:
        e, loop = self.e, self.loop
        if loop.gate == "carried":
            e.lines.append(f"  br i1 {flowing[0][0].name}, label %go, label %after")
            e.begin("go")
        elif loop.gate == "sliced":
            (gate,) = self._entries(sliced[0][0], sliced[0][1], turn)
            self._asked = e.block
            e.lines.append(f"  br i1 {gate.name}, label %go, label %latch")
            e.begin("go")
        return loop.gate

    def _skipped(self, new: list[list[Lane]], old: list[list[Lane]]) -> list[list[Lane]]:
        return self._joined(new, old, self._last, self._asked)

    def _ended(self, new: list[list[Lane]], old: list[list[Lane]]) -> list[list[Lane]]:
        return self._joined(new, old, "latch", "head")

    def _joined(self, new: Any, old: Any, first: str, second: str) -> list[list[Lane]]:
        return [joined(self.e, mine, theirs, first, second) for mine, theirs in zip(new, old, strict=True)]

    # memory

    def _pointers(self, count: int) -> list[str]:
        e = self.e
        places = [e.line(f"getelementptr ptr, ptr %table, i64 {k}") for k in range(count)]
        return [e.line(f"load ptr, ptr {place}") for place in places]

    def _place(self, pointer: str, kind: str, size: int, entry: int, turn: str | None) -> str:
        e, stored = self.e, STORED[kind][0]
        if turn is None:
            return e.line(f"getelementptr {stored}, ptr {pointer}, i64 {entry}")
        row = turn if size == 1 else e.line(f"mul nsw i64 {turn}, {size}")
        at = row if not entry else e.line(f"add nsw i64 {row}, {entry}")
        return e.line(f"getelementptr {stored}, ptr {pointer}, i64 {at}")

    def _entries(self, pointer: str, index: int, turn: str | None = None) -> list[Lane]:
        kind, size = self.entries.kind(index), self.entries.size(index)
        stored, align = STORED[kind]
        found = []
        for entry in range(size):
            name = self.e.line(
                f"load {stored}, ptr {self._place(pointer, kind, size, entry, turn)}, align {align}"
            )
            found.append(Lane(self.e.line(f"icmp ne i8 {name}, 0") if kind == "i1" else name, kind))
        return found

    def _load(self, pointer: str, index: int, turn: str | None = None) -> None:
        names = self.entries.named(self._entries(pointer, index, turn), self.body.specs[index].shape)
        self.entries.known[index] = names

    def _store(self, pointer: str, lanes: list[Lane], turn: str | None = None) -> None:
        for entry, lane in enumerate(lanes):
            stored, align = STORED[lane.kind]
            name = self.e.line(f"zext i1 {lane.name} to i8") if lane.kind == "i1" else lane.name
            place = self._place(pointer, lane.kind, len(lanes), entry, turn)
            self.e.lines.append(f"  store {stored} {name}, ptr {place}, align {align}")


__all__ = ["Registers", "fits"]
