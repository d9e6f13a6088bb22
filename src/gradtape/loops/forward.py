"""Forward mode of a loop: a loop of tangents along the states."""

from __future__ import annotations

from typing import Any

from ..core.graph import inline
from ..core.listen import listeners, paused
from ..core.loop import Loop
from ..core.tensor import Tensor
from ..modes.forward import Pusher
from .forms import Derived, Form, Tensors, Turn, counted, form_of, specs_of, wider, with_states, written


def forward(
    loop: Loop, forms: tuple[Form, ...], state: Tensors, fixed: Tensors, sliced: Tensors
) -> Derived | None:
    """The loop that takes these forms of tangents of the inputs along; None where a rule decides by values."""
    flow, same_forms, slice_forms = loop.parts(forms)
    while True:
        turn = Turn()
        with paused((turn.recording,)):
            moved_, results = _turn_forth(turn, loop, (flow, same_forms, slice_forms), state, fixed, sliced)
            own = tuple(form_of(t) for t in moved_)
            widened = tuple(wider(a, b) for a, b in zip(flow, own, strict=False))
            if widened == flow:
                break
            flow = widened
    graph = turn.graph(results)
    if graph is None:
        return None
    summed = loop.results(own)[1]
    steps = len(sliced) + loop.carried + bool(loop.gate) + sum(f.value for f in slice_forms)
    count, gate = sum(f.value for f in flow), "sliced" if loop.gate else ""
    way = Loop(graph, count, steps, sum(f.value for f in summed), loop.turns, loop.backwards, gate)
    return Derived(with_states(way), flow, own[loop.carried :])


def _turn_forth(
    turn: Turn, loop: Loop, forms: Any, state: Tensors, fixed: Tensors, sliced: Tensors
) -> tuple[list[Any], list[Tensor]]:
    """Record one turn of tangents: those of the body's outputs, and all of them as tensors."""
    specs = loop.parts(specs_of(loop, loop.body.inputs))
    along, sources = turn.enter_loop(loop, forms, specs, state, fixed, sliced)
    pusher = Pusher()
    for source, tangent in zip(sources, along, strict=True):
        if tangent is not None:
            pusher.watch(source, tangent)
    with paused((*listeners(), pusher)):
        outputs = inline(loop.body, sources)
    rates = [pusher.raw(y) for y in outputs]
    results: list[Tensor] = []
    for index, (rate, y) in enumerate(zip(rates, outputs, strict=True)):
        if index < loop.carried:
            results += written(rate, wider(form_of(rate), forms[0][index]), y)
        elif index < loop.carried + loop.summed:
            results += counted(rate, form_of(rate), y)
        else:
            results += written(rate, form_of(rate), y)
    return rates, results
