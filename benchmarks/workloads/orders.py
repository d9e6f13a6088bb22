"""orders: all derivatives up to an order along one direction, whose cost should grow with the square of the order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from benchmarks.probes import ratio_of, seconds_of
from benchmarks.workload import Call, Goal, Workload
from benchmarks.workloads.plate import network

ORDER = 9
WIDTHS = (1, 64, 64, 64, 1)


def data(size: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Weights and points."""
    rng = np.random.default_rng(3)
    weights = [rng.normal(size=(a, b)) / np.sqrt(a) for a, b in pairwise(WIDTHS)]
    return weights, rng.uniform(-1.0, 1.0, (size, 1))


def up_to(order: int, size: int, fast: bool = False) -> Call:
    """All derivatives up to an order, by one series; `fast` under `gt.function`."""
    import gradtape as gt

    weights, x = data(size)
    variables, points = [gt.constant(w) for w in weights], gt.constant(x)
    derivatives = gt.partials(lambda x: network(gt, x, variables), ["x" * k for k in range(1, order + 1)])

    def means(points):
        return [gt.reduce_mean(d) for d in derivatives(points)]

    program = gt.function(means) if fast else means
    return lambda: [float(d) for d in program(points)]


def gradtape(size: int) -> Call:
    """All nine derivatives by one series."""
    return up_to(ORDER, size)


def jax(size: int) -> Call:
    """By JAX's own Taylor mode, compiled."""
    import jax
    import jax.numpy as jnp
    from jax.experimental import jet

    jax.config.update("jax_enable_x64", True)
    weights, x = data(size)
    variables, points = [jnp.asarray(w) for w in weights], jnp.asarray(x)

    def u(p):
        h = p
        for w in variables[:-1]:
            h = jnp.tanh(h @ w)
        return h @ variables[-1]

    def program(p):
        series = [jnp.ones_like(p)] + [jnp.zeros_like(p)] * (ORDER - 1)
        _, found = jet.jet(u, (p,), (series,))
        return [d.mean() for d in found]

    compiled = jax.jit(program)

    def call() -> list[float]:
        return [float(d) for d in compiled(points)]

    return call


def expected(size: int) -> list[float]:
    """From each layer's series in plain NumPy."""
    from math import factorial

    from benchmarks.workloads.plate import tanh_series

    weights, x = data(size)
    h = [x @ weights[0], np.ones((size, 1)) @ weights[0]] + [np.zeros((size, 64))] * (ORDER - 1)
    for w in weights[1:]:
        h = [part @ w for part in tanh_series(h)]
    return [float(np.mean(h[k]) * factorial(k)) for k in range(1, ORDER + 1)]


def sine_up_to(order: int, size: int, fast: bool) -> Call:
    """All derivatives of sin up to an order, at 10,000 points."""
    import gradtape as gt

    x = gt.constant(np.linspace(0.0, 3.0, 10_000))
    derivatives = gt.partials(lambda x: gt.sin(x), ["x" * k for k in range(1, order + 1)])
    program = gt.function(lambda x: [gt.reduce_mean(d) for d in derivatives(x)]) if fast else derivatives
    return lambda: [d.numpy() for d in program(x)]


def cost_of(ways: Callable[[int, int, bool], Call], order: int, fast: bool) -> Callable[[int], float]:
    """A probe: the cost of an order beside that of the first."""
    return ratio_of(lambda size: ways(order, size, fast), lambda size: ways(1, size, fast))


WORKLOAD = Workload(
    name="orders",
    title="orders",
    work="All derivatives to order 9 of a tanh network 1-64-64-64-1 at 1,000 points (float64); JAX by its jet",
    size=1_000,
    tiny=4,
    expected=expected,
    tolerance=1e-8,
    systems={"gradtape": gradtape, "jax": jax},
    goals=tuple(
        Goal(
            f"{how}order {k} at most (K+1)(K+2)/6 + 20 % of order 1",
            f"{how}order {k} over order 1",
            1.2 * (k + 1) * (k + 2) / 6,
        )
        for how in ("", "compiled: ")
        for k in (3, 5, 9)
    ),
    probes={
        f"{how}order {k} over order 1": cost_of(up_to, k, bool(how))
        for how in ("", "compiled: ")
        for k in (3, 5, 9)
    }
    | {
        f"{how}order {k} of sin over order 1": cost_of(sine_up_to, k, bool(how))
        for how in ("", "compiled: ")
        for k in (3, 9)
    }
    | {"seconds of a compiled call": seconds_of(lambda size: up_to(ORDER, size, fast=True))},
)
