"""`Problem`: what solvers ask of a function, evaluated once per point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, DtypeError, InvalidArgumentError, ShapeError
from ..core.spec import float64
from ..core.tensor import Tensor, as_tensor
from ..ops.arranging import ravel
from ..ops.composite import astype
from ..ops.contraction import dot
from ..ops.linear import reshape
from ..sparse import SparseDerivative, sparse_hessian, sparse_jacobian
from ..tape import GradientTape
from ..transforms import hessian, hvp


class Problem:
    """A function of a vector, and what solvers ask for: its value and derivatives, evaluated once per point.

    Args:
        function: takes a float64 tensor of shape (n,), then `args`; returns one number, or a tensor of any shape, which
            is read as a vector.
        args: further arguments, handed on as they are.
        sparse: whether Jacobians and Hessians are `scipy.sparse.csr_array`, computed by programs which are recorded
            once (`gt.sparse_jacobian`): the function must be one that `gt.function` takes.

    Attributes:
        evaluations: how often the function was called for values, gradients, Jacobians and Hessians; recording it for
            sparse derivatives is not counted.
        sparse: as it was given.

    >>> import numpy as np
    >>> from gradtape.optimize import Problem
    >>> p = Problem(lambda x: np.sum(x**3))
    >>> point = np.array([1.0, 2.0])
    >>> float(p.value(point)), p.gradient(point).tolist(), p.hessian(point).tolist(), p.evaluations
    (9.0, [3.0, 12.0], [[6.0, 0.0], [0.0, 12.0]], 1)
    >>> Problem(lambda x: np.sum(x**3), sparse=True).hessian(point).nnz
    2
    """

    __slots__ = (
        "_args",
        "_found",
        "_function",
        "_point",
        "_programs",
        "_result",
        "_tape",
        "_x",
        "evaluations",
        "sparse",
    )

    def __init__(self, function: Callable[..., Any], args: Sequence[Any] = (), sparse: bool = False) -> None:
        if not callable(function):
            raise ArgumentTypeError(f"Problem: function must be callable, not a {type(function).__name__}")
        self._function = function
        self._args = tuple(args) if isinstance(args, (tuple, list)) else (args,)
        self._point: Any = None
        self._tape: Any = None
        self._found: dict[str, Any] = {}
        self._programs: dict[str, SparseDerivative] = {}
        self.sparse = sparse
        self.evaluations = 0

    # one point at a time

    def _move(self, point: Any) -> None:
        """Be at this point; what is known of another is forgotten."""
        values = np.array(point, float64).reshape(-1)
        if self._point is None or not np.array_equal(values, self._point):
            self._point, self._tape, self._found = values, None, {}

    def _at(self, point: Any) -> None:
        """Make sure that the recording is that of the point."""
        self._move(point)
        if self._tape is not None:
            return
        self._x = Tensor(self._point)
        with GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(self._x)
            result = as_tensor(self._function(self._x, *self._args))
        self.evaluations += 1
        _must_be_real(result)
        self._tape, self._result = tape, result  # nothing is kept of an evaluation that fails

    def _once(self, name: str, point: Any, find: Callable[[], Any]) -> Any:
        """The derivative of this name, found at the first call at a point; a copy, as SciPy may write into it."""
        self._at(point)
        if name not in self._found:
            found = find()
            if found is None and name != "hessian":
                raise _unconnected(name)
            size = self._point.size
            self._found[name] = np.zeros((size, size)) if found is None else np.array(found, float64)
        return self._found[name].copy()

    def _sparse(self, name: str, point: Any, make: Callable[[], SparseDerivative]) -> Any:
        """The sparse derivative of this name, found at the first call at a point; a copy."""
        self._move(point)
        if name not in self._found:
            program = self._programs.setdefault(name, make())
            found = program(self._point)
            if name == "jacobian" and not found.nnz:
                raise _unconnected(name)
            self._found[name] = found
        return self._found[name].copy()

    def _must_be_one_number(self) -> None:
        _one_number(self._result)

    def _vector(self, x: Any) -> Tensor:
        """The result as a vector in double precision."""
        result = as_tensor(self._function(x, *self._args))
        _must_be_real(result)
        return astype(ravel(result), float64)

    def _number(self, x: Any) -> Tensor:
        """The result as one number."""
        result = self._vector(x)
        _one_number(result)
        return reshape(result, shape=())  # type: ignore[no-any-return]

    # what solvers ask for

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
        if self.sparse:
            return self._sparse("jacobian", point, lambda: sparse_jacobian(self._vector))

        def find() -> Any:
            found = self._tape.jacobian(self._result, self._x)
            return None if found is None else np.reshape(np.asarray(found), (self._result.size, self._x.size))

        return self._once("jacobian", point, find)

    def hessian(self, point: Any) -> Any:
        """The Hessian of shape (n, n) of a function with one number as its value."""
        if self.sparse:
            return self._sparse("hessian", point, lambda: sparse_hessian(self._number))

        def find() -> Any:
            self._must_be_one_number()
            found = self._tape.hessian(self._result, self._x)
            return None if found is None else np.reshape(np.asarray(found), (self._x.size, self._x.size))

        return self._once("hessian", point, find)

    def hessian_product(self, point: Any, direction: Any) -> Any:
        """The Hessian times a direction, without the Hessian."""
        x, d = (Tensor(np.array(v, float64).reshape(-1)) for v in (point, direction))
        return np.array(hvp(self._number, (x,), (d,))[0], float64)

    def weighted_hessian(self, point: Any, weights: Any) -> Any:
        """The Hessian of the weighted sum of the results, which constraints are asked for."""
        x, w = (np.array(v, float64).reshape(-1) for v in (point, weights))

        def weighted(x: Any, w: Any) -> Tensor:
            return dot(w, self._vector(x))

        if self.sparse:
            return self._programs.setdefault("weighted", sparse_hessian(weighted))(x, w)
        return np.array(hessian(weighted)(Tensor(x), Tensor(w)), float64)


def _must_be_real(result: Tensor) -> None:
    if result.dtype.kind != "f":
        raise DtypeError(
            f"the function returned {result.dtype.name} of shape {result.shape}; solvers need real numbers"
        )


def _one_number(result: Tensor) -> None:
    if result.size != 1:
        raise ShapeError(
            f"the function to minimise must return one number, not a tensor of shape {result.shape}"
        )


def _unconnected(name: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        "the function's result does not depend on its argument by recorded operations, so that its "
        f"{name} would be zero; take care that it does not leave the tape, by float(x), np.asarray(x) or "
        "an assignment into an array"
    )


__all__ = ["Problem"]
