"""logsumexp: the logarithm of a sum of many exponentials; how much more than the function its gradient costs."""

from __future__ import annotations

import math

from benchmarks.probes import ratio_of, seconds_of
from benchmarks.workload import Call, Goal, Workload, shown_once


def inputs(size: int):
    """Numbers from 0 to 2."""
    import numpy as np

    return np.linspace(0.0, 2.0, size)


def expected(size: int) -> list[float]:
    """The value, and the sum over the gradient's first half, in plain Python."""
    exponentials = [math.exp(x) for x in inputs(size).tolist()]
    total = math.fsum(exponentials)
    return [math.log(total), math.fsum(exponentials[: size // 2]) / total]


def shown(value, gradient) -> list[float]:
    """The value and the sum."""
    return [float(value), float(gradient[: len(gradient) // 2].sum())]


def on_a_tape(tf, size: int) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share."""

    @tf.function
    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_logsumexp(x)
        return y, tape.gradient(y, x)

    x = tf.constant(inputs(size))
    return shown_once(lambda: both(x), lambda value, gradient: shown(value, gradient.numpy()))


def gradtape(size: int) -> Call:
    """The work in gradtape's words."""
    import gradtape as tf

    return on_a_tape(tf, size)


def function_alone(size: int) -> Call:
    """The function without its gradient, recorded once."""
    import gradtape as gt

    function, x = gt.function(gt.reduce_logsumexp), gt.constant(inputs(size))
    return lambda: [float(function(x))]


def tensorflow(size: int) -> Call:
    """The work in TensorFlow's words."""
    import tensorflow as tf

    return on_a_tape(tf, size)


def torch(size: int) -> Call:
    """The work in PyTorch's words."""
    import torch

    x = torch.tensor(inputs(size), requires_grad=True)

    def both():
        y = torch.logsumexp(x, 0)
        return y.detach(), *torch.autograd.grad(y, x)

    return shown_once(both, shown)


def jax(size: int) -> Call:
    """The work in JAX's words."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as np

    both, x = jax.jit(jax.value_and_grad(jax.nn.logsumexp)), np.asarray(inputs(size))
    return shown_once(lambda: jax.block_until_ready(both(x)), shown)


WORKLOAD = Workload(
    name="logsumexp",
    title="log-sum-exp",
    work="The logarithm of the sum of 10⁶ exponentials in double precision, value and gradient, recorded once",
    size=1_000_000,
    tiny=1_000,
    expected=expected,
    tolerance=1e-11,
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
