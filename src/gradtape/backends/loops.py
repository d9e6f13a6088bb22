"""Passes over loops: what a loop does in vain goes, and what is the same in every turn is done before it.

    opened    what is done exactly once stands in the place of its loop
    trimmed   a result that nobody uses goes, and with it the state, the sums and the inputs that it alone needed;
              a state that no turn changes becomes a fixed input; what depends on fixed inputs alone is done once

The body is simplified as a graph of its own, loops inside it included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..core.graph import Builder, Graph, Operation, check, rewritten
from ..core.loop import Loop
from ..core.spec import Spec
from ..core.tensor import ROWS
from .gathering import Around, gathered, shared
from .passes import alive

Pass = Callable[[Graph], Graph]


def is_loop(operation: Operation) -> bool:
    """Whether an operation is a loop."""
    return isinstance(operation.params.get("loop"), Loop)


def trimmed(graph: Graph, simplify: Pass) -> Graph:
    """The graph with its loops trimmed and their bodies simplified."""
    if not any(is_loop(operation) for operation in graph.operations):
        return graph
    graph = opened(graph)
    wanted = set(graph.outputs)
    kept: list[Operation] = []
    ends: dict[int, int] = {}  # the last state that no turn has changed, and the first
    for operation in reversed(graph.operations):
        if not wanted.intersection(operation.outputs):
            continue
        if is_loop(operation):
            operation = _trimmed(operation, wanted, ends, simplify)
            if not operation.outputs:  # all that was asked for is what went in
                continue
        wanted.update(operation.inputs)
        kept.append(operation)

    def first(index: int) -> int:
        while index in ends:
            index = ends[index]
        return index

    operations = [replace(op, inputs=tuple(first(i) for i in op.inputs)) for op in reversed(kept)]
    graph = rewritten(graph, operations, outputs=tuple(first(i) for i in graph.outputs))
    return simplify(shared(simplify(check(_hoisted(graph)))))


def opened(graph: Graph) -> Graph:
    """The graph with what is done exactly once in the place of its loop."""
    if not any(_is_single(operation) for operation in graph.operations):
        return graph
    builder = Builder()
    place = {index: builder.input(graph.specs[index]) for index in graph.inputs}
    place.update({index: builder.constant(tensor) for index, tensor in graph.constants.items()})
    for operation in graph.operations:
        given = [place[i] for i in operation.inputs]
        if _is_single(operation):
            made = _turn(builder, operation.params["loop"], given)
        else:
            specs = [graph.specs[i] for i in operation.outputs]
            made = list(
                builder.add(
                    operation.primitive, operation.params, given, specs, operation.line, operation.joint
                )
            )
        place.update(zip(operation.outputs, made, strict=True))
    return opened(check(builder.graph(place[i] for i in graph.outputs)))


def _is_single(operation: Operation) -> bool:
    return is_loop(operation) and operation.params["loop"].turns == 1 and not operation.params["loop"].gate


def _turn(builder: Builder, loop: Loop, given: list[int]) -> list[int]:
    """The operations of the only turn of a loop."""
    body = loop.body

    def reshaped(index: int, shape: tuple[int, ...]) -> int:
        spec = Spec(shape, builder.specs[index].dtype)
        return builder.add(ROWS["reshape"], {"shape": shape}, [index], [spec])[0]

    state, fixed, sliced = loop.parts(given)
    entries = [reshaped(index, builder.specs[index].shape[1:]) for index in sliced]
    place = dict(zip(body.inputs, (*state, *fixed, *entries), strict=True))
    place.update({index: builder.constant(tensor) for index, tensor in body.constants.items()})
    for operation in body.operations:
        inputs = [place[i] for i in operation.inputs]
        specs = [body.specs[i] for i in operation.outputs]
        made = builder.add(
            operation.primitive, operation.params, inputs, specs, operation.line, operation.joint
        )
        place.update(zip(operation.outputs, made, strict=True))
    held, sums, stacks = loop.results([place[i] for i in body.outputs])
    return [*held, *sums, *(reshaped(index, (1, *builder.specs[index].shape)) for index in stacks)]


def _constant_states(operation: Operation) -> dict[int, int]:
    """The results of a loop that are states which no turn changes, and what they are."""
    loop: Loop = operation.params["loop"]
    pairs = zip(
        loop.body.inputs[: loop.carried], loop.body.outputs, operation.inputs, operation.outputs, strict=False
    )
    return {last: first for before, after, first, last in pairs if before == after}


def _trimmed(operation: Operation, wanted: set[int], ends: dict[int, int], simplify: Pass) -> Operation:
    """A loop without what nobody uses; each round may show more of it."""
    while True:
        own = _constant_states(operation)
        ends |= own
        wanted.update(first for last, first in own.items() if last in wanted)
        size = len(operation.inputs) + len(operation.outputs)
        operation = _with_fewer(operation, wanted)
        loop: Loop = operation.params["loop"]
        body = trimmed(simplify(loop.body), simplify)
        operation = replace(operation, params={"loop": replace(loop, body=body, known={})})
        if len(operation.inputs) + len(operation.outputs) == size and not _constant_states(operation):
            return operation


def _with_fewer(operation: Operation, wanted: set[int]) -> Operation:
    """One round: the outputs that are wanted, the state that they need, and the inputs that are read."""
    loop: Loop = operation.params["loop"]
    body = loop.body
    held, sums, stacks = loop.results(list(zip(operation.outputs, body.outputs, strict=True)))
    state, fixed, sliced = loop.parts(list(zip(operation.inputs, body.inputs, strict=True)))
    gated = loop.gate == "carried"
    same = {k for k in range(gated, loop.carried) if body.inputs[k] == body.outputs[k]}
    sums = [pair for pair in sums if pair[0] in wanted]
    stacks = [pair for pair in stacks if pair[0] in wanted]
    needed = {k for k, (out, _) in enumerate(held) if (out in wanted and k not in same) or (gated and k == 0)}
    while True:
        read = _read(body, [own for _, own in (*sums, *stacks, *(held[k] for k in needed))])
        more = needed | {k for k in range(loop.carried) if body.inputs[k] in read and k not in same}
        if more == needed:
            break
        needed = more
    keep = sorted(needed)
    fixed = [pair for pair in (*(state[k] for k in sorted(same)), *fixed) if pair[1] in read]
    sliced = [pair for k, pair in enumerate(sliced) if pair[1] in read or (loop.gate == "sliced" and k == 0)]
    given = [*(state[k] for k in keep), *fixed, *sliced]
    results = [*(held[k] for k in keep), *sums, *stacks]
    body = alive(
        replace(body, inputs=tuple(own for _, own in given), outputs=tuple(own for _, own in results))
    )
    made = Loop(body, len(keep), len(sliced), len(sums), loop.turns, loop.backwards, loop.gate)
    places = tuple(i for i, _ in given), tuple(o for o, _ in results)
    return replace(operation, params={"loop": made}, inputs=places[0], outputs=places[1])


def _read(body: Graph, outputs: list[int]) -> set[int]:
    """The values of a body that these outputs depend on."""
    found = set(outputs)
    for operation in reversed(body.operations):
        if found.intersection(operation.outputs):
            found.update(operation.inputs)
    return found


def _hoisted(graph: Graph) -> Graph:
    """What depends on fixed inputs alone, done before the loop, and products for all turns at once."""
    specs, constants = list(graph.specs), dict(graph.constants)
    operations: list[Operation] = []
    for operation in graph.operations:
        around = Around(specs, constants, operations)
        if is_loop(operation) and operation.params["loop"].turns > 1:
            operation = gathered(_lifted(operation, around), around)
            operation = _with_fewer(operation, set(operation.outputs))
        operations += [operation, *around.behind]
    return replace(graph, specs=tuple(specs), constants=constants, operations=tuple(operations))


def _lifted(operation: Operation, around: Around) -> Operation:
    """A loop whose body leaves to others what is the same in every turn; the others are put before it."""
    loop: Loop = operation.params["loop"]
    body = loop.body
    _, fixed, _ = loop.parts(list(zip(operation.inputs, body.inputs, strict=True)))
    outside = {own: given for given, own in fixed}

    def place(index: int) -> int:
        """A value of the body as one of the graph around it."""
        if index not in outside:
            outside[index] = around.value(body.specs[index])
            around.constants[outside[index]] = body.constants[index]
        return int(outside[index])

    rest: list[Operation] = []
    made: set[int] = set()
    for inner in body.operations:
        alone = all(i in outside or i in body.constants for i in inner.inputs)
        # Another look at a value costs nothing in a turn, but memory as a value of its own (a transpose is copied for
        # a product).
        if not alone or inner.primitive.name in _LOOKS or (loop.gate and not inner.primitive.pointwise):
            rest.append(inner)
            continue
        inputs = tuple(place(i) for i in inner.inputs)
        outputs = tuple([around.value(body.specs[i]) for i in inner.outputs])
        around.before.append(replace(inner, inputs=inputs, outputs=outputs))
        outside.update(zip(inner.outputs, outputs, strict=True))
        made.update(inner.outputs)
    if not made:
        return operation
    needed = {i for inner in rest for i in inner.inputs} | set(body.outputs)
    new = sorted(made & needed)
    last = len(body.inputs) - loop.sliced
    body = replace(body, inputs=(*body.inputs[:last], *new, *body.inputs[last:]), operations=tuple(rest))
    given = operation.inputs
    return replace(
        operation,
        params={"loop": replace(loop, body=body, known={})},
        inputs=(*given[:last], *(outside[i] for i in new), *given[last:]),
    )


_LOOKS = frozenset({"broadcast_to", "reshape", "getitem", "flip"})

__all__ = ["is_loop", "trimmed"]
