"""`gradtape check`: the derivatives of a function in a file against differences of its values."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from ..checking.report import Report
from ..faces.tensorflow import standing_in
from ..testing import check
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
        raise ValueError(f"--orders is 1, 2 or 1,2, not {orders!r}") from None
    names = list(named)

    def called(*arguments: Any) -> Any:
        split = len(by_place)
        return function(*arguments[:split], **dict(zip(names, arguments[split:], strict=True)))

    called.__name__ = place.rpartition(":")[2]
    return check(called, *by_place, *named.values(), orders=wanted, rtol=rtol, raise_on_failure=False)


def function_at(place: str, library: ModuleType | None = None) -> Any:
    """The function that a place names; its file is run as a module."""
    file, colon, path = place.rpartition(":")
    if not colon or not path:
        raise ValueError(f"{place!r} names no function; write it as model.py:loss")
    if not Path(file).is_file():
        raise ValueError(f"there is no file {file!r}")
    name = Path(file).stem
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file!r} is no Python file")
    module = module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    sys.path.insert(0, str(Path(file).resolve().parent))
    try:
        if library is None:
            spec.loader.exec_module(module)
        else:
            with standing_in(library):
                spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
    found: Any = module
    for part in path.split("."):
        if not hasattr(found, part):
            raise ValueError(f"{file} has no {path!r}")
        found = getattr(found, part)
    if not callable(found):
        raise ValueError(f"{path} in {file} is no function but of type {type(found).__name__!r}")
    return found


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
