"""A product of a tensor with itself: its second share is its first, in every way of walking back."""

import numpy as np
import pytest

import gradtape as tf
from gradtape.core.listen import Listener, paused
from gradtape.core.tensor import ROWS


class Counting(Listener):
    """Counts operations by name."""

    def __init__(self):
        super().__init__()
        self.names = []

    def hear(self, primitive, inputs, params, result, outside):
        self.names.append(primitive.name)


@pytest.mark.parametrize("value", [3.0, [1.0, -2.0]])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_a_square_is_multiplied_back_once(value, dtype):
    x = tf.constant(value, dtype=dtype)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = 5.0 * (x * x)
    for _ in range(2):  # scalars' rules are read at the first
        counting = Counting()
        with paused((counting,)):
            found = tape.gradient(y, x)
        assert counting.names.count("multiply") <= 2  # by 5, and by x once
    np.testing.assert_allclose(found.numpy(), 10 * np.conj(np.array(value, dtype)), rtol=1e-6)


def test_a_square_beside_other_uses_of_its_factor():
    x = tf.constant(3.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x + x * 2.0 + (x + x) * x
        first = inner.gradient(y, x)
    assert first.numpy() == 27 + 2 + 12
    assert outer.gradient(first, x).numpy() == 18 + 4


@pytest.mark.parametrize("name", sorted(name for name, row in ROWS.items() if row.commutes))
def test_rows_that_commute_do(name):
    rng = np.random.default_rng(0)
    for dtype in ("float64", "float32", "int32", "bool"):
        a, b = (rng.integers(0, 5, 20).astype(dtype) for _ in range(2))
        if "bitwise" in name and dtype.startswith("float"):
            continue
        value = ROWS[name].value
        np.testing.assert_array_equal(value(a, b), value(b, a))


def test_the_rows_that_commute_are_those():
    names = (
        "add bitwise_and bitwise_or bitwise_xor equal logical_and logical_or logical_xor multiply not_equal"
    )
    assert sorted(name for name, row in ROWS.items() if row.commutes) == names.split()
