"""Products of matrices and tensors, and transposes, as `tf.linalg` and the top level spell them."""

from __future__ import annotations

from typing import Any

from ..core.errors import InvalidArgumentError, ShapeError
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import arranging, composite, contraction, products


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
        raise InvalidArgumentError("matmul: ask for the transpose or the adjoint of an operand, not for both")
    x, y = beside((a, b))
    for name_, operand in (("a", x), ("b", y)):
        if operand.ndim < 2:
            raise ShapeError(
                f"matmul: {name_} has the shape {operand.shape}, but rank 2 is the least; use x @ y"
            )
    x = turned(x, transpose_a, adjoint_a)
    y = turned(y, transpose_b, adjoint_b)
    return contraction.matmul(x, y)


def turned(x: Tensor, transposed: bool, adjoint: bool) -> Tensor:
    """The matrix, its transpose or its adjoint."""
    if transposed or adjoint:
        x = arranging.swapaxes(x, -1, -2)
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
    if y.ndim < 1:
        raise ShapeError(f"matvec: b has the shape {y.shape}, but rank 1 is the least")
    product = matmul(x, arranging.expand_dims(y, -1), transpose_a=transpose_a, adjoint_a=adjoint_a)
    return arranging.squeeze(product, -1)


def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """The last two axes exchanged, conjugated on request."""
    return turned(as_tensor(a), True, conjugate)


def adjoint(matrix: Any, name: str | None = None) -> Tensor:
    """The conjugate transpose of the last two axes."""
    return turned(as_tensor(matrix), False, True)


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


def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """The cross product of vectors of three entries in the last axis."""
    return products.cross_product(a, b)
