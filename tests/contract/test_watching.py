"""What a tape watches: tensors and variables by `watch`, trainable variables by reading, and which it lists.

Sections: watch; warnings; watched_variables.
"""

from __future__ import annotations

import collections
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import gradtape as tf

Pair = collections.namedtuple("Pair", "first second")


@pytest.mark.parametrize(
    "nest",
    [
        lambda x, y: [x, y],
        lambda x, y: (x, [y]),
        lambda x, y: {"a": x, "b": {"c": y}},
        lambda x, y: Pair(x, (y,)),
        lambda x, y: collections.OrderedDict(z=x, y=[y]),
    ],
)
def test_watch_takes_any_nest_and_returns_none(nest: Any) -> None:
    x, v = tf.constant(2.0), tf.Variable(5.0, trainable=False)
    with tf.GradientTape() as tape:
        assert tape.watch(nest(x, v)) is None
        y = x * v
    assert [float(g.numpy()) for g in tape.gradient(y, [x, v])] == [5.0, 2.0]
    assert [w is v for w in tape.watched_variables()] == [True]


@pytest.mark.parametrize(
    ("bad", "name"),
    [(np.ones(2), "ndarray"), (3.0, "float"), ("a", "str"), (np.float32(1), "float32"), (None, "NoneType")],
)
def test_watching_a_non_tensor_is_refused_before_anything_else(bad: Any, name: str) -> None:
    with pytest.raises(ValueError, match=rf"(?s){name}.*not tf\.Tensor"):
        tf.GradientTape().watch(bad)  # even on a tape that was never entered
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        with pytest.raises(ValueError, match=rf"(?s){name}.*not tf\.Tensor"):
            tape.watch([x, {"a": bad}])
        y = x * x
    assert tape.gradient(y, x) is None  # nothing of the refused nest was watched


def test_watching_on_a_never_entered_tape_is_a_runtime_error() -> None:
    with pytest.raises(RuntimeError, match="enter"):
        tf.GradientTape().watch(tf.constant(1.0))


def test_watching_a_result_does_not_cut_its_history() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        tape.watch(y)
        z = y * y
    assert [float(g.numpy()) for g in tape.gradient(z, [x, y])] == [108.0, 18.0]


def test_watching_a_result_of_nested_tapes_does_not_cut_its_history() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as outer, tf.GradientTape() as inner:
        outer.watch(x)
        inner.watch(x)
        y = x * x
        inner.watch(y)
        outer.watch(y)
        z = y * y
    for tape in (outer, inner):
        assert [float(g.numpy()) for g in tape.gradient(z, [x, y])] == [108.0, 18.0]


def test_watching_twice_changes_nothing() -> None:
    x, v = tf.constant(3.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        tape.watch([x, x, v, v])
        tape.watch(x)
        y = x * v
    assert len(tape.watched_variables()) == 1
    assert [float(g.numpy()) for g in tape.gradient(y, [x, v])] == [3.0, 3.0]


def test_watching_does_nothing_retroactively() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        early = x * 100.0
        tape.watch(x)
        late = x * x
    assert tape.gradient([early, late], x).numpy() == 6.0


def test_watching_a_nontrainable_variable_works() -> None:
    v = tf.Variable(3.0, trainable=False)
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = v * v
    assert [w is v for w in tape.watched_variables()] == [True]
    assert tape.gradient(y, v).numpy() == 6.0


@pytest.mark.filterwarnings("ignore::gradtape.NonDifferentiableDtypeWarning")
@pytest.mark.parametrize("make", [lambda: tf.constant(3), lambda: tf.constant(True), lambda: tf.Variable(3)])
def test_watching_a_non_float_is_accepted(make: Any) -> None:
    leaf, x = make(), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch([leaf, x])
        y = x * x
    gx, gleaf = tape.gradient(y, [x, leaf])
    assert gx.numpy() == 6.0
    assert gleaf is None


@pytest.mark.parametrize("make", ["tf.constant(3)", "tf.constant(True)", "tf.Variable(3)"])
def test_watching_a_non_float_warns_five_times_a_process(make: str) -> None:
    program = f"""
import warnings
import gradtape as tf

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with tf.GradientTape() as tape:
        for i in range(9):
            tape.watch({make})
assert len(caught) == 5, len(caught)
for warning in caught:
    assert warning.category is tf.NonDifferentiableDtypeWarning, warning.category
    assert issubclass(warning.category, tf.GradtapeWarning)
    assert "dtype of the watched tensor must be floating" in str(warning.message)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_watching_while_the_tape_does_not_record_has_no_effect_and_says_so() -> None:
    tape = tf.GradientTape()
    with tape:
        y = tf.constant(2.0)
    late = tf.constant(5.0)
    with pytest.warns(tf.InactiveTapeWarning):
        tape.watch(late)
    with tape:
        z = y * late
        with tape.stop_recording(), pytest.warns(tf.InactiveTapeWarning):
            tape.watch(late)
        z = z + y * late
    assert tape.gradient(z, late) is None


# watched_variables


def test_watched_variables_come_in_order_of_creation() -> None:
    first, second, third = (tf.Variable(float(i)) for i in range(3))
    with tf.GradientTape() as tape:
        tape.watch(tf.constant(1.0))
        assert tape.watched_variables() == ()
        _ = third * first
        _ = second * third
    watched = tape.watched_variables()
    assert isinstance(watched, tuple)
    assert [a is b for a, b in zip(watched, (first, second, third), strict=True)] == [True] * 3


def test_only_variables_of_the_current_record_are_watched() -> None:
    a, b = tf.Variable(1.0), tf.Variable(2.0)
    tape = tf.GradientTape(persistent=True)
    with tape:
        _ = a * a
    assert [v is a for v in tape.watched_variables()] == [True]
    with tape:
        tape.reset()
        assert tape.watched_variables() == ()
        _ = b * b
    assert [v is b for v in tape.watched_variables()] == [True]


def test_integer_variables_are_watched_too() -> None:
    v = tf.Variable(3)
    with tf.GradientTape() as tape:
        _ = v + 1
    assert [w is v for w in tape.watched_variables()] == [True]
