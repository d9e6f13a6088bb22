"""`tf.linalg` against NumPy and SciPy, its derivatives against values alone, its batches against single matrices."""

import numpy as np
import pytest
from linalg_calls import CALLS

import gradtape as gt

IDS = [
    f"{i}-{c.name}-{'-'.join(str(x.dtype) + str(list(x.shape)) for x in c.inputs)}"
    for i, c in enumerate(CALLS)
]


def arrays(result):
    return [np.asarray(x) for x in (result if isinstance(result, tuple) else (result,))]


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_values_are_those_of_numpy_and_scipy(call):
    found = arrays(call.function(*map(gt.constant, call.inputs)))
    expected = arrays(call.reference(*call.inputs))
    assert len(found) == len(expected)
    for got, wanted in zip(found, expected, strict=True):
        assert got.shape == wanted.shape
        np.testing.assert_allclose(got, wanted, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    "call",
    [c for c in CALLS if c.derivatives],
    ids=[i for i, c in zip(IDS, CALLS, strict=True) if c.derivatives],
)
def test_first_and_second_derivatives_are_those_of_the_values(call):
    gt.testing.check(call.function, *call.inputs, limit=4, atol=1e-5, orders=(1, 2) if call.second else (1,))


def test_every_function_is_called():
    assert set(gt.linalg.__all__) <= {call.name for call in CALLS}
