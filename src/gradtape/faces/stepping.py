"""Gradients as an optimiser takes them: read, checked against their variables, made dense, and clipped."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

from ..core.absent import origin
from ..core.errors import ArgumentTypeError, DtypeError, InvalidArgumentError, ShapeError
from ..core.further_errors import GradtapeWarning, NoGradientsError, RangeError, StructureError
from ..core.questions import has_outside
from ..core.spec import float64
from ..core.tensor import Tensor, as_tensor, decide
from ..core.variable import Variable
from ..indexed_slices import IndexedSlices
from ..ops import composite, linear
from ..ops import elementwise as each
from ..ops.composite import astype

Pair = tuple[Variable, Tensor]


def check_variable(name: str, variable: Any) -> None:
    """Refuse what an optimiser cannot step."""
    if not isinstance(variable, Variable):
        raise ArgumentTypeError(f"{name}: variables are stepped, not {type(variable).__name__}: {variable!r}")
    if variable.dtype.kind != "f":
        raise DtypeError(
            f"{name}: {variable.name} of dtype {variable.dtype.name} cannot be stepped; only real floating can"
        )


def read_gradients(name: str, given: Sequence[Any]) -> list[Pair]:
    """Gradients as tensors of their variables' shapes and dtypes, without those that are None."""
    pairs: list[Pair] = []
    absent, seen = [], set()
    for pair in given:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise StructureError(f"{name}: pairs of gradient and variable are needed, got {pair!r}")
        gradient, variable = pair
        check_variable(name, variable)
        if variable._serial in seen:
            raise InvalidArgumentError(f"{name}: {variable.name} comes twice; add its gradients first")
        seen.add(variable._serial)
        if gradient is None:
            absent.append(variable.name)
        else:
            pairs.append((variable, dense_gradient(name, gradient, variable)))
    if not pairs:
        names = absent or "no variables"
        raise NoGradientsError(
            f"{name}: No gradients provided for any variable: {names}. None means that no differentiable path "
            f"led from the loss to the variable while the tape recorded{origin(None)}"
        )
    if absent:
        warnings.warn(
            f"{name}: Gradients do not exist for variables {absent} when minimizing the loss; they stay"
            f"{origin(None)}",
            GradtapeWarning,
            stacklevel=4,
        )
    return pairs


def dense_gradient(name: str, gradient: Any, variable: Variable) -> Tensor:
    """A gradient as a tensor of the dtype of its variable; slices at equal indices add up."""
    shape = variable._value.shape
    if isinstance(gradient, IndexedSlices):
        values, indices = gradient.values, gradient.indices
        if values._value.shape != indices._value.shape + shape[1:] or indices.ndim != 1 or not shape:
            raise ShapeError(
                f"{name}: slices of shape {values.shape} at indices of shape {indices.shape} do not fit "
                f"{variable.name} of shape {variable.shape}"
            )
        if decide(indices, partial(has_outside, shape[0])):
            raise RangeError(
                f"{name}: an index of the slices is not a row of {variable.name} of shape {variable.shape}"
            )
        return astype(linear.put_add(values, indices, axis=0, size=shape[0]), variable.dtype)
    g = as_tensor(gradient)
    if g._value.shape != shape or g._value.dtype.kind not in "fiu":
        raise ShapeError(
            f"{name}: the gradient of {variable.name}, which has the shape {variable.shape} and dtype "
            f"{variable.dtype.name}, has the shape {g.shape} and dtype {g.dtype.name}"
        )
    return astype(g, variable.dtype)


def clipped(
    pairs: list[Pair], clipnorm: float | None, clipvalue: float | None, global_clipnorm: float | None
) -> list[Pair]:
    """Gradients limited entry by entry, each in its norm, or all together in theirs."""
    if clipvalue is not None:
        return [(v, composite.clip(g, -clipvalue, clipvalue)) for v, g in pairs]
    if clipnorm is not None:
        return [(v, _shrunk(g, _squares(g), clipnorm)) for v, g in pairs]
    if global_clipnorm is not None:
        total = _squares(pairs[0][1])
        for _, g in pairs[1:]:
            total = total + _squares(g)
        return [(v, _shrunk(g, total, global_clipnorm)) for v, g in pairs]
    return pairs


def _squares(g: Tensor) -> Tensor:
    """The squared norm in double precision."""
    return composite.sum(each.square(astype(g, float64)))


def _shrunk(g: Tensor, squares: Tensor, limit: float) -> Tensor:
    """A gradient scaled down as a norm is to a limit; NaN stays NaN."""
    scale = limit / each.maximum(each.sqrt(squares), limit)
    return g * astype(scale, g.dtype)  # type: ignore[no-any-return]


def fraction(name: str, argument: str, value: Any, closed: bool = False) -> float:
    """A number in [0, 1), or in [0, 1]."""
    if not isinstance(value, (int, float)) or not (0 <= value < 1 or (closed and value == 1)):
        raise RangeError(
            f"{name}: {argument} must be a number in [0, 1{']' if closed else ')'}, got {value!r}"
        )
    return float(value)


def not_negative(name: str, argument: str, value: Any) -> float:
    """A number from zero up."""
    if not isinstance(value, (int, float)) or not value >= 0:
        raise RangeError(f"{name}: {argument} must be a number that is not negative, got {value!r}")
    return float(value)
