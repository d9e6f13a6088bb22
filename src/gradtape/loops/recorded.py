"""How a recording comes to have a loop: two turns are done and written down, and if they are the same, so are all.

A `Spy` (`spy.py`) writes the graph of one turn while the function runs as ever. When the graphs of the first two turns
are the same, constants included, the recordings outside withdraw what these turns have written and hear one operation
instead. Otherwise (shapes that change, values that Python looks at, effects) the turns stay as they were written, and
the loop goes on turn by turn.

A variable that the turns assign to is part of the state, from which a read has its value, and a fixed input, to which
a read has its derivative; behind the loop the last value is assigned.

A loop with a condition has room for some turns, and guards that it needs no more. Where it stands in a turn, or in a
branch, the answers of all turns are gathered, and the guard stands outside.

What the turns print is stacked over the turns, with the truth values that say which were done where there is a
condition, and shown behind the loop, turn by turn.

What the turns draw at random is drawn before the loop, for all turns at once, and sliced. A source from which a turn
draws twice would give its numbers in another order, and of a `while_loop` it is not known how many turns there are to
be; there the state of the source is part of the loop's, as a variable is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..backends.passes import merged
from ..core.draws import repeated, times
from ..core.graph import Graph, Operation, check, evaluator, frozen
from ..core.listen import activate, deactivate, listeners, tell_draw
from ..core.loop import Loop, is_same
from ..core.questions import goes_on
from ..core.recording import Cell, Recording, Source
from ..core.showing import Shows, Turns, tell_show
from ..core.spec import Spec, is_differentiable
from ..core.tensor import Tensor, apply, decide
from ..core.variable import READ
from ..ops.constant import not_equal, stop_gradient
from ..ops.linear import flip, getitem, identity
from .forms import with_entries
from .spy import Spy, is_closed, restore
from .stretches import done

SHORTEST = 8
"""Loops of fewer turns are written turn by turn, which lets their turns fuse."""

ROOM = 64
"""A loop in a turn or in a branch has room for so many turns at least, as its count may differ from time to time."""

LARGEST = 1 << 26
"""Loops whose turns show more bytes in all are written turn by turn."""

Tensors = Sequence[Tensor]
Turn = Callable[[list[Tensor], list[Tensor]], tuple[list[Tensor], list[Tensor]]]


@dataclass(frozen=True, eq=False, slots=True)
class _Body:
    """One turn: its graph, what it captures, and the variables that are the last of its state, with their values."""

    graph: Graph
    fixed: list[Any]
    before: dict[Cell, Any]
    sources: dict[Cell, Any]
    room: int
    """Where it gives whether a loop inside would go on, for how many turns there is room."""
    shows: Shows
    shown: int
    """How many of the last outputs are shown, the first of which says whether the turn was done if there is a gate."""

    def shows_much(self, turns: int) -> bool:
        """Whether so many turns show more than is to be kept until all are done."""
        specs = [self.graph.specs[i] for i in self.graph.outputs[len(self.graph.outputs) - self.shown :]]
        return turns * sum(math.prod(spec.shape) * spec.dtype.itemsize for spec in specs) > LARGEST

    def is_same(self, other: _Body) -> bool:
        return (
            is_same(self.graph, other.graph)
            and list(self.before) == list(other.before)
            and self.shows == other.shows
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
        self._spies: list[Spy] = []
        """Of the turns that were done; they hold back what these show."""

    @contextmanager
    def _showing(self) -> Iterator[None]:
        """Where it ends in an error, or with an interrupt, show what the turns that were done have shown."""
        try:
            yield
        except BaseException:
            self._let_out()
            raise

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
        with self._showing():
            return self._loop(turn, state, sliced, order)

    def _loop(self, turn: Turn, state: Tensors, sliced: Tensors, order: range) -> Formed | None:
        count, backwards = len(order), order.step < 0
        found = self._body(turn, state, sliced, order)
        if found is None and self._mixed is not None:
            self._undo(self._mixed)
            found = self._body(turn, state, sliced, order, follows=True)
        if found is None or found.shows_much(count):
            self._let_out()
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
        with self._showing():
            return self._while_loop(turn, state, most)

    def _while_loop(self, turn: Turn, state: Tensors, most: int | None) -> Formed | None:
        found = self._body(turn, state, (), range(2), gate=True, follows=True)
        if found is None or any(self._drawn):  # how many draws there are to be is not known
            self._let_out()
            return None
        given = self._begun(found, state)
        values, same = [x._value for x in given], [captured_tensor(x)._value for x in found.fixed]
        once, count = evaluator(found.graph), 0
        while values[0] and (most is None or count < most) and not (self._supposed and count >= ROOM):
            try:
                values = once([*values, *same])[: len(given) + min(found.room, 1)]
            except Exception:  # let the turn in which it happens say so
                return self._given_up(found)
            if found.room and values.pop():
                return self._given_up(found)
            count += 1
        turns = max(1 << (2 * count - 1).bit_length(), ROOM if self.nested else SHORTEST)
        bounded = most is not None and most <= turns
        turns = turns if most is None else min(most, turns)
        if found.shows_much(turns):
            return self._given_up(found)
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
        self._spies = spies = []
        for index in order[:2]:
            if gate and self.nested and not self._supposed and not now[0]._value:
                return None
            spy = Spy(listeners(), follows)
            spies.append(spy)
            given = [apply(identity, (x,)) for x in now]
            entries = [getitem(x, index=(index,)) for x in sliced]
            for tensor in (*given, *entries):
                spy.enter(tensor, Source(argument=0))
            try:
                activate(spy)
                now, parts = turn(given, entries)
            finally:
                deactivate(spy)
            self.done.append((now, parts))
            if not spy.is_pure() or not all(map(_fit, now, given)) or not _keep(spy.before):
                return None
            unfinished = spy.whether_unfinished()
            shown = [place for _, places in spy.shown for place in places]
            if gate and spy.shown:
                shown.insert(0, spy.index(given[0]))
            stacked = [spy.index(y) for y in parts] + shown
            outputs = [spy.index(y) for y in now] + spy.held() + unfinished + stacked
            body, fixed = spy.body(outputs, len(given), len(entries))
            if not is_closed(body) or (gate and not self.nested and not decide(now[0], bool)):
                return None
            before = {cell: spy.before[cell] for cell in spy.written}
            found.append(_Body(body, fixed, before, spy.sources_before, spy.room, spy.shows(), len(shown)))
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

    def _given_up(self, body: _Body) -> Formed | None:
        """No loop: take back all, so that it begins anew, turn by turn."""
        self._undo((body.before, body.sources))
        return None

    def _let_out(self) -> None:
        """Show what the turns that are done have shown, as the loop goes on from there."""
        for spy in self._spies:
            spy.let_out()

    def _formed(self, loop: Loop, body: _Body, state: Tensors, sliced: Tensors) -> Formed | None:
        """Do the loop, and assign what it leaves in variables; None where a loop inside has not enough room."""
        loop, fixed = with_entries(loop, [captured_tensor(x) for x in body.fixed])
        try:
            found = done(loop, (*state, *fixed, *sliced))
        except Exception:  # let the turn in which it happens say so
            return self._given_up(body)
        if body.room:
            unfinished = not_equal(found[loop.carried], Tensor(np.int32(0)))
            if decide(unfinished, partial(goes_on, body.room)):
                return self._given_up(body)
        first = loop.carried - len(body.before)
        for cell, value in zip(body.before, found[first : loop.carried], strict=True):
            cell.content.assign(value)
        behind = len(found) - body.shown
        self._spies = []
        if body.shows:
            tell_show(Turns(body.shows, loop.order(), loop.gate == "carried"), found[behind:])
        return Formed(found[:first], found[loop.carried + loop.summed : behind])


def actions() -> list[int]:
    """How often the program has drawn, assigned or shown something so far, as each recording has heard it."""
    return [listener.actions for listener in listeners() if isinstance(listener, Recording)]


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


__all__ = ["Attempt", "Formed", "actions", "captured_tensor"]
