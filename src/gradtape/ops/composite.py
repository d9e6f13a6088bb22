"""Functions composed of rows, with NumPy's names and arguments; they need no rule of their own.

Each is entered under NumPy's name, so that the operators of `Tensor` and NumPy's function protocol find it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from ..core import errors
from ..core.errors import said
from ..core.spec import as_dtype
from ..core.tensor import FUNCTIONS, Tensor, as_tensor, beside, look
from . import constant, contraction, linear, reduction
from . import elementwise as each

Function = TypeVar("Function", bound=Callable[..., Any])


def composite(*names: str) -> Callable[[Function], Function]:
    """Enter a function under NumPy's name for it."""

    def enter(function: Function) -> Function:
        for name in names:
            FUNCTIONS[name] = function
        return function

    return enter


# axes and shapes as users write them


def axes_of(axis: Any, ndim: int, name: str) -> tuple[int, ...]:
    """The axes as non-negative numbers: all of them for None.

    Raises:
        TypeError: for an axis that is no integer.
        ValueError: for an axis out of range or given twice.
    """
    if axis is None:
        return tuple(range(ndim))
    numbers = np.asarray(axis).reshape(-1)
    if numbers.size and numbers.dtype.kind not in "iu":
        raise errors.ArgumentTypeError(f"{name}: axis must be an integer or a list of integers, not {axis!r}")
    given = [int(a) for a in numbers]
    for a in given:
        if not -ndim <= a < ndim:
            raise errors.ShapeError(f"{name}: axis {a} is out of range for a tensor of rank {ndim}")
    axes = tuple(a % ndim for a in given)
    if len(set(axes)) < len(axes):
        raise errors.ShapeError(f"{name}: an axis is given twice in {axis!r}")
    return axes


def shape_of(shape: Any) -> tuple[int, ...]:
    """A shape given as a number, a sequence of numbers or an integer tensor."""
    if isinstance(shape, (int, np.integer)):
        return (int(shape),)
    sizes = shape.tolist() if hasattr(shape, "tolist") else shape
    try:
        return (int(sizes),) if not isinstance(sizes, (list, tuple)) else tuple(int(n) for n in sizes)
    except (TypeError, ValueError):
        raise errors.ArgumentTypeError(f"shape: sizes and axes must be integers, not {shape!r}") from None


@composite("reshape")
def reshape(a: Any, shape: Any, order: str = "C", *, copy: bool | None = None) -> Tensor:
    """The same entries in another shape; one size may be -1. In the order "F" the first axis varies fastest."""
    x = as_tensor(a)
    wanted = shape_of(shape)
    if order == "F":
        return transpose(reshape(transpose(x), wanted[::-1]))
    if order not in ("C", "A", "K"):
        raise errors.ChoiceError(f"reshape: the order is 'C' or 'F', not {order!r}")
    if wanted.count(-1) == 1:
        rest = math.prod(n for n in wanted if n != -1)
        if rest and x.size % rest == 0:
            wanted = tuple(x.size // rest if n == -1 else n for n in wanted)
    if math.prod(wanted) != x.size or -1 in wanted:
        raise errors.ShapeError(
            f"reshape: a tensor of shape {x.shape} ({x.size} entries) cannot take the shape {wanted}"
        )
    return linear.reshape(x, shape=wanted)  # type: ignore[no-any-return]


@composite("ravel")
def ravel(a: Any, order: str = "C") -> Tensor:
    """All entries in one axis."""
    return reshape(a, -1, order)


@composite("transpose", "permute_dims")
def transpose(a: Any, axes: Any = None) -> Tensor:
    """The axes in another order, reversed by default."""
    x = as_tensor(a)
    order = tuple(range(x.ndim))[::-1] if axes is None else axes_of(axes, x.ndim, "transpose")
    if len(order) != x.ndim:
        raise errors.ShapeError(f"transpose: {len(order)} axes are given for a tensor of rank {x.ndim}")
    return linear.transpose(x, axes=order)  # type: ignore[no-any-return]


@composite("swapaxes")
def swapaxes(a: Any, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged."""
    x = as_tensor(a)
    first, second = axes_of((axis1,), x.ndim, "swapaxes") + axes_of((axis2,), x.ndim, "swapaxes")
    order = list(range(x.ndim))
    order[first], order[second] = second, first
    return linear.transpose(x, axes=tuple(order))  # type: ignore[no-any-return]


@composite("moveaxis")
def moveaxis(a: Any, source: Any, destination: Any) -> Tensor:
    """Some axes moved to other places."""
    x = as_tensor(a)
    start, end = axes_of(source, x.ndim, "moveaxis"), axes_of(destination, x.ndim, "moveaxis")
    order = [i for i in range(x.ndim) if i not in start]
    for place, axis in sorted(zip(end, start, strict=True)):
        order.insert(place, axis)
    return linear.transpose(x, axes=tuple(order))  # type: ignore[no-any-return]


@composite("broadcast_to")
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Tensor:
    """The tensor repeated along new axes and axes of size one, to the given shape."""
    x, wanted = as_tensor(array), shape_of(shape)
    lead = len(wanted) - x.ndim
    if lead >= 0:
        wanted = wanted[:lead] + tuple(
            m if n == -1 else n for n, m in zip(wanted[lead:], x._value.shape, strict=True)
        )
    return linear.broadcast_to(x, shape=wanted)  # type: ignore[no-any-return]


@composite("expand_dims")
def expand_dims(a: Any, axis: Any) -> Tensor:
    """New axes of size one at the given places of the result."""
    x = as_tensor(a)
    count = len(np.asarray(axis).reshape(-1))
    places = axes_of(axis, x.ndim + count, "expand_dims")
    sizes = iter(x._value.shape)
    return linear.reshape(  # type: ignore[no-any-return]
        x, shape=tuple(1 if i in places else next(sizes) for i in range(x.ndim + count))
    )


@composite("squeeze")
def squeeze(a: Any, axis: Any = None) -> Tensor:
    """Axes of size one removed: all of them, or those given."""
    x = as_tensor(a)
    shape = x._value.shape
    if axis is None or (isinstance(axis, (list, tuple)) and not axis):
        gone = tuple(i for i, n in enumerate(shape) if n == 1)
    else:
        gone = axes_of(axis, x.ndim, "squeeze")
        for i in gone:
            if shape[i] != 1:
                raise errors.ShapeError(
                    f"squeeze: axis {i} of the shape {x.shape} has size {shape[i]}, not 1"
                )
    return linear.reshape(x, shape=tuple(n for i, n in enumerate(shape) if i not in gone))  # type: ignore[no-any-return]


@composite("concatenate", "concat")
def concatenate(arrays: Any, axis: int | None = 0) -> Tensor:
    """Tensors joined along an existing axis."""
    xs = beside(tuple(arrays)) if not isinstance(arrays, Tensor) else list(arrays)
    if not xs:
        raise errors.InvalidArgumentError("concatenate: at least one tensor is needed")
    if axis is None:
        xs, axis = [ravel(x) for x in xs], 0
    (place,) = axes_of((axis,), xs[0].ndim, "concatenate")
    if len({x.ndim for x in xs}) > 1:
        raise errors.ShapeError(f"concatenate: the ranks differ in the shapes {[tuple(x.shape) for x in xs]}")
    return linear.concatenate(*xs, axis=place)  # type: ignore[no-any-return]


def listed(name: str, argument: str, given: Any) -> tuple[Any, ...]:
    """The parts of a list of tensors, or the slices of one tensor.

    Raises:
        TypeError: for what has no parts; it names the function and the argument.
    """
    if not hasattr(type(given), "__iter__") or getattr(given, "ndim", 1) == 0:
        what = (
            f"a tensor of shape {given.shape}" if isinstance(given, Tensor) else f"a {type(given).__name__}"
        )
        raise errors.ArgumentTypeError(f"{name}: {argument} must be a list of tensors, not {what}")
    return tuple(given)


@composite("stack")
def stack(arrays: Any, axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis."""
    xs = beside(listed("stack", "values", arrays))
    if not xs:
        raise errors.InvalidArgumentError("stack: at least one tensor is needed")
    (place,) = axes_of((axis,), xs[0].ndim + 1, "stack")
    return linear.stack(*xs, axis=place)  # type: ignore[no-any-return]


@composite("flip")
def flip(m: Any, axis: Any = None) -> Tensor:
    """Entries in reverse order along the axes."""
    x = as_tensor(m)
    return linear.flip(x, axis=axes_of(axis, x.ndim, "flip"))  # type: ignore[no-any-return]


@composite("astype")
def astype(x: Any, dtype: Any, *, copy: bool = True) -> Tensor:
    """The tensor in another dtype; a derivative passes between floating and complex dtypes."""
    x, wanted = as_tensor(x), as_dtype(dtype)
    if wanted.kind not in "biufc":
        raise errors.DtypeError(
            f"astype: a tensor of dtype {x.dtype.name} cannot become {wanted}: it is no dtype of numbers"
        )
    if x._value.dtype == wanted:
        return x  # type: ignore[no-any-return]
    row = linear.cast if x._value.dtype.kind in "fc" and wanted.kind in "fc" else constant.astype
    return row(x, dtype=wanted)  # type: ignore[no-any-return]


@composite("real")
def real(val: Any) -> Tensor:
    """The real part; a real tensor is its own."""
    x = as_tensor(val)
    return linear.real(x) if x._value.dtype.kind == "c" else x


@composite("imag")
def imag(val: Any) -> Tensor:
    """The imaginary part; zeros for a real tensor."""
    x = as_tensor(val)
    return linear.imag(x) if x._value.dtype.kind == "c" else Tensor(np.zeros_like(x._value)[()])


@composite("conjugate", "conj")
def conjugate(x: Any) -> Tensor:
    """The complex conjugate; a real tensor is its own."""
    x = as_tensor(x)
    return linear.conjugate(x) if x._value.dtype.kind == "c" else x  # type: ignore[no-any-return]


@composite("angle")
def angle(z: Any, deg: bool = False) -> Tensor:
    """The argument of a complex number, in radians or degrees; that of a real one is 0 or pi and does not vary."""
    z = as_tensor(z)
    if z._value.dtype.kind != "c":
        z = constant.stop_gradient(z)
    y = each.arctan2(imag(z), real(z))
    return y * (180 / math.pi) if deg else y  # type: ignore[no-any-return]


@composite("sign")
def sign(x: Any) -> Tensor:
    """-1, 0 or 1; for complex numbers x/|x|, and 0 at 0."""
    x = as_tensor(x)
    if x._value.dtype.kind == "c":
        return each.divide_no_nan(x, linear.cast(each.absolute(x), dtype=x._value.dtype))  # type: ignore[no-any-return]
    return each.sign(x)  # type: ignore[no-any-return]


@composite("getitem")
def getitem(x: Any, index: Any) -> Tensor:
    """Entries by NumPy's rules: numbers, slices, None, Ellipsis, integer and boolean arrays or tensors."""
    x = as_tensor(x)
    try:
        return linear.getitem(x, index=index_of(index))  # type: ignore[no-any-return]
    except TypeError as error:
        raise errors.ArgumentTypeError(
            f"getitem: a tensor cannot be indexed with {index!r}: {said(error)}"
        ) from None


def index_of(index: Any) -> tuple[Any, ...]:
    """An index as users write it, its tensors and lists as arrays that NumPy takes."""
    return tuple(_index_part(p) for p in (index if isinstance(index, tuple) else (index,)))


def _index_part(part: Any) -> Any:
    if isinstance(part, slice):
        return slice(*(None if p is None else p.__index__() for p in (part.start, part.stop, part.step)))
    if hasattr(type(part), "_as_tensor"):
        value = look(part, "an index")
        return value.__index__() if value.ndim == 0 and value.dtype.kind in "iu" else np.asarray(value)
    return np.asarray(part) if isinstance(part, list) else part


@composite("where")
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Entries of x where the condition holds, of y elsewhere; the branch not taken has derivative exactly zero."""
    c = as_tensor(condition)
    if x is None and y is None:
        return tuple(Tensor(i) for i in np.nonzero(look(c, "where")))
    if x is None or y is None:
        raise errors.InvalidArgumentError("where: x and y must be given both or neither")
    if c._value.dtype.kind != "b":
        c = constant.astype(c, dtype=np.dtype(bool))
    return linear.where(c, *beside((x, y)))


# reductions


@composite("sum")
def sum(a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Tensor:
    """The sum over the axes, all by default."""
    x = as_tensor(a) if dtype is None else astype(a, dtype)
    return linear.sum_(x, axis=axes_of(axis, x.ndim, "sum"), keepdims=keepdims)  # type: ignore[no-any-return]


@composite("mean")
def mean(a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Tensor:
    """The mean over the axes; of integers in the integer dtype's floating form."""
    x = as_tensor(a) if dtype is None else astype(a, dtype)
    if x._value.dtype.kind in "biu":
        x = astype(x, np.float64 if dtype is None else dtype)
    axes = axes_of(axis, x.ndim, "mean")
    count = math.prod(x._value.shape[i] for i in axes)
    return linear.sum_(x, axis=axes, keepdims=keepdims) / (count if count else math.nan)  # type: ignore[no-any-return]


@composite("var")
def var(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False
) -> Tensor:
    """The mean squared distance from the mean."""
    x = as_tensor(a) if dtype is None else astype(a, dtype)
    axes = axes_of(axis, x.ndim, "var")
    distance = x - mean(x, axes, keepdims=True)
    squares = each.square(distance) if x._value.dtype.kind != "c" else each.square(each.absolute(distance))
    count = math.prod(x._value.shape[i] for i in axes) - ddof
    return linear.sum_(squares, axis=axes, keepdims=keepdims) / (count if count > 0 else math.nan)  # type: ignore[no-any-return]


@composite("std")
def std(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False
) -> Tensor:
    """The square root of the variance, as a norm so that the derivative is zero where all entries are equal."""
    x = as_tensor(a) if dtype is None else astype(a, dtype)
    axes = axes_of(axis, x.ndim, "std")
    distance = x - mean(x, axes, keepdims=True)
    count = math.prod(x._value.shape[i] for i in axes) - ddof
    return norm(distance, axis=axes, keepdims=keepdims) / (math.sqrt(count) if count > 0 else math.nan)  # type: ignore[no-any-return]


@composite("max", "amax")
def max(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Tensor:
    """The largest entry over the axes; equal ones share the derivative."""
    x = as_tensor(a)
    return reduction.amax(x, axis=axes_of(axis, x.ndim, "max"), keepdims=keepdims)  # type: ignore[no-any-return]


@composite("min", "amin")
def min(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Tensor:
    """The smallest entry over the axes; equal ones share the derivative."""
    x = as_tensor(a)
    return reduction.amin(x, axis=axes_of(axis, x.ndim, "min"), keepdims=keepdims)  # type: ignore[no-any-return]


@composite("prod")
def prod(a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Tensor:
    """The product over the axes, multiplied in pairs, so that every derivative is exact where entries are zero."""
    x = as_tensor(a) if dtype is None else astype(a, dtype)
    axes = axes_of(axis, x.ndim, "prod")
    rest = [i for i in range(x.ndim) if i not in axes]
    shape = x._value.shape
    y = linear.transpose(x, axes=(*axes, *rest))
    y = linear.reshape(y, shape=(math.prod(shape[i] for i in axes), *(shape[i] for i in rest)))
    if not y._value.shape[0]:
        y = (
            linear.sum_(y, axis=(0,), keepdims=True) + 1
        )  # the product of nothing is one, and still depends on x
    while (count := y._value.shape[0]) > 1:
        half = count // 2
        paired = each.multiply(y[:half], y[half : 2 * half])
        y = paired if count % 2 == 0 else linear.concatenate(paired, y[2 * half :], axis=0)
    return linear.reshape(y, shape=constant.reduced_shape(shape, axes, keepdims))  # type: ignore[no-any-return]


@composite("any")
def any(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Tensor:
    """Whether an entry over the axes is true."""
    x = as_tensor(a)
    return constant.any_(x, axis=axes_of(axis, x.ndim, "any"), keepdims=keepdims)  # type: ignore[no-any-return]


@composite("all")
def all(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Tensor:
    """Whether every entry over the axes is true."""
    x = as_tensor(a)
    return constant.all_(x, axis=axes_of(axis, x.ndim, "all"), keepdims=keepdims)  # type: ignore[no-any-return]


def _argument(row: Any, a: Any, axis: int | None, keepdims: bool, dtype: Any) -> Tensor:
    x = as_tensor(a)
    flat = linear.reshape(x, shape=(x.size,)) if axis is None else x
    (place,) = axes_of((0 if axis is None else axis,), flat.ndim, row.name)
    y = row(flat, axis=place, dtype=np.dtype(dtype))
    if keepdims:
        return reshape(y, (1,) * x.ndim) if axis is None else expand_dims(y, place)
    return y  # type: ignore[no-any-return]


@composite("argmax")
def argmax(
    a: Any, axis: int | None = None, out: None = None, *, keepdims: bool = False, dtype: Any = np.int64
) -> Tensor:
    """The place of the (first) largest entry."""
    return _argument(constant.argmax, a, axis, keepdims, dtype)


@composite("argmin")
def argmin(
    a: Any, axis: int | None = None, out: None = None, *, keepdims: bool = False, dtype: Any = np.int64
) -> Tensor:
    """The place of the (first) smallest entry."""
    return _argument(constant.argmin, a, axis, keepdims, dtype)


def norm(x: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False) -> Tensor:
    """A vector norm over the axes (all by default): "euclidean", 1, 2, infinity or any p > 0.

    At the zero vector the derivative of the Euclidean norm is zero (the smallest subgradient).
    """
    x = as_tensor(x)
    axes = axes_of(axis, x.ndim, "norm")
    size = each.absolute(x) if x._value.dtype.kind == "c" else x
    if ord in ("euclidean", "fro", 2):
        return reduction.euclidean_norm(size, axis=axes, keepdims=keepdims)  # type: ignore[no-any-return]
    size = each.absolute(size)
    if ord == 1:
        return linear.sum_(size, axis=axes, keepdims=keepdims)  # type: ignore[no-any-return]
    if ord == math.inf:
        return reduction.amax(size, axis=axes, keepdims=keepdims)  # type: ignore[no-any-return]
    if isinstance(ord, (int, float)) and ord > 0:
        return each.power(linear.sum_(each.power(size, float(ord)), axis=axes, keepdims=keepdims), 1 / ord)  # type: ignore[no-any-return]
    raise errors.ChoiceError(
        f"norm: ord must be 'euclidean', 1, 2, infinity or a positive number, not {ord!r}"
    )


def logsumexp(a: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The logarithm of the sum of exponentials over the axes, without overflow."""
    x = as_tensor(a)
    return reduction.logsumexp(x, axis=axes_of(axis, x.ndim, "logsumexp"), keepdims=keepdims)  # type: ignore[no-any-return]


def below_largest(x: Any, axis: Any) -> Tensor:
    """x less its largest entry along an axis, which counts as a constant: for functions that no shift changes."""
    x = as_tensor(x)
    top = reduction.amax(x, axis=axes_of(axis, x.ndim, "max"), keepdims=True)
    return linear.subtract(x, constant.stop_gradient(top))  # type: ignore[no-any-return]


def log_softmax(x: Any, axis: Any = -1) -> Tensor:
    """The logarithm of softmax; shifted first, so that large entries lose no digits."""
    x = below_largest(x, axis)
    return x - logsumexp(x, axis, True)  # type: ignore[no-any-return]


def softmax(x: Any, axis: Any = -1) -> Tensor:
    """Exponentials divided by their sum over the axis."""
    return each.exp(log_softmax(x, axis))  # type: ignore[no-any-return]


@composite("cumsum")
def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Tensor:
    """Running sums along an axis."""
    x = as_tensor(a) if dtype is None else astype(a, dtype)
    x = ravel(x) if axis is None else x
    (place,) = axes_of((axis or 0,), x.ndim, "cumsum")
    return linear.cumsum(x, axis=place, exclusive=False, reverse=False)  # type: ignore[no-any-return]


@composite("clip")
def clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: None = None, *, min: Any = None, max: Any = None
) -> Tensor:
    """Entries limited to an interval; the derivative is one on its edges and zero outside."""
    x = as_tensor(a)
    low, high = (a_min if a_min is not None else min), (a_max if a_max is not None else max)
    x = x if low is None else each.maximum(x, low)
    return x if high is None else each.minimum(x, high)


@composite("round", "around")
def round(a: Any, decimals: int = 0, out: None = None) -> Tensor:
    """Rounded to the nearest, halves to even; locally constant."""
    x = as_tensor(a)
    return constant.rint(x) if decimals == 0 else constant.rint(x * 10.0**decimals) / 10.0**decimals  # type: ignore[no-any-return]


@composite("zeros_like")
def zeros_like(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Tensor:
    """Zeros of the shape and dtype of a."""
    return _filled(a, 0, dtype, shape)


@composite("ones_like")
def ones_like(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Tensor:
    """Ones of the shape and dtype of a."""
    return _filled(a, 1, dtype, shape)


def _filled(a: Any, number: int, dtype: Any, shape: Any) -> Tensor:
    x = as_tensor(a)
    sizes = x._value.shape if shape is None else shape_of(shape)
    return Tensor(np.full(sizes, number, x._value.dtype if dtype is None else dtype)[()])


@composite("take")
def take(a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Tensor:
    """Slices at the indices along an axis."""
    x, places = as_tensor(a), as_tensor(indices)
    x = ravel(x) if axis is None else x
    (place,) = axes_of((axis or 0,), x.ndim, "take")
    if places._value.dtype.kind not in "iu":
        raise errors.DtypeError(f"take: indices must be integers, not {places.dtype.name}")
    return linear.take(x, places, axis=place)  # type: ignore[no-any-return]


@composite("split")
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Parts along an axis: so many equal ones, or parts cut at the given places."""
    x = as_tensor(ary)
    (place,) = axes_of((axis,), x.ndim, "split")
    size = x._value.shape[place]
    if isinstance(indices_or_sections, (int, np.integer)):
        count = int(indices_or_sections)
        if count < 1 or size % count:
            raise errors.ShapeError(f"split: an axis of size {size} cannot be split into {count} equal parts")
        cuts = [i * (size // count) for i in range(1, count)]
    else:
        cuts = list(shape_of(indices_or_sections))
    bounds = [0, *cuts, size]
    lead = (slice(None),) * place
    return [linear.getitem(x, index=(*lead, slice(a, b))) for a, b in itertools.pairwise(bounds)]


def split_sizes(x: Any, sizes: Sequence[int], axis: int) -> list[Tensor]:
    """Parts of the given sizes along an axis."""
    return split(x, list(np.cumsum(sizes))[:-1], axis)


composite("matmul")(contraction.matmul)
composite("tensordot")(contraction.tensordot)
composite("einsum")(lambda subscripts, *operands, **_options: contraction.einsum(subscripts, *operands))
composite("outer")(contraction.outer)
composite("dot")(contraction.dot)
