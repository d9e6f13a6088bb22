"""TensorFlow's pooling over windows: mean, maximum, and morphology, over 1, 2 and 3 axes of space.

A window is read by the row `windows`. The mean leaves padding out, the maximum puts minus infinity there. Of equal
entries the first in a window is the largest and takes the derivative whole, as in TensorFlow (on a CPU).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import DtypeError, ShapeError
from ..core.further_errors import ChoiceError
from ..core.spec import int64
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import constant as fixed
from ..ops import linear
from ..ops.padding import pad
from ..ops.selection import along
from ..ops.windows import Sizes, windows
from .spatial import Layout, Pairs, layout, numbers, padding_of, require_rank
from .spelling import named


@dataclass(frozen=True, slots=True)
class Pool:
    """A tensor brought to (batch, *space, channels) and how windows slide over it."""

    form: Layout
    given: Tensor
    x: Tensor
    size: Sizes
    strides: Sizes
    dilations: Sizes
    padding: Pairs

    def read(self, x: Tensor, outside: float) -> Tensor:
        """The windows with all entries of space in one axis: (batch, *windows, entries, channels)."""
        if any(pair != (0, 0) for pair in self.padding):
            x = pad(x, [(0, 0), *self.padding, (0, 0)], constant_values=outside)
        y = windows(x, size=self.size, strides=self.strides, dilations=self.dilations)
        shape = y._value.shape
        lead = self.form.rank + 1
        return linear.reshape(y, shape=(*shape[:lead], math.prod(self.size), *shape[2 * lead - 1 :]))  # type: ignore[no-any-return]

    def out(self, y: Tensor) -> Tensor:
        """A result in the data format of what was given."""
        return self.form.outward(y, self.form.batch(self.given))


def _read(
    name: str, rank: int, input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any, dilations: Any
) -> Pool:
    form, given = layout(name, rank, data_format), as_tensor(input)
    require_rank(form, "input", given)
    x = form.inward(given)
    size, steps = numbers(form, "ksize", ksize), numbers(form, "strides", strides)
    gaps = numbers(form, "dilations", dilations)
    around = padding_of(form, padding, x._value.shape[1:-1], size, steps, gaps)
    for pair, n in zip(around, size, strict=True):
        if not isinstance(padding, str) and max(pair) >= n:
            raise ShapeError(
                f"{name}: padding must be smaller than the window, got {padding!r} for ksize {size}"
            )
    return Pool(form, given, x, size, steps, gaps, around)


def _average(pool: Pool) -> Tensor:
    """Sums over windows, divided by how many entries of the input they hold."""
    axis = pool.form.rank + 1
    total = linear.sum_(pool.read(pool.x, 0.0), axis=(axis,), keepdims=False)
    if all(pair == (0, 0) for pair in pool.padding):
        return total / math.prod(pool.size)  # type: ignore[no-any-return]
    inside = Tensor(np.ones((1, *pool.x._value.shape[1:-1], 1), pool.x.dtype))
    return total / linear.sum_(pool.read(inside, 0.0), axis=(axis,), keepdims=False)  # type: ignore[no-any-return]


def _largest(pool: Pool) -> Tensor:
    return _first_largest(pool)[0]


def _first_largest(pool: Pool) -> tuple[Tensor, Tensor]:
    """The largest entry of each window, and its place in the window; a window has one entry at least."""
    if pool.x._value.dtype.kind != "f":
        raise DtypeError(
            f"{pool.form.name}: complex entries have no order, got {pool.given.dtype.name} of shape {pool.given.shape}"
        )
    read, axis = pool.read(pool.x, -np.inf), pool.form.rank + 1
    place = fixed.argmax(read, axis=axis, dtype=int64)
    shape = place._value.shape
    kept = linear.reshape(place, shape=(*shape[:axis], 1, *shape[axis:]))
    return linear.reshape(along(read, kept, axis), shape=shape), place


_ARGUMENTS = """

Args:
    input: floating tensor (batch, *space, channels), or (batch, channels, *space) in a format that begins with "NC".
    ksize: the size of a window: a number, or one for each axis of space.
    strides: distance of windows, in the same forms.
    padding: "VALID", "SAME", or pairs before and behind for each axis, smaller than the window.
    data_format: where channels are. Default: last.

Raises:
    ValueError: for a rank, numbers, padding or a format that do not fit; the text has the shapes.
"""


def _pooling(
    name: str, rank: int, default: str | None, says: str, reduce: Callable[[Pool], Tensor]
) -> Callable[..., Tensor]:
    """A pooling function; rank 0 stands for as many axes as the input has besides batch and channels."""

    def function(
        input: Any,
        ksize: Any,
        strides: Any,
        padding: Any,
        data_format: str | None = default,
        name: str | None = None,
    ) -> Tensor:
        x = as_tensor(input)
        read = _read(title, rank or x.ndim - 2, x, ksize, strides, padding, data_format, None)
        return read.out(reduce(read))

    title = name
    return named(function, name, says + _ARGUMENTS)


avg_pool = _pooling("avg_pool", 0, None, "The mean of each window, without the padding.", _average)
avg_pool1d = _pooling("avg_pool1d", 1, "NWC", "The mean of each window over one axis.", _average)
avg_pool2d = _pooling("avg_pool2d", 2, "NHWC", "The mean of each window over two axes.", _average)
avg_pool3d = _pooling("avg_pool3d", 3, "NDHWC", "The mean of each window over three axes.", _average)
max_pool = _pooling("max_pool", 0, None, "The largest entry of each window.", _largest)
max_pool1d = _pooling("max_pool1d", 1, "NWC", "The largest entry of each window over one axis.", _largest)
max_pool2d = _pooling("max_pool2d", 2, "NHWC", "The largest entry of each window over two axes.", _largest)
max_pool3d = _pooling("max_pool3d", 3, "NDHWC", "The largest entry of each window over three axes.", _largest)


def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """`avg_pool` or `max_pool` with dilations.

    Args:
        input: floating tensor (batch, *space, channels).
        window_shape: the size of a window.
        pooling_type: "AVG" or "MAX".
        strides, padding, data_format, dilations: as in `convolution`.

    Raises:
        ValueError: for another pooling type, and as `max_pool`.

    >>> import gradtape as gt
    >>> gt.nn.pool(gt.constant([[[1.0], [5.0], [2.0]]]), 2, "MAX").numpy().ravel().tolist()
    [5.0, 5.0]
    """
    kinds = {"AVG": _average, "MAX": _largest}
    if pooling_type not in kinds:
        raise ChoiceError(f"pool: pooling_type must be 'AVG' or 'MAX', not {pooling_type!r}")
    x = as_tensor(input)
    read = _read("pool", x.ndim - 2, x, window_shape, strides, padding, data_format, dilations)
    return read.out(kinds[pooling_type](read))


class MaxPoolWithArgmax(NamedTuple):
    """The largest entries and the places where they are."""

    output: Tensor
    argmax: Tensor


def max_pool_with_argmax(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    output_dtype: Any = int64,
    include_batch_in_index: bool = False,
    name: str | None = None,
) -> MaxPoolWithArgmax:
    """The largest entry of each window over two axes, and where it is in the flat input (of its sample).

    Args:
        input, ksize, strides, padding: as in `max_pool`.
        output_dtype: dtype of the places.
        include_batch_in_index: count places from the first sample, not from the own one.

    Raises:
        ValueError: as `max_pool`, and for a format other than "NHWC".
    """
    read = _read("max_pool_with_argmax", 2, input, ksize, strides, padding, data_format, None)
    if read.form.first or read.given.ndim != 4:
        raise ShapeError(
            f"max_pool_with_argmax: NHWC of rank 4 is needed, not {data_format!r} of shape {read.given.shape}"
        )
    y, place = _first_largest(read)
    batch, height, width, channels = read.x._value.shape
    windowed = place._value.shape[1:3]
    first, second = (
        np.arange(n) * s - pair[0] for n, s, pair in zip(windowed, read.strides, read.padding, strict=True)
    )
    across = read.size[1]
    rows = place // across + Tensor(first[:, None, None])
    columns = place % across + Tensor(second[:, None])
    flat = (rows * width + columns) * channels + Tensor(np.arange(channels))
    if include_batch_in_index:
        flat = flat + Tensor(np.arange(batch)[:, None, None, None] * (height * width * channels))
    return MaxPoolWithArgmax(y, fixed.astype(flat, dtype=np.dtype(output_dtype)))


# morphology: the maximum of sums with a kernel


def dilation2d(
    input: Any,
    filters: Any,
    strides: Any,
    padding: str,
    data_format: str,
    dilations: Any,
    name: str | None = None,
) -> Tensor:
    """The largest of `input + filters` over each window, channel by channel (grayscale dilation).

    Args:
        input: floating tensor (batch, height, width, channels).
        filters: tensor (height, width, channels).
        strides, padding, dilations: as in `conv2d`.
        data_format: "NHWC".

    Raises:
        ValueError: if the channels differ, for another format, and as `max_pool`.
    """
    return _dilated("dilation2d", input, filters, strides, padding, data_format, dilations)


def erosion2d(
    value: Any,
    filters: Any,
    strides: Any,
    padding: str,
    data_format: str,
    dilations: Any,
    name: str | None = None,
) -> Tensor:
    """The smallest of `value - filters` turned round over each window: minus the dilation of minus the value.

    Arguments and errors are those of `dilation2d`.
    """
    x, w = beside((value, filters))
    turned = linear.flip(w, axis=(0, 1)) if w.ndim == 3 else w
    return -_dilated("erosion2d", -x, turned, strides, padding, data_format, dilations)  # type: ignore[no-any-return]


def _dilated(
    name: str, input: Any, filters: Any, strides: Any, padding: Any, data_format: str, dilations: Any
) -> Tensor:
    x, w = beside((input, filters))
    if data_format != "NHWC" or w.ndim != 3 or x.ndim != 4 or x._value.shape[-1] != w._value.shape[-1]:
        raise ShapeError(
            f"{name}: NHWC input of rank 4 and filters (height, width, channels) are needed, got {data_format!r} and "
            f"the shapes {x.shape} and {w.shape}"
        )
    read = _read(name, 2, x, w._value.shape[:2], strides, padding, data_format, dilations)
    added = read.read(read.x, -np.inf) + linear.reshape(
        w, shape=(math.prod(w._value.shape[:2]), w._value.shape[-1])
    )
    place = fixed.argmax(added, axis=3, dtype=int64)
    shape = place._value.shape
    kept = linear.reshape(place, shape=(*shape[:3], 1, shape[3]))
    return linear.reshape(along(added, kept, 3), shape=shape)  # type: ignore[no-any-return]
