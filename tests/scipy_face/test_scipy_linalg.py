"""`gradtape.scipy.linalg` beside SciPy: values, shapes, and derivatives along a direction."""

import numpy as np
import pytest
import scipy.linalg

import gradtape as gt
from gradtape.scipy import linalg
from gradtape.scipy.meaning import MEANINGS

RNG = np.random.default_rng(0)
A = RNG.normal(size=(4, 4)) + 3 * np.eye(4)
P = A @ A.T + np.eye(4)
B = RNG.normal(size=(4, 2))
V = RNG.normal(size=4)
BANDS = RNG.normal(size=(3, 4)) + np.array([[0.0], [4.0], [0.0]])
HALF = 0.3 * RNG.normal(size=(2, 4)) + np.array([[0.0], [4.0]])
COST, EFFORT = 0.3 * P, np.eye(2) + 0.1

CALLS = {
    "inv": [((A,), {})],
    "solve": [
        ((A, V), {}),
        ((A, B), {}),
        ((A, V), {"transposed": True}),
        ((P, V), {"assume_a": "pos"}),
        ((A, V), {"assume_a": "sym", "lower": True}),
        ((A, V), {"assume_a": "upper triangular"}),
        ((A, V), {"assume_a": "diagonal"}),
    ],
    "solve_triangular": [
        ((A, V), {}),
        ((A, B), {"lower": True}),
        ((A, B), {"trans": "T"}),
        ((A, B), {"unit_diagonal": True, "lower": True, "trans": 1}),
    ],
    "lstsq": [((B, V), {}), ((B, A), {})],
    "pinv": [((B,), {}), ((B,), {"return_rank": True})],
    "det": [((A,), {})],
    "norm": [((A,), {}), ((A, 1), {}), ((V, np.inf), {})],
    "cholesky": [((P,), {}), ((P,), {"lower": True})],
    "lu": [((A,), {}), ((A, True), {}), ((A,), {"p_indices": True})],
    "lu_factor": [((A,), {})],
    "qr": [((A,), {}), ((B,), {"mode": "economic"}), ((B,), {"mode": "r"})],
    "svd": [((B,), {"full_matrices": False}), ((B,), {"compute_uv": False})],
    "svdvals": [((B,), {})],
    "polar": [((A,), {}), ((A, "left"), {})],
    "eigh": [((P,), {}), ((A + A.T, P), {}), ((P,), {"eigvals_only": True})],
    "eigvalsh": [((P,), {"subset_by_index": [1, 2]}), ((A,), {"lower": False})],
    "eig": [((A,), {})],
    "eigvals": [((A,), {})],
    **{name: [((0.5 * A,), {})] for name in ("expm", "coshm", "sinhm", "tanhm", "cosm", "sinm", "tanm")},
    "logm": [((P,), {})],
    "sqrtm": [((P,), {})],
    "fractional_matrix_power": [((P, 0.3), {}), ((P, 2), {})],
    "expm_frechet": [((A, P), {})],
    "block_diag": [((A, B, V), {})],
    "toeplitz": [((V,), {}), ((V, B[:, 0]), {})],
    "hankel": [((V,), {}), ((V, B[:3, 0]), {})],
    "circulant": [((V,), {})],
    "companion": [((V,), {})],
    "khatri_rao": [((A, P), {})],
    "solve_toeplitz": [((V + 3, V), {}), (((V + 3, V + 1), B), {})],
    "solve_circulant": [((V, V), {})],
    "solve_banded": [(((1, 1), BANDS, V), {}), (((2, 0), BANDS[[1, 0, 2]], B), {})],
    "solveh_banded": [((HALF, V), {}), ((HALF[::-1], B), {"lower": True})],
    "solve_sylvester": [((A, P, A), {})],
    "solve_continuous_lyapunov": [((A, P), {})],
    "solve_discrete_lyapunov": [((0.2 * A, P), {})],
    "solve_continuous_are": [((A, B, COST, EFFORT), {}), ((A, B, P, EFFORT, None, 0.1 * B), {})],
    "solve_discrete_are": [((A, B, COST, EFFORT), {}), ((A, B, P, EFFORT, None, 0.1 * B), {})],
}
EACH = [(name, i) for name, calls in CALLS.items() for i in range(len(calls))]
UP_TO_PHASE = {"eig", "eigh", "svd", "qr"}


def tensors(args):
    return tuple(
        tensors(a) if isinstance(a, tuple) else gt.constant(a) if isinstance(a, np.ndarray) else a
        for a in args
    )


def moved(args, directions, step):
    return tuple(
        moved(a, d, step) if isinstance(a, tuple) else a + step * d if isinstance(a, np.ndarray) else a
        for a, d in zip(args, directions, strict=True)
    )


def drawn(args, rng):
    """Directions that keep Hermitian matrices Hermitian."""
    return tuple(
        drawn(a, rng)
        if isinstance(a, tuple)
        else 0
        if not isinstance(a, np.ndarray)
        else (d + d.T if a.ndim == 2 and a.shape[0] == a.shape[1] and np.allclose(a, a.T) else d)
        for a in args
        for d in [rng.normal(size=np.shape(a))]
    )


def parts(result):
    return result if isinstance(result, tuple) else (result,)


def comparable(name, part):
    part = np.asarray(part)
    return np.abs(part) if name in UP_TO_PHASE else part


@pytest.mark.parametrize(("name", "i"), EACH)
def test_values_and_shapes_are_scipys(name, i):
    args, settings = CALLS[name][i]
    found = parts(getattr(linalg, name)(*tensors(args), **settings))
    wanted = parts(getattr(scipy.linalg, name)(*args, **settings))
    for part, want in zip(found, wanted, strict=True):
        assert np.shape(part) == np.shape(want)
        np.testing.assert_allclose(comparable(name, part), comparable(name, want), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("name", "i"), EACH)
def test_derivatives_are_the_slopes_of_scipys_values(name, i):
    args, settings = CALLS[name][i]
    directions = drawn(args, np.random.default_rng(1))
    ours, theirs = getattr(linalg, name), getattr(scipy.linalg, name)
    given = tensors(args)
    leaves = [x for x in gt.nest.flatten(given) if isinstance(x, gt.Tensor)]
    ways = [d for d in gt.nest.flatten(directions) if isinstance(d, np.ndarray)]
    with gt.autodiff.ForwardAccumulator(leaves, [gt.constant(d) for d in ways]) as accumulator:
        found = parts(ours(*given, **settings))
        # Phases are free: moduli are compared.
        found = [abs(y) if name in UP_TO_PHASE else y for y in found if isinstance(y, gt.Tensor)]
    step = 1e-6
    high, low = (parts(theirs(*moved(args, directions, s), **settings)) for s in (step, -step))
    pairs = [
        (comparable(name, a), comparable(name, b))
        for a, b, y in zip(high, low, parts(ours(*given, **settings)), strict=True)
        if isinstance(y, gt.Tensor)
    ]
    for y, (a, b) in zip(found, pairs, strict=True):
        tangent = accumulator.jvp(y, unconnected_gradients="zero")
        np.testing.assert_allclose(tangent.numpy(), (a - b) / (2 * step), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("b", [V, B])
def test_cholesky_factors_solve(lower, b):
    factor = linalg.cho_factor(gt.constant(P), lower)
    np.testing.assert_allclose(linalg.cho_solve(factor, b).numpy(), np.linalg.solve(P, b), rtol=1e-9)


@pytest.mark.parametrize("trans", [0, 1, 2])
@pytest.mark.parametrize("b", [V, B])
def test_triangles_solve(trans, b):
    factors = linalg.lu_factor(gt.constant(A))
    wanted = scipy.linalg.lu_solve(scipy.linalg.lu_factor(A), b, trans)
    np.testing.assert_allclose(linalg.lu_solve(factors, b, trans).numpy(), wanted, rtol=1e-9)
    np.testing.assert_allclose(
        linalg.lu_solve(scipy.linalg.lu_factor(A), gt.constant(b), trans), wanted, rtol=1e-9
    )


def test_every_function_is_called_here():
    pairs = {"cho_factor", "cho_solve", "lu_solve"}
    assert {name for name in MEANINGS if name.startswith("linalg.")} == {
        f"linalg.{name}" for name in {*CALLS, *pairs}
    }


def test_the_gain_of_a_regulator_is_differentiated_twice():
    """For x' = a x + u with costs q x^2 + u^2 the solution is a + sqrt(a^2 + q)."""

    def gain(a):
        one = np.array([[1.0]])
        return linalg.solve_continuous_are(gt.reshape(a, (1, 1)), one, 3.0 * one, one)[0, 0]

    a = gt.constant(0.7, dtype="float64")
    root = np.sqrt(0.7**2 + 3)
    assert gt.grad(gain)(a).numpy() == pytest.approx(1 + 0.7 / root)
    assert gt.hessian(gain)(a).numpy() == pytest.approx(3 / root**3)


def test_what_has_no_meaning_is_refused():
    x = gt.constant(A)
    for call, words in (
        (lambda: linalg.qr(x, pivoting=True), "pivoting"),
        (lambda: linalg.eig(x, P), "b="),
        (lambda: linalg.eigh(x, subset_by_value=(0, 1)), "subset_by_value"),
        (lambda: linalg.pinv(x, atol=0.1), "atol"),
        (lambda: linalg.solve_circulant(gt.constant(V), V, singular="lstsq"), "singular"),
        (lambda: linalg.solve_continuous_are(x, B, COST, EFFORT, np.eye(4)), "e="),
    ):
        with pytest.raises(gt.errors.UncoveredError, match=words):
            call()
    with pytest.raises(ValueError, match="assume_a"):
        linalg.solve(x, V, assume_a="nothing")
    with pytest.raises(ValueError, match="trans"):
        linalg.solve_triangular(x, V, trans="X")
