"""A recorded function for arguments of one kind, as a function of the tensors among them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .core.errors import ArgumentTypeError
from .core.holder import Holder
from .kinds import TensorSpec


class Bound(functools.partial[Any]):
    """A recorded function with the object that it is a method of; what else the function offers stands here too."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.func, name)

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> Any:
        """That of the function, for this object; see `Function.get_concrete_function`."""
        return concrete_function(self.func, (*self.args, *args), kwargs)


def concrete_function(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Callable[..., Any]:
    """A function of the tensors among these arguments, recorded by itself; see `Function.get_concrete_function`."""
    name = function._name
    if function.input_signature is not None and len(args) == function._own and not kwargs:
        return Bound(function, *args) if args else function
    try:
        bound = inspect.signature(function.python_function).bind(*args, **kwargs)
    except TypeError as error:
        raise ArgumentTypeError(f"{name}.get_concrete_function: {error}") from None
    given = bound.arguments
    specs = {key: _spec(value) for key, value in given.items()}
    wanted = [key for key, spec in specs.items() if spec is not None]

    @functools.wraps(function.python_function)
    def of_tensors(*tensors: Any) -> Any:
        call = inspect.BoundArguments(bound.signature, {**given, **dict(zip(wanted, tensors, strict=True))})
        return function.python_function(*call.args, **call.kwargs)

    signed = type(function)(of_tensors, [specs[key] for key in wanted], function._backend)
    signed._own = 0

    def concrete(*tensors: Any, **named: Any) -> Any:
        rest = wanted[len(tensors) :]
        if len(tensors) > len(wanted) or set(named) != set(rest):
            raise ArgumentTypeError(
                f"{name}: the tensors {wanted} are needed; {len(tensors)} and {list(named)} are given"
            )
        return signed(*tensors, *(named[key] for key in rest))

    return functools.update_wrapper(concrete, function.python_function)


def _spec(value: Any) -> TensorSpec | None:
    """The spec of an argument that is a tensor, or stands for one."""
    if isinstance(value, TensorSpec):
        return value
    return TensorSpec.from_tensor(value) if isinstance(value, (Holder, np.ndarray)) else None


__all__ = ["Bound", "concrete_function"]
