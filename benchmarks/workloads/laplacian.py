"""laplacian: of a network in 16 dimensions, and the gradient of its mean square in the weights."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np

from benchmarks.probes import ratio_of, seconds_of
from benchmarks.workload import Call, Goal, Workload
from benchmarks.workloads.plate import network, summary, tanh_series

DIMENSION = 16
WIDTHS = (DIMENSION, 64, 64, 1)


def data(size: int, dimension: int = DIMENSION) -> tuple[list[np.ndarray], np.ndarray]:
    """Weights and points, the same for every system."""
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=(a, b)) / np.sqrt(a) for a, b in pairwise((dimension, *WIDTHS[1:]))]
    return weights, rng.uniform(-1.0, 1.0, (size, dimension))


def program(size: int, dimension: int = DIMENSION):
    """Second derivatives carried as one sum: the loss and the gradients."""
    import gradtape as gt

    weights, x = data(size, dimension)
    variables, points = [gt.Variable(w) for w in weights], gt.constant(x)

    def both():
        with gt.GradientTape() as tape:
            loss = gt.reduce_mean(gt.fields.laplacian(lambda p: network(gt, p, variables))(points) ** 2)
        return loss, tape.gradient(loss, variables)

    return both


def gradtape(size: int, dimension: int = DIMENSION) -> Call:
    """The work in gradtape's words."""
    both = program(size, dimension)
    return lambda: summary(*both())


def compiled(size: int) -> Call:
    """The same under `gt.function`."""
    import gradtape as gt

    both = gt.function(program(size))
    return lambda: summary(*both())


def nested(tf, size: int, dimension: int = DIMENSION) -> Call:  # tf is either library
    """By an accumulator in an accumulator for each coordinate."""
    weights, x = data(size, dimension)
    variables, points = [tf.Variable(w) for w in weights], tf.constant(x)
    axes = [tf.constant(np.broadcast_to(axis, x.shape).copy()) for axis in np.eye(dimension)]

    def call() -> list[float]:
        with tf.GradientTape() as tape:
            total = 0.0
            for axis in axes:
                with tf.autodiff.ForwardAccumulator(points, axis) as outer:
                    with tf.autodiff.ForwardAccumulator(points, axis) as inner:
                        u = network(tf, points, variables)
                    slope = inner.jvp(u)
                total += outer.jvp(slope)
            loss = tf.reduce_mean(total**2)
        return summary(loss, tape.gradient(loss, variables))

    return call


def tensorflow(size: int) -> Call:
    """The work in TensorFlow's words: one gradient, then one more for each coordinate."""
    import tensorflow as tf

    weights, x = data(size)
    variables, points = [tf.Variable(w) for w in weights], tf.constant(x)

    def call() -> list[float]:
        with tf.GradientTape() as tape:
            with tf.GradientTape(persistent=True) as outer:
                outer.watch(points)
                with tf.GradientTape() as inner:
                    inner.watch(points)
                    u = network(tf, points, variables)
                slope = inner.gradient(u, points)
                slopes = [slope[:, i] for i in range(DIMENSION)]
            total = tf.add_n([outer.gradient(s, points)[:, i] for i, s in enumerate(slopes)])
            loss = tf.reduce_mean(total**2)
        return summary(loss, tape.gradient(loss, variables))

    return call


def torch(size: int) -> Call:
    """The work in PyTorch's words: one gradient, then one more for each coordinate."""
    import torch

    weights, x = data(size)
    variables = [torch.tensor(w, requires_grad=True) for w in weights]
    points = torch.tensor(x, requires_grad=True)

    def call() -> list[float]:
        h = points
        for w in variables[:-1]:
            h = torch.tanh(h @ w)
        (slope,) = torch.autograd.grad((h @ variables[-1]).sum(), points, create_graph=True)
        total = sum(
            torch.autograd.grad(slope[:, i].sum(), points, create_graph=True)[0][:, i]
            for i in range(DIMENSION)
        )
        loss = (total**2).mean()
        return summary(loss, torch.autograd.grad(loss, variables))

    return call


def jax(size: int) -> Call:
    """The work in JAX's words, compiled: forward over forward along each axis, vectorised."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    weights, x = data(size)
    variables, points = [jnp.asarray(w) for w in weights], jnp.asarray(x)

    def loss(variables):
        def u(p):
            h = p
            for w in variables[:-1]:
                h = jnp.tanh(h @ w)
            return h @ variables[-1]

        def second(axis):
            tangent = jnp.broadcast_to(axis, points.shape)
            first = lambda p: jax.jvp(u, (p,), (tangent,))[1]
            return jax.jvp(first, (points,), (tangent,))[1]

        return jnp.mean(jax.vmap(second)(jnp.eye(DIMENSION)).sum(0) ** 2)

    both = jax.jit(jax.value_and_grad(loss))

    def call() -> list[float]:
        return summary(*both(variables))

    return call


def expected(size: int) -> list[float]:
    """The mean square and its derivative along all weights by a complex step, from series in plain NumPy."""
    weights, x = data(size)
    step = 1e-30
    moved = [w + 1j * step for w in weights]
    total = 0.0
    for axis in np.eye(DIMENSION):
        h = [x @ moved[0], np.ones((size, 1)) * (axis @ moved[0]), np.zeros((size, WIDTHS[1]), complex)]
        for w in moved[1:]:
            h = [part @ w for part in tanh_series(h)]
        total = total + 2 * h[2]
    value = complex(np.mean(total**2))
    return [value.real, value.imag / step]


def accumulators(size: int, dimension: int = DIMENSION) -> Call:
    """The work in gradtape's words, by accumulators in accumulators."""
    import gradtape as gt

    return nested(gt, size, dimension)


def in_dimension(dimension: int) -> Callable[[int], float]:
    """A probe: seconds over those of nested accumulators in another dimension."""
    return ratio_of(partial(gradtape, dimension=dimension), partial(accumulators, dimension=dimension))


def resident(kind: str, size: int) -> float:
    """The largest memory of a fresh process during a steady call, as Linux counts it, in bytes."""
    text = (
        "from benchmarks.workloads import laplacian as w; "
        f"call = w.{kind}({size}); call(); call(); call(); "
        "open('/proc/self/clear_refs', 'w').write('5'); call(); print(open('/proc/self/status').read())"
    )
    # Code from disk would leave the compiler out of one process and not of the other.
    environment = os.environ | {"GRADTAPE_CACHE": "off"}
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True, env=environment
    )
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("VmHWM")]
    return 1024.0 * float(line.split()[1])


def compiled_memory_beside_nested(size: int) -> float:
    """What the points add to the memory of the compiled operator, over what they add to nested accumulators."""
    few, many = 8, max(size, 500)  # what fewer points add drowns in what the allocator happens to keep
    added = [resident(kind, many) - resident(kind, few) for kind in ("compiled", "accumulators")]
    return added[0] / added[1]


def memory_beside_nested(size: int) -> float:
    """The largest memory of the operator over that of nested accumulators, both here."""
    import tracemalloc

    import gradtape as gt

    peaks = []
    for call in (gradtape(size), nested(gt, size)):
        call()
        tracemalloc.start()
        call()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return peaks[0] / peaks[1]


WORKLOAD = Workload(
    name="laplacian",
    title="laplacian",
    work="The Laplacian of a tanh network 16-64-64-1 at 1,000 points, and the gradient of its mean square in the "
    "weights (float64)",
    size=1_000,
    tiny=5,
    expected=expected,
    tolerance=1e-8,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "jax": jax},
    goals=(
        Goal("1/2 of nested accumulators, in time", "seconds over those of nested accumulators", 1 / 2),
        Goal("compiled: 1/2 of nested accumulators, in time", "compiled, over nested accumulators", 1 / 2),
        Goal("1/2 of nested accumulators, in memory", "memory over that of nested accumulators", 1 / 2),
        Goal(
            "compiled: 1/2 of nested accumulators, in memory",
            "compiled, memory over nested accumulators",
            1 / 2,
        ),
    ),
    probes={
        "seconds over those of nested accumulators": ratio_of(gradtape, accumulators),
        "memory over that of nested accumulators": memory_beside_nested,
        "in 2 dimensions, seconds over nested accumulators": in_dimension(2),
        "in 64 dimensions, seconds over nested accumulators": in_dimension(64),
        "compiled, over nested accumulators": ratio_of(compiled, accumulators),
        "compiled, memory over nested accumulators": compiled_memory_beside_nested,
        "seconds of a compiled call": seconds_of(compiled),
    },
)
