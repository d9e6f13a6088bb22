"""Which dtype numbers, arrays and mixtures take, the default float, and how tensors and variables print.

Sections: making; mixing; the default float; printing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gradtape as tf

# Making


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1.0, "float32"),
        (1, "int32"),
        (1j, "complex128"),
        (True, "bool"),
        ([1, 2.5], "float32"),
        ([1.0, 2.0], "float32"),
        ([], "float32"),
        ([[1, 2], [3, 4]], "int32"),
        (2**40, "int64"),
        (np.float64(1.0), "float64"),
        (np.float16(1.0), "float16"),
        (np.arange(2), "int64"),
        (np.ones(2), "float64"),
        (np.ones(2, np.complex64), "complex64"),
        (np.ones(2, np.uint8), "uint8"),
        ([np.float64(1.0), 2.0], "float64"),
    ],
)
@pytest.mark.parametrize("make", [tf.constant, tf.convert_to_tensor, tf.Variable])
def test_numbers_take_the_default_and_arrays_keep_their_dtype(make: Any, value: Any, dtype: str) -> None:
    made = make(value)
    assert made.dtype == dtype
    assert made.numpy().dtype == dtype
    assert made.numpy().tolist() == np.asarray(value).tolist()


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "complex64", "complex128", "int32", "int64"]
)
@pytest.mark.parametrize("make", [tf.constant, tf.convert_to_tensor, tf.Variable])
def test_a_dtype_may_be_asked_for(make: Any, dtype: str) -> None:
    for wanted in (dtype, getattr(tf, dtype), np.dtype(dtype), getattr(np, dtype)):
        assert make([1, 2], dtype=wanted).dtype == dtype
        assert make([1, 2], dtype=wanted).numpy().tolist() == [1, 2]


# Mixing


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize(
    "other", [2, 2.0, True, np.float64(2.0), np.float32(2.0), np.array([2.0]), np.array([2])]
)
def test_numbers_and_arrays_adapt_to_the_tensor_beside_them(dtype: str, other: Any) -> None:
    t = tf.constant(np.array([3.0, 5.0], dtype))
    v = tf.Variable(t)
    for found in (t + other, other + t, t * other, other * t, t - other, t / other, v * other, other + v):
        assert found.dtype == dtype
        assert not isinstance(found, np.ndarray)
    number = float(np.asarray(other).ravel()[0])
    assert (other * t).numpy().tolist() == [3.0 * number, 5.0 * number]
    assert (other - v).numpy().tolist() == [number - 3.0, number - 5.0]
    assert tf.maximum(tf.math.real(t), 4.0).numpy().tolist() == [4.0, 5.0]


def test_a_float32_program_stays_float32() -> None:
    x = tf.constant([1.0, 2.0])
    data = np.linspace(0.0, 1.0, 2)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_mean((data * x + 0.5 - np.float64(2.0)) ** 2 / 3 + tf.maximum(x, data))
    assert y.dtype == tf.float32
    assert tape.gradient(y, x).dtype == tf.float32


@pytest.mark.parametrize(
    "left", ["float16", "float32", "float64", "complex64", "complex128", "int32", "int64"]
)
@pytest.mark.parametrize(
    "right", ["float16", "float32", "float64", "complex64", "complex128", "int32", "int64"]
)
def test_two_tensors_take_numpys_promotion(left: str, right: str) -> None:
    a, b = np.array([1, 2], left), np.array([3, 4], right)
    found = tf.constant(a) + tf.constant(b)
    expected = a + b
    assert found.dtype == expected.dtype
    assert found.numpy().tolist() == expected.tolist()


def test_gradients_of_a_mixture_come_back_in_the_dtype_of_each_source() -> None:
    a, b = tf.constant(np.float32(2.0)), tf.constant(np.float64(3.0))
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        y = a * b
    ga, gb = tape.gradient(y, [a, b])
    assert (y.dtype, ga.dtype, gb.dtype) == (tf.float64, tf.float32, tf.float64)
    assert (ga.numpy(), gb.numpy()) == (3.0, 2.0)
    z, r = tf.constant(1 + 2j), tf.constant(np.float64(3.0))
    with tf.GradientTape() as tape:
        tape.watch([z, r])
        w = z * r
    gz, gr = tape.gradient(w, [z, r])
    assert (gz.numpy(), gr.numpy()) == (3.0, 1.0)  # the real part of conj(z)
    assert gr.dtype == tf.float64


@pytest.mark.parametrize("integer", [tf.constant(1), tf.constant([1, 2]), tf.Variable(1)])
def test_an_integer_tensor_beside_a_float_takes_the_default_float(integer: Any) -> None:
    for found in (integer + 2.5, 2.5 + integer, integer * 2.5):
        assert found.dtype == tf.float32
    assert np.ravel((integer + 2.5).numpy())[0] == 3.5


def test_division_of_integers() -> None:
    assert (tf.constant(7) / 2).numpy() == 3.5
    assert (tf.constant(7) / 2).dtype == tf.float64
    assert (tf.constant(7) // 2).numpy() == 3
    assert (tf.constant(7) // 2).dtype == tf.int32
    assert (tf.constant(-7) % 3).numpy() == 2


def test_overflow_in_a_small_float_is_ieee() -> None:
    assert (tf.constant(3.0, dtype=tf.float16) * 1e9).numpy() == np.inf


# The default float


@pytest.fixture
def default_float() -> Iterator[None]:
    """Whatever a test does to the default float is undone."""
    yield
    tf.set_default_float("float32")


@pytest.mark.usefixtures("default_float")
def test_the_default_float_can_be_changed() -> None:
    tf.set_default_float("float64")
    assert tf.constant(1.0).dtype == tf.float64
    assert tf.Variable([1.0]).dtype == tf.float64
    assert tf.constant([1, 2.5]).dtype == tf.float64
    assert (tf.constant(1) + 2.5).dtype == tf.float64
    assert tf.constant(1).dtype == tf.int32
    assert (tf.constant(np.float32(1.0)) + 2.5).dtype == tf.float32
    tf.set_default_float(tf.float32)
    assert tf.constant(1.0).dtype == tf.float32


@pytest.mark.usefixtures("default_float")
@pytest.mark.parametrize("bad", ["int32", "complex64", "nonsense", None])
def test_the_default_float_is_a_float(bad: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        tf.set_default_float(bad)
    assert tf.constant(1.0).dtype == tf.float32


# Printing


def bare(text: str) -> str:
    """Without the module's name, which TensorFlow prints before the class."""
    return text.replace("tf.", "")


@pytest.mark.parametrize(
    ("value", "text", "representation"),
    [
        (3.0, "Tensor(3.0, shape=(), dtype=float32)", "<Tensor: shape=(), dtype=float32, numpy=3.0>"),
        (3, "Tensor(3, shape=(), dtype=int32)", "<Tensor: shape=(), dtype=int32, numpy=3>"),
        (True, "Tensor(True, shape=(), dtype=bool)", "<Tensor: shape=(), dtype=bool, numpy=True>"),
        (
            [1.0, 2.0],
            "Tensor([1. 2.], shape=(2,), dtype=float32)",
            "<Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>",
        ),
        (
            [[1.0, 2.0], [3.0, 4.0]],
            "Tensor(\n[[1. 2.]\n [3. 4.]], shape=(2, 2), dtype=float32)",
            "<Tensor: shape=(2, 2), dtype=float32, numpy=\narray([[1., 2.],\n       [3., 4.]], dtype=float32)>",
        ),
        (
            np.zeros((0,)),
            "Tensor([], shape=(0,), dtype=float64)",
            "<Tensor: shape=(0,), dtype=float64, numpy=array([], dtype=float64)>",
        ),
        (
            np.array(1 + 2j),
            "Tensor((1+2j), shape=(), dtype=complex128)",
            "<Tensor: shape=(), dtype=complex128, numpy=(1+2j)>",
        ),
        (np.nan, "Tensor(nan, shape=(), dtype=float32)", "<Tensor: shape=(), dtype=float32, numpy=nan>"),
        (
            np.float32(0.1),
            "Tensor(0.1, shape=(), dtype=float32)",
            "<Tensor: shape=(), dtype=float32, numpy=0.10000000149011612>",
        ),
    ],
)
def test_a_tensor_prints_as_in_tensorflow(value: Any, text: str, representation: str) -> None:
    value = tf.constant(value)
    assert bare(str(value)) == text
    assert bare(repr(value)) == representation


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: tf.Variable(1.0, name="v"), "<Variable 'v:0' shape=() dtype=float32, numpy=1.0>"),
        (lambda: tf.Variable(1.0), "<Variable 'Variable:0' shape=() dtype=float32, numpy=1.0>"),
        (
            lambda: tf.Variable([1.0, 2.0], name="w"),
            "<Variable 'w:0' shape=(2,) dtype=float32, numpy=array([1., 2.], dtype=float32)>",
        ),
        (
            lambda: tf.Variable([[1.0], [3.0]], name="m", dtype=tf.float64),
            "<Variable 'm:0' shape=(2, 1) dtype=float64, numpy=\narray([[1.],\n       [3.]])>",
        ),
    ],
)
def test_a_variable_prints_as_in_tensorflow(make: Any, text: str) -> None:
    assert bare(repr(make())) == text
    assert bare(str(make())) == text


def test_a_scalar_formats_as_a_number() -> None:
    assert f"{tf.constant(3.0)}" == "3.0"
    assert f"{tf.constant(3.14159):.2f}" == "3.14"


@pytest.mark.parametrize(
    ("arguments", "dtype"),
    [
        ((3,), "int32"),
        ((3.0,), "float32"),
        ((0, 3.0), "float32"),
        ((np.int64(3),), "int64"),
        ((np.int64(0), np.float32(3)), "float32"),
        ((np.float32(0), np.float64(3)), "float64"),
        ((np.float16(3),), "float16"),
    ],
)
def test_a_range_is_as_wide_as_its_widest_float(arguments: tuple[Any, ...], dtype: str) -> None:
    found = tf.range(*arguments)
    assert found.dtype == dtype
    assert found.numpy().tolist() == [0, 1, 2]
