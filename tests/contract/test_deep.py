"""Deep tapes: hundreds of thousands of operations, without recursion, stall or garbage."""

from __future__ import annotations

import gc
import sys
import time
from typing import Any

import numpy as np
import pytest

import gradtape as tf


def chain(x: Any, length: int) -> Any:
    """x (1 + e)**length by repeated multiplication."""
    for _ in range(length):
        x = x * 1.000001
    return x


def test_a_gradient_through_300000_operations() -> None:
    x = tf.constant(np.float64(2.0))
    limit = sys.getrecursionlimit()
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = chain(x, 300_000)
    assert tape.gradient(y, x).numpy() == pytest.approx(1.000001**300_000, rel=1e-9)
    assert sys.getrecursionlimit() == limit
    del tape, y


def test_a_million_operations_are_abandoned_without_a_stall() -> None:
    x = tf.constant(np.float64(2.0))
    gc.collect()
    gc.disable()
    try:
        begun = time.perf_counter()
        tape = tf.GradientTape()
        with tape:
            tape.watch(x)
            y = chain(x, 1_000_000)
        recorded = time.perf_counter()
        del tape, y
        freed = time.perf_counter()
        assert freed - recorded < recorded - begun  # freeing costs less than making
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_dead_chain_is_pruned_without_recursion() -> None:
    x = tf.constant(np.float64(2.0))
    gc.collect()
    gc.disable()
    try:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = chain(x, 200_000)
            del y  # the whole chain goes at once, while the tape records
            z = x * x
        assert tape.gradient(z, x).numpy() == 4.0
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_second_derivatives_of_a_deep_chain() -> None:
    x = tf.constant(np.float64(1.0))
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x
            for _ in range(5_000):
                y = y * 0.5 + x * x  # tends to 2 x**2
        first = inner.gradient(y, x)
    assert first.numpy() == pytest.approx(4.0)
    assert outer.gradient(first, x).numpy() == pytest.approx(4.0)


def test_forward_mode_through_a_deep_chain() -> None:
    x = tf.constant(np.float64(2.0))
    with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
        y = chain(x, 50_000)
    assert accumulator.jvp(y).numpy() == pytest.approx(1.000001**50_000, rel=1e-9)
    del accumulator, y


def test_deeply_nested_tapes() -> None:
    x = tf.constant(np.float64(0.5))

    def derivative(order: int) -> Any:
        if order == 0:
            return tf.exp(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = derivative(order - 1)
        return tape.gradient(y, x)

    assert derivative(10).numpy() == pytest.approx(np.exp(0.5), rel=1e-12)


def test_a_wide_fan_in_is_added_once() -> None:
    x = tf.constant(np.float64(3.0))
    with tf.GradientTape() as tape:
        tape.watch(x)
        parts = [x * float(i) for i in range(20_000)]
        y = tf.add_n(parts)
    assert tape.gradient(y, x).numpy() == sum(range(20_000))
