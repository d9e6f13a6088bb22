"""Functions of whole numbers and truth values in recorded programs: the values and dtypes of the plain ones."""

import numpy as np
import pytest

import gradtape as gt

FUNCTIONS = {
    "quotient": lambda n: n / (n + n),
    "by a number": lambda n: n / 3,
    "root": lambda n: gt.sqrt(n),
    "exponential": lambda n: np.exp(n % 5) + np.log(n),
    "sigmoid": lambda n: gt.sigmoid(n),
    "angle": lambda n: gt.math.atan2(n, n),
    "sums": lambda n: (gt.reduce_sum(n > 1), gt.norm(n), gt.reduce_mean(n)),
    "rounded": lambda n: (gt.round(n), np.round(n), np.round(n, -1), np.rint(n)),
    "turns": lambda n: gt.foldl(lambda y, i: y + i / 7, gt.range(9), gt.cast(n[0], "float64")),
}
DTYPES = ["int8", "int32", "int64", "uint8", "uint16", "uint64"]


@pytest.mark.parametrize("backend", ["reference", "llvm"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_they_are_the_plain_programs(name, backend):
    for dtype in DTYPES:
        f = gt.function(FUNCTIONS[name], backend=backend)
        for values in ([1, 2, 3, 4, 5], [7, 60, 27, 56, 1]):
            n = gt.constant(np.array(values, dtype))
            found, expected = (gt.nest.flatten(program(n)) for program in (f, FUNCTIONS[name]))
            for a, b in zip(found, expected, strict=True):
                assert a.dtype == b.dtype
                rtol = {"float16": 2e-3, "float32": 1e-6}.get(b.dtype.name, 1e-13)
                np.testing.assert_allclose(a, b, rtol=rtol)


def test_sigmoid_of_numbers_without_a_sign():
    for dtype in ("uint8", "int8"):
        n = np.array([0, 3, 100, 127], dtype)
        expected = 1 / (1 + np.exp(-n.astype(float)))
        np.testing.assert_allclose(gt.sigmoid(gt.constant(n)), expected, rtol=2e-3)


def test_rounding_leaves_whole_numbers():
    n = np.array([15, -25, 123])
    for function in (np.round, np.around, gt.round):
        found = function(gt.constant(n))
        assert found.dtype == n.dtype
        np.testing.assert_array_equal(found, n)
    np.testing.assert_array_equal(np.round(gt.constant(n), -1), np.round(n, -1))


@pytest.mark.parametrize("backend", ["reference", "llvm"])
def test_triangles_of_a_vector_are_numpys(backend):
    x = np.array([1.0, 2.0, 3.0])
    weights = np.arange(9.0).reshape(3, 3)
    for triangle in (np.tril, np.triu):
        f = gt.function(triangle, backend=backend)
        for given in (x, 2.0 * x):
            np.testing.assert_array_equal(f(given), triangle(given))
            with gt.GradientTape() as tape:
                tape.watch(t := gt.constant(given))
                y = gt.reduce_sum(triangle(t) * weights)
            np.testing.assert_array_equal(tape.gradient(y, t), triangle(weights).sum(0))


def test_truth_values_are_written_apart():
    """Along an axis that is not the innermost one of the result."""
    f = gt.function(
        lambda x: (gt.stack([x, ~x], -1), gt.concat([~x, x], 0), gt.transpose(~x)), backend="llvm"
    )
    x = np.random.default_rng(0).uniform(size=(7, 33)) > 0.5
    for given in (x, ~x):
        found = f(given)
        np.testing.assert_array_equal(found[0], np.stack([given, ~given], -1))
        np.testing.assert_array_equal(found[1], np.concatenate([~given, given]))
        np.testing.assert_array_equal(found[2], ~given.T)


def test_complex_powers_of_a_row_of_one_exponent():
    f = gt.function(lambda z: (z**2, gt.pow(z, gt.constant([2.0 + 0j], "complex128"))), backend="llvm")
    for z in (1.0 + 2.0j, 0.5 - 1.0j):
        for y in f(gt.constant(z, "complex128")):
            np.testing.assert_allclose(np.reshape(y, ()), z**2, rtol=1e-14)


@pytest.mark.parametrize("angle", [np.hypot, np.arctan2])
def test_derivatives_of_sides_of_a_triangle_one_of_which_is_a_truth_value(angle):
    b, x = gt.constant([True, False]), gt.constant([1.0, 2.0], gt.float64)

    def both(b):
        with gt.GradientTape() as outer:
            outer.watch(x)
            with gt.GradientTape() as tape:
                tape.watch(x)
                y = angle(b, x)
            slope = tape.gradient(y, x)
        return slope, outer.gradient(slope, x)

    for found, expected in zip(both(b), both(gt.cast(b, gt.float64)), strict=True):
        np.testing.assert_array_equal(found, expected)
