"""Kinds of calls: what arguments have in common that replay the same programs, and the structure of what comes back."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .core import nest
from .core.errors import ArgumentTypeError, DtypeError
from .core.forking import lasting_lock
from .core.recording import Guard
from .core.tensor import as_tensor
from .replay import Road, alone

_LOCK = lasting_lock(2)


class Kind:
    """What was recorded for arguments of one kind. `deaths` goes with the objects that the kind is bound to."""

    __slots__ = ("deaths", "made", "roads", "warned")

    def __init__(self) -> None:
        self.roads: list[Road] = []
        self.deaths: list[Any] = []
        self.made = False
        self.warned = False

    def add(self, road: Road) -> None:
        """Enter a road, first to be tried, unless another thread has recorded the same meanwhile."""
        asked = [_asked(guard) for guard in road.recorded.guards]
        with _LOCK:
            for other in self.roads:
                if asked == [_asked(guard) for guard in other.recorded.guards]:
                    return
            self.roads = [road, *self.roads]  # a list of its own: others may be going through the old one


def _asked(guard: Guard) -> tuple[Any, ...]:
    """A guard as what is equal to another that asks the same and had the same answer."""
    question: Any = guard.question
    bound = (question.func, question.args) if isinstance(question, partial) else (question,)
    return (*bound, repr(guard.answer), guard.line)


class Identity:
    """An object as part of a key: equal only to the same object, which is held weakly where it allows that."""

    __slots__ = ("_content", "_hash")

    def __init__(self, obj: Any) -> None:
        self._hash = id(obj)
        try:
            self._content: Callable[[], Any] = weakref.ref(obj)
        except TypeError:
            self._content = lambda: obj

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Identity) and (own := self._content()) is not None and own is other._content()
        )

    def watch(self, forget: Callable[[Any], None]) -> Any:
        """Ask to be told when the object goes away."""
        obj = self._content()
        return None if type(self._content) is not weakref.ref else weakref.ref(obj, forget)


def identities(key: Any) -> list[Identity]:
    """The objects that a key is bound to."""
    if isinstance(key, tuple):
        return [found for part in key for found in identities(part)]
    return [key] if isinstance(key, Identity) else []


def packer(result: Any) -> Callable[[list[Any]], Any]:
    """How the leaves of a result become a structure like it."""
    if not nest.is_nested(result):
        return alone
    kind = type(result)
    if kind is not tuple and kind is not list:
        structure = nest.map_structure(lambda _: None, result)
        return lambda leaves: nest.pack_sequence_as(structure, leaves)
    if not any(map(nest.is_nested, result)):
        return kind
    ends = [0, *itertools.accumulate(len(nest.flatten(part)) for part in result)]
    parts = [
        (packer(part), slice(*ends)) for part, ends in zip(result, itertools.pairwise(ends), strict=True)
    ]
    return lambda leaves: kind([pack(leaves[own]) for pack, own in parts])


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """What `input_signature` asks of an argument: a shape, in which None fits every size, and a dtype.

    >>> import gradtape as gt
    >>> @gt.function(input_signature=[gt.TensorSpec([None, 2], gt.float32)])
    ... def total(x):
    ...     return gt.reduce_sum(x)
    >>> total(gt.ones((3, 2))).numpy()
    np.float32(6.0)
    """

    shape: Any
    dtype: Any = "float32"
    name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", np.dtype(self.dtype))
        if self.shape is not None:
            sizes = tuple(None if n is None else int(n) for n in self.shape)
            object.__setattr__(self, "shape", sizes)

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """The shape and dtype of a tensor."""
        return cls(tensor.shape, tensor.dtype, name)


def signed(name: str, signature: tuple[Any, ...], args: tuple[Any, ...], own: int) -> tuple[Any, ...]:
    """The arguments as an input signature asks for them: numbers and lists where it names a tensor become one.

    Args:
        own: how many arguments stand before those that are signed: the object of a method.

    Raises:
        TypeError: for another number of arguments, another dtype, or a shape that does not fit.
    """
    if len(args) > own + len(signature):
        raise ArgumentTypeError(
            f"{name} takes {len(signature)} arguments by its input_signature, {len(args) - own} were given"
        )
    found = list(args)
    for place, spec in enumerate(signature[: len(args) - own]):
        arg = args[own + place]
        if isinstance(spec, TensorSpec) and isinstance(arg, (bool, int, float, complex, list, tuple)):
            arg = found[own + place] = as_tensor(arg, spec.dtype)
        shape, dtype = getattr(spec, "shape", None), getattr(spec, "dtype", None)
        if not hasattr(arg, "shape") or not hasattr(arg, "dtype"):
            continue
        given = tuple(arg.shape)
        fits = shape is None or (
            len(shape) == len(given) and all(n is None or n == m for n, m in zip(shape, given, strict=True))
        )
        if not fits or (dtype is not None and np.dtype(dtype) != arg.dtype):
            raise DtypeError(
                f"{name}: argument {place} of shape {given} and dtype {arg.dtype} does not fit its "
                f"input_signature: shape {None if shape is None else tuple(shape)}, dtype {dtype}"
            )
    return tuple(found)
