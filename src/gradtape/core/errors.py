"""Every error and warning class that gradtape raises to a user: one class for each section of docs/errors.md.

A class derives from the type that Python, NumPy or TensorFlow raises for such a mistake, from two where they differ, so
that `except ValueError` holds. The message of each ends with its section, where it is shown failing and mended. This is
added when the message is read, so that an error that is caught costs nothing more; `said` gives the message without it,
for one error that quotes another.

Here are the base and what errors of NumPy are told as; `further_errors.py` has most others. They are loaded when one is
first asked for, so files that are loaded with the library write `raise errors.WatchError(...)`. What files raise is in
saving/errors.py, some others beside what raises them. Users find all in `gt.errors`, the module that they name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from .further_errors import *  # noqa: F403


def __getattr__(name: str) -> Any:
    """A class of `further_errors`, which few programs need: their makings would be a part of every import."""
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(".further_errors", __package__), name)
    return found


class Documented(Exception):
    """An error or warning with a section of docs/errors.md, which its message names."""

    section: ClassVar[str]

    def __init_subclass__(cls) -> None:
        if cls.__module__.startswith("gradtape.") and not cls.__name__.startswith("_"):
            cls.__module__ = "gradtape.errors"  # where users find it, and what tracebacks and pickles say

    def __str__(self) -> str:
        text = super().__str__().rstrip()
        gap = "\n" if "\n" in text else " "
        return f"{text}{gap}[docs/errors.md: {self.section}]"


def said(error: BaseException) -> str:
    """The message of an error without the place in the documentation."""
    return BaseException.__str__(error)


def remade(kind: type[Documented], *args: Any) -> Documented:
    """An error as `copy` and `pickle` make it, of a class whose `__init__` takes more than the message."""
    return kind.__new__(kind, *args)


def retold(error: Exception, text: str, typed: type[Exception]) -> Exception:
    """The error with another text: of its own class if that is ours, and of the class of ours that NumPy's error means.

    Args:
        error: what was raised.
        text: the new message.
        typed: what a TypeError of NumPy's means here.
    """
    if isinstance(error, InvalidArgumentError):
        return type(error)(text)
    if isinstance(error, IndexError):
        return InvalidIndexError(text)
    if isinstance(error, Documented):
        return error
    if isinstance(error, TypeError):
        return typed(text)
    if not isinstance(error, ValueError):
        return error
    of_shapes = any(word in str(error) for word in ("shape", "broadcast", "dimension", "axis", "axes"))
    return ShapeError(text) if of_shapes else InvalidArgumentError(text)


class InvalidArgumentError(Documented, ValueError):
    """Arguments that an operation cannot take; a ValueError under TensorFlow's name, and the base of the next ones."""

    section = "Arguments that an operation cannot take"


class ShapeError(InvalidArgumentError):
    """Shapes that do not fit together, too few axes, or an axis that is not there."""

    section = "Shapes that do not fit"


class DtypeError(InvalidArgumentError, TypeError):
    """A dtype that the operation does not take; a TypeError too."""

    section = "A dtype that does not fit"


class ArgumentTypeError(InvalidArgumentError, TypeError):
    """An argument of the wrong type of Python, one too many or one too few; a TypeError too."""

    section = "Arguments of the wrong type or number"


class UnconvertibleError(InvalidArgumentError, TypeError):
    """The object cannot become a tensor; a TypeError too."""

    section = "What cannot become a tensor"


class InvalidIndexError(InvalidArgumentError, IndexError):
    """An index outside a tensor; an IndexError that is an InvalidArgumentError too, as TensorFlow raises."""

    section = "An index outside a tensor"
