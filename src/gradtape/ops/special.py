"""Special functions of SciPy as rows: the error functions and the gamma family.

SciPy is loaded when one of them is first evaluated. Values are computed in double precision and rounded to the
dtype of the input, which must be real. Where a derivative written with the function itself would cancel (`erfcx' =
2 x erfcx - 2/sqrt(pi)` is a difference of nearly equal numbers for large x) the derivative of order n is a row of its
own, whose value is an integral or a series that keeps its digits and whose derivative is the row of order n + 1.

Orders (of `polygamma`, of the Bessel functions) have no derivative: asking for one is a LookupError. `bessel.py` has
the Bessel functions, `incomplete.py` the incomplete gamma and beta functions, `integral.py` integrals of one argument.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.define import elementwise
from ..core.errors import DtypeError
from ..core.further_errors import NoDerivativeError
from ..core.packages import needed
from ..core.primitive import Primitive
from ..core.tensor import as_tensor
from .composing import composite
from .constant import greater, less, logical_and
from .elementwise import exp, like
from .linear import where

ROOT_PI = math.sqrt(math.pi)
BLOCK = 4096  # how many entries are integrated at a time: the nodes of a block fit into the cache


@functools.cache
def special() -> Any:
    """SciPy's module of special functions, loaded at first use.

    Raises:
        ModuleNotFoundError: if SciPy is not installed.
    """
    with needed("scipy", "special functions are evaluated by SciPy"):
        import scipy.special  # type: ignore[import-untyped]  # SciPy brings no types
    return scipy.special


def in_double(function: Callable[..., Any]) -> Callable[..., Any]:
    """A value function that computes in double precision and refuses integer and complex inputs."""

    def value(*xs: Any, **params: Any) -> Any:
        dtype = np.result_type(*xs)
        if dtype.kind != "f":
            raise DtypeError(f"it takes real floating tensors, not {dtype.name}; use gt.cast")
        wide = [np.asarray(x, np.float64) for x in xs]
        return np.asarray(function(*wide, **params)).astype(dtype)[()]

    return value


def scipy_value(name: str) -> Callable[..., Any]:
    """SciPy's function of this name as a value function."""
    return in_double(lambda *xs: getattr(special(), name)(*xs))


def in_blocks(function: Callable[..., Any]) -> Callable[..., Any]:
    """A value function from one that takes columns (n, 1) and integrates along the second axis, giving (n,)."""

    def run(*xs: Any, **params: Any) -> Any:
        inputs = np.broadcast_arrays(*xs)
        flat = [x.reshape(-1, 1) for x in inputs]
        result = np.empty(inputs[0].size)
        for start in range(0, result.size, BLOCK):
            result[start : start + BLOCK] = function(*(x[start : start + BLOCK] for x in flat), **params)
        return result.reshape(inputs[0].shape)

    return in_double(run)


@functools.cache
def legendre(panels: int, count: int) -> tuple[Any, Any]:
    """Nodes and weights on (0, 1) of the Gauss-Legendre rule of `count` points on each of equal panels."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    place = (np.arange(panels)[:, None] + (nodes + 1) / 2) / panels
    return place.reshape(-1), np.tile(weights / (2 * panels), panels)


def integrate(function: Callable[[Any], Any], low: Any, high: Any, panels: int, count: int) -> Any:
    """Integrals between columns of limits, by panels of equal length."""
    nodes, weights = legendre(panels, count)
    return (function(low + (high - low) * nodes) @ weights) * (high - low)[:, 0]


def no_order(name: str) -> Callable[..., Any]:
    """The partial derivative in an order, which there is none of."""

    def partial(_y: Any, *_xs: Any, **_params: Any) -> Any:
        raise NoDerivativeError(
            f"gradient registry has no entry for: {name} in its order. The order is on the path from "
            "target to source; use gt.stop_gradient on it"
        )

    return partial


# the error functions


def _hermite_gaussian(x: Any, *, degree: int) -> Any:
    bell = np.exp(-x * x)
    # Where the bell is zero so is the product, though the polynomial overflows.
    return np.where(bell == 0, 0, special().eval_hermite(degree, np.where(bell == 0, 0, x)) * bell)


def _hermite_gaussian_entry(e: Any, x: Any, *, degree: int) -> Any:
    """By H_(n+1) = 2 x H_n - 2 n H_(n-1), DLMF 18.9.1, in double."""
    wide = e.to(x, "double")
    twice, zero = e.add(wide, wide), e.number(wide, 0)
    bell = e.exp(e.neg(e.mul(wide, wide)))
    before, own = zero, e.number(wide, 1)
    for n in range(degree):
        before, own = own, e.sub(e.mul(twice, own), e.mul(e.number(wide, 2 * n), before))
    return e.to(e.select(e.eq(bell, zero), zero, e.mul(own, bell)), x.kind)


hermite_gaussian: Primitive = elementwise(
    "hermite_gaussian",
    in_double(_hermite_gaussian),
    lambda _y, x, *, degree: -hermite_gaussian(x, degree=degree + 1),  # H' = 2x H - H_(n+1), DLMF 18.9.25
    samples=((((3,),), {"degree": 0}), (((),), {"degree": 3})),
    element=_hermite_gaussian_entry,
)

erf = elementwise(
    "erf",
    scipy_value("erf"),
    lambda _y, x: 2 / ROOT_PI * hermite_gaussian(x, degree=0),
    element=lambda e, x: e.erf(x),
)
erfc = elementwise(
    "erfc",
    scipy_value("erfc"),
    lambda _y, x: -2 / ROOT_PI * hermite_gaussian(x, degree=0),
    element=lambda e, x: e.erfc(x),
)


def _erfcx_derivative(x: Any, *, order: int) -> Any:
    """`erfcx(x) = 2/sqrt(pi) int_0^oo exp(-t^2 - 2xt) dt` (DLMF 7.7.1), differentiated under the integral for x > 0.

    For x <= 0 the recurrence `w(k+1) = 2x w(k) + 2k w(k-1)` adds numbers of one sign.
    """
    positive = np.where(x > 0, x, 1.0)
    drop = 45.0 + 6 * order
    end = drop / (positive + np.sqrt(positive * positive + drop))
    shape = integrate(lambda t: t**order * np.exp(-t * (t + 2 * positive)), np.zeros_like(end), end, 1, 64)
    negative = np.where(x > 0, 0.0, x)[:, 0]
    before, last = special().erfcx(negative), 2 * negative * special().erfcx(negative) - 2 / ROOT_PI
    for k in range(1, order):
        before, last = last, 2 * negative * last + 2 * k * before
    found = np.where(x[:, 0] > 0, 2 / ROOT_PI * (-2.0) ** order * shape, last)
    return np.where(x[:, 0] == np.inf, 0.0, found)


erfcx_derivative: Primitive = elementwise(
    "erfcx_derivative",
    in_blocks(_erfcx_derivative),
    lambda _y, x, *, order: erfcx_derivative(x, order=order + 1),
    samples=((((3,),), {"order": 1}), (((),), {"order": 2})),
)
erfcx: Primitive = elementwise("erfcx", scipy_value("erfcx"), lambda _y, x: erfcx_derivative(x, order=1))

erfinv = elementwise(
    "erfinv", scipy_value("erfinv"), lambda y, _x: ROOT_PI / 2 * exp(y * y), domain=(-0.8, 0.8)
)


def _erfcinv_partial(y: Any, x: Any) -> Any:
    # For x < 1, exp(y^2) = erfcx(y) / x has no large exponent, in which the rounding of y would count y^2 times.
    inside = logical_and(greater(x, like(x, 0)), less(x, like(x, 1)))
    return -ROOT_PI / 2 * where(inside, erfcx(y) / x, exp(y * y))


def _erfcinv(x: Any) -> Any:
    # SciPy halves x, which loses the last bits of subnormal numbers; their logarithm has them all.
    subnormal = (x > 0) & (x < 1e-300)
    small = special().ndtri_exp(np.log(np.where(subnormal, x, 1e-300)) - math.log(2)) / -math.sqrt(2)
    return np.where(subnormal, small, special().erfcinv(x))


erfcinv = elementwise("erfcinv", in_double(_erfcinv), _erfcinv_partial, domain=(0.2, 1.8))


@composite("ndtri")
def ndtri(y: Any) -> Any:
    """The quantile of the normal distribution."""
    return -math.sqrt(2) * erfcinv(2 * as_tensor(y))


# the gamma family


def _cotangent_derivative(x: Any, order: int) -> Any:
    """The derivative of this order of `pi cot(pi x)`, a polynomial in the cotangent: cot' = -(1 + cot^2)."""
    cotangent = 1 / np.tan(np.pi * (x - np.rint(x)))
    polynomial = np.polynomial.Polynomial([0.0, 1.0])
    for _ in range(order):
        polynomial = -polynomial.deriv() * np.polynomial.Polynomial([1.0, 0.0, 1.0])
    return np.pi ** (order + 1) * polynomial(cotangent)


def _polygamma(n: Any, x: Any) -> Any:
    n, x = np.broadcast_arrays(n, x)
    result = np.where((n >= 0) & (n == np.floor(n)), 0.0, np.nan)
    for order in np.unique(n[np.isfinite(result)]).astype(int):
        mine = n == order
        at = x[mine]
        # Reflection (DLMF 5.15.6) for negative x; SciPy would add up |x| terms.
        mirrored = np.where(at < 0, 1 - at, at)
        values = special().polygamma(order, mirrored) if order else special().psi(at)
        if order:
            reflected = (-1) ** order * values - _cotangent_derivative(np.where(at < 0, at, 0.5), order)
            values = np.where(at < 0, np.where(at == np.floor(at), np.nan, reflected), values)
        result[mine] = values
    return result


polygamma: Primitive = elementwise(
    "polygamma",
    in_double(_polygamma),
    (no_order("polygamma"), lambda _y, n, x: polygamma(n + 1, x)),
    domain=(0.5, 3.0),
    samples=(((np.array([0, 1, 2], np.int8), (3,)), {}), ((np.int8(1), (2, 3)), {})),
)
psi = elementwise("psi", scipy_value("psi"), lambda _y, x: polygamma(like(x, 1), x), domain=(0.5, 3.0))
gammaln = elementwise("gammaln", scipy_value("gammaln"), lambda _y, x: psi(x), domain=(0.5, 3.0))

# B(2k) / (2k)!, the coefficients of the Euler-Maclaurin formula (DLMF 2.10.1).
_EULER_MACLAURIN = (
    1 / 12,
    -1 / 720,
    1 / 30240,
    -1 / 1209600,
    1 / 47900160,
    -691 / 1307674368000,
    1 / 74724249600,
    -3617 / 10670622842880000,
)


def _zeta_log(s: Any, q: Any, *, power: int) -> Any:
    """The derivative of this order in s of Hurwitz' zeta: the sum of `(-log u)^m u^-s` over u = q, q + 1, ...

    Twenty terms, and the Euler-Maclaurin formula for the rest; its k-th derivative in u is `u^(-s-k)` times a
    polynomial in log(u), whose coefficients follow from one another.
    """
    known, pole = (s > 1) & (q > 0) & np.isfinite(s), (s == 1) & (q > 0)
    s, u = np.where(known, s, 2.0), np.where(known, q, 1.0)
    total = np.zeros(np.broadcast(s, u).shape)
    for _ in range(20):
        total = total + np.log(u) ** power * u**-s
        u = u + 1
    log, lead = np.log(u), u**-s
    for j in range(power + 1):
        total = total + math.perm(power, j) * log ** (power - j) * u * lead / (s - 1) ** (j + 1)
    total = total + 0.5 * log**power * lead
    factors = [np.zeros_like(total) for _ in range(power)] + [np.ones_like(total)]
    for k in range(2 * len(_EULER_MACLAURIN) - 1):
        shifted = [(j + 1) * f for j, f in enumerate(factors[1:])] + [0.0]
        factors = [(-s - k) * f + up for f, up in zip(factors, shifted, strict=True)]
        if k % 2 == 0:
            slope = sum(f * log**j for j, f in enumerate(factors)) * lead / u ** (k + 1)
            total = total - _EULER_MACLAURIN[k // 2] * slope
    return (-1) ** power * np.where(known, total, np.where(pole, np.inf, np.nan))


zeta_log: Primitive = elementwise(
    "zeta_log",
    in_double(_zeta_log),
    (
        lambda _y, s, q, *, power: zeta_log(s, q, power=power + 1),
        lambda _y, s, q, *, power: (
            -power * (zeta_log(s + 1, q, power=power - 1) if power > 1 else zeta(s + 1, q))
            - s * zeta_log(s + 1, q, power=power)
        ),
    ),
    domain=((1.5, 4.0), (0.5, 3.0)),
    samples=((((3,), (3,)), {"power": 1}), (((), (2,)), {"power": 2})),
)
zeta: Primitive = elementwise(
    "zeta",
    scipy_value("zeta"),
    (lambda _y, s, q: zeta_log(s, q, power=1), lambda _y, s, q: -s * zeta(s + 1, q)),
    domain=((1.5, 4.0), (0.5, 3.0)),
)
