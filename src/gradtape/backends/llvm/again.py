"""What is computed again and what is kept: a choice between a value's place in memory and a few operations.

A value that a later kernel wants is stored by the kernel that makes it and loaded by the other; what lies between the
way forth and the way back along a program is mostly such values. A value of few additions and multiplications (1 - h^2
beside h) is cheaper computed again, if that takes no more loads: of what the later kernel loads or makes anyway, of
numbers, and of one other value at most, in place of its own. The results are the same to the bit. What is stored
anyway, as products, views and the graph's outputs need it in memory, is loaded. So are functions that take long (`exp`,
`tanh`, a division).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ...core.graph import Operation

if TYPE_CHECKING:
    from .plan import _Planner

CHEAP = frozenset({"add", "subtract", "multiply", "negative", "square", "abs"})
"""Rows that take one instruction an entry."""

MOST = 8
"""So many such operations are no dearer than a place in memory: networks with derivatives to order 4 took up to 2 %
more time with 2 of them, and as much with 16."""


@dataclass(eq=False, slots=True)
class _Kernel:
    """What a kernel has at hand: the values that it loads, and those that are made in it once more."""

    loaded: set[int] = field(default_factory=set)
    again: dict[int, int] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class _Recipe:
    """Operations that make a value, in order, and what they load that is not at hand."""

    operations: list[Operation] = field(default_factory=list)
    loads: set[int] = field(default_factory=set)


class Again:
    """Chooses for a planner, kernel by kernel.

    Args:
        planner: whose operations are being put into steps.
        fused: the rows besides those that work entry by entry which a kernel takes in.
    """

    def __init__(self, planner: _Planner, fused: frozenset[str]) -> None:
        self.planner = planner
        self.makers: dict[int, Operation] = {}  # of values made entry by entry
        self.kernels: dict[int, _Kernel] = {}
        self.needed = set(planner.graph.outputs)  # in memory, by what is no kernel
        for operation in planner.graph.operations:
            primitive = operation.primitive
            if not (primitive.pointwise or primitive.name in fused):
                self.needed.update(operation.inputs)

    def near(self, index: int, place: int) -> int:
        """A value as the kernel at a place reads it: itself, or made there once more."""
        planner, kernel = self.planner, self.kernels.setdefault(place, _Kernel())
        if index in kernel.again:
            return kernel.again[index]
        if planner.made_in(index, place):
            return index
        recipe = _Recipe()
        if not self._write(recipe, index, place, kernel):
            kernel.loaded.add(index)
            return index
        kernel.loaded |= recipe.loads
        for operation in recipe.operations:
            inputs = tuple([kernel.again.get(i, i) for i in operation.inputs])
            copy = planner.like(*operation.outputs)
            planner.enter(replace(operation, inputs=inputs, outputs=(copy,)), place)
            kernel.again[operation.outputs[0]] = copy
        return kernel.again[index]

    def _write(self, recipe: _Recipe, index: int, place: int, kernel: _Kernel) -> bool:
        """Write down how a value is made; False where it is better stored."""
        planner, operation = self.planner, self.makers.get(index)
        if operation is None or operation.primitive.name not in CHEAP or self._in_memory(index):
            return False
        if planner.specs[index].shape != planner.steps[place].shape:  # type: ignore[union-attr]  # a kernel's
            return False
        for source in operation.inputs:
            there = source in kernel.loaded or source in kernel.again or planner.made_in(source, place)
            if there or planner.is_number(source) or any(source in op.outputs for op in recipe.operations):
                continue
            if self._in_memory(source):
                recipe.loads.add(source)
            elif len(recipe.operations) >= MOST or not self._write(recipe, source, place, kernel):
                return False
        recipe.operations.append(operation)
        return len(recipe.operations) <= MOST and len(recipe.loads) <= 1

    def _in_memory(self, index: int) -> bool:
        """Whether a value is in memory whatever is chosen."""
        planner = self.planner
        base = planner.base(index)
        return base in planner.stored or base in self.needed or planner.step[base] < 0


__all__ = ["Again"]
