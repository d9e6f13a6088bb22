"""Rows of the singular values: svd and svdvals.

Sources: Townsend 2016, "Differentiating the singular value decomposition"; Wan and Zhang 2019, "Automatic
differentiation for complex valued SVD". Phases and equal values are treated as for eigenvalues (`spectral.py`). Where
a singular value of a rectangular or complex matrix is zero, its vectors have no derivative: NaN or infinity. The value
itself has a kink there, as |x| has, and the derivative 0 (`alive`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.define import tangent
from ..core.lead import STACKS
from ..core.primitive import Primitive, Sample
from ..core.spec import Spec
from .constant import less_equal
from .elementwise import like, reciprocal
from .linear import cast, imag, real, reshape, where
from .matrix import (
    adjoint,
    as_dtype_of,
    columns,
    diagonal_matrix,
    diagonal_of,
    floating,
    identity_like,
    joint,
    mm,
    real_of,
    rows,
    sample_matrix,
)
from .reduction import amax
from .spectral import absent, gaps, held, held_pull, phases, real_vector_spec


@floating
def _svd(x: Any) -> Any:
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    if u.dtype.kind == "c":
        factor = phases(u)
        u, vh = u * factor, vh * np.conj(np.swapaxes(factor, -1, -2))
    return u, s, vh


def alive(s: Any) -> Any:
    """One for each singular value, zero for those that are zero to rounding: the smallest subgradient at the kink."""
    largest = amax(s, axis=(s.ndim - 1,), keepdims=True)
    rounding = largest * like(s, s.shape[-1] * np.finfo(s.dtype).eps)
    return where(less_equal(s, rounding), like(s, 0), like(s, 1))


def _svd_gaps(s: Any, like_of: Any) -> Any:
    """1 / (s_j^2 - s_i^2) with zeros on the diagonal, without squaring before the difference."""
    n = s.shape[-1]
    total = reshape(s, shape=(*s.shape[:-1], 1, n)) + reshape(s, shape=(*s.shape[:-1], n, 1))
    return as_dtype_of(gaps(s) / (total + identity_like(total)), like_of)


def _svd_tangent(dx: Any, y: Any, _x: Any) -> Any:
    """With m = u^H x' v: s' = Re diag(m), and u^H u' = f * (m s + s m^H), v^H v' = f * (s m + m^H s).

    f_ij = 1 / (s_j^2 - s_i^2). The imaginary part of m_ii turns u_i against v_i. Outside the spans of u and v the
    equation x' v = u' s, and its adjoint, say the rest  (Townsend, section 2; Wan and Zhang, section 4).
    """
    u, s, vh = y
    v, scale = adjoint(vh), as_dtype_of(s, u)
    m = mm(adjoint(u), dx, v)
    mh, f, d = adjoint(m), _svd_gaps(s, u), diagonal_of(m)
    left, right = f * (columns(m, scale) + rows(scale, mh)), f * (rows(scale, m) + columns(mh, scale))
    if u.dtype.kind == "c":
        left = left + diagonal_matrix(cast(imag(d) / s, dtype=u.dtype) * 1j)
    du, dv = mm(u, left), mm(v, right)
    if u.shape[-2] > u.shape[-1]:
        moved = columns(mm(dx, v), reciprocal(scale))
        du = du + moved - mm(u, adjoint(u), moved)
    if v.shape[-2] > v.shape[-1]:
        moved = columns(mm(adjoint(dx), u), reciprocal(scale))
        dv = dv + moved - mm(v, adjoint(v), moved)
    if u.dtype.kind == "c":
        du, dv = held(du, u, (dv, v))
        d = real(d)
    return du, d * alive(s), adjoint(dv)


def _svd_pull(g: Any, y: Any, _x: Any) -> Any:
    """The transpose of `_svd_tangent`, term by term."""
    u, s, vh = y
    v, scale = adjoint(vh), as_dtype_of(s, u)
    inner = diagonal_matrix(as_dtype_of(g[1] * alive(s), u))
    if absent(g[0]) and absent(g[2]):
        return mm(u, inner, vh)
    gu, gv = g[0], adjoint(g[2])
    if u.dtype.kind == "c":
        gu = held_pull(gu, u, (gv, v))
    left, right, f = mm(adjoint(u), gu), mm(adjoint(v), gv), _svd_gaps(s, u)
    p, q = f * left, f * right
    inner = inner + columns(p + adjoint(p), scale) + rows(scale, q + adjoint(q))
    if u.dtype.kind == "c":
        inner = inner + diagonal_matrix(cast(imag(diagonal_of(left)) / s, dtype=u.dtype) * 1j)
    share = mm(u, inner, vh)
    if u.shape[-2] > u.shape[-1]:
        share = share + mm(columns(gu - mm(u, left), reciprocal(scale)), vh)
    if v.shape[-2] > v.shape[-1]:
        share = share + mm(u, adjoint(columns(gv - mm(v, right), reciprocal(scale))))
    return share


def _svd_spec(x: Spec) -> tuple[Spec, Spec, Spec]:
    m, n, k = x.shape[-2], x.shape[-1], min(x.shape[-2:])
    batch = x.shape[:-2]
    return Spec((*batch, m, k), x.dtype), Spec((*batch, k), real_of(x.dtype)), Spec((*batch, k, n), x.dtype)


_RECTANGLES: tuple[Sample, ...] = (
    ((np.diag([6.0, 3.5, 1.5]) + 0.5 * sample_matrix(3, 3, seed=8),), {}),
    ((np.diag([6.0, 3.0, 1.5])[:, :2] + 0.5 * sample_matrix(2, 3, 2, seed=9),), {}),
    ((np.diag([6.0, 3.0, 1.5])[:2] + 0.5 * sample_matrix(2, 3, seed=10, dtype="complex128"),), {}),
)
svd = joint("svd", _svd, _svd_tangent, _svd_pull, spec=_svd_spec, samples=_RECTANGLES)


def _svdvals_tangent(dx: Any, y: Any, x: Any) -> Any:
    u, _, vh = svd(x)
    d = diagonal_of(mm(adjoint(u), dx, adjoint(vh)))
    return (real(d) if d.dtype.kind == "c" else d) * alive(y)


def _svdvals_pull(g: Any, y: Any, x: Any) -> Any:
    u, _, vh = svd(x)
    return mm(columns(u, as_dtype_of(g * alive(y), u)), vh)


svdvals: Primitive = tangent(
    "svdvals",
    floating(lambda x: np.linalg.svd(x, compute_uv=False)),
    _svdvals_tangent,
    pulls=_svdvals_pull,
    spec=real_vector_spec,
    samples=_RECTANGLES,
    lead=STACKS,
)
