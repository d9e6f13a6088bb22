"""Results of recorded programs have memory of their own: no later call and no caller's array changes them."""

import numpy as np
import pytest

import gradtape as gt


@gt.custom_gradient
def sine(x):
    return gt.sin(x), lambda upstream: upstream * gt.cos(x)


@gt.custom_gradient
def parts(x):
    return (gt.sin(x), gt.exp(x)), lambda g, h: g * gt.cos(x) + h * gt.exp(x)


PROGRAMS = {
    "custom rule": sine,
    "custom rule and more": lambda x: (sine(x), gt.tanh(x) * 2.0, gt.sort(sine(x) * 2.0)),
    "custom rule of parts": parts,
    "passed through": lambda x: gt.grad_pass_through(gt.identity)(gt.cos(x)),
    "the argument": lambda x: (x, x),
    "looks": lambda x: (gt.reshape(x, (-1,)), gt.transpose(x), x[0], gt.reverse(x, [0]), x[None]),
    "looks at what is computed": lambda x: (gt.transpose(gt.sin(x)), gt.sin(x)[0], gt.math.real(gt.exp(x))),
    "unchanged": lambda x: (gt.identity(x), gt.stop_gradient(x), gt.cast(x, "float64"), gt.math.conj(x)),
}


@pytest.mark.parametrize("backend", ["reference", "llvm"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_results_stay(name, backend):
    f = gt.function(PROGRAMS[name], backend=backend)
    given = [np.arange(6.0).reshape(2, 3) + k for k in range(4)]
    found = [gt.nest.flatten(f(x)) for x in given]
    for k, x in enumerate(given):
        x[:] = 99.0
        wanted = gt.nest.flatten(PROGRAMS[name](gt.constant(np.arange(6.0).reshape(2, 3) + k)))
        for a, b in zip(found[k], wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)


@pytest.mark.parametrize("backend", ["reference", "llvm"])
def test_variables_keep_what_was_assigned(backend):
    v = gt.Variable(np.zeros(3))
    f = gt.function(v.assign, backend=backend)
    for k in range(3):
        x = np.arange(3.0) + k
        f(x)
        x[:] = 99.0
        np.testing.assert_array_equal(v, np.arange(3.0) + k)
