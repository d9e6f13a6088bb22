"""NumPy's functions of polynomials, which are vectors of coefficients of falling powers.

In `numpy.polynomial` the powers rise, and a polynomial in several variables has an axis of coefficients for each.
The zeros of a polynomial are eigenvalues of its companion matrix, as in NumPy, so they differentiate as these do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError, ShapeError
from ..core.further_errors import UncoveredError
from ..core.spec import float64
from ..core.tensor import FUNCTIONS, Tensor, as_tensor, beside, look
from ..ops import arranging, composite, linear
from ..ops import elementwise as each
from ..ops.arranging import concatenate, ravel
from ..ops.composite import astype
from ..ops.selection import atleast_1d
from .numpy_names import numpy_name, value_of
from .numpy_numerical import convolve


def _floating(x: Tensor) -> Tensor:
    return astype(x, float64) if x._value.dtype.kind in "biu" else x


@numpy_name("polyval")
def polyval(p: Any, x: Any) -> Tensor:
    """The value of a polynomial, by Horner's scheme."""
    c, point = beside((p, x))
    y = composite.zeros_like(point)
    for coefficient in c:
        y = y * point + coefficient
    return y


def _by_rising_powers(c: Tensor, x: Tensor, each_apart: bool) -> Tensor:
    """The values at x of the polynomials along the first axis of c: every polynomial at every x, or each at its own."""
    if each_apart:
        c = arranging.reshape(c, (*c.shape, *(1 for _ in x.shape)))
    y = c[-1] + x * 0
    for k in range(2, c.shape[0] + 1):
        y = c[-k] + y * x
    return y  # type: ignore[no-any-return]


def _with_floating_coefficients(c: Any, points: Iterable[Any]) -> tuple[Tensor, list[Tensor]]:
    coefficients, *xs = (as_tensor(t) for t in beside((c, *points)))
    return atleast_1d(_floating(coefficients)), xs


@numpy_name("polynomial.polynomial.polyvalnd")
def polyvalnd(pts: Any, c: Any) -> Tensor:
    """The values of a polynomial in several variables at points, whose coordinates are given one after the other."""
    y, xs = _with_floating_coefficients(c, pts)
    shapes = [x.shape for x in xs]
    if len(set(shapes)) > 1:
        raise ShapeError(f"polyvalnd: coordinates of one shape are needed, got {', '.join(map(str, shapes))}")
    for k, x in enumerate(xs):
        y = _by_rising_powers(y, x, k == 0)
    return y


@numpy_name("polynomial.polynomial.polyval2d")
def polyval2d(x: Any, y: Any, c: Any) -> Tensor:
    """The values of a polynomial in two variables at points."""
    return polyvalnd((x, y), c)


@numpy_name("polynomial.polynomial.polygrid2d")
def polygrid2d(x: Any, y: Any, c: Any) -> Tensor:
    """The values of a polynomial in two variables at every pair of an x and a y."""
    values, xs = _with_floating_coefficients(c, (x, y))
    for one in xs:
        values = _by_rising_powers(values, one, True)
    return values


def _aligned(a1: Any, a2: Any) -> tuple[Tensor, Tensor]:
    a, b = (atleast_1d(t) for t in beside((a1, a2)))
    size = max(a.size, b.size)
    first, second = (
        concatenate((Tensor(np.zeros(size - t.size, t.dtype)), t), 0) if t.size < size else t for t in (a, b)
    )
    return first, second


@numpy_name("polyadd")
def polyadd(a1: Any, a2: Any) -> Tensor:
    """The sum of polynomials."""
    return linear.add(*_aligned(a1, a2))  # type: ignore[no-any-return]


@numpy_name("polysub")
def polysub(a1: Any, a2: Any) -> Tensor:
    """The difference of polynomials."""
    return linear.subtract(*_aligned(a1, a2))  # type: ignore[no-any-return]


@numpy_name("polymul")
def polymul(a1: Any, a2: Any) -> Tensor:
    """The product of polynomials."""
    return convolve(a1, a2)


@numpy_name("polydiv")
def polydiv(u: Any, v: Any) -> tuple[Tensor, Tensor]:
    """Quotient and remainder of polynomials, by long division."""
    a, b = (ravel(_floating(t)) for t in beside((u, v)))
    quotient = []
    while a.size >= b.size:
        factor = a[0] / b[0]
        quotient.append(factor)
        rest = a[: b.size] - factor * b
        a = concatenate((rest[1:], a[b.size :]), 0)
        if a.size == 0:
            break
    whole = arranging.stack(quotient) if quotient else Tensor(np.zeros(1, a.dtype))
    remainder = a if a.size else Tensor(np.zeros(1, b.dtype))
    value = look(remainder, "np.polydiv")
    lead = 0
    while lead < value.size - 1 and abs(value[lead]) <= 1e-14:  # NumPy's own limit for a leading zero
        lead += 1
    return whole, remainder[lead:]


@numpy_name("polyder")
def polyder(p: Any, m: int = 1) -> Tensor:
    """The derivative of a polynomial, m times over."""
    c = ravel(p)
    for _ in range(int(m)):
        powers = np.arange(c.size - 1, 0, -1)
        c = c[:-1] * powers.astype(c.dtype)
    return c


@numpy_name("polyint")
def polyint(p: Any, m: int = 1, k: Any = None) -> Tensor:
    """The integral of a polynomial, m times over, with constants k."""
    c = _floating(ravel(p))
    constants = [0.0] * m if k is None else list(ravel(beside((c, k))[1]))
    constants = constants * m if len(constants) == 1 else constants
    if len(constants) < m:
        raise InvalidArgumentError(f"np.polyint: {m} constants are needed, got {len(constants)}")
    for number in constants[:m]:
        last = arranging.reshape(beside((c, number))[1], 1)
        c = concatenate((c / np.arange(c.size, 0, -1).astype(c.dtype), last), 0)
    return c


@numpy_name("poly")
def poly(seq_of_zeros: Any) -> Tensor:
    """The polynomial with given zeros, or the characteristic polynomial of a matrix."""
    zeros = _floating(as_tensor(seq_of_zeros))
    if zeros.ndim == 2:
        zeros = FUNCTIONS["linalg.eigvals"](zeros)
    nothing = Tensor(np.zeros(1, zeros.dtype))
    c = Tensor(np.ones(1, zeros.dtype))
    for zero in zeros:
        c = concatenate((c, nothing), 0) - concatenate((nothing, c * zero), 0)
    if zeros._value.dtype.kind == "c":
        found = look(zeros, "np.poly")
        if np.array_equal(
            np.sort(found), np.sort(found.conj())
        ):  # pairs of conjugates have real coefficients
            return composite.real(c)
    return c


@numpy_name("roots")
def roots(p: Any) -> Tensor:
    """The zeros of a polynomial, as eigenvalues of its companion matrix."""
    c = _floating(ravel(p))
    there = np.flatnonzero(value_of(c, "np.roots"))
    if not there.size:
        return Tensor(np.zeros(0, c.dtype))
    at_zero = c.size - 1 - int(there[-1])
    c = c[int(there[0]) : int(there[-1]) + 1]
    if c.size < 2:
        return Tensor(np.zeros(at_zero, c.dtype))
    below = Tensor(np.eye(c.size - 1, k=-1, dtype=c.dtype)[1:])
    found = FUNCTIONS["linalg.eigvals"](concatenate((arranging.expand_dims(-c[1:] / c[0], 0), below), 0))
    return concatenate((found, Tensor(np.zeros(at_zero, found.dtype))), 0) if at_zero else found


@numpy_name("polyfit")
def polyfit(
    x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False
) -> Tensor:
    """The polynomial of a degree that fits points best, differentiable in the points, values and weights."""
    if full or cov or rcond is not None:
        raise UncoveredError(
            "np.polyfit: full, cov and rcond are not covered on tensors; solve np.vander(x, deg + 1) with "
            "np.linalg.lstsq, or fit with gt.optimize.curve_fit"
        )
    point, value = (_floating(t) for t in beside((x, y)))
    powers = np.arange(int(deg), -1, -1).astype(point.dtype)
    matrix = each.power(arranging.expand_dims(point, 1), powers)
    right = arranging.expand_dims(value, 1) if value.ndim == 1 else value
    if w is not None:
        weight = arranging.expand_dims(beside((point, w))[1], 1)
        matrix, right = matrix * weight, right * weight
    # Columns of length one, as in NumPy, keep the condition of the matrix in bounds.
    scale = composite.norm(matrix, axis=0)
    found = FUNCTIONS["linalg.lstsq"](matrix / scale, right)[0] / arranging.expand_dims(scale, 1)
    return found[:, 0] if value.ndim == 1 else found  # type: ignore[no-any-return]
