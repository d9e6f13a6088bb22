"""Reverse mode: the walk that takes cotangents back along a tape's record.

`Pullback` plans a walk from targets to sources once and can then be called with any number of seeds. Every
rule is made of operations, so listeners outside hear the walk: that is how any order of derivative works.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

import numpy as np

from ..core import errors
from ..core.bundle import ITEM, Bundle, item_tensor
from ..core.listen import SERIALS, Key, Node, listeners, paused
from ..core.primitive import Kind, Masked, Primitive, Rule
from ..core.spec import Spec
from ..core.tensor import Tensor, apply
from ..core.values import QUIET
from ..ops.elementwise import conjugated, multiply
from ..ops.linear import identity, take
from . import numbers
from .mask import Cotangent, conform, cut, join, plain, reach
from .record import Record, between

_ELEMENTWISE, _TANGENT = Kind.ELEMENTWISE, Kind.TANGENT


class Pullback:
    """The linear map that takes cotangents of some targets to those of some sources, planned once.

    Args:
        record: the record to walk along.
        targets: nodes to start from.
        sources: nodes to arrive at; a source that lies on the way to another does not stop the walk.

    `blank` has the nodes on the way from a target to a source, in their order, each without a cotangent. `partials` is
    a dictionary where those of elementwise operations are kept from one call to the next; None where they are not.
    """

    __slots__ = ("blank", "key", "partials", "sources")

    def __init__(self, record: Record, targets: Iterable[Node], sources: Iterable[Node]) -> None:
        self.key = record.key
        self.sources = frozenset(sources)
        self.blank = between(record.key, targets, self.sources)
        self.partials: dict[tuple[Node, int], Tensor] | None = None

    @property
    def order(self) -> list[Node]:
        """The nodes on the way, latest first."""
        return list(reversed(self.blank))

    def depends(self, node: Node) -> bool:
        """Whether a target depends on this source."""
        return node in self.blank

    def __call__(
        self,
        seeds: Iterable[tuple[Node, Cotangent]],
        slices: dict[Node, list[tuple[Tensor, Tensor]]] | None = None,
        absent: bool = False,
    ) -> dict[Node, Any]:
        """Walk back with these cotangents of the targets; sources that nothing reaches have no entry.

        A seed may be a plain number or array where nobody listens. Absent entries become zeros, or stay `absent` where
        that is asked for. Where `slices` is given, what `take` along the first axis sends to a source that nothing made
        is entered there, as pairs of slices and indices, instead of being added into a dense tensor.
        """
        return walked(self.key, self.blank, self.sources, seeds, slices, absent, self.partials)


def walked(
    key: Key,
    blank: dict[Node, Any],
    sources: frozenset[Node],
    seeds: Iterable[tuple[Node, Cotangent]],
    slices: dict[Node, list[tuple[Tensor, Tensor]]] | None = None,
    absent: bool = False,
    partials: dict[tuple[Node, int], Tensor] | None = None,
) -> dict[Node, Any]:
    """What `Pullback` does at a call; by itself for a walk that is planned for one call only."""
    cotangents = blank.copy()
    for node, seed in seeds:
        if node in cotangents:
            old = cotangents[node]
            cotangents[node] = seed if old is None else join(numbers.as_tensor(old), numbers.as_tensor(seed))
    start, active = next(SERIALS), listeners()
    told: tuple[Any, ...] = ()
    for listener in active:
        if listener.walks:
            told = (*told, listener)
    nodes = reversed(blank)
    at: Node | None
    while True:
        if slices is not None or told:
            at = next(nodes, None)
        elif active:
            at = numbers.walk(key, nodes, cotangents, True)
        else:
            at = QUIET.run(numbers.walk, key, nodes, cotangents, False)
        if at is None:
            break
        g = cotangents[at]
        parents = at.note if at.key is key else at.read(key)
        if g is None:
            continue
        for listener in told:
            listener.hear_cotangent(at, g)
        if not parents:
            continue
        if slices is not None and _reads_slices(key, sources, at, parents):
            slices.setdefault(parents[0], []).append((plain(numbers.as_tensor(g)), at.saved[1]))
        else:
            _step(at, numbers.as_tensor(g), parents, cotangents, partials)
        if at not in sources:
            cotangents[at] = None  # its memory is free from here on
    found: dict[Node, Any] = {}
    for node in sources:
        g = cotangents.get(node)
        if type(g) is Tensor:
            found[node] = Tensor(g._value) if g._node is None else _own(g, start)
        elif type(g) is node.spec:  # a number
            found[node] = Tensor(g)
        elif g is not None:
            g = numbers.as_tensor(g)
            found[node] = g if absent else plain(g)
    return found


def _step(
    node: Node,
    g: Cotangent,
    parents: Sequence[Node | None],
    cotangents: dict[Node, Any],
    partials: dict[tuple[Node, int], Tensor] | None,
) -> None:
    """Send the cotangent of one node on to its parents."""
    primitive = node.primitive
    assert primitive is not None  # a node with parents was made by one
    if type(g) is Tensor and type(g._value) is node.spec and not node.params:
        if node.spec not in primitive.steps:
            numbers.learn(node)
        steps = primitive.steps[node.spec]
        if steps is not None:
            try:
                return steps[1](cotangents, parents, g, node)  # type: ignore[no-any-return]
            except numbers.MixedError:
                pass
    shares = _shares(node, g, parents, cotangents, partials)
    for parent, share in zip(parents, shares, strict=False):
        if share is not None and parent in cotangents:
            cotangents[parent] = join(numbers.as_tensor(cotangents[parent]), share)


def _reads_slices(key: Key, sources: frozenset[Node], node: Node, parents: Sequence[Node | None]) -> bool:
    source = parents[0]
    if node.primitive is not take or node.params["axis"] != 0 or source is None:
        return False
    return source in sources and not source.read(key)


def _own(g: Tensor, start: int) -> Tensor:
    """A cotangent as a derivative, which is a tensor of its own even where a tensor of the program served as it is.

    `start` is the serial of the first node that the walk can have made.
    """
    return identity(g) if g._node.serial < start else g  # type: ignore[union-attr]  # the caller saw a node


def _shares(
    node: Node,
    g: Any,
    parents: Sequence[Node | None],
    useful: Container[Node | None],
    partials: dict[tuple[Node, int], Tensor] | None,
) -> list[Any]:
    """What the cotangent of a result sends to each input that is useful. The five cases of reverse mode."""
    primitive, params, inputs = node.primitive, node.params, node.saved or ()
    assert primitive is not None
    if primitive is ITEM:
        return [{params["index"]: g}]  # the tuple's cotangent is a dictionary of those of its entries
    live = None
    absent = type(primitive.rules) is Rule and primitive.rules.absent
    if type(g) is dict:
        given: list[Any] = [g.get(i) for i in range(len(node.spec))]
        if not absent:
            given = [
                zeros(s) if part is None else plain(part) for part, s in zip(given, node.spec, strict=True)
            ]
        g = tuple(given)
    elif type(g) is Masked and not absent:
        live, g = g.live, g.value
    kind, rules = primitive.kind, primitive.rules
    y = output_of(node)
    if kind is _TANGENT and type(rules) is Rule:
        return _joint_shares(primitive, rules, g, y, inputs, params, parents)
    shares: list[Any] = []
    for index, parent in enumerate(parents):
        rule = rules if type(rules) is Rule else rules[index]  # type: ignore[index]
        if parent is None or parent not in useful or rule is None:
            shares.append(None)
            continue
        if index and primitive.commutes and parent is parents[0]:
            shares.append(shares[0])  # a square's second share is its first
            continue
        if kind is _ELEMENTWISE:
            partial = None if partials is None else partials.get((node, index))
            if partial is None:
                partial = conjugated(rule.function(y, *inputs, **params))  # type: ignore[misc]
                if partials is not None:
                    partials[node, index] = partial
            share: Any = apply(multiply, (g, partial))
        elif kind is _TANGENT:
            share = _pull(primitive, rule, g, y, inputs, params, parent)
        elif type(rules) is Rule:
            share = rule.function(g, index, *inputs, **params)  # type: ignore[misc]
        else:
            share = rule.function(g, *inputs, **params)  # type: ignore[misc]
        if live is not None:
            share = cut(share, reach(primitive, rule, live, index, inputs, params))
        shares.append(conform(share, parent))
    return shares


def output_of(node: Node) -> Any:
    """The output of an operation as a tensor, or a tuple of them, that its listeners know; specs if it was not kept."""
    if not isinstance(node, Bundle):
        return node if node.kept is None else Tensor(node.kept, node)
    if node.kept is None:
        return tuple([Spec(*spec) if type(spec) is tuple else Spec((), np.dtype(spec)) for spec in node.spec])
    return tuple([item_tensor(node, index, value) for index, value in enumerate(node.kept)])


def zeros(spec: Any) -> Tensor:
    """Zeros of a spec, in any of the forms that nodes and rules hold."""
    if type(spec) is type:
        return Tensor(spec(0))
    shape, dtype = spec if type(spec) is tuple else (spec.shape, spec.dtype)
    return Tensor(np.zeros(shape, dtype)[()])


def _pull(primitive: Primitive, rule: Rule, g: Any, y: Any, inputs: Any, params: Any, parent: Node) -> Tensor:
    """The share of one input of a TANGENT primitive: its own pull, or its tangent transposed."""
    if rule.function is not None:
        return rule.function(g, y, *inputs, **params)  # type: ignore[no-any-return]
    if rule.tangent is None:
        raise errors.NoDerivativeError(
            f"gradient registry has no entry for: {primitive.name}. The operation lies between target "
            "and source but no derivative is registered for it; give gt.register_primitive a rule, or use "
            "gt.stop_gradient"
        )
    function = rule.tangent
    found = transpose(
        lambda dx: function(dx, y, *inputs, **params), [parent], [g] if type(g) is Tensor else g
    )[0]
    return zeros(parent) if found is None else found


def _joint_shares(
    primitive: Primitive, rule: Rule, g: Any, y: Any, inputs: Any, params: Any, parents: Sequence[Node | None]
) -> list[Any]:
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
        raise errors.InternalError(
            f"{primitive.name} returned too few gradients: {len(shares)} for its {len(parents)} inputs"
        )
    return [
        None if parent is None or share is None else conform(share, parent)
        for parent, share in zip(parents, shares, strict=False)
    ]


def transpose(
    function: Callable[..., Any], specs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Tensor | None]:
    """Apply the transpose of a linear function, given as ordinary operations, by walking back over it once.

    Args:
        function: takes tensors of the given specs; returns a tensor, or a sequence of tensors and None.
        specs: shape and dtype of each argument.
        cotangents: one tensor or None for each output.

    Returns:
        one tensor for each argument, None where no output depends on it.
    """
    record = Record()
    arguments = [zeros(spec) for spec in specs]
    for argument in arguments:
        record.watch(argument)
    with paused((*listeners(), record)):
        outputs = function(*arguments)
    seeds = [
        (output._node, conform(cotangent, output._node))
        for output, cotangent in zip(
            [outputs] if type(outputs) is Tensor else outputs, cotangents, strict=True
        )
        if output is not None and cotangent is not None and record.knows(output)
    ]
    nodes = [argument._node for argument in arguments]
    found = Pullback(record, [node for node, _ in seeds], [n for n in nodes if n is not None])(seeds)
    return [None if node is None else found.get(node) for node in nodes]
