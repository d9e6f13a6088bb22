"""Why a derivative is None: find where the path from the target back to the source ends.

The questions are asked in order, and the first answer is given: is the tape able to answer, is the source one that it
follows, does the target lead to it, and if not, at which of the cuts that the record remembers (`modes/cuts.py`) does
the path end. A value that left for NumPy comes back without a mark, so a cut of that kind is named when it is the only
way in which the source could have gone on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.listen import Node, paused
from ..core.spec import is_differentiable
from ..core.variable import Variable
from ..modes.cuts import Cut
from ..modes.record import Record
from ..modes.reverse import Pullback, zeros
from .cause import Cause, Explanation
from .detached import way
from .program import held, name_of, other_threads
from .question import Question, reached_by_rules, way_back
from .source import equal, integer, of_the_source

RESTING = 'Where a zero is wanted instead, ask with unconnected_gradients="zero".'


def explain(question: Question) -> Explanation:
    """The explanation of one None, or that there is none."""
    target, source = question.target, question.source
    if target is source:
        return Explanation(
            Cause.CONNECTED, f"{question.y} is the source itself:", "its derivative is one, not None."
        )
    if not is_differentiable(source._value.dtype):
        return integer(question)
    for question_about in (of_the_source, _of_the_path):
        answer = question_about(question)
        if answer is not None:
            return answer
    return _apart(question, way_back(question))


def _of_the_path(question: Question) -> Explanation | None:
    """Where the path from the target to a source that the tape follows ends."""
    record, target, source = question.record, question.target, question.source
    nodes = way_back(question)
    if source._node in nodes:
        return _connected(question, nodes)
    cut = _first(question, _candidates(record, target, nodes))
    if cut is not None:
        return _at_cut(question, cut)
    if not is_differentiable(target._value.dtype):
        return Explanation(
            Cause.INTEGER,
            f"{question.y} has the dtype {target.dtype.name}, and only floating and complex numbers have derivatives.",
            "Compute it in floating numbers from the source on.",
        )
    early = record.early is not None and record.early.made_of(target, source)
    if not nodes and not early:
        return _outside(question)
    if early or (source._node is not None and all(node.serial < source._node.serial for node in nodes)):
        return Explanation(
            Cause.WATCHED_LATE,
            f"{question.y} was computed before the tape was told to watch {question.x}, and that does not look back.",
            f"Move tape.watch({question.x}) to the first line inside `with tape:`.",
        )
    return equal(question)


def _candidates(record: Record, target: Any, nodes: list[Node]) -> list[Cut]:
    """The cuts that the target carries, the likelier first, then values that left, which may have come back in it."""
    cuts = record.cuts
    found = [] if record.derivatives is None else record.derivatives.among(set(nodes))
    if cuts is None:
        return found
    found += dict.fromkeys(cut for node in [target._node, *nodes] for cut in cuts.of(node))
    left = [cut for cut in cuts.found.values() if cut.kind == "leave"]
    # A number that leaves says more than a decision.
    return sorted(found, key=_weight) + sorted(left, key=lambda cut: cut.how == "bool")


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
            f"A value computed from {x} left the tape through {way(how)} at {place}; what Python "
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
    if not question.answered and _has_derivative(record, start, source._node):
        return Explanation(
            Cause.CONNECTED,
            f"{question.y} depends on {question.x}, and its derivative is not None.",
            "Ask for it with tape.gradient, on a tape that has not been used up.",
        )
    passed = set(Pullback(record, [start], [source._node]).blank)
    names = sorted({node.primitive.name for node in nodes if node.primitive is not None and node in passed})
    if "function" in names:
        remedy = (
            "One of them is a compiled function, which is one operation to a tape: call its python_function in its "
            "place and ask again."
        )
    else:
        remedy = "Let the gradient function of that operation return a tensor in place of None."
    return Explanation(
        Cause.RULE,
        f"{question.y} is computed from {question.x}, but a rule on the way gives no derivative: the path goes through "
        f"{', '.join(names)}.",
        remedy,
    )


def _has_derivative(record: Record, target: Node, source: Node) -> bool:
    """Whether a walk from the target leaves a derivative at the source."""
    with paused():
        return source in Pullback(record, [target], [source])([(target, zeros(target))])


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
