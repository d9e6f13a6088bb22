"""Gradients of `gather` as the slices that were read: `IndexedSlices`, given on request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .core import errors
from .core.listen import Node
from .core.spec import DType, TensorShape
from .core.tensor import Tensor, as_tensor
from .modes.reverse import Pullback
from .ops import linear
from .ops.arranging import concatenate


class IndexedSlices:
    """Some slices of a larger tensor along its first axis; slices at equal indices add up.

    Args:
        values: tensor of shape (n, ...).
        indices: integer tensor of shape (n,).
        dense_shape: the shape of the whole tensor, if known.

    >>> import gradtape as gt
    >>> s = gt.IndexedSlices(gt.constant([1.0, 2.0]), gt.constant([0, 2]), (3,))
    >>> gt.convert_to_tensor(s).numpy().tolist()
    [1.0, 0.0, 2.0]
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self.values = as_tensor(values)
        self.indices = as_tensor(indices)
        self.dense_shape = None if dense_shape is None else as_tensor(tuple(dense_shape))

    @property
    def dtype(self) -> DType:
        """The dtype of the values."""
        return self.values.dtype

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole tensor.

        Raises:
            ValueError: if `dense_shape` was not given.
        """
        if self.dense_shape is None:
            raise errors.InvalidArgumentError(
                "IndexedSlices without dense_shape has no shape; give dense_shape"
            )
        return TensorShape(self.dense_shape.tolist())

    def _as_tensor(self) -> Tensor:
        return linear.put_add(self.values, self.indices, axis=0, size=self.shape[0])  # type: ignore[no-any-return]

    def numpy(self) -> Any:
        """The whole tensor as an array."""
        return self._as_tensor().numpy()

    def __repr__(self) -> str:
        shape = None if self.dense_shape is None else self.shape
        return f"IndexedSlices(indices={self.indices!r}, values={self.values!r}, dense_shape={shape})"


def sparse_gradients(walk: Pullback, seeds: Iterable[tuple[Node, Any]]) -> dict[Node, Any]:
    """Walk back, leaving the shares of sources that are only gathered from as slices."""
    slices: dict[Node, list[tuple[Tensor, Tensor]]] = {}
    found = walk(seeds, slices)
    for node, parts in slices.items():
        rest = tuple(node.shape[1:])
        values = [linear.reshape(g, shape=(i._value.size, *rest)) for g, i in parts]
        indices = [linear.reshape(i, shape=(i._value.size,)) for _, i in parts]
        whole = IndexedSlices(
            values[0] if len(parts) == 1 else concatenate(values),
            Tensor(np.concatenate([i._value for i in indices])),
            node.shape,
        )
        found[node] = found[node] + whole._as_tensor() if node in found else whole
    return found
