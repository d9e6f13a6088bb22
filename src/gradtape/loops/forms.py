"""What the derivatives of loops are made of: one turn being recorded, and the forms in which derivatives go along.

Absent entries (`modes/mask.py`) stay absent from turn to turn: `Form` says of each value that goes along whether it is
there, and whether it has a mask. What a body makes of these forms may need wider ones, so it is read until they hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np

from ..backends.passes import merged
from ..backends.periods import row_of
from ..core.graph import Graph
from ..core.listen import listeners
from ..core.loop import Loop, is_same
from ..core.primitive import Masked
from ..core.recording import Recording, Source
from ..core.spec import Spec
from ..core.tensor import Tensor, apply
from ..modes.forward import output_like
from ..modes.mask import plain
from ..modes.reverse import zeros
from ..ops.linear import cast, identity

Tensors = Sequence[Tensor]


class Form(Enum):
    """How a tangent or cotangent goes along: not at all, whole, or with a mask of what is alive."""

    NONE = 0
    PLAIN = 1
    MASKED = 2


def form_of(x: Any) -> Form:
    """The form of a tangent or cotangent."""
    return Form.NONE if x is None else Form.MASKED if type(x) is Masked else Form.PLAIN


def wider(a: Form, b: Form) -> Form:
    """The form that serves for both."""
    return a if a is b else Form.MASKED


def written(x: Any, form: Form, like: Any) -> list[Tensor]:
    """A tangent or cotangent as the tensors of a form that is no narrower than its own."""
    if form is Form.NONE:
        return []
    value = zeros(like) if x is None else output_like(plain(x), like)
    if form is Form.PLAIN:
        return [value]
    live = x.live if type(x) is Masked else Tensor(np.full(tuple(like.shape), x is not None)[()])
    return [value, live]


def counted(x: Any, form: Form, like: Any) -> list[Tensor]:
    """A tangent or cotangent that is summed over turns: with a mask, which becomes the number of turns alive."""
    tensors = written(x, form, like)
    return [tensors[0], cast(tensors[1], dtype=np.dtype("int32"))] if form is Form.MASKED else tensors


def read(form: Form, tensors: Iterator[Tensor]) -> Any:
    """A tangent or cotangent from its tensors."""
    if form is Form.NONE:
        return None
    value = next(tensors)
    return value if form is Form.PLAIN else Masked(value, next(tensors))


def with_states(loop: Loop) -> Loop:
    """The loop that also stacks the states before its turns, behind its other outputs."""
    body = loop.body
    outputs = (*body.outputs, *body.inputs[: loop.carried])
    return replace(loop, body=replace(body, outputs=outputs), known={})


def with_entries(loop: Loop, fixed: list[Tensor]) -> tuple[Loop, list[Tensor]]:
    """The loop that is given the entries of what is fixed, where it reads entries by number, and what is fixed then.

    So that loops and choices in a Python loop, which reads another entry in each turn, are written in the same way.
    """
    body = loop.body
    state, held, sliced = loop.parts(body.inputs)
    outside = dict(zip(held, fixed, strict=True))
    rest = []
    for operation in body.operations:
        if row_of(operation) is None or operation.inputs[0] not in outside:
            rest.append(operation)
        else:
            whole = outside[operation.inputs[0]]
            outside[operation.outputs[0]] = apply(operation.primitive, (whole,), dict(operation.params))
    if len(rest) == len(body.operations):
        return loop, fixed
    used = {i for operation in rest for i in operation.inputs}.union(body.outputs)
    kept = [index for index in outside if index in used]
    body = replace(body, inputs=(*state, *kept, *sliced), operations=tuple(rest))
    return replace(loop, body=body, known={}), [outside[index] for index in kept]


def known(loop: Loop) -> Loop:
    """The loop that a recording has and that is written in the same way, with all that was derived of it; else this."""
    for listener in listeners():
        if isinstance(listener, Recording):
            body = loop.body
            loops = listener.kept.setdefault(("loops", len(body), len(body.specs), len(body.inputs)), [])
            for other in loops:
                if is_same(loop, other):
                    return other  # type: ignore[no-any-return]
            loops.append(loop)
            return loop
    return loop


class Turn:
    """One turn being recorded: tensors enter in the order of the new body's inputs."""

    def __init__(self) -> None:
        self.recording = Recording()

    def enter(self, value: Any) -> Tensor:
        """An input with this value while recording."""
        tensor = Tensor(value)
        self.recording.enter(tensor, Source(argument=len(self.recording.sources)))
        return tensor

    def enter_form(self, form: Form, spec: Any) -> Any:
        """A tangent or cotangent of a form."""
        if form is Form.NONE:
            return None
        value = self.enter(np.zeros(tuple(spec.shape), spec.dtype)[()])
        if form is Form.PLAIN:
            return value
        return Masked(value, self.enter(np.ones(tuple(spec.shape), bool)[()]))

    def enter_loop(
        self, loop: Loop, forms: Any, specs: Any, state: Any, fixed: Any, sliced: Any
    ) -> tuple[list[Any], list[Tensor]]:
        """Enter tangents or cotangents, of forms and specs in the three groups of a loop, and what the body takes.

        Returns:
            the former, and the inputs of the body, each as a tensor of its own.
        """
        along = [self.enter_form(f, s) for f, s in zip(forms[0], specs[0], strict=True)]
        same = [self.enter(x._value) for x in fixed]
        along += [self.enter_form(f, s) for f, s in zip(forms[1], specs[1], strict=True)]
        if loop.gate:
            self.enter(np.bool_(True))
        before = [self.enter(x._value) for x in state]
        slices = [self.enter(value) for value in firsts([x._value for x in sliced], loop)]
        along += [self.enter_form(f, s) for f, s in zip(forms[2], specs[2], strict=True)]
        return along, [apply(identity, (x,)) for x in (*before, *same, *slices)]

    def graph(self, results: Sequence[Tensor]) -> Graph | None:
        """The new body; None if a rule decides by values."""
        if self.recording.guards:
            return None
        return merged(self.recording.recorded(list(results)).graph)


@dataclass(frozen=True, eq=False, slots=True)
class Derived:
    """A loop read under a mode, and the forms of what goes in and comes out of it."""

    loop: Loop
    state: tuple[Form, ...]
    results: tuple[Form, ...]


def specs_of(loop: Loop, places: Sequence[int]) -> list[Spec]:
    """The specs of values of a body."""
    return [loop.body.specs[i] for i in places]


def firsts(values: Sequence[Any], loop: Loop) -> list[Any]:
    """An entry of each sliced value, to record a turn with."""
    place = loop.order()[0]
    return [x[place] for x in values]
