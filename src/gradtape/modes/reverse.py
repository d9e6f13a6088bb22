"""Reverse mode: a tape's record, and the walk that takes cotangents back along it.

`Record` listens and notes, for each result that depends on something watched, the nodes of the inputs through which
it does. `Pullback` plans a walk from targets to sources once and can then be called with any number of seeds. Every
rule is made of operations, so listeners outside hear the walk: that is how any order of derivative works.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from operator import attrgetter
from typing import Any
from weakref import ReferenceType, ref

import numpy as np
from numpy import ndarray

from ..core.bundle import ITEM, Bundle, attach_bundle, bundle_of, item_tensor
from ..core.errors import InternalError
from ..core.listen import Key, Listener, Node, leaf, listeners, paused
from ..core.primitive import Kind, Masked, Primitive, Rule
from ..core.spec import Spec, is_differentiable
from ..core.tensor import Tensor, apply
from ..core.values import QUIET
from ..core.variable import Variable
from ..ops.elementwise import conjugated, multiply
from ..ops.linear import add, take
from . import numbers
from .cuts import LEAVINGS, Cuts, Derivatives
from .mask import Cotangent, conform, cut, join, plain, reach

_CONSTANT, _ELEMENTWISE, _TANGENT = Kind.CONSTANT, Kind.ELEMENTWISE, Kind.TANGENT
_SERIAL = attrgetter("serial")


class Record(Listener):
    """What a tape has recorded: notes on nodes, and the sources that it follows.

    Where `explains`, it also remembers the `cuts`, the places where its paths end (None: there was none yet).
    """

    __slots__ = ("cuts", "derivatives", "explains", "leaves", "variables", "watch_accessed")

    def __init__(self, watch_accessed: bool = False, explains: bool = False) -> None:
        super().__init__()
        self.watch_accessed = watch_accessed
        self.explains = explains
        self.cuts: Cuts | None = None
        self.derivatives: Derivatives | None = None
        self.variables: dict[int, Variable] = {}
        self.leaves: list[ReferenceType[Node]] = []

    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        if primitive.kind is _CONSTANT:
            self._cut("operation", primitive.name, inputs, result)
            return
        key = self.key
        count = len(inputs)
        if count == 1:
            node = inputs[0]._node
            if node is None or (node.key is not key and (node.more is None or key not in node.more)):
                if node is not None and self.cuts is not None:
                    self._carry(inputs, result)
                return
            parents: tuple[Node | None, ...] = (node,)
            saving = primitive.savings[1]
        elif count == 2:
            first, second = inputs
            node, other = first._node, second._node
            if node is not None and node.key is not key and (node.more is None or key not in node.more):
                node = None
                if self.cuts is not None:
                    self._carry(inputs, result)
            if other is not None and other.key is not key and (other.more is None or key not in other.more):
                other = None
                if self.cuts is not None:
                    self._carry(inputs, result)
            if node is not None:
                saving = primitive.savings[1 if other is None else 3]
            elif other is not None:
                saving = primitive.savings[2]
            else:
                return
            parents = (node, other)
        else:
            parents = tuple([n if (n := x._node) is not None and n.knows(key) else None for x in inputs])
            if self.cuts is not None:
                self._carry(inputs, result)
            bits = _bits(parents)
            if not bits:
                return
            saving = primitive.saving(bits, count)
        if saving is None:
            self._cut("operation", primitive.name, inputs, result)
            return
        if type(result) is Tensor:
            node = result._node
            if node is None:
                keeps, keeps_output, bare = saving
                value = result._value
                kind = type(value)
                spec = kind if kind is not ndarray else (value.shape, value.dtype)
                if bare:
                    saved = None
                elif keeps is True or (
                    spec is kind and primitive.pointwise
                ):  # a number kept costs less than its spec
                    saved = inputs
                else:
                    saved = _saved(inputs, keeps)
                node = Node(primitive, params, saved, value if keeps_output else None, spec, key, parents)
                result._node = node
            else:
                self._share(node, primitive, inputs, params, result._value, parents)
                node.write(key, parents)
            nodes = self.nodes
            nodes.append(ref(node))
            if len(nodes) > self._limit:
                self._forget_dead()
        else:
            bundle = bundle_of(result)
            self._share(bundle, primitive, inputs, params, tuple([part._value for part in result]), parents)
            attach_bundle(self, bundle, result, parents)

    def _share(
        self,
        node: Node,
        primitive: Primitive,
        inputs: Any,
        params: Any,
        values: Any,
        parents: tuple[Node | None, ...],
    ) -> None:
        """Let the node of a result that other listeners know keep what this record needs too."""
        bits = _bits(parents)
        for key, note in node.notes():
            if not key.forward:
                bits |= _bits(note)
        keeps, keeps_output, bare = primitive.saving(bits, len(inputs))  # type: ignore[misc]  # not None: `hear` looked
        node.primitive, node.params = primitive, params
        whole = keeps is True or (type(values) is not ndarray and primitive.pointwise)
        node.saved = None if bare else inputs if whole else _saved(inputs, keeps)
        node.kept = values if keeps_output else None

    def hear_read(self, variable: Variable, tensor: Tensor) -> None:
        self._accessed(variable)

    def hear_leave(self, holder: Any, how: Any) -> None:
        if isinstance(holder, Variable):
            self._accessed(holder)
        if type(how) is str and how in LEAVINGS:
            self._cut("leave", how, (holder,), None)

    def hear_write(self, variable: Variable, tensor: Tensor | None, given: Tensor | None = None) -> None:
        if given is not None:
            self._cut("assign", variable.name, (given,), variable)

    def hear_derivative(self, source: Any, result: Tensor) -> None:
        if not self.explains or not self.knows(source):
            return
        if not self.knows(result):
            self._cut("derivative", "gradient", (source,), result)
            return
        if self.derivatives is None:
            self.derivatives = Derivatives()
        self.derivatives.note(result._node, source._node)  # type: ignore[arg-type]  # both are known

    def _cut(self, kind: str, how: str, inputs: Sequence[Any], result: Any) -> None:
        """Remember that a path ends here, if one does: what the result (None: none) is made of, it does not follow."""
        if not self.explains:
            return
        key, cuts = self.key, self.cuts
        known = [node for x in inputs if (node := x._node) is not None and node.knows(key)]
        carried = () if cuts is None else cuts.carried(inputs)
        if not known and not carried:
            return
        if cuts is None:
            cuts = self.cuts = Cuts()
        if kind == "leave":
            known += [node for cut in carried for node in cut.nodes()]
        if known:
            carried = (cuts.remember_cut(kind, how, known, key), *carried)
        if result is not None:
            cuts.mark(result, carried)

    def _carry(self, inputs: Sequence[Any], result: Any) -> None:
        """Let a result carry the cuts that its inputs do."""
        carried = self.cuts.carried(inputs)  # type: ignore[union-attr]  # whoever calls has looked
        if carried:
            self.cuts.mark(result, carried)  # type: ignore[union-attr]

    def _accessed(self, variable: Variable) -> None:
        if self.watch_accessed and variable.trainable:
            self.watch(variable)

    def watch(self, source: Tensor | Variable) -> None:
        """Follow what is computed from this source from now on; what made it so far stays as it was recorded."""
        if isinstance(source, Variable):
            self.variables[source._serial] = source
        if is_differentiable(source._value.dtype):
            node = source._node
            if node is None:
                node = source._node = leaf(source._value, self.key, ())
                self.remember(node)
            elif not node.knows(self.key):
                self.attach(node, ())
            else:
                return
            self.leaves.append(ref(node))

    def path(self, targets: Iterable[Node]) -> list[Node]:
        """The nodes that the targets were made of, in the order in which they were recorded."""
        return reached(self.key, targets)[::-1]

    def follows_only(self, sources: frozenset[Node]) -> bool:
        """Whether all that is followed from a leaf on is followed from one of these sources on."""
        nodes = [reference() for reference in self.leaves]
        return sources.issuperset(nodes) or sources.issuperset([node for node in nodes if node is not None])

    def knows(self, source: Tensor | Variable) -> bool:
        """Whether this record follows the source."""
        return source._node is not None and source._node.knows(self.key)


def _bits(parents: tuple[Node | None, ...]) -> int:
    """The inputs that are known, as bits."""
    return sum(1 << i for i, parent in enumerate(parents) if parent is not None)


def _saved(inputs: tuple[Tensor, ...], keeps: tuple[bool, ...] | bool) -> tuple[Any, ...]:
    """The inputs whose values are kept, specs of the others."""
    flags = (keeps,) * len(inputs) if isinstance(keeps, bool) else keeps
    return tuple(
        [
            x if keep else x._node or Spec(x._value.shape, x._value.dtype)
            for x, keep in zip(inputs, flags, strict=True)
        ]
    )


def reached(key: Key, targets: Iterable[Node]) -> list[Node]:
    """The nodes that the targets were made of, latest first, as the listener of this key noted them."""
    found = list(dict.fromkeys(targets))
    seen: set[Node | None] = {None, *found}
    for node in found:  # grows while it is read
        for parent in node.note if node.key is key else node.read(key):
            if parent not in seen:
                seen.add(parent)
                found.append(parent)
    found.sort(key=_SERIAL, reverse=True)
    return found


class Pullback:
    """The linear map that takes cotangents of some targets to those of some sources, planned once.

    Args:
        record: the record to walk along.
        targets: nodes to start from.
        sources: nodes to arrive at; a source that lies on the way to another does not stop the walk.

    `order` lists the nodes on the way from a target to a source, latest first; `blank` has them without a cotangent.
    """

    def __init__(self, record: Record, targets: Iterable[Node], sources: Iterable[Node]) -> None:
        self.key = record.key
        self.sources = frozenset(sources)
        self.order = reached(record.key, targets)
        if not record.follows_only(self.sources):
            self._drop_useless()
        self.blank: dict[Node, Any] = dict.fromkeys(self.order)

    def _drop_useless(self) -> None:
        """Keep only nodes that depend on a source."""
        key, useful = self.key, set(self.sources)
        for node in reversed(self.order):
            if not useful.isdisjoint(node.note if node.key is key else node.read(key)):
                useful.add(node)
        self.order = [node for node in self.order if node in useful]

    def depends(self, node: Node) -> bool:
        """Whether a target depends on this source."""
        return node in self.blank

    def __call__(
        self,
        seeds: Iterable[tuple[Node, Cotangent]],
        slices: dict[Node, list[tuple[Tensor, Tensor]]] | None = None,
    ) -> dict[Node, Any]:
        """Walk back with these cotangents of the targets; sources that nothing reaches have no entry.

        Where `slices` is given, what `take` along the first axis sends to a source that nothing made is entered
        there, as pairs of slices and indices, instead of being added into a dense tensor.
        """
        order, sources = self.order, self.sources
        cotangents = self.blank.copy()
        for node, seed in seeds:
            if node in cotangents:
                cotangents[node] = join(cotangents[node], seed)
        unheard = slices is None and not listeners()
        position = 0
        while position < len(order):
            if unheard:
                position = QUIET.run(numbers.walk, self.key, order, position, cotangents, sources)
                if position == len(order):
                    break
            node = order[position]
            g = numbers.as_tensor(cotangents[node])
            parents = node.read(self.key)
            position += 1
            if g is None or not parents:
                continue
            if slices is not None and self._reads_slices(node, parents):
                slices.setdefault(parents[0], []).append((plain(g), node.saved[1]))
            else:
                self._step(node, g, parents, cotangents)
            if unheard:
                numbers.learn(node)
            if node not in sources:
                cotangents[node] = None
        return {
            node: plain(numbers.as_tensor(g)) for node in sources if (g := cotangents.get(node)) is not None
        }

    def _step(
        self, node: Node, g: Cotangent, parents: Sequence[Node | None], cotangents: dict[Node, Any]
    ) -> None:
        """Send the cotangent of one node on to its parents."""
        functions = node.primitive.functions  # type: ignore[union-attr]  # a node with parents was made by one
        if functions is None or node.params or type(g) is not Tensor:
            for parent, share in zip(parents, _shares(node, g, parents, cotangents), strict=False):
                if share is not None and parent in cotangents:
                    cotangents[parent] = join(numbers.as_tensor(cotangents[parent]), share)
            return
        # One rule an input and no parameters, which most operations of a scalar program are: `_shares` in line.
        inputs = node.saved or ()
        elementwise = node.primitive.kind is _ELEMENTWISE  # type: ignore[union-attr]
        for parent, function in zip(parents, functions):  # noqa: B905  # of one length; the keyword costs time
            if parent not in cotangents or function is None:
                continue
            if elementwise:
                partial = function(node if node.kept is None else Tensor(node.kept, node), *inputs)
                share = apply(multiply, (g, conjugated(partial)))
            else:
                share = function(g, *inputs)
            if type(share) is not Tensor or type(share._value) is not parent.spec:
                share = conform(share, parent)
            old = cotangents[parent]
            if old is None:
                cotangents[parent] = share
            elif type(old) is Tensor and type(share) is Tensor:
                cotangents[parent] = apply(add, (old, share))
            else:
                cotangents[parent] = join(numbers.as_tensor(old), share)

    def _reads_slices(self, node: Node, parents: Sequence[Node | None]) -> bool:
        source = parents[0]
        if node.primitive is not take or node.params["axis"] != 0 or source is None:
            return False
        return source in self.sources and not source.read(self.key)


def _shares(node: Node, g: Any, parents: Sequence[Node | None], useful: Container[Node | None]) -> list[Any]:
    """What the cotangent of a result sends to each input that is useful. The five cases of reverse mode."""
    primitive, params, inputs = node.primitive, node.params, node.saved or ()
    assert primitive is not None
    if primitive is ITEM:
        return [{params["index"]: plain(g)}]  # the tuple's cotangent is a dictionary of those of its entries
    live = None
    if type(g) is dict:
        g = tuple([g[i] if i in g else zeros(spec) for i, spec in enumerate(node.spec)])
    elif type(g) is Masked:
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
        if kind is _ELEMENTWISE:
            partial = rule.function(y, *inputs, **params)  # type: ignore[misc]
            share: Any = apply(multiply, (g, conjugated(partial)))
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
        raise LookupError(
            f"gradient registry has no entry for: {primitive.name}. The operation lies between target and source but "
            "no derivative is registered for it; give gt.register_primitive a rule, or use gt.stop_gradient"
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
        raise InternalError(
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
