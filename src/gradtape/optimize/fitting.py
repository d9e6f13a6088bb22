"""Curve fitting with exact Jacobians: parameters, covariances, confidence intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError
from ..core.further_errors import RangeError
from ..core.packages import needed
from .problem import Problem


@dataclass(frozen=True, slots=True)
class CurveFit:
    """A fitted curve; `popt, pcov = fit` as SciPy returns it.

    Attributes:
        popt: the parameters, of shape (n,).
        pcov: their covariances, of shape (n, n), from the exact Jacobian.
        degrees: degrees of freedom, the number of observations less that of parameters.
    """

    popt: Any
    pcov: Any
    degrees: int

    def __iter__(self) -> Iterator[Any]:
        yield self.popt
        yield self.pcov

    def intervals(self, level: float = 0.95) -> Any:
        """Confidence intervals of the parameters, of shape (n, 2): Student's, from the linearised model.

        (Bates and Watts, "Nonlinear Regression Analysis and Its Applications", 1988, section 2.3.)
        """
        from scipy.special import stdtrit  # type: ignore[import-untyped]

        if not 0 < level < 1:
            raise RangeError(f"CurveFit.intervals: level must lie between 0 and 1, not {level}")
        if self.degrees < 1:
            raise InvalidArgumentError("CurveFit.intervals: there are no more observations than parameters")
        half = stdtrit(self.degrees, (1 + level) / 2) * np.sqrt(np.diag(self.pcov))
        return np.stack([self.popt - half, self.popt + half], axis=1)


def curve_fit(f: Callable[..., Any], xdata: Any, ydata: Any, p0: Any, **settings: Any) -> CurveFit:
    """`scipy.optimize.curve_fit` with the exact Jacobian, from which the covariances come too.

    Args:
        f: takes `xdata` and the parameters, each a tensor of shape (); returns the curve at xdata.
        xdata, ydata: the observations.
        p0: where to start, one number for each parameter.
        settings: SciPy's sigma, absolute_sigma, bounds, method, ...

    Returns:
        the parameters and their covariances, and on request their confidence intervals.

    >>> import numpy as np
    >>> from gradtape import optimize
    >>> x = np.arange(5.0)
    >>> fit = optimize.curve_fit(lambda x, a, b: a * np.exp(-b * x), x, 2 * np.exp(-0.5 * x), [1.0, 1.0])
    >>> fit.popt.round(6).tolist()
    [2.0, 0.5]
    """
    with needed("scipy", "gt.optimize runs SciPy's solvers"):
        import scipy.optimize  # type: ignore[import-untyped]  # SciPy brings no types

    data = xdata if hasattr(type(xdata), "_as_tensor") or callable(xdata) else np.asarray(xdata)
    problem = Problem(lambda p: f(data, *p))
    popt, pcov = scipy.optimize.curve_fit(
        lambda _x, *p: problem.value(p),
        data,
        ydata,
        p0,
        jac=lambda _x, *p: problem.jacobian(p),
        **settings,
    )
    return CurveFit(popt, pcov, int(np.size(ydata)) - len(popt))


__all__ = ["CurveFit", "curve_fit"]
