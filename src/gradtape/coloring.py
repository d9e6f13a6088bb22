"""Colours of sparse derivatives: which columns or rows can be computed together, and where each entry is then found.

Columns that have no row in common share a colour: the sum of them, one product with the derivative, has each of their
entries by itself. So a Jacobian with few entries in each row needs few products (Curtis, Powell and Reid 1974). For
rows the same holds of the transpose. A Hessian is symmetric, so an entry may be found in either of two places, which
needs fewer colours.

- `by_columns` colours greedily: each column, in turn, takes the first colour that none of its rows has seen (Coleman
  and More 1983, "Estimation of sparse Jacobian matrices and graph coloring problems"). The colours that a row has seen
  are the bits of one integer, so the time is linear in the entries.
- `both_ways` sets a few dense rows apart from the columns' colouring, or dense columns from the rows' (Coleman and
  Verma 1998, "The efficient computation of sparse Jacobian matrices using automatic differentiation").
- `symmetric` is a star colouring: neighbours differ, and no path over four vertices has two colours only (Coleman and
  More 1984; Gebremedhin, Manne and Pothen 2005, "What color is your Jacobian?", whose greedy order of decisions it
  follows, with bits in place of their search so that the time is linear in the entries).

A pattern is a relation (`modes/relation.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .modes.relation import Relation


@dataclass(frozen=True, slots=True, eq=False)
class Coloring:
    """Which products give all entries of a sparse matrix.

    Attributes:
        columns: the colour of each column, -1 for one that is in no product; a colour is a product with the sum of its
            columns' unit vectors.
        rows: the same of rows, for products from the left.
        places: for each entry, in the pattern's order, its place in the products, flattened one after the other: first
            those of columns, of shape (colours, rows), then those of rows, of shape (colours, columns).
    """

    columns: Any
    rows: Any
    places: Any

    @property
    def counts(self) -> tuple[int, int]:
        """How many colours columns and rows have."""
        return _count(self.columns), _count(self.rows)


def _count(colors: Any) -> int:
    return int(colors.max(initial=-1)) + 1


def both_ways(pattern: Relation) -> Coloring:
    """The colouring of a Jacobian that needs the fewest products found: by columns, by rows, or by both."""
    transposed = pattern.transposed
    ways = [(*_dense(transposed), transposed, pattern), (*_dense(pattern), pattern, transposed)]
    best: Any = None
    # Of equals first by rows: a product from the left is one walk back, over which the other takes a second walk.
    for by_rows in sorted((True, False), key=lambda by_rows: ways[not by_rows][0]):
        fewest, dense, given, turned = ways[not by_rows]
        if best is None or fewest < best[0]:
            found = _set_apart(given, turned, dense)
            cost = sum(map(_count, found))
            best = (cost, by_rows, dense, *found) if best is None or cost < best[0] else best
    _, by_rows, dense, most, few = best
    rows, columns = pattern.rows, pattern.indices
    row_colors, column_colors = (most, few) if by_rows else (few, most)
    through_rows = ~dense[columns] if by_rows else dense[rows]
    m, n = pattern.shape
    first = _count(column_colors) * m
    places = np.where(through_rows, first + row_colors[rows] * n + columns, column_colors[columns] * m + rows)
    return Coloring(column_colors, row_colors, places)


def _dense(pattern: Relation) -> tuple[int, Any]:
    """Which rows are set apart, and how many colours are needed at least, for them and for the others' columns.

    A row with k entries needs k colours. With rows in the order of their entries, so many are set apart that these and
    the largest of the others are fewest together.
    """
    counts = pattern.counts
    order = np.argsort(-counts, kind="stable")
    total = np.append(counts[order], 0) + np.arange(counts.size + 1)
    apart = int(np.argmin(total))
    dense = np.zeros(counts.size, bool)
    dense[order[:apart]] = True
    return int(total[apart] - apart + (apart > 0)), dense


def _set_apart(pattern: Relation, transposed: Relation, dense: Any) -> tuple[Any, Any]:
    """Colours of the columns without some dense rows, and colours of these rows."""
    columns = by_columns(_without(pattern, dense), _only(transposed, ~dense))
    if not dense.any():
        return columns, np.full(dense.size, -1)
    # The rows set apart are the columns of their transpose.
    return columns, by_columns(_only(transposed, dense), _without(pattern, ~dense))


def _without(pattern: Relation, gone: Any) -> Relation:
    """The pattern with these rows empty."""
    return pattern.kept(~gone[pattern.rows]) if gone.any() else pattern


def _only(pattern: Relation, kept: Any) -> Relation:
    """The pattern with the other columns empty."""
    return pattern if kept.all() else pattern.kept(kept[pattern.indices])


def by_columns(pattern: Relation, transposed: Relation) -> Any:
    """A colour for each column such that no two of a colour have a row in common; -1 for empty ones.

    As many colours as some row has entries, taken in turn, serve bands. Else columns are taken greedily in their order,
    and if that takes more colours, those with most entries first.
    """
    sizes = transposed.counts
    least = int(pattern.counts.max(initial=0))
    filled = np.flatnonzero(sizes)
    found = np.full(sizes.size, -1)
    if least in (1, filled.size):  # no row has two columns, or one has all of them
        found[filled] = np.arange(filled.size) if least == filled.size else 0
        return found
    found[filled] = np.arange(filled.size) % least if least else -1
    if _is_coloring(pattern, found, least):
        return found
    lists = transposed.indptr.tolist(), transposed.indices.tolist()
    found[filled] = _greedy(*lists, filled.tolist(), pattern.shape[0])
    if _count(found) > least:
        order = filled[np.argsort(-sizes[filled], kind="stable")]
        other = np.full(sizes.size, -1)
        other[order] = _greedy(*lists, order.tolist(), pattern.shape[0])
        found = other if _count(other) < _count(found) else found
    return found


def _is_coloring(pattern: Relation, colors: Any, count: int) -> bool:
    """Whether no row has two entries of a colour; False as well where it would take long to see."""
    seen = pattern.shape[0] * count
    if seen > 8 * pattern.nnz:
        return False
    return bool(np.bincount(pattern.rows * count + colors[pattern.indices], minlength=1).max() <= 1)


def _greedy(starts: Sequence[int], rows: Sequence[int], order: Iterable[int], count: int) -> list[int]:
    """The first colour for each column of the order that none of its rows has seen."""
    seen, found = [0] * count, []
    for column in order:
        own = rows[starts[column] : starts[column + 1]]
        taken = 0
        for row in own:
            taken |= seen[row]
        bit = ~taken & (taken + 1)
        for row in own:
            seen[row] |= bit
        found.append(bit.bit_length() - 1)
    return found


# symmetric matrices


def symmetric(pattern: Relation) -> Coloring:
    """A colouring of a symmetric matrix by columns, from which each entry is found, or the one across the diagonal."""
    colors = star_coloring(pattern)
    if _count(colors) > pattern.counts.max(initial=0):
        plain = by_columns(pattern, pattern)
        colors = plain if _count(plain) < _count(colors) else colors
    n, count = pattern.shape[0], _count(colors)
    rows, columns = pattern.rows, pattern.indices
    # An entry stands alone in its row of the product if no other column of the colour has that row.
    keys = rows.astype(np.int64) * max(count, 1) + colors[columns]
    _, inverse, often = np.unique(keys, return_inverse=True, return_counts=True)
    alone = often[inverse] == 1
    places = np.where(alone, colors[columns] * n + rows, colors[rows] * n + columns)
    # Both halves are read from the same places; the entries in the columns' order are those of the other half.
    places = np.where(rows <= columns, places, places[np.argsort(columns, kind="stable")])
    return Coloring(colors, np.full(n, -1), places)


def star_coloring(pattern: Relation) -> Any:
    """A star colouring of the graph of a symmetric pattern, vertices with most neighbours first; -1 for empty columns.

    A vertex v takes the first colour that is not that of

    - a neighbour;
    - another neighbour of a neighbour without a colour, so that neighbours which come first all differ;
    - a vertex x beside a neighbour w of v, if x has two neighbours of the colour of w: v - w - x - y would have two
      colours.
    """
    sizes = pattern.counts
    starts, neighbours = pattern.indptr.tolist(), pattern.indices.tolist()
    order = np.argsort(-sizes, kind="stable")
    found = [-1] * sizes.size
    bits = [0] * sizes.size  # the colour of a vertex as a bit
    beside = [0] * sizes.size  # the colours of its neighbours
    barred = [0] * sizes.size  # the colours of neighbours that have two neighbours of its colour
    firsts: list[dict[int, int]] = [
        {} for _ in range(sizes.size)
    ]  # by colour the neighbour that had it first
    for v in order[: np.count_nonzero(sizes)].tolist():
        own = neighbours[starts[v] : starts[v + 1]]
        taken = 0
        for w in own:
            taken |= bits[w] | barred[w] if bits[w] else beside[w]
        bit = ~taken & (taken + 1)
        bits[v], found[v] = bit, bit.bit_length() - 1
        for w in own:
            if w == v:
                continue
            if beside[w] & bit:
                barred[v] |= bits[w]
                barred[firsts[w][bit]] |= bits[w]
            else:
                beside[w] |= bit
                firsts[w][bit] = v
    return np.array(found, dtype=np.int64)


__all__ = ["Coloring", "both_ways", "by_columns", "star_coloring", "symmetric"]
