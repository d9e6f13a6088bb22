"""Long loops in little memory: a loop of stretches, each a loop of its own.

The way back along a loop needs the states before all turns. Where these would take too much memory, the turns are done
in about sqrt(n) stretches of as many turns: only the states before the stretches are kept, and on the way back, which
does the body of a loop once more, the states inside one stretch at a time. One more way forth is the price (Griewank
and Walther, "Evaluating Derivatives", 2nd ed. 2008, section 12.3; `gt.checkpoint` does with still less memory).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ..core.graph import Builder, check
from ..core.loop import Loop
from ..core.spec import Spec
from ..core.tensor import Tensor, apply
from ..ops.linear import add, concatenate, getitem, reshape
from .forms import known, with_states
from .row import LOOP

LARGEST = 1 << 30
"""States of more bytes are not kept for all turns."""


def done(loop: Loop, inputs: Sequence[Tensor]) -> list[Tensor]:
    """The results of a loop that may be differentiated, as operations through the door."""
    size = sum(math.prod(s.shape) * s.dtype.itemsize for s in loop.spec()[: loop.carried])
    if loop.gate or loop.turns < 4 or size * loop.turns <= LARGEST:
        return _apply(loop, inputs)
    state, fixed, sliced = loop.parts(list(inputs))
    length = math.isqrt(loop.turns - 1) + 1
    count = loop.turns // length
    whole = count * length
    front = [_cut(x, 0, whole, (count, length)) for x in sliced]
    rest = [_cut(x, whole, loop.turns) for x in sliced]
    outer, last = (
        _outer(replace(loop, turns=length, known={}), count),
        replace(loop, turns=loop.turns - whole, known={}),
    )
    # What is left over comes last, or first on the way back.
    parts = [(last, rest), (outer, front)] if loop.backwards else [(outer, front), (last, rest)]
    sums: list[Tensor] = []
    stacks: dict[int, list[Tensor]] = {}
    for part, entries in parts:
        if part.turns:
            state, shares, own = part.results(_apply(part, [*state, *fixed, *entries]))
            sums = [add(a, b) for a, b in zip(sums, shares, strict=True)] if sums else list(shares)
            stacks[id(part)] = list(own)
    joined = [reshape(x, shape=(whole, *x._value.shape[2:])) for x in stacks[id(outer)]]
    if last.turns:
        joined = [concatenate(x, y, axis=0) for x, y in zip(joined, stacks[id(last)], strict=True)]
    return [*state, *sums, *joined]


def _apply(loop: Loop, inputs: Sequence[Tensor]) -> list[Tensor]:
    found = apply(LOOP, tuple(inputs), {"loop": known(with_states(loop))})
    return list(found[: len(found) - loop.carried])


def _cut(x: Tensor, start: int, stop: int, lead: tuple[int, ...] = ()) -> Tensor:
    """Entries of an axis, the axis in two where their sizes are given."""
    part: Tensor = getitem(x, index=(slice(start, stop),))
    return reshape(part, shape=(*lead, *x._value.shape[1:])) if lead else part


def _outer(inner: Loop, count: int) -> Loop:
    """So many stretches, each of which is a loop."""
    builder = Builder()
    state, fixed, sliced = inner.parts([inner.body.specs[i] for i in inner.body.inputs])
    rows = [Spec((inner.turns, *s.shape), s.dtype) for s in sliced]
    inputs = [builder.input(spec) for spec in (*state, *fixed, *rows)]
    loop = with_states(inner)
    made = builder.add(LOOP, {"loop": loop}, inputs, loop.spec(), "", True)
    body = check(builder.graph(made[: len(made) - inner.carried]))
    return Loop(body, inner.carried, inner.sliced, inner.summed, count, inner.backwards)


__all__ = ["done"]
