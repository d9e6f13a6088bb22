"""A loop as data: a graph that is done again and again, and what goes from turn to turn.

    inputs    carried: the state before the first turn | fixed: the same in every turn | sliced: an entry for each turn
    outputs   carried: the state after the last turn   | summed: over all turns        | stacked: an entry for each turn

The body has the same inputs and outputs for one turn. The transpose of a loop is a loop the other way round: what was
fixed is summed, what was sliced is stacked, what was carried is carried back.

A loop may have a gate, a truth value that says whether a turn is done: carried first among the state, where the first
turn that is not done ends the loop (`while`), or sliced first, where turns are passed over (the way back through a
`while`). The entries of a turn that is not done are zeros in what is stacked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .graph import Graph, frozen, is_equal
from .spec import Spec
from .straight import evaluator_for


@dataclass(frozen=True, eq=False, slots=True)
class Loop:
    """A body, and how it is repeated.

    Attributes:
        body: one turn.
        carried: how many inputs, and outputs, are the state.
        sliced: how many inputs have an entry for each turn; those between are fixed.
        summed: how many outputs are added up; those behind are stacked.
        turns: how many turns there are, or could be where there is a gate.
        backwards: whether the last entry of what is sliced comes first.
        gate: "carried" or "sliced" where the first of these says whether a turn is done, else empty.
        known: what has been derived from this loop.
    """

    body: Graph
    carried: int
    sliced: int
    summed: int
    turns: int
    backwards: bool = False
    gate: str = ""
    known: dict[Any, Any] = field(default_factory=dict, repr=False)

    def parts(self, inputs: Sequence[Any]) -> tuple[Any, Any, Any]:
        """Inputs, of the body or of the loop, as carried, fixed and sliced ones."""
        first, last = self.carried, len(inputs) - self.sliced
        return inputs[:first], inputs[first:last], inputs[last:]

    def results(self, outputs: Sequence[Any]) -> tuple[Any, Any, Any]:
        """Outputs, of the body or of the loop, as carried, summed and stacked ones."""
        first, last = self.carried, self.carried + self.summed
        return outputs[:first], outputs[first:last], outputs[last:]

    def order(self) -> range:
        """The turns in the order in which they are done."""
        return range(self.turns)[::-1] if self.backwards else range(self.turns)

    def spec(self) -> tuple[Spec, ...]:
        """Shapes and dtypes of the results."""
        carried, summed, stacked = self.results([self.body.specs[i] for i in self.body.outputs])
        return (*carried, *summed, *(Spec((self.turns, *s.shape), s.dtype) for s in stacked))

    def __str__(self) -> str:
        if self.gate and self.turns == 1:
            return f"<at most one turn of {len(self.body)} operations>"
        way = " backwards" if self.backwards else ""
        return f"<{self.turns} turns{way} of {len(self.body)} operations>"

    __repr__ = __str__


def is_same(a: Any, b: Any) -> bool:
    """Whether two graphs (or loops, or parameters of operations) are written in the same way."""
    if isinstance(a, Graph) and isinstance(b, Graph):
        return (
            a.specs == b.specs
            and (a.inputs, a.outputs) == (b.inputs, b.outputs)
            and a.constants.keys() == b.constants.keys()
            and all(
                is_equal(np.asarray(a.constants[i]._value), np.asarray(b.constants[i]._value))
                for i in a.constants
            )
            and len(a) == len(b)
            and all(
                x.primitive is y.primitive
                and (x.inputs, x.outputs) == (y.inputs, y.outputs)
                and x.params.keys() == y.params.keys()
                and all(is_same(x.params[name], y.params[name]) for name in x.params)
                for x, y in zip(a.operations, b.operations, strict=True)
            )
        )
    if isinstance(a, Loop) and isinstance(b, Loop):
        shape = [(x.carried, x.sliced, x.summed, x.turns, x.backwards, x.gate) for x in (a, b)]
        return shape[0] == shape[1] and is_same(a.body, b.body)
    return bool(frozen(a) == frozen(b))


def start_of_sum(spec: Spec) -> Any:
    """What a sum begins with: adding to it changes nothing, not even the sign of a zero."""
    start = {"f": -0.0, "c": complex(-0.0, -0.0)}.get(spec.dtype.kind, 0)
    return np.full(spec.shape, start, spec.dtype)[()]


def run(loop: Loop, inputs: Sequence[Any], turn: Callable[[Sequence[Any]], Sequence[Any]]) -> tuple[Any, ...]:
    """The results of a loop for NumPy values, its body done by a function.

    Args:
        loop: the loop.
        inputs: the values of its inputs.
        turn: takes the values of the body's inputs and gives those of its outputs.
    """
    state, fixed, sliced = loop.parts(inputs)
    state, made = list(state), loop.spec()
    _, sums, stacks = loop.results(made)
    totals = [start_of_sum(spec) for spec in sums]
    empty = np.zeros if loop.gate else np.empty
    rows = [empty(spec.shape, spec.dtype) for spec in stacks]
    for index in loop.order():
        if loop.gate == "carried" and not state[0]:
            break
        if loop.gate == "sliced" and not sliced[0][index]:
            continue
        found = turn([*state, *fixed, *(x[index] for x in sliced)])
        new, shares, entries = loop.results(found)
        state = list(new)
        totals = [total + share for total, share in zip(totals, shares, strict=True)]
        for row, entry in zip(rows, entries, strict=True):
            row[index] = entry
    return (*state, *totals, *rows)


def value_of(*xs: Any, loop: Loop) -> tuple[Any, ...]:
    """The results of a loop by the rows' own NumPy values."""
    return run(loop, xs, evaluator_for(loop.body, loop.turns))


__all__ = ["Loop", "is_same", "run", "start_of_sum", "value_of"]
