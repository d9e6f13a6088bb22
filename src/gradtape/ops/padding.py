"""Padding in every mode of `np.pad`, axis by axis as NumPy does it; composed of rows, so every mode is differentiable.

Each mode is a function of the tensor, an axis and the two widths that gives what stands before and behind. A mode
that copies entries says at which places; the others compute one slice and repeat it or lead up to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, InvalidArgumentError, ShapeError
from ..core.further_errors import ChoiceError, RangeError, UncoveredError
from ..core.tensor import Tensor, as_tensor, beside
from . import composite as composed
from . import constant, linear
from .composing import composite
from .composite import astype
from .ordering import median

Sides = tuple[Tensor, Tensor]


def pairs_of(name: str, given: Any, rank: int) -> list[tuple[Any, Any]]:
    """A number, a pair or a pair for each axis (or a dictionary of them), as one pair for each axis."""
    if isinstance(given, dict):
        table: list[tuple[Any, Any]] = [(0, 0)] * rank
        for axis, pair in given.items():
            if not -rank <= axis < rank:
                raise ShapeError(f"pad: {name} names axis {axis} of a tensor of rank {rank}")
            table[axis] = (pair, pair) if np.ndim(pair) == 0 else tuple(pair)
        return table
    try:
        wide = np.broadcast_to(np.asarray(given), (rank, 2))
    except ValueError:
        raise ShapeError(f"pad: {name} {given!r} does not fit a tensor of rank {rank}") from None
    return [tuple(pair) for pair in wide.tolist()]


def widths_of(given: Any, rank: int) -> list[tuple[int, int]]:
    """The widths before and behind each axis."""
    pairs = pairs_of("pad_width", as_tensor(given) if hasattr(type(given), "_as_tensor") else given, rank)
    for pair in pairs:
        if not all(isinstance(n, (int, np.integer)) for n in pair):
            raise ArgumentTypeError(f"pad: pad_width must be integers, got {given!r}")
        if any(n < 0 for n in pair):
            raise RangeError(f"pad: pad_width must not be negative, got {given!r}")
    return [(int(before), int(behind)) for before, behind in pairs]


def _slice(x: Tensor, axis: int, part: slice) -> Tensor:
    return linear.getitem(x, index=(*(slice(None),) * axis, part))  # type: ignore[no-any-return]


def _repeated(x: Tensor, axis: int, count: int) -> Tensor:
    """A slice of size one, so many times."""
    shape = list(x._value.shape)
    shape[axis] = count
    return linear.broadcast_to(x, shape=tuple(shape))  # type: ignore[no-any-return]


def _at(x: Tensor, axis: int, places: Any) -> Tensor:
    return linear.take(x, Tensor(places), axis=axis)  # type: ignore[no-any-return]


def _outside(size: int, widths: tuple[int, int]) -> tuple[Any, Any]:
    """The places before and behind the axis, counted from its first entry."""
    return np.arange(-widths[0], 0), np.arange(size, size + widths[1])


# modes that copy entries


def mirrored(x: Tensor, axis: int, widths: tuple[int, int], edge: bool, odd: bool = False) -> Sides:
    """Reflections at both ends, with (`edge`) or without the outermost entry, as often as the width asks for.

    The odd form turns the reflection about the end: what lies behind the last entry is 2 last - reflection. It goes on
    with a period, gaining twice the difference of the ends each time.
    """
    size = x._value.shape[axis]
    if size == 1 and not edge:
        return _repeated(x, axis, widths[0]), _repeated(x, axis, widths[1])
    period = 2 * size if edge else 2 * (size - 1)
    first, last = _slice(x, axis, slice(0, 1)), _slice(x, axis, slice(size - 1, size))
    sides = []
    for places in _outside(size, widths):
        turns, within = np.divmod(places, period)
        back = within >= size
        source = np.where(back, period - 1 - within if edge else period - within, within)
        side = _at(x, axis, source)
        if odd:
            shape = [1] * x.ndim
            shape[axis] = places.size
            sign, flip, gain = (
                Tensor(weights.astype(x.dtype).reshape(shape))
                for weights in (np.where(back, -1, 1), 2 * back, 2 * turns)
            )
            side = sign * side + flip * last + gain * (last - first)
        sides.append(side)
    return sides[0], sides[1]


def _edge(x: Tensor, axis: int, widths: tuple[int, int]) -> Sides:
    size = x._value.shape[axis]
    return (
        _repeated(_slice(x, axis, slice(0, 1)), axis, widths[0]),
        _repeated(_slice(x, axis, slice(size - 1, size)), axis, widths[1]),
    )


def _wrap(x: Tensor, axis: int, widths: tuple[int, int]) -> Sides:
    size = x._value.shape[axis]
    before, behind = _outside(size, widths)
    return _at(x, axis, before % size), _at(x, axis, behind % size)


def _reflection(edge: bool) -> Callable[..., Sides]:
    def mode(x: Tensor, axis: int, widths: tuple[int, int], reflect_type: str = "even") -> Sides:
        if reflect_type not in ("even", "odd"):
            raise ChoiceError(f"pad: reflect_type must be 'even' or 'odd', not {reflect_type!r}")
        return mirrored(x, axis, widths, edge, reflect_type == "odd")

    return mode


# modes that compute what stands outside


def _constant(x: Tensor, axis: int, widths: tuple[int, int], constant_values: Any = 0) -> Sides:
    sides = []
    for number, width in zip(_pair(x, axis, "constant_values", constant_values), widths, strict=True):
        shape = list(x._value.shape)
        shape[axis] = width
        sides.append(linear.broadcast_to(number, shape=tuple(shape)))
    return sides[0], sides[1]


def _pair(x: Tensor, axis: int, name: str, given: Any) -> tuple[Tensor, Tensor]:
    """The numbers for both sides of an axis, in the dtype of x; a tensor stays one, so that it is differentiated."""
    if hasattr(type(given), "_as_tensor"):
        numbers = linear.broadcast_to(as_tensor(given), shape=(x.ndim, 2))
        both = tuple(linear.getitem(numbers, index=(axis, side)) for side in (0, 1))
    else:
        both = tuple(beside((x, number))[1] for number in pairs_of(name, given, x.ndim)[axis])
    first, second = (astype(number, x.dtype) for number in both)
    return first, second


def _ramp(x: Tensor, axis: int, widths: tuple[int, int], end_values: Any = 0) -> Sides:
    """From the edge in equal steps to the end value."""
    edges = _edge(x, axis, (1, 1))
    sides = []
    for side, (end, edge, width) in enumerate(
        zip(_pair(x, axis, "end_values", end_values), edges, widths, strict=True)
    ):
        shape = [1] * x.ndim
        shape[axis] = width
        whole = x._value.dtype.kind in "biu"
        if whole:
            end, edge = astype(end, np.float64), astype(edge, np.float64)
        number = np.arange(width) if side == 0 else np.arange(width)[::-1]
        steps = Tensor(number.reshape(shape).astype(edge.dtype))
        ramp = end + steps * ((edge - end) / (width or 1))
        sides.append(astype(constant.floor(ramp) if whole else ramp, x.dtype))
    return sides[0], sides[1]


def _statistic(function: Callable[..., Tensor]) -> Callable[..., Sides]:
    def mode(x: Tensor, axis: int, widths: tuple[int, int], stat_length: Any = None) -> Sides:
        size = x._value.shape[axis]
        lengths = (size, size) if stat_length is None else pairs_of("stat_length", stat_length, x.ndim)[axis]
        if any(n is None or n < 1 for n in lengths):
            raise RangeError(f"pad: stat_length must be positive, got {stat_length!r}")
        before, behind = (int(np.minimum(n, size)) for n in lengths)
        sides = []
        for part, width in ((slice(0, before), widths[0]), (slice(size - behind, size), widths[1])):
            y = function(_slice(x, axis, part), axis=axis, keepdims=True)
            if x._value.dtype.kind in "iu" and y._value.dtype.kind == "f":
                y = composed.round(y)
            sides.append(_repeated(astype(y, x.dtype), axis, width))
        return sides[0], sides[1]

    return mode


_MODES: dict[str, tuple[Callable[..., Sides], str | None]] = {
    "constant": (_constant, "constant_values"),
    "edge": (_edge, None),
    "empty": (_constant, None),  # NumPy leaves these entries undefined; here they are zero
    "linear_ramp": (_ramp, "end_values"),
    "maximum": (_statistic(composed.max), "stat_length"),
    "mean": (_statistic(composed.mean), "stat_length"),
    "median": (_statistic(median), "stat_length"),
    "minimum": (_statistic(composed.min), "stat_length"),
    "reflect": (_reflection(edge=False), "reflect_type"),
    "symmetric": (_reflection(edge=True), "reflect_type"),
    "wrap": (_wrap, None),
}


@composite("pad")
def pad(array: Any, pad_width: Any, mode: str = "constant", **kwargs: Any) -> Tensor:
    """The tensor with entries put before and behind each axis, in any of NumPy's modes.

    Raises:
        ValueError: for an unknown mode or setting, or an empty axis in a mode that copies from it.
    """
    x = as_tensor(array)
    widths = widths_of(pad_width, x.ndim)
    if callable(mode):
        raise UncoveredError(
            "pad: a function as mode writes into its argument; compose the padding with gt.concat instead"
        )
    if mode not in _MODES:
        raise ChoiceError(f"pad: mode must be one of {sorted(_MODES)}, not {mode!r}")
    function, setting = _MODES[mode]
    for name in kwargs:
        if name != setting:
            raise InvalidArgumentError(f"pad: mode {mode!r} does not take {name}")
    for axis, pair in enumerate(widths):
        if pair == (0, 0):
            continue
        if not x._value.shape[axis] and mode not in ("constant", "empty"):
            raise ShapeError(
                f"pad: mode {mode!r} has nothing to copy from the empty axis {axis} of {x.shape}"
            )
        before, behind = function(x, axis, pair, **kwargs)
        parts = [part for part, width in ((before, pair[0]), (x, 1), (behind, pair[1])) if width]
        x = linear.concatenate(*parts, axis=axis)
    return x
