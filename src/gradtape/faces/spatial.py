"""How `tf.nn` says where space is: data formats, numbers for each axis, and padding; read once for all its functions.

A `Layout` brings a tensor to (batch, *space, channels) and back. Numbers for axes may be one number, one for each axis
of space, or one for every axis in the data format, where batch and channels must have 1. Padding is "VALID" (none),
"SAME" (as many windows as strides fit into the axis, the odd zero behind), or explicit pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, DtypeError, InvalidArgumentError, ShapeError
from ..core.further_errors import ChoiceError, RangeError
from ..core.tensor import Tensor
from ..ops import linear
from ..ops.windows import Sizes, extent

FORMATS = {1: ("NWC", "NCW"), 2: ("NHWC", "NCHW"), 3: ("NDHWC", "NCDHW")}
Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The name of the operation, the number of axes of space, and whether channels come before them."""

    name: str
    rank: int
    first: bool

    def inward(self, x: Tensor) -> Tensor:
        """The tensor with channels last and all axes of the batch in one."""
        if self.first:
            lead = x.ndim - self.rank - 1
            x = linear.transpose(x, axes=(*range(lead), *range(lead + 1, x.ndim), lead))
        if x.ndim == self.rank + 2:
            return x
        rest = x._value.shape[x.ndim - self.rank - 1 :]
        return linear.reshape(x, shape=(math.prod(x._value.shape[: -self.rank - 1]), *rest))  # type: ignore[no-any-return]

    def outward(self, y: Tensor, batch: Sizes) -> Tensor:
        """A result in the data format, with these axes of the batch."""
        if len(batch) != 1:
            y = linear.reshape(y, shape=(*batch, *y._value.shape[1:]))
        if self.first:
            lead = len(batch)
            y = linear.transpose(y, axes=(*range(lead), y.ndim - 1, *range(lead, y.ndim - 1)))
        return y

    def batch(self, x: Tensor) -> Sizes:
        """The sizes of the axes before those of space and channels."""
        return x._value.shape[: x.ndim - self.rank - 1]  # type: ignore[no-any-return]


def layout(name: str, rank: int, data_format: Any) -> Layout:
    """Read a data format; None means channels last.

    Raises:
        ValueError: for one that does not say where `rank` axes of space are.
    """
    if rank not in FORMATS:
        raise ShapeError(f"{name}: there can be 1, 2 or 3 axes of space, not {rank}")
    last, first = FORMATS[rank]
    if data_format not in (None, last, first):
        raise InvalidArgumentError(f"{name}: data_format must be {last!r} or {first!r}, not {data_format!r}")
    return Layout(name, rank, data_format == first)


def require_rank(form: Layout, argument: str, x: Tensor, exact: bool = False) -> None:
    """Refuse a tensor that has no room for batch, space and channels."""
    wanted = form.rank + 2
    if x.ndim < wanted or (exact and x.ndim > wanted):
        raise ShapeError(
            f"{form.name}: {argument} must have rank {wanted}{'' if exact else ' or more'}, got the shape {x.shape}"
        )
    if x._value.dtype.kind not in "fc":
        raise DtypeError(f"{form.name}: {argument} must be floating, not {x.dtype.name} of shape {x.shape}")


def numbers(form: Layout, argument: str, given: Any) -> Sizes:
    """A positive number for each axis of space; None means ones.

    Raises:
        ValueError: for a wrong count, a number below 1, or another number than 1 for batch or channels.
        TypeError: for what is not an integer.
    """
    if given is None:
        return (1,) * form.rank
    array = np.asarray(given)
    if array.dtype.kind not in "iu" or array.ndim > 1:
        raise ArgumentTypeError(f"{form.name}: {argument} must be integers, got {given!r}")
    found = [int(n) for n in array.reshape(-1)]
    if len(found) == 1:
        found *= form.rank
    elif len(found) == form.rank + 2:
        space = slice(2, None) if form.first else slice(1, -1)
        if math.prod(found) != math.prod(found[space]):
            raise InvalidArgumentError(
                f"{form.name}: {argument} must be 1 for batch and channels, got {given!r}"
            )
        found = found[space]
    if len(found) != form.rank or min(found) < 1:
        raise ShapeError(
            f"{form.name}: {argument} must be one positive number, {form.rank} or {form.rank + 2}, got {given!r}"
        )
    return tuple(found)


def padding_of(
    form: Layout, given: Any, space: Sequence[int], size: Sizes, strides: Sizes, dilations: Sizes
) -> Pairs:
    """The zeros before and behind each axis of space.

    Raises:
        ValueError: for another word than "VALID" and "SAME", or pairs that are negative or too few.
    """
    if isinstance(given, str):
        kind = given.upper()
        if kind == "VALID":
            return ((0, 0),) * form.rank
        if kind == "SAME":
            return tuple(map(_same, space, size, strides, dilations))
    pairs = np.asarray(None if isinstance(given, str) else given)
    if pairs.dtype.kind not in "iu" or pairs.shape not in ((form.rank, 2), (form.rank + 2, 2)):
        raise ChoiceError(
            f"{form.name}: padding must be 'VALID', 'SAME' or a pair of integers for each axis, got {given!r}"
        )
    found = pairs.tolist()
    if len(found) == form.rank + 2:
        inner = slice(2, None) if form.first else slice(1, -1)
        outer = found[:2] if form.first else [found[0], found[-1]]
        if any(n for pair in outer for n in pair):
            raise InvalidArgumentError(f"{form.name}: padding of batch and channels must be 0, got {given!r}")
        found = found[inner]
    if any(n < 0 for pair in found for n in pair):
        raise RangeError(f"{form.name}: padding must not be negative, got {given!r}")
    return tuple((before, behind) for before, behind in found)


def _same(length: int, size: int, stride: int, dilation: int) -> tuple[int, int]:
    """Zeros for ceil(length / stride) windows, the odd one behind."""
    total = max((-(-length // stride) - 1) * stride + extent(size, dilation) - length, 0)
    return total // 2, total - total // 2
