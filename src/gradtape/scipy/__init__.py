"""SciPy on tensors: its modules, names and arguments, with derivatives.

    from gradtape.scipy import linalg, stats     # in place of: from scipy import linalg, stats

A function here is SciPy's wherever it gets no tensor. Of a tensor it makes operations of the vocabulary, which are
recorded, compiled and differentiated to any order. What has no meaning on tensors raises an error instead of leaving
the tape. `patch` gives SciPy's own modules the same meanings, for programs that are to stay as they are.
"""

from importlib import import_module
from typing import Any

from .patching import MODULES, patch, unpatch

__all__ = ["integrate", "interpolate", "linalg", "optimize", "patch", "special", "stats", "unpatch"]


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; it has {', '.join(sorted(__all__))}"
        )
    return import_module(f".{name}", __name__)
