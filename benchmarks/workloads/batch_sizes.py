"""batch_sizes: a network's training step at 1, 10, 100 ... rows: where the time of a call goes.

At few rows what a call costs in itself shows, at many what a row costs.
"""

from __future__ import annotations

import math
from itertools import pairwise

from benchmarks.workload import Call, Goal, Workload, shown_once

WIDTHS = (8, 32, 32, 1)


def setting(size: int):
    """Rows, what they should give, weights, and the direction in which the gradient is looked at; single precision."""
    import numpy as np

    rng = np.random.default_rng(0)
    weights = []
    for a, b in pairwise(WIDTHS):
        weights += [rng.normal(size=(a, b)) / math.sqrt(a), rng.normal(size=b) * 0.1]
    rows, wanted = rng.normal(size=(size, WIDTHS[0])), 2.0 + rng.normal(size=(size, 1)) * 0.1
    direction = [np.ones_like(w) for w in weights]
    single = [[part.astype(np.float32) for part in group] for group in ([rows, wanted], weights, direction)]
    return single


def expected(size: int) -> list[float]:
    """The loss and its derivative along the direction, layer by layer by hand in double precision."""
    import numpy as np

    (rows, wanted), weights, direction = ([p.astype("float64") for p in group] for group in setting(size))
    h, slope = rows, np.zeros_like(rows)
    for k in range(0, len(weights), 2):
        slope = slope @ weights[k] + h @ direction[k] + direction[k + 1]
        h = h @ weights[k] + weights[k + 1]
        if k + 2 < len(weights):
            h = np.tanh(h)
            slope = (1 - h * h) * slope
    return [float(np.mean((h - wanted) ** 2)), float(np.mean(2 * (h - wanted) * slope))]


def shown(loss, gradients, direction) -> list[float]:
    """The loss and the derivative along the direction."""
    pairs = zip(gradients, direction, strict=True)
    return [float(loss), float(sum((g.astype("float64") * d).sum() for g, d in pairs))]


def network(xp, h, weights):
    """Layers of tanh, in the words of a library."""
    for w, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        h = xp.tanh(h @ w + b)
    return h @ weights[-2] + weights[-1]


def on_a_tape(tf, size: int) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share."""
    points, weights, direction = setting(size)
    rows, wanted = map(tf.constant, points)
    variables = [tf.Variable(w) for w in weights]

    @tf.function
    def step(rows, wanted):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((network(tf, rows, variables) - wanted) ** 2)
        return loss, tape.gradient(loss, variables)

    return shown_once(
        lambda: step(rows, wanted), lambda loss, gs: shown(loss, [g.numpy() for g in gs], direction)
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

    points, weights, direction = setting(size)
    rows, wanted = map(torch.tensor, points)
    parameters = [torch.tensor(w, requires_grad=True) for w in weights]

    def step():
        loss = ((network(torch, rows, parameters) - wanted) ** 2).mean()
        return loss.detach(), torch.autograd.grad(loss, parameters)

    return shown_once(step, lambda loss, gs: shown(loss, [g.numpy() for g in gs], direction))


def jax(size: int) -> Call:
    """The work in JAX's words."""
    import jax
    import jax.numpy as np
    import numpy

    points, weights, direction = setting(size)
    rows, wanted = map(np.asarray, points)
    parameters = [np.asarray(w) for w in weights]
    step = jax.jit(jax.value_and_grad(lambda p, rows, wanted: np.mean((network(np, rows, p) - wanted) ** 2)))
    return shown_once(
        lambda: jax.block_until_ready(step(parameters, rows, wanted)),
        lambda loss, gs: shown(loss, [numpy.asarray(g) for g in gs], direction),
    )


WORKLOAD = Workload(
    name="batch_sizes",
    title="batch sizes",
    work="A training step of a network 8-32-32-1 of tanh layers (single precision): mean square and its gradient in "
    "all weights, recorded once; at 1,000 rows above, at other numbers of rows below",
    size=1_000,
    tiny=10,
    expected=expected,
    tolerance=1e-3,  # the first call of gradtape is run by NumPy, which adds a million rows of singles one by one
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "jax": jax},
    goals=(
        Goal("under JAX at 1 row", "seconds at 1", 1.0, "jax"),
        Goal("under JAX at 1,000 rows", "seconds", 1.0, "jax"),
        Goal("under JAX at 1,000,000 rows", "seconds at 1000000", 1.0, "jax"),
        Goal("under PyTorch at 1 row", "seconds at 1", 1.0, "torch"),
        Goal("under PyTorch at 1,000 rows", "seconds", 1.0, "torch"),
        Goal("under PyTorch at 1,000,000 rows", "seconds at 1000000", 1.0, "torch"),
    ),
    sizes=(1, 10, 100, 10_000, 100_000, 1_000_000),
)
