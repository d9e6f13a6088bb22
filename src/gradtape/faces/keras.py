"""Activations, initializers, losses, metrics and optimisers of `tf.keras`; also `tf.losses` and the like."""

from . import initializers as initializers
from . import keras_activations as activations
from . import keras_losses as losses
from . import keras_metrics as metrics
from . import optimizers as optimizers

__all__ = ["activations", "initializers", "losses", "metrics", "optimizers"]
