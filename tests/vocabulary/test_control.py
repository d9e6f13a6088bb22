"""Control flow: what TensorFlow 2.21 gives in eager mode, with derivatives through every branch and turn."""

import collections

import numpy as np
import pytest

import gradtape as gt
from gradtape.faces.control import case, cond, switch_case
from gradtape.faces.loops import foldl, foldr, map_fn, scan, vectorized_map
from gradtape.faces.while_loops import while_loop

A = [3.0, 1.0, 2.0]


def derivatives(function, x):
    """Value, gradient and second derivative (of the sum of the gradient)."""
    x = gt.constant(x)
    with gt.GradientTape() as outer:
        outer.watch(x)
        with gt.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        g = inner.gradient(y, x)
    h = outer.gradient(g, x, unconnected_gradients="zero")
    return [part.numpy().tolist() for part in (y, g, h)]


# x -> value, gradient, second derivative, by hand
DIFFERENTIATED = [
    (lambda x: cond(x > 0, lambda: x * x, lambda: -x), 3.0, [9, 6, 2]),
    (lambda x: cond(x > 0, lambda: x * x, lambda: -x), -3.0, [3, -1, 0]),
    (lambda x: case([(x < 0, lambda: x), (x < 5, lambda: x**3)]), 2.0, [8, 12, 12]),
    (lambda x: switch_case(gt.constant(1), [lambda: x, lambda: x * x]), 3.0, [9, 6, 2]),
    (
        lambda x: while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * y), (0, x))[1],
        2.0,
        [256, 1024, 3584],
    ),
    (lambda x: foldl(lambda a, v: a * v, x), A, [6, [2, 6, 3], [3, 5, 4]]),
    (lambda x: foldl(lambda a, v: a * v + v, x, initializer=2.0), [1.0, 3.0], [12, [9, 4], [3, 3]]),
    (lambda x: foldr(lambda a, v: a * v + v, x), [1.0, 3.0], [4, [4, 1], [1, 1]]),
    (lambda x: scan(lambda a, v: a * v, x)[2], A, [6, [2, 6, 3], [3, 5, 4]]),
    (lambda x: scan(lambda a, v: a * v, x, reverse=True)[1], A, [2, [0, 2, 1], [0, 1, 1]]),
    (lambda x: map_fn(lambda v: v**3, x), [1.0, 2.0], [[1, 8], [3, 12], [6, 12]]),
    (lambda x: vectorized_map(lambda v: v**3, x), [1.0, 2.0], [[1, 8], [3, 12], [6, 12]]),
    (
        lambda x: map_fn(lambda p: p[0] * p[1], (x, x * x), fn_output_signature=gt.float32),
        [2.0],
        [[8], [12], [12]],
    ),
    # `back_prop=False` stops nothing in eager TensorFlow either.
    (lambda x: map_fn(lambda v: v * v, x, back_prop=False), [3.0], [[9], [6], [2]]),
]


@pytest.mark.parametrize("number", range(len(DIFFERENTIATED)))
def test_derivatives(number):
    function, x, expected = DIFFERENTIATED[number]
    assert derivatives(function, x) == expected


def leaves(result):
    return [
        leaf.numpy().tolist() if isinstance(leaf, gt.Tensor) else leaf for leaf in gt.nest.flatten(result)
    ]


Pair = collections.namedtuple("Pair", "i x")
no, yes = gt.constant(False), gt.constant(True)
EAGER = [
    (lambda: cond(True, lambda: [gt.constant(1.0), 2], lambda: 0), [1.0, 2]),
    (lambda: cond(gt.constant(0.0), lambda: 1, lambda: {"a": 5}), [5]),
    (lambda: cond(gt.constant([3]), lambda: None, lambda: 0), [None]),
    (lambda: case([(no, lambda: 1), (yes, lambda: 2), (yes, lambda: 3)]), [2]),
    (lambda: case([(no, lambda: 1)], default=lambda: 9), [9]),
    (lambda: case([(no, lambda: 1), (yes, lambda: 2)], exclusive=True), [2]),
    (lambda: switch_case(gt.constant(7), [lambda: 1, lambda: 2]), [2]),
    (lambda: switch_case(gt.constant(-1), [lambda: 1, lambda: 2]), [2]),
    (lambda: switch_case(gt.constant(7), [lambda: 1, lambda: 2], default=lambda: 5), [5]),
    (lambda: switch_case(gt.constant(1), [(1, lambda: 1), (0, lambda: 2)]), [1]),
    (lambda: switch_case(gt.constant(1), {0: lambda: 1, 1: lambda: 2}), [2]),
    (lambda: while_loop(lambda i: i < 30, lambda i: [i + 1], [gt.constant(0)], maximum_iterations=4), [4]),
    (lambda: while_loop(lambda i: i < 3, lambda i: i + 1, [0]), [3]),
    (lambda: while_loop(lambda d: d["i"] < 3, lambda d: [{"i": d["i"] + 1}], [{"i": gt.constant(0)}]), [3]),
    (
        lambda: while_loop(
            lambda i, x: i < 2,
            lambda i, x: (i + 1, np.tile(x, 2)),
            (0, gt.constant([1.0])),
            shape_invariants=((), (None,)),
        ),
        [2, [1.0] * 4],
    ),
    (lambda: foldl(lambda a, x: 2 * a + x, gt.constant([1.0, 2.0, 3.0]), initializer=10), [91.0]),
    (lambda: foldl(lambda a, x: a + x, gt.zeros(0), initializer=5.0), [5.0]),
    (lambda: foldr(lambda a, x: 2 * a + x, gt.constant([1.0, 2.0, 3.0])), [17.0]),
    (
        lambda: foldl(lambda a, x: (a[0] + x[0], a[1] * x[1]), (gt.constant([1, 2]), gt.constant([3, 4]))),
        [3, 12],
    ),
    (
        lambda: foldl(
            lambda a, x: a + x[0] * x[1], (gt.constant([1, 2]), gt.constant([3, 4])), initializer=0
        ),
        [11],
    ),
    (lambda: scan(lambda a, x: 2 * a + x, gt.constant([1.0, 2.0, 3.0])), [[1.0, 4.0, 11.0]]),
    (lambda: scan(lambda a, x: 2 * a + x, gt.constant([1.0, 2.0, 3.0]), reverse=True), [[17.0, 8.0, 3.0]]),
    (
        lambda: scan(lambda a, x: (a[1], a[0] + x), gt.constant([1, 2, 3]), initializer=(0, 1)),
        [[1, 1, 3], [1, 3, 4]],
    ),
    (lambda: scan(lambda a, x: a + x, gt.zeros(0), initializer=1.0), [[]]),
    (lambda: map_fn(lambda x: (x, -x), gt.constant([1, 2]), dtype=(gt.int32, gt.int32)), [[1, 2], [-1, -2]]),
    (lambda: map_fn(lambda x: 2, gt.constant([1, 2])), [[2, 2]]),
    (lambda: map_fn(lambda x: x, gt.zeros((0, 2))), [[]]),
    (
        lambda: vectorized_map(lambda p: p[0] * p[1], (gt.constant([1.0, 2.0]), gt.constant([3.0]))),
        [[3.0, 6.0]],
    ),
    (lambda: vectorized_map(lambda x: {"a": 2.0}, gt.constant([1.0, 2.0])), [[2.0, 2.0]]),
    (lambda: vectorized_map(lambda x: x, gt.zeros((0, 2))), [[]]),
]


@pytest.mark.parametrize("number", range(len(EAGER)))
def test_values_as_eager_tensorflow(number):
    function, expected = EAGER[number]
    assert leaves(function()) == expected


def test_only_the_branch_taken_runs():
    calls = []
    assert cond(yes, lambda: calls.append("true") or 1, lambda: calls.append("false")) == 1
    assert case([(yes, lambda: calls.append("first"))], default=lambda: calls.append("default")) is None
    assert calls == ["true", "first"]


def test_the_structure_of_loop_variables_stays():
    result = while_loop(
        lambda i, x: i < 3, lambda i, x: Pair(i + 1, x * 2), Pair(gt.constant(0), gt.constant(1.0))
    )
    assert isinstance(result, Pair)
    assert leaves(result) == [3, 8.0]
    assert isinstance(while_loop(lambda i: i < 3, lambda i: (i + 1,), [0]), list)
    stacked = scan(lambda a, x: {"s": a["s"] + x}, gt.constant([1, 2]), initializer={"s": 0})
    assert stacked["s"].numpy().tolist() == [1, 3]


def test_a_variable_read_in_a_turn_is_watched():
    v = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        y = foldl(lambda a, x: a * v + x, gt.constant([1.0, 1.0, 1.0]))
    assert y.numpy() == 7.0
    assert tape.gradient(y, v).numpy() == 5.0
