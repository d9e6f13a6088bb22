"""Diagonals, bands and traces: reading them, writing them, making matrices of them. Composed of rows.

TensorFlow speaks of a range of diagonals, numbered from 0, the main one, upwards to the right. They are kept in the
rows of a matrix, the highest first; a shorter one is filled up at the end that `align` says. `band_places` turns that
into coordinates once, and reading, writing and replacing are one indexing operation each.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import InvalidArgumentError, ShapeError
from ..core.further_errors import ChoiceError
from ..core.questions import has_true
from ..core.tensor import Tensor, as_tensor, beside, decide, look
from . import linear
from .arranging import moveaxis
from .composing import axes_of, composite
from .matrix import tril, triu

ALIGNMENTS = ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT")


class Places(NamedTuple):
    """Where the entries of some diagonals stand in the matrix and in the array that holds the diagonals."""

    rows: Any
    columns: Any
    lines: Any
    slots: Any
    height: int
    length: int


def diagonal_range(name: str, k: Any) -> tuple[int, int]:
    """A diagonal, or the lowest and the highest of a range, as two numbers."""
    given = [int(n) for n in np.asarray(look(k, name)).reshape(-1)]
    if len(given) not in (1, 2) or given[0] > given[-1]:
        raise InvalidArgumentError(f"{name}: k must be a diagonal or a pair (lowest, highest), not {k!r}")
    return given[0], given[-1]


def band_places(name: str, m: int, n: int, low: int, high: int, align: str) -> Places:
    """The places of the diagonals `low` to `high` of an m by n matrix.

    Raises:
        ValueError: for a diagonal outside the matrix or an unknown alignment.
    """
    if align not in ALIGNMENTS:
        raise ChoiceError(f"{name}: align must be one of {ALIGNMENTS}, not {align!r}")
    # Without rows or columns the main diagonal alone is inside.
    if not (-m < low < n and -m < high < n) and not (low == high == 0):
        raise ShapeError(f"{name}: diagonals {low} to {high} are outside a matrix of shape ({m}, {n})")
    above, below = align.split("_")
    sizes = {d: max(0, min(m + min(d, 0), n - max(d, 0))) for d in range(low, high + 1)}
    length = max(sizes.values())
    parts: list[list[Any]] = [[], [], [], []]
    for line, d in enumerate(range(high, low - 1, -1)):
        along = np.arange(sizes[d])
        # The main diagonal belongs to both sides: it stands left if either does.
        sides = {above} if d > 0 else {below} if d < 0 else {above, below}
        shift = 0 if "LEFT" in sides else length - sizes[d]
        places = (along - min(d, 0), along + max(d, 0), np.full_like(along, line), along + shift)
        for part, found in zip(parts, places, strict=True):
            part.append(found)
    rows, columns, lines, slots = (np.concatenate(part) for part in parts)
    return Places(rows, columns, lines, slots, high - low + 1, length)


def read_diagonals(
    x: Any, k: Any = 0, padding: Any = 0, align: str = "RIGHT_LEFT", name: str = "diag_part"
) -> Tensor:
    """The diagonals of matrices: one as a vector, a range as rows, the highest first."""
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"{name}: a tensor of shape {x.shape} has no matrices in its last two axes")
    low, high = diagonal_range(name, k)
    m, n = x._value.shape[-2:]
    p = band_places(name, m, n, low, high, align)
    entries = linear.getitem(x, index=(Ellipsis, p.rows, p.columns))
    if low == high:
        return entries  # type: ignore[no-any-return]
    shape = (*x._value.shape[:-2], p.height, p.length)
    filled = linear.scatter(entries, index=(Ellipsis, p.lines, p.slots), shape=shape)
    inside = np.zeros(shape[-2:], bool)
    inside[p.lines, p.slots] = True
    if inside.all():
        return filled  # type: ignore[no-any-return]
    return linear.where(Tensor(inside), *beside((filled, padding)))  # type: ignore[no-any-return]


def _entries(name: str, d: Tensor, p: Places, one: bool) -> Tensor:
    """The entries of stored diagonals in the order of their places."""
    shape = d._value.shape
    wanted = (p.length,) if one else (p.height, p.length)
    if shape[-len(wanted) :] != wanted:
        raise ShapeError(
            f"{name}: the diagonals need the shape (..., {', '.join(map(str, wanted))}), not {tuple(shape)}"
        )
    index = (Ellipsis, p.slots) if one else (Ellipsis, p.lines, p.slots)
    return linear.getitem(d, index=index)  # type: ignore[no-any-return]


def write_diagonals(
    diagonal: Any, k: Any = 0, rows: int = -1, columns: int = -1, padding: Any = 0, align: str = "RIGHT_LEFT"
) -> Tensor:
    """Matrices with these diagonals and the padding elsewhere; sizes that are -1 are the least that fit."""
    d = as_tensor(diagonal)
    low, high = diagonal_range("diag", k)
    one = low == high
    if d.ndim < (1 if one else 2):
        raise ShapeError(
            f"diag: {high - low + 1} diagonals need at least {1 if one else 2} axes, the shape is {d.shape}"
        )
    length = d._value.shape[-1]
    least_m, least_n = length - min(high, 0), length + max(low, 0)
    if rows == -1 and columns == -1:
        m = n = max(least_m, least_n)
    else:
        m, n = (least_m if rows == -1 else int(rows)), (least_n if columns == -1 else int(columns))
    p = band_places("diag", m, n, low, high, align)
    if p.length != length:
        raise ShapeError(
            f"diag: diagonals {low} to {high} of a matrix of shape ({m}, {n}) have {p.length} entries, not {length}"
        )
    batch = d._value.shape[: d.ndim - (1 if one else 2)]
    y = linear.scatter(_entries("diag", d, p, one), index=(Ellipsis, p.rows, p.columns), shape=(*batch, m, n))
    inside = np.zeros((m, n), bool)
    inside[p.rows, p.columns] = True
    y, around = beside((y, padding))
    return linear.where(Tensor(inside), y, around) if decide(around, has_true) else y


def replace_diagonals(x: Any, diagonal: Any, k: Any = 0, align: str = "RIGHT_LEFT") -> Tensor:
    """Matrices with some diagonals replaced."""
    x, d = beside((x, diagonal))
    if x.ndim < 2:
        raise ShapeError(f"set_diag: a tensor of shape {x.shape} has no matrices in its last two axes")
    low, high = diagonal_range("set_diag", k)
    m, n = x._value.shape[-2:]
    p = band_places("set_diag", m, n, low, high, align)
    one = low == high
    if d.ndim != x.ndim - (1 if one else 0) or d._value.shape[: x.ndim - 2] != x._value.shape[:-2]:
        raise ShapeError(f"set_diag: diagonals of shape {d.shape} do not fit matrices of shape {x.shape}")
    entries = _entries("set_diag", d, p, one)
    new = linear.scatter(entries, index=(Ellipsis, p.rows, p.columns), shape=tuple(x._value.shape))
    inside = np.zeros(x._value.shape[-2:], bool)
    inside[p.rows, p.columns] = True
    return linear.where(Tensor(inside), new, x)  # type: ignore[no-any-return]


def band(x: Any, below: int, above: int) -> Tensor:
    """The matrix with zeros outside so many diagonals below and above the main one; a negative number keeps all."""
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"band_part: a tensor of shape {x.shape} has no matrices in its last two axes")
    m, n = x._value.shape[-2:]
    if below > m or above > n:
        raise ShapeError(
            f"band_part: {below} diagonals below and {above} above do not fit the shape {x.shape}"
        )
    x = x if below < 0 else triu(x, k=-below)
    return x if above < 0 else tril(x, k=above)  # type: ignore[no-any-return]


# NumPy's names


@composite("tril")
def lower_triangle(m: Any, k: int = 0) -> Tensor:
    """The entries on and below a diagonal, zeros elsewhere."""
    return tril(_as_matrix(m), k=int(k))  # type: ignore[no-any-return]


@composite("triu")
def upper_triangle(m: Any, k: int = 0) -> Tensor:
    """The entries on and above a diagonal, zeros elsewhere."""
    return triu(_as_matrix(m), k=int(k))  # type: ignore[no-any-return]


def _as_matrix(m: Any) -> Tensor:
    """A vector n times under itself, as in NumPy; what has more axes stays."""
    x = as_tensor(m)
    return linear.broadcast_to(x, shape=2 * x._value.shape) if x.ndim == 1 else x


@composite("diagonal")
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """A diagonal of the matrices in two axes, as the last axis."""
    x = as_tensor(a)
    if x.ndim < 2:
        raise ShapeError(f"diagonal: a tensor of shape {x.shape} has no matrices")
    pair = axes_of((axis1, axis2), x.ndim, "diagonal")
    x = moveaxis(x, pair, (-2, -1))
    m, n = x._value.shape[-2:]
    i = np.arange(max(0, min(m + min(offset, 0), n - max(offset, 0))))
    return linear.getitem(x, index=(Ellipsis, i - min(offset, 0), i + max(offset, 0)))  # type: ignore[no-any-return]


@composite("trace")
def trace(
    a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None
) -> Tensor:
    """The sum along a diagonal of the matrices in two axes."""
    d = diagonal(a, offset, axis1, axis2)
    d = d if dtype is None else linear.cast(d, dtype=np.dtype(dtype))
    return linear.sum_(d, axis=(d.ndim - 1,), keepdims=False)  # type: ignore[no-any-return]


@composite("diag")
def diag(v: Any, k: int = 0) -> Tensor:
    """A vector as a diagonal of a matrix, or that diagonal of a matrix."""
    x = as_tensor(v)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError(f"diag: a vector or a matrix is needed, not a tensor of shape {x.shape}")
    return write_diagonals(x, k)


@composite("diagflat")
def diagflat(v: Any, k: int = 0) -> Tensor:
    """All entries as a diagonal of a matrix."""
    x = as_tensor(v)
    return diag(linear.reshape(x, shape=(x.size,)), k)


def tensor_diagonal(x: Any) -> Tensor:
    """A tensor of shape s as the diagonal of one of shape s + s, zeros elsewhere."""
    x = as_tensor(x)
    shape = tuple(x._value.shape)
    y = write_diagonals(linear.reshape(x, shape=(x.size,)))
    return linear.reshape(y, shape=shape + shape)  # type: ignore[no-any-return]


def tensor_diagonal_part(x: Any) -> Tensor:
    """The diagonal of shape s of a tensor of shape s + s."""
    x = as_tensor(x)
    half = x.ndim // 2
    shape = tuple(x._value.shape[:half])
    if x.ndim == 0 or x.ndim % 2 or shape != tuple(x._value.shape[half:]):
        raise ShapeError(f"tensor_diag_part: the shape must be some shape twice, not {x.shape}")
    n = math.prod(shape)
    return linear.reshape(diagonal(linear.reshape(x, shape=(n, n))), shape=shape)  # type: ignore[no-any-return]
