"""Limits of linear algebra: equal eigenvalues, missing rank, empty matrices; and bad input, refused by name.

Where a derivative exists it is exact; at a kink it is a subgradient; where there is none it is NaN (see
docs/nonsmooth.md). Sources: Lewis 1996, "Derivatives of spectral functions"; Watson 1992, "Characterization of the
subdifferential of some matrix norms".
"""

import numpy as np
import pytest
import sympy
from derivative_words import along, close, gradient, hessian
from linalg_calls import matrix

import gradtape as gt

la = gt.linalg
E1 = matrix(3, 3, seed=31)
ONE, SINGULAR = np.eye(2), np.array([[1.0, 2.0], [2.0, 4.0]])


def test_determinant_is_exact_at_every_rank():
    rank_one, zero = np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 2.0]), np.zeros((3, 3))
    close(gradient(la.det, SINGULAR), [[4.0, -2.0], [-2.0, 1.0]])
    np.testing.assert_allclose(gradient(la.det, rank_one), zero, atol=1e-15)
    entries = sympy.symbols("x:9")
    formula = sympy.Matrix(3, 3, entries).det()
    for x in (rank_one, zero):
        point = dict(zip(entries, x.ravel(), strict=True))
        wanted = [[float(formula.diff(n, m).subs(point)) for m in entries] for n in entries]
        np.testing.assert_allclose(hessian(la.det, x), wanted, atol=1e-13)
    third = along(la.det, zero, E1, E1, E1).numpy()
    close(third, 6 * np.linalg.det(E1))


def test_symmetric_functions_of_equal_eigenvalues_have_a_gradient():
    """Lewis 1996, theorem 1.1: the gradient of f(values) is v diag(f') v^T, whatever basis v LAPACK took."""
    turn = np.linalg.qr(matrix(3, 3, seed=37))[0]
    x = turn @ np.diag([2.0, 2.0, -1.0]) @ turn.T
    found = gradient(lambda z: gt.reduce_sum(la.eigvalsh(z) ** 3), x)
    wanted = turn @ np.diag([12.0, 12.0, 3.0]) @ turn.T
    close((found + found.T) / 2, wanted)
    close(gradient(lambda z: gt.reduce_sum(la.svd(z, compute_uv=False) ** 2), np.eye(3)), 2 * np.eye(3))
    close(gradient(lambda z: gt.math.real(gt.reduce_sum(la.eigvals(z) ** 2)), np.eye(3)), 2 * np.eye(3))
    close(gradient(lambda z: gt.reduce_max(la.eigvalsh(z)), ONE), ONE / 2)


def test_what_has_no_derivative_is_nan():
    assert np.isnan(gradient(lambda x: gt.reduce_sum(la.eigh(x)[1]), ONE)).any()
    assert np.isnan(gradient(lambda x: gt.reduce_sum(la.svd(x)[1]), ONE)).any()
    assert np.isnan(hessian(lambda x: gt.reduce_max(la.eigvalsh(x)), ONE)).any()
    defective = np.array([[1.0, 1.0], [0.0, 1.0]])
    assert np.isnan(gradient(lambda x: gt.math.real(gt.reduce_sum(la.eigvals(x))), defective)).all()
    assert np.isnan(gradient(lambda x: gt.reduce_sum(la.qr(x)[0]), SINGULAR)).any()


def test_lu_of_a_singular_matrix_has_a_derivative():
    """The last pivot of [[a, b], [c, d]], rows exchanged, is b - a d / c."""
    found = gradient(lambda x: la.lu(x)[0][1, 1], SINGULAR)
    close(found, [[-2.0, 1.0], [1.0, -0.5]])


@pytest.mark.parametrize("order", ["nuc", 2, "fro", 1, np.inf])
def test_matrix_norms_at_zero(order):
    close(gradient(lambda x: la.norm(x, order, axis=[0, 1]), np.zeros((3, 2))), np.zeros((3, 2)))


def test_nuclear_norm_of_a_deficient_matrix_has_the_smallest_subgradient():
    """u v^T over the singular values that are not zero (Watson 1992, "Characterization of the subdifferential")."""
    found = gradient(lambda x: la.norm(x, "nuc", axis=[0, 1]), SINGULAR)
    close(found, SINGULAR / 5)


def test_pseudo_inverse_along_a_path_of_constant_rank():
    u, v = gt.constant([[1.0], [2.0], [-1.0]], gt.float64), gt.constant([[0.5], [1.5]], gt.float64)

    def path(t):
        return gt.matmul(u + t * u * u, v + t, transpose_b=True)

    def direct(t):
        a, b = u + t * u * u, v + t
        return gt.matmul(b, a, transpose_b=True) / (gt.reduce_sum(a * a) * gt.reduce_sum(b * b))

    for directions in ([np.array(1.0)], [np.array(1.0)] * 2):
        at = np.array(0.3)
        close(along(lambda t: la.pinv(path(t)), at, *directions), along(direct, at, *directions).numpy(), 10)


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (0, 2, 2)])
@pytest.mark.parametrize(
    "name", ["inv", "det", "slogdet", "cholesky", "qr", "lu", "svd", "eigh", "expm", "pinv"]
)
def test_nothing_is_a_matrix_too(name, shape, capfd):
    function = getattr(la, name)
    x = gt.constant(np.broadcast_to(np.eye(shape[-1]), shape))
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
        y = y[1] if name == "slogdet" else y[0] if isinstance(y, tuple) else y
    assert tape.gradient(y, x).shape == shape
    assert capfd.readouterr() == ("", "")


# bad input

SQUARE = [
    "inv",
    "det",
    "slogdet",
    "logdet",
    "cholesky",
    "eigh",
    "eigvalsh",
    "eig",
    "eigvals",
    "lu",
    "expm",
    "logm",
    "sqrtm",
]


@pytest.mark.parametrize("name", [*SQUARE, "qr", "svd", "pinv", "matrix_rank", "trace"])
def test_a_vector_is_refused_by_name(name):
    with pytest.raises(ValueError, match=rf"{name}.*\(3,\)"):
        getattr(la, name)(gt.ones(3))


@pytest.mark.parametrize("name", SQUARE)
def test_a_rectangle_is_refused_by_name(name):
    with pytest.raises(ValueError, match=rf"{name}.*square.*\(2, 3\)"):
        getattr(la, name)(gt.ones((2, 3)))


@pytest.mark.parametrize("name", ["inv", "cholesky", "qr", "svd", "eigh", "lu", "det"])
def test_a_dtype_is_refused_by_name(name):
    with pytest.raises(TypeError, match=f"{name}.*float16"):
        getattr(la, name)(gt.eye(2, dtype=gt.float16))


FITS = {
    "solve": (lambda: la.solve(gt.eye(3), gt.ones((2, 1))), r"solve.*\[3, 3\].*\[2, 1\]"),
    "triangular_solve": (
        lambda: la.triangular_solve(gt.eye(3), gt.ones((2, 1))),
        r"triangular_solve.*\[3, 3\].*\[2, 1\]",
    ),
    "cholesky_solve": (lambda: la.cholesky_solve(gt.eye(3), gt.ones((2, 1))), r"solve.*\[3, 3\].*\[2, 1\]"),
    "matmul": (lambda: la.matmul(gt.eye(3), gt.ones((2, 1))), r"matmul.*\(3, 3\).*\(2, 1\)"),
    "matmul flags": (lambda: la.matmul(ONE, ONE, transpose_a=True, adjoint_a=True), "matmul"),
    "matvec": (lambda: la.matvec(gt.eye(3), gt.constant(1.0)), r"matvec.*b.*\(\)"),
    "cross": (lambda: la.cross(gt.ones(2), gt.ones(3)), r"cross.*\(2,\).*\(3,\)"),
    "lstsq": (lambda: la.lstsq(ONE, ONE, l2_regularizer=-1.0), "lstsq.*l2_regularizer"),
    "norm": (lambda: la.norm(ONE, "nonsense"), "norm.*ord.*nonsense"),
    "norm axis": (lambda: la.norm(ONE, axis=5), "norm"),
    "tridiagonal": (
        lambda: la.tridiagonal_solve(gt.ones((2, 3)), gt.ones((3, 1))),
        r"tridiagonal_solve.*\(2, 3\)",
    ),
    "tridiagonal size": (
        lambda: la.tridiagonal_solve(gt.ones((3, 3)), gt.ones((4, 1))),
        r"tridiagonal_solve.*3.*4",
    ),
    "set_diag": (lambda: la.set_diag(gt.eye(3), gt.ones(2)), "set_diag"),
    "band_part": (lambda: la.band_part(gt.eye(3), 5, 0), r"band_part.*5.*\(3, 3\)"),
    "diag": (lambda: la.diag(gt.ones(2), k=(1, 0)), "diag.*k"),
    "lu_solve": (
        lambda: la.lu_solve(gt.eye(3), [0, 1, 2], gt.ones((2, 1))),
        r"lu_solve.*\(3,\).*\(2, 1\).*\(3, 3\)",
    ),
    "lu_solve perm": (
        lambda: la.lu_solve(gt.eye(3), [0, 1], gt.ones((3, 1))),
        r"lu_solve.*\(2,\).*\(3, 1\).*\(3, 3\)",
    ),
    "singular inv": (lambda: la.inv(SINGULAR), r"inv.*\[2, 2\].*[Ss]ingular"),
    "indefinite": (lambda: la.cholesky(-ONE), r"cholesky.*\[2, 2\].*positive definite"),
    "negative log": (lambda: la.logm(-ONE), r"logm.*\[2, 2\].*no real logarithm"),
    "negative root": (lambda: la.sqrtm(-ONE), r"sqrtm.*\[2, 2\].*no real square root"),
    "log of zero": (lambda: la.logm(0 * ONE), r"logm.*\[2, 2\].*singular"),
    "slogdet": (lambda: gradient(lambda x: la.slogdet(x)[1], SINGULAR), r"slogdet.*\(2, 2\)"),
}


@pytest.mark.parametrize("name", FITS)
def test_what_does_not_fit_is_refused_by_name(name):
    call, says = FITS[name]
    with pytest.raises(ValueError, match=says):
        call()
