"""A program that was read from a file, as a function: alone compiled, inside others operation by operation."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .. import backends
from ..core import nest
from ..core.errors import ArgumentTypeError, InvalidArgumentError
from ..core.further_errors import RecordingError, RecordingWarning
from ..core.graph import Graph, inline, spec_of_value
from ..core.listen import listeners, opened, replayed
from ..core.recording import Recorded
from ..core.spec import Spec
from ..core.tensor import Tensor, as_tensor
from ..core.variable import Variable
from ..faces.noise import drawn
from ..kinds import packer
from ..replay import RESULT, Road
from .encoding import encode
from .errors import UnwritableError


class LoadedFunction:
    """A program from a file; what `gt.load_function` returns. Call it with arguments of the kind that was saved.

    Attributes:
        variables: the variables that it reads and writes, made when it was loaded.
    """

    def __init__(
        self,
        name: str,
        arguments: Any,
        result: Any,
        recorded: Recorded,
        variables: tuple[Variable, ...],
        backend: str | None,
    ) -> None:
        self.__name__ = name
        self.variables = variables
        self._arguments = arguments
        self._recorded = recorded
        self._leaves = nest.flatten(result) if nest.is_nested(result) else [result]
        self._pack = packer(result)
        self._backend = backend
        self._road = Road(recorded, self._leaves, self._pack, self._compiled)

    def __repr__(self) -> str:
        return f"<gt.load_function {self.__name__}: {len(self._recorded.graph)} operations>"

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """The variables that tapes watch by themselves."""
        return tuple([variable for variable in self.variables if variable.trainable])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tensors = self._tensors((args, kwargs))
        if replayed() or opened():
            return self._inline(tensors)
        if listeners():
            fits, result = self._road.listened(tensors)
        else:
            fits, result = self._road.replay([x._value for x in tensors])
        if not fits:
            raise self._refusal()
        return result

    def _tensors(self, given: Any) -> list[Tensor]:
        """The inputs among the arguments; everything else must be what it was."""
        tensors = []
        for place, (wanted, leaf) in enumerate(self._pairs(self._arguments, given)):
            if isinstance(wanted, Spec):
                tensors.append(self._tensor(place, wanted, leaf))
            elif not _is_same(wanted, leaf):
                raise InvalidArgumentError(
                    f"{self.__name__}, argument {place}: {wanted!r} belongs to the saved program, {leaf!r} is another"
                )
        return tensors

    def _pairs(self, wanted: Any, given: Any) -> Iterator[tuple[Any, Any]]:
        """Each leaf that was saved beside what stands in its place, which may be a list where a tensor is wanted."""
        if not nest.is_nested(wanted):
            yield wanted, given
            return
        keys = [set(part) if isinstance(part, Mapping) else None for part in (wanted, given)]
        if not nest.is_nested(given) or keys[0] != keys[1] or len(wanted) != len(given):
            raise ArgumentTypeError(
                f"{self.__name__} was saved for arguments like {self._arguments!r}, not {given!r}"
            )
        for part, other in zip(nest.parts(wanted), nest.parts(given), strict=True):
            yield from self._pairs(part, other)

    def _tensor(self, place: int, wanted: Spec, leaf: Any) -> Tensor:
        tensor = as_tensor(leaf) if hasattr(leaf, "dtype") else as_tensor(leaf, wanted.dtype)
        own = spec_of_value(tensor._value)
        if own != wanted:
            raise InvalidArgumentError(
                f"{self.__name__}, argument {place}: {own.dtype.name} of shape {own.shape}; the program was saved for "
                f"{wanted.dtype.name} of shape {wanted.shape}"
            )
        return tensor

    def _inline(self, tensors: Sequence[Tensor]) -> Any:
        """Every operation through the door, for those who write them down or look into them."""
        recorded = self._recorded
        inputs = []
        for source in recorded.sources:
            if source.argument is not None:
                inputs.append(tensors[source.argument])
            elif source.variable is not None:
                inputs.append(source.variable._as_tensor())
            else:
                draw: Any = source.draw
                inputs.append(drawn(source.generator, draw.func, *draw.args[1:]))
        outputs = inline(recorded.graph, inputs)
        first = len(recorded.guards)
        if not all(g.holds(y) for g, y in zip(recorded.guards, outputs, strict=False)):
            raise self._refusal()
        last = first + recorded.results
        for variable, value in zip(recorded.written, outputs[last:], strict=True):
            variable.assign(value)
        results = iter(outputs[first:last])
        return self._pack([next(results) if leaf is RESULT else leaf for leaf in self._leaves])

    def _refusal(self) -> RecordingError:
        lines = ", ".join(sorted({guard.line for guard in self._recorded.guards}))
        return RecordingError(
            f"{self.__name__} was saved for inputs with which Python decides otherwise (at {lines}); save it for these "
            "too, or write the choice with gt.where"
        )

    def _compiled(self, graph: Graph) -> Any:
        return backends.compiled(graph, self._backend, self._warn)

    def _warn(self, text: str) -> None:
        warnings.warn(f"{self.__name__} {text}", RecordingWarning, stacklevel=4)

    def graph(self) -> Graph:
        """The program as it is in the file."""
        return self._recorded.graph

    def source(self) -> str:
        """The program as text."""
        return str(self._recorded.graph)


def _is_same(wanted: Any, leaf: Any) -> bool:
    """Whether two plain values mean the same; NaN is NaN, and 1 is not True."""
    if isinstance(leaf, (np.ndarray, Tensor)):
        return False
    try:
        return bool(encode(wanted, {}) == encode(leaf, {})) and type(wanted) is type(leaf)
    except UnwritableError:
        return False
