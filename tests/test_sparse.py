"""Sparse Jacobians and Hessians against dense ones and formulas: structure, values, reuse, guards, bad input."""

import itertools
import tracemalloc

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from programs.judging import result as weighted
from programs.test_programs import CALM
from programs.writing import programs
from scipy.optimize import rosen_hess

import gradtape as gt

X = np.random.default_rng(0).uniform(0.5, 1.5, 12)
SQUARE = np.random.default_rng(1).uniform(0.5, 1.5, (4, 4))
BAND = np.diag(np.arange(1.0, 13)) + np.diag(np.ones(11), 1)
ORDER = np.array([3, 1, 1, 7, 0])


def rosen(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def stepped(x):
    """Explicit steps of a heat equation whose conductivity depends on the temperature."""
    for _ in range(3):
        inner = x[1:-1] + 0.1 * (x[1:-1] * x[2:] - 2 * x[1:-1] ** 2 + x[:-2])
        x = gt.concat([x[:1], inner, x[-1:]], 0)
    return x


def irregular(x):
    """Turns of a loop that have a constant each, so that they stay turns in the recording."""
    numbers = itertools.count(1)
    return gt.scan(lambda s, v: 0.5 * s + v**2 * next(numbers), x, initializer=gt.constant(0.0, "float64"))


# program, argument, entries of the Jacobian that are not zero by nature
JACOBIANS = {
    "powers": (lambda x: x**3, X, 12),
    "differences": (lambda x: np.cos(np.diff(x)), X, 22),
    "second differences": (lambda x: np.diff(x, 2), X, 30),
    "sum": (lambda x: np.sum(x * x), X, 12),
    "rows of a matrix": (lambda x: np.sum(np.sin(x), axis=1), SQUARE, 16),
    "largest of columns": (lambda x: np.max(x, axis=0), SQUARE, 16),
    "reshape and transpose": (lambda x: np.reshape(x, (3, 4)).T * 2, X, 12),
    "an index": (lambda x: x[ORDER] ** 2, X, 5),
    "pad": (lambda x: np.pad(x, (2, 1)) ** 2, X, 12),
    "concatenate": (lambda x: np.concatenate([x[3:], np.sin(x[:3]), np.ones(2)]), X, 12),
    "stack": (lambda x: np.stack([x[i] * x[i + 1] for i in range(11)]), X, 22),
    "broadcast": (lambda x: x[:, None] * x[None, :], X[:4], 28),
    "running sum": (np.cumsum, X, 78),
    "a constant matrix with zeros": (lambda x: BAND @ x, X, 23),
    "einsum with zeros": (lambda x: np.einsum("ij,kj->ki", BAND[:4, :4], x), SQUARE, 28),
    "a constant mask": (lambda x: np.where(np.arange(12) % 3 == 0, x**2, 0.0), X, 4),
    "matrices": (lambda x: np.linalg.inv(np.reshape(x, (3, 2, 2))), X, 48),
    "product of matrices": (lambda x: x @ x, SQUARE, 112),
    "sorted": (lambda x: np.sort(x), X, 144),
    "fourier lines": (lambda x: np.real(np.fft.fft(x, axis=1)), SQUARE, 64),
    "convolution": (lambda x: np.convolve(x, np.array([1.0, 0.0, -1.0]), "valid"), X, 20),
    "heat equation": (stepped, X, None),
    "a dense row": (lambda x: np.concatenate([x**2, np.sum(x * x, keepdims=True)]), X, 24),
    "a dense column": (lambda x: x[0] * x, X, 23),
    "arrow": (lambda x: np.concatenate([x[0] * x, np.sum(x * x, keepdims=True)]), X, 35),
    "nothing": (lambda x: np.round(x), X, 0),
    "one after the other": (
        lambda x: gt.scan(lambda c, v: 0.5 * c + v**2, x, initializer=gt.constant(0.0, "float64")),
        X,
        78,
    ),
    "each by itself": (lambda x: gt.map_fn(lambda v: v**3, x), X, 12),
    "rows at once": (lambda x: gt.vectorized_map(lambda r: gt.sin(r) * r[::-1], x), SQUARE, 32),
    "turns of a state": (lambda x: gt.foldl(lambda c, _: c + 0.1 * c**2, np.zeros(9), initializer=x), X, 12),
    "turns that differ": (irregular, X, 78),
    "turns that depend on values": (
        lambda x: gt.while_loop(
            lambda i, y: gt.reduce_sum(y) < 20,
            lambda i, y: (i + 1, y * 1.1 + 0.01 * y[::-1]),
            (gt.constant(0), x),
        )[1],
        X,
        None,
    ),
    "equations": (lambda x: np.linalg.solve(np.eye(3) * 5 + np.reshape(x[:9], (3, 3)), x[9:]), X, 36),
    "groups": (lambda x: gt.math.segment_max(x**2, np.repeat(np.arange(4), 3)), X, 12),
    "a derivative": (lambda x: gt.hvp(lambda t: gt.reduce_sum(t[1:] * t[:-1] ** 2), (x,), (x,))[0], X, 33),
    "a rule of one's own": (gt.custom_gradient(lambda x: (x**2, lambda g: 2 * g * x)), X, 144),
    "computed again": (lambda x: gt.recompute_grad(lambda x: gt.sin(x) * x)(x), X, None),
    "compiled": (gt.function(lambda x: gt.sin(x) * x), X, 12),
}


@pytest.mark.parametrize("reuse", [True, False])
@pytest.mark.parametrize("name", JACOBIANS)
def test_jacobians_equal_dense_ones(name, reuse):
    function, x, count = JACOBIANS[name]
    sparse = gt.sparse_jacobian(function, reuse=reuse)
    for at in (x, x[..., ::-1] * 0.9):  # the second is a replay
        y = function(gt.constant(at))
        wanted = gt.jacobian(function)(gt.constant(at)).numpy().reshape(y.size, at.size)
        found = sparse(at)
        assert isinstance(found, scipy.sparse.csr_array)
        assert found.has_canonical_format
        np.testing.assert_allclose(found.toarray(), wanted, rtol=1e-12, atol=1e-12)
    assert count is None or found.nnz == count


@pytest.mark.parametrize(
    ("name", "colors"),
    [("powers", 1), ("differences", 2), ("sum", 1), ("a dense row", 2), ("a dense column", 2), ("arrow", 3)],
)
def test_products_are_few(name, colors):
    function, x, _ = JACOBIANS[name]
    sparse = gt.sparse_jacobian(function)
    sparse(x)
    assert sparse.colors == sum(sparse.coloring.counts) == colors


# function, entries of the Hessian
HESSIANS = {
    "rosen": (rosen, 34),
    "squares": (lambda x: np.sum(x**2), 12),
    "linear": (lambda x: np.sum(3 * x), 0),
    "products of neighbours": (lambda x: np.sum(x[1:] * x[:-1]), 22),
    "logarithms of sums": (lambda x: np.sum(np.log(np.sum(np.reshape(x, (4, 3)), axis=1))), 36),
    "one with all": (lambda x: x[0] * np.sum(np.sin(x)), 34),
    "matrix": (lambda x: np.sum(np.reshape(x, (3, 4)) @ np.ones((4, 2))), 0),
    "all with all": (lambda x: np.prod(x), None),
    "band": (lambda x: np.sum(np.tanh(BAND @ x)), 34),
    "heat equation": (lambda x: np.sum(stepped(x) ** 2), None),
    "masked": (lambda x: np.sum(np.where(x > 1, x**2, np.exp(x))), 12),
}


@pytest.mark.parametrize("name", HESSIANS)
def test_hessians_equal_dense_ones(name):
    function, count = HESSIANS[name]
    sparse = gt.sparse_hessian(function)
    for at in (X, X[::-1] * 0.9):
        found = sparse(at)
        wanted = gt.hessian(function)(gt.constant(at)).numpy()
        np.testing.assert_allclose(found.toarray(), wanted, rtol=1e-11, atol=1e-11)
        assert (found != found.T).nnz == 0
    assert count is None or found.nnz == count


def test_rosenbrocks_hessian_takes_three_products():
    sparse = gt.sparse_hessian(rosen)
    np.testing.assert_allclose(sparse(X).toarray(), rosen_hess(X), rtol=1e-12)
    assert sparse.colors == 3


@settings(CALM, max_examples=15)
@given(programs("float64"))
def test_random_programs(program):
    """Sparse is dense in every real input: Jacobian of the last value, Hessian of the weighted sum."""
    inputs = [gt.constant(x) for x in program.inputs]

    def last(*xs):
        return np.real(program.values(xs)[-1]) * 1.0

    def total(*xs):
        return weighted(program, xs)

    for argnum in range(len(inputs)):
        for make, dense, function in (
            (gt.sparse_jacobian, gt.jacobian, last),
            (gt.sparse_hessian, gt.hessian, total),
        ):
            wanted = dense(function, argnum)(*inputs).numpy()
            found = make(function, argnum)(*inputs).toarray()
            scale = max(1.0, np.abs(wanted).max(initial=0.0))
            np.testing.assert_allclose(found, wanted.reshape(found.shape), rtol=1e-8, atol=1e-8 * scale)


# what structure depends on


def test_python_branches_have_structures_of_their_own():
    def function(x):
        return np.diff(x) if np.sum(x) > 0 else x**2

    sparse = gt.sparse_jacobian(function)
    for sign in (1, -1, 1, -1):
        found = sparse(sign * X)
        assert found.shape == sparse.structure.shape == ((11, 12) if sign > 0 else (12, 12))
        np.testing.assert_allclose(found.toarray(), gt.jacobian(function)(gt.constant(sign * X)).numpy())


@pytest.mark.parametrize("index", [np.array([0, 3]), np.array([5, 2])])
def test_an_index_that_is_an_argument_may_be_any(index):
    sparse = gt.sparse_jacobian(lambda x, i: gt.gather(x, i) ** 2)
    sparse(X, np.array([1, 1]))
    found = sparse(X, index)
    assert found.nnz == 24
    wanted = np.zeros((2, 12))
    wanted[[0, 1], index] = 2 * X[index]
    np.testing.assert_allclose(found.toarray(), wanted)


def test_a_condition_on_the_argument_may_turn_round():
    sparse = gt.sparse_jacobian(lambda x: np.where(x > 1, x[::-1] ** 2, x))
    for at in (X, 2 - X):
        wanted = gt.jacobian(sparse.function)(gt.constant(at)).numpy()
        np.testing.assert_allclose(sparse(at).toarray(), wanted)


def test_a_factor_that_is_an_argument_or_a_variable_may_lose_its_zeros():
    weights = gt.Variable(np.zeros(12))
    sparse = gt.sparse_jacobian(lambda x, c: x[::-1] * c + x * weights)
    assert sparse(X, np.zeros(12)).nnz == 24
    weights.assign(np.arange(12.0))
    found = sparse(X, np.ones(12)).toarray()
    np.testing.assert_allclose(found, np.eye(12)[::-1] + np.diag(np.arange(12.0)))


def test_other_shapes_are_other_structures():
    sparse = gt.sparse_jacobian(lambda x: np.diff(x))
    assert [sparse(np.ones(n)).shape for n in (3, 5, 3)] == [(2, 3), (4, 5), (2, 3)]
    assert sparse.structure.shape == (2, 3)
    assert sparse(np.ones(3, np.float32)).dtype == np.float32


def test_a_function_that_reads_values_is_run_at_every_call():
    def function(x):
        return x[np.argsort(x.numpy())[:3]]

    sparse = gt.sparse_jacobian(function, reuse=False)
    for at in (X, X[::-1].copy()):
        assert sparse(at).nnz == 3
        np.testing.assert_allclose(sparse(at).toarray()[np.arange(3), np.argsort(at)[:3]], 1)


# what the matrices are


def test_a_matrix_belongs_to_who_asked_for_it():
    sparse = gt.sparse_jacobian(lambda x: x**2)
    first = sparse(X)
    first.data[:] = 0
    first.eliminate_zeros()
    sparse.structure.data[:] = False
    np.testing.assert_allclose(sparse(X).toarray(), np.diag(2 * X))


def test_values_are_recorded_by_tapes_and_functions():
    sparse = gt.sparse_jacobian(lambda x: np.sin(x[1:]) * x[:-1])
    x = gt.constant(X)
    for _ in range(2):
        with gt.GradientTape() as tape:
            tape.watch(x)
            total = gt.reduce_sum(sparse.values(x) ** 2)
        gradient = tape.gradient(total, x).numpy()
        step = 1e-6 * np.eye(12)
        differences = [
            (np.sum(sparse.values(X + h).numpy() ** 2) - np.sum(sparse.values(X - h).numpy() ** 2)) / 2e-6
            for h in step
        ]
        np.testing.assert_allclose(gradient, differences, rtol=1e-7)
    assert sparse.structure.nnz == sparse.values(X).size

    compiled = gt.function(lambda x: gt.reduce_sum(sparse.values(x) ** 2))
    for at in (X, X * 0.7):
        np.testing.assert_allclose(compiled(at).numpy(), np.sum(sparse.values(at).numpy() ** 2), rtol=1e-13)


def test_memory_is_linear_in_the_argument():
    """A band of 20,000 takes ten times the memory of one of 2,000, with room for what does not grow."""
    peaks = []
    for n in (2_000, 20_000):
        x = np.linspace(0.5, 1.5, n)
        sparse = gt.sparse_hessian(rosen, reuse=False)
        sparse(x)
        tracemalloc.start()
        found = sparse(x)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.nnz == 3 * n - 2
    assert peaks[1] < 12 * peaks[0]


# bad input


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: gt.sparse_jacobian(3), TypeError, "takes a function first"),
        (lambda: gt.sparse_jacobian(lambda x: x).structure, RuntimeError, "call it once"),
        (lambda: gt.sparse_jacobian(lambda x: x)(np.arange(3)), TypeError, "int64"),
        (lambda: gt.sparse_jacobian(lambda x: x)(np.ones(3, complex)), TypeError, "real floating"),
        (lambda: gt.sparse_jacobian(lambda x: x, 2)(np.ones(3)), ValueError, "argnums 2"),
        (lambda: gt.sparse_jacobian(lambda x: (x, x))(np.ones(3)), TypeError, "return one tensor"),
        (lambda: gt.sparse_jacobian(lambda x: np.fft.fft(x))(np.ones(3)), TypeError, "complex128"),
        (
            lambda: gt.sparse_jacobian(lambda x: x)({"a": np.ones(2), "b": np.ones(2)}),
            TypeError,
            "one tensor",
        ),
        (lambda: gt.sparse_hessian(lambda x: x)(np.ones(3)), ValueError, "one floating number"),
        (lambda: gt.sparse_jacobian(lambda x: x - np.mean(x))(np.ones(20_000)), ValueError, "not sparse"),
    ],
)
def test_bad_input_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
