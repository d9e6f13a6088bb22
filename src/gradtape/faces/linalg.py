"""TensorFlow's `tf.linalg`: systems of equations, factorizations, determinants, norms, and matrix products.

Matrices are the last two axes of a tensor, the axes before them a batch. The rows, with their derivatives and where
these end, are in `ops/linalg.py`, `ops/determinants.py`, `ops/factorizations.py`, `ops/spectral.py` and
`ops/singular.py`; diagonals and bands are in `diagonals.py` beside this file.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.errors import ShapeError
from ..core.further_errors import RangeError
from ..core.questions import has_true, is_negative
from ..core.spec import broadcast_shapes, float64, int32
from ..core.tensor import Tensor, as_tensor, beside, decide, look
from ..ops import (
    composite,
    determinants,
    factorizations,
    linear,
    matrices,
    singular,
    spectral,
)
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops import linalg as rows
from ..ops.matrices import matrices_of
from ..ops.matrix import as_dtype_of, diagonal_of, identity_like, mm
from .arrays import eye
from .diagonals import (
    band_part,
    banded_triangular_solve,
    diag,
    diag_part,
    eigh_tridiagonal,
    set_diag,
    tensor_diag,
    tensor_diag_part,
    trace,
    tridiagonal_matmul,
    tridiagonal_solve,
)
from .norms import global_norm, norm, normalize
from .products import adjoint, cross, einsum, matmul, matrix_transpose, matvec, tensordot, turned
from .spelling import unary
from .statistics import l2_normalize


class LogMatrixDeterminant(NamedTuple):
    """A determinant as its sign, of modulus one, and the logarithm of its absolute value."""

    sign: Tensor
    log_abs_determinant: Tensor


class Lu(NamedTuple):
    """Both factors packed into one matrix, and the order of the rows."""

    lu: Tensor
    p: Tensor


class Qr(NamedTuple):
    """Orthonormal columns and an upper triangle."""

    q: Tensor
    r: Tensor


# systems of equations


def inv(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The inverse of square matrices, or of their adjoints.

    Raises:
        InvalidArgumentError: for a singular matrix.

    >>> import gradtape as gt
    >>> gt.linalg.inv(gt.constant([[2.0, 0.0], [0.0, 4.0]])).numpy().tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return matrices.inv(turned(as_tensor(input), False, adjoint))  # type: ignore[no-any-return]


def solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The solution x of matrix x = rhs for square matrices and right sides (..., n, k).

    >>> import gradtape as gt
    >>> gt.linalg.solve(gt.constant([[2.0, 0.0], [0.0, 4.0]]), gt.constant([[2.0], [2.0]])).numpy().tolist()
    [[1.0], [0.5]]
    """
    a, b = beside((matrix, rhs))
    return rows.solve(*matrices_of("solve", turned(a, False, adjoint), b, square=True))  # type: ignore[no-any-return]


def triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """The solution x of matrix x = rhs, where only the lower (or upper) triangle of the matrix is read."""
    a, b = matrices_of("triangular_solve", matrix, rhs, square=True)
    return rows.triangular_solve(turned(a, False, adjoint), b, lower=bool(lower) != bool(adjoint))  # type: ignore[no-any-return]


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """The solution x of a x = rhs from the lower Cholesky factor of a."""
    factor, b = beside((chol, rhs))
    return triangular_solve(factor, triangular_solve(factor, b), adjoint=True)


def lstsq(
    matrix: Any, rhs: Any, l2_regularizer: float = 0.0, fast: bool = True, name: str | None = None
) -> Tensor:
    """The x of least |matrix x - rhs|^2 + l2_regularizer |x|^2; of several the shortest.

    Args:
        matrix, rhs: tensors (..., m, n) and (..., m, k).
        l2_regularizer: a number, zero or positive.
        fast: of no effect: the pseudo-inverse serves for every rank, which must not change for a derivative.
    """
    a, b = matrices_of("lstsq", matrix, rhs)
    weight = as_tensor(l2_regularizer, None if hasattr(type(l2_regularizer), "_as_tensor") else float64)
    if decide(weight, is_negative):
        raise RangeError(f"lstsq: l2_regularizer must not be negative, it is {l2_regularizer!r}")
    if not decide(weight, has_true):
        return mm(pinv(a), b)  # type: ignore[no-any-return]
    turned = adjoint(a)
    small = as_dtype_of(weight, a)
    if a._value.shape[-2] >= a._value.shape[-1]:
        product = mm(turned, a)
        return rows.solve(product + small * identity_like(product), mm(turned, b))  # type: ignore[no-any-return]
    product = mm(a, turned)
    return mm(turned, rows.solve(product + small * identity_like(product), b))  # type: ignore[no-any-return]


def pinv(a: Any, rcond: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """The pseudo-inverse. Its derivative holds as long as the rank stays the same.

    Args:
        a: tensor (..., m, n).
        rcond: singular values up to this times the largest count as zero; 10 max(m, n) eps by default.
    """
    (x,) = matrices_of("pinv", a)
    limit = 10 * max(x._value.shape[-2:]) * float(np.finfo(x.dtype).eps) if rcond is None else rcond
    return matrices.pseudo_inverse(x, limit)


def matrix_rank(a: Any, tol: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """How many singular values exceed the tolerance, max(m, n) eps of the largest by default; its gradient is None."""
    (x,) = matrices_of("matrix_rank", a)
    return fixed.astype(matrices.rank(x, None if tol is None else look(tol, "matrix_rank")), dtype=int32)  # type: ignore[no-any-return]


# determinants


def det(input: Any, name: str | None = None) -> Tensor:
    """The determinant of square matrices; its derivatives are exact at singular ones too.

    >>> import gradtape as gt
    >>> x = gt.constant([[1.0, 2.0], [2.0, 4.0]])
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = gt.linalg.det(x)
    >>> tape.gradient(y, x).numpy().round(4).tolist()
    [[4.0, -2.0], [-2.0, 1.0]]
    """
    return determinants.det(matrices_of("det", input, square=True)[0])  # type: ignore[no-any-return]


def slogdet(input: Any, name: str | None = None) -> LogMatrixDeterminant:
    """The sign of the determinant and the logarithm of its absolute value."""
    return LogMatrixDeterminant(*determinants.slogdet(matrices_of("slogdet", input, square=True)[0]))


def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """The logarithm of the determinant of Hermitian positive definite matrices, by Cholesky."""
    (x,) = matrices_of("logdet", matrix, square=True)
    d = composite.real(diagonal_of(cholesky(x)))
    return 2.0 * composite.sum(each.log(d), -1)  # type: ignore[no-any-return]


# factorizations


def cholesky(input: Any, name: str | None = None) -> Tensor:
    """The lower triangle y with y y^H = input, of which the Hermitian part counts; so the gradient is Hermitian.

    TensorFlow reads the lower triangle alone, which is the same for a Hermitian matrix.

    Raises:
        InvalidArgumentError: if a matrix is not positive definite.
    """
    return matrices.lower_factor(input)


def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Qr:
    """q with orthonormal columns and an upper triangle r with q r = input, in the reduced form by default."""
    return Qr(*matrices.orthogonal(input, "complete" if full_matrices else "reduced"))


def lu(input: Any, output_idx_type: Any = int32, name: str | None = None) -> Lu:
    """l below the diagonal and u packed into one matrix, and the order p of the rows, with input[p] = l u."""
    packed, order = factorizations.lu(matrices_of("lu", input, square=True)[0])
    return Lu(packed, fixed.astype(order, dtype=np.dtype(output_idx_type)))


def lu_solve(
    lower_upper: Any, perm: Any, rhs: Any, validate_args: bool = False, name: str | None = None
) -> Tensor:
    """The solution x of a x = rhs from the factors of a that `lu` gives."""
    packed, b = matrices_of("lu_solve", lower_upper, rhs, square=True)
    order = np.asarray(look(perm, "lu_solve"))
    if order.shape[-1:] != packed._value.shape[-1:] or b._value.shape[-2] != packed._value.shape[-1]:
        raise ShapeError(
            f"lu_solve: perm of shape {order.shape} and rhs of shape {b.shape} do not fit factors of {packed.shape}"
        )
    batch = broadcast_shapes(packed._value.shape[:-2], b._value.shape[:-2])
    b = linear.broadcast_to(b, shape=(*batch, *b._value.shape[-2:]))
    b = factorizations.permuted(b, Tensor(np.broadcast_to(order, (*batch, order.shape[-1]))))
    lower, upper = factorizations.unpacked(packed)
    return triangular_solve(upper, triangular_solve(lower, b), lower=False)


def lu_matrix_inverse(
    lower_upper: Any, perm: Any, validate_args: bool = False, name: str | None = None
) -> Tensor:
    """The inverse of the matrix that `lu` gives the factors of."""
    packed = as_tensor(lower_upper)
    return lu_solve(packed, perm, identity_like(packed))


def lu_reconstruct(
    lower_upper: Any, perm: Any, validate_args: bool = False, name: str | None = None
) -> Tensor:
    """The matrix that `lu` gives the factors of."""
    order = np.asarray(look(perm, "lu_reconstruct"))
    back = Tensor(order.argsort(-1))
    return factorizations.permuted(mm(*factorizations.unpacked(as_tensor(lower_upper))), back)  # type: ignore[no-any-return]


def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """Singular values s, descending, and u, v with tensor = u diag(s) v^H; s alone without `compute_uv`.

    The values have exact first derivatives, equal or not; the vectors, and second derivatives of the values, have them
    where the values differ, else NaN.
    """
    (x,) = matrices_of("svd", tensor)
    if not compute_uv:
        return singular.svdvals(x)
    u, s, vh = matrices.singular_vectors(x, full_matrices)
    return s, u, adjoint(vh)


def eigh(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Eigenvalues, ascending, and eigenvectors of Hermitian matrices, of which the lower triangle is read.

    The values have exact first derivatives, equal or not; the vectors, and second derivatives of the values, have them
    where the values differ, else NaN.
    """
    return spectral.eigh(matrices_of("eigh", tensor, square=True)[0])  # type: ignore[no-any-return]


def eig(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of square matrices, complex; NaN derivatives of vectors at equal eigenvalues."""
    return spectral.eig(matrices_of("eig", tensor, square=True)[0])  # type: ignore[no-any-return]


eigvals = unary(
    matrices.values, "eigvals", "Eigenvalues of square matrices; complex, also where all are real.", "tensor"
)
eigvalsh = unary(
    matrices.hermitian_values,
    "eigvalsh",
    "Eigenvalues, ascending, of Hermitian matrices; the lower triangle is read.",
    "tensor",
)
expm = unary(matrices.expm, "expm", "The exponential of square matrices.", "input")
logm = unary(
    matrices.logm,
    "logm",
    "The principal logarithm of square matrices; it must be real for real ones.",
    "input",
)
sqrtm = unary(
    matrices.sqrtm,
    "sqrtm",
    "The principal square root of square matrices; it must be real for real ones.",
    "input",
)


__all__ = [
    "adjoint",
    "band_part",
    "banded_triangular_solve",
    "cholesky",
    "cholesky_solve",
    "cross",
    "det",
    "diag",
    "diag_part",
    "eig",
    "eigh",
    "eigh_tridiagonal",
    "eigvals",
    "eigvalsh",
    "einsum",
    "expm",
    "eye",
    "global_norm",
    "inv",
    "l2_normalize",
    "logdet",
    "logm",
    "lstsq",
    "lu",
    "lu_matrix_inverse",
    "lu_reconstruct",
    "lu_solve",
    "matmul",
    "matrix_rank",
    "matrix_transpose",
    "matvec",
    "norm",
    "normalize",
    "pinv",
    "qr",
    "set_diag",
    "slogdet",
    "solve",
    "sqrtm",
    "svd",
    "tensor_diag",
    "tensor_diag_part",
    "tensordot",
    "trace",
    "triangular_solve",
    "tridiagonal_matmul",
    "tridiagonal_solve",
]
