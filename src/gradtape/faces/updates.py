"""`t.at[index].set(v)` and its like: results that differ from a tensor at an index, as tensors do not change.

An index is any that NumPy reads with, and entries of it may repeat. Of several values set at one place the last
counts; values added, multiplied or compared there all count, as in `np.ufunc.at`.

The way: the numbers of the entries are indexed as the tensor would be, so NumPy itself says where a value goes; from
there on it is places along one axis, for which there are rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import InvalidIndexError, ShapeError, said
from ..core.further_errors import ArrayWriteError
from ..core.tensor import FUNCTIONS, Tensor, as_tensor, beside
from ..ops import arranging, composite, constant, linear
from ..ops import elementwise as each
from ..ops.composing import index_of
from ..ops.segments import count_at, maximum_at, minimum_at, product_at
from ..ops.selection import replaced


def _aimed(name: str, x: Any, index: Any, values: Any) -> tuple[Tensor, Tensor, Tensor]:
    """The flat tensor, flat places and flat values, one for each place.

    Raises:
        InvalidArgumentError: if the values do not fit what the index picks.
        TypeError: for values that would need a higher dtype than the tensor has.
    """
    base = as_tensor(x)
    given = _fitting(name, base, values)
    numbers = np.arange(base.size).reshape(base._value.shape)
    try:
        places = np.asarray(numbers[index_of(index)])
    except IndexError as error:
        raise InvalidIndexError(f"at[...].{name}: {said(error)}") from None
    try:
        wide = linear.broadcast_to(given, shape=places.shape)
    except ValueError:
        raise ShapeError(
            f"at[...].{name}: values of shape {tuple(given.shape)} do not fit the shape {places.shape} that the "
            f"index picks from {tuple(base.shape)}"
        ) from None
    size = (places.size,)
    return (
        linear.reshape(base, shape=(base.size,)),
        Tensor(places.reshape(size)),
        linear.reshape(wide, shape=size),
    )


def _fitting(name: str, base: Tensor, values: Any) -> Tensor:
    """The values in the dtype of the tensor that takes them."""
    given = beside((base, values))[1]
    if not np.can_cast(given._value.dtype, base._value.dtype, "same_kind"):
        raise ArrayWriteError(
            f"at[...].{name}: values of dtype {given.dtype.name} do not fit into a tensor of dtype "
            f"{base.dtype.name}; cast one of them first, e.g. with gt.cast"
        )
    return composite.astype(given, base.dtype)


def _shaped(y: Tensor, x: Any) -> Tensor:
    return linear.reshape(y, shape=tuple(as_tensor(x)._value.shape))  # type: ignore[no-any-return]


def set_at(x: Any, index: Any, values: Any) -> Tensor:
    """The tensor with values in the place of what the index picks; what they replace reaches nothing.

    One number where a mask of the whole shape holds is a choice entry by entry: no place depends on the mask's values,
    so that a recording, and a batch, may have a mask that varies.
    """
    base = as_tensor(x)
    if getattr(index, "dtype", None) == np.dtype(bool) and tuple(index.shape) == base._value.shape:
        given = _fitting("set", base, values)
        if given._value.ndim == 0:
            return linear.where(as_tensor(index), given, base)  # type: ignore[no-any-return]
    return _shaped(replaced(*_aimed("set", x, index, values)), x)


def add_at(x: Any, index: Any, values: Any) -> Tensor:
    """The tensor with values added to what the index picks."""
    flat, places, given = _aimed("add", x, index, values)
    return _shaped(flat + linear.put_add(given, places, axis=0, size=flat.size), x)


def multiply_at(x: Any, index: Any, values: Any) -> Tensor:
    """The tensor with what the index picks multiplied by values."""
    flat, places, given = _aimed("multiply", x, index, values)
    return _shaped(flat * product_at(given, places, flat.size), x)


def minimum_of(x: Any, index: Any, values: Any) -> Tensor:
    """The tensor with what the index picks, or a value if that is smaller."""
    flat, places, given = _aimed("min", x, index, values)
    return _shaped(_compared(each.minimum, minimum_at, flat, places, given), x)


def maximum_of(x: Any, index: Any, values: Any) -> Tensor:
    """The tensor with what the index picks, or a value if that is larger."""
    flat, places, given = _aimed("max", x, index, values)
    return _shaped(_compared(each.maximum, maximum_at, flat, places, given), x)


def _compared(pair: Any, extreme: Any, flat: Tensor, places: Tensor, given: Tensor) -> Tensor:
    there = constant.greater(count_at(places, flat.size), Tensor(np.int64(0)))
    return linear.where(there, pair(flat, extreme(given, places, size=flat.size)), flat)  # type: ignore[no-any-return]


class Place:
    """Where an update is to be made: `t.at[index]`."""

    __slots__ = ("_index", "_tensor")

    def __init__(self, tensor: Any, index: Any) -> None:
        self._tensor = tensor
        self._index = index

    def get(self) -> Tensor:
        """What the index picks, as `t[index]`."""
        return arranging.getitem(self._tensor, self._index)

    def set(self, values: Any) -> Tensor:
        """Values instead of what is there; what they replace reaches nothing.

        >>> import gradtape as gt
        >>> gt.constant([1.0, 2.0, 3.0]).at[1:].set(0.0).numpy().tolist()
        [1.0, 0.0, 0.0]
        """
        return set_at(self._tensor, self._index, values)

    def add(self, values: Any) -> Tensor:
        """Values added to what is there; at a place given twice, twice.

        >>> import gradtape as gt
        >>> gt.constant([1.0, 2.0]).at[[0, 0]].add([10.0, 20.0]).numpy().tolist()
        [31.0, 2.0]
        """
        return add_at(self._tensor, self._index, values)

    def subtract(self, values: Any) -> Tensor:
        """Values subtracted from what is there."""
        return add_at(self._tensor, self._index, -as_tensor(beside((self._tensor, values))[1]))

    def multiply(self, values: Any) -> Tensor:
        """What is there multiplied by values."""
        return multiply_at(self._tensor, self._index, values)

    def divide(self, values: Any) -> Tensor:
        """What is there divided by values."""
        return multiply_at(self._tensor, self._index, each.reciprocal(beside((self._tensor, values))[1]))

    def power(self, values: Any) -> Tensor:
        """What is there raised to values; a place may be given once only."""
        return set_at(self._tensor, self._index, each.power(self.get(), values))

    def min(self, values: Any) -> Tensor:
        """What is there, or the value where it is smaller."""
        return minimum_of(self._tensor, self._index, values)

    def max(self, values: Any) -> Tensor:
        """What is there, or the value where it is larger."""
        return maximum_of(self._tensor, self._index, values)

    def apply(self, function: Any) -> Tensor:
        """A function of what is there instead of it."""
        return set_at(self._tensor, self._index, function(self.get()))


class Places:
    """`t.at`, which waits for an index."""

    __slots__ = ("_tensor",)

    def __init__(self, tensor: Any) -> None:
        self._tensor = tensor

    def __getitem__(self, index: Any) -> Place:
        return Place(self._tensor, index)


FUNCTIONS["at"] = Places
