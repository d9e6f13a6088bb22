"""Which entries of a result read which of an input, for one operation: its links, as relations.

`modes/structure.py` says where they come from. A link is a relation (result, input), or an array that says for each
entry of the result which entry of the input it is. Several stand for their product, the last of which meets the input.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..core.lead import STACKS
from ..core.primitive import Kind, Masked, Primitive
from ..core.reads import Links, Side, entries, everything, matrices, numbers
from ..core.spec import Spec
from ..core.tensor import Tensor
from .relation import Relation


def linked(
    primitive: Primitive,
    inputs: Sequence[Tensor],
    params: dict[str, Any],
    y: Tensor,
    index: int,
    varying: Sequence[bool],
) -> list[Any]:
    """Which entries of a result read which of one input, as a product of relations; the last meets the input.

    Args:
        index: the input.
        varying: for each input whether it may have other values in another run.
    """
    result = Spec(tuple(y._value.shape), y._value.dtype)
    plain = [
        Spec(tuple(x._value.shape), x._value.dtype) if v else x._value
        for x, v in zip(inputs, varying, strict=True)
    ]
    rows, columns = y._value.size, inputs[index]._value.size
    if primitive.reads is None and not primitive.pointwise and primitive.structural:
        moved = _moved(primitive, inputs, params, result, index, varying)
        if moved is not None:
            own, given = moved
            return _grouped(own, given, rows, columns)
    sides = (primitive.reads or _word(primitive))(plain, result, params)
    factors = _factors(primitive, plain, params, sides, index, varying)
    own, given = sides[index]
    if factors:
        return [_pairs(own, given, factors, rows, columns)]
    return _grouped(own, given, rows, columns)


def _word(primitive: Primitive) -> Any:
    if primitive.pointwise:
        return entries
    return matrices if primitive.lead is STACKS else everything


# rows that move entries


def joined(primitive: Primitive, inputs: Sequence[Tensor], params: dict[str, Any]) -> Any:
    """The links of a row that moves entries of any number of inputs, which are numbered one after the other."""
    shapes = [x._value.shape for x in inputs]
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    parts = [numbers(shape) + end - math.prod(shape) for shape, end in zip(shapes, ends, strict=True)]
    return primitive.value(*parts, **params).reshape(-1)


def _moved(
    primitive: Primitive,
    inputs: Sequence[Tensor],
    params: dict[str, Any],
    result: Spec,
    index: int,
    varying: Sequence[bool],
) -> Links | None:
    """The links of a linear row that moves entries or adds some up, from its value or transpose on their numbers."""
    given, found = [], inputs[index]._value
    for i, x in enumerate(inputs):
        if varying[i] and primitive.rule(i) is None:
            return None
        given.append(x._value if primitive.rule(i) is None else np.broadcast_to(0.0, x._value.shape))

    def value(x: Any) -> Any:
        return np.asarray(primitive.value(*[x if i == index else z for i, z in enumerate(given)], **params))

    places = _places(value, found.shape, result.shape)
    if places is not None:
        side = Side(result.shape, tuple(range(len(result.shape))))
        return side, Side(side.shape, side.labels, places)
    rule = primitive.rule(index)
    tensors = [] if rule is None or rule.bare else [Tensor(x) for x in given]

    def back(g: Any) -> Any:
        share = rule.function(Tensor(g), *tensors, **params)  # type: ignore[union-attr,misc]
        return share.value._value if isinstance(share, Masked) else share._value

    places = _places(back, result.shape, found.shape)
    if places is None:
        return None
    side = Side(tuple(found.shape), tuple(range(found.ndim)))
    return Side(side.shape, side.labels, places), side


def _places(move: Any, shape: tuple[int, ...], target: tuple[int, ...]) -> Any:
    """For each entry of what a linear map makes the entry that it is, -1 for none; None if some are sums."""
    count = move(np.broadcast_to(1.0, shape))
    if count.shape != target or np.abs(count).max(initial=0.0) > 1:
        return None
    places = np.abs(move(_counted(shape))) - 1
    return np.where(count == 0, -1, places).astype(np.int64)


@lru_cache(maxsize=2)
def _counted(shape: tuple[int, ...]) -> Any:
    """The numbers of entries from one on. Kept, as the turns of a loop read one stack each, which may be long."""
    found = np.asarray(1.0 + numbers(shape))
    found.flags.writeable = False
    return found


# zeros in factors that are the same in every run


def _factors(
    primitive: Primitive,
    plain: Sequence[Any],
    params: dict[str, Any],
    sides: Sequence[Links],
    index: int,
    varying: Sequence[bool],
) -> list[Side]:
    """Which entries of the other inputs let the input through, where some do not: as sides whose places are flags."""
    if not primitive.structural:
        return []
    if primitive.kind is Kind.MULTILINEAR:
        others = [i for i in range(len(plain)) if i != index]
        flags = [
            (sides[i][1], np.ones(plain[i].shape, bool) if varying[i] else plain[i] != 0) for i in others
        ]
    elif primitive.pointwise and primitive.rule(0) is None and not varying[0]:
        # A choice by a condition, which is the first input.
        chosen = primitive.value(plain[0], *[np.float64(i == index) for i in range(1, len(plain))], **params)
        flags = [(Side(sides[0][1].shape, sides[0][1].labels), np.broadcast_to(chosen, plain[0].shape) != 0)]
    else:
        flags = []
    factors = [_flagged(side, flag) for side, flag in flags if side.places is not None or not np.all(flag)]
    return [factor for factor in factors if not factor.places.all()]


def _flagged(side: Side, flag: Any) -> Side:
    """A side whose places are flags, without axes of size one."""
    flag = np.asarray(flag).reshape(-1)
    found = flag if side.places is None else flag[side.places.reshape(-1)] & (side.places.reshape(-1) >= 0)
    shape = tuple([n for n in side.shape if n != 1])
    return Side(shape, side.meeting, found.reshape(shape))


def _pairs(own: Side, given: Side, factors: Sequence[Side], rows: int, columns: int) -> Any:
    """The links through every combination of labels at which no factor is zero."""
    sizes: dict[Any, int] = {}
    for side in (own, given, *factors):
        for label, n in zip(side.labels, side.shape, strict=True):
            sizes[label] = max(n, sizes.get(label, 1))
    wanted = list(dict.fromkeys((*own.labels, *given.labels)))
    letters = {label: i for i, label in enumerate(sizes)}
    kept = [label for label in wanted if any(label in factor.labels for factor in factors)]
    operands: list[Any] = []
    for factor in factors:
        operands += [factor.places.astype(float), [letters[label] for label in factor.labels]]
    there = np.nonzero(np.atleast_1d(np.einsum(*operands, [letters[label] for label in kept])))
    free = [label for label in wanted if label not in kept]
    grid = np.unravel_index(np.arange(math.prod(sizes[i] for i in free)), [sizes[i] for i in free] or (1,))
    index = {label: part[:, None] for label, part in zip(kept, there, strict=False)}
    index |= {label: part[None, :] for label, part in zip(free, grid, strict=False)}
    shape = (there[0].size, grid[0].size)
    own_places, given_places = (_at(side, index, shape) for side in (own, given))
    both = (own_places >= 0) & (given_places >= 0)
    return Relation.of((rows, columns), own_places[both], given_places[both])


def _at(side: Side, index: dict[Any, Any], shape: tuple[int, ...]) -> Any:
    """The place in the array of each combination of labels."""
    place: Any = np.zeros(shape, np.int64)
    for label, n in zip(side.labels, side.shape, strict=True):
        place = place * n + (0 if n == 1 else index[label])
    return place if side.places is None else side.places.reshape(-1)[place]


# links as relations


def _grouped(own: Side, given: Side, rows: int, columns: int) -> list[Any]:
    """The links of entries that agree in the labels which both sides have: groups x input, then result x groups."""
    if own.places is None and given.places is None and (own.labels, own.shape) == (given.labels, given.shape):
        return []
    sizes = dict(zip(own.labels, own.shape, strict=True))
    common = [label for label in dict.fromkeys(own.meeting) if label in given.meeting]
    count = math.prod(sizes[label] for label in common)
    left, right = (_keys(side, common, sizes) for side in (own, given))
    collect = _link(right, given.places, count, columns)
    spread: Any = left
    if own.places is not None or left.min(initial=0) < 0:
        places = np.arange(left.size) if own.places is None else own.places.reshape(-1)
        there = (left >= 0) & (places >= 0)
        spread = Relation.of((rows, count), places[there], left[there])
    elif _is_in_order(left, count):
        spread = None
    return [link for link in (spread, collect) if link is not None]


def _keys(side: Side, common: Sequence[Any], sizes: dict[Any, int]) -> Any:
    """The group of each entry, -1 for one that stands off the diagonal of a label that comes twice."""
    axes = np.indices(side.shape, sparse=True)
    found: Any = np.zeros((), np.int64)
    seen: dict[Any, Any] = {}
    off: Any = np.zeros((), bool)
    for label, axis in zip(side.labels, axes, strict=True):
        off = off | (axis != seen.setdefault(label, axis))
    for label in common:
        found = found * sizes[label] + seen[label]
    return np.broadcast_to(np.where(off, -1, found), side.shape).reshape(-1)


def _link(keys: Any, places: Any, count: int, size: int) -> Any:
    """The link (groups, array) of entries with their groups and places; None where it is the identity."""
    columns = np.arange(keys.size) if places is None else places.reshape(-1)
    if count == size == keys.size and np.array_equal(keys, columns):
        return None
    if _is_in_order(keys, count) and columns.min(initial=0) >= 0:
        return columns
    there = (keys >= 0) & (columns >= 0)
    return Relation.of((count, size), keys[there], columns[there])


def _is_in_order(keys: Any, count: int) -> bool:
    return keys.size == count and bool(np.array_equal(keys, np.arange(count)))


__all__ = ["joined", "linked"]
