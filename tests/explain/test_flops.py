"""Estimates of floating-point operations: products against a count of what NumPy does, others against formulas."""

from math import log2

import numpy as np
import pytest

import gradtape as gt
from gradtape.core.spec import Spec
from gradtape.core.tensor import ROWS
from gradtape.explain.flops import COUNTS, MOVING, flops
from gradtape.laws.case import cases


class Counted:
    """A number that counts the multiplications and additions made with it."""

    made = 0

    def __add__(self, other):
        Counted.made += 1
        return self

    __radd__ = __mul__ = __rmul__ = __add__


def counted(function, *shapes):
    Counted.made = 0
    function(*[np.array([Counted() for _ in range(int(np.prod(s)))], object).reshape(s) for s in shapes])
    return Counted.made


def estimate(name, *shapes, result, dtype="float64", **params):
    inputs = [Spec(shape, np.dtype(dtype)) for shape in shapes]
    return flops(ROWS[name], inputs, [Spec(result, np.dtype(dtype))], params)


@pytest.mark.parametrize(("a", "b"), [((3, 4), (4, 5)), ((2, 3, 4), (2, 4, 1))])
def test_products_are_counted(a, b):
    result = (*a[:-1], b[-1])
    # The first product of each sum needs no addition.
    assert estimate("matmul", a, b, result=result) == counted(np.matmul, a, b) + np.prod(result)


@pytest.mark.parametrize(
    ("subscripts", "shapes", "result"),
    [("ij,jk->ik", [(3, 4), (4, 5)], (3, 5)), ("a,b->ab", [(3,), (4,)], (3, 4)), ("ij->i", [(3, 4)], (3,))],
)
def test_einsum_is_counted(subscripts, shapes, result):
    def plain(*operands):
        letters, wanted = subscripts.split("->")
        sizes = {}
        for word, operand in zip(letters.split(","), operands, strict=True):
            sizes.update(zip(word, operand.shape, strict=True))
        found = {}
        for place in np.ndindex(*sizes.values()):
            at = dict(zip(sizes, place, strict=True))
            term = None
            for word, operand in zip(letters.split(","), operands, strict=True):
                entry = operand[tuple(at[letter] for letter in word)]
                term = entry if term is None else term * entry
            key = tuple(at[letter] for letter in wanted)
            found[key] = found[key] + term if key in found else term

    saved = np.prod(result) if set(subscripts.split("->")[0]) - {","} - set(subscripts.split("->")[1]) else 0
    assert (
        estimate("einsum", *shapes, result=result, subscripts=subscripts) == counted(plain, *shapes) + saved
    )


def test_formulas():
    assert estimate("multiply", (3, 1), (4,), result=(3, 4)) == 12
    assert estimate("multiply", (3,), (3,), result=(3,), dtype="complex128") == 12
    assert estimate("sum", (3, 4), result=()) == 12
    assert estimate("reshape", (3, 4), result=(12,)) == 0
    assert estimate("cholesky", (2, 6, 6), result=(2, 6, 6)) == pytest.approx(2 * 6**3 / 3)
    assert estimate("solve", (6, 6), (6, 2), result=(6, 2)) == pytest.approx(2 / 3 * 6**3 + 2 * 6**2 * 2)
    assert estimate("convolve", (1, 6, 2), (3, 2, 4), result=(1, 4, 4)) == 2 * (4 * 4) * (3 * 2)
    assert estimate("fftn", (2, 8), result=(2, 8), dtype="complex128", axes=(1,)) == 5 * 16 * log2(8)
    assert estimate("irfftn", (2, 5), result=(2, 8), axes=(1,)) == 2.5 * 16 * log2(8)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_every_row_has_an_estimate(name):
    row = ROWS[name]
    assert row.pointwise or name in MOVING or name in COUNTS
    assert not (name in MOVING and name in COUNTS)
    for case in cases(row):
        values = list(case.inputs)
        result = tuple([y._value for y in case.call(values)])
        found = flops(row, values, result, case.params)
        assert np.isfinite(found)
        assert found >= 0


def test_of_a_record():
    a, b = gt.Variable(np.ones((3, 4))), gt.Variable(np.ones((4, 5)))
    with gt.GradientTape() as tape:
        y = gt.reduce_sum(gt.exp(a @ b))
    found = tape.summary()
    assert found.flops_by_operation == {"matmul": 2 * 3 * 4 * 5, "exp": 15, "sum": 15}
    assert found.flops == 150
    del y
