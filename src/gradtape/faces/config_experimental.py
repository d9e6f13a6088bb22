"""TensorFlow's `tf.config.experimental`, as far as it means something on one processor."""

from __future__ import annotations

from typing import Any

from ..core.further_errors import ChoiceError
from .devices import (
    get_visible_devices,
    list_logical_devices,
    list_physical_devices,
    require_device,
    set_visible_devices,
)


def enable_op_determinism() -> None:
    """Ask that a program gives the same results in each run; it does so anyway, given the seeds of its draws.

    Results depend on how many threads share the work by rounding alone (`set_threads`).
    """


def set_memory_growth(device: Any, enable: bool) -> None:
    """Say how a graphics processor takes memory; there is none.

    Raises:
        ValueError: always, as there is no device for which it could be set.
    """
    require_device("set_memory_growth", device)
    raise ChoiceError(f"set_memory_growth: Cannot set memory growth on non-GPU devices, such as {device!r}")


def get_device_details(device: Any) -> dict[str, Any]:
    """What is known of a device: of a processor nothing, as in TensorFlow."""
    require_device("get_device_details", device)
    return {}


__all__ = [
    "enable_op_determinism",
    "get_device_details",
    "get_visible_devices",
    "list_logical_devices",
    "list_physical_devices",
    "set_memory_growth",
    "set_visible_devices",
]
