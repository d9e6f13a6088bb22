"""A compiled graph as a callable: memory for its values, machine code between the calls to NumPy.

Kernels take their memory from a table of pointers, and those that follow one another are run by the machine code itself
(`driver.py`). Results get memory of their own at each call; what lies in between is in one block that calls take from
a pool and put back, so calls from several threads never share one.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.graph import Graph, evaluate
from .calls import into
from .driver import RUN, Driver, Step, driver
from .emit import STORED, Module, Unsupported
from .engine import Code
from .kernels import emit_kernel
from .plan import Call, Kernel, Plan, Product, plan
from .products import emit_product
from .views import View, contiguous

ALIGNMENT = 64


class Program:
    """Call it with the values of the inputs; it gives those of the outputs."""

    def __init__(self, graph: Graph, walk: Callable[[Program], str] | None = None) -> None:
        self.graph = graph
        self._walk = walk
        self.plan = plan(graph)
        if walk is not None and any(isinstance(step, Call) for step in self.plan.steps):
            raise Unsupported("a call to NumPy inside a walk")
        self._places()
        self._segments()
        self._pool: list[Any] = []

    # memory

    def _places(self) -> None:
        """Give every stored value a place in the table, and those in between a place in the block."""
        graph, specs = self.plan.graph, self.plan.specs
        bases = {self.plan.views[i].base if i in self.plan.views else i for i in graph.outputs}
        stored = sorted(self.plan.stored)
        self.slot = {value: place for place, value in enumerate(stored)}
        calls = [step for step in self.plan.steps if isinstance(step, Call)]
        self.into = {id(step): f for step in calls if (f := into(step.operation, specs)) is not None}
        called = {o for step in calls if id(step) not in self.into for o in step.operation.outputs}
        given = set(graph.inputs)
        self.results = [
            i for i in stored if i in bases and i not in given | called and i not in graph.constants
        ]
        between = set(stored) - bases - given - called - set(graph.constants)
        self.offsets, self.size = _arranged(self.plan, between)
        self.constants = {
            i: np.asarray(graph.constants[i]._value, order="C") for i in stored if i in graph.constants
        }
        self.shapes = {i: (specs[i].shape, specs[i].dtype) for i in stored}
        self.template = np.zeros(max(len(stored), 1), np.intp)
        for index, array in self.constants.items():
            self.template[self.slot[index]] = array.ctypes.data
        self.shifts = np.zeros_like(self.template)
        self.moved = np.zeros(len(self.template), bool)
        for index, offset in self.offsets.items():
            self.shifts[self.slot[index]] = offset
            self.moved[self.slot[index]] = True

    # code

    def _segments(self) -> None:
        """Write the machine code; `parts` are runs of its steps and the calls between, in order."""
        module = Module()
        parts: list[Any] = []
        for step in self.plan.steps:
            if isinstance(step, Call):
                parts.append(step)
                continue
            if not parts or isinstance(parts[-1], Call):
                parts.append([])
            parts[-1].append(
                self._emit_product(module, step)
                if isinstance(step, Product)
                else emit_kernel(module, step, self.plan, self.slot.__getitem__)
            )
        self.kernels = sum(len(part) for part in parts if isinstance(part, list))
        self.parts = parts
        if not self.kernels:
            self.code = None
            return
        steps, given = [part for part in parts if isinstance(part, list)], Driver()
        module.functions.append(given.text(steps))
        run = driver().address("run")
        if self._walk is not None:
            module.declare("run", "void", "ptr, ptr, i64")
            module.imports["run"] = run
            module.functions.append(self._walk(self))
        self.code = Code(module, ("loops", "walk") if self._walk is not None else ("loops",))
        loops = self.code.address("loops")
        self.parts = [given.encoded(part, loops) if isinstance(part, list) else part for part in parts]
        self._run = RUN(run)

    def _emit_product(self, module: Module, step: Product) -> Step:
        """A product of matrices."""
        name = emit_product(module, step.shape)
        size = STORED[step.shape.kind][1]
        places = []
        for index in (*step.operation.inputs, *step.operation.outputs):
            view = self.plan.views.get(index)
            places.append((self.slot[view.base if view else index], (view.offset if view else 0) * size))
        return Step(name, tuple(places))

    # running

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        table = self.template.copy()
        arrays: dict[int, Any] = dict(self.constants)
        for index, value in zip(self.graph.inputs, values, strict=True):
            arrays[index] = array = np.asarray(value, order="C")
            if index in self.slot:
                table[self.slot[index]] = array.ctypes.data
        for index in self.results:
            shape, dtype = self.shapes[index]
            arrays[index] = array = np.empty(shape, dtype)
            table[self.slot[index]] = array.ctypes.data
        block = self.block(table)
        if block is not None:
            self._between(arrays, block, -block.ctypes.data % ALIGNMENT)
        address = table.ctypes.data
        for part in self.parts:
            if isinstance(part, Call):
                self._call(part, arrays, table)
            else:
                self._run(address, part.ctypes.data, len(part))
        outputs = [self._output(index, arrays) for index in self.graph.outputs]
        self.release(block)
        return outputs

    def block(self, table: Any) -> Any:
        """Memory for what lies in between, entered into the table; None where nothing does."""
        if not self.size:
            return None
        try:
            block = self._pool.pop()
        except IndexError:
            block = np.empty(self.size + ALIGNMENT, np.uint8)
        start = block.ctypes.data + -block.ctypes.data % ALIGNMENT
        np.add(self.shifts, start, out=table, where=self.moved)
        return block

    def release(self, block: Any) -> None:
        """Put memory back for the next call."""
        if block is not None:
            self._pool.append(block)

    def _between(self, arrays: dict[int, Any], block: Any, first: int) -> None:
        """The values in the block that calls to NumPy read or write, as arrays."""
        for index in self._read_by_calls():
            shape, dtype = self.shapes[index]
            arrays[index] = np.ndarray(shape, dtype, block.data, first + self.offsets[index])

    def _read_by_calls(self) -> list[int]:
        if not hasattr(self, "_read"):
            views = self.plan.views
            read = {
                views[i].base if i in views else i
                for step in self.plan.steps
                if isinstance(step, Call)
                for i in (*step.operation.inputs, *step.operation.outputs)
            }
            read |= {views[i].base if i in views else i for i in self.graph.outputs}
            self._read = sorted(read & set(self.offsets))
        return self._read

    def _value(self, index: int, arrays: dict[int, Any]) -> Any:
        """A value as NumPy sees it: a scalar for rank 0, a view where it is one."""
        view = self.plan.views.get(index)
        if view is None:
            return arrays[index][()]
        return _seen(arrays[view.base], view, self.plan.specs[index].shape)

    def _call(self, step: Call, arrays: dict[int, Any], table: Any) -> None:
        operation = step.operation
        given = [self._value(i, arrays) for i in operation.inputs]
        write = self.into.get(id(step))
        with np.errstate(all="ignore"):
            if write is not None:
                write([arrays[i] for i in operation.outputs], given)
                return
            found = evaluate(operation, given)
        for index, value in zip(operation.outputs, found, strict=True):
            arrays[index] = array = np.asarray(value, order="C")
            table[self.slot[index]] = array.ctypes.data

    def _output(self, index: int, arrays: dict[int, Any]) -> Any:
        """An output in memory of its own."""
        value = self._value(index, arrays)
        if index in self.plan.views or index in self.graph.inputs or index in self.graph.constants:
            return np.array(value)[()]
        return value

    def describe(self) -> dict[str, Any]:
        """What `stats` tells of this program."""
        steps = self.plan.steps
        return {
            "backend": "llvm",
            "operations": len(self.graph),
            "kernels": self.kernels,
            "calls": [step.operation.primitive.name for step in steps if isinstance(step, Call)],
            "bytes": self.size,
            "from_disk": self.code is not None and self.code.from_disk,
        }


def _seen(array: Any, view: View, shape: tuple[int, ...]) -> Any:
    """A view of a contiguous array."""
    size = array.dtype.itemsize
    if array.size == math.prod(shape) and view.strides == contiguous(shape):
        return array.reshape(shape)[()]
    flat = array.reshape(-1)[view.offset :]
    return np.lib.stride_tricks.as_strided(flat, shape, [s * size for s in view.strides], writeable=False)[()]


def _arranged(plan: Plan, between: set[int]) -> tuple[dict[int, int], int]:
    """Places in the block for values of which each is needed from the step that makes it to the last that reads it."""
    made: dict[int, int] = {}
    last: dict[int, int] = {}
    for place, step in enumerate(plan.steps):
        operations = [*step.operations, *step.reductions] if isinstance(step, Kernel) else [step.operation]
        for operation in operations:
            for index in operation.outputs:
                base = plan.views[index].base if index in plan.views else index
                made[base] = min(made.get(base, place), place)
                last[base] = max(last.get(base, place), place)
            for index in operation.inputs:
                base = plan.views[index].base if index in plan.views else index
                last[base] = max(last.get(base, place), place)
    offsets: dict[int, int] = {}
    free: list[tuple[int, int]] = []  # (size, offset), sorted
    size = 0
    ends: dict[int, list[int]] = {}
    for index in between:
        ends.setdefault(last.get(index, made[index]), []).append(index)
    starts: dict[int, list[int]] = {}
    for index in sorted(between):
        starts.setdefault(made[index], []).append(index)
    for place in range(len(plan.steps)):
        for index in starts.get(place, ()):
            need = _bytes(plan, index)
            best = bisect_left(free, (need, 0))
            if best < len(free):
                found, offsets[index] = free.pop(best)
                if found > need:
                    insort(free, (found - need, offsets[index] + need))
            else:
                offsets[index] = size
                size += need
        for index in ends.get(place, ()):
            insort(free, (_bytes(plan, index), offsets[index]))
    return offsets, size


def _bytes(plan: Plan, index: int) -> int:
    spec = plan.specs[index]
    need = math.prod(spec.shape) * spec.dtype.itemsize
    return max(-(-need // ALIGNMENT) * ALIGNMENT, ALIGNMENT)
