"""Bessel functions of integer order, as rows.

Those of order 0 and 1 have rows of their own; `jv`, `yv`, `iv` and `kv` take any order, and serve the derivatives:
`2 J(v)' = J(v-1) - J(v+1)` and its like (DLMF 10.6.1, 10.29.1) need no division by x, so they hold at 0 too, and lose
no digits. The exponentially scaled functions would: `exp(-x) I(0)` has derivative `exp(-x) (I(1) - I(0))`, which is
smaller than either by the factor 2x. Their derivatives are integrals of one sign, one row for every order.

At 0 `i0e` and `i1e` have the kink of `exp(-|x|)`; odd derivatives of the one and even ones of the other are the mean
of both sides there, as in TensorFlow: 0. Functions of the second kind are NaN for negative x.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.define import elementwise
from ..core.primitive import Primitive, Sample
from .constant import equal
from .elementwise import like
from .linear import where
from .special import in_blocks, in_double, integrate, no_order, scipy_value, special

_ORDERS: tuple[Sample, ...] = ((np.array([0, 1, 2], np.int8), (3,)), {}), ((np.int8(2), (2, 3)), {})


def _value(name: str) -> Callable[..., Any]:
    """SciPy's function, with the limits at infinity where it has NaN."""

    def value(*xs: Any) -> Any:
        x = xs[-1]
        odd = xs[0] % 2 == 1 if len(xs) == 2 else name.endswith("1")
        grows = np.where((x < 0) & odd, -np.inf, np.inf)
        fades = np.where((x > 0) | (name[0] == "j"), 0.0, np.nan)
        limit = grows if name[0] == "i" else fades
        return np.where(np.isinf(x), limit, getattr(special(), name)(*xs))

    return in_double(value)


def _of_any_order(name: str, below: float, above: float, domain: tuple[float, float]) -> Primitive:
    """The row of all orders: its derivative is a combination of the neighbouring orders."""

    def partial(_y: Any, v: Any, x: Any) -> Any:
        lower = row(v - 1, x)
        if name == "yv":  # at the pole the higher order prevails; the difference of infinities would be NaN
            lower = where(equal(x, like(x, 0)), like(x, 0), lower)
        return below * lower + above * row(v + 1, x)

    row = elementwise(
        name, _value(name), (no_order(name), partial), domain=((0.0, 2.0), domain), samples=_ORDERS
    )
    return row


jv = _of_any_order("jv", 0.5, -0.5, (-3.0, 3.0))
yv = _of_any_order("yv", 0.5, -0.5, (0.5, 3.0))
iv = _of_any_order("iv", 0.5, 0.5, (-2.0, 2.0))
kv = _of_any_order("kv", -0.5, -0.5, (0.5, 3.0))


def _pair(kind: str, row: Primitive, sign: float, domain: tuple[float, float]) -> tuple[Primitive, Primitive]:
    """The rows of order 0 and 1; `sign` times the function of order 1 is the derivative of that of order 0."""
    first = elementwise(f"{kind}0", _value(f"{kind}0"), lambda _y, x: sign * second(x), domain=domain)
    rule: Callable[..., Any] = row.rules[1].function  # type: ignore[index, union-attr, assignment]  # two rules
    second = elementwise(
        f"{kind}1", _value(f"{kind}1"), lambda _y, x: rule(None, like(x, 1), x), domain=domain
    )
    return first, second


j0, j1 = _pair("j", jv, -1.0, (-3.0, 3.0))
y0, y1 = _pair("y", yv, -1.0, (0.5, 3.0))
i0, i1 = _pair("i", iv, 1.0, (-2.0, 2.0))
k0, k1 = _pair("k", kv, -1.0, (0.5, 3.0))


def _ive_derivative(x: Any, *, v: int, order: int) -> Any:
    """From `exp(-x) I(v) = 1/pi int_0^pi cos(vt) exp(-x (1 - cos t)) dt` for x >= 0 (DLMF 10.32.3)."""
    size = np.abs(x)
    reach = np.minimum(2.0, (45.0 + 6 * order) / np.maximum(size, 1e-3))
    end = 2 * np.arcsin(np.sqrt(reach / 2))

    def integrand(t: Any) -> Any:
        height = 2 * np.sin(t / 2) ** 2
        return np.cos(v * t) * (-height) ** order * np.exp(np.where(height == 0, 0.0, -size * height))

    found = integrate(integrand, np.zeros_like(end), end, 1, 64) / np.pi
    return found * np.sign(x[:, 0]) if (v + order) % 2 else found


def _kve_derivative(x: Any, *, v: int, order: int) -> Any:
    """From `exp(x) K(v) = int_0^oo cosh(vt) exp(-x (cosh t - 1)) dt` for x > 0 (DLMF 10.32.9)."""
    known = np.where((x > 0) & np.isfinite(x), x, 1.0)
    drop, rate = 50.0 + 6 * order, order + v
    log_height = np.log(drop) - np.log(known)
    # cosh(t) - 1 = height; where height overflows, t = log(2 height)
    end = np.where(
        log_height > 300,
        log_height + np.log(2.0),
        2 * np.arcsinh(np.sqrt(np.exp(np.minimum(log_height, 300.0)) / 2)),
    )
    # Below its peak, where x cosh(t) is about `rate`, the integrand falls like exp(rate * t).
    start = np.maximum(0.0, end - np.log(drop) - 50.0 / rate - 1)

    def integrand(t: Any) -> Any:
        near = np.minimum(t, 300.0)
        height = 2 * np.sinh(near / 2) ** 2
        found = np.cosh(v * near) * height**order * np.exp(-known * height)
        # Further out, where powers of the height overflow, cosh(t) is exp(t) / 2.
        far = np.exp(rate * t - (order + v) * np.log(2.0) - np.exp(np.log(known) + t - np.log(2.0)))
        return np.where(t > 300, far, found)

    found = (-1) ** order * integrate(integrand, start, end, 30, 16)
    at = x[:, 0]
    found = np.where(at == np.inf, 0.0, np.where(at == 0, (-1.0) ** order * np.inf, found))
    return np.where((at < 0) | np.isnan(at), np.nan, found)


def _derivative_of_scaled(name: str, value: Callable[..., Any], domain: tuple[float, float]) -> Primitive:
    """The row of all derivatives of the scaled functions of order v = 0 and 1."""
    row = elementwise(
        name,
        in_blocks(value),
        lambda _y, x, *, v, order: row(x, v=v, order=order + 1),
        domain=domain,
        samples=((((3,),), {"v": 0, "order": 1}), (((2,),), {"v": 1, "order": 2})),
    )
    return row


ive_derivative = _derivative_of_scaled("ive_derivative", _ive_derivative, (0.5, 3.0))
kve_derivative = _derivative_of_scaled("kve_derivative", _kve_derivative, (0.5, 3.0))


def _scaled(name: str, slope: Primitive, v: int) -> Primitive:
    return elementwise(name, scipy_value(name), lambda _y, x: slope(x, v=v, order=1), domain=(0.5, 3.0))


i0e, i1e = _scaled("i0e", ive_derivative, 0), _scaled("i1e", ive_derivative, 1)
k0e, k1e = _scaled("k0e", kve_derivative, 0), _scaled("k1e", kve_derivative, 1)
