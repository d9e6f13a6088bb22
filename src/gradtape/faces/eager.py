"""Names of TensorFlow's graph mode, with their meaning in a library that evaluates at once."""

from __future__ import annotations

from typing import Any

from ..core import nest
from ..core.tensor import as_tensor


def executing_eagerly() -> bool:
    """Always True: operations are evaluated at once."""
    return True


def gradients(ys: Any, xs: Any, *arguments: Any, **options: Any) -> Any:
    """Graph mode's way to ask for derivatives; always an error here, as in eager TensorFlow.

    Raises:
        RuntimeError: always; use `GradientTape.gradient`.
    """
    raise RuntimeError(
        "tf.gradients is not supported when eager execution is enabled. Use tf.GradientTape instead."
    )


def hessians(ys: Any, xs: Any, *arguments: Any, **options: Any) -> Any:
    """Graph mode's way to ask for Hessians; always an error here, as in eager TensorFlow.

    Raises:
        RuntimeError: always; take `GradientTape.jacobian` of a gradient.
    """
    raise RuntimeError(
        "tf.hessians is not supported when eager execution is enabled. Use nested tf.GradientTape."
    )


def print_values(
    *inputs: Any, output_stream: Any = None, summarize: int = 3, sep: str = " ", end: str = "\n"
) -> None:
    """Print values as `tf.print` does: tensors without their dtype and shape."""

    def text(leaf: Any) -> Any:
        return str(as_tensor(leaf)._value) if hasattr(type(leaf), "_as_tensor") else leaf

    shown = [nest.map_structure(text, given) if nest.is_nested(given) else text(given) for given in inputs]
    print(*shown, sep=sep, end=end, file=output_stream)
