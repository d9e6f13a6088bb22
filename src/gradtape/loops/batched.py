"""Batches of loops: a loop whose body does the turns of all examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..core.errors import BatchedValueError
from ..core.graph import inline
from ..core.listen import paused
from ..core.loop import Loop
from ..core.tensor import Tensor
from ..modes.batch import Batch
from .forms import Turn, firsts


def batched(
    loop: Loop, size: int, carries: tuple[bool, ...], xs: Sequence[Tensor]
) -> tuple[Loop, tuple[bool, ...]] | None:
    """The loop of all examples, and which of its results have one more axis; None where each needs turns of its own."""
    if not loop.turns or (loop.gate == "sliced" and carries[len(carries) - loop.sliced]):
        return None
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
