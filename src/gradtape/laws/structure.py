"""The law of structure mode: it misses no entry of the derivative, at the values of the case and at others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..accumulator import ForwardAccumulator
from ..core.further_errors import BatchedValueError
from ..core.listen import paused
from ..core.recording import Recording, Source
from ..core.spec import complex128, float64
from ..core.tensor import Tensor
from ..modes.batch import mapped
from ..modes.structure import Structure
from .case import Case, LawError


def structure(case: Case) -> None:
    """Every entry of the derivative that is not zero stands in the structure; looked at in double precision.

    Once with all inputs the same in every run but those that move, and once with all varying: then it holds for other
    floats, and for integers and conditions in another order.
    """
    if case.dtype not in (float64, complex128):
        return
    other = replace(case, inputs=tuple([_other(x) for x in case.inputs]))
    for moving in case.subsets():
        there = nonzeros(case, moving)
        loose = structure_of(case, moving, varying=True)
        _covers(case, moving, structure_of(case, moving), there)
        _covers(case, moving, loose, there)
        _covers(case, moving, loose, nonzeros(other, moving), "at other values ")


def structure_of(case: Case, moving: Sequence[int], varying: bool = False) -> Any:
    """The structure of all floating results in some inputs, as a boolean array; `varying`: nothing stays the same."""
    tensors = [Tensor(x) for x in case.inputs]
    recording = Recording()
    with paused((recording,) if varying else ()):
        if varying:
            for i, tensor in enumerate(tensors):
                recording.enter(tensor, Source(argument=i))
        followed, first = Structure(sum(case.inputs[i].size for i in moving)), 0
        for i in moving:
            followed.watch(tensors[i], first)
            first += case.inputs[i].size
    with paused((recording, followed) if varying else (followed,)):
        ys = case.floats(tensors)
    with paused((recording,) if varying else ()):
        return np.concatenate([followed.of(y).toarray() for y in ys])


def nonzeros(case: Case, moving: Sequence[int]) -> Any:
    """Where the Jacobian of all floating results is not zero, from one tangent for each entry of the inputs."""
    units: list[tuple[int, int, complex]] = []
    for i in moving:
        x = case.inputs[i]
        for unit in (1.0, 1j) if x.dtype.kind == "c" else (1.0,):
            units += [(i, entry, unit) for entry in range(x.size)]
    directions = []
    for i in moving:
        x = case.inputs[i]
        direction = np.zeros((len(units), x.size), x.dtype)
        for row, (of, entry, unit) in enumerate(units):
            if of == i:
                direction[row, entry] = unit if x.dtype.kind == "c" else 1.0
        directions.append(direction.reshape(len(units), *x.shape))
    try:
        parts = _tangents(case, moving, directions)
    except BatchedValueError:  # a rule that chooses its way by value
        each = [_tangents(case, moving, [d[k : k + 1] for d in directions]) for k in range(len(units))]
        parts = [np.concatenate(column) for column in zip(*each, strict=True)]
    found = np.concatenate([part.reshape(len(units), -1) != 0 for part in parts], axis=1)
    columns = dict.fromkeys((of, entry) for of, entry, _ in units)
    return np.array(
        [
            np.any(
                [row for row, (*place, _) in zip(found, units, strict=True) if tuple(place) == column], axis=0
            )
            for column in columns
        ]
    ).T


def _tangents(case: Case, moving: Sequence[int], directions: Sequence[Any]) -> list[Any]:
    """The tangents of the floating results for every direction of the first axis."""
    tensors = [Tensor(x) for x in case.inputs]
    likes = case.floats(case.inputs)

    def along(*given: Tensor) -> Any:
        with ForwardAccumulator([tensors[i] for i in moving], list(given)) as accumulator:
            ys = case.floats(tensors)
        return accumulator.jvp(ys)

    size = len(directions[0])
    found = mapped(along, [Tensor(d) for d in directions])
    return [
        np.zeros((size, *y.shape)) if dy is None else dy._value for dy, y in zip(found, likes, strict=True)
    ]


def _other(x: Any) -> Any:
    if x.dtype.kind in "fc":
        return (x * 1.07).astype(x.dtype)[()]
    return np.roll(x, 1)[()]


def _covers(case: Case, moving: Sequence[int], found: Any, there: Any, where: str = "") -> None:
    missed = there & ~found
    if missed.any():
        row, column = np.argwhere(missed)[0].tolist()
        raise LawError(
            "structure",
            case,
            f"{where}entry {row} of the results depends on entry {column} of inputs {tuple(moving)}, which the "
            "structure does not have",
        )
