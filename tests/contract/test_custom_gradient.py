"""Functions with a derivative of their own: what `custom_gradient` takes, gives and refuses.

Sections: decorating; arguments, results and upstreams; variables; wrong derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Callable
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


def scaled(factor: float) -> Callable[[Any], Any]:
    """x -> 2x whose derivative claims to be `factor`."""
    return tf.custom_gradient(lambda x: (2.0 * x, lambda dy: factor * dy))


# Decorating


@pytest.mark.parametrize(
    "decorate",
    [tf.custom_gradient, lambda f: tf.custom_gradient()(f), lambda f: tf.custom_gradient(f=None)(f)],
    ids=["bare", "called", "keyword"],
)
def test_the_decorator_with_and_without_parentheses(decorate: Any) -> None:
    @decorate
    def doubled(x: Any) -> Any:
        """Twice."""
        return 2.0 * x, lambda dy: 7.0 * dy

    assert numbers(doubled(tf.constant(3.0))) == 6.0
    assert gradients(doubled, 3.0) == 7.0
    assert (doubled.__name__, doubled.__doc__) == ("doubled", "Twice.")
    assert doubled.__wrapped__(3.0)[0] == 6.0


class Layer:
    factor = 3.0

    @tf.custom_gradient
    def scale(self, x: Any) -> Any:
        return x * self.factor, lambda dy: dy * self.factor * 100.0

    @tf.custom_gradient
    def product(self, x: Any, y: Any) -> Any:
        return x * y, lambda dy: (dy * 5.0, dy * 6.0)

    @staticmethod
    @tf.custom_gradient
    def fixed(x: Any) -> Any:
        return x * 2.0, lambda dy: dy * 9.0


def test_methods_bind_self() -> None:
    layer = Layer()
    assert numbers(layer.scale(tf.constant(2.0))) == 6.0
    assert gradients(layer.scale, 2.0) == 300.0
    assert gradients(layer.product, 2.0, 3.0) == [5.0, 6.0]
    assert gradients(Layer.fixed, 2.0) == 9.0
    other = Layer()
    other.factor = 4.0
    assert [gradients(other.scale, 2.0), gradients(layer.scale, 2.0)] == [400.0, 300.0]


# Arguments, results and upstreams


def test_one_upstream_for_each_result() -> None:
    @tf.custom_gradient
    def pair(x: Any, y: Any) -> Any:
        return (x * y, [x + y]), lambda a, b: (10.0 * a + b, 100.0 * b)

    product, (total,) = pair(tf.constant(2.0), tf.constant(3.0))
    assert numbers([product, total]) == [6.0, 5.0]
    assert gradients(pair, 2.0, 3.0) == [11.0, 100.0]
    seeds = {"output_gradients": [tf.constant(2.0), [tf.constant(3.0)]]}
    assert gradients(lambda x, y: list(pair(x, y)), 2.0, 3.0, **seeds) == [23.0, 300.0]


def test_results_in_a_dictionary_come_in_the_order_of_the_keys() -> None:
    @tf.custom_gradient
    def split(x: Any) -> Any:
        return {"b": x * 1.0, "a": x * 2.0}, lambda a, b: 1.0 * a + 10.0 * b

    results = split(tf.constant(2.0))
    assert (list(results), numbers(results)) == (["b", "a"], {"b": 2.0, "a": 4.0})
    assert gradients(lambda x: split(x)["a"], 2.0) == 1.0
    assert gradients(lambda x: split(x)["b"], 2.0) == 10.0


def test_an_unused_result_has_an_upstream_of_zeros() -> None:
    seen: list[Any] = []

    @tf.custom_gradient
    def pair(x: Any) -> Any:
        def derivative(a: Any, b: Any) -> Any:
            seen.append(numbers([a, b]))
            return a + tf.reduce_sum(b)

        return (x * 1.0, x * tf.constant([[1.0, 2.0]])), derivative

    assert gradients(lambda x: pair(x)[0], 3.0) == 1.0
    assert seen == [[1.0, [[0.0, 0.0]]]]


@pytest.mark.parametrize(
    ("pack", "derivative"),
    [
        (lambda a, b: [a, b], lambda dy: [1.0 * dy, 2.0 * dy]),
        (lambda a, b: (a, (b,)), lambda dy: (1.0 * dy, (2.0 * dy,))),
        (lambda a, b: {"b": b, "a": a}, lambda dy: {"a": 1.0 * dy, "b": 2.0 * dy}),
        (lambda a, b: {"b": b, "a": a}, lambda dy: [1.0 * dy, 2.0 * dy]),  # only the flat count matters
    ],
)
def test_arguments_may_be_nested(pack: Any, derivative: Any) -> None:
    @tf.custom_gradient
    def total(nest: Any) -> Any:
        return tf.add_n(tf.nest.flatten(nest)), derivative

    assert gradients(lambda a, b: total(pack(a, b)), 3.0, 4.0) == [1.0, 2.0]


def test_keyword_arguments_have_no_gradient() -> None:
    @tf.custom_gradient
    def scale(x: Any, *, by: Any = 1.0) -> Any:
        return x * by, lambda dy: dy * 5.0

    assert numbers(scale(tf.constant(3.0), by=2.0)) == 6.0
    assert gradients(lambda x, by: scale(x, by=by), 3.0, 2.0) == [5.0, None]


@pytest.mark.parametrize("identity", [lambda x: x, lambda x: [x], lambda x: {"k": x}])
def test_an_argument_may_be_returned_as_it_is(identity: Any) -> None:
    gradual = tf.custom_gradient(lambda x: (identity(x), lambda dy: 5.0 * dy))
    x = tf.constant(2.0)
    assert tf.nest.flatten(gradual(x))[0] is not x
    assert gradients(gradual, 2.0) == 5.0


def test_an_argument_may_be_returned_twice() -> None:
    both = tf.custom_gradient(lambda x, y: ((x, y, x), lambda a, b, c: (5.0 * a + c, 6.0 * b)))
    assert gradients(both, 2.0, 3.0) == [6.0, 6.0]
    assert gradients(lambda x, y: both(x, y)[1], 2.0, 3.0) == [0.0, 6.0]


@pytest.mark.parametrize(
    ("body", "value"),
    [(lambda x: np.sin(x.numpy()), math.sin(2.0)), (lambda x: 1.0, 1.0), (lambda x: np.float32(3), 3.0)],
)
def test_python_and_numpy_results_become_tensors(body: Any, value: float) -> None:
    function = tf.custom_gradient(lambda x: (body(x), lambda dy: dy * 5.0))
    y = function(tf.constant(2.0))
    assert isinstance(y, tf.Tensor)
    assert float(y) == pytest.approx(value)
    assert gradients(function, 2.0) == 5.0


@pytest.mark.parametrize("argument", [3.0, np.float32(3), np.array([3.0, 4.0])])
def test_numbers_and_arrays_may_be_arguments(argument: Any) -> None:
    assert np.array_equal(scaled(3.0)(argument), 2.0 * argument)


@pytest.mark.parametrize(("given", "expected"), [((1.0, None), [1.0, None]), ((None, None), [None, None])])
def test_a_derivative_may_be_none(given: Any, expected: Any) -> None:
    function = tf.custom_gradient(
        lambda x, y: (x * y, lambda dy: [None if g is None else g * dy for g in given])
    )
    assert gradients(function, 3.0, 4.0) == expected


def test_numerical_stability_is_the_classic_use() -> None:
    @tf.custom_gradient
    def log1pexp(x: Any) -> Any:
        e = tf.exp(x)
        return tf.math.log(1.0 + e), lambda upstream: upstream * (1.0 - 1.0 / (1.0 + e))

    assert math.isnan(gradients(lambda x: tf.math.log(1.0 + tf.exp(x)), 100.0))
    assert gradients(log1pexp, 100.0) == 1.0
    assert two_orders(log1pexp, 0.0) == [0.5, 0.25]


# Variables


def doubling(derivative: Any, v: Any) -> Any:
    return tf.custom_gradient(lambda x: (x * v, derivative))


def positional(dy: Any, variables: Any = None) -> Any:
    return dy * 2.0, [dy * 100.0 for _ in variables]


def keyword_only(dy: Any, *, variables: Any) -> Any:
    return dy * 2.0, [dy * 100.0 for _ in variables]


def any_keyword(dy: Any, **given: Any) -> Any:
    return dy * 2.0, [dy * 100.0 for _ in given["variables"]]


@pytest.mark.parametrize("derivative", [positional, keyword_only, any_keyword])
def test_the_derivative_is_given_the_variables_that_the_function_reads(derivative: Any) -> None:
    v, x = tf.Variable(3.0), tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = doubling(derivative, v)(x)
    assert numbers([y, *tape.gradient(y, [x, v])]) == [6.0, 2.0, 100.0]


def test_each_trainable_variable_that_is_no_argument_is_given_once() -> None:
    a, b = tf.Variable(3.0, name="a"), tf.Variable(5.0, name="b")
    fixed, argument = tf.Variable(7.0, trainable=False), tf.Variable(11.0)
    seen: list[Any] = []

    @tf.custom_gradient
    def function(x: Any) -> Any:
        def derivative(dy: Any, variables: Any) -> Any:
            seen.append(sorted(v.name for v in variables))
            return dy * 2.0, [dy * 10.0 if v.name == "a:0" else None for v in variables]

        return x * a * a * b * fixed, derivative

    with tf.GradientTape() as tape:
        y = function(argument)
    assert numbers(tape.gradient(y, [argument, a, b, fixed])) == [2.0, 10.0, None, None]
    assert seen == [["a:0", "b:0"]]


def test_a_variable_as_argument_is_an_ordinary_argument() -> None:
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = tf.custom_gradient(lambda u: (u * u, lambda dy: dy * 7.0))(v)
    assert numbers([y, tape.gradient(y, v)]) == [9.0, 7.0]


def test_a_derivative_that_cannot_take_variables_is_refused_at_the_call() -> None:
    function = doubling(lambda dy: dy, tf.Variable(3.0))
    with pytest.raises(TypeError, match="must accept keyword argument 'variables'"):
        function(tf.constant(2.0))


def test_a_derivative_that_takes_variables_need_not_be_given_any() -> None:
    function = tf.custom_gradient(lambda x: (x * 2.0, lambda dy, variables=None: dy * 7.0))
    assert gradients(function, 3.0) == 7.0


@pytest.mark.parametrize("given", [lambda dy: [], lambda dy: [dy, dy]])
def test_as_many_gradients_as_variables_are_asked_for(given: Any) -> None:
    v, x = tf.Variable(3.0), tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = doubling(lambda dy, variables: (dy, given(dy)), v)(x)
    with pytest.raises(ValueError, match="Must return gradient for each variable"):
        tape.gradient(y, x)


# Wrong derivatives


@pytest.mark.parametrize(
    ("count", "derivative", "returned"),
    [
        (1, lambda dy: (dy, dy), 2),
        (1, lambda dy: [], 0),
        (2, lambda dy: dy, 1),
        (2, lambda dy: (dy, (dy, dy)), 3),
    ],
)
def test_as_many_gradients_as_arguments_are_asked_for(count: int, derivative: Any, returned: int) -> None:
    function = tf.custom_gradient(lambda *x: (tf.add_n(list(x)), derivative))
    match = f"custom_gradient function expected to return.* {count} .*{returned}"
    with pytest.raises(ValueError, match=match):
        gradients(function, *[1.0] * count)


def test_an_exception_in_the_derivative_comes_out_unchanged() -> None:
    failure = ZeroDivisionError("mine")

    def fail(dy: Any) -> Any:
        raise failure

    function = tf.custom_gradient(lambda x: (x * 1.0, fail))
    assert numbers(function(tf.constant(2.0))) == 2.0
    for run in (gradients, tangent):  # forward mode runs the derivative at once
        with pytest.raises(ZeroDivisionError) as caught:
            run(function, 2.0)
        assert caught.value is failure


def test_an_exception_in_the_function_leaves_the_tape_recording() -> None:
    @tf.custom_gradient
    def fail(x: Any) -> Any:
        raise KeyError("mine")

    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(KeyError, match="mine"):
            fail(x)
        y = x * x
    assert tape.gradient(y, x).numpy() == 6.0


@pytest.mark.parametrize("result", [2.0, None])
def test_a_function_must_return_its_value_and_its_derivative(result: Any) -> None:
    with pytest.raises(TypeError):
        tf.custom_gradient(lambda x: result)(tf.constant(1.0))


@pytest.mark.parametrize(
    "wrong", [lambda x: x, lambda x: (x, None), lambda x: (x, lambda dy: dy, x), lambda x: [x, abs]]
)
def test_a_result_and_a_derivative_are_a_pair(wrong: Any) -> None:
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(TypeError, match=r"must return a pair \(result, gradient function\)"):
            tf.custom_gradient(wrong)(x)
        y = x * x
    assert tape.gradient(y, x).numpy() == 4.0


@pytest.mark.parametrize("answer", [lambda dy: dy, lambda dy: [dy, [dy]], lambda dy: (dy, [dy], dy)])
def test_with_variables_the_derivative_gives_two_parts(answer: Any) -> None:
    v, x = tf.Variable(2.0), tf.constant(3.0)

    @tf.custom_gradient
    def scaled(x: Any) -> Any:
        return x * v, lambda dy, variables=None: answer(dy)

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = scaled(x)
    with pytest.raises(TypeError, match=r"scaled must return \(argument gradients, variable gradients\)"):
        tape.gradient(y, x)
    assert tape.gradient(x, x).numpy() == 1.0
