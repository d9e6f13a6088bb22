"""Draws in branches and loops inside `gt.function`: the numbers, and the generators' states, of the plain program."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.core.loop import Loop

BACKENDS = ["reference", "llvm"]
STEPS = gt.constant(np.arange(10.0))
POINTS = [gt.constant([first, 0.3], gt.float64) for first in (1.0, -1.0, -2.0, 3.0, 0.5)]


def normal(g, shape=()):
    return g.normal(shape, dtype="float64")


def branch(x, g):
    a = normal(g, (2,))
    y = gt.cond(x[0] > 0, lambda: x * normal(g, (2,)) + g.uniform((), dtype="float64"), lambda: gt.sin(x))
    return a * y + normal(g, (2,)) * x


def branches(x, g):
    """Each draws another number of times, as is seen from the state behind."""
    pairs = [(x[0] > 2, lambda: x * normal(g)), (x[0] > 0, lambda: x * normal(g) * normal(g))]
    return gt.case(pairs, default=lambda: x * gt.reduce_sum(g.truncated_normal((7,), dtype="float64")))


def twice(x, g):
    return gt.foldl(lambda h, k: h * normal(g) + normal(g) * k, STEPS, x)


def walk(x, g):
    step = lambda i, h: (i + 1, h + 0.5 * normal(g) * x)
    return gt.while_loop(lambda i, h: gt.reduce_sum(h * h) < 9.0, step, (gt.constant(0), x))[1]


def choosing(x, g):
    """In a turn draws before the choice, and in it."""
    low, high = lambda h: h * 0.9 - gt.abs(normal(g)), lambda h: h + 1.0
    turn = lambda h, k: normal(g) * 0.1 + gt.cond(h[0] > 0, lambda: low(h), lambda: high(h))
    return gt.foldl(turn, STEPS, x)


def behind(x, g):
    h = gt.cond(x[0] > 0, lambda: x * normal(g), lambda: x)
    return gt.foldl(lambda h, k: h * gt.cos(normal(g)), STEPS, h) + normal(g)


def looping(x, g):
    """A loop with draws in a branch."""
    loop = lambda: gt.foldl(lambda h, k: h * normal(g) + x, STEPS, x)
    return gt.cond(x[0] > 0, loop, lambda: x) * normal(g)


PROGRAMS = [branch, branches, twice, walk, choosing, behind, looping]


def gradient(f):
    def run(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.reduce_sum(f(x) ** 2)
        return y, tape.gradient(y, x)

    return run


def results(program, wrap):
    """What a program of a generator gives, the state that is left, and the function."""
    g = gt.random.Generator.from_seed(5)
    f = wrap(lambda x: program(x, g))
    found = [[np.asarray(y) for y in f(x)] for x in POINTS]
    return [*(y for pair in found for y in pair), g.state.numpy()], f


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_the_plain_program_draws_the_same(program, backend):
    record = lambda f: gt.function(f, backend=backend)
    expected, _ = results(program, gradient)
    every, inside = results(program, lambda f: record(gradient(f)))
    for found in (every, results(program, lambda f: gradient(record(f)))[0]):
        for mine, wanted in zip(found, expected, strict=True):
            np.testing.assert_allclose(mine, wanted, rtol=1e-9, atol=1e-12)
    assert inside.stats()["roads"] <= (2 if program is walk else 1)  # one more where there are more turns
    assert inside.stats()["guards"] == (program is walk)
    assert any(isinstance(op.params.get("loop"), Loop) for op in inside.graph().operations)


def test_second_derivatives_and_tangents():
    def second(f):
        def run(x):
            with gt.autodiff.ForwardAccumulator(x, gt.cos(x)) as accumulator:
                slope = gradient(f)(x)[1]
            return slope, accumulator.jvp(slope)

        return run

    recorded, _ = results(choosing, lambda f: gt.function(second(f)))
    for found, wanted in zip(recorded, results(choosing, second)[0], strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


def test_a_failed_guard_draws_nothing():
    g = gt.random.Generator.from_seed(1)

    @gt.function
    def f(x):
        y = gt.cond(x > 0, lambda: x * normal(g), lambda: x)
        return y + normal(g) if x > 5 else y - normal(g)

    plain = gt.random.Generator.from_seed(1)
    for value in (1.0, 9.0, 2.0, -1.0, 8.0, -3.0, 1.0):
        expected = value * normal(plain) if value > 0 else value
        expected = expected + normal(plain) if value > 5 else expected - normal(plain)
        assert float(f(gt.constant(value, gt.float64))) == pytest.approx(float(expected), rel=1e-12)


def test_each_example_of_a_batch_draws_its_own():
    rows = gt.constant(np.arange(8.0).reshape(4, 2))

    def program(g):
        scaled = lambda x: gt.vectorized_map(lambda r: r * normal(g), x)
        return lambda a, x: gt.cond(a > 0, lambda: scaled(x), lambda: x) + scaled(x)

    f, plain = (program(gt.random.Generator.from_seed(3)) for _ in range(2))
    f = gt.function(f)
    for a in (1.0, -1.0, 1.0, -1.0):
        np.testing.assert_allclose(f(gt.constant(a), rows), plain(gt.constant(a), rows), rtol=1e-12)


def test_replays_of_a_batch_draw_what_the_plain_program_draws():
    def program(g):
        return lambda x: gt.vectorized_map(lambda r: gt.vectorized_map(lambda e: e * normal(g), r), x)

    f, plain = (program(gt.random.Generator.from_seed(3)) for _ in range(2))
    f, x = gt.function(f), gt.ones((4, 2), gt.float64)
    for _ in range(3):
        np.testing.assert_array_equal(f(x), plain(x))


def test_a_saved_branch_draws(tmp_path):
    g = gt.random.Generator.from_seed(9)
    f = lambda x: branch(x, g)
    gt.save_function(tmp_path / "branch", f, POINTS[0])
    loaded = gt.load_function(tmp_path / "branch")  # with the generator as it is now
    for x in POINTS:
        np.testing.assert_allclose(loaded(x), f(x), rtol=1e-12)
    again = gt.function(lambda x: loaded(x))
    for x in POINTS:
        np.testing.assert_allclose(again(x), f(x), rtol=1e-12)
