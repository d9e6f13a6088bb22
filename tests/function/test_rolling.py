"""Python loops of many equal turns, found in a recording and rolled into loops that give what the program gives."""

import numpy as np
import pytest
from random_programs import loop_of

import gradtape as gt
from gradtape.backends import rolling
from gradtape.backends.periods import Stretch, stretches
from gradtape.core.loop import Loop

BACKENDS = ["reference", "llvm"]
N = 14
W = gt.constant(np.random.default_rng(1).standard_normal((2, 2)) * 0.3)
XS = gt.constant(np.random.default_rng(2).standard_normal((N, 2)))


@pytest.fixture(params=BACKENDS)
def record(request, monkeypatch):
    """The decorator on each backend; short loops are rolled too, so that programs may be small."""
    monkeypatch.setattr(rolling, "TURNS", 8)
    monkeypatch.setattr(rolling, "OPERATIONS", 20)
    return lambda function: gt.function(function, backend=request.param)


def loops(f):
    return [op.params["loop"] for op in f.graph().operations if isinstance(op.params.get("loop"), Loop)]


def gradient(f):
    def run(*x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.reduce_sum(f(*x))
        return tape.gradient(y, x)

    return run


def chain(w, xs):
    h = w[0]
    for _ in range(N):
        h = gt.sin(h) + 0.5 * gt.linalg.matvec(w, h)
    return h


def rows(w, xs):
    h = w[0]
    for i in range(N):
        h = gt.tanh(h * w[1] + xs[i])
    return h


def rows_backwards(w, xs):
    h = gt.constant(0.1, gt.float64)
    for i in reversed(range(1, N)):
        h = gt.tanh(h * w[1, 1] + xs[i, 0] * xs[i, 1]) - w[0, 0]
    return h


def two_steps(w, xs):
    """Each turn needs the two before: the explicit midpoint rule."""
    before, now = w[0], w[1]
    for _ in range(N):
        before, now = now, before + 0.1 * gt.cos(now)
    return now * before


def kept(w, xs):
    """All states are used outside, and some one by one."""
    h, states = w[0], []
    for _ in range(N):
        h = gt.sin(h) * 1.1 + w[1]
        states.append(h)
    return gt.reduce_sum(gt.stack(states) ** 2) + states[3] * states[11] + states[-1]


def numbered(w, xs):
    """A Python number that is another in each turn."""
    h = w[0, 0]
    for i in range(N):
        h = h + gt.exp(-h * (0.1 * i)) * w[1, 0]
    return h


def nested(w, xs):
    h = w[0]
    for _ in range(9):
        for _ in range(9):
            h = h + 0.01 * gt.sin(h * w[1])
        h = h * gt.cos(h)
    return h


def in_a_row(w, xs):
    h = chain(w, xs)
    for _ in range(N):
        h = gt.sqrt(1 + h * h) * w[1, 1]
    return h


def choosing(w, xs):
    """A choice in every turn, which turns answer differently."""
    h = w[0]
    for i in range(N):
        h = gt.cond(h[0] > xs[i, 1], lambda: gt.sin(h) * w[1], lambda: h + 0.3 * xs[i])  # noqa: B023
    return h


def folding(w, xs):
    """A loop that is one operation in every turn."""
    h = w[0]
    for _ in range(N):
        h = gt.foldl(lambda a, x: gt.tanh(a * w[1] + x), xs, h)
    return h


PROGRAMS = [chain, rows, rows_backwards, two_steps, kept, numbered, nested, in_a_row, choosing, folding]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_values_and_gradients_are_those_of_the_plain_program(record, program):
    def both(w, xs):
        found = gradient(lambda w: program(w, xs))(w)
        return program(w, xs), found[0]

    f, outside = record(both), record(program)
    for w in (W, W, W * 1.1):
        for found, expected in zip(f(w, XS), both(w, XS), strict=True):
            np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12, atol=1e-14)
        found = gradient(lambda w: outside(w, XS))(w)[0]
        np.testing.assert_allclose(found.numpy(), both(w, XS)[1].numpy(), rtol=1e-12, atol=1e-14)
    assert len(loops(f)) >= 2  # forth and back
    assert len(f.graph()) < (120 if program is nested else 80)
    assert not f.stats().get("calls")


def test_every_entry_has_a_gradient_too(record):
    """Towards the rows themselves the way back writes to another place in each turn."""
    f = record(gradient(rows))
    for _ in range(2):
        for found, expected in zip(f(W, XS), gradient(rows)(W, XS), strict=True):
            np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)


def test_second_derivatives_and_tangents(record):
    def second(w, xs):
        with gt.autodiff.ForwardAccumulator(w, gt.cos(w)) as accumulator:
            found = gradient(lambda w: chain(w, xs))(w)[0]
        return accumulator.jvp(found)

    f = record(second)
    for _ in range(2):
        np.testing.assert_allclose(f(W, XS).numpy(), second(W, XS).numpy(), rtol=1e-10)
    assert loops(f)


def test_choices_count_with_what_their_branches_do(monkeypatch):
    """Few operations beside a thousand in branches are rolled as well, and two loops written alike are one."""

    def run(x):
        for _ in range(70):
            x = gt.cond(x > 0.5, lambda: x * 0.9 - gt.sin(x) ** 3, lambda: gt.exp(x) * 0.7 + x**2)  # noqa: B023
        return x

    slope = gt.function(gt.grad(run), backend="llvm")
    for start in (0.3, 0.3, 1.4, -2.0):
        x = gt.constant(start, gt.float64)
        np.testing.assert_allclose(slope(x).numpy(), gt.grad(run)(x).numpy(), rtol=1e-9)
    assert len(loops(slope)) >= 2
    assert len(slope.graph()) < 120


def test_training_with_a_variable_draws_and_a_guard(record):
    def trained(wrap):
        v, generator = gt.Variable([0.5, -0.5], dtype=gt.float64), gt.random.Generator.from_seed(3)

        @wrap
        def steps(x):
            for _ in range(N):
                noise = gt.cast(generator.normal([2]), gt.float64)
                with gt.GradientTape() as tape:
                    loss = gt.reduce_sum(gt.sin(v * x) ** 2 + 0.1 * noise * v)
                v.assign_sub(0.05 * tape.gradient(loss, v))
            return v * (2 if loss > 0 else 1)

        return [steps(gt.constant([1.0, 2.0], gt.float64)).numpy() for _ in range(3)] + [v.numpy()]

    np.testing.assert_allclose(trained(record), trained(lambda f: f), rtol=1e-10)


def test_the_graph_does_not_grow_with_the_turns(record):
    def f(n):
        def run(x):
            for _ in range(n):
                x = gt.sin(x) + gt.cos(x * 0.5)
            return x

        recorded = record(run)
        x = gt.constant(0.3, gt.float64)
        recorded(x)
        expected = 0.3
        for _ in range(n):
            expected = np.sin(expected) + np.cos(expected * 0.5)
        np.testing.assert_allclose(recorded(x).numpy(), expected, rtol=1e-12)
        return len(recorded.graph())

    assert f(1500) == f(60)


def test_a_guard_in_every_turn_stays_a_guard(record):
    def collatz(x):
        for _ in range(N):
            x = x / 2 if x > 1.0 else x * 3.0 + 0.5
        return x

    f = record(collatz)
    for start in (5.0, 5.0, 7.0, 5.0):
        expected = start
        for _ in range(N):
            expected = expected / 2 if expected > 1 else expected * 3 + 0.5
        np.testing.assert_allclose(f(gt.constant(start, gt.float64)).numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("python", [False, True], ids=["scan", "python"])
@pytest.mark.parametrize("seed", range(3))
def test_random_turns(record, seed, python):
    program, inputs = loop_of(seed, N, python)
    f = record(program)
    given = [gt.constant(x) for x in inputs]
    for _ in range(2):
        for found, expected in zip(gt.nest.flatten(f(*given)), gt.nest.flatten(program(*given)), strict=True):
            np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-8, atol=1e-11)
    assert loops(f)


@pytest.mark.parametrize("before", [0, 7])
def test_stretches_are_found_by_their_shortest_period(before):
    head, turn = np.arange(100, 100 + before), np.array([1, 2, 1, 2, 3, 1, 2])
    marks = np.concatenate([head, np.tile(turn, 50), [200, 201]])
    assert list(stretches(marks, 32, 100)) == [Stretch(before, 7, 50)]
    assert list(stretches(marks, 51, 100)) == []
    assert list(stretches(np.arange(1000), 32, 100)) == []


def test_turns_that_nobody_uses_and_a_stack_of_one_entry(record):
    def unused(x):
        for k in range(40):
            gt.tanh(gt.sin(x * float(k)) * x)
        return 2.0 * x

    def twice(x):
        states = [x]
        for _ in range(30):
            states.append(gt.sin(states[-1]) * 0.9)
        return gt.stack([states[7], states[7]])

    for program in (unused, twice):
        f = record(program)
        for x in (gt.constant(0.3, gt.float64), gt.constant(-1.2, gt.float64)):
            np.testing.assert_allclose(f(x), program(x), rtol=1e-12)
