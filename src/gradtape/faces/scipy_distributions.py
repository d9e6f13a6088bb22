"""SciPy's distribution functions on tensors, by the incomplete functions (DLMF 8.2, 8.17).

Numbers that count (successes, events) are taken by their whole part, in which nothing varies.
"""

from __future__ import annotations

import math
from typing import Any

from ..core.tensor import Tensor, beside
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops import incomplete, linear, quantile
from .numpy_names import scipy_name


@scipy_name("chdtr")
def chdtr(v: Any, x: Any) -> Tensor:
    """The chi-square distribution with v degrees of freedom up to x."""
    v, x = beside((v, x))
    return incomplete.gammainc(v / 2, x / 2)  # type: ignore[no-any-return]


@scipy_name("chdtrc")
def chdtrc(v: Any, x: Any) -> Tensor:
    """The chi-square distribution above x."""
    v, x = beside((v, x))
    return incomplete.gammaincc(v / 2, x / 2)  # type: ignore[no-any-return]


def _counted(k: Tensor, y: Tensor, below: Any = math.nan) -> Tensor:
    """y where k is not negative."""
    return linear.where(fixed.less(k, each.like(k, 0)), each.like(y, below), y)  # type: ignore[no-any-return]


@scipy_name("pdtr")
def pdtr(k: Any, m: Any) -> Tensor:
    """The Poisson distribution of mean m up to the whole part of k, in which it does not vary."""
    k, m = beside((k, m))
    return _counted(k, incomplete.gammaincc(fixed.floor(k) + 1, m))


@scipy_name("pdtrc")
def pdtrc(k: Any, m: Any) -> Tensor:
    """The Poisson distribution above k."""
    k, m = beside((k, m))
    return _counted(k, incomplete.gammainc(fixed.floor(k) + 1, m))


@scipy_name("bdtr")
def bdtr(k: Any, n: Any, p: Any) -> Tensor:
    """The binomial distribution of n trials up to the whole part of k."""
    k, n, p = beside((k, n, p))
    k = fixed.floor(k)
    y = incomplete.betainc(n - k, k + 1, 1 - p)
    return _counted(k, linear.where(fixed.equal(k, n), each.like(y, 1), y))


@scipy_name("bdtrc")
def bdtrc(k: Any, n: Any, p: Any) -> Tensor:
    """The binomial distribution above k."""
    k, n, p = beside((k, n, p))
    k = fixed.floor(k)
    y = incomplete.betainc(k + 1, n - k, p)
    return _counted(k, linear.where(fixed.equal(k, n), each.like(y, 0), y), 1)


@scipy_name("nbdtr")
def nbdtr(k: Any, n: Any, p: Any) -> Tensor:
    """The negative binomial distribution: at most k failures before the success of number n."""
    k, n, p = beside((k, n, p))
    return _counted(k, incomplete.betainc(n, fixed.floor(k) + 1, p))


@scipy_name("nbdtrc")
def nbdtrc(k: Any, n: Any, p: Any) -> Tensor:
    """The negative binomial distribution above k."""
    k, n, p = beside((k, n, p))
    return _counted(k, incomplete.betainc(fixed.floor(k) + 1, n, 1 - p))


@scipy_name("gdtr")
def gdtr(a: Any, b: Any, x: Any) -> Tensor:
    """The gamma distribution of rate a and shape b up to x."""
    a, b, x = beside((a, b, x))
    return incomplete.gammainc(b, a * x)  # type: ignore[no-any-return]


@scipy_name("gdtrc")
def gdtrc(a: Any, b: Any, x: Any) -> Tensor:
    """The gamma distribution above x."""
    a, b, x = beside((a, b, x))
    return incomplete.gammaincc(b, a * x)  # type: ignore[no-any-return]


@scipy_name("fdtr")
def fdtr(dfn: Any, dfd: Any, x: Any) -> Tensor:
    """The F distribution up to x."""
    n, d, x = beside((dfn, dfd, x))
    return incomplete.betainc(n / 2, d / 2, n * x / (d + n * x))  # type: ignore[no-any-return]


@scipy_name("fdtrc")
def fdtrc(dfn: Any, dfd: Any, x: Any) -> Tensor:
    """The F distribution above x."""
    n, d, x = beside((dfn, dfd, x))
    return incomplete.betainc(d / 2, n / 2, d / (d + n * x))  # type: ignore[no-any-return]


# quantiles


@scipy_name("chdtri")
def chdtri(v: Any, p: Any) -> Tensor:
    """Above which number the chi-square distribution has the probability p."""
    v, p = beside((v, p))
    return 2 * quantile.gammainccinv(v / 2, p)  # type: ignore[no-any-return]


@scipy_name("pdtri")
def pdtri(k: Any, y: Any) -> Tensor:
    """The mean of the Poisson distribution that has the probability y up to k."""
    k, y = beside((k, y))
    return quantile.gammainccinv(fixed.floor(k) + 1, y)  # type: ignore[no-any-return]


@scipy_name("gdtrix")
def gdtrix(a: Any, b: Any, p: Any) -> Tensor:
    """The quantile of the gamma distribution of rate a and shape b."""
    a, b, p = beside((a, b, p))
    return quantile.gammaincinv(b, p) / a  # type: ignore[no-any-return]


@scipy_name("fdtri")
def fdtri(dfn: Any, dfd: Any, p: Any) -> Tensor:
    """The quantile of the F distribution; part and rest are both computed, as 1 - part would lose its digits."""
    n, d, p = beside((dfn, dfd, p))
    part, rest = quantile.betaincinv(n / 2, d / 2, p), quantile.betainccinv(d / 2, n / 2, p)
    return d * part / (n * rest)  # type: ignore[no-any-return]
