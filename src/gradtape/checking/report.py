"""What a check of derivatives found: one `Finding` per entry, a `Report` of all, an error that carries it.

A report prints as text: first the entries that are wrong or undecided, each with its order, mode, place, expected and
found value and by how much it is off; then one line per mode.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.errors import Documented

SHOWN = 20  # faulty entries printed; the rest are counted


@dataclass(frozen=True, slots=True)
class Finding:
    """One entry of a derivative as one mode gives it, beside what it should be."""

    order: int
    mode: str
    entry: str
    """Which derivative, such as `d y[0] / d x[1]`."""
    expected: float
    got: float | None
    """None where the mode finds no path from the input to the output; it is compared as 0."""
    allowed: float
    """How far `got` may be from `expected`: the tolerances, and what the check itself may be off by."""
    verdict: str
    """`right`, `wrong` or `undecided` (the expected value is too rough to tell)."""

    @property
    def off(self) -> float:
        """The distance from the expected value."""
        return abs((self.got or 0.0) - self.expected)


@dataclass(frozen=True, slots=True)
class Report:
    """All that a check compared, and how."""

    function: str
    method: str
    findings: tuple[Finding, ...]
    left_out: int
    """First derivatives beyond `limit` that were not looked at."""

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The entries that are wrong or undecided."""
        return tuple(finding for finding in self.findings if finding.verdict != "right")

    @property
    def ok(self) -> bool:
        """Whether every entry was decided and right."""
        return not self.failures

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        lines = [f"check of {self.function}: {self._verdict()} (expected values by {self.method})"]
        if self.left_out:
            lines.append(
                f"{self.left_out} first derivatives were left out; give a larger `limit` to check them"
            )
        if self.failures:
            lines += ["", *table(FAULT_HEAD, [fault(finding) for finding in self.failures[:SHOWN]])]
            if len(self.failures) > SHOWN:
                lines.append(f"and {len(self.failures) - SHOWN} more")
            lines.append("")
        return "\n".join(lines + table(MODE_HEAD, self._modes()))

    def _verdict(self) -> str:
        total = len(self.findings)
        if self.ok:
            return f"right in all {total} entries"
        counts = [
            f"{verdict} in {count}"
            for verdict in ("wrong", "undecided")
            if (count := sum(finding.verdict == verdict for finding in self.findings))
        ]
        return f"{' and '.join(counts)} of {total} entries"

    def _modes(self) -> list[list[str]]:
        rows = []
        for order, mode in dict.fromkeys((finding.order, finding.mode) for finding in self.findings):
            group = [finding for finding in self.findings if (finding.order, finding.mode) == (order, mode)]
            decided = [finding for finding in group if finding.verdict != "undecided"]
            worst = max((f.off / f.allowed if f.allowed else math.inf for f in decided if f.off), default=0.0)
            counts = [
                sum(finding.verdict == verdict for finding in group) for verdict in ("wrong", "undecided")
            ]
            rows.append([str(order), mode, str(len(group)), *map(str, counts), f"{worst:.2g}"])
        return rows


class CheckError(Documented, AssertionError):
    """A derivative is wrong or cannot be decided; `report` has the whole comparison."""

    section = "A derivative that a check finds wrong"

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


FAULT_HEAD = ["order", "mode", "entry", "expected", "got", "off by", "relative", "verdict"]
MODE_HEAD = ["order", "mode", "entries", "wrong", "undecided", "largest error / allowed"]


def fault(finding: Finding) -> list[str]:
    """One row of the table of faults."""
    got = "None" if finding.got is None else f"{finding.got:.9g}"
    relative = f"{finding.off / abs(finding.expected):.2g}" if finding.expected else "-"
    return [
        str(finding.order),
        finding.mode,
        finding.entry,
        f"{finding.expected:.9g}",
        got,
        f"{finding.off:.2g}",
        relative,
        finding.verdict,
    ]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: words to the left, numbers to the right."""
    words = {"order", "mode", "entry", "verdict"}
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if name in words else cell.rjust(width)
            for cell, width, name in zip(row, widths, head, strict=True)
        ).rstrip()
        for row in [head, *rows]
    ]
