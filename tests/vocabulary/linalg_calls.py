"""Every function of `tf.linalg`, with inputs and the function of NumPy or SciPy that it should equal.

Matrices are small and fixed; a call is real, complex or a stack of two matrices. Vectors of factorizations, which are
known up to a factor of modulus one, are compared by absolute values and through what they multiply to.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg

import gradtape as gt

la = gt.linalg


def matrix(*shape, seed, shift=0.0, dtype="float64"):
    rng = np.random.default_rng(seed)
    x = 0.5 * rng.standard_normal(shape)
    if dtype == "complex128":
        x = x + 0.5j * rng.standard_normal(shape)
    return x + shift * np.eye(*shape[-2:])


def hermitian(x, shift):
    return x @ np.conj(np.swapaxes(x, -1, -2)) + shift * np.eye(x.shape[-1])


A, A2 = matrix(3, 3, seed=1, shift=2.0), matrix(2, 3, 3, seed=2, shift=2.0)
C = matrix(2, 2, seed=3, shift=2.0, dtype="complex128")
P, P2, PC = hermitian(A, 0.5), hermitian(A2, 0.5), hermitian(C, 0.5)
TALL, TALL2 = matrix(4, 2, seed=4, shift=2.0), matrix(2, 4, 2, seed=5, shift=2.0)
WIDE, TALL_C = np.swapaxes(TALL, 0, 1), matrix(3, 2, seed=6, shift=2.0, dtype="complex128")
B, B2, BC = matrix(3, 2, seed=7), matrix(2, 3, 2, seed=8), matrix(2, 2, seed=9, dtype="complex128")
B4, V = matrix(4, 2, seed=10), matrix(2, 3, seed=11)[0]
NEAR = 0.3 * A + 0.5 * np.eye(3)
SPREAD = np.diag([-3.0, 0.5, 4.0]) + matrix(3, 3, seed=12)
SPREAD_C, GENERAL_C = np.diag([3.0, -2.0]) + hermitian(C, 0.0), np.diag([3.0j, -2.0]) + C
BANDS = np.array([[0.3, -0.5, 0.4, 0.9], [2.0, 3.0, -2.5, 2.0], [0.7, 0.6, 0.2, -0.4]])
TURN = np.array([[0.1, -1.0], [1.3, 0.5]])
T, TC = np.tril(A), np.triu(C)


@dataclass(frozen=True)
class Call:
    """`function(*inputs)` should be `reference(*inputs)`; `derivatives` says whether these are checked too."""

    name: str
    function: Any
    inputs: tuple
    reference: Any
    derivatives: bool = True
    second: bool = True


CALLS: list[Call] = []


def add(name, function, reference, *several, **settings):
    """A call for each of several tuples of inputs."""
    for inputs in several:
        given = inputs if isinstance(inputs, tuple) else (inputs,)
        CALLS.append(Call(name, function, given, reference, **settings))


def adj(x):
    return np.conj(np.swapaxes(x, -1, -2))


def dense(bands):
    """The matrix of three diagonals whose entries stand in the place of their row."""
    n = bands.shape[-1]
    x = np.zeros((n, n), bands.dtype)
    for i in range(n):
        for line, j in enumerate((i + 1, i, i - 1)):
            if 0 <= j < n:
                x[i, j] = bands[line, i]
    return x


# products
add("matmul", la.matmul, np.matmul, (A, B), (A2, B), (A, B2), (C, BC))
add("matmul", lambda a, b: la.matmul(a, b, transpose_a=True), lambda a, b: a.T @ b, (A, B), (C, BC))
add("matmul", lambda a, b: la.matmul(a, b, adjoint_a=True), lambda a, b: adj(a) @ b, (A2, B2), (C, BC))
add(
    "matmul",
    lambda a, b: la.matmul(a, b, transpose_b=True),
    lambda a, b: a @ b.T,
    (A, TALL.repeat(2, 1)[:, :3]),
)
add("matmul", lambda a, b: la.matmul(a, b, adjoint_b=True), lambda a, b: a @ adj(b), (C, BC))
add("matvec", la.matvec, lambda a, b: (a @ b[..., None])[..., 0], (A, V), (A2, V), (C, C[0]))
add("matvec", lambda a, b: la.matvec(a, b, transpose_a=True), lambda a, b: a.T @ b, (A, V))
add("matvec", lambda a, b: la.matvec(a, b, adjoint_a=True), lambda a, b: adj(a) @ b, (C, C[0]))
add("matrix_transpose", la.matrix_transpose, lambda a: np.swapaxes(a, -1, -2), TALL2, TALL_C)
add("matrix_transpose", lambda a: la.matrix_transpose(a, conjugate=True), adj, TALL_C)
add("adjoint", la.adjoint, adj, TALL2, TALL_C)
add("cross", la.cross, np.cross, (V, B[:, 0]), (A, A2[0]))
add("tensordot", lambda a, b: la.tensordot(a, b, 1), lambda a, b: np.tensordot(a, b, 1), (A2, B))
add(
    "tensordot",
    lambda a, b: la.tensordot(a, b, [[0, 2], [0, 1]]),
    lambda a, b: np.tensordot(a, b, [[0, 2], [0, 1]]),
    (A2, B2),
)
add("tensordot", lambda a, b: la.tensordot(a, b, 0), lambda a, b: np.tensordot(a, b, 0), (V, B))
add("einsum", lambda a, b: la.einsum("bij,bjk->bik", a, b), np.matmul, (A2, B2))
# systems of equations
add("inv", la.inv, np.linalg.inv, A, A2, C)
add("inv", lambda a: la.inv(a, adjoint=True), lambda a: np.linalg.inv(adj(a)), C)
add("solve", la.solve, np.linalg.solve, (A, B), (A2, B2), (A2, B), (A, B2), (C, BC))
add("solve", lambda a, b: la.solve(a, b, adjoint=True), lambda a, b: np.linalg.solve(adj(a), b), (C, BC))
add(
    "triangular_solve",
    la.triangular_solve,
    lambda a, b: np.linalg.solve(np.tril(a), b),
    (A, B),
    (A2, B2),
    (C, BC),
)
add(
    "triangular_solve",
    lambda a, b: la.triangular_solve(a, b, lower=False),
    lambda a, b: np.linalg.solve(np.triu(a), b),
    (A, B),
)
add(
    "triangular_solve",
    lambda a, b: la.triangular_solve(a, b, adjoint=True),
    lambda a, b: np.linalg.solve(adj(np.tril(a)), b),
    (C, BC),
)
add(
    "triangular_solve",
    lambda a, b: la.triangular_solve(a, b, lower=False, adjoint=True),
    lambda a, b: np.linalg.solve(adj(np.triu(a)), b),
    (C, BC),
)
add(
    "banded_triangular_solve",
    la.banded_triangular_solve,
    lambda d, b: np.linalg.solve(np.tril(np.triu(dense(np.array([0 * d[0], d[0], d[1]])), -1)), b),
    (BANDS[1:], B4),
)
add(
    "cholesky_solve",
    la.cholesky_solve,
    lambda c, b: np.linalg.solve(np.tril(c) @ adj(np.tril(c)), b),
    (T, B),
    (TC.T, BC),
)
add(
    "tridiagonal_solve",
    la.tridiagonal_solve,
    lambda d, b: np.linalg.solve(dense(d), b),
    (BANDS, B4),
    (BANDS, B4[:, 0]),
)
add(
    "tridiagonal_solve",
    lambda d, b: la.tridiagonal_solve((d[0, :-1], d[1], d[2, 1:]), b, diagonals_format="sequence"),
    lambda d, b: np.linalg.solve(dense(d), b),
    (BANDS, B4),
)
add(
    "tridiagonal_solve",
    lambda a, b: la.tridiagonal_solve(a, b, diagonals_format="matrix"),
    lambda a, b: np.linalg.solve(np.triu(np.tril(a, 1), -1), b),
    (A, B),
)
add(
    "tridiagonal_solve",
    lambda d, b: la.tridiagonal_solve(d, b, transpose_rhs=True, conjugate_rhs=True),
    lambda d, b: np.linalg.solve(dense(d), adj(b)),
    (BANDS[:, :2] * (1 + 1j), BC),
)
add("tridiagonal_matmul", la.tridiagonal_matmul, lambda d, b: dense(d) @ b, (BANDS, B4))
add(
    "lstsq",
    la.lstsq,
    lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0],
    (TALL, B4),
    (WIDE, C.real),
    (A, B),
    (TALL_C, matrix(3, 1, seed=2, dtype="complex128")),
)
add(
    "lstsq",
    lambda a, b: la.lstsq(a, b, l2_regularizer=0.5),
    lambda a, b: np.linalg.solve(adj(a) @ a + 0.5 * np.eye(a.shape[-1]), adj(a) @ b),
    (TALL, B4),
    (WIDE, C.real),
)
add("pinv", la.pinv, np.linalg.pinv, TALL, WIDE, TALL2, TALL_C)
add("pinv", la.pinv, np.linalg.pinv, np.outer(V, V)[:2], derivatives=False)
add("matrix_rank", la.matrix_rank, np.linalg.matrix_rank, TALL, np.outer(V, V), A2, derivatives=False)
# determinants and traces
add("det", la.det, np.linalg.det, A, A2, C, np.ones((2, 2)))
add("slogdet", lambda a: tuple(la.slogdet(a)), lambda a: tuple(np.linalg.slogdet(a)), A, -A2, C)
add("logdet", la.logdet, lambda a: np.linalg.slogdet(a)[1], P, P2, PC)
add("trace", la.trace, lambda a: np.trace(a, axis1=-2, axis2=-1), TALL, A2, C)
# factorizations
add("cholesky", la.cholesky, np.linalg.cholesky, P, P2)
add("cholesky", lambda a: la.cholesky(a)[1, 0], lambda a: np.linalg.cholesky(a)[1, 0], PC)
add("qr", lambda a: tuple(la.qr(a)), lambda a: tuple(np.linalg.qr(a)), TALL, TALL2, A)
add(
    "qr",
    lambda a: tuple(map(gt.abs, la.qr(a))),
    lambda a: tuple(map(abs, np.linalg.qr(a))),
    TALL_C,
    matrix(2, 3, seed=22, shift=1.0),
)
add(
    "qr",
    lambda a: la.qr(a).r[0, 1] * la.qr(a).q[1, 1],
    lambda a: (
        lambda q, r: (q * r.diagonal() / abs(r.diagonal()))[1, 1] * (r[0, 1] * abs(r[0, 0]) / r[0, 0])
    )(*np.linalg.qr(a)),
    TALL_C,
)
add(
    "qr",
    lambda a: gt.abs(la.qr(a, full_matrices=True).q),
    lambda a: abs(np.linalg.qr(a, "complete")[0]),
    A,
    matrix(3, 2, seed=20, shift=2.0),
)
add(
    "lu",
    lambda a: la.lu(a).lu,
    lambda a: (lambda _, low, up: np.tril(low, -1) + up)(*scipy.linalg.lu(a)),
    A,
    C,
)
add("lu_solve", lambda a, b: la.lu_solve(*la.lu(a), b), np.linalg.solve, (A, B), (A2, B2), (C, BC), (A, B2))
add("lu_matrix_inverse", lambda a: la.lu_matrix_inverse(*la.lu(a)), np.linalg.inv, A, A2)
add("lu_reconstruct", lambda a: la.lu_reconstruct(*la.lu(a)), lambda a: a, A, A2, C, second=False)
add(
    "svd",
    lambda a: la.svd(a, compute_uv=False),
    lambda a: np.linalg.svd(a, compute_uv=False),
    TALL,
    WIDE,
    TALL2,
    TALL_C,
)
add(
    "svd",
    lambda a: (lambda s, u, v: (gt.abs(u), s, gt.abs(v)))(*la.svd(a)),
    lambda a: (lambda u, s, v: (abs(u), s, abs(adj(v))))(*np.linalg.svd(a, full_matrices=False)),
    TALL,
    WIDE,
    TALL_C,
    SPREAD,
)
add(
    "svd",
    lambda a: (lambda s, u, v: (u * gt.cast(s**3, u.dtype)[None, :]) @ la.adjoint(v))(*la.svd(a)),
    lambda a: a @ adj(a) @ a,
    TALL,
    WIDE,
    TALL_C,
)
add(
    "eigh",
    lambda a: (lambda e, v: (e, gt.abs(v)))(*la.eigh(a)),
    lambda a: (lambda e, v: (e, abs(v)))(*np.linalg.eigh(a)),
    SPREAD,
    SPREAD_C,
)
add(
    "eigh",
    lambda a: (lambda e, v: ((v * gt.exp(gt.cast(e, v.dtype))[None, :]) @ la.adjoint(v))[0, 1])(*la.eigh(a)),
    lambda a: scipy.linalg.expm(np.tril(a) + adj(np.tril(a, -1)))[0, 1],
    SPREAD,
    SPREAD_C,
)
add("eigvalsh", la.eigvalsh, np.linalg.eigvalsh, SPREAD, P, P2, SPREAD_C)
add(
    "eigh_tridiagonal",
    la.eigh_tridiagonal,
    scipy.linalg.eigvalsh_tridiagonal,
    (np.array([1.0, 4.0, -2.0]), np.array([0.5, 0.25])),
)
add(
    "eig",
    lambda a: (lambda e, v: (gt.math.real(e), gt.abs(v)))(*la.eig(a)),
    lambda a: (lambda e, v: (e.real, abs(v)))(*np.linalg.eig(a)),
    C.real,
    GENERAL_C,
)
add(
    "eig",
    lambda a: gt.math.real((lambda e, v: (v * gt.exp(e)[None, :]) @ la.inv(v))(*la.eig(a))),
    lambda a: scipy.linalg.expm(a).real,
    C.real,
    GENERAL_C,
    TURN,
)
add("eigvals", la.eigvals, lambda a: np.linalg.eigvals(a) + 0j, TURN, GENERAL_C)
add(
    "eigvals",
    lambda a: gt.math.real(la.eigvals(a)),
    lambda a: np.linalg.eigvals(a).real,
    C.real,
    C.real[None],
)
# functions of a matrix
add("expm", la.expm, scipy.linalg.expm, A, A2, C)
add("logm", la.logm, scipy.linalg.logm, NEAR, C)
add("sqrtm", la.sqrtm, scipy.linalg.sqrtm, NEAR, C)
# norms
for order, kind in (("euclidean", None), (1, 1), (2, 2), (np.inf, np.inf), (3, 3), (1.5, 1.5)):
    add(
        "norm",
        lambda x, o=order: la.norm(x, o, axis=-1),
        lambda x, o=kind: np.linalg.norm(x, o, axis=-1),
        B,
        TALL_C,
    )
for order, kind in (("euclidean", "fro"), ("fro", "fro"), ("nuc", "nuc"), (1, 1), (2, 2), (np.inf, np.inf)):
    add(
        "norm",
        lambda x, o=order: la.norm(x, o, axis=[-2, -1]),
        lambda x, o=kind: np.linalg.norm(x, o, axis=(-2, -1)),
        TALL2,
        TALL_C,
    )
add(
    "norm",
    lambda x: la.norm(x, axis=1, keepdims=True),
    lambda x: np.linalg.norm(x, axis=1, keepdims=True),
    B2,
)
add("norm", la.norm, lambda x: np.linalg.norm(x.ravel()), B2, C)
add(
    "normalize",
    lambda x: la.normalize(x, axis=0),
    lambda x: (x / np.linalg.norm(x, axis=0), np.linalg.norm(x, axis=0, keepdims=True)),
    B,
    C,
)
add(
    "global_norm",
    lambda x, y: la.global_norm([x, None, y]),
    lambda x, y: np.hypot(np.linalg.norm(x), np.linalg.norm(y)),
    (A, V),
)
add("l2_normalize", lambda x: la.l2_normalize(x, 0), lambda x: x / np.linalg.norm(x, axis=0), B)
# diagonals and bands
add("diag", la.diag, np.diag, V)
add("diag", lambda d: la.diag(d, k=-1), lambda d: np.diag(d, -1), V)
add("diag", lambda d: la.diag(d, k=(-1, 1), align="LEFT_RIGHT"), dense, BANDS)
add("diag_part", la.diag_part, lambda a: np.diagonal(a, axis1=-2, axis2=-1), A2, TALL)
add("diag_part", lambda a: la.diag_part(a, k=1), lambda a: np.diagonal(a, 1), A)
add("set_diag", la.set_diag, lambda a, d: a - np.diag(np.diag(a)) + np.diag(d), (A, V))
add("tensor_diag", la.tensor_diag, lambda x: np.diag(x.ravel()).reshape(x.shape * 2), B)
add("tensor_diag_part", la.tensor_diag_part, np.diag, A)
add("band_part", lambda a: la.band_part(a, 0, 1), lambda a: np.triu(np.tril(a, 1)), A, TALL2)
add("band_part", lambda a: la.band_part(a, -1, 0), np.tril, A2)
add("eye", lambda x: la.eye(2, 3, dtype=gt.float64) * x, lambda x: np.eye(2, 3) * x, np.array(2.0))
