"""Problems for IPOPT, an interior-point method for large sparse nonlinear programs, through cyipopt.

    minimise f(x)  subject to  lower <= g(x) <= upper  and bounds of x

IPOPT asks for the gradient of f, the Jacobian of g and the Hessian of the Lagrangian, as the entries of sparse matrices
whose places it is told once. (Wachter and Biegler 2006, "On the implementation of an interior-point filter line-search
algorithm for large-scale nonlinear programming".) `IpoptProblem` has the methods that `cyipopt.Problem` calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, InvalidArgumentError
from ..core.packages import needed
from ..core.spec import float64
from ..core.tensor import Tensor, as_tensor
from ..ops.arranging import concatenate, ravel
from ..ops.composite import astype
from ..ops.contraction import dot
from ..sparse import sparse_hessian
from .problem import Problem


class IpoptProblem:
    """What `cyipopt.Problem` asks of its `problem_obj`: values, derivatives and their structure, exact and sparse.

    Args:
        objective: takes a float64 tensor of shape (n,), then `args`; returns one number.
        x0: a point of shape (n,), at which the structure is read off.
        constraints: takes the same and returns a tensor, read as a vector; a sequence of such functions is one vector.
        args: further arguments, handed on as they are.

    Attributes:
        size: the number n of variables.
        count: the number of constraints.

    >>> import numpy as np
    >>> from gradtape.optimize import IpoptProblem
    >>> p = IpoptProblem(lambda x: np.sum(x**3), [1.0, 2.0, 3.0], lambda x: x[1:] * x[:-1])
    >>> point = np.array([1.0, 2.0, 3.0])
    >>> [part.tolist() for part in p.jacobianstructure()], p.jacobian(point).tolist()
    ([[0, 0, 1, 1], [0, 1, 1, 2]], [2.0, 1.0, 3.0, 2.0])
    >>> [part.tolist() for part in p.hessianstructure()]
    [[0, 1, 1, 2, 2], [0, 0, 1, 1, 2]]
    >>> p.hessian(point, np.array([10.0, 20.0]), 1.0).tolist()
    [6.0, 10.0, 12.0, 20.0, 18.0]
    """

    def __init__(
        self,
        objective: Callable[..., Any],
        x0: Any,
        constraints: Callable[..., Any] | Sequence[Callable[..., Any]] = (),
        args: Sequence[Any] = (),
    ) -> None:
        start = np.array(x0, float64).reshape(-1)
        given = tuple(args) if isinstance(args, (tuple, list)) else (args,)
        parts = (constraints,) if callable(constraints) else tuple(constraints)

        def joined(x: Any) -> Tensor:
            found = [astype(ravel(as_tensor(part(x, *given))), float64) for part in parts]
            return found[0] if len(found) == 1 else concatenate(found)

        def lagrangian(x: Any, weights: Any, factor: Any) -> Tensor:
            value: Tensor = factor * self._objective._number(x)
            return value if self._constraints is None else value + dot(weights, self._constraints._vector(x))

        self.size = start.size
        self._objective = Problem(objective, given)
        self._constraints = Problem(joined, sparse=True) if parts else None
        self.count = 0 if self._constraints is None else int(np.size(self._constraints.value(start)))
        self._hessian = sparse_hessian(lagrangian)
        self._hessian(start, np.zeros(self.count), np.float64(1))
        self._lower = _lower_half(self._hessian.structure)
        self._jacobian = None if self._constraints is None else self._constraints.jacobian(start)

    @property
    def evaluations(self) -> int:
        """How often the objective was evaluated."""
        return self._objective.evaluations

    def objective(self, x: Any) -> float:
        """The value of the objective."""
        return self._objective.objective(x)

    def gradient(self, x: Any) -> Any:
        """The gradient of the objective, of shape (n,)."""
        return self._objective.gradient(x)

    def constraints(self, x: Any) -> Any:
        """The constraints, of shape (count,)."""
        return np.zeros(0) if self._constraints is None else np.atleast_1d(self._constraints.value(x))

    def jacobian(self, x: Any) -> Any:
        """The entries of the constraints' Jacobian, in the order of `jacobianstructure`."""
        return np.zeros(0) if self._constraints is None else self._constraints.jacobian(x).data

    def jacobianstructure(self) -> tuple[Any, Any]:
        """The rows and columns of the entries of the constraints' Jacobian."""
        if self._jacobian is None:
            return np.zeros(0, int), np.zeros(0, int)
        found = self._jacobian.tocoo()
        return found.row, found.col

    def hessian(self, x: Any, lagrange: Any, obj_factor: float) -> Any:
        """The entries of the Lagrangian's Hessian on and below the diagonal, in the order of `hessianstructure`.

        The Lagrangian is `obj_factor` times the objective and the constraints times `lagrange`.
        """
        weights = np.array(lagrange, float64).reshape(-1)
        return self._hessian(np.array(x, float64), weights, np.float64(obj_factor)).data[self._lower]

    def hessianstructure(self) -> tuple[Any, Any]:
        """The rows and columns of these entries."""
        found = self._hessian.structure.tocoo()
        return found.row[self._lower], found.col[self._lower]


def _lower_half(structure: Any) -> Any:
    found = structure.tocoo()
    return found.col <= found.row


def minimize_ipopt(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    *,
    bounds: Any = None,
    constraints: Any = (),
    options: Mapping[str, Any] | None = None,
) -> Any:
    """A minimum by IPOPT, with exact sparse derivatives of the objective and the constraints.

    Args:
        fun: takes a tensor of shape (n,), then `args`; returns one number.
        x0: where to start.
        args: further arguments of `fun`.
        bounds: SciPy's `Bounds`, or a pair of lower and upper bound for each variable, None for none.
        constraints: SciPy's `NonlinearConstraint`, or a list of them; their functions get tensors.
        options: IPOPT's own, such as `{"tol": 1e-9, "print_level": 5}`; it is quiet by default.

    Returns:
        SciPy's `OptimizeResult`: x, fun, success, status, message, nfev, and IPOPT's info with the multipliers.

    Raises:
        ModuleNotFoundError: if cyipopt is not there.

    >>> from gradtape import optimize
    >>> optimize.minimize_ipopt.__name__  # needs cyipopt
    'minimize_ipopt'
    """
    with needed("scipy", "gt.optimize runs SciPy's solvers"):
        from scipy.optimize import NonlinearConstraint, OptimizeResult  # type: ignore[import-untyped]

    cyipopt = _cyipopt()
    given = [constraints] if isinstance(constraints, NonlinearConstraint) else list(constraints)
    for constraint in given:
        if not isinstance(constraint, NonlinearConstraint):
            raise ArgumentTypeError(
                f"minimize_ipopt: constraints are NonlinearConstraint of SciPy, not {type(constraint).__name__}"
            )
    start = np.array(x0, float64).reshape(-1)
    problem = IpoptProblem(fun, start, [constraint.fun for constraint in given], args)
    sizes = [np.size(Problem(constraint.fun).value(start)) for constraint in given]
    lower, upper = _sides(bounds, start.size)
    solver = cyipopt.Problem(
        n=problem.size,
        m=problem.count,
        problem_obj=problem,
        lb=lower,
        ub=upper,
        cl=_spread([constraint.lb for constraint in given], sizes),
        cu=_spread([constraint.ub for constraint in given], sizes),
    )
    for name, value in ({"print_level": 0, "sb": "yes"} | dict(options or {})).items():
        solver.add_option(name, value)
    x, info = solver.solve(start)
    message = info["status_msg"]
    return OptimizeResult(
        x=x,
        fun=info["obj_val"],
        success=info["status"] in (0, 1),
        status=info["status"],
        message=message.decode() if isinstance(message, bytes) else message,
        nfev=problem.evaluations,
        info=info,
    )


def _cyipopt() -> Any:
    with needed(
        "cyipopt", "minimize_ipopt runs IPOPT through cyipopt (conda-forge has it)", '"gradtape[ipopt]"'
    ):
        import cyipopt  # type: ignore[import-not-found]  # optional
    return cyipopt


def _spread(sides: Sequence[Any], sizes: Sequence[int]) -> Any:
    """Bounds of constraints as one vector."""
    parts = [np.broadcast_to(np.asarray(s, float64), n) for s, n in zip(sides, sizes, strict=True)]
    return np.concatenate([np.zeros(0), *parts])


def _sides(bounds: Any, size: int) -> tuple[Any, Any]:
    """Lower and upper bounds of the variables."""
    from scipy.optimize import Bounds

    if bounds is None:
        return np.full(size, -np.inf), np.full(size, np.inf)
    if isinstance(bounds, Bounds):
        return tuple(
            np.broadcast_to(np.asarray(side, float64), size).copy() for side in (bounds.lb, bounds.ub)
        )  # type: ignore[return-value]
    pairs = list(bounds)
    if len(pairs) != size:
        raise InvalidArgumentError(f"minimize_ipopt: {len(pairs)} bounds are given for {size} variables")
    lower = [-np.inf if low is None else low for low, _ in pairs]
    upper = [np.inf if high is None else high for _, high in pairs]
    return np.array(lower, float64), np.array(upper, float64)


__all__ = ["IpoptProblem", "minimize_ipopt"]
