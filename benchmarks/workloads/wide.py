"""wide: one elementwise program over a large array, with its gradient."""

from __future__ import annotations

import math

from benchmarks.workload import Call, Goal, Workload


def inputs(size: int):
    """Numbers from 0 to 2."""
    import numpy as np

    return np.linspace(0.0, 2.0, size)


def expected(size: int) -> list[float]:
    """The gradient's entries, by hand, summed in plain Python: all of them, and those of the first half."""
    entries = []
    for x in inputs(size).tolist():
        e, t = math.exp(-x * x), math.tanh(x)
        entries.append(math.cos(x) * e - 2 * x * math.sin(x) * e + t / (1 + x) + math.log1p(x) * (1 - t * t))
    return [math.fsum(entries), math.fsum(entries[: size // 2])]


def shown(gradient) -> list[float]:
    """The two sums."""
    return [float(gradient.sum()), float(gradient[: len(gradient) // 2].sum())]


def on_a_tape(tf, size: int) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share."""

    @tf.function
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.sin(x) * tf.exp(-x * x) + tf.math.log1p(x) * tf.tanh(x))
        return tape.gradient(y, x)

    x = tf.constant(inputs(size))
    found: list[float] = []

    def call() -> list[float]:
        gradient = slope(x)
        if not found:
            found.extend(shown(gradient.numpy()))
        return found

    return call


def gradtape(size: int) -> Call:
    """The work in gradtape's words."""
    import gradtape as tf

    return on_a_tape(tf, size)


def tensorflow(size: int) -> Call:
    """The work in TensorFlow's words."""
    import tensorflow as tf

    return on_a_tape(tf, size)


def torch(size: int) -> Call:
    """The work in PyTorch's words."""
    import torch

    x = torch.tensor(inputs(size), requires_grad=True)
    found: list[float] = []

    def call() -> list[float]:
        y = (torch.sin(x) * torch.exp(-x * x) + torch.log1p(x) * torch.tanh(x)).sum()
        (gradient,) = torch.autograd.grad(y, x)
        if not found:
            found.extend(shown(gradient.numpy()))
        return found

    return call


def jax(size: int) -> Call:
    """The work in JAX's words."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as np
    import numpy

    slope = jax.jit(jax.grad(lambda x: np.sum(np.sin(x) * np.exp(-x * x) + np.log1p(x) * np.tanh(x))))
    x = np.asarray(inputs(size))
    found: list[float] = []

    def call() -> list[float]:
        gradient = jax.block_until_ready(slope(x))
        if not found:
            found.extend(shown(numpy.asarray(gradient)))
        return found

    return call


WORKLOAD = Workload(
    name="wide",
    title="wide",
    work="The gradient of sum(sin x exp(-x²) + log1p(x) tanh x) for 10⁶ numbers in double precision, recorded once",
    size=1_000_000,
    tiny=1_000,
    expected=expected,
    tolerance=1e-11,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "jax": jax},
    goals=(
        Goal("1/3 of JAX", "seconds", 1 / 3, "jax"),
        Goal("1/3 of PyTorch", "seconds", 1 / 3, "torch"),
        Goal("1/3 of TensorFlow", "seconds", 1 / 3, "tensorflow"),
    ),
    memory=True,
)
