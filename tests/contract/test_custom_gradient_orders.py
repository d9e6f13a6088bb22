"""Functions with a derivative of their own, seen by tapes and accumulators at every order.

Sections: what the tape sees; second order; forward mode.
"""

from __future__ import annotations

import gc
import math
import tracemalloc
from typing import Any

import numpy as np
import pytest

import gradtape as tf


def numbers(nest: Any) -> Any:
    """The nest with each tensor as nested lists of Python numbers; None stays."""
    return tf.nest.map_structure(
        lambda g: None if g is None else tf.convert_to_tensor(g).numpy().tolist(), nest
    )


def gradients(function: Any, *points: Any, **options: Any) -> Any:
    """The gradients of function at watched points, as Python numbers."""
    tensors = [tf.constant(p) for p in points]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        y = function(*tensors)
    found = numbers(tape.gradient(y, tensors, **options))
    return found[0] if len(found) == 1 else found


def tangent(function: Any, point: Any, direction: Any = 1.0) -> Any:
    """The derivative of function at a point in a direction, by forward mode."""
    x = tf.constant(point)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(direction)) as accumulator:
        y = function(x)
    return numbers(accumulator.jvp(y))


def two_orders(function: Any, point: float) -> Any:
    """First and second derivative, tape in tape."""
    x = tf.constant(point)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        first = inner.gradient(y, x)
    return numbers([first, outer.gradient(first, x)])


# What the tape sees


def test_operations_inside_are_recorded_for_what_they_reach() -> None:
    z, x = tf.constant(2.0), tf.constant(3.0)
    kept: list[Any] = []

    @tf.custom_gradient
    def function(x: Any) -> Any:
        kept.append(x * x)
        return x * z, lambda dy: dy * 5.0

    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, z])
        y = function(x)
    assert numbers(tape.gradient(y, [x, z])) == [5.0, None]  # results are cut from the operations inside
    assert numbers(tape.gradient(kept[0], x)) == 6.0


def test_the_rule_is_about_the_arguments_and_not_about_what_is_closed_over() -> None:
    z = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = tf.custom_gradient(lambda x: (x * z, lambda dy: dy * 5.0))(tf.constant(3.0))
    assert tape.gradient(y, z).numpy() == 3.0


def test_the_derivative_is_called_only_on_the_path_and_once_for_each_gradient() -> None:
    calls: list[str] = []

    def counted(name: str) -> Any:
        def body(x: Any) -> Any:
            def derivative(dy: Any) -> Any:
                calls.append(name)
                return dy * 3.0

            return x * 2.0, derivative

        return tf.custom_gradient(body)

    used, unused, constant = counted("used"), counted("unused"), counted("constant")
    x = tf.constant(1.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        side = unused(x)
        y = used(x) + constant(tf.constant(1.0))
        z = y * y
    assert numbers(tape.gradient([y, z], x)) == 27.0
    assert calls == ["used"]
    assert numbers(tape.gradient(y, x)) == 3.0
    assert calls == ["used", "used"]
    assert numbers(side) == 2.0


def test_the_derivative_is_not_called_without_a_tape() -> None:
    def fail(dy: Any) -> Any:
        raise AssertionError("called")

    x = tf.constant(2.0)
    function = tf.custom_gradient(lambda x: (x * x, fail))
    with tf.GradientTape() as tape:
        y = function(x)  # x is not watched
    assert numbers(y) == 4.0
    assert tape.gradient(y, x) is None


def test_nothing_is_kept_between_calls() -> None:
    function = tf.custom_gradient(lambda x: (x * 2.0, lambda dy: dy * 2.0))
    x = tf.constant(np.zeros(125_000))  # one megabyte
    function(x)
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(20):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = function(x)
            del y, tape
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()


# Second order


def test_the_derivative_is_recorded_by_outer_tapes() -> None:
    cube = tf.custom_gradient(lambda x: (x * x * x, lambda dy: dy * 3.0 * x * x))
    assert two_orders(cube, 2.0) == [12.0, 12.0]


def test_a_closed_over_argument_is_the_argument() -> None:
    @tf.custom_gradient
    def square(x: Any) -> Any:
        return tf.constant(x.numpy() ** 2), lambda dy: dy * tf.sin(x)

    found = two_orders(square, 1.0)
    assert found == pytest.approx([math.sin(1.0), math.cos(1.0)], rel=1e-6)


def test_the_second_derivative_is_overridden_by_a_custom_function_inside() -> None:
    @tf.custom_gradient
    def shifted(x: Any) -> Any:
        def derivative(dy: Any) -> Any:
            @tf.custom_gradient
            def slope(x: Any) -> Any:
                return tf.constant(-1.1), lambda upstream: upstream * -2.1

            return dy * slope(x)

        return x + 10.0, derivative

    found = two_orders(lambda c: tf.pow(shifted(c), 4), 1.0)
    assert found == pytest.approx([-5856.4, -9423.48], rel=1e-6)


def test_a_decorated_derivative_defines_the_derivative_in_its_upstream() -> None:
    @tf.custom_gradient
    def doubled(x: Any) -> Any:
        return x * 2.0, tf.custom_gradient(lambda dy: (dy * 3.0, lambda u: u * 1000.0))

    assert two_orders(doubled, 1.0) == [3.0, None]
    x, seed = tf.constant(1.0), tf.constant(1.0)
    with tf.GradientTape() as outer:
        outer.watch([x, seed])
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = doubled(x)
        first = inner.gradient(y, x, output_gradients=seed)
    assert numbers(outer.gradient(first, [x, seed])) == [None, 1000.0]


@tf.custom_gradient
def arbitrary(x: Any) -> Any:
    """Value 3.1, slope 2.0, second derivative 2.1, transpose of the slope 2.2, whatever x is."""

    def derivative(dy: Any) -> Any:
        slope = tf.custom_gradient(lambda x, dy: (tf.constant(2.0), lambda u: (u * 2.1, u * 2.2)))
        return slope(x, dy)

    return tf.constant(3.1), derivative


def test_a_custom_function_of_the_argument_and_the_upstream() -> None:
    x = tf.constant(1.0)
    assert float(arbitrary(x)) == pytest.approx(3.1)
    assert two_orders(arbitrary, 1.0) == pytest.approx([2.0, 2.1])
    assert tangent(arbitrary, 1.0) == pytest.approx(2.2)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator, tf.GradientTape() as tape:
        tape.watch(x)
        y = arbitrary(x)
        first = tape.gradient(y, x)
    assert numbers([accumulator.jvp(y), accumulator.jvp(first)]) == pytest.approx([2.2, 2.1])


def test_orders_without_end() -> None:
    @tf.custom_gradient
    def exponential(x: Any) -> Any:
        return tf.constant(math.exp(float(x.numpy()))), lambda dy: dy * exponential(x)

    x = tf.constant(1.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = exponential(x)
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                z = exponential(2.0 * x)
            slope = first.gradient(z, x)
        curvature = second.gradient(slope, x)
    found = numbers([y, slope, curvature, tape.gradient(curvature, x)])
    e, e2 = math.exp(1.0), math.exp(2.0)
    assert found == pytest.approx([e, 2.0 * e2, 4.0 * e2, 8.0 * e2], rel=1e-6)


# Forward mode


@pytest.mark.parametrize(
    "body",
    [
        lambda x: 2.0 * x,  # ordinary operations inside
        lambda x: tf.constant(2.0 * x.numpy()),  # nothing recorded inside
        lambda x: tf.stop_gradient(2.0 * x),
        lambda x: 2.0 * x.numpy(),
        lambda x: x,
        lambda x: 1.0,
    ],
)
def test_the_custom_rule_wins_in_forward_mode(body: Any) -> None:
    function = tf.custom_gradient(lambda x: (body(x), lambda dy: 3.0 * dy))
    assert tangent(function, 5.0, 7.0) == 21.0
    assert gradients(function, 5.0) == 3.0


def test_forward_mode_transposes_the_rule() -> None:
    matrix = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])

    @tf.custom_gradient
    def apply(x: Any) -> Any:
        return x.numpy()[:2], lambda dy: tf.linalg.matvec(matrix, dy, transpose_a=True)

    x, direction = [1.0, 1.0, 1.0], [1.0, 10.0, 100.0]
    assert gradients(lambda x: apply(x), x) == [5.0, 7.0, 9.0]
    assert tangent(apply, x, direction) == [321.0, 654.0]


def test_forward_mode_with_several_arguments_and_results() -> None:
    @tf.custom_gradient
    def pair(x: Any, y: Any) -> Any:
        return {"s": x.numpy(), "t": y.numpy()}, lambda ds, dt: (2.0 * ds + 3.0 * dt, 5.0 * ds + 7.0 * dt)

    x, y = tf.constant(1.0), tf.constant(1.0)
    with tf.autodiff.ForwardAccumulator([x, y], [tf.constant(10.0), tf.constant(1.0)]) as accumulator:
        results = pair(x, y)
    assert numbers(accumulator.jvp(results)) == {"s": 25.0, "t": 37.0}


def test_forward_mode_through_variables() -> None:
    x, v = tf.constant(2.0), tf.Variable(3.0)
    with tf.autodiff.ForwardAccumulator([x, v], [tf.constant(1.0), tf.constant(10.0)]) as accumulator:
        y = tf.custom_gradient(
            lambda x: (x * v, lambda dy, variables: (dy * 2.0, [dy * 100.0 for _ in variables]))
        )(x)
    assert numbers(accumulator.jvp(y)) == 1002.0


def test_forward_over_reverse_and_reverse_over_forward() -> None:
    cube = tf.custom_gradient(lambda x: (tf.constant(x.numpy() ** 3), lambda dy: dy * 3.0 * x * x))
    x = tf.constant(2.0)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = cube(x)
        slope = tape.gradient(y, x)
    assert numbers([slope, accumulator.jvp(slope)]) == [12.0, 12.0]
    with tf.GradientTape() as tape:
        tape.watch(x)
        with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
            y = cube(x)
        slope = accumulator.jvp(y)
    assert numbers([slope, tape.gradient(slope, x)]) == [12.0, 12.0]
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as outer:
        with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as inner:
            y = cube(x)
        slope = inner.jvp(y)
    assert numbers([slope, outer.jvp(slope)]) == [12.0, 12.0]


def test_a_custom_function_inside_a_function_of_its_own() -> None:
    inner = tf.custom_gradient(lambda x: (2.0 * x, lambda dy: 3.0 * dy))
    outer = tf.custom_gradient(lambda x: (inner(x) * 10.0, lambda dy: inner(dy)))
    assert gradients(outer, 1.0) == 2.0
    assert gradients(lambda x: inner(inner(x)), 1.0) == 9.0
    assert tangent(lambda x: inner(inner(x)) + x, 1.0) == 10.0
    # the transpose of `inner` as a function of dy is its custom rule
    assert tangent(outer, 1.0) == 3.0


def test_taylor_series_of_the_gradient_of_a_custom_function_inside_another_rule():
    """A rule that calls a custom function keeps its derivative in the series that it is read for."""
    cube = tf.custom_gradient(lambda x: (x**3, lambda g: 3 * inner_square(x) * g))
    inner_square = tf.custom_gradient(lambda x: (tf.stop_gradient(x) ** 2, lambda g: 2 * x * g))
    one = tf.constant(1.0, dtype="float64")
    _, found = tf.taylor(cube, [tf.constant(2.0, dtype="float64")], [[one]], 4)
    assert [0 if c is None else round(c.numpy().item(), 12) for c in found] == [12.0, 6.0, 1.0, 0]
