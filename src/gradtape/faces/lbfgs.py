"""A bridge from variables to SciPy's L-BFGS-B, a quasi-Newton method for losses that are computed whole.

(Liu and Nocedal 1989; Byrd, Lu, Nocedal and Zhu 1995.) SciPy is loaded when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core import nest
from ..core.absent import origin
from ..core.errors import DtypeError, InvalidArgumentError, ShapeError
from ..core.further_errors import NoGradientsError
from ..core.packages import needed
from ..core.tensor import as_tensor
from ..core.variable import Variable
from ..ops import linear
from ..tape import GradientTape


@dataclass(frozen=True, slots=True)
class LbfgsResult:
    """How a minimisation ended; the variables have the values of the smallest loss found.

    Attributes:
        loss: the loss there.
        gradient_norm: the largest absolute entry of the gradient there.
        iterations: how many steps were made.
        evaluations: how often the loss and its gradient were computed.
        converged: whether a tolerance was met.
        message: SciPy's words for why it ended.
    """

    loss: float
    gradient_norm: float
    iterations: int
    evaluations: int
    converged: bool
    message: str


def lbfgs_minimize(
    loss: Callable[[], Any],
    var_list: Any,
    *,
    max_iterations: int = 1000,
    gradient_tolerance: float = 1e-8,
    loss_tolerance: float = 1e-14,
    history: int = 10,
    callback: Callable[[float], Any] | None = None,
) -> LbfgsResult:
    """Minimise a loss over variables with SciPy's L-BFGS-B, in double precision outside the loss.

    Args:
        loss: a function without arguments that computes a real number from the variables.
        var_list: the variables, in any structure.
        max_iterations: the most steps.
        gradient_tolerance: end where no entry of the gradient is larger.
        loss_tolerance: end where the loss falls by less than this, relatively.
        history: how many pairs of steps and changes of the gradient stand for the Hessian.
        callback: called with the loss after each step.

    Returns:
        how it ended.

    Raises:
        ValueError: if there are no variables, the loss is not one real number, is not finite at the start, or does not
            depend on any variable. After any error the variables are as they were.

    >>> import gradtape as gt
    >>> x = gt.Variable([-1.2, 1.0], dtype=gt.float64)
    >>> found = gt.optimizers.lbfgs_minimize(lambda: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, [x])
    >>> found.converged, x.numpy().round(6).tolist()
    (True, [1.0, 1.0])
    """
    with needed("scipy", "lbfgs_minimize is SciPy's L-BFGS-B"):
        from scipy.optimize import minimize  # type: ignore[import-untyped]  # SciPy brings no types

    variables: list[Any] = nest.flatten(var_list)
    if not variables or not all(isinstance(v, Variable) and v.dtype.kind == "f" for v in variables):
        raise DtypeError(
            f"lbfgs_minimize: var_list must be real floating variables, one at least, got {var_list!r}"
        )
    before = [v._value for v in variables]
    last = 0.0

    def put(flat: Any) -> None:
        start = 0
        for v in variables:
            size = v._value.size
            v.assign(flat[start : start + size].reshape(v._value.shape).astype(v.dtype))
            start += size

    def both(flat: Any) -> tuple[float, Any]:
        nonlocal last
        put(flat)
        last, gradient = _loss_and_gradient(loss, variables)
        return last, gradient

    start = np.concatenate([np.ravel(v) for v in before]).astype(np.float64)
    try:
        first, _ = both(start)
        if not np.isfinite(first):
            raise InvalidArgumentError(f"lbfgs_minimize: the loss is {first} at the start")
        found = minimize(
            both,
            start,
            jac=True,
            method="L-BFGS-B",
            callback=None
            if callback is None
            else lambda intermediate_result: callback(intermediate_result.fun),
            options={
                "maxiter": max_iterations,
                "gtol": gradient_tolerance,
                "ftol": loss_tolerance,
                "maxcor": history,
                "maxfun": 20 * max_iterations + 20,
            },
        )
        put(found.x)
    except BaseException:
        for v, value in zip(variables, before, strict=True):
            v.assign(value)
        raise
    return LbfgsResult(
        float(found.fun),
        float(np.max(np.abs(found.jac), initial=0.0)),
        int(found.nit),
        int(found.nfev),
        bool(found.success),
        str(found.message),
    )


def _loss_and_gradient(loss: Callable[[], Any], variables: list[Variable]) -> tuple[float, Any]:
    """The loss as a number and its gradient as one vector of doubles, zero where it does not depend."""
    with GradientTape() as tape:
        tape.watch(variables)
        y = as_tensor(loss())
    if y._value.size != 1 or y._value.dtype.kind != "f":
        raise ShapeError(
            f"lbfgs_minimize: the loss must be one real number, got the shape {y.shape} and dtype {y.dtype.name}"
        )
    gradients = tape.gradient(y, variables)
    if all(g is None for g in gradients):
        names = [v.name for v in variables]
        raise NoGradientsError(
            f"lbfgs_minimize: No gradients provided for any variable: {names}{origin(None)}"
        )
    parts = [
        np.zeros(v._value.size) if g is None else np.ravel(np.asarray(g)).astype(np.float64)
        for g, v in zip(gradients, variables, strict=True)
    ]
    return float(linear.reshape(y, shape=())), np.concatenate(parts)
