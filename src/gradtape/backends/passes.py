"""Passes: functions from a graph to another that gives the same outputs for the same inputs, each followed by `check`.

    merged      equal operations on equal values are done once, and what nobody uses is dropped
    simplified  the same; what depends on constants alone is computed now, and the rules below are applied

A rule replaces an operation by a value that is there already, or by cheaper operations. It is exact in IEEE
arithmetic, infinities, NaN and signed zeros included (so `x + 0` stays, as it turns -0 into 0, and `x - 0` goes), or
its error is said beside it. Both passes are one sweep in the order of the graph, so a rule sees inputs that are
simplified already.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..core.graph import Builder, Graph, Operation, check, frozen, is_equal, rewritten
from ..core.primitive import Primitive
from ..core.spec import Spec, broadcast_shapes
from ..core.tensor import ROWS, Tensor
from ..core.values import QUIET
from ..core.variable import READ
from .runs import product_of_runs

Params = Mapping[str, Any]

LARGEST_FOLDED = 1 << 16
"""A constant of more entries is not worth its memory: it is computed again at every call."""

_LOOKS = frozenset({"transpose", "reshape", "getitem", "flip"})


def merged(graph: Graph) -> Graph:
    """Do equal operations once and drop what nobody uses."""
    return check(alive(Sweep(graph, {}).graph()))


def simplified(graph: Graph) -> Graph:
    """Merge, fold constants, apply the rules, and drop what nobody uses."""
    return check(alive(Sweep(graph, RULES).graph()))


def alive(graph: Graph) -> Graph:
    """Drop the operations and constants that no output depends on."""
    wanted = set(graph.outputs)
    kept = []
    for operation in reversed(graph.operations):
        if wanted.intersection(operation.outputs):
            wanted.update(operation.inputs)
            kept.append(operation)
    constants = {index: tensor for index, tensor in graph.constants.items() if index in wanted}
    return rewritten(graph, reversed(kept), constants=constants)


class Sweep:
    """One walk over a graph that writes another."""

    def __init__(self, graph: Graph, rules: Mapping[str, Callable[..., int | None]]) -> None:
        self.source = graph
        self.rules = rules
        self.builder = Builder()
        self.made: dict[int, Operation] = {}
        self.known: dict[Any, tuple[int, ...]] = {}
        self.line = ""

    def graph(self) -> Graph:
        source, builder = self.source, self.builder
        place = {index: builder.input(source.specs[index]) for index in source.inputs}
        for index, tensor in source.constants.items():
            place[index] = self.constant(tensor)
        for operation in source.operations:
            self.line = operation.line
            inputs = tuple([place[i] for i in operation.inputs])
            specs = [source.specs[i] for i in operation.outputs]
            made = self.add(operation.primitive, operation.params, inputs, specs, operation.joint)
            place.update(zip(operation.outputs, made, strict=True))
        return builder.graph(place[i] for i in source.outputs)

    def constant(self, tensor: Tensor) -> int:
        """A constant; equal ones are one, unless somebody may follow the tensor itself."""
        value = tensor._value
        if (
            self.rules
            and value.size > 1
            and is_equal(value, np.broadcast_to(value.reshape(-1)[:1], (value.size,)).reshape(value.shape))
        ):
            number = self.constant(Tensor(value.reshape(-1)[0]))
            spec = Spec(tuple(value.shape), value.dtype)
            return self.apply("broadcast_to", (number,), spec, shape=spec.shape)
        if tensor._node is not None or value.size > LARGEST_FOLDED:
            return self.builder.constant(tensor)
        key = ("constant", frozen(np.asarray(tensor._value)))
        if key not in self.known:
            self.known[key] = (self.builder.constant(tensor),)
        return self.known[key][0]

    def add(
        self,
        primitive: Primitive,
        params: Params,
        inputs: tuple[int, ...],
        specs: list[Spec],
        joint: bool = False,
    ) -> tuple[int, ...]:
        """The outputs of an operation: of an equal one that is there, of what a rule makes of it, or of a new one."""
        if self.rules and primitive is READ:
            return (inputs[1],)  # the other is there for derivatives alone
        if self.rules and not joint:
            folded = self._folded(primitive, params, inputs, specs[0])
            if folded is not None:
                return (folded,)
            rule = self.rules.get(primitive.name)
            if rule is not None and ROWS.get(primitive.name) is primitive:
                found = rule(self, params, inputs, specs[0])
                if found is not None:
                    return (found,)
            if primitive.pointwise or primitive.name == "where":
                found = _broadcast_late(self, primitive, params, inputs, specs[0])
                if found is not None:
                    return (found,)
        ordered = tuple(sorted(inputs)) if primitive.commutes else inputs
        key = (id(primitive), frozen(params) if params else (), ordered)
        if key not in self.known:
            made = self.builder.add(primitive, params, inputs, specs, self.line, joint)
            self.known[key] = made
            operation = self.builder.operations[-1]
            self.made.update((index, operation) for index in made)
        return self.known[key]

    def _folded(
        self, primitive: Primitive, params: Params, inputs: tuple[int, ...], spec: Spec
    ) -> int | None:
        constants = self.builder.constants
        if not constants.keys() >= set(inputs):
            return None
        size = math.prod(spec.shape)
        if primitive is ROWS.get("broadcast_to") or (size > 64 and primitive.name in _LOOKS):
            return None  # one number stays one number, and another look at a constant costs nothing
        if size > LARGEST_FOLDED:
            return None
        value = QUIET.run(primitive.value, *[constants[i]._value for i in inputs], **params)
        return self.constant(Tensor(value))

    # what rules ask

    def spec(self, index: int) -> Spec:
        return self.builder.specs[index]

    def maker(self, index: int, name: str) -> Operation | None:
        """The operation that made a value, if it is the row of this name."""
        operation = self.made.get(index)
        if operation is None or operation.primitive is not ROWS.get(name):
            return None
        return operation

    def number(self, index: int) -> Any:
        """The only number in a constant, or None."""
        tensor = self.builder.constants.get(index)
        if tensor is None or tensor._value.size == 0 or tensor._value.dtype.kind not in "biufc":
            return None
        first = tensor._value.reshape(-1)[0]
        if tensor._value.size > 1 and not (tensor._value == first).all():
            return None
        return first if first != 0 or not np.signbit(np.real(first)) else None

    def apply(self, name: str, inputs: tuple[int, ...], spec: Spec, **params: Any) -> int:
        return self.add(ROWS[name], params, inputs, [spec])[0]


# rules: each gives the value that the operation's result equals, or None


def _same(sweep: Sweep, _params: Params, inputs: tuple[int, ...], spec: Spec) -> int | None:
    return inputs[0] if sweep.spec(inputs[0]) == spec else None


def _neutral(number: int, sides: tuple[int, ...]) -> Callable[..., int | None]:
    """An operation that gives the other operand where one of these sides is this number."""

    def rule(sweep: Sweep, _params: Params, inputs: tuple[int, ...], spec: Spec) -> int | None:
        for side in sides:
            found = sweep.number(inputs[side])
            if found is not None and found == number:
                return _shaped(sweep, inputs[1 - side], spec)
        return None

    return rule


def _shaped(sweep: Sweep, index: int, spec: Spec) -> int | None:
    """A value broadcast to the shape of a spec, if its dtype is that of the spec."""
    own = sweep.spec(index)
    if own.dtype != spec.dtype:
        return None
    return index if own.shape == spec.shape else sweep.apply("broadcast_to", (index,), spec, shape=spec.shape)


def _power(sweep: Sweep, params: Params, inputs: tuple[int, ...], spec: Spec) -> int | None:
    # x^2 as a product is rounded once, x^3 twice (1.5 units in the last place); both beat or equal pow.
    exponent = sweep.number(inputs[1])
    base = sweep.spec(inputs[0])
    if exponent is None or base != spec or spec.dtype.kind != "f":
        return None
    if exponent == 1:
        return inputs[0]
    if exponent == 0:  # also of NaN
        return _shaped(sweep, sweep.constant(Tensor(spec.dtype.type(1))), spec)
    if exponent in (2, 3):
        square = sweep.apply("square", (inputs[0],), spec)
        return square if exponent == 2 else sweep.apply("multiply", (square, inputs[0]), spec)
    return sweep.apply("reciprocal", (inputs[0],), spec) if exponent == -1 else None


def _inverse(name: str) -> Callable[..., int | None]:
    def rule(sweep: Sweep, _params: Params, inputs: tuple[int, ...], spec: Spec) -> int | None:
        maker = sweep.maker(inputs[0], name)
        return maker.inputs[0] if maker is not None and sweep.spec(maker.inputs[0]) == spec else None

    return rule


def _where(sweep: Sweep, _params: Params, inputs: tuple[int, ...], spec: Spec) -> int | None:
    condition, a, b = inputs
    if a == b:
        return _shaped(sweep, a, spec)
    inner = sweep.maker(a, "where")
    if inner is not None and inner.inputs[0] == condition and sweep.spec(inner.inputs[1]).dtype == spec.dtype:
        return sweep.apply(
            "where", (condition, inner.inputs[1], b), spec
        )  # what the inner one puts in is not taken
    constant = sweep.builder.constants.get(condition)
    if constant is not None and constant._value.size:
        if constant._value.all():
            return _shaped(sweep, a, spec)
        if not constant._value.any():
            return _shaped(sweep, b, spec)
    return None


def _reshape(sweep: Sweep, params: Params, inputs: tuple[int, ...], spec: Spec) -> int | None:
    if sweep.spec(inputs[0]) == spec:
        return inputs[0]
    maker = sweep.maker(inputs[0], "reshape")
    return None if maker is None else sweep.apply("reshape", maker.inputs, spec, shape=spec.shape)


def _transpose(sweep: Sweep, params: Params, inputs: tuple[int, ...], spec: Spec) -> int | None:
    axes = tuple(params["axes"])
    if axes == tuple(range(len(axes))):
        return inputs[0]
    maker = sweep.maker(inputs[0], "transpose")
    if maker is not None:
        first = maker.params["axes"]
        return sweep.apply("transpose", maker.inputs, spec, axes=tuple(first[i] for i in axes))
    shape = sweep.spec(inputs[0]).shape
    if len(axes) > 2 and [i for i in axes if shape[i] != 1] == [i for i in range(len(axes)) if shape[i] != 1]:
        return sweep.apply("reshape", inputs, spec, shape=spec.shape)  # only axes of size one move
    return None


def _broadcast_to(sweep: Sweep, params: Params, inputs: tuple[int, ...], spec: Spec) -> int | None:
    if sweep.spec(inputs[0]) == spec:
        return inputs[0]
    maker = sweep.maker(inputs[0], "broadcast_to")
    return None if maker is None else sweep.apply("broadcast_to", maker.inputs, spec, shape=spec.shape)


def _sum(sweep: Sweep, params: Params, inputs: tuple[int, ...], spec: Spec) -> int | None:
    """A sum over axes of size one moves entries only."""
    own = sweep.spec(inputs[0])
    if own.dtype != spec.dtype or any(own.shape[i] != 1 for i in params["axis"]):
        return None
    return inputs[0] if own == spec else sweep.apply("reshape", inputs, spec, shape=spec.shape)


RULES: dict[str, Callable[..., int | None]] = {
    "identity": _same,
    "stop_gradient": _same,
    "cast": _same,
    "astype": _same,
    "real": _same,
    "subtract": _neutral(0, (1,)),
    "multiply": _neutral(1, (0, 1)),
    "divide": _neutral(1, (1,)),
    "power": _power,
    "negative": _inverse("negative"),
    "logical_not": _inverse("logical_not"),
    "logical_and": _neutral(1, (0, 1)),
    "where": _where,
    "reshape": _reshape,
    "transpose": _transpose,
    "broadcast_to": _broadcast_to,
    "sum": _sum,
    "matmul": product_of_runs,
}


def _broadcast_late(
    sweep: Sweep, primitive: Primitive, params: Params, inputs: tuple[int, ...], spec: Spec
) -> int | None:
    """Compute on the small shape what is the same along broadcast axes, and broadcast the result."""
    sources = [
        maker.inputs[0] if (maker := sweep.maker(i, "broadcast_to")) is not None else i for i in inputs
    ]
    if sources == list(inputs):
        return None
    small = broadcast_shapes(*(sweep.spec(i).shape for i in sources))
    result = sweep.add(primitive, params, tuple(sources), [Spec(small, spec.dtype)])[0]
    return _shaped(sweep, result, spec)


__all__ = ["RULES", "Sweep", "alive", "merged", "simplified"]
