"""What a kernel reads and writes, how it lies, and the axes along which loops are needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from ...core.graph import Operation, frozen
from .kinds import KINDS, STORED
from .steps import Kernel, Plan
from .views import broadcast_strides, contiguous

Place = tuple[int, int]
"""Where a value lies: a place in the table of pointers, and how many bytes from where that points (`Step`)."""

Places = Callable[[int], Place]


class Operand(NamedTuple):
    """A value that a kernel reads or writes: which, the kind of its entries, its strides along the axes."""

    value: int
    kind: str
    offset: int
    strides: tuple[int, ...]


class Operands:
    """The operands of a kernel.

    Attributes:
        loads, stores: what it reads, and which of its values it writes.
        folds: its reductions, and where each writes.
        operands: all of them, in this order.
        sizes: of the axes that a loop is needed for; axes that lie together in every operand are one.
        strides: of each operand, by its identity, along these axes.
        leaders: the operands whose places the loop is given, once they have been chosen (`lead`).
        leader, distance: of each operand, by its identity, the one from which it is so many bytes.
    """

    def __init__(self, kernel: Kernel, plan: Plan) -> None:
        self.kernel, self.plan = kernel, plan
        made = {operation.outputs[0] for operation in kernel.operations}
        used = [i for operation in (*kernel.operations, *kernel.reductions) for i in operation.inputs]
        self.loads = [
            self._operand(i) for i in dict.fromkeys(used) if i not in made and self.constant(i) is None
        ]
        self.stores = [self._operand(i) for i in sorted(made & (plan.stored | plan.placed))]
        self.folds = [(operation, self._folded(operation)) for operation in kernel.reductions]
        self.operands = [*self.loads, *self.stores, *(operand for _, operand in self.folds)]
        self.sizes, self.strides = self._collapsed()

    def constant(self, index: int) -> Any:
        """The constant tensor of one entry that a value is, seen in whatever shape; None if it is none."""
        view = self.plan.views.get(index)
        constant = self.plan.graph.constants.get(view.base if view else index)
        return constant if constant is not None and constant._value.size == 1 else None

    def kind(self, index: int) -> str:
        """The kind of the entries of a value."""
        return KINDS[self.plan.specs[index].dtype]

    def _operand(self, index: int) -> Operand:
        plan = self.plan
        view, shape = plan.views.get(index), plan.specs[index].shape
        strides = view.strides if view else contiguous(shape)
        along = (
            strides if shape == self.kernel.shape else broadcast_strides(strides, shape, self.kernel.shape)
        )
        return Operand(index, self.kind(index), view.offset if view else 0, along)

    def _folded(self, operation: Operation) -> Operand:
        """Where a reduction writes: along the axes it sums over, always to the same entry."""
        axes, shape = operation.params["axis"], self.kernel.shape
        kept = [1 if i in axes else n for i, n in enumerate(shape)]
        strides = tuple(
            0 if i in axes or kept[i] == 1 else math.prod(kept[i + 1 :]) for i in range(len(shape))
        )
        (output,) = operation.outputs
        return Operand(output, self.kind(output), 0, strides)

    def _collapsed(self) -> tuple[list[int], dict[int, list[int]]]:
        """The axes that a loop is needed for, with the strides of each operand (by its value) along them."""
        operands, sizes = self.operands, list[int]()
        whole = contiguous(self.kernel.shape)
        if all(operand.strides == whole for operand in operands):  # the usual case, much quicker
            size = math.prod(self.kernel.shape)
            return [size] * (size != 1), {id(operand): [1] * (size != 1) for operand in operands}
        strides: list[list[int]] = [[] for _ in operands]
        for axis, size in enumerate(self.kernel.shape):
            if size == 1:
                continue
            step = [operand.strides[axis] for operand in operands]
            if sizes and all(own[-1] == s * size for own, s in zip(strides, step, strict=True)):
                sizes[-1] *= size
                for own, s in zip(strides, step, strict=True):
                    own[-1] = s
            else:
                sizes.append(size)
                for own, s in zip(strides, step, strict=True):
                    own.append(s)
        return sizes, {id(operand): own for operand, own in zip(operands, strides, strict=True)}

    def step(self, operand: Operand) -> int:
        """How far apart the entries of an operand are along the innermost axis."""
        own = self.strides[id(operand)]
        return own[-1] if own else 0

    def revisited(self, operand: Operand) -> bool:
        """Whether a reduction comes back to an entry after others: then it is read, combined and written each time."""
        own = self.strides[id(operand)]
        return any(not stride for stride in own[:-1])

    def start(self, operand: Operand, places: Places) -> Place:
        """Where an operand begins; `places` says where a value does."""
        view = self.plan.views.get(operand.value)
        slot, distance = places(view.base if view else operand.value)
        return slot, distance + operand.offset * STORED[operand.kind][1]

    def lead(self, places: Places, together: bool) -> None:
        """Choose the operands whose places the loop is given, and how many bytes the others are behind theirs.

        Operands that go through the same memory in the same way need one pointer, where the distances between them
        may stand in the text: `together`.
        """
        led: dict[Any, Operand] = {}
        self.leader: dict[int, Operand] = {}
        self.distance: dict[int, int] = {}
        for operand in self.operands:
            slot, start = self.start(operand, places)
            size = STORED[operand.kind][1]
            way = slot, *[size * stride for stride in self.strides[id(operand)]]
            leader = led.setdefault(way if together else id(operand), operand)
            self.leader[id(operand)] = leader
            self.distance[id(operand)] = start - self.start(leader, places)[1]
        self.leaders = list(led.values())

    def key(self) -> Any:
        """All that the text of the loop depends on: the kernel, with its values numbered as they come."""
        specs, kernel, operands = self.plan.specs, self.kernel, self.operands
        place: dict[int, Any] = {}
        for number, operand in enumerate(operands):
            place.setdefault(operand.value, (number, operand.kind))
        for number, operation in enumerate(kernel.operations):
            output = operation.outputs[0]
            place.setdefault(output, (-1 - number, KINDS[specs[output].dtype]))

        def read(index: int) -> Any:
            found = place.get(index)
            if found is None:
                found = place[index] = frozen(self.constant(index)._value.reshape(-1)[0])
            return found

        return (
            tuple(self.sizes),
            tuple([(operand.kind, *self.strides[id(operand)]) for operand in operands]),
            len(self.loads),
            tuple(
                [
                    (
                        op.primitive.name,
                        frozen(op.params) if op.params else (),
                        *map(read, op.inputs + op.outputs),
                    )
                    for op in kernel.operations
                ]
            ),
            tuple([(op.primitive.name, read(op.inputs[0])) for op in kernel.reductions]),
        )


__all__ = ["Operand", "Operands"]
