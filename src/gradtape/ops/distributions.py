"""Distribution functions of SciPy that are neither gamma nor beta integrals, as rows: each knows its density.

Owen's function, the noncentral chi-square distribution, Tukey's lambda distribution; and the scaled Bessel functions
of any order, of which the noncentral density is made. Their derivatives here are combinations of neighbouring orders,
which for large arguments lose as many digits as these agree in; those of order 0 and 1 have rows without that loss in
`bessel.py`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.define import elementwise
from ..core.primitive import Primitive, Sample
from .elementwise import exp, log, power, sign, sqrt, square
from .special import erf, no_order, scipy_value

_ORDERS: tuple[Sample, ...] = (((np.array([0, 2], np.int8), (2,)), {}),)

ive: Primitive = elementwise(  # DLMF 10.29.1 and the derivative of exp(-|x|)
    "ive",
    scipy_value("ive"),
    (no_order("ive"), lambda y, v, x: (ive(v - 1, x) + ive(v + 1, x)) / 2 - sign(x) * y),
    domain=((0.0, 2.0), (0.5, 3.0)),
    samples=_ORDERS,
)
kve: Primitive = elementwise(
    "kve",
    scipy_value("kve"),
    (no_order("kve"), lambda y, v, x: y - (kve(v - 1, x) + kve(v + 1, x)) / 2),
    domain=((0.0, 2.0), (0.5, 3.0)),
    samples=_ORDERS,
)

_BOTH: tuple[Sample, ...] = ((((2,), (2,)), {}),)

owens_t = elementwise(  # D. B. Owen, "Tables for computing bivariate normal probabilities", 1956
    "owens_t",
    scipy_value("owens_t"),
    (
        lambda _y, h, a: -exp(-square(h) / 2) * erf(a * h * math.sqrt(0.5)) / (2 * math.sqrt(2 * math.pi)),
        lambda _y, h, a: exp(-square(h) * (1 + square(a)) / 2) / (2 * math.pi * (1 + square(a))),
    ),
    samples=_BOTH,
)


def noncentral_chi2_density(x: Any, df: Any, nc: Any) -> Any:
    """`exp(-(x + nc) / 2) (x / nc)**(df/4 - 1/2) I(df/2 - 1)(sqrt(nc x)) / 2`, with the scaled Bessel function."""
    gap = square(sqrt(x) - sqrt(nc)) / 2
    return exp(-gap) * power(x / nc, df / 4 - 0.5) * ive(df / 2 - 1, sqrt(nc * x)) / 2


chndtr = elementwise(
    "chndtr",
    scipy_value("chndtr"),
    (
        lambda _y, x, df, nc: noncentral_chi2_density(x, df, nc),
        no_order("chndtr"),
        lambda _y, x, df, nc: -noncentral_chi2_density(x, df + 2, nc),
    ),
    domain=((0.5, 3.0), (1.0, 4.0), (0.5, 3.0)),
    samples=((((2,), np.array([2, 3], np.int8), (2,)), {}),),
)


def _tukey_slope(y: Any, shape: Any) -> Any:
    """The derivative of the quantile function `(p**s - (1-p)**s) / s` in p; smooth at s = 0 too."""
    return power(y, shape - 1) + power(1 - y, shape - 1)


def _tukey_shape(y: Any, _x: Any, shape: Any) -> Any:
    """The derivative in the shape, by that of the quantile; NaN at 0, where the formula divides by 0."""
    p, q = power(y, shape), power(1 - y, shape)
    return -((p * log(y) - q * log(1 - y)) / shape - (p - q) / square(shape)) / _tukey_slope(y, shape)


tklmbda = elementwise(
    "tklmbda",
    scipy_value("tklmbda"),
    (lambda y, _x, shape: 1 / _tukey_slope(y, shape), _tukey_shape),
    domain=((-0.5, 0.5), (0.6, 1.4)),
    samples=_BOTH,
)
