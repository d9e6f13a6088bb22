"""Recorded programs made to run again: alone, and while somebody listens.

Alone, the compiled graph is called with NumPy values. While a tape, an accumulator or another listener is active the
whole program is one primitive: its value is the compiled graph, and its pull and its tangent are graphs of their own,
recorded on first need by reading the operations of the first under the mode in question. They are primitives of the
same kind, so every order of derivative is compiled by the same road.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from .backends import prepared
from .backends.passes import merged
from .core.forking import lasting_lock
from .core.graph import Graph, inline
from .core.listen import listeners, paused
from .core.primitive import Kind, Primitive, Rule
from .core.recording import Recorded, Recording, Source
from .core.showing import show_all
from .core.spec import is_differentiable
from .core.tensor import ROWS, Tensor, apply
from .loops.forms import Form, form_of, written
from .loops.forms import read as read_form
from .loops.spy import is_closed
from .modes.forward import Pusher
from .modes.mask import plain
from .modes.record import Record
from .modes.reverse import Pullback

Compile = Callable[[Graph], Any]
"""Makes a callable of a graph that is prepared (`backends.prepared`)."""

_LOCK = lasting_lock(0)


def promoted(graph: Graph, constants: Sequence[int]) -> Graph:
    """The graph with some of its constants made inputs."""
    rest = {index: tensor for index, tensor in graph.constants.items() if index not in constants}
    return replace(graph, inputs=(*graph.inputs, *constants), constants=rest)


def as_primitive(graph: Graph, compile: Compile) -> Primitive:
    """A graph as one primitive with a joint rule whose derivatives are graphs, recorded on first need."""
    program = compile(prepared(graph))
    derived: dict[Any, Any] = {}

    def value(*xs: Any) -> Any:
        found = program(xs)
        return found[0] if len(found) == 1 else tuple(found)

    def through(key: Any, read: Callable[..., list[Any]], given: Sequence[Tensor]) -> list[Any]:
        """The results of a reading of the graph, compiled unless its rules decide by values."""
        if key not in derived:
            derived[key] = _derive(read, given, compile)
        primitive, forms = derived[key]
        if primitive is None:
            return read(*given)
        if all(form is Form.NONE for form in forms):
            return [None] * len(forms)
        found = apply(primitive, tuple(given))
        tensors = iter(found if type(found) is tuple else (found,))
        return [read_form(form, tensors) for form in forms]

    def pull(g: Any, _y: Any, *x: Tensor) -> list[Any]:
        # What is absent stays so: a zero would meet infinite derivatives on its way.
        every = g if isinstance(g, (tuple, list)) else (g,)
        forms = tuple(map(form_of, every))
        given = [t for part, form in zip(every, forms, strict=True) for t in tensors_of(part, form)]
        count = len(given)

        def read(*z: Tensor) -> list[Any]:
            tensors = iter(z[:count])
            return _pulled(graph, [read_form(form, tensors) for form in forms], z[count:])

        return through(("pull", forms), read, (*given, *x))

    def tangent(dx: Any, y: Any, *x: Tensor) -> Any:
        moving = tuple(i for i, t in enumerate(dx) if t is not None)
        given = [plain(dx[i]) for i in moving]
        count = len(given)
        found = through(moving, lambda *z: _pushed(graph, moving, z[:count], z[count:]), (*given, *x))
        return found if type(y) is tuple else found[0]

    return Primitive("function", Kind.TANGENT, value, None, Rule(pull, tangent, keeps=True, absent=True))


def _derive(
    read: Callable[..., list[Any]], given: Sequence[Tensor], compile: Compile
) -> tuple[Primitive | None, list[Form]]:
    """A reading recorded with these values: the primitive of its graph, and the forms of what it gives."""
    recording = Recording()
    inputs = [Tensor(x._value) for x in given]
    with paused((recording,)):
        for index, x in enumerate(inputs):
            recording.enter(x, Source(argument=index))
        found = read(*inputs)
    if recording.guards:
        return None, []
    forms = [form_of(y) for y in found]
    results = [t for y, form in zip(found, forms, strict=True) for t in tensors_of(y, form)]
    return as_primitive(merged(recording.recorded(results).graph), compile), forms


def tensors_of(x: Any, form: Form) -> list[Tensor]:
    """A tangent or cotangent of this form as tensors."""
    return written(x, form, plain(x)) if x is not None else []


def _pulled(graph: Graph, cotangents: Sequence[Any], xs: Sequence[Tensor]) -> list[Any]:
    """What these cotangents of the outputs, where there are any, send to each input."""
    record = Record()
    # A tensor may be given twice; each input is a source of its own.
    inputs = [apply(ROWS["identity"], (x,)) for x in xs]
    for x in inputs:
        record.watch(x)
    with paused((*listeners(), record)):
        outputs = inline(graph, inputs)
    seeds = [
        (y._node, g)
        for y, g in zip(outputs, cotangents, strict=True)
        if g is not None and y._node is not None and record.knows(y) and is_differentiable(y._value.dtype)
    ]
    nodes = [x._node if record.knows(x) else None for x in inputs]
    walk = Pullback(record, [n for n, _ in seeds], [n for n in nodes if n is not None])
    found = walk(seeds, absent=True)
    return [None if node is None else found.get(node) for node in nodes]


def _pushed(
    graph: Graph, moving: Sequence[int], tangents: Sequence[Tensor], xs: Sequence[Tensor]
) -> list[Any]:
    """The tangents of the outputs for these of some inputs."""
    pusher = Pusher()
    inputs = [apply(ROWS["identity"], (x,)) for x in xs]
    for index, tangent in zip(moving, tangents, strict=True):
        pusher.watch(inputs[index], tangent)
    with paused((*listeners(), pusher)):
        outputs = inline(graph, inputs)
    return [pusher.raw(y) for y in outputs]


class Road:
    """One recorded program of a function: ready to replay wherever its guards hold.

    `seconds` has what recording it took, and what compiling it has taken so far.
    """

    __slots__ = (
        "_closed",
        "_compile",
        "_listened",
        "_ordered",
        "_plain",
        "_prepared",
        "_program",
        "entered",
        "leaves",
        "pack",
        "recorded",
        "seconds",
    )

    def __init__(
        self,
        recorded: Recorded,
        leaves: Sequence[Any],
        pack: Callable[[list[Any]], Any],
        compile: Compile,
        recording: float = 0.0,
    ) -> None:
        self.recorded = recorded
        self.leaves = leaves
        self.pack = pack
        self.entered = False
        self.seconds = {"recording": recording, "compiling": 0.0}
        self._compile = self.timed(compile)
        self._prepared: Graph | None = None
        self._program: Any = None
        self._closed = is_closed(recorded.graph)
        self._listened: dict[tuple[int, ...], Primitive] = {}
        # What a replay does most often is asked here, once: arguments are the inputs, and results all that comes out.
        places = [source.argument for source in recorded.sources]
        self._ordered = len(places) if places == list(range(len(places))) else None
        self._plain = not (recorded.guards or recorded.written or recorded.shown) and all(
            leaf is RESULT for leaf in leaves
        )

    def timed(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, of which the time it takes counts as compiling."""

        def run(*args: Any) -> Any:
            start = perf_counter()
            try:
                return work(*args)
            finally:
                self.seconds["compiling"] += perf_counter() - start

        return run

    @property
    def program(self) -> Any:
        """The compiled graph; compiled when it is first asked for, by one thread."""
        if self._program is None:
            with _LOCK:
                if self._program is None:
                    self._program = self._compile(self.prepared)
        return self._program

    @property
    def prepared(self) -> Graph:
        """The graph as the compiler takes it."""
        if self._prepared is None:
            with _LOCK:
                if self._prepared is None:
                    self._prepared = self.timed(prepared)(self.recorded.graph)
        return self._prepared

    def takes_numbers(self, count: int) -> Any:
        """Whether the arguments are all the inputs, in order, and results are all that comes out of it.

        Returns:
            None for one result, tuple or list for so many, False if there is more to do.
        """
        if self._ordered != count or not self._plain or not self.leaves:
            return False
        if self.pack is tuple or self.pack is list:
            return self.pack
        return None if self.pack is alone else False

    def replay(self, arguments: Sequence[Any]) -> tuple[bool, Any]:
        """Whether the guards hold for these values of the arguments, and the result."""
        recorded = self.recorded
        states = _states(recorded) if recorded.guards else ()
        given = arguments if self._ordered == len(arguments) else _inputs(recorded, arguments)
        if self._plain:
            return True, self.pack([Tensor(y) for y in self.program(given)])
        outputs = self._on_this_road(given)
        if outputs is None:
            _restore(states)
            return False, None
        return True, self._finish(outputs, Tensor)

    def _on_this_road(self, given: Sequence[Any]) -> Any:
        """The outputs for these inputs; None where a guard fails."""
        guards = self.recorded.guards
        try:
            outputs = self.program(given)
        except Exception:
            if guards:  # the way may be another one, on which there is no error
                return None
            raise
        return outputs if all(g.holds(v) for g, v in zip(guards, outputs, strict=False)) else None

    def listened(self, arguments: Sequence[Tensor]) -> tuple[bool, Any]:
        """The same while somebody listens: one operation for all of the program."""
        recorded, active = self.recorded, listeners()
        if not self._closed:
            return False, None
        known = tuple(
            index
            for index, constant in recorded.graph.constants.items()
            if (node := constant._node) is not None and any(node.knows(listener.key) for listener in active)
        )
        if known not in self._listened:
            self._listened[known] = as_primitive(merged(promoted(recorded.graph, known)), self._compile)
        primitive = self._listened[known]
        states = _states(recorded)
        if recorded.guards:
            with paused():
                values = [x._value for x in arguments]
                trial = self._on_this_road(_inputs(recorded, values))
            _restore(states)
            if trial is None:
                return False, None
        inputs = [
            arguments[source.argument]
            if source.argument is not None
            else source.variable._as_tensor()
            if source.variable is not None
            else Tensor(source.draw())  # type: ignore[misc]  # an input is one of the three
            for source in recorded.sources
        ]
        found = apply(primitive, (*inputs, *(recorded.graph.constants[i] for i in known)))
        return True, self._finish(found if type(found) is tuple else (found,), lambda y: y)

    @property
    def acts(self) -> bool:
        """Whether it does more than compute: looks at values, draws, assigns or prints."""
        recorded = self.recorded
        draws = any(source.draw is not None for source in recorded.sources)
        return draws or bool(recorded.guards or recorded.written or recorded.shown)

    @property
    def is_closed(self) -> bool:
        """Whether the program can be differentiated as a whole."""
        return self._closed

    def _finish(self, outputs: Sequence[Any], wrap: Callable[[Any], Any]) -> Any:
        """Write the variables back and put the results into the structure that the function returns."""
        recorded = self.recorded
        first = len(recorded.guards)
        last = first + recorded.results
        for variable, value in zip(recorded.written, outputs[last:], strict=False):
            variable._set(value if not isinstance(value, Tensor) else value._value)
        if recorded.shown:
            shown = outputs[last + len(recorded.written) :]
            show_all(recorded.shown, [y._value if isinstance(y, Tensor) else y for y in shown])
        results = iter(outputs[first:last])
        return self.pack([wrap(next(results)) if leaf is RESULT else leaf for leaf in self.leaves])


def alone(leaves: list[Any]) -> Any:
    """The only leaf of a result without structure."""
    return leaves[0]


RESULT = object()
"""Stands for a tensor among the leaves of what a function returns; the others are the same in every run."""


def _inputs(recorded: Recorded, arguments: Sequence[Any]) -> list[Any]:
    return [
        arguments[source.argument]
        if source.argument is not None
        else source.variable._value
        if source.variable is not None
        else source.draw()  # type: ignore[misc]  # an input is one of the three
        for source in recorded.sources
    ]


def _states(recorded: Recorded) -> list[tuple[Any, Any]]:
    """The states of the generators that the program draws from, to be put back if its guards fail."""
    return [(s.generator, s.generator.bit_generator.state) for s in recorded.sources if s.draw is not None]


def _restore(states: Any) -> None:
    for generator, state in states:
        generator.bit_generator.state = state
