"""`scipy.special` on tensors: its ufuncs ask a tensor themselves; what is here are its functions that are none."""

from __future__ import annotations

from . import special_functions
from .meaning import entered, namespace

PARTS = (special_functions,)
"""The files whose functions these are."""

__getattr__, __dir__ = namespace("special")
__all__ = entered("special")
