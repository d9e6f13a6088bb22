"""Where a recorded graph runs: `reference` goes through NumPy operation by operation; `llvm` makes machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.errors import said
from ..core.further_errors import MissingPackageError
from ..core.graph import Graph
from . import llvm, reference
from .loops import trimmed
from .passes import simplified
from .rolling import rolled

NAMES = ("llvm", "reference")


def compiled(graph: Graph, backend: str | None, warn: Callable[[str], None]) -> Any:
    """A graph, simplified, as a callable from the values of its inputs to those of its outputs.

    Args:
        graph: a well-formed graph.
        backend: one of `NAMES`; None for the fastest that is there.
        warn: told, at most once a process, that llvmlite is missing, and at each failure of the compiler.
    """
    simple = trimmed(simplified(rolled(graph)), simplified)
    if backend == "reference":
        return reference.compile(simple)
    missing = llvm.missing()
    if missing is not None:
        if backend == "llvm":
            raise MissingPackageError(missing)
        if not _said:
            _said.append(missing)
            warn(f"runs on the reference backend, operation by operation: {missing}")
        return reference.compile(simple)
    try:
        return llvm.compile(simple)
    except Exception as error:
        if backend == "llvm":
            raise
        warn(
            f"runs on the reference backend, as it could not be compiled: {type(error).__name__}: {said(error)}"
        )
        return reference.compile(simple)


_said: list[str] = []
