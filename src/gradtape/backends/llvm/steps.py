"""The steps of a program, as `plan.py` makes them, and how its values lie in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...core.further_errors import InternalError
from ...core.graph import Graph, Operation
from ...core.spec import Spec
from .products import Shape
from .views import View

REDUCTIONS = {"sum": "add", "max": "maximum", "min": "minimum"}
"""The rows that end a kernel, and the verb that takes two entries together."""


@dataclass(eq=False, slots=True)
class Kernel:
    """Operations in one loop over a shape, and reductions of what they make (or of what is there)."""

    shape: tuple[int, ...]
    operations: list[Operation] = field(default_factory=list)
    reductions: list[Operation] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Call:
    """An operation done by its NumPy value."""

    operation: Operation


@dataclass(eq=False, slots=True)
class Product:
    """Matrix products of one shape: how many, and how far apart the matrices of each factor and of the result lie."""

    operation: Operation
    shape: Shape
    count: int = 1
    apart: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, eq=False, slots=True)
class Machine:
    """Machine code that is the value of an operation.

    Attributes:
        address: of a function that takes an array of pointers: to the inputs, the results, `table` and `memory`.
        table: numbers that it reads.
        memory: how many bytes it needs besides.
        kept: what must be there as long.
    """

    address: int
    table: Any
    memory: int
    kept: Any

    def __call__(self, *_xs: Any, **_params: Any) -> Any:
        raise InternalError("machine code is a step of a program, and is not called by itself")


@dataclass(eq=False, slots=True)
class Other:
    """An operation done by machine code of its own; its last input is the table, its last output the memory."""

    operation: Operation
    machine: Machine


Step = Kernel | Product | Other | Call


@dataclass(eq=False, slots=True)
class Plan:
    """The steps of a graph, and how its values lie in memory.

    `stored` are the values that need memory of their own; `placed` those that a kernel writes into a part of another's;
    `outputs` those that leave for the graph's outputs, some of them copies.
    """

    graph: Graph
    specs: list[Spec]
    steps: list[Step]
    views: dict[int, View]
    stored: set[int]
    placed: set[int]
    outputs: list[int]


__all__ = ["REDUCTIONS", "Call", "Kernel", "Machine", "Other", "Plan", "Product", "Step"]
