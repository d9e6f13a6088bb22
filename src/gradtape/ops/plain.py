"""NumPy's functions on tensors that no derivative passes through, and those that write into their argument.

The first answer with plain values, followed by a tape or not: their results are shapes, places, truth values or text.
The second raise an error, as a tensor does not change; NumPy would write into memory that a tape relies on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.tensor import as_tensor
from .composite import composite

_ANSWERS = (
    "allclose",
    "argwhere",
    "array2string",
    "array_equal",
    "array_equiv",
    "array_repr",
    "array_str",
    "count_nonzero",
    "flatnonzero",
    "isclose",
    "iscomplexobj",
    "isin",
    "isrealobj",
    "lexsort",
    "may_share_memory",
    "ndim",
    "nonzero",
    "result_type",
    "shape",
    "shares_memory",
    "size",
)

_WRITERS = {
    "copyto": "gt.where",
    "fill_diagonal": "gt.linalg.set_diag",
    "place": "gt.where",
    "put": "gt.tensor_scatter_nd_update",
    "put_along_axis": "gt.tensor_scatter_nd_update",
    "putmask": "gt.where",
}


def _value(obj: Any) -> Any:
    if isinstance(obj, (list, tuple)):
        return type(obj)(_value(part) for part in obj)
    return np.asarray(as_tensor(obj)) if hasattr(type(obj), "_as_tensor") else obj


def _answer(name: str) -> Callable[..., Any]:
    function = getattr(np, name)
    return lambda *args, **kwargs: function(
        *_value(args), **{key: _value(arg) for key, arg in kwargs.items()}
    )


def _refusal(name: str, instead: str) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"np.{name} writes into its argument, and tensors do not change; use {instead}")

    return refuse


for _name in _ANSWERS:
    composite(_name)(_answer(_name))
for _name, _instead in _WRITERS.items():
    composite(_name)(_refusal(_name, _instead))
