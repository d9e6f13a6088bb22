"""Losses of `tf.losses` (`tf.keras.losses`): means over the last axis of a distance from targets."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..core.errors import ShapeError
from ..core.further_errors import RangeError
from ..core.spec import broadcast_shapes
from ..core.tensor import Tensor
from ..ops import composite, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from .activations import floating


def _mean(name: str, y_true: Any, y_pred: Any, distance: Callable[[Tensor], Tensor]) -> Tensor:
    """The mean over the last axis of a function of prediction less target."""
    prediction = floating(name, "y_pred", y_pred)
    target = composite.astype(y_true, prediction.dtype)
    try:
        shape = broadcast_shapes(target._value.shape, prediction._value.shape)
    except ValueError:
        shape = ()
    if not shape:
        raise ShapeError(
            f"{name}: y_true and y_pred must broadcast to rank 1 or more, got the shapes {target.shape} and "
            f"{prediction.shape}"
        )
    return composite.mean(distance(prediction - target), -1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Half the square of the error where it is at most delta, else delta |error| - delta^2 / 2 (Huber 1964).

    Args:
        y_true: targets.
        y_pred: predictions; shapes broadcast.
        delta: a positive number, where the square becomes a line.

    Returns:
        the mean over the last axis.

    Raises:
        ValueError: for shapes that do not broadcast, rank 0, or a delta that is not positive.

    >>> import gradtape as gt
    >>> gt.losses.huber([0.0, 0.0], gt.constant([1.0, 3.0])).numpy()
    np.float32(1.5)
    """
    if not delta > 0:
        raise RangeError(f"huber: delta must be positive, got {delta!r}")

    def distance(error: Tensor) -> Tensor:
        size = each.absolute(error)
        near = fixed.less_equal(size, each.like(size, delta))
        return linear.where(near, 0.5 * each.square(error), delta * size - 0.5 * delta * delta)  # type: ignore[no-any-return]

    return _mean("huber", y_true, y_pred, distance)


def logcosh(y_true: Any, y_pred: Any) -> Tensor:
    """The mean over the last axis of log(cosh(error)), without overflow.

    Raises:
        ValueError: for shapes that do not broadcast, and rank 0.
    """
    return _mean("logcosh", y_true, y_pred, lambda e: e + each.softplus(-2 * e) - math.log(2))


def mse(y_true: Any, y_pred: Any) -> Tensor:
    """The mean over the last axis of the squared error.

    Raises:
        ValueError: for shapes that do not broadcast, and rank 0.
    """
    return _mean("mse", y_true, y_pred, each.square)


def mae(y_true: Any, y_pred: Any) -> Tensor:
    """The mean over the last axis of the absolute error.

    Raises:
        ValueError: for shapes that do not broadcast, and rank 0.
    """
    return _mean("mae", y_true, y_pred, each.absolute)
