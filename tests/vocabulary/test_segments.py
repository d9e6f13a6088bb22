"""Groups of slices: values and gradients measured with TensorFlow 2.21, and derivatives of every order."""

import itertools

import numpy as np
import pytest

import gradtape as gt
from gradtape.core.tensor import ROWS
from gradtape.faces import segments

inf = np.inf
LOWEST, HIGHEST = float(np.finfo(np.float32).min), float(np.finfo(np.float32).max)
THIRD, HALF, ROOT = 1 / 3, 0.5, 2**-0.5

# name, what it gives for [2, 3, 3, 0, 5] in the groups [0, 0, 0, 2, 2], and the gradient weighted by [1, 10, 100]
ORDERED = {
    "sum": ([8, 0, 5], [1, 1, 1, 100, 100]),
    "mean": ([8 / 3, 0, 2.5], [THIRD, THIRD, THIRD, 50, 50]),
    "prod": ([18, 1, 0], [9, 6, 6, 500, 0]),
    "min": ([2, 0, 0], [1, 0, 0, 100, 0]),
    "max": ([3, 0, 5], [0, HALF, HALF, 0, 100]),
}
# The same for [2, 3, 2, 7, 0] in the groups [0, 2, 0, -1, 2].
UNORDERED = {
    "sum": ([4, 0, 3], [1, 100, 1, 0, 100]),
    "mean": ([2, 0, 1.5], [HALF, 50, HALF, 0, 50]),
    "sqrt_n": ([4 * ROOT, 0, 3 * ROOT], [ROOT, 100 * ROOT, ROOT, 0, 100 * ROOT]),
    "prod": ([4, 1, 0], [2, 0, 2, 0, 300]),
    "min": ([2, HIGHEST, 0], [HALF, 0, HALF, 0, 100]),
    "max": ([2, LOWEST, 3], [HALF, 100, HALF, 0, 0]),
}


def gradient(function, x, weights=1.0):
    x = gt.constant(x)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
        z = y * weights
    return y.numpy(), tape.gradient(z, x).numpy()


@pytest.mark.parametrize("name", ORDERED)
def test_ordered_as_tensorflow(name):
    function = getattr(segments, f"segment_{name}")
    values, share = gradient(
        lambda x: function(x, [0, 0, 0, 2, 2]), [2.0, 3.0, 3.0, 0.0, 5.0], [1.0, 10.0, 100.0]
    )
    np.testing.assert_allclose(values, ORDERED[name][0], rtol=1e-6)
    np.testing.assert_allclose(share, ORDERED[name][1], rtol=1e-6)
    assert function(gt.zeros((0, 2)), gt.zeros(0, gt.int32)).shape == (0, 2)


@pytest.mark.parametrize("name", UNORDERED)
def test_unordered_as_tensorflow(name):
    function = getattr(segments, f"unsorted_segment_{name}")
    ids = [0, 2, 0, -1, 2]
    values, share = gradient(lambda x: function(x, ids, 3), [2.0, 3.0, 2.0, 7.0, 0.0], [1.0, 10.0, 100.0])
    np.testing.assert_allclose(values, UNORDERED[name][0], rtol=1e-6)
    np.testing.assert_allclose(share, UNORDERED[name][1], rtol=1e-6)
    assert function(gt.zeros((0, 2)), gt.zeros(0, gt.int32), 3).shape == (3, 2)
    assert function(gt.ones((1, 2, 3)), [[1, -1]], 2).shape == (2, 3)
    assert function(gt.ones((2, 3)), 1, 2).numpy()[1].tolist() == [[1.0] * 3] * 2


def loop(name, x, ids, size):
    """What each function means, group by group."""
    with np.errstate(all="ignore"):
        whole = {"sum": np.sum, "prod": np.prod, "min": np.min, "max": np.max, "mean": np.mean}
        groups = [x[ids == i] for i in range(size)]
        if name == "sqrt_n":
            return np.array([g.sum(0) / np.sqrt(len(g)) for g in groups])
        return np.array([whole[name](g, axis=0) for g in groups])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex128, np.int32])
@pytest.mark.parametrize("name", UNORDERED)
def test_groups_of_random_sizes(name, dtype):
    rng = np.random.default_rng(3)
    ids = np.r_[np.arange(5), rng.integers(0, 5, 20) // 2]
    x = rng.integers(1, 3, (25, 2)).astype(dtype)
    function = getattr(segments, f"unsorted_segment_{name}")
    if dtype == np.complex128 and name in ("min", "max"):
        with pytest.raises(TypeError, match=f"unsorted_segment_{name}: data of dtype complex128"):
            function(x, ids, 5)
        return
    x = x * (1 + 0.5j) if dtype == np.complex128 else x
    y = function(x, ids, 5)
    kept = dtype != np.int32 or name not in ("mean", "sqrt_n")
    assert y.dtype == (dtype if kept else np.float64)
    wide = x.astype(np.result_type(dtype, np.float64)) if dtype != np.int32 else x
    expected = loop(name, wide, ids, 5)
    expected = expected.astype(dtype) if kept else expected
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-2 if dtype == np.float16 else 1e-5)
    order = np.argsort(ids, kind="stable")
    if name != "sqrt_n":
        whole = getattr(segments, f"segment_{name}")(x[order], ids[order])
        assert whole.dtype == dtype
        np.testing.assert_allclose(
            whole.numpy(), expected.astype(dtype), rtol=1e-2 if dtype == np.float16 else 1e-5
        )


def test_the_ordered_mean_of_integers_is_cut_off():
    assert segments.segment_mean([1, 2, -1, -2], [0, 0, 1, 1]).numpy().tolist() == [1, -1]


@pytest.mark.parametrize("zeros", [(), (1,), (0, 2), (0, 1, 2)])
def test_the_product_is_exact_at_zeros_to_third_order(zeros):
    """TensorFlow's second derivative is wrong there; the polynomial x0 x1 x2 x3 says what is right."""
    values = np.array([2.0, 3.0, 5.0, 7.0])
    values[list(zeros)] = 0.0
    x = gt.constant(values)
    with gt.GradientTape() as third:
        third.watch(x)
        with gt.GradientTape() as second:
            second.watch(x)
            with gt.GradientTape() as first:
                first.watch(x)
                y = segments.segment_prod(x, [0, 0, 0, 0])[0]
            g = first.gradient(y, x)
        h = second.jacobian(g, x)
    t = third.jacobian(h, x)
    for i, j, k in itertools.product(range(4), repeat=3):
        rest = [values[n] for n in range(4) if n not in (i, j)]
        assert h.numpy()[i, j] == (np.prod(rest) if i != j else 0)
        rest = [values[n] for n in range(4) if n not in (i, j, k)]
        assert t.numpy()[i, j, k] == (np.prod(rest) if len({i, j, k}) == 3 else 0)


def test_infinite_entries():
    """Derivatives stay those of the polynomial, and an infinite extreme is one; TensorFlow gives NaN and 3.4e38."""
    values, share = gradient(lambda x: segments.unsorted_segment_prod(x, [0, 0, 1], 3), [-inf, -inf, inf])
    assert (values.tolist(), share.tolist()) == ([inf, inf, 1.0], [-inf, -inf, 1.0])
    values, share = gradient(lambda x: segments.unsorted_segment_max(x, [0, 0, 1], 3), [-inf, -inf, inf])
    assert (values.tolist(), share.tolist()) == ([-inf, inf, LOWEST], [0.5, 0.5, 1.0])
    values, share = gradient(lambda x: segments.segment_min(x, [0, 0, 2]), [-inf, -inf, inf])
    assert (values.tolist(), share.tolist()) == ([-inf, 0.0, inf], [0.5, 0.5, 1.0])


def test_complex_products():
    """Measured with TensorFlow 2.21: the gradient of Re(z w) is (conj w, conj z)."""
    z = gt.constant([1 + 2j, 2 + 1j])
    with gt.GradientTape() as tape:
        tape.watch(z)
        y = gt.math.real(segments.unsorted_segment_prod(z, [0, 0], 1))
    assert tape.gradient(y, z).numpy().tolist() == [2 - 1j, 1 - 2j]


@pytest.mark.parametrize("name", ["maximum_at", "minimum_at"])
def test_the_rows_in_both_modes(name):
    row = ROWS[name]
    for given, params in row.samples:
        shape, ids = given
        x = gt.constant(np.random.default_rng(0).permutation(np.prod(shape)).reshape(shape) + 0.5)
        dx = gt.constant(np.random.default_rng(1).standard_normal(shape))
        with gt.autodiff.ForwardAccumulator(x, dx) as accumulator:
            y = row(x, gt.constant(ids), **params)
        step = 1e-3
        moved = row(x + step * dx, gt.constant(ids), **params)
        np.testing.assert_allclose(accumulator.jvp(y).numpy(), (moved - y).numpy() / step, atol=1e-9)
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = row(x, gt.constant(ids), **params)
        v = gt.constant(np.random.default_rng(2).standard_normal(y.shape))
        back = tape.gradient(y, x, output_gradients=v)
        np.testing.assert_allclose(np.vdot(back, dx), np.vdot(v, (moved - y).numpy() / step), rtol=1e-6)


def test_a_selection_before_an_extreme_does_not_poison():
    x = gt.constant([0.0, 4.0, 9.0])
    with gt.GradientTape() as tape:
        tape.watch(x)
        largest = segments.unsorted_segment_max(gt.sqrt(x), [0, 1, 1], 2)
        y = gt.where([False, True], largest, 0.0)
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 0.0, gt.constant(1 / 6).numpy()]
