"""Names of TensorFlow's graph mode, with their meaning in a library that evaluates at once."""

from __future__ import annotations

from typing import Any

from ..core.further_errors import UncoveredError


def executing_eagerly() -> bool:
    """Always True: operations are evaluated at once."""
    return True


def gradients(ys: Any, xs: Any, *arguments: Any, **options: Any) -> Any:
    """Graph mode's way to ask for derivatives; always an error here, as in eager TensorFlow.

    Raises:
        RuntimeError: always; use `GradientTape.gradient`.
    """
    raise UncoveredError(
        "tf.gradients is not supported when eager execution is enabled. Use tf.GradientTape instead."
    )


def hessians(ys: Any, xs: Any, *arguments: Any, **options: Any) -> Any:
    """Graph mode's way to ask for Hessians; always an error here, as in eager TensorFlow.

    Raises:
        RuntimeError: always; take `GradientTape.jacobian` of a gradient.
    """
    raise UncoveredError(
        "tf.hessians is not supported when eager execution is enabled. Use nested tf.GradientTape."
    )
