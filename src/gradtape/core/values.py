"""From what users write to NumPy values: numbers, nested lists, arrays of any kind.

`to_value` is for `constant` and its like: Python numbers take the default dtypes, arrays keep theirs.
`value_beside` is for an operand next to a tensor: it takes the tensor's dtype where it can.
Values come back native-endian, of no subclass, as NumPy scalars for rank 0, and owned by us alone.
"""

from __future__ import annotations

import sys
import threading
from contextvars import Context
from types import FrameType
from typing import Any

import numpy as np

from . import errors
from .absent import origin
from .errors import said
from .spec import DType, as_dtype, complex64, default_complex, default_float, float64, int32, int64

_INT32, _INT64 = np.iinfo(np.int32), np.iinfo(np.int64)


_PROTOCOLS = ("array_ufunc", "array_function")  # NumPy asks these; what the user called is known further in


def to_value(obj: Any, dtype: Any = None) -> Any:
    """A NumPy scalar or array of the object, in the given dtype or in the one that its kind of object takes.

    Python floats, ints and complex numbers, alone or in nested lists, become the default float, int32 (int64 where
    the number needs it) and the default complex; NumPy arrays and scalars keep their dtype.

    Raises:
        UnconvertibleError: for objects that are no numbers, and for masked, structured and object arrays.
        ValueError: for ragged lists, integers beyond 64 bits and complex numbers asked to become real.
    """
    if type(obj) is float and dtype is None:
        return number(default_float(), obj)
    if isinstance(obj, (np.ndarray, np.generic)):
        array = _plain(obj)
        chosen = array.dtype if dtype is None else as_dtype(dtype)
    else:
        wanted = None if dtype is None else as_dtype(dtype)
        if wanted is not None and wanted.kind not in "biufcSU":
            raise errors.UnconvertibleError(
                f"{_asked(obj)}{_named(obj)} cannot become {wanted}: it is no dtype of numbers"
            )
        array = _from_python(obj, wanted)
        chosen = _python_dtype(obj, array) if wanted is None else wanted
    return _cast(array, chosen.newbyteorder("="), obj)[()]


class _Quiet(threading.local):
    """An empty context of each thread in which NumPy does not warn of infinities and NaN: they are values here.

    Running a function in a context that already has the error state costs next to nothing; `np.errstate` around
    each operation would cost more than a scalar operation itself.
    """

    def __init__(self) -> None:
        context = Context()
        context.run(np.seterr, all="ignore")
        self.run = context.run

    def inside(self, function: Any, *args: Any) -> Any:
        """Call a function that does operations of its own, from within the context: a value that is itself a program.

        A context cannot be entered twice, and need not be: what runs inside is quiet already.
        """
        enter = self.run

        def run(callee: Any, *given: Any, **params: Any) -> Any:
            return callee(*given, **params)

        self.run = run  # type: ignore[assignment]  # of the same meaning
        try:
            return function(*args)
        finally:
            self.run = enter


QUIET = _Quiet()


def _keep_freed_memory() -> None:
    """Let the memory of arrays that are freed serve the next ones.

    glibc gives blocks that are freed back to the kernel: those of more than 128 KiB, and the end of its heap where more
    than that lies free. So for results of such a size pages are mapped and zeroed again and again: of the product of
    two arrays of 64,000 numbers that was four fifths of the time. Both bounds grow with the largest block that was ever
    given back, to 32 MiB at most and twice as much of the heap (`man 3 mallopt`, M_MMAP_THRESHOLD). A program comes to
    that sooner or later; here it does at once, by a block that is never written to. Who sets `MALLOC_MMAP_THRESHOLD_`
    or `MALLOC_TRIM_THRESHOLD_` in the environment has that; other C libraries take no notice.
    """
    np.empty((32 << 20) - 8192, np.uint8)  # with its header less than 32 MiB


_keep_freed_memory()


def number(dtype: DType, x: float) -> Any:
    """A Python number as a NumPy scalar of a dtype; one too large for it is an infinity, as in IEEE arithmetic."""
    kind: Any = dtype.type
    found = _NUMBERS.get((kind, x))
    return _number(kind, x) if found is None else found


_NUMBERS: dict[tuple[Any, float], Any] = {}
"""Programs write few numbers, and most of them again and again. Zeros, which have two signs, stay out."""


def _number(kind: Any, x: float) -> Any:
    """A number that was not asked for before, or long ago."""
    try:
        made = QUIET.run(kind, x)
    except RuntimeError:  # a signal handler or finalizer came while the context was busy
        with np.errstate(all="ignore"):
            made = kind(x)
    if x:
        if len(_NUMBERS) >= 1024:
            _NUMBERS.clear()
        _NUMBERS[kind, x] = made
    return made


def value_beside(obj: Any, dtype: DType) -> Any:
    """The value of an operand beside a tensor of this dtype.

    The tensor's dtype, unless the operand is of a higher kind (a float beside integers, a complex beside reals):
    then the default float, or the complex dtype of the tensor's precision.
    """
    kind = type(obj)
    if (kind is float or kind is int) and dtype.kind in "fc":
        return number(dtype, obj)
    if kind is int and dtype.kind in "iu":
        return _integer(dtype, obj)
    array = _plain(obj) if isinstance(obj, (np.ndarray, np.generic)) else _from_python(obj)
    rank = "biufc".find("i" if array.dtype.kind == "u" else array.dtype.kind)
    own = "biufc".find("i" if dtype.kind == "u" else dtype.kind)
    if rank < 0 or own < 0 or rank <= own:
        return _cast(array, dtype, obj)[()]
    if array.dtype.kind == "c" and dtype.kind == "f":
        return _cast(array, np.result_type(dtype, complex64), obj)[()]
    return to_value(obj)


def _integer(dtype: DType, number: int) -> Any:
    """A Python integer in an integer dtype; NumPy's OverflowError as an error of ours."""
    try:
        return dtype.type(number)
    except OverflowError:
        bounds = np.iinfo(dtype)
        raise errors.RangeError(
            f"{number} does not fit {dtype.name}, which holds {bounds.min} to {bounds.max}; cast the tensor beside it"
        ) from None


def _plain(array: Any) -> Any:
    """The array without its subclass; refuses those whose subclass or dtype carries meaning we would lose."""
    if isinstance(array, np.ma.MaskedArray):
        raise errors.UnconvertibleError(
            f"{_asked(array)}a masked array cannot become a tensor: fill it first, e.g. array.filled(0)"
        )
    if array.dtype.kind not in "biufcSU":
        raise errors.UnconvertibleError(
            f"{_asked(array)}an array of dtype {array.dtype} cannot become a tensor: give it a numeric dtype"
        )
    return np.asarray(array)


def _from_python(obj: Any, dtype: DType | None = None) -> Any:
    """An array of a Python number, string or nested sequence, which may be asked for in a dtype."""
    if obj is None or isinstance(obj, (dict, set, frozenset)):
        raise errors.UnconvertibleError(f"{_asked(obj)}{_named(obj)} cannot become a tensor{origin(obj)}")
    try:
        array = np.asarray(obj)
    except (ValueError, TypeError) as error:
        raise errors.UnconvertibleError(
            f"{_asked(obj)}{_named(obj)} cannot become a tensor: {said(error)}"
        ) from None
    if array.dtype.kind == "f" and isinstance(obj, (list, tuple)) and array.size and np.max(array) >= 2.0**63:
        exact = np.asarray(obj, object)  # NumPy makes floats of integers of which some fit into uint64 alone
        array = exact if all(isinstance(entry, int) for entry in exact.flat) else array
    if array.dtype.kind == "O":
        if all(isinstance(entry, (int, float, complex)) for entry in array.flat):
            if dtype is not None and (dtype.kind in "fc" or _are_within(array, dtype)):
                return array.astype(dtype)  # Python's own rounding of integers of any length
            raise errors.RangeError(
                f"{_asked(obj)}an integer in {_named(obj)} does not fit into 64 bits; write it as a float"
            )
        raise errors.UnconvertibleError(f"{_asked(obj)}{_named(obj)} cannot become a tensor{origin(obj)}")
    return _plain(array)


def _are_within(array: Any, dtype: DType) -> bool:
    """Whether Python's integers fit into an integer dtype."""
    if dtype.kind not in "iu":
        return False
    bounds = np.iinfo(dtype)
    return all(isinstance(entry, int) and bounds.min <= entry <= bounds.max for entry in array.flat)


def _python_dtype(obj: Any, array: Any) -> DType:
    """The dtype that Python numbers take; NumPy numbers inside a list keep theirs."""
    first = obj
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    if isinstance(first, (np.ndarray, np.generic)) or hasattr(first, "__array__"):
        return _beside_python(obj, array.dtype)
    kind = array.dtype.kind
    if kind == "f":
        return default_float()
    if kind == "c":
        return default_complex()
    if kind in "iu":
        if array.size == 0 or (array.min() >= _INT32.min and array.max() <= _INT32.max):
            return int32
        if array.max() > _INT64.max:
            raise errors.RangeError(
                f"{_asked(obj)}an integer in {_named(obj)} does not fit into int64; write it as a float"
            )
        return int64
    return array.dtype  # type: ignore[no-any-return]


def _beside_python(obj: Any, dtype: DType) -> DType:
    """The dtype of a list that begins with a NumPy number; Python's numbers in it take the dtype of NumPy's."""
    if dtype != float64 or not isinstance(obj, (list, tuple)):
        return dtype
    leaves: list[Any] = [obj]
    typed: set[Any] = set()
    while leaves:
        leaf = leaves.pop()
        if isinstance(leaf, (list, tuple)):
            leaves.extend(leaf)
        elif isinstance(leaf, (np.ndarray, np.generic)):
            typed.add(leaf.dtype)
        elif not isinstance(leaf, (int, float)):
            return dtype
    return np.result_type(*typed, 0.0)


def _cast(array: Any, dtype: DType, obj: Any) -> Any:
    """A fresh array of the dtype; refuses to lose an imaginary part or to read a number out of text."""
    if array.dtype.kind == "c" and dtype.kind in "biuf":
        raise errors.DtypeError(
            f"{_asked(obj)}{_named(obj)} is complex and cannot become {dtype.name}; take gt.math.real of it first"
        )
    if (array.dtype.kind in "SU") != (dtype.kind in "SU"):
        raise errors.UnconvertibleError(f"{_asked(obj)}{_named(obj)} cannot become {dtype.name}")
    if dtype.kind in "iu" and array.dtype.kind in "iuf" and not isinstance(obj, (np.ndarray, np.generic)):
        _refuse_loss(array, dtype, obj)
    with np.errstate(all="ignore"):
        return array.astype(dtype, copy=True)


def _refuse_loss(array: Any, dtype: DType, obj: Any) -> None:
    """Python numbers given an integer dtype must be integers that fit into it."""
    if array.dtype.kind == "f" and array.size:
        raise errors.UnconvertibleError(
            f"{_asked(obj)}{_named(obj)} is a float and cannot become {dtype.name}; use gt.cast to truncate"
        )
    bounds = np.iinfo(dtype)
    if array.size and (int(array.min()) < bounds.min or int(array.max()) > bounds.max):
        raise errors.RangeError(f"{_asked(obj)}an integer in {_named(obj)} does not fit into {dtype.name}")


def _named(obj: Any) -> str:
    """The object and its type, short enough for a message."""
    text = repr(obj)
    return f"{text if len(text) < 60 else text[:57] + '...'} (a {type(obj).__name__})"


def _asked(obj: Any) -> str:
    """Which function of ours was called with the object and as which argument, as the beginning of a message.

    Functions turn their arguments into tensors without a word of who they are, because saying it would cost time at
    every call. So only an error looks: for the outermost function of the package on the stack, and among its arguments.
    """
    package = __name__.partition(".")[0] + "."
    name = argument = ""
    at: FrameType | None = sys._getframe(1)
    while at is not None:
        if str(at.f_globals.get("__name__", "")).startswith(package):
            function = at.f_code.co_name
            primitive = at.f_locals.get("primitive") if function in ("call", "apply") else None
            if primitive is not None:
                name, argument = primitive.name, ""
            elif function == "__init__":
                name, argument = type(at.f_locals["self"]).__name__, _argument_of(at, obj) or argument
            elif not function.startswith(("_", "<")) and function not in _PROTOCOLS:
                name, argument = function, _argument_of(at, obj) or argument
        elif name:
            break
        at = at.f_back
    return name and name + (f", argument {argument}: " if argument else ": ")


def _argument_of(frame: FrameType, obj: Any) -> str:
    """The argument of a running function that is an object or holds it, empty if there is none."""
    code = frame.f_code
    for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        value = frame.f_locals.get(name)
        if value is obj or (isinstance(value, (list, tuple)) and any(part is obj for part in value)):
            return name
    return ""
