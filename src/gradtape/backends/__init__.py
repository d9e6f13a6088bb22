"""Where a recorded graph runs: `reference` goes through NumPy operation by operation; `llvm` makes machine code."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from ..core.errors import said
from ..core.further_errors import MissingPackageError
from ..core.graph import Graph
from . import llvm, reference
from .loops import trimmed
from .passes import simplified
from .rolling import rolled

NAMES = ("llvm", "reference")

_P = ParamSpec("_P")
_R = TypeVar("_R")


def uncollected(work: Callable[_P, _R]) -> Callable[_P, _R]:
    """The same function, while which Python's collector does not run, if it runs at all.

    A graph is many small objects, none of them garbage. The collector would look at them again and again, and at all
    else that the process holds: a tenth of the time to compile 20,000 operations.
    """

    @functools.wraps(work)
    def run(*args: _P.args, **settings: _P.kwargs) -> _R:
        collects = gc.isenabled()
        gc.disable()
        try:
            return work(*args, **settings)
        finally:
            if collects:
                gc.enable()

    return run


@uncollected
def prepared(graph: Graph) -> Graph:
    """A graph made as small as the passes can: repetitions as loops, simplified, without what loops do in vain."""
    return trimmed(simplified(rolled(graph)), simplified)


@uncollected
def entry(graph: Graph, backend: str | None, floats: bool, structure: type | None) -> Any:
    """A builtin function for a program of numbers, None where there is none (see `llvm/calling.py`).

    Args:
        graph: one that is `prepared`.
        backend: one of `NAMES`; None for the fastest that is there.
        floats: whether arguments and results are Python floats instead of tensors.
        structure: tuple or list for one of the outputs, None for the only output itself.
    """
    if backend == "reference" or llvm.missing() is not None:
        return None
    return llvm.entry(graph, floats, structure)


@uncollected
def compiled(graph: Graph, backend: str | None, warn: Callable[[str], None]) -> Any:
    """A graph as a callable from the values of its inputs to those of its outputs.

    Args:
        graph: one that is `prepared`.
        backend: one of `NAMES`; None for the fastest that is there.
        warn: told, at most once a process, that llvmlite is missing, and at each failure of the compiler.
    """
    if backend == "reference":
        return reference.compile(graph)
    missing = llvm.missing()
    if missing is not None:
        if backend == "llvm":
            raise MissingPackageError(missing)
        if not _said:
            _said.append(missing)
            warn(f"runs on the reference backend, operation by operation: {missing}")
        return reference.compile(graph)
    try:
        return llvm.compile(graph)
    except Exception as error:
        if backend == "llvm":
            raise
        warn(
            f"runs on the reference backend, as it could not be compiled: {type(error).__name__}: {said(error)}"
        )
        return reference.compile(graph)


_said: list[str] = []
