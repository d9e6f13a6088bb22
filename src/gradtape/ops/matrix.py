"""What rows of linear algebra are written with: words for matrices, the shape of a row, arrays for the laws.

Matrices are the last two axes, whatever stands before is a batch. LAPACK's dtypes are float32, float64, complex64 and
complex128; `floating` refuses others by name.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.define import linear
from ..core.errors import DtypeError, ShapeError
from ..core.lead import STACKS
from ..core.packages import needed
from ..core.primitive import Kind, Primitive, Rule, Sample, register
from ..core.spec import Spec, is_differentiable
from ..core.tensor import Tensor
from .contraction import matrix_product
from .elementwise import conjugated
from .linear import cast, getitem, reshape, scatter, sum_, transpose


@functools.cache
def scipy_linalg() -> Any:
    """SciPy's module of linear algebra, loaded at first use.

    Raises:
        ModuleNotFoundError: if SciPy is not installed.
    """
    with needed("scipy", "this function is evaluated by SciPy"):
        import scipy.linalg  # type: ignore[import-untyped]  # SciPy brings no types
    return scipy.linalg


def floating(function: Callable[..., Any]) -> Callable[..., Any]:
    """A value function that refuses what LAPACK does not compute with, by name of the dtype."""

    @functools.wraps(function)
    def value(*xs: Any, **params: Any) -> Any:
        for x in xs:
            if not is_differentiable(x.dtype) or x.dtype.itemsize < 4:
                raise DtypeError(
                    f"it takes float32, float64, complex64 and complex128, not {x.dtype.name}; use gt.cast"
                )
            if x.ndim < 2:
                raise ShapeError(f"a tensor of shape {x.shape} has no matrices in its last two axes")
        return function(*xs, **params)

    return value


def same_spec(x: Spec, **_params: Any) -> Spec:
    """A result of the shape and dtype of the matrix."""
    return Spec(tuple(x.shape), x.dtype)


# small words that the rules are written in


def swap(x: Any) -> Any:
    """The last two axes exchanged."""
    n = x.ndim
    return transpose(x, axes=(*range(n - 2), n - 1, n - 2))


def adjoint(x: Any) -> Any:
    """The conjugate transpose."""
    return conjugated(swap(x))


def mm(*factors: Any) -> Any:
    """The product of matrices, from the left."""
    return functools.reduce(matrix_product, factors)


def rows(d: Any, x: Any) -> Any:
    """diag(d) x: each row multiplied by a number."""
    return reshape(d, shape=(*d.shape, 1)) * x


def columns(x: Any, d: Any) -> Any:
    """x diag(d): each column multiplied by a number."""
    return x * reshape(d, shape=(*d.shape[:-1], 1, d.shape[-1]))


def diagonal_of(x: Any) -> Any:
    """The main diagonal of square matrices."""
    i = np.arange(x.shape[-1])
    return getitem(x, index=(Ellipsis, i, i))


def diagonal_matrix(d: Any) -> Any:
    """Square matrices with this diagonal and zeros elsewhere."""
    n = d.shape[-1]
    i = np.arange(n)
    return scatter(d, index=(Ellipsis, i, i), shape=(*d.shape, n))


def trace_of(x: Any) -> Any:
    """The sum of the main diagonal of square matrices."""
    return sum_(diagonal_of(x), axis=(x.ndim - 2,), keepdims=False)


def as_scale(y: Any) -> Any:
    """A number for each matrix, with two axes of size one behind."""
    return reshape(y, shape=(*y.shape, 1, 1))


def identity_like(x: Any) -> Tensor:
    """The identity matrix of the size and dtype of square matrices, without the batch axes."""
    return Tensor(np.eye(x.shape[-1], dtype=x.dtype))


def real_of(dtype: Any) -> Any:
    """The real dtype of the same precision."""
    return np.zeros((), dtype).real.dtype


def as_dtype_of(x: Any, other: Any) -> Any:
    """x in the dtype of another."""
    return x if x.dtype == other.dtype else cast(x, dtype=other.dtype)


def sample_matrix(*shape: int, seed: int = 1, shift: float = 0.0, dtype: str = "float64") -> Any:
    """A fixed array for the laws: small random entries, complex ones on request, and `shift` on the diagonal."""
    rng = np.random.default_rng(seed)
    x = 0.4 * rng.standard_normal(shape)
    if dtype == "complex128":
        x = x + 0.4j * rng.standard_normal(shape)
    return x + shift * np.eye(shape[-2], shape[-1])


def positive(x: Any, shift: float = 1.0) -> Any:
    """A Hermitian positive definite array made of another."""
    return x @ np.conj(np.swapaxes(x, -1, -2)) + shift * np.eye(x.shape[-1])


# The real one twice, alone and in a batch, and a complex one.
SQUARES = (sample_matrix(3, 3, shift=2.0), sample_matrix(2, 3, 3, shift=-2.0, seed=2))
SQUARE_C = sample_matrix(2, 2, shift=2.0, seed=3, dtype="complex128")
SQUARE: tuple[Sample, ...] = tuple(((x,), {}) for x in (*SQUARES, SQUARE_C))


def joint(
    name: str,
    value: Callable[..., Any],
    forward: Callable[..., Any],
    pull: Callable[..., Any] | None,
    *,
    spec: Callable[..., Any],
    samples: tuple[Sample, ...],
    keeps: bool = False,
) -> Primitive:
    """A row of one matrix with several outputs: `forward(dx, y, x)` gives their tangents, `pull(g, y, x)` the share."""

    def tangents(given: Any, y: Any, x: Any, **params: Any) -> Any:
        return forward(given[0], y, x, **params)

    def shares(g: Any, y: Any, x: Any, **params: Any) -> Any:
        assert pull is not None
        return (pull(g, y, x, **params),)

    rule = Rule(None if pull is None else shares, tangents, keeps, True)
    return register(Primitive(name, Kind.TANGENT, value, spec, rule, None, samples, lead=STACKS))


# triangles

tril: Primitive = linear(
    "tril",
    lambda x, *, k: np.tril(x, k),
    lambda g, *, k: tril(g, k=k),
    spec=lambda x, *, k: Spec(tuple(x.shape), x.dtype),
    structural=True,
    gaps=True,
    samples=((((3, 3),), {"k": 0}), (((2, 2, 3),), {"k": -1})),
    lead=STACKS,
)
triu: Primitive = linear(
    "triu",
    lambda x, *, k: np.triu(x, k),
    lambda g, *, k: triu(g, k=k),
    spec=lambda x, *, k: Spec(tuple(x.shape), x.dtype),
    structural=True,
    gaps=True,
    samples=((((3, 3),), {"k": 0}), (((2, 2, 3),), {"k": 1})),
    lead=STACKS,
)


def triangle(x: Any, lower: bool) -> Any:
    """The lower or upper triangle with the diagonal."""
    return tril(x, k=0) if lower else triu(x, k=0)
