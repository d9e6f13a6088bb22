"""Sample inputs that any machine draws alike, and what a library says of one call: value, gradient, second derivative.

A `Call` names a function and its arguments by TensorFlow's names. `X(shape, low, high)` stands for a real tensor that
is differentiated, `V(values)` for one with given entries, `Z(shape)` for a complex one; all else is handed on as it is.
"""

import contextlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .names import module_of

# Multiples of the golden ratio are spread evenly, and never meet a kink or one another.
GOLDEN = (5**0.5 - 1) / 2


def spread(shape, low, high, salt):
    """Entries between two bounds, the same everywhere."""
    count = int(np.prod(shape))
    return (low + (high - low) * np.mod(GOLDEN * (np.arange(count) + 1 + 0.37 * salt), 1.0)).reshape(shape)


@dataclass(frozen=True, slots=True)
class X:
    """A real tensor with entries between two bounds."""

    shape: tuple
    low: float = -1.5
    high: float = 1.5

    def array(self, dtype, salt):
        x = spread(self.shape, self.low, self.high, salt)
        if np.dtype(dtype).kind == "c":
            x = x + 1j * spread(self.shape, -0.5, 0.5, salt + 5)
        return x.astype(dtype)


@dataclass(frozen=True, slots=True)
class Z:
    """A complex tensor."""

    shape: tuple

    def array(self, dtype, salt):
        real, imaginary = spread(self.shape, -1.5, 1.5, salt), spread(self.shape, -1.0, 1.0, salt + 7)
        return (real + 1j * imaginary).astype(np.result_type(dtype, np.complex64))


@dataclass(frozen=True, slots=True)
class V:
    """A tensor with given entries."""

    values: Any

    def array(self, dtype, salt):
        x = np.array(self.values)
        return x.astype(np.result_type(dtype, np.complex64) if x.dtype.kind == "c" else dtype)


NOWHERE = ()  # the dtypes of a call that TensorFlow itself cannot make on a CPU
DRAWN = (X, Z, V)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function: by its arguments' names, or through `run(library, *inputs)`."""

    name: str
    arguments: dict
    inputs: tuple = ()
    run: Callable[..., Any] | None = None
    dtypes: tuple = ("float64",)

    def outputs(self, library, dtype):
        """The differentiated inputs, and a function that calls again."""
        salt = itertools.count()
        moving = []

        def drawn(part):
            if isinstance(part, DRAWN):
                moving.append(library.constant(part.array(dtype, next(salt))))
                return moving[-1]
            return [drawn(p) for p in part] if isinstance(part, list) else part

        if self.run is not None:
            inputs = [drawn(part) for part in self.inputs]
            return moving, lambda: self.run(library, *inputs)
        module, _, last = self.name.rpartition(".")
        function = getattr(module_of(library, module), last)
        settings = {name: drawn(part) for name, part in self.arguments.items()}
        if self.name in POSITIONAL:
            first, *rest = settings.values()
            return moving, lambda: function(first, *rest[0])
        return moving, lambda: function(**settings)


POSITIONAL = frozenset({"einsum"})  # takes any number of tensors, which have no names


def call(name, *inputs, run=None, dtypes=("float64",), **arguments):
    """A call as the tables write it; `dtypes` are those that it is made in."""
    return Call(name, arguments, inputs, run, dtypes)


def leaves(structure):
    """The floating tensors of a result, in order."""
    if isinstance(structure, dict):
        structure = [structure[key] for key in sorted(structure)]
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in leaves(part)]
    return [] if structure is None else [structure]


def values_of(tensor):
    """The values of a tensor of either library that is being recorded, taken on purpose; of anything else its array."""
    return np.asarray(tensor.numpy() if hasattr(tensor, "numpy") else tensor)


def is_floating(tensor):
    return values_of(tensor).dtype.kind in "fc"


def is_tensor(total):
    """Whether a weighted sum had any term."""
    return not isinstance(total, float)


def weighted(library, tensors, salt):
    """The real part of a weighted sum of all entries: a scalar whose gradient shows every share."""
    total = 0.0
    for number, tensor in enumerate(tensors):
        array = values_of(tensor)
        weights = spread(array.shape, 0.5, 1.5, salt + number)
        if array.dtype.kind == "c":
            weights = weights + 1j * spread(array.shape, -0.5, 0.5, salt + number + 3)
        product = library.reduce_sum(tensor * library.constant(weights.astype(array.dtype)))
        total += library.cast(library.math.real(product), "float64")
    return total


def dense(library, gradient):
    return None if gradient is None else np.asarray(library.convert_to_tensor(gradient))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a library says: outputs, first and second derivatives; None where nothing is connected.

    `first` and `second` are None as a whole where the library has no such derivative of the call.
    """

    value: list
    first: list | None
    second: list | None


def ask(library, one, dtype, lacks=()):
    """Value, gradient of the weighted outputs, and gradient of the weighted gradient.

    An error of a class in `lacks` says that the library does not have the derivative.
    """
    moving, run = one.outputs(library, dtype)
    first = second = None
    with contextlib.suppress(*lacks):
        with library.GradientTape() as outer:
            outer.watch(moving)
            with library.GradientTape() as inner:
                inner.watch(moving)
                outputs = leaves(run())
                total = weighted(library, [y for y in outputs if is_floating(y)], 11)
            first = inner.gradient(total, moving) if is_tensor(total) else [None] * len(moving)
            found = [library.convert_to_tensor(g) for g in first if g is not None]
            again = weighted(library, found, 17)
        second = outer.gradient(again, moving) if found else [None] * len(moving)
    arrays = [None if part is None else [dense(library, g) for g in part] for part in (first, second)]
    return Answer([np.asarray(y) for y in outputs], *arrays)
