"""kmeans: the cost of k centres, the sum over points of the squared distance to the nearest, and its gradient."""

from __future__ import annotations

from benchmarks.workload import Call, Goal, Workload, shown_once

DIMENSION, CENTRES = 8, 16


def setting(size: int):
    """Points, centres, and the direction in which the centres are moved to look at all of the gradient at once."""
    import numpy as np

    rng = np.random.default_rng(0)
    return [rng.normal(size=(rows, DIMENSION)) for rows in (size, CENTRES, CENTRES)]


def expected(size: int) -> list[float]:
    """The cost, and its derivative along the direction: a centre is drawn to the points that are nearest to it."""
    import numpy as np

    points, centres, direction = setting(size)
    distances = np.stack([((points - centre) ** 2).sum(1) for centre in centres], 1)
    nearest = distances.argmin(1)
    away = points - centres[nearest]
    return [float(distances.min(1).sum()), float(-2 * (away * direction[nearest]).sum())]


def on_a_tape(tf, size: int) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share."""
    points, start, direction = setting(size)
    x, centres = tf.constant(points), tf.constant(start)

    @tf.function
    def both(centres):
        with tf.GradientTape() as tape:
            tape.watch(centres)
            distances = tf.reduce_sum((x[:, None, :] - centres) ** 2, 2)
            cost = tf.reduce_sum(tf.reduce_min(distances, 1))
        return cost, tape.gradient(cost, centres)

    return shown_once(lambda: both(centres), lambda cost, g: [float(cost), (g.numpy() * direction).sum()])


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

    points, start, direction = setting(size)
    x, centres = torch.tensor(points), torch.tensor(start, requires_grad=True)

    def both():
        cost = ((x[:, None, :] - centres) ** 2).sum(2).amin(1).sum()
        return cost.detach(), *torch.autograd.grad(cost, centres)

    return shown_once(both, lambda cost, g: [float(cost), (g.numpy() * direction).sum()])


def jax(size: int) -> Call:
    """The work in JAX's words."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as np

    points, start, direction = setting(size)
    x, centres = np.asarray(points), np.asarray(start)
    both = jax.jit(
        jax.value_and_grad(lambda c: np.sum(np.min(np.sum((x[:, None, :] - c) ** 2, 2), 1))),
    )

    return shown_once(
        lambda: jax.block_until_ready(both(centres)), lambda cost, g: [float(cost), (g * direction).sum()]
    )


WORKLOAD = Workload(
    name="kmeans",
    title="k-means",
    work="The cost of 16 centres, the sum over 100,000 points in 8 dimensions of the squared distance to the nearest "
    "centre, and its gradient in the centres (double precision), recorded once",
    size=100_000,
    tiny=300,
    expected=expected,
    tolerance=1e-10,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "jax": jax},
    goals=(Goal("under JAX", "seconds", 1.0, "jax"), Goal("under PyTorch", "seconds", 1.0, "torch")),
)
