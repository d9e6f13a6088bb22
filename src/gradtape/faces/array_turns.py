"""How a `TensorArray` goes through the turns of a `while_loop` that becomes one operation of a recording.

In a turn an array is a `TurnArray`. It notes what is written, the place and the value, and these two become outputs of
the turn, which the loop stacks. Behind the loop the values are put at their places, all at once; so the loop's state
does not grow with the array, and its derivative is that of reading rows. Places count from one: a turn that is not done
stacks zeros, which go into a row that is cut off.

Reading what the loop itself has written, or whatever else needs an entry by its number, asks for the number's value as
Python does. That tells the recording that the turns differ, and the loop goes on turn by turn.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.errors import DtypeError
from ..core.spec import int64
from ..core.tensor import Tensor, as_tensor
from ..ops import arranging, linear
from ..ops.constant import astype
from ..ops.selection import replaced
from .tensor_array import TensorArray

Note = tuple[Tensor, Tensor]
"""A place, counted from one, and what is written there."""


class TurnArray(TensorArray):
    """An array in a turn of a loop."""

    _first: object
    _notes: list[Note]
    _is_noted: bool
    _is_touched: bool

    @classmethod
    def of(cls, array: TensorArray) -> TurnArray:
        """The array before the first turn."""
        fresh = object.__new__(cls)
        fresh.__dict__.update(array._copy().__dict__)
        fresh._first, fresh._notes, fresh._is_touched = object(), [], False
        fresh._is_noted = bool(array._entries) and array._infer and not array._dynamic
        return fresh

    def turned(self) -> TurnArray:
        """The same array before the next turn."""
        fresh = self._copy()
        fresh._notes = []
        return fresh

    def _next(self) -> Any:
        fresh = self._copy()
        fresh._is_noted, fresh._is_touched = False, True
        return fresh

    def write(self, index: Any, value: Any, name: str | None = None) -> Any:
        if not self._is_noted:
            return super().write(index, value, name)
        place, x = _number(index), self._fitting(value)
        entry = self._place("write to", operator.index(place._value), len(self._entries))
        fresh = self._copy()
        one = Tensor(int64.type(1))
        fresh._notes = [*self._notes, (linear.add(astype(place, dtype=int64), one), x)]
        fresh._is_touched = True
        return fresh._put(entry, x)

    def _is_known(self) -> bool:
        return not self._is_touched and super()._is_known()

    def noted(self, last: Any) -> list[Tensor] | None:
        """What a turn stacks of this array, which was there before the first turn; None where notes do not tell all.

        `last` is the array that the turn gives in its place.
        """
        if not isinstance(last, TurnArray) or last._first is not self._first:
            return None
        if last._is_touched and not last._is_noted:
            return None
        return [part for note in last._notes for part in note]

    def asked(self) -> None:
        """Let Python ask for the places that were noted: the turn stays as it is written."""
        for place, _ in self._notes:
            operator.index(place)

    def plain(self, stacked: Sequence[Tensor] = ()) -> TensorArray:
        """The array behind the loop, with what all turns have stacked; or as it is, without."""
        fresh = object.__new__(TensorArray)
        own = ("_first", "_notes", "_is_noted", "_is_touched")
        fresh.__dict__.update({k: v for k, v in vars(self._copy()).items() if k not in own})
        if stacked:
            shape = stacked[1]._value.shape[1:]
            fresh._shape = shape
            rows = arranging.concatenate([Tensor(np.zeros((1, *shape), self._dtype)), fresh.stack()], 0)
            for places, values in zip(stacked[::2], stacked[1::2], strict=True):
                rows = replaced(rows, places, values)
            fresh._whole = linear.getitem(rows, index=(slice(1, None),))
        return fresh


def _number(index: Any) -> Tensor:
    """The number of an entry as a tensor."""
    place = as_tensor(index)
    if place.ndim or place._value.dtype.kind not in "iu":
        raise DtypeError(
            f"TensorArray: 'index' must be one integer, not {place.dtype.name} of shape {place.shape}"
        )
    return place


__all__ = ["TurnArray"]
