"""Values that a later kernel wants: kept in memory, or computed there again."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.backends import simplified
from gradtape.backends.llvm import again
from gradtape.backends.llvm.plan import plan
from gradtape.backends.llvm.steps import Kernel

W = np.random.default_rng(0).normal(size=(5, 5))


def around(between):
    """A value made before a product and wanted after it."""

    def program(x, y):
        h = gt.tanh(x)
        value = between(h, x, y)
        return (h @ W) * value

    return program


def planned(program):
    """The plan of a recorded program, and the names of the operations in its last kernel."""
    f = gt.function(program, backend="llvm")
    x, y = np.random.default_rng(1).normal(size=(2, 4, 5))
    f(x, y)
    found = plan(simplified(f.graph()))
    last = [step for step in found.steps if isinstance(step, Kernel)][-1]
    return found, [operation.primitive.name for operation in last.operations]


@pytest.mark.parametrize(
    ("between", "names"),
    [
        (lambda h, x, y: 1 - h * h, ["multiply", "subtract", "multiply"]),  # from h, loaded in its place
        (lambda h, x, y: 2 * x - h, ["multiply"]),  # two loads in place of one
        (lambda h, x, y: gt.exp(h), ["multiply"]),  # takes long
        (lambda h, x, y: 3 * gt.exp(y) * gt.exp(y), ["multiply"]),  # made of what would have to be stored
    ],
)
def test_what_is_cheap_is_computed_again(between, names):
    assert planned(around(between))[1] == names


def test_what_lies_in_memory_anyway_is_loaded():
    def program(x, y):
        h = gt.tanh(x)
        value = 1 - h * h
        return (h @ W) * value, value @ W

    assert planned(program)[1] == ["multiply"]


def test_results_are_the_same_to_the_bit_and_take_less_memory(monkeypatch):
    rng = np.random.default_rng(0)
    weights = [gt.Variable(rng.normal(size=shape)) for shape in ((3, 16), (16, 16), (16, 1))]

    def step(x):
        with gt.GradientTape() as tape:
            h = x
            for w in weights[:-1]:
                h = gt.tanh(h @ w) * gt.sigmoid(h @ w)
            loss = gt.reduce_mean((h @ weights[-1]) ** 2)
        return loss, tape.gradient(loss, weights)

    x = rng.normal(size=(600, 3))
    found = {}
    for cheap in (again.CHEAP, frozenset()):
        monkeypatch.setattr(again, "CHEAP", cheap)
        f = gt.function(step, backend="llvm")
        f(x)
        values = [value.numpy().tobytes() for value in gt.nest.flatten(f(x))]
        found[bool(cheap)] = values, f.stats()["bytes"], f.stats()["moved"]
    assert found[True][0] == found[False][0]
    assert found[True][1] < found[False][1]
    assert found[True][2] < found[False][2]


def test_bytes_moved_are_what_kernels_and_products_read_and_write():
    """tanh reads and writes 20 entries of 8 bytes; the product reads 20 and 25 and writes 20; the last reads two."""
    found = []
    for count in (4, 1200):
        f = gt.function(lambda x: gt.tanh(x) @ W + x, backend="llvm")
        x = np.random.default_rng(0).normal(size=(count, 5))
        f(x)
        f(x)
        found.append((f.stats()["moved"], f.stats().get("tile", count)))
    assert found[0][0] == 8 * (2 * 20 + 20 + 25 + 20 + 3 * 20)
    tiles = 1200 // found[1][1]
    assert found[1][0] == 8 * ((2 + 2 + 3) * 1200 * 5 + tiles * 25)
