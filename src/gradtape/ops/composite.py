"""Functions composed of rows, with NumPy's names and arguments; they need no rule of their own.

Each is entered under NumPy's name, so that the operators of `Tensor` and NumPy's function protocol find it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import errors
from ..core.spec import as_dtype
from ..core.tensor import Tensor, as_tensor, beside, look
from . import constant, contraction, linear, reduction
from . import elementwise as each
from .arranging import expand_dims, ravel, reshape
from .composing import axes_of, composite, shape_of


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
    if x._value.dtype.kind in "biu":
        x = astype(x, np.float64)
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
    """The logarithm of the sum of exponentials over the axes, without overflow; of integers in double precision."""
    x = as_tensor(a)
    x = astype(x, np.float64) if x._value.dtype.kind in "biu" else x
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
    """Rounded to the nearest, halves to even; locally constant. Whole numbers stay whole."""
    x = as_tensor(a)
    if x._value.dtype.kind in "iu":
        return (
            x
            if decimals >= 0
            else constant.astype(round(constant.astype(x, dtype=np.dtype(float)), decimals), dtype=x.dtype)
        )
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


composite("matmul")(contraction.matmul)
composite("tensordot")(contraction.tensordot)
composite("einsum")(lambda subscripts, *operands, **_options: contraction.einsum(subscripts, *operands))
composite("outer")(contraction.outer)
composite("dot")(contraction.dot)
