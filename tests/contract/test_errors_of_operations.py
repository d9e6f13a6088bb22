"""Errors of single operations: without a rule, with a bad one, or on shapes that do not fit; the tape stays usable.

Sections: the registry; shapes.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import gradtape as tf

serial = itertools.count()

# The registry


def test_an_operation_without_a_rule_on_the_path() -> None:
    name = f"unruly{next(serial)}"
    unruly = tf.register_primitive(name, lambda x: x + 1.0)
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        through = unruly(x) * 2.0  # recorded without complaint
        beside = x * x
        off = unruly(tf.stop_gradient(x)) * x
    assert through.numpy() == 8.0
    with pytest.raises(LookupError, match=f"gradient registry has no entry for: {name}"):
        tape.gradient(through, x)
    assert tape.gradient(beside, x).numpy() == 6.0  # it does not lie on this path
    assert tape.gradient(off, x).numpy() == 4.0
    with (
        pytest.raises(LookupError, match=f"gradient registry has no entry for: {name}"),
        tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator,
    ):
        accumulator.jvp(unruly(x))


def test_an_operation_without_a_rule_on_integers_is_no_error() -> None:
    unruly = tf.register_primitive(f"unruly{next(serial)}", lambda x: x + 1)
    i, x = tf.constant(3), tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.cast(unruly(i), tf.float32) * x
    assert tape.gradient(y, x).numpy() == 4.0


def test_an_operation_registered_as_constant_gives_none() -> None:
    steps = tf.register_primitive(f"steps{next(serial)}", np.floor, differentiable=False)
    x = tf.constant(3.5)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = steps(x) * 2.0
    assert y.numpy() == 6.0
    assert tape.gradient(y, x) is None


def test_a_rule_that_returns_too_few_gradients() -> None:
    name = f"short{next(serial)}"
    short = tf.register_primitive(name, lambda a, b: a * b, pulls=lambda g, _y, a, b: [g * b])
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = short(x, x)
    with pytest.raises(tf.errors.InternalError, match=f"(?s){name}.*too few gradients"):
        tape.gradient(y, x)


def test_a_registered_operation_has_every_order_and_mode() -> None:
    cube = tf.register_primitive(f"cube{next(serial)}", lambda x: x**3, partials=lambda _y, x: 3.0 * x * x)
    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = cube(x)
        first = inner.gradient(y, x)
    assert first.numpy() == 12.0
    assert outer.gradient(first, x).numpy() == 12.0
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        y = cube(x)
    assert accumulator.jvp(y).numpy() == 12.0


# Shapes and names


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (lambda: tf.ones([2, 3]) + tf.ones([4]), r"(?s)2, ?3.*4"),
        (lambda: tf.ones([2, 3]) * tf.ones([3, 2]), r"(?s)2, ?3.*3, ?2"),
        (lambda: tf.where(tf.ones([2]) > 0.0, tf.ones([3]), 0.0), r"(?s)2.*3"),
        (lambda: tf.matmul(tf.ones([2, 3]), tf.ones([2, 3])), r"(?s)2, ?3.*2, ?3"),
        (lambda: tf.reshape(tf.ones([4]), [3]), r"(?s)4.*3"),
        (lambda: tf.concat([tf.ones([2, 2]), tf.ones([3, 3])], 0), r"(?s)2, ?2.*3, ?3"),
        (lambda: tf.reduce_sum(tf.ones([2, 2]), axis=5), "5"),
        (lambda: tf.constant([1.0, 2.0])[5], "5"),
        (lambda: tf.constant([1.0, 2.0])[0, 0], "."),
    ],
)
def test_what_does_not_fit_is_an_invalid_argument(call: Any, shown: str) -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(tf.errors.InvalidArgumentError, match=shown):
            call()
        y = x * x
    assert tape.gradient(y, x).numpy() == 6.0


def test_an_index_out_of_range_is_an_index_error_too() -> None:
    with pytest.raises(IndexError, match="5"):
        tf.constant([1.0, 2.0])[5]
    with pytest.raises(ValueError, match="5"):
        tf.constant([1.0, 2.0])[5]


def test_an_empty_product_keeps_its_axes() -> None:
    x = tf.constant(np.zeros((0, 2)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_prod(x, axis=0, keepdims=True)
    assert y.numpy().tolist() == [[1.0, 1.0]]
    assert tape.gradient(y, x).shape == (0, 2)
