"""plate: u_xxxx + 2 u_xxyy + u_yyyy of a network at many points, and its weights' gradient."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from benchmarks.probes import ratio_of, seconds_of
from benchmarks.workload import Call, Goal, Workload

WIDTHS = (2, 64, 64, 64, 1)


def data(size: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Weights and points, the same for every system."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(a, b)) / np.sqrt(a) for a, b in pairwise(WIDTHS)]
    x, y = rng.uniform(-1.0, 1.0, (2, size, 1))
    return weights, x, y


def program(size: int):
    """Fourth derivatives along few directions: the loss and the gradients."""
    import gradtape as gt

    weights, x, y = data(size)
    variables, points = [gt.Variable(w) for w in weights], gt.constant(np.hstack([x, y]))

    def both():
        with gt.GradientTape() as tape:
            loss = gt.reduce_mean(gt.fields.biharmonic(lambda p: network(gt, p, variables))(points) ** 2)
        return loss, tape.gradient(loss, variables)

    return both


def gradtape(size: int) -> Call:
    """The work in gradtape's words."""
    both = program(size)
    return lambda: summary(*both())


def compiled(size: int) -> Call:
    """The same under `gt.function`."""
    import gradtape as gt

    both = gt.function(program(size))
    return lambda: summary(*both())


def nested(size: int) -> Call:
    """The work in gradtape's words, by tapes in tapes."""
    import gradtape as gt

    return nested_tapes(gt, size)


def second(tf, function, source: int):  # tf is either library
    """The second derivative in one argument, by a tape in a tape."""

    def derived(*points):
        with tf.GradientTape() as outer:
            outer.watch(points[source])
            with tf.GradientTape() as inner:
                inner.watch(points[source])
                u = function(*points)
            slope = inner.gradient(u, points[source])
        return outer.gradient(slope, points[source])

    return derived


def nested_tapes(tf, size: int) -> Call:  # tf is either library
    """The same by tapes in tapes, as programs for TensorFlow are written."""
    weights, x, y = data(size)
    variables = [tf.Variable(w) for w in weights]
    x, y = tf.constant(x), tf.constant(y)

    def u(x, y):
        return network(tf, tf.concat([x, y], 1), variables)

    def laplacian(x, y):
        return second(tf, u, 0)(x, y) + second(tf, u, 1)(x, y)

    def call() -> list[float]:
        with tf.GradientTape() as tape:
            operator = second(tf, laplacian, 0)(x, y) + second(tf, laplacian, 1)(x, y)
            loss = tf.reduce_mean(operator**2)
        return summary(loss, tape.gradient(loss, variables))

    return call


def tensorflow(size: int) -> Call:
    """The work in TensorFlow's words."""
    import tensorflow as tf

    return nested_tapes(tf, size)


def torch(size: int) -> Call:
    """The work in PyTorch's words: gradients of gradients."""
    import torch

    weights, x, y = data(size)
    variables = [torch.tensor(w, requires_grad=True) for w in weights]
    x, y = (torch.tensor(part, requires_grad=True) for part in (x, y))

    def second(u, source):
        (slope,) = torch.autograd.grad(u.sum(), source, create_graph=True)
        return torch.autograd.grad(slope.sum(), source, create_graph=True)[0]

    def call() -> list[float]:
        h = torch.cat([x, y], 1)
        for w in variables[:-1]:
            h = torch.tanh(h @ w)
        u = h @ variables[-1]
        laplacian = second(u, x) + second(u, y)
        loss = ((second(laplacian, x) + second(laplacian, y)) ** 2).mean()
        return summary(loss, torch.autograd.grad(loss, variables))

    return call


def jax(size: int) -> Call:
    """The work in JAX's words, compiled: nested forward mode."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    weights, x, y = data(size)
    variables, x, y = [jnp.asarray(w) for w in weights], jnp.asarray(x), jnp.asarray(y)

    def second(function, source):
        def along(f):
            def derived(*points):
                seeds = [jnp.ones_like(p) if i == source else jnp.zeros_like(p) for i, p in enumerate(points)]
                return jax.jvp(f, points, tuple(seeds))[1]

            return derived

        return along(along(function))

    def loss(variables):
        def u(x, y):
            h = jnp.concatenate([x, y], 1)
            for w in variables[:-1]:
                h = jnp.tanh(h @ w)
            return h @ variables[-1]

        def laplacian(x, y):
            return second(u, 0)(x, y) + second(u, 1)(x, y)

        return jnp.mean((second(laplacian, 0)(x, y) + second(laplacian, 1)(x, y)) ** 2)

    both = jax.jit(jax.value_and_grad(loss))

    def call() -> list[float]:
        return summary(*both(variables))

    return call


def network(tf, h, variables):
    """A network of tanh layers in the words of the tape."""
    for w in variables[:-1]:
        h = tf.tanh(tf.matmul(h, w))
    return tf.matmul(h, variables[-1])


def summary(loss, gradients) -> list[float]:
    """The loss, and the sum of all gradients' entries."""
    return [
        float(loss),
        float(sum(np.asarray(g.detach() if hasattr(g, "detach") else g).sum() for g in gradients)),
    ]


def expected(size: int) -> list[float]:
    """The mean square, and its derivative along all weights moving by one by a complex step, in plain NumPy."""
    weights, x, y = data(size)
    step = 1e-30
    moved = operator([w + 1j * step for w in weights], x, y)
    return [float(moved.real), float(moved.imag / step)]


def operator(weights: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> complex:
    """The mean square of the operator, from each layer's series along four directions."""
    total = 0.0
    for v, share in (((1, 0), 2 / 3), ((0, 1), 2 / 3), ((1, 1), 1 / 6), ((1, -1), 1 / 6)):
        h = [np.hstack([x, y]) @ weights[0], np.ones_like(x) * (np.array(v) @ weights[0])]
        h += [np.zeros_like(h[0]) for _ in range(3)]
        for w in weights[1:]:
            h = [part @ w for part in tanh_series(h)]
        total = total + share * 24 * h[4]
    return complex(np.mean(total**2))


def tanh_series(h: list[np.ndarray]) -> list[np.ndarray]:
    """Coefficients of tanh of a series: y' = (1 - y^2) h'."""
    y = [np.tanh(h[0])]
    for k in range(1, len(h)):
        p = [(1.0 if i == 0 else 0.0) - sum(y[j] * y[i - j] for j in range(i + 1)) for i in range(k)]
        y.append(sum(j * h[j] * p[k - j] for j in range(1, k + 1)) / k)
    return y


def of_a_formula(size: int) -> float:
    """The plate operator of w = sin(xy) exp(-x^2) + cos(x) y^3: seconds over those of nested tapes."""
    import gradtape as gt
    from benchmarks.worker import steady

    _, x, y = data(size)
    x, y = gt.constant(x), gt.constant(y)

    def w(x, y):
        return gt.sin(x * y) * gt.exp(-x * x) + gt.cos(x) * y**3

    planned = gt.partials(w, "xxxx xxyy yyyy")

    def once() -> list[float]:
        xxxx, xxyy, yyyy = planned(x, y)
        return [float(gt.reduce_sum(xxxx + 2.0 * xxyy + yyyy))]

    def laplacian(x, y):
        return second(gt, w, 0)(x, y) + second(gt, w, 1)(x, y)

    def nested() -> list[float]:
        return [float(gt.reduce_sum(second(gt, laplacian, 0)(x, y) + second(gt, laplacian, 1)(x, y)))]

    if not np.isclose(once()[0], nested()[0], rtol=1e-9):
        raise AssertionError("the two ways differ")
    return steady(once) / steady(nested)


WORKLOAD = Workload(
    name="plate",
    title="plate",
    work="u_xxxx + 2 u_xxyy + u_yyyy of a tanh network 2-64-64-64-1 at 10,000 points, and the gradient of its mean "
    "square in the weights (float64)",
    size=10_000,
    tiny=7,
    expected=expected,
    tolerance=1e-8,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "jax": jax},
    goals=(
        Goal("1/5 of nested tapes in gradtape", "seconds over those of nested tapes", 1 / 5),
        Goal("compiled: 1/5 of nested tapes in gradtape", "compiled, over nested tapes", 1 / 5),
        Goal("1/5 of nested tapes in TensorFlow", "seconds", 1 / 5, "tensorflow"),
    ),
    probes={
        "seconds over those of nested tapes": ratio_of(gradtape, nested),
        "compiled, over nested tapes": ratio_of(compiled, nested),
        "of a formula w(x, y), seconds over nested tapes": of_a_formula,
        "seconds of a compiled call": seconds_of(compiled),
    },
)
