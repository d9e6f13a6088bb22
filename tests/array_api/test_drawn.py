"""Arrays that Hypothesis draws through the namespace itself: functions of them are the oracle's."""

import array_api_strict as strict
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.array_api import make_strategies_namespace

import gradtape as gt

xp = gt.array_api
xps = make_strategies_namespace(xp, api_version="2024.12")
UNARY = [
    "abs",
    "negative",
    "square",
    "sign",
    "sum",
    "max",
    "argmax",
    "sort",
    "cumulative_sum",
    "mean",
    "flip",
]
BINARY = [
    "add",
    "multiply",
    "subtract",
    "divide",
    "maximum",
    "floor_divide",
    "remainder",
    "less",
    "equal",
    "atan2",
]
SHAPES = xps.array_shapes(min_dims=1, max_dims=3, max_side=4)


def same(name, *arrays):
    """Compare a function's value, shape and dtype with the oracle's, where this takes the dtypes."""
    settings_of = {"axis": 0} if name == "cumulative_sum" else {}
    with np.errstate(all="ignore"):
        try:
            wanted = getattr(strict, name)(*(strict.asarray(np.asarray(x)) for x in arrays), **settings_of)
        except TypeError:
            return
        found = getattr(xp, name)(*arrays, **settings_of)
    wanted = np.asarray(wanted)
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-4, atol=1e-30)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.data(), st.sampled_from(UNARY))
def test_functions_of_one_array(data, name):
    same(name, data.draw(xps.arrays(xps.numeric_dtypes(), SHAPES, elements={"allow_subnormal": False})))


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(st.data(), st.sampled_from(BINARY))
def test_functions_of_two_arrays(data, name):
    shapes = data.draw(xps.mutually_broadcastable_shapes(2, max_dims=3, max_side=3)).input_shapes
    pair = [
        data.draw(xps.arrays(xps.real_dtypes(), shape, elements={"allow_subnormal": False}))
        for shape in shapes
    ]
    same(name, *pair)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_indices_are_numpys(data):
    x = data.draw(xps.arrays(xps.scalar_dtypes(), SHAPES))
    index = data.draw(xps.indices(x.shape, allow_newaxis=True))
    plain = np.array(np.asarray(x))
    np.testing.assert_array_equal(np.asarray(x[index]), plain[index])
    value = data.draw(xps.from_dtype(x.dtype))
    x[index] = value
    plain[index] = value
    np.testing.assert_array_equal(np.asarray(x), plain)
