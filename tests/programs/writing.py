"""Programs, and the strategy that writes them: types first, values alongside so that all stays in its domain."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tensorflow_values.sampling import spread

from .operations import OPERATIONS, SQUASH

SHAPES = ((), (2,), (3,), (2, 3), (3, 2), (2, 2), (3, 3), (1, 3), (2, 1), (2, 2, 3))
LARGEST = 64  # entries of one value
LIMIT = 4.0  # beyond it a value is squashed before it is used on
NEAR = 8  # so many of the latest values are at hand


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on earlier values, by their numbers."""

    name: str
    arguments: tuple[int, ...]
    choice: Any = None

    def apply(self, values, on_arrays):
        operation = OPERATIONS[self.name]
        run = operation.reference if on_arrays else operation.run
        given = [values[i] for i in self.arguments]
        return run(*given, self.choice) if operation.chooses else run(*given)


@dataclass(frozen=True, slots=True)
class Program:
    """Inputs and steps; the last value of all, weighted, is the result."""

    inputs: tuple[np.ndarray, ...]
    steps: tuple[Step, ...]

    def values(self, inputs, on_arrays=False):
        """All values of the program, inputs first."""
        values = list(inputs)
        for step in self.steps:
            values.append(step.apply(values, on_arrays))
        return values


def inputs_of(*shapes, dtype="float64"):
    """The inputs that the strategy gives these shapes."""
    return tuple(drawn(shape, dtype, salt) for salt, shape in enumerate(shapes))


def drawn(shape, dtype, salt):
    x = spread(shape, -1.8, 1.8, salt)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * spread(shape, -0.8, 0.8, salt + 9)
    return np.asarray(x, dtype)[()]


@st.composite
def programs(draw, dtype="float64", fewest=3, most=40):
    """A program with inputs of a dtype."""
    kind = np.dtype(dtype).kind
    names = sorted(name for name, o in OPERATIONS.items() if kind in o.kinds and name != SQUASH)
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3))
    inputs = inputs_of(*shapes, dtype=dtype)
    values, steps = list(inputs), []
    wanted = draw(st.integers(fewest, most))

    def take(step):
        with np.errstate(all="ignore"):
            value = step.apply(values, on_arrays=True)
        if not np.all(np.isfinite(value)) or value.size > LARGEST or value.size == 0 or value.dtype != dtype:
            return False
        values.append(value)
        steps.append(step)
        return True

    def bounded(place, bounds):
        """The number of a value within bounds: the given one, or a squashed copy of it."""
        x = values[place]
        low, high = bounds or (-LIMIT, LIMIT)
        if np.all(np.abs(x - (low + high) / 2) <= (high - low) / 2):
            return place
        take(Step(SQUASH, (place,), (low, high)))
        return len(values) - 1

    for _ in range(4 * wanted):
        if len(steps) >= wanted:
            break
        name = draw(st.sampled_from(names))
        operation = OPERATIONS[name]
        places = []
        for fit in operation.shapes:
            before = [values[place].shape for place in places]
            near = [
                i for i in range(max(0, len(values) - NEAR), len(values)) if fit(values[i].shape, *before)
            ]
            if not near:
                break
            places.append(draw(st.sampled_from(near)))
        if len(places) < len(operation.shapes):
            continue
        places = [bounded(place, bounds) for place, bounds in zip(places, operation.bounds, strict=True)]
        choice = draw(st.sampled_from(operation.choices)) if operation.chooses else None
        take(Step(name, tuple(places), choice))
    return Program(inputs, tuple(steps))
