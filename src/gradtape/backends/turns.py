"""A stretch of equal turns understood: where the inputs of its operations come from, over all turns at once.

the same turn           inside the body
one to four turns ago   carried; what the first turns saw instead is the state to begin with
everywhere the same     fixed, or a constant of the body
an entry of an axis, one further (or back) in each turn; constants; values from outside     sliced
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core.graph import Graph, is_equal
from .periods import Stretch, row_of

LAGS = 4
"""How many turns ago a value may have been made."""

Place = tuple[int, int]
"""An operation's place in the turn, and which of its outputs."""


class Origin:
    """Which operation made each value (-1: none), and as which of its outputs."""

    def __init__(self, graph: Graph) -> None:
        self.maker = np.full(len(graph.specs), -1, np.int64)
        self.output = np.zeros(len(graph.specs), np.int64)
        for place, operation in enumerate(graph.operations):
            for number, index in enumerate(operation.outputs):
                self.maker[index], self.output[index] = place, number


@dataclass(eq=False, slots=True)
class Turn:
    """The turns of a stretch, understood: what each input of each operation of the body is.

    `sources[q][j]` is ("inside", place), ("carried", place, lag, key), ("fixed", value), ("constant", value) or
    ("sliced", number). A slice is ("values", one for each turn) or ("row", value, first row, step); `rows` are the
    operations that read the latter, and the number of their slice.
    """

    stretch: Stretch
    sources: list[list[tuple[Any, ...]]] = field(default_factory=list)
    states: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)
    slices: list[Any] = field(default_factory=list)
    rows: dict[int, int] = field(default_factory=dict)

    def outside(self) -> list[int]:
        """The values from outside that the loop uses as they are."""
        used = [value for begun in self.states.values() for value in begun]
        used += [source[1] for line in self.sources for source in line if source[0] == "fixed"]
        return used + [value for kind, value, *_ in self.slices if kind == "row"]


def understood(graph: Graph, origin: Origin, stretch: Stretch, skip: int, least: int) -> Turn | None:
    """Understand a stretch without its first turns; None where its turns come from different places."""
    if stretch.turns - skip < least:
        return None
    stretch = Stretch(stretch.start + skip * stretch.period, stretch.period, stretch.turns - skip)
    found, count, period = Turn(stretch), stretch.turns, stretch.period
    first = stretch.start
    numbers: dict[bytes, int] = {}
    for q in range(period):
        operations = graph.operations[first + q : stretch.end : period]
        values = np.array([op.inputs for op in operations], np.int64).reshape(count, -1)
        counted = [row_of(op) for op in operations]
        if counted[0] is not None and len(set(counted)) > 1:
            steps = np.diff(np.array(counted))
            if (steps != steps[0]).any() or (values != values[0]).any():
                return None
            found.rows[q] = len(found.slices)
            found.slices.append(("row", int(values[0, 0]), counted[0], int(steps[0])))
            found.sources.append([])
            continue
        line = []
        for column in values.T:
            source = _source(graph, origin, stretch, column, q, found, numbers)
            if source is None:
                return None
            line.append(source)
        found.sources.append(line)
    return found


def _source(
    graph: Graph,
    origin: Origin,
    stretch: Stretch,
    column: Any,
    q: int,
    found: Turn,
    numbers: dict[bytes, int],
) -> tuple[Any, ...] | None:
    """Where an input comes from, the values that it has in all turns given."""
    first, period, count = stretch.start, stretch.period, stretch.turns
    if (column == column[0]).all():
        if origin.maker[column[0]] >= first:
            return None
        return ("constant" if int(column[0]) in graph.constants else "fixed"), int(column[0])
    makers, outputs = origin.maker[column], origin.output[column]
    turns, places = np.divmod(makers - first, period)
    numbers_of_turns = np.arange(count)
    lags = numbers_of_turns - turns
    last = int(lags[-1])
    if 0 <= last <= LAGS and first <= makers[-1]:
        rest = slice(last, None)
        same = (lags[rest] == last) & (places[rest] == places[-1]) & (outputs[rest] == outputs[-1])
        if not same.all() or (makers[:last] >= first).any():
            return None
        place = (int(places[-1]), int(outputs[-1]))
        if not last:
            return "inside", place
        key = (place, *column[:last].tolist())
        found.states[key] = [int(value) for value in column[:last]]
        return "carried", place, last, key
    if (makers >= first).any():
        return None
    if all(int(value) in graph.constants for value in column):
        tensors = [graph.constants[int(value)]._value for value in column]
        if all(is_equal(np.asarray(tensors[0]), np.asarray(other)) for other in tensors[1:]):
            return "constant", int(column[0])
    key_of_slice = column.tobytes()
    if key_of_slice not in numbers:
        numbers[key_of_slice] = len(found.slices)
        found.slices.append(("values", column))
    return "sliced", numbers[key_of_slice]


__all__ = ["Origin", "Place", "Turn", "understood"]
