"""Norms, as `tf.linalg` spells them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, ShapeError
from ..core.further_errors import ChoiceError
from ..core.tensor import Tensor, as_tensor, beside
from ..indexed_slices import IndexedSlices
from ..ops import arranging, composing, composite, norms
from ..ops.matrix import as_dtype_of


def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
) -> Tensor:
    """A norm of vectors along one axis (of all entries by default), or of matrices over two.

    Args:
        tensor: real or complex tensor.
        ord: for vectors 'euclidean', 1, 2, infinity or any p > 0; for matrices 'euclidean' or 'fro', 1, 2, infinity,
            and beyond TensorFlow 'nuc'.
        axis: None, an axis, or a pair of axes.

    The derivative at the zero vector, and that of 'euclidean' at the zero matrix, is 0, the smallest subgradient.

    >>> import gradtape as gt
    >>> gt.norm(gt.constant([3.0, 4.0])).numpy()
    np.float32(5.0)
    """
    x = as_tensor(tensor)
    x = composite.astype(x, np.float64) if x._value.dtype.kind in "biu" else x
    axes = None if axis is None else composing.axes_of(axis, x.ndim, "norm")
    keep = bool(keepdims)
    if axes is not None and len(axes) not in (1, 2):
        raise ShapeError(f"norm: axis must be None, one axis or a pair of axes, not {axis!r}")
    pair = axes is not None and len(axes) == 2
    if pair and ord not in ("euclidean", "fro", "nuc", 1, 2, math.inf):
        raise ChoiceError(
            f"norm: ord must be 'euclidean', 'fro', 'nuc', 1, 2 or infinity for matrices, not {ord!r}"
        )
    if not pair and (ord == "fro" or isinstance(ord, str)) and ord not in ("euclidean", "fro"):
        raise ChoiceError(f"norm: ord must be 'euclidean', 1, 2, infinity or a positive number, not {ord!r}")
    if not isinstance(ord, str) and not ord > 0:
        raise ChoiceError(f"norm: ord must be 'euclidean', 1, 2, infinity or a positive number, not {ord!r}")
    if ord in ("euclidean", "fro"):
        return norms.vector_norm(x, axis=axes, keepdims=keep)
    if pair:
        return norms.norm(x, ord, axes, keep)
    return norms.vector_norm(x, axis=axes, keepdims=keep, ord=ord)


def normalize(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """The tensor divided by its norm, and the norm with its axes kept."""
    size = norm(tensor, ord, axis, True)
    x, y = beside((tensor, size))
    return x / as_dtype_of(y, x), size


def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """The Euclidean norm of the entries of all tensors of a list together; None entries count nothing."""
    if not isinstance(t_list, (list, tuple)):
        raise ArgumentTypeError(f"global_norm: a list of tensors is needed, not {type(t_list).__name__}")
    parts = [as_tensor(t.values if isinstance(t, IndexedSlices) else t) for t in t_list if t is not None]
    if not parts:
        return Tensor(np.float32(0))
    return norms.vector_norm(arranging.stack([norms.vector_norm(part) for part in parts]))
