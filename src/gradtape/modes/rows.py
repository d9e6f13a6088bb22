"""Gradients of each row of a target, from a record in which rows are kept apart.

Where every operation between sources and target keeps the first axis apart (`Lead.along`), the record of a program on
many rows is the record of the program on one row, read with one more axis in front. `gradients_of_rows` goes the way
back: it writes the record of the first row, lets every kept value stand for all rows in a batch, and walks back over
it once. What arrives at a source has not been summed over the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    flags = apart(record, walk.order, target, sources)
    if flags is None or target.shape[0] < 2:
        return None
    batch, first = Batch(target.shape[0]), Record()
    rows: dict[Node, Node] = {}

    def share(x: Tensor, row: Node | None = None) -> Tensor:
        if row is None:
            return batch.first(_spread(x))
        batch.attach(row, _spread(x))
        return Tensor(x._value[:1], row)

    some_rows(record, walk.blank, flags, first, rows, 1, share)
    one = Tensor(np.ones((1, *target.shape[1:]), target.dtype))
    with paused((*listeners(), batch)):
        found = Pullback(first, [rows[target]], sources)([(rows[target], one)])
    return {node: batch.whole(g) for node, g in found.items()}


def apart(
    record: Record, order: Sequence[Node], target: Node, shared: Iterable[Node]
) -> dict[Node, Flags] | None:
    """For each node that has a row for each row of the target: which inputs have too. None if somewhere rows meet.

    Args:
        record: the record of the program.
        order: the nodes on the way to the target, latest first.
        target: a node of rank one or more.
        shared: nodes that are the same for all rows.
    """
    useful, along, whole = frozenset(order), {target}, set(shared)
    found: dict[Node, Flags] = {}
    for node in order:  # latest first: all that reads a node has been seen before it
        parents = node.read(record.key)
        if node in along:
            flags = None if node in whole else inputs_along(node, parents) if parents else ()
            if flags is None:
                return None
            found[node] = flags
        else:
            flags = (False,) * len(parents)
        for parent, flag in zip(parents, flags, strict=True):
            if parent in useful:
                (along if flag else whole).add(parent)
    return found


def some_rows(
    record: Record,
    nodes: Iterable[Node],
    flags: Mapping[Node, Flags],
    part: Record,
    rows: dict[Node, Node],
    count: int,
    share: Callable[..., Tensor],
) -> None:
    """Write the record of the first rows of a program in which rows are kept apart.

    Args:
        record: the record of the program.
        nodes: those to be written, in their order.
        flags: what `apart` found.
        part: the record to write; what all rows share is in both.
        rows: is given the node of the first rows for each node that has rows.
        count: how many rows.
        share: the first rows of what was kept of an operation; of its result, for the node that is given too.
    """
    for node in nodes:
        parents = node.read(record.key)
        if node not in flags:
            part.attach(node, parents)
            continue
        along = flags[node]
        own = tuple([rows.get(p, p) if f else p for p, f in zip(parents, along, strict=True)])
        saved = node.saved
        if saved is not None:
            saved = tuple([_part(x, count, share) if f else x for x, f in zip(saved, along, strict=True)])
        spec = ((count, *node.shape[1:]), node.dtype)
        made = Node.made(node.primitive, _params(node, count), saved, None, spec, part.key, own)
        part.remember(made)
        if node.kept is not None:
            made.kept = share(Tensor(node.kept, node), made)._value
        rows[node] = made


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


def _params(node: Node, count: int) -> Any:
    """The parameters for so many rows: sizes of the first axis become that."""
    params = node.params
    if node.primitive in (reshape, broadcast_to, scatter):
        params = {**params, "shape": (count, *params["shape"][1:])}
    index = params.get("index") if params else None
    if index and isinstance(index[0], slice):
        params = {**params, "index": (slice(None), *index[1:])}
    return params


def _part(x: Any, count: int, share: Callable[..., Tensor]) -> Any:
    return share(x) if type(x) is Tensor else Spec((count, *x.shape[1:]), x.dtype)


def _spread(x: Tensor) -> Tensor:
    """Every row by itself: (n, ...) as (n, 1, ...)."""
    return reshaped(x, (x._value.shape[0], 1, *x._value.shape[1:]))
