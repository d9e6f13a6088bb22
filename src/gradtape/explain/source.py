"""What is wrong with the source: its dtype, that nobody watches it, or that it is another object than was meant."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.listen import Node
from ..core.tensor import Tensor
from ..core.variable import Variable
from .cause import Cause, Explanation
from .program import held, name_of, replacement
from .question import Question, way_back


def integer(question: Question) -> Explanation:
    """A source whose dtype has no derivatives."""
    source, x = question.source, question.x
    return Explanation(
        Cause.INTEGER,
        f"{x} has the dtype {source.dtype.name}, and derivatives exist only in floating and complex numbers.",
        f"Make it with a decimal point or a dtype, such as gt.constant(3.0), or gt.cast it before {question.y} is "
        "computed.",
    )


def of_the_source(question: Question) -> Explanation | None:
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
        return equal(question) or Explanation(
            Cause.NOT_READ,
            f"The variable {x} was not read while the tape recorded, so {y} is computed without it, or from a value "
            "that was read before.",
            f"Read {x} inside `with tape:`, in the expression that leads to {y}.",
        )
    same = equal(question)
    if same is not None:
        return same
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


def equal(question: Question) -> Explanation | None:
    """Whether the target depends on another object that has the source's value."""
    record, source = question.record, question.source
    nodes = way_back(question)
    leaves = {node for node in nodes if not node.read(record.key)} - {source._node}
    named: list[tuple[str | None, Any]] = [(v.name, v) for v in record.variables.values()]
    kept = [(None, x) for node in nodes for x in _kept(node)]
    for name, other in [*named, *held(question.frame), *kept]:
        if other._node not in leaves or other._value.dtype != source._value.dtype:
            continue
        if np.array_equal(other._value, source._value):
            called = name_of(other, question.frame) or name or "another tensor"
            return Explanation(
                Cause.EQUAL,
                f"{question.y} depends on {called}, which has the same value as {question.x} but is another object, "
                "and a tape knows tensors by identity.",
                f"Ask for the derivative with respect to {called}, or compute with the very object that is the source.",
            )
    return None


def _kept(node: Node) -> list[Tensor]:
    """The inputs that an operation has kept."""
    return [x for x in node.saved if isinstance(x, Tensor)] if type(node.saved) is tuple else []
