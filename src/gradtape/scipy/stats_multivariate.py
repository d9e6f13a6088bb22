"""`scipy.stats`: densities of distributions of vectors, on tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import ShapeError
from ..core.further_errors import UncoveredError
from ..core.tensor import ROWS, Tensor, beside, call
from ..ops import arranging, composite
from ..ops import elementwise as each
from ..ops.diagonals import tensor_diagonal_part
from ..ops.linalg import triangular_solve
from ..ops.matrices import lower_factor
from ..ops.matrix import diagonal_matrix
from .meaning import enter


def _whitened(name: str, x: Any, mean: Any, shape: Any) -> tuple[Tensor, Tensor, int]:
    """|L^-1 (x - mean)|^2 for each point, log det L for L L^H = shape, and the dimension."""
    x, mean, shape = beside((x, 0.0 if mean is None else mean, shape))
    dimension = shape._value.shape[-1] if shape.ndim else max(mean.size, 1)
    if shape.ndim < 2:
        shape = diagonal_matrix(arranging.broadcast_to(shape, (dimension,)))
    if x.ndim < 2:
        x = arranging.reshape(x, (-1, 1) if dimension == 1 else (1, -1))
    if shape.ndim > 2 or mean.ndim > 1 or x._value.shape[-1] != dimension or mean.size not in (1, dimension):
        raise ShapeError(
            f"{name}: points of shape {x.shape}, a mean of shape {mean.shape} and a matrix of shape {shape.shape} do "
            "not fit"
        )
    factor, away = lower_factor(shape), x - mean
    y = triangular_solve(factor, arranging.transpose(arranging.reshape(away, (-1, dimension))), lower=True)
    squares = arranging.reshape(composite.sum(each.square(y), 0), away._value.shape[:-1])
    return squares, composite.sum(each.log(tensor_diagonal_part(factor))), dimension


def _regular(name: str, allow_singular: bool) -> None:
    if allow_singular:
        raise UncoveredError(
            f"{name}: allow_singular=True has no meaning on tensors; add a little to the diagonal"
        )


def _gammaln(x: Any) -> Any:
    return call(ROWS["gammaln"], x)


def normal_logpdf(_dist: Any, x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Tensor:
    """The logarithm of the density of the multivariate normal distribution."""
    name = "scipy.stats.multivariate_normal.logpdf"
    _regular(name, allow_singular)
    squares, half, dimension = _whitened(name, x, mean, cov)
    return arranging.squeeze(-(squares + dimension * math.log(2 * math.pi)) / 2 - half)


def normal_pdf(dist: Any, x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Tensor:
    """The density of the multivariate normal distribution."""
    return each.exp(normal_logpdf(dist, x, mean, cov, allow_singular))  # type: ignore[no-any-return]


def student_logpdf(_dist: Any, x: Any, loc: Any = None, shape: Any = 1, df: Any = 1) -> Tensor:
    """The logarithm of the density of the multivariate t distribution."""
    squares, half, dimension = _whitened("scipy.stats.multivariate_t.logpdf", x, loc, shape)
    squares, n = beside((squares, df))
    y = _gammaln((n + dimension) / 2) - _gammaln(n / 2) - dimension / 2 * each.log(math.pi * n) - half
    return arranging.squeeze(y - (n + dimension) / 2 * each.log1p(squares / n))


def student_pdf(
    dist: Any, x: Any, loc: Any = None, shape: Any = 1, df: Any = 1, allow_singular: bool = False
) -> Tensor:
    """The density of the multivariate t distribution."""
    _regular("scipy.stats.multivariate_t.pdf", allow_singular)
    return each.exp(student_logpdf(dist, x, loc, shape, df))  # type: ignore[no-any-return]


def dirichlet_logpdf(_dist: Any, x: Any, alpha: Any) -> Tensor:
    """The logarithm of the density of the Dirichlet distribution; points are columns, also without the last entry."""
    x, alpha = beside((x, alpha))
    if x._value.shape[0] == alpha.size - 1:
        x = arranging.concatenate((x, 1 - composite.sum(x, 0, keepdims=True)), 0)
    if x._value.shape[0] != alpha.size:
        raise ShapeError(
            f"scipy.stats.dirichlet.logpdf: {alpha.size} parameters do not fit points of shape {x.shape}"
        )
    weights = arranging.reshape(alpha, (-1,) + (1,) * (x.ndim - 1))
    terms = composite.sum(call(ROWS["xlogy"], weights - 1, x), 0)
    return terms + _gammaln(composite.sum(alpha)) - composite.sum(_gammaln(alpha))  # type: ignore[no-any-return]


def dirichlet_pdf(dist: Any, x: Any, alpha: Any) -> Tensor:
    """The density of the Dirichlet distribution."""
    return each.exp(dirichlet_logpdf(dist, x, alpha))  # type: ignore[no-any-return]


def multinomial_logpmf(_dist: Any, x: Any, n: Any, p: Any) -> Tensor:
    """The logarithm of the probability of the counts x in n draws; the last of p is what the others leave of 1."""
    x, n, p = beside((np.asarray(x, np.float64) if not hasattr(type(x), "_as_tensor") else x, n, p))
    p = arranging.concatenate((p[..., :-1], 1 - composite.sum(p[..., :-1], -1, keepdims=True)), -1)
    terms = call(ROWS["xlogy"], x, p) - _gammaln(x + 1)
    return _gammaln(n + 1) + composite.sum(terms, -1)  # type: ignore[no-any-return]


def multinomial_pmf(dist: Any, x: Any, n: Any, p: Any) -> Tensor:
    """The probability of the counts x in n draws."""
    return each.exp(multinomial_logpmf(dist, x, n, p))  # type: ignore[no-any-return]


_METHODS: dict[str, dict[str, Callable[..., Tensor]]] = {
    "multivariate_normal_gen": {"logpdf": normal_logpdf, "pdf": normal_pdf},
    "multivariate_t_gen": {"logpdf": student_logpdf, "pdf": student_pdf},
    "dirichlet_gen": {"logpdf": dirichlet_logpdf, "pdf": dirichlet_pdf},
    "multinomial_gen": {"logpmf": multinomial_logpmf, "pmf": multinomial_pmf},
}
for _kind, _methods in _METHODS.items():
    for _method, _function in _methods.items():
        enter(f"stats._multivariate.{_kind}.{_method}", _function)
