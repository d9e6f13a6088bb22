"""Classic ways to a NaN or an infinity, recognised by operation and inputs, each with its remedy.

A pattern is a row: operation, whether it is met in the value or in the derivative, a question about the inputs, what
it is called, what to do. The first row that fits is named. (Limits of exp: log of the largest number of the dtype, 88.7
in float32 and 709.8 in float64.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

SAFE = (
    "Give the operation a harmless argument where its result is not wanted, such as gt.where(x > 0, x, 1.0), and "
    "choose among the results with gt.where"
)
SHIFT = (
    "Shift the exponent by its maximum or stay in logarithms (gt.reduce_logsumexp, gt.nn.log_softmax, gt.nn.softplus), "
    "or compute in float64"
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way to a number that is not finite; `fits` asks about the operation's inputs, as float arrays."""

    operations: frozenset[str]
    derivative: bool
    fits: Callable[..., Any]
    name: str
    remedy: str


def _pattern(
    operations: str, fits: Callable[..., Any], name: str, remedy: str, derivative: bool = False
) -> Pattern:
    return Pattern(frozenset(operations.split()), derivative, fits, name, remedy)


DIVISION = _pattern(
    "divide",
    lambda a, b: (a == 0) & (b == 0),
    "0/0",
    "Use gt.math.divide_no_nan, which gives 0 there, or gt.where with a divisor that is never 0: "
    "x / gt.where(y == 0, 1.0, y)",
)
UNTAKEN = Pattern(
    DIVISION.operations,
    False,
    DIVISION.fits,
    "0/0 in a branch not taken",
    "gt.where computes both branches. The one that is not taken adds nothing to values or derivatives here, but it "
    "should not divide by 0: x / gt.where(y == 0, 1.0, y)",
)
PATTERNS = (
    DIVISION,
    _pattern("divide", lambda a, b: b == 0, "division by 0", DIVISION.remedy),
    _pattern("reciprocal", lambda x: x == 0, "division by 0", DIVISION.remedy),
    _pattern(
        "log log2 log10 log1p",
        lambda x: x == 0,
        "log of 0",
        "Keep the argument above 0 with gt.maximum(x, 1e-12), or use gt.math.xlogy for x log y, gt.math.log1p for "
        "log(1 + x) and gt.nn.log_softmax for the log of a softmax",
    ),
    _pattern("log log2 log10 log1p", lambda x: x < 0, "log of a negative number", SAFE),
    _pattern("sqrt", lambda x: x < 0, "sqrt of a negative number", SAFE),
    _pattern("exp exp2 expm1 cosh sinh", lambda x: np.abs(x) > 10, "overflow in exp", SHIFT),
    _pattern("arcsin arccos", lambda x: np.abs(x) > 1, "argument outside [-1, 1]", "Use gt.clip_by_value"),
    _pattern("arctanh", lambda x: np.abs(x) >= 1, "argument outside (-1, 1)", "Use gt.clip_by_value"),
    _pattern("arccosh", lambda x: x < 1, "argument below 1", "Use gt.maximum(x, 1.0)"),
    _pattern("power", lambda a, b: (a == 0) & (b < 0), "negative power of 0", SAFE),
    _pattern("power", lambda a, b: (a < 0) & (b != np.round(b)), "broken power of a negative number", SAFE),
    _pattern("power square", lambda a, *b: np.abs(a) > 1, "overflow in a power", SHIFT),
    _pattern(
        "add subtract sum",
        lambda *xs: any(np.isinf(x).any() for x in xs),
        "infinity minus infinity",
        "Find where the infinity was made: `with gt.debug.inf():` stops there",
    ),
    _pattern(
        "multiply matmul einsum divide",
        lambda *xs: any(np.isinf(x).any() for x in xs),
        "0 times infinity",
        "Find where the infinity was made: `with gt.debug.inf():` stops there",
    ),
)
DERIVATIVES = (
    _pattern(
        "sqrt",
        lambda x: x == 0,
        "sqrt at 0",
        "The derivative of sqrt at 0 is infinite. Use gt.sqrt(x + 1e-12), or for a length gt.norm, whose derivative at "
        "the zero vector is 0",
        True,
    ),
    _pattern(
        "power",
        lambda a, b: (a == 0) & (b < 1),
        "broken power at 0",
        "The derivative of x**p with p < 1 is infinite at 0. Use (x + 1e-12)**p",
        True,
    ),
    _pattern(
        "log log2 log10 log1p reciprocal",
        lambda x: x == 0,
        "log or division at 0",
        "The derivative is infinite at 0. " + SAFE,
        True,
    ),
    _pattern(
        "divide",
        lambda a, b: b == 0,
        "log or division at 0",
        "The derivative is infinite at 0. " + SAFE,
        True,
    ),
    _pattern(
        "arcsin arccos arctanh",
        lambda x: np.abs(x) == 1,
        "end of the interval",
        "The derivative is infinite at -1 and 1. Keep the argument inside with gt.clip_by_value(x, -0.999, 0.999)",
        True,
    ),
)
OTHER = ("", "Look at the inputs above; `with gt.debug.inf():` stops at the first infinity")


def recognise(
    name: str, inputs: Sequence[Any], rule: tuple[str, Sequence[Any]] | None, line: str
) -> tuple[str, str]:
    """Name and remedy of the pattern; empty and general where none fits.

    Args:
        name: the operation whose result is not finite.
        inputs: its inputs as arrays.
        rule: whose derivative is computed, and of which inputs; None in the program itself.
        line: the line of the program, which shows a `where` around the operation.
    """
    candidates = [(DERIVATIVES, *rule)] if rule is not None else []
    for rows, operation, values in [*candidates, (PATTERNS, name, inputs)]:
        for pattern in rows:
            if operation in pattern.operations and _fits(pattern, operation, values):
                if pattern is DIVISION and "where(" in line:
                    pattern = UNTAKEN
                return pattern.name, pattern.remedy
    return OTHER


def _fits(pattern: Pattern, operation: str, values: Sequence[Any]) -> bool:
    try:
        with np.errstate(all="ignore"):
            # log1p is the log of one more.
            return bool(np.any(pattern.fits(*[x + 1 if operation == "log1p" else x for x in values])))
    except (TypeError, ValueError):  # inputs that are not known, or of other numbers or shapes
        return False
