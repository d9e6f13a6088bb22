"""Why a derivative is None: find where the path from the target back to the source ends.

The questions are asked in order, and the first answer is given: is the tape able to answer, is the source one that it
follows, does the target lead to it, and if not, at which of the cuts that the record remembers (`modes/cuts.py`) does
the path end. A value that left for NumPy comes back without a mark, so a cut of that kind is named when it is the only
way in which the source could have gone on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from ..core.listen import Key, Node, paused
from ..core.spec import is_differentiable
from ..core.tensor import Tensor
from ..core.variable import Variable
from ..modes.cuts import Cut
from ..modes.reverse import Pullback, Record, zeros
from .cause import Cause, Explanation
from .program import held, name_of, other_threads, replacement

LEAVINGS = {
    "numpy": ".numpy()",
    "array": "a conversion to a NumPy array (np.asarray)",
    "item": ".item()",
    "tolist": ".tolist()",
    "bool": "a truth value (if, while, bool)",
    "index": "an index",
}
RESTING = 'Where a zero is wanted instead, ask with unconnected_gradients="zero".'


@dataclass(frozen=True, slots=True)
class Question:
    """A record, a target and a source, and the frame that asks."""

    record: Record
    target: Any
    source: Any
    frame: FrameType

    @property
    def x(self) -> str:
        """What the source is called."""
        return name_of(self.source, self.frame) or "the source"

    @property
    def y(self) -> str:
        """What the target is called."""
        return name_of(self.target, self.frame) or "the target"


def explain(question: Question) -> Explanation:
    """The explanation of one None, or that there is none."""
    record, target, source = question.record, question.target, question.source
    if target is source:
        return Explanation(
            Cause.CONNECTED, f"{question.y} is the source itself:", "its derivative is one, not None."
        )
    if not is_differentiable(source._value.dtype):
        return _integer(question)
    for question_about in (_of_the_source, _of_the_path):
        answer = question_about(question)
        if answer is not None:
            return answer
    return _apart(question, reached_by_rules(record.key, _start(record, target)))


def _start(record: Record, target: Any) -> list[Node]:
    return [target._node] if record.knows(target) else []


def reached_by_rules(key: Key, targets: Iterable[Node]) -> list[Node]:
    """The nodes to which a cotangent can come from the targets: over inputs with a rule alone."""
    found = dict.fromkeys(targets)
    waiting = list(found)
    for node in waiting:  # grows while it is read
        for index, parent in enumerate(node.read(key)):
            if parent is not None and parent not in found and _has_rule(node, index):
                found[parent] = None
                waiting.append(parent)
    return waiting


def _has_rule(node: Node, index: int) -> bool:
    primitive = node.primitive
    if primitive is None or primitive.rules == ():  # an entry of a tuple
        return True
    return primitive.rule(index) is not None


# the source


def _integer(question: Question) -> Explanation:
    source, x = question.source, question.x
    return Explanation(
        Cause.INTEGER,
        f"{x} has the dtype {source.dtype.name}, and derivatives exist only in floating and complex numbers.",
        f"Make it with a decimal point or a dtype, such as gt.constant(3.0), or gt.cast it before {question.y} is "
        "computed.",
    )


def _of_the_source(question: Question) -> Explanation | None:
    """What is wrong with a source that the tape does not follow."""
    record, source, x, y = question.record, question.source, question.x, question.y
    if record.knows(source):
        return None
    if isinstance(source, Variable):
        if not source.trainable:
            return Explanation(
                Cause.NOT_TRAINABLE,
                f"{x} is a Variable with trainable=False, and a tape watches only trainable ones by itself.",
                f"Call tape.watch({x}) first thing inside `with tape:`, or make it with trainable=True.",
            )
        if not record.watch_accessed:
            return Explanation(
                Cause.NOT_WATCHED,
                f"The tape was made with watch_accessed_variables=False, and {x} was not watched.",
                f"Call tape.watch({x}) first thing inside `with tape:`.",
            )
        return _equal(question) or Explanation(
            Cause.NOT_READ,
            f"The variable {x} was not read while the tape recorded, so {y} is computed without it, or from a value "
            "that was read before.",
            f"Read {x} inside `with tape:`, in the expression that leads to {y}.",
        )
    equal = _equal(question)
    if equal is not None:
        return equal
    name = name_of(source, question.frame)
    place = replacement(name, question.frame) if name else None
    if place is not None:
        return Explanation(
            Cause.REPLACED,
            f"{name} was a Variable, but the assignment at {place} made it a Tensor, which no tape watches by itself.",
            f"Change a variable in place: {name}.assign(...), {name}.assign_add(...).",
            place,
        )
    other = bool(source._node is not None and any(not key.forward for key, _ in source._node.notes()))
    return Explanation(
        Cause.NOT_WATCHED,
        f"{x} is a Tensor that this tape was not told to watch"
        + (", though another tape follows it: each tape watches for itself." if other else "."),
        f"Call tape.watch({x}) inside `with tape:`, before {x} is used, or make it a gt.Variable, which is watched by "
        "itself and stays one as long as it is changed by assign.",
    )


def _equal(question: Question) -> Explanation | None:
    """Whether the target depends on another object that has the source's value."""
    record, target, source = question.record, question.target, question.source
    nodes = set(reached_by_rules(record.key, _start(record, target)))
    candidates: list[tuple[str | None, Any]] = [(v.name, v) for v in record.variables.values()]
    candidates += held(question.frame)
    for node in nodes:
        candidates += (
            [(None, x) for x in node.saved or () if isinstance(x, Tensor)]
            if node.primitive is not None and type(node.saved) is tuple
            else []
        )
    for name, other in candidates:
        node = other._node
        if (
            other is source
            or node is None
            or node is source._node
            or node not in nodes
            or node.read(record.key)
        ):
            continue
        mine, its = source._value, other._value
        if mine.dtype == its.dtype and np.array_equal(mine, its):
            called = name_of(other, question.frame) or name or "another tensor"
            return Explanation(
                Cause.EQUAL,
                f"{question.y} depends on {called}, which has the same value as {question.x} but is another object, "
                "and a tape knows tensors by identity.",
                f"Ask for the derivative with respect to {called}, or compute with the very object that is the source.",
            )
    return None


# the path


def _of_the_path(question: Question) -> Explanation | None:
    """Where the path from the target to a source that the tape follows ends."""
    record, target, source = question.record, question.target, question.source
    nodes = reached_by_rules(record.key, _start(record, target))
    if source._node in nodes:
        return _connected(question, nodes)
    cuts = record.cuts
    if cuts is not None:
        marked = dict.fromkeys(cut for node in [target._node, *nodes] for cut in cuts.of(node))
        left = [cut for cut in cuts.found.values() if cut.kind == "leave"]
        left.sort(key=lambda cut: cut.how == "bool")  # a number that leaves says more than a decision
        cut = _first(question, sorted(marked, key=_weight)) or _first(question, left)
        if cut is not None:
            return _at_cut(question, cut)
    if not is_differentiable(target._value.dtype):
        return Explanation(
            Cause.INTEGER,
            f"{question.y} has the dtype {target.dtype.name}, and only floating and complex numbers have derivatives.",
            "Compute it in floating numbers from the source on.",
        )
    if not nodes:
        return _outside(question)
    if source._node is not None and all(node.serial < source._node.serial for node in nodes):
        return Explanation(
            Cause.WATCHED_LATE,
            f"{question.y} was computed before the tape was told to watch {question.x}, and that does not look back.",
            f"Move tape.watch({question.x}) to the first line inside `with tape:`.",
        )
    return _equal(question)


def _weight(cut: Cut) -> int:
    """Which cuts are named first: what the program wrote on purpose, then derivatives, then other operations."""
    written = cut.how in ("stop_gradient", "astype") or cut.kind == "assign"
    return 0 if written else 1 if cut.kind == "derivative" else 2


def _first(question: Question, cuts: Iterable[Cut]) -> Cut | None:
    """The first of the cuts behind which the source lies."""
    key, node = question.record.key, question.source._node
    for cut in cuts:
        behind = [near for near in cut.nodes() if near.knows(key)]
        if node in behind or node in reached_by_rules(key, behind):
            return cut
    return None


def _at_cut(question: Question, cut: Cut) -> Explanation:
    """What one cut means."""
    x, y, place, how = question.x, question.y, cut.place, cut.how
    if cut.kind == "leave":
        return Explanation(
            Cause.LEFT,
            f"A value computed from {x} left the tape through {LEAVINGS.get(how, how + '()')} at {place}; what Python "
            f"or NumPy makes of it is a plain number, and {y} has no other connection to {x}.",
            "Compute with the tensor itself: NumPy's functions take tensors and are recorded, and gt.where makes a "
            "choice that keeps the path.",
            place,
        )
    if cut.kind == "assign":
        return Explanation(
            Cause.ASSIGNED,
            f"A value computed from {x} was assigned to the variable {how} at {place}, and no derivative flows through "
            "an assignment.",
            f"Compute {y} from the tensor that was assigned, not from the variable.",
            place,
        )
    if cut.kind == "derivative":
        return Explanation(
            Cause.LINEAR,
            f"{y} is made of a derivative with respect to {x}, taken at {place}, that does not depend on {x}: the "
            f"function is linear in {x} there, so that its derivative is a constant.",
            f"Nothing is wrong if that is meant. {RESTING}",
            place,
        )
    if how == "stop_gradient":
        return Explanation(
            Cause.STOPPED,
            f"The path from {y} to {x} ends at stop_gradient at {place}.",
            "Leave it out where the derivative should pass.",
            place,
        )
    if how == "astype":
        return Explanation(
            Cause.CAST,
            f"A value computed from {x} was cast to a dtype without derivatives, integers or booleans, at {place}.",
            "Cast to a floating dtype, or keep the integers for indices and counts alone.",
            place,
        )
    return Explanation(
        Cause.CONSTANT,
        f"The path from {y} to {x} ends at {how} at {place}, which is locally constant: a small change of {x} does not "
        "change its result.",
        f"Use a smooth operation in its place (gt.where, gt.sigmoid, gt.nn.softmax). {RESTING}",
        place,
    )


def _connected(question: Question, nodes: list[Node]) -> Explanation:
    """The source is reached: is a derivative there, and if not, whose rule gives none?"""
    record, target, source = question.record, question.target, question.source
    start = target._node
    with paused():
        found = Pullback(record, [start], [source._node])([(start, zeros(start))])
    if found.get(source._node) is not None:
        return Explanation(
            Cause.CONNECTED,
            f"{question.y} depends on {question.x}, and its derivative is not None.",
            "Ask for it with tape.gradient, on a tape that has not been used up.",
        )
    passed = set(Pullback(record, [start], [source._node]).order)
    names = sorted({node.primitive.name for node in nodes if node.primitive is not None and node in passed})
    return Explanation(
        Cause.RULE,
        f"{question.y} is computed from {question.x}, but a rule on the way gives no derivative: the path goes through "
        f"{', '.join(names)}.",
        "Let the gradient function of that operation return a tensor in place of None.",
    )


def _outside(question: Question) -> Explanation:
    """The target has no history on this tape at all."""
    x, y, target = question.x, question.y, question.target
    threads = other_threads(question.frame)
    if threads:
        return Explanation(
            Cause.THREAD,
            f"This tape has not heard how {y} was computed, and there is work in other threads ({', '.join(threads)}): "
            "a tape hears only the thread that entered it.",
            "Open a tape inside the function that the thread runs, and return the derivatives from there.",
        )
    if isinstance(target, Variable):
        text = f"{y} is a Variable, whose value depends on nothing that was recorded."
    else:
        other = target._node is not None and any(not key.forward for key, _ in target._node.notes())
        text = f"This tape has not heard how {y} was computed" + (
            ", though another tape has: it was made of nothing that this one watches."
            if other
            else f": before it was entered or before it watched {x}, after its `with` block, while it was paused, or "
            "from constants alone."
        )
    return Explanation(
        Cause.OUTSIDE, text, f"Compute {y} from {x} inside `with tape:`, after tape.watch({x})."
    )


def _apart(question: Question, nodes: list[Node]) -> Explanation:
    """The target has a history, and the source is no part of it."""
    key = question.record.key
    leaves = {node for node in nodes if not node.read(key)}
    candidates = [(v.name, v) for v in question.record.variables.values()]
    names = [
        name_of(other, question.frame) or name
        for name, other in [*candidates, *held(question.frame)]
        if other._node in leaves
    ]
    known = ", ".join(dict.fromkeys(names))
    return Explanation(
        Cause.APART,
        f"{question.y} is computed without {question.x}" + (f": it depends on {known}." if known else "."),
        f"Look for the expression in which {question.x} should have entered. {RESTING}",
    )
