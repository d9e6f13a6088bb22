"""`scipy.linalg`: factorizations and eigenvalues on tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import ChoiceError
from ..core.further_errors import UncoveredError
from ..core.tensor import Tensor, as_tensor, beside
from ..faces import linalg as ours
from ..ops import arranging, composite, factorizations, linear, matrices
from ..ops.linalg import triangular_solve
from ..ops.matrices import matrices_of
from ..ops.matrix import adjoint, mm, real_of, swap
from .linalg_parts import as_columns, as_given, whole
from .meaning import scipy_function


@scipy_function
def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Tensor:
    """The triangle y with y y^H = a (lower), or y^H y = a; one triangle of a is read."""
    return matrices.lower_factor(whole(a, "her", lower), upper=not lower)


@scipy_function
def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Tensor, bool]:
    """The Cholesky factor and which triangle it is, for `cho_solve`. The other triangle is zero here."""
    return cholesky(as_tensor(a), lower), lower


@scipy_function
def cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Tensor:
    """The x of a x = b from the factor of a."""
    factor, lower = c_and_lower
    factor, right = beside((factor, b))
    right, vector = as_columns(right)
    first = triangular_solve(factor if lower else adjoint(factor), right, lower=True)
    return as_given(triangular_solve(adjoint(factor) if lower else factor, first, lower=False), vector)


@scipy_function
def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Tensor, Any]:
    """The triangles of a in one matrix, and the rows that were exchanged, as LAPACK counts them."""
    packed, order = factorizations.lu(matrices_of("scipy.linalg.lu_factor", a, square=True)[0])
    return packed, _exchanges(order._value)


@scipy_function
def lu_solve(
    lu_and_piv: Any, b: Any, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True
) -> Tensor:
    """The x of a x = b from the factors that `lu_factor` gives."""
    packed, exchanges = lu_and_piv
    if trans not in (0, 1, 2):
        raise ChoiceError(f"scipy.linalg.lu_solve: trans must be 0, 1 or 2, not {trans!r}")
    packed, right = beside((packed, b))
    right, vector = as_columns(right)
    order = _order(exchanges)
    if trans == 0:
        return as_given(ours.lu_solve(packed, order, right), vector)
    turn = swap if trans == 1 else adjoint
    lower, upper = factorizations.unpacked(packed)
    y = triangular_solve(turn(lower), triangular_solve(turn(upper), right, lower=True), lower=False)
    return as_given(linear.getitem(y, index=(..., np.argsort(order), slice(None))), vector)


def _exchanges(order: Any) -> Any:
    """Row i was exchanged with row p[i], from the first to the last, to reach an order of the rows."""
    if order.ndim > 1:
        return np.stack([_exchanges(one) for one in order])
    rows, exchanges = list(range(len(order))), []
    for i, row in enumerate(order):
        at = rows.index(row)
        exchanges.append(at)
        rows[i], rows[at] = rows[at], rows[i]
    return np.array(exchanges, np.int32)


def _order(exchanges: Any) -> Any:
    """The order of the rows after the exchanges."""
    given = np.asarray(exchanges)
    if given.ndim > 1:
        return np.stack([_order(one) for one in given])
    rows = np.arange(len(given))
    for i, at in enumerate(given):
        rows[[i, at]] = rows[[at, i]]
    return rows


@scipy_function
def lu(
    a: Any,
    permute_l: bool = False,
    overwrite_a: bool = False,
    check_finite: bool = True,
    p_indices: bool = False,
) -> Any:
    """p, l, u with p l u = a for square matrices: p as a matrix or as indices; or p l and u."""
    packed, order = factorizations.lu(matrices_of("scipy.linalg.lu", a, square=True)[0])
    lower, upper = factorizations.unpacked(packed)
    back = np.argsort(order._value, axis=-1)
    if permute_l:
        return factorizations.permuted(lower, Tensor(back)), upper
    if p_indices:
        return back, lower, upper
    return np.eye(back.shape[-1], dtype=real_of(packed.dtype))[back], lower, upper


@scipy_function
def qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    """q and r with q r = a; `mode` is "full", "r" or "economic"."""
    if pivoting or mode not in ("full", "r", "economic"):
        raise UncoveredError(
            'scipy.linalg.qr: pivoting and mode="raw" have no meaning on tensors; take mode="full", "r" or "economic"'
        )
    q, r = matrices.orthogonal(a, "reduced" if mode == "economic" else "complete")
    return (r,) if mode == "r" else (q, r)


@scipy_function
def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """Singular vectors and values: u, s, vh with u s vh = a, or s alone."""
    return matrices.singular_vectors(a, full_matrices, compute_uv)


@scipy_function
def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Tensor:
    """Singular values, descending."""
    return matrices.singular_values(a)  # type: ignore[no-any-return]


@scipy_function
def polar(a: Any, side: str = "right") -> tuple[Tensor, Tensor]:
    """u with orthonormal columns (or rows) and p positive semidefinite: a = u p, or p u with side="left"."""
    if side not in ("right", "left"):
        raise ChoiceError(f"scipy.linalg.polar: side must be 'right' or 'left', not {side!r}")
    w, s, vh = matrices.singular_vectors(a, False)
    scaled = arranging.expand_dims(composite.astype(s, vh.dtype), -1)
    u = mm(w, vh)
    return u, (mm(adjoint(vh), scaled * vh) if side == "right" else mm(w, scaled * adjoint(w)))


# eigenvalues


def _spectrum(
    name: str, a: Any, b: Any, lower: bool, subset_by_index: Any, refused: dict[str, Any]
) -> tuple[Tensor, Tensor]:
    """Eigenvalues and vectors of a v = w b v, by the Cholesky factor of b where it is given."""
    for key, value in refused.items():
        if value is not None and value != 1:
            raise UncoveredError(f"scipy.linalg.{name}: {key}= has no meaning on tensors")
    x = whole(a, "her", lower)
    if b is None:
        w, v = matrices.hermitian_vectors(x)
    else:
        factor = matrices.lower_factor(whole(b, "her", lower))
        half = triangular_solve(factor, x, lower=True)
        w, y = matrices.hermitian_vectors(adjoint(triangular_solve(factor, adjoint(half), lower=True)))
        v = triangular_solve(adjoint(factor), y, lower=False)
    if subset_by_index is None:
        return w, v
    first, last = subset_by_index
    return w[..., first : last + 1], v[..., first : last + 1]


@scipy_function
def eigh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: Any = None,
) -> Any:
    """Eigenvalues, ascending, and vectors of Hermitian matrices, also of a v = w b v."""
    w, v = _spectrum("eigh", a, b, lower, subset_by_index, {"type": type, "subset_by_value": subset_by_value})
    return w if eigvals_only else (w, v)


@scipy_function
def eigvalsh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: Any = None,
) -> Tensor:
    """Eigenvalues of Hermitian matrices, ascending, also of a v = w b v."""
    refused = {"type": type, "subset_by_value": subset_by_value}
    return _spectrum("eigvalsh", a, b, lower, subset_by_index, refused)[0]


@scipy_function
def eig(
    a: Any,
    b: Any = None,
    left: bool = False,
    right: bool = True,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    homogeneous_eigvals: bool = False,
) -> Any:
    """Eigenvalues and right eigenvectors of square matrices."""
    if b is not None or left or homogeneous_eigvals:
        raise UncoveredError(
            "scipy.linalg.eig: b=, left= and homogeneous_eigvals= have no meaning on tensors; "
            "take scipy.linalg.eig(solve(b, a)) and the inverse of the right eigenvectors"
        )
    w, v = matrices.vectors(a)
    return (w, v) if right else w


@scipy_function
def eigvals(
    a: Any,
    b: Any = None,
    overwrite_a: bool = False,
    check_finite: bool = True,
    homogeneous_eigvals: bool = False,
) -> Tensor:
    """Eigenvalues of square matrices."""
    w = eig(as_tensor(a), b, right=False, homogeneous_eigvals=homogeneous_eigvals)
    return w  # type: ignore[no-any-return]
