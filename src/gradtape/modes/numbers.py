"""Reverse mode over scalars: steps of the walk that are written once and then run as they stand.

Around the arithmetic of one scalar, everything else costs ten times the arithmetic. So a row's rules are *read* once
for each dtype: they run on tensors while a listener writes their operations down. What stands there becomes the source
of a step, a function that sends the cotangent of a result on to the inputs, with the same operations in the same order
and the same results to the last bit. It is written twice: on NumPy numbers for a walk that nobody hears (`walk`), and
on tensors, through the door, for one that somebody does.

A rule that looks at a value, or gives anything but one number of the dtype, cannot be read; its operations go the
ordinary way. So do the rules that users register, which may depend on things that change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from ..core.listen import Listener, Node, paused
from ..core.primitive import Kind, Primitive, Steps
from ..core.spec import UNITS, Spec
from ..core.tensor import Tensor, apply
from ..ops.elementwise import conjugated, multiply
from ..ops.linear import add
from .mask import join


class MixedError(Exception):
    """An input is not of the dtype for which a rule was read. A step raises it before it has changed anything."""


class _UnreadableError(Exception):
    """A rule does not only compute."""


def walk(key: Any, nodes: Iterator[Node], cotangents: dict[Node, Any], heard: bool) -> Node | None:
    """Walk on over operations on numbers; gives the first node of another kind, None at the end.

    What nobody hears is to be run where NumPy does not warn (`QUIET`): no code but NumPy's and that of this room runs
    inside.
    """
    try:
        for node in nodes:
            g = cotangents[node]
            parents = node.note if node.key is key else node.read(key)
            if g is None or not parents:
                continue
            spec = node.spec
            value = g._value if type(g) is Tensor else g
            if type(value) is not spec or (steps := node.primitive.steps.get(spec)) is None or node.params:  # type: ignore[union-attr]
                return node
            if heard:
                steps[1](cotangents, parents, g, node)
            else:
                steps[0](cotangents, parents, value, node)
    except MixedError:
        return node  # type: ignore[possibly-undefined]  # whose step raised it
    return None


def as_tensor(cotangent: Any) -> Any:
    """A cotangent that is a plain number as a tensor; any other as it is."""
    if type(cotangent) is Tensor or not hasattr(cotangent, "dtype"):
        return cotangent
    return Tensor(cotangent)


def learn(node: Node) -> None:
    """Read the rules of a node's primitive for the dtype of the node, where this was not tried before."""
    primitive, kind = node.primitive, node.spec
    if primitive is None or type(kind) is not type or kind in primitive.steps or node.params:
        return
    primitive.steps[kind] = None
    if primitive.functions is not None and kind(0).dtype.kind in "fc":
        try:
            primitive.steps[kind] = _read(primitive, kind)
        except Exception:  # whatever a rule has to say against it, the door says when the rule is needed
            return


def _read(primitive: Primitive, kind: Any) -> Steps:
    """The rules of a primitive as steps `step(cotangents, parents, g, node)`: on numbers, and on tensors."""
    readings = [
        None if rule is None else _Reading(primitive, i, kind)
        for i, rule in enumerate(primitive.functions or ())
    ]
    return _step(primitive, readings, kind, _NUMBERS), _step(primitive, readings, kind, _TENSORS)


class _Reading(Listener):
    """Writes down the operations of the rule for one input."""

    __slots__ = ("index", "kind", "names", "operations", "primitive", "share", "tensors", "uses")

    def __init__(self, primitive: Primitive, index: int, kind: Any) -> None:
        super().__init__()
        self.primitive, self.index, self.kind = primitive, index, kind
        self.names: dict[int, str] = {}
        self.tensors: dict[str, Tensor] = {}  # kept alive, so that no two have one identity
        self.operations: list[tuple[str, Primitive, Any, list[str]]] = []
        rule = primitive.rule(index)
        function = rule.function  # type: ignore[union-attr]  # an input without a rule is not read
        if function.__module__.partition(".")[0] != __name__.partition(".")[0]:
            raise _UnreadableError
        self.uses = () if rule.bare else tuple(range(len(primitive.rules)))  # type: ignore[union-attr, arg-type]
        inputs = [self._input(i, rule.keeps) for i in self.uses]  # type: ignore[union-attr]
        g, unknown = self._named("g"), Spec((), kind(0).dtype)
        with paused((self,)):
            if primitive.kind is Kind.ELEMENTWISE:
                y = self._named("y") if rule.keeps_output else unknown  # type: ignore[union-attr]
                share = apply(multiply, (g, conjugated(function(y, *inputs))))  # type: ignore[misc]
            else:
                share = function(g, *inputs)  # type: ignore[misc]
        if type(share) is not Tensor or type(share._value) is not kind:
            raise _UnreadableError
        self.share = self._name(share)

    def hear(self, primitive: Primitive, inputs: Any, params: Any, result: Any, outside: Any) -> None:
        if type(result) is not Tensor:
            raise _UnreadableError
        arguments = [self._name(x) for x in inputs]
        name = f"v{self.index}_{len(self.operations)}"
        self._named(name, result)
        self.operations.append((name, primitive, params, arguments))

    def hear_leave(self, holder: Any, how: str) -> None:
        raise _UnreadableError

    def hear_read(self, variable: Any, tensor: Tensor) -> None:
        raise _UnreadableError

    def _input(self, index: int, keeps: tuple[bool, ...] | bool) -> Any:
        """One input: a tensor, or its spec where its values are not kept."""
        kept = keeps if isinstance(keeps, bool) else keeps[index]
        return self._named(f"x{index}") if kept else Spec((), self.kind(0).dtype)

    def _named(self, name: str, tensor: Tensor | None = None) -> Tensor:
        tensor = Tensor(self.kind(0.5)) if tensor is None else tensor
        self.tensors[name] = tensor
        self.names[id(tensor)] = name
        return tensor

    def _name(self, tensor: Tensor) -> str:
        """The name of a tensor; one that no operation made is a constant of the rule."""
        if id(tensor) not in self.names:
            self._named(f"c{self.index}_{len(self.tensors)}", tensor)
        return self.names[id(tensor)]


class _Numbers:
    """How a step is written on NumPy numbers."""

    entry, output, total = "saved[{}]._value", "node.kept", "old + {}"
    is_kind, is_one, is_unit = "type({}) is kind", "type(old) is kind", "g is unit"

    def constant(self, tensor: Tensor) -> Any:
        return tensor._value

    def operation(
        self, primitive: Primitive, params: Any, name: str, arguments: list[str]
    ) -> tuple[str, Any]:
        value = partial(primitive.value, **params) if params else primitive.value
        return f"f_{name}({', '.join(arguments)})", value


class _Tensors:
    """How a step is written on tensors, which go through the door."""

    entry, output, total = "saved[{}]", "Tensor(node.kept, node)", "apply(add, (old, {}))"
    is_kind, is_one = "type({}._value) is kind", "type(old) is Tensor"
    is_unit = "g._value is unit and g._node is None"

    def constant(self, tensor: Tensor) -> Any:
        return tensor

    def operation(
        self, primitive: Primitive, params: Any, name: str, arguments: list[str]
    ) -> tuple[str, Any]:
        inputs = ", ".join(arguments) + ("," if len(arguments) == 1 else "")
        setting = f", params_{name}" if params else ""
        return f"apply(f_{name}, ({inputs}){setting})", primitive


_NUMBERS, _TENSORS = _Numbers(), _Tensors()


def _step(
    primitive: Primitive, readings: Sequence[_Reading | None], kind: Any, form: _Numbers | _Tensors
) -> Any:
    """The function that sends a cotangent to all inputs, made of what was read of their rules."""
    bound: dict[str, Any] = {
        "kind": kind,
        "MixedError": MixedError,
        "Tensor": Tensor,
        "apply": apply,
        "add": add,
    }
    bound |= {"join": join, "as_tensor": as_tensor, "unit": UNITS[kind]}
    real = kind(0).dtype.kind == "f"
    read = [reading for reading in readings if reading is not None]
    used = sorted({i for reading in read for i in reading.uses})
    lines = ["def step(cotangents, parents, g, node):"]
    lines += ["    saved = node.saved"] if used else []
    for i in used:
        lines += [f"    x{i} = {form.entry.format(i)}"]
        lines += [f"    if not ({form.is_kind.format(f'x{i}')}): raise MixedError"]
    lines += [f"    {', '.join(f'p{i}' for i in range(len(readings)))}, = parents"]
    lines += [
        f"    if p{i} is not None and p{i}.spec is not kind: raise MixedError"
        for i in range(len(readings))
        if i not in used
    ]
    for reading in read:
        p = f"p{reading.index}"
        lines += [f"    if {p} in cotangents:"]
        names = {name for *_, arguments in reading.operations for name in [*arguments, reading.share]}
        lines += [f"        y = {form.output}"] if "y" in names else []
        indent = "        "
        if primitive.commutes and reading.index and readings[0] is not None and reading.operations:
            lines += [f"        if {p} is p0: {reading.share} = {readings[0].share}", "        else:"]
            indent += "    "
        for name, operation, params, arguments in reading.operations:
            text, bound[f"f_{name}"] = form.operation(operation, params, name, arguments)
            bound[f"params_{name}"] = params
            if name == reading.share and operation is multiply and "g" in arguments and real:
                # One times anything is that; not so for complex numbers, where 1 + 0i times an infinity is NaN.
                other = arguments[0] if arguments[1] == "g" else arguments[1]
                text = f"{other} if {form.is_unit} else {text}"
            lines += [f"{indent}{name} = {text}"]
        bound |= {n: form.constant(tensor) for n, tensor in reading.tensors.items() if n.startswith("c")}
        share = reading.share
        lines += [
            f"        old = cotangents[{p}]",
            f"        if old is None: cotangents[{p}] = {share}",
            f"        elif {form.is_one}: cotangents[{p}] = {form.total.format(share)}",
            f"        else: cotangents[{p}] = join(as_tensor(old), as_tensor({share}))",
        ]
    exec(compile("\n".join(lines), __file__, "exec"), bound)
    return bound["step"]
