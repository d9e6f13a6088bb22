"""Generators that a recorded function makes, or whose state it reads and sets: all numbers are the plain program's."""

import numpy as np
import pytest

import gradtape as gt

TURNS = gt.constant(np.arange(10.0))
POINTS = [gt.constant(x, gt.float64) for x in (0.5, -0.5, 0.7, 2.0, -3.0)]


def seeded(seed=8):
    return gt.random.Generator.from_seed(seed)


def normal(g):
    return g.normal((), dtype="float64")


def in_a_scan(x, _):
    k = seeded()
    return gt.scan(lambda a, t: a + normal(k) + t * normal(k), TURNS, x), normal(k)


def in_a_branch(x, _):
    k = seeded()
    return gt.cond(x > 0, lambda: x * normal(k), lambda: x), normal(k), k.state


def in_a_while_loop(x, _):
    k = seeded()
    y = gt.while_loop(lambda i, a: i < 10, lambda i, a: (i + 1, a + normal(k)), (gt.constant(0), x))[1]
    if x > 0:
        y = y + normal(k)
    return y, normal(k), gt.vectorized_map(lambda r: r + normal(k), x * gt.ones((3, 2), gt.float64))


def made_in_a_branch(x, g):
    def own():
        k = seeded()
        return gt.foldl(lambda a, t: a + normal(k) * normal(k), TURNS, x) + normal(k)

    return gt.cond(x > 0, own, lambda: x), normal(g)


def made_in_a_turn(x, g):
    def turn(a, t):
        k = seeded()
        return a + t * normal(k) * normal(k)

    return gt.foldl(turn, TURNS, x), normal(g)


def among_examples(x, _):
    k = seeded()
    fold = lambda r: r + gt.foldl(lambda a, t: a + normal(k) * normal(k), TURNS, r[0])
    return gt.vectorized_map(fold, x * gt.ones((3, 2), gt.float64)), normal(k)


def skipped_and_split(x, _):
    k = seeded()
    k.skip(3)
    first, second = k.split(2)
    y = gt.foldl(lambda a, t: a + normal(first) * normal(second), TURNS, x)
    return y, normal(k), gt.cond(x > 0, lambda: normal(k), lambda: x)


def state_read_and_set(x, g):
    a, state = normal(g), g.state
    b = normal(g)
    g.reset(state)
    return a, b + x, normal(g), state


def started_anew(x, g):
    g.reset_from_seed(4)
    return gt.scan(lambda a, t: a + normal(g) * normal(g), TURNS, x), normal(g)


def started_anew_in_turns(x, g):
    def turn(a, t):
        first = normal(g)
        g.reset_from_seed(5)
        return a + first * normal(g)

    return gt.scan(turn, TURNS, x), normal(g)


def copied(x, g):
    k = gt.random.Generator(copy_from=g)
    other = gt.random.Generator.from_state(seeded().state)
    return gt.cond(x > 0, lambda: x * normal(k), lambda: x), normal(k), normal(g), k.state, normal(other)


PROGRAMS = [
    in_a_scan,
    in_a_branch,
    in_a_while_loop,
    made_in_a_branch,
    made_in_a_turn,
    among_examples,
    skipped_and_split,
    state_read_and_set,
    started_anew,
    started_anew_in_turns,
    copied,
]


@pytest.mark.parametrize("backend", ["reference", "llvm"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_every_call_is_that_of_the_plain_program(program, backend):
    plain, own = seeded(3), seeded(3)
    recorded = gt.function(lambda x: program(x, own), backend=backend)
    for x in POINTS:
        for found, expected in zip(recorded(x), program(x, plain), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12)
        np.testing.assert_array_equal(own.state, plain.state)
    assert recorded.stats()["roads"] <= 2


def test_a_generator_from_outside_cannot_skip():
    g = seeded()
    with pytest.raises(gt.errors.RecordingError, match=r"Generator\.skip .* changes something outside"):
        gt.function(lambda x: (g.skip(1), x)[1])(POINTS[0])
