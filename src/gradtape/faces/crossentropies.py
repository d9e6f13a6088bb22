"""Cross-entropies and divergence of `tf.losses` (`tf.keras.losses`): of probabilities, or of logits through `tf.nn`.

Probabilities are kept within [1e-7, 1 - 1e-7], as Keras does; the derivative of one outside is zero.
"""

from __future__ import annotations

from typing import Any

from ..core.errors import ShapeError
from ..core.further_errors import RangeError
from ..core.spec import default_float, int64
from ..core.tensor import Tensor, as_tensor
from ..ops import arranging, composite, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from .elementary import clip_by_value
from .losses import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits,
)

EPSILON = 1e-7
"""`keras.backend.epsilon()`."""


def floats(given: Any) -> Tensor:
    """The argument as a floating tensor: integers and flags in the default floating dtype."""
    x = as_tensor(given)
    return x if x._value.dtype.kind == "f" else composite.astype(x, default_float())


def pair(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Both as floating tensors of the dtype of the prediction."""
    prediction = floats(y_pred)
    return composite.astype(y_true, prediction.dtype), prediction


def _one_shape(name: str, target: Tensor, prediction: Tensor) -> None:
    if target._value.shape != prediction._value.shape or not prediction.ndim:
        raise ShapeError(
            f"{name}: y_true and y_pred must have one shape of rank 1 or more, got {target.shape} and "
            f"{prediction.shape}"
        )


def _smoothed(name: str, target: Tensor, label_smoothing: float, mean: float) -> Tensor:
    """The target mixed with its mean: `1 - label_smoothing` of the one, the rest of the other."""
    if not 0 <= label_smoothing <= 1:
        raise RangeError(f"{name}: label_smoothing must be in [0, 1], got {label_smoothing!r}")
    if not label_smoothing:
        return target
    return target * (1.0 - label_smoothing) + label_smoothing * mean  # type: ignore[no-any-return]


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """The mean over an axis of `-t log(p) - (1 - t) log(1 - p)`.

    Args:
        y_true: targets t in [0, 1].
        y_pred: probabilities p, or their logits; of the shape of the targets.
        from_logits: whether `y_pred` are logits.
        label_smoothing: in [0, 1]: how far targets are moved towards 1/2.
        axis: the axis of the mean.

    Raises:
        ValueError: for shapes that differ, rank 0, an axis or `label_smoothing` out of range.

    >>> import gradtape as gt
    >>> print(f"{gt.losses.binary_crossentropy([0.0, 1.0], gt.constant([0.5, 0.5])).numpy():.4f}")
    0.6931
    """
    name = "binary_crossentropy"
    t, p = pair(y_true, y_pred)
    _one_shape(name, t, p)
    t = _smoothed(name, t, label_smoothing, 0.5)
    if from_logits:
        return composite.mean(sigmoid_cross_entropy_with_logits(t, p), axis)
    p = clip_by_value(p, EPSILON, 1.0 - EPSILON)
    return composite.mean(-(t * each.log(p) + (1 - t) * each.log(1 - p)), axis)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """Minus the sum over classes of `t log(p)`, for one distribution t in each line.

    Args:
        y_true: targets t, such as one-hot vectors.
        y_pred: probabilities p, divided by their sum, or their logits; of the shape of the targets.
        from_logits: whether `y_pred` are logits.
        label_smoothing: in [0, 1]: how far targets are moved towards the uniform distribution.
        axis: the axis of classes.

    Raises:
        ValueError: for shapes that differ, rank 0, an axis or `label_smoothing` out of range.

    >>> import gradtape as gt
    >>> print(f"{gt.losses.categorical_crossentropy([0.0, 1.0], gt.constant([0.5, 0.5])).numpy():.4f}")
    0.6931
    """
    name = "categorical_crossentropy"
    t, p = pair(y_true, y_pred)
    _one_shape(name, t, p)
    t = _smoothed(name, t, label_smoothing, 1 / max(t._value.shape[-1], 1))
    if from_logits:
        return softmax_cross_entropy_with_logits(t, p, axis)
    p = p / composite.sum(p, axis, keepdims=True)
    return -composite.sum(t * each.log(clip_by_value(p, EPSILON, 1.0 - EPSILON)), axis)  # type: ignore[no-any-return]


def sparse_with_mask(
    y_true: Any, y_pred: Any, from_logits: bool, ignore_class: int | None
) -> tuple[Tensor, Tensor | None]:
    """The losses of `sparse_categorical_crossentropy`, and which of them are not ignored."""
    p, labels = floats(y_pred), as_tensor(y_true)
    if labels.ndim == p.ndim and p.ndim and labels._value.shape[-1] == 1:
        labels = arranging.squeeze(labels, -1)
    labels = composite.astype(labels, int64)
    valid = None
    if ignore_class is not None:
        valid = fixed.not_equal(labels, each.like(labels, ignore_class))
        labels = composite.astype(valid, int64) * labels
        if p.ndim == labels.ndim + 1:
            p = linear.where(arranging.expand_dims(valid, -1), p, each.like(p, 0))
    if not from_logits:
        p = each.log(clip_by_value(p, EPSILON, 1.0 - EPSILON))
    losses = sparse_softmax_cross_entropy_with_logits(labels, p)
    if valid is not None:
        losses = linear.where(valid, losses, each.like(losses, 0))
    return losses, valid


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Tensor:
    """`-log(p)` of the class that the label names, in each line of the last axis.

    Args:
        y_true: labels, of the shape of `y_pred` without the last axis, or with one of size 1.
        y_pred: probabilities p, or their logits.
        from_logits: whether `y_pred` are logits.
        ignore_class: a label whose loss is zero.
        axis: the axis of classes: the last.

    Raises:
        ValueError: for shapes that do not fit, a label that is no class, or another axis.

    >>> import gradtape as gt
    >>> print(f"{gt.losses.sparse_categorical_crossentropy([1], gt.constant([[0.5, 0.5]])).numpy()[0]:.4f}")
    0.6931
    """
    last_axis(axis, floats(y_pred).ndim)
    return sparse_with_mask(y_true, y_pred, from_logits, ignore_class)[0]


def last_axis(axis: int, rank: int) -> None:
    """ValueError unless the axis of classes is the last."""
    if axis not in (-1, rank - 1):
        raise RangeError(f"sparse_categorical_crossentropy: axis must be the last one, -1, got {axis!r}")


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """The sum over the last axis of `t log(t / p)`, with both kept within [1e-7, 1] (Kullback and Leibler 1951).

    Raises:
        ValueError: for shapes that do not broadcast, and rank 0.

    >>> import gradtape as gt
    >>> print(f"{gt.losses.kl_divergence([0.0, 1.0], gt.constant([0.5, 0.5])).numpy():.4f}")
    0.6931
    """
    t, p = (clip_by_value(part, EPSILON, 1.0) for part in pair(y_true, y_pred))
    return composite.sum(t * each.log(t / p), -1)
