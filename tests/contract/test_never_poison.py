"""`where` never poisons: the branch not taken contributes exactly zero, at every order and in every mode.

Every function is differentiated along (1, ..., 1) by each mixture of tapes (r), accumulators (f) and Taylor series (t)
up to the third order, beside a polynomial whose derivatives are known, so that zero is told from absent. The opposite
is tested too: a product with a zero that was computed keeps IEEE's meaning, so a NaN stays visible there.

Sections: the tool; elementwise chains; reductions; what is absent before a bad step; broadcasting; nesting; what must
stay visible; batches and compiled functions.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradtape as tf

MODES = ["".join(modes) for order in (1, 2, 3) for modes in itertools.product("rf", repeat=order)]
MODES += ["t", "tt", "ttt", "rt", "tr", "ft", "tf"]
Function = Callable[[Any], Any]


def along_ones(modes: str, function: Function, x: Any) -> Any:
    """The derivative of a scalar function along (1, ..., 1), once for each letter, outermost first."""
    if not modes:
        return function(x)
    if modes[0] == "t":
        order = len(modes) - len(modes.lstrip("t"))
        inner = functools.partial(along_ones, modes[order:], function)
        _, coefficients = tf.taylor(inner, [x], [[tf.ones_like(x)]], order)
        return coefficients[-1] * math.factorial(order)
    if modes[0] == "r":
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = along_ones(modes[1:], function, x)
        return tf.reduce_sum(tape.gradient(y, x))
    with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
        y = along_ones(modes[1:], function, x)
    return accumulator.jvp(y)


def polynomial(x: Any) -> Any:
    return tf.reduce_sum(x * x * x * x * x)


def derivative(modes: str, function: Function, x: Any) -> float:
    return float(
        along_ones(modes, lambda t: polynomial(t) + tf.reduce_sum(function(t)), tf.constant(x)).numpy()
    )


def of_polynomial(modes: str, x: Any) -> float:
    values = np.asarray(x, float)
    return float(sum(math.perm(5, len(modes)) * values.ravel() ** (5 - len(modes))))


# Elementwise chains: (function, the points where it must not count, the points where it must)

CHAINS: dict[str, tuple[Function, list[float], list[float]]] = {
    "log": (tf.math.log, [0.0, -1.0], [0.7]),
    "sqrt": (tf.sqrt, [0.0, -1.0], [0.7]),
    "rsqrt": (tf.math.rsqrt, [0.0], [0.7, 2.0]),
    "reciprocal": (tf.math.reciprocal, [0.0], [0.7]),
    "divide": (lambda x: 3.0 / x, [0.0], [0.7]),
    "divide by itself": (lambda x: x / (x * x), [0.0], [0.7]),
    "power half": (lambda x: x**0.5, [0.0, -2.0], [0.7]),
    "power negative": (lambda x: x**-1.5, [0.0], [0.7]),
    "power of tensors": (lambda x: tf.pow(x, 0.3 * x), [0.0, -1.0], [0.7]),
    "acos": (tf.acos, [1.0, 2.0], [0.3]),
    "asin": (tf.asin, [1.0, -1.0], [0.3]),
    "acosh": (tf.acosh, [1.0, 0.0], [1.7]),
    "atanh": (tf.atanh, [1.0, 3.0], [0.3]),
    "log1p": (tf.math.log1p, [-1.0, -2.0], [0.3]),
    "atan2": (lambda x: tf.atan2(x, x * x), [0.0], [0.7]),
    "log of sine": (lambda x: tf.math.log(tf.sin(x)), [0.0], [0.7]),
    "root of log": (lambda x: tf.sqrt(tf.math.log(x) * 2.0), [1.0, 0.0], [2.0]),
    "exp of reciprocal": (lambda x: tf.exp(-1.0 / x), [0.0], [0.7]),
    "exp overflows": (lambda x: tf.exp(tf.exp(x)), [800.0], [0.2]),
    "power of log": (lambda x: tf.math.log(x) ** 3.0, [0.0], [0.7]),
    "x log x": (lambda x: x * tf.math.log(x), [0.0], [0.7]),
    "sine over x": (lambda x: tf.sin(x) / x, [0.0], [0.7]),
    "abs and log": (lambda x: tf.math.log(tf.abs(x)), [0.0], [-0.7]),
    "abs of log": (lambda x: tf.abs(tf.math.log(x)), [0.0], [0.7]),
    "real part": (lambda x: tf.math.real(tf.math.conj(tf.cast(tf.math.log(x), tf.complex128))), [0.0], [0.7]),
    "sign": (lambda x: tf.sign(x) * tf.math.log(x), [0.0], [0.7]),
    "difference": (lambda x: tf.math.squared_difference(tf.math.log(x), 1.0 / x), [0.0], [0.7]),
    "softplus of log": (lambda x: tf.nn.softplus(tf.math.log(x)), [0.0], [0.7]),
    "maximum": (lambda x: tf.maximum(tf.math.log(x), 1.0 / x), [0.0], [0.7]),
    "clipped": (lambda x: tf.clip_by_value(tf.sqrt(x), -1.0, 9.0) ** 1.5, [0.0], [0.7]),
    "cast": (lambda x: tf.cast(tf.math.log(tf.cast(x, tf.float32)), tf.float64), [0.0], [0.7]),
    "complex": (lambda x: tf.abs(tf.complex(tf.math.log(x), tf.sqrt(x))), [0.0], [0.7]),
}


@pytest.mark.parametrize("modes", MODES)
@pytest.mark.parametrize("name", CHAINS)
def test_elementwise_chains(name: str, modes: str) -> None:
    function, bad, good = CHAINS[name]
    x = np.array(bad + good)
    mask = np.array([False] * len(bad) + [True] * len(good))
    expected = derivative(modes, function, np.array(good)) + of_polynomial(modes, bad)
    assert math.isfinite(expected)
    assert derivative(modes, lambda t: tf.where(mask, function(t), 0.0), x) == pytest.approx(
        expected, rel=1e-5
    )
    assert derivative(modes, lambda t: tf.where(~mask, t * 0.0, function(t)), x) == pytest.approx(
        expected, rel=1e-5
    )
    if len(set(bad)) == 1:  # a mask that is computed from the point, and nothing but the points not taken
        alone = derivative(modes, lambda t: tf.where(t != bad[0], function(t), 0.0), np.array(bad[0]))
        assert alone == pytest.approx(of_polynomial(modes, bad[:1]), rel=1e-12)


@pytest.mark.parametrize("modes", MODES)
def test_float32_and_what_follows_the_choice(modes: str) -> None:
    def guarded(x: Any) -> Any:
        chosen = tf.where(x > 0.0, tf.sqrt(x), tf.zeros_like(x))
        return tf.exp(chosen * 2.0) * tf.cos(chosen) / (1.0 + chosen)

    x = np.array([0.0, 0.0], np.float32)
    assert derivative(modes, guarded, x) == 0.0


@pytest.mark.parametrize("modes", MODES)
def test_the_softplus_of_everybody(modes: str) -> None:
    def softplus(x: Any) -> Any:
        return tf.where(x > 20.0, x, tf.math.log1p(tf.exp(x)))

    first = {1: 1.0, 2: 0.0, 3: 0.0}[len(modes)]
    assert derivative(modes, softplus, np.array([1000.0])) == pytest.approx(
        first + of_polynomial(modes, [1000.0])
    )


# Reductions of something bad, then a choice

REDUCTIONS: dict[str, tuple[Function, Any]] = {
    "norm": (tf.norm, [0.0, 0.0]),
    "root of the sum of squares": (lambda x: tf.sqrt(tf.reduce_sum(x * x)), [0.0, 0.0]),
    "log of norm": (lambda x: tf.math.log(tf.norm(x)), [0.0, 0.0]),
    "direction": (lambda x: x[0] / tf.norm(x), [0.0, 0.0]),
    "sum": (lambda x: tf.reduce_sum(1.0 / x), [0.0, 2.0]),
    "mean": (lambda x: tf.reduce_mean(tf.math.log(x)), [0.0, 2.0]),
    "variance": (lambda x: tf.math.reduce_variance(tf.sqrt(x)), [0.0, 2.0]),
    "deviation": (tf.math.reduce_std, [2.0, 2.0]),
    "logsumexp": (lambda x: tf.reduce_logsumexp(tf.math.log(x)), [0.0, 0.0]),
    "product": (lambda x: tf.reduce_prod(1.0 / x), [0.0, 2.0, 0.0]),
    "largest": (lambda x: tf.reduce_max(1.0 / x), [0.0, 2.0]),
    "smallest": (lambda x: tf.reduce_min(tf.math.log(x)), [0.0, 2.0]),
    "cumulative sum": (lambda x: tf.cumsum(tf.math.log(x)), [0.0, 2.0]),
    "matrix product": (
        lambda x: tf.matmul(tf.reshape(1.0 / x, [1, 2]), tf.reshape(tf.sqrt(x), [2, 1])),
        [0.0, 2.0],
    ),
    "einsum": (lambda x: tf.einsum("i,j->", tf.math.log(x), 1.0 / x), [0.0, 2.0]),
    "softmax": (lambda x: tf.nn.softmax(1.0 / x), [0.0, 2.0]),
    "normalised": (lambda x: x / tf.reduce_sum(x), [0.0, 0.0]),
    "indexing": (lambda x: tf.gather(tf.math.log(x), [0, 0, 1]) * tf.sqrt(x)[0], [0.0, 2.0]),
    "concat": (lambda x: tf.concat([tf.sqrt(x), 1.0 / x], axis=0), [0.0, 2.0]),
    "stack": (lambda x: tf.reduce_sum(tf.stack([tf.sqrt(x), x**0.5]), axis=0), [0.0, 2.0]),
}


@pytest.mark.parametrize("modes", MODES)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name: str, modes: str) -> None:
    function, start = REDUCTIONS[name]
    expected = of_polynomial(modes, start)
    x = np.array(start)
    never = np.array(False)
    assert derivative(modes, lambda t: tf.where(never, function(t), 0.0), x) == pytest.approx(
        expected, abs=0.0
    )
    assert derivative(modes, lambda t: tf.where(~never, t[0] * 0.0, function(t)), x) == pytest.approx(
        expected, abs=0.0
    )
    whole = derivative(modes, lambda t: tf.where(never, tf.reduce_sum(function(t)) ** 2.0, 0.0), x)
    assert whole == pytest.approx(expected, abs=0.0)


@pytest.mark.parametrize("modes", MODES)
def test_a_norm_that_is_guarded_by_itself(modes: str) -> None:
    def guarded(x: Any) -> Any:
        n = tf.norm(x)
        return tf.where(n > 0.0, n, 0.0)

    assert derivative(modes, guarded, np.zeros(3)) == 0.0


@pytest.mark.parametrize("modes", MODES)
def test_some_rows_of_a_reduction_are_taken(modes: str) -> None:
    def guarded(x: Any) -> Any:
        n = tf.sqrt(tf.reduce_sum(x * x, axis=1))
        return tf.where(n > 0.0, tf.math.log(n) + tf.reduce_prod(x, axis=1), 0.0)

    def plain(x: Any) -> Any:
        return tf.math.log(tf.sqrt(tf.reduce_sum(x * x))) + tf.reduce_prod(x)

    x = np.array([[0.0, 0.0], [3.0, 4.0]])
    expected = derivative(modes, plain, x[1])
    assert derivative(modes, guarded, x) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("modes", MODES)
@pytest.mark.parametrize(
    "reduce", [tf.reduce_sum, tf.reduce_mean, tf.reduce_logsumexp, tf.norm, tf.reduce_prod]
)
def test_a_choice_and_then_a_reduction(reduce: Any, modes: str) -> None:
    x = np.array([0.0, 0.7, -1.0, 2.0])

    def guarded(t: Any) -> Any:
        return reduce(tf.where(t > 0.0, tf.math.log(t), 2.0))

    def plain(t: Any) -> Any:
        return reduce(
            tf.stack(
                [
                    tf.constant(2.0, tf.float64),
                    tf.math.log(t[0]),
                    tf.constant(2.0, tf.float64),
                    tf.math.log(t[1]),
                ]
            )
        )

    expected = derivative(modes, plain, x[[1, 3]]) + of_polynomial(modes, x[[0, 2]])
    assert derivative(modes, guarded, x) == pytest.approx(expected, rel=1e-11)


# What is absent before a bad step: (function, the points, the function of the points that count, these points)

INF = math.inf


def positive(x: Any) -> Any:
    return tf.where(x > 0.0, x, 0.0)


BEFORE: dict[str, tuple[Function, Any, Function | None, Any]] = {
    "root": (lambda x: tf.sqrt(positive(x)), [-1.0, 0.0, 2.0], tf.sqrt, [2.0]),
    "root of a number": (lambda x: tf.sqrt(positive(x)), -1.0, None, []),
    "power": (lambda x: positive(x) ** 0.5, [-1.0, 2.0], tf.sqrt, [2.0]),
    "reciprocal": (lambda x: 1.0 / positive(x), [-1.0, 2.0], tf.math.reciprocal, [2.0]),
    "log": (lambda x: tf.math.log(positive(x)), [-1.0, 2.0], tf.math.log, [2.0]),
    "a chain": (
        lambda x: tf.sqrt(tf.math.log(tf.where(x > 0.0, x, 1.0))),
        [-1.0, 2.0],
        lambda x: tf.sqrt(tf.math.log(x)),
        [2.0],
    ),
    "two choices": (
        lambda x: tf.sqrt(tf.where(x < 3.0, positive(x), 0.0)),
        [-1.0, 2.0, 4.0],
        tf.sqrt,
        [2.0],
    ),
    "power of choices": (lambda x: positive(x) ** positive(x), [-1.0, 2.0], lambda x: x**x, [2.0]),
    "angle": (
        lambda x: tf.atan2(positive(x), positive(x) ** 2.0),
        [-1.0, 2.0],
        lambda x: tf.atan2(x, x**2.0),
        [2.0],
    ),
    "times infinity": (lambda x: positive(x) * [INF, 3.0], [-1.0, 2.0], lambda x: 3.0 * x, [2.0]),
    "a sum of choices": (
        lambda x: tf.sqrt(positive(x) + tf.where(x > 1.0, x, 0.0)),
        [-1.0, 0.5, 2.0],
        lambda x: tf.sqrt(x * [1.0, 2.0]),
        [0.5, 2.0],
    ),
    "casts": (
        lambda x: tf.sqrt(tf.math.real(tf.cast(positive(x), tf.complex128))),
        [-1.0, 2.0],
        tf.sqrt,
        [2.0],
    ),
    "norm": (lambda x: tf.norm(positive(x)), [-1.0, 3.0, 4.0], tf.norm, [3.0, 4.0]),
    "norm of nothing": (lambda x: tf.norm(positive(x)), [-1.0, -2.0], None, []),
    "log of a norm of nothing": (lambda x: tf.math.log(tf.norm(positive(x))), [-1.0, -2.0], None, []),
    "root of sums": (
        lambda x: tf.sqrt(tf.reduce_sum(positive(x) ** 2.0, axis=1)),
        [[-1.0, -2.0], [-1.0, 2.0]],
        tf.abs,
        [2.0],
    ),
    "root of means": (
        lambda x: tf.sqrt(tf.reduce_mean(positive(x), axis=0, keepdims=True)),
        [[-1.0, 3.0], [-2.0, 5.0]],
        lambda x: tf.sqrt(tf.reduce_mean(x)),
        [3.0, 5.0],
    ),
    "log of the largest": (
        lambda x: tf.math.log(tf.reduce_max(positive(x), axis=1)),
        [[-1.0, -2.0], [1.0, 2.0]],
        lambda x: tf.math.log(tf.reduce_max(x)),
        [1.0, 2.0],
    ),
    "root of products": (
        lambda x: tf.sqrt(tf.reduce_prod(positive(x), axis=1)),
        [[-1.0, -2.0], [1.0, 2.0]],
        lambda x: tf.sqrt(x[0] * x[1]),
        [1.0, 2.0],
    ),
    "root of the largest of segments": (
        lambda x: tf.sqrt(tf.math.unsorted_segment_max(positive(x), [0, 0, 1], 2)),
        [-1.0, -2.0, 3.0],
        tf.sqrt,
        [3.0],
    ),
    "matrix product": (
        lambda x: tf.sqrt(tf.matmul(positive(x), [[1.0], [3.0]])),
        [[-1.0, -2.0], [1.0, 2.0]],
        lambda x: tf.sqrt(x[0] + 3.0 * x[1]),
        [1.0, 2.0],
    ),
    "einsum": (
        lambda x: tf.sqrt(tf.einsum("ij,ij->i", positive(x), positive(x))),
        [[-1.0, -2.0], [-1.0, 2.0]],
        tf.abs,
        [2.0],
    ),
    "reshape and gather": (
        lambda x: tf.sqrt(tf.gather(tf.reshape(tf.transpose(positive(x)), [-1]), [0, 3])),
        [[-1.0, -1.0], [-1.0, 2.0]],
        tf.sqrt,
        [2.0],
    ),
    "broadcast and read": (
        lambda x: tf.sqrt((positive(x)[:, None] * [1.0, 3.0])[:, 1]),
        [-1.0, 2.0],
        lambda x: tf.sqrt(3.0 * x),
        [2.0],
    ),
    "sum and read": (
        lambda x: tf.sqrt((positive(x)[:, None] + [0.0, 0.0])[:, 1]),
        [-1.0, 2.0],
        tf.sqrt,
        [2.0],
    ),
    "band": (
        lambda x: tf.sqrt(tf.linalg.band_part(x, -1, 0)),
        [[1.0, 5.0], [2.0, 3.0]],
        tf.sqrt,
        [1.0, 2.0, 3.0],
    ),
    "pad": (lambda x: tf.math.log(tf.pad(x, [[1, 2]])), [2.0, 3.0], tf.math.log, [2.0, 3.0]),
    "concat": (lambda x: tf.sqrt(tf.concat([[0.0, 0.0], x], axis=0)), [2.0, 3.0], tf.sqrt, [2.0, 3.0]),
    "stack": (lambda x: tf.sqrt(tf.stack([tf.zeros_like(x), x])), [2.0, 3.0], tf.sqrt, [2.0, 3.0]),
    "scatter": (
        lambda x: tf.sqrt(tf.scatter_nd([[3], [1]], x, [5])),
        [2.0, 3.0],
        tf.sqrt,
        [2.0, 3.0],
    ),
    "diagonal": (lambda x: tf.sqrt(tf.linalg.diag(x)), [2.0, 3.0], tf.sqrt, [2.0, 3.0]),
    "segments": (
        lambda x: tf.sqrt(tf.math.unsorted_segment_sum(x, [2, 0], 3)),
        [2.0, 3.0],
        tf.sqrt,
        [2.0, 3.0],
    ),
    "exclusive sum": (
        lambda x: tf.sqrt(tf.cumsum(x, exclusive=True)),
        [2.0, 3.0],
        lambda x: tf.sqrt(x[0]),
        [2.0, 3.0],
    ),
    "variable entries": (
        lambda x: tf.sqrt(tf.tensor_scatter_nd_update(tf.zeros(3, tf.float64), [[1]], x)),
        [2.0],
        tf.sqrt,
        [2.0],
    ),
}


@pytest.mark.parametrize("modes", MODES)
@pytest.mark.parametrize("name", BEFORE)
def test_what_is_absent_before_a_bad_step(name: str, modes: str) -> None:
    function, points, plain, counting = BEFORE[name]
    expected = of_polynomial(modes, points)
    if plain is not None:
        expected += derivative(modes, plain, np.array(counting)) - of_polynomial(modes, counting)
    assert math.isfinite(expected)
    assert derivative(modes, function, np.array(points)) == pytest.approx(expected, rel=1e-9)


# Broadcasting

SCALES = np.array([0.0, 1.0, 0.0, 3.0])


@pytest.mark.parametrize("modes", MODES)
@pytest.mark.parametrize(
    ("guarded", "plain"),
    [
        (
            lambda x: tf.where(SCALES > 0.0, tf.math.log(SCALES * x), 0.0),
            lambda x: tf.math.log(1.0 * x) + tf.math.log(3.0 * x),
        ),
        (
            lambda x: tf.where(SCALES[:, None] > 0.0, tf.sqrt(SCALES * x), 0.0),
            lambda x: None,
        ),
        (
            lambda x: tf.where(np.array([[True], [True]]), x * x * x, 1.0 / (x * SCALES[:1])),
            lambda x: 2.0 * x * x * x,
        ),
        (lambda x: tf.where(np.zeros((3, 2), bool), 1.0 / (x - 2.0), x * x), lambda x: 6.0 * x * x),
        (lambda x: tf.where(x > 5.0, tf.math.log(x - 2.0) * np.ones((2, 2)), x), lambda x: 4.0 * x),
    ],
)
def test_broadcasting(guarded: Function, plain: Function, modes: str) -> None:
    x = np.array(2.0)
    if plain(x) is None:  # some entries that are taken are bad: they must stay visible
        assert not math.isfinite(derivative(modes, guarded, x))
        return
    assert derivative(modes, guarded, x) == pytest.approx(derivative(modes, plain, x), rel=1e-12)


# Nesting


@pytest.mark.parametrize("modes", MODES)
def test_nested_choices(modes: str) -> None:
    def guarded(x: Any) -> Any:
        inner = tf.where(x < 1.0, tf.acos(x) / tf.sqrt(x), tf.math.log(x - 1.0))
        return tf.where(x > 0.0, tf.where(tf.equal(x, 1.0), x * 3.0, inner), tf.where(x < 0.0, 1.0 / x, x))

    def piece(function: Function, point: float) -> float:
        return derivative(modes, function, np.array(point))

    expected = (
        piece(lambda x: x * 3.0, 1.0)
        + piece(lambda x: tf.acos(x) / tf.sqrt(x), 0.5)
        + piece(lambda x: tf.math.log(x - 1.0), 2.5)
        + piece(lambda x: x * 1.0, 0.0)
        + piece(lambda x: 1.0 / x, -2.0)
    )
    x = np.array([1.0, 0.5, 2.5, 0.0, -2.0])
    assert derivative(modes, guarded, x) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("modes", MODES)
def test_a_choice_inside_the_branch_not_taken(modes: str) -> None:
    def guarded(x: Any) -> Any:
        poisoned = tf.where(x > -1.0, 1.0 / x, x) * tf.math.log(x)
        return tf.where(x > 0.0, poisoned, tf.sin(x))

    expected = {1: 1.0, 2: 0.0, 3: -1.0}[len(modes)]
    assert derivative(modes, guarded, np.array([0.0])) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("modes", MODES)
def test_the_same_bad_value_in_a_taken_place_counts(modes: str) -> None:
    def guarded(x: Any) -> Any:
        root = tf.sqrt(x)
        return tf.where(x > 5.0, root, 0.0) + root

    assert not math.isfinite(derivative(modes, guarded, np.array([0.0])))


# What must stay visible


@pytest.mark.parametrize("modes", MODES)
@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.cast(x > 0.0, x.dtype) * tf.math.log(x),  # a zero that was computed
        lambda x: 0.0 * tf.sqrt(x),
        lambda x: (x - x) / x,
        lambda x: tf.sin(x) * (1.0 / x),
        lambda x: tf.where(x >= 0.0, tf.math.log(x), 0.0),  # taken
        lambda x: tf.where(x > 0.0, x, 0.0) * tf.math.log(x),
        lambda x: tf.where(x > 0.0, x, 1.0) * tf.constant(math.nan, x.dtype) * (x + 1.0) ** 5.0,
        lambda x: tf.sqrt(tf.where(x > 0.0, 2.0, x)),
        lambda x: tf.reduce_sum(tf.sqrt(tf.stack([x, x + 1.0])) * [0.0, 1.0]),
        lambda x: tf.sqrt(x * 0.0),
        lambda x: tf.sqrt(tf.where(x >= 0.0, x * 0.0, 1.0)),  # taken, and zero
        lambda x: tf.sqrt(tf.where(x > 0.0, x, 0.0) + x * 0.0),  # absent, and a zero beside it
        lambda x: tf.sqrt(tf.pad(tf.stack([x * 0.0]), [[1, 1]])),
    ],
)
def test_a_computed_zero_keeps_nan_visible(function: Function, modes: str) -> None:
    assert not math.isfinite(derivative(modes, function, np.array(0.0)))


@pytest.mark.parametrize("modes", ["r", "f"])
def test_a_bad_seed_goes_only_into_the_branch_taken(modes: str) -> None:
    a, b = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])
    bad = tf.constant([math.nan, math.inf])
    mask = np.array([True, False])
    if modes == "r":
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            y = tf.where(mask, a, b)
        found = tape.gradient(y, [a, b], output_gradients=bad)
        np.testing.assert_array_equal(found[0].numpy(), [math.nan, 0.0])
        np.testing.assert_array_equal(found[1].numpy(), [0.0, math.inf])
        return
    with tf.autodiff.ForwardAccumulator(a, bad) as accumulator:
        y = tf.where(mask, a, b)
    np.testing.assert_array_equal(accumulator.jvp(y).numpy(), [math.nan, 0.0])


# Batches and compiled functions: what is absent differs from example to example and from call to call

ROWS = np.array([[-1.0, 4.0], [1.0, 1.0], [4.0, -1.0]])
SLOPES = np.where(ROWS > 0.0, 0.5 / np.sqrt(np.abs(ROWS)), 0.0)


def root_of_choice(x: Any) -> Any:
    return tf.sqrt(positive(x))


def pushed(function: Function, x: Any) -> Any:
    with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
        y = function(x)
    return accumulator.jvp(y)


def first_coefficient(function: Function, x: Any) -> Any:
    return tf.taylor(function, [x], [[tf.ones_like(x)]])[1][0]


@pytest.mark.parametrize("slope", [pushed, first_coefficient])
def test_a_batch(slope: Function) -> None:
    found = tf.vectorized_map(lambda row: slope(root_of_choice, row), tf.constant(ROWS))
    np.testing.assert_allclose(found.numpy(), SLOPES, rtol=1e-15)


@pytest.mark.parametrize("slope", [pushed, first_coefficient])
def test_a_function_that_is_compiled_with_its_slope(slope: Function) -> None:
    compiled = tf.function(lambda row: slope(root_of_choice, row))
    for row, expected in zip(ROWS, SLOPES, strict=True):
        np.testing.assert_allclose(compiled(tf.constant(row)).numpy(), expected, rtol=1e-15)


@pytest.mark.parametrize("slope", [pushed, first_coefficient])
def test_the_slope_of_a_compiled_function(slope: Function) -> None:
    compiled = tf.function(root_of_choice)
    for row, expected in zip(ROWS, SLOPES, strict=True):
        np.testing.assert_allclose(slope(compiled, tf.constant(row)).numpy(), expected, rtol=1e-15)
