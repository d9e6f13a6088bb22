"""Windows that slide over the axes behind the first: read (`windows`) and added back (`overlap_add`), adjoint rows.

Shapes are (batch, *space, *rest); `size`, `strides` and `dilations` have one number for each axis of space. Window i
of an axis begins at `strides * i` and holds `size` entries at distances of `dilations`. Pooling and morphology
(`faces/pooling.py`) are composed of these; convolution, which sums over windows without keeping them, is a row of its
own in `convolution.py`.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..core.define import linear
from ..core.errors import ShapeError
from ..core.further_errors import RangeError
from ..core.primitive import Primitive
from ..core.spec import Spec
from .leading import MERGED

Sizes = tuple[int, ...]


def extent(size: int, dilation: int) -> int:
    """How many entries so many at these distances reach over."""
    return (size - 1) * dilation + 1 if size else 0


def count(length: int, size: int, stride: int, dilation: int) -> int:
    """How many windows fit into an axis."""
    return max((length - extent(size, dilation)) // stride + 1, 0)


def counts(lengths: Sizes, size: Sizes, strides: Sizes, dilations: Sizes) -> Sizes:
    """How many windows fit into each axis."""
    return tuple(count(*each) for each in zip(lengths, size, strides, dilations, strict=True))


def view(x: Any, size: Sizes, strides: Sizes, dilations: Sizes) -> Any:
    """All windows without a copy: (batch, *windows, *size, *rest)."""
    rank = len(size)
    if x.ndim <= rank:
        raise ShapeError(f"windows over {rank} axes need a first axis and these, got the shape {x.shape}")
    if min((*strides, *dilations), default=1) < 1 or min(size, default=1) < 0:
        # A view does not look where it reads.
        raise RangeError(
            f"windows of size {size} need positive strides and dilations, got {strides}, {dilations}"
        )
    found = counts(x.shape[1 : rank + 1], size, strides, dilations)
    steps = x.strides[1 : rank + 1]
    return np.lib.stride_tricks.as_strided(
        x,
        (x.shape[0], *found, *size, *x.shape[rank + 1 :]),
        (
            x.strides[0],
            *(step * stride for step, stride in zip(steps, strides, strict=True)),
            *(step * dilation for step, dilation in zip(steps, dilations, strict=True)),
            *x.strides[rank + 1 :],
        ),
        writeable=False,
    )


def _windows_spec(x: Spec, *, size: Sizes, strides: Sizes, dilations: Sizes) -> Spec:
    space = x.shape[1 : len(size) + 1]
    found = counts(space, size, strides, dilations)
    return Spec((x.shape[0], *found, *size, *x.shape[len(size) + 1 :]), x.dtype)


def add_overlaps(g: Any, *, space: Sizes, strides: Sizes, dilations: Sizes) -> Any:
    """Add each entry of each window where it was read: one strided slice for each place in the window."""
    rank = len(space)
    if g.ndim <= 2 * rank:
        raise ShapeError(
            f"windows over {rank} axes have these twice and a first axis, got the shape {g.shape}"
        )
    found, size = g.shape[1 : rank + 1], g.shape[rank + 1 : 2 * rank + 1]
    if counts(space, size, strides, dilations) != found:
        raise ShapeError(f"windows of shape {g.shape} do not come from axes of size {space}")
    y = np.zeros((g.shape[0], *space, *g.shape[2 * rank + 1 :]), g.dtype)
    for place in itertools.product(*map(range, size)):
        cut = tuple(
            slice(i * dilation, i * dilation + extent(n, stride), stride)
            for i, n, stride, dilation in zip(place, found, strides, dilations, strict=True)
        )
        y[(slice(None), *cut)] += g[(slice(None),) * (rank + 1) + place]
    return y


def _overlap_spec(g: Spec, *, space: Sizes, strides: Sizes, dilations: Sizes) -> Spec:
    return Spec((g.shape[0], *space, *g.shape[2 * len(space) + 1 :]), g.dtype)


windows: Primitive = linear(
    "windows",
    lambda x, *, size, strides, dilations: view(x, size, strides, dilations),
    lambda g, _x, *, size, strides, dilations: overlap_add(
        g, space=tuple(_x.shape[1 : len(size) + 1]), strides=strides, dilations=dilations
    ),
    spec=_windows_spec,
    structural=True,
    samples=(
        (((2, 5),), {"size": (3,), "strides": (2,), "dilations": (1,)}),
        (((1, 4, 5, 2),), {"size": (2, 2), "strides": (1, 3), "dilations": (2, 1)}),
    ),
    lead=MERGED,
)

overlap_add: Primitive = linear(
    "overlap_add",
    add_overlaps,
    lambda g, _x, *, space, strides, dilations: windows(
        g,
        size=tuple(_x.shape[len(space) + 1 : 2 * len(space) + 1]),
        strides=strides,
        dilations=dilations,
    ),
    spec=_overlap_spec,
    structural=True,
    gaps=True,
    samples=(
        (((2, 2, 3),), {"space": (6,), "strides": (2,), "dilations": (1,)}),
        (((1, 2, 2, 2, 2, 1),), {"space": (4, 5), "strides": (1, 3), "dilations": (2, 1)}),
    ),
    lead=MERGED,
)
