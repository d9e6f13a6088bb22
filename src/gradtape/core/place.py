"""Where in the user's program something happens: the innermost frame outside this package, or outside libraries."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass, field
from functools import cache
from types import CodeType, FrameType

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


@cache
def installed() -> tuple[str, ...]:
    """Folders of what is installed: Python's own library, and packages. Python takes a millisecond to find them."""
    paths = sysconfig.get_paths()
    return tuple({paths[kind] + os.sep for kind in ("stdlib", "platstdlib", "purelib", "platlib")})


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a program and the function that it is in, where known; its text is `file:line`."""

    file: str
    line: int
    function: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def user_frame(inside: int = 1) -> FrameType:
    """The innermost frame outside this package; the outermost one if there is none.

    `inside` is how many frames are known to lie in the package; frames that are not looked at cost nothing.
    """
    frame = sys._getframe(inside)
    while frame.f_code.co_filename.startswith(PACKAGE) and (outer := frame.f_back) is not None:
        frame = outer
    return frame


def place_at(code: CodeType, instruction: int) -> Place:
    """The line of an instruction (`frame.f_lasti`). Asking the frame for it at once costs most of a microsecond."""
    lines = [line for start, end, line in code.co_lines() if start <= instruction < end and line is not None]
    return Place(code.co_filename, lines[0] if lines else code.co_firstlineno, code.co_qualname)


def user_place() -> Place:
    """The line of the user's program that is being executed."""
    return place_of(user_frame())


def place_of(frame: FrameType) -> Place:
    """The line that a frame executes."""
    return Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname)


def program_frame(frame: FrameType) -> FrameType:
    """The innermost frame from this one on that is in no installed library; this one if all are."""
    at: FrameType | None = frame
    while at is not None and at.f_code.co_filename.startswith((*installed(), PACKAGE, "<frozen ")):
        at = at.f_back
    return frame if at is None else at
