"""By how much a process grows for some work."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

from benchmarks.workload import Call

CALLS = 3


def resident(line: str) -> int:
    """Bytes of this process in memory: now (`VmRSS`), or at most since `forget` (`VmHWM`). Linux says so."""
    for text in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if text.startswith(f"{line}:"):
            return 1024 * int(text.split()[1])
    raise OSError(f"/proc/self/status has no line {line}")


def forget() -> None:
    """Begin anew with the most that was in memory: proc(5), clear_refs, 5."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def give_back() -> None:
    """Let the C library give free memory back to the system, so that work does not begin with what other work left."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)


def growth(prepare: Callable[[int], Call], tiny: int, size: int) -> float:
    """The most bytes in memory while calls after the first run, over those after the same work of a tiny size.

    So the library and what it needs to compile do not count; data, results, what lies between, and what a library keeps
    for the next call do.
    """
    small = prepare(tiny)
    for _ in range(CALLS):
        small()
    give_back()
    before = resident("VmRSS")
    call = prepare(size)
    call()
    forget()
    for _ in range(CALLS):
        call()
    return resident("VmHWM") - before
