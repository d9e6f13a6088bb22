"""burgers: a training step of a physics-informed network, with second derivatives inside the gradient.

The network has 8 layers of 20 tanh units; the residual of Burgers' equation u_t + u u_x - (0.01/pi) u_xx is asked for
at all points at once, by nested tapes. Every system prints the loss and how it changes along a fixed direction in all
weights; what they must be is computed in NumPy from the streams u, u_x, u_t, u_xx, written out by hand, in double
precision.
"""

from __future__ import annotations

import math
from itertools import pairwise

from benchmarks.workload import Call, Goal, Workload

SIZES = (2, *(20,) * 8, 1)
VISCOSITY = 0.01 / math.pi


def setting(size: int):
    """Points, weights and the direction, in single precision."""
    import numpy as np

    rng = np.random.default_rng(0)
    weights = []
    for a, b in pairwise(SIZES):
        weights += [rng.normal(size=(a, b)) / math.sqrt(a), rng.normal(size=b) * 0.1]
    direction = [rng.normal(size=w.shape) for w in weights]
    x, t = rng.uniform(-1, 1, (size, 1)), rng.uniform(0, 1, (size, 1))
    return [[part.astype(np.float32) for part in group] for group in ([x, t], weights, direction)]


def loss_by_hand(points, weights):
    """The mean squared residual, from streams of derivatives through the layers."""
    import numpy as np

    x, t = points
    one, none = np.ones_like(x), np.zeros_like(x)
    h, hx, ht, hxx = (np.concatenate(p, 1) for p in ((x, t), (one, none), (none, one), (none, none)))
    for w, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z, zx, zt, zxx = h @ w + b, hx @ w, ht @ w, hxx @ w
        h = np.tanh(z)
        first = 1 - h * h
        hx, ht, hxx = first * zx, first * zt, first * zxx - 2 * h * first * zx * zx
    w, b = weights[-2:]
    u, ux, ut, uxx = h @ w + b, hx @ w, ht @ w, hxx @ w
    return np.mean((ut + u * ux - VISCOSITY * uxx) ** 2)


def expected(size: int) -> list[float]:
    """The loss and its derivative along the direction, by a central difference of fourth order."""
    points, weights, direction = ([part.astype("float64") for part in group] for group in setting(size))

    def moved(step: float) -> float:
        return float(loss_by_hand(points, [w + step * d for w, d in zip(weights, direction, strict=True)]))

    h = 1e-4
    slope = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
    return [moved(0.0), slope]


def shown(loss, gradients, direction) -> list[float]:
    """The loss and the derivative along the direction."""
    pairs = zip(gradients, direction, strict=True)
    return [float(loss), float(sum((g.astype("float64") * d).sum() for g, d in pairs))]


def on_a_tape(tf, size: int) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share."""
    points, weights, direction = setting(size)
    x, t = map(tf.constant, points)
    variables = [tf.Variable(w) for w in weights]

    def network(x, t):
        h = tf.concat([x, t], 1)
        for w, b in zip(variables[:-2:2], variables[1:-2:2], strict=True):
            h = tf.tanh(h @ w + b)
        return h @ variables[-2] + variables[-1]

    @tf.function
    def step(x, t):
        with tf.GradientTape() as tape:
            with tf.GradientTape() as outer:
                outer.watch(x)
                with tf.GradientTape(persistent=True) as inner:
                    inner.watch([x, t])
                    u = network(x, t)
                u_x, u_t = inner.gradient(u, x), inner.gradient(u, t)
            residual = u_t + u * u_x - VISCOSITY * outer.gradient(u_x, x)
            loss = tf.reduce_mean(residual * residual)
        return loss, tape.gradient(loss, variables)

    found: list[float] = []

    def call() -> list[float]:
        loss, gradients = step(x, t)
        float(loss)
        if not found:
            found.extend(shown(loss, [g.numpy() for g in gradients], direction))
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

    points, weights, direction = setting(size)
    x, t = (torch.tensor(p, requires_grad=True) for p in points)
    parameters = [torch.tensor(w, requires_grad=True) for w in weights]
    found: list[float] = []

    def call() -> list[float]:
        h = torch.cat([x, t], 1)
        for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            h = torch.tanh(h @ w + b)
        u = h @ parameters[-2] + parameters[-1]
        u_x, u_t = torch.autograd.grad(u.sum(), (x, t), create_graph=True)
        (u_xx,) = torch.autograd.grad(u_x.sum(), x, create_graph=True)
        loss = ((u_t + u * u_x - VISCOSITY * u_xx) ** 2).mean()
        gradients = torch.autograd.grad(loss, parameters)
        if not found:
            found.extend(shown(loss.detach().numpy(), [g.numpy() for g in gradients], direction))
        return found

    return call


def jax(size: int) -> Call:
    """The work in JAX's words: the network at one point, mapped over all."""
    import jax
    import jax.numpy as np
    import numpy

    points, weights, direction = setting(size)
    x, t = (np.asarray(p[:, 0]) for p in points)
    parameters = [np.asarray(w) for w in weights]

    def u(x, t, parameters):
        h = np.stack([x, t])
        for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            h = np.tanh(h @ w + b)
        return (h @ parameters[-2] + parameters[-1])[0]

    def residual(x, t, parameters):
        u_x = jax.grad(u, 0)
        u_xx = jax.grad(u_x, 0)(x, t, parameters)
        return (
            jax.grad(u, 1)(x, t, parameters) + u(x, t, parameters) * u_x(x, t, parameters) - VISCOSITY * u_xx
        )

    def loss(parameters):
        return np.mean(jax.vmap(residual, (0, 0, None))(x, t, parameters) ** 2)

    step = jax.jit(jax.value_and_grad(loss))
    found: list[float] = []

    def call() -> list[float]:
        value, gradients = jax.block_until_ready(step(parameters))
        if not found:
            found.extend(shown(value, [numpy.asarray(g) for g in gradients], direction))
        return found

    return call


WORKLOAD = Workload(
    name="burgers",
    title="burgers",
    work="A training step of a physics-informed network, 2-20x8-1 tanh, 10,000 points, float32: residual of Burgers' "
    "equation by nested tapes, mean square, gradient in all weights, recorded once",
    size=10_000,
    tiny=512,
    expected=expected,
    tolerance=2e-3,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "jax": jax},
    goals=(
        Goal("1/4 of TensorFlow", "seconds", 1 / 4, "tensorflow"),
        Goal("1/4 of PyTorch", "seconds", 1 / 4, "torch"),
        Goal("1/4 of JAX", "seconds", 1 / 4, "jax"),
    ),
    memory=True,
)
