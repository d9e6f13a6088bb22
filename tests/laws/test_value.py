"""Law: the value equals NumPy's or SciPy's function of the same name, in every dtype and at special numbers."""

import numpy as np
import pytest
from law_references import OWN, reference

from gradtape.core.tensor import ROWS, Tensor
from gradtape.laws import cases
from gradtape.laws.outward import value


@pytest.mark.parametrize("name", ROWS)
def test_value_is_that_of_the_namesake(name):
    expected = reference(name)
    assert expected is not None, f"{name} has no function to be compared with: add one to law_references.OWN"
    for case in cases(ROWS[name]):
        value(case, expected)


@pytest.mark.parametrize("name", ROWS)
def test_value_is_the_same_in_every_precision(name):
    for case in cases(ROWS[name]):
        value(case)


SPECIAL = {
    dtype: np.array(
        [0.0, -0.0, 1.0, -1.0, 2.5, -2.5, np.inf, -np.inf, np.nan]
        + [float(n) for b in [np.finfo(dtype)] for n in (b.max, b.min, b.tiny, b.smallest_subnormal, b.eps)],
        dtype,
    )
    for dtype in (np.float16, np.float32, np.float64)
}


def plain(row):
    """Whether the samples are shapes alone: no parameters, no integers, no given arrays."""
    return all(not params and all(isinstance(x, tuple) for x in given) for given, params in row.samples)


PLAIN = [name for name, row in ROWS.items() if row.pointwise and plain(row)]
# np.i0 is NaN at infinity; test_limits has its limit.
OF_NUMPY = [name for name in PLAIN if hasattr(np, name) and name not in OWN and name != "i0"]


IN_DOUBLE = {"sinc"}  # NumPy's multiplies by pi in the dtype given, and so overflows and loses digits


def arity(name):
    return len(ROWS[name].samples[0][0])


def special_inputs(name, dtype):
    numbers = SPECIAL[dtype]
    if arity(name) == 1:
        return (numbers,)
    return tuple(part.ravel() for part in np.meshgrid(numbers, numbers))


@pytest.mark.parametrize("dtype", SPECIAL, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("name", [name for name in OF_NUMPY if arity(name) < 3])
def test_special_numbers_pass_as_in_numpy(name, dtype):
    inputs = special_inputs(name, dtype)
    found = ROWS[name](*map(Tensor, inputs)).numpy()
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(*(x.astype(np.float64) if name in IN_DOUBLE else x for x in inputs))
    if found.dtype.kind != "f":
        np.testing.assert_array_equal(found, expected)
        return
    wanted = expected.astype(found.dtype)
    np.testing.assert_allclose(found, wanted, rtol=4 * np.finfo(dtype).eps, atol=0)
    zeros = wanted == 0
    np.testing.assert_array_equal(np.signbit(found[zeros]), np.signbit(wanted[zeros]))


def test_special_numbers_are_looked_at_in_most_of_the_vocabulary():
    assert len(OF_NUMPY) > 50
    assert {"sin", "log", "divide", "maximum", "less", "floor"} <= set(OF_NUMPY)
