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
from .addresses import launch
from .calls import into
from .driver import Driver, Step, driver
from .emit import Module
from .engine import Code
from .kernels import emit_kernels
from .kinds import STORED, Unsupported
from .plan import plan
from .products import emit_product
from .steps import Call, Kernel, Other, Plan, Product
from .traffic import bytes_moved
from .views import View, is_whole

ALIGNMENT = 64


class Frame:
    """The memory of one call: the table of pointers, and the block in which lies what is in between."""

    __slots__ = ("address", "block", "seen", "table")

    def __init__(self, program: Program) -> None:
        self.table = program.template.copy()
        self.address: int = self.table.ctypes.data
        self.seen: dict[int, Any] = {}
        """The values in the block that NumPy reads or writes, as arrays."""
        if program.size:
            self.block = np.empty(program.size + ALIGNMENT, np.uint8)
            first = -self.block.ctypes.data % ALIGNMENT
            self.table[program.block_slot] = self.block.ctypes.data + first
            for index in program.read_by_calls():
                shape, dtype = program.shapes[index]
                start = first + program.offsets[index]
                self.seen[index] = np.ndarray(shape, dtype, self.block.data, start)


class Program:
    """Call it with the values of the inputs; it gives those of the outputs."""

    def __init__(self, graph: Graph, walk: Callable[[Program], str] | None = None, more: int = 0) -> None:
        """Compile a graph.

        Args:
            graph: what is to be computed.
            walk: writes a function `walk` that calls `run`, the function that goes through the steps.
            more: how many bytes that function needs in the block, behind what lies between the steps.
        """
        self.graph = graph
        self._walk = walk
        self._more = more
        self.plan = plan(graph)
        self.calls = [step for step in self.plan.steps if isinstance(step, Call)]
        if walk is not None and self.calls:
            raise Unsupported("a call to NumPy inside a walk")
        self._places()
        self._segments()
        self._pool: list[Frame] = []

    # memory

    def _places(self) -> None:
        """Give every stored value a place: one of its own in the table, or one in the block, which has one there.

        In the table come first the inputs in their order, then the results in that of the outputs.
        """
        graph, specs = self.plan.graph, self.plan.specs
        stored = sorted(self.plan.stored)
        self.into = {id(step): f for step in self.calls if (f := into(step.operation, specs)) is not None}
        called = {o for step in self.calls if id(step) not in self.into for o in step.operation.outputs}
        self.made_by_calls = called
        there = {*graph.inputs, *called, *graph.constants}
        results = self._results(there)
        self.made = [(shape, specs[i].dtype) for i, shape in results.items()]
        self.offsets, self.between = _arranged(self.plan, self.plan.stored - results.keys() - there)
        self.size = self.between + self._more
        self.constants = {
            i: np.asarray(graph.constants[i]._value, order="C") for i in stored if i in graph.constants
        }
        self.shapes = {i: (specs[i].shape, specs[i].dtype) for i in stored}
        rest = [i for i in stored if i in self.constants or i in called]
        self.slot = {value: place for place, value in enumerate((*graph.inputs, *results, *rest))}
        self.block_slot = len(self.slot)
        self.template = np.zeros(self.block_slot + 1, np.intp)
        for index, array in self.constants.items():
            self.template[self.slot[index]] = array.ctypes.data

    def _results(self, there: set[int]) -> dict[int, tuple[int, ...]]:
        """The values that get memory of their own at each call, as they leave, and the shapes in which they do.

        They are outputs, or those of which outputs are other looks at all entries. `leaves` has for each output its
        place among the inputs and results, and whether it is a number; None where it is to be copied.
        """
        specs, first = self.plan.specs, len(self.graph.inputs)
        found: dict[int, tuple[int, ...]] = {}
        self.leaves: list[tuple[int, bool] | None] = []
        for index in self.plan.outputs:
            base, shape = self._base(index), specs[index].shape
            whole = index == base or is_whole(self.plan.views[index], shape, specs[base].shape)
            if whole and base not in found and base not in there:
                self.leaves.append((first + len(found), not shape))
                found[base] = shape
            else:
                self.leaves.append(None)
        return found

    def _base(self, index: int) -> int:
        """The value in whose memory a value lies."""
        view = self.plan.views.get(index)
        return view.base if view else index

    def place(self, value: int) -> tuple[int, int]:
        """Where a stored value lies: the place in the table, and the distance in bytes from the pointer there."""
        return (self.block_slot, self.offsets[value]) if value in self.offsets else (self.slot[value], 0)

    # code

    def _segments(self) -> None:
        """Write the machine code; `parts` are runs of its steps and the calls between, in order."""
        module = Module()
        kernels = [step for step in self.plan.steps if isinstance(step, Kernel)]
        written = iter(emit_kernels(module, kernels, self.plan, self.place))
        parts: list[Any] = []
        for step in self.plan.steps:
            if isinstance(step, Call):
                parts.append(step)
                continue
            if not parts or isinstance(parts[-1], Call):
                parts.append([])
            parts[-1] += [next(written)] if isinstance(step, Kernel) else self._emit(module, step)
        self.kernels = sum(len(part) for part in parts if isinstance(part, list))
        self._first, self.parts = 0, parts
        if not self.kernels:
            self.code = None
            return
        steps, given = [part for part in parts if isinstance(part, list)], Driver(module.loops)
        module.functions.append(given.text())
        self._driver = driver()  # kept, as threads may make one each at first
        if self._walk is not None:
            module.declare("run", "void", "ptr, ptr, i64")
            module.imports["run"] = self._driver.address("run")
            module.functions.append(self._walk(self))
        self.code = Code(module, ("loops", "walk") if self._walk is not None else ("loops",))
        loops = self.code.address("loops")
        encoded = [given.encoded(part, loops) for part in steps]
        self.steps = [(part.ctypes.data, len(part)) for part in encoded]
        records = [np.array((self._driver.address("start"), *own), np.int64) for own in self.steps]
        self._kept = encoded, records  # the machine code reads them where they are
        addresses = iter(records)
        self.parts = [part if isinstance(part, Call) else next(addresses).ctypes.data for part in parts]
        if self.parts and not isinstance(self.parts[0], Call):
            self._first = self.parts.pop(0)

    def _emit(self, module: Module, step: Product | Other) -> list[Step]:
        """What is to be called for a step: a loop of the module, or a function that is there already."""
        given, made = step.operation.inputs, step.operation.outputs
        if isinstance(step, Other):
            order = (*given[:-1], *made[:-1], given[-1], made[-1])
            return [Step("", tuple(map(self._start, order)), step.machine.address)]
        name, size = emit_product(module, step.shape), STORED[step.shape.kind][1]
        starts = list(zip(map(self._start, (*given, *made)), step.apart, strict=True))
        return [
            Step(name, tuple((slot, distance + number * apart * size) for (slot, distance), apart in starts))
            for number in range(step.count)
        ]

    def _start(self, index: int) -> tuple[int, int]:
        """Where the first entry of a value lies, or of another look at one."""
        view = self.plan.views.get(index)
        slot, distance = self.place(self._base(index))
        return slot, distance + (view.offset * self.plan.specs[index].dtype.itemsize if view else 0)

    # running

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        frame = self.frame()
        made = [np.empty(shape, dtype) for shape, dtype in self.made]
        bound = launch([*values, *made], frame.address, self._first)
        if self.calls or None in self.leaves:
            outputs = self._rest(frame, bound)
        else:
            outputs = [bound[leaf[0]][()] if leaf[1] else bound[leaf[0]] for leaf in self.leaves]  # type: ignore[index]
        self.release(frame)
        return outputs

    def _rest(self, frame: Frame, bound: Sequence[Any]) -> list[Any]:
        """What follows the first run of steps where NumPy has a part in it; the outputs."""
        arrays = self._arrays(frame, bound)
        for part in self.parts:
            if isinstance(part, Call):
                self._call(part, arrays, frame.table)
            else:
                launch([], frame.address, part)
        return [
            self._copied(index, arrays) if leaf is None else bound[leaf[0]][()] if leaf[1] else bound[leaf[0]]
            for index, leaf in zip(self.plan.outputs, self.leaves, strict=True)
        ]

    def frame(self) -> Frame:
        """Memory for a call, its own until it is released."""
        try:
            return self._pool.pop()
        except IndexError:
            return Frame(self)

    def release(self, frame: Frame) -> None:
        """Put memory back for the next call."""
        self._pool.append(frame)

    def _arrays(self, frame: Frame, bound: Sequence[Any]) -> dict[int, Any]:
        """The values in memory as arrays, for NumPy."""
        arrays = self.constants | frame.seen
        for index, array in zip(self.slot, bound, strict=False):
            arrays[index] = np.asarray(array).reshape(self.plan.specs[index].shape)
        return arrays

    def read_by_calls(self) -> list[int]:
        """The values in the block that are needed as arrays: for calls to NumPy, or as outputs."""
        if not hasattr(self, "_read"):
            read = {
                self._base(i)
                for step in self.calls
                for i in (*step.operation.inputs, *step.operation.outputs)
            }
            read |= {self._base(i) for i in self.plan.outputs}
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
            array = np.asarray(value, order="C")
            if any(array is x or (array.base is not None and np.may_share_memory(array, x)) for x in given):
                array = array.copy()  # what it is a view of is written to by the next call
            arrays[index] = array
            table[self.slot[index]] = array.ctypes.data

    def _copied(self, index: int, arrays: dict[int, Any]) -> Any:
        """An output that would share its memory with something else."""
        value = self._value(index, arrays)
        own = index not in self.plan.views and index in self.made_by_calls
        return value if own else np.array(value)[()]

    def describe(self) -> dict[str, Any]:
        """What `stats` tells of this program."""
        return {
            "backend": "llvm",
            "operations": len(self.graph),
            "kernels": self.kernels,
            "calls": [step.operation.primitive.name for step in self.calls],
            "bytes": self.size,
            "moved": bytes_moved(self.plan),
            "from_disk": self.code is not None and self.code.from_disk,
        }


def _seen(array: Any, view: View, shape: tuple[int, ...]) -> Any:
    """A view of a contiguous array."""
    size = array.dtype.itemsize
    if is_whole(view, shape, array.shape):
        return array.reshape(shape)[()]
    if view.part:
        array = array.reshape(-1).view(array.real.dtype)
        size = array.dtype.itemsize
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
