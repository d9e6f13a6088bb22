"""least_squares: half the square of a dense linear residual; how much more than the function its gradient costs."""

from __future__ import annotations

from benchmarks.probes import ratio_of, seconds_of
from benchmarks.workload import Call, Goal, Workload, shown_once

UNKNOWNS = 200


def setting(size: int):
    """The matrix, the right side, the point, and the direction in which the gradient is looked at."""
    import numpy as np

    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in ((size, UNKNOWNS), size, UNKNOWNS, UNKNOWNS)]


def expected(size: int) -> list[float]:
    """The value and its derivative along the direction, by hand."""
    matrix, right, point, direction = setting(size)
    residual = matrix @ point - right
    return [float(residual @ residual / 2), float(residual @ (matrix @ direction))]


def on_a_tape(tf, size: int) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share."""
    matrix, right, point, direction = setting(size)
    a, b, x = tf.constant(matrix), tf.constant(right), tf.constant(point)

    @tf.function
    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            residual = tf.linalg.matvec(a, x) - b
            value = tf.reduce_sum(residual * residual) / 2
        return value, tape.gradient(value, x)

    return shown_once(lambda: both(x), lambda value, g: [float(value), g.numpy() @ direction])


def gradtape(size: int) -> Call:
    """The work in gradtape's words."""
    import gradtape as tf

    return on_a_tape(tf, size)


def function_alone(size: int) -> Call:
    """The function without its gradient, recorded once."""
    import gradtape as gt

    a, b, x = map(gt.constant, setting(size)[:3])

    @gt.function
    def value(x):
        residual = gt.linalg.matvec(a, x) - b
        return gt.reduce_sum(residual * residual) / 2

    return lambda: [float(value(x))]


def tensorflow(size: int) -> Call:
    """The work in TensorFlow's words."""
    import tensorflow as tf

    return on_a_tape(tf, size)


def torch(size: int) -> Call:
    """The work in PyTorch's words."""
    import torch

    matrix, right, point, direction = setting(size)
    a, b, x = torch.tensor(matrix), torch.tensor(right), torch.tensor(point, requires_grad=True)

    def both():
        residual = a @ x - b
        value = (residual * residual).sum() / 2
        return value.detach(), *torch.autograd.grad(value, x)

    return shown_once(both, lambda value, g: [float(value), g.numpy() @ direction])


def jax(size: int) -> Call:
    """The work in JAX's words."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as np

    matrix, right, point, direction = setting(size)
    a, b, x = np.asarray(matrix), np.asarray(right), np.asarray(point)
    both = jax.jit(jax.value_and_grad(lambda x: np.sum((a @ x - b) ** 2) / 2))
    return shown_once(
        lambda: jax.block_until_ready(both(x)), lambda value, g: [float(value), float(g @ direction)]
    )


WORKLOAD = Workload(
    name="least_squares",
    title="least squares",
    work="|A x - b|²/2 with a dense 1,000 x 200 matrix (double precision), value and gradient in x, recorded once",
    size=1_000,
    tiny=30,
    expected=expected,
    tolerance=1e-10,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "jax": jax},
    goals=(
        Goal("at most 1.5 times the function alone", "value and gradient, over the function alone", 1.5),
        Goal("under JAX", "seconds", 1.0, "jax"),
        Goal("under PyTorch", "seconds", 1.0, "torch"),
    ),
    probes={
        "value and gradient, over the function alone": ratio_of(gradtape, function_alone),
        "seconds of the function alone": seconds_of(function_alone),
    },
)
