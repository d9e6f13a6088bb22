"""Hypergeometric functions, exponential integrals, Struve, Airy and other functions with a recurrence, as rows.

In x the derivative of each is one of the same family with shifted parameters (DLMF 13.3, 15.5, 16.3), so that every
order follows. In the parameters there is none: asking for one is a LookupError.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.define import elementwise
from ..core.primitive import Primitive
from .elementwise import cos, cosh, exp, like, power
from .integral import sinc
from .special import ROOT_PI, gammaln, in_double, no_order, scipy_value, special


def _shifted(name: str, slope: Any, count: int, domain: tuple[float, float]) -> Primitive:
    """A row of this many parameters and x, whose derivative in x is `slope(*parameters, x)`."""
    shapes = [np.array([1, 2, 3], np.int8), np.array([2, 3, 4], np.int8), np.array([3, 4, 5], np.int8)][
        -count:
    ]
    row: Primitive = elementwise(
        name,
        scipy_value(name),
        (*[no_order(name)] * count, lambda _y, *xs: slope(*xs)),
        domain=(*[(1.0, 3.0)] * count, domain),
        samples=(((*shapes, (3,)), {}), ((*[np.int8(2 + i) for i in range(count)], (2,)), {})),
    )
    return row


hyp0f1: Primitive = _shifted("hyp0f1", lambda b, x: hyp0f1(b + 1, x) / b, 1, (-2.0, 2.0))
hyp1f1: Primitive = _shifted("hyp1f1", lambda a, b, x: a / b * hyp1f1(a + 1, b + 1, x), 2, (-2.0, 2.0))
hyp2f1: Primitive = _shifted(
    "hyp2f1", lambda a, b, c, x: a * b / c * hyp2f1(a + 1, b + 1, c + 1, x), 3, (-0.6, 0.6)
)
hyperu: Primitive = _shifted("hyperu", lambda a, b, x: -a * hyperu(a + 1, b + 1, x), 2, (0.5, 3.0))


def _struve(sign: float, name: str) -> Primitive:
    """Struve's functions (DLMF 11.4.27-28)."""

    def slope(v: Any, x: Any) -> Any:
        extra = power(x / 2, v) * exp(-gammaln(like(x, 1.5) + v)) / ROOT_PI
        return (row(v - 1, x) + sign * row(v + 1, x) + extra) / 2

    row = _shifted(name, slope, 1, (0.5, 3.0))
    return row


struve, modstruve = _struve(-1.0, "struve"), _struve(1.0, "modstruve")


LOWEST = -10_000


def _expn(n: Any, x: Any) -> Any:
    """SciPy's for n above 0; below, E(0) = exp(-x) / x and `x E(n) = exp(-x) - n E(n+1)`, a sum of positive terms.

    SciPy counts n in 32 bits; above that the first term of DLMF 8.20.2 is right to 1e-9. The sum has a term for each
    order, so there is no value below `LOWEST`, where all that is not tiny has overflowed.
    """
    n, x = np.broadcast_arrays(n, x)
    found = special().expn(np.where((n > 0) & (n < 2**31), n, 1).astype(int), x)
    found = np.where(n < 2**31, found, np.where(np.isinf(n), 0.0, np.exp(-x) / (x + n)))
    last = np.exp(-x) / x
    for order in range(0, int(max(np.min(np.where(n >= LOWEST, n, 1), initial=1), LOWEST)) - 1, -1):
        last = last if order == 0 else (np.exp(-x) - order * last) / x
        found = np.where(n == order, last, found)
    return np.where(n >= LOWEST, found, np.nan)


expn: Primitive = elementwise(  # DLMF 8.19.13
    "expn",
    in_double(_expn),
    (no_order("expn"), lambda _y, n, x: -expn(n - 1, x)),
    domain=((0.0, 3.0), (0.5, 3.0)),
    samples=(((np.array([1, 2, 3], np.int8), (3,)), {}), ((np.int8(2), (2, 3)), {})),
)

erfi = elementwise("erfi", scipy_value("erfi"), lambda _y, x: 2 / ROOT_PI * exp(x * x))
wrightomega = elementwise(  # the solution of y + log(y) = x
    "wrightomega", scipy_value("wrightomega"), lambda y, _x: y / (1 + y)
)


def _part(name: str, place: int) -> Any:
    """One of the functions that SciPy computes together."""
    return in_double(lambda x: getattr(special(), name)(x)[place])


# The sine and cosine integrals (DLMF 6.2): x sinc(x) and cos(x) / x.
sine_integral = elementwise("sine_integral", _part("sici", 0), lambda _y, x: sinc(x / math.pi))
cosine_integral = elementwise(
    "cosine_integral", _part("sici", 1), lambda _y, x: cos(x) / x, domain=(0.3, 3.0)
)
# The hyperbolic ones (DLMF 6.2.15-16); sinh(x) / x is 0F1(3/2; x**2 / 4).
hyperbolic_sine_integral = elementwise(
    "hyperbolic_sine_integral", _part("shichi", 0), lambda _y, x: hyp0f1(like(x, 1.5), x * x / 4)
)
hyperbolic_cosine_integral = elementwise(
    "hyperbolic_cosine_integral", _part("shichi", 1), lambda _y, x: cosh(x) / x, domain=(0.3, 3.0)
)
# Airy's functions (DLMF 9.2.1): w'' = x w.
airy_ai: Primitive = elementwise("airy_ai", _part("airy", 0), lambda _y, x: airy_ai_slope(x))
airy_ai_slope: Primitive = elementwise("airy_ai_slope", _part("airy", 1), lambda _y, x: x * airy_ai(x))
airy_bi: Primitive = elementwise("airy_bi", _part("airy", 2), lambda _y, x: airy_bi_slope(x))
airy_bi_slope: Primitive = elementwise("airy_bi_slope", _part("airy", 3), lambda _y, x: x * airy_bi(x))
