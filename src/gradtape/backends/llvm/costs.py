"""How long operations take on one core, in nanoseconds: roughly, for decisions that a factor of two does not change.

A vector of entries passes one instruction in about a cycle, a fused one is neither read nor written, and a product does
some ten multiplications a cycle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...core.graph import Operation
from ...core.spec import Spec
from .words import words

WORD = 0.03
"""One instruction on one entry."""

MULTIPLICATION = 0.03
"""One multiplication of a matrix product."""

MOVED = 0.1
"""One entry that is read or written, by a product or an operation that is no arithmetic."""


def nanoseconds(operation: Operation, specs: Sequence[Spec]) -> float:
    """About how long an operation takes."""
    given = [specs[i] for i in operation.inputs]
    made = [specs[i] for i in operation.outputs]
    entries = sum(math.prod(spec.shape) for spec in made)
    read = sum(math.prod(spec.shape) for spec in given)
    if operation.primitive.name == "matmul":
        return max(MULTIPLICATION * entries * given[0].shape[-1], MOVED * read)
    spoken = words(operation.primitive, operation.params, given)
    if spoken:
        return WORD * spoken * entries
    return MOVED * max(entries, read)


__all__ = ["nanoseconds"]
