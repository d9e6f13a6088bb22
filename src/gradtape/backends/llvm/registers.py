"""Loops over few numbers: every entry of every value of the body is a number of its own, in a register.

An operation that works entry by entry is written once for each entry; one that only moves entries moves their names,
by its own NumPy value on arrays of names. Sums and small products are written out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ...core.graph import Graph, Operation
from ...core.loop import Loop
from ...core.spec import Spec
from ...core.tensor import ROWS
from .emit import KINDS, STORED, Lane, Module, Unsupported
from .kernels import INLINED
from .mathematics import OWN, Verbs
from .plan import REDUCTIONS, speaks, spoken

LARGEST = 4000
"""A body with more entries, all its values together, goes through memory."""

LARGEST_VALUE = 32
"""Values of more entries are quicker as vectors in memory, and much quicker compiled."""

_MOVES = frozenset(
    {"reshape", "transpose", "broadcast_to", "getitem", "flip", "concatenate", "stack", "scatter"}
)


def fits(body: Graph) -> bool:
    """Whether a body can be written so."""
    sizes = [math.prod(spec.shape) for spec in body.specs]
    entries = sum(sizes[i] for op in body.operations for i in op.outputs)
    kinds = all(spec.dtype in KINDS for spec in body.specs)
    given = sum(sizes[i] for i in (*body.inputs, *body.constants))
    return (
        kinds
        and max(sizes, default=0) <= LARGEST_VALUE
        and entries <= LARGEST
        and given <= LARGEST
        and all(_is_known(body, op) for op in body.operations)
    )


def _is_known(body: Graph, operation: Operation) -> bool:
    name, specs = operation.primitive.name, [body.specs[i] for i in operation.inputs]
    if ROWS.get(name) is not operation.primitive:
        return False
    if name in _MOVES:
        same = all(s.dtype == body.specs[operation.outputs[0]].dtype for s in specs)
        # What is put to one place twice would have to be added up.
        return same and (
            name != "scatter" or all(isinstance(i, (int, slice)) for i in operation.params["index"])
        )
    if name in REDUCTIONS:
        kind = KINDS[specs[0].dtype]
        whole = specs[0].dtype == body.specs[operation.outputs[0]].dtype and math.prod(specs[0].shape) > 0
        return whole and (kind in ("float", "double") or (name == "sum" and kind != "i1"))
    if name == "matmul":
        return all(s.ndim == 2 and s.dtype.kind == "f" and s.dtype == specs[0].dtype for s in specs) and bool(
            specs[0].shape[1]
        )
    return speaks(operation.primitive, operation.params, specs)


class Registers:
    """Writes the function of a loop, `(table of pointers)`: first the inputs', then the outputs'."""

    def __init__(self, loop: Loop) -> None:
        self.loop, self.body = loop, loop.body
        self.module = Module()
        self.e = Verbs(self.module)
        own = sum(self._size(op.outputs[0]) for op in self.body.operations if op.primitive.name in OWN)
        self.e.inline = own <= INLINED
        self.lanes: list[Any] = [None]  # the first name stands for zero
        self.known: dict[int, Any] = {}

    def write(self) -> None:
        """Enter the function into the module."""
        loop, body, e = self.loop, self.body, self.e
        pointers = self._pointers(len(body.inputs) + len(body.outputs))
        given, made = pointers[: len(body.inputs)], pointers[len(body.inputs) :]
        state, fixed, sliced = loop.parts(list(zip(given, body.inputs, strict=True)))
        held, sums, stacks = loop.results(list(zip(made, body.outputs, strict=True)))
        if loop.gate:
            self._clear(stacks)
        for index, tensor in body.constants.items():
            value = np.asarray(tensor._value)
            numbers = [e.number(self._kind(index), entry) for entry in value.reshape(-1)]
            self.known[index] = self._named(numbers, value.shape)
        for pointer, index in fixed:
            self._load(pointer, index)
        begun = [self._entries(pointer, index) for pointer, index in state]
        e.lines += ["  br label %before", "before:", "  br label %head", "head:"]
        e.lines.append("  %turn = phi i64 [ 0, %before ], [ %turn_next, %latch ]")
        flowing = [[Lane(f"%s{k}_{j}", x.kind) for j, x in enumerate(first)] for k, first in enumerate(begun)]
        totals = [
            [Lane(f"%t{k}_{j}", self._kind(index)) for j in range(self._size(index))]
            for k, (_, index) in enumerate(sums)
        ]
        place = len(e.lines)  # the phis come here
        for lanes, (_, index) in zip(flowing, state, strict=True):
            self.known[index] = self._named(lanes, body.specs[index].shape)
        turn = "%turn"
        if loop.backwards:
            turn = e.line(f"sub i64 {loop.turns - 1}, %turn")
        gate = self._gate(flowing, sliced, turn)
        for pointer, index in sliced:
            self._load(pointer, index, turn)
        for operation in body.operations:
            self.known[operation.outputs[0]] = self._done(operation)
        for pointer, index in stacks:
            self._store(pointer, self._lanes_of(index), turn)
        next_state = [self._lanes_of(index) for _, index in held]
        next_totals = [
            [e.add(total, share) for total, share in zip(own, self._lanes_of(index), strict=True)]
            for own, (_, index) in zip(totals, sums, strict=True)
        ]
        e.lines += ["  br label %done", "done:", "  br label %latch", "latch:"]
        if gate == "sliced":
            next_state = self._skipped(next_state, flowing)
            next_totals = self._skipped(next_totals, totals)
        e.lines += [
            "  %turn_next = add nuw nsw i64 %turn, 1",
            f"  %more = icmp ult i64 %turn_next, {loop.turns}",
            "  br i1 %more, label %head, label %after",
            "after:",
        ]
        starts = [
            [e.number(x.kind, -0.0 if x.kind in ("float", "double") else 0) for x in own] for own in totals
        ]
        phis = [
            f"  {x.name} = phi {x.kind} [ {a.name}, %before ], [ {b.name}, %latch ]"
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
            "\n".join(["define void @loop(ptr %table) {", "entry:", *e.lines, "  ret void", "}"])
        )

    # gates

    def _clear(self, stacks: Any) -> None:
        """Zeros for the turns that may not be done."""
        self.module.declare("llvm.memset.p0.i64", "void", "ptr, i8, i64, i1")
        for pointer, index in stacks:
            size = self.loop.turns * self._size(index) * self.body.specs[index].dtype.itemsize
            self.e.lines.append(f"  call void @llvm.memset.p0.i64(ptr {pointer}, i8 0, i64 {size}, i1 false)")

    def _gate(self, flowing: list[list[Lane]], sliced: Any, turn: str) -> str:
        e, loop = self.e, self.loop
        if loop.gate == "carried":
            e.lines += [f"  br i1 {flowing[0][0].name}, label %go, label %after", "go:"]
            self._checked = "head"
        elif loop.gate == "sliced":
            (gate,) = self._entries(sliced[0][0], sliced[0][1], turn)
            e.lines += ["  br label %asked", "asked:", f"  br i1 {gate.name}, label %go, label %latch", "go:"]
        return loop.gate

    def _skipped(self, new: list[list[Lane]], old: list[list[Lane]]) -> list[list[Lane]]:
        return self._joined(new, old, "done", "asked")

    def _ended(self, new: list[list[Lane]], old: list[list[Lane]]) -> list[list[Lane]]:
        return self._joined(new, old, "latch", "head")

    def _joined(self, new: Any, old: Any, first: str, second: str) -> list[list[Lane]]:
        e = self.e
        return [
            [
                Lane(e.line(f"phi {a.kind} [ {a.name}, %{first} ], [ {b.name}, %{second} ]"), a.kind)
                for a, b in zip(mine, theirs, strict=True)
            ]
            for mine, theirs in zip(new, old, strict=True)
        ]

    # names of entries

    def _kind(self, index: int) -> str:
        return KINDS[self.body.specs[index].dtype]

    def _size(self, index: int) -> int:
        return math.prod(self.body.specs[index].shape)

    def _named(self, lanes: Iterable[Lane], shape: Any) -> Any:
        """New names for entries."""
        first = len(self.lanes)
        self.lanes += lanes
        return np.arange(first, len(self.lanes)).reshape(shape)

    def _lanes_of(self, index: int) -> list[Lane]:
        return [self._lane(name, self._kind(index)) for name in np.asarray(self.known[index]).reshape(-1)]

    def _lane(self, name: int, kind: str) -> Lane:
        return self.lanes[name] if name else self.e.number(kind, 0)

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
        kind, size = self._kind(index), self._size(index)
        stored, align = STORED[kind]
        found = []
        for entry in range(size):
            name = self.e.line(
                f"load {stored}, ptr {self._place(pointer, kind, size, entry, turn)}, align {align}"
            )
            found.append(Lane(self.e.line(f"icmp ne i8 {name}, 0") if kind == "i1" else name, kind))
        return found

    def _load(self, pointer: str, index: int, turn: str | None = None) -> None:
        self.known[index] = self._named(self._entries(pointer, index, turn), self.body.specs[index].shape)

    def _store(self, pointer: str, lanes: list[Lane], turn: str | None = None) -> None:
        for entry, lane in enumerate(lanes):
            stored, align = STORED[lane.kind]
            name = self.e.line(f"zext i1 {lane.name} to i8") if lane.kind == "i1" else lane.name
            place = self._place(pointer, lane.kind, len(lanes), entry, turn)
            self.e.lines.append(f"  store {stored} {name}, ptr {place}, align {align}")

    # operations

    def _done(self, operation: Operation) -> Any:
        """The names of the result's entries."""
        name = operation.primitive.name
        given = [self.known[i] for i in operation.inputs]
        if name in _MOVES:
            return np.asarray(operation.primitive.value(*given, **operation.params))
        specs = [self.body.specs[i] for i in operation.inputs]
        spec, kind = self.body.specs[operation.outputs[0]], self._kind(operation.outputs[0])
        if name in REDUCTIONS:
            return self._reduced(operation, np.asarray(given[0]), spec, kind)
        if name == "matmul":
            return self._product(given[0], given[1], kind)
        return self._elementwise(operation, given, specs, spec, kind)

    def _elementwise(
        self, operation: Operation, given: list[Any], specs: list[Spec], spec: Spec, kind: str
    ) -> Any:
        kinds = [KINDS[s.dtype] for s in specs]
        flat = [np.broadcast_to(names, spec.shape).reshape(-1) for names in given]
        made: dict[Any, Lane] = {}
        lanes = []
        for names in zip(*flat, strict=True):
            if names not in made:
                own = [self._lane(n, k) for n, k in zip(names, kinds, strict=True)]
                made[names] = spoken(self.e, operation, own, specs, kind)
            lanes.append(made[names])
        return self._named(lanes, spec.shape)

    def _reduced(self, operation: Operation, names: Any, spec: Spec, kind: str) -> Any:
        axes = operation.params["axis"]
        kept = [i for i in range(names.ndim) if i not in axes]
        rows = names.transpose((*kept, *axes)).reshape(math.prod(spec.shape), -1)
        verb: Callable[[Lane, Lane], Lane] = getattr(self.e, REDUCTIONS[operation.primitive.name])
        lanes = []
        for row in rows:
            total = self._lane(row[0], kind)
            for other in row[1:]:
                total = verb(total, self._lane(other, kind))
            lanes.append(total)
        return self._named(lanes, spec.shape)

    def _product(self, first: Any, second: Any, kind: str) -> Any:
        e, lanes = self.e, []
        for row in first:
            for column in second.T:
                terms = [
                    e.mul(self._lane(a, kind), self._lane(b, kind)) for a, b in zip(row, column, strict=True)
                ]
                total = terms[0]
                for term in terms[1:]:
                    total = e.add(total, term)
                lanes.append(total)
        return self._named(lanes, (first.shape[0], second.shape[1]))


__all__ = ["Registers", "Unsupported", "fits"]
