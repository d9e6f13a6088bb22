"""Differential operators on fields, by Taylor series whose highest coefficient is carried as a sum over directions.

    gt.fields.laplacian(u)(points)                           # points (n, d), u gives (n,) or (n, 1)
    gt.fields.laplacian(u, "x y", system="polar")(r, theta)  # coordinates as columns of their own

A point is the last axis of the first argument, (d,) or (n, d), or consists of arguments named one by one, columns of
one batch. All operators are functions of a function; the same stand on the tape (`tape.laplacian(target, points)`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ..core.errors import ArgumentTypeError
from ..core.further_errors import ChoiceError
from ..core.listen import listeners, paused
from ..core.tensor import Tensor, as_tensor
from ..rows import PlacedRecord
from .recorded import measured

__all__ = [
    "biharmonic",
    "curl",
    "directional",
    "divergence",
    "gradient",
    "hessian_diagonal",
    "laplacian",
    "material_derivative",
]


def _of(
    operator: str, function: Callable[..., Any], coordinates: Any, options: dict[str, Any]
) -> Callable[..., Any]:
    """The function that measures an operator of another function at its arguments."""
    names = coordinates.split() if isinstance(coordinates, str) else coordinates
    places = [0] if names is None else _places(operator, function, names)

    def applied(*args: Any, **kwargs: Any) -> Any:
        if max(places) >= len(args):
            raise ArgumentTypeError(f"{operator}: the points are positional arguments")
        given_points, record = list(args), PlacedRecord()
        for i in places:
            x = as_tensor(given_points[i])
            given_points[i] = Tensor(x._value, x._node)
            record.watch(given_points[i])
        with paused((*listeners(), record)):
            value = as_tensor(function(*given_points, **kwargs))
        points = given_points[0] if names is None else [given_points[i] for i in places]
        return measured(operator, record, value, points, **options)

    return applied


def _places(operator: str, function: Callable[..., Any], names: Sequence[str]) -> list[int]:
    known = list(inspect.signature(function).parameters)
    missing = [name for name in names if name not in known]
    if missing:
        raise ChoiceError(
            f"{operator}: {missing} are no parameters of the function, which has {', '.join(known)}"
        )
    return [known.index(name) for name in names]


def gradient(
    function: Callable[..., Any], coordinates: Any = None, *, system: str = "cartesian"
) -> Callable[..., Any]:
    """The gradient of a scalar field, by physical components.

    Args:
        function: takes points (d,) or (n, d) first, or coordinates as arguments of their own; one number a point.
        coordinates: names of the arguments that are coordinates, such as "x y"; None: the first argument's last axis.
        system: "cartesian", "polar", "cylindrical" or "spherical" (theta from the pole).

    Returns:
        a function of the same arguments: (d,) or (n, d) for packed points, else a tuple with one tensor a coordinate.

    >>> import gradtape as gt
    >>> gt.fields.gradient(lambda x: gt.reduce_sum(x * x, -1))([[1.0, 2.0]]).numpy().tolist()
    [[2.0, 4.0]]
    """
    return _of("gradient", function, coordinates, {"system": system})


def laplacian(
    function: Callable[..., Any],
    coordinates: Any = None,
    *,
    system: str = "cartesian",
    samples: int | None = None,
    seed: int | None = None,
    distribution: str = "rademacher",
) -> Callable[..., Any]:
    """The Laplacian of a scalar field, or of each entry of a field in cartesian coordinates.

    Args:
        function, coordinates, system: as for `gradient`.
        samples: estimate it without bias from so many random directions (cartesian coordinates).
        seed: of the random directions; needed with `samples`.
        distribution: "rademacher" (signs), "normal" or "coordinates" (some of the axes).

    Returns:
        a function of the same arguments whose result has the shape of the field.

    >>> import gradtape as gt
    >>> gt.fields.laplacian(lambda x: gt.reduce_sum(x**3, -1))([[1.0, 2.0]]).numpy().tolist()
    [18.0]
    >>> gt.fields.laplacian(lambda r, theta: r * r, "r theta", system="polar")(2.0, 0.5).numpy().item()
    4.0
    """
    options = {"system": system, "samples": samples, "seed": seed, "distribution": distribution}
    return _of("laplacian", function, coordinates, options)


def biharmonic(
    function: Callable[..., Any],
    coordinates: Any = None,
    *,
    system: str = "cartesian",
    samples: int | None = None,
    seed: int | None = None,
) -> Callable[..., Any]:
    """The Laplacian of the Laplacian: the plate operator. Arguments as for `laplacian`; random directions are normal.

    >>> import gradtape as gt
    >>> gt.fields.biharmonic(lambda x, y: x**4 + x * x * y * y, "x y")(1.0, 1.0).numpy().round(3).item()
    32.0
    """
    if system != "cartesian":
        inner = laplacian(function, coordinates, system=system)
        return laplacian(functools.wraps(function)(inner), coordinates, system=system)
    return _of("biharmonic", function, coordinates, {"samples": samples, "seed": seed})


def divergence(
    function: Callable[..., Any], coordinates: Any = None, *, system: str = "cartesian"
) -> Callable[..., Any]:
    """The divergence of a vector field, which has its physical components along the last axis.

    >>> import gradtape as gt
    >>> gt.fields.divergence(lambda x: x * x)([[1.0, 2.0]]).numpy().tolist()
    [6.0]
    """
    return _of("divergence", function, coordinates, {"system": system})


def curl(
    function: Callable[..., Any], coordinates: Any = None, *, system: str = "cartesian"
) -> Callable[..., Any]:
    """The curl of a vector field with its physical components along the last axis, in 3 dimensions or in the plane.

    Returns:
        a function that gives (n, 3) in space, and in the plane (n,): the component out of it.

    >>> import gradtape as gt
    >>> turn = lambda x: gt.stack([-x[:, 1], x[:, 0]], 1)
    >>> gt.fields.curl(turn)([[1.0, 2.0]]).numpy().tolist()
    [2.0]
    """
    return _of("curl", function, coordinates, {"system": system})


def hessian_diagonal(function: Callable[..., Any], coordinates: Any = None) -> Callable[..., Any]:
    """The second derivative in each coordinate, shaped as the gradient.

    >>> import gradtape as gt
    >>> gt.fields.hessian_diagonal(lambda x: gt.reduce_sum(x**3, -1))([[1.0, 2.0]]).numpy().tolist()
    [[6.0, 12.0]]
    """
    return _of("hessian_diagonal", function, coordinates, {})


def directional(
    function: Callable[..., Any], direction: Any, order: int = 1, coordinates: Any = None
) -> Callable[..., Any]:
    """The derivative of some order along a direction, which need not have length one.

    Args:
        direction: (d,) for all points or (n, d), one for each; for coordinates of their own a sequence of components.
        order: 1 or more.

    >>> import gradtape as gt
    >>> gt.fields.directional(lambda x: x[0] * x[1], [1.0, 1.0], order=2)([3.0, 4.0]).numpy().item()
    2.0
    """
    return _of("directional", function, coordinates, {"direction": direction, "order": order})


def material_derivative(function: Callable[..., Any], velocity: Any) -> Callable[..., Any]:
    """The rate of change of a field that a particle of the flow sees: u_t + v . grad u.

    Args:
        function: takes points (d,) or (n, d), the time, and what else it needs.
        velocity: of the shape of the points, or a function of points and time that gives it.

    Returns:
        a function of the same arguments whose result has the shape of the field.

    >>> import gradtape as gt
    >>> wave = lambda x, t: gt.sin(x[:, 0] - 2.0 * t)
    >>> gt.fields.material_derivative(wave, [2.0])([[0.3]], 0.1).numpy().tolist()
    [0.0]
    """

    def applied(points: Any, time: Any, *args: Any, **kwargs: Any) -> Any:
        x, t = (Tensor(given._value, given._node) for given in (as_tensor(points), as_tensor(time)))
        v = as_tensor(
            velocity(x, t) if callable(velocity) else velocity, None if callable(velocity) else x.dtype
        )
        record = PlacedRecord()
        record.watch(x)
        record.watch(t)
        with paused((*listeners(), record)):
            value = as_tensor(function(x, t, *args, **kwargs))
        return measured("material_derivative", record, value, x, time=t, velocity=v)

    return applied
