"""`gt.function`: a recorded program gives what the plain program gives, on both backends, at every call."""

import threading
import time

import numpy as np
import pytest

import gradtape as gt

BACKENDS = ["reference", "llvm"]


@pytest.fixture(params=BACKENDS)
def record(request):
    """The decorator on each backend, counting how often the Python function runs."""

    def decorate(function, **settings):
        runs = []

        def counted(*args, **kwargs):
            runs.append(1)
            return function(*args, **kwargs)

        compiled = gt.function(counted, backend=request.param, **settings)
        compiled.runs = runs
        return compiled

    return decorate


def test_it_runs_once_for_a_kind_of_arguments(record):
    f = record(lambda x: gt.sin(x) * x)
    for value in (0.5, 1.5, -2.0):
        np.testing.assert_allclose(f(gt.constant(value)).numpy(), np.sin(value) * value, rtol=1e-6)
    assert len(f.runs) == 1
    for values in ([1.0, 2.0], [3.0, 4.0]):
        np.testing.assert_allclose(f(gt.constant(values)).numpy(), np.sin(values) * values, rtol=1e-6)
    assert len(f.runs) == 2
    assert f(gt.constant(2.0, dtype=gt.float64)).dtype == gt.float64
    assert len(f.runs) == 3


def test_arrays_are_inputs_and_numbers_are_static(record):
    f = record(lambda x, n: x * n)
    assert f(np.array([1.0, 2.0]), 3).numpy().tolist() == [3.0, 6.0]
    assert f(np.array([5.0, 6.0]), 3).numpy().tolist() == [15.0, 18.0]
    assert len(f.runs) == 1
    assert f(np.array([1.0, 2.0]), 4).numpy().tolist() == [4.0, 8.0]
    assert len(f.runs) == 2


def test_structures_come_back_as_they_are(record):
    f = record(lambda p, *, scale: {"a": (p["x"] * scale, None), "b": [p["y"], "text", 3]})
    for k in (1.0, 2.0):
        y = f({"y": gt.constant(k), "x": gt.constant(k + 1)}, scale=gt.constant(2.0))
        assert (y["a"][0].numpy(), y["a"][1], y["b"][0].numpy(), y["b"][1:]) == (
            2 * k + 2,
            None,
            k,
            ["text", 3],
        )
    assert len(f.runs) == 1


def test_nested_tapes_inside(record):
    def second(x, t):
        with gt.GradientTape() as outer:
            outer.watch(x)
            with gt.GradientTape(persistent=True) as inner:
                inner.watch([x, t])
                y = x**3 + 2 * t
            dx, dt = inner.gradient(y, x), inner.gradient(y, t)
        return dx, outer.gradient(dx, x), dt

    f = record(second)
    for x in (1.0, 2.0, -3.0):
        found = f(gt.constant(x), gt.constant(1.0))
        assert [float(y) for y in found] == [3 * x * x, 6 * x, 2.0]
    assert len(f.runs) == 1


def test_accumulators_inside(record):
    def product(x, v):
        with gt.autodiff.ForwardAccumulator(x, v) as acc:
            with gt.GradientTape() as tape:
                tape.watch(x)
                y = gt.reduce_sum(x * x * x)
            g = tape.gradient(y, x)
        return acc.jvp(g)

    f = record(product)
    for x in ([1.0, 2.0], [3.0, -1.0]):
        found = f(gt.constant(x), gt.constant([1.0, 2.0]))
        np.testing.assert_allclose(found.numpy(), 6 * np.array(x) * [1.0, 2.0])
    assert len(f.runs) == 1


def test_a_changed_variable_is_seen_and_assignments_happen(record):
    v = gt.Variable(2.0)

    def step(x):
        y = v * x
        v.assign_add(1.0)
        z = v * x
        v.assign(v * 2.0)
        return y, z

    f = record(step)
    value = 2.0
    for x in (1.0, 2.0, 3.0):
        y, z = f(gt.constant(x))
        assert (float(y), float(z)) == (value * x, (value + 1) * x)
        value = (value + 1) * 2
        assert float(v) == value
    v.assign(10.0)
    assert float(f(gt.constant(1.0))[0]) == 10.0
    assert len(f.runs) == 1


def test_parts_of_variables_are_assigned(record):
    v = gt.Variable([1.0, 2.0, 3.0])

    def step(x):
        v[1].assign(x)
        v.scatter_nd_add([[0], [0]], [x, x])
        return v * 1.0

    f = record(step)
    expected = np.array([1.0, 2.0, 3.0])
    for x in (5.0, 7.0):
        expected[0] += 2 * x
        expected[1] = x
        np.testing.assert_array_equal(f(gt.constant(x)).numpy(), expected)
    assert len(f.runs) == 1


def test_training_inside_is_training_outside(record):
    x, y = np.linspace(-1, 1, 20), np.linspace(-1, 1, 20) * 3 + 1

    def trained(wrap):
        w, b = gt.Variable(0.0, dtype=gt.float64), gt.Variable(0.0, dtype=gt.float64)

        def step(x, y):
            with gt.GradientTape() as tape:
                loss = gt.reduce_mean((w * x + b - y) ** 2)
            for variable, g in zip((w, b), tape.gradient(loss, (w, b)), strict=True):
                variable.assign_sub(0.1 * g)
            return loss

        step = wrap(step)
        return [float(step(gt.constant(x), gt.constant(y))) for _ in range(10)], float(w), float(b)

    np.testing.assert_allclose(trained(record)[0], trained(lambda f: f)[0], rtol=1e-12)
    np.testing.assert_allclose(trained(record)[1:], trained(lambda f: f)[1:], rtol=1e-12)


def test_guards_choose_among_roads(record):
    def piecewise(x):
        if x > 0:
            return x * 2
        return -x

    f = record(piecewise)
    for value in (1.0, -1.0, 2.0, -3.0, 0.0, float("nan")):
        expected = value * 2 if value > 0 else -value
        np.testing.assert_equal(float(f(gt.constant(value))), expected)
    assert len(f.runs) == 2


def test_an_error_on_a_road_that_is_not_to_be_taken_is_none(record):
    g = gt.random.Generator.from_seed(3)

    def solved(a, b):
        return gt.linalg.solve(a, b) * g.normal((), dtype="float64") if gt.linalg.det(a) > 0.5 else b

    f, matrices = record(solved), [np.eye(2), np.zeros((2, 2)), 2.0 * np.eye(2)]
    found = [f(a, np.ones((2, 1))).numpy() for a in matrices]
    g.reset_from_seed(3)
    for y, a in zip(found, matrices, strict=True):
        np.testing.assert_allclose(y, solved(gt.constant(a), gt.ones((2, 1), gt.float64)), rtol=1e-12)
    assert len(f.runs) == 2
    with gt.GradientTape() as tape:
        x = gt.zeros((2, 2), gt.float64)
        tape.watch(x)
        y = f(x, np.ones((2, 1)))
    assert tape.gradient(y, x) is None


def test_numbers_become_guards(record):
    f = record(lambda x, n: x ** int(n))
    for n in (2, 3, 2, 3):
        assert float(f(gt.constant(2.0), gt.constant(n))) == 2.0**n
    assert len(f.runs) == 2


def test_a_while_loop_takes_a_road_for_each_count(record):
    def newton(a):
        x = a
        while gt.abs(x * x - a) > 1e-4:
            x = (x + a / x) / 2
        return x

    f = record(newton)
    for a in (2.0, 3.0, 9.0, 2.5, 4.0):
        np.testing.assert_allclose(float(f(gt.constant(a))), np.sqrt(a), rtol=1e-4)


def test_too_many_roads_run_as_plain_python_with_a_warning(record):
    f = record(lambda x: x * float(x))
    with pytest.warns(gt.errors.RecordingWarning, match="different roads"):
        found = [float(f(gt.constant(float(k)))) for k in range(30)]
    assert found == [k * k for k in range(30)]


def test_guards_are_about_the_sign_of_zero_and_take_nan(record):
    f = record(lambda x: gt.constant(np.copysign(1.0, float(x))) + 0 * x)
    assert [float(f(gt.constant(v))) for v in (0.0, -0.0, 0.0)] == [1.0, -1.0, 1.0]
    g = record(lambda x: gt.constant(1.0 if np.isnan(float(x)) else 0.0) + 0 * gt.ones(()))
    assert [float(g(gt.constant(v))) for v in (np.nan, np.nan, 1.0)] == [1.0, 1.0, 0.0]
    assert len(g.runs) == 2


def test_an_array_that_leaves_is_an_error_with_the_line(record):
    f = record(lambda x: gt.constant(x.numpy() * 2))
    with pytest.raises(gt.errors.RecordingError, match=r"test_function\.py:\d+.*\.numpy\(\)"):
        f(gt.constant([1.0, 2.0]))
    g = record(lambda x: gt.boolean_mask(x, x > 0))
    with pytest.raises(gt.errors.RecordingError, match="boolean_mask"):
        g(gt.constant([1.0, -2.0]))
    h = record(lambda x: gt.constant(gt.constant([1.0, 2.0]).numpy()) * x)
    assert h(gt.constant(2.0)).numpy().tolist() == [2.0, 4.0]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_of_a_call(record, order):
    f = record(lambda x, w: gt.sin(x) * w)
    x, w = gt.constant(0.7, dtype=gt.float64), gt.constant(2.0, dtype=gt.float64)

    def nested(k):
        if not k:
            return f(x, w)
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = nested(k - 1)
        return tape.gradient(y, x)

    expected = [np.cos(0.7), -np.sin(0.7), -np.cos(0.7)][order - 1] * 2
    for _ in range(3):
        np.testing.assert_allclose(nested(order).numpy(), expected, rtol=1e-14)
    assert len(f.runs) == 1


def test_forward_derivatives_of_a_call(record):
    f = record(lambda x: (gt.exp(x), x * x, gt.constant(1)))
    x = gt.constant(0.5)
    for _ in range(2):
        with gt.autodiff.ForwardAccumulator(x, gt.constant(2.0)) as acc:
            a, b, c = f(x)
        np.testing.assert_allclose(acc.jvp(a).numpy(), 2 * np.exp(0.5), rtol=1e-6)
        assert acc.jvp(b).numpy() == 2.0
        assert acc.jvp(c) is None


def test_variables_of_a_called_function_are_watched(record):
    v = gt.Variable([1.0, 2.0])
    w = gt.Variable(5.0, trainable=False)
    f = record(lambda x: gt.reduce_sum(v * x) * w)
    for k in (1.0, 2.0):
        with gt.GradientTape() as tape:
            y = f(gt.constant(k))
        assert tape.watched_variables() == (v,)
        assert tape.gradient(y, v).numpy().tolist() == [5 * k, 5 * k]
    assert len(f.runs) == 1


def test_closed_over_tensors_are_constants_that_tapes_follow(record):
    c = gt.constant(3.0)
    f = record(lambda x: x * c)
    assert float(f(gt.constant(2.0))) == 6.0
    with gt.GradientTape() as tape:
        tape.watch(c)
        y = f(gt.constant(2.0))
    assert float(tape.gradient(y, c)) == 2.0


def test_one_tensor_given_twice_is_two_inputs(record):
    f = record(lambda x, y: x * x + y)
    a, b = gt.constant(3.0), gt.constant(4.0)
    assert float(f(a, a)) == 12.0
    assert float(f(a, b)) == 13.0
    with gt.GradientTape() as tape:
        tape.watch(a)
        y = f(a, a)
    assert float(tape.gradient(y, a)) == 7.0


def test_unconnected_stays_none(record):
    f = record(lambda x, y: gt.floor(x) + y)
    for _ in range(2):
        x, y = gt.constant(1.5), gt.constant(2.0)
        with gt.GradientTape() as tape:
            tape.watch([x, y])
            z = f(x, y)
        assert [None if g is None else float(g) for g in tape.gradient(z, [x, y])] == [None, 1.0]


def test_custom_gradients_hold_inside_and_outside(record):
    @gt.custom_gradient
    def halved(x):
        return x * x, lambda g: g * x  # half of the true derivative

    def inside(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = halved(x)
        return y, tape.gradient(y, x)

    f = record(inside)
    for x in (2.0, 3.0):
        assert [float(y) for y in f(gt.constant(x))] == [x * x, x]
    assert len(f.runs) == 1
    g = record(halved)
    for k in (2.0, 3.0):
        x = gt.constant(k)
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = g(x)
        assert (float(y), float(tape.gradient(y, x))) == (k * k, k)


def test_the_branch_not_taken_contributes_nothing_on_a_replay(record):
    def safe(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.reduce_sum(gt.where(x > 0, gt.sqrt(x), 0.0))
        return tape.gradient(y, x)

    f = record(safe)
    assert f(gt.constant([1.0, 4.0])).numpy().tolist() == [0.5, 0.25]
    assert f(gt.constant([0.0, 4.0])).numpy().tolist() == [0.0, 0.25]
    assert len(f.runs) == 1


def test_random_draws_go_on_at_every_call(record):
    generator = gt.random.Generator.from_seed(3)
    f = record(lambda: generator.normal((2,)) + generator.uniform((2,)))
    same = gt.random.Generator.from_seed(3)
    for _ in range(3):
        expected = same.normal((2,)) + same.uniform((2,))
        np.testing.assert_array_equal(f().numpy(), expected.numpy())
    assert len(f.runs) == 1


def test_draws_of_a_road_that_does_not_fit_are_put_back(record):
    generator, same = gt.random.Generator.from_seed(1), gt.random.Generator.from_seed(1)

    def program(g, x):
        noise = g.normal(())
        return noise * 2 if x > 0 else noise * 3

    f = record(lambda x: program(generator, x))
    for value in (1.0, -1.0, 1.0, -1.0):
        x = gt.constant(value)
        assert float(f(x)) == float(program(same, x))
    assert len(f.runs) == 2


def test_a_seed_inside_gives_the_same_at_every_call(record):
    f = record(
        lambda x: (
            x + gt.random.stateless_normal((2,), seed=[1, 2]) + gt.random.Generator.from_seed(5).normal((2,))
        )
    )
    first, second = f(gt.zeros(2)), f(gt.zeros(2))
    np.testing.assert_array_equal(first.numpy(), second.numpy())


def test_a_function_inside_another_is_part_of_it(record):
    inner = record(lambda x: x * x if x > 0 else x)
    outer = record(lambda x: inner(x) + 1)
    assert [float(outer(gt.constant(v))) for v in (2.0, -2.0, 3.0)] == [5.0, -1.0, 10.0]
    assert len(outer.runs) == 2


def test_variables_are_made_in_the_first_call_only(record):
    kept = []

    def once(x):
        if not kept:
            kept.append(gt.Variable(1.0))
        kept[0].assign_add(x)
        return kept[0] * 1.0

    f = record(once)
    assert [float(f(gt.constant(1.0))) for _ in range(4)] == [2.0, 3.0, 4.0, 5.0]
    g = record(lambda x: gt.Variable(1.0) * x)
    assert float(g(gt.constant(1.0))) == 1.0
    with pytest.raises(ValueError, match="created on the first call"):
        g(gt.constant(1.0))


def test_methods_have_programs_of_their_own(record):
    class Model:
        def __init__(self, w):
            self.w = gt.Variable(w)

        @gt.function
        def __call__(self, x):
            return self.w * x

    a, b = Model(2.0), Model(3.0)
    assert [float(m(gt.constant(k))) for k in (1.0, 2.0) for m in (a, b)] == [2.0, 3.0, 4.0, 6.0]
    kinds = Model.__dict__["__call__"]._kinds
    assert len(kinds) == 2
    del a
    assert len(kinds) == 1


def test_an_exception_leaves_the_function_usable(record):
    def fails(x):
        if x < 0:
            raise KeyError("negative")
        return x

    f = record(fails)
    assert float(f(gt.constant(1.0))) == 1.0
    with pytest.raises(KeyError):
        f(gt.constant(-1.0))
    assert float(f(gt.constant(2.0))) == 2.0
    with gt.GradientTape() as tape:  # nobody is left listening
        v = gt.Variable(1.0)
        y = v * v
    assert float(tape.gradient(y, v)) == 2.0


def test_calls_from_many_threads_at_once(record):
    f = record(lambda x: gt.reduce_sum(gt.exp(x) * x))
    failures = []

    def work(seed):
        for k in range(50):
            x = np.random.default_rng([seed, k]).normal(size=(seed % 3 + 1, 7))
            found = float(f(gt.constant(x)))
            if not np.isclose(found, np.sum(np.exp(x) * x), rtol=1e-12):
                failures.append((seed, k, found))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_plain_numbers_in_and_out(record):
    f = record(lambda x, y: (x * y, x + y), results="python")
    assert f(2.0, 3.0) == (6.0, 5.0)
    assert f(0.1, 0.2) == (0.1 * 0.2, 0.1 + 0.2)
    assert all(type(y) is float for y in f(1.0, 2.0))
    assert len(f.runs) == 1


def test_arguments_of_tensorflow_are_accepted():
    @gt.function(jit_compile=True, reduce_retracing=True, autograph=False)
    def f(x):
        return x + 1

    assert float(f(gt.constant(1.0))) == 2.0
    with pytest.raises(TypeError, match="unexpected keyword"):
        gt.function(lambda x: x, jit_compil=True)
    with pytest.raises(ValueError, match="backend"):
        gt.function(lambda x: x, backend="cuda")
    with pytest.raises(TypeError, match="callable"):
        gt.function(3)


def test_a_result_that_could_hide_a_tensor_is_refused(record):
    f = record(lambda x: {x.ref()})
    with pytest.raises(gt.errors.RecordingError, match="set"):
        f(gt.constant(1.0))


def test_source_names_the_lines_of_the_program():
    def program(x):
        return gt.sin(x) + 1

    f = gt.function(program)
    with pytest.raises(RuntimeError, match="call it once"):
        f.source()
    f(gt.constant(1.0))
    line = program.__code__.co_firstlineno + 1
    assert f"test_function.py:{line}" in f.source()
    assert "sin(%0)" in f.source()
    assert f.stats()["recorded"] == 2


def test_stats_count_what_a_call_computes_and_what_it_took_to_compile(record):
    def program(x, w):
        y = gt.exp(x @ w)  # 2 * 3 * 4 * 5 flops for the product, 15 for exp
        state = gt.scan(
            lambda s, _: gt.sin(s) * 2.0, gt.range(100), initializer=gt.reduce_sum(y)
        )  # 15 and 200
        return state[-1]

    f = record(program)
    started = time.perf_counter()
    f(gt.ones([3, 4]), gt.ones([4, 5]))
    alone = f.stats()
    assert alone["flops"] == 120 + 15 + 15 + 200
    seconds = alone["seconds"]
    assert seconds["recording"] > 0
    assert seconds["compiling"] > 0
    assert sum(seconds.values()) < time.perf_counter() - started
    x = gt.ones([3, 4])
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = f(x, gt.ones([4, 5]))
    tape.gradient(y, x)
    derived = f.stats()
    assert derived["roads"] == 1
    assert derived["seconds"]["compiling"] > seconds["compiling"]  # the derivative, on first need


def test_an_error_in_a_replay_names_the_operation_and_the_line(record):
    f = record(lambda x: gt.linalg.cholesky(x) * 2)
    f(gt.eye(2))
    with pytest.raises(gt.errors.InvalidArgumentError, match=r"cholesky\(float32\[2, 2\]") as caught:
        f(-gt.eye(2))
    assert "test_function.py" in caught.value.__notes__[0]
    np.testing.assert_allclose(f(4 * gt.eye(2)).numpy(), 4 * np.eye(2))


def test_the_print_of_tensorflow_prints_at_every_call_and_that_of_python_once(record, capsys):
    def program(x):
        print("python")  # noqa: T201
        gt.print("x is", {"x": x}, [1, 2 * x])
        return x + 1

    f = record(program)
    for value in (1.0, 2.0, 3.0):
        assert float(f(gt.constant(value))) == value + 1
    printed = capsys.readouterr()
    assert printed.out == "python\n"
    assert printed.err.splitlines() == [f"x is {{'x': {v}}} [1, {2 * v}]" for v in (1, 2, 3)]


def test_operations_of_one_instruction_share_the_text_of_its_line():
    @gt.function
    def f(x):
        for _ in range(3):
            x = x * x
        return x + 1.0

    f(gt.constant(1.5))
    lines = [operation.line for operation in f._latest().recorded.graph.operations]
    assert lines[0] is lines[1] is lines[2]
    first = f.python_function.__code__.co_firstlineno
    assert [int(line.rpartition(":")[2]) - first for line in lines] == [3, 3, 3, 4]
    assert all(line.startswith(__file__) for line in lines)
