"""What is drawn from sources of random numbers, by name: so that a draw can be made again, many times, or be saved.

Where it depends on the program whether something is drawn (a branch, a loop with a condition), the source is a value
like any other: its state. A `Stream` is read and written as a variable is, and the operation `draw` gives from a state
what is drawn and the next state.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .errors import ShapeError
from .listen import listeners
from .primitive import Kind, Primitive
from .spec import DType, uint64
from .tensor import Tensor

DRAWS: dict[str, Callable[..., Any]] = {}
"""Functions of a source and what is asked for; a saved program says so which draw to make again."""


def draw(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a draw under its name."""
    DRAWS[function.__name__] = function
    function.times = times  # type: ignore[attr-defined]  # who knows a draw alone finds it there
    return function


def times(draw: partial[Any], count: int) -> partial[Any]:
    """A draw made so many times, one after the other, along a new first axis."""
    source, *asked = draw.args
    return partial(repeated, source, count, draw.func.__name__, *asked)


@draw
def repeated(source: np.random.Generator, count: int, name: str, *args: Any) -> Any:
    """What so many turns of a loop draw, one after the other, along a new first axis.

    A draw that gives the same numbers at once as it gives one by one says so with `fills`: its function of the count
    and what is asked for gives what to ask for then.
    """
    one = DRAWS[name]
    fills = getattr(one, "fills", None)
    asked = None if fills is None else fills(count, *args)
    return np.stack([one(source, *args) for _ in range(count)]) if asked is None else one(source, *asked)


WORDS = 6
"""Of a PCG64 state: 128 bits of state, 128 of increment, a flag and half a word left over."""


def words_of(source: np.random.Generator) -> Any:
    """The state of a source, as words of uint64."""
    state: Any = source.bit_generator.state
    numbers = [state["state"]["state"], state["state"]["inc"]]
    words = [word for n in numbers for word in divmod(n, 2**64)]
    return np.array([*words, state["has_uint32"], state["uinteger"]], uint64)


def restart(source: np.random.Generator, words: Any) -> None:
    """Let a source go on from a state."""
    high, low, above, below, flag, left = (int(word) for word in words)
    source.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": high * 2**64 + low, "inc": above * 2**64 + below},
        "has_uint32": flag,
        "uinteger": left,
    }


class Stream:
    """The state of a source as recordings see it: read and written as a variable is."""

    __slots__ = ("source",)

    name = "the state of a generator"
    trainable = False
    _node = None

    def __init__(self, source: np.random.Generator) -> None:
        self.source = source

    @property
    def dtype(self) -> DType:
        """That of the words of the state."""
        return uint64

    @property
    def _value(self) -> Any:
        return words_of(self.source)

    @_value.setter
    def _value(self, words: Any) -> None:
        restart(self.source, words)

    def _as_tensor(self) -> Tensor:
        tensor = Tensor(self._value)
        for listener in listeners():
            if listener.replays:
                listener.hear_read(self, tensor)
        return tensor

    def _set(self, words: Any) -> None:
        self._value = words

    def _check_shape(self, words: Any) -> None:
        if words.shape != (WORDS,):
            raise ShapeError(f"{self.name} is {WORDS} words, not an array of shape {words.shape}")

    def assign(self, state: Tensor) -> None:
        """Let the source go on from a state."""
        active = [listener for listener in listeners() if listener.replays]
        for listener in active:
            listener.hear_ahead(self)
        self._value = state._value
        for listener in active:
            listener.hear_write(self, state)


_SCRATCH = threading.local()


def _drawn(words: Any, *, name: str, args: tuple[Any, ...]) -> tuple[Any, Any]:
    """What a source in this state gives, and its state behind."""
    source: np.random.Generator | None = getattr(_SCRATCH, "source", None)
    if source is None:
        source = _SCRATCH.source = np.random.Generator(np.random.PCG64(0))
    restart(source, words)
    value = DRAWS[name](source, *args)
    return value, words_of(source)


DRAW = Primitive("draw", Kind.CONSTANT, _drawn, None, (None,))


def follows(source: Any, draw: Any) -> bool:
    """Whether a draw can be made from the state of its source."""
    return type(source.bit_generator) is np.random.PCG64 and isinstance(draw, partial)


__all__ = ["DRAW", "DRAWS", "Stream", "draw", "follows", "repeated", "restart", "words_of"]
