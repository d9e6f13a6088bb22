"""A function and a point of any structure, laid out as real coordinates.

Inputs and outputs may be nests of arrays of any shape; a complex number counts as two coordinates. `Problem.values` is
then a function from vectors to vectors, for `differences`, and a `Coordinate` reads its entry of whatever a tape or
an accumulator returns.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core import nest
from ..core.errors import DtypeError
from ..core.tensor import Tensor, as_tensor
from .differences import Vector


@dataclass(frozen=True, slots=True)
class Coordinate:
    """One real number among the inputs or outputs: an entry of a leaf, its real part or its imaginary part."""

    leaf: int
    index: tuple[int, ...]
    imaginary: bool
    name: str

    def read(self, values: Sequence[Any]) -> float | None:
        """This coordinate of leaves that may be None."""
        value = values[self.leaf]
        if value is None:
            return None
        number = np.asarray(as_tensor(value).numpy())[self.index]
        return float(number.imag if self.imaginary else number.real)

    def basis(self, leaves: Sequence[Any]) -> list[Any]:
        """Arrays like the leaves: 1 (or i) at this coordinate, 0 everywhere else."""
        units = [np.zeros(leaf.shape, leaf.dtype) for leaf in leaves]
        units[self.leaf][self.index] = 1j if self.imaginary else 1.0
        return units


@dataclass(frozen=True, slots=True)
class Problem:
    """A function of real coordinates made of the user's function and point."""

    function: Callable[[Sequence[Any]], list[Tensor]]
    """From the tensors of the differentiable leaves to the differentiable outputs."""
    leaves: tuple[Any, ...]
    inputs: tuple[Coordinate, ...]
    outputs: tuple[Coordinate, ...]
    left_out: int

    @classmethod
    def of(cls, function: Callable[..., Any], inputs: Sequence[Any], limit: int) -> Problem:
        """Lay a function and a point out."""
        flat = [value_of(leaf) for leaf in nest.flatten(list(inputs))]
        places = [
            place for place, leaf in enumerate(flat) if getattr(leaf, "dtype", np.dtype("O")).kind in "fc"
        ]
        if not places:
            raise DtypeError("there is nothing to differentiate: no input is floating or complex")
        leaves = [np.array(flat[place], np.result_type(flat[place].dtype, np.float64)) for place in places]

        def on_leaves(tensors: Sequence[Any]) -> list[Tensor]:
            parts = list(flat)
            for place, tensor in zip(places, tensors, strict=True):
                parts[place] = tensor
            results = nest.flatten(function(*nest.pack_sequence_as(list(inputs), parts)))
            found = [as_tensor(result) for result in results if result is not None]
            return [result for result in found if np.dtype(result.dtype).kind in "fc"]

        outputs = [np.asarray(output.numpy()) for output in on_leaves([as_tensor(leaf) for leaf in leaves])]
        if not outputs:
            raise DtypeError(
                "there is nothing to differentiate: the function returns no floating or complex tensor"
            )
        named = leaf_names(function, inputs)
        all_inputs = coordinates(leaves, [named[place] for place in places])
        all_outputs = coordinates(
            outputs, ["y"] if len(outputs) == 1 else [f"y{i}" for i in range(len(outputs))]
        )
        some_inputs, some_outputs = spread(all_inputs, limit), spread(all_outputs, limit)
        left_out = len(all_inputs) * len(all_outputs) - len(some_inputs) * len(some_outputs)
        return cls(on_leaves, tuple(leaves), tuple(some_inputs), tuple(some_outputs), left_out)

    def tensors(self) -> list[Tensor]:
        """The point as fresh tensors."""
        return [as_tensor(leaf) for leaf in self.leaves]

    def point(self) -> Vector:
        """The chosen input coordinates."""
        return np.array([coordinate.read(self.leaves) for coordinate in self.inputs], np.float64)

    def values(self, point: Vector) -> Vector:
        """The chosen outputs with the chosen inputs moved to `point`; complex in, complex out.

        Raises:
            TypeError: if the function makes real numbers of complex ones, as a variance does.
        """
        kind = np.complex128 if point.dtype.kind == "c" else np.float64
        leaves = [np.array(leaf, np.result_type(leaf.dtype, kind)) for leaf in self.leaves]
        for coordinate, value in zip(self.inputs, point, strict=True):
            if np.iscomplexobj(self.leaves[coordinate.leaf]):
                part = leaves[coordinate.leaf].imag if coordinate.imaginary else leaves[coordinate.leaf].real
                part[coordinate.index] = value
            else:
                leaves[coordinate.leaf][coordinate.index] = value
        outputs = [
            np.asarray(output.numpy()) for output in self.function([as_tensor(leaf) for leaf in leaves])
        ]
        if kind is np.complex128:
            if not all(np.iscomplexobj(outputs[c.leaf]) for c in self.outputs):
                raise DtypeError("the function is not analytic: what it makes of complex numbers is real")
            return np.array([outputs[c.leaf][c.index] for c in self.outputs], np.complex128)
        return np.array([c.read(outputs) for c in self.outputs], np.float64)

    @property
    def real(self) -> bool:
        """Whether nothing is complex here, so that a complex step has room."""
        return not any(c.name.startswith(("Re ", "Im ")) for c in (*self.inputs, *self.outputs))


def value_of(leaf: Any) -> Any:
    """A leaf's own value: of a tensor, a variable, an array or a number; anything else as it is."""
    if hasattr(leaf, "numpy"):
        return np.asarray(leaf.numpy())
    return np.asarray(leaf) if isinstance(leaf, (float, complex, np.ndarray, np.generic)) else leaf


def leaf_names(function: Callable[..., Any], inputs: Sequence[Any]) -> list[str]:
    """A name for each leaf of the inputs: its parameter's, with a number where the parameter is a nest."""
    try:
        positional = [
            parameter.name
            for parameter in inspect.signature(function).parameters.values()
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):  # some callables have no signature
        positional = []
    names = []
    for number, given in enumerate(inputs):
        name = positional[number] if number < len(positional) else f"input{number}"
        count = len(nest.flatten(given))
        names += [f"{name}.{i}" for i in range(count)] if nest.is_nested(given) else [name]
    return names


def coordinates(leaves: Sequence[Any], names: Sequence[str]) -> list[Coordinate]:
    """Every coordinate of some leaves."""
    found = []
    for number, (leaf, name) in enumerate(zip(leaves, names, strict=True)):
        for index in np.ndindex(leaf.shape):
            entry = name + (str(list(index)) if index else "")
            if leaf.dtype.kind == "c":
                found.append(Coordinate(number, index, False, f"Re {entry}"))
                found.append(Coordinate(number, index, True, f"Im {entry}"))
            else:
                found.append(Coordinate(number, index, False, entry))
    return found


def spread(items: list[Coordinate], limit: int) -> list[Coordinate]:
    """At most `limit` items, spread evenly, the first and the last among them."""
    if len(items) <= limit:
        return items
    return [items[i] for i in np.unique(np.linspace(0, len(items) - 1, limit).round().astype(int))]
