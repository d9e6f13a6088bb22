"""`gt.save_function`: a recorded program as data.

Written are the rows of the vocabulary by name with their parameters, the constants as tensors, the variables that the
program reads and writes, the draws it makes, and the guards of what Python saw. Custom gradient functions, prints and
objects are Python's own and cannot be written.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..backends.passes import merged
from ..core import nest
from ..core.draws import Stream
from ..core.errors import said
from ..core.graph import spec_of_value
from ..core.listen import paused
from ..core.questions import ASKED
from ..core.recording import Guard, Recorded, Source
from ..core.tensor import Tensor
from ..core.variable import Variable
from ..faces.generator import Generator, get_global_generator
from ..faces.noise import tell_effect
from ..functions import Function
from ..replay import RESULT
from .encoding import encode, graph_data, line_name
from .errors import UnwritableError
from .files import Content, write


def save_function(
    path: str | os.PathLike[str], function: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> None:
    """Write the program of a function to a file, as data.

    The function is run once, with all that it does, and recorded. Its tensors and arrays become inputs, Python numbers
    belong to the program; variables and random generators go along with their present state.

    Args:
        path: the file, by custom with the ending .safetensors.
        function: what is to be saved: a Python function, a `gt.function`, a bound method.
        args, kwargs: arguments of the kind that the program is for. Their values are in the file too.

    Raises:
        TypeError: for what cannot be written as data, such as a `custom_gradient`, a print, or an object as a result.
        RecordingError: if the function cannot be recorded.
        ImportError: if safetensors is not installed.

    >>> import gradtape as gt, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "cube.safetensors")
    >>> gt.save_function(path, lambda x: x**3, gt.constant(1.0))
    >>> cube, x = gt.load_function(path), gt.constant(2.0)
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = cube(x)
    >>> y.numpy(), tape.gradient(y, x).numpy()
    (np.float32(8.0), np.float32(12.0))
    """
    tell_effect("gt.save_function")
    name = getattr(function, "__name__", type(function).__name__)
    fresh = Function(function)
    with paused(()):
        result = fresh(*args, **kwargs)
        if not fresh._roads():  # a first call that makes variables is not recorded
            result = fresh(*args, **kwargs)
    (road,) = fresh._roads()
    writer = _Writer(road.recorded)
    try:
        description = writer.description(name, (args, kwargs), result)
    except UnwritableError as error:
        raise UnwritableError(f"save_function: {name}: {said(error)}") from None
    write(path, Content("program", writer.arrays, description))


class _Writer:
    """Writes one program."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded
        self.graph = merged(recorded.graph)
        self.arrays: dict[str, Any] = {}
        self.variables: list[Variable] = []
        self.generators: list[Any] = []

    def description(self, name: str, arguments: Any, result: Any) -> dict[str, Any]:
        recorded = self.recorded
        if recorded.shown:
            raise UnwritableError("it prints, which a file cannot do; take gt.print out")
        inputs = [leaf for leaf in nest.flatten(arguments) if _is_input(leaf)]
        return {
            "name": name,
            "arguments": self.whole("an argument", nest.map_structure(_spec_of_argument, arguments)),
            "example": [self.encode(np.asarray(leaf)) for leaf in inputs],
            "result": self.whole(
                "a result", nest.map_structure(lambda y: RESULT if isinstance(y, Tensor) else y, result)
            ),
            "graph": graph_data(self.graph, self.arrays),
            "sources": [self.source(source) for source in recorded.sources],
            "guards": [self.guard(guard) for guard in recorded.guards],
            "written": [self.written(variable) for variable in recorded.written],
            "variables": [self.variable(variable) for variable in self.variables],
            "generators": [self.generator(generator) for generator in self.generators],
        }

    def encode(self, value: Any) -> Any:
        return encode(value, self.arrays)

    def whole(self, what: str, structure: Any) -> Any:
        try:
            return self.encode(structure)
        except UnwritableError as error:
            raise UnwritableError(
                f"{what}: {said(error)}; use tensors, numbers, and tuples, lists and dicts"
            ) from None

    def source(self, source: Source) -> list[Any]:
        if source.argument is not None:
            return ["argument", source.argument]
        if isinstance(source.variable, Stream):
            return ["state", self.place(self.generators, source.variable.source)]
        if source.variable is not None:
            return ["variable", self.place(self.variables, source.variable)]
        draw: Any = source.draw
        return [
            "draw",
            self.place(self.generators, source.generator),
            draw.func.__name__,
            [self.encode(value) for value in draw.args[1:]],
        ]

    def written(self, variable: Any) -> Any:
        """The number of a variable; of a generator, in a list."""
        if isinstance(variable, Stream):
            return [self.place(self.generators, variable.source)]
        return self.place(self.variables, variable)

    def guard(self, guard: Guard) -> list[Any]:
        asked: Any = guard.question
        bound = asked.args if isinstance(asked, partial) else ()
        name = (asked.func if isinstance(asked, partial) else asked).__name__
        if ASKED.get(name) is not (asked.func if isinstance(asked, partial) else asked):
            raise UnwritableError(
                f"at {line_name(guard.line)} a value is looked at in a way that a file cannot say"
            )
        return [name, self.encode(tuple(bound)), self.encode(guard.answer), line_name(guard.line)]

    def place(self, known: list[Any], obj: Any) -> int:
        for index, other in enumerate(known):
            if other is obj:
                return index
        known.append(obj)
        return len(known) - 1

    def variable(self, variable: Variable) -> list[Any]:
        if variable.constraint is not None:
            raise UnwritableError(
                f"the variable {variable.name} has a constraint, which is a Python function"
            )
        fits = variable._fits
        return [
            variable.name,
            variable.trainable,
            None if fits is None else list(fits),
            self.encode(np.asarray(variable._value)),
        ]

    def generator(self, generator: Any) -> Any:
        if generator is get_global_generator()._source:
            return None
        if type(generator.bit_generator).__name__ != "PCG64":
            raise UnwritableError(
                f"a generator of {type(generator.bit_generator).__name__} cannot be written"
            )
        return self.encode(np.asarray(Generator._of(generator).state._value))


def _is_input(leaf: Any) -> bool:
    return isinstance(leaf, (Tensor, np.ndarray, np.generic))


def _spec_of_argument(leaf: Any) -> Any:
    return spec_of_value(np.asarray(leaf)) if _is_input(leaf) else leaf
