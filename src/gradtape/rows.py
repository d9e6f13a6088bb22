"""Whether the rows of a recorded batch stay apart.

First operation by operation: does row i of the result depend on row i alone (`modes/rows.py`)? That is a
question about the first axis. Where an operation does not keep rows apart there (it may keep them along another axis,
as derivatives computed for several directions at once do), the derivatives themselves are asked: if rows are apart, the
coefficient of order k scales with the k-th power of a factor that each row's own direction is multiplied with. Factors
are powers of two, which scale exactly in floating point, so the answer needs no tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from .core.bundle import ITEM
from .core.errors import DtypeError, ShapeError
from .core.further_errors import InteractingRowsError
from .core.listen import Node, paused
from .core.primitive import Primitive
from .core.recording import user_line
from .core.spec import is_differentiable
from .core.tensor import Tensor
from .modes.record import Record
from .modes.rows import inputs_along
from .modes.series import given
from .modes.taylor import Taylor


class PlacedRecord(Record):
    """A record that remembers for each operation the line of the user's program: "file:line" by node."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        super().__init__()
        self.places: WeakKeyDictionary[Node, str] = WeakKeyDictionary()

    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        super().hear(primitive, inputs, params, result, outside)
        node = (result[0] if type(result) is tuple else result)._node
        if node is not None and node.knows(self.key) and node not in self.places:
            self.places[node] = user_line()


def check_sources(sources: Mapping[str, Any]) -> None:
    """Refuse sources of partials that are no scalars or columns of one batch.

    Raises:
        ValueError: for a matrix, or columns of different batches.
        TypeError: for a dtype that has no derivatives.
    """
    rows = {}
    for name, source in sources.items():
        shape = tuple(source._value.shape)
        if not (len(shape) < 2 or (len(shape) == 2 and shape[1] == 1)):
            raise ShapeError(
                f"partials: the source {name!r} has shape {shape}, and a source is a scalar, a vector (n,) or a column "
                "(n, 1). Make the columns of a matrix variables of their own and put them together with gt.concat, or "
                "ask for tape.jacobian"
            )
        if not is_differentiable(source.dtype):
            raise DtypeError(
                f"partials: the source {name!r} is of dtype {source.dtype.name}, which has no derivatives"
            )
        if shape:
            rows[name] = shape[0]
    if len(set(rows.values())) > 1:
        raise ShapeError(f"partials: the sources are columns of different batches, of sizes {rows}")


def refuse_mixed_rows(
    operator: str, record: Record, path: Sequence[Node], sources: Mapping[str, Any], order: int
) -> None:
    """Refuse a record in which a row of a result depends on another row of a source.

    Args:
        operator: who asks, for the message.
        record: what was recorded.
        path: its nodes up to the target, in order.
        sources: tensors and variables by name; those of rank 0 are shared by all rows and may go anywhere.
        order: up to which derivatives are asked for.

    Raises:
        ValueError: that names the operation which mixes rows.
    """
    size = next((s._value.shape[0] for s in sources.values() if s._value.ndim), 1)
    if size == 1:
        return
    carrying = {s._node for s in sources.values() if s._value.ndim}
    for node in path:
        parents = node.read(record.key)
        carries = [parent is not None and parent in carrying for parent in parents]
        if not any(carries):
            continue
        carrying.add(node)
        if node.primitive is ITEM:
            continue
        assert node.primitive is not None
        flags = inputs_along(node, parents)
        if flags is None or any(c and not along for c, along in zip(carries, flags, strict=True)):
            if _scales(record, path, list(sources.values()), size, order):
                return
            inputs = [parent or x for parent, x in zip(parents, node.saved or parents, strict=True)]
            given = ", ".join("..." if x is None else f"{x.dtype.name}{list(x.shape)}" for x in inputs)
            place = record.places.get(node) if isinstance(record, PlacedRecord) else None
            where = f" at {place}" if place else ""
            raise InteractingRowsError(
                f"{operator}: rows of the batch interact in {node.primitive.name}({given}){where}, so a row depends "
                "on other rows' coordinates. Take reductions over the batch out of the function; or ask gt.partials "
                "with total=True for the derivative along all rows moving together, or tape.jacobian for everything"
            )


def _scales(record: Record, path: Sequence[Node], sources: Sequence[Any], size: int, order: int) -> bool:
    """Whether coefficients up to an order scale row by row with the direction's own rows."""
    # Any two rows differ in a digit of their numbers, and so in their factors in one of the probes.
    base = 1 + min(7, max(1, np.finfo(sources[0].dtype).maxexp // (2 * order)))
    digits = range(max(1, math.ceil(math.log(size, base) - 1e-9)))
    return all(
        _scales_by(record, path, sources, 2.0 ** (np.arange(size) // base**d % base), order) for d in digits
    )


def _scales_by(
    record: Record, path: Sequence[Node], sources: Sequence[Any], factors: Any, order: int
) -> bool:
    """Whether coefficients scale with these factors of the rows."""
    size = len(factors)

    def series(scale: Any) -> Any:
        listener = Taylor(order)
        for source in sources:
            value = source._value
            rows = scale.reshape(-1, *(1,) * (value.ndim - 1)) if value.ndim else np.ones(())
            seed = Tensor((np.ones_like(value) * rows).astype(value.dtype)[()])
            listener.watch(source, given(Tensor(value, source._node), [seed]))
        with paused():
            listener.hear_again(record, path)
        return listener.series(path[-1])

    plain, moved = series(np.ones(size)), series(factors)
    if plain is None or moved is None:
        return plain is moved
    for k in range(1, order + 1):
        one, other = plain[k], moved[k]
        if one is None or other is None or one._value.shape[:1] != (size,):
            if one is not other:
                return False
            continue
        scaled = one._value * (factors**k).reshape(-1, *(1,) * (one.ndim - 1)).astype(one.dtype)
        if not np.array_equal(scaled, other._value, equal_nan=True):
            return False
    return True
