"""NumPy's names for functions on tensors, where neither a row nor a composite answers under the name already.

The files `numpy_*.py` enter their functions here, under NumPy's name and with NumPy's arguments. What is entered here
comes before what the vocabulary has: `np.sum` takes `where` and `initial`, which the composite `sum` does not.
Names outside NumPy's own room are written with it, as `lib.stride_tricks.sliding_window_view`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from ..core.tensor import look
from ..core.vocabulary import Vocabulary

Function = TypeVar("Function", bound=Callable[..., Any])

NAMES: dict[str, Callable[..., Any]] = {}
"""Functions on tensors by NumPy's name."""

SCIPY: Vocabulary[Callable[..., Any]] = Vocabulary()
"""Functions on tensors by the name of SciPy's ufunc."""


def numpy_name(*names: str) -> Callable[[Function], Function]:
    """Enter a function under NumPy's names for it."""

    def enter(function: Function) -> Function:
        for name in names:
            NAMES[name] = function
        return function

    return enter


def scipy_name(*names: str) -> Callable[[Function], Function]:
    """Enter a function under the names of SciPy's ufunc."""

    def enter(function: Function) -> Function:
        for name in names:
            SCIPY[name] = function
        return function

    return enter


def value_of(x: Any, operation: str) -> Any:
    """The value of a tensor on its way out, or NumPy's array of anything else, whose floats are in double precision."""
    return look(x, operation) if hasattr(type(x), "_as_tensor") else np.asarray(x)
