"""The extension `linalg`: linear algebra on stacks of matrices, under the standard's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import ShapeError
from ..faces.numpy_reductions import summed_dtype
from ..ops import contraction
from ..ops.composing import shape_of
from ..ops.matrices import FUNCTIONS_LINALG, EighResult, EigResult, QRResult, SlogdetResult, SVDResult
from .arrays import described, exported, promoted, tensor_of
from .manipulation import matrix_transpose


def _of_matrix(name: str, text: str) -> Callable[..., Any]:
    def function(x: Any, /) -> Any:
        return FUNCTIONS_LINALG[name](tensor_of(x))

    return described(function, name, text)


det = _of_matrix("det", "The determinant.")
eig = _of_matrix("eig", "Eigenvalues and eigenvectors of square matrices, complex.")
eigh = _of_matrix("eigh", "Eigenvalues, ascending, and eigenvectors of Hermitian matrices.")
eigvals = _of_matrix("eigvals", "Eigenvalues of square matrices, complex.")
eigvalsh = _of_matrix("eigvalsh", "Eigenvalues, ascending, of Hermitian matrices.")
inv = _of_matrix("inv", "The inverse.")
slogdet = _of_matrix("slogdet", "The sign of the determinant and the logarithm of its modulus.")
svdvals = _of_matrix("svdvals", "The singular values, descending.")


@exported
def cholesky(x: Any, /, *, upper: bool = False) -> Any:
    """The triangular factor of Hermitian positive definite matrices."""
    return FUNCTIONS_LINALG["cholesky"](tensor_of(x), upper=upper)


@exported
def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The cross product of vectors of three entries along an axis."""
    return FUNCTIONS_LINALG["cross"](*promoted(x1, x2), axis=axis)


@exported
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """A diagonal of matrices."""
    return FUNCTIONS_LINALG["diagonal"](tensor_of(x), offset=offset)


@exported
def matmul(x1: Any, x2: Any, /) -> Any:
    """The matrix product; a vector is a row on the left and a column on the right."""
    return contraction.matmul(*promoted(x1, x2))


@exported
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """A norm of matrices: "fro", "nuc", 1, -1, 2, -2, inf, -inf."""
    return FUNCTIONS_LINALG["matrix_norm"](tensor_of(x), keepdims=keepdims, ord=ord)


@exported
def matrix_power(x: Any, n: int, /) -> Any:
    """A whole power of square matrices."""
    return FUNCTIONS_LINALG["matrix_power"](tensor_of(x), n)


@exported
def matrix_rank(x: Any, /, *, rtol: Any = None) -> Any:
    """How many singular values are above the tolerance; locally constant."""
    return FUNCTIONS_LINALG["matrix_rank"](tensor_of(x), rtol=rtol)


@exported
def outer(x1: Any, x2: Any, /) -> Any:
    """Each entry of one vector times each of another."""
    first, second = promoted(x1, x2)
    if first.ndim != 1 or second.ndim != 1:
        raise ShapeError(f"outer: two vectors are needed, not arrays of {first.shape} and {second.shape}")
    return FUNCTIONS_LINALG["outer"](first, second)


@exported
def pinv(x: Any, /, *, rtol: Any = None) -> Any:
    """The pseudo-inverse; singular values up to `rtol` times the largest count as zero."""
    x = tensor_of(x)
    if rtol is None:
        rtol = max(x._value.shape[-2:]) * float(np.finfo(x.dtype).eps)
    return FUNCTIONS_LINALG["pinv"](x, rtol=rtol)


@exported
def qr(x: Any, /, *, mode: str = "reduced") -> Any:
    """Orthonormal columns times an upper triangle."""
    return FUNCTIONS_LINALG["qr"](tensor_of(x), mode)


@exported
def solve(x1: Any, x2: Any, /) -> Any:
    """The x with x1 x = x2; x2 is one vector if it has one axis, else a stack of matrices."""
    return FUNCTIONS_LINALG["solve"](*promoted(x1, x2))


@exported
def svd(x: Any, /, *, full_matrices: bool = True) -> Any:
    """Left vectors, singular values, descending, and right vectors in the rows."""
    return FUNCTIONS_LINALG["svd"](tensor_of(x), full_matrices)


@exported
def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """Sums of products over pairs of axes."""
    pairs = axes if isinstance(axes, int) else tuple(shape_of(part) for part in axes)
    first, second = promoted(x1, x2)
    return contraction.tensordot(first, second, pairs)


@exported
def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sum of a diagonal."""
    x = tensor_of(x)
    return FUNCTIONS_LINALG["trace"](
        x, offset=offset, dtype=summed_dtype(x.dtype) if dtype is None else dtype
    )


@exported
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The inner product along an axis; the first vector is conjugated."""
    return FUNCTIONS_LINALG["vecdot"](*promoted(x1, x2), axis=axis)


@exported
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """A norm over axes taken as one; its derivative at the zero vector is zero."""
    return FUNCTIONS_LINALG["vector_norm"](tensor_of(x), axis=axis, keepdims=keepdims, ord=ord)


__all__ = [
    "EigResult",
    "EighResult",
    "QRResult",
    "SVDResult",
    "SlogdetResult",
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]
