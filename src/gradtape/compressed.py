"""Whole Jacobians by few products, where most of their entries are zero whatever the values are.

A dense Jacobian takes a walk for each row or column. Where the structure is sparse, a few walks with sums of unit
vectors hold all entries that may differ from zero (`coloring.py`), and these are put among zeros. The structure is that
of the walk back, a linear map, in its seed: the walk is done once more, heard by a `Structure`. In a recording this is
done once; elsewhere at each call, so only where the walks are much longer (`jacobians.READ`).

The choice is for the few products where they are at most one in `SHARE` of the walks, and there is enough to save for
two further operations, which gather the entries and put them into place. An entry that the structure does not
have is zero, also where the derivatives on the way to it are infinite or NaN and a dense walk would find 0 times these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import coloring
from .coloring import Coloring
from .core.further_errors import NotSparseError
from .core.listen import listeners, paused
from .core.tensor import Tensor
from .modes.relation import Relation
from .modes.structure import Structure
from .ops.arranging import ravel
from .ops.linear import scatter, take

SHARE = 16
"""So many walks are worth one product."""

LEAST = 1 << 18
"""Numbers that all walks go through together, fewer of which take less time than the two further operations do.

Measured with compiled programs: the Hessian of Rosenbrock's function takes 27 us either way for 128 numbers, which are
15 nodes of this size in 128 walks; for 500 numbers 530 us by walks and 68 us by products. The Jacobian of x^2, two
nodes, takes 14 and 20 us for 200 numbers, 53 and 57 us for 500."""

PLACED = 100
"""So many numbers more for each entry, which is gathered and placed by itself.

Where the walks of a matrix with nine diagonals are one product of matrices and a factor, of 600 numbers, they
took 71 us; 5,364 entries from nine products took 122 us."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The structure of a Jacobian, of shape (entries of the target, entries of the source), and its colours."""

    pattern: Relation
    coloring: Coloring

    def placed(self, products: Tensor, shape: tuple[int, ...]) -> Tensor:
        """The whole Jacobian of this shape, from the products."""
        vector = ravel(products)
        places = self.coloring.places
        if not np.array_equal(places, np.arange(vector.size)):
            vector = take(vector, Tensor(places), axis=0)
        flat = self.pattern.rows * self.pattern.shape[1] + self.pattern.indices
        index = tuple(np.unravel_index(flat, shape))
        return scatter(vector, index=index, shape=shape)  # type: ignore[no-any-return]


def plans(
    back: Callable[[Tensor], Sequence[Tensor | None]], y: Any, sources: Sequence[Any], work: int
) -> list[Plan] | None:
    """How to compute the Jacobians in some sources by few products; None where that is not worth it.

    Not among the examples of a batch, whose constants are not the same. Whoever else listens must do again what it
    hears: what it follows is then taken for variable.

    Args:
        back: the walk back from y to the sources.
        y: the target.
        sources: all of them connected with it.
        work: how many numbers one walk goes through.
    """
    heard = listeners()
    size, count = y._value.size, sum(s._value.size for s in sources)
    walks = min(size, count)
    if any(listener.key.stands for listener in heard) or walks < SHARE or walks * work < LEAST:
        return None
    if any(s._value.dtype != y._value.dtype for s in sources):
        return None
    try:
        patterns = _patterns(back, y, len(sources), lambda entries: _limit(entries, size, count))
    except NotSparseError:
        return None
    if walks * work < LEAST + PLACED * sum(pattern.nnz for pattern in patterns):
        return None
    found = [Plan(pattern, coloring.both_ways(pattern)) for pattern in patterns]
    return found if SHARE * sum(sum(plan.coloring.counts) for plan in found) <= walks else None


def _limit(entries: int, size: int, count: int) -> int:
    """More pairs than this of a node with the target are taken for a dense Jacobian: a share, and some dense lines."""
    return entries * size // SHARE + 4 * (size + count)


def _patterns(back: Any, y: Any, count: int, limit: Callable[[int], int]) -> list[Relation]:
    """Which entries of y depend on which of each source: the walk back, the other way round."""
    structure = Structure(y._value.size, limit)
    seed = Tensor(np.ones(y._value.shape, y._value.dtype)[()])
    structure.watch(seed)
    with paused((*listeners(), structure)):
        shares = back(seed)
    assert len(shares) == count
    return [structure.of(share).transposed for share in shares]
