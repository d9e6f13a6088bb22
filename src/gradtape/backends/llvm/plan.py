"""What is done in which order: the operations of a graph put into kernels, views and calls.

    view    an operation that only looks at its input otherwise (reshape, transpose, a slice): no step at all
    kernel  operations that work entry by entry on one shape, fused into one loop, with reductions of their results
    product a matrix product of moderate size, as machine code of its own
    other   an operation whose value is machine code already: a loop
    call    any other operation: its NumPy value

A value of a kernel stays in registers unless someone outside the kernel needs it. The steps are a sequence, and each
operation goes into the first kernel of its shape and kin at which its inputs are there; so no order has to be searched
for (`kin.py`).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import replace

import numpy as np

from ...core.graph import Graph, Operation
from ...core.spec import Spec
from ...core.tensor import ROWS, Tensor
from .again import Again
from .complex_mathematics import PAIR, real_of
from .kin import kin
from .kinds import KINDS
from .products import Shape
from .steps import REDUCTIONS, Call, Kernel, Machine, Other, Plan, Product, Step
from .views import LOOKS, View, contiguous, is_whole, part_of, parts
from .words import speaks

LARGEST_KERNEL = 200
"""So many operations at most are fused into one loop; more would only move values to and from the stack."""

ALONE = 8
"""Operations on so few entries share a kernel even as strangers, as the call counts for more than the loop."""

LARGEST_PRODUCT = 1 << 19
"""A product of more multiplications is left to BLAS."""

LARGEST_FACTOR = 1 << 14
"""And so is one whose second factor has more entries."""


LARGEST_STACK = 64
"""A stack of more products is left to NumPy: each is a step of its own."""


def plan(graph: Graph) -> Plan:
    """Put the operations of a graph into steps."""
    return _Planner(graph).plan()


class _Planner:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.specs = list(graph.specs)
        self.steps: list[Step] = []
        self.views: dict[int, View] = {}
        # The step in which a value is made, -1 for what is there before the first; and its kernel's shape.
        self.step: dict[int, int] = {}
        self.stored: set[int] = set()
        self.placed: set[int] = set()
        self.lanes: set[int] = set()  # what kernels make entry by entry
        self.numbers: dict[int, Tensor] = dict(graph.constants)
        for index in (*graph.inputs, *graph.constants):
            self.step[index] = -1
        self.again = Again(self, frozenset({"where", *REDUCTIONS}))
        self.kin = kin(graph)
        self.kernels: dict[
            tuple[tuple[int, ...], int], list[int]
        ] = {}  # the steps that are, by shape and kin

    def plan(self) -> Plan:
        ways = (
            self._as_part,
            self._as_pair,
            self._as_view,
            self._as_reduction,
            self._as_entries,
            self._as_product,
            self._as_parts,
        )
        for operation in self.graph.operations:
            if isinstance(operation.primitive.value, Machine):
                self._as_other(operation)
                continue
            for way in ways:
                if way(operation):
                    break
            else:
                self._as_call(operation)
        outputs = self._leaving()
        return Plan(
            replace(self.graph, constants=self.numbers),
            self.specs,
            self.steps,
            self.views,
            self.stored,
            self.placed,
            outputs,
        )

    def _leaving(self) -> list[int]:
        """The values that leave: a copy where an output is an input, a constant, a part of a value, or leaves twice."""
        outputs: list[int] = []
        taken = {*self.graph.inputs, *self.graph.constants}
        for index in self.graph.outputs:
            view, spec = self.view(index), self.specs[index]
            own = view.base not in taken and is_whole(view, spec.shape, self.specs[view.base].shape)
            entries = math.prod(spec.shape) and spec.dtype in KINDS  # else NumPy copies them
            outputs.append(index if own or not entries else self._copied(index))
            taken.add(view.base)
            self._demand(outputs[-1])
        return outputs

    # what is where

    def view(self, index: int) -> View:
        """A value as a view; of itself where it is none."""
        return self.views.get(index) or View(index, 0, contiguous(self.specs[index].shape))

    def base(self, index: int) -> int:
        """The value in whose memory a value lies."""
        view = self.views.get(index)
        return index if view is None else view.base

    def _demand(self, index: int) -> int:
        """Ask for a value in memory; the first step that can read it there."""
        base = self.base(index)
        self.stored.add(base)
        return self.step[base] + 1

    def _bound(self, index: int, shape: tuple[int, ...]) -> int:
        """The first kernel of this shape that can use a value: its own, where it is made in one."""
        if index in self.lanes and self.specs[index].shape == shape:
            return self.step[index]
        return self.step[self.base(index)] + 1

    def _kernel(self, shape: tuple[int, ...], first: int, value: int) -> int:
        """A kernel of this shape for the kin of a value, at this step or later."""
        own = -1 if math.prod(shape) <= ALONE else self.kin[value] if value < len(self.kin) else value
        places = self.kernels.setdefault((shape, own), [])
        for place in places[bisect_left(places, first) :]:
            if len(self.steps[place].operations) < LARGEST_KERNEL:  # type: ignore[union-attr]  # a kernel's
                return place
        self.steps.append(Kernel(shape))
        places.append(len(self.steps) - 1)
        return places[-1]

    def _use(self, inputs: tuple[int, ...], place: int) -> None:
        """Store what a kernel reads and does not make itself."""
        for index in inputs:
            if index in self.views or self.step[index] != place:
                self._demand(index)

    # what `again.py` asks

    def made_in(self, index: int, place: int) -> bool:
        """Whether the kernel at a place makes a value, entry by entry."""
        return index in self.lanes and index not in self.views and self.step[index] == place

    def is_number(self, index: int) -> bool:
        """Whether a value is one constant number, seen in whatever shape."""
        constant = self.numbers.get(self.base(index))
        return constant is not None and constant._value.size == 1

    def like(self, index: int) -> int:
        """A new value of the shape and dtype of another."""
        self.specs.append(self.specs[index])
        return len(self.specs) - 1

    def enter(self, operation: Operation, place: int) -> None:
        """Put an operation into the kernel at a place."""
        (output,) = operation.outputs
        self._use(operation.inputs, place)
        self.steps[place].operations.append(operation)  # type: ignore[union-attr]  # a kernel's
        self.step[output] = place
        self.lanes.add(output)

    # sorts of steps

    def _as_entries(self, operation: Operation) -> bool:
        """Fuse an operation that works entry by entry."""
        if not speaks(operation.primitive, operation.params, [self.specs[i] for i in operation.inputs]):
            return False
        (output,) = operation.outputs
        shape = self.specs[output].shape
        if math.prod(shape) == 0:
            return False
        first = max((self._bound(i, shape) for i in operation.inputs), default=0)
        place = self._kernel(shape, first, output if output < len(self.kin) else operation.inputs[0])
        near = tuple([self.again.near(i, place) for i in operation.inputs])
        self.enter(operation if near == operation.inputs else replace(operation, inputs=near), place)
        self.again.makers[output] = operation
        return True

    def _as_reduction(self, operation: Operation) -> bool:
        """End a kernel with a reduction over some axes."""
        primitive = operation.primitive
        if primitive.name not in REDUCTIONS or ROWS.get(primitive.name) is not primitive:
            return False
        (source,), (output,) = operation.inputs, operation.outputs
        own, spec = self.specs[source], self.specs[output]
        kind = KINDS.get(own.dtype)
        if kind is None or kind == "i1" or own.dtype != spec.dtype or not math.prod(own.shape):
            return False
        place = self._kernel(own.shape, self._bound(source, own.shape), source)
        self._use((source,), place)
        self.steps[place].reductions.append(operation)  # type: ignore[union-attr]
        self.step[output] = place
        self.stored.add(output)
        return True

    def _as_call(self, operation: Operation) -> None:
        if operation.primitive is ROWS.get(
            "matmul"
        ):  # BLAS takes rows or columns whose entries lie side by side
            inputs = [i if 1 in self.view(i).strides[-2:] else self._copied(i) for i in operation.inputs]
            operation = replace(operation, inputs=tuple(inputs))
        first = max((self._demand(i) for i in operation.inputs), default=0)
        assert first <= len(self.steps)
        self.steps.append(Call(operation))
        for output in operation.outputs:
            self.step[output] = len(self.steps) - 1
            self.stored.add(output)

    def _as_other(self, operation: Operation) -> None:
        """Let an operation be done by the machine code that it has."""
        machine: Machine = operation.primitive.value  # type: ignore[assignment]  # `plan` has looked
        inputs = tuple([self._copied(i) if self._is_spread(i) else i for i in operation.inputs])
        table, memory = len(self.specs), len(self.specs) + 1
        self.specs += [
            Spec(machine.table.shape, machine.table.dtype),
            Spec((machine.memory,), np.dtype("uint8")),
        ]
        self.numbers[table], self.step[table] = Tensor(machine.table), -1
        step = replace(operation, inputs=(*inputs, table), outputs=(*operation.outputs, memory))
        for index in step.inputs:
            self._demand(index)
        self.steps.append(Other(step, machine))
        for output in step.outputs:
            self.step[output] = len(self.steps) - 1
            self.stored.add(output)

    def _is_spread(self, index: int) -> bool:
        """Whether the entries of a value do not lie one behind the other."""
        shape = self.specs[index].shape
        return not is_whole(self.view(index), shape, shape)

    def _as_product(self, operation: Operation) -> bool:
        """Take a product of two matrices for machine code, or a stack of few, unless BLAS is better for its size."""
        if operation.primitive.name != "matmul" or ROWS.get("matmul") is not operation.primitive:
            return False
        first, second = operation.inputs
        (output,) = operation.outputs
        specs = [self.specs[i] for i in (first, second, output)]
        kind, rank = KINDS.get(specs[2].dtype), len(specs[2].shape)
        plain = all(len(s.shape) == rank and s.dtype == specs[2].dtype for s in specs)
        if kind not in ("float", "double") or not plain or specs[0].shape[:-2] != specs[1].shape[:-2]:
            return False
        *stack, rows, inner = specs[0].shape
        columns, count = specs[1].shape[-1], math.prod(stack)
        if len(stack) > 1 or not 0 < count <= LARGEST_STACK or not rows * inner * columns:
            return False
        if rows * inner * columns > LARGEST_PRODUCT or inner * columns > LARGEST_FACTOR:
            return False
        if columns > 1 and self.view(second).strides[-1] != 1:
            second = self._copied(second)
        *ahead, down, along = self.view(first).strides
        *behind, below, _ = self.view(second).strides
        apart = [*ahead, *behind] or [0, 0]
        if columns == down == 1 and along != 1:
            # The transposed product: the column is a row, and so is the result.
            first, second, apart = second, first, apart[::-1]
            shape = Shape(kind, 1, inner, rows, 0, below, along)
        else:
            shape = Shape(kind, rows, inner, columns, down, along, below)
        made = Operation(operation.primitive, {}, (first, second), (output,), operation.line)
        for index in made.inputs:
            self._demand(index)
        self.steps.append(Product(made, shape, count, (apart[0], apart[1], rows * columns)))
        self.step[output] = len(self.steps) - 1
        self.stored.add(output)
        return True

    def _as_parts(self, operation: Operation) -> bool:
        """Copy the inputs into parts of the result: joined along an axis, or put among zeros."""
        name = operation.primitive.name
        if ROWS.get(name) is not operation.primitive or name not in ("concatenate", "stack", "scatter"):
            return False
        (output,) = operation.outputs
        spec = self.specs[output]
        inputs = [self.specs[i] for i in operation.inputs]
        if KINDS.get(spec.dtype) is None or any(s.dtype != spec.dtype for s in inputs):
            return False
        if not math.prod(spec.shape) or not all(math.prod(s.shape) for s in inputs):
            return False
        whole = View(output, 0, contiguous(spec.shape))
        views = parts(operation, whole, spec.shape, [s.shape for s in inputs])
        if views is None:
            return False
        self.stored.add(output)
        first = 0
        if name == "scatter":
            first = 1 + self._copy(self._zero(spec), whole, spec, 0)
        places = [
            self._copy(source, view, own, first)
            for source, view, own in zip(operation.inputs, views, inputs, strict=True)
        ]
        self.step[output] = max(places)
        return True

    def _as_pair(self, operation: Operation) -> bool:
        """Copy two real values, or the parts of a complex one, to the places of the parts of a complex one."""
        (output, *_), (source, *_) = operation.outputs, operation.inputs
        spec = self.specs[output]
        if not math.prod(spec.shape):
            return False
        if operation.primitive is PAIR:
            self._join(output, operation.inputs)
            return True
        if operation.primitive is ROWS.get("identity") and spec.dtype.kind == "c":
            self._join(output, (self._part(source, 0), self._part(source, 1)))
            return True
        return False

    def _join(self, output: int, sources: tuple[int, ...]) -> None:
        spec = self.specs[output]
        self.stored.add(output)
        whole = View(output, 0, contiguous(spec.shape))
        places = [
            self._copy(source, part_of(whole, place), Spec(spec.shape, self.specs[source].dtype), 0)
            for place, source in enumerate(sources)
        ]
        self.step[output] = max(places)

    def _as_part(self, operation: Operation) -> bool:
        """Take the real or imaginary part of what is in memory for another look at it."""
        place = {"real": 0, "imag": 1}.get(operation.primitive.name)
        if place is None or ROWS.get(operation.primitive.name) is not operation.primitive:
            return False
        (output,), (source,) = operation.outputs, operation.inputs
        if self.specs[source].dtype.kind != "c" or not math.prod(self.specs[source].shape):
            return False
        self._demand(source)
        self.views[output] = part_of(self.view(source), place)
        return True

    def _copy(self, source: int, view: View, spec: Spec, first: int) -> int:
        """Write a value into a part of another in a step from `first` on; the step."""
        self.specs.append(spec)
        copy = len(self.specs) - 1
        place = self._kernel(spec.shape, max(first, self._bound(source, spec.shape)), source)
        self._use((source,), place)
        self.steps[place].operations.append(Operation(ROWS["identity"], {}, (source,), (copy,)))  # type: ignore[union-attr]
        self.step[copy] = place
        self.views[copy] = view
        self.placed.add(copy)
        return place

    def _zero(self, spec: Spec) -> int:
        """Zeros of a shape: one number, seen everywhere."""
        number = len(self.specs)
        self.specs += [Spec((), spec.dtype), spec]
        self.numbers[number] = Tensor(spec.dtype.type(0))
        self.step[number] = -1
        self.views[number + 1] = View(number, 0, (0,) * len(spec.shape))
        return number + 1

    def _as_view(self, operation: Operation) -> bool:
        """Take an operation for another look at its input."""
        look = LOOKS.get(operation.primitive.name)
        if look is None or ROWS.get(operation.primitive.name) is not operation.primitive:
            return False
        (source,), (output,) = operation.inputs, operation.outputs
        shape = self.specs[source].shape
        if not math.prod(shape) or not math.prod(self.specs[output].shape):
            return False
        view = self.view(source)
        found = look(view, shape, self.specs[output].shape, operation.params)
        if found is None:
            if operation.primitive.name != "reshape":
                return False
            source = self._copied(source)
            found = look(self.view(source), shape, self.specs[output].shape, operation.params)
        self._demand(source)
        self.views[output] = found
        return True

    def _copied(self, source: int) -> int:
        """A contiguous copy of a value."""
        spec = self.specs[source]
        self.specs.append(spec)
        copy = len(self.specs) - 1
        operation = Operation(ROWS["identity"], {}, (source,), (copy,))
        if not self._as_pair(operation) and not self._as_entries(operation):
            self._as_call(operation)
        return copy

    def _part(self, source: int, place: int) -> int:
        """The real or imaginary part of a complex value."""
        spec = self.specs[source]
        self.specs.append(Spec(spec.shape, real_of(spec.dtype)))
        self._demand(source)
        self.views[len(self.specs) - 1] = part_of(self.view(source), place)
        return len(self.specs) - 1


__all__ = ["LARGEST_FACTOR", "LARGEST_PRODUCT", "plan"]
