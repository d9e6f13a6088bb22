"""What is drawn from sources of random numbers, by name: so that a draw can be made again, many times, or be saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

DRAWS: dict[str, Callable[..., Any]] = {}
"""Functions of a source and what is asked for; a saved program says so which draw to make again."""


def draw(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a draw under its name."""
    DRAWS[function.__name__] = function
    return function


@draw
def repeated(source: np.random.Generator, count: int, name: str, *args: Any) -> Any:
    """What so many turns of a loop draw, one after the other, along a new first axis.

    A draw that gives the same numbers at once as it gives one by one says so with `fills`: its function of the count
    and what is asked for gives what to ask for then.
    """
    one = DRAWS[name]
    fills = getattr(one, "fills", None)
    asked = None if fills is None else fills(count, *args)
    return np.stack([one(source, *args) for _ in range(count)]) if asked is None else one(source, *asked)


__all__ = ["DRAWS", "draw", "repeated"]
