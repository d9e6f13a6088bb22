"""Shapes and dtypes: the spec of a value, the default float, and the shape that users see.

`Spec` is what a rule may know of a tensor whose values were not kept. Dtypes are NumPy's own objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import errors

DType = np.dtype[Any]

float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
complex64, complex128 = np.dtype("complex64"), np.dtype("complex128")
int8, int16, int32, int64 = np.dtype("int8"), np.dtype("int16"), np.dtype("int32"), np.dtype("int64")
uint8, uint16, uint32, uint64 = np.dtype("uint8"), np.dtype("uint16"), np.dtype("uint32"), np.dtype("uint64")
bool_ = np.dtype("bool")


@dataclass(frozen=True, slots=True)
class Spec:
    """Shape and dtype of a tensor, without its values."""

    shape: tuple[int, ...]
    dtype: DType

    @property
    def ndim(self) -> int:
        return len(self.shape)


class TensorShape(tuple[int, ...]):
    """The shape of a tensor: a tuple of Python ints that also answers TensorFlow's questions.

    >>> import gradtape as gt
    >>> s = gt.zeros((2, 3)).shape
    >>> s, s.rank, s.as_list(), s.num_elements()
    ((2, 3), 2, [2, 3], 6)
    """

    __slots__ = ()
    __nest_leaf__ = True  # a shape is one thing in a nest, though it is a tuple
    __hash__ = tuple.__hash__

    def __eq__(self, other: object) -> bool:
        return tuple.__eq__(self, tuple(other) if isinstance(other, list) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return TensorShape(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> Any:
        return TensorShape((*self, *other)) if isinstance(other, (list, tuple)) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return TensorShape((*other, *self)) if isinstance(other, (list, tuple)) else NotImplemented

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self)

    ndims = rank

    def as_list(self) -> list[int]:
        """The sizes as a list."""
        return list(self)

    @property
    def dims(self) -> list[int]:
        """The sizes as a list."""
        return list(self)

    def is_fully_defined(self) -> bool:
        """Whether all sizes are known: those of a tensor are."""
        return None not in self

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor of this shape may have the other: equal sizes where both are known; None knows nothing."""
        if other is None:
            return True
        sizes = tuple(other)
        return len(self) == len(sizes) and all(
            None in (a, b) or a == b for a, b in zip(self, sizes, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Refuse a shape that is not compatible.

        Raises:
            errors.ShapeError: if it is not.
        """
        if not self.is_compatible_with(other):
            raise errors.ShapeError(f"Shapes {tuple(self)} and {tuple(other)} are incompatible")

    def concatenate(self, other: Any) -> TensorShape:
        """This shape with the sizes of another behind it."""
        return TensorShape((*self, *other))

    def num_elements(self) -> int | None:
        """The product of the sizes, None where one is not known."""
        if None in self:
            return None
        count = 1
        for size in self:
            count *= size
        return count


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape of arrays, as `np.broadcast_shapes` gives it for up to 32 axes; arrays may have 64.

    Raises:
        ValueError: NumPy's, where the shapes do not fit.
    """
    rank = max(map(len, shapes), default=0)
    if rank <= 32:
        return np.broadcast_shapes(*shapes)
    full = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return np.broadcast_shapes(*(s[:32] for s in full)) + np.broadcast_shapes(*(s[32:] for s in full))


def as_dtype(type_value: Any) -> DType:
    """The NumPy dtype of a dtype or its name.

    Raises:
        errors.DtypeError: for what is neither.

    >>> import gradtape as gt
    >>> gt.as_dtype("float32"), gt.as_dtype(gt.int64)
    (dtype('float32'), dtype('int64'))
    """
    try:
        return np.dtype(type_value)  # type: ignore[no-any-return]
    except TypeError:
        raise errors.DtypeError(
            f"{type_value!r} is no dtype; write gt.float32, 'float32' or np.float32"
        ) from None


def is_differentiable(dtype: DType) -> bool:
    """Whether tensors of this dtype have derivatives: the real and complex floating dtypes."""
    return dtype.kind in "fc"


class _Units(dict[Any, Any]):
    def __missing__(self, kind: Any) -> Any:
        one = self[kind] = kind(1)
        return one


UNITS = _Units()
"""The number one of each NumPy scalar type, always the same object: a weight that is known to be one."""


class _Default:
    float_dtype = float32


def default_float() -> DType:
    """The dtype that Python floats take where no tensor stands beside them."""
    return _Default.float_dtype


def default_complex() -> DType:
    """The dtype that Python complex numbers take where no tensor stands beside them; as in TensorFlow, complex128."""
    return complex128


def set_default_float(dtype: Any) -> None:
    """Make `dtype` the dtype of Python floats given to `constant`, `Variable` and the like.

    Args:
        dtype: `float16`, `float32` (the default, as in TensorFlow) or `float64`, as a dtype or its name.

    Raises:
        ValueError: for any other dtype.

    >>> import gradtape as gt
    >>> gt.set_default_float("float64")
    >>> gt.constant(1.0).dtype
    dtype('float64')
    >>> gt.set_default_float("float32")
    """
    if dtype is None:
        raise errors.DtypeError("the default float can be float16, float32 or float64, not None")
    chosen = as_dtype(dtype)
    if chosen not in (float16, float32, float64):
        raise errors.DtypeError(f"the default float can be float16, float32 or float64, not {chosen.name}")
    _Default.float_dtype = chosen
