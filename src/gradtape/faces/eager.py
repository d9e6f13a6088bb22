"""Names of TensorFlow's graph mode, with their meaning in a library that evaluates at once."""

from __future__ import annotations

from typing import Any

from ..core import nest
from ..core.listen import listeners
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
    """Print values as `tf.print` does: tensors without their dtype and shape. A replayed function prints again."""
    leaves = [nest.flatten(given) if nest.is_nested(given) else [given] for given in inputs]
    tensors = [as_tensor(leaf) for part in leaves for leaf in part if hasattr(type(leaf), "_as_tensor")]

    def show(*values: Any) -> None:
        texts = map(str, values)

        def text(leaf: Any) -> Any:
            return next(texts) if hasattr(type(leaf), "_as_tensor") else leaf

        shown = [
            nest.map_structure(text, given) if nest.is_nested(given) else text(given) for given in inputs
        ]
        print(*shown, sep=sep, end=end, file=output_stream)

    show(*(tensor._value for tensor in tensors))
    for listener in listeners():
        listener.hear_show(show, tensors)
