"""Where in the user's program something happens: file and line of the innermost frame outside this package."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from types import FrameType

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a program; its text is `file:line`."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def user_frame() -> FrameType:
    """The innermost frame outside this package; the outermost one if there is none."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return frame


def user_place() -> Place:
    """The line of the user's program that is being executed."""
    frame = user_frame()
    return Place(frame.f_code.co_filename, frame.f_lineno)
