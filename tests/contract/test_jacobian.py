"""`GradientTape.jacobian` and `batch_jacobian`: shapes, values, structures, unconnected sources, modes, refusals.

Sections: values and shapes; structures; unconnected; the tape's state; higher order; modes; empty arrays; refusals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradtape as tf

MODES: list[dict[str, Any]] = [
    {},
    {"experimental_use_pfor": False},
    {"parallel_iterations": 1, "experimental_use_pfor": False},
    {"parallel_iterations": 2, "experimental_use_pfor": False},
    {"parallel_iterations": 100, "experimental_use_pfor": False},
    {"parallel_iterations": 1},
    {"parallel_iterations": 3},
]


def numbers(nest: Any) -> Any:
    """The nest with each tensor as nested lists of Python numbers; None stays."""
    return tf.nest.map_structure(lambda g: None if g is None else g.numpy().tolist(), nest)


def recorded(function: Any, x: Any, persistent: bool = True) -> tuple[Any, Any, Any]:
    """A tape that watched x and recorded y = function(x)."""
    x = tf.constant(x)
    with tf.GradientTape(persistent=persistent) as tape:
        tape.watch(x)
        y = function(x)
    return tape, y, x


# Values and shapes


@pytest.mark.parametrize("options", MODES)
def test_the_documented_examples(options: dict[str, Any]) -> None:
    tape, y, x = recorded(lambda x: x * x, [1.0, 2.0])
    assert numbers(tape.jacobian(y, x, **options)) == [[2.0, 0.0], [0.0, 4.0]]
    tape, y, x = recorded(lambda x: x * x, [[1.0, 2.0], [3.0, 4.0]])
    expected = [[[2.0, 0.0], [0.0, 4.0]], [[6.0, 0.0], [0.0, 8.0]]]
    assert numbers(tape.batch_jacobian(y, x, **options)) == expected


@pytest.mark.parametrize("options", MODES)
@pytest.mark.parametrize("target", [(), (3,), (2, 3), (1, 2, 1)])
@pytest.mark.parametrize("source", [(), (2,), (2, 2), (1, 1, 3)])
def test_the_shape_is_that_of_target_and_source(
    source: tuple[int, ...], target: tuple[int, ...], options: dict[str, Any]
) -> None:
    generator = np.random.default_rng(7)
    matrix = generator.standard_normal((int(np.prod(target)), int(np.prod(source))))
    start = generator.standard_normal(source)

    def function(x: Any) -> Any:
        return tf.reshape(tf.linalg.matvec(tf.constant(matrix), tf.reshape(x, [-1])), target)

    tape, y, x = recorded(function, start)
    jacobian = tape.jacobian(y, x, **options)
    assert tuple(jacobian.shape) == target + source
    assert jacobian.dtype == tf.float64
    np.testing.assert_allclose(jacobian.numpy(), matrix.reshape(target + source), rtol=1e-12)


@pytest.mark.parametrize("options", MODES)
@pytest.mark.parametrize("rest", [((2,), (3,)), ((1, 2), (3,)), ((2,), (2, 2)), ((), ())])
def test_the_batch_shape_is_batch_then_target_then_source(rest: Any, options: dict[str, Any]) -> None:
    generator = np.random.default_rng(8)
    inner_target, inner_source = rest if rest != ((), ()) else ((1,), (1,))
    rows, columns = int(np.prod(inner_target)), int(np.prod(inner_source))
    matrices = generator.standard_normal((4, rows, columns))
    start = generator.standard_normal((4, *inner_source))

    def function(x: Any) -> Any:
        flat = tf.reshape(x, [4, columns])
        return tf.reshape(tf.linalg.matvec(tf.constant(matrices), flat * flat), (4, *inner_target))

    tape, y, x = recorded(function, start)
    jacobian = tape.batch_jacobian(y, x, **options)
    expected = matrices * (2.0 * start.reshape(4, 1, columns))
    assert tuple(jacobian.shape) == (4, *inner_target, *inner_source)
    np.testing.assert_allclose(jacobian.numpy(), expected.reshape(jacobian.shape), rtol=1e-12)


def test_the_dtype_is_that_of_the_source() -> None:
    for dtype in ("float16", "float32", "float64", "complex64", "complex128"):
        tape, y, x = recorded(lambda x: x * x, np.array([[1, 2]], dtype))
        assert tape.jacobian(y, x).dtype == dtype
        assert tape.batch_jacobian(y, x).numpy().tolist() == [[[2, 0], [0, 4]]]


def test_a_target_that_is_the_source_gives_the_identity() -> None:
    tape, _, x = recorded(lambda x: x, [[1.0, 2.0]])
    assert numbers(tape.jacobian(x, x)) == [[[[1.0, 0.0]], [[0.0, 1.0]]]]
    assert numbers(tape.batch_jacobian(x, x)) == [[[1.0, 0.0], [0.0, 1.0]]]


def test_rows_are_assumed_independent_and_never_checked() -> None:
    tape, y, x = recorded(lambda x: x * tf.reduce_sum(x, axis=0), [[1.0], [2.0]])  # rows interact
    assert numbers(tape.batch_jacobian(y, x)) == [[[6.0]], [[6.0]]]  # the rows' sum is differentiated
    assert numbers(tape.jacobian(y, x)) == [[[[4.0], [1.0]]], [[[2.0], [5.0]]]]


@pytest.mark.parametrize("options", MODES)
def test_a_gathered_source_is_dense(options: dict[str, Any]) -> None:
    tape, y, x = recorded(lambda x: tf.gather(x, [2, 0]) * 5.0, [1.0, 2.0, 3.0])
    assert numbers(tape.jacobian(y, x, **options)) == [[0.0, 0.0, 5.0], [5.0, 0.0, 0.0]]


# Structures


def test_jacobian_keeps_the_structure_of_the_sources() -> None:
    a, v = tf.constant([1.0, 2.0]), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        tape.watch(a)
        y = a * v
    answer = tape.jacobian(y, {"a": a, "b": (v, [a])})
    assert numbers(answer) == {"a": [[3.0, 0.0], [0.0, 3.0]], "b": ([1.0, 2.0], [[[3.0, 0.0], [0.0, 3.0]]])}


@pytest.mark.parametrize("sources", [[], (), {}])
def test_no_sources_no_answer(sources: Any) -> None:
    tape, y, _ = recorded(lambda x: x * x, [1.0, 2.0])
    assert tape.jacobian(y, sources) == sources


# Unconnected sources


@pytest.mark.parametrize("options", MODES)
def test_an_unconnected_source_of_jacobian(options: dict[str, Any]) -> None:
    tape, y, x = recorded(lambda x: x * x, [1.0, 2.0])
    other = tf.constant(np.ones(3, np.float64))
    assert numbers(tape.jacobian(y, [x, other], **options)) == [[[2.0, 0.0], [0.0, 4.0]], None]
    assert tape.jacobian(y, other, unconnected_gradients="none", **options) is None
    for zero in ("zero", tf.UnconnectedGradients.ZERO):
        found = tape.jacobian(y, [x, other], unconnected_gradients=zero, **options)
        assert numbers(found) == [[[2.0, 0.0], [0.0, 4.0]], [[0.0] * 3] * 2]
        assert found[1].dtype == tf.float64


@pytest.mark.parametrize("choice", [{}, {"unconnected_gradients": "none"}, {"unconnected_gradients": "zero"}])
def test_an_unconnected_source_of_batch_jacobian_gives_zeros(choice: dict[str, Any]) -> None:
    other = tf.constant(np.ones((2, 3), np.float64))
    tape, y, _ = recorded(lambda x: x * x, [[1.0], [2.0]])
    found = tape.batch_jacobian(y, other, **choice)
    assert found is not None
    assert found.numpy().tolist() == [[[0.0] * 3]] * 2
    if choice.get("unconnected_gradients") != "zero":
        assert found.dtype == tf.float32  # the target's


@pytest.mark.parametrize("method", ["jacobian", "batch_jacobian"])
def test_an_unknown_choice_is_refused(method: str) -> None:
    tape, y, x = recorded(lambda x: x * x, [[1.0]], persistent=False)
    with pytest.raises(ValueError, match="Unknown value for unconnected_gradients: 'nonsense'"):
        getattr(tape, method)(y, x, unconnected_gradients="nonsense")
    assert getattr(tape, method)(y, x).numpy().ravel() == [2.0]


# The state of the tape


@pytest.mark.parametrize("method", ["jacobian", "batch_jacobian"])
def test_a_consumed_tape_is_refused(method: str) -> None:
    tape, y, x = recorded(lambda x: x * x, [[1.0]], persistent=False)
    assert getattr(tape, method)(y, x).numpy().ravel() == [2.0]
    with pytest.raises(RuntimeError, match="A non-persistent GradientTape can only"):
        getattr(tape, method)(y, x)
    with pytest.raises(RuntimeError, match="A non-persistent GradientTape can only"):
        getattr(tf.GradientTape(persistent=True), method)(y, x)


@pytest.mark.parametrize("method", ["jacobian", "batch_jacobian"])
def test_the_sequential_mode_needs_a_persistent_tape(method: str) -> None:
    tape, y, x = recorded(lambda x: x * x, [[1.0]], persistent=False)
    with pytest.raises(RuntimeError, match="persistent=True"):
        getattr(tape, method)(y, x, experimental_use_pfor=False)
    assert getattr(tape, method)(y, x).numpy().ravel() == [2.0]


def test_batch_jacobian_with_parallel_iterations_needs_a_persistent_tape() -> None:
    tape, y, x = recorded(lambda x: x * x, [[1.0, 2.0], [3.0, 4.0]], persistent=False)
    with pytest.raises(RuntimeError, match="(?s)persistent=True.*parallel_iterations"):
        tape.batch_jacobian(y, x, parallel_iterations=2)
    assert tape.batch_jacobian(y, x).numpy().tolist() == [[[2.0, 0.0], [0.0, 4.0]], [[6.0, 0.0], [0.0, 8.0]]]


@pytest.mark.parametrize("iterations", [1, 2, 100])
def test_jacobian_with_parallel_iterations_does_not(iterations: int) -> None:
    tape, y, x = recorded(lambda x: x * x, [1.0, 2.0], persistent=False)
    assert numbers(tape.jacobian(y, x, parallel_iterations=iterations)) == [[2.0, 0.0], [0.0, 4.0]]


# Higher order


@pytest.mark.filterwarnings("ignore::gradtape.PersistentTapeWarning")
@pytest.mark.parametrize("persistent", [False, True])
def test_inside_its_own_context(persistent: bool) -> None:
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**4.0
        first = tape.jacobian(y, x)
        second = tape.jacobian(first, x)
    assert first.numpy() == pytest.approx(108.0)
    assert second.numpy() == pytest.approx(108.0)
    x = tf.constant([[3.0]])
    with tf.GradientTape(persistent=persistent) as tape:
        tape.watch(x)
        found = tape.batch_jacobian(x**4.0, x)
    assert found.numpy() == pytest.approx(np.array([[[108.0]]]))


@pytest.mark.parametrize("method", ["gradient", "jacobian"])
def test_a_hessian_is_the_jacobian_of_a_gradient(method: str) -> None:
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x[0] * x[1] * x[1] * x[2]
        first = getattr(inner, method)(y, x)
    assert numbers(outer.jacobian(first, x)) == [[0.0, 12.0, 4.0], [12.0, 6.0, 4.0], [4.0, 4.0, 0.0]]


def test_a_third_derivative_by_jacobians() -> None:
    x = tf.constant([[2.0, 3.0]])
    with tf.GradientTape() as a:
        a.watch(x)
        with tf.GradientTape() as b:
            b.watch(x)
            with tf.GradientTape() as c:
                c.watch(x)
                y = x[:, :1] ** 2.0 * x[:, 1:]
            first = c.batch_jacobian(y, x)
        second = b.batch_jacobian(first, x)
    third = a.batch_jacobian(second, x)
    assert first.numpy().tolist() == [[[12.0, 4.0]]]
    assert second.numpy().tolist() == [[[[6.0, 4.0], [4.0, 0.0]]]]
    assert third.numpy().tolist() == [[[[[0.0, 2.0], [2.0, 0.0]], [[2.0, 0.0], [0.0, 0.0]]]]]


# Modes agree


@pytest.mark.parametrize("options", MODES[1:])
@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.sin(x) * tf.reduce_sum(x * x),
        lambda x: tf.cumsum(x, axis=1) / (1.0 + x * x),
        lambda x: tf.where(x > 0.0, tf.exp(x), x),
        lambda x: tf.linalg.matmul(x, x, transpose_b=True),
        lambda x: tf.nn.softmax(x),
        lambda x: tf.concat([x[:, :1], x], axis=1),
    ],
)
def test_modes_give_the_same_numbers(function: Any, options: dict[str, Any]) -> None:
    tape, y, x = recorded(function, np.array([[0.5, -1.0, 2.0], [0.1, 0.7, -0.3]]))
    usual, other = tape.jacobian(y, x), tape.jacobian(y, x, **options)
    np.testing.assert_allclose(usual.numpy(), other.numpy(), rtol=1e-12, atol=1e-15)
    step = 1e-6 * np.random.default_rng(3).standard_normal((2, 3))
    change = (function(x + step) - function(x - step)).numpy()
    np.testing.assert_allclose(2.0 * np.tensordot(usual.numpy(), step, 2), change, rtol=1e-5, atol=1e-11)


# Empty arrays


@pytest.mark.parametrize("options", MODES)
@pytest.mark.parametrize("shape", [(0,), (1, 0), (0, 3), (2, 0, 4)])
def test_jacobians_of_empty_arrays(shape: tuple[int, ...], options: dict[str, Any]) -> None:
    tape, y, x = recorded(lambda x: x * x, np.zeros(shape, np.float32))
    found = tape.jacobian(y, x, **options)
    assert tuple(found.shape) == shape + shape
    assert found.dtype == tf.float32


@pytest.mark.parametrize("options", MODES)
@pytest.mark.parametrize("shape", [(1, 0), (0, 3), (0, 0), (2, 0, 4)])
def test_batch_jacobians_of_empty_arrays(shape: tuple[int, ...], options: dict[str, Any]) -> None:
    tape, y, x = recorded(lambda x: x * x, np.zeros(shape, np.float32))
    found = tape.batch_jacobian(y, x, **options)
    assert tuple(found.shape) == shape + shape[1:]
    assert found.dtype == tf.float32


def test_an_empty_target_of_a_full_source() -> None:
    tape, y, x = recorded(lambda x: x[:, :0] * 2.0, np.ones((2, 3)))
    assert tuple(tape.jacobian(y, x).shape) == (2, 0, 2, 3)
    assert tuple(tape.jacobian(y, x, experimental_use_pfor=False).shape) == (2, 0, 2, 3)
    assert tuple(tape.batch_jacobian(y, x).shape) == (2, 0, 3)


# Refusals


@pytest.mark.parametrize(
    ("target", "source"),
    [
        (lambda x: tf.reduce_sum(x, axis=1), lambda x: x),
        (lambda x: tf.reduce_sum(x), lambda x: x),
        (lambda x: x, lambda x: tf.constant([1.0, 2.0])),
        (lambda x: x, lambda x: tf.constant(1.0)),
    ],
)
def test_batch_jacobian_needs_rank_two(target: Any, source: Any) -> None:
    tape, y, x = recorded(lambda x: x * x, [[1.0, 2.0], [3.0, 4.0]], persistent=False)
    with pytest.raises(ValueError, match="must have rank at least 2"):
        tape.batch_jacobian(target(y), source(x))
    assert tape.gradient(y, x).numpy().tolist() == [[2.0, 4.0], [6.0, 8.0]]


def test_batch_jacobian_needs_equal_batches() -> None:
    tape, y, x = recorded(lambda x: x * x, [[1.0, 2.0], [3.0, 4.0]], persistent=False)
    with pytest.raises(ValueError, match=r"Need first dimension of target shape.*\(3, 2\).*\(2, 2\)"):
        tape.batch_jacobian(tf.ones([3, 2]), x)
    assert tape.gradient(y, x).numpy().tolist() == [[2.0, 4.0], [6.0, 8.0]]


@pytest.mark.parametrize("method", ["jacobian", "batch_jacobian"])
@pytest.mark.parametrize("bad", [None, 3.0, np.ones((2, 2)), "a"])
def test_what_is_no_tensor_is_refused(method: str, bad: Any) -> None:
    tape, y, x = recorded(lambda x: x * x, [[1.0, 2.0], [3.0, 4.0]], persistent=False)
    with pytest.raises(TypeError):
        getattr(tape, method)(bad, x)
    with pytest.raises(TypeError):
        getattr(tape, method)(y, bad)
    assert tape.gradient(y, x).numpy().tolist() == [[2.0, 4.0], [6.0, 8.0]]


@pytest.mark.parametrize(
    "nest", [lambda t: [t, t], lambda t: (t, [t]), lambda t: {"a": t, "b": t}, lambda t: []]
)
def test_one_target_and_one_batch_source(nest: Any) -> None:
    tape, y, x = recorded(lambda x: x * x, [[1.0, 2.0], [3.0, 4.0]], persistent=False)
    for call in (
        lambda: tape.jacobian(nest(y), x),
        lambda: tape.batch_jacobian(nest(y), x),
        lambda: tape.batch_jacobian(y, nest(x)),
    ):
        with pytest.raises((TypeError, ValueError), match="one"):
            call()
    assert tape.gradient(y, x).numpy().tolist() == [[2.0, 4.0], [6.0, 8.0]]
