"""The part of `tf.linalg` that speaks of diagonals: diag, diag_part, set_diag, bands, traces, tridiagonal systems."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError, ShapeError
from ..core.further_errors import ChoiceError
from ..core.spec import broadcast_shapes
from ..core.tensor import Tensor, as_tensor, beside, look
from ..ops import arranging, composite, linalg, linear, spectral
from ..ops import diagonals as bands_of
from ..ops.matrices import matrices_of
from ..ops.matrix import adjoint as adjoint_of


def diag(
    diagonal: Any,
    name: str = "diag",
    k: Any = 0,
    num_rows: int = -1,
    num_cols: int = -1,
    padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Tensor:
    """Matrices with the given diagonals.

    Args:
        diagonal: tensor (..., n), or (..., d, n) for d diagonals, the highest first.
        k: number of the diagonal, above the main one positive, or a pair (lowest, highest).
        num_rows, num_cols: sizes; by default the least square that fits.
        padding_value: stands everywhere else.
        align: where shorter diagonals stand in their rows, above and below the main one.

    >>> import gradtape as gt
    >>> gt.linalg.diag(gt.constant([1.0, 2.0]), k=1).numpy().tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 2.0], [0.0, 0.0, 0.0]]
    """
    return bands_of.write_diagonals(diagonal, k, int(num_rows), int(num_cols), padding_value, align)


def diag_part(
    input: Any, name: str = "diag_part", k: Any = 0, padding_value: Any = 0, align: str = "RIGHT_LEFT"
) -> Tensor:
    """A diagonal of matrices as vectors, or a range of them as rows, the highest first (see `diag`).

    >>> import gradtape as gt
    >>> gt.linalg.diag_part(gt.constant([[1.0, 2.0], [3.0, 4.0]])).numpy().tolist()
    [1.0, 4.0]
    """
    return bands_of.read_diagonals(input, k, padding_value, align)


def set_diag(
    input: Any, diagonal: Any, name: str = "set_diag", k: Any = 0, align: str = "RIGHT_LEFT"
) -> Tensor:
    """Matrices with some diagonals replaced (see `diag`); differentiable in both."""
    return bands_of.replace_diagonals(input, diagonal, k, align)


def tensor_diag(diagonal: Any, name: str | None = None) -> Tensor:
    """A tensor of shape s as the diagonal of one of shape s + s, zeros elsewhere."""
    return bands_of.tensor_diagonal(diagonal)


def tensor_diag_part(input: Any, name: str | None = None) -> Tensor:
    """The diagonal of shape s of a tensor of shape s + s."""
    return bands_of.tensor_diagonal_part(input)


def band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """The matrix with zeros outside so many diagonals below and above the main one; a negative number keeps all.

    >>> import gradtape as gt
    >>> gt.linalg.band_part(gt.ones((2, 2)), -1, 0).numpy().tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    return bands_of.band(input, int(num_lower), int(num_upper))


def trace(x: Any, name: str | None = None) -> Tensor:
    """The sum of the diagonals of the last two axes."""
    y = as_tensor(x)
    if y.ndim < 2:
        raise ShapeError(f"trace: the shape {y.shape} has no matrices")
    return bands_of.trace(y, 0, -2, -1)


# three diagonals


def _three(name: str, given: Any, form: str) -> Tensor:
    """Three diagonals as the rows of one tensor: above, main, below, each entry in the place of its matrix row."""
    if form == "compact":
        bands = as_tensor(given)
        if bands.ndim < 2 or bands._value.shape[-2] != 3:
            raise ShapeError(f"{name}: compact diagonals have the shape (..., 3, n), not {bands.shape}")
        return bands
    if form == "matrix":
        (x,) = matrices_of(name, given, square=True)
        if x._value.shape[-1] == 1:
            return arranging.concatenate([composite.zeros_like(x), x, composite.zeros_like(x)], -2)
        return bands_of.read_diagonals(x, (-1, 1), 0, "LEFT_RIGHT", name)
    if form != "sequence":
        raise ChoiceError(f"{name}: diagonals_format must be 'compact', 'matrix' or 'sequence', not {form!r}")
    if not isinstance(given, (list, tuple)) or len(given) != 3:
        raise InvalidArgumentError(f"{name}: a sequence of three diagonals is needed, above, main and below")
    above, main, below = beside(tuple(given))
    n = main._value.shape[-1]
    parts = [_filled(name, above, n, False), main, _filled(name, below, n, True)]
    batch = broadcast_shapes(*(part._value.shape for part in parts))
    return arranging.stack([linear.broadcast_to(part, shape=batch) for part in parts], -2)


def _filled(name: str, d: Tensor, n: int, front: bool) -> Tensor:
    """A diagonal beside the main one with a zero where the matrix has no entry."""
    size = d._value.shape[-1]
    if size == n:
        return d
    if size != n - 1:
        raise ShapeError(f"{name}: a diagonal of {size} entries stands beside a main one of {n}")
    zero = Tensor(np.zeros((*d._value.shape[:-1], 1), d.dtype))
    return arranging.concatenate([zero, d] if front else [d, zero], -1)


def tridiagonal_solve(
    diagonals: Any,
    rhs: Any,
    diagonals_format: str = "compact",
    transpose_rhs: bool = False,
    conjugate_rhs: bool = False,
    name: str | None = None,
    partial_pivoting: bool = True,
    perturb_singular: bool = False,
) -> Tensor:
    """The solution x of a x = rhs for matrices with three diagonals, in time proportional to their size.

    Args:
        diagonals: 'compact' (..., 3, n) with the diagonal above, the main one and that below, each entry in the place
            of its row; a 'sequence' of the three; or a whole 'matrix'.
        rhs: tensor (..., n) or (..., n, k).
        transpose_rhs, conjugate_rhs: transpose or conjugate the right side first; a transposed one gives (..., k, n)
            its place before and (..., n, k) as result.
        partial_pivoting: of no effect: pivots are always chosen.
        perturb_singular: not covered.
    """
    if perturb_singular:
        raise InvalidArgumentError("tridiagonal_solve: perturb_singular is not covered")
    bands, b = beside((_three("tridiagonal_solve", diagonals, diagonals_format), rhs))
    vector = b.ndim == bands.ndim - 1
    b = arranging.expand_dims(b, -1) if vector else b
    if transpose_rhs and not vector:
        b = arranging.swapaxes(b, -1, -2)
    b = composite.conjugate(b) if conjugate_rhs else b
    x = linalg.tridiagonal_solve(bands, b)
    return arranging.squeeze(x, -1) if vector else x


def tridiagonal_matmul(
    diagonals: Any, rhs: Any, diagonals_format: str = "compact", name: str | None = None
) -> Tensor:
    """The product of matrices with three diagonals (see `tridiagonal_solve`) and matrices (..., n, k)."""
    bands, x = beside((_three("tridiagonal_matmul", diagonals, diagonals_format), rhs))
    if x.ndim < 2 or x._value.shape[-2] != bands._value.shape[-1]:
        raise ShapeError(
            f"tridiagonal_matmul: rhs of shape {x.shape} does not fit diagonals of shape {bands.shape}"
        )
    return linalg.tridiagonal_product(bands, x)  # type: ignore[no-any-return]


def eigh_tridiagonal(
    alpha: Any,
    beta: Any,
    eigvals_only: bool = True,
    select: str = "a",
    select_range: Any = None,
    tol: Any = None,
    name: str | None = None,
) -> Any:
    """Eigenvalues, ascending, of Hermitian matrices with the main diagonal alpha and beta below it.

    Args:
        alpha, beta: vectors of n and n - 1 entries.
        eigvals_only: give no eigenvectors.
        select: 'a' for all, 'i' for those numbered `select_range[0]` to `select_range[1]`, 'v' for those in the
            interval `select_range`, open on the left.
        tol: of no effect: the precision is that of the dtype.
    """
    a, b = beside((alpha, beta))
    if a.ndim != 1 or b._value.shape != (a.size - 1,):
        raise ShapeError(
            f"eigh_tridiagonal: alpha and beta need n and n - 1 entries, the shapes are {a.shape} and {b.shape}"
        )
    if select not in ("a", "i", "v"):
        raise ChoiceError(f"eigh_tridiagonal: select must be 'a', 'i' or 'v', not {select!r}")
    x = diagonals_of(a, 0) + diagonals_of(b, -1)
    values, vectors = (spectral.eigvalsh(x), None) if eigvals_only else spectral.eigh(x)
    if select != "a":
        low, high = (as_tensor(part).item() for part in select_range)
        found = values._value if select == "i" else look(values, "eigh_tridiagonal")
        chosen = (
            np.arange(low, high + 1) if select == "i" else np.flatnonzero((found > low) & (found <= high))
        )
        values = linear.take(values, Tensor(chosen), axis=0)
        vectors = None if vectors is None else linear.take(vectors, Tensor(chosen), axis=1)
    return values if vectors is None else (values, vectors)


def diagonals_of(d: Tensor, k: int) -> Tensor:
    """The matrix with one diagonal."""
    return bands_of.write_diagonals(d, k)


def banded_triangular_solve(
    bands: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """The solution x of a x = rhs for triangular matrices given by some diagonals.

    Args:
        bands: tensor (..., d, n): the main diagonal and d - 1 below it, the main one first (`lower`), or above it, the
            main one last; each entry in the place of its row.
        rhs: tensor (..., n, k).
    """
    d, b = beside((bands, rhs))
    if d.ndim < 2 or b.ndim < 2:
        raise ShapeError(f"banded_triangular_solve: the shapes {d.shape} and {b.shape} have no matrices")
    count = d._value.shape[-2]
    k, align = ((1 - count, 0), "LEFT_RIGHT") if lower else ((0, count - 1), "LEFT_RIGHT")
    x = (
        bands_of.write_diagonals(d, k, padding=0, align=align)
        if count > 1
        else bands_of.write_diagonals(d[..., 0, :])
    )
    x = adjoint_of(x) if adjoint else x
    return linalg.triangular_solve(x, b, lower=bool(lower) != bool(adjoint))  # type: ignore[no-any-return]
