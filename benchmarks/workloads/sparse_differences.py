"""sparse_differences: the Jacobian of cos(diff(x)) for 10,000 numbers as a sparse matrix."""

from __future__ import annotations

from benchmarks.workload import Call, Goal, Workload, shown_once


def start(size: int):
    """The point."""
    import numpy as np

    return np.linspace(0.0, 1.0, size) ** 2


def expected(size: int) -> list[float]:
    """The sums of the Jacobian's diagonal and of the one beside it, by hand."""
    import numpy as np

    total = float(np.sin(np.diff(start(size))).sum())
    return [total, -total]


def shown(jacobian) -> list[float]:
    """The same two sums of a result."""
    return [float(jacobian.trace()), float(jacobian.trace(1))]


def gradtape(size: int) -> Call:
    """The work in gradtape's words, on NumPy's functions."""
    import numpy as np

    import gradtape as gt

    jacobian = gt.sparse_jacobian(lambda x: np.cos(np.diff(x)))
    x = start(size)
    return shown_once(lambda: (jacobian(x),), shown)


def casadi(size: int) -> Call:
    """The work in CasADi's words; scalar expressions, its faster kind here."""
    import casadi as ca

    x = ca.SX.sym("x", size)
    jacobian = ca.Function("jacobian", [x], [ca.jacobian(ca.cos(x[1:] - x[:-1]), x)])
    point = start(size)
    return shown_once(lambda: (jacobian(point),), lambda result: shown(result.tocsc()))


WORKLOAD = Workload(
    name="sparse_differences",
    title="sparse differences",
    work="The Jacobian of cos(diff(x)) for 10,000 numbers as a sparse matrix, from an array of NumPy to each library's "
    "own kind of matrix",
    size=10_000,
    tiny=20,
    expected=expected,
    tolerance=1e-11,
    systems={"gradtape": gradtape, "casadi": casadi},
    goals=(Goal("under CasADi", "seconds", 1.0, "casadi"),),
)
