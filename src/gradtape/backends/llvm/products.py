"""Products of matrices with known sizes: a block of the result, some rows by some vectors, stays in registers.

The first factor may lie in memory in any way (its entries are read one by one and spread over a vector); the rows of
the second are read as vectors, so they must be contiguous. The same code serves a product and, with the first factor
seen transposed, the sum over rows that is its derivative. Large products are left to BLAS, which blocks for the caches
as well (Goto and van de Geijn 2008); a tile of rows is small.

A result of one column has no rows for vectors. Where the matrix lies by rows the vectors go along them, and their
entries are added up at the end; where it lies by columns, `plan` turns the product round into a row times a matrix.

Which block is best depends on the sizes: `blocks` counts cycles. A processor begins two multiplications with a sum a
cycle, whose results are there four cycles later, and loads two vectors (Zen 3, Skylake and later; Fog, Instruction
tables, 2022). So at least eight totals must be on the way, and an entry that is spread over a vector, or a vector of
the second factor, should serve for several. Of blocks that take as long, those with fewer totals were the faster: with
two vectors four rows, not six.

What is left of a row beside whole vectors often fills half a register or less. Then two rows share one: its lanes hold
an entry of each, spread, beside the same entries of the second factor twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from .counting import Turns
from .emit import Lane, Module
from .engine import processor_name
from .kinds import STORED, has
from .verbs import Verbs

REGISTERS = (64, 32) if has("AVX512F") else (32,)
"""Bytes in a register, widest first; of 16 bytes each, where there are but such, two are one for LLVM."""


@lru_cache(maxsize=1)
def at_once() -> int:
    """Of how many bytes a register is done as a whole: Zen 4 does and loads one of 64 bytes as two halves."""
    return 64 if has("AVX512F") and processor_name() != "znver4" else 32


TOTALS = 12
"""Totals in registers at most: with vectors of the second factor and an entry of the first they fill sixteen."""

LATENCY = 4
"""Cycles from the beginning of a fused multiplication to its result."""

UNEVEN = 1.05
"""So much longer than its cycles loading takes, as what is loaded does not come evenly."""


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
        return self.columns == self.along == self.second == 1 and self.inner >= 2 * self.width

    @property
    def width(self) -> int:
        """Entries in a vector."""
        return REGISTERS[0] // self.size

    @property
    def size(self) -> int:
        """The bytes of an entry."""
        return STORED[self.kind][1]

    @property
    def name(self) -> str:
        sizes = (self.rows, self.inner, self.columns, self.down, self.along, self.second)
        return f"product_{self.kind}_" + "_".join(str(n).replace("-", "m") for n in sizes)


def emit_product(module: Module, shape: Shape) -> str:
    """Enter the loop of a product, `(first, second, result)`, once for each shape; its name."""
    if shape.name not in module.loops:
        module.loops[shape.name] = _Writer(module, shape).written()
    return shape.name


class _Writer:
    def __init__(self, module: Module, shape: Shape) -> None:
        self.shape = shape
        self.e = Verbs(module)
        self.stored, self.size = STORED[shape.kind]

    def written(self) -> list[str]:
        """The lines of the loop."""
        shape, e = self.shape, self.e
        e.begin(e.label())
        self.first, self.second, self.result = e.given(3)
        for height, panel in [(min(shape.rows, 4), [(0, 1)])] if shape.along_rows else blocks(shape):
            self._panel(panel, height)
        return [*e.lines, "  ret void"]

    def _panel(self, panel: Panel, height: int) -> None:
        """Some columns of the result, by blocks of rows; the last block overlaps the one before."""
        shape, e = self.shape, self.e
        turns = Turns(e, shape.rows, height)
        row = turns.counter
        if shape.rows % height:
            late = e.line(f"icmp ugt i64 {row}, {shape.rows - height}")
            row = e.line(f"select i1 {late}, i64 {shape.rows - height}, i64 {row}")
        above = self._behind(self.first, e.times(row, shape.down))
        first = [self._behind(above, i * shape.down) for i in range(height)]
        totals = self._dots(first) if shape.along_rows else self._inner(first, panel)
        made = self._behind(self.result, e.times(row, shape.columns))
        for i in range(height):
            for (start, width), own in zip(panel, totals, strict=True):
                rows = height // len(own)
                total = self._part(own[i // rows], i % rows, width, rows)
                place = self._behind(made, i * shape.columns + start)
                e.lines.append(f"  store {self._vector(width)} {total}, ptr {place}, align {self.size}")
        turns.close()

    def _inner(self, first: list[str], panel: Panel) -> list[list[str]]:
        """The loop over the inner size, with a total in registers for each vector and the rows that share it."""
        e, height = self.e, len(first)
        sharing = [rows_sharing(self.shape, width, height) for _, width in panel]
        turns = Turns(e, self.shape.inner)
        along, down = turns.counting(self.shape.along), turns.counting(self.shape.second)
        totals = []
        for (_, width), rows in zip(panel, sharing, strict=True):
            zero = "zeroinitializer" if width * rows > 1 else "0.0"
            kind = self._vector(width * rows)
            totals.append([turns.carried(kind, zero) for _ in range(height // rows)])
        below = self._behind(self.second, down)
        entry = cache(lambda row: self._entry(first[row], along))
        spread = cache(lambda row, width: self._spread(entry(row), width))
        second = cache(lambda place: self._second(below, *panel[place], sharing[place]))
        places = range(len(panel))
        # What is fewer, rows or vectors, is read first, and waits in registers for the others.
        by_place = [(row, place) for place in places for row in range(height)]
        by_row = [(row, place) for row in range(height) for place in places]
        for row, place in by_place if height < len(panel) else by_row:
            group, last = divmod(row + 1, sharing[place])
            if not last:
                width, rows = panel[place][1], sharing[place]
                entries = [spread(k, width * rows) for k in range(row + 1 - rows, row + 1)]
                factor = entries[0] if rows == 1 else self._beside(entries, width)
                total = totals[place][group - 1]
                totals[place][group - 1] = self._with_product(factor, second(place), total, width * rows)
        turns.close([total for line in totals for total in line])
        return totals

    def _second(self, row: str, start: int, width: int, rows: int) -> str:
        """A vector of the second factor, so many entries from where its row begins; once for each row sharing it."""
        place = self._behind(row, start)
        vector = self.e.line(f"load {self._vector(width)}, ptr {place}, align {self.size}")
        if rows == 1:
            return vector
        if width == 1:
            return self._spread(vector, rows)
        numbers = ", ".join(f"i32 {i}" for i in range(width))
        kind = self._vector(width)
        return self.e.line(
            f"shufflevector {kind} {vector}, {kind} poison, <{width * rows} x i32> <{', '.join([numbers] * rows)}>"
        )

    def _entry(self, row: str, along: str) -> str:
        """An entry of the first factor."""
        return self.e.line(f"load {self.stored}, ptr {self._behind(row, along)}, align {self.size}")

    def _beside(self, spread: list[str], width: int) -> str:
        """A vector that has so many lanes of each of two."""
        lanes = ", ".join(["i1 true"] * width + ["i1 false"] * width)
        one, other = (f"{self._vector(2 * width)} {name}" for name in spread)
        return self.e.line(f"select <{2 * width} x i1> <{lanes}>, {one}, {other}")

    def _part(self, total: str, number: int, width: int, rows: int) -> str:
        """Of a total that several rows share, that of one."""
        if rows == 1:
            return total
        kind = self._vector(width * rows)
        if width == 1:
            return self.e.line(f"extractelement {kind} {total}, i32 {number}")
        numbers = ", ".join(f"i32 {i}" for i in range(number * width, (number + 1) * width))
        return self.e.line(f"shufflevector {kind} {total}, {kind} poison, <{width} x i32> <{numbers}>")

    def _dots(self, first: list[str]) -> list[list[str]]:
        """The product of each row with the one column, by vectors and then what is left over."""
        e, width = self.e, self.shape.width
        # Two totals a row, so that with four rows eight are on the way.
        step = 2 * width
        whole = self.shape.inner - self.shape.inner % step
        turns, vector = Turns(e, whole, step), self._vector(width)
        totals = [[turns.carried(vector, "zeroinitializer") for _ in range(2)] for _ in first]
        for place in range(2):
            at = self._plus(turns.counter, place * width)
            second = self._read(self.second, at, width)
            for row, pair in zip(first, totals, strict=True):
                pair[place] = self._with_product(self._read(row, at, width), second, pair[place], width)
        turns.close([total for pair in totals for total in pair])
        sums = [e.line(f"fadd {vector} {one}, {other}") for one, other in totals]
        # What is left over is taken in by vectors of each width on the way of the sums to one entry.
        while True:
            if (self.shape.inner - whole) & width:
                second = self._read(self.second, str(whole), width)
                for place, row in enumerate(first):
                    sums[place] = self._with_product(
                        self._read(row, str(whole), width), second, sums[place], width
                    )
                whole += width
            if width == 1:
                return [sums]
            width //= 2
            sums = [self._halves(total, width) for total in sums]

    def _read(self, pointer: str, place: str, width: int) -> str:
        return self.e.line(
            f"load {self._vector(width)}, ptr {self._behind(pointer, place)}, align {self.size}"
        )

    def _halves(self, vector: str, width: int) -> str:
        """The sum of the halves of a vector, each of which has so many entries."""
        e, both = self.e, f"{self._wide(2 * width)} {vector}"
        if width == 1:
            low, high = (e.line(f"extractelement {both}, i32 {place}") for place in range(2))
        else:
            low, high = (
                e.line(
                    f"shufflevector {both}, {self._wide(2 * width)} poison, <{width} x i32> "
                    f"<{', '.join(f'i32 {i}' for i in range(start, start + width))}>"
                )
                for start in (0, width)
            )
        return e.line(f"fadd {self._vector(width)} {low}, {high}")

    def _wide(self, width: int) -> str:
        return f"<{width} x {self.stored}>"

    def _spread(self, entry: str, width: int) -> str:
        """A number in every entry of a vector."""
        if width == 1:
            return entry
        vector = self._vector(width)
        one = self.e.line(f"insertelement {vector} poison, {self.stored} {entry}, i32 0")
        return self.e.line(f"shufflevector {vector} {one}, {vector} poison, <{width} x i32> zeroinitializer")

    def _with_product(self, entry: str, second: str, total: str, width: int) -> str:
        """entry second + total."""
        given = [Lane(name, self.shape.kind) for name in (entry, second, total)]
        return self.e.beside(width).fma(*given).name

    def _vector(self, width: int) -> str:
        return self.stored if width == 1 else self._wide(width)

    def _plus(self, value: str, number: int) -> str:
        if value.isdigit():
            return str(int(value) + number)
        return value if not number else self.e.line(f"add nsw i64 {value}, {number}")

    def _behind(self, pointer: str, distance: str | int) -> str:
        """So many entries behind a pointer; of known distances, put last, LLVM makes parts of the instructions."""
        return self.e.behind(pointer, self.stored, distance)


Panel = list[tuple[int, int]]
"""Vectors beside one another: the first column and the width of each."""


def blocks(shape: Shape) -> list[tuple[int, Panel]]:
    """How a result is cut into blocks: panels of columns, and how many rows of each are computed at once."""
    # Of registers that take as long, those that are wider.
    cuts = [_cut(shape, _vectors(shape.columns, register // shape.size)) for register in REGISTERS]
    return min(cuts, key=lambda cut: cut[0])[1]


def _cut(shape: Shape, vectors: Panel) -> tuple[float, list[tuple[int, Panel]]]:
    """How vectors are best put into panels: the cycles that it takes, and the blocks."""
    best = cache(lambda widths: min(_heights(shape, widths)))
    found = []
    for count in {-(-len(vectors) // most): None for most in range(TOTALS, 0, -1)}:
        bounds = [len(vectors) * k // count for k in range(count + 1)]
        panels = [vectors[a:b] for a, b in pairwise(bounds)]
        heights = [best(tuple([width for _, width in panel])) for panel in panels]
        made = [(one[2], panel) for one, panel in zip(heights, panels, strict=True)]
        # Of the same, those of more rows: they read the second factor less often.
        found.append((sum(one[0] for one in heights), max(one[3] for one in heights), -count, made))
    cycles, *_, made = min(found, key=lambda one: one[:3])
    return cycles, made


def _vectors(columns: int, most: int) -> Panel:
    """Columns as vectors beside one another."""
    width = min(most, 1 << (columns.bit_length() - 1))
    whole, rest = divmod(columns, width)
    vectors = [(width * number, width) for number in range(whole)]
    if rest:  # one vector more, which overlaps the one before where no width is that of the rest
        last = 1 << (rest - 1).bit_length()
        vectors.append((columns - last, last))
    return vectors


def _heights(shape: Shape, widths: Sequence[int]) -> Iterator[tuple[float, bool, int, int]]:
    """For every number of rows that a block of such vectors may have, the cycles for each entry of the inner size.

    Also whether there are too few totals, the number of rows, and in how many registers totals are.
    """
    widest = _cycles(max(widths) * shape.size)
    second = sum(_reading(shape, width) for width in widths)
    for height in range(1, min(shape.rows, 2 * TOTALS) + 1):
        shares = [
            (height // rows, rows * width)
            for width in widths
            for rows in [rows_sharing(shape, width, height)]
        ]
        totals = sum(number for number, _ in shares)
        if height == 1 or totals <= TOTALS:
            multiplying = sum(number * _cycles(width * shape.size) for number, width in shares)
            cycles = max(multiplying, UNEVEN * (height * widest + second), LATENCY)
            yield -(-shape.rows // height) * cycles, totals < 2 * LATENCY, height, totals


def _cycles(size: int) -> float:
    """The cycles that a multiplication with a sum or a load of so many bytes takes."""
    return -(-size // at_once()) / 2


def _reading(shape: Shape, width: int) -> float:
    """The cycles to load a vector of the second factor, which often crosses a cache line if its rows are not whole."""
    size = width * shape.size
    crossing = (size - shape.size) / 64 if shape.second * shape.size % size else 0
    return _cycles(size) * (1 + crossing)


def rows_sharing(shape: Shape, width: int, height: int) -> int:
    """How many rows of a block share a register for their totals of vectors of this width."""
    return 2 if 2 * width * shape.size <= at_once() and height % 2 == 0 else 1


__all__ = ["Shape", "blocks", "emit_product"]
