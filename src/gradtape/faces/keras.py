"""TensorFlow's `tf.keras`, of which the optimisers are here: `tf.keras.optimizers` is `tf.optimizers`."""

from . import optimizers as optimizers

__all__ = ["optimizers"]
