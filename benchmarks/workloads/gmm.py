"""gmm: the log posterior of a Gaussian mixture (ADBench's objective), its value and gradient."""

from __future__ import annotations

import math

from benchmarks.workload import Call, Goal, Workload, shown_once

DIMENSION, COMPONENTS = 10, 25


def setting(size: int):
    """Data, and the parameters: weights, means, logarithms of the factors' diagonals, what is below the diagonals."""
    import numpy as np

    rng, d, k = np.random.default_rng(0), DIMENSION, COMPONENTS
    lower = np.tril(rng.normal(size=(k, d, d)) * 0.1, -1)
    parameters = [rng.normal(size=k), rng.normal(size=(k, d)), rng.normal(size=(k, d)) * 0.2, lower]
    return rng.normal(size=(size, d)), parameters


def direction():
    """How the parameters are moved, to look at all of the gradient at once."""
    import numpy as np

    rng, d, k = np.random.default_rng(1), DIMENSION, COMPONENTS
    return [rng.normal(size=s) for s in ((k,), (k, d), (k, d))] + [np.tril(rng.normal(size=(k, d, d)), -1)]


def by_hand(data, parameters):
    """The log posterior, component by component, in NumPy."""
    import numpy as np

    weights, means, logs, lower = parameters
    columns = []
    for k in range(COMPONENTS):
        factor = np.diag(np.exp(logs[k])) + lower[k]
        z = (data - means[k]) @ factor.T
        columns.append(weights[k] + logs[k].sum() - 0.5 * (z * z).sum(1))
    table = np.stack(columns, 1)
    top = table.max(1, keepdims=True)
    fit = (np.log(np.exp(table - top).sum(1)) + top[:, 0]).sum()
    prior = 0.5 * (np.exp(2 * logs).sum() + (lower**2).sum()) - logs.sum()
    return fit - len(data) * math.log(np.exp(weights).sum()) + prior


def expected(size: int) -> list[float]:
    """The value and its derivative along the direction, by a central difference of fourth order."""
    data, parameters = setting(size)

    def moved(step: float) -> float:
        return float(by_hand(data, [p + step * d for p, d in zip(parameters, direction(), strict=True)]))

    h = 1e-4
    slope = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
    return [moved(0.0), slope]


def shown(value, gradients) -> list[float]:
    """The value and the derivative along the direction."""
    return [float(value), float(sum((g * d).sum() for g, d in zip(gradients, direction(), strict=True)))]


def on_a_tape(tf, size: int) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share."""
    data, parameters = setting(size)
    x = tf.constant(data)

    @tf.function
    def posterior(weights, means, logs, lower):
        with tf.GradientTape() as tape:
            tape.watch([weights, means, logs, lower])
            away = x[:, None, :] - means
            z = tf.exp(logs) * away + tf.einsum("kij,nkj->nki", lower, away)
            table = weights + tf.reduce_sum(logs, 1) - 0.5 * tf.reduce_sum(z * z, 2)
            fit = tf.reduce_sum(tf.reduce_logsumexp(table, 1)) - size * tf.reduce_logsumexp(weights)
            prior = 0.5 * (tf.reduce_sum(tf.exp(2 * logs)) + tf.reduce_sum(lower**2)) - tf.reduce_sum(logs)
            value = fit + prior
        return value, tape.gradient(value, [weights, means, logs, lower])

    given = [tf.constant(p) for p in parameters]
    return shown_once(
        lambda: posterior(*given), lambda value, gradients: shown(value, [g.numpy() for g in gradients])
    )


def gradtape(size: int) -> Call:
    """The work in gradtape's words."""
    import gradtape as tf

    return on_a_tape(tf, size)


def tensorflow(size: int) -> Call:
    """The work in TensorFlow's words."""
    import tensorflow as tf

    return on_a_tape(tf, size)


def jax(size: int) -> Call:
    """The work in JAX's words."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as np
    import numpy

    data, parameters = setting(size)
    x = np.asarray(data)

    def posterior(weights, means, logs, lower):
        away = x[:, None, :] - means
        z = np.exp(logs) * away + np.einsum("kij,nkj->nki", lower, away)
        table = weights + np.sum(logs, 1) - 0.5 * np.sum(z * z, 2)
        fit = np.sum(jax.nn.logsumexp(table, 1)) - size * jax.nn.logsumexp(weights)
        return fit + 0.5 * (np.sum(np.exp(2 * logs)) + np.sum(lower**2)) - np.sum(logs)

    step = jax.jit(jax.value_and_grad(posterior, (0, 1, 2, 3)))
    given = [np.asarray(p) for p in parameters]
    return shown_once(
        lambda: jax.block_until_ready(step(*given)),
        lambda value, gradients: shown(value, [numpy.asarray(g) for g in gradients]),
    )


WORKLOAD = Workload(
    name="gmm",
    title="gmm",
    work="The log posterior of a Gaussian mixture (1,000 points, 10 dimensions, 25 components, double precision), "
    "value and gradient, recorded once",
    size=1_000,
    tiny=50,
    expected=expected,
    tolerance=1e-8,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "jax": jax},
    goals=(Goal("at or under JAX", "seconds", 1.0, "jax"),),
)
