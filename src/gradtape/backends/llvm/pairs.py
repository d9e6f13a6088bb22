"""Complex numbers as pairs of real ones: what is computed with both parts, as operations on each.

In memory a complex number is its two parts, one behind the other. So `real` and `imag` of what is in memory are other
looks at it (`views.py`), and a complex value is put together from its parts only where somebody needs it as a whole: a
result, or an operation that stays NumPy's. In between there are real values, which fuse as all others do.

The formulas are NumPy's (`loops.c.src`): the product is the plain one, the quotient Smith's, so infinities and NaN come
out as they do there. NumPy may contract products and sums, so the last bits can differ; `exp` is e^a (cos b + i sin b).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...core.graph import Graph, Operation, check
from ...core.primitive import Kind, Primitive
from ...core.spec import Spec, broadcast_shapes
from ...core.tensor import ROWS, Tensor
from ..passes import Sweep, alive

Pair = tuple[int, int]


def _joined(a: Any, b: Any) -> Any:
    found = np.empty(np.shape(a), np.result_type(a, np.complex64))
    found.real, found.imag = a, b
    return found[()]


PAIR = Primitive("pair", Kind.CONSTANT, _joined, None, (None, None), pointwise=True)
"""A complex value of its parts, which are of its shape; `plan.py` writes them to their places."""


def paired(graph: Graph) -> Graph:
    """The graph with what is computed with complex numbers computed with their parts."""
    if not any(spec.dtype.kind == "c" for spec in graph.specs):
        return graph
    return check(alive(_Writer(graph).graph()))


class _Writer:
    """Writes the graph of parts."""

    def __init__(self, graph: Graph) -> None:
        self.source = graph
        self.sweep = Sweep(graph, {})
        self.place: dict[int, int] = {}
        """The values that are there as wholes."""
        self.pairs: dict[int, Pair] = {}
        """Complex values by their parts."""

    def graph(self) -> Graph:
        source, sweep = self.source, self.sweep
        for index in source.inputs:
            self.place[index] = sweep.builder.input(source.specs[index])
        for index, tensor in source.constants.items():
            self.place[index] = sweep.constant(tensor)
        for operation in source.operations:
            sweep.line = operation.line
            if not self._in_parts(operation):
                inputs = tuple([self.whole(i) for i in operation.inputs])
                specs = [source.specs[i] for i in operation.outputs]
                made = sweep.add(operation.primitive, operation.params, inputs, specs, operation.joint)
                self.place.update(zip(operation.outputs, made, strict=True))
        return sweep.builder.graph([self.whole(i) for i in source.outputs])

    def _in_parts(self, operation: Operation) -> bool:
        """Do an operation with parts, if it is one that can be."""
        specs, name = self.source.specs, operation.primitive.name
        if ROWS.get(name) is not operation.primitive:
            return False
        if not any(specs[i].dtype.kind == "c" for i in (*operation.inputs, *operation.outputs)):
            return False
        rule = RULES.get(name)
        if name in _LOOKS and any(i in self.pairs for i in operation.inputs):
            rule = _each(name)
        if rule is None:
            return False
        (output,) = operation.outputs
        spec = specs[output]
        common = np.result_type(*(specs[i].dtype for i in operation.inputs))
        real = Spec(spec.shape, real_of(common if spec.dtype.kind == "b" else spec.dtype))
        found = rule(Parts(self, real), operation.params, operation.inputs)
        if spec.dtype.kind == "c":
            self.pairs[output] = found
        else:
            self.place[output] = found
        return True

    def whole(self, index: int) -> int:
        """A value as a whole."""
        if index not in self.place:
            made = self.sweep.add(PAIR, {}, self.pairs[index], [self.source.specs[index]])
            self.place[index] = made[0]
        return self.place[index]

    def parts(self, index: int, dtype: Any) -> Pair:
        """The parts of a value, in a dtype; of a real one, itself and zero."""
        sweep, spec = self.sweep, self.source.specs[index]
        if index not in self.pairs:
            self.pairs[index] = self._taken(index, spec)
        own = self.pairs[index]
        if real_of(spec.dtype) == dtype:
            return own
        first, second = (
            sweep.apply("cast", (i,), Spec(sweep.spec(i).shape, dtype), dtype=dtype) for i in own
        )
        return first, second

    def _taken(self, index: int, spec: Spec) -> Pair:
        sweep, constant = self.sweep, self.source.constants.get(index)
        if spec.dtype.kind != "c":
            zero = sweep.constant(Tensor(spec.dtype.type(0)))
            return self.place[index], sweep.apply("broadcast_to", (zero,), spec, shape=spec.shape)
        if constant is not None:
            value = np.asarray(constant._value)
            first, second = (
                sweep.constant(Tensor(np.array(x, order="C")[()])) for x in (value.real, value.imag)
            )
            return first, second
        made = Spec(spec.shape, real_of(spec.dtype))
        return sweep.apply("real", (self.place[index],), made), sweep.apply(
            "imag", (self.place[index],), made
        )


def real_of(dtype: Any) -> Any:
    """The dtype of the parts."""
    return np.zeros((), dtype).real.dtype


class Parts:
    """What a rule writes with: operations on real values of one spec."""

    def __init__(self, writer: _Writer, spec: Spec) -> None:
        self.writer, self.sweep, self.spec = writer, writer.sweep, spec

    def of(self, index: int) -> Pair:
        """The parts of an input."""
        return self.writer.parts(index, self.spec.dtype)

    def __call__(self, name: str, *inputs: int, **params: Any) -> int:
        shape = broadcast_shapes(*(self.sweep.spec(i).shape for i in inputs))
        truth = name in _TRUTHS
        return self.sweep.apply(
            name, inputs, Spec(shape, np.dtype(bool) if truth else self.spec.dtype), **params
        )

    def number(self, value: float) -> int:
        """A number of the dtype."""
        return self.sweep.constant(Tensor(self.spec.dtype.type(value)))


_TRUTHS = frozenset({"equal", "less", "greater_equal", "isfinite", "logical_and", "logical_not"})
Params = Mapping[str, Any]
Inputs = Sequence[int]


def _each(name: str) -> Callable[[Parts, Params, Inputs], Pair]:
    """An operation that does to each part what it does to the whole."""

    def rule(e: Parts, params: Params, inputs: Inputs) -> Pair:
        pairs = [e.of(i) for i in inputs]
        first, second = (
            e.sweep.apply(name, tuple([pair[k] for pair in pairs]), e.spec, **params) for k in (0, 1)
        )
        return first, second

    return rule


def _conjugate(e: Parts, _params: Params, inputs: Inputs) -> Pair:
    a, b = e.of(inputs[0])
    return a, e("negative", b)


def _product(e: Parts, first: Pair, second: Pair) -> Pair:
    (a, b), (c, d) = first, second
    return (
        e("subtract", e("multiply", a, c), e("multiply", b, d)),
        e("add", e("multiply", a, d), e("multiply", b, c)),
    )


def _multiply(e: Parts, _params: Params, inputs: Inputs) -> Pair:
    return _product(e, e.of(inputs[0]), e.of(inputs[1]))


def _square(e: Parts, _params: Params, inputs: Inputs) -> Pair:
    pair = e.of(inputs[0])
    return _product(e, pair, pair)


def _quotient(e: Parts, first: Pair, second: Pair) -> Pair:
    """Smith's (1962): by the larger part of the divisor; by zero the parts are divided by it."""
    (a, b), (c, d) = first, second
    wide = e("greater_equal", e("absolute", c), e("absolute", d))
    ratio = e("divide", e("where", wide, d, c), e("where", wide, c, d))
    scale = e(
        "divide",
        e.number(1),
        e("where", wide, e("add", c, e("multiply", d, ratio)), e("add", d, e("multiply", c, ratio))),
    )
    top = e("where", wide, e("add", a, e("multiply", b, ratio)), e("add", e("multiply", a, ratio), b))
    low = e(
        "where", wide, e("subtract", b, e("multiply", a, ratio)), e("subtract", e("multiply", b, ratio), a)
    )
    zero = e("logical_and", e("equal", c, e.number(0)), e("equal", d, e.number(0)))
    size = e("absolute", c)
    return (
        e("where", zero, e("divide", a, size), e("multiply", top, scale)),
        e("where", zero, e("divide", b, size), e("multiply", low, scale)),
    )


def _divide(e: Parts, _params: Params, inputs: Inputs) -> Pair:
    return _quotient(e, e.of(inputs[0]), e.of(inputs[1]))


def _divide_no_nan(e: Parts, _params: Params, inputs: Inputs) -> Pair:
    """Zero where the divisor is."""
    first, second = e.of(inputs[0]), e.of(inputs[1])
    zero = e("logical_and", *(e("equal", x, e.number(0)) for x in second))
    return tuple([e("where", zero, e.number(0), x) for x in _quotient(e, first, second)])  # type: ignore[return-value]


def _reciprocal(e: Parts, _params: Params, inputs: Inputs) -> Pair:
    a, b = e.of(inputs[0])
    wide = e("greater_equal", e("absolute", a), e("absolute", b))
    ratio = e("divide", e("where", wide, b, a), e("where", wide, a, b))
    size = e("where", wide, e("add", a, e("multiply", b, ratio)), e("add", e("multiply", a, ratio), b))
    top, low = e("where", wide, e.number(1), ratio), e("where", wide, e("negative", ratio), e.number(-1))
    return e("divide", top, size), e("divide", low, size)


def _absolute(e: Parts, _params: Params, inputs: Inputs) -> int:
    return e("hypot", *e.of(inputs[0]))


def _equal(e: Parts, _params: Params, inputs: Inputs) -> int:
    (a, b), (c, d) = e.of(inputs[0]), e.of(inputs[1])
    return e("logical_and", e("equal", a, c), e("equal", b, d))


def _exp(e: Parts, _params: Params, inputs: Inputs) -> Pair:
    """e^a (cos b + i sin b), with C's values at infinities; a large e^a is e^(a/2) twice, to overflow late."""
    a, b = e.of(inputs[0])
    half = e("exp", e("multiply", a, e.number(0.5)))
    late = e("less", e.number(80), a)
    first, second = e("where", late, half, e("exp", a)), e("where", late, half, e.number(1))
    none = e("equal", a, e.number(-np.inf))
    zero = e("equal", b, e.number(0))

    def part(name: str) -> int:
        direction = e("where", none, e.number(0), e(name, b))
        return e("multiply", e("multiply", first, direction), second)

    real, imaginary = part("cos"), part("sin")
    endless = e("logical_and", e("equal", a, e.number(np.inf)), e("logical_not", e("isfinite", b)))
    real = e("where", endless, a, real)
    return e("where", zero, e("exp", a), real), e("where", zero, b, imaginary)


def _where(e: Parts, _params: Params, inputs: Inputs) -> Pair:
    condition = e.writer.whole(inputs[0])
    (a, b), (c, d) = e.of(inputs[1]), e.of(inputs[2])
    return e("where", condition, a, c), e("where", condition, b, d)


def _cast(e: Parts, params: Params, inputs: Inputs) -> Any:
    pair = e.of(inputs[0])
    return pair if np.dtype(params["dtype"]).kind == "c" else pair[0]


def _part(place: int) -> Callable[[Parts, Params, Inputs], int]:
    return lambda e, _params, inputs: e.of(inputs[0])[place]


_LOOKS = frozenset(
    {"reshape", "transpose", "broadcast_to", "getitem", "flip", "concatenate", "stack", "scatter"}
)

RULES: dict[str, Callable[[Parts, Params, Inputs], Any]] = {
    **{name: _each(name) for name in ("add", "subtract", "negative", "sum", "identity", "stop_gradient")},
    "conjugate": _conjugate,
    "multiply": _multiply,
    "square": _square,
    "divide": _divide,
    "divide_no_nan": _divide_no_nan,
    "reciprocal": _reciprocal,
    "absolute": _absolute,
    "equal": _equal,
    "exp": _exp,
    "where": _where,
    "cast": _cast,
    "real": _part(0),
    "imag": _part(1),
}

__all__ = ["PAIR", "paired", "real_of"]
