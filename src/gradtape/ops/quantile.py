"""Quantile functions as rows: the inverses of the incomplete gamma and beta functions, of Student's and the normal one.

With F(a, y) = p the implicit function theorem gives dy/dp = 1 / F_y and dy/da = -F_a / F_y, where F_y is the density.
Fed with uniform numbers such a row draws variates that are differentiable in their shape: the implicit
reparameterisation of Figurnov, Mohamed and Mnih ("Implicit Reparameterization Gradients", 2018, equation 5), here with
exact F_a, and again differentiable because the rule is made of rows.

Student's distribution is here with its inverse; its density is smooth at 0, where the incomplete beta function that
gives the distribution is not.
"""

from __future__ import annotations

import math
from typing import Any

from ..core.define import elementwise
from ..core.primitive import Primitive, Sample
from .constant import equal
from .elementwise import exp, like, log1p, sign, square
from .incomplete import beta_density, betainc_shape, gamma_density, gammainc_shape
from .linear import where
from .special import ROOT_PI, erfcx, gammaln, psi, scipy_value

_SHAPE = (0.5, 3.0)
_LEVEL = (0.2, 0.8)
_TWO: tuple[Sample, ...] = ((((2,), (2,)), {}),)
_THREE: tuple[Sample, ...] = ((((), (), ()), {}),)


def _gamma(name: str, sense: float) -> Primitive:
    """The inverse of `gammainc` (sense 1) or `gammaincc` (-1) in its second argument."""
    return elementwise(
        name,
        scipy_value(name),
        (
            lambda y, a, _p: -gammainc_shape(a, y, order=1) / gamma_density(a, y),
            lambda y, a, _p: sense / gamma_density(a, y),
        ),
        domain=(_SHAPE, _LEVEL),
        samples=_TWO,
    )


def _beta(name: str, sense: float) -> Primitive:
    """The inverse of `betainc` (sense 1) or `betaincc` (-1) in its third argument."""
    return elementwise(
        name,
        scipy_value(name),
        (
            lambda y, a, b, _p: -betainc_shape(a, b, y, order=(1, 0)) / beta_density(a, b, y),
            lambda y, a, b, _p: -betainc_shape(a, b, y, order=(0, 1)) / beta_density(a, b, y),
            lambda y, a, b, _p: sense / beta_density(a, b, y),
        ),
        domain=(_SHAPE, _SHAPE, _LEVEL),
        samples=_THREE,
    )


gammaincinv, gammainccinv = _gamma("gammaincinv", 1.0), _gamma("gammainccinv", -1.0)
betaincinv, betainccinv = _beta("betaincinv", 1.0), _beta("betainccinv", -1.0)

# With y the quantile at exp(x), y' = Phi(y) / phi(y), Mills' ratio: no exponentials that would cancel.
ndtri_exp = elementwise(
    "ndtri_exp",
    scipy_value("ndtri_exp"),
    lambda y, _x: math.sqrt(math.pi / 2) * erfcx(y * -math.sqrt(0.5)),
    domain=(-3.0, -0.3),
)


# Student's distribution


def student_density(v: Any, t: Any) -> Any:
    """Its density with v degrees of freedom."""
    size = gammaln((v + 1) / 2) - gammaln(v / 2)
    return exp(size - (v + 1) / 2 * log1p(square(t) / v)) / (v**0.5 * ROOT_PI)


def _student_shape(_y: Any, v: Any, t: Any) -> Any:
    """The derivative in v of 1/2 + sign(t) I(1/2, v/2) / 2 at t**2 / (v + t**2); at 0, t times that of the density."""
    at_zero = equal(t, like(t, 0))
    safe = where(at_zero, like(t, 1), t)
    whole = v + square(safe)
    part = square(safe) / whole
    half = like(part, 0.5)
    inside = (
        betainc_shape(half, v / 2, part, order=(0, 1)) / 2 - beta_density(half, v / 2, part) * part / whole
    )
    rate = (psi((v + 1) / 2) - psi(v / 2) - 1 / v) / 2
    return where(at_zero, t * student_density(v, like(t, 0)) * rate, sign(safe) * inside / 2)


stdtr = elementwise(
    "stdtr",
    scipy_value("stdtr"),
    (_student_shape, lambda _y, v, t: student_density(v, t)),
    domain=(_SHAPE, (-2.0, 2.0)),
    samples=((((), ()), {}),),
)
stdtrit = elementwise(
    "stdtrit",
    scipy_value("stdtrit"),
    (
        lambda y, v, _p: -_student_shape(None, v, y) / student_density(v, y),
        lambda y, v, _p: 1 / student_density(v, y),
    ),
    domain=(_SHAPE, _LEVEL),
    samples=_TWO,
)
