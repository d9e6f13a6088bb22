"""What a tape records and for whom: the recording rule, identity, and tapes inside tapes.

Sections: the recording rule; identity; nesting.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradtape as tf

# The recording rule


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
def test_an_operation_on_a_known_tensor_of_trainable_dtype_is_recorded(dtype: str) -> None:
    x = tf.constant([2, 3], dtype=dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.identity(x) + x
    g = tape.gradient(y, x)
    assert g.dtype == dtype
    assert g.numpy().tolist() == [2, 2]


@pytest.mark.filterwarnings("ignore::gradtape.NonDifferentiableDtypeWarning")
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "bool"])
def test_an_operation_on_a_known_tensor_of_another_dtype_is_not(dtype: str) -> None:
    x = tf.constant(np.array([1, 0]).astype(dtype))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.cast(x, tf.float32) * 3.0
    summary = tape.summary()
    assert (summary.count, summary.sources) == (0, 0)
    assert tape.gradient(y, x) is None


def test_all_outputs_become_known() -> None:
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        a, b, c = tf.unstack(x)
        left, right = tf.split(x, [1, 2])
    assert [tape.gradient(y, x).numpy().tolist() for y in (a, b, c, left, right)] == [
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0],
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 1.0],
    ]


def test_each_tape_has_its_own_known_set_and_hears_every_operation() -> None:
    x, y = tf.constant(2.0), tf.constant(5.0)
    with tf.GradientTape() as a, tf.GradientTape() as b, tf.GradientTape() as c:
        a.watch(x)
        b.watch(y)
        c.watch([x, y])
        z = x * x * y
    assert [None if g is None else float(g.numpy()) for g in a.gradient(z, [x, y])] == [20.0, None]
    assert [None if g is None else float(g.numpy()) for g in b.gradient(z, [x, y])] == [None, 4.0]
    assert [float(g.numpy()) for g in c.gradient(z, [x, y])] == [20.0, 4.0]


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (0, 2, 1)])
def test_tapes_may_be_left_in_any_order(order: tuple[int, ...]) -> None:
    x = tf.constant(3.0)
    tapes = [tf.GradientTape() for _ in range(3)]
    for tape in tapes:
        tape.__enter__()
        tape.watch(x)
    y = 1.0 * x
    parts = []
    for position in order:
        tapes[position].__exit__(None, None, None)
        parts.append(x * 10.0)
    found = [float(tape.gradient([y, *parts], x).numpy()) for tape in tapes]
    assert found == [1.0 + 10.0 * order.index(position) for position in range(3)]


def test_tapes_may_be_resumed_in_another_order() -> None:
    x = tf.constant(3.0)
    a, b = tf.GradientTape(), tf.GradientTape()
    with a, b:
        a.watch(x)
        b.watch(x)
        y = x * x
    with b:
        first = b.gradient(y, x)  # b has stopped: nobody hears the next line
    with a:
        z = y * x
    assert first.numpy() == 6.0
    assert a.gradient(z, x).numpy() == 27.0


# Identity


def test_equal_constants_are_distinct() -> None:
    a, b = tf.constant(3.0), tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([a, b])
        y = a + b
        z = a * a
    assert [float(g.numpy()) for g in tape.gradient(y, [a, b])] == [1.0, 1.0]
    assert tape.gradient(z, b) is None


def test_a_second_name_is_the_same_node() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        same = x
        y = same * x
    assert [float(g.numpy()) for g in tape.gradient(y, [x, same])] == [6.0, 6.0]


@pytest.mark.parametrize(
    "copy",
    [
        tf.identity,
        lambda x: x + 0,
        lambda x: x * 1,
        lambda x: x - 0.0,
        lambda x: x / 1.0,
        lambda x: tf.reshape(x, [2]),
        lambda x: x[:],
        lambda x: x[...],
        lambda x: tf.transpose(x),
        lambda x: tf.broadcast_to(x, [2]),
        lambda x: tf.math.real(x) + 0.0,
    ],
)
def test_an_operation_that_changes_nothing_gives_a_new_node(copy: Any) -> None:
    x = tf.constant([3.0, 4.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        new = copy(x)
        y = new * new
    assert new is not x
    assert tape.gradient(y, [x, new])[0].numpy().tolist() == [6.0, 8.0]
    assert tape.gradient(y, new).numpy().tolist() == [6.0, 8.0]
    assert tape.gradient(x, new) is None
    with tf.GradientTape() as tape:
        tape.watch(new)
        y = new * x
    assert [None if g is None else g.numpy().tolist() for g in tape.gradient(y, [x, new])] == [
        None,
        [3.0, 4.0],
    ]


def test_convert_to_tensor_of_a_tensor_is_the_same_node() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.convert_to_tensor(x) * 2.0
    assert tf.convert_to_tensor(x) is x
    assert tape.gradient(y, x).numpy() == 2.0


def test_a_dead_object_never_lends_its_identity_to_a_new_one() -> None:
    x = tf.constant(1.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * 1.0
        for _ in range(100):
            y = y * 1.0  # each former y is consumed; its object is gone
        strangers = [tf.constant(1.0) for _ in range(1000)]
    assert tape.gradient(y, x).numpy() == 1.0
    assert tape.gradient(y, strangers) == [None] * 1000


def test_all_reads_of_a_variable_count() -> None:
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        early = v * v.read_value() * v.value()
        v.assign(10.0)
        late = v * 1.0
        y = early + late
    assert y.numpy() == 37.0
    assert tape.gradient(y, v).numpy() == 28.0


# Nesting


def test_an_outer_tape_differentiates_an_inner_gradient_to_any_depth() -> None:
    x = tf.constant(2.0, dtype=tf.float64)

    def derivative(order: int) -> Any:
        if order == 0:
            return x**6.0
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = derivative(order - 1)
        return tape.gradient(y, x)

    assert [float(derivative(n).numpy()) for n in range(7)] == pytest.approx(
        [64, 192, 480, 960, 1440, 1440, 720]
    )


def test_what_is_watched_is_local_to_the_tape() -> None:
    y, z = tf.Variable(2.0), tf.Variable(2.0)
    with tf.GradientTape() as outer:
        outer.watch(y)
        with tf.GradientTape() as inner:
            inner.watch([y, z])
            value = y * y * y + z * 3.0
        first_y, first_z = inner.gradient(value, [y, z])
    assert (first_y.numpy(), first_z.numpy()) == (12.0, 3.0)
    second_y, second_z = outer.gradient(first_y, [y, z])
    assert second_y.numpy() == 12.0
    assert second_z is None


def test_the_outer_tape_must_watch_for_itself() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        first = inner.gradient(y, x)
    assert first.numpy() == 27.0
    assert outer.gradient(first, x) is None


def test_the_second_derivative_of_something_linear_is_none() -> None:
    x, w = tf.constant([1.0, 2.0]), tf.constant([[3.0, 4.0], [5.0, 6.0]])
    with tf.GradientTape() as outer:
        outer.watch([x, w])
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(tf.linalg.matvec(w, x))
        first = inner.gradient(y, x)
    assert first.numpy().tolist() == [8.0, 10.0]
    by_x, by_w = outer.gradient(first, [x, w])
    assert by_x is None
    assert by_w.numpy().tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_no_perturbation_confusion() -> None:
    x, y = tf.constant(1.0), tf.constant(1.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(y)
            total = x + y
        value = x * inner.gradient(total, y)
    assert outer.gradient(value, x).numpy() == 1.0
    x = tf.constant(3.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            product = x * x
        value = x * inner.gradient(product, x)  # x * 2x
    assert outer.gradient(value, x).numpy() == 12.0


def test_an_inner_tape_does_not_hear_an_outer_gradient() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as inner:
        inner.watch(x)
        with tf.GradientTape() as outer:
            outer.watch(x)
            y = x * x
        first = outer.gradient(y, x)  # inner is active: it is the one that hears
    second = inner.gradient(first, x)
    assert second.numpy() == 2.0
    assert inner.gradient(second, x) is None
