"""The spy: a recording of one turn of a loop, or of one branch of a choice, while it runs as ever.

What enters the turn are its inputs; tensors that some listener outside knows, and variables, are captured as further
ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..backends.passes import alive, merged
from ..core.draws import Stream
from ..core.graph import Graph
from ..core.listen import Listener
from ..core.primitive import Kind
from ..core.questions import goes_on
from ..core.recording import Cell, Recording, Source
from ..core.showing import let_out
from ..core.spec import Spec, is_differentiable
from ..core.tensor import ROWS, Tensor
from ..core.variable import READ, Variable
from ..ops.constant import logical_or, stop_gradient
from ..ops.linear import cast
from .row import LOOP


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
        "held_back",
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
        self.held_back: list[tuple[Any, Any]] = []
        """What is to be shown, as functions and values, once it is known that the program does this."""

    def hold_show(self, show: Any, values: Any) -> bool:
        self.held_back.append((show, values))
        return True

    def let_out(self) -> None:
        """Show what was held back: the program does this, and it becomes no operation."""
        held_back, self.held_back = self.held_back, []
        for show, values in held_back:
            let_out(show, values)

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
        if isinstance(what, (Variable, Stream)) and not self.has_seeded(what):
            self.before.setdefault(Cell(what), what._value)

    def is_followed(self, source: np.random.Generator) -> bool:
        """Whether draws from a source go by its state."""
        cell = Cell(Stream(source))
        return (
            not self.has_seeded(cell.content)
            and type(source.bit_generator) is np.random.PCG64
            and self.follows_source(cell)
        )

    def follows_source(self, cell: Cell) -> bool:
        return self._follows or super().follows_source(cell)

    def hear_draw(self, tensor: Tensor, source: Any, draw: Any) -> None:
        if not self.has_seeded(Stream(source)) and not self.is_followed(source):
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
        return not (self.guards or self.shows_many() or self.made or self.seeded)

    def shows_many(self) -> bool:
        """Whether it shows something for each example of a batch, of which a recording would have one's."""
        return bool(self.shown) and any(listener.stands for listener in self.outside)

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


__all__ = ["Spy", "asks_for_room", "is_closed", "restore"]
