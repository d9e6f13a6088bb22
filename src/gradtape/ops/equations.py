"""Equations between matrices: Sylvester's, Lyapunov's, Riccati's. SciPy solves them; so do their derivatives.

Each derivative is the solution of an equation of Sylvester's or Lyapunov's kind with the same coefficients, which the
linearization of the equation gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.define import tangent
from ..core.lead import STACKS
from ..core.primitive import Kind, Primitive, Rule, Sample, register
from ..core.spec import Spec, broadcast_shapes
from . import linalg
from .linear import negative
from .matrix import (
    SQUARE_C,
    SQUARES,
    adjoint,
    floating,
    identity_like,
    mm,
    positive,
    sample_matrix,
    scipy_linalg,
)


def _by_matrix(name: str, hermitian: int = 0) -> Any:
    """SciPy's solver, one set of matrices after the other; of the last `hermitian` the Hermitian part counts."""

    @floating
    def value(*given: Any) -> Any:
        solver = getattr(scipy_linalg(), name)
        batch = broadcast_shapes(*(x.shape[:-2] for x in given))
        whole = [np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in given]
        for i in range(len(whole) - hermitian, len(whole)):
            whole[i] = (whole[i] + np.conj(np.swapaxes(whole[i], -1, -2))) / 2
        found = np.array([solver(*(x[i] for x in whole)) for i in np.ndindex(batch)])
        return found.reshape(*batch, *found.shape[1:]).astype(np.result_type(*given), copy=False)

    return value


def _sylvester_spec(a: Spec, b: Spec, q: Spec) -> Spec:
    batch = broadcast_shapes(a.shape[:-2], b.shape[:-2], q.shape[:-2])
    return Spec((*batch, a.shape[-1], b.shape[-1]), np.result_type(a.dtype, b.dtype, q.dtype))


# a y + y b = q:  a y' + y' b = q' - a' y - y b'.
solve_sylvester: Primitive = tangent(
    "solve_sylvester",
    _by_matrix("solve_sylvester"),
    (
        lambda da, y, a, b, _q: negative(solve_sylvester(a, b, mm(da, y))),
        lambda db, y, a, b, _q: negative(solve_sylvester(a, b, mm(y, db))),
        lambda dq, _y, a, b, _q: solve_sylvester(a, b, dq),
    ),
    pulls=(
        lambda g, y, a, b, _q: negative(mm(solve_sylvester(adjoint(a), adjoint(b), g), adjoint(y))),
        lambda g, y, a, b, _q: negative(mm(adjoint(y), solve_sylvester(adjoint(a), adjoint(b), g))),
        lambda g, _y, a, b, _q: solve_sylvester(adjoint(a), adjoint(b), g),
    ),
    spec=_sylvester_spec,
    samples=(
        ((SQUARES[0], sample_matrix(2, 2, shift=3.0, seed=4), (3, 2)), {}),
        ((SQUARES[0], sample_matrix(3, 3, shift=3.0, seed=5), (2, 3, 3)), {}),
        ((SQUARE_C, SQUARE_C + 2 * np.eye(2), sample_matrix(2, 2, dtype="complex128")), {}),
    ),
    lead=STACKS,
)


def lyapunov(a: Any, q: Any) -> Any:
    """The y of a y + y a^H = q."""
    return solve_sylvester(a, adjoint(a), q)


def stein(a: Any, q: Any) -> Any:
    """The y of y = a y a^H + q, by Cayley's transformation to an equation of Lyapunov's kind.

    With b = (a + 1)^-1 (a - 1) it is b y + y b^H = -2 (a + 1)^-1 q (a + 1)^-H (Gajic and Qureshi, "Lyapunov Matrix
    Equation in System Stability and Control", 1995, section 2.2). -1 must be no eigenvalue of a.
    """
    one = identity_like(a)
    moved = linalg.inv(a + one)
    return lyapunov(mm(moved, a - one), -2.0 * mm(moved, q, adjoint(moved)))


def _state_spec(a: Spec, b: Spec, q: Spec, r: Spec) -> Spec:
    batch = broadcast_shapes(*(x.shape[:-2] for x in (a, b, q, r)))
    return Spec((*batch, *a.shape[-2:]), np.result_type(a.dtype, b.dtype, q.dtype, r.dtype))


_A, _B, _COST, _EFFORT = (
    0.4 * sample_matrix(2, 2, 2, seed=8),
    sample_matrix(2, 1, seed=9),
    np.eye(2),
    np.eye(1),
)
_PLANT: tuple[Sample, ...] = (
    (
        (
            0.4 * sample_matrix(3, 3, seed=8),
            sample_matrix(3, 2, seed=9),
            positive(sample_matrix(3, 3, seed=6)),
            positive(sample_matrix(2, 2, seed=7)),
        ),
        {},
    ),
    ((_A, _B, _COST, _EFFORT), {}),
    ((_A[0] + 0.3j * _A[1], _B + 0j, _COST + 0j, _EFFORT + 0j), {}),
)


def _doubled(x: Any) -> Any:
    """Twice the Hermitian part."""
    return x + adjoint(x)


def _continuous(y: Any, a: Any, b: Any, r: Any) -> tuple[Any, Any, Any]:
    """The gain k = r^-1 b^H y, the closed loop a - b k, and y, the weight of a change of a."""
    gain = linalg.solve(_half(r), mm(adjoint(b), y))
    return gain, a - mm(b, gain), y


def _discrete(y: Any, a: Any, b: Any, r: Any) -> tuple[Any, Any, Any]:
    """The gain k = (r + b^H y b)^-1 b^H y a, the closed loop c = a - b k, and the weight c^H y."""
    turned = mm(adjoint(b), y)
    gain = linalg.solve(_half(r) + mm(turned, b), mm(turned, a))
    loop = a - mm(b, gain)
    return gain, loop, mm(adjoint(loop), y)


def _half(x: Any) -> Any:
    """The Hermitian part."""
    return (x + adjoint(x)) / 2


def _riccati(name: str, closed: Any, settle: Any) -> Primitive:
    """A row of the stabilizing solution of an equation of Riccati's.

    With w = `closed(...)[2]` the terms that move are m = 2 H(w a') - 2 H(w b' k) + H(q') + k^H H(r') k, where H is the
    Hermitian part; the optimal gain k itself drops out. y' = `settle(c^H, m)` for the closed loop c; the transpose of
    that, as a function of m, is `settle(c, g)`.
    """

    def tangents(given: Any, y: Any, a: Any, b: Any, _q: Any, r: Any) -> Any:
        gain, loop, weight = closed(y, a, b, r)
        da, db, dq, dr = given
        terms = [
            None if da is None else 2 * _half(mm(weight, da)),
            None if db is None else -2 * _half(mm(weight, db, gain)),
            None if dq is None else _half(dq),
            None if dr is None else mm(adjoint(gain), _half(dr), gain),
        ]
        present = [term for term in terms if term is not None]
        return settle(adjoint(loop), sum(present[1:], start=present[0]))

    def shares(g: Any, y: Any, a: Any, b: Any, _q: Any, r: Any) -> Any:
        gain, loop, weight = closed(y, a, b, r)
        moved = _half(settle(loop, g))
        of_a = 2 * mm(adjoint(weight), moved)
        return of_a, negative(mm(of_a, adjoint(gain))), moved, mm(gain, moved, adjoint(gain))

    rule = Rule(shares, tangents, True, True)
    value = _by_matrix(name, 2)
    return register(Primitive(name, Kind.TANGENT, value, _state_spec, rule, None, _PLANT, lead=STACKS))


# a^H y + y a - y b r^-1 b^H y + q = 0:  c^H y' + y' c = -m.
solve_continuous_are = _riccati("solve_continuous_are", _continuous, lambda c, m: negative(lyapunov(c, m)))

# y = a^H y a - a^H y b (r + b^H y b)^-1 b^H y a + q:  y' = c^H y' c + m.
solve_discrete_are = _riccati("solve_discrete_are", _discrete, stein)
