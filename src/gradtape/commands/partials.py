"""`gradtape partials`: the partial derivatives of a formula, as formulas and numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from ..core.further_errors import PrecisionWarning
from ..core.tensor import as_tensor
from ..explain.formula import FORMATS, derivative, in_format
from ..explain.summary import columns
from ..explain.symbols import sympy
from ..partial import parse_wanted
from ..tape import GradientTape
from .expression import evaluate, names_in, parse, symbolic
from .output import CommandError
from .values import values_at

HIGHEST = 10
MOST = 200  # partials in one table
LONGEST = 1000  # letters of a formula in a table


@dataclass(frozen=True, slots=True)
class Partial:
    """One row: "y_xx", its formula as a SymPy expression (None without SymPy), and its value."""

    name: str
    expression: Any
    value: float

    def written(self, form: str) -> str | None:
        """The formula in one of the formats, None without SymPy."""
        return None if self.expression is None else in_format(self.expression, form)


@dataclass(frozen=True, slots=True)
class Table:
    """All partials of a formula at a point; the first row is the formula itself."""

    expression: str
    at: dict[str, float]
    rows: tuple[Partial, ...]

    def data(self) -> dict[str, Any]:
        """What `--json` prints: formulas in every format, "formula" being the plain one."""
        rows = [
            {
                "name": row.name,
                "value": row.value,
                **{"formula" if form == "plain" else form: row.written(form) for form in FORMATS},
            }
            for row in self.rows
        ]
        return {"expression": self.expression, "at": self.at, "partials": rows}

    def text(self, form: str = "plain") -> str:
        """The table, with formulas in one of the formats; of long ones the size alone."""
        known = all(row.expression is not None for row in self.rows)
        point = ", ".join(f"{name} = {value:.10g}" for name, value in self.at.items())
        lines: list[tuple[str, ...]] = [("", f"at {point}", "formula") if known else ("", f"at {point}")]
        for row in self.rows:
            formula = (_short(str(row.written(form)), row.expression),) if known else ()
            lines.append((row.name, f"{row.value:.10g}", *formula))
        return "\n".join(line.rstrip() for line in columns(lines, numbers={1}))


def _short(formula: str, expression: Any) -> str:
    return (
        formula
        if len(formula) <= LONGEST
        else f"({expression.count_ops()} operations; --json writes them out)"
    )


def partials_of(text: str, at: str, order: int = 1, wanted: str | None = None) -> Table:
    """The value of a formula at a point and its partial derivatives.

    Args:
        text: the formula, such as "x**3 + 2*t".
        at: the point, such as "x=1,t=1": a number for every variable.
        order: all partials up to this order.
        wanted: these partials in place of all, such as "x xx t".

    Raises:
        ValueError: for a text that is no formula, an unknown function, or a point that does not fit.
    """
    if not 1 <= order <= HIGHEST:
        raise CommandError(f"--order is between 1 and {HIGHEST}, not {order}")
    tree = parse(text)
    names = tuple(names_in(tree))
    if not names:
        raise CommandError(f"{text!r} has no variable to differentiate in")
    point = _point(names, at)
    indices = parse_wanted(list(all_up_to(names, order)) if wanted is None else wanted, names)
    if len(indices) > MOST:
        raise CommandError(
            f"these are {len(indices)} partials; choose some with --wanted, or a lower --order"
        )
    sources = {name: as_tensor(np.float64(value)) for name, value in point.items()}
    with GradientTape() as tape:
        tape.watch(list(sources.values()))
        y = as_tensor(evaluate(tree, sources))
    with warnings.catch_warnings():
        # A partial that vanishes has no digits to lose, and one that is infinite shows it.
        warnings.filterwarnings("ignore", ".* (of 0|overflows) in .*", PrecisionWarning)
        items = [tuple(n for n, k in zip(names, index, strict=True) for _ in range(k)) for index in indices]
        values = tape.partials(y, sources, items, "zero", total=True)
    labels = [label_of(item) for item in items]
    formulas = written(tree, names, indices)
    rows = [("y", y), *zip(labels, values, strict=True)]
    return Table(
        text,
        point,
        tuple(
            [
                Partial(label, formula, float(value.numpy()))
                for (label, value), formula in zip(rows, formulas, strict=True)
            ]
        ),
    )


def _point(names: tuple[str, ...], at: str) -> dict[str, float]:
    """A number for every variable."""
    by_place, named = values_at(at)
    if by_place:
        raise CommandError(f"--at names its values, such as {names[0]}=1.0")
    unknown = [name for name in named if name not in names]
    if unknown:
        raise CommandError(
            f"--at gives {unknown[0]}, which the formula does not have: it has {', '.join(names)}"
        )
    missing = [name for name in names if name not in named]
    if missing:
        raise CommandError(f"{missing[0]} has no value; give it one with --at {missing[0]}=1.0")
    for name, value in named.items():
        if isinstance(value, (list, bool)):
            raise CommandError(f"--at: {name} takes a number")
    return {name: float(named[name]) for name in names}


def all_up_to(names: tuple[str, ...], order: int) -> Iterator[tuple[str, ...]]:
    """Every partial derivative up to an order, each once."""
    for count in range(1, order + 1):
        yield from combinations_with_replacement(names, count)


def label_of(item: tuple[str, ...]) -> str:
    """The name of a partial: y_xxt."""
    return "y_" + ("" if all(len(name) == 1 for name in item) else ",").join(item)


def written(tree: Any, names: tuple[str, ...], indices: Any) -> list[Any]:
    """The formula and its partials as SymPy expressions; None for each where SymPy is not installed."""
    try:
        sp = sympy()
    except ImportError:
        return [None] * (len(indices) + 1)
    letters = {name: sp.Symbol(name, real=True) for name in names}
    whole = symbolic(sp, tree, letters)
    return [whole, *[derivative(sp, whole, index, letters, names) for index in indices]]
