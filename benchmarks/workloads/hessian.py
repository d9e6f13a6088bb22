"""hessian: the dense Hessian of Rosenbrock's function, where the products of a whole matrix of directions cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Call, Goal, Workload


def start(size: int) -> Any:
    """The point."""
    return np.linspace(-1.2, 1.1, size)


def said(matrix: Any) -> list[float]:
    """What is compared: the sum of all entries, and with signs that alternate along the rows."""
    signs = 1.0 - 2.0 * (np.arange(len(matrix)) % 2)
    return [float(np.sum(matrix)), float(np.sum(matrix * signs))]


def rosenbrock(x: Any, total: Any) -> Any:
    """The function, in the words of whichever library sums."""
    return total(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def gradtape(size: int) -> Call:
    """The work in gradtape's words."""
    import gradtape as tf

    x = tf.constant(start(size))
    whole = tf.hessian(lambda x: rosenbrock(x, tf.reduce_sum))
    return lambda: said(whole(x).numpy())


def tensorflow(size: int) -> Call:
    """The work in TensorFlow's words: the Jacobian of a gradient, in a compiled function."""
    import tensorflow as tf

    x = tf.constant(start(size))

    @tf.function
    def whole(x: Any) -> Any:
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = rosenbrock(x, tf.reduce_sum)
            slope = inner.gradient(y, x)
        return outer.jacobian(slope, x)

    return lambda: said(whole(x).numpy())


def torch(size: int) -> Call:
    """The work in PyTorch's words."""
    import torch

    x = torch.tensor(start(size))
    whole = torch.func.hessian(lambda x: rosenbrock(x, torch.sum))
    return lambda: said(whole(x).numpy())


def jax(size: int) -> Call:
    """The work in JAX's words, compiled."""
    import jax

    jax.config.update("jax_enable_x64", True)
    x = jax.numpy.asarray(start(size))
    whole = jax.jit(jax.hessian(lambda x: rosenbrock(x, jax.numpy.sum)))
    return lambda: said(np.asarray(whole(x)))


def autograd(size: int) -> Call:
    """The work in autograd's words."""
    import autograd.numpy as anp
    from autograd import hessian

    x = start(size)
    whole = hessian(lambda x: rosenbrock(x, anp.sum))
    return lambda: said(whole(x))


def expected(size: int) -> list[float]:
    """The three diagonals of the matrix, written down."""
    x = start(size)
    matrix = np.zeros((size, size))
    i = np.arange(size - 1)
    matrix[i, i] = 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
    matrix[i + 1, i + 1] += 200.0
    matrix[i, i + 1] = matrix[i + 1, i] = -400.0 * x[:-1]
    return said(matrix)


WORKLOAD = Workload(
    name="hessian",
    title="dense Hessian",
    work="the Hessian of Rosenbrock's function of 500 numbers (float64)",
    size=500,
    tiny=6,
    expected=expected,
    tolerance=1e-9,
    systems={
        "gradtape": gradtape,
        "tensorflow": tensorflow,
        "torch": torch,
        "jax": jax,
        "autograd": autograd,
    },
    goals=(Goal("as fast as PyTorch", "seconds", 1.0, "torch"),),
)
