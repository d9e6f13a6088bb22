"""Products with a matrix that repeats itself: only one row or column of each run is multiplied.

Directions along which a batch is differentiated are the same for every row; so the tangents that enter a program are a
matrix of few distinct rows, each once for every row of the batch, and what a first layer makes of them has few too. In
the transposed product, that of the way back, what meets equal columns is added up before. Sums are in another order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.spec import Spec
from ..core.tensor import Tensor

if TYPE_CHECKING:
    from .passes import Sweep


def product_of_runs(sweep: Sweep, _params: Mapping[str, Any], inputs: Any, spec: Spec) -> int | None:
    """The product of two matrices of which one repeats its rows or columns, from as many as are distinct."""
    shapes = [sweep.spec(i).shape for i in inputs]
    dtypes = {sweep.spec(i).dtype for i in inputs}
    if not len(shapes[0]) == len(shapes[1]) == 2 or spec.dtype.kind != "f" or dtypes != {spec.dtype}:
        return None
    if not math.prod(spec.shape) or not shapes[0][1]:
        return None
    for side in (0, 1):
        for axis in (side, 1 - side):  # the axis that the result has, then the one that is summed over
            found = _distinct(sweep, inputs[side], axis)
            if found is not None:
                small, run = found
                factors = [small if i == side else inputs[i] for i in (0, 1)]
                if axis != side:
                    factors[1 - side] = _sums(sweep, inputs[1 - side], 1 - axis, run)
                made = Spec((sweep.spec(factors[0]).shape[0], sweep.spec(factors[1]).shape[1]), spec.dtype)
                y = sweep.apply("matmul", (factors[0], factors[1]), made)
                return y if axis != side else _repeated(sweep, y, axis, run)
    return None


def _distinct(sweep: Sweep, index: int, axis: int) -> tuple[int, int] | None:
    """A matrix with one of each run of equal rows (axis 0) or columns (axis 1), and how long a run is."""
    spec = sweep.spec(index)
    size = spec.shape[axis]
    if size < 2:
        return None
    shape = (*spec.shape[:axis], 1, *spec.shape[axis + 1 :])
    maker = sweep.maker(index, "broadcast_to")
    if maker is not None:
        own = sweep.spec(maker.inputs[0]).shape
        at = axis - 2 + len(own)
        if at >= 0 and own[at] != 1:
            return None
        return sweep.apply("broadcast_to", maker.inputs, Spec(shape, spec.dtype), shape=shape), size
    constant = sweep.builder.constants.get(index)
    if constant is None or constant._node is not None:
        return None
    value = np.moveaxis(constant._value, axis, 0)
    run = _run(value)
    return None if run == 1 else (sweep.constant(Tensor(np.moveaxis(value[::run], 0, axis).copy())), run)


def _run(rows: Any) -> int:
    """The length of the runs of equal rows; 1 where they are not all of one length."""

    def same(a: Any, b: Any) -> Any:
        return ((a == b) & (np.signbit(a) == np.signbit(b))).all(-1)

    if not same(rows[0], rows[1]):
        return 1
    breaks = 1 + np.flatnonzero(~same(rows[1:], rows[:-1]))
    run = int(breaks[0]) if breaks.size else len(rows)
    return run if len(rows) % run == 0 and not (breaks % run).any() else 1


def _repeated(sweep: Sweep, index: int, axis: int, run: int) -> int:
    """A matrix with each row or column so many times."""
    spec = sweep.spec(index)
    shape, at = spec.shape, axis + 1
    apart, wide = (*shape[:at], 1, *shape[at:]), (*shape[:at], run, *shape[at:])
    whole = (*shape[:axis], shape[axis] * run, *shape[at:])
    if shape[axis] == 1:
        return sweep.apply("broadcast_to", (index,), Spec(whole, spec.dtype), shape=whole)
    y = sweep.apply("reshape", (index,), Spec(apart, spec.dtype), shape=apart)
    y = sweep.apply("broadcast_to", (y,), Spec(wide, spec.dtype), shape=wide)
    return sweep.apply("reshape", (y,), Spec(whole, spec.dtype), shape=whole)


def _sums(sweep: Sweep, index: int, axis: int, run: int) -> int:
    """A matrix with so many rows or columns at a time added up."""
    spec = sweep.spec(index)
    shape, at = spec.shape, axis + 1
    apart = (*shape[:axis], shape[axis] // run, run, *shape[at:])
    total = (*shape[:axis], shape[axis] // run, *shape[at:])
    if shape[axis] == run:
        return sweep.apply("sum", (index,), Spec(total, spec.dtype), axis=(axis,), keepdims=True)
    y = sweep.apply("reshape", (index,), Spec(apart, spec.dtype), shape=apart)
    return sweep.apply("sum", (y,), Spec(total, spec.dtype), axis=(at,), keepdims=False)


__all__ = ["product_of_runs"]
