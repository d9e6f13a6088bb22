"""The threads that share the tiles of a walk: a small pool, started when it is first needed."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

from ...core.forking import lasting_lock
from ...core.further_errors import RangeError

MOST = 64
"""Not more threads than this."""

_Done = tuple[int, Any, BaseException | None]
_Job = tuple[int, Callable[[], Any], "queue.SimpleQueue[_Done]"]

_LOCK = lasting_lock(3)
_COUNT: list[int | None] = [None]
_POOLS: dict[int, tuple[queue.SimpleQueue[_Job], list[threading.Thread]]] = {}


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
    """Do several pieces of work at once; their results in order.

    Whoever is free takes the next piece, this thread too: it waits for none that has not been begun. So where the other
    threads are late, as on a busy machine, little is lost.
    """
    if len(work) == 1:
        return [work[0]()]
    jobs, done = _jobs(len(work) - 1), queue.SimpleQueue[_Done]()
    for place, piece in enumerate(work[1:], 1):
        jobs.put((place, piece, done))
    found: list[Any] = [work[0]()] + [None] * (len(work) - 1)
    for _ in work[1:]:
        with contextlib.suppress(queue.Empty):
            _do(*jobs.get_nowait())  # a piece of this work, or of another thread's
        place, result, error = done.get()
        if error is not None:
            raise error
        found[place] = result
    return found


def _do(place: int, piece: Callable[[], Any], done: queue.SimpleQueue[_Done]) -> None:
    """Do a piece and tell who waits for it."""
    try:
        done.put((place, piece(), None))
    except BaseException as error:
        done.put((place, None, error))


def _jobs(count: int) -> queue.SimpleQueue[_Job]:
    """The pieces that wait for a thread, of which there are so many at least."""
    with _LOCK:
        key = os.getpid()  # threads do not survive a fork
        if key not in _POOLS:
            _POOLS.clear()
            _POOLS[key] = (queue.SimpleQueue(), [])
        jobs, threads = _POOLS[key]
        while len(threads) < min(count, MOST):
            threads.append(threading.Thread(target=_work, args=(jobs,), name="gradtape", daemon=True))
            threads[-1].start()
    return jobs


def _work(jobs: queue.SimpleQueue[_Job]) -> None:
    """What a thread does all its life."""
    while True:
        _do(*jobs.get())
