"""Locks that outlive a fork: a child has only the thread that forked, so a lock that another held would stay shut.

While the process forks, all of them are held. So what they guard is whole in the child, and they are free there.
"""

from __future__ import annotations

import os
from threading import RLock

_LOCKS: list[tuple[int, RLock]] = []


def lasting_lock(order: int) -> RLock:
    """A lock that is held while the process forks.

    One thread may take it several times: a signal handler or finalizer can come while its thread holds it.

    Args:
        order: whoever holds a lock takes only those of higher order, so that no two wait for each other.
    """
    lock = RLock()
    _LOCKS.append((order, lock))
    _LOCKS.sort(key=lambda entry: entry[0])
    return lock


def _hold() -> None:
    for _, lock in _LOCKS:
        lock.acquire()


def _release() -> None:
    for _, lock in reversed(_LOCKS):
        lock.release()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_release)
