"""Selection, placing and sorting under TensorFlow's names: values and gradients measured with TensorFlow 2.21."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.faces import blocks, ordering, placing, selection

LINE = [3.0, 1.0, 2.0, 1.0, -4.0]
MATRIX = [[3.0, 1.0, 2.0], [0.5, -1.0, 4.0]]
nan = np.nan


def gradient(function, *inputs):
    """The value and the gradients of the sum of its entries, weighted."""
    xs = [gt.constant(x) for x in inputs]
    with gt.GradientTape() as tape:
        tape.watch(xs)
        y = function(*xs)
    return y.numpy().tolist(), [None if g is None else g.numpy().tolist() for g in tape.gradient(y, xs)]


MEASURED = [
    (lambda x: ordering.sort(x) * [1.0, 2.0, 3.0, 4.0, 5.0], [LINE], [-4, 2, 3, 8, 15], [[5, 2, 4, 3, 1]]),
    (
        lambda x: ordering.sort(x, direction="DESCENDING") * [1.0, 2.0, 3.0, 4.0, 5.0],
        [LINE],
        [3, 4, 3, 4, -20],
        [[1, 3, 2, 4, 5]],
    ),
    (lambda x: ordering.top_k(x, 4).values * [1.0, 2.0, 3.0, 4.0], [LINE], [3, 4, 3, 4], [[1, 3, 2, 4, 0]]),
    (
        lambda x, u: placing.tensor_scatter_nd_max(x, [[0], [2], [0]], u) * [1.0, 10.0, 100.0],
        [[2.0, 3.0, 5.0], [2.0, 5.0, 2.0]],
        [2, 30, 500],
        [[1 / 3, 10, 50], [1 / 3, 50, 1 / 3]],
    ),
    (
        lambda x, u: placing.tensor_scatter_nd_min(x, [[0]], u),
        [[[2.0, 3.0], [5.0, 1.0]], [[2.0, 5.0]]],
        [[2, 3], [5, 1]],
        [[[0.5, 1], [1, 1]], [[0.5, 0]]],
    ),
    (
        lambda x, u: placing.tensor_scatter_nd_sub(x, [[0], [2], [0]], u) * [1.0, 10.0, 100.0],
        [[2.0, 3.0, 5.0], [2.0, 5.0, 2.0]],
        [-2, 30, 0],
        [[1, 10, 100], [-1, -100, -1]],
    ),
    (lambda x: placing.dynamic_partition(x, [0, 1, 0], 2)[0], [[1.0, 2.0, 3.0]], [1, 3], [[1, 0, 1]]),
    # Where two indices are equal TensorFlow sends the derivative to both; here to the one that counts.
    (
        lambda x, y: placing.dynamic_stitch([[0, 3], [1, 0]], [x, y]) * [1.0, 2.0, 3.0, 4.0],
        [[1.0, 2.0], [3.0, 4.0]],
        [4, 6, 0, 8],
        [[0, 4], [2, 1]],
    ),
    (
        lambda x: selection.reverse_sequence(x, [2, 3], 1, 0) * [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]],
        [[2, 2, 9], [24, 25, 24]],
        [[[2, 1, 3], [6, 5, 4]]],
    ),
    (
        lambda x: selection.reverse_sequence(x, [1, 2, 2], 0, 1),
        [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]],
        [[1, 5, 6], [4, 2, 3]],
        [[[1, 1, 1], [1, 1, 1]]],
    ),
    (lambda x: selection.roll(x, [1, 1], [0, 0]), [[1.0, 2.0, 3.0, 4.0]], [3, 4, 1, 2], [[1, 1, 1, 1]]),
    (
        lambda x: selection.pad(x, [[1, 1], [2, 2]], "SYMMETRIC")[1],
        [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]],
        [2, 1, 1, 2, 3, 3, 2],
        [[[2, 3, 2], [0, 0, 0]]],
    ),
    (
        lambda x: selection.pad(x, [[1, 0], [2, 2]], "REFLECT")[0],
        [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]],
        [6, 5, 4, 5, 6, 5, 4],
        [[[0, 0, 0], [2, 3, 2]]],
    ),
    (
        lambda p: blocks.embedding_lookup(p, [2, 0, 2], max_norm=2.0),
        [[[1.0, 0.0], [3.0, 4.0], [6.0, 8.0]]],
        [[1.2, 1.6], [1, 0], [1.2, 1.6]],
        [[[1, 1], [0, 0], [0.064, -0.048]]],
    ),
    (lambda w: ordering.bincount([1, 1, 3], w), [[1.0, 2.0, 3.0]], [0, 3, 0, 3], [[1, 1, 1]]),
    (lambda x: ordering.unique(x).y * [1.0, 10.0], [[2.0, 1.0, 2.0]], [2, 10], [[1, 10, 0]]),
    (lambda x: selection.identity_n([x, x * x])[1], [[3.0]], [9], [[6]]),
    (
        lambda x: selection.batch_gather(x, [[0, 1], [2, 2]]),
        [MATRIX],
        [[3, 1], [4, 4]],
        [[[1, 1, 0], [0, 0, 2]]],
    ),
]


@pytest.mark.parametrize("number", range(len(MEASURED)))
def test_values_and_gradients_as_tensorflow(number):
    function, inputs, values, gradients = MEASURED[number]
    found, shares = gradient(function, *inputs)
    np.testing.assert_allclose(found, values, rtol=1e-6)
    for share, expected in zip(shares, gradients, strict=True):
        np.testing.assert_allclose(share, expected, rtol=1e-5, atol=1e-7)


CONSTANT = [
    (lambda: ordering.argsort([2.0, 1.0, 2.0, 1.0], direction="DESCENDING"), [0, 2, 1, 3]),
    (lambda: ordering.argsort(gt.constant([-(2**31), 5]), direction="DESCENDING"), [1, 0]),
    (lambda: ordering.argsort([2.0, nan, 1.0]), [2, 0, 1]),
    (lambda: ordering.argsort([[2, 1], [1, 2]], axis=0), [[1, 0], [0, 1]]),
    (
        lambda: ordering.searchsorted([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[2.0, 0.0], [5.0, 9.0]], "right"),
        [[2, 0], [2, 3]],
    ),
    (lambda: ordering.unique([7, 5, 7, 1, 5]).idx, [0, 1, 0, 2, 1]),
    (lambda: ordering.unique_with_counts([7, 5, 7, 1, 5]).count, [2, 2, 1]),
    (lambda: ordering.unique([nan, nan]).idx, [0, 1]),
    (lambda: ordering.bincount([[1, 1, 3], [0, 0, 1]], axis=-1), [[0, 2, 0, 1], [2, 1, 0, 0]]),
    (
        lambda: ordering.bincount([[1, 1, 3], [0, 0, 1]], axis=-1, binary_output=True),
        [[0, 1, 0, 1], [1, 1, 0, 0]],
    ),
    (lambda: ordering.bincount([1, 1, 3], maxlength=3), [0, 2, 0]),
    (lambda: ordering.bincount([1, 1, 3], minlength=6), [0, 2, 0, 1, 0, 0]),
    (
        lambda: ordering.histogram_fixed_width([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], 5),
        [2, 1, 1, 0, 2],
    ),
    (lambda: ordering.unravel_index([5, 3], [2, 3]), [[1, 1], [2, 0]]),
    (
        lambda: selection.sequence_mask([[1, 3], [0, 2]], dtype=gt.int32),
        [[[1, 0, 0], [1, 1, 1]], [[0, 0, 0], [1, 1, 0]]],
    ),
    (lambda: selection.broadcast_dynamic_shape([2, 1], [3]), [2, 3]),
    (lambda: selection.shape_n([np.zeros((3, 4, 2)), [1]])[0], [3, 4, 2]),
    (lambda: selection.tile([[1, 2]], [2, 2]), [[1, 2, 1, 2], [1, 2, 1, 2]]),
    (lambda: selection.repeat([[1, 2], [3, 4]], [1, 2], axis=0), [[1, 2], [3, 4], [3, 4]]),
    (lambda: selection.meshgrid([1, 2], [3, 4, 5], indexing="ij")[1], [[3, 4, 5], [3, 4, 5]]),
    (lambda: selection.parallel_stack([[1], [2]]), [[1], [2]]),
    (
        lambda: blocks.embedding_lookup([[[1], [2], [3]], [[4], [5]]], [[0, 4], [3, 2]]),
        [[[1], [5]], [[4], [3]]],
    ),
    (lambda: blocks.required_space_to_batch_paddings([5, 7], [2, 3], [[1, 0], [0, 2]])[0], [[1, 0], [0, 2]]),
    (lambda: blocks.required_space_to_batch_paddings([5, 7], [2, 3])[1], [[0, 1], [0, 2]]),
]


@pytest.mark.parametrize("number", range(len(CONSTANT)))
def test_constant_values_as_tensorflow(number):
    function, values = CONSTANT[number]
    assert function().numpy().tolist() == values
