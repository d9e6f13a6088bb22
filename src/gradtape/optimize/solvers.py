"""SciPy's `minimize`, `least_squares`, `root` and `solve_ivp`, given exact derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.further_errors import ChoiceError
from ..core.packages import needed
from ..core.spec import float64
from ..core.tensor import Tensor, as_tensor
from ..sparse import sparse_jacobian
from .problem import Problem

# What each method of scipy.optimize.minimize takes (SciPy's own documentation of `jac`, `hess` and `hessp`).
_WITHOUT = {"nelder-mead", "powell", "cobyla", "cobyqa"}
_HESSIAN = {"dogleg", "trust-exact", "trust-constr"}
_PRODUCT = {"newton-cg", "trust-ncg", "trust-krylov"}
_STIFF = {"radau", "bdf", "lsoda"}
_SPARSE = {"newton-cg", "trust-constr"}


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: Any = None,
    *,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Any = None,
    options: Any = None,
    sparse: bool = False,
) -> Any:
    """`scipy.optimize.minimize` with the exact gradient, and the exact Hessian or its products as methods take it.

    Args:
        fun: takes a tensor of shape (n,), then `args`; returns one number.
        x0: where to start.
        args, method, bounds, tol, callback, options: as SciPy's.
        constraints: as SciPy's; a nonlinear one without a Jacobian of its own gets the exact one, and its function gets
            tensors.
        sparse: whether Hessians and the Jacobians of constraints are sparse matrices, for the methods that take them:
            trust-constr and Newton-CG.

    Returns:
        SciPy's `OptimizeResult`.

    Raises:
        ValueError: if the result is not one number, or does not depend on x by recorded operations; if sparse matrices
            are asked for a method that does not take them.

    >>> import numpy as np
    >>> from gradtape import optimize
    >>> rosen = lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    >>> found = optimize.minimize(rosen, [1.3, 0.7, 0.8], method="trust-exact")
    >>> bool(found.success), found.x.round(3).tolist()
    (True, [1.0, 1.0, 1.0])
    """
    with needed("scipy", "gt.optimize runs SciPy's solvers"):
        import scipy.optimize  # type: ignore[import-untyped]  # SciPy brings no types

    name = str(method).lower() if not callable(method) else ""
    if sparse and name not in _SPARSE:
        raise ChoiceError(
            f"minimize: method {method!r} takes no sparse matrices; use one of {', '.join(sorted(_SPARSE))}, or "
            "sparse=False"
        )
    problem = Problem(fun, args, sparse)
    given: dict[str, Any] = {} if name in _WITHOUT else {"jac": problem.gradient}
    if name in _HESSIAN or sparse:
        given["hess"] = problem.hessian
    elif name in _PRODUCT:
        given["hessp"] = problem.hessian_product
    single = isinstance(
        constraints, (dict, scipy.optimize.NonlinearConstraint, scipy.optimize.LinearConstraint)
    )
    made = [_constraint(c, sparse) for c in ([constraints] if single else constraints)]
    return scipy.optimize.minimize(
        problem.objective,
        x0,
        method=method,
        bounds=bounds,
        constraints=made,
        tol=tol,
        callback=callback,
        options=options,
        **given,
    )


def _constraint(constraint: Any, sparse: bool = False) -> Any:
    """A constraint with exact derivatives, unless it has its own."""
    from scipy.optimize import NonlinearConstraint

    if isinstance(constraint, dict):
        if callable(constraint.get("jac")):
            return constraint
        problem = Problem(constraint["fun"], constraint.get("args", ()), sparse)
        rest = {key: value for key, value in constraint.items() if key != "args"}
        return {**rest, "fun": problem.value, "jac": problem.jacobian}
    if isinstance(constraint, NonlinearConstraint) and not callable(constraint.jac):
        problem = Problem(constraint.fun, (), sparse)
        return NonlinearConstraint(
            problem.value,
            constraint.lb,
            constraint.ub,
            problem.jacobian,
            problem.weighted_hessian,
            constraint.keep_feasible,
        )
    return constraint


def least_squares(
    fun: Callable[..., Any], x0: Any, *, args: Any = (), sparse: bool = False, **settings: Any
) -> Any:
    """`scipy.optimize.least_squares` with the exact Jacobian.

    Args:
        fun: takes a tensor of shape (n,), then `args`; returns the residuals.
        x0: where to start.
        args: further arguments of `fun`.
        sparse: whether the Jacobian is a sparse matrix, for the methods trf and dogbox; it then needs no jac_sparsity.
        settings: SciPy's other arguments: bounds, method, loss, f_scale, x_scale, ftol, ...

    Returns:
        SciPy's `OptimizeResult`.

    >>> import numpy as np
    >>> from gradtape import optimize
    >>> found = optimize.least_squares(lambda x: np.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]]), [-1.2, 1.0])
    >>> found.x.round(6).tolist()
    [1.0, 1.0]
    """
    with needed("scipy", "gt.optimize runs SciPy's solvers"):
        import scipy.optimize

    problem = Problem(fun, args, sparse)
    return scipy.optimize.least_squares(
        lambda x: np.atleast_1d(problem.value(x)), x0, jac=problem.jacobian, **settings
    )


def root(fun: Callable[..., Any], x0: Any, args: Any = (), method: str = "hybr", **settings: Any) -> Any:
    """`scipy.optimize.root` with the exact Jacobian for the methods that take it, "hybr" and "lm".

    Args:
        fun: takes a tensor of shape (n,), then `args`; returns as many numbers.
        x0, args, method: as SciPy's.
        settings: SciPy's tol, callback and options.

    Returns:
        SciPy's `OptimizeResult`.

    >>> import numpy as np
    >>> from gradtape import optimize
    >>> optimize.root(lambda x: x + np.cos(x), [0.0]).x.round(6).tolist()
    [-0.739085]
    """
    with needed("scipy", "gt.optimize runs SciPy's solvers"):
        import scipy.optimize

    problem = Problem(fun, args)
    given = {"jac": problem.jacobian} if method in ("hybr", "lm") else {}
    return scipy.optimize.root(
        lambda x: np.atleast_1d(problem.value(x)), x0, method=method, **given, **settings
    )


def solve_ivp(
    fun: Callable[..., Any],
    t_span: Any,
    y0: Any,
    method: Any = "Radau",
    *,
    args: Any = (),
    sparse: bool = False,
    **settings: Any,
) -> Any:
    """`scipy.integrate.solve_ivp` whose implicit methods get the exact Jacobian of the right side in y.

    Args:
        fun: takes the time, a tensor of shape (n,), then `args`; returns the derivative of y.
        t_span, y0, method: as SciPy's; Radau, an implicit method for stiff equations, by default.
        args: further arguments of `fun`.
        sparse: whether the Jacobian is a sparse matrix, for Radau and BDF; it is recorded once, and `fun` gets the time
            as a tensor there.
        settings: SciPy's t_eval, dense_output, events, rtol, atol, ...

    Returns:
        SciPy's `OdeResult`.

    >>> import numpy as np
    >>> from gradtape import optimize
    >>> found = optimize.solve_ivp(lambda t, y: -50 * (y - np.cos(y)), (0, 1), [0.0])
    >>> found.y[:, -1].round(4).tolist()
    [0.7391]
    """
    with needed("scipy", "gt.optimize runs SciPy's solvers"):
        import scipy.integrate  # type: ignore[import-untyped]

    def slope(t: Any, y: Any) -> Any:
        return np.array(as_tensor(fun(t, Tensor(np.array(y, float64)), *args)), float64).reshape(-1)

    def jacobian(t: Any, y: Any) -> Any:
        return Problem(lambda x: fun(t, x, *args)).jacobian(y)

    name = method.lower() if isinstance(method, str) else ""
    if sparse:
        if name not in _STIFF - {"lsoda"}:
            raise ChoiceError(f"solve_ivp: method {method!r} takes no sparse Jacobian; Radau and BDF do")
        program = sparse_jacobian(lambda t, y: fun(t, y, *args), 1)
        settings["jac"] = lambda t, y: program(np.float64(t), y)
    elif name in _STIFF:
        settings["jac"] = jacobian
    return scipy.integrate.solve_ivp(slope, t_span, y0, method=method, **settings)


__all__ = ["least_squares", "minimize", "root", "solve_ivp"]
