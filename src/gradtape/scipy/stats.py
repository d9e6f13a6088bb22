"""`scipy.stats` on tensors: densities, distribution functions and quantiles, of SciPy's formulas where these run."""

from __future__ import annotations

from . import stats_distributions, stats_multivariate
from .stats_proxy import DISTRIBUTIONS, find, names

PARTS = (stats_distributions, stats_multivariate)
"""The files whose functions these are."""

__getattr__, __dir__ = find, names
__all__ = DISTRIBUTIONS
