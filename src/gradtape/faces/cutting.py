"""What limits numbers or cuts them off: clipping by norms, casts that saturate, division towards zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import DtypeError
from ..core.spec import as_dtype
from ..core.tensor import Tensor, as_tensor, beside
from ..ops import composite, linear
from ..ops import constant as fixed
from ..ops import elementwise as each
from .norms import global_norm
from .spelling import binary


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """The tensor, made shorter where its Euclidean norm is above `clip_norm`.

    Args:
        t: tensor of any shape.
        clip_norm: the largest norm.
        axes: an axis or several that are measured together; all by default.

    Raises:
        ValueError: for an axis out of range.

    >>> import gradtape as gt
    >>> gt.clip_by_norm(gt.constant([3.0, 4.0]), 2.5).numpy().tolist()
    [1.5, 2.0]
    """
    x, limit = beside((t, clip_norm))
    length = composite.norm(x, "euclidean", axes, True)
    return x * limit / each.maximum(length, limit)  # type: ignore[no-any-return]


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Tensor]:
    """All tensors made shorter by one factor, so that their common norm is at most `clip_norm`; and that norm.

    Args:
        t_list: list of tensors, None among them allowed (they stay None).
        clip_norm: the largest norm.
        use_norm: the common norm, if it is known.

    Raises:
        TypeError: if `t_list` is not a list.

    >>> import gradtape as gt
    >>> (clipped,), length = gt.clip_by_global_norm([gt.constant([3.0, 4.0])], 2.5)
    >>> clipped.numpy().tolist(), float(length)
    ([1.5, 2.0], 5.0)
    """
    length = global_norm(t_list) if use_norm is None else as_tensor(use_norm)
    length, limit = beside((length, clip_norm))
    # Not finite where the norm is not (TensorFlow: NaN everywhere), so that a bad step shows.
    factor = limit / each.maximum(length, limit) + (length - length)
    return [None if t is None else as_tensor(t) * linear.cast(factor, dtype=t.dtype) for t in t_list], length


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """A cast in which what is beyond the range of the dtype becomes the end of the range.

    Raises:
        TypeError: for complex numbers cast to others.

    >>> import gradtape as gt
    >>> gt.saturate_cast(gt.constant([-1.0, 7.0, 300.0]), "uint8").numpy().tolist()
    [0, 7, 255]
    """
    x, to = as_tensor(value), as_dtype(dtype)
    own = x._value.dtype
    if to.kind not in "iuf" or own.kind not in "iufc":
        return composite.astype(x, to)
    if own.kind == "c":
        raise DtypeError(
            f"saturate_cast: complex numbers ({own.name}) have no range to be limited to {to.name}"
        )
    low, high = _range(to, own)
    return composite.astype(each.minimum(each.maximum(x, Tensor(low)), Tensor(high)), to)


def _range(to: Any, own: Any) -> tuple[Any, Any]:
    """The least and the largest number of one dtype that the other has too, in the latter."""
    ends = np.finfo(to) if to.kind == "f" else np.iinfo(to)
    limits = np.finfo(own) if own.kind == "f" else np.iinfo(own)
    low, high = own.type(max(ends.min, limits.min)), own.type(min(ends.max, limits.max))
    if own.kind == "f" and int(high) > ends.max:  # the next float below, where the end itself is rounded up
        high = np.nextafter(high, own.type(0))
    return low, high


def _truncated(x: Any, y: Any) -> Tensor:
    """The quotient rounded towards zero: of floats that of the absolute values, with the sign."""
    a, b = beside((x, y))
    negative = fixed.not_equal(_is_negative(a), _is_negative(b))
    if a.dtype.kind == b.dtype.kind == "f":
        size = fixed.floor_divide(each.absolute(a), each.absolute(b))
        return linear.where(negative, -size, size)  # type: ignore[no-any-return]
    down, rest = fixed.floor_divide(a, b), each.remainder(a, b)
    up = fixed.logical_and(negative, fixed.not_equal(rest, each.like(rest, 0)))
    return linear.where(up, down + each.like(down, 1), down)  # type: ignore[no-any-return]


def truncated_rest(x: Any, y: Any) -> Tensor:
    """The remainder of a division towards zero; it has the sign of the first number.

    Of floats that of the absolute values, which is exact; the least whole number has no absolute value in its dtype.
    """
    a, b = beside((x, y))
    if a.dtype.kind == b.dtype.kind == "f":
        negative, zero = _is_negative(a), each.like(a, 0)
        size = each.remainder(_size(a), _size(b))
        rest = linear.where(negative, linear.negative(size), size)
        keeps = fixed.logical_and(fixed.equal(a, zero), fixed.greater(_size(b), each.like(b, 0)))  # -0 stays
        return linear.where(keeps, a, rest)  # type: ignore[no-any-return]
    down = each.remainder(a, b)
    other = fixed.not_equal(_is_negative(a), _is_negative(b))
    over = fixed.logical_and(other, fixed.not_equal(down, each.like(down, 0)))
    return linear.where(over, down - b, down)  # type: ignore[no-any-return]


def _is_negative(x: Tensor) -> Tensor:
    return fixed.less(x, each.like(x, 0))  # type: ignore[no-any-return]


def _size(x: Tensor) -> Tensor:
    """The modulus, whose derivative at zero is one."""
    return linear.where(_is_negative(x), linear.negative(x), x)  # type: ignore[no-any-return]


realdiv = binary(each.divide, "realdiv", "x / y, entry by entry.")
truncatediv = binary(_truncated, "truncatediv", "x / y rounded towards zero; its derivative is None.")
truncatemod = binary(
    truncated_rest,
    "truncatemod",
    "x - y truncatediv(x, y), of the sign of x; its derivative is (1, -quotient).",
)


__all__ = [
    "clip_by_global_norm",
    "clip_by_norm",
    "realdiv",
    "saturate_cast",
    "truncated_rest",
    "truncatediv",
    "truncatemod",
]
