"""A formula as text: its names and operations, evaluated with gradtape or written in SymPy's words.

The text is read by Python's own parser and only numbers, names, arithmetic and calls of known functions are taken, so
that nothing in it is executed as code. `^` is a power, as one writes by hand.
"""

from __future__ import annotations

import ast
import difflib
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..core.tensor import ROWS, Tensor, as_tensor
from ..explain.symbols import SYMBOLS, number
from .output import CommandError

CONSTANTS = {"pi": math.pi, "e": math.e}
ALIASES = {
    "abs": "absolute",
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "digamma": "psi",
    "lgamma": "gammaln",
    "ln": "log",
    "max": "maximum",
    "min": "minimum",
    "pow": "power",
}
OPERATORS: dict[type, str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
}
TWO = frozenset({*OPERATORS.values(), "maximum", "minimum", "arctan2", "hypot", "logaddexp", "xlogy"})


def parse(text: str) -> ast.expr:
    """The tree of a formula.

    Raises:
        ValueError: if the text is no formula.
    """
    try:
        return ast.parse(text.replace("^", "**").strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise CommandError(f"{text!r} is no formula; write one as x**3 + 2*t or sin(x)*exp(-t)") from None


def names_in(tree: ast.expr) -> list[str]:
    """The variables of a formula, in the order in which they appear."""
    called = {id(part.func) for part in ast.walk(tree) if isinstance(part, ast.Call)}
    found = [part for part in ast.walk(tree) if isinstance(part, ast.Name) and id(part) not in called]
    found.sort(key=lambda part: (part.lineno, part.col_offset))
    return list(dict.fromkeys(part.id for part in found if part.id not in CONSTANTS))


def evaluate(tree: ast.expr, values: Mapping[str, Any]) -> Any:
    """The value of a formula; tensors among the values give a tensor."""

    def applied(name: str, *xs: Any) -> Any:
        return ROWS[name](*[x if isinstance(x, Tensor) else as_tensor(np.float64(x)) for x in xs])

    return _walk(tree, values, float, applied, CONSTANTS)


def symbolic(sp: Any, tree: ast.expr, letters: Mapping[str, Any]) -> Any:
    """The formula as a SymPy expression."""

    def written(value: Any) -> Any:
        return sp.Integer(value) if isinstance(value, int) else number(sp, value)

    return _walk(tree, letters, written, lambda name, *xs: SYMBOLS[name](sp, *xs), {"pi": sp.pi, "e": sp.E})


def _walk(
    part: ast.expr,
    values: Mapping[str, Any],
    literal: Callable[[Any], Any],
    apply: Callable[..., Any],
    constants: Mapping[str, Any],
) -> Any:
    """Read a tree with numbers, operations and constants of one kind."""

    def go(inner: ast.expr) -> Any:
        return _walk(inner, values, literal, apply, constants)

    if isinstance(part, ast.Constant) and type(part.value) in (int, float):
        return literal(part.value)
    if isinstance(part, ast.Name):
        if part.id in values:
            return values[part.id]
        if part.id in constants:
            return constants[part.id]
        raise CommandError(f"{part.id} has no value; give it one with --at {part.id}=1.0")
    if isinstance(part, ast.UnaryOp) and isinstance(part.op, (ast.USub, ast.UAdd)):
        return -go(part.operand) if isinstance(part.op, ast.USub) else go(part.operand)
    if isinstance(part, ast.BinOp) and type(part.op) in OPERATORS:
        left, right = go(part.left), go(part.right)
        try:
            found = _arithmetic(part.op, left, right)
        except (ZeroDivisionError, OverflowError) as error:
            raise CommandError(f"{ast.unparse(part)}: {error}") from None
        if isinstance(found, complex):
            raise CommandError(f"{ast.unparse(part)} is no real number")
        return found
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and not part.keywords:
        return apply(_operation(part), *[go(argument) for argument in part.args])
    raise CommandError(
        f"{ast.unparse(part)!r} is not taken in a formula: it may have numbers, names, + - * / ** and functions"
    )


def _arithmetic(operator: ast.operator, a: Any, b: Any) -> Any:
    if isinstance(operator, ast.Add):
        return a + b
    if isinstance(operator, ast.Sub):
        return a - b
    if isinstance(operator, ast.Mult):
        return a * b
    return a / b if isinstance(operator, ast.Div) else a**b


def _operation(part: ast.Call) -> str:
    """The row that a call means."""
    written = ast.unparse(part.func)
    name = ALIASES.get(written, written)
    if name not in SYMBOLS:
        close = difflib.get_close_matches(written, [*SYMBOLS, *ALIASES], 1)
        raise CommandError(
            f"there is no function {written}" + (f"; did you mean {close[0]}?" if close else " for formulas")
        )
    wanted = 2 if name in TWO else 1
    if len(part.args) != wanted:
        raise CommandError(
            f"{written} takes {wanted} argument{'s' if wanted > 1 else ''}, not {len(part.args)}"
        )
    return name
