"""The primitives that work entry by entry, as formulas of mpmath: the oracle of their values and all derivatives.

A formula takes numbers and the row's parameters. A primitive that is a derivative of another function is given as that
function and the order in each argument, so mpmath differentiates once for all orders together.
"""

import functools
import itertools
import math
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import scipy.special

DIGITS = 50
STEP = 25  # digits of a difference: values have 25 for each order and 50 more
HIGHEST = 5  # four, and one more for the condition number
mp = mpmath.mp


@dataclass(frozen=True)
class Formula:
    function: Any
    order: Any = None  # of the row's parameters: the orders in each argument at which it starts
    fixed: tuple = ()  # arguments that have no derivative


def row(function, order=None, fixed=()):
    return Formula(function, order, fixed)


def lower_gamma(a, x):
    return mp.gammainc(a, 0, x, regularized=True)


def lower_beta(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


def gamma_density(a, x):
    return x ** (a - 1) * mp.exp(-x) * mp.rgamma(a)


def beta_density(a, b, x):
    return x ** (a - 1) * (1 - x) ** (b - 1) / mp.beta(a, b)


def student_density(v, t):
    return (1 + t * t / v) ** (-(v + 1) / 2) / (mp.sqrt(v) * mp.beta(v / 2, mp.mpf(1) / 2))


def student(v, t):
    return (1 + mp.sign(t) * lower_beta(mp.mpf(1) / 2, v / 2, t * t / (v + t * t))) / 2


def tukey(shape, p):
    return (p**shape - (1 - p) ** shape) / shape


def tukey_slope(shape, p):
    return p ** (shape - 1) + (1 - p) ** (shape - 1)


def inverse(name, function, slope, sense=1):
    """The inverse of a function in its last argument, or (sense -1) of 1 minus it; SciPy's is where it starts."""
    return lambda *at: inverse_at(name, function, slope, sense, at, mp.prec)


@functools.cache  # every mode asks for the same points
def inverse_at(name, function, slope, sense, at, precision):
    """Newton's method from SciPy's value, doubling the digits at each turn up to those asked for."""
    *shapes, u = at
    y = mp.mpf(float(getattr(scipy.special, name)(*map(float, at))))
    target = u if sense > 0 else 1 - u
    for _ in range(3 + (precision // 50).bit_length()):
        y -= (function(*shapes, y) - target) / slope(*shapes, y)
    return y


def tukey_distribution(x, shape):
    return tukey_at(x, shape, mp.prec)


@functools.cache
def tukey_at(x, shape, precision):
    p = mp.mpf(float(scipy.special.tklmbda(float(x), float(shape))))
    for _ in range(3 + (precision // 50).bit_length()):
        p -= (tukey(shape, p) - x) / tukey_slope(shape, p)
    return p


def owens_t(h, a):
    """The series in a (D. B. Owen, 1956, equation 3.8)."""
    half, total, kept, term, j = h * h / 2, mp.mpf(0), mp.mpf(0), mp.mpf(1), 0
    while True:
        kept += term
        rest = (1 - mp.exp(-half) * kept) * a ** (2 * j + 1) / (2 * j + 1)
        total += (-1) ** j * rest
        j += 1
        term *= half / j
        if j > 8 and abs(term * a ** (2 * j)) < mp.eps:
            return (mp.atan(a) - total) / (2 * mp.pi)


def noncentral_chi2(x, df, nc):
    """The mixture of chi-square distributions by a Poisson distribution, by the recurrence of the incomplete gamma."""
    s, weight, total, k = df / 2, mp.exp(-nc / 2), mp.mpf(0), 0
    part, step = lower_gamma(s, x / 2), (x / 2) ** s * mp.exp(-x / 2) * mp.rgamma(s + 1)
    while True:
        total += weight * part
        part, step = part - step, step * (x / 2) / (s + k + 1)
        k += 1
        weight *= nc / 2 / k
        if k > 8 and weight < mp.eps:
            return total


FORMULAS = {
    "add": row(lambda a, b: a + b),
    "subtract": row(lambda a, b: a - b),
    "negative": row(lambda x: -x),
    "identity": row(lambda x: x),
    "multiply": row(lambda a, b: a * b),
    "multiply_no_nan": row(lambda a, b: a * b),
    "divide": row(lambda a, b: a / b),
    "divide_no_nan": row(lambda a, b: a / b),
    "reciprocal": row(lambda x: 1 / x),
    "square": row(lambda x: x * x),
    "power": row(lambda a, b: a**b),
    "remainder": row(lambda a, b: a - b * mp.floor(a / b)),
    "maximum": row(lambda a, b: max(a, b)),
    "minimum": row(lambda a, b: min(a, b)),
    "absolute": row(abs),
    "sign": row(mp.sign),
    "relu": row(lambda x: max(x, mp.mpf(0))),
    "exp": row(mp.exp),
    "exp2": row(lambda x: mp.mpf(2) ** x),
    "expm1": row(mp.expm1),
    "log": row(mp.log),
    "log2": row(lambda x: mp.log(x, 2)),
    "log10": row(mp.log10),
    "log1p": row(lambda x: mp.log(1 + x)),
    "sqrt": row(mp.sqrt),
    "cbrt": row(lambda x: mp.sign(x) * mp.cbrt(abs(x))),
    "logaddexp": row(lambda a, b: mp.log(mp.exp(a) + mp.exp(b))),
    "sin": row(mp.sin),
    "cos": row(mp.cos),
    "tan": row(mp.tan),
    "arcsin": row(mp.asin),
    "arccos": row(mp.acos),
    "arctan": row(mp.atan),
    "arctan2": row(mp.atan2),
    "hypot_slope": row(lambda a, b: a / mp.sqrt(a * a + b * b)),
    "one_minus_square": row(lambda x: 1 - x * x),
    "hypot": row(lambda a, b: mp.sqrt(a * a + b * b)),
    "sinh": row(mp.sinh),
    "cosh": row(mp.cosh),
    "tanh": row(mp.tanh),
    "arcsinh": row(mp.asinh),
    "arccosh": row(mp.acosh),
    "arctanh": row(mp.atanh),
    "sigmoid": row(lambda x: 1 / (1 + mp.exp(-x))),
    "softplus": row(lambda x: mp.log1p(mp.exp(x))),
    "xlogy": row(lambda x, y: x * mp.log(y)),
    "xlog1py": row(lambda x, y: x * mp.log(1 + y)),
    "sinc": row(mp.sincpi),
    "sinc_derivative": row(mp.sincpi, lambda order: (order,)),
    "nextafter": row(lambda a, b: a),
    "erf": row(mp.erf),
    "erfc": row(mp.erfc),
    "erfinv": row(mp.erfinv),
    "erfcinv": row(lambda x: mp.erfinv(1 - x)),
    "erfcx": row(lambda x: mp.exp(x * x) * mp.erfc(x)),
    "erfcx_derivative": row(lambda x: mp.exp(x * x) * mp.erfc(x), lambda order: (order,)),
    "hermite_gaussian": row(lambda x, *, degree: mp.hermite(degree, x) * mp.exp(-x * x)),
    "ndtr": row(mp.ncdf),
    "gammaln": row(lambda x: mp.re(mp.loggamma(x))),
    "psi": row(mp.digamma),
    "polygamma": row(lambda n, x: mp.polygamma(int(n), x), fixed=(0,)),
    "zeta": row(mp.zeta),
    "zeta_log": row(mp.zeta, lambda power: (power, 0)),
    "jv": row(lambda v, x: mp.besselj(int(v), x), fixed=(0,)),
    "yv": row(lambda v, x: mp.bessely(int(v), x), fixed=(0,)),
    "iv": row(lambda v, x: mp.besseli(int(v), x), fixed=(0,)),
    "kv": row(lambda v, x: mp.besselk(int(v), x), fixed=(0,)),
    "j0": row(lambda x: mp.besselj(0, x)),
    "j1": row(lambda x: mp.besselj(1, x)),
    "y0": row(lambda x: mp.bessely(0, x)),
    "y1": row(lambda x: mp.bessely(1, x)),
    "i0": row(lambda x: mp.besseli(0, x)),
    "i1": row(lambda x: mp.besseli(1, x)),
    "k0": row(lambda x: mp.besselk(0, x)),
    "k1": row(lambda x: mp.besselk(1, x)),
    "i0e": row(lambda x: mp.exp(-x) * mp.besseli(0, x)),
    "i1e": row(lambda x: mp.exp(-x) * mp.besseli(1, x)),
    "k0e": row(lambda x: mp.exp(x) * mp.besselk(0, x)),
    "k1e": row(lambda x: mp.exp(x) * mp.besselk(1, x)),
    "ive_derivative": row(lambda x, *, v: mp.exp(-x) * mp.besseli(v, x), lambda order: (order,)),
    "kve_derivative": row(lambda x, *, v: mp.exp(x) * mp.besselk(v, x), lambda order: (order,)),
    "gamma_density": row(gamma_density),
    "gammainc": row(lower_gamma),
    "gammaincc": row(lambda a, x: mp.gammainc(a, x, regularized=True)),
    "gammainc_shape": row(lower_gamma, lambda order: (order, 0)),
    "gammaincinv": row(inverse("gammaincinv", lower_gamma, gamma_density)),
    "gammainccinv": row(inverse("gammainccinv", lower_gamma, gamma_density, -1)),
    "beta_density": row(beta_density),
    "betainc": row(lower_beta),
    "betainc_shape": row(lower_beta, lambda order: (*order, 0)),
    "expi": row(mp.ei),
    "expi_slope": row(lambda x: mp.exp(x) / x),
    "fresnel_sin": row(mp.fresnels),
    "fresnel_cos": row(mp.fresnelc),
    "spence": row(lambda x: mp.polylog(2, 1 - x)),
    "spence_derivative": row(lambda x: mp.log(x) / (1 - x), lambda order: (order,)),
    "dawsn": row(lambda x: mp.exp(-x * x) * mp.erfi(x) * mp.sqrt(mp.pi) / 2),
    "dawsn_derivative": row(
        lambda x: mp.exp(-x * x) * mp.erfi(x) * mp.sqrt(mp.pi) / 2, lambda order: (order,)
    ),
    "elliprf": row(mp.elliprf),
    "elliprf_derivative": row(mp.elliprf, lambda order: order),
    "ellipk": row(mp.ellipk),
    "ellipe": row(mp.ellipe),
    "ellipkm1": row(lambda p: mp.ellipk(1 - p)),
    "ellipkinc": row(mp.ellipf),
    "ellipeinc": row(mp.ellipe),
    "eval_jacobi": row(lambda n, a, b, x: mp.jacobi(int(n), int(a), int(b), x), fixed=(0, 1, 2)),
    "eval_gegenbauer": row(lambda n, a, x: mp.gegenbauer(int(n), int(a), x), fixed=(0, 1)),
    "eval_genlaguerre": row(lambda n, a, x: mp.laguerre(int(n), int(a), x), fixed=(0, 1)),
    "eval_laguerre": row(lambda n, x: mp.laguerre(int(n), 0, x), fixed=(0,)),
    "eval_hermite": row(lambda n, x: mp.hermite(int(n), x), fixed=(0,)),
    "eval_hermitenorm": row(
        lambda n, x: mp.hermite(int(n), x / mp.sqrt(2)) * mp.mpf(2) ** (-n / 2), fixed=(0,)
    ),
    "eval_chebyt": row(lambda n, x: mp.chebyt(int(n), x), fixed=(0,)),
    "eval_chebyu": row(lambda n, x: mp.chebyu(int(n), x), fixed=(0,)),
    "eval_legendre": row(lambda n, x: mp.legendre(int(n), x), fixed=(0,)),
    "hyp0f1": row(mp.hyp0f1, fixed=(0,)),
    "hyp1f1": row(mp.hyp1f1, fixed=(0, 1)),
    "hyp2f1": row(mp.hyp2f1, fixed=(0, 1, 2)),
    "hyperu": row(mp.hyperu, fixed=(0, 1)),
    "struve": row(mp.struveh, fixed=(0,)),
    "modstruve": row(mp.struvel, fixed=(0,)),
    "expn": row(lambda n, x: mp.expint(int(n), x), fixed=(0,)),
    "erfi": row(mp.erfi),
    "wrightomega": row(lambda x: mp.lambertw(mp.exp(x))),
    "sine_integral": row(mp.si),
    "cosine_integral": row(mp.ci),
    "hyperbolic_sine_integral": row(mp.shi),
    "hyperbolic_cosine_integral": row(mp.chi),
    "airy_ai": row(mp.airyai),
    "airy_ai_slope": row(lambda x: mp.airyai(x, derivative=1)),
    "airy_bi": row(mp.airybi),
    "airy_bi_slope": row(lambda x: mp.airybi(x, derivative=1)),
    # In the shapes, where 50 digits would take minutes, the other laws look at these.
    "stdtrit": row(inverse("stdtrit", student, student_density), fixed=(0,)),
    "betaincinv": row(inverse("betaincinv", lower_beta, beta_density), fixed=(0, 1)),
    "betainccinv": row(inverse("betainccinv", lower_beta, beta_density, -1), fixed=(0, 1)),
    "ndtri_exp": row(lambda x: mp.sqrt(2) * mp.erfinv(2 * mp.exp(x) - 1)),
    "stdtr": row(student),
    "ive": row(lambda v, x: mp.exp(-x) * mp.besseli(int(v), x), fixed=(0,)),
    "kve": row(lambda v, x: mp.exp(x) * mp.besselk(int(v), x), fixed=(0,)),
    "owens_t": row(owens_t),
    "chndtr": row(noncentral_chi2, fixed=(1,)),
    "tklmbda": row(tukey_distribution),
}


def number(x):
    """A NumPy number as mpmath's, without loss."""
    return mp.mpc(complex(x)) if np.iscomplexobj(x) else mp.mpf(float(x))


def exact(name, point, params, orders):
    """The mixed derivative of a primitive at a point of NumPy numbers, in 50 digits."""
    order = HIGHEST if any(orders) else 0
    frozen = tuple(sorted(params.items()))
    return jet(name, tuple(x.item() if isinstance(x, np.generic) else x for x in point), frozen, order)[
        orders
    ]


@functools.cache
def jet(name, point, params, order):
    """All mixed derivatives of a primitive at a point up to an order, by their orders in each argument."""
    formula, rest = FORMULAS[name], dict(params)
    start = (0,) * len(point)
    if formula.order is not None:
        start = formula.order(rest.pop(next(key for key in ("order", "power") if key in rest)))
    moving = [i for i in range(len(point)) if i not in formula.fixed]
    top = order + sum(start)
    # Steps are relative to the argument, so beside a small one they are so many digits smaller yet.
    small = max([0, *(-math.floor(math.log10(abs(point[i]))) for i in moving)])
    digits = (STEP + small) * (top + 1) + DIGITS
    with mp.workdps(digits):
        numbers = [number(x) for x in point]

        def function(*free):
            at = list(numbers)
            for i, x in zip(moving, free, strict=True):
                at[i] = x
            return formula.function(*at, **rest)

        found = differences(function, [numbers[i] for i in moving], top, mp.mpf(10) ** (5 - digits))
    return {
        orders: found[tuple(orders[i] + start[i] for i in moving)]
        for total in range(order + 1)
        for orders in indices(len(point), total, formula.fixed)
    }


def differences(function, point, top, rounding):
    """All mixed derivatives up to an order from forward differences with steps of 1e-25, relative to each number.

    The working precision must hold the digits that the differences cancel: 25 for each order, and those wanted. What
    is below the values' relative rounding is zero.
    """
    steps = [abs(x) * mp.mpf(10) ** -STEP for x in point]
    table = {
        place: function(*(x + k * h for x, k, h in zip(point, place, steps, strict=True)))
        for place in itertools.product(range(top + 1), repeat=len(point))
        if sum(place) <= top
    }
    noise = rounding * max(map(abs, table.values()))
    for axis in range(len(point)):
        for level in range(1, top + 1):  # after it, entries from this level on are differenced so often
            for place in sorted(table, reverse=True):
                if place[axis] >= level:
                    before = (*place[:axis], place[axis] - 1, *place[axis + 1 :])
                    table[place] = table[place] - table[before]
    return {
        place: entry / mp.fprod(h**k for h, k in zip(steps, place, strict=True))
        if abs(entry) > noise
        else mp.mpf(0)
        for place, entry in table.items()
    }


def values(name):
    """The value of a primitive as a function of arrays."""

    def value(*xs, **params):
        wide = np.broadcast_arrays(*xs)
        found = [
            complex(exact(name, tuple(x[place] for x in wide), params, (0,) * len(xs)))
            for place in np.ndindex(wide[0].shape)
        ]
        y = np.array(found).reshape(wide[0].shape)
        return y if any(np.iscomplexobj(x) for x in xs) else y.real

    return value


@functools.cache
def indices(count, order, fixed=()):
    """All ways to differentiate so many times by arguments that are not fixed: tuples of orders."""
    return [
        orders
        for orders in itertools.product(range(order + 1), repeat=count)
        if sum(orders) == order and not any(orders[i] for i in fixed)
    ]
