"""What `GradientTape.gradient` answers: its targets, its sources, and the form of the result.

Sections: targets; sources; several outputs; what is no tensor.
"""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import pytest

import gradtape as tf

Pair = collections.namedtuple("Pair", "first second")


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


# Targets


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (lambda x: x * x, [2.0, 4.0]),  # a target that is no scalar is summed
        (lambda x: [x * x, 3.0 * x], [5.0, 7.0]),  # and so are several
        (lambda x: {"b": x * x, "a": (3.0 * x, [x])}, [6.0, 8.0]),
        (lambda x: Pair(x * x, 5.0 * x), [7.0, 9.0]),
        (lambda x: [x * x * x, tf.reduce_sum(x)], [4.0, 13.0]),  # of any shapes
        (lambda x: (lambda y: [y, y])(x * x), [4.0, 8.0]),  # the same target twice counts twice
        (lambda x: x, [1.0, 1.0]),
        (lambda x: [x, x], [2.0, 2.0]),
        (lambda x: [x, x * x], [3.0, 5.0]),
        (lambda x: (lambda y: [y, y * y])(x * x), [6.0, 36.0]),
        (lambda x: [], None),
    ],
)
def test_targets_are_flattened_and_summed(target: Any, expected: Any) -> None:
    assert derivative(target, [1.0, 2.0]) == expected


def test_target_none_is_refused() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    with pytest.raises(TypeError, match="Argument `target` should be"):
        tape.gradient(None, x)
    assert tape.gradient(y, x).numpy() == 6.0


def test_a_target_that_is_a_source_gives_ones_even_if_never_watched() -> None:
    x = tf.constant([[1.0, 2.0]])
    with tf.GradientTape() as tape:
        pass
    assert tape.gradient(x, x).numpy().tolist() == [[1.0, 1.0]]
    for persistent in (False, True):
        with tf.GradientTape(persistent) as tape:
            pass
        assert tape.gradient([x, x], x, output_gradients=[None, 3 * x]).numpy().tolist() == [[4.0, 7.0]]
    x, y = tf.constant(3.0), tf.constant(5.0)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        targets = [x, y, y * y]
    assert numbers(tape.gradient(targets, [x, y])) == [1.0, 11.0]


def test_a_gradient_is_a_tensor_of_its_own() -> None:
    """Also where the value of a tensor of the program serves as it is: who watches the one does not watch the other."""
    x, w = tf.constant([3.0, 4.0]), tf.constant([5.0, 6.0])
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(w)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x * w
        g = inner.gradient(y, x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x + 1.0
        h = inner.gradient(y, x, output_gradients=w)
        outer.watch([g, h])
        z = w * 2.0
    assert g is not w
    assert h is not w
    assert outer.gradient(z, [g, h]) == [None, None]
    assert numbers(outer.gradient([g, h], w)) == [2.0, 2.0]


def test_a_variable_may_be_a_target() -> None:
    v, w = tf.Variable([1.0, 2.0]), tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        y = v * v
    assert numbers(tape.gradient(v, v)) == [1.0, 1.0]
    assert tape.gradient(v, w) is None
    assert numbers(tape.gradient([v, y], [v, w])) == [[3.0, 5.0], None]


def test_a_tensor_made_outside_the_tape_is_unconnected() -> None:
    x = tf.constant(3.0)
    y = x * x
    with tf.GradientTape() as tape:
        tape.watch(x)
    assert tape.gradient(y, x) is None


# Sources


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (lambda x, y, v: x, 2.0),
        (lambda x, y, v: [x, y], [2.0, 3.0]),
        (lambda x, y, v: (y, x), (3.0, 2.0)),
        (lambda x, y, v: {"b": x, "a": y}, {"b": 2.0, "a": 3.0}),
        (lambda x, y, v: [x, {"a": (y, [v])}], [2.0, {"a": (3.0, [1.0])}]),
        (lambda x, y, v: Pair(x, (v,)), Pair(2.0, (1.0,))),
        (lambda x, y, v: [x, x, y], [2.0, 2.0, 3.0]),  # duplicates each get the full value
        (lambda x, y, v: [], []),
        (lambda x, y, v: (), ()),
        (lambda x, y, v: {}, {}),
        (lambda x, y, v: [[], x], [[], 2.0]),
    ],
)
def test_the_answer_has_the_structure_of_the_sources(sources: Any, expected: Any) -> None:
    x, y, v = tf.constant(3.0), tf.constant(2.0), tf.Variable(7.0)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        z = x * y + v
    answer = tape.gradient(z, sources(x, y, v))
    assert numbers(answer) == expected
    assert type(answer) is type(expected) or not isinstance(expected, (list, tuple, dict))


def test_an_ordered_dictionary_keeps_its_type_and_order() -> None:
    x, y = tf.constant(3.0), tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        z = x * y
    answer = tape.gradient(z, collections.OrderedDict([("z", x), ("a", y)]))
    assert isinstance(answer, collections.OrderedDict)
    assert list(answer) == ["z", "a"]
    assert [float(g.numpy()) for g in answer.values()] == [2.0, 3.0]


def test_intermediate_sources_do_not_block() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    assert numbers(tape.gradient(z, [x, y])) == [108.0, 18.0]
    assert numbers(tape.gradient(z, x)) == 108.0
    assert numbers(tape.gradient(y, [x, z])) == [6.0, None]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 3), (1, 0, 4)])
@pytest.mark.parametrize("make", [tf.constant, tf.Variable])
def test_the_answer_has_the_shape_and_dtype_of_the_source(
    make: Any, shape: tuple[int, ...], dtype: str
) -> None:
    x = make(np.full(shape, 2.0, dtype))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.ones([2, 1, 1, 1], dtype=dtype) * x * x)
    g = tape.gradient(y, x)
    assert g.dtype == dtype
    assert tuple(g.shape) == shape
    assert g.numpy().ravel().tolist() == [8.0] * int(np.prod(shape))


@pytest.mark.parametrize(
    "shapes", [((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 3)), ((1,), ()), ((0, 1), (1, 2))]
)
def test_broadcasting_is_undone(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    a, b = (tf.constant(np.full(shape, 3.0)) for shape in shapes)
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        y = a * b
    ga, gb = tape.gradient(y, [a, b])
    size = int(np.prod(np.broadcast_shapes(*shapes)))
    for g, shape in zip((ga, gb), shapes, strict=True):
        assert tuple(g.shape) == shape
        assert g.numpy().sum() == pytest.approx(3.0 * size)


def test_gather_gives_a_dense_gradient_and_slices_on_request() -> None:
    table = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    rows = tf.constant([2, 0, 2])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(table)
        y = tf.gather(table, rows) * [[1.0], [10.0], [100.0]]
    dense = tape.gradient(y, table)
    assert not isinstance(dense, tf.IndexedSlices)
    assert dense.numpy().tolist() == [[10.0, 10.0], [0.0, 0.0], [101.0, 101.0]]
    slices = tape.gradient(y, table, indexed_slices=True)
    assert isinstance(slices, tf.IndexedSlices)
    assert tf.convert_to_tensor(slices).numpy().tolist() == dense.numpy().tolist()
    assert sorted(slices.indices.numpy().tolist()) in ([0, 2], [0, 2, 2])
    assert tuple(slices.dense_shape) == (3, 2)


# Several outputs


def test_unused_outputs_count_as_zero() -> None:
    x = tf.constant([[4.0, 1.0], [2.0, 3.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        left, _right = tf.split(x, 2, axis=1)
        upper, lower = tf.unstack(x)
    assert numbers(tape.gradient(left, x)) == [[1.0, 0.0], [1.0, 0.0]]
    assert numbers(tape.gradient(upper * upper, x)) is None  # squared outside the tape
    assert numbers(tape.gradient(lower, x)) == [[0.0, 0.0], [1.0, 1.0]]


def test_a_diamond_is_summed_once_per_path() -> None:
    def diamonds(x: Any) -> Any:
        for _ in range(40):  # 2**40 paths
            x = (x + x) * 0.5
        return x

    assert derivative(diamonds, 3.0) == 1.0


# Not tensors


@pytest.mark.parametrize("bad", [3.0, 3, np.ones(2), np.float32(1.0), None, "a"])
@pytest.mark.parametrize("nest", [lambda b, x: b, lambda b, x: [x, b], lambda b, x: {"a": {"b": b}}])
def test_numbers_and_arrays_are_no_targets_or_sources(nest: Any, bad: Any) -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    with pytest.raises(TypeError, match=type(bad).__name__ if bad is not None else "None"):
        tape.gradient(y, nest(bad, x))
    with pytest.raises(TypeError, match=type(bad).__name__ if bad is not None else "None"):
        tape.gradient(nest(bad, y), x)
    assert tape.gradient(y, x).numpy() == 6.0
