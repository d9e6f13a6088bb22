"""The methods of NumPy's binary ufuncs on tensors: `reduce`, `accumulate`, `outer`, `reduceat`.

The common ones are rows or composites. Any other function of two arguments is folded from the left, entry by entry,
which is what NumPy's definition of `reduce` says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError, InvalidIndexError
from ..core.further_errors import UncoveredError
from ..core.tensor import Tensor, as_tensor, beside, look
from ..ops import arranging, composite, linear
from ..ops.composing import axes_of
from ..ops.composite import astype
from . import numpy_reductions as reductions
from .numpy_names import NAMES

_REDUCE: dict[str, Callable[..., Tensor]] = {
    "add": reductions.sum,
    "multiply": reductions.prod,
    "maximum": reductions.max,
    "minimum": reductions.min,
    "fmax": NAMES["nanmax"],
    "fmin": NAMES["nanmin"],
    "logical_or": reductions.any,
    "logical_and": reductions.all,
}
_ACCUMULATE: dict[str, Callable[..., Tensor]] = {"add": composite.cumsum, "multiply": reductions.cumprod}


def _binary(ufunc: Any, method: str) -> None:
    if ufunc.nin != 2 or ufunc.nout != 1:
        raise InvalidArgumentError(
            f"np.{ufunc.__name__}.{method} is for functions of two arguments with one result"
        )


def _only(ufunc: Any, method: str, settings: dict[str, Any], known: tuple[str, ...]) -> None:
    for key in settings:
        if key not in known:
            raise UncoveredError(f"np.{ufunc.__name__}.{method}: {key}= is not covered on tensors")


def reduce(ufunc: Any, function: Any, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Tensor:
    """Entries along an axis (the first by default) combined into one."""
    _binary(ufunc, "reduce")
    given = dict(zip(("array", "axis", "dtype", "out", "keepdims", "initial", "where"), inputs, strict=False))
    given = {"axis": 0} | given | settings
    array = given.pop("array")
    given = {k: v for k, v in given.items() if k != "out" and not (k in ("dtype", "initial") and v is None)}
    if ufunc.__name__ in _REDUCE and not (
        ufunc.__name__ not in ("add", "multiply") and given.get("dtype") is not None
    ):
        return _REDUCE[ufunc.__name__](array, **given)
    _only(ufunc, "reduce", given, ("axis", "dtype", "keepdims", "initial"))
    x = as_tensor(array) if given.get("dtype") is None else astype(array, given["dtype"])
    axes = axes_of(given["axis"], x.ndim, f"{ufunc.__name__}.reduce")
    y, start = x, given.get("initial")
    for axis in sorted(axes, reverse=True):
        y, start = _fold(ufunc, function, arranging.moveaxis(y, axis, 0), start), None
    return arranging.expand_dims(y, tuple(sorted(axes))) if given.get("keepdims") else y


def _fold(ufunc: Any, function: Any, x: Tensor, start: Any) -> Tensor:
    """The slices of the first axis combined from the left, after a first number if there is one."""
    if start is None and not x._value.shape[0]:
        if ufunc.identity is None:
            raise InvalidArgumentError(
                f"np.{ufunc.__name__}.reduce: there is no entry, and the function has no identity"
            )
        start = ufunc.identity
    slices = list(x)
    y = slices.pop(0) if start is None else arranging.broadcast_to(beside((x, start))[1], x._value.shape[1:])
    for part in slices:
        y = function(y, part)
    return y


def accumulate(ufunc: Any, function: Any, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Tensor:
    """Entries along an axis (the first by default) combined with all before them."""
    _binary(ufunc, "accumulate")
    given = {"axis": 0} | dict(zip(("array", "axis", "dtype", "out"), inputs, strict=False)) | settings
    _only(ufunc, "accumulate", given, ("array", "axis", "dtype", "out"))
    x = as_tensor(given["array"]) if given.get("dtype") is None else astype(given["array"], given["dtype"])
    (axis,) = axes_of((given["axis"],), x.ndim, f"{ufunc.__name__}.accumulate")
    if ufunc.__name__ in _ACCUMULATE:
        return _ACCUMULATE[ufunc.__name__](x, axis)
    found: list[Tensor] = []
    for part in arranging.moveaxis(x, axis, 0):
        found.append(function(found[-1], part) if found else part)
    return arranging.stack(found, axis) if found else x


def outer(ufunc: Any, function: Any, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Tensor:
    """Each entry of the first combined with each of the second."""
    _binary(ufunc, "outer")
    _only(ufunc, "outer", settings, ())
    a, b = beside(inputs)
    wide = linear.reshape(a, shape=tuple(a._value.shape) + (1,) * b.ndim)
    return function(wide, b)  # type: ignore[no-any-return]


def reduceat(ufunc: Any, function: Any, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Tensor:
    """Slices between places along an axis combined into one entry each."""
    _binary(ufunc, "reduceat")
    given = (
        {"axis": 0} | dict(zip(("array", "indices", "axis", "dtype", "out"), inputs, strict=False)) | settings
    )
    _only(ufunc, "reduceat", given, ("array", "indices", "axis", "dtype", "out"))
    x = as_tensor(given["array"]) if given.get("dtype") is None else astype(given["array"], given["dtype"])
    (axis,) = axes_of((given["axis"],), x.ndim, f"{ufunc.__name__}.reduceat")
    lines = arranging.moveaxis(x, axis, 0)
    size = lines._value.shape[0]
    places = [int(i) for i in np.asarray(look(given["indices"], "np.ufunc.reduceat"))]
    if any(not 0 <= i < size for i in places):
        raise InvalidIndexError(
            f"np.{ufunc.__name__}.reduceat: indices {places} do not lie within the size {size} of axis {axis}"
        )
    found = []
    for start, stop in zip(places, [*places[1:], size], strict=True):
        part = lines[start:stop] if start < stop else lines[start : start + 1]
        found.append(reduce(ufunc, function, (part, 0), {}))
    return arranging.stack(found, axis)


METHODS: dict[str, Callable[..., Tensor]] = {
    "reduce": reduce,
    "accumulate": accumulate,
    "outer": outer,
    "reduceat": reduceat,
}
