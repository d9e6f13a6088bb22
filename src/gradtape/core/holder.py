"""What tensors and variables share: a value, and how Python and NumPy see it."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from . import errors
from .detach import UNASKED, warn_unasked
from .listen import ACTIVE, listeners
from .spec import DType, TensorShape

_WRITABLE = 1  # PyBUF_WRITABLE
_NEGOTIATES = (
    np.lib.NumpyVersion(np.__version__) >= "2.1.0"
)  # whether NumPy knows more of DLPack than `stream`


class Reference:
    """A hashable reference to one tensor or variable, equal only to references to the same object."""

    __slots__ = ("_target",)

    def __init__(self, target: Any) -> None:
        self._target = target

    def deref(self) -> Any:
        """The tensor or variable itself."""
        return self._target

    def __hash__(self) -> int:
        return id(self._target)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and other._target is self._target

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._target!r}>"


def show(value: Any) -> str:
    """The text of a value inside a repr, as in TensorFlow: Python's number for rank 0, NumPy's repr for an array."""
    return lines(repr(value.item() if value.ndim == 0 else value))


def lines(text: str) -> str:
    """A text of several lines begins on one of its own, so that its columns stay aligned."""
    return f"\n{text}" if "\n" in text else text


def _capsule(value: Any, stream: Any, version: Any, device: Any, **copying: bool) -> Any:
    """An array as a capsule of DLPack; of the first version of it where NumPy writes no other."""
    if _NEGOTIATES:
        return value.__dlpack__(stream=stream, max_version=version, dl_device=device, **copying)
    if device not in (None, value.__dlpack_device__()):
        raise errors.SharingError(
            f"a tensor lies in the processor's memory, not on a device {device} of DLPack"
        )
    return value.__dlpack__(stream=stream)


def leave(holder: Any, how: Any) -> Any:
    """The value, on its way out to Python or NumPy; listeners are told.

    Every decision that rests on a tensor's values asks here, so that a recording knows of it.
    """
    active = listeners()
    for listener in active:
        listener.hear_leave(holder, how)
    if active and type(how) is str and how in UNASKED:
        warn_unasked(holder, how, active)
    return holder._value


class Holder:
    """Something that holds a NumPy value in `_value`."""

    __slots__ = ()

    _value: Any

    @property
    def shape(self) -> TensorShape:
        """The sizes of the axes."""
        return TensorShape(self._value.shape)

    @property
    def dtype(self) -> DType:
        """The NumPy dtype."""
        return self._value.dtype  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._value.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._value.size  # type: ignore[no-any-return]

    @property
    def itemsize(self) -> int:
        """Bytes of one entry."""
        return self._value.itemsize  # type: ignore[no-any-return]

    @property
    def nbytes(self) -> int:
        """Bytes of all entries."""
        return self._value.nbytes  # type: ignore[no-any-return]

    @property
    def device(self) -> str:
        """Where the values lie: always the processor's memory."""
        return "cpu"

    def get_shape(self) -> TensorShape:
        """The shape, as a method."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Say what the shape is known to be; it is known, so this is a check.

        Raises:
            ValueError: if the shape is another; None stands for any size, or in place of it for any shape.
        """
        own = self._value.shape
        wanted = own if shape is None else tuple(shape)
        if len(wanted) != len(own) or any(w is not None and w != n for w, n in zip(wanted, own, strict=True)):
            raise errors.ShapeError(f"set_shape: a tensor of shape {own} does not have the shape {wanted}")

    def numpy(self) -> Any:
        """The value: a NumPy scalar for rank 0, else a copy of the array."""
        value = leave(self, "numpy")
        return value[()] if value.ndim == 0 else value.copy()

    def item(self) -> Any:
        """The only entry as a Python number; ValueError if there is not exactly one."""
        return leave(self, "item").item()

    def tolist(self) -> Any:
        """The entries as nested lists of Python numbers."""
        return leave(self, "tolist").tolist()

    def ref(self) -> Reference:
        """A hashable stand-in for this very object, for sets and dictionaries."""
        return Reference(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        value = np.asarray(leave(self, "array"))
        if dtype is not None and value.dtype != dtype:
            if copy is False:
                raise errors.SharingError(
                    f"a tensor of dtype {value.dtype} cannot become {np.dtype(dtype)} without a copy"
                )
            return value.astype(dtype)
        if copy:
            return value.copy()
        view = value.view()
        view.flags.writeable = False
        return view

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """The values for another library: a copy, or with `copy=False` the values themselves, marked as read-only.

        Consumers differ in whether they heed the mark, so nothing that a tape relies on is given away unasked.
        """
        value = np.asarray(leave(self, "dlpack"))
        if copy is not False:
            return _capsule(np.array(value), stream, max_version, dl_device)
        view = value.view()
        view.flags.writeable = False
        return _capsule(view, stream, max_version, dl_device, copy=False)

    def __buffer__(self, flags: int) -> memoryview:
        """The values as a buffer that cannot be written to, such as for `memoryview(t)`; Python 3.12 asks for it."""
        if flags & _WRITABLE:
            raise errors.SharingError("tensors do not change, so their buffer cannot be written to")
        view: Any = np.asarray(leave(self, "array")).view()
        view.flags.writeable = False
        return memoryview(view)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0  # the processor's memory (kDLCPU in dlpack.h)

    def __format__(self, form: str) -> str:
        return format(leave(self, "format")[()], form)

    def _repr_inline_(self, max_width: int) -> str:
        """One line of at most so many characters, for xarray's tables."""
        name = type(self).__name__
        entries = self._value.reshape(-1)[:max_width].tolist()
        numbers = self._value.dtype.kind in "fc"
        text = " ".join([name, *(format(entry, ".4g") if numbers else str(entry) for entry in entries)])
        return text if len(text) <= max_width else text[: max(max_width - 3, 0)] + "..."

    def __bool__(self) -> bool:
        if self._value.size != 1:
            raise errors.ShapeError(
                f"the truth value of a tensor of shape {tuple(self._value.shape)} is ambiguous; "
                "use gt.reduce_any or gt.reduce_all"
            )
        return bool(leave(self, "bool"))

    def __int__(self) -> int:
        return int(leave(self, "int"))

    def __float__(self) -> float:
        return float(leave(self, "float") if ACTIVE.get() else self._value)

    def __complex__(self) -> complex:
        return complex(leave(self, "complex"))

    def __index__(self) -> int:
        return operator.index(leave(self, "index"))

    def __len__(self) -> int:
        if self._value.ndim == 0:
            raise errors.ArgumentTypeError("a tensor of rank 0 has no len()")
        return len(self._value)

    def __hash__(self) -> int:
        name = type(self).__name__
        raise errors.UnhashableError(
            f"{name} is unhashable, as == compares entries; use {name.lower()}.ref() as the key"
        )
