"""SciPy's solvers with exact derivatives, by changing one line: `from gradtape import optimize`.

Each function here is SciPy's of the same name, with its arguments and its results; what differs is that derivatives are
not asked for. The function to solve is written with NumPy or with gradtape and gets tensors.

`Problem` is what stands between: it evaluates a function once per point, on a tape, and reads the value, the gradient,
the Jacobian and the Hessian off that one recording, each when it is first asked for at the point. (SciPy asks for value
and gradient by separate calls at the same point.)

Everything is computed in double precision. To differentiate *through* a solver, use `gradtape.implicit`; these
functions return NumPy's numbers. SciPy is loaded when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .core.errors import InvalidArgumentError
from .core.spec import float64
from .core.tensor import Tensor, as_tensor
from .ops.composite import astype, ravel
from .ops.contraction import dot
from .tape import GradientTape
from .transforms import hvp

__all__ = ["CurveFit", "Problem", "curve_fit", "least_squares", "minimize", "root", "solve_ivp"]

# What each method of scipy.optimize.minimize takes (SciPy's own documentation of `jac`, `hess` and `hessp`).
_WITHOUT = {"nelder-mead", "powell", "cobyla", "cobyqa"}
_HESSIAN = {"dogleg", "trust-exact", "trust-constr"}
_PRODUCT = {"newton-cg", "trust-ncg", "trust-krylov"}
_STIFF = {"radau", "bdf", "lsoda"}


class Problem:
    """A function of a vector, and what solvers ask for: its value and derivatives, evaluated once per point.

    Args:
        function: takes a float64 tensor of shape (n,), then `args`; returns one number, or a tensor of any shape, which
            is read as a vector.
        args: further arguments, handed on as they are.

    Attributes:
        evaluations: how often the function was called for values, gradients, Jacobians and Hessians.

    >>> import numpy as np
    >>> from gradtape.optimize import Problem
    >>> p = Problem(lambda x: np.sum(x**3))
    >>> point = np.array([1.0, 2.0])
    >>> float(p.value(point)), p.gradient(point).tolist(), p.hessian(point).tolist(), p.evaluations
    (9.0, [3.0, 12.0], [[6.0, 0.0], [0.0, 12.0]], 1)
    """

    __slots__ = ("_args", "_found", "_function", "_point", "_result", "_tape", "_x", "evaluations")

    def __init__(self, function: Callable[..., Any], args: Sequence[Any] = ()) -> None:
        if not callable(function):
            raise TypeError(f"Problem: function must be callable, not a {type(function).__name__}")
        self._function = function
        self._args = tuple(args) if isinstance(args, (tuple, list)) else (args,)
        self._point: Any = None
        self.evaluations = 0

    def _at(self, point: Any) -> None:
        """Make sure that the recording is that of the point."""
        values = np.array(point, float64).reshape(-1)
        if self._point is not None and np.array_equal(values, self._point):
            return
        self._point = None  # nothing is kept of an evaluation that fails
        self._x = Tensor(values)
        with GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(self._x)
            result = as_tensor(self._function(self._x, *self._args))
        self.evaluations += 1
        if result.dtype.kind != "f":
            raise TypeError(
                f"the function returned {result.dtype.name} of shape {result.shape}; solvers need real numbers"
            )
        self._tape, self._result, self._point = tape, result, values
        self._found: dict[str, Any] = {}

    def _once(self, name: str, point: Any, find: Callable[[], Any]) -> Any:
        """The derivative of this name, found at the first call at a point; a copy, as SciPy may write into it."""
        self._at(point)
        if name not in self._found:
            found = find()
            if found is None and name != "hessian":
                raise InvalidArgumentError(
                    "the function's result does not depend on its argument by recorded operations, so that its "
                    f"{name} would be zero; take care that it does not leave the tape, by float(x), np.asarray(x) or "
                    "an assignment into an array"
                )
            size = self._point.size
            self._found[name] = np.zeros((size, size)) if found is None else np.array(found, float64)
        return self._found[name].copy()

    def _must_be_one_number(self) -> None:
        if self._result.size != 1:
            raise InvalidArgumentError(
                f"the function to minimise must return one number, not a tensor of shape {self._result.shape}"
            )

    def value(self, point: Any) -> Any:
        """The value: a number, or the result as a vector."""
        self._at(point)
        value = np.asarray(self._result, float64)
        return float(value) if value.ndim == 0 else value.reshape(-1).copy()

    def objective(self, point: Any) -> float:
        """The value, which must be one number."""
        self._at(point)
        self._must_be_one_number()
        return float(np.asarray(self._result).reshape(()))

    def gradient(self, point: Any) -> Any:
        """The gradient of shape (n,) of a function with one number as its value."""

        def find() -> Any:
            self._must_be_one_number()
            return self._tape.gradient(self._result, self._x)

        return self._once("gradient", point, find)

    def jacobian(self, point: Any) -> Any:
        """The Jacobian of shape (m, n)."""

        def find() -> Any:
            found = self._tape.jacobian(self._result, self._x)
            return None if found is None else np.reshape(np.asarray(found), (self._result.size, self._x.size))

        return self._once("jacobian", point, find)

    def hessian(self, point: Any) -> Any:
        """The Hessian of shape (n, n) of a function with one number as its value."""

        def find() -> Any:
            self._must_be_one_number()
            found = self._tape.hessian(self._result, self._x)
            return None if found is None else np.reshape(np.asarray(found), (self._x.size, self._x.size))

        return self._once("hessian", point, find)

    def hessian_product(self, point: Any, direction: Any) -> Any:
        """The Hessian times a direction, without the Hessian."""
        x, d = (Tensor(np.array(v, float64).reshape(-1)) for v in (point, direction))
        return np.array(hvp(lambda x: ravel(self._function(x, *self._args))[0], (x,), (d,))[0], float64)

    def weighted_hessian(self, point: Any, weights: Any) -> Any:
        """The Hessian of the weighted sum of the results, which constraints are asked for."""
        w = Tensor(np.array(weights, float64).reshape(-1))
        sum_of = Problem(lambda x: dot(w, astype(ravel(self._function(x, *self._args)), float64)))
        return sum_of.hessian(point)


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
) -> Any:
    """`scipy.optimize.minimize` with the exact gradient, and the exact Hessian or its products as methods take it.

    Args:
        fun: takes a tensor of shape (n,), then `args`; returns one number.
        x0: where to start.
        args, method, bounds, tol, callback, options: as SciPy's.
        constraints: as SciPy's; a nonlinear one without a Jacobian of its own gets the exact one, and its function gets
            tensors.

    Returns:
        SciPy's `OptimizeResult`.

    Raises:
        ValueError: if the result is not one number, or does not depend on x by recorded operations.

    >>> import numpy as np
    >>> from gradtape import optimize
    >>> rosen = lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    >>> found = optimize.minimize(rosen, [1.3, 0.7, 0.8], method="trust-exact")
    >>> bool(found.success), found.x.round(3).tolist()
    (True, [1.0, 1.0, 1.0])
    """
    import scipy.optimize  # type: ignore[import-untyped]  # SciPy brings no types

    problem = Problem(fun, args)
    name = str(method).lower() if not callable(method) else ""
    given: dict[str, Any] = {} if name in _WITHOUT else {"jac": problem.gradient}
    if name in _HESSIAN:
        given["hess"] = problem.hessian
    elif name in _PRODUCT:
        given["hessp"] = problem.hessian_product
    single = isinstance(
        constraints, (dict, scipy.optimize.NonlinearConstraint, scipy.optimize.LinearConstraint)
    )
    made = [_constraint(c) for c in ([constraints] if single else constraints)]
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


def _constraint(constraint: Any) -> Any:
    """A constraint with exact derivatives, unless it has its own."""
    from scipy.optimize import NonlinearConstraint

    if isinstance(constraint, dict):
        if callable(constraint.get("jac")):
            return constraint
        problem = Problem(constraint["fun"], constraint.get("args", ()))
        rest = {key: value for key, value in constraint.items() if key != "args"}
        return {**rest, "fun": problem.value, "jac": problem.jacobian}
    if isinstance(constraint, NonlinearConstraint) and not callable(constraint.jac):
        problem = Problem(constraint.fun)
        return NonlinearConstraint(
            problem.value,
            constraint.lb,
            constraint.ub,
            problem.jacobian,
            problem.weighted_hessian,
            constraint.keep_feasible,
        )
    return constraint


def least_squares(fun: Callable[..., Any], x0: Any, *, args: Any = (), **settings: Any) -> Any:
    """`scipy.optimize.least_squares` with the exact Jacobian.

    Args:
        fun: takes a tensor of shape (n,), then `args`; returns the residuals.
        x0: where to start.
        args: further arguments of `fun`.
        settings: SciPy's other arguments: bounds, method, loss, f_scale, x_scale, ftol, ...

    Returns:
        SciPy's `OptimizeResult`.

    >>> import numpy as np
    >>> from gradtape import optimize
    >>> found = optimize.least_squares(lambda x: np.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]]), [-1.2, 1.0])
    >>> found.x.round(6).tolist()
    [1.0, 1.0]
    """
    import scipy.optimize

    problem = Problem(fun, args)
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
    import scipy.optimize

    problem = Problem(fun, args)
    given = {"jac": problem.jacobian} if method in ("hybr", "lm") else {}
    return scipy.optimize.root(
        lambda x: np.atleast_1d(problem.value(x)), x0, method=method, **given, **settings
    )


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
            raise ValueError(f"CurveFit.intervals: level must lie between 0 and 1, not {level}")
        if self.degrees < 1:
            raise ValueError("CurveFit.intervals: there are no more observations than parameters")
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
    import scipy.optimize

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


def solve_ivp(
    fun: Callable[..., Any],
    t_span: Any,
    y0: Any,
    method: Any = "Radau",
    *,
    args: Any = (),
    **settings: Any,
) -> Any:
    """`scipy.integrate.solve_ivp` whose implicit methods get the exact Jacobian of the right side in y.

    Args:
        fun: takes the time, a tensor of shape (n,), then `args`; returns the derivative of y.
        t_span, y0, method: as SciPy's; Radau, an implicit method for stiff equations, by default.
        args: further arguments of `fun`.
        settings: SciPy's t_eval, dense_output, events, rtol, atol, ...

    Returns:
        SciPy's `OdeResult`.

    >>> import numpy as np
    >>> from gradtape import optimize
    >>> found = optimize.solve_ivp(lambda t, y: -50 * (y - np.cos(y)), (0, 1), [0.0])
    >>> found.y[:, -1].round(4).tolist()
    [0.7391]
    """
    import scipy.integrate  # type: ignore[import-untyped]

    def slope(t: Any, y: Any) -> Any:
        return np.array(as_tensor(fun(t, Tensor(np.array(y, float64)), *args)), float64).reshape(-1)

    def jacobian(t: Any, y: Any) -> Any:
        return Problem(lambda x: fun(t, x, *args)).jacobian(y)

    if isinstance(method, str) and method.lower() in _STIFF:
        settings["jac"] = jacobian
    return scipy.integrate.solve_ivp(slope, t_span, y0, method=method, **settings)
