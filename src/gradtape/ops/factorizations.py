"""Rows of the factorizations by elimination and orthogonalization: cholesky, qr, lu.

Each tangent comes from differentiating the defining equation and splitting a matrix into its triangles. Sources:
cholesky: Murray 2016, "Differentiation of the Cholesky decomposition"; qr: Walter and Lehmann 2010, "On the
differentiation of QR", with the gauge of LAPACK in the complex case (a real diagonal of r); lu: de Hoog, Anderssen and
Lukas 2011, "Differentiation of matrix functionals using triangular factorization".

Factorizations by eigenvalues are in `spectral.py`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.define import tangent
from ..core.errors import ShapeError
from ..core.lead import STACKS
from ..core.spec import Spec, int32, int64
from ..core.tensor import Tensor
from .constant import astype, less_equal
from .elementwise import absolute, like
from .linalg import triangular_solve
from .linear import add, cast, concatenate, imag, reshape, take, where
from .matrix import (
    SQUARE_C,
    SQUARES,
    adjoint,
    diagonal_matrix,
    diagonal_of,
    floating,
    identity_like,
    joint,
    mm,
    positive,
    same_spec,
    sample_matrix,
    scipy_linalg,
    swap,
    tril,
    triu,
)
from .reduction import amax

# cholesky


@floating
def _cholesky(x: Any) -> Any:
    return np.linalg.cholesky((x + np.conj(np.swapaxes(x, -1, -2))) / 2)


def _half(x: Any) -> Any:
    """The lower triangle with half the diagonal."""
    return tril(x, k=0) - diagonal_matrix(diagonal_of(x)) * 0.5


def _hermitian(x: Any) -> Any:
    return (x + adjoint(x)) * 0.5


def _cholesky_tangent(dx: Any, y: Any, _x: Any) -> Any:
    """From y y^H = x: y^-1 y' is the lower triangle, with half the diagonal, of y^-1 x' y^-H."""
    left = triangular_solve(y, _hermitian(dx), lower=True)
    return mm(y, _half(triangular_solve(y, adjoint(left), lower=True)))


def _cholesky_pull(g: Any, y: Any, _x: Any) -> Any:
    turned = adjoint(y)
    left = triangular_solve(turned, _half(mm(turned, g)), lower=False)
    return _hermitian(adjoint(triangular_solve(turned, adjoint(left), lower=False)))


# The Hermitian part is what is factorized, so that the share is Hermitian too, as in TensorFlow.
cholesky = tangent(
    "cholesky",
    _cholesky,
    _cholesky_tangent,
    pulls=_cholesky_pull,
    spec=same_spec,
    samples=(
        ((positive(SQUARES[0]),), {}),
        ((positive(SQUARES[1]),), {}),
        ((positive(SQUARE_C),), {}),
    ),
    lead=STACKS,
)


def solvable(r: Any) -> Any:
    """An upper triangle with NaN on the diagonal where that is zero beside its column: nothing is to be divided by."""
    size, d = absolute(r), diagonal_of(r)
    largest = amax(size, axis=(r.ndim - 2,), keepdims=False)
    rounding = largest * like(largest, r.shape[-1] * np.finfo(size.dtype).eps)
    hole = where(less_equal(absolute(d), rounding), like(d, np.nan), like(d, 0))
    return r + diagonal_matrix(hole)


# qr: real factors as LAPACK gives them; in complex ones the diagonal of r is not negative, since LAPACK's sign jumps
# where the last entry that it meets becomes real


@floating
def _qr(x: Any) -> Any:
    if x.shape[-2] < x.shape[-1]:
        raise ShapeError(f"the row takes matrices with at least as many rows as columns, not {x.shape}")
    q, r = np.linalg.qr(x)
    if x.dtype.kind == "c":
        d = np.diagonal(r, axis1=-2, axis2=-1).real
        sign = np.where(d < 0, -1, 1).astype(d.dtype)
        q, r = q * sign[..., None, :], r * sign[..., None]
    return q, r


def _qr_tangent(dx: Any, y: Any, _x: Any) -> Any:
    """With m = q^H x' r^-1 split into triangles: r' = t r and q' = x' r^-1 - q t, t upper with a real diagonal.

    q^H q' is anti-Hermitian, so that what m has below the diagonal decides what q^H q' = m - t has above it.
    """
    q, r = y
    moved = swap(triangular_solve(swap(solvable(r)), swap(dx), lower=True))
    m = mm(adjoint(q), moved)
    t = triu(m, k=0) + adjoint(tril(m, k=-1))
    if m.dtype.kind == "c":
        t = t - diagonal_matrix(cast(imag(diagonal_of(m)), dtype=m.dtype)) * 1j
    return moved - mm(q, t), mm(t, r)


qr = joint(
    "qr",
    _qr,
    _qr_tangent,
    None,
    spec=lambda x: (Spec(tuple(x.shape), x.dtype), Spec((*x.shape[:-2], x.shape[-1], x.shape[-1]), x.dtype)),
    samples=(
        ((sample_matrix(4, 3, shift=2.0),), {}),
        ((SQUARES[1],), {}),
        ((sample_matrix(3, 2, shift=2.0, dtype="complex128"),), {}),
    ),
)


# lu


@floating
def _lu(x: Any) -> Any:
    if x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"the matrices must be square, the shape is {x.shape}")
    lapack = scipy_linalg()
    packed, order = np.empty_like(x), np.empty(x.shape[:-1], np.int32)
    for i in np.ndindex(x.shape[:-2] if x.size else (0,)):
        getrf = lapack.get_lapack_funcs("getrf", (x[i],))
        packed[i], exchanged, _ = getrf(x[i])  # a zero pivot is a value, not an error
        places = np.arange(x.shape[-1])
        for a, b in enumerate(exchanged):
            places[a], places[b] = places[b], places[a]
        order[i] = places
    return packed, order


def permuted(x: Any, order: Any) -> Any:
    """The rows of matrices in another order, one for each matrix."""
    *batch, m, n = x.shape
    count = math.prod(batch)
    before = np.arange(count).reshape((*batch, 1)) * m
    places = add(astype(order, dtype=int64), Tensor(before))
    return take(reshape(x, shape=(count * m, n)), places, axis=0)


def unpacked(packed: Any) -> tuple[Any, Any]:
    """The two triangles of a packed factorization; the lower one has ones on its diagonal."""
    return tril(packed, k=-1) + identity_like(packed), triu(packed, k=0)


def _lu_tangent(dx: Any, y: Any, _x: Any) -> Any:
    """With c = l^-1 p x' and m = c u^-1: l' is l times t, what m has below the diagonal, and u' = c - t u.

    t does not depend on the last pivot, which may be zero: it is taken for one.
    """
    lower, upper = unpacked(y[0])
    c = triangular_solve(lower, permuted(dx, y[1]), lower=True)
    n = upper.shape[-1]
    inner = np.ones((n, n), upper.dtype)
    inner[n - 1 :, n - 1 :] = 0
    divisor = solvable(upper * Tensor(inner) + Tensor((1 - inner).astype(upper.dtype)))
    t = tril(swap(triangular_solve(swap(divisor), swap(c), lower=True)), k=-1)
    return mm(lower, t) + triu(c - mm(t, upper), k=0), None


# p x = l u with partial pivoting: l below the diagonal and u packed into one matrix, and the order of the rows.
lu = joint(
    "lu",
    _lu,
    _lu_tangent,
    None,
    spec=lambda x: (Spec(tuple(x.shape), x.dtype), Spec(tuple(x.shape[:-1]), int32)),
    samples=tuple(((x,), {}) for x in (*SQUARES, SQUARE_C)),
)


def completed(q: Any, rest: Any) -> Any:
    """Orthonormal columns q followed by `rest`, which completes them to a basis and moves as little as it must.

    How the completing columns turn among themselves is free; a function of the space that they span has this
    derivative, and a single real column has no other. z below equals `rest` and stays orthogonal to q; the Cholesky
    factor, here one, keeps it orthonormal.
    """
    fixed = Tensor(rest)
    z = fixed - mm(q, mm(adjoint(q), fixed))
    factor = cholesky(mm(adjoint(z), z))
    return concatenate(q, adjoint(triangular_solve(factor, adjoint(z), lower=True)), axis=q.ndim - 1)
