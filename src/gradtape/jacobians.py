"""Jacobians by rows: one walk along a tape, planned once, for each entry of the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .core.spec import is_differentiable
from .core.tensor import Tensor
from .modes.reverse import Pullback, Record
from .ops.composite import stack, zeros_like
from .ops.linear import reshape


def gradients_of_entries(
    record: Record, y: Any, sources: list[Any], places: Sequence[Any]
) -> list[list[Any] | None]:
    """For each source the gradients of the target's entries at these places, None if the source is not connected."""
    if not is_differentiable(y.dtype):
        return [None] * len(sources)
    known = [s._node if record.knows(s) else None for s in sources]
    start = y._node if record.knows(y) else None
    walk = Pullback(record, [] if start is None else [start], [n for n in known if n is not None])
    rows: list[list[Any]] = [[] for _ in sources]
    for place in places:
        seed = np.zeros(y._value.shape, y._value.dtype)
        seed[place] = 1
        g = Tensor(seed[()])
        found = walk([(start, g)]) if start is not None else {}
        for row, source, node in zip(rows, sources, known, strict=True):
            share = found.get(node) if node is not None else None
            if source is y and node is None:
                share = g
            row.append(zeros_like(source) if share is None else share)
    connected = [y is s or (n is not None and walk.depends(n)) for s, n in zip(sources, known, strict=True)]
    return [row if there else None for row, there in zip(rows, connected, strict=True)]


def stacked(rows: list[Any], shape: tuple[int, ...], source: Any, axis: int) -> Tensor:
    """The rows as one tensor of shape `shape` followed by the source's axes after the first `axis`."""
    whole = shape + tuple(source._value.shape[axis:])
    if not rows:
        return Tensor(np.zeros(whole, source._value.dtype))
    return reshape(stack(rows, axis), shape=whole)  # type: ignore[no-any-return]
