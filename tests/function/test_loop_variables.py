"""Variables assigned to in the turns of loops, and read behind assignments, against the program run by Python."""

import numpy as np
import pytest
from random_programs import UNARY

import gradtape as gt
from gradtape.core.loop import Loop

BACKENDS = ["reference", "llvm"]
X = np.array([0.5, 0.7])
XS = np.random.default_rng(0).normal(size=9)


@pytest.fixture(params=BACKENDS)
def record(request):
    return lambda function: gt.function(function, backend=request.param)


class Program:
    """A loop whose turns change a vector and a count, read before, in and behind it."""

    def __init__(self, loop):
        self.loop = loop
        self.v = gt.Variable([0.3, -0.2], dtype=gt.float64)
        self.count = gt.Variable(0)

    def turn(self, h, e):
        before = self.v * h
        self.v.assign(self.v * 0.9 + 0.1 * gt.sin(h) * e)
        self.count.assign_add(1)
        return gt.tanh(before + self.v * self.v + e)

    def __call__(self, x, xs):
        first = self.v * x
        h = self.loop(self.turn, first, x, xs, self.v)
        return gt.reduce_sum(first * h + self.v * self.v * h)


def scan(turn, h, x, xs, v):
    return gt.reduce_sum(gt.scan(turn, xs, x, reverse=True), 0)


def fold(turn, h, x, xs, v):
    return gt.foldl(turn, xs, h) * v


def each(turn, h, x, xs, v):
    return gt.reduce_sum(gt.map_fn(lambda e: gt.reduce_sum(turn(x, e)), xs)) * h


def whiles(turn, h, x, xs, v):
    step = lambda i, h: (i + 1, turn(h, xs[1]))
    return gt.while_loop(lambda i, h: (i < 10) & (v[0] > -9.0), step, (gt.constant(0), x))[1]


def nested(turn, h, x, xs, v):
    return gt.foldl(lambda h, e: gt.foldl(turn, xs * e, h) * v, xs, x)


def choosing(turn, h, x, xs, v):
    return gt.foldl(lambda h, e: gt.cond(e > 0, lambda: turn(h, e), lambda: gt.sin(h * v)), xs, x)


LOOPS = [scan, fold, each, whiles, nested, choosing]


def second(f):
    """The value, the gradients, and gradients of these, in the arguments and in the variable."""

    def run(x, xs):
        with gt.GradientTape() as outer:
            outer.watch([x, xs])
            with gt.GradientTape() as inner:
                inner.watch([x, xs])
                y = f(x, xs)
            g = inner.gradient(y, [x, xs, f.v])
            s = gt.reduce_sum(g[0] * gt.cos(x)) + gt.reduce_sum(g[1] ** 2) + gt.reduce_sum(g[2] * f.v)
        return [y, *g, *outer.gradient(s, [x, xs, f.v])]

    return run


def forward(f):
    def run(x, xs):
        tangents = [gt.cos(x), gt.sin(xs), gt.ones(2, gt.float64)]
        with gt.autodiff.ForwardAccumulator([x, xs, f.v], tangents) as accumulator:
            y = f(x, xs)
        return [y, accumulator.jvp(y)]

    return run


def series(f):
    curve = lambda xs: lambda s: f(gt.constant(X) * (1 + s), xs)
    return lambda x, xs: gt.taylor(curve(xs), [gt.constant(0.0, gt.float64)], [[1.0]], 3)[1]


def run(f, program):
    """What three calls give, and leave in the variables."""
    found = []
    for scale in (1.0, 1.1, 0.8):
        found += gt.nest.flatten(f(gt.constant(X * scale), gt.constant(XS)))
        found += [program.v.numpy(), program.count.numpy()]
    return [np.asarray(y) for y in found]


def agree(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def loops(f):
    return [op for op in f.graph().operations if isinstance(op.params.get("loop"), Loop)]


CASES = [(loop, mode) for mode in (second, forward) for loop in LOOPS]
IN_TURN = [(*case, BACKENDS[k % 2]) for k, case in enumerate(CASES)] + [(choosing, second, "llvm")]


@pytest.mark.parametrize(
    ("loop", "mode", "backend"), IN_TURN, ids=lambda p: p if isinstance(p, str) else p.__name__
)
def test_it_gives_what_the_plain_program_gives_and_is_one_loop(loop, mode, backend):
    plain, inside = Program(loop), Program(loop)
    expected = run(mode(plain), plain)
    f = gt.function(mode(inside), backend=backend)
    agree(run(f, inside), expected)
    assert loops(f)
    assert f.stats()["recorded"] < 140
    assert f.stats()["roads"] == 1
    assert not f.stats().get("calls")


@pytest.mark.parametrize("mode", [second, forward], ids=lambda p: p.__name__)
def test_derivatives_of_the_recorded_program(record, mode):
    plain, outside = Program(fold), Program(fold)
    f = record(outside)
    f.v = outside.v
    agree(run(mode(f), outside), run(mode(plain), plain))


def test_taylor_series(record):
    plain, inside = Program(fold), Program(fold)
    agree(run(record(series(inside)), inside), run(series(plain), plain))


def test_no_derivative_reaches_what_was_assigned_but_every_read_counts(record):
    v = gt.Variable(1.0)

    def f(x):
        first = v * x
        v.assign(2.0 * x)
        return first + v * x

    for g in (f, record(f)):
        for _ in range(2):
            v.assign(1.0)
            x = gt.constant(3.0)
            with gt.GradientTape() as tape:
                tape.watch(x)
                y = g(x)
            assert [float(d) for d in (y, *tape.gradient(y, [x, v]))] == [21.0, 7.0, 6.0]


def test_examples_of_a_batch_share_the_variable(record):
    v = gt.Variable(1.0, dtype=gt.float64)
    rows = gt.constant(np.random.default_rng(0).normal(size=(4, 2)))

    def one(r):
        def turn(h, k):
            v.assign_add(0.1 * k)
            return h * v + gt.sin(r)

        return gt.reduce_sum(gt.foldl(turn, gt.range(9.0, dtype="float64"), r))

    f = record(lambda rows: gt.vectorized_map(one, rows, fallback_to_while_loop=False))
    steps = 1 + 0.1 * np.cumsum(np.arange(9.0))
    for _ in range(2):
        v.assign(1.0)
        expected = rows.numpy()
        for step in steps:
            expected = expected * step + np.sin(rows.numpy())
        np.testing.assert_allclose(f(rows), expected.sum(axis=1), rtol=1e-12)
        assert float(v) == pytest.approx(4.6)
    assert loops(f)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_training_is_one_loop(record, name):
    rng = np.random.default_rng(0)
    x = gt.constant(rng.normal(size=(16, 3)))
    y = gt.constant(x.numpy() @ [1.0, 2.0, 3.0] + 0.5)

    def trained(wrap):
        w, b = gt.Variable(np.zeros(3)), gt.Variable(0.0, dtype=gt.float64)
        rate = gt.optimizers.schedules.ExponentialDecay(0.05, 10, 0.9)
        optimiser = getattr(gt.optimizers, name)(rate)
        optimiser.build([w, b])

        def step(_, rows):
            with gt.GradientTape() as tape:
                loss = gt.reduce_mean((gt.linalg.matvec(x, w) + b - y) ** 2)
            optimiser.apply_gradients(zip(tape.gradient(loss, [w, b]), [w, b], strict=True))
            return loss

        f = wrap(lambda: gt.foldl(step, gt.range(30), gt.constant(0.0, gt.float64)))
        losses = [float(f()) for _ in range(3)]
        return [*losses, *w.numpy(), float(b), int(optimiser.iterations)], f

    found, f = trained(record)
    np.testing.assert_allclose(found, trained(lambda f: f)[0], rtol=1e-9)
    assert f.stats()["recorded"] < 20
    assert len(loops(f)) == 1


@pytest.mark.parametrize("seed", range(4))
def test_random_turns(record, seed):
    """Reads and assignments in random order, some behind one another, some in a branch."""

    def program():
        u, v = gt.Variable(0.4, dtype=gt.float64), gt.Variable(X)

        def turn(h, e):
            rng = np.random.default_rng(seed)
            values = [h, e, u * e]
            for _ in range(8):
                a, b = (values[i] for i in rng.integers(len(values), size=2))
                kind = rng.integers(4)
                if kind == 0:
                    u.assign(gt.tanh(gt.reduce_mean(a) + u * 0.5))
                elif kind == 1:
                    v.assign_add(0.1 * gt.sin(a) * gt.ones_like(v))
                elif kind == 2:
                    values.append(
                        gt.cond(
                            gt.reduce_sum(a) > 0, lambda b=b: v.assign_sub(0.1 * b * v) * u, lambda: v * 1.0
                        )
                    )
                else:
                    values.append(UNARY[rng.integers(len(UNARY))](a * u + b * v))
            return gt.tanh(gt.add_n([x * gt.ones(2, gt.float64) for x in values]))

        def run(x, xs):
            with gt.GradientTape() as tape:
                tape.watch([x, xs])
                y = gt.reduce_sum(gt.foldl(turn, xs, x) * u * v)
            return [y, *tape.gradient(y, [x, xs, u, v], unconnected_gradients="zero")]

        run.v, run.count = v, u
        return run

    plain, recorded = program(), program()
    f = record(recorded)
    agree(run(f, recorded), run(plain, plain))
    assert loops(f)
    assert f.stats()["roads"] == 1


def test_what_a_loop_cannot_carry_stays_turn_by_turn(record):
    grown = gt.Variable([1.0], shape=(None,))
    kept = []

    def grows(x):
        def turn(h, e):
            grown.assign(gt.concat([grown, [e]], 0))
            return h + gt.reduce_sum(grown)

        return gt.foldl(turn, gt.range(8.0), x)

    def makes(x):
        def turn(h, e):
            if not kept:
                kept.append(gt.Variable(2.0))
            kept[0].assign_add(e)
            return h + kept[0]

        return gt.foldl(turn, gt.range(9.0), x)

    f, g = record(grows), record(makes)
    for _ in range(2):
        grown.assign([1.0])
        assert float(f(gt.constant(0.5))) == 0.5 + 8 * 1 + sum((8 - k) * k for k in range(8))
        assert grown.shape == (9,)
    total = 0.0
    for _ in range(3):
        expected = 1.0
        state = total + 2.0
        for e in range(9):
            state += e
            expected += state
        total = state - 2.0
        assert float(g(gt.constant(1.0))) == expected
    assert loops(g)  # in the calls behind the first, which makes the variable
