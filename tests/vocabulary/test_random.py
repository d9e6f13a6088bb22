"""Distributions of `tf.random`: their moments and quantiles against SciPy, derivatives against formulas, and state."""

import mpmath
import numpy as np
import pytest
import scipy.stats

import gradtape as gt
from gradtape import random

SEED = [3, 14]
COUNT = 20_000


def derivatives(draw, *parameters):
    """A draw, and for each entry the first and second derivatives in each (scalar) parameter."""
    xs = [gt.constant(p, dtype=gt.float64) for p in parameters]
    y = draw(*xs)
    firsts, seconds = [], []
    for i in range(len(xs)):
        at = [gt.broadcast_to(x, y.shape) for x in xs]
        with gt.GradientTape() as outer:
            outer.watch(at[i])
            with gt.GradientTape() as inner:
                inner.watch(at[i])
                z = draw(*at)
            g = inner.gradient(z, at[i])
        firsts.append(g.numpy())
        seconds.append(outer.gradient(g, at[i], unconnected_gradients="zero").numpy())
    return y.numpy(), firsts, seconds


def follows(sample, distribution):
    """Kolmogorov and Smirnov's test: 1.95 is passed once in 1000 seeds, and the seed is fixed."""
    return scipy.stats.kstest(np.ravel(sample), distribution.cdf).statistic * np.sqrt(np.size(sample)) < 1.95


# continuous distributions


@pytest.mark.parametrize("alpha", [0.05, 0.7, 1.0, 3.5, 400.0])
def test_gamma_follows_its_distribution(alpha):
    y = random.stateless_gamma((COUNT,), SEED, gt.constant(alpha, dtype=gt.float64), 2.0)
    assert y.dtype == np.float64
    assert follows(y.numpy(), scipy.stats.gamma(alpha, scale=0.5))


def quantile_derivatives(alpha, y):
    """dy/da and d2y/da2 of the quantile at fixed probability, by implicit differentiation in 40 digits.

    From F(a, y(a)) = u: F_a + p y' = 0 and F_aa + 2 p_a y' + p_y y'^2 + p y'' = 0.
    """
    with mpmath.workdps(40):
        a, at = mpmath.mpf(alpha), mpmath.mpf(float(y))

        def below(s, x):
            return mpmath.gammainc(s, 0, x, regularized=True)

        p = at ** (a - 1) * mpmath.exp(-at) / mpmath.gamma(a)
        p_y = p * ((a - 1) / at - 1)
        p_a = p * (mpmath.log(at) - mpmath.digamma(a))
        first = -mpmath.diff(below, (a, at), (1, 0)) / p
        second = -(mpmath.diff(below, (a, at), (2, 0)) + 2 * p_a * first + p_y * first**2) / p
        return float(first), float(second)


@pytest.mark.parametrize("alpha", [0.3, 1.0, 2.5, 40.0])
def test_gamma_is_reparameterised_implicitly(alpha):
    """Figurnov, Mohamed and Mnih 2018: dz/da = -(dF/da) / p."""
    y, (first, _), (second, _) = derivatives(
        lambda a, b: random.stateless_gamma((6,), SEED, a, b), alpha, 1.0
    )
    for entry, one, two in zip(y, first, second, strict=True):
        np.testing.assert_allclose([one, two], quantile_derivatives(alpha, entry), rtol=1e-8)


def test_the_rate_of_gamma_is_a_scale():
    y, (_, first), (_, second) = derivatives(lambda a, b: random.stateless_gamma((6,), SEED, a, b), 1.5, 2.0)
    np.testing.assert_allclose(first, -y / 2, rtol=1e-12)
    np.testing.assert_allclose(second, y / 2, rtol=1e-12)


def test_gradients_of_expectations():
    """E[y] = a / b and E[y^2] = a (a + 1) / b^2, so the means of pathwise gradients go to their derivatives."""
    a, b = gt.constant(1.7, dtype=gt.float64), gt.constant(0.8, dtype=gt.float64)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch([a, b])
        y = random.stateless_gamma((COUNT,), SEED, a, b)
        mean, square = gt.reduce_mean(y), gt.reduce_mean(y * y)
    exact = [1 / 0.8, -1.7 / 0.8**2, 4.4 / 0.8**2, -2 * 1.7 * 2.7 / 0.8**3]
    found = [tape.gradient(t, x).numpy() for t in (mean, square) for x in (a, b)]
    np.testing.assert_allclose(found, exact, rtol=0.04)


def test_small_shapes_stay_positive_and_finite():
    a = gt.constant(1e-3)
    with gt.GradientTape() as tape:
        tape.watch(a)
        y = random.stateless_gamma((500,), SEED, a)
        logarithm = gt.math.log(y)
    assert y.dtype == np.float32
    assert y.numpy().min() >= np.finfo(np.float32).tiny
    assert np.isfinite(logarithm.numpy()).all()
    assert np.isfinite(tape.gradient(y, a).numpy())


def test_shapes_of_gamma():
    a, b = gt.constant([1.0, 2.0, 3.0]), gt.constant([[1.0], [2.0]])
    assert random.gamma((4,), a, b).shape == (4, 2, 3)
    assert random.stateless_gamma((4, 2, 3), SEED, a, b).shape == (4, 2, 3)


BOUNDS = [(-2.0, 2.0), (3.0, 4.0), (-np.inf, 1.0), (-12.0, -11.0), (0.5, np.inf), (-30.0, 30.0)]


@pytest.mark.parametrize("bounds", BOUNDS)
def test_the_normal_distribution_between_bounds(bounds):
    mean, deviation, (low, high) = 0.3, 1.5, bounds
    y, firsts, seconds = derivatives(
        lambda m, s, a, b: random.stateless_parameterized_truncated_normal((COUNT,), SEED, m, s, a, b),
        mean,
        deviation,
        low,
        high,
    )
    a, b = (low - mean) / deviation, (high - mean) / deviation
    assert follows(y, scipy.stats.truncnorm(a, b, mean, deviation))
    assert np.all((y >= low) & (y <= high))
    assert all(np.isfinite(part).all() for part in (*firsts, *seconds))
    # Moving mean and both bounds together moves every draw as much; scaling all four scales it.
    moved = firsts[0] + np.where(np.isfinite(low), firsts[2], 0) + np.where(np.isfinite(high), firsts[3], 0)
    np.testing.assert_allclose(moved, 1.0, rtol=1e-7)
    scaled = mean * firsts[0] + deviation * firsts[1]
    scaled = scaled + sum(
        bound * g for bound, g in zip(bounds, firsts[2:], strict=True) if np.isfinite(bound)
    )
    np.testing.assert_allclose(scaled, y, rtol=1e-7)


def test_derivative_of_the_truncated_normal_by_differences():
    z = scipy.stats.norm

    def quantile(u, m, s, a, b):
        low, high = z.cdf((a - m) / s), z.cdf((b - m) / s)
        return m + s * z.ppf(low + u * (high - low))

    at, step = np.array([0.3, 1.5, -2.0, 1.0]), 1e-5
    y, firsts, _ = derivatives(
        lambda *p: random.stateless_parameterized_truncated_normal((5,), SEED, *p), *at
    )
    low, high = z.cdf((at[2] - at[0]) / at[1]), z.cdf((at[3] - at[0]) / at[1])
    u = (z.cdf((y - at[0]) / at[1]) - low) / (high - low)
    for i, first in enumerate(firsts):
        move = step * np.eye(4)[i]
        expected = (quantile(u, *(at + move)) - quantile(u, *(at - move))) / (2 * step)
        np.testing.assert_allclose(first, expected, rtol=1e-7)


@pytest.mark.parametrize("draw", [random.stateless_normal, random.stateless_truncated_normal])
def test_location_and_scale(draw):
    y, firsts, seconds = derivatives(lambda m, s: draw((9,), SEED, m, s, gt.float64), 0.5, 2.0)
    np.testing.assert_allclose(firsts[0], 1.0)
    np.testing.assert_allclose(firsts[1], (y - 0.5) / 2.0)
    assert not np.any(seconds)


def test_uniform_is_linear_in_its_bounds():
    y, firsts, _ = derivatives(lambda a, b: random.stateless_uniform((9,), SEED, a, b, gt.float64), 1.0, 3.0)
    share = (y - 1) / 2
    np.testing.assert_allclose(firsts, [1 - share, share])


# discrete distributions


def test_poisson_and_binomial_follow_their_distributions():
    y = random.stateless_poisson((COUNT,), SEED, 3.5)
    assert y.dtype == np.int32
    expected = scipy.stats.poisson(3.5).pmf(np.arange(8))
    np.testing.assert_allclose(np.bincount(y.numpy())[:8] / COUNT, expected, atol=0.012)
    y = random.stateless_binomial((COUNT,), SEED, 5.0, 0.3)
    expected = scipy.stats.binom(5, 0.3).pmf(np.arange(6))
    np.testing.assert_allclose(np.bincount(y.numpy(), minlength=6) / COUNT, expected, atol=0.012)
    assert random.poisson((2,), [1.0, 2.0, 3.0]).shape == (2, 3)
    assert random.Generator.from_seed(1).binomial((3,), 4, 0.5).shape == (3,)


def test_classes_follow_the_softmax():
    logits = np.log([[0.1, 0.0 + 1e-300, 0.6, 0.3], [1.0, 1.0, 1.0, 1.0]])
    for y in (
        random.stateless_categorical(logits, COUNT, SEED),
        random.categorical(gt.constant(logits), COUNT, seed=1),
    ):
        assert y.shape == (2, COUNT)
        assert y.dtype == np.int64
        for line, expected in zip(y.numpy(), ([0.1, 0, 0.6, 0.3], [0.25] * 4), strict=True):
            np.testing.assert_allclose(np.bincount(line, minlength=4) / COUNT, expected, atol=0.012)
    certain = random.stateless_categorical([[-np.inf, 0.0, -np.inf]], 50, SEED)
    assert set(certain.numpy().ravel()) == {1}


def test_discrete_draws_have_no_derivative():
    x = gt.constant(2.0)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ys = [
            random.stateless_poisson((3,), SEED, x, gt.float32),
            random.stateless_binomial((3,), SEED, 5.0, x / 4, gt.float32),
        ]
    assert [tape.gradient(y, x) for y in ys] == [None, None]


# seeds and state


def test_stateless_draws_depend_on_the_seed_alone():
    for draw in (
        lambda seed: random.stateless_gamma((4,), seed, 2.0),
        lambda seed: random.stateless_poisson((4,), seed, 20.0),
        lambda seed: random.stateless_categorical(gt.zeros((1, 9)), 9, seed),
        lambda seed: random.experimental.stateless_shuffle(gt.range(9), seed),
        lambda seed: random.stateless_parameterized_truncated_normal((4,), seed),
        lambda seed: random.split(seed, 3),
        lambda seed: random.fold_in(seed, 7),
    ):
        first, again, other = (draw(seed).numpy().tolist() for seed in (SEED, gt.constant(SEED), [3, 15]))
        assert first == again != other


def test_new_seeds():
    seeds = random.split(SEED, 100).numpy()
    assert (seeds.shape, seeds.dtype, len({tuple(s) for s in seeds.tolist()})) == ((100, 2), np.int32, 100)
    folded = {tuple(random.fold_in(SEED, i).numpy().tolist()) for i in range(100)}
    assert len(folded) == 100


def test_shuffles_are_permutations_with_derivatives():
    x = gt.constant(np.arange(10.0))
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = random.experimental.stateless_shuffle(x, SEED)
        weighted = y * gt.constant(np.arange(10.0))
    assert sorted(y.numpy()) == list(range(10))
    assert y.numpy().tolist() != list(range(10))
    np.testing.assert_array_equal(tape.gradient(weighted, x).numpy()[y.numpy().astype(int)], np.arange(10.0))


def test_the_state_of_a_generator():
    g = random.Generator.from_seed(5)
    g.normal((3,))
    state = g.state
    copies = [random.Generator.from_state(state, 1), random.Generator(g), random.Generator(state=state)]
    expected = g.normal((4,)).numpy().tolist()
    assert [c.normal((4,)).numpy().tolist() for c in copies] == [expected] * 3
    g.reset(state)
    assert g.normal((4,)).numpy().tolist() == expected
    g.reset_from_seed(5)
    assert g.state.numpy().tolist() == random.create_rng_state(5).numpy().tolist()
    g.skip(2)
    fresh = random.Generator.from_seed(5)
    fresh.uniform((2,), dtype=gt.float64)
    assert g.uniform((3,)).numpy().tolist() == fresh.uniform((3,)).numpy().tolist()
    assert g.make_seeds(3).shape == (2, 3)
    whole = g.uniform_full_int((2000,), gt.int8).numpy()
    assert (whole.min(), whole.max()) == (-128, 127)


def test_another_global_generator():
    before = random.get_global_generator()
    try:
        random.set_global_generator(random.Generator.from_seed(9))
        expected = random.Generator.from_seed(9).normal((3,)).numpy().tolist()
        assert random.normal((3,)).numpy().tolist() == expected
    finally:
        random.set_global_generator(before)


REFUSED = [
    (lambda: random.stateless_gamma((2,), SEED, -1.0), ValueError, ["stateless_gamma", "alpha", "-1.0"]),
    (lambda: random.stateless_gamma((2,), SEED, 1.0, 0.0), ValueError, ["stateless_gamma", "beta"]),
    (lambda: random.stateless_gamma((2,), SEED, [1.0] * 3), ValueError, ["alpha", "(3,)", "(2,)"]),
    (lambda: random.stateless_gamma((2,), [1], 1.0), ValueError, ["seed", "two integers"]),
    (lambda: random.gamma((2,), [1.0] * 3, [1.0] * 2), ValueError, ["gamma", "(3,)", "(2,)"]),
    (lambda: random.stateless_poisson((2,), SEED, -1.0), ValueError, ["stateless_poisson", "lam"]),
    (lambda: random.stateless_poisson((2,), SEED, [1.0] * 3), ValueError, ["poisson", "(3,)", "(2,)"]),
    (
        lambda: random.stateless_binomial((2,), SEED, 3, 1.5),
        ValueError,
        ["stateless_binomial", "probs", "1.5"],
    ),
    (lambda: random.stateless_categorical([1.0], 2, SEED), ValueError, ["categorical", "logits", "(1,)"]),
    (lambda: random.categorical([[1.0]], -2), ValueError, ["categorical", "num_samples", "-2"]),
    (
        lambda: random.stateless_parameterized_truncated_normal((2,), SEED, 0.0, -1.0),
        ValueError,
        ["truncated_normal", "stddevs"],
    ),
    (
        lambda: random.stateless_parameterized_truncated_normal((2,), SEED, [0.0] * 3),
        ValueError,
        ["truncated_normal", "(2,)", "(3,)"],
    ),
    (lambda: random.shuffle(1.0), ValueError, ["shuffle", "value", "()"]),
    (lambda: random.experimental.stateless_shuffle(1.0, SEED), ValueError, ["stateless_shuffle", "()"]),
    (lambda: random.split(SEED, -1), ValueError, ["split", "num", "-1"]),
    (lambda: random.split([1, 2, 3]), ValueError, ["seed", "two integers"]),
    (lambda: random.fold_in([1], 2), ValueError, ["seed", "two integers"]),
    (lambda: random.Generator.from_seed(1).reset([1, 2]), ValueError, ["Generator.reset", "state", "(2,)"]),
    (lambda: random.Generator(), ValueError, ["Generator", "copy_from"]),
    (lambda: random.set_global_generator(3), TypeError, ["set_global_generator", "int"]),
    (
        lambda: random.Generator.from_seed(1).uniform_full_int((2,), gt.float32),
        ValueError,
        ["uniform_full_int", "float32"],
    ),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_refused(number):
    function, kind, words = REFUSED[number]
    with pytest.raises(kind) as caught:
        function()
    assert all(word in str(caught.value) for word in words), str(caught.value)
