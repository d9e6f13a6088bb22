"""`gradtape.scipy.stats` beside SciPy: every distribution with the parameters that SciPy tests."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
from scipy.stats._distr_params import distcont, distdiscrete

import gradtape as gt
from gradtape.scipy import special, stats

LACKING = {
    "crystalball", "dpareto_lognorm", "gausshyper", "genhalflogistic", "genhyperbolic", "geninvgauss", "irwinhall",
    "kappa4", "ksone", "kstwo", "landau", "levy_stable", "ncf", "nct", "norminvgauss", "pearson3", "recipinvgauss",
    "studentized_range", "trapezoid", "truncpareto", "tukeylambda", "vonmises", "vonmises_line", "wrapcauchy",
}  # fmt: skip
"""Distributions of which at least one method is refused."""
SHAPES = {name: args for name, args in reversed(distcont) if isinstance(name, str)}
WHOLE = {
    name: args
    for name, args in reversed(distdiscrete)
    if name in ["binom", "boltzmann", "geom", "nbinom", "poisson"]
}
PLACE, WIDTH = 0.3, 1.7


def points(name):
    """Between the quartiles, and outside the support where it ends."""
    dist, args = getattr(scipy.stats, name), SHAPES[name]
    inside = dist.ppf([0.3, 0.6], *args, PLACE, WIDTH)
    low, high = dist.support(*args, PLACE, WIDTH)
    return np.array([*inside, *(end + by for end, by in ((low, -1), (high, 1)) if np.isfinite(end))])


def followed(method, x, shapes, width):
    """A method's values, and the derivatives of their finite part in x and in the scale."""
    x, shapes = gt.constant(x), [gt.constant(np.float64(a)) for a in shapes]
    width = gt.constant(np.float64(width))
    with gt.GradientTape(persistent=True) as tape:
        tape.watch([x, width])
        y = method(x, *shapes, loc=PLACE, scale=width)
    finite = gt.constant(np.isfinite(y.numpy()).astype(float))
    return y.numpy(), *(
        g.numpy() for g in (tape.gradient(y, s, finite, unconnected_gradients="zero") for s in (x, width))
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(set(SHAPES) - LACKING))
def test_distributions_have_scipys_values_and_slopes(name):
    dist, args = getattr(scipy.stats, name), SHAPES[name]
    x, step = points(name), 1e-6
    for method in ("logpdf", "pdf", "cdf", "sf", "logcdf", "ppf", "isf"):
        at = np.array([0.3, 0.6]) if method in ("ppf", "isf") else x
        theirs = getattr(dist, method)
        y, of_x, of_width = followed(getattr(getattr(stats, name), method), at, args, WIDTH)
        np.testing.assert_allclose(y, theirs(at, *args, PLACE, WIDTH), rtol=1e-7, atol=1e-10)
        slope = (theirs(at + step, *args, PLACE, WIDTH) - theirs(at - step, *args, PLACE, WIDTH)) / (2 * step)
        np.testing.assert_allclose(of_x, np.nan_to_num(slope), rtol=2e-3, atol=1e-4)
        slope = (theirs(at, *args, PLACE, WIDTH + step) - theirs(at, *args, PLACE, WIDTH - step)) / (2 * step)
        np.testing.assert_allclose(of_width, np.nansum(slope), rtol=2e-3, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(LACKING - {"levy_stable", "studentized_range"}))
def test_what_does_not_run_is_refused_by_name(name):
    """A distribution that begins to run leaves the list."""
    refused = []
    for method in ("pdf", "cdf"):
        try:
            followed(getattr(getattr(stats, name), method), points(name), SHAPES[name], WIDTH)
        except gt.errors.UncoveredError as error:
            refused.append(str(error))
    assert refused
    assert all(f"scipy.stats.{name}." in text for text in refused)


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_probabilities_are_scipys_and_their_slopes(name):
    dist, args = getattr(scipy.stats, name), tuple(map(float, WHOLE[name]))
    k = np.array([*dist.ppf([0.2, 0.5, 0.8], *args), 2.5, -3.0])
    step = 1e-6
    for method in ("pmf", "logpmf", "cdf", "sf"):
        last = gt.constant(np.float64(args[-1]))
        with gt.GradientTape() as tape:
            tape.watch(last)
            y = getattr(getattr(stats, name), method)(k, *args[:-1], last)
        np.testing.assert_allclose(y.numpy(), getattr(dist, method)(k, *args), rtol=1e-9, atol=1e-12)
        high, low = (getattr(dist, method)(k, *args[:-1], args[-1] + s) for s in (step, -step))
        if name != "boltzmann":  # its last parameter counts
            finite = gt.constant(np.isfinite(y.numpy()).astype(float))
            with np.errstate(invalid="ignore"):
                slope = np.nansum(np.where(np.isfinite(y.numpy()), high - low, 0)) / (2 * step)
            found = tape.gradient(y, last, finite)
            np.testing.assert_allclose(found.numpy(), slope, rtol=1e-4, atol=1e-6)


def test_bad_parameters_and_nan_give_nan():
    x = gt.constant([1.0, np.nan, 1.0], dtype="float64")
    y = stats.gamma.logpdf(x, np.array([2.0, 2.0, -1.0]))
    np.testing.assert_array_equal(np.isnan(y.numpy()), [False, True, True])
    assert np.isnan(stats.norm.pdf(gt.constant(0.0), 0.0, -1.0).numpy())


def test_a_quantile_is_differentiated_in_its_shape_twice():
    """The median of a gamma distribution of shape a: F(y, a) = 1/2 stays true."""

    def median(a):
        return stats.gamma.ppf(0.5, a)

    a, step = gt.constant(2.5, dtype="float64"), 1e-3
    values = scipy.stats.gamma.ppf(0.5, [2.5 - step, 2.5, 2.5 + step])
    assert gt.grad(median)(a).numpy() == pytest.approx((values[2] - values[0]) / (2 * step), rel=1e-5)
    second = (values[2] - 2 * values[1] + values[0]) / step**2
    assert gt.hessian(median)(a).numpy() == pytest.approx(second, rel=1e-3)


def test_a_compiled_likelihood_is_the_plain_one():
    data = np.array([0.5, -1.0, 2.0])

    @gt.function
    def loss(place, width):
        with gt.GradientTape() as tape:
            tape.watch([place, width])
            y = -gt.reduce_sum(stats.t.logpdf(data, 3.0, place, width))
        return y, tape.gradient(y, [place, width])

    for place, width in ((0.1, 1.5), (-0.4, 0.7)):
        y, slopes = loss(gt.constant(place, dtype="float64"), gt.constant(width, dtype="float64"))
        assert y.numpy() == pytest.approx(-scipy.stats.t.logpdf(data, 3.0, place, width).sum())
        step = 1e-6
        high, low = (-scipy.stats.t.logpdf(data, 3.0, place, width + s).sum() for s in (step, -step))
        assert slopes[1].numpy() == pytest.approx((high - low) / (2 * step), rel=1e-5)


MEAN, MATRIX = np.array([0.5, 0.1]), np.array([[2.0, 0.3], [0.3, 1.0]])
VECTORS = {
    ("multivariate_normal", "logpdf"): ((np.array([[1.0, 2.0], [0.0, 0.5]]), MEAN, MATRIX), {}),
    ("multivariate_normal", "pdf"): ((np.array([1.0, 2.0]), MEAN, 2.0), {}),
    ("multivariate_t", "logpdf"): ((np.array([[1.0, 2.0], [0.0, 0.5]]), MEAN, MATRIX), {"df": 3.0}),
    ("multivariate_t", "pdf"): ((np.array([1.0, 2.0]), MEAN, MATRIX), {"df": 3.0}),
    ("dirichlet", "logpdf"): ((np.array([0.2, 0.3, 0.5]), np.array([1.0, 2.0, 3.5])), {}),
    ("dirichlet", "pdf"): ((np.array([0.2, 0.3]), np.array([1.0, 2.0, 3.5])), {}),
    ("multinomial", "logpmf"): ((np.array([1.0, 2.0, 3.0]), 6.0, np.array([0.2, 0.3, 0.5])), {}),
    ("multinomial", "pmf"): ((np.array([1.0, 2.0, 3.0]), 6.0, np.array([0.2, 0.3, 0.5])), {}),
}


@pytest.mark.parametrize("name", VECTORS, ids=lambda name: ".".join(name))
def test_distributions_of_vectors(name):
    (kind, method), (args, settings) = name, VECTORS[name]
    wanted = getattr(getattr(scipy.stats, kind), method)(*args, **settings)
    given = [gt.constant(a) if isinstance(a, np.ndarray) else a for a in args]
    found = getattr(getattr(stats, kind), method)(*given, **settings)
    assert np.shape(found) == np.shape(wanted)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-10)


def test_the_slope_of_a_normal_density_in_its_covariance():
    """d log p / d cov = (cov^-1 r r' cov^-1 - cov^-1) / 2."""
    x = np.array([1.0, 2.0])
    inverse, away = np.linalg.inv(MATRIX), x - MEAN
    found = gt.grad(lambda cov: stats.multivariate_normal.logpdf(x, MEAN, cov))(gt.constant(MATRIX))
    pulled = inverse @ away
    np.testing.assert_allclose(found.numpy(), (np.outer(pulled, pulled) - inverse) / 2, rtol=1e-10)


def test_points_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"multivariate_normal.logpdf: points of shape \(1, 3\)"):
        stats.multivariate_normal.logpdf(gt.constant([1.0, 2.0, 3.0]), [0.0, 0.0], MATRIX)
    with pytest.raises(gt.errors.UncoveredError, match="allow_singular"):
        stats.multivariate_normal.pdf(gt.constant([1.0, 2.0]), MEAN, MATRIX, allow_singular=True)


def test_a_distribution_with_its_parameters():
    width = gt.constant(2.0, dtype="float64")
    frozen = stats.norm(0.3, width)
    assert frozen.logpdf(1.0).numpy() == pytest.approx(scipy.stats.norm(0.3, 2).logpdf(1.0))
    assert stats.norm(0.3, 2).cdf(width).numpy() == pytest.approx(scipy.stats.norm(0.3, 2).cdf(2.0))
    assert stats.norm(0.3, 2).std() == 2
    assert stats.norm.logpdf(0.5) == scipy.stats.norm.logpdf(0.5)
    assert "norm" in repr(stats.norm(0.3, 2))


SPECIAL = {
    "logsumexp": [((MATRIX,), {}), ((MATRIX, 1), {"keepdims": True}), ((MATRIX, 0, MEAN), {})],
    "softmax": [((MATRIX,), {}), ((MATRIX, 1), {})],
    "log_softmax": [((MATRIX,), {}), ((MATRIX, 1), {})],
    "multigammaln": [((2.5 + MEAN, 2), {})],
    "polygamma": [((1, 1 + MEAN), {})],
    "zeta": [((2.5, 1 + MEAN), {}), ((2 + MEAN,), {})],
    "comb": [((5 + MEAN, 2 + MEAN), {}), ((5 + MEAN, 2.0), {"repetition": True})],
    "factorial": [((MEAN,), {}), ((np.array([-1.0, 0.0, 4.0]),), {})],
}


@pytest.mark.parametrize(
    ("name", "i"), [(name, i) for name, calls in SPECIAL.items() for i in range(len(calls))]
)
def test_special_functions(name, i):
    args, settings = SPECIAL[name][i]
    given = [gt.constant(a) if isinstance(a, np.ndarray) else a for a in args]
    found = getattr(special, name)(*given, **settings)
    wanted = getattr(scipy.special, name)(*args, **settings)
    assert np.shape(found) == np.shape(wanted)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-9)


def test_signed_sums_of_exponentials():
    x = np.array([1.0, 2.0, 0.5])
    found = special.logsumexp(gt.constant(x), b=np.array([1.0, -1.0, 0.5]), return_sign=True)
    wanted = scipy.special.logsumexp(x, b=np.array([1.0, -1.0, 0.5]), return_sign=True)
    for y, want in zip(found, wanted, strict=True):
        assert y.numpy() == pytest.approx(want)
    slope = gt.grad(lambda t: special.logsumexp(t, b=2.0))(gt.constant(x))
    np.testing.assert_allclose(slope.numpy(), scipy.special.softmax(x), rtol=1e-10)
