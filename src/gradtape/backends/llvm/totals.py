"""How a reduction takes entries together: its verb, what it begins with and in which kind, and parts of its totals."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...core.graph import Operation
from .emit import Lane
from .kinds import FLOATS
from .steps import REDUCTIONS
from .verbs import Verbs


def part_of(vector: str, name: str, first: int, count: int) -> str:
    """The instruction that takes some lanes of a vector of this type."""
    if count == 1:
        return f"extractelement {vector} {name}, i32 {first}"
    numbers = ", ".join(f"i32 {i}" for i in range(first, first + count))
    return f"shufflevector {vector} {name}, {vector} poison, <{count} x i32> <{numbers}>"


def verb_of(e: Verbs, operation: Operation) -> Callable[[Lane, Lane], Lane]:
    """What takes two entries together."""
    return getattr(e, REDUCTIONS[operation.primitive.name])  # type: ignore[no-any-return]


def gathering(operation: Operation, kind: str) -> str:
    """The kind in which a total is kept along the innermost axis."""
    wider = {"float": "double", "half": "float"} if operation.primitive.name == "sum" else {}
    return wider.get(kind, kind)


def identity_of(operation: Operation, kind: str) -> float:
    """What a reduction begins with."""
    return identity(REDUCTIONS[operation.primitive.name], kind)


def identity(verb: str, kind: str) -> float:
    """What entries are taken together with at first: it changes none (NumPy's sums begin with -0 too)."""
    if kind in FLOATS:
        return {"add": -0.0, "maximum": -math.inf, "minimum": math.inf}[verb]
    bounds = np.iinfo(f"{'uint' if kind[0] == 'u' else 'int'}{kind[1:]}")
    return {"add": 0, "maximum": bounds.min, "minimum": bounds.max}[verb]


__all__ = ["gathering", "identity", "identity_of", "part_of", "verb_of"]
