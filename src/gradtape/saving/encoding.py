"""Values of a program's parameters as JSON, and back: numbers, text, slices, dtypes, nests of them, and arrays.

What JSON has no word for is a dictionary with one key, the kind of value. Arrays go into a dictionary of tensors under
a name of their own. Nothing else is written or read: there is no way to name a class, a function or a module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..core.spec import Spec, TensorShape
from ..core.variable import WRITE
from ..replay import RESULT

DTYPES = {
    name: np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
UFUNCS = {name: getattr(np, name) for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum")}
BEYOND = {WRITE.name: WRITE}  # what recordings have and the vocabulary does not: parts of variables written


class Unwritable(TypeError):
    """A value that cannot be written as data."""


def encode(value: Any, arrays: dict[str, Any]) -> Any:
    """A value as JSON; its arrays are entered under names of their own.

    Raises:
        Unwritable: for anything but plain data.
    """
    kind: type = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if value is RESULT:
        return {"result": None}
    if kind is float:
        return {"float": value.hex()}  # to the bit, and with a word for NaN
    if kind in (tuple, TensorShape):
        return {"tuple": [encode(part, arrays) for part in value]}
    if kind is list:
        return {"list": [encode(part, arrays) for part in value]}
    if kind is dict:
        return {"dict": [[encode(key, arrays), encode(part, arrays)] for key, part in value.items()]}
    if kind is complex:
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if kind is slice:
        return {"slice": [encode(part, arrays) for part in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": None}
    if kind is Spec:
        return {"spec": [list(value.shape), _dtype_name(value.dtype)]}
    if isinstance(value, np.dtype):
        return {"dtype": _dtype_name(value)}
    if any(value is known for known in UFUNCS.values()):
        return {"ufunc": value.__name__}
    if kind is np.ndarray or isinstance(value, np.generic):
        _dtype_name(value.dtype)
        name = f"array/{len(arrays)}"
        arrays[name] = value
        return {"array" if kind is np.ndarray else "number": name}
    raise Unwritable(f"a value of type {type(value).__name__} cannot be written as data")


def decode(data: Any, arrays: Mapping[str, Any]) -> Any:
    """The value that `encode` wrote.

    Raises:
        ValueError: for anything else.
    """
    if data is None or type(data) in (bool, int, str):
        return data
    if type(data) is dict and len(data) == 1:
        ((kind, content),) = data.items()
        if kind in _KINDS:
            return _KINDS[kind](content, arrays)
    raise ValueError(f"{str(data)[:60]!r} is no value of a program")


def _dtype_name(dtype: Any) -> str:
    if DTYPES.get(dtype.name) != dtype:
        raise Unwritable(f"the dtype {dtype} cannot be written as data")
    return str(dtype.name)


def spec_of(data: Any) -> Spec:
    """The spec in the form that `encode` gives it."""
    shape, dtype = data
    if not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"{shape!r} is no shape")
    return Spec(tuple(shape), DTYPES[dtype])


def _parts(content: Any, arrays: Mapping[str, Any]) -> list[Any]:
    return [decode(part, arrays) for part in content]


_KINDS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "result": lambda _content, _arrays: RESULT,
    "float": lambda content, _arrays: float.fromhex(content),
    "complex": lambda content, _arrays: complex(*map(float.fromhex, content)),
    "tuple": lambda content, arrays: tuple(_parts(content, arrays)),
    "list": _parts,
    "dict": lambda content, arrays: {decode(key, arrays): decode(part, arrays) for key, part in content},
    "slice": lambda content, arrays: slice(*_parts(content, arrays)),
    "ellipsis": lambda _content, _arrays: Ellipsis,
    "spec": lambda content, _arrays: spec_of(content),
    "dtype": lambda content, _arrays: DTYPES[content],
    "ufunc": lambda content, _arrays: UFUNCS[content],
    "array": lambda content, arrays: np.asarray(arrays[content]),
    "number": lambda content, arrays: np.asarray(arrays[content])[()],
}
