"""A result that a solver finds, as one operation; and the arguments of the user's function as tensors of doubles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..capture import Captures, Run, followed, unchanged
from ..core import nest
from ..core.errors import ArgumentTypeError, DtypeError, ShapeError, said
from ..core.lead import reshaped
from ..core.listen import listeners, paused
from ..core.primitive import Kind, Primitive, Rule
from ..core.tensor import Tensor, apply, as_tensor
from ..core.values import QUIET
from ..core.variable import Variable
from ..jacobians import jacobian
from ..modes.record import Record
from ..ops.linear import cast, identity

DOUBLE = np.dtype("float64")
Pull = Callable[..., Sequence[Tensor | None]]
Tangent = Callable[..., Tensor | None]


def solved(
    name: str, solve: Callable[..., Any], inputs: Sequence[Tensor], pull: Pull, tangent: Tangent
) -> Tensor:
    """The array that `solve` finds from the inputs' values, as the result of one operation.

    Args:
        name: the operation's name in errors.
        solve: takes plain values; what it does with tensors on the way is heard by nobody.
        inputs: what the result depends on, beside what `solve` closes over.
        pull: `pull(held, g, y, *inputs)` gives the shares of the inputs, then of what is held.
        tangent: `tangent(held, tangents, y, *inputs)`.
    """
    captures = Captures(name)
    first = [x._value for x in inputs]
    with paused((captures,) if listeners() else ()):
        found = solve(*first)
    held = captures.held
    first += [what._value for what in held]
    count = len(inputs)

    def value(*given: Any) -> Any:
        if all(a is b for a, b in zip(given, first, strict=True)):
            return found
        # A batch or a replay asks for the result of other inputs.
        unchanged(name, held, given[count:])
        return QUIET.inside(solve, *given[:count])

    def pull_held(g: Any, y: Any, *x: Any) -> Any:
        unchanged(name, held, first[count:])
        return pull(held, g, y, *x[:count])

    def tangent_held(dx: Any, y: Any, *x: Any) -> Any:
        unchanged(name, held, first[count:])
        return tangent(held, dx, y, *x[:count])

    row = Primitive(name, Kind.TANGENT, value, None, Rule(pull_held, tangent_held, True, True))
    return apply(row, (*inputs, *map(as_tensor, held)))  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a user's function: those that are differentiated as `tensors`, and how to put all together."""

    structure: Any
    leaves: tuple[Any, ...]
    places: tuple[int, ...]
    tensors: tuple[Tensor, ...]

    def packed(self, tensors: Sequence[Tensor]) -> tuple[Any, ...]:
        """The arguments with these tensors in their places."""
        leaves = list(self.leaves)
        for place, tensor in zip(self.places, tensors, strict=True):
            leaves[place] = tensor
        return nest.pack_sequence_as(self.structure, leaves)  # type: ignore[no-any-return]


def arguments(name: str, args: Any) -> Arguments:
    """Read the arguments: floating numbers, arrays, tensors and variables become tensors of doubles.

    Those that nobody follows are constants, to which no rule computes a share.
    """
    structure = args if isinstance(args, tuple) else (args,)
    leaves = [
        doubles(name, "an argument", leaf) if _is_floating(leaf) else leaf for leaf in nest.flatten(structure)
    ]
    places = tuple([i for i, leaf in enumerate(leaves) if type(leaf) is Tensor and followed(leaf)])
    return Arguments(structure, tuple(leaves), places, tuple([leaves[i] for i in places]))


def _is_floating(leaf: Any) -> bool:
    if isinstance(leaf, (float, complex)):
        return True
    return isinstance(leaf, (Tensor, Variable, np.ndarray, np.generic)) and leaf.dtype.kind in "fc"


def doubles(name: str, what: str, given: Any) -> Tensor:
    """A tensor of doubles of what is given; numbers of Python keep all their digits."""
    tensor = as_tensor(given) if hasattr(type(given), "_as_tensor") else as_tensor(np.asarray(_plain(given)))
    if tensor.dtype.kind not in "fiu":
        raise DtypeError(
            f"{name}: {what} must be real, not {tensor.dtype.name}; give real and imaginary parts"
        )
    return tensor if tensor.dtype == DOUBLE else cast(tensor, dtype=DOUBLE)


def _plain(given: Any) -> Any:
    return nest.map_structure(lambda x: x if not hasattr(type(x), "_as_tensor") else x.numpy(), given)


def start(name: str, what: str, given: Any) -> tuple[Tensor, np.dtype[Any]]:
    """A start as a tensor of doubles, and the dtype that results shall have."""
    tensor = as_tensor(given)
    return doubles(name, what, tensor), tensor.dtype if tensor.dtype.kind == "f" else DOUBLE


def returned(name: str, what: str, result: Any, shape: tuple[int, ...] | None = None) -> Tensor:
    """What a user's function returned, as a tensor of doubles of the shape that it must have."""
    try:
        tensor = doubles(name, what, as_tensor(result))
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(
            f"{name}: {what} must be a real tensor, got {type(result).__name__} ({said(error)})"
        ) from None
    if shape is not None and tensor._value.shape != shape:
        raise ShapeError(f"{name}: {what} must have the shape {shape}, got {tuple(tensor._value.shape)}")
    return tensor


def matrix(run: Run, at: Tensor) -> Tensor:
    """The Jacobian of a function from vectors to vectors of equal size, as operations."""
    source, record = identity(at), Record()
    record.watch(source)
    with paused((*listeners(), record)):
        (y,) = run(source)
    (found,) = jacobian(record, y, [source])
    size = at._value.size
    return Tensor(np.zeros((size, size))) if found is None else reshaped(found, (size, size))


def as_dtype(x: Tensor, dtype: Any) -> Tensor:
    """A result in the dtype of the start."""
    return x if x.dtype == dtype else cast(x, dtype=dtype)
