"""TensorFlow's `tf.test`, as far as derivatives are concerned."""

from ..testing import compute_gradient

__all__ = ["compute_gradient"]
