"""Products of matrices with known sizes: four rows by two vectors of the result stay in registers.

The first factor may lie in memory in any way (its entries are read one by one and spread over a vector); the rows of
the second are read as vectors, so they must be contiguous. The same code serves a product and, with the first factor
seen transposed, the sum over rows that is its derivative. Large products are left to BLAS, which blocks for the caches
as well (Goto and van de Geijn 2008); a tile of rows is small.
"""

from __future__ import annotations

from dataclasses import dataclass

from .emit import STORED, Lane, Module
from .mathematics import Verbs

ROWS = 4
VECTORS = 2
WIDTH = 8
"""Entries in a vector; with doubles a vector is two registers, so one vector at a time is as many."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a product, how the first factor lies, and how far apart the rows of the second are."""

    kind: str
    rows: int
    inner: int
    columns: int
    down: int
    along: int
    second: int

    @property
    def name(self) -> str:
        sizes = (self.rows, self.inner, self.columns, self.down, self.along, self.second)
        return f"product_{self.kind}_" + "_".join(str(n).replace("-", "m") for n in sizes)


def emit_product(module: Module, shape: Shape) -> str:
    """Enter the function of a product, `(first, second, result)`, once for each shape; its name."""
    if shape.name not in module.declarations:
        module.declare(shape.name, "", "", _Writer(module, shape).text())
    return shape.name


class _Writer:
    def __init__(self, module: Module, shape: Shape) -> None:
        self.shape = shape
        self.e = Verbs(module)
        self.stored, self.size = STORED[shape.kind]

    def text(self) -> str:
        shape, e = self.shape, self.e
        for start, width, count in _columns(shape):
            self._panel(start, width, count)
        head = (
            f"define internal void @{shape.name}(ptr noalias %a, ptr noalias %b, ptr noalias %c) noinline {{"
        )
        return "\n".join([head, "entry:", *e.lines, "  ret void", "}"])

    def _panel(self, start: int, width: int, count: int) -> None:
        """Some columns of the result, by blocks of rows; the last block overlaps the one before."""
        shape, e = self.shape, self.e
        height = min(ROWS, shape.rows)
        before, head = e.label(), e.label()
        block = e.fresh()
        e.lines += [f"  br label %{before}", f"{before}:", f"  br label %{head}", f"{head}:"]
        e.lines.append(f"  {block} = phi i64 [ 0, %{before} ], [ {block}_next, %{head}_latch ]")
        row = block
        if shape.rows % height:
            late = e.line(f"icmp ugt i64 {block}, {shape.rows - height}")
            row = e.line(f"select i1 {late}, i64 {shape.rows - height}, i64 {block}")
        first = [
            self._place("%a", e.line(f"mul nsw i64 {self._plus(row, i)}, {shape.down}"))
            for i in range(height)
        ]
        totals = self._inner(first, start, width, count)
        vector = self._vector(width)
        for i in range(height):
            line = e.line(f"mul nsw i64 {self._plus(row, i)}, {shape.columns}")
            for j in range(count):
                place = self._place("%c", self._plus(line, start + j * width))
                e.lines.append(f"  store {vector} {totals[i][j]}, ptr {place}, align {self.size}")
        e.lines += [
            f"  br label %{head}_latch",
            f"{head}_latch:",
            f"  {block}_next = add nuw nsw i64 {block}, {height}",
            f"  {block}_more = icmp ult i64 {block}_next, {shape.rows}",
            f"  br i1 {block}_more, label %{head}, label %{head}_done",
            f"{head}_done:",
        ]

    def _inner(self, first: list[str], start: int, width: int, count: int) -> list[list[str]]:
        """The loop over the inner size, with a total in registers for each row and vector."""
        shape, e = self.shape, self.e
        vector = self._vector(width)
        before, head = e.label(), e.label()
        k = e.fresh()
        e.lines += [f"  br label %{before}", f"{before}:", f"  br label %{head}", f"{head}:"]
        e.lines.append(f"  {k} = phi i64 [ 0, %{before} ], [ {k}_next, %{head} ]")
        totals = [[e.fresh() for _ in range(count)] for _ in first]
        zero = "zeroinitializer" if width > 1 else "0.0"
        for line in totals:
            for total in line:
                e.lines.append(f"  {total} = phi {vector} [ {zero}, %{before} ], [ {total}_next, %{head} ]")
        offset = e.line(f"mul nsw i64 {k}, {shape.second}")
        seconds = []
        for j in range(count):
            place = self._place("%b", self._plus(offset, start + j * width))
            seconds.append(e.line(f"load {vector}, ptr {place}, align {self.size}"))
        along = k if shape.along == 1 else e.line(f"mul nsw i64 {k}, {shape.along}")
        lanes = Verbs(e.module, width)
        lanes.lines, lanes._count = e.lines, e._count
        for row, line in zip(first, totals, strict=True):
            place = lanes.line(f"getelementptr {self.stored}, ptr {row}, i64 {along}")
            entry = lanes.line(f"load {self.stored}, ptr {place}, align {self.size}")
            if width > 1:
                entry = lanes.line(f"insertelement {vector} poison, {self.stored} {entry}, i32 0")
                zeros = f"<{width} x i32> zeroinitializer"
                entry = lanes.line(f"shufflevector {vector} {entry}, {vector} poison, {zeros}")
            for second, total in zip(seconds, line, strict=True):
                made = lanes.fma(Lane(entry, shape.kind), Lane(second, shape.kind), Lane(total, shape.kind))
                lanes.lines[-1] = lanes.lines[-1].replace(f"{made.name} =", f"{total}_next =", 1)
        e._count = lanes._count
        e.lines += [
            f"  {k}_next = add nuw nsw i64 {k}, 1",
            f"  {k}_more = icmp ult i64 {k}_next, {shape.inner}",
            f"  br i1 {k}_more, label %{head}, label %{head}_done",
            f"{head}_done:",
        ]
        return [[f"{total}_next" for total in line] for line in totals]

    def _vector(self, width: int) -> str:
        return self.stored if width == 1 else f"<{width} x {self.stored}>"

    def _plus(self, value: str, number: int) -> str:
        return value if not number else self.e.line(f"add nsw i64 {value}, {number}")

    def _place(self, pointer: str, offset: str) -> str:
        return self.e.line(f"getelementptr {self.stored}, ptr {pointer}, i64 {offset}")


def _columns(shape: Shape) -> list[tuple[int, int, int]]:
    """The columns cut into panels: (first column, width of a vector, number of vectors)."""
    panels, start = [], 0
    vectors = VECTORS if shape.kind == "float" else 1
    while start < shape.columns:
        left = shape.columns - start
        width = min(WIDTH, 1 << (left.bit_length() - 1))
        count = min(vectors, left // width) if width == WIDTH else 1
        panels.append((start, width, count))
        start += width * count
    return panels
