"""Values as other looks at the same memory: which operations only look, and how far apart entries then are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from ...core.graph import Operation


@dataclass(frozen=True, slots=True)
class View:
    """A value as entries of a contiguous one: where the first lies, and how far apart they are along each axis.

    `part` says that they are parts of its complex entries, and count them.
    """

    base: int
    offset: int
    strides: tuple[int, ...]
    part: bool = False


@lru_cache(maxsize=1024)
def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """How far apart the entries of an array are along each axis, in entries."""
    return tuple([math.prod(shape[i + 1 :]) for i in range(len(shape))])


def is_whole(view: View, shape: tuple[int, ...], base: tuple[int, ...]) -> bool:
    """Whether a view of this shape has all entries of its base, of that shape, in their order."""
    if view.part or math.prod(base) != math.prod(shape):
        return False
    return all(n == 1 or s == c for n, s, c in zip(shape, view.strides, contiguous(shape), strict=True))


def parts(operation: Operation, whole: View, shape: Any, shapes: list[Any]) -> list[View] | None:
    """Where each input lies in the result; None where it is not a slice of it."""
    params = operation.params
    if operation.primitive.name == "scatter":
        part = sliced(whole, shape, None, params)
        return None if part is None else [part]
    axis, start, views = params["axis"], 0, []
    for own in shapes:
        strides = whole.strides
        if operation.primitive.name == "stack":
            views.append(View(whole.base, start * strides[axis], strides[:axis] + strides[axis + 1 :]))
            start += 1
        else:
            views.append(View(whole.base, start * strides[axis], strides))
            start += own[axis]
    return views


def _reshaped(view: View, shape: Any, wanted: Any, _params: Mapping[str, Any]) -> View | None:
    """A contiguous view in another shape, or any view with axes of size one put in or left out."""
    own = [(n, s) for n, s in zip(shape, view.strides, strict=True) if n != 1]
    whole = contiguous(wanted)
    if own == [(n, s) for n, s in zip(shape, contiguous(shape), strict=True) if n != 1]:
        return replace(view, strides=whole)
    if [n for n, _ in own] != [n for n in wanted if n != 1]:
        return None
    rest = iter(own)
    strides = tuple(s if n == 1 else next(rest)[1] for n, s in zip(wanted, whole, strict=True))
    return replace(view, strides=strides)


def _transposed(view: View, _shape: Any, _wanted: Any, params: Mapping[str, Any]) -> View:
    return replace(view, strides=tuple(view.strides[i] for i in params["axes"]))


def _broadcast(view: View, shape: Any, wanted: Any, _params: Mapping[str, Any]) -> View:
    return replace(view, strides=broadcast_strides(view.strides, shape, wanted))


def broadcast_strides(strides: tuple[int, ...], shape: Any, wanted: Any) -> tuple[int, ...]:
    """The strides of a view broadcast to another shape: none along the axes that repeat."""
    extra = len(wanted) - len(shape)
    own = tuple(0 if n == 1 and m != 1 else s for s, n, m in zip(strides, shape, wanted[extra:], strict=True))
    return (0,) * extra + own


def sliced(view: View, shape: Any, _wanted: Any, params: Mapping[str, Any]) -> View | None:
    """The view under an index without arrays; None for one with them."""
    index = params["index"]
    if any(isinstance(part, (np.ndarray, list, bool, np.bool_)) for part in index):
        return None
    return _by_numpy(view, shape, index)


def _flipped(view: View, shape: Any, _wanted: Any, params: Mapping[str, Any]) -> View:
    axes = params["axis"]
    return _by_numpy(
        view, shape, tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(len(shape)))
    )


def _by_numpy(view: View, shape: Any, index: Any) -> View:
    """What NumPy makes of strides under an index without arrays; no entry is read."""
    dummy = np.lib.stride_tricks.as_strided(np.zeros(1, np.int8), shape, view.strides)
    part = dummy[(*index, ...)] if not any(i is Ellipsis for i in index) else dummy[index]
    start = part.__array_interface__["data"][0] - dummy.__array_interface__["data"][0]
    return replace(view, offset=view.offset + start, strides=tuple(part.strides))


def part_of(view: View, place: int) -> View:
    """The real (0) or imaginary (1) parts of complex entries."""
    return View(view.base, 2 * view.offset + place, tuple([2 * s for s in view.strides]), True)


LOOKS: dict[str, Any] = {
    "reshape": _reshaped,
    "transpose": _transposed,
    "broadcast_to": _broadcast,
    "getitem": sliced,
    "flip": _flipped,
}
