"""Reverse mode: a tape's record, and the walk that takes cotangents back along it.

`Record` listens and notes, for each result that depends on something watched, the nodes of the inputs through which
it does. `Pullback` plans a walk from targets to sources once and can then be called with any number of seeds. Every
rule is made of operations, so listeners outside hear the walk: that is how any order of derivative works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..core.bundle import ITEM, attach_bundle, bundle_of, item_tensor
from ..core.errors import InternalError
from ..core.listen import ACTIVE, Listener, Node, Operation, paused
from ..core.primitive import Kind, Masked, Primitive, Rule
from ..core.spec import Spec, is_differentiable
from ..core.tensor import Tensor, apply
from ..core.variable import Variable
from ..ops.constant import logical_and
from ..ops.elementwise import multiply
from ..ops.linear import conjugate, take
from .mask import Cotangent, conform, join, masked, plain, reach

_CONSTANT, _ELEMENTWISE, _TANGENT = Kind.CONSTANT, Kind.ELEMENTWISE, Kind.TANGENT


class Record(Listener):
    """What a tape has recorded: notes on nodes, and the variables that were read."""

    __slots__ = ("variables", "watch_accessed")

    def __init__(self, watch_accessed: bool = False) -> None:
        super().__init__()
        self.watch_accessed = watch_accessed
        self.variables: dict[int, Variable] = {}

    def hear(
        self, primitive: Primitive, inputs: tuple[Tensor, ...], params: dict[str, Any], result: Any, outside: Any
    ) -> None:
        if primitive.kind is _CONSTANT:
            return
        key = self.key
        parents: list[Node | None] = []
        bits, bit = 0, 1
        for x in inputs:
            node = x._node
            if node is not None and (node.key is key or (node.more is not None and key in node.more)):
                bits |= bit
                parents.append(node)
            else:
                parents.append(None)
            bit <<= 1
        if not bits or primitive.saving(bits, len(inputs)) is None:
            return
        if type(result) is Tensor:
            node = result._node
            if node is None:
                value = result._value
                operation = _operation(primitive, inputs, params, value, bits)
                result._node = node = Node(operation, value.shape, value.dtype, key, tuple(parents))
            else:
                self._share(node, primitive, inputs, params, result._value, bits)
                node.write(key, tuple(parents))
            self.remember(node)
        else:
            bundle = bundle_of(result)
            self._share(bundle, primitive, inputs, params, tuple([part._value for part in result]), bits)
            attach_bundle(self, bundle, result, tuple(parents))

    def _share(self, node: Node, primitive: Primitive, inputs: Any, params: Any, values: Any, bits: int) -> None:
        """Let the node of a result that other listeners know keep what this record needs too."""
        known = node.operation
        if known is None or bits & ~known[4]:
            node.operation = _operation(primitive, inputs, params, values, bits | (known[4] if known else 0))

    def hear_read(self, variable: Variable) -> None:
        if self.watch_accessed and variable.trainable:
            self.watch(variable)

    def watch(self, source: Tensor | Variable) -> None:
        """Follow what is computed from this source from now on; what made it so far stays as it was recorded."""
        if isinstance(source, Variable):
            self.variables[source._serial] = source
        if is_differentiable(source._value.dtype):
            if source._node is None:
                source._node = Node(None, source._value.shape, source._value.dtype, None, None)
            if not source._node.knows(self.key):
                self.attach(source._node, ())

    def knows(self, source: Tensor | Variable) -> bool:
        """Whether this record follows the source."""
        return source._node is not None and source._node.knows(self.key)


def _operation(primitive: Primitive, inputs: tuple[Tensor, ...], params: Any, values: Any, bits: int) -> Operation:
    """The operation with what its rules need kept, when the inputs of these bits are known."""
    keeps, keeps_output, bare = primitive.saving(bits, len(inputs))  # type: ignore[misc]  # the caller saw it is not None
    if bare:
        saved: Any = None
    elif keeps is True:
        saved = inputs
    elif keeps is False:
        saved = tuple([x._node or Spec(x._value.shape, x._value.dtype) for x in inputs])
    else:
        saved = tuple(
            [
                x if keep else x._node or Spec(x._value.shape, x._value.dtype)
                for x, keep in zip(inputs, keeps, strict=True)
            ]
        )
    return primitive, params, saved, values if keeps_output else None, bits


class Pullback:
    """The linear map that takes cotangents of some targets to those of some sources, planned once.

    Args:
        record: the record to walk along.
        targets: nodes to start from.
        sources: nodes to arrive at; a source that lies on the way to another does not stop the walk.
    """

    def __init__(self, record: Listener, targets: Iterable[Node], sources: Iterable[Node]) -> None:
        self.key = record.key
        self.sources = frozenset(sources)
        self.useful: dict[Node, bool | None] = {}
        self.order = self._plan(targets)

    def _plan(self, targets: Iterable[Node]) -> list[Node]:
        """The nodes between targets and sources, each before its parents."""
        key, useful, sources = self.key, self.useful, self.sources
        order: list[Node] = []
        stack = list(targets)
        while stack:
            node = stack[-1]
            if node not in useful:
                useful[node] = None
                for parent in node.read(key):
                    if parent is not None and parent not in useful:
                        stack.append(parent)
                continue
            stack.pop()
            if useful[node] is None:
                wanted = node in sources
                if not wanted:
                    for parent in node.read(key):
                        if parent is not None and useful[parent]:
                            wanted = True
                            break
                useful[node] = wanted
                if wanted:
                    order.append(node)
        order.reverse()
        return order

    def __call__(
        self, seeds: Iterable[tuple[Node, Cotangent]], slices: dict[Node, list[tuple[Tensor, Tensor]]] | None = None
    ) -> dict[Node, Any]:
        """Walk back with these cotangents of the targets; sources that nothing reaches have no entry.

        Where `slices` is given, what `take` along the first axis sends to a source that nothing made is entered
        there, as pairs of slices and indices, instead of being added into a dense tensor.
        """
        key, useful, sources = self.key, self.useful, self.sources
        cotangents: dict[Node, Any] = {}
        for node, seed in seeds:
            cotangents[node] = join(cotangents.get(node), seed)
        for node in self.order:
            g = cotangents.get(node)
            if g is None:
                continue
            if node not in sources:
                del cotangents[node]
            parents = node.read(key)
            if not parents:
                continue
            operation = node.operation
            assert operation is not None
            if operation[0] is ITEM:
                cotangents.setdefault(parents[0], {})[operation[1]["index"]] = plain(g)
                continue
            if slices is not None and self._reads_slices(operation, parents):
                slices.setdefault(parents[0], []).append((plain(g), operation[2][1]))
                continue
            for parent, share in _shares(node, operation, g, parents, useful):
                old = cotangents.get(parent)
                cotangents[parent] = share if old is None else join(old, share)
        return {node: plain(g) for node, g in cotangents.items() if node in sources}

    def _reads_slices(self, operation: Operation, parents: Sequence[Node | None]) -> bool:
        source = parents[0]
        if operation[0] is not take or operation[1]["axis"] != 0 or source is None:
            return False
        return source in self.sources and not source.read(self.key)


def _shares(
    node: Node, operation: Operation, g: Any, parents: Sequence[Node | None], useful: dict[Node, bool | None]
) -> list[tuple[Node, Cotangent]]:
    """What the cotangent of a result sends to each input on the way to a source. The five cases of reverse mode."""
    primitive, params, saved, kept, _ = operation
    kind, rules = primitive.kind, primitive.rules
    live = None
    if type(g) is not Tensor:
        if type(g) is dict:
            g = tuple([g.get(i) or _zeros(node.shape[i], node.dtype[i]) for i in range(len(node.shape))])
        else:
            live, g = g.live, g.value
    y = node if kept is None else _output(node, kept)
    inputs: Any = saved or ()
    if kind is _TANGENT and type(rules) is Rule:
        return _joint_shares(primitive, rules, g, y, inputs, params, parents, useful)
    shares: list[tuple[Node, Cotangent]] = []
    for index, parent in enumerate(parents):
        if parent is None or not useful.get(parent):
            continue
        rule = rules if type(rules) is Rule else rules[index]  # type: ignore[index]
        if rule is None:
            continue
        if kind is _ELEMENTWISE:
            partial = rule.function(y, *inputs, **params)  # type: ignore[misc]
            if partial._value.dtype.kind == "c":
                partial = conjugate(partial)
            share: Any = apply(multiply, g, partial)
        elif kind is _TANGENT:
            share = _pull(primitive, rule, g, y, inputs, params, parent)
        elif type(rules) is Rule:
            share = rule.function(g, index, *inputs, **params)  # type: ignore[misc]
        else:
            share = rule.function(g, *inputs, **params)  # type: ignore[misc]
        if live is not None:
            share = _cut(share, reach(primitive, rule, live, index, inputs, params))
        if type(share) is Masked or share._value.shape != parent.shape or share._value.dtype != parent.dtype:
            share = conform(share, parent)
        shares.append((parent, share))
    return shares


def _cut(share: Cotangent, live: Tensor | None) -> Cotangent:
    """Keep of a share only what is alive."""
    if live is None:
        return share
    if type(share) is Masked:
        from_rule = share.live
        return masked(share.value, apply(logical_and, from_rule, live))
    return masked(share, live)  # type: ignore[arg-type]


def _output(node: Node, kept: Any) -> Any:
    """The output of an operation as a tensor that its listeners know."""
    if node.items is None:
        return Tensor(kept, node)
    return tuple([item_tensor(node, index, value) for index, value in enumerate(kept)])


def _zeros(shape: tuple[int, ...], dtype: Any) -> Tensor:
    return Tensor(np.zeros(shape, dtype)[()])


def _pull(primitive: Primitive, rule: Rule, g: Any, y: Any, inputs: Any, params: Any, parent: Node) -> Tensor:
    """The share of one input of a TANGENT primitive: its own pull, or its tangent transposed."""
    if rule.function is not None:
        return rule.function(g, y, *inputs, **params)  # type: ignore[no-any-return]
    if rule.tangent is None:
        raise LookupError(
            f"gradient registry has no entry for: {primitive.name}. The operation lies between target and source but "
            "no derivative is registered for it; give gt.register_primitive a rule, or use gt.stop_gradient"
        )
    function = rule.tangent
    found = transpose(lambda dx: function(dx, y, *inputs, **params), [parent], [g] if type(g) is Tensor else g)[0]
    return _zeros(parent.shape, parent.dtype) if found is None else found


def _joint_shares(
    primitive: Primitive,
    rule: Rule,
    g: Any,
    y: Any,
    inputs: Any,
    params: Any,
    parents: Sequence[Node | None],
    useful: dict[Node, bool | None],
) -> list[tuple[Node, Cotangent]]:
    """The shares of all inputs of a TANGENT primitive with one joint rule."""
    if rule.function is not None:
        shares = rule.function(g, y, *inputs, **params)
    else:
        function = rule.tangent
        assert function is not None
        wanted = [p for p in parents if p is not None]

        def spread(*tangents: Tensor) -> Any:
            given = iter(tangents)
            return function([None if p is None else next(given) for p in parents], y, *inputs, **params)

        found = iter(transpose(spread, wanted, [g] if type(g) is Tensor else g))
        shares = [None if p is None else next(found) for p in parents]
    if len(shares) < len(parents):
        raise InternalError(
            f"{primitive.name} returned too few gradients: {len(shares)} for its {len(parents)} inputs"
        )
    return [
        (parent, conform(share, parent))
        for parent, share in zip(parents, shares, strict=False)
        if parent is not None and useful.get(parent) and share is not None
    ]


def transpose(function: Callable[..., Any], specs: Sequence[Any], cotangents: Sequence[Any]) -> list[Tensor | None]:
    """Apply the transpose of a linear function, given as ordinary operations, by walking back over it once.

    Args:
        function: takes tensors of the given specs; returns a tensor, or a sequence of tensors and None.
        specs: shape and dtype of each argument.
        cotangents: one tensor or None for each output.

    Returns:
        one tensor for each argument, None where no output depends on it.
    """
    record = Record()
    arguments = [_zeros(spec.shape, spec.dtype) for spec in specs]
    for argument in arguments:
        record.watch(argument)
    with paused((*ACTIVE.get(), record)):
        outputs = function(*arguments)
    seeds = [
        (output._node, conform(cotangent, output._node))
        for output, cotangent in zip([outputs] if type(outputs) is Tensor else outputs, cotangents, strict=True)
        if output is not None and cotangent is not None and record.knows(output)
    ]
    nodes = [argument._node for argument in arguments]
    found = Pullback(record, [node for node, _ in seeds], [n for n in nodes if n is not None])(seeds)
    return [None if node is None else found.get(node) for node in nodes]
