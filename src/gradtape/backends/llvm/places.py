"""Where the values that pieces of a program hand to one another stand: at places of a list, known beforehand.

First come the inputs, then constants and memory that stays from call to call, and what a call makes. A walk reads and
writes values with their rows in front. One whose rows lie behind others has two places, as it is and so turned, where
both are asked for; what turns it is a piece of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...core.graph import Graph
from ..rows import Rows

Known = list[Any]
"""All values of a call at their places."""


class Places:
    """The places of a graph's values, given as pieces ask for them.

    Args:
        graph, rows: what `rows.analysed` found.
        reshaped: values that are others in another shape, which have the places of these.

    Attributes:
        leaving: the places at which walks write what leaves the graph, in memory of its own at each call.
    """

    def __init__(self, graph: Graph, rows: Rows, reshaped: Mapping[int, int]) -> None:
        self.graph, self.rows, self.reshaped = graph, rows, reshaped
        self.outputs = {self.source(index) for index in graph.outputs}
        self.leaving: dict[int, tuple[int, tuple[int, ...], Any]] = {}
        self.pieces: list[Any] = []
        self._places = {(index, 1): place for place, index in enumerate(graph.inputs)}
        self._first = len(graph.inputs)
        self._rest: list[Any] = []
        self._between: list[tuple[int, tuple[int, ...], Any]] = []
        self._turned = False

    def source(self, index: int) -> int:
        """The value in whose memory a value lies."""
        while index in self.reshaped:
            index = self.reshaped[index]
        return index

    def of(self, index: int, before: int = 1) -> int:
        """The place of a value, or of it with its rows, that lie behind so many entries, in front."""
        key = source, _ = self.source(index), before
        if key not in self._places:
            if before != 1:
                self._turn(key, self.of(source), (before, self.rows.count))
            elif source in self.graph.constants:
                self._enter(key, np.asarray(self.graph.constants[source]._value, order="C"))
            else:  # a walk has written it
                turned = self.rows.roles[source].before
                self._turn(key, self._places[source, turned], (self.rows.count, turned))
        return self._places[key]

    def made(self, indices: Sequence[int]) -> slice:
        """New places for values that a piece makes."""
        places = [self._enter((index, 1), None) for index in indices]
        return slice(places[0], places[-1] + 1) if places else slice(0, 0)

    def written(self, index: int) -> int:
        """A new place for a value that a walk writes, with its rows in front."""
        spec, before, count = self.graph.specs[index], self.rows.roles[index].before, self.rows.count
        shape = spec.shape if before == 1 else (count, before, math.prod(spec.shape) // (before * count))
        place = self._enter((index, before), None)
        if index in self.outputs:
            self.leaving[place] = place, shape, spec.dtype
        else:
            self._between.append((place - self._first, shape, spec.dtype))
        return place

    def memory(self) -> Known:
        """What stands behind the inputs before a call; no two calls at once may have the same."""
        rest = self._rest.copy()
        for place, shape, dtype in self._between:
            rest[place] = np.empty(shape, dtype)
        return rest

    def _enter(self, key: tuple[int, int], value: Any) -> int:
        self._rest.append(value)
        self._places[key] = place = self._first + len(self._rest) - 1
        return place

    def _turn(self, key: tuple[int, int], source: int, axes: tuple[int, int]) -> None:
        """Enter a value with its first two axes, of these sizes, exchanged: a constant now, else at each call."""
        found = self._rest[source - self._first] if source >= self._first else None
        if key[0] in self.graph.constants:
            self._enter(key, exchanged(found, axes))
        else:
            self.pieces.append(Turn(source, self._enter(key, None), axes))


def exchanged(value: Any, axes: tuple[int, int]) -> Any:
    """The entries of a value, seen as an array whose first axes have these sizes, with both exchanged."""
    return np.ascontiguousarray(np.asarray(value).reshape(*axes, -1).swapaxes(0, 1))


class Turn:
    """A piece that brings the rows of a value to the front, or back to where they belong."""

    programs: Sequence[Any] = ()
    times: Sequence[int] = ()

    def __init__(self, source: int, target: int, axes: tuple[int, int]) -> None:
        self.source, self.target, self.axes = source, target, axes

    def run(self, known: Known) -> None:
        known[self.target] = exchanged(known[self.source], self.axes)


def leaves(places: Places, graph: Graph, shared: Sequence[bool]) -> Callable[[Known], list[Any]]:
    """What takes the outputs out of a call's list: in their shapes, numbers for rank 0, copies of what is shared."""
    taken = [
        (places.of(index), graph.specs[index].shape, copied)
        for index, copied in zip(graph.outputs, shared, strict=True)
    ]

    def leave(known: Known) -> list[Any]:
        found = []
        for place, shape, copied in taken:
            value = known[place]
            if copied:
                value = np.array(value)
            if value.shape != shape:
                value = value.reshape(shape)
            found.append(value if shape else value[()])
        return found

    return leave


__all__ = ["Known", "Places", "leaves"]
