"""TensorFlow's `tf.TensorArray`: a list of tensors of one dtype, written entry by entry and joined at the end.

Each entry is a tensor as any other, so derivatives, batches and recordings pass through it: reading gives back what was
written, joining is `stack` or `concatenate`. As in TensorFlow, an operation changes the array itself where Python runs
it, and inside `gt.function` gives a new array and leaves the old one, so that a branch that is not taken, or a turn
that is only written down, has changed nothing. A program that goes on with what `write` returns is right in both.

What came as one tensor (`unstack`) stays one until an entry is written, and is joined without work. How an array goes
through a `while_loop` that is recorded stands in `array_turns.py`.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from ..core.errors import ArgumentTypeError, DtypeError, InvalidArgumentError, InvalidIndexError, ShapeError
from ..core.further_errors import RangeError, RecordingError, UncoveredError
from ..core.listen import replayed
from ..core.spec import DType, TensorShape, as_dtype, int32
from ..core.tensor import Tensor, as_tensor
from ..loops.choice import may_differ
from ..ops import arranging, linear

Shape = tuple[int | None, ...]


class TensorArray:
    """A list of tensors of one dtype, for loops that give one tensor after another.

    Go on with what `write`, `unstack`, `scatter` and `split` return: `array = array.write(i, x)`.

    Args:
        dtype: of all entries. Python's numbers and NumPy's arrays take it, tensors must have it.
        size: how many entries there are, an integer or an integer tensor.
        dynamic_size: whether writing behind the last entry makes the array longer.
        clear_after_read: whether an entry can be read once only, which frees its memory; not enforced in `gt.function`.
            True by default.
        element_shape: the shape of each entry; None stands for any size, or in place of it for any shape.
        infer_shape: whether all entries must have the shape of the first that is written.
        tensor_array_name, colocate_with_first_write_call, name: change nothing.
        handle, flow: are about TensorFlow's graphs, and must be None.

    Raises:
        ValueError: without a size.
        TypeError: for a size that is no integer.

    >>> import gradtape as gt
    >>> x = gt.constant(3.0)
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     powers, p = gt.TensorArray(gt.float32, size=3), gt.constant(1.0)
    ...     for i in range(3):
    ...         powers, p = powers.write(i, p), p * x
    ...     y = powers.stack()
    >>> print(y.numpy(), tape.gradient(y, x).numpy())
    [1. 3. 9.] 7.0
    """

    __nest_leaf__ = True

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        if handle is not None or flow is not None:
            raise UncoveredError(
                "TensorArray: 'handle' and 'flow' belong to TensorFlow's graphs; leave them out"
            )
        if size is None:
            raise InvalidArgumentError(
                "TensorArray: Size must be declared, e.g. TensorArray(gt.float32, size=0)"
            )
        count = _integer("TensorArray", "size", size)
        if count < 0:
            raise RangeError(f"TensorArray: the size must not be negative, got {count}")
        self._dtype = as_dtype(dtype)
        self._dynamic = bool(dynamic_size)
        self._once = clear_after_read is not False
        self._infer = bool(infer_shape)
        self._shape: Shape | None = None if element_shape is None else _shape(element_shape)
        self._entries: list[Tensor | None] = [None] * count
        self._whole: Tensor | None = None
        """All entries in one tensor, until one is written or cleared; `entries` are then as many as its rows."""
        self._read: set[int] = set()
        self._recorded = replayed()

    # what it is

    @property
    def dtype(self) -> DType:
        """The dtype of all entries."""
        return self._dtype

    @property
    def dynamic_size(self) -> bool:
        """Whether writing behind the last entry makes the array longer."""
        return self._dynamic

    @property
    def element_shape(self) -> TensorShape | None:
        """The shape of each entry as far as it is known; None where nothing is."""
        return None if self._shape is None else TensorShape(self._shape)  # type: ignore[arg-type]  # None: any size

    def size(self, name: str | None = None) -> Tensor:
        """How many entries there are, an int32 tensor."""
        return Tensor(int32.type(len(self._entries)))

    def identity(self) -> Self:
        """An array of the same entries, which goes its own way."""
        return self._copy()

    def close(self, name: str | None = None) -> None:
        """Forget all entries."""
        self._entries = []

    def __repr__(self) -> str:
        shape = "<unknown>" if self._shape is None else str(self._shape)
        return f"<TensorArray: {len(self._entries)} entries, shape={shape}, dtype={self._dtype.name}>"

    # entry by entry

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """The entry of this number; zeros where nothing was written and the shape is known.

        Raises:
            IndexError: for a number that is negative or behind the last entry.
            ValueError: if the entry was read before (see `clear_after_read`), or is unknown.
        """
        if self._is_known() and isinstance(index, Tensor) and may_differ([index]):
            return arranging.take(self.stack(), index, 0)
        place = self._place("read from", index, len(self._entries))
        entry = self._entries[place]
        if entry is None and place in self._read:
            raise InvalidArgumentError(
                f"TensorArray: Could not read index {place} twice because it was cleared after a previous read. Give "
                "the array clear_after_read=False"
            )
        found = self._entry(place)
        if self._once and not replayed():
            self._settle()
            self._entries[place] = None
            self._read.add(place)
        return found

    def write(self, index: Any, value: Any, name: str | None = None) -> Self:
        """The array with this entry.

        Raises:
            IndexError: for a number that is negative, or behind the last entry unless the size is dynamic.
            ValueError: for a value of another shape or dtype than the array's.
        """
        place = self._place("write to", index, None if self._dynamic else len(self._entries))
        return self._next()._put(place, self._fitting(value))

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The entries of these numbers, stacked; they are not cleared.

        Raises:
            IndexError: for a number that is negative or behind the last entry.
        """
        if self._is_known() and isinstance(indices, Tensor) and may_differ([indices]):
            return arranging.take(self.stack(), indices, 0)
        count = len(self._entries)
        return self._joined([self._entry(self._place("read from", i, count)) for i in integers(indices)])

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> Self:
        """The array with the slices of a tensor's first axis at these places; of two at one place the last stays.

        Raises:
            ValueError: if there are not as many numbers as slices, and as `write`.
        """
        rows, numbers = self._rows("scatter", value), integers(indices)
        if len(rows) != len(numbers):
            raise ShapeError(f"TensorArray.scatter: {len(numbers)} indices for {len(rows)} slices")
        limit = None if self._dynamic else len(self._entries)
        places = [self._place("write to", i, limit) for i in numbers]
        result = self._next()
        for place, row in zip(places, rows, strict=True):
            result._put(place, row)
        return result

    # all together

    def stack(self, name: str | None = None) -> Tensor:
        """All entries along a new first axis; they are not cleared. What was not written is zero.

        Raises:
            ValueError: if nothing was written and the shape of an entry is not known, or the shapes differ.
        """
        if self._whole is not None and self._entries:
            return self._whole
        return self._joined([self._entry(place) for place in range(len(self._entries))])

    def concat(self, name: str | None = None) -> Tensor:
        """All entries, one behind the other along their first axis, which may differ in size if `infer_shape=False`.

        Raises:
            ValueError: if there is none, or they are scalars.
        """
        entries = [self._entry(place) for place in range(len(self._entries))]
        if not entries or not entries[0].ndim:
            what = "scalars" if entries else "no entries"
            raise ShapeError(
                f"TensorArray.concat: there must be entries of at least one axis, and there are {what}"
            )
        return arranging.concatenate(entries, 0)

    def unstack(self, value: Any, name: str | None = None) -> Self:
        """The array whose entries are the slices of a tensor's first axis.

        Raises:
            ValueError: for more slices than entries, unless the size is dynamic.
        """
        x = self._converted(value)
        shape = self._check_rows("unstack", x)
        if shape[0] > len(self._entries) and not self._dynamic:
            raise ShapeError(
                f"TensorArray: Cannot unstack {shape[0]} tensors into a TensorArray of static size {len(self._entries)}"
            )
        result = self._filled([None] * shape[0])
        result._whole = x
        if self._infer:
            result._shape = shape[1:]
        return result

    def split(self, value: Any, lengths: Any, name: str | None = None) -> Self:
        """The array whose entries are consecutive pieces of a tensor's first axis, of these lengths.

        Raises:
            ValueError: if the lengths do not add up, or are not as many as the entries, unless the size is dynamic.
        """
        x, sizes = self._converted(value), integers(lengths)
        if not x.ndim or sum(sizes) != x.shape[0] or min(sizes, default=0) < 0:
            raise ShapeError(
                "TensorArray.split: Expected sum of lengths to be equal to values.shape[0]: "
                f"{sizes} of {tuple(x.shape)}"
            )
        if len(sizes) != len(self._entries) and not self._dynamic:
            raise ShapeError(
                f"TensorArray's size is not equal to the size of lengths ({len(self._entries)} vs. {len(sizes)}), and "
                "it is not of dynamic size"
            )
        return self._filled(arranging.split_sizes(x, sizes, 0))

    # parts

    def _copy(self) -> Self:
        fresh = object.__new__(type(self))
        fresh.__dict__.update(self.__dict__)
        fresh._entries, fresh._read = list(self._entries), set(self._read)
        return fresh

    def _next(self) -> Self:
        """The array that is to be changed: this one, or a copy where what is done now may be done otherwise."""
        self._check_home()
        return self._copy() if replayed() else self

    def _check_home(self) -> None:
        """Refuse an array from outside a recording, whose replays would not see how it changes."""
        if not self._recorded and replayed():
            raise RecordingError(
                "a TensorArray that was made outside gt.function is used in it, where its entries would never change. "
                "Give the function array.stack(), and make the array inside: gt.TensorArray(dtype, size).unstack(x)"
            )

    def _is_known(self) -> bool:
        """Whether a recording may read a row of all entries, of which it does not know the number."""
        if not (replayed() and self._entries and self._infer):
            return False
        return self._whole is not None or None not in self._entries

    def _settle(self) -> None:
        """Have each entry by itself."""
        if self._whole is not None:
            self._entries = [self._entry(place) for place in range(len(self._entries))]
            self._whole = None

    def _put(self, place: int, value: Tensor) -> Self:
        self._settle()
        if self._infer:
            self._shape = value._value.shape
        self._entries += [None] * (place + 1 - len(self._entries))
        self._entries[place] = value
        return self

    def _filled(self, values: Sequence[Tensor | None]) -> Self:
        """The array of these entries and no others."""
        result = self._next()
        result._entries, result._whole, result._read = list(values), None, set()
        return result

    def _entry(self, place: int) -> Tensor:
        """The entry at a place; one that was not written is zeros."""
        self._check_home()
        if self._whole is not None:
            return linear.getitem(self._whole, index=(place,))  # type: ignore[no-any-return]
        entry = self._entries[place]
        if entry is None:
            shape = self._full_shape()
            if shape is None:
                raise InvalidArgumentError(
                    f"TensorArray: entry {place} was not written and its shape is not known. Write it, or give "
                    "element_shape to TensorArray"
                )
            entry = self._entries[place] = Tensor(np.zeros(shape, self._dtype)[()])
        return entry

    def _full_shape(self) -> tuple[int, ...] | None:
        """The shape of an entry where all of it is known."""
        sizes = () if self._shape is None else tuple(size for size in self._shape if size is not None)
        return None if self._shape is None or len(sizes) < len(self._shape) else sizes

    def _joined(self, entries: Sequence[Tensor]) -> Tensor:
        if not entries:
            return Tensor(np.zeros((0, *(self._full_shape() or ())), self._dtype))
        return arranging.stack(entries)

    def _converted(self, value: Any) -> Tensor:
        """The value as a tensor of the array's dtype."""
        x = as_tensor(value, None if hasattr(type(value), "_as_tensor") else self._dtype)
        if x._value.dtype != self._dtype:
            raise DtypeError(
                f"TensorArray dtype is {self._dtype.name} but Op is trying to write dtype {x.dtype.name}; "
                "cast the value"
            )
        return x

    def _fitting(self, value: Any) -> Tensor:
        """A value that may become an entry."""
        x = self._converted(value)
        self._check_shape(x._value.shape)
        return x

    def _check_shape(self, given: tuple[int, ...]) -> None:
        wanted = self._shape
        if wanted is not None and not (
            len(wanted) == len(given) and all(w is None or w == g for w, g in zip(wanted, given, strict=True))
        ):
            raise ShapeError(f"TensorArray: Incompatible shape for value ({given}), expected ({wanted})")

    def _check_rows(self, method: str, x: Tensor) -> tuple[int, ...]:
        """The shape of a tensor whose slices along the first axis may become entries."""
        shape: tuple[int, ...] = x._value.shape
        if not shape:
            raise ShapeError(f"TensorArray.{method}: the value must have at least one axis, and is a scalar")
        if shape[0]:
            self._check_shape(shape[1:])
        return shape

    def _rows(self, method: str, value: Any) -> list[Tensor]:
        """The slices of a tensor's first axis, each fit to become an entry."""
        x = self._converted(value)
        return [linear.getitem(x, index=(i,)) for i in range(self._check_rows(method, x)[0])]

    def _place(self, doing: str, index: Any, limit: int | None) -> int:
        place = _integer("TensorArray", "index", index)
        if place < 0 or (limit is not None and place >= limit):
            raise InvalidIndexError(
                f"TensorArray: Tried to {doing} index {place} of {len(self._entries)} entries"
                + ("" if limit is None or doing == "read from" else "; dynamic_size=True lets the array grow")
            )
        return place


def _integer(name: str, argument: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise ArgumentTypeError(f"{name}: '{argument}' must be an integer, not {value!r}") from None


def integers(values: Any) -> list[int]:
    """Numbers of entries, from a list, an array or a tensor of rank 1."""
    given = values if isinstance(values, (list, tuple, range)) else as_tensor(values)
    if isinstance(given, Tensor) and given.ndim != 1:
        raise ShapeError(f"TensorArray: the indices or lengths must have rank 1, not the shape {given.shape}")
    return [_integer("TensorArray", "indices or lengths", value) for value in given]


def _shape(given: Any) -> Shape:
    return tuple(None if size is None else _integer("TensorArray", "element_shape", size) for size in given)


__all__ = ["TensorArray"]
