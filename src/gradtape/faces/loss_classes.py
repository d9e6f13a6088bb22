"""The classes of `tf.losses` (`tf.keras.losses`): a loss of samples, weighted and brought to one number.

Meanings and defaults are those of Keras 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..core.further_errors import ChoiceError, UnfinishedError
from ..core.spec import as_dtype, default_float
from ..core.tensor import Tensor, as_tensor
from ..ops import arranging, composite
from ..ops import elementwise as each
from . import crossentropies
from .distances import huber, mae, mse
from .module import snake

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


def aligned(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Both with equal rank, where one has one axis more, and that is the last and of size 1.

    The axis is added to the other if that has rank 1, and else taken away.
    """
    if abs(x.ndim - y.ndim) != 1:
        return x, y
    if x.ndim < y.ndim:
        y, x = aligned(y, x)
        return x, y
    if x._value.shape[-1] != 1:
        return x, y
    return (x, arranging.expand_dims(y, -1)) if y.ndim == 1 else (arranging.squeeze(x, -1), y)


class Loss:
    """Base of losses: `call(y_true, y_pred)` of a subclass gives the loss of each sample.

    Args:
        name: default: the name of the class in lower case with underscores.
        reduction: "sum_over_batch_size" or "mean": the sum over the number of losses; "sum"; "mean_with_sample_weight":
            the sum over that of the weights; "none" or None: the losses as they are.
        dtype: of the computation, to which targets and predictions are cast. Default: the default floating dtype.

    Raises:
        ValueError: for another reduction.

    >>> import gradtape as gt
    >>> class Cubic(gt.losses.Loss):
    ...     def call(self, y_true, y_pred):
    ...         return gt.reduce_mean(abs(y_pred - y_true) ** 3, axis=-1)
    >>> Cubic(reduction="sum")([[0.0], [1.0]], [[2.0], [2.0]]).numpy()
    np.float32(9.0)
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ):
        kind = type(self).__name__
        self.name = name or snake(kind)
        if reduction not in REDUCTIONS:
            raise ChoiceError(
                f"{kind}: reduction must be one of {', '.join(map(repr, REDUCTIONS))}, not {reduction!r}"
            )
        self.reduction = reduction
        self.dtype = default_float() if dtype is None else as_dtype(dtype)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The loss of predictions.

        Args:
            y_true: targets.
            y_pred: predictions.
            sample_weight: factors of the losses, which broadcast beside them.

        Returns:
            tensor of rank 0, or of the shape of the weighted losses without reduction.

        Raises:
            ValueError: for shapes that do not fit.
        """
        losses, valid = self._masked(
            composite.astype(y_true, self.dtype), composite.astype(y_pred, self.dtype)
        )
        weight = None if sample_weight is None else composite.astype(sample_weight, self.dtype)
        if valid is not None:
            mask = composite.astype(valid, self.dtype)
            if self.reduction in ("mean", "sum_over_batch_size"):  # the mean of those that are not ignored
                mask = mask * each.divide_no_nan(each.like(mask, mask._value.size), composite.sum(mask))
            if weight is None:
                weight = mask
            else:
                mask, weight = aligned(mask, weight)
                weight = weight * mask
        if weight is not None:
            losses, weight = aligned(losses, weight)
            losses = losses * weight
        if self.reduction in ("none", None) or losses._value.shape in ((), (0,)):
            return losses
        total = composite.sum(losses)
        if self.reduction == "sum":
            return total
        if self.reduction == "mean_with_sample_weight" and weight is not None:
            return each.divide_no_nan(total, composite.sum(weight))  # type: ignore[no-any-return]
        return each.divide_no_nan(total, each.like(total, losses._value.size))  # type: ignore[no-any-return]

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample; targets and predictions are tensors of the dtype of the loss."""
        raise UnfinishedError(f"{type(self).__name__} has no call")

    def _masked(self, y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor | None]:
        """The losses, and which of them are not ignored, or None for all."""
        return as_tensor(self.call(y_true, y_pred)), None


class _Function(Loss):
    """A loss that is a function of targets and predictions of one rank."""

    function: Any
    options: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = None, dtype: Any = None
    ):
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """The loss of each sample."""
        return type(self).function(*aligned(y_true, y_pred), **self.options)  # type: ignore[no-any-return]


class MeanSquaredError(_Function):
    """The mean over the last axis of the squared error. The arguments are those of `Loss`.

    >>> import gradtape as gt
    >>> loss = gt.losses.MeanSquaredError()
    >>> loss([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]], sample_weight=[0.5, 1.5]).numpy()
    np.float32(0.5)
    """

    function = staticmethod(mse)


class MeanAbsoluteError(_Function):
    """The mean over the last axis of the absolute error. The arguments are those of `Loss`."""

    function = staticmethod(mae)


class KLDivergence(_Function):
    """The divergence `kl_divergence` of predictions from targets. The arguments are those of `Loss`."""

    function = staticmethod(crossentropies.kl_divergence)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "kl_divergence",
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype)


class Huber(_Function):
    """`huber` as a class, with its positive number `delta`; the other arguments are those of `Loss`."""

    function = staticmethod(huber)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype)
        self.options = {"delta": delta}


class BinaryCrossentropy(_Function):
    """`binary_crossentropy` as a class; the other arguments are those of `Loss`.

    >>> import gradtape as gt
    >>> loss = gt.losses.BinaryCrossentropy(from_logits=True)
    >>> print(f"{loss([[0.0], [1.0]], [[0.0], [0.0]]).numpy():.4f}")
    0.6931
    """

    function = staticmethod(crossentropies.binary_crossentropy)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype)
        self.options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}


class CategoricalCrossentropy(BinaryCrossentropy):
    """`categorical_crossentropy` as a class; the other arguments are those of `Loss`.

    >>> import gradtape as gt
    >>> loss = gt.losses.CategoricalCrossentropy(label_smoothing=0.1)
    >>> print(f"{loss([[0.0, 1.0]], [[0.5, 0.5]]).numpy():.4f}")
    0.6931
    """

    function = staticmethod(crossentropies.categorical_crossentropy)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)


class SparseCategoricalCrossentropy(Loss):
    """`sparse_categorical_crossentropy` as a class; means are of the samples that are not ignored.

    >>> import gradtape as gt
    >>> loss = gt.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    >>> print(f"{loss([1, -1], [[0.0, 0.0], [1.0, 2.0]]).numpy():.4f}")
    0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(name, reduction, dtype)
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """The loss of each sample."""
        return self._masked(y_true, y_pred)[0]

    def _masked(self, y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor | None]:
        crossentropies.last_axis(self.axis, y_pred.ndim)
        y_true, y_pred = aligned(y_true, y_pred)
        return crossentropies.sparse_with_mask(y_true, y_pred, self.from_logits, self.ignore_class)
