"""`scipy.integrate` on tensors: integrals, trajectories and sums over samples, differentiable in all they depend on.

Functions may close over tensors. Where nothing that a tape follows is found, SciPy does the work.
"""

from . import integrate_functions, integrate_samples
from .meaning import entered, namespace

PARTS = (integrate_functions, integrate_samples)
"""The files whose functions these are."""

__getattr__, __dir__ = namespace("integrate")
__all__ = entered("integrate")
