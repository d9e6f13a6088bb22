"""Operations of one's own: each form of the derivative serves every mode and order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gradtape as tf
from gradtape.core.tensor import ROWS

NAMES = (f"own_operation_{number}" for number in itertools.count())


@pytest.fixture(autouse=True)
def _vocabulary_as_before() -> Iterator[None]:
    """Take out what a test adds, as other tests walk over the whole vocabulary."""
    before = dict(ROWS)
    yield
    ROWS.clear()
    ROWS.update(before)


def numbers(nest: Any) -> Any:
    """The nest with each tensor as nested lists of Python numbers; None stays."""
    return tf.nest.map_structure(lambda g: None if g is None else g.numpy().tolist(), nest)


def derivatives(function: Any, point: Any, direction: Any) -> Any:
    """Gradient of the sum, its derivative in a direction by tape and by accumulator, and the tangent."""
    x, along = tf.constant(point), tf.constant(direction)
    with tf.autodiff.ForwardAccumulator(x, along) as accumulator, tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        first = inner.gradient(y, x)
    second = outer.gradient(first, x, output_gradients=along)
    return numbers([first, second, accumulator.jvp(first), accumulator.jvp(y)])


CUBE: list[dict[str, Any]] = [
    {"partials": lambda _y, x: 3.0 * x * x},
    {"tangents": lambda dx, _y, x: 3.0 * x * x * dx},
    {"pulls": lambda g, _y, x: 3.0 * x * x * g},
    {"tangents": lambda dx, _y, x: 3.0 * x * x * dx, "pulls": lambda g, _y, x: 3.0 * x * x * g},
]


@pytest.mark.parametrize("rule", CUBE, ids=["partials", "tangents", "pulls", "both"])
def test_one_form_of_the_derivative_serves_every_mode_and_order(rule: dict[str, Any]) -> None:
    cube = tf.register_primitive(next(NAMES), lambda x: x**3, **rule)
    found = derivatives(cube, [1.0, 2.0], [10.0, 1.0])
    assert found == [[3.0, 12.0], [60.0, 12.0], [60.0, 12.0], [30.0, 12.0]]


def test_a_linear_operation_needs_its_transpose_alone() -> None:
    twice = tf.register_primitive(next(NAMES), lambda x: 2 * x, transposes=lambda g, _x: 2.0 * g)
    assert derivatives(lambda x: twice(x * x), [1.0, 2.0], [10.0, 1.0]) == [
        [4.0, 8.0],
        [40.0, 4.0],
        [40.0, 4.0],
        [40.0, 8.0],
    ]


def test_an_operation_of_two_arguments_broadcasts() -> None:
    rules = (lambda _y, _a, b: b, lambda _y, a, _b: a)
    times = tf.register_primitive(next(NAMES), lambda a, b: a * b, partials=rules)
    a, b = tf.constant([2.0, 3.0]), tf.constant(5.0)
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        y = times(a, b)
    assert numbers([y, tape.gradient(y, [a, b])]) == [[10.0, 15.0], [[5.0, 5.0], 5.0]]


def test_a_name_is_given_once_and_a_derivative_in_one_form() -> None:
    name = next(NAMES)
    tf.register_primitive(name, np.floor, differentiable=False)
    with pytest.raises(ValueError, match=name):
        tf.register_primitive(name, np.floor, differentiable=False)
    with pytest.raises(ValueError, match="one form"):
        tf.register_primitive(
            next(NAMES), np.negative, partials=lambda _y, _x: -1.0, transposes=lambda g, _x: -1.0 * g
        )
