"""`tf.print`: tensors as their numbers alone, in TensorFlow's digits, again at each replay of a function."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..core import nest
from ..core.listen import listeners
from ..core.tensor import as_tensor


def print_values(
    *inputs: Any, output_stream: Any = None, summarize: int = 3, sep: str = " ", end: str = "\n"
) -> None:
    """Print values as `tf.print` does: tensors as their numbers alone. A replayed function prints again.

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
    leaves = [nest.flatten(given) if nest.is_nested(given) else [given] for given in inputs]
    tensors = [as_tensor(leaf) for part in leaves for leaf in part if hasattr(type(leaf), "_as_tensor")]

    def show(*values: Any) -> None:
        texts = iter([_array_text(np.asarray(value), summarize) for value in values])

        def text(leaf: Any) -> Any:
            return _Bare(next(texts)) if hasattr(type(leaf), "_as_tensor") else leaf

        shown = [
            nest.map_structure(text, given) if nest.is_nested(given) else text(given) for given in inputs
        ]
        print(*shown, sep=sep, end=end, file=sys.stderr if output_stream is None else output_stream)

    for listener in listeners():
        listener.hear_ahead(None)
    show(*(tensor._value for tensor in tensors))
    for listener in listeners():
        listener.hear_show(show, tensors)


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
