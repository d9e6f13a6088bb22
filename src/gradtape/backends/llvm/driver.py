"""How the loops of a program follow one another: a list of steps as data, and the function that goes through it.

Long programs have many steps and few different loops, so a step is not code. It says which loop is called, and where
each of its pointers comes from: a place in the program's table of pointers, and a distance in bytes from there. The
function is the same for all programs, and compiled once: LLVM takes longer over it than over a simple loop.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
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


LONGEST = 2000
"""So many lines of loops make a function, as LLVM takes 0.4 ms for each, whatever it does; beyond, nothing is saved."""


class Driver:
    """Puts the loops of a module into functions, and writes down the steps that call them.

    A function is given an array of the pointers of a loop, and which of its loops is asked for.
    """

    def __init__(self, loops: Mapping[str, list[str]]) -> None:
        self._functions: list[list[list[str]]] = []
        self._places: dict[str, tuple[int, int]] = {}  # of a loop: in which function, and which there
        length = LONGEST
        for name, lines in loops.items():
            if length + len(lines) > LONGEST:
                self._functions.append([])
                length = 0
            self._places[name] = len(self._functions) - 1, len(self._functions[-1])
            self._functions[-1].append(lines)
            length += len(lines)

    def text(self) -> str:
        """The functions, and a table of them, `@loops`."""
        table = ", ".join(f"ptr @loops_{number}" for number in range(len(self._functions)))
        texts = [_function(f"loops_{number}", loops) for number, loops in enumerate(self._functions)]
        return "\n".join([*texts, f"@loops = constant [{len(texts)} x ptr] [{table}]"])

    def encoded(self, steps: Sequence[Step], table: int) -> Any:
        """Steps as an array: the most pointers of one; then of each its function, which loop there, and its pointers.

        Of the pointers it says how many there are, then place and distance of each.

        Args:
            steps: some of the module's.
            table: where the table of functions lies.
        """
        addresses = (ctypes.c_int64 * len(self._functions)).from_address(table)
        numbers = [max(len(step.places) for step in steps)]
        for step in steps:
            function, number = (0, 0) if step.address else self._places[step.function]
            numbers += (step.address or addresses[function], number, len(step.places))
            for place in step.places:
                numbers += place
        return np.array(numbers, np.int64)


def _function(name: str, loops: Sequence[list[str]]) -> str:
    """A function that does one of some loops; each begins with its label."""
    labels = [lines[0][:-1] for lines in loops]
    cases = " ".join(f"i64 {number}, label %{label}" for number, label in enumerate(labels))
    return "\n".join(
        [
            f"define internal void @{name}(ptr %given, i64 %which) {{",
            f"  switch i64 %which, label %none [{cases}]" if len(loops) > 1 else f"  br label %{labels[0]}",
            *(line for lines in loops for line in lines),
            *(("none:", "  unreachable") if len(loops) > 1 else ()),
            "}",
        ]
    )


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
  %whichp = getelementptr i64, ptr %at, i64 1
  %which = load i64, ptr %whichp
  %countp = getelementptr i64, ptr %at, i64 2
  %count = load i64, ptr %countp
  %first = getelementptr i64, ptr %at, i64 3
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
  call void %loop(ptr %given, i64 %which)
  %again = icmp ult ptr %after, %end
  br i1 %again, label %step, label %done
done:
  ret void
}"""
