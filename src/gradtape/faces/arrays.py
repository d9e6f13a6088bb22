"""TensorFlow's top-level functions that make, shape, join, cut and read tensors."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import errors
from ..core.spec import as_dtype, broadcast_shapes, default_float, int32
from ..core.tensor import Tensor, as_tensor, beside, look
from ..core.values import to_value
from ..ops import arranging, composite, linear
from ..ops import constant as fixed
from ..ops.composing import axes_of, shape_of


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Tensor:
    """A tensor of the given numbers.

    Args:
        value: number, nested list or array; Python floats become float32, ints int32, arrays keep their dtype.
        dtype: default: as said above.
        shape: the values are reshaped to it; a single number fills it.

    Raises:
        ValueError: if the values do not fit the shape or dtype.
        TypeError: if the value is no number.

    >>> import gradtape as gt
    >>> print(gt.constant([[1, 2], [3, 4]]))
    Tensor(
    [[1 2]
     [3 4]], shape=(2, 2), dtype=int32)
    """
    if type(value) is float and shape is None:
        return Tensor(to_value(value, dtype))  # most constants, spared the questions
    if hasattr(type(value), "_as_tensor"):
        tensor = cast(value, dtype) if dtype is not None else as_tensor(value)
        return tensor if shape is None else arranging.reshape(tensor, shape)
    array = to_value(value, dtype)
    if shape is not None:
        sizes = shape_of(shape)
        if array.size == 1:
            array = np.full(sizes, array)[()]
        elif array.size != int(np.prod(sizes, dtype=np.int64)):
            raise errors.ShapeError(f"constant: {array.size} values do not fill the shape {sizes}")
        else:
            array = array.reshape(sizes)
    return Tensor(array)


def convert_to_tensor(
    value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None
) -> Tensor:
    """The value as a tensor: tensors as they are, variables read, lists with tensors in them stacked.

    Args:
        value: a tensor, an array, a number or a nested list.
        dtype: of the tensor.
        dtype_hint: of the tensor, where a number of Python's can take it and no dtype is given.

    Raises:
        ValueError: if a tensor of another dtype than `dtype` is given.

    >>> import gradtape as gt
    >>> gt.convert_to_tensor([gt.constant(1.0), 2.0]).numpy().tolist()
    [1.0, 2.0]
    """
    if dtype is None and dtype_hint is not None and isinstance(value, (int, float, complex)):
        hint, own = as_dtype(dtype_hint), as_tensor(value).dtype
        dtype = hint if "biufc".find(hint.kind) >= "biufc".find(own.kind) else None
    return as_tensor(value, None if dtype is None else as_dtype(dtype))


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    """The tensor in another dtype. Derivatives pass between floating and complex dtypes and stop at integers.

    >>> import gradtape as gt
    >>> gt.cast(gt.constant([1.8, -1.8]), gt.int32).numpy().tolist()
    [1, -1]
    """
    return composite.astype(x, dtype)


def identity(input: Any, name: str | None = None) -> Tensor:
    """A new tensor of the same value, through which derivatives pass."""
    return linear.identity(input)  # type: ignore[no-any-return]


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """A new tensor of the same value that every tape and accumulator takes for a constant.

    >>> import gradtape as gt
    >>> x = gt.constant(2.0)
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = x * gt.stop_gradient(x)
    >>> print(tape.gradient(y, x).numpy())
    2.0
    """
    return fixed.stop_gradient(input)  # type: ignore[no-any-return]


# filled tensors


def _full(shape: Any, value: Any, dtype: Any) -> Tensor:
    return Tensor(np.full(shape_of(shape), value, dtype)[()])


def zeros(shape: Any, dtype: Any = None, name: str | None = None, layout: Any = None) -> Tensor:
    """Zeros of a shape; float32 by default."""
    return _full(shape, 0, default_float() if dtype is None else dtype)


def ones(shape: Any, dtype: Any = None, name: str | None = None, layout: Any = None) -> Tensor:
    """Ones of a shape; float32 by default."""
    return _full(shape, 1, default_float() if dtype is None else dtype)


def zeros_like(input: Any, dtype: Any = None, name: str | None = None, layout: Any = None) -> Tensor:
    """Zeros of the shape and dtype of another tensor."""
    return composite.zeros_like(input, dtype)


def ones_like(input: Any, dtype: Any = None, name: str | None = None, layout: Any = None) -> Tensor:
    """Ones of the shape and dtype of another tensor."""
    return composite.ones_like(input, dtype)


def fill(dims: Any, value: Any, name: str | None = None, layout: Any = None) -> Tensor:
    """A tensor of the given shape with one value everywhere; differentiable in the value."""
    return linear.broadcast_to(as_tensor(value), shape=shape_of(dims))  # type: ignore[no-any-return]


def eye(
    num_rows: int,
    num_columns: int | None = None,
    batch_shape: Any = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """Identity matrices."""
    matrix = np.eye(num_rows, num_columns, dtype=default_float() if dtype is None else dtype)
    return Tensor(
        matrix if batch_shape is None else np.broadcast_to(matrix, shape_of(batch_shape) + matrix.shape)
    )


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Tensor:
    """Numbers from start up to (not including) limit in steps of delta; `range(n)` starts at zero.

    >>> import gradtape as gt
    >>> gt.range(3, 9, 3).numpy().tolist()
    [3, 6]
    """
    if limit is None:
        start, limit = 0, start
    given: tuple[Any, ...] = (start, limit, delta)
    if dtype is not None and (chosen := as_dtype(dtype)).kind == "f":  # Python's numbers in full precision
        given = tuple([x if is_tensor(x) else as_tensor(x, chosen) for x in given])
    parts = beside(given)
    if dtype is None:
        dtypes = [p._value.dtype for p in parts]
        # As in TensorFlow, integers beside floats, 0 and 1 by default, do not widen them.
        dtype = np.result_type(*([d for d in dtypes if d.kind == "f"] or dtypes))
    chosen = as_dtype(dtype)
    if look(parts[2], "range") == 0:
        raise errors.RangeError("range: delta must not be zero")
    return Tensor(np.arange(*(look(p, "range")[()] for p in parts)).astype(chosen))


def linspace(start: Any, stop: Any, num: int, name: str | None = None, axis: int = 0) -> Tensor:
    """Evenly spaced numbers including both ends; differentiable in both.

    >>> import gradtape as gt
    >>> gt.linspace(0.0, 1.0, 5).numpy().tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    first, last = beside((start, stop))
    if first._value.dtype.kind in "iu":
        first, last = cast(first, np.float64), cast(last, np.float64)
    count = int(num)
    if count < 1:
        raise errors.RangeError(f"linspace: num must be positive, not {count}")
    common = broadcast_shapes(first._value.shape, last._value.shape)
    first, last = linear.broadcast_to(first, shape=common), linear.broadcast_to(last, shape=common)
    steps = np.arange(count) / builtins.max(count - 1, 1)
    (place,) = axes_of((axis,), first.ndim + 1, "linspace")
    sizes = [1] * (first.ndim + 1)
    sizes[place] = count
    weight = Tensor(steps.astype(first.dtype).reshape(sizes))
    # Each end is met exactly: one of the two weights is zero there.
    return arranging.expand_dims(first, place) * (1 - weight) + arranging.expand_dims(last, place) * weight  # type: ignore[no-any-return]


# shape


def shape(input: Any, out_type: Any = int32, name: str | None = None) -> Tensor:
    """The shape as an integer tensor."""
    return Tensor(np.array(as_tensor(input)._value.shape, out_type))


def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes as an int32 tensor."""
    return Tensor(np.int32(as_tensor(input).ndim))


def size(input: Any, out_type: Any = int32, name: str | None = None) -> Tensor:
    """The number of entries as an integer tensor."""
    return Tensor(np.dtype(out_type).type(as_tensor(input).size))


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """The same entries in another shape; one size may be -1.

    >>> import gradtape as gt
    >>> gt.reshape(gt.range(6), (2, -1)).shape
    (2, 3)
    """
    return arranging.reshape(tensor, shape)


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str = "transpose") -> Tensor:
    """The axes in another order, reversed by default; conjugated on request."""
    y = arranging.transpose(a, perm)
    return composite.conjugate(y) if conjugate else y


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """The tensor repeated along new axes and axes of size one."""
    return arranging.broadcast_to(input, shape)


def expand_dims(input: Any, axis: Any, name: str | None = None) -> Tensor:
    """A new axis of size one at the given place of the result."""
    return arranging.expand_dims(input, axis)


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """Axes of size one removed."""
    return arranging.squeeze(input, axis)


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """Entries in reverse order along the axes."""
    return arranging.flip(tensor, axis)


# joining and cutting


def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """Tensors joined along an existing axis.

    >>> import gradtape as gt
    >>> gt.concat([gt.ones((2, 1)), gt.zeros((2, 2))], axis=1).numpy().tolist()
    [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    return arranging.concatenate(values if isinstance(values, (list, tuple)) else [values], axis)


def stack(values: Any, axis: int = 0, name: str = "stack") -> Tensor:
    """Tensors of one shape joined along a new axis."""
    return arranging.stack(values, axis)


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> list[Tensor]:
    """The slices along an axis as a list."""
    x = as_tensor(value)
    (place,) = axes_of((axis,), x.ndim, "unstack")
    count = x._value.shape[place]
    if num is not None and num != count:
        raise errors.ShapeError(
            f"unstack: num is {num}, but axis {axis} of the shape {x.shape} has size {count}"
        )
    return [linear.getitem(x, index=(*(slice(None),) * place, i)) for i in builtins.range(count)]


def split(
    value: Any, num_or_size_splits: Any, axis: int = 0, num: int | None = None, name: str = "split"
) -> list[Tensor]:
    """Parts along an axis: so many equal ones, or of the sizes listed (one of which may be -1).

    >>> import gradtape as gt
    >>> [p.numpy().tolist() for p in gt.split(gt.range(5), [2, -1])]
    [[0, 1], [2, 3, 4]]
    """
    if isinstance(num_or_size_splits, (int, np.integer)):
        return arranging.split(value, int(num_or_size_splits), axis)
    x, sizes = as_tensor(value), list(shape_of(num_or_size_splits))
    (place,) = axes_of((axis,), x.ndim, "split")
    whole = x._value.shape[place]
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = whole - (builtins.sum(sizes) + 1)
    if builtins.sum(sizes) != whole or builtins.min(sizes, default=0) < 0:
        raise errors.ShapeError(f"split: sizes {sizes} do not add up to {whole}, the size of axis {axis}")
    return arranging.split_sizes(x, sizes, place)


# reading entries


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    axis: int | None = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Tensor:
    """Slices at the indices along an axis.

    Args:
        params: tensor to read from.
        indices: integers of any shape.
        axis: default: the first after the batch axes.
        batch_dims: so many leading axes are common to `params` and `indices`.

    >>> import gradtape as gt
    >>> gt.gather(gt.constant([5.0, 6.0, 7.0]), [2, 0]).numpy().tolist()
    [7.0, 5.0]
    """
    x, places = as_tensor(params), as_tensor(indices)
    batch = batch_dims + places.ndim if batch_dims < 0 else batch_dims
    (place,) = axes_of((batch if axis is None else axis,), x.ndim, "gather")
    if batch == 0:
        return arranging.take(x, places, place)
    if places._value.shape[:batch] != x._value.shape[:batch] or place < batch:
        raise errors.ShapeError(
            f"gather: {batch} batch axes do not fit the shapes {x.shape} and {places.shape}"
        )
    # Bring the axis behind the batch, pick with one index array for each batch axis, and bring the rest back.
    order = [*builtins.range(batch), place, *(i for i in builtins.range(batch, x.ndim) if i != place)]
    grids = np.ogrid[tuple(slice(n) for n in x._value.shape[:batch])]
    extra = (1,) * (places.ndim - batch)
    picked = linear.getitem(
        linear.transpose(x, axes=tuple(order)),
        index=(*(g.reshape(g.shape + extra) for g in grids), np.asarray(look(places, "gather"))),
    )
    middle = places.ndim - batch
    between = place - batch
    final = [
        *builtins.range(batch),
        *builtins.range(batch + middle, batch + middle + between),
        *builtins.range(batch, batch + middle),
        *builtins.range(batch + middle + between, picked.ndim),
    ]
    return linear.transpose(picked, axes=tuple(final))  # type: ignore[no-any-return]


def boolean_mask(tensor: Any, mask: Any, axis: int | None = None, name: str = "boolean_mask") -> Tensor:
    """The entries where the mask holds, in one axis."""
    x, m = as_tensor(tensor), np.asarray(look(mask, "boolean_mask"))
    place = 0 if axis is None else axes_of((axis,), x.ndim, "boolean_mask")[0]
    if m.dtype.kind != "b" or x._value.shape[place : place + m.ndim] != m.shape:
        raise errors.ShapeError(
            f"boolean_mask: a mask of shape {m.shape} and dtype {m.dtype} does not fit {x.shape}"
        )
    return linear.getitem(x, index=(*(slice(None),) * place, m))  # type: ignore[no-any-return]


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """Entries of x where the condition holds, of y elsewhere.

    The branch not taken contributes exactly zero to every derivative, even where its own derivative is infinite or
    undefined. Without x and y: the coordinates where the condition holds, as int64 of shape (n, rank).

    >>> import gradtape as gt
    >>> x = gt.constant([0.0, 4.0])
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = gt.where(x > 0, gt.sqrt(x), 0.0)
    >>> tape.gradient(y, x).numpy().tolist()
    [0.0, 0.25]
    """
    if x is None and y is None:
        return Tensor(np.argwhere(look(condition, "where")))
    return composite.where(condition, x, y)  # type: ignore[no-any-return]


def one_hot(
    indices: Any,
    depth: int,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """Rows that are `off_value` but for `on_value` at the index, in the dtype of these two.

    Args:
        indices: integers; one outside `range(depth)` gives a row without `on_value`.
        depth: how long the rows are.
        on_value, off_value: numbers, 1 and 0 by default, in the dtype of the other where only one is given.
        axis: where the rows lie among the axes of the result, by default behind all others.
        dtype: of the result; the default float where no value is given either.

    Raises:
        TypeError: for indices that are not integers.
        ValueError: for an axis out of range, or a negative depth.
    """
    places = as_tensor(indices)
    if places._value.dtype.kind not in "iu":
        raise errors.DtypeError(
            f"one_hot: indices must be integers, not {places.dtype.name} of shape {places.shape}"
        )
    axis = -1 if axis is None else axis
    if int(depth) < 0 or not -1 <= axis <= places.ndim:
        raise errors.RangeError(
            f"one_hot: depth {depth} must not be negative and axis {axis} must lie between -1 and {places.ndim}, the "
            f"rank of indices of shape {places.shape}"
        )
    chosen = places[..., None] == Tensor(np.arange(int(depth)))
    chosen = chosen if axis == -1 else arranging.moveaxis(chosen, -1, axis)
    if on_value is None:
        on_value = np.ones((), default_float() if off_value is None else as_tensor(off_value).dtype)[()]
    off_value = 0 if off_value is None else off_value
    on, off = beside((on_value if is_tensor(off_value) else as_tensor(on_value), off_value))
    y = linear.where(chosen, on, off)
    return y if dtype is None else cast(y, dtype)


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """The tensor itself, if its shape fits (None fits every size); else ValueError."""
    y = as_tensor(x)
    if shape is not None:
        sizes: Sequence[Any] = tuple(shape)
        if len(sizes) != y.ndim or any(
            n not in (None, m) for n, m in zip(sizes, y._value.shape, strict=True)
        ):
            raise errors.ShapeError(f"ensure_shape: the shape {y.shape} does not fit {tuple(sizes)}")
    return y


def is_tensor(x: Any) -> bool:
    """Whether the object is a tensor or a variable."""
    return hasattr(type(x), "_as_tensor")
