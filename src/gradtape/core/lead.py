"""A row with one more axis in front: how the batch mode reads it, and which inputs lie along the first axis.

`Lead` is what a row says of the first axis, in two functions that are two sides of one thing:

- `whole(primitive, xs, carries, params)` computes many examples at once. The inputs that carry have one more axis in
  front, and so has the result.
- `along(specs, params)` looks at an operation as it stands and says whether it is such a reading of a smaller one: for
  each input whether entry i of its first axis is all that entry i of the result's first axis sees of it (True), or
  whether it is seen whole by every entry (False). None says that the operation mixes or moves the first axis.

Most rows say it in a word: `ENTRYWISE` and `STACKS` for rows whose leading axes broadcast, `axes("axis")` for rows
whose parameters count axes. A row that says nothing is computed example by example (`looped`), and taken to mix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import errors
from .tensor import ROWS, Tensor, apply

if TYPE_CHECKING:
    from .primitive import Primitive
    from .spec import Spec

Flags = tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Lead:
    """What a row says of the first axis; see the top of this file."""

    whole: Callable[[Primitive, Sequence[Tensor], Flags, dict[str, Any]], Any]
    along: Callable[[Sequence[Spec], dict[str, Any]], Flags | None]


def looped(primitive: Primitive, xs: Sequence[Tensor], carries: Flags, params: dict[str, Any]) -> Any:
    """One example after the other, then stacked: right for every row."""
    size = size_of(xs, carries)
    turns = [
        apply(primitive, tuple([_entry(x, i) if c else x for x, c in zip(xs, carries, strict=True)]), params)
        for i in range(size)
    ]
    if type(turns[0]) is tuple:
        return tuple([_stacked(parts) for parts in zip(*turns, strict=True)])
    return _stacked(turns)


def _stacked(parts: Sequence[Tensor]) -> Tensor:
    return apply(ROWS["stack"], tuple(parts), {"axis": 0})  # type: ignore[no-any-return]


def _entry(x: Tensor, i: int) -> Tensor:
    return apply(ROWS["getitem"], (x,), {"index": (i,)})  # type: ignore[no-any-return]


LOOPED = Lead(looped, lambda specs, params: None)


def size_of(xs: Sequence[Tensor], carries: Flags) -> int:
    """How many examples the inputs that carry hold."""
    return int(next(x._value.shape[0] for x, c in zip(xs, carries, strict=True) if c))


def carried(x: Tensor, size: int) -> Tensor:
    """A tensor that is the same for all examples, once for each."""
    return apply(ROWS["broadcast_to"], (x,), {"shape": (size, *x._value.shape)})  # type: ignore[no-any-return]


def reshaped(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A tensor in another shape; itself where it has that shape."""
    if x._value.shape == shape:
        return x
    return apply(ROWS["reshape"], (x,), {"shape": shape})  # type: ignore[no-any-return]


def moved(x: Tensor, source: int, target: int) -> Tensor:
    """A tensor with one axis brought to another place."""
    if source == target:
        return x
    order = [i for i in range(x.ndim) if i != source]
    order.insert(target, source)
    return apply(ROWS["transpose"], (x,), {"axes": tuple(order)})  # type: ignore[no-any-return]


# rows whose leading axes broadcast


def aligned(xs: Sequence[Tensor], carries: Flags) -> list[Tensor]:
    """The inputs with axes of size one behind the new axis, so that the other axes meet from the right."""
    rank = max(x.ndim - c for x, c in zip(xs, carries, strict=True))
    return [
        reshaped(x, (x._value.shape[0], *(1,) * (rank - x.ndim + 1), *x._value.shape[1:])) if c else x
        for x, c in zip(xs, carries, strict=True)
    ]


def broadcasting(core: int) -> Lead:
    """Of a row that works on the last `core` axes of every input and broadcasts those before."""

    def whole(primitive: Primitive, xs: Sequence[Tensor], carries: Flags, params: dict[str, Any]) -> Any:
        return apply(primitive, tuple(aligned(xs, carries)) if len(xs) > 1 else tuple(xs), params)

    def along(specs: Sequence[Spec], params: dict[str, Any]) -> Flags | None:
        rank = max(x.ndim for x in specs)
        if rank <= core:
            return None
        size = max(x.shape[0] for x in specs if x.ndim == rank)
        return tuple([x.ndim == rank and x.shape[0] == size for x in specs])

    return Lead(whole, along)


ENTRYWISE = broadcasting(0)
STACKS = broadcasting(2)


# rows whose parameters say what happens to each axis: all inputs are brought to carry


def shifting(
    up: Callable[[tuple[int, ...], dict[str, Any]], dict[str, Any]],
    along: Callable[[Sequence[Spec], dict[str, Any]], bool],
) -> Lead:
    """Of a row that is the same row with other parameters.

    Args:
        up: the parameters with the new axis in front, from the first input's shape that has it and the old parameters.
        along: whether the first axis is kept apart.
    """

    def whole(primitive: Primitive, xs: Sequence[Tensor], carries: Flags, params: dict[str, Any]) -> Any:
        size = size_of(xs, carries)
        every = tuple([x if c else carried(x, size) for x, c in zip(xs, carries, strict=True)])
        return apply(primitive, every, up(every[0]._value.shape, params))

    def flags(specs: Sequence[Spec], params: dict[str, Any]) -> Flags | None:
        return (True,) * len(specs) if along(specs, params) else None

    return Lead(whole, flags)


def axes(name: str) -> Lead:
    """Of a row whose parameter of this name is an axis, or a tuple of axes, of every input."""

    def up(_shape: tuple[int, ...], params: dict[str, Any]) -> dict[str, Any]:
        given = params[name]
        return {**params, name: tuple([i + 1 for i in given]) if isinstance(given, tuple) else given + 1}

    def along(specs: Sequence[Spec], params: dict[str, Any]) -> bool:
        given = params[name]
        return specs[0].ndim > 0 and (0 not in given if isinstance(given, tuple) else given > 0)

    return shifting(up, along)


# rows whose rule closes over the tensors of one example


def _closed(primitive: Primitive, xs: Sequence[Tensor], carries: Flags, params: dict[str, Any]) -> Any:
    raise errors.InternalError("the batch mode computes rows of this kind itself")


CLOSED = Lead(_closed, lambda specs, params: None)
"""Of a row with a rule that was made for one call (`custom_gradient`): the batch mode runs the rule itself."""
