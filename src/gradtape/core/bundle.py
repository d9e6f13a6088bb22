"""Operations with several outputs: one node for the tuple of them, and one for each.

The tuple's node carries the operation; an output's node only says which entry of which tuple it is. So everything
that walks over nodes deals with one value per node, and outputs may die one by one.
"""

from __future__ import annotations

from typing import Any
from weakref import ReferenceType, ref

from .listen import Listener, Node, spec_of
from .primitive import Kind, Primitive
from .spec import is_differentiable
from .tensor import Tensor

ITEM = Primitive("item", Kind.LINEAR, lambda values, *, index: values[index], None, ())


class Bundle(Node):
    """The node of a tuple of outputs: `spec` is the tuple of their specs, `items` refers weakly to their nodes."""

    __slots__ = ("items",)

    def __init__(self, outputs: tuple[Tensor, ...]) -> None:
        super().__init__(
            None, None, None, None, tuple([spec_of(output._value) for output in outputs]), None, None
        )
        self.items: list[ReferenceType[Node] | None] = [None] * len(outputs)

    def item(self, index: int) -> Node:
        """A new node for one output."""
        node = Node(ITEM, {"index": index}, self, None, self.spec[index], None, None)
        self.items[index] = ref(node)
        return node


def bundle_of(outputs: tuple[Tensor, ...]) -> Bundle:
    """The node of the tuple of these outputs; made, with nodes for the differentiable outputs, where there is none."""
    for output in outputs:
        if output._node is not None and output._node.primitive is ITEM:
            return output._node.saved  # type: ignore[no-any-return]
    bundle = Bundle(outputs)
    for index, output in enumerate(outputs):
        if is_differentiable(output._value.dtype):
            output._node = bundle.item(index)
    return bundle


def attach_bundle(listener: Listener, bundle: Bundle, outputs: tuple[Tensor, ...], note: Any) -> None:
    """Leave a listener's note on the tuple and on each output."""
    listener.attach(bundle, note)
    for index, output in enumerate(outputs):
        node = output._node
        if node is not None:
            share = note[index] if listener.forward else (bundle,)
            if share is not None:
                listener.attach(node, share)


def item_tensor(bundle: Bundle, index: int, value: Any) -> Tensor:
    """An output as a tensor again, with its node, which is made anew if every user of it has gone."""
    if not is_differentiable(value.dtype):
        return Tensor(value)
    known = bundle.items[index]
    node = known() if known is not None else None
    if node is None:
        node = bundle.item(index)
        for key, note in bundle.notes():
            listener = key.listener()
            share = note[index] if key.forward else (bundle,)
            if listener is not None and share is not None:
                listener.attach(node, share)
    return Tensor(value, node)
