"""Operations with several outputs: one node for the tuple of them, and one for each.

The tuple's node carries the operation; an output's node only says which entry of which tuple it is. So everything
that walks over nodes deals with one value per node, and outputs may die one by one.
"""

from __future__ import annotations

from typing import Any
from weakref import ReferenceType, ref

import numpy as np

from .listen import Listener, Node, spec_of
from .primitive import Kind, Primitive
from .spec import DType, is_differentiable
from .tensor import Tensor

ITEM = Primitive("item", Kind.LINEAR, lambda values, *, index: values[index], None, ())


class Bundle(Node):
    """The node of a tuple of outputs: `spec` is the tuple of their specs, `items` refers weakly to their nodes."""

    __slots__ = ("items",)

    items: list[ReferenceType[Node] | None]

    @property
    def shape(self) -> tuple[int, ...]:
        """None: each output has its own."""
        return ()

    @property
    def dtype(self) -> DType:
        """That of no number: each output has its own."""
        return np.dtype(np.void)

    def alive(self) -> list[Node]:
        """The nodes of the outputs that are still there."""
        return [node for known in self.items if known is not None and (node := known()) is not None]

    def item(self, index: int) -> Node:
        """A new node for one output."""
        node = Node.made(ITEM, {"index": index}, self, None, self.spec[index])
        self.items[index] = ref(node)
        return node


def bundle_of(outputs: tuple[Tensor, ...]) -> Bundle:
    """The node of the tuple of these outputs; made, with a node for each output, where there is none."""
    for output in outputs:
        if output._node is not None and output._node.primitive is ITEM:
            return output._node.saved  # type: ignore[no-any-return]
    bundle = Bundle.made(None, None, None, None, tuple([spec_of(output._value) for output in outputs]))
    bundle.items = [None] * len(outputs)
    for index, output in enumerate(outputs):
        output._node = bundle.item(index)
    return bundle


def attach_bundle(listener: Listener, bundle: Bundle, outputs: tuple[Tensor, ...], note: Any) -> None:
    """Leave a listener's note on the tuple and on each output."""
    listener.attach(bundle, note)
    for index, output in enumerate(outputs):
        share = _share(listener.forward, bundle, note, index)
        if share is not None and output._node is not None:
            listener.attach(output._node, share)


def _share(forward: bool, bundle: Bundle, note: Any, index: int) -> Any:
    """A listener's note on one output: its part of the tuple's, or for a tape that the tuple is its parent."""
    if forward:
        return note[index]
    spec = bundle.spec[index]
    dtype = spec[1] if type(spec) is tuple else np.dtype(spec)
    return (bundle,) if is_differentiable(dtype) else None


def item_tensor(bundle: Bundle, index: int, value: Any) -> Tensor:
    """An output as a tensor again, with its node, which is made anew if every user of it has gone."""
    known = bundle.items[index]
    node = known() if known is not None else None
    if node is None:
        node = bundle.item(index)
        for key, note in bundle.notes():
            listener = key()
            share = _share(key.forward, bundle, note, index)
            if listener is not None and share is not None:
                listener.attach(node, share)
    return Tensor(value, node)
