"""chain: a long thin program, where nothing but the bookkeeping of an operation costs."""

from __future__ import annotations

import math
import tracemalloc

from benchmarks.workload import Call, Goal, Workload

START = 0.5


def gradtape(size: int) -> Call:
    """The work in gradtape\'s words."""
    import gradtape as tf

    return on_a_tape(tf, size)


def tensorflow(size: int) -> Call:
    """The work in TensorFlow\'s words."""
    import tensorflow as tf

    return on_a_tape(tf, size)


def on_a_tape(tf, size: int) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share."""
    x = tf.constant(START, tf.float64)

    def call() -> list[float]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in range(size):
                y = tf.sin(y) + x
        return [float(y), float(tape.gradient(y, x))]

    return call


def torch(size: int) -> Call:
    """The work in PyTorch\'s words."""
    import torch

    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)

    def call() -> list[float]:
        y = x
        for _ in range(size):
            y = torch.sin(y) + x
        (gradient,) = torch.autograd.grad(y, x)
        return [y.item(), gradient.item()]

    return call


def autograd(size: int) -> Call:
    """The work in autograd\'s words."""
    import autograd.numpy as np
    from autograd import value_and_grad

    def program(x: float) -> float:
        y = x
        for _ in range(size):
            y = np.sin(y) + x
        return y

    both = value_and_grad(program)

    def call() -> list[float]:
        value, gradient = both(START)
        return [float(value), float(gradient)]

    return call


def expected(size: int) -> list[float]:
    """The recurrence and its derivative, carried along in plain Python."""
    y, slope = START, 1.0
    for _ in range(size):
        y, slope = math.sin(y) + START, math.cos(y) * slope + 1.0
    return [y, slope]


def bytes_an_operation(size: int) -> float:
    """All that a recorded operation holds on to, its value included: 2 operations a round."""
    import gradtape as tf

    x = tf.constant(START, tf.float64)
    gradtape(2)()  # what the first call builds once is not an operation's
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(size):
            y = tf.sin(y) + x
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    del y
    return (after - before) / (2 * size)


WORKLOAD = Workload(
    name="chain",
    title="chain",
    work="10,000 rounds of y = sin(y) + x, and the gradient (float64)",
    size=10_000,
    tiny=20,
    expected=expected,
    tolerance=1e-12,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "autograd": autograd},
    goals=(
        Goal("1/3 of PyTorch", "seconds", 1 / 3, "torch"),
        Goal("at most 400 bytes an operation", "bytes an operation", 400),
    ),
    probes={"bytes an operation": bytes_an_operation},
)
