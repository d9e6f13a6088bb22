"""Rows that work entry by entry, each with its partial derivatives.

An argument named `_x` or `_y` in a partial is not kept for it; so `lambda y, _x: y` for exp keeps the output alone.
Values at kinks and poles are decided here and told in `docs/nonsmooth.md`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import errors
from ..core.define import elementwise, multilinear, tangent
from ..core.primitive import Primitive, Sample, broadcast_spec
from ..core.spec import Spec
from ..core.tensor import Tensor
from .constant import (
    astype,
    equal,
    floor,
    greater,
    greater_equal,
    isfinite,
    less_equal,
    logical_not,
    logical_or,
    not_equal,
)
from .linear import cast, conjugate, real, where

LN2, LN10 = math.log(2.0), math.log(10.0)


def like(x: Any, number: float) -> Tensor:
    """A number as a scalar tensor of the dtype of x (a tensor or a spec)."""
    return Tensor(x.dtype.type(number))


def reals_only(function: Callable[..., Any]) -> Callable[..., Any]:
    """A value that has no meaning for complex numbers, where NumPy may give one: it orders them by their real parts."""

    def value(*x: Any, **params: Any) -> Any:
        for array in x:
            if array.dtype.kind == "c":
                raise errors.DtypeError(
                    "complex numbers are not taken here; take gt.abs or gt.math.real of them first"
                )
        return function(*x, **params)

    return value


def floats_only(function: Callable[..., Any]) -> Callable[..., Any]:
    """A value of floating or complex numbers, which are not cast back to integers."""

    def value(a: Any, b: Any) -> Any:
        for array in (a, b):
            if array.dtype.kind not in "fc":
                raise errors.DtypeError(
                    f"floating or complex tensors are taken, not {array.dtype.name}; use gt.cast"
                )
        return function(a, b)

    return value


# arithmetic

multiply = multilinear(
    "multiply",
    operator.mul,
    (lambda g, _a, b: g * conjugated(b), lambda g, a, _b: g * conjugated(a)),
    element=lambda e, a, b: e.mul(a, b),
    commutes=True,
)


def conjugated(x: Any) -> Any:
    """The complex conjugate; real tensors as they are."""
    dtype = x._value.dtype if type(x) is Tensor else x.dtype
    return conjugate(x) if dtype.kind == "c" else x


divide = elementwise(
    "divide",
    operator.truediv,
    (lambda _y, _a, b: reciprocal(b), lambda y, _a, b: -y / b),
    domain=((-2.0, 2.0), (0.5, 2.0)),
    element=lambda e, a, b: e.div(a, b),
)
reciprocal: Primitive = elementwise(
    "reciprocal",
    lambda x: 1 / x,
    lambda y, _x: -y * y,
    domain=(0.5, 2.0),
    element=lambda e, x: e.div(e.number(x, 1), x),
)
square = elementwise("square", lambda x: x * x, lambda _y, x: x + x, element=lambda e, x: e.mul(x, x))


def _power_base(_y: Any, x: Any, n: Any) -> Any:
    # The derivative of a constant is zero, also at x = 0 where n x^(n-1) is 0/0.
    return where(equal(n, like(n, 0)), like(_y, 0), n * power(x, n - 1))


def _power_exponent(y: Any, x: Any, _n: Any) -> Any:
    # 0^n is constant in n, and a negative base has no real derivative in n; both give zero, as in TensorFlow.
    inside = greater(x, like(x, 0)) if x.dtype.kind == "f" else not_equal(x, like(x, 0))
    return y * where(inside, log(where(inside, x, like(x, 1))), like(x, 0))


power = elementwise(
    "power",
    operator.pow,
    (_power_base, _power_exponent),
    domain=((0.2, 2.0), (-2.0, 2.0)),
    element=lambda e, a, b: e.pow(a, b),
)
remainder = elementwise(
    "remainder",
    np.remainder,
    (lambda _y, _a, _b: like(_y, 1), lambda _y, a, b: -floor(a / b)),
    domain=((-4.0, 4.0), (0.6, 0.9)),
    element=lambda e, a, b: e.remainder(a, b),
)

# exponentials, logarithms and roots

exp = elementwise("exp", np.exp, lambda y, _x: y, element=lambda e, x: e.exp(x))
exp2 = elementwise("exp2", np.exp2, lambda y, _x: y * LN2, element=lambda e, x: e.exp2(x))
# The derivative is not y + 1, which cancels for x < 0.
expm1 = elementwise("expm1", np.expm1, lambda _y, x: exp(x), element=lambda e, x: e.expm1(x))
log = elementwise(
    "log", np.log, lambda _y, x: reciprocal(x), domain=(0.2, 3.0), element=lambda e, x: e.log(x)
)
log2 = elementwise(
    "log2",
    np.log2,
    lambda _y, x: reciprocal(x) * (1 / LN2),
    domain=(0.2, 3.0),
    element=lambda e, x: e.log2(x),
)
log10 = elementwise(
    "log10",
    np.log10,
    lambda _y, x: reciprocal(x) * (1 / LN10),
    domain=(0.2, 3.0),
    element=lambda e, x: e.log10(x),
)
log1p = elementwise(
    "log1p", np.log1p, lambda _y, x: reciprocal(x + 1), domain=(-0.5, 2.0), element=lambda e, x: e.log1p(x)
)
sqrt = elementwise("sqrt", np.sqrt, lambda y, _x: 0.5 / y, domain=(0.2, 3.0), element=lambda e, x: e.sqrt(x))
cbrt = elementwise(
    "cbrt",
    np.cbrt,
    lambda y, _x: (1 / 3) * square(reciprocal(y)),
    domain=(0.2, 3.0),
    element=lambda e, x: e.cbrt(x),
)
logaddexp = elementwise(
    "logaddexp", np.logaddexp, (lambda _y, a, b: sigmoid(a - b), lambda _y, a, b: sigmoid(b - a))
)

# trigonometric and hyperbolic functions with their inverses

sin = elementwise("sin", np.sin, lambda _y, x: cos(x), element=lambda e, x: e.sin(x))
cos: Primitive = elementwise("cos", np.cos, lambda _y, x: -sin(x), element=lambda e, x: e.cos(x))
tan = elementwise("tan", np.tan, lambda y, _x: 1 + y * y, domain=(-1.2, 1.2), element=lambda e, x: e.tan(x))
# No digit is lost in it near x = 1, nor in its derivative near x = 0.
one_minus_square = elementwise(
    "one_minus_square",
    lambda x: (1 - x) * (1 + x),
    lambda _y, x: -2 * x,
    element=lambda e, x: e.mul(e.sub(e.number(x, 1), x), e.add(e.number(x, 1), x)),
)
arcsin = elementwise(
    "arcsin",
    np.arcsin,
    lambda _y, x: reciprocal(sqrt(one_minus_square(x))),
    domain=(-0.8, 0.8),
    element=lambda e, x: e.asin(x),
)
arccos = elementwise(
    "arccos",
    np.arccos,
    lambda _y, x: -reciprocal(sqrt(one_minus_square(x))),
    domain=(-0.8, 0.8),
    element=lambda e, x: e.acos(x),
)


def _hypot_slope(a: Any, b: Any) -> Any:
    beyond = np.isinf(a) & ~np.isinf(b)  # the quotient would be infinity by itself
    quotient = _divide_no_nan(a, np.where(beyond, 1, np.hypot(a, b)))
    return np.where(beyond, np.copysign(1.0, a), quotient).astype(np.result_type(a, b))[()]


def _hypot_slope_element(e: Any, a: Any, b: Any) -> Any:
    zero, infinity, size = e.number(a, 0), e.number(a, np.inf), e.hypot(a, b)
    beyond = e.both(e.eq(e.abs(a), infinity), e.ne(e.abs(b), infinity))
    quotient = e.select(e.eq(size, zero), zero, e.div(a, size))
    return e.select(beyond, e.copysign(e.number(a, 1), a), quotient)


# The derivatives of hypot, the sine and cosine of an angle: closed under themselves, without cancellation, and of no
# squares that overflow. They are 0 at the origin.
hypot_slope: Primitive = elementwise(
    "hypot_slope",
    _hypot_slope,
    (
        lambda _y, a, b: divide_no_nan(square(hypot_slope(b, a)), hypot(a, b)),
        lambda y, a, b: -divide_no_nan(y * hypot_slope(b, a), hypot(a, b)),
    ),
    domain=(0.3, 2.0),
    element=_hypot_slope_element,
)
hypot: Primitive = elementwise(
    "hypot",
    np.hypot,
    (lambda _y, a, b: hypot_slope(a, b), lambda _y, a, b: hypot_slope(b, a)),
    domain=(0.3, 2.0),
    element=lambda e, a, b: e.hypot(a, b),
)
arctan2 = elementwise(
    "arctan2",
    np.arctan2,
    (
        lambda _y, a, b: hypot_slope(b, a) / hypot(a, b),
        lambda _y, a, b: -hypot_slope(a, b) / hypot(a, b),
    ),
    domain=((0.3, 2.0), (0.3, 2.0)),
    element=lambda e, a, b: e.atan2(a, b),
)


# With hypot in place of squares the derivatives at infinity are their limits, and large numbers do not overflow.


def _arctan_partial(_y: Any, x: Any) -> Any:
    return reciprocal(1 + x * x) if x.dtype.kind == "c" else square(reciprocal(hypot(x, like(x, 1))))


def _arcsinh_partial(_y: Any, x: Any) -> Any:
    return reciprocal(sqrt(x * x + 1)) if x.dtype.kind == "c" else reciprocal(hypot(x, like(x, 1)))


arctan = elementwise("arctan", np.arctan, _arctan_partial, element=lambda e, x: e.atan(x))
sinh = elementwise("sinh", np.sinh, lambda _y, x: cosh(x), element=lambda e, x: e.sinh(x))
cosh: Primitive = elementwise("cosh", np.cosh, lambda _y, x: sinh(x), element=lambda e, x: e.cosh(x))
tanh = elementwise("tanh", np.tanh, lambda y, _x: 1 - y * y, element=lambda e, x: e.tanh(x))
arcsinh = elementwise("arcsinh", np.arcsinh, _arcsinh_partial, element=lambda e, x: e.asinh(x))
arccosh = elementwise(
    "arccosh",
    np.arccosh,
    lambda _y, x: reciprocal(sqrt(x - 1)) * reciprocal(sqrt(x + 1)),
    domain=(1.2, 3.0),
    element=lambda e, x: e.acosh(x),
)
arctanh = elementwise(
    "arctanh",
    np.arctanh,
    lambda _y, x: reciprocal(one_minus_square(x)),
    domain=(-0.8, 0.8),
    element=lambda e, x: e.atanh(x),
)

# activations


def _sigmoid(x: Any) -> Any:
    if x.dtype.kind in "biu":
        x = x.astype(np.exp(x.dtype.type(0)).dtype)  # -x may have no place among whole numbers
    return 1 / (1 + np.exp(-x))


sigmoid: Primitive = elementwise(
    "sigmoid", _sigmoid, lambda y, _x: y * (1 - y), element=lambda e, x: e.sigmoid(x)
)
softplus = elementwise(
    "softplus",
    lambda x: np.logaddexp(x, x.dtype.type(0)),
    lambda _y, x: sigmoid(x),
    element=lambda e, x: e.softplus(x),
)
relu = elementwise(
    "relu",
    reals_only(lambda x: np.maximum(x, x.dtype.type(0))),
    lambda y, _x: sign(y),
    domain=(0.3, 2.0),
    element=lambda e, x: e.maximum(x, e.number(x, 0)),
)

# absolute value, sign, and the larger and smaller of two

sign: Primitive = elementwise(
    "sign", reals_only(np.sign), lambda _y, _x: like(_y, 0), domain=(0.3, 2.0), element=lambda e, x: e.sign(x)
)


def _direction(y: Any, x: Any) -> Any:
    return sign(x) if x.dtype.kind == "f" else divide_no_nan(x, cast(y, dtype=x.dtype))


def _absolute_tangent(dx: Any, y: Any, x: Any) -> Any:
    product = conjugated(_direction(y, x)) * dx
    return product if x.dtype.kind == "f" else real(product)


absolute = tangent(
    "absolute",
    np.abs,
    _absolute_tangent,
    pulls=lambda g, y, x: g * _direction(y, x),
    spec=lambda x: Spec(tuple(x.shape), np.zeros((), x.dtype).real.dtype),
    samples=((((3,),), {}), (((),), {})),
    domain=(0.3, 2.0),
    pointwise=True,
    element=lambda e, x: e.abs(x),
)


def _larger_of(name: str, function: Any, first: Any, element: Any) -> Any:
    """A choice between two numbers that goes wholly to the first at a tie."""

    def left(dx: Any, _y: Any, a: Any, b: Any) -> Any:
        return multiply(dx, cast_flag(first(a, b), _y))

    def right(dx: Any, _y: Any, a: Any, b: Any) -> Any:
        return multiply(dx, cast_flag(logical_not(first(a, b)), _y))

    samples: tuple[Sample, ...] = ((((3,), (3,)), {}), (((2, 3), ()), {}), (((), (2, 1)), {}))
    return tangent(
        name,
        function,
        (left, right),
        pulls=(left, right),
        spec=broadcast_spec,
        samples=samples,
        element=element,
    )


def cast_flag(flag: Any, x: Any) -> Tensor:
    """A boolean tensor as zeros and ones of the dtype of x; constant."""
    return astype(flag, dtype=x.dtype)  # type: ignore[no-any-return]


maximum = _larger_of(
    "maximum", reals_only(np.maximum), greater_equal, element=lambda e, a, b: e.maximum(a, b)
)
minimum = _larger_of("minimum", reals_only(np.minimum), less_equal, element=lambda e, a, b: e.minimum(a, b))

# products and quotients with a settled value at zero


def _divide_no_nan(a: Any, b: Any) -> Any:
    zero = b == 0
    return np.where(zero, 0, a / np.where(zero, 1, b)).astype(np.result_type(a, b))[()]


divide_no_nan: Primitive = elementwise(
    "divide_no_nan",
    floats_only(_divide_no_nan),
    (
        lambda _y, _a, b: divide_no_nan(like(b, 1), b),
        lambda y, _a, b: -divide_no_nan(y, b),
    ),
    domain=((-2.0, 2.0), (0.5, 2.0)),
    element=lambda e, a, b: e.select(e.eq(b, e.number(b, 0)), e.number(a, 0), e.div(a, b)),
)


def _multiply_no_nan(x: Any, y: Any) -> Any:
    return np.where(y == 0, 0, x * y).astype(np.result_type(x, y))[()]


def _multiply_no_nan_second(_z: Any, x: Any, y: Any) -> Any:
    """The derivative x in y, also where y is 0; only there it is 0 where x is not finite."""
    return where(logical_or(isfinite(x), not_equal(y, like(y, 0))), x, like(x, 0))


multiply_no_nan = elementwise(
    "multiply_no_nan",
    floats_only(_multiply_no_nan),
    (lambda _z, _x, y: y, _multiply_no_nan_second),
    element=lambda e, a, b: e.select(e.eq(b, e.number(b, 0)), e.number(a, 0), e.mul(a, b)),
)


def _xlogy(x: Any, y: Any) -> Any:
    return np.where(x == 0, 0, x * np.log(np.where(x == 0, 1, y))).astype(np.result_type(x, y))[()]


xlogy = elementwise(
    "xlogy",
    floats_only(_xlogy),
    (
        lambda _z, x, y: where(
            equal(x, like(x, 0)), like(x, 0), log(where(equal(x, like(x, 0)), like(y, 1), y))
        ),
        lambda _z, x, y: x / where(equal(x, like(x, 0)), like(y, 1), y),
    ),
    domain=((0.3, 2.0), (0.3, 2.0)),
)
