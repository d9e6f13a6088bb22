"""The laws of derivatives: forward, adjoint and higher."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..checking.differences import Estimate, first, second
from ..core.spec import complex128, float64
from ..core.tensor import Tensor
from ..ops.elementwise import multiply, square
from ..ops.linear import add, real, sum_
from .case import Case, LawError, flat, in_double, values_of
from .hessians import WAYS

REACH = 0.1  # directions are made so short that the first differences stay near the sample


def forward(case: Case) -> None:
    """The tangent is the derivative along a direction: from values alone, in lower precision from double."""
    ys = case.floats(case.inputs)
    if not case.moving:
        _unconnected(case, ys)
    for moving in case.subsets():
        directions = case.directions([case.inputs[i] for i in moving], 1)
        found = case.tangents(moving, directions)
        _kept("forward", case, found, ys)
        if case.dtype in (float64, complex128):
            wanted, doubt = _from_values(case, moving, directions)
        else:
            wide = [t.astype(in_double(t.dtype)) for t in directions]
            wanted = flat(case.double().tangents(moving, wide), ys)
            size = np.max(np.abs(wanted), initial=0.0)
            doubt = 64 * float(np.finfo(case.dtype).eps) * size
        _compare("forward", case, wanted, flat(found, ys), doubt, f"along input {moving}")


def _from_values(case: Case, moving: Sequence[int], directions: Sequence[Any]) -> tuple[Any, Any]:
    """The derivative along a direction from values alone, and how far it may be off."""

    def moved(step: Any) -> Any:
        inputs = list(case.inputs)
        for i, t in zip(moving, directions, strict=True):
            inputs[i] = inputs[i] + REACH * step[0] * t
        ys = values_of(case.floats(inputs))
        return flat(ys, ys)

    with np.errstate(all="ignore"):  # a step may leave the domain
        return _settled("forward", case, first(moved, np.zeros(1), 0), REACH)


def _settled(law: str, case: Case, estimate: Estimate, unit: float) -> tuple[Any, Any]:
    """An extrapolated value with what it may be off by; one that is too rough to judge by is refused."""
    value, error = estimate.value / unit, estimate.error / unit
    size = max(1.0, float(np.max(np.abs(value), initial=0.0)))
    doubt = 10 * error + 1e-9 * size
    if not np.all(doubt <= 1e-4 * size):
        raise LawError(
            law, case, "differences do not settle: the sample is too near a pole, a kink or an edge"
        )
    return value, doubt


def _compare(law: str, case: Case, wanted: Any, got: Any, doubt: Any, where: str) -> None:
    off = np.abs(got - wanted) > doubt
    if not np.all(np.isfinite(got)) or off.any():
        raise LawError(law, case, f"{where}: expected {wanted!r}, got {got!r}")


def _kept(law: str, case: Case, found: Iterable[Any], likes: Iterable[Any]) -> None:
    """A derivative has the shape and the dtype of what it belongs to."""
    for part, like in zip(found, likes, strict=True):
        if part is not None and (part.shape != tuple(like.shape) or part.dtype != like.dtype):
            given, asked = (f"{x.dtype.name}{list(x.shape)}" for x in (part, like))
            raise LawError(law, case, f"a derivative is {given} where {asked} belongs")


def _unconnected(case: Case, ys: Sequence[Any]) -> None:
    """What has no rule has no derivative in either mode."""
    if not case.floating or not ys:
        return
    tangents = case.tangents(case.floating, case.directions([case.inputs[i] for i in case.floating], 1))
    shares = case.cotangents(case.floating, case.directions(ys, 2))
    if any(part is not None for part in tangents + shares):
        raise LawError("forward", case, f"there is no rule, but tangents {tangents} and gradients {shares}")


def adjoint(case: Case) -> None:
    """Reverse mode is the adjoint of forward mode, to rounding."""
    ys = case.floats(case.inputs)
    for moving in case.subsets():
        xs = [case.inputs[i] for i in moving]
        t, v = case.directions(xs, 3), case.directions(ys, 4)
        tangents, shares = case.tangents(moving, t), case.cotangents(moving, v)
        _kept("adjoint", case, shares, xs)
        t, v, ahead, back = flat(t, xs), flat(v, ys), flat(tangents, ys), flat(shares, xs)
        size = np.abs(v) @ np.abs(ahead) + np.abs(back) @ np.abs(t)
        if not abs(v @ ahead - back @ t) <= 16 * float(np.finfo(case.dtype).eps) * size:
            found = f"<v, J t> = {v @ ahead!r} and <J* v, t> = {back @ t!r}"
            raise LawError("adjoint", case, f"in input {moving}: {found}")


def higher(case: Case) -> None:
    """Seven ways to t' H u agree, H is symmetric, and both are the second derivative from values alone.

    H is the Hessian of a random sum of the outputs and their squares, so that linear primitives have one too.
    """
    if case.dtype not in (float64, complex128) or not case.moving:
        return
    moving = case.moving
    xs = [Tensor(case.inputs[i]) for i in moving]
    weights = case.directions(case.floats(case.inputs), 5)

    def scalar(leaves: Sequence[Tensor]) -> Tensor:
        inputs = list(case.inputs)
        for i, leaf in zip(moving, leaves, strict=True):
            inputs[i] = leaf
        total = Tensor(np.float64(0))
        for y, weight in zip(case.floats(inputs), weights, strict=True):
            part = multiply(y, Tensor(weight))
            part = real(part) if part.dtype.kind == "c" else part
            part = add(part, multiply(square(part), Tensor(np.float64(0.5))))
            total = add(total, sum_(part, axis=tuple(range(part.ndim)), keepdims=False))
        return total

    def at(steps: Any) -> Any:
        a, b = REACH * steps
        moved = [Tensor(x._value + a * d + b * e) for x, d, e in zip(xs, one, two, strict=True)]
        return np.array([float(scalar(moved))])

    one, two = case.directions(xs, 6), case.directions(xs, 7)
    t, u = [Tensor(d) for d in one], [Tensor(d) for d in two]
    with np.errstate(all="ignore"):
        wanted, doubt = _settled("higher", case, second(at, np.zeros(2), 0, 1, (1.0, 1.0)), REACH**2)
    other = None
    for name, way in WAYS.items():
        for order, pair in (("t' H u", (t, u)), ("u' H t", (u, t))):
            number = way(scalar, xs, *pair)
            _compare("higher", case, wanted, np.array([number]), doubt, f"{order}, {name}")
            other = number if other is None else other
            if not abs(number - other) <= 1e-11 * max(1.0, abs(other)):
                raise LawError("higher", case, f"{order}, {name} gives {number!r}, the first way {other!r}")
