"""What the lines around the caller say: what tensors are called there, and where a name changed its meaning.

Only the frame that asks is looked at, and only when it asks. Nothing here is needed for an explanation: a program
without source text, or one whose tensors have no names, gets one without names.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from ..core.place import Place
from ..core.tensor import Tensor
from ..core.variable import Variable


def name_of(obj: Any, frame: FrameType) -> str | None:
    """What an object is called in a frame; a variable that has no name there gives its own."""
    for names in (frame.f_locals, frame.f_globals):
        for name, value in names.items():
            if value is obj and name.isidentifier() and not name.startswith("_"):
                return name
    return obj.name if isinstance(obj, Variable) and obj.name != "Variable:0" else None


def held(frame: FrameType) -> Iterator[tuple[str, Tensor | Variable]]:
    """The tensors and variables that have names in a frame."""
    for name, value in {**frame.f_globals, **frame.f_locals}.items():
        if isinstance(value, (Tensor, Variable)):
            yield name, value


def let_go(frame: FrameType) -> None:
    """Drop the picture of a function's names that looking at them has left in its frame.

    Python before 3.13 keeps it until the function ends, and with it tensors that the program has deleted. Where the
    program holds that very dictionary itself (`kept = locals()`), it stays: two references are the frame's and ours.
    """
    if frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        names = frame.f_locals
        if type(names) is dict and sys.getrefcount(names) <= 3:  # the third is that of the call
            names.clear()


def other_threads(frame: FrameType) -> list[str]:
    """The names in a frame of threads, pools of workers and their results."""
    futures = sys.modules.get("concurrent.futures")  # whoever has a pool has loaded it
    kinds = (threading.Thread,) if futures is None else (threading.Thread, futures.Executor, futures.Future)
    return [
        name
        for name, value in {**frame.f_globals, **frame.f_locals}.items()
        if isinstance(value, kinds) and value is not threading.current_thread()
    ]


def replacement(name: str, frame: FrameType) -> Place | None:
    """Where a name that was given a Variable in this function (or file) was last given something else."""
    code = frame.f_code
    try:
        scope: ast.AST = ast.parse("".join(linecache.getlines(code.co_filename, frame.f_globals)))
    except (SyntaxError, ValueError):
        return None
    if code.co_name != "<module>":
        for part in ast.walk(scope):
            if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)) and part.name == code.co_name:
                inside = part.lineno <= frame.f_lineno <= (part.end_lineno or part.lineno)
                scope = part if inside else scope
    made, other = False, None
    for line, value in sorted(_given(name, scope), key=lambda pair: pair[0]):
        if _makes_variable(value):
            made = True
        elif made:
            other = line
    return None if other is None else Place(code.co_filename, other)


def _given(name: str, scope: ast.AST) -> Iterator[tuple[int, ast.expr]]:
    """Line and expression of each assignment to a name."""
    for part in ast.walk(scope):
        if isinstance(part, ast.Assign):
            targets = part.targets
        elif isinstance(part, (ast.AugAssign, ast.AnnAssign)):
            targets = [part.target]
        else:
            continue
        if part.value is not None and any(isinstance(t, ast.Name) and t.id == name for t in targets):
            yield part.lineno, part.value


def _makes_variable(value: ast.expr) -> bool:
    """Whether an expression is a call such as `tf.Variable(3.0)`."""
    if not isinstance(value, ast.Call):
        return False
    function = value.func
    return (
        function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    ) == "Variable"
