"""Inputs and results by their addresses: what machine code finds is what NumPy says, and no memory is shared."""

import ctypes

import numpy as np
import pytest

import gradtape as gt
from gradtape.backends.llvm import addresses

KINDS = [np.float32, np.float64, np.int32, np.int64, np.bool_]


@pytest.fixture(params=["machine code", "NumPy"])
def way(request, monkeypatch):
    if request.param == "NumPy":
        monkeypatch.setattr(addresses, "launcher", lambda: None)


def found(values):
    """The entries at the addresses that were written, and what is to be kept."""
    table = np.full(len(values) + 1, -1, np.intp)
    kept = addresses.launch(values, table.ctypes.data)
    assert table[-1] == -1
    return table[:-1].tolist(), kept


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_and_numbers(kind, way):
    number, array = kind(1), np.arange(6).astype(kind).reshape(2, 3)
    places, kept = found((number, array, array[1], array[..., :0], np.asarray(number)))
    assert len(kept) == 5
    at = (ctypes.c_char * kind().itemsize).from_address(places[0])
    assert np.frombuffer(at, kind)[0] == number
    assert places[1] == array.ctypes.data
    assert places[2] - places[1] == 3 * array.itemsize


def test_nothing_at_all(way):
    assert found([]) == ([], [])


class Named(np.ndarray):
    """A subclass may keep its data as it likes."""


@pytest.mark.parametrize(
    "value",
    [np.arange(6.0)[::2], np.arange(6.0).reshape(2, 3).T, [1.0, 2.0], 3.5, np.arange(3.0).view(Named)],
)
def test_what_is_no_contiguous_array(value, way):
    whole = np.ones(2)
    places, kept = found([whole, value])
    assert places[0] == whole.ctypes.data
    assert places[1] == kept[1].ctypes.data
    assert kept[1].flags.c_contiguous
    np.testing.assert_array_equal(kept[1], value)


def test_numbers_of_other_kinds_are_given_as_arrays(way):
    (place,), (kept,) = found([np.float16(2.0)])
    assert place == kept.ctypes.data


def test_results_share_no_memory():
    """Of a value that leaves as it is, as other looks and as a part, of an input, and of a constant."""
    fixed = gt.constant(np.arange(4.0))

    def looks(x):
        y = x * x
        return y, gt.reshape(y, [4, 2]), gt.transpose(y), y[1], y[1, 2], x, x[0], fixed, fixed[1:]

    x = np.arange(8.0).reshape(2, 4)
    f = gt.function(looks, backend="llvm")
    expected = [y.numpy().copy() for y in looks(gt.constant(x))]
    f(x)
    results = [y.numpy() for y in f(x)]
    for place, (got, wanted) in enumerate(zip(results, expected, strict=True)):
        assert type(got) is type(wanted)
        np.testing.assert_array_equal(got, wanted)
        others = [x, fixed.numpy(), *results[:place], *results[place + 1 :]]
        assert not any(np.shares_memory(got, other) for other in others)


def test_structures_of_results():
    made = {"a": [1.0, (2.0,)], "b": ()}
    shapes = [
        lambda x: (x, [x, (x, [])]),
        lambda x: [[x], (), {"k": x, "j": [x]}],
        lambda x: (made, [x]),
        lambda x: ((x,), None, ["text", [x, 1]]),
    ]
    for shape in shapes:
        f = gt.function(shape, backend="llvm")
        x = gt.constant([1.0, 2.0])
        first, second = f(x), f(x)
        gt.nest.assert_same_structure(first, second)
        assert str(first) == str(second)


def test_calls_at_once_have_memory_of_their_own():
    """Threads that call one program see their own results."""
    from concurrent.futures import ThreadPoolExecutor

    f = gt.function(lambda x: gt.reduce_sum(gt.cumsum(gt.sin(x) * x) * 2.0), backend="llvm")
    points = [np.linspace(0, k, 5000) for k in range(8)]
    alone = [f(x).numpy() for x in points]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert [y.numpy() for y in pool.map(f, points)] == alone
