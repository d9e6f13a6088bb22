"""A graph evaluated operation by operation with the rows' own NumPy values: the oracle of every backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import Graph, evaluator


class Program:
    """A graph made ready to run: call it with the values of the inputs, it gives those of the outputs."""

    __slots__ = ("_evaluate", "graph")

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._evaluate = evaluator(graph)

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        # Not in the quiet context of `apply`: a program may itself be the value of an operation.
        with np.errstate(all="ignore"):
            found = self._evaluate(values)
        given = [x for x in values if type(x) is np.ndarray]
        return [_apart(y, given) for y in found]

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
