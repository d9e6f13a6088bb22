"""lstm: a training step of a long short-term memory over a sequence, its gradient in all weights."""

from __future__ import annotations

from benchmarks.workload import Call, Goal, Workload, shown_once

BATCH, HIDDEN = 32, 64


def setting(size: int):
    """A sequence of so many inputs, and the weights: from the input, from the state before, and the biases."""
    import numpy as np

    rng, n = np.random.default_rng(0), HIDDEN
    weights = [rng.normal(size=s) * 0.1 for s in ((n, 4 * n), (n, 4 * n), (4 * n,))]
    return rng.normal(size=(size, BATCH, n)), weights


def directions():
    """How the weights are moved, to look at all of the gradient at once."""
    import numpy as np

    rng, n = np.random.default_rng(1), HIDDEN
    return [rng.normal(size=s) * 0.01 for s in ((n, 4 * n), (n, 4 * n), (4 * n,))]


def by_hand(xs, weights):
    """The mean square of the last state, in NumPy."""
    import numpy as np

    from_input, from_state, bias = weights
    h = c = np.zeros((BATCH, HIDDEN), bias.dtype)
    for x in xs:
        gates = x @ from_input + h @ from_state + bias
        i, f, o, g = np.split(gates, 4, axis=1)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
    return (h * h).mean()


def expected(size: int) -> list[float]:
    """The loss, and its derivative along the direction by a complex step (Squire and Trapp 1998)."""
    xs, weights = setting(size)
    moved = [w + 1e-30j * d for w, d in zip(weights, directions(), strict=True)]
    found = by_hand(xs, moved)
    return [float(found.real), float(found.imag / 1e-30)]


def shown(value, gradients) -> list[float]:
    """The loss and the derivative along the direction."""
    return [float(value), float(sum((g * d).sum() for g, d in zip(gradients, directions(), strict=True)))]


def on_a_tape(tf, size: int) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share."""
    xs, weights = setting(size)

    def cell(state, x, from_input, from_state, bias):
        h, c = state
        i, f, o, g = tf.split(tf.matmul(x, from_input) + tf.matmul(h, from_state) + bias, 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c

    @tf.function
    def step(xs, *weights):
        start = tf.zeros((BATCH, HIDDEN))
        with tf.GradientTape() as tape:
            tape.watch(weights)
            h, _ = tf.foldl(lambda state, x: cell(state, x, *weights), xs, (start, start))
            loss = tf.reduce_mean(h * h)
        return loss, tape.gradient(loss, weights)

    given = [tf.constant(x, tf.float32) for x in (xs, *weights)]
    return shown_once(
        lambda: step(*given), lambda loss, gradients: shown(loss, [g.numpy() for g in gradients])
    )


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

    xs, weights = setting(size)
    given = torch.tensor(xs, dtype=torch.float32)
    parameters = [torch.tensor(w, dtype=torch.float32, requires_grad=True) for w in weights]
    found: list[float] = []

    def call() -> list[float]:
        from_input, from_state, bias = parameters
        h = c = torch.zeros(BATCH, HIDDEN)
        for x in given:
            i, f, o, g = torch.chunk(x @ from_input + h @ from_state + bias, 4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        loss = (h * h).mean()
        gradients = torch.autograd.grad(loss, parameters)
        if not found:
            found.extend(shown(loss.item(), [g.numpy() for g in gradients]))
        return found

    return call


def jax(size: int) -> Call:
    """The work in JAX's words."""
    import jax
    import jax.numpy as np
    import numpy

    xs, weights = setting(size)

    def loss(weights, xs):
        from_input, from_state, bias = weights

        def cell(state, x):
            h, c = state
            i, f, o, g = np.split(x @ from_input + h @ from_state + bias, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * np.tanh(g)
            return (jax.nn.sigmoid(o) * np.tanh(c), c), None

        start = np.zeros((BATCH, HIDDEN))
        (h, _), _ = jax.lax.scan(cell, (start, start), xs)
        return np.mean(h * h)

    step = jax.jit(jax.value_and_grad(loss))
    given = [np.asarray(w, np.float32) for w in weights], np.asarray(xs, np.float32)
    return shown_once(
        lambda: jax.block_until_ready(step(*given)),
        lambda value, gradients: shown(value, [numpy.asarray(g) for g in gradients]),
    )


WORKLOAD = Workload(
    name="lstm",
    title="lstm",
    work="A long short-term memory over 100 inputs (batch 32, 64 units, single precision), mean square of the last "
    "state, value and gradient in all weights, a fold recorded once (PyTorch at once)",
    size=100,
    tiny=12,
    expected=expected,
    tolerance=1e-4,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "jax": jax},
    goals=(
        Goal("at or under JAX", "seconds", 1.0, "jax"),
        Goal("at or under PyTorch", "seconds", 1.0, "torch"),
    ),
)
