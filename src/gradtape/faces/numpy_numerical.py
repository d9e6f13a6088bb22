"""NumPy's numerical functions: differences, integrals, interpolation, convolutions and products.

Places found by searching are locally constant; numbers read at them are not. So `np.interp` differentiates in the
point, in the nodes and in the values, with the slope of the piece to the right at a node, as NumPy evaluates it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, ShapeError
from ..core.further_errors import ChoiceError, RangeError
from ..core.spec import float64
from ..core.tensor import Tensor, as_tensor, beside, look
from ..ops import arranging, composite, contraction, linear, ordering
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.arranging import concatenate, moveaxis, ravel
from ..ops.composing import axes_of
from ..ops.composite import astype
from ..ops.convolution import convolve as correlate_windows
from ..ops.products import cross_product
from .numpy_names import numpy_name, value_of


def _part(x: Any, axis: int, start: Any, stop: Any = None) -> Tensor:
    return linear.getitem(x, index=(*(slice(None),) * axis, slice(start, stop)))  # type: ignore[no-any-return]


def _floating(x: Tensor) -> Tensor:
    return astype(x, float64) if x._value.dtype.kind in "biu" else x


# differences and integrals


@numpy_name("diff")
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """The differences of neighbours along an axis, n times over."""
    x = as_tensor(a)
    (place,) = axes_of((axis,), x.ndim, "diff")
    if n < 0:
        raise RangeError(f"np.diff: n must not be negative, not {n}")
    ends = []
    for extra in (prepend, append):
        if extra is not None:
            y = beside((x, extra))[1]
            shape = (*x._value.shape[:place], 1, *x._value.shape[place + 1 :])
            ends.append(arranging.broadcast_to(y, shape) if y.ndim == 0 else y)
    parts = [*(ends[:1] if prepend is not None else []), x, *(ends[-1:] if append is not None else [])]
    y = concatenate(parts, place) if len(parts) > 1 else x
    for _ in range(n):
        y = (
            each.cast_flag(fixed.not_equal(_part(y, place, 1), _part(y, place, None, -1)), y)
            if y._value.dtype.kind == "b"
            else linear.subtract(_part(y, place, 1), _part(y, place, None, -1))
        )
    return y


@numpy_name("ediff1d")
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Tensor:
    """The differences of neighbours of the flat tensor, with numbers before and behind."""
    x = ravel(ary)
    y = diff(x)
    parts = [ravel(beside((x, e))[1]) if e is not None else None for e in (to_begin, to_end)]
    joined = [p for p in (parts[0], y, parts[1]) if p is not None]
    return concatenate(joined, 0) if len(joined) > 1 else y


@numpy_name("trapezoid")
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """The integral along an axis by the trapezoidal rule, differentiable in values, points and step."""
    f = _floating(as_tensor(y))
    (place,) = axes_of((axis,), f.ndim, "trapezoid")
    width: Any = dx
    if x is not None:
        points = beside((f, x))[1]
        width = diff(points, axis=0 if points.ndim == 1 else axis)
        if points.ndim == 1:
            width = linear.reshape(width, shape=(width.size,) + (1,) * (f.ndim - 1 - place))
    return composite.sum(width * (_part(f, place, 1) + _part(f, place, None, -1)) / 2.0, place)


@numpy_name("gradient")
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Central differences inside and one-sided ones at the edges; of second order for any spacing."""
    y = _floating(as_tensor(f))
    axes = axes_of(axis, y.ndim, "gradient")
    if edge_order not in (1, 2):
        raise ChoiceError(f"np.gradient: edge_order must be 1 or 2, not {edge_order}")
    if len(varargs) not in (0, 1, len(axes)):
        raise ArgumentTypeError(f"np.gradient: {len(varargs)} spacings are given for {len(axes)} axes")
    given = (
        varargs * len(axes)
        if len(varargs) == 1 and np.ndim(value_of(varargs[0], "np.gradient")) == 0
        else varargs
    )
    spacings = given or (1.0,) * len(axes)
    if len(spacings) != len(axes):
        raise ArgumentTypeError(
            f"np.gradient: {len(varargs)} coordinate vectors are given for {len(axes)} axes"
        )
    found = [_slope(y, place, step, edge_order) for place, step in zip(axes, spacings, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def _slope(y: Tensor, axis: int, spacing: Any, edge_order: int) -> Tensor:
    """The derivative along one axis, from the parabola through three neighbours (Fornberg 1988, three points)."""
    size = y._value.shape[axis]
    if size < edge_order + 1:
        raise ShapeError(
            f"np.gradient: axis {axis} of the shape {y.shape} is too short for edge_order {edge_order}"
        )
    steps = beside((y, spacing))[1]
    if steps.ndim == 0:
        widths = arranging.broadcast_to(steps, (size - 1,))
    elif steps._value.shape == (size,):
        widths = diff(steps)
    else:
        raise ShapeError(
            f"np.gradient: coordinates of shape {steps.shape} do not fit axis {axis} of {y.shape}"
        )
    widths = linear.reshape(widths, shape=(size - 1,) + (1,) * (y.ndim - 1 - axis))
    slopes = linear.subtract(_part(y, axis, 1), _part(y, axis, None, -1)) / widths
    before, behind = widths[:-1], widths[1:]
    parts = []
    if edge_order == 1:
        ends = (_part(slopes, axis, 0, 1), _part(slopes, axis, -1))
    else:
        first, second = widths[:1] / (widths[:1] + widths[1:2]), widths[-1:] / (widths[-2:-1] + widths[-1:])
        ends = (
            _part(slopes, axis, 0, 1) * (1 + first) - _part(slopes, axis, 1, 2) * first,
            _part(slopes, axis, -1) * (1 + second) - _part(slopes, axis, -2, -1) * second,
        )
    parts.append(ends[0])
    if size > 2:
        weight = behind / (before + behind)
        parts.append(_part(slopes, axis, None, -1) * weight + _part(slopes, axis, 1) * (1 - weight))
    parts.append(ends[1])
    return concatenate(parts, axis)


@numpy_name("interp")
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Tensor:
    """Linear interpolation between nodes, differentiable in the point, the nodes and the values."""
    point, nodes, values = (_floating(t) for t in beside((x, xp, fp)))
    if nodes.ndim != 1 or nodes._value.shape != values._value.shape or not nodes.size:
        raise ShapeError(
            f"np.interp: xp and fp must be vectors of one size, not of {nodes.shape} and {values.shape}"
        )
    if period is not None:
        point, nodes, values = _periodic(point, nodes, values, period)
        left = right = None
    if nodes.size == 1:
        inside = arranging.broadcast_to(values, (1,))[0] + composite.zeros_like(point)
    else:
        found = ordering.searchsorted(nodes, point, "right")
        place = each.minimum(each.maximum(found, 1), nodes.size - 1)
        x0, x1 = (linear.take(nodes, i, axis=0) for i in (place - 1, place))
        y0, y1 = (linear.take(values, i, axis=0) for i in (place - 1, place))
        inside = (y1 - y0) / (x1 - x0) * (point - x0) + y0
    first, last = (values[0] if left is None else left), (values[-1] if right is None else right)
    y = composite.where(point < nodes[0], first, inside)
    # NumPy gives the last value itself at the last node and behind it.
    y = composite.where(point > nodes[-1], last, y)
    return y  # type: ignore[no-any-return]


def _periodic(point: Tensor, nodes: Tensor, values: Tensor, period: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Point and nodes within one period, the nodes in order with a neighbour of the next period at either end."""
    length = each.absolute(as_tensor(beside((nodes, period))[1]))
    point, nodes = each.remainder(point, length), each.remainder(nodes, length)
    order = np.argsort(look(nodes, "np.interp"), kind="stable")
    nodes, values = nodes[order], values[order]
    nodes = concatenate((nodes[-1:] - length, nodes, nodes[:1] + length), 0)
    return point, nodes, concatenate((values[-1:], values, values[:1]), 0)


# products


@numpy_name("inner")
def inner(a: Any, b: Any, /) -> Tensor:
    """Sums of products over the last axes."""
    x, y = beside((a, b))
    if x.ndim == 0 or y.ndim == 0:
        return each.multiply(x, y)  # type: ignore[no-any-return]
    return contraction.tensordot(x, y, axes=(-1, -1))


@numpy_name("vdot")
def vdot(a: Any, b: Any, /) -> Tensor:
    """The inner product of flat tensors, the first conjugated."""
    x, y = beside((a, b))
    return contraction.matmul(ravel(composite.conjugate(x)), ravel(y))


@numpy_name("cross")
def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Tensor:
    """The cross product of vectors of three entries."""
    x, y = beside((a, b))
    from_a, from_b, to = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    return moveaxis(cross_product(moveaxis(x, from_a, -1), moveaxis(y, from_b, -1)), -1, to)


@numpy_name("convolve")
def convolve(a: Any, v: Any, mode: str = "full") -> Tensor:
    """Sums of products of one vector with another turned round, at every offset."""
    return _slid("convolve", a, v, mode, turned=True)


@numpy_name("correlate")
def correlate(a: Any, v: Any, mode: str = "valid") -> Tensor:
    """Sums of products of one vector with the conjugate of another, at every offset."""
    return _slid("correlate", a, composite.conjugate(v), mode, turned=False)


def _slid(name: str, a: Any, v: Any, mode: str, turned: bool) -> Tensor:
    x, w = beside((a, v))
    if x.ndim > 1 or w.ndim > 1 or not x.size or not w.size:
        raise ShapeError(
            f"np.{name}: both must be vectors that are not empty, not of {x.shape} and {w.shape}"
        )
    x, w = ravel(x), ravel(w)
    swapped = w.size > x.size
    if swapped:
        x, w = w, x
    n, m = x.size, w.size
    # How far the shorter vector may stick out before and behind the longer one.
    margins = {"full": (m - 1, m - 1), "valid": (0, 0), "same": (m // 2, (m - 1) // 2)}
    if mode not in margins:
        raise ChoiceError(f"np.{name}: mode must be 'full', 'same' or 'valid', not {mode!r}")
    before, behind = margins[mode]
    if turned:
        w = linear.flip(w, axis=(0,))
    y = correlate_windows(
        linear.reshape(x, shape=(1, n, 1)),
        linear.reshape(w, shape=(m, 1, 1)),
        strides=(1,),
        padding=((before, behind),),
        stretch=(1,),
        dilations=(1,),
        groups=1,
    )
    y = ravel(y)
    # Correlation of the shorter vector with the longer one runs the other way.
    return linear.flip(y, axis=(0,)) if swapped and not turned else y
