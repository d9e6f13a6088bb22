"""The laws of the batch mode: mapped is looped, and rows that are said to be kept apart are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from ..accumulator import ForwardAccumulator
from ..core.further_errors import BatchedValueError
from ..core.spec import Spec
from ..core.tensor import Tensor
from ..modes.batch import mapped
from ..tape import GradientTape
from .case import Case, LawError, values_of
from .outward import close

EXAMPLES = 3


def batch(case: Case) -> None:
    """All examples at once equal one after the other: values, and derivatives taken inside and outside of the batch.

    Every subset of the inputs differs between the examples; the rest is shared. A derivative that chooses its way by
    value (that of `det` at singular matrices) may refuse to be batched.
    """
    for differing in _subsets(len(case.inputs)):
        examples = list(_examples(case, differing))
        whole = [Tensor(np.stack([e[i] for e in examples])) for i in differing]
        for what in (_values, _derivatives) if case.moving else (_values,):
            looped = [what(case, example) for example in examples]
            try:
                found = mapped(lambda *own: what(case, _with(case.inputs, differing, own)), whole)  # noqa: B023
            except BatchedValueError:
                if what is _values:
                    raise
                continue
            _same(case, differing, found, looped)
        if case.moving:
            _outside(case, differing, whole, examples)


def _subsets(count: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, count + 1):
        yield from combinations(range(count), size)


def _examples(case: Case, differing: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """The case, and others of its shapes: floats a little larger, integers and conditions in another order."""
    for turn in range(EXAMPLES):
        yield tuple(_other(x, turn) if i in differing else x for i, x in enumerate(case.inputs))


def _other(x: Any, turn: int) -> Any:
    if x.dtype.kind in "fc":
        return (x * (1 + 0.07 * turn)).astype(x.dtype)[()]
    return np.roll(x, turn)[()]


def _with(inputs: Sequence[Any], places: Sequence[int], others: Sequence[Any]) -> list[Any]:
    changed = list(inputs)
    for i, other in zip(places, others, strict=True):
        changed[i] = other
    return _tensors(changed)


def _values(case: Case, inputs: Sequence[Any]) -> list[Any]:
    """Results of one example; of all examples, where the inputs stand for them."""
    return case.call(_tensors(inputs))


def _tensors(inputs: Sequence[Any]) -> list[Tensor]:
    return [x if isinstance(x, Tensor) else Tensor(x) for x in inputs]


def _derivatives(case: Case, inputs: Sequence[Any]) -> list[Any]:
    """Gradients and tangents of one example, or of all."""
    tensors = _tensors(inputs)
    sources = [tensors[i] for i in case.moving]
    directions = [Tensor(t) for t in case.directions(sources, 1)]
    with ForwardAccumulator(sources, directions) as accumulator, GradientTape() as tape:
        tape.watch(sources)
        ys = case.floats(tensors)
    seeds = [Tensor(v) for v in case.directions(ys, 2)]
    return tape.gradient(ys, sources, output_gradients=seeds) + accumulator.jvp(ys)  # type: ignore[no-any-return]


def _outside(case: Case, differing: Sequence[int], whole: list[Tensor], examples: list[Any]) -> None:
    """A tape around the batch: gradients in what differs stand beside each other, those in the rest are added up."""
    shared = [Tensor(x) for x in case.inputs]
    sources = [whole[differing.index(i)] if i in differing else shared[i] for i in case.moving]
    with GradientTape() as tape:
        tape.watch(sources)
        ys = [
            y
            for y in mapped(lambda *own: case.call(_with(shared, differing, own)), whole)
            if y is not None and y.dtype.kind in "fc"
        ]
    seeds = case.directions(ys, 3)
    found = tape.gradient(ys, sources, output_gradients=[Tensor(v) for v in seeds])
    single = [
        replace(case, inputs=example).cotangents(case.moving, [v[n] for v in seeds])
        for n, example in enumerate(examples)
    ]
    for position, i in enumerate(case.moving):
        parts = [row[position] for row in single]
        got = found[position]
        if got is None or parts[0] is None:
            if (got is None) != (parts[0] is None):
                raise LawError("batch", case, f"{differing} outside: gradient {got} where {parts[0]} belongs")
            continue
        wanted = np.stack(parts) if i in differing else np.sum(parts, axis=0)
        if not close(got._value, np.asarray(wanted), 64):
            raise LawError("batch", case, f"{differing} outside: gradient {got._value!r}, not {wanted!r}")


def _same(case: Case, differing: Sequence[int], mapped: Sequence[Any], looped: list[Any]) -> None:
    for number, got in enumerate(values_of(mapped)):
        parts = [values_of(row)[number] for row in looped]
        if got is None or parts[0] is None:
            if (got is None) != (parts[0] is None):
                raise LawError("batch", case, f"{differing} inside: {got} where {parts[0]} belongs")
            continue
        wanted = np.stack(parts)
        if got.dtype != wanted.dtype or not close(got, wanted, 64):
            raise LawError("batch", case, f"{differing} inside: {got!r} where {wanted!r} belongs")


def rows(case: Case) -> None:
    """Entry i of the result's first axis sees only entry i of the inputs that the row says lie along it."""
    along = case.primitive.lead.along([Spec(x.shape, x.dtype) for x in case.inputs], case.params)
    if along is None:
        return
    before = values_of(case.call(case.inputs))
    for i in range(before[0].shape[0]):
        others = [_elsewhere(x, i) if flag else x for x, flag in zip(case.inputs, along, strict=True)]
        for one, two in zip(before, values_of(case.call(others)), strict=True):
            if not close(two[i : i + 1], one[i : i + 1]):
                raise LawError("rows", case, f"row {i} of the result sees other rows of inputs {along}")


def _elsewhere(x: Any, i: int) -> Any:
    """The array with all rows but one replaced by multiples of that one."""
    y = np.stack([_other(x[i], turn + 1) for turn in range(len(x))]).astype(x.dtype)
    y[i] = x[i]
    return y
