"""The values of `--at`: numbers and lists as Python writes them, with or without names."""

from __future__ import annotations

import ast
from typing import Any

from ..core.errors import said
from .expression import evaluate, parse
from .output import CommandError


def values_at(text: str) -> tuple[list[Any], dict[str, Any]]:
    """The values by place and by name in a text such as `1.0, [2.0, 3.0], t=pi/2`.

    Raises:
        ValueError: for a text that is no list of values.
    """
    try:
        call = ast.parse(f"at({text})", mode="eval").body
    except SyntaxError:
        raise _unreadable(text) from None
    if not isinstance(call, ast.Call) or any(isinstance(a, ast.Starred) for a in call.args):
        raise _unreadable(text)
    if any(keyword.arg is None for keyword in call.keywords):
        raise _unreadable(text)
    named = {str(keyword.arg): _value(keyword.value, text) for keyword in call.keywords}
    return [_value(argument, text) for argument in call.args], named


def _value(part: ast.expr, text: str) -> Any:
    """A number, a list of values, or a constant expression such as pi/2."""
    if isinstance(part, (ast.List, ast.Tuple)):
        return [_value(entry, text) for entry in part.elts]
    if isinstance(part, ast.Constant) and isinstance(part.value, (bool, int)):
        return part.value
    try:
        return float(evaluate(parse(ast.unparse(part)), {}))
    except ValueError as error:
        raise CommandError(f"--at: {said(error)}") from None


def _unreadable(text: str) -> CommandError:
    return CommandError(f"--at: {text!r} is no list of values; write it as x=1,t=0.5 or 1.0,[2.0,3.0]")
