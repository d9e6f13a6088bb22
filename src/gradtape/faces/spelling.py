"""TensorFlow's spelling of a row: a function of one or two tensors with a name, a docstring and `name=`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.primitive import Primitive
from ..core.tensor import Tensor, apply

Row = Primitive | Callable[..., Any]


def unary(row: Row, name: str, says: str) -> Callable[..., Tensor]:
    """A function of one tensor under TensorFlow's name and arguments."""
    run = row

    def function(x: Any, name: str | None = None) -> Tensor:
        return run(x)  # type: ignore[no-any-return]

    def direct(x: Any, name: str | None = None) -> Tensor:
        return apply(row, (x,)) if type(x) is Tensor else run(x)  # type: ignore[arg-type, no-any-return]

    return named(
        direct if isinstance(row, Primitive) else function,
        name,
        f"{says}\n\nArgs:\n    x: tensor of any shape.\n\nReturns:\n    tensor of the shape of x.",
    )


def binary(row: Row, name: str, says: str) -> Callable[..., Tensor]:
    """A function of two tensors, which broadcast, under TensorFlow's name and arguments."""
    run = row

    def function(x: Any, y: Any, name: str | None = None) -> Tensor:
        return run(x, y)  # type: ignore[no-any-return]

    return named(
        function,
        name,
        f"{says}\n\nArgs:\n    x, y: tensors, or numbers beside a tensor; their shapes broadcast.\n\n"
        "Raises:\n    ValueError: if the shapes do not broadcast.",
    )


def named(function: Callable[..., Tensor], name: str, text: str) -> Callable[..., Tensor]:
    """The function with a name and a docstring."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return function
