"""Losses of `tf.nn`: cross-entropies of logits, Poisson, and sums of squares; entry by entry or line by line."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from ..core.errors import DtypeError, InvalidArgumentError, ShapeError
from ..core.further_errors import RangeError
from ..core.questions import has_outside
from ..core.spec import broadcast_shapes, int64
from ..core.tensor import Tensor, as_tensor, beside, decide
from ..ops import composite, linear, reduction
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.composing import axes_of
from ..ops.selection import along
from .activations import floating


def _pair(name: str, first: str, second: str, x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Two floating tensors of one shape."""
    a, b = beside((x, y))
    for argument, part in ((first, a), (second, b)):
        floating(name, argument, part)
    if a._value.shape != b._value.shape:
        raise ShapeError(f"{name}: {first} and {second} must have one shape, got {a.shape} and {b.shape}")
    return a, b


def softmax_cross_entropy_with_logits(
    labels: Any, logits: Any, axis: int = -1, name: str | None = None
) -> Tensor:
    """Minus the mean of log_softmax(logits) under the labels, along an axis; differentiable in both.

    Args:
        labels: a distribution for each line; shapes broadcast.
        logits: unscaled logarithms of probabilities.
        axis: the axis of classes.

    Returns:
        tensor of the common shape without the axis.

    Raises:
        ValueError: for shapes that do not broadcast, rank 0, or an axis out of range.

    >>> import gradtape as gt
    >>> loss = gt.nn.softmax_cross_entropy_with_logits([0.5, 0.5], gt.constant([0.0, 0.0]))
    >>> print(f"{loss.numpy():.4f}")
    0.6931
    """
    title = "softmax_cross_entropy_with_logits"
    z, x = beside((labels, logits))
    for argument, part in (("labels", z), ("logits", x)):
        floating(title, argument, part)
    try:
        shape = broadcast_shapes(z._value.shape, x._value.shape)
    except ValueError:
        raise ShapeError(
            f"{title}: labels and logits must broadcast, got the shapes {z.shape} and {x.shape}"
        ) from None
    if not shape:
        raise ShapeError(f"{title}: logits must have rank 1 or more, not the shape ()")
    (place,) = axes_of((axis,), len(shape), title)
    x = linear.broadcast_to(x, shape=shape)
    return -linear.sum_(z * composite.log_softmax(x, place), axis=(place,), keepdims=False)  # type: ignore[no-any-return]


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Tensor:
    """Minus log_softmax(logits) at the label of each line of the last axis.

    Args:
        labels: integers, one for each line.
        logits: tensor of the shape of labels and one more axis, that of classes.

    Raises:
        ValueError: for shapes that do not fit, and for a label that is no class.
        TypeError: for labels that are not integers.
    """
    title = "sparse_softmax_cross_entropy_with_logits"
    places, x = as_tensor(labels), floating(title, "logits", logits)
    if places._value.dtype.kind not in "iu":
        raise DtypeError(f"{title}: labels must be integers, not {places.dtype.name} of shape {places.shape}")
    if not x.ndim or places._value.shape != x._value.shape[:-1]:
        raise ShapeError(
            f"{title}: labels must have the shape of logits without the last axis, got {places.shape} and {x.shape}"
        )
    classes = x._value.shape[-1]
    if decide(places, partial(has_outside, classes)):
        raise RangeError(
            f"{title}: a label is not in [0, {classes}), the classes of logits of shape {x.shape}"
        )
    x = composite.below_largest(x, -1)
    lines = reduction.logsumexp(x, axis=(x.ndim - 1,), keepdims=False)
    kept = linear.reshape(fixed.astype(places, dtype=int64), shape=(*places._value.shape, 1))
    return lines - linear.reshape(along(x, kept, x.ndim - 1), shape=places._value.shape)  # type: ignore[no-any-return]


def sigmoid_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """log(1 + exp(x)) - x z for logits x and labels z, entry by entry: the cross-entropy of sigmoid(x).

    Raises:
        ValueError: if an argument is missing or the shapes differ.
    """
    title = "sigmoid_cross_entropy_with_logits"
    if labels is None or logits is None:
        raise InvalidArgumentError(f"{title}: both labels and logits must be given")
    z, x = _pair(title, "labels", "logits", labels, logits)
    return each.softplus(x) - x * z  # type: ignore[no-any-return]


def weighted_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, pos_weight: Any = None, name: str | None = None
) -> Tensor:
    """The sigmoid cross-entropy with the weight `pos_weight` on positive labels.

    Raises:
        ValueError: if an argument is missing or the shapes differ.
    """
    title = "weighted_cross_entropy_with_logits"
    if labels is None or logits is None or pos_weight is None:
        raise InvalidArgumentError(f"{title}: labels, logits and pos_weight must be given")
    z, x = _pair(title, "labels", "logits", labels, logits)
    return (1 - z) * x + (1 + (pos_weight - 1) * z) * each.softplus(-x)  # type: ignore[no-any-return]


def log_poisson_loss(
    targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None
) -> Tensor:
    """exp(c) - z c for the logarithm c of a Poisson rate and the count z: minus its log-likelihood up to log(z!).

    Args:
        targets: counts z, not negative.
        log_input: logarithms c of rates.
        compute_full_loss: add Stirling's `z log z - z + log(2 pi z) / 2` for log(z!) where z > 1.

    Raises:
        ValueError: if the shapes differ.
    """
    z, c = _pair("log_poisson_loss", "targets", "log_input", targets, log_input)
    y = each.exp(c) - c * z
    if not compute_full_loss:
        return y  # type: ignore[no-any-return]
    small = fixed.logical_and(fixed.greater_equal(z, each.like(z, 0)), fixed.less_equal(z, each.like(z, 1)))
    count = linear.where(small, each.like(z, 1), z)
    stirling = count * each.log(count) - count + 0.5 * each.log(2 * math.pi * count)
    return y + linear.where(small, each.like(z, 0), stirling)  # type: ignore[no-any-return]


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Half the sum of squares of all entries.

    >>> import gradtape as gt
    >>> gt.nn.l2_loss(gt.constant([3.0, 4.0])).numpy()
    np.float32(12.5)
    """
    x = floating("l2_loss", "t", t)
    return composite.sum(each.square(x)) / 2  # type: ignore[no-any-return]


def compute_average_loss(
    per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None
) -> Tensor:
    """The sum of (weighted) losses over the size of the batch, by default their number.

    Args:
        per_example_loss: tensor of rank 1 or more; each sample may have several losses.
        sample_weight: broadcast beside the losses.
        global_batch_size: a positive number.

    Raises:
        ValueError: for rank 0 without a batch size, a size that is not positive, or weights that do not broadcast.
    """
    x = floating("compute_average_loss", "per_example_loss", per_example_loss)
    if not x.ndim and global_batch_size is None:
        raise ShapeError("compute_average_loss: per_example_loss must have rank 1 or more, not the shape ()")
    count = x._value.shape[0] if global_batch_size is None else np.asarray(global_batch_size)[()]
    if global_batch_size is not None and (np.ndim(count) or count <= 0):
        raise RangeError(
            f"compute_average_loss: global_batch_size must be a positive number, got {global_batch_size!r}"
        )
    if sample_weight is not None:
        x, w = beside((x, sample_weight))
        w = linear.reshape(w, shape=(*w._value.shape, *(1,) * max(x.ndim - w.ndim, 0)))
        x = w * x
    return composite.sum(x) / float(count)  # type: ignore[no-any-return]


def scale_regularization_loss(regularization_loss: Any) -> Tensor:
    """The sum of a regularisation loss over the number of replicas, which is one here."""
    return composite.sum(floating("scale_regularization_loss", "regularization_loss", regularization_loss))
