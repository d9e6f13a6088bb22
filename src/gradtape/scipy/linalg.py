"""`scipy.linalg` on tensors: solving, factorizations, functions of matrices, structured matrices.

What SciPy takes to save memory or to check (`overwrite_a`, `check_finite`, `lwork`) has no effect on tensors. Any other
argument that has no meaning on them raises an error that says so.
"""

from . import linalg_factorizations, linalg_functions, linalg_solving, linalg_structured
from .meaning import entered, namespace

PARTS = (linalg_factorizations, linalg_functions, linalg_solving, linalg_structured)
"""The files whose functions these are."""

__getattr__, __dir__ = namespace("linalg")
__all__ = entered("linalg")
