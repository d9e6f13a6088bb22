"""Elementary functions of complex numbers as vector code on their parts: infinities, NaN and -0 as in C's Annex G.

z = a + i b, |z| from the larger and the smaller of |a| and |b|, both scaled where squares would leave the range:

    log          (log(x^2 + y^2) / 2, atan2(b, a)), the sum of squares in two parts, to lose nothing near |z| = 1
    sqrt         t = sqrt((|z| + |a|) / 2) and |b| / (2 t), the larger of which is the real part where a >= 0
    exp          e^a (cos b, sin b); a large e^a is e^(a/2) twice, to overflow late
    sinh, cosh   (sinh a cos b, cosh a sin b) and (cosh a cos b, sinh a sin b); sin and cos are those of i z
    tanh         (sinh a cosh a, sin b cos b) / (sinh^2 a + cos^2 b), a sum without cancellation; tan is that of i z
    power        exp(w log z), with what NumPy says at 0

Each part of a result is within 6 units of its own last place, but for `power`: that is within 4 + 2 |w log z| units of
the last place of the modulus, as in the C library; whole constant exponents are products in `pairs.py`. In single
precision roots, logarithms and powers are computed in double precision.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.primitive import Kind, Primitive
from ...core.spec import Spec, broadcast_shapes
from .emit import Emitter, Lane
from .further_mathematics import by_range, finite, half_exp, infinite, modulus, scaled_sizes
from .kinds import has
from .mathematics import clamped, expm1, log_of, split

Pair = tuple[Lane, Lane]


def _widened(function: Callable[..., Pair]) -> Callable[..., Pair]:
    """A function that is computed in double precision for numbers in single precision."""

    @functools.wraps(function)
    def widened(e: Any, *parts: Lane) -> Pair:
        if parts[0].kind == "double":
            return function(e, *parts)
        first, second = function(e, *(e.to(x, "double") for x in parts))
        return e.to(first, parts[0].kind), e.to(second, parts[0].kind)

    return widened


def _sum_of_squares(e: Emitter, x: Lane, y: Lane) -> Pair:
    """x^2 + y^2 in two parts whose sum has twice the digits; x is the larger."""
    (first, first_low), (second, second_low) = _exact_square(e, x), _exact_square(e, y)
    high = e.add(first, second)
    lost = e.sub(second, e.sub(high, first))
    low, low_lost = _exact_sum(e, first_low, second_low)
    low, lower = _exact_sum(e, lost, low)
    total = e.add(high, low)
    rest = e.sub(low, e.sub(total, high))
    return total, e.add(rest, e.add(lower, low_lost))


def _exact_square(e: Emitter, x: Lane) -> Pair:
    """x^2, and what rounding it has lost (Dekker, where no product and sum of one rounding is fast)."""
    y = e.mul(x, x)
    if has("FMA3", "ASIMD"):
        return y, e.exact_fma(x, x, e.neg(y))
    bits = e.bits(x)
    high = e.floating(e.both(bits, e.number(bits, -(1 << 27))))
    low = e.sub(x, high)
    twice = e.mul(e.add(high, high), low)
    return y, e.add(e.add(e.sub(e.mul(high, high), y), twice), e.mul(low, low))


def _exact_sum(e: Emitter, a: Lane, b: Lane) -> Pair:
    """a + b, and what rounding it has lost (Knuth)."""
    total = e.add(a, b)
    back = e.sub(total, a)
    return total, e.add(e.sub(a, e.sub(total, back)), e.sub(b, back))


@_widened
def log(e: Any, a: Lane, b: Lane) -> Pair:
    """The logarithm of the modulus, and the angle."""
    x, y, large, small = scaled_sizes(e, a, b)
    one = e.number(x, 1)
    endless = e.either(infinite(e, a), infinite(e, b))
    plain = e.both(e.both(e.gt(x, e.number(x, 0)), finite(e, x)), finite(e, y))
    total, low = _sum_of_squares(e, e.select(plain, x, one), e.select(plain, y, e.number(x, 0)))
    k, m, scale = split(e, total)
    k = e.add(k, by_range(e, large, small, (1040.0, -1200.0)))
    size = e.mul(log_of(e, k, e.fma(low, scale, e.sub(m, one))), e.number(x, 0.5))
    outside = e.select(endless, e.number(x, math.inf), e.add(x, y))
    outside = e.select(e.eq(outside, e.number(x, 0)), e.number(x, -math.inf), outside)
    return e.select(plain, size, outside), e.atan2(b, a)


@_widened
def sqrt(e: Any, a: Lane, b: Lane) -> Pair:
    """The root with a real part that is not negative; its imaginary part has the sign of that of the number."""
    zero, height = e.number(a, 0), e.abs(b)
    size, large, small = modulus(e, a, b)
    size = e.select(infinite(e, a), e.abs(a), size)
    width = e.mul(e.abs(a), by_range(e, large, small, (2.0**-520, 2.0**600)))
    t = e.sqrt(e.mul(e.add(size, width), e.number(a, 0.5)))
    t = e.mul(t, by_range(e, large, small, (2.0**260, 2.0**-300)))
    other = e.select(e.eq(t, zero), t, e.div(height, e.add(t, t)))
    left = e.lt(a, zero)
    real, imaginary = e.select(left, other, t), e.copysign(e.select(left, t, other), b)
    endless = infinite(e, b)
    return e.select(endless, height, real), e.select(endless, b, imaginary)


def exp(e: Any, a: Lane, b: Lane) -> Pair:
    """e^a (cos b + i sin b)."""
    zero, one, infinity = e.number(a, 0), e.number(a, 1), e.number(a, math.inf)
    late = e.gt(a, e.number(a, 700 if a.kind == "double" else 80))
    first = e.exp(e.select(late, e.mul(a, e.number(a, 0.5)), a))
    second = e.select(late, first, one)
    lost = e.flip(finite(e, b))
    none = e.both(lost, e.eq(a, e.neg(infinity)))

    def part(direction: Lane) -> Any:
        return e.mul(e.mul(first, e.select(none, zero, direction)), second)

    endless = e.both(lost, e.eq(a, infinity))
    real = e.select(endless, a, part(e.cos(b)))
    level = e.eq(b, zero)
    return e.select(level, e.mul(first, second), real), e.select(level, b, part(e.sin(b)))


def _hyperbolic(e: Any, size: Lane) -> Pair:
    """The hyperbolic sine and cosine of a size up to 22."""
    t = expm1(e, size)
    one, half = e.number(t, 1), e.number(t, 0.5)
    whole = e.add(t, one)
    return e.mul(half, e.add(t, e.div(t, whole))), e.mul(half, e.add(whole, e.div(one, whole)))


def _growing(e: Any, a: Lane) -> tuple[Lane, Lane, Lane]:
    """The hyperbolic sine and cosine of a, each to be multiplied by a last factor, which keeps them from overflow."""
    size, one = e.abs(a), e.number(a, 1)
    late = e.gt(size, e.number(a, 700 if a.kind == "double" else 80))
    large = half_exp(e, e.select(late, e.mul(size, e.number(a, 0.5)), size))
    sine, cosine = _hyperbolic(e, clamped(e, size, None, 22.0))
    near = e.lt(size, e.number(a, 22))
    sine, cosine = (e.select(near, x, large) for x in (sine, cosine))
    nan = e.isnan(a)
    factor = e.select(late, e.add(large, large), one)
    return e.copysign(e.select(nan, a, sine), a), e.select(nan, a, cosine), factor


def sinh(e: Any, a: Lane, b: Lane) -> Pair:
    """The hyperbolic sine."""
    sine, cosine, factor = _growing(e, a)
    real = e.mul(e.mul(e.cos(b), sine), factor)
    imaginary = e.mul(e.mul(e.sin(b), cosine), factor)
    zero = e.number(a, 0)
    itself = e.both(e.flip(finite(e, b)), e.either(e.eq(a, zero), infinite(e, a)))
    return e.select(itself, a, real), e.select(e.eq(b, zero), b, imaginary)


def cosh(e: Any, a: Lane, b: Lane) -> Pair:
    """The hyperbolic cosine."""
    sine, cosine, factor = _growing(e, a)
    real = e.mul(e.mul(e.cos(b), cosine), factor)
    imaginary = e.mul(e.mul(e.sin(b), sine), factor)
    zero, lost = e.number(a, 0), e.flip(finite(e, b))
    level = e.mul(b, e.copysign(e.number(a, 1), a))
    imaginary = e.select(e.eq(b, zero), level, e.select(e.both(lost, e.eq(a, zero)), zero, imaginary))
    return e.select(e.both(lost, infinite(e, a)), e.abs(a), real), imaginary


def tanh(e: Any, a: Lane, b: Lane) -> Pair:
    """The hyperbolic tangent."""
    zero, one, size = e.number(a, 0), e.number(a, 1), e.abs(a)
    end = 22.0 if a.kind == "double" else 10.0
    up, along = e.sin(b), e.cos(b)
    both = e.mul(up, along)
    sine, cosine = _hyperbolic(e, clamped(e, size, None, end))
    under = e.add(e.mul(sine, sine), e.mul(along, along))
    far, endless = e.gt(size, e.number(a, end)), infinite(e, a)
    small = e.exp(e.neg(size))
    beyond = e.mul(e.mul(e.mul(both, e.number(a, 4)), small), small)
    # One, or NaN if b has no direction.
    unit = e.select(endless, one, e.add(one, e.mul(up, zero)))
    real = e.copysign(e.select(far, unit, e.div(e.mul(sine, cosine), under)), a)
    imaginary = e.select(far, beyond, e.div(both, under))
    level = e.either(e.eq(b, zero), e.both(endless, e.flip(finite(e, b))))
    return e.select(e.eq(a, zero), a, real), e.select(level, e.copysign(zero, b), imaginary)


def sin(e: Any, a: Lane, b: Lane) -> Pair:
    """The sine, sinh(i z) / i."""
    real, imaginary = sinh(e, b, a)
    return imaginary, real


def cos(e: Any, a: Lane, b: Lane) -> Pair:
    """The cosine, cosh(i z)."""
    return cosh(e, e.neg(b), a)


def tan(e: Any, a: Lane, b: Lane) -> Pair:
    """The tangent, tanh(i z) / i."""
    real, imaginary = tanh(e, b, a)
    return imaginary, real


@_widened
def power(e: Any, a: Lane, b: Lane, c: Lane, d: Lane) -> Pair:
    """z^w = exp(w log z), z^0 = 1, and 0^w is 0 where the real part of w is positive, else NaN."""
    zero, one, nan = e.number(a, 0), e.number(a, 1), e.number(a, math.nan)
    size, angle = log(e, a, b)
    real, imaginary = exp(e, e.sub(e.mul(c, size), e.mul(d, angle)), e.add(e.mul(c, angle), e.mul(d, size)))
    straight = e.eq(d, zero)
    nothing = e.both(e.eq(a, zero), e.eq(b, zero))
    unit = e.both(straight, e.eq(c, zero))
    real, imaginary = (
        e.select(nothing, e.select(e.gt(c, zero), zero, nan), part) for part in (real, imaginary)
    )
    return e.select(unit, one, real), e.select(unit, zero, imaginary)


def real_of(dtype: Any) -> Any:
    """The dtype of the parts."""
    return np.zeros((), dtype).real.dtype


def joined(a: Any, b: Any) -> Any:
    """Complex numbers of their parts."""
    found = np.empty(broadcast_shapes(np.shape(a), np.shape(b)), np.result_type(a, np.complex64))
    found.real, found.imag = a, b
    return found[()]


PAIR = Primitive("pair", Kind.CONSTANT, joined, None, (None, None), pointwise=True)
"""A complex value of its parts, which are of its shape; `plan.py` writes them to their places."""


def _rows(function: Callable[..., Pair], whole: Callable[..., Any]) -> tuple[Primitive, Primitive]:
    """A function as two operations on parts: what it gives for the real part, and for the imaginary one."""

    def row(place: int) -> Primitive:
        def value(*parts: Any) -> Any:
            with np.errstate(all="ignore"):
                found = whole(*(joined(*parts[i : i + 2]) for i in range(0, len(parts), 2)))
            return (found.real, found.imag)[place]

        def spec(*parts: Any) -> Spec:
            return Spec(broadcast_shapes(*(x.shape for x in parts)), parts[0].dtype)

        name = f"{('real', 'imaginary')[place]}_part_of_{function.__name__}"
        element = lambda e, *parts: function(e, *parts)[place]
        return Primitive(name, Kind.CONSTANT, value, spec, (), pointwise=True, element=element)

    return row(0), row(1)


PARTS = {
    name: _rows(function, whole)
    for name, function, whole in (
        *(("exp", exp, np.exp), ("log", log, np.log), ("sqrt", sqrt, np.sqrt), ("power", power, np.power)),
        *(("sin", sin, np.sin), ("cos", cos, np.cos), ("tan", tan, np.tan)),
        *(("sinh", sinh, np.sinh), ("cosh", cosh, np.cosh), ("tanh", tanh, np.tanh)),
    )
}
"""For each function two operations on parts."""

OWN = frozenset(row for rows in PARTS.values() for row in rows)
"""These operations, which are in no vocabulary."""
