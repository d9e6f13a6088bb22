"""seed, plain floats: the tutorial's three derivatives, from Python's numbers to Python's numbers."""

from __future__ import annotations

from benchmarks.workload import Call, Goal, Workload
from benchmarks.workloads.seed_compiled import jax_program, tape_program


def gradtape(size: int) -> Call:
    """The work in gradtape's words."""
    import gradtape as tf

    derivatives = tf.function(tape_program(tf), results="python")
    return lambda: list(derivatives(1.0, 1.0))


def jax(size: int) -> Call:
    """The work in JAX's words."""
    derivatives = jax_program()
    return lambda: [float(number) for number in derivatives(1.0, 1.0)]


def casadi(size: int) -> Call:
    """The work in CasADi's words."""
    import casadi

    x, t = casadi.SX.sym("x"), casadi.SX.sym("t")
    y = x * x * x + 2 * t
    y_x = casadi.gradient(y, x)
    derivatives = casadi.Function(
        "derivatives", [x, t], [y_x, casadi.gradient(y_x, x), casadi.gradient(y, t)]
    )
    return lambda: [float(number) for number in derivatives(1.0, 1.0)]


WORKLOAD = Workload(
    name="seed_floats",
    title="seed, plain floats",
    work="The same three derivatives from Python's numbers to Python's numbers (JAX in single precision)",
    size=1,
    tiny=1,
    expected=lambda size: [3.0, 6.0, 2.0],
    tolerance=0.0,
    systems={"gradtape": gradtape, "jax": jax, "casadi": casadi},
    goals=(Goal("1/50 of JAX", "seconds", 1 / 50, "jax"),),
)
