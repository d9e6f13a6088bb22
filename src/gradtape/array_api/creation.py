"""Functions that make arrays; Python's numbers take double precision. `full` and `linspace` differentiate."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import DtypeError
from ..core.further_errors import SharingError
from ..core.spec import as_dtype, float64
from ..core.tensor import Tensor
from ..core.values import to_value
from ..faces import exchange, numpy_arrays
from ..ops import arranging, composing, composite
from .arrays import SCALARS, Array, array, exported, promoted, tensor_of
from .dtypes import copied, on_device


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: Any = None) -> Array:
    """An array of numbers, nested lists, tensors, variables or other libraries' arrays.

    An array comes back itself unless a copy or another dtype is asked for. Derivatives pass.

    Raises:
        ValueError: with `copy=False` where the values must be converted.
        TypeError: for what holds no numbers.

    >>> import gradtape as gt
    >>> xp = gt.array_api
    >>> xp.asarray([1, 2]).dtype, xp.asarray(gt.constant(0.5)).dtype
    (dtype('int64'), dtype('float32'))
    """
    on_device(device)
    wanted = None if dtype is None else as_dtype(dtype)
    if hasattr(type(obj), "_as_tensor"):
        return _from_tensor(obj, wanted, copy)
    if copy is False:
        raise SharingError(f"asarray: a {type(obj).__name__} cannot become an array without a copy")
    if isinstance(obj, (list, tuple)) and _holds_tensors(obj):
        stacked = arranging.stack(promoted(*(asarray(part, dtype=dtype) for part in obj)))
        return array(stacked)  # type: ignore[no-any-return]
    value = to_value(obj, np.asarray(obj).dtype)  # refuses what holds no numbers
    if value.dtype.kind not in "biufc":
        raise DtypeError(f"asarray: arrays hold numbers and truth values, not {value.dtype}")
    # The values themselves are cast, not what NumPy makes of them first: large integers have no place in a float.
    return array(Tensor(value if wanted is None else np.array(obj, wanted)[()]))  # type: ignore[no-any-return]


def _from_tensor(obj: Any, wanted: Any, copy: Any) -> Array:
    given = obj._value.dtype
    if wanted is not None and wanted != given:
        if copy is False:
            raise SharingError(f"asarray: an array of dtype {given} cannot become {wanted} without a copy")
        return array(composite.astype(obj, wanted))  # type: ignore[no-any-return]
    if copy:
        return copied(obj)
    return obj if type(obj) is Array else array(tensor_of(obj))


def _holds_tensors(obj: Any) -> bool:
    return any(
        _holds_tensors(part) if isinstance(part, (list, tuple)) else hasattr(type(part), "_as_tensor")
        for part in obj
    )


@exported
def arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None) -> Any:
    """Evenly spaced numbers from `start` (0 if only one bound is given) up to `stop`, without it."""
    on_device(device)
    bounds = (start, step) if stop is None else (start, stop, step)
    numbers = [x if type(x) in SCALARS else tensor_of(x).item() for x in bounds]
    if stop is None:
        numbers.insert(0, 0)
    return Tensor(np.arange(*numbers, dtype=dtype))


@exported
def linspace(
    start: Any, stop: Any, /, num: int, *, dtype: Any = None, device: Any = None, endpoint: bool = True
) -> Any:
    """Evenly spaced numbers between two, differentiable in both."""
    on_device(device)
    if isinstance(start, SCALARS) and isinstance(stop, SCALARS):
        return Tensor(np.linspace(start, stop, num, endpoint=endpoint, dtype=dtype))
    first, last = promoted(start, stop)
    return numpy_arrays.linspace(first, last, num, endpoint, dtype=dtype)


@exported
def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """One number everywhere; differentiable in it."""
    on_device(device)
    number = tensor_of(fill_value)
    return numpy_arrays.full_like(number, number, dtype, shape=shape)


@exported
def full_like(x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """One number everywhere in the shape of an array; differentiable in it."""
    on_device(device)
    return numpy_arrays.full_like(x, tensor_of(fill_value), dtype)


@exported
def zeros(shape: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """Zeros of a shape."""
    on_device(device)
    return _constant(shape, 0, dtype)


@exported
def ones(shape: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """Ones of a shape."""
    on_device(device)
    return _constant(shape, 1, dtype)


def _constant(shape: Any, number: int, dtype: Any) -> Tensor:
    return Tensor(np.full(composing.shape_of(shape), number, float64 if dtype is None else dtype)[()])


@exported
def empty(shape: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """Zeros of a shape, to be written to."""
    on_device(device)
    return _constant(shape, 0, dtype)


@exported
def zeros_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
    """Zeros in the shape of an array."""
    on_device(device)
    return composite.zeros_like(x, dtype)


@exported
def ones_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
    """Ones in the shape of an array."""
    on_device(device)
    return composite.ones_like(x, dtype)


@exported
def empty_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
    """Zeros in the shape of an array, to be written to."""
    on_device(device)
    return composite.zeros_like(x, dtype)


@exported
def eye(
    n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None
) -> Any:
    """Ones on a diagonal, zeros elsewhere."""
    on_device(device)
    return Tensor(np.eye(n_rows, n_cols, k, dtype=float64 if dtype is None else dtype))


@exported
def from_dlpack(x: Any, /, *, device: Any = None, copy: Any = None) -> Any:
    """An array of another library's values by the DLPack protocol; they are copied."""
    on_device(device)
    if copy is False:
        raise SharingError(
            "from_dlpack: values are copied, as nobody may write to those that a tape relies on"
        )
    return exchange.from_dlpack(x)
