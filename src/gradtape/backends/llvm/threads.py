"""The threads that share the tiles of a walk: a small pool, started when it is first needed."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from ...core.forking import lasting_lock
from ...core.further_errors import RangeError

MOST = 64
"""Not more threads than this."""

_LOCK = lasting_lock(3)
_COUNT: list[int | None] = [None]
_POOLS: dict[int, tuple[queue.SimpleQueue[_Shared], list[threading.Thread]]] = {}


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


class _Shared:
    """Pieces of work, and what has come of them."""

    __slots__ = ("_finished", "_left", "_lock", "_waiting", "_work", "error", "found")

    def __init__(self, work: Sequence[Callable[[], Any]]) -> None:
        self._work = work
        self._waiting = deque(range(len(work)))
        self._left = len(work)
        self._lock = threading.Lock()
        self._finished = threading.Lock()
        self._finished.acquire()
        self.found: list[Any] = [None] * len(work)
        self.error: BaseException | None = None

    def help(self) -> None:
        """Do pieces that nobody has begun, until there are none; after an error they are passed over."""
        while True:
            try:
                place = self._waiting.popleft()
            except IndexError:
                return
            try:
                if self.error is None:
                    self.found[place] = self._work[place]()
            except BaseException as error:
                self.error = error
            with self._lock:
                self._left -= 1
                if not self._left:
                    self._finished.release()

    def wait(self) -> list[Any]:
        """What has come of all pieces, once all are done; it is then the caller's alone."""
        self._finished.acquire()
        found, error = self.found, self.error
        self.found, self.error, self._work = (
            [],
            None,
            (),
        )  # a thread may look at this late, and would keep them
        if error is not None:
            raise error
        return found


def share(work: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do several pieces of work at once; their results in order, or the first error once no piece runs any more.

    Whoever is free takes the next piece, this thread too: it waits for none that has not been begun. So where the other
    threads are late, as on a busy machine, little is lost. And as it takes no others' pieces, whoever waits does so for
    pieces that only wait for their own: no two can wait for each other.
    """
    if len(work) == 1:
        return [work[0]()]
    shared = _Shared(work)
    jobs = _jobs(len(work) - 1)
    for _ in work[1:]:
        jobs.put(shared)
    shared.help()
    return shared.wait()


def _jobs(count: int) -> queue.SimpleQueue[_Shared]:
    """Where threads, of which there are so many at least, look for work."""
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


def _work(jobs: queue.SimpleQueue[_Shared]) -> None:
    """What a thread does all its life."""
    while True:
        jobs.get().help()
