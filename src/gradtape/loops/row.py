"""The row of a loop (`core/loop.py`), and its derivatives, which are loops of their own.

Each is recorded once, as one turn of the body read under a mode, and kept with the loop. Its turns need the states
before the turns of the loop itself, so every loop that may be differentiated stacks them: they are its last outputs,
and a pass drops them where nobody asks (`backends/loops.py`).

    pull      the turns backwards: a body that takes the cotangents of the state, does the turn once more and walks back
    tangent   the turns forwards: a body that takes the tangents of the state
    batch     a body of all examples
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..capture import pulled, pushed
from ..core.graph import inline
from ..core.lead import Lead, carried, looped, moved, size_of
from ..core.loop import Loop, value_of
from ..core.primitive import Kind, Masked, Primitive, Rule
from ..core.tensor import Tensor, apply, decide
from ..modes.mask import plain, present, settled
from ..modes.reverse import zeros
from ..ops.linear import cast, getitem, stack, sum_
from .backward import backward
from .batched import batched, ungated
from .forms import Form, Tensors, form_of, read, specs_of, with_states, written
from .forward import forward


def _gate(loop: Loop, states: Tensors, sliced: Tensors) -> list[Tensor]:
    """What says which turns were done."""
    return [states[0]] if loop.gate == "carried" else [sliced[0]] if loop.gate else []


def _if_done(found: Any, loop: Loop, states: Tensors, sliced: Tensors) -> Any:
    """A sum over the turns: absent where no turn was done."""
    if found is None or type(found) is Masked or not loop.gate:
        return found
    if loop.gate == "carried" or loop.turns == 1:  # the first turn that is not done is the last
        done = getitem(_gate(loop, states, sliced)[0], index=(0,))
    else:
        done = present(sum_(cast(sliced[0], dtype=np.dtype("int32")), axis=(0,), keepdims=False))
    live = settled(done, found)
    return found if isinstance(live, bool) else Masked(found, live)


def _read_sum(form: Form, tensors: Iterator[Tensor]) -> Any:
    """What is summed with a mask comes with the number of turns in which it is alive."""
    share = read(form, tensors)
    return share if type(share) is not Masked else Masked(share.value, present(share.live))


# reverse mode


def _pull(g: Any, y: Any, *x: Tensor, loop: Loop) -> list[Any]:
    """The shares of all inputs: one loop the other way round."""
    state, fixed, sliced = loop.parts(x)
    if not loop.turns:
        return [*g[: loop.carried], *[None] * (len(fixed) + len(sliced))]
    states = y[len(y) - loop.carried :]
    forms = tuple(form_of(part) for part in g)
    key = ("pull", forms)
    if key not in loop.known:
        loop.known[key] = backward(loop, forms, state, fixed, sliced)
    derived = loop.known[key]
    if derived is None:
        return pulled(lambda *z: unrolled(loop, z), x, (), [None if p is None else plain(p) for p in g])[1]
    specs = loop.spec()
    cotangents, sums, stacks = loop.results(
        [*zip(g, (*derived.state, *forms[loop.carried :]), specs, strict=True)]
    )
    given = [t for part in cotangents for t in written(*part)]
    given += [*fixed, *(t for part in sums for t in written(*part))]
    given += [*_gate(loop, states, sliced), *states, *sliced]
    given += [t for part in stacks for t in written(*part)]
    found = _results(derived.loop, given)
    shares = [read(form, found) for form in derived.state]
    back, front = derived.results[: len(fixed)], derived.results[len(fixed) :]
    shares += [_if_done(_read_sum(form, found), loop, states, sliced) for form in back]
    return [*shares, *(read(form, found) for form in front)]


def _results(loop: Loop, given: Sequence[Tensor]) -> Iterator[Tensor]:
    """What a loop of derivatives gives; one where no derivative goes along gives nothing, and is not done."""
    return iter(apply(LOOP, tuple(given), {"loop": loop}) if loop.body.outputs else ())


# forward mode


def _tangent(dx: Sequence[Any], y: Any, *x: Tensor, loop: Loop) -> tuple[Any, ...]:
    """The tangents of all outputs: one loop of tangents along the states."""
    state, fixed, sliced = loop.parts(x)
    if not loop.turns:
        return (*dx[: loop.carried], *[None] * (len(y) - loop.carried))
    states = y[len(y) - loop.carried :]
    forms = tuple(form_of(part) for part in dx)
    key = ("tangent", forms)
    if key not in loop.known:
        loop.known[key] = forward(loop, forms, state, fixed, sliced)
    derived = loop.known[key]
    if derived is None:
        return tuple(
            pushed(lambda *z: unrolled(loop, z), x, (), [None if p is None else plain(p) for p in dx])[1]
        )
    along, same, slices = loop.parts([*zip(dx, (*derived.state, *forms[loop.carried :]), x, strict=True)])
    given = [t for part in along for t in written(*part)]
    given += [*fixed, *(t for part in same for t in written(*part))]
    given += [*_gate(loop, states, sliced), *states, *sliced]
    given += [t for part in slices for t in written(*part)]
    found = _results(derived.loop, given)
    flow = [read(form, found) for form in derived.state]
    sums, stacks = derived.results[: loop.summed], derived.results[loop.summed :]
    totals = [_if_done(_read_sum(form, found), loop, states, sliced) for form in sums]
    return (*flow, *totals, *(read(form, found) for form in stacks))


# batches


def _whole(
    primitive: Primitive, xs: Sequence[Tensor], carries: Sequence[bool], params: dict[str, Any]
) -> Any:
    """All examples at once: the body in which what differs has one more axis in front, behind that of the turns."""
    loop: Loop = params["loop"]
    key = ("batch", tuple(carries), size := size_of(xs, tuple(carries)))
    _, _, slice_flags = loop.parts(carries)
    front = len(xs) - loop.sliced
    given = [*xs[:front], *(moved(x, 0, 1) if c else x for x, c in zip(xs[front:], slice_flags, strict=True))]
    if key not in loop.known:
        loop.known[key] = batched(loop, size, tuple(carries), given)
    found = loop.known[key]
    if found is None:
        return looped(primitive, xs, tuple(carries), params)
    way, wide = found
    for k in range(loop.carried):
        if wide[k] and not carries[k]:
            given[k] = carried(given[k], size)
    results = apply(LOOP, tuple(given), {"loop": way})
    stacked = loop.carried + loop.summed
    return tuple(
        [
            None if not w else y if k < stacked else moved(y, 1, 0)  # None: the same for all
            for k, (y, w) in enumerate(zip(results, wide, strict=True))
        ]
    )


# turn by turn


def unrolled(loop: Loop, inputs: Tensors) -> list[Tensor]:
    """The turns one after the other through the door: where a rule inside decides by values."""
    state, fixed, sliced = loop.parts(list(inputs))
    specs = loop.results(specs_of(loop, loop.body.outputs))
    sums: list[Any] = [None] * loop.summed
    rows: list[list[Any]] = [[None] * loop.turns for _ in specs[2]]
    for index in loop.order():
        gate = (
            state[0] if loop.gate == "carried" else getitem(sliced[0], index=(index,)) if loop.gate else None
        )
        if gate is not None and not decide(gate, bool):
            if loop.gate == "carried":
                break
            continue
        found = inline(loop.body, [*state, *fixed, *(getitem(x, index=(index,)) for x in sliced)])
        state, shares, entries = loop.results(found)
        sums = [share if total is None else total + share for total, share in zip(sums, shares, strict=True)]
        for row, entry in zip(rows, entries, strict=True):
            row[index] = entry
    sums = [zeros(spec) if total is None else total for total, spec in zip(sums, specs[1], strict=True)]
    stacks = [
        apply(stack, tuple([zeros(s) if part is None else part for part in row]), {"axis": 0})
        if row
        else Tensor(np.zeros((0, *s.shape), s.dtype))
        for row, s in zip(rows, specs[2], strict=True)
    ]
    return [*state, *sums, *stacks]


LOOP = Primitive(
    "loop",
    Kind.TANGENT,
    value_of,
    lambda *_specs, loop: loop.spec(),
    Rule(_pull, _tangent, keeps=True, keeps_output=True, absent=True),
    lead=Lead(_whole, lambda _specs, _params: None),
    # How many turns a gate lets through depends on values.
    unfold=lambda *x, loop: None if loop.gate == "carried" else unrolled(ungated(loop), x),
)
"""Not in the vocabulary, whose laws draw inputs of every dtype: the body of a loop has dtypes of its own."""

__all__ = ["LOOP", "unrolled", "with_states"]
