"""Batch mode: a listener that computes many examples at once beside the one that the program runs on.

The program sees the first example. Of each operation that the listener is told of, it computes the results of all
examples: its note on a node is a tensor with one more axis in front, and no note means that all examples agree. Where
the other modes ask a row's kind, this one asks how the row reads with one more axis (`core/lead.py`):

| what the row says          | what is computed                                                       |
|----------------------------|------------------------------------------------------------------------|
| its leading axes broadcast | itself on the notes, axes of size one between where ranks differ       |
| parameters count axes      | itself on the notes, axes counted one further                          |
| a form of its own          | that: a letter more in `einsum`, one large product in `matmul`         |
| its rule closes over one   | itself, with the rule run for all examples once it is asked            |
| nothing                    | itself on one example after the other, and a stack                     |

What is computed is heard by the listeners outside, so tapes, accumulators and batches mix in any order. Constant rows
and tensors of every dtype take part: indices and conditions may differ between examples as numbers may.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from ..core import errors
from ..core.bundle import attach_bundle, bundle_of
from ..core.lead import CLOSED, Flags, carried, reshaped
from ..core.listen import Listener, leaf, listeners, paused, tell_draw
from ..core.primitive import Kind, Primitive, Rule
from ..core.spec import Spec
from ..core.tensor import Tensor, apply
from ..ops.linear import getitem, sum_


class Batch(Listener):
    """Computes the results of all examples, while those outside listen to the computing.

    Args:
        size: how many examples there are.
        followed: the one that the program sees.
    """

    __slots__ = ("followed", "seeded", "size")

    forward = True
    stands = True

    def __init__(self, size: int, followed: int = 0) -> None:
        super().__init__()
        self.size, self.followed = size, followed
        self.seeded: list[Any] = []

    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        key = self.key
        xs, carries = list(inputs), [False] * len(inputs)
        for i, x in enumerate(inputs):
            node = x._node
            if node is not None and node.knows(key):
                xs[i], carries[i] = node.read(key), True
        if True not in carries:
            return
        with paused(outside):
            if primitive.lead is CLOSED:
                found = _closed(self, primitive, xs, carries)
            else:
                found = primitive.lead.whole(primitive, xs, tuple(carries), params)
        if type(result) is tuple:
            attach_bundle(self, bundle_of(result), result, found)
        else:
            self.watch(result, found)

    def hear_leave(self, holder: Any, how: Any) -> None:
        """A question that all examples answer alike is answered; a value that differs cannot leave."""
        node = holder._node
        if node is not None and node.knows(self.key):
            if not callable(how):
                self._refuse(holder, how)
            self._ask_all(node.read(self.key), how, holder)

    def hear_leave_each(self, whole: Tensor, how: Any) -> None:
        node = whole._node
        if node is not None and node.knows(self.key):
            every = node.read(self.key)
            with paused(self._outside()):
                every = reshaped(every, (self.size * len(whole._value), *whole._value.shape[1:]))
            self._ask_all(every, how, whole)

    def _ask_all(self, every: Tensor, how: Any, holder: Any) -> None:
        """Let all examples answer, and those outside know that they do so alike."""
        first, *answers = [how(value) for value in every._value]
        if any(answer != first for answer in answers):
            self._refuse(holder, "a decision between two ways")
        for listener in self._outside():
            listener.hear_leave_each(every, how)

    def _outside(self) -> tuple[Listener, ...]:
        active = listeners()
        return active[: active.index(self)]

    def _refuse(self, holder: Any, how: str) -> NoReturn:
        raise errors.BatchedValueError(
            f"a tensor of shape {tuple(holder._value.shape)} differs between the {self.size} examples of a batch: "
            f"it has no single value to give to Python or NumPy ({how}). Choose by value with gt.where, keep the "
            "value a tensor, or run one example after the other: gt.map_fn, jacobian(experimental_use_pfor=False)"
        )

    def hear_write(self, variable: Any, tensor: Tensor | None, given: Tensor | None = None) -> None:
        if tensor is not None:
            self.hear_leave(tensor, f"an assignment to {variable.name}")

    def hear_seed(self, source: Any) -> None:
        self.seeded.append(source)  # each example would make it, and draw the same

    def hear_draw(self, tensor: Tensor, source: Any, draw: Any) -> None:
        """Every example draws numbers of its own."""
        if any(source is known for known in self.seeded):
            return

        again = draw.func.times(draw, self.size)
        drawn = [draw() for _ in range(self.size - 1)]
        drawn.insert(self.followed, tensor._value)
        whole = Tensor(np.stack(drawn))
        tell_draw(self._outside(), whole, source, again)
        self.watch(tensor, whole)

    def watch(self, example: Tensor, whole: Tensor) -> None:
        """Let a tensor stand for all examples."""
        if example._node is None:
            example._node = leaf(example._value)
        self.attach(example._node, whole)

    def first(self, whole: Tensor) -> Tensor:
        """A tensor that stands for all examples and has the value of the one that is followed."""
        example = Tensor(whole._value[self.followed])
        self.watch(example, whole)
        return example

    def whole(self, tensor: Tensor) -> Tensor:
        """The results of all examples, with one more axis in front."""
        node = tensor._node
        if node is not None and node.knows(self.key):
            return node.read(self.key)  # type: ignore[no-any-return]
        return carried(tensor, self.size)


def mapped(function: Callable[..., Sequence[Any]], wholes: Sequence[Tensor]) -> list[Tensor | None]:
    """A function of some tensors for all examples at once; None stays None.

    Args:
        function: takes one example of each tensor and returns a sequence of tensors and None.
        wholes: tensors with the examples along the first axis, at least one.
    """
    size = wholes[0]._value.shape[0]
    if size == 1:
        found = function(*[getitem(x, index=(0,)) for x in wholes])
        return [None if y is None else reshaped(y, (1, *y._value.shape)) for y in found]
    batch = Batch(size)
    examples = [batch.first(x) for x in wholes]
    with paused((*listeners(), batch)):
        found = function(*examples)
    return [None if y is None else batch.whole(y) for y in found]


def keeps_rows(
    primitive: Primitive, specs: Sequence[Spec], carries: Sequence[bool], params: dict[str, Any]
) -> bool:
    """Whether row i of the result depends on row i alone of each input that carries; rows lie along the first axis.

    It does exactly if the operation is the reading, with one more axis in front, of an operation on one row.

    >>> import numpy as np
    >>> from gradtape.core.spec import Spec
    >>> from gradtape.ops.contraction import matrix_product
    >>> x, w = Spec((5, 3), np.dtype(float)), Spec((3, 4), np.dtype(float))
    >>> [keeps_rows(matrix_product, (x, w), carries, {}) for carries in ((True, False), (False, True))]
    [True, False]
    """
    along = primitive.lead.along(specs, params)
    return along is not None and all(a or not c for a, c in zip(along, carries, strict=True))


def _closed(batch: Batch, primitive: Primitive, xs: list[Tensor], carries: list[bool]) -> Any:
    """An operation with a rule made for this call, whose last inputs are its outputs (`custom.py`).

    The rule closes over tensors that stand for all examples in this batch; so it is run on one cotangent that does,
    and what arrives at an input that all examples share is added up.
    """
    rule = primitive.rules
    assert isinstance(rule, Rule)
    assert rule.function is not None
    function, size = rule.function, batch.size
    outputs = primitive.value(*xs)
    several = type(outputs) is tuple
    count = len(outputs) if several else 1
    xs[-count:] = [x if c else carried(x, size) for x, c in zip(xs[-count:], carries[-count:], strict=True)]

    def pull(g: Any, _y: Any, *_xs: Any) -> list[Any]:
        active = listeners()
        with paused(active if batch in active else (*active, batch)):
            seeds = tuple([batch.first(part) for part in g]) if several else batch.first(g)
            shares = function(seeds, None, *[None] * len(xs))
        wholes = [None if share is None else batch.whole(share) for share in shares]
        return [
            share if share is None or c else sum_(share, axis=(0,), keepdims=False)
            for share, c in zip(wholes, carries, strict=True)
        ]

    row = Primitive(
        primitive.name, Kind.TANGENT, primitive.value, None, Rule(pull, rule.tangent), lead=CLOSED
    )
    return apply(row, tuple(xs))


__all__ = ["Batch", "Flags", "keeps_rows", "mapped"]
