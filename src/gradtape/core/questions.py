"""Questions about values by which a program or a rule chooses its way.

A recording guards their answers; `ASKED` has them by name, so that a guard can be written into a file. What a question
knows besides the value comes before it, bound by `functools.partial`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .errors import InvalidArgumentError

ASKED: dict[str, Callable[..., Any]] = {}


def question(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a question under its name."""
    if function.__name__ in ASKED:
        raise InvalidArgumentError(f"a question named {function.__name__!r} exists already")
    ASKED[function.__name__] = function
    return function


for _by_python in (bool, int, float, complex, operator.index):
    question(_by_python)


@question
def only_entry(value: Any) -> Any:
    """The entry as a Python number."""
    return value.item()


@question
def goes_on(_room: int, value: Any) -> bool:
    """Whether a loop would do more turns than it has room for, which are so many."""
    return bool(value)


@question
def has_true(value: Any) -> bool:
    """Whether any entry is not zero."""
    return bool(np.any(value))


@question
def is_negative(value: Any) -> bool:
    """Whether a number is below zero."""
    return bool(value.real < 0)


@question
def has_outside(size: int, value: Any) -> bool:
    """Whether any entry is no index of so many."""
    return bool(np.any((value < 0) | (value >= size)))


@question
def count_above(limit: float, value: Any) -> int:
    """How many entries are above this part of the largest."""
    return int(np.sum(value > limit * np.max(value, initial=0.0)))


@question
def each(asked: Any, *given: Any) -> Any:
    """The answer that all examples of a batch give to a question, or to the one of this name; None where they differ.

    Args:
        asked: the question.
        given: what it knows besides the value, and the value with the examples along the first axis.
    """
    function = ASKED[asked] if isinstance(asked, str) else asked
    answers = [function(*given[:-1], value) for value in given[-1]]
    return answers[0] if all(answer == answers[0] for answer in answers) else None


def of_each(asked: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The question `each` for a question, by its name where it has one."""
    function, bound = (asked.func, asked.args) if isinstance(asked, partial) else (asked, ())
    name = getattr(function, "__name__", "")
    return partial(each, name if ASKED.get(name) is function else function, *bound)


__all__ = [
    "ASKED",
    "count_above",
    "each",
    "has_outside",
    "has_true",
    "is_negative",
    "of_each",
    "only_entry",
    "question",
]
