"""`scipy.optimize`: roots of equations, on tensors; SciPy finds them, the equation says how they move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult  # type: ignore[import-untyped]  # SciPy brings no types

from .. import implicit
from ..core.lead import reshaped
from ..implicit.equations import problem, solution
from ..implicit.solved import as_dtype
from .meaning import MEANINGS, depends, is_tensor, listed, original, plain, refuse, scipy_solver


def _found(
    name: str, f: Callable[..., Any], first: Any, args: Any, search: Callable[..., Any]
) -> tuple[Any, Any]:
    """A root of one number with its rule, and SciPy's results; `search` gets plain functions of a float."""
    given, residual, parameters, dtype = problem(name, f, first, args)
    results: list[Any] = []

    def find(function: Any, slope: Any, _first: Any, _tensors: Any) -> Any:
        found = search(lambda z: function(np.array([z])).item(), lambda z: slope(np.array([z])).item())
        results.append(found)
        return OptimizeResult(
            x=np.array([found.root]), success=found.converged, message=found.flag, nfev=found.function_calls
        )

    x, _ = solution(name, residual, find, given, parameters)
    return as_dtype(reshaped(x, ()), dtype), results[0]


def _bracketing(name: str) -> Callable[..., Any]:
    """A solver that keeps a bracket."""

    def solver(
        f: Callable[..., Any],
        a: Any,
        b: Any,
        args: Any = (),
        xtol: float = 2e-12,
        rtol: float = 8.881784197001252e-16,
        maxiter: int = 100,
        full_output: bool = False,
        disp: bool = True,
    ) -> Any:
        args, low, high = listed(args), plain(a), plain(b)
        theirs = original(f"optimize.{name}")
        if not depends(f, np.float64((low + high) / 2), *args):
            return theirs(
                f, low, high, args, xtol=xtol, rtol=rtol, maxiter=maxiter, full_output=full_output, disp=disp
            )

        def search(function: Any, _slope: Any) -> Any:
            return theirs(
                function, low, high, xtol=xtol, rtol=rtol, maxiter=maxiter, full_output=True, disp=disp
            )[1]

        x, found = _found(name, f, np.float64((low + high) / 2), args, search)
        return (x, _with_root(found, x)) if full_output else x

    solver.__name__ = name
    solver.__doc__ = (
        f"A root of one number in a bracket, by SciPy's `{name}`; differentiable in all but the bracket."
    )
    return solver


def _with_root(found: Any, x: Any) -> Any:
    found.root = x
    return found


for _name in ("bisect", "brenth", "brentq", "ridder", "toms748"):
    MEANINGS[f"optimize.{_name}"] = _bracketing(_name)


@scipy_solver
def root_scalar(
    f: Callable[..., Any],
    args: Any = (),
    method: Any = None,
    bracket: Any = None,
    fprime: Any = None,
    fprime2: Any = None,
    x0: Any = None,
    x1: Any = None,
    xtol: Any = None,
    rtol: Any = None,
    maxiter: Any = None,
    options: Any = None,
) -> Any:
    """A root of one number; the exact slope is used where a method needs one."""
    args, theirs = listed(args), original("optimize.root_scalar")
    first = plain(x0) if x0 is not None else sum(map(plain, bracket)) / 2 if bracket is not None else 0.0
    ends = None if bracket is None else [float(plain(end)) for end in bracket]
    rest = {"x1": plain(x1), "xtol": xtol, "rtol": rtol, "maxiter": maxiter, "options": options}
    if not depends(f, np.float64(first), *args):
        return theirs(f, args, method, ends, fprime, fprime2, plain(x0), **rest)
    value = (lambda *given: f(*given)[0]) if fprime is True else f

    def search(function: Any, slope: Any) -> Any:
        needed = slope if method in ("newton", "halley") or (fprime is not None and method is None) else None
        start = None if x0 is None else float(first)
        chosen = "newton" if method == "halley" else method
        return theirs(function, (), chosen, ends, needed, None, start, **rest)

    x, found = _found("root_scalar", value, np.float64(first), args, search)
    return _with_root(found, x)


@scipy_solver
def newton(
    func: Callable[..., Any],
    x0: Any,
    fprime: Any = None,
    args: Any = (),
    tol: float = 1.48e-08,
    maxiter: int = 50,
    fprime2: Any = None,
    x1: Any = None,
    rtol: float = 0.0,
    full_output: bool = False,
    disp: bool = True,
) -> Any:
    """A root near the start, or one for each entry of it."""
    args, first = listed(args), np.asarray(plain(x0), np.float64)
    if not depends(func, first[()], *args):
        given = (fprime, args, tol, maxiter, fprime2, plain(x1), rtol, full_output, disp)
        return original("optimize.newton")(func, plain(x0), *given)
    refuse("optimize.newton", full_output=full_output)
    return implicit.root(func, like_start(x0, first), args).x


@scipy_solver
def root(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: str = "hybr",
    jac: Any = None,
    tol: Any = None,
    callback: Any = None,
    options: Any = None,
) -> Any:
    """A root of as many equations as unknowns."""
    args, first = listed(args), np.asarray(plain(x0), np.float64)
    if not depends(fun, first, *args):
        return original("optimize.root")(fun, plain(x0), args, method, jac, tol, callback, options)
    refuse("optimize.root", callback=callback)
    value = (lambda *given: fun(*given)[0]) if jac is True else fun
    return result(implicit.root(value, like_start(x0, first), args, method=method, tol=tol, options=options))


@scipy_solver
def fsolve(
    func: Callable[..., Any],
    x0: Any,
    args: Any = (),
    fprime: Any = None,
    full_output: int = 0,
    col_deriv: int = 0,
    xtol: float = 1.49012e-08,
    maxfev: int = 0,
    band: Any = None,
    epsfcn: Any = None,
    factor: int = 100,
    diag: Any = None,
) -> Any:
    """A root of as many equations as unknowns, by MINPACK's hybrid method."""
    args, first = listed(args), np.asarray(plain(x0), np.float64)
    if not depends(func, np.atleast_1d(first), *args):
        given = (fprime, full_output, col_deriv, xtol, maxfev, band, epsfcn, factor, diag)
        return original("optimize.fsolve")(func, plain(x0), args, *given)
    refuse("optimize.fsolve", full_output=full_output or None)
    return implicit.root(func, np.atleast_1d(first), args, tol=xtol).x


@scipy_solver
def fixed_point(
    func: Callable[..., Any],
    x0: Any,
    args: Any = (),
    xtol: float = 1e-8,
    maxiter: int = 500,
    method: str = "del2",
) -> Any:
    """The x that a function leaves as it is."""
    args, first = listed(args), np.asarray(plain(x0), np.float64)
    if not depends(func, first[()], *args):
        return original("optimize.fixed_point")(func, plain(x0), args, xtol, maxiter, method)
    return implicit.fixed_point(
        func, like_start(x0, first), args, method=method, xtol=xtol, maxiter=maxiter
    ).x


def like_start(x0: Any, first: Any) -> Any:
    """The start in the dtype of a tensor that it was given as, in double precision otherwise."""
    return x0 if is_tensor(x0) else first


def result(found: implicit.Solution) -> Any:
    """What was found, as SciPy says it."""
    return OptimizeResult(
        x=found.x, fun=found.fun, success=True, status=1, message=found.message, nfev=found.nfev
    )
