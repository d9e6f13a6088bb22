"""The law of Taylor mode: coefficients are nested forward derivatives over factorials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from ..accumulator import ForwardAccumulator
from ..core.listen import activate, deactivate
from ..core.spec import complex128, float64
from ..core.tensor import Tensor
from ..modes.series import given
from ..modes.taylor import Taylor
from ..ops.elementwise import multiply
from ..ops.linear import add, cast
from ..tape import GradientTape
from .case import Case, LawError, flat, values_of

ORDER = 4


def taylor(case: Case) -> None:
    """Along a curved line, coefficients up to order 4 equal nested forward mode's derivatives over k!.

    They are worked out while the primitive runs, and once more from what a tape has kept of it.
    """
    if case.dtype not in (float64, complex128) or not case.moving:
        return
    for moving in case.subsets():
        xs = [case.inputs[i] for i in moving]
        curve = [[0.3 * part for part in case.directions(xs, 11 + k)] for k in range(3)]
        wanted = _nested(case, moving, curve)
        for name, found in (
            ("alongside", _alongside(case, moving, curve)),
            ("again", _again(case, moving, curve)),
        ):
            for k, (right, got) in enumerate(zip(wanted, found, strict=True), start=1):
                size = max(1.0, float(np.max(np.abs(right), initial=0.0)))
                if not np.all(np.abs(got - right) <= 1e-10 * size):
                    raise LawError("taylor", case, f"coefficient {k} {name}: expected {right!r}, got {got!r}")


def _nested(case: Case, moving: Sequence[int], curve: Sequence[Sequence[Any]]) -> list[Any]:
    """Nested forward mode in a parameter s of the curve, at s = 0."""
    s = Tensor(np.float64(0))
    one = Tensor(np.float64(1))
    with ExitStack() as stack:
        accumulators = [stack.enter_context(ForwardAccumulator(s, one)) for _ in range(ORDER)]
        inputs: list[Any] = list(case.inputs)
        for place, i in enumerate(moving):
            x, power = Tensor(inputs[i]), s
            for part in curve:
                x = add(x, multiply(cast(power, dtype=part[place].dtype), Tensor(part[place])))
                power = multiply(power, s)
            inputs[i] = x
        ys = case.floats(inputs)
        found: list[Any] = []
        tangents: list[Any] = list(ys)
        for k, accumulator in enumerate(reversed(accumulators), start=1):
            tangents = accumulator.jvp(tangents)
            found.append(flat(values_of(tangents), ys) / math.factorial(k))
    return found


def _alongside(case: Case, moving: Sequence[int], curve: Sequence[Sequence[Any]]) -> list[Any]:
    """Taylor mode while the primitive runs."""
    listener, tensors = _on_the_curve(case, moving, curve)
    activate(listener)
    try:
        ys = case.floats(tensors)
    finally:
        deactivate(listener)
    return _coefficients(listener, ys)


def _again(case: Case, moving: Sequence[int], curve: Sequence[Sequence[Any]]) -> list[Any]:
    """Taylor mode from a tape's record."""
    listener, tensors = _on_the_curve(case, moving, curve)
    with GradientTape() as tape:
        tape.watch([tensors[i] for i in moving])
        ys = case.floats(tensors)
    record = tape._record
    assert record is not None
    listener.hear_again(record, record.path([y._node for y in ys if y._node is not None]))
    return _coefficients(listener, ys)


def _on_the_curve(
    case: Case, moving: Sequence[int], curve: Sequence[Sequence[Any]]
) -> tuple[Taylor, list[Tensor]]:
    listener = Taylor(ORDER)
    tensors = [Tensor(x) for x in case.inputs]
    for place, i in enumerate(moving):
        listener.watch(tensors[i], given(tensors[i], [Tensor(part[place]) for part in curve]))
    return listener, tensors


def _coefficients(listener: Taylor, ys: Sequence[Tensor]) -> list[Any]:
    series = [listener.series(y) for y in ys]
    return [flat(values_of([None if s is None else s[k] for s in series]), ys) for k in range(1, ORDER + 1)]
