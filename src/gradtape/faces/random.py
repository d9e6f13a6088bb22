"""TensorFlow's `tf.random`: draws from seeds (`stateless_*`), from the global generator, and from generators.

Values come from NumPy's generators (PCG64 for streams, Philox keyed by the seed for stateless draws) and do not equal
TensorFlow's for the same seed. The draws of continuous distributions are differentiable in the parameters at any
order: normal and uniform by location and scale, truncated normal and gamma by their quantile functions, of which
implicit reparameterisation (`ops/quantile.py`) is the derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import ShapeError
from ..core.further_errors import RangeError
from ..core.spec import as_dtype, broadcast_shapes, float64, int32, int64
from ..core.tensor import Tensor, as_tensor
from ..ops import constant, linear
from ..ops import elementwise as each
from ..ops.composing import shape_of
from ..ops.quantile import gammaincinv
from . import random_experimental as experimental
from .discrete import binomial_draw, categorical_draw, poisson_draw
from .generator import (
    Algorithm,
    Generator,
    create_rng_state,
    get_global_generator,
    set_global_generator,
    set_seed,
    stream,
)
from .noise import drawn, keyed, noise, permutation, real_dtype, scaled
from .noise import uniform as uniform_draw
from .seeds import fold_in, split
from .truncated import stateless_parameterized_truncated_normal


def stateless_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    name: str | None = None,
    alg: Any = None,
) -> Tensor:
    """Normal numbers that depend on the seed alone.

    Args:
        shape: of the result.
        seed: two integers.
        mean, stddev: numbers or tensors that broadcast with the shape; derivatives reach them.

    >>> import gradtape as gt
    >>> a, b = (gt.random.stateless_normal((2,), seed=[1, 2]).numpy().tolist() for _ in range(2))
    >>> a == b
    True
    """
    return scaled(noise(keyed(seed), "normal", shape, real_dtype(dtype)), mean, stddev)


def stateless_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = None,
    name: str | None = None,
    alg: Any = None,
) -> Tensor:
    """Numbers uniform in [minval, maxval) that depend on the seed alone; integers on request of the dtype."""
    return uniform_draw(keyed(seed), shape, minval, maxval, dtype)


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    name: str | None = None,
    alg: Any = None,
) -> Tensor:
    """Normal numbers, drawn again where they are more than two standard deviations from the mean."""
    return scaled(noise(keyed(seed), "truncated", shape, real_dtype(dtype)), mean, stddev)


def stateless_gamma(
    shape: Any, seed: Any, alpha: Any, beta: Any = None, dtype: Any = None, name: str | None = None
) -> Tensor:
    """Gamma numbers of shape parameter alpha and rate beta that depend on the seed alone.

    Args:
        shape: of the result; alpha and beta broadcast to it.
        seed: two integers.
        alpha, beta: positive numbers or tensors; derivatives of any order reach them.
        dtype: default: that of alpha, if this is a tensor.

    Raises:
        ValueError: for parameters that are not positive or do not broadcast.

    >>> import gradtape as gt
    >>> a = gt.constant(2.0)
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(a)
    ...     mean = gt.reduce_mean(gt.random.stateless_gamma((1000,), [1, 2], a))
    >>> print(f"{tape.gradient(mean, a).numpy():.1f}")  # the distribution's mean is alpha
    1.0
    """
    return _gamma("stateless_gamma", keyed(seed), shape_of(shape), alpha, beta, dtype)


def _gamma(
    name: str, source: np.random.Generator, sizes: tuple[int, ...], alpha: Any, beta: Any, dtype: Any
) -> Tensor:
    """The quantile function of uniform numbers, in double precision; never below the least normal number."""
    default = as_tensor(alpha).dtype if dtype is None else as_dtype(dtype)
    chosen = real_dtype(None) if default.kind != "f" else default
    given = (alpha, 1.0 if beta is None else beta)
    parts = [as_tensor(p, None if hasattr(type(p), "_as_tensor") else float64) for p in given]
    for argument, part in zip(("alpha", "beta"), parts, strict=True):
        if part._value.dtype.kind not in "iuf" or not np.all(part._value > 0):
            raise RangeError(f"{name}: {argument} must be positive, got {part!r}")
        try:
            fits = broadcast_shapes(part._value.shape, sizes) == sizes
        except ValueError:
            fits = False
        if not fits:
            raise ShapeError(f"{name}: {argument} of shape {part.shape} does not broadcast to shape {sizes}")
    a, b = (
        linear.cast(part, dtype=float64) if part.dtype.kind == "f" else constant.astype(part, dtype=float64)
        for part in parts
    )
    y = gammaincinv(a, noise(source, "open", sizes, float64)) / b
    return each.maximum(linear.cast(y, dtype=chosen), Tensor(np.finfo(chosen).tiny))  # type: ignore[no-any-return]


def stateless_poisson(shape: Any, seed: Any, lam: Any, dtype: Any = int32, name: str | None = None) -> Tensor:
    """Poisson numbers of rate lam that depend on the seed alone; no derivative.

    Raises:
        ValueError: for a negative rate, or one that does not broadcast to the shape.
    """
    return poisson_draw("stateless_poisson", keyed(seed), shape, lam, dtype)


def stateless_binomial(
    shape: Any,
    seed: Any,
    counts: Any,
    probs: Any,
    output_dtype: Any = int32,
    name: str | None = None,
) -> Tensor:
    """Numbers of successes in `counts` trials of probability `probs`, by the seed alone; no derivative.

    Raises:
        ValueError: for numbers out of range, or that do not broadcast to the shape.
    """
    return binomial_draw("stateless_binomial", keyed(seed), shape, counts, probs, output_dtype)


def stateless_categorical(
    logits: Any, num_samples: int, seed: Any, dtype: Any = int64, name: str | None = None
) -> Tensor:
    """Classes drawn with the probabilities softmax(logits), so many for each line, by the seed alone; no derivative.

    Args:
        logits: floating tensor (batch, classes).
        num_samples: how many for each line.

    Returns:
        integers of shape (batch, num_samples).

    Raises:
        ValueError: for another rank, no classes, or a negative number.

    >>> import gradtape as gt
    >>> gt.random.stateless_categorical(gt.math.log([[0.0, 1.0]]), 3, [1, 2]).numpy().tolist()
    [[1, 1, 1]]
    """
    return categorical_draw("stateless_categorical", keyed(seed), logits, num_samples, dtype)


# from the global generator, or from that of a seed


def normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    seed: Any = None,
    name: str | None = None,
) -> Tensor:
    """Normal numbers from the global generator, or from that of the seed where one is given."""
    return stream(seed).normal(shape, mean, stddev, dtype)


def uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = None,
    seed: Any = None,
    name: str | None = None,
) -> Tensor:
    """Numbers uniform in [minval, maxval) from the global generator, or from that of the seed where one is given."""
    return stream(seed).uniform(shape, minval, maxval, dtype)


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    seed: Any = None,
    name: str | None = None,
) -> Tensor:
    """Normal numbers within two standard deviations of the mean."""
    return stream(seed).truncated_normal(shape, mean, stddev, dtype)


def gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = None,
    seed: Any = None,
    name: str | None = None,
) -> Tensor:
    """Gamma numbers: `shape` of them for each pair of alpha and beta; differentiable as `stateless_gamma`."""
    given = [np.shape(as_tensor(p)._value) for p in (alpha, 1.0 if beta is None else beta)]
    try:
        rest = broadcast_shapes(*given)
    except ValueError:
        raise ShapeError(f"gamma: alpha and beta must broadcast, got the shapes {given}") from None
    return _gamma("gamma", stream(seed)._source, (*shape_of(shape), *rest), alpha, beta, dtype)


def poisson(shape: Any, lam: Any, dtype: Any = None, seed: Any = None, name: str | None = None) -> Tensor:
    """Poisson numbers: `shape` of them for each rate; no derivative."""
    sizes = (*shape_of(shape), *np.shape(as_tensor(lam)._value))
    return poisson_draw("poisson", stream(seed)._source, sizes, lam, real_dtype(dtype))


def categorical(
    logits: Any, num_samples: int, dtype: Any = int64, seed: Any = None, name: str | None = None
) -> Tensor:
    """Classes drawn with the probabilities softmax(logits), so many for each line; no derivative."""
    return categorical_draw("categorical", stream(seed)._source, logits, num_samples, dtype)


def shuffle(value: Any, seed: Any = None, name: str | None = None) -> Tensor:
    """The rows in random order; differentiable in the rows."""
    x = as_tensor(value)
    if not x.ndim:
        raise ShapeError("shuffle: value must have rank 1 or more, not the shape ()")
    source, count = stream(seed)._source, x.shape[0]
    return linear.take(x, drawn(source, permutation, count), axis=0)  # type: ignore[no-any-return]


__all__ = [
    "Algorithm",
    "Generator",
    "categorical",
    "create_rng_state",
    "experimental",
    "fold_in",
    "gamma",
    "get_global_generator",
    "normal",
    "poisson",
    "set_global_generator",
    "set_seed",
    "shuffle",
    "split",
    "stateless_binomial",
    "stateless_categorical",
    "stateless_gamma",
    "stateless_normal",
    "stateless_parameterized_truncated_normal",
    "stateless_poisson",
    "stateless_truncated_normal",
    "stateless_uniform",
    "truncated_normal",
    "uniform",
]
