"""Special functions under SciPy's names, where SciPy looks for them when SCIPY_ARRAY_API=1.

Every special ufunc of SciPy's can be had here, when it is first asked for. Those that are listed have a rule and are
recorded. Any other raises an error that names it on a recorded array, and computes on an array that nobody follows.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.tensor import ROWS, Tensor, call
from ..faces import scipy_special
from ..faces.numpy_protocol import array_ufunc, ufunc_for
from ..ops.special import special
from .arrays import described, exported, promoted, tensor_of

RECORDED = """
    bdtr bdtrc beta betainc betaincc betaln binom boxcox boxcox1p cbrt chdtr chdtrc chdtri cosdg cosm1 cotdg dawsn
    digamma entr erf erfc erfcinv erfcx erfinv exp1 exp10 exp2 expi expit expm1 fdtr fdtrc fresnel gamma gammainc
    gammaincc gammainccinv gammaincinv gammaln gammasgn gdtr gdtrc huber i0 i0e i1 i1e inv_boxcox inv_boxcox1p iv j0
    j1 jn jv k0 k0e k1 k1e kl_div kv log1p log_expit log_ndtr loggamma logit multigammaln nbdtr nbdtrc ndtr ndtri pdtr
    pdtrc pdtri poch polygamma pseudo_huber psi radian rel_entr rgamma sinc sindg spence stdtr tandg xlog1py xlogy y0
    y1 yn yv zeta
"""
__all__ = RECORDED.split()


def _floating(*xs: Any) -> list[Tensor]:
    """Tensors of one floating dtype; integers count as double precision."""
    return promoted(*xs, 1.0)[:-1]


@exported
def multigammaln(a: Any, d: int) -> Any:
    """The logarithm of the gamma function of d dimensions (DLMF 35.3.4)."""
    (x,) = _floating(a)
    return scipy_special.multigammaln(x, d)


@exported
def polygamma(n: Any, x: Any) -> Any:
    """The derivative of order n of the digamma function."""
    return call(ROWS["polygamma"], *_floating(n, x))


@exported
def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x), and 1 at 0."""
    return call(ROWS["sinc"], *_floating(x))


@exported
def zeta(x: Any, q: Any = 1.0) -> Any:
    """Hurwitz' zeta function: the sum of (n + q)**-x."""
    return call(ROWS["zeta"], *_floating(x, q))


@functools.cache
def _over(name: str, ufunc: Any) -> Callable[..., Any]:
    """The function of arrays over a ufunc of SciPy's."""
    rule = ufunc_for(ufunc)

    def recorded(*xs: Any) -> Any:
        assert rule is not None
        return rule(*_floating(*xs))

    def plain(*xs: Any) -> Any:
        found = array_ufunc(ufunc, "__call__", tuple(tensor_of(x) for x in xs), {})
        return tuple(map(Tensor, found)) if isinstance(found, tuple) else Tensor(found)

    function = plain if rule is None else recorded
    return described(function, name, f"SciPy's `{name}` on arrays.")


def __getattr__(name: str) -> Any:
    """The function over SciPy's ufunc of this name."""
    if not name.startswith("_"):
        # With SCIPY_ARRAY_API=1 the ufunc stands behind a function that would ask here again.
        ufunc = inspect.unwrap(getattr(special(), name, len))
        if isinstance(ufunc, np.ufunc):
            return _over(name, ufunc)
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}: SciPy has no special ufunc of this name"
    )
