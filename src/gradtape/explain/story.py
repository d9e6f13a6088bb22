"""What a program did, as data of bounded size: places, moments at them, derivatives that were asked for, memory.

A `Site` is one operation at one expression of the program; however often the program comes by, it is one site with a
count, so that a story is as long as the program's text and not as its run. A `Moment` is one thing that happened there:
a value was computed, an adjoint arrived, a question was asked or answered. The first moments are kept whole, as are the
first of every walk back up to a total, and after that the last few of each site; what was not kept is counted.

Who tells the story is `watching.py` while a program runs, or `retelling.py` from a tape's record. `writing.py` makes
JSON of it, `page.py` a page.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from .places import Spot

WHOLE = 2000  # moments kept from the start on
WALK = 200  # moments kept at the start of each walk back
TOTAL = 8000  # moments up to which walks get theirs
LAST = 3  # moments kept of each site and kind after that
SITES = 1500  # operations at expressions that are told apart; further ones by their line, then not at all
POINTS = 1024  # points of the curve of memory
CUTS = 40  # different explanations that are kept
THREADS = 40  # threads that are told apart; further ones go under one name


@dataclass(eq=False, slots=True)
class Site:
    """One operation at one expression, or a source of values.

    Attributes:
        index: its number in the story.
        name: the operation's, or what the program calls the source.
        role: "operation", "derived" (part of a derivative), "variable", "watched" or "data".
        kind: the kind of the derivative rule; empty for sources.
        spot: where it stands; None where that is not known.
        asked: for a derived one, the site of the operation whose derivative it belongs to.
        inputs: how often it took its input at a place from a site, or a number.
        followed: whether a tape followed it.
        ended: whether a path ended there: a tape followed an input and not the result.
        left: ways in which its values left for Python or NumPy.
    """

    index: int
    name: str
    role: str
    kind: str = ""
    spot: Spot | None = None
    asked: int | None = None
    count: int = 0
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    bytes: int = 0
    flops: float = 0.0
    inputs: Counter[tuple[int, int]] = field(default_factory=Counter)
    numbers: dict[int, str] = field(default_factory=dict)
    followed: bool = False
    ended: bool = False
    left: Counter[str] = field(default_factory=Counter)
    last: dict[str, deque[Moment]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class Passage:
    """One time that a site was passed: which time it was, and a digest of the value."""

    site: Site
    time: int
    value: Any


@dataclass(frozen=True, eq=False, slots=True)
class Moment:
    """One thing that happened: `kind` is "value", "adjoint", "question" or "answer"."""

    clock: int
    kind: str
    site: int
    time: int
    value: Any
    adjoint: Any = None


@dataclass(eq=False, slots=True)
class Asked:
    """A line on which derivatives were asked for: by which method, of which tape, with what result the last time."""

    index: int
    method: str
    tape: int
    spot: Spot | None
    targets: tuple[str, ...]
    sources: tuple[str, ...]
    results: tuple[Any, ...] = ()
    count: int = 0
    answered: int = 0
    operations: int = 0
    missing: int = 0
    last: dict[str, deque[Moment]] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Tape:
    """A tape, or all that were opened on one line in one thread: its name, how many, what they followed.

    `thread` is the thread's name; empty for the one in which the program began.
    """

    index: int
    name: str
    spot: Spot
    thread: str = ""
    count: int = 0
    operations: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """Why one derivative was None."""

    asked: int
    target: str
    source: str
    cause: str
    text: str
    remedy: str
    place: tuple[str, int] | None
    from_site: int | None
    to_site: int | None


class Story:
    """A story in the making."""

    def __init__(self) -> None:
        self.clock = 0
        self.sites: list[Site] = []
        self.by_key: dict[Hashable, Site] = {}
        self.moments: list[Moment] = []
        self.budget = WHOLE
        self.passed_over = 0
        self.crowded = 0
        self.asked: dict[Hashable, Asked] = {}
        self.tapes: dict[Hashable, Tape] = {}
        self.ends: dict[tuple[int, str, str], End] = {}
        self.memory = Memory()

    def site(self, key: Hashable) -> Site | None:
        """The site of this key, None if it is new."""
        return self.by_key.get(key)

    def new_site(self, key: Hashable, name: str, role: str, spot: Spot | None, **facts: Any) -> Site:
        """A site for a new key; where there are too many, one for the whole line, then one for all lines."""
        for rough in (None, spot and (spot.file, spot.line, role), role):
            if rough is not None:
                self.crowded += 1
                if rough in self.by_key:
                    site = self.by_key[key] = self.by_key[rough]
                    return site
                key, name = rough, "several operations"
            if (
                len(self.sites) < SITES
                or (rough is not None and len(self.sites) < 2 * SITES)
                or rough == role
            ):
                break
        site = Site(len(self.sites), name, role, spot=spot, **facts)
        self.sites.append(site)
        self.by_key[key] = site
        return site

    def passage(self, site: Site, value: Any) -> Passage:
        """Note that a site is passed with a digest of its value."""
        site.count += 1
        passage = Passage(site, site.count, value)
        self.tell(Moment(self.tick(), "value", site.index, passage.time, value), site)
        return passage

    def arrive(self, passage: Passage, adjoint: Any) -> None:
        """Note that an adjoint has arrived at a value."""
        moment = Moment(self.tick(), "adjoint", passage.site.index, passage.time, passage.value, adjoint)
        self.tell(moment, passage.site)

    def tick(self) -> int:
        """The next time of the clock."""
        self.clock += 1
        return self.clock

    def tell(self, moment: Moment, holder: Site | Asked) -> None:
        """Keep a moment: whole while there is room, else among the last of its site or question."""
        if self.budget > 0:
            self.budget -= 1
            self.moments.append(moment)
            return
        last = holder.last.get(moment.kind)
        if last is None:
            last = holder.last[moment.kind] = deque(maxlen=LAST)
        if len(last) == LAST:
            self.passed_over += 1
        last.append(moment)

    def begin_walk(self) -> None:
        """Make room for the start of a walk back."""
        if self.budget < WALK and len(self.moments) < TOTAL:
            self.budget = WALK

    def told(self) -> list[Moment]:
        """All moments that were kept, in order."""
        holders: list[Site | Asked] = [*self.sites, *self.asked.values()]
        kept = self.moments + [
            moment for holder in holders for last in holder.last.values() for moment in last
        ]
        return sorted(kept, key=lambda moment: moment.clock)


class Memory:
    """The curve of the bytes that are alive, thinned out as it grows: of two neighbours the larger stays."""

    def __init__(self) -> None:
        self.now = self.peak = self.peak_clock = 0
        self.points: list[tuple[int, int]] = []
        self._stride = 1
        self._waiting = 0
        self._highest = (0, -1)

    def change(self, clock: int, count: int) -> bool:
        """Add a number of bytes, which may be negative; True at a new peak."""
        self.now += count
        if self.now > self._highest[1]:
            self._highest = (clock, self.now)
        new_peak = self.now > self.peak
        if new_peak:
            self.peak, self.peak_clock = self.now, clock
        return new_peak

    def sample(self, clock: int) -> None:
        """A point of the curve: the most since the last one."""
        self._waiting += 1
        if self._waiting < self._stride:
            return
        self._waiting = 0
        self.points.append((clock, max(self._highest[1], self.now)))
        self._highest = (clock, self.now)
        if len(self.points) >= POINTS:
            pairs = zip(self.points[::2], self.points[1::2], strict=False)
            self.points = [max(pair, key=lambda point: point[1]) for pair in pairs]
            self._stride *= 2
