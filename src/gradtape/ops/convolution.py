"""Convolution over any number of axes: one multilinear row, whose transposes are convolutions again.

    y[b, i, o] = sum over k, c of x~[b, s i + d k, c] w[k, c, o]

x has the shape (batch, *space, channels), w (*size, channels / groups, outputs), y (batch, *windows, outputs). x~ is x
with `stretch - 1` zeros between neighbours and then `padding` zeros before and behind (a negative number cuts off);
s are `strides`, d are `dilations`. With `groups` the channels and the outputs fall into so many parts, and each part
of the outputs sees its own part of the channels.

With stretch beside strides the family is closed (the same closure as that of XLA's `ConvGeneralDilated`):

- in x the transpose convolves g, stretched by the strides, with w turned round, at strides `stretch`;
- in w it convolves x with g as a kernel, where batch and channels change places and so do strides and dilations.

So derivatives of every order in every mode are convolutions, and nothing larger than x, w and y is kept for them.
How the sum is computed is in `correlation.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.define import multilinear
from ..core.errors import ShapeError
from ..core.primitive import Primitive
from ..core.reads import Links, Side
from ..core.spec import Spec
from .correlation import Padding, correlate, lengths
from .elementwise import conjugated
from .leading import CONVOLVE
from .linear import flip, reshape, transpose
from .windows import Sizes, counts, extent


def _output_shape(
    x: Any,
    w: Any,
    *,
    strides: Sizes,
    padding: Padding,
    stretch: Sizes,
    dilations: Sizes,
    groups: int,
) -> tuple[int, ...]:
    rank = len(strides)
    if len(x.shape) != rank + 2 or len(w.shape) != rank + 2:
        raise ShapeError(
            f"over {rank} axes both need rank {rank + 2}, got the shapes {x.shape} and {w.shape}"
        )
    if x.shape[-1] != w.shape[-2] * groups or w.shape[-1] % groups:
        raise ShapeError(
            f"{x.shape[-1]} channels in {groups} groups do not fit a kernel of shape {tuple(w.shape)}"
        )
    found = counts(lengths(x, stretch, padding), tuple(w.shape[:rank]), strides, dilations)
    return (x.shape[0], *found, w.shape[-1])


def _convolve(x: Any, w: Any, **settings: Any) -> Any:
    return correlate(x, w, _output_shape(x, w, **settings), **settings)


def _spec(x: Spec, w: Spec, **settings: Any) -> Spec:
    return Spec(_output_shape(x, w, **settings), np.result_type(x.dtype, w.dtype))


def transpose_in_input(
    g: Any,
    _x: Any,
    w: Any,
    *,
    strides: Sizes,
    padding: Padding,
    stretch: Sizes,
    dilations: Sizes,
    groups: int,
) -> Any:
    """g, stretched by the strides, against the kernel turned round; padded so that x's own size comes out.

    With K the kernel's extent, x~[s i + d k] = g[i] w[k] is read at p = s i + d k, so g begins K - 1 before p; what is
    kept is every `stretch`-th entry from `before` on.
    """
    rank = len(strides)
    space = tuple(range(rank))
    kernel = flip(conjugated(w), axis=space)
    *size, inner, outputs = w.shape
    kernel = reshape(kernel, shape=(*size, inner, groups, outputs // groups))
    kernel = transpose(kernel, axes=(*space, rank + 2, rank + 1, rank))
    kernel = reshape(kernel, shape=(*size, outputs // groups, groups * inner))
    around = []
    for i in space:
        reach = extent(w.shape[i], dilations[i])
        before = reach - 1 - padding[i][0]
        total = (_x.shape[i + 1] - 1) * stretch[i] + reach
        around.append((before, total - extent(g.shape[i + 1], strides[i]) - before))
    return convolve(
        g,
        kernel,
        strides=stretch,
        padding=tuple(around),
        stretch=strides,
        dilations=dilations,
        groups=groups,
    )


def transpose_in_kernel(
    g: Any,
    x: Any,
    _w: Any,
    *,
    strides: Sizes,
    padding: Padding,
    stretch: Sizes,
    dilations: Sizes,
    groups: int,
) -> Any:
    """x against g as a kernel: the channels of a group become the batch, the batch becomes each group's channels."""
    rank = len(strides)
    space, inner = tuple(range(1, rank + 1)), _w.shape[-2]
    batch, *space_of_x, _ = x.shape
    data = reshape(conjugated(x), shape=(batch, *space_of_x, groups, inner))
    data = transpose(data, axes=(rank + 2, *space, rank + 1, 0))
    data = reshape(data, shape=(inner, *space_of_x, groups * batch))
    kernel = transpose(g, axes=(*space, 0, rank + 1))
    around = []
    for i in range(rank):
        before = padding[i][0]
        total = (_w.shape[i] - 1) * dilations[i] + extent(g.shape[i + 1], strides[i])
        around.append((before, total - extent(space_of_x[i], stretch[i]) - before))
    found = convolve(
        data,
        kernel,
        strides=dilations,
        padding=tuple(around),
        stretch=stretch,
        dilations=strides,
        groups=groups,
    )
    return transpose(found, axes=(*space, 0, rank + 1))


def _axis_places(
    n: int, windows: int, size: int, stride: int, before: int, stretch: int, dilation: int
) -> Any:
    """For each window of an axis and each place in it the entry of x that it reads, -1 for a zero put there."""
    found = stride * np.arange(windows)[:, None] + dilation * np.arange(size) - before
    place, rest = np.divmod(found, stretch)
    return np.where((rest == 0) & (place >= 0) & (place < n), place, -1)


def _reads(inputs: Any, result: Spec, params: dict[str, Any]) -> list[Links]:
    """A contraction of the windows of x with w, channels and outputs parted into groups."""
    (x, w), rank, parts = inputs, len(params["strides"]), params["groups"]
    space, inner = result.shape[1:-1], w.shape[-2]
    settings = zip(params["strides"], params["padding"], params["stretch"], params["dilations"], strict=True)
    places, there = np.arange(x.shape[0]), np.ones((), bool)
    for i, (stride, (before, _), stretch, dilation) in enumerate(settings):
        n, size = x.shape[i + 1], w.shape[i]
        found = _axis_places(n, space[i], size, stride, before, stretch, dilation)
        places = places[..., None, None] * n + found
        there = there[..., None, None] & (found >= 0)
    axes = (0, *range(1, 2 * rank + 1, 2), *range(2, 2 * rank + 1, 2))  # windows first, then places in them
    places = np.where(there, places, -1).transpose(axes)[..., None] * x.shape[-1] + np.arange(x.shape[-1])
    places = np.where(places < 0, -1, places)
    grid, kernel = [("window", i) for i in range(rank)], [("kernel", i) for i in range(rank)]
    own = Side((*result.shape[:-1], parts, w.shape[-1] // parts), ("batch", *grid, "group", "output"))
    windows = (x.shape[0], *space, *w.shape[:rank], parts, inner)
    labels = ("batch", *grid, *kernel, "group", "inner")
    given = Side(windows, labels, places.reshape(windows))
    weights = Side((*w.shape[:-1], parts, w.shape[-1] // parts), (*kernel, "inner", "group", "output"))
    return [(own, given), (own, weights)]


def _sample(x: Sizes, w: Sizes, **settings: Any) -> Any:
    rank = len(x) - 2
    ones = dict.fromkeys(("strides", "stretch", "dilations"), (1,) * rank)
    return (x, w), {**ones, "padding": ((0, 0),) * rank, "groups": 1} | settings


convolve: Primitive = multilinear(
    "convolve",
    _convolve,
    (transpose_in_input, transpose_in_kernel),
    spec=_spec,
    samples=(
        _sample((2, 5, 2), (3, 2, 2), padding=((1, 1),)),
        _sample((1, 6, 1), (2, 1, 2), strides=(2,), dilations=(3,), padding=((2, 0),)),
        _sample((1, 3, 1), (2, 1, 1), stretch=(3,), padding=((-1, 2),)),
        _sample((2, 3, 4, 1), (2, 2, 1, 2), strides=(2, 1), padding=((0, 1), (1, -1))),
        _sample((1, 4, 4), (2, 2, 4), groups=2),
        _sample((1, 2, 3, 2, 1), (2, 1, 2, 1, 1), padding=((1, 0), (0, 0), (0, 0))),
    ),
    lead=CONVOLVE,
    reads=_reads,
)
