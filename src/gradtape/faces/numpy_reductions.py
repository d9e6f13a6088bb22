"""NumPy's reductions with all their arguments: `where`, `initial`, `ddof`; those that ignore NaN; running products.

An entry left out by `where`, or ignored as NaN, is replaced by the neutral number before the sum is taken, so nothing
reaches it: its derivative is exactly zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError, ShapeError
from ..core.spec import float64
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import arranging, composite, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.composing import axes_of
from ..ops.composite import astype
from .numpy_names import numpy_name
from .statistics import running


def _kept(a: Any, where: Any, neutral: Any) -> Tensor:
    """The tensor with the neutral number where the mask does not hold."""
    x = as_tensor(a)
    return x if where is True else composite.where(where, x, x._value.dtype.type(neutral))


def _count(a: Any, axis: Any, keepdims: bool, where: Any) -> Any:
    """How many entries a reduction takes in: a number, or numbers as a tensor beside a mask."""
    x = as_tensor(a)
    axes = axes_of(axis, x.ndim, "axis")
    if where is True:
        return math.prod(x._value.shape[i] for i in axes)
    held = arranging.broadcast_to(astype(where, bool), x._value.shape)
    kind = x.dtype if x._value.dtype.kind == "f" else float64
    return composite.sum(astype(held, kind), axes, keepdims=keepdims)


def summed_dtype(dtype: Any) -> Any:
    """The dtype in which entries are added or multiplied up: integers in the default integer at least."""
    return np.sum(np.zeros(1, dtype)).dtype if dtype.kind in "biu" else dtype


@numpy_name("sum")
def sum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Tensor:
    """The sum over the axes of the entries where the mask holds, and of `initial`."""
    x = as_tensor(a)
    dtype = summed_dtype(x._value.dtype) if dtype is None else dtype
    y = composite.sum(_kept(x, where, 0), axis, dtype, keepdims=keepdims)
    return y if initial is None else y + initial


@numpy_name("prod")
def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Tensor:
    """The product over the axes of the entries where the mask holds, times `initial`."""
    x = as_tensor(a)
    dtype = summed_dtype(x._value.dtype) if dtype is None else dtype
    y = composite.prod(_kept(x, where, 1), axis, dtype, keepdims=keepdims)
    return y if initial is None else y * initial


def _extreme(name: str, reduce: Callable[..., Tensor], pair: Any, worst: Callable[[Any], Any]) -> Any:
    def function(
        a: Any,
        axis: Any = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Tensor:
        x = as_tensor(a)
        if where is not True and initial is None:
            raise InvalidArgumentError(f"np.{name}: where= needs initial=, the result where no entry is left")
        if initial is not None and not x.size:
            shape = fixed.reduced_shape(x._value.shape, axes_of(axis, x.ndim, name), keepdims)
            return arranging.broadcast_to(beside((x, initial))[1], shape)
        y = reduce(_kept(x, where, worst(x._value.dtype)), axis, keepdims=keepdims)
        return y if initial is None else pair(y, initial)

    function.__name__ = name
    function.__doc__ = f"The {name} over the axes of the entries where the mask holds and of `initial`."
    return numpy_name(name, f"a{name}")(function)


def _limits(dtype: Any) -> Any:
    return np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)


max = _extreme("max", composite.max, each.maximum, lambda d: -math.inf if d.kind == "f" else _limits(d).min)
min = _extreme("min", composite.min, each.minimum, lambda d: math.inf if d.kind == "f" else _limits(d).max)


@numpy_name("ptp")
def ptp(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Tensor:
    """The largest less the smallest entry over the axes."""
    return composite.max(a, axis, keepdims=keepdims) - composite.min(a, axis, keepdims=keepdims)  # type: ignore[no-any-return]


@numpy_name("mean")
def mean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Tensor:
    """The mean over the axes of the entries where the mask holds."""
    if where is True:
        return composite.mean(a, axis, dtype, keepdims=keepdims)
    x = as_tensor(a)
    x = (
        astype(x, float64 if dtype is None else dtype)
        if dtype is not None or x._value.dtype.kind in "biu"
        else x
    )
    total = composite.sum(_kept(x, where, 0), axis, keepdims=keepdims)
    return total / _count(x, axis, keepdims, where)  # type: ignore[no-any-return]


@numpy_name("var")
def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Tensor:
    """The mean squared distance from the mean, with `ddof` less entries counted."""
    distance, count = _distance("var", a, axis, dtype, ddof, keepdims, where, mean, correction)
    size = each.square(distance if distance._value.dtype.kind != "c" else each.absolute(distance))
    return composite.sum(size, axis, keepdims=keepdims) / count  # type: ignore[no-any-return]


@numpy_name("std")
def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Tensor:
    """The root of the variance, as a norm: its derivative is zero where all entries are equal."""
    distance, count = _distance("std", a, axis, dtype, ddof, keepdims, where, mean, correction)
    return composite.norm(distance, axis=axis, keepdims=keepdims) / each.sqrt(as_tensor(count))  # type: ignore[no-any-return]


def _distance(
    name: str,
    a: Any,
    axis: Any,
    dtype: Any,
    ddof: float,
    keepdims: bool,
    where: Any,
    center: Any,
    correction: Any,
) -> tuple[Tensor, Any]:
    """Distances from the mean, zero where the mask does not hold, and by what their squares are divided."""
    if correction is not None and ddof != 0:
        raise InvalidArgumentError(f"np.{name}: ddof and correction mean the same; give one of them")
    x = as_tensor(a) if dtype is None else astype(a, dtype)
    x = astype(x, float64) if x._value.dtype.kind in "biu" else x
    middle = mean(x, axis, keepdims=True, where=where) if center is None else center
    less = ddof if correction is None else correction
    count = as_tensor(np.asarray(_count(x, axis, keepdims, where) - less, x.real._value.dtype))
    count = linear.where(fixed.greater(count, each.like(count, 0)), count, each.like(count, math.nan))
    return _kept(x - middle, where, 0), count


@numpy_name("any")
def any(a: Any, axis: Any = None, out: None = None, keepdims: bool = False, *, where: Any = True) -> Tensor:
    """Whether an entry over the axes is true."""
    return composite.any(_kept(a, where, 0), axis, keepdims=keepdims)


@numpy_name("all")
def all(a: Any, axis: Any = None, out: None = None, keepdims: bool = False, *, where: Any = True) -> Tensor:
    """Whether every entry over the axes is true."""
    return composite.all(_kept(a, where, 1), axis, keepdims=keepdims)


@numpy_name("count_nonzero")
def count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Tensor:
    """How many entries over the axes are not zero."""
    x = as_tensor(a)
    return composite.sum(astype(fixed.not_equal(x, each.like(x, 0)), np.int64), axis, keepdims=keepdims)


# running


def _along(
    name: str, pair: Any, a: Any, axis: int | None, dtype: Any, neutral: float, initial: bool = False
) -> Tensor:
    x = as_tensor(a) if dtype is None else astype(a, dtype)
    flat = arranging.ravel(x) if axis is None else x
    (place,) = axes_of((axis or 0,), flat.ndim, name)
    y = running(name, pair, neutral, flat, place, False, False)
    if not initial:
        return y
    first = np.full((*y._value.shape[:place], 1, *y._value.shape[place + 1 :]), neutral, y._value.dtype)
    return linear.concatenate(Tensor(first), y, axis=place)  # type: ignore[no-any-return]


@numpy_name("cumprod")
def cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Tensor:
    """Running products along an axis; exact where entries are zero."""
    return _along("cumprod", each.multiply, a, axis, dtype, 1)


def _cumulative(name: str, pair: Any, neutral: float) -> None:
    def function(
        x: Any,
        /,
        *,
        axis: int | None = None,
        dtype: Any = None,
        out: None = None,
        include_initial: bool = False,
    ) -> Tensor:
        x = as_tensor(x)
        if axis is None and x.ndim != 1:
            raise ShapeError(f"np.{name}: axis must be given for a tensor of shape {x.shape}")
        return _along(name, pair, x, axis or 0, dtype, neutral, include_initial)

    numpy_name(name)(function)


_cumulative("cumulative_sum", linear.add, 0)
_cumulative("cumulative_prod", each.multiply, 1)


# without NaN


def _numbers(a: Any) -> tuple[Tensor, Any]:
    """A tensor and the mask of its entries that are no NaN (True if it can have none)."""
    x = as_tensor(a)
    return x, (fixed.logical_not(fixed.isnan(x)) if x._value.dtype.kind in "fc" else True)


def _without_nan(name: str, function: Callable[..., Tensor]) -> None:
    def ignoring(a: Any, *args: Any, where: Any = True, **kwargs: Any) -> Tensor:
        x, numbers = _numbers(a)
        if where is not True:
            numbers = fixed.logical_and(as_tensor(numbers), arranging.broadcast_to(where, x._value.shape))
        return function(x, *args, where=numbers, **kwargs)

    ignoring.__name__ = name
    numpy_name(name)(ignoring)


for _name, _function in (
    ("nansum", sum),
    ("nanprod", prod),
    ("nanmean", mean),
    ("nanvar", var),
    ("nanstd", std),
):
    _without_nan(_name, _function)


def _nan_extreme(name: str, reduce: Callable[..., Tensor], pair: Any, worst: float) -> None:
    def function(
        a: Any,
        axis: Any = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Tensor:
        x, numbers = _numbers(a)
        if where is not True:
            numbers = fixed.logical_and(as_tensor(numbers), arranging.broadcast_to(where, x._value.shape))
        if numbers is True:
            return reduce(x, axis, keepdims=keepdims)
        y = reduce(composite.where(numbers, x, x._value.dtype.type(worst)), axis, keepdims=keepdims)
        held = composite.any(numbers, axis, keepdims=keepdims)
        y = composite.where(held, y, y._value.dtype.type(math.nan))
        return y if initial is None else composite.where(held, pair(y, initial), initial)  # type: ignore[no-any-return]

    numpy_name(name)(function)


_nan_extreme("nanmax", composite.max, each.maximum, -math.inf)
_nan_extreme("nanmin", composite.min, each.minimum, math.inf)


@numpy_name("nancumsum")
def nancumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Tensor:
    """Running sums in which NaN counts as zero."""
    x, numbers = _numbers(a)
    return composite.cumsum(_kept(x, numbers, 0), axis, dtype)


@numpy_name("nancumprod")
def nancumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Tensor:
    """Running products in which NaN counts as one."""
    x, numbers = _numbers(a)
    return cumprod(_kept(x, numbers, 1), axis, dtype)
