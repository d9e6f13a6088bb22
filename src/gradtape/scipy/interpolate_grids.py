"""`scipy.interpolate`: between the points of a line or a grid, on tensors."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import scipy.interpolate  # type: ignore[import-untyped]  # SciPy brings no types

from ..core.errors import RangeError, ShapeError
from ..core.further_errors import UncoveredError
from ..core.tensor import Tensor, as_tensor
from ..faces.scipy_special import pick
from ..ops import arranging, linear
from .interpolate_pieces import Evaluated, Piecewise, interpolating_spline, kind_of, values_of
from .meaning import MEANINGS, holds_tensor, plain

_DEGREES = {"linear": 1, "slinear": 1, "quadratic": 2, "cubic": 3}


@kind_of("interp1d")
def line(
    x: Any,
    y: Any,
    kind: Any = "linear",
    axis: int = -1,
    copy: bool = True,
    bounds_error: Any = None,
    fill_value: Any = np.nan,
    assume_sorted: bool = False,
) -> Any:
    """The spline of a degree through the data: "linear", "quadratic", "cubic" or a number."""
    degree = _DEGREES.get(kind, kind)
    if not isinstance(degree, int) or degree < 1:
        raise UncoveredError(
            f"scipy.interpolate.interp1d: kind={kind!r} has no meaning on tensors; it is constant"
        )
    order = np.argsort(plain(x), kind="stable")
    data = as_tensor(y)
    data = linear.take(data, Tensor(order), axis=axis % data.ndim)
    spline = interpolating_spline(np.asarray(plain(x))[order], data, degree, axis=axis)
    beyond = isinstance(fill_value, str) and fill_value == "extrapolate"
    if not beyond and not (isinstance(fill_value, float) and np.isnan(fill_value)):
        raise UncoveredError(
            "scipy.interpolate.interp1d: fill_value= has no meaning on tensors but 'extrapolate'"
        )
    curve = Piecewise(spline.c, spline.x, beyond, spline.axis)
    refuses = not beyond and bounds_error is not False

    def evaluate(points: Any) -> Tensor:
        where = values_of(as_tensor(points))
        if refuses and ((where < curve.x[0]) | (where > curve.x[-1])).any():
            raise RangeError(f"scipy.interpolate.interp1d: points lie outside [{curve.x[0]}, {curve.x[-1]}]")
        return curve(points)

    return evaluate


class Grid:
    """What `scipy.interpolate.RegularGridInterpolator` is of tensors: multilinear between the points of a grid."""

    def __init__(self, points: Any, values: Any, bounds_error: bool, fill_value: Any) -> None:
        self.grid = tuple(np.asarray(plain(axis), np.float64) for axis in points)
        self.values = as_tensor(values)
        self._refuses, self._fill = bounds_error, fill_value
        if self.values._value.shape[: len(self.grid)] != tuple(map(len, self.grid)):
            raise ShapeError(
                f"scipy.interpolate.RegularGridInterpolator: values of shape {self.values.shape} do not fit axes of "
                f"{[len(axis) for axis in self.grid]} points"
            )

    def __call__(self, xi: Any) -> Tensor:
        """The values at points, whose coordinates are in the last axis."""
        points = (
            arranging.stack(xi, -1) if isinstance(xi, (tuple, list)) and holds_tensor(xi) else as_tensor(xi)
        )
        if points._value.shape[-1:] != (len(self.grid),):
            raise ShapeError(
                f"scipy.interpolate.RegularGridInterpolator: points of shape {points.shape} need {len(self.grid)} "
                "coordinates in their last axis"
            )
        where = values_of(points)
        outside = np.zeros(where.shape[:-1], bool)
        corners, weights = [], []
        for i, axis in enumerate(self.grid):
            at = where[..., i]
            outside |= (at < axis[0]) | (at > axis[-1])
            low = np.clip(np.searchsorted(axis, at, "right") - 1, 0, len(axis) - 2)
            part = (points[..., i] - axis[low]) / (axis[low + 1] - axis[low])
            corners.append((low, low + 1))
            weights.append((1 - part, part))
        if self._refuses and outside.any():
            raise RangeError("scipy.interpolate.RegularGridInterpolator: points lie outside the grid")
        trailing = (1,) * (self.values.ndim - len(self.grid))
        total: Any = 0.0
        for choice in itertools.product((0, 1), repeat=len(self.grid)):
            weight: Any = 1.0
            for i, side in enumerate(choice):
                weight = weight * weights[i][side]
            corner = linear.getitem(
                self.values, index=tuple(corners[i][side] for i, side in enumerate(choice))
            )
            total = total + corner * arranging.reshape(weight, (*weight.shape, *trailing))
        if self._fill is None or not outside.any():
            return total  # type: ignore[no-any-return]
        return pick(Tensor(outside.reshape(*outside.shape, *trailing)), self._fill, total)


def regular_grid(
    points: Any,
    values: Any,
    method: str = "linear",
    bounds_error: bool = True,
    fill_value: Any = np.nan,
    **solver: Any,
) -> Any:
    """Between the points of a grid; on tensors multilinear."""
    theirs = scipy.interpolate.RegularGridInterpolator

    def ours() -> Grid:
        if method != "linear":
            raise UncoveredError(
                "scipy.interpolate.RegularGridInterpolator: only method='linear' takes tensors"
            )
        return Grid(points, values, bounds_error, fill_value)

    if holds_tensor(points, values):
        return ours()
    return Evaluated(theirs(points, values, method, bounds_error, fill_value, **solver), ours)


MEANINGS["interpolate.RegularGridInterpolator"] = regular_grid
