"""Every function of the namespace that has a derivative: the tape's is that of the values."""

import numpy as np
import pytest
from standard_calls import BINARY, CALLS, UNARY

import gradtape as gt

xp = gt.array_api
RANDOM = np.random.default_rng(3)
X, Y = RANDOM.uniform(0.2, 0.9, (2, 3)), RANDOM.uniform(0.2, 0.9, (2, 3))
_WITHOUT = """
all any argmax argmin argsort bitwise_and bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift
bitwise_xor broadcast_shapes can_cast ceil count_nonzero equal finfo floor floor_divide greater greater_equal iinfo
isdtype isfinite isin isinf isnan less less_equal logical_and logical_not logical_or logical_xor nonzero not_equal
result_type round searchsorted sign signbit trunc linalg.matrix_rank
arange empty empty_like eye full full_like linspace ones ones_like zeros zeros_like imag
from_dlpack nextafter fft.fftfreq fft.rfftfreq
"""
WITHOUT = set(_WITHOUT.split())
MORE = {
    name: [(function, (X,))]
    for name, function in {
        "full": lambda xp, x: xp.full((2, 2), x[0, 0]),
        "full_like": lambda xp, x: xp.full_like(x, x[0, 1]),
        "linspace": lambda xp, x: xp.linspace(x[0, 0], x[0, 1], 5),
        "acosh": lambda xp, x: xp.acosh(1 + x),
        "asarray": lambda xp, x: xp.asarray([x[0, 0], x[1, 1] * 2.0]),
        "astype": lambda xp, x: xp.astype(x, xp.complex128),
        "clip": lambda xp, x: xp.clip(x, 0.1, x[0, 0] + 0.01),
        "concat": lambda xp, x: xp.concat([x, 2 * x], axis=None),
        "stack": lambda xp, x: xp.stack([x, 2 * x], axis=1),
        "cumulative_sum": lambda xp, x: xp.cumulative_sum(x, axis=1, include_initial=True),
        "cumulative_prod": lambda xp, x: xp.cumulative_prod(x, axis=0, include_initial=True),
        "sort": lambda xp, x: xp.sort(x, descending=True),
        "take": lambda xp, x: xp.take(x, xp.asarray([2, 0, 2]), axis=1),
        "take_along_axis": lambda xp, x: xp.take_along_axis(x, xp.asarray([[1], [2]]), axis=1),
        "where": lambda xp, x: xp.where(x > 0.5, x, x * x),
        "max": lambda xp, x: xp.max(x, axis=1),
        "min": lambda xp, x: xp.min(x),
        "linalg.outer": lambda xp, x: xp.linalg.outer(x[0], x[1]),
        "linalg.pinv": lambda xp, x: xp.linalg.pinv(x),
        "special.erf": lambda xp, x: xp.special.erf(x),
        "special.betainc": lambda xp, x: xp.special.betainc(x, 1 + x, x),
    }.items()
}
for _name in ("unique_all", "unique_counts", "unique_inverse", "unique_values"):
    MORE[_name] = [(lambda xp, x, n=_name: getattr(xp, n)(x), (X,))]
for _name in ("fft", "ifft", "hfft", "irfft", "fftn", "ifftn", "irfftn"):
    MORE[f"fft.{_name}"] = [(lambda xp, x, n=_name: getattr(xp.fft, n)(x * (1 + 2j)), (X,))]


def calls(name):
    """Calls of a function at points where it is smooth, all of whose arguments are real and double."""
    if name in MORE:
        return MORE[name]
    if name in UNARY:
        return [(lambda xp, x: getattr(xp, name)(x), (X,))]
    if name in BINARY:
        return [(lambda xp, x, y: getattr(xp, name)(x, y), (X, Y))]
    real = [(f, xs) for f, xs in CALLS[name] if xs and all(np.asarray(x).dtype == "float64" for x in xs)]
    return [(f, xs) for f, xs in real if not any(np.isnan(x).any() for x in xs)][:6]


def total(function, arrays):
    """One number that depends on every floating number of the results."""
    results = function(xp, *arrays)
    sums = 0.0
    for y in results if isinstance(results, (tuple, list)) else [results]:
        if hasattr(y, "dtype") and y.dtype.kind in "fc":
            weights = np.cos(np.arange(y.size)).reshape(y.shape)
            sums = sums + xp.sum(xp.real(y) * weights) + xp.sum(xp.imag(y) * (weights + 0.3))
    return sums


def slopes(function, arrays):
    """The gradient by central differences, on arrays that nobody follows."""
    found = [np.zeros(np.shape(x)) for x in arrays]
    for place, x in enumerate(arrays):
        for i in range(np.size(x)):
            ends = []
            for step in (1e-6, -1e-6):
                moved = [np.array(z) for z in arrays]
                moved[place].flat[i] += step
                ends.append(float(total(function, [xp.asarray(z) for z in moved])))
            found[place].flat[i] = (ends[0] - ends[1]) / 2e-6
    return found


def compare(function, arrays, factor=1.0):
    """Compare the tape's gradient with differences; whether there was one."""
    tensors = [gt.constant(np.asarray(x)) for x in arrays]
    with gt.GradientTape() as tape:
        tape.watch(tensors)
        y = total(function, tensors)
    gradients = tape.gradient(y, tensors, unconnected_gradients="zero")
    for gradient, slope in zip(gradients, slopes(function, arrays), strict=True):
        np.testing.assert_allclose(factor * np.asarray(gradient), slope, rtol=1e-5, atol=1e-6)
    return any(np.any(np.asarray(gradient) != 0) for gradient in gradients)


@pytest.mark.parametrize("name", sorted(({*CALLS} - WITHOUT) | {*MORE}))
def test_derivatives_are_those_of_the_values(name):
    moved = [compare(function, arrays) for function, arrays in calls(name)]
    assert any(moved)


def test_a_wrong_derivative_is_caught():
    with pytest.raises(AssertionError):
        compare(lambda xp, x: xp.sin(x), (X,), factor=1.001)
