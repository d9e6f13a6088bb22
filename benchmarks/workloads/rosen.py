"""rosen: the whole Hessian of the 500-dimensional Rosenbrock function."""

from __future__ import annotations

from benchmarks.workload import Call, Goal, Workload, shown_once


def start(size: int):
    """The point."""
    import numpy as np

    return np.linspace(-1.0, 1.5, size)


def expected(size: int) -> list[float]:
    """The sums of the Hessian's diagonal and of the one beside it, by hand."""
    x = start(size)
    diagonal = (1200 * x[:-1] ** 2 - 400 * x[1:] + 2).sum() + 200 * (size - 1)
    return [float(diagonal), float((-400 * x[:-1]).sum())]


def shown(hessian) -> list[float]:
    """The same two sums of a result."""
    return [float(hessian.trace()), float(hessian.trace(1))]


def on_a_tape(tf, size: int) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share."""

    @tf.function
    def hessian(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
            gradient = inner.gradient(y, x)
        return outer.jacobian(gradient, x)

    x = tf.constant(start(size))
    return shown_once(lambda: (hessian(x),), lambda result: shown(result.numpy()))


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

    hessian = jax.jit(jax.hessian(lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)))
    x = np.asarray(start(size))
    return shown_once(
        lambda: (jax.block_until_ready(hessian(x)),), lambda result: shown(numpy.asarray(result))
    )


WORKLOAD = Workload(
    name="rosen",
    title="rosen",
    work="The dense Hessian of the 500-dimensional Rosenbrock function, a tape's Jacobian of a gradient, recorded once",
    size=500,
    tiny=20,
    expected=expected,
    tolerance=1e-11,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "jax": jax},
    goals=(Goal("under JAX", "seconds", 1.0, "jax"),),
)
