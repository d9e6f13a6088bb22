"""A graph evaluated operation by operation with the rows' own NumPy values: the oracle of every backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import Graph, evaluate, uses


class Program:
    """A graph made ready to run: call it with the values of the inputs, it gives those of the outputs.

    A value is dropped after its last use. Calls from several threads do not disturb each other.
    """

    __slots__ = ("graph", "steps")

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        remaining = uses(graph)
        steps = []
        for operation in graph.operations:
            dead = []
            for index in operation.inputs:
                remaining[index] -= 1
                if not remaining[index] and index not in graph.constants:
                    dead.append(index)
            steps.append((operation, tuple(dead)))
        self.steps = tuple(steps)

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        # Not in the quiet context of `apply`: a program may itself be the value of an operation.
        with np.errstate(all="ignore"):
            return self._run(values)

    def _run(self, values: Sequence[Any]) -> list[Any]:
        graph = self.graph
        known = {index: constant._value for index, constant in graph.constants.items()}
        known.update(zip(graph.inputs, values, strict=True))
        for operation, dead in self.steps:
            found = evaluate(operation, [known[i] for i in operation.inputs])
            known.update(zip(operation.outputs, found, strict=True))
            for index in dead:
                known.pop(index, None)
        given = [x for x in values if type(x) is np.ndarray]
        return [_apart(known[index], given) for index in graph.outputs]

    def describe(self) -> dict[str, Any]:
        """What `stats` tells of this program."""
        return {"backend": "reference", "operations": len(self.graph), "kernels": 0}


def _apart(y: Any, given: Sequence[Any]) -> Any:
    """A result that shares no memory with what was given, as its owner may write there."""
    if type(y) is np.ndarray and any(np.may_share_memory(y, x) for x in given):
        return y.copy()
    return y


def compile(graph: Graph) -> Program:
    """Make a graph ready to run."""
    return Program(graph)
