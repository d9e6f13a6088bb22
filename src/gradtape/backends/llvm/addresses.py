"""Where the entries of many arrays lie, found by machine code, which then runs a program on them.

A program is given its inputs and results by their addresses. To ask NumPy for one from Python takes longer than some
programs run, and so does a call through ctypes. The builtin function made here reads the addresses where NumPy's own
macros do: `PyArray_DATA`, and behind the head of a number's object; and calls the program while other threads may run
Python. If objects do not lie in memory as it assumes, NumPy is asked, and ctypes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .calling import NUMBER, SCALARS, Entry, layout
from .emit import Module
from .engine import Code

_DATA, _FLAGS = 16, 64  # in NumPy's PyArrayObject_fields, on machines of 64 bits
_CONTIGUOUS = 1  # NPY_ARRAY_C_CONTIGUOUS
_SIZE, _ITEMS = 16, 24  # in CPython's PyListObject


RUN = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
"""`run(table, record)`: a program; the record is an array of integers of which its own address is the first."""


def launch(values: Sequence[Any], table: int, record: int = 0) -> Sequence[Any]:
    """Write the addresses of values, one behind the other, to an address, and run a program on this table.

    Args:
        values: what the table begins with.
        table: its address.
        record: the address of a program's record (`RUN`); 0 to run none.

    Returns:
        the values, contiguous arrays or numbers, which must be kept until nobody reads at the addresses any more.
    """
    start = launcher()
    if type(values) is not list:
        values = list(values)
    if start is None or not start(values, table, record):
        values = [np.asarray(value, order="C") for value in values]
        if start is None or not start(values, table, record):
            place = (ctypes.c_void_p * len(values)).from_address(table)
            place[:] = [value.__array_interface__["data"][0] for value in values]
            if record:
                RUN(ctypes.c_int64.from_address(record).value)(table, record)
    return values


@lru_cache(maxsize=1)
def launcher() -> Callable[[list[Any], int, int], bool] | None:
    """The builtin function of `launch`; False, from it, for a list with something else than it can read."""
    if layout() is None or not _lies_as_assumed():
        return None
    module = Module()
    module.declare("PyLong_AsVoidPtr", "ptr", "ptr")
    module.declare("Py_IncRef", "void", "ptr")
    module.declare("PyEval_SaveThread", "ptr", "")
    module.declare("PyEval_RestoreThread", "void", "ptr")
    for name in module.declarations:
        module.imports[name] = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0
    kinds = {"ndarray": np.ndarray, **{s.__name__: s for s in (*SCALARS.values(), np.bool_)}}
    for name, thing in {**kinds, "True": True, "False": False}.items():
        module.declarations[f"object_{name}"] = f"@object_{name} = external global i8"
        module.imports[f"object_{name}"] = id(thing)
    module.functions.append(_text([name for name in kinds if name != "ndarray"]))
    return Entry(Code(module, ("entry",))).call


def _lies_as_assumed() -> bool:
    """Whether NumPy's arrays and Python's lists lie in memory as their headers say."""
    row, column = np.zeros((2, 3)), np.zeros((2, 3)).T
    things = [row, column]
    items = ctypes.c_void_p.from_address(id(things) + _ITEMS).value or 0
    return (
        ctypes.c_void_p.from_address(id(row) + _DATA).value == row.ctypes.data
        and ctypes.c_int.from_address(id(row) + _FLAGS).value & _CONTIGUOUS == 1
        and ctypes.c_int.from_address(id(column) + _FLAGS).value & _CONTIGUOUS == 0
        and ctypes.c_ssize_t.from_address(id(things) + _SIZE).value == 2
        and ctypes.c_void_p.from_address(items + 8).value == id(column)
    )


def _text(numbers: Sequence[str]) -> str:
    lines = [
        "define ptr @entry(ptr %self, ptr %arguments, i64 %count) {",
        "start:",
        "  %list = load ptr, ptr %arguments",
        "  %second = getelementptr ptr, ptr %arguments, i64 1",
        "  %address = load ptr, ptr %second",
        "  %to = call ptr @PyLong_AsVoidPtr(ptr %address)",
        f"  %sizep = getelementptr i8, ptr %list, i64 {_SIZE}",
        "  %size = load i64, ptr %sizep",
        f"  %itemsp = getelementptr i8, ptr %list, i64 {_ITEMS}",
        "  %items = load ptr, ptr %itemsp",
        "  br label %head",
        "head:",
        "  %i = phi i64 [ 0, %start ], [ %j, %found ]",
        "  %more = icmp ult i64 %i, %size",
        "  br i1 %more, label %body, label %done",
        "body:",
        "  %itemp = getelementptr ptr, ptr %items, i64 %i",
        "  %item = load ptr, ptr %itemp",
        "  %typep = getelementptr i8, ptr %item, i64 8",
        "  %type = load ptr, ptr %typep",
        "  %is_array = icmp eq ptr %type, @object_ndarray",
        "  br i1 %is_array, label %array, label %number",
        "array:",
        f"  %flagsp = getelementptr i8, ptr %item, i64 {_FLAGS}",
        "  %flags = load i32, ptr %flagsp",
        f"  %own = and i32 %flags, {_CONTIGUOUS}",
        "  %contiguous = icmp ne i32 %own, 0",
        f"  %datap = getelementptr i8, ptr %item, i64 {_DATA}",
        "  %data = load ptr, ptr %datap",
        "  br i1 %contiguous, label %found, label %other",
        "number:",
        f"  %behind = getelementptr i8, ptr %item, i64 {NUMBER}",
    ]
    known = "false"
    for name in numbers:
        lines.append(f"  %is_{name} = icmp eq ptr %type, @object_{name}")
        lines.append(f"  %or_{name} = or i1 {known}, %is_{name}")
        known = f"%or_{name}"
    lines += [
        f"  br i1 {known}, label %found, label %other",
        "found:",
        "  %at = phi ptr [ %data, %array ], [ %behind, %number ]",
        "  %slot = getelementptr ptr, ptr %to, i64 %i",
        "  store ptr %at, ptr %slot",
        "  %j = add nuw nsw i64 %i, 1",
        "  br label %head",
        "done:",
        "  %third = getelementptr ptr, ptr %arguments, i64 2",
        "  %given = load ptr, ptr %third",
        "  %record = call ptr @PyLong_AsVoidPtr(ptr %given)",
        "  %none = icmp eq ptr %record, null",
        "  br i1 %none, label %ran, label %run",
        "run:",
        "  %program = load ptr, ptr %record",
        "  %thread = call ptr @PyEval_SaveThread()",
        "  call void %program(ptr %to, ptr %record)",
        "  call void @PyEval_RestoreThread(ptr %thread)",
        "  br label %ran",
        "ran:",
        "  call void @Py_IncRef(ptr @object_True)",
        "  ret ptr @object_True",
        "other:",
        "  call void @Py_IncRef(ptr @object_False)",
        "  ret ptr @object_False",
        "}",
    ]
    return "\n".join(lines)


__all__ = ["RUN", "launch", "launcher"]
