"""TensorFlow's `tf.config` on a machine of one processor: what devices there are, and how functions run."""

from __future__ import annotations

from typing import Any

from ..functions import Function
from . import config_experimental as experimental
from . import config_optimizer as optimizer
from . import config_threading as threading
from .devices import (
    LogicalDevice,
    PhysicalDevice,
    get_visible_devices,
    list_logical_devices,
    list_physical_devices,
    set_visible_devices,
)

_SOFT = [True]


_RECORDED = Function.__call__


def _as_python(self: Function, *args: Any, **kwargs: Any) -> Any:
    return self.python_function(*args, **kwargs)


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Run what `gt.function` has decorated as plain Python, so that a debugger and `print` see every operation.

    >>> import gradtape as gt
    >>> @gt.function
    ... def noisy(x):
    ...     print("Python runs")
    ...     return x + 1.0
    >>> gt.config.run_functions_eagerly(True)
    >>> for _ in range(2):
    ...     _ = noisy(gt.constant(1.0))
    Python runs
    Python runs
    >>> gt.config.run_functions_eagerly(False)
    """
    Function.__call__ = _as_python if run_eagerly else _RECORDED  # type: ignore[method-assign]  # calls pay nothing


def functions_run_eagerly() -> bool:
    """Whether `run_functions_eagerly` was given True last."""
    return Function.__call__ is _as_python


def get_soft_device_placement() -> bool:
    """What `set_soft_device_placement` was given last, True before."""
    return _SOFT[0]


def set_soft_device_placement(enabled: bool) -> None:
    """Changes nothing: there is one device to choose from."""
    _SOFT[0] = bool(enabled)


__all__ = [
    "LogicalDevice",
    "PhysicalDevice",
    "experimental",
    "functions_run_eagerly",
    "get_soft_device_placement",
    "get_visible_devices",
    "list_logical_devices",
    "list_physical_devices",
    "optimizer",
    "run_functions_eagerly",
    "set_soft_device_placement",
    "set_visible_devices",
    "threading",
]
