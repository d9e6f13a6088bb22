"""Dtypes: the standard's objects, which are NumPy's, and the functions that ask about them and change them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.errors import DtypeError, InvalidArgumentError
from ..core.further_errors import ChoiceError
from ..core.spec import (
    as_dtype,
    complex64,
    complex128,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from ..core.spec import bool_ as bool
from ..ops import composite
from ..ops.linear import identity
from .arrays import Array, array, common_dtype, tensor_of

SIGNED = (int8, int16, int32, int64)
UNSIGNED = (uint8, uint16, uint32, uint64)
REAL = (float32, float64)
COMPLEX = (complex64, complex128)
KINDS = {
    "bool": (bool,),
    "signed integer": SIGNED,
    "unsigned integer": UNSIGNED,
    "integral": SIGNED + UNSIGNED,
    "real floating": REAL,
    "complex floating": COMPLEX,
    "numeric": SIGNED + UNSIGNED + REAL + COMPLEX,
}
_LETTERS = {
    "b": "bool",
    "i": "signed integer",
    "u": "unsigned integer",
    "f": "real floating",
    "c": "complex floating",
}
_TOGETHER = ("b", "iu", "fc")
_CONTAINED = {
    "integral": ("signed integer", "unsigned integer"),
    "numeric": ("signed integer", "unsigned integer", "real floating", "complex floating"),
}


@dataclass(frozen=True, slots=True)
class Finfo:
    """Limits of a floating dtype, as Python's numbers."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: Any


@dataclass(frozen=True, slots=True)
class Iinfo:
    """Limits of an integer dtype, as Python's numbers."""

    bits: int
    max: int
    min: int
    dtype: Any


def _asked(type: Any) -> Any:
    return type._value.dtype if hasattr(type, "_as_tensor") else np.dtype(getattr(type, "dtype", type))


def astype(x: Any, dtype: Any, /, *, copy: Any = True, device: Any = None) -> Array:
    """The array in another dtype; a derivative passes between floating and complex dtypes."""
    on_device(device)
    x, wanted = tensor_of(x), as_dtype(dtype)
    if x._value.dtype.kind == "c" and wanted.kind not in "cb":
        raise DtypeError(
            f"astype: a complex array cannot become {wanted.name}; take the real or imag part of it first"
        )
    return array(composite.astype(x, wanted))  # type: ignore[no-any-return]


def on_device(device: Any) -> None:
    """Refuse any device but the processor."""
    if device not in (None, "cpu"):
        raise ChoiceError(f"device {device!r}: arrays live in the processor's memory, the device 'cpu'")


def can_cast(from_: Any, to: Any, /) -> Any:
    """Whether the standard's promotion leads from an array or dtype to a dtype; it never leaves the kind."""
    given, wanted = _asked(from_), np.dtype(to)
    return any(given.kind in kinds and wanted.kind in kinds for kinds in _TOGETHER) and np.can_cast(
        given, wanted
    )


def finfo(type: Any, /) -> Finfo:
    """Limits of a floating or complex dtype, or of that of an array."""
    found = np.finfo(_asked(type))
    eps, most, least, smallest = (float(n) for n in (found.eps, found.max, found.min, found.smallest_normal))
    return Finfo(int(found.bits), eps, most, least, smallest, found.dtype)


def iinfo(type: Any, /) -> Iinfo:
    """Limits of an integer dtype, or of that of an array."""
    found = np.iinfo(_asked(type))
    return Iinfo(int(found.bits), int(found.max), int(found.min), found.dtype)


def isdtype(dtype: Any, kind: Any) -> Any:
    """Whether a dtype is another one, or of one of the standard's kinds; a tuple asks for any of its members."""
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    given = as_dtype(dtype)
    if not isinstance(kind, str):
        return given == np.dtype(kind)
    if kind not in KINDS:
        raise ChoiceError(f"isdtype: the kinds are {', '.join(KINDS)}, not {kind!r}")
    own = _LETTERS.get(given.kind)
    return own == kind or own in _CONTAINED.get(kind, ())


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype that arrays, dtypes and Python's numbers have together."""
    if not arrays_and_dtypes:
        raise InvalidArgumentError("result_type: at least one array or dtype is needed")
    return common_dtype(*arrays_and_dtypes)


def copied(x: Any) -> Array:
    """A new array of the same values, through which derivatives pass."""
    return array(identity(tensor_of(x)))  # type: ignore[no-any-return]
