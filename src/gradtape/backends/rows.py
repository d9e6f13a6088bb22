"""The first-axis analysis: which values of a graph have rows that depend only on the same row of a batch.

Such values can be computed a tile of rows at a time, so that they stay in cache from one operation to the next, and
the tiles shared among threads. A sum over the rows is gathered tile by tile and known after the last one; what follows
from it and meets rows again belongs to a further walk over the tiles. `analysed` numbers the walks:

    rows       row i depends on row i of other values (and on values without rows); computed in walk `stage`
    across     the same with the rows along the second axis: the transpose of a matrix with rows, for a product
    gathered   a sum over rows, or a product of `across` with rows; known after walk `stage`
    whole      everything else; can be computed before walk `stage` (after the one before)
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from ..core.graph import Graph, Operation
from ..core.spec import Spec
from ..core.tensor import ROWS, Tensor

SMALLEST = 256
"""Batches of fewer rows fit into cache as they are."""
LARGEST_WALKS = 4

GATHERING = {"sum": "add", "max": "maximum", "min": "minimum", "matmul": "add"}
"""What is gathered over rows, and the row that takes the shares of two tiles together."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a value, or the operation that makes it, is to the walks."""

    sort: str
    stage: int


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """The outcome: how many rows there are, the role of each value, and how many walks it takes."""

    count: int
    roles: dict[int, Role]
    walks: int


def analysed(graph: Graph) -> tuple[Graph, Rows] | None:
    """The graph, with constants turned so that rows come first, and the roles of all values.

    Returns:
        None where walking over tiles would not pay.
    """
    count = _batch(graph)
    if count is None:
        return None
    graph = _turned(graph, count)
    rows = _Analysis(graph, count)
    roles = rows.roles()
    walks = 1 + max(
        (r.stage for r in roles.values() if r.sort in ("rows", "gathered") and r.stage >= 0), default=-1
    )
    if not 0 < walks <= LARGEST_WALKS or not _pays(graph, roles):
        return None
    return graph, Rows(count, roles, walks)


def _pays(graph: Graph, roles: dict[int, Role]) -> bool:
    """Whether at least half of the entries that operations read and make are so in walks."""
    walked = total = 0
    for operation in graph.operations:
        entries = sum(math.prod(graph.specs[i].shape) for i in (*operation.inputs, *operation.outputs))
        total += entries
        walked += entries * (roles[operation.outputs[0]].sort in ("rows", "gathered"))
    return 2 * walked >= total


def _turned(graph: Graph, count: int) -> Graph:
    """Write a constant matrix with the batch along its second axis as the transpose of one with rows."""
    constants, operations, specs = dict(graph.constants), [], list(graph.specs)
    for index, tensor in graph.constants.items():
        shape = specs[index].shape
        if len(shape) == 2 and shape[1] == count != shape[0]:
            specs.append(Spec(shape[::-1], specs[index].dtype))
            constants[len(specs) - 1] = Tensor(np.ascontiguousarray(tensor._value.T))
            del constants[index]
            operations.append(Operation(ROWS["transpose"], {"axes": (1, 0)}, (len(specs) - 1,), (index,)))
    return Graph(tuple(specs), graph.inputs, constants, (*operations, *graph.operations), graph.outputs)


def _batch(graph: Graph) -> int | None:
    """The size of the first axis that most of the memory has."""
    entries: Counter[int] = Counter()
    for operation in graph.operations:
        for index in operation.outputs:
            shape = graph.specs[index].shape
            if shape and shape[0] >= SMALLEST:
                entries[shape[0]] += math.prod(shape)
    return entries.most_common(1)[0][0] if entries else None


class _Analysis:
    def __init__(self, graph: Graph, count: int) -> None:
        self.graph, self.count = graph, count
        self.found: dict[int, Role] = {}

    def roles(self) -> dict[int, Role]:
        for index in (*self.graph.inputs, *self.graph.constants):
            self.found[index] = Role("source" if self._lead(index) else "whole", 0)
        for operation in self.graph.operations:
            role = self._of_rows(operation) if self._meets_rows(operation) else None
            if role is None:
                role = Role("whole", max((self._after(i) for i in operation.inputs), default=0))
            for index in operation.outputs:
                self.found[index] = role
        return self.found

    def _lead(self, index: int) -> bool:
        shape = self.graph.specs[index].shape
        return bool(shape) and shape[0] == self.count

    def _after(self, index: int) -> int:
        """Before which walk the value is there as a whole."""
        role = self.found[index]
        return role.stage if role.sort in ("whole", "source") else role.stage + 1

    def _stage(self, index: int) -> int:
        """In which walk rows of the value can be read at the earliest."""
        role = self.found[index]
        return role.stage if role.sort in ("rows", "across") else self._after(index)

    def _meets_rows(self, operation: Operation) -> bool:
        sorts = {self.found[i].sort for i in operation.inputs}
        if sorts & {"rows", "across", "source"}:
            return True
        # A small value spread over the rows is spread in each tile.
        shape = self.graph.specs[operation.outputs[0]].shape
        return operation.primitive.name == "broadcast_to" and self.count in shape[:2]

    def _rows(self, index: int) -> bool:
        """Whether rows of the value can be read in a walk: its own, or those of a whole value with as many."""
        return self._lead(index) and self.found[index].sort in ("rows", "source", "whole")

    def _all(self, index: int) -> bool:
        """Whether the value is the same for all rows."""
        return self.found[index].sort in ("whole", "gathered", "source") or not self._lead(index)

    def _of_rows(self, operation: Operation) -> Role | None:
        """The role of an operation that keeps rows apart or gathers them; None if it does neither."""
        primitive, params = operation.primitive, operation.params
        if ROWS.get(primitive.name) is not primitive or len(operation.outputs) != 1:
            return None
        shapes = [self.graph.specs[i].shape for i in operation.inputs]
        shape = self.graph.specs[operation.outputs[0]].shape
        stage = max(self._stage(i) for i in operation.inputs)
        name, inputs = primitive.name, operation.inputs
        if (primitive.pointwise or name == "where") and shape[:1] == (self.count,):
            aligned = [len(s) == len(shape) and s[0] == self.count for s in shapes]
            if all(self._rows(i) if a else self._fixed(i) for i, a in zip(inputs, aligned, strict=True)):
                return Role("rows", stage)
            return None
        if name == "broadcast_to" and shape[:1] == (self.count,):
            by_rows = len(shapes[0]) == len(shape) and shapes[0][0] == self.count
            there = self._rows(inputs[0]) if by_rows else self._fixed(inputs[0])
            return Role("rows", stage) if there else None
        if name == "broadcast_to":
            along = len(shape) == 2 and shape[1] == self.count and math.prod(shapes[0]) == 1
            return Role("across", stage) if along and self._fixed(inputs[0]) else None
        if name == "matmul" and len(shapes[0]) == len(shapes[1]) == 2:
            if self._rows(inputs[0]) and self._fixed(inputs[1]):
                return Role("rows", stage)
            if self.found[inputs[0]].sort == "across" and self._rows(inputs[1]):
                return Role("gathered", stage)
            return None
        if len(inputs) != 1 and name != "concatenate":
            return None
        if not all(self._rows(i) for i in inputs):
            return None
        if name == "transpose":
            axes = params["axes"]
            if axes[0] == 0:
                return Role("rows", stage)
            return Role("across", stage) if axes == (1, 0) else None
        if name in ("sum", "max", "min"):
            return Role("gathered" if 0 in params["axis"] else "rows", stage)
        if name == "concatenate":
            return Role("rows", stage) if params["axis"] != 0 else None
        if name == "reshape":
            return Role("rows", stage) if shape[:1] == (self.count,) else None
        if name in ("getitem", "scatter"):
            index = params["index"]
            basic = all(isinstance(part, (slice, int)) for part in index)
            full = bool(index) and index[0] == slice(None)
            return Role("rows", stage) if basic and full and shape[:1] == (self.count,) else None
        return None

    def _fixed(self, index: int) -> bool:
        """Whether the value is there as a whole when a walk begins."""
        return self.found[index].sort in ("whole", "gathered", "source")


__all__ = ["GATHERING", "Role", "Rows", "analysed"]
