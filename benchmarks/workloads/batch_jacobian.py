"""batch_jacobian: the Jacobian of each point's output of a small network, many products of matrices at once."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.workload import Call, Goal, Workload

WIDTHS = (16, 64, 64, 4)


def network(size: int) -> tuple[Any, list[Any]]:
    """The points and the weights."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=pair) / np.sqrt(pair[0]) for pair in pairwise(WIDTHS)]
    return rng.normal(size=(size, WIDTHS[0])), weights


def layers(x: Any, weights: Any, tanh: Any) -> Any:
    """The network, in the words of whichever library has this tanh."""
    for w in weights[:-1]:
        x = tanh(x @ w)
    return x @ weights[-1]


def said(jacobians: Any) -> list[float]:
    """What is compared: two sums over all entries."""
    signs = 1.0 - 2.0 * (np.arange(jacobians.shape[-1]) % 2)
    return [float(np.sum(jacobians)), float(np.sum(np.square(jacobians) * signs))]


def gradtape(size: int) -> Call:
    """The work in gradtape's words."""
    import gradtape as tf

    return on_a_tape(tf, size)


def on_a_tape(tf: Any, size: int) -> Call:
    """The work in the words of the tape, which two libraries share."""
    points, weights = network(size)
    x, weights = tf.constant(points), [tf.constant(w) for w in weights]

    def call() -> list[float]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layers(x, weights, tf.tanh)
        return said(tape.batch_jacobian(y, x).numpy())

    return call


def tensorflow(size: int) -> Call:
    """The work in TensorFlow's words, in a compiled function."""
    import tensorflow as tf

    points, weights = network(size)
    x, weights = tf.constant(points), [tf.constant(w) for w in weights]

    @tf.function
    def whole(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layers(x, weights, tf.tanh)
        return tape.batch_jacobian(y, x)

    return lambda: said(whole(x).numpy())


def torch(size: int) -> Call:
    """The work in PyTorch's words."""
    import torch

    points, weights = network(size)
    x, weights = torch.tensor(points), [torch.tensor(w) for w in weights]
    whole = torch.func.vmap(torch.func.jacrev(lambda x: layers(x, weights, torch.tanh)))
    return lambda: said(whole(x).numpy())


def jax(size: int) -> Call:
    """The work in JAX's words, compiled."""
    import jax

    jax.config.update("jax_enable_x64", True)
    points, weights = network(size)
    x, weights = jax.numpy.asarray(points), [jax.numpy.asarray(w) for w in weights]
    whole = jax.jit(jax.vmap(jax.jacrev(lambda x: layers(x, weights, jax.numpy.tanh))))
    return lambda: said(np.asarray(whole(x)))


def expected(size: int) -> list[float]:
    """The chain rule, written down."""
    x, weights = network(size)
    first = np.tanh(x @ weights[0])
    second = np.tanh(first @ weights[1])
    inner = np.einsum(
        "ih,bh,hk,bk,ko->boi", weights[0], 1 - first**2, weights[1], 1 - second**2, weights[2], optimize=True
    )
    return said(inner)


WORKLOAD = Workload(
    name="batch_jacobian",
    title="batch Jacobian",
    work="the 4 x 16 Jacobian of a network 16-64-64-4 at each of 1,000 points (float64)",
    size=1000,
    tiny=5,
    expected=expected,
    tolerance=1e-9,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "jax": jax},
    goals=(Goal("as fast as PyTorch", "seconds", 1.0, "torch"),),
)
