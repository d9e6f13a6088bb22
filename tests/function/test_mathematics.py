"""Our vector mathematics against mpmath: at most 4 units in the last place on the whole range."""

import mpmath
import numpy as np
import pytest

import gradtape as gt

EXACT = {
    "exp": (gt.exp, mpmath.exp),
    "exp2": (np.exp2, lambda x: mpmath.power(2, x)),
    "expm1": (gt.math.expm1, mpmath.expm1),
    "log": (gt.math.log, mpmath.log),
    "log1p": (gt.math.log1p, mpmath.log1p),
    "log2": (np.log2, lambda x: mpmath.log(x, 2)),
    "sin": (gt.sin, mpmath.sin),
    "cos": (gt.cos, mpmath.cos),
    "tanh": (gt.tanh, mpmath.tanh),
    "sigmoid": (gt.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "softplus": (gt.nn.softplus, lambda x: mpmath.log1p(mpmath.exp(-abs(x))) + max(x, 0)),
    "tan": (gt.tan, mpmath.tan),
    "sinh": (gt.sinh, mpmath.sinh),
    "cosh": (gt.cosh, mpmath.cosh),
    "atan": (gt.atan, mpmath.atan),
    "asin": (gt.asin, mpmath.asin),
    "acos": (gt.acos, mpmath.acos),
    "asinh": (gt.asinh, mpmath.asinh),
    "acosh": (gt.acosh, mpmath.acosh),
    "atanh": (gt.atanh, mpmath.atanh),
    "erf": (gt.math.erf, mpmath.erf),
    "erfc": (gt.math.erfc, mpmath.erfc),
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
    if name in ("log", "log2", "pow"):
        x = np.abs(x)
    if name in ("asin", "acos", "atanh"):
        x = np.divide(1, x, out=x.copy(), where=np.abs(x) > 1)
        return x[np.abs(x) < 1] if name == "atanh" else x
    if name == "acosh":
        return np.maximum(np.abs(x), 1 / np.maximum(np.abs(x), info.tiny))
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


TWO = {
    "pow": (gt.pow, np.power, mpmath.power),
    "atan2": (gt.math.atan2, np.arctan2, mpmath.atan2),
    "hypot": (np.hypot, np.hypot, mpmath.hypot),
}


def pairs(name, dtype):
    """Two numbers of every size, and for powers those whose results fill the range, to its ends."""
    info, rng = np.finfo(dtype), np.random.default_rng(2)
    low, high = np.log10(float(info.tiny)) - 2, np.log10(float(info.max))
    a = rng.choice([-1, 1], 700) * 10.0 ** rng.uniform(low, high, 700)
    b = rng.choice([-1, 1], 700) * 10.0 ** rng.uniform(low, high, 700)
    near = 10.0 ** rng.uniform(-3, 3, 600)
    if name == "pow":
        a, near = np.abs(a), np.where(rng.random(600) < 0.5, near, 1 + rng.normal(size=600) * 1e-3)
        b = rng.uniform(low, high, 700) / np.log10(a)
    a, b = np.concatenate([a, near]), np.concatenate([b, rng.normal(size=600) * 30])
    with np.errstate(over="ignore"):
        a, b = a.astype(dtype), b.astype(dtype)
    good = np.isfinite(a) & np.isfinite(b) & (a != 0)
    return a[good], b[good]


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("name", TWO)
def test_two_numbers_within_four_units_in_the_last_place(name, dtype):
    function, _, exact = TWO[name]
    a, b = pairs(name, dtype)
    f = gt.function(function, backend="llvm")
    f(a, b)
    found = f(a, b).numpy()
    assert f.stats()["kernels"] == 1
    assert len(a) > 1200
    largest = float(np.finfo(dtype).max)
    with mpmath.workprec(200):
        for x, y, z in zip(a.tolist(), b.tolist(), found.tolist(), strict=True):
            expected = exact(mpmath.mpf(x), mpmath.mpf(y))
            if np.isinf(z):
                assert abs(expected) > largest * (1 - 4 * float(np.finfo(dtype).eps)), (x, y, z)
                continue
            with np.errstate(over="ignore"):
                unit = float(np.spacing(np.abs(dtype(float(expected)))))
            unit = unit if np.isfinite(unit) else float(np.spacing(dtype(largest)))
            assert abs(mpmath.mpf(z) - expected) <= 4 * unit, (x, y, z, float(expected))


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("name", TWO)
def test_two_numbers_at_the_ends_as_in_the_c_library(name, dtype):
    function, oracle, _ = TWO[name]
    info = np.finfo(dtype)
    ends = [0, 0.5, 1, 2, 2.5, 3, float(info.tiny), float(info.smallest_subnormal), float(info.max), np.inf]
    ends += [2.0**23 + 1, 2.0**53, 2.0**60]
    values = np.array([*ends, *(-x for x in ends), np.nan], dtype)
    a, b = (part.ravel() for part in np.meshgrid(values, values))
    f = gt.function(function, backend="llvm")
    f(a, b)
    found = f(a, b).numpy()
    with np.errstate(all="ignore"):
        expected = oracle(a, b)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_array_equal(np.signbit(found)[~np.isnan(found)], np.signbit(expected)[~np.isnan(found)])
    np.testing.assert_allclose(
        found, expected, rtol=4 * float(info.eps), atol=4 * float(info.smallest_subnormal)
    )


LIMITS = {
    "exp2": [1, 1, np.inf, 0, np.nan],
    "log2": [-np.inf, -np.inf, np.inf, np.nan, np.nan],
    "erf": [0, -0.0, 1, -1, np.nan],
    "erfc": [1, 1, 0, 2, np.nan],
    "sinh": [0, -0.0, np.inf, -np.inf, np.nan],
    "cosh": [1, 1, np.inf, np.inf, np.nan],
    "tan": [0, -0.0, np.nan, np.nan, np.nan],
    "asin": [0, -0.0, np.nan, np.nan, np.nan],
    "acos": [np.pi / 2, np.pi / 2, np.nan, np.nan, np.nan],
    "atan": [0, -0.0, np.pi / 2, -np.pi / 2, np.nan],
    "asinh": [0, -0.0, np.inf, -np.inf, np.nan],
    "acosh": [np.nan, np.nan, np.inf, np.nan, np.nan],
    "atanh": [0, -0.0, np.nan, np.nan, np.nan],
}
"""At 0, -0, both infinities and NaN."""


@pytest.mark.parametrize("name", sorted(LIMITS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_one_number_at_the_ends(name, dtype):
    function, exact = EXACT[name]
    f = gt.function(function, backend="llvm")
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, np.finfo(dtype).smallest_subnormal], dtype)
    f(x)
    found = f(x).numpy()
    np.testing.assert_array_equal(found[:5], np.array(LIMITS[name], dtype))
    np.testing.assert_array_equal(np.signbit(found[:2]), np.signbit(np.array(LIMITS[name][:2])))
    if name == "acosh":
        return
    assert abs(found[5] - dtype(float(exact(float(x[5]))))) <= np.abs(np.spacing(found[5]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_powers_of_two_are_exact(dtype):
    info = np.finfo(dtype)
    whole = np.arange(info.minexp - info.nmant, info.maxexp).astype(dtype)
    powers = np.ldexp(dtype(1), whole.astype(int))
    for function, given, expected in ((np.exp2, whole, powers), (np.log2, powers, whole)):
        f = gt.function(function, backend="llvm")
        f(given)
        np.testing.assert_array_equal(f(given).numpy(), expected)
