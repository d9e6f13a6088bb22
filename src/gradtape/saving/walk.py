"""The values of an object, each under its path: `model/layers/0/kernel`.

The walk goes through modules, lists, tuples, dictionaries, optimisers, generators and checkpoints. A value that is
reached by two paths stands under the first. An optimiser's slots stand under the path of their variable
(`optimizer/slots/model/kernel/momentum`), so that they find it again whatever the order of the first steps; those of
variables that the walk does not meet, under their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

import numpy as np

from ..core import nest
from ..core.errors import InvalidArgumentError
from ..core.spec import TensorShape
from ..core.variable import Variable
from ..faces.generator import Generator
from ..faces.module import OWN, Holder, Module
from ..faces.optimizer import Optimizer
from .errors import UnwritableError


class Cell(Protocol):
    """One value: what it is, why another cannot take its place (None if it can), and putting it there."""

    def value(self) -> Any: ...
    def refusal(self, value: Any) -> str | None: ...
    def put(self, value: Any) -> None: ...


def _differs(value: Any, shape: Any, dtype: Any) -> str | None:
    fits = len(shape) == value.ndim and all(n in (None, m) for n, m in zip(shape, value.shape, strict=True))
    if fits and value.dtype == dtype:
        return None
    return f"{value.dtype.name} of shape {value.shape} in the file, {dtype.name} of shape {TensorShape(shape)} here"


@dataclass(frozen=True, slots=True)
class VariableCell:
    """A variable's value."""

    variable: Variable

    def value(self) -> Any:
        """The array."""
        return self.variable._value

    def refusal(self, value: Any) -> str | None:
        """Another dtype, or a shape that the variable does not take."""
        variable = self.variable
        shape = value.shape if variable._fits is None else variable._fits
        return _differs(value, shape, variable.dtype)

    def put(self, value: Any) -> None:
        """Assign it."""
        self.variable.assign(value)


@dataclass(frozen=True, slots=True)
class SlotCell:
    """What an optimiser keeps beside a variable; made where the optimiser has not met the variable yet."""

    optimizer: Optimizer
    variable: Variable
    slot: str

    def value(self) -> Any:
        """The array."""
        return self.optimizer._of(self.variable)[self.slot]._value

    def refusal(self, value: Any) -> str | None:
        """Another shape or dtype than the variable's."""
        return _differs(value, self.variable.shape, self.variable.dtype)

    def put(self, value: Any) -> None:
        """Assign it."""
        self.optimizer._of(self.variable)[self.slot].assign(value)

    def restart(self) -> None:
        """Let it be as before the first step."""
        start = self.optimizer._initial()[self.slot]
        self.put(np.full(self.variable.shape, start, self.variable.dtype))


@dataclass(frozen=True, slots=True)
class GeneratorCell:
    """The state of a random generator."""

    generator: Generator

    def value(self) -> Any:
        """Its words."""
        return self.generator.state._value

    def refusal(self, value: Any) -> str | None:
        """What is no state."""
        own = self.value()
        return _differs(value, own.shape, own.dtype)

    def put(self, value: Any) -> None:
        """Go on from it."""
        self.generator.reset(value)


@dataclass(slots=True)
class State:
    """The values of some objects.

    Attributes:
        cells: those that there are.
        possible: slots that an optimiser would make if the file had them.
        optimizers: the name of the class of each, by path.
        holders: the modules and checkpoints among the objects.
    """

    cells: dict[str, Cell] = field(default_factory=dict)
    possible: dict[str, SlotCell] = field(default_factory=dict)
    optimizers: dict[str, str] = field(default_factory=dict)
    holders: list[Holder] = field(default_factory=list)

    def slots(self) -> Iterator[tuple[str, SlotCell]]:
        """All slots that there are."""
        return ((name, cell) for name, cell in self.cells.items() if isinstance(cell, SlotCell))


def state_of(objects: Any) -> State:
    """The values of objects in any nest.

    Raises:
        TypeError: for an object that has no state to save.
        ValueError: for two values under one path.
    """
    return _Walk().whole(objects)


class _Walk:
    def __init__(self) -> None:
        self.state = State()
        self.seen: dict[int, Any] = {}
        self.paths: dict[int, tuple[str, Variable]] = {}
        self.optimizers: list[tuple[str, Optimizer]] = []

    def whole(self, objects: Any) -> State:
        self.visit((), objects, strict=True)
        for path, optimizer in self.optimizers:
            self.slots(path, optimizer)
        return self.state

    def enter(self, name: str, cell: Cell) -> None:
        if name in self.state.cells:
            raise InvalidArgumentError(
                f"two values would have the name {name!r}; give the objects other keys"
            )
        self.state.cells[name] = cell

    def visit(self, path: tuple[str, ...], obj: Any, strict: bool) -> None:
        """Enter what an object holds; where not strict, what has no state is passed over."""
        if obj is None or id(obj) in self.seen:
            return
        name = "/".join(quote(part, safe=" :,()[]") for part in path)
        parts = parts_of(obj)
        if parts is not None:
            self.seen[id(obj)] = obj
            if isinstance(obj, Holder):
                self.state.holders.append(obj)
            inside = strict and nest.is_nested(obj)
            for step, part in parts:
                self.visit((*path, step), part, inside)
        elif isinstance(obj, Variable):
            self.seen[id(obj)] = obj
            self.paths[id(obj)] = (name or "value", obj)
            self.enter(name or "value", VariableCell(obj))
        elif isinstance(obj, Generator):
            self.seen[id(obj)] = obj
            self.enter(name or "value", GeneratorCell(obj))
        elif isinstance(obj, Optimizer):
            self.seen[id(obj)] = obj
            self.optimizer(path, name, obj)
        elif strict:
            place = f" under {name!r}" if name else ""
            raise UnwritableError(
                f"an object of type {type(obj).__name__}{place} has no state to save: give Variables, Modules, "
                "optimizers, random generators, or lists and dictionaries of them; a number goes into a gt.Variable"
            )

    def optimizer(self, path: tuple[str, ...], name: str, optimizer: Optimizer) -> None:
        self.state.optimizers[name] = type(optimizer).__name__
        self.optimizers.append((name + "/" if name else "", optimizer))
        self.visit((*path, "iterations"), optimizer.iterations, False)
        if not optimizer._is_schedule():
            self.visit((*path, "learning_rate"), optimizer._rate, False)

    def slots(self, prefix: str, optimizer: Optimizer) -> None:
        """The slots of an optimiser, after all variables have their paths."""
        for number, (variable, slots) in enumerate(optimizer._slots.values()):
            path = self.paths[id(variable)][0] if id(variable) in self.paths else str(number)
            for slot in slots:
                self.enter(f"{prefix}slots/{path}/{slot}", SlotCell(optimizer, variable, slot))
        for path, variable in self.paths.values():
            if variable.dtype.kind == "f" and variable._serial not in optimizer._slots:
                for slot in optimizer._initial():
                    name = f"{prefix}slots/{path}/{slot}"
                    self.state.possible[name] = SlotCell(optimizer, variable, slot)


def parts_of(obj: Any) -> list[tuple[str, Any]] | None:
    """The parts of an object that holds others, with their names; None for one that does not."""
    if hasattr(type(obj), "_parts"):  # a checkpoint
        return obj._parts()  # type: ignore[no-any-return]
    if isinstance(obj, Module):
        return [(key, value) for key, value in sorted(vars(obj).items()) if key not in OWN]
    if not nest.is_nested(obj):
        return None
    if isinstance(obj, Mapping):
        return [(str(key), value) for key, value in obj.items()]
    parts = nest.parts(obj)
    return list(zip(getattr(obj, "_fields", map(str, range(len(parts)))), parts, strict=True))


def has_state(obj: Any) -> bool:
    """Whether an object is of a kind that can hold values."""
    return isinstance(obj, (Variable, Generator, Optimizer)) or parts_of(obj) is not None
