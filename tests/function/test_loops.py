"""Loops inside `gt.function`: one operation whose turns are written once, right in every mode, on both backends."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.backends.llvm import entries, plan
from gradtape.core.loop import Loop
from gradtape.loops import stretches

BACKENDS = ["reference", "llvm"]
N = 12
RNG = np.random.default_rng(3)
WEIGHTS = RNG.standard_normal((3, 3)) * 0.4
XS = RNG.standard_normal((N, 3))


@pytest.fixture(params=BACKENDS)
def record(request):
    return lambda function, **settings: gt.function(function, backend=request.param, **settings)


def loops(f):
    """The loops in the graph of a function, inner ones included."""

    def inside(graph):
        found = [op.params["loop"] for op in graph.operations if isinstance(op.params.get("loop"), Loop)]
        return found + [inner for loop in found for inner in inside(loop.body)]

    return inside(f.graph())


def recurrent(w, xs):
    """A recurrent net over vectors; a product, an elementwise function and a sum in each turn."""
    h = gt.scan(lambda h, x: gt.tanh(gt.linalg.matvec(w, h) + x), xs, gt.zeros(3, gt.float64))
    return gt.reduce_sum(h * h)


def numbers(w, xs):
    """A state of two numbers, one of which is not used behind, and captured ones."""
    a, b = w[0, 0], w[1, 2]

    def turn(state, x):
        p, q = state
        return p + 0.1 * gt.sin(a * q + x[0]), q * gt.exp(-0.1 * b * p)

    return gt.foldl(turn, xs, (w[0, 1], w[2, 2]))[0]


def backwards(w, xs):
    """From the last entry to the first, with no start of its own."""
    return gt.reduce_sum(gt.scan(lambda h, x: h * w[0] + gt.cos(x), xs, reverse=True)[1:4] ** 2)


def mapped(w, xs):
    """No state: every turn on its own."""
    return gt.reduce_sum(gt.map_fn(lambda x: gt.exp(0.1 * gt.linalg.matvec(w, x)) * w[0], xs) ** 2)


def nested(w, xs):
    """A loop in every turn of a loop."""

    def turn(h, x):
        return gt.foldr(lambda a, row: gt.tanh(a + row * x[0]), gt.tile(w, [3, 1]), h)

    return gt.reduce_sum(gt.foldl(turn, xs, w[0]) ** 3)


def with_tape(w, xs):
    """A derivative in every turn."""

    def turn(h, x):
        with gt.GradientTape() as tape:
            tape.watch(h)
            energy = gt.reduce_sum(gt.sin(gt.linalg.matvec(w, h)) * x)
        return h - 0.1 * tape.gradient(energy, h)

    return gt.reduce_sum(gt.foldl(turn, xs, w[0]) ** 2)


def doubling(w, xs):
    """A loop whose count depends on values."""
    s = gt.while_loop(
        lambda s, k: gt.reduce_sum(s * s) < 500.0,
        lambda s, k: (s * 1.2 + 0.1 * gt.sin(gt.linalg.matvec(w, s)), k + 1),
        (w[0] + xs[0], gt.constant(0)),
    )
    return gt.reduce_sum(s[0]) / (1.0 + gt.cast(s[1], gt.float64))


PROGRAMS = [recurrent, numbers, backwards, mapped, nested, with_tape, doubling]


def gradient(f):
    def run(w, xs):
        with gt.GradientTape() as tape:
            tape.watch([w, xs])
            y = f(w, xs)
        return tape.gradient(y, [w, xs], unconnected_gradients="zero")

    return run


def tangent(f):
    def run(w, xs):
        with gt.autodiff.ForwardAccumulator([w, xs], [gt.cos(w), gt.sin(xs)]) as accumulator:
            y = f(w, xs)
        return accumulator.jvp(y)

    return run


def reverse_over_reverse(f):
    def run(w, xs):
        with gt.GradientTape() as tape:
            tape.watch([w, xs])
            first = gradient(f)(w, xs)
            y = gt.reduce_sum(first[0] * gt.cos(w)) + gt.reduce_sum(first[1] ** 2)
        return tape.gradient(y, [w, xs])

    return run


def forward_over_reverse(f):
    return lambda w, xs: tangent(lambda *z: gradient(f)(*z)[0])(w, xs)


def reverse_over_forward(f):
    return gradient(tangent(f))


MODES = {
    "value": lambda f: f,
    "reverse": gradient,
    "forward": tangent,
    "reverse-reverse": reverse_over_reverse,
    "forward-reverse": forward_over_reverse,
    "reverse-forward": reverse_over_forward,
}


def arrays(result):
    return [np.asarray(y) for y in gt.nest.flatten(result)]


def agree(found, expected, rtol=1e-9, atol=1e-11):
    for a, b in zip(arrays(found), arrays(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def tensors():
    return gt.constant(WEIGHTS), gt.constant(XS)


FIRST = [(program, mode) for mode in ("value", "reverse", "forward") for program in PROGRAMS]
SECOND = [
    (nested, "reverse-forward"),
    (numbers, "reverse-reverse"),
    (doubling, "reverse-reverse"),
    (recurrent, "forward-reverse"),
]


def backends_in_turn(cases):
    """Every case on one of the backends, its neighbour on the other."""
    return [(*case, BACKENDS[k % 2]) for k, case in enumerate(cases)]


@pytest.mark.parametrize(
    ("program", "name", "backend"),
    backends_in_turn(FIRST) + backends_in_turn(SECOND),
    ids=lambda part: part if isinstance(part, str) else part.__name__,
)
def test_inside_and_outside_it_gives_what_the_plain_program_gives(program, name, backend):
    w, xs = tensors()
    mode = MODES[name]
    expected = mode(program)(w, xs)
    whole, part = gt.function(mode(program), backend=backend), gt.function(program, backend=backend)
    for _ in range(2):
        agree(whole(w, xs), expected)
        agree(mode(part)(w, xs), expected)
    found = loops(part)
    assert found
    assert all(loop.turns >= 9 for loop in found)
    scaled = w * 0.9, xs + 0.05
    agree(whole(*scaled), mode(program)(*scaled))


@pytest.mark.parametrize("program", [recurrent, numbers, doubling, nested], ids=lambda p: p.__name__)
@pytest.mark.parametrize("largest", ["in memory", "turn by turn"])
def test_bodies_too_large_for_registers(monkeypatch, program, largest):
    monkeypatch.setattr(entries, "LARGEST", 0)
    if largest == "turn by turn":
        monkeypatch.setattr(plan, "speaks", lambda *_: False)
    w, xs = tensors()
    f = gt.function(gradient(program), backend="llvm")
    for scale in (1.0, 1.0, 0.9):
        agree(f(w * scale, xs), gradient(program)(w * scale, xs))


@pytest.mark.parametrize("program", [numbers, doubling], ids=lambda p: p.__name__)
def test_series_along_a_curve(record, program):
    w, xs = tensors()

    def series(w, xs):
        curve = lambda s: program(w + s * gt.cos(w), xs)  # a formula
        return gt.taylor(curve, [gt.constant(0.0, gt.float64)], [[1.0]], 3)[1]

    expected = series(w, xs)
    f = record(series)
    for _ in range(2):
        agree(f(w, xs), expected)


def test_all_examples_of_a_batch_at_once(record):
    w, xs = tensors()
    starts = gt.constant(RNG.standard_normal((5, 3)))

    def batch(w, xs, starts):
        def one(h):
            last = gt.foldl(lambda h, x: gt.tanh(gt.linalg.matvec(w, h) + x), xs, h)
            with gt.GradientTape() as tape:
                tape.watch(h)
                y = gt.foldl(lambda a, x: a * gt.sin(x) + h, xs, h)
            return last, tape.gradient(y, h)

        return gt.vectorized_map(one, starts)

    f = record(batch)
    for _ in range(2):
        agree(f(w, xs, starts), batch(w, xs, starts))
    assert all(len(op.outputs) for op in f.graph().operations)
    assert loops(f)


def test_jacobians_through_loops(record):
    w, xs = tensors()

    def whole(w, xs):
        with gt.GradientTape() as tape:
            tape.watch(xs)
            h = gt.scan(lambda h, x: gt.tanh(gt.linalg.matvec(w, h) + x), xs, w[0])
        return tape.jacobian(h, xs)

    f = record(whole)
    for _ in range(2):
        agree(f(w, xs), whole(w, xs))


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9])
def test_few_turns_and_none(record, count):
    w, xs = gt.constant(WEIGHTS), gt.constant(np.concatenate([XS, XS])[:count])

    def both(w, xs):
        with gt.GradientTape() as tape:
            tape.watch(w)
            h, k = gt.scan(lambda s, x: (s[0] * w[0] + x, s[1] + 1), xs, (w[1], gt.constant(5)))
            last = gt.foldl(lambda a, x: a * x + w[2], xs, w[0])
            y = gt.reduce_sum(h) + gt.reduce_sum(last**2)
        return tape.gradient(y, w), h, k

    f = record(both)
    for _ in range(2):
        agree(f(w, xs), both(w, xs))


def test_the_graph_does_not_grow_with_the_turns(record):
    def f(n):
        run = record(lambda x: gt.foldl(lambda a, t: a + 0.01 * gt.sin(a + t), gt.zeros(n), x))
        x = gt.constant(0.5)
        run(x)
        expected = np.float32(0.5)
        for _ in range(n):
            expected = expected + np.float32(0.01) * np.sin(expected)
        np.testing.assert_allclose(run(x).numpy(), expected, rtol=1e-5)
        return len(run.graph())

    assert f(3000) == f(30)


def test_what_no_turn_shares_stays_turn_by_turn(record):
    x = gt.constant(np.linspace(0.1, 0.9, 10))
    steps = []

    def guarded(x):
        return gt.foldl(lambda a, t: a + t if a < 1.0 else a * t, x, gt.constant(0.0, gt.float64))

    def growing(x):
        return gt.foldl(lambda a, t: gt.concat([a, [t]], 0), x, gt.zeros(0, gt.float64))

    def counted(x):
        steps.clear()
        return gt.map_fn(lambda t: (steps.append(1), t * len(steps))[1], x)

    for program in (guarded, growing, counted):
        f = record(program)
        expected = program(x)
        for _ in range(2):
            agree(f(x), expected)
        assert not loops(f)


def test_a_rule_of_its_own_in_a_turn(record):
    @gt.custom_gradient
    def doubled(x):
        return x * 1.0, lambda g: 2 * g

    x = gt.constant(np.ones(9))

    def program(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.foldl(lambda a, t: a + doubled(t), x, gt.constant(0.0, gt.float64))
        return tape.gradient(y, x)

    f = record(program)
    for _ in range(2):
        assert f(x).numpy().tolist() == [2.0] * 9


def test_random_draws_differ_from_turn_to_turn_as_in_the_plain_program(record):
    x = gt.constant(np.arange(9.0))

    def walk(generator):
        return lambda x: gt.scan(lambda a, t: a + t * generator.normal([]), x, gt.constant(0.0))

    f = record(walk(gt.random.Generator.from_seed(7)))
    plain = walk(gt.random.Generator.from_seed(7))
    for _ in range(3):
        agree(f(gt.cast(x, gt.float32)), plain(gt.cast(x, gt.float32)), rtol=1e-6)


def test_turns_that_draw_are_one_loop_with_the_numbers_of_the_plain_program(record):
    """Forwards, backwards, nested, of every sort of draw, and twice in a turn from one source."""
    steps, start = gt.constant(np.arange(10.0)), gt.constant([1.0, 2.0], dtype="float64")

    def kinds(x, g, other):
        def turn(h, k):
            low = other.truncated_normal((2,), dtype="float64")
            return 0.9 * h + k * g.normal((2,), dtype="float64") * low

        return gt.scan(turn, steps, x)

    def whole(x, g, other):
        return gt.map_fn(lambda k: gt.cast(g.uniform((2,), 0, 1000, dtype="int32"), "float64") * k * x, steps)

    def reverse(x, g, other):
        return gt.scan(lambda h, k: 0.5 * h + g.uniform((), dtype="float64") * k, steps, x, reverse=True)

    def inner(x, g, other):
        return gt.foldl(
            lambda h, k: gt.foldl(lambda a, b: a + b * g.normal(()), gt.range(8.0), h), steps[:9], x[0]
        )

    def twice(x, g, other):
        return gt.foldl(
            lambda h, k: h * g.normal((), dtype="float64") + g.normal((), dtype="float64"), steps, x
        )

    for f, count in ((kinds, 1), (whole, 1), (reverse, 1), (inner, 2), (twice, 1)):
        f = f if f is not inner else (lambda x, g, other: inner(gt.cast(x, "float32"), g, other))
        recorded, plain = ([gt.random.Generator.from_seed(s) for s in (7, 8)] for _ in range(2))
        again = record(lambda x, f=f, g=recorded: f(x, *g))
        for _ in range(3):
            np.testing.assert_allclose(again(start), f(start, *plain), rtol=1e-6)
        assert len(loops(again)) == count


def test_a_saved_loop_draws(tmp_path):
    g = gt.random.Generator.from_seed(9)
    walk = lambda x: gt.foldl(lambda h, k: h + k * g.normal((3,)), gt.range(20.0), x)
    x = gt.zeros(3)
    gt.save_function(tmp_path / "walk", walk, x)
    loaded = gt.load_function(tmp_path / "walk")  # with the generator as it is now
    for _ in range(2):
        np.testing.assert_allclose(loaded(x), walk(x), rtol=1e-6)


def test_variables_are_read_and_written_in_turns(record):
    def results(wrap):
        v, count = gt.Variable(0.5, dtype=gt.float64), gt.Variable(0.0, dtype=gt.float64)

        def turn(a, t):
            return gt.tanh(v * a + t)

        def counting(a, t):
            count.assign_add(t)
            return a + count

        @wrap
        def f(x):
            with gt.GradientTape() as tape:
                y = gt.foldl(turn, x, gt.constant(0.1, gt.float64))
            return tape.gradient(y, v), gt.foldl(counting, x, gt.constant(0.0, gt.float64))

        found = []
        for k in range(3):
            found.append(f(gt.constant(XS[:, k])))
            v.assign_add(0.25)
        return [*found, gt.constant(count.numpy())]

    agree(results(record), results(lambda f: f))


def test_a_tensor_of_a_turn_cannot_be_used_outside(record):
    def program(x):
        seen = []
        gt.foldl(lambda a, t: (seen.append(a * t), a + t)[1], x, gt.constant(0.0, gt.float64))
        return seen[0] + 1

    with pytest.raises(gt.errors.RecordingError, match=r"test_loops.py:\d+.*made in a turn of a loop"):
        record(program)(gt.constant(np.ones(9)))


def test_absent_entries_stay_absent_from_turn_to_turn(record):
    """The root's derivative at zero is infinite, and what does not matter must not meet it."""
    x = gt.constant(np.zeros(9))

    def program(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            p, _ = gt.foldl(
                lambda s, t: (s[0] + gt.where(t > 1.0, gt.sqrt(t), 2 * t), gt.sqrt(s[1] * t)),
                x,
                (gt.constant(1.0, gt.float64), gt.constant(0.0, gt.float64)),
            )
        return tape.gradient(p, x)

    f = record(program)
    for _ in range(2):
        assert f(x).numpy().tolist() == program(x).numpy().tolist() == [2.0] * 9


def newton(a):
    """The root by a loop that ends when it is good enough: an oracle of its own, `np.sqrt`."""
    return gt.while_loop(
        lambda x: gt.abs(x * x - a) > 1e-13 * a, lambda x: ((x + a / x) / 2,), (a,), maximum_iterations=100
    )[0]


def test_a_loop_that_ends_by_its_values_is_one_road(record):
    def slopes(a):
        with gt.GradientTape() as outer:
            outer.watch(a)
            with gt.GradientTape() as inner:
                inner.watch(a)
                y = newton(a)
            first = inner.gradient(y, a)
        return y, first, outer.gradient(first, a)

    f = record(slopes)
    for a in (1e6, 2.0, 1.0 + 1e-15, 3.0, 1e9, 0.5):
        y, first, second = (float(part) for part in f(gt.constant(a, gt.float64)))
        np.testing.assert_allclose(y, np.sqrt(a), rtol=1e-12)
        if abs(a - 1) > 1e-9:  # with no turn at all the root is `a` itself
            np.testing.assert_allclose(first, 0.5 / np.sqrt(a), rtol=1e-6)
            np.testing.assert_allclose(second, -0.25 * a**-1.5, rtol=1e-4)
    assert f.stats()["roads"] == 1


def test_a_loop_longer_than_any_before_is_recorded_anew(record):
    def halvings(x):
        return gt.while_loop(lambda x, n: x > 1.0, lambda x, n: (x / 2, n + 1), (x, gt.constant(0)))[1]

    f = record(halvings)
    for exponent in (3, 5, 40, 2, 0, 33, 100):
        assert int(f(gt.constant(2.0**exponent, gt.float64))) == exponent
    assert f.stats()["roads"] < 5


def test_examples_of_a_batch_end_their_loops_apart(record):
    a = gt.constant([2.0, 1e6, 9.0], gt.float64)
    f = record(lambda a: gt.map_fn(newton, a))
    for _ in range(2):
        np.testing.assert_allclose(f(a).numpy(), np.sqrt(a.numpy()), rtol=1e-12)


def test_the_orbit_of_two_species_against_scipy(record):
    """Four parameters and two starts; the derivative by SciPy's solver on moved parameters."""
    from scipy.integrate import solve_ivp

    start = np.array([1.5, 1.0, 1.0, 3.0, 1.0, 1.2])
    h, n = 0.01, 200

    def flow(p, y):
        return p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - p[3] * y[1]

    def step(p, y):
        k1 = flow(p, y)
        k2 = flow(p, [a + h / 2 * k for a, k in zip(y, k1, strict=True)])
        k3 = flow(p, [a + h / 2 * k for a, k in zip(y, k2, strict=True)])
        k4 = flow(p, [a + h * k for a, k in zip(y, k3, strict=True)])
        stages = zip(y, k1, k2, k3, k4, strict=True)
        return tuple(a + h / 6 * (b + 2 * c + 2 * d + e) for a, b, c, d, e in stages)

    @record
    def gradient(z):
        with gt.GradientTape() as tape:
            tape.watch(z)
            y = gt.scan(lambda y, _: step(z, y), gt.zeros(n), (z[4], z[5]))
            loss = y[0][-1] ** 2 + y[1][-1] ** 2
        return tape.gradient(loss, z)

    def loss(z):
        found = solve_ivp(
            lambda _t, y: flow(z, y), (0, n * h), z[4:], rtol=1e-11, atol=1e-12, method="DOP853"
        )
        return (found.y[:, -1] ** 2).sum()

    expected = [(loss(start + 1e-5 * e) - loss(start - 1e-5 * e)) / 2e-5 for e in np.eye(6)]
    for _ in range(2):
        np.testing.assert_allclose(gradient(gt.constant(start)).numpy(), expected, rtol=1e-5)
    assert len(loops(gradient)) == 2


def test_products_of_all_turns_at_once(record):
    """A recurrent net over a batch: its weights' derivatives are two products, and its inputs are seen by one."""
    rng = np.random.default_rng(5)
    xs, w, u = (gt.constant(rng.standard_normal(s) * 0.2) for s in ((N, 32, 40), (40, 40), (40, 40)))

    def slopes(xs, w, u):
        with gt.GradientTape() as tape:
            tape.watch([xs, w, u])
            h = gt.foldl(lambda h, x: gt.tanh(x @ w + h @ u), xs, gt.zeros((32, 40), gt.float64))
            loss = gt.reduce_sum(h**3)
        return tape.gradient(loss, [xs, w, u])

    f = record(slopes)
    for scale in (1.0, 1.0, 0.8):
        agree(f(xs, w * scale, u), slopes(xs, w * scale, u))
    products = [sum(op.primitive.name == "matmul" for op in loop.body.operations) for loop in loops(f)]
    assert products == [
        1,
        1,
    ]  # forth h u, back g u'; the input's g w' is one product as well, behind the loop
    assert sum(op.primitive.name == "matmul" for op in f.graph().operations) == 4
    # xs w before the first loop; behind the second xs' g, h' g and g w'; what h u was, the first loop has stacked.


@pytest.mark.parametrize("program", [recurrent, backwards, mapped, numbers], ids=lambda p: p.__name__)
@pytest.mark.parametrize("count", [9, 11, 12])
def test_long_loops_keep_the_states_of_one_stretch(monkeypatch, program, count):
    monkeypatch.setattr(stretches, "LARGEST", 0)
    w, xs = gt.constant(WEIGHTS), gt.constant(XS[:count])
    f = gt.function(gradient(program), backend=BACKENDS[count % 2])
    for _ in range(2):
        agree(f(w, xs), gradient(program)(w, xs))
    turns = [loop.turns for loop in loops(f)]
    assert (max(turns) <= 4) == (program is not mapped)  # no state, nothing to keep


def test_the_second_derivative_of_a_loop_of_stretches(monkeypatch):
    monkeypatch.setattr(stretches, "LARGEST", 0)
    w, xs = tensors()
    f = gt.function(reverse_over_reverse(recurrent), backend="llvm")
    for _ in range(2):
        agree(f(w, xs), reverse_over_reverse(recurrent)(w, xs))


@pytest.mark.parametrize("turns", [9, 60])
def test_an_error_in_a_turn_names_its_operation_and_line(record, turns):
    f = record(lambda x: gt.foldl(lambda a, t: gt.linalg.inv(a) + t, x, gt.eye(2, dtype=gt.float64)))
    good = np.stack([np.eye(2) * k for k in range(1, turns + 1)])
    expected = np.eye(2)
    for step in good:
        expected = np.linalg.inv(expected) + step
    for _ in range(2):
        np.testing.assert_allclose(f(good).numpy(), expected, rtol=1e-12)
    with pytest.raises(gt.errors.InvalidArgumentError, match=r"^inv\(float64\[2, 2\]\): Singular") as caught:
        f(np.stack([-np.eye(2)] * turns))
    assert any("test_loops.py" in note for note in caught.value.__notes__)
    np.testing.assert_allclose(f(good).numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("backend", ["reference", "llvm"])
def test_a_loop_that_counts_has_no_derivative(backend):
    """None of its tangents goes along: the loop of tangents would give nothing."""

    def counted(x):
        above = lambda n, t: n + gt.cast(gt.reduce_sum(x) > t, "int32")
        return gt.foldl(above, gt.range(9.0, dtype="float64"), gt.constant(0)), x * x

    f = gt.function(counted, backend=backend)
    x = gt.constant([1.0, 2.5], gt.float64)
    for _ in range(2):
        with gt.autodiff.ForwardAccumulator(x, gt.ones_like(x)) as accumulator:
            n, y = f(x)
        assert (int(n), accumulator.jvp(n)) == (4, None)
        np.testing.assert_array_equal(accumulator.jvp(y), 2.0 * x)
