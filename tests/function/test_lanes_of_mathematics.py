"""Our vector mathematics: how good its polynomials are, and that no entry depends on those beside it."""

import mpmath
import numpy as np
import pytest

import gradtape as gt
from gradtape.backends.llvm import coefficients

RESULTS = {
    "EXP": (lambda r, p: 1 + r + r**2 * p(r), mpmath.exp, (-mpmath.log(2) / 2, mpmath.log(2) / 2)),
    "SIN": (lambda r, p: r + r**3 * p(r**2), mpmath.sin, (mpmath.mpf("1e-6"), mpmath.pi / 4)),
    "COS": (lambda r, p: 1 - r**2 / 2 + r**4 * p(r**2), mpmath.cos, (0, mpmath.pi / 4)),
    "LOG": (
        lambda s, p: 2 * s + s**3 * p(s**2),
        lambda s: mpmath.log((1 + s) / (1 - s)),
        (mpmath.mpf("1e-6"), (mpmath.sqrt(2) - 1) / (mpmath.sqrt(2) + 1)),
    ),
}
"""What is made of each polynomial, what it should be, and where."""


@pytest.mark.parametrize(("kind", "digits"), [("double", 53), ("float", 24)])
@pytest.mark.parametrize("name", RESULTS)
def test_a_polynomial_is_good_to_a_quarter_of_the_last_place(name, kind, digits):
    made, exact, (low, high) = RESULTS[name]
    terms = getattr(coefficients, name)[kind]
    if kind == "float":
        terms = np.float32(terms).tolist()
    with mpmath.workprec(200):
        polynomial = lambda x: mpmath.polyval(terms, x)
        for k in range(201):
            r = low + (high - low) * mpmath.mpf(k) / 200
            assert abs(made(r, polynomial) / exact(r) - 1) < mpmath.mpf(2) ** (-digits - 2), (name, r)


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_beside_multiples_of_a_quarter_turn(name, dtype):
    """Where almost all of an argument is taken away, as far as our own reduction goes and beyond."""
    rng = np.random.default_rng(3)
    end = 2.0**22
    counts = np.unique(np.concatenate([np.arange(1, 60), (end ** rng.random(300)).astype(int)]))
    with mpmath.workprec(120):
        x = np.array([float(int(n) * mpmath.pi / 2) for n in counts]).astype(dtype)
    x = np.concatenate([x, -np.nextafter(x, dtype(0)), np.nextafter(x, dtype(np.inf))])
    f = gt.function(getattr(gt, name), backend="llvm")
    f(x)
    found, exact = f(x).numpy(), getattr(mpmath, name)
    assert found.dtype == dtype
    with mpmath.workprec(200):
        for a, y in zip(x.tolist(), found.tolist(), strict=True):
            expected = exact(mpmath.mpf(a))
            unit = float(np.spacing(np.abs(dtype(float(expected)))))
            assert abs(mpmath.mpf(y) - expected) <= 4 * unit, (a, y, float(expected))


RARE = [0.0, -0.0, -1.0, 3e-310, 1e-40, 1e30, 1e300, 800.0, -800.0, -5.0, np.inf, -np.inf, np.nan]
FUNCTIONS = {
    "exp": gt.exp,
    "expm1": gt.math.expm1,
    "log": gt.math.log,
    "log1p": gt.math.log1p,
    "sin": gt.sin,
    "cos": gt.cos,
    "tan": gt.tan,
    "tanh": gt.tanh,
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_entry_is_the_same_to_the_bit_whatever_stands_beside_it(name, dtype):
    f = gt.function(FUNCTIONS[name], backend="llvm")
    usual = np.linspace(0.3, 40, 64, dtype=dtype)
    f(usual)
    expected = f(usual).numpy()
    for place, rare in enumerate(RARE):
        with np.errstate(over="ignore", under="ignore"):
            mixed = usual.copy()
            mixed[place::16] = dtype(rare)
        rest = np.arange(64) % 16 != place
        np.testing.assert_array_equal(f(mixed).numpy()[rest], expected[rest])
