"""TensorFlow's `tf.keras.losses`, also `tf.losses`: functions of samples, and classes that weigh and reduce them."""

from .crossentropies import (
    binary_crossentropy,
    categorical_crossentropy,
    kl_divergence,
    sparse_categorical_crossentropy,
)
from .distances import huber, logcosh, mae, mse
from .loss_classes import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Huber,
    KLDivergence,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Huber",
    "KLDivergence",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "huber",
    "kl_divergence",
    "logcosh",
    "mae",
    "mse",
    "sparse_categorical_crossentropy",
]
