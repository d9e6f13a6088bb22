"""What a program shows to the world, as `gt.print` does: told to the listeners, and shown once it is known to be done.

A turn of a loop, or a branch of a choice, that is done to be known may not be what the program does. So what it shows
is held back by who writes it down (`Listener.hold_show`). Where it becomes an operation, what its turns show comes out
of the operation, and is shown from there, at once and at every replay, in the order in which the turns show it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from .listen import listeners

Shows = tuple[tuple[Callable[..., Any], int], ...]
"""Functions, and how many values each is called with."""


def tell_show(show: Callable[..., Any], tensors: Sequence[Any]) -> None:
    """Show the values of tensors, and tell who listens."""
    for listener in listeners():
        listener.hear_show(show, tensors)
    let_out(show, [tensor._value for tensor in tensors])


def let_out(show: Callable[..., Any], values: Sequence[Any]) -> None:
    """Show values, unless somebody holds them back."""
    if not any(listener.hold_show(show, values) for listener in reversed(listeners())):
        show(*values)


def show_all(shows: Shows, values: Sequence[Any]) -> None:
    """Call each function with its values."""
    rest = iter(values)
    for show, count in shows:
        show(*[next(rest) for _ in range(count)])


@dataclass(frozen=True, slots=True)
class Turns:
    """Shows what the turns of a loop show, from an array of each value, with an entry for each turn.

    Where it is `gated`, the first array says which turns were done; they are the first ones.
    """

    shows: Shows
    order: range
    gated: bool

    def __call__(self, *stacks: Any) -> None:
        for turn in self._turns(stacks[self.gated :]):
            values = [stack[turn] for stack in stacks]
            if self.gated and not values.pop(0):
                break
            show_all(self.shows, values)

    def _turns(self, stacks: Sequence[Any]) -> Sequence[int]:
        """The turns that may show something: few, where all that shows is branches, as in a report now and then."""
        if not all(type(show) is Branch for show, _ in self.shows):
            return self.order
        ends = accumulate(count for _, count in self.shows)
        gates = [stacks[end - count] for end, (_, count) in zip(ends, self.shows, strict=True)]
        turns: list[int] = np.flatnonzero(np.any(gates, axis=0))[:: self.order.step].tolist()
        return turns


@dataclass(frozen=True, slots=True)
class Branch:
    """Shows what a branch shows, where the first value says that it is taken."""

    shows: Shows

    def __call__(self, gate: Any, *values: Any) -> None:
        if gate:
            show_all(self.shows, values)


__all__ = ["Branch", "Shows", "Turns", "let_out", "show_all", "tell_show"]
