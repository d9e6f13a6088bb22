"""TensorFlow's `tf.random.experimental`: older places of the same names, and the stateless shuffle."""

from .generator import (
    Algorithm,
    Generator,
    create_rng_state,
    get_global_generator,
    set_global_generator,
)
from .seeds import fold_in as stateless_fold_in
from .seeds import split as stateless_split
from .seeds import stateless_shuffle

__all__ = [
    "Algorithm",
    "Generator",
    "create_rng_state",
    "get_global_generator",
    "set_global_generator",
    "stateless_fold_in",
    "stateless_shuffle",
    "stateless_split",
]
