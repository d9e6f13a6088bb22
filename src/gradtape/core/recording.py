"""The recording: a listener that writes down what a function does as a graph, while the function runs with real values.

It is the outermost listener of the function's own run, so by the nesting law it hears every operation: those of the
program and those of the tapes and accumulators inside it. What depends on no input is not written down: it happens
once, and its result is a constant.

An input is an argument, a variable as it was when it was first read, or a draw of random numbers. A value that leaves
for Python as a truth value or a number becomes a guard; an array that leaves is an error, because a replay could not
see it. What is put into variables becomes outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from .bundle import attach_bundle, bundle_of
from .draws import DRAW, Stream, follows
from .further_errors import RecordingError
from .graph import Builder, Graph, check, spec_of_value
from .listen import Listener, leaf
from .place import place_of, user_frame, user_place
from .primitive import Primitive
from .questions import ASKED, of_each, only_entry
from .showing import Shows
from .spec import is_differentiable
from .tensor import ROWS, Tensor
from .variable import READ, Variable


@dataclass(frozen=True, eq=False, slots=True)
class Guard:
    """A value that Python saw: a replay is right only where `question(value)` gives the same `answer`."""

    question: Callable[[Any], Any]
    answer: Any
    line: str

    def holds(self, value: Any) -> bool:
        """Whether this value gives the answer that was seen; NaN is the same as NaN, and 0 is not -0."""
        return repr(self.question(value)) == repr(self.answer)


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """Where an input of the graph comes from: an argument's place, a variable, or a draw; the others are None."""

    argument: int | None = None
    variable: Any = None
    draw: Callable[[], Any] | None = None
    generator: Any = None


@dataclass(frozen=True, eq=False, slots=True)
class Recorded:
    """A recorded program: a pure graph, and what its inputs and outputs mean.

    The outputs of the graph are the guards' values, the results, the variables' new values and what is shown, in this
    order; `shown` holds functions and how many of the last each is called with.
    """

    graph: Graph
    sources: tuple[Source, ...]
    guards: tuple[Guard, ...]
    results: int
    written: tuple[Any, ...]
    shown: Shows


class Recording(Listener):
    """Writes a graph."""

    __slots__ = (
        "_guarded",
        "actions",
        "builder",
        "guards",
        "kept",
        "lines",
        "made",
        "places",
        "reads",
        "seeded",
        "shown",
        "sources",
        "states",
        "variables",
        "withdrawn",
        "written",
    )

    # As an accumulator's, its notes are not parents: each output of a tuple has its own.
    forward = True
    replays = True

    def __init__(self) -> None:
        super().__init__()
        self.builder = Builder()
        self.sources: list[Source] = []
        self.guards: list[tuple[int, Guard]] = []
        # Tensors whose node says nothing of their place, kept alive: reads of variables, integers in tuples, constants.
        self.places: dict[int, tuple[Any, int]] = {}
        self.shown: list[tuple[Callable[..., Any], list[int]]] = []
        self.reads: dict[int, tuple[Tensor, int]] = {}
        self.states: dict[Any, int] = {}  # what a read of a variable gives
        self.variables: dict[Any, int] = {}  # the inputs that variables are
        self.written: dict[Any, int] = {}  # what was assigned last
        self.actions = 0  # how often something was drawn, assigned or shown
        self.made: list[Any] = []
        self.seeded: list[Any] = []
        self._guarded: set[Any] = set()
        # The texts of lines, by instruction; the code is kept, so that no other takes its place in memory.
        self.lines: dict[tuple[int, int], tuple[CodeType, str]] = {}
        self.withdrawn: set[int] = set()
        self.kept: dict[Any, Any] = {}  # what other rooms keep until the end, each under a key of its own

    # places of tensors in the graph

    def find(self, tensor: Tensor) -> int | None:
        """The value of a tensor that depends on an input; None for a constant."""
        node = tensor._node
        if node is not None and node.knows(self.key):
            place: int = node.read(self.key)
            if self.withdrawn and place in self.withdrawn:
                raise RecordingError(_cannot_escape(tensor))
            return place
        found = self.places.get(id(tensor))
        if found is None and node is not None:
            # Another tensor of what was read: the same value with the same history.
            read = self.reads.get(id(tensor._value))
            found = read if read is not None and read[0]._node is node else None
        if found is None and tensor._value.dtype.kind not in "fc":
            found = self.places.get(id(tensor._value))
        return None if found is None or found[1] in self.builder.constants else found[1]

    def varies(self, tensor: Tensor) -> bool:
        return self.find(tensor) is not None

    def index(self, tensor: Tensor) -> int:
        """The value of a tensor, entered as a constant if it depends on no input."""
        found = self.find(tensor)
        if found is not None:
            return found
        known = self.places.get(id(tensor))
        if known is None:
            known = self.places[id(tensor)] = (tensor, self.builder.constant(tensor))
        return known[1]

    def enter(self, tensor: Tensor, source: Source) -> None:
        """Make a tensor an input."""
        self._place(tensor, self.builder.input(spec_of_value(tensor._value)))
        self.sources.append(source)

    def _place(self, tensor: Tensor, index: int) -> None:
        if tensor._node is None:
            tensor._node = leaf(tensor._value)
        self.attach(tensor._node, index)

    # turns of a loop and branches of a choice, written down until they prove to be one operation

    def mark(self) -> Any:
        """The present end of what has been written, for `withdraw`."""
        written = dict(self.states), dict(self.written)
        return len(self.builder.operations), len(self.guards), len(self.sources), len(self.shown), *written

    def withdraw(self, mark: Any) -> None:
        """Take back operations, guards, draws, writes and what was shown since a mark.

        Using their results later is an error.
        """
        operations, guards, sources, shown, states, written = mark
        del self.shown[shown:]
        for operation in self.builder.operations[operations:]:
            self.withdrawn.update(operation.outputs)
        del self.builder.operations[operations:]
        inputs = self.builder.inputs
        for place in [i for i in range(len(inputs))[sources:] if self.sources[i].draw is not None][::-1]:
            self.withdrawn.add(inputs.pop(place))
            del self.sources[place]
        # What was read first since then stays an input.
        read = {cell: place for cell, place in self.variables.items() if cell not in written}
        self.states, self.written = read | states, dict(written)  # a mark may be gone back to again
        self._guarded -= {(place, guard.question) for place, guard in self.guards[guards:]}
        del self.guards[guards:]

    # what is heard

    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: Mapping[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        found = [self.find(x) for x in inputs]
        if all(place is None for place in found):
            return
        places = [self.index(x) if place is None else place for x, place in zip(inputs, found, strict=True)]
        joint = type(result) is tuple
        outputs = result if joint else (result,)
        specs = [spec_of_value(y._value) for y in outputs]
        made = self.builder.add(primitive, params, places, specs, self._line(), joint)
        if not joint:
            self._place(result, made[0])
            return
        attach_bundle(self, bundle_of(result), result, made)
        for y, place in zip(result, made, strict=True):
            if y._node is None:
                self.places[id(y._value)] = (y, place)

    def _line(self) -> str:
        """The line of the program that asks for what is heard; one text for all that an instruction asks for."""
        frame = user_frame(3)
        key = id(frame.f_code), frame.f_lasti
        known = self.lines.get(key)
        if known is None:
            known = self.lines[key] = frame.f_code, str(place_of(frame))
        return known[1]

    def hear_read(self, variable: Any, tensor: Tensor) -> None:
        cell = Cell(variable)
        place = self.states.get(cell)
        if place is None:
            place = self._read_again(cell) if cell in self.written else self._variable(cell, tensor)
            self.states[cell] = place
        self.places[id(tensor)] = self.reads[id(tensor._value)] = (tensor, place)

    def _variable(self, cell: Cell, holder: Any) -> int:
        """The input that a variable is; `holder` has the value that it has at first."""
        if self.has_seeded(cell.content):
            return self.index(holder)  # starts anew in every run, so its state is that of this one
        if cell not in self.variables:
            self.variables[cell] = self.builder.input(spec_of_value(holder._value))
            self.sources.append(Source(variable=cell.content))
        return self.variables[cell]

    def _read_again(self, cell: Cell) -> int:
        """What a read behind an assignment gives: what was assigned, without its derivative, with the variable's."""
        place = self.written[cell]
        spec = self.builder.specs[place]
        if not is_differentiable(spec.dtype):
            return place
        first = self.variables.get(cell)
        if first is None or self.builder.specs[first] != spec:  # a variable that has changed its shape
            return self.builder.add(ROWS["stop_gradient"], {}, [place], [spec])[0]
        return self.builder.add(READ, {}, [first, place], [spec])[0]

    def hear_ahead(self, what: Any) -> None:
        if isinstance(what, Variable) and is_differentiable(what._value.dtype):
            self._variable(Cell(what), what)  # reads behind the assignment have its derivative

    def hear_write(self, variable: Any, tensor: Tensor | None, given: Tensor | None = None) -> None:
        cell = Cell(variable)
        self.actions += 1
        if tensor is None:
            self.made.append(variable)
        else:
            self.written[cell] = self.index(tensor)
            self.states.pop(cell, None)

    def hear_draw(self, tensor: Tensor, source: Any, draw: Any) -> None:
        cell = Cell(Stream(source))
        self.actions += 1
        if self.has_seeded(cell.content) and cell not in self.written:
            self.states.pop(cell, None)
            return
        if not (follows(source, draw) and self.follows_source(cell)):
            self.enter(tensor, Source(draw=draw, generator=source))
            return
        state = self.written.get(cell)
        if state is None:
            # What it was before it has drawn this was asked for by `hear_ahead`, or by who has read it before.
            state = self.variables[cell]
        params = {"name": draw.func.__name__, "args": tuple(draw.args[1:])}
        specs = [spec_of_value(tensor._value), self.builder.specs[state]]
        made, self.written[cell] = self.builder.add(DRAW, params, [state], specs, self._line(), True)
        self._place(tensor, made)
        self.states.pop(cell, None)

    def follows_source(self, cell: Cell) -> bool:
        """Whether draws go by the state of their source: where somebody else has read it, as it may be another then."""
        return cell in self.variables or cell in self.written

    def hear_seed(self, source: Any) -> None:
        self.seeded.append(source)

    def has_seeded(self, content: Any) -> bool:
        """Whether this is the state of a source that the program itself starts from a seed."""
        return type(content) is Stream and any(content.source is source for source in self.seeded)

    def hear_show(self, show: Any, tensors: Any) -> None:
        self.actions += 1
        self.shown.append((show, [self.index(tensor) for tensor in tensors]))

    def hear_effect(self, what: str, source: Any = None) -> None:
        cell = Cell(Stream(source))
        if self.has_seeded(cell.content) and cell not in self.written:
            self.states.pop(cell, None)
            return
        raise RecordingError(
            f"{what} ({user_line()}) changes something outside the function, and a replay of the recorded "
            "program would not do it again; do it outside gt.function"
        )

    def hear_leave(self, holder: Any, how: Any) -> None:
        tensor = holder if isinstance(holder, Tensor) else holder._as_tensor()
        place = self.find(tensor)
        if place is None or how == "format":
            return
        question = how if callable(how) else ASKED.get(how)
        if question is None:
            if tensor._value.size != 1:
                raise RecordingError(_cannot_leave(tensor, how))
            question = only_entry
        if (place, question) not in self._guarded:
            self._guarded.add((place, question))
            self.guards.append((place, Guard(question, question(tensor._value), user_line())))

    def hear_leave_each(self, whole: Tensor, how: Any) -> None:
        self.hear_leave(whole, of_each(how))

    # the end

    def recorded(self, results: list[Tensor]) -> Recorded:
        """What has been written, with these tensors for results."""
        outputs = [place for place, _ in self.guards] + [self.index(result) for result in results]
        written = [(cell, place) for cell, place in self.written.items() if not self.has_seeded(cell.content)]
        outputs += [place for _, place in written]
        outputs += [place for _, places in self.shown for place in places]
        return Recorded(
            check(self.builder.graph(outputs)),
            tuple(self.sources),
            tuple(guard for _, guard in self.guards),
            len(results),
            tuple(cell.content for cell, _ in written),
            self.shows(),
        )

    def shows(self) -> Shows:
        """What is shown, as functions and how many values each is called with."""
        return tuple((show, len(places)) for show, places in self.shown)


class Cell:
    """A variable, or the state of a source, as the key of a dictionary: equal only to the same one."""

    __slots__ = ("_own", "content")

    def __init__(self, content: Any) -> None:
        self.content = content
        self._own = content.source if type(content) is Stream else content

    def __hash__(self) -> int:
        return id(self._own)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and other._own is self._own


def _cannot_leave(tensor: Tensor, how: str) -> str:
    what = f"a tensor of shape {tuple(tensor._value.shape)}"
    if how in ("numpy", "array", "item", "tolist"):
        how = {"array": "conversion to a NumPy array"}.get(how, f".{how}()")
        return (
            f"{user_line()}: {what} that depends on an input of gt.function leaves for Python through {how}, "
            "and a replay could not see that. Use gradtape functions on the tensor itself, return it, or "
            "call this part outside gt.function"
        )
    return (
        f"{user_line()}: {how} needs the values of {what} that depends on an input of gt.function, because "
        "the shape or the places of its result depend on them. Compute it outside gt.function and give it as "
        "an argument that is a NumPy constant, or use gt.where"
    )


def _cannot_escape(tensor: Tensor) -> str:
    return (
        f"{user_line()}: a tensor of shape {tuple(tensor._value.shape)} that was made in a turn of a loop, or in a "
        "branch, is used outside it. Inside gt.function a loop like gt.scan, gt.map_fn or gt.while_loop is one "
        "operation, whose function runs twice, and so is a choice like gt.cond: let the function return what is "
        "wanted, or write Python's own loop or branch"
    )


def user_line() -> str:
    """File and line of the innermost frame outside this package."""
    return str(user_place())
