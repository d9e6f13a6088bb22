"""`scipy.interpolate` on tensors: splines and grids, differentiable in the data and where they are evaluated.

The points of the data are constants. An object made of a tensor, or evaluated at one, answers with tensors.
"""

from . import interpolate_grids, interpolate_pieces
from .meaning import entered, namespace

PARTS = (interpolate_grids, interpolate_pieces)
"""The files whose functions these are."""

__getattr__, __dir__ = namespace("interpolate")
__all__ = entered("interpolate")
