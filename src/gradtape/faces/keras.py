"""Initializers, losses, metrics and optimisers of TensorFlow's `tf.keras`; also `tf.losses` and the like."""

from . import initializers as initializers
from . import keras_losses as losses
from . import keras_metrics as metrics
from . import optimizers as optimizers

__all__ = ["initializers", "losses", "metrics", "optimizers"]
