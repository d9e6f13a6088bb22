"""seed, compiled: the tutorial's three derivatives as one recorded program."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.workload import Call, Goal, Workload


def tape_program(tf) -> Callable:  # tf is either library
    """The three derivatives in the words of the tape, which two libraries share."""

    def derivatives(x, t):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape(persistent=True) as inner:
                inner.watch([x, t])
                y = x * x * x + 2 * t
            y_x, y_t = inner.gradient(y, x), inner.gradient(y, t)
        return y_x, outer.gradient(y_x, x), y_t

    return derivatives


def jax_program() -> Callable:
    """The three derivatives in JAX's words, compiled."""
    import jax

    def y(x, t):
        return x * x * x + 2 * t

    y_x = jax.grad(y, 0)
    return jax.jit(lambda x, t: (y_x(x, t), jax.grad(y_x, 0)(x, t), jax.grad(y, 1)(x, t)))


def on_a_tape(tf) -> Call:
    """The work in the words of the tape."""
    derivatives = tf.function(tape_program(tf))
    x, t = tf.constant(1.0), tf.constant(1.0)
    found: list[float] = []

    def call() -> list[float]:
        results = derivatives(x, t)
        # Reading three numbers costs more than computing them, so it is done once; the results are computed by then.
        if not found:
            found.extend(map(float, results))
        return found

    return call


def gradtape(size: int) -> Call:
    """The work in gradtape's words."""
    import gradtape as tf

    return on_a_tape(tf)


def tensorflow(size: int) -> Call:
    """The work in TensorFlow's words."""
    import tensorflow as tf

    return on_a_tape(tf)


def jax(size: int) -> Call:
    """The work in JAX's words."""
    import jax

    derivatives = jax_program()
    x, t = jax.numpy.float32(1.0), jax.numpy.float32(1.0)
    found: list[float] = []

    def call() -> list[float]:
        results = jax.block_until_ready(derivatives(x, t))
        if not found:
            found.extend(map(float, results))
        return found

    return call


WORKLOAD = Workload(
    name="seed_compiled",
    title="seed, compiled",
    work="The tutorial's program, y = x³ + 2t, with y_x, y_xx and y_t, recorded once and called with tensors",
    size=1,
    tiny=1,
    expected=lambda size: [3.0, 6.0, 2.0],
    tolerance=0.0,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "jax": jax},
    goals=(Goal("1/15 of JAX", "seconds", 1 / 15, "jax"),),
)
