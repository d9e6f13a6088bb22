"""Complex numbers as pairs of real ones: what is computed with both parts, as operations on each.

In memory a complex number is its two parts, one behind the other. So `real` and `imag` of what is in memory are other
looks at it (`views.py`), and a complex value is put together from its parts only where somebody needs it as a whole: a
result, or an operation that stays NumPy's. In between there are real values, which fuse as all others do.

The formulas are NumPy's (`loops.c.src`): the product is the plain one, the quotient Smith's, so infinities and NaN come
out as they do there. NumPy may contract products and sums, so the last bits can differ. Elementary functions are
operations on parts of their own (`complex_mathematics.py`), products of small matrices those of their parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...core.graph import Graph, Operation, check
from ...core.spec import Spec, broadcast_shapes
from ...core.tensor import ROWS, Tensor
from ..passes import Sweep, alive
from .complex_mathematics import PAIR, PARTS, real_of
from .plan import LARGEST_STACK

Pair = tuple[int, int]

LARGEST_OF_PARTS = 1 << 18
"""A product of complex matrices with more multiplications is left to BLAS, which knows complex numbers,"""

NARROW = 1 << 12
"""unless its two shorter sides have no larger product: it can be done a tile of rows at a time."""


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
        if found is None:
            return False
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

    def full(self, value: float) -> int:
        """A number in every entry of the result."""
        return self.sweep.apply("broadcast_to", (self.number(value),), self.spec, shape=self.spec.shape)


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


def _not_equal(e: Parts, params: Params, inputs: Inputs) -> int:
    return e("logical_not", _equal(e, params, inputs))


def _elementary(name: str, factor: float = 1.0) -> Callable[[Parts, Params, Inputs], Pair]:
    """A function that has operations on parts of its own, times a number."""

    def rule(e: Parts, _params: Params, inputs: Inputs) -> Pair:
        parts = [part for index in inputs for part in e.of(index)]
        shape = broadcast_shapes(*(e.sweep.spec(i).shape for i in parts))
        made = [e.sweep.add(row, {}, tuple(parts), [Spec(shape, e.spec.dtype)])[0] for row in PARTS[name]]
        first, second = made if factor == 1 else (e("multiply", part, e.number(factor)) for part in made)
        return first, second

    return rule


def _power(e: Parts, params: Params, inputs: Inputs) -> Pair:
    """By products where the exponent is a whole constant below 100 in size, as in NumPy."""
    constant = e.writer.source.constants.get(inputs[1])
    value = None if constant is None else np.asarray(constant._value)
    if value is None or value.ndim or value.imag != 0 or value.real % 1 != 0 or abs(value) >= 100:
        return _elementary("power")(e, params, inputs)
    count, base = int(value.real), e.of(inputs[0])
    if not count:
        return e.full(1), e.full(0)
    found, square, left = None, base, abs(count)
    while left:
        if left & 1:
            found = square if found is None else _product(e, found, square)
        left >>= 1
        square = _product(e, square, square) if left else square
    assert found is not None
    if count > 0:
        return found
    zero = e("logical_and", *(e("equal", part, e.number(0)) for part in base))
    real, imaginary = _quotient(e, (e.number(1), e.number(0)), found)
    return e("where", zero, e.number(np.nan), real), e("where", zero, e.number(np.nan), imaginary)


def _halves(e: Parts, index: int) -> tuple[int, int | None]:
    """The parts of an input, of a real one no second."""
    first, second = e.of(index)
    return first, second if e.writer.source.specs[index].dtype.kind == "c" else None


def _multilinear(name: str) -> Callable[[Parts, Params, Inputs], Pair | None]:
    """A product of two factors by products of their parts, where these are small enough for machine code."""

    def rule(e: Parts, params: Params, inputs: Inputs) -> Pair | None:
        if not _is_small(e, name, params, inputs):
            return None
        (a, b), (c, d) = (_halves(e, i) for i in inputs)

        def product(x: int, y: int) -> int:
            return e.sweep.apply(name, (x, y), e.spec, **params)

        if b is None or d is None:
            first, second = product(a, c), product(a if b is None else b, c if d is None else d)
            return first, second
        return (
            e("subtract", product(a, c), product(b, d)),
            e("add", product(a, d), product(b, c)),
        )

    return rule


def _is_small(e: Parts, name: str, params: Params, inputs: Inputs) -> bool:
    """Whether machine code has the products of parts (`plan.py`, `lower.py`)."""
    if len(inputs) != 2:
        return False
    first, second = (e.writer.source.specs[i].shape for i in inputs)
    if name == "matmul":
        if len(first) != len(second) or len(first) < 2 or first[:-2] != second[:-2]:
            return False
        if math.prod(first[:-2]) > LARGEST_STACK:
            return False
        sides = sorted((*first[-2:], second[-1]))
        return math.prod(sides) <= LARGEST_OF_PARTS or sides[0] * sides[1] <= NARROW
    terms = params["subscripts"].split("->")[0].split(",")
    sizes = dict(zip("".join(terms), (*first, *second), strict=True))
    plain = all(len(set(term)) == len(term) for term in terms)
    return plain and math.prod(sizes.values()) <= LARGEST_OF_PARTS


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
    "not_equal": _not_equal,
    **{name: _elementary(name) for name in PARTS},
    "power": _power,
    "log2": _elementary("log", 1 / math.log(2)),
    "log10": _elementary("log", 1 / math.log(10)),
    "matmul": _multilinear("matmul"),
    "einsum": _multilinear("einsum"),
    "where": _where,
    "cast": _cast,
    "real": _part(0),
    "imag": _part(1),
}

__all__ = ["paired"]
