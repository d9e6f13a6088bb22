"""Sets of directions whose directional derivatives add up to an operator, exactly or on average."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError
from ..core.further_errors import ChoiceError, RangeError


def biharmonic_directions(dimension: int) -> tuple[Any, list[float]]:
    """Directions and weights whose fourth directional derivatives add up to the biharmonic operator.

    The mean over the sphere of (v . grad)^4 is 3 / (d (d + 2)) of it, and a spherical design of strength 4 gives the
    mean exactly: the diagonals of a hexagon in the plane, of an icosahedron in space (Delsarte, Goethals and Seidel,
    "Spherical codes and designs", Geometriae Dedicata 6, 1977). Beyond, by polarization along e_i and e_i +- e_j:
    u_iijj = (D(i + j)^4 + D(i - j)^4 - 2 u_iiii - 2 u_jjjj) / 12.
    """
    if dimension == 2:
        angles = np.arange(3) * math.pi / 3
        return np.stack([np.cos(angles), np.sin(angles)], 1), [8 / 9] * 3
    if dimension == 3:
        golden = (1 + math.sqrt(5)) / 2
        vectors = [np.roll([0.0, 1.0, sign * golden], shift) for shift in range(3) for sign in (1, -1)]
        return np.array(vectors) / math.hypot(1, golden), [5 / 6] * 6
    axes = np.eye(dimension)
    pairs = [(i, j) for i in range(dimension) for j in range(i)]
    vectors = [*axes, *[axes[i] + s * axes[j] for i, j in pairs for s in (1, -1)]]
    return np.array(vectors), [1 - (dimension - 1) / 3] * dimension + [1 / 6] * (2 * len(pairs))


def random_directions(
    dimension: int, samples: int, seed: int | None, distribution: str, order: int
) -> tuple[Any, float]:
    """Random directions, and the weight with which the sum of their derivatives of this order is unbiased.

    For order 2, directions with independent entries of variance one: signs (Hutchinson, "A stochastic estimator of the
    trace", Communications in Statistics 18, 1989) or normal; or axes drawn without replacement (Shi, Hu, Lin and
    Kawaguchi, "Stochastic Taylor derivative estimator", 2024). For order 4, normal ones, whose mean is three times the
    biharmonic operator.
    """
    if samples < 1:
        raise RangeError(f"the number of samples must be positive, not {samples}")
    if seed is None:
        raise InvalidArgumentError("random directions need a seed, so that a run can be repeated")
    generator = np.random.default_rng(seed)
    if distribution == "coordinates":
        if samples > dimension:
            raise InvalidArgumentError(
                f"{samples} coordinates cannot be drawn from {dimension}; leave samples away"
            )
        chosen = generator.choice(dimension, samples, replace=False)
        return np.eye(dimension)[chosen], dimension / samples
    if distribution == "rademacher":
        return generator.integers(0, 2, (samples, dimension)) * 2.0 - 1.0, 1 / samples
    if distribution == "normal":
        return generator.standard_normal((samples, dimension)), 1 / samples / (3 if order == 4 else 1)
    raise ChoiceError(f"distributions are rademacher, normal and coordinates, not {distribution!r}")
