"""How the loops of a program follow one another: a list of steps as data, and the function that goes through it.

Long programs have many steps and few different loops, so a step is not code. It says which loop is called, and where
each of its pointers comes from: a place in the program's table of pointers, and a distance in bytes from there. The
function is the same for all programs, and compiled once: LLVM takes longer over it than over a simple loop.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from .emit import Module
from .engine import Code


@dataclass(frozen=True, slots=True)
class Step:
    """A loop by its name, and where its pointers come from: (place in the table, bytes from there)."""

    function: str
    places: tuple[tuple[int, int], ...]
    address: int = 0
    """Of a function that is there already; it has no name."""


def opened(pointers: Sequence[str]) -> list[str]:
    """The first lines of a loop, which is given an array of its pointers, `%given`: what it calls each of them."""
    lines = []
    for number, pointer in enumerate(pointers):
        lines.append(f"  %given{number} = getelementptr ptr, ptr %given, i64 {number}")
        lines.append(f"  {pointer} = load ptr, ptr %given{number}")
    return lines


class Driver:
    """Writes down the steps of one module, and how its loops are called."""

    def __init__(self) -> None:
        self.functions: dict[str, int] = {}

    def text(self, parts: Sequence[Sequence[Step]]) -> str:
        """The table of all loops of the steps, `@loops`."""
        for step in (step for part in parts for step in part if not step.address):
            self.functions.setdefault(step.function, len(self.functions))
        table = ", ".join(f"ptr @{name}" for name in self.functions)
        return f"@loops = constant [{len(self.functions)} x ptr] [{table}]"

    def encoded(self, steps: Sequence[Step], loops: int) -> Any:
        """Steps as an array: the most pointers of one; then of each where its function is, and its pointers.

        Of the pointers it says how many there are, then place and distance of each.

        Args:
            steps: some that `text` was given.
            loops: where the table lies.
        """
        addresses = (ctypes.c_int64 * len(self.functions)).from_address(loops)
        numbers = [max(len(step.places) for step in steps)]
        for step in steps:
            own = step.address or addresses[self.functions[step.function]]
            numbers += (own, len(step.places))
            for place in step.places:
                numbers += place
        return np.array(numbers, np.int64)


@lru_cache(maxsize=1)
def driver() -> Code:
    """The function that goes through steps, `run(table, steps, length)`; and `start(table, record)`.

    The record of `start` (`addresses.py`) holds steps and length.
    """
    return Code(Module(functions=[_RUN, _START]), ("run", "start"))


_START = """define void @start(ptr %t, ptr %record) {
  %stepsp = getelementptr i64, ptr %record, i64 1
  %steps = load ptr, ptr %stepsp
  %lengthp = getelementptr i64, ptr %record, i64 2
  %length = load i64, ptr %lengthp
  call void @run(ptr %t, ptr %steps, i64 %length)
  ret void
}"""


_RUN = """define void @run(ptr %t, ptr %s, i64 %length) {
entry:
  %most = load i64, ptr %s
  %start = getelementptr i64, ptr %s, i64 1
  %given = alloca ptr, i64 %most
  %end = getelementptr i64, ptr %s, i64 %length
  br label %step
step:
  %at = phi ptr [ %start, %entry ], [ %after, %call ]
  %loop = load ptr, ptr %at
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
  call void %loop(ptr %given)
  %again = icmp ult ptr %after, %end
  br i1 %again, label %step, label %done
done:
  ret void
}"""
