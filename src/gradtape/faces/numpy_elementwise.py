"""NumPy's ufuncs that are no row: angles, remainders, parts and exponents of numbers, NaN-ignoring extremes.

Each is composed of rows, so it differentiates to any order in every mode. Kinks are those of the rows: an extreme gives
a tie to its first argument, and what is locally constant (a sign bit, a whole part) passes nothing on.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import DtypeError
from ..core.spec import float64
from ..core.tensor import Tensor, apply, as_tensor, beside, look
from ..ops import constant as fixed
from ..ops import contraction, linear
from ..ops import elementwise as each
from ..ops.arranging import expand_dims
from ..ops.composite import astype, conjugate
from .cutting import truncated_rest
from .numpy_names import numpy_name, value_of


@numpy_name("positive")
def positive(x: Any) -> Tensor:
    """The numbers as they are."""
    return linear.identity(as_tensor(x))  # type: ignore[no-any-return]


@numpy_name("fabs")
def fabs(x: Any) -> Tensor:
    """The modulus of real numbers, as a floating number."""
    return each.absolute(_floating(x))  # type: ignore[no-any-return]


def _floating(x: Any) -> Tensor:
    x = as_tensor(x)
    return astype(x, float64) if x._value.dtype.kind in "biu" else x


@numpy_name("rad2deg", "degrees")
def degrees(x: Any) -> Tensor:
    """Radians in degrees."""
    return each.multiply(_floating(x), 180.0 / math.pi)  # type: ignore[no-any-return]


@numpy_name("deg2rad", "radians")
def radians(x: Any) -> Tensor:
    """Degrees in radians."""
    return each.multiply(_floating(x), math.pi / 180.0)  # type: ignore[no-any-return]


@numpy_name("float_power")
def float_power(x1: Any, x2: Any) -> Tensor:
    """Powers in double precision at least."""
    x, n = beside((x1, x2))
    wanted = np.result_type(x.dtype, float64)
    return each.power(astype(x, wanted), astype(n, wanted))  # type: ignore[no-any-return]


@numpy_name("fmax")
def fmax(x1: Any, x2: Any) -> Tensor:
    """The larger of two, or the one that is not NaN."""
    return _of_numbers(each.maximum, x1, x2)


@numpy_name("fmin")
def fmin(x1: Any, x2: Any) -> Tensor:
    """The smaller of two, or the one that is not NaN."""
    return _of_numbers(each.minimum, x1, x2)


def _of_numbers(extreme: Any, x1: Any, x2: Any) -> Tensor:
    a, b = beside((x1, x2))
    return linear.where(fixed.isnan(a), b, linear.where(fixed.isnan(b), a, extreme(a, b)))  # type: ignore[no-any-return]


@numpy_name("fmod")
def fmod(x1: Any, x2: Any) -> Tensor:
    """The remainder of a division towards zero; it has the sign of the first number."""
    return truncated_rest(x1, x2)


@numpy_name("divmod")
def divide_with_remainder(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Quotient and remainder of a division downwards."""
    x, y = beside((x1, x2))
    return apply(fixed.floor_divide, (x, y)), each.remainder(x, y)


@numpy_name("modf")
def modf(x: Any) -> tuple[Tensor, Tensor]:
    """Fraction and whole part, both with the sign of the number; infinity has the fraction zero."""
    x = _floating(x)
    whole = fixed.trunc(x)
    return linear.where(fixed.isinf(x), each.like(x, 0), x - whole), whole


@numpy_name("frexp")
def frexp(x: Any) -> tuple[Tensor, Tensor]:
    """Mantissa in [0.5, 1) and exponent of two; the exponent is locally constant."""
    x = _floating(x)
    exponent = Tensor(np.frexp(look(x, "np.frexp"))[1])
    return ldexp(x, linear.negative(exponent)), exponent


@numpy_name("ldexp")
def ldexp(x1: Any, x2: Any) -> Tensor:
    """x1 times two to the whole power x2."""
    x, n = _floating(x1), as_tensor(x2)
    if n._value.dtype.kind not in "biu":
        raise DtypeError(f"np.ldexp: exponents must be integers, not {n.dtype.name}; use x1 * np.exp2(x2)")
    # In two steps, so that a subnormal result does not lose its factor to zero first.
    half = fixed.floor_divide(n, Tensor(n._value.dtype.type(2)))
    for part in (half, n - half):
        x = each.multiply(x, each.exp2(astype(part, x.dtype)))
    return x


def negative_sign(x: Tensor) -> Tensor:
    """Whether the sign bit is set; NaN counts as positive."""
    zero = each.like(x, 0)
    return fixed.logical_or(fixed.less(x, zero), fixed.less(each.reciprocal(x), zero))  # type: ignore[no-any-return]


@numpy_name("signbit")
def signbit(x: Any) -> Tensor:
    """Whether a number is negative, -0.0 included; NaN counts as positive."""
    x = as_tensor(x)
    return negative_sign(x) if x._value.dtype.kind == "f" else fixed.less(x, each.like(x, 0))


@numpy_name("copysign")
def copysign(x1: Any, x2: Any) -> Tensor:
    """The modulus of the first with the sign of the second; locally constant in the second."""
    x, y = (_floating(t) for t in beside((x1, x2)))
    return linear.where(  # type: ignore[no-any-return]
        fixed.not_equal(negative_sign(x), negative_sign(y)), linear.negative(x), x
    )


@numpy_name("heaviside")
def heaviside(x1: Any, x2: Any) -> Tensor:
    """0 below zero, 1 above, and the second argument at zero."""
    x, h = beside((x1, x2))
    zero, one = each.like(x, 0), each.like(x, 1)
    step = linear.where(fixed.isnan(x), x - x, linear.where(fixed.greater(x, zero), one, zero))
    return linear.where(fixed.equal(x, zero), h, step)  # type: ignore[no-any-return]


@numpy_name("logaddexp2")
def logaddexp2(x1: Any, x2: Any) -> Tensor:
    """log2(2**x1 + 2**x2) without overflow."""
    x, y = (_floating(t) for t in beside((x1, x2)))
    return each.logaddexp(x * each.LN2, y * each.LN2) / each.LN2  # type: ignore[no-any-return]


@numpy_name("matvec")
def matvec(x1: Any, x2: Any) -> Tensor:
    """Products of stacks of matrices and vectors."""
    a, v = beside((x1, x2))
    return contraction.matmul(a, expand_dims(v, -1))[..., 0]


@numpy_name("vecmat")
def vecmat(x1: Any, x2: Any) -> Tensor:
    """Products of stacks of vectors, which are conjugated, and matrices."""
    v, a = beside((x1, x2))
    return contraction.matmul(expand_dims(conjugate(v), -2), a)[..., 0, :]


@numpy_name("fix")
def fix(x: Any, out: None = None) -> Tensor:
    """Rounded towards zero; locally constant."""
    return fixed.trunc(as_tensor(x))  # type: ignore[no-any-return]


@numpy_name("nan_to_num")
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Tensor:
    """NaN and infinities replaced by numbers; what is replaced passes nothing on."""
    x = as_tensor(x)
    if x._value.dtype.kind not in "f":
        return x  # type: ignore[no-any-return]
    ends = np.finfo(x.dtype)
    high, low = (ends.max if posinf is None else posinf), (ends.min if neginf is None else neginf)
    infinite = fixed.isinf(x)
    above = fixed.logical_and(infinite, fixed.greater(x, each.like(x, 0)))
    below = fixed.logical_and(infinite, fixed.less(x, each.like(x, 0)))
    y = linear.where(fixed.isnan(x), *beside((nan, x)))
    return linear.where(below, *beside((low, linear.where(above, *beside((high, y))))))  # type: ignore[no-any-return]


@numpy_name("isposinf")
def isposinf(x: Any, out: None = None) -> Tensor:
    """Whether a number is plus infinity."""
    x = as_tensor(x)
    return fixed.equal(x, each.like(x, np.inf))  # type: ignore[no-any-return]


@numpy_name("isneginf")
def isneginf(x: Any, out: None = None) -> Tensor:
    """Whether a number is minus infinity."""
    x = as_tensor(x)
    return fixed.equal(x, each.like(x, -np.inf))  # type: ignore[no-any-return]


@numpy_name("unwrap")
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi) -> Tensor:
    """Angles without jumps of a period; the periods added are locally constant."""
    x = _floating(p)
    value = look(x, "np.unwrap")
    steps = np.unwrap(value, discont, axis, period=value_of(period, "np.unwrap")) - value
    return x + Tensor(steps.astype(x.dtype))  # type: ignore[no-any-return]
