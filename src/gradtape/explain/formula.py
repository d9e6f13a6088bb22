"""The partial derivatives of a recorded program as formulas, beside their numbers.

A record has the operations and what their rules will want. That is enough for a formula of every derivative: each
operation is said in SymPy's words (`symbols.py`), and SymPy differentiates. What a record does not keep is the constant
of a sum, because no rule asks for it; it is found as a difference where the sum's value is known, and where that is not
known, no derivative depends on it, so that a letter can stand for it.

Programs of numbers are meant: every value on the path is one number, or arrays whose entries all go the same way, with
constants that are one number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import UnconnectedGradients
from ..core.bundle import Bundle
from ..core.listen import Node, paused
from ..core.tensor import Tensor
from ..core.values import QUIET
from ..modes.record import Record
from ..partial import parse_wanted, recorded_partials
from ..planning import plan_partials
from .symbols import PASSING, SYMBOLS, FormulaError, number, sympy

LIMIT = 200  # operations in a formula
FORMATS = ("plain", "latex", "mathml", "sympy")
SIMPLIFIED = 60  # operations of an expression up to which SymPy is asked to simplify it


@dataclass(frozen=True, slots=True, repr=False)
class Formula:
    """One partial derivative: `name` such as "xx", the SymPy `expression`, and its `value` where it was recorded."""

    name: str
    expression: Any
    value: Any

    @property
    def latex(self) -> str:
        """The formula for LaTeX."""
        return in_format(self.expression, "latex")

    @property
    def mathml(self) -> str:
        """The formula for a web page: presentation MathML, without the element `math` around it."""
        return in_format(self.expression, "mathml")

    def __str__(self) -> str:
        return str(self.expression)

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"


def in_format(expression: Any, form: str) -> str:
    """A SymPy expression as text.

    Args:
        expression: what to write.
        form: "plain" as Python writes it, "latex", "mathml" (presentation), or "sympy", the constructors that make it.
    """
    sp = sympy()
    if form == "latex":
        return str(sp.latex(expression))
    if form == "mathml":
        return str(sp.mathml(expression, printer="presentation"))
    return str(sp.srepr(expression) if form == "sympy" else expression)


def formulas(record: Record, target: Any, sources: Mapping[str, Any], wanted: Any) -> tuple[Formula, ...]:
    """The wanted partial derivatives, as `partials` takes them, in their order."""
    sp, names = sympy(), tuple(sources)
    indices = parse_wanted(wanted, names)
    letters = {name: sp.Symbol(name, real=True) for name in names}
    with paused():
        values = recorded_partials(
            record, target, dict(sources), plan_partials(names, indices), UnconnectedGradients.ZERO, True
        )
    expression = Writer(sp, record, sources, letters).write(target)
    return tuple(
        [
            Formula(_joined(index, names), derivative(sp, expression, index, letters, names), value.numpy())
            for index, value in zip(indices, values, strict=True)
        ]
    )


def derivative(
    sp: Any, expression: Any, index: Sequence[int], letters: Mapping[str, Any], names: Sequence[str]
) -> Any:
    """A partial derivative of an expression, simplified where that is quick; `index` has the order in each name."""
    orders = [(letters[name], order) for name, order in zip(names, index, strict=True) if order]
    found = sp.diff(expression, *orders) if orders else expression
    return sp.simplify(found) if found.count_ops() <= SIMPLIFIED else found


def _joined(index: Sequence[int], names: Sequence[str]) -> str:
    parts = [name for name, order in zip(names, index, strict=True) for _ in range(order)]
    return ("" if all(len(name) == 1 for name in names) else ",").join(parts)


class Writer:
    """Writes the value of a target as an expression in the sources' letters."""

    def __init__(
        self, sp: Any, record: Record, sources: Mapping[str, Any], letters: Mapping[str, Any]
    ) -> None:
        self.sp = sp
        self.record = record
        self.written = {
            source._node: letters[name] for name, source in sources.items() if record.knows(source)
        }
        self.values: dict[Node, Any] = {s._node: s._value for s in sources.values() if s._node is not None}
        self.constants = 0

    def write(self, target: Any) -> Any:
        """The expression of a target; a number where it depends on nothing that is followed."""
        if not self.record.knows(target):
            return self._constant(target._value, "the target")
        self.values[target._node] = target._value
        nodes = self.record.path([target._node])
        count = sum(node.primitive is not None for node in nodes)
        if count > LIMIT:
            raise FormulaError(
                f"formula: the target takes {count} operations, and formulas are written for {LIMIT} at most; ask for "
                "the formula of a part of it"
            )
        for node in nodes:
            for x in node.saved if type(node.saved) is tuple else ():
                if isinstance(x, Tensor) and x._node is not None:
                    self.values.setdefault(x._node, x._value)
            if node.kept is not None and not isinstance(node, Bundle):
                self.values.setdefault(node, node.kept)
        for node in nodes:
            if node not in self.written:
                self.written[node] = self._node(node)
        return self.written[target._node]

    def _node(self, node: Node) -> Any:
        """The expression of one result from those of its inputs."""
        parents = node.read(self.record.key)
        if not parents or node.primitive is None:
            if node in self.values:
                return self._constant(self.values[node], "a source that was not named")
            return self._letter()
        name = node.primitive.name
        if name in PASSING or (name == "sum" and parents[0] is not None and not parents[0].shape):
            self._evaluate(node, [self.values.get(parents[0])])
            return self.written[parents[0]]
        if name not in SYMBOLS:
            raise FormulaError(
                f"formula: {name} has no formula for single numbers; formulas are written for programs whose values "
                "are numbers, or arrays that are treated entry by entry"
            )
        inputs = [
            (self.written[parent], self.values.get(parent))
            if parent is not None
            else self._input(node, index)
            for index, parent in enumerate(parents)
        ]
        self._evaluate(node, [value for _, value in inputs])
        return SYMBOLS[name](self.sp, *[expression for expression, _ in inputs])

    def _evaluate(self, node: Node, inputs: Sequence[Any]) -> None:
        """Compute the value of a result that was not kept, where its inputs are known."""
        if node not in self.values and node.primitive is not None and all(x is not None for x in inputs):
            self.values[node] = QUIET.run(node.primitive.value, *inputs, **(node.params or {}))

    def _input(self, node: Node, index: int) -> tuple[Any, Any]:
        """An input that depends on no source: the number that was kept, or that of a sum, found as a difference."""
        name = node.primitive.name if node.primitive is not None else ""
        saved = node.saved[index] if type(node.saved) is tuple else None
        if isinstance(saved, Tensor):
            return self._constant(saved._value, f"a constant of {name}"), saved._value
        if name not in ("add", "subtract"):
            raise FormulaError(
                f"formula: the tape has not kept a constant of {name}; use numbers in place of arrays"
            )
        total, known = self.values.get(node), self.values.get(node.read(self.record.key)[1 - index])
        if total is None or known is None:
            return self._letter(), None
        if name == "add":
            found = _shortest(total - known, lambda c: known + c, total)
        elif index:
            found = _shortest(known - total, lambda c: known - c, total)
        else:
            found = _shortest(total + known, lambda c: c - known, total)
        return self._constant(found, f"a constant of {name}"), found

    def _letter(self) -> Any:
        """A letter for a constant that no derivative depends on."""
        self.constants += 1
        return self.sp.Symbol(f"c{self.constants}")

    def _constant(self, value: Any, what: str) -> Any:
        """A number; an array only if all its entries are one number."""
        entries = np.asarray(value)
        if entries.size == 0 or not (entries == entries.flat[0]).all():
            raise FormulaError(
                f"formula: {what} is an array of different numbers, of shape {entries.shape}; a formula has one number"
            )
        return number(self.sp, entries.flat[0])


def _shortest(found: Any, again: Any, total: Any) -> Any:
    """The number of fewest decimals near a difference that gives the total again, in its own arithmetic."""
    kind = np.asarray(found).dtype.type
    for decimals in range(18):
        rounded = np.asarray(np.round(found, decimals)).astype(kind)
        if np.array_equal(np.asarray(again(rounded)).astype(kind), total):
            return rounded
    return found
