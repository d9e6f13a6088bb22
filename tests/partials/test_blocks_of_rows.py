"""Partial derivatives of many rows, some rows at a time: the same numbers, and only where that is right."""

import numpy as np
import pytest

import gradtape as gt
from gradtape import blocks

ROWS = 43
RNG = np.random.default_rng(11)
X, T = RNG.uniform(0.3, 1.2, (2, ROWS))
X += np.where(X > 0.7, 0.1, -0.1)  # no point near the kink at 0.7
OFFSETS, WEIGHTS, INNER = RNG.uniform(size=ROWS), RNG.normal(size=(2, 5)), RNG.normal(size=(5, 5))
BOX, DIRECTIONS = "x t xt xx xxt", "x t xt xx tt xxx"


@pytest.fixture
def replayed(monkeypatch):
    """Blocks of few rows; says how many graphs were made for them."""
    made = []
    evaluator = blocks.evaluator

    def spied(graph):
        made.append(graph)
        return evaluator(graph)

    monkeypatch.setattr(blocks, "MEMORY", 300)
    monkeypatch.setattr(blocks, "LEAST", 0)
    monkeypatch.setattr(blocks, "evaluator", spied)
    return made


def network(m, x, t):
    return m.tanh(m.tanh(m.stack([x, t], -1) @ WEIGHTS) @ INNER)[:, 0] * OFFSETS


FUNCTIONS = {
    "elementwise": lambda m, x, t: m.sin(x * t) * m.exp(t * 2.0) + OFFSETS * x**3,
    "a network": network,
    "branches": lambda m, x, t: m.where(x > 0.7, x * x * t, m.sin(x * t)) - t,
    "columns": lambda m, x, t: m.reshape(m.reshape(x, (-1, 1)) * m.reshape(t, (-1, 1)) ** 2, (-1,)) + x,
    "linear alone": lambda m, x, t: 2.0 * x - t,
}


def along(function, h, x, t, ways):
    """Central differences of order six, in one another."""
    if not ways:
        return function(x, t)
    weights = {1: 45.0, 2: -9.0, 3: 1.0}
    moved = {"x": (1, 0), "t": (0, 1)}[ways[0]]
    return sum(
        sign
        * w
        / (60 * h)
        * along(function, h, x + sign * k * h * moved[0], t + sign * k * h * moved[1], ways[1:])
        for k, w in weights.items()
        for sign in (1, -1)
    )


@pytest.mark.parametrize("words", [BOX, DIRECTIONS])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_blocks_give_the_partials_of_all_rows(name, words, replayed):
    partials = gt.partials(lambda x, t: FUNCTIONS[name](gt, x, t), words)
    assert len(partials.plan.directions) == (0 if words is BOX else 3)
    found = partials(gt.constant(X), gt.constant(T))
    assert len(replayed) == 1
    for word, partial in zip(words.split(), found, strict=True):
        wanted = along(lambda x, t: FUNCTIONS[name](np, x, t), 0.005, X, T, word)
        np.testing.assert_allclose(partial.numpy(), wanted, rtol=1e-6, atol=1e-6, err_msg=word)


def test_a_number_that_all_rows_share_and_a_tape_that_follows_more(replayed):
    x, k, w = gt.constant(X), gt.constant(1.5, "float64"), gt.Variable(np.diag(np.arange(1.0, 4.0)))
    with gt.GradientTape() as tape:
        tape.watch([x, k])
        y = gt.reduce_sum(gt.stack([x, gt.sin(k * x), x * x], -1) @ w, -1)
    y_x, y_xk, y_kk = tape.partials(y, {"x": x, "k": k}, "x xk kk")
    assert len(replayed) == 1
    np.testing.assert_allclose(y_x.numpy(), 1 + 2 * 1.5 * np.cos(1.5 * X) + 6 * X, rtol=1e-13)
    np.testing.assert_allclose(y_xk.numpy(), 2 * (np.cos(1.5 * X) - 1.5 * X * np.sin(1.5 * X)), rtol=1e-12)
    np.testing.assert_allclose(y_kk.numpy(), -2 * X**2 * np.sin(1.5 * X), rtol=1e-12)


def test_a_value_that_is_held_fast_beside_the_same_that_moves(replayed):
    def angle(x):
        return gt.atan2(x, gt.stop_gradient(x)) * gt.stop_gradient(x)

    y_x, y_xx = gt.partials(angle, "x xx")(gt.constant(X))
    assert len(replayed) == 1
    np.testing.assert_allclose(y_x.numpy(), np.full(ROWS, 0.5), rtol=1e-14)
    np.testing.assert_allclose(y_xx.numpy(), -0.5 / X, rtol=1e-13)


def test_several_series_in_one_another(replayed):
    a, b, c, d = RNG.uniform(0.5, 1.0, (4, ROWS))
    partial = gt.partials(lambda a, b, c, d: gt.sin(a * b * c * d), "abcd")
    assert partial.plan.boxes
    (found,) = partial(*map(gt.constant, (a, b, c, d)))
    u = a * b * c * d
    wanted = np.cos(u) * (1 - 6 * u**2) - np.sin(u) * (7 * u - u**3)
    assert len(replayed) == 1
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12)


def test_the_function_runs_once(replayed):
    seen = []

    def function(x):
        seen.append(x.shape)
        return gt.exp(x)

    (found,) = gt.partials(function, "xxx")(gt.constant(X))
    np.testing.assert_allclose(found.numpy(), np.exp(X), rtol=1e-13)
    assert seen == [(ROWS,)]
    assert len(replayed) == 1


def test_who_listens_hears_all_rows(replayed):
    x = gt.constant(X)
    with gt.GradientTape() as tape:
        tape.watch(x)
        (y_xx,) = gt.partials(gt.sin, "xx")(x)
        total = gt.reduce_sum(y_xx)
    np.testing.assert_allclose(tape.gradient(total, x).numpy(), -np.cos(X), rtol=1e-13)
    assert not replayed


@pytest.mark.parametrize("total", [False, True])
def test_rows_that_meet_are_computed_together(total, replayed):
    """The rows stay apart but not along the first axis; and rows that interact, where that is asked for."""

    def apart(x):
        return gt.reshape(gt.transpose(gt.stack([x, x * x])), (-1,))[::2] ** 2

    def mixed(x):
        return x * gt.reduce_sum(x)

    (found,) = gt.partials(mixed if total else apart, "x", total=total)(gt.constant(X))
    np.testing.assert_allclose(found.numpy(), np.sum(X) + ROWS * X if total else 2 * X, rtol=1e-13)
    assert not replayed


def test_a_rule_that_looks_at_values_is_asked_for_all_rows(replayed):
    def slope(y, x):
        return gt.constant(np.where(x.numpy() > 0.7, 2.0, 3.0))

    kinked = gt.register_primitive(
        "kinked_in_blocks", value=lambda x: np.where(x > 0.7, 2.0 * x, 3.0 * x - 0.7), partials=slope
    )
    (found,) = gt.partials(kinked, "x")(gt.constant(X))
    np.testing.assert_array_equal(found.numpy(), np.where(X > 0.7, 2.0, 3.0))
    assert not replayed


def test_digits_that_are_lost_in_one_block_are_told(replayed):
    with pytest.warns(gt.PrecisionWarning, match="float16"):
        gt.partials(lambda x: gt.exp(x) * 30.0, ["x" * 9])(gt.constant(np.full(ROWS, 0.5), "float16"))


def test_few_rows_are_computed_together():
    """Without a graph, as recording one costs more."""
    assert blocks.blocks(None, [], gt.constant(X), [], 1, None) is None
