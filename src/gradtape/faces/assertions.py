"""Conditions that a program may rest on: `assert_equal` and its like. They return nothing where they hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError
from ..core.primitive import Primitive
from ..core.tensor import as_tensor, beside, look
from ..ops import constant as fixed


def _compare(function: str, sign: str, row: Primitive, x: Any, y: Any, message: str | None) -> None:
    """Raise unless the relation holds for every pair of entries; the shapes broadcast."""
    a, b = beside((x, y))
    held = np.asarray(look(row(a, b), function))
    if held.all():
        return
    place = tuple(int(i) for i in np.argwhere(~held)[0])
    left, right = (np.broadcast_to(np.asarray(t._value), held.shape)[place] for t in (a, b))
    raise InvalidArgumentError(
        f"{message + ': ' if message else ''}{function}: x {sign} y does not hold for x of shape {a.shape} and y of "
        f"shape {b.shape}; first at {list(place)}: x is {left!s}, y is {right!s}"
    )


def assert_equal(
    x: Any, y: Any, message: str | None = None, summarize: Any = None, name: str | None = None
) -> None:
    """Require x == y in every entry.

    Raises:
        InvalidArgumentError: a ValueError that begins with `message` and shows the first entry that differs.

    >>> import gradtape as gt
    >>> gt.assert_equal([1, 2], [1, 2])
    """
    _compare("assert_equal", "==", fixed.equal, x, y, message)


def assert_greater(
    x: Any, y: Any, message: str | None = None, summarize: Any = None, name: str | None = None
) -> None:
    """Require x > y in every entry; InvalidArgumentError where it does not hold."""
    _compare("assert_greater", ">", fixed.greater, x, y, message)


def assert_less(
    x: Any, y: Any, message: str | None = None, summarize: Any = None, name: str | None = None
) -> None:
    """Require x < y in every entry; InvalidArgumentError where it does not hold."""
    _compare("assert_less", "<", fixed.less, x, y, message)


def assert_rank(x: Any, rank: Any, message: str | None = None, name: str | None = None) -> None:
    """Require a number of axes.

    Raises:
        ValueError: for another number, with the shape.
    """
    tensor, wanted = as_tensor(x), int(look(as_tensor(rank), "assert_rank"))
    if tensor.ndim != wanted:
        raise InvalidArgumentError(
            f"{message + ': ' if message else ''}assert_rank: x of shape {tensor.shape} has rank {tensor.ndim}, "
            f"not {wanted}"
        )


def Assert(condition: Any, data: Any, summarize: Any = None, name: str | None = None) -> None:
    """Require a condition; the error shows the data.

    Raises:
        InvalidArgumentError: if the condition is false.
    """
    if not bool(np.all(look(as_tensor(condition), "Assert"))):
        raise InvalidArgumentError(f"Assert: the condition does not hold; data: {data}")


__all__ = ["Assert", "assert_equal", "assert_greater", "assert_less", "assert_rank"]
