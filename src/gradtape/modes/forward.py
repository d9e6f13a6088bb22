"""Forward mode: an accumulator's listener, which keeps a tangent for each result that depends on a primal.

A tangent may be `Masked`: entries of it are absent, not merely zero (`mask.py`). Who asks for it sees a plain tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from ..core.bundle import attach_bundle, bundle_of
from ..core.further_errors import NoDerivativeError
from ..core.listen import Listener, leaf, paused
from ..core.primitive import Kind, Masked, Primitive, Rule
from ..core.spec import Spec, is_differentiable
from ..core.tensor import Tensor, apply
from ..core.variable import Variable
from ..ops.constant import logical_and, logical_or
from ..ops.linear import add, broadcast_to, cast, negative, subtract
from .mask import Live, Tangent, counting, cut, join, live_of, plain, present, settled
from .reverse import transpose, zeros

Tangents = list[Tensor | None]


class Pusher(Listener):
    """Pushes tangents along with every operation, while those outside listen to the pushing."""

    __slots__ = ()

    differentiates = True
    forward = True

    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        if primitive.kind is Kind.CONSTANT:
            return
        key = self.key
        tangents = [
            node.read(key) if (node := x._node) is not None and node.knows(key) else None for x in inputs
        ]
        if not any(tangent is not None for tangent in tangents):
            return
        with paused(outside):
            found = push(primitive, inputs, params, result, tangents)
        if type(result) is tuple:
            if any(tangent is not None for tangent in found):
                attach_bundle(self, bundle_of(result), result, tuple(found))
        elif found is not None:
            self.watch(result, found)

    def watch(self, primal: Tensor | Variable, tangent: Tangent) -> None:
        """Keep the tangent of a primal."""
        value = primal._value
        if is_differentiable(value.dtype):
            if primal._node is None:
                primal._node = leaf(value)
            self.attach(primal._node, tangent)

    def tangent(self, tensor: Tensor | Variable) -> Tensor | None:
        """The tangent of a tensor, None if it has none; absent entries are zeros."""
        found = self.raw(tensor)
        return None if found is None else plain(found)

    def raw(self, tensor: Tensor | Variable) -> Tangent | None:
        """The tangent of a tensor with absent entries absent, None if it has none."""
        node = tensor._node
        return node.read(self.key) if node is not None and node.knows(self.key) else None


def push(
    primitive: Primitive, inputs: tuple[Tensor, ...], params: Any, y: Any, tangents: Sequence[Tangent | None]
) -> Any:
    """The tangent of a result, or a tuple of them, from those of the inputs. The five cases of forward mode."""
    rules, kind = primitive.rules, primitive.kind
    if type(rules) is tuple:
        tangents = [dx if rule is not None else None for dx, rule in zip(tangents, rules, strict=True)]
    moving = [i for i, dx in enumerate(tangents) if dx is not None]
    if not moving or kind is Kind.CONSTANT:
        return (None,) * len(y) if type(y) is tuple else None
    lives = None
    if Masked in [type(dx) for dx in tangents]:
        lives = [live_of(dx) for dx in tangents]
        tangents = [None if dx is None else plain(dx) for dx in tangents]
    if kind is Kind.LINEAR:
        dy: Tangent = linear_tangent(primitive, inputs, params, tangents)  # type: ignore[arg-type]  # plain ones
        if lives is not None or primitive.gaps:
            lives = lives or [live_of(dx) for dx in tangents]
            live = linear_live(primitive, inputs, params, y, lives)
            dy = dy if live is True else Masked(dy, live)  # type: ignore[arg-type]
        return output_like(dy, y)
    if kind is Kind.MULTILINEAR:
        terms = [
            apply(primitive, tuple([tangents[j] if j == i else x for j, x in enumerate(inputs)]), params)  # type: ignore[misc]
            for i in moving
        ]
    elif kind is Kind.ELEMENTWISE:
        terms = [rules[i].function(y, *inputs, **params) * tangents[i] for i in moving]  # type: ignore[index,union-attr,misc]
    elif type(rules) is Rule:
        return _joint(primitive, rules, inputs, params, y, tangents)  # type: ignore[arg-type]  # plain ones
    else:
        terms = [_tangent(primitive, rules[i], inputs, params, y, tangents[i], i) for i in moving]  # type: ignore[index,arg-type]
    if lives is not None:
        terms = [
            cut(term, carried(primitive, inputs, params, y, alone(lives, i)))
            for i, term in zip(moving, terms, strict=True)
        ]
    total = terms[0]
    for term in terms[1:]:
        total = join(total, term)
    return output_like(total, y)


def alone(lives: Sequence[Live], index: int) -> list[Live]:
    """One input's mask, for a term in which the others are themselves."""
    return [live if i == index else True for i, live in enumerate(lives)]


def carried(primitive: Primitive, inputs: Any, params: Any, y: Any, lives: Sequence[Live]) -> Live:
    """Which entries of a result depend on living entries of all these inputs together: `mask.reach` the other way."""
    masks = {i: live for i, live in enumerate(lives) if type(live) is Tensor}
    if not masks:
        return True
    if primitive.pointwise:
        return reduce(logical_and, masks.values())
    if primitive.reach is not None:
        reach = primitive.reach  # as linear operations, which transpose
        (index,) = masks
        count = counting(inputs[index], masks[index])
        found = transpose(lambda g: reach(g, *inputs, **params), [Spec(tuple(y.shape), count.dtype)], [count])
        return present(found[0])  # type: ignore[arg-type]  # it depends on its argument
    if not primitive.structural:
        return True
    arguments = tuple(
        [counting(x, lives[i]) if primitive.rule(i) is not None else x for i, x in enumerate(inputs)]
    )
    return present(apply(primitive, arguments, params))


def joint_live(primitive: Primitive, inputs: Any, params: Any, y: Any, lives: Sequence[Live]) -> Live:
    """Which entries of the result of another row are alive: those that any input alone brings to life."""
    if any(live is True for live in lives):
        return True
    found = [
        carried(primitive, inputs, params, y, alone(lives, i))
        for i, live in enumerate(lives)
        if live is not False
    ]
    return True if any(live is True for live in found) else settled(reduce(logical_or, found), y)  # type: ignore[arg-type]


def linear_live(primitive: Primitive, inputs: Any, params: Any, y: Any, lives: Sequence[Live]) -> Live:
    """Which entries of the result of a LINEAR row are alive; `lives` has False for inputs that do not move."""
    varying = [i for i in range(len(inputs)) if primitive.rule(i) is not None]
    moving = [lives[i] for i in varying if lives[i] is not False]
    begun = primitive.gaps and (len(varying) == 1 or len(moving) < len(varying))
    if primitive.pointwise and not primitive.gaps:
        return True if any(live is True for live in moving) else settled(reduce(logical_or, moving), y)  # type: ignore[arg-type]
    if not primitive.structural or not (begun or any(type(live) is Tensor for live in moving)):
        return True
    arguments = tuple([counting(x, lives[i]) if i in varying else x for i, x in enumerate(inputs)])
    return settled(present(apply(primitive, arguments, params)), y)


def linear_tangent(
    primitive: Primitive, inputs: Any, params: Any, tangents: Sequence[Tensor | None]
) -> Tensor:
    """The operation itself on the tangents, with zeros for inputs that do not move.

    A sum or difference with a part that does not move is the other part; `output_like` broadcasts it.
    """
    if primitive is add or primitive is subtract:
        left, right = tangents
        if right is None:
            return left  # type: ignore[return-value]  # one of them moves
        if left is None:
            return right if primitive is add else apply(negative, (right,))
    arguments = []
    for i, (x, dx) in enumerate(zip(inputs, tangents, strict=True)):
        varies = primitive.rule(i) is not None
        arguments.append(dx if dx is not None else zeros(x) if varies else x)
    return apply(primitive, tuple(arguments), params)  # type: ignore[no-any-return]


def _tangent(primitive: Primitive, rule: Rule, inputs: Any, params: Any, y: Any, dx: Any, index: int) -> Any:
    """The tangent of a TANGENT primitive in one input: its own rule, or its pull transposed."""
    if rule.tangent is not None:
        return rule.tangent(dx, y, *inputs, **params)
    if rule.function is None:
        raise NoDerivativeError(f"gradient registry has no entry for: {primitive.name}")
    pull = rule.function
    found = transpose(lambda g: pull(g, y, *inputs, **params), [y], [dx])[0]
    return zeros(y) if found is None else found


def _joint(primitive: Primitive, rule: Rule, inputs: Any, params: Any, y: Any, tangents: Tangents) -> Any:
    """The tangents of all outputs of a TANGENT primitive with one joint rule."""
    several = type(y) is tuple
    if rule.tangent is not None:
        found = rule.tangent(tangents, y, *inputs, **params)
        found = found if several else (found,)
    else:
        pull = rule.function
        if pull is None:
            raise NoDerivativeError(f"gradient registry has no entry for: {primitive.name}")

        def shares(*g: Tensor) -> Any:
            return pull(g if several else g[0], y, *inputs, **params)

        found = transpose(shares, list(y) if several else [y], tangents)
    outputs = y if several else (y,)
    result = tuple(
        None if dy is None else output_like(dy, part) for dy, part in zip(found, outputs, strict=True)
    )
    return result if several else result[0]


def output_like(dy: Any, y: Any) -> Any:
    """Bring a tangent to the shape and dtype of its result, a tensor or a spec."""
    shape, dtype = (y._value.shape, y._value.dtype) if type(y) is Tensor else (tuple(y.shape), y.dtype)
    if type(dy) is Masked:
        live = dy.live if dy.live._value.shape == shape else broadcast_to(dy.live, shape=shape)
        return Masked(output_like(dy.value, y), live)
    if dy._value.shape != shape:
        dy = broadcast_to(dy, shape=shape)
    return dy if dy._value.dtype == dtype else cast(dy, dtype=dtype)
