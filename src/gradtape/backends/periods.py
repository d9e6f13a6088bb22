"""Where a recorded program repeats itself: stretches of operations that are the same over and over.

Each operation has a signature: its row, its parameters, and the specs of what goes in and out; of a loop or a branch,
how its turn is written. A stretch of period p is
one in which every signature is that of p operations before. Candidates for p are the distances at which short runs of
signatures come again; each is tried on the whole program at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.graph import Graph, Operation, frozen
from ..core.loop import Loop, is_same

WINDOW = 8
"""So many signatures make up a run that is looked for."""
CANDIDATES = 48
LARGEST_COUNT = 32
"""So many stretches of a program at most."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """`turns` times `period` operations from `start` on."""

    start: int
    period: int
    turns: int

    @property
    def end(self) -> int:
        """The operation behind the last."""
        return self.start + self.period * self.turns


def row_of(operation: Operation) -> int | None:
    """Which entry of the first axis an operation reads, where it reads one that a loop may count up."""
    index = operation.params.get("index")
    if operation.primitive.name != "getitem" or not index:
        return None
    first = index[0]
    counts = isinstance(first, (int, np.integer)) and not isinstance(first, (bool, np.bool_))
    return int(first) if counts and first >= 0 else None


def weights(graph: Graph) -> Any:
    """How many operations each operation is, those of the turns of loops included."""
    return np.array([_weight(operation) for operation in graph.operations], np.int64)


def _weight(operation: Operation) -> int:
    loop = operation.params.get("loop")
    return 1 + sum(map(_weight, loop.body.operations)) if isinstance(loop, Loop) else 1


def signatures(graph: Graph) -> Any:
    """A number for each operation, the same for those that can be turns of one."""
    loops: dict[Any, list[Loop]] = {}

    def number(loop: Loop) -> Any:
        """Which of the loops that are written in the same way it is."""
        key = len(loop.body), len(loop.body.specs), len(loop.body.inputs), len(loop.body.outputs)
        alike = loops.setdefault(key, [])
        place = next((k for k, other in enumerate(alike) if is_same(loop, other)), len(alike))
        if place == len(alike):
            alike.append(loop)
        return key, place

    specs: dict[Any, int] = {}
    kinds = [specs.setdefault((spec.shape, spec.dtype), len(specs)) for spec in graph.specs]
    known: dict[Any, int] = {}
    found = np.empty(len(graph.operations), np.int64)
    for place, operation in enumerate(graph.operations):
        params = operation.params
        if not params:
            settings: Any = None
        elif row_of(operation) is not None:
            settings = ("row", frozen(params["index"][1:]))
        elif isinstance(params.get("loop"), Loop):
            settings = number(params["loop"])
        else:
            settings = frozen(params)
        key = (
            id(operation.primitive),
            settings,
            tuple([kinds[i] for i in operation.inputs]),
            tuple([kinds[i] for i in operation.outputs]),
        )
        found[place] = known.setdefault(key, len(known))
    return found


def stretches(marks: Any, least_turns: int, least: int, weights: Any = None) -> Iterator[Stretch]:
    """The stretches of a sequence of signatures, the longest first, of so many turns and operations at least.

    `weights` says how many operations each counts for.
    """
    marks = marks.copy()
    counted = np.arange(len(marks) + 1) if weights is None else np.concatenate([[0], np.cumsum(weights)])
    for _ in range(LARGEST_COUNT):
        found = _longest(marks, least_turns, least, counted)
        if found is None:
            return
        yield found
        # What has been found takes no part any more, and nothing goes across it.
        marks[found.start : found.end] = -1 - np.arange(found.start, found.end)


def _longest(marks: Any, least_turns: int, least: int, counted: Any) -> Stretch | None:
    best: Stretch | None = None
    for period in _candidates(marks):
        if period * least_turns > len(marks):
            continue
        same = marks[:-period] == marks[period:]
        edges = np.flatnonzero(np.diff(np.concatenate([[0], same.view(np.int8), [0]])))
        starts, ends = edges[::2], edges[1::2]
        if not len(starts):
            continue
        longest = int(np.argmax(ends - starts))
        turns = int(ends[longest] - starts[longest]) // period + 1
        found = Stretch(int(starts[longest]), period, turns)
        if turns < least_turns or counted[found.end] - counted[found.start] < least:
            continue
        # A longer period covers as much; the shortest of about the same reach is the loop.
        if best is None or period * turns > 1.05 * best.period * best.turns:
            best = found
    return best


def _candidates(marks: Any) -> list[int]:
    """Distances at which runs come again, in ascending order: the most frequent ones."""
    if len(marks) < 2 * WINDOW:
        return []
    weights = np.random.default_rng(0).integers(1, 1 << 62, WINDOW, dtype=np.uint64) | np.uint64(1)
    runs = np.lib.stride_tricks.sliding_window_view(marks.astype(np.uint64), WINDOW)
    hashes = (runs * weights).sum(axis=1, dtype=np.uint64)
    order = np.argsort(hashes, kind="stable")
    again = hashes[order[1:]] == hashes[order[:-1]]
    distances, counts = np.unique((order[1:] - order[:-1])[again], return_counts=True)
    most = np.argsort(-counts, kind="stable")[:CANDIDATES]
    return sorted(int(d) for d in distances[most])


__all__ = ["Stretch", "row_of", "signatures", "stretches", "weights"]
