"""How the loops of a program follow one another: a list of steps as data, and the function that goes through it.

Long programs have many steps and few different loops, so a step is not code. It says which loop is called, and where
each of its pointers comes from: a place in the program's table of pointers, and a distance in bytes from there.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .emit import Module

RUN = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
"""`run(table, steps, length)`"""


@dataclass(frozen=True, slots=True)
class Step:
    """A loop by its name, and where its pointers come from: (place in the table, bytes from there)."""

    function: str
    places: tuple[tuple[int, int], ...]


class Driver:
    """Encodes the steps of one module, and writes the function that runs them."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.functions: dict[str, tuple[int, int]] = {}  # number, and how many pointers it takes

    def encoded(self, steps: Sequence[Step]) -> Any:
        """Steps as an array: for each the number of its loop, how many pointers, and place and distance of each."""
        numbers: list[int] = []
        for step in steps:
            numbers += self.functions.setdefault(step.function, (len(self.functions), len(step.places)))
            for place in step.places:
                numbers += place
        return np.array(numbers, np.int64)

    def text(self) -> str:
        """The driver, with a function for each loop that reads its pointers from an array."""
        names = [f"@{name}_given" for name in self.functions]
        table = ", ".join(f"ptr {name}" for name in names)
        parts = [f"@loops = internal constant [{len(names)} x ptr] [{table}]"]
        for name, (_, count) in self.functions.items():
            lines = [f"define internal void @{name}_given(ptr %a) {{"]
            for i in range(count):
                lines += [f"  %a{i} = getelementptr ptr, ptr %a, i64 {i}", f"  %p{i} = load ptr, ptr %a{i}"]
            given = ", ".join(f"ptr %p{i}" for i in range(count))
            parts += [*lines, f"  call void @{name}({given})", "  ret void", "}"]
        most = max(count for _, count in self.functions.values())
        return "\n".join([*parts, _RUN.replace("MOST", str(most))])


_RUN = """define void @run(ptr %t, ptr %s, i64 %length) {
entry:
  %given = alloca ptr, i64 MOST
  %end = getelementptr i64, ptr %s, i64 %length
  br label %step
step:
  %at = phi ptr [ %s, %entry ], [ %after, %call ]
  %number = load i64, ptr %at
  %countp = getelementptr i64, ptr %at, i64 1
  %count = load i64, ptr %countp
  %first = getelementptr i64, ptr %at, i64 2
  br label %pointer
pointer:
  %i = phi i64 [ 0, %step ], [ %j, %pointer ]
  %place = phi ptr [ %first, %step ], [ %after, %pointer ]
  %slot = load i64, ptr %place
  %distancep = getelementptr i64, ptr %place, i64 1
  %distance = load i64, ptr %distancep
  %basep = getelementptr ptr, ptr %t, i64 %slot
  %base = load ptr, ptr %basep
  %target = getelementptr i8, ptr %base, i64 %distance
  %own = getelementptr ptr, ptr %given, i64 %i
  store ptr %target, ptr %own
  %after = getelementptr i64, ptr %place, i64 2
  %j = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %j, %count
  br i1 %more, label %pointer, label %call
call:
  %loopp = getelementptr ptr, ptr @loops, i64 %number
  %loop = load ptr, ptr %loopp
  call void %loop(ptr %given)
  %again = icmp ult ptr %after, %end
  br i1 %again, label %step, label %done
done:
  ret void
}"""
