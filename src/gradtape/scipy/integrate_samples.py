"""`scipy.integrate`: sums over samples, on tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import ShapeError
from ..core.further_errors import UncoveredError
from ..core.tensor import Tensor, as_tensor, beside
from ..faces import numpy_numerical
from ..ops import arranging, composite
from ..ops.composing import axes_of
from .meaning import is_tensor, original, scipy_function


@scipy_function
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """The integral of samples by the trapezoidal rule, also in the points x."""
    return numpy_numerical.trapezoid(y if x is None else beside((y, x))[0], x, dx, axis)


@scipy_function
def cumulative_trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None) -> Tensor:
    """Running integrals by the trapezoidal rule; `initial` is None or 0, which is put before them."""
    y, steps = beside((y, dx if x is None else x))
    (place,) = axes_of((axis,), y.ndim, "scipy.integrate.cumulative_trapezoid")
    y = arranging.moveaxis(y, place, -1)
    if x is not None:
        steps = arranging.moveaxis(steps, place, -1) if steps.ndim > 1 else steps
        steps = steps[..., 1:] - steps[..., :-1]
    total = composite.cumsum(steps * (y[..., 1:] + y[..., :-1]) / 2, -1)
    if initial is not None:
        if np.any(np.asarray(initial) != 0):
            raise UncoveredError("scipy.integrate.cumulative_trapezoid: initial must be None or 0")
        total = arranging.concatenate((composite.zeros_like(total[..., :1]), total), -1)
    return arranging.moveaxis(total, -1, place)


@scipy_function
def simpson(y: Any, x: Any = None, *, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """The integral of samples by Simpson's rule; a sum with weights that depend on the points, which are constants."""
    weights, (y, place) = _weights("simpson", x, dx, y, axis)
    return composite.sum(arranging.moveaxis(y, place, -1) * weights, -1)


@scipy_function
def romb(y: Any, dx: Any = 1.0, axis: int = -1, show: bool = False) -> Tensor:
    """The integral of 2**k + 1 equally spaced samples by Romberg's rule, which is a sum with fixed weights."""
    y, step = beside((y, dx))
    (place,) = axes_of((axis,), y.ndim, "scipy.integrate.romb")
    weights = original("integrate.romb")(np.eye(y._value.shape[place]), axis=0)
    return composite.sum(arranging.moveaxis(y, place, -1) * (step * weights), -1)


@scipy_function
def cumulative_simpson(
    y: Any, *, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None
) -> Tensor:
    """Running integrals by Simpson's rule; the points are constants."""
    weights, (y, place) = _weights("cumulative_simpson", x, dx, y, axis)
    total = arranging.moveaxis(y, place, -1) @ weights
    if initial is not None:
        first, total = beside((initial, total))
        first = arranging.broadcast_to(first, (*total._value.shape[:-1], 1))
        total = arranging.concatenate((first, total + first), -1)
    return arranging.moveaxis(total, -1, place)


def _weights(name: str, x: Any, dx: Any, y: Any, axis: int) -> tuple[Any, tuple[Tensor, int]]:
    """What a rule of SciPy's does with each sample alone: the rule is linear in the samples."""
    y = as_tensor(y)
    (place,) = axes_of((axis,), y.ndim, f"scipy.integrate.{name}")
    if is_tensor(x) or is_tensor(dx):
        raise UncoveredError(
            f"scipy.integrate.{name}: the points are constants here; use trapezoid, or give an array"
        )
    size = y._value.shape[place]
    if x is not None and np.shape(x) != (size,):
        raise ShapeError(f"scipy.integrate.{name}: {size} points are needed, the shape of x is {np.shape(x)}")
    return original(f"integrate.{name}")(np.eye(size), x=x, dx=dx, axis=-1), (y, place)
