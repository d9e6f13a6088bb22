"""What no path leads through stays absent through compiled functions: zeros that would meet infinite derivatives."""

import numpy as np
import pytest

import gradtape as gt

X = gt.constant([0.0, 4.0], gt.float64)


def plain(f):
    return f


def around(wrap):
    """Where the branch that is not taken has an infinite derivative, and the function lies inside or around it."""
    root, squares = wrap(gt.sqrt), wrap(lambda s: gt.where(s > 0, s * s, 0.0))
    padded = wrap(lambda x: gt.pad(x * x, [[1, 1]]))
    several = wrap(lambda x: (2.0 * x, gt.sqrt(x), gt.reduce_sum(x)))
    state = gt.Variable([0.0, 0.0], dtype=gt.float64)
    kept = wrap(lambda x: (state.assign(gt.sqrt(x)), 3.0 * x)[1])
    twice = wrap(lambda x: several(x)[0] + 1.0)
    return {
        "inside": lambda x: gt.where(x > 0, root(x), 0.0),
        "outside": lambda x: squares(gt.sqrt(x)),
        "both": lambda x: gt.where(x > 0, squares(root(x)), 1.0),
        "one of several": lambda x: several(x)[0],
        "two of several": lambda x: several(x)[0] * several(x)[2],
        "assigned only": kept,
        "function in function": twice,
        "zeros around": lambda x: gt.reduce_sum(gt.sqrt(padded(x))) + x,
    }


@pytest.mark.parametrize("backend", ["reference", "llvm"])
@pytest.mark.parametrize("name", around(plain))
def test_derivatives_are_those_of_the_plain_program(name, backend):
    expected, found = around(plain)[name], around(lambda f: gt.function(f, backend=backend))[name]

    def both(f, x):
        with gt.GradientTape() as outer:
            outer.watch(x)
            with gt.GradientTape() as tape:
                tape.watch(x)
                y = f(x)
            slope = tape.gradient(y, x)
        with gt.autodiff.ForwardAccumulator(x, gt.ones_like(x)) as accumulator:
            y = f(x)
        return slope, outer.gradient(slope, x, unconnected_gradients="zero"), accumulator.jvp(y)

    for x in (X, X + 0.0, gt.constant([1.0, 0.0], gt.float64)):
        for a, b in zip(both(found, x), both(expected, x), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)
    slope = both(expected, X)[0].numpy()
    assert np.isfinite(slope).all() or name == "zeros around"
