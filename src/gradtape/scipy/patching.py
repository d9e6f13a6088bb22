"""SciPy's own modules with the meanings of this room, for programs that say `scipy.linalg.expm(t)`."""

from __future__ import annotations

from importlib import import_module
from typing import Self

from .meaning import MEANINGS, original, place

MODULES = ("integrate", "interpolate", "linalg", "optimize", "special", "stats")
"""SciPy's modules that have meanings here."""


class Patch:
    """What `patch` has bound anew; at the end of its `with` block SciPy is as it was before."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        _restore(self._names)


def patch() -> Patch:
    """Let SciPy's own functions answer tensors, until `unpatch` or the end of a `with` block.

    Names of `scipy.linalg` and the other modules are bound to functions that hand calls without tensors on to SciPy's.
    What a program imported by name before (`from scipy.linalg import expm`) stays SciPy's: patch first. It holds for
    the whole process; to patch twice changes nothing.

    >>> import numpy as np, scipy.linalg
    >>> import gradtape as gt
    >>> def angle(rate):
    ...     return scipy.linalg.expm(rate * np.array([[0.0, 1.0], [-1.0, 0.0]]))[0, 1]
    >>> with gt.scipy.patch():
    ...     print(round(gt.grad(angle)(gt.constant(0.5, dtype="float64")).numpy().item(), 4))  # cos(0.5)
    0.8776
    """
    for module in MODULES:
        import_module(f".{module}", __package__)
    bound = []
    for name, function in MEANINGS.items():
        holder, own = place(name)
        if getattr(holder, own) is not function:
            original(name)  # known before its name is taken
            setattr(holder, own, function)
            bound.append(name)
    return Patch(bound)


def unpatch() -> None:
    """Give SciPy's functions back their names."""
    _restore(list(MEANINGS))


def _restore(names: list[str]) -> None:
    for name in names:
        holder, own = place(name)
        setattr(holder, own, original(name))
