"""seed, eager: the tutorial's three derivatives, one call after another."""

from __future__ import annotations

from benchmarks.workload import Goal, Workload
from benchmarks.workloads.start import autograd, gradtape, tensorflow, torch

WORKLOAD = Workload(
    name="seed_eager",
    title="seed, eager",
    work="The tutorial's program, y = x³ + 2t: y_x inside a persistent tape, y_xx and y_t outside it",
    size=1,
    tiny=1,
    expected=lambda size: [3.0, 6.0, 2.0],
    tolerance=0.0,
    systems={"gradtape": gradtape, "tensorflow": tensorflow, "torch": torch, "autograd": autograd},
    goals=(
        Goal("1/20 of TensorFlow", "seconds", 1 / 20, "tensorflow"),
        Goal("1/3 of PyTorch", "seconds", 1 / 3, "torch"),
    ),
)
