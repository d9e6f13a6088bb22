"""Functions that shape, join, cut and repeat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core import spec
from ..core.errors import InvalidIndexError, ShapeError
from ..core.tensor import FUNCTIONS, Tensor
from ..ops import arranging, composing, linear
from .arrays import exported, promoted, tensor_of
from .dtypes import copied
from .elementwise import shaped_alike


@exported
def broadcast_arrays(*arrays: Any) -> Any:
    """The arrays repeated to their common shape."""
    return shaped_alike(*arrays)


def broadcast_shapes(*shapes: Any) -> Any:
    """The shape to which shapes broadcast."""
    return spec.broadcast_shapes(*shapes)


@exported
def broadcast_to(x: Any, /, shape: Any) -> Any:
    """The array repeated to a shape."""
    return linear.broadcast_to(tensor_of(x), shape=composing.shape_of(shape))


@exported
def concat(arrays: Any, /, *, axis: int | None = 0) -> Any:
    """Arrays joined along an axis, or flat for None."""
    return arranging.concatenate(promoted(*arrays), axis)


@exported
def expand_dims(x: Any, /, axis: Any = 0) -> Any:
    """New axes of size one.

    Raises:
        IndexError: for an axis that the result would not have.
    """
    x = tensor_of(x)
    if isinstance(axis, int) and not -x.ndim - 1 <= axis <= x.ndim:
        raise InvalidIndexError(f"expand_dims: axis {axis} is out of range for an array with {x.ndim} axes")
    return arranging.expand_dims(x, axis)


@exported
def flip(x: Any, /, *, axis: Any = None) -> Any:
    """Entries in reverse order along axes, all by default."""
    return arranging.flip(x, axis)


@exported
def matrix_transpose(x: Any, /) -> Any:
    """The last two axes exchanged."""
    x = tensor_of(x)
    if x.ndim < 2:
        raise ShapeError(
            f"matrix_transpose: an array of shape {x.shape} has no matrices in its last two axes"
        )
    return arranging.swapaxes(x, -1, -2)


@exported
def meshgrid(*arrays: Any, indexing: str = "xy") -> Any:
    """Grids of the coordinates along axes; the first two axes exchanged unless `indexing="ij"`."""
    return list(FUNCTIONS["meshgrid"](*(tensor_of(x) for x in arrays), indexing=indexing))


@exported
def moveaxis(x: Any, source: Any, destination: Any, /) -> Any:
    """Axes moved to other places."""
    return arranging.moveaxis(tensor_of(x), source, destination)


@exported
def permute_dims(x: Any, /, axes: Any) -> Any:
    """The axes in another order."""
    return arranging.transpose(tensor_of(x), axes)


@exported
def repeat(x: Any, repeats: Any, /, *, axis: int | None = None) -> Any:
    """Each entry, or slice along an axis, so many times."""
    return FUNCTIONS["repeat"](tensor_of(x), repeats, axis)


def reshape(x: Any, /, shape: Any, *, copy: Any = None) -> Any:
    """The same entries in another shape; one size may be -1."""
    return copied(arranging.reshape(tensor_of(x), shape))


@exported
def roll(x: Any, /, shift: Any, *, axis: Any = None) -> Any:
    """Entries moved along axes; those that leave at one end come back at the other."""
    return FUNCTIONS["roll"](tensor_of(x), shift, axis)


@exported
def squeeze(x: Any, /, axis: Any) -> Any:
    """Axes of size one removed."""
    return arranging.squeeze(tensor_of(x), axis) if axis != () else tensor_of(x)


@exported
def stack(arrays: Any, /, *, axis: int = 0) -> Any:
    """Arrays joined along a new axis."""
    return arranging.stack(promoted(*arrays), axis)


@exported
def tile(x: Any, repetitions: Sequence[int], /) -> Any:
    """The whole array so many times along each axis."""
    return FUNCTIONS["tile"](tensor_of(x), tuple(repetitions))


@exported
def tril(x: Any, /, *, k: int = 0) -> Any:
    """The entries on and below a diagonal, zeros above."""
    return FUNCTIONS["tril"](tensor_of(x), k)


@exported
def triu(x: Any, /, *, k: int = 0) -> Any:
    """The entries on and above a diagonal, zeros below."""
    return FUNCTIONS["triu"](tensor_of(x), k)


@exported
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis."""
    x = tensor_of(x)
    if x.ndim == 0:
        raise ShapeError("unstack: an array without axes has no slices")
    return tuple(arranging.moveaxis(x, axis, 0))
