"""Partial derivatives put together from coefficients along directions, and how many digits of them are left."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .core.further_errors import PrecisionWarning
from .core.tensor import Tensor
from .core.variable import Variable
from .modes.reverse import zeros
from .modes.series import plus, scaled
from .planning import Index, Term

Coefficients = Mapping[tuple[Index, Any], Tensor | None]


def combined(recipe: Sequence[Term], coefficients: Coefficients, target: Tensor | Variable) -> Tensor:
    """A partial derivative from its terms."""
    total: Tensor | None = None
    with np.errstate(over="ignore"):  # told by `warn_precision`
        for term in recipe:
            part = coefficients.get((term.source, term.order))
            if part is not None:
                total = plus(total, part if term.weight == 1 else scaled(part, float(term.weight)))
    return zeros(target) if total is None else total


def is_precise(recipe: Sequence[Term], norms: Mapping[tuple[Index, Any], float], whole: Any) -> bool:
    """Whether the terms are certainly not so large that few digits of their sum are left, by their norms."""
    size = sum(abs(float(term.weight)) * norms.get((term.source, term.order), 0.0) for term in recipe)
    return (
        float(np.finfo(whole.dtype).eps) * size
        <= 0.01 * norm(whole) / math.sqrt(max(1, whole.size))
        < math.inf
    )


def norm(value: Any) -> float:
    """The square root of the sum of squares: at least the largest entry, and at most that for each entry."""
    flat = np.ravel(value)
    square = 0.0 if value.dtype.itemsize < 4 else abs(np.vdot(flat, flat))
    if not 0 < square < math.inf:  # perhaps for want of range alone
        flat = flat.astype(np.result_type(value.dtype, np.float64))
        square = abs(np.vdot(flat, flat))
    return math.sqrt(square)


def warn_precision(name: str, recipe: Sequence[Term], coefficients: Coefficients, whole: Tensor) -> None:
    """Warn where the terms are so much larger than their sum that few digits of it are left, or overflow the dtype."""
    value = whole._value
    info = np.finfo(value.dtype)
    size = 0.0
    for term in recipe:
        part = coefficients.get((term.source, term.order))
        if part is not None:
            with np.errstate(over="ignore"):
                weighted = part._value * value.dtype.type(float(term.weight))
            size += float(np.max(np.abs(weighted), initial=0.0))
    largest = float(np.max(np.abs(value), initial=0.0))
    error = float(info.eps) * size
    if math.isfinite(size) and not error > 0.01 * largest:
        return
    if not math.isfinite(size) and np.isnan(value).any():
        return  # not-a-number in, not-a-number out
    digits = "overflows" if not math.isfinite(size) else f"may be off by about {error:.1g} of {largest:.1g}"
    warnings.warn(
        f"the partial derivative {name} {digits} in {value.dtype.name}: compute in a wider dtype, such as float64",
        PrecisionWarning,
        stacklevel=4,
    )
