"""Loops with a condition in branches and in the turns of loops, against the program run by Python."""

import numpy as np
import pytest

import gradtape as gt

BACKENDS = ["reference", "llvm"]
XS = gt.constant(np.linspace(0.3, 2.0, 10))
POINTS = (1.0, -1.0, -2.0, 3.0, 0.7, 0.01)


@pytest.fixture(params=BACKENDS)
def record(request):
    return lambda function: gt.function(function, backend=request.param)


def root(a):
    """By Newton's method, whose count of turns differs from number to number."""
    step = lambda y: 0.5 * (y + a / y)
    return gt.while_loop(lambda y: gt.abs(y * y - a) > 1e-9, step, (a + 1.5,))[0]


def grown(x, limit):
    return gt.while_loop(lambda y: y < limit, lambda y: 1.3 * y + 0.1, (x,))[0]


def branch(x):
    """Where it is not taken, the loop would not end."""
    return gt.cond(x > 0, lambda: grown(x, 9.0), lambda: 2.0 * x)


def both(x):
    down = lambda y: 2 * y - x - 1.0
    return gt.cond(x > 0.5, lambda: grown(x, 99.0), lambda: gt.while_loop(lambda y: y > -1e3, down, (x,))[0])


def folded(x):
    return gt.foldl(lambda h, a: 0.5 * h + root(a + 0.1 * x * x), XS, x)


def mapped(x):
    return gt.reduce_sum(gt.map_fn(lambda a: root(a + x * x), XS))


def whiles(x):
    step = lambda i, h: (i + 1, 0.3 * h + root(h * h + 1.0))
    return gt.while_loop(lambda i, h: i < 9, step, (gt.constant(0), x))[1]


def deep(x):
    turn = lambda h, a: gt.cond(h > 1.5, lambda: root(h) * a, lambda: grown(gt.abs(h) + 0.1, 4.0))
    return gt.foldl(turn, XS, x)


PROGRAMS = [branch, both, folded, mapped, whiles, deep]


def two(f):
    def run(x):
        with gt.GradientTape() as outer:
            outer.watch(x)
            with gt.GradientTape() as inner:
                inner.watch(x)
                y = f(x)
            slope = inner.gradient(y, x)
        return y, slope, outer.gradient(slope, x, unconnected_gradients="zero")

    return run


def numbers(f):
    return [float(y) for value in POINTS for y in f(gt.constant(value, gt.float64))]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_values_and_two_derivatives_in_one_road(record, program):
    expected = numbers(two(program))
    f = record(two(program))
    np.testing.assert_allclose(numbers(f), expected, rtol=1e-7, atol=1e-9)
    assert (f.stats()["roads"], f.stats().get("calls") or []) == (1, [])
    assert f.stats()["guards"] <= 2  # that there is room


@pytest.mark.parametrize("program", [branch, folded, deep], ids=lambda p: p.__name__)
def test_derivatives_of_the_recorded_program(record, program):
    f = record(program)
    np.testing.assert_allclose(numbers(two(f)), numbers(two(program)), rtol=1e-7, atol=1e-9)
    tangent = lambda f: lambda x: gt.jvp(f, (x,), (gt.constant(1.0, gt.float64),))
    np.testing.assert_allclose(numbers(tangent(f)), numbers(tangent(program)), rtol=1e-7, atol=1e-9)


def test_more_turns_than_there_is_room_for_are_recorded_anew(record):
    def up(x, n):
        return gt.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y + 0.5), (gt.constant(0), x))[1]

    in_branch = lambda x, n: gt.cond(x > 0, lambda: up(x, n), lambda: x)
    in_turns = lambda x, n: gt.foldl(lambda h, k: up(h, n + k), gt.range(10), x)
    for program in (in_branch, in_turns):
        f = record(program)
        for n in (3, 3, 500, 3, 500):
            x, count = gt.constant(1.0), gt.constant(n)
            assert float(f(x, count)) == float(program(x, count))
        assert f.stats()["roads"] == 2


def test_later_turns_may_need_more_room_than_the_first(record):
    """Then the turns are written one by one, from the state that was there."""
    v = gt.Variable(0.0)

    def turn(h, n):
        v.assign_add(1.0)
        return gt.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y + v), (gt.constant(0), h))[1]

    counts = gt.constant([3, 4, 5, 200, 6, 7, 8, 9, 10])
    f = record(lambda x, counts: gt.foldl(turn, counts, x))
    for _ in range(2):
        v.assign(0.0)
        expected = 1.0 + sum((k + 1) * n for k, n in enumerate(counts.numpy().tolist()))
        assert float(f(gt.constant(1.0), counts)) == expected
        assert float(v) == 9.0


def test_variables_and_draws_in_a_loop_in_a_branch(record):
    def results(wrap):
        g, v = gt.random.Generator.from_seed(4), gt.Variable(1.0, dtype=gt.float64)

        def step(i, h):
            v.assign(0.9 * v + 0.1 * gt.sin(h))
            return i + 1, h * v + g.normal((), dtype="float64")

        def walk(x):
            return gt.while_loop(lambda i, h: (i < 12) & (gt.abs(h) < 9.0), step, (gt.constant(0), x))[1]

        f = wrap(two(lambda x: gt.cond(x > 0, lambda: walk(x), lambda: gt.sin(x)) * v))
        return [*numbers(f), float(v), *g.state.numpy().tolist()]

    np.testing.assert_allclose(results(record), results(lambda f: f), rtol=1e-9, atol=1e-12)


def test_a_saved_loop_in_a_branch(tmp_path):
    gt.save_function(tmp_path / "branch", branch, gt.constant(1.0, gt.float64))
    loaded = gt.load_function(tmp_path / "branch")
    for value in POINTS:
        x = gt.constant(value, gt.float64)
        assert float(loaded(x)) == float(branch(x))
