"""Our vector mathematics against mpmath: at most 4 units in the last place on the whole range."""

import mpmath
import numpy as np
import pytest

import gradtape as gt

EXACT = {
    "exp": (gt.exp, mpmath.exp),
    "expm1": (gt.math.expm1, mpmath.expm1),
    "log": (gt.math.log, mpmath.log),
    "log1p": (gt.math.log1p, mpmath.log1p),
    "sin": (gt.sin, mpmath.sin),
    "cos": (gt.cos, mpmath.cos),
    "tanh": (gt.tanh, mpmath.tanh),
    "sigmoid": (gt.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "softplus": (gt.nn.softplus, lambda x: mpmath.log1p(mpmath.exp(-abs(x))) + max(x, 0)),
    "erf": (gt.math.erf, mpmath.erf),
    "pow": (lambda x: gt.pow(x, 2.7), lambda x: mpmath.power(x, mpmath.mpf(float(np.float32(2.7))))),
}


def grid(name, dtype):
    """Random numbers of every size, dense ones where the function bends, and the neighbourhoods of its ends."""
    info, rng = np.finfo(dtype), np.random.default_rng(1)
    ends = np.log(float(info.max)) + rng.normal(size=60) * 0.5
    sizes = rng.choice([-1, 1], 500) * 10.0 ** rng.uniform(np.log10(float(info.tiny)) - 3, 6, 500)
    parts = [rng.normal(size=400), rng.uniform(-30, 30, 300), np.linspace(-1, 1, 301), sizes, ends, -ends]
    parts += [np.arange(1, 200) * np.pi / 2, np.exp(rng.normal(size=200) * 1e-3), rng.uniform(1e5, 1e9, 50)]
    x = np.concatenate(parts).astype(dtype)
    if name in ("log", "pow"):
        x = np.abs(x)
    return np.where(x <= -1, -x, x) if name == "log1p" else x


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("name", EXACT)
def test_within_four_units_in_the_last_place(name, dtype):
    function, exact = EXACT[name]
    x = grid(name, dtype)
    if name == "pow":
        exact = lambda v: mpmath.power(v, mpmath.mpf(float(dtype(2.7))))
    f = gt.function(function, backend="llvm")
    f(x)
    found = f(x).numpy()
    assert f.stats()["kernels"] == 1
    info = np.finfo(dtype)
    with mpmath.workprec(200), np.errstate(over="ignore"):
        for a, y in zip(x.tolist(), found.tolist(), strict=True):
            expected = exact(mpmath.mpf(a))
            if np.isinf(y):
                assert abs(expected) > float(info.max) * (1 - 4 * float(info.eps)), (a, y)
                continue
            unit = float(np.spacing(np.abs(dtype(float(expected)))))
            if not np.isfinite(unit):
                unit = float(np.spacing(info.max))
            assert abs(mpmath.mpf(y) - expected) <= 4 * unit, (a, y, float(expected))


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_the_bound_bites(dtype):
    x = np.linspace(0.5, 1, 100).astype(dtype)
    f = gt.function(lambda x: gt.exp(x) * dtype(1 + 8 * np.finfo(dtype).eps), backend="llvm")
    f(x)
    with mpmath.workprec(200):
        errors = [
            abs(mpmath.mpf(float(y)) - mpmath.exp(float(a))) / float(np.spacing(y))
            for a, y in zip(x, f(x).numpy(), strict=True)
        ]
    assert max(errors) > 4
