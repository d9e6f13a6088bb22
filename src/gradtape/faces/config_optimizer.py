"""TensorFlow's `tf.config.optimizer`: `gt.function` simplifies and compiles in any case, so this changes nothing."""

from __future__ import annotations

from typing import Any

_OPTIONS: dict[str, Any] = {}
_JIT = [""]


def get_jit() -> str:
    """What `set_jit` was given last: "autoclustering", or "" for no compilation."""
    return _JIT[0]


def set_jit(enabled: Any) -> None:
    """Changes nothing: `gt.function` compiles wherever it can."""
    _JIT[0] = "autoclustering" if enabled in (True, "autoclustering") else ""


def get_experimental_options() -> dict[str, Any]:
    """What `set_experimental_options` was given."""
    return dict(_OPTIONS)


def set_experimental_options(options: dict[str, Any]) -> None:
    """Changes nothing: they are about TensorFlow's own passes."""
    _OPTIONS.update(options)


__all__ = ["get_experimental_options", "get_jit", "set_experimental_options", "set_jit"]
