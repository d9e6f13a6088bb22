"""The record of a tape that was made with `lines=True`: beside each result, the expression that it stands at.

A place is noted with the instruction, from which the line is read later, and with a digest of the value, which the
rules may not have wanted to keep. Both go when the result goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType
from typing import Any

from ..core.listen import Node
from ..core.primitive import Primitive
from ..core.tensor import Tensor
from ..modes.record import Record
from .digest import digest
from .places import STEPS, trail


@dataclass(frozen=True, slots=True)
class Noted:
    """Where a result was made: code and instruction of the user's, and its value in short.

    `key` is the number of the expression and of the way from it to the operation.
    """

    code: CodeType
    instruction: int
    key: int
    derived: bool
    value: Any


class LinedRecord(Record):
    """A record that knows lines; `noted` has them by the serial number of a node."""

    __slots__ = ("_keys", "_step", "_under", "noted")

    walks = True

    def __init__(self, watch_accessed: bool = False, explains: bool = False) -> None:
        super().__init__(watch_accessed, explains)
        self.noted: dict[int, Noted] = {}
        self._keys: dict[tuple[Any, ...], int] = {}
        self._under = 0
        self._step = 0

    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        super().hear(primitive, inputs, params, result, outside)
        outputs = result if type(result) is tuple else (result,)
        if not any(self.knows(y) for y in outputs):
            return
        way = trail()
        key: tuple[Any, ...] = (primitive.name, way.key)
        if way.derived:  # an operation of a rule is told from others by its order in the rule
            self._step = min(self._step + 1, STEPS)
            key = (*key, self._under, self._step)
        number = self._keys.setdefault(key, len(self._keys) + 1)
        for y in outputs:
            if self.knows(y):
                noted = Noted(way.frame.f_code, way.frame.f_lasti, number, way.derived, digest(y._value))
                self.noted[y._node.serial] = noted

    def hear_cotangent(self, node: Node, cotangent: Any) -> None:
        noted = self.noted.get(node.serial)
        if noted is not None:
            self._under, self._step = noted.key, 0

    def _forget_dead(self) -> None:
        super()._forget_dead()
        alive = {node.serial for reference in self.nodes if (node := reference()) is not None}
        self.noted = {serial: noted for serial, noted in self.noted.items() if serial in alive}
