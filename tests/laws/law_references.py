"""What the value of each primitive should be: NumPy's or SciPy's function of its name, or an entry of `OWN`.

`OWN` holds the few primitives without a namesake of the same arguments; each is written with plain loops or another
function than the row's own where there is one.
"""

import math

import law_formulas
import numpy as np
import scipy.fft
import scipy.linalg
import scipy.special
from law_matrices import MATRICES
from law_windows import WINDOWS

MODULES = (np, scipy.special, np.linalg, np.fft, scipy.linalg)


def reference(name):
    """The function that gives the value of a primitive, None if there is none."""
    if name in OWN:
        return OWN[name]
    for module in MODULES:
        if callable(getattr(module, name, None)):
            return getattr(module, name)
    if name in law_formulas.FORMULAS:
        return law_formulas.values(name)
    return None


def running_sum(x, *, axis, exclusive, reverse):
    y = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        for other in range(x.shape[axis]):
            before = other > place[axis] if reverse else other < place[axis]
            if before or (other == place[axis] and not exclusive):
                y[place] += x[(*place[:axis], other, *place[axis + 1 :])]
    return y


def added_into(x, *, index, shape):
    places = np.arange(math.prod(shape)).reshape(shape)[index]
    y = np.zeros(math.prod(shape), x.dtype)
    for place, entry in zip(places.ravel(), x.ravel(), strict=True):
        y[place] += entry
    return y.reshape(shape)


def put_add(x, ids, *, axis, size):
    moved = np.moveaxis(x.reshape(*x.shape[:axis], ids.size, *x.shape[axis + ids.ndim :]), axis, 0)
    y = np.zeros((size, *moved.shape[1:]), x.dtype)
    for place, part in zip(ids.ravel(), moved, strict=True):
        y[place] += part
    return np.moveaxis(y, 0, axis)


def extreme_at(function, empty):
    def value(x, ids, *, size):
        rest = x.shape[np.ndim(ids) :]
        parts, groups = x.reshape(-1, *rest), np.ravel(ids)
        worst = np.full(rest, empty(np.finfo(x.dtype)), x.dtype)
        return np.stack([function([*parts[groups == group], worst], axis=0) for group in range(size)])

    return value


def norm(x, *, axis, keepdims):
    total = np.sum(np.square(x.astype(np.result_type(x, np.float64))), axis=axis, keepdims=keepdims)
    return np.sqrt(total)


def logsumexp(x, *, axis, keepdims):
    return np.log(np.sum(np.exp(x.astype(np.result_type(x, np.float64))), axis=axis, keepdims=keepdims))


def argsort(x, *, axis, descending, dtype):
    return np.argsort(-x if descending else x, axis, kind="stable").astype(dtype)


def searchsorted(a, v, *, side, dtype):
    lines, wanted = np.atleast_2d(a), np.atleast_2d(v)
    smaller = np.less if side == "left" else np.less_equal
    found = [[np.sum(smaller(line, x)) for x in xs] for line, xs in zip(lines, wanted, strict=True)]
    return np.array(found, dtype).reshape(v.shape)


OWN = {
    "irfftn": lambda x, *, axes, norm, size: scipy.fft.irfftn(
        x, [*(x.shape[axis] for axis in axes[:-1]), size], axes, norm
    ),
    **MATRICES,
    **WINDOWS,
    "identity": lambda x: x,
    "sine_integral": lambda x: scipy.special.sici(x)[0],
    "cosine_integral": lambda x: scipy.special.sici(x)[1],
    "hyperbolic_sine_integral": lambda x: scipy.special.shichi(x)[0],
    "hyperbolic_cosine_integral": lambda x: scipy.special.shichi(x)[1],
    "airy_ai": lambda x: scipy.special.airy(x)[0],
    "airy_ai_slope": lambda x: scipy.special.airy(x)[1],
    "airy_bi": lambda x: scipy.special.airy(x)[2],
    "airy_bi_slope": lambda x: scipy.special.airy(x)[3],
    "stop_gradient": lambda x: x,
    "astype": lambda x, *, dtype: np.asarray(x.real).astype(dtype),
    "cast": lambda x, *, dtype: np.asarray(x if dtype.kind == "c" else x.real, dtype),
    "reshape": lambda x, *, shape: np.array(list(x.flat)).reshape(shape),
    "concatenate": lambda *xs, axis: np.concatenate(xs, axis),
    "stack": lambda *xs, axis: np.stack(xs, axis),
    "getitem": lambda x, *, index: x[index],
    "scatter": added_into,
    "put_add": put_add,
    "maximum_at": extreme_at(np.max, lambda bounds: bounds.min),
    "minimum_at": extreme_at(np.min, lambda bounds: bounds.max),
    "cumsum": running_sum,
    "einsum": lambda *xs, subscripts: np.einsum(subscripts, *xs),
    "norm": norm,
    "logsumexp": logsumexp,
    "argmax": lambda x, *, axis, dtype: np.argmax(x, axis).astype(dtype),
    "argmin": lambda x, *, axis, dtype: np.argmin(x, axis).astype(dtype),
    "argsort": argsort,
    "searchsorted": searchsorted,
    "sigmoid": lambda x: scipy.special.expit(x) if x.dtype.kind == "f" else 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.log(1 + np.exp(x.astype(np.result_type(x, np.float64)))),
    "relu": lambda x: np.where(x < 0, 0, x),
    "divide_no_nan": lambda a, b: np.where(b == 0, 0, np.divide(a, np.where(b == 0, 1, b))),
    "multiply_no_nan": lambda x, y: np.where(y == 0, 0, np.multiply(x, y)),
}
