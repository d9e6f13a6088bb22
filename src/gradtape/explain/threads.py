"""A listener that follows every thread: one of its own joins in each other thread when the first tape is entered there.

All of them are told one at a time, and share what they tell with the one that was entered.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock, current_thread
from typing import Concatenate, ParamSpec, Self, TypeVar

from ..core.listen import EVERYWHERE, Listener, activate, deactivate
from .story import THREADS

P = ParamSpec("P")
F = TypeVar("F", bound="Following")


class Following(Listener):
    """A context manager that listens outermost in its thread, and in others through its likes.

    Attributes:
        thread: the name of the thread that it hears; empty for the one in which it was entered.
    """

    __slots__ = ("_closed", "_joined", "_lock", "thread")

    def __init__(self) -> None:
        super().__init__()
        self.thread = ""
        self._closed = False
        self._lock = RLock()
        self._joined: list[Following] = []

    def beside(self) -> Following:
        """Another of the kind, which shares what is told."""
        raise NotImplementedError

    def end(self) -> None:
        """Be told that nothing more will be heard in any thread."""

    def __enter__(self) -> Self:
        activate(self, outermost=True)
        EVERYWHERE.append(self._join)
        return self

    def __exit__(self, *exception: object) -> None:
        EVERYWHERE.remove(self._join)
        deactivate(self)
        with self._lock:
            all_threads = [self, *self._joined]
            for each in all_threads:
                each._closed = True
        self.end()
        for each in all_threads:
            each.release()

    def _join(self) -> Listener:
        """One for the present thread; it is kept until the end, as its notes would go with it."""
        name = current_thread().name
        with self._lock:
            known = {each.thread for each in self._joined}
            other = self.beside()
            other.key, other._lock = self.key, self._lock  # each reads the notes of all
            other.thread = name if name in known or len(known) < THREADS else "further threads"
            self._joined.append(other)
        other.settle()
        return other


def alone(hear: Callable[Concatenate[F, P], None]) -> Callable[Concatenate[F, P], None]:
    """One thread at a time, and nobody after the end."""

    @wraps(hear)
    def heard(following: F, /, *args: P.args, **kwargs: P.kwargs) -> None:
        with following._lock:
            if not following._closed:
                hear(following, *args, **kwargs)

    return heard
