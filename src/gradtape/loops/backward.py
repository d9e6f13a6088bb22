"""Reverse mode of a loop: a loop the other way round, whose turns do a turn once more and walk back along it."""

from __future__ import annotations

from typing import Any

from ..core.graph import inline
from ..core.listen import listeners, paused
from ..core.loop import Loop
from ..core.spec import is_differentiable
from ..core.tensor import Tensor
from ..modes.record import Record
from ..modes.reverse import Pullback
from .forms import Derived, Form, Tensors, Turn, counted, form_of, specs_of, wider, with_states, written


def backward(
    loop: Loop, forms: tuple[Form, ...], state: Tensors, fixed: Tensors, sliced: Tensors
) -> Derived | None:
    """The loop that takes these forms of cotangents of the results back; None where a rule decides by values."""
    flow = tuple(f if is_differentiable(s.dtype) else Form.NONE for f, s in zip(forms, state, strict=False))
    while True:
        turn = Turn()
        with paused((turn.recording,)):
            shares, results = _turn_back(turn, loop, (*flow, *forms[loop.carried :]), state, fixed, sliced)
            own = tuple(form_of(share) for share in shares)
            widened = tuple(wider(a, b) for a, b in zip(flow, own, strict=False))
            if widened == flow:
                break
            flow = widened
    graph = turn.graph(results)
    if graph is None:
        return None
    count = sum(f.value for f in flow)
    summed = sum(f.value for f in own[loop.carried : loop.carried + len(fixed)])
    steps = len(sliced) + loop.carried + bool(loop.gate) + sum(f.value for f in loop.results(forms)[2])
    way = Loop(graph, count, steps, summed, loop.turns, not loop.backwards, "sliced" if loop.gate else "")
    return Derived(with_states(way), flow, own[loop.carried :])


def _turn_back(
    turn: Turn, loop: Loop, forms: tuple[Form, ...], state: Tensors, fixed: Tensors, sliced: Tensors
) -> tuple[list[Any], list[Tensor]]:
    """Record one turn backwards: the shares of the body's inputs, and all of them as tensors."""
    specs = loop.results(specs_of(loop, loop.body.outputs))
    cotangents, sources = turn.enter_loop(loop, loop.results(forms), specs, state, fixed, sliced)
    record = Record()
    for source in sources:
        record.watch(source)
    with paused((*listeners(), record)):
        outputs = inline(loop.body, sources)
    seeds = [
        (y._node, g)
        for y, g in zip(outputs, cotangents, strict=True)
        if g is not None and y._node is not None and record.knows(y)
    ]
    nodes = [s._node if record.knows(s) else None for s in sources]
    found = Pullback(record, [n for n, _ in seeds], [n for n in nodes if n is not None])(seeds, absent=True)
    shares = [None if node is None else found.get(node) for node in nodes]
    results: list[Tensor] = []
    for index, (share, source) in enumerate(zip(shares, sources, strict=True)):
        form = form_of(share)
        if index < loop.carried:
            results += written(share, wider(form, loop.results(forms)[0][index]), source)
        elif index < loop.carried + len(fixed):
            results += counted(share, form, source)
        else:
            results += written(share, form, source)
    return shares, results
