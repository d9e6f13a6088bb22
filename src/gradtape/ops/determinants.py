"""Determinants: exact at every order, also where the matrix is singular.

The derivative of det is the adjugate, the transposed matrix of cofactors. Away from singular matrices that is
det(x) x^-1; near them it is composed of operations that divide by nothing small (`_split`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.define import tangent
from ..core.errors import InvalidArgumentError
from ..core.further_errors import RangeError
from ..core.lead import STACKS
from ..core.questions import question
from ..core.spec import Spec
from ..core.tensor import Tensor, decide, look
from .elementwise import conjugated, like
from .linalg import inv
from .linear import cast, concatenate, imag, negative, real, reshape, scatter, stack
from .matrix import SQUARE, adjoint, as_scale, floating, identity_like, joint, mm, trace_of


def _faddeev(x: Any) -> tuple[Any, Any]:
    """Adjugate and determinant by sums, products and division by whole numbers (Faddeev and LeVerrier).

    With the identity as m: repeat m = x m - tr(x m)/k.  Exact where x is zero, which no elimination is.
    """
    n, one = x.shape[-1], identity_like(x)
    m = one
    for k in range(1, n):
        product = mm(x, m)
        m = product - trace_of(product) * (1 / k) * one
    sign = (-1.0) ** (n - 1)
    return m * sign, trace_of(mm(x, m)) * (sign / n)


def _split(x: Any, floor: float) -> tuple[Any, Any]:
    """Adjugate and determinant of one matrix of any rank, as operations that are exact at every order.

    In the frozen bases u, v of its singular vectors, c = u^H x v has a well-conditioned block c11; with w = c11^-1 the
    determinant is det(c11) det(s), s = c22 - c21 w c12 (Schur), and with p = [-w c12; 1] and q = [-c21 w, 1]
    adj(c) = det(c11) (p adj(s) q + det(s) [w 0; 0 0]), where nothing is divided by what is small.
    """
    n = x.shape[-1]
    u, sizes, vh = np.linalg.svd(look(x, "the derivative of det at a singular matrix"))
    if sizes[0] <= floor:
        return _faddeev(x)
    r = int(np.sum(sizes > _regular(x.dtype) * sizes[0]))
    if r == n:
        whole = det(x)
        return whole * inv(x), whole
    c = mm(Tensor(np.conj(u.T)), x, Tensor(np.conj(vh.T)))
    c12, c21 = c[:r, r:], c[r:, :r]
    w, first = inv(c[:r, :r]), det(c[:r, :r])
    small, second = _split(c[r:, r:] - mm(c21, w, c12), floor)
    one = Tensor(np.eye(n - r, dtype=x.dtype))
    p = concatenate(negative(mm(w, c12)), one, axis=0)
    q = concatenate(negative(mm(c21, w)), one, axis=1)
    inner = scatter(w, index=(slice(0, r), slice(0, r)), shape=(n, n))
    turn = like(x, np.linalg.det(u) * np.linalg.det(vh))
    whole = turn * first
    y = whole * mm(Tensor(np.conj(vh.T)), mm(p, small, q) + second * inner, Tensor(np.conj(u.T)))
    return y, whole * second


def _regular(dtype: Any) -> float:
    """The reciprocal condition above which det(x) x^-1 is the adjugate to many digits, and so are its derivatives."""
    return float(np.sqrt(np.sqrt(np.finfo(dtype).eps)))


@question
def is_regular(value: Any) -> bool:
    """Whether every matrix is far from singular, or there is an entry that is not finite."""
    if not np.isfinite(value).all():
        return True
    sizes = np.linalg.svd(value, compute_uv=False)
    return bool(np.all(sizes[..., -1] > _regular(value.dtype) * sizes[..., 0]))


def adjugate(x: Any, y: Any) -> Any:
    """The transpose of the matrix of cofactors, also where the determinant y is zero; exact at every order."""
    n = x.shape[-1]
    if n < 2:
        return Tensor(np.ones(x._value.shape, x.dtype))
    if decide(x, is_regular):
        return as_scale(y) * inv(x)
    sizes = np.linalg.svd(look(x, "the derivative of det at a singular matrix"), compute_uv=False)
    flat = (
        reshape(x, shape=(-1, n, n)) if x.ndim == 2 else reshape(x, shape=(int(np.prod(x.shape[:-2])), n, n))
    )
    floors = 64 * n * np.finfo(x.dtype).eps * sizes[..., 0].reshape(-1)
    parts = [_split(flat[i], float(floor))[0] for i, floor in enumerate(floors)]
    return reshape(stack(*parts, axis=0), shape=tuple(x.shape))


def _number_spec(x: Spec) -> Spec:
    return Spec(tuple(x.shape[:-2]), x.dtype)


# y' = tr(adj(x) x')  (Jacobi); exact at singular matrices, where y x^-1 would be 0/0.
det = tangent(
    "det",
    floating(np.linalg.det),
    lambda dx, y, x: trace_of(mm(adjugate(x, y), dx)),
    pulls=lambda g, y, x: as_scale(g) * adjoint(adjugate(x, y)),
    spec=_number_spec,
    samples=(*SQUARE, ((np.array([[1.0, 2.0], [2.0, 4.0]]),), {}), ((np.zeros((3, 3)),), {})),
    lead=STACKS,
)


def _inverse(x: Any) -> Any:
    try:
        return inv(x)
    except InvalidArgumentError:
        raise RangeError(
            f"slogdet: the logarithm of the determinant has no derivative at a singular matrix, shape {x.shape}; "
            "that of gt.linalg.det is exact there"
        ) from None


def _slogdet_tangent(dx: Any, y: Any, x: Any) -> Any:
    """With t = tr(x^-1 x'): the logarithm moves by Re t, the sign, of modulus one, by i Im(t) times itself."""
    t = trace_of(mm(_inverse(x), dx))
    if t.dtype.kind == "f":
        return None, t
    return y[0] * cast(imag(t), dtype=t.dtype) * 1j, real(t)


def _slogdet_pull(g: Any, y: Any, x: Any) -> Any:
    weight = g[1]
    if x.dtype.kind == "c":
        weight = cast(g[1], dtype=x.dtype) + cast(real(conjugated(g[0]) * y[0] * 1j), dtype=x.dtype) * 1j
    return as_scale(weight) * adjoint(_inverse(x))


slogdet = joint(
    "slogdet",
    floating(lambda x: tuple(np.linalg.slogdet(x))),
    _slogdet_tangent,
    _slogdet_pull,
    spec=lambda x: (_number_spec(x), Spec(tuple(x.shape[:-2]), np.zeros((), x.dtype).real.dtype)),
    samples=SQUARE,
    keeps=True,
)
