"""The ufuncs behind `scipy.stats`: with them `_pdf`, `_cdf` and `_sf` of its continuous distributions are recorded.

Most of them begin with an underscore in SciPy.
"""

from __future__ import annotations

import math
from typing import Any

from ..core.tensor import Tensor, as_tensor, beside
from ..ops import constant as fixed
from ..ops import distributions, incomplete
from ..ops import elementwise as each
from .numpy_names import scipy_name
from .scipy_special import ndtr, pick

TERMS = 12  # of either series of Kolmogorov's distribution; the next is below exp(-400) on its side of 1


@scipy_name("_beta_pdf")
def beta_pdf(x: Any, a: Any, b: Any) -> Tensor:
    """The density of the beta distribution."""
    x, a, b = beside((x, a, b))
    return incomplete.beta_density(a, b, x)  # type: ignore[no-any-return]


@scipy_name("_ncx2_pdf")
def ncx2_pdf(x: Any, df: Any, nc: Any) -> Tensor:
    """The density of the noncentral chi-square distribution."""
    return distributions.noncentral_chi2_density(*beside((x, df, nc)))  # type: ignore[no-any-return]


@scipy_name("_ncx2_cdf")
def ncx2_cdf(x: Any, df: Any, nc: Any) -> Tensor:
    """The noncentral chi-square distribution."""
    return distributions.chndtr(*beside((x, df, nc)))  # type: ignore[no-any-return]


@scipy_name("_ncx2_sf")
def ncx2_sf(x: Any, df: Any, nc: Any) -> Tensor:
    """The noncentral chi-square distribution from above, exact to the rounding of 1."""
    return 1 - ncx2_cdf(x, df, nc)  # type: ignore[no-any-return]


@scipy_name("_skewnorm_cdf")
def skewnorm_cdf(x: Any, location: Any, scale: Any, shape: Any) -> Tensor:
    """Azzalini's skew normal distribution, by Owen's function."""
    x, location, scale, shape = beside((x, location, scale, shape))
    z = (x - location) / scale
    return ndtr(z) - 2 * distributions.owens_t(z, shape)  # type: ignore[no-any-return]


@scipy_name("_cosine_cdf")
def cosine_cdf(x: Any) -> Tensor:
    """The raised cosine distribution between -pi and pi."""
    x = as_tensor(x)
    inside = fixed.less(each.absolute(x), each.like(x, math.pi))
    outside = pick(fixed.greater(x, each.like(x, 0)), 1.0, 0.0)
    safe = pick(inside, x, 0.0)
    return pick(inside, 0.5 + (safe + each.sin(safe)) / (2 * math.pi), outside)


@scipy_name("kolmogorov")
def kolmogorov(x: Any) -> Tensor:
    """Kolmogorov's distribution from above: 2 sum (-1)**(k-1) exp(-2 k**2 x**2), and 1 below 0."""
    x = as_tensor(x)
    above = fixed.greater_equal(x, each.like(x, 1))
    far, near = pick(above, x, 1.0), pick(above, 1.0, x)
    total = 2 * sum((-1) ** (k - 1) * each.exp(-2.0 * k * k * each.square(far)) for k in range(1, TERMS))
    return pick(above, total, 1 - _kolmogorov_below(near))


@scipy_name("_kolmogc")
def kolmogc(x: Any) -> Tensor:
    """Kolmogorov's distribution function."""
    x = as_tensor(x)
    above = fixed.greater_equal(x, each.like(x, 1))
    return pick(above, 1 - kolmogorov(pick(above, x, 1.0)), _kolmogorov_below(pick(above, 1.0, x)))


def _kolmogorov_below(x: Any) -> Tensor:
    """Up to 1, by Jacobi's transformation: sqrt(2 pi) / x sum exp(-(2k-1)**2 pi**2 / (8 x**2)); 0 up to 0."""
    inside = fixed.greater(x, each.like(x, 0.02))  # below, even the first term is less than exp(-3000)
    safe = pick(inside, x, 1.0)
    squares = each.square(safe)
    total = sum(each.exp(-((2 * k - 1) ** 2) * math.pi**2 / 8 / squares) for k in range(1, TERMS))
    return pick(inside, math.sqrt(2 * math.pi) / safe * total, 0.0)


@scipy_name("_kolmogp")
def kolmogp(x: Any) -> Tensor:
    """The derivative of `kolmogorov`: the density with a minus sign."""
    x = as_tensor(x)
    above = fixed.greater_equal(x, each.like(x, 1))
    inside = fixed.greater(x, each.like(x, 0.02))
    far, near = pick(above, x, 1.0), pick(fixed.logical_and(inside, fixed.logical_not(above)), x, 1.0)
    tail = sum(
        (-1) ** k * 8.0 * k * k * far * each.exp(-2.0 * k * k * each.square(far)) for k in range(1, TERMS)
    )
    squares, rates = each.square(near), [(2 * k - 1) ** 2 * math.pi**2 / 8 for k in range(1, TERMS)]
    slopes = sum((2 * rate / squares - 1) * each.exp(-rate / squares) for rate in rates)
    body = -math.sqrt(2 * math.pi) / squares * slopes
    return pick(above, tail, pick(inside, body, 0.0))
