"""Binomial checkpointing: the schedule against its formula and dynamic programming, gradients against plain loops."""

import functools
import gc
import math
import weakref

import numpy as np
import pytest

import gradtape as gt
from gradtape.checkpoints import What, revolve


def formula(n, s):
    """Griewank and Walther's count of plain steps."""
    r = next(r for r in range(n + 1) if math.comb(s + r, s) >= n)
    return r * n - (math.comb(s + r, r - 1) if r else 0)


@functools.cache
def fewest(n, s):
    """The least number of plain steps, by trying every place for the next snapshot."""
    if n <= 1:
        return 0
    if s == 1:
        return n * (n - 1) // 2
    return min(k + fewest(n - k, s - 1) + fewest(k, s) for k in range(1, n))


def carried_out(n, s):
    """Follow the actions: how many plain steps, the most snapshots alive, the steps reversed."""
    now, kept, steps, most, reversed_ = 0, set(), 0, 0, []
    for action in revolve(n, s):
        if action.what is What.STORE:
            assert now == action.at
            kept.add(now)
            most = max(most, len(kept))
        elif action.what is What.RESTORE:
            assert action.at in kept
            now = action.at
        elif action.what is What.DROP:
            kept.remove(action.at)
        elif action.what is What.ADVANCE:
            assert now == action.at < action.to
            steps += action.to - action.at
            now = action.to
        else:
            assert now == action.at
            reversed_.append(now)
            now = None
    assert not kept
    return steps, most, reversed_


@pytest.mark.parametrize("s", range(1, 9))
def test_the_schedule_is_the_shortest_and_keeps_no_more(s):
    for n in range(1, 41):
        steps, most, order = carried_out(n, s)
        assert steps == formula(n, s) == fewest(n, s)
        assert most <= s
        assert order == list(range(n))[::-1]


def test_no_steps_no_actions():
    assert list(revolve(0, 3)) == []


def test_a_long_schedule_needs_no_deep_recursion():
    assert carried_out(20_000, 150)[0] == formula(20_000, 150)


def step(state, i, w):
    return {"x": gt.sin(state["x"] * w) + 0.1 * state["v"], "v": state["v"] * gt.cos(state["x"]) + 0.01 * i}


def plain(function, n, state, *args):
    for i in range(n):
        state = function(state, i, *args)
    return state


def start():
    return (
        {"x": gt.constant([0.3, -0.4], dtype="float64"), "v": gt.constant([1.0, 0.5], dtype="float64")},
        gt.constant([0.9, 1.2], dtype="float64"),
    )


def loss_of(state):
    return gt.reduce_sum(state["x"] ** 2 * state["v"])


@pytest.mark.parametrize(("n", "memory"), [(0, 1), (1, 1), (2, 1), (7, 2), (7, 7), (10, 3), (5, 50)])
def test_gradients_are_those_of_the_plain_loop(n, memory):
    found = []
    for run in (gt.checkpoint(step, n, memory=memory), lambda s, w, n=n: plain(step, n, s, w)):
        state, w = start()
        with gt.GradientTape(persistent=True) as tape:
            tape.watch([state, w])
            y = loss_of(run(state, w))
        for _ in range(2):  # the first walk back uses the snapshots of the first sweep, the second has none
            g = tape.gradient(y, [state["x"], state["v"], w], unconnected_gradients="zero")
            found.append([y.numpy(), *(part.numpy() for part in g)])
    for other in found[:2] + found[3:]:
        for a, b in zip(found[2], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15)


def test_every_step_runs_as_often_as_the_schedule_says():
    calls = 0

    def counted(state, i):
        nonlocal calls
        calls += 1
        return gt.sin(state)

    x = gt.constant(0.5)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.checkpoint(counted, 30, memory=4)(x)
    assert calls == 30
    tape.gradient(y, x)
    assert calls == formula(30, 4) + 1 + 30  # the final state, and each step recorded once


def test_variables_and_closed_over_tensors():
    v = gt.Variable([0.5, 0.7], dtype="float64")
    w = gt.constant([1.1, 0.8], dtype="float64")
    found = []
    for checked in (True, False):
        x = gt.constant([0.2, 0.3], dtype="float64")
        with gt.GradientTape() as tape:
            tape.watch([x, w])
            scaled = w * w
            function = lambda state, i, scaled=scaled: gt.tanh(state * v + scaled)
            y = gt.checkpoint(function, 9, memory=3)(x) if checked else plain(function, 9, x)
        found.append([g.numpy() for g in tape.gradient(y, [x, v, w])])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-13)


def cubed(state, i, w):
    return state + 0.1 * gt.sin(w * state)


def readings(run, x, w):
    """First, second and third derivatives in x and w, in several nestings of modes."""
    x, w = gt.constant(x, dtype="float64"), gt.constant(w, dtype="float64")
    one = gt.constant(1.0, dtype="float64")
    with gt.GradientTape(persistent=True) as third:
        third.watch([x, w])
        with gt.GradientTape(persistent=True) as second:
            second.watch([x, w])
            with gt.GradientTape() as first:
                first.watch([x, w])
                y = run(x, w)
            g = first.gradient(y, [x, w])
        h = [*second.gradient(g[0], [x, w]), *second.gradient(g[1], [x, w])]
    t = [third.gradient(part, x) for part in h]
    with gt.autodiff.ForwardAccumulator(x, one) as outer:
        with gt.GradientTape() as tape:
            tape.watch([x, w])
            y = run(x, w)
        over = [outer.jvp(part) for part in tape.gradient(y, [x, w])]
    with gt.GradientTape() as tape:
        tape.watch([x, w])
        with gt.autodiff.ForwardAccumulator(x, one) as inner:
            y = run(x, w)
        dy = inner.jvp(y)
    under = tape.gradient(dy, [x, w])
    with gt.autodiff.ForwardAccumulator(w, one) as outer, gt.autodiff.ForwardAccumulator(x, one) as inner:
        y = run(x, w)
        twice = outer.jvp(inner.jvp(y))
    return [part.numpy() for part in [y, *g, *h, *t, *over, *under, dy, twice]]


def test_higher_orders_in_every_nesting():
    checked = readings(gt.checkpoint(cubed, 8, memory=2), 0.7, 1.3)
    np.testing.assert_allclose(checked, readings(lambda x, w: plain(cubed, 8, x, w), 0.7, 1.3), rtol=1e-12)


def test_complex_states_to_second_order():
    def turned(s, i, w):
        return s * w + 0.1 * gt.exp(s * gt.math.conj(w))

    def derivatives(run):
        x, w = gt.constant([0.3 + 0.2j, 0.1 - 0.4j]), gt.constant([0.9 + 0.1j, 0.5 - 0.3j])
        with gt.GradientTape() as outer:
            outer.watch([x, w])
            with gt.GradientTape() as inner:
                inner.watch([x, w])
                y = gt.reduce_sum(gt.abs(run(x, w)) ** 2)
            g = inner.gradient(y, [x, w])
            size = gt.reduce_sum(gt.abs(g[0]) ** 2) + gt.reduce_sum(gt.abs(g[1] * (1 + 2j)) ** 2)
        return [part.numpy() for part in [*g, *outer.gradient(size, [x, w])]]

    found = derivatives(gt.checkpoint(turned, 5, memory=2))
    for a, b in zip(found, derivatives(lambda x, w: plain(turned, 5, x, w)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_counter_among_the_state_and_a_variable_as_the_state():
    def grown(state, i):
        return {"n": state["n"] + 1, "x": state["x"] * gt.cast(state["n"] + 2, "float64")}

    v = gt.Variable(0.5, dtype="float64")
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            y = gt.checkpoint(grown, 5, memory=2)({"n": gt.constant(0), "x": v * v})
        g = inner.gradient(y["x"], v)  # of 6! x^2
    assert (y["n"].numpy(), g.numpy(), outer.gradient(g, v).numpy()) == (5, 720.0, 1440.0)
    with gt.GradientTape() as tape:
        y = gt.checkpoint(lambda s, i: s * s, 3, memory=2)(v)
    assert tape.gradient(y, v).numpy() == 8 * 0.5**7


def test_a_batch_of_seeds():
    x = gt.constant([0.3, 0.6, 0.9], dtype="float64")
    found = []
    for run in (gt.checkpoint(cubed, 6, memory=2), lambda x, w: plain(cubed, 6, x, w)):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = run(x, gt.cumsum(x))
        found.append(tape.jacobian(y, x).numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-13)


def test_states_are_let_go_of():
    """Counted, not timed: live states never exceed the snapshots, the current state and the step at hand."""
    alive = most = 0

    def died():
        nonlocal alive
        alive -= 1

    def watched(state, i):
        nonlocal alive, most
        y = state * 1.01
        weakref.finalize(y, died)
        alive += 1
        most = max(most, alive)
        return y

    x = gt.constant(np.ones(3))
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.checkpoint(watched, 100, memory=5)(x)
        assert alive <= 6
        y = gt.reduce_sum(y)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), 1.01**100 * np.ones(3), rtol=1e-12)
    assert most <= 5 + 3
    del tape, y
    gc.collect()
    assert alive == 0


def test_a_hundred_thousand_steps():
    x = gt.constant(0.5, dtype="float64")
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.checkpoint(lambda state, i: state * 0.99999, 100_000, memory=500)(x)
    assert tape.gradient(y, x).numpy() == pytest.approx(0.99999**100_000, rel=1e-10)


def test_taylor_series_alone_and_around_a_tape():
    def series(run, inside):
        def slope(x):
            with gt.GradientTape() as tape:
                tape.watch(x)
                y = run(x, x * x)
            return tape.gradient(y, x)

        function = slope if inside else lambda x: run(x, x * x)
        _, found = gt.taylor(
            function, [gt.constant(0.7, dtype="float64")], [[gt.constant(1.0, dtype="float64")]], 3
        )
        return [c.numpy() for c in found]

    for inside in (False, True):
        expected = series(lambda x, w: plain(cubed, 4, x, w), inside)
        np.testing.assert_allclose(series(gt.checkpoint(cubed, 4, memory=2), inside), expected, rtol=1e-11)


@pytest.mark.parametrize("inner", ["tape", "accumulator"])
def test_second_order_keeps_no_more_states(inner):
    """The most results of a step alive at once does not grow with the loop."""

    def peak(n):
        alive = most = 0

        def died():
            nonlocal alive
            alive -= 1

        def watched(state, i):
            nonlocal alive, most
            y = gt.sin(state)
            weakref.finalize(y, died)
            alive += 1
            most = max(most, alive)
            return y

        run = gt.checkpoint(watched, n, memory=3)
        x, one = gt.constant(0.5, dtype="float64"), gt.constant(1.0, dtype="float64")
        with gt.GradientTape() as outer:
            outer.watch(x)
            if inner == "tape":
                with gt.GradientTape() as tape:
                    tape.watch(x)
                    y = run(x)
                g = tape.gradient(y, x)
            else:
                with gt.autodiff.ForwardAccumulator(x, one) as accumulator:
                    y = run(x)
                g = accumulator.jvp(y)
        assert np.isfinite(outer.gradient(g, x).numpy())
        return most

    assert peak(60) == peak(30) <= 16


@pytest.mark.parametrize("closed", [True, False])
def test_in_a_mapped_function_with_a_tape_inside(closed):
    x, w = gt.constant([0.3, 0.5, 0.9], dtype="float64"), gt.constant([1.0, 2.0, 3.0], dtype="float64")

    def gradients(checked):
        def one(both):
            s, w = both
            function = (lambda s, i: cubed(s, i, w)) if closed else cubed
            extra = () if closed else (w,)
            with gt.GradientTape() as tape:
                tape.watch([s, w])
                y = (gt.checkpoint(function, 6, memory=2) if checked else lambda *a: plain(function, 6, *a))(
                    s, *extra
                )
            return gt.stack(tape.gradient(y, [s, w]))

        return gt.vectorized_map(one, (x, w)).numpy()

    np.testing.assert_allclose(gradients(True), gradients(False), rtol=1e-13)


def test_a_recomputed_function_inside_a_function():
    recorded = gt.function(gt.recompute_grad(lambda x: gt.exp(gt.sin(x))))
    found = [recorded(gt.constant(x, dtype="float64")).numpy() for x in (0.3, 0.5)]
    np.testing.assert_allclose(found, np.exp(np.sin([0.3, 0.5])), rtol=1e-14)


def test_inside_a_function_and_alone():
    run = gt.function(lambda x, w: gt.checkpoint(cubed, 5, memory=2)(x, w))
    x, w = gt.constant(0.4, dtype="float64"), gt.constant(1.5, dtype="float64")
    run(x, w)
    x = gt.constant(0.8, dtype="float64")
    assert run(x, w).numpy() == pytest.approx(plain(cubed, 5, x, w).numpy())


@pytest.mark.parametrize(
    ("n", "memory", "error", "words"),
    [
        (-1, 2, ValueError, "n must be at least 0, not -1"),
        (3, 0, ValueError, "memory must be at least 1, not 0"),
        (2.5, 2, TypeError, "n must be an integer"),
        (3, True, TypeError, "memory must be an integer"),
    ],
)
def test_bad_numbers(n, memory, error, words):
    with pytest.raises(error, match=words):
        gt.checkpoint(lambda s, i: s, n, memory=memory)


@pytest.mark.parametrize("listened", [True, False])
@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda s, i: s if i < 1 else {"a": s["a"]}, "step 1 returned another structure"),
        (
            lambda s, i: {"a": s["a"], "b": s["b"][:1]},
            r"step 0 returned shape \(1,\) .* leaf 1 .* shape \(2,\)",
        ),
        (lambda s, i: {"a": gt.cast(s["a"], "float64"), "b": s["b"]}, "of float64 for leaf 0 .* float32"),
    ],
)
def test_steps_that_change_the_state(function, words, listened):
    state = {"a": gt.constant(1.0), "b": gt.constant([1.0, 2.0])}
    with gt.GradientTape(persistent=listened) as tape, pytest.raises(ValueError, match=words):
        tape.watch(state)
        gt.checkpoint(function, 3, memory=2)(state)
    with pytest.raises(ValueError, match=words):
        gt.checkpoint(function, 3, memory=2)(state)


def test_steps_that_could_not_run_again():
    v = gt.Variable(1.0)
    x = gt.constant(2.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(Exception, match="assigns to a variable"):
            gt.checkpoint(lambda s, i: s * v.assign(2.0).value(), 3, memory=2)(x)
        with pytest.raises(Exception, match="draws random numbers"):
            gt.checkpoint(lambda s, i: s * gt.random.normal(()), 3, memory=2)(x)


def test_a_variable_that_has_changed_is_told():
    v = gt.Variable(1.5)
    with gt.GradientTape() as tape:
        y = gt.checkpoint(lambda s, i: s * v, 3, memory=2)(gt.constant(2.0))
    v.assign(3.0)
    with pytest.raises(ValueError, match="has another value now"):
        tape.gradient(y, v)
