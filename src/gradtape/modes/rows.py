"""Gradients of each row of a target, from a record in which rows are kept apart.

Where every operation between sources and target keeps the first axis apart (`Lead.along`), the record of a program on
many rows is the record of the program on one row, read with one more axis in front. `gradients_of_rows` goes the way
back: it writes the record of the first row, lets every kept value stand for all rows in a batch, and walks back over
it once. What arrives at a source has not been summed over the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.bundle import ITEM, Bundle
from ..core.lead import CLOSED, Flags, reshaped
from ..core.listen import Node, listeners, paused
from ..core.spec import Spec
from ..core.tensor import Tensor
from ..ops.linear import broadcast_to, reshape, scatter
from .batch import Batch
from .record import Record
from .reverse import Pullback


def gradients_of_rows(record: Record, target: Node, sources: Sequence[Node]) -> dict[Node, Tensor] | None:
    """The gradients of each row of the target, along a new first axis; None if the rows are not all kept apart.

    Args:
        record: the record of the program.
        target: a node of rank one or more.
        sources: nodes that all rows share.
    """
    walk = Pullback(record, [target], sources)
    flags = _apart(record, walk.order, target, frozenset(sources))
    if flags is None or target.shape[0] < 2:
        return None
    batch, first = Batch(target.shape[0]), Record()
    rows: dict[Node, Node] = {}
    for node in walk.blank:
        parents = node.read(record.key)
        if node not in flags:
            first.attach(node, parents)
        else:
            own = tuple([rows.get(p, p) if f else p for p, f in zip(parents, flags[node], strict=True)])
            rows[node] = _first_row(node, flags[node], own, first, batch)
    one = Tensor(np.ones((1, *target.shape[1:]), target.dtype))
    with paused((*listeners(), batch)):
        found = Pullback(first, [rows[target]], sources)([(rows[target], one)])
    return {node: batch.whole(g) for node, g in found.items()}


def _apart(
    record: Record, order: Sequence[Node], target: Node, sources: frozenset[Node]
) -> dict[Node, Flags] | None:
    """For each node that has a row for each row of the target: which inputs have too. None if somewhere rows meet."""
    useful, apart, whole = frozenset(order), {target}, set(sources)
    found: dict[Node, Flags] = {}
    for node in order:  # latest first: all that reads a node has been seen before it
        parents = node.read(record.key)
        if node in apart:
            flags = None if node in whole or not parents else inputs_along(node, parents)
            if flags is None:
                return None
            found[node] = flags
        else:
            flags = (False,) * len(parents)
        for parent, flag in zip(parents, flags, strict=True):
            if parent in useful:
                (apart if flag else whole).add(parent)
    return found


def inputs_along(node: Node, parents: Sequence[Node | None]) -> Flags | None:
    """Which inputs of a recorded operation lie along the first axis of its result; None if rows meet, or who knows."""
    primitive, saved = node.primitive, node.saved
    if primitive is None or primitive is ITEM or isinstance(node, Bundle) or primitive.lead is CLOSED:
        return None
    if saved is None and len(parents) > 1 and not primitive.pointwise:
        return None
    specs = []
    for i, parent in enumerate(parents):
        # An input of a pointwise operation of which nothing is kept is as good as one of the result's shape.
        like = parent or (node if saved is None else saved[i])
        specs.append(Spec(tuple(like.shape), like.dtype))
    return primitive.lead.along(specs, node.params or {})


def _first_row(node: Node, flags: Flags, parents: tuple[Any, ...], record: Record, batch: Batch) -> Node:
    """The node of the operation's first row; what is kept stands for all rows."""
    saved = node.saved
    if saved is not None:
        saved = tuple([_part(x, batch) if f else x for x, f in zip(saved, flags, strict=True)])
    spec = ((1, *node.shape[1:]), node.dtype)
    kept = None if node.kept is None else node.kept[:1]
    row = Node.made(node.primitive, _params(node), saved, kept, spec, record.key, parents)
    record.remember(row)
    if kept is not None:
        batch.attach(row, _spread(Tensor(node.kept, node)))
    return row


def _params(node: Node) -> Any:
    """The parameters for one row: sizes of the first axis become one."""
    params = node.params
    if node.primitive in (reshape, broadcast_to, scatter):
        params = {**params, "shape": (1, *params["shape"][1:])}
    index = params.get("index") if params else None
    if index and isinstance(index[0], slice):
        params = {**params, "index": (slice(None), *index[1:])}
    return params


def _part(x: Any, batch: Batch) -> Any:
    if type(x) is not Tensor:
        return Spec((1, *x.shape[1:]), x.dtype)
    return batch.first(_spread(x))


def _spread(x: Tensor) -> Tensor:
    """Every row by itself: (n, ...) as (n, 1, ...)."""
    return reshaped(x, (x._value.shape[0], 1, *x._value.shape[1:]))
