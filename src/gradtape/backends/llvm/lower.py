"""Rows that machine code does better in parts: written as others that fuse, or that have kernels of their own.

matmul      of factors of other dtypes than the result: of these, cast as NumPy casts them
logsumexp   largest, shifted exponentials, sum, logarithm, in fused loops; its derivative takes the same exponentials
einsum      a product of matrices, or a stack of few where both factors and the result share axes; else products and a
            sum, fused
any, all    the largest, or least, of zeros and ones
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.graph import Graph, Operation, check, rewritten
from ...core.loop import Loop
from ...core.spec import Spec, broadcast_shapes, float16, float32
from ...core.tensor import Tensor
from ..loops import is_loop
from ..passes import RULES as SIMPLER
from ..passes import Sweep, alive
from .pairs import paired
from .plan import LARGEST_STACK

LARGEST_SUM = 1 << 26
"""A sum of more products is left to NumPy, which may find an order with fewer."""


def lowered(graph: Graph) -> Graph:
    """The graph, simplified before, in the rows that machine code is good at, the turns of its loops too."""
    graph = paired(graph)
    if _has_work(graph):
        graph = check(alive(Sweep(graph, RULES).graph()))
    if not any(map(is_loop, graph.operations)):
        return graph
    return rewritten(graph, [_with_lower_turns(op) if is_loop(op) else op for op in graph.operations])


def _has_work(graph: Graph) -> bool:
    """Whether the rules of this file may find something to do."""
    names = {operation.primitive.name for operation in graph.operations}
    if not names.isdisjoint({"logsumexp", "einsum", "any", "all"}) or names >= {"exp", "where", "log", "sum"}:
        return True
    return "matmul" in names and any(
        operation.primitive.name == "matmul" and not _is_plain(operation, graph)
        for operation in graph.operations
    )


def _is_plain(product: Operation, graph: Graph) -> bool:
    """Whether the factors of a product are of its own dtype, which is one to multiply in."""
    own = graph.specs[product.outputs[0]].dtype
    return own != float16 and all(graph.specs[i].dtype == own for i in product.inputs)


def _with_lower_turns(operation: Operation) -> Operation:
    loop: Loop = operation.params["loop"]
    return replace(operation, params={"loop": replace(loop, body=lowered(loop.body), known={})})


def _of_truths(row: str) -> Callable[..., int | None]:
    """Whether any or all entries are true, by a row that takes numbers together."""

    def rule(sweep: Sweep, params: Mapping[str, Any], inputs: tuple[int, ...], spec: Spec) -> int | None:
        own, number = sweep.spec(inputs[0]), np.dtype("int32")
        if own.dtype.kind not in "bif" or not math.prod(own.shape):
            return None
        truths = inputs
        if own.dtype.kind != "b":
            zero = sweep.constant(Tensor(own.dtype.type(0)))
            truths = (sweep.apply("not_equal", (*inputs, zero), Spec(own.shape, spec.dtype)),)
        numbers = (sweep.apply("cast", truths, Spec(own.shape, number), dtype=number),)
        found = sweep.apply(row, numbers, Spec(spec.shape, number), **params)
        return sweep.apply("not_equal", (found, sweep.constant(Tensor(np.int32(0)))), spec)

    return rule


def _logsumexp(sweep: Sweep, params: Mapping[str, Any], inputs: tuple[int, ...], spec: Spec) -> int | None:
    (x,) = inputs
    own, axis = sweep.spec(x), params["axis"]
    if own.dtype.kind != "f" or not math.prod(own.shape):
        return None
    kept = Spec(tuple(1 if i in axis else n for i, n in enumerate(own.shape)), own.dtype)
    # A shift by an infinity would make NaN, one by the largest number gives what the infinity stands for.
    most = np.finfo(own.dtype).max
    top = sweep.apply("max", (x,), kept, axis=axis, keepdims=True)
    top = sweep.apply("minimum", (top, sweep.constant(Tensor(most))), kept)
    top = sweep.apply("maximum", (top, sweep.constant(Tensor(-most))), kept)
    shifted = sweep.apply("exp", (sweep.apply("subtract", (x, top), own),), own)
    total = sweep.apply("sum", (shifted,), kept, axis=axis, keepdims=True)
    y = sweep.apply("add", (sweep.apply("log", (total,), kept), top), kept)
    return y if spec == kept else sweep.apply("reshape", (y,), spec, shape=spec.shape)


def _exp(sweep: Sweep, params: Mapping[str, Any], inputs: tuple[int, ...], spec: Spec) -> int | None:
    """exp(x - logsumexp(x)), the derivative of the latter, by the exponentials that are there: shifted / total.

    Where all x are -inf the derivative's row shifts by 0 and has zeros, so the total, which is 0, counts as 1.
    """
    difference = sweep.maker(inputs[0], "subtract")
    if difference is None or sweep.spec(inputs[0]) != spec:
        return None
    x, shift = difference.inputs
    chosen = sweep.maker(shift, "where")
    if chosen is None or sweep.number(chosen.inputs[1]) != 0:
        return None
    condition, _, y = chosen.inputs
    asked = sweep.maker(condition, "equal")
    if asked is None or {y} != {i for i in asked.inputs if sweep.number(i) != -math.inf}:
        return None
    found = _exponentials(sweep, x, y)
    if found is None:
        return None
    shifted, total = found
    kept = sweep.spec(total)
    one = sweep.constant(Tensor(kept.dtype.type(1)))
    total = sweep.apply("where", (condition, one, total), kept)
    return sweep.apply("multiply", (shifted, sweep.apply("reciprocal", (total,), kept)), spec)


def _exponentials(sweep: Sweep, x: int, y: int) -> tuple[int, int] | None:
    """The shifted exponentials of x and their sum, where y is the logarithm of the sum as written above."""
    joined = sweep.maker(y, "add")
    logarithm = None if joined is None else sweep.maker(joined.inputs[0], "log")
    total = None if logarithm is None else sweep.maker(logarithm.inputs[0], "sum")
    shifted = None if total is None else sweep.maker(total.inputs[0], "exp")
    difference = None if shifted is None else sweep.maker(shifted.inputs[0], "subtract")
    if joined is None or total is None or difference is None or difference.inputs != (x, joined.inputs[1]):
        return None
    return total.inputs[0], total.outputs[0]


def _cast(sweep: Sweep, index: int, spec: Spec) -> int:
    """A value in the dtype of a spec; of a transpose, the transpose of that, which rows of a batch can be."""
    own = sweep.spec(index)
    if own.dtype == spec.dtype:
        return index
    made, turned = Spec(own.shape, spec.dtype), sweep.maker(index, "transpose")
    if turned is None:
        return sweep.apply("cast", (index,), made, dtype=spec.dtype)
    return sweep.apply("transpose", (_cast(sweep, turned.inputs[0], spec),), made, **turned.params)


def _matmul(sweep: Sweep, params: Mapping[str, Any], inputs: tuple[int, ...], spec: Spec) -> int | None:
    if spec.dtype == float16:  # whose products NumPy adds up in single precision
        single = Spec(spec.shape, float32)
        return _cast(
            sweep, sweep.apply("matmul", tuple([_cast(sweep, i, single) for i in inputs]), single), spec
        )
    if spec.dtype.kind != "f" or all(sweep.spec(i).dtype == spec.dtype for i in inputs):
        return None
    return sweep.apply("matmul", tuple([_cast(sweep, i, spec) for i in inputs]), spec, **params)


def _einsum(sweep: Sweep, params: Mapping[str, Any], inputs: tuple[int, ...], spec: Spec) -> int | None:
    left, output = params["subscripts"].split("->")
    terms = left.split(",")
    sizes: dict[str, int] = {}
    for term, index in zip(terms, inputs, strict=True):
        own = sweep.spec(index)
        if len(set(term)) < len(term):
            return None  # a diagonal
        for label, size in zip(term, own.shape, strict=True):
            if sizes.setdefault(label, size) != size:
                return None
    if spec.dtype.kind != "f" or len(set(output)) < len(output):
        return None
    inputs = tuple([_cast(sweep, i, spec) for i in inputs])
    if len(terms) == 2:
        shared = [x for x in output if x in terms[0] and x in terms[1]]
        if not shared or _size(shared, sizes) <= LARGEST_STACK:
            made = _as_product(sweep, terms, output, inputs, sizes, spec, shared)
            if made is not None or not shared:
                return made
    if math.prod(sizes.values()) > LARGEST_SUM:
        return None
    return _as_sum(sweep, terms, output, inputs, sizes, spec)


def _as_product(
    sweep: Sweep,
    terms: list[str],
    output: str,
    inputs: Any,
    sizes: dict[str, int],
    spec: Spec,
    shared: list[str],
) -> int | None:
    """A product of matrices, or a stack of them, one for each place in the axes that both factors and the result share.

    Rows are the axes of one factor alone, columns those of the other. In a stack this is the smaller one, as machine
    code copies it where its entries along a row do not lie side by side.
    """
    sides = (
        [0, 1]
        if not shared or math.prod(sweep.spec(inputs[0]).shape) >= math.prod(sweep.spec(inputs[1]).shape)
        else [1, 0]
    )
    first, second = (terms[i] for i in sides)
    inner = [label for label in first if label in second and label not in shared]
    free = [[x for x in term if x not in inner and x not in shared] for term in (first, second)]
    if not inner or any(x not in output for part in free for x in part):
        return None
    stack = (_size(shared, sizes),) if shared else ()

    def matrix(index: int, term: str, rows: list[str], columns: list[str]) -> int:
        ordered = _ordered(sweep, index, term, shared + rows + columns)
        return _reshaped(sweep, ordered, (*stack, _size(rows, sizes), _size(columns, sizes)))

    a = matrix(inputs[sides[0]], first, free[0], inner)
    b = matrix(inputs[sides[1]], second, inner, free[1])
    made = Spec((*stack, _size(free[0], sizes), _size(free[1], sizes)), spec.dtype)
    y = sweep.apply("matmul", (a, b), made)
    labels = shared + free[0] + free[1]
    y = _reshaped(sweep, y, tuple(sizes[x] for x in labels))
    return _ordered(sweep, y, "".join(labels), list(output))


def _as_sum(
    sweep: Sweep, terms: list[str], output: str, inputs: Any, sizes: dict[str, int], spec: Spec
) -> int:
    """All products, each factor seen along all axes, and a sum over those that the result has not."""
    labels = [*output, *(x for x in sizes if x not in output)]
    shape = tuple(sizes[x] for x in labels)
    factors = []
    for term, index in zip(terms, inputs, strict=True):
        order = [x for x in labels if x in term]
        seen = tuple(sizes[x] if x in term else 1 for x in labels)
        factors.append(_reshaped(sweep, _ordered(sweep, index, term, order), seen))
    y = factors[0]
    for factor in factors[1:]:
        both = broadcast_shapes(sweep.spec(y).shape, sweep.spec(factor).shape)
        y = sweep.apply("multiply", (y, factor), Spec(both, spec.dtype))
    axes = tuple(range(len(output), len(labels)))
    if sweep.spec(y).shape != shape:
        y = sweep.apply("broadcast_to", (y,), Spec(shape, spec.dtype), shape=shape)
    return sweep.apply("sum", (y,), spec, axis=axes, keepdims=False) if axes else y


def _size(labels: list[str], sizes: dict[str, int]) -> int:
    return math.prod(sizes[x] for x in labels)


def _reshaped(sweep: Sweep, index: int, shape: tuple[int, ...]) -> int:
    spec = sweep.spec(index)
    return sweep.apply("reshape", (index,), Spec(shape, spec.dtype), shape=shape)


def _ordered(sweep: Sweep, index: int, term: str, order: list[str]) -> int:
    spec = sweep.spec(index)
    axes = tuple(term.index(x) for x in order)
    return sweep.apply("transpose", (index,), Spec(tuple(spec.shape[i] for i in axes), spec.dtype), axes=axes)


RULES: dict[str, Callable[..., int | None]] = {
    **SIMPLER,
    "logsumexp": _logsumexp,
    "exp": _exp,
    "matmul": _matmul,
    "einsum": _einsum,
    "any": _of_truths("max"),
    "all": _of_truths("min"),
}
