"""The tape's companions: connection, cuts, substitutes, recomputation, sparse gradients, checks.

Sections: UnconnectedGradients; stop_gradient; grad_pass_through; recompute_grad; IndexedSlices; graph-only
functions; compute_gradient.
"""

from __future__ import annotations

import math
import weakref
from typing import Any

import numpy as np
import pytest

import gradtape as tf


def numbers(nest: Any) -> Any:
    """The nest with each tensor as nested lists of Python numbers; None stays."""
    return tf.nest.map_structure(lambda g: None if g is None else g.numpy().tolist(), nest)


def gradients(function: Any, *points: Any, **options: Any) -> Any:
    """The gradients of function at watched points, as Python numbers."""
    tensors = [tf.constant(p) for p in points]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        y = function(*tensors)
    found = numbers(tape.gradient(y, tensors, **options))
    return found[0] if len(found) == 1 else found


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


# UnconnectedGradients


def test_the_two_answers_for_unconnected_sources() -> None:
    both = tf.UnconnectedGradients
    assert [(member.name, member.value) for member in both] == [("NONE", "none"), ("ZERO", "zero")]
    assert both("none") is both.NONE
    assert both("zero") is both.ZERO
    with pytest.raises(ValueError, match="nonsense"):
        both("nonsense")


# stop_gradient


@pytest.mark.parametrize("value", [3.0, [1.0, 2.0], np.arange(3), 2])
def test_stopping_passes_the_value(value: Any) -> None:
    y = tf.stop_gradient(value)
    assert isinstance(y, tf.Tensor)
    assert np.array_equal(y.numpy(), value)
    assert y.dtype == tf.constant(value).dtype


def test_a_stopped_value_is_a_constant_for_every_tape() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as outer, tf.GradientTape() as inner:
        outer.watch(x)
        inner.watch(x)
        stopped = tf.stop_gradient(x * x)
        y = stopped * x
    assert numbers(inner.gradient(y, x)) == 9.0
    assert numbers([outer.gradient(y, x), outer.gradient(stopped, x)]) == [9.0, None]
    assert outer.gradient(y, stopped) is None  # and nobody watched the constant


def test_derivatives_behind_a_stop_are_not_called() -> None:
    def fail(dy: Any) -> Any:
        raise AssertionError("called")

    guarded = tf.custom_gradient(lambda x: (x * x, fail))
    assert gradients(lambda x: x + tf.stop_gradient(guarded(x)), 3.0) == 1.0
    assert gradients(lambda x: x + guarded(tf.stop_gradient(x)), 3.0) == 1.0


def test_stopping_a_variable_reads_it() -> None:
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = tf.stop_gradient(v) * v
    assert tape.gradient(y, v).numpy() == 3.0


def test_the_straight_through_idiom() -> None:
    assert gradients(lambda x: x + tf.stop_gradient(tf.round(x) - x), [0.4, 1.6]) == [1.0, 1.0]


# grad_pass_through


def test_the_value_passes_forward_and_the_gradient_passes_back() -> None:
    z, x = tf.Variable(3.0), tf.Variable(0.0)
    with tf.GradientTape() as tape:
        y = tf.grad_pass_through(x.assign)(z**2)
    assert numbers([tf.convert_to_tensor(y), *tape.gradient(y, [z, x])]) == [9.0, 6.0, None]
    assert x.numpy() == 9.0


def test_a_passed_through_function_hides_its_variables() -> None:
    w, x = tf.Variable(4.0), tf.constant(3.2)
    through = tf.grad_pass_through(lambda a: tf.round(a) * w)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = through(x)
    assert numbers([y, *tape.gradient(y, [x, w])]) == [12.0, 1.0, None]


def test_each_of_several_arguments_has_the_gradient_of_its_result() -> None:
    through = tf.grad_pass_through(lambda a, b: (a * 7.0, b * 9.0))
    seeds = [tf.constant(2.0), tf.constant(5.0)]
    assert gradients(lambda a, b: list(through(a, b)), 3.0, 4.0, output_gradients=seeds) == [2.0, 5.0]


def test_passing_through_in_forward_mode_and_at_second_order() -> None:
    through = tf.grad_pass_through(lambda x: tf.constant(np.round(x.numpy())))
    x = tf.constant(3.2)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(5.0)) as accumulator:
        y = through(x)
    assert numbers(accumulator.jvp(y)) == 5.0
    assert two_orders(lambda x: through(x) ** 2, 3.2) == [6.0, 2.0]
    assert through.__wrapped__(x).numpy() == 3.0


# recompute_grad


def test_a_recomputed_function_runs_again_at_gradient_time(capsys: pytest.CaptureFixture[str]) -> None:
    def block(x: Any) -> Any:
        print("run")  # noqa: T201 - what is counted
        return tf.tanh(x) * x

    def both(wrap: Any) -> Any:
        x = tf.constant(1.5)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in range(4):
                y = wrap(block)(y)
        forward = capsys.readouterr().out.count("run")
        gradient = tape.gradient(y, x)
        return forward, capsys.readouterr().out.count("run"), numbers([y, gradient])

    plain, recomputed = both(lambda f: f), both(tf.recompute_grad)
    assert [plain[:2], recomputed[:2]] == [(4, 0), (4, 4)]
    assert recomputed[2] == pytest.approx(plain[2], rel=1e-6)


def test_recomputing_gives_gradients_for_arguments_and_variables() -> None:
    v, unused, x = tf.Variable(3.0), tf.Variable(5.0), tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.recompute_grad(lambda x: x * x * v)(x)
    assert numbers([y, *tape.gradient(y, [x, v, unused])]) == [12.0, 12.0, 4.0, None]
    assert [w is v for w in tape.watched_variables()] == [True]


def test_recomputing_gives_zeros_for_what_is_not_connected() -> None:
    v = tf.Variable([1.0, 2.0])
    a, b = tf.constant(3.0), tf.constant([4.0, 5.0])

    @tf.recompute_grad
    def doubled(a: Any, b: Any) -> Any:
        v.value()
        return 2.0 * a

    with tf.GradientTape() as tape:
        tape.watch([a, b])
        y = doubled(a, b)
    assert numbers(tape.gradient(y, [a, b, v])) == [2.0, [0.0, 0.0], [0.0, 0.0]]


def test_recomputing_takes_and_gives_nests() -> None:
    @tf.recompute_grad
    def function(d: Any, pair: Any, *, scale: Any = 1.0) -> Any:
        return {"p": d["a"] * pair[0] * scale, "q": [pair[0], (pair[1],)]}

    a, b, c, scale = (tf.constant(n) for n in (2.0, 3.0, 5.0, 4.0))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([a, b, c, scale])
        y = function({"a": a}, [b, c], scale=scale)
    assert numbers(y) == {"p": 24.0, "q": [3.0, (5.0,)]}
    assert numbers(tape.gradient(y["p"], [a, b, c])) == [12.0, 8.0, 0.0]  # unconnected ones as zeros
    assert numbers(tape.gradient(y["q"], [a, b, c])) == [0.0, 1.0, 1.0]
    assert tape.gradient(y, scale) is None  # keyword arguments are not differentiated


def test_recomputing_keeps_nothing_of_what_happens_inside() -> None:
    live: list[int] = []

    @tf.custom_gradient
    def counted(x: Any) -> Any:
        live.append(1)
        return x * x, lambda dy: 2.0 * x * dy

    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.recompute_grad(lambda x: counted(counted(x)))(x)
    assert len(live) == 2
    assert numbers(tape.gradient(y, x)) == 108.0
    assert len(live) == 4
    assert numbers(tape.gradient(y, x)) == 108.0
    assert len(live) == 6  # and each time again

    inner: list[Any] = []

    def deep(x: Any) -> Any:
        y = tf.exp(x)
        inner.append(weakref.ref(y._value))
        return tf.sin(y)

    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        plain, recomputed = deep(x), tf.recompute_grad(deep)(x)
    assert inner[0]() is not None  # the tape keeps it for the derivative
    assert inner[1]() is None
    assert numbers(tape.gradient(plain, x)) == numbers(tape.gradient(recomputed, x))


def test_recomputing_at_second_order() -> None:
    assert two_orders(tf.recompute_grad(lambda x: x * x * x), 2.0) == [12.0, 12.0]


def test_the_function_that_is_recomputed_can_be_reached() -> None:
    def function(x: Any) -> Any:
        """Squares."""
        return x * x

    recomputed = tf.recompute_grad(function)
    assert recomputed.__wrapped__ is function
    assert recomputed.__name__ == "function"


def test_recomputing_is_refused_in_forward_mode() -> None:
    x = tf.constant(2.0)
    with pytest.raises(NotImplementedError, match="tried to transpose"):
        with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)):
            tf.recompute_grad(lambda x: x * x)(x)


# IndexedSlices


def rows(slices: Any) -> list[tuple[int, list[float]]]:
    """The rows of sparse slices, sorted."""
    return sorted(zip(slices.indices.numpy().tolist(), slices.values.numpy().tolist(), strict=True))


def test_indexed_slices_hold_values_indices_and_shape() -> None:
    values, indices, shape = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), tf.constant([1, 0, 1]), [3, 2]
    slices = tf.IndexedSlices(values, indices, tf.constant(shape))
    assert slices.values is values
    assert slices.indices is indices
    assert (np.asarray(slices.dense_shape).tolist(), tuple(slices.shape), slices.dtype) == (
        shape,
        (3, 2),
        tf.float32,
    )
    assert numbers(tf.convert_to_tensor(slices)) == [
        [3.0, 4.0],
        [6.0, 8.0],
        [0.0, 0.0],
    ]  # duplicates are summed
    assert not isinstance(slices, tf.Tensor)


def test_indexed_slices_without_a_shape_stay_sparse() -> None:
    slices = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([0]))
    assert slices.dense_shape is None
    with pytest.raises(ValueError, match="dense_shape"):
        tf.convert_to_tensor(slices)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda p: tf.gather(p, [1, 1, 3]) ** 2.0, [(1, [2.0, 2.0]), (1, [2.0, 2.0]), (3, [2.0, 2.0])]),
        (lambda p: tf.nn.embedding_lookup(p, [2, 0]), [(0, [1.0, 1.0]), (2, [1.0, 1.0])]),
        (lambda p: tf.gather(p, [[0], [1]]) * 5.0, [(0, [5.0, 5.0]), (1, [5.0, 5.0])]),
        (
            lambda p: tf.gather(p, [0]) * 3.0 + tf.gather(p, [0, 1]),  # concatenated, duplicates kept
            [(0, [1.0, 1.0]), (0, [6.0, 6.0]), (1, [1.0, 1.0])],
        ),
    ],
)
def test_the_gradient_of_a_gather_is_sparse_on_request(function: Any, expected: Any) -> None:
    p = tf.Variable(tf.ones([4, 2]))
    with tf.GradientTape(persistent=True) as tape:
        y = function(p)
    sparse = tape.gradient(y, p, indexed_slices=True)
    assert isinstance(sparse, tf.IndexedSlices)
    assert rows(sparse) == expected
    assert np.asarray(sparse.dense_shape).tolist() == [4, 2]
    dense = np.zeros([4, 2])
    for row, values in expected:
        dense[row] += values
    assert numbers(tf.convert_to_tensor(sparse)) == dense.tolist()
    assert numbers(tf.convert_to_tensor(tape.gradient(y, p))) == dense.tolist()


def test_sparse_and_dense_parts_sum_to_a_dense_gradient() -> None:
    p, q, r = tf.Variable(tf.ones([3, 1])), tf.Variable(tf.ones([3, 1])), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.gather(p, [1, 1])) + 10.0 * tf.reduce_sum(p) + tf.reduce_sum(tf.gather(q, [2]))
    found = tape.gradient(y, {"p": p, "q": q, "r": r}, indexed_slices=True)
    assert isinstance(found["p"], tf.Tensor)
    assert numbers(found["p"]) == [[10.0], [12.0], [10.0]]
    assert rows(found["q"]) == [(2, [1.0])]
    assert found["r"] is None


def test_a_gather_along_another_axis_has_a_dense_gradient() -> None:
    p = tf.Variable(tf.ones([2, 3]))
    with tf.GradientTape() as tape:
        y = tf.gather(p, [0, 0], axis=1)
    found = tape.gradient(y, p, indexed_slices=True)
    assert isinstance(found, tf.Tensor)
    assert numbers(found) == [[2.0, 0.0, 0.0], [2.0, 0.0, 0.0]]


def test_the_gradient_of_a_gather_is_dense_unless_asked_for() -> None:
    p = tf.Variable(tf.ones([3, 1]))
    with tf.GradientTape() as tape:
        y = tf.gather(p, [1, 1])
    found = tape.gradient(y, p)
    assert isinstance(found, tf.Tensor)
    assert numbers(found) == [[0.0], [2.0], [0.0]]


def test_a_sparse_gradient_updates_a_variable() -> None:
    p = tf.Variable(tf.ones([3, 1]))
    with tf.GradientTape() as tape:
        y = tf.gather(p, [1, 1, 2]) * 0.25
    p.scatter_sub(tape.gradient(y, p, indexed_slices=True))
    assert numbers(p.value()) == [[1.0], [0.5], [0.75]]


# Graph-only functions


@pytest.mark.parametrize("name", ["gradients", "hessians"])
def test_symbolic_gradients_are_refused_and_the_tape_is_named(name: str) -> None:
    x = tf.constant(3.0)
    with pytest.raises(RuntimeError, match="is not supported when eager.*GradientTape"):
        getattr(tf, name)(x * x, x)


# compute_gradient


def test_compute_gradient_gives_both_jacobians_for_each_argument() -> None:
    found = tf.test.compute_gradient(lambda x, y: x * x * y, [tf.constant([1.0, 2.0]), [3.0, 4.0]])
    for jacobians in found:
        assert [np.asarray(j).shape for j in jacobians] == [(2, 2), (2, 2)]
        assert np.allclose(jacobians[0], [[6.0, 0.0], [0.0, 16.0]], rtol=1e-3, atol=1e-3)
        assert np.allclose(jacobians[1], [[1.0, 0.0], [0.0, 4.0]], rtol=1e-3, atol=1e-3)
    assert np.array_equal(found[0][0], [[6.0, 0.0], [0.0, 16.0]])


def test_compute_gradient_flattens_targets_and_arguments() -> None:
    theoretical, numerical = tf.test.compute_gradient(tf.matmul, [tf.ones([2, 3]), tf.ones([3, 4])])
    assert [j.shape for j in theoretical] == [j.shape for j in numerical] == [(8, 6), (8, 12)]
    assert np.array_equal(theoretical[0], np.kron(np.eye(2), np.ones([4, 3])))
    assert np.allclose(numerical[0], theoretical[0], atol=1e-2)


def test_compute_gradient_takes_the_step_of_the_differences() -> None:
    x = [tf.constant(2.0, tf.float64)]
    (theoretical,), (numerical,) = tf.test.compute_gradient(lambda x: x * x * x, x, delta=1.0)
    assert theoretical.tolist() == [[12.0]]
    assert numerical.tolist() == [[13.0]]  # central differences are wrong by the square of the step
    (theoretical,), (numerical,) = tf.test.compute_gradient(tf.sin, x, delta=1e-4)
    assert abs(theoretical[0, 0] - math.cos(2.0)) < 1e-15
    assert abs(numerical[0, 0] - math.cos(2.0)) < 1e-8


def test_compute_gradient_asks_for_a_list_of_arguments() -> None:
    with pytest.raises(ValueError, match="list or tuple"):
        tf.test.compute_gradient(tf.sin, tf.constant(1.0))
