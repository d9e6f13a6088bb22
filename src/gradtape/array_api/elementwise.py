"""Functions that work entry by entry, each a row or composite of the vocabulary behind the standard's promotion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.spec import broadcast_shapes
from ..core.tensor import ROWS, Tensor, apply, as_tensor
from ..faces import numpy_elementwise
from ..ops import composite, integral, linear
from ..ops import elementwise as each
from .arrays import described, exported, promoted, tensor_of


def _one(name: str, apply_to: Any, text: str, whole: bool = False) -> Callable[..., Any]:
    """A function of one array; `whole` says that integers are their own results."""
    row = ROWS[apply_to] if isinstance(apply_to, str) else apply_to

    def function(x: Any, /) -> Any:
        x = tensor_of(x)
        return linear.identity(x) if whole and x._value.dtype.kind in "iu" else row(x)

    return described(function, name, text)


def _two(name: str, apply_to: Any, text: str) -> Callable[..., Any]:
    """A function of two arrays, of which one may be a number of Python's."""
    row = ROWS[apply_to] if isinstance(apply_to, str) else None

    def function(x1: Any, x2: Any, /) -> Any:
        given = promoted(x1, x2)
        return apply_to(*given) if row is None else apply(row, tuple(given))

    return described(function, name, text)


abs = _one("abs", "absolute", "The modulus.")
acos = _one("acos", "arccos", "The arc cosine.")
acosh = _one("acosh", "arccosh", "The inverse hyperbolic cosine.")
asin = _one("asin", "arcsin", "The arc sine.")
asinh = _one("asinh", "arcsinh", "The inverse hyperbolic sine.")
atan = _one("atan", "arctan", "The arc tangent.")
atanh = _one("atanh", "arctanh", "The inverse hyperbolic tangent.")
bitwise_invert = _one("bitwise_invert", "invert", "Every bit turned.")
ceil = _one("ceil", "ceil", "The next integer above; locally constant.", whole=True)
conj = _one("conj", composite.conjugate, "The complex conjugate.")
cos = _one("cos", "cos", "The cosine.")
cosh = _one("cosh", "cosh", "The hyperbolic cosine.")
exp = _one("exp", "exp", "The exponential function.")
expm1 = _one("expm1", "expm1", "exp(x) - 1 without cancellation.")
floor = _one("floor", "floor", "The next integer below; locally constant.", whole=True)
imag = _one("imag", composite.imag, "The imaginary part.")
isfinite = _one("isfinite", "isfinite", "Whether a number is neither infinite nor NaN.")
isinf = _one("isinf", "isinf", "Whether a number is infinite.")
isnan = _one("isnan", "isnan", "Whether a number is NaN.")
log = _one("log", "log", "The natural logarithm.")
log10 = _one("log10", "log10", "The logarithm to the base 10.")
log1p = _one("log1p", "log1p", "log(1 + x) without cancellation.")
log2 = _one("log2", "log2", "The logarithm to the base 2.")
logical_not = _one("logical_not", "logical_not", "Whether a value is false.")
negative = _one("negative", "negative", "The number with the other sign.")
positive = _one("positive", "identity", "The number itself.")
real = _one("real", composite.real, "The real part.")
reciprocal = _one("reciprocal", "reciprocal", "1 / x.")
round = _one("round", composite.round, "The nearest integer, halves to even; locally constant.", whole=True)
sign = _one("sign", composite.sign, "-1, 0 or 1; x / |x| of a complex number.")
signbit = _one("signbit", numpy_elementwise.signbit, "Whether a number is negative, -0.0 included.")
sin = _one("sin", "sin", "The sine.")
sinh = _one("sinh", "sinh", "The hyperbolic sine.")
sqrt = _one("sqrt", "sqrt", "The square root.")
square = _one("square", "square", "The square.")
tan = _one("tan", "tan", "The tangent.")
tanh = _one("tanh", "tanh", "The hyperbolic tangent.")
trunc = _one("trunc", "trunc", "The number without its fraction; locally constant.", whole=True)

add = _two("add", "add", "The sum.")
atan2 = _two("atan2", "arctan2", "The angle of the point (x2, x1).")
bitwise_and = _two("bitwise_and", "bitwise_and", "The bits that both have.")
bitwise_left_shift = _two("bitwise_left_shift", "left_shift", "The bits moved to the left.")
bitwise_or = _two("bitwise_or", "bitwise_or", "The bits that one of both has.")
bitwise_right_shift = _two("bitwise_right_shift", "right_shift", "The bits moved to the right.")
bitwise_xor = _two("bitwise_xor", "bitwise_xor", "The bits that just one of both has.")
copysign = _two("copysign", numpy_elementwise.copysign, "The modulus of x1 with the sign of x2.")
divide = _two("divide", "divide", "The quotient.")
equal = _two("equal", "equal", "Whether both are equal.")
floor_divide = _two("floor_divide", "floor_divide", "The quotient, rounded down.")
greater = _two("greater", "greater", "Whether x1 is larger.")
greater_equal = _two("greater_equal", "greater_equal", "Whether x1 is not smaller.")
hypot = _two("hypot", "hypot", "The length of the vector (x1, x2).")
less = _two("less", "less", "Whether x1 is smaller.")
less_equal = _two("less_equal", "less_equal", "Whether x1 is not larger.")
logaddexp = _two("logaddexp", "logaddexp", "log(exp(x1) + exp(x2)) without overflow.")
logical_and = _two("logical_and", "logical_and", "Whether both are true.")
logical_or = _two("logical_or", "logical_or", "Whether one of both is true.")
logical_xor = _two("logical_xor", "logical_xor", "Whether just one of both is true.")
maximum = _two("maximum", "maximum", "The larger number; NaN if one is.")
minimum = _two("minimum", "minimum", "The smaller number; NaN if one is.")
multiply = _two("multiply", "multiply", "The product.")
nextafter = _two("nextafter", integral.nextafter, "The next number behind x1 towards x2.")
not_equal = _two("not_equal", "not_equal", "Whether both differ.")
pow = _two("pow", "power", "x1 to the power x2.")
remainder = _two("remainder", "remainder", "The remainder of a division downwards; it has the sign of x2.")
subtract = _two("subtract", "subtract", "The difference.")


@exported
def clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    """Numbers limited to an interval, in their own dtype; the derivative is one on its edges and zero outside."""
    y = x = tensor_of(x)
    for limit, row in ((min, each.maximum), (max, each.minimum)):
        if limit is not None:
            y = row(*promoted(y, limit))
    return composite.astype(y, x.dtype)


@exported
def where(condition: Any, x1: Any, x2: Any, /) -> Any:
    """Entries of x1 where the condition holds, of x2 elsewhere; the one not taken has the derivative zero."""
    return composite.where(tensor_of(condition), *promoted(x1, x2))


def shaped_alike(*xs: Any) -> list[Tensor]:
    """Tensors broadcast to their common shape."""
    tensors = [as_tensor(x) for x in xs]
    shape = broadcast_shapes(*(x._value.shape for x in tensors))
    return [linear.broadcast_to(x, shape=shape) for x in tensors]
