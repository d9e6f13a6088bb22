"""What operations are called in SymPy: one line for each, and numbers as one writes them. SymPy loads on first use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from ..core.errors import Documented
from ..core.further_errors import MissingPackageError

Function = Callable[..., Any]


class FormulaError(Documented, ValueError):
    """What a tape has recorded cannot be written as a formula of numbers."""

    section = "A program without a formula"


def sympy() -> Any:
    """The module SymPy.

    Raises:
        ImportError: if it is not installed, with the command that installs it.
    """
    try:
        return import_module("sympy")
    except ImportError:
        raise MissingPackageError("formulas are made with SymPy: pip install sympy") from None


SYMBOLS: dict[str, Function] = {
    "add": lambda sp, a, b: a + b,
    "subtract": lambda sp, a, b: a - b,
    "multiply": lambda sp, a, b: a * b,
    "divide": lambda sp, a, b: a / b,
    "power": lambda sp, a, b: a**b,
    "negative": lambda sp, x: -x,
    "reciprocal": lambda sp, x: 1 / x,
    "square": lambda sp, x: x**2,
    "sqrt": lambda sp, x: sp.sqrt(x),
    "cbrt": lambda sp, x: sp.real_root(x, 3),
    "absolute": lambda sp, x: sp.Abs(x),
    "maximum": lambda sp, a, b: sp.Max(a, b),
    "minimum": lambda sp, a, b: sp.Min(a, b),
    "relu": lambda sp, x: sp.Max(x, 0),
    "exp": lambda sp, x: sp.exp(x),
    "exp2": lambda sp, x: 2**x,
    "expm1": lambda sp, x: sp.exp(x) - 1,
    "log": lambda sp, x: sp.log(x),
    "log2": lambda sp, x: sp.log(x, 2),
    "log10": lambda sp, x: sp.log(x, 10),
    "log1p": lambda sp, x: sp.log(1 + x),
    "logaddexp": lambda sp, a, b: sp.log(sp.exp(a) + sp.exp(b)),
    "xlogy": lambda sp, a, b: a * sp.log(b),
    "hypot": lambda sp, a, b: sp.sqrt(a**2 + b**2),
    "sigmoid": lambda sp, x: 1 / (1 + sp.exp(-x)),
    "softplus": lambda sp, x: sp.log(1 + sp.exp(x)),
    "sin": lambda sp, x: sp.sin(x),
    "cos": lambda sp, x: sp.cos(x),
    "tan": lambda sp, x: sp.tan(x),
    "arcsin": lambda sp, x: sp.asin(x),
    "arccos": lambda sp, x: sp.acos(x),
    "arctan": lambda sp, x: sp.atan(x),
    "arctan2": lambda sp, a, b: sp.atan2(a, b),
    "sinh": lambda sp, x: sp.sinh(x),
    "cosh": lambda sp, x: sp.cosh(x),
    "tanh": lambda sp, x: sp.tanh(x),
    "arcsinh": lambda sp, x: sp.asinh(x),
    "arccosh": lambda sp, x: sp.acosh(x),
    "arctanh": lambda sp, x: sp.atanh(x),
    "erf": lambda sp, x: sp.erf(x),
    "erfc": lambda sp, x: sp.erfc(x),
    "gammaln": lambda sp, x: sp.loggamma(x),
    "psi": lambda sp, x: sp.digamma(x),
    "j0": lambda sp, x: sp.besselj(0, x),
    "j1": lambda sp, x: sp.besselj(1, x),
    "i0": lambda sp, x: sp.besseli(0, x),
    "i1": lambda sp, x: sp.besseli(1, x),
}
"""Pointwise operations in SymPy's words, by the names of their rows."""

PASSING = frozenset({"identity", "cast", "broadcast_to", "reshape", "real", "conjugate", "transpose"})
"""Operations that leave a real number as it is, whatever they do to shapes and dtypes."""


def number(sp: Any, value: Any) -> Any:
    """A NumPy number as one writes it: whole numbers and halves, quarters, eighths exactly, others in their digits."""
    kind = np.asarray(value).dtype.kind
    if kind == "c":
        raise FormulaError("formulas are made for real numbers, not for complex ones")
    if kind in "biu" or float(value).is_integer():
        return sp.Integer(int(value))
    if not np.isfinite(value):
        raise FormulaError(f"a formula cannot hold the number {value}")
    part = float(value) * 8
    if part.is_integer():
        return sp.Rational(int(part), 8)
    digits = np.format_float_positional(value, unique=True) if abs(float(value)) > 1e-4 else str(value)
    return sp.Float(digits, dps=max(len(digits), 6))
