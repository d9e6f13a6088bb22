"""Integrals of one argument that have names of their own: exponential, Fresnel's, Spence's and Dawson's; and sinc.

`nextafter` is here too. See `special.py` for what these rows share.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.define import elementwise
from ..core.primitive import Primitive
from .composing import composite
from .elementwise import cos, like, reciprocal, sin
from .special import ROOT_PI, in_blocks, in_double, integrate, scipy_value, special


def _expi_slope(x: Any) -> Any:
    half = np.exp(x / 2)  # the quotient can be in range where exp(x) is not
    return np.where(x == np.inf, np.inf, half * (half / x))


expi_slope: Primitive = elementwise(
    "expi_slope", in_double(_expi_slope), lambda y, x: y * (1 - reciprocal(x)), domain=(0.3, 2.0)
)


def _expi(x: Any) -> Any:
    """SciPy's overflows with exp(x), before Ei(x) = exp(x)/x (1 + 1!/x + 2!/x^2 + ...) does (DLMF 6.12.2)."""
    large = (x > 700) & np.isfinite(x)
    at = np.where(large, x, 700.0)
    half, series = np.exp(at / 2), np.ones_like(at)
    for k in range(12, 0, -1):
        series = 1 + k / at * series
    return np.where(large, half * (half / at) * series, special().expi(x))


expi = elementwise("expi", in_double(_expi), lambda _y, x: expi_slope(x), domain=(0.3, 2.0))

fresnel_sin = elementwise(
    "fresnel_sin", in_double(lambda x: special().fresnel(x)[0]), lambda _y, x: sin(math.pi / 2 * (x * x))
)
fresnel_cos = elementwise(
    "fresnel_cos", in_double(lambda x: special().fresnel(x)[1]), lambda _y, x: cos(math.pi / 2 * (x * x))
)


@composite("fresnel")
def fresnel(z: Any) -> tuple[Any, Any]:
    """Fresnel's integrals of sin(pi t^2 / 2) and cos(pi t^2 / 2) from 0 to z."""
    return fresnel_sin(z), fresnel_cos(z)


def _spence_derivative(x: Any, *, order: int) -> Any:
    """The derivative of this order of `log(x)/(1-x) = -int_0^1 dq / (q + x(1-q))`.

    It is `(-1)^(n+1) n! x^-n G(n)` with `G(n) = int_0^1 q^n / (q + x(1-q)) dq`, positive and smooth near x = 1; away
    from 1 `G(n) = (1/n - x G(n-1)) / (1-x)` loses little.
    """
    at, column = x[:, 0], np.where((x > 0.3) & (x < 4), x, 1.0)
    zero = np.zeros_like(column)
    near = integrate(lambda q: q**order / (q + column * (1 - q)), zero, zero + 1, 1, 24)
    away = np.where((at > 0.3) & (at < 4), 0.1, at)
    found = np.log(away) / (away - 1)
    for k in range(1, order + 1):
        found = (1 / k - np.where(away == 0, 0.0, away * found)) / (1 - away)
    share = np.where((at > 0.3) & (at < 4), near, found)
    return np.where(
        at == np.inf, 0.0, (-1) ** (order + 1) * math.factorial(order) * at ** float(-order) * share
    )


spence_derivative: Primitive = elementwise(
    "spence_derivative",
    in_blocks(_spence_derivative),
    lambda _y, x, *, order: spence_derivative(x, order=order + 1),
    domain=(0.3, 3.0),
    samples=((((3,),), {"order": 0}), (((),), {"order": 2})),
)
spence = elementwise(
    "spence",
    in_double(lambda x: np.where(x == np.inf, -np.inf, special().spence(x))),
    lambda _y, x: spence_derivative(x, order=0),
    domain=(0.3, 3.0),
)


def _dawsn_derivative(x: Any, *, order: int) -> Any:
    """Dawson's integral is sqrt(pi)/2 times the imaginary part of the Faddeeva function on the real line.

    That is `i/pi int exp(-t^2) / (x - t) dt` along a line below the axis (DLMF 7.7.2), here at distance one, where
    every derivative in x is a power of 1/(x - t) of the size of the result; the trapezoidal rule at steps of 1/8 is
    exact to rounding. Near 0, where odd or even orders vanish, the power series (DLMF 7.6.4) keeps the digits.
    """
    at = x[:, 0]
    t = np.arange(-56, 57) / 8
    weights = np.exp(1 - t * t) * (np.cos(2 * t) + 1j * np.sin(2 * t)) / 8
    finite = np.where(np.isinf(x), 1.0, x)
    kernel = (1 / (finite - t + 1j)) ** (order + 1)
    line = ROOT_PI / 2 * (-1) ** order * math.factorial(order) * ((1j / math.pi * kernel) @ weights).imag
    small, series, factor = np.where(np.abs(at) < 0.5, at, 0.0), np.zeros_like(at), 1.0
    for k in range(order // 2 + 20):
        factor *= -2 / (2 * k + 1) if k else 1.0
        if 2 * k + 1 >= order:
            series = series + factor * math.perm(2 * k + 1, order) * small ** (2 * k + 1 - order)
    return np.where(np.isinf(at), 0.0, np.where(np.abs(at) < 0.5, series, line))


dawsn_derivative: Primitive = elementwise(
    "dawsn_derivative",
    in_blocks(_dawsn_derivative),
    lambda _y, x, *, order: dawsn_derivative(x, order=order + 1),
    samples=((((3,),), {"order": 1}), (((),), {"order": 2})),
)
dawsn = elementwise("dawsn", scipy_value("dawsn"), lambda _y, x: dawsn_derivative(x, order=1))


def _sinc_derivative(x: Any, *, order: int) -> Any:
    """`sinc(x) = int_0^1 cos(pi x t) dt`, differentiated under the integral where |x| < 4; a recurrence further out."""
    at, column = x[:, 0], np.where(np.abs(x) < 4, x, 0.0)
    wave, sign = (np.cos, np.sin)[order % 2], (1, -1, -1, 1)[order % 4]
    zero = np.zeros_like(column)
    near = integrate(lambda t: (np.pi * t) ** order * wave(np.pi * column * t), zero, zero + 1, 1, 40)
    away = np.where(np.abs(at) < 4, 8.0, at)
    phase = np.pi * (away - 2 * np.rint(away / 2))
    found = np.sin(phase) / (np.pi * away)
    for k in range(1, order + 1):
        waves = (np.sin(phase), np.cos(phase), -np.sin(phase), -np.cos(phase))
        found = (np.pi ** (k - 1) * waves[k % 4] - k * found) / away
    return np.where(np.abs(at) < 4, sign * near, found)


sinc_derivative: Primitive = elementwise(
    "sinc_derivative",
    in_blocks(_sinc_derivative),
    lambda _y, x, *, order: sinc_derivative(x, order=order + 1),
    samples=((((3,),), {"order": 1}), (((),), {"order": 2})),
)
sinc = elementwise("sinc", in_double(np.sinc), lambda _y, x: sinc_derivative(x, order=1))

# The floating number next to x1 moves with x1; TensorFlow's rule.
nextafter = elementwise(
    "nextafter", np.nextafter, (lambda _y, _x1, _x2: like(_y, 1), lambda _y, _x1, _x2: like(_y, 0))
)
