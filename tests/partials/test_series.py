"""Taylor series for users: coefficients against mpmath, nesting with tapes and accumulators, bad input."""

import gc

import mpmath
import numpy as np
import pytest

import gradtape as gt

FUNCTIONS = {
    "sin": (gt.sin, mpmath.sin, 0.7),
    "exp of sin": (lambda x: gt.exp(gt.sin(x)), lambda x: mpmath.exp(mpmath.sin(x)), 0.4),
    "tanh": (gt.tanh, mpmath.tanh, 0.3),
    "log": (gt.math.log, mpmath.log, 1.3),
    "sqrt": (gt.sqrt, mpmath.sqrt, 1.3),
    "quotient": (lambda x: 1 / (1 + x * x), lambda x: 1 / (1 + x * x), 0.5),
    "power": (lambda x: x**2.5, lambda x: x ** mpmath.mpf(2.5), 0.6),
    "integer power": (lambda x: x**4, lambda x: x**4, 0.6),
    "power of powers": (lambda x: x**x, lambda x: x**x, 0.8),
    "atan": (gt.atan, mpmath.atan, 0.4),
    "asin": (gt.asin, mpmath.asin, 0.4),
    "acosh": (gt.acosh, mpmath.acosh, 1.6),
    "softplus": (gt.nn.softplus, lambda x: mpmath.log(1 + mpmath.exp(x)), 0.6),
    "sigmoid": (gt.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x)), -0.4),
    "tan": (gt.tan, mpmath.tan, 0.4),
    "logsumexp": (
        lambda x: gt.reduce_logsumexp(gt.stack([x, x * x, 1 - x])),
        lambda x: mpmath.log(mpmath.exp(x) + mpmath.exp(x * x) + mpmath.exp(1 - x)),
        0.3,
    ),
    "determinant": (
        lambda x: gt.linalg.det(gt.stack([gt.stack([x, gt.sin(x)]), gt.stack([x * x, gt.exp(x)])])),
        lambda x: x * mpmath.exp(x) - mpmath.sin(x) * x * x,
        0.5,
    ),
}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_coefficients_against_mpmath(name):
    function, oracle, at = FUNCTIONS[name]
    y, found = gt.taylor(function, [gt.constant(at, "float64")], [[1.0]], order=9)
    with mpmath.workdps(50):
        exact = [float(c) for c in mpmath.taylor(oracle, mpmath.mpf(at), 9)]
    assert y.numpy() == pytest.approx(exact[0], rel=1e-14)
    size = max(map(abs, exact))
    assert len(found) == 9
    for got, wanted in zip(found, exact[1:], strict=True):
        assert abs(got.numpy() - wanted) <= 1e-13 * abs(wanted) + 1e-14 * size


def test_a_curve_through_several_arguments():
    # x = 1 + s, t = 2 + 3 s^2: x t = 2 + 2 s + 3 s^2 + 3 s^3
    y, found = gt.taylor(lambda x, t: x * t, [1.0, 2.0], [[1.0], [None, 3.0]], order=4)
    assert y.numpy() == 2.0
    assert [c.numpy().item() for c in found] == [2.0, 3.0, 3.0, 0.0]


def test_one_tensor_given_twice_is_two_arguments():
    x = gt.constant(3.0)
    _, found = gt.taylor(lambda a, b: a * b, [x, x], [[1.0], [None]], order=1)
    assert found[0].numpy() == 3.0


def test_results_in_the_structure_of_the_function():
    _, found = gt.taylor(
        lambda x: {"a": x * x, "b": (gt.constant(1.0), gt.floor(x))}, [2.0], [[1.0]], order=2
    )
    assert [c.numpy().item() for c in found["a"]] == [4.0, 1.0]
    assert found["b"] == (None, None)


def nestings(f, x):
    """The third derivative of f in five mixtures of series, tapes and forward accumulators."""
    one = gt.ones_like(x)
    with gt.TaylorAccumulator(x, [one], order=3) as series:
        y = f(x)
    yield 6 * series.series(y)[2]
    with gt.GradientTape() as tape:
        tape.watch(x)
        with gt.TaylorAccumulator(x, [one], order=2) as series:
            y = f(x)
        second = 2 * series.series(y)[1]
    yield tape.gradient(second, x)
    with gt.TaylorAccumulator(x, [one], order=2) as series:
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        first = tape.gradient(y, x)
    yield 2 * series.series(first)[1]
    with gt.autodiff.ForwardAccumulator(x, one) as forward:
        with gt.TaylorAccumulator(x, [one], order=2) as series:
            y = f(x)
        second = 2 * series.series(y)[1]
    yield forward.jvp(second)
    with gt.TaylorAccumulator(x, [one], order=2) as outer:
        with gt.TaylorAccumulator(x, [one], order=1) as inner:
            y = f(x)
        first = inner.series(y)[0]
    yield 2 * outer.series(first)[1]


@pytest.mark.parametrize("name", ["exp of sin", "power", "quotient", "logsumexp", "determinant", "softplus"])
def test_nests_with_tapes_and_accumulators(name):
    function, oracle, at = FUNCTIONS[name]
    with mpmath.workdps(50):
        exact = float(mpmath.diff(oracle, mpmath.mpf(at), 3))
    found = [d.numpy() for d in nestings(function, gt.constant(at, "float64"))]
    np.testing.assert_allclose(found, exact, rtol=1e-12)


def test_loops_and_custom_rules_take_part():
    @gt.custom_gradient
    def square(x):
        return x * x, lambda g: g * 2.0 * x

    def f(x):
        return gt.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, square(y) + x), (0, x))[1]

    def polynomial(x):
        y = x
        for _ in range(3):
            y = y * y + x
        return y

    _, found = gt.taylor(f, [gt.constant(0.3, "float64")], [[1.0]], order=6)
    with mpmath.workdps(40):
        exact = [float(c) for c in mpmath.taylor(polynomial, mpmath.mpf(0.3), 6)][1:]
    np.testing.assert_allclose([c.numpy() for c in found], exact, rtol=1e-12)


def test_work_is_quadratic_in_the_order(monkeypatch):
    """Operations of the whole series of sin: each coefficient of sine and cosine is one more Cauchy sum."""
    counts = []
    for order in (4, 8, 16):
        heard = []

        class Counter(gt.core.listen.Listener):
            def hear(self, primitive, inputs, params, result, outside, heard=heard):
                heard.append(primitive.name)

        counter = Counter()
        gt.core.listen.activate(counter)
        try:
            gt.taylor(gt.sin, [0.5], [[1.0]], order=order)
        finally:
            gt.core.listen.deactivate(counter)
        counts.append(len(heard))
    assert counts[2] < 4.2 * counts[1] < 4.2 * 4.2 * counts[0]
    assert counts[1] < 8 * 8 * 3


def test_nothing_is_left_over():
    x = gt.constant(0.5)
    gc.collect()
    gc.disable()
    try:
        with gt.TaylorAccumulator(x, [1.0], order=5) as accumulator:
            y = gt.sin(x) * gt.tanh(x) / (1 + x**2.5)
        assert accumulator.series(y)[4] is not None
        del accumulator, y
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("arguments", "error", "fragment"),
    [
        ((gt.constant(1.0), 1.0), ValueError, "list of coefficients"),
        ((gt.constant(1.0), [gt.zeros(2)]), ValueError, "coefficient 1 of shape"),
        ((gt.constant(1.0), [1.0], 0), ValueError, "order must be at least 1"),
        ((gt.constant(1.0), [1.0, 1.0], 1), ValueError, "order must be at least 2"),
        ((1.0, [1.0]), ValueError, "tensor or a variable"),
        (([gt.constant(1.0), gt.constant(2.0)], [[1.0]]), ValueError, "parts"),
    ],
)
def test_bad_series_are_refused(arguments, error, fragment):
    with pytest.raises(error, match=fragment):
        gt.TaylorAccumulator(*arguments)


def test_entered_twice_and_given_twice():
    x = gt.constant(1.0)
    with pytest.raises(ValueError, match="multiple times"):
        gt.TaylorAccumulator([x, x], [[1.0], [1.0]])
    accumulator = gt.TaylorAccumulator(x, [1.0])
    with accumulator, pytest.raises(ValueError, match="already recording"):
        accumulator.__enter__()
    with pytest.raises(TypeError, match="tensors and variables"):
        accumulator.series(2.0)
    assert accumulator.series(gt.constant(1.0)) is None
