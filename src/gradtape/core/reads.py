"""Which entries of its inputs an entry of a result reads: what rows say of the structure of their derivative.

Two arrays stand face to face, a `Side` of the result and one of the input. Each has labels for its axes, and entries
are linked where they agree in the labels that both sides have:

    matmul     result (i, k)    first input (i, j)      second input (j, k)
    sum        result (i,)      input (i, j)
    tanh       result (i, j)    input (i, j)

A side may stand for the array as it is or, with `places`, for another arrangement of its entries: the windows of a
convolution, or the entries that an index reads (-1 where there is none).

A row's word, in its field `reads`, gives a pair of sides for each input: `reads(inputs, result, params)`, where an
input is an array if it is the same in every run, and else a spec. Most rows need none (`modes/structure.py`): pointwise
rows link entries that stand at one place, rows that move entries are run on the numbers of their places, rows with the
lead `STACKS` work on matrices. A row that says nothing is taken to read everything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .spec import Spec

Labels = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """An array whose axes have labels; `places` has for each entry its place in the array that it stands for."""

    shape: tuple[int, ...]
    labels: Labels
    places: Any = None

    @property
    def meeting(self) -> Labels:
        """The labels of axes that are longer than one: an axis of size one is there for all."""
        return tuple([label for label, n in zip(self.labels, self.shape, strict=True) if n != 1])


Links = tuple[Side, Side]
Reads = Callable[[Sequence[Any], Spec, dict[str, Any]], Sequence[Links]]


def _named(shape: tuple[int, ...], labels: Sequence[Any], side: str) -> Side:
    """A side in which None stands for a label that no other side has."""
    return Side(shape, tuple([(side, i) if label is None else label for i, label in enumerate(labels)]))


def _from_the_right(shape: tuple[int, ...], core: int, side: str) -> Side:
    """The axes but for the last `core`, labelled so that they meet from the right."""
    lead = len(shape) - core
    return _named(shape, [i - lead if i < lead else None for i in range(len(shape))], side)


def entries(inputs: Sequence[Any], result: Spec, _params: dict[str, Any]) -> list[Links]:
    """Of a row that works entry by entry on broadcast inputs."""
    own = _from_the_right(result.shape, 0, "result")
    return [(own, _from_the_right(tuple(x.shape), 0, "input")) for x in inputs]


def everything(inputs: Sequence[Any], result: Spec, _params: dict[str, Any]) -> list[Links]:
    """Of a row that says nothing."""
    own = _named(result.shape, [None] * len(result.shape), "result")
    return [(own, _named(tuple(x.shape), [None] * len(x.shape), "input")) for x in inputs]


def matrices(inputs: Sequence[Any], result: Spec, _params: dict[str, Any]) -> list[Links]:
    """Of a row that works on the last two axes of every input and broadcasts those before."""
    lead = max(len(x.shape) for x in inputs) - 2
    own = _from_the_right(result.shape, len(result.shape) - lead, "result")
    return [(own, _from_the_right(tuple(x.shape), 2, "input")) for x in inputs]


def lines(name: str) -> Reads:
    """Of a row that mixes the axes that its parameter of this name gives, and keeps all axes."""

    def reads(inputs: Sequence[Any], result: Spec, params: dict[str, Any]) -> list[Links]:
        labels = [None if i in params[name] else i for i in range(len(result.shape))]
        own = _named(result.shape, labels, "result")
        return [(own, _named(tuple(x.shape), labels, "input")) for x in inputs]

    return reads


def reduction(inputs: Sequence[Any], result: Spec, params: dict[str, Any]) -> list[Links]:
    """Of a row that reduces the axes `axis`, and keeps them at size one where `keepdims` says so."""
    (x,), axis = inputs, params["axis"]
    labels = [None if i in axis else i for i in range(len(x.shape))]
    kept = labels if params["keepdims"] else [i for i in labels if i is not None]
    return [(_named(result.shape, kept, "result"), _named(tuple(x.shape), labels, "input"))]


def numbers(shape: tuple[int, ...]) -> Any:
    """The places of an array's entries, in its shape."""
    return np.arange(math.prod(shape)).reshape(shape)


def _apart(shape: tuple[int, ...], axis: int, count: int, side: str) -> Side:
    """All axes apart but for so many from this one on, which are mixed; the axes behind are counted from the end."""
    rank = len(shape)
    labels = [i if i < axis else None if i < axis + count else i - rank for i in range(rank)]
    return _named(shape, labels, side)


def taken(inputs: Sequence[Any], result: Spec, params: dict[str, Any]) -> list[Links]:
    """Of a row that reads the places along an axis which its second input says."""
    x, places = inputs
    axis, shape = params["axis"], tuple(x.shape)
    mixed = _named(tuple(places.shape), [None] * len(places.shape), "places")
    if isinstance(places, Spec):
        own = _apart(result.shape, axis, len(places.shape), "result")
        return [(own, _apart(shape, axis, 1, "input")), (own, mixed)]
    own = Side(result.shape, tuple(range(len(result.shape))))
    return [(own, Side(own.shape, own.labels, np.take(numbers(shape), places, axis))), (own, mixed)]


def added(inputs: Sequence[Any], result: Spec, params: dict[str, Any]) -> list[Links]:
    """Of a row that gathers entries at the places along an axis (by default the first) which its second input says."""
    x, places = inputs
    axis, shape = params.get("axis", 0), tuple(x.shape)
    mixed = _named(tuple(places.shape), [None] * len(places.shape), "places")
    if isinstance(places, Spec):
        own = _apart(result.shape, axis, 1, "result")
        return [(own, _apart(shape, axis, len(places.shape), "input")), (own, mixed)]
    given = Side(shape, tuple(range(len(shape))))
    own = Side(shape, given.labels, np.take(numbers(result.shape), places, axis))
    return [(own, given), (own, mixed)]


def running(inputs: Sequence[Any], result: Spec, params: dict[str, Any]) -> list[Links]:
    """Of sums over all entries before along an axis: a triangle for each line."""
    n, axis = result.shape[params["axis"]], params["axis"]
    later, earlier = np.tril_indices(n, -1 if params["exclusive"] else 0)
    if params["reverse"]:
        later, earlier = earlier, later
    shape = (*result.shape[:axis], later.size, *result.shape[axis + 1 :])
    labels = tuple(range(len(shape)))
    sides = [Side(shape, labels, np.take(numbers(result.shape), i, axis)) for i in (later, earlier)]
    return [(sides[0], sides[1])]


def contraction(terms: Sequence[tuple[Sequence[int], Sequence[Any]]]) -> list[Links]:
    """Of a sum of products over labels, as `einsum`: shape and labels of each input, and last of the result."""
    *given, (shape, labels) = [(tuple(shape), tuple(labels)) for shape, labels in terms]
    own = Side(shape, labels)
    return [(own, Side(shape, labels)) for shape, labels in given]


def matmul(inputs: Sequence[Any], result: Spec, _params: dict[str, Any]) -> list[Links]:
    """Of the matrix product, whose first axes broadcast."""
    rank = len(result.shape) - 2
    ends = (("row", "inner"), ("inner", "column"), ("row", "column"))
    terms = []
    for x, end in zip((*inputs, result), ends, strict=True):
        lead = len(x.shape) - 2
        terms.append((x.shape, (*range(rank - lead, rank), *end)))
    return contraction(terms)


def einsum(inputs: Sequence[Any], result: Spec, params: dict[str, Any]) -> list[Links]:
    """Of `einsum` in its canonical form."""
    given, output = params["subscripts"].split("->")
    shapes = [x.shape for x in inputs]
    return contraction(list(zip((*shapes, result.shape), (*given.split(","), output), strict=True)))


__all__ = [
    "Links",
    "Reads",
    "Side",
    "added",
    "contraction",
    "einsum",
    "entries",
    "everything",
    "lines",
    "matmul",
    "matrices",
    "numbers",
    "reduction",
    "running",
    "taken",
]
