"""SciPy's solvers with exact derivatives, by changing one line: `from gradtape import optimize`.

Each function here is SciPy's of the same name, with its arguments and its results; what differs is that derivatives are
not asked for. The function to solve is written with NumPy or with gradtape and gets tensors. `minimize_ipopt` hands a
problem with sparse derivatives to IPOPT, where cyipopt is installed.

`Problem` is what stands between: it evaluates a function once per point, on a tape, and reads the value, the gradient,
the Jacobian and the Hessian off that one recording, each when it is first asked for at the point. (SciPy asks for value
and gradient by separate calls at the same point.) With `sparse=True` Jacobians and Hessians are sparse matrices from
programs that are recorded once (docs/sparse.md). A function under `gt.function` is compiled, derivatives included.

Everything is computed in double precision. To differentiate *through* a solver, use `gradtape.implicit`; these
functions return NumPy's numbers. SciPy is loaded when it is first needed.

`problem.py` has `Problem`; `solvers.py`, `fitting.py` and `ipopt.py` hand it to the solvers.
"""

from .fitting import CurveFit, curve_fit
from .ipopt import IpoptProblem, minimize_ipopt
from .problem import Problem
from .solvers import least_squares, minimize, root, solve_ivp

__all__ = [
    "CurveFit",
    "IpoptProblem",
    "Problem",
    "curve_fit",
    "least_squares",
    "minimize",
    "minimize_ipopt",
    "root",
    "solve_ivp",
]
