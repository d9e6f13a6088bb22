"""How long a record keeps what it recorded: pruning of dead results, and freeing by reference count alone.

Life and death of a recorded operation are observed through a token that the derivative of a custom function holds:
the token lives exactly as long as some record keeps the operation.

Sections: tools; pruning; freeing.
"""

from __future__ import annotations

import contextlib
import gc
import tracemalloc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gradtape as tf


class Token:
    """Something that can be weakly referenced."""


def holding(x: Any) -> tuple[Any, weakref.ref[Token]]:
    """Double x by an operation whose record holds a token; give the result and a weak reference to the token."""
    token = Token()

    @tf.custom_gradient
    def double(value: Any) -> Any:
        def pull(upstream: Any, held: Token = token) -> Any:
            assert held is not None
            return 2.0 * upstream

        return value * 2.0, pull

    return double(x), weakref.ref(token)


@contextlib.contextmanager
def no_collector() -> Iterator[None]:
    """Only reference counts free memory here, and nothing is left for the collector at the end."""
    gc.collect()
    gc.disable()
    try:
        yield
        assert gc.collect() == 0, "reference cycles were made"
    finally:
        gc.enable()


# Pruning


@pytest.mark.parametrize("persistent", [False, True])
def test_a_dead_result_is_pruned_with_what_only_it_needed(persistent: bool) -> None:
    x = tf.constant(3.0)
    with no_collector(), tf.GradientTape(persistent=persistent) as tape:
        tape.watch(x)
        first, first_token = holding(x)
        second, second_token = holding(first)
        del first
        assert first_token() is not None  # needed by a living result
        assert second_token() is not None
        del second
        assert second_token() is None
        assert first_token() is None
        del tape


def test_a_dead_result_that_a_living_one_needs_is_kept() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        middle, token = holding(x)
        y = middle * middle
        dead = middle * 5.0
        del middle, dead
    assert token() is not None
    assert tape.gradient(y, x).numpy() == 24.0


def test_an_operation_with_one_living_output_is_kept() -> None:
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        doubled, token = holding(x)
        a, b = tf.unstack(doubled)
        del doubled, a
    assert token() is not None
    assert tape.gradient(b, x).numpy().tolist() == [0.0, 2.0]


def test_watched_leaves_are_never_pruned() -> None:
    x, v = tf.constant(3.0), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        for _ in range(3):
            _ = x * v
        _ = None
        y = x * v
    assert [w is v for w in tape.watched_variables()] == [True]
    assert [float(g.numpy()) for g in tape.gradient(y, [x, v])] == [2.0, 3.0]


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("name", ["exp", "tanh", "sin", "square", "reduce_logsumexp", "add"])
def test_dead_side_computations_cost_no_memory(name: str, persistent: bool) -> None:
    operation = {
        "exp": tf.exp,
        "tanh": tf.tanh,
        "sin": tf.sin,
        "square": tf.square,
        "reduce_logsumexp": tf.reduce_logsumexp,
        "add": lambda x: x + 1.0,
    }[name]
    x = tf.constant(np.linspace(0.0, 1.0, 1 << 17))  # one mebibyte
    with no_collector(), tf.GradientTape(persistent=persistent) as tape:
        tape.watch(x)
        tracemalloc.start()
        try:
            for _ in range(30):
                side = operation(operation(x * 0.5) * 0.5)
            del side
            kept, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert kept < 2e5
    assert peak < 1.5e7
    assert tape.gradient(x, x).numpy()[0] == 1.0


# Freeing by reference count alone


def exited(persistent: bool) -> tuple[Any, Any, Any, weakref.ref[Token]]:
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=persistent) as tape:
        tape.watch(x)
        held, token = holding(x)
        y = tf.reduce_sum(tf.exp(held) * held)
    return tape, x, y, token


@pytest.mark.parametrize("persistent", [False, True])
def test_a_tape_that_is_dropped_frees_everything_at_once(persistent: bool) -> None:
    with no_collector():
        tape, x, y, token = exited(persistent)
        alive = weakref.ref(tape)
        del x, y
        del tape
        assert alive() is None
        assert token() is None


def test_results_that_outlive_the_tape_keep_no_record() -> None:
    with no_collector():
        tape, _x, y, token = exited(persistent=True)
        del tape
        assert token() is None
        assert y.shape == ()


def test_success_drops_the_record_of_a_non_persistent_tape() -> None:
    with no_collector():
        tape, x, y, token = exited(persistent=False)
        assert tape.gradient(y, x).shape == (2,)
        assert token() is None
        tape, x, y, token = exited(persistent=True)
        assert tape.gradient(y, x).shape == (2,)
        assert token() is not None
        del tape
        assert token() is None


def test_failure_leaves_no_cycle() -> None:
    with no_collector():
        tape, x, y, token = exited(persistent=False)
        try:
            tape.gradient(y, x, unconnected_gradients="nonsense")
        except ValueError:
            pass
        else:
            pytest.fail("no error was raised")
        assert token() is not None
        del tape, x, y
        assert token() is None


def test_recorded_tensors_and_arrays_are_freed() -> None:
    with no_collector():
        x = tf.constant(np.arange(4.0))
        tape = tf.GradientTape(persistent=True)
        with tape:
            tape.watch(x)
            a = tf.exp(x)
            b = tf.sin(a) * a
        references = [weakref.ref(x), weakref.ref(a), weakref.ref(b)]
        del x, a, b
        del tape
        assert [reference() for reference in references] == [None] * 3


@pytest.mark.filterwarnings("ignore::gradtape.PersistentTapeWarning")
def test_no_way_of_using_a_tape_leaves_garbage() -> None:
    x, v = tf.constant([[1.0, 2.0]]), tf.Variable([[3.0, 4.0]])

    def everything() -> None:
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(tf.sin(x) * v * x, axis=1)
            first = inner.gradient(y, {"x": x, "v": [v]})
            again = outer.gradient(first["x"], x)
            with outer.stop_recording():
                tf.exp(again)
        outer.gradient(first, [x, v], unconnected_gradients="zero")
        outer.jacobian(first["x"], x)
        outer.batch_jacobian(first["x"], x)
        with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
            y = tf.reduce_sum(x * x)
        accumulator.jvp(y)
        with outer:
            outer.reset()

    everything()  # caches may fill the first time
    with no_collector():
        everything()
