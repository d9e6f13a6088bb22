"""The value of a convolution in NumPy: four ways to the same sums, all of them matrix products.

- *patches*: each window is a row of a matrix that is multiplied with the kernel; the rows are copied.
- *windows*: where there are fewer windows than entries in one (a gradient with respect to a kernel), one product for
  each window, summed over axes in the order in which they lie in memory, so that copies run along it.
- *scatter*: at strides of 1, each entry times the whole kernel, added up where the windows overlap. This is less work
  where x is stretched (no products with the zeros between) or has more channels than there are outputs.
- *groups*: patches, one product for each group.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from .windows import Sizes, add_overlaps, extent, view

Padding = tuple[tuple[int, int], ...]


def lengths(x: Any, stretch: Sizes, padding: Padding) -> Sizes:
    """The sizes of the axes of space after stretching and padding."""
    space = x.shape[1 : len(stretch) + 1]
    return tuple(
        max(extent(n, a) + before + behind, 0)
        for n, a, (before, behind) in zip(space, stretch, padding, strict=True)
    )


def correlate(
    x: Any,
    w: Any,
    shape: tuple[int, ...],
    *,
    strides: Sizes,
    padding: Padding,
    stretch: Sizes,
    dilations: Sizes,
    groups: int,
) -> Any:
    """The sums of `convolution.py`, in the way with the least copying; `shape` is that of the result."""
    outputs, inner, size = w.shape[-1], w.shape[-2], w.shape[:-2]
    if not math.prod(shape) or not math.prod(w.shape):
        return np.zeros(shape, np.result_type(x, w))
    scatters = groups == 1 and all(s == 1 for s in strides)
    if scatters and outputs * math.prod(x.shape[1:-1]) < inner * math.prod(shape[1:-1]):
        return _by_scatter(x, w, shape, padding, stretch, dilations)
    wide = _spread(x, stretch, padding)
    if groups == 1 and math.prod(shape[1:-1]) < math.prod(size):
        return _by_windows(wide, w, shape, strides, dilations)
    patches = view(wide, size, strides, dilations)
    places, row = math.prod(shape[:-1]), math.prod(w.shape[:-1])
    if groups == 1:
        return np.matmul(patches.reshape(places, row), w.reshape(row, outputs)).reshape(shape)
    patches = patches.reshape(*patches.shape[:-1], groups, inner)
    patches = np.moveaxis(patches, -2, 0).reshape(groups, places, row)
    kernels = np.moveaxis(w.reshape(row, groups, -1), 1, 0)
    return np.moveaxis(np.matmul(patches, kernels), 0, 1).reshape(shape)


def _memory_order(x: Any) -> list[int]:
    """The axes from the one with the largest steps in memory to the one with the smallest."""
    return sorted(range(x.ndim), key=lambda i: -abs(x.strides[i]))


def _spread(x: Any, stretch: Sizes, padding: Padding) -> Any:
    """x with zeros between neighbours and around, or cut where the padding is negative; in the memory order of x."""
    if all(a == 1 for a in stretch) and all(p == (0, 0) for p in padding):
        return x
    shape, order = (x.shape[0], *lengths(x, stretch, padding), x.shape[-1]), _memory_order(x)
    wide = np.zeros([shape[i] for i in order], x.dtype).transpose(np.argsort(order))
    source: list[slice] = [slice(None)]
    target: list[slice] = [slice(None)]
    for n, a, (before, _), length in zip(x.shape[1:-1], stretch, padding, shape[1:-1], strict=True):
        first = max(-(before // a), 0)  # the first and one past the last entry that are not cut off
        last = max(min((length - 1 - before) // a + 1, n), first)
        start = first * a + before
        source.append(slice(first, last))
        target.append(slice(start, start + extent(last - first, a), a))
    wide[tuple(target)] = x[tuple(source)]
    return wide


def _by_windows(wide: Any, w: Any, shape: tuple[int, ...], strides: Sizes, dilations: Sizes) -> Any:
    order = _memory_order(wide)
    summed = [i for i in order if i != 0]
    kernel = w.transpose([*(i - 1 for i in summed), w.ndim - 1]).reshape(-1, w.shape[-1])
    last = (
        order[-1] == 0
    )  # the axis that stays lies innermost, so the matrix is turned instead of its entries moved
    y: Any = np.empty(shape, np.result_type(wide, w))
    for place in itertools.product(*map(range, shape[1:-1])):
        cut = tuple(
            slice(i * stride, i * stride + extent(n, dilation), dilation)
            for i, n, stride, dilation in zip(place, w.shape, strides, dilations, strict=False)
        )
        part = wide[(slice(None), *cut)]
        rows = (
            part.transpose([*summed, 0]).reshape(len(kernel), -1).T
            if last
            else part.transpose([0, *summed]).reshape(-1, len(kernel))
        )
        y[(slice(None), *place)] = rows @ kernel
    return y


def _by_scatter(
    x: Any, w: Any, shape: tuple[int, ...], padding: Padding, stretch: Sizes, dilations: Sizes
) -> Any:
    """With k turned round, entry n of x meets window a n + d k' - (reach - 1 - before)."""
    size, inner, outputs = w.shape[:-2], w.shape[-2], w.shape[-1]
    turned = np.moveaxis(np.flip(w, tuple(range(len(size)))), -2, 0).reshape(inner, -1)
    products = (x.reshape(-1, inner) @ turned).reshape(*x.shape[:-1], *size, outputs)
    reach = [extent(k, d) for k, d in zip(size, dilations, strict=True)]
    space = tuple((n - 1) * a + r for n, a, r in zip(x.shape[1:-1], stretch, reach, strict=True))
    whole = add_overlaps(products, space=space, strides=stretch, dilations=dilations)
    before = [pair[0] - (r - 1) for pair, r in zip(padding, reach, strict=True)]
    around = tuple((b, n - length - b) for b, n, length in zip(before, shape[1:-1], space, strict=True))
    return _spread(whole, (1,) * len(size), around)
