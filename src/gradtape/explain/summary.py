"""What a tape has recorded and what it keeps for it, as an object with a text.

Only what is alive counts: results that the program dropped, and on which nothing depends, have gone from the record.
Bytes are those of the arrays that rules will want, each counted once, whole where only a view of it is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.bundle import ITEM
from ..core.listen import Node
from ..core.tensor import Tensor
from ..modes.record import Record

LARGEST = 5
SHOWN = 12  # steps of the deepest path, and rows of the table, in the text


@dataclass(frozen=True, slots=True)
class Held:
    """An array that the tape keeps, and the operation that will want it first."""

    operation: str
    shape: tuple[int, ...]
    dtype: str
    bytes: int


@dataclass(frozen=True, slots=True, repr=False)
class Summary:
    """What a tape has recorded; its text is `str(summary)`.

    Attributes:
        operations: how many of each name, the most frequent first.
        kinds: how many of each kind of derivative rule, "linear", "elementwise" and so on.
        bytes_by_operation: bytes kept for the operations of each name; an array counts where it is met first.
        bytes: all bytes kept.
        largest: the largest arrays kept.
        deepest: names of the operations along the longest chain, from the source on.
        sources: how many tensors and variables are followed.
    """

    operations: dict[str, int]
    kinds: dict[str, int]
    bytes_by_operation: dict[str, int]
    bytes: int
    largest: tuple[Held, ...]
    deepest: tuple[str, ...]
    sources: int

    @property
    def count(self) -> int:
        """The number of operations."""
        return sum(self.operations.values())

    @property
    def depth(self) -> int:
        """The number of operations along the longest chain."""
        return len(self.deepest)

    def __str__(self) -> str:
        made, sources = _counted(self.count, "operation"), _counted(self.sources, "source")
        lines = [f"{made} from {sources}, {size(self.bytes)} kept, depth {self.depth}"]
        rows = [
            (name, str(count), size(self.bytes_by_operation.get(name, 0)))
            for name, count in self.operations.items()
        ]
        if rows:
            lines += ["", *columns([("operation", "count", "kept"), *rows[:SHOWN]])]
            if len(rows) > SHOWN:
                lines.append(f"and {_counted(len(rows) - SHOWN, 'other')}")
        if self.largest:
            held = [(h.operation, f"{h.dtype}{list(h.shape)}", size(h.bytes)) for h in self.largest]
            lines += ["", *columns([("largest, kept for", "array", "bytes"), *held])]
        if self.deepest:
            lines += ["", f"deepest path: {_path(self.deepest)}"]
        return "\n".join(lines)

    __repr__ = __str__


def summarize(record: Record) -> Summary:
    """The summary of a record."""
    alive = [
        node for reference in record.nodes if (node := reference()) is not None and node.knows(record.key)
    ]
    nodes = sorted(set(alive), key=lambda node: node.serial)
    made = [node for node in nodes if node.primitive is not None and node.primitive is not ITEM]
    owners: dict[int, Held] = {}
    for node in made:
        for array in _kept(node):
            owner = _owner(array)
            held = Held(_name(node), tuple(owner.shape), owner.dtype.name, int(owner.nbytes))
            owners.setdefault(id(owner), held)
    by_operation: Counter[str] = Counter()
    for held in owners.values():
        by_operation[held.operation] += held.bytes
    return Summary(
        dict(Counter(map(_name, made)).most_common()),
        dict(Counter(node.primitive.kind.value for node in made if node.primitive is not None).most_common()),
        dict(by_operation),
        sum(by_operation.values()),
        tuple(sorted(owners.values(), key=lambda held: -held.bytes)[:LARGEST]),
        _deepest(record, nodes),
        sum(not node.read(record.key) for node in nodes),
    )


def _name(node: Node) -> str:
    return node.primitive.name if node.primitive is not None else ""


def _kept(node: Node) -> Iterator[Any]:
    """The values that a node keeps: inputs, and its output or all outputs of a tuple."""
    saved = node.saved if type(node.saved) is tuple else ()
    yield from (x._value for x in saved if isinstance(x, Tensor))
    if node.kept is not None:
        yield from node.kept if type(node.kept) is tuple else (node.kept,)


def _owner(array: Any) -> Any:
    """The array that holds the memory of a view."""
    while isinstance(getattr(array, "base", None), np.ndarray):
        array = array.base
    return array


def _deepest(record: Record, nodes: Sequence[Node]) -> tuple[str, ...]:
    """The operations along the longest chain; `nodes` have parents before children."""
    depth: dict[Node, int] = {}
    before: dict[Node, Node | None] = {}
    for node in nodes:
        parents = [parent for parent in node.read(record.key) if parent is not None]
        previous = max(parents, key=lambda parent: depth.get(parent, 0), default=None)
        step = node.primitive is not None and node.primitive is not ITEM
        depth[node] = step + (0 if previous is None else depth.get(previous, 0))
        before[node] = previous
    last = max(depth, key=lambda node: depth[node], default=None)
    names = []
    while last is not None:
        if last.primitive is not None and last.primitive is not ITEM:
            names.append(last.primitive.name)
        last = before.get(last)
    return tuple(reversed(names))


def size(count: int) -> str:
    """A number of bytes as one reads it."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count} B"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _path(names: Sequence[str]) -> str:
    """A path, with its middle left out where it is long."""
    if len(names) <= SHOWN:
        return " > ".join(names)
    half = SHOWN // 2
    left = f"({len(names) - 2 * half:,} more)"
    return " > ".join([*names[:half], left, *names[-half:]])


def columns(rows: Sequence[tuple[str, ...]], numbers: set[int] | None = None) -> list[str]:
    """Lines of a table; the columns of `numbers` (None: all but the first) stand to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    right = set(range(1, len(widths))) if numbers is None else numbers
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
