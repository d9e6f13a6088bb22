"""Derivatives of linear algebra against published formulas, and against those that SymPy derives.

Formulas: Giles 2008, "Collected matrix derivative results"; Magnus and Neudecker 2019, "Matrix differential calculus",
chapters 8 and 9; perturbation theory to second order: Kato 1966, "Perturbation theory for linear operators", II.2.
"""

import numpy as np
import pytest
import sympy
from derivative_words import along, close, gradient, hessian
from linalg_calls import A2, NEAR, A, P, matrix

import gradtape as gt

la = gt.linalg
E1, E2 = matrix(3, 3, seed=31), matrix(3, 3, seed=32)


# published formulas


def test_inverse_to_third_order():
    """The k-th derivative of a^-1 along e is (-1)^k k! a^-1 (e a^-1)^k."""
    a = np.linalg.inv(A)
    close(along(la.inv, A, E1), -a @ E1 @ a)
    close(along(la.inv, A, E1, E2), a @ E1 @ a @ E2 @ a + a @ E2 @ a @ E1 @ a)
    close(along(la.inv, A, E1, E1, E1), -6 * a @ E1 @ a @ E1 @ a @ E1 @ a)


def test_determinant_and_its_logarithm_to_second_order():
    """Magnus and Neudecker, 8.3 and 8.4: d log|a| = tr(a^-1 e), d^2 log|a| = -tr(a^-1 e a^-1 e)."""
    a, d = np.linalg.inv(A), np.linalg.det(A)
    t1, t2, t12 = np.trace(a @ E1), np.trace(a @ E2), np.trace(a @ E1 @ a @ E2)
    close(gradient(la.det, A), d * a.T)
    close(along(la.det, A, E1, E2), d * (t1 * t2 - t12))
    close(gradient(lambda x: la.slogdet(x)[1], A2), np.swapaxes(np.linalg.inv(A2), -1, -2))
    close(along(lambda x: la.slogdet(x)[1], A, E1, E2), -t12)
    close(hessian(la.logdet, P), hessian(lambda x: la.slogdet((x + gt.transpose(x)) / 2.0)[1], P))


def test_solution_of_a_system():
    """Giles, 2.2.4: with s = a^-T g the shares are s and -s x^T."""
    b, g = matrix(3, 2, seed=33), matrix(3, 2, seed=34)
    x, s = np.linalg.solve(A, b), np.linalg.solve(A.T, g)
    close(gradient(lambda a: gt.reduce_sum(la.solve(a, b) * g), A), -s @ x.T)
    close(gradient(lambda z: gt.reduce_sum(la.solve(A, z) * g), b), s)


def test_eigenvalues_and_vectors_to_second_order():
    """Kato, II.2: value'' = 2 sum_j |v_j^T e v_i|^2 / (value_i - value_j) along e; vector' = sum_j v_j (..) / (..)."""
    e = E1 + E1.T
    values, v = np.linalg.eigh(P)
    m = v.T @ e @ v
    gap = values[:, None] - values[None, :]
    part = np.divide(m, gap, out=np.zeros_like(m), where=gap != 0)
    close(along(la.eigvalsh, P, e), np.diag(m))
    close(along(la.eigvalsh, P, e, e), 2 * (m * part).sum(1))
    close(along(lambda x: la.eigh(x)[1], P, e), -(v @ part))


def test_eigenvalues_of_any_matrix():
    """d value_i = w_i^H e v_i, with w^H the inverse of the vectors v (Giles, 3.2)."""
    values, v = np.linalg.eig(A)
    m = np.linalg.inv(v) @ E1 @ v
    gap = values[:, None] - values[None, :]
    part = np.divide(m, gap, out=np.zeros_like(m), where=gap != 0)
    close(along(la.eigvals, A, E1), np.diag(m))
    close(along(la.eigvals, A, E1, E1), 2 * (part * m.T).sum(1))


def test_singular_values_to_second_order():
    """The squares are the eigenvalues of x^T x, whose derivatives are known."""
    x, e = matrix(4, 3, seed=35, shift=2.0), matrix(4, 3, seed=36)
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    close(along(lambda z: la.svd(z, compute_uv=False), x, e), np.diag(u.T @ e @ vh.T))
    squares = along(lambda z: la.svd(z, compute_uv=False) ** 2, x, e, e)
    close(squares, along(lambda z: la.eigvalsh(gt.matmul(z, z, transpose_a=True)), x, e, e).numpy()[::-1])
    close(hessian(lambda z: gt.reduce_sum(la.svd(z, compute_uv=False) ** 2), x), 2 * np.eye(12), 9)


def test_functions_of_a_matrix_by_their_equations():
    """sqrtm: y y' + y' y = e. expm, logm: they undo each other. exp(t a)' = a exp(t a)."""
    y, dy = la.sqrtm(NEAR).numpy(), along(la.sqrtm, NEAR, E1).numpy()
    close(y @ dy + dy @ y, E1)
    close(along(lambda x: la.logm(la.expm(x)), 0.3 * A, E1), E1)
    np.testing.assert_allclose(along(lambda x: la.logm(la.expm(x)), 0.3 * A, E1, E2), 0 * E1, atol=1e-11)
    t = gt.constant(0.7, dtype="float64")
    with gt.autodiff.ForwardAccumulator(t, gt.ones_like(t)) as accumulator:
        y = la.expm(t * A)
    close(accumulator.jvp(y), A @ y.numpy())


def test_factors_satisfy_the_differentiated_equation():
    e = E1 + E1.T
    c, dc = la.cholesky(P).numpy(), along(la.cholesky, P, e).numpy()
    close(dc @ c.T + c @ dc.T, e)
    assert not np.triu(dc, 1).any()
    (q, r), (dq, dr) = (
        [part.numpy() for part in la.qr(A)],
        [along(lambda x, i=i: la.qr(x)[i], A, E1).numpy() for i in (0, 1)],
    )
    close(dq @ r + q @ dr, E1)
    close(dq.T @ q + q.T @ dq, 0 * A)
    assert not np.tril(dr, -1).any()


# symbolic derivatives

NAMES = sympy.symbols("a b c d", positive=True)
M = sympy.Matrix(2, 2, NAMES)
AT = np.array([[2.0, 0.7], [0.4, 1.5]])
TRACE, DET = M.trace(), M.det()
SYMBOLIC = {
    "inv": (lambda x: la.inv(x)[0, 1], M.inv()[0, 1]),
    "det": (la.det, DET),
    "slogdet": (lambda x: la.slogdet(x)[1], sympy.log(DET)),
    "solve": (
        lambda x: la.solve(x, gt.constant([[1.0], [3.0]], gt.float64))[1, 0],
        M.LUsolve(sympy.Matrix([1, 3]))[1],
    ),
    "eigvals": (
        lambda x: gt.reduce_max(gt.math.real(la.eigvals(x))),
        (TRACE + sympy.sqrt(TRACE**2 - 4 * DET)) / 2,
    ),
    "sqrtm": (
        lambda x: la.sqrtm(x)[0, 0],
        ((M + sympy.sqrt(DET) * sympy.eye(2)) / sympy.sqrt(TRACE + 2 * sympy.sqrt(DET)))[0],
    ),
    "lu": (lambda x: la.lu(x)[0][1, 1], DET / NAMES[0]),
    "qr": (
        lambda x: -la.qr(x)[1][0, 1],
        (NAMES[0] * NAMES[1] + NAMES[2] * NAMES[3]) / sympy.sqrt(NAMES[0] ** 2 + NAMES[2] ** 2),
    ),
    "nuclear": (lambda x: la.norm(x, "nuc", axis=[0, 1]), sympy.sqrt(sum(n**2 for n in NAMES) + 2 * DET)),
    "logm": (lambda x: la.trace(la.logm(x)), sympy.log(DET)),
    "expm": (lambda x: la.det(la.expm(x)), sympy.exp(TRACE)),
}


@pytest.mark.parametrize("name", SYMBOLIC)
def test_gradient_and_hessian_are_those_of_sympy(name):
    function, formula = SYMBOLIC[name]
    point = dict(zip(NAMES, AT.ravel(), strict=True))
    first = [float(formula.diff(n).subs(point)) for n in NAMES]
    second = [[float(formula.diff(n, m).subs(point)) for m in NAMES] for n in NAMES]
    close(function(gt.constant(AT)), float(formula.subs(point)))
    close(gradient(function, AT).ravel(), first)
    close(hessian(function, AT), second, 10)


def test_cholesky_by_its_symbolic_factor():
    a, b, c = sympy.symbols("a b c", positive=True)
    formula = sympy.sqrt(c - b**2 / a)
    point = {a: 2.0, b: 0.5, c: 1.5}

    def corner(v):
        return la.cholesky(gt.stack([gt.stack([v[0], v[1]]), gt.stack([v[1], v[2]])]))[1, 1]

    at = np.array([2.0, 0.5, 1.5])
    close(gradient(corner, at), [float(formula.diff(n).subs(point)) for n in (a, b, c)])
    close(
        hessian(corner, at), [[float(formula.diff(n, m).subs(point)) for m in (a, b, c)] for n in (a, b, c)]
    )
