"""Sorting, searching and order statistics, with NumPy's names and arguments.

Three rows say where entries belong (`argsort`, `argpartition`, `searchsorted`); they are locally constant. Everything
else reads entries at such places, so its derivative is that of a permutation: a sorted entry's goes to the entry that
it was, the earlier of equal ones first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.define import constant as constant_row
from ..core.errors import DtypeError, InvalidArgumentError, ShapeError
from ..core.further_errors import ChoiceError, RangeError, UncoveredError
from ..core.lead import axes
from ..core.spec import Spec, float64, int64
from ..core.tensor import Tensor, as_tensor
from . import constant, linear
from . import elementwise as each
from .arranging import getitem, ravel
from .composing import axes_of, composite
from .composite import astype
from .leading import SEARCH
from .selection import along, places_of


def _argsort(x: Any, *, axis: int, descending: bool, dtype: Any) -> Any:
    if descending:
        # Sorting the reversed line and counting back keeps equal entries in their order, for every dtype.
        order = x.shape[axis] - 1 - np.argsort(np.flip(x, axis), axis=axis, kind="stable")
        return np.flip(order, axis).astype(dtype)
    return np.argsort(x, axis=axis, kind="stable").astype(dtype)


_LINES = (((2, 3),), {"axis": 1, "descending": False, "dtype": int64})
_DOWN = (((3, 2),), {"axis": 0, "descending": True, "dtype": np.dtype("int32")})
order_of = constant_row(
    "argsort",
    _argsort,
    spec=lambda x, *, axis, descending, dtype: Spec(tuple(x.shape), np.dtype(dtype)),
    samples=(_LINES, _DOWN),
    lead=axes("axis"),
)

part_of = constant_row(
    "argpartition",
    lambda x, *, kth, axis: np.argpartition(x, kth, axis),
    spec=lambda x, *, kth, axis: Spec(tuple(x.shape), int64),
    samples=((((2, 5),), {"kth": (1,), "axis": 1}),),
    lead=axes("axis"),
)


def _searchsorted(a: Any, v: Any, *, side: Any, dtype: Any) -> Any:
    """Each line of `a` is searched for the numbers of the same line of `v`."""
    places = np.empty(v.shape, dtype)
    for line in np.ndindex(a.shape[:-1]):
        places[line] = np.searchsorted(a[line], v[line], side)
    return places


rank_of = constant_row(
    "searchsorted",
    _searchsorted,
    arity=2,
    spec=lambda a, v, *, side, dtype: Spec(tuple(v.shape), np.dtype(dtype)),
    samples=(
        ((np.array([0.0, 0.5, 2.0]), (4,)), {"side": "left", "dtype": int64}),
        ((np.array([[0.0, 1.0], [0.5, 0.5]]), (2, 3)), {"side": "right", "dtype": np.dtype("int32")}),
    ),
    lead=SEARCH,
)


def _line(name: str, a: Any, axis: int | None) -> tuple[Tensor, int]:
    """The tensor and its axis to sort along; flattened for None."""
    x = as_tensor(a)
    if axis is None:
        return ravel(x), 0
    if x.ndim == 0:
        raise ShapeError(f"{name}: a tensor of rank 0 has no axis to sort along")
    return x, axes_of((axis,), x.ndim, name)[0]


@composite("argsort")
def argsort(
    a: Any, axis: int | None = -1, kind: Any = None, order: None = None, *, stable: bool | None = None
) -> Tensor:
    """The places that sort a line; equal entries keep their order, whatever `kind` says."""
    x, place = _line("argsort", a, axis)
    return order_of(x, axis=place, descending=False, dtype=int64)  # type: ignore[no-any-return]


@composite("sort")
def sort(
    a: Any, axis: int | None = -1, kind: Any = None, order: None = None, *, stable: bool | None = None
) -> Tensor:
    """The entries of each line in ascending order, NaN last."""
    x, place = _line("sort", a, axis)
    return sorted_along(x, place)[0]


def sorted_along(x: Tensor, axis: int, descending: bool = False, dtype: Any = int64) -> tuple[Tensor, Tensor]:
    """Sorted lines and the places that the entries had; NaN counts as the largest."""
    order = order_of(x, axis=axis, descending=descending, dtype=dtype)
    return along(x, order, axis), order


def _parts(name: str, kth: Any, size: int) -> tuple[int, ...]:
    wanted = [int(k) for k in np.asarray(kth).reshape(-1)]
    for k in wanted:
        if not -size <= k < size:
            raise RangeError(f"{name}: kth {k} is out of range for an axis of size {size}")
    return tuple(k % size for k in wanted)


@composite("argpartition")
def argpartition(
    a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: None = None
) -> Tensor:
    """Places that bring the kth entry of the sorted line to its place, smaller ones before it, larger ones behind."""
    x, place = _line("argpartition", a, axis)
    return part_of(x, kth=_parts("argpartition", kth, x._value.shape[place]), axis=place)  # type: ignore[no-any-return]


@composite("partition")
def partition(
    a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: None = None
) -> Tensor:
    """The lines with their kth smallest entries in place, smaller ones before them, larger ones behind."""
    x, place = _line("partition", a, axis)
    kept = _parts("partition", kth, x._value.shape[place])
    return along(x, part_of(x, kth=kept, axis=place), place)


@composite("searchsorted")
def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Tensor:
    """Where numbers belong in a sorted vector: before equal entries ("left") or behind them ("right")."""
    line, values = as_tensor(a), as_tensor(v)
    if side not in ("left", "right"):
        raise ChoiceError(f"searchsorted: side must be 'left' or 'right', not {side!r}")
    if line.ndim != 1:
        raise ShapeError(f"searchsorted: a must be a vector, not of shape {line.shape}")
    if sorter is not None:
        line = along(line, places_of("searchsorted", sorter), 0)
    flat = linear.reshape(values, shape=(values.size,))
    places = rank_of(line, flat, side=side, dtype=int64)
    return linear.reshape(places, shape=tuple(values._value.shape))  # type: ignore[no-any-return]


@composite("digitize")
def digitize(x: Any, bins: Any, right: bool = False) -> Tensor:
    """The bin of each number among ascending or descending edges."""
    edges = as_tensor(bins)
    if edges.ndim != 1:
        raise ShapeError(f"digitize: bins must be a vector, not of shape {edges.shape}")
    steps = np.diff(np.asarray(edges))
    side = "left" if right else "right"
    if np.all(steps >= 0):
        return searchsorted(edges, x, side)
    if not np.all(steps <= 0):
        raise InvalidArgumentError("digitize: bins must ascend or descend")
    behind = searchsorted(linear.flip(edges, axis=(0,)), x, side)
    return linear.subtract(Tensor(np.int64(edges.size)), behind)  # type: ignore[no-any-return]


@composite("unique", "unique_values")
def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """The different entries in ascending order; the derivative of each goes to its first occurrence."""
    x = as_tensor(ar)
    (place,) = (None,) if axis is None else axes_of((axis,), x.ndim, "unique")
    _, first, inverse, counts = np.unique(np.asarray(x), True, True, True, place, equal_nan=equal_nan)
    y = linear.take(ravel(x) if place is None else x, Tensor(first), axis=place or 0)
    asked = ((return_index, first), (return_inverse, inverse), (return_counts, counts))
    extra = tuple(Tensor(part) for wanted, part in asked if wanted)
    return (y, *extra) if extra else y


@composite("bincount")
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Tensor:
    """How often each number occurs, or the sum of its weights, in which it is differentiable."""
    numbers = places_of("bincount", x)
    values = np.asarray(numbers)
    if values.ndim != 1 or (values.size and values.min() < 0):
        raise ShapeError(
            f"bincount: x must be a vector of numbers not below zero, got the shape {numbers.shape}"
        )
    size = max(int(values.max(initial=-1)) + 1, int(minlength))
    w = Tensor(np.ones(values.shape, np.int64)) if weights is None else as_tensor(weights)
    if w._value.shape != values.shape:
        raise ShapeError(f"bincount: weights of shape {w.shape} do not fit x of shape {numbers.shape}")
    if w._value.dtype.kind in "biu" and weights is not None:
        w = astype(w, float64)
    return linear.put_add(w, numbers, axis=0, size=size)  # type: ignore[no-any-return]


# order statistics

# The place of quantile q among n sorted entries is n q + a + q (1 - a - b) - 1: Hyndman and Fan 1996, table 1.
_CONTINUOUS = {
    "linear": (1.0, 1.0),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
_STEPS = (
    "lower",
    "higher",
    "midpoint",
    "nearest",
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
)


def _position(q: Tensor, count: int, method: Any) -> Tensor:
    """Where each quantile lies among so many sorted entries, as a number between their places."""
    if method in _STEPS:
        # NumPy's own rule, read off entries that are their own places.
        return Tensor(np.asarray(np.quantile(np.arange(float(count)), np.asarray(q), method=method))[()])
    a, b = _CONTINUOUS[method]
    place = (count - 1) * q if method == "linear" else count * q + (a + q * (1 - a - b)) - 1
    return each.minimum(each.maximum(place, 0.0), count - 1.0)  # type: ignore[no-any-return]


@composite("quantile")
def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: None = None,
) -> Tensor:
    """The numbers below which a part q of the entries lies, by NumPy's methods; NaN where an entry is NaN.

    Differentiable in the entries, and in q for the methods that are continuous in it.
    """
    return _quantile("quantile", as_tensor(a), _double(q), axis, method, keepdims, weights)


@composite("percentile")
def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: None = None,
) -> Tensor:
    """Quantiles with q in percent."""
    return _quantile("percentile", as_tensor(a), _double(q) / 100.0, axis, method, keepdims, weights)


def _double(q: Any) -> Tensor:
    """Parts as a tensor in double precision, which plain numbers keep."""
    return astype(q, float64) if hasattr(type(q), "_as_tensor") else as_tensor(np.asarray(q, np.float64))


@composite("median")
def median(
    a: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False
) -> Tensor:
    """The middle entry, or the mean of the two in the middle, between which the derivative is shared."""
    return _quantile("median", as_tensor(a), Tensor(np.float64(0.5)), axis, "linear", keepdims, None)


def _quantile(
    name: str, x: Tensor, q: Tensor, axis: Any, method: str, keepdims: bool, weights: Any
) -> Tensor:
    if weights is not None:
        raise UncoveredError(f"{name}: weights are not covered")
    if method not in _CONTINUOUS and method not in _STEPS:
        raise ChoiceError(f"{name}: method must be one of {sorted_names()}, not {method!r}")
    if x._value.dtype.kind == "c":
        raise DtypeError(f"{name}: complex numbers have no order, got {x.dtype.name} of shape {x.shape}")
    x = astype(x, float64) if x._value.dtype.kind in "biu" else x
    if not np.all((np.asarray(q) >= 0) & (np.asarray(q) <= 1)):
        raise RangeError(
            f"{name}: q must lie in the range {'0 to 100' if name == 'percentile' else '0 to 1'}"
        )
    axes = axes_of(axis, x.ndim, name)
    rest = [i for i in range(x.ndim) if i not in axes]
    shape = tuple(x._value.shape)
    count = int(np.prod([shape[i] for i in axes], dtype=np.int64))
    if not count:
        raise ShapeError(f"{name}: there is no entry along the axes {axes} of the shape {x.shape}")
    lines = linear.reshape(linear.transpose(x, axes=(*axes, *rest)), shape=(count, *(shape[i] for i in rest)))
    lines, _ = sorted_along(lines, 0)
    y = _between(lines, _position(q, count, method))
    if bool(constant.any_(constant.isnan(lines), axis=tuple(range(lines.ndim)), keepdims=False)):
        last = getitem(lines, -1)
        y = linear.where(constant.isnan(last), last, y)
    if keepdims:
        kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
        y = linear.reshape(y, shape=(*q._value.shape, *kept))
    return y


def _between(lines: Tensor, position: Tensor) -> Tensor:
    """Entries of the first axis at positions between places, by linear interpolation."""
    lower = constant.floor(position)
    part = position - lower
    below = constant.astype(lower, dtype=int64)
    above = each.minimum(below + 1, lines._value.shape[0] - 1)
    part = linear.reshape(astype(part, lines.dtype), shape=(*position._value.shape, *(1,) * (lines.ndim - 1)))
    # A weight of zero takes an infinite neighbour out.
    first = each.multiply_no_nan(linear.take(lines, below, axis=0), 1 - part)
    return first + each.multiply_no_nan(linear.take(lines, above, axis=0), part)  # type: ignore[no-any-return]


def sorted_names() -> list[str]:
    """The methods of `quantile`."""
    return sorted([*_CONTINUOUS, *_STEPS])
