"""SciPy's special ufuncs on tensors: `scipy.special.expit(t)` and its like are recorded.

Those that are rows (erf, gammaln, jv, ...) are found by their name. The rest of what has a derivative in closed form is
composed of rows here, each from an identity that keeps its digits where the plain formula loses them; DLMF is the
Digital Library of Mathematical Functions. A SciPy function that is written in Python turns its argument into an array
by itself and never gets here.
"""

from __future__ import annotations

import math
from typing import Any

from ..core.tensor import Tensor, as_tensor, beside
from ..ops import bessel, incomplete, integral, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops import special as row
from .numpy_names import scipy_name

_HALF_ROOT = math.sqrt(0.5)


def pick(condition: Any, x: Any, y: Any) -> Tensor:
    """x where the condition holds, else y; numbers take the tensors' dtype."""
    return linear.where(condition, *beside((x, y)))  # type: ignore[no-any-return]


def multigammaln(x: Tensor, d: int) -> Tensor:
    """The logarithm of the gamma function of d dimensions (DLMF 35.3.4); SciPy's is no ufunc."""
    y = row.gammaln(x) + d * (d - 1) / 4 * math.log(math.pi)
    for i in range(1, d):
        y = y + row.gammaln(x - i / 2)
    return y  # type: ignore[no-any-return]


# logistic functions and entropies


@scipy_name("expit")
def expit(x: Any) -> Tensor:
    """1 / (1 + exp(-x))."""
    return each.sigmoid(as_tensor(x))  # type: ignore[no-any-return]


@scipy_name("log_expit")
def log_expit(x: Any) -> Tensor:
    """log(expit(x)) without underflow."""
    return -each.softplus(-as_tensor(x))  # type: ignore[no-any-return]


@scipy_name("logit")
def logit(x: Any) -> Tensor:
    """log(x / (1 - x))."""
    x = as_tensor(x)
    return each.log(x) - each.log1p(-x)  # type: ignore[no-any-return]


@scipy_name("xlog1py")
def xlog1py(x: Any, y: Any) -> Tensor:
    """x log(1 + y), and 0 where x is 0."""
    x, y = beside((x, y))
    return each.multiply_no_nan(each.log1p(y), x)  # type: ignore[no-any-return]


@scipy_name("entr")
def entr(x: Any) -> Tensor:
    """-x log(x); 0 at 0 and minus infinity below."""
    x = as_tensor(x)
    return pick(fixed.less(x, each.like(x, 0)), -math.inf, -each.xlogy(x, x))


@scipy_name("rel_entr")
def rel_entr(x: Any, y: Any) -> Tensor:
    """x log(x / y), 0 where x is 0; infinity outside of the domain."""
    x, y = beside((x, y))
    zero = each.like(x, 0)
    inside = fixed.logical_and(fixed.greater(x, zero), fixed.greater(y, zero))
    nothing = fixed.logical_and(fixed.equal(x, zero), fixed.greater_equal(y, zero))
    return pick(inside, each.xlogy(x, x / y), pick(nothing, zero, math.inf))


@scipy_name("kl_div")
def kl_div(x: Any, y: Any) -> Tensor:
    """x log(x / y) - x + y; infinity outside of the domain."""
    x, y = beside((x, y))
    return rel_entr(x, y) - x + y  # type: ignore[no-any-return]


# the normal distribution


@scipy_name("ndtr")
def ndtr(x: Any) -> Tensor:
    """The distribution function of the normal distribution."""
    return 0.5 * row.erfc(as_tensor(x) * -_HALF_ROOT)  # type: ignore[no-any-return]


@scipy_name("log_ndtr")
def log_ndtr(x: Any) -> Tensor:
    """Its logarithm; in the lower tail by erfcx(z) = exp(z**2) erfc(z) (DLMF 7.2), so that it does not underflow."""
    x = as_tensor(x)
    below = fixed.less(x, each.like(x, -1))
    tail = each.log(0.5 * row.erfcx(pick(below, x, -1.0) * -_HALF_ROOT)) - each.square(x) / 2
    return pick(below, tail, each.log1p(-0.5 * row.erfc(pick(below, 0.0, x) * _HALF_ROOT)))


# the gamma family


@scipy_name("gamma")
def gamma(x: Any) -> Tensor:
    """The gamma function; below zero by its sign, which is that of (-1)**floor(x)."""
    x = as_tensor(x)
    size = each.exp(row.gammaln(x))
    return pick(_negative_gamma(x), -size, size)


def _negative_gamma(x: Tensor) -> Tensor:
    odd = fixed.not_equal(each.remainder(fixed.floor(x), each.like(x, 2)), each.like(x, 0))
    return fixed.logical_and(fixed.less(x, each.like(x, 0)), odd)  # type: ignore[no-any-return]


@scipy_name("gammasgn")
def gammasgn(x: Any) -> Tensor:
    """The sign of gamma(x), which is locally constant; NaN at its poles."""
    x = as_tensor(x)
    pole = fixed.logical_and(fixed.less(x, each.like(x, 0)), fixed.equal(fixed.floor(x), x))
    return pick(pole, math.nan, pick(_negative_gamma(x), each.like(x, -1), each.like(x, 1)))


@scipy_name("loggamma")
def loggamma(x: Any) -> Tensor:
    """The logarithm of gamma, for real numbers; NaN below zero, where it is complex."""
    x = as_tensor(x)
    return pick(fixed.less(x, each.like(x, 0)), math.nan, row.gammaln(x))


@scipy_name("binom")
def binom(n: Any, k: Any) -> Tensor:
    """gamma(n + 1) / (gamma(k + 1) gamma(n - k + 1)), for n that is no negative integer."""
    n, k = beside((n, k))
    parts = (n + 1, k + 1, n - k + 1)
    size = each.exp(row.gammaln(parts[0]) - row.gammaln(parts[1]) - row.gammaln(parts[2]))
    turned = fixed.logical_xor(_negative_gamma(parts[0]), _negative_gamma(parts[1]))
    return pick(fixed.logical_xor(turned, _negative_gamma(parts[2])), -size, size)


@scipy_name("exp1")
def exp1(x: Any) -> Tensor:
    """The integral of exp(-t) / t from x on, for x > 0 (DLMF 6.2.6)."""
    x = as_tensor(x)
    return pick(fixed.less(x, each.like(x, 0)), math.nan, -integral.expi(-x))


@scipy_name("rgamma")
def rgamma(x: Any) -> Tensor:
    """1 / gamma(x), for x that is no pole of gamma."""
    return each.reciprocal(gamma(x))  # type: ignore[no-any-return]


@scipy_name("betaln")
def betaln(a: Any, b: Any) -> Tensor:
    """log B(a, b)."""
    a, b = beside((a, b))
    return row.gammaln(a) + row.gammaln(b) - row.gammaln(a + b)  # type: ignore[no-any-return]


@scipy_name("beta")
def beta(a: Any, b: Any) -> Tensor:
    """The beta function of positive numbers."""
    a, b = beside((a, b))
    return gamma(a) * _ratio(b, a)  # type: ignore[no-any-return]


def _ratio(b: Any, a: Any) -> Tensor:
    return each.exp(row.gammaln(b) - row.gammaln(a + b))  # type: ignore[no-any-return]


@scipy_name("poch")
def poch(z: Any, m: Any) -> Tensor:
    """gamma(z + m) / gamma(z) for z and z + m above zero."""
    z, m = beside((z, m))
    return each.exp(row.gammaln(z + m) - row.gammaln(z))  # type: ignore[no-any-return]


@scipy_name("betaincc")
def betaincc(a: Any, b: Any, x: Any) -> Tensor:
    """1 - betainc(a, b, x), as the function of 1 - x with a and b exchanged (DLMF 8.17.4)."""
    a, b, x = beside((a, b, x))
    return incomplete.betainc(b, a, 1 - x)  # type: ignore[no-any-return]


# losses, powers, angles


@scipy_name("huber")
def huber(delta: Any, r: Any) -> Tensor:
    """r**2 / 2 up to delta, then a line; infinity for a negative delta."""
    d, r = beside((delta, r))
    size = each.absolute(r)
    y = pick(fixed.less_equal(size, d), each.square(r) / 2, d * (size - d / 2))
    return pick(fixed.less(d, each.like(d, 0)), math.inf, y)


@scipy_name("pseudo_huber")
def pseudo_huber(delta: Any, r: Any) -> Tensor:
    """delta**2 (sqrt(1 + (r / delta)**2) - 1), as r u / (1 + sqrt(1 + u**2)) delta, which cancels nothing."""
    d, r = beside((delta, r))
    u = r / d
    return d * r * u / (1 + each.sqrt(1 + each.square(u)))  # type: ignore[no-any-return]


@scipy_name("boxcox")
def boxcox(x: Any, lmbda: Any) -> Tensor:
    """(x**lambda - 1) / lambda, and log(x) at 0; the derivative in lambda is for lambda other than 0."""
    x, power = beside((x, lmbda))
    zero = fixed.equal(power, each.like(power, 0))
    safe = pick(zero, 1.0, power)
    return pick(zero, each.log(x), each.expm1(safe * each.log(x)) / safe)


@scipy_name("boxcox1p")
def boxcox1p(x: Any, lmbda: Any) -> Tensor:
    """boxcox(1 + x, lambda)."""
    x, power = beside((x, lmbda))
    zero = fixed.equal(power, each.like(power, 0))
    safe = pick(zero, 1.0, power)
    return pick(zero, each.log1p(x), each.expm1(safe * each.log1p(x)) / safe)


@scipy_name("inv_boxcox")
def inv_boxcox(y: Any, lmbda: Any) -> Tensor:
    """(lambda y + 1)**(1 / lambda), and exp(y) at 0; the derivative in lambda is for lambda other than 0."""
    return each.exp(_log_of_inverse(y, lmbda))  # type: ignore[no-any-return]


@scipy_name("inv_boxcox1p")
def inv_boxcox1p(y: Any, lmbda: Any) -> Tensor:
    """inv_boxcox(y, lambda) - 1 without cancellation."""
    return each.expm1(_log_of_inverse(y, lmbda))  # type: ignore[no-any-return]


def _log_of_inverse(y: Any, lmbda: Any) -> Tensor:
    y, power = beside((y, lmbda))
    zero = fixed.equal(power, each.like(power, 0))
    safe = pick(zero, 1.0, power)
    return pick(zero, y, each.log1p(safe * y) / safe)


@scipy_name("cosm1")
def cosm1(x: Any) -> Tensor:
    """cos(x) - 1 without cancellation."""
    return -2 * each.square(each.sin(as_tensor(x) / 2))  # type: ignore[no-any-return]


@scipy_name("radian")
def radian(d: Any, m: Any, s: Any) -> Tensor:
    """Degrees, minutes and seconds in radians."""
    d, m, s = beside((d, m, s))
    return (d + m / 60 + s / 3600) * (math.pi / 180)  # type: ignore[no-any-return]


@scipy_name("yn")
def yn(n: Any, x: Any) -> Tensor:
    """The Bessel function of the second kind of a whole order."""
    n, x = beside((n, x))
    return bessel.yv(n, x)  # type: ignore[no-any-return]


@scipy_name("exp10")
def exp10(x: Any) -> Tensor:
    """10**x."""
    x = as_tensor(x)
    return each.power(each.like(x, 10), x)  # type: ignore[no-any-return]


def _degrees(function: Any) -> Any:
    return lambda x: function(as_tensor(x) * (math.pi / 180))


scipy_name("sindg")(_degrees(each.sin))
scipy_name("cosdg")(_degrees(each.cos))
scipy_name("tandg")(_degrees(each.tan))
scipy_name("cotdg")(_degrees(lambda x: each.reciprocal(each.tan(x))))
