"""Roots, fixed points and minima: solutions of `r(x, p) = 0`, differentiated by the implicit function theorem.

Along a curve of parameters the residual stays zero, so `r_x x' + r_p p' = 0`: the tangent is `-r_x^-1 r_p p'`, and the
pull of `g` is `-r_p^T r_x^-T g`. Both are operations of the solution x itself, whose derivative is known again: every
order follows from this one sentence. SciPy's solution is polished by Newton's method, for the rule is exact only
where the residual is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..capture import Held, pulled, pushed
from ..core.errors import Documented, ShapeError
from ..core.lead import reshaped
from ..core.packages import needed
from ..core.tensor import Tensor, decide
from ..modes.reverse import zeros
from ..ops import matrices
from ..ops.linear import negative, subtract
from .solved import Arguments, arguments, as_dtype, matrix, returned, solved, start

Residual = Callable[..., Tensor]


class ConvergenceError(Documented, RuntimeError):
    """A solver did not find what it was asked for."""

    section = "A solver that gives up"


class SingularSolutionError(Documented, ValueError):
    """The solution is no differentiable function of the parameters."""

    section = "A solution that is no function of its parameters"


@dataclass(frozen=True, slots=True)
class Solution:
    """What `root`, `fixed_point` and `minimize` found.

    Attributes:
        x: the solution, of shape and dtype of the start; differentiable in all that the function depends on.
        fun: the residual there, or the minimum, which is differentiable too.
        success: True; a failure is raised.
        message: the solver's own words.
        nfev: how often the solver called the function; polishing is not counted.
    """

    x: Tensor
    fun: Tensor
    success: bool
    message: str
    nfev: int


def root(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    *,
    method: str = "hybr",
    tol: float | None = None,
    options: dict[str, Any] | None = None,
) -> Solution:
    """Find x with `fun(x, *args) = 0` by `scipy.optimize.root`, with derivatives of x in all that `fun` depends on.

    Args:
        fun: takes x and the arguments, returns a real tensor of the shape of x.
        x0: where to start, of any shape; no derivative passes to it. The result has its dtype.
        args: further arguments, each a tensor, a variable, a number or a nest of them.
        method, tol, options: as SciPy's; "hybr" and "lm" are given the exact Jacobian.

    Raises:
        ConvergenceError: if SciPy finds no root, with its message.
        ValueError: if `fun` returns another shape; at a derivative, if the Jacobian in x is singular.
        TypeError: for complex numbers.

    >>> import gradtape as gt
    >>> a = gt.constant(2.0, dtype="float64")
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(a)
    ...     x = gt.implicit.root(lambda x, a: x * x - a, 1.0, a).x
    >>> print(f"{x.numpy():.6f} {tape.gradient(x, a).numpy():.6f}")     # sqrt(a) and 1 / (2 sqrt(a))
    1.414214 0.353553
    """
    given, residual, parameters, dtype = problem("root", fun, x0, args)

    def find(function: Any, slope: Any, first: Any, _tensors: Any) -> Any:
        with needed("scipy", "gt.implicit runs SciPy's solvers"):
            from scipy import optimize  # type: ignore[import-untyped]  # SciPy brings no types

        jac = slope if method.lower() in ("hybr", "lm") else None
        return optimize.root(function, first, jac=jac, method=method, tol=tol, options=options)

    x, found = solution("root", residual, find, given, parameters)
    fun_there = residual(x, *parameters.tensors)
    return _answer(x, fun_there, found, given, dtype)


def fixed_point(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    *,
    method: str = "iteration",
    xtol: float = 1e-8,
    maxiter: int = 500,
) -> Solution:
    """Find x with `fun(x, *args) = x` by `scipy.optimize.fixed_point`, with derivatives in all that `fun` depends on.

    Args:
        fun: takes x and the arguments, returns a real tensor of the shape of x.
        x0: where to start, of any shape; no derivative passes to it. The result has its dtype.
        args: further arguments, each a tensor, a variable, a number or a nest of them.
        method: "iteration", which finds the fixed point of a contraction, or "del2", which speeds it up entry by entry.
        xtol, maxiter: as SciPy's.

    Raises:
        ConvergenceError: if the iteration does not converge, with SciPy's message.
        ValueError: if `fun` returns another shape; at a derivative, if `1 - fun_x` is singular.

    >>> import gradtape as gt
    >>> a = gt.constant(1.0, dtype="float64")
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(a)
    ...     x = gt.implicit.fixed_point(lambda x, a: gt.cos(a * x), 1.0, a).x
    >>> print(f"{x.numpy():.6f} {tape.gradient(x, a).numpy():.6f}")
    0.739085 -0.297474
    """
    given, image, parameters, dtype = problem("fixed_point", fun, x0, args)

    def residual(x: Tensor, *tensors: Tensor) -> Tensor:
        return subtract(x, image(x, *tensors))  # type: ignore[no-any-return]

    def find(function: Any, _slope: Any, first: Any, _tensors: Any) -> Any:
        with needed("scipy", "gt.implicit runs SciPy's solvers"):
            from scipy import optimize

        calls = 0

        def counted(x: Any) -> Any:
            nonlocal calls
            calls += 1
            return x - function(x)

        try:
            x = optimize.fixed_point(counted, first, xtol=xtol, maxiter=maxiter, method=method)
        except RuntimeError as error:  # SciPy's words; what the function itself raised stays as it is
            if isinstance(error, Documented):
                raise
            raise ConvergenceError(f"fixed_point: {error}") from None
        return optimize.OptimizeResult(x=x, success=True, message="The iteration converged.", nfev=calls)

    x, found = solution("fixed_point", residual, find, given, parameters)
    return _answer(x, residual(x, *parameters.tensors), found, given, dtype)


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    *,
    method: str = "BFGS",
    tol: float | None = None,
    options: dict[str, Any] | None = None,
) -> Solution:
    """Find a minimum of `fun(x, *args)` in x by `scipy.optimize.minimize`, with derivatives of place and value.

    The gradient is zero at a minimum, so its place is the root of the gradient. SciPy is given the exact gradient,
    and the exact Hessian where its method uses one. There are no bounds and constraints: where one is active, the
    gradient is not zero.

    Args:
        fun: takes x and the arguments, returns one real number.
        x0: where to start, of any shape; no derivative passes to it. The result has its dtype.
        args: further arguments, each a tensor, a variable, a number or a nest of them.
        method, tol, options: as SciPy's.

    Raises:
        ConvergenceError: if SciPy finds no minimum, with its message.
        ValueError: if `fun` returns more than a number; at a derivative, if the Hessian is singular.

    >>> import gradtape as gt
    >>> a = gt.constant(3.0, dtype="float64")
    >>> with gt.GradientTape(persistent=True) as tape:
    ...     tape.watch(a)
    ...     found = gt.implicit.minimize(lambda x, a: (x - a * a) ** 2 + x, gt.constant(0.0, dtype="float64"), a)
    >>> print(f"{found.x.numpy():.4f} {tape.gradient(found.x, a).numpy():.4f}")      # a^2 - 1/2 and 2 a
    8.5000 6.0000
    >>> print(f"{tape.gradient(found.fun, a).numpy():.4f}")                         # of a^2 - 1/4
    6.0000
    """
    given, image, parameters, dtype = problem("minimize", fun, x0, args, scalar=True)

    def find(function: Any, slope: Any, first: Any, tensors: Any) -> Any:
        with needed("scipy", "gt.implicit runs SciPy's solvers"):
            from scipy import optimize

        def height(v: Any) -> float:
            return float(image(Tensor(v), *tensors)._value)

        hess = slope if method.lower() in _WITH_HESSIAN else None
        jac = None if method.lower() in _WITHOUT_GRADIENT else function
        return optimize.minimize(height, first, jac=jac, hess=hess, method=method, tol=tol, options=options)

    x, found = solution("minimize", slope_of(image), find, given, parameters)
    return _answer(x, image(x, *parameters.tensors), found, given, dtype)


_WITH_HESSIAN = ("newton-cg", "dogleg", "trust-ncg", "trust-krylov", "trust-exact", "trust-constr")
_WITHOUT_GRADIENT = ("nelder-mead", "powell", "cobyla", "cobyqa")


# what the three share


def slope_of(image: Residual) -> Residual:
    """The gradient of a function to a number, which is zero where the number is least."""

    def residual(x: Tensor, *tensors: Tensor) -> Tensor:
        _, (gradient,) = pulled(lambda x: [image(x, *tensors)], [x], (), [Tensor(np.float64(1))])
        return zeros(x) if gradient is None else gradient

    return residual


def problem(
    name: str, fun: Callable[..., Any], x0: Any, args: Any, scalar: bool = False
) -> tuple[Tensor, Residual, Arguments, Any]:
    """The start, the user's function of a flat x and the parameters, these, and the dtype of results."""
    given, dtype = start(name, "x0", x0)
    shape, parameters = given._value.shape, arguments(name, args)

    def function(x: Tensor, *tensors: Tensor) -> Tensor:
        y = returned(name, "the result of fun", fun(reshaped(x, shape), *parameters.packed(tensors)))
        if scalar:
            if y._value.size != 1:
                raise ShapeError(f"{name}: fun must return one number, got the shape {tuple(y.shape)}")
            return reshaped(y, ())
        if y._value.shape != shape:
            raise ShapeError(
                f"{name}: fun must return the shape {shape} of x, got {tuple(y._value.shape)}: as many equations as "
                "unknowns"
            )
        return reshaped(y, (x._value.size,))

    return given, function, parameters, dtype


def solution(
    name: str, residual: Residual, find: Callable[..., Any], given: Tensor, parameters: Arguments
) -> tuple[Tensor, Any]:
    """The solution as a flat tensor with its rule, and what SciPy said."""
    said: list[Any] = []

    def solve(*values: Any) -> Any:
        tensors = [Tensor(value) for value in values]

        def function(v: Any) -> Any:
            return residual(Tensor(v), *tensors)._value

        def slope(v: Any) -> Any:
            return matrix(lambda x: [residual(x, *tensors)], Tensor(v))._value

        answer = find(function, slope, np.ravel(given._value), tensors)
        if not answer.success:
            raise ConvergenceError(f"{name}: {' '.join(str(answer.message).split())}")
        said.append(answer)
        return _polished(function, slope, np.asarray(answer.x, np.float64).reshape(-1))

    def slope_at(x: Tensor, tensors: Sequence[Tensor]) -> Tensor:
        found = matrix(lambda z: [residual(z, *tensors)], x)
        if decide(found, _is_singular):
            raise SingularSolutionError(
                f"{name}: the Jacobian of the condition is singular at the solution, shape {tuple(found.shape)}; "
                "there the solution is no differentiable function of the parameters"
            )
        return found

    def pull(held: Held, g: Tensor, x: Tensor, *tensors: Tensor) -> Sequence[Tensor | None]:
        weights = matrices.solve(slope_at(x, tensors).T, negative(g))
        return pulled(lambda *p: [residual(x, *p)], tensors, held, [weights])[1]

    def tangent(held: Held, tangents: Sequence[Any], x: Tensor, *tensors: Tensor) -> Tensor:
        _, (moved,) = pushed(lambda *p: [residual(x, *p)], tensors, held, tangents)
        return zeros(x) if moved is None else matrices.solve(slope_at(x, tensors), negative(moved))

    x = solved(f"implicit.{name}", solve, parameters.tensors, pull, tangent)
    return x, said[0]


def _polished(function: Callable[[Any], Any], slope: Callable[[Any], Any], x: Any) -> Any:
    """Newton's method from a solver's answer, while the residual falls."""
    residual = function(x)
    size = np.linalg.norm(residual)
    for _ in range(20):  # it doubles the digits in each step, so this many are never needed
        if size == 0:
            break
        try:
            better = x - np.linalg.solve(slope(x), residual)
        except np.linalg.LinAlgError:
            break
        residual = function(better)
        if not np.linalg.norm(residual) < size:
            break
        x, size = better, np.linalg.norm(residual)
    return x


def _is_singular(matrix: Any) -> bool:
    """Whether a matrix is singular to rounding; one that is not finite is not judged."""
    if not np.isfinite(matrix).all() or not matrix.size:
        return False
    sizes = np.linalg.svd(matrix, compute_uv=False)
    return bool(sizes[-1] <= sizes[0] * matrix.shape[0] * np.finfo(np.float64).eps)


def _answer(x: Tensor, fun: Tensor, found: Any, given: Tensor, dtype: Any) -> Solution:
    fun = reshaped(fun, given._value.shape) if fun.ndim else fun
    return Solution(
        as_dtype(reshaped(x, given._value.shape), dtype),
        as_dtype(fun, dtype),
        True,
        " ".join(str(found.message).split()),
        int(found.nfev),
    )
