"""What the functions of `scipy.linalg` read their matrices with: vectors as columns, triangles, halves."""

from __future__ import annotations

from typing import Any

from ..core.errors import ChoiceError
from ..core.tensor import Tensor, as_tensor
from ..ops import arranging, diagonals
from ..ops.matrices import matrices_of
from ..ops.matrix import adjoint, diagonal_matrix, swap


def as_columns(b: Any) -> tuple[Tensor, bool]:
    """The right side as a matrix, and whether it was a vector."""
    x = as_tensor(b)
    return (arranging.expand_dims(x, -1), True) if x.ndim == 1 else (x, False)


def as_given(x: Any, was_vector: bool) -> Tensor:
    """The solution in the form that the right side had."""
    return arranging.squeeze(x, -1) if was_vector else x


def whole(a: Any, assume_a: str | None, lower: bool) -> Tensor:
    """The matrix of which the solver that is asked for reads a part."""
    (x,) = matrices_of("solve", a, square=True)
    if assume_a in (None, "gen", "general", "tridiagonal", "banded"):
        return x
    if assume_a == "diagonal":
        return diagonal_matrix(diagonals.tensor_diagonal_part(x))  # type: ignore[no-any-return]
    if assume_a in ("upper triangular", "lower triangular"):
        return one_triangle(x, assume_a == "lower triangular")
    if assume_a not in ("sym", "symmetric", "her", "hermitian", "pos", "positive definite"):
        raise ChoiceError(f"scipy.linalg.solve: assume_a cannot be {assume_a!r}")
    half = one_triangle(x, lower)
    turned = swap(half) if assume_a.startswith("sym") else adjoint(half)
    return half + turned - diagonal_matrix(diagonals.tensor_diagonal_part(half))  # type: ignore[no-any-return]


def one_triangle(x: Any, lower: bool) -> Tensor:
    """The lower or upper triangle with the diagonal, zeros elsewhere."""
    return diagonals.lower_triangle(x) if lower else diagonals.upper_triangle(x)
