"""Operations with several outputs: one node for the tuple of them, and one for each.

The tuple's node carries the operation; an output's node only says which entry of which tuple it is. So everything
that walks over nodes deals with one value per node, and outputs may die one by one.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

from .listen import Listener, Node
from .primitive import Kind, Primitive
from .spec import is_differentiable
from .tensor import Tensor

ITEM = Primitive("item", Kind.LINEAR, lambda values, *, index: values[index], None, ())


def bundle_of(outputs: tuple[Tensor, ...]) -> Node:
    """The node of the tuple of these outputs; made, with nodes for the differentiable outputs, where there is none."""
    for output in outputs:
        if output._node is not None and output._node.operation is not None:
            return output._node.operation[2]  # type: ignore[no-any-return]
    shapes = tuple(output._value.shape for output in outputs)
    dtypes = tuple(output._value.dtype for output in outputs)
    bundle = Node(None, shapes, dtypes, None, None)
    bundle.items = [ref(bundle)] * len(outputs)
    for index, output in enumerate(outputs):
        if is_differentiable(dtypes[index]):
            output._node = _item(bundle, index)
    return bundle


def attach_bundle(listener: Listener, bundle: Node, outputs: tuple[Tensor, ...], note: Any) -> None:
    """Leave a listener's note on the tuple and on each output."""
    listener.attach(bundle, note)
    for index, output in enumerate(outputs):
        node = output._node
        if node is not None:
            share = note[index] if listener.forward else (bundle,)
            if share is not None:
                listener.attach(node, share)


def item_tensor(bundle: Node, index: int, value: Any) -> Tensor:
    """An output as a tensor again, with its node, which is made anew if every user of it has gone."""
    if not is_differentiable(value.dtype):
        return Tensor(value)
    assert bundle.items is not None
    node = bundle.items[index]()
    if node is None or node is bundle:
        node = _item(bundle, index)
        for key, note in bundle.notes():
            listener = key.listener()
            share = note[index] if key.forward else (bundle,)
            if listener is not None and share is not None:
                listener.attach(node, share)
    return Tensor(value, node)


def _item(bundle: Node, index: int) -> Node:
    node = Node((ITEM, {"index": index}, bundle, None, 1), bundle.shape[index], bundle.dtype[index], None, None)
    assert bundle.items is not None
    bundle.items[index] = ref(node)
    return node
