"""How a recording comes to have a loop: two turns are done and written down, and if they are the same, so are all.

A `Spy` writes the graph of one turn while the function runs as ever: what enters the turn are its inputs, tensors that
some listener outside knows and variables are captured as further ones. When the graphs of the first two turns are the
same, constants included, the recordings outside withdraw what these turns have written and hear one operation
instead. Otherwise (shapes that change, values that Python looks at, effects) the turns stay as they were written, and
the loop goes on turn by turn.

A variable that the turns assign to is part of the state, from which a read has its value, and a fixed input, to which
a read has its derivative; behind the loop the last value is assigned.

A loop with a condition has room for some turns, and guards that it needs no more. Where it stands in a turn, or in a
branch, the answers of all turns are gathered, and the guard stands outside.

What the turns draw at random is drawn before the loop, for all turns at once, and sliced. A source from which a turn
draws twice would give its numbers in another order, and of a `while_loop` it is not known how many turns there are to
be; there the state of the source is part of the loop's, as a variable is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..backends.passes import alive, merged
from ..core.draws import Stream, repeated, times
from ..core.graph import Graph, Operation, check, evaluator, frozen
from ..core.listen import Listener, activate, deactivate, listeners, tell_draw
from ..core.loop import Loop, is_same
from ..core.primitive import Kind
from ..core.questions import goes_on
from ..core.recording import Cell, Recording, Source
from ..core.spec import Spec, is_differentiable
from ..core.tensor import ROWS, Tensor, apply, decide
from ..core.variable import READ, Variable
from ..ops.constant import logical_or, not_equal, stop_gradient
from ..ops.linear import cast, flip, getitem, identity
from .forms import with_entries
from .row import LOOP
from .stretches import done

SHORTEST = 8
"""Loops of fewer turns are written turn by turn, which lets their turns fuse."""

ROOM = 64
"""A loop in a turn or in a branch has room for so many turns at least, as its count may differ from time to time."""

Tensors = Sequence[Tensor]
Turn = Callable[[list[Tensor], list[Tensor]], tuple[list[Tensor], list[Tensor]]]


class Spy(Recording):
    """Writes one turn of a loop.

    Args:
        outside: who listens to the turn too.
        follows: whether draws go by the states of their sources; they do not where each example of a batch has draws
            of its own.

    `taken` says whether it is what the program does, or is done to be known only.
    """

    __slots__ = (
        "_follows",
        "before",
        "captured",
        "draws",
        "outside",
        "sources_before",
        "taken",
        "unfinished",
    )

    def __init__(self, outside: tuple[Listener, ...], follows: bool = False) -> None:
        super().__init__()
        self.outside = outside
        self._follows = follows and not any(listener.stands for listener in outside)
        self.taken = True
        self.unfinished: list[tuple[int, int]] = []
        """Truth values which say that a loop inside would go on, and for how many turns there is room."""
        self.captured: list[Tensor] = []
        self.draws: list[tuple[Any, Any]] = []
        """What was drawn: the value, and the function that draws again."""
        self.before: dict[Cell, Any] = {}
        """The values of variables before they were assigned to."""
        self.sources_before: dict[Cell, Any] = {}
        """The states of sources before they were drawn from."""

    def hear_ahead(self, what: Any) -> None:
        super().hear_ahead(what)
        if isinstance(what, np.random.Generator):
            cell, followed = Cell(Stream(what)), self.is_followed(what)
            what = cell.content
            if type(what.source.bit_generator) is np.random.PCG64:
                self.sources_before.setdefault(cell, what._value)
            if not followed:
                return
            self._variable(cell, what)
        if isinstance(what, (Variable, Stream)):
            self.before.setdefault(Cell(what), what._value)

    def is_followed(self, source: np.random.Generator) -> bool:
        """Whether draws from a source go by its state."""
        own = not any(source is other for other in self.seeded)
        return (
            own
            and type(source.bit_generator) is np.random.PCG64
            and self.follows_source(Cell(Stream(source)))
        )

    def follows_source(self, cell: Cell) -> bool:
        return self._follows or super().follows_source(cell)

    def hear_draw(self, tensor: Tensor, source: Any, draw: Any) -> None:
        if not any(source is other for other in self.seeded) and not self.is_followed(source):
            self.draws.append((tensor._value, draw))
        super().hear_draw(tensor, source, draw)

    def hear_leave(self, holder: Any, how: Any) -> None:
        if not asks_for_room(how):
            super().hear_leave(holder, how)
        elif (place := self.find(holder)) is not None:
            self.unfinished.append((place, how.args[0]))

    @property
    def room(self) -> int:
        """How many turns a loop inside has room for, the largest if there are several; zero if there is none."""
        return max((room for _, room in self.unfinished), default=0)

    def whether_unfinished(self) -> list[int]:
        """One if a loop inside would go on, else zero; nothing where there is none."""
        if not self.unfinished:
            return []
        any_, *others = [place for place, _ in self.unfinished]
        truth, number = Spec((), np.dtype(bool)), Spec((), np.dtype("int32"))
        for other in others:
            (any_,) = self.builder.add(logical_or, {}, [any_, other], [truth])
        return [self.builder.add(cast, {"dtype": number.dtype}, [any_], [number])[0]]

    def mark(self) -> Any:
        return super().mark(), len(self.draws), len(self.unfinished)

    def withdraw(self, mark: Any) -> None:
        written, draws, unfinished = mark
        super().withdraw(written)
        del self.draws[draws:]
        del self.unfinished[unfinished:]

    def find(self, tensor: Tensor) -> int | None:
        found = super().find(tensor)
        if found is not None or not self._is_known(tensor):
            return found
        self.captured.append(tensor)
        self.enter(tensor, Source(argument=-1))
        return self.builder.inputs[-1]

    def _is_known(self, tensor: Tensor) -> bool:
        node = tensor._node
        return any(
            Recording.find(listener, tensor)
            is not None  # not a spy's, which would ask the same listeners again
            if isinstance(listener, Recording)
            else node is not None and listener.follows(node)
            for listener in self.outside
        )

    def fixed(self) -> list[Any]:
        """What is captured, in the order of the inputs: tensors and variables."""
        tensors = iter(self.captured)
        return [
            source.variable if source.variable is not None else next(tensors)
            for source in self.sources
            if source.variable is not None or source.argument == -1
        ]

    def is_mixed(self) -> bool:
        """Whether a source was drawn from before its state was asked for."""
        return any(
            isinstance(draw, partial) and Cell(Stream(draw.args[0])) in self.variables
            for _, draw in self.draws
        )

    def is_pure(self) -> bool:
        """Whether the operations, and what is assigned, say all that was done."""
        return not (self.guards or self.shown or self.made or self.seeded)

    def held(self) -> list[int]:
        """What the variables that were assigned to hold, without a derivative."""
        builder, held = self.builder, []
        for place in self.written.values():
            spec = builder.specs[place]
            stops = is_differentiable(spec.dtype)
            held.append(builder.add(stop_gradient, {}, [place], [spec])[0] if stops else place)
        return held

    def body(self, outputs: Sequence[int], state: int = 0, entries: int = 0) -> tuple[Graph, list[Any]]:
        """What was written as a body, and what it captures.

        Inputs are the state, what is captured, in the order in which it is used, the entries, and what is drawn. What
        was withdrawn leaves no trace, so that equal turns have equal bodies.

        Args:
            outputs: values.
            state: how many inputs entered first.
            entries: how many entered next.
        """
        graph = alive(self.builder.graph(outputs))
        given = graph.inputs
        used = dict.fromkeys([i for op in graph.operations for i in op.inputs])
        used.update(dict.fromkeys(outputs))
        pairs = zip(given, self.sources, strict=True)
        drawn = [place for place, source in pairs if source.draw is not None]
        rest = [i for i in given[state + entries :] if i not in drawn]
        held = dict(zip(rest, self.fixed(), strict=True))
        order = [i for i in used if i in held]
        inputs = (*given[:state], *order, *given[state : state + entries], *drawn)
        constants = {i: graph.constants[i] for i in used if i in graph.constants}
        return merged(replace(graph, inputs=inputs, constants=constants)), [held[i] for i in order]


def is_closed(graph: Graph) -> bool:
    """Whether the derivative of every operation is a rule of the vocabulary.

    The gradient function of a `custom_gradient` sees the tensors of the run that was recorded, so its operation can
    be replayed, but not differentiated again.
    """
    return all(
        operation.primitive.kind is not Kind.TANGENT
        or operation.primitive in (LOOP, READ)
        or ROWS.get(operation.primitive.name) is operation.primitive
        for operation in graph.operations
    )


def asks_for_room(how: Any) -> bool:
    """Whether a question is whether a loop has not enough room."""
    return isinstance(how, partial) and how.func is goes_on


def restore(values: Mapping[Cell, Any]) -> None:
    """Put back the values that variables had."""
    for cell, value in values.items():
        cell.content._value = value


@dataclass(frozen=True, eq=False, slots=True)
class _Body:
    """One turn: its graph, what it captures, and the variables that are the last of its state, with their values."""

    graph: Graph
    fixed: list[Any]
    before: dict[Cell, Any]
    sources: dict[Cell, Any]
    room: int
    """Where it gives whether a loop inside would go on, for how many turns there is room."""

    def is_same(self, other: _Body) -> bool:
        return (
            is_same(self.graph, other.graph)
            and list(self.before) == list(other.before)
            and all(_is_one(a, b) for a, b in zip(self.fixed, other.fixed, strict=True))
        )

    def carrying(self, count: int) -> _Body:
        """The same with the variables among the state, behind so many others, and read from there."""
        if not self.before:
            return self
        graph = self.graph
        front, behind = graph.inputs[:count], graph.inputs[count + len(self.fixed) :]
        held = graph.inputs[count : count + len(self.fixed)]
        specs, operations = list(graph.specs), []
        states: list[int] = []
        read: dict[int, int] = {}

        def value(spec: Spec) -> int:
            specs.append(spec)
            return len(specs) - 1

        for cell, last in zip(self.before, graph.outputs[count:], strict=False):
            states.append(value(specs[last]))
            for own, captured in zip(held, self.fixed, strict=True):
                if Cell(captured) == cell:
                    read[own] = states[-1]
                    if is_differentiable(specs[last].dtype):
                        read[own] = value(specs[last])
                        operations.append(Operation(READ, {}, (own, states[-1]), (read[own],)))
        for operation in graph.operations:
            kept = 1 if operation.primitive is READ else 0  # the derivative's way stays
            inputs = (*operation.inputs[:kept], *(read.get(i, i) for i in operation.inputs[kept:]))
            operations.append(replace(operation, inputs=inputs))
        outputs = [read.get(i, i) for i in graph.outputs]
        used = {i for operation in operations for i in operation.inputs}.union(outputs)
        rest = [pair for pair in zip(held, self.fixed, strict=True) if pair[0] in used]
        whole = Graph(
            tuple(specs),
            (*front, *states, *(own for own, _ in rest), *behind),
            graph.constants,
            tuple(operations),
            tuple(outputs),
        )
        return replace(self, graph=merged(whole), fixed=[captured for _, captured in rest])


@dataclass(frozen=True, slots=True)
class Formed:
    """The results of a loop that has become one operation."""

    state: list[Tensor]
    stacked: list[Tensor]


class Attempt:
    """A loop that may become one operation; `done` are the results of the turns that have been done.

    Make it before the first turn, and before Python asks for a value of the loop.
    """

    def __init__(self) -> None:
        recordings = [listener for listener in listeners() if isinstance(listener, Recording)]
        self._marks = [(recording, recording.mark()) for recording in recordings]
        self.nested = any(isinstance(recording, Spy) for recording in recordings)
        self._supposed = any(isinstance(recording, Spy) and not recording.taken for recording in recordings)
        self.done: list[tuple[list[Tensor], list[Tensor]]] = []
        self._drawn: list[list[tuple[Any, Any]]] = []
        self._mixed: tuple[dict[Cell, Any], ...] | None = None
        """Where the draws of all turns cannot be made at once: what variables and sources were before."""

    def loop(
        self, turn: Turn, state: Tensors, sliced: Tensors, count: int, backwards: bool = False
    ) -> Formed | None:
        """The results of so many turns, or None when they are to go on from what is `done`.

        Args:
            turn: takes the state and the entries of one turn; gives the next state and what is stacked.
            state: before the first turn.
            sliced: has an entry for each turn.
            count: how many turns.
            backwards: whether the last entry comes first.
        """
        if not self._marks or count < SHORTEST:
            return None
        order = range(count)[::-1] if backwards else range(count)
        found = self._body(turn, state, sliced, order)
        if found is None and self._mixed is not None:
            self._undo(self._mixed)
            found = self._body(turn, state, sliced, order, follows=True)
        if found is None:
            return None
        given = self._begun(found, state)
        drawn = [flip(x, axis=(0,)) if backwards else x for x in self._draws(count)]
        sliced = [*sliced, *drawn]
        loop = Loop(found.graph, len(given), len(sliced), min(found.room, 1), count, backwards)
        return self._formed(loop, found, given, sliced)

    def _draws(self, count: int) -> list[Tensor]:
        """What all turns draw, that of the first two as it was drawn."""
        wholes = []
        for (first, draw), (second, _) in zip(*self._drawn, strict=True):
            source, *asked = draw.args
            rest = repeated(source, count - 2, draw.func.__name__, *asked)
            whole = Tensor(np.concatenate([[first, second], rest]))
            tell_draw(listeners(), whole, source, times(draw, count))
            wholes.append(whole)
        return wholes

    def while_loop(self, turn: Turn, state: Tensors, most: int | None) -> Formed | None:
        """The same for turns that go on while the first of the state is true, but no more than `most`."""
        if not self._marks or (most is not None and most < SHORTEST):
            return None
        found = self._body(turn, state, (), range(2), gate=True, follows=True)
        if found is None or any(self._drawn):  # how many draws there are to be is not known
            return None
        given = self._begun(found, state)
        values, same = [x._value for x in given], [captured_tensor(x)._value for x in found.fixed]
        once, count = evaluator(found.graph), 0
        while values[0] and (most is None or count < most) and not (self._supposed and count >= ROOM):
            values = once([*values, *same])
            if found.room and values.pop():
                self._undo((found.before, found.sources))
                return None
            count += 1
        turns = max(1 << (2 * count - 1).bit_length(), ROOM if self.nested else SHORTEST)
        bounded = most is not None and most <= turns
        turns = turns if most is None else min(most, turns)
        loop = Loop(found.graph, len(given), 0, min(found.room, 1), turns, gate="carried")
        formed = self._formed(loop, found, given, ())
        if formed is not None and not bounded:
            # A call that needs more turns is recorded anew, with more of them.
            decide(formed.state[0], partial(goes_on, turns))
        return formed

    def _body(
        self,
        turn: Turn,
        state: Tensors,
        sliced: Tensors,
        order: range,
        gate: bool = False,
        follows: bool = False,
    ) -> _Body | None:
        """Do two turns and compare what they have written: the body."""
        found: list[_Body] = []
        self._drawn, self._mixed = [], None
        now = list(state)
        spies: list[Spy] = []
        for index in order[:2]:
            if gate and self.nested and not self._supposed and not now[0]._value:
                return None
            spy = Spy(listeners(), follows)
            spies.append(spy)
            given = [apply(identity, (x,)) for x in now]
            entries = [getitem(x, index=(index,)) for x in sliced]
            for tensor in (*given, *entries):
                spy.enter(tensor, Source(argument=0))
            activate(spy)
            try:
                now, parts = turn(given, entries)
            finally:
                deactivate(spy)
            self.done.append((now, parts))
            if not spy.is_pure() or not all(map(_fit, now, given)) or not _keep(spy.before):
                return None
            unfinished = spy.whether_unfinished()
            outputs = [spy.index(y) for y in now] + spy.held() + unfinished + [spy.index(y) for y in parts]
            body, fixed = spy.body(outputs, len(given), len(entries))
            if not is_closed(body) or (gate and not self.nested and not decide(now[0], bool)):
                return None
            before = {cell: spy.before[cell] for cell in spy.written}
            found.append(_Body(body, fixed, before, spy.sources_before, spy.room))
            self._drawn.append(spy.draws)
        if not _alike(*self._drawn) or any(spy.is_mixed() for spy in spies):
            self._mixed = (
                {**spies[1].before, **spies[0].before},
                {
                    **spies[1].sources_before,
                    **spies[0].sources_before,
                },
            )
            return None
        if not found[0].is_same(found[1]):
            return None
        body_ = found[0].carrying(len(state))
        check(body_.graph)
        return body_

    def _begun(self, body: _Body, state: Tensors) -> list[Tensor]:
        """Take back what the turns have written and assigned; the state before them, that of variables included."""
        self._undo((body.before, {}))
        # Their derivatives go by the fixed inputs.
        return [*state, *(stop_gradient(captured_tensor(cell.content)) for cell in body.before)]

    def _undo(self, before: tuple[Mapping[Cell, Any], ...]) -> None:
        """Take back what the turns have written, assigned and drawn."""
        self.done.clear()
        for recording, mark in self._marks:
            recording.withdraw(mark)
        for values in before:
            restore(values)

    def _formed(self, loop: Loop, body: _Body, state: Tensors, sliced: Tensors) -> Formed | None:
        """Do the loop, and assign what it leaves in variables; None where a loop inside has not enough room."""
        loop, fixed = with_entries(loop, [captured_tensor(x) for x in body.fixed])
        found = done(loop, (*state, *fixed, *sliced))
        if body.room:
            unfinished = not_equal(found[loop.carried], Tensor(np.int32(0)))
            if decide(unfinished, partial(goes_on, body.room)):
                self._undo((body.before, body.sources))
                return None
        first = loop.carried - len(body.before)
        for cell, value in zip(body.before, found[first : loop.carried], strict=True):
            cell.content.assign(value)
        return Formed(found[:first], found[loop.carried + loop.summed :])


def _fit(new: Tensor, old: Tensor) -> bool:
    """Whether a state has the shape and dtype of the one before."""
    return bool(new._value.shape == old._value.shape and new._value.dtype == old._value.dtype)


def _keep(before: Mapping[Cell, Any]) -> bool:
    """Whether variables have kept their shapes."""
    return all(cell.content._value.shape == value.shape for cell, value in before.items())


def _alike(first: list[tuple[Any, Any]], second: list[tuple[Any, Any]]) -> bool:
    """Whether two turns draw the same, from each source once, so that all turns can draw at once."""
    if len(first) != len(second) or not all(isinstance(draw, partial) for _, draw in (*first, *second)):
        return False
    asked = [
        [(draw.args[0], draw.func, frozen(draw.args[1:])) for _, draw in draws] for draws in (first, second)
    ]
    return asked[0] == asked[1] and len({id(source) for source, *_ in asked[0]}) == len(first)


def captured_tensor(captured: Any) -> Tensor:
    """What is captured as a tensor: itself, or a read of a variable."""
    return captured._as_tensor()  # type: ignore[no-any-return]


def _is_one(a: Any, b: Any) -> bool:
    """Whether two captured things are the same: one object, or tensors of one history."""
    return Cell(a) == Cell(b) or (isinstance(a, Tensor) and a._node is not None and a._node is b._node)


__all__ = ["Attempt", "Formed", "Spy", "asks_for_room", "captured_tensor", "is_closed", "restore"]
