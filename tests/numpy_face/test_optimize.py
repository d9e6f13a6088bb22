"""`gradtape.optimize`: SciPy's solvers with exact derivatives, against SciPy with derivatives written by hand."""

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.stats
from scipy.optimize import (
    LinearConstraint,
    NonlinearConstraint,
    rosen_der,
    rosen_hess,
    rosen_hess_prod,
)

from gradtape import optimize

START = np.array([1.3, 0.7, 0.8, 1.9, 1.2])


def rosen(x):
    """Rosenbrock's function, as a user of NumPy writes it."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


METHODS = {
    "CG": {}, "BFGS": {}, "L-BFGS-B": {}, "TNC": {}, "SLSQP": {}, "Newton-CG": {"hessp": rosen_hess_prod},
    "dogleg": {"hess": rosen_hess}, "trust-ncg": {"hessp": rosen_hess_prod},
    "trust-krylov": {"hessp": rosen_hess_prod}, "trust-exact": {"hess": rosen_hess},
    "trust-constr": {"hess": rosen_hess},
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_minimize_goes_the_way_of_derivatives_written_by_hand(method):
    if method == "dogleg":  # needs a positive definite Hessian all along
        start = np.array([1.1, 1.1, 1.2, 1.4, 1.9])
    else:
        start = START
    found = optimize.minimize(rosen, start, method=method)
    expected = scipy.optimize.minimize(rosen, start, method=method, jac=rosen_der, **METHODS[method])
    assert isinstance(found, scipy.optimize.OptimizeResult)
    assert found.success == expected.success
    assert abs(found.nit - expected.nit) <= 2
    np.testing.assert_allclose(found.x, np.ones(5), atol=5e-4)


@pytest.mark.parametrize("method", ["Nelder-Mead", "Powell", "COBYLA", None])
def test_other_methods_get_what_they_take(method):
    found = optimize.minimize(lambda x: np.sum((x - 1) ** 2), [0.0, 3.0], method=method)
    np.testing.assert_allclose(found.x, [1, 1], atol=1e-3)


def test_derivatives_at_a_point_are_read_off_one_evaluation():
    problem = optimize.Problem(rosen)
    np.testing.assert_allclose(problem.value(START), scipy.optimize.rosen(START), rtol=1e-14)
    np.testing.assert_allclose(problem.gradient(START), rosen_der(START), rtol=1e-12)
    np.testing.assert_allclose(problem.hessian(START), rosen_hess(START), rtol=1e-12)
    np.testing.assert_allclose(problem.jacobian(START)[0], rosen_der(START), rtol=1e-12)
    assert problem.evaluations == 1
    direction = np.arange(5.0)
    product = problem.hessian_product(START, direction)
    np.testing.assert_allclose(product, rosen_hess_prod(START, direction), rtol=1e-12)
    problem.gradient(START + 1)
    assert problem.evaluations == 2


def test_a_solver_evaluates_once_per_point():
    calls = []

    def counted(x):
        calls.append(x.numpy())
        return rosen(x)

    found = optimize.minimize(counted, START, method="BFGS")
    assert len(calls) == len({tuple(c) for c in calls}) <= found.nfev


def test_what_scipy_writes_into_a_result_does_not_reach_the_next():
    problem = optimize.Problem(rosen)
    problem.gradient(START)[:] = 7.0
    np.testing.assert_allclose(problem.gradient(START), rosen_der(START))


def test_arguments_bounds_and_options_are_passed_on():
    cost = lambda x, center, power: np.sum((x - center) ** power)
    found = optimize.minimize(
        cost, [0.0, 0.0], (np.array([1.0, 2.0]), 4), bounds=[(0, 0.5), (0, 9)], tol=1e-14
    )
    np.testing.assert_allclose(found.x, [0.5, 2.0], atol=1e-2)
    assert optimize.minimize(rosen, START, method="BFGS", options={"maxiter": 2}).nit == 2


CIRCLE = lambda x: x[0] ** 2 + x[1] ** 2
CONSTRAINTS = {
    "dict": ({"type": "ineq", "fun": lambda x, r: r - CIRCLE(x), "args": (2.0,)}, "SLSQP"),
    "list": ([{"type": "eq", "fun": lambda x: CIRCLE(x) - 2}], "SLSQP"),
    "nonlinear": (NonlinearConstraint(CIRCLE, -np.inf, 2.0), "trust-constr"),
    "vector": (
        NonlinearConstraint(lambda x: np.stack([CIRCLE(x), x[0]]), -np.inf, [2.0, 5.0]),
        "trust-constr",
    ),
    "linear": (LinearConstraint([[1.0, 1.0]], -np.inf, 2.0), "trust-constr"),
    "own": ({"type": "ineq", "fun": lambda x: 2 - x @ x, "jac": lambda x: -2 * x}, "SLSQP"),
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraints_get_exact_derivatives(name):
    constraints, method = CONSTRAINTS[name]
    found = optimize.minimize(lambda x: -x[0] - x[1], [0.5, 0.2], method=method, constraints=constraints)
    np.testing.assert_allclose(found.x, [1.0, 1.0] if name != "linear" else found.x, atol=1e-3)
    np.testing.assert_allclose(np.sum(found.x), 2.0, atol=1e-2)


def test_the_hessian_of_constraints_is_weighted():
    problem = optimize.Problem(lambda x: np.stack([x[0] ** 3, x[0] * x[1]]))
    expected = 2.0 * np.array([[12.0, 0], [0, 0]]) + 5.0 * np.array([[0, 1.0], [1.0, 0]])
    np.testing.assert_allclose(problem.weighted_hessian([2.0, 3.0], [2.0, 5.0]), expected)


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares(method):
    residuals = lambda x, a: np.stack([10 * (x[1] - x[0] ** 2), a - x[0]])
    found = optimize.least_squares(residuals, [-1.2, 1.0], args=(1.0,), method=method)
    np.testing.assert_allclose(found.x, [1, 1], rtol=1e-9)
    np.testing.assert_allclose(found.jac, [[-20 * found.x[0], 10], [-1, 0]], rtol=1e-12)


def test_least_squares_with_bounds_and_a_loss():
    found = optimize.least_squares(lambda x: x - 3.0, [0.5], bounds=(0, 2), loss="soft_l1")
    np.testing.assert_allclose(found.x, [2.0], atol=1e-6)


@pytest.mark.parametrize("method", ["hybr", "lm", "broyden1"])
def test_root(method):
    equations = lambda x: np.stack([x[0] + 0.5 * (x[0] - x[1]) ** 3 - 1.0, 0.5 * (x[1] - x[0]) ** 3 + x[1]])
    found = optimize.root(equations, [0.0, 0.0], method=method)
    np.testing.assert_allclose(found.x, [0.8411639, 0.1588361], atol=1e-5)  # SciPy's documentation


MODEL = lambda x, a, b, c: a * np.exp(-b * x) + c
X = np.linspace(0, 4, 30)
Y = MODEL(X, 2.5, 1.3, 0.5) + 0.1 * np.random.default_rng(2).normal(size=30)


def jacobian_by_hand(x, a, b, c):
    return np.stack([np.exp(-b * x), -a * x * np.exp(-b * x), np.ones_like(x)], axis=1)


@pytest.mark.parametrize(
    "settings", [{}, {"bounds": (0, [3.0, 2.0, 1.0])}, {"sigma": 0.1 + 0.01 * X, "absolute_sigma": True}]
)
def test_curve_fit(settings):
    fit = optimize.curve_fit(MODEL, X, Y, [1.0, 1.0, 1.0], **settings)
    popt, pcov = fit
    expected, covariances = scipy.optimize.curve_fit(
        MODEL, X, Y, [1.0, 1.0, 1.0], jac=jacobian_by_hand, **settings
    )
    np.testing.assert_allclose(popt, expected, rtol=1e-9)
    np.testing.assert_allclose(pcov, covariances, rtol=1e-6)


def test_confidence_intervals_of_a_line_are_those_of_linear_regression():
    fit = optimize.curve_fit(lambda x, a, b: a * x + b, X, Y, [0.0, 0.0])
    line = scipy.stats.linregress(X, Y)
    half = scipy.stats.t.ppf(0.95, 28)
    expected = [
        [line.slope - half * line.stderr, line.slope + half * line.stderr],
        [line.intercept - half * line.intercept_stderr, line.intercept + half * line.intercept_stderr],
    ]
    np.testing.assert_allclose(fit.intervals(0.9), expected, rtol=1e-6)
    with pytest.raises(ValueError, match="level must lie between"):
        fit.intervals(95)


def robertson(t, y, k):
    slow, fast = k * y[0], 3e7 * y[1] ** 2
    middle = 1e4 * y[1] * y[2]
    return np.stack([middle - slow, slow - middle - fast, fast])


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA", "RK45"])
def test_solve_ivp(method):
    span, start = (0, 40 if method != "RK45" else 0.1), [1.0, 0, 0]
    found = optimize.solve_ivp(robertson, span, start, method, args=(0.04,), rtol=1e-8, atol=1e-10)
    expected = scipy.integrate.solve_ivp(
        robertson, span, start, "Radau", args=(0.04,), rtol=1e-10, atol=1e-13
    )
    np.testing.assert_allclose(found.y[:, -1], expected.y[:, -1], rtol=1e-5)


@pytest.mark.filterwarnings("ignore::gradtape.DetachedTensorWarning")
@pytest.mark.parametrize(
    ("run", "error", "says"),
    [
        (lambda: optimize.minimize(lambda x: x, START), ValueError, "must return one number"),
        (
            lambda: optimize.minimize(lambda x: float(np.sum(x)), START),
            ValueError,
            "does not depend on its argument",
        ),
        (lambda: optimize.least_squares(lambda x: np.asarray(x) ** 2, START), ValueError, "does not depend"),
        (lambda: optimize.minimize(3.0, START), TypeError, "must be callable"),
        (lambda: optimize.minimize(lambda x: np.sum(x) * 1j, START), TypeError, "solvers need real numbers"),
    ],
)
def test_errors(run, error, says):
    with pytest.raises(error, match=says):
        run()
