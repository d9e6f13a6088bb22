"""Losses, metrics and optimisers of TensorFlow's `tf.keras`; also `tf.losses` and `tf.optimizers`."""

from . import keras_losses as losses
from . import keras_metrics as metrics
from . import optimizers as optimizers

__all__ = ["losses", "metrics", "optimizers"]
