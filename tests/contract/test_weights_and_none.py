"""The weights given to `gradient` as `output_gradients`, and when it answers None or zeros.

Sections: output_gradients; unconnected sources; dtypes and operations without derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradtape as tf


def numbers(nest: Any) -> Any:
    """The nest with each tensor as nested lists of Python numbers; None stays."""
    return tf.nest.map_structure(lambda g: None if g is None else g.numpy().tolist(), nest)


def derivative(function: Any, *points: Any, **options: Any) -> Any:
    """The gradient of function at watched points, as Python numbers."""
    points = tuple(tf.constant(p) for p in points)
    with tf.GradientTape() as tape:
        tape.watch(points)
        y = function(*points)
    return numbers(tape.gradient(y, points if len(points) > 1 else points[0], **options))


# output_gradients


@pytest.mark.parametrize(
    ("targets", "seeds", "expected"),
    [
        (lambda x, y: x * y, 5.0, [10.0, 15.0]),
        (lambda x, y: x * y, [5.0], [10.0, 15.0]),
        (lambda x, y: [x * y, x], [1.0, 2.0], [4.0, 3.0]),  # the seed of x adds to what flows back to it
        (lambda x, y: (lambda p: [p, p * x])(x * y), [1.0, 10.0], [122.0, 93.0]),
        (lambda x, y: [x * y, x], [None, 2.0], [4.0, 3.0]),  # None means ones
        (lambda x, y: [x * y, y * y], [None, None], [2.0, 7.0]),
        (lambda x, y: x * y, None, [2.0, 3.0]),
        (lambda x, y: {"b": x, "a": y}, {"a": 10.0, "b": 1.0}, [1.0, 10.0]),
        (lambda x, y: [x, y], np.array([5.0, 6.0], np.float32), ValueError),
        (lambda x, y: [x, y], [np.float32(5.0), 6.0], [5.0, 6.0]),
        (lambda x, y: [x, y, y], (1.0, 2.0, 3.0), [1.0, 5.0]),
        (lambda x, y: x * y, 0.0, [0.0, 0.0]),
    ],
)
def test_output_gradients_weigh_the_targets(targets: Any, seeds: Any, expected: Any) -> None:
    x, y = tf.constant(3.0), tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        z = targets(x, y)
    if expected is ValueError:
        with pytest.raises(ValueError, match="output_gradients"):
            tape.gradient(z, [x, y], output_gradients=seeds)
        return
    assert numbers(tape.gradient(z, [x, y], output_gradients=seeds)) == expected
    as_tensors = tf.nest.map_structure(lambda s: None if s is None else tf.constant(s), seeds)
    assert numbers(tape.gradient(z, [x, y], as_tensors)) == expected  # the third argument by position too


def test_output_gradients_of_arrays() -> None:
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
    assert numbers(tape.gradient(y, x, output_gradients=tf.constant([10.0, 100.0]))) == [20.0, 400.0]
    assert numbers(tape.gradient(y, x, output_gradients=np.array([10.0, 100.0], np.float32))) == [20.0, 400.0]


def test_output_gradients_are_differentiable() -> None:
    x, seed = tf.constant(3.0), tf.constant(5.0)
    with tf.GradientTape() as outer:
        outer.watch([x, seed])
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x * x
        g = inner.gradient(y, x, output_gradients=seed)
    assert numbers(outer.gradient(g, [x, seed])) == [10.0, 6.0]


@pytest.mark.parametrize(
    ("seeds", "shown"),
    [
        ([1.0, 2.0, 3.0], r"(?s)3.*2|2.*3"),  # count: three seeds for two targets
        ([1.0], r"(?s)1.*2|2.*1"),
        ([tf.constant([1.0, 2.0, 3.0]), 1.0], r"(?s)\(3,\).*\(2,\)|\(2,\).*\(3,\)"),  # shape
        ([tf.constant([[1.0, 2.0]]), None], r"(?s)\(1, 2\).*\(2,\)|\(2,\).*\(1, 2\)"),
        ([None, tf.constant([1.0, 2.0])], r"(?s)\(2,\).*\(\)|\(\).*\(2,\)"),
        ([1.0, 1.0], r"(?s)\(\).*\(2,\)|\(2,\).*\(\)"),  # a scalar is not spread either
    ],
)
def test_wrong_output_gradients_are_refused_and_both_sides_shown(seeds: Any, shown: str) -> None:
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        targets = [x * x, tf.reduce_sum(x)]
    with pytest.raises(ValueError, match=shown):
        tape.gradient(targets, x, output_gradients=seeds)
    assert numbers(tape.gradient(targets, x)) == [3.0, 5.0]


# Unconnected sources


def test_the_enumeration() -> None:
    assert tf.UnconnectedGradients("none") is tf.UnconnectedGradients.NONE
    assert tf.UnconnectedGradients("zero") is tf.UnconnectedGradients.ZERO
    assert [m.value for m in tf.UnconnectedGradients] == ["none", "zero"]


@pytest.mark.parametrize("zero", ["zero", tf.UnconnectedGradients.ZERO])
@pytest.mark.parametrize("none", ["none", tf.UnconnectedGradients.NONE])
def test_none_or_zeros_for_an_unconnected_source(none: Any, zero: Any) -> None:
    x, w = tf.constant(3.0), tf.constant(np.ones((2, 1)))
    v = tf.Variable(np.ones(3, np.float16))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, w, v])
        y = x * x
    assert numbers(tape.gradient(y, [x, w, v])) == [6.0, None, None]
    assert numbers(tape.gradient(y, [x, w, v], unconnected_gradients=none)) == [6.0, None, None]
    gx, gw, gv = tape.gradient(y, [x, w, v], unconnected_gradients=zero)
    assert gx.numpy() == 6.0
    assert (gw.dtype, tuple(gw.shape), gw.numpy().tolist()) == (tf.float64, (2, 1), [[0.0], [0.0]])
    assert (gv.dtype, tuple(gv.shape), gv.numpy().tolist()) == (tf.float16, (3,), [0.0] * 3)
    assert tape.gradient([], w, unconnected_gradients=zero).numpy().tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize("bad", ["nonsense", "NONE", None, 0])
def test_an_unknown_choice_is_refused(bad: Any) -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    with pytest.raises(ValueError, match=f"Unknown value for unconnected_gradients: {bad!r}"):
        tape.gradient(y, x, unconnected_gradients=bad)
    assert tape.gradient(y, x).numpy() == 6.0


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x * 0.0, 0.0),  # a path of value zero is a path
        (lambda x: x - x, 0.0),
        (lambda x: tf.sin(x * 0.0) * 0.0, 0.0),
        (lambda x: tf.zeros_like(x), None),
        (lambda x: tf.ones_like(x) * 3.0, None),
        (lambda x: tf.stop_gradient(x) * 3.0, None),
        (lambda x: tf.stop_gradient(x) * x, 3.0),
        (lambda x: tf.constant(x.numpy()), None),
        (lambda x: tf.constant(5.0), None),
        (lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32), None),
        (lambda x: tf.cast(tf.cast(x, tf.float64), tf.float32) * 2.0, 2.0),
        (lambda x: x * float(x), 3.0),
    ],
)
@pytest.mark.filterwarnings("ignore::gradtape.DetachedTensorWarning")
def test_none_means_no_path(function: Any, expected: Any) -> None:
    assert derivative(function, 3.0) == expected


# Dtypes and operations without derivative


@pytest.mark.filterwarnings("ignore::gradtape.NonDifferentiableDtypeWarning")
@pytest.mark.parametrize("leaf", [3, True, np.int64(3), np.uint8(3)])
def test_an_integer_or_boolean_target_or_source_gives_none(leaf: Any) -> None:
    i, x = tf.constant(leaf), tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([i, x])
        y = tf.cast(i, tf.float32) * x
        z = tf.cast(x, i.dtype)
    assert numbers(tape.gradient(y, [i, x])) == [None, 3.0 if leaf is not True else 1.0]
    assert tape.gradient(z, x) is None
    assert numbers(tape.gradient([z, y], x)) == (3.0 if leaf is not True else 1.0)
    zero = tape.gradient(y, i, unconnected_gradients="zero")
    assert zero.dtype == i.dtype
    assert zero.numpy() == 0


@pytest.mark.filterwarnings("ignore::gradtape.NonDifferentiableDtypeWarning")
def test_an_integer_target_that_is_the_source_gives_integer_ones() -> None:
    i = tf.constant([3, 4])
    with tf.GradientTape() as tape:
        pass
    g = tape.gradient(i, i)
    assert g.dtype == tf.int32
    assert g.numpy().tolist() == [1, 1]


@pytest.mark.parametrize(
    "function",
    [
        tf.round,
        tf.floor,
        tf.math.ceil,
        tf.math.rint,
        lambda x: tf.math.floordiv(x, 2.0),
        lambda x: x // 2.0,
        lambda x: tf.cast(tf.argmax(x), tf.float32),
        lambda x: tf.cast(tf.argmin(x), tf.float32),
        lambda x: tf.cast(x > 1.0, tf.float32),
        lambda x: tf.cast(x == 1.0, tf.float32),
        lambda x: tf.cast(tf.math.is_nan(x), tf.float32),
        lambda x: tf.cast(tf.shape(x), tf.float32),
    ],
)
def test_a_non_differentiable_operation_gives_none(function: Any) -> None:
    assert derivative(function, [1.5, 2.5]) is None
