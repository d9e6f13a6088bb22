"""Gradients in columns of a batch, taken forwards where that takes fewer operations.

A recorded program may ask for derivatives by tapes in tapes: `u_x = inner.gradient(u, x)`, `u_xx =
outer.gradient(u_x, x)`. Where x is a column of a batch whose rows stay apart, the gradient of a sum over the rows is
the derivative of each row in its own coordinate, and that is what one tangent carries forwards. Backwards, each order
doubles the program, as each walks back over the one before; forwards, the tangents of one column are the same for all
that is asked along it, and each order adds one stream to those that are there. That is Taylor mode.

The choice is made when the gradient is asked for, while a function is recorded. With F the operations that depend on a
column, counted by shape, N those of them whose tangents are not there yet, and K the derivatives that can be taken
along the column (one more than the listeners outside that follow it):

    forwards   N + (K - 1) F for each column
    backwards  the operations that depend on any of the columns, once for all of them, and (2^K - 2) F for each

The columns that count are those asked for; of a persistent tape, which is asked again, all that it watches, unless the
target is a derivative. Equal counts go forwards, since the tangents serve the gradients of other targets. A target that
is a sum over the rows, or a function of such a sum, goes back to where rows are apart first; as a sum is rarely one of
several, equal counts go backwards then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .core.listen import Key, Listener, Node, listeners
from .core.tensor import Tensor, as_tensor
from .modes.record import Record
from .modes.reverse import Pullback
from .modes.rows import inputs_along
from .modes.series import given
from .modes.taylor import Taylor
from .ops.elementwise import multiply
from .ops.linear import reshape, sum_

LINKS = frozenset({"sum", "multiply", "divide", "negative", "add", "subtract", "square", "sqrt", "reshape"})
"""What may stand between a target and the rows that it is made of."""


Moved = dict[Node, tuple[Node | None, ...]]
"""The nodes of a path that depend on a column, in order, and through which of their inputs."""


class Streams:
    """The tangents of a recorded program along one column, shared by all gradients that ask for them.

    What was computed for one gradient serves a later one if nobody listens who did not listen then, and if the later
    one's tape has followed the same inputs of each operation.
    """

    def __init__(self, column: Any, heard: Sequence[Listener]) -> None:
        self.heard = _keys(heard)
        self.taylor = Taylor(1)
        self.parents: Moved = {}
        x = as_tensor(column)
        self.taylor.watch(column, given(x, [Tensor(np.ones(x._value.shape, x.dtype))]))

    def serve(self, path: Sequence[Node], moved: Moved, heard: Sequence[Listener]) -> bool:
        """Whether these tangents are right for what another record has kept, and for who listens."""
        return self.heard.issuperset(_keys(heard)) and all(
            self.parents[node] == moved.get(node) for node in path if node in self.parents
        )

    def tangent(self, record: Record, moved: Moved, heard: Sequence[Listener]) -> Tensor | None:
        """The tangent of the last of the nodes that move; None if it has none."""
        self.heard = _keys(heard)
        self.taylor.hear_again(record, [node for node in moved if node not in self.parents])
        self.parents |= moved
        series = self.taylor.series(next(reversed(moved)))
        return None if series is None else series[1]


def _keys(heard: Sequence[Listener]) -> frozenset[Key]:
    """Who listens; by their keys, as the recording among them keeps what asks, which would else keep it."""
    return frozenset([each.key for each in heard])


class Memory:
    """What a recording remembers of the gradients that were taken forwards in it."""

    def __init__(self) -> None:
        self.streams: dict[Node, list[Streams]] = {}
        self.derivatives: set[Node] = set()

    def serving(
        self, column: Node, path: Sequence[Node], moved: Moved, active: Sequence[Listener]
    ) -> Streams | None:
        """Tangents along a column that are there and serve; None if there are none."""
        found = (each for each in self.streams.get(column, ()) if each.serve(path, moved, active))
        return next(found, None)

    def new(self, column: Any, active: Sequence[Listener]) -> Streams:
        """New tangents along a column."""
        made = Streams(column, active)
        self.streams.setdefault(column._node, []).append(made)
        return made


def forwards(
    record: Record,
    known: Sequence[tuple[Node, Tensor]],
    sources: Sequence[Any],
    persistent: bool,
    weighted: bool,
) -> dict[Node, Tensor] | None:
    """The gradients of a target in columns of a batch, taken forwards; None where they are to be taken backwards.

    Outermost listens a recording.

    Args:
        record: what the tape has recorded.
        known: the targets that it follows, with their cotangents.
        sources: tensors and variables that are asked for.
        persistent: whether the tape can be asked again.
        weighted: whether cotangents were given; else they are ones.
    """
    active = listeners()
    if len(known) != 1 or any(each.walks for each in active):
        return None
    columns = {s._node: s for s in sources if record.knows(s)}
    if not columns or not all(_is_column(s) for s in columns.values()):
        return None
    (target, seed), count = known[0], next(iter(columns.values()))._value.shape[0]
    apart = _where_rows_are_apart(record, target, count)
    if apart is None or any(s._value.shape[0] != count for s in columns.values()):
        return None
    path = record.path([apart])
    memory = _memory_of(active[0])
    leaves = list(columns)
    if persistent and target not in memory.derivatives:
        leaves += [n for n in path if not n.read(record.key) and n not in columns and _column_of(n, count)]
    moving = {leaf: _moved(record, path, leaf) for leaf in leaves}
    if any(moving[leaf] is None for leaf in columns):
        return None
    there = {leaf: memory.serving(leaf, path, moved, active) for leaf, moved in moving.items() if moved}
    saved = _saved(path, moving, there, record, active)
    if saved < 0 or (saved == 0 and target is not apart):
        return None
    if target is not apart:
        back = Pullback(record, [target], [apart])([(target, seed)])
        if apart not in back:
            return None
        seed, weighted = back[apart], True
    found = {}
    for node, column in columns.items():
        streams = there[node] or memory.new(column, active)
        tangent = streams.tangent(record, moving[node] or {}, active)
        if tangent is None:
            return None
        found[node] = _gathered(multiply(seed, tangent) if weighted else tangent, column)
    memory.derivatives.update(g._node for g in found.values() if g._node is not None)
    return found


def _is_column(source: Any) -> bool:
    shape = source._value.shape
    return (
        len(shape) in (1, 2) and shape[0] > 1 and shape[1:] in ((), (1,)) and source._value.dtype.kind == "f"
    )


def _column_of(node: Node, count: int) -> bool:
    return node.shape in ((count,), (count, 1))


def _where_rows_are_apart(record: Record, target: Node, count: int) -> Node | None:
    """The node, the target or one that it alone is made of, that has so many rows."""
    node = target
    while node.shape[:1] != (count,):
        if node.primitive is None or node.primitive.name not in LINKS:
            return None
        parents = {p for p in node.read(record.key) if p is not None}
        if len(parents) != 1:
            return None
        node = parents.pop()
    return node


def _moved(record: Record, path: Sequence[Node], column: Node) -> Moved | None:
    """What depends on a column; None if somewhere rows meet, or if the last node of the path does not."""
    found: Moved = {}
    dtype = column.dtype
    for node in path:
        parents = node.read(record.key)
        moving = tuple([p if p is column or p in found else None for p in parents])
        if not any(moving):
            continue
        flags = inputs_along(node, parents) if node.dtype == dtype else None
        if flags is None or any(p and not along for p, along in zip(moving, flags, strict=True)):
            return None
        found[node] = moving
    return found if path[-1] in found else None


def _saved(
    path: Sequence[Node],
    moving: dict[Node, Moved | None],
    there: dict[Node, Streams | None],
    record: Record,
    active: Sequence[Listener],
) -> float:
    """How many operations more it takes backwards than forwards, by the counts at the top of this file."""
    work = {node: _work(node) for node in path}
    forward, backward = (
        0.0,
        sum(work[node] for node in {node for nodes in moving.values() for node in nodes or ()}),
    )
    for leaf, nodes in moving.items():
        own = sum(work[node] for node in nodes or ())
        streams = there.get(leaf)
        done = sum(work[node] for node in nodes or () if streams and node in streams.parents)
        orders = 1 + sum(a.differentiates and a is not record and leaf.knows(a.key) for a in active)
        forward += orders * own - done
        backward += (2**orders - 2) * own
    return backward - forward


def _work(node: Node) -> float:
    """The operations of a node, counted by shape."""
    entries = float(math.prod(node.shape))
    if node.primitive is not None and node.primitive.name == "matmul" and node.saved:
        first = node.saved[0]
        return 2 * entries * float((first._value if isinstance(first, Tensor) else first).shape[-1])
    return entries


def _memory_of(recording: Listener) -> Memory:
    kept: dict[Any, Any] = recording.kept  # type: ignore[attr-defined]  # a recording has it
    if Memory not in kept:
        kept[Memory] = Memory()
    return kept[Memory]  # type: ignore[no-any-return]


def _gathered(tangent: Tensor, column: Any) -> Tensor:
    """The entries of each row's tangent added up, in the shape of the column."""
    shape, own = tuple(column._value.shape), tuple(tangent._value.shape)
    if math.prod(own[1:]) != 1:
        tangent = sum_(tangent, axis=tuple(range(1, len(own))), keepdims=False)
    return tangent if tangent._value.shape == shape else reshape(tangent, shape=shape)


__all__ = ["forwards"]
