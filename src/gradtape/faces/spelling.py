"""TensorFlow's spelling of a row: a function of one or two tensors with a name, a docstring and `name=`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..core import errors
from ..core.errors import retold, said
from ..core.primitive import Primitive
from ..core.tensor import Tensor, apply

Row = Primitive | Callable[..., Any]


def unary(row: Row, name: str, says: str, argument: str = "x") -> Callable[..., Tensor]:
    """A function of one tensor under TensorFlow's name, its argument under TensorFlow's too."""
    run, title = row, name

    def function(x: Any, name: str | None = None) -> Tensor:
        try:
            return run(x)  # type: ignore[no-any-return]
        except (TypeError, ValueError) as error:
            raise spelled(error, title) from None

    def direct(x: Any, name: str | None = None) -> Tensor:
        try:
            return apply(row, (x,)) if type(x) is Tensor else run(x)  # type: ignore[arg-type, no-any-return]
        except (TypeError, ValueError) as error:
            raise spelled(error, title) from None

    return named(
        direct if isinstance(row, Primitive) else function,
        name,
        f"{says}\n\nArgs:\n    {argument}: tensor of any shape.\n\n"
        f"Returns:\n    tensor of the shape of {argument}.",
        argument,
    )


def binary(row: Row, name: str, says: str, arguments: tuple[str, str] = ("x", "y")) -> Callable[..., Tensor]:
    """A function of two tensors, which broadcast, under TensorFlow's name, the arguments under TensorFlow's too."""
    run, title = row, name

    def function(x: Any, y: Any, name: str | None = None) -> Tensor:
        try:
            return run(x, y)  # type: ignore[no-any-return]
        except (TypeError, ValueError) as error:
            raise spelled(error, title) from None

    return named(
        function,
        name,
        f"{says}\n\nArgs:\n    {', '.join(arguments)}: tensors, or numbers beside a tensor; their shapes "
        "broadcast.\n\nRaises:\n    ValueError: if the shapes do not broadcast.",
        *arguments,
    )


def named(function: Callable[..., Tensor], name: str, text: str, *arguments: str) -> Callable[..., Tensor]:
    """The function with a name, a docstring, and other names for its first arguments.

    The names are written into the code object, so that a call by keyword costs no more than any other, and a
    traceback shows them.
    """
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    code = function.__code__
    names = (*arguments, *code.co_varnames[len(arguments) :])
    function.__code__ = code.replace(co_name=name, co_qualname=name, co_varnames=names)
    return function


def spelled(error: Exception, name: str) -> Exception:
    """The error with TensorFlow's name of the function, which is what the user wrote, in place of the row's."""
    text = said(error)
    if text.startswith(name):
        return error
    row, opening, rest = text.partition("(")
    spelt = f"{name}({rest}" if opening and row.isidentifier() else f"{name}: {text}"
    return retold(error, spelt, errors.ArgumentTypeError)


def under_its_name(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The function, whose errors name it rather than the row it calls."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Tensor:
        try:
            return function(*args, **kwargs)
        except (TypeError, ValueError) as error:
            raise spelled(error, function.__name__) from None

    return run
