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

from collections.abc import Sequence
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
        most: more pairs than this for one result raise `NotSparseError`.
    """

    __slots__ = ("_recordings", "most", "size")

    forward = True
    opens = True

    def __init__(self, size: int, most: int = MOST) -> None:
        super().__init__()
        self.size, self.most = size, most
        self._recordings = [listener for listener in listeners() if listener.replays]

    def watch(self, source: Tensor, first: int = 0) -> None:
        """Let the entries of a tensor be the columns from this one on."""
        if source._node is None:
            source._node = leaf(source._value)
        count = source._value.size
        self.attach(source._node, each(count, self.size, first))

    def of(self, tensor: Tensor) -> Relation:
        """The relation of a tensor with the sources."""
        found = self._note(tensor)
        return self._empty(tensor) if found is None else found

    def _note(self, tensor: Tensor) -> Relation | None:
        """The relation of a tensor; None if it is the same in every run."""
        node = tensor._node
        if node is not None and node.knows(self.key):
            return node.read(self.key)  # type: ignore[no-any-return]  # we wrote it
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
        """The matrix of a result: the union over the inputs."""
        varying = [note is not None for note in notes]
        if primitive.kind is Kind.LINEAR and primitive.structural and type(primitive.rules) is Rule:
            return self._product(
                joined(primitive, inputs, params), self._stacked(inputs, notes), primitive, y
            )
        found = None
        for index, note in enumerate(notes):
            if (
                note is None
                or not note.nnz
                or primitive.kind is Kind.CONSTANT
                or primitive.rule(index) is None
            ):
                continue
            part = note
            for links in reversed(linked(primitive, inputs, params, y, index, varying)):
                part = self._product(links, part, primitive, y)
            if found is None:
                found = part
            elif part is not found:
                found = found | part
        return self._empty(y) if found is None else found

    def _stacked(self, inputs: Sequence[Tensor], notes: Sequence[Any]) -> Any:
        """The matrices of several inputs below each other."""
        return stacked([self._empty(x) if n is None else n for x, n in zip(inputs, notes, strict=True)])

    def _product(self, links: Any, part: Relation, primitive: Primitive, y: Tensor) -> Relation:
        """The rows of a relation that links take: copied where these are places, else united."""
        moves = isinstance(links, np.ndarray)
        if int(part.counts[links if moves else links.indices].sum()) > self.most:
            raise NotSparseError(
                f"the derivative is not sparse: more than {self.most} entries of {primitive.name}, of shape "
                f"{y.shape}, depend on the argument; use gt.jacobian, or products such as gt.jvp, gt.vjp and gt.hvp"
            )
        return part.taken(links) if moves else part.after(links)


__all__ = ["MOST", "Structure"]
