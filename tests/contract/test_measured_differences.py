"""Where TensorFlow's documentation and behaviour part, and which side is taken here.

Sections: custom functions; accumulators; variables.  What concerns tapes, Jacobians and seeds is tested beside them.
"""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

import gradtape as tf


@tf.custom_gradient
def tripled(x: Any) -> Any:
    """Twice x, with a derivative that says three."""
    return x * 2.0, lambda upstream: 3.0 * upstream


# Custom functions


def test_a_custom_rule_is_about_the_arguments_only() -> None:
    x, closed_over = tf.constant(3.0), tf.constant(2.0)

    @tf.custom_gradient
    def times(a: Any) -> Any:
        return a * closed_over, lambda upstream: 100.0 * upstream

    with tf.GradientTape() as tape:
        tape.watch(closed_over)  # the argument is not watched: the operations inside are all there is
        y = times(x)
    assert [None if g is None else float(g.numpy()) for g in tape.gradient(y, [x, closed_over])] == [
        None,
        3.0,
    ]
    with tf.GradientTape() as tape:
        tape.watch([x, closed_over])
        y = times(x)
    assert [None if g is None else float(g.numpy()) for g in tape.gradient(y, [x, closed_over])] == [
        100.0,
        None,
    ]


def test_the_custom_rule_wins_in_every_mode() -> None:
    x = tf.constant(5.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tripled(x)
    assert (y.numpy(), tape.gradient(y, x).numpy()) == (10.0, 3.0)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        y = tripled(x)
    assert accumulator.jvp(y).numpy() == 3.0
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tripled(x) * x  # 2 x**2, said to have the derivative 3 x + 2 x
        first = tape.gradient(y, x)
    assert (first.numpy(), accumulator.jvp(y).numpy(), accumulator.jvp(first).numpy()) == (25.0, 25.0, 6.0)


# Accumulators


@pytest.mark.parametrize("active", [True, False])
def test_the_tangent_of_a_dead_primal_is_freed(active: bool) -> None:
    gc.collect()
    gc.disable()
    try:
        x, tangent = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])
        accumulator = tf.autodiff.ForwardAccumulator(x, tangent)
        alive = weakref.ref(tangent)
        with accumulator:
            y = x * 2.0
            if active:
                del x, tangent
                assert alive() is None
        if not active:
            del x, tangent
            assert alive() is None
        assert accumulator.jvp(y).numpy().tolist() == [6.0, 8.0]
    finally:
        gc.enable()


# Variables


@pytest.mark.parametrize(("name", "expected"), [("assign", 5.0), ("assign_add", 7.0), ("assign_sub", -3.0)])
def test_assigning_returns_the_variable_itself(name: str, expected: float) -> None:
    v = tf.Variable(2.0)
    assert getattr(v, name)(5.0) is v
    assert v.numpy() == expected


@pytest.mark.parametrize("operation", ["+", "-", "*", "/", "**"])
def test_an_augmented_assignment_is_refused_and_the_way_out_named(operation: str) -> None:
    v = tf.Variable(2.0)
    names = {"v": v}
    way_out = {"+": "assign_add", "-": "assign_sub"}.get(operation, "assign")
    with pytest.raises(RuntimeError, match=way_out):
        exec(f"v {operation}= 1.0", names)
    assert names["v"] is v
    assert v.numpy() == 2.0


def test_other_augmented_assignments_make_a_tensor() -> None:
    v = tf.Variable(7.0)
    quotient: Any = v
    quotient //= 2.0
    assert (quotient.numpy(), v.numpy()) == (3.0, 7.0)
    assert not isinstance(quotient, tf.Variable)


def test_an_assignment_is_not_differentiated_and_leaves_what_was_recorded() -> None:
    v, x = tf.Variable(2.0), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        early = v * x
        v.assign(x * 10.0)
        late = v * v
    assert (early.numpy(), late.numpy()) == (6.0, 900.0)
    gx, gv = tape.gradient([early, late], [x, v])
    assert gx.numpy() == 2.0  # the value v had; nothing through the assignment
    assert gv.numpy() == 63.0
