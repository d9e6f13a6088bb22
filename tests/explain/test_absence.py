"""The first use of a None says why a tape gave it: where tensors meet it, in optimizers, and in `gradtape run`."""

import gc
import inspect
import re
import subprocess
import sys
import textwrap
import threading
import weakref

import numpy as np
import pytest

import gradtape as gt
from gradtape.core.absent import note_absence, origin
from gradtape.core.errors import said
from gradtape.explain import absence


@pytest.fixture(autouse=True)
def nothing_before():
    """No None of an earlier test is the latest one."""
    note_absence(lambda: "none yet")
    absence._passes.clear()
    yield
    note_absence(lambda: "none yet")


def gradient_of(f, x):
    """A helper as people write it: tape and target are gone when it returns."""
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, x)


def a_none():
    return gradient_of(lambda t: 3.0 * gt.stop_gradient(t), gt.constant(2.0))


STOPPED = (
    r"The latest None of a tape: the derivative asked for at .*test_absence\.py:\d+ is None\. .*"
    r"ends at stop_gradient at .*test_absence\.py:\d+\. Leave it out"
)
t, v = gt.constant([1.0, 2.0]), gt.Variable([1.0, 2.0])
USES = {
    "t * None": lambda g: t * g,
    "None * t": lambda g: g * t,
    "t - None": lambda g: t - g,
    "None + v": lambda g: g + v,
    "v / None": lambda g: v / g,
    "t ** None": lambda g: t**g,
    "t @ None": lambda g: t @ g,
    "t < None": lambda g: t < g,
    "gt.square(None)": gt.square,
    "gt.add(t, None)": lambda g: gt.add(t, g),
    "gt.norm(None)": gt.norm,
    "gt.stack([t[0], None])": lambda g: gt.stack([t[0], g]),
    "np.add(t, None)": lambda g: np.add(t, g),
    "np.add(None, t)": lambda g: np.add(g, t),
    "np.dot(t, None)": lambda g: np.dot(t, g),
    "gt.constant(None)": gt.constant,
    "gt.constant([1.0, None])": lambda g: gt.constant([1.0, g]),
    "v.assign(None)": v.assign,
    "v.assign_sub(None)": v.assign_sub,
    "v.assign_add(None)": v.assign_add,
    "clip_by_norm": lambda g: gt.clip_by_norm(g, 1.0),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_the_first_use_says_why(use):
    g = a_none()
    assert g is None
    with pytest.raises(TypeError, match=STOPPED):
        use(g)


def test_second_derivatives_of_a_none_say_why():
    g = a_none()
    tape = gt.GradientTape(persistent=True)
    with tape:
        tape.watch(t)
    for ask in (tape.gradient, tape.jacobian):
        with pytest.raises(TypeError, match=STOPPED):
            ask(g, t)


def test_optimizers_say_why():
    w, other = gt.Variable(1.5), gt.Variable(1.0)
    optimizer = gt.optimizers.SGD(0.5)
    with gt.GradientTape() as tape:
        loss = gt.constant(w.numpy() ** 2)
    g, at = tape.gradient(loss, w), inspect.currentframe().f_lineno
    with pytest.raises(
        ValueError, match=rf"No gradients provided.*test_absence\.py:{at} is None.*through \.numpy"
    ):
        optimizer.apply_gradients([(g, w)])
    with gt.GradientTape() as tape:
        loss = other * 2.0
    gradients = tape.gradient(loss, [w, other])
    with pytest.warns(gt.GradtapeWarning, match=r"do not exist.*was not read while the tape recorded"):
        optimizer.apply_gradients(zip(gradients, [w, other], strict=True))
    assert (w.numpy(), other.numpy()) == (1.5, 0.0)


def test_the_sources_and_lines_are_named():
    first, second, third, fourth, fifth = (gt.constant(float(i)) for i in range(5))
    with gt.GradientTape() as tape:
        tape.watch(first)
        y = first * second
    found, at = tape.gradient(y, [first, second, third, fourth, fifth]), inspect.currentframe().f_lineno
    with pytest.raises(TypeError) as caught:
        t * found[1]
    text = str(caught.value)
    assert (
        f"asked for at {__file__}:{at} is None. second is a Tensor that this tape was not told to watch"
        in text
    )
    assert "third is a Tensor" in text
    assert "fifth" not in text
    assert "by itself and stays one as long as it is changed by assign. (and 1 more sources)" in text


def test_the_latest_none_counts():
    a_none()
    with gt.GradientTape() as tape:
        y = t * 2.0
    g = tape.gradient(y, t)
    with pytest.raises(TypeError, match="t is a Tensor that this tape was not told to watch"):
        t * g


def test_without_a_none_of_a_tape_nothing_is_said():
    absence.note_absence(None)
    with pytest.raises(TypeError) as caught:
        gt.square(None)
    assert said(caught.value) == "square, argument x: None (a NoneType) cannot become a tensor"


def test_other_errors_do_not_mention_it():
    a_none()
    for wrong in ("text", {1: 2}, [1.0, {}]):
        with pytest.raises((TypeError, ValueError)) as caught:
            t * wrong
        assert "latest None" not in str(caught.value)
    assert (t == None) is False  # noqa: E711  # by identity, as Python has it
    assert (t != None) is True  # noqa: E711


def test_each_thread_has_its_own():
    absence.note_absence(None)
    thread = threading.Thread(target=a_none)
    thread.start()
    thread.join()
    assert origin(None) == ""


def test_a_line_that_is_passed_often_is_explained_while_the_tape_lives():
    x = gt.constant(2.0)

    def ask():
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.stop_gradient(x) * 1.0
        return tape, y, tape.gradient(y, x)

    for _ in range(absence.NEW):
        ask()
    tape, y, g = ask()
    assert re.search(STOPPED, origin(g))
    del tape, y
    assert re.search(
        r"asked for at .*test_absence\.py:\d+ is None; tape\.explain\(target, source\)", origin(g)
    )


def test_nothing_is_kept_alive():
    def ask():
        x = gt.constant(np.ones(1000))
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.stop_gradient(x) * 1.0
        tape.gradient(y, x)
        return weakref.ref(tape), weakref.ref(y), weakref.ref(x)

    gc.disable()
    try:
        for _ in range(absence.NEW + 2):
            assert [reference() for reference in ask()] == [None] * 3
    finally:
        gc.enable()


def test_names_that_the_program_keeps_stay():
    x, other = gt.constant(2.0), "other"
    kept = locals()
    with gt.GradientTape() as tape:
        y = x * x
    assert tape.gradient(y, x) is None
    assert kept["other"] == other


def test_it_prints_at_once_as_a_context(capsys):
    with gt.explain_none():
        a_none()
        with gt.explain_none(False):
            a_none()
        a_none()
    a_none()
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == 2
    assert all(
        text.startswith("gradient is None: The path from y to x ends at stop_gradient") for text in printed
    )


SCRIPT = """
    import tensorflow as tf
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    g = tape.gradient(y, x)
    print("asked")
    {use}
"""


def run(tmp_path, use):
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(SCRIPT).format(use=use))
    return script, subprocess.run(
        [sys.executable, "-m", "gradtape", "run", str(script)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("use", ["2 * g", "g.numpy()", "float(g)", "x = x - 0.1 * g"])
def test_the_command_explains_an_error_that_python_raises(tmp_path, use):
    script, ran = run(tmp_path, use)
    assert (ran.returncode, ran.stdout) == (1, "asked\n")
    last = ran.stderr.splitlines()[-1]
    assert last.startswith(
        f"The latest None of a tape: the derivative asked for at {script}:6 is None. x is a Tensor"
    )
    assert "Error: " in ran.stderr.splitlines()[-2]


def test_the_command_leaves_other_errors_alone(tmp_path):
    _, ran = run(tmp_path, "1 + 'a'")
    assert "latest None" not in ran.stderr
