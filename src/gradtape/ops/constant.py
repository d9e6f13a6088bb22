"""Rows whose result does not vary with small changes of the input: comparisons, logic, rounding, positions."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..core.define import constant
from ..core.lead import axes
from ..core.primitive import Sample
from ..core.spec import Spec, bool_, int64

equal = constant("equal", np.equal, arity=2, commutes=True, element=lambda e, a, b: e.eq(a, b))
not_equal = constant("not_equal", np.not_equal, arity=2, commutes=True, element=lambda e, a, b: e.ne(a, b))
less = constant("less", operator.lt, arity=2, element=lambda e, a, b: e.lt(a, b))
less_equal = constant("less_equal", operator.le, arity=2, element=lambda e, a, b: e.le(a, b))
greater = constant("greater", operator.gt, arity=2, element=lambda e, a, b: e.gt(a, b))
greater_equal = constant("greater_equal", operator.ge, arity=2, element=lambda e, a, b: e.ge(a, b))

logical_and = constant(
    "logical_and",
    np.logical_and,
    arity=2,
    commutes=True,
    element=lambda e, a, b: e.both(e.to(a, "i1"), e.to(b, "i1")),
)
logical_or = constant(
    "logical_or",
    np.logical_or,
    arity=2,
    commutes=True,
    element=lambda e, a, b: e.either(e.to(a, "i1"), e.to(b, "i1")),
)
logical_xor = constant(
    "logical_xor",
    np.logical_xor,
    arity=2,
    commutes=True,
    element=lambda e, a, b: e.differ(e.to(a, "i1"), e.to(b, "i1")),
)
logical_not = constant("logical_not", np.logical_not, element=lambda e, x: e.flip(e.to(x, "i1")))

_BITS_1: tuple[Sample, ...] = ((("bits",), {}),)
_BITS_2: tuple[Sample, ...] = ((("bits", "bits"), {}),)
bitwise_and = constant(
    "bitwise_and",
    np.bitwise_and,
    arity=2,
    commutes=True,
    dtype=None,
    samples=_BITS_2,
    element=lambda e, a, b: e.both(a, b),
)
bitwise_or = constant(
    "bitwise_or",
    np.bitwise_or,
    arity=2,
    commutes=True,
    dtype=None,
    samples=_BITS_2,
    element=lambda e, a, b: e.either(a, b),
)
bitwise_xor = constant(
    "bitwise_xor",
    np.bitwise_xor,
    arity=2,
    commutes=True,
    dtype=None,
    samples=_BITS_2,
    element=lambda e, a, b: e.differ(a, b),
)
left_shift = constant("left_shift", np.left_shift, arity=2, dtype=None, samples=_BITS_2)
right_shift = constant("right_shift", np.right_shift, arity=2, dtype=None, samples=_BITS_2)
invert = constant("invert", np.invert, dtype=None, samples=_BITS_1, element=lambda e, x: e.flip(x))

isnan = constant("isnan", np.isnan, element=lambda e, x: e.isnan(x))
isinf = constant("isinf", np.isinf, element=lambda e, x: e.eq(e.abs(x), e.number(x, np.inf)))
isfinite = constant("isfinite", np.isfinite, element=lambda e, x: e.lt(e.abs(x), e.number(x, np.inf)))

floor = constant("floor", np.floor, dtype=None, element=lambda e, x: e.floor(x))
ceil = constant("ceil", np.ceil, dtype=None, element=lambda e, x: e.ceil(x))
rint = constant("rint", np.rint, dtype=None, element=lambda e, x: e.rint(x))
trunc = constant("trunc", np.trunc, dtype=None, element=lambda e, x: e.trunc(x))
floor_divide = constant(
    "floor_divide",
    np.floor_divide,
    arity=2,
    dtype=None,
    domain=((-4.0, 4.0), (0.5, 2.0)),
    element=lambda e, a, b: e.floor_divide(a, b),
)

stop_gradient = constant("stop_gradient", lambda x: x, dtype=None, element=lambda e, x: x)


def _astype_spec(x: Spec, *, dtype: Any) -> Spec:
    return Spec(x.shape, np.dtype(dtype))


def _astype(x: Any, *, dtype: Any) -> Any:
    return (x.real if x.dtype.kind == "c" and np.dtype(dtype).kind not in "cb" else x).astype(dtype)


astype = constant(
    "astype",
    _astype,
    spec=_astype_spec,
    samples=((((3,),), {"dtype": np.dtype("int32")}),),
    domain=(-50.0, 50.0),
    pointwise=True,
    element=lambda e, x, *, dtype: e.cast(x, dtype),
)


def _reduced(dtype: Any) -> Any:
    def spec(x: Spec, *, axis: tuple[int, ...], keepdims: bool) -> Spec:
        return Spec(reduced_shape(x.shape, axis, keepdims), dtype)

    return spec


def reduced_shape(shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    """The shape that a reduction over these (non-negative) axes leaves."""
    if keepdims:
        return tuple(1 if i in axis else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axis)


_REDUCED = ((((2, 3),), {"axis": (1,), "keepdims": False}), (((2, 3),), {"axis": (0, 1), "keepdims": True}))
any_ = constant("any", np.any, spec=_reduced(bool_), samples=_REDUCED, lead=axes("axis"))
all_ = constant("all", np.all, spec=_reduced(bool_), samples=_REDUCED, lead=axes("axis"))


def _position(function: Any) -> Any:
    def value(x: Any, *, axis: int, dtype: Any) -> Any:
        return function(x, axis=axis).astype(dtype)

    return value


def _position_spec(x: Spec, *, axis: int, dtype: Any) -> Spec:
    return Spec(reduced_shape(x.shape, (axis,), False), np.dtype(dtype))


_POSITION = ((((2, 3),), {"axis": 1, "dtype": int64}),)
argmax = constant("argmax", _position(np.argmax), spec=_position_spec, samples=_POSITION, lead=axes("axis"))
argmin = constant("argmin", _position(np.argmin), spec=_position_spec, samples=_POSITION, lead=axes("axis"))
