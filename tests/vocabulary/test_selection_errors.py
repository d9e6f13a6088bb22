"""Bad input to selection, ordering, blocks, segments and control flow: the error names operation, argument and shapes.

Every function is fed wrong ranks, axes, dtypes or shapes; `test_every_function_is_here` keeps the list complete.
"""

import inspect

import numpy as np
import pytest

import gradtape as gt
from gradtape.faces import blocks, control, loops, ordering, placing, segments, selection, while_loops
from gradtape.ops import ordering as sorting
from gradtape.ops import padding
from gradtape.ops import selection as moving

V, M = gt.constant([1.0, 2.0]), gt.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
IMAGE = gt.ones((1, 4, 4, 1))
yes = gt.constant(True)

# function, arguments, error, the fragments that its text must have
BAD = [
    (selection.tile, (M, [2]), ValueError, ["tile", "multiples", "(2, 3)"]),
    (selection.tile, (V, [-1]), ValueError, ["tile", "multiples", "-1"]),
    (selection.tile, (V, [1.5]), TypeError, ["tile", "multiples", "float32"]),
    (selection.repeat, (V, [1, 2, 3], 0), ValueError, ["repeat", "repeats", "(3,)", "(2,)"]),
    (selection.repeat, (V, -1), ValueError, ["repeat", "repeats", "-1"]),
    (selection.repeat, (V, 1.5), TypeError, ["repeat", "repeats", "float32"]),
    (selection.repeat, (V, 1, 2), ValueError, ["repeat", "axis 2", "rank 1"]),
    (selection.roll, (V, 1, 2), ValueError, ["roll", "axis 2", "rank 1"]),
    (selection.roll, (V, [1, 2], 0), ValueError, ["roll", "shift", "axis", "(2,)", "()"]),
    (selection.roll, (V, 1.5, 0), TypeError, ["roll", "shift", "float32"]),
    (selection.roll, (1.0, 1, 0), ValueError, ["roll", "()"]),
    (
        selection.reverse_sequence,
        (M, [4, 2], 1, 0),
        ValueError,
        ["reverse_sequence", "seq_lengths", "[4, 2]"],
    ),
    (
        selection.reverse_sequence,
        (M, [2], 1, 0),
        ValueError,
        ["reverse_sequence", "seq_lengths", "(1,)", "(2, 3)"],
    ),
    (
        selection.reverse_sequence,
        (M, [1, 1], 0, 0),
        ValueError,
        ["reverse_sequence", "seq_axis", "batch_axis"],
    ),
    (selection.reverse_sequence, (M, [1, 1]), TypeError, ["reverse_sequence", "seq_axis"]),
    (selection.pad, (V, [1, 0]), ValueError, ["pad", "paddings", "(2,)"]),
    (selection.pad, (V, [[-1, 0]]), ValueError, ["pad", "paddings", "-1"]),
    (selection.pad, (V, [[1.5, 0]]), TypeError, ["pad", "paddings", "float32"]),
    (selection.pad, (V, [[2, 0]], "REFLECT"), ValueError, ["pad", "paddings", "REFLECT", "(2,)"]),
    (selection.pad, (V, [[3, 0]], "SYMMETRIC"), ValueError, ["pad", "paddings", "SYMMETRIC", "(2,)"]),
    (selection.pad, (V, [[1, 0]], "EDGE"), ValueError, ["pad", "mode", "EDGE"]),
    (selection.pad, (V, [[1, 0]], "CONSTANT", V), ValueError, ["pad", "constant_values", "(2,)"]),
    (lambda: selection.meshgrid(V, indexing="x"), (), ValueError, ["meshgrid", "indexing", "'x'"]),
    (lambda: selection.meshgrid(V, foo=1), (), TypeError, ["meshgrid", "foo"]),
    (selection.sequence_mask, ([1], [2]), ValueError, ["sequence_mask", "maxlen", "(1,)"]),
    (selection.broadcast_static_shape, ((2,), (3,)), ValueError, ["broadcast_static_shape", "(2,)", "(3,)"]),
    (selection.broadcast_dynamic_shape, ([2], [3]), ValueError, ["broadcast_dynamic_shape", "(2,)", "(3,)"]),
    (selection.slice, (M, [1], [1]), ValueError, ["slice", "begin", "size", "(2, 3)"]),
    (selection.slice, (M, [1, 0], [2, 1]), ValueError, ["slice", "size 2", "(2, 3)"]),
    (selection.slice, (M, [-1, 0], [1, 1]), ValueError, ["slice", "begin -1", "(2, 3)"]),
    (
        selection.strided_slice,
        (M, [0, 0], [1]),
        ValueError,
        ["strided_slice", "begin", "end", "(2,)", "(1,)"],
    ),
    (selection.strided_slice, (M, [0], [1], [0]), ValueError, ["strided_slice", "strides", "(2, 3)"]),
    (selection.strided_slice, (M, [0] * 3, [1] * 3), ValueError, ["strided_slice", "begin", "(2, 3)"]),
    (
        lambda: selection.strided_slice(M, [5], [6], shrink_axis_mask=1),
        (),
        ValueError,
        ["strided_slice", "5", "(2, 3)"],
    ),
    (
        lambda: selection.strided_slice(M, [0, 0], [1, 1], ellipsis_mask=3),
        (),
        ValueError,
        ["strided_slice", "ellipsis_mask"],
    ),
    (selection.batch_gather, (M, 0), ValueError, ["batch_gather", "indices", "()"]),
    (selection.batch_gather, (M, [[0], [0], [0]]), ValueError, ["gather", "(2, 3)", "(3, 1)"]),
    (selection.parallel_stack, ([V, M],), ValueError, ["stack"]),
    (placing.gather_nd, (V, [[2]]), ValueError, ["gather_nd", "indices", "(2,)"]),
    (placing.gather_nd, (V, [[0.5]]), TypeError, ["gather_nd", "indices", "float32", "(1, 1)"]),
    (placing.gather_nd, (V, [[0, 0]]), ValueError, ["gather_nd", "indices", "(1, 2)", "(2,)"]),
    (placing.gather_nd, (V, [[0]], 1), ValueError, ["gather_nd", "indices", "(1, 1)", "(2,)"]),
    (placing.scatter_nd, ([[3]], [1.0], [3]), ValueError, ["scatter_nd", "indices", "(3,)"]),
    (placing.scatter_nd, ([[0]], V, [3]), ValueError, ["scatter_nd", "updates", "(2,)", "(1, 1)"]),
    (
        placing.tensor_scatter_nd_add,
        (V, [[2]], [1.0]),
        ValueError,
        ["tensor_scatter_nd_add", "indices", "(2,)"],
    ),
    (
        placing.tensor_scatter_nd_update,
        (V, [[0]], V),
        ValueError,
        ["tensor_scatter_nd_update", "updates", "(2,)"],
    ),
    (
        placing.tensor_scatter_nd_sub,
        (V, [[2]], [1.0]),
        ValueError,
        ["tensor_scatter_nd_sub", "indices", "(2,)"],
    ),
    (
        placing.tensor_scatter_nd_max,
        (V, [[-1]], [1.0]),
        ValueError,
        ["tensor_scatter_nd_max", "indices", "(2,)"],
    ),
    (
        placing.tensor_scatter_nd_min,
        (V, [[0]], V),
        ValueError,
        ["tensor_scatter_nd_min", "updates", "(2,)", "(1, 1)"],
    ),
    (
        placing.tensor_scatter_nd_sub,
        (V, [[0, 1]], [1.0]),
        ValueError,
        ["tensor_scatter_nd_sub", "(1, 2)", "(2,)"],
    ),
    (placing.tensor_scatter_nd_max, ([1j], [[0]], [1j]), TypeError, ["tensor_scatter_nd_max", "complex128"]),
    (placing.dynamic_partition, (V, [0, 3], 2), ValueError, ["dynamic_partition", "partitions", "[0, 2)"]),
    (placing.dynamic_partition, (V, [0], 2), ValueError, ["dynamic_partition", "partitions", "(2,)", "(1,)"]),
    (placing.dynamic_partition, (V, [0, 0], 0), ValueError, ["dynamic_partition", "num_partitions"]),
    (
        placing.dynamic_partition,
        (V, [0.0, 0.0], 1),
        TypeError,
        ["dynamic_partition", "partitions", "float32"],
    ),
    (placing.dynamic_stitch, ([[0, 1]], [V[:1]]), ValueError, ["dynamic_stitch", "data", "(1,)", "(2,)"]),
    (placing.dynamic_stitch, ([[0, -3]], [V]), ValueError, ["dynamic_stitch", "-3"]),
    (placing.dynamic_stitch, ([[0, 1]], [V, V]), ValueError, ["dynamic_stitch", "1 indices", "2 data"]),
    (
        placing.dynamic_stitch,
        ([[0], [1]], [M[:1], M[:1, :2]]),
        ValueError,
        ["dynamic_stitch", "(3,)", "(2,)"],
    ),
    (ordering.sort, (1.0,), ValueError, ["sort", "()"]),
    (ordering.sort, (V, 3), ValueError, ["sort", "axis 3", "rank 1"]),
    (ordering.sort, (V, 0, "UP"), ValueError, ["sort", "direction", "UP"]),
    (ordering.sort, ([1j],), TypeError, ["sort", "complex128", "(1,)"]),
    (ordering.argsort, (V, 3), ValueError, ["argsort", "axis 3", "rank 1"]),
    (ordering.top_k, (V, 3), ValueError, ["top_k", "k=3", "(2,)"]),
    (ordering.top_k, (V, -1), ValueError, ["top_k", "k=-1", "(2,)"]),
    (ordering.top_k, (V, 1.5), TypeError, ["top_k", "k ", "float32"]),
    (ordering.top_k, (1.0,), ValueError, ["top_k", "()"]),
    (ordering.searchsorted, (M, V), ValueError, ["searchsorted", "(2, 3)", "(2,)"]),
    (ordering.searchsorted, (V, V, "x"), ValueError, ["searchsorted", "side", "'x'"]),
    (ordering.unique, (M,), ValueError, ["unique", "(2, 3)"]),
    (ordering.unique_with_counts, (M,), ValueError, ["unique", "(2, 3)"]),
    (ordering.bincount, ([1, -1],), ValueError, ["bincount", "arr", "-1"]),
    (ordering.bincount, ([1, 1], [1.0]), ValueError, ["bincount", "weights", "(1,)", "(2,)"]),
    (ordering.bincount, ([True],), TypeError, ["bincount", "arr", "bool"]),
    (lambda: ordering.bincount([1], axis=1), (), ValueError, ["bincount", "axis=1"]),
    (lambda: ordering.bincount([[[1]]], axis=-1), (), ValueError, ["bincount", "axis=-1", "(1, 1, 1)"]),
    (
        lambda: ordering.bincount([1], [1.0], binary_output=True),
        (),
        ValueError,
        ["bincount", "binary_output"],
    ),
    (
        ordering.histogram_fixed_width,
        (V, [5.0, 5.0]),
        ValueError,
        ["histogram_fixed_width", "value_range", "5.0"],
    ),
    (ordering.histogram_fixed_width, (V, [0.0, 5.0], 0), ValueError, ["histogram_fixed_width", "nbins", "0"]),
    (
        ordering.histogram_fixed_width_bins,
        ([np.nan], [0.0, 5.0]),
        ValueError,
        ["_bins", "values", "NaN", "(1,)"],
    ),
    (ordering.unravel_index, ([6], [2, 3]), ValueError, ["unravel_index", "indices", "[6]", "[2, 3]"]),
    (
        blocks.space_to_batch,
        (IMAGE, [3, 2], [[0, 0]] * 2),
        ValueError,
        ["space_to_batch", "block_shape", "(1, 4, 4, 1)"],
    ),
    (blocks.space_to_batch, (V, [3, 2], [[0, 0]] * 2), ValueError, ["space_to_batch", "(2,)"]),
    (blocks.space_to_batch, (IMAGE, [2, 2], [[0, 0]]), ValueError, ["space_to_batch", "paddings", "[2, 2]"]),
    (
        blocks.batch_to_space,
        (IMAGE, [2, 2], [[0, 0]] * 2),
        ValueError,
        ["batch_to_space", "block_shape", "(1, 4, 4, 1)"],
    ),
    (blocks.batch_to_space, (IMAGE, [1], [[3, 3]]), ValueError, ["batch_to_space", "crops", "(1, 4, 4, 1)"]),
    (blocks.batch_to_space, (IMAGE, [0], [[0, 0]]), ValueError, ["batch_to_space", "block_shape", "[0]"]),
    (
        blocks.required_space_to_batch_paddings,
        ([5], [2, 3]),
        ValueError,
        ["required_space_to_batch_paddings", "[5]"],
    ),
    (blocks.space_to_depth, (IMAGE, 3), ValueError, ["space_to_depth", "block_size 3", "(1, 4, 4, 1)"]),
    (blocks.space_to_depth, (V, 2), ValueError, ["space_to_depth", "input", "(2,)"]),
    (blocks.space_to_depth, (IMAGE, 1), ValueError, ["space_to_depth", "block_size", "1"]),
    (blocks.depth_to_space, (IMAGE, 2), ValueError, ["depth_to_space", "(1, 4, 4, 1)"]),
    (blocks.depth_to_space, (IMAGE, 2, "CHWN"), ValueError, ["depth_to_space", "data_format", "CHWN"]),
    (blocks.embedding_lookup, (M, [2]), ValueError, ["embedding_lookup", "ids", "(2, 3)"]),
    (blocks.embedding_lookup, (M, [0.5]), TypeError, ["embedding_lookup", "ids", "float32"]),
    (blocks.embedding_lookup, (None, [0]), ValueError, ["embedding_lookup", "params"]),
    (blocks.embedding_lookup, ([], [0]), ValueError, ["embedding_lookup", "params"]),
    (blocks.embedding_lookup, ([M, V], [0]), ValueError, ["embedding_lookup", "params", "(2, 3)", "(2,)"]),
    (control.cond, (gt.constant([True, False]), lambda: 1, lambda: 2), ValueError, ["cond", "(2,)"]),
    (control.cond, (yes, 1, lambda: 2), TypeError, ["cond", "'true_fn' must be callable"]),
    (control.cond, (yes, lambda: 2), TypeError, ["cond", "'false_fn'"]),
    (control.case, ([(gt.constant(False), lambda: 1)],), ValueError, ["case", "None of conditions"]),
    (control.case, ([(yes, lambda: 1), (yes, lambda: 2)], None, True), ValueError, ["case", "exclusive"]),
    (control.case, ([(True, lambda: 1)],), TypeError, ["case", "pred must be a Tensor"]),
    (control.case, ([(V, lambda: 1)],), TypeError, ["case", "pred", "float32", "(2,)"]),
    (control.case, ([yes],), TypeError, ["'pred_fn_pairs'", "2-tuple"]),
    (control.switch_case, (1, [lambda: 1]), TypeError, ["'branch_index' must be a Tensor"]),
    (control.switch_case, (V, [lambda: 1]), TypeError, ["'branch_index'", "float32"]),
    (
        control.switch_case,
        (gt.constant([1]), [lambda: 1]),
        ValueError,
        ["switch_case", "branch_index", "(1,)"],
    ),
    (
        control.switch_case,
        (gt.constant(1), {0: len, 2: len}),
        ValueError,
        ["contiguous range of [0 to 2)", "{0,2}"],
    ),
    (control.switch_case, (gt.constant(1), []), ValueError, ["switch_case", "branch_fns"]),
    (
        gt.while_loop,
        (lambda i: True, lambda i: [i, i], [1]),
        ValueError,
        ["while_loop", "same nested structure"],
    ),
    (
        gt.while_loop,
        (lambda i: i > V, lambda i: [i], [0.0]),
        ValueError,
        ["while_loop", "predicate", "(2,)"],
    ),
    (gt.while_loop, (lambda i: True, 3, [1]), TypeError, ["while_loop", "'body' must be callable"]),
    (gt.while_loop, (len, len, []), ValueError, ["'loop_vars' must be provided"]),
    (gt.while_loop, (len, len, [1], None, 0), TypeError, ["while_loop", "parallel_iterations"]),
    (loops.foldl, (3, V), TypeError, ["foldl", "'fn' must be callable"]),
    (loops.foldl, (max, gt.zeros((0, 2))), ValueError, ["foldl", "initializer", "(0, 2)"]),
    (loops.foldr, (max, 1.0), ValueError, ["foldr", "elems", "scalars"]),
    (loops.scan, (lambda a, x: V, V), ValueError, ["scan", "(2,)", "()"]),
    (loops.scan, (lambda a, x: a[0], V, (0, 1)), ValueError, ["scan", "same nested structure"]),
    (loops.scan, (lambda a, x: gt.cast(a, "float64"), V), ValueError, ["scan", "float64", "float32"]),
    (loops.map_fn, (lambda x: x[0], (V, M[0])), ValueError, ["map_fn", "(2,)", "(3,)"]),
    (loops.map_fn, (lambda x: x, []), ValueError, ["map_fn", "elems"]),
    (loops.map_fn, (lambda x: gt.cast(x, gt.int32), V), ValueError, ["map_fn", "int32", "float32"]),
    (loops.vectorized_map, (lambda x: x[0], (V, M[0])), ValueError, ["vectorized_map", "(2,)", "(3,)"]),
    (padding.pad, (V, (1, 0), "mirror"), ValueError, ["pad", "mode", "mirror"]),
    (
        lambda: padding.pad(V, (1, 0), "edge", constant_values=1),
        (),
        ValueError,
        ["pad", "edge", "constant_values"],
    ),
    (lambda: padding.pad(V, (1, 0), "mean", stat_length=0), (), ValueError, ["pad", "stat_length", "0"]),
    (
        lambda: padding.pad(V, (1, 0), "wrap", reflect_type="odd"),
        (),
        ValueError,
        ["pad", "wrap", "reflect_type"],
    ),
    (padding.pad, (gt.zeros(0), (1, 0), "wrap"), ValueError, ["pad", "wrap", "axis 0", "(0,)"]),
    (padding.pad, (V, [[1, 0]] * 3), ValueError, ["pad", "pad_width", "rank 1"]),
    (padding.pad, (V, (1, 0), max), TypeError, ["pad", "mode"]),
    (moving.take_along_axis, (M, [0], 1), ValueError, ["take_along_axis", "indices", "(1,)", "(2, 3)"]),
    (moving.take_along_axis, (M, [[3]], 1), IndexError, ["take_along_axis", "axis 1", "(2, 3)"]),
    (moving.take_along_axis, (M, [[0.0]], 1), TypeError, ["take_along_axis", "indices", "float32"]),
    (moving.take_along_axis, (M, [[0]] * 3, 1), ValueError, ["take_along_axis", "(3, 1)", "(2, 3)"]),
    (moving.compress, (M > 0, M, 0), ValueError, ["compress", "condition", "(2, 3)"]),
    (moving.array_split, (V, 0), ValueError, ["array_split", "0"]),
    (sorting.partition, (V, 2), ValueError, ["partition", "kth 2", "size 2"]),
    (sorting.sort, (1.0,), ValueError, ["sort", "rank 0"]),
    (sorting.searchsorted, (M, 1.0), ValueError, ["searchsorted", "(2, 3)"]),
    (sorting.digitize, (V, [1.0, 3.0, 2.0]), ValueError, ["digitize", "bins"]),
    (sorting.bincount, ([-1],), ValueError, ["bincount", "(1,)"]),
    (sorting.quantile, (V, 1.5), ValueError, ["quantile", "q ", "0 to 1"]),
    (sorting.percentile, (V, 101), ValueError, ["percentile", "q ", "0 to 100"]),
    (sorting.median, (gt.zeros((0, 2)), 0), ValueError, ["median", "(0, 2)"]),
    (sorting.median, ([1j],), TypeError, ["median", "complex128", "(1,)"]),
    (lambda: sorting.quantile(V, 0.5, method="mean"), (), ValueError, ["quantile", "method", "'mean'"]),
]
for _name in ("sum", "mean", "prod", "min", "max", "sqrt_n"):
    if _name != "sqrt_n":
        _title = f"segment_{_name}"
        _function = getattr(segments, _title)
        BAD += [
            (_function, (V, [1, 0]), ValueError, [_title, "segment_ids", "[1, 0]"]),
            (_function, (V, [-1, 0]), ValueError, [_title, "segment_ids", "[-1, 0]"]),
            (_function, (V, [0]), ValueError, [_title, "segment_ids", "(1,)", "(2,)"]),
            (_function, (V, [0.0, 0.0]), TypeError, [_title, "segment_ids", "float32", "(2,)"]),
        ]
    _title = f"unsorted_segment_{_name}"
    _function = getattr(segments, _title)
    BAD += [
        (_function, (V, [1, 5], 2), ValueError, [_title, "segment id is 5", "num_segments is 2"]),
        (_function, (V, [[0], [1]], 2), ValueError, [_title, "data", "(2,)", "segment_ids", "(2, 1)"]),
        (_function, (V, [0, 1], -1), ValueError, [_title, "num_segments", "-1"]),
        (_function, (V, [0, 1], 1.5), TypeError, [_title, "num_segments", "1.5"]),
        (_function, (V, [0.0, 0.0], 1), TypeError, [_title, "segment_ids", "float32", "(2,)"]),
    ]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_input(number):
    function, arguments, error, fragments = BAD[number]
    with gt.GradientTape() as tape:
        tape.watch([V, M])
        with pytest.raises(error) as caught:
            function(*arguments)
        y = V * V
    for fragment in fragments:
        assert fragment in str(caught.value), str(caught.value)
    assert tape.gradient(y, V).numpy().tolist() == [2.0, 4.0]  # the tape is as it was


def test_every_function_is_here():
    """All but those that take anything at all."""
    fed = {getattr(function, "__name__", "") for function, *_ in BAD} | {"meshgrid"}
    free = {"holds", "identity_n", "shape_n", "integers", "require_callable", "require_structure"}
    for module in (blocks, control, loops, ordering, placing, segments, selection, while_loops):
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and function.__module__ == module.__name__
            if own and not name.startswith("_") and name not in free | {"space_to_batch_nd"}:
                assert function.__name__ in fed, name
