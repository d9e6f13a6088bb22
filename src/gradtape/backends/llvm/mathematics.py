"""Elementary functions as vector code: float32 and float64, at most 4 units in the last place on the whole range.

Each brings its argument into a small interval, evaluates a Taylor polynomial there, and puts the result together:

    exp, expm1   x = n ln 2 + r, |r| <= ln 2 / 2; e^r by its series, scaled by 2^n in two steps, so that neither
                 overflow nor a subnormal result comes early
    log, log1p   x = 2^k m, sqrt(1/2) <= m < sqrt(2); log m = 2 artanh(s), s = (m - 1) / (m + 1), by its series
    sin, cos     x = n pi/2 + r, |r| <= pi/4, with pi/2 in three parts of which n times the first two is exact; beyond
                 2^20 the C library; tan is their quotient
    tanh         expm1(2|x|) / (expm1(2|x|) + 2) with the sign of x

The reductions by parts of a constant are Cody and Waite's (Software Manual for the Elementary Functions, 1980), and
log is put together as in fdlibm's `e_log.c`. A series is cut where the next term is below a quarter unit in the last
place of the result; the lengths are in `_TERMS`. Rounding to a whole number is done by adding 1.5 2^p, in whose last
bits it then stands, as AVX2 does not convert between 64-bit integers and doubles.
"""

from __future__ import annotations

import math
from fractions import Fraction

from .emit import Emitter, Lane

# exp: 0.3466^k / k! against 2^-55 and 2^-26; sin and cos: (pi/4)^k / k!; log: 0.1716^(2k) / (2k + 1).
_TERMS = {
    "double": {"exp": 13, "sin": 8, "cos": 9, "log": 11},
    "float": {"exp": 7, "sin": 5, "cos": 5, "log": 5},
}
_MAGIC = {"double": 1.5 * 2.0**52, "float": 1.5 * 2.0**23}
_FRACTION = {"double": 52, "float": 23}
_BIAS = {"double": 1023, "float": 127}

# ln 2 and pi/2 to 200 digits' worth of bits, cut into parts by `parts_of`.
LN2 = Fraction(
    "0.693147180559945309417232121458176568075500134360255254120680009493393621969694715605863326996418687"
)
HALF_PI = Fraction(
    "1.570796326794896619231321691639751442098584699687552910487472296153908203143104499314017412671058534"
)


def parts_of(number: Fraction, bits: tuple[int, ...]) -> tuple[float, ...]:
    """A number as a sum of floats, the first ones of so many bits each."""
    parts = []
    for count in bits:
        scale = Fraction(2) ** (count - 1 - math.floor(math.log2(abs(number))))
        part = Fraction(round(number * scale)) / scale
        parts.append(float(part))
        number -= part
    return (*parts, float(number))


LN2_PARTS = {"double": parts_of(LN2, (42,)), "float": parts_of(LN2, (15,))}
HALF_PI_PARTS = parts_of(HALF_PI, (33, 33))


def _whole(e: Emitter, x: Lane) -> tuple[Lane, Lane]:
    """x rounded to a whole number, as a float and in the last bits of a whole number."""
    magic = e.number(x, _MAGIC[x.kind])
    shifted = e.add(x, magic)
    return e.sub(shifted, magic), e.sub(e.bits(shifted), e.bits(magic))


def _power_of_two(e: Emitter, n: Lane, kind: str) -> Lane:
    """2^n for a whole number n in the range of normal exponents."""
    return e.floating(e.shift_left(e.add(n, e.number(n, _BIAS[kind])), _FRACTION[kind]))


def clamped(e: Emitter, x: Lane, low: float, high: float) -> Lane:
    """x within bounds; NaN stays."""
    lowest, highest = e.number(x, low), e.number(x, high)
    x = e.select(e.lt(x, lowest), lowest, x)
    return e.select(e.gt(x, highest), highest, x)


def _reduced(e: Emitter, x: Lane) -> tuple[Lane, Lane, Lane]:
    """n as a float and as bits, and e^r - 1 for x = n ln 2 + r."""
    n, bits = _whole(e, e.mul(x, e.number(x, 1 / math.log(2))))
    high, low = LN2_PARTS[x.kind]
    r = e.sub(e.sub(x, e.mul(n, e.number(x, high))), e.mul(n, e.number(x, low)))
    terms = _TERMS[x.kind]["exp"]
    tail = e.horner(r, [1 / math.factorial(k) for k in range(terms, 1, -1)])
    return n, bits, e.fma(e.mul(r, r), tail, r)


def exp(e: Emitter, x: Lane) -> Lane:
    """e^x."""
    return scaled_exp(e, x)


def scaled_exp(e: Emitter, x: Lane, lost: Lane | None = None, halvings: int = 0) -> Lane:
    """e^(x + d) / 2^halvings, with d far below the last place of x, and no overflow before the result's own."""
    x = clamped(e, x, *((-750.0, 720.0) if x.kind == "double" else (-110.0, 95.0)))
    n, bits, p = _reduced(e, x)
    _, half = _whole(e, e.mul(n, e.number(x, 0.5)))
    y = e.add(p, e.number(x, 1))
    if lost is not None:
        y = e.fma(y, lost, y)
    rest = e.sub(bits, half)
    if halvings:
        rest = e.sub(rest, e.number(rest, halvings))
    return e.mul(e.mul(y, _power_of_two(e, half, x.kind)), _power_of_two(e, rest, x.kind))


def expm1(e: Emitter, x: Lane) -> Lane:
    """e^x - 1, exact near zero."""
    given = x
    x = clamped(e, x, *((-50.0, 710.0) if x.kind == "double" else (-25.0, 89.0)))
    _, bits, p = _reduced(e, x)
    # Half of 2^n p + (2^n - 1), as 2^n itself overflows before the result does.
    scale = _power_of_two(e, e.sub(bits, e.number(bits, 1)), x.kind)
    half = e.fma(scale, p, e.sub(scale, e.number(x, 0.5)))
    # Within the first interval the series itself keeps -0 and subnormals.
    small = e.eq(bits, e.number(bits, 0))
    y = e.select(small, p, e.mul(half, e.number(x, 2)))
    return e.select(e.eq(given, e.number(x, 0)), given, y)


def split(e: Emitter, x: Lane) -> tuple[Lane, Lane, Lane]:
    """k as a float, m, and 2^-k, for x = 2^k m with m from sqrt(1/2) to sqrt(2); x positive, finite and normal."""
    kind, fraction = x.kind, _FRACTION[x.kind]
    one, root = e.bits(e.number(x, 1.0)), e.bits(e.number(x, math.sqrt(0.5)))
    bits = e.bits(x)
    k = e.sub(e.shift_right(e.add(bits, e.sub(one, root)), fraction), e.number(bits, _BIAS[kind]))
    shifted = e.shift_left(k, fraction)
    m = e.floating(e.sub(bits, shifted))
    magic = e.number(x, _MAGIC[kind])
    number = e.sub(e.floating(e.add(k, e.bits(magic))), magic)
    return number, m, e.floating(e.sub(one, shifted))


def _log_of(e: Emitter, k: Lane, m: Lane, lost: Lane | None) -> Lane:
    """k ln 2 + log(m + d), with d far below the last place of m.

    The share of d, d / m, needs only few correct bits: 1 / m = (1 - s) / (1 + s), which is 1 - 2 s + 2 s^2 within 2 %.
    """
    one = e.number(m, 1)
    f = e.sub(m, one)
    s = e.div(f, e.add(f, e.number(m, 2)))
    z = e.mul(s, s)
    terms = _TERMS[m.kind]["log"]
    series = e.mul(z, e.horner(z, [2 / (2 * i + 1) for i in range(terms, 0, -1)]))
    half = e.mul(e.mul(f, f), e.number(m, 0.5))
    high, low = LN2_PARTS[m.kind]
    small = e.fma(k, e.number(m, low), e.mul(s, e.add(half, series)))
    if lost is not None:
        twice = e.add(s, s)
        small = e.fma(lost, e.sub(one, e.fma(e.neg(twice), s, twice)), small)
    return e.sub(e.mul(k, e.number(m, high)), e.sub(e.sub(half, small), f))


def log(e: Emitter, x: Lane) -> Lane:
    """The natural logarithm."""
    zero, one = e.number(x, 0), e.number(x, 1)
    tiny, scale, shift = (2.0**-1022, 2.0**54, 54.0) if x.kind == "double" else (2.0**-126, 2.0**25, 25.0)
    subnormal = e.lt(x, e.number(x, tiny))
    normal = e.select(subnormal, e.mul(x, e.number(x, scale)), x)
    usable = e.both(e.gt(x, zero), e.lt(x, e.number(x, math.inf)))
    k, m, _ = split(e, e.select(usable, normal, one))
    k = e.select(e.both(subnormal, usable), e.sub(k, e.number(x, shift)), k)
    return _log_at_the_ends(e, x, x, usable, _log_of(e, k, m, None))


def _log_at_the_ends(e: Emitter, x: Lane, inner: Lane, usable: Lane, y: Lane) -> Lane:
    """The logarithm of `inner`, given y where it is usable: -inf at 0, NaN below, infinity and NaN as they are."""
    zero = e.number(x, 0)
    y = e.select(usable, y, inner)
    y = e.select(e.eq(inner, zero), e.number(x, -math.inf), y)
    return e.select(e.lt(inner, zero), e.number(x, math.nan), y)


def log1p(e: Emitter, x: Lane) -> Lane:
    """The logarithm of 1 + x, exact near zero."""
    one = e.number(x, 1)
    u = e.add(x, one)
    back = e.sub(u, one)
    lost = e.add(e.sub(one, e.sub(u, back)), e.sub(x, back))  # Knuth's exact error of the sum
    usable = e.both(e.gt(u, e.number(x, 0)), e.lt(u, e.number(x, math.inf)))
    k, m, scale = split(e, e.select(usable, u, one))
    # In large numbers what was lost is far below the last place (and 2^-k may be subnormal).
    lost = e.select(e.lt(u, e.number(x, 2.0**60)), e.mul(lost, scale), e.number(x, 0))
    lost = e.select(usable, lost, e.number(x, 0))
    y = _log_of(e, k, m, lost)
    y = _log_at_the_ends(e, x, u, usable, y)
    # Below the last place of 1 the result is x; this keeps -0 and subnormals.
    return e.select(e.lt(e.abs(x), e.number(x, 2.0**-60 if x.kind == "double" else 2.0**-30)), x, y)


def tanh(e: Emitter, x: Lane) -> Lane:
    """The hyperbolic tangent."""
    size = clamped(e, e.abs(x), 0.0, 22.0 if x.kind == "double" else 10.0)
    t = expm1(e, e.add(size, size))
    y = e.div(t, e.add(t, e.number(x, 2)))
    return e.select(e.isnan(x), x, e.copysign(y, x))


def sigmoid(e: Emitter, x: Lane) -> Lane:
    """1 / (1 + exp(-x)), as exp(x) / (1 + exp(x)) below zero, where exp(-x) may overflow."""
    one = e.number(x, 1)
    t = exp(e, e.neg(e.abs(x)))
    return e.div(e.select(e.lt(x, e.number(x, 0)), t, one), e.add(one, t))


def softplus(e: Emitter, x: Lane) -> Lane:
    """max(x, 0) + log1p(exp(-|x|))."""
    zero = e.number(x, 0)
    larger = e.select(e.gt(x, zero), x, zero)
    y = e.add(larger, log1p(e, exp(e, e.neg(e.abs(x)))))
    return e.select(e.isnan(x), x, y)


def _quarter(e: Emitter, x: Lane) -> tuple[Lane, Lane, Lane]:
    """For x = n pi/2 + r in double: n as bits, r, and what rounding r has lost."""
    x = clamped(e, x, -(2.0**21), 2.0**21)
    n, bits = _whole(e, e.mul(x, e.number(x, 2 / math.pi)))
    first, second, third = (e.number(x, part) for part in HALF_PI_PARTS)
    a = e.sub(x, e.mul(n, first))
    w = e.mul(n, second)
    b = e.sub(a, w)
    lost = e.sub(e.sub(a, b), w)
    tail = e.sub(lost, e.mul(n, third))
    r = e.add(b, tail)
    return bits, r, e.add(e.sub(b, r), tail)


def _quarter_of_float(e: Emitter, x: Lane) -> tuple[Lane, Lane, None]:
    """The same in single precision, by two parts in double: what they lose is far below the last place of r."""
    wide = clamped(e, e.to(x, "double"), -(2.0**21), 2.0**21)
    n, bits = _whole(e, e.mul(wide, e.number(wide, 2 / math.pi)))
    first, second, _ = (e.number(wide, part) for part in HALF_PI_PARTS)
    r = e.sub(e.sub(wide, e.mul(n, first)), e.mul(n, second))
    return e.to(bits, "i32"), e.to(r, "float"), None


def _circular(e: Emitter, x: Lane) -> tuple[Lane, Lane, Lane]:
    """n as bits, and the sine and cosine of r, for x = n pi/2 + r below 2^20 in size."""
    n, r, lost = (_quarter if x.kind == "double" else _quarter_of_float)(e, x)
    z = e.mul(r, r)
    odd = _TERMS[x.kind]["sin"]
    signs = [(-1) ** k / math.factorial(2 * k + 1) for k in range(odd, 0, -1)]
    cubic = e.mul(e.mul(z, r), e.horner(z, signs))
    # sin(r + d) = sin r + d (1 - r^2 / 2), cos(r + d) = cos r - d r
    half = e.mul(z, e.number(z, 0.5))
    one = e.number(z, 1)
    sine = e.add(r, cubic if lost is None else e.add(cubic, e.sub(lost, e.mul(half, lost))))
    even = _TERMS[x.kind]["cos"]
    rest = e.mul(e.mul(z, z), e.horner(z, [(-1) ** k / math.factorial(2 * k) for k in range(even, 1, -1)]))
    base = e.sub(one, half)
    rest = rest if lost is None else e.sub(rest, e.mul(r, lost))
    cosine = e.add(base, e.add(e.sub(e.sub(one, base), half), rest))
    return n, sine, cosine


def _has_bit(e: Emitter, n: Lane, bit: int) -> Lane:
    """Whether a whole number has this bit."""
    return e.ne(e.both(n, e.number(n, bit)), e.number(n, 0))


def _quartered(e: Emitter, x: Lane, name: str) -> Lane:
    """sin or cos: of the two series that of the quarter in which x lies."""
    n, sine, cosine = _circular(e, x)
    if name == "cos":
        n = e.add(n, e.number(n, 1))
    y = e.select(_has_bit(e, n, 1), cosine, sine)
    y = e.select(_has_bit(e, n, 2), e.neg(y), y)
    return _circular_at_the_ends(e, x, y, name)


def _circular_at_the_ends(e: Emitter, x: Lane, y: Lane, name: str) -> Lane:
    """y, but -0 and NaN as they are, and the C library's value for numbers of great size."""
    if name != "cos":
        y = e.select(e.eq(x, e.number(x, 0)), x, y)
    y = e.select(e.isnan(x), x, y)
    return e.rarely(e.gt(e.abs(x), e.number(x, 2.0**20)), y, name, x)


def sin(e: Emitter, x: Lane) -> Lane:
    """The sine."""
    return _quartered(e, x, "sin")


def cos(e: Emitter, x: Lane) -> Lane:
    """The cosine."""
    return _quartered(e, x, "cos")


def tan(e: Emitter, x: Lane) -> Lane:
    """The tangent."""
    n, sine, cosine = _circular(e, x)
    odd = _has_bit(e, n, 1)
    y = e.div(e.select(odd, cosine, sine), e.select(odd, e.neg(sine), cosine))
    return _circular_at_the_ends(e, x, y, "tan")
