"""Operators of a recorded field, in cartesian and curvilinear coordinates.

A second-order operator is twice the sum over directions v of the second coefficients along curves x + v s + w s^2:
sum of v v' : H + 2 w . grad. Carried as one sum (`modes/series.py`), a Laplacian in d dimensions needs d + 2 streams
(Li et al., "Forward Laplacian", 2024; Dangel et al., "Collapsing Taylor mode automatic differentiation", 2025).
Operators of curvilinear coordinates are that with the scale factors h in v = e / h and the rest in w; their formulas
are those of Batchelor, "An Introduction to Fluid Dynamics", 1967, appendix 2, for physical components.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError, ShapeError
from ..core.further_errors import ChoiceError, RangeError
from ..core.spec import broadcast_shapes
from ..core.tensor import Tensor, as_tensor
from ..modes.record import Record
from ..modes.series import scaled
from ..ops.elementwise import cos, divide, multiply, reciprocal, sin
from ..ops.linear import add, broadcast_to, concatenate, getitem, reshape, stack, subtract
from .directions import biharmonic_directions, random_directions
from .field import Field, field_of

SYSTEMS = {"cartesian": None, "polar": 2, "cylindrical": 3, "spherical": 3}
"""Coordinate systems and their dimensions: polar (r, theta), cylindrical (r, theta, z), spherical (r, theta, phi) with
theta from the pole."""


def _gradient(field: Field, system: str = "cartesian") -> list[Tensor]:
    """The components of the gradient."""
    _check_system(field, system)
    (parts,) = field.along(field.directions(np.eye(field.dimension)), [1])
    components = [getitem(parts, index=(i,)) for i in range(field.dimension)]
    scales = _scales(field, system)
    return [c if h is None else divide(c, h) for c, h in zip(components, scales, strict=True)]


def _check_system(field: Field, system: str) -> None:
    if system not in SYSTEMS:
        raise ChoiceError(f"{field.operator}: coordinate systems are {', '.join(SYSTEMS)}, not {system!r}")
    if SYSTEMS[system] not in (None, field.dimension):
        raise InvalidArgumentError(
            f"{field.operator}: {system} coordinates are {SYSTEMS[system]}, and the points have {field.dimension}"
        )


def _scales(field: Field, system: str, axes: int | None = None) -> list[Tensor | None]:
    """The scale factors h of the coordinates; None for one."""
    if system == "cartesian":
        return [None] * field.dimension
    r = field.coordinate(0, axes)
    if system == "spherical":
        return [None, r, multiply(r, sin(field.coordinate(1, axes)))]
    return [None, r, None][: field.dimension]


def _turns(field: Field, system: str, axes: int) -> dict[tuple[int, int], Tensor]:
    """How scale factors change along other coordinates: (dh_k / dx_j) / (h_j h_k) at (j, k), where it is not zero."""
    if system == "cartesian":
        return {}
    curve = reciprocal(field.coordinate(0, axes))
    if system != "spherical":
        return {(0, 1): curve}
    theta = field.coordinate(1, axes)
    return {(0, 1): curve, (0, 2): curve, (1, 2): multiply(curve, divide(cos(theta), sin(theta)))}


def _laplacian(
    field: Field,
    system: str = "cartesian",
    samples: int | None = None,
    seed: int | None = None,
    distribution: str = "rademacher",
) -> Tensor:
    """The Laplacian, exact or estimated from random directions."""
    _check_system(field, system)
    d = field.dimension
    if samples is not None:
        if system != "cartesian":
            raise InvalidArgumentError(
                f"{field.operator}: random directions serve cartesian coordinates only"
            )
        vectors, weight = random_directions(d, samples, seed, distribution, order=2)
        return scaled(field.summed(field.directions(vectors), 2), 2 * weight)
    wholes = field.directions(np.eye(d))
    if system == "cartesian":
        return scaled(field.summed(wholes, 2), 2)
    # Directions e / h, and the first derivatives that are left over as coefficients of order 2.
    inverse: list[Tensor | None] = [None if h is None else reciprocal(h) for h in _scales(field, system)]
    r = field.coordinate(0)
    rest: list[Tensor | None] = [scaled(reciprocal(r), 1.0 if system == "spherical" else 0.5), None, None][:d]
    if system == "spherical":
        theta = field.coordinate(1)
        rest[1] = scaled(divide(cos(theta), multiply(sin(theta), multiply(r, r))), 0.5)
    return scaled(field.summed(_scaled_directions(field, wholes, inverse), 2, None, _placed(field, rest)), 2)


def _scaled_directions(
    field: Field, wholes: Sequence[Tensor], factors: Sequence[Tensor | None]
) -> list[Tensor]:
    """Directions along the axes, each times a factor that may differ from point to point."""
    if not field.packed:
        return [
            whole if factor is None else multiply(whole, _as_source(factor, source))
            for whole, factor, source in zip(wholes, factors, field.sources, strict=True)
        ]
    (spread,) = _placed(field, [Tensor(np.ones((), field.value.dtype)) if f is None else f for f in factors])
    assert spread is not None
    return [multiply(wholes[0], spread)]


def _placed(field: Field, parts: Sequence[Tensor | None]) -> list[Tensor | None]:
    """One number a coordinate and point, as tensors of the sources' shapes."""
    if not field.packed:
        return [
            None if part is None else _as_source(part, source)
            for part, source in zip(parts, field.sources, strict=True)
        ]
    shape = field.sources[0]._value.shape[:-1]
    dtype = field.sources[0].dtype
    columns = [Tensor(np.zeros((), dtype)[()]) if part is None else part for part in parts]
    rows = [
        reshape(c, shape=shape)
        if c._value.size == math.prod(shape)
        else broadcast_to(reshape(c, shape=()), shape=shape)
        for c in columns
    ]
    return [stack(*rows, axis=len(shape))]


def _as_source(part: Tensor, source: Any) -> Tensor:
    shape = tuple(source._value.shape)
    return part if part._value.shape == shape else broadcast_to(part, shape=shape)


def _biharmonic(
    field: Field, system: str = "cartesian", samples: int | None = None, seed: int | None = None
) -> Tensor:
    """The Laplacian of the Laplacian, from fourth directional derivatives along few directions."""
    if system != "cartesian":
        raise InvalidArgumentError(
            f"{field.operator}: on a tape only cartesian coordinates; of a function, gt.fields.biharmonic takes all"
        )
    d = field.dimension
    if samples is not None:
        vectors, weight = random_directions(d, samples, seed, "normal", order=4)
        return scaled(field.summed(field.directions(vectors), 4), 24 * weight)
    vectors, weights = biharmonic_directions(d)
    return scaled(field.summed(field.directions(vectors), 4, weights), 24)


def _hessian_diagonal(field: Field) -> list[Tensor]:
    """The second derivative in each coordinate."""
    (parts,) = field.along(field.directions(np.eye(field.dimension)), [2])
    return [scaled(getitem(parts, index=(i,)), 2) for i in range(field.dimension)]


def _directional(field: Field, direction: Any, order: int = 1) -> Tensor:
    """The derivative of some order along a direction, one for all points or one for each."""
    if order < 1:
        raise RangeError(f"{field.operator}: the order must be at least 1, not {order}")
    parts = [direction] if field.packed else list(direction)
    if len(parts) != len(field.sources):
        raise InvalidArgumentError(
            f"{field.operator}: {len(parts)} components for {len(field.sources)} coordinates"
        )
    wholes = []
    for part, source in zip(parts, field.sources, strict=True):
        v, shape = (
            as_tensor(part, None if isinstance(part, Tensor) else source.dtype),
            tuple(source._value.shape),
        )
        try:
            broadcast_shapes(v._value.shape, shape)
            spread = broadcast_to(v, shape=shape)
        except ValueError:
            raise ShapeError(
                f"{field.operator}: a direction of shape {tuple(v.shape)} does not fit points of shape {shape}"
            ) from None
        wholes.append(reshape(spread, shape=(1, *shape)))
    (found,) = field.along(wholes, [order])
    return scaled(getitem(found, index=(0,)), math.factorial(order))


def _material_derivative(field: Field, time: Any, velocity: Any) -> Tensor:
    """The derivative along the velocity in space and time together."""
    parts = [velocity] if field.packed else list(velocity)
    moving = Field(field.record, field.value, (*field.sources, time), False, field.operator)
    return _directional(moving, [*parts, Tensor(np.ones((), time.dtype)[()])])


def _components(field: Field, system: str) -> tuple[list[list[Tensor]], list[Tensor]]:
    """The derivative of component j of a vector field along coordinate i by length, at [i][j]; and the components."""
    _check_system(field, system)
    d, shape = field.dimension, tuple(field.value._value.shape)
    if not shape or shape[-1] != d:
        raise ShapeError(
            f"{field.operator}: a field of shape {shape} does not have {d} components along its last axis"
        )
    (parts,) = field.along(field.directions(np.eye(d)), [1])
    scales = _scales(field, system, len(shape) - 1)
    rows = []
    for i, h in enumerate(scales):
        row = [getitem(parts, index=(i, Ellipsis, j)) for j in range(d)]
        rows.append(row if h is None else [divide(part, h) for part in row])
    return rows, [getitem(as_tensor(field.value), index=(Ellipsis, j)) for j in range(d)]


def _divergence(field: Field, system: str = "cartesian") -> Tensor:
    """The divergence of a vector field given by physical components."""
    rows, components = _components(field, system)
    total = rows[0][0]
    for i in range(1, field.dimension):
        total = add(total, rows[i][i])
    for (j, _), turn in _turns(field, system, total.ndim).items():
        total = add(total, multiply(turn, components[j]))
    return total


def _curl(field: Field, system: str = "cartesian") -> Tensor:
    """The curl of a vector field given by physical components; in the plane its component out of the plane."""
    rows, components = _components(field, system)
    turns = _turns(field, system, components[0].ndim)

    def part(j: int, k: int) -> Tensor:
        total = subtract(rows[j][k], rows[k][j])
        if (j, k) in turns:
            total = add(total, multiply(turns[j, k], components[k]))
        if (k, j) in turns:
            total = subtract(total, multiply(turns[k, j], components[j]))
        return total  # type: ignore[no-any-return]

    if field.dimension == 2:
        return part(0, 1)
    if field.dimension != 3:
        raise InvalidArgumentError(
            f"{field.operator}: curl is defined in 2 and 3 dimensions, not in {field.dimension}"
        )
    return stack(part(1, 2), part(2, 0), part(0, 1), axis=components[0].ndim)  # type: ignore[no-any-return]


def _packed(field: Field, components: Sequence[Tensor]) -> Any:
    """Components as users get them: along the last axis where the points have one of their own, else as a tuple."""
    if not field.packed:
        return tuple(components)
    axes = field.value.ndim
    if axes and axes == field.sources[0].ndim and field.value._value.shape[-1] == 1:
        return concatenate(*components, axis=axes - 1)
    return stack(*components, axis=axes)


@dataclass(frozen=True, slots=True)
class Operator:
    """How to compute an operator of a recorded field, and the highest derivative that it takes."""

    compute: Callable[..., Any]
    order: int


def measured(name: str, record: Record, value: Any, points: Any, **options: Any) -> Any:
    """An operator by name, of a recorded field."""
    operator = OPERATORS[name]
    order = options.get("order", operator.order)
    return operator.compute(field_of(record, value, points, name, order), **options)


OPERATORS = {
    "gradient": Operator(lambda field, **options: _packed(field, _gradient(field, **options)), 1),
    "laplacian": Operator(_laplacian, 2),
    "biharmonic": Operator(_biharmonic, 4),
    "divergence": Operator(_divergence, 1),
    "curl": Operator(_curl, 1),
    "hessian_diagonal": Operator(lambda field: _packed(field, _hessian_diagonal(field)), 2),
    "directional": Operator(_directional, 1),
    "material_derivative": Operator(_material_derivative, 1),
}
