"""Laws of the batch mode: mapped is looped, over the whole vocabulary; rows that are kept apart are kept apart."""

from dataclasses import replace

import numpy as np
import pytest

from gradtape.core.lead import ENTRYWISE, STACKS, axes, shifting
from gradtape.core.spec import Spec
from gradtape.core.tensor import ROWS
from gradtape.laws import LawError, cases
from gradtape.laws.batch import batch, rows
from gradtape.modes.batch import keeps_rows


@pytest.mark.parametrize("name", ROWS)
def test_mapped_is_looped(name):
    for case in cases(ROWS[name]):
        batch(case)


@pytest.mark.parametrize("name", ROWS)
def test_rows_said_to_be_kept_apart_are(name):
    for case in cases(ROWS[name]):
        rows(case)


# the laws bite


@pytest.mark.parametrize("wrong", [ENTRYWISE, STACKS, axes("axis")])
def test_a_wrong_reading_of_concatenate_is_caught(wrong):
    """Concatenation along the first axis is none of these; `axes` itself is right, but the axis counts from behind."""
    row = replace(ROWS["concatenate"], lead=wrong, samples=((((2, 1), (2, 3)), {"axis": -1}),))
    with pytest.raises((LawError, ValueError)):
        for case in cases(row, [np.dtype("float64")]):
            batch(case)


def test_a_reading_wrong_by_a_thousandth_is_caught():
    wrong = replace(ENTRYWISE, whole=lambda row, xs, _carries, _params: row(xs[0]) + 0.001 * row(xs[0][::-1]))
    row = replace(ROWS["tanh"], lead=wrong)
    with pytest.raises(LawError, match="batch of tanh"):
        for case in cases(row, [np.dtype("float64")]):
            batch(case)


def test_rows_that_mix_are_caught():
    row = replace(ROWS["cumsum"], lead=shifting(lambda _shape, params: params, lambda _specs, _params: True))
    with pytest.raises(LawError, match="rows of cumsum"):
        for case in cases(row, [np.dtype("float64")]):
            rows(case)


# the first axis


def spec(*shape):
    return Spec(shape, np.dtype("float64"))


@pytest.mark.parametrize(
    ("name", "shapes", "params", "carries", "kept"),
    [
        ("matmul", [(5, 3), (3, 4)], {}, (True, False), True),
        ("matmul", [(5, 3), (3, 4)], {}, (False, True), False),
        ("matmul", [(5, 3), (3, 4)], {}, (True, True), False),
        ("matmul", [(5, 2, 3), (3, 4)], {}, (True, False), True),
        ("matmul", [(5, 2, 3), (5, 3, 4)], {}, (True, True), True),
        ("matmul", [(2, 3), (5, 3, 4)], {}, (False, True), True),
        ("add", [(5, 3), (3,)], {}, (True, False), True),
        ("add", [(5, 3), (3,)], {}, (False, True), False),
        ("add", [(5, 3), (5, 1)], {}, (True, True), True),
        ("add", [(5, 3), (1, 3)], {}, (False, True), False),
        ("tanh", [()], {}, (True,), False),
        ("tanh", [(5,)], {}, (True,), True),
        ("sum", [(5, 3)], {"axis": (1,), "keepdims": False}, (True,), True),
        ("sum", [(5, 3)], {"axis": (0,), "keepdims": True}, (True,), False),
        ("concatenate", [(5, 1), (5, 2)], {"axis": 1}, (True, False), True),
        ("concatenate", [(5, 1), (4, 1)], {"axis": 0}, (True, False), False),
        ("reshape", [(6, 2)], {"shape": (6, 1, 2)}, (True,), True),
        ("reshape", [(6, 2)], {"shape": (3, 4)}, (True,), False),
        ("transpose", [(5, 3, 2)], {"axes": (0, 2, 1)}, (True,), True),
        ("transpose", [(5, 3)], {"axes": (1, 0)}, (True,), False),
        ("getitem", [(5, 3)], {"index": (slice(None), 0)}, (True,), True),
        ("getitem", [(5, 3)], {"index": (slice(0, 5, 1), slice(1, None))}, (True,), True),
        ("getitem", [(5, 3)], {"index": (Ellipsis, 0)}, (True,), True),
        ("getitem", [(5, 3)], {"index": (slice(None, None, -1),)}, (True,), False),
        ("getitem", [(5, 3)], {"index": (None, slice(None))}, (True,), False),
        ("getitem", [(5,)], {"index": (Ellipsis, 0)}, (True,), False),
        ("take", [(5, 3), (2,)], {"axis": 1}, (True, False), True),
        ("take", [(5, 3), (2,)], {"axis": 0}, (True, False), False),
        ("take", [(5, 3), (2,)], {"axis": 0}, (False, True), True),
        ("einsum", [(5, 2), (2, 3)], {"subscripts": "ij,jk->ik"}, (True, False), True),
        ("einsum", [(5, 2), (2, 5)], {"subscripts": "ij,ji->i"}, (True, True), False),
        ("inv", [(5, 3, 3)], {}, (True,), True),
        ("inv", [(3, 3)], {}, (True,), False),
    ],
)
def test_whether_rows_are_kept_apart(name, shapes, params, carries, kept):
    assert keeps_rows(ROWS[name], [spec(*shape) for shape in shapes], carries, params) is kept
