"""Bad and strange input: each gives the right value or a clear error, and leaves the tape as it was.

Sections: strange arrays; subclasses and array-likes; what cannot become a tensor; large integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradtape as tf


def gradient(function: Any, x: Any) -> Any:
    """The gradient of function at x, as an array."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x).numpy()


def read_only() -> np.ndarray[Any, Any]:
    array = np.arange(6.0).reshape(2, 3)
    array.flags.writeable = False
    return array


def unaligned() -> np.ndarray[Any, Any]:
    buffer = np.zeros(49, np.uint8)
    array = buffer[1:].view(np.float64).reshape(2, 3)
    array[...] = np.arange(6.0).reshape(2, 3)
    assert not array.flags.aligned
    return array


STRANGE = {
    "strided": lambda: np.arange(24.0).reshape(4, 6)[::2, ::2],
    "reversed": lambda: np.arange(6.0).reshape(2, 3)[::-1, ::-1],
    "transposed": lambda: np.arange(6.0).reshape(3, 2).T,
    "fortran": lambda: np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "broadcast": lambda: np.broadcast_to(np.arange(3.0), (2, 3)),
    "read-only": read_only,
    "unaligned": unaligned,
    "big-endian": lambda: np.arange(6.0).reshape(2, 3).astype(">f8"),
    "little-endian": lambda: np.arange(6.0).reshape(2, 3).astype("<f8"),
    "field of a record": lambda: np.array([[(1.0, 2)] * 3] * 2, dtype=[("a", "f8"), ("b", "i4")])["a"],
    "window": lambda: np.lib.stride_tricks.sliding_window_view(np.arange(4.0), 3),
}


# Strange arrays


@pytest.mark.parametrize("make", [tf.constant, tf.Variable, tf.convert_to_tensor])
@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_array_is_its_values(name: str, make: Any) -> None:
    array = STRANGE[name]()
    before = array.copy()
    x = make(array)
    assert x.dtype == tf.float64
    assert x.dtype.isnative if hasattr(x.dtype, "isnative") else True
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.sin(x) * x + array * x)
    expected = np.cos(before) * before + np.sin(before) + before
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), expected, rtol=1e-14)
    np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize(
    "name", [name for name in STRANGE if name not in ("broadcast", "read-only", "window")]
)
@pytest.mark.parametrize("make", [tf.constant, tf.Variable, tf.convert_to_tensor])
def test_changing_the_array_afterwards_changes_nothing(name: str, make: Any) -> None:
    array = STRANGE[name]()
    before = array.copy()
    x = make(array)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(x * x)
    array[...] = -7.0
    np.testing.assert_array_equal(x.numpy(), before)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), 2.0 * before)


def test_changing_what_numpy_gave_changes_nothing() -> None:
    x, v = tf.constant([1.0, 2.0]), tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x * v
    for holder in (x, v, y):
        array = holder.numpy()
        if array.flags.writeable:
            array[...] = -7.0
    assert x.numpy().tolist() == v.numpy().tolist() == [1.0, 2.0]
    gx, gv = tape.gradient(y, [x, v])
    assert (gx.numpy().tolist(), gv.numpy().tolist()) == ([2.0, 8.0], [1.0, 4.0])


def test_a_result_does_not_share_memory_with_its_source() -> None:
    v = tf.Variable([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        view = v[1:]
        whole = tf.identity(v)
        turned = tf.reshape(v, [3, 1])
        y = tf.reduce_sum(view * view)
    v.assign([-9.0, -9.0, -9.0])
    assert view.numpy().tolist() == [2.0, 3.0]
    assert whole.numpy().tolist() == turned.numpy().ravel().tolist() == [1.0, 2.0, 3.0]
    assert tape.gradient(y, v).numpy().tolist() == [0.0, 4.0, 6.0]


# Subclasses and array-likes


class Subclass(np.ndarray):  # type: ignore[type-arg]
    """A subclass that gives itself away in every operation."""

    def __mul__(self, other: Any) -> Any:
        raise AssertionError("the subclass was not left behind")


class Like:
    """An object that knows how to become an array."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array([1.0, 2.0, 3.0], dtype=dtype)


@pytest.mark.parametrize(
    "value",
    [
        lambda: np.array([1.0, 2.0, 3.0]).view(Subclass),
        lambda: np.array([1.0, 2.0, 3.0]).view(np.recarray),
        lambda: Like(),
        lambda: (np.float64(1.0), 2.0, 3.0),
        lambda: [tf.constant(np.float64(1.0)), 2.0, 3.0],
    ],
)
def test_subclasses_and_likenesses_become_plain_values(value: Any) -> None:
    x = tf.constant(value())
    assert type(x.numpy()) is np.ndarray
    assert x.dtype == tf.float64
    np.testing.assert_array_equal(gradient(lambda t: t * t * t, value()), [3.0, 12.0, 27.0])


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_matrix_multiplies_elementwise_once_it_is_a_tensor() -> None:
    x = tf.constant(np.asmatrix([[1.0, 2.0], [3.0, 4.0]]))
    assert (x * x).numpy().tolist() == [[1.0, 4.0], [9.0, 16.0]]


def test_a_list_of_watched_tensors_is_stacked_on_the_tape() -> None:
    a, b = tf.constant(2.0), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        y = tf.convert_to_tensor([a * b, b, 1.0]) * tf.constant([1.0, 10.0, 100.0])
    assert [float(g.numpy()) for g in tape.gradient(y, [a, b])] == [3.0, 12.0]


# What cannot become a tensor


@pytest.mark.parametrize("make", [tf.constant, tf.Variable, tf.convert_to_tensor])
@pytest.mark.parametrize(
    "value",
    [
        None,
        object(),
        {"a": 1.0},
        {1.0, 2.0},
        [[1.0], [1.0, 2.0]],
        [1.0, None],
        np.array([None, 1.0]),
        np.array([1.0, "a"], dtype=object),
        np.datetime64("2020-01-01"),
        np.ma.masked_array([1.0, 2.0], [False, True]),
        np.array([(1.0, 2)], dtype=[("a", "f8"), ("b", "i4")]),
    ],
)
def test_what_cannot_become_a_tensor_is_refused(value: Any, make: Any) -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises((TypeError, ValueError)):
            make(value)
        with pytest.raises((TypeError, ValueError)):
            tf.add(x, value)
        y = x * x
    assert tape.gradient(y, x).numpy() == 6.0


# Large integers


@pytest.mark.parametrize("make", [tf.constant, tf.Variable, tf.convert_to_tensor])
@pytest.mark.parametrize("value", [2**70, -(2**70), [1, 2**70], [1, 2**63], [-1, 2**63], [[0], [2**63]]])
def test_integers_beyond_64_bits_are_refused(value: Any, make: Any) -> None:
    with pytest.raises((OverflowError, ValueError), match=r"integer|int"):
        make(value)
    assert make(value, dtype=tf.float64).numpy().ravel()[-1] == float(np.ravel(value)[-1])


def test_lists_of_unsigned_integers_are_exact() -> None:
    assert tf.constant([1, 2**63 + 1], tf.uint64).numpy().tolist() == [1, 2**63 + 1]
    assert tf.constant([1.0, 2**63]).dtype == tf.float32
    for value, dtype in (([-1, 2**63], tf.uint64), ([1, 2**63], tf.int64), ([1, 2**64], tf.uint64)):
        with pytest.raises(ValueError, match="integer"):
            tf.constant(value, dtype)


def test_integers_of_more_than_32_bits() -> None:
    assert tf.constant(2**40).dtype == tf.int64
    assert tf.constant(2**40).numpy() == 2**40
    assert (tf.constant(1.0, dtype=tf.float64) + 2**70).numpy() == float(2**70)
    assert gradient(lambda x: x * 2**70, np.float64(1.0)) == float(2**70)
    try:
        found = (tf.constant(1) + 2**40).numpy()
    except (OverflowError, ValueError):
        return
    assert found == 2**40 + 1  # refused or right, never wrapped around
