"""`scipy.interpolate`: piecewise polynomials through data, on tensors.

An interpolant is polynomials between its breaks, `sum c[j] (x - breaks[i])**(k - j)`. Where SciPy's coefficients are
linear in the data they are a product with what SciPy makes of each datum alone.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.interpolate  # type: ignore[import-untyped]  # SciPy brings no types

from ..core.errors import ChoiceError, RangeError, ShapeError
from ..core.further_errors import UncoveredError
from ..core.tensor import Tensor, as_tensor, look
from ..faces.scipy_special import pick
from ..ops import arranging, composite, contraction, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.composing import axes_of
from .meaning import MEANINGS, holds_tensor, is_tensor, plain


class Piecewise:
    """Polynomials between breaks, as `scipy.interpolate.PPoly`, whose coefficients may be tensors.

    Attributes:
        c: coefficients (k + 1, pieces, ...), the highest power first.
        x: the breaks, in ascending order; constants.
        extrapolate: whether the outer polynomials go on; "periodic" repeats, False gives NaN.
        axis: where the axis of the points stands in results.
    """

    def __init__(self, c: Any, x: Any, extrapolate: Any = None, axis: int = 0) -> None:
        self.c, self.x, self.axis = as_tensor(c), np.asarray(plain(x), np.float64), axis
        self.extrapolate = True if extrapolate is None else extrapolate

    def __call__(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Tensor:
        """The values at points of any shape, or those of a derivative (an antiderivative below 0)."""
        curve = self.derivative(nu) if nu > 0 else self.antiderivative(-nu) if nu < 0 else self
        beyond = self.extrapolate if extrapolate is None else extrapolate
        points, breaks = as_tensor(x if is_tensor(x) else np.asarray(x, np.float64)), self.x
        if beyond == "periodic":
            period = breaks[-1] - breaks[0]
            points = points - period * fixed.floor((points - breaks[0]) / period)
        places = np.clip(np.searchsorted(breaks, values_of(points), "right") - 1, 0, len(breaks) - 2)
        away = points - breaks[places]
        for _ in range(self.c.ndim - 2):
            away = arranging.expand_dims(away, -1)
        pieces = [linear.take(part, Tensor(places), axis=0) for part in curve.c]
        y = functools.reduce(lambda total, part: total * away + part, pieces)
        if beyond is False:
            inside = (values_of(points) >= breaks[0]) & (values_of(points) <= breaks[-1])
            y = pick(Tensor(inside.reshape(inside.shape + (1,) * (self.c.ndim - 2))), y, np.nan)
        return arranging.moveaxis(y, range(points.ndim), range(self.axis, self.axis + points.ndim))

    def derivative(self, nu: int = 1) -> Piecewise:
        """The derivative of order nu."""
        c = self.c
        for _ in range(nu):
            powers = np.arange(c._value.shape[0] - 1, 0, -1.0)
            c = c[:-1] * powers.reshape(-1, *(1,) * (c.ndim - 1)) if powers.size else composite.zeros_like(c)
        return Piecewise(c, self.x, self.extrapolate, self.axis)

    def antiderivative(self, nu: int = 1) -> Piecewise:
        """The antiderivative of order nu, which is zero at the first break and continuous."""
        c, steps = self.c, np.diff(self.x)
        for _ in range(nu):
            k = c._value.shape[0]
            powers = np.arange(k, 0, -1.0)
            raised = c / powers.reshape(-1, *(1,) * (c.ndim - 1))
            growth = np.stack([steps**power for power in powers]).reshape(k, -1, *(1,) * (c.ndim - 2))
            ends = composite.cumsum(composite.sum(raised * growth, 0), 0)
            starts = arranging.concatenate((composite.zeros_like(ends[:1]), ends[:-1]), 0)
            c = arranging.concatenate((raised, arranging.expand_dims(starts, 0)), 0)
        return Piecewise(c, self.x, self.extrapolate, self.axis)

    def integrate(self, a: Any, b: Any) -> Tensor:
        """The integral from a to b, also in these."""
        if self.extrapolate == "periodic":
            raise UncoveredError("scipy.interpolate: integrals over periods have no meaning on tensors")
        area = self.antiderivative()
        return area(b) - area(a)  # type: ignore[no-any-return]


def values_of(points: Tensor) -> Any:
    """Where points lie, which says the pieces and does not vary."""
    return np.asarray(look(fixed.stop_gradient(points), "an interpolant"))


def _data(name: str, x: Any, y: Any, axis: int) -> tuple[Any, Tensor, int]:
    """The points as an array and the data as a tensor, their axis first."""
    points, data = np.asarray(plain(x), np.float64), as_tensor(y)
    (place,) = axes_of((axis,), data.ndim, f"scipy.interpolate.{name}")
    data = arranging.moveaxis(data, place, 0)
    if points.ndim != 1 or len(points) < 2 or data._value.shape[0] != len(points):
        raise ShapeError(
            f"scipy.interpolate.{name}: points of shape {points.shape} do not fit {data._value.shape[0]} data"
        )
    if not (np.diff(points) > 0).all():
        raise RangeError(f"scipy.interpolate.{name}: x must ascend strictly")
    return points, data, place


def _spread(coefficients: Any, data: Tensor) -> Tensor:
    """Coefficients (k + 1, pieces, n) of n unit data, times the data (n, ...)."""
    return contraction.tensordot(as_tensor(coefficients.astype(data.dtype)), data, 1)


def kind_of(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter how SciPy's class of a name is made of tensors; without any tensor it is SciPy's.

    SciPy's own object answers tensors where it is evaluated by `Piecewise` too.
    """

    def enter(make: Callable[..., Any]) -> Callable[..., Any]:
        theirs = getattr(scipy.interpolate, name)

        @functools.wraps(make)
        def made(x: Any, y: Any, *args: Any, **settings: Any) -> Any:
            if not holds_tensor(x, y, args):
                return Evaluated(theirs(x, y, *args, **settings), lambda: make(x, y, *args, **settings))
            return make(x, y, *args, **settings)

        made.__name__ = made.__qualname__ = name
        MEANINGS[f"interpolate.{name}"] = made
        return make

    return enter


class Evaluated:
    """SciPy's interpolant of plain data, which answers tensors where it is evaluated."""

    def __init__(self, theirs: Any, ours: Callable[[], Any]) -> None:
        self._theirs, self._ours = theirs, ours

    def __call__(self, x: Any, *args: Any, **settings: Any) -> Any:
        """The values at points."""
        return (self._ours() if is_tensor(x) else self._theirs)(x, *args, **settings)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._theirs, name)
        if name == "integrate":
            return lambda a, b, *more: (self._ours() if holds_tensor(a, b) else self._theirs).integrate(
                a, b, *more
            )
        if name in ("derivative", "antiderivative"):
            return lambda nu=1: Evaluated(found(nu), lambda: getattr(self._ours(), name)(nu))
        return found


@kind_of("CubicSpline")
def cubic_spline(
    x: Any, y: Any, axis: int = 0, bc_type: Any = "not-a-knot", extrapolate: Any = None
) -> Piecewise:
    """The cubic spline through the data, twice continuously differentiable."""
    points, data, place = _data("CubicSpline", x, y, axis)
    if not isinstance(bc_type, str) and any(
        np.any(plain(end[1]) != 0) for end in bc_type if not isinstance(end, str)
    ):
        raise UncoveredError(
            "scipy.interpolate.CubicSpline: slopes at the ends other than 0 have no meaning on tensors"
        )
    if isinstance(bc_type, str) and bc_type == "periodic":
        # Both ends are one datum, the first: SciPy demands that they agree.
        unit = np.vstack([np.eye(len(points) - 1), np.eye(len(points) - 1)[:1]])
        spline = scipy.interpolate.CubicSpline(points, unit, bc_type=bc_type)
        return Piecewise(
            _spread(spline.c, data[:-1]), points, "periodic" if extrapolate is None else extrapolate, place
        )
    spline = scipy.interpolate.CubicSpline(points, np.eye(len(points)), bc_type=bc_type)
    return Piecewise(_spread(spline.c, data), points, extrapolate, place)


@kind_of("make_interp_spline")
def interpolating_spline(
    x: Any, y: Any, k: int = 3, t: Any = None, bc_type: Any = None, axis: int = 0, check_finite: bool = True
) -> Piecewise:
    """The spline of degree k through the data, as polynomials between its knots."""
    points, data, place = _data("make_interp_spline", x, y, axis)
    if bc_type is not None or t is not None:
        raise UncoveredError(
            "scipy.interpolate.make_interp_spline: bc_type= and t= have no meaning on tensors"
        )
    spline = scipy.interpolate.make_interp_spline(points, np.eye(len(points)), k)
    breaks = np.unique(spline.t[k : len(spline.t) - k])
    powers = [
        spline(breaks[:-1], nu=j) / math.factorial(j) for j in range(k, -1, -1)
    ]  # Taylor's at each break
    return Piecewise(_spread(np.stack(powers), data), breaks, None, place)


@kind_of("CubicHermiteSpline")
def hermite_spline(x: Any, y: Any, dydx: Any, axis: int = 0, extrapolate: Any = None) -> Piecewise:
    """The cubic polynomials through values and slopes."""
    points, data, place = _data("CubicHermiteSpline", x, y, axis)
    _, slopes, _ = _data("CubicHermiteSpline", x, dydx, axis)
    return Piecewise(_hermite(points, data, slopes), points, extrapolate, place)


def _hermite(points: Any, data: Tensor, slopes: Tensor) -> Tensor:
    steps = _beside(np.diff(points), data)
    rise = (data[1:] - data[:-1]) / steps
    bend = (slopes[:-1] + slopes[1:] - 2 * rise) / steps
    return arranging.stack((bend / steps, (rise - slopes[:-1]) / steps - bend, slopes[:-1], data[:-1]), 0)


def _beside(steps: Any, data: Tensor) -> Any:
    """Numbers along the first axis, to be multiplied with the data."""
    return steps.reshape(-1, *(1,) * (data.ndim - 1))


@kind_of("PchipInterpolator")
def monotone_spline(x: Any, y: Any, axis: int = 0, extrapolate: Any = None) -> Piecewise:
    """The monotone cubic interpolant (Fritsch and Butland 1984), whose slopes are weighted harmonic means."""
    points, data, place = _data("PchipInterpolator", x, y, axis)
    steps = np.diff(points)
    rise = (data[1:] - data[:-1]) / _beside(steps, data)
    if len(points) == 2:
        return Piecewise(
            _hermite(points, data, arranging.concatenate((rise, rise), 0)), points, extrapolate, place
        )
    low, high = rise[:-1], rise[1:]
    near, far = _beside(2 * steps[1:] + steps[:-1], data), _beside(steps[1:] + 2 * steps[:-1], data)
    level = low * high <= 0
    mean = (near + far) / (near / pick(level, 1.0, low) + far / pick(level, 1.0, high))
    slopes = (
        _end_slope(steps[0], steps[1], rise[:1], rise[1:2]),
        pick(level, 0.0, mean),
        _end_slope(steps[-1], steps[-2], rise[-1:], rise[-2:-1]),
    )
    return Piecewise(_hermite(points, data, arranging.concatenate(slopes, 0)), points, extrapolate, place)


def _end_slope(step: float, after: float, rise: Tensor, next_rise: Tensor) -> Tensor:
    """The three-point slope at an end, kept to the shape of the data."""
    slope = ((2 * step + after) * rise - step * next_rise) / (step + after)
    turned = slope * rise <= 0
    steep = fixed.logical_and(rise * next_rise <= 0, each.absolute(slope) > 3 * each.absolute(rise))
    return pick(turned, 0.0, pick(steep, 3.0 * rise, slope))


@kind_of("Akima1DInterpolator")
def akima_spline(
    x: Any, y: Any, axis: int = 0, *, method: str = "akima", extrapolate: Any = None
) -> Piecewise:
    """Akima's interpolant (1970): slopes are means weighted by how much the next ones bend."""
    points, data, place = _data("Akima1DInterpolator", x, y, axis)
    if method not in ("akima", "makima"):
        raise ChoiceError(
            f"scipy.interpolate.Akima1DInterpolator: method must be 'akima' or 'makima', not {method!r}"
        )
    rise = (data[1:] - data[:-1]) / _beside(np.diff(points), data)
    if len(points) == 2:
        return Piecewise(
            _hermite(points, data, arranging.concatenate((rise, rise), 0)), points, extrapolate, place
        )
    first, last = 2 * rise[:1] - rise[1:2], 2 * rise[-1:] - rise[-2:-1]
    m = arranging.concatenate((2 * first - rise[:1], first, rise, last, 2 * last - rise[-1:]), 0)
    bends = each.absolute(m[1:] - m[:-1])
    if method == "makima":
        bends = bends + each.absolute(m[1:] + m[:-1]) / 2
    before, after = bends[:-2], bends[2:]
    total = before + after
    straight = total <= 1e-9 * float(
        np.max(np.abs(look(fixed.stop_gradient(total), "Akima1DInterpolator")), initial=0)
    )
    weighted = (after * m[1:-2] + before * m[2:-1]) / pick(straight, 1.0, total)
    slopes = pick(straight, 0.0 if method == "makima" else (m[3:] + m[:-3]) / 2, weighted)
    return Piecewise(
        _hermite(points, data, slopes), points, False if extrapolate is None else extrapolate, place
    )
