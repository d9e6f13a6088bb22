"""Variables: what they hold, how they change, and what a tape and an accumulator see of it.

Sections: construction and text; reading; assigning; assigning and derivatives; parts; Python's operators.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import gradtape as tf


def numbers(nest: Any) -> Any:
    """The nest with each tensor as nested lists of Python numbers; None stays."""
    return tf.nest.map_structure(lambda g: None if g is None else g.numpy().tolist(), nest)


# Construction and text


@pytest.mark.parametrize(
    ("value", "options", "dtype"),
    [
        (1.0, {}, "float32"),
        ([1.0, 2], {}, "float32"),
        (3, {}, "int32"),
        (True, {}, "bool"),
        (np.ones(2), {}, "float64"),
        (np.float16(1), {}, "float16"),
        (np.arange(3), {}, "int64"),
        (1, {"dtype": "float64"}, "float64"),
        (np.ones(2), {"dtype": "float32"}, "float32"),
        ([1, 2], {"dtype": "complex64"}, "complex64"),
    ],
)
def test_the_initial_value_decides_the_dtype(value: Any, options: dict[str, str], dtype: str) -> None:
    v = tf.Variable(value, **options)
    assert v.dtype == dtype
    assert v.numpy().dtype == dtype
    assert np.array_equal(v.numpy(), value)
    assert tuple(v.shape) == np.shape(value)


def test_a_variable_is_made_of_a_tensor_a_variable_or_a_function() -> None:
    x = tf.constant([1.0, 2.0], tf.float64)
    source = tf.Variable(x)
    copy = tf.Variable(source)
    source.assign([5.0, 6.0])
    assert (x.numpy().tolist(), copy.numpy().tolist(), copy.dtype) == ([1.0, 2.0], [1.0, 2.0], tf.float64)
    assert tf.Variable(lambda: 3.0).numpy() == 3.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: tf.Variable(),
        lambda: tf.Variable(None),
        lambda: tf.Variable(tf.constant(1.0), dtype=tf.float64),
    ],
)
def test_a_value_that_is_missing_or_of_another_dtype_is_refused(make: Any) -> None:
    with pytest.raises(ValueError):
        make()


def test_a_variable_has_its_own_memory() -> None:
    array = np.array([1.0, 2.0])
    v = tf.Variable(array)
    array[0] = 9.0
    v.numpy()[1] = 9.0
    assert v.numpy().tolist() == [1.0, 2.0]


def test_variables_are_trainable_unless_told_otherwise() -> None:
    assert [tf.Variable(1.0).trainable, tf.Variable(1.0, trainable=False).trainable] == [True, False]
    assert tf.Variable(1.0, False).trainable is False
    with pytest.raises(AttributeError):
        tf.Variable(1.0).trainable = False


def test_names_end_in_zero() -> None:
    assert tf.Variable(1.0, name="x0").name == "x0:0"
    assert [tf.Variable(1.0).name, tf.Variable(2.0).name] == ["Variable:0", "Variable:0"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "Variable 'v:0' shape=() dtype=float32, numpy=1.0>"),
        ([1.0, 2.0], "Variable 'v:0' shape=(2,) dtype=float32, numpy=array([1., 2.], dtype=float32)>"),
        ([[3]], "Variable 'v:0' shape=(1, 1) dtype=int32, numpy=array([[3]], dtype=int32)>"),
        (np.array([1.0]), "Variable 'v:0' shape=(1,) dtype=float64, numpy=array([1.])>"),
        (
            np.zeros([2, 0]),
            "Variable 'v:0' shape=(2, 0) dtype=float64, numpy=array([], shape=(2, 0), dtype=float64)>",
        ),
    ],
)
def test_repr_and_print_show_name_shape_dtype_and_value(value: Any, text: str) -> None:
    v = tf.Variable(value, name="v")
    assert repr(v).removeprefix("<").removeprefix("tf.") == text
    assert str(v) == repr(v)


def test_a_variable_is_known_by_its_reference() -> None:
    v, w = tf.Variable([1.0, 2.0]), tf.Variable([1.0, 2.0])
    assert len({v.ref(), w.ref(), v.ref()}) == 2
    assert v.ref().deref() is v
    with pytest.raises(TypeError, match="ref"):
        hash(v)
    assert (v == tf.constant([1.0, 3.0])).numpy().tolist() == [True, False]
    assert (v != w).numpy().tolist() == [False, False]


# Reading


@pytest.mark.parametrize(
    "read",
    [
        lambda v: v.value(),
        lambda v: v.read_value(),
        lambda v: v.numpy(),
        lambda v: tf.convert_to_tensor(v),
        lambda v: tf.identity(v),
        lambda v: np.asarray(v),
        lambda v: v + 1.0,
        lambda v: 2.0 - v,
        lambda v: -v,
        lambda v: v[0],
        lambda v: tf.reduce_sum(v),
        lambda v: v > 0.0,
        lambda v: tf.stack([v, v]),
    ],
)
@pytest.mark.filterwarnings("ignore::gradtape.DetachedTensorWarning")
def test_a_read_while_a_tape_records_watches_a_trainable_variable(read: Any) -> None:
    v, fixed = tf.Variable([1.0]), tf.Variable([1.0], trainable=False)
    with tf.GradientTape() as tape, tf.GradientTape(watch_accessed_variables=False) as explicit:
        read(v)
        read(fixed)
        with tape.stop_recording():
            unseen = tf.Variable([1.0])
            read(unseen)
    assert [w is v for w in tape.watched_variables()] == [True]
    assert explicit.watched_variables() == ()


@pytest.mark.parametrize("look", [lambda v: v.shape, lambda v: v.dtype, lambda v: v.name, lambda v: v.ref()])
def test_looking_at_shape_dtype_or_name_is_no_read(look: Any) -> None:
    v = tf.Variable([1.0])
    with tf.GradientTape() as tape:
        look(v)
    assert tape.watched_variables() == ()


@pytest.mark.parametrize(
    "read", [lambda v: v.value(), lambda v: v.read_value(), tf.convert_to_tensor, tf.identity]
)
def test_all_reads_of_one_variable_count_together(read: Any) -> None:
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = read(v) * v
    assert tape.gradient(y, v).numpy() == 6.0


def test_arithmetic_gives_a_tensor_that_is_no_longer_watched_by_itself() -> None:
    x = tf.Variable(2.0)
    x = x + 1.0
    assert isinstance(x, tf.Tensor)
    assert not isinstance(x, tf.Variable)
    with tf.GradientTape() as tape:
        y = x * x
    assert tape.gradient(y, x) is None


def test_a_variable_is_no_instance_of_tensor_but_counts_as_one() -> None:
    v = tf.Variable(2.0)
    assert not isinstance(v, tf.Tensor)
    assert tf.is_tensor(v) is True


def test_the_greatest_of_several_variables_is_a_variable() -> None:
    variables = [tf.Variable(1.0), tf.Variable(2.0), tf.Variable(3.0)]
    with tf.GradientTape() as tape:
        greatest = max(variables)
    assert greatest is variables[2]
    assert numbers(tape.gradient(greatest, variables)) == [None, None, 1.0]


def test_an_integer_variable_is_watched_and_has_no_gradient() -> None:
    i, v = tf.Variable(3), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = tf.cast(i, tf.float32) * v
    assert [w is expected for w, expected in zip(tape.watched_variables(), [i, v], strict=True)] == [
        True,
        True,
    ]
    assert numbers(tape.gradient(y, [i, v])) == [None, 3.0]


def test_a_variable_that_is_not_trainable_may_be_watched() -> None:
    v = tf.Variable(3.0, trainable=False)
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = v * v
    assert tape.gradient(y, v).numpy() == 6.0
    assert tape.watched_variables()[0] is v


def test_python_converts_a_scalar_variable() -> None:
    v = tf.Variable(2.5)
    assert [float(v), int(v), bool(v), bool(tf.Variable(0.0))] == [2.5, 2, True, False]
    assert [float(x) for x in tf.Variable([1.0, 2.0])] == [1.0, 2.0]


# Assigning


@pytest.mark.parametrize(
    ("method", "value", "expected"),
    [
        ("assign", [3.0, 4.0], [3.0, 4.0]),
        ("assign", np.array([3, 4]), [3.0, 4.0]),  # arrays and numbers take the variable's dtype
        ("assign_add", [3.0, 4.0], [4.0, 6.0]),
        ("assign_sub", np.array([3.0, 4.0]), [-2.0, -2.0]),
    ],
)
def test_assigning_changes_the_variable_in_place(method: str, value: Any, expected: list[float]) -> None:
    v = tf.Variable([1.0, 2.0])
    result = getattr(v, method)(value)
    assert v.numpy().tolist() == expected
    assert v.dtype == tf.float32
    assert result.numpy().tolist() == expected
    assert getattr(v, method)(value, use_locking=True, name="again", read_value=True).shape == (2,)


def test_assigning_returns_the_variable_for_chains() -> None:
    v = tf.Variable(1.0)
    assert v.assign(5.0).assign_add(2.0).assign_sub(3.0).numpy() == 4.0
    assert v.numpy() == 4.0


def test_assigning_returns_the_very_variable() -> None:
    v = tf.Variable([1.0, 2.0])
    assert [v.assign([2.0, 3.0]) is v, v.assign_add([1.0, 1.0]) is v, v.assign_sub([1.0, 1.0]) is v] == [
        True
    ] * 3


@pytest.mark.parametrize("value", [3.0, [1.0, 2.0, 3.0], [[1.0, 2.0]]])
def test_a_value_of_another_shape_is_refused(value: Any) -> None:
    v = tf.Variable([1.0, 2.0], name="weights")
    with pytest.raises(ValueError, match="weights.*shape.*2"):
        v.assign(value)
    for method in (v.assign_add, v.assign_sub):
        with pytest.raises(tf.errors.InvalidArgumentError, match="shape.*2"):
            method(value)
    assert v.numpy().tolist() == [1.0, 2.0]


def test_a_tensor_of_another_dtype_is_refused() -> None:
    v = tf.Variable([1.0, 2.0])
    with pytest.raises(ValueError, match="float64"):
        v.assign(tf.constant([3.0, 4.0], tf.float64))
    assert v.numpy().tolist() == [1.0, 2.0]


def test_what_is_assigned_is_copied() -> None:
    array = np.array([3.0, 4.0], np.float32)
    v = tf.Variable([1.0, 2.0])
    v.assign(array)
    array[0] = 9.0
    assert v.numpy().tolist() == [3.0, 4.0]


# Assigning and derivatives


def test_values_read_earlier_stay_as_they_were() -> None:
    v = tf.Variable([1.0, 2.0])
    earlier, through = v.value(), v * 1.0
    v.assign([5.0, 6.0])
    v[0].assign(7.0)
    v.scatter_nd_update([[1]], [8.0])
    assert numbers([earlier, through, v.value()]) == [[1.0, 2.0], [1.0, 2.0], [7.0, 8.0]]


def test_what_was_recorded_keeps_its_derivative() -> None:
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = v * v * v
        v.assign(100.0)
    assert tape.gradient(y, v).numpy() == 27.0
    with tf.GradientTape() as tape:
        y = v * v
    v.assign_sub(99.0)
    assert tape.gradient(y, v).numpy() == 200.0


def test_reads_before_and_after_an_assignment_count_for_the_variable_alone() -> None:
    x, v = tf.constant(3.0), tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        before = v * v
        v.assign(x * x)
        after = v * v
        total = before + after
    assert numbers(tape.gradient(before, [v, x])) == [2.0, None]
    assert numbers(tape.gradient(after, [v, x])) == [18.0, None]
    assert numbers(tape.gradient(total, [v, x])) == [20.0, None]


@pytest.mark.parametrize("method", ["assign", "assign_add", "assign_sub"])
def test_an_assigned_value_has_no_gradient(method: str) -> None:
    x, v = tf.constant(3.0), tf.Variable(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        result = getattr(v, method)(x * x)
        y = result * 2.0
    assert tape.gradient(y, x) is None


def test_a_training_loop_may_assign_inside_the_tape() -> None:
    v = tf.Variable(0.0)
    for _ in range(50):
        with tf.GradientTape() as tape:
            loss = (v - 3.0) ** 2
        v.assign_sub(0.25 * tape.gradient(loss, v))
    assert v.numpy() == 3.0


# Parts


def slices(indices: Any, values: Any) -> Any:
    return tf.IndexedSlices(tf.constant(values), tf.constant(indices))


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (lambda v: v.scatter_nd_update([[0], [2]], [10.0, 30.0]), [10.0, 2.0, 30.0]),
        (lambda v: v.scatter_nd_add([[0], [0]], [10.0, 30.0]), [41.0, 2.0, 3.0]),
        (lambda v: v.scatter_nd_sub([[0], [0]], [10.0, 30.0]), [-39.0, 2.0, 3.0]),
        (lambda v: v.scatter_update(slices([2, 1], [10.0, 30.0])), [1.0, 30.0, 10.0]),
        (lambda v: v.scatter_add(slices([1, 1], [10.0, 30.0])), [1.0, 42.0, 3.0]),
        (lambda v: v.scatter_sub(slices([1, 1], [10.0, 30.0])), [1.0, -38.0, 3.0]),
        (lambda v: v.scatter_mul(slices([0, 1], [10.0, 30.0])), [10.0, 60.0, 3.0]),
        (lambda v: v.scatter_div(slices([1, 2], [4.0, 2.0])), [1.0, 0.5, 1.5]),
        (lambda v: v.scatter_max(slices([0, 2], [2.0, 2.0])), [2.0, 2.0, 3.0]),
        (lambda v: v.scatter_min(slices([0, 2], [2.0, 2.0])), [1.0, 2.0, 2.0]),
        (lambda v: v[1].assign(20.0), [1.0, 20.0, 3.0]),
        (lambda v: v[-1].assign(20.0), [1.0, 2.0, 20.0]),
        (lambda v: v[:2].assign([5.0, 6.0]), [5.0, 6.0, 3.0]),
        (lambda v: v[::2].assign([5.0, 6.0]), [5.0, 2.0, 6.0]),
        (lambda v: v[1:].assign(9.0), [1.0, 9.0, 9.0]),
    ],
)
def test_parts_of_a_variable_are_assigned(update: Any, expected: list[float]) -> None:
    v = tf.Variable([1.0, 2.0, 3.0])
    result = update(v)
    assert v.numpy().tolist() == expected
    assert result.numpy().tolist() == expected


def test_parts_of_a_matrix_are_assigned() -> None:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    v[0, 1].assign(20.0)
    v[1].assign([30.0, 40.0])
    v.scatter_nd_add([[1, 0]], [5.0])
    v.scatter_update(slices([0], [[7.0, 8.0]]))
    assert v.numpy().tolist() == [[7.0, 8.0], [35.0, 40.0]]


def test_a_part_is_a_tensor() -> None:
    v = tf.Variable([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        part = v[1:]
        y = tf.reduce_sum(part * part)
    assert isinstance(part, tf.Tensor)
    assert tape.gradient(y, v).numpy().tolist() == [0.0, 4.0, 6.0]


def test_a_part_of_the_wrong_shape_is_refused() -> None:
    v = tf.Variable([1.0, 2.0, 3.0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="shape"):
        v[:2].assign([5.0, 6.0, 7.0])
    assert v.numpy().tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "update",
    [
        lambda v, x: v[0].assign(x),
        lambda v, x: v.scatter_nd_update([[0]], [x]),
        lambda v, x: v.scatter_update(tf.IndexedSlices(tf.stack([x]), tf.constant([0]))),
    ],
)
def test_a_value_assigned_to_a_part_has_no_gradient(update: Any) -> None:
    v, x = tf.Variable([1.0, 2.0]), tf.constant(5.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        update(v, x)
        y = tf.reduce_sum(v * v)
    assert numbers(tape.gradient(y, [x, v])) == [None, [10.0, 4.0]]


def test_the_differentiable_way_updates_a_tensor() -> None:
    v, x = tf.Variable([1.0, 2.0]), tf.constant(5.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.tensor_scatter_nd_update(v, [[0]], [x]) ** 2.0)
    assert numbers(tape.gradient(y, [x, v])) == [10.0, [0.0, 4.0]]
    assert v.numpy().tolist() == [1.0, 2.0]


# Python's operators


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("iadd", "assign_add"),
        ("isub", "assign_sub"),
        ("imul", "assign"),
        ("itruediv", "assign"),
        ("ipow", "assign"),
    ],
)
def test_augmented_assignment_is_refused_with_the_way_out(name: str, way_out: str) -> None:
    v = tf.Variable(3.0)
    with pytest.raises(RuntimeError, match=way_out):
        getattr(operator, name)(v, 2.0)
    assert v.numpy() == 3.0


def test_items_are_not_assigned_directly() -> None:
    v = tf.Variable([1.0, 2.0])
    with pytest.raises((TypeError, AttributeError)):
        v[0] = 5.0
    assert v.numpy().tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "write",
    [
        lambda v: v[0].assign(9.0),
        lambda v: v[1:].assign_add([9.0]),
        lambda v: v.scatter_nd_update([[0]], [9.0]),
        lambda v: v.scatter_nd_add([[1]], [9.0]),
        lambda v: v.scatter_sub(tf.IndexedSlices([9.0], [0])),
    ],
)
def test_writing_entries_leaves_what_was_read_and_recorded(write: Any) -> None:
    v = tf.Variable([2.0, 3.0])
    before = v.value()
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(v * v)
        write(v)
    assert before.numpy().tolist() == [2.0, 3.0]
    assert v.numpy().tolist() != [2.0, 3.0]
    assert tape.gradient(y, v).numpy().tolist() == [4.0, 6.0]
