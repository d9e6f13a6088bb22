"""Quotients rounded down and their remainders, as NumPy has them: of whole numbers, and of floats to the bit.

Of whole numbers a divisor of 0 gives 0, and the quotient of the least number by -1, which has no place in its dtype, is
that number. The processor's division is given neither.

The remainder of floats towards zero is a - n b with n = trunc(a / b), rounded once, which is exact for |n| < 2^52: the
rounded quotient is at most one too large, as no whole number lies between it and the exact one, and a - n b is a
multiple of the last place of the smaller of a and b, not larger than b. What is further apart, and what is not finite,
goes to the C library's fmod.
"""

from __future__ import annotations

from .emit import Emitter, Lane
from .kinds import FLOATS
from .mathematics import FUSED

_NEAR = {"double": 2.0**52, "float": 2.0**23}
"""Quotients below these are exact to one."""


def floor_divide(e: Emitter, a: Lane, b: Lane) -> Lane:
    """a / b, rounded down."""
    if a.kind not in FLOATS:
        return _whole(e, a, b)[0]
    rest, one = _towards_zero(e, a, b), e.number(a, 1)
    quotient = e.div(e.sub(a, rest), b)
    quotient = e.select(_is_apart(e, rest, b), e.sub(quotient, one), quotient)
    down = e.floor(quotient)
    down = e.select(e.gt(e.sub(quotient, down), e.number(a, 0.5)), e.add(down, one), down)
    plain, zero = e.div(a, b), e.number(a, 0)
    signed = e.select(e.eq(quotient, zero), e.copysign(zero, plain), down)
    return e.select(e.eq(b, zero), plain, signed)


def remainder(e: Emitter, a: Lane, b: Lane) -> Lane:
    """a - b floor(a / b), which has the sign of b."""
    if a.kind not in FLOATS:
        return _whole(e, a, b)[1]
    rest, zero = _towards_zero(e, a, b), e.number(a, 0)
    below = e.select(_is_apart(e, rest, b), e.add(rest, b), rest)
    return e.select(e.eq(rest, zero), e.copysign(zero, b), below)


def _is_apart(e: Emitter, rest: Lane, b: Lane) -> Lane:
    """Whether a remainder has another sign than the divisor, so that the quotient was rounded up."""
    zero = e.number(b, 0)
    return e.both(e.ne(rest, zero), e.differ(e.lt(rest, zero), e.lt(b, zero)))


def _towards_zero(e: Emitter, a: Lane, b: Lane) -> Lane:
    """The remainder of a division towards zero, which has the sign of a."""
    if not FUSED:
        return e.library("fmod", a, b)
    zero, quotient = e.number(a, 0), e.div(a, b)
    count = e.trunc(quotient)
    rest = e.exact_fma(e.neg(count), b, a)
    over = e.both(e.ne(rest, zero), e.differ(e.lt(rest, zero), e.lt(a, zero)))
    rest = e.select(over, e.add(rest, e.copysign(b, a)), rest)
    rest = e.select(e.eq(count, zero), a, e.copysign(rest, a))  # an infinite divisor has no product with zero
    far = e.flip(e.lt(e.abs(quotient), e.number(a, _NEAR[a.kind])))
    return e.rarely(far, rest, _library_fmod, a, b)


def _library_fmod(e: Emitter, _usual: Lane, a: Lane, b: Lane) -> Lane:
    return e.library("fmod", a, b)


def _whole(e: Emitter, a: Lane, b: Lane) -> tuple[Lane, Lane]:
    """The quotient and the remainder of whole numbers."""
    zero, one = e.number(a, 0), e.number(a, 1)
    nothing = e.eq(b, zero)
    if a.kind[0] == "u":
        divisor = e.select(nothing, one, b)
        quotient = e.quotient(a, divisor)
        rest = e.sub(a, e.mul(quotient, divisor))
        return e.select(nothing, zero, quotient), rest
    opposite = e.eq(b, e.number(a, -1))
    divisor = e.select(e.either(nothing, opposite), one, b)
    quotient = e.quotient(a, divisor)
    rest = e.sub(a, e.mul(quotient, divisor))
    apart = _is_apart(e, rest, b)
    quotient = e.select(apart, e.sub(quotient, one), quotient)
    quotient = e.select(nothing, zero, e.select(opposite, e.neg(a), quotient))
    return quotient, e.select(apart, e.add(rest, b), rest)


__all__ = ["floor_divide", "remainder"]
