"""The latest None that a tape of this thread gave, so that an error about a None can say where it came from.

Arithmetic knows None only as something that is no number. The tape leaves here a function that tells why its answer was
None; whoever raises an error about a None calls it for the rest of the message.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class _Latest(threading.local):
    why: Callable[[], str] | None = None


_LATEST = _Latest()


def note_absence(why: Callable[[], str]) -> None:
    """Remember how the latest None of this thread is explained."""
    _LATEST.why = why


def origin(given: Any) -> str:
    """Where the latest None came from, as the end of a message about a None, or a list with one in it.

    Empty if there is no None, or no tape of this thread gave one.
    """
    if _LATEST.why is None or not _has_none(given):
        return ""
    return f". The latest None of a tape: {_LATEST.why()}"


def _has_none(given: Any) -> bool:
    return given is None or (isinstance(given, (list, tuple)) and any(map(_has_none, given)))
