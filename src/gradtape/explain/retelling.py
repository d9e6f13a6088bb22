"""The story of a tape, told from its record after the fact.

A record has the operations that are alive and what their rules will want. Lines are in it where the tape was made with
`lines=True`; without them each operation stands alone, or where there are many, beside those like it. Values that no
rule wants are computed again where their inputs are known. Adjoints come from a walk back that a listener hears.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from types import FrameType
from typing import Any

import numpy as np

from ..core.bundle import ITEM, Bundle
from ..core.listen import Listener, Node, paused
from ..core.primitive import Masked
from ..core.tensor import Tensor
from ..core.values import QUIET
from ..modes.record import Record
from ..modes.reverse import Pullback
from .digest import digest, shown
from .flops import recorded_flops
from .lined import LinedRecord, Noted
from .none import explain
from .places import spot_of
from .program import held, name_of
from .question import Question
from .story import Asked, End, Moment, Passage, Story

AGAIN = 2000  # operations on a tape up to which values that nobody kept are computed again
ENTRIES = 1000  # entries of such a value
ALONE = 300  # operations up to which each stands alone where lines are not known


def record_sources(record: Record, frame: FrameType) -> list[Any]:
    """The variables that a record follows, and the watched tensors that have names in a frame."""
    named = [
        x for _, x in held(frame) if x._node is not None and record.knows(x) and not x._node.read(record.key)
    ]
    return list({id(x): x for x in [*named, *record.variables.values()]}.values())


class Arrivals(Listener):
    """Hears a walk back: each node with a digest of the cotangent that gathered there, in the order of the walk."""

    __slots__ = ("found",)

    forward = True
    walks = True

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[Node, Any]] = []

    def hear(self, *_operation: Any) -> None:
        """Rules are not of interest here."""

    def hear_cotangent(self, node: Node, cotangent: Any) -> None:
        if type(cotangent) is not dict:
            g = cotangent.value if type(cotangent) is Masked else cotangent
            self.found.append((node, digest(g._value)))


class Teller:
    """Tells the story of one record."""

    def __init__(self, record: Record, frame: FrameType) -> None:
        self.record = record
        self.frame = frame
        self.story = Story()
        self.nodes = record.alive()
        self.noted: Mapping[int, Noted] = record.noted if isinstance(record, LinedRecord) else {}
        names = [(v.name.split(":")[0], v) for v in record.variables.values()] + list(held(frame))
        self.names = {holder._node: name for name, holder in names if holder._node is not None}
        self.variables = {v._node for v in record.variables.values()}
        self.values = dict(_values(self.nodes, [holder for _, holder in names]))
        self.passages: dict[Node, Passage] = {}
        self.folds = len(self.nodes) > ALONE

    def tell(self) -> Story:
        """The story of all that was recorded."""
        for node in self.nodes:
            if node.primitive is ITEM:
                self.passages[node] = self.passages[node.saved]
            elif not node.read(self.record.key):
                self._source(node)
            else:
                self._operation(node)
        return self.story

    def _source(self, node: Node) -> None:
        role = "variable" if node in self.variables else "watched"
        name = self.names.get(node, "source")
        site = self.story.new_site(
            node, name, role, None, shape=node.shape, dtype=node.dtype.name, followed=True
        )
        self.passages[node] = self.story.passage(
            site, digest(self.values[node]) if node in self.values else None
        )

    def _operation(self, node: Node) -> None:
        primitive, parents = node.primitive, node.read(self.record.key)
        assert primitive is not None  # it has parents
        noted = self._noted(node)
        value = noted.value if noted is not None else digest(self._value(node))
        key = self._key(node, noted)
        site = self.story.site(key)
        shape, dtype = _type(node)
        if site is None:
            name = self.names.get(node)
            site = self.story.new_site(
                key,
                f"{name} = {primitive.name}" if name and noted is None else primitive.name,
                "derived" if noted is not None and noted.derived else "operation",
                None if noted is None else spot_of(noted.code, noted.instruction),
                kind=primitive.kind.value,
                shape=shape,
                dtype=dtype,
                followed=True,
            )
        saved = node.saved if type(node.saved) is tuple else (None,) * len(parents)
        for slot, (parent, x) in enumerate(zip(parents, saved, strict=False)):
            if parent is not None and parent in self.passages:
                site.inputs[(slot, self.passages[parent].site.index)] += 1
            elif isinstance(x, Tensor):
                site.numbers.setdefault(slot, shown(digest(x._value)))
        site.bytes += _bytes(shape, dtype)
        site.flops += recorded_flops(node, self.record.key)
        self.passages[node] = self.story.passage(site, value)

    def _noted(self, node: Node) -> Noted | None:
        """What was noted of a result; of a tuple, with one of its entries."""
        if isinstance(node, Bundle):
            return next((self.noted[item.serial] for item in node.alive() if item.serial in self.noted), None)
        return self.noted.get(node.serial)

    def _key(self, node: Node, noted: Noted | None) -> Any:
        """What makes operations one site: the same expression, else the same operation on the same kinds of inputs."""
        name = node.primitive.name if node.primitive is not None else ""
        if noted is not None:
            return "line", noted.key
        if not self.folds:
            return node
        made = [
            p.primitive.name if p is not None and p.primitive is not None else ""
            for p in node.read(self.record.key)
        ]
        return name, _type(node), tuple(made)

    def _value(self, node: Node) -> Any:
        """The value of a result: kept, or computed again."""
        if node not in self.values and node.primitive is not None and self._small(node):
            inputs = self._inputs(node)
            if inputs is not None:
                self.values[node] = QUIET.run(node.primitive.value, *inputs, **(node.params or {}))
        return self.values.get(node)

    def _small(self, node: Node) -> bool:
        """Whether computing a value again, and holding it for those that come after, costs little."""
        return not isinstance(node, Bundle) and len(self.nodes) <= AGAIN and prod(node.shape) <= ENTRIES

    def _inputs(self, node: Node) -> list[Any] | None:
        parents = node.read(self.record.key)
        saved = node.saved if type(node.saved) is tuple else (None,) * len(parents)
        found = [
            x._value if isinstance(x, Tensor) else self.values.get(parent) if parent is not None else None
            for parent, x in zip(parents, saved, strict=False)
        ]
        return None if any(x is None for x in found) else found

    # derivatives

    def ask(self, targets: Sequence[Any], sources: Sequence[Any], seeds: Sequence[Any]) -> None:
        """Walk back from targets to sources and tell of the adjoints; explain what is None."""
        record, story, frame = self.record, self.story, self.frame
        asked = Asked(
            0,
            "gradient",
            0,
            spot_of(frame.f_code, frame.f_lasti) if self.noted else None,
            tuple([self._called(target) for target in targets]),
            tuple([self._called(source) for source in sources]),
            count=1,
            answered=1,
        )
        story.asked["gradient"] = asked
        story.begin_walk()
        story.tell(Moment(story.tick(), "question", 0, 1, None), asked)
        known = [
            (t._node, g) for t, g in zip(targets, seeds, strict=True) if g is not None and record.knows(t)
        ]
        arrivals = Arrivals()
        with paused((arrivals,)):
            walk = Pullback(record, [n for n, _ in known], [s._node for s in sources if record.knows(s)])
            found = walk(known)
        for node, adjoint in arrivals.found:
            if node in self.passages:
                story.arrive(self.passages[node], adjoint)
        answers = [found.get(source._node) for source in sources]
        asked.results = tuple([None if g is None else digest(g._value) for g in answers])
        asked.missing = sum(g is None for g in answers)
        story.tell(Moment(story.tick(), "answer", 0, 1, asked.results), asked)
        for source, answer in zip(sources, answers, strict=True):
            if answer is None:
                for target in targets:
                    self._end(target, source)

    def _end(self, target: Any, source: Any) -> None:
        question = Question(self.record, target, source, self.frame)
        with paused():
            why = explain(question)
        near, far = (self.passages.get(holder._node) for holder in (source, target))
        self.story.ends[(0, question.y, question.x)] = End(
            0,
            question.y,
            question.x,
            why.cause.value,
            why.text,
            why.remedy,
            None if why.place is None else (why.place.file, why.place.line),
            None if near is None else near.site.index,
            None if far is None else far.site.index,
        )

    def _called(self, holder: Any) -> str:
        return (name_of(holder, self.frame) or self.names.get(holder._node) or "source").split(":")[0]


def _values(nodes: Sequence[Node], holders: Sequence[Any]) -> Iterator[tuple[Node, Any]]:
    """The values that the record and the program still hold."""
    for holder in holders:
        if holder._node is not None:
            yield holder._node, holder._value
    for node in nodes:  # later than the holders, for a variable may have been written since
        if node.kept is not None:
            yield node, node.kept[0] if isinstance(node, Bundle) else node.kept
        for x in node.saved if type(node.saved) is tuple else ():
            if isinstance(x, Tensor) and x._node is not None:
                yield x._node, x._value


def _type(node: Node) -> tuple[tuple[int, ...], str]:
    """Shape and dtype of a result, of a tuple its first entry's."""
    if not isinstance(node, Bundle):
        return node.shape, node.dtype.name
    spec = node.spec[0]
    return (tuple(spec[0]), spec[1].name) if type(spec) is tuple else ((), np.dtype(spec).name)


def _bytes(shape: tuple[int, ...], dtype: str) -> int:
    return int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
