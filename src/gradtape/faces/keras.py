"""TensorFlow's `tf.keras`, of which losses and optimisers are here: `tf.losses` and `tf.optimizers` by another name."""

from . import keras_losses as losses
from . import optimizers as optimizers

__all__ = ["losses", "optimizers"]
