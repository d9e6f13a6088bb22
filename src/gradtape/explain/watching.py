"""Watching a program run: a listener that tells its story.

It stands outermost, so by the nesting law it hears every operation: those of the program and those of the derivatives.
It notes on each tensor the passage that made it, and changes nothing else: values, derivatives and the life of arrays
are those of an unwatched run. Compiled functions run operation by operation meanwhile, so that their lines are seen.

In every other thread one of its own joins (`threads.py`), and all tell one story.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any
from weakref import ref

import numpy as np

from ..core import nest
from ..core.bundle import Bundle, attach_bundle, bundle_of
from ..core.listen import ACTIVE, Listener, Node, leaf, paused
from ..core.place import user_place
from ..core.primitive import Kind, Masked, Primitive
from ..core.tensor import Tensor
from ..core.variable import Variable
from ..modes.record import Record
from .digest import digest, shown
from .flops import flops
from .holdings import Holdings
from .none import explain
from .places import STEPS, Trail, spot_of, trail
from .program import name_of
from .question import Question
from .story import CUTS, Asked, End, Moment, Passage, Site, Story, Tape
from .threads import Following, alone

NAMED = 12  # targets and sources of one call that are named


class Watch(Following):
    """Tells the story of what runs while it is entered, in all threads; a context manager."""

    __slots__ = ("_asked", "_read", "_step", "_tapes", "_under", "holdings", "story")

    forward = True  # its notes are no parents
    opens = True
    walks = True

    def __init__(self) -> None:
        super().__init__()
        self.story = Story()
        self.holdings = Holdings(self.story)
        self._under: int | None = None
        self._step = 0
        self._asked: list[tuple[Any, Asked, Any, Any]] = []
        self._tapes: dict[Any, Tape] = {}
        self._read: dict[int, Any] = {}

    def beside(self) -> Watch:
        other = Watch()
        other.story, other.holdings = self.story, self.holdings
        other._tapes, other._read = self._tapes, self._read
        return other

    def end(self) -> None:
        self.holdings.let_go()

    def follows(self, node: Node) -> bool:
        return False  # no derivative depends on it

    # operations

    @alone
    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        way = trail()
        outputs = result if type(result) is tuple else (result,)
        followed, ended = self._followed(primitive, inputs, way)
        if way.derived and self._asked:
            self._asked[-1][1].operations += 1
        if way.derived and not followed:
            self._derive(outputs, way)
            return
        under = None
        key: Any = (way.key, primitive.name)
        if (
            way.derived
        ):  # a rule is not a line of the program: its operations are told apart by their order in it
            under = self._under
            self._step = min(self._step + 1, STEPS)
            key = (*key, under, self._step)
        passages = [self._passage(x) or self._enter(x, slot, way) for slot, x in enumerate(inputs)]
        site = self.story.site(key)
        if site is None:
            first = outputs[0]._value
            site = self.story.new_site(
                key,
                primitive.name,
                "derived" if way.derived else "operation",
                spot_of(way.frame.f_code, way.frame.f_lasti),
                kind=primitive.kind.value,
                asked=under,
                shape=tuple(first.shape),
                dtype=first.dtype.name,
            )
        for slot, known in enumerate(passages):
            if known is not None:
                site.inputs[(slot, known.site.index)] += 1
            elif slot not in site.numbers:
                site.numbers[slot] = shown(digest(inputs[slot]._value))
        site.followed = site.followed or followed
        site.ended = site.ended or ended
        site.flops += flops(primitive, [x._value for x in inputs], [y._value for y in outputs], params)
        passage = self.story.passage(site, digest(outputs[0]._value))
        if type(result) is tuple:
            attach_bundle(self, bundle_of(result), result, (passage,) * len(result))
        else:
            self._note(result, passage)
        for y in outputs:
            site.bytes += self.holdings.hold(y._value, y._node, site)
        self.story.memory.sample(self.story.clock)

    def _followed(self, primitive: Primitive, inputs: Sequence[Tensor], way: Trail) -> tuple[bool, bool]:
        """Whether a tape will follow the result, and whether the path of one ends here."""
        followed = ended = False
        for listener in ACTIVE.get():
            if not _is_tape(listener):
                continue
            bits = sum(
                [1 << i for i, x in enumerate(inputs) if x._node is not None and x._node.knows(listener.key)]
            )
            if not bits:
                continue
            if primitive.kind is Kind.CONSTANT or primitive.saving(bits, len(inputs)) is None:
                ended = True
                continue
            followed = True
            tape = self._tapes.get(listener.key)
            if tape is not None:
                tape.operations += 1
                tape.name = tape.name or _tape_name(listener, way.frame)
        return followed, ended

    def _derive(self, outputs: Sequence[Tensor], way: Trail) -> None:
        """Count the memory that an operation of a rule takes which nobody follows, for the line that asked for it."""
        key = ("walk", *way.key[:2])
        site = self.story.site(key)
        if site is None:
            spot = spot_of(way.frame.f_code, way.frame.f_lasti)
            site = self.story.new_site(key, "derivatives", "walk", spot)
        site.count += 1
        for y in outputs:
            if isinstance(y._value, np.ndarray):
                site.bytes += self.holdings.hold(y._value, None, site)
        self.story.memory.sample(self.story.clock)

    def _passage(self, x: Any) -> Passage | None:
        """The passage that made a tensor, if it is known."""
        node = x._node
        return node.read(self.key) if node is not None and node.knows(self.key) else None

    def _enter(self, x: Tensor, slot: int, way: Trail) -> Passage | None:
        """A passage for a tensor that nothing heard has made; None for a plain number and for what a rule made."""
        node = x._node
        watched = node is not None and any(_is_tape(key()) for key, _ in node.notes())
        if way.derived or (x._value.ndim == 0 and not watched):
            return None
        role = "watched" if watched else "data"
        key = (role, way.key[:2], slot)
        site = self.story.site(key)
        if site is None:
            spot = spot_of(way.frame.f_code, way.frame.f_lasti)
            site = self._source(
                key, name_of(x, way.frame) or ("x" if watched else "array"), role, spot, x._value
            )
        site.followed = site.followed or watched
        passage = self.story.passage(site, digest(x._value))
        self._note(x, passage)
        self.holdings.hold(x._value, x._node, site)
        return passage

    def _source(self, key: Any, name: str, role: str, spot: Any, value: Any) -> Site:
        """A new site for a source of values."""
        return self.story.new_site(
            key, name, role, spot, shape=tuple(value.shape), dtype=value.dtype.name, bytes=int(value.nbytes)
        )

    def _note(self, holder: Any, passage: Passage) -> None:
        """Leave a passage on the node of a tensor or variable, in place of an earlier one."""
        node = holder._node
        if node is None:
            node = holder._node = leaf(holder._value)
        if not node.knows(self.key):
            self.attach(node, passage)
        elif node.key is self.key:
            node.note = passage
        else:
            node.more[self.key] = passage

    # variables, and values that leave

    @alone
    def hear_read(self, variable: Variable, tensor: Tensor) -> None:
        serial, value = variable._serial, variable._value
        seen = self._read.get(serial)
        if (seen() if isinstance(seen, ref) else seen) is value:
            return
        # A variable may be written while nobody listens, so its value is compared; an array is not to be kept alive.
        self._read[serial] = ref(value) if isinstance(value, np.ndarray) else value
        key = ("variable", serial)
        site = self.story.site(key)
        if site is None:
            way = trail()
            name = _called(variable, way.frame, "variable")
            spot = spot_of(way.frame.f_code, way.frame.f_lasti)
            site = self._source(key, name, "variable", spot, variable._value)
        site.followed = site.followed or variable.trainable
        passage = self.story.passage(site, digest(variable._value))
        self._note(variable, passage)
        self.holdings.hold(variable._value, variable._node, site)

    @alone
    def hear_leave(self, holder: Any, how: Any) -> None:
        if type(how) is str and how != "format":
            passage = self._passage(holder)
            if passage is not None:
                passage.site.left[f"{how} at line {user_place().line}"] += 1

    # tapes and what they are asked

    @alone
    def hear_start(self, other: Listener) -> None:
        if _is_tape(other) and other.key not in self._tapes:
            way = trail()
            key = (way.key[:2], self.thread)
            tape = self.story.tapes.get(key)
            if tape is None:
                spot = spot_of(way.frame.f_code, way.frame.f_lasti)
                tape = self.story.tapes[key] = Tape(len(self.story.tapes), "", spot, self.thread)
            tape.count += 1
            self._tapes[other.key] = tape

    @alone
    def hear_question(self, record: Listener, target: Any, sources: Any) -> None:
        tape = self._tapes.get(record.key)
        if tape is None:
            return
        way = trail()
        method = sys._getframe(3).f_code.co_name
        key = (method, tape.index, *way.key[:2])
        asked = self.story.asked.get(key)
        if asked is None:
            asked = self.story.asked[key] = Asked(
                len(self.story.asked),
                way.entry if method.startswith("_") else method,
                tape.index,
                spot_of(way.frame.f_code, way.frame.f_lasti),
                _names(target, way.frame, "target"),
                _names(sources, way.frame, "source"),
            )
        tape.name = tape.name or _tape_name(record, way.frame)
        asked.count += 1
        self._asked = [entry for entry in self._asked if entry[0] is not record]  # left over from an error
        self._asked.append((record, asked, target, sources))
        self.story.begin_walk()
        self.story.tell(Moment(self.story.tick(), "question", asked.index, asked.count, None), asked)

    @alone
    def hear_cotangent(self, node: Node, cotangent: Any) -> None:
        if not node.knows(self.key):
            return
        noted = node.read(self.key)
        passage: Passage = noted[0] if isinstance(node, Bundle) else noted
        self._under, self._step = passage.site.index, 0
        if not self._asked:
            return
        record, asked = self._asked[-1][:2]
        if asked.method == "gradient" and node.knows(record.key) and type(cotangent) is not dict:
            g = cotangent.value if type(cotangent) is Masked else cotangent
            self.story.arrive(passage, digest(g._value))

    @alone
    def hear_answer(self, record: Listener, results: Any) -> None:
        while self._asked:
            found, asked, target, sources = self._asked.pop()
            if found is not record:
                continue
            answers = nest.flatten(results)
            asked.results = tuple(
                [digest(r._value) if hasattr(r, "_value") else None for r in answers[:NAMED]]
            )
            asked.answered += 1
            self._under = None
            self.story.tell(
                Moment(self.story.tick(), "answer", asked.index, asked.count, asked.results), asked
            )
            self._enter_results(asked, target, answers)
            if any(result is None for result in answers):
                self._explain(record, asked, nest.flatten(target), nest.flatten(sources), answers)
            return

    def _enter_results(self, asked: Asked, target: Any, answers: list[Any]) -> None:
        """Let derivatives that nobody follows be sources of what the program makes of them."""
        first = self._passage(nest.flatten(target)[0])
        for i, result in enumerate(answers[:NAMED]):
            if type(result) is not Tensor or self._passage(result) is not None:
                continue
            key = ("result", asked.index, i)
            site = self.story.site(key)
            if site is None:
                source = asked.sources[i] if i < len(asked.sources) else "source"
                site = self._source(
                    key, f"∂{asked.targets[0]}/∂{source}", "result", asked.spot, result._value
                )
            if first is not None:
                site.inputs[(0, first.site.index)] += 1
            self._note(result, self.story.passage(site, digest(result._value)))

    def _explain(
        self, record: Any, asked: Asked, targets: list[Any], sources: list[Any], answers: list[Any]
    ) -> None:
        """Explain each None of an answer that has not been explained at this line before."""
        frame = trail().frame
        asked.missing += sum(result is None for result in answers)
        pairs = [(s, t) for s, r in zip(sources, answers, strict=False) if r is None for t in targets]
        for source, target in pairs:
            question = Question(record, target, source, frame)
            key = (asked.index, question.y, question.x)
            if key in self.story.ends or len(self.story.ends) >= CUTS:
                continue
            with paused():
                why = explain(question)
            near, far = self._passage(source), self._passage(target)
            self.story.ends[key] = End(
                asked.index,
                question.y,
                question.x,
                why.cause.value,
                why.text,
                why.remedy,
                None if why.place is None else (why.place.file, why.place.line),
                None if near is None else near.site.index,
                None if far is None else far.site.index,
            )


def _is_tape(listener: Any) -> bool:
    """Whether a listener is the record of a tape that a program made, not one of a rule's own."""
    return isinstance(listener, Record) and listener.explains


def _tape_name(record: Any, frame: FrameType) -> str:
    """What the tape with this record is called in a frame; empty if it has no name there."""
    for name, value in {**frame.f_globals, **frame.f_locals}.items():
        if getattr(type(value), "_begin", None) is not None and getattr(value, "_record", None) is record:
            return name
    return ""


def _names(structure: Any, frame: FrameType, otherwise: str) -> tuple[str, ...]:
    """What the tensors and variables of a nest are called in a frame."""
    return tuple([_called(part, frame, otherwise) for part in nest.flatten(structure)[:NAMED]])


def _called(part: Any, frame: FrameType, otherwise: str) -> str:
    """What a tensor or variable is called in a frame, without the number that TensorFlow puts after a name."""
    return (name_of(part, frame) or otherwise).split(":")[0]
