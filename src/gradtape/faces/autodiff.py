"""TensorFlow's `tf.autodiff`: the tape and the forward accumulator."""

from ..accumulator import ForwardAccumulator
from ..tape import GradientTape

__all__ = ["ForwardAccumulator", "GradientTape"]
