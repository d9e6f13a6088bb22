"""Programs of numbers, called straight from CPython: a function with the interpreter's fast calling convention.

The machine code checks the types of its arguments, reads the numbers out of them, computes without a loop, and makes
the result's objects itself: tensors that hold NumPy scalars, or Python floats. Where an argument is not what the
program was recorded for it returns None, and the ordinary way is taken.

What it assumes of objects in memory (where a tensor keeps its value, where a NumPy scalar keeps its number) is looked
up and tried out first; where that fails, as on an interpreter built otherwise, there is no such entry.
"""

from __future__ import annotations

import ctypes
import math
import struct
import sys
import sysconfig
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ...core.graph import Graph
from ...core.tensor import Tensor
from .emit import Lane, Module
from .engine import Code
from .entries import Entries, fits
from .kinds import KINDS
from .lower import lowered
from .verbs import Verbs

LARGEST = 4000
"""Programs of more operations are not worth an entry of their own."""

_FASTCALL = 0x80  # METH_FASTCALL of CPython's methodobject.h
NUMBER = (
    16  # where the number of a Python float or NumPy scalar lies: after the count of references and the type
)
SCALARS: dict[str, Any] = {"float": np.float32, "double": np.float64, "i32": np.int32, "i64": np.int64}
_FORMATS = {"float": "f", "double": "d", "i32": "i", "i64": "q"}


class _Method(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


class _Member(ctypes.Structure):
    """CPython's PyMemberDef."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("offset", ctypes.c_ssize_t),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


@lru_cache(maxsize=1)
def layout() -> tuple[int, int] | None:
    """Where a tensor keeps its value and its node; None if objects do not lie in memory as this file assumes."""
    if sys.implementation.name != "cpython" or struct.calcsize("P") != 8:
        return None
    if sysconfig.get_config_var("Py_GIL_DISABLED") or sysconfig.get_config_var("Py_TRACE_REFS"):
        return None
    if set(Tensor.__slots__) != {"__weakref__", "_node", "_value"}:
        return None  # a slot that would stay empty
    offsets = []
    for name in ("_value", "_node"):
        descriptor = Tensor.__dict__.get(name)
        if type(descriptor).__name__ != "member_descriptor":
            return None
        # PyMemberDescrObject: references, type, owner, name, qualified name, member.
        member = ctypes.c_void_p.from_address(id(descriptor) + 40).value or 0
        offsets.append(_Member.from_address(member).offset)
    trial = Tensor(np.float32(1.5))
    if ctypes.c_void_p.from_address(id(trial) + offsets[0]).value != id(trial._value):
        return None
    if ctypes.c_void_p.from_address(id(trial) + offsets[1]).value != id(None):
        return None
    for kind, scalar in SCALARS.items():
        number = scalar(3)
        if struct.unpack(_FORMATS[kind], ctypes.string_at(id(number) + NUMBER, number.itemsize)) != (3,):
            return None
    if ctypes.c_void_p.from_address(id(trial) + 8).value != id(Tensor):
        return None
    return offsets[0], offsets[1]


class Entry:
    """The machine code and the builtin function over it; the code lives as long as this object."""

    __slots__ = ("call", "code", "method")

    def __init__(self, code: Code) -> None:
        self.code = code
        self.method = _Method(b"program", code.address("entry"), _FASTCALL, None)
        make = ctypes.pythonapi.PyCFunction_NewEx
        make.restype = ctypes.py_object
        make.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
        # The builtin holds this object, and with it its own description and code, as its `self`.
        self.call: Callable[..., Any] = make(ctypes.addressof(self.method), _Kept(self), None)


class _Kept:
    """Holds what a builtin function needs, without holding the function."""

    __slots__ = ("code", "method")

    def __init__(self, entry: Entry) -> None:
        self.code, self.method = entry.code, entry.method


def entry(graph: Graph, floats: bool, structure: type | None) -> Callable[..., Any] | None:
    """A builtin function for a program of numbers, None if the graph is not one.

    Args:
        graph: the inputs are the arguments, in order.
        floats: whether arguments and results are Python floats instead of tensors.
        structure: tuple or list for one of the outputs, None for the only output itself.
    """
    if not _is_of_numbers(graph) or layout() is None:
        return None
    graph = lowered(graph)
    if not fits(graph):
        return None
    writer = _Writer(graph, floats, structure)
    writer.write()
    return Entry(Code(writer.module, ("entry",))).call


def _is_of_numbers(graph: Graph) -> bool:
    if len(graph.operations) > LARGEST:
        return False
    used = [*graph.inputs, *graph.outputs]
    if any(KINDS.get(graph.specs[i].dtype) not in SCALARS for i in used):
        return False
    if any(graph.specs[i].shape for i in used):
        return False
    return all(math.prod(spec.shape) == 1 for spec in graph.specs)


class _Writer:
    """The text of one entry."""

    def __init__(self, graph: Graph, floats: bool, structure: type | None) -> None:
        self.graph, self.floats, self.structure = graph, floats, structure
        self.module = Module()
        self.e = Verbs(self.module)
        self.e.begin("start")
        self.entries = Entries(self.e, graph)

    def write(self) -> None:
        e, graph = self.e, self.graph
        for name, result, arguments in (
            ("PyType_GenericAlloc", "ptr", "ptr, i64"),
            ("PyFloat_FromDouble", "ptr", "double"),
            ("PyTuple_New", "ptr", "i64"),
            ("PyTuple_SetItem", "i32", "ptr, i64, ptr"),
            ("PyList_New", "ptr", "i64"),
            ("PyList_SetItem", "i32", "ptr, i64, ptr"),
            ("Py_IncRef", "void", "ptr"),
        ):
            self.module.declare(name, result, arguments)
            self.module.imports[name] = (
                ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0
            )
        self._require(e.line(f"icmp eq i64 %count, {len(graph.inputs)}"))
        for place, index in enumerate(graph.inputs):
            self.entries.known[index] = self.entries.named([self._read(place, index)], ())
        self.entries.write()
        made = [self._made(self.entries.lanes_of(i)[0], i) for i in graph.outputs]
        if self.structure is None:
            e.lines.append(f"  ret ptr {made[0]}")
        else:
            kind = "PyTuple" if self.structure is tuple else "PyList"
            whole = e.line(f"call ptr @{kind}_New(i64 {len(made)})")
            self._must(whole)
            for place, part in enumerate(made):
                e.line(f"call i32 @{kind}_SetItem(ptr {whole}, i64 {place}, ptr {part})")
            e.lines.append(f"  ret ptr {whole}")
        none = self._object(None)
        self.module.functions.append(
            "\n".join(
                [
                    "define ptr @entry(ptr %self, ptr %arguments, i64 %count) {",
                    *e.lines,
                    "other:",
                    f"  call void @Py_IncRef(ptr {none})",
                    f"  ret ptr {none}",
                    "fail:",
                    "  ret ptr null",
                    "}",
                ]
            )
        )

    def _object(self, thing: Any) -> str:
        """An object of the interpreter; where it lies is said when the code is loaded."""
        name = f"object_{getattr(thing, '__name__', thing)}"
        self.module.declarations.setdefault(name, f"@{name} = external global i8")
        self.module.imports[name] = id(thing)
        return f"@{name}"

    def _kind(self, index: int) -> str:
        return KINDS[self.graph.specs[index].dtype]

    def _require(self, condition: str) -> None:
        """Go the ordinary way unless a condition holds."""
        label = self.e.label()
        self.e.lines.append(f"  br i1 {condition}, label %{label}, label %other")
        self.e.begin(label)

    def _must(self, pointer: str) -> None:
        """Give up, with the error that is set, where there was no memory."""
        missing = self.e.line(f"icmp eq ptr {pointer}, null")
        label = self.e.label()
        self.e.lines.append(f"  br i1 {missing}, label %fail, label %{label}")
        self.e.begin(label)

    def _field(self, pointer: str, offset: int, kind: str = "ptr") -> str:
        place = self.e.line(f"getelementptr i8, ptr {pointer}, i64 {offset}")
        return self.e.line(f"load {kind}, ptr {place}, align {4 if kind in ('float', 'i32') else 8}")

    def _typed(self, pointer: str, kind: type) -> None:
        """Require an object to be of a type."""
        own = self._field(pointer, 8)
        self._require(self.e.line(f"icmp eq ptr {own}, {self._object(kind)}"))

    def _read(self, place: int, index: int) -> Lane:
        given = self._field("%arguments", 8 * place)
        kind = self._kind(index)
        if self.floats:
            self._typed(given, float)
            return Lane(self._field(given, NUMBER, "double"), "double")
        self._typed(given, Tensor)
        offsets = layout()
        assert offsets is not None
        scalar = self._field(given, offsets[0])
        self._typed(scalar, SCALARS[kind])
        return Lane(self._field(scalar, NUMBER, kind), kind)

    def _made(self, lane: Lane, index: int) -> str:
        """A new object for a result."""
        e, kind = self.e, self._kind(index)
        if self.floats and kind == "double":
            number = e.line(f"call ptr @PyFloat_FromDouble(double {lane.name})")
            self._must(number)
            return number
        scalar = e.line(f"call ptr @PyType_GenericAlloc(ptr {self._object(SCALARS[kind])}, i64 0)")
        self._must(scalar)
        place = e.line(f"getelementptr i8, ptr {scalar}, i64 {NUMBER}")
        e.lines.append(f"  store {kind} {lane.name}, ptr {place}, align 4")
        tensor = e.line(f"call ptr @PyType_GenericAlloc(ptr {self._object(Tensor)}, i64 0)")
        self._must(tensor)
        offsets = layout()
        assert offsets is not None
        none = self._object(None)
        e.lines.append(f"  call void @Py_IncRef(ptr {none})")
        for offset, content in zip(offsets, (scalar, none), strict=True):
            slot = e.line(f"getelementptr i8, ptr {tensor}, i64 {offset}")
            e.lines.append(f"  store ptr {content}, ptr {slot}, align 8")
        return tensor
