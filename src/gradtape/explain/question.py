"""What is asked of an explanation: a record, a target and a source; and how far back the target leads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from ..core.listen import Key, Node
from ..modes.record import Record
from .program import name_of


@dataclass(frozen=True, slots=True)
class Question:
    """A record, a target and a source, and the frame that asks.

    `answered`: the tape has answered None, so that no rule of the program need be run again to know it.
    """

    record: Record
    target: Any
    source: Any
    frame: FrameType
    answered: bool = False

    @property
    def x(self) -> str:
        """What the source is called."""
        return name_of(self.source, self.frame) or "the source"

    @property
    def y(self) -> str:
        """What the target is called."""
        return name_of(self.target, self.frame) or "the target"


def way_back(question: Question) -> list[Node]:
    """The nodes to which a cotangent can come from the target; none if the tape has not heard of it."""
    record, target = question.record, question.target
    return reached_by_rules(record.key, [target._node]) if record.knows(target) else []


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
