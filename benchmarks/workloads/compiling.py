"""compiling: how long it takes to record and compile a program anew, and where the time goes.

Nothing is found on disk, LLVM is loaded, and what programs share is there: the function that runs their loops, and
functions of mathematics that are called. The programs are of four kinds, each of about as many operations as asked
for: a chain of numbers in which no stretch repeats itself, the gradient of such a chain over 1,000 entries, the
gradient of a network, and that of a residual with second derivatives of a network. CPU time counts, the least of a few
times, so that a busy machine disturbs little.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from typing import Any
from unittest import mock

from benchmarks.workload import Call, Goal, Workload

SIZE = 200
STAGES = ("recording", "passes", "text", "LLVM before emission", "LLVM's emission")


def chain(xp: Any, x: Any, count: int) -> Any:
    """About so many operations on two running values, of kinds drawn by lot."""
    import random

    lot = random.Random(0)
    y = z = x
    for _ in range(max(count // 2, 1)):
        kind = lot.randrange(6)
        if kind == 0:
            y, z = z, xp.sin(y) * 0.5 + z
        elif kind == 1:
            y, z = xp.tanh(y) - z, y
        elif kind == 2:
            y, z = y * z, z + 0.5
        elif kind == 3:
            y, z = z / (1.0 + y * y), y
        elif kind == 4:
            y, z = xp.exp(-y * y), z
        else:
            y, z = y - z * 0.25, z
    return y + z


def numbers(gt: Any, count: int) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A chain of numbers."""
    return lambda x: chain(gt, x, count), (gt.constant(0.5, dtype=gt.float64),)


def vectors(gt: Any, count: int) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The gradient of a chain over 1,000 entries."""
    import numpy as np

    def slope(x: Any) -> Any:
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.reduce_sum(chain(gt, x, max(count // 4, 2)))
        return tape.gradient(y, x)

    return slope, (gt.constant(np.linspace(0.1, 1.0, 1000)),)


def network(gt: Any, count: int) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The gradient of a network of layers of 16 in its weights."""
    import numpy as np

    rng = np.random.default_rng(0)
    weights = [gt.Variable(rng.normal(size=(16, 16)) / 4) for _ in range(max(count // 10, 2))]

    def step(x: Any) -> Any:
        with gt.GradientTape() as tape:
            h = x
            for w in weights:
                h = gt.tanh(h @ w)
            loss = gt.reduce_mean(h * h)
        return tape.gradient(loss, weights)

    return step, (gt.constant(rng.normal(size=(64, 16))),)


def residual(gt: Any, count: int) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The gradient of u_t + u u_x - u_xx / 100 of a network, the inner derivatives by nested tapes."""
    import numpy as np

    rng = np.random.default_rng(0)
    widths = (2, *(16,) * max(count // 95 - 1, 1), 1)
    weights = [gt.Variable(rng.normal(size=pair) / 4) for pair in pairwise(widths)]

    def step(x: Any, t: Any) -> Any:
        with gt.GradientTape() as tape:
            with gt.GradientTape() as outer:
                outer.watch(x)
                with gt.GradientTape(persistent=True) as inner:
                    inner.watch([x, t])
                    h = gt.concat([x, t], 1)
                    for w in weights[:-1]:
                        h = gt.tanh(h @ w)
                    u = h @ weights[-1]
                u_x, u_t = inner.gradient(u, x), inner.gradient(u, t)
            loss = gt.reduce_mean((u_t + u * u_x - 0.01 * outer.gradient(u_x, x)) ** 2)
        return tape.gradient(loss, weights)

    return step, tuple(gt.constant(rng.normal(size=(200, 1))) for _ in range(2))


KINDS = {"numbers": numbers, "vectors": vectors, "network": network, "residual": residual}


@contextmanager
def watched(spent: dict[str, float]) -> Iterator[None]:
    """Enter CPU time into `spent` by stage, each without what others spend inside it."""
    from gradtape import backends
    from gradtape.backends.llvm import engine

    clock = time.process_time

    def timed(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **settings: Any) -> Any:
            begin, others = clock(), sum(spent.values())
            try:
                return function(*given, **settings)
            finally:
                spent[stage] += clock() - begin - (sum(spent.values()) - others)

        return call

    places = [
        (backends, "rolled", "passes"),
        (backends, "simplified", "passes"),
        (backends, "trimmed", "passes"),
        (backends.llvm, "compile", "text"),
        (backends.llvm, "entry", "text"),
        (engine, "_compiled", "LLVM before emission"),
        (engine._compiler().machine, "emit_object", "LLVM's emission"),
    ]
    with ExitStack() as stack:
        for place, name, stage in places:
            stack.enter_context(mock.patch.object(place, name, timed(stage, getattr(place, name))))
        yield


@functools.lru_cache(maxsize=64)
def spent(kind: str, count: int) -> dict[str, float]:
    """Seconds of CPU time by stage to record and compile a program of so many operations."""
    import warnings

    import gradtape as gt

    prepare, clock = KINDS[kind], time.process_time
    found: list[dict[str, float]] = []
    with mock.patch.dict(os.environ, {"GRADTAPE_CACHE": "off"}), warnings.catch_warnings():
        warnings.simplefilter("ignore", gt.PersistentTapeWarning)
        for _ in range(1 if count > 5000 else 4):
            program, arguments = prepare(gt, count)
            stages = dict.fromkeys(STAGES, 0.0)
            with watched(stages):
                fast = gt.function(program)
                begin = clock()
                fast(*arguments)
                stages["recording"] = clock() - begin
                fast(*arguments)
            found.append(stages | {"all": clock() - begin})
        return min(found, key=lambda stages: stages["all"])


def probe(kind: str, count: int, stage: str = "all") -> Callable[[int], float]:
    """A probe: milliseconds of CPU time; `count` is for the workload's own size, and grows with it."""
    return lambda size: 1e3 * spent(kind, max(count * size // SIZE, 20))[stage] + 1e-9


def anew(xp: Any, function: Callable[..., Any], x: Any, count: int) -> Call:
    """A call that compiles the chain of numbers anew, and runs it."""

    def call() -> list[float]:
        fast = function(lambda x: chain(xp, x, count))
        fast(x)
        return [float(fast(x))]

    return call


def gradtape(size: int) -> Call:
    """In gradtape's words; without what lies on disk."""
    os.environ["GRADTAPE_CACHE"] = "off"
    import gradtape as gt

    return anew(gt, gt.function, gt.constant(0.5, dtype=gt.float64), size)


def jax(size: int) -> Call:
    """In JAX's words."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    return anew(jnp, jax.jit, jnp.asarray(0.5), size)


def expected(size: int) -> list[float]:
    """The chain in plain Python."""
    import math

    return [chain(math, 0.5, size)]


def _name(kind: str, count: int) -> str:
    return f"ms, {kind}, {count:,} operations"


WORKLOAD = Workload(
    name="compiling",
    title="compiling",
    work="A chain of 200 operations on numbers recorded and compiled anew, and run; below the CPU time of other "
    "programs, without what is kept on disk, in milliseconds",
    size=SIZE,
    tiny=2,
    expected=expected,
    tolerance=1e-12,
    systems={"gradtape": gradtape, "jax": jax},
    goals=(
        Goal("under JAX", "seconds", 1.0, "jax"),
        *(Goal(f"50 ms for 200 operations: {kind}", _name(kind, 200), 50.0) for kind in KINDS),
        *(Goal(f"300 ms for 2,000 operations: {kind}", _name(kind, 2000), 300.0) for kind in KINDS),
        *(Goal(f"3 s for 20,000 operations: {kind}", _name(kind, 20000), 3000.0) for kind in KINDS),
    ),
    probes={_name(kind, count): probe(kind, count) for kind in KINDS for count in (20, 200, 2000, 20000)}
    | {f"{_name(kind, 2000)}, {stage}": probe(kind, 2000, stage) for kind in KINDS for stage in STAGES},
)
