"""mixed: one mixed partial of order four, and all partials to order four in three variables."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from benchmarks.probes import ratio_of, seconds_of
from benchmarks.workload import Call, Goal, Workload

WORDS = ["".join(c) for k in range(1, 5) for c in combinations_with_replacement("xyz", k)]


def data(size: int) -> np.ndarray:
    """Points in four variables."""
    return np.random.default_rng(2).uniform(0.5, 1.0, (4, size))


def program(size: int):
    """Both, planned, and their means."""
    import gradtape as gt

    points = [gt.constant(p) for p in data(size)]
    single = gt.partials(lambda a, b, c, d: gt.sin(a**2 * b**2 * c**2 * d**2), "abcd")
    every = gt.partials(lambda x, y, z: gt.sin(x * y) * gt.exp(y * z), WORDS)

    def both(*points):
        return [gt.reduce_mean(p) for p in [*single(*points), *every(*points[:3])]]

    return both, points


def gradtape(size: int) -> Call:
    """The work in gradtape's words."""
    both, points = program(size)
    return lambda: [float(p) for p in both(*points)]


def compiled(size: int) -> Call:
    """The same under `gt.function`."""
    import gradtape as gt

    both, points = program(size)
    fast = gt.function(both)
    return lambda: [float(p) for p in fast(*points)]


def nested_forward(size: int) -> Call:
    """An accumulator in an accumulator for each order and partial."""
    import gradtape as gt

    points = [gt.constant(p) for p in data(size)]

    def partial(function, places, points):
        if not places:
            return function(*points)
        with gt.autodiff.ForwardAccumulator(
            points[places[0]], gt.ones_like(points[places[0]])
        ) as accumulator:
            y = partial(function, places[1:], points)
        return accumulator.jvp(y, "zero")

    def call() -> list[float]:
        found = [partial(lambda a, b, c, d: gt.sin(a**2 * b**2 * c**2 * d**2), [0, 1, 2, 3], points)]
        for word in WORDS:
            places = ["xyz".index(letter) for letter in word]
            found.append(partial(lambda x, y, z: gt.sin(x * y) * gt.exp(y * z), places, points[:3]))
        return [float(np.mean(p.numpy())) for p in found]

    return call


def jax(size: int) -> Call:
    """Nested forward mode, compiled."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    points = [jnp.asarray(p) for p in data(size)]

    def along(function, place):
        def derived(*points):
            seeds = tuple(jnp.ones_like(p) if i == place else jnp.zeros_like(p) for i, p in enumerate(points))
            return jax.jvp(function, points, seeds)[1]

        return derived

    def partial(function, places):
        for place in places:
            function = along(function, place)
        return function

    def program(a, b, c, d):
        found = [partial(lambda a, b, c, d: jnp.sin(a**2 * b**2 * c**2 * d**2), [0, 1, 2, 3])(a, b, c, d)]
        for word in WORDS:
            places = ["xyz".index(letter) for letter in word]
            found.append(partial(lambda x, y, z: jnp.sin(x * y) * jnp.exp(y * z), places)(a, b, c))
        return [p.mean() for p in found]

    compiled = jax.jit(program)

    def call() -> list[float]:
        return [float(p) for p in compiled(*points)]

    return call


def expected(size: int) -> list[float]:
    """From SymPy's formulas."""
    import sympy

    points = data(size)
    a, b, c, d = sympy.symbols("a b c d")
    x, y, z = sympy.symbols("x y z")
    formulas = [((a, b, c, d), sympy.diff(sympy.sin(a**2 * b**2 * c**2 * d**2), a, b, c, d))]
    every = sympy.sin(x * y) * sympy.exp(y * z)
    formulas += [((x, y, z), sympy.diff(every, *sympy.symbols(list(word)))) for word in WORDS]
    return [
        float(np.mean(sympy.lambdify(symbols, formula, "numpy")(*points[: len(symbols)])))
        for symbols, formula in formulas
    ]


WORKLOAD = Workload(
    name="mixed",
    title="mixed",
    work="The partial abcd of sin(a²b²c²d²), and all 34 partials to order 4 of sin(xy) exp(yz), at 100,000 points "
    "(float64)",
    size=100_000,
    tiny=3,
    expected=expected,
    tolerance=1e-10,
    systems={"gradtape": gradtape, "jax": jax},
    goals=(
        Goal("1/5 of nested forward mode", "seconds over those of nested forward mode", 1 / 5),
        Goal("compiled: 1/5 of nested forward mode", "compiled, over nested forward mode", 1 / 5),
    ),
    probes={
        "seconds over those of nested forward mode": ratio_of(gradtape, nested_forward),
        "compiled, over nested forward mode": ratio_of(compiled, nested_forward),
        "seconds of a compiled call": seconds_of(compiled),
    },
)
