"""Where gradtape differs from TensorFlow 2.21 by decision, each with its reason. Whatever is not here is equal."""

DIFFERENT_VALUES = {}

DIFFERENT_DERIVATIVES = {}

DIFFERENT_ARGUMENTS = {}
