"""Densities and distribution functions of distributions whose formula in SciPy writes into arrays.

Each is that of the standard form, of an argument inside the support, by SciPy's name of the formula; `_get_support`
gives the bounds of the support. What they are is in the documentation of the distributions (`scipy.stats`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..core.tensor import ROWS, beside, call
from ..faces.numpy_names import SCIPY
from ..faces.scipy_special import pick
from ..faces.scipy_stats import ncx2_cdf, ncx2_pdf, skewnorm_cdf
from ..ops import constant as fixed
from ..ops import elementwise as each

_HALF_LOG = math.log(2 * math.pi) / 2


def _special(name: str, *xs: Any) -> Any:
    """A special function by SciPy's name."""
    return call(ROWS[name], *beside(xs)) if name in ROWS else SCIPY[name](*xs)


def _normal(x: Any) -> Any:
    return -each.square(x) / 2 - _HALF_LOG


def _student(x: Any, df: Any) -> Any:
    """Finite degrees of freedom are limited so that their half does not overflow; the limit is the normal density."""
    wide = fixed.greater(df, each.like(df, 1e300))
    n = pick(wide, 1.0, df)
    y = _special("gammaln", (n + 1) / 2) - _special("gammaln", n / 2) - each.log(math.pi * n) / 2
    return pick(wide, _normal(x), y - (n + 1) / 2 * each.log1p(each.square(x) / n))


def _log_normal(x: Any, s: Any) -> Any:
    return _normal(each.log(x) / s) - each.log(s * x)


def _rises(x: Any, c: Any) -> Any:
    """Where the triangle's density rises: to the left of the mode c, everywhere if that is 1."""
    return fixed.logical_or(fixed.less(x, c), fixed.equal(c, each.like(c, 1)))


def _triangle(x: Any, c: Any) -> Any:
    rises = _rises(x, c)
    return pick(rises, 2 * x / pick(rises, c, 1.0), 2 * (1 - x) / (1 - pick(rises, 0.0, c)))


def _triangle_below(x: Any, c: Any) -> Any:
    rises = _rises(x, c)
    return pick(
        rises, each.square(x) / pick(rises, c, 1.0), 1 - each.square(1 - x) / (1 - pick(rises, 0.0, c))
    )


def _reduced(x: Any, c: Any) -> Any:
    """-log(1 - c x) / c, and x where c is zero: the argument of the extreme value distributions."""
    flat = fixed.equal(c, each.like(c, 0))
    safe = pick(flat, 1.0, c)
    return pick(flat, x + c * each.square(x) / 2, -each.log1p(-pick(flat, 0.0, safe * x)) / safe)


def _extreme(x: Any, c: Any) -> Any:
    y = _reduced(x, c)
    return -each.exp(-y) - y + c * y


def _pareto(x: Any, c: Any) -> Any:
    return -(1 + c) * _reduced(x, -c)


def _pareto_support(c: Any) -> Any:
    ends = fixed.less(c, each.like(c, 0))
    return 0.0, pick(ends, -1 / pick(ends, c, -1.0), math.inf)


def _skewed(x: Any, a: Any) -> Any:
    return math.log(2) + _normal(x) + _special("log_ndtr", a * x)


def _mass(a: Any, b: Any) -> Any:
    """P(a < X < b) of a normal variable, taken in the left tail, where differences keep their digits."""
    right = fixed.greater(a, each.like(a, 0))
    return _special("ndtr", pick(right, -a, b)) - _special("ndtr", pick(right, -b, a))


def _burr(x: Any, c: Any, d: Any) -> Any:
    return each.log(c * d) - (c + 1) * each.log(x) - (d + 1) * each.log1p(each.power(x, -c))


def _generalized_gamma(x: Any, a: Any, c: Any) -> Any:
    return (
        each.log(each.absolute(c))
        + _special("xlogy", c * a - 1, x)
        - each.power(x, c)
        - _special("gammaln", a)
    )


FORMULAS: dict[str, dict[str, Callable[..., Any]]] = {
    "bernoulli": {
        "_cdf": lambda k, p: _special("bdtr", k, 1.0, p),
        "_sf": lambda k, p: _special("bdtrc", k, 1.0, p),
    },
    "binom": {
        "_cdf": lambda k, n, p: _special("bdtr", k, n, p),
        "_sf": lambda k, n, p: _special("bdtrc", k, n, p),
    },
    "burr": {"_logpdf": _burr},
    "loggamma": {
        "_cdf": lambda x, c: _special("gammainc", c, each.exp(x)),
        "_sf": lambda x, c: _special("gammaincc", c, each.exp(x)),
    },
    "nbinom": {
        "_cdf": lambda k, n, p: _special("betainc", n, k + 1, p),
        "_sf": lambda k, n, p: _special("betaincc", n, k + 1, p),
    },
    "ncx2": {"_pdf": ncx2_pdf, "_cdf": ncx2_cdf},
    "fisk": {"_logpdf": lambda x, c: each.log(c) + (c - 1) * each.log(x) - 2 * each.log1p(each.power(x, c))},
    "gengamma": {"_logpdf": _generalized_gamma},
    "genextreme": {
        "_logpdf": _extreme,
        "_logcdf": lambda x, c: -each.exp(-_reduced(x, c)),
        "_cdf": lambda x, c: each.exp(-each.exp(-_reduced(x, c))),
        "_sf": lambda x, c: -each.expm1(-each.exp(-_reduced(x, c))),
    },
    "genpareto": {"_logpdf": _pareto, "_get_support": _pareto_support},
    "gibrat": {"_logpdf": lambda x: _normal(each.log(x)) - each.log(x)},
    "lognorm": {"_logpdf": _log_normal},
    "betaprime": {
        "_cdf": lambda x, a, b: _special("betainc", a, b, x / (1 + x)),
        "_sf": lambda x, a, b: _special("betainc", b, a, 1 / (1 + x)),
    },
    "skewnorm": {"_logpdf": _skewed, "_cdf": lambda x, a: skewnorm_cdf(x, 0.0, 1.0, a)},
    "t": {"_logpdf": _student},
    "triang": {"_pdf": _triangle, "_cdf": _triangle_below},
    "truncnorm": {
        "_logpdf": lambda x, a, b: _normal(x) - each.log(_mass(a, b)),
        "_cdf": lambda x, a, b: _mass(a, x) / _mass(a, b),
        "_sf": lambda x, a, b: _mass(x, b) / _mass(a, b),
    },
    "uniform": {"_pdf": lambda x: each.like(x, 1) + 0 * x, "_logpdf": lambda x: 0 * x},
}
"""Formulas by the distribution's name and SciPy's name of the formula."""
