"""Every cause of a None is found, with the line where the path ends. The causes and lines are known by construction."""

import asyncio
import gc
import inspect
import threading
import warnings
import weakref

import numpy as np
import pytest

import gradtape as gt
from gradtape.explain.cause import Cause


def here(back=0):
    """The line of the caller, or one so many lines before it."""
    return inspect.currentframe().f_back.f_lineno - back


def check(found, cause, line=None, *words):
    """Compare the cause, the line and words of the text."""
    assert found.cause is cause, str(found)
    assert (found.place.line if found.place else None) == line, str(found)
    if line:
        assert found.place.file == __file__
        assert f"{__file__}:{line}" in str(found)
    assert str(found) == f"{found.text} {found.remedy}"
    assert found.text.rstrip().endswith((".", ":"))
    for word in words:
        assert word in str(found)
    return found


@pytest.fixture
def x():
    return gt.constant(3.0)


# the tape


def test_a_tape_that_was_never_entered(x):
    check(gt.GradientTape().explain(x * x, x), Cause.NEVER_ENTERED, None, "with tape")


def test_a_tape_that_is_used_up(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x) is not None
    check(tape.explain(y, x), Cause.CONSUMED, None, "persistent=True")


def test_a_none_does_not_use_up_the_explanation(x):
    with gt.GradientTape() as tape:
        y = x * x
    assert tape.gradient(y, x) is None
    check(tape.explain(y, x), Cause.NOT_WATCHED)
    check(tape.explain(y, x), Cause.NOT_WATCHED)
    with tape:
        tape.watch(x)
        y = x * x
    check(tape.explain(y, x), Cause.CONNECTED)
    assert tape.gradient(y, x).numpy() == 6.0


# the source


def test_a_source_that_is_not_watched(x):
    with gt.GradientTape() as tape:
        y = x * x
    assert tape.gradient(y, x) is None
    check(tape.explain(y, x), Cause.NOT_WATCHED, None, "tape.watch(x)")


def test_a_source_that_another_tape_watches(x):
    with gt.GradientTape() as outer, gt.GradientTape(persistent=True) as inner:
        inner.watch(x)
        y = x * x * x
    dy = inner.gradient(y, x)
    assert outer.gradient(dy, x) is None
    check(outer.explain(dy, x), Cause.NOT_WATCHED, None, "another tape follows it")


def test_a_tape_that_does_not_watch_variables():
    v = gt.Variable(3.0)
    with gt.GradientTape(watch_accessed_variables=False) as tape:
        y = v * v
    assert tape.gradient(y, v) is None
    check(tape.explain(y, v), Cause.NOT_WATCHED, None, "watch_accessed_variables=False", "tape.watch(v)")


def test_an_integer_source():
    n = gt.constant(3)
    with gt.GradientTape() as tape:
        with warnings.catch_warnings():  # given the first five times in a process
            warnings.simplefilter("ignore", gt.NonDifferentiableDtypeWarning)
            tape.watch(n)
        y = n * n
    assert tape.gradient(y, n) is None
    check(tape.explain(y, n), Cause.INTEGER, None, "n has the dtype int32")


def test_a_variable_that_is_not_trainable():
    v = gt.Variable(3.0, trainable=False)
    with gt.GradientTape() as tape:
        y = v * v
    assert tape.gradient(y, v) is None
    check(tape.explain(y, v), Cause.NOT_TRAINABLE, None, "trainable=False", "tape.watch(v)")


def test_a_variable_that_is_not_read():
    v, w = gt.Variable(3.0), gt.Variable(2.0)
    before = v * 2.0
    with gt.GradientTape() as tape:
        y = before * w
    assert tape.gradient(y, v) is None
    check(tape.explain(y, v), Cause.NOT_READ, None, "v")


def test_a_variable_that_was_replaced_by_a_tensor():
    v = gt.Variable(2.0)
    for _ in range(2):
        with gt.GradientTape() as tape:
            y = v + 1
        found = tape.gradient(y, v)
        if found is None:
            break
        v = v + 1
        line = here(back=1)
    check(tape.explain(y, v), Cause.REPLACED, line, "v.assign_add")


def test_another_object_of_equal_value(x):
    same = gt.constant(3.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, same) is None
    check(tape.explain(y, same), Cause.EQUAL, None, "depends on x", "same value as same")


def test_a_watched_object_of_equal_value(x):
    same = gt.constant(3.0)
    with gt.GradientTape() as tape:
        tape.watch([x, same])
        y = x + 2.0
    assert tape.gradient(y, same) is None
    check(tape.explain(y, same), Cause.EQUAL)


def test_an_equal_object_without_a_name():
    w = [gt.constant(3.0), gt.constant(3.0)]
    with gt.GradientTape() as tape:
        tape.watch(w[0])
        y = w[0] * w[0]
    assert tape.gradient(y, w[1]) is None
    check(tape.explain(y, w[1]), Cause.EQUAL, None, "another tensor")


# the path


def test_watched_too_late(x):
    w = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        y = x * w
        tape.watch(x)
    assert tape.gradient(y, x) is None
    check(tape.explain(y, x), Cause.WATCHED_LATE, None, "first line")


def test_watched_too_late_where_nothing_else_is_watched(x):
    with gt.GradientTape(persistent=True) as tape:
        y = gt.sin(x * x) + 2.0  # the product and the sine are gone when it is asked
        z = gt.constant(2.0) * 3.0
        (top,) = gt.split(gt.stack([x, x]), 1)
        tape.watch(x)
        again = y * x
    for target in (y, top):
        assert tape.gradient(target, x) is None
        check(tape.explain(target, x), Cause.WATCHED_LATE, None, "first line")
    check(tape.explain(z, x), Cause.OUTSIDE)
    check(tape.explain(again, x), Cause.CONNECTED)


def test_what_was_computed_early_is_remembered_for_the_first_operations_alone(x):
    with gt.GradientTape(persistent=True) as tape:
        y = gt.sin(x)
        for _ in range(1000):
            z = gt.cos(x)
        tape.watch(x)
    assert tape.gradient([y, z], x) is None
    assert len(tape._record.early._made) == 64
    check(tape.explain(y, x), Cause.WATCHED_LATE)
    check(tape.explain(z, x), Cause.OUTSIDE, None, "before it watched x")


def test_the_target_is_none(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
    dy = tape.gradient(gt.constant(1.0), x)
    assert dy is None
    check(tape.explain(dy, x), Cause.NO_TARGET)


def test_computed_before_the_tape(x):
    y = x * x
    with gt.GradientTape() as tape:
        tape.watch(x)
    assert tape.gradient(y, x) is None
    check(tape.explain(y, x), Cause.OUTSIDE, None, "before it was entered", "tape.watch(x)")


def test_computed_after_the_tape_or_while_it_was_paused(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        with tape.stop_recording():
            y = x * x
    z = x * x
    for target in (y, z):
        check(tape.explain(target, x), Cause.OUTSIDE)


def test_a_variable_as_the_target(x):
    v = gt.Variable(1.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
    assert tape.gradient(v, x) is None
    check(tape.explain(v, x), Cause.OUTSIDE, None, "v is a Variable")


def test_computed_by_another_thread(x):
    found = []
    with gt.GradientTape() as tape:
        tape.watch(x)
        worker = threading.Thread(target=lambda: found.append(x * x))
        worker.start()
        worker.join()
    (y,) = found
    assert tape.gradient(y, x) is None
    check(tape.explain(y, x), Cause.THREAD, None, "worker", "only the thread that entered it")


def test_computed_by_a_pool(x):
    async def work():
        return await asyncio.to_thread(lambda: x * x)

    with gt.GradientTape() as tape:
        tape.watch(x)
        y = asyncio.run(work())
    assert tape.gradient(y, x) is None
    check(tape.explain(y, x), Cause.OUTSIDE)


@pytest.mark.parametrize(
    ("how", "leave", "word"),
    [
        ("float", float, "float()"),
        ("int", int, "int()"),
        ("complex", lambda x: complex(x).real, "complex()"),
        ("item", lambda x: x.item(), ".item()"),
        ("tolist", lambda x: x.tolist(), ".tolist()"),
        ("numpy", lambda x: x.numpy(), ".numpy()"),
        ("asarray", np.asarray, "np.asarray"),
    ],
)
@pytest.mark.filterwarnings("ignore::gradtape.DetachedTensorWarning")
def test_left_through_python_or_numpy(x, how, leave, word):
    del how
    with gt.GradientTape() as tape:
        tape.watch(x)
        number = leave(x * x)
        line = here(back=1)
        y = gt.constant(number) * 2.0
    assert tape.gradient(y, x) is None
    # `leave` may be a function of this file: then the line is that of the function.
    found = tape.explain(y, x)
    assert found.cause is Cause.LEFT
    assert found.place.file == __file__
    assert found.place.line == (leave.__code__.co_firstlineno if hasattr(leave, "__code__") else line)
    assert word in found.text


def test_left_through_a_decision(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        if x > 2.0:
            line = here(back=1)
            y = gt.constant(1.0)
    assert tape.gradient(y, x) is None
    check(tape.explain(y, x), Cause.LEFT, line, "truth value", "gt.where")


def test_a_variable_that_left():
    v = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        y = gt.constant(np.sin(v.numpy()))
        line = here(back=1)
    assert tape.gradient(y, v) is None
    check(tape.explain(y, v), Cause.LEFT, line)


@pytest.mark.filterwarnings("ignore::gradtape.DetachedTensorWarning")
def test_the_way_out_is_found_when_everything_between_has_gone(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.constant(float(gt.exp(gt.sin(x * x) + 1.0)))
        line = here(back=1)
    gc.collect()
    check(tape.explain(y, x), Cause.LEFT, line)


def test_stop_gradient(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        z = gt.stop_gradient(x * x)
        line = here(back=1)
        y = gt.reduce_sum(gt.stack([z * 2.0, gt.sin(z), z + z]))
    assert tape.gradient(y, x) is None
    check(tape.explain(y, x), Cause.STOPPED, line, "stop_gradient")


def test_stop_gradient_beside_something_else(x):
    w = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        z = gt.stop_gradient(gt.exp(x))
        line = here(back=1)
        y = gt.sin(w * z) + w
    assert tape.gradient(y, [x, w])[0] is None
    check(tape.explain(y, x), Cause.STOPPED, line)
    check(tape.explain(y, w), Cause.CONNECTED)


def test_a_cast_to_integers(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        n = gt.cast(x, gt.int32)
        line = here(back=1)
        y = gt.cast(n, gt.float32) * 2.0
    assert tape.gradient(y, x) is None
    check(tape.explain(y, x), Cause.CAST, line, "cast")
    check(tape.explain(n, x), Cause.CAST, line)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("floor", gt.floor),
        ("rint", gt.round),
        ("argmax", lambda x: gt.cast(gt.argmax(gt.stack([x, 2.0 * x])), gt.float32)),
        ("greater", lambda x: gt.where(x > 2.0, 1.0, 0.0)),
    ],
)
def test_a_locally_constant_operation(x, name, function):
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = function(x) * 3.0
    assert tape.gradient(y, x) is None
    found = tape.explain(y, x)
    assert found.cause is Cause.CONSTANT
    assert name in found.text
    assert found.place.file == __file__


def test_assigned_to_a_variable(x):
    v = gt.Variable(1.0, name="state")
    for put in (v.assign, v.assign_add, v.assign_sub):
        with gt.GradientTape() as tape:
            tape.watch(x)
            put(x * x)
            line = here(back=1)
            y = v * 3.0
        assert tape.gradient(y, x) is None
        check(tape.explain(y, x), Cause.ASSIGNED, line, "state")


def test_the_derivative_of_a_linear_function(x):
    with gt.GradientTape() as outer:
        outer.watch(x)
        with gt.GradientTape() as inner:
            inner.watch(x)
            y = 3.0 * x + 1.0
        dy = inner.gradient(y, x)
        line = here(back=1)
    assert outer.gradient(dy, x) is None
    check(outer.explain(dy, x), Cause.LINEAR, line, "constant", 'unconnected_gradients="zero"')


def test_the_derivative_of_a_function_linear_in_one_of_two(x):
    w = gt.Variable(2.0)
    with gt.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with gt.GradientTape() as inner:
            inner.watch(x)
            y = w * w * x
        dy = gt.sin(inner.gradient(y, x)) * 2.0
        line = here(back=1)
    assert outer.gradient(dy, x) is None
    check(outer.explain(dy, x), Cause.LINEAR, line)
    check(outer.explain(dy, w), Cause.CONNECTED)


def test_a_rule_that_gives_none(x):
    @gt.custom_gradient
    def mute(a):
        return a * 2.0, lambda upstream: None

    with gt.GradientTape() as tape:
        tape.watch(x)
        y = mute(x)
    assert tape.gradient(y, x) is None
    check(tape.explain(y, x), Cause.RULE)


def test_a_compiled_function_is_one_operation(x):
    @gt.function
    def program(a):
        return 3.0 * gt.stop_gradient(a * a)

    program(x)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = program(x)
    assert tape.gradient(y, x) is None
    check(tape.explain(y, x), Cause.RULE, None, "python_function")
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = program.python_function(x)
    check(tape.explain(y, x), Cause.STOPPED, inspect.getsourcelines(program.python_function)[1] + 2)


def test_a_target_made_without_the_source(x):
    w = gt.Variable(2.0, name="weight")
    with gt.GradientTape() as tape:
        tape.watch(x)
        z = x * 5.0
        y = w * w
    del z
    assert tape.gradient(y, x) is None
    check(tape.explain(y, x), Cause.APART, None, "computed without x", "depends on w")


def test_what_is_connected(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    check(tape.explain(y, x), Cause.CONNECTED)
    check(tape.explain(x, x), Cause.CONNECTED)
    assert tape.gradient(y, x).numpy() == 6.0


# the border


def test_what_cannot_be_explained_is_refused(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    with pytest.raises(TypeError, match="should hold tensors and variables"):
        tape.explain(3.0, x)
    with pytest.raises(TypeError, match="should hold tensors and variables"):
        tape.explain(y, "x")
    with pytest.raises(ValueError, match="takes one tensor here, not 2"):
        tape.explain(y, [x, y])


def test_explanations_are_printed_when_asked_for(x, capsys):
    w = gt.Variable(1.0)

    def ask():
        with gt.GradientTape() as tape:
            y = x * w
        return tape.gradient(y, [x, w])

    gt.explain_none(True)
    try:
        assert ask()[0] is None
        with gt.GradientTape() as tape:
            y = x * w
        assert tape.jacobian(y, x) is None
    finally:
        gt.explain_none(False)
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == 2
    assert all(line.startswith("gradient is None: x is a Tensor") for line in printed)
    ask()
    assert capsys.readouterr().err == ""


# what remembering costs


@pytest.mark.filterwarnings("ignore::gradtape.DetachedTensorWarning")
def test_a_cut_keeps_nothing_alive(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        z = gt.exp(x)
        node = weakref.ref(z._node)
        stopped = gt.stop_gradient(z)
        float(z)
        del z
        assert node() is None
        y = stopped * 2.0
    check(tape.explain(y, x), Cause.STOPPED, here(back=5))


@pytest.mark.filterwarnings("ignore::gradtape.DetachedTensorWarning")
def test_a_place_passed_often_is_remembered_once(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(1000):
            if float(y) < 1e30:
                y = y * 1.01
        cuts = tape._record.cuts
        assert len(cuts.found) == 1
        assert max(len(cut.behind) + len(cut.latest) for cut in cuts.found.values()) <= 80
    assert tape.gradient(y, x) is not None


def test_marks_go_with_the_tape(x):
    v = gt.Variable(1.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        v.assign(x)
    del tape
    assert v._node.notes() == []


def test_a_mark_changes_no_derivative(x):
    w = gt.Variable(2.0)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        with gt.GradientTape() as inner:
            z = gt.stop_gradient(x) * w
            y = z * x * w + gt.floor(x) * w
        dw = inner.gradient(y, w)
    # y = stop(x) w^2 x + floor(x) w: dy/dw = 2 stop(x) x w + floor(x); then in x with stop(x) and floor(x) held.
    assert dw.numpy() == pytest.approx(2 * 3 * 3 * 2 + 3)
    assert tape.gradient(dw, x).numpy() == pytest.approx(2 * 3 * 2)
    assert tape.gradient(y, w).numpy() == pytest.approx(2 * 3 * 3 * 2 + 3)
