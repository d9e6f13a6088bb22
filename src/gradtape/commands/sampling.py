"""A function and its partial derivatives on a line or a plane of points: the numbers of `gradtape plot`.

A formula, or a function in a file; it is written for one point, and all points are computed at once where its Python
does not decide by values.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from ..core.errors import said
from ..core.further_errors import LoopedMapWarning, PrecisionWarning
from ..core.spec import float64
from ..core.tensor import Tensor, as_tensor
from ..explain.formula import in_format
from ..faces.loops import vectorized_map
from ..ops.composite import astype
from ..partial import parse_wanted
from ..tape import GradientTape
from .expression import evaluate, names_in, parse
from .output import CommandError
from .partials import all_up_to, label_of, written
from .source import function_at
from .values import values_at

MOST = 9  # pictures on one page
POINTS = {1: 401, 2: 101}
LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Surface:
    """One quantity on all points: "y_xx", its formula for LaTeX (None where none is known), its values."""

    name: str
    latex: str | None
    values: Any


@dataclass(frozen=True, slots=True)
class Samples:
    """What is drawn.

    Attributes:
        what: the formula, or the place of the function.
        axes: the points along each variable, one or two.
        at: the other variables.
        surfaces: the function first, then its partial derivatives; of the shape of the axes together.
    """

    what: str
    axes: dict[str, Any]
    at: dict[str, float]
    surfaces: tuple[Surface, ...]

    def data(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "function": self.what,
            "axes": {name: points.tolist() for name, points in self.axes.items()},
            "at": self.at,
            "values": {surface.name: surface.values.tolist() for surface in self.surfaces},
        }


def sampled(
    what: str,
    over: str,
    at: str = "",
    order: int = 1,
    wanted: str | None = None,
    points: int | None = None,
    geometric: Sequence[str] = (),
    library: ModuleType | None = None,
) -> Samples:
    """The values of a function and its partials over an interval of one variable or two.

    Args:
        what: a formula such as "x**3 - 2*x", or FILE:FUNCTION.
        over: the intervals, "x=-2:2" or "x=0:pi,t=0:1".
        at: numbers for the other variables.
        order: all partials up to this order.
        wanted: these partials in place of all, such as "x xx".
        points: how many along each variable; 401 for one, 101 for two.
        geometric: variables whose points have equal ratios rather than equal distances.
        library: what `tensorflow` means while the file runs.

    Raises:
        ValueError: for what does not fit together.
    """
    tree = None if ".py:" in what else parse(what)
    function = function_at(what, library) if tree is None else None
    names = tuple(names_in(tree)) if tree is not None else _parameters(function, what)
    intervals = _intervals(over, names)
    fixed = _fixed(at, [name for name in names if name not in intervals], names)
    axes = _axes(intervals, points, geometric)
    along = tuple(axes)
    if not 1 <= order <= 10:
        raise CommandError(f"--order is between 1 and 10, not {order}")
    indices = parse_wanted(list(all_up_to(along, order)) if wanted is None else wanted, along)
    if len(indices) + 1 > MOST:
        raise CommandError(
            f"these are {len(indices)} partials, at most {MOST - 1} are drawn; choose with --wanted"
        )
    items = [tuple(n for n, k in zip(along, index, strict=True) for _ in range(k)) for index in indices]

    def value(point: Mapping[str, Any]) -> Any:
        whole = {**point, **{name: as_tensor(np.float64(number)) for name, number in fixed.items()}}
        if tree is not None:
            return evaluate(tree, whole)
        assert function is not None
        return function(*[whole[name] for name in names])

    formulas: Sequence[Any] = [None] * (len(items) + 1)
    if tree is not None:
        formulas = written(tree, names, [_in_all(index, along, names) for index in indices])
    rows = zip(["y", *map(label_of, items)], formulas, _values(value, axes, items, what), strict=True)
    surfaces = [Surface(name, None if f is None else in_format(f, "latex"), v) for name, f, v in rows]
    return Samples(what, axes, fixed, tuple(surfaces))


def _values(
    value: Callable[..., Any], axes: Mapping[str, Any], items: Sequence[tuple[str, ...]], what: str
) -> list[Any]:
    """The function and its partials at all points; NaN where a number is not finite."""

    def one(point: Mapping[str, Tensor]) -> list[Any]:
        with GradientTape() as tape:
            tape.watch(list(point.values()))
            y = as_tensor(value(point))
            if y.ndim:
                raise CommandError(
                    f"{what} gives a tensor of shape {y.shape} at one point; one number is drawn"
                )
            y = astype(y, float64)
        return [y, *tape.partials(y, dict(point), list(items), "zero", total=True)]

    grids = np.meshgrid(*axes.values(), indexing="ij")
    shape = grids[0].shape
    columns = {name: as_tensor(grid.reshape(-1)) for name, grid in zip(axes, grids, strict=True)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrecisionWarning)
        warnings.simplefilter("ignore", LoopedMapWarning)
        found = [np.asarray(y, np.float64).reshape(shape) for y in vectorized_map(one, columns)]
    return [np.where(np.isfinite(y), y, np.nan) for y in found]


def _in_all(index: Sequence[int], along: Sequence[str], names: Sequence[str]) -> tuple[int, ...]:
    """The orders of a partial among all variables."""
    orders = dict(zip(along, index, strict=True))
    return tuple(orders.get(name, 0) for name in names)


def _parameters(function: Any, what: str) -> tuple[str, ...]:
    """The names of a function's arguments."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise CommandError(
            f"the arguments of {what} cannot be read; wrap it in a function of its variables"
        ) from None
    return tuple([p.name for p in parameters if p.default is p.empty and p.kind <= p.POSITIONAL_OR_KEYWORD])


def _intervals(over: str, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for part in over.split(","):
        name, equals, ends = part.partition("=")
        low, colon, high = ends.partition(":")
        name = name.strip()
        if not equals or not colon:
            raise CommandError(f"--over: {part.strip()!r} is no interval; write it as x=-2:2 or x=0:pi,t=0:1")
        if name not in names:
            raise CommandError(
                f"--over gives {name}, which is no variable: there are {', '.join(names) or 'none'}"
            )
        try:
            found[name] = float(evaluate(parse(low), {})), float(evaluate(parse(high), {}))
        except ValueError as error:
            raise CommandError(f"--over: {said(error)}") from None
        if not np.isfinite(found[name]).all() or not found[name][0] < found[name][1]:
            raise CommandError(f"--over: {name} goes from {low} to {high}, which is no interval")
    if len(found) > 2:
        raise CommandError(f"--over takes one variable or two, not {len(found)}; give the others with --at")
    return found


def _fixed(at: str, needed: Sequence[str], names: Sequence[str]) -> dict[str, float]:
    by_place, named = values_at(at)
    if by_place:
        raise CommandError("--at names its values, such as t=1.0")
    unknown = [name for name in named if name not in needed]
    if unknown:
        reason = "--over gives it already" if unknown[0] in names else f"the variables are {', '.join(names)}"
        raise CommandError(f"--at gives {unknown[0]}: {reason}")
    missing = [name for name in needed if name not in named]
    if missing:
        raise CommandError(
            f"{missing[0]} has no value; give it one with --at {missing[0]}=1.0, or an interval"
        )
    for name, number in named.items():
        if isinstance(number, (list, bool)):
            raise CommandError(f"--at: {name} takes a number")
    return {name: float(named[name]) for name in needed}


def _axes(
    intervals: Mapping[str, tuple[float, float]], points: int | None, geometric: Sequence[str]
) -> dict[str, Any]:
    count = POINTS[len(intervals)] if points is None else points
    if count < 2 or count ** len(intervals) > LARGEST:
        raise CommandError(f"--points is at least 2, and at most {LARGEST:,} in all; it is {count}")
    axes = {}
    for name, (low, high) in intervals.items():
        if name in geometric and low <= 0:
            raise CommandError(
                f"--log {name}: the interval from {low:g} to {high:g} has numbers that are not positive"
            )
        axes[name] = np.geomspace(low, high, count) if name in geometric else np.linspace(low, high, count)
    return axes
