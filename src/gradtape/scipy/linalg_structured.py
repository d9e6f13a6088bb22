"""`scipy.linalg`: matrices with a structure on tensors, and systems of equations with these."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import ShapeError
from ..core.further_errors import UncoveredError
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import arranging, composite, linear, matrices
from ..ops.matrices import matrices_of
from .linalg_solving import solve
from .meaning import scipy_function


@scipy_function
def block_diag(*arrs: Any) -> Tensor:
    """Matrices along the diagonal of one, zeros elsewhere; numbers and vectors count as one row."""
    parts = [arranging.reshape(x, (1, -1)) if x.ndim < 2 else x for x in beside(arrs)]
    for x in parts:
        if x.ndim != 2:
            raise ShapeError(f"scipy.linalg.block_diag: matrices are needed, not a tensor of shape {x.shape}")
    width = sum(x._value.shape[1] for x in parts)
    rows, before = [], 0
    for x in parts:
        after = width - before - x._value.shape[1]
        rows.append(np.pad(x, ((0, 0), (before, after))))
        before += x._value.shape[1]
    return arranging.concatenate(rows, 0)


def _gathered(entries: Any, places: Any) -> Tensor:
    return linear.take(entries, Tensor(places), axis=0)  # type: ignore[no-any-return]


@scipy_function
def toeplitz(c: Any, r: Any = None) -> Tensor:
    """The matrix whose entries depend on i - j: c is the first column, r (the conjugate of c) the first row."""
    column = arranging.ravel(as_tensor(c))
    column, row = beside(
        (column, composite.conjugate(column) if r is None else arranging.ravel(as_tensor(r)))
    )
    m, n = column.size, row.size
    entries = arranging.concatenate((arranging.flip(row[1:]), column), 0)
    return _gathered(entries, np.subtract.outer(np.arange(m), np.arange(n)) + n - 1)


@scipy_function
def hankel(c: Any, r: Any = None) -> Tensor:
    """The matrix whose entries depend on i + j: c is the first column, r (zeros) the last row."""
    column = arranging.ravel(as_tensor(c))
    column, row = beside(
        (column, composite.zeros_like(column) if r is None else arranging.ravel(as_tensor(r)))
    )
    entries = arranging.concatenate((column, row[1:]), 0)
    return _gathered(entries, np.add.outer(np.arange(column.size), np.arange(row.size)))


@scipy_function
def circulant(c: Any) -> Tensor:
    """The matrix of which each column is the one before, moved down and round."""
    column = as_tensor(c)
    n = column._value.shape[-1]
    places = np.subtract.outer(np.arange(n), np.arange(n)) % n
    return linear.take(column, Tensor(places), axis=column.ndim - 1)  # type: ignore[no-any-return]


@scipy_function
def companion(a: Any) -> Tensor:
    """The companion matrix of a polynomial, whose highest coefficient comes first."""
    x = as_tensor(a)
    n = x._value.shape[-1] - 1
    if x.ndim != 1 or n < 1:
        raise ShapeError(
            f"scipy.linalg.companion: at least two coefficients are needed, the shape is {x.shape}"
        )
    first = arranging.expand_dims(-x[1:] / x[0], 0)
    return arranging.concatenate((first, np.eye(n, dtype=x.dtype)[:-1]), 0)


@scipy_function
def khatri_rao(a: Any, b: Any) -> Tensor:
    """Kronecker's product column by column."""
    x, y = matrices_of("scipy.linalg.khatri_rao", a, b)
    z = arranging.expand_dims(x, -2) * arranging.expand_dims(y, -3)
    m, n, k = z._value.shape[-3:]
    return linear.reshape(z, shape=(*z._value.shape[:-3], m * n, k))  # type: ignore[no-any-return]


@scipy_function
def solve_toeplitz(c_or_cr: Any, b: Any, check_finite: bool = True) -> Tensor:
    """The x of t x = b for a Toeplitz matrix t, given by its column, or by column and row."""
    t = toeplitz(*map(as_tensor, c_or_cr)) if isinstance(c_or_cr, tuple) else toeplitz(as_tensor(c_or_cr))
    return solve(t, as_tensor(b))


@scipy_function
def solve_circulant(c: Any, b: Any, singular: str = "raise", tol: Any = None) -> Tensor:
    """The x of a x = b for a circulant matrix a, given by its first column."""
    if singular != "raise":
        raise UncoveredError("scipy.linalg.solve_circulant: only singular='raise' has a meaning on tensors")
    return solve(circulant(as_tensor(c)), as_tensor(b))


@scipy_function
def solve_banded(
    l_and_u: tuple[int, int],
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Tensor:
    """The x of a x = b for a banded matrix a, whose diagonals are the rows of ab, as SciPy orders them."""
    below, above = l_and_u
    bands = as_tensor(ab)
    if bands.ndim != 2 or bands._value.shape[0] != below + above + 1:
        raise ShapeError(
            f"scipy.linalg.solve_banded: {below + above + 1} diagonals are needed, the shape is {bands.shape}"
        )
    return solve(_from_bands(bands, above, below), as_tensor(b))


def _from_bands(bands: Any, above: int, below: int) -> Tensor:
    """The matrix with a[i, j] = bands[above + i - j, j] inside the band, and zeros elsewhere."""
    n = bands._value.shape[1]
    i, j = np.indices((n, n))
    inside = (i - j <= below) & (j - i <= above)
    entries = linear.getitem(bands, index=(np.where(inside, above + i - j, 0), j))
    return linear.where(Tensor(inside), entries, composite.zeros_like(entries))  # type: ignore[no-any-return]


@scipy_function
def solveh_banded(
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    lower: bool = False,
    check_finite: bool = True,
) -> Tensor:
    """The x of a x = b for a Hermitian banded matrix a, of which one half of the diagonals is given."""
    bands = as_tensor(ab)
    count = bands._value.shape[0] - 1
    half = _from_bands(bands, 0, count) if lower else _from_bands(bands, count, 0)
    return solve(half, as_tensor(b), lower, assume_a="her")


@scipy_function
def expm_frechet(
    A: Any, E: Any, method: Any = None, compute_expm: bool = True, check_finite: bool = True
) -> Any:
    """The exponential of A and its derivative in the direction E, by the exponential of the block matrix of both."""
    x, direction = matrices_of("scipy.linalg.expm_frechet", A, E, square=True)
    n = x._value.shape[-1]
    zeros = composite.zeros_like(x)
    block = arranging.concatenate(
        (arranging.concatenate((x, direction), -1), arranging.concatenate((zeros, x), -1)), -2
    )
    y = matrices.expm(block)
    moved = y[..., :n, n:]
    return (y[..., :n, :n], moved) if compute_expm else moved


@scipy_function
def fractional_matrix_power(A: Any, t: Any) -> Tensor:
    """The power a^t of a matrix without negative real eigenvalues: whole parts by products, the rest by a logarithm."""
    (x,) = matrices_of("scipy.linalg.fractional_matrix_power", A, square=True)
    if isinstance(t, (int, np.integer)) or (isinstance(t, float) and t.is_integer()):
        return matrices.matrix_power(x, int(t))
    return matrices.expm(as_tensor(t) * matrices.logm(x))  # type: ignore[no-any-return]
