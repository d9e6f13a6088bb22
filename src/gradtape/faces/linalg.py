"""TensorFlow's `tf.linalg`: products, transposes and norms."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor, as_tensor, beside
from ..ops import composite, contraction
from .arrays import eye


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    output_type: Any = None,
    grad_a: bool = False,
    grad_b: bool = False,
    name: str | None = None,
) -> Tensor:
    """The matrix product over the last two axes; leading axes broadcast.

    Args:
        a, b: tensors of shapes (..., n, k) and (..., k, m), after transposing.
        transpose_a, transpose_b: exchange the last two axes first.
        adjoint_a, adjoint_b: exchange them and conjugate first.

    Raises:
        ValueError: if a rank is below two, inner sizes differ, or transpose and adjoint are both asked for.

    >>> import gradtape as gt
    >>> gt.matmul(gt.constant([[1.0, 2.0]]), gt.constant([[3.0, 4.0]]), transpose_b=True).numpy().tolist()
    [[11.0]]
    """
    if (transpose_a and adjoint_a) or (transpose_b and adjoint_b):
        raise ValueError("matmul: ask for the transpose or the adjoint of an operand, not for both")
    x, y = beside((a, b))
    for name_, operand in (("a", x), ("b", y)):
        if operand.ndim < 2:
            raise ValueError(f"matmul: {name_} has the shape {operand.shape}, but rank 2 is the least; use x @ y")
    x = _adjoint(x, transpose_a, adjoint_a)
    y = _adjoint(y, transpose_b, adjoint_b)
    return contraction.matmul(x, y)


def _adjoint(x: Tensor, transposed: bool, adjoint: bool) -> Tensor:
    if transposed or adjoint:
        x = composite.swapaxes(x, -1, -2)
    return composite.conjugate(x) if adjoint else x


def matvec(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The product of matrices (..., n, k) with vectors (..., k)."""
    x, y = beside((a, b))
    product = matmul(x, composite.expand_dims(y, -1), transpose_a=transpose_a, adjoint_a=adjoint_a)
    return composite.squeeze(product, -1)


def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """The last two axes exchanged, conjugated on request."""
    return _adjoint(as_tensor(a), True, conjugate)


def adjoint(matrix: Any, name: str | None = None) -> Tensor:
    """The conjugate transpose of the last two axes."""
    return _adjoint(as_tensor(matrix), False, True)


def norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool | None = None, name: str | None = None) -> Tensor:
    """A vector norm over the axes (all by default): 'euclidean', 1, 2, infinity or any p > 0.

    The derivative of the Euclidean norm at the zero vector is 0, the smallest subgradient.
    """
    return composite.norm(tensor, ord, axis, bool(keepdims))


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """The sum of products over pairs of axes."""
    return contraction.tensordot(a, b, axes)


def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Tensor:
    """Einstein summation, with repeated labels and ellipsis.

    >>> import gradtape as gt
    >>> gt.einsum("ii->", gt.eye(3)).numpy()
    np.float32(3.0)
    """
    return contraction.einsum(equation, *inputs)


def trace(x: Any, name: str | None = None) -> Tensor:
    """The sum of the diagonals of the last two axes."""
    y = as_tensor(x)
    if y.ndim < 2:
        raise ValueError(f"trace: the shape {y.shape} has no matrices")
    n = min(y._value.shape[-2:])
    return contraction.einsum("...ii->...", y[..., :n, :n])


__all__ = [
    "adjoint",
    "einsum",
    "eye",
    "matmul",
    "matrix_transpose",
    "matvec",
    "norm",
    "tensordot",
    "trace",
]
