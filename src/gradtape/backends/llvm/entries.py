"""Values of few entries as numbers in registers: each entry of each value has a name of its own.

An operation that works entry by entry is written once for each entry; one that only moves entries moves their names,
by its own NumPy value on arrays of names. Sums and small products are written out. A loop of at most one turn, as a
choice is made of, is a branch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ...core.graph import Graph, Operation
from ...core.loop import Loop
from ...core.spec import Spec
from ...core.tensor import ROWS
from ..loops import is_loop
from .emit import Lane
from .kernels import INLINED
from .kinds import FLOATS, KINDS, machine
from .steps import REDUCTIONS
from .verbs import OWN, Verbs
from .words import speaks, spoken

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
    if is_loop(operation):
        loop: Loop = operation.params["loop"]
        return loop.turns == 1 and loop.gate == "sliced" and fits(loop.body)
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
        return whole and kind != "i1" and not (name == "sum" and kind == "half")  # a sum in single precision
    if name == "matmul":
        own = KINDS[specs[0].dtype] in ("float", "double") and bool(specs[0].shape[-1])
        return own and all(s.ndim == 2 and s.dtype == specs[0].dtype for s in specs)
    return speaks(operation.primitive, operation.params, specs)


class Entries:
    """The entries of the values of a graph.

    Args:
        e: writes the function.
        graph: one that `fits`.
        lanes: what is written already; the first name stands for zero.
    """

    def __init__(self, e: Verbs, graph: Graph, lanes: list[Any] | None = None) -> None:
        self.e, self.graph = e, graph
        self.lanes: list[Any] = [None] if lanes is None else lanes
        self.known: dict[int, Any] = {}
        """The names of each value's entries."""
        if lanes is None:
            e.inline = _functions(graph) <= INLINED
        for index, tensor in graph.constants.items():
            value = np.asarray(tensor._value)
            numbers = [e.number(self.kind(index), entry) for entry in value.reshape(-1)]
            self.known[index] = self.named(numbers, value.shape)

    def write(self) -> None:
        """Do all operations; the inputs are known."""
        for operation in self.graph.operations:
            if is_loop(operation):
                self._branch(operation)
            else:
                self.known[operation.outputs[0]] = self._done(operation)

    # names of entries

    def kind(self, index: int) -> str:
        return KINDS[self.graph.specs[index].dtype]

    def size(self, index: int) -> int:
        return math.prod(self.graph.specs[index].shape)

    def named(self, lanes: Iterable[Lane], shape: Any) -> Any:
        """New names for entries."""
        first = len(self.lanes)
        self.lanes += lanes
        count = len(self.lanes) - first
        return (np.array(first) if count == 1 else np.arange(first, first + count)).reshape(shape)

    def lanes_of(self, index: int) -> list[Lane]:
        return [self._lane(name, self.kind(index)) for name in np.asarray(self.known[index]).reshape(-1)]

    def _lane(self, name: int, kind: str) -> Lane:
        return self.lanes[name] if name else self.e.number(kind, 0)

    # operations

    def _done(self, operation: Operation) -> Any:
        """The names of the result's entries."""
        name = operation.primitive.name
        given = [self.known[i] for i in operation.inputs]
        if name in _MOVES:
            return np.asarray(operation.primitive.value(*given, **operation.params))
        specs = [self.graph.specs[i] for i in operation.inputs]
        spec, kind = self.graph.specs[operation.outputs[0]], self.kind(operation.outputs[0])
        if name in REDUCTIONS:
            return self._reduced(operation, np.asarray(given[0]), spec, kind)
        if name == "matmul":
            return self._product(given[0], given[1], kind)
        return self._elementwise(operation, given, specs, spec, kind)

    def _elementwise(
        self, operation: Operation, given: list[Any], specs: list[Spec], spec: Spec, kind: str
    ) -> Any:
        kinds = [KINDS[s.dtype] for s in specs]
        if math.prod(spec.shape) == 1:  # the usual case, much quicker
            own = [self._lane(names.item(), k) for names, k in zip(given, kinds, strict=True)]
            return self.named([spoken(self.e, operation, own, specs, kind)], spec.shape)
        flat = [np.broadcast_to(names, spec.shape).reshape(-1) for names in given]
        made: dict[Any, Lane] = {}
        lanes = []
        for names in zip(*flat, strict=True):
            if names not in made:
                own = [self._lane(n, k) for n, k in zip(names, kinds, strict=True)]
                made[names] = spoken(self.e, operation, own, specs, kind)
            lanes.append(made[names])
        return self.named(lanes, spec.shape)

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
        return self.named(lanes, spec.shape)

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
        return self.named(lanes, (first.shape[0], second.shape[1]))

    def _branch(self, operation: Operation) -> None:
        """The only turn of a loop, if its gate is open."""
        e, loop = self.e, operation.params["loop"]
        state, fixed, sliced = loop.parts([np.asarray(self.known[i]) for i in operation.inputs])
        inner = Entries(e, loop.body, self.lanes)
        inner.known.update(zip(loop.body.inputs, [*state, *fixed, *(x[0] for x in sliced)], strict=True))
        (gate,) = inner.lanes_of(loop.body.inputs[len(loop.body.inputs) - loop.sliced])
        before, inside, after = e.block, e.label(), e.label()
        e.lines.append(f"  br i1 {gate.name}, label %{inside}, label %{after}")
        e.begin(inside)
        known = e.forgotten()
        inner.write()
        e.forgotten(known)
        made = [inner.lanes_of(index) for index in loop.body.outputs]
        last = e.block
        e.lines.append(f"  br label %{after}")
        e.begin(after)
        held, sums, _ = loop.results(list(range(len(made))))
        for place, (lanes, index) in enumerate(zip(made, operation.outputs, strict=True)):
            if place < len(held):
                others = self._lanes(state[place], lanes)
            else:
                start = -0.0 if place < len(held) + len(sums) else 0
                others = [e.number(x.kind, start if x.kind in FLOATS else 0) for x in lanes]
            self.known[index] = self.named(
                joined(e, lanes, others, last, before), self.graph.specs[index].shape
            )

    def _lanes(self, names: Any, like: Sequence[Lane]) -> list[Lane]:
        return [self._lane(n, x.kind) for n, x in zip(names.reshape(-1), like, strict=True)]


def joined(e: Verbs, new: Sequence[Lane], old: Sequence[Lane], first: str, second: str) -> list[Lane]:
    """What values are behind two blocks: these if the first came before, those if the second did."""
    return [
        Lane(e.line(f"phi {machine(a.kind)} [ {a.name}, %{first} ], [ {b.name}, %{second} ]"), a.kind)
        for a, b in zip(new, old, strict=True)
    ]


def _functions(graph: Graph) -> int:
    """How many elementary functions of our own are written."""
    return sum(
        _functions(op.params["loop"].body)
        if is_loop(op)
        else math.prod(graph.specs[op.outputs[0]].shape) * (op.primitive.name in OWN)
        for op in graph.operations
    )


__all__ = ["Entries", "fits", "joined"]
