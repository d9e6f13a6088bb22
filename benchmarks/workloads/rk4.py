"""rk4: the gradient of an orbit's end in the parameters and the start, through thousands of Runge-Kutta steps."""

from __future__ import annotations

from benchmarks.probes import seconds_of
from benchmarks.workload import Call, Goal, Workload

H = 0.001
GIVEN = (1.5, 1.0, 1.0, 3.0, 1.0, 1.2)
"""Four rates of the predators and their prey (Lotka and Volterra), and how many of each there are at the start."""


def flow(p, y):
    """How fast the numbers of prey and predators change."""
    return p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - p[3] * y[1]


def step(p, y):
    """One step of the classical Runge-Kutta method, in any library's numbers."""
    k1 = flow(p, y)
    k2 = flow(p, [a + H / 2 * k for a, k in zip(y, k1, strict=True)])
    k3 = flow(p, [a + H / 2 * k for a, k in zip(y, k2, strict=True)])
    k4 = flow(p, [a + H * k for a, k in zip(y, k3, strict=True)])
    stages = zip(y, k1, k2, k3, k4, strict=True)
    return tuple(a + H / 6 * (b + 2 * c + 2 * d + e) for a, b, c, d, e in stages)


def expected(size: int) -> list[float]:
    """The gradient of |y|^2 at the end, by complex steps (Squire and Trapp 1998)."""
    found = []
    for k in range(6):
        z = [complex(value, 1e-30 if i == k else 0.0) for i, value in enumerate(GIVEN)]
        y = tuple(z[4:])
        for _ in range(size):
            y = step(z, y)
        found.append((y[0] * y[0] + y[1] * y[1]).imag / 1e-30)
    return found


def on_a_tape(tf, size: int) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share: one loop."""

    @tf.function
    def gradient(*z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            y = tf.scan(lambda y, _: step(z, y), tf.zeros(size, tf.float64), (z[4], z[5]))
            loss = y[0][-1] ** 2 + y[1][-1] ** 2
        return tape.gradient(loss, z)

    return calling(tf, gradient)


def calling(tf, gradient) -> Call:
    """A call of the recorded gradient."""
    z = [tf.constant(value, tf.float64) for value in GIVEN]
    return lambda: [float(g) for g in gradient(*z)]


def gradtape(size: int) -> Call:
    """The work in gradtape's words."""
    import gradtape as tf

    return on_a_tape(tf, size)


def python_loop(size: int) -> Call:
    """The same with a loop of Python's, which the compiler finds."""
    import gradtape as tf

    @tf.function
    def gradient(*z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            y = z[4:]
            for _ in range(size):
                y = step(z, y)
            loss = y[0] ** 2 + y[1] ** 2
        return tape.gradient(loss, z)

    call = calling(tf, gradient)
    call()  # records
    call()  # compiles
    return call


def tensorflow(size: int) -> Call:
    """The work in TensorFlow's words."""
    import tensorflow as tf

    return on_a_tape(tf, size)


def torch(size: int) -> Call:
    """The work in PyTorch's words."""
    import torch

    def call() -> list[float]:
        z = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in GIVEN]
        y = tuple(z[4:])
        for _ in range(size):
            y = step(z, y)
        return [float(g) for g in torch.autograd.grad(y[0] ** 2 + y[1] ** 2, z)]

    return call


def jax(size: int) -> Call:
    """The work in JAX's words."""
    import jax

    jax.config.update("jax_enable_x64", True)

    def loss(*z):
        y, _ = jax.lax.scan(lambda y, _: (step(z, y), None), (z[4], z[5]), None, length=size)
        return y[0] ** 2 + y[1] ** 2

    gradient = jax.jit(jax.grad(loss, tuple(range(6))))
    z = [jax.numpy.asarray(value) for value in GIVEN]
    return lambda: [float(g) for g in jax.block_until_ready(gradient(*z))]


def casadi(size: int) -> Call:
    """The work in CasADi's words: a step as an expression of numbers, folded."""
    import casadi

    y, p = casadi.SX.sym("y", 2), casadi.SX.sym("p", 4)
    after = casadi.vertcat(*step(casadi.vertsplit(p), casadi.vertsplit(y)))
    loop = casadi.Function("step", [y, p], [after]).fold(size)
    start, rates = casadi.MX.sym("y", 2), casadi.MX.sym("p", 4)
    loss = casadi.sumsqr(loop(start, rates))
    slopes = casadi.gradient(loss, rates), casadi.gradient(loss, start)
    gradient = casadi.Function("gradient", [start, rates], slopes)
    given = casadi.DM(GIVEN[4:]), casadi.DM(GIVEN[:4])

    def call() -> list[float]:
        return [float(g) for part in gradient(*given) for g in casadi.vertsplit(part)]

    return call


WORKLOAD = Workload(
    name="rk4",
    title="rk4",
    work="2,000 Runge-Kutta steps of two species, the gradient of |y|^2 at the end in four parameters and two starts, "
    "double precision, a scan recorded once (PyTorch at once)",
    size=2_000,
    tiny=40,
    expected=expected,
    tolerance=1e-9,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "jax": jax, "casadi": casadi},
    goals=(Goal("1/10 of CasADi", "seconds", 1 / 10, "casadi"),),
    probes={"seconds of a Python loop": seconds_of(python_loop)},
)
