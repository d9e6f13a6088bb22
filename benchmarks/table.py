"""Writes what was measured as tables, and puts them between the markers of a page."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.workload import Goal, Workload, workload

BEGIN = "<!-- benchmarks: begin (written by `python benchmarks/run.py`, not by hand) -->"
END = "<!-- benchmarks: end -->"
WORDS = {
    "gradtape": "gradtape",
    "tensorflow": "TensorFlow",
    "torch": "PyTorch",
    "jax": "JAX",
    "autograd": "autograd",
    "casadi": "CasADi",
}


def duration(seconds: float) -> str:
    """A time with its fitting unit and three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if abs(seconds) >= 0.9995 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def mebibytes(amount: float) -> str:
    """Bytes as mebibytes with three digits."""
    return f"{amount / 2**20:.3g} MiB"


def spread(samples: Sequence[float]) -> str:
    """The median and, between brackets, the smallest and the largest."""
    middle = duration(statistics.median(samples))
    return f"{middle} ({duration(min(samples))} to {duration(max(samples))})" if len(samples) > 1 else middle


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median over rounds of ours divided by theirs of the same round."""
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=False))


def samples_of(result: Mapping[str, Any], system: str, measured: str) -> list[float]:
    """A system's seconds, its seconds at a further size (`seconds at SIZE`), or its memory."""
    found = result["systems"].get(system, {})
    if measured.startswith("seconds at "):
        found, measured = found.get("sized", {}), measured.removeprefix("seconds at ")
    samples: list[float] = found.get(measured, [])
    return samples


def amount(result: Mapping[str, Any], measured: str) -> float | None:
    """The median of a probe, of gradtape's seconds, or of the difference of two probes ("a - b")."""
    if measured == "seconds":
        samples = samples_of(result, "gradtape", "seconds")
    elif " - " in measured:
        names = measured.split(" - ")
        samples = [a - b for a, b in zip(*(result["probes"].get(name, []) for name in names), strict=False)]
    else:
        samples = result["probes"].get(measured, [])
    return statistics.median(samples) if samples else None


def judged(goal: Goal, result: Mapping[str, Any]) -> tuple[str, str]:
    """What was measured beside a goal, and whether it is met."""
    if goal.against is None:
        value = amount(result, goal.measured)
        if value is None:
            return "not measured", ""
        text = duration(value) if goal.measured == "seconds" or "import" in goal.measured else f"{value:.3g}"
        return text, "met" if value <= goal.most else "missed"
    sides = [samples_of(result, system, goal.measured) for system in ("gradtape", goal.against)]
    if not all(sides):
        return "not measured", ""
    value = ratio(*sides)
    return (
        f"1/{1 / value:.3g}" if value < 1 else f"{value:.3g} times",
        "met" if value <= goal.most else "missed",
    )


def rows_of(work: Workload, result: Mapping[str, Any]) -> Iterable[list[str]]:
    """One row for each system."""
    ours = samples_of(result, "gradtape", "seconds")
    for system, measured in result["systems"].items():
        name = f"{WORDS[system]} {measured['version']}".strip()
        if measured["status"] != "measured":
            yield [name, f"{measured['status']} {measured['said']}".strip(), "", "", ""]
            continue
        value = ", ".join(f"{number:.7g}" for number in measured["values"])
        first = duration(statistics.median(measured["first"])) if measured["first"] else ""
        times = "1" if system == "gradtape" else f"{ratio(measured['seconds'], ours):.3g}" if ours else ""
        yield [name, spread(measured["seconds"]), first, times, value]


def beside(theirs: Sequence[float], ours: Sequence[float]) -> str:
    """A median time, and how many times that of gradtape it is."""
    if not theirs:
        return ""
    times = f" ({ratio(theirs, ours):.3g} times)" if ours and ours is not theirs else ""
    return duration(statistics.median(theirs)) + times


def sizes(work: Workload, result: Mapping[str, Any], systems: Sequence[str]) -> list[str]:
    """The table of the time at further sizes, a column for each system."""
    rows = []
    for size in work.sizes:
        ours, *_ = columns = [samples_of(result, system, f"seconds at {size}") for system in systems]
        rows.append([f"{size:,}", *(beside(samples, ours) for samples in columns)])
    return markdown(["steady call at size", *(WORDS[system] for system in systems)], rows)


def memory(result: Mapping[str, Any], systems: Sequence[str]) -> list[str]:
    """The table of memory, a row for each system."""
    ours = samples_of(result, "gradtape", "memory")
    rows = []
    for system in systems:
        if samples := samples_of(result, system, "memory"):
            times = f"{ratio(samples, ours):.3g}" if ours else ""
            rows.append([WORDS[system], mebibytes(statistics.median(samples)), times])
    head = ["system", "peak memory of steady calls, above that after a tiny size", "times gradtape"]
    return markdown(head, rows) if rows else []


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table."""
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def section(name: str, result: Mapping[str, Any]) -> list[str]:
    """The part of the page about one workload."""
    work = workload(name)
    time = "time" if work.fresh else "steady call"
    lines = [f"### {work.title}", "", f"{work.work}.", ""]
    head = ["system", f"{time}: median (range)", "first call", "times gradtape", "value"]
    lines += markdown(head, rows_of(work, result))
    done = [system for system, measured in result["systems"].items() if measured["status"] == "measured"]
    for more in (sizes(work, result, done) if work.sizes else [], memory(result, done)):
        lines += ["", *more] if more else []
    goals = [[goal.text, *judged(goal, result)] for goal in work.goals]
    lines += ["", *markdown(["goal", "measured", ""], goals)]
    others = [
        f"{probe}: {duration(statistics.median(samples)) if 'import' in probe else f'{statistics.median(samples):.3g}'}"
        for probe, samples in result["probes"].items()
        if samples
    ]
    machine = result["machine"]
    lines += ["", *([f"Also measured: {'; '.join(others)}."] if others else [])]
    lines.append(
        f"{result['measured']}, {result['rounds']} rounds, {result['threads']} threads; {machine['processor']}, "
        f"{machine['cores']} cores, {machine['system']}; {machine['python']}, NumPy {machine['numpy']}."
    )
    return [*lines, ""]


def page(results: Mapping[str, Any], order: Sequence[str]) -> str:
    """Everything between the markers."""
    return "\n".join(
        line for name in order if name in results for line in ["", *section(name, results[name])]
    )


def write(path: Path, text: str) -> None:
    """Replace what stands between the markers of a page."""
    old = path.read_text(encoding="utf-8")
    if old.count(BEGIN) != 1 or old.count(END) != 1:
        raise ValueError(f"{path} needs the lines\n{BEGIN}\n{END}\nonce each")
    head, _, rest = old.partition(BEGIN)
    tail = rest.partition(END)[2]
    path.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", encoding="utf-8")
