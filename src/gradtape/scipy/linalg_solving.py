"""`scipy.linalg`: inverses, systems of equations, determinants and norms on tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import ChoiceError
from ..core.further_errors import UncoveredError
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import composite, diagonals, matrices
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.linalg import triangular_solve
from ..ops.matrices import matrices_of
from ..ops.matrix import adjoint, diagonal_matrix, identity_like, mm, swap
from .linalg_parts import as_columns, as_given, one_triangle, whole
from .meaning import scipy_function


@scipy_function
def inv(
    a: Any, overwrite_a: bool = False, check_finite: bool = True, *, assume_a: Any = None, lower: bool = False
) -> Tensor:
    """The inverse of square matrices."""
    return matrices.inv(whole(a, assume_a, lower))  # type: ignore[no-any-return]


@scipy_function
def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: Any = None,
    transposed: bool = False,
) -> Tensor:
    """The x of a x = b, or of its transpose; b is a vector or a matrix."""
    matrix, right = beside((whole(a, assume_a, lower), b))
    right, vector = as_columns(right)
    return as_given(matrices.solve(swap(matrix) if transposed else matrix, right), vector)


@scipy_function
def solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Tensor:
    """The x of a x = b of which only one triangle of a is read; `trans` is 0, 1 or 2, or "N", "T" or "C"."""
    matrix, right = beside((a, b))
    right, vector = as_columns(right)
    matrix, right = matrices_of("scipy.linalg.solve_triangular", matrix, right, square=True)
    if unit_diagonal:
        matrix = (
            one_triangle(matrix, lower)
            - diagonal_matrix(diagonals.tensor_diagonal_part(matrix))
            + (identity_like(matrix))
        )
    kind = {0: "N", 1: "T", 2: "C"}.get(trans, trans)
    if kind not in ("N", "T", "C"):
        raise ChoiceError(f"scipy.linalg.solve_triangular: trans cannot be {trans!r}")
    if kind != "N":
        matrix, lower = (swap(matrix) if kind == "T" else adjoint(matrix)), not lower
    return as_given(triangular_solve(matrix, right, lower=bool(lower)), vector)


@scipy_function
def lstsq(
    a: Any,
    b: Any,
    cond: Any = None,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    lapack_driver: Any = None,
) -> tuple[Any, Any, Any, Any]:
    """The x of least |a x - b|, the squared residuals, the rank and the singular values of a."""
    matrix, right = beside((a, b))
    right, vector = as_columns(right)
    matrix, right = matrices_of("scipy.linalg.lstsq", matrix, right)
    limit = float(np.finfo(matrix.dtype).eps) if cond is None else cond
    x = mm(matrices.pseudo_inverse(matrix, limit), right)
    found = matrices.rank(matrix, rtol=limit)
    rows, unknowns = matrix._value.shape[-2:]
    rest = composite.sum(each.square(each.absolute(mm(matrix, x) - right)), -2)
    empty = fixed.stop_gradient(rest[:0])
    residuals = rest if rows > unknowns and int(found.numpy()) == unknowns else empty
    if vector and residuals is rest:
        residuals = residuals[0]
    return as_given(x, vector), residuals, int(found.numpy()), matrices.singular_values(matrix)


@scipy_function
def pinv(
    a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False, check_finite: bool = True
) -> Any:
    """The pseudo-inverse; singular values up to rtol times the largest (max(m, n) eps by default) count as zero."""
    (x,) = matrices_of("scipy.linalg.pinv", a)
    if atol:
        raise UncoveredError("scipy.linalg.pinv: atol has no meaning on tensors; give rtol")
    limit = max(x._value.shape[-2:]) * float(np.finfo(x.dtype).eps) if rtol is None else rtol
    y = matrices.pseudo_inverse(x, limit)
    return (y, int(matrices.rank(x, rtol=limit).numpy())) if return_rank else y


@scipy_function
def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Tensor:
    """The determinant."""
    return matrices.determinant(a)  # type: ignore[no-any-return]


@scipy_function
def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:
    """A norm of vectors or matrices, as `numpy.linalg.norm`."""
    return np.linalg.norm(as_tensor(a), ord, axis, keepdims)
