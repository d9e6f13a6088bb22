"""Machine code from graphs, through llvmlite; nothing of it is imported before a graph is compiled."""

from __future__ import annotations

import importlib.util
from typing import Any

from ...core.graph import Graph
from . import calling
from .lower import lowered
from .program import Program
from .threads import get_threads, set_threads
from .tiles import tiled


def missing() -> str | None:
    """Why graphs cannot be compiled here, or None."""
    if importlib.util.find_spec("llvmlite") is None:
        return "llvmlite is not installed (pip install 'gradtape[compile]')"
    return None


def entry(program: Any, floats: bool, structure: type | None) -> Any:
    """A builtin function for a compiled program of numbers (see `calling.py`), None if it is not one."""
    return calling.entry(program.graph, floats, structure) if type(program) is Program else None


def compile(graph: Graph) -> Any:
    """Make a graph ready to run."""
    low = lowered(graph)
    return tiled(low) or Program(low)


__all__ = ["compile", "entry", "get_threads", "missing", "set_threads"]
