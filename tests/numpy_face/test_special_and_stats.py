"""SciPy's own code on tensors: every special ufunc has a word, and distributions differentiate to their densities."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy
import scipy.stats
from special_calls import DISTRIBUTIONS, METHODS, UFUNCS, arguments, outcome, points

import gradtape as gt
from gradtape.faces.numpy_protocol import ufunc_for
from gradtape.faces.scipy_words import LACKING

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

import make_scipy_coverage


@pytest.fixture(autouse=True)
def as_numpy_has_it():
    """`1.5 * (x > 0)` is in double precision, as in the programs that are run here."""
    gt.set_default_float("float64")
    yield
    gt.set_default_float("float32")


ANSWERED = sorted(name for name, ufunc in UFUNCS.items() if ufunc_for(ufunc))
PAGE = make_scipy_coverage.PAGE.read_text(encoding="utf-8")
pytestmark = pytest.mark.filterwarnings(
    "ignore::gradtape.DetachedTensorWarning", "ignore::RuntimeWarning", "ignore::DeprecationWarning"
)


def words(name):
    kinds = {"function": ANSWERED, "lacking": LACKING}
    return [kind for kind, names in kinds.items() if name in names]


def test_there_is_one_word_on_every_special_ufunc():
    without = [name for name in UFUNCS if len(words(name)) != 1]
    assert without == [], "give it a function, or a word in faces/scipy_words.py"
    assert words("a_function_of_tomorrow") == []


def moving(name):
    """The ufunc as a function of the arguments that move, and their values."""
    given, places = arguments(name)

    def function(*free):
        full = list(given)
        for place, x in zip(places, free, strict=True):
            full[place] = x
        return UFUNCS[name](*full)

    return function, [np.float64(given[place]) for place in places]


@pytest.mark.parametrize("name", ANSWERED)
def test_values_and_two_derivatives_of_a_special_ufunc(name):
    function, free = moving(name)
    found = function(*map(gt.constant, free))
    wanted = UFUNCS[name](*arguments(name)[0])
    for mine, theirs in zip(*(y if isinstance(y, tuple) else (y,) for y in (found, wanted)), strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs, rtol=1e-12)
    if name != "gammasgn":  # which is constant between its jumps
        gt.testing.check(function, *free)


@pytest.mark.parametrize("name", sorted({*LACKING} & {*UFUNCS}))
def test_what_does_not_differentiate_says_what_to_write(name):
    ufunc = UFUNCS[name]
    given = [gt.constant(value) for value in (np.float64(0.4),) * ufunc.nin]
    with gt.GradientTape() as tape:
        tape.watch(given)
        with pytest.raises(TypeError, match=re.escape(f"scipy.special.{name} on a tensor")) as caught:
            ufunc(*given)
    assert LACKING[name] in str(caught.value)


def test_a_function_that_lacks_a_rule_computes_where_nobody_listens():
    np.testing.assert_allclose(
        scipy.special.smirnov(3, gt.constant(0.3, gt.float64)), scipy.special.smirnov(3, 0.3)
    )


RECORDED = {
    (name, method): outcome(name, method) == "recorded" for name in DISTRIBUTIONS for method in METHODS
}


def test_most_distributions_run():
    """As many as with the SciPy that the page was written with, or more."""
    if f"SciPy {scipy.__version__}" in PAGE:
        assert [sum(RECORDED[name, method] for name in DISTRIBUTIONS) for method in METHODS] == [
            int(count) for count in re.findall(r"(\d+) of \d+ run", PAGE)
        ]
    assert sum(RECORDED.values()) > 250


@pytest.mark.parametrize("name", [name for name in DISTRIBUTIONS if RECORDED[name, "_cdf"]])
def test_the_derivative_of_a_distribution_is_its_density(name):
    """To second order: the density is SciPy's own, and its slope that of SciPy's density by differences."""
    distribution, shapes, x = getattr(scipy.stats, name), DISTRIBUTIONS[name], points(name)
    t = gt.constant(x)
    with gt.GradientTape() as outer:
        outer.watch(t)
        with gt.GradientTape() as inner:
            inner.watch(t)
            y = distribution._cdf(t, *shapes)
        density = inner.gradient(y, t)
    np.testing.assert_allclose(y.numpy(), distribution.cdf(x, *shapes), rtol=1e-9)
    np.testing.assert_allclose(density.numpy(), distribution.pdf(x, *shapes), rtol=1e-6)
    slope = outer.gradient(density, t)
    got, wanted = (
        np.zeros(2) if slope is None else slope.numpy(),
        differences(lambda x: distribution.pdf(x, *shapes), x),
    )
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5 * np.max(density.numpy()) / (x[1] - x[0]))


def differences(f, x):
    """The derivative of f at two points, of the fourth order in a step small beside either and their distance."""
    h = 1e-4 * np.minimum(x[1] - x[0], np.where(x == 0, np.inf, np.abs(x)))
    ends = [f(x + k * h) for k in (-2, -1, 1, 2)]
    return (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * h)


@pytest.mark.parametrize("name", [name for name in DISTRIBUTIONS if RECORDED[name, "_logpdf"]])
def test_log_densities_are_differentiated(name):
    distribution, shapes, x = getattr(scipy.stats, name), DISTRIBUTIONS[name], points(name)
    np.testing.assert_allclose(
        distribution._logpdf(gt.constant(x), *shapes).numpy(), distribution.logpdf(x, *shapes), rtol=1e-8
    )
    slope = gt.grad(lambda t: np.sum(distribution._logpdf(t, *shapes)))(gt.constant(x)).numpy()
    wanted = differences(lambda x: distribution.logpdf(x, *shapes), x)
    np.testing.assert_allclose(slope, wanted, rtol=1e-5, atol=1e-6 / (x[1] - x[0]))


def test_the_page_is_up_to_date():
    if f"SciPy {scipy.__version__}" in PAGE:
        assert make_scipy_coverage.page() == PAGE, "run python3 docs/make_scipy_coverage.py"
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.M)) >= set(ANSWERED)


def test_students_distribution_is_smooth_at_zero():
    """Through the incomplete beta function its derivative there would be 0 times infinity."""
    t = gt.constant([0.0], gt.float64)
    with gt.GradientTape() as outer:
        outer.watch(t)
        with gt.GradientTape() as inner:
            inner.watch(t)
            y = scipy.special.stdtr(3.0, t)
        density = inner.gradient(y, t)
    np.testing.assert_allclose(density.numpy(), scipy.stats.t.pdf(0.0, 3.0))
    np.testing.assert_allclose(outer.gradient(density, t).numpy(), 0.0, atol=1e-15)
