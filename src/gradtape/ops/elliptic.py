"""Elliptic integrals, by Carlson's symmetric form R_F (DLMF 19.16), all of whose derivatives are of one kind.

R_F(x, y, z) is half the integral over t > 0 of `((t+x) (t+y) (t+z))**-(1/2)`. Each derivative raises an exponent, so
that no derivative is a difference of nearly equal numbers, as those written with K and E are; `elliprf_derivative` has
them of every order. In u = log(t) the integrand is analytic in a strip of half width pi and falls off exponentially on
both sides: the trapezoidal rule is exact to rounding.

R_D is -6 times the derivative in z, and Legendre's functions follow by DLMF 19.25 in the parameter m = k**2, as SciPy
has it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.define import elementwise
from ..core.primitive import Primitive, Sample
from .constant import rint
from .elementwise import cos, like, sin, sqrt
from .elementwise import square as squared
from .special import in_blocks, scipy_value

Order = tuple[int, int, int]

STEP = 0.3  # of the order exp(-2 pi pi / STEP) is the error of the rule
REACH = 90.0  # the slowest decay is exp(-u/2)


def _derivative(x: Any, y: Any, z: Any, *, order: tuple[int, int, int]) -> Any:
    defined = (x >= 0) & (y >= 0) & (z >= 0) & (x + y > 0) & (x + z > 0) & (y + z > 0)
    known = defined & np.isfinite(x) & np.isfinite(y) & np.isfinite(z)
    parts = [np.where(known, part, 1.0) for part in (x, y, z)]
    logs = np.stack([np.log(np.where(part > 0, part, 1.0)) for part in parts])
    low, high = logs.min(0) - REACH, logs.max(0) + REACH
    count = int(np.max(np.ceil((high - low) / STEP), initial=1.0)) + 1
    u = low + STEP * np.arange(count)
    t, exponent = np.exp(u), u
    for part, i in zip(parts, order, strict=True):
        exponent = exponent - (0.5 + i) * np.log(t + part)
    factor = 0.5 * math.prod(-(0.5 + j) for i in order for j in range(i))
    total = STEP * np.sum(np.exp(exponent), axis=1)
    for part, i in zip(parts, order, strict=True):
        if i:
            total = np.where(part[:, 0] == 0, np.inf, total)
    # Towards infinity in one of the three the integral and all its derivatives vanish.
    return np.where(known[:, 0], factor * total, np.where(defined[:, 0], 0.0, np.nan))


def _raised(order: Order, place: int) -> Order:
    return tuple(i + (at == place) for at, i in enumerate(order))  # type: ignore[return-value]  # three


def _in(place: int) -> Any:
    """The partial derivative of a derivative in one of the three."""
    return lambda _y, x, y, z, *, order: elliprf_derivative(x, y, z, order=_raised(order, place))


_POSITIVE = ((0.3, 2.0), (0.3, 2.0), (0.3, 2.0))

elliprf_derivative: Primitive = elementwise(
    "elliprf_derivative",
    in_blocks(_derivative),
    (_in(0), _in(1), _in(2)),
    domain=_POSITIVE,
    samples=((((), (), ()), {"order": (1, 0, 1)}),),
)


elliprf = elementwise(
    "elliprf",
    scipy_value("elliprf"),
    (
        lambda _y, x, y, z: elliprf_derivative(x, y, z, order=(1, 0, 0)),
        lambda _y, x, y, z: elliprf_derivative(x, y, z, order=(0, 1, 0)),
        lambda _y, x, y, z: elliprf_derivative(x, y, z, order=(0, 0, 1)),
    ),
    domain=_POSITIVE,
    samples=((((), (), ()), {}),),
)


def in_last(x: Any, y: Any, z: Any) -> Any:
    """The derivative of R_F in z, which is -R_D / 6."""
    return elliprf_derivative(x, y, z, order=(0, 0, 1))


# K' = R_D(0, 1, 1-m) / 6 and E' = -R_D(0, 1-m, 1) / 6: DLMF 19.4.1-2 with 19.25.1.
ellipk = elementwise(
    "ellipk",
    scipy_value("ellipk"),
    lambda _y, m: -in_last(like(m, 0), like(m, 1), 1 - m),
    domain=(-1.0, 0.8),
)
ellipe = elementwise(
    "ellipe",
    scipy_value("ellipe"),
    lambda _y, m: in_last(like(m, 0), 1 - m, like(m, 1)),
    domain=(-1.0, 0.8),
)
ellipkm1 = elementwise(
    "ellipkm1",
    scipy_value("ellipkm1"),
    lambda _y, p: in_last(like(p, 0), like(p, 1), p),
    domain=(0.2, 1.8),
)


def _turns(phi: Any) -> tuple[Any, Any]:
    """The angle less the whole half turns next to it, and how many these are; the latter do not vary."""
    whole = rint(phi * (1 / math.pi))
    return phi - math.pi * whole, whole


def _incomplete_f(_y: Any, phi: Any, m: Any) -> Any:
    rest, whole = _turns(phi)
    s = sin(rest)
    part = in_last(squared(cos(rest)), like(s, 1), 1 - m * squared(s))
    return -(s * squared(s) * part + 2 * whole * in_last(like(m, 0), like(m, 1), 1 - m))


def _incomplete_e(_y: Any, phi: Any, m: Any) -> Any:
    rest, whole = _turns(phi)
    s = sin(rest)
    part = in_last(squared(cos(rest)), 1 - m * squared(s), like(s, 1))
    return s * squared(s) * part + 2 * whole * in_last(like(m, 0), 1 - m, like(m, 1))


_ANGLE: tuple[Sample, ...] = ((((), (2,)), {}),)

ellipkinc = elementwise(
    "ellipkinc",
    scipy_value("ellipkinc"),
    (lambda _y, phi, m: 1 / sqrt(1 - m * squared(sin(phi))), _incomplete_f),
    domain=((0.2, 1.3), (-1.0, 0.8)),
    samples=_ANGLE,
)
ellipeinc = elementwise(
    "ellipeinc",
    scipy_value("ellipeinc"),
    (lambda _y, phi, m: sqrt(1 - m * squared(sin(phi))), _incomplete_e),
    domain=((0.2, 1.3), (-1.0, 0.8)),
    samples=_ANGLE,
)
