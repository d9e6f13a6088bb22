"""Elementary functions and matrix products of complex numbers in machine code.

Against mpmath, each part of a result in units of its own last place; at the ends against NumPy, whose functions are the
C library's there (Annex G of the standard).
"""

import mpmath
import numpy as np
import pytest

import gradtape as gt
from gradtape.backends.llvm import complex_mathematics
from gradtape.core.tensor import ROWS

DTYPES = pytest.mark.parametrize("dtype", ["complex64", "complex128"])
EXACT = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "absolute": abs,
    "log2": lambda z: mpmath.log(z) / mpmath.log(2),
    "log10": lambda z: mpmath.log(z) / mpmath.log(10),
}
ALGEBRAIC = ("log", "log2", "log10", "sqrt", "absolute")
"""Those that have digits at every size of their argument."""


def compiled(f, *arguments):
    """What machine code makes of f, without a call to NumPy."""
    g = gt.function(f, backend="llvm")
    given = [gt.constant(x) for x in arguments]
    g(*given)
    y = g(*given)
    assert g.stats()["calls"] == []
    return y.numpy() if hasattr(y, "numpy") else [one.numpy() for one in y]


def numbers(dtype, count=70):
    """Numbers of every size, close to the unit circle, near multiples of half a turn, and near overflow."""
    info, rng = np.finfo(dtype), np.random.default_rng(3)

    def sizes(low, high):
        return rng.choice([-1, 1], count) * 10.0 ** rng.uniform(low, high, count)

    low, high = np.log10(float(info.tiny)) - 3, np.log10(float(info.max))
    circle = np.exp(1j * rng.uniform(-np.pi, np.pi, count))
    ends = rng.choice([-1, 1], count) * (np.log(float(info.max)) + 2 * rng.normal(size=count))
    z = [
        3 * rng.normal(size=count) + 3j * rng.normal(size=count),
        sizes(-6, 3) + 1j * sizes(-6, 3),
        sizes(low, high) + 1j * sizes(low, high),
        circle,
        circle * (1 + 1e-8 * rng.normal(size=count)),
        sizes(-3, 0) + 1j * (np.arange(count) % 40 - 20) * np.pi / 2,
        ends + 1j * sizes(-5, 2),
        sizes(-5, 2) + 1j * ends,
        1 + 1j * sizes(low, 0),
    ]
    return np.concatenate(z).astype(dtype)


def error(found, exact, info):
    """The difference of real numbers in units of the last place, 0 where both overflow."""
    if np.isinf(found):
        return 0 if abs(exact) > float(info.max) * (1 - 6 * float(info.eps)) else np.inf
    unit = np.spacing(np.minimum(np.abs(info.dtype.type(float(exact))), info.max))
    return float(abs(mpmath.mpf(float(found)) - exact) / float(unit))


@DTYPES
@pytest.mark.parametrize("name", EXACT)
def test_each_part_is_within_six_units_in_its_last_place(name, dtype):
    z, info = numbers(dtype), np.finfo(dtype)
    if name not in ALGEBRAIC:
        z = z[np.maximum(np.abs(z.real), np.abs(z.imag)) < 1e6]
    found = compiled(lambda z: ROWS[name](z), z)
    with mpmath.workprec(2300 if dtype == "complex128" and name in ("tan", "tanh") else 500):
        for given, mine in zip(z.tolist(), found.tolist(), strict=True):
            exact = EXACT[name](mpmath.mpc(given))
            errors = [
                error(np.real(mine), mpmath.re(exact), info),
                error(np.imag(mine), mpmath.im(exact), info),
            ]
            assert max(errors) <= 6, (given, mine, errors)


def test_logarithms_without_a_product_and_sum_of_one_rounding(monkeypatch):
    monkeypatch.setattr(complex_mathematics, "has", lambda *names: False)
    test_each_part_is_within_six_units_in_its_last_place("log", "complex128")


ENDS = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1.5, -2.5, 800.0, -800.0, 30.0]


@DTYPES
@pytest.mark.parametrize("name", EXACT)
def test_infinities_nan_and_zeros_are_numpys(name, dtype):
    z = np.array([complex(a, b) for a in ENDS for b in ENDS]).astype(dtype)
    found = compiled(lambda z: ROWS[name](z), z)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(z)
    assert found.dtype == expected.dtype
    for part in (np.real, np.imag):
        a, b = part(found), part(expected)
        with np.errstate(all="ignore"):
            close = np.abs(a - b) <= 12 * np.finfo(dtype).eps * np.abs(b)
        assert np.all((a == b) | (np.isnan(a) & np.isnan(b)) | close), name


@DTYPES
@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"])
def test_zeros_have_numpys_sign(name, dtype):
    """Where no part is NaN and an infinite number meets no infinite one: there the standard leaves signs open."""
    z = np.array([complex(a, b) for a in ENDS for b in ENDS]).astype(dtype)
    z = z[np.isfinite(z.real) | np.isfinite(z.imag)]
    z = z[~np.isnan(z)]
    found = compiled(lambda z: ROWS[name](z), z)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(z)
    for part in (np.real, np.imag):
        told = ~np.isnan(part(expected))
        np.testing.assert_array_equal(np.signbit(part(found))[told], np.signbit(part(expected))[told])


@DTYPES
def test_powers_are_within_their_bound(dtype):
    rng, info = np.random.default_rng(4), np.finfo(dtype)
    size = 10.0 ** rng.uniform(-3, 3, 300)
    z = (size * np.exp(1j * rng.uniform(-np.pi, np.pi, 300))).astype(dtype)
    w = (rng.normal(size=300) * 3 + 1j * rng.normal(size=300)).astype(dtype)
    w[:60] = w[:60].real
    found = compiled(lambda z, w: z**w, z, w)
    with mpmath.workprec(300):
        for base, exponent, mine in zip(z.tolist(), w.tolist(), found.tolist(), strict=True):
            exact = mpmath.power(mpmath.mpc(base), mpmath.mpc(exponent))
            bound = 4 + 2 * abs(mpmath.mpc(exponent) * mpmath.log(mpmath.mpc(base)))
            assert abs(mpmath.mpc(mine) - exact) <= bound * float(info.eps) * abs(exact)


@DTYPES
@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 7, -1, -4, 99, 0.5, -2.5, 1.5 + 2j])
def test_powers_of_a_constant_exponent_are_numpys(exponent, dtype):
    rng = np.random.default_rng(4)
    z = (rng.normal(size=101) + 1j * rng.normal(size=101)).astype(dtype)
    z[0] = 0
    n = np.asarray(exponent, dtype)[()]
    found = compiled(lambda z: gt.pow(z, gt.constant(n)), z)
    with np.errstate(all="ignore"):
        expected = np.power(z, n)
    np.testing.assert_allclose(found, expected, rtol=200 * np.finfo(dtype).eps)


def test_powers_of_zero_are_numpys():
    z, w = np.zeros(7, complex), np.array([0, 2, 0.5, -1, 1j, 1.5 + 2j, -1 - 1j])
    found = compiled(lambda z, w: z**w, z, w)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(found, z**w)


@DTYPES
@pytest.mark.parametrize("kinds", [("c", "c"), ("c", "f"), ("f", "c")])
@pytest.mark.parametrize("shapes", [((5, 3), (3, 4)), ((4, 7, 3), (4, 3, 2)), ((70, 33), (33, 1))])
def test_products_of_matrices(shapes, kinds, dtype):
    rng, real = np.random.default_rng(5), np.zeros((), dtype).real.dtype
    a, b = (
        (rng.normal(size=s) + 1j * rng.normal(size=s)).astype(dtype)
        if k == "c"
        else rng.normal(size=s).astype(real)
        for s, k in zip(shapes, kinds, strict=True)
    )
    found, turned = compiled(
        lambda a, b: [
            gt.matmul(a, b) if kinds == ("c", "c") else np.matmul(a, b),
            np.einsum("...ij,...jk->...ki", a, b),
        ],
        a,
        b,
    )
    exact = np.matmul(a.astype(complex), b.astype(complex))
    limit = 8 * np.finfo(dtype).eps * np.max(np.abs(exact))
    assert found.dtype == turned.dtype == np.dtype(dtype)
    np.testing.assert_allclose(found, exact, rtol=0, atol=limit)
    np.testing.assert_allclose(turned, np.swapaxes(exact, -1, -2), rtol=0, atol=limit)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_slope_of_a_modulus_at_the_ends(dtype):
    ends = np.array([*ENDS, np.finfo(dtype).max, np.finfo(dtype).tiny], dtype)
    a, b = (part.ravel() for part in np.meshgrid(ends, ends))
    found = compiled(lambda a, b: ROWS["hypot_slope"](a, b), a, b)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(found, ROWS["hypot_slope"].value(a, b), rtol=4 * np.finfo(dtype).eps)


def test_rows_of_a_complex_batch_are_computed_in_tiles():
    rng = np.random.default_rng(7)
    x, w = (rng.normal(size=s) + 1j * rng.normal(size=s) for s in ((3001, 5), (5, 5)))
    g = gt.function(lambda x, w: gt.sin(gt.matmul(gt.tanh(gt.matmul(x, w)), w)), backend="llvm")
    g(x, w)
    found = g(x, w)
    assert g.stats()["calls"] == []
    assert g.stats()["walks"] == 1
    np.testing.assert_allclose(found, np.sin(np.tanh(x @ w) @ w), rtol=1e-11)


def test_a_large_product_is_left_to_blas():
    rng = np.random.default_rng(8)
    a = rng.normal(size=(90, 90)) + 1j * rng.normal(size=(90, 90))
    g = gt.function(lambda a: gt.exp(0.01 * gt.matmul(a, a)), backend="llvm")
    g(a)
    np.testing.assert_allclose(g(a), np.exp(0.01 * a @ a), rtol=1e-12)
    assert g.stats()["calls"] == ["matmul"]


def test_derivatives_of_a_complex_program():
    """A small complex network, and an inner product through a root: against the tape on NumPy, and differences."""
    rng = np.random.default_rng(6)
    w, v, x = (rng.normal(size=s) + 1j * rng.normal(size=s) for s in ((3, 8), (8, 2), (50, 3)))

    def loss(w, v, x):
        h = gt.tanh(0.3 * gt.matmul(x, w)) + gt.sqrt(gt.matmul(x, w) + 5.0)
        y = gt.matmul(gt.math.log(h + 4.0) * gt.cos(0.2 * h), v) ** 3
        return gt.reduce_mean(gt.abs(y)) + gt.reduce_sum(gt.math.angle(y[0] ** (0.3 + 0.2j)))

    def program(w, v, x):
        with gt.GradientTape() as tape:
            tape.watch([w, v, x])
            y = loss(w, v, x)
        return [y, *tape.gradient(y, [w, v, x])]

    found = compiled(program, w, v, x)
    for mine, theirs in zip(found, program(*map(gt.constant, (w, v, x))), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-12)
    step, direction = 1e-6, rng.normal(size=w.shape) + 1j * rng.normal(size=w.shape)
    ends = [float(loss(*map(gt.constant, (w + t * direction, v, x)))) for t in (-step, step)]
    expected = (ends[1] - ends[0]) / (2 * step)
    np.testing.assert_allclose(np.sum(np.real(np.conj(found[1]) * direction)), expected, rtol=1e-6)
