"""Machine code from graphs, through llvmlite.

This file is the room's entrance. What lies behind it is loaded with the first program that is compiled, so that
`import gradtape` stays quick.
"""

from __future__ import annotations

import importlib.util
import math
from typing import Any

from ...core.graph import Graph
from .threads import get_threads, set_threads


def missing() -> str | None:
    """Why graphs cannot be compiled here, or None."""
    if importlib.util.find_spec("llvmlite") is None:
        return "llvmlite is not installed (pip install 'gradtape[compile]')"
    return None


def compile(graph: Graph) -> Any:
    """Make a graph ready to run."""
    from .loops import with_machine_loops
    from .lower import lowered
    from .program import Program
    from .tiles import tiled

    low = with_machine_loops(lowered(graph), compile)
    return tiled(low) or Program(low)


def entry(graph: Graph, floats: bool, structure: type | None) -> Any:
    """A builtin function for a program of numbers (see `calling.py`), None if the graph is not one."""
    if any(math.prod(spec.shape) != 1 for spec in graph.specs):
        return None  # without loading anything
    from . import calling

    return calling.entry(graph, floats, structure)


__all__ = ["compile", "entry", "get_threads", "missing", "set_threads"]
