"""Elementwise functions, reductions, comparisons and logic under TensorFlow's names: what a first program needs.

They stand at the top and in `tf.math`, which adds what is asked for less often. Functions of one or two tensors that
only rename a row are written as one line each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import errors
from ..core.spec import int64
from ..core.tensor import Tensor, as_tensor, beside, call
from ..ops import composing, composite, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.composing import axes_of
from .spelling import binary, named, unary, under_its_name


def _squared_difference(x: Any, y: Any) -> Tensor:
    """The square of a difference; of complex numbers the square of its modulus, in their own dtype."""
    difference = linear.subtract(x, y)
    if difference.dtype.kind != "c":
        return each.square(difference)  # type: ignore[no-any-return]
    return difference * composite.conjugate(difference)  # type: ignore[no-any-return]


# arithmetic

add = binary(linear.add, "add", "x + y, entry by entry.")
subtract = binary(linear.subtract, "subtract", "x - y, entry by entry.")
multiply = binary(each.multiply, "multiply", "x * y, entry by entry.")
divide = binary(each.divide, "divide", "x / y, entry by entry.")
truediv = binary(each.divide, "truediv", "x / y, entry by entry; integers divide to floats.")
floordiv = binary(
    fixed.floor_divide, "floordiv", "The largest integer not above x / y; its derivative is None."
)
floormod = binary(each.remainder, "floormod", "x - y floor(x / y); its derivative is (1, -floor(x / y)).")
mod = floormod
pow = binary(each.power, "pow", "x to the power y; the derivative of x**0 is 0, and 0**y is constant in y.")
negative = unary(linear.negative, "negative", "-x, entry by entry.")
reciprocal = unary(each.reciprocal, "reciprocal", "1 / x, entry by entry.")
square = unary(each.square, "square", "x * x, entry by entry.")
squared_difference = binary(_squared_difference, "squared_difference", "|x - y|**2, entry by entry.")


def _divide_no_nan(x: Any, y: Any) -> Tensor:
    """The quotient of floating or complex numbers; integers become floating ones, as by `/`."""
    a, b = (composite.astype(t, np.float64) if t._value.dtype.kind in "iu" else t for t in beside((x, y)))
    return each.divide_no_nan(a, b)  # type: ignore[no-any-return]


divide_no_nan = binary(
    _divide_no_nan, "divide_no_nan", "x / y, and 0 where y is 0, as are its derivatives there."
)
multiply_no_nan = binary(
    each.multiply_no_nan, "multiply_no_nan", "x * y, and 0 where y is 0 even if x is not finite."
)
xlogy = binary(each.xlogy, "xlogy", "x log(y), and 0 where x is 0, as are its derivatives there.")
xdivy = binary(
    lambda x, y: _where_zero(x, lambda a, b: a / b, y),
    "xdivy",
    "x / y, and 0 where x is 0, as are its derivatives there.",
)


def _where_zero(x: Any, function: Callable[..., Any], y: Any) -> Any:
    x, y = beside((x, y))
    zero = fixed.equal(x, each.like(x, 0))
    return linear.where(zero, each.like(x, 0), function(x, linear.where(zero, each.like(y, 1), y)))


def add_n(inputs: Any, name: str | None = None) -> Tensor:
    """The sum of a list of tensors of one shape."""
    xs = beside(composing.listed("add_n", "inputs", inputs))
    if not xs:
        raise errors.InvalidArgumentError("add_n: at least one tensor is needed")
    if any(x._value.shape != xs[0]._value.shape for x in xs):
        raise errors.ShapeError(f"add_n: the shapes differ: {[tuple(x.shape) for x in xs]}")
    total = xs[0]
    for x in xs[1:]:
        total = linear.add(total, x)
    return total


@under_its_name
def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Tensor:
    """A tensor times a number.

    Raises:
        ValueError: if the first argument is not of rank 0.
    """
    factor, y = beside((scalar, x))
    if factor.ndim:
        raise errors.ShapeError(
            f"scalar_mul: the scalar must be a 0-D value, received shape {tuple(factor.shape)}"
        )
    return each.multiply(factor, y)  # type: ignore[no-any-return]


# exponentials, roots, trigonometric and hyperbolic functions

exp = unary(each.exp, "exp", "The exponential.")
expm1 = unary(each.expm1, "expm1", "exp(x) - 1, exact near 0.")
log = unary(each.log, "log", "The natural logarithm.")
log1p = unary(each.log1p, "log1p", "log(1 + x), exact near 0.")
sqrt = unary(each.sqrt, "sqrt", "The square root; its derivative at 0 is infinite.")
rsqrt = unary(lambda x: each.reciprocal(each.sqrt(x)), "rsqrt", "1 / sqrt(x).")
sin = unary(each.sin, "sin", "The sine of radians.")
cos = unary(each.cos, "cos", "The cosine of radians.")
tan = unary(each.tan, "tan", "The tangent of radians.")
asin = unary(each.arcsin, "asin", "The inverse sine, in radians.")
acos = unary(each.arccos, "acos", "The inverse cosine, in radians.")
atan = unary(each.arctan, "atan", "The inverse tangent, in radians.")
atan2 = binary(each.arctan2, "atan2", "The angle of the point (x, y), in radians.", ("y", "x"))
sinh = unary(each.sinh, "sinh", "The hyperbolic sine.")
cosh = unary(each.cosh, "cosh", "The hyperbolic cosine.")
tanh = unary(each.tanh, "tanh", "The hyperbolic tangent.")
asinh = unary(each.arcsinh, "asinh", "The inverse hyperbolic sine.")
acosh = unary(each.arccosh, "acosh", "The inverse hyperbolic cosine.")
atanh = unary(each.arctanh, "atanh", "The inverse hyperbolic tangent.")
sigmoid = unary(each.sigmoid, "sigmoid", "1 / (1 + exp(-x)).")
softplus = unary(each.softplus, "softplus", "log(1 + exp(x)), without overflow.", "features")
log_sigmoid = unary(
    lambda x: -each.softplus(-as_tensor(x)), "log_sigmoid", "log(sigmoid(x)), without overflow."
)
softsign = unary(lambda x: as_tensor(x) / (1 + each.absolute(x)), "softsign", "x / (1 + |x|).", "features")

# absolute value, sign, larger and smaller, rounding


def _rounded(x: Any) -> Tensor:
    x = as_tensor(x)
    return x if x._value.dtype.kind in "iu" else fixed.rint(x)  # type: ignore[no-any-return]


abs = unary(
    each.absolute, "abs", "The absolute value (modulus for complex numbers); its derivative at 0 is 0."
)
sign = unary(
    composite.sign, "sign", "-1, 0 or 1, for complex numbers x / |x|; the derivative of the real sign is 0."
)
maximum = binary(each.maximum, "maximum", "The larger of two; at a tie the derivative goes to x.")
minimum = binary(each.minimum, "minimum", "The smaller of two; at a tie the derivative goes to x.")
floor = unary(fixed.floor, "floor", "The largest integer not above x; its derivative is None.")
ceil = unary(fixed.ceil, "ceil", "The smallest integer not below x; its derivative is None.")
rint = unary(fixed.rint, "rint", "The nearest integer, halves to even; its derivative is None.")
round = unary(
    _rounded, "round", "The nearest integer, halves to even; integers stay. Its derivative is None."
)

# complex numbers

real = unary(composite.real, "real", "The real part.", "input")
imag = unary(composite.imag, "imag", "The imaginary part.", "input")
conj = unary(composite.conjugate, "conj", "The complex conjugate.")
angle = unary(composite.angle, "angle", "The argument of a complex number, in radians.", "input")

# comparison and logic

equal = binary(fixed.equal, "equal", "Where x = y.")
not_equal = binary(fixed.not_equal, "not_equal", "Where x and y differ.")
less = binary(fixed.less, "less", "Where x < y.")
less_equal = binary(fixed.less_equal, "less_equal", "Where x <= y.")
greater = binary(fixed.greater, "greater", "Where x > y.")
greater_equal = binary(fixed.greater_equal, "greater_equal", "Where x >= y.")
logical_and = binary(fixed.logical_and, "logical_and", "Where both hold.")
logical_or = binary(fixed.logical_or, "logical_or", "Where either holds.")
logical_xor = binary(fixed.logical_xor, "logical_xor", "Where exactly one holds.")
logical_not = unary(fixed.logical_not, "logical_not", "Where x does not hold.")
is_nan = unary(fixed.isnan, "is_nan", "Where x is not a number.")
is_inf = unary(fixed.isinf, "is_inf", "Where x is infinite.")
is_finite = unary(fixed.isfinite, "is_finite", "Where x is neither infinite nor not a number.")


def complex(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """The complex number of a real and an imaginary part of one real dtype."""
    a, b = beside((real, imag))
    dtype = np.result_type(a._value.dtype, np.complex64)
    return linear.cast(a, dtype=dtype) + linear.cast(b, dtype=dtype) * 1j  # type: ignore[no-any-return]


# reductions


def _reduction(function: Callable[..., Tensor], name: str, says: str) -> Callable[..., Tensor]:
    run = function

    def reduce(
        input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
    ) -> Tensor:
        return run(input_tensor, axis=_axis(axis), keepdims=keepdims)

    return named(
        reduce,
        name,
        f"{says}\n\nArgs:\n    input_tensor: tensor of any shape.\n    axis: one or several axes; all by default.\n"
        "    keepdims: keep the axes with size one.\n\nRaises:\n    ValueError: for an axis out of range.",
    )


def _axis(axis: Any) -> Any:
    return None if axis is None else np.asarray(axis)


def _mean(x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = as_tensor(x)
    if x._value.dtype.kind in "iu":
        # TensorFlow's mean of integers is an integer, rounded towards zero.
        total = composite.sum(x, axis, keepdims=keepdims)
        size = fixed.floor_divide(each.absolute(total), _count(x, axis))
        return composite.astype(composite.where(fixed.less(total, each.like(total, 0)), -size, size), x.dtype)
    return composite.mean(x, axis, keepdims=keepdims)


def _count(x: Tensor, axis: Any) -> Any:
    count = 1
    for i in axes_of(axis, x.ndim, "reduce_mean"):
        count *= x._value.shape[i]
    return x._value.dtype.type(count)


reduce_sum = _reduction(composite.sum, "reduce_sum", "The sum over axes.")
reduce_mean = _reduction(_mean, "reduce_mean", "The mean over axes.")
reduce_prod = _reduction(
    composite.prod, "reduce_prod", "The product over axes; derivatives are exact at zeros."
)
reduce_max = _reduction(
    composite.max, "reduce_max", "The largest entry over axes; equal ones share the derivative."
)
reduce_min = _reduction(
    composite.min, "reduce_min", "The smallest entry over axes; equal ones share the derivative."
)
reduce_variance = _reduction(
    composite.var, "reduce_variance", "The mean squared distance from the mean over axes."
)
reduce_std = _reduction(
    composite.std, "reduce_std", "The square root of the variance; its derivative at 0 is 0."
)
reduce_logsumexp = _reduction(
    composite.logsumexp,
    "reduce_logsumexp",
    "The logarithm of the sum of exponentials over axes, without overflow.",
)
reduce_euclidean_norm = _reduction(
    composite.norm,
    "reduce_euclidean_norm",
    "The Euclidean norm over axes; its derivative at the zero vector is 0.",
)
reduce_any = _reduction(composite.any, "reduce_any", "Whether an entry over axes holds.")
reduce_all = _reduction(composite.all, "reduce_all", "Whether every entry over axes holds.")


def argmax(input: Any, axis: int | None = None, output_type: Any = int64, name: str | None = None) -> Tensor:
    """The place of the first largest entry along an axis (the first axis by default)."""
    return composite.argmax(input, 0 if axis is None else axis, dtype=output_type)


def argmin(input: Any, axis: int | None = None, output_type: Any = int64, name: str | None = None) -> Tensor:
    """The place of the first smallest entry along an axis (the first axis by default)."""
    return composite.argmin(input, 0 if axis is None else axis, dtype=output_type)


def cumsum(
    x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """Running sums along an axis.

    >>> import gradtape as gt
    >>> gt.cumsum(gt.constant([1, 2, 3]), exclusive=True).numpy().tolist()
    [0, 1, 3]
    """
    x = as_tensor(x)
    (place,) = axes_of((axis,), x.ndim, "cumsum")
    return linear.cumsum(x, axis=place, exclusive=exclusive, reverse=reverse)  # type: ignore[no-any-return]


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Tensor:
    """Entries limited to an interval; the derivative is one on its edges and zero outside.

    Where the least value is above the greatest, it is the least that counts.
    """
    return call(each.maximum, call(each.minimum, t, clip_value_max), clip_value_min)  # type: ignore[no-any-return]
