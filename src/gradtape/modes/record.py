"""A tape's record: what it hears, and notes on the nodes of results.

`Record` listens and notes, for each result that depends on something watched, the nodes of the inputs through which
it does, and the values that the rule will want. Reverse mode walks back along these notes, Taylor mode forwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any
from weakref import ref

from numpy import ndarray

from ..core.bundle import attach_bundle, bundle_of
from ..core.listen import SERIALS, Key, Listener, Node, leaf
from ..core.primitive import Primitive
from ..core.spec import Spec
from ..core.tensor import Tensor
from ..core.variable import Variable
from .cuts import LEAVINGS, Cuts, Derivatives, Early

_SERIAL = attrgetter("serial")


class Record(Listener):
    """What a tape has recorded: notes on nodes, and the sources that it follows.

    Where `explains`, it also remembers the `cuts`, the places where its paths end (None: there was none yet), and what
    was computed `early`, before it followed anything.
    """

    __slots__ = ("cuts", "derivatives", "early", "explains", "variables", "watch_accessed")

    differentiates = True

    def __init__(self, watch_accessed: bool = False, explains: bool = False) -> None:
        super().__init__()
        self.watch_accessed = watch_accessed
        self.explains = explains
        self.cuts: Cuts | None = None
        self.derivatives: Derivatives | None = None
        self.early: Early | None = None
        self.variables: dict[int, Variable] = {}

    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        key = self.key
        count = len(inputs)
        if count == 1:
            node = inputs[0]._node
            if node is None or (node.key is not key and (node.more is None or key not in node.more)):
                if node is not None and self.cuts is not None:
                    self._carry(inputs, result)
                if not self.nodes:
                    self._early(inputs, result)
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
                if not self.nodes:
                    self._early(inputs, result)
                return
            parents = (node, other)
        else:
            parents = tuple([n if (n := x._node) is not None and n.knows(key) else None for x in inputs])
            if self.cuts is not None:
                self._carry(inputs, result)
            bits = _bits(parents)
            if not bits:
                if not self.nodes:
                    self._early(inputs, result)
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
                node = result._node = Node()  # `Node.made`, in line
                node.primitive = primitive
                node.params = params
                node.saved = saved
                node.kept = value if keeps_output else None
                node.spec = spec
                node.key = key
                node.note = parents
                node.more = None
                node.serial = next(SERIALS)
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
        if not self.explains or (behind := self.node_of(source)) is None:
            return
        node = self.node_of(result)
        if node is None:
            self._cut("derivative", "gradient", (source,), result)
            return
        if self.derivatives is None:
            self.derivatives = Derivatives()
        self.derivatives.note(node, behind)

    def _cut(self, kind: str, how: str, inputs: Sequence[Any], result: Any) -> None:
        """Remember that a path ends here, if one does: what the result (None: none) is made of, it does not follow."""
        if not self.explains:
            return
        key, cuts = self.key, self.cuts
        known = [
            node
            for x in inputs
            if (node := x._node) is not None
            and (node.key is key or (node.more is not None and key in node.more))
        ]
        carried = () if cuts is None else cuts.carried(inputs)
        if not known and not carried:
            return
        if cuts is None:
            cuts = self.cuts = Cuts()
        if kind == "leave":
            known += [node for cut in carried for node in cut.nodes()]
        if known:
            cut = cuts.remember_cut(kind, how, known, key)
            carried = (cut, *carried) if carried else (cut,)
        if result is not None:
            cuts.mark(result, carried)

    def _early(self, inputs: Sequence[Tensor], result: Any) -> None:
        """Remember what was computed before anything was watched."""
        if self.explains:
            if self.early is None:
                self.early = Early()
            self.early.note(inputs, result)

    def _carry(self, inputs: Sequence[Any], result: Any) -> None:
        """Let a result carry the cuts that its inputs do."""
        carried = self.cuts.carried(inputs)  # type: ignore[union-attr]  # whoever calls has looked
        if carried:
            self.cuts.mark(result, carried)  # type: ignore[union-attr]

    def _accessed(self, variable: Variable) -> None:
        if self.watch_accessed and variable.trainable:
            self.watch(variable)

    def watch(self, source: Tensor | Variable) -> bool:
        """Follow what is computed from this source from now on; what made it so far stays as it was recorded.

        Returns:
            whether the dtype of the source has derivatives; if not, nothing is followed.
        """
        if type(source) is not Tensor and isinstance(source, Variable):
            self.variables[source._serial] = source
        value = source._value
        if value.dtype.kind not in "fc":  # `is_differentiable`, in line: tapes are short, and many
            return False
        node = source._node
        if node is None:
            node = source._node = leaf(value, self.key, ())
            self.nodes.append(ref(node))
        elif not node.knows(self.key):
            self.attach(node, ())
        return True

    def alive(self) -> list[Node]:
        """The nodes that are still there, in the order in which they were made."""
        found = {
            node for reference in self.nodes if (node := reference()) is not None and node.knows(self.key)
        }
        return sorted(found, key=_SERIAL)

    def path(self, targets: Iterable[Node]) -> list[Node]:
        """The nodes that the targets were made of, in the order in which they were recorded."""
        return list(between(self.key, targets, None))

    def knows(self, source: Tensor | Variable) -> bool:
        """Whether this record follows the source."""
        return self.node_of(source) is not None

    def node_of(self, source: Tensor | Variable) -> Node | None:
        """The node of a source that this record follows, None of any other."""
        node, key = source._node, self.key
        if node is None or node.key is key or (node.more is not None and key in node.more):
            return node
        return None


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


def between(key: Key, targets: Iterable[Node], sources: frozenset[Node] | None) -> dict[Node, Any]:
    """Those nodes that the targets were made of which depend on a source (None: all of them), in their order.

    The listener of this key noted what each was made of. The nodes are the keys of a dictionary, with None beside each.
    """
    pending: list[Any] = list(targets)
    seen: dict[Any, Any] = {None: None}
    leading = True
    for (
        node
    ) in pending:  # grows while it is read, by nodes that were seen too: leaving these out there takes longer
        if node not in seen:
            seen[node] = None
            parents = node.note if node.key is key else node.read(key)
            if parents:
                pending += parents
            elif leading and sources is not None:
                leading = node in sources
    del seen[None]
    found = sorted(seen, key=_SERIAL)
    if leading:  # every leaf is a source, so everything depends on one
        return dict.fromkeys(found)
    useful: dict[Node, Any] = {}
    for node in found:
        if node in sources:  # type: ignore[operator]  # without sources all leaves lead
            useful[node] = None
            continue
        for parent in node.note if node.key is key else node.read(key):
            if parent in useful:
                useful[node] = None
                break
    return useful
