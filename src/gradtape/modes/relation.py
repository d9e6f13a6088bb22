"""Relations: which entries of one thing depend on which of another, as sparse boolean matrices.

A row for each entry that depends, a column for each that it may depend on. NumPy alone, so that a structure can be
read without loading SciPy; the fields are those of SciPy's `csr_array`. Relations are not changed once they are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np


class Relation:
    """A sparse boolean matrix by rows: the columns of row i are `indices[indptr[i]:indptr[i + 1]]`, in order, once.

    Attributes:
        shape: how many rows and columns.
        indptr, indices: as above, of 32 bits where these do.
    """

    def __init__(self, shape: tuple[int, int], indptr: Any, indices: Any) -> None:
        kind = np.int32 if max(*shape, indices.size) < 1 << 31 else np.int64
        self.shape, self.indptr = shape, indptr.astype(kind, copy=False)
        self.indices = indices.astype(kind, copy=False)

    @classmethod
    def of(cls, shape: tuple[int, int], rows: Any, columns: Any) -> Self:
        """The relation of pairs of rows and columns, in any order, some of them perhaps often."""
        width = max(shape[1], 1)
        keys = rows.astype(np.int64) * width + columns
        if keys.size > 1:
            steps = np.diff(keys)
            if not (steps > 0).all():
                keys = np.sort(keys)
                keys = keys[np.append(True, np.diff(keys) > 0)]
        rows, columns = np.divmod(keys, width)
        return cls(shape, _ends(np.bincount(rows, minlength=shape[0])), columns)

    @property
    def nnz(self) -> int:
        """How many pairs there are."""
        return int(self.indices.size)

    @cached_property
    def counts(self) -> Any:
        """How many pairs each row has."""
        return np.diff(self.indptr)

    @cached_property
    def rows(self) -> Any:
        """The row of each pair."""
        return np.repeat(np.arange(self.shape[0]), self.counts)

    @cached_property
    def transposed(self) -> Relation:
        """The relation the other way."""
        return Relation.of((self.shape[1], self.shape[0]), self.indices, self.rows)

    def __or__(self, other: Relation) -> Relation:
        rows = np.concatenate([self.rows, other.rows])
        return Relation.of(self.shape, rows, np.concatenate([self.indices, other.indices]))

    def taken(self, places: Any) -> Relation:
        """The rows at these places."""
        return Relation((places.size, self.shape[1]), *self._gathered(places))

    def after(self, links: Relation) -> Relation:
        """For each row of the links the union of the rows that it names: `links @ self`."""
        ends, columns = self._gathered(links.indices)
        rows = np.repeat(links.rows, np.diff(ends))
        return Relation.of((links.shape[0], self.shape[1]), rows, columns)

    def kept(self, entries: Any) -> Relation:
        """Only the pairs at which a boolean array is true."""
        counts = np.bincount(self.rows[entries], minlength=self.shape[0])
        return Relation(self.shape, _ends(counts), self.indices[entries])

    def _gathered(self, places: Any) -> tuple[Any, Any]:
        """Where the rows at these places end, put one behind the other, and their columns."""
        counts = self.counts[places]
        ends = _ends(counts)
        index = np.arange(ends[-1]) + np.repeat(self.indptr[places] - ends[:-1], counts)
        return ends, self.indices[index]

    def toarray(self) -> Any:
        """The whole matrix."""
        found = np.zeros(self.shape, bool)
        found[self.rows, self.indices] = True
        return found


def stacked(parts: Sequence[Relation]) -> Relation:
    """Relations with the same columns, their rows below each other."""
    counts = np.concatenate([part.counts for part in parts])
    shape = (counts.size, parts[0].shape[1])
    return Relation(shape, _ends(counts), np.concatenate([part.indices for part in parts]))


def nothing(rows: int, columns: int) -> Relation:
    """The relation without a pair."""
    return Relation((rows, columns), np.zeros(rows + 1, np.int32), np.zeros(0, np.int32))


def each(count: int, columns: int, first: int = 0) -> Relation:
    """So many rows, of which each has one column, in order from a first one on."""
    places = np.arange(count + 1)
    return Relation((count, columns), places, places[:-1] + first)


def _ends(counts: Any) -> Any:
    """Where each row begins, and where the last ends."""
    found = np.zeros(counts.size + 1, np.int64)
    np.cumsum(counts, out=found[1:])
    return found


__all__ = ["Relation", "each", "nothing", "stacked"]
