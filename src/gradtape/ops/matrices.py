"""Linear algebra composed of rows, with the names and arguments of `numpy.linalg`; no rule of their own.

`FUNCTIONS_LINALG` leads from NumPy's name of a function of that module to ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import ArgumentTypeError, ShapeError
from ..core.further_errors import ChoiceError
from ..core.questions import count_above
from ..core.tensor import FUNCTIONS, Tensor, as_tensor, beside, decide, look
from . import contraction, linalg, linear
from . import elementwise as each
from .arranging import expand_dims, reshape, squeeze, swapaxes
from .composing import axes_of
from .composite import astype
from .determinants import det, slogdet
from .diagonals import diagonal, lower_triangle
from .factorizations import cholesky, completed, qr
from .matrix import adjoint, columns, mm, real_of
from .norms import matrix_norm, norm, vector_norm
from .products import cross_product, vecdot
from .singular import svd, svdvals
from .spectral import eig, eigh, eigvals, eigvalsh


class EigResult(NamedTuple):
    """Eigenvalues and eigenvectors."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class EighResult(NamedTuple):
    """Eigenvalues and eigenvectors of a Hermitian matrix."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class QRResult(NamedTuple):
    """Orthonormal columns and an upper triangle."""

    Q: Tensor
    R: Tensor


class SVDResult(NamedTuple):
    """Left vectors, singular values, and right vectors in the rows."""

    U: Tensor
    S: Tensor
    Vh: Tensor


class SlogdetResult(NamedTuple):
    """The sign of a determinant and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


def matrices_of(name: str, *xs: Any, square: bool = False) -> list[Tensor]:
    """Tensors with at least two axes, integers as doubles, the last two of one size on request.

    Raises:
        ValueError: for other shapes; it names the function and the shape.
    """
    found = [astype(x, np.float64) if x._value.dtype.kind in "biu" else x for x in beside(xs)]
    for x in found:
        if x.ndim < 2:
            raise ShapeError(f"{name}: a tensor of shape {x.shape} has no matrices in its last two axes")
    if square and found[0]._value.shape[-1] != found[0]._value.shape[-2]:
        raise ShapeError(f"{name}: the matrices must be square, the shape is {found[0].shape}")
    return found


def _one(row: Any, name: str, square: bool = True) -> Callable[[Any], Any]:
    """NumPy's function of one matrix over a row."""

    def function(a: Any) -> Any:
        return row(matrices_of(name, a, square=square)[0])

    function.__name__ = name
    return function


inv = _one(linalg.inv, "inv")
determinant = _one(det, "det")
expm = _one(linalg.expm, "expm")
logm = _one(linalg.logm, "logm")
sqrtm = _one(linalg.sqrtm, "sqrtm")
singular_values = _one(svdvals, "svdvals", square=False)


def solve(a: Any, b: Any) -> Tensor:
    """The solution x of a x = b; b is a vector if it has one axis, else a batch of matrices."""
    a, b = beside((a, b))
    (a,) = matrices_of("solve", a, square=True)
    if b.ndim == 1:
        return squeeze(solve(a, expand_dims(b, -1)), -1)
    return linalg.solve(*matrices_of("solve", a, b))  # type: ignore[no-any-return]


def sign_and_log(a: Any) -> Any:
    """The sign of the determinant and the logarithm of its absolute value; the derivative needs a regular matrix."""
    return SlogdetResult(*slogdet(matrices_of("slogdet", a, square=True)[0]))


def lower_factor(a: Any, /, *, upper: bool = False) -> Tensor:
    """The lower triangular y with y y^H = a (of which the Hermitian part counts), or its adjoint."""
    y = cholesky(matrices_of("cholesky", a, square=True)[0])
    return adjoint(y) if upper else y  # type: ignore[no-any-return]


def _half(a: Any, UPLO: str, name: str) -> Tensor:
    """Matrices whose lower triangle says what the half that is asked for says."""
    (x,) = matrices_of(name, a, square=True)
    if UPLO.upper() not in ("L", "U"):
        raise ChoiceError(f"{name}: UPLO must be 'L' or 'U', not {UPLO!r}")
    return x if UPLO.upper() == "L" else adjoint(x)


def hermitian_vectors(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues, ascending, and eigenvectors of Hermitian matrices, of which one triangle is read."""
    return EighResult(*eigh(_half(a, UPLO, "eigh")))


def hermitian_values(a: Any, UPLO: str = "L") -> Tensor:
    """Eigenvalues, ascending, of Hermitian matrices, of which one triangle is read."""
    return eigvalsh(_half(a, UPLO, "eigvalsh"))  # type: ignore[no-any-return]


def vectors(a: Any) -> Any:
    """Eigenvalues and eigenvectors of square matrices; complex, also where all are real."""
    return EigResult(*eig(matrices_of("eig", a, square=True)[0]))


def values(a: Any) -> Tensor:
    """Eigenvalues of square matrices; complex, also where all are real."""
    return eigvals(matrices_of("eigvals", a, square=True)[0])  # type: ignore[no-any-return]


def orthogonal(a: Any, mode: str = "reduced") -> Any:
    """q r = a with orthonormal columns and an upper triangle; "complete" makes q square, "r" gives r alone.

    The leading columns must be independent for a derivative. In the complete form the completing columns of q follow
    the others with the least motion; how they turn among themselves is free (`completed`).
    """
    (x,) = matrices_of("qr", a)
    if mode not in ("reduced", "complete", "r"):
        raise ChoiceError(f"qr: mode must be 'reduced', 'complete' or 'r', not {mode!r}")
    m, n = x._value.shape[-2:]
    if m < n:
        q, head = qr(linear.getitem(x, index=(Ellipsis, slice(0, m))))
        tail = mm(adjoint(q), linear.getitem(x, index=(Ellipsis, slice(m, None))))
        r = linear.concatenate(head, tail, axis=x.ndim - 1)
    else:
        q, r = qr(x)
    if mode == "r":
        return r
    if mode == "complete" and m > n:
        whole = np.linalg.qr(look(x, "qr"), mode="complete")[0]
        q = completed(q, whole[..., n:])
        r = linear.concatenate(
            r, Tensor(np.zeros((*x._value.shape[:-2], m - n, n), x.dtype)), axis=x.ndim - 2
        )
    return QRResult(q, r)


def singular_vectors(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """Singular values, descending, with the vectors u and vh, or alone. See `singular.py` for equal and zero values."""
    (x,) = matrices_of("svd", a)
    if hermitian:
        x = _half(lower_triangle(x), "L", "svd")
        d = diagonal(x, 0, -2, -1)
        x = x + adjoint(x) - columns(Tensor(np.eye(x._value.shape[-1], dtype=x.dtype)), d)
    if not compute_uv:
        return svdvals(x)
    u, s, vh = svd(x)
    m, n = x._value.shape[-2:]
    if full_matrices and m > n:
        u = completed(u, np.linalg.svd(look(x, "svd"))[0][..., n:])
    if full_matrices and n > m:
        rest = np.conj(np.swapaxes(np.linalg.svd(look(x, "svd"))[2][..., m:, :], -1, -2))
        vh = adjoint(completed(adjoint(vh), rest))
    return SVDResult(u, s, vh)


def pseudo_inverse(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Tensor:
    """The pseudo-inverse; singular values up to `rcond` times the largest count as zero. Its rank must not change."""
    (x,) = matrices_of("pinv", a)
    given = rcond if rtol is None else rtol
    if given is None:
        given = max(x._value.shape[-2:]) * float(np.finfo(x.dtype).eps) if rtol is not None else 1e-15
    return linalg.pinv(x, rcond=np.asarray(look(given, "pinv")))  # type: ignore[no-any-return]


def matrix_power(a: Any, n: int) -> Tensor:
    """A whole power of square matrices by repeated squaring; a negative one of the inverse."""
    (x,) = matrices_of("matrix_power", a, square=True)
    if not isinstance(n, (int, np.integer)):
        raise ArgumentTypeError(f"matrix_power: the exponent must be an integer, not {n!r}")
    x, n = (inv(x), -int(n)) if n < 0 else (x, int(n))
    y = None
    while n:
        if n & 1:
            y = x if y is None else mm(y, x)
        n >>= 1
        x = mm(x, x) if n else x
    if y is None:
        one = Tensor(np.eye(x._value.shape[-1], dtype=x.dtype))
        y = linear.broadcast_to(one, shape=tuple(x._value.shape))
    return y


def least_squares(a: Any, b: Any, rcond: Any = None) -> Any:
    """The least-squares solution of least norm, the squared residuals, the rank and the singular values."""
    a, b = beside((a, b))
    (x,) = matrices_of("lstsq", a)
    if x.ndim != 2 or b.ndim not in (1, 2):
        raise ShapeError(f"lstsq: shapes {a.shape} and {b.shape} are given; a has two axes and b one or two")
    limit = max(x._value.shape) * float(np.finfo(x.dtype).eps) if rcond is None else float(rcond)
    columns_of_b = b if b.ndim == 2 else expand_dims(b, -1)
    y = mm(pseudo_inverse(x, limit), columns_of_b)
    s = svdvals(x)
    rank = int(decide(s, partial(count_above, limit)))
    if rank < x._value.shape[1] or x._value.shape[0] <= x._value.shape[1]:
        residuals = Tensor(np.zeros(0, real_of(x.dtype)))
    else:
        size = each.absolute(mm(x, y) - columns_of_b)
        residuals = linear.sum_(each.square(size), axis=(0,), keepdims=False)
    return (y if b.ndim == 2 else squeeze(y, -1)), residuals, rank, s


def rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Tensor:
    """How many singular values are above the tolerance; locally constant."""
    return Tensor(np.asarray(np.linalg.matrix_rank(look(A, "matrix_rank"), tol, hermitian, rtol=rtol))[()])


def condition(x: Any, p: Any = None) -> Tensor:
    """The condition number: the ratio of the extreme singular values, or the norm times that of the inverse."""
    (x,) = matrices_of("cond", x)
    if p in (None, 2, -2):
        s = svdvals(x)
        ends = [linear.getitem(s, index=(Ellipsis, i)) for i in ((0, -1) if p != -2 else (-1, 0))]
        return ends[0] / ends[1]  # type: ignore[no-any-return]
    return matrix_norm(x, ord=p) * matrix_norm(inv(x), ord=p)  # type: ignore[no-any-return]


# several factors, several axes


def multi_dot(arrays: Any, *, out: None = None) -> Tensor:
    """The matrix product of several tensors, from the left."""
    xs = beside(tuple(arrays))
    y = xs[0]
    for x in xs[1:]:
        y = contraction.dot(y, x)
    return y


def tensor_solve(a: Any, b: Any, axes: Any = None) -> Tensor:
    """The x with tensordot(a, x, x.ndim) = b."""
    a, b = beside((a, b))
    if axes is not None:
        moved = axes_of(axes, a.ndim, "tensorsolve")
        a = linear.transpose(a, axes=tuple(i for i in range(a.ndim) if i not in moved) + moved)
    shape = tuple(a._value.shape[b.ndim :])
    if math.prod(shape) != b.size:
        raise ShapeError(f"tensorsolve: a of shape {a.shape} is not square for b of shape {b.shape}")
    x = solve(reshape(a, (b.size, b.size)), reshape(b, (b.size,)))
    return reshape(x, shape)


def tensor_inverse(a: Any, ind: int = 2) -> Tensor:
    """The inverse of tensordot(a, ., ind)."""
    x = as_tensor(a)
    lead, rest = tuple(x._value.shape[:ind]), tuple(x._value.shape[ind:])
    if ind <= 0 or math.prod(lead) != math.prod(rest):
        raise ShapeError(f"tensorinv: the shape {x.shape} is not square when cut after {ind} axes")
    n = math.prod(lead)
    return reshape(inv(reshape(x, (n, n))), rest + lead)


FUNCTIONS_LINALG: dict[str, Callable[..., Any]] = {
    "cholesky": lower_factor,
    "cond": condition,
    "cross": lambda x1, x2, /, *, axis=-1: cross_product(x1, x2, axis),
    "det": determinant,
    "diagonal": lambda x, /, *, offset=0: diagonal(x, offset, -2, -1),
    "eig": vectors,
    "eigh": hermitian_vectors,
    "eigvals": values,
    "eigvalsh": hermitian_values,
    "inv": inv,
    "lstsq": least_squares,
    "matmul": contraction.matmul,
    "matrix_norm": matrix_norm,
    "matrix_power": matrix_power,
    "matrix_rank": rank,
    "matrix_transpose": lambda x, /: swapaxes(x, -1, -2),
    "multi_dot": multi_dot,
    "norm": norm,
    "outer": contraction.outer,
    "pinv": pseudo_inverse,
    "qr": orthogonal,
    "slogdet": sign_and_log,
    "solve": solve,
    "svd": singular_vectors,
    "svdvals": singular_values,
    "tensordot": lambda x1, x2, /, *, axes=2: contraction.tensordot(x1, x2, axes),
    "tensorinv": tensor_inverse,
    "tensorsolve": tensor_solve,
    "trace": lambda x, /, *, offset=0, dtype=None: _trace(x, offset, dtype),
    "vecdot": vecdot,
    "vector_norm": vector_norm,
}
FUNCTIONS.update({f"linalg.{name}": function for name, function in FUNCTIONS_LINALG.items()})


def _trace(x: Any, offset: int, dtype: Any) -> Tensor:
    d = diagonal(x, offset, -2, -1)
    d = d if dtype is None else astype(d, dtype)
    return linear.sum_(d, axis=(d.ndim - 1,), keepdims=False)  # type: ignore[no-any-return]
