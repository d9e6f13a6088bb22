"""Further functions as vector code: float32 and float64, at most 4 units in the last place on the whole range.

    sinh, cosh   from expm1 and exp, which is halved before it can overflow
    atan, atan2  |x| > tan(pi/8) becomes (|x| - 1) / (|x| + 1), and |x| > tan(3 pi/8) becomes -1 / |x| (Cody and Waite);
                 then t + t^3 P(t^2)
    asin, acos   atan2 of the sides of a triangle
    hypot        sqrt(x^2 + y^2), in double precision, or scaled where the squares would leave the range
    asinh, acosh, atanh  log1p of what is to be added to 1
    erf          up to 1 x + x P(x^2), from there 1 - erfc(x)
    erfc         from 1/2 exp(-x^2) P(q) / (1 + 2x) with q = (x - 3.75) / (x + 3.75), a form of Shepherd and Laframboise
                 (Mathematics of Computation 36, 1981); the square in two parts
    pow          exp(y log |x|), the logarithm and the product in pairs of doubles whose sum has some 65 bits

The polynomials P interpolate at Chebyshev's points, computed with mpmath to 60 digits; their errors, of the result, are
below a quarter unit in the last place. Highest power first.
"""

from __future__ import annotations

import math

from .emit import Emitter, Lane
from .kinds import Unsupported, has
from .mathematics import (
    EXP_ENDS,
    HALF_PI,
    LN2,
    clamped,
    exp,
    exp_within,
    expm1,
    log,
    log1p,
    parts_of,
    scaled_exp,
    split,
)

_ARC = {
    "double": (
        0.016284375050043393,
        -0.03456931506332609,
        0.045515447340221615,
        -0.05230443640686948,
        0.05878927554473807,
        -0.0666642476020052,
        0.07692296368042296,
        -0.09090908753259112,
        0.11111111105150588,
        -0.14285714285659779,
        0.19999999999999804,
        -0.3333333333333333,
    ),
    "float": (
        0.05047937432,
        -0.08624598215,
        0.1107135457,
        -0.1428415063,
        0.1999997725,
        -0.3333333328,
    ),
}
_ERF = {
    "double": (
        5.957176147748911e-11,
        -1.1372848856791674e-09,
        1.4659775274047436e-08,
        -1.6350312701054695e-07,
        1.6461000484121368e-06,
        -1.4925595266831182e-05,
        0.0001205533111164271,
        -0.000854832698083379,
        0.0052239776248180145,
        -0.026866170645076792,
        0.11283791670954879,
        -0.3761263890318375,
        0.1283791670955126,
    ),
    "float": (
        7.875875063e-5,
        -0.0008016864287,
        0.005189087423,
        -0.02685421201,
        0.1128359472,
        -0.3761262667,
        0.1283791658,
    ),
}
_ERFC_TO_6 = {
    "double": (
        -4.5904500727330906e-06,
        -1.4561883504238394e-05,
        2.124757922498866e-05,
        5.171676232576705e-05,
        -0.0002899669460493346,
        0.0002937546787549174,
        0.0017556186793693791,
        -0.009746583059977002,
        0.028362277374262605,
        -0.05869339847725245,
        0.09230432116741229,
        -0.10880393014331381,
        0.08227673849003762,
        0.0035854154854724073,
        -0.1402405985855466,
        1.2375126308378275,
    ),
    "float": (
        0.05302946538,
        -0.03654873183,
        0.1021328557,
        -0.1065375422,
        0.08252554019,
        0.003593946721,
        -0.1402408193,
        1.237512625,
    ),
}
_ERFC_TO_27 = (
    2.5431696964800644e-08,
    1.3598727442360611e-08,
    -2.427810400446172e-07,
    -4.544614446310166e-08,
    1.7407843353696712e-06,
    -9.817933390002403e-07,
    -1.143961812174963e-05,
    2.2387802061896063e-05,
    5.164792971701856e-05,
    -0.0002901550567275202,
    0.00029371384635663606,
    0.001755626020403979,
    -0.009746579573081783,
    0.028362277401736177,
    -0.05869339858916997,
    0.09230432116134499,
    -0.10880393014173884,
    0.08227673849012049,
    0.00358541548546381,
    -0.14024059858554677,
    1.2375126308378275,
)

_HALF_PI = {"double": parts_of(HALF_PI, (53,)), "float": parts_of(HALF_PI, (24,))}
_LN2 = parts_of(LN2, (42,))
_THIRD = (1 / 3, 2.0**-54 / 3)  # and what rounding it has lost, as 1/3 - (2^54 - 1) / (3 2^54)


def sinh(e: Emitter, x: Lane) -> Lane:
    """The hyperbolic sine."""
    size = e.abs(x)
    t = expm1(e, clamped(e, size, None, 22.0))
    near = e.mul(e.number(x, 0.5), e.add(t, e.div(t, e.add(t, e.number(x, 1)))))
    y = e.select(e.lt(size, e.number(x, 22.0)), near, half_exp(e, size))
    return e.select(e.isnan(x), x, e.copysign(y, x))


def half_exp(e: Emitter, size: Lane) -> Lane:
    """e^x / 2 of what is not negative."""
    return scaled_exp(e, clamped(e, size, None, EXP_ENDS[size.kind][1]), halvings=1)


def cosh(e: Emitter, x: Lane) -> Lane:
    """The hyperbolic cosine."""
    half = half_exp(e, e.abs(x))
    return e.add(half, e.div(e.number(x, 0.25), half))


def _arc(e: Emitter, size: Lane, behind: Lane | None = None) -> Lane:
    """The angle of a tangent that is not negative; what it lacks of a half turn, where it is behind."""
    zero, one = e.number(size, 0), e.number(size, 1)
    middle = e.gt(size, e.number(size, math.tan(math.pi / 8)))
    large = e.gt(size, e.number(size, math.tan(3 * math.pi / 8)))
    over = e.select(large, e.neg(one), e.select(middle, e.sub(size, one), size))
    under = e.select(large, size, e.select(middle, e.add(size, one), one))
    t = e.div(over, under)
    z = e.mul(t, t)
    y = e.fma(e.mul(t, z), e.polynomial(z, _ARC[size.kind]), t)
    parts = []
    for part in _HALF_PI[size.kind]:
        base = e.select(large, e.number(size, part), e.select(middle, e.number(size, part / 2), zero))
        if behind is not None:
            base = e.select(behind, e.sub(e.number(size, 2 * part), base), base)
        parts.append(base)
    if behind is not None:
        y = e.select(behind, e.neg(y), y)
    return e.add(parts[0], e.add(y, parts[1]))


def atan(e: Emitter, x: Lane) -> Lane:
    """The arc tangent."""
    return e.copysign(_arc(e, e.abs(x)), x)


def atan2(e: Emitter, y: Lane, x: Lane) -> Lane:
    """The angle of the point (x, y), by the signs of zeros too."""
    if y.kind != x.kind:
        raise Unsupported(f"atan2 of {y.kind} and {x.kind}")
    zero, one, infinity = e.number(x, 0), e.number(x, 1), e.number(x, math.inf)
    height, width = e.abs(y), e.abs(x)
    ratio = e.div(height, width)
    ratio = e.select(e.both(e.eq(height, zero), e.eq(width, zero)), zero, ratio)
    ratio = e.select(e.both(e.eq(height, infinity), e.eq(width, infinity)), one, ratio)
    sign = e.bits(x)
    angle = _arc(e, ratio, behind=e.lt(sign, e.number(sign, 0)))
    return e.select(e.isnan(x), x, e.copysign(angle, y))


def infinite(e: Emitter, x: Lane) -> Lane:
    """Whether a number is an infinity."""
    return e.eq(e.abs(x), e.number(x, math.inf))


def finite(e: Emitter, x: Lane) -> Lane:
    """Whether a number is neither an infinity nor NaN."""
    return e.lt(e.abs(x), e.number(x, math.inf))


def scaled_sizes(e: Emitter, a: Lane, b: Lane) -> tuple[Lane, Lane, Lane, Lane]:
    """The larger and the smaller size of two doubles, scaled for their squares, and where by 2^-520 and by 2^600."""
    first, second = e.abs(a), e.abs(b)
    wide = e.gt(first, second)
    x, y = e.select(wide, first, second), e.select(wide, second, first)
    large, small = e.gt(x, e.number(x, 2.0**500)), e.lt(x, e.number(x, 2.0**-480))
    scale = e.select(large, e.number(x, 2.0**-520), e.select(small, e.number(x, 2.0**600), e.number(x, 1)))
    return e.mul(x, scale), e.mul(y, scale), large, small


def by_range(e: Emitter, large: Lane, small: Lane, numbers: tuple[float, float]) -> Lane:
    """A number for large values, one for small ones, and between them 0 or, where they are factors, 1."""
    first, second = (e.number("double", number) for number in numbers)
    usual = e.number("double", 1.0 if min(numbers) > 0 else 0.0)
    return e.select(large, first, e.select(small, second, usual))


def modulus(e: Emitter, a: Lane, b: Lane) -> tuple[Lane, Lane, Lane]:
    """The modulus of a number in double precision, scaled, and where by 2^-520 and by 2^600."""
    x, y, large, small = scaled_sizes(e, a, b)
    return e.sqrt(e.fma(x, x, e.mul(y, y))), large, small


def hypot(e: Emitter, a: Lane, b: Lane) -> Lane:
    """sqrt(a^2 + b^2), infinite where either is."""
    if a.kind != b.kind:
        raise Unsupported(f"hypot of {a.kind} and {b.kind}")
    if a.kind == "float":
        x, y = e.to(a, "double"), e.to(b, "double")
        size = e.to(e.sqrt(e.fma(x, x, e.mul(y, y))), "float")
    else:
        size, large, small = modulus(e, a, b)
        size = e.mul(size, by_range(e, large, small, (2.0**520, 2.0**-600)))
    endless = e.either(infinite(e, a), infinite(e, b))
    return e.select(endless, e.number(a, math.inf), size)


def _side(e: Emitter, x: Lane) -> Lane:
    """sqrt(1 - x^2), the other side of a triangle; NaN beyond 1."""
    one = e.number(x, 1)
    return e.sqrt(e.mul(e.sub(one, x), e.add(one, x)))


def asin(e: Emitter, x: Lane) -> Lane:
    """The arc sine."""
    return atan2(e, x, _side(e, x))


def acos(e: Emitter, x: Lane) -> Lane:
    """The arc cosine."""
    return atan2(e, _side(e, x), x)


def atanh(e: Emitter, x: Lane) -> Lane:
    """The inverse hyperbolic tangent."""
    size = e.abs(x)
    quotient = e.div(e.add(size, size), e.sub(e.number(x, 1), size))
    y = e.mul(e.number(x, 0.5), log1p(e, quotient))
    return e.copysign(e.select(e.gt(size, e.number(x, 1)), e.number(x, math.nan), y), x)


def _large_log(e: Emitter, size: Lane, y: Lane) -> Lane:
    """y, but log(2 x) where x is so large that its square plus one is its square."""
    large = e.add(log(e, size), e.number(size, math.log(2)))
    return e.select(e.gt(size, e.number(size, 2.0**30)), large, y)


def asinh(e: Emitter, x: Lane) -> Lane:
    """The inverse hyperbolic sine."""
    one, size = e.number(x, 1), e.abs(x)
    square = e.mul(size, size)
    y = log1p(e, e.add(size, e.div(square, e.add(one, e.sqrt(e.add(one, square))))))
    return e.select(e.isnan(x), x, e.copysign(_large_log(e, size, y), x))


def acosh(e: Emitter, x: Lane) -> Lane:
    """The inverse hyperbolic cosine; NaN below 1."""
    t = e.sub(x, e.number(x, 1))
    y = log1p(e, e.add(t, e.sqrt(e.mul(t, e.add(t, e.number(x, 2))))))
    return _large_log(e, x, e.select(e.lt(t, e.number(t, 0)), e.number(x, math.nan), y))


def _erf_near_zero(e: Emitter, x: Lane) -> Lane:
    """The error function up to 1 in size."""
    return e.fma(x, e.polynomial(e.mul(x, x), _ERF[x.kind]), x)


def _over_exp(e: Emitter, size: Lane, terms: tuple[float, ...]) -> Lane:
    """exp(x^2) erfc(x)."""
    centre, one = e.number(size, 3.75), e.number(size, 1)
    q = e.div(e.sub(size, centre), e.add(size, centre))
    return e.div(e.polynomial(q, terms), e.fma(size, e.number(size, 2), one))


def erf(e: Emitter, x: Lane) -> Lane:
    """The error function."""
    one = e.number(x, 1)
    size = clamped(e, e.abs(x), None, 6.0 if x.kind == "double" else 4.0)
    tail = e.mul(_over_exp(e, size, _ERFC_TO_6[x.kind]), exp_within(e, e.neg(e.mul(size, size))))
    y = e.select(e.le(size, one), _erf_near_zero(e, size), e.sub(one, tail))
    return e.copysign(y, x)


def erfc(e: Emitter, x: Lane) -> Lane:
    """1 - erf(x), exact where that is small; single precision goes by way of double."""
    if x.kind == "float":
        return e.to(erfc(e, e.to(x, "double")), "float")
    one, half = e.number(x, 1), e.number(x, 0.5)
    size = clamped(e, e.abs(x), None, 27.5)
    bits = e.bits(size)
    high = e.floating(e.both(bits, e.number(bits, -(1 << 27))))  # whose square is exact
    rest = e.neg(e.mul(e.sub(size, high), e.add(size, high)))
    # e^rest - 1 by its series, as rest is below 2^-14
    rest = e.mul(rest, e.polynomial(rest, (1 / 6, 1 / 2, 1.0)))
    tail = e.mul(_over_exp(e, size, _ERFC_TO_27), scaled_exp(e, e.neg(e.mul(high, high)), rest))
    y = e.select(e.lt(x, e.number(x, 0)), e.sub(e.number(x, 2), tail), tail)
    y = e.select(e.lt(size, half), e.sub(one, _erf_near_zero(e, x)), y)
    return e.select(e.isnan(x), x, y)


def _product(e: Emitter, a: Lane, b: Lane) -> tuple[Lane, Lane]:
    """a b, and what rounding it has lost."""
    y = e.mul(a, b)
    return y, e.exact_fma(a, b, e.neg(y))


def _long_log(e: Emitter, x: Lane) -> tuple[Lane, Lane]:
    """The logarithm of a positive normal double in two parts: log m = 2 s (1 + s^2/3 + s^4/5 + ...)."""
    k, m, _ = split(e, x)
    one, two = e.number(x, 1), e.number(x, 2)
    over, under = e.sub(m, one), e.add(m, one)
    lost = e.sub(m, e.sub(under, one))
    s = e.div(over, under)
    left = e.exact_fma(e.neg(s), under, over)
    s_low = e.div(e.sub(left, e.mul(s, lost)), under)
    z, z_low = _product(e, s, s)
    z_low = e.fma(e.mul(two, s), s_low, z_low)
    tail = e.mul(e.mul(z, z), e.polynomial(z, [1 / (2 * i + 1) for i in range(12, 1, -1)]))
    third, third_low = (e.number(x, part) for part in _THIRD)
    first, first_low = _product(e, z, third)
    first_low = e.add(first_low, e.fma(z, third_low, e.mul(z_low, third)))
    v = e.add(first, tail)
    v_low = e.add(e.add(e.sub(first, v), tail), first_low)
    twice = e.mul(two, s)
    share, share_low = _product(e, twice, v)
    share_low = e.add(share_low, e.fma(twice, v_low, e.mul(e.mul(two, s_low), e.add(one, v))))
    y = e.add(twice, share)
    y_low = e.add(e.add(e.sub(twice, y), share), share_low)
    high, low = (e.number(x, part) for part in _LN2)
    whole = e.mul(k, high)
    total = e.add(whole, y)
    return total, e.add(e.add(e.sub(whole, total), y), e.fma(k, low, y_low))


def pow(e: Emitter, x: Lane, y: Lane) -> Lane:
    """x to the power of y, at the ends as the C library has it (C11, F.10.4.4)."""
    if x.kind != y.kind:
        raise Unsupported(f"pow of {x.kind} and {y.kind}")
    if x.kind == "float":
        wide, exponent = e.to(x, "double"), e.to(y, "double")
        power = e.mul(exponent, log(e, e.abs(wide)))
        return e.to(_with_sign(e, wide, exponent, exp(e, power)), "float")
    if not has("FMA3", "ASIMD"):  # pairs of doubles would be slow without a product and sum of one rounding
        return e.library("pow", x, y)
    size, zero = e.abs(x), e.number(x, 0)
    subnormal = e.lt(size, e.number(x, 2.0**-1022))
    normal = e.select(subnormal, e.mul(size, e.number(x, 2.0**54)), size)
    usable = e.both(e.gt(size, zero), e.lt(size, e.number(x, math.inf)))
    shift, shift_low = (e.select(subnormal, e.number(x, 54 * part), zero) for part in _LN2)
    high, low = _long_log(e, e.select(usable, normal, e.number(x, 1)))
    total = e.sub(high, shift)
    low = e.sub(e.add(low, e.sub(e.sub(high, total), shift)), shift_low)
    high = e.select(usable, total, e.select(e.eq(size, zero), e.number(x, -math.inf), size))
    power, power_low = _product(e, y, high)
    power_low = e.fma(y, low, power_low)
    power_low = e.select(e.lt(e.abs(power), e.number(x, 750)), power_low, zero)
    return _with_sign(e, x, y, scaled_exp(e, clamped(e, power, *EXP_ENDS[power.kind]), power_low))


def _with_sign(e: Emitter, x: Lane, y: Lane, size: Lane) -> Lane:
    """x to the power of y, given that of |x|: negative numbers have none, or one of a sign, by whether y is odd."""
    one, half = e.number(x, 1), e.number(x, 0.5)
    whole = e.eq(e.trunc(y), y)
    odd = e.both(whole, e.ne(e.trunc(e.mul(y, half)), e.mul(y, half)))
    bits = e.bits(x)
    negative = e.lt(bits, e.number(bits, 0))
    result = e.select(e.both(negative, odd), e.neg(size), size)
    below = e.both(e.lt(x, e.number(x, 0)), e.gt(x, e.number(x, -math.inf)))
    result = e.select(e.both(below, e.flip(whole)), e.number(x, math.nan), result)
    unit = e.both(e.eq(e.abs(x), one), e.eq(e.abs(y), e.number(y, math.inf)))
    unit = e.either(e.either(unit, e.eq(x, one)), e.eq(y, e.number(y, 0)))
    return e.select(unit, one, result)
