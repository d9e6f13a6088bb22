"""TensorFlow's convolutions with a kernel of its own for each channel: depthwise, its transposes, separable."""

from __future__ import annotations

from typing import Any

from ..core.errors import ShapeError
from ..core.spec import Spec
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import linear
from ..ops.composing import shape_of
from ..ops.convolution import convolve, transpose_in_input, transpose_in_kernel
from ..ops.elementwise import conjugated
from .convolution import convolved, settings_of
from .spatial import Layout, layout, require_rank


def _channelwise(form: Layout, filter: Any, channels: int) -> Tensor:
    """A kernel (height, width, channels, multiplier) as that of a convolution with one group for each channel."""
    w = as_tensor(filter)
    require_rank(form, "filter", w, exact=True)
    height, width, inner, multiplier = w._value.shape
    if inner != channels:
        raise ShapeError(
            f"{form.name}: filter of shape {w.shape} is for {inner} channels, input has {channels}"
        )
    return linear.reshape(w, shape=(height, width, 1, inner * multiplier))  # type: ignore[no-any-return]


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Each channel convolved with kernels of its own: filter (height, width, channels, multiplier).

    Output `c * multiplier + m` is channel c with kernel m. The other arguments are those of `conv2d`.

    Raises:
        ValueError: if the channels of input and filter differ, and as `convolution`.
    """
    form = layout("depthwise_conv2d", 2, data_format)
    given, filter = beside((input, filter))
    require_rank(form, "input", given)
    x = form.inward(given)
    groups = x._value.shape[-1]
    w = _channelwise(form, filter, groups)
    settings = settings_of(
        form, x._value.shape[1:-1], w._value.shape[:2], strides, padding, dilations, groups
    )
    return form.outward(convolve(x, w, **settings), form.batch(given))


def depthwise_conv2d_backprop_input(
    input_sizes: Any,
    filter: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The transpose of `depthwise_conv2d` in its input, which has the shape `input_sizes`."""
    form = layout("depthwise_conv2d_backprop_input", 2, data_format)
    shape = shape_of(input_sizes)
    shape = (shape[0], *shape[2:], shape[1]) if form.first else shape
    given, filter = beside((out_backprop, filter))
    require_rank(form, "out_backprop", given, exact=True)
    w = _channelwise(form, filter, shape[-1])
    settings = settings_of(form, shape[1:-1], w._value.shape[:2], strides, padding, dilations, shape[-1])
    y = transpose_in_input(form.inward(given), Spec(shape, given.dtype), conjugated(w), **settings)
    return form.outward(y, shape[:1])


def depthwise_conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The transpose of `depthwise_conv2d` in its filter, which has the shape `filter_sizes`."""
    form = layout("depthwise_conv2d_backprop_filter", 2, data_format)
    x, g = beside((input, out_backprop))
    for argument, tensor in (("input", x), ("out_backprop", g)):
        require_rank(form, argument, tensor, exact=True)
    x, g = form.inward(x), form.inward(g)
    shape, groups = shape_of(filter_sizes), x._value.shape[-1]
    kernel = Spec((*shape[:2], 1, shape[2] * shape[3]), g.dtype)
    settings = settings_of(form, x._value.shape[1:-1], shape[:2], strides, padding, dilations, groups)
    y = transpose_in_kernel(g, conjugated(x), kernel, **settings)
    return linear.reshape(y, shape=shape)  # type: ignore[no-any-return]


def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """`depthwise_conv2d`, then a `conv2d` of size one: pointwise_filter (1, 1, channels * multiplier, outputs)."""
    y = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return convolved("separable_conv2d", 2, y, pointwise_filter, 1, "VALID", data_format, None)
