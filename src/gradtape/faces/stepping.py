"""Gradients as an optimiser takes them: read, checked against their variables, made dense, and clipped."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.errors import GradtapeWarning
from ..core.tensor import as_tensor
from ..core.variable import Variable
from ..sparse import IndexedSlices

Pair = tuple[Variable, Any]


def check_variable(name: str, variable: Any) -> None:
    """Refuse what an optimiser cannot step."""
    if not isinstance(variable, Variable):
        raise TypeError(f"{name}: variables are stepped, not {type(variable).__name__}: {variable!r}")
    if variable.dtype.kind != "f":
        raise TypeError(
            f"{name}: {variable.name} of dtype {variable.dtype.name} cannot be stepped; only real floating can"
        )


def read_gradients(name: str, given: Sequence[Any]) -> list[Pair]:
    """Gradients as arrays of their variables' shapes and dtypes, without those that are None."""
    pairs: list[Pair] = []
    absent, seen = [], set()
    for pair in given:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(f"{name}: pairs of gradient and variable are needed, got {pair!r}")
        gradient, variable = pair
        check_variable(name, variable)
        if variable._serial in seen:
            raise ValueError(f"{name}: {variable.name} comes twice; add its gradients first")
        seen.add(variable._serial)
        if gradient is None:
            absent.append(variable.name)
        else:
            pairs.append((variable, dense_gradient(name, gradient, variable)))
    if not pairs:
        names = absent or "no variables"
        raise ValueError(
            f"{name}: No gradients provided for any variable: {names}. None means that no differentiable path "
            "led from the loss to the variable while the tape recorded"
        )
    if absent:
        warnings.warn(
            f"{name}: Gradients do not exist for variables {absent} when minimizing the loss; they stay",
            GradtapeWarning,
            stacklevel=4,
        )
    return pairs


def dense_gradient(name: str, gradient: Any, variable: Variable) -> Any:
    """A gradient as an array; slices at equal indices add up."""
    shape = variable._value.shape
    if isinstance(gradient, IndexedSlices):
        indices, values = np.asarray(gradient.indices), np.asarray(gradient.values)
        if values.shape != indices.shape + shape[1:] or not shape:
            raise ValueError(
                f"{name}: slices of shape {values.shape} at {indices.shape} indices do not fit "
                f"{variable.name} of shape {variable.shape}"
            )
        if indices.size and not (indices.min() >= 0 and indices.max() < shape[0]):
            raise ValueError(
                f"{name}: an index of the slices is not a row of {variable.name} of shape {variable.shape}"
            )
        dense = np.zeros(shape, variable.dtype)
        np.add.at(dense, indices, values.astype(variable.dtype))
        return dense
    g = as_tensor(gradient)._value
    if g.shape != shape or g.dtype.kind not in "fiu":
        raise ValueError(
            f"{name}: the gradient of {variable.name}, which has the shape {variable.shape} and dtype "
            f"{variable.dtype.name}, has the shape {tuple(g.shape)} and dtype {g.dtype.name}"
        )
    return g.astype(variable.dtype)


def clipped(
    pairs: list[Pair], clipnorm: float | None, clipvalue: float | None, global_clipnorm: float | None
) -> list[Pair]:
    """Gradients limited entry by entry, each in its norm, or all together in theirs."""
    if clipvalue is not None:
        return [(v, np.clip(g, -clipvalue, clipvalue)) for v, g in pairs]
    if clipnorm is not None:
        return [(v, g * _shrink(_squares(g), clipnorm)) for v, g in pairs]
    if global_clipnorm is not None:
        scale = _shrink(sum(_squares(g) for _, g in pairs), global_clipnorm)
        return [(v, g * scale) for v, g in pairs]
    return pairs


def _squares(g: Any) -> float:
    return float(np.sum(np.square(g, dtype=np.float64)))


def _shrink(squares: float, limit: float) -> float:
    """The factor that brings a norm down to a limit; NaN stays NaN."""
    return limit / max(math.sqrt(squares), limit) if squares == squares else math.nan
