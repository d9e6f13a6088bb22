"""What users hand to a tape or an accumulator, checked at the border: targets, sources, weights, options."""

from __future__ import annotations

import itertools
import warnings
from enum import Enum
from typing import Any

import numpy as np

from .core import errors, nest
from .core.spec import UNITS, is_differentiable
from .core.tensor import Tensor, as_tensor
from .core.variable import Variable


class UnconnectedGradients(Enum):
    """What stands for the derivative with respect to a source that the target does not depend on.

    >>> import gradtape as gt
    >>> gt.UnconnectedGradients("zero")
    <UnconnectedGradients.ZERO: 'zero'>
    """

    NONE = "none"
    ZERO = "zero"


def short(obj: Any) -> str:
    """An object's text, short enough for a message."""
    text = repr(obj)
    return text if len(text) < 60 else text[:57] + "..."


_warned = itertools.count()


def warn_dtype(what: str, dtype: Any) -> None:
    """Warn of a dtype without derivatives, the first five times in a process."""
    if next(_warned) < 5:
        warnings.warn(
            f"The dtype of the {what} must be floating (e.g. gt.float32), got {dtype.name}: its gradient will be None",
            errors.NonDifferentiableDtypeWarning,
            stacklevel=3,
        )


def unconnected_choice(value: UnconnectedGradients | str) -> UnconnectedGradients:
    """The option as a member of the enumeration."""
    if type(value) is UnconnectedGradients:
        return value
    try:
        return UnconnectedGradients(value)
    except ValueError:
        raise errors.ChoiceError(
            f"Unknown value for unconnected_gradients: {value!r}; it is 'none' or 'zero'"
        ) from None


def tensors_of(structure: Any, name: str) -> list[Any]:
    """The tensors and variables of a nest."""
    flat = nest.flatten(structure)
    for leaf in flat:
        if not isinstance(leaf, (Tensor, Variable)):
            raise errors.TargetError(
                f"Argument `{name}` should hold tensors and variables, not {short(leaf)} of type "
                f"{type(leaf).__name__!r}: derivatives belong to the object that was watched"
            )
    return flat


def single(structure: Any, name: str) -> list[Any]:
    """The only tensor of a nest, in a list."""
    flat = tensors_of(structure, "target")
    if len(flat) != 1:
        raise errors.StructureError(f"{name} takes one tensor here, not {len(flat)}")
    return flat


def seeds_of(targets: list[Any], structure: Any, given: Any) -> list[Tensor | None]:
    """One cotangent for each target; None for those whose dtype has no derivative."""
    if given is None:
        return [ones(target._value) for target in targets]
    weights = _flat_weights(structure, given)
    if len(weights) != len(targets):
        raise errors.OutputGradientsError(
            f"output_gradients has {len(weights)} entries for {len(targets)} targets"
        )
    seeds = [_weighed(target._value, weight) for target, weight in zip(targets, weights, strict=True)]
    return [g if is_differentiable(t._value.dtype) else None for g, t in zip(seeds, targets, strict=True)]


def ones(value: Any) -> Tensor:
    """Ones like a value, the weight of a target alone."""
    return Tensor(plain_ones(value))


def plain_ones(value: Any) -> Any:
    """The value of `ones`; a NumPy scalar for rank 0, so that the walk is in scalars."""
    kind: Any = type(value)
    return np.ones(value.shape, value.dtype) if kind is np.ndarray else UNITS[kind]


def _flat_weights(structure: Any, given: Any) -> list[Any]:
    """The weights in a flat list; beside one tensor a list is that one weight in a list, or its entries."""
    if not nest.is_nested(structure) and isinstance(given, (list, tuple)):
        alone = len(given) == 1 and (
            given[0] is None
            or hasattr(type(given[0]), "_as_tensor")
            or np.shape(given[0]) == structure._value.shape
        )
        return [given[0]] if alone else [given]
    return nest.flatten(given)


def _weighed(value: Any, weight: Any) -> Tensor:
    """The weight of a target of this value as a tensor: ones for None, else of its shape."""
    if weight is None:
        return ones(value)
    g = as_tensor(weight) if hasattr(type(weight), "_as_tensor") else as_tensor(weight, value.dtype)
    if g._value.shape != value.shape:
        raise errors.OutputGradientsError(
            f"output_gradients: a weight of shape {g.shape} was given for a target of shape {value.shape}"
        )
    return g
