"""The causes of a None, and an explanation as an object with fields and a text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..core.place import Place


class Cause(Enum):
    """Why a derivative is None; the first two are about the tape, the next ones about the source, the rest the path.

    >>> import gradtape as gt
    >>> x = gt.constant(3.0)
    >>> with gt.GradientTape() as tape:
    ...     y = x * x
    >>> tape.explain(y, x).cause
    <Cause.NOT_WATCHED: 'not watched'>
    """

    NEVER_ENTERED = "tape never entered"
    CONSUMED = "tape consumed"
    INTEGER = "integer or boolean"
    NOT_TRAINABLE = "variable not trainable"
    NOT_READ = "variable not read"
    NOT_WATCHED = "not watched"
    WATCHED_LATE = "watched too late"
    REPLACED = "variable replaced by a tensor"
    EQUAL = "another object of equal value"
    NO_TARGET = "the target is None"
    OUTSIDE = "computed outside the tape"
    THREAD = "computed by another thread"
    STOPPED = "stop_gradient"
    CAST = "cast to integers or booleans"
    CONSTANT = "locally constant operation"
    LEFT = "left through Python or NumPy"
    ASSIGNED = "assigned to a variable"
    LINEAR = "derivative of a linear function"
    RULE = "rule without a derivative"
    APART = "target made without the source"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """Why a derivative is None; its text is `str(explanation)`.

    Attributes:
        cause: which of the causes.
        text: what happened, in a sentence or two.
        remedy: what to do about it, in a sentence.
        place: file and line where the path ends, None where that is not known.
    """

    cause: Cause
    text: str
    remedy: str
    place: Place | None = None

    def __str__(self) -> str:
        return f"{self.text} {self.remedy}"

    __repr__ = __str__
