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

MSE, MAE, KLD, kld = mse, mae, kl_divergence, kl_divergence

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Huber",
    "KLD",
    "KLDivergence",
    "Loss",
    "MAE",
    "MSE",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "huber",
    "kl_divergence",
    "kld",
    "logcosh",
    "mae",
    "mse",
    "sparse_categorical_crossentropy",
]
