"""Where a NaN or an infinity is made first: in the program, in a derivative on the way back or forward, or in a jet.

A `Sentinel` stands outermost, so by the nesting law it hears every operation: those of the program, those of the rules
and the coefficients of series. It stops at the first result that is not finite though all inputs are. It notes on each
result the line that made it, and where its infinities began; a rule's operation is traced to the operation whose
derivative it belongs to by the frames of the walk that are being executed.

What a mask of reverse mode holds for absent (`modes/mask.py`) is thrown away by design and raises no alarm.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, Self

import numpy as np

from ..core.errors import Documented, remade
from ..core.further_errors import AlreadyRecordingError
from ..core.listen import Listener, Node, activate, deactivate, leaf
from ..core.place import PACKAGE, Place, user_place
from ..core.primitive import Primitive
from ..core.tensor import Tensor
from .patterns import recognise

MODES = {
    PACKAGE + "modes/reverse.py": "the derivative, on the way back, of",
    PACKAGE + "modes/numbers.py": "the derivative, on the way back, of",
    PACKAGE + "modes/forward.py": "the derivative, forward, of",
    PACKAGE + "modes/series.py": "the Taylor series of",
}


class NonFiniteError(Documented, FloatingPointError):
    """An operation made a NaN or an infinity from finite numbers.

    Attributes:
        operation: its name.
        inputs: the values that it was given.
        place: the line of the program that was being executed.
        derivative_of: the operation whose derivative or series was computed, None in the program itself.
        made_at: the line where that one was applied, None if it is not known.
        pattern: the name of a classic pattern, empty if it is none.
        remedy: what to do about it.
    """

    section = "A NaN or an infinity inside gt.debug"

    def __init__(self, found: Found) -> None:
        super().__init__(found.text())
        self.operation = found.operation
        self.inputs = found.inputs
        self.place = found.place
        self.derivative_of = None if found.rule is None else found.rule.operation
        self.made_at = None if found.rule is None else found.rule.place
        self.pattern = found.pattern
        self.remedy = found.remedy

    def __reduce__(self) -> Any:
        return remade, (type(self), *self.args), vars(self)


@dataclass(frozen=True, slots=True)
class Under:
    """The operation whose derivative is being computed: in which mode, of which inputs, applied where."""

    mode: str
    operation: str
    inputs: tuple[Any, ...]
    place: Place | None


@dataclass(frozen=True, slots=True)
class Found:
    """All that is known of the first result that is not finite."""

    what: str
    operation: str
    inputs: tuple[Any, ...]
    place: Place
    rule: Under | None
    origin: str
    pattern: str
    remedy: str

    def text(self) -> str:
        """The message of the error."""
        given = ", ".join(_shown(x) for x in self.inputs)
        lines = [f"{self.operation} made {self.what} at {self.place}, from the inputs {given}."]
        if self.rule is not None:
            where = f" (applied at {self.rule.place})" if self.rule.place is not None else ""
            lines.append(f"It is part of {self.rule.mode} {self.rule.operation}{where}.")
        if self.origin:
            lines.append(f"The infinity among its inputs was made by {self.origin}.")
        lines.append(f"{self.pattern}: {self.remedy}." if self.pattern else f"{self.remedy}.")
        return "\n".join(lines)


def _shown(value: Any) -> str:
    """A value, or its kind and range where it has many entries."""
    if value.size <= 6:
        return np.array2string(np.asarray(value), precision=6, separator=", ")
    low, high = np.nanmin(value), np.nanmax(value)
    return f"{value.dtype.name}{list(value.shape)} between {low:.6g} and {high:.6g}"


class Sentinel(Listener):
    """Stops at the first operation whose result has what no input has; a context manager."""

    __slots__ = ("_bad", "_entered", "_what")

    forward = True  # its notes are no parents
    opens = True

    def __init__(self, what: str, bad: Callable[[Any], Any]) -> None:
        super().__init__()
        self._what = what
        self._bad = bad
        self._entered = False

    def __enter__(self) -> Self:
        if self._entered:
            raise AlreadyRecordingError("this context has been entered already: make another with gt.debug")
        self._entered = True
        activate(self, outermost=True)
        return self

    def __exit__(self, *exception: object) -> None:
        deactivate(self)
        self.release()
        self._entered = False

    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        place = user_place()
        for y in result if type(result) is tuple else (result,):
            value = y._value
            if value.dtype.kind not in "fc":
                continue
            finite = np.isfinite(value).all()
            if not finite and not any(self._has(x._value) for x in inputs):
                self._stop_at(primitive, inputs, value, place)
            origin = "" if finite else self._origin(inputs) or f"{primitive.name} at {place}"
            if y._node is None:
                y._node = leaf(value)
            if not y._node.knows(self.key):
                self.attach(y._node, (place, origin))

    def follows(self, node: Node) -> bool:
        return False  # it looks at values alone, and no derivative depends on it

    def _has(self, value: Any) -> bool:
        """Whether a value has what is looked for."""
        return value.dtype.kind in "fc" and bool(self._bad(value).any())

    def _origin(self, inputs: Sequence[Any]) -> str:
        """Where the first infinity among the inputs was made; empty if there is none or it is not known."""
        for x in inputs:
            node = x._node
            if node is not None and node.knows(self.key) and not np.isfinite(x._value).all():
                return str(node.read(self.key)[1])
        return ""

    def _stop_at(self, primitive: Primitive, inputs: tuple[Tensor, ...], value: Any, place: Place) -> None:
        """Raise, if what is looked for is here and is no absent entry of a mask."""
        bad = self._bad(value)
        rule, live = self._under()
        if live is not None and live.shape == bad.shape:
            bad = bad & live
        if not bad.any():
            return
        values = tuple([x._value for x in inputs])
        name = primitive.name
        line = linecache.getline(place.file, place.line)
        pattern, remedy = recognise(
            name, values, None if rule is None else (rule.operation, rule.inputs), line
        )
        what = "a NaN" if np.isnan(value[bad] if value.ndim else value).any() else "an infinity"
        raise NonFiniteError(Found(what, name, values, place, rule, self._origin(inputs), pattern, remedy))

    def _under(self) -> tuple[Under | None, Any]:
        """The operation whose rule is being evaluated, and the entries of its result that are alive (None: all)."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
            mode = MODES.get(frame.f_code.co_filename.replace("\\", "/"))
            names = frame.f_locals if mode is not None else {}
            node, primitive = names.get("node"), names.get("primitive")
            if isinstance(node, Node) and node.primitive is not None:
                live = names.get("live")
                return self._of_node(mode, node), None if live is None else live._value
            if isinstance(primitive, Primitive) and "inputs" in names:
                inputs = [x for x in names["inputs"] if isinstance(x, Tensor)]
                return Under(str(mode), primitive.name, _values(inputs), self._line(names.get("y"))), None
            frame = frame.f_back
        return None, None

    def _of_node(self, mode: str | None, node: Node) -> Under:
        saved = node.saved if type(node.saved) is tuple else ()
        inputs = [x for x in saved if isinstance(x, Tensor)]
        values = _values(inputs) if len(inputs) == len(saved) and saved else self._inverse(node)
        return Under(str(mode), node.primitive.name, values, self._line(node))  # type: ignore[union-attr]

    def _inverse(self, node: Node) -> tuple[Any, ...]:
        """The input of a square root that has kept its output alone."""
        known = node.primitive is not None and node.primitive.name == "sqrt" and node.kept is not None
        return (np.square(node.kept),) if known else ()

    def _line(self, result: Any) -> Place | None:
        """Where a result, or the node of one, was made."""
        node = result if isinstance(result, Node) else getattr(result, "_node", None)
        return node.read(self.key)[0] if node is not None and node.knows(self.key) else None


def _values(inputs: Sequence[Any]) -> tuple[Any, ...]:
    return tuple([x._value for x in inputs])
