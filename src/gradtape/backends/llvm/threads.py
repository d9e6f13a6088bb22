"""The threads that share the tiles of a walk: a small pool, started when it is first needed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...core.errors import RangeError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_LOCK = threading.Lock()
_COUNT: list[int | None] = [None]
_POOLS: dict[int, ThreadPoolExecutor] = {}


def set_threads(count: int | None) -> None:
    """Let compiled programs share large batches among so many threads; None for one on each processor.

    A program's result depends on the number of threads by rounding alone, and repeats to the bit for the same number.

    Raises:
        ValueError: for a number below one.

    >>> import gradtape as gt
    >>> gt.set_threads(1)
    >>> gt.get_threads()
    1
    >>> gt.set_threads(None)
    """
    if count is not None and (isinstance(count, bool) or int(count) != count or count < 1):
        raise RangeError(f"set_threads: a whole number from one up, or None, is needed, not {count!r}")
    _COUNT[0] = None if count is None else int(count)


def get_threads() -> int:
    """How many threads compiled programs share large batches among."""
    if _COUNT[0] is not None:
        return _COUNT[0]
    if hasattr(os, "sched_getaffinity"):
        return max(len(os.sched_getaffinity(0)), 1)
    return os.cpu_count() or 1


def share(work: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do several pieces of work at once, the first in this thread; their results in order."""
    if len(work) == 1:
        return [work[0]()]
    # It brings logging, which would be a tenth of our own start.
    from concurrent.futures import ThreadPoolExecutor

    with _LOCK:
        key = os.getpid()  # threads do not survive a fork
        if key not in _POOLS:
            _POOLS.clear()
            _POOLS[key] = ThreadPoolExecutor(64, thread_name_prefix="gradtape")
        pool = _POOLS[key]
    others = [pool.submit(piece) for piece in work[1:]]
    first = work[0]()
    return [first, *(other.result() for other in others)]
