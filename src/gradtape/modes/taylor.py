"""Taylor mode: an accumulator's listener, which keeps a series for each result that varies along the curve.

How a result's coefficients follow from those of its inputs is told in `series.py`. A listener can be told of operations
as they happen (`hear`) or once more from what a record has kept of them (`hear_again`), which is how `tape.partials`
works.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..core.bundle import ITEM, attach_bundle, bundle_of
from ..core.listen import Listener, Node, leaf, listeners, paused
from ..core.primitive import Kind, Primitive
from ..core.spec import Spec, is_differentiable
from ..core.tensor import Tensor
from ..core.variable import Variable
from .reverse import output_of
from .series import Series, Solver, Total


class Taylor(Listener):
    """An accumulator's listener: keeps, for each result that varies along the curve, its series up to an order.

    Args:
        order: the highest coefficient.
        total: where the highest coefficient is a sum over directions: what sums them.
    """

    __slots__ = ("order", "total")

    differentiates = True
    forward = True

    def __init__(self, order: int, total: Total | None = None) -> None:
        super().__init__()
        self.order = order
        self.total = total

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
        streams = [self.series(x) for x in inputs]
        if all(stream is None for stream in streams):
            return
        found = self._solved(primitive, inputs, params, result, streams, outside)
        with paused(outside):  # coefficients may be looked up when those outside no longer listen
            for series in found if type(found) is tuple else (found,):
                if series is not None:
                    series[self.order]
        if type(found) is tuple:
            if any(series is not None for series in found):
                attach_bundle(self, bundle_of(result), result, found)
        elif found is not None:
            self.watch(result, found)

    def hear_again(self, record: Listener, nodes: Iterable[Node]) -> None:
        """Be told of operations that a record has kept, in the order in which they were recorded."""
        outside = listeners()
        for node in nodes:
            parents: Sequence[Node | None] = node.read(record.key)
            streams = [None if parent is None else self.series(parent) for parent in parents]
            if all(stream is None for stream in streams) or node.knows(self.key):
                continue
            if node.primitive is ITEM:
                found = streams[0][node.params["index"]]  # type: ignore[index]  # the note of a tuple is a tuple
            else:
                assert node.primitive is not None
                # Where nothing was kept the rules need no values, and a known input's node says its spec.
                inputs = node.saved or [parent or _ZERO for parent in parents]
                found = self._solved(node.primitive, inputs, node.params, output_of(node), streams, outside)
            if found is not None:
                self.attach(node, found)

    def _solved(
        self, primitive: Primitive, inputs: Sequence[Any], params: Any, y: Any, streams: Any, outside: Any
    ) -> Any:
        """The settled series of a result; None where it does not vary."""
        with paused(outside):
            solver = Solver(outside, self.total)
            found = solver.solve(primitive, inputs, params, y, streams)
            settled = [
                series if series is not None and series.settle(self.order) else None
                for series in (found if type(found) is tuple else (found,))
            ]
            solver.release()
        return tuple(settled) if type(found) is tuple else settled[0]

    def watch(self, primal: Tensor | Variable, series: Series) -> None:
        """Keep the series of a primal."""
        if is_differentiable(primal._value.dtype):
            if primal._node is None:
                primal._node = leaf(primal._value)
            self.attach(primal._node, series)

    def series(self, primal: Any) -> Any:
        """The series of a tensor, variable or node; None if it does not vary."""
        node = primal if isinstance(primal, Node) else primal._node
        return node.read(self.key) if node is not None and node.knows(self.key) else None


_ZERO = Spec((), np.dtype("float32"))
