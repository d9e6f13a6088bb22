"""TensorFlow's `tf.math.special`, and the special functions that stand in `tf.math` itself.

`__all__` is what TensorFlow has in `tf.math.special`; the rest belongs to `tf.math`. All take real floating tensors
and are evaluated in double precision; SciPy is loaded at the first use. At poles a derivative is infinite or NaN as
the limits from both sides say; outside the domain it is NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, DtypeError, ShapeError
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import bessel, incomplete, integral, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops import special as row
from .spelling import binary, unary, under_its_name

# the error functions and the normal distribution

erf = unary(row.erf, "erf", "The error function.")
erfc = unary(row.erfc, "erfc", "1 - erf(x), without cancellation.")
erfcx = unary(
    row.erfcx, "erfcx", "exp(x**2) erfc(x), without overflow for x > 0. (TensorFlow has no such name.)"
)
erfinv = unary(
    row.erfinv, "erfinv", "The inverse of erf on (-1, 1); infinite at the ends, as is its derivative."
)
erfcinv = unary(
    row.erfcinv, "erfcinv", "The inverse of erfc on (0, 2); infinite at the ends, as is its derivative."
)
ndtri = unary(row.ndtri, "ndtri", "The quantile of the normal distribution on (0, 1).")

# the gamma family

lgamma = unary(
    row.gammaln,
    "lgamma",
    "log|Gamma(x)|, infinite at 0, -1, -2, ...; its derivative is NaN there, and infinite of the side's sign at 0.",
)
digamma = unary(
    row.psi,
    "digamma",
    "The derivative of lgamma, NaN at -1, -2, ... and minus infinity at +0 (TensorFlow: NaN).",
)


@under_its_name
def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The derivative of digamma of order a = 0, 1, 2, ... at x; NaN for other orders and at the poles x = -1, -2, ...

    Args:
        a, x: tensors, or numbers beside a tensor; their shapes broadcast.

    Raises:
        LookupError: when a derivative in the order a is asked for (TensorFlow: None).

    >>> import gradtape as gt
    >>> round(float(gt.math.polygamma(1.0, gt.constant(1.0, gt.float64)).numpy()), 12)  # pi**2 / 6
    1.644934066848
    """
    return row.polygamma(a, x)  # type: ignore[no-any-return]


@under_its_name
def zeta(x: Any, q: Any, name: str | None = None) -> Tensor:
    """Hurwitz' zeta function, the sum of (q + k)**-x over k >= 0, for x > 1.

    It has derivatives in both arguments (TensorFlow's has none in x); that in x is NaN unless q > 0.

    Args:
        x, q: tensors, or numbers beside a tensor; their shapes broadcast.
    """
    return row.zeta(x, q)  # type: ignore[no-any-return]


@under_its_name
def igamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The regularised lower incomplete gamma function, differentiable in both arguments at every order.

    At x = 0 the derivatives are the limits from above. The shape a must be positive.

    Args:
        a, x: tensors, or numbers beside a tensor; their shapes broadcast.
    """
    return incomplete.gammainc(a, x)  # type: ignore[no-any-return]


@under_its_name
def igammac(a: Any, x: Any, name: str | None = None) -> Tensor:
    """1 - igamma(a, x), without cancellation.

    Args:
        a, x: tensors, or numbers beside a tensor; their shapes broadcast.
    """
    return incomplete.gammaincc(a, x)  # type: ignore[no-any-return]


@under_its_name
def betainc(a: Any, b: Any, x: Any, name: str | None = None) -> Tensor:
    """The regularised incomplete beta function, differentiable in all arguments at every order.

    TensorFlow's has no derivative in a and b. At x = 0 and x = 1 the derivatives are the limits from inside. The
    shapes a and b must be positive.

    Args:
        a, b, x: tensors, or numbers beside a tensor; their shapes broadcast.
    """
    return incomplete.betainc(a, b, x)  # type: ignore[no-any-return]


@under_its_name
def lbeta(x: Any, name: str | None = None) -> Tensor:
    """log|B(x)| over the last axis: the sum of lgamma(x) minus lgamma of the sum.

    Raises:
        ValueError: for a tensor of rank 0.
    """
    x = as_tensor(x)
    if x.ndim == 0:
        raise ShapeError("lbeta: a tensor of rank 0 has no last axis")
    last = (x.ndim - 1,)
    total = row.gammaln(linear.sum_(x, axis=last, keepdims=False))
    return linear.sum_(row.gammaln(x), axis=last, keepdims=False) - total  # type: ignore[no-any-return]


# Bessel functions

_SECOND = "infinite at 0 and NaN below"
bessel_i0 = unary(bessel.i0, "bessel_i0", "The modified Bessel function of the first kind of order 0.")
bessel_i1 = unary(bessel.i1, "bessel_i1", "The modified Bessel function of the first kind of order 1.")
bessel_i0e = unary(bessel.i0e, "bessel_i0e", "exp(-|x|) bessel_i0(x); at its kink 0 the derivative is 0.")
bessel_i1e = unary(bessel.i1e, "bessel_i1e", "exp(-|x|) bessel_i1(x); at 0 its second derivative is 0.")
bessel_j0 = unary(bessel.j0, "bessel_j0", "The Bessel function of the first kind of order 0.")
bessel_j1 = unary(bessel.j1, "bessel_j1", "The Bessel function of the first kind of order 1.")
bessel_k0 = unary(
    bessel.k0, "bessel_k0", f"The modified Bessel function of the second kind of order 0; {_SECOND}."
)
bessel_k1 = unary(
    bessel.k1, "bessel_k1", f"The modified Bessel function of the second kind of order 1; {_SECOND}."
)
bessel_k0e = unary(bessel.k0e, "bessel_k0e", f"exp(x) bessel_k0(x); {_SECOND}.")
bessel_k1e = unary(bessel.k1e, "bessel_k1e", f"exp(x) bessel_k1(x); {_SECOND}.")
bessel_y0 = unary(bessel.y0, "bessel_y0", f"The Bessel function of the second kind of order 0; {_SECOND}.")
bessel_y1 = unary(bessel.y1, "bessel_y1", f"The Bessel function of the second kind of order 1; {_SECOND}.")

# integrals

dawsn = unary(
    integral.dawsn, "dawsn", "Dawson's integral, exp(-x**2) times the integral of exp(t**2) from 0 to x."
)
expint = unary(
    integral.expi,
    "expint",
    "The exponential integral Ei(x), minus infinity at 0; its derivative exp(x)/x is NaN at infinity.",
)
fresnel_cos = unary(
    integral.fresnel_cos, "fresnel_cos", "Fresnel's integral of cos(pi t**2 / 2) from 0 to x."
)
fresnel_sin = unary(
    integral.fresnel_sin, "fresnel_sin", "Fresnel's integral of sin(pi t**2 / 2) from 0 to x."
)
spence = unary(
    integral.spence,
    "spence",
    "Spence's integral of log(t) / (1 - t) from 1 to x, for x >= 0; the dilogarithm of 1 - x.",
)

# quotients, products and neighbours


def _reciprocal_no_nan(x: Any) -> Tensor:
    x = as_tensor(x)
    if x._value.dtype.kind not in "fc":
        raise DtypeError(f"reciprocal_no_nan: it takes floating and complex tensors, not {x.dtype.name}")
    return each.divide_no_nan(each.like(x, 1), x)  # type: ignore[no-any-return]


def _xlog1py(x: Any, y: Any) -> Tensor:
    x, y = beside((x, y))
    nothing = each.like(x, 0)
    zero = fixed.equal(x, nothing)
    # Derivatives are cut at x = 0 like those of xlogy, and y is kept off the pole of the branch not taken.
    return linear.where(zero, nothing, x * each.log1p(linear.where(zero, nothing, y)))  # type: ignore[no-any-return]


reciprocal_no_nan = unary(
    _reciprocal_no_nan, "reciprocal_no_nan", "1 / x, and 0 where x is 0, as are its derivatives."
)
xlog1py = binary(_xlog1py, "xlog1py", "x log(1 + y), and 0 where x is 0, as are its derivatives there.")


@under_its_name
def nextafter(x1: Any, x2: Any, name: str | None = None) -> Tensor:
    """The floating number next to x1 in the direction of x2; its derivatives are 1 and 0.

    Args:
        x1, x2: tensors, or numbers beside a tensor; their shapes broadcast.
    """
    return integral.nextafter(x1, x2)  # type: ignore[no-any-return]


@under_its_name
def polyval(coeffs: Any, x: Any, name: str | None = None) -> Tensor:
    """A polynomial by Horner's rule; the first coefficient is that of the highest power.

    Args:
        coeffs: list of tensors or numbers, which broadcast with x; an empty list is the polynomial zero.
        x: tensor.

    Raises:
        ValueError: if the coefficients are no list.

    >>> import gradtape as gt
    >>> gt.math.polyval([1.0, 2.0, 3.0], gt.constant(2.0)).numpy()
    np.float32(11.0)
    """
    if not isinstance(coeffs, list):
        raise ArgumentTypeError(
            f"polyval: argument coeffs must be list type, received {type(coeffs).__name__}"
        )
    *terms, y = beside((*coeffs, x))
    if not terms:
        return Tensor(np.zeros_like(y._value)[()])
    total = terms[0]
    for term in terms[1:]:
        total = linear.add(term, each.multiply(total, y))
    return total


__all__ = [
    "bessel_i0",
    "bessel_i0e",
    "bessel_i1",
    "bessel_i1e",
    "bessel_j0",
    "bessel_j1",
    "bessel_k0",
    "bessel_k0e",
    "bessel_k1",
    "bessel_k1e",
    "bessel_y0",
    "bessel_y1",
    "dawsn",
    "expint",
    "fresnel_cos",
    "fresnel_sin",
    "spence",
]
