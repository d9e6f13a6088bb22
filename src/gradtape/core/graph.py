"""The graph: a recorded program as frozen data, a pure map from some values to others.

A value is a number: its place in `Graph.specs`. It is an input, a constant, or made by one operation, and every
operation uses values that are there before it. What a graph means to a function (which input is a variable, which
output a guard) is not told here: see `recording.py`. A pass maps a graph to another of the same inputs and outputs;
`check` looks whether a graph is well formed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from .further_errors import InternalError
from .primitive import Primitive
from .spec import Spec
from .tensor import Tensor, apply, explained


@dataclass(frozen=True, eq=False, slots=True)
class Operation:
    """One primitive applied to values, and the line of the user's program that asked for it.

    `joint` says that the primitive's result is a tuple.
    """

    primitive: Primitive
    params: Mapping[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    line: str = ""
    joint: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Graph:
    """A pure program.

    Attributes:
        specs: shape and dtype of each value.
        inputs: the values that are given.
        constants: the values that are always the same, as tensors.
        operations: in an order in which they can be done.
        outputs: the values asked for.
    """

    specs: tuple[Spec, ...]
    inputs: tuple[int, ...]
    constants: Mapping[int, Tensor]
    operations: tuple[Operation, ...]
    outputs: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.operations)

    def __str__(self) -> str:
        return listing(self)


def check(graph: Graph) -> Graph:
    """The graph itself, if it is well formed.

    Raises:
        InternalError: if a value is used before it is there, made twice, or declared with another spec than its own.
    """
    known: set[int] = set()
    right: set[Any] = set()

    def define(index: int, what: str) -> None:
        if index in known:
            raise InternalError(f"graph: value {index} is made twice, the second time as {what}")
        if not 0 <= index < len(graph.specs):
            raise InternalError(f"graph: value {index} ({what}) has no spec")
        known.add(index)

    for index in graph.inputs:
        define(index, "an input")
    for index, constant in graph.constants.items():
        define(index, "a constant")
        if spec_of_value(constant._value) != graph.specs[index]:
            raise InternalError(f"graph: constant {index} is not of its spec {graph.specs[index]}")
    for operation in graph.operations:
        name = operation.primitive.name
        for index in operation.inputs:
            if index not in known:
                raise InternalError(f"graph: {name} uses value {index}, which is not there")
        for index in operation.outputs:
            define(index, name)
        _check_spec(graph, operation, right)
    for index in graph.outputs:
        if index not in known:
            raise InternalError(f"graph: output {index} is not there")
    return graph


def _check_spec(graph: Graph, operation: Operation, right: set[Any]) -> None:
    """The row's own word on shape and dtype, where it has one; `right` are questions that it has answered with yes."""
    rule = operation.primitive.spec
    if rule is None:
        return
    given = [graph.specs[i] for i in operation.inputs]
    own = graph.specs[operation.outputs[0]]
    question = None if operation.params else (id(rule), id(own), *map(id, given))
    if question in right:
        return
    declared = rule(*given, **operation.params)
    if not operation.joint and declared.dtype is own.dtype and declared.shape == own.shape:
        if question is not None:
            right.add(question)
        return  # the usual case, much quicker
    found = tuple(graph.specs[i] for i in operation.outputs)
    wanted = tuple(Spec(tuple(s.shape), s.dtype) for s in (declared if operation.joint else (declared,)))
    if wanted != found:
        raise InternalError(f"graph: {operation.primitive.name} makes {found}, its row says {declared}")


def evaluate(operation: Operation, values: Sequence[Any]) -> tuple[Any, ...]:
    """The results of an operation by its NumPy value; an error names the operation and the line that asked for it."""
    try:
        found = operation.primitive.value(*values, **operation.params)
    except Exception as error:
        raise failed(error, operation, values) from None
    return found if operation.joint else (found,)


def evaluator(graph: Graph) -> Callable[[Sequence[Any]], list[Any]]:
    """A graph made ready to be evaluated many times by the rows' own values: from NumPy values of inputs to outputs.

    A value is dropped after its last use. Calls from several threads do not disturb each other.
    """
    remaining = uses(graph)
    steps = []
    for op in graph.operations:
        dead = []
        for index in op.inputs:
            remaining[index] -= 1
            if not remaining[index] and index not in graph.constants:
                dead.append(index)
        steps.append((op.primitive.value, op.inputs, op.params, op.outputs, op.joint, tuple(dead), op))
    base: list[Any] = [None] * len(graph.specs)
    for index, constant in graph.constants.items():
        base[index] = constant._value

    def turn(values: Sequence[Any]) -> list[Any]:
        known = base.copy()
        for index, value in zip(graph.inputs, values, strict=True):
            known[index] = value
        for function, inputs, params, outputs, joint, dead, operation in steps:
            given = [known[i] for i in inputs]
            try:
                found = function(*given, **params)
            except Exception as error:
                raise failed(error, operation, given) from None
            if joint:
                for index, value in zip(outputs, found, strict=True):
                    known[index] = value
            else:
                known[outputs[0]] = found
            for index in dead:
                known[index] = None
        return [known[i] for i in graph.outputs]

    return turn


def inline(graph: Graph, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Do the operations of a graph through the door."""
    known: dict[int, Any] = dict(graph.constants)
    known.update(zip(graph.inputs, inputs, strict=True))
    for operation in graph.operations:
        result = apply(
            operation.primitive, tuple([known[i] for i in operation.inputs]), dict(operation.params)
        )
        if operation.joint:
            known.update(zip(operation.outputs, result, strict=True))
        else:
            known[operation.outputs[0]] = result
    return [known[i] for i in graph.outputs]


def failed(error: Exception, operation: Operation, values: Sequence[Any]) -> Exception:
    """The error of an operation on these values in its own words, with the line of the user's program as a note."""
    error = explained(error, operation.primitive, values, operation.params)
    if operation.line:
        error.add_note(f"recorded at {operation.line}")
    return error


def spec_of_value(value: Any) -> Spec:
    """Shape and dtype of a NumPy value; mostly the same object for the same ones."""
    return _spec(value.shape, value.dtype)


_spec = lru_cache(maxsize=1024)(Spec)


def uses(graph: Graph) -> list[int]:
    """How often each value is used, outputs of the graph included."""
    count = [0] * len(graph.specs)
    for operation in graph.operations:
        for index in operation.inputs:
            count[index] += 1
    for index in graph.outputs:
        count[index] += 1
    return count


def is_equal(a: Any, b: Any) -> bool:
    """Whether two NumPy values are the same to the bit."""
    return bool(a.dtype == b.dtype and a.shape == b.shape and a.ravel().tobytes() == b.ravel().tobytes())


_PLAIN = frozenset({bool, int, str, type(None)})


def frozen(obj: Any) -> Any:
    """A hashable stand-in for a parameter: equal exactly where the parameters mean the same."""
    if type(obj) in _PLAIN:
        return type(obj), obj
    if isinstance(obj, np.ndarray):
        return "array", obj.shape, obj.dtype.str, obj.ravel().tobytes()
    if isinstance(obj, np.generic):
        return "scalar", obj.dtype.str, obj.ravel().tobytes()
    if isinstance(obj, slice):
        return "slice", frozen(obj.start), frozen(obj.stop), frozen(obj.step)
    if isinstance(obj, (tuple, list)):
        return (type(obj).__name__, *map(frozen, obj))
    if isinstance(obj, Mapping):
        return ("mapping", *[(key, frozen(obj[key])) for key in sorted(obj)])
    if isinstance(obj, float):
        return "float", obj.hex()
    try:
        hash(obj)
    except TypeError:
        return "object", id(obj)
    return type(obj).__name__, obj


@dataclass(slots=True)
class Builder:
    """A graph in the making; `graph()` freezes it."""

    specs: list[Spec] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    constants: dict[int, Tensor] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)

    def value(self, spec: Spec) -> int:
        """A new value."""
        self.specs.append(spec)
        return len(self.specs) - 1

    def input(self, spec: Spec) -> int:
        """A new input."""
        index = self.value(spec)
        self.inputs.append(index)
        return index

    def constant(self, tensor: Tensor) -> int:
        """A new constant."""
        index = self.value(spec_of_value(tensor._value))
        self.constants[index] = tensor
        return index

    def add(
        self,
        primitive: Primitive,
        params: Mapping[str, Any],
        inputs: Sequence[int],
        specs: Iterable[Spec],
        line: str = "",
        joint: bool = False,
    ) -> tuple[int, ...]:
        """A new operation; its outputs."""
        outputs = tuple([self.value(spec) for spec in specs])
        self.operations.append(Operation(primitive, params, tuple(inputs), outputs, line, joint))
        return outputs

    def graph(self, outputs: Iterable[int]) -> Graph:
        """The graph of what has been entered."""
        return Graph(
            tuple(self.specs),
            tuple(self.inputs),
            dict(self.constants),
            tuple(self.operations),
            tuple(outputs),
        )


def rewritten(graph: Graph, operations: Iterable[Operation], **changes: Any) -> Graph:
    """The graph with other operations and what else is given."""
    return replace(graph, operations=tuple(operations), **changes)


def listing(graph: Graph) -> str:
    """The graph as text: a line for each input and operation, with the lines of the user's program; turns indented."""
    return "\n".join(_lines(graph))


def _lines(graph: Graph) -> Iterator[str]:
    for index in graph.inputs:
        yield f"%{index} = input {_typed(graph.specs[index])}"
    seen = ""
    for operation in graph.operations:
        if operation.line and operation.line != seen:
            seen = operation.line
            yield f"# {seen}"
        left = ", ".join(f"%{i}" for i in operation.outputs)
        given = [_argument(graph, i) for i in operation.inputs]
        given += [f"{name}={value!r}" for name, value in operation.params.items()]
        kinds = ", ".join(_typed(graph.specs[i]) for i in operation.outputs)
        yield f"{left} = {operation.primitive.name}({', '.join(given)})  {kinds}"
        for value in operation.params.values():  # the turn of a loop, which may be a branch
            if isinstance(body := getattr(value, "body", None), Graph):
                yield from (f"    {line}" for line in _lines(body))
    yield "return " + ", ".join(_argument(graph, i) for i in graph.outputs)


def _typed(spec: Spec) -> str:
    return f"{spec.dtype.name}{list(spec.shape)}"


def _argument(graph: Graph, index: int) -> str:
    constant = graph.constants.get(index)
    if constant is None:
        return f"%{index}"
    value = constant._value
    return f"{value}" if value.size == 1 and value.ndim == 0 else f"<constant {_typed(graph.specs[index])}>"
