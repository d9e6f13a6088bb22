"""Choices inside `gt.function`: `cond`, `case`, `switch_case` as operations, against the program that Python runs."""

import math

import numpy as np
import pytest

import gradtape as gt
from gradtape.backends.llvm import entries
from gradtape.core.loop import Loop

BACKENDS = ["reference", "llvm"]
RNG = np.random.default_rng(7)
POINTS = [RNG.standard_normal(3) for _ in range(6)]
W = RNG.standard_normal((3, 3))


@pytest.fixture(params=BACKENDS)
def record(request):
    return lambda function, **settings: gt.function(function, backend=request.param, **settings)


def simple(x, w):
    return gt.cond(x[0] > 0, lambda: gt.reduce_sum(gt.sin(x * w[0])), lambda: gt.reduce_sum(x**3 * w[1]))


def closed_over(x, w):
    """What the branches close over was computed before, and is used behind too."""
    h = gt.linalg.matvec(w, gt.tanh(x))
    a, b = gt.cond(gt.reduce_sum(h) > 0, lambda: (h * h, x), lambda: (gt.exp(h), h - x))
    return gt.reduce_sum(a * b * h)


def nested(x, w):
    def inner():
        return gt.cond(x[1] > x[2], lambda: x[1] ** 2 * w[0, 0], lambda: gt.exp(x[2]) * x[0])

    return gt.cond(x[0] > 0, inner, lambda: gt.cos(x[0] * x[1])) * x[2]


def several(x, w):
    return gt.case(
        [(x[0] > 0.8, lambda: x[0] ** 3), (x[0] > 0, lambda: gt.sin(x[1]) * w[0, 1])],
        default=lambda: gt.exp(x[2] * w[1, 1]),
    )


def numbered(x, w):
    index = gt.cast(gt.floor(x[0] + 1), "int32")
    branches = [lambda: x[0] * x[1] ** 2, lambda: gt.sin(x[0] * x[2]), lambda: gt.reduce_sum(w * x)]
    return gt.switch_case(index, branches, default=lambda: gt.exp(x[1]))


def turning(x, w):
    """A choice in every turn of a loop, which turns answer differently."""

    def turn(h, k):
        return gt.cond(
            gt.reduce_sum(h) * k > 0, lambda: h + 0.1 * gt.sin(gt.linalg.matvec(w, h)), lambda: h * x * 0.9
        )

    return gt.reduce_sum(gt.foldl(turn, gt.constant(np.cos(np.arange(9.0))), x) ** 2)


def looping(x, w):
    """A loop in a branch."""

    def steps():
        return gt.foldl(lambda h, k: h + 0.1 * k * gt.tanh(h * w[0]), gt.constant(np.arange(8.0)), x)

    return gt.reduce_sum(gt.cond(x[0] > 0, steps, lambda: x) ** 2)


def taped(x, w):
    """A derivative in a branch."""

    def slope():
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.reduce_sum(gt.sin(x) ** 2 * w[0])
        return tape.gradient(y, x)

    return gt.reduce_sum(gt.cond(x[0] > 0, slope, lambda: x**2) * x)


PROGRAMS = [simple, closed_over, nested, several, numbered, turning, looping, taped]


def derivatives(program, order):
    """The derivatives of a program, up to an order, along fixed directions, by nested tapes."""

    def directional(f, direction):
        def derivative(x, w):
            with gt.GradientTape() as tape:
                tape.watch([x, w])
                y = f(x, w)
            found = tape.gradient(y, [x, w], unconnected_gradients="zero")
            return gt.reduce_sum(found[0] * direction[0]) + gt.reduce_sum(found[1] * direction[1:])

        return derivative

    every = [program]
    for k in range(order):
        every.append(directional(every[-1], np.cos(np.arange(12.0).reshape(4, 3) + k)))
    return lambda x, w: [f(x, w) for f in every]


def run_by_python(f, *arguments):
    return [y.numpy() for y in f(*arguments)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_values_and_three_derivatives_are_those_of_the_program_run_by_python(program):
    three = derivatives(program, 3)
    recorded = gt.function(three, backend="reference")
    for point in POINTS:
        x, w = gt.constant(point), gt.constant(W)
        np.testing.assert_allclose(
            run_by_python(recorded, x, w), run_by_python(three, x, w), rtol=1e-9, atol=1e-12
        )
    assert (recorded.stats()["roads"], recorded.stats()["guards"]) == (1, 0)


@pytest.mark.parametrize("program", PROGRAMS)
def test_machine_code_does_the_same(program):
    one = derivatives(program, 1)
    recorded = gt.function(one, backend="llvm")
    for point in POINTS:
        x, w = gt.constant(point), gt.constant(W)
        np.testing.assert_allclose(
            run_by_python(recorded, x, w), run_by_python(one, x, w), rtol=1e-9, atol=1e-12
        )
    assert recorded.stats()["roads"] == 1


@pytest.mark.parametrize("program", [nested, turning, looping, taped])
def test_branches_that_are_too_large_for_registers(monkeypatch, program):
    monkeypatch.setattr(entries, "LARGEST", 0)
    test_machine_code_does_the_same(program)


def test_a_program_of_numbers_is_machine_code_from_end_to_end():
    def f(x, n):
        small = lambda: gt.case([(x > 0.5, lambda: x * x), (n > 2, lambda: gt.sin(x))], default=lambda: -x)
        return gt.cond(n > 0, small, lambda: gt.sqrt(x)), gt.switch_case(n, [lambda: n, lambda: n * n])

    recorded = gt.function(f)
    for x in (0.25, 1.0):
        for n in (0, 1, 2, 3):
            given = gt.constant(x), gt.constant(n)
            np.testing.assert_allclose(run_by_python(recorded, *given), run_by_python(f, *given), rtol=1e-6)
    assert recorded.stats()["roads"] == 1
    assert recorded.stats()["calls"] == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_derivatives_of_the_compiled_choice_in_both_modes(program):
    recorded = gt.function(program, backend="reference")
    for point in POINTS[:3]:
        x, w = gt.constant(point), gt.constant(W)
        dx, dw = gt.constant(np.cos(point)), gt.constant(np.sin(W))
        found = {}
        for f in (program, recorded):
            with gt.GradientTape() as tape:
                tape.watch([x, w])
                y = f(x, w)
            gradients = tape.gradient(y, [x, w], unconnected_gradients="zero")
            with gt.autodiff.ForwardAccumulator([x, w], [dx, dw]) as accumulator:
                y = f(x, w)
            found[f] = [*(g.numpy() for g in gradients), accumulator.jvp(y).numpy()]
        for mine, theirs in zip(found[recorded], found[program], strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)
    assert recorded.stats()["roads"] == 1


def test_taylor_series():
    """By hand: derivatives of sin t exp t and of t^4."""

    def u(t):
        return gt.cond(t > 0, lambda: gt.sin(t) * gt.exp(t), lambda: t**4)

    f = gt.function(lambda t: gt.partials(u, "t tt ttt")(t))
    s, c, e = math.sin(0.5), math.cos(0.5), math.exp(0.5)
    for t, expected in ((0.5, [e * (s + c), 2 * e * c, 2 * e * (c - s)]), (-0.7, [-1.372, 5.88, -16.8])):
        np.testing.assert_allclose(run_by_python(f, gt.constant(t, dtype="float64")), expected, rtol=1e-12)
    assert f.stats()["roads"] == 1


def test_gradients_in_a_column_through_a_choice(record):
    """The target is a sum over rows, of which one decides."""

    @record
    def slope(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.reduce_sum(gt.cond(x[0] > 0, lambda: gt.sin(x) * x, lambda: gt.exp(x)))
        return tape.gradient(y, x)

    for x in (np.linspace(0.5, 2.0, 40), np.linspace(-1.0, 2.0, 40)):
        expected = np.sin(x) + x * np.cos(x) if x[0] > 0 else np.exp(x)
        np.testing.assert_allclose(slope(gt.constant(x)), expected, rtol=1e-12)


def test_a_function_that_calls_itself_in_a_branch_ends(record):
    def factorial(n):
        return gt.cond(n <= 1.0, lambda: gt.constant(1.0), lambda: n * factorial(n - 1.0))

    f = record(factorial)
    assert [float(f(gt.constant(n))) for n in (3.0, 1.0, 4.0, 3.0)] == [6.0, 1.0, 24.0, 6.0]


# what is not taken


def test_what_is_not_taken_is_not_computed(record):
    calls = []
    counted = gt.register_primitive(
        f"counted_{id(record)}",
        value=lambda x: calls.append(1) or x,
        partials=lambda _y, _x: gt.constant(1.0),
    )
    f = record(lambda x: gt.cond(x > 0, lambda: counted(x), lambda: -x))
    f(gt.constant(1.0))
    calls.clear()
    assert [float(f(gt.constant(v))) for v in (-1.0, -2.0, 3.0)] == [1.0, 2.0, 3.0]
    assert len(calls) == 1


def test_what_is_not_taken_poisons_no_derivative_in_either_mode(record):
    """The root of zero has an infinite derivative, of which nothing may be seen: before, in and behind a branch."""

    def before(x):
        root = gt.sqrt(x)
        return gt.cond(x > 0, lambda: root, lambda: 3.0 * x)

    def inside(x):
        return gt.cond(x > 0, lambda: gt.sqrt(x), lambda: 3.0 * x)

    def behind(x):
        return gt.sqrt(gt.cond(x > 1, lambda: x, lambda: gt.where(x > 1, x, 0.0))) + 3.0 * x

    for f in (before, inside, behind):
        reverse = record(gt.grad(f))
        forward = record(lambda x, f=f: gt.jvp(f, (x,), (gt.constant(1.0),))[1])
        for slope in (reverse, forward):
            slope(gt.constant(4.0))
            assert float(slope(gt.constant(0.0))) == 3.0
            assert slope.stats()["roads"] == 1


def test_a_loop_without_a_turn_poisons_no_derivative(record):
    """A loop that did no turn has not used what it closes over."""

    def f(x, n):
        root = gt.sqrt(x)
        return gt.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y + root), (gt.constant(0), x))[1]

    slope = record(gt.grad(f))
    assert float(slope(gt.constant(4.0), gt.constant(9))) == pytest.approx(1 + 9 * 0.25)
    assert float(slope(gt.constant(0.0), gt.constant(0))) == 1.0
    assert slope.stats()["roads"] <= 2


def test_signs_of_zeros_dtypes_and_truths_are_those_of_the_branch(record):
    def f(x, n, z):
        return gt.cond(x > 0, lambda: (-0.0 * x, n, x > 5, z), lambda: (x, n + n, x < 5, -z))

    recorded = record(f)
    for v in (1.0, -0.0, 7.0):
        given = gt.constant(v), gt.constant(3, "uint8"), gt.constant(complex(-0.0, -0.0))
        for mine, theirs in zip(run_by_python(recorded, *given), run_by_python(f, *given), strict=True):
            assert mine.dtype == theirs.dtype
            assert mine.tobytes() == theirs.tobytes()
    assert recorded.stats()["roads"] == 1


# batches


def test_examples_go_their_own_ways(record):
    rows = np.array([[1.0, 2.0], [-1.0, 3.0], [0.0, 0.5], [4.0, -1.0]])

    def f(r):
        return gt.cond(r[0] > 0, lambda: gt.reduce_sum(gt.sqrt(r * r[0])), lambda: gt.reduce_sum(r**3))

    slope = gt.grad(lambda r: f(gt.abs(r)) + f(r * gt.constant([1.0, 0.5], "float64")))
    for g in (lambda r: f(gt.abs(r)), slope):
        expected = np.stack([g(gt.constant(row)).numpy() for row in rows])
        recorded = record(lambda a, g=g: gt.vectorized_map(g, a, fallback_to_while_loop=False))
        for found in (recorded(gt.constant(rows)), gt.vectorized_map(g, gt.constant(rows), False)):
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_vectorized_functions_of_numbers():
    f = gt.vectorize(lambda x: gt.cond(x > 0, lambda: gt.sqrt(x), lambda: 2.0 * x))
    x = gt.constant([4.0, -1.0, 0.0], dtype="float64")
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    np.testing.assert_array_equal(y, [2.0, -2.0, 0.0])
    np.testing.assert_array_equal(tape.gradient(y, x), [0.25, 2.0, 2.0])


def test_the_structure_of_a_derivative_is_that_of_both_branches():
    f = lambda x: gt.cond(gt.reduce_sum(x) > 0, lambda: x[1:] * x[:-1], lambda: gt.sin(x[:-1]))
    jacobian = gt.sparse_jacobian(f)
    for x in (np.arange(6.0), -np.arange(6.0)):
        found = jacobian(x)
        np.testing.assert_allclose(found.toarray(), gt.jacobian(f)(gt.constant(x)), rtol=1e-12)
        assert found.nnz <= 10


# what branches do besides


def test_assignments_happen_in_the_branch_that_is_taken(record):
    v, flag = gt.Variable(1.0), gt.Variable(True)

    @record
    def f(x):
        def up():
            v.assign_add(x)
            flag.assign(False)
            return v * x

        return gt.cond(x > 0, up, lambda: v) + v

    found = [(float(f(gt.constant(value))), float(v), bool(flag)) for value in (-1.0, 2.0, -1.0, 3.0)]
    assert found == [(2.0, 1.0, True), (9.0, 3.0, False), (6.0, 3.0, False), (24.0, 6.0, False)]
    assert f.stats()["roads"] == 1


def test_a_branch_for_its_assignment_alone(record):
    v = gt.Variable(4.0)
    f = record(lambda x: gt.cond(x > 0, lambda: v.assign(x), lambda: v.assign_sub(1.0)))
    assert [float(f(gt.constant(x))) for x in (-1.0, 9.0, -1.0)] == [3.0, 9.0, 8.0]
    g = record(lambda x: gt.cond(x > 0, lambda: None, lambda: None))
    assert [g(gt.constant(x)) for x in (-1.0, 9.0)] == [None, None]


def test_gradients_reach_variables_that_branches_close_over(record):
    w = gt.Variable(3.0)

    @record
    def slope(x):
        with gt.GradientTape() as tape:
            y = gt.cond(x > 0, lambda: w * w * x, lambda: gt.sin(w))
        return tape.gradient(y, w)

    assert float(slope(gt.constant(2.0))) == 12.0
    assert float(slope(gt.constant(-2.0))) == pytest.approx(math.cos(3.0))


@pytest.mark.parametrize(
    "branch",
    [
        lambda x: x + GENERATOR.normal((), dtype="float64"),
        lambda x: gt.while_loop(lambda y: y < 9.0, lambda y: (2.0 * y,), (x,))[0],
        lambda x: gt.constant(float(x)) * 1.0,
        lambda x: x if x > 0.5 else -x,
        lambda x: gt.linalg.inv(gt.reshape(gt.maximum(x, 0.0), (1, 1)))[0, 0],
        lambda x: gt.ones(3, "float64"),
    ],
)
def test_what_a_graph_has_no_words_for_is_a_road_of_its_own(record, branch):
    """The branch is not run with values that are not its own: one of these would not end, others would fail."""
    f = lambda x: gt.cond(x > 0, lambda: branch(x), lambda: 2.0 * x)
    recorded = record(f)
    values = (-1.0, 1.0, -2.0, 2.0)
    GENERATOR.reset_from_seed(5)
    expected = [f(gt.constant(v, dtype="float64")).numpy() for v in values]
    GENERATOR.reset_from_seed(5)
    for v, y in zip(values, expected, strict=True):
        np.testing.assert_array_equal(recorded(gt.constant(v, dtype="float64")), y)


GENERATOR = gt.random.Generator.from_seed(5)


def test_branches_of_other_structures_or_dtypes_are_refused_by_name(record):
    for other, said in [
        (
            lambda x: gt.cast(x, "float64"),
            r"true_fn returns float32 where false_fn returns float64 \(result 0\)",
        ),
        (lambda x: (x, x), "true_fn and false_fn must return the same structure"),
    ]:
        with pytest.raises(TypeError, match=said):
            record(lambda x, other=other: gt.cond(x > 0, lambda: x, lambda: other(x)))(gt.constant(1.0))
    with pytest.raises(TypeError, match="branch 0 returns int32 where default returns float32"):
        record(lambda i: gt.switch_case(i, [lambda: i], default=lambda: gt.constant(0.5)))(gt.constant(0))
    f = record(lambda x: gt.cond(x > 0, lambda: x, lambda: 0))  # a number takes the other's dtype
    assert f(gt.constant(-1.0, dtype="float64")).dtype == "float64"


def test_results_of_a_branch_stay_in_it(record):
    kept = []
    with pytest.raises(gt.errors.RecordingError, match="in a branch, is used outside"):
        record(lambda x: gt.cond(x > 0, lambda: kept.append(x * x) or x, lambda: x) + kept[0])(
            gt.constant(1.0)
        )


def test_a_choice_is_one_operation_a_branch_and_is_shown(record):
    f = record(simple)
    for point in POINTS[:2]:
        f(gt.constant(point), gt.constant(W))
    loops = [op.params["loop"] for op in f.graph().operations if isinstance(op.params.get("loop"), Loop)]
    assert [(loop.turns, loop.gate) for loop in loops] == [(1, "sliced")] * 2
    assert "<at most one turn of" in f.source()
    assert "    return" in f.source()  # of a branch


def test_a_saved_choice_chooses(tmp_path):
    f = lambda x: gt.cond(x > 0, lambda: gt.sqrt(x), lambda: 2.0 * x)
    gt.save_function(tmp_path / "choice", f, gt.constant(1.0))
    loaded = gt.load_function(tmp_path / "choice")
    assert [float(loaded(gt.constant(v))) for v in (4.0, -3.0)] == [2.0, -6.0]
    assert float(gt.grad(loaded)(gt.constant(0.0))) == 2.0
