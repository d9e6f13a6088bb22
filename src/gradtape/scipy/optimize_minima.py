"""`scipy.optimize`: minima and fits, on tensors; SciPy finds them, the zero slope says how they move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import implicit
from ..core.lead import reshaped
from ..core.tensor import Tensor, as_tensor
from ..implicit.equations import ConvergenceError, problem, slope_of, solution
from ..implicit.solved import as_dtype
from ..ops import arranging, composite, matrices
from ..ops import elementwise as each
from ..transforms import jacobian
from . import linalg_factorizations, linalg_solving
from .meaning import depends, listed, original, plain, refuse, scipy_solver
from .optimize_roots import like_start, result


@scipy_solver
def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: Any = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: Any = None,
    callback: Any = None,
    options: Any = None,
) -> Any:
    """A minimum of a function of an array, without bounds and constraints, where the slope is not zero."""
    args, first = listed(args), np.asarray(plain(x0), np.float64)
    if not depends(fun, first, *args):
        given = (method, jac, hess, hessp, bounds, constraints, tol, callback, options)
        return original("optimize.minimize")(fun, plain(x0), args, *given)
    refuse("optimize.minimize", bounds=bounds, constraints=constraints or None, callback=callback)
    value = (lambda *given: fun(*given)[0]) if jac is True else fun
    return result(
        implicit.minimize(
            value, like_start(x0, first), args, method=method or "BFGS", tol=tol, options=options
        )
    )


@scipy_solver
def minimize_scalar(
    fun: Callable[..., Any],
    bracket: Any = None,
    bounds: Any = None,
    args: Any = (),
    method: Any = None,
    tol: Any = None,
    options: Any = None,
) -> Any:
    """A minimum of a function of one number, in the inside of its bounds if there are any."""
    args, theirs = listed(args), original("optimize.minimize_scalar")
    ends = None if bounds is None else tuple(float(plain(end)) for end in bounds)
    between = None if bracket is None else tuple(float(plain(end)) for end in bracket)
    first = np.float64(np.mean(ends) if ends else np.mean(between) if between else 0.5)
    if not depends(fun, first, *args):
        return theirs(fun, between, ends, args, method, tol, options)
    given, image, parameters, dtype = problem("minimize_scalar", fun, first, args, scalar=True)

    def find(_function: Any, _slope: Any, _first: Any, tensors: Any) -> Any:
        def height(z: float) -> float:
            return float(image(Tensor(np.array([z])), *tensors)._value)

        found = theirs(height, between, ends, (), method, tol, options)
        found.x = np.array([found.x])
        return found

    x, found = solution("minimize_scalar", slope_of(image), find, given, parameters)
    where = float(x._value.item())
    if ends and not ends[0] < where < ends[1]:
        raise ConvergenceError(
            f"minimize_scalar: the minimum is at a bound of {ends}, where the slope is not zero: it does not depend on "
            "the parameters as a minimum does"
        )
    found.x, found.fun = as_dtype(reshaped(x, ()), dtype), as_dtype(image(x, *parameters.tensors), dtype)
    return found


def _fitted(
    name: str, residuals: Callable[..., Any], first: Any, args: Any, search: Callable[..., Any]
) -> tuple[Tensor, Any]:
    """The x of least squares with its rule, and SciPy's result; `search` gets plain residuals and Jacobian."""

    def cost(x: Any, *more: Any) -> Any:
        return composite.sum(each.square(as_tensor(residuals(x, *more)))) / 2

    given, image, parameters, dtype = problem(name, cost, first, args, scalar=True)

    def find(_function: Any, _slope: Any, start: Any, tensors: Any) -> Any:
        def vector(x: Tensor) -> Tensor:
            return as_tensor(residuals(x, *parameters.packed(tensors)))

        def plain_residuals(x: Any) -> Any:
            return vector(Tensor(x))._value.astype(np.float64)

        def plain_jacobian(x: Any) -> Any:
            return jacobian(vector)(Tensor(x))._value.astype(np.float64)

        return search(plain_residuals, plain_jacobian, start)

    x, found = solution(name, slope_of(image), find, given, parameters)
    return as_dtype(x, dtype), found


@scipy_solver
def least_squares(
    fun: Callable[..., Any],
    x0: Any,
    jac: Any = "2-point",
    bounds: Any = (-np.inf, np.inf),
    method: str = "trf",
    ftol: Any = 1e-8,
    xtol: Any = 1e-8,
    gtol: Any = 1e-8,
    x_scale: Any = None,
    loss: Any = "linear",
    f_scale: float = 1.0,
    diff_step: Any = None,
    tr_solver: Any = None,
    tr_options: Any = None,
    jac_sparsity: Any = None,
    max_nfev: Any = None,
    verbose: int = 0,
    args: Any = (),
    kwargs: Any = None,
    callback: Any = None,
    workers: Any = None,
) -> Any:
    """The x of the least sum of squared residuals, without bounds."""
    args, first, named = listed(args), np.atleast_1d(np.asarray(plain(x0), np.float64)), dict(kwargs or {})

    def residuals(x: Any, *more: Any) -> Any:
        return fun(x, *more, **named)

    theirs = original("optimize.least_squares")
    settings = {
        "method": method,
        "ftol": ftol,
        "xtol": xtol,
        "gtol": gtol,
        "max_nfev": max_nfev,
        "verbose": verbose,
    }
    if x_scale is not None:
        settings["x_scale"] = x_scale
    if not depends(residuals, first, *args, *named.values(), count=1 + len(args)):
        more = {"diff_step": diff_step, "tr_solver": tr_solver, "jac_sparsity": jac_sparsity, "args": args}
        more |= {"bounds": bounds, "loss": loss, "f_scale": f_scale, "kwargs": named}
        if tr_options is not None:
            more["tr_options"] = tr_options
        return theirs(fun, plain(x0), jac, **settings, **more)
    is_bounded = np.any(np.isfinite(bounds[0])) or np.any(np.isfinite(bounds[1]))
    refuse(
        "optimize.least_squares", bounds=True if is_bounded else None, loss=None if loss == "linear" else loss
    )
    x, found = _fitted(
        "least_squares", residuals, first, args, lambda r, j, start: theirs(r, start, j, **settings)
    )
    found.x = x
    found.fun = as_tensor(residuals(x, *args))
    found.cost = composite.sum(each.square(found.fun)) / 2
    return found


@scipy_solver
def curve_fit(
    f: Callable[..., Any],
    xdata: Any,
    ydata: Any,
    p0: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    check_finite: Any = None,
    bounds: Any = (-np.inf, np.inf),
    method: Any = None,
    jac: Any = None,
    *,
    full_output: bool = False,
    nan_policy: Any = None,
    **kwargs: Any,
) -> Any:
    """The parameters of least squares and their covariance, differentiable in the data and the errors sigma."""
    count = f.__code__.co_argcount - 1 - hasattr(f, "__self__") if p0 is None else np.size(plain(p0))
    first = np.ones(count) if p0 is None else np.atleast_1d(np.asarray(plain(p0), np.float64))
    if not depends(f, plain(xdata), *first, xdata, ydata, sigma, count=1 + len(first)):
        given = (p0, sigma, absolute_sigma, check_finite, bounds, method, jac)
        return original("optimize.curve_fit")(
            f, xdata, ydata, *given, full_output=full_output, nan_policy=nan_policy, **kwargs
        )
    is_bounded = np.any(np.isfinite(bounds[0])) or np.any(np.isfinite(bounds[1]))
    refuse("optimize.curve_fit", bounds=True if is_bounded else None, full_output=full_output)

    def residuals(p: Any) -> Any:
        away = f(xdata, *(p[i] for i in range(len(first)))) - as_tensor(ydata)
        if sigma is None:
            return away
        errors = as_tensor(sigma)
        if errors.ndim < 2:
            return away / errors
        return linalg_solving.solve_triangular(
            linalg_factorizations.cholesky(errors, lower=True), away, lower=True
        )

    theirs = original("optimize.least_squares")
    x, _ = _fitted(
        "curve_fit", residuals, first, (), lambda r, j, start: theirs(r, start, j, method=method or "lm")
    )
    slopes = jacobian(lambda p: arranging.reshape(residuals(p), (-1,)))(x)
    covariance = matrices.inv(arranging.transpose(slopes) @ slopes)
    if not absolute_sigma:
        rest = arranging.reshape(residuals(x), (-1,))
        covariance = covariance * (composite.sum(each.square(rest)) / (rest.size - len(first)))
    return x, covariance
