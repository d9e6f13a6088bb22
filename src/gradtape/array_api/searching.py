"""Functions that search, sort, take and compare entries; places are locally constant, what is read at them is not."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.errors import ShapeError
from ..core.tensor import FUNCTIONS, Tensor, look
from ..faces import numpy_reductions
from ..ops import arranging, composing, composite, linear, ordering
from .arrays import exported, promoted, tensor_of


class UniqueAll(NamedTuple):
    """Different entries, their first places, the place of each entry among them, and how often each occurs."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCounts(NamedTuple):
    """Different entries and how often each occurs."""

    values: Any
    counts: Any


class UniqueInverse(NamedTuple):
    """Different entries and the place of each entry among them."""

    values: Any
    inverse_indices: Any


@exported
def argmax(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The place of the first largest entry."""
    return composite.argmax(tensor_of(x), axis, keepdims=keepdims)


@exported
def argmin(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The place of the first smallest entry."""
    return composite.argmin(tensor_of(x), axis, keepdims=keepdims)


@exported
def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The places that sort each line; equal entries keep their order."""
    x = tensor_of(x)
    (place,) = composing.axes_of((axis,), x.ndim, "argsort")
    return ordering.order_of(x, axis=place, descending=descending, dtype=np.dtype(np.int64))


@exported
def count_nonzero(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    """How many entries are not zero."""
    return numpy_reductions.count_nonzero(tensor_of(x), axis, keepdims=keepdims)


@exported
def isin(x1: Any, x2: Any, /, *, invert: bool = False) -> Any:
    """Whether each entry is among those of another array."""
    first, second = promoted(x1, x2)
    return Tensor(np.isin(look(first, "isin"), look(second, "isin"), invert=invert)[()])


@exported
def nonzero(x: Any, /) -> Any:
    """The places of the entries that are not zero, for each axis."""
    x = tensor_of(x)
    if x.ndim == 0:
        raise ShapeError("nonzero: an array without axes has no places")
    return composite.where(x)


@exported
def searchsorted(x1: Any, x2: Any, /, *, side: str = "left", sorter: Any = None) -> Any:
    """Where numbers belong in a sorted vector: before equal entries, or behind them."""
    line, numbers = promoted(x1, x2)
    return ordering.searchsorted(line, numbers, side, sorter)


@exported
def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The entries of each line in order."""
    x = tensor_of(x)
    (place,) = composing.axes_of((axis,), x.ndim, "sort")
    return ordering.sorted_along(x, place, descending)[0]


@exported
def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Any:
    """Slices at places along an axis, which may be left out of a vector."""
    x = tensor_of(x)
    if axis is None and x.ndim != 1:
        raise ShapeError(f"take: axis must be given for an array of shape {x.shape}")
    return arranging.take(x, tensor_of(indices), axis)


@exported
def take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Any:
    """Entries at places that differ from line to line."""
    return FUNCTIONS["take_along_axis"](tensor_of(x), tensor_of(indices), axis)


def _different(x: Any) -> Any:
    """Entries, first places, inverse places and counts; each NaN is an entry of its own."""
    x = tensor_of(x)
    y, first, inverse, counts = ordering.unique(x, True, True, True, equal_nan=False)
    return y, first, linear.reshape(inverse, shape=tuple(x._value.shape)), counts


@exported
def unique_all(x: Any, /) -> Any:
    """The different entries, ascending, with places and counts."""
    return UniqueAll(*_different(x))


@exported
def unique_counts(x: Any, /) -> Any:
    """The different entries, ascending, and how often each occurs."""
    y, _, _, counts = _different(x)
    return UniqueCounts(y, counts)


@exported
def unique_inverse(x: Any, /) -> Any:
    """The different entries, ascending, and the place of each entry among them."""
    y, _, inverse, _ = _different(x)
    return UniqueInverse(y, inverse)


@exported
def unique_values(x: Any, /) -> Any:
    """The different entries, ascending."""
    return _different(x)[0]
