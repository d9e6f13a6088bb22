"""Structure mode: a listener that finds out which entries of a result depend on which entries of the sources.

Its note on a node is a relation (`relation.py`), a boolean matrix with a row for each entry of the tensor and a column
for each entry of the sources: true where the derivative may differ from zero. An operation links entries of its result
with entries of its inputs, so each of its rows is the union of rows of the inputs' matrices: a product of relations.
The links come from

| what the row says            | the links                                                              |
|------------------------------|------------------------------------------------------------------------|
| `reads`                      | these (`core/reads.py`)                                                |
| it works entry by entry      | entries at one place, after broadcasting                               |
| its entries are only moved   | the places, read off the row's value (or transpose) on their numbers   |
| it stands for a program      | those of its operations, one after the other                           |
| it works on matrices         | a matrix of the result with those of the inputs at the same place      |
| nothing                      | everything                                                             |

What is the same in every run of the program is used by its values: places of an index, the condition of a `where`,
zeros in a factor. A tensor that a recording outside has noted (`core/recording.py`) is not the same, nor is one with a
matrix here; a matrix without entries says that a tensor varies, but has no derivative. So the structure holds for
every run that follows the same recorded program, whatever the values are. It may have entries whose derivative is
zero (x - x), it misses none.

What the rows of a matrix share is stored once: an operation that works entry by entry on one tensor keeps its matrix.
(Sparse structure by propagating index sets: Griewank and Walther, "Evaluating Derivatives", 2nd ed. 2008, section 7.1.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.bundle import attach_bundle, bundle_of
from ..core.further_errors import NotSparseError
from ..core.listen import Listener, leaf, listeners, paused
from ..core.primitive import Kind, Primitive, Rule
from ..core.tensor import Tensor
from .links import joined, linked
from .relation import Relation, each, nothing, stacked

MOST = 1 << 28
"""More entries than this (2 GB) are not sparse."""


class Structure(Listener):
    """Follows which entries of the sources each result depends on.

    Args:
        size: how many entries the sources have together.
        limit: for a number of entries of one result, so many pairs at most. One with more is given up, and all that
            reads it.
    """

    __slots__ = ("_recordings", "limit", "size")

    forward = True
    opens = True

    def __init__(self, size: int, limit: Callable[[int], int] = lambda _: MOST) -> None:
        super().__init__()
        self.size, self.limit = size, limit
        self._recordings = [listener for listener in listeners() if listener.replays]

    def watch(self, source: Tensor, first: int = 0) -> None:
        """Let the entries of a tensor be the columns from this one on."""
        if source._node is None:
            source._node = leaf(source._value)
        count = source._value.size
        self.attach(source._node, each(count, self.size, first))

    def of(self, tensor: Tensor) -> Relation:
        """The relation of a tensor with the sources.

        Raises:
            NotSparseError: if it has too many pairs, or a tensor on the way had.
        """
        found = self._note(tensor)
        if type(found) is str:
            raise NotSparseError(found)
        return self._empty(tensor) if found is None else found

    def _note(self, tensor: Tensor) -> Any:
        """The relation of a tensor, a text if it has too many pairs; None if it is the same in every run."""
        node = tensor._node
        if node is not None and node.knows(self.key):
            return node.read(self.key)
        if any(recording.find(tensor) is not None for recording in self._recordings):  # type: ignore[attr-defined]
            return self._empty(tensor)
        return None

    def _empty(self, tensor: Tensor) -> Relation:
        return nothing(tensor._value.size, self.size)

    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        notes = [self._note(x) for x in inputs]
        if all(note is None for note in notes):
            return
        several = type(result) is tuple
        ys = result if several else (result,)
        found = self._unfolded(primitive, inputs, params)
        if found is None:
            with paused():
                found = tuple([self._united(primitive, inputs, params, y, notes) for y in ys])
        if several:
            attach_bundle(self, bundle_of(result), result, found)
            return
        if result._node is None:
            result._node = leaf(result._value)
        self.attach(result._node, found[0])

    def _unfolded(self, primitive: Primitive, inputs: Sequence[Tensor], params: dict[str, Any]) -> Any:
        """The matrices of the results of a row that stands for a program, from its operations."""
        if primitive.unfold is None:
            return None
        with paused((self,)):
            ys = primitive.unfold(*inputs, **params)
        if ys is None:
            return None
        notes = [self._note(y) for y in ys]
        return tuple([self._empty(y) if n is None else n for n, y in zip(notes, ys, strict=True)])

    def _united(
        self,
        primitive: Primitive,
        inputs: Sequence[Tensor],
        params: dict[str, Any],
        y: Tensor,
        notes: Sequence[Any],
    ) -> Any:
        """The relation of a result: the union over the inputs; a text if one of these has too many pairs, or it has."""
        varying = [note is not None for note in notes]
        read = [
            note is not None and primitive.kind is not Kind.CONSTANT and primitive.rule(index) is not None
            for index, note in enumerate(notes)
        ]
        for note, is_read in zip(notes, read, strict=True):
            if is_read and type(note) is str:
                return note
        if primitive.kind is Kind.LINEAR and primitive.structural and type(primitive.rules) is Rule:
            return self._product(
                joined(primitive, inputs, params), self._stacked(inputs, notes), primitive, y
            )
        found = None
        for index, note in enumerate(notes):
            if not read[index] or not note.nnz:
                continue
            part = note
            for links in reversed(linked(primitive, inputs, params, y, index, varying)):
                part = self._product(links, part, primitive, y)
                if type(part) is str:
                    return part
            if found is None:
                found = part
            elif part is not found:
                found = found | part
        return self._empty(y) if found is None else found

    def _stacked(self, inputs: Sequence[Tensor], notes: Sequence[Any]) -> Any:
        """The matrices of several inputs below each other."""
        return stacked([self._empty(x) if n is None else n for x, n in zip(inputs, notes, strict=True)])

    def _product(self, links: Any, part: Relation, primitive: Primitive, y: Tensor) -> Any:
        """The rows of a relation that links take: copied where these are places, else united; a text for too many."""
        moves = isinstance(links, np.ndarray)
        most = self.limit(y._value.size)
        if int(part.counts[links if moves else links.indices].sum()) > most:
            return (
                f"the derivative is not sparse: more than {most} entries of {primitive.name}, of shape "
                f"{y.shape}, depend on the argument; use gt.jacobian, or products such as gt.jvp, gt.vjp and gt.hvp"
            )
        return part.taken(links) if moves else part.after(links)


__all__ = ["MOST", "Structure"]
