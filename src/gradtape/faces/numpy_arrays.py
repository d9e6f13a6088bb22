"""NumPy's functions that build, join, cut and look through arrays, as far as no row or composite has their name.

Then the functions that call back: `piecewise` hands each function the entries of its piece, as NumPy does, and puts
the answers in their places; `apply_along_axis` takes line by line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError, ShapeError
from ..core.further_errors import ChoiceError, RangeError
from ..core.spec import broadcast_shapes
from ..core.tensor import FUNCTIONS, Tensor, as_tensor, beside, look
from ..ops import arranging, composite, linear
from ..ops import elementwise as each
from ..ops.arranging import ravel
from ..ops.composing import axes_of, shape_of
from ..ops.composite import astype
from .arrays import linspace as spaced
from .numpy_names import numpy_name, value_of
from .updates import set_at

# filled and copied


@numpy_name("copy")
def copy(a: Any, order: str = "K", subok: bool = False) -> Tensor:
    """The tensor; tensors do not change, so it stands for its own copy."""
    return linear.identity(as_tensor(a))  # type: ignore[no-any-return]


@numpy_name("empty_like")
def empty_like(
    prototype: Any,
    /,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Tensor:
    """Zeros of the shape and dtype of a tensor: what is to be overwritten in NumPy cannot be here."""
    return composite.zeros_like(prototype, dtype, shape=shape)


@numpy_name("full_like")
def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Tensor:
    """One number everywhere, in the shape and dtype of a; differentiable in the number."""
    x = as_tensor(a)
    sizes = x._value.shape if shape is None else shape_of(shape)
    return arranging.broadcast_to(astype(fill_value, x.dtype if dtype is None else dtype), sizes)


@numpy_name("linspace")
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """Evenly spaced numbers, differentiable in both ends."""
    first, last = beside((start, stop))
    if first._value.dtype.kind in "biu":
        first, last = astype(first, np.float64), astype(last, np.float64)
    count = int(num)
    parts = count - 1 if endpoint else count
    step = (last - first) / parts if parts > 0 else (last - first) * math.nan
    y = spaced(first, last if endpoint else last - step, count, axis=axis)
    y = y if dtype is None else astype(y, dtype)
    return (y, step) if retstep else y


@numpy_name("logspace")
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """Powers of a base at evenly spaced exponents."""
    y = each.power(base, linspace(start, stop, num, endpoint, axis=axis))
    return y if dtype is None else astype(y, dtype)


@numpy_name("geomspace")
def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Tensor:
    """Numbers of one ratio, both of the same sign."""
    first, last = beside((start, stop))
    if first._value.dtype.kind in "biu":
        first, last = astype(first, np.float64), astype(last, np.float64)
    sign = composite.sign(first)
    exponents = linspace(each.log(first * sign), each.log(last * sign), num, endpoint, axis=axis)
    y = each.exp(exponents) * (arranging.expand_dims(sign, axis) if sign.ndim else sign)
    return y if dtype is None else astype(y, dtype)


@numpy_name("vander")
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of each number in a row, falling unless `increasing`."""
    x = as_tensor(x)
    if x.ndim != 1:
        raise ShapeError(f"np.vander: x must be a vector, not of shape {x.shape}")
    powers = np.arange(x.size if N is None else int(N))
    return each.power(arranging.expand_dims(x, 1), (powers if increasing else powers[::-1]).astype(x.dtype))  # type: ignore[no-any-return]


# shapes


@numpy_name("matrix_transpose")
def matrix_transpose(x: Any, /) -> Tensor:
    """The last two axes exchanged."""
    return arranging.swapaxes(x, -1, -2)


@numpy_name("unstack")
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis."""
    return tuple(arranging.moveaxis(x, axis, 0))


@numpy_name("resize")
def resize(a: Any, new_shape: Any) -> Tensor:
    """The entries repeated, or cut off, to fill a shape."""
    x, shape = ravel(a), shape_of(new_shape)
    count = math.prod(shape)
    if not x.size or not count:
        return composite.zeros_like(x, shape=shape)
    return linear.reshape(linear.take(x, Tensor(np.arange(count) % x.size), axis=0), shape=shape)  # type: ignore[no-any-return]


@numpy_name("ix_")
def ix_(*args: Any) -> tuple[Tensor, ...]:
    """Vectors along axes of their own."""
    rank = len(args)
    return tuple(
        linear.reshape(as_tensor(x), shape=(1,) * i + (as_tensor(x).size,) + (1,) * (rank - 1 - i))
        for i, x in enumerate(args)
    )


@numpy_name("lib.stride_tricks.sliding_window_view")
def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Tensor:
    """Windows of a size at every place, along new last axes."""
    y = as_tensor(x)
    sizes, axes = shape_of(window_shape), axes_of(axis, y.ndim, "sliding_window_view")
    if len(sizes) != len(axes):
        raise ShapeError(
            f"np.sliding_window_view: {len(sizes)} sizes are given for {len(axes)} axes of {y.shape}"
        )
    for size, place in zip(sizes, axes, strict=True):
        count = y._value.shape[place] - size + 1
        if count < 1 or size < 0:
            raise ShapeError(
                f"np.sliding_window_view: a window of {size} does not fit axis {place} of {y.shape}"
            )
        places = np.arange(count)[:, None] + np.arange(size)
        y = arranging.moveaxis(linear.take(y, Tensor(places), axis=place), place + 1, -1)
    return y


@numpy_name("trim_zeros")
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Tensor:
    """The tensor without the zeros at its ends."""
    x = as_tensor(filt)
    value = look(x, "np.trim_zeros")
    found = np.argwhere(value)
    index = []
    for i in range(x.ndim):
        low, high = (int(found[:, i].min()), int(found[:, i].max()) + 1) if len(found) else (0, 0)
        whole = axis is not None and i not in axes_of(axis, x.ndim, "trim_zeros")
        index.append(
            slice(None)
            if whole
            else slice(low if "f" in trim.lower() else None, high if "b" in trim.lower() else None)
        )
    return linear.getitem(x, index=tuple(index))  # type: ignore[no-any-return]


# joining


def _joined(name: str, join: Callable[..., Tensor], default: Any) -> None:
    def function(
        arrays: Any, axis: Any = default, out: None = None, *, dtype: Any = None, casting: str = "same_kind"
    ) -> Tensor:
        y = join(arrays, axis)
        return y if dtype is None else astype(y, dtype)

    numpy_name(name)(function)


_joined("concatenate", arranging.concatenate, 0)
_joined("stack", arranging.stack, 0)


def _in_dtype(name: str, join: Callable[..., Tensor]) -> None:
    def function(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Tensor:
        y = join(tup)
        return y if dtype is None else astype(y, dtype)

    numpy_name(name)(function)


for _name in ("hstack", "vstack", "dstack", "column_stack"):
    _in_dtype(_name, FUNCTIONS[_name])


@numpy_name("block")
def block(arrays: Any) -> Tensor:
    """A tensor put together of nested lists of blocks."""
    depth = _depth(arrays)
    rank = max(depth, _rank(arrays))
    return _blocks(arrays, depth, rank)


def _depth(arrays: Any) -> int:
    return 1 + _depth(arrays[0]) if isinstance(arrays, list) else 0


def _rank(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return as_tensor(arrays).ndim
    return max((_rank(part) for part in arrays), default=0)


def _blocks(arrays: Any, depth: int, rank: int) -> Tensor:
    if depth == 0:
        x = as_tensor(arrays)
        return linear.reshape(x, shape=(1,) * (rank - x.ndim) + tuple(x._value.shape))  # type: ignore[no-any-return]
    if not isinstance(arrays, list) or not arrays:
        raise InvalidArgumentError("np.block: lists must be nested to one depth and none may be empty")
    return arranging.concatenate([_blocks(part, depth - 1, rank) for part in arrays], -depth)


@numpy_name("insert")
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Tensor:
    """Values put before the entries (or slices along an axis) at the given places."""
    x, given = beside((arr, values))
    x = ravel(x) if axis is None else x
    (place,) = axes_of((axis or 0,), x.ndim, "insert")
    size = x._value.shape[place]
    spot = obj if isinstance(obj, slice) else np.asarray(value_of(obj, "np.insert"))
    new = np.insert(np.arange(size), spot, -1).size - size
    if new == 1:  # one place takes all slices of the values
        given = linear.reshape(given, shape=(1,) * (x.ndim - given.ndim) + tuple(given._value.shape))
        if not isinstance(spot, slice) and spot.ndim == 0:
            given = arranging.moveaxis(given, 0, place)
        new = given._value.shape[place]
    shape = (*x._value.shape[:place], new, *x._value.shape[place + 1 :])
    both = arranging.concatenate((x, arranging.broadcast_to(given, shape)), place)
    # NumPy decides where values go: it is asked with the entries' numbers in `both`.
    places = np.insert(np.arange(size), spot, size + np.arange(new))
    return linear.take(both, Tensor(places), axis=place)  # type: ignore[no-any-return]


# choosing


@numpy_name("choose")
def choose(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Tensor:
    """Entry by entry the choice that a number says."""
    options = beside(tuple(choices))
    number = value_of(a, "np.choose")
    count = len(options)
    if mode == "wrap":
        number = number % count
    elif mode == "clip":
        number = np.clip(number, 0, count - 1)
    elif np.any((number < 0) | (number >= count)):
        raise RangeError(f"np.choose: a number lies outside of the {count} choices")
    y = options[0]
    for i, option in enumerate(options[1:], 1):
        y = linear.where(Tensor(np.asarray(number == i)[()]), option, y)
    return arranging.broadcast_to(y, broadcast_shapes(np.shape(number), *(o._value.shape for o in options)))


@numpy_name("take")
def take(a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Tensor:
    """Slices at the indices along an axis; those beyond the end raise, wrap round or stop at the end."""
    if mode not in ("raise", "wrap", "clip"):
        raise ChoiceError(f"np.take: mode must be 'raise', 'wrap' or 'clip', not {mode!r}")
    if mode != "raise":
        x = as_tensor(a)
        size = x.size if axis is None else x._value.shape[axes_of((axis,), x.ndim, "take")[0]]
        places = value_of(indices, "np.take")
        indices = places % size if mode == "wrap" else np.clip(places, 0, size - 1)
    return arranging.take(a, indices, axis)


@numpy_name("piecewise")
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Tensor:
    """Entry by entry the function (or number) of the last condition that holds, else a last one, else zero."""
    y = as_tensor(x)
    single = (
        as_tensor(condlist[0]).ndim == 0 and y.ndim != 0 if isinstance(condlist, (list, tuple)) else False
    )
    conditions = [condlist] if single or not isinstance(condlist, (list, tuple)) else list(condlist)
    if not isinstance(condlist, (list, tuple)) and as_tensor(condlist).ndim > y.ndim:
        conditions = list(as_tensor(condlist))
    held = [np.broadcast_to(value_of(c, "np.piecewise"), y._value.shape).astype(bool) for c in conditions]
    if len(funclist) == len(held) + 1:
        held.append(~np.logical_or.reduce(held))
    elif len(funclist) != len(held):
        raise InvalidArgumentError(
            f"np.piecewise: {len(held)} conditions need as many functions or one more, got {len(funclist)}"
        )
    result = composite.zeros_like(y)
    for mask, piece in zip(held, funclist, strict=True):
        if not mask.any():
            continue
        index = np.nonzero(mask) if y.ndim else ()
        given = linear.getitem(y, index=index)
        result = set_at(result, index, piece(given, *args, **kw) if callable(piece) else piece)
    return result


# calls back


@numpy_name("apply_along_axis")
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Tensor:
    """A function of vectors on each line along an axis."""
    x = as_tensor(arr)
    (place,) = axes_of((axis,), x.ndim, "apply_along_axis")
    lines = arranging.moveaxis(x, place, -1)
    outer: Sequence[int] = lines._value.shape[:-1]
    found = [as_tensor(func1d(lines[index], *args, **kwargs)) for index in np.ndindex(*outer)]
    inner = found[0]._value.shape
    y = linear.reshape(arranging.stack(found), shape=(*outer, *inner))
    return arranging.moveaxis(y, tuple(range(len(outer), y.ndim)), tuple(range(place, place + len(inner))))


@numpy_name("apply_over_axes")
def apply_over_axes(func: Any, a: Any, axes: Any) -> Tensor:
    """A reduction over several axes, one after the other, whose axes stay with size one."""
    x = as_tensor(a)
    for axis in axes_of(axes, x.ndim, "apply_over_axes"):
        y = as_tensor(func(x, axis))
        x = arranging.expand_dims(y, axis) if y.ndim < x.ndim else y
    return x
