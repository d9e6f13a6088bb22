"""`gt.print` in branches and in the turns of loops: the texts of the eager program, in its order, at every call."""

import numpy as np
import pytest

import gradtape as gt
import gradtape.loops.choice as choices
import gradtape.loops.recorded as loops
from gradtape.core.listen import listeners

X = gt.constant([1.0, -2.0, 3.0])


def scan(x):
    def turn(y, i):
        gt.print("turn", i, "of", {"y": y})
        gt.print("then", y * x, sep=":")
        return y * x + i

    gt.print("before", x)
    y = gt.scan(turn, gt.range(9, dtype="float32"), x)
    gt.print("after", y[-1])
    return y


def backwards(x):
    return gt.scan(lambda y, i: gt.print(i, y[0]) or y * 0.5 + i, gt.range(10.0), x, reverse=True)


def fold(x):
    return gt.foldl(lambda y, i: gt.print(y > i) or gt.sin(y) + i, gt.range(9.0), x)


def without_values(x):
    gt.map_fn(lambda i: gt.print("a turn") or i, gt.range(8.0))
    return gt.while_loop(
        lambda y: gt.reduce_sum(y) < 9.0, lambda y: gt.print("once more") or (y + 0.3,), (x,)
    )[0]


def repeated(x):
    def body(i, y):
        gt.print("body", i, y)
        return i + 1, y * 1.5

    def condition(i, y):
        gt.print("condition", i)
        return gt.reduce_sum(gt.abs(y)) < 200.0

    return gt.while_loop(condition, body, (gt.constant(0), x))[1]


def limited(x):
    def condition(y):
        gt.print("condition", y)
        return gt.reduce_sum(y) < 2000.0

    return gt.while_loop(condition, lambda y: gt.print(y[0]) or (y * 1.1,), (x,), maximum_iterations=12)[0]


def choice(x):
    def positive():
        gt.print("positive", x, x > 0.0)
        gt.print("still")
        return gt.exp(x)

    return gt.cond(gt.reduce_sum(x) > 0.0, positive, lambda: gt.print("negative", -x) or x + 1.0)


def case(x):
    total = gt.reduce_sum(x)
    y = gt.case(
        [(total > 5.0, lambda: gt.print("large", total) or x), (total > 0.0, lambda: x * x)],
        default=lambda: gt.print("default") or -x,
    )
    which = gt.cast(total > 1.0, "int32")
    return gt.switch_case(which, [lambda: gt.print("zero", y) or y, lambda: gt.print("one", y) or 2.0 * y])


def nested(x):
    """Of numbers whose products are exact, so that all backends round alike."""

    def inner(z, i):
        gt.cond(z[0] > 2.0, lambda: gt.print("   deep", z) or 0.0, lambda: 0.0)
        gt.print("  inner", i)
        return z * 0.5 + i * 0.25

    def turn(y, k):
        gt.print("outer", k)
        z = gt.foldl(inner, gt.range(8.0), y)
        w = gt.cond(
            k > 3.0,
            lambda: gt.while_loop(
                lambda v: v[0] < 5.0, lambda v: gt.print(" while", v[0]) or (v + 0.5,), (z,)
            )[0],
            lambda: gt.print(" small", z) or z,
        )
        gt.print("end", k, w)
        return w * 0.75

    return gt.scan(turn, gt.range(8.0), x)


def now_and_then(x):
    def turn(y, i):
        gt.cond(i > 5.0, lambda: gt.print("late", i, y) or 0.0, lambda: 0.0)
        gt.case([(gt.equal(i, 2.0), lambda: gt.print("two") or 0.0)], default=lambda: gt.print("") or 0.0)
        gt.cond(gt.equal(i, 7.0), lambda: 0.0, lambda: gt.print("not seven", x) or 0.0)
        return gt.cond(y[0] > 3.0, lambda: gt.print("high", y) or y * 0.5, lambda: y + i)

    y = gt.scan(turn, gt.range(9.0), x, reverse=True)
    return gt.while_loop(
        lambda y: y[0] < 30.0,
        lambda y: (gt.cond(y[0] > 9.0, lambda: gt.print("out", y) or y + 4.0, lambda: y + 1.0),),
        (y[0],),
    )[0]


def counting(x):
    """Where Python's own values differ from turn to turn, so must the texts."""
    turns = []
    return gt.foldl(lambda y, i: gt.print("turn", turns, i) or turns.append(1) or y + i, gt.range(9.0), x)


def derived(x):
    with gt.GradientTape() as outer:
        outer.watch(x)
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.reduce_sum(gt.scan(lambda y, i: gt.print(y) or gt.sin(y * i), gt.range(8.0), x))
            y = y + gt.reduce_sum(choice(x) ** 2)
        slope = tape.gradient(y, x)
    return slope, outer.gradient(slope, x)


PROGRAMS = [
    scan,
    backwards,
    fold,
    without_values,
    repeated,
    limited,
    choice,
    case,
    nested,
    now_and_then,
    counting,
    derived,
]


@pytest.mark.parametrize("backend", ["reference", "llvm"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_calls_print_what_the_eager_program_prints(program, backend, capsys):
    def eager(x):
        found = gt.nest.flatten(program(x))
        return found, capsys.readouterr().err

    f = gt.function(program, backend=backend)
    for x in (X, gt.constant([0.5, 0.25, 0.125]), -X, 2.0 * X, X):
        wanted, text = eager(x)
        found = gt.nest.flatten(f(x))
        assert capsys.readouterr().err == text
        for y, z in zip(found, wanted, strict=True):
            np.testing.assert_allclose(y.numpy(), z.numpy(), rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("program", [scan, backwards, fold, limited, choice, case, now_and_then])
def test_what_prints_is_one_program(program, capsys):
    f = gt.function(program)
    for x in (X, -X, 2.0 * X):
        f(x)
    assert f.stats()["roads"] == 1
    assert "loop" in f.source()


@pytest.mark.parametrize("program", [scan, choice, nested])
@pytest.mark.parametrize("backend", ["reference", "llvm"])
def test_derivatives_of_a_program_print_once(program, backend, capsys):
    program(X)
    text = capsys.readouterr().err
    f = gt.function(program, backend=backend)
    for _ in range(2):
        with gt.GradientTape() as outer:
            outer.watch(X)
            with gt.GradientTape() as tape:
                tape.watch(X)
                y = gt.reduce_sum(f(X))
            slope = tape.gradient(y, X)
        outer.gradient(slope, X)
        assert capsys.readouterr().err == text


def test_a_loop_that_prints_too_much_goes_turn_by_turn(monkeypatch, capsys):
    for program in (scan, repeated):
        program(X)
        text = capsys.readouterr().err
        with monkeypatch.context() as patch:
            patch.setattr(loops, "LARGEST", 50)
            f = gt.function(program)
            for _ in range(2):
                f(X)
                assert capsys.readouterr().err == text
            assert "loop" not in f.source()


def test_an_error_in_a_turn_comes_behind_what_was_printed(capsys):
    def turn(y, i):
        gt.print("turn", i)
        return gt.cond(y > 0.0, lambda: gt.print("taken") or gt.reshape(y, [7]), lambda: y)

    with pytest.raises(ValueError, match="reshape"):
        gt.function(lambda x: gt.foldl(turn, gt.range(9.0), x))(gt.constant(1.0))
    assert capsys.readouterr().err == "turn 0\ntaken\n"


def test_a_branch_that_prints_cannot_be_saved(tmp_path):
    with pytest.raises(TypeError, match="it prints"):
        gt.save_function(tmp_path / "f", choice, X)


def test_a_print_in_a_batch_prints_as_without_a_function(capsys):
    def program(x):
        return gt.vectorized_map(
            lambda v: gt.scan(lambda y, i: gt.print("turn", i) or y * v, gt.range(9.0), v), x
        )

    program(X)
    text = capsys.readouterr().err
    f = gt.function(program)
    for _ in range(2):
        f(X)
        assert capsys.readouterr().err == text


@pytest.mark.filterwarnings("ignore::gradtape.errors.LoopedMapWarning")
def test_a_choice_in_a_batch_prints_the_branch_of_each_example(capsys):
    def program(x):
        return gt.cond(x > 2.0, lambda: gt.print("large", x) or x, lambda: gt.print("small", x) or -x)

    np.testing.assert_array_equal(gt.vectorized_map(program, X).numpy(), [-1.0, 2.0, 3.0])
    assert capsys.readouterr().err == "small 1\nsmall -2\nlarge 3\n"
    f = gt.function(program)
    f(gt.constant(1.0))
    np.testing.assert_array_equal(gt.vectorized_map(f, X).numpy(), [-1.0, 2.0, 3.0])


def test_what_python_prints_is_as_it_was_when_recording(capsys):
    steps = [1]

    @gt.function
    def f(x):
        gt.print("steps", steps, {"x": x})
        steps.append(2)
        return x

    for _ in range(2):
        f(X)
        assert capsys.readouterr().err == "steps [1] {'x': [1 -2 3]}\n"


def test_a_condition_is_not_asked_behind_the_last_turn(capsys):
    """It prints, draws and assigns: in the recorded program as often as in the plain one."""

    def program(x, g, asked):
        def condition(y):
            gt.print("asked", y)
            asked.assign_add(1.0)
            return y < 9.0 + g.uniform((), dtype="float64")

        y = gt.while_loop(condition, lambda y: (y + 0.5,), (x,), maximum_iterations=12)[0]
        return y, g.uniform((), dtype="float64")

    def run(wrap):
        g, asked = gt.random.Generator.from_seed(2), gt.Variable(0.0)
        f = wrap(lambda x: program(x, g, asked))
        for x in (1.0, 6.5, -3.0, 8.5, 0.0):
            yield [float(y) for y in f(gt.constant(x, gt.float64))], float(asked), capsys.readouterr().err

    def seeded(x):  # its numbers are constants
        g = gt.random.Generator.from_seed(2)
        less = lambda y: y < 9.0 + g.uniform((), dtype="float64")
        y = gt.while_loop(less, lambda y: (y + 0.5,), (x,), maximum_iterations=12)[0]
        return y, g.uniform((), dtype="float64")

    f = None

    def record(program):
        nonlocal f
        f = gt.function(program)
        return f

    assert list(run(record)) == list(run(lambda program: program))
    assert "loop" in f.source()
    recorded = gt.function(seeded)
    for x in (1.0, 6.5, -3.0):
        given = gt.constant(x, gt.float64)
        assert [float(y) for y in recorded(given)] == [float(y) for y in seeded(given)]


def test_what_was_done_is_shown_where_branches_do_not_match(capsys):
    state = gt.Variable(1.0)

    def first(x):
        state.assign_add(1.0)
        return gt.print("first", x) or x

    f = gt.function(lambda x: gt.cond(x > 0.0, lambda: first(x), lambda: gt.cast(x, "int32")))
    with pytest.raises(TypeError, match="returns float32 where"):
        f(gt.constant(2.0))
    assert capsys.readouterr().err == "first 2\n"
    assert float(state) == 2.0


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("last", range(2))
def test_what_ends_a_recording_lets_out_what_was_printed(error, last, capsys):
    def program(x):
        count = 0

        def turn(y, i):
            nonlocal count
            gt.cond(y > 0.0, lambda: gt.print("positive", y) or y, lambda: y)
            gt.print("turn", i)
            count += 1
            if count > last:
                raise error("enough")
            return y + i

        def branch():
            gt.print("branch")
            return gt.scan(turn, gt.range(9.0), gt.print("begin") or x)

        return gt.cond(x > 0.0, branch, lambda: gt.range(9.0))

    f = gt.function(program)
    for run in (program, f):
        with pytest.raises(error, match="enough"):
            run(gt.constant(1.0))
        if run is program:
            text = capsys.readouterr().err
    assert capsys.readouterr().err == text
    assert text.count("turn") == last + 1


def test_an_interrupt_in_a_branch_that_is_not_taken_lets_out_the_other(capsys):
    state = gt.Variable(1.0)

    def other():
        state.assign(7.0)
        raise KeyboardInterrupt

    f = gt.function(lambda x: gt.cond(x > 0.0, lambda: gt.print("taken", x) or state.assign_add(x), other))
    with pytest.raises(KeyboardInterrupt):
        f(gt.constant(2.0))
    assert capsys.readouterr().err == "taken 2\n"
    assert float(state) == 3.0


@pytest.mark.parametrize("backend", ["reference", "llvm"])
def test_an_error_in_a_later_turn_comes_behind_the_turns_before(backend, capsys):
    done = gt.Variable(0.0)

    def turn(y, i):
        gt.print("turn", i)
        done.assign_add(1.0)
        return gt.linalg.solve(gt.linalg.diag([[5.0 - i, 1.0]])[0], y)

    def repeat(y, i):
        return gt.while_loop(lambda y, i: i < 20.0, lambda y, i: (turn(y, i), i + 1.0), (y, i))[0]

    for program in (lambda y: gt.foldl(turn, gt.range(12.0), y), lambda y: repeat(y, gt.constant(0.0))):
        seen = []
        for run in (program, gt.function(program, backend=backend)):
            done.assign(0.0)
            with pytest.raises(gt.errors.InvalidArgumentError, match="Singular"):
                run(gt.ones((2, 1)))
            seen.append((capsys.readouterr().err, float(done)))
        assert seen[0] == seen[1] == ("".join(f"turn {i}\n" for i in range(6)), 6.0)


def test_an_interrupt_leaves_no_listener_behind(monkeypatch):
    """It may come where a branch is about to leave the stack of listeners."""

    def interrupted(listener):
        if listener is not None and type(listener).__name__ == "_Branch":
            raise KeyboardInterrupt
        deactivate(listener)

    deactivate = choices.deactivate
    f = gt.function(lambda x: gt.cond(x > 0.0, lambda: x, lambda: -x))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(choices, "deactivate", interrupted)
        f(gt.constant(1.0))
    assert listeners() == ()
    assert float(f(gt.constant(-2.0))) == 2.0
