"""Names of `tf.math` that look along an axis or over a whole tensor: running products, counts, ranks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import DtypeError, InvalidArgumentError, ShapeError
from ..core.further_errors import RangeError
from ..core.spec import float32, int32, int64
from ..core.tensor import Tensor, as_tensor, beside, look
from ..ops import arranging, composing, composite, linear, reduction
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.composing import axes_of
from .activations import floating
from .spelling import under_its_name

# running products and sums


def running(
    name: str,
    pair: Callable[[Any, Any], Any],
    neutral: float,
    x: Any,
    axis: int,
    exclusive: bool,
    reverse: bool,
) -> Tensor:
    """Combine each entry with all before it, in pairs at doubling distances (Hillis and Steele 1986)."""
    y = as_tensor(x)
    (place,) = axes_of((axis,), y.ndim, name)
    count = y._value.shape[place]
    lead = (slice(None),) * place

    def part(t: Tensor, start: int, stop: int) -> Tensor:
        return linear.getitem(t, index=(*lead, slice(start, stop)))  # type: ignore[no-any-return]

    if reverse:
        y = linear.flip(y, axis=(place,))
    if exclusive and count:
        shape = (*y._value.shape[:place], 1, *y._value.shape[place + 1 :])
        first = Tensor(np.full(shape, neutral, y._value.dtype))
        y = linear.concatenate(first, part(y, 0, count - 1), axis=place)
    distance = 1
    while distance < count:
        joined = pair(part(y, distance, count), part(y, 0, count - distance))
        y = linear.concatenate(part(y, 0, distance), joined, axis=place)
        distance *= 2
    return linear.flip(y, axis=(place,)) if reverse else y


@under_its_name
def cumprod(
    x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """Running products along an axis; every derivative is exact where entries are zero.

    Args:
        x: tensor of rank 1 or more.
        axis: the axis.
        exclusive: leave out the entry itself, so that the first result is 1.
        reverse: run from the end.

    Raises:
        ValueError: for an axis out of range.

    >>> import gradtape as gt
    >>> gt.math.cumprod(gt.constant([1, 2, 3]), exclusive=True, reverse=True).numpy().tolist()
    [6, 3, 1]
    """
    return running("cumprod", each.multiply, 1.0, x, axis, exclusive, reverse)


def _logsumexp_of_pair(a: Tensor, b: Tensor) -> Tensor:
    return reduction.logsumexp(linear.stack(a, b, axis=0), axis=(0,), keepdims=False)  # type: ignore[no-any-return]


@under_its_name
def cumulative_logsumexp(
    x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The logarithm of running sums of exponentials, without overflow; minus infinity for a sum of nothing.

    Args:
        x: floating tensor of rank 1 or more.
        axis, exclusive, reverse: as in `cumprod`.

    Raises:
        ValueError: for an axis out of range.
        TypeError: for a dtype that is not floating.
    """
    x = floating("cumulative_logsumexp", "x", x)
    return running("cumulative_logsumexp", _logsumexp_of_pair, -np.inf, x, axis, exclusive, reverse)


@under_its_name
def accumulate_n(inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None) -> Tensor:
    """The sum of a list of tensors of one shape.

    Raises:
        ValueError: for no tensors, for different shapes, or another shape than the one given.
        TypeError: for another dtype than the one given.
    """
    xs = beside(tuple(inputs)) if isinstance(inputs, (list, tuple)) else []
    if not xs:
        raise InvalidArgumentError("accumulate_n: inputs must be a list of at least one tensor")
    wanted = xs[0]._value.shape if shape is None else composing.shape_of(shape)
    for x in xs:
        if x._value.shape != wanted:
            raise ShapeError(f"accumulate_n: the shapes {tuple(x.shape)} and {wanted} are not compatible")
    if tensor_dtype is not None and np.dtype(tensor_dtype) != xs[0].dtype:
        raise DtypeError(
            f"accumulate_n: tensor_dtype is {np.dtype(tensor_dtype)}, but the inputs are {xs[0].dtype}"
        )
    total = xs[0]
    for x in xs[1:]:
        total = linear.add(total, x)
    return total


@under_its_name
def l2_normalize(
    x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None
) -> Tensor:
    """A tensor divided by its Euclidean norm over axes (all by default), where this is at least sqrt(epsilon).

    Args:
        x: floating or complex tensor.
        axis: one or several axes.
        epsilon: the least squared norm to divide by, so that zero vectors stay zero.
        dim: TensorFlow's older name for `axis`.

    Raises:
        ValueError: for an axis out of range, or if `axis` and `dim` are both given.
        TypeError: for integers.
    """
    if axis is not None and dim is not None:
        raise InvalidArgumentError("l2_normalize: axis and dim mean the same; give one of them")
    x = as_tensor(x)
    if x._value.dtype.kind not in "fc":
        raise DtypeError(
            f"l2_normalize: x must be floating or complex, not {x.dtype.name} of shape {x.shape}"
        )
    axes = axes_of(dim if axis is None else axis, x.ndim, "l2_normalize")
    re, im = composite.real(x), composite.imag(x)
    squares = each.square(re) + each.square(im) if x._value.dtype.kind == "c" else each.square(x)
    total = linear.sum_(squares, axis=axes, keepdims=True)
    inverse = each.reciprocal(each.sqrt(each.maximum(total, each.like(total, epsilon))))
    return each.multiply(x, composite.astype(inverse, x.dtype))  # type: ignore[no-any-return]


# counting and ordering: no derivative


@under_its_name
def count_nonzero(
    input: Any, axis: Any = None, keepdims: bool | None = None, dtype: Any = int64, name: str | None = None
) -> Tensor:
    """How many entries over the axes (all by default) are not zero."""
    x = as_tensor(input)
    flags = composite.astype(fixed.not_equal(x, each.like(x, 0)), dtype)
    return composite.sum(flags, axis, keepdims=bool(keepdims))


@under_its_name
def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The fraction of entries that are zero, as float32; NaN of no entries."""
    x = as_tensor(value)
    flags = composite.astype(fixed.equal(x, each.like(x, 0)), float32)
    return composite.mean(flags)


def _steps(x: Any, holds: Any) -> Tensor:
    flat = arranging.ravel(as_tensor(x))
    return composite.all(holds(flat[1:], flat[:-1]))


@under_its_name
def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Whether no entry is smaller than the one before it, in the order of the flat tensor."""
    return _steps(x, fixed.greater_equal)


@under_its_name
def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Whether every entry is larger than the one before it, in the order of the flat tensor."""
    return _steps(x, fixed.greater)


def in_top_k(targets: Any, predictions: Any, k: int, name: str | None = None) -> Tensor:
    """Whether fewer than k predictions of a row exceed that of its target; False in a row that is not finite.

    Args:
        targets: integer tensor of shape (n,); a target out of range is in no row's top.
        predictions: tensor of shape (n, classes).

    Raises:
        ValueError: if the shapes are not these.
    """
    places, scores = look(targets, "in_top_k"), look(predictions, "in_top_k")
    if scores.ndim != 2 or np.shape(places) != scores.shape[:1]:
        raise ShapeError(
            f"in_top_k: predictions of shape (n, classes) and targets of shape (n,) are needed, not "
            f"{np.shape(scores)} and {np.shape(places)}"
        )
    known = (places >= 0) & (places < scores.shape[1]) & np.isfinite(scores).all(axis=1)
    own = scores[np.arange(len(places)), np.where(known, places, 0)]
    return Tensor(known & ((scores > own[:, None]).sum(axis=1) < int(k)))


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    weights: Any = None,
    dtype: Any = int32,
    name: str | None = None,
) -> Tensor:
    """How often (or with how much weight) each label (row) met each prediction (column); differentiable in weights.

    Raises:
        ValueError: for different shapes, negative entries, or entries not below `num_classes`.
    """
    rows, columns = (np.asarray(look(x, "confusion_matrix")) for x in (labels, predictions))
    if rows.shape != columns.shape or rows.ndim != 1:
        raise ShapeError(
            f"confusion_matrix: labels and predictions need one shape (n,), not {rows.shape} and {columns.shape}"
        )
    rows, columns = rows.astype(np.int64), columns.astype(np.int64)
    largest = max((int(part.max()) for part in (rows, columns) if part.size), default=-1)
    count = largest + 1 if num_classes is None else int(as_tensor(num_classes))
    for what, part in (("labels", rows), ("predictions", columns)):
        if (part < 0).any():
            raise RangeError(f"confusion_matrix: `{what}` contains negative values")
        if (part >= count).any():
            raise RangeError(f"confusion_matrix: `{what}` out of bound: {part.max()} with {count} classes")
    values = Tensor(np.ones(rows.shape, dtype)) if weights is None else composite.astype(weights, dtype)
    values = arranging.broadcast_to(values, rows.shape)
    return linear.scatter(values, index=(rows, columns), shape=(count, count))  # type: ignore[no-any-return]


def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """The permutation that undoes another: y[x[i]] = i.

    Raises:
        ValueError: if the numbers 0 to n - 1 are not all there once, or the rank is not 1.
        TypeError: for a tensor that is not of integers.
    """
    order = look(x, "invert_permutation")
    if order.dtype.kind not in "iu":
        raise DtypeError(f"invert_permutation: integers are needed, not {order.dtype.name}")
    if order.ndim != 1 or (np.sort(order) != np.arange(order.size)).any():
        raise InvalidArgumentError(f"invert_permutation: {order.tolist()} is not a permutation of 0 to n - 1")
    return Tensor(np.argsort(order).astype(order.dtype))


class ApproxTopK(NamedTuple):
    """The largest (or smallest) entries and their places."""

    values: Tensor
    indices: Tensor


def _best(name: str, x: Any, k: Any, axis: int, sign: int) -> ApproxTopK:
    x = as_tensor(x)
    (place,) = axes_of((axis,), x.ndim, name)
    size, count = x._value.shape[place], int(k)
    if not 0 <= count <= size:
        raise RangeError(f"{name}: k = {count} of {size} entries along axis {place} cannot be taken")
    order = np.argsort(sign * look(x, name), axis=place, kind="stable")
    chosen = order[(slice(None),) * place + (slice(0, count),)]
    grid = list(np.ogrid[tuple(slice(n) for n in chosen.shape)])
    grid[place] = chosen
    return ApproxTopK(linear.getitem(x, index=tuple(grid)), Tensor(chosen.astype(np.int32)))


def approx_max_k(
    operand: Any,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
    name: str | None = None,
) -> ApproxTopK:
    """The k largest entries along an axis, in falling order, and their places; exact, as TensorFlow's is on a CPU.

    Raises:
        ValueError: if there are fewer than k entries, or for an axis out of range.
    """
    return _best("approx_max_k", operand, k, reduction_dimension, -1)


def approx_min_k(
    operand: Any,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
    name: str | None = None,
) -> ApproxTopK:
    """The k smallest entries along an axis, in rising order, and their places; exact.

    Raises:
        ValueError: if there are fewer than k entries, or for an axis out of range.
    """
    return _best("approx_min_k", operand, k, reduction_dimension, 1)
