"""Derivatives from values alone: the oracle of `testing`, which no derivative rule takes part in.

`extrapolate` turns difference quotients into a derivative with an error estimate: the quotients at shrinking steps are
extrapolated to step zero (L. F. Richardson, "The approximate arithmetical solution by finite differences", Phil. Trans.
R. Soc. A 210, 1911) and of all extrapolated values the one that differs least from its neighbours is taken, that
difference being its error (C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering
Software 4, 1982).

`first` and `second` are the derivatives of a function of a real vector in one and in two coordinates. With the
function's analytic continuation they use the complex step, f'(x) = Im f(x + ih) / h, which subtracts nothing and so
is exact to rounding (W. Squire, G. Trapp, "Using complex variables to estimate derivatives of real functions",
SIAM Review 40, 1998).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[Any]
Function = Callable[[Vector], Vector]

# Two steps of neither sort are in a simple ratio with a period that people write (1/8, 2 pi / 10), so that a periodic
# function cannot look constant at one step after another.
START = 0.1234567
RATIO = 1.7
LEVELS = 80  # down to 1e-18 of the start: a coordinate may be as small as that
COLUMNS = 7  # more multiply rounding errors without gain
ENOUGH = 1e-11  # of the quotients: less difference than that is rounding
FINE = 1e-9  # of the value: then smaller steps are not tried
NOTHING = 1e-30  # of the first quotient: nor where the value is 0
SETTLED = 1e-7  # of the quotients: then the step is no longer too long
PAST = 10  # times the error already reached: then differences are rounding
COMPLEX_STEP = 1e-20  # its square is lost beside 1 in double precision
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A derivative of every output, and how far to trust it."""

    value: Vector
    error: Vector
    """What the extrapolation itself says it may be off by; infinite where it never settled."""
    step: float
    """The step at which all outputs had settled: the length on which the function changes."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one step shows; both rows are even in the step, so that they extrapolate alike."""

    rows: Vector
    """The difference quotient, and the mean of the function around the point less its value there."""
    roundoff: Vector
    """The rounding error of the quotient."""
    size: Vector
    """The largest value of the function that was met."""

    @classmethod
    def of(
        cls, quotient: Vector, divisor: float, centre: Vector, *values: Vector, noise: Vector | float = 0.0
    ) -> Sample:
        """From a quotient and the values it was made of, which are at least as rough as numbers of size `noise`."""
        size = np.max(np.abs(np.stack([centre, *values])), axis=0)
        rows = np.stack([quotient, np.mean(np.stack(values), axis=0) - centre])
        return cls(rows, EPSILON * np.maximum(size, noise) * len(values) / abs(divisor), size)


def extrapolate(sample: Callable[[float], Sample], start: float) -> Estimate:
    """Extrapolate the quotients of ever smaller steps to step zero.

    The mean of the function around the point is extrapolated too: it must come out as the function's value there. Steps
    far longer than the function's own scale are known by that, even where the function is flat on both sides.
    """
    samples: list[Sample] = []
    previous: list[Vector] = []
    nobody: Vector = np.empty(0)
    best = error = part = settled = done = nobody
    for level in range(LEVELS):
        step = start / RATIO**level
        samples.append(sample(step))
        row = [samples[-1].rows]
        roundoff = samples[-1].roundoff
        spread = roundoff
        if not level:
            best, error, part = (np.full(roundoff.shape, number) for number in (np.nan, np.inf, np.inf))
            settled, done = np.full(roundoff.shape, start), np.zeros(roundoff.shape, np.bool_)
        for column in range(1, min(level, COLUMNS) + 1):
            row.append(row[-1] + (row[-1] - previous[column - 1]) / (RATIO ** (2 * column) - 1.0))
            spread = np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - previous[column - 1]))[0]
            spread = np.maximum(spread, roundoff)
            # As a part of what it is made of, values over steps: steps far too long can give small quotients, and then
            # all differences are small. Where the part is small enough, the smaller spread is the better one.
            used = samples[level - column :]
            among = np.maximum(np.max([np.abs(one.rows[0]) for one in used], axis=0), roundoff / EPSILON)
            sizes = np.max([one.size for one in used], axis=0)
            share = np.maximum(quotient_of(spread, among), quotient_of(np.abs(row[-1][1]), sizes))
            share = np.maximum(share, ENOUGH)
            # Both are false for what is not a number: there the step has left the function's domain.
            closer = ~done & (share < part)
            better = closer | (~done & (share == part) & (spread < error))
            best, error = np.where(better, row[-1][0], best), np.where(better, spread, error)
            part, settled = np.where(closer, share, part), np.where(closer, step, settled)
        previous = row
        fine = error <= FINE * np.abs(best) + NOTHING * np.abs(samples[0].rows[0])
        # Ridders' end: where all gets worse again, rounding rules, and may agree by chance further on.
        worse = np.maximum(roundoff, spread) > PAST * error
        done |= (level >= 4) & (((part <= ENOUGH) & fine) | ((part <= SETTLED) & worse))
        if np.all(done):
            break
    return Estimate(best, error, float(settled.min(initial=start)))


def quotient_of(small: Vector, large: Vector) -> Vector:
    """A quotient in which 0/0 is 0."""
    return np.where(small == 0, 0.0, small / large)


def first(f: Function, x: Vector, j: int) -> Estimate:
    """The derivative of f in coordinate j by central differences."""
    centre = f(x)

    def sample(step: float) -> Sample:
        ahead, behind = moved(x, j, step), moved(x, j, -step)
        width = float(ahead[j] - behind[j])
        left, right = f(behind), f(ahead)
        return Sample.of((right - left) / width, width, centre, left, right)

    return extrapolate(sample, START * max(abs(float(x[j])), 1.0))


def first_complex(f: Function, x: Vector, j: int) -> Vector:
    """The derivative in coordinate j of a function that takes complex numbers, by the complex step."""
    step = COMPLEX_STEP * (abs(float(x[j])) or 1.0)
    return np.asarray(f(moved(x.astype(np.complex128), j, 1j * step)).imag / step)


def second(f: Function, x: Vector, j: int, k: int, steps: tuple[float, float]) -> Estimate:
    """The second derivative of f in coordinates j and k by central differences, from steps that are in proportion."""
    centre = f(x)

    def same(scale: float) -> Sample:
        ahead, behind = moved(x, j, scale * steps[0]), moved(x, j, -scale * steps[0])
        area = float((ahead[j] - behind[j]) / 2) ** 2
        left, right = f(behind), f(ahead)
        return Sample.of((left - 2 * centre + right) / area, area / 2, centre, left, right)

    def mixed(scale: float) -> Sample:
        one, two = scale * steps[0], scale * steps[1]
        signs = ((one, two), (one, -two), (-one, two), (-one, -two))
        values = [f(moved(moved(x, j, a), k, b)) for a, b in signs]
        area = 4 * one * two
        return Sample.of((values[0] - values[1] - values[2] + values[3]) / area, area, centre, *values)

    estimate = extrapolate(same if j == k else mixed, 1.0)
    return Estimate(estimate.value, estimate.error, estimate.step * steps[0])


def second_complex(f: Function, x: Vector, j: int, k: int, step: float) -> Estimate:
    """The same by central differences in k of complex steps in j: one subtraction fewer."""
    centre = first_complex(f, x, j)
    noise = np.abs(f(x)) / step  # a derivative computed by rules is as rough as the function over its length

    def sample(size: float) -> Sample:
        ahead, behind = moved(x, k, size), moved(x, k, -size)
        width = float(ahead[k] - behind[k])
        left, right = first_complex(f, behind, j), first_complex(f, ahead, j)
        return Sample.of((right - left) / width, width, centre, left, right, noise=noise)

    return extrapolate(sample, step)


def moved(x: Vector, j: int, by: complex) -> Vector:
    """The point x with coordinate j moved."""
    point = x.copy()
    point[j] += by
    return point
