"""sparse_rosen: the Hessian of the 500-dimensional Rosenbrock function as a sparse matrix."""

from __future__ import annotations

from benchmarks.workload import Call, Goal, Workload, shown_once
from benchmarks.workloads.rosen import expected, shown, start


def gradtape(size: int) -> Call:
    """The work in gradtape's words, on NumPy's functions."""
    import numpy as np

    import gradtape as gt

    hessian = gt.sparse_hessian(lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))
    x = start(size)
    return shown_once(lambda: (hessian(x),), shown)


def casadi(size: int) -> Call:
    """The work in CasADi's words; scalar expressions, its faster kind here."""
    import casadi as ca

    x = ca.SX.sym("x", size)
    y = ca.sum1(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    hessian = ca.Function("hessian", [x], [ca.hessian(y, x)[0]])
    point = start(size)
    return shown_once(lambda: (hessian(point),), lambda result: shown(result.tocsc()))


WORKLOAD = Workload(
    name="sparse_rosen",
    title="sparse rosen",
    work="The same Hessian as a sparse matrix: from an array of NumPy to each library's own kind of matrix",
    size=500,
    tiny=20,
    expected=expected,
    tolerance=1e-11,
    systems={"gradtape": gradtape, "casadi": casadi},
    goals=(Goal("under CasADi", "seconds", 1.0, "casadi"),),
)
