"""The methods that NumPy's arrays have, for tensors: `x.sum()`, `x.mean(axis=0)`, `x.astype(np.float64)`, `x.dot(y)`.

Each is NumPy's function of the same name, and so recorded as this is. What a method of an array would change in place
is refused with the rewrite: tensors do not change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from . import errors
from .holder import Holder


def _method(name: str) -> Callable[..., Any]:
    """NumPy's function of this name, as a method of its first argument."""
    function = getattr(np, name)

    def method(self: Any, *args: Any, **settings: Any) -> Any:
        return function(self, *args, **settings)

    method.__name__ = name
    method.__doc__ = f"`np.{name}` of it."
    return method


def _refused(name: str, rewrite: str) -> Callable[..., NoReturn]:
    """A method that would write into the array."""

    def method(self: Any, *args: Any, **settings: Any) -> NoReturn:
        raise errors.InPlaceError(
            f"t.{name}(...) would write into t, and tensors do not change; write {rewrite}"
        )

    method.__name__ = name
    method.__doc__ = f"Refused: write {rewrite}."
    return method


class ArrayMethods(Holder):
    """NumPy's methods over the functions of the same name, for tensors and variables."""

    __slots__ = ()

    all = _method("all")
    any = _method("any")
    argmax = _method("argmax")
    argmin = _method("argmin")
    argsort = _method("argsort")
    choose = _method("choose")
    clip = _method("clip")
    conj = _method("conj")
    conjugate = _method("conjugate")
    cumprod = _method("cumprod")
    cumsum = _method("cumsum")
    diagonal = _method("diagonal")
    dot = _method("dot")
    flatten = _method("ravel")
    max = _method("max")
    mean = _method("mean")
    min = _method("min")
    nonzero = _method("nonzero")
    prod = _method("prod")
    ravel = _method("ravel")
    repeat = _method("repeat")
    round = _method("round")
    searchsorted = _method("searchsorted")
    squeeze = _method("squeeze")
    std = _method("std")
    sum = _method("sum")
    swapaxes = _method("swapaxes")
    take = _method("take")
    trace = _method("trace")
    var = _method("var")

    fill = _refused("fill", "t = gt.fill(t.shape, value)")
    partition = _refused("partition", "t = np.partition(t, kth)")
    put = _refused("put", "t = t.at[indices].set(values)")
    resize = _refused("resize", "t = np.resize(t, shape)")
    sort = _refused("sort", "t = np.sort(t)")

    def compress(self, condition: Any, axis: int | None = None) -> Any:
        """`np.compress` of it: the slices at which the condition holds."""
        return np.compress(condition, self, axis)

    def reshape(self, *shape: Any, order: Any = "C") -> Any:
        """`np.reshape` of it; the sizes as one tuple or one by one."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, order=order)

    def transpose(self, *axes: Any) -> Any:
        """`np.transpose` of it; the axes as one tuple or one by one, in reverse order where there are none."""
        given = axes[0] if len(axes) == 1 else axes or None
        return np.transpose(self, given)
