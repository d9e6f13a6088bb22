"""Rows that are linear: sums, structure, casts, selection by a condition. Adjoint pairs stand beside each other.

Parameters are plain: axes are non-negative tuples, shapes are tuples; `composite.py` and the faces take what users
write.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..core.define import linear
from ..core.lead import axes
from ..core.primitive import Masked, Primitive, Sample
from ..core.reads import added, reduction, running, taken
from ..core.spec import Spec, broadcast_shapes
from ..core.tensor import Tensor
from .constant import logical_not, reduced_shape
from .leading import ADD, BROADCAST, PUT, READ, RESHAPE, TAKE, TRANSPOSE

# Python's operators do on NumPy scalars what NumPy's functions do, in a tenth of the time.
add = linear(
    "add",
    operator.add,
    (lambda g: g, lambda g: g),
    structural=True,
    element=lambda e, a, b: e.add(a, b),
    commutes=True,
)
subtract = linear(
    "subtract",
    operator.sub,
    (lambda g: g, lambda g: negative(g)),
    structural=True,
    element=lambda e, a, b: e.sub(a, b),
)
negative: Primitive = linear(
    "negative", operator.neg, lambda g: negative(g), structural=True, element=lambda e, x: e.neg(x)
)
identity = linear("identity", lambda x: x, lambda g: g, structural=True, element=lambda e, x: x)


# sum and broadcast: each is the other's transpose


def _sum(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims, dtype=x.dtype if x.dtype.kind != "b" else None)


def _sum_spec(x: Spec, *, axis: tuple[int, ...], keepdims: bool) -> Spec:
    dtype = np.dtype(int) if x.dtype.kind == "b" else x.dtype
    return Spec(reduced_shape(x.shape, axis, keepdims), dtype)


def spread(y: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """Bring the result of a reduction of x back to the rank of x, with axes of size one."""
    return y if keepdims else reshape(y, shape=reduced_shape(x.shape, axis, True))


def _sum_transpose(g: Any, _x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    return broadcast_to(spread(g, _x, axis, keepdims), shape=tuple(_x.shape))


sum_ = linear(
    "sum",
    _sum,
    _sum_transpose,
    spec=_sum_spec,
    structural=True,
    samples=(
        (((2, 3),), {"axis": (1,), "keepdims": False}),
        (((2, 3),), {"axis": (0, 1), "keepdims": True}),
        (((),), {"axis": (), "keepdims": False}),
    ),
    lead=axes("axis"),
    reads=reduction,
)

broadcast_to = linear(
    "broadcast_to",
    lambda x, *, shape: np.broadcast_to(x, shape)[()],
    lambda g, *, shape: g,  # brought back to the input's shape with every share
    spec=lambda x, *, shape: Spec(tuple(shape), x.dtype),
    structural=True,
    samples=((((3,),), {"shape": (2, 3)}), (((2, 1),), {"shape": (2, 2)}), (((),), {"shape": (2,)})),
    lead=BROADCAST,
)


# structure

reshape: Primitive = linear(
    "reshape",
    lambda x, *, shape: x.reshape(shape)[()],
    lambda g, _x, *, shape: reshape(g, shape=tuple(_x.shape)),
    spec=lambda x, *, shape: Spec(tuple(shape), x.dtype),
    structural=True,
    samples=((((2, 3),), {"shape": (3, 2)}), (((1,),), {"shape": ()})),
    lead=RESHAPE,
)

transpose: Primitive = linear(
    "transpose",
    lambda x, *, axes: x.transpose(axes),
    lambda g, *, axes: transpose(g, axes=tuple(int(i) for i in np.argsort(axes))),
    spec=lambda x, *, axes: Spec(tuple(x.shape[i] for i in axes), x.dtype),
    structural=True,
    samples=((((2, 3, 1),), {"axes": (2, 0, 1)}), (((2, 3),), {"axes": (1, 0)})),
    lead=TRANSPOSE,
)

flip: Primitive = linear(
    "flip",
    lambda x, *, axis: np.flip(x, axis),
    lambda g, *, axis: flip(g, axis=axis),
    spec=lambda x, *, axis: Spec(tuple(x.shape), x.dtype),
    structural=True,
    samples=((((2, 3),), {"axis": (1,)}),),
    lead=axes("axis"),
)


def _cumsum(x: Any, *, axis: int, exclusive: bool, reverse: bool) -> Any:
    y = np.flip(x, axis) if reverse else x
    y = np.cumsum(y, axis, dtype=x.dtype)
    if exclusive:
        y = np.roll(y, 1, axis)
        y[(slice(None),) * axis + (slice(0, 1),)] = 0
    return np.flip(y, axis) if reverse else y


cumsum: Primitive = linear(
    "cumsum",
    _cumsum,
    lambda g, *, axis, exclusive, reverse: cumsum(g, axis=axis, exclusive=exclusive, reverse=not reverse),
    spec=lambda x, *, axis, exclusive, reverse: Spec(tuple(x.shape), x.dtype),
    structural=True,
    gaps=True,
    samples=(
        (((2, 3),), {"axis": 1, "exclusive": False, "reverse": False}),
        (((3, 2),), {"axis": 0, "exclusive": True, "reverse": True}),
    ),
    lead=axes("axis"),
    reads=running,
)


def _joined(specs: tuple[Spec, ...], axis: int) -> Spec:
    shape = list(specs[0].shape)
    shape[axis] = sum(s.shape[axis] for s in specs)
    return Spec(tuple(shape), np.result_type(*(s.dtype for s in specs)))


def _concatenate_transpose(g: Any, index: int, *_xs: Any, axis: int) -> Any:
    start = sum(x.shape[axis] for x in _xs[:index])
    return getitem(g, index=(slice(None),) * axis + (slice(start, start + _xs[index].shape[axis]),))


concatenate = linear(
    "concatenate",
    lambda *xs, axis: np.concatenate(xs, axis),
    _concatenate_transpose,
    spec=lambda *xs, axis: _joined(xs, axis),
    variadic=True,
    structural=True,
    gaps=True,
    samples=((((2, 1), (2, 3)), {"axis": 1}), (((1,), (2,), (1,)), {"axis": 0})),
    lead=axes("axis"),
)

stack = linear(
    "stack",
    lambda *xs, axis: np.stack(xs, axis),
    lambda g, index, *_xs, axis: getitem(g, index=(slice(None),) * axis + (index,)),
    spec=lambda *xs, axis: Spec(
        (*xs[0].shape[:axis], len(xs), *xs[0].shape[axis:]), np.result_type(*(x.dtype for x in xs))
    ),
    variadic=True,
    structural=True,
    gaps=True,
    samples=((((2,), (2,), (2,)), {"axis": 1}), (((), ()), {"axis": 0})),
    lead=axes("axis"),
)


# reading entries and adding into entries: each is the other's transpose


def is_basic(index: tuple[Any, ...]) -> bool:
    """Whether an index has no arrays in it, so that it picks every entry at most once."""
    return not any(isinstance(part, (np.ndarray, list, bool, np.bool_)) for part in index)


def _scatter(g: Any, *, index: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    y = np.zeros(shape, g.dtype)
    if is_basic(index):
        y[index] = g
    else:
        np.add.at(y, index, g)
    return y[()]


def _read_spec(x: Spec, *, index: tuple[Any, ...]) -> Spec:
    # An array of zero strides: NumPy's own shape rules for the index at the cost of its result's shape alone.
    return Spec(np.broadcast_to(np.zeros((), np.int8), tuple(x.shape))[index].shape, x.dtype)


_ROWS_INDEX = np.array([0, 1, 0])
getitem: Primitive = linear(
    "getitem",
    lambda x, *, index: x[index],
    lambda g, _x, *, index: scatter(g, index=index, shape=tuple(_x.shape)),
    spec=_read_spec,
    structural=True,
    samples=(
        (((2, 3),), {"index": (1, slice(0, 3, 2))}),
        (((3,),), {"index": (slice(None, None, -1), None)}),
        (((2, 3),), {"index": (_ROWS_INDEX,)}),
        (((2, 3),), {"index": (Ellipsis, np.array([True, False, True]))}),
    ),
    lead=READ,
)

scatter: Primitive = linear(
    "scatter",
    _scatter,
    lambda g, *, index, shape: getitem(g, index=index),
    spec=lambda x, *, index, shape: Spec(tuple(shape), x.dtype),
    structural=True,
    gaps=True,
    samples=(
        (((2,),), {"index": (1, slice(0, 3, 2)), "shape": (2, 3)}),
        (((3, 2),), {"index": (_ROWS_INDEX,), "shape": (2, 2)}),
    ),
    lead=ADD,
)


def _take_spec(x: Spec, indices: Spec, *, axis: int) -> Spec:
    return Spec((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype)


def _put(g: Any, indices: Any, *, axis: int, size: int) -> Any:
    lead, rest = g.shape[:axis], g.shape[axis + indices.ndim :]
    y = np.zeros((*lead, size, *rest), g.dtype)
    np.add.at(y, (slice(None),) * axis + (indices,), g)
    return y


take = linear(
    "take",
    lambda x, indices, *, axis: np.take(x, indices, axis),
    (lambda g, _x, indices, *, axis: put_add(g, indices, axis=axis, size=_x.shape[axis]), None),
    spec=_take_spec,
    structural=True,
    samples=((((3, 2), np.array([[2, 0], [2, 1]])), {"axis": 0}), (((2, 3), np.array(1)), {"axis": 1})),
    lead=TAKE,
    reads=taken,
)

put_add: Primitive = linear(
    "put_add",
    _put,
    (lambda g, _x, indices, *, axis, size: take(g, indices, axis=axis), None),
    spec=lambda x, i, *, axis, size: Spec((*x.shape[:axis], size, *x.shape[axis + i.ndim :]), x.dtype),
    structural=True,
    gaps=True,
    samples=(
        (((4, 2), np.array([2, 0, 2, 1])), {"axis": 0, "size": 3}),
        (((2, 2), np.array([2, 0])), {"axis": 1, "size": 4}),
    ),
    lead=PUT,
    reads=added,
)


# dtypes and complex parts


def _cast(x: Any, *, dtype: Any) -> Any:
    return (x.real if x.dtype.kind == "c" and dtype.kind == "f" else x).astype(dtype)


cast = linear(
    "cast",
    _cast,
    lambda g, *, dtype: g,  # brought back to the input's dtype with every share
    spec=lambda x, *, dtype: Spec(tuple(x.shape), dtype),
    pointwise=True,
    samples=((((3,),), {"dtype": np.dtype("float64")}), (((),), {"dtype": np.dtype("complex128")})),
    element=lambda e, x, *, dtype: e.cast(x, dtype),
)


def _part_spec(x: Spec) -> Spec:
    return Spec(tuple(x.shape), np.zeros((), x.dtype).real.dtype)


_ONE: tuple[Sample, ...] = ((((3,),), {}), (((),), {}))
conjugate: Primitive = linear(
    "conjugate", np.conjugate, lambda g: conjugate(g), structural=True, element=lambda e, x: x
)
real = linear(
    "real",
    lambda x: x.real[()],
    lambda g: g,
    spec=_part_spec,
    samples=_ONE,
    pointwise=True,
    element=lambda e, x: x,
)
imag = linear("imag", lambda x: x.imag[()], lambda g: g * 1j, spec=_part_spec, samples=_ONE, pointwise=True)


# selection by a condition


def _selected(g: Any, condition: Any, chosen: Any) -> Masked:
    live = broadcast_to(condition, shape=tuple(g.shape))
    zero = Tensor(g.dtype.type(0))
    return Masked(
        where(live, g, zero) if chosen else where(live, zero, g), live if chosen else logical_not(live)
    )


def _where_spec(condition: Spec, a: Spec, b: Spec) -> Spec:
    return Spec(broadcast_shapes(condition.shape, a.shape, b.shape), np.result_type(a.dtype, b.dtype))


def _chosen(condition: Any, a: Any, b: Any) -> Any:
    return np.where(condition, a, b)[()]


_CONDITION: Any = np.array([True, False, True])
where = linear(
    "where",
    _chosen,
    (None, lambda g, c, _a, _b: _selected(g, c, True), lambda g, c, _a, _b: _selected(g, c, False)),
    spec=_where_spec,
    structural=True,
    gaps=True,
    pointwise=True,
    samples=(
        ((_CONDITION, (3,), (2, 3)), {}),
        ((_CONDITION, (), (3,)), {}),
        ((np.array([[True], [False]]), (2, 3), (3,)), {}),
    ),
    element=lambda e, c, a, b: e.select(c, a, b),
)
