"""Special functions: values and derivatives to the fourth order against mpmath at 50 digits, and their edges.

A derivative of order n may be wrong by 1e-12 of itself, or by its condition number's share of the rounding of x. The
reference of a Bessel function's derivative is the sum over neighbouring orders (DLMF 10.6.7, 10.29.5), which loses
digits that mpmath has to spare; others are differentiated by mpmath.
"""

import subprocess
import sys

import mpmath as mp
import numpy as np
import pytest

import gradtape as gt
from gradtape.core.primitive import Primitive
from gradtape.core.tensor import ROWS
from gradtape.ops import bessel, elliptic, incomplete, integral, special

math = gt.math
inf, nan = np.inf, np.nan
EPSILON = np.finfo(float).eps


def derivatives(function, x, order):
    """The function and its derivatives up to an order at the points x, by nested tapes."""
    t = gt.constant(np.asarray(x, float))
    tapes = [gt.GradientTape() for _ in range(order)]
    for tape in tapes:
        tape.__enter__()
        tape.watch(t)
    y = function(t)
    found = [y.numpy()]
    for tape in reversed(tapes):
        tape.__exit__(None, None, None)
        y = tape.gradient(y, t)
        found.append(y.numpy())
    return found


def gradient(function, *xs):
    ts = [gt.constant(x, gt.float64) for x in xs]
    with gt.GradientTape() as tape:
        tape.watch(ts)
        y = function(*ts)
    return [float(g) for g in tape.gradient(y, ts)]


def assert_exact(function, reference, points, order=4):
    """`reference(x, n)` gives the exact derivative of order n."""
    found = derivatives(function, points, order)
    for i, point in enumerate(points):
        with mp.workdps(60):
            exact = [reference(mp.mpf(point), n) for n in range(order + 2)]
        for n in range(order + 1):
            error = float(abs(mp.mpf(float(found[n][i])) - exact[n]))
            share = 8 * EPSILON * float(abs(point * exact[n + 1]))
            assert error <= max(1e-12 * float(abs(exact[n])), share), (point, n, error, float(exact[n]))


def by_mpmath(function):
    return lambda x, n: mp.re(mp.diff(function, x, n) if n else function(x))


def of_order(function, v, below, above, scale=0):
    """Derivatives of exp(scale * x) times a Bessel function, whose derivative is a sum of neighbouring orders."""

    def plain(x, n):
        terms = (
            mp.binomial(n, i) * below ** (n - i) * above**i * function(v - n + 2 * i, x) for i in range(n + 1)
        )
        return mp.fsum(terms) / mp.mpf(2) ** n

    def derivative(x, n):
        if not scale:
            return plain(x, n)
        terms = (mp.binomial(n, k) * mp.mpf(scale) ** (n - k) * plain(x, k) for k in range(n + 1))
        return mp.exp(scale * x) * mp.fsum(terms)

    return derivative


REAL = [-3.0, -1.2, -0.1, 1e-3, 0.5, 1.7, 4.0]
POSITIVE = [1e-3, 0.3, 1.0, 1.4, 2.5, 7.0, 30.0, 200.0]
NEGATIVE = [-0.5, -2.3, -20.7]
SCALAR = {
    "erf": (math.erf, mp.erf, REAL),
    "erfc": (math.erfc, mp.erfc, [*REAL, 6.5, 20.0]),
    "erfcx": (
        math.erfcx,
        lambda x: mp.exp(x * x) * mp.erfc(x),
        [-5.0, -1.0, 1e-3, 0.2, 1.0, 3.0, 10.0, 100.0],
    ),
    "erfinv": (math.erfinv, mp.erfinv, [-0.99, -0.3, 1e-4, 0.2, 0.7, 0.999]),
    "erfcinv": (math.erfcinv, lambda x: mp.erfinv(1 - x), [1e-30, 1e-5, 0.1, 0.7, 0.99, 1.01, 1.3, 1.9]),
    "ndtri": (math.ndtri, lambda x: mp.sqrt(2) * mp.erfinv(2 * x - 1), [1e-30, 0.01, 0.3, 0.51, 0.9, 0.999]),
    "lgamma": (math.lgamma, lambda x: mp.log(abs(mp.gamma(x))), POSITIVE + NEGATIVE),
    "digamma": (math.digamma, mp.digamma, POSITIVE + NEGATIVE),
    "polygamma": (lambda x: math.polygamma(3.0, x), lambda x: mp.polygamma(3, x), POSITIVE + NEGATIVE),
    "zeta in q": (lambda x: math.zeta(2.5, x), lambda x: mp.zeta(2.5, x), POSITIVE[1:]),
    "expint": (math.special.expint, mp.ei, [-30.0, -2.0, -0.1, 0.01, 0.3, 1.0, 5.0, 100.0]),
    "fresnel_sin": (math.special.fresnel_sin, mp.fresnels, REAL),
    "fresnel_cos": (math.special.fresnel_cos, mp.fresnelc, REAL),
    "spence": (
        math.special.spence,
        lambda x: mp.re(mp.polylog(2, 1 - x)),
        [1e-3, 0.29, 0.31, 0.7, 0.999, 1.001, 1.4, 3.9, 4.1, 50.0],
    ),
    "dawsn": (
        math.special.dawsn,
        lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x),
        [-3.0, 1e-3, 0.49, 0.51, 1.0, 3.0, 6.0, 20.0, 100.0],
    ),
    "sinc": (np.sinc, lambda x: mp.sincpi(x), [-3.2, 1e-3, 0.2, 0.9, 2.3, 3.9, 4.3, 20.3]),
    "xlog1py": (lambda x: math.xlog1py(0.7, x), lambda x: mp.mpf(0.7) * mp.log(1 + x), [-0.9, 1e-9, 3.0]),
    "log_sigmoid": (math.log_sigmoid, lambda x: -mp.log(1 + mp.exp(-x)), [-2.0, 0.3, 2.0]),
}


@pytest.mark.parametrize("name", SCALAR)
def test_exact_to_the_fourth_order(name):
    function, reference, points = SCALAR[name]
    assert_exact(function, by_mpmath(reference), points)


ENDS = [1e-2, 0.4, 1.3, 2.9, 8.0, 25.0]
BESSEL = {
    "bessel_j": (mp.besselj, 1, -1, 0, [*ENDS, -1.7]),
    "bessel_y": (mp.bessely, 1, -1, 0, ENDS),
    "bessel_i": (mp.besseli, 1, 1, 0, [*ENDS, -1.7]),
    "bessel_k": (mp.besselk, -1, -1, 0, ENDS),
    "bessel_ie": (mp.besseli, 1, 1, -1, [*ENDS, 300.0]),
    "bessel_ke": (mp.besselk, -1, -1, 1, [1e-5, *ENDS, 300.0, 1e4]),
}


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("name", BESSEL)
def test_bessel_functions_are_exact_to_the_fourth_order(name, order):
    reference, below, above, scale, points = BESSEL[name]
    spelled = f"{name[:8]}{order}{name[8:]}"
    assert_exact(getattr(math.special, spelled), of_order(reference, order, below, above, scale), points)


# shape parameters


@pytest.mark.parametrize(
    ("a", "x"),
    [
        (0.05, 0.01),
        (0.3, 5.0),
        (0.7, 0.6),
        (2.0, 5.0),
        (3.2, 0.9),
        (3.2, 4.5),
        (40.0, 36.0),
        (2000.0, 1990.0),
    ],
)
def test_incomplete_gamma(a, x):
    # mpmath differentiates in the shape slowly: two orders there, four in x, where the density is elementary.
    def density(t, n):
        return mp.diff(lambda s: s ** (mp.mpf(a) - 1) * mp.exp(-s - mp.loggamma(a)), t, n)

    def in_x(t, n):
        return density(t, n - 1) if n else mp.gammainc(a, 0, t, regularized=True)

    def in_shape(s, n):
        return mp.diff(lambda v: mp.gammainc(v, 0, mp.mpf(x), regularized=True), s, n)

    assert_exact(lambda t: math.igamma(a, t), in_x, [x])
    assert_exact(lambda s: math.igamma(s, x), in_shape, [a], order=2)


def test_incomplete_gamma_to_the_fourth_order_in_its_shape():
    def exact(s, n):
        return mp.diff(lambda v: mp.gammainc(v, 0, mp.mpf(5), regularized=True), s, n)

    assert_exact(lambda s: math.igamma(s, 5.0), exact, [0.3, 2.0])
    assert_exact(lambda s: math.igammac(s, 5.0), lambda s, n: (n == 0) - exact(s, n), [2.0])


def test_incomplete_gamma_keeps_the_digits_of_its_tails():
    def exact(s, n):
        return mp.diff(lambda v: mp.gammainc(v, 50, mp.inf, regularized=True), s, n)

    assert_exact(lambda s: math.igammac(s, 50.0), exact, [0.3, 2.0], order=1)


@pytest.mark.parametrize(
    ("a", "b", "x"),
    [
        (0.5, 0.7, 0.3),
        (2.0, 3.0, 0.4),
        (2.0, 3.0, 0.9),
        (30.0, 4.0, 0.85),
        (0.05, 0.08, 0.6),
        (200.0, 300.0, 0.41),
    ],
)
def test_incomplete_beta(a, b, x):
    def of(*arguments):
        return mp.betainc(arguments[0], arguments[1], 0, arguments[2], regularized=True)

    with mp.workdps(30):
        exact = [
            mp.diff(lambda s: of(s, b, mp.mpf(x)), a),
            mp.diff(lambda s: of(a, s, mp.mpf(x)), b),
            mp.mpf(x) ** (a - 1) * (1 - mp.mpf(x)) ** (b - 1) / mp.beta(a, b),
        ]
    found = gradient(math.betainc, a, b, x)
    np.testing.assert_allclose(found, [float(g) for g in exact], rtol=1e-12)


def test_mixed_second_derivatives_of_incomplete_beta():
    a, b, x = (gt.constant(v, gt.float64) for v in (2.0, 3.0, 0.4))
    with gt.GradientTape(persistent=True) as outer:
        outer.watch((a, b, x))
        with gt.GradientTape() as inner:
            inner.watch((a, b, x))
            y = math.betainc(a, b, x)
        first = inner.gradient(y, (a, b, x))
    found = np.array([[float(g) for g in outer.gradient(f, (a, b, x))] for f in first])
    with mp.workdps(25):
        of = lambda u, v, t: mp.betainc(u, v, 0, t, regularized=True)
        orders = [
            [(2, 0, 0), (1, 1, 0), (1, 0, 1)],
            [(1, 1, 0), (0, 2, 0), (0, 1, 1)],
            [(1, 0, 1), (0, 1, 1), (0, 0, 2)],
        ]
        exact = [[float(mp.diff(of, (2, 3, mp.mpf(0.4)), order)) for order in row] for row in orders]
    np.testing.assert_allclose(found, exact, rtol=1e-9)  # mpmath's mixed differences hold so many digits
    np.testing.assert_allclose(found, found.T, rtol=1e-12)


@pytest.mark.parametrize("q", [0.7, 30.0])
def test_zeta_in_its_exponent(q):
    assert_exact(lambda s: math.zeta(s, q), by_mpmath(lambda s: mp.zeta(s, mp.mpf(q))), [1.1, 2.5, 6.0])


# limits and edges


@pytest.mark.parametrize(
    ("function", "point", "expected"),
    [
        (math.erf, inf, [1, 0, 0, 0]),
        (math.erf, -inf, [-1, 0, 0, 0]),
        (math.erfc, 30.0, [0, 0, 0, 0]),
        (math.erfcx, inf, [0, 0, 0, 0]),
        (math.erfinv, 1.0, [inf, inf, inf, inf]),
        (math.erfcinv, 0.0, [inf, -inf, inf]),
        (math.ndtri, 0.0, [-inf, inf, -inf]),
        (math.ndtri, 2.0, [nan, nan]),
        (math.lgamma, 0.0, [inf, -inf, inf]),
        (math.lgamma, -1.0, [inf, nan]),
        (math.lgamma, inf, [inf, inf, 0, 0]),
        (math.digamma, -3.0, [nan, nan]),
        (math.special.dawsn, inf, [0, 0, 0]),
        (math.special.dawsn, 0.0, [0, 1, 0, -4, 0]),
        (math.special.spence, 1.0, [0, -1, 0.5, -2 / 3, 1.5]),
        (math.special.spence, 0.0, [np.pi**2 / 6, -inf, inf]),
        (math.special.spence, -0.5, [nan, nan]),
        (math.special.expint, 0.0, [-inf, inf]),
        (math.special.expint, -inf, [0, 0, 0]),
        (math.special.expint, 712.0, [float(mp.ei(712)), float(mp.exp(712) / 712)]),
        (np.sinc, 0.0, [1, 0, -(np.pi**2) / 3, 0, np.pi**4 / 5]),
        (math.bessel_i0, 0.0, [1, 0, 0.5, 0, 0.375]),
        (math.bessel_i1, 0.0, [0, 0.5, 0, 0.375]),
        (math.bessel_i0e, 0.0, [1, 0, 1.5]),
        (math.bessel_i1e, 0.0, [0, 0.5, 0]),
        (math.bessel_i0e, inf, [0, 0, 0]),
        (math.special.bessel_j0, 0.0, [1, 0, -0.5, 0, 0.375]),
        (math.special.bessel_j1, 0.0, [0, 0.5, 0, -0.375]),
        (math.special.bessel_k0, 0.0, [inf, -inf, inf]),
        (math.special.bessel_k0e, 0.0, [inf, -inf, inf]),
        (math.special.bessel_k1e, inf, [0, 0, 0]),
        (math.special.bessel_y0, 0.0, [-inf, inf]),
        (math.special.bessel_k0, -1.0, [nan, nan]),
        (lambda x: math.igamma(1.0, x), 0.0, [0, 1, -1, 1]),
        (lambda x: math.igamma(2.0, x), 0.0, [0, 0, 1, -2]),
        (lambda x: math.igamma(0.5, x), 0.0, [0, inf]),
        (lambda x: math.igamma(2.0, x), inf, [1, 0, 0]),
        (lambda x: math.betainc(1.0, 3.0, x), 0.0, [0, 3, -6, 6]),
        (lambda x: math.betainc(1.0, 3.0, x), 1.0, [1, 0, 0, 6]),
        (lambda a: math.igamma(a, 0.0), 2.0, [0, 0, 0]),
        (lambda a: math.betainc(a, 2.0, 1.0), 2.0, [1, 0, 0]),
        (math.reciprocal_no_nan, 0.0, [0, 0, 0]),
    ],
)
def test_limits(function, point, expected):
    found = derivatives(function, point, len(expected) - 1)
    np.testing.assert_allclose(found, expected, rtol=2e-13, atol=1e-15)


@pytest.mark.parametrize("tiny", [5e-324, 1e-310])
def test_subnormal_arguments(tiny):
    assert derivatives(math.erf, tiny, 1)[1] == pytest.approx(2 / np.sqrt(np.pi))
    assert derivatives(math.erfcinv, tiny, 1)[0] == pytest.approx(
        {5e-324: 27.213293210812949, 1e-310: 26.644806559364765}[tiny]
    )
    assert derivatives(math.special.bessel_k0e, tiny, 1)[1] == -inf
    np.testing.assert_allclose(derivatives(math.special.dawsn, tiny, 2), [tiny, 1, -4 * tiny], rtol=1e-15)


def test_products_settled_at_zero():
    # TensorFlow's values: constant in both where x = 0.
    assert gradient(math.xlog1py, 0.0, 0.5) == [0.0, 0.0]
    assert gradient(math.xlog1py, 0.0, -1.0) == [0.0, 0.0]
    assert gradient(math.xlogy, 0.0, 0.0) == [0.0, 0.0]
    assert gradient(math.xlog1py, 2.0, 1.0) == pytest.approx([np.log(2), 1.0])
    assert gradient(math.nextafter, 1.0, 2.0) == [1.0, 0.0]
    assert math.nextafter(gt.constant(1.0), 2.0).numpy() == np.nextafter(np.float32(1), np.float32(2))


def test_there_is_no_derivative_in_an_order():
    with pytest.raises(LookupError, match="no entry for: polygamma in its order"):
        gradient(math.polygamma, 1.0, 2.0)
    with pytest.raises(LookupError, match="no entry for: jv in its order"):
        gradient(bessel.jv, 1.0, 2.0)


# manners


@pytest.mark.parametrize("dtype", [gt.float16, gt.float32, gt.float64])
def test_dtype_is_kept_and_low_precision_is_rounded_double(dtype):
    x = gt.constant([0.3, 0.7], dtype)
    for name in math.special.__all__:
        wide = getattr(math.special, name)(gt.cast(x, gt.float64)).numpy()
        found = getattr(math.special, name)(x).numpy()
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, wide.astype(dtype))


@pytest.mark.parametrize("bad", [1, [1, 2], 1 + 2j])
@pytest.mark.parametrize("name", ["erf", "lgamma", "ndtri", "bessel_i0"])
def test_other_dtypes_are_refused(name, bad):
    with pytest.raises(TypeError, match=r"it takes real floating tensors, not (int|complex)"):
        getattr(math, name)(gt.constant(bad))


def test_scipy_and_numpy_find_the_rows():
    scipy_special = pytest.importorskip("scipy.special")
    x = gt.constant(0.7, gt.float64)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        found = [
            scipy_special.erf(x),
            scipy_special.psi(x),
            scipy_special.jv(2, x),
            scipy_special.fresnel(x)[1],
        ]
    assert [float(y) for y in found] == pytest.approx(
        [
            scipy_special.erf(0.7),
            scipy_special.psi(0.7),
            scipy_special.jv(2, 0.7),
            scipy_special.fresnel(0.7)[1],
        ]
    )
    assert float(tape.gradient(found[2], x)) == pytest.approx(scipy_special.jvp(2, 0.7), rel=1e-14)
    assert float(tape.gradient(found[3], x)) == pytest.approx(np.cos(np.pi / 2 * 0.49), rel=1e-14)


def test_scipy_is_loaded_at_first_use_only():
    code = "import sys, gradtape as gt; a = 'scipy' in sys.modules; gt.math.erf(1.0); print(a, 'scipy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "True"]


def test_every_row_has_samples_that_it_takes():
    rows = [
        row
        for room in (special, integral, bessel, incomplete)
        for row in vars(room).values()
        if isinstance(row, Primitive)
    ]
    assert len(rows) > 30
    for row in rows:
        for inputs, params in row.samples:
            low = [row.domain[min(i, len(row.domain) - 1)] for i in range(len(inputs))]
            drawn = [
                np.full(x, np.mean(d)) if isinstance(x, tuple) else x
                for x, d in zip(inputs, low, strict=True)
            ]
            y = row(*(gt.constant(x) for x in drawn), **params)
            assert np.isfinite(y.numpy()).all(), row
            assert y.shape == np.broadcast_shapes(*(np.shape(x) for x in drawn))


def test_blocks_join():
    x = np.linspace(0.1, 3, 2 * special.BLOCK + 7)
    found = special.erfcx_derivative(gt.constant(x), order=1).numpy()
    whole = special.erfcx_derivative(gt.constant(x[-5:]), order=1).numpy()
    np.testing.assert_allclose(found[-5:], whole, rtol=1e-15)
    assert special.erfcx_derivative(gt.constant(np.empty((0, 2))), order=1).shape == (0, 2)


# names that look along an axis or over a whole tensor


def test_lbeta_and_polyval():
    x = gt.constant([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(math.lbeta(x).numpy(), np.log([1 / 2, 1 / 60]), rtol=1e-6)
    with pytest.raises(ValueError, match="lbeta: a tensor of rank 0"):
        math.lbeta(gt.constant(1.0))
    assert gradient(lambda c, t: math.polyval([c, 2.0, c], t), 3.0, 2.0) == [5.0, 14.0]
    assert math.polyval([], gt.constant([2.0])).numpy().tolist() == [0.0]
    with pytest.raises(ValueError, match="polyval: argument coeffs must be list"):
        math.polyval(gt.constant([1.0]), gt.constant(2.0))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_running_products_and_logsumexp(size, exclusive, reverse):
    x = np.arange(1, size + 1) / 4 - 0.5  # one entry is zero
    y = x[::-1] if reverse else x
    products = np.concatenate([[1], np.cumprod(y)])[:-1] if exclusive else np.cumprod(y)
    sums = np.logaddexp.accumulate(np.concatenate([[-inf], y])[:-1] if exclusive else y)
    options = {"exclusive": exclusive, "reverse": reverse}
    turn = slice(None, None, -1 if reverse else 1)
    np.testing.assert_allclose(math.cumprod(gt.constant(x), **options).numpy(), products[turn])
    np.testing.assert_allclose(
        math.cumulative_logsumexp(gt.constant(x), **options).numpy(), sums[turn], atol=1e-15
    )


def test_running_products_have_exact_derivatives_at_zeros():
    x = gt.constant([0.0, 2.0, 3.0], gt.float64)
    with gt.GradientTape() as outer:
        outer.watch(x)
        with gt.GradientTape() as inner:
            inner.watch(x)
            y = math.cumprod(x)[2]
        g = inner.gradient(y, x)
    assert g.numpy().tolist() == [6, 0, 0]
    assert outer.jacobian(g, x).numpy().tolist() == [[0, 3, 2], [3, 0, 0], [2, 0, 0]]


def test_running_logsumexp_has_derivatives_at_minus_infinity():
    x = gt.constant([-inf, 1.0], gt.float64)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = math.cumulative_logsumexp(x)
    assert y.numpy().tolist() == [-inf, 1.0]
    assert tape.gradient(y, x).numpy().tolist() == [1.0, 1.0]  # the first is its own sum; NaN in TensorFlow
    with pytest.raises(ValueError, match="cumprod: axis 3 is out of range"):
        math.cumprod(gt.constant([1.0]), axis=3)


def test_sums_and_norms():
    a = gt.constant([1.0, 2.0])
    assert math.accumulate_n([a, a, a]).numpy().tolist() == [3.0, 6.0]
    assert math.scalar_mul(2, a).numpy().tolist() == [2.0, 4.0]
    for function, kind, text in (
        (lambda: math.accumulate_n([]), ValueError, "at least one"),
        (lambda: math.accumulate_n([a, gt.constant(1.0)]), ValueError, "not compatible"),
        (lambda: math.accumulate_n([a], tensor_dtype=gt.float64), TypeError, "tensor_dtype"),
        (lambda: math.scalar_mul(a, a), ValueError, "0-D"),
        (lambda: math.reciprocal_no_nan(2), TypeError, "reciprocal_no_nan"),
        (lambda: math.l2_normalize(a, axis=0, dim=0), ValueError, "give one"),
    ):
        with pytest.raises(kind, match=text):
            function()
    np.testing.assert_allclose(math.l2_normalize(gt.constant([3.0, 4.0])).numpy(), [0.6, 0.8])
    found = math.l2_normalize(gt.constant([3 + 1j, 4.0])).numpy()
    np.testing.assert_allclose(found, np.array([3 + 1j, 4]) / np.sqrt(26), rtol=1e-6)
    assert gradient(lambda x: math.l2_normalize(x), 0.0) == pytest.approx([1e6])


def test_counting():
    x = gt.constant([[0, 1], [1, 1]])
    assert math.count_nonzero(x, axis=0).numpy().tolist() == [1, 2]
    assert math.count_nonzero(x, keepdims=True, dtype=gt.int32).numpy().tolist() == [[3]]
    assert math.zero_fraction(x).numpy() == np.float32(0.25)
    assert np.isnan(math.zero_fraction(gt.constant([])).numpy())
    assert math.is_non_decreasing(gt.constant([[1, 2], [2, 3]])).numpy()
    assert not math.is_non_decreasing(gt.constant([1, 0])).numpy()
    assert not math.is_strictly_increasing(gt.constant([1, 1])).numpy()
    assert math.is_strictly_increasing(gt.constant([])).numpy()
    assert math.invert_permutation([3, 0, 1, 2]).numpy().tolist() == [1, 2, 3, 0]
    for bad, kind in (([0, 0], ValueError), ([1, 2], ValueError), ([1.0, 0.0], TypeError)):
        with pytest.raises(kind, match="invert_permutation"):
            math.invert_permutation(bad)


def test_ranking():
    scores = gt.constant([[0.1, 0.5, 0.5], [0.1, 0.2, 0.1], [1.0, 2.0, 3.0], [0.1, nan, 0.3]])
    assert math.in_top_k([1, 2, 5, 0], scores, 2).numpy().tolist() == [True, True, False, False]
    with pytest.raises(ValueError, match="in_top_k: predictions of shape"):
        math.in_top_k([1], [0.1], 1)
    x = gt.constant([[1.0, 5.0, 2.0], [7.0, 3.0, 7.0]])
    with gt.GradientTape() as tape:
        tape.watch(x)
        found = math.approx_max_k(x, 2)
    assert found.values.numpy().tolist() == [[5, 2], [7, 7]]
    assert found.indices.numpy().tolist() == [[1, 2], [0, 2]]
    assert tape.gradient(found.values, x).numpy().tolist() == [[0, 1, 1], [1, 0, 1]]
    assert math.approx_min_k(x, 1, reduction_dimension=0).values.numpy().tolist() == [[1, 3, 2]]
    with pytest.raises(ValueError, match="approx_max_k: k = 4"):
        math.approx_max_k(x, 4)


def test_confusion_matrix():
    found = math.confusion_matrix([1, 2, 1], [2, 2, 2])
    assert found.dtype == gt.int32
    assert found.numpy().tolist() == [[0, 0, 0], [0, 0, 2], [0, 0, 1]]
    weights = gt.constant([1.0, 2.0])
    with gt.GradientTape() as tape:
        tape.watch(weights)
        y = math.confusion_matrix([0, 1], [1, 1], 3, weights, gt.float32) * gt.constant([1.0, 2.0, 3.0])
    assert y.numpy()[:2].tolist() == [[0, 2, 0], [0, 4, 0]]
    assert tape.gradient(y, weights).numpy().tolist() == [2.0, 2.0]
    for labels, classes, text in (
        ([5, 0], 3, "out of bound"),
        ([-1, 0], None, "negative"),
        ([1], None, "one shape"),
    ):
        with pytest.raises(ValueError, match=text):
            math.confusion_matrix(labels, [0, 0], classes)


def test_an_elliptic_integral_vanishes_with_its_derivatives_towards_infinity():
    parts = [gt.constant(value, gt.float64) for value in (np.inf, 1.0, 2.0)]
    with gt.GradientTape() as tape:
        tape.watch(parts)
        value = elliptic.elliprf(*parts)
    assert value == 0.0
    assert tape.gradient(value, parts) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("degree", [np.inf, np.nan])
def test_a_polynomial_of_no_finite_degree_is_no_number(degree):
    for name in ("eval_chebyt", "eval_legendre", "eval_hermite"):
        assert np.isnan(ROWS[name](gt.constant(degree, gt.float64), gt.constant(0.3, gt.float64)).numpy())
