"""Solvers with sparse derivatives: what SciPy is given, and IPOPT's interface with a stand-in that checks it."""

import sys
import types

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse
from scipy.optimize import Bounds, NonlinearConstraint, rosen_der, rosen_hess

from gradtape import optimize

N = 30
START = np.full(N, 0.5)


def rosen(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def residuals(x):
    return np.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])


def test_a_sparse_problem_has_the_derivatives_of_a_dense_one():
    sparse, dense = optimize.Problem(residuals, sparse=True), optimize.Problem(residuals)
    weights = np.arange(1.0, 2 * N - 1)
    for point in (START, START * 1.1):
        for found, wanted in (
            (sparse.jacobian(point), dense.jacobian(point)),
            (sparse.weighted_hessian(point, weights), dense.weighted_hessian(point, weights)),
            (optimize.Problem(rosen, sparse=True).hessian(point), rosen_hess(point)),
        ):
            assert scipy.sparse.issparse(found)
            np.testing.assert_allclose(found.toarray(), wanted, rtol=1e-12, atol=1e-12)
    assert sparse.evaluations == 0, "sparse derivatives come from a recorded program"


def test_sparse_derivatives_are_computed_once_per_point():
    problem = optimize.Problem(rosen, sparse=True)
    first = problem.hessian(START)
    first.data[:] = 0  # a copy
    program = problem._programs["hessian"]
    calls = []
    problem._programs["hessian"] = lambda x: calls.append(x) or program(x)
    np.testing.assert_allclose(problem.hessian(START).toarray(), rosen_hess(START))
    assert not calls
    problem.hessian(START + 1)
    assert len(calls) == 1


@pytest.mark.parametrize("method", ["trust-constr", "Newton-CG"])
def test_minimize_with_sparse_hessians_goes_the_way_of_dense_ones(method):
    options = {"maxiter": 40}
    found = optimize.minimize(rosen, START, method=method, sparse=True, options=options)
    wanted = scipy.optimize.minimize(
        rosen, START, method=method, jac=rosen_der, hess=rosen_hess, options=options
    )
    np.testing.assert_allclose(found.x, wanted.x, rtol=1e-6)


def test_constraints_of_trust_constr_are_sparse():
    seen = []

    def constraint(x):
        seen.append(type(x).__name__)
        return x[1:] * x[:-1]

    below = NonlinearConstraint(constraint, -np.inf, 0.5)
    found = optimize.minimize(
        rosen, START, method="trust-constr", constraints=below, sparse=True, options={"maxiter": 15}
    )
    assert scipy.sparse.issparse(found.jac[0])
    assert found.jac[0].nnz == 2 * (N - 1)
    assert set(seen) == {"Tensor"}


def test_least_squares_takes_a_sparse_jacobian():
    found = optimize.least_squares(residuals, START, sparse=True)
    assert scipy.sparse.issparse(found.jac)
    assert found.jac.nnz == 3 * (N - 1)
    np.testing.assert_allclose(found.x, np.ones(N), atol=1e-6)


@pytest.mark.parametrize("method", ["Radau", "BDF"])
def test_solve_ivp_takes_a_sparse_jacobian(method):
    def slope(t, y):
        return np.concatenate([-50.0 * (1 + t) * y[:1], 20.0 * (y[:-1] - y[1:])])

    found = optimize.solve_ivp(slope, (0, 1), np.linspace(0, 1, 12), method, sparse=True, rtol=1e-6)
    wanted = optimize.solve_ivp(slope, (0, 1), np.linspace(0, 1, 12), method, rtol=1e-6)
    np.testing.assert_allclose(found.y[:, -1], wanted.y[:, -1], rtol=1e-8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: optimize.minimize(rosen, START, method="BFGS", sparse=True), "takes no sparse matrices"),
        (lambda: optimize.minimize(rosen, START, sparse=True), "takes no sparse matrices"),
        (lambda: optimize.solve_ivp(lambda t, y: -y, (0, 1), [1.0], "LSODA", sparse=True), "Radau and BDF"),
        (lambda: optimize.Problem(lambda x: np.ones(2), sparse=True).jacobian(START), "does not depend"),
        (lambda: optimize.Problem(residuals, sparse=True).hessian(START), "must return one number"),
    ],
)
def test_what_cannot_be_sparse_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# IPOPT


class Stand:
    """cyipopt.Problem as its documentation has it: it asks for structures once, checks all values, and solves."""

    def __init__(self, n, m, problem_obj, lb, ub, cl, cu):
        assert [len(side) for side in (lb, ub, cl, cu)] == [n, n, m, m]
        self.n, self.m, self.lb, self.ub, self.cl, self.cu = n, m, lb, ub, cl, cu
        self.given, self.options = problem_obj, {}
        self.jac, self.hess = problem_obj.jacobianstructure(), problem_obj.hessianstructure()
        rows, columns = self.hess
        assert (columns <= rows).all(), "the lower triangle"
        for (rows, columns), shape in ((self.jac, (m, n)), (self.hess, (n, n))):
            assert rows.shape == columns.shape
            places = set(zip(rows.tolist(), columns.tolist(), strict=True))
            assert len(places) == rows.size, "no entry twice"
            assert all(0 <= i < shape[0] and 0 <= j < shape[1] for i, j in places)

    def add_option(self, name, value):
        assert type(name) is str
        assert type(value) in (int, float, str)
        self.options[name] = value

    def jacobian(self, x):
        found = scipy.sparse.coo_array((self.given.jacobian(x), self.jac), shape=(self.m, self.n))
        return found.toarray()

    def hessian(self, x, weights, factor):
        half = scipy.sparse.coo_array(
            (self.given.hessian(x, weights, factor), self.hess), shape=(self.n,) * 2
        )
        return half.toarray() + np.tril(half.toarray(), -1).T

    def check(self, x):
        weights, factor, h = np.arange(1.0, self.m + 1), 0.7, 1e-6

        def slope(x):
            return factor * self.given.gradient(x) + weights @ self.jacobian(x)

        units = h * np.eye(self.n)
        differences = [
            (self.given.constraints(x + u) - self.given.constraints(x - u)) / (2 * h) for u in units
        ]
        np.testing.assert_allclose(
            self.jacobian(x), np.array(differences).reshape(self.n, self.m).T, atol=1e-6
        )
        differences = [(self.given.objective(x + u) - self.given.objective(x - u)) / (2 * h) for u in units]
        np.testing.assert_allclose(self.given.gradient(x), differences, rtol=1e-5, atol=1e-5)
        differences = [(slope(x + u) - slope(x - u)) / (2 * h) for u in units]
        np.testing.assert_allclose(self.hessian(x, weights, factor), differences, rtol=1e-5, atol=1e-5)

    def solve(self, x):
        self.check(x)
        equal = self.cl == self.cu
        constraints = [
            NonlinearConstraint(
                lambda x, own=own: self.given.constraints(x)[own],
                self.cl[own],
                self.cu[own],
                lambda x, own=own: self.jacobian(x)[own],
            )
            for own in (equal, ~equal)
            if own.any()
        ]
        found = scipy.optimize.minimize(
            self.given.objective,
            x,
            jac=self.given.gradient,
            method="SLSQP",
            bounds=Bounds(self.lb, self.ub),
            constraints=constraints,
            options={"ftol": 1e-9, "maxiter": 200},  # closer, it may stall at the solution
        )
        info = {
            "obj_val": found.fun,
            "status": 0 if found.success else -1,
            "status_msg": b"solved",
            "x": found.x,
        }
        return found.x, info


@pytest.fixture
def ipopt(monkeypatch):
    module = types.ModuleType("cyipopt")
    module.Problem = Stand
    monkeypatch.setitem(sys.modules, "cyipopt", module)


def test_ipopt_solves_a_published_problem(ipopt):
    """Hock and Schittkowski 1981, problem 71: x = (1, 4.743, 3.821, 1.379), f = 17.0140173."""
    found = optimize.minimize_ipopt(
        lambda x: x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2],
        [1.0, 5.0, 5.0, 1.0],
        bounds=[(1, 5)] * 4,
        constraints=[
            NonlinearConstraint(lambda x: np.prod(x), 25, np.inf),
            NonlinearConstraint(lambda x: np.sum(x**2), 40, 40),
        ],
        options={"tol": 1e-9},
    )
    assert found.success
    assert found.message == "solved"
    np.testing.assert_allclose(found.x, [1.0, 4.74299964, 3.82114998, 1.37940829], rtol=1e-6)
    np.testing.assert_allclose(found.fun, 17.0140173, rtol=1e-8)


def test_ipopt_is_told_the_places_of_a_band(ipopt):
    problem = optimize.IpoptProblem(lambda x, c: c * rosen(x), START, lambda x, c: c * x[1:] * x[:-1], (2.0,))
    assert problem.jacobianstructure()[0].size == 2 * (N - 1)
    assert problem.hessianstructure()[0].size == 2 * N - 1
    Stand(N, N - 1, problem, *np.zeros((2, N)), *np.zeros((2, N - 1))).check(START)


def test_ipopt_without_constraints(ipopt):
    found = optimize.minimize_ipopt(rosen, START[:4], bounds=Bounds(-2, 2))
    np.testing.assert_allclose(found.x, np.ones(4), atol=1e-3)


def test_without_cyipopt_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cyipopt", None)
    with pytest.raises(ModuleNotFoundError, match="conda-forge"):
        optimize.minimize_ipopt(rosen, START)


def test_bad_input_to_ipopt_is_refused(ipopt):
    with pytest.raises(ValueError, match="2 bounds are given for 30 variables"):
        optimize.minimize_ipopt(rosen, START, bounds=[(0, 1)] * 2)
    with pytest.raises(TypeError, match="NonlinearConstraint of SciPy, not dict"):
        optimize.minimize_ipopt(rosen, START, constraints=[{"type": "eq", "fun": np.sum}])
