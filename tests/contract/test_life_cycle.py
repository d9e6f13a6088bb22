"""The life of a tape: constructor, entry and exit, persistence, consumption.

Sections: constructor; enter and exit; consumption; gradient() inside the context.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import pytest

import gradtape as tf

CONSUMED = "A non-persistent GradientTape can only"
inside = pytest.mark.filterwarnings("ignore::gradtape.PersistentTapeWarning")


def squared(persistent: bool = False) -> tuple[Any, Any, Any]:
    """An exited tape that watched x = 3 and recorded y = x * x."""
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=persistent) as tape:
        tape.watch(x)
        y = x * x
    return tape, x, y


# Constructor


def test_the_alias_is_the_same_class() -> None:
    assert tf.autodiff.GradientTape is tf.GradientTape


def test_arguments_by_position_and_by_default() -> None:
    v = tf.Variable(2.0)
    with tf.GradientTape(True, False) as tape:
        y = v * v
    assert tape.gradient(y, v) is None  # watch_accessed_variables=False
    assert tape.gradient(y, v) is None  # persistent=True
    with tf.GradientTape() as tape:
        y = v * v
    assert tape.gradient(y, v).numpy() == 4.0
    with pytest.raises(RuntimeError, match=CONSUMED):
        tape.gradient(y, v)


def test_watch_accessed_variables_false_leaves_explicit_watch() -> None:
    a, b = tf.Variable(2.0), tf.Variable(5.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(a)
        y = a * b
    assert [v is a for v in tape.watched_variables()] == [True]
    ga, gb = tape.gradient(y, [a, b])
    assert ga.numpy() == 5.0
    assert gb is None


def test_only_trainable_variables_are_watched_by_reading() -> None:
    v = tf.Variable(2.0, trainable=False)
    with tf.GradientTape() as tape:
        y = v * v
    assert tape.watched_variables() == ()
    assert tape.gradient(y, v) is None


@pytest.mark.parametrize("persistent", [False, True])
def test_creating_a_tape_records_nothing(persistent: bool) -> None:
    v = tf.Variable(3.0)
    tape = tf.GradientTape(persistent=persistent)
    y = v * v
    assert tape.watched_variables() == ()
    with pytest.raises(RuntimeError, match=CONSUMED):  # the same text for a persistent one
        tape.gradient(y, v)
    with tape:
        z = v * v
    assert [None if g is None else float(g.numpy()) for g in tape.gradient((y, z), [v])] == [6.0]


def test_the_error_of_a_never_entered_tape_says_so() -> None:
    with pytest.raises(RuntimeError, match=CONSUMED) as caught:
        tf.GradientTape(persistent=True).gradient(tf.constant(1.0), tf.constant(1.0))
    assert "enter" in str(caught.value)


# Enter and exit


def test_enter_returns_the_tape_itself() -> None:
    tape = tf.GradientTape()
    with tape as entered:
        assert entered is tape


def test_reentering_resumes_the_same_record() -> None:
    x = tf.constant(3.0)
    tape = tf.GradientTape()
    with tape:
        tape.watch(x)
        y = 2.0 * x
    unheard = 5.0 * x
    with tape:
        z = y * 2.0
    assert [None if g is None else float(g.numpy()) for g in tape.gradient(z, [x])] == [4.0]
    with tape:
        tape.watch(x)
        w = unheard * 1.0
    assert tape.gradient(w, x) is None


def test_entering_while_recording_is_an_error_and_recording_goes_on() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(ValueError, match="Tape is still recording"), tape:
            pass
        y = x * x
    assert tape.gradient(y, x).numpy() == 6.0


def test_exit_never_swallows_exceptions_and_keeps_the_record() -> None:
    x = tf.constant(3.0)
    tape = tf.GradientTape()
    with pytest.raises(ZeroDivisionError, match="mine"), tape:
        tape.watch(x)
        y = x * x
        raise ZeroDivisionError("mine")
    outside = y * x
    assert tape.gradient([y, outside], x).numpy() == 6.0


def test_exit_when_not_recording_does_nothing() -> None:
    tape, x, y = squared(persistent=True)
    assert not tape.__exit__(None, None, None)
    assert tape.gradient(y, x).numpy() == 6.0


def test_nothing_is_recorded_after_exit() -> None:
    tape, x, y = squared(persistent=True)
    z = y * x
    assert tape.gradient(z, x) is None


# Consumption


@pytest.mark.parametrize("method", ["gradient", "jacobian", "batch_jacobian"])
@pytest.mark.parametrize("first", ["gradient", "jacobian", "batch_jacobian"])
def test_a_non_persistent_tape_serves_once(first: str, method: str) -> None:
    x = tf.constant([[3.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert getattr(tape, first)(y, x).numpy().ravel() == [6.0]
    with pytest.raises(RuntimeError, match=CONSUMED):
        getattr(tape, method)(y, x)


@pytest.mark.parametrize("method", ["gradient", "jacobian", "batch_jacobian"])
def test_a_persistent_tape_serves_any_number_of_times(method: str) -> None:
    x = tf.constant([[3.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * x
    for _ in range(3):
        assert getattr(tape, method)(y, x).numpy().ravel() == [6.0]
        assert getattr(tape, method)(z, x).numpy().ravel() == [27.0]


def test_watched_variables_are_remembered_after_consumption() -> None:
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = v * v
    tape.gradient(y, v)
    (remembered,) = tape.watched_variables()
    assert remembered is v


def test_a_consumed_tape_can_be_used_again_with_a_fresh_record() -> None:
    tape, x, y = squared()
    assert tape.gradient(y, x).numpy() == 6.0
    with tape:
        tape.watch(x)
        z = x * x * x
        old = y * 1.0
    assert tape.gradient([z, old], x).numpy() == 27.0  # y belongs to the record that is gone
    v = tf.Variable(1.0)
    with tape:
        y = v * 7.0
    assert tape.gradient(y, v).numpy() == 7.0
    with tape:
        assert tape.watched_variables() == ()


@pytest.mark.parametrize("method", ["gradient", "jacobian"])
def test_a_failed_call_keeps_the_record(method: str) -> None:
    tape, x, y = squared()
    with pytest.raises(ValueError, match="Unknown value for unconnected_gradients"):
        getattr(tape, method)(y, x, unconnected_gradients="nonsense")
    with pytest.raises(TypeError):
        getattr(tape, method)(None, x)
    with pytest.raises(TypeError):
        getattr(tape, method)(y, 3.0)
    assert getattr(tape, method)(y, x).numpy() == 6.0


# gradient() inside the context


def test_gradient_inside_stops_a_non_persistent_tape_first() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        assert tape.gradient(y, x).numpy() == 6.0
        z = x * x
        with pytest.raises(RuntimeError, match=CONSUMED):
            tape.gradient(z, x)
    with pytest.raises(RuntimeError, match=CONSUMED):
        tape.gradient(z, x)


@pytest.mark.parametrize("method", ["gradient", "jacobian", "batch_jacobian"])
@pytest.mark.parametrize("wrong", ["target", "source", "choice"])
def test_a_failed_call_inside_has_stopped_recording_but_keeps_the_record(method: str, wrong: str) -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        target, source = None if wrong == "target" else y, 3.0 if wrong == "source" else x
        choice = "nonsense" if wrong == "choice" else "none"
        with pytest.raises((TypeError, ValueError)):
            getattr(tape, method)(target, source, unconnected_gradients=choice)
        unheard = x * 100.0
    assert tape.gradient([y, unheard], x).numpy() == 6.0


@inside
def test_gradient_inside_a_persistent_tape_is_recorded_on_it() -> None:
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**4.0
        first = tape.gradient(y, x)
        second = tape.gradient(first, x)
        third = tape.gradient(second, x)
    fourth = tape.gradient(third, x)
    assert [float(g.numpy()) for g in (first, second, third, fourth)] == pytest.approx([32, 48, 48, 24])


def test_gradient_outside_is_not_recorded_on_this_tape_but_on_other_active_ones() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape(persistent=True) as inner:
            inner.watch(x)
            y = x * x * x
        first = inner.gradient(y, x)
    assert inner.gradient(first, x) is None
    assert outer.gradient(first, x).numpy() == 18.0


def test_the_advice_about_a_persistent_context_is_given_once_a_process() -> None:
    program = """
import warnings
import gradtape as tf

def once():
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        tape.gradient(x * x, x)

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    once()
    once()
(warning,) = caught
assert warning.category is tf.PersistentTapeWarning, warning.category
assert issubclass(tf.PersistentTapeWarning, tf.GradtapeWarning) and issubclass(tf.GradtapeWarning, UserWarning)
assert "significantly less efficient" in str(warning.message)
assert warning.filename == __file__, warning.filename
"""
    code = f"__file__ = '<advice>'\nexec(compile({program!r}, '<advice>', 'exec'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_advice_in_a_pause_or_outside_or_without_persistence() -> None:
    x = tf.constant(3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x * x
            with tape.stop_recording():
                assert tape.gradient(y, x).numpy() == 6.0
        assert tape.gradient(y, x).numpy() == 6.0
        with tf.GradientTape() as tape:
            tape.watch(x)
            assert tape.gradient(x * x, x).numpy() == 6.0
