"""Batches of loops: a loop whose body does the turns of all examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..core.further_errors import BatchedValueError
from ..core.graph import Graph, Operation, check, inline
from ..core.listen import paused
from ..core.loop import Loop, start_of_sum
from ..core.spec import Spec
from ..core.tensor import Tensor
from ..modes.batch import Batch
from ..ops.linear import where
from .forms import Turn, firsts


def batched(
    loop: Loop, size: int, carries: tuple[bool, ...], xs: Sequence[Tensor]
) -> tuple[Loop, tuple[bool, ...]] | None:
    """The loop of all examples, and which of its results have one more axis; None where each needs turns of its own.

    Where examples differ in which turns they do, all do every turn, and keep what they had where it is not theirs.
    """
    if not loop.turns:
        return None
    if loop.gate == "sliced" and carries[len(carries) - loop.sliced]:
        loop = ungated(loop)
    held, fixed, sliced = loop.parts([x._value for x in xs])
    examples = [*held, *fixed, *firsts(sliced, loop)]
    wide = carries[: loop.carried]
    while True:
        turn, batch = Turn(), Batch(size)
        every = (*wide, *carries[loop.carried :])
        with paused((turn.recording,)):
            given = [
                turn.enter(np.broadcast_to(v, (size, *v.shape)) if w and not c else v)
                for v, w, c in zip(examples, every, carries, strict=True)
            ]
            sources = [batch.first(x) if w else x for x, w in zip(given, every, strict=True)]
            try:
                with paused((turn.recording, batch)):
                    outputs = inline(loop.body, sources)
            except BatchedValueError:
                return None
            known = [y._node is not None and y._node.knows(batch.key) for y in outputs]
            state = tuple([a or b for a, b in zip(wide, known, strict=False)])
            if loop.gate == "carried" and state[0]:
                return None
            if state == wide:
                results = (*wide, *known[loop.carried :])
                graph = turn.graph(
                    [batch.whole(y) if w else y for y, w in zip(outputs, results, strict=True)]
                )
                return None if graph is None else (replace(loop, body=graph, known={}), results)
        wide = state


def ungated(loop: Loop) -> Loop:
    """A loop whose gate is sliced as one that does all turns: where the gate is shut it keeps the state alone."""
    if loop.gate != "sliced":
        return loop
    body = loop.body
    specs, constants, operations = list(body.specs), dict(body.constants), list(body.operations)
    outputs = []

    def value(spec: Spec) -> int:
        specs.append(spec)
        return len(specs) - 1

    def number(like: int, start: Any) -> int:
        index = value(Spec((), specs[like].dtype))
        constants[index] = Tensor(start(specs[index]))
        return index

    held, _, sliced = loop.parts(body.inputs)
    state, shares, entries = loop.results(body.outputs)
    none = [*held, *(number(y, start_of_sum) for y in shares)]
    none += [number(y, lambda spec: spec.dtype.type(0)) for y in entries]
    for y, other in zip((*state, *shares, *entries), none, strict=True):
        outputs.append(value(specs[y]))
        operations.append(Operation(where, {}, (sliced[0], y, other), (outputs[-1],)))
    graph = Graph(tuple(specs), body.inputs, constants, tuple(operations), tuple(outputs))
    return replace(loop, body=check(graph), gate="", known={})


__all__ = ["batched", "ungated"]
