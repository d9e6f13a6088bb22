"""`gt.load_function`: a program from a file, believed in nothing.

Rows are looked up in the vocabulary and nowhere else, every shape is checked by the row's own word and by one run
through NumPy on the example that was saved with the program.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..core import nest
from ..core.draws import DRAWS, Stream
from ..core.errors import said
from ..core.graph import Graph, evaluate, spec_of_value
from ..core.listen import paused
from ..core.loop import Loop, run
from ..core.questions import ASKED
from ..core.recording import Guard, Recorded, Source
from ..core.spec import Spec
from ..core.variable import Variable
from ..faces.generator import Generator, get_global_generator
from ..faces.noise import tell_effect
from ..loops.row import LOOP
from ..replay import RESULT
from .encoding import decode, graph_of, index_of
from .errors import FileFormatError, UnknownOperationError
from .files import Content, read
from .replayed import LoadedFunction


def load_function(path: str | os.PathLike[str], backend: str | None = None) -> LoadedFunction:
    """Read a program that `save_function` wrote.

    Nothing in the file is run as Python code. A file from elsewhere can at most fail to load, or ask for more memory or
    time than there is.

    Args:
        path: the file.
        backend: as of `gt.function`.

    Returns:
        a function of the saved arguments, with `variables` of its own. Tapes and all other modes differentiate it.

    Raises:
        FileNotFoundError: if there is no such file.
        errors.DataLossError: if the file is damaged.
        LookupError: if the program has an operation that is not registered here.
        ValueError: if the file holds no program, or one that does not fit together.
        ImportError: if safetensors is not installed.
    """
    tell_effect("gt.load_function")
    content = read(path, "program")
    try:
        with paused(()):
            return _Reader(content).function(backend)
    except UnknownOperationError as error:
        raise UnknownOperationError(f"{path}: {said(error)}") from None
    except Exception as error:  # whatever a file made by hand leads to
        raise FileFormatError(
            f"{path} holds no program that fits together: {type(error).__name__}: {said(error)}"
        ) from error


class _Reader:
    """Reads one program, believing nothing."""

    def __init__(self, content: Content) -> None:
        self.data: Mapping[str, Any] = content.description
        self.arrays = content.tensors

    def function(self, backend: str | None) -> LoadedFunction:
        data = self.data
        variables = [self.variable(*each) for each in data["variables"]]
        generators = [self.generator(each) for each in data["generators"]]
        sources = tuple([self.source(each, variables, generators) for each in data["sources"]])
        guards = tuple([self.guard(*each) for each in data["guards"]])
        result = self.decode(data["result"])
        leaves = nest.flatten(result) if nest.is_nested(result) else [result]
        recorded = Recorded(
            graph_of(data["graph"], self.arrays),
            sources,
            guards,
            sum(leaf is RESULT for leaf in leaves),
            tuple([self.written(each, variables, generators) for each in data["written"]]),
            (),
        )
        arguments = self.decode(data["arguments"])
        args, kwargs = arguments
        if type(args) is not tuple or type(kwargs) is not dict:
            raise FileFormatError("its arguments are none")
        self.try_out(recorded, [leaf for leaf in nest.flatten(arguments) if isinstance(leaf, Spec)])
        return LoadedFunction(str(data["name"]), arguments, result, recorded, tuple(variables), backend)

    def decode(self, data: Any) -> Any:
        return decode(data, self.arrays)

    def source(self, data: Any, variables: list[Variable], generators: list[Any]) -> Source:
        kind, index, *rest = data
        if kind == "argument":
            return Source(argument=index_of(index))
        if kind == "variable":
            return Source(variable=variables[index_of(index)])
        if kind == "state":
            return Source(variable=Stream(generators[index_of(index)]))
        name, args = rest
        generator = generators[index_of(index)]
        draw = partial(DRAWS[name], generator, *[self.decode(value) for value in args])
        return Source(draw=draw, generator=generator)

    def written(self, data: Any, variables: list[Variable], generators: list[Any]) -> Any:
        if type(data) is not list:
            return variables[index_of(data)]
        (index,) = data
        return Stream(generators[index_of(index)])

    def guard(self, name: str, bound: Any, answer: Any, line: str) -> Guard:
        asked = ASKED[name]
        given = self.decode(bound)
        return Guard(partial(asked, *given) if given else asked, self.decode(answer), str(line))

    def variable(self, name: str, trainable: bool, fits: Any, value: Any) -> Variable:
        shape = None if fits is None else [None if n is None else index_of(n) for n in fits]
        variable = Variable(
            self.decode(value)[()], bool(trainable), validate_shape=fits is not None, shape=shape
        )
        variable._name = str(name)
        return variable

    def generator(self, state: Any) -> Any:
        return (
            get_global_generator()._source if state is None else Generator(state=self.decode(state))._source
        )

    def try_out(self, recorded: Recorded, specs: Sequence[Spec]) -> None:
        """Run the program once through NumPy on the example, and hold every value against its spec."""
        graph = recorded.graph
        example = [self.decode(value) for value in self.data["example"]]
        if [spec_of_value(value) for value in example] != list(specs):
            raise FileFormatError("its example is not of the kind of its arguments")
        outputs = len(recorded.guards) + recorded.results + len(recorded.written)
        if len(graph.outputs) != outputs or len(graph.inputs) != len(recorded.sources):
            raise FileFormatError("it has another number of inputs or outputs than its graph")
        values = [_trial(source, example) for source in recorded.sources]
        with np.errstate(all="ignore"):
            found = tried(graph, values)
        first = len(recorded.guards) + recorded.results
        for variable, value in zip(recorded.written, found[first:], strict=True):
            variable._check_shape(value)
            if value.dtype != variable.dtype:
                raise FileFormatError(f"it writes {value.dtype} into {variable.name}")


def _trial(source: Source, example: Sequence[Any]) -> Any:
    """A value of an input; draws are put back."""
    if source.argument is not None:
        return example[source.argument][()]
    if source.variable is not None:
        return source.variable._value
    assert source.draw is not None
    state = source.generator.bit_generator.state
    try:
        return source.draw()
    finally:
        source.generator.bit_generator.state = state


def tried(graph: Graph, values: Sequence[Any]) -> list[Any]:
    """The outputs of a graph by NumPy, with every value held against its spec, in the bodies of loops too."""
    known = {index: constant._value for index, constant in graph.constants.items()}
    known.update(zip(graph.inputs, values, strict=True))
    for index, value in known.items():
        _require_spec(graph, index, value)
    for operation in graph.operations:
        given = [known[i] for i in operation.inputs]
        loop = operation.params["loop"] if operation.primitive is LOOP else None
        found = evaluate(operation, given) if loop is None else _tried_loop(loop, given)
        for index, value in zip(operation.outputs, found, strict=True):
            _require_spec(graph, index, value)
            known[index] = value
    return [known[i] for i in graph.outputs]


def _tried_loop(loop: Loop, given: Sequence[Any]) -> Sequence[Any]:
    """The results of a loop; its body is tried also where the example does no turn."""
    state, fixed, sliced = loop.parts(given)
    if any(np.shape(x)[:1] != (loop.turns,) for x in sliced):
        raise FileFormatError("a loop is given another number of entries than it has turns")
    body = loop.body
    entries = [np.zeros(body.specs[i].shape, body.specs[i].dtype)[()] for i in loop.parts(body.inputs)[2]]
    found = tried(body, [*state, *fixed, *entries])
    for value, before in zip(loop.results(found)[0], state, strict=True):
        if spec_of_value(value) != spec_of_value(before):
            raise FileFormatError("the state of a loop changes its shape or dtype")
    return run(loop, given, lambda values: tried(body, values))


def _require_spec(graph: Graph, index: int, value: Any) -> None:
    if not isinstance(value, (np.ndarray, np.generic)) or spec_of_value(value) != graph.specs[index]:
        raise FileFormatError(f"value {index} is not of its spec {graph.specs[index]}")
