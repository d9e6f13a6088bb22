"""Slices given as lists, and blocks of space as batch or depth: as NumPy indexes, and as TensorFlow orders them."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.faces import blocks, selection

X = np.arange(24.0).reshape(2, 3, 4)
IMAGE = np.arange(16.0, dtype=np.float32).reshape(1, 4, 4, 1)

SLICES = [
    (([0, 0, 0], [2, 2, 2]), {}, np.s_[0:2, 0:2, 0:2]),
    (([1, 0, -1], [2, 2, 2]), {"shrink_axis_mask": 5}, np.s_[1, 0:2, -1]),
    (([1, 0, 1], [2, 2, 2]), {"new_axis_mask": 2}, np.s_[1:2, None, 1:2]),
    (([1, 0, 1], [2, 2, 2]), {"new_axis_mask": 2, "shrink_axis_mask": 2}, np.s_[1:2, None, 1:2]),
    (([1, 0, 1], [2, 2, 2]), {"ellipsis_mask": 2}, np.s_[1:2, ..., 1:2]),
    (([0, -1, 0], [2, -4, 4], [1, -1, 2]), {}, np.s_[0:2, -1:-4:-1, 0:4:2]),
    (([1, 1], [2, 2], [1, -1]), {"begin_mask": 2, "end_mask": 1}, np.s_[1:, :2:-1]),
    (([1], [2]), {"begin_mask": 1, "shrink_axis_mask": 1}, np.s_[1]),
    (([-10], [10]), {}, np.s_[-10:10]),
]


@pytest.mark.parametrize(("lists", "masks", "index"), SLICES)
def test_strided_slice_is_an_index(lists, masks, index):
    x = gt.constant(X)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = selection.strided_slice(x, *lists, **masks)
        square = y * y
    np.testing.assert_array_equal(y.numpy(), X[index])
    expected = np.zeros_like(X)
    expected[index] = 2 * X[index]
    np.testing.assert_array_equal(tape.gradient(square, x).numpy(), expected)


def test_slice_cuts_a_block():
    x = gt.constant(X)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = selection.slice(x, [1, 0, 1], [1, 2, -1]) * 3.0
    np.testing.assert_array_equal(y.numpy(), 3 * X[1:2, 0:2, 1:])
    expected = np.zeros_like(X)
    expected[1:2, 0:2, 1:] = 3
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), expected)


def test_the_order_of_blocks():
    """Measured with TensorFlow 2.21."""
    batch = blocks.space_to_batch(IMAGE, [2, 2], [[0, 0], [0, 0]])
    assert batch.shape == (4, 2, 2, 1)
    assert batch.numpy().ravel().tolist() == [0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15]
    depth = blocks.space_to_depth(IMAGE, 2)
    assert depth.numpy().tolist() == [[[[0, 1, 4, 5], [2, 3, 6, 7]], [[8, 9, 12, 13], [10, 11, 14, 15]]]]


@pytest.mark.parametrize(
    ("block", "widths"), [([2, 2], [[0, 0], [0, 0]]), ([2, 4], [[1, 1], [2, 2]]), ([4], [[2, 2]])]
)
def test_batch_to_space_undoes_space_to_batch(block, widths):
    x = gt.constant(IMAGE)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        there = blocks.space_to_batch_nd(x, block, widths)
        back = blocks.batch_to_space(there * there, block, widths)
    assert there.shape[0] == np.prod(block)
    np.testing.assert_array_equal(back.numpy(), IMAGE**2)
    np.testing.assert_array_equal(tape.gradient(back, x).numpy(), 2 * IMAGE)
    np.testing.assert_array_equal(tape.gradient(there, x).numpy(), np.ones_like(IMAGE))


@pytest.mark.parametrize("form", ["NHWC", "NCHW"])
def test_depth_to_space_undoes_space_to_depth(form):
    shape = (2, 4, 6, 3) if form == "NHWC" else (2, 3, 4, 6)
    x = gt.constant(np.arange(144.0).reshape(shape))
    with gt.GradientTape() as tape:
        tape.watch(x)
        there = blocks.space_to_depth(x, 2, form)
        back = blocks.depth_to_space(there * there, 2, form)
    assert there.shape == ((2, 2, 3, 12) if form == "NHWC" else (2, 12, 2, 3))
    np.testing.assert_array_equal(back.numpy(), x.numpy() ** 2)
    np.testing.assert_array_equal(tape.gradient(back, x).numpy(), 2 * x.numpy())
