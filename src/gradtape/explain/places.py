"""At which expression of the user's program an operation is applied, and by which way through the library.

A tape knows no lines. Whoever is asked for them (a tape made with `lines=True`, `gradtape report`) looks at the stack
when it is told of an operation. Code and instruction are noted; line and columns are read from them later, when a page
is written. Frames of this package, of Python's own library and of installed packages belong to the way, so that an
operation that SciPy applies stands at the line that called SciPy.
"""

from __future__ import annotations

import linecache
import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FrameType

from ..core.place import PACKAGE, installed

STEPS = 64  # operations of one rule that are told apart
RULES = (PACKAGE + "modes" + os.sep, PACKAGE + "jacobians.py", PACKAGE + "rows.py")


@dataclass(frozen=True, slots=True)
class Spot:
    """An expression of a program: file, line, first and last column (0: not known), and the function around it."""

    file: str
    line: int
    start: int
    stop: int
    function: str

    @property
    def text(self) -> str:
        """The line as it stands in the file, without its indentation."""
        return linecache.getline(self.file, self.line).strip()


@dataclass(frozen=True, slots=True)
class Trail:
    """How an operation came to be applied: the user's frame, the instruction in it, and the way from there.

    `key` is the same wherever the same expression applies the same operation in the same way; `entry` is the name of
    the library's function that the program called, `derived` whether a mode of differentiation asked for it.
    """

    frame: FrameType
    key: tuple[int, ...]
    entry: str
    derived: bool


@lru_cache(maxsize=4096)
def _passed(file: str) -> tuple[bool, bool]:
    """Whether a file belongs to the way through libraries, and whether it is a mode of differentiation."""
    foreign = file.startswith((*installed(), PACKAGE, "<frozen "))
    return foreign, file.startswith(RULES)


def trail() -> Trail:
    """The way from the user's program to the caller of the caller."""
    frame = sys._getframe(2)
    key: list[int] = []
    entry, derived = "", False
    first = frame
    while True:
        code = frame.f_code
        foreign, rules = _passed(code.co_filename)
        if not foreign:
            break
        derived = derived or rules
        entry = code.co_name
        key += (id(code), frame.f_lasti)
        if frame.f_back is None:
            frame, key = _main(first), []
            break
        frame = frame.f_back
    return Trail(frame, (id(frame.f_code), frame.f_lasti, *key), entry, derived)


def _main(frame: FrameType) -> FrameType:
    """The innermost frame of the main program, which may lie inside a library; the frame itself where there is none."""
    found: FrameType | None = frame
    while found is not None and found.f_globals.get("__name__") != "__main__":
        found = found.f_back
    return found or frame


@lru_cache(maxsize=64)
def _positions(code: CodeType) -> tuple[tuple[int | None, int | None, int | None, int | None], ...]:
    """Line, last line, first and last column of each instruction."""
    return tuple(code.co_positions())


def spot_of(code: CodeType, instruction: int) -> Spot:
    """The expression that an instruction belongs to."""
    positions = _positions(code)
    line, last, start, stop = positions[min(instruction // 2, len(positions) - 1)]
    if line is None:
        return Spot(code.co_filename, code.co_firstlineno, 0, 0, code.co_qualname)
    text = linecache.getline(code.co_filename, line)
    if start is None or stop is None:
        start = stop = 0
    else:
        start = _column(text, start)
        stop = _column(text, stop) if last == line else len(text.rstrip())
    return Spot(code.co_filename, line, start, stop, code.co_qualname)


def _column(text: str, count: int) -> int:
    """The column in characters from that in bytes, which is what Python keeps."""
    return len(text.encode("utf-8", "replace")[:count].decode("utf-8", "ignore"))
