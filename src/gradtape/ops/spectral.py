"""Rows of the factorizations by eigenvalues: eigh, eigvalsh, eig, eigvals.

Sources: Giles 2008, sections 3.1 and 3.2; Boeddeker et al. 2017, "On the computation of complex-valued gradients" for
eig. Singular values are in `singular.py`.

**Phases.** An eigenvector is known up to a factor of modulus one. Real vectors keep LAPACK's sign. Complex ones are
turned until their largest entry is real, which makes them functions of the matrix with derivatives of their own.

**Equal eigenvalues.** The eigenvalues alone (`eigvalsh`, `eigvals`, or with no cotangent on the vectors)
have exact first derivatives there, as far as a function of them has any: sums over equal ones, powers, norms. The
vectors have none, and the second derivative of eigenvalues asks for the first of the vectors: these are NaN. So are the
derivatives of the eigenvalues of a defective matrix, which has fewer vectors than columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.define import constant, tangent
from ..core.lead import STACKS
from ..core.primitive import Sample
from ..core.spec import Spec
from ..core.tensor import Tensor
from .constant import less_equal
from .elementwise import absolute, conjugated, like, reciprocal
from .linalg import inv
from .linear import cast, imag, real, reshape, sum_, where
from .matrix import (
    SQUARE_C,
    adjoint,
    as_dtype_of,
    columns,
    diagonal_matrix,
    diagonal_of,
    floating,
    identity_like,
    joint,
    mm,
    positive,
    real_of,
    rows,
    sample_matrix,
    tril,
)
from .reduction import amax


def _vector_spec(x: Spec) -> Spec:
    return Spec((*x.shape[:-2], min(x.shape[-2:])), x.dtype)


def real_vector_spec(x: Spec) -> Spec:
    """One real number for each column or row, whichever are fewer."""
    return Spec(_vector_spec(x).shape, real_of(x.dtype))


def absent(g: Any) -> bool:
    """Whether a cotangent is zero because the output was not used: nobody follows it."""
    return g._node is None and not g._value.any()


# gaps between eigenvalues


def gaps(values: Any) -> Any:
    """1 / (v_j - v_i) with zeros on the diagonal; NaN where two values are equal to rounding."""
    n = values.shape[-1]
    gap = reshape(values, shape=(*values.shape[:-1], 1, n)) - reshape(
        values, shape=(*values.shape[:-1], n, 1)
    )
    size = absolute(values)
    largest = amax(size, axis=(values.ndim - 1,), keepdims=True)
    rounding = reshape(largest, shape=(*largest.shape, 1)) * like(size, n * np.finfo(size.dtype).eps)
    one = identity_like(gap)
    apart = where(less_equal(absolute(gap), rounding), like(gap, np.nan), gap)
    return reciprocal(where(Tensor(one._value == 1), like(gap, 1), apart)) * (1 - one)


# phases of vectors


def _largest(x: Any) -> Any:
    """One at the first entry of largest modulus of each column, zero elsewhere."""
    size = np.abs(x)
    return (np.arange(x.shape[-2])[:, None] == size.argmax(-2)[..., None, :]).astype(size.dtype)


largest_entry = constant(
    "largest_entry",
    _largest,
    spec=lambda x: Spec(tuple(x.shape), real_of(x.dtype)),
    samples=((((3, 2),), {}),),
    lead=STACKS,
)


def phases(x: Any) -> Any:
    """The factors of modulus one that make the largest entry of each complex column positive."""
    head = np.take_along_axis(x, np.abs(x).argmax(-2)[..., None, :], -2)
    return np.conj(head) / np.abs(head)


def _phase(dv: Any, v: Any) -> tuple[Any, Any]:
    """For each column the rate at which v' = dv turns its largest entry, which is real; and that entry's place."""
    place = largest_entry(v)
    head = sum_(real(v) * place, axis=(v.ndim - 2,), keepdims=False)
    return sum_(imag(dv) * place, axis=(v.ndim - 2,), keepdims=False) / head, place


def held(dv: Any, v: Any, *others: tuple[Any, Any]) -> Any:
    """Tangents of complex vectors, and of others that turn with them, with the phase held still."""
    rate = cast(_phase(dv, v)[0], dtype=v.dtype) * 1j
    return tuple(d - columns(x, rate) for d, x in ((dv, v), *others))


def held_pull(g: Any, v: Any, *others: tuple[Any, Any]) -> Any:
    """The transpose of `held`: only the share of the first vectors changes."""
    turning = sum(
        sum_(imag(conjugated(x) * h), axis=(v.ndim - 2,), keepdims=False) for h, x in ((g, v), *others)
    )
    place = largest_entry(v)
    head = sum_(real(v) * place, axis=(v.ndim - 2,), keepdims=False)
    return g - columns(cast(place, dtype=v.dtype), cast(turning / head, dtype=v.dtype) * 1j)


# eigenvalues of Hermitian matrices


@floating
def _eigh(x: Any) -> Any:
    values, v = np.linalg.eigh(x)
    return values, v * phases(v) if v.dtype.kind == "c" else v


def _completed(dx: Any) -> Any:
    """The Hermitian matrix of a lower triangle; the imaginary part of the diagonal counts nothing."""
    below, d = tril(dx, k=-1), diagonal_of(dx)
    return below + adjoint(below) + diagonal_matrix(as_dtype_of(real(d), dx) if dx.dtype.kind == "c" else d)


def _completed_pull(g: Any) -> Any:
    d = diagonal_of(g)
    return tril(g + adjoint(g), k=-1) + diagonal_matrix(as_dtype_of(real(d), g) if g.dtype.kind == "c" else d)


def _eigh_tangent(dx: Any, y: Any, _x: Any) -> Any:
    """With e = v^H x' v: values' = diag(e), v' = v (f * e), f_ij = 1 / (value_j - value_i)  (Giles, 3.1)."""
    values, v = y
    e = mm(adjoint(v), _completed(dx), v)
    moved = mm(v, e * as_dtype_of(gaps(values), e))
    d = diagonal_of(e)
    if v.dtype.kind == "f":
        return d, moved
    return real(d), *held(moved, v)


def _eigh_pull(g: Any, y: Any, _x: Any) -> Any:
    values, v = y
    inner = diagonal_matrix(as_dtype_of(g[0], v))
    if not absent(g[1]):
        gv = held_pull(g[1], v) if v.dtype.kind == "c" else g[1]
        inner = inner + as_dtype_of(gaps(values), v) * mm(adjoint(v), gv)
    return _completed_pull(mm(v, inner, adjoint(v)))


# Samples whose eigenvalues are far apart, so that all around them LAPACK lists them in one order, with one sign.
_FAR = np.diag([-10.0, 1.0, 12.0])
_HERMITIAN: tuple[Sample, ...] = (
    ((0.5 * sample_matrix(3, 3, seed=6) + _FAR,), {}),
    ((0.5 * sample_matrix(2, 3, 3, seed=7) + _FAR,), {}),
    ((positive(SQUARE_C) + np.diag([3.0, -2.0]),), {}),
)
# Only the lower triangle is read, so only the lower triangle has a share, as in TensorFlow.
eigh = joint(
    "eigh",
    _eigh,
    _eigh_tangent,
    _eigh_pull,
    spec=lambda x: (real_vector_spec(x), Spec(tuple(x.shape), x.dtype)),
    samples=_HERMITIAN,
)


def _eigvalsh_tangent(dx: Any, _y: Any, x: Any) -> Any:
    v = eigh(x)[1]
    d = diagonal_of(mm(adjoint(v), _completed(dx), v))
    return real(d) if d.dtype.kind == "c" else d


def _eigvalsh_pull(g: Any, _y: Any, x: Any) -> Any:
    v = eigh(x)[1]
    return _completed_pull(mm(columns(v, as_dtype_of(g, v)), adjoint(v)))


eigvalsh = tangent(
    "eigvalsh",
    floating(np.linalg.eigvalsh),
    _eigvalsh_tangent,
    pulls=_eigvalsh_pull,
    spec=real_vector_spec,
    samples=_HERMITIAN,
    lead=STACKS,
)


# eigenvalues of any matrix


def _complex(x: Any) -> Any:
    return x.astype(np.result_type(x.dtype, np.complex64))


@floating
def _eig(x: Any) -> Any:
    return tuple(_complex(part) for part in np.linalg.eig(x))


def left_vectors(v: Any) -> Any:
    """The inverse of the eigenvectors; NaN where it holds no digit, since the matrix has too few vectors.

    The vectors have norm one, so the rows of the inverse are as long as the condition numbers of the eigenvalues
    (Golub and Van Loan 2013, section 7.2.2).
    """
    w = inv(v)
    size = absolute(w)
    size = amax(size, axis=(w.ndim - 2, w.ndim - 1), keepdims=True)
    lost = less_equal(like(size, 1 / (w.shape[-1] * np.finfo(size.dtype).eps)), size)
    return where(lost, like(w, np.nan), w)


def _eig_tangent(dx: Any, y: Any, _x: Any) -> Any:
    """With e = v^-1 x' v: values' = diag(e), v' = v (f * e), and each vector keeps its norm and phase."""
    values, v = y
    e = mm(left_vectors(v), as_dtype_of(dx, v), v)
    moved = mm(v, e * gaps(values))
    stretch = sum_(real(conjugated(v) * moved), axis=(v.ndim - 2,), keepdims=False)
    (vectors,) = held(moved - columns(v, cast(stretch, dtype=v.dtype)), v)
    return diagonal_of(e), vectors


def _eig_pull(g: Any, y: Any, _x: Any) -> Any:
    values, v = y
    inner = diagonal_matrix(g[0])
    if not absent(g[1]):
        gv = held_pull(g[1], v)
        stretch = sum_(real(conjugated(v) * gv), axis=(v.ndim - 2,), keepdims=False)
        gv = gv - columns(v, cast(stretch, dtype=v.dtype))
        inner = inner + conjugated(gaps(values)) * mm(adjoint(v), gv)
    return mm(adjoint(left_vectors(v)), inner, adjoint(v))


def _complex_spec(x: Spec) -> Any:
    return np.result_type(x.dtype, np.complex64)


_GENERAL: tuple[Sample, ...] = (
    ((0.5 * sample_matrix(3, 3, seed=2) + _FAR,), {}),
    ((0.5 * sample_matrix(1, 3, 3, seed=13) + _FAR,), {}),
    ((sample_matrix(3, 3, seed=3, dtype="complex128") + np.diag([3.0j, -2.0, 2.0]),), {}),
)
eig = joint(
    "eig",
    _eig,
    _eig_tangent,
    _eig_pull,
    spec=lambda x: (Spec(tuple(x.shape[:-1]), _complex_spec(x)), Spec(tuple(x.shape), _complex_spec(x))),
    samples=_GENERAL,
)


def _eigvals_tangent(dx: Any, _y: Any, x: Any) -> Any:
    v = eig(x)[1]
    return diagonal_of(mm(left_vectors(v), as_dtype_of(dx, v), v))


def _eigvals_pull(g: Any, _y: Any, x: Any) -> Any:
    v = eig(x)[1]
    return mm(adjoint(left_vectors(v)), rows(g, adjoint(v)))


eigvals = tangent(
    "eigvals",
    floating(lambda x: _complex(np.linalg.eigvals(x))),
    _eigvals_tangent,
    pulls=_eigvals_pull,
    spec=lambda x: Spec(tuple(x.shape[:-1]), _complex_spec(x)),
    samples=_GENERAL,
    lead=STACKS,
)
