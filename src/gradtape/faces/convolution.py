"""TensorFlow's convolutions over 1, 2 and 3 axes of space, and their transposes; `depthwise.py` has the others.

All are the row `convolve` of `ops/convolution.py` after the arguments have been read (`spatial.py`). As in deep
learning, the kernel is not turned round: these are correlations in the language of signals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.errors import ShapeError
from ..core.spec import Spec
from ..core.tensor import Tensor, as_tensor, beside
from ..ops.composing import shape_of
from ..ops.convolution import convolve, transpose_in_input
from ..ops.elementwise import conjugated
from ..ops.windows import counts
from .spatial import Layout, layout, numbers, padding_of, require_rank
from .spelling import named


def settings_of(
    form: Layout, space: Any, size: Any, strides: Any, padding: Any, dilations: Any, groups: int = 1
) -> dict[str, Any]:
    """The parameters of the row."""
    steps, gaps = numbers(form, "strides", strides), numbers(form, "dilations", dilations)
    return {
        "strides": steps,
        "padding": padding_of(form, padding, space, tuple(size), steps, gaps),
        "stretch": (1,) * form.rank,
        "dilations": gaps,
        "groups": groups,
    }


def _pair(form: Layout, input: Any, filters: Any) -> tuple[Tensor, Tensor]:
    x, w = beside((input, filters))
    require_rank(form, "input", x)
    require_rank(form, "filters", w, exact=True)
    return x, w


def _groups(form: Layout, x: Tensor, channels: int, w: Tensor) -> int:
    """How many times the channels of the kernel fit into those of the input."""
    inner, outputs = w._value.shape[-2:]
    count = channels // inner if inner else 0
    if count * inner != channels or not count or outputs % count:
        raise ShapeError(
            f"{form.name}: input of shape {x.shape} has {channels} channels, not fitting filters of shape {w.shape}"
        )
    return int(count)


def convolved(
    name: str,
    rank: int,
    input: Any,
    filters: Any,
    strides: Any,
    padding: Any,
    data_format: Any,
    dilations: Any,
) -> Tensor:
    """The convolution of one of the functions here, by its name and number of axes."""
    form = layout(name, rank, data_format)
    given, w = _pair(form, input, filters)
    x = form.inward(given)
    space, size = x._value.shape[1:-1], w._value.shape[:rank]
    groups = _groups(form, given, x._value.shape[-1], w)
    y = convolve(x, w, **settings_of(form, space, size, strides, padding, dilations, groups))
    return form.outward(y, form.batch(given))


def convolution(
    input: Any,
    filters: Any,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The convolution over as many axes of space as `filters` has besides channels and outputs: 1, 2 or 3.

    Args:
        input: tensor (batch, *space, channels), or (batch, channels, *space) in a format that begins with "NC".
        filters: tensor (*size, channels / groups, outputs); the number of groups follows from the channels.
        strides: distance of windows: a number, or one for each axis of space. Default: 1.
        padding: "VALID", "SAME", or pairs of zeros before and behind for each axis.
        data_format: "NWC" or "NCW", "NHWC" or "NCHW", "NDHWC" or "NCDHW". Default: channels last.
        dilations: distance of entries in a window. Default: 1.

    Returns:
        tensor (batch, *windows, outputs), in the data format of the input.

    Raises:
        ValueError: for ranks, channels, strides, padding or a format that do not fit; the text has the shapes.

    >>> import gradtape as gt
    >>> x, w = gt.constant([[[1.0], [2.0], [4.0]]]), gt.constant([[[1.0]], [[10.0]]])
    >>> gt.nn.convolution(x, w).numpy().ravel().tolist()
    [21.0, 42.0]
    """
    rank = as_tensor(filters).ndim - 2
    return convolved("convolution", rank, input, filters, strides, padding, data_format, dilations)


def conv1d(
    input: Any,
    filters: Any,
    stride: Any,
    padding: Any,
    data_format: str = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The convolution over one axis: input (batch, width, channels), filters (width, channels, outputs).

    Arguments and errors are those of `convolution`.
    """
    return convolved("conv1d", 1, input, filters, stride, padding, data_format, dilations)


def _of_rank(name: str, rank: int, default: str, shapes: str) -> Callable[..., Tensor]:
    def function(
        input: Any,
        filters: Any,
        strides: Any,
        padding: Any,
        data_format: str = default,
        dilations: Any = None,
        name: str | None = None,
    ) -> Tensor:
        return convolved(title, rank, input, filters, strides, padding, data_format, dilations)

    title = name
    return named(
        function,
        name,
        f"The convolution over {rank} axes: {shapes}.\n\nArguments and errors are those of `convolution`.",
    )


conv2d = _of_rank(
    "conv2d",
    2,
    "NHWC",
    "input (batch, height, width, channels), filters (height, width, channels, outputs)",
)
conv3d = _of_rank(
    "conv3d",
    3,
    "NDHWC",
    "input (batch, depth, height, width, channels), filters (depth, height, width, channels, outputs)",
)


# transposes


def _transposed(
    name: str,
    rank: int,
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any,
    data_format: Any,
    dilations: Any,
) -> Tensor:
    form = layout(name, rank, data_format)
    given, w = _pair(form, input, filters)
    require_rank(form, "input", given, exact=True)
    g, wanted = form.inward(given), shape_of(output_shape)
    if len(wanted) == rank + 2:
        wanted = (wanted[0], *wanted[2:], wanted[1]) if form.first else wanted
    outputs, channels = w._value.shape[-2:]
    if len(wanted) != rank + 2 or wanted[-1] != outputs or wanted[0] != g._value.shape[0]:
        raise ShapeError(
            f"{name}: output_shape {shape_of(output_shape)} does not fit input of shape {given.shape} and filters of "
            f"shape {w.shape}"
        )
    if channels != g._value.shape[-1]:
        raise ShapeError(
            f"{name}: input of shape {given.shape} and filters of shape {w.shape} differ in channels"
        )
    space, size = wanted[1:-1], w._value.shape[:rank]
    settings = settings_of(form, space, size, strides, padding, dilations)
    lengths = tuple(n + sum(pair) for n, pair in zip(space, settings["padding"], strict=True))
    found = counts(lengths, size, settings["strides"], settings["dilations"])
    if found != g._value.shape[1:-1]:
        raise ShapeError(
            f"{name}: input of shape {given.shape} does not fit output_shape {shape_of(output_shape)}, whose "
            f"convolution has the sizes {found}"
        )
    y = transpose_in_input(g, Spec(wanted, g.dtype), conjugated(w), **settings)
    return form.outward(y, wanted[:1])


def conv_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The transpose of a convolution: what its gradient with respect to the input does with a cotangent.

    Args:
        input: tensor (batch, *windows, channels).
        filters: tensor (*size, outputs, channels).
        output_shape: the shape of the result, (batch, *space, outputs); several sizes of space give the same windows.
        strides, padding, data_format, dilations: those of the convolution that is transposed.

    Raises:
        ValueError: if the convolution of `output_shape` does not have the shape of the input.

    >>> import gradtape as gt
    >>> y = gt.nn.conv_transpose(gt.constant([[[1.0], [2.0]]]), gt.ones((2, 1, 1)), (1, 4, 1), 2, "VALID")
    >>> y.numpy().ravel().tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    rank = as_tensor(filters).ndim - 2
    return _transposed(
        "conv_transpose", rank, input, filters, output_shape, strides, padding, data_format, dilations
    )


def _transposed_of_rank(name: str, rank: int, default: str) -> Callable[..., Tensor]:
    def function(
        input: Any,
        filters: Any,
        output_shape: Any,
        strides: Any,
        padding: Any = "SAME",
        data_format: str = default,
        dilations: Any = None,
        name: str | None = None,
    ) -> Tensor:
        return _transposed(
            title, rank, input, filters, output_shape, strides, padding, data_format, dilations
        )

    title = name
    return named(
        function,
        name,
        f"The transpose of `conv{rank}d`: filters are (*size, outputs, channels).\n\n"
        "Arguments and errors are those of `conv_transpose`.",
    )


conv1d_transpose = _transposed_of_rank("conv1d_transpose", 1, "NWC")
conv2d_transpose = _transposed_of_rank("conv2d_transpose", 2, "NHWC")
conv3d_transpose = _transposed_of_rank("conv3d_transpose", 3, "NDHWC")


def atrous_conv2d(value: Any, filters: Any, rate: int, padding: Any, name: str | None = None) -> Tensor:
    """`conv2d` with dilations `rate` and strides 1."""
    return convolved("atrous_conv2d", 2, value, filters, 1, padding, None, rate)


def atrous_conv2d_transpose(
    value: Any, filters: Any, output_shape: Any, rate: int, padding: Any, name: str | None = None
) -> Tensor:
    """The transpose of `atrous_conv2d`."""
    return _transposed("atrous_conv2d_transpose", 2, value, filters, output_shape, 1, padding, None, rate)
