"""`gradtape.scipy.interpolate` beside SciPy: values, derivatives in the data and in the points."""

import numpy as np
import pytest
import scipy.interpolate

import gradtape as gt
from gradtape.scipy import interpolate
from gradtape.scipy.meaning import MEANINGS

X = np.array([0.0, 0.7, 1.1, 2.0, 2.4, 3.5])
Y = np.array([1.0, 1.4, 0.2, -0.5, -0.4, 1.0])
WIDE = np.stack([Y, np.cos(X), X**2], 1)
AT = np.array([[0.1, 0.7, 1.3], [2.2, 3.0, 3.45]])
KINDS = {
    "CubicSpline": [
        ((), {}),
        ((), {"bc_type": "natural"}),
        ((), {"bc_type": "periodic"}),
        ((), {"bc_type": "clamped"}),
    ],
    "make_interp_spline": [((), {}), ((2,), {}), ((5,), {})],
    "CubicHermiteSpline": [((np.sin(X),), {})],
    "PchipInterpolator": [((), {})],
    "Akima1DInterpolator": [((), {}), ((), {"method": "makima"})],
    "interp1d": [((), {}), ((), {"kind": "cubic"}), (("quadratic",), {"fill_value": "extrapolate"})],
}
EACH = [(name, i) for name, calls in KINDS.items() for i in range(len(calls))]


def slope(f, x, way, step=1e-6):
    return (f(x + step * way) - f(x - step * way)) / (2 * step)


@pytest.mark.parametrize(("name", "i"), EACH)
def test_curves_have_scipys_values_and_slopes(name, i):
    args, settings = KINDS[name][i]
    theirs, ours = getattr(scipy.interpolate, name), getattr(interpolate, name)
    way = np.random.default_rng(0).normal(size=Y.shape)
    if settings.get("bc_type") == "periodic":
        way[-1] = way[0]
    data, points = gt.constant(Y), gt.constant(AT)
    unit = gt.constant(np.ones_like(AT))
    with gt.autodiff.ForwardAccumulator([data, points], [gt.constant(way), 0 * unit]) as of_data:
        y = ours(X, data, *args, **settings)(AT)
    np.testing.assert_allclose(y.numpy(), theirs(X, Y, *args, **settings)(AT), rtol=1e-10)
    wanted = slope(lambda d: theirs(X, d, *args, **settings)(AT), Y, way)
    np.testing.assert_allclose(of_data.jvp(y).numpy(), wanted, rtol=1e-6, atol=1e-8)
    with gt.autodiff.ForwardAccumulator(points, unit) as of_points:
        y = ours(X, Y, *args, **settings)(points)
    np.testing.assert_allclose(y.numpy(), theirs(X, Y, *args, **settings)(AT), rtol=1e-10)
    inside = AT != 0.7  # at a knot some curves turn
    wanted = slope(theirs(X, Y, *args, **settings), AT, 1.0)
    np.testing.assert_allclose(of_points.jvp(y).numpy()[inside], wanted[inside], rtol=1e-6)


@pytest.mark.parametrize("name", ["CubicSpline", "PchipInterpolator", "Akima1DInterpolator"])
def test_curves_of_several_columns_along_any_axis(name):
    theirs, ours = getattr(scipy.interpolate, name), getattr(interpolate, name)
    for data, axis in ((WIDE, 0), (WIDE.T, 1)):
        found, wanted = ours(X, gt.constant(data), axis=axis), theirs(X, data, axis=axis)
        for points in (AT, 1.3):
            np.testing.assert_allclose(found(points).numpy(), wanted(points), rtol=1e-10)
        np.testing.assert_allclose(found(AT, 1).numpy(), wanted(AT, 1), rtol=1e-9)
        np.testing.assert_allclose(found.derivative(2)(AT).numpy(), wanted.derivative(2)(AT), rtol=1e-9)
        np.testing.assert_allclose(found.antiderivative()(AT).numpy(), wanted.antiderivative()(AT), rtol=1e-9)
        np.testing.assert_allclose(found.integrate(0.3, 3.0).numpy(), wanted.integrate(0.3, 3.0), rtol=1e-9)


def test_the_ends_of_an_integral_are_differentiated():
    end, curve = gt.constant(2.2, dtype="float64"), interpolate.CubicSpline(X, Y)
    found = gt.grad(lambda b: curve.integrate(0.3, b))(end)
    assert found.numpy() == pytest.approx(scipy.interpolate.CubicSpline(X, Y)(2.2))
    twice = gt.hessian(curve)(end)
    assert twice.numpy() == pytest.approx(scipy.interpolate.CubicSpline(X, Y)(2.2, 2))
    assert curve.derivative()(end).numpy() == pytest.approx(scipy.interpolate.CubicSpline(X, Y)(2.2, 1))


def test_flat_data_of_monotone_and_akima_curves():
    flat = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 3.0])
    for name in ("PchipInterpolator", "Akima1DInterpolator"):
        found = getattr(interpolate, name)(X, gt.constant(flat))(AT)
        np.testing.assert_allclose(found.numpy(), getattr(scipy.interpolate, name)(X, flat)(AT), atol=1e-12)


def test_beyond_the_data():
    beyond = gt.constant([-0.5, 4.0], dtype="float64")
    data = gt.constant(Y)
    theirs = scipy.interpolate
    np.testing.assert_allclose(
        interpolate.CubicSpline(X, data)(beyond).numpy(), theirs.CubicSpline(X, Y)(beyond.numpy()), rtol=1e-9
    )
    assert np.isnan(interpolate.CubicSpline(X, data, extrapolate=False)(beyond).numpy()).all()
    periodic = interpolate.CubicSpline(X, data, bc_type="periodic")(beyond)
    np.testing.assert_allclose(
        periodic.numpy(), theirs.CubicSpline(X, Y, bc_type="periodic")(beyond.numpy()), rtol=1e-9
    )
    with pytest.raises(ValueError, match="outside"):
        interpolate.interp1d(X, data)(beyond)
    assert np.isnan(interpolate.interp1d(X, data, bounds_error=False)(beyond).numpy()).all()


def test_a_grid_in_its_values_and_its_points():
    axes = (np.array([0.0, 1.0, 2.5]), np.array([-1.0, 0.0, 0.5, 2.0]))
    values = np.random.default_rng(0).normal(size=(3, 4, 2))
    at = np.array([[0.2, 0.1], [2.4, 1.7], [1.3, -0.9]])
    wanted = scipy.interpolate.RegularGridInterpolator(axes, values)
    source, points = gt.constant(values), gt.constant(at)
    np.testing.assert_allclose(
        interpolate.RegularGridInterpolator(axes, source)(at).numpy(), wanted(at), rtol=1e-12
    )
    np.testing.assert_allclose(
        interpolate.RegularGridInterpolator(axes, values)(points).numpy(), wanted(at), rtol=1e-12
    )
    np.testing.assert_array_equal(interpolate.RegularGridInterpolator(axes, values)(at), wanted(at))
    found = gt.jacobian(lambda p: interpolate.RegularGridInterpolator(axes, source)(p))(points[0])
    for i in range(2):
        np.testing.assert_allclose(
            found.numpy()[..., i].ravel(), slope(wanted, at[0], np.eye(2)[i]).ravel(), rtol=1e-6
        )
    weights = gt.grad(lambda v: gt.reduce_sum(interpolate.RegularGridInterpolator(axes, v)(at)))(source)
    assert weights.numpy().sum() == pytest.approx(6.0)
    filled = interpolate.RegularGridInterpolator(axes, source, bounds_error=False, fill_value=7.0)
    assert filled(np.array([[9.0, 0.0]])).numpy().tolist() == [[7.0, 7.0]]


def test_bad_arguments_are_named():
    data, grid = gt.constant(Y), (X, X)
    for call, words in (
        (lambda: interpolate.CubicSpline(X[::-1], data), "ascend"),
        (lambda: interpolate.CubicSpline(X[:3], data), "do not fit"),
        (lambda: interpolate.RegularGridInterpolator(grid, data), "do not fit axes"),
        (lambda: interpolate.RegularGridInterpolator((X,), data)(np.zeros((2, 3))), "coordinates"),
        (lambda: interpolate.RegularGridInterpolator((X,), data)(np.array([[9.0]])), "outside"),
        (lambda: interpolate.Akima1DInterpolator(X, data, method="other"), "makima"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    for call, words in (
        (lambda: interpolate.interp1d(X, data, kind="nearest"), "constant"),
        (lambda: interpolate.interp1d(X, data, fill_value=3.0), "fill_value"),
        (lambda: interpolate.make_interp_spline(X, data, bc_type="natural"), "bc_type"),
        (lambda: interpolate.RegularGridInterpolator((X,), data, method="cubic"), "linear"),
        (lambda: interpolate.CubicSpline(X, data, bc_type=((1, 0.0), (1, 2.0))), "slopes"),
        (lambda: interpolate.CubicSpline(X, data, bc_type="periodic").integrate(0, 9), "periods"),
    ):
        with pytest.raises(gt.errors.UncoveredError, match=words):
            call()


def test_every_kind_is_called_here():
    assert {name for name in MEANINGS if name.startswith("interpolate.")} == {
        f"interpolate.{name}" for name in [*KINDS, "RegularGridInterpolator"]
    }


def test_points_that_are_arguments_of_a_recording_are_refused_and_not_frozen():
    @gt.function
    def middle(points):
        return interpolate.CubicSpline(points, X**2)(1.5)

    with pytest.raises(gt.errors.RecordingError, match="depends on an input"):
        middle(gt.constant(X))
