"""`tape.summary()`: counts, bytes and paths against what the program says and NumPy's sizes."""

import numpy as np
import pytest

import gradtape as gt


def test_counts_bytes_and_path():
    x = gt.constant(np.linspace(0.0, 1.0, 1000))
    w = gt.Variable(np.ones(1000))
    with gt.GradientTape() as tape:
        tape.watch(x)
        z = x * w  # keeps both factors
        y = gt.reduce_sum(gt.sin(z) + x)  # the sine keeps its argument, sums keep nothing
        found = tape.summary()
    assert found.operations == {"multiply": 1, "sin": 1, "add": 1, "sum": 1}
    assert found.kinds == {"linear": 2, "multilinear": 1, "elementwise": 1}
    assert found.count == 4
    assert found.sources == 2
    assert found.bytes == x.numpy().nbytes + w.numpy().nbytes + z.numpy().nbytes == 24000
    assert found.bytes_by_operation == {"multiply": 16000, "sin": 8000}
    assert found.deepest == ("multiply", "sin", "add", "sum")
    assert found.depth == 4
    assert [held.bytes for held in found.largest] == [8000] * 3
    assert found.largest[0].shape == (1000,)
    text = str(found)
    assert text.startswith("4 operations from 2 sources, 24 kB kept, depth 4, 4,000 flops\n")
    assert text.endswith("deepest path: multiply > sin > add > sum")
    assert repr(found) == text
    assert tape.gradient(y, x) is not None


def test_what_was_dropped_is_not_counted():
    x = gt.constant(2.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.exp(x)
        gt.sin(x)
    assert tape.summary().operations == {"exp": 1}
    del y
    assert tape.summary().operations == {}
    assert str(tape.summary()) == "0 operations from 1 source, 0 B kept, depth 0, 0 flops"


def test_an_array_counts_once():
    x = gt.constant(np.ones(100))
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.sin(x) + gt.cos(x) + x * x
    assert tape.summary().bytes == x.numpy().nbytes
    del y


def test_a_view_counts_whole():
    x = gt.constant(np.ones((100, 100)))
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.sin(gt.transpose(x)) + gt.cos(x)
    found = tape.summary()
    assert found.bytes == x.numpy().nbytes  # the transpose is a view of x
    assert found.largest[0].shape == (100, 100)
    del y


def test_several_outputs_are_one_operation():
    x = gt.constant([[2.0, 1.0], [1.0, 3.0]])
    with gt.GradientTape() as tape:
        tape.watch(x)
        values, _vectors = gt.linalg.eigh(x)
        y = gt.reduce_sum(values)
    found = tape.summary()
    assert found.operations["eigh"] == 1
    assert "item" not in found.operations
    assert found.deepest[-2:] == ("eigh", "sum")
    del y


def test_a_long_chain():
    x = gt.constant(0.5)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(20_000):
            y = gt.sin(y)
    found = tape.summary()
    assert found.depth == 20_000
    assert found.operations == {"sin": 20_000}
    assert "(19,988 more)" in str(found)


def test_nothing_to_sum_up():
    x = gt.constant(1.0)
    tape = gt.GradientTape()
    with pytest.raises(RuntimeError, match="never entered"):
        tape.summary()
    with tape:
        tape.watch(x)
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="used up"):
        tape.summary()
