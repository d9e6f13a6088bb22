"""Activations of `tf.nn`. Derivatives at kinks are TensorFlow's; second derivatives exist on both sides of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import DtypeError, ShapeError
from ..core.tensor import Tensor, as_tensor
from ..ops import composite, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.composing import axes_of
from ..ops.linear import where
from ..ops.special import erfc
from .spelling import unary

# Klambauer et al., "Self-Normalizing Neural Networks" (2017): the fixed point of mean 0 and variance 1.
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def floating(name: str, argument: str, given: Any, kinds: str = "f") -> Tensor:
    """An argument as a floating tensor.

    Raises:
        TypeError: for another dtype.
    """
    x = as_tensor(given)
    if x._value.dtype.kind not in kinds:
        raise DtypeError(f"{name}: {argument} must be floating, not {x.dtype.name} of shape {x.shape}")
    return x


relu = unary(each.relu, "relu", "max(x, 0); its derivative at 0 is 0.", "features")


def relu6(features: Any, name: str | None = None) -> Tensor:
    """min(max(x, 0), 6), entry by entry; its derivative is 0 at 0 and at 6 (Krizhevsky 2010)."""
    x = as_tensor(features)
    six = each.like(x, 6)
    return where(fixed.less(x, six), each.relu(x), six)  # type: ignore[no-any-return]


def crelu(features: Any, axis: int = -1, name: str | None = None) -> Tensor:
    """relu(x) and relu(-x) side by side along an axis, which doubles (Shang et al. 2016).

    Raises:
        ValueError: for an axis out of range.

    >>> import gradtape as gt
    >>> gt.nn.crelu(gt.constant([1.0, -2.0])).numpy().tolist()
    [1.0, 0.0, 0.0, 2.0]
    """
    x = floating("crelu", "features", features)
    (place,) = axes_of((axis,), x.ndim, "crelu")
    return each.relu(linear.concatenate(x, -x, axis=place))  # type: ignore[no-any-return]


def elu(features: Any, name: str | None = None, *, alpha: float = 1.0) -> Tensor:
    """x for x >= 0, else alpha (exp(x) - 1) (Clevert et al. 2015); its derivative at 0 is 1.

    Raises:
        TypeError: for a dtype that is not real and floating.
    """
    x = floating("elu", "features", features)
    return where(fixed.less(x, each.like(x, 0)), alpha * each.expm1(x), x)  # type: ignore[no-any-return]


def selu(features: Any, name: str | None = None) -> Tensor:
    """The scaled exponential linear unit, `scale * elu(x, alpha)` with the two constants of Klambauer et al. (2017)."""
    return SELU_SCALE * elu(floating("selu", "features", features), alpha=SELU_ALPHA)  # type: ignore[no-any-return]


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Tensor:
    """x for x > 0, else alpha x; its derivative at 0 is alpha."""
    x = floating("leaky_relu", "features", features)
    return where(fixed.greater(x, each.like(x, 0)), x, alpha * x)  # type: ignore[no-any-return]


def silu(features: Any, beta: float = 1.0) -> Tensor:
    """x sigmoid(beta x) (Elfwing et al. 2017; Ramachandran et al. 2017 call it swish); differentiable in beta too."""
    x = floating("silu", "features", features)
    return x * each.sigmoid(beta * x)  # type: ignore[no-any-return]


swish = silu


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Tensor:
    """x Phi(x), with the normal distribution's function Phi (Hendrycks and Gimpel 2016).

    Args:
        features: real floating tensor.
        approximate: take the tanh form of the paper's equation 2 in place of Phi.

    Raises:
        TypeError: for another dtype.

    >>> import gradtape as gt
    >>> print(f"{gt.nn.gelu(gt.constant(1.0)).numpy():.4f}")
    0.8413
    """
    x = floating("gelu", "features", features)
    if not approximate:
        return 0.5 * x * erfc(x * -float(np.sqrt(0.5)))  # type: ignore[no-any-return]
    return 0.5 * x * (1 + each.tanh(float(np.sqrt(2 / np.pi)) * (x + 0.044715 * x * x * x)))  # type: ignore[no-any-return]


def _line(name: str, logits: Any, axis: int | None) -> tuple[Tensor, int]:
    x = floating(name, "logits", logits)
    if not x.ndim:
        raise ShapeError(f"{name}: logits must have rank 1 or more, not the shape ()")
    return x, axes_of((-1 if axis is None else axis,), x.ndim, name)[0]


def softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Exponentials divided by their sum along an axis (the last by default), without overflow.

    Raises:
        ValueError: for rank 0 and for an axis out of range.
    """
    return composite.softmax(*_line("softmax", logits, axis))


def log_softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """The logarithm of softmax, without overflow.

    Raises:
        ValueError: for rank 0 and for an axis out of range.
    """
    return composite.log_softmax(*_line("log_softmax", logits, axis))
