"""Where tensors live, under TensorFlow's names: one processor and its memory, `CPU:0`."""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import Any, NamedTuple

from ..core.errors import ArgumentTypeError
from ..core.further_errors import ChoiceError


class PhysicalDevice(NamedTuple):
    """A device of the machine, as `tf.config.list_physical_devices` gives it."""

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device as `tf.device` takes it, as `tf.config.list_logical_devices` gives it."""

    name: str
    device_type: str


PHYSICAL = PhysicalDevice("/physical_device:CPU:0", "CPU")
LOGICAL = LogicalDevice("/device:CPU:0", "CPU")

_ADDRESS = re.compile(
    r"(/job:\w+)?(/replica:\d+)?(/task:\d+)?/?(device:)?((?P<kind>[a-z_]+)(:(?P<number>\d+|\*))?)?",
    re.IGNORECASE,
)


class device(nullcontext[None]):
    """A context that says where its operations run: `CPU:0`, the one device there is, so nothing changes.

    Args:
        device_name: "CPU", "/CPU:0", "/device:CPU:0" and the like, a device of `tf.config.list_logical_devices()`, or
            None for wherever there is a place.

    Raises:
        ValueError: for another device. TensorFlow itself takes the processor where a device is missing.

    >>> import gradtape as gt
    >>> with gt.device("/CPU:0"):
    ...     x = gt.constant(2.0)
    >>> x.device
    'cpu'
    >>> gpus = gt.config.list_physical_devices("GPU")
    >>> with gt.device("/GPU:0" if gpus else "/CPU:0"):
    ...     y = x * x
    """

    def __init__(self, device_name: Any) -> None:
        name = device_name.name if isinstance(device_name, LogicalDevice) else device_name
        if name is not None and not isinstance(name, str):
            raise ArgumentTypeError(
                f"device: Expecting a string device name, such as '/CPU:0', got {device_name!r}"
            )
        found = _ADDRESS.fullmatch(name or "")
        kind = found and (found["kind"] or "cpu").lower()
        if found is None or kind != "cpu" or found["number"] not in (None, "0", "*"):
            raise ChoiceError(
                f"device: there is no {device_name!r} here. Operations run on the processor, '/CPU:0'; ask "
                "tf.config.list_physical_devices('GPU'), which is empty, before choosing another"
            )
        super().__init__()


def _devices_of(name: str, found: Any, device_type: Any) -> list[Any]:
    """The one device in a list, unless another type is asked for."""
    if device_type is not None and not isinstance(device_type, str):
        raise ArgumentTypeError(f"{name}: 'device_type' must be a string such as 'CPU', got {device_type!r}")
    return [found] if device_type in (None, "CPU") else []


def require_device(name: str, given: Any) -> None:
    """Refuse what is no device of this machine."""
    if given != PHYSICAL:
        raise ChoiceError(f"{name}: Unrecognized device: {given!r}. The one device is {PHYSICAL!r}")


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices of the machine, of one type if it is given: the processor, and nothing else.

    >>> import gradtape as gt
    >>> gt.config.list_physical_devices("GPU")
    []
    >>> gt.config.list_physical_devices()
    [PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]
    """
    return _devices_of("list_physical_devices", PHYSICAL, device_type)


def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """The devices that `tf.device` takes, of one type if it is given."""
    return _devices_of("list_logical_devices", LOGICAL, device_type)


def get_visible_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices that are used, of one type if it is given."""
    return _devices_of("get_visible_devices", PHYSICAL, device_type)


def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Say which devices are to be used: no device of another type, or the processor.

    Raises:
        ValueError: for a device that is not there, or where no processor is left.
    """
    chosen = list(devices) if isinstance(devices, list) else [devices]
    for one in chosen:
        require_device("set_visible_devices", one)
    if not chosen and device_type in (None, "CPU"):
        raise ChoiceError(
            "set_visible_devices: the processor is the one device there is, and cannot be hidden"
        )


__all__ = [
    "LogicalDevice",
    "PhysicalDevice",
    "device",
    "get_visible_devices",
    "list_logical_devices",
    "list_physical_devices",
    "require_device",
    "set_visible_devices",
]
