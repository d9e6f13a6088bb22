"""`tf.keras.activations`: functions of `tf.nn` with Keras's arguments, and `get`, which knows their names."""

from __future__ import annotations

from typing import Any

from ..core.further_errors import ChoiceError
from ..core.tensor import Tensor, as_tensor
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops import linear as lines
from . import activations as nn
from .elementary import exp as exponential
from .elementary import sigmoid, tanh
from .nn import softplus, softsign


def linear(x: Any) -> Tensor:
    """x itself."""
    return as_tensor(x)


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Tensor:
    """max(x, 0), or a line with two kinks.

    Args:
        x: real floating tensor.
        negative_slope: of the line through the threshold, below it.
        max_value: where the line ends; None for no end.
        threshold: below which x counts as far below as `negative_slope` says.

    >>> import gradtape as gt
    >>> gt.keras.activations.relu(gt.constant([-2.0, 0.5, 9.0]), 0.5, max_value=6.0).numpy().tolist()
    [-1.0, 0.5, 6.0]
    """
    y = nn.floating("relu", "x", x)
    if negative_slope or threshold:
        above = fixed.greater_equal(y, each.like(y, threshold))
        found = lines.where(above, y, negative_slope * (y - threshold))
    else:
        found = each.relu(y)
    return found if max_value is None else each.minimum(found, each.like(y, max_value))  # type: ignore[no-any-return]


def relu6(x: Any) -> Tensor:
    """x between 0 and 6, which are its bounds."""
    return nn.relu6(x)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """x where it is positive, else `negative_slope` x."""
    return nn.leaky_relu(x, negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where it is positive, else `alpha (exp(x) - 1)`."""
    return nn.elu(x, alpha=alpha)


def selu(x: Any) -> Tensor:
    """`tf.nn.selu`."""
    return nn.selu(x)


def silu(x: Any) -> Tensor:
    """x sigmoid(x)."""
    return nn.silu(x)


swish = silu


def gelu(x: Any, approximate: bool = False) -> Tensor:
    """`tf.nn.gelu`."""
    return nn.gelu(x, approximate)


def mish(x: Any) -> Tensor:
    """x tanh(softplus(x)) (Misra 2019)."""
    y = nn.floating("mish", "x", x)
    return y * each.tanh(each.softplus(y))  # type: ignore[no-any-return]


def hard_sigmoid(x: Any) -> Tensor:
    """A line from 0 at -3 to 1 at 3, and these beyond."""
    return nn.relu6(nn.floating("hard_sigmoid", "x", x) + 3.0) / 6.0  # type: ignore[no-any-return]


def softmax(x: Any, axis: int = -1) -> Tensor:
    """`tf.nn.softmax`."""
    return nn.softmax(x, axis)


def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """`tf.nn.log_softmax`."""
    return nn.log_softmax(x, axis)


def get(identifier: Any) -> Any:
    """The function of a name such as "relu"; what can be called stays, and None means `linear`.

    Raises:
        ValueError: for another name.

    >>> import gradtape as gt
    >>> gt.keras.activations.get("tanh")(gt.constant(0.0)).numpy()
    np.float32(0.0)
    """
    if identifier is None:
        return linear
    if callable(identifier):
        return identifier
    if isinstance(identifier, str) and identifier in __all__ and identifier != "get":
        return globals()[identifier]
    names = ", ".join(name for name in __all__ if name != "get")
    raise ChoiceError(
        f"Could not interpret activation function identifier: {identifier!r}; there are {names}"
    )


__all__ = [
    "elu",
    "exponential",
    "gelu",
    "get",
    "hard_sigmoid",
    "leaky_relu",
    "linear",
    "log_softmax",
    "mish",
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
