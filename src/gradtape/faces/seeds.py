"""New seeds from old ones for stateless draws: `split` and `fold_in`; and `stateless_shuffle`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import ShapeError
from ..core.further_errors import RangeError
from ..core.spec import int32
from ..core.tensor import Tensor, as_tensor, look
from ..ops import linear
from .noise import drawn, keyed, pair_of, permutation


def _words(entropy: list[int], count: int) -> Any:
    return np.random.SeedSequence(entropy).generate_state(count, np.uint32).astype(int32)


def split(seed: Any, num: int = 2, alg: Any = "auto_select") -> Tensor:
    """So many independent seeds from one: int32 of shape (num, 2).

    Raises:
        ValueError: for a seed that is not two integers, or a negative number.

    >>> import gradtape as gt
    >>> gt.random.split([1, 2], 3).shape
    (3, 2)
    """
    if int(num) < 0:
        raise RangeError(f"split: num must not be negative, got {num!r}")
    return Tensor(_words(pair_of(seed, "split"), 2 * int(num)).reshape(int(num), 2))


def fold_in(seed: Any, data: Any, alg: Any = "auto_select") -> Tensor:
    """A seed that depends on another and on an integer, such as a step's number: int32 of shape (2,).

    Raises:
        ValueError: for a seed that is not two integers.
    """
    return Tensor(_words([*pair_of(seed, "fold_in"), int(look(data, "fold_in")) % 2**64], 2))


def stateless_shuffle(value: Any, seed: Any, alg: Any = "auto_select", name: str | None = None) -> Tensor:
    """The rows in an order that depends on the seed alone; differentiable in the rows.

    Raises:
        ValueError: for rank 0, and for a seed that is not two integers.
    """
    x = as_tensor(value)
    if not x.ndim:
        raise ShapeError("stateless_shuffle: value must have rank 1 or more, not the shape ()")
    source, count = keyed(seed), x._value.shape[0]
    return linear.take(x, drawn(source, permutation, count), axis=0)  # type: ignore[no-any-return]
