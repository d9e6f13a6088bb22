"""`gradtape check`: the derivatives of a function in a file against differences of its values."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ..checking.report import Report
from ..testing import check
from .output import CommandError
from .source import function_at
from .values import values_at


def checked(
    place: str, at: str, orders: str = "1,2", rtol: float = 1e-5, library: ModuleType | None = None
) -> Report:
    """Check the function at `FILE:FUNCTION` at a point.

    Args:
        place: the file and the function's name in it, which may lead through objects (`model.loss`).
        at: its arguments, such as "0.5, [1.0, 2.0]" or "x=0.5".
        orders: "1", "2" or "1,2".
        rtol: the part of a derivative by which it may be off.
        library: what `tensorflow` means while the file runs.

    Raises:
        ValueError: if there is no such file or function, or the point does not fit.
    """
    function = function_at(place, library)
    by_place, named = values_at(at)
    try:
        wanted = [int(order) for order in orders.split(",")]
    except ValueError:
        raise CommandError(f"--orders is 1, 2 or 1,2, not {orders!r}") from None
    names = list(named)

    def called(*arguments: Any) -> Any:
        split = len(by_place)
        return function(*arguments[:split], **dict(zip(names, arguments[split:], strict=True)))

    called.__name__ = place.rpartition(":")[2]
    return check(called, *by_place, *named.values(), orders=wanted, rtol=rtol, raise_on_failure=False)


def report_data(report: Report) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "function": report.function,
        "ok": report.ok,
        "method": report.method,
        "left_out": report.left_out,
        "findings": [
            {
                "order": f.order,
                "mode": f.mode,
                "entry": f.entry,
                "expected": f.expected,
                "got": f.got,
                "allowed": f.allowed,
                "verdict": f.verdict,
            }
            for f in report.findings
        ],
    }
