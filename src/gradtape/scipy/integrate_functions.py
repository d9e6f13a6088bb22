"""`scipy.integrate`: integrals of functions and trajectories, on tensors; by `gradtape.implicit`.

Tolerances are at least as fine as there: derivatives are computed to the same.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.integrate._ivp.ivp import OdeResult  # type: ignore[import-untyped]  # SciPy brings no types

from .. import implicit
from ..core.listen import listeners, paused
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import arranging, composite
from .meaning import depends, is_tensor, listed, original, plain, refuse, scipy_solver

FINE = 1e-8
"""The largest relative error of a trajectory that derivatives are taken of; SciPy's own default is 1e-3."""


# integrals


@scipy_solver
def quad(
    func: Callable[..., Any],
    a: Any,
    b: Any,
    args: Any = (),
    full_output: int = 0,
    epsabs: float = 1.49e-08,
    epsrel: float = 1.49e-08,
    limit: int = 50,
    points: Any = None,
    weight: Any = None,
    wvar: Any = None,
    wopts: Any = None,
    maxp1: int = 50,
    limlst: int = 50,
    complex_func: bool = False,
) -> Any:
    """The integral of a function of one variable and its error."""
    args = listed(args)
    if not depends(func, _inside(plain(a), plain(b)), *args, a, b, count=1 + len(args)):
        given = (points, weight, wvar, wopts, maxp1, limlst, complex_func)
        return original("integrate.quad")(
            func, plain(a), plain(b), args, full_output, epsabs, epsrel, limit, *given
        )
    refuse("integrate.quad", full_output=full_output or None, weight=weight, complex_func=complex_func)
    cuts = [a, *sorted(points or ()), b]
    found = [
        implicit.quad(func, low, high, args, epsabs=min(epsabs, 1e-10), epsrel=min(epsrel, 1e-10))
        for low, high in pairwise(cuts)
    ]
    return sum((one.value for one in found[1:]), start=found[0].value), sum(one.error for one in found)


def _inside(a: Any, b: Any) -> float:
    """A point between two limits."""
    if np.isfinite(a) and np.isfinite(b):
        return float(a + (b - a) * 0.375)
    return float(a + 1 if np.isfinite(a) else b - 1 if np.isfinite(b) else 0.0)


@scipy_solver
def fixed_quad(func: Callable[..., Any], a: Any, b: Any, args: Any = (), n: int = 5) -> Any:
    """The integral by Gauss and Legendre's rule of n points, and None; the function gets all points at once."""
    args = listed(args)
    if not depends(func, np.array([_inside(plain(a), plain(b))]), *args, a, b, count=1 + len(args)):
        return original("integrate.fixed_quad")(func, plain(a), plain(b), args, n)
    nodes, weights = np.polynomial.legendre.leggauss(n)
    a, b = beside((a, b))
    values = as_tensor(func((b - a) * (nodes + 1) / 2 + a, *args))
    return (b - a) / 2 * composite.sum(values * weights, -1), None


# trajectories


@scipy_solver
def solve_ivp(
    fun: Callable[..., Any],
    t_span: Any,
    y0: Any,
    method: str = "RK45",
    t_eval: Any = None,
    dense_output: bool = False,
    events: Any = None,
    vectorized: bool = False,
    args: Any = None,
    **options: Any,
) -> Any:
    """The trajectory of y' = fun(t, y), to 1e-8 at least where somebody listens, as derivatives need."""
    args, times = listed(args), () if t_eval is None else (t_eval,)
    bounds, state = [plain(t) for t in t_span], np.asarray(plain(y0), np.float64)
    start = np.float64(bounds[0])
    if listeners():  # a solver around this one, whose rule comes back, is to see the same trajectory
        options |= {
            "rtol": min(options.get("rtol", FINE), FINE),
            "atol": min(options.get("atol", 1e-10), 1e-10),
        }
    if not depends(fun, start, state, *args, *t_span, y0, *times, count=2 + len(args)):
        given = plain(t_eval), dense_output, events, vectorized, args or None
        return original("integrate.solve_ivp")(fun, bounds, plain(y0), method, *given, **options)
    refuse("integrate.solve_ivp", dense_output=dense_output, events=events)
    tolerances = {key: options[key] for key in ("rtol", "atol")}
    if t_eval is None:  # SciPy's own steps
        with paused():
            found = original("integrate.solve_ivp")(fun, bounds, state, method, args=args or None, **options)
        t_eval = [t_span[0], *found.t[1:-1], t_span[1]]
    found = implicit.solve_ivp(fun, tuple(t_span), _doubles(y0), method, _doubles(t_eval), args, **tolerances)
    return OdeResult(
        t=found.t, y=found.y, sol=None, t_events=None, y_events=None, nfev=found.nfev, njev=0, nlu=0, status=0,
        message=found.message, success=True,
    )  # fmt: skip


@scipy_solver
def odeint(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    args: Any = (),
    Dfun: Any = None,
    col_deriv: int = 0,
    full_output: int = 0,
    ml: Any = None,
    mu: Any = None,
    rtol: Any = None,
    atol: Any = None,
    tcrit: Any = None,
    h0: float = 0.0,
    hmax: float = 0.0,
    hmin: float = 0.0,
    ixpr: int = 0,
    mxstep: int = 0,
    mxhnil: int = 0,
    mxordn: int = 12,
    mxords: int = 5,
    printmessg: int = 0,
    tfirst: bool = False,
) -> Any:
    """The trajectory of y' = func(y, t), one row for each time; by LSODA."""
    args, times, state = listed(args), np.asarray(plain(t), np.float64), np.asarray(plain(y0), np.float64)
    rate = func if tfirst else (lambda at, y, *more: func(y, at, *more))
    if not depends(rate, times[0], np.atleast_1d(state), *args, t, y0, count=2 + len(args)):
        given = Dfun, col_deriv, full_output, ml, mu, rtol, atol, tcrit, h0, hmax, hmin, ixpr, mxstep, mxhnil
        return original("integrate.odeint")(
            func, plain(y0), times, args, *given, mxordn, mxords, printmessg, tfirst
        )
    refuse("integrate.odeint", full_output=full_output or None)
    found = implicit.solve_ivp(
        rate, (t[0], t[-1]), arranging.reshape(_doubles(y0), (-1,)), "LSODA", _doubles(t), args
    )
    return arranging.transpose(found.y)


def _doubles(given: Any) -> Tensor:
    """Numbers, tensors or a list of both as one tensor, whose Python numbers and integers are doubles."""
    if isinstance(given, (list, tuple)) and any(map(is_tensor, given)):
        return arranging.stack([_doubles(part) for part in given])
    x = as_tensor(given if is_tensor(given) else np.asarray(given))
    return composite.astype(x, np.float64) if x._value.dtype.kind in "biu" else x
