"""Derivatives of what is found, not computed: roots, fixed points, minima, trajectories of equations, integrals.

SciPy finds the result from plain values. The result is then one operation whose rule is the derivative of the
*condition* that it fulfils, written as operations of that very result; so the rule can be differentiated again, and
holds at every order and in every mode. Nothing of SciPy's iterations is recorded.

| function                | condition                                   | rule                                        |
|-------------------------|---------------------------------------------|---------------------------------------------|
| `root`                  | `f(x, p) = 0`                               | implicit functions: `f_x x' = -f_p p'`      |
| `fixed_point`           | `x - f(x, p) = 0`                           | the same                                    |
| `minimize`              | `grad_x f(x, p) = 0`                        | the same                                    |
| `solve_ivp`             | `y' = f(t, y, p)`, `y(t0) = y0`             | variational equation; adjoint equation      |
| `quad`                  | `y = integral of f(t, p) dt` from a to b    | Leibniz's rule                              |

Sources: S. G. Krantz, H. R. Parks, "The Implicit Function Theorem" (2002); L. S. Pontryagin et al., "The Mathematical
Theory of Optimal Processes" (1962), for the adjoint equation; A. Griewank, A. Walther, "Evaluating Derivatives" (2nd
ed. 2008), chapter 15.

Arguments, the variables that a function reads and tensors that it closes over all receive derivatives. Everything is
computed in double precision; results take the dtype of the start.
"""

from .equations import ConvergenceError, Solution, fixed_point, minimize, root
from .quadrature import Quadrature, quad
from .trajectories import Trajectory, solve_ivp

__all__ = [
    "ConvergenceError",
    "Quadrature",
    "Solution",
    "Trajectory",
    "fixed_point",
    "minimize",
    "quad",
    "root",
    "solve_ivp",
]
