"""Seven ways to a second derivative `t' H u` of a real function of some tensors: compositions of the two modes.

Each way takes the function, the point and two directions (lists of tensors) and gives a number. Complex tensors count
as pairs of real ones, so `H` is symmetric for them too.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..accumulator import ForwardAccumulator
from ..arguments import UnconnectedGradients
from ..core.further_errors import PersistentTapeWarning
from ..core.tensor import Tensor
from ..ops import composite
from ..ops.elementwise import multiply
from ..ops.linear import add, cast, imag, real
from ..tape import GradientTape
from .case import flat, values_of

Leaves = Sequence[Tensor]
Scalar = Callable[[Leaves], Tensor]
ZERO = UnconnectedGradients.ZERO


def inner(one: Sequence[Any], two: Leaves) -> float:
    """The real inner product of two lists of tensors; None counts as zero."""
    return float(flat(values_of(one), two) @ flat(values_of(two), two))


def gradient(tape: GradientTape, y: Tensor, xs: Leaves) -> list[Tensor]:
    """The gradient of a number, zeros where it does not depend."""
    return list(tape.gradient(y, list(xs), unconnected_gradients=ZERO))


def pulled(tape: GradientTape, ys: Leaves, xs: Leaves, seeds: Leaves) -> list[Any]:
    """What seeds of some tensors send to others."""
    return list(tape.gradient(list(ys), list(xs), output_gradients=list(seeds)))


def reverse_over_reverse(function: Scalar, xs: Leaves, t: Leaves, u: Leaves) -> float:
    """A tape over the gradient of a tape."""
    with GradientTape() as outer:
        outer.watch(list(xs))
        with GradientTape() as tape:
            tape.watch(list(xs))
            y = function(xs)
        g = gradient(tape, y, xs)
    return inner(pulled(outer, g, xs, t), u)


def forward_over_reverse(function: Scalar, xs: Leaves, t: Leaves, u: Leaves) -> float:
    """An accumulator over the gradient of a tape."""
    with ForwardAccumulator(list(xs), list(u)) as outer:
        with GradientTape() as tape:
            tape.watch(list(xs))
            y = function(xs)
        g = gradient(tape, y, xs)
    return inner(outer.jvp(g), t)


def reverse_over_forward(function: Scalar, xs: Leaves, t: Leaves, u: Leaves) -> float:
    """A tape over the tangent of an accumulator."""
    with GradientTape() as tape:
        tape.watch(list(xs))
        with ForwardAccumulator(list(xs), list(t)) as accumulator:
            slope = accumulator.jvp(function(xs), ZERO)
    return inner(gradient(tape, slope, xs), u)


def forward_over_forward(function: Scalar, xs: Leaves, t: Leaves, u: Leaves) -> float:
    """An accumulator over the tangent of an accumulator."""
    with ForwardAccumulator(list(xs), list(u)) as outer:
        with ForwardAccumulator(list(xs), list(t)) as accumulator:
            slope = accumulator.jvp(function(xs), ZERO)
    return float(outer.jvp(slope, ZERO))


def jacobian_of_gradient(function: Scalar, xs: Leaves, t: Leaves, u: Leaves) -> float:
    """The whole Hessian by `jacobian`, real and imaginary parts of a gradient apart."""
    with GradientTape(persistent=True) as outer:
        outer.watch(list(xs))
        with GradientTape() as tape:
            tape.watch(list(xs))
            y = function(xs)
        parts = []
        for g, side in zip(gradient(tape, y, xs), t, strict=True):
            if g.dtype.kind == "c":
                parts += [(real(g), side._value.real), (imag(g), side._value.imag)]
            else:
                parts.append((g, side._value))
    total = 0.0
    for part, weight in parts:
        blocks = outer.jacobian(part, list(xs), unconnected_gradients=ZERO)
        for block, side in zip(blocks, u, strict=True):
            rows = np.asarray(block._value).reshape(part.size, side.size)
            total += float((rows @ np.conj(side._value).reshape(-1)).real @ np.reshape(weight, -1))
    return total


def tape_in_its_own_context(function: Scalar, xs: Leaves, t: Leaves, u: Leaves) -> float:
    """One persistent tape that records its own gradient."""
    with GradientTape(persistent=True) as tape:
        tape.watch(list(xs))
        y = function(xs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PersistentTapeWarning)
            g = gradient(tape, y, xs)
    return inner(pulled(tape, g, xs, t), u)


def along_two_numbers(function: Scalar, xs: Leaves, t: Leaves, u: Leaves) -> float:
    """The mixed derivative of `f(x + a t + b u)` in the numbers a and b: a tape over an accumulator."""
    a, b = Tensor(np.float64(0)), Tensor(np.float64(0))
    with GradientTape() as tape:
        tape.watch(b)
        with ForwardAccumulator(a, Tensor(np.float64(1))) as accumulator:
            moved = [
                add(x, add(multiply(cast(a, dtype=x.dtype), one), multiply(cast(b, dtype=x.dtype), two)))
                for x, one, two in zip(xs, t, u, strict=True)
            ]
            slope = accumulator.jvp(function(moved), ZERO)
    found = tape.gradient(slope, b)
    return 0.0 if found is None else float(composite.real(found))


WAYS = {
    "reverse over reverse": reverse_over_reverse,
    "forward over reverse": forward_over_reverse,
    "reverse over forward": reverse_over_forward,
    "forward over forward": forward_over_forward,
    "jacobian of gradient": jacobian_of_gradient,
    "tape in its own context": tape_in_its_own_context,
    "along two numbers": along_two_numbers,
}
