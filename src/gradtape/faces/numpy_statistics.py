"""NumPy's statistics: weighted means, covariances, order statistics without NaN, sets of different entries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import ShapeError
from ..core.further_errors import RangeError, UncoveredError
from ..core.spec import float64
from ..core.tensor import Tensor, as_tensor, beside, look
from ..ops import arranging, composite, linear, ordering
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops.arranging import ravel
from ..ops.composing import axes_of
from ..ops.composite import astype
from ..ops.contraction import matmul
from .numpy_names import numpy_name, value_of


@numpy_name("average")
def average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    """The weighted mean over the axes, differentiable in the weights too; on request with the sum of the weights."""
    x = as_tensor(a)
    x = astype(x, float64) if x._value.dtype.kind in "biu" else x
    axes = axes_of(axis, x.ndim, "average")
    if weights is None:
        y = composite.mean(x, axes, keepdims=keepdims)
        size = math.prod(x._value.shape[i] for i in axes)
        return (y, composite.ones_like(y) * size) if returned else y
    x, w = beside((x, weights))
    if w._value.shape != x._value.shape:
        if w._value.shape != tuple(x._value.shape[i] for i in axes):
            raise ShapeError(f"np.average: weights of shape {w.shape} do not fit a of shape {x.shape}")
        w = linear.reshape(w, shape=tuple(n if i in axes else 1 for i, n in enumerate(x._value.shape)))
        w = arranging.broadcast_to(w, x._value.shape)
    total = composite.sum(w, axes, keepdims=keepdims)
    y = composite.sum(x * w, axes, keepdims=keepdims) / total
    return (y, total) if returned else y


@numpy_name("cov")
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Tensor:
    """The covariances of variables, which lie in rows, or in columns unless `rowvar`."""
    x = _variables(m, rowvar)
    if y is not None:
        x = arranging.concatenate((x, _variables(y, rowvar)), 0)
    x = astype(x, dtype) if dtype is not None else x
    less = (0 if bias else 1) if ddof is None else ddof
    count = x._value.shape[1]
    weights = [astype(beside((x, w))[1], x.dtype) for w in (fweights, aweights) if w is not None]
    if not weights:
        centered = x - composite.mean(x, 1, keepdims=True)
        scale: Any = 1 / (count - less) if count > less else math.nan
        product = matmul(centered, composite.conjugate(linear.transpose(centered, axes=(1, 0))))
        return arranging.squeeze(product * scale)
    w = weights[0] if len(weights) == 1 else weights[0] * weights[1]
    total = composite.sum(w)
    centered = x - composite.sum(x * w, 1, keepdims=True) / total
    if aweights is None:
        factor = total - less
    else:
        factor = total - less * composite.sum(w * weights[-1]) / total if less else total
    product = matmul(centered, composite.conjugate(linear.transpose(centered * w, axes=(1, 0))))
    return arranging.squeeze(product / factor)


def _variables(m: Any, rowvar: bool) -> Tensor:
    x = as_tensor(m)
    if x.ndim > 2:
        raise ShapeError(
            f"np.cov: at most two axes, one of variables and one of samples, not the shape {x.shape}"
        )
    x = astype(x, float64) if x._value.dtype.kind in "biu" else x
    x = linear.reshape(x, shape=(1, x.size)) if x.ndim < 2 else x
    return x if rowvar or as_tensor(m).ndim < 2 else linear.transpose(x, axes=(1, 0))


@numpy_name("corrcoef")
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Tensor:
    """The correlations of variables, kept within -1 and 1."""
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c  # type: ignore[no-any-return]
    spread = each.sqrt(composite.real(_diagonal(c)))
    c = c / arranging.expand_dims(spread, 1) / arranging.expand_dims(spread, 0)
    return composite.clip(c, -1.0, 1.0) if c._value.dtype.kind == "f" else c


def _diagonal(x: Tensor) -> Tensor:
    places = np.arange(x._value.shape[0])
    return linear.getitem(x, index=(places, places))  # type: ignore[no-any-return]


# order statistics that ignore NaN


@numpy_name("nanquantile")
def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: None = None,
) -> Tensor:
    """Quantiles of the entries that are no NaN, by linear interpolation; NaN where none is left."""
    if method != "linear" or weights is not None:
        raise UncoveredError(
            "np.nanquantile: on a tensor only method='linear' without weights is covered; "
            "take out the NaN by t[~np.isnan(t)] and use np.quantile"
        )
    x = as_tensor(a)
    x = astype(x, float64) if x._value.dtype.kind in "biu" else x
    parts = ordering._double(q)
    if not np.all((np.asarray(parts) >= 0) & (np.asarray(parts) <= 1)):
        raise RangeError("np.nanquantile: q must lie in the range 0 to 1")
    axes = axes_of(axis, x.ndim, "nanquantile")
    rest = [i for i in range(x.ndim) if i not in axes]
    shape, tail = x._value.shape, tuple(x._value.shape[i] for i in rest)
    lines = linear.reshape(
        linear.transpose(x, axes=(*axes, *rest)), shape=(math.prod(shape[i] for i in axes), *tail)
    )
    lines, _ = ordering.sorted_along(lines, 0)
    count = composite.sum(astype(fixed.logical_not(fixed.isnan(lines)), float64), 0)
    place = linear.reshape(parts, shape=(*parts._value.shape, *(1,) * len(tail))) * each.maximum(
        count - 1, 0.0
    )
    lower = fixed.floor(place)
    below = fixed.astype(lower, dtype=np.dtype(np.int64))
    above = each.minimum(below + 1, fixed.astype(each.maximum(count - 1, 0.0), dtype=np.dtype(np.int64)))
    part = astype(place - lower, lines.dtype)
    first, second = (_lines_at(lines, places) for places in (below, above))
    y = first + part * (second - first)
    if keepdims:
        kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
        y = linear.reshape(y, shape=(*parts._value.shape, *kept))
    return y  # type: ignore[no-any-return]


def _lines_at(lines: Tensor, places: Tensor) -> Tensor:
    """The entries of the first axis at places that lead with axes of their own."""
    grids = tuple(np.ogrid[tuple(slice(n) for n in lines._value.shape[1:])])
    return linear.getitem(lines, index=(np.asarray(look(places, "np.nanquantile")), *grids))  # type: ignore[no-any-return]


@numpy_name("nanpercentile")
def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: None = None,
) -> Tensor:
    """Percentiles of the entries that are no NaN."""
    return nanquantile(a, ordering._double(q) / 100.0, axis, None, False, method, keepdims, weights=weights)


@numpy_name("nanmedian")
def nanmedian(
    a: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False
) -> Tensor:
    """The middle of the entries that are no NaN."""
    return nanquantile(a, 0.5, axis, keepdims=keepdims)


# sets


@numpy_name("unique_counts")
def unique_counts(x: Any) -> Any:
    """The different entries and how often each occurs."""
    return ordering.unique(x, return_counts=True, equal_nan=False)


@numpy_name("unique_inverse")
def unique_inverse(x: Any) -> Any:
    """The different entries and the place of each entry among them."""
    return ordering.unique(x, return_inverse=True, equal_nan=False)


@numpy_name("unique_all")
def unique_all(x: Any) -> Any:
    """The different entries, their first places, the place of each entry among them, and how often each occurs."""
    return ordering.unique(x, True, True, True, equal_nan=False)


@numpy_name("union1d")
def union1d(ar1: Any, ar2: Any) -> Tensor:
    """The different entries of both."""
    return ordering.unique(arranging.concatenate((ar1, ar2), None))  # type: ignore[no-any-return]


def _chosen(name: str, ar1: Any, ar2: Any, inside: bool) -> Tensor:
    y = ordering.unique(ravel(ar1))
    common = np.isin(look(y, name), look(ar2, name))
    return arranging.getitem(y, common if inside else ~common)


@numpy_name("intersect1d")
def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Tensor:
    """The different entries of the first that are in the second."""
    if return_indices:
        raise UncoveredError(
            "np.intersect1d: return_indices is not covered on tensors; use np.unique and np.isin"
        )
    return _chosen("np.intersect1d", ar1, ar2, True)


@numpy_name("setdiff1d")
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Tensor:
    """The different entries of the first that are not in the second; in their own order if they differ already."""
    if assume_unique:
        x = ravel(ar1)
        return arranging.getitem(x, ~np.isin(look(x, "np.setdiff1d"), value_of(ar2, "np.setdiff1d")))
    return _chosen("np.setdiff1d", ar1, ar2, False)


@numpy_name("setxor1d")
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Tensor:
    """The entries that are in one of both only, in ascending order."""
    parts = (_chosen("np.setxor1d", ar1, ar2, False), _chosen("np.setxor1d", ar2, ar1, False))
    return ordering.sort(arranging.concatenate(parts, 0))
