"""Pausing a tape with `stop_recording`, and starting it over with `reset`."""

from __future__ import annotations

from typing import Any

import pytest

import gradtape as tf


def squared(persistent: bool = False) -> tuple[Any, Any, Any]:
    """An exited tape that watched x = 3 and recorded y = x * x."""
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=persistent) as tape:
        tape.watch(x)
        y = x * x
    return tape, x, y


# stop_recording


def test_stop_recording_pauses_this_tape_only() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as outer, tf.GradientTape() as inner:
        outer.watch(x)
        inner.watch(x)
        y = x * x
        with inner.stop_recording():
            z = x * x * x
        w = x * 7.0
    assert inner.gradient([y, z, w], x).numpy() == 13.0
    assert outer.gradient([y, z, w], x).numpy() == 40.0


def test_variables_read_in_a_pause_are_not_watched() -> None:
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        with tape.stop_recording():
            y = v * v
        assert tape.watched_variables() == ()
        z = y * 1.0
    assert tape.gradient(z, v) is None


def test_a_pause_ends_on_an_exception() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(ZeroDivisionError), tape.stop_recording():
            raise ZeroDivisionError
        y = x * x
    assert tape.gradient(y, x).numpy() == 6.0


def test_gradients_taken_in_a_pause_are_not_recorded() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        with tape.stop_recording():
            first = tape.gradient(y, x)
        z = x * first
    assert first.numpy() == 6.0
    assert tape.gradient(z, x).numpy() == 6.0


def test_stop_recording_without_a_record() -> None:
    with pytest.raises(RuntimeError, match="Trying to stop recording"), tf.GradientTape().stop_recording():
        pass
    tape, x, y = squared()
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="Trying to stop recording"), tape.stop_recording():
        pass


def test_stop_recording_when_not_recording() -> None:
    tape, x, y = squared()
    with pytest.raises(ValueError, match="Tape is not recording"), tape.stop_recording():
        pass
    assert tape.gradient(y, x).numpy() == 6.0
    with tape:
        tape.watch(x)
        with tape.stop_recording():
            with pytest.raises(ValueError, match="Tape is not recording"), tape.stop_recording():
                pass
            unheard = x * 100.0
        y = x * x
    assert tape.gradient([y, unheard], x).numpy() == 6.0


# reset


def test_reset_drops_the_record_and_goes_on() -> None:
    x, v = tf.constant(3.0), tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        before = x * v
        tape.reset()
        assert tape.watched_variables() == ()
        lost = x * 5.0  # x must be watched again
        after = v * v  # v is, because it is read
        tape.watch(x)
        again = x * x
    assert tape.gradient(before, [x, v]) == [None, None]
    assert tape.gradient(lost, x) is None
    assert tape.gradient(after, v).numpy() == 4.0
    assert tape.gradient(again, x).numpy() == 6.0


def test_reset_needs_a_recording_tape() -> None:
    tape, x, y = squared()
    for idle in (tf.GradientTape(), tape):
        with pytest.raises(ValueError, match="Tape is not recording"):
            idle.reset()
    assert tape.gradient(y, x).numpy() == 6.0
