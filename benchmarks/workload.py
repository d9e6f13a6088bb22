"""What a workload is, and how to find them all.

To add one, write `workloads/NAME.py` with a `WORKLOAD`. A system's function imports that system itself, so that the
file can be read where the others are not installed.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

SYSTEMS = ("gradtape", "tensorflow", "torch", "jax", "autograd", "casadi")

Call = Callable[[], list[float]]


@dataclass(frozen=True)
class Goal:
    """A ratio or an amount to stay under."""

    text: str
    measured: str
    """What is compared: `seconds`, `seconds at SIZE`, `memory`, or the name of a probe."""
    most: float
    against: str | None = None
    """A system: then the ratio to the same of it counts. None: the amount itself."""


@dataclass(frozen=True)
class Workload:
    """One piece of work, in the words of each system that can do it."""

    name: str
    title: str
    work: str
    """What is done, in a sentence for the table's reader."""
    size: int
    tiny: int
    """A size for tests."""
    expected: Callable[[int], list[float]]
    """The values every system must print, from a formula or from plain Python."""
    tolerance: float
    systems: Mapping[str, Callable[[int], Call]]
    """Prepares the work of a size; the call that comes back does it once and returns its values, computed."""
    goals: tuple[Goal, ...]
    probes: Mapping[str, Callable[[int], float]] = field(default_factory=dict)
    """More to measure of gradtape, each in a process of its own."""
    fresh: bool = False
    """Whether a call is timed from the start of its process; `systems` are then not called twice."""
    sizes: tuple[int, ...] = ()
    """More sizes at which every system is timed."""
    memory: bool = False
    """Whether every system is also asked by how much its process grows for the work."""


def shown_once(step: Callable[[], Iterable[object]], show: Callable[..., list[float]]) -> Call:
    """The call that does `step` and returns what `show` makes of its first results: to look is not part of the work."""
    found: list[float] = []

    def call() -> list[float]:
        results = step()
        if not found:
            found.extend(float(number) for number in show(*results))
        return found

    return call


def workload(name: str) -> Workload:
    """The workload of a name."""
    module = importlib.import_module(f"benchmarks.workloads.{name}")
    found = module.WORKLOAD
    assert isinstance(found, Workload)
    return found


def names() -> list[str]:
    """The names of all workloads."""
    package = importlib.import_module("benchmarks.workloads")
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))
