"""NumPy's own functions of linear algebra and Fourier transforms on tensors: NumPy's values, and true derivatives."""

import numpy as np
import pytest
from linalg_calls import A2, BC, NEAR, P2, TALL, TALL2, A, B, C, P, V

import gradtape as gt
from gradtape.ops.fourier import FUNCTIONS_FFT
from gradtape.ops.matrices import FUNCTIONS_LINALG

X = np.linspace(-1.0, 2.0, 12).reshape(3, 4)
APART = np.array([[4.0, 1.0], [0.5, 1.0]])
INVERTIBLE = np.arange(16.0).reshape(2, 2, 2, 2) ** 1.5 % 7 + 3 * np.eye(4).reshape(2, 2, 2, 2)

LINALG = {
    "cholesky": [lambda: np.linalg.cholesky, (P,)],
    "cond": [lambda: np.linalg.cond, (APART,)],
    "cross": [lambda: np.linalg.cross, (V, B[:, 0])],
    "det": [lambda: np.linalg.det, (A2,)],
    "diagonal": [lambda: np.linalg.diagonal, (A2,)],
    "eig": [lambda: lambda a: np.linalg.eig(a)[0].real, (C.real,)],
    "eigh": [lambda: lambda a: np.linalg.eigh(a)[0], (P,)],
    "eigvals": [lambda: lambda a: np.linalg.eigvals(a).real, (C.real,)],
    "eigvalsh": [lambda: np.linalg.eigvalsh, (P2,)],
    "inv": [lambda: np.linalg.inv, (C,)],
    "lstsq": [lambda: lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0], (TALL, X.T[:, 0])],
    "matmul": [lambda: np.linalg.matmul, (A, B)],
    "matrix_norm": [lambda: np.linalg.matrix_norm, (A2,)],
    "matrix_power": [lambda: lambda a: np.linalg.matrix_power(a, -3), (A2,)],
    "matrix_rank": [lambda: np.linalg.matrix_rank, (A2,)],
    "matrix_transpose": [lambda: np.linalg.matrix_transpose, (TALL2,)],
    "multi_dot": [lambda: lambda a, b, c: np.linalg.multi_dot([a, b, c]), (A, B, TALL.T)],
    "norm": [lambda: lambda a: np.linalg.norm(a, ord=3, axis=0), (B,)],
    "outer": [lambda: np.linalg.outer, (V, V + 1)],
    "pinv": [lambda: np.linalg.pinv, (TALL,)],
    "qr": [lambda: lambda a: np.linalg.qr(a)[1], (TALL,)],
    "slogdet": [lambda: lambda a: np.linalg.slogdet(a)[1], (A2,)],
    "solve": [lambda: np.linalg.solve, (A, V)],
    "svd": [lambda: lambda a: np.linalg.svd(a)[1], (TALL,)],
    "svdvals": [lambda: np.linalg.svdvals, (TALL2,)],
    "tensordot": [lambda: np.linalg.tensordot, (A2, A)],
    "tensorinv": [lambda: np.linalg.tensorinv, (INVERTIBLE,)],
    "tensorsolve": [lambda: np.linalg.tensorsolve, (INVERTIBLE, C.real)],
    "trace": [lambda: np.linalg.trace, (A2,)],
    "vecdot": [lambda: np.linalg.vecdot, (C, BC)],
    "vector_norm": [lambda: np.linalg.vector_norm, (B,)],
}


@pytest.mark.parametrize("name", LINALG)
def test_functions_of_numpy_linalg(name):
    make, inputs = LINALG[name]
    function = make()
    found = function(*map(gt.constant, inputs))
    np.testing.assert_allclose(np.asarray(found), function(*inputs), rtol=1e-11, atol=1e-12)
    if name != "matrix_rank":
        gt.testing.check(function, *inputs, limit=4, atol=1e-5)


def test_every_function_of_numpy_linalg_is_here():
    ours = set(FUNCTIONS_LINALG)
    assert ours == set(LINALG)
    offered = {
        name for name in np.linalg.__all__ if callable(getattr(np.linalg, name)) and name != "LinAlgError"
    }
    assert offered <= ours


@pytest.mark.parametrize("power", [0, 1, 2, 5, -1, -2])
def test_matrix_power_at_every_exponent(power):
    gt.testing.check(
        lambda a: np.linalg.matrix_power(a, power), NEAR, limit=3, orders=(1,) if power < 2 else (1, 2)
    )
    found = np.linalg.matrix_power(gt.constant(NEAR), power)
    np.testing.assert_allclose(found.numpy(), np.linalg.matrix_power(NEAR, power), rtol=1e-12)


@pytest.mark.parametrize("order", [None, 1, -1, 2, -2, np.inf, -np.inf, "fro"])
def test_condition_numbers(order):
    found = np.linalg.cond(gt.constant(APART), order)
    np.testing.assert_allclose(found.numpy(), np.linalg.cond(APART, order), rtol=1e-12)
    gt.testing.check(lambda a: np.linalg.cond(a, order), APART, limit=4, atol=1e-5)


@pytest.mark.parametrize("order", [1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc"])
def test_matrix_norms_of_every_order(order):
    for x in (TALL, C):
        found = np.linalg.norm(gt.constant(x), order)
        np.testing.assert_allclose(found.numpy(), np.linalg.norm(x, order), rtol=1e-12)
        gt.testing.check(lambda a: np.linalg.norm(a, order), x, limit=4, atol=1e-5)


@pytest.mark.parametrize("order", [0, 0.5, 1, 1.5, 2, 3, -1, -2, np.inf, -np.inf])
def test_vector_norms_of_every_order(order):
    for x in (B[:, 0], C[0]):
        found = np.linalg.norm(gt.constant(x), order)
        np.testing.assert_allclose(found.numpy(), np.linalg.norm(x, order), rtol=1e-12)
        if order != 0:
            gt.testing.check(lambda a: np.linalg.norm(a, order), x, atol=1e-4)


@pytest.mark.parametrize(("a", "b"), [(TALL, C.real), (C, BC), (V, A), (A2, V)])
def test_the_kronecker_product(a, b):
    found = np.kron(gt.constant(a), gt.constant(b))
    np.testing.assert_allclose(found.numpy(), np.kron(a, b), rtol=1e-14)
    gt.testing.check(np.kron, a, b, limit=4)


FFT = {
    "fft": [{}, {"n": 3}, {"n": 6, "axis": 0}],
    "fft2": [{}, {"s": (2, 5)}],
    "fftn": [{}, {"axes": (0,)}, {"s": (4,), "axes": (1,)}],
    "fftshift": [{}, {"axes": 0}],
    "hfft": [{}, {"n": 5}],
    "ifft": [{}, {"n": 3}],
    "ifft2": [{}, {"s": (2, 5)}],
    "ifftn": [{}, {"axes": (1, 0)}],
    "ifftshift": [{}, {"axes": 1}],
    "ihfft": [{}, {"n": 5}],
    "irfft": [{}, {"n": 5}, {"axis": 0, "n": 4}],
    "irfft2": [{}, {"s": (3, 5)}],
    "irfftn": [{}, {"s": (3, 4), "axes": (0, 1)}],
    "rfft": [{}, {"n": 5}, {"axis": 0}],
    "rfft2": [{}, {"s": (2, 3)}],
    "rfftn": [{}, {"axes": (1, 0)}],
}


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("name", FFT)
def test_functions_of_numpy_fft(name, norm):
    function = getattr(np.fft, name)
    real = name in ("rfft", "rfft2", "rfftn", "ihfft")
    x = X if real else X + 1j * np.cos(X)
    for settings in FFT[name]:
        chosen = settings if name.endswith("shift") else {**settings, "norm": norm}
        found = function(gt.constant(x), **chosen)
        np.testing.assert_allclose(found.numpy(), function(x, **chosen), rtol=1e-12, atol=1e-14)
        gt.testing.check(lambda z, chosen=chosen: function(z, **chosen), x, limit=4, orders=(1,))


def test_every_function_of_numpy_fft_is_here():
    linear = {name for name in np.fft.__all__ if not name.endswith("freq")}
    assert set(FFT) == set(FUNCTIONS_FFT) == linear


def test_a_transform_keeps_single_precision():
    x = gt.constant(X.astype(np.float32))
    assert np.fft.rfft(x).dtype == np.complex64
    assert np.fft.irfft(np.fft.rfft(x)).dtype == np.float32


def test_the_second_derivative_through_a_spectrum():
    """Parseval: sum |F x|^2 = n sum x^2, so the Hessian of the left side is 2 n times one."""
    x = gt.constant(X[0])
    with gt.GradientTape() as outer:
        outer.watch(x)
        with gt.GradientTape() as inner:
            inner.watch(x)
            y = gt.reduce_sum(gt.abs(np.fft.fft(x)) ** 2)
        first = inner.gradient(y, x)
    np.testing.assert_allclose(first.numpy(), 8 * X[0], rtol=1e-12)
    np.testing.assert_allclose(outer.jacobian(first, x).numpy(), 8 * np.eye(4), atol=1e-12)
