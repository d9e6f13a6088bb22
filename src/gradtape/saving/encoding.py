"""Graphs and the parameters of their operations as JSON, and back: numbers, text, slices, dtypes, arrays, loops.

What JSON has no word for is a dictionary with one key, the kind of value. Arrays go into a dictionary of tensors under
a name of their own. Nothing else is written or read: there is no way to name a class, a function or a module.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..core.draws import DRAW
from ..core.errors import said
from ..core.graph import Graph, Operation, check
from ..core.loop import Loop
from ..core.primitive import Primitive
from ..core.spec import Spec, TensorShape
from ..core.tensor import ROWS, Tensor
from ..core.variable import READ, WRITE
from ..loops.row import LOOP
from ..replay import RESULT
from .errors import FileFormatError, UnknownOperationError, UnwritableError

DTYPES = {
    name: np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
UFUNCS = {name: getattr(np, name) for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum")}
# What recordings have and the vocabulary does not: variables written in part and read again, draws, and loops.
BEYOND = {row.name: row for row in (WRITE, READ, DRAW, LOOP)}


def encode(value: Any, arrays: dict[str, Any]) -> Any:
    """A value as JSON; its arrays are entered under names of their own.

    Raises:
        UnwritableError: for anything but plain data.
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
    if kind is Loop:
        numbers = [value.carried, value.sliced, value.summed, value.turns, value.backwards, value.gate]
        return {"loop": [graph_data(value.body, arrays), *numbers]}
    if any(value is known for known in UFUNCS.values()):
        return {"ufunc": value.__name__}
    if kind is np.ndarray or isinstance(value, np.generic):
        _dtype_name(value.dtype)
        name = f"array/{len(arrays)}"
        arrays[name] = value
        return {"array" if kind is np.ndarray else "number": name}
    raise UnwritableError(f"a value of type {type(value).__name__} cannot be written as data")


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
    raise FileFormatError(f"{str(data)[:60]!r} is no value of a program")


def line_name(line: str) -> str:
    """File and line without the folders, which are nobody's business."""
    return os.path.basename(line)


def graph_data(graph: Graph, arrays: dict[str, Any]) -> dict[str, Any]:
    """A graph as JSON.

    Raises:
        UnwritableError: for an operation whose rule or parameter is Python's own.
    """
    return {
        "specs": [encode(spec, arrays)["spec"] for spec in graph.specs],
        "inputs": list(graph.inputs),
        "constants": [[i, encode(np.asarray(c._value), arrays)] for i, c in graph.constants.items()],
        "operations": [_operation_data(operation, arrays) for operation in graph.operations],
        "outputs": list(graph.outputs),
    }


def _operation_data(operation: Operation, arrays: dict[str, Any]) -> list[Any]:
    name = operation.primitive.name
    where = f" ({line_name(operation.line)})" if operation.line else ""
    if ROWS.get(name, BEYOND.get(name)) is not operation.primitive:
        raise UnwritableError(
            f"the operation {name}{where} has a rule of its own made in Python, as custom_gradient makes it; "
            "gt.register_primitive gives it a name that a file can say"
        )
    try:
        params = [[key, encode(value, arrays)] for key, value in operation.params.items()]
    except UnwritableError as error:
        raise UnwritableError(f"in {name}{where}: {said(error)}") from None
    places = [list(operation.inputs), list(operation.outputs)]
    return [name, params, *places, line_name(operation.line), operation.joint]


def graph_of(data: Any, arrays: Mapping[str, Any]) -> Graph:
    """The graph that `graph_data` wrote.

    Raises:
        UnknownOperationError: for an operation that is not registered.
        InternalError: for a graph that is not well formed.
    """
    return check(
        Graph(
            tuple([spec_of(each) for each in data["specs"]]),
            tuple(map(index_of, data["inputs"])),
            {index_of(i): Tensor(decode(value, arrays)[()]) for i, value in data["constants"]},
            tuple([_operation_of(arrays, *each) for each in data["operations"]]),
            tuple(map(index_of, data["outputs"])),
        )
    )


def _operation_of(
    arrays: Mapping[str, Any], name: str, params: Any, inputs: Any, outputs: Any, line: str, joint: bool
) -> Operation:
    primitive: Primitive | None = BEYOND.get(name) or ROWS.find(name)
    if primitive is None:
        raise UnknownOperationError(
            f"the program uses the operation {name!r}, which is not there; if it is one of your own, "
            "gt.register_primitive it before loading"
        )
    named = {str(key): decode(value, arrays) for key, value in params}
    given = tuple(map(index_of, inputs)), tuple(map(index_of, outputs))
    return Operation(primitive, named, *given, str(line), bool(joint))


def index_of(number: Any) -> int:
    """A place in a list, which a negative one is not."""
    if type(number) is not int or number < 0:
        raise FileFormatError(f"{number!r} is no place of a value")
    return number


def _loop(content: Any, arrays: Mapping[str, Any]) -> Loop:
    data, carried, sliced, summed, turns, backwards, gate = content
    body = graph_of(data, arrays)
    counts = index_of(carried), index_of(sliced), index_of(summed), index_of(turns)
    if carried + sliced > len(body.inputs) or carried + summed > len(body.outputs):
        raise FileFormatError("a loop has more state than its body")
    if gate not in ("", "carried", "sliced"):
        raise FileFormatError(f"{gate!r} is no gate of a loop")
    return Loop(body, *counts, bool(backwards), gate)


def _dtype_name(dtype: Any) -> str:
    if DTYPES.get(dtype.name) != dtype:
        raise UnwritableError(f"the dtype {dtype} cannot be written as data")
    return str(dtype.name)


def spec_of(data: Any) -> Spec:
    """The spec in the form that `encode` gives it."""
    shape, dtype = data
    if not all(type(size) is int and size >= 0 for size in shape):
        raise FileFormatError(f"{shape!r} is no shape")
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
    "loop": _loop,
    "slice": lambda content, arrays: slice(*_parts(content, arrays)),
    "ellipsis": lambda _content, _arrays: Ellipsis,
    "spec": lambda content, _arrays: spec_of(content),
    "dtype": lambda content, _arrays: DTYPES[content],
    "ufunc": lambda content, _arrays: UFUNCS[content],
    "array": lambda content, arrays: np.asarray(arrays[content]),
    "number": lambda content, arrays: np.asarray(arrays[content])[()],
}
