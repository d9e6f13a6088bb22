"""monte_carlo: a European call under Black and Scholes from many paths, with delta, vega, rho and gamma.

The first three are derivatives of the discounted mean payoff, path by path. The payoff's slope jumps at the strike, so
that a second derivative path by path would miss the mass there; gamma is the derivative, path by path, of the delta
that the likelihood ratio gives (Glasserman, Monte Carlo Methods in Financial Engineering, 2004, section 7.3).
"""

from __future__ import annotations

import math

from benchmarks.workload import Call, Goal, Workload, shown_once

SPOT, VOLATILITY, RATE = 100.0, 0.2, 0.03
STRIKE, EXPIRY = 105.0, 1.0


def normals(size: int):
    """One standard normal number for each path."""
    import numpy as np

    return np.random.default_rng(0).normal(size=size)


def expected(size: int) -> list[float]:
    """Price, delta, vega, rho and gamma of these paths, by hand."""
    import numpy as np

    z, root = normals(size), math.sqrt(EXPIRY)
    end = SPOT * np.exp((RATE - VOLATILITY**2 / 2) * EXPIRY + VOLATILITY * root * z)
    discount, paid = math.exp(-RATE * EXPIRY), end > STRIKE
    price = discount * np.mean(np.maximum(end - STRIKE, 0))
    delta = discount * np.mean(paid * end) / SPOT
    vega = discount * np.mean(paid * end * (root * z - VOLATILITY * EXPIRY))
    rho = discount * EXPIRY * STRIKE * np.mean(paid)
    gamma = discount * np.mean(paid * z) * STRIKE / (SPOT**2 * VOLATILITY * root)
    return [float(number) for number in (price, delta, vega, rho, gamma)]


def closed_form() -> list[float]:
    """What the five tend to with more paths: the formulas of Black and Scholes."""
    root = VOLATILITY * math.sqrt(EXPIRY)
    above = (math.log(SPOT / STRIKE) + (RATE + VOLATILITY**2 / 2) * EXPIRY) / root
    density = math.exp(-(above**2) / 2) / math.sqrt(2 * math.pi)
    share, chance = ((1 + math.erf(d / math.sqrt(2))) / 2 for d in (above, above - root))
    owed = STRIKE * math.exp(-RATE * EXPIRY)
    vega = SPOT * density * math.sqrt(EXPIRY)
    return [SPOT * share - owed * chance, share, vega, EXPIRY * owed * chance, density / (SPOT * root)]


def estimates(xp, maximum, z):
    """The price and the likelihood ratio's delta of the three parameters, in the words of a library."""

    def both(spot, volatility, rate):
        drift = (rate - volatility**2 / 2) * EXPIRY
        end = spot * xp.exp(drift + volatility * math.sqrt(EXPIRY) * z)
        paid = xp.exp(-rate * EXPIRY) * maximum(end - STRIKE)
        return paid, paid * z / (spot * volatility * math.sqrt(EXPIRY))

    return both


def shown(*numbers) -> list[float]:
    """The five numbers."""
    return [float(number) for number in numbers]


def on_a_tape(tf, size: int) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share."""
    both = estimates(tf, lambda x: tf.maximum(x, 0.0), tf.constant(normals(size)))

    @tf.function
    def greeks(spot, volatility, rate):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([spot, volatility, rate])
            price, delta = map(tf.reduce_mean, both(spot, volatility, rate))
        return price, *tape.gradient(price, [spot, volatility, rate]), tape.gradient(delta, spot)

    point = [tf.constant(number, tf.float64) for number in (SPOT, VOLATILITY, RATE)]
    return shown_once(lambda: greeks(*point), shown)


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

    both = estimates(torch, torch.relu, torch.tensor(normals(size)))
    point = [torch.tensor(n, dtype=torch.float64, requires_grad=True) for n in (SPOT, VOLATILITY, RATE)]

    def greeks():
        price, delta = (part.mean() for part in both(*point))
        first = torch.autograd.grad(price, point, retain_graph=True)
        return price.detach(), *first, *torch.autograd.grad(delta, point[0])

    return shown_once(greeks, shown)


def jax(size: int) -> Call:
    """The work in JAX's words."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as np

    both = estimates(np, lambda x: np.maximum(x, 0.0), np.asarray(normals(size)))

    @jax.jit
    def greeks(*point):
        price, first = jax.value_and_grad(lambda *p: np.mean(both(*p)[0]), (0, 1, 2))(*point)
        return price, *first, jax.grad(lambda *p: np.mean(both(*p)[1]))(*point)

    point = [np.asarray(number) for number in (SPOT, VOLATILITY, RATE)]
    return shown_once(lambda: jax.block_until_ready(greeks(*point)), shown)


WORKLOAD = Workload(
    name="monte_carlo",
    title="Monte Carlo",
    work="A European call from 10⁶ paths (double precision; the normal numbers are given): price, delta, vega, rho "
    "path by path and gamma by the likelihood ratio, recorded once",
    size=1_000_000,
    tiny=1_000,
    expected=expected,
    tolerance=1e-10,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "jax": jax},
    goals=(
        Goal("1/3 of JAX", "seconds", 1 / 3, "jax"),
        Goal("1/3 of PyTorch", "seconds", 1 / 3, "torch"),
        Goal("1/3 of TensorFlow", "seconds", 1 / 3, "tensorflow"),
    ),
)
