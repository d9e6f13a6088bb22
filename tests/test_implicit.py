"""Derivatives of roots, fixed points, minima, trajectories and integrals, against closed forms, mpmath and SciPy."""

import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.optimize

import gradtape as gt
from gradtape.implicit.solved import arguments

implicit = gt.implicit


def number(x):
    return gt.constant(x, dtype="float64")


def by_tapes(f, x):
    """Value and three derivatives, tapes alone."""
    x = number(x)
    with gt.GradientTape() as third:
        third.watch(x)
        with gt.GradientTape() as second:
            second.watch(x)
            with gt.GradientTape() as first:
                first.watch(x)
                y = f(x)
            g = first.gradient(y, x)
        h = second.gradient(g, x)
    return [part.numpy() for part in (y, g, h, third.gradient(h, x))]


def by_accumulators(f, x):
    x, one = number(x), number(1.0)
    with gt.autodiff.ForwardAccumulator(x, one) as outer:
        with gt.autodiff.ForwardAccumulator(x, one) as inner:
            y = f(x)
        dy = inner.jvp(y)
    return [part.numpy() for part in (y, dy, outer.jvp(dy))]


def forward_over_reverse(f, x):
    x = number(x)
    with gt.autodiff.ForwardAccumulator(x, number(1.0)) as outer:
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        g = tape.gradient(y, x)
    return [part.numpy() for part in (y, g, outer.jvp(g))]


def reverse_over_forward(f, x):
    x = number(x)
    with gt.GradientTape() as tape:
        tape.watch(x)
        with gt.autodiff.ForwardAccumulator(x, number(1.0)) as inner:
            y = f(x)
        dy = inner.jvp(y)
    return [part.numpy() for part in (y, dy, tape.gradient(dy, x))]


WAYS = [by_tapes, by_accumulators, forward_over_reverse, reverse_over_forward]

SQUARE_ROOTS = {
    "root": lambda a: implicit.root(lambda x, a: x * x - a, number(1.0), a).x,
    "root, closed over": lambda a: implicit.root(lambda x: x * x - a, number(1.0)).x,
    "root, by Broyden": lambda a: implicit.root(lambda x, a: x * x - a, number(1.0), a, method="broyden1").x,
    "fixed_point": lambda a: implicit.fixed_point(lambda x, a: (x + a / x) / 2, number(1.0), a).x,
    "fixed_point, del2": lambda a: (
        implicit.fixed_point(lambda x, a: (x + a / x) / 2, number(1.0), a, method="del2").x
    ),
    "minimize": lambda a: implicit.minimize(lambda x, a: x**3 / 3 - a * x, number(1.0), a).x,
    "minimize, by Newton-CG": lambda a: (
        implicit.minimize(lambda x: x**3 / 3 - a * x, number(1.0), method="Newton-CG").x
    ),
    "quad, both limits": lambda a: (
        1.0
        + implicit.quad(lambda t: 0.5 / gt.sqrt(t), number(1.0), a).value * 0.5
        - implicit.quad(lambda t: 0.5 / gt.sqrt(t), a, 1).value * 0.5
    ),
    "quad, parameter": lambda a: implicit.quad(lambda t, a: t * gt.sqrt(a) * 2, 0.0, 1.0, a).value,
    "quad, closed over": lambda a: implicit.quad(lambda t: t * gt.sqrt(a) * 2, 0.0, 1.0).value,
    "solve_ivp, end": lambda a: implicit.solve_ivp(lambda t, y: 0.5 / y, (1.0, a), number(1.0)).y[1],
    "solve_ivp, beginning": lambda a: implicit.solve_ivp(lambda t, y: 0.5 / y, (2 - a, 1.0), number(1.0)).y[
        -1
    ],
    "solve_ivp, parameter": lambda a: implicit.solve_ivp(
        lambda t, y, a: 0.5 * (a - 1) / y, (0.0, 1.0), number(1.0), args=a
    ).y[-1],
    "solve_ivp, closed over and start": lambda a: implicit.solve_ivp(
        lambda t, y: (a - 1) / 4 / y, (0.0, 1.0), gt.sqrt((a + 1) / 2)
    ).y[-1],
    "solve_ivp, stiff method": lambda a: implicit.solve_ivp(
        lambda t, y, a: 0.5 * (a - 1) / y, (0.0, 1.0), number(1.0), "LSODA", None, a
    ).y[-1],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", sorted(SQUARE_ROOTS))
def test_every_function_finds_the_square_root_and_its_derivatives(name, way):
    a = 1.7
    expected = [a**0.5, 0.5 * a**-0.5, -0.25 * a**-1.5, 0.375 * a**-2.5]
    found = way(SQUARE_ROOTS[name], a)
    np.testing.assert_allclose(found, expected[: len(found)], rtol=1e-7 if "ivp" in name else 1e-9)


def test_the_rule_bites():
    """A derivative wrong by a thousandth would be seen."""
    a = 1.7
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(by_tapes(SQUARE_ROOTS["root"], a)[1], 0.5005 * a**-0.5, rtol=1e-7)


@pytest.mark.parametrize("name", sorted(SQUARE_ROOTS))
def test_taylor_series_of_the_square_root(name):
    order = 4
    _, found = gt.taylor(SQUARE_ROOTS[name], [number(1.7)], [[number(1.0)]], order)
    expected = mpmath.taylor(mpmath.sqrt, mpmath.mpf(1.7), order)[1:]
    np.testing.assert_allclose(
        [c.numpy() for c in found], [float(c) for c in expected], rtol=1e-6 if "ivp" in name else 1e-9
    )


def test_keplers_equation():
    """E - e sin E = M, in both parameters to second order."""
    e, mean = 0.3, 1.1

    def anomaly(e, m):
        return mpmath.findroot(lambda x: x - e * mpmath.sin(x) - m, 1.3)

    ee, mm = number(e), number(mean)
    with gt.GradientTape(persistent=True) as outer:
        outer.watch([ee, mm])
        with gt.GradientTape() as inner:
            inner.watch([ee, mm])
            y = implicit.root(
                lambda x, p: x - p["e"] * gt.sin(x) - p["m"], number(1.0), ({"e": ee, "m": mm},)
            ).x
        g = inner.gradient(y, [ee, mm])
    h = [outer.gradient(g[0], [ee, mm]), outer.gradient(g[1], [ee, mm])]
    with mpmath.workdps(40):
        orders = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (1, 1), (0, 2)]
        expected = [float(mpmath.diff(anomaly, (e, mean), n) if any(n) else anomaly(e, mean)) for n in orders]
    found = [y.numpy(), g[0].numpy(), g[1].numpy(), *(part.numpy() for row in h for part in row)]
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_a_system_with_a_jacobian_and_an_hvp():
    """x solves A x + x^3 = b for a matrix of parameters: against SciPy's root and differences."""
    rng = np.random.default_rng(0)
    a, b = np.eye(3) * 2 + rng.normal(size=(3, 3)) * 0.3, rng.normal(size=3)

    def f(a, b):
        return implicit.root(
            lambda x, a, b: gt.linalg.matvec(a, x) + x**3 - b, gt.zeros(3, "float64"), (a, b)
        ).x

    def plain(a, b):
        return scipy.optimize.root(lambda x: a @ x + x**3 - b, np.zeros(3), tol=1e-14).x

    ta, tb = number(a), number(b)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch([ta, tb])
        x = f(ta, tb)
    np.testing.assert_allclose(x.numpy(), plain(a, b), rtol=1e-10)
    jac = np.linalg.inv(a + np.diag(3 * x.numpy() ** 2))
    np.testing.assert_allclose(tape.jacobian(x, tb).numpy(), jac, rtol=1e-10)
    np.testing.assert_allclose(
        tape.jacobian(x, ta).numpy(), -np.einsum("ij,k->ijk", jac, x.numpy()), rtol=1e-9, atol=1e-12
    )
    gt.testing.check(lambda b: gt.reduce_sum(f(ta, b) ** 2), tb)


def test_minimisers_of_quadratics():
    rng = np.random.default_rng(1)
    q = np.diag([2.0, 3.0, 4.0]) + 0.1
    b = number(rng.normal(size=3))
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(b)
        found = implicit.minimize(
            lambda x, b: gt.reduce_sum(x * gt.linalg.matvec(number(q), x)) / 2 - gt.reduce_sum(b * x),
            gt.zeros(3, "float64"),
            b,
        )
    np.testing.assert_allclose(found.x.numpy(), np.linalg.solve(q, b.numpy()), rtol=1e-11)
    np.testing.assert_allclose(tape.jacobian(found.x, b).numpy(), np.linalg.inv(q), rtol=1e-10)
    np.testing.assert_allclose(
        tape.gradient(found.fun, b).numpy(), -found.x.numpy(), rtol=1e-9
    )  # the envelope


@pytest.mark.parametrize("method", ["Nelder-Mead", "L-BFGS-B", "Newton-CG", "trust-exact", "CG"])
def test_every_method_gives_the_same_minimum_to_rounding(method):
    """Rosenbrock's valley, whose floor follows a: the minimum lies at (a, a^2)."""
    a = number(1.2)
    with gt.GradientTape() as tape:
        tape.watch(a)
        x = implicit.minimize(
            lambda x, a: 100 * (x[1] - x[0] ** 2) ** 2 + (a - x[0]) ** 2, number([1.0, 1.0]), a, method=method
        ).x
    np.testing.assert_allclose(x.numpy(), [1.2, 1.44], rtol=1e-10)
    np.testing.assert_allclose(tape.jacobian(x, a).numpy(), [1.0, 2.4], rtol=1e-9)


def test_the_square_root_of_a_matrix():
    """X X = A, whose derivative solves Sylvester's equation."""
    a = number([[4.0, 1.0], [0.5, 3.0]])
    with gt.GradientTape() as tape:
        tape.watch(a)
        x = implicit.root(lambda x, a: x @ x - a, gt.eye(2, dtype="float64"), a).x
        total = gt.reduce_sum(x)
    expected = scipy.linalg.sqrtm(a.numpy())
    np.testing.assert_allclose(x.numpy(), expected, rtol=1e-12)
    share = scipy.linalg.solve_sylvester(expected.T, expected.T, np.ones((2, 2)))
    np.testing.assert_allclose(tape.gradient(total, a).numpy(), share, rtol=1e-12)


def test_time_may_run_backwards():
    k = number(2.0)
    with gt.GradientTape() as tape:
        tape.watch(k)
        y = implicit.solve_ivp(
            lambda t, y, k: -k * y, (1.0, 0.0), number([1.0, 2.0]), t_eval=[0.75, 0.25], args=k
        ).y
    past = np.array([0.25, 0.75])
    np.testing.assert_allclose(y.numpy(), np.outer([1, 2], np.exp(2 * past)), rtol=1e-9)
    np.testing.assert_allclose(
        tape.jacobian(y, k).numpy(), np.outer([1, 2], past * np.exp(2 * past)), rtol=1e-8
    )


def test_a_logistic_regression_in_its_penalty():
    rng = np.random.default_rng(2)
    data, labels = rng.normal(size=(40, 3)), rng.integers(0, 2, 40) * 2.0 - 1

    def loss(w, penalty):
        margins = gt.linalg.matvec(number(data), w) * labels
        return gt.reduce_sum(gt.nn.softplus(-margins)) + penalty * gt.reduce_sum(w * w)

    def plain(penalty):
        def g(w):
            return -data.T @ (labels / (1 + np.exp((data @ w) * labels))) + 2 * penalty * w

        return scipy.optimize.root(g, np.zeros(3), tol=1e-14).x

    def fit(penalty):
        return implicit.minimize(loss, gt.zeros(3, "float64"), penalty).x

    penalty, h = number(0.7), 1e-2
    with gt.autodiff.ForwardAccumulator(penalty, number(1.0)) as outer:
        with gt.autodiff.ForwardAccumulator(penalty, number(1.0)) as inner:
            w = fit(penalty)
        dw = inner.jvp(w)
    at = [plain(0.7 + k * h) for k in (-2, -1, 0, 1, 2)]
    first = (at[0] - 8 * at[1] + 8 * at[3] - at[4]) / (12 * h)
    second = (-at[0] + 16 * at[1] - 30 * at[2] + 16 * at[3] - at[4]) / (12 * h * h)
    np.testing.assert_allclose(w.numpy(), at[2], rtol=1e-7)
    np.testing.assert_allclose(dw.numpy(), first, rtol=1e-6)
    np.testing.assert_allclose(outer.jvp(dw).numpy(), second, rtol=1e-5)


def test_a_linear_equation_against_expm():
    rng = np.random.default_rng(3)
    a, y0, t = rng.normal(size=(3, 3)), rng.normal(size=3), np.array([0.3, 0.8, 1.5])
    ta, tt, ty = number(a), number(t), number(y0)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch([ta, tt, ty])
        y = implicit.solve_ivp(lambda t, y, a: gt.linalg.matvec(a, y), (0, 1.5), ty, t_eval=tt, args=ta).y
        weights = rng.normal(size=(3, 3))
        loss = gt.reduce_sum(y * weights)
    flows = [scipy.linalg.expm(a * s) for s in t]
    np.testing.assert_allclose(y.numpy().T, [e @ y0 for e in flows], rtol=1e-8)
    ga, gt_, gy = tape.gradient(loss, [ta, tt, ty])
    np.testing.assert_allclose(
        gy.numpy(), sum(e.T @ w for e, w in zip(flows, weights.T, strict=True)), rtol=1e-8
    )
    np.testing.assert_allclose(
        gt_.numpy(), [w @ a @ e @ y0 for e, w in zip(flows, weights.T, strict=True)], rtol=1e-8
    )
    expected = sum(
        scipy.linalg.expm_frechet(a.T * s, np.outer(w, y0), compute_expm=False) * s
        for s, w in zip(t, weights.T, strict=True)
    )
    np.testing.assert_allclose(ga.numpy(), expected, rtol=1e-7)


def test_lotka_volterra_against_mpmath():
    """First and second sensitivities by a long Taylor integration of mpmath, whose result is differenced exactly."""
    base = [1.1, 0.4, 0.4, 0.1]

    def end(*p):
        flow = mpmath.odefun(
            lambda t, y: [p[0] * y[0] - p[1] * y[0] * y[1], p[3] * y[0] * y[1] - p[2] * y[1]], 0, [2, 1]
        )
        return flow(1)[0]

    def field(t, y, p):
        return gt.stack([p[0] * y[0] - p[1] * y[0] * y[1], p[3] * y[0] * y[1] - p[2] * y[1]])

    def prey(p):
        return implicit.solve_ivp(field, (0.0, 1.0), number([2.0, 1.0]), args=(p,)).y[0, -1]

    p = number(base)
    with gt.GradientTape() as outer:
        outer.watch(p)
        with gt.GradientTape() as inner:
            inner.watch(p)
            y = prey(p)
        g = inner.gradient(y, p)
    h = outer.jacobian(g, p).numpy()
    with mpmath.workdps(30):
        at = [mpmath.mpf(x) for x in base]
        step = mpmath.mpf("1e-6")

        def moved(*shifts):
            q = list(at)
            for index, sign in shifts:
                q[index] += sign * step
            return end(*q)

        slopes = [(moved((i, 1)) - moved((i, -1))) / (2 * step) for i in range(4)]
        cross = (
            moved((0, 1), (1, 1)) - moved((0, 1), (1, -1)) - moved((0, -1), (1, 1)) + moved((0, -1), (1, -1))
        ) / (4 * step**2)
        value = end(*at)
    assert y.numpy() == pytest.approx(float(value), rel=1e-9)
    np.testing.assert_allclose(g.numpy(), [float(s) for s in slopes], rtol=1e-8)
    assert h[0, 1] == pytest.approx(float(cross), rel=1e-6)
    np.testing.assert_allclose(h, h.T, rtol=1e-7, atol=1e-9)


def test_integrals_of_any_shape_with_infinite_limits():
    k = number([1.0, 2.0])
    with gt.GradientTape() as tape:
        tape.watch(k)
        value, error = implicit.quad(lambda t, k: gt.exp(-k * t * t), -np.inf, np.inf, k)
        loss = gt.reduce_sum(value)
    np.testing.assert_allclose(value.numpy(), np.sqrt(np.pi / k.numpy()), rtol=1e-9)
    np.testing.assert_allclose(
        tape.gradient(loss, k).numpy(), -0.5 * np.pi**0.5 * k.numpy() ** -1.5, rtol=1e-9
    )
    assert 0 <= error < 1e-8


def test_variables_that_a_function_reads():
    v = gt.Variable(2.0, dtype="float64")
    with gt.GradientTape(persistent=True) as tape:
        x = implicit.root(lambda x: x * x * x - v, number(1.0)).x
        area = implicit.quad(lambda t: v * t, 0.0, 1.0).value
        y = implicit.solve_ivp(lambda t, y: v * y, (0.0, 1.0), number(1.0)).y[-1]
    assert tape.gradient(x, v).numpy() == pytest.approx(2.0 ** (-2 / 3) / 3)
    assert tape.gradient(area, v).numpy() == pytest.approx(0.5)
    assert tape.gradient(y, v).numpy() == pytest.approx(np.exp(2.0), rel=1e-8)
    v.assign(3.0)
    with pytest.raises(ValueError, match="has another value now"):
        tape.gradient(x, v)


def test_dtypes_of_results_are_those_of_the_start():
    a = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        x = implicit.root(lambda x: x * x - a, 1.0).x
    assert x.dtype == gt.float32
    g = tape.gradient(x, a)
    assert g.dtype == gt.float32
    assert g.numpy() == pytest.approx(0.5 * 2**-0.5, rel=1e-6)
    assert implicit.quad(lambda t: t * gt.constant(1.0), 0.0, 1.0).value.numpy() == pytest.approx(0.5)


def test_a_batch_and_a_recorded_function():
    a = number([1.0, 4.0, 9.0])
    square_root = lambda a: implicit.root(lambda x, a: x * x - a, number(1.0), a).x
    np.testing.assert_allclose(gt.vectorized_map(square_root, a).numpy(), [1, 2, 3], rtol=1e-12)
    recorded = gt.function(square_root)
    assert recorded(number(4.0)).numpy() == pytest.approx(2.0)
    assert recorded(number(9.0)).numpy() == pytest.approx(3.0)


def test_a_batch_of_what_is_closed_over_is_refused():
    a = number([1.0, 4.0])
    with pytest.raises(ValueError, match="Pass it to the function as an argument"):
        gt.vectorized_map(lambda a: implicit.root(lambda x: x * x - a, number(1.0)).x, a)


def test_gradients_in_a_batch_and_in_a_recorded_function():
    def slope(a):
        with gt.GradientTape() as tape:
            tape.watch(a)
            y = implicit.root(lambda x, a: x * x - a, number(1.0), a).x
        return tape.gradient(y, a)

    a = np.array([0.3, 0.5, 0.9])
    np.testing.assert_allclose(gt.vectorized_map(slope, number(a)).numpy(), 0.5 * a**-0.5, rtol=1e-12)
    recorded = gt.function(slope)
    np.testing.assert_allclose([recorded(number(x)).numpy() for x in a], 0.5 * a**-0.5, rtol=1e-12)


def test_a_recorded_function_reads_a_variable_anew():
    v = gt.Variable(2.0, dtype="float64")
    recorded = gt.function(lambda a: implicit.root(lambda x: x * x - v * a, number(1.0)).x)
    assert recorded(number(0.5)).numpy() == pytest.approx(1.0)
    v.assign(8.0)
    assert recorded(number(0.5)).numpy() == pytest.approx(2.0)


def test_constants_among_the_arguments_receive_no_shares():
    """A large table beside the parameter does not enter the adjoint equation: only what is followed is an input."""
    k, table = number(2.0), number(np.linspace(0.0, 1.0, 1000))
    with gt.GradientTape() as tape:
        tape.watch(k)
        assert arguments("test", (k, {"table": table, "kind": "text", "power": 3})).tensors[0] is k
        assert len(arguments("test", (k, table)).tensors) == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: implicit.root(lambda x: x * x + 1, number(1.0)), "root: "),
        (lambda: implicit.fixed_point(lambda x: 2 * x + 1, number(1.0)), "fixed_point: Failed to converge"),
        (lambda: implicit.minimize(lambda x: x, number(1.0), options={"maxiter": 3}), "minimize: "),
        (lambda: implicit.solve_ivp(lambda t, y: y * y, (0.0, 2.0), number(1.0)), "solve_ivp: "),
        (lambda: implicit.quad(lambda t: 1 / t, 0.0, 1.0, limit=20), "quad: "),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_does_not_converge(call, words):
    with pytest.raises(implicit.ConvergenceError, match=words):
        call()


def test_singular_jacobians_are_told_at_the_derivative():
    a = number(1.0)
    with gt.GradientTape() as tape:
        tape.watch(a)
        x = implicit.root(
            lambda x, a: gt.stack([x[0] + x[1] - a, 2 * x[0] + 2 * x[1] - 2 * a]), number([0.5, 0.5]), a
        ).x
    with pytest.raises(ValueError, match="root: the Jacobian of the condition is singular at the solution"):
        tape.gradient(x, a)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: implicit.root(lambda x: x[:1], number([1.0, 2.0])),
            ValueError,
            r"shape \(2,\) of x, got \(1,\)",
        ),
        (lambda: implicit.root(lambda x: x, gt.constant(1j)), TypeError, "x0 must be real"),
        (lambda: implicit.root(lambda x: "text", number(1.0)), TypeError, "must be a real tensor, got str"),
        (
            lambda: implicit.minimize(lambda x: x, number([1.0, 2.0])),
            ValueError,
            "fun must return one number",
        ),
        (lambda: implicit.quad(lambda t: t, np.nan, 1.0), ValueError, "limit a must be one number"),
        (lambda: implicit.solve_ivp(lambda t, y: y, 1.0, number(1.0)), ValueError, "t_span must be a pair"),
        (
            lambda: implicit.solve_ivp(lambda t, y: y, (0, 1), number(1.0), t_eval=[0.5, 0.2]),
            ValueError,
            "t_eval must be sorted",
        ),
        (
            lambda: implicit.solve_ivp(lambda t, y: gt.stack([y, y]), (0, 1), number(1.0)),
            ValueError,
            r"must have the shape \(\), got \(2,\)",
        ),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()
