"""How a composite is entered, and how axes, shapes, lists and indices are read as users write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from ..core import errors
from ..core.tensor import FUNCTIONS, Tensor, look

Function = TypeVar("Function", bound=Callable[..., Any])


def composite(*names: str) -> Callable[[Function], Function]:
    """Enter a function under NumPy's name for it."""

    def enter(function: Function) -> Function:
        for name in names:
            FUNCTIONS[name] = function
        return function

    return enter


def axes_of(axis: Any, ndim: int, name: str) -> tuple[int, ...]:
    """The axes as non-negative numbers: all of them for None.

    Raises:
        TypeError: for an axis that is no integer.
        ValueError: for an axis out of range or given twice.
    """
    if axis is None:
        return tuple(range(ndim))
    numbers = np.asarray(axis).reshape(-1)
    if numbers.size and numbers.dtype.kind not in "iu":
        raise errors.ArgumentTypeError(f"{name}: axis must be an integer or a list of integers, not {axis!r}")
    given = [int(a) for a in numbers]
    for a in given:
        if not -ndim <= a < ndim:
            raise errors.ShapeError(f"{name}: axis {a} is out of range for a tensor of rank {ndim}")
    axes = tuple(a % ndim for a in given)
    if len(set(axes)) < len(axes):
        raise errors.ShapeError(f"{name}: an axis is given twice in {axis!r}")
    return axes


def shape_of(shape: Any) -> tuple[int, ...]:
    """A shape given as a number, a sequence of numbers or an integer tensor."""
    if isinstance(shape, (int, np.integer)):
        return (int(shape),)
    sizes = shape.tolist() if hasattr(shape, "tolist") else shape
    try:
        return (int(sizes),) if not isinstance(sizes, (list, tuple)) else tuple(int(n) for n in sizes)
    except (TypeError, ValueError):
        raise errors.ArgumentTypeError(f"shape: sizes and axes must be integers, not {shape!r}") from None


def listed(name: str, argument: str, given: Any) -> tuple[Any, ...]:
    """The parts of a list of tensors, or the slices of one tensor.

    Raises:
        TypeError: for what has no parts; it names the function and the argument.
    """
    if not hasattr(type(given), "__iter__") or getattr(given, "ndim", 1) == 0:
        what = (
            f"a tensor of shape {given.shape}" if isinstance(given, Tensor) else f"a {type(given).__name__}"
        )
        raise errors.ArgumentTypeError(f"{name}: {argument} must be a list of tensors, not {what}")
    return tuple(given)


def index_of(index: Any) -> tuple[Any, ...]:
    """An index as users write it, its tensors and lists as arrays that NumPy takes."""
    return tuple(_index_part(p) for p in (index if isinstance(index, tuple) else (index,)))


def _index_part(part: Any) -> Any:
    if isinstance(part, slice):
        return slice(*(None if p is None else p.__index__() for p in (part.start, part.stop, part.step)))
    if hasattr(type(part), "_as_tensor"):
        value = look(part, "an index")
        return value.__index__() if value.ndim == 0 and value.dtype.kind in "iu" else np.asarray(value)
    return np.asarray(part) if isinstance(part, list) else part
