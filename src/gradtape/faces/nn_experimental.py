"""TensorFlow's `tf.nn.experimental`: dropout with a seed or a sampler of one's own."""

from .normalization import general_dropout, stateless_dropout

__all__ = ["general_dropout", "stateless_dropout"]
