"""TensorFlow's functions that copy, move and cut out entries, beyond those of `arrays.py`.

Each checks its arguments, which NumPy would read more freely, and then calls a composite or a row. The order is:
copies and moves, padding and grids, shapes, parts cut out.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, DtypeError, InvalidArgumentError, ShapeError
from ..core.further_errors import ChoiceError, RangeError
from ..core.spec import TensorShape, as_dtype, bool_, broadcast_shapes, int32
from ..core.tensor import Tensor, as_tensor
from ..ops import arranging, composing, linear, padding, selection
from ..ops import constant as fixed
from ..ops.composing import axes_of
from .arrays import cast, gather


def integers(name: str, argument: str, value: Any, rank: int | None = None) -> Any:
    """An argument as an array of integers, of the given rank."""
    array = np.asarray(as_tensor(value))
    if array.dtype.kind not in "iu" and array.size:
        raise DtypeError(
            f"{name}: {argument} must be integers, not {array.dtype.name} of shape {array.shape}"
        )
    if rank is not None and array.ndim != rank:
        raise ShapeError(f"{name}: {argument} must have rank {rank}, not the shape {array.shape}")
    return array.astype(np.int64)


# copies and moves


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """The tensor repeated so many times along each axis.

    >>> import gradtape as gt
    >>> gt.tile(gt.constant([1.0, 2.0]), [2]).numpy().tolist()
    [1.0, 2.0, 1.0, 2.0]
    """
    x, counts = as_tensor(input), integers("tile", "multiples", multiples, 1).tolist()
    if len(counts) != x.ndim or builtins.any(n < 0 for n in counts):
        raise ShapeError(f"tile: multiples {counts} must be one number, not below 0, per axis of {x.shape}")
    return selection.tile(x, tuple(counts))


def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Each entry (or slice along an axis) repeated so many times; flattened without an axis.

    >>> import gradtape as gt
    >>> gt.repeat(gt.constant([5.0, 7.0]), [1, 2]).numpy().tolist()
    [5.0, 7.0, 7.0]
    """
    return selection.repeat(input, repeats, axis)


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """Entries moved along axes; those that leave at one end come back at the other. Shifts of one axis add up.

    >>> import gradtape as gt
    >>> gt.roll(gt.constant([1, 2, 3]), 1, 0).numpy().tolist()
    [3, 1, 2]
    """
    x, steps, axes = as_tensor(input), integers("roll", "shift", shift), integers("roll", "axis", axis)
    if x.ndim == 0 or steps.shape != axes.shape or steps.ndim > 1:
        raise ShapeError(
            f"roll: shift of shape {steps.shape} and axis of shape {axes.shape} must be of one size "
            f"and rank 0 or 1, for a tensor of rank one or more, not of shape {x.shape}"
        )
    return selection.roll(x, steps, axes)


def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: int | None = None,
    batch_axis: int | None = None,
    name: str | None = None,
) -> Tensor:
    """For each slice of the batch axis its first so many entries of the sequence axis in reverse order.

    >>> import gradtape as gt
    >>> gt.reverse_sequence(gt.constant([[1, 2, 3], [4, 5, 6]]), [2, 3], seq_axis=1).numpy().tolist()
    [[2, 1, 3], [6, 5, 4]]
    """
    if seq_axis is None:
        raise ArgumentTypeError("reverse_sequence: seq_axis must be given")
    x, lengths = as_tensor(input), integers("reverse_sequence", "seq_lengths", seq_lengths, 1)
    sequence, batch = (axes_of((a,), x.ndim, "reverse_sequence")[0] for a in (seq_axis, batch_axis or 0))
    size = x._value.shape[sequence]
    if sequence == batch or lengths.shape[0] != x._value.shape[batch]:
        raise ShapeError(
            f"reverse_sequence: seq_lengths of shape {lengths.shape}, seq_axis {seq_axis} and batch_axis {batch} "
            f"do not fit the shape {x.shape}"
        )
    if lengths.size and not (lengths.min() >= 0 and lengths.max() <= size):
        raise RangeError(f"reverse_sequence: seq_lengths {lengths.tolist()} must lie between 0 and {size}")
    place = np.arange(size)
    places = np.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)
    shape = tuple(n if i in (batch, sequence) else 1 for i, n in enumerate(x._value.shape))
    places = (places if batch < sequence else places.T).reshape(shape)
    return selection.along(x, Tensor(np.broadcast_to(places, x._value.shape)), sequence)


# padding and grids


def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None
) -> Tensor:
    """Entries put before and behind each axis: a number, or the tensor reflected.

    Args:
        tensor: tensor of any shape.
        paddings: for each axis how many entries come before and how many behind.
        mode: "CONSTANT"; "REFLECT" without the outermost entry; "SYMMETRIC" with it.
        constant_values: the number; differentiable.

    >>> import gradtape as gt
    >>> gt.pad(gt.constant([1, 2, 3]), [[2, 1]], "REFLECT").numpy().tolist()
    [3, 2, 1, 2, 3, 2]
    """
    x, widths = as_tensor(tensor), integers("pad", "paddings", paddings)
    if widths.shape != (x.ndim, 2) or (widths < 0).any():
        raise ShapeError(
            f"pad: paddings must be two numbers, not below 0, per axis of {x.shape}, got {widths.tolist()}"
        )
    kind = str(mode).upper()
    if kind == "CONSTANT":
        return padding.pad(x, widths, constant_values=_number("pad", "constant_values", constant_values))
    if kind not in ("REFLECT", "SYMMETRIC"):
        raise ChoiceError(f"pad: mode must be 'CONSTANT', 'REFLECT' or 'SYMMETRIC', not {mode!r}")
    most = np.array(x._value.shape) - (kind == "REFLECT")
    if (widths > most[:, None]).any() and widths.any():
        raise ShapeError(f"pad: paddings {widths.tolist()} are more than {kind} can take from {x.shape}")
    return padding.pad(x, widths, kind.lower())


def _number(name: str, argument: str, value: Any) -> Any:
    if np.ndim(value):
        raise ShapeError(f"{name}: {argument} must be one number, not of shape {np.shape(value)}")
    return value


def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """Coordinates on the grid that vectors span; `indexing` is "xy" (the first two axes exchanged) or "ij".

    >>> import gradtape as gt
    >>> [g.numpy().tolist() for g in gt.meshgrid([1, 2], [3, 4])]
    [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    indexing = kwargs.pop("indexing", "xy")
    kwargs.pop("name", None)
    for key in kwargs:
        raise ArgumentTypeError(f"meshgrid: {key!r} is an invalid keyword argument")
    return list(selection.meshgrid(*args, indexing=indexing))


def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = bool_, name: str | None = None) -> Tensor:
    """For each length a vector that holds at the first so many places.

    >>> import gradtape as gt
    >>> gt.sequence_mask([1, 3], 3, dtype=gt.int32).numpy().tolist()
    [[1, 0, 0], [1, 1, 1]]
    """
    sizes = as_tensor(lengths)
    most = np.max(np.asarray(sizes), initial=0) if maxlen is None else np.asarray(as_tensor(maxlen))
    if np.ndim(most):
        raise ShapeError(f"sequence_mask: maxlen must be a scalar, not of shape {np.shape(most)}")
    mask = fixed.less(Tensor(np.arange(int(np.ceil(most)))), arranging.expand_dims(sizes, -1))
    return mask if as_dtype(dtype) == bool_ else cast(mask, dtype)


# shapes


def shape_n(input: Any, out_type: Any = int32, name: str | None = None) -> list[Tensor]:
    """The shapes of several tensors as integer tensors."""
    return [
        Tensor(np.array(as_tensor(x)._value.shape, out_type))
        for x in composing.listed("shape_n", "input", input)
    ]


def _common(name: str, x: Any, y: Any) -> tuple[int, ...]:
    try:
        return broadcast_shapes(tuple(x), tuple(y))
    except ValueError:
        raise ShapeError(f"{name}: Incompatible shapes: {tuple(x)} and {tuple(y)}") from None


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The shape to which two shapes broadcast."""
    return TensorShape(_common("broadcast_static_shape", shape_x, shape_y))


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """The shape to which two shapes, given as integer tensors, broadcast; as an integer tensor."""
    x, y = (np.asarray(as_tensor(s)) for s in (shape_x, shape_y))
    sizes = (
        integers("broadcast_dynamic_shape", n, s, 1).tolist() for n, s in (("shape_x", x), ("shape_y", y))
    )
    return Tensor(np.array(_common("broadcast_dynamic_shape", *sizes), np.result_type(x, y)))


# parts cut out


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """A block that begins at a place and has a size; the size -1 means up to the end.

    >>> import gradtape as gt
    >>> gt.slice(gt.constant([[1, 2, 3], [4, 5, 6]]), [0, 1], [2, -1]).numpy().tolist()
    [[2, 3], [5, 6]]
    """
    x, starts, sizes = (
        as_tensor(input_),
        integers("slice", "begin", begin, 1),
        integers("slice", "size", size, 1),
    )
    if starts.shape != (x.ndim,) or sizes.shape != (x.ndim,):
        raise ShapeError(
            f"slice: begin of shape {starts.shape} and size of shape {sizes.shape} need an entry per axis of {x.shape}"
        )
    parts = []
    for axis, (start, length, whole) in enumerate(
        zip(starts.tolist(), sizes.tolist(), x._value.shape, strict=True)
    ):
        length = whole - start if length == -1 else length
        if not (0 <= start <= whole and 0 <= length <= whole - start):
            raise ShapeError(
                f"slice: begin {start} and size {length} leave axis {axis} of the shape {x.shape}"
            )
        parts.append(builtins.slice(start, start + length))
    return linear.getitem(x, index=tuple(parts))  # type: ignore[no-any-return]


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """Python's slicing given as lists: bit i of a mask is about entry i of begin, end and strides.

    Args:
        input_: tensor to read from.
        begin, end, strides: one slice each, for the leading axes.
        begin_mask, end_mask: leave out the begin or the end.
        ellipsis_mask: the entry stands for `...`.
        new_axis_mask: the entry is a new axis of size one.
        shrink_axis_mask: the entry is a number, `begin`, and its axis goes away.

    >>> import gradtape as gt
    >>> gt.strided_slice(gt.constant([1, 2, 3, 4]), [3], [0], [-2]).numpy().tolist()
    [4, 2]
    """
    x = as_tensor(input_)
    starts, ends = integers("strided_slice", "begin", begin, 1), integers("strided_slice", "end", end, 1)
    steps = np.ones_like(starts) if strides is None else integers("strided_slice", "strides", strides, 1)
    if not starts.shape == ends.shape == steps.shape:
        raise ShapeError(
            f"strided_slice: begin, end and strides differ in shape: {starts.shape}, {ends.shape}, {steps.shape}"
        )
    if (steps == 0).any():
        raise RangeError(f"strided_slice: strides must not be zero, got {steps.tolist()} for {x.shape}")
    if bin(ellipsis_mask & (2**starts.size - 1)).count("1") > 1:
        raise InvalidArgumentError(
            "strided_slice: ellipsis_mask may have one bit, as only one `...` can stand in an index"
        )
    index: list[Any] = []
    for i, (start, stop, step) in enumerate(zip(starts.tolist(), ends.tolist(), steps.tolist(), strict=True)):
        bit = 1 << i
        if ellipsis_mask & bit:
            index.append(Ellipsis)
        elif new_axis_mask & bit:
            index.append(None)
        elif shrink_axis_mask & bit:
            if step < 0:
                raise InvalidArgumentError(
                    f"strided_slice: a stride of {step} stands beside shrink_axis_mask at {i}"
                )
            index.append(start)
        else:
            bounds = (None if begin_mask & bit else start, None if end_mask & bit else stop)
            index.append(builtins.slice(*bounds, step))
    try:
        return arranging.getitem(x, tuple(index))
    except IndexError as error:
        raise ShapeError(
            f"strided_slice: begin {starts.tolist()} and end {ends.tolist()} do not fit the shape {x.shape}: {error}"
        ) from None


def batch_gather(params: Any, indices: Any, name: str | None = None) -> Tensor:
    """Entries along the last axis of `indices`, whose other axes are common with `params`."""
    places = as_tensor(indices)
    if places.ndim == 0:
        raise ShapeError("batch_gather: indices must have rank one or more, not the shape ()")
    return gather(params, places, axis=places.ndim - 1, batch_dims=places.ndim - 1)


def identity_n(input: Any, name: str | None = None) -> list[Tensor]:
    """New tensors of the same values, through which derivatives pass."""
    return [linear.identity(as_tensor(x)) for x in composing.listed("identity_n", "input", input)]


def parallel_stack(values: Any, name: str = "parallel_stack") -> Tensor:
    """Tensors of one shape joined along a new first axis; the same as `stack` here."""
    return arranging.stack(values)
