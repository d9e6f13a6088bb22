"""`tf.print`: tensors as their numbers alone, in TensorFlow's digits, again at each replay of a function."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core import nest
from ..core.showing import tell_show
from ..core.tensor import as_tensor


def print_values(
    *inputs: Any, output_stream: Any = None, summarize: int = 3, sep: str = " ", end: str = "\n"
) -> None:
    """Print values as `tf.print` does: tensors as their numbers alone.

    A recorded function prints again at every call, the turns of its loops and the branches it takes in their order,
    when it has run; Python's objects are printed as they were when it was recorded.

    Args:
        inputs: tensors, variables, nests of them, and anything else, which is printed as Python prints it.
        output_stream: a file; by default `sys.stderr`, as in TensorFlow.
        summarize: how many entries are shown at each end of an axis; -1 shows all.
        sep: between the inputs.
        end: after the last one.

    >>> import sys
    >>> import gradtape as gt
    >>> gt.print("x is", gt.range(10), {"y": gt.constant(2.0)}, output_stream=sys.stdout)
    x is [0 1 2 ... 7 8 9] {'y': 2}
    """
    tensors: list[Any] = []

    def written(leaf: Any, text: Callable[[Any], str]) -> Any:
        if hasattr(type(leaf), "_as_tensor"):
            tensors.append(as_tensor(leaf))
            return _PLACE
        return _Bare(text(leaf))

    texts = [
        nest.map_structure(lambda leaf: written(leaf, repr), given)
        if nest.is_nested(given)
        else written(given, str)
        for given in inputs
    ]
    tell_show(_Print(texts, output_stream, summarize, sep, end), tensors)


_PLACE = object()
"""Stands for a tensor."""


@dataclass(frozen=True, slots=True)
class _Print:
    """Prints values of tensors among texts, which are those of Python's objects at the time of the call.

    Two are equal if they print the same for the same values.
    """

    texts: list[Any]
    output_stream: Any
    summarize: int
    sep: Any
    end: Any

    def __call__(self, *values: Any) -> None:
        rest = iter(values)

        def text(leaf: Any) -> Any:
            return _Bare(_array_text(np.asarray(next(rest)), self.summarize)) if leaf is _PLACE else leaf

        shown = [nest.map_structure(text, x) if nest.is_nested(x) else text(x) for x in self.texts]
        stream = sys.stderr if self.output_stream is None else self.output_stream
        print(*shown, sep=self.sep, end=self.end, file=stream)


class _Bare(str):
    """A text that stands in a list or dictionary without quotation marks."""

    __slots__ = ()
    __repr__ = str.__str__


def _array_text(value: np.ndarray, summarize: int, indent: int = 1) -> str:
    """The entries of an array in brackets, only `summarize` at both ends of an axis unless that is negative."""
    if value.ndim == 0:
        return _number_text(value[()])
    hidden = summarize >= 0 and len(value) > 2 * summarize
    parts = [*value[:summarize], *value[len(value) - summarize :]] if hidden else list(value)
    texts = [_array_text(np.asarray(part), summarize, indent + 1) for part in parts]
    if hidden:
        texts.insert(summarize, "...")
    between = " " if value.ndim == 1 else "\n" * (value.ndim - 1) + " " * indent
    return "[" + between.join(texts) + "]"


def _number_text(number: Any) -> str:
    """The digits that a number is known to have, or if they do not give it back, as many as always do.

    These are FLT_DIG and FLT_DECIMAL_DIG of C for float32, DBL_DIG and DBL_DECIMAL_DIG for float64.
    """
    if number.dtype.kind == "b":
        return str(int(number))
    if number.dtype.kind != "f":
        return str(number)
    few, enough = (15, 17) if number.dtype == np.float64 else (6, 9)
    text = f"{number:.{few}g}"
    return text if number.dtype.type(text) == number or number != number else f"{number:.{enough}g}"
