"""TensorFlow's `tf.nn`: activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.tensor import Tensor, as_tensor
from ..ops import composite
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.linear import where
from .math import log_sigmoid, sigmoid, softplus, softsign, tanh, unary

relu = unary(each.relu, "relu", "max(x, 0); its derivative at 0 is 0.")
relu6 = unary(lambda x: each.minimum(each.relu(x), 6.0), "relu6", "min(max(x, 0), 6).")
selu = unary(
    lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772),
    "selu",
    "The scaled exponential linear unit (Klambauer et al. 2017, whose two constants it takes).",
)


def elu(features: Any, alpha: float = 1.0, name: str | None = None) -> Tensor:
    """x for x > 0, else alpha (exp(x) - 1)."""
    x = as_tensor(features)
    positive = fixed.greater(x, each.like(x, 0))
    return where(positive, x, alpha * each.expm1(x))  # type: ignore[no-any-return]


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Tensor:
    """x for x > 0, else alpha x."""
    x = as_tensor(features)
    return where(fixed.greater(x, each.like(x, 0)), x, alpha * x)  # type: ignore[no-any-return]


def silu(features: Any, beta: float = 1.0) -> Tensor:
    """x sigmoid(beta x)."""
    x = as_tensor(features)
    return x * each.sigmoid(beta * x)


swish = silu


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Tensor:
    """x Phi(x) by its tanh form (Hendrycks and Gimpel 2016, equation 2); the exact form needs erf.

    Raises:
        ValueError: unless `approximate` is True.
    """
    if not approximate:
        raise ValueError("gelu: only approximate=True is covered so far")
    x = as_tensor(features)
    return 0.5 * x * (1 + each.tanh(float(np.sqrt(2 / np.pi)) * (x + 0.044715 * x * x * x)))


def softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Exponentials divided by their sum along an axis (the last by default)."""
    return composite.softmax(logits, -1 if axis is None else axis)


def log_softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """The logarithm of softmax, without overflow."""
    return composite.log_softmax(logits, -1 if axis is None else axis)


__all__ = [
    "elu",
    "gelu",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]
