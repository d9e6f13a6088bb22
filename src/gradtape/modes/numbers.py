"""Reverse mode on plain numbers: how a walk over scalars goes when nobody hears it.

Around the arithmetic of one scalar, the door costs ten times the arithmetic. So a rule of the vocabulary is *read* once
for each dtype: it runs on tensors while a listener writes its operations down, and what stands there is a function of
NumPy numbers that does the same operations in the same order, with the same results to the last bit. `walk` takes
cotangents back over such operations and stops at the first that is of another sort.

A rule that looks at a value, or gives anything but one number of the dtype, cannot be read; its operations go through
the door as ever. So do the rules that users register, which may depend on things that change.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import partial
from itertools import islice
from typing import Any

from ..core.listen import Listener, Node, paused
from ..core.primitive import Kind, Primitive, Pulls
from ..core.spec import Spec
from ..core.tensor import Tensor, apply
from ..ops.elementwise import conjugated, multiply
from .mask import conform, join


class _MixedError(Exception):
    """An input is not of the dtype for which a rule was read."""


class _UnreadableError(Exception):
    """A rule does not only compute."""


def walk(
    key: Any, order: Sequence[Node], position: int, cotangents: dict[Node, Any], sources: Container[Node]
) -> int:
    """Walk back from a position in the order over operations on numbers; gives the position of the first other one.

    To be run where NumPy does not warn (`QUIET`): no code but NumPy's and that of this room runs inside.
    """
    try:
        for position, node in enumerate(islice(order, position, None), position):  # noqa: B020
            g = cotangents[node]
            parents = node.note if node.key is key else node.read(key)
            if g is None or not parents:
                continue
            if type(g) is Tensor:
                g = g._value
            spec = node.spec
            if type(g) is not spec or (pulls := node.primitive.pulls.get(spec)) is None or node.params:  # type: ignore[union-attr]
                return position
            for parent, pull in zip(parents, pulls):  # noqa: B905  # of one length; the keyword costs time
                if pull is None or parent not in cotangents:
                    continue
                share = pull(g, node.kept, node.saved)
                if parent.spec is not spec:
                    share = conform(Tensor(share), parent)
                old = cotangents[parent]
                if old is None:
                    cotangents[parent] = share
                elif type(old) is spec and type(share) is spec:
                    cotangents[parent] = old + share
                else:
                    cotangents[parent] = join(as_tensor(old), as_tensor(share))
            if node not in sources:
                cotangents[node] = None
    except _MixedError:  # raised by the first rule of the node, before anything has changed
        return position
    return len(order)


def as_tensor(cotangent: Any) -> Any:
    """A cotangent that is a plain number as a tensor; any other as it is."""
    if type(cotangent) is Tensor or not hasattr(cotangent, "dtype"):
        return cotangent
    return Tensor(cotangent)


def learn(node: Node) -> None:
    """Read the rules of a node's primitive for the dtype of the node, where this was not tried before."""
    primitive, kind = node.primitive, node.spec
    if primitive is None or type(kind) is not type or kind in primitive.pulls or node.params:
        return
    primitive.pulls[kind] = None
    if primitive.functions is not None and kind(0).dtype.kind in "fc":
        try:
            primitive.pulls[kind] = _read(primitive, kind)
        except Exception:  # whatever a rule has to say against it, the door says when the rule is needed
            return


def _read(primitive: Primitive, kind: Any) -> Pulls:
    """The rules as functions `pull(g, kept output, saved inputs)` of numbers; None for an input without a rule."""
    functions = primitive.functions
    assert functions is not None
    return tuple(
        [None if rule is None else _Reading(primitive, i, kind).pull() for i, rule in enumerate(functions)]
    )


class _Reading(Listener):
    """Writes down the operations of the rule for one input as a function of numbers."""

    __slots__ = ("bound", "index", "kind", "lines", "names", "primitive", "tensors")

    def __init__(self, primitive: Primitive, index: int, kind: Any) -> None:
        super().__init__()
        self.primitive, self.index, self.kind = primitive, index, kind
        self.names: dict[int, str] = {}
        self.tensors: list[Tensor] = []  # kept alive, so that no two have one identity
        self.bound: dict[str, Any] = {"kind": kind, "MixedError": _MixedError}
        self.lines = ["def pull(g, y, saved):"]

    def pull(self) -> Any:
        """Run the rule on tensors under this listener; what it wrote, as a function."""
        primitive, kind = self.primitive, self.kind
        rule = primitive.rule(self.index)
        function = rule.function  # type: ignore[union-attr]  # an input without a rule is not read
        if function.__module__.partition(".")[0] != __name__.partition(".")[0]:
            raise _UnreadableError
        inputs = [] if rule.bare else [self._input(i) for i in range(len(primitive.rules))]  # type: ignore[union-attr, arg-type]
        g, unknown = self._named("g"), Spec((), kind(0).dtype)
        with paused((self,)):
            if primitive.kind is Kind.ELEMENTWISE:
                y = self._named("y") if rule.keeps_output else unknown  # type: ignore[union-attr]
                share = apply(multiply, (g, conjugated(function(y, *inputs))))  # type: ignore[misc]
            else:
                share = function(g, *inputs)  # type: ignore[misc]
        if type(share) is not Tensor or type(share._value) is not kind:
            raise _UnreadableError
        self.lines.append(f"    return {self._name(share)}")
        exec("\n".join(self.lines), self.bound)
        return self.bound["pull"]

    def hear(self, primitive: Primitive, inputs: Any, params: Any, result: Any, outside: Any) -> None:
        if type(result) is not Tensor:
            raise _UnreadableError
        function = f"f{len(self.lines)}"
        self.bound[function] = partial(primitive.value, **params) if params else primitive.value
        arguments = ", ".join([self._name(x) for x in inputs])
        self._named(name := f"v{len(self.lines)}", result)
        self.lines.append(f"    {name} = {function}({arguments})")

    def hear_leave(self, holder: Any, how: str) -> None:
        raise _UnreadableError

    def hear_read(self, variable: Any, tensor: Tensor) -> None:
        raise _UnreadableError

    def _input(self, index: int) -> Any:
        """One input: a tensor, or its spec where its values are not kept. Its dtype is made sure of either way."""
        keeps = self.primitive.rule(self.index).keeps  # type: ignore[union-attr]
        name = f"x{index}"
        self.lines.append(f"    {name} = saved[{index}]._value")
        self.lines.append(f"    if type({name}) is not kind: raise MixedError")
        kept = keeps if isinstance(keeps, bool) else keeps[index]
        return self._named(name) if kept else Spec((), self.kind(0).dtype)

    def _named(self, name: str, tensor: Tensor | None = None) -> Tensor:
        tensor = Tensor(self.kind(0.5)) if tensor is None else tensor
        self.tensors.append(tensor)
        self.names[id(tensor)] = name
        return tensor

    def _name(self, tensor: Tensor) -> str:
        """The name of a tensor; one that no operation made is a constant of the rule."""
        if id(tensor) not in self.names:
            self._named(name := f"c{len(self.tensors)}", tensor)
            self.bound[name] = tensor._value
        return self.names[id(tensor)]
