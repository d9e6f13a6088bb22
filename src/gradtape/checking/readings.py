"""What each mode and each composition of two modes says the derivatives are.

A reading fills a `Table`: for each place (output, input) or (output, input, input) a number, or None where the mode
finds no path. Only the tape and the accumulator that users have are asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..accumulator import ForwardAccumulator
from ..core.tensor import Tensor
from ..tape import GradientTape
from .coordinates import Problem

Table = dict[tuple[int, ...], float | None]


def rows(
    tape: GradientTape, problem: Problem, leaves: list[Tensor], outputs: list[Tensor]
) -> list[list[Any]]:
    """The gradient of each chosen output in all leaves."""
    return [
        tape.gradient(outputs, leaves, output_gradients=output.basis(outputs)) for output in problem.outputs
    ]


def first_order(problem: Problem, modes: Sequence[str]) -> Iterator[tuple[str, Table]]:
    """The table of first derivatives that each mode fills."""
    leaves = problem.tensors()
    table: Table = {}
    if "reverse" in modes:
        with GradientTape(persistent=True) as tape:
            tape.watch(leaves)
            outputs = problem.function(leaves)
        for i, gradients in enumerate(rows(tape, problem, leaves, outputs)):
            table.update({(i, j): at.read(gradients) for j, at in enumerate(problem.inputs)})
        yield "reverse", table
    if "forward" in modes:
        table = {}
        for j, at in enumerate(problem.inputs):
            with ForwardAccumulator(leaves, at.basis(leaves)) as accumulator:
                tangents = accumulator.jvp(problem.function(leaves))
            table.update({(i, j): output.read(tangents) for i, output in enumerate(problem.outputs)})
        yield "forward", table


def second_order(problem: Problem, modes: Sequence[str]) -> Iterator[tuple[str, Table]]:
    """The table of second derivatives that each composition of modes fills."""
    ways = {
        "reverse over reverse": reverse_over_reverse,
        "forward over reverse": forward_over_reverse,
        "reverse over forward": reverse_over_forward,
        "forward over forward": forward_over_forward,
    }
    for name, way in ways.items():
        if {name.split()[0], name.split()[-1]}.issubset(modes):
            yield name, dict(way(problem))


Entries = Iterator[tuple[tuple[int, int, int], float | None]]


def reverse_over_reverse(problem: Problem) -> Entries:
    """A tape over the gradients of a tape."""
    leaves = problem.tensors()
    with GradientTape(persistent=True) as outer:
        outer.watch(leaves)
        with GradientTape(persistent=True) as inner:
            inner.watch(leaves)
            outputs = problem.function(leaves)
        gradients = rows(inner, problem, leaves, outputs)
    for i, row in enumerate(gradients):
        for j, at in enumerate(problem.inputs):
            yield from along(outer, problem, leaves, row, at.basis(leaves), (i, j))


def reverse_over_forward(problem: Problem) -> Entries:
    """A tape over the tangents of an accumulator."""
    leaves = problem.tensors()
    for j, at in enumerate(problem.inputs):
        with GradientTape(persistent=True) as outer:
            outer.watch(leaves)
            with ForwardAccumulator(leaves, at.basis(leaves)) as inner:
                outputs = problem.function(leaves)
                tangents = inner.jvp(outputs)
        for i, output in enumerate(problem.outputs):
            yield from along(outer, problem, leaves, tangents, output.basis(outputs), (i, j))


def along(
    outer: GradientTape,
    problem: Problem,
    leaves: list[Tensor],
    inner: Sequence[Any],
    seeds: Sequence[Any],
    ij: Any,
) -> Entries:
    """One row of second derivatives: the gradient of what an inner mode found, weighted by `seeds`."""
    present = [(value, seed) for value, seed in zip(inner, seeds, strict=True) if value is not None]
    gradients: Sequence[Any] = [None] * len(leaves)
    if present:
        targets, weights = (list(part) for part in zip(*present, strict=True))
        gradients = outer.gradient(targets, leaves, output_gradients=weights)
    for k, at in enumerate(problem.inputs):
        yield (*ij, k), at.read(gradients)


def forward_over_reverse(problem: Problem) -> Entries:
    """An accumulator over the gradients of a tape."""
    leaves = problem.tensors()
    for k, at in enumerate(problem.inputs):
        with ForwardAccumulator(leaves, at.basis(leaves)) as outer:
            with GradientTape(persistent=True) as inner:
                inner.watch(leaves)
                outputs = problem.function(leaves)
            gradients = rows(inner, problem, leaves, outputs)
        for i, row in enumerate(gradients):
            tangents = [None if gradient is None else outer.jvp(gradient) for gradient in row]
            for j, other in enumerate(problem.inputs):
                yield (i, j, k), other.read(tangents)


def forward_over_forward(problem: Problem) -> Entries:
    """An accumulator over the tangents of an accumulator."""
    leaves = problem.tensors()
    for k, at in enumerate(problem.inputs):
        for j, other in enumerate(problem.inputs):
            with ForwardAccumulator(leaves, at.basis(leaves)) as outer:
                with ForwardAccumulator(leaves, other.basis(leaves)) as inner:
                    tangents = inner.jvp(problem.function(leaves))
            seconds = [None if tangent is None else outer.jvp(tangent) for tangent in tangents]
            for i, output in enumerate(problem.outputs):
                yield (i, j, k), output.read(seconds)
