"""Where values left a tape: an event for each line of the program at which one became a plain number or array."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.place import Place
from ..modes.record import Record

WAYS = {
    "array": "a conversion to a NumPy array (np.asarray)",
    "bool": "a truth value (if, while, bool)",
    "dlpack": "DLPack (from_dlpack of another library)",
    "index": "an index",
    "item": ".item()",
    "numpy": ".numpy()",
    "tolist": ".tolist()",
}
"""The ways out in words, where they are not the name of a function."""


def way(how: str) -> str:
    """One way out in words."""
    return WAYS.get(how, f"{how}()")


@dataclass(frozen=True, slots=True)
class DetachEvent:
    """A line at which the value of a tensor that a tape follows left it.

    Attributes:
        how: "array", "float", "int", "complex", "bool", "index", "item", "tolist", "numpy" or "dlpack".
        place: `file`, `line` and `function` of the innermost frame outside gradtape.
    """

    how: str
    place: Place

    def __str__(self) -> str:
        return f"{way(self.how)} in {self.place.function} at {self.place}"

    __repr__ = __str__


def events_of(record: Record) -> tuple[DetachEvent, ...]:
    """The events of a record, each place once, in their order."""
    found = () if record.cuts is None else record.cuts.found.values()
    return tuple(DetachEvent(cut.how, cut.place) for cut in found if cut.kind == "leave")
