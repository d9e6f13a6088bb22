"""Elementary functions as vector code: float32 and float64, at most 4 units in the last place on the whole range.

Each brings its argument into a small interval, evaluates a polynomial there (`coefficients.py`), and puts the result
together:

    exp, expm1   x = n ln 2 + r, |r| <= ln 2 / 2; e^r is scaled by 2^n in two steps, so that neither overflow nor a
                 subnormal result comes early
    log, log1p   x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2); log(1 + f) = 2 artanh(s), s = f / (2 + f), is
                 f - s (f - s^2 P(s^2)); for log1p, f = 2^-k x + (2^-k - 1), which is rounded once
    sin, cos     x = n pi/2 + r, |r| <= pi/4, with pi/2 in parts of which n times all but the last is exact; for great
                 numbers the C library; tan is their quotient
    tanh         expm1(2|x|) / (expm1(2|x|) + 2) with the sign of x

The reductions by parts of a constant are Cody and Waite's (Software Manual for the Elementary Functions, 1980), and
log is put together as in fdlibm's `e_log.c`. Rounding to a whole number is done by adding 1.5 2^p, in whose last bits
it then stands, as AVX2 does not convert between 64-bit integers and doubles; shifted to the place of the exponent,
nothing but these bits is left. What rarely happens is left to functions of their own, behind a branch
(`Emitter.rarely`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from .coefficients import COS, EXP, LOG, SIN
from .emit import Emitter, Lane
from .kinds import STORED, has

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
    """A positive number as a sum of floats, the first ones of so many bits each.

    They are positive too, so that -0 less 0 times each remains -0.
    """
    parts = []
    for count in bits:
        scale = Fraction(2) ** (count - 1 - math.floor(math.log2(abs(number))))
        part = Fraction(math.floor(number * scale)) / scale
        parts.append(float(part))
        number -= part
    return (*parts, float(number))


LN2_PARTS = {"double": parts_of(LN2, (42,)), "float": parts_of(LN2, (15,))}
FUSED = has("FMA3", "ASIMD")
"""Whether a product and sum are rounded once."""
HALF_PI_PARTS = {
    "double": parts_of(HALF_PI, (53, 53) if FUSED else (33, 33, 33)),
    "float": parts_of(HALF_PI, (24, 24)),
}
EXP_ENDS = {"double": (-750.0, 720.0), "float": (-110.0, 95.0)}
"""Beyond these, the exponential is 0 or infinite."""
_TINY = {"double": 2.0**-1022, "float": 2.0**-126}
_LARGE = {"double": 2.0**1000, "float": 2.0**100}
_FAR = {"double": 2.0**20, "float": 2.0**16}
"""Beyond this, sines and cosines are the C library's."""


def _rounded(e: Emitter, x: Lane, over: float) -> tuple[Lane, Lane]:
    """x / over rounded to a whole number, as a float and in the last bits of a whole number."""
    magic = e.number(x, _MAGIC[x.kind])
    shifted = e.fma(x, e.number(x, 1 / over), magic)
    return e.sub(shifted, magic), e.bits(shifted)


def _power_of_two(e: Emitter, bits: Lane, kind: str, more: int = 0) -> Lane:
    """2^(n + more), in the range of normal exponents, for the last bits of a whole number n."""
    one = e.number(bits, (_BIAS[kind] + more) << _FRACTION[kind])
    return e.floating(e.add(e.shift_left(bits, _FRACTION[kind]), one))


def clamped(e: Emitter, x: Lane, low: float | None, high: float | None) -> Lane:
    """x within bounds; NaN stays."""
    if low is not None:
        lowest = e.number(x, low)
        x = e.select(e.lt(x, lowest), lowest, x)
    if high is not None:
        highest = e.number(x, high)
        x = e.select(e.gt(x, highest), highest, x)
    return x


def _reduced(e: Emitter, x: Lane) -> tuple[Lane, Lane]:
    """The last bits of n, and r, for x = n ln 2 + r."""
    n, bits = _rounded(e, x, math.log(2))
    for part in LN2_PARTS[x.kind]:
        x = e.fma(n, e.number(n, -part), x)
    return bits, x


def _near_one(e: Emitter, r: Lane) -> Lane:
    """e^r in the first interval."""
    one = e.number(r, 1)
    return e.fma(e.fma(e.polynomial(r, EXP[r.kind]), r, one), r, one)


def exp(e: Emitter, x: Lane) -> Lane:
    """e^x."""
    return scaled_exp(e, clamped(e, x, *EXP_ENDS[x.kind]))


def exp_below(e: Emitter, x: Lane) -> Lane:
    """e^x where x is not above zero."""
    return scaled_exp(e, clamped(e, x, EXP_ENDS[x.kind][0], None))


def scaled_exp(e: Emitter, x: Lane, lost: Lane | None = None, halvings: int = 0) -> Lane:
    """e^(x + d) / 2^halvings, with d far below the last place of x, and no overflow before the result's own.

    x is within `EXP_ENDS`, or NaN.
    """
    bits, r = _reduced(e, x)
    y = _near_one(e, r)
    if lost is not None:
        y = e.fma(y, lost, y)
    return _scaled(e, y, bits, halvings)


def _scaled(e: Emitter, y: Lane, bits: Lane, halvings: int = 0) -> Lane:
    """y 2^(n - halvings) for the last bits of n, y about one, in two steps: n may be beyond the range of exponents."""
    half = e.shift_right(bits, 1)
    y = e.mul(y, _power_of_two(e, half, y.kind))
    return e.mul(y, _power_of_two(e, e.sub(bits, half), y.kind, -halvings))


def exp2(e: Emitter, x: Lane) -> Lane:
    """2^x."""
    x = clamped(e, x, *((-1100.0, 1030.0) if x.kind == "double" else (-160.0, 135.0)))
    n, bits = _rounded(e, x, 1.0)
    return _scaled(e, _near_one(e, e.mul(e.sub(x, n), e.number(x, math.log(2)))), bits)


def exp_within(e: Emitter, x: Lane) -> Lane:
    """e^x where neither x nor the result is near the ends of the range."""
    bits, r = _reduced(e, x)
    return e.mul(_near_one(e, r), _power_of_two(e, bits, x.kind))


def _less_one(e: Emitter, r: Lane) -> Lane:
    """e^r - 1 in the first interval."""
    return e.fma(e.mul(r, r), e.polynomial(r, EXP[r.kind]), r)


def expm1(e: Emitter, x: Lane) -> Lane:
    """e^x - 1, exact near zero."""
    given, tiny = x, e.number(x, 2.0**-54 if x.kind == "double" else 2.0**-25)
    x = clamped(e, x, *((-50.0, 710.0) if x.kind == "double" else (-25.0, 89.0)))
    bits, r = _reduced(e, x)
    # Half of 2^n p + (2^n - 1), as 2^n itself overflows before the result does.
    scale = _power_of_two(e, bits, x.kind, -1)
    half = e.fma(scale, _less_one(e, r), e.sub(scale, e.number(x, 0.5)))
    # Below the last place of 1 the result is x; this keeps -0 and subnormals.
    return e.select(e.lt(e.abs(given), tiny), given, e.add(half, half))


def split(e: Emitter, x: Lane) -> tuple[Lane, Lane, Lane]:
    """k as a float, m, and 2^-k, for x = 2^k m with m from sqrt(1/2) to sqrt(2); x positive, finite and normal."""
    kind, fraction = x.kind, _FRACTION[x.kind]
    one, root = e.bits(e.number(x, 1.0)), e.bits(e.number(x, math.sqrt(0.5)))
    moved = e.add(
        e.bits(x), e.sub(one, root)
    )  # k + bias, and behind it the fraction of m less that of the root
    magic = e.number(x, _MAGIC[kind])
    whole = e.floating(e.either(e.shift_right(moved, fraction), e.bits(magic)))
    behind = e.number(moved, (1 << fraction) - 1)
    m = e.floating(e.add(e.both(moved, behind), root))
    exponent = e.both(moved, e.flip(behind))
    scale = e.floating(e.sub(e.number(moved, 2 * _BIAS[kind] << fraction), exponent))
    return e.sub(whole, e.number(x, _MAGIC[kind] + _BIAS[kind])), m, scale


def _artanh(e: Emitter, f: Lane) -> tuple[Lane, Lane]:
    """s and t, with log(1 + f) = f - s t."""
    s = e.div(f, e.add(f, e.number(f, 2)))
    z = e.mul(s, s)
    return s, e.fma(e.neg(z), e.polynomial(z, LOG[f.kind]), f)


def log_of(e: Emitter, k: Lane, f: Lane) -> Lane:
    """k ln 2 + log(1 + f)."""
    s, t = _artanh(e, f)
    high, low = LN2_PARTS[f.kind]
    small = e.fma(e.neg(s), t, e.mul(k, e.number(k, low)))
    return e.fma(k, e.number(k, high), e.add(f, small))


def _log_of_normal(e: Emitter, x: Lane, shift: float = 0.0) -> Lane:
    """log(x / 2^shift) of what is positive, finite and normal."""
    k, m, _ = split(e, x)
    if shift:
        k = e.sub(k, e.number(k, shift))
    return log_of(e, k, e.sub(m, e.number(m, 1)))


def _log2_of_normal(e: Emitter, x: Lane, shift: float = 0.0) -> Lane:
    """The same to base 2: k + log(1 + f) / ln 2."""
    k, m, _ = split(e, x)
    if shift:
        k = e.sub(k, e.number(k, shift))
    f = e.sub(m, e.number(m, 1))
    s, t = _artanh(e, f)
    return e.fma(e.fma(e.neg(s), t, f), e.number(f, 1 / math.log(2)), k)


def log(e: Emitter, x: Lane) -> Lane:
    """The natural logarithm."""
    return e.rarely(_outside(e, x, _TINY[x.kind], math.inf), _log_of_normal(e, x), _log_at_the_ends, x)


def log2(e: Emitter, x: Lane) -> Lane:
    """The logarithm to base 2, exact for powers of 2."""
    return e.rarely(_outside(e, x, _TINY[x.kind], math.inf), _log2_of_normal(e, x), _log2_at_the_ends, x)


def _outside(e: Emitter, x: Lane, low: float, high: float) -> Lane:
    """Whether a number is below a positive one, or not below another, or none.

    As whole numbers without a sign, moved so that it is one comparison of numbers with a sign.
    """
    bits, lowest, end = (e.bits(v) for v in (x, e.number(x, low), e.number(x, high)))
    smallest = e.number(bits, -1 << (8 * STORED[bits.kind][1] - 1))
    moved, end = (e.add(v, e.sub(smallest, lowest)) for v in (bits, end))
    return e.ge(moved, end)


def _log_at_the_ends(e: Emitter, y: Lane, x: Lane) -> Lane:
    """y, but the logarithm also of subnormal numbers, and of 0 and infinity; NaN of NaN and below zero."""
    return _at_the_ends(e, y, x, _log_of_normal)


def _log2_at_the_ends(e: Emitter, y: Lane, x: Lane) -> Lane:
    """The same to base 2."""
    return _at_the_ends(e, y, x, _log2_of_normal)


def _at_the_ends(e: Emitter, y: Lane, x: Lane, of_normal: Callable[[Emitter, Lane, float], Lane]) -> Lane:
    zero, shift = e.number(x, 0), float(_FRACTION[x.kind] + 1)
    subnormal = of_normal(e, e.mul(x, e.number(x, 2.0**shift)), shift)
    y = e.select(e.lt(x, e.number(x, _TINY[x.kind])), subnormal, y)
    y = e.select(e.eq(x, zero), e.number(x, -math.inf), y)
    return _no_number(e, x, e.lt(x, zero), y)


def _no_number(e: Emitter, x: Lane, below: Lane, y: Lane) -> Lane:
    """y, but NaN where x is `below` all numbers of which there is a logarithm, and infinity and NaN as they are."""
    y = e.select(below, e.number(x, math.nan), y)
    return e.select(e.either(e.isnan(x), e.eq(x, e.number(x, math.inf))), x, y)


def log1p(e: Emitter, x: Lane) -> Lane:
    """The logarithm of 1 + x, exact near zero."""
    y = _signed(e, log1p_of_usual(e, x), x)
    outside = _outside(e, e.add(x, e.number(x, 1)), _TINY[x.kind], _LARGE[x.kind])
    return e.rarely(outside, y, _log1p_at_the_ends, x)


def log1p_of_usual(e: Emitter, x: Lane) -> Lane:
    """The same of what is above -1 and far from the end of the range; 0 of -0."""
    one = e.number(x, 1)
    k, _, scale = split(e, e.add(x, one))
    return log_of(e, k, e.fma(scale, x, e.sub(scale, one)))


def _log1p_at_the_ends(e: Emitter, y: Lane, x: Lane) -> Lane:
    """y, but the logarithm also of great numbers; -infinity at -1, and NaN of NaN and below."""
    minus_one = e.number(x, -1)
    y = e.select(e.ge(x, e.number(x, _LARGE[x.kind])), _log_of_normal(e, x), y)
    y = e.select(e.eq(x, minus_one), e.number(x, -math.inf), y)
    return _no_number(e, x, e.lt(x, minus_one), y)


def _sign_bit(e: Emitter, bits: Lane) -> Lane:
    """The first of the bits, and zeros."""
    return e.both(bits, e.number(bits, 1 << (8 * STORED[bits.kind][1] - 1)))


def _signed(e: Emitter, y: Lane, x: Lane) -> Lane:
    """y with the sign of x; it is positive where it has another one."""
    return e.floating(e.either(e.bits(y), _sign_bit(e, e.bits(x))))


def tanh(e: Emitter, x: Lane) -> Lane:
    """The hyperbolic tangent."""
    size = clamped(e, e.abs(x), None, 22.0 if x.kind == "double" else 10.0)
    bits, r = _reduced(e, e.add(size, size))
    scale = _power_of_two(e, bits, x.kind)
    t = e.fma(scale, _less_one(e, r), e.sub(scale, e.number(x, 1)))
    return _signed(e, e.div(t, e.add(t, e.number(x, 2))), x)


def sigmoid(e: Emitter, x: Lane) -> Lane:
    """1 / (1 + exp(-x)), as exp(x) / (1 + exp(x)) below zero, where exp(-x) may overflow."""
    one = e.number(x, 1)
    t = exp_below(e, e.neg(e.abs(x)))
    return e.div(e.select(e.lt(x, e.number(x, 0)), t, one), e.add(one, t))


def softplus(e: Emitter, x: Lane) -> Lane:
    """max(x, 0) + log1p(exp(-|x|))."""
    zero = e.number(x, 0)
    larger = e.select(e.gt(x, zero), x, zero)
    y = e.add(larger, log1p_of_usual(e, exp_below(e, e.neg(e.abs(x)))))
    return e.select(e.isnan(x), x, y)


def _circular(e: Emitter, x: Lane) -> tuple[Lane, Lane, Lane]:
    """The last bits of n, and the sine and cosine of r, for x = n pi/2 + r that is not far from zero."""
    n, bits = _rounded(e, x, math.pi / 2)
    r = x
    for part in HALF_PI_PARTS[x.kind]:
        r = e.fma(n, e.number(n, -part), r)
    z, one = e.mul(r, r), e.number(r, 1)
    sine = e.mul(r, e.fma(z, e.polynomial(z, SIN[x.kind]), one))  # keeps -0
    cosine = e.fma(z, e.fma(z, e.polynomial(z, COS[x.kind]), e.number(z, -0.5)), one)
    return bits, sine, cosine


def _in_front(e: Emitter, n: Lane, bit: int) -> Lane:
    """A whole number with its bit of this number in front."""
    return e.shift_left(n, 8 * STORED[n.kind][1] - 1 - bit)


def _flipped(e: Emitter, y: Lane, n: Lane, bit: int) -> Lane:
    """y with the other sign where a whole number has this bit."""
    return e.floating(e.differ(e.bits(y), _sign_bit(e, _in_front(e, n, bit))))


def _odd(e: Emitter, n: Lane) -> Lane:
    """Whether a whole number is odd."""
    return e.lt(_in_front(e, n, 0), e.number(n, 0))


def _far(e: Emitter, x: Lane) -> Lane:
    return e.gt(e.abs(x), e.number(x, _FAR[x.kind]))


def _by_library(name: str) -> Callable[[Emitter, Lane, Lane], Lane]:
    """A function that gives y, but the C library's value far from zero."""

    def far(e: Emitter, y: Lane, x: Lane) -> Lane:
        return e.select(_far(e, x), e.library(name, x), y)

    far.__name__ = f"{name}_far_from_zero"
    return far


_SIN, _COS, _TAN = (_by_library(name) for name in ("sin", "cos", "tan"))


def sin(e: Emitter, x: Lane) -> Lane:
    """The sine."""
    if x.kind == "float" and not FUSED:
        return e.to(sin(e, e.to(x, "double")), "float")
    n, sine, cosine = _circular(e, x)
    y = _flipped(e, e.select(_odd(e, n), cosine, sine), n, 1)
    return e.rarely(_far(e, x), y, _SIN, x)


def cos(e: Emitter, x: Lane) -> Lane:
    """The cosine."""
    if x.kind == "float" and not FUSED:
        return e.to(cos(e, e.to(x, "double")), "float")
    n, sine, cosine = _circular(e, x)
    y = _flipped(e, e.select(_odd(e, n), sine, cosine), e.add(n, e.number(n, 1)), 1)
    return e.rarely(_far(e, x), y, _COS, x)


def tan(e: Emitter, x: Lane) -> Lane:
    """The tangent."""
    if x.kind == "float" and not FUSED:
        return e.to(tan(e, e.to(x, "double")), "float")
    n, sine, cosine = _circular(e, x)
    odd = _odd(e, n)
    y = e.div(e.select(odd, cosine, sine), e.select(odd, sine, cosine))
    return e.rarely(_far(e, x), _flipped(e, y, n, 0), _TAN, x)
