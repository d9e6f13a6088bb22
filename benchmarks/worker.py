"""The process in which one system does one workload, or one probe is taken. Prints a line of JSON.

    python -m benchmarks.worker WORKLOAD SYSTEM THREADS BEGUN [PROBE]

BEGUN is the time at which the process was started, by the clock of `time.time`. The probe `memory` is there for every
system. Only the standard library is loaded
before the system itself.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable

from benchmarks.workload import Call, Workload, workload

BATCH = 0.1  # seconds that a batch of calls should take, so that the clock's own steps do not count
BATCHES = 5
ENOUGH = 5.0  # seconds after which no further batch is begun

Words = dict[str, object]


def seconds_of(call: Callable[[], object], count: int) -> float:
    """Seconds of one call, over a batch of them."""
    begin = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - begin) / count


def steady(call: Call) -> float:
    """Seconds of a call after the first: the median of a few batches."""
    count = 1
    while (one := seconds_of(call, count)) * count < BATCH:
        count = max(2 * count, int(BATCH / max(one, 1e-9)))
    begin = time.perf_counter()
    batches: list[float] = []
    while len(batches) < BATCHES and (not batches or time.perf_counter() - begin < ENOUGH):
        batches.append(seconds_of(call, count))
    return statistics.median(batches)


def sized(work: Workload, system: str, size: int) -> Words:
    """A system's values and seconds at another size than the workload's own."""
    call = work.systems[system](size)
    return {"values": call(), "seconds": steady(call)}


def version_of(system: str) -> str:
    """The version that was measured."""
    module = sys.modules[system]
    version = getattr(module, "__version__", None)
    if version is None:
        from importlib.metadata import version as installed

        return installed(system)
    return str(version)


def measure(name: str, system: str, threads: int, begun: float) -> Words:
    """What the runner is told about a system."""
    work = workload(name)
    try:
        call = work.systems[system](work.size)
    except ModuleNotFoundError as error:
        if error.name != system:
            raise
        return {"status": "absent"}
    if system == "torch":
        sys.modules["torch"].set_num_threads(threads)
    ready = time.perf_counter()
    values = call()
    first = time.perf_counter() - ready
    if work.fresh:
        return {
            "status": "measured",
            "values": values,
            "first": None,
            "seconds": time.time() - begun,
            "version": version_of(system),
        }
    return {
        "status": "measured",
        "values": values,
        "first": first,
        "seconds": steady(call),
        "sized": {str(size): sized(work, system, size) for size in work.sizes},
        "version": version_of(system),
    }


def main(arguments: list[str]) -> None:
    """Do what the runner asks and say what came out."""
    name, system, threads, begun, *probe = arguments
    work = workload(name)
    if probe == ["memory"]:
        from benchmarks.memory import growth

        said: Words = {"status": "measured", "amount": growth(work.systems[system], work.tiny, work.size)}
    elif probe:
        said = {"status": "measured", "amount": work.probes[probe[0]](work.size)}
    else:
        said = measure(name, system, int(threads), float(begun))
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1:])
