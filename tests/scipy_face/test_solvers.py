"""`gradtape.scipy.integrate` and `optimize`: values beside SciPy's, derivatives beside formulas."""

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize

import gradtape as gt
from gradtape.scipy import integrate, optimize
from gradtape.scipy.meaning import MEANINGS

Y = np.array([[0.3, 1.2, -0.4, 0.9, 2.0], [1.0, 0.5, 0.2, -1.0, 0.1]])
X = np.array([0.0, 0.3, 1.0, 1.2, 2.0])


def double(x):
    return gt.constant(x, dtype="float64")


def slopes(f, at):
    """First and second derivative of a function of one number."""
    x = double(at)
    return gt.grad(f)(x).numpy().item(), gt.hessian(f)(x).numpy().item()


SAMPLES = {
    "trapezoid": [((Y,), {}), ((Y, X), {}), ((Y,), {"dx": 0.5, "axis": 0})],
    "cumulative_trapezoid": [((Y,), {}), ((Y, X), {"initial": 0}), ((Y,), {"dx": 0.5, "axis": 0})],
    "simpson": [((Y,), {}), ((Y, X), {}), ((Y[:, :4],), {"dx": 0.5})],
    "cumulative_simpson": [((Y,), {}), ((Y,), {"x": X}), ((Y,), {"dx": 0.5, "initial": 1.0})],
    "romb": [((Y,), {"dx": 0.5})],
}


@pytest.mark.parametrize(
    ("name", "i"), [(name, i) for name, calls in SAMPLES.items() for i in range(len(calls))]
)
def test_sums_over_samples(name, i):
    (y, *rest), settings = SAMPLES[name][i]
    theirs = getattr(scipy.integrate, name)
    wanted = theirs(y, *rest, **settings)
    source, way = gt.constant(y), np.random.default_rng(1).normal(size=y.shape)
    with gt.autodiff.ForwardAccumulator(source, gt.constant(way)) as accumulator:
        found = getattr(integrate, name)(source, *rest, **settings)
    assert np.shape(found) == np.shape(wanted)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12)
    settings.pop("initial", None)
    moved = theirs(way, *rest, **settings)  # linear in the samples
    tangent = accumulator.jvp(found).numpy()
    np.testing.assert_allclose(tangent[..., -np.shape(moved)[-1] :], moved, rtol=1e-10)


def test_points_of_the_trapezoidal_rule_are_differentiated():
    x = gt.constant(X)
    found = gt.grad(lambda x: integrate.trapezoid(Y[0], x))(x).numpy()
    step = 1e-6
    for i in range(5):
        high, low = (scipy.integrate.trapezoid(Y[0], X + s * np.eye(5)[i]) for s in (step, -step))
        assert found[i] == pytest.approx((high - low) / (2 * step), rel=1e-6)


def test_an_integral_moves_with_what_it_closes_over_and_with_its_limits():
    rate, end = double(2.0), double(1.0)
    with gt.GradientTape() as tape:
        tape.watch([rate, end])
        value, error = integrate.quad(lambda t: np.exp(rate * t), 0, end)
    assert value.numpy() == pytest.approx((math.exp(2) - 1) / 2)
    assert error < 1e-8
    of_rate, of_end = tape.gradient(value, [rate, end])
    assert of_rate.numpy() == pytest.approx((math.exp(2) + 1) / 4)
    assert of_end.numpy() == pytest.approx(math.exp(2))


def test_an_integral_over_the_line_with_an_argument():
    """The integral of exp(-a t^2) is sqrt(pi / a)."""
    first, second = slopes(
        lambda a: integrate.quad(lambda t, a: np.exp(-a * t * t), -np.inf, np.inf, (a,))[0], 1.5
    )
    assert first == pytest.approx(-0.5 * math.sqrt(math.pi) * 1.5**-1.5, rel=1e-7)
    assert second == pytest.approx(0.75 * math.sqrt(math.pi) * 1.5**-2.5, rel=1e-6)


def test_an_integral_with_a_kink_at_a_point():
    found = gt.grad(lambda a: integrate.quad(lambda t: a * abs(t - 0.3), 0.0, 1.0, points=[0.3])[0])(
        double(2.0)
    )
    assert found.numpy() == pytest.approx((0.3**2 + 0.7**2) / 2)


def test_a_rule_with_fixed_points():
    first, _ = slopes(lambda a: integrate.fixed_quad(lambda t: np.exp(a * t), 0.0, 1.0, n=9)[0], 2.0)
    assert first == pytest.approx((math.exp(2) + 1) / 4)
    assert integrate.fixed_quad(np.exp, 0, 1) == scipy.integrate.fixed_quad(np.exp, 0, 1)


@pytest.mark.parametrize("method", ["RK45", "LSODA", "Radau"])
def test_a_trajectory_moves_with_its_rate_its_start_and_its_end(method):
    rate, start, end = double(1.3), gt.constant([1.0, 2.0], dtype="float64"), double(0.7)
    with gt.GradientTape() as tape:
        tape.watch([rate, start, end])
        found = integrate.solve_ivp(lambda t, y: [-rate * y[0], y[1]], (0, end), start, method)
        y = found.y[0, -1]
    assert found.success
    assert y.numpy() == pytest.approx(math.exp(-0.91))
    of_rate, of_start, of_end = tape.gradient(y, [rate, start, end])
    assert of_rate.numpy() == pytest.approx(-0.7 * math.exp(-0.91), rel=1e-6)
    np.testing.assert_allclose(of_start.numpy(), [math.exp(-0.91), 0], atol=1e-7)
    assert of_end.numpy() == pytest.approx(-1.3 * math.exp(-0.91), rel=1e-6)


def test_a_trajectory_has_scipys_steps_or_those_asked_for():
    def rate(k):
        return lambda t, y: -k * y

    plain = scipy.integrate.solve_ivp(rate(1.3), (0, 1), [1.0], rtol=1e-8, atol=1e-10)
    k = double(1.3)
    with gt.GradientTape() as tape:
        tape.watch(k)
        found = integrate.solve_ivp(rate(k), (0, 1), [1.0])
        asked = integrate.solve_ivp(lambda t, y, k: -k * y, (0, 1), [1.0], t_eval=[0.0, 0.5], args=(k,))
    np.testing.assert_allclose(found.t.numpy(), plain.t)
    np.testing.assert_allclose(found.y.numpy(), np.exp(-1.3 * plain.t)[None], rtol=1e-6)
    np.testing.assert_allclose(asked.y.numpy(), [[1.0, math.exp(-0.65)]], rtol=1e-7)
    np.testing.assert_allclose(tape.gradient(asked.y, k).numpy(), -0.5 * math.exp(-0.65), rtol=1e-6)
    assert isinstance(integrate.solve_ivp(rate(1.3), (0, 1), [1.0]).y, np.ndarray)


def test_odeint_takes_the_state_first():
    times = np.linspace(0, 1, 3)
    first, second = slopes(lambda k: integrate.odeint(lambda y, t: -k * y, 1.0, times)[-1, 0], 1.3)
    assert first == pytest.approx(-math.exp(-1.3), rel=1e-6)
    assert second == pytest.approx(math.exp(-1.3), rel=1e-5)
    plain = scipy.integrate.odeint(lambda y, t: -y, [1.0], times)
    np.testing.assert_array_equal(integrate.odeint(lambda y, t: -y, [1.0], times), plain)


@pytest.mark.parametrize("name", ["bisect", "brenth", "brentq", "ridder", "toms748"])
def test_roots_in_a_bracket(name):
    solver = getattr(optimize, name)
    first, second = slopes(lambda a: solver(lambda x: x**3 - a, 0, 3), 2.0)
    assert first == pytest.approx(2 ** (-2 / 3) / 3, rel=1e-8)
    assert second == pytest.approx(-2 / 9 * 2 ** (-5 / 3), rel=1e-7)
    assert solver(lambda x: x**3 - 2, 0, 3) == getattr(scipy.optimize, name)(lambda x: x**3 - 2, 0, 3)
    a = double(2.0)
    with gt.GradientTape() as tape:
        tape.watch(a)
        x, results = solver(lambda x, a: x**3 - a, 0, 3, args=(a,), full_output=True)
    assert results.converged
    assert tape.gradient(x, a).numpy() == pytest.approx(first)


@pytest.mark.parametrize(
    "settings", [{"bracket": (0, 3)}, {"x0": 1.0, "method": "newton", "fprime": True}, {"x0": 1.0, "x1": 1.5}]
)
def test_root_scalar(settings):
    given = (lambda x, a: (x**3 - a, 3 * x * x)) if settings.get("fprime") else (lambda x, a: x**3 - a)
    first, _ = slopes(lambda a: optimize.root_scalar(given, (a,), **settings).root, 2.0)
    assert first == pytest.approx(2 ** (-2 / 3) / 3, rel=1e-8)


def test_roots_of_systems():
    """x y = a and x + y = 3 where x < y: x' = 1 / (y - x)."""

    def system(z, a):
        return np.stack([z[0] * z[1] - a, z[0] + z[1] - 3])

    for solve in (
        lambda a: optimize.root(system, [0.5, 2.5], (a,)).x[0],
        lambda a: optimize.fsolve(lambda z: system(z, a), [0.5, 2.5])[0],
        lambda a: optimize.newton(lambda z: system(z, a), np.array([0.9, 2.1]))[0],
    ):
        first, second = slopes(solve, 2.0)
        assert first == pytest.approx(1.0)
        assert second == pytest.approx(2.0)


def test_a_fixed_point():
    first, _ = slopes(lambda a: optimize.fixed_point(lambda x: np.cos(a * x), 1.0), 1.0)
    x = scipy.optimize.fixed_point(np.cos, 1.0)
    assert first == pytest.approx(-x * math.sin(x) / (1 + math.sin(x)))


def test_minima():
    for solve in (
        lambda a: optimize.minimize(lambda x: np.sum((x - a * a) ** 2), [0.0, 0.0]).x[1],
        lambda a: optimize.minimize(
            lambda x, a: np.sum((x - a * a) ** 2), [0.0], (a,), method="trust-exact"
        ).x[0],
        lambda a: optimize.minimize_scalar(lambda x: (x - a * a) ** 2).x,
        lambda a: optimize.minimize_scalar(lambda x: (x - a * a) ** 2, bounds=(0, 20), method="bounded").x,
    ):
        first, second = slopes(solve, 1.5)
        assert first == pytest.approx(3.0, rel=1e-6)
        assert second == pytest.approx(2.0, rel=1e-5)
    found = optimize.minimize(lambda x: (x[0] - 1) ** 2, [0.0])
    assert isinstance(found.x, np.ndarray)


def test_a_minimum_at_a_bound_is_refused():
    with pytest.raises(gt.implicit.ConvergenceError, match="at a bound"):
        gt.grad(
            lambda a: optimize.minimize_scalar(lambda x: a * x + x * x, bounds=(0, 1), method="bounded").x
        )(double(1.0))
    with pytest.raises(gt.errors.UncoveredError, match="bounds="):
        gt.grad(lambda a: optimize.minimize(lambda x: np.sum(a * x), [0.5], bounds=[(0, 1)]).x[0])(
            double(1.0)
        )


def test_least_squares_is_the_linear_solution():
    matrix = np.array([[1.0, 2.0], [3.0, 1.0], [2.0, 2.5]])
    data = gt.constant([1.0, 2.0, 2.0], dtype="float64")
    found = gt.jacobian(lambda d: optimize.least_squares(lambda x: matrix @ x - d, [0.0, 0.0]).x)(data)
    np.testing.assert_allclose(found.numpy(), np.linalg.pinv(matrix), rtol=1e-8)


def test_a_fitted_curve_moves_with_its_data():
    def model(t, a, b):
        return a * np.exp(-b * t)

    times = np.linspace(0, 2, 12)
    data = 2.5 * np.exp(-1.3 * times) + 0.05 * np.cos(9 * times)
    wanted = scipy.optimize.curve_fit(model, times, data, [1.0, 1.0])
    with gt.GradientTape(persistent=True) as tape:
        source = gt.constant(data)
        tape.watch(source)
        found = optimize.curve_fit(model, times, source, [1.0, 1.0])
        rate, variance = found[0][1], found[1][0, 0]
    for part, want in zip(found, wanted, strict=True):
        np.testing.assert_allclose(part.numpy(), want, rtol=1e-6)
    # Newton's method finds the parameters of moved data to the last digit.
    step = 1e-5
    at, moved = wanted[0], []
    for way in (step, -step):
        p = at.copy()
        for _ in range(30):
            away = model(times, *p) - data - way * np.eye(12)[2]
            decay = np.exp(-p[1] * times)
            slope = np.stack([decay, -p[0] * times * decay], 1)
            cross = (away * -times * decay).sum()
            bent = np.array([[0, cross], [cross, (away * p[0] * times**2 * decay).sum()]])
            p = p - np.linalg.solve(slope.T @ slope + bent, slope.T @ away)
        moved.append((p[1], np.linalg.inv(slope.T @ slope)[0, 0] * (away @ away) / 10))
    (high, high_variance), (low, low_variance) = moved
    assert tape.gradient(rate, source).numpy()[2] == pytest.approx((high - low) / (2 * step), rel=1e-7)
    assert tape.gradient(variance, source).numpy()[2] == pytest.approx(
        (high_variance - low_variance) / (2 * step), rel=1e-6
    )
    # sigma as standard deviations, and as a matrix
    sigma = np.linspace(0.5, 1.5, 12)
    weighted = scipy.optimize.curve_fit(model, times, data, [1.0, 1.0], sigma, absolute_sigma=True)
    with gt.GradientTape() as tape:
        tape.watch(source)
        found = optimize.curve_fit(model, times, source, [1.0, 1.0], sigma, absolute_sigma=True)
        of_matrix = optimize.curve_fit(
            model, times, source, [1.0, 1.0], np.diag(sigma**2), absolute_sigma=True
        )
    for parts in (found, of_matrix):
        for part, want in zip(parts, weighted, strict=True):
            np.testing.assert_allclose(part.numpy(), want, rtol=1e-6)


def test_solvers_inside_solvers():
    """A ball of drag d is thrown up at speed v: v^2 = w^2 (exp(2 d h) - 1) with w^2 = g / d gives the height h."""

    def landing(drag):
        def height(time):
            def rate(t, state):
                return [state[1], -9.81 - drag * state[1] * abs(state[1])]

            return integrate.solve_ivp(rate, (0.0, time), [0.0, 10.0]).y[0, -1]

        return optimize.brentq(height, 0.5, 3.0)

    def formula(drag):
        limit = np.sqrt(9.81 / drag)
        up = limit / 9.81 * np.arctan(10 / limit)
        return up + limit / 9.81 * np.arccosh(np.sqrt(1 + (10 / limit) ** 2))

    time, slope = gt.value_and_grad(landing)(double(0.1))
    wanted, its_slope = gt.value_and_grad(formula)(double(0.1))
    assert time.numpy() == pytest.approx(wanted.numpy(), rel=1e-7)
    assert slope.numpy() == pytest.approx(its_slope.numpy(), rel=1e-6)


def test_without_a_listener_scipy_does_the_work():
    a = double(2.0)
    assert isinstance(optimize.brentq(lambda x: x**3 - a, 0, 3), float)
    assert isinstance(integrate.quad(lambda t: t * a, 0, 1)[0], float)


def test_arguments_without_a_meaning_are_refused():
    a = double(2.0)
    with gt.GradientTape() as tape:
        tape.watch(a)
        for call, words in (
            (lambda: integrate.quad(lambda t: a * t, 0, 1, weight="cos", wvar=1.0), "weight="),
            (
                lambda: integrate.solve_ivp(lambda t, y: -a * y, (0, 1), [1.0], dense_output=True),
                "dense_output=",
            ),
            (lambda: integrate.odeint(lambda y, t: -a * y, 1.0, [0.0, 1.0], full_output=1), "full_output="),
            (lambda: optimize.least_squares(lambda x: x - a, 0.0, loss="huber"), "loss="),
            (lambda: integrate.simpson(Y, x=gt.constant(X)), "points are constants"),
            (lambda: integrate.cumulative_trapezoid(gt.constant(Y), initial=1.0), "initial"),
        ):
            with pytest.raises(gt.errors.UncoveredError, match=words):
                call()


def test_every_solver_is_called_here():
    text = Path(__file__).read_text(encoding="utf-8")
    names = [name for name in MEANINGS if name.split(".")[0] in ("integrate", "optimize")]
    assert all(name in text or f'"{name.split(".")[1]}"' in text for name in names), names


def test_a_bracket_that_is_an_argument_of_a_recording_is_looked_at_in_every_call():
    @gt.function
    def root(low):
        return optimize.brentq(math.cos, low, low + 3)

    for low, wanted in ((0.0, math.pi / 2), (3.0, 1.5 * math.pi), (0.0, math.pi / 2)):
        assert float(root(double(low))) == pytest.approx(wanted)
