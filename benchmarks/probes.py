"""Probes that several workloads take: the seconds of a steady call, alone or over those of another way."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.workload import Call

Prepare = Callable[[int], Call]


def seconds_of(prepare: Prepare) -> Callable[[int], float]:
    """A probe: seconds of a steady call."""

    def probe(size: int) -> float:
        from benchmarks.worker import steady

        return steady(prepare(size))

    return probe


def ratio_of(prepare: Prepare, other: Prepare) -> Callable[[int], float]:
    """A probe: seconds of a steady call over those of another way to do the same."""

    def probe(size: int) -> float:
        return seconds_of(prepare)(size) / seconds_of(other)(size)

    return probe
