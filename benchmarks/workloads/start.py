"""start: from nothing to the first second derivative, in a process of its own."""

from __future__ import annotations

import time

from benchmarks.workload import Call, Goal, Workload


def gradtape(size: int) -> Call:
    """The work in gradtape\'s words."""
    import gradtape as tf

    return on_a_tape(tf)


def tensorflow(size: int) -> Call:
    """The work in TensorFlow\'s words."""
    import tensorflow as tf

    return on_a_tape(tf)


def on_a_tape(tf) -> Call:  # tf is either library
    """The work in the words of the tape, which two libraries share."""

    def call() -> list[float]:
        x = tf.constant(1.0)
        t = tf.constant(1.0)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            tape.watch(t)
            y = x * x * x + 2 * t
            y_x = tape.gradient(y, x)
        y_xx = tape.gradient(y_x, x)
        y_t = tape.gradient(y, t)
        return [float(y_x), float(y_xx), float(y_t)]

    return call


def torch(size: int) -> Call:
    """The work in PyTorch\'s words."""
    import torch

    def call() -> list[float]:
        x = torch.tensor(1.0, requires_grad=True)
        t = torch.tensor(1.0, requires_grad=True)
        y = x * x * x + 2 * t
        y_x, y_t = torch.autograd.grad(y, (x, t), create_graph=True)
        (y_xx,) = torch.autograd.grad(y_x, x)
        return [y_x.item(), y_xx.item(), y_t.item()]

    return call


def autograd(size: int) -> Call:
    """The work in autograd\'s words."""
    from autograd import grad

    def y(x: float, t: float) -> float:
        return x * x * x + 2 * t

    y_x, y_t = grad(y, 0), grad(y, 1)
    y_xx = grad(y_x, 0)

    def call() -> list[float]:
        return [float(y_x(1.0, 1.0)), float(y_xx(1.0, 1.0)), float(y_t(1.0, 1.0))]

    return call


def import_numpy(size: int) -> float:
    """Seconds of `import numpy`."""
    begin = time.perf_counter()
    import numpy

    del numpy
    return time.perf_counter() - begin


def import_gradtape(size: int) -> float:
    """Seconds of `import gradtape`, NumPy's included."""
    begin = time.perf_counter()
    import gradtape

    del gradtape
    return time.perf_counter() - begin


WORKLOAD = Workload(
    name="start",
    title="start",
    work="A fresh process up to the first second derivative (y = x³ + 2t)",
    size=1,
    tiny=1,
    expected=lambda size: [3.0, 6.0, 2.0],
    tolerance=0.0,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "autograd": autograd},
    goals=(
        Goal("0.35 s or less", "seconds", 0.35),
        Goal("`import gradtape` at most 0.1 s above `import numpy`", "import gradtape - import numpy", 0.1),
    ),
    probes={"import numpy": import_numpy, "import gradtape": import_gradtape},
    fresh=True,
)
