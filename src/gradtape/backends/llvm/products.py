"""Products of matrices with known sizes: four rows by three vectors of the result stay in the sixteen registers.

The first factor may lie in memory in any way (its entries are read one by one and spread over a vector); the rows of
the second are read as vectors, so they must be contiguous. The same code serves a product and, with the first factor
seen transposed, the sum over rows that is its derivative. Large products are left to BLAS, which blocks for the caches
as well (Goto and van de Geijn 2008); a tile of rows is small.

A result of one column has no rows for vectors. Where the matrix lies by rows the vectors go along them, and their
entries are added up at the end; where it lies by columns, `plan` turns the product round into a row times a matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

from .driver import opened
from .emit import Lane, Module
from .kinds import STORED
from .verbs import Verbs

ROWS = 4
VECTORS = 3
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
    def along_rows(self) -> bool:
        """Whether there is one column, and both factors can be read by vectors along the inner size."""
        return self.columns == self.along == self.second == 1 and self.inner >= 2 * WIDTH

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
        for panel in _panels(shape):
            self._panel(panel)
        head = f"define internal void @{shape.name}(ptr %given) {{"
        return "\n".join([head, "entry:", *opened(("%a", "%b", "%c")), *e.lines, "  ret void", "}"])

    def _panel(self, panel: list[tuple[int, int]]) -> None:
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
        totals = self._dots(first) if shape.along_rows else self._inner(first, panel)
        for i in range(height):
            line = e.line(f"mul nsw i64 {self._plus(row, i)}, {shape.columns}")
            for (start, width), total in zip(panel, totals[i], strict=True):
                place = self._place("%c", self._plus(line, start))
                e.lines.append(f"  store {self._vector(width)} {total}, ptr {place}, align {self.size}")
        e.lines += [
            f"  br label %{head}_latch",
            f"{head}_latch:",
            f"  {block}_next = add nuw nsw i64 {block}, {height}",
            f"  {block}_more = icmp ult i64 {block}_next, {shape.rows}",
            f"  br i1 {block}_more, label %{head}, label %{head}_done",
            f"{head}_done:",
        ]

    def _inner(self, first: list[str], panel: list[tuple[int, int]]) -> list[list[str]]:
        """The loop over the inner size, with a total in registers for each row and vector."""
        shape, e = self.shape, self.e
        before, head = e.label(), e.label()
        k = e.fresh()
        e.lines += [f"  br label %{before}", f"{before}:", f"  br label %{head}", f"{head}:"]
        e.lines.append(f"  {k} = phi i64 [ 0, %{before} ], [ {k}_next, %{head} ]")
        totals = [[e.fresh() for _ in panel] for _ in first]
        for line in totals:
            for total, (_, width) in zip(line, panel, strict=True):
                zero = "zeroinitializer" if width > 1 else "0.0"
                vector = self._vector(width)
                e.lines.append(f"  {total} = phi {vector} [ {zero}, %{before} ], [ {total}_next, %{head} ]")
        offset = e.line(f"mul nsw i64 {k}, {shape.second}")
        seconds = []
        for start, width in panel:
            place = self._place("%b", self._plus(offset, start))
            seconds.append(e.line(f"load {self._vector(width)}, ptr {place}, align {self.size}"))
        along = k if shape.along == 1 else e.line(f"mul nsw i64 {k}, {shape.along}")
        for row, line in zip(first, totals, strict=True):
            place = self._place(row, along)
            entry = e.line(f"load {self.stored}, ptr {place}, align {self.size}")
            spread = {width: self._spread(entry, width) for _, width in panel}
            for second, total, (_, width) in zip(seconds, line, panel, strict=True):
                self._add_product(spread[width], second, total, width)
        e.lines += [
            f"  {k}_next = add nuw nsw i64 {k}, 1",
            f"  {k}_more = icmp ult i64 {k}_next, {shape.inner}",
            f"  br i1 {k}_more, label %{head}, label %{head}_done",
            f"{head}_done:",
        ]
        return [[f"{total}_next" for total in line] for line in totals]

    def _dots(self, first: list[str]) -> list[list[str]]:
        """The product of each row with the one column, by vectors and then what is left over."""
        shape, e = self.shape, self.e
        whole = shape.inner - shape.inner % WIDTH
        vector = self._vector(WIDTH)
        before, head = e.label(), e.label()
        k = e.fresh()
        e.lines += [f"  br label %{before}", f"{before}:", f"  br label %{head}", f"{head}:"]
        e.lines.append(f"  {k} = phi i64 [ 0, %{before} ], [ {k}_next, %{head} ]")
        totals = [e.fresh() for _ in first]
        for total in totals:
            e.lines.append(
                f"  {total} = phi {vector} [ zeroinitializer, %{before} ], [ {total}_next, %{head} ]"
            )
        second = e.line(f"load {vector}, ptr {self._place('%b', k)}, align {self.size}")
        for row, total in zip(first, totals, strict=True):
            entries = e.line(f"load {vector}, ptr {self._place(row, k)}, align {self.size}")
            self._add_product(entries, second, total, WIDTH)
        e.lines += [
            f"  {k}_next = add nuw nsw i64 {k}, {WIDTH}",
            f"  {k}_more = icmp ult i64 {k}_next, {whole}",
            f"  br i1 {k}_more, label %{head}, label %{head}_done",
            f"{head}_done:",
        ]
        sums = [self._sum(f"{total}_next") for total in totals]
        for last in range(whole, shape.inner):
            entry = e.line(f"load {self.stored}, ptr {self._place('%b', str(last))}, align {self.size}")
            for i, row in enumerate(first):
                own = e.line(f"load {self.stored}, ptr {self._place(row, str(last))}, align {self.size}")
                sums[i] = e.fma(*(Lane(name, shape.kind) for name in (own, entry, sums[i]))).name
        return [[total] for total in sums]

    def _sum(self, vector: str) -> str:
        """The sum of a vector's entries, by halves."""
        width = WIDTH
        while width > 1:
            width //= 2
            both = f"{self._wide(2 * width)} {vector}, {self._wide(2 * width)} poison"
            low, high = (
                self.e.line(
                    f"shufflevector {both}, <{width} x i32> "
                    f"<{', '.join(f'i32 {i}' for i in range(start, start + width))}>"
                )
                for start in (0, width)
            )
            vector = self.e.line(f"fadd {self._wide(width)} {low}, {high}")
        return self.e.line(f"extractelement {self._wide(1)} {vector}, i32 0")

    def _wide(self, width: int) -> str:
        return f"<{width} x {self.stored}>"

    def _spread(self, entry: str, width: int) -> str:
        """A number in every entry of a vector."""
        if width == 1:
            return entry
        vector = self._vector(width)
        one = self.e.line(f"insertelement {vector} poison, {self.stored} {entry}, i32 0")
        return self.e.line(f"shufflevector {vector} {one}, {vector} poison, <{width} x i32> zeroinitializer")

    def _add_product(self, entry: str, second: str, total: str, width: int) -> None:
        """total_next = entry second + total."""
        lanes = Verbs(self.e.module, width)
        lanes.lines, lanes._count = self.e.lines, self.e._count
        kind = self.shape.kind
        made = lanes.fma(Lane(entry, kind), Lane(second, kind), Lane(total, kind))
        lanes.lines[-1] = lanes.lines[-1].replace(f"{made.name} =", f"{total}_next =", 1)
        self.e._count = lanes._count

    def _vector(self, width: int) -> str:
        return self.stored if width == 1 else self._wide(width)

    def _plus(self, value: str, number: int) -> str:
        return value if not number else self.e.line(f"add nsw i64 {value}, {number}")

    def _place(self, pointer: str, offset: str) -> str:
        return self.e.line(f"getelementptr {self.stored}, ptr {pointer}, i64 {offset}")


def _panels(shape: Shape) -> list[list[tuple[int, int]]]:
    """The columns cut into panels of vectors: (first column, width) of each vector."""
    vectors, start = [], 0
    while start < shape.columns:
        width = min(WIDTH, 1 << ((shape.columns - start).bit_length() - 1))
        vectors.append((start, width))
        start += width
    most = (VECTORS if shape.kind == "float" else 1) * (ROWS // min(ROWS, shape.rows))
    return [vectors[i : i + most] for i in range(0, len(vectors), most)]
