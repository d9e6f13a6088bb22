"""Strange shapes, values and structures: each gives the right value or a clear error, and leaves the tape as it was.

Sections: empty, 0-d and high ranks; NaN and infinity; shapes and dtypes that do not fit; wrong structures.
"""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import pytest

import gradtape as tf


def gradient(function: Any, x: Any) -> Any:
    """The gradient of function at x, as an array."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x).numpy()


# Empty, 0-d and high ranks


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3), (1, 0, 2)])
def test_empty_arrays(shape: tuple[int, ...]) -> None:
    empty = np.zeros(shape)
    for function in (tf.sin, lambda x: x * x + 1.0, tf.reduce_sum, lambda x: tf.reduce_prod(x), tf.transpose):
        assert gradient(function, empty).shape == shape
    assert tf.reduce_sum(tf.constant(empty)).numpy() == 0.0
    assert tf.reduce_prod(tf.constant(empty)).numpy() == 1.0
    assert tf.reduce_max(tf.constant(empty)).numpy() == -np.inf
    assert gradient(lambda x: tf.concat([x, x * 2.0], axis=0), empty).shape == shape
    assert (
        gradient(lambda x: tf.matmul(tf.reshape(x, [0, 2]), tf.ones([2, 3], tf.float64)), empty).shape
        == shape
    )


@pytest.mark.filterwarnings("error")
def test_the_mean_of_nothing_is_nan_without_noise() -> None:
    assert np.isnan(tf.reduce_mean(tf.constant(np.zeros(0))).numpy())


@pytest.mark.parametrize("value", [np.float64(3.0), np.array(3.0), np.array([3.0]).reshape(()), 3.0])
def test_zero_dimensional_arrays(value: Any) -> None:
    x = tf.constant(value)
    assert tuple(x.shape) == ()
    assert gradient(lambda t: t * t, value) == 6.0
    assert gradient(lambda t: tf.reduce_sum(t[None] * tf.ones([2], t.dtype)), value) == 2.0
    assert gradient(lambda t: tf.reduce_max(t), value) == 1.0
    assert gradient(lambda t: tf.transpose(t), value) == 1.0


@pytest.mark.parametrize("rank", [10, 32, 64])
def test_high_ranks(rank: int) -> None:
    found = gradient(lambda x: tf.reduce_sum(x * x, axis=0) * 3.0, np.full([2] + [1] * (rank - 1), 5.0))
    assert found.shape == (2, *[1] * (rank - 1))
    assert found.ravel().tolist() == [30.0, 30.0]
    turned = gradient(
        lambda x: tf.transpose(x) * tf.constant([1.0, 2.0]), np.ones([2] + [1] * (rank - 1), np.float32)
    )
    assert turned.ravel().tolist() == [1.0, 2.0]


def test_a_rank_beyond_numpy_is_refused() -> None:
    x = tf.constant([1.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            tf.reshape(x, [1] * 65)
        y = x * x
    assert tape.gradient(y, x).numpy().tolist() == [2.0]


# NaN and infinity


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_pass_through_without_noise(bad: float) -> None:
    x = np.array([bad, 2.0])
    for function in (tf.sin, tf.exp, tf.sqrt, tf.math.log, lambda t: 1.0 / t, lambda t: t - t, tf.tanh):
        found = gradient(lambda t, f=function: f(t) * tf.constant(np.array([1.0, 3.0])), x)
        alone = gradient(function, np.array(2.0))
        assert found[1] == pytest.approx(3.0 * alone)
    assert np.isnan(gradient(lambda t: t * (t * np.nan), x)[1])
    assert np.isnan(gradient(tf.sin, x)[0])
    assert not np.isfinite((tf.constant(x) * 1.0).numpy()[0])
    assert not np.isfinite(tf.reduce_sum(tf.constant(x)).numpy())


def test_a_nan_compares_as_ieee() -> None:
    x = tf.constant([np.nan, 1.0])
    assert (x == x).numpy().tolist() == [False, True]
    assert np.isnan(tf.maximum(x, 0.0).numpy()[0])
    assert np.isnan(tf.reduce_max(x).numpy())


# Shapes and dtypes that do not fit


def test_seeds_and_shapes_that_do_not_fit_leave_the_tape() -> None:
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        for call in (
            lambda: x + tf.ones([3]),
            lambda: tf.reshape(x, [3]),
            lambda: tf.broadcast_to(x, [3]),
            lambda: tf.einsum("ij->i", x),
            lambda: tf.gather(x, 7),
            lambda: tf.split(x, 3),
            lambda: tf.transpose(x, [0, 0]),
            lambda: tf.squeeze(x, axis=0),
            lambda: tf.concat([x, tf.ones([1, 1])], axis=0),
        ):
            with pytest.raises((ValueError, TypeError, IndexError, tf.errors.InvalidArgumentError)):
                call()
        z = y * x
    with pytest.raises(ValueError, match="output_gradients"):
        tape.gradient(z, x, output_gradients=tf.ones([3]))
    assert tape.gradient(z, x).numpy().tolist() == [3.0, 12.0]


def test_a_variable_keeps_its_shape_and_dtype() -> None:
    v = tf.Variable([1.0, 2.0])
    with pytest.raises(ValueError, match=r"(?s)\(2,\).*\(3,\)|\(3,\).*\(2,\)"):
        v.assign([1.0, 2.0, 3.0])
    with pytest.raises((TypeError, ValueError)):
        v.assign(tf.constant([1.0, 2.0], dtype=tf.float64))
    with pytest.raises((TypeError, ValueError)):
        v.assign("a")
    assert v.numpy().tolist() == [1.0, 2.0]
    v.assign(np.array([3.0, 4.0]))
    assert v.dtype == tf.float32
    assert v.numpy().tolist() == [3.0, 4.0]


@pytest.mark.parametrize("dtype", ["nonsense", "datetime64[s]", "S3", object])
def test_a_dtype_that_no_tensor_has_is_refused(dtype: Any) -> None:
    for call in (lambda: tf.constant(1.0, dtype=dtype), lambda: tf.cast(tf.constant(1.0), dtype)):
        with pytest.raises((TypeError, ValueError)):
            call()


def test_complex_values_do_not_become_real_in_silence() -> None:
    with pytest.raises((TypeError, ValueError)):
        tf.constant(1j, dtype=tf.float32)
    v = tf.Variable(1.0)
    with pytest.raises((TypeError, ValueError)):
        v.assign(1j)


def test_fractions_do_not_become_integers_in_silence() -> None:
    with pytest.raises((TypeError, ValueError)):
        tf.constant(2.5, dtype=tf.int32)
    assert tf.cast(tf.constant(2.5), tf.int32).numpy() == 2


# Wrong structures


@pytest.mark.parametrize(
    "structure",
    [
        lambda x: {x.ref(): x},
        lambda x: {"a": x, 1: x},
        lambda x: [x, [x, [x, (x,)]]],
        lambda x: collections.UserList([x]),
        lambda x: {x.ref()},
        lambda x: iter([x]),
        lambda x: (t for t in [x]),
    ],
)
def test_structures_are_understood_or_refused(structure: Any) -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    try:
        answer = tape.gradient(y, structure(x))
    except (TypeError, ValueError):
        answer = tape.gradient(y, [x])
    assert [float(g.numpy()) for g in tf.nest.flatten(answer)] in ([6.0], [6.0] * 2, [6.0] * 4)


def test_a_gradient_of_a_consumed_record_says_none_on_a_new_one() -> None:
    x = tf.constant(3.0)
    tape = tf.GradientTape()
    with tape:
        tape.watch(x)
        y = x * x
    tape.gradient(y, x)
    with tape:
        tape.watch(x)
        z = x * x * x
    assert tape.gradient(y, x) is None
    with tape:
        tape.watch(x)
        z = x * x * x
    assert tape.gradient([y, z], x).numpy() == 27.0
