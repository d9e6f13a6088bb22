"""What a tape has recorded and what it keeps for it, as an object with a text.

Only what is alive counts: results that the program dropped, and on which nothing depends, have gone from the record.
Bytes are those of the arrays that rules will want, each counted once, whole where only a view of it is kept.
"""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core.bundle import ITEM, Bundle
from ..core.listen import Node
from ..core.tensor import Tensor
from ..modes.record import Record
from .flops import recorded_flops
from .lined import LinedRecord
from .places import spot_of

LARGEST = 5
WIDTH = 60  # characters of a line in the text
SHOWN = 12  # steps of the deepest path, and rows of the table, in the text


@dataclass(frozen=True, slots=True)
class Held:
    """An array that the tape keeps, and the operation that will want it first."""

    operation: str
    shape: tuple[int, ...]
    dtype: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the program: where it is, how many operations it asked for, and the bytes kept for these."""

    file: str
    number: int
    operations: int
    bytes: int

    def __str__(self) -> str:
        text = linecache.getline(self.file, self.number).strip()
        return f"{self.number}: {text if len(text) <= WIDTH else text[: WIDTH - 3] + '...'}"


@dataclass(frozen=True, slots=True, repr=False)
class Summary:
    """What a tape has recorded; its text is `str(summary)`.

    Attributes:
        operations: how many of each name, the most frequent first.
        kinds: how many of each kind of derivative rule, "linear", "elementwise" and so on.
        bytes_by_operation: bytes kept for the operations of each name; an array counts where it is met first.
        bytes: all bytes kept.
        flops_by_operation: floating-point operations of each name, estimated from shapes (`explain/flops.py`).
        lines: the program's lines with their operations and bytes kept, where the tape was made with `lines=True`.
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
    flops_by_operation: dict[str, int] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()

    @property
    def flops(self) -> int:
        """Floating-point operations of all that was recorded, estimated from shapes."""
        return sum(self.flops_by_operation.values())

    @property
    def count(self) -> int:
        """The number of operations."""
        return sum(self.operations.values())

    @property
    def depth(self) -> int:
        """The number of operations along the longest chain."""
        return len(self.deepest)

    def __str__(self) -> str:
        made, sources = counted(self.count, "operation"), counted(self.sources, "source")
        lines = [f"{made} from {sources}, {size(self.bytes)} kept, depth {self.depth}, {self.flops:,} flops"]
        rows = [
            (
                name,
                str(count),
                size(self.bytes_by_operation.get(name, 0)),
                f"{self.flops_by_operation[name]:,}",
            )
            for name, count in self.operations.items()
        ]
        if rows:
            lines += ["", *columns([("operation", "count", "kept", "flops"), *rows[:SHOWN]])]
            if len(rows) > SHOWN:
                lines.append(f"and {counted(len(rows) - SHOWN, 'other')}")
        if self.largest:
            held = [(h.operation, f"{h.dtype}{list(h.shape)}", size(h.bytes)) for h in self.largest]
            lines += ["", *columns([("largest, kept for", "array", "bytes"), *held])]
        if self.lines:
            said = [(str(line), str(line.operations), size(line.bytes)) for line in self.lines[:SHOWN]]
            lines += ["", *columns([("line", "operations", "kept"), *said])]
            if len(self.lines) > SHOWN:
                lines.append(f"and {counted(len(self.lines) - SHOWN, 'other')}")
        if self.deepest:
            lines += ["", f"deepest path: {_path(self.deepest)}"]
        return "\n".join(lines)

    __repr__ = __str__


def summarize(record: Record) -> Summary:
    """The summary of a record."""
    nodes = record.alive()
    made = [node for node in nodes if node.primitive is not None and node.primitive is not ITEM]
    owners: dict[int, Held] = {}
    flops: Counter[str] = Counter()
    lines = _Lines(record)
    for node in made:
        flops[_name(node)] += round(recorded_flops(node, record.key))
        lines.count(node)
        for array in _kept(node):
            owner = _owner(array)
            held = Held(_name(node), tuple(owner.shape), owner.dtype.name, int(owner.nbytes))
            if id(owner) not in owners:
                owners[id(owner)] = held
                lines.keep(node, held.bytes)
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
        dict(flops),
        lines.found(),
    )


class _Lines:
    """Counts operations and bytes by the line that asked, where a record knows lines."""

    def __init__(self, record: Record) -> None:
        self._noted = record.noted if isinstance(record, LinedRecord) else {}
        self._places: dict[tuple[Any, int], tuple[str, int]] = {}
        self._operations: Counter[tuple[str, int]] = Counter()
        self._bytes: Counter[tuple[str, int]] = Counter()

    def _place(self, node: Node) -> tuple[str, int] | None:
        serials = [item.serial for item in node.alive()] if isinstance(node, Bundle) else [node.serial]
        noted = next((self._noted[serial] for serial in serials if serial in self._noted), None)
        if noted is None:
            return None
        key = (noted.code, noted.instruction)
        if key not in self._places:
            spot = spot_of(*key)
            self._places[key] = (spot.file, spot.line)
        return self._places[key]

    def count(self, node: Node) -> None:
        place = self._place(node)
        if place is not None:
            self._operations[place] += 1

    def keep(self, node: Node, size: int) -> None:
        place = self._place(node)
        if place is not None:
            self._bytes[place] += size

    def found(self) -> tuple[Line, ...]:
        """The lines, in the order in which they were first met."""
        return tuple(Line(*place, count, self._bytes[place]) for place, count in self._operations.items())


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


def counted(count: int, noun: str) -> str:
    """A number with its noun, in the plural where it is not one."""
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
