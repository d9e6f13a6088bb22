"""Runs workloads: one process for each system and round, the systems in turn, so that all meet the same noise."""

from __future__ import annotations

import datetime
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.machine import description
from benchmarks.workload import Workload

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 600  # seconds of one process


@dataclass
class Measured:
    """What one system did in all rounds."""

    status: str = "absent"
    version: str = ""
    values: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    sized: dict[str, list[float]] = field(default_factory=dict)
    """Seconds at each further size."""
    memory: list[float] = field(default_factory=list)
    """By how many bytes the process grows for the work."""
    said: str = ""
    """Why it failed, if it did."""


def environment(system: str, threads: int) -> dict[str, str]:
    """The variables of a process: as many threads for every library; this checkout's gradtape for gradtape."""
    settings = dict(os.environ)
    for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
        settings[f"{name}_NUM_THREADS"] = str(threads)
    settings |= {
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(threads),
        "TF_CPP_MIN_LOG_LEVEL": "3",  # its start-up notes
        "CUDA_VISIBLE_DEVICES": "",
    }
    if system == "gradtape":
        paths = [str(ROOT / "src"), settings.get("PYTHONPATH", "")]
        settings["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return settings


def ask(python: str, name: str, system: str, threads: int, probe: str | None = None) -> dict[str, Any]:
    """Run one process and return what it said."""
    command = [python, "-m", "benchmarks.worker", name, system, str(threads), repr(time.time())]
    done = subprocess.run(
        command + ([probe] if probe else []),
        cwd=ROOT,
        env=environment(system, threads),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if done.returncode:
        return {"status": "failed", "said": (done.stderr.strip().splitlines() or ["no word"])[-1]}
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def agrees(values: Sequence[float], expected: Sequence[float], tolerance: float) -> bool:
    """Whether the values a system printed are those of the workload."""
    return len(values) == len(expected) and all(
        math.isclose(one, other, rel_tol=tolerance, abs_tol=0.0)
        for one, other in zip(values, expected, strict=True)
    )


def take(
    work: Workload, expected: Mapping[int, list[float]], answer: Mapping[str, Any], measured: Measured
) -> None:
    """Add one process's answer to what a system did, if its values are right."""
    measured.status, measured.said = answer["status"], answer.get("said", "")
    if measured.status != "measured":
        return
    measured.values, measured.version = answer["values"], answer["version"]
    sized = answer.get("sized", {})
    for size, values in {
        work.size: measured.values,
        **{int(n): one["values"] for n, one in sized.items()},
    }.items():
        if not agrees(values, expected[size], work.tolerance):
            measured.status, measured.said = "wrong", f"{values} instead of {expected[size]} at size {size}"
            return
    measured.seconds.append(answer["seconds"])
    for size, one in sized.items():
        measured.sized.setdefault(size, []).append(one["seconds"])
    if answer["first"] is not None:
        measured.first.append(answer["first"])


def run(
    work: Workload, systems: Sequence[str], pythons: Mapping[str, str], rounds: int, threads: int
) -> dict[str, Any]:
    """Measure a workload and return what the results file keeps of it."""
    found = {system: Measured() for system in systems if system in work.systems}
    probes: dict[str, list[float]] = {name: [] for name in work.probes}
    expected = {size: work.expected(size) for size in (work.size, *work.sizes)}
    for number in range(rounds):
        order = list(found)
        shift = number % len(order)
        for system in order[shift:] + order[:shift]:
            measured = found[system]
            if number and measured.status != "measured":
                continue
            python = pythons.get(system, sys.executable)
            take(work, expected, ask(python, work.name, system, threads), measured)
            if work.memory and measured.status == "measured":
                answer = ask(python, work.name, system, threads, "memory")
                if answer["status"] == "measured":
                    measured.memory.append(answer["amount"])
        for name, amounts in probes.items():
            answer = ask(pythons.get("gradtape", sys.executable), work.name, "gradtape", threads, name)
            if answer["status"] == "measured":
                amounts.append(answer["amount"])
    return {
        "measured": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": description(),
        "threads": threads,
        "rounds": rounds,
        "expected": expected[work.size],
        "systems": {system: asdict(measured) for system, measured in found.items()},
        "probes": probes,
    }
