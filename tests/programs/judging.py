"""What must hold of a program: NumPy's values, shapes and dtypes; modes that agree; differences; a symmetric Hessian.

The result is the real part of a weighted sum of the program's last values, as a function of all inputs. Along random
directions u and v its derivatives are numbers, which the modes give in different ways.
"""

import numpy as np
from tensorflow_values.sampling import spread

import gradtape as gt
from gradtape.checking.differences import first

LAST = 3  # so many of the last values make the result
AGREE = 1e-8  # of the size of what is added up
SETTLED = 1e-5
REACH = 0.02


def directions(inputs, salt):
    """A direction for each input."""
    found = []
    for i, x in enumerate(inputs):
        d = spread(x.shape, -1.0, 1.0, salt + i)
        found.append(
            np.asarray(d + 1j * d[::-1] if x.dtype.kind == "c" and d.ndim else d).astype(x.dtype)[()]
        )
    return found


def result(program, inputs, on_arrays=False):
    """The weighted sum, and the sum of the absolute values of its terms."""
    total = 0.0
    for salt, y in enumerate(program.values(inputs, on_arrays)[-LAST:]):
        weights = spread(y.shape, 0.5, 1.5, 20 + salt).astype(y.dtype)
        total = total + np.real(np.sum(y * weights))
    return total


def inner(xs, ys):
    """The real inner product of two lists of arrays, and the size of what was added up."""
    terms = [np.real(np.conj(x) * y) for x, y in zip(xs, ys, strict=True)]
    return float(sum(np.sum(t) for t in terms)), float(sum(np.sum(np.abs(t)) for t in terms))


def gradient(program, inputs):
    with gt.GradientTape() as tape:
        tape.watch(inputs)
        y = result(program, inputs)
    return tape.gradient(y, inputs, unconnected_gradients="zero")


def tangent(function, inputs, direction):
    """The derivative of a function of the inputs along a direction, in forward mode; zeros where there is none."""
    with gt.autodiff.ForwardAccumulator(inputs, [gt.constant(d) for d in direction]) as accumulator:
        y = function(inputs)
    return accumulator.jvp(y, "zero")


def values_are_numpys(program):
    """Every value has NumPy's shape and dtype, and NumPy's entries."""
    inputs = [gt.constant(x) for x in program.inputs]
    with np.errstate(all="ignore"):
        wanted = program.values(program.inputs, on_arrays=True)
    for number, (got, expected) in enumerate(zip(program.values(inputs), wanted, strict=True)):
        assert (tuple(got.shape), got.dtype) == (expected.shape, expected.dtype), f"value {number}"
        tolerance = 1e-9 if expected.dtype in (np.float64, np.complex128) else 1e-2
        size = float(np.max(np.abs(expected), initial=1.0))
        np.testing.assert_allclose(
            got.numpy(), expected, rtol=tolerance, atol=tolerance * size, err_msg=f"value {number}"
        )


def judge(program):
    """Assert all that must hold; returns whether differences settled, so that they could judge."""
    values_are_numpys(program)
    inputs = [gt.constant(x) for x in program.inputs]
    first_gradient = gradient(program, inputs)
    for g, x in zip(first_gradient, inputs, strict=True):
        assert (g.shape, g.dtype) == (x.shape, x.dtype)
        assert np.all(np.isfinite(g.numpy()))
    if program.inputs[0].dtype not in (np.float64, np.complex128):
        return True
    u, v = directions(program.inputs, 31), directions(program.inputs, 47)
    arrays = [g.numpy() for g in first_gradient]
    reverse, size = inner(arrays, u)
    forward = float(tangent(lambda xs: result(program, xs), inputs, u).numpy())
    close(reverse, forward, size, "reverse and forward")
    settled = by_differences(program, u, reverse, size)
    second_order(program, inputs, u, v)
    return settled


def close(a, b, size, what):
    assert abs(a - b) <= AGREE * max(size, abs(a), abs(b), 1e-6), (
        f"{what}: {a!r} and {b!r}, of terms of size {size:.3g}"
    )


def by_differences(program, u, expected, size):
    """Compare a derivative along a direction with differences of NumPy's values, where these settle."""

    def moved(step):
        inputs = [x + (REACH * step[0]) * d for x, d in zip(program.inputs, u, strict=True)]
        return np.atleast_1d(result(program, inputs, on_arrays=True))

    with np.errstate(all="ignore"):
        estimate = first(moved, np.zeros(1), 0)
    value, doubt = float(estimate.value[0]) / REACH, float(estimate.error[0]) / REACH
    scale = max(size, abs(expected), 1e-6)
    if not doubt <= SETTLED * scale:
        return False
    assert abs(value - expected) <= 10 * doubt + 1e-6 * scale, (
        f"differences give {value!r}, the tape {expected!r}"
    )
    return True


def second_order(program, inputs, u, v):
    """u H v by three mixtures of modes, and v H u."""
    ways, size = {}, 0.0
    for name, (a, b) in {"u H v": (u, v), "v H u": (v, u)}.items():
        along = tangent(lambda xs: gradient(program, xs), inputs, b)
        ways[name], terms = inner([h.numpy() for h in along], a)
        size = max(size, terms)
    nested = tangent(lambda xs: tangent(lambda ys: result(program, ys), xs, u), inputs, v)
    ways["forward over forward"] = float(nested.numpy())
    with gt.GradientTape() as tape:
        tape.watch(inputs)
        inner_gradient = gradient(program, inputs)
        slope = sum(
            np.real(np.sum(np.conj(g) * gt.constant(d))) for g, d in zip(inner_gradient, u, strict=True)
        )
    again = tape.gradient(slope, inputs, unconnected_gradients="zero")
    ways["reverse over reverse"], terms = inner([h.numpy() for h in again], v)
    size = max(size, terms)
    base = ways["u H v"]
    for name, value in ways.items():
        close(base, value, size, f"u H v and {name}")
