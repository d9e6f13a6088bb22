"""Products of matrices in a loop that can be done for all turns at once, in one product of larger matrices.

    before    of an entry of what is sliced and something fixed: one product of all entries, whose rows are then sliced
    behind    summed over the turns, transposed entry times entry: both are stacked, and one product adds up the turns;
              of something computed in a turn and something fixed, where nothing but a stack needs it
    shared    of all old states and something fixed, where the turns have computed it: they stack what they have

The first is how a recurrent net sees its inputs, and, on the way back, its old states too; the second are the
derivatives in the weights and in the inputs. One large product is faster than many small ones; the order of a sum's
terms is BLAS's then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..core.graph import Graph, Operation
from ..core.loop import Loop
from ..core.spec import Spec
from ..core.tensor import ROWS, Tensor

LARGEST = 1 << 26
"""So many entries over all turns at most."""
SMALLEST = 1 << 10
"""A turn's product of fewer entries stays where it is."""


@dataclass(eq=False, slots=True)
class Around:
    """The graph around a loop as far as it is written: what is put before the loop, and behind it."""

    specs: list[Spec]
    constants: dict[int, Tensor]
    before: list[Operation]
    behind: list[Operation] = field(default_factory=list)

    def value(self, spec: Spec) -> int:
        """A new value."""
        self.specs.append(spec)
        return len(self.specs) - 1

    def apply(self, behind: bool, name: str, inputs: Sequence[int], spec: Spec, **params: object) -> int:
        """A new operation before the loop or behind it."""
        output = self.value(spec)
        operation = Operation(ROWS[name], params, tuple(inputs), (output,))
        (self.behind if behind else self.before).append(operation)
        return output


def gathered(operation: Operation, around: Around) -> Operation:
    """A loop without the products that are done for all turns at once."""
    loop: Loop = operation.params["loop"]
    if loop.gate or loop.turns < 2:
        return operation
    return _behind(_before(operation, around), around)


def _is(operation: Operation | None, name: str) -> bool:
    return operation is not None and operation.primitive is ROWS.get(name)


def _matrices(body: Graph, operation: Operation) -> bool:
    """Whether an operation is a product of two matrices of one floating dtype."""
    specs = [body.specs[i] for i in (*operation.inputs, *operation.outputs)]
    return _is(operation, "matmul") and all(
        s.ndim == 2 and s.dtype == specs[0].dtype and s.dtype.kind == "f" for s in specs
    )


def _rows(around: Around, behind: bool, whole: int) -> int:
    """The entries of all turns, one below the other."""
    spec = around.specs[whole]
    turns, rows, columns = spec.shape
    shape = (turns * rows, columns)
    return around.apply(behind, "reshape", [whole], Spec(shape, spec.dtype), shape=shape)


def _before(operation: Operation, around: Around) -> Operation:
    loop: Loop = operation.params["loop"]
    body = loop.body
    _, fixed, sliced = (
        dict(part) for part in loop.parts(list(zip(body.inputs, operation.inputs, strict=True)))
    )
    rest: list[Operation] = []
    new: list[tuple[int, int]] = []
    for inner in body.operations:
        entry, same = inner.inputs[0], inner.inputs[-1]
        size = math.prod(body.specs[inner.outputs[0]].shape)
        if not (
            _matrices(body, inner)
            and entry in sliced
            and (same in fixed or same in body.constants)
            and SMALLEST <= size <= LARGEST // loop.turns
        ):
            rest.append(inner)
            continue
        if same not in fixed:
            fixed[same] = around.value(body.specs[same])
            around.constants[fixed[same]] = body.constants[same]
        spec = body.specs[inner.outputs[0]]
        rows = _rows(around, False, sliced[entry])
        made = Spec((loop.turns * spec.shape[0], spec.shape[1]), spec.dtype)
        product = around.apply(False, "matmul", [rows, fixed[same]], made)
        shape = (loop.turns, *spec.shape)
        whole = around.apply(False, "reshape", [product], Spec(shape, spec.dtype), shape=shape)
        new.append((inner.outputs[0], whole))
    if not new:
        return operation
    body = replace(body, operations=tuple(rest), inputs=(*body.inputs, *(own for own, _ in new)))
    loop = replace(loop, body=body, sliced=loop.sliced + len(new), known={})
    inputs = (*operation.inputs, *(whole for _, whole in new))
    return replace(operation, params={"loop": loop}, inputs=inputs)


def _behind(operation: Operation, around: Around) -> Operation:
    loop: Loop = operation.params["loop"]
    body = loop.body
    makers = {index: inner for inner in body.operations for index in inner.outputs}
    used = {i for inner in body.operations for i in inner.inputs}
    held, sums, stacks = loop.results(list(zip(body.outputs, operation.outputs, strict=True)))
    _, fixed, sliced = (
        dict(part) for part in loop.parts(list(zip(body.inputs, operation.inputs, strict=True)))
    )
    ends = {own for own, _ in held}
    whole: dict[int, int] = dict(sliced)
    new: list[tuple[int, int]] = []

    def rows(factor: int) -> int:
        """The entries of all turns of a value of the body, which the loop stacks for it."""
        if factor not in whole:
            spec = body.specs[factor]
            whole[factor] = around.value(Spec((loop.turns, *spec.shape), spec.dtype))
            new.append((factor, whole[factor]))
        return _rows(around, True, whole[factor])

    def fits(own: int, factors: Sequence[int]) -> bool:
        size = sum(math.prod(body.specs[i].shape) for i in factors if i not in whole)
        return math.prod(body.specs[own].shape) >= SMALLEST and size <= LARGEST // loop.turns

    kept_sums, kept_stacks = [], []
    for own, total in sums:
        product = makers.get(own)
        turned = makers.get(product.inputs[0]) if product is not None and _matrices(body, product) else None
        if product is None or turned is None or not _is(turned, "transpose"):
            kept_sums.append((own, total))
            continue
        factors = turned.inputs[0], product.inputs[1]
        if not fits(own, factors):
            kept_sums.append((own, total))
            continue
        first, second = (rows(factor) for factor in factors)
        spec = around.specs[first]
        flat = around.apply(True, "transpose", [first], Spec(spec.shape[::-1], spec.dtype), axes=(1, 0))
        around.behind.append(Operation(ROWS["matmul"], {}, (flat, second), (total,)))
    for own, out in stacks:
        product = makers.get(own)
        alone = product is not None and own not in used and own not in ends and _matrices(body, product)
        if (
            product is None
            or not alone
            or product.inputs[1] not in fixed
            or not fits(own, product.inputs[:1])
        ):
            kept_stacks.append((own, out))
            continue
        first, spec = rows(product.inputs[0]), body.specs[own]
        made = Spec((loop.turns * spec.shape[0], spec.shape[1]), spec.dtype)
        large = around.apply(True, "matmul", [first, fixed[product.inputs[1]]], made)
        shape = (loop.turns, *spec.shape)
        around.behind.append(Operation(ROWS["reshape"], {"shape": shape}, (large,), (out,)))
    if not new and len(kept_sums) + len(kept_stacks) == len(sums) + len(stacks):
        return operation
    results = [*held, *kept_sums, *kept_stacks, *new]
    body = replace(body, outputs=tuple(own for own, _ in results))
    loop = replace(loop, body=body, summed=len(kept_sums), known={})
    return replace(operation, params={"loop": loop}, outputs=tuple(out for _, out in results))


def shared(graph: Graph) -> Graph:
    """The graph in which a product of all old states of a loop, which its turns have computed, is what they stack."""
    makers = {index: (place, op) for place, op in enumerate(graph.operations) for index in op.outputs}
    specs, operations = list(graph.specs), list(graph.operations)
    for place, product in enumerate(graph.operations):
        rows = makers.get(product.inputs[0]) if _matrices(graph, product) else None
        found = makers.get(rows[1].inputs[0]) if rows is not None and _is(rows[1], "reshape") else None
        if rows is None or found is None or not isinstance(found[1].params.get("loop"), Loop):
            continue
        at, operation = found[0], operations[found[0]]
        own = _product_of(operation, rows[1].inputs[0], product.inputs[1])
        if own is None:
            continue
        loop: Loop = operation.params["loop"]
        spec = loop.body.specs[own]
        specs.append(Spec((loop.turns, *spec.shape), spec.dtype))
        loop = replace(loop, body=replace(loop.body, outputs=(*loop.body.outputs, own)), known={})
        outputs = (*operation.outputs, len(specs) - 1)
        operations[at] = replace(operation, params={"loop": loop}, outputs=outputs)
        shape = graph.specs[product.outputs[0]].shape
        operations[place] = Operation(ROWS["reshape"], {"shape": shape}, (len(specs) - 1,), product.outputs)
    return replace(graph, specs=tuple(specs), operations=tuple(operations))


def _product_of(operation: Operation, states: int, same: int) -> int | None:
    """The product, in a turn of a loop, of a state before the turn with something fixed, given as outside the loop."""
    loop: Loop = operation.params["loop"]
    body = loop.body
    stacked = dict(zip(operation.outputs, body.outputs, strict=True)).get(states)
    _, fixed, _ = (dict(part) for part in loop.parts(list(zip(body.inputs, operation.inputs, strict=True))))
    if loop.gate or stacked not in body.inputs[: loop.carried]:
        return None
    for inner in body.operations:
        if _matrices(body, inner) and inner.inputs[0] == stacked and fixed.get(inner.inputs[1]) == same:
            return inner.outputs[0]
    return None


__all__ = ["Around", "gathered", "shared"]
