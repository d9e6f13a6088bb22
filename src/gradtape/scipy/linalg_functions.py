"""`scipy.linalg`: functions of matrices on tensors, and equations between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.further_errors import UncoveredError
from ..core.tensor import Tensor, as_tensor
from ..ops import composite, equations, matrices
from ..ops.matrices import matrices_of
from ..ops.matrix import adjoint, mm
from .meaning import scipy_function


@scipy_function
def expm(A: Any) -> Tensor:
    """The exponential of square matrices."""
    return matrices.expm(A)  # type: ignore[no-any-return]


@scipy_function
def logm(A: Any) -> Tensor:
    """The principal logarithm of square matrices."""
    return matrices.logm(A)  # type: ignore[no-any-return]


@scipy_function
def sqrtm(A: Any) -> Tensor:
    """The principal square root of square matrices."""
    return matrices.sqrtm(A)  # type: ignore[no-any-return]


@scipy_function
def coshm(A: Any) -> Tensor:
    """The hyperbolic cosine of a matrix, half of exp(a) + exp(-a)."""
    (x,) = matrices_of("scipy.linalg.coshm", A, square=True)
    return (matrices.expm(x) + matrices.expm(-x)) / 2  # type: ignore[no-any-return]


@scipy_function
def sinhm(A: Any) -> Tensor:
    """The hyperbolic sine of a matrix, half of exp(a) - exp(-a)."""
    (x,) = matrices_of("scipy.linalg.sinhm", A, square=True)
    return (matrices.expm(x) - matrices.expm(-x)) / 2  # type: ignore[no-any-return]


@scipy_function
def tanhm(A: Any) -> Tensor:
    """The hyperbolic tangent of a matrix."""
    x = as_tensor(A)
    return matrices.solve(coshm(x), sinhm(x))


def _turned(a: Any, name: str) -> tuple[Tensor, bool]:
    """exp(i a), and whether a is real."""
    (x,) = matrices_of(f"scipy.linalg.{name}", a, square=True)
    whole = np.result_type(x.dtype, np.complex64)
    return matrices.expm(1j * composite.astype(x, whole)), x._value.dtype.kind != "c"


@scipy_function
def cosm(A: Any) -> Tensor:
    """The cosine of a matrix, the real part of exp(i a) if a is real."""
    turn, is_real = _turned(A, "cosm")
    return composite.real(turn) if is_real else (turn + matrices.inv(turn)) / 2


@scipy_function
def sinm(A: Any) -> Tensor:
    """The sine of a matrix, the imaginary part of exp(i a) if a is real."""
    turn, is_real = _turned(A, "sinm")
    return composite.imag(turn) if is_real else (turn - matrices.inv(turn)) / 2j


@scipy_function
def tanm(A: Any) -> Tensor:
    """The tangent of a matrix."""
    x = as_tensor(A)
    return matrices.solve(cosm(x), sinm(x))


# equations


@scipy_function
def solve_sylvester(a: Any, b: Any, q: Any) -> Tensor:
    """The x of a x + x b = q."""
    return equations.solve_sylvester(*matrices_of("scipy.linalg.solve_sylvester", a, b, q))  # type: ignore[no-any-return]


@scipy_function
def solve_continuous_lyapunov(a: Any, q: Any) -> Tensor:
    """The x of a x + x a^H = q."""
    return equations.lyapunov(*matrices_of("scipy.linalg.solve_continuous_lyapunov", a, q))  # type: ignore[no-any-return]


@scipy_function
def solve_discrete_lyapunov(a: Any, q: Any, method: Any = None) -> Tensor:
    """The x of x = a x a^H + q; -1 must be no eigenvalue of a."""
    return equations.stein(*matrices_of("scipy.linalg.solve_discrete_lyapunov", a, q))  # type: ignore[no-any-return]


def _regulator(name: str, row: Any, a: Any, b: Any, q: Any, r: Any, e: Any, s: Any) -> Tensor:
    """The solution of Riccati's equation; a cross term s is taken into a and q, a descriptor e is refused."""
    if e is not None:
        raise UncoveredError(
            f"scipy.linalg.{name}: e= has no meaning on tensors; multiply the system by its inverse"
        )
    a, b, q, r = matrices_of(f"scipy.linalg.{name}", a, b, q, r)
    if s is not None:
        # u = v - r^-1 s^H x completes the square of the cost.
        turned = matrices.solve(r, adjoint(as_tensor(s)))
        a, q = a - mm(b, turned), q - mm(s, turned)
    return row(a, b, q, r)  # type: ignore[no-any-return]


@scipy_function
def solve_continuous_are(
    a: Any, b: Any, q: Any, r: Any, e: Any = None, s: Any = None, balanced: bool = True
) -> Tensor:
    """The x of a^H x + x a - (x b + s) r^-1 (b^H x + s^H) + q = 0 that makes the closed loop stable."""
    return _regulator("solve_continuous_are", equations.solve_continuous_are, a, b, q, r, e, s)


@scipy_function
def solve_discrete_are(
    a: Any, b: Any, q: Any, r: Any, e: Any = None, s: Any = None, balanced: bool = True
) -> Tensor:
    """The x of x = a^H x a - (a^H x b + s) (r + b^H x b)^-1 (b^H x a + s^H) + q that makes the closed loop stable."""
    return _regulator("solve_discrete_are", equations.solve_discrete_are, a, b, q, r, e, s)
