"""`scipy.optimize` on tensors: roots and minima, differentiable in all that the function depends on.

Functions may close over tensors. Where nothing that a tape follows is found, SciPy does the work. What is found fulfils
a condition, and this says how it moves (docs/implicit.md); a derivative given by the caller is not needed.
"""

from . import optimize_minima, optimize_roots
from .meaning import entered, namespace

PARTS = (optimize_minima, optimize_roots)
"""The files whose functions these are."""

__getattr__, __dir__ = namespace("optimize")
__all__ = entered("optimize")
