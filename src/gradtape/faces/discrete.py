"""Draws that are whole numbers or classes: they have no derivative, in their parameters either."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import DtypeError, ShapeError
from ..core.further_errors import RangeError
from ..core.spec import as_dtype, broadcast_shapes, float64, int64
from ..core.tensor import Tensor, as_tensor, look
from ..ops import composite, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.composing import shape_of
from ..ops.ordering import rank_of
from .noise import binomial, drawn, noise, poisson


def _sizes(name: str, shape: Any, *parameters: Any) -> tuple[int, ...]:
    """The shape of a draw, to which the parameters must broadcast."""
    sizes = shape_of(shape)
    given = [np.shape(p) for p in parameters]
    try:
        fits = broadcast_shapes(sizes, *given) == sizes
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"{name}: parameters of shapes {given} do not broadcast to shape {sizes}")
    return sizes


def poisson_draw(name: str, source: np.random.Generator, shape: Any, lam: Any, dtype: Any) -> Tensor:
    """Poisson numbers of a shape that the rates broadcast to."""
    rate = np.asarray(look(lam, name))
    if rate.dtype.kind not in "iuf" or not np.all(rate >= 0):
        raise RangeError(f"{name}: lam must be real and not negative, got {lam!r}")
    sizes, chosen = _sizes(name, shape, rate), as_dtype(dtype)
    return drawn(source, poisson, rate, sizes, chosen)


def binomial_draw(
    name: str, source: np.random.Generator, shape: Any, counts: Any, probs: Any, dtype: Any
) -> Tensor:
    """Numbers of successes, of a shape that counts and probabilities broadcast to."""
    trials, chance = np.asarray(look(counts, name)), np.asarray(look(probs, name))
    if not np.all((chance >= 0) & (chance <= 1)) or not np.all(trials >= 0):
        raise RangeError(
            f"{name}: counts must not be negative and probs must lie in [0, 1], got {counts!r} and {probs!r}"
        )
    sizes, chosen = _sizes(name, shape, trials, chance), as_dtype(dtype)
    whole = trials.astype(np.int64)
    return drawn(source, binomial, whole, chance, sizes, chosen)


def categorical_draw(
    name: str, source: np.random.Generator, logits: Any, num_samples: Any, dtype: Any
) -> Tensor:
    """Classes of each line of logits: where its running sum of probabilities passes a uniform number."""
    x = as_tensor(logits)
    if x.ndim != 2 or x._value.dtype.kind != "f" or not x._value.shape[1]:
        raise DtypeError(
            f"{name}: logits must be floating of shape (batch, classes), got {x.dtype.name} of shape {x.shape}"
        )
    count = int(num_samples)
    if count < 0:
        raise RangeError(f"{name}: num_samples must not be negative, got {num_samples!r}")
    shares = composite.softmax(fixed.stop_gradient(linear.cast(x, dtype=float64)), 1)
    sums = linear.cumsum(shares, axis=1, exclusive=False, reverse=False)
    # The last sum becomes 1 exactly, which no uniform number reaches.
    sums = each.divide(sums, linear.getitem(sums, index=(slice(None), slice(-1, None))))
    u = noise(source, "uniform", (x._value.shape[0], count), float64)
    return fixed.astype(rank_of(sums, u, side="right", dtype=int64), dtype=np.dtype(dtype))  # type: ignore[no-any-return]
