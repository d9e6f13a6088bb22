"""Normalisations of `tf.nn`: moments, batch and local response normalisation; dropout and the addition of a bias.

`moments` differentiates the variance whole. TensorFlow stops the gradient at the mean inside it, which changes no
first derivative, but makes its second derivatives wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import InvalidArgumentError, ShapeError
from ..core.further_errors import ChoiceError, RangeError
from ..core.spec import broadcast_shapes, float16, float32
from ..core.tensor import Tensor, as_tensor, beside, look
from ..ops import composite, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.composing import axes_of, shape_of
from ..ops.composite import astype
from ..ops.padding import pad
from ..ops.windows import windows
from . import random
from .activations import floating


class Moments(NamedTuple):
    """Mean and variance."""

    mean: Tensor
    variance: Tensor


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None) -> Moments:
    """The mean and the (biased) variance over axes.

    Args:
        x: floating tensor; of float16 the moments are taken in float32.
        axes: one or several axes.
        shift: TensorFlow ignores it too.
        keepdims: leave the axes with size one.

    Raises:
        ValueError: for an axis out of range.

    >>> import gradtape as gt
    >>> mean, variance = gt.nn.moments(gt.constant([1.0, 3.0]), axes=[0])
    >>> mean.numpy(), variance.numpy()
    (np.float32(2.0), np.float32(1.0))
    """
    given = floating("moments", "x", x, "fc")
    wide = astype(given, float32) if given.dtype == float16 else given
    over = axes_of(axes, given.ndim, "moments")
    pair = composite.mean(wide, over, keepdims=keepdims), composite.var(wide, over, keepdims=keepdims)
    return Moments(*(astype(part, given.dtype) if given.dtype == float16 else part for part in pair))


def weighted_moments(
    x: Any, axes: Any, frequency_weights: Any, keepdims: bool = False, name: str | None = None
) -> Moments:
    """The mean and the variance over axes of entries that count with weights.

    Args:
        x: floating tensor.
        axes: one or several axes.
        frequency_weights: tensor that broadcasts with x; differentiable too.
        keepdims: leave the axes with size one.

    Raises:
        ValueError: for an axis out of range or shapes that do not broadcast.
    """
    given, w = beside((x, frequency_weights))
    floating("weighted_moments", "x", given)
    try:
        shape = broadcast_shapes(given._value.shape, w._value.shape)
    except ValueError:
        raise ShapeError(
            f"weighted_moments: x and frequency_weights must broadcast, got the shapes {given.shape} and {w.shape}"
        ) from None
    over = axes_of(axes, len(shape), "weighted_moments")
    given, w = (linear.broadcast_to(part, shape=shape) for part in (given, w))
    total = linear.sum_(w, axis=over, keepdims=True)
    mean = linear.sum_(w * given, axis=over, keepdims=True) / total
    variance = linear.sum_(w * each.square(given - mean), axis=over, keepdims=True) / total
    if keepdims:
        return Moments(mean, variance)
    rest = fixed.reduced_shape(shape, over, False)
    return Moments(linear.reshape(mean, shape=rest), linear.reshape(variance, shape=rest))


def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """The number of entries over axes, their sum, their sum of squares (both less a shift), and the shift.

    Raises:
        ValueError: for an axis out of range.
    """
    given = floating("sufficient_statistics", "x", x)
    over = axes_of(axes, given.ndim, "sufficient_statistics")
    count = math.prod(given._value.shape[i] for i in over)
    moved = given if shift is None else given - as_tensor(shift)
    sums = (linear.sum_(part, axis=over, keepdims=keepdims) for part in (moved, each.square(moved)))
    number = Tensor(given.dtype.type(count))
    return number, *sums, None if shift is None else as_tensor(shift)


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> Moments:
    """Mean and variance of what `sufficient_statistics` gives."""
    number, total, squares = beside((counts, mean_ss, variance_ss))
    moved = total / number
    return Moments(moved if shift is None else moved + shift, squares / number - each.square(moved))


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: Any,
    name: str | None = None,
) -> Tensor:
    """scale (x - mean) / sqrt(variance + variance_epsilon) + offset (Ioffe and Szegedy 2015).

    Args:
        x: floating tensor.
        mean, variance: tensors that broadcast with x, such as those of `moments(..., keepdims=True)`; over the last
            axis alone this is layer normalisation (Ba et al. 2016).
        offset, scale: tensors that broadcast with x, or None for 0 and 1.
        variance_epsilon: a small number that keeps the root away from zero.

    Raises:
        ValueError: for shapes that do not broadcast.

    >>> import gradtape as gt
    >>> gt.nn.batch_normalization(gt.constant([1.0, 3.0]), 2.0, 1.0, None, 5.0, 0.0).numpy().tolist()
    [-5.0, 5.0]
    """
    given = floating("batch_normalization", "x", x)
    spread, middle = as_tensor(beside((given, variance))[1]), beside((given, mean))[1]
    for argument, part in (("mean", middle), ("variance", spread), ("offset", offset), ("scale", scale)):
        shape = np.shape(as_tensor(part)._value) if part is not None else ()
        try:
            broadcast_shapes(given._value.shape, shape)
        except ValueError:
            raise ShapeError(
                f"batch_normalization: {argument} of shape {shape} does not broadcast with x of shape {given.shape}"
            ) from None
    offset, scale = (None if part is None else beside((given, part))[1] for part in (offset, scale))
    inverse = each.reciprocal(each.sqrt(spread + variance_epsilon))
    y = (given - middle) * (inverse if scale is None else inverse * scale)
    return y if offset is None else y + offset  # type: ignore[no-any-return]


def batch_norm_with_global_normalization(
    input: Any,
    mean: Any,
    variance: Any,
    beta: Any,
    gamma: Any,
    variance_epsilon: Any,
    scale_after_normalization: bool,
    name: str | None = None,
) -> Tensor:
    """`batch_normalization` with offset `beta` and, if `scale_after_normalization`, scale `gamma`."""
    scale = gamma if scale_after_normalization else None
    return batch_normalization(input, mean, variance, beta, scale, variance_epsilon)


def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: Any = 1,
    alpha: Any = 1,
    beta: Any = 0.5,
    name: str | None = None,
) -> Tensor:
    """x / (bias + alpha s)**beta, with s the sum of squares of the channels at most `depth_radius` away.

    (Krizhevsky et al. 2012, section 3.3.)

    Args:
        input: floating tensor (batch, height, width, channels).
        depth_radius: how many channels on each side.
        bias, alpha, beta: numbers or tensors; differentiable.

    Raises:
        ValueError: for another rank and for a negative radius.
    """
    x, radius = floating("local_response_normalization", "input", input), int(depth_radius)
    if x.ndim != 4 or radius < 0:
        raise RangeError(
            "local_response_normalization: input must have rank 4 and depth_radius must not be negative, got the shape "
            f"{x.shape} and {depth_radius}"
        )
    channels = x._value.shape[-1]
    lines = linear.reshape(each.square(x), shape=(x.size // channels if channels else 0, channels))
    lines = pad(lines, [(0, 0), (radius, radius)])
    lines = windows(lines, size=(2 * radius + 1,), strides=(1,), dilations=(1,))
    sums = linear.reshape(linear.sum_(lines, axis=(2,), keepdims=False), shape=x._value.shape)
    return x / each.power(bias + alpha * sums, as_tensor(beta, x.dtype))  # type: ignore[no-any-return]


lrn = local_response_normalization


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Tensor:
    """A number for each channel added: channels are the last axis, or the second in a format that begins with "NC".

    Raises:
        ValueError: for an unknown format, a bias that is not a vector, or another number of channels.
    """
    x, b = beside((value, bias))
    if data_format is not None and not data_format.startswith("N"):
        raise ChoiceError(f"bias_add: data_format must be 'N...C' or 'NC...', not {data_format!r}")
    place = 1 if data_format is not None and data_format.startswith("NC") else x.ndim - 1
    if x.ndim < 2 or b.ndim != 1 or b._value.shape[0] != x._value.shape[place]:
        raise ShapeError(
            f"bias_add: bias must be a vector with a number for each channel, got the shapes {x.shape} and {b.shape}"
        )
    return x + linear.reshape(b, shape=(b.size, *(1,) * (x.ndim - 1 - place)))  # type: ignore[no-any-return]


# dropout


def general_dropout(
    x: Any, rate: Any, uniform_sampler: Callable[..., Any], noise_shape: Any = None, name: str | None = None
) -> Tensor:
    """Entries set to zero at random with probability `rate`, the others divided by 1 - rate.

    Args:
        x: floating tensor.
        rate: a number in [0, 1).
        uniform_sampler: `uniform_sampler(shape=, dtype=)` gives numbers uniform in [0, 1).
        noise_shape: the shape of the choices, which broadcast; an axis of None is that of x. Default: that of x.

    Raises:
        ValueError: for a rate out of range or a noise shape that does not broadcast.
    """
    return _dropped("general_dropout", x, rate, uniform_sampler, noise_shape)


def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, name: str | None = None) -> Tensor:
    """Entries set to zero at random with probability `rate`, the others divided by 1 - rate (Srivastava et al. 2014).

    Args:
        x: floating tensor.
        rate: a number in [0, 1).
        noise_shape: the shape of the choices, which broadcast; an axis of None is that of x. Default: that of x.
        seed: for choices that repeat; default: the global generator.

    Raises:
        ValueError: for a rate out of range or a noise shape that does not broadcast.

    >>> import gradtape as gt
    >>> sorted(set(gt.nn.dropout(gt.ones((50,)), 0.5, seed=1).numpy().tolist()))
    [0.0, 2.0]
    """
    return _dropped(
        "dropout", x, rate, lambda shape, dtype: random.uniform(shape, dtype=dtype, seed=seed), noise_shape
    )


def stateless_dropout(
    x: Any,
    rate: Any,
    seed: Any,
    rng_alg: Any = None,
    noise_shape: Any = None,
    name: str | None = None,
) -> Tensor:
    """`dropout` whose choices depend on the two integers of the seed alone."""
    return _dropped(
        "stateless_dropout",
        x,
        rate,
        lambda shape, dtype: random.stateless_uniform(shape, seed, dtype=dtype),
        noise_shape,
    )


def _dropped(name: str, x: Any, rate: Any, sampler: Callable[..., Any], noise_shape: Any) -> Tensor:
    given, share = floating(name, "x", x), np.asarray(look(rate, name))
    if share.ndim or not 0 <= share < 1:
        raise InvalidArgumentError(f"{name}: rate must be a number in [0, 1), got {rate!r}")
    if not share:
        return given
    own = given._value.shape
    shape = own
    if noise_shape is not None:
        sizes = noise_shape if isinstance(noise_shape, (list, tuple)) else shape_of(noise_shape)
        shape = tuple(
            own[i] if n is None and i < len(own) else int(n) if n is not None else -1
            for i, n in enumerate(sizes)
        )
    if len(shape) > len(own) or any(n not in (1, m) for n, m in zip(shape[::-1], own[::-1], strict=False)):
        raise ShapeError(
            f"{name}: noise_shape {noise_shape!r} does not broadcast to x of shape {given.shape}"
        )
    kept = fixed.greater_equal(
        as_tensor(sampler(shape=shape, dtype=given.dtype)), Tensor(share.astype(given.dtype)[()])
    )
    return linear.where(kept, given / (1 - float(share)), each.like(given, 0))  # type: ignore[no-any-return]
