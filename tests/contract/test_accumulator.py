"""Forward mode: what a `ForwardAccumulator` takes, when it records, and how it mixes with others and with tapes.

Sections: primals and tangents; entering; looking up; operations; nesting; tapes; freeing.
"""

from __future__ import annotations

import gc
import math
import weakref
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradtape as tf

ForwardAccumulator = tf.autodiff.ForwardAccumulator


class Pair(NamedTuple):
    first: Any
    second: Any


def numbers(nest: Any) -> Any:
    """The nest with each tensor as nested lists of Python numbers; None stays."""
    return tf.nest.map_structure(lambda g: None if g is None else g.numpy().tolist(), nest)


def tangent(function: Any, point: Any, direction: Any) -> Any:
    """The derivative of function at a point in a direction."""
    x = tf.constant(point)
    with ForwardAccumulator(x, tf.constant(direction)) as accumulator:
        y = function(x)
    return numbers(accumulator.jvp(y))


# Primals and tangents


@pytest.mark.parametrize(
    "pack",
    [
        lambda a, b: [a, b],
        lambda a, b: (a, (b,)),
        lambda a, b: {"y": b, "x": [a]},
        lambda a, b: Pair(a, {"k": b}),
    ],
)
@pytest.mark.parametrize("kind", [tf.constant, tf.Variable])
def test_primals_and_tangents_are_matching_nests(pack: Any, kind: Any) -> None:
    a, b = kind(2.0), kind(5.0)
    with ForwardAccumulator(pack(a, b), pack(tf.constant(1.0), tf.constant(10.0))) as accumulator:
        y = a * b
    assert numbers(accumulator.jvp(y)) == 25.0
    assert numbers(accumulator.jvp(pack(tf.convert_to_tensor(a), y))) != pack(None, None)


@pytest.mark.parametrize(
    ("tangents", "error"),
    [
        (lambda t: (t,), TypeError),
        (lambda t: [t, t], ValueError),
        (lambda t: t, ValueError),
        (lambda t: [[t]], ValueError),
    ],
)
def test_nests_that_do_not_match_are_refused(tangents: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="structure"):
        ForwardAccumulator([tf.constant(3.0)], tangents(tf.constant(1.0)))


@pytest.mark.parametrize("kind", [tf.constant, tf.Variable])
def test_a_primal_given_twice_is_refused(kind: Any) -> None:
    x = kind(3.0)
    ones = [tf.constant(1.0)] * 3
    with pytest.raises(ValueError, match="multiple times"):
        ForwardAccumulator([x, kind(3.0), x], ones)


@pytest.mark.parametrize("given", [2.0, 2, np.float64(2.0), np.array(2), tf.constant(2.0, tf.float64)])
def test_a_tangent_takes_the_dtype_of_its_primal(given: Any) -> None:
    x = tf.constant(3.0)
    with ForwardAccumulator(x, given) as accumulator:
        y = x * x
    assert accumulator.jvp(y).dtype == tf.float32
    assert accumulator.jvp(y).numpy() == 12.0


def test_a_missing_tangent_is_refused() -> None:
    with pytest.raises((ValueError, TypeError)):
        ForwardAccumulator([tf.constant(3.0)], [None])


@pytest.mark.parametrize("primal", [3.0, np.ones(2)])
def test_a_primal_that_is_no_tensor_is_refused(primal: Any) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError)):
        ForwardAccumulator(primal, primal)


def test_a_primal_of_integers_is_warned_about_and_has_no_tangent() -> None:
    i = tf.constant(3)
    with pytest.warns(tf.NonDifferentiableDtypeWarning, match="dtype of the watched primal must be floating"):
        accumulator = ForwardAccumulator(i, tf.constant(1))
    with accumulator:
        y = tf.cast(i, tf.float32) * 2.0
    assert accumulator.jvp(y) is None


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
def test_a_tangent_has_the_dtype_of_its_value(dtype: str) -> None:
    x = tf.constant([2, 3], dtype)
    with ForwardAccumulator(x, tf.constant([1, 10], dtype)) as accumulator:
        y = x * x
    assert accumulator.jvp(y).dtype == dtype
    assert accumulator.jvp(y).numpy().tolist() == [4, 60]


# Entering


def test_entering_while_active_is_refused() -> None:
    x = tf.constant(3.0)
    accumulator = ForwardAccumulator(x, tf.constant(1.0))
    with accumulator as entered:
        assert entered is accumulator
        with pytest.raises(ValueError, match="already recording"), accumulator:
            pass
        y = x * x  # still recording
    assert accumulator.jvp(y).numpy() == 6.0


def test_an_accumulator_may_be_entered_again() -> None:
    x = tf.constant(3.0)
    accumulator = ForwardAccumulator(x, tf.constant(1.0))
    with accumulator:
        square = x * x
    outside = x * square
    with accumulator:
        cube, through = x * square, outside * x
    assert numbers(accumulator.jvp([square, cube, outside, through])) == [6.0, 27.0, None, 27.0]


def test_an_exception_ends_the_context_and_comes_out() -> None:
    x = tf.constant(3.0)
    accumulator = ForwardAccumulator(x, tf.constant(1.0))
    with pytest.raises(KeyError, match="mine"), accumulator:
        raise KeyError("mine")
    y = x * x
    assert accumulator.jvp(y) is None
    with accumulator:
        y = x * x
    assert accumulator.jvp(y).numpy() == 6.0


def test_operations_outside_the_context_have_no_tangent_and_old_ones_stay() -> None:
    x = tf.constant(3.0)
    before = x * x
    with ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        y = x * x
    after = x * y
    assert numbers(accumulator.jvp([before, y, after])) == [None, 6.0, None]
    assert numbers(accumulator.jvp([y, y])) == [6.0, 6.0]  # any number of times


# Looking up


def test_a_tangent_may_be_asked_for_at_any_time_and_in_any_nest() -> None:
    x, v = tf.constant(3.0), tf.Variable(5.0)
    accumulator = ForwardAccumulator([x, v], [tf.constant(2.0), tf.constant(7.0)])
    assert numbers(accumulator.jvp({"b": [x], "a": v})) == {"b": [2.0], "a": 7.0}
    with accumulator:
        y = x * v
        inside = accumulator.jvp(y)
    assert numbers([inside, accumulator.jvp(Pair(y, (x,)))]) == [31.0, Pair(31.0, (2.0,))]


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({}, [None, None]),
        ({"unconnected_gradients": tf.UnconnectedGradients.NONE}, [None, None]),
        ({"unconnected_gradients": "zero"}, [[0.0, 0.0], 0.0]),
        ({"unconnected_gradients": tf.UnconnectedGradients.ZERO}, [[0.0, 0.0], 0.0]),
    ],
)
def test_an_unconnected_tensor_has_none_or_zeros(option: Any, expected: Any) -> None:
    x = tf.constant(3.0)
    with ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        other, whole = tf.constant([1.0, 2.0], tf.float64) * 2.0, tf.floor(x)
    found = accumulator.jvp([other, whole], **option)
    assert numbers(found) == expected
    assert [None if g is None else g.dtype for g in found] in ([None, None], [tf.float64, tf.float32])


def test_an_unknown_word_for_unconnected_is_refused() -> None:
    x = tf.constant(3.0)
    with pytest.raises(ValueError, match="nonsense"):
        ForwardAccumulator(x, tf.constant(1.0)).jvp(x, unconnected_gradients="nonsense")


# Operations


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x * x, [4.0, 60.0]),
        (lambda x: tf.reduce_sum(x * x * x), 12.0 + 270.0),
        (lambda x: tf.stack([x[1], x[0]]), [10.0, 1.0]),
        (lambda x: tf.identity(x), [1.0, 10.0]),
        (lambda x: tf.stop_gradient(x) * x, [2.0, 30.0]),
        (lambda x: x * [1.0, 2.0] + np.array([3.0, 4.0]), [1.0, 20.0]),
        (lambda x: tf.where(x > 2.5, x * x, 3.0 * x), [3.0, 60.0]),
        (lambda x: tf.unstack(tf.matmul([[1.0, 2.0], [3.0, 4.0]], x[:, None])[:, 0]), [21.0, 43.0]),
        (lambda x: tf.reduce_max(x), 10.0),
    ],
)
def test_tangents_of_operations(function: Any, expected: Any) -> None:
    assert tangent(function, [2.0, 3.0], [1.0, 10.0]) == expected


@pytest.mark.parametrize(
    "function", [tf.stop_gradient, tf.floor, lambda x: x > 1.0, lambda x: tf.cast(x, tf.int32), tf.zeros_like]
)
def test_what_does_not_depend_differentiably_has_no_tangent(function: Any) -> None:
    assert tangent(function, 2.0, 1.0) is None


def test_an_assignment_changes_neither_tangents_nor_the_tangent_of_the_variable() -> None:
    v = tf.Variable(2.0)
    with ForwardAccumulator(v, tf.constant(1.0)) as accumulator:
        before = v * v
        v.assign(5.0)
        after = v * v
    assert numbers(accumulator.jvp([before, after])) == [4.0, 10.0]


# Nesting


def test_an_outer_accumulator_sees_the_tangents_of_an_inner_one() -> None:
    x = tf.constant(1.1)
    with ForwardAccumulator(x, tf.constant(1.0)) as outer:
        with ForwardAccumulator(x, tf.constant(1.0)) as inner:
            y = x**3.5
    first = inner.jvp(y)
    assert numbers([first, outer.jvp(first)]) == pytest.approx([4.4417057, 10.094786], rel=1e-6)
    assert numbers(outer.jvp(y)) == pytest.approx(4.4417057, rel=1e-6)
    assert inner.jvp(outer.jvp(y)) is None


def test_accumulators_are_ordered_by_entry_and_not_by_creation() -> None:
    x = tf.constant(1.1)
    created_first = ForwardAccumulator(x, tf.constant(1.0))
    created_second = ForwardAccumulator(x, tf.constant(1.0))
    with created_second, created_first:
        y = x**3.5
    assert numbers(created_second.jvp(created_first.jvp(y))) == pytest.approx(10.094786, rel=1e-6)
    assert created_first.jvp(created_second.jvp(y)) is None
    with created_first, created_second:  # entered again, the other way round
        z = x**3.5
    assert numbers(created_first.jvp(created_second.jvp(z))) == pytest.approx(10.094786, rel=1e-6)
    assert created_second.jvp(created_first.jvp(z)) is None


def test_directions_of_nested_accumulators_are_not_confused() -> None:
    x = tf.constant(3.0)
    with ForwardAccumulator(x, tf.constant(1.0)) as outer:
        y = tf.constant(5.0)
        with ForwardAccumulator(y, tf.constant(1.0)) as inner:
            z = x * y
        assert numbers([inner.jvp(z), outer.jvp(z)]) == [3.0, 5.0]
        w = x * inner.jvp(z)  # the inner tangent of z is x, so w is x * x
    assert numbers([outer.jvp(w), inner.jvp(w)]) == [6.0, None]


def test_five_accumulators_give_the_fifth_derivative() -> None:
    x = tf.constant(2.0, tf.float64)
    accumulators = [ForwardAccumulator(x, tf.constant(1.0, tf.float64)) for _ in range(5)]
    for accumulator in accumulators:
        accumulator.__enter__()
    y = tf.exp(2.0 * x)
    for accumulator in reversed(accumulators):
        y = accumulator.jvp(y)
        accumulator.__exit__(None, None, None)
    assert numbers(y) == pytest.approx(32.0 * math.exp(4.0), rel=1e-12)


# Tapes


def test_a_tape_inside_an_accumulator_gives_products_with_the_hessian() -> None:
    v = tf.Variable([1.0, 2.0])
    with ForwardAccumulator(v, tf.constant([1.0, 0.0])) as accumulator:
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(v**3.0)
        gradient = tape.gradient(y, v)
    assert numbers([gradient, accumulator.jvp(gradient)]) == [[3.0, 12.0], [6.0, 0.0]]


def test_an_inner_tape_ignores_the_tangents_of_an_outer_accumulator() -> None:
    x = tf.constant(2.0)
    with ForwardAccumulator(x, tf.constant(1.0)) as accumulator, tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        direction = accumulator.jvp(y)
    assert direction.numpy() == 4.0
    assert tape.gradient(direction, x) is None


def test_a_tape_around_an_accumulator_records_the_tangents() -> None:
    x, direction = tf.constant(1.0), tf.constant(0.1)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, direction])
        with ForwardAccumulator(x, direction) as accumulator:
            y = tf.cos(x)
        slope = accumulator.jvp(y)
    found = numbers([slope, *tape.gradient(slope, [x, direction])])
    assert found == pytest.approx([-0.1 * math.sin(1.0), -0.1 * math.cos(1.0), -math.sin(1.0)], rel=1e-6)


def test_tape_in_accumulator_in_tape_gives_the_third_derivative() -> None:
    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = x**4
            first = inner.gradient(y, x)
        second = accumulator.jvp(first)
    assert numbers([first, second, outer.gradient(second, x)]) == [32.0, 48.0, 48.0]


def test_a_tape_that_pauses_stops_itself_and_no_accumulator() -> None:
    x = tf.constant(3.0)
    with ForwardAccumulator(x, tf.constant(1.0)) as accumulator, tf.GradientTape() as tape:
        tape.watch(x)
        with tape.stop_recording():
            y = x * x
    assert accumulator.jvp(y).numpy() == 6.0
    assert tape.gradient(y, x) is None


# Freeing


def test_the_tangent_of_a_dead_primal_is_freed() -> None:
    x, direction = tf.constant(2.0), tf.constant(7.0)
    reference = weakref.ref(direction)
    accumulator = ForwardAccumulator(x, direction)
    del direction
    with accumulator:
        y = x * 3.0
        assert reference() is not None
        del x
        gc.collect()
        assert reference() is None
    assert accumulator.jvp(y).numpy() == 21.0


def test_the_tangent_of_a_primal_that_dies_outside_the_context_is_freed() -> None:
    x, direction = tf.constant(2.0), tf.constant(7.0)
    reference = weakref.ref(direction)
    accumulator = ForwardAccumulator(x, direction)
    with accumulator:
        pass
    del direction, x
    gc.collect()
    assert reference() is None
    assert accumulator.jvp(tf.constant(2.0)) is None


def test_the_tangent_of_a_dead_result_is_freed_while_recording() -> None:
    x = tf.constant(2.0)
    with ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        y = x * x
        reference = weakref.ref(accumulator.jvp(y))
        assert reference() is not None
        z = y * x
        del y
        gc.collect()
        assert reference() is None
    assert accumulator.jvp(z).numpy() == 12.0


def test_an_accumulator_frees_without_the_garbage_collector() -> None:
    x = tf.constant(2.0)
    gc.collect()
    gc.disable()
    try:
        accumulator = ForwardAccumulator(x, tf.constant(1.0))
        with accumulator:
            y = x * x
        references = [weakref.ref(accumulator), weakref.ref(accumulator.jvp(y))]
        del accumulator
        assert [reference() for reference in references] == [None, None]
    finally:
        gc.enable()
    assert y.numpy() == 4.0


def test_a_tangent_has_the_dtype_and_shape_of_its_primal() -> None:
    x = tf.constant([1.0, 2.0])
    with tf.autodiff.ForwardAccumulator(x, np.array([3.0, 4.0])) as accumulator:
        y = x * x
    assert [accumulator.jvp(z).dtype for z in (x, y)] == [tf.float32, tf.float32]
    assert accumulator.jvp([x, y])[1].numpy().tolist() == [6.0, 16.0]
    for wrong in ([1.0], [[1.0, 2.0]], 1.0, [1.0, 2.0, 3.0]):
        with pytest.raises(ValueError, match=r"a tangent of shape .* was given for a primal of shape \(2,\)"):
            tf.autodiff.ForwardAccumulator(x, tf.constant(wrong))
