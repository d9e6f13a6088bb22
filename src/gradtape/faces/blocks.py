"""TensorFlow's functions between space, batch and depth, and the lookup of embeddings.

Blocks of space become entries of the batch or of the channels by a reshape and a transpose, and back.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError, ShapeError
from ..core.further_errors import ChoiceError, RangeError
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import composite, linear, padding
from ..ops import elementwise as each
from .arrays import gather
from .selection import integers


def _blocks(
    name: str, x: Tensor, block_shape: Any, widths: Any, argument: str
) -> tuple[list[int], list[list[int]]]:
    """The sizes of the blocks and the two widths of each spatial axis, checked."""
    sizes, pairs = integers(name, "block_shape", block_shape, 1), integers(name, argument, widths)
    if sizes.size < 1 or (sizes < 1).any():
        raise RangeError(f"{name}: block_shape must be positive numbers, got {sizes.tolist()}")
    if x.ndim < 1 + sizes.size:
        raise ShapeError(f"{name}: {sizes.size} blocks need a batch axis and as many more, got {x.shape}")
    if pairs.shape != (sizes.size, 2) or (pairs < 0).any():
        raise RangeError(
            f"{name}: {argument} must be two numbers, not negative, per block of {sizes.tolist()}, got {pairs.tolist()}"
        )
    return sizes.tolist(), pairs.tolist()


def space_to_batch(input: Any, block_shape: Any, paddings: Any, name: str | None = None) -> Tensor:
    """Blocks of the axes behind the first one become entries of the first one.

    Args:
        input: tensor whose first axis is the batch.
        block_shape: the size of a block along each spatial axis.
        paddings: zeros before and behind each spatial axis, added first.

    >>> import gradtape as gt
    >>> gt.space_to_batch(gt.constant([[1, 2, 3, 4]]), [2], [[0, 0]]).numpy().tolist()
    [[1, 3], [2, 4]]
    """
    x = as_tensor(input)
    blocks, widths = _blocks("space_to_batch", x, block_shape, paddings, "paddings")
    count = len(blocks)
    x = padding.pad(x, [(0, 0), *widths, *[(0, 0)] * (x.ndim - 1 - count)])
    batch, *rest = x._value.shape
    if any(n % b for n, b in zip(rest[:count], blocks, strict=True)):
        raise ShapeError(f"space_to_batch: block_shape {blocks} does not divide the padded shape {x.shape}")
    outer = [n // b for n, b in zip(rest[:count], blocks, strict=True)]
    split = [n for pair in zip(outer, blocks, strict=True) for n in pair]
    y = linear.reshape(x, shape=(batch, *split, *rest[count:]))
    inner_axes, outer_axes = range(2, 2 * count + 1, 2), range(1, 2 * count, 2)
    order = (*inner_axes, 0, *outer_axes, *range(2 * count + 1, y.ndim))
    y = linear.transpose(y, axes=order)
    return linear.reshape(y, shape=(batch * math.prod(blocks), *outer, *rest[count:]))  # type: ignore[no-any-return]


space_to_batch_nd = space_to_batch


def batch_to_space(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Tensor:
    """Entries of the first axis become blocks of the axes behind it: the inverse of `space_to_batch`.

    Args:
        input: tensor whose first axis is the batch.
        block_shape: the size of a block along each spatial axis.
        crops: entries taken away before and behind each spatial axis at the end.
    """
    x = as_tensor(input)
    blocks, cuts = _blocks("batch_to_space", x, block_shape, crops, "crops")
    count = len(blocks)
    batch, *rest = x._value.shape
    if batch % math.prod(blocks):
        raise ShapeError(
            f"batch_to_space: the batch axis of {x.shape} is not divisible by the product of block_shape {blocks}"
        )
    y = linear.reshape(x, shape=(*blocks, batch // math.prod(blocks), *rest))
    pairs = [axis for i in range(count) for axis in (count + 1 + i, i)]
    y = linear.transpose(y, axes=(count, *pairs, *range(2 * count + 1, y.ndim)))
    sizes = [n * b for n, b in zip(rest[:count], blocks, strict=True)]
    y = linear.reshape(y, shape=(batch // math.prod(blocks), *sizes, *rest[count:]))
    if any(before + behind > n for (before, behind), n in zip(cuts, sizes, strict=True)):
        raise ShapeError(f"batch_to_space: crops {cuts} take more than there is of {y.shape}")
    parts = [slice(before, n - behind) for (before, behind), n in zip(cuts, sizes, strict=True)]
    return linear.getitem(y, index=(slice(None), *parts))  # type: ignore[no-any-return]


def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """The paddings for `space_to_batch` that make blocks fit, and the crops for `batch_to_space` that undo them."""
    title = "required_space_to_batch_paddings"
    shape, blocks = (
        integers(title, "input_shape", input_shape, 1),
        integers(title, "block_shape", block_shape, 1),
    )
    base = np.zeros((blocks.size, 2), np.int64)
    base = base if base_paddings is None else integers(title, "base_paddings", base_paddings, 2)
    if shape.shape != blocks.shape or base.shape != (blocks.size, 2) or (blocks < 1).any():
        raise ShapeError(
            f"{title}: input_shape {shape.tolist()}, block_shape {blocks.tolist()} and base_paddings {base.tolist()} "
            "do not fit together"
        )
    extra = -(shape + base.sum(1)) % blocks
    zero = np.zeros_like(extra)
    paddings = np.stack([base[:, 0], base[:, 1] + extra], 1).astype(np.int32)
    return Tensor(paddings), Tensor(np.stack([zero, extra], 1).astype(np.int32))


def _depth(name: str, x: Tensor, block_size: Any, data_format: str) -> int:
    if data_format not in ("NHWC", "NCHW"):
        raise ChoiceError(f"{name}: data_format must be 'NHWC' or 'NCHW', not {data_format!r}")
    size = int(integers(name, "block_size", block_size, 0))
    if size < 2:
        raise RangeError(f"{name}: block_size must be at least 2, not {size}")
    if x.ndim != 4:
        raise ShapeError(f"{name}: input must have rank 4, not the shape {x.shape}")
    return size


def space_to_depth(input: Any, block_size: Any, data_format: str = "NHWC", name: str | None = None) -> Tensor:
    """Blocks of height and width become channels.

    >>> import gradtape as gt
    >>> gt.nn.space_to_depth(gt.reshape(gt.range(4), (1, 2, 2, 1)), 2).numpy().tolist()
    [[[[0, 1, 2, 3]]]]
    """
    x = as_tensor(input)
    b = _depth("space_to_depth", x, block_size, data_format)
    if data_format == "NCHW":
        return _channels_first(space_to_depth(_channels_last(x), b))
    n, height, width, depth = x._value.shape
    if height % b or width % b:
        raise ShapeError(f"space_to_depth: height and width of {x.shape} must be divisible by block_size {b}")
    y = linear.reshape(x, shape=(n, height // b, b, width // b, b, depth))
    y = linear.transpose(y, axes=(0, 1, 3, 2, 4, 5))
    return linear.reshape(y, shape=(n, height // b, width // b, b * b * depth))  # type: ignore[no-any-return]


def depth_to_space(input: Any, block_size: Any, data_format: str = "NHWC", name: str | None = None) -> Tensor:
    """Channels become blocks of height and width: the inverse of `space_to_depth`."""
    x = as_tensor(input)
    b = _depth("depth_to_space", x, block_size, data_format)
    if data_format == "NCHW":
        return _channels_first(depth_to_space(_channels_last(x), b))
    n, height, width, depth = x._value.shape
    if depth % (b * b):
        raise ShapeError(f"depth_to_space: the depth of {x.shape} must be divisible by {b * b}")
    y = linear.reshape(x, shape=(n, height, width, b, b, depth // (b * b)))
    y = linear.transpose(y, axes=(0, 1, 3, 2, 4, 5))
    return linear.reshape(y, shape=(n, height * b, width * b, depth // (b * b)))  # type: ignore[no-any-return]


def _channels_last(x: Tensor) -> Tensor:
    return linear.transpose(x, axes=(0, 2, 3, 1))  # type: ignore[no-any-return]


def _channels_first(x: Tensor) -> Tensor:
    return linear.transpose(x, axes=(0, 3, 1, 2))  # type: ignore[no-any-return]


def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: str | None = None) -> Tensor:
    """The rows of a table at the ids.

    Args:
        params: the table, or a list of its parts in order.
        ids: integers of any shape.
        max_norm: rows of a larger Euclidean norm are scaled down to it.

    >>> import gradtape as gt
    >>> gt.nn.embedding_lookup(gt.constant([[1.0, 2.0], [3.0, 4.0]]), [1, 1]).numpy().tolist()
    [[3.0, 4.0], [3.0, 4.0]]
    """
    if params is None:
        raise InvalidArgumentError("embedding_lookup: params must be specified")
    if isinstance(params, (list, tuple)):
        if not params:
            raise InvalidArgumentError(
                "embedding_lookup: params is an empty list; at least one part is needed"
            )
        parts = beside(tuple(params))
        if any(p.ndim < 1 or p._value.shape[1:] != parts[0]._value.shape[1:] for p in parts):
            raise ShapeError(
                f"embedding_lookup: the parts of params do not join: {[tuple(p.shape) for p in parts]}"
            )
        table = parts[0] if len(parts) == 1 else linear.concatenate(*parts, axis=0)
    else:
        table = as_tensor(params)
    if table.ndim < 1:
        raise ShapeError("embedding_lookup: params must be at least 1 dimensional, not of shape ()")
    places, rows = integers("embedding_lookup", "ids", ids), table._value.shape[0]
    if places.size and not (places.min() >= 0 and places.max() < rows):
        raise RangeError(f"embedding_lookup: an entry of ids is not in [0, {rows}), params has {table.shape}")
    y = gather(table, as_tensor(ids))
    if max_norm is None:
        return y
    size = composite.norm(y, axis=tuple(range(places.ndim, y.ndim)), keepdims=True)
    return y * max_norm / each.maximum(size, max_norm)  # type: ignore[no-any-return]
