"""Words that tests of matrices are written with: gradient, derivative along directions, Hessian, nearness."""

import numpy as np

import gradtape as gt


def gradient(function, x):
    x = gt.constant(x)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x).numpy()


def along(function, x, *directions):
    """The derivative along directions, forward over forward."""
    x = gt.constant(x)
    if not directions:
        return function(x)
    with gt.autodiff.ForwardAccumulator(x, gt.constant(directions[0])) as accumulator:
        y = along(function, x, *directions[1:])
    return accumulator.jvp(y)


def hessian(function, x):
    """Second derivatives, reverse over reverse, as a matrix in the flattened entries."""
    x = gt.constant(x)
    with gt.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with gt.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        g = inner.gradient(y, x)
    n = int(np.prod(x.shape))
    return outer.jacobian(g, x).numpy().reshape(n, n)


def close(found, expected, digits=11):
    np.testing.assert_allclose(np.asarray(found), expected, rtol=10.0**-digits, atol=10.0 ** (-digits - 1))
