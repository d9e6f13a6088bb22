"""What is kept of a value to show it later: numbers and small arrays whole, of large ones shape and range.

A digest holds no reference to an array, so that looking at a program does not change what it keeps in memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

WHOLE = 6  # entries up to which an array is kept as it is
DIGITS = 6
FEW = 4  # digits of the range of many entries


def digest(value: Any) -> Any:
    """A number itself, a copy of a small array, else (dtype, shape, smallest, mean, largest, how many not finite)."""
    if not isinstance(value, np.ndarray):  # a number, or None where there is no value
        return value
    if value.size <= WHOLE:
        return value.copy()
    kind = value.dtype.kind
    if kind not in "fciub":
        return value.dtype.name, value.shape, None, None, None, 0
    measured = np.abs(value) if kind == "c" else value
    with np.errstate(all="ignore"):
        bad = int(value.size - np.isfinite(value).sum()) if kind in "fc" else 0
        low, high = (
            (np.fmin.reduce(measured, None), np.fmax.reduce(measured, None)) if kind != "b" else (None, None)
        )
        mean = np.mean(measured, dtype=np.float64)
    return value.dtype.name, value.shape, low, mean, high, bad


def shown(kept: Any) -> str:
    """A digest as text."""
    if kept is None:
        return ""
    if isinstance(kept, tuple):
        dtype, shape, low, mean, high, bad = kept
        head = f"{dtype}{list(shape)}"
        if mean is None:
            return head
        what = "absolute values " if dtype.startswith("complex") else ""
        low, mean, high = (None if x is None else _number(x, FEW) for x in (low, mean, high))
        span = f"mean {mean}" if low is None else f"{low} … {high}, mean {mean}"
        return f"{head} {what}{span}" + (f", {bad:,} not finite" if bad else "")
    if isinstance(kept, np.ndarray):
        text = np.array2string(kept, separator=", ", formatter={"all": _number})
        return " ".join(text.split())
    return _number(kept)


def _number(value: Any, digits: int = DIGITS) -> str:
    """A number in a few digits."""
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.{digits}g}"
    if isinstance(value, (complex, np.complexfloating)):
        return f"{complex(value):.{digits}g}"
    return str(value)
