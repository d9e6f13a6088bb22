"""Metrics of `tf.keras.metrics`: sums over the batches seen so far, kept in variables, so that functions update them.

Meanings and defaults are those of Keras 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.further_errors import UnfinishedError
from ..core.spec import as_dtype, default_float, int64
from ..core.tensor import Tensor, as_tensor
from ..core.variable import Variable
from ..ops import arranging, composite, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from .crossentropies import pair
from .distances import mae, mse
from .loss_classes import aligned
from .module import Module


def _samples(
    values: Any, weight: Any, dtype: Any, reduce: Callable[..., Tensor]
) -> tuple[Tensor, Tensor | None]:
    """One weighted value for each sample, and the weight of each: the further axes are reduced."""
    values = composite.astype(values, dtype)
    if weight is not None:
        values, weight = aligned(values, composite.astype(weight, dtype))
        rank = weight.ndim
        if values.ndim > rank:
            values = reduce(values, tuple(range(rank, values.ndim)))
        weight = linear.broadcast_to(weight, shape=values._value.shape)
        values = values * weight
        if rank > 1:
            weight = reduce(weight, tuple(range(1, rank)))
    if values.ndim > 1:
        values = reduce(values, tuple(range(1, values.ndim)))
    return values, weight


class Sum(Module):
    """The weighted sum of all values.

    Args:
        name: of the metric.
        dtype: of the sum. Default: the default floating dtype.

    >>> import gradtape as gt
    >>> total = gt.keras.metrics.Sum()
    >>> total.update_state([1.0, 3.0], sample_weight=[1.0, 0.5])
    >>> total.update_state(4.0)
    >>> total.result().numpy()
    np.float32(6.5)
    """

    def __init__(self, name: str = "sum", dtype: Any = None):
        super().__init__(name)
        self.dtype = default_float() if dtype is None else as_dtype(dtype)
        self.total = Variable(0, trainable=False, name="total", dtype=self.dtype)

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add the values of a batch, times their weights.

        Raises:
            ValueError: for weights that do not broadcast to the values.
        """
        self.total.assign_add(composite.sum(_samples(values, sample_weight, self.dtype, composite.sum)[0]))

    def result(self) -> Tensor:
        """The metric of what was seen since the last reset, a tensor of rank 0."""
        return as_tensor(self.total)

    def reset_state(self) -> None:
        """Forget all values."""
        for variable in self.variables:
            variable.assign(0)

    def __call__(self, *batch: Any, **options: Any) -> Tensor:
        """`update_state`, then `result`."""
        self.update_state(*batch, **options)
        return self.result()


class Mean(Sum):
    """The weighted mean of all values; zero before the first.

    >>> import gradtape as gt
    >>> mean = gt.keras.metrics.Mean()
    >>> for loss in 1.0, 2.0, 6.0:
    ...     mean.update_state(loss)
    >>> mean.result().numpy()
    np.float32(3.0)
    """

    def __init__(self, name: str = "mean", dtype: Any = None):
        super().__init__(name, dtype)
        self.count = Variable(0, trainable=False, name="count", dtype=self.dtype)

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add the values of a batch with their weights; a sample's further axes are averaged first.

        Raises:
            ValueError: for weights that do not broadcast to the values.
        """
        values, weight = _samples(values, sample_weight, self.dtype, composite.mean)
        total = composite.sum(values)
        count = (
            composite.sum(weight) if weight is not None else each.like(total, (*values._value.shape, 1)[0])
        )
        self.total.assign_add(total)
        self.count.assign_add(count)

    def result(self) -> Tensor:
        """The mean of what was seen since the last reset, a tensor of rank 0."""
        return each.divide_no_nan(self.total, self.count)  # type: ignore[no-any-return]


class _Compared(Mean):
    """The mean of a function of targets and predictions."""

    def _compare(self, y_true: Any, y_pred: Any) -> Tensor:
        raise UnfinishedError(f"{type(self).__name__} has no _compare")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Add the samples of a batch.

        Args:
            y_true: targets.
            y_pred: predictions.
            sample_weight: factors of the samples.

        Raises:
            ValueError: for shapes that do not fit.
        """
        super().update_state(self._compare(y_true, y_pred), sample_weight)


class MeanSquaredError(_Compared):
    """The mean of the squared error.

    >>> import gradtape as gt
    >>> gt.keras.metrics.MeanSquaredError()([[0.0], [1.0]], [[2.0], [1.0]]).numpy()
    np.float32(2.0)
    """

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None):
        super().__init__(name, dtype)

    def _compare(self, y_true: Any, y_pred: Any) -> Tensor:
        return mse(*aligned(*pair(y_true, y_pred)))


class MeanAbsoluteError(_Compared):
    """The mean of the absolute error."""

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None):
        super().__init__(name, dtype)

    def _compare(self, y_true: Any, y_pred: Any) -> Tensor:
        return mae(*aligned(*pair(y_true, y_pred)))


class BinaryAccuracy(_Compared):
    """How often `y_pred > threshold` is the target, which is 0 or 1.

    >>> import gradtape as gt
    >>> gt.keras.metrics.BinaryAccuracy()([1, 0, 1, 1], [0.9, 0.2, 0.4, 0.6]).numpy()
    np.float32(0.75)
    """

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5):
        super().__init__(name, dtype)
        self.threshold = threshold

    def _compare(self, y_true: Any, y_pred: Any) -> Tensor:
        target, prediction = aligned(as_tensor(y_true), as_tensor(y_pred))
        positive = fixed.greater(prediction, each.like(prediction, self.threshold))
        return fixed.equal(target, composite.astype(positive, target.dtype))  # type: ignore[no-any-return]


class CategoricalAccuracy(_Compared):
    """How often the largest prediction is at the place of the largest target of the last axis."""

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None):
        super().__init__(name, dtype)

    def _compare(self, y_true: Any, y_pred: Any) -> Tensor:
        target, prediction = (composite.argmax(given, -1, dtype=int64) for given in (y_true, y_pred))
        return fixed.equal(target, prediction)  # type: ignore[no-any-return]


class SparseCategoricalAccuracy(_Compared):
    """How often the largest prediction of the last axis is at the place that the label names.

    >>> import gradtape as gt
    >>> gt.keras.metrics.SparseCategoricalAccuracy()([1, 0], [[0.1, 0.9], [0.3, 0.7]]).numpy()
    np.float32(0.5)
    """

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None):
        super().__init__(name, dtype)

    def _compare(self, y_true: Any, y_pred: Any) -> Tensor:
        labels, scores = as_tensor(y_true), as_tensor(y_pred)
        column = bool(labels.ndim) and labels.ndim == scores.ndim and labels._value.shape[-1] == 1
        if column:
            labels = arranging.squeeze(labels, -1)
        places = composite.astype(composite.argmax(scores, -1, dtype=int64), labels.dtype)
        matches = fixed.equal(labels, places)
        single = not column and matches.ndim > 1 and matches._value.shape[-1] == 1  # sequences of one step
        return arranging.squeeze(matches, -1) if single else matches


__all__ = [
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "Mean",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalAccuracy",
    "Sum",
]
