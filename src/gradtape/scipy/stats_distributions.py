"""`scipy.stats`: densities, distribution functions and quantiles of its distributions of one variable, on tensors.

A distribution of SciPy's is a formula for the standard form (`_logpdf`, `_cdf`, ...) with checks around it that write
into arrays. Here the formula runs on tensors, with the checks as `where`: outside the support the density is zero, and
with parameters that are none everything is NaN. Where SciPy's formula does not run, `stats_formulas.py` has one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from scipy.stats import rv_continuous, rv_discrete  # type: ignore[import-untyped]  # SciPy brings no types

from ..capture import followed, pulled, pushed
from ..core.further_errors import UncoveredError
from ..core.tensor import Tensor, as_tensor, beside
from ..faces.scipy_special import pick
from ..implicit.solved import solved
from ..ops import composite, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from .meaning import Inside, enter, original
from .stats_formulas import FORMULAS

_WAYS: dict[str, tuple[tuple[str, Callable[[Any], Any]], ...]] = {
    "logpdf": (("_logpdf", lambda y: y), ("_pdf", each.log)),
    "pdf": (("_pdf", lambda y: y), ("_logpdf", each.exp)),
    "logpmf": (("_logpmf", lambda y: y), ("_pmf", each.log)),
    "pmf": (("_pmf", lambda y: y), ("_logpmf", each.exp)),
    "cdf": (("_cdf", lambda y: y), ("_sf", lambda y: 1 - y)),
    "sf": (("_sf", lambda y: y), ("_cdf", lambda y: 1 - y)),
    "logcdf": (("_logcdf", lambda y: y), ("_cdf", each.log)),
    "logsf": (("_logsf", lambda y: y), ("_sf", each.log)),
}
"""SciPy's formulas of a standard form by which a method can be computed, and what is made of each."""

_BELOW = {"logcdf": -math.inf, "logpdf": -math.inf, "logpmf": -math.inf, "sf": 1.0}
_ABOVE = {"cdf": 1.0, "logpdf": -math.inf, "logpmf": -math.inf, "logsf": -math.inf}
"""Values below and above the support; zero where there is none here."""


def _formula(dist: Any, method: str, y: Tensor, shapes: tuple[Tensor, ...]) -> Tensor:
    """A method of the standard form inside its support, of the first formula that runs on tensors."""
    name = f"scipy.stats.{dist.name}.{method}"
    ours = FORMULAS.get(dist.name, {})
    for way, finish in _WAYS[method]:
        if way in ours:
            return finish(ours[way](y, *shapes))  # type: ignore[no-any-return]
    (way, finish), *others = _WAYS[method]
    try:
        return _run(name, dist, way, y, shapes, finish)
    except UncoveredError:
        for way, finish in others:
            with suppress(UncoveredError):
                return _run(name, dist, way, y, shapes, finish)
        raise


def _run(name: str, dist: Any, way: str, y: Tensor, shapes: tuple[Tensor, ...], finish: Any) -> Tensor:
    with Inside(name), np.errstate(all="ignore"):
        return as_tensor(finish(getattr(dist, way)(y, *shapes)))


def _standard(dist: Any, x: Any, args: Any, kwds: Any) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
    """The argument, location and scale, and the parameters of a distribution's shape, of one floating dtype."""
    shapes, location, scale = dist._parse_args(*args, **kwds)
    given = beside((x, location, 1.0 if scale is None else scale, *shapes))
    x, location, scale, *shapes = [
        composite.astype(t, np.float64) if t._value.dtype.kind in "biu" else t for t in given
    ]
    return x, location, scale, tuple(shapes)


def _valid(dist: Any, shapes: tuple[Tensor, ...], scale: Tensor) -> Any:
    """Where the parameters are some: SciPy's own conditions, or all above zero."""
    valid = fixed.greater(scale, each.like(scale, 0))
    if type(dist)._argcheck not in (rv_continuous._argcheck, rv_discrete._argcheck):
        with Inside(f"scipy.stats.{dist.name}"):
            own = dist._argcheck(*shapes)
        return fixed.logical_and(valid, as_tensor(own)) if not isinstance(own, (bool, int)) else valid
    for shape in shapes:
        valid = fixed.logical_and(valid, fixed.greater(shape, each.like(shape, 0)))
    return valid


def _inner(low: Any, high: Any) -> Any:
    """A point inside the support, at which formulas are evaluated for arguments outside."""
    if not isinstance(low, Tensor) and not isinstance(high, Tensor):
        if math.isfinite(low):
            return (low + high) / 2 if math.isfinite(high) else low + 1.0
        return high - 1.0 if math.isfinite(high) else 0.0
    low, high = beside((low, high))
    below, above = fixed.isfinite(low), fixed.isfinite(high)
    open_above = pick(below, pick(below, low, 0.0) + 1.0, 0.0)
    open_below = pick(above, pick(above, high, 0.0) - 1.0, open_above)
    middle = (pick(below, low, 0.0) + pick(above, high, 0.0)) / 2
    return fixed.stop_gradient(
        pick(fixed.logical_and(below, above), middle, pick(below, open_above, open_below))
    )


def _at(dist: Any, method: str, y: Tensor, shapes: tuple[Tensor, ...]) -> Tensor:
    """A method of the standard form everywhere."""
    with Inside(f"scipy.stats.{dist.name}.{method}"):
        bounds = FORMULAS.get(dist.name, {}).get("_get_support", dist._get_support)(*shapes)
    low, high = (
        bound
        if isinstance(bound, Tensor)
        else np.asarray(bound).item()
        if np.ndim(bound) == 0
        else as_tensor(bound)
        for bound in bounds
    )
    point = fixed.stop_gradient(y)
    above, below = point > high, point < low
    outside = fixed.logical_or(above, below)
    whole = method in ("pmf", "logpmf")
    if whole:
        outside = fixed.logical_or(outside, fixed.not_equal(point, fixed.floor(point)))
    elif isinstance(dist, rv_discrete):
        y = fixed.floor(y)
    edge = pick(above, _ABOVE.get(method, 0.0), _BELOW.get(method, 0.0))
    inside = _formula(dist, method, pick(outside, _inner(low, high), y), shapes)
    return pick(outside, composite.astype(edge, inside.dtype), inside)


def _answer(method: str) -> Callable[..., Tensor]:
    """The method of every distribution."""

    def answer(dist: Any, x: Any, *args: Any, **kwds: Any) -> Tensor:
        x, location, scale, shapes = _standard(dist, x, args, kwds)
        y = (x - location) / scale
        result = _at(dist, method, y, shapes)
        if method == "logpdf":
            result = result - each.log(scale)
        elif method == "pdf":
            result = result / scale
        valid = fixed.logical_and(_valid(dist, shapes, scale), fixed.equal(y, y))
        return pick(valid, result, math.nan)

    answer.__name__ = method
    answer.__doc__ = (
        f"`{method}` of the distribution at x, with SciPy's parameters of shape, location and scale."
    )
    return answer


def _quantile(method: str, of: str, sign: float) -> Callable[..., Tensor]:
    """The inverse of `cdf` (ppf) or `sf` (isf): F(y, p) = q stays true, so y' = sign (q' - F_p p') / density."""

    def answer(dist: Any, q: Any, *args: Any, **kwds: Any) -> Tensor:
        q, location, scale, shapes = _standard(dist, q, args, kwds)
        whole = np.broadcast_shapes(*(t._value.shape for t in (q, *shapes)))
        shapes = tuple(linear.broadcast_to(t, shape=whole) for t in shapes)
        places = [i for i, t in enumerate(shapes) if followed(t)]  # the others are constants of the rule
        name = f"scipy.stats.{dist.name}.{method}"
        solver = original(f"stats.rv_continuous.{method}")

        def full(moving: Any) -> tuple[Any, ...]:
            given = list(shapes)
            for place, t in zip(places, moving, strict=True):
                given[place] = t
            return tuple(given)

        def solve(level: Any, *moving: Any) -> Any:
            values = [t._value if isinstance(t, Tensor) else t for t in full(moving)]
            return np.asarray(solver(dist, level, *values), level.dtype)[()]

        def run(y: Tensor) -> Callable[..., list[Tensor]]:
            return lambda *moving: [_at(dist, of, y, full(moving))]

        def pull(_held: Any, g: Tensor, y: Tensor, _q: Tensor, *moving: Tensor) -> list[Tensor | None]:
            weights = sign * g / _at(dist, "pdf", y, full(moving))
            return [weights, *pulled(run(y), moving, (), [linear.negative(weights)])[1]]

        def tangent(_held: Any, tangents: Any, y: Tensor, _q: Tensor, *moving: Tensor) -> Tensor:
            moved = pushed(run(y), moving, (), tangents[1:])[1][0]
            terms = [
                t for t in (tangents[0], None if moved is None else linear.negative(moved)) if t is not None
            ]
            return sign * sum(terms[1:], start=terms[0]) / _at(dist, "pdf", y, full(moving))  # type: ignore[no-any-return]

        inputs = [linear.broadcast_to(q, shape=whole), *(shapes[i] for i in places)]
        y = solved(name, solve, inputs, pull, tangent)
        return y * scale + location  # type: ignore[no-any-return]

    answer.__name__ = method
    answer.__doc__ = f"The inverse of `{of}` of the distribution."
    return answer


for _method in _WAYS:
    for _class in (rv_continuous, rv_discrete):
        if hasattr(_class, _method):
            enter(f"stats.{_class.__name__}.{_method}", _answer(_method))
enter("stats.rv_continuous.ppf", _quantile("ppf", "cdf", 1.0))
enter("stats.rv_continuous.isf", _quantile("isf", "sf", -1.0))
