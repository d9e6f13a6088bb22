"""Rows of linear algebra that solve and invert: inv, solve, triangular and tridiagonal systems, pinv, and functions.

Rules are written for complex matrices; a real one is its own conjugate. Sources: Giles 2008, "Collected matrix
derivative results for forward and reverse mode algorithmic differentiation"; for `pinv` Golub and Pereyra 1973, "The
differentiation of pseudo-inverses"; for functions of a matrix Higham 2008, "Functions of matrices", chapter 3.

Determinants are in `determinants.py`, factorizations in `factorizations.py` and `spectral.py`, composites with NumPy's
names in `matrices.py`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.define import tangent
from ..core.errors import ShapeError
from ..core.further_errors import RangeError
from ..core.lead import STACKS
from ..core.primitive import Primitive, Sample
from ..core.spec import Spec, broadcast_shapes
from ..core.tensor import Tensor
from .constant import equal, stop_gradient
from .elementwise import absolute, conjugated, divide, like
from .linear import concatenate, getitem, negative, stack, sum_, where
from .matrix import (
    SQUARE,
    SQUARE_C,
    SQUARES,
    adjoint,
    as_dtype_of,
    floating,
    mm,
    same_spec,
    sample_matrix,
    scipy_linalg,
    swap,
    triangle,
)
from .reduction import amax

# inverse and systems of equations

# y = a^-1:  y' = -y a' y  (Giles, 2.2.3).
inv = tangent(
    "inv",
    floating(np.linalg.inv),
    lambda dx, y, _x: negative(mm(y, dx, y)),
    pulls=lambda g, y, _x: negative(mm(adjoint(y), g, adjoint(y))),
    spec=same_spec,
    samples=SQUARE,
    lead=STACKS,
)


def _solve_spec(a: Spec, b: Spec, **_params: Any) -> Spec:
    batch = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return Spec((*batch, a.shape[-1], b.shape[-1]), np.result_type(a.dtype, b.dtype))


# a y = b:  a y' = b' - a' y, so the share of b is s = a^-H g and that of a is -s y^H  (Giles, 2.2.4).
solve: Primitive = tangent(
    "solve",
    floating(np.linalg.solve),
    (
        lambda da, y, a, _b: negative(solve(a, mm(da, y))),
        lambda db, _y, a, _b: solve(a, db),
    ),
    pulls=(
        lambda g, y, a, _b: negative(mm(solve(adjoint(a), g), adjoint(y))),
        lambda g, _y, a, _b: solve(adjoint(a), g),
    ),
    spec=_solve_spec,
    samples=(
        ((SQUARES[0], (3, 2)), {}),
        ((SQUARES[1], (3, 1)), {}),
        ((SQUARES[0], (2, 3, 1)), {}),
        ((SQUARE_C, sample_matrix(2, 1, dtype="complex128")), {}),
    ),
    lead=STACKS,
)


@floating
def _triangular(a: Any, b: Any, *, lower: bool) -> Any:
    # LU of an upper triangle is that triangle, so the general solver does back substitution; turning both axes
    # around makes a lower triangle an upper one.
    if not lower:
        return np.linalg.solve(np.triu(a), b)
    return np.linalg.solve(np.triu(a[..., ::-1, ::-1]), b[..., ::-1, :])[..., ::-1, :]


# As `solve`, with everything outside the triangle absent.
triangular_solve: Primitive = tangent(
    "triangular_solve",
    _triangular,
    (
        lambda da, y, a, _b, *, lower: negative(triangular_solve(a, mm(triangle(da, lower), y), lower=lower)),
        lambda db, _y, a, _b, *, lower: triangular_solve(a, db, lower=lower),
    ),
    pulls=(
        lambda g, y, a, _b, *, lower: negative(
            triangle(mm(triangular_solve(adjoint(a), g, lower=not lower), adjoint(y)), lower)
        ),
        lambda g, _y, a, _b, *, lower: triangular_solve(adjoint(a), g, lower=not lower),
    ),
    spec=_solve_spec,
    samples=(
        ((SQUARES[0], (3, 2)), {"lower": True}),
        ((SQUARES[1], (3, 1)), {"lower": False}),
        ((SQUARE_C, sample_matrix(2, 1, dtype="complex128")), {"lower": True}),
    ),
    lead=STACKS,
)


# tridiagonal systems: the diagonals of a in three rows, above, main and below; the entry of row i of a stands at i


@floating
def _tridiagonal(bands: Any, b: Any) -> Any:
    if bands.shape[-2] != 3 or bands.shape[-1] != b.shape[-2]:
        raise ShapeError(f"diagonals of shape {bands.shape} do not fit a right side of shape {b.shape}")
    batch = broadcast_shapes(bands.shape[:-2], b.shape[:-2])
    # SciPy keeps the entry of column j at j.
    stored = np.broadcast_to(bands, (*batch, *bands.shape[-2:])).copy()
    stored[..., 0, :], stored[..., 2, :] = (
        np.roll(stored[..., 0, :], 1, -1),
        np.roll(stored[..., 2, :], -1, -1),
    )
    b = np.broadcast_to(b, (*batch, *b.shape[-2:]))
    y = np.empty(b.shape, np.result_type(bands, b))
    for i in np.ndindex(batch):
        y[i] = scipy_linalg().solve_banded((1, 1), stored[i], b[i], check_finite=False)
    return y


def shifted(x: Any, step: int) -> Any:
    """Row i + step of x in row i, zeros where there is none; step is 1 or -1."""
    zero = Tensor(np.zeros((*x.shape[:-2], min(1, x.shape[-2]), x.shape[-1]), x.dtype))
    kept = getitem(x, index=(Ellipsis, slice(1, None) if step == 1 else slice(None, -1), slice(None)))
    return concatenate(*((kept, zero) if step == 1 else (zero, kept)), axis=x.ndim - 2)


def tridiagonal_product(bands: Any, x: Any) -> Any:
    """The product of a tridiagonal matrix with columns; the two entries outside the matrix count nothing."""
    above, main, below = (getitem(bands, index=(Ellipsis, i, slice(None), None)) for i in range(3))
    return above * shifted(x, 1) + main * x + below * shifted(x, -1)


def _adjoint_bands(bands: Any) -> Any:
    above, main, below = (getitem(bands, index=(Ellipsis, slice(i, i + 1), slice(None))) for i in range(3))
    turned = [_along(below, 1), main, _along(above, -1)]
    return conjugated(concatenate(*turned, axis=bands.ndim - 2))


def _along(row: Any, step: int) -> Any:
    """`shifted` along the last axis."""
    return swap(shifted(swap(row), step))


def _bands_share(g: Any, y: Any, bands: Any, _b: Any) -> Any:
    """The share -s y^H of the matrix, s = a^-H g, at its three diagonals only."""
    s, turned = tridiagonal_solve(_adjoint_bands(bands), g), conjugated(y)
    parts = [
        sum_(s * z, axis=(y.ndim - 1,), keepdims=False)
        for z in (shifted(turned, 1), turned, shifted(turned, -1))
    ]
    return negative(stack(*parts, axis=y.ndim - 2))


# As `solve`.
tridiagonal_solve: Primitive = tangent(
    "tridiagonal_solve",
    _tridiagonal,
    (
        lambda da, y, bands, _b: negative(tridiagonal_solve(bands, tridiagonal_product(da, y))),
        lambda db, _y, bands, _b: tridiagonal_solve(bands, db),
    ),
    pulls=(_bands_share, lambda g, _y, bands, _b: tridiagonal_solve(_adjoint_bands(bands), g)),
    spec=lambda bands, b: Spec(
        (*broadcast_shapes(bands.shape[:-2], b.shape[:-2]), *b.shape[-2:]),
        np.result_type(bands.dtype, b.dtype),
    ),
    samples=(
        ((np.array([[0.3, -0.5, 0.4, 0.9], [2.0, 3.0, -2.5, 2.0], [0.7, 0.6, 0.2, -0.4]]), (4, 2)), {}),
        ((np.array([[[0.3, 0.5j, 0.2], [2.0, 3.0j, -2.5], [0.7, 0.6, 0.2]]]), sample_matrix(3, 1)), {}),
    ),
    lead=STACKS,
)


# the pseudo-inverse


@floating
def _pinv(x: Any, *, rcond: Any) -> Any:
    return np.linalg.pinv(x, rcond=rcond)


def _pinv_tangent(dx: Any, y: Any, x: Any, *, rcond: Any) -> Any:
    """y' = -y x' y + y y^H x'^H (1 - x y) + (1 - y x) x'^H y^H y, at constant rank (Golub and Pereyra, 4.12)."""
    yh, dh = adjoint(y), adjoint(dx)
    left, right = mm(y, yh, dh), mm(dh, yh, y)
    return (left - mm(left, x, y)) + (right - mm(y, x, right)) - mm(y, dx, y)


def _pinv_pull(g: Any, y: Any, x: Any, *, rcond: Any) -> Any:
    yh, gh = adjoint(y), adjoint(g)
    left, right = mm(gh, y, yh), mm(yh, y, gh)
    return (left - mm(x, y, left)) + (right - mm(right, y, x)) - mm(yh, g, yh)


pinv = tangent(
    "pinv",
    _pinv,
    _pinv_tangent,
    pulls=_pinv_pull,
    spec=lambda x, *, rcond: Spec((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype),
    samples=tuple(
        ((x,), {"rcond": 1e-6})
        for x in (
            sample_matrix(4, 2, shift=2.0),
            sample_matrix(2, 2, 3, shift=2.0, seed=4),
            sample_matrix(3, 2, shift=2.0, dtype="complex128"),
        )
    ),
    lead=STACKS,
)


# functions of a matrix


def batched(function: Callable[[Any], Any], name: str) -> Callable[..., Any]:
    """A value function for batches from one for a single matrix; the result has the matrix's dtype."""

    def one(x: Any) -> Any:
        if not np.isfinite(x).all():
            return np.full_like(x, np.nan)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SciPy warns of singular matrices; the values say it
            y = function(x)
        if y.dtype.kind == "c" and x.dtype.kind == "f":
            if np.any(y.imag):
                raise RangeError(f"the matrix has no real {name}: make it complex with gt.cast")
            y = y.real
        return y

    @floating
    def value(x: Any) -> Any:
        if x.shape[-1] != x.shape[-2]:
            raise ShapeError(f"the matrices must be square, the shape is {x.shape}")
        y = np.empty_like(x)
        for i in np.ndindex(x.shape[:-2]):
            y[i] = one(x[i])
        return y

    return value


def matrix_function(
    name: str, function: Callable[[Any], Any], called: str, samples: tuple[Sample, ...]
) -> Primitive:
    """A row for f(x) defined by a power series or an integral, with f(conj z) = conj f(z).

    Its Frechet derivative L(x, e) is the upper right block of f([x e; 0 x]) (Higham 2008, theorem 3.6), and the adjoint
    of e -> L(x, e) is e -> L(x^H, e). Both are f itself of a larger matrix, hence exact at every order.
    """

    def derivative(x: Any, e: Any) -> Any:
        n = x.shape[-1]
        axes = tuple(range(x.ndim - 2, x.ndim))
        # L is linear in e: brought to the size of x it does not disturb how f is computed.
        size, own = (stop_gradient(amax(absolute(z), axis=axes, keepdims=True)) for z in (e, x))
        ratio = divide(size, own)
        ratio = as_dtype_of(where(equal(size * own, like(size, 0)), like(size, 1), ratio), x)
        zeros = Tensor(np.zeros(x.shape, x.dtype))
        top = concatenate(x, e / ratio, axis=x.ndim - 1)
        block = concatenate(top, concatenate(zeros, x, axis=x.ndim - 1), axis=x.ndim - 2)
        return getitem(row(block), index=(Ellipsis, slice(0, n), slice(n, 2 * n))) * ratio

    row = tangent(
        name,
        batched(function, called),
        lambda dx, _y, x: derivative(x, dx),
        pulls=lambda g, _y, x: derivative(adjoint(x), g),
        spec=same_spec,
        samples=samples,
        lead=STACKS,
    )
    return row


_NEAR = 0.7  # below 0.749, where sixteen points give double precision (Higham 2008, table 11.1)


def _root(x: Any) -> Any:
    """SciPy's principal square root, in the dtype of x wherever it fits.

    Before SciPy 1.16 complex numbers are the way to real roots too, and leave rounding in the imaginary parts; before
    1.15 complex roots come in extended precision.
    """
    root = scipy_linalg().sqrtm(x)
    if x.dtype.kind == "f" and root.dtype.kind == "c":
        rounding = 100 * len(x) * np.finfo(x.dtype).eps * np.abs(root).max(initial=0)
        if (np.abs(root.imag) <= rounding).all():
            return root.real.astype(x.dtype)
        return root.astype(np.result_type(x.dtype, np.complex64))
    return root.astype(x.dtype)


def _logarithm(x: Any) -> Any:
    """The principal logarithm by square roots until the matrix is near one, e = x^(1/2^k) - 1, and an integral.

    log(1 + e) is the integral of e (1 + t e)^-1 over t in [0, 1]; Gauss's rule with m points is the diagonal Pade
    approximant of order m (Dieci, Morini and Papini 1996; Higham 2008, section 11.4).
    """
    one, doublings = np.eye(len(x), dtype=x.dtype), 1
    while not np.linalg.norm(x - one, 1) < _NEAR:
        x, doublings = _root(x), 2 * doublings
        if doublings > 2**40 or not np.isfinite(x).all():
            raise RangeError("a singular matrix has no logarithm")
    e = x - one
    points, weights = np.polynomial.legendre.leggauss(16)
    t = ((1 + points) / 2).astype(e.real.dtype)[:, None, None]
    terms = np.linalg.solve(one + t * e, np.broadcast_to(e, (len(t), *e.shape)))
    return doublings * np.tensordot((weights / 2).astype(e.real.dtype), terms, 1)


_NEAR_ONE: tuple[Sample, ...] = tuple(
    ((x,), {})
    for x in (
        0.3 * SQUARES[0] + 0.5 * np.eye(3),
        0.3 * sample_matrix(2, 3, 3, shift=2.0, seed=2) + 0.5 * np.eye(3),
        0.3 * SQUARE_C + 0.5 * np.eye(2),
    )
)
expm = matrix_function("expm", lambda x: scipy_linalg().expm(x), "exponential", SQUARE)
logm = matrix_function("logm", _logarithm, "logarithm", _NEAR_ONE)
sqrtm = matrix_function("sqrtm", _root, "square root", _NEAR_ONE)
