"""The regularised incomplete gamma and beta functions, with derivatives in every argument at every order.

Both are integrals up to x of a density with shape parameters. In x the derivative is the density, a row. In a shape it
is the integral of the density times a polynomial: with `w = exp(E)`, the derivatives of w are w times the complete
Bell polynomials of the derivatives of E, which are logarithms and polygammas. The rows `*_shape` are these integrals
by quadrature, each derivative in a shape being the same row at the next order.

Over all x such an integral is zero, so it is taken on the side of x with less of the mass. In the variable u = log(t)
or u = log(t / (1-t)) the integrand is entire or analytic in a strip of width pi about the axis, and its logarithm is
concave: Gauss-Legendre panels between the places where it has dropped by exp(-50) are exact to rounding; where it is
`exp(a u)` times a polynomial for long (small shapes), Gauss-Laguerre is exact.

The densities are written with the deviance, so that large shapes lose no digits (Loader, "Fast and accurate
computation of binomial probabilities", 2000). Shapes must be positive, else the result is NaN.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from ..core.define import elementwise
from ..core.primitive import Primitive
from ..core.tensor import Tensor
from .constant import equal, logical_or
from .elementwise import like, log, log1p, multiply_no_nan
from .linear import where
from .special import in_blocks, in_double, integrate, polygamma, psi, scipy_value, special

Bell = dict[tuple[int, int], Any]


def stirling_error(a: Any) -> Any:
    """`log Gamma(a+1) - (a + 1/2) log(a) + a - log(2 pi)/2`: what Stirling's formula leaves (DLMF 5.11.1)."""
    large, small = np.maximum(a, 10.0), np.minimum(a, 10.0)
    r = 1 / (large * large)
    series = 0.0 * r
    for term in (1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12):
        series = series * r + term
    series = series / large
    direct = (
        special().gammaln(small + 1) - (small + 0.5) * np.log(small) + small - 0.5 * math.log(2 * math.pi)
    )
    return np.where(a >= 10, series, direct)


def deviance(k: Any, m: Any, log_m: Any) -> Any:
    """`k log(k/m) + m - k`, never negative; by the series of log((1+v)/(1-v)) where k and m are close."""
    d = (m - k) / k
    near = np.abs(d) < 0.5
    v = np.where(near, d / (2 + d), 0.0)
    square = v * v
    series = 0.0 * square
    for j in range(37, 1, -2):
        series *= square
        series += 1 / j
    return np.where(near, k * v * (d - 2 * square * series), m - k - k * (log_m - np.log(k)))


def bell(exponents: Bell, order: tuple[int, int]) -> Any:
    """The mixed derivative of exp(E) divided by exp(E), from the derivatives of E; for numbers, arrays and tensors."""
    found: Bell = {(0, 0): 1.0}
    for j in range(order[0] + 1):
        for k in range(order[1] + 1):
            if (j, k) == (0, 0):
                continue
            # Leibniz' rule on w' = E' w, in the first shape where it has been differentiated by, else the second
            low, high = (j - 1, k) if j else (j, k - 1)
            found[j, k] = sum(
                math.comb(low, p)
                * math.comb(high, q)
                * exponents[p + j - low, q + k - high]
                * found[low - p, high - q]
                for p in range(low + 1)
                for q in range(high + 1)
            )
    return found[order]


def concave_root(height: Any, slope: Any, target: Any, start: Any) -> Any:
    """Where a concave function takes a value, by Newton's method from where it is lower; never past the root.

    Where an integral is cut there is nothing left of it, so an entry stays where its step has become short.
    """
    u, moving = start, np.ones(np.shape(start), bool)
    for _ in range(40):
        step = np.where(moving, (height(u) - target) / slope(u), 0.0)
        u = u - step
        moving = np.abs(step) > 1e-3
        if not moving.any():
            break
    return u


# the gamma density and its integral


def _gamma_density(a: Any, x: Any) -> Any:
    inside = (x > 0) & (a > 0)
    k, m = np.where(inside, a, 1.0), np.where(inside & np.isfinite(x), x, 1.0)
    log_m = np.log(m)
    w = np.exp(-stirling_error(k) - deviance(k, m, log_m) - log_m) * np.sqrt(k / (2 * np.pi))
    w = np.where(np.isinf(x), 0.0, w)
    other = np.where(x > 0, x, 1.0) ** (a - 1) * np.exp(-x) * special().rgamma(a)
    # At x = 0 for any a, so that recurrences hold: x^(a-1) / Gamma(a)
    edge = np.where(a == 1, 1.0, np.where((a > 1) | ((a <= 0) & (a == np.floor(a))), 0.0, np.inf))
    edge = edge * np.where(a < 0, np.where(np.floor(a) % 2 == 0, 1.0, -1.0), 1.0)
    return np.where(inside, w, np.where(x == 0, edge, np.where(x > 0, other, np.nan))) + 0 * a


def _gamma_density_x(y: Any, a: Any, x: Any) -> Any:
    # At x = 0 the quotient is 0/0; there the recurrence in a has the limit. Each branch is finite where not taken.
    zero, one = equal(x, like(x, 0)), like(x, 1)
    limit = gamma_density(a - 1, where(zero, x, one)) - y
    return where(zero, limit, (a - 1) * (y / where(zero, one, x)) - y)


def _gamma_density_a(y: Any, a: Any, x: Any) -> Any:
    return multiply_no_nan(log(x) - psi(a), y)


_SHAPE = (0.5, 3.0)
gamma_density: Primitive = elementwise(
    "gamma_density", in_double(_gamma_density), (_gamma_density_a, _gamma_density_x), domain=(_SHAPE, _SHAPE)
)


def _gamma_exponents(log_x: Any, a: Any, order: int, digamma: Any, poly: Any) -> Bell:
    """The derivatives in a of `(a-1) log(x) - x - log Gamma(a)`."""
    return {(n, 0): log_x - digamma(a) if n == 1 else -poly(n - 1, a) for n in range(1, order + 1)}


def _gammainc_shape(a: Any, x: Any, *, order: int) -> Any:
    """The derivative of this order in a of the regularised lower function, in d = log(t / a)."""
    known = (a > 0) & (x > 0) & np.isfinite(x) & np.isfinite(a)
    a, x = np.where(known, a, 1.0), np.where(known, x, 1.0)
    lower = special().gammainc(a, x) < 0.5
    near = np.abs(x - a) < 0.5 * a
    edge = np.where(near, np.log1p(np.where(near, x - a, 0.0) / a), np.log(x) - np.log(a))
    scale = np.exp(-stirling_error(a)) * np.sqrt(a / (2 * np.pi))
    exponents = _gamma_exponents(0.0, a, order, lambda s: special().psi(s) - np.log(s), special().polygamma)

    def height(d: Any) -> Any:
        return -a * (np.expm1(d) - d)

    def integrand(d: Any, lift: Any = 0.0) -> Any:
        moved = {**exponents, (1, 0): exponents[1, 0] + d}
        return bell(moved, (order, 0)) * np.exp(height(d) + lift)

    drop = 50.0 + 8 * order
    far = -36.0 - np.log(a)  # below, exp(-t) is 1

    def slope(d: Any) -> Any:
        return -a * np.expm1(d)

    top = height(np.minimum(edge, 0.0)) - drop
    cut = concave_root(height, slope, top, top / a - 1)
    turn = np.minimum(edge, np.maximum(cut, far))
    below = tail(integrand, turn, a) + integrate(integrand, turn, edge, 24, 16)
    top = height(np.maximum(edge, 0.0)) - drop
    cut = concave_root(height, slope, top, np.log(4 * (np.maximum(x, a) + drop)) - np.log(a))
    turn = np.maximum(edge, far)
    above = integrate(integrand, np.minimum(edge, turn), turn, 1, 24) + integrate(
        integrand, turn, cut, 24, 16
    )
    found = (scale * np.where(lower, below[:, None], -above[:, None]))[:, 0]
    return found, known[:, 0]


@functools.cache
def laguerre() -> tuple[Any, Any]:
    """Nodes and weights of the Gauss-Laguerre rule of 16 points."""
    return np.polynomial.laguerre.laggauss(16)


def tail(integrand: Any, end: Any, rate: Any) -> Any:
    """The integral up to `end` of what is there `exp(rate * u)` times nearly a polynomial: Gauss-Laguerre."""
    nodes, weights = laguerre()
    return (integrand(end - nodes / rate, nodes) @ weights) / rate[:, 0]


def _gammainc_shape_value(a: Any, x: Any, *, order: int) -> Any:
    found, known = _gammainc_shape(a, x, order=order)
    # In the limits x = 0 and x = oo the function does not vary with its shape.
    limit = (a > 0) & ((x == 0) | (x == np.inf))
    return np.where(known, found, np.where(limit[:, 0], 0.0, np.nan))


def _gamma_shape_x(_y: Any, a: Any, x: Any, *, order: int) -> Any:
    exponents = _gamma_exponents(log(x), a, order, psi, lambda n, s: polygamma(like(s, n), s))
    return multiply_no_nan(bell(exponents, (order, 0)), gamma_density(a, x))


gammainc_shape: Primitive = elementwise(
    "gammainc_shape",
    in_blocks(_gammainc_shape_value),
    (lambda _y, a, x, *, order: gammainc_shape(a, x, order=order + 1), _gamma_shape_x),
    domain=(_SHAPE, _SHAPE),
    samples=((((3,), (3,)), {"order": 1}), (((), (2,)), {"order": 2})),
)
gammainc = elementwise(
    "gammainc",
    scipy_value("gammainc"),
    (lambda _y, a, x: gammainc_shape(a, x, order=1), lambda _y, a, x: gamma_density(a, x)),
    domain=(_SHAPE, _SHAPE),
)
gammaincc = elementwise(
    "gammaincc",
    scipy_value("gammaincc"),
    (lambda _y, a, x: -gammainc_shape(a, x, order=1), lambda _y, a, x: -gamma_density(a, x)),
    domain=(_SHAPE, _SHAPE),
)


# the beta density and its integral


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    inside = (x > 0) & (x < 1) & (a > 0) & (b > 0)
    a1, b1, x1 = np.where(inside, a, 1.0), np.where(inside, b, 1.0), np.where(inside, x, 0.5)
    n, log_x, log_rest = a1 + b1, np.log(x1), np.log1p(-x1)
    exponent = stirling_error(n) - stirling_error(a1) - stirling_error(b1) - log_x - log_rest
    exponent = exponent - deviance(a1, n * x1, np.log(n) + log_x)
    exponent = exponent - deviance(b1, n * (1 - x1), np.log(n) + log_rest)
    w = np.exp(exponent) * np.sqrt(a1 * b1 / (2 * np.pi * n))
    # At the edges for any shapes, so that recurrences hold: x^(a-1) / B(a, b)
    first, other = np.where(x == 0, a, b), np.where(x == 0, b, a)
    pole = (first <= 0) & (first == np.floor(first))
    edge = np.where(first == 1, other, np.where((first > 1) | pole, 0.0, np.inf))
    edge = edge * np.where(first < 1, special().gammasgn(np.where(pole, 1.0, first)), 1.0)
    # Between the edges for shapes that are not positive, where the branch not taken at an edge looks
    size = special().gammaln(a + b) - special().gammaln(a) - special().gammaln(b)
    beyond = special().gammasgn(a + b) * special().gammasgn(a) * special().gammasgn(b)
    beyond = np.nan_to_num(beyond * np.exp(size + (a - 1) * np.log(x) + (b - 1) * np.log1p(-x)), nan=0.0)
    within = (x > 0) & (x < 1) & ~(np.isnan(a) | np.isnan(b))
    return np.where(inside, w, np.where((x == 0) | (x == 1), edge, np.where(within, beyond, np.nan)))


def _beta_density_x(y: Any, a: Any, b: Any, x: Any) -> Any:
    # At the edges the quotients are 0/0; there the recurrence in the shapes has the limit.
    edge = logical_or(equal(x, like(x, 0)), equal(x, like(x, 1)))
    half = like(x, 0.5)
    inner, outer = where(edge, half, x), where(edge, x, half)
    limit = (a + b - 1) * (beta_density(a - 1, b, outer) - beta_density(a, b - 1, outer))
    return where(edge, limit, (a - 1) * (y / inner) - (b - 1) * (y / (1 - inner)))


beta_density: Primitive = elementwise(
    "beta_density",
    in_double(_beta_density),
    (
        lambda y, a, b, x: multiply_no_nan(log(x) - (psi(a) - psi(a + b)), y),
        lambda y, a, b, x: multiply_no_nan(log1p(-x) - (psi(b) - psi(a + b)), y),
        _beta_density_x,
    ),
    domain=(_SHAPE, _SHAPE, (0.2, 0.8)),
    samples=((((3,), (3,), (3,)), {}), (((), (2,), (2,)), {})),
)


def _beta_exponents(logs: tuple[Any, Any], a: Any, b: Any, order: tuple[int, int], poly: Any) -> Bell:
    """The derivatives in a and b of `(a-1) log(x) + (b-1) log(1-x) - log B(a, b)`."""
    found: Bell = {}
    for j in range(order[0] + 1):
        for k in range(order[1] + 1):
            if j + k:
                found[j, k] = poly(j + k - 1, a + b)
                if k == 0:
                    found[j, k] = found[j, k] - poly(j - 1, a)
                if j == 0:
                    found[j, k] = found[j, k] - poly(k - 1, b)
    for place, log_part in (((1, 0), logs[0]), ((0, 1), logs[1])):
        if place in found:
            found[place] = found[place] + log_part
    return found


def _polygamma_numbers(n: int, s: Any) -> Any:
    return special().polygamma(n, s) if n else special().psi(s)


def _beta_below(a: Any, b: Any, edge: Any, order: tuple[int, int]) -> Any:
    """The integral up to t with logit `edge`, in u = logit(t)."""
    n = a + b
    scale = np.exp(stirling_error(n) - stirling_error(a) - stirling_error(b)) * np.sqrt(
        a * b / (2 * np.pi * n)
    )
    exponents = _beta_exponents((0.0, 0.0), a, b, order, _polygamma_numbers)

    def height(u: Any) -> Any:
        t, rest = special().expit(u), special().expit(-u)
        log_t, log_rest = -np.logaddexp(0, -u), -np.logaddexp(0, u)
        return -deviance(a, n * t, np.log(n) + log_t) - deviance(b, n * rest, np.log(n) + log_rest)

    def integrand(u: Any, lift: Any = 0.0) -> Any:
        moved = dict(exponents)
        for place, log_part in (((1, 0), -np.logaddexp(0, -u)), ((0, 1), -np.logaddexp(0, u))):
            if place in moved:
                moved[place] = moved[place] + log_part
        return bell(moved, order) * np.exp(height(u) + lift)

    top = height(np.minimum(edge, np.log(a) - np.log(b))) - 50.0 - 8 * sum(order)
    peak = -a * (np.log(a) - np.log(n)) - b * (np.log(b) - np.log(n))  # height <= a u + peak
    cut = concave_root(
        height, lambda u: a * special().expit(-u) - b * special().expit(u), top, (top - peak) / a
    )
    turn = np.minimum(edge, np.maximum(cut, -36.0))
    last = np.maximum(turn, np.minimum(edge, 36.0))
    parts = (
        tail(integrand, turn, a)
        + integrate(integrand, turn, last, 24, 16)
        + integrate(integrand, last, edge, 1, 24)
    )
    return parts * scale[:, 0]


def _betainc_shape(a: Any, b: Any, x: Any, *, order: tuple[int, int]) -> Any:
    """The mixed derivative of this order in a and b of the regularised function."""
    known = (a > 0) & (b > 0) & (x > 0) & (x < 1) & np.isfinite(a) & np.isfinite(b)
    a1, b1, x1 = np.where(known, a, 1.0), np.where(known, b, 1.0), np.where(known, x, 0.5)
    lower = special().betainc(a1, b1, x1) < 0.5
    edge = np.log(x1) - np.log1p(-x1)
    found = np.empty(a1.shape[0])
    for side, sign, first, second, kind in ((lower, 1.0, a1, b1, order), (~lower, -1.0, b1, a1, order[::-1])):
        mine = side[:, 0]
        if mine.any():
            found[mine] = sign * _beta_below(first[mine], second[mine], sign * edge[mine], kind)
    limit = (a > 0) & (b > 0) & ((x == 0) | (x == 1))
    return np.where(known[:, 0], found, np.where(limit[:, 0], 0.0, np.nan))


def _beta_shape_x(_y: Any, a: Any, b: Any, x: Any, *, order: tuple[int, int]) -> Any:
    def poly(n: int, s: Any) -> Tensor:
        return polygamma(like(s, n), s)  # type: ignore[no-any-return]

    exponents = _beta_exponents((log(x), log1p(-x)), a, b, order, poly)
    return multiply_no_nan(bell(exponents, order), beta_density(a, b, x))


betainc_shape: Primitive = elementwise(
    "betainc_shape",
    in_blocks(_betainc_shape),
    (
        lambda _y, a, b, x, *, order: betainc_shape(a, b, x, order=(order[0] + 1, order[1])),
        lambda _y, a, b, x, *, order: betainc_shape(a, b, x, order=(order[0], order[1] + 1)),
        _beta_shape_x,
    ),
    domain=(_SHAPE, _SHAPE, (0.2, 0.8)),
    samples=((((3,), (3,), (3,)), {"order": (1, 0)}), (((), (2,), (2,)), {"order": (1, 1)})),
)
betainc = elementwise(
    "betainc",
    scipy_value("betainc"),
    (
        lambda _y, a, b, x: betainc_shape(a, b, x, order=(1, 0)),
        lambda _y, a, b, x: betainc_shape(a, b, x, order=(0, 1)),
        lambda _y, a, b, x: beta_density(a, b, x),
    ),
    domain=(_SHAPE, _SHAPE, (0.2, 0.8)),
    samples=((((3,), (3,), (3,)), {}), (((), (2,), (2,)), {})),
)
