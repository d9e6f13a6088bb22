"""Derivatives at every kink, ties, functions at the edge of their domain, and the convention for complex numbers.

Sections: kinks of first order; powers; norms; products with zeros; second derivatives of kinked and linear
pieces; complex numbers; where.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gradtape as tf

inf, nan = math.inf, math.nan


def numbers(nest: Any) -> Any:
    """The nest with each tensor as nested lists of Python numbers; None stays."""
    return tf.nest.map_structure(lambda g: None if g is None else g.numpy().tolist(), nest)


def gradients(function: Any, points: tuple[Any, ...], order: int = 1) -> list[Any]:
    """The gradients of the order in each point; each order differentiates the sum of the gradients before."""
    tensors = [tf.constant(point) for point in points]

    def at(level: int) -> Any:
        if level == 0:
            return function(*tensors)
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            y = at(level - 1)
            if level > 1:
                y = [g for g in y if g is not None]
        return tape.gradient(y, tensors)

    return list(numbers(at(order)))


def hessian(function: Any, x: Any) -> Any:
    x = tf.constant(x)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        first = inner.gradient(y, x)
    return outer.jacobian(first, x).numpy()


def same(found: Any, expected: Any) -> None:
    """Equal structure, None for None, and values equal to float32 rounding; nan equals nan."""
    assert [g is None for g in found] == [e is None for e in expected]
    for g, e in zip(found, expected, strict=True):
        if e is not None:
            np.testing.assert_allclose(g, e, rtol=2e-6, atol=1e-7)


# Kinks


@pytest.mark.parametrize(
    ("function", "points", "expected"),
    [
        (tf.maximum, (1.0, 1.0), [1.0, 0.0]),  # at a tie all to the first
        (tf.minimum, (1.0, 1.0), [1.0, 0.0]),
        (tf.maximum, (1.0, 2.0), [0.0, 1.0]),
        (tf.minimum, ([1.0, 3.0, 2.0], 2.0), [[1.0, 0.0, 1.0], 1.0]),
        (tf.reduce_max, ([1.0, 2.0, 2.0],), [[0.0, 0.5, 0.5]]),  # shared equally
        (tf.reduce_min, ([1.0, 1.0, 1.0, 2.0],), [[1 / 3, 1 / 3, 1 / 3, 0.0]]),
        (lambda x: tf.reduce_max(x, axis=1), ([[1.0, 1.0], [2.0, 3.0]],), [[[0.5, 0.5], [0.0, 1.0]]]),
        (lambda x: tf.reduce_min(x, axis=0), ([[1.0, 1.0], [2.0, 1.0]],), [[[1.0, 0.5], [0.0, 0.5]]]),
        (tf.round, (0.5,), [None]),
        (tf.floor, (1.0,), [None]),
        (tf.math.ceil, (1.0,), [None]),
        (tf.math.rint, (0.5,), [None]),
        (tf.math.floordiv, (5.5, 2.0), [None, None]),
        (lambda x, y: x // y, (5.5, 2.0), [None, None]),
        (tf.sign, ([-2.0, 0.0, 3.0],), [[0.0, 0.0, 0.0]]),
        (tf.math.floormod, (5.5, 2.0), [1.0, -2.0]),
        (tf.math.floormod, (-5.5, 2.0), [1.0, 3.0]),
        (lambda x, y: x % y, (5.5, -2.0), [1.0, 3.0]),
        (tf.abs, ([-2.0, 0.0, 3.0],), [[-1.0, 0.0, 1.0]]),
        (abs, (0.0,), [0.0]),
        (tf.nn.relu, ([-1.0, 0.0, 2.0],), [[0.0, 0.0, 1.0]]),
        (tf.nn.relu6, ([-1.0, 0.0, 3.0, 6.0, 7.0],), [[0.0, 0.0, 1.0, 0.0, 0.0]]),
        (tf.nn.leaky_relu, ([-1.0, 0.0, 1.0],), [[0.2, 0.2, 1.0]]),
        (tf.nn.elu, (0.0,), [1.0]),
        (lambda x: tf.clip_by_value(x, 0.0, 1.0), ([-1.0, 0.0, 0.5, 1.0, 2.0],), [[0.0, 1.0, 1.0, 1.0, 0.0]]),
        (tf.math.divide_no_nan, (1.0, 0.0), [0.0, 0.0]),
        (tf.math.divide_no_nan, (1.0, 2.0), [0.5, -0.25]),
        (tf.math.xlogy, (0.0, 0.0), [0.0, 0.0]),
        (tf.math.xlogy, (0.0, 2.0), [0.0, 0.0]),
        (tf.math.xlogy, (2.0, 3.0), [1.0986123, 2 / 3]),
        (tf.math.squared_difference, (1.0, 1.0), [0.0, 0.0]),
        (tf.sqrt, (0.0,), [inf]),  # the true limit
        (tf.math.log, (0.0,), [inf]),
        (tf.math.reciprocal, (0.0,), [-inf]),
        (lambda x: 1.0 / x, (0.0,), [-inf]),
        (tf.asin, (1.0,), [inf]),
        (tf.acos, (1.0,), [-inf]),
        (tf.acosh, (1.0,), [inf]),
        (tf.atanh, (1.0,), [inf]),
        (tf.math.log1p, (-1.0,), [inf]),
    ],
)
def test_first_derivatives_at_kinks(function: Any, points: tuple[Any, ...], expected: list[Any]) -> None:
    same(gradients(function, points), expected)


# Powers


@pytest.mark.parametrize(
    ("function", "points", "first", "second"),
    [
        (lambda x: x**2, (0.0,), [0.0], [2.0]),
        (tf.square, (0.0,), [0.0], [2.0]),
        (tf.pow, (0.0, 2.0), [0.0, 0.0], [2.0, 0.0]),
        (tf.pow, (-2.0, 2.0), [-4.0, 0.0], None),
        (tf.pow, (2.0, 3.0), [12.0, 8.0 * math.log(2.0)], None),
        (tf.pow, (0.0, 0.0), [0.0, 0.0], None),  # the base: of a constant; TensorFlow gives nan
        (lambda x: x**0.0, (0.0,), [0.0], [0.0]),  # TensorFlow: nan
        (lambda x: x**0, ([0.0, 2.0],), [[0.0, 0.0]], None),
        (lambda x: x**1.0, (0.0,), [1.0], [0.0]),  # TensorFlow's second: nan
        (lambda x: x**0.5, (0.0,), [inf], [-inf]),
        (lambda x: x**-1.0, (0.0,), [-inf], [inf]),
        (lambda x: x**3.0, (-2.0,), [12.0], [-12.0]),
        (lambda x: 2.0**x, (0.0,), [math.log(2.0)], [math.log(2.0) ** 2]),
    ],
)
def test_powers(function: Any, points: tuple[Any, ...], first: list[Any], second: list[Any] | None) -> None:
    same(gradients(function, points), first)
    if second is not None:
        same(gradients(function, points, 2), second)


# Norms: zero at the zero vector, at every order


@pytest.mark.parametrize("norm", [tf.norm, tf.linalg.norm, tf.math.reduce_euclidean_norm])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_norm_of_the_zero_vector(norm: Any, order: int) -> None:
    assert gradients(norm, ([0.0, 0.0],), order) == [[0.0, 0.0]]


def test_the_norm_of_other_vectors() -> None:
    assert gradients(tf.norm, ([3.0, 4.0],))[0] == pytest.approx([0.6, 0.8])
    found = gradients(lambda x: tf.norm(x, axis=1), ([[3.0, 4.0], [0.0, 0.0]],))[0]
    np.testing.assert_allclose(found, [[0.6, 0.8], [0.0, 0.0]], rtol=1e-6)
    expected = np.array([[16.0, -12.0], [-12.0, 9.0]]) / 125.0
    np.testing.assert_allclose(hessian(tf.norm, np.array([3.0, 4.0])), expected, rtol=1e-12, atol=1e-15)


# Products with zeros


def exact_product_hessian(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    size = len(x)
    found = np.zeros((size, size), x.dtype)
    for i in range(size):
        for j in range(size):
            if i != j:
                found[i, j] = np.prod(np.delete(x, [i, j]))
    return found


@pytest.mark.parametrize(
    "x",
    [
        np.array([0.0, 2.0, 3.0]),
        np.array([0.0, 0.0, 3.0]),
        np.array([0.0, 0.0, 0.0]),
        np.array([1.0, 2.0, 3.0]),
        np.array([0.0, 2.0, 0.0, 5.0]),
        np.array([0j, 2j, 3.0 + 1j]),
        np.array([0j, 2j, 0j]),
    ],
)
def test_products_with_zeros_are_exact(x: np.ndarray[Any, Any]) -> None:
    first = [np.prod(np.delete(x, i)).conjugate() for i in range(len(x))]
    np.testing.assert_allclose(gradients(tf.reduce_prod, (x,))[0], first, rtol=1e-12, atol=1e-14)
    if x.dtype.kind != "c":
        np.testing.assert_allclose(
            hessian(tf.reduce_prod, x), exact_product_hessian(x), rtol=1e-12, atol=1e-14
        )
    else:
        second = exact_product_hessian(x).sum(axis=1).conjugate()
        np.testing.assert_allclose(gradients(tf.reduce_prod, (x,), 2)[0], second, rtol=1e-12, atol=1e-14)


def test_the_third_derivative_of_a_product_with_zeros() -> None:
    found = gradients(tf.reduce_prod, (np.array([0.0, 2.0, 3.0, 0.0]),), 3)[0]
    assert found == pytest.approx([10.0, 6.0, 4.0, 10.0])  # sum over j != k of the product of the rest
    rows = gradients(lambda x: tf.reduce_prod(x, axis=1), ([[0.0, 2.0], [3.0, 4.0]],))[0]
    assert rows == [[2.0, 0.0], [4.0, 3.0]]


# Second derivatives


@pytest.mark.parametrize(
    ("function", "points", "expected"),
    [
        (tf.abs, ([0.0, 2.0],), [[0.0, 0.0]]),  # 0.0, not None
        (tf.nn.relu, ([-1.0, 0.0, 2.0],), [[0.0, 0.0, 0.0]]),
        (tf.maximum, (1.0, 2.0), [None, None]),
        (tf.minimum, (1.0, 1.0), [None, None]),
        (tf.reduce_max, ([1.0, 2.0],), [None]),
        (lambda x: tf.where(x > 0.0, x, 2.0 * x), ([1.0, -1.0],), [None]),
        (lambda x: tf.matmul(x, x), ([[1.0, 2.0], [3.0, 4.0]],), [[[4.0, 4.0], [4.0, 4.0]]]),
        (lambda x: tf.matmul(x, tf.ones([2, 2])), ([[1.0, 2.0]],), [None]),
        (lambda x: 3.0 * x + 1.0, (1.0,), [None]),
        (tf.reduce_sum, ([1.0, 2.0],), [None]),
        (lambda x: tf.clip_by_value(x, 0.0, 1.0), ([-1.0, 0.5],), [None]),
        (tf.sign, (2.0,), [None]),
        (tf.sqrt, (0.0,), [-inf]),
        (tf.math.log, (0.0,), [-inf]),
        (tf.nn.softplus, (0.0,), [0.25]),
    ],
)
def test_second_derivatives_of_pieces(function: Any, points: tuple[Any, ...], expected: list[Any]) -> None:
    same(gradients(function, points, 2), expected)


# Complex numbers


@pytest.mark.parametrize(
    ("function", "points", "expected"),
    [
        (lambda z: z * z, (0.1j,), [-0.2j]),
        (lambda z: z**2, (0.1j,), [-0.2j]),
        (tf.exp, (0.1j,), [0.9950041652780258 - 0.09983341664682815j]),
        (tf.abs, (3 + 4j,), [0.6 + 0.8j]),
        (tf.abs, (0j,), [0j]),
        (tf.math.real, (1 + 2j,), [1 + 0j]),
        (tf.math.imag, (1 + 2j,), [1j]),
        (tf.math.conj, (1 + 2j,), [1 + 0j]),
        (tf.math.angle, (3 + 4j,), [-0.16 + 0.12j]),
        (lambda z: tf.math.conj(z) * z, (1 + 2j,), [2 + 4j]),
        (lambda a, b: a / b, (1 + 2j, 3 - 1j), [0.3 - 0.1j, 0.04 + 0.22j]),
        (lambda z: 1.0 / z, (1 + 2j,), [0.12 - 0.16j]),
        (tf.pow, (1 + 2j, 2 + 0j), [2 - 4j, -6.842751739827515 + 0.10257032851406889j]),
        (tf.sqrt, (3 + 4j,), [0.2 + 0.1j]),
        (tf.math.log, (3 + 4j,), [0.12 + 0.16j]),
        (tf.sin, (0.1j,), [1.0050041680558035]),
        (tf.tanh, (0.1j,), [1.0100670464224948]),
        (tf.sign, (3 + 4j,), [0.128 - 0.096j]),
        (lambda z: tf.reduce_sum(z), ([1j, 2.0],), [[1.0, 1.0]]),
        (tf.reduce_prod, ([0j, 2j, 3 + 0j],), [[-6j, 0j, 0j]]),
    ],
)
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_the_complex_gradient_is_the_conjugate(
    function: Any, points: tuple[Any, ...], expected: list[Any], dtype: str
) -> None:
    same(gradients(function, tuple(np.array(p, dtype) for p in points)), expected)


def test_real_and_imaginary_parts_make_a_complex_number() -> None:
    assert gradients(lambda a, b: tf.abs(tf.complex(a, b)), (np.float64(3.0), np.float64(4.0))) == [
        pytest.approx(0.6),
        pytest.approx(0.8),
    ]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda z: z * z, 2.0),
        (tf.exp, 0.9950041652780258 - 0.09983341664682815j),
        (lambda z: tf.math.conj(z) * z, 2.0),
        (tf.sin, 0.10016675001984403j),
    ],
)
def test_second_complex_derivatives(function: Any, expected: complex) -> None:
    (found,) = gradients(function, (0.1j,), 2)
    assert found == pytest.approx(expected)


# where


@pytest.mark.parametrize(
    "function",
    [
        tf.math.log,
        lambda x: 1.0 / x,
        lambda x: x**0.5,
        lambda x: tf.acos(x + 1.0),
        tf.sqrt,
        tf.math.rsqrt,
        tf.math.reciprocal,
    ],
)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_branch_not_taken_contributes_nothing(function: Any, order: int) -> None:
    assert gradients(lambda x: x**5.0 + tf.where(x > 0.0, function(x), 0.0), (0.0,), order) == [0.0]
