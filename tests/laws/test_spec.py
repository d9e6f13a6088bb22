"""Law: the declared shape and dtype are those of the value, in every dtype; a dtype is taken, or refused by name."""

import itertools

import numpy as np
import pytest

from gradtape.core.spec import Spec
from gradtape.core.tensor import ROWS
from gradtape.laws import DTYPES, cases
from gradtape.laws.case import draw
from gradtape.laws.outward import spec

# Real numbers have an order, integers have bits; the rest of the vocabulary takes what NumPy takes.
FLOAT64 = np.dtype("float64")


@pytest.mark.parametrize("name", ROWS)
def test_spec_is_that_of_the_value(name):
    for case in cases(ROWS[name]):
        spec(case)


@pytest.mark.parametrize("name", ROWS)
def test_every_primitive_takes_double_precision(name):
    samples = ROWS[name].samples
    kinds = {x.dtype for case in cases(ROWS[name]) for x in case.inputs}
    integers = all(isinstance(part, str) for given, _ in samples for part in given)
    assert integers or kinds & {FLOAT64, np.dtype("complex128")}


def refusal(case):
    """What the error says if the operation refuses the case, else None."""
    try:
        case.call(case.inputs)
    except (TypeError, ValueError) as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", ROWS)
def test_every_dtype_is_taken_or_refused_by_name(name):
    row = ROWS[name]
    for number, sample in enumerate(row.samples):
        for dtype in DTYPES:
            case = draw(row, sample, dtype, number)
            error = refusal(case)
            if error is not None:
                assert dtype.name in error
                assert name in error
                assert dtype != FLOAT64


REAL_ALONE = [
    "arctan2",
    "hypot",
    "cbrt",
    "logaddexp",
    "floor",
    "remainder",
    "relu",
    "softplus",
    "sign",
    "maximum",
    "minimum",
    "max",
    "min",
    "norm",
    "logsumexp",
]


@pytest.mark.parametrize("name", REAL_ALONE)
def test_complex_numbers_are_refused_where_they_have_no_meaning(name):
    row = ROWS[name]
    case = draw(row, row.samples[0], np.dtype("complex128"), 0)
    with pytest.raises(TypeError, match=f"{name}.*complex128"):
        case.call(case.inputs)


POINTWISE = [name for name, row in ROWS.items() if row.pointwise and row.spec is not None]


@pytest.mark.parametrize("name", [name for name in POINTWISE if len(ROWS[name].samples[0][0]) == 2])
def test_a_pointwise_spec_broadcasts_and_promotes(name):
    row = ROWS[name]
    for case in cases(row, [np.dtype("float32")]):
        given = [Spec(x.shape, x.dtype) for x in case.inputs]
        shape = np.broadcast_shapes(*(s.shape for s in given))
        assert tuple(row.spec(*given, **case.params).shape) == shape


WHOLE = [
    np.dtype(name) for name in ("bool", "int8", "int32", "int64", "uint8", "uint16", "uint64", "float16")
]


@pytest.mark.parametrize("name", POINTWISE)
def test_the_spec_of_whole_numbers_is_that_of_the_value(name):
    """NumPy makes floats of them, and numbers of truth values; of two dtypes the result has one for both."""
    row = ROWS[name]
    given, params = row.samples[0]
    every = (
        itertools.product(WHOLE, repeat=len(given)) if len(given) < 3 else [[d] * len(given) for d in WHOLE]
    )
    for dtypes in every:
        ones = [np.ones((2, 3), dtype) for dtype in dtypes]
        try:
            with np.errstate(all="ignore"):
                found = row.value(*ones, **params)
        except TypeError:
            continue  # NumPy has no such function
        declared = row.spec(*[Spec(x.shape, x.dtype) for x in ones], **params)
        if row.name != "conjugate":  # which is asked of complex numbers alone
            assert (declared.shape, declared.dtype) == (found.shape, found.dtype), dtypes
