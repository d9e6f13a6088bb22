"""What a tape leaves behind when it answers None: why, at once on standard error or when the None is first used.

Explaining walks back over the record, which is short work beside the derivative itself, and keeps nothing alive
afterwards. It is done at once while the line that asks is new, so that the reason is known when tape and target are
gone, as they are where a function returns the gradient. A training loop passes the same line again and again: from then
on only weak references are left, and the reason is found if a None is used while they live.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any
from weakref import ref

from ..core.absent import note_absence
from ..core.place import Place, place_of, user_frame
from ..modes.record import Record
from .none import explain
from .program import let_go
from .question import Question

NEW = 4  # answers of one line that are explained at once
LINES = 1024  # lines remembered
LONG = 10_000  # operations of a record that is explained only when asked
SOURCES = 3  # sources that are explained in one text

_printing = False
_passes: dict[tuple[str, int], int] = {}


class explain_none:
    """Print the explanation, on standard error, of every None that a tape gives from now on.

    As a context it does so inside and puts back afterwards what was before.

    Args:
        on: False turns it off again.

    >>> import gradtape as gt
    >>> with gt.explain_none():
    ...     pass
    >>> gt.explain_none(True)
    explain_none(True)
    >>> gt.explain_none(False)
    explain_none(False)
    """

    __slots__ = ("_before", "_on")

    def __init__(self, on: bool = True) -> None:
        global _printing
        self._on, self._before = bool(on), _printing
        _printing = self._on

    def __enter__(self) -> None:
        global _printing
        _printing = self._on

    def __exit__(self, *exception: object) -> None:
        global _printing
        _printing = self._before

    def __repr__(self) -> str:
        return f"explain_none({self._on})"


def answered_none(
    record: Record, targets: Sequence[Any], sources: Sequence[Any], results: Sequence[Any]
) -> None:
    """Explain the Nones among the results: now if that was asked for, else to whoever uses one."""
    frame = user_frame()
    line = (frame.f_code.co_filename, frame.f_lineno)
    if _printing:
        for source, result in zip(sources, results, strict=True):
            for target in targets if result is None else ():
                question = Question(record, target, source, frame, answered=len(targets) == 1)
                sys.stderr.write(f"gradient is None: {explain(question)}\n")
    missing = [source for source, result in zip(sources, results, strict=True) if result is None]
    passes = _passes.get(line, 0)
    if passes < NEW and len(record.nodes) <= LONG:
        if len(_passes) < LINES or line in _passes:
            _passes[line] = passes + 1
        text = _texts(record, targets, missing, frame, place_of(frame))
        note_absence(lambda: text)
    else:
        note_absence(_later(record, targets, missing, place_of(frame)))
    let_go(frame)


def _texts(
    record: Record, targets: Sequence[Any], missing: Sequence[Any], frame: FrameType, place: Place
) -> str:
    """The answer's line, and why for the first sources."""
    reasons = [
        str(explain(Question(record, target, source, frame, answered=len(targets) == 1)))
        for source in missing[:SOURCES]
        for target in targets[:1]
    ]
    more = f" (and {len(missing) - SOURCES} more sources)" if len(missing) > SOURCES else ""
    return f"the derivative asked for at {place} is None. {' '.join(reasons)}{more}"


def _later(record: Record, targets: Sequence[Any], missing: Sequence[Any], place: Place) -> Callable[[], str]:
    """The explanation from weak references; where they are dead, the line alone."""
    kept, ys, xs = ref(record), [ref(y) for y in targets[:1]], [ref(x) for x in missing]

    def why() -> str:
        alive, found = kept(), [reference() for reference in (*ys, *xs)]
        if alive is None or any(part is None for part in found):
            return (
                f"the derivative asked for at {place} is None; tape.explain(target, source) there, or "
                "gt.explain_none(True), says why"
            )
        frame = user_frame()
        text = _texts(alive, found[: len(ys)], found[len(ys) :], frame, place)
        let_go(frame)
        return text

    return why
