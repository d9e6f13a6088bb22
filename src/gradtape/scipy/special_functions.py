"""`scipy.special`: its functions that are no ufuncs, on tensors."""

from __future__ import annotations

from typing import Any

from ..core.further_errors import UncoveredError
from ..core.tensor import ROWS, Tensor, as_tensor, beside, call
from ..faces import scipy_special
from ..faces.numpy_names import SCIPY
from ..faces.scipy_special import pick
from ..ops import arranging, composite, linear, reduction
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.composing import axes_of
from .meaning import scipy_function


@scipy_function
def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """The logarithm of the sum of exponentials over the axes, each multiplied by b, without overflow."""
    if b is None and not return_sign:
        return composite.logsumexp(a, axis, keepdims)
    x, weights = beside((a, 1.0 if b is None else b))
    axes = axes_of(axis, x.ndim, "scipy.special.logsumexp")
    top = fixed.stop_gradient(reduction.amax(x, axis=axes, keepdims=True))
    top = linear.where(fixed.isfinite(top), top, composite.zeros_like(top))
    total = composite.sum(weights * each.exp(x - top), axes, keepdims=True)
    sign = composite.sign(total)
    y = each.log(each.absolute(total) if return_sign else total) + top
    if not keepdims:
        y, sign = arranging.squeeze(y, axes), arranging.squeeze(sign, axes)
    return (y, sign) if return_sign else y


@scipy_function
def softmax(x: Any, axis: Any = None) -> Tensor:
    """Exponentials divided by their sum over the axes, all by default."""
    return composite.softmax(x, axis)


@scipy_function
def log_softmax(x: Any, axis: Any = None) -> Tensor:
    """The logarithm of softmax over the axes, all by default."""
    return composite.log_softmax(x, axis)


@scipy_function
def multigammaln(a: Any, d: int) -> Tensor:
    """The logarithm of the gamma function of d dimensions (DLMF 35.3.4)."""
    return scipy_special.multigammaln(as_tensor(a), d)


@scipy_function
def polygamma(n: Any, x: Any) -> Tensor:
    """The derivative of order n of the digamma function."""
    return call(ROWS["polygamma"], *beside((n, x)))  # type: ignore[no-any-return]


@scipy_function
def zeta(x: Any, q: Any = None, out: None = None) -> Tensor:
    """Riemann's zeta function, or Hurwitz's with q."""
    return call(ROWS["zeta"], *beside((x, 1.0 if q is None else q)))  # type: ignore[no-any-return]


@scipy_function
def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Tensor:
    """How many ways there are to choose k of N, for real arguments by the gamma function."""
    if exact:
        raise UncoveredError("scipy.special.comb: exact=True has no meaning on tensors")
    n, k = beside((N, k))
    return SCIPY["binom"](n + k - 1 if repetition else n, k)  # type: ignore[no-any-return]


@scipy_function
def factorial(n: Any, exact: bool = False, extend: str = "zero") -> Tensor:
    """The gamma function of n + 1, and 0 below 0."""
    if exact or extend != "zero":
        raise UncoveredError("scipy.special.factorial: exact= and extend= have no meaning on tensors")
    x = as_tensor(n)
    is_number = fixed.greater_equal(x, each.like(x, 0))
    return pick(is_number, SCIPY["gamma"](pick(is_number, x, 0.0) + 1), 0.0)
