"""Clipping, saturating casts and division towards zero against NumPy; assertions, and what they say."""

import numpy as np
import pytest

import gradtape as tf
from gradtape import debugging

# Cutting


def test_a_norm_is_clipped_where_it_is_too_long():
    short, long = np.array([0.3, 0.4]), np.array([3.0, 4.0])
    np.testing.assert_allclose(tf.clip_by_norm(tf.constant(short), 1.0).numpy(), short, rtol=1e-15)
    np.testing.assert_allclose(tf.clip_by_norm(tf.constant(long), 1.0).numpy(), long / 5.0, rtol=1e-15)
    rows = tf.clip_by_norm(tf.constant([short, long]), 1.0, axes=[1]).numpy()
    np.testing.assert_allclose(rows, [short, long / 5.0], rtol=1e-6)


def test_the_norm_of_zeros_has_a_gradient():
    x = tf.constant(np.zeros(3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.clip_by_norm(x, 2.0)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), np.ones(3))


def test_a_global_norm_clips_all_tensors_alike():
    a, b = tf.constant(np.array([3.0, 0.0])), tf.constant(np.array([[4.0]]))
    (x, nothing, y), length = tf.clip_by_global_norm([a, None, b], 2.0)
    assert nothing is None
    assert float(length) == 5.0
    np.testing.assert_allclose(x.numpy(), [1.2, 0.0], rtol=1e-15)
    np.testing.assert_allclose(y.numpy(), [[1.6]], rtol=1e-15)
    (x, _), _ = tf.clip_by_global_norm([a, b], 2.0, use_norm=tf.constant(np.float64(10.0)))
    np.testing.assert_allclose(x.numpy(), [0.6, 0.0], rtol=1e-15)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_global_norm_that_is_not_finite_shows(bad):
    (x,), _ = tf.clip_by_global_norm([tf.constant([1.0, bad])], 2.0)
    assert np.isnan(x.numpy()).all()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
@pytest.mark.parametrize("source", ["float32", "float64", "int64", "uint64"])
def test_a_cast_saturates_at_both_ends(source, dtype):
    ends = np.iinfo(dtype)
    limits = np.finfo(source) if np.dtype(source).kind == "f" else np.iinfo(source)
    found = tf.saturate_cast(tf.constant(np.array([limits.min, 3, limits.max], source)), dtype).numpy()
    assert found.dtype == dtype
    exact = [min(max(int(x), ends.min), ends.max) for x in (limits.min, 3, limits.max)]
    assert int(found[0]) == exact[0]
    assert int(found[1]) == 3
    # A float format may not have the end itself; the largest number that it has below counts.
    assert exact[2] - int(found[2]) <= exact[2] // 2 ** (limits.nmant if hasattr(limits, "nmant") else 64)


def test_a_float_saturates_in_a_shorter_format():
    found = tf.saturate_cast(tf.constant(np.array([-1e300, 1.5, 1e300])), "float32").numpy()
    np.testing.assert_array_equal(found, [np.finfo("float32").min, 1.5, np.finfo("float32").max])
    with pytest.raises(TypeError, match=r"saturate_cast.*complex"):
        tf.saturate_cast(tf.constant(1j), "float32")


def test_division_towards_zero():
    x, y = np.array([7, -7, 7, -7, 6]), np.array([2, 2, -2, -2, 3])
    assert tf.truncatediv(x, y).numpy().tolist() == [3, -3, -3, 3, 2]
    assert tf.truncatemod(x, y).numpy().tolist() == np.fmod(x, y).tolist()
    a, b = np.array([7.5, -7.5, 0.3]), np.array([2.0, 2.0, -0.7])
    np.testing.assert_allclose(tf.truncatemod(tf.constant(a), b).numpy(), np.fmod(a, b), rtol=1e-15)


def test_top_level_names_are_the_same_functions():
    """A name that TensorFlow has at several places is one function here too."""
    for module in (tf.math, tf.nn, tf.linalg, tf.debugging):
        shared = [name for name in module.__all__ if name in tf.__all__ or name in tf.math.__all__]
        assert shared
        for name in shared:
            there = getattr(tf, name, None) or getattr(tf.math, name)
            assert getattr(module, name) is there, name


# Assertions

HOLDING = {
    "assert_equal": (lambda: tf.assert_equal([1, 2], 1 + np.arange(2))),
    "assert_greater": (lambda: tf.assert_greater(tf.constant([2.0, 3.0]), 1.0)),
    "assert_less": (lambda: tf.assert_less(1.0, [2.0, 3.0])),
    "assert_rank": (lambda: tf.assert_rank(tf.ones([2, 3]), 2)),
    "Assert": (lambda: tf.Assert(tf.constant(True), [1])),
    "assert_greater_equal": (lambda: debugging.assert_greater_equal([2, 3], [2, 1])),
    "assert_less_equal": (lambda: debugging.assert_less_equal([2, 1], [2, 3])),
    "assert_none_equal": (lambda: debugging.assert_none_equal([1, 2], [2, 1])),
    "assert_positive": (lambda: debugging.assert_positive([0.5, 1.0])),
    "assert_non_negative": (lambda: debugging.assert_non_negative([0, 1])),
    "assert_negative": (lambda: debugging.assert_negative([-0.5])),
    "assert_non_positive": (lambda: debugging.assert_non_positive([-0.5, 0.0])),
    "nothing": (lambda: debugging.assert_positive(np.zeros((0, 2)))),
    "assert_near": (lambda: debugging.assert_near([1.0, -2.0], [1.0 + 1e-6, -2.0])),
    "assert_near of doubles": (lambda: debugging.assert_near(np.float64(1), np.float64(1 + 2e-15))),
    "assert_near within": (lambda: debugging.assert_near([1.0], [1.1], rtol=0.05, atol=0.05)),
    "assert_rank_at_least": (lambda: debugging.assert_rank_at_least(tf.ones([2, 3]), 1)),
    "assert_rank_in": (lambda: debugging.assert_rank_in(tf.ones([2, 3]), [0, 2])),
    "assert_type": (lambda: debugging.assert_type(tf.constant(1.0), tf.float32)),
    "assert_integer": (lambda: debugging.assert_integer(tf.constant(1))),
    "assert_proper_iterable": (lambda: debugging.assert_proper_iterable([3])),
    "assert_shapes": (
        lambda: debugging.assert_shapes(
            [
                (tf.ones([2, 3]), ("N", "M")),
                (tf.ones([3]), "M"),
                (tf.ones([4, 5, 2]), (..., "N")),
                (tf.ones([2, 7]), (2, None)),
                (tf.constant(1.0), ()),
            ]
        )
    ),
    "assert_shapes by reference": (lambda: debugging.assert_shapes({tf.Variable([1.0, 2.0]).ref(): (2,)})),
}
FAILING = {
    "assert_equal": (
        lambda: tf.assert_equal([1, 2], [1, 3], "mine"),
        r"mine: assert_equal.*\(2,\).*\[1\].*2.*3",
    ),
    "assert_greater": (lambda: tf.assert_greater([[2.0, 1.0]], 1.0), r"assert_greater.*\(1, 2\).*\[0, 1\]"),
    "assert_less": (lambda: tf.assert_less(3.0, 2.0, message="mine"), r"mine: assert_less.*x < y"),
    "assert_rank": (lambda: tf.assert_rank(tf.ones([2, 3]), 1), r"assert_rank.*\(2, 3\) has rank 2, not 1"),
    "Assert": (lambda: tf.Assert(False, ["seen"]), r"Assert.*seen"),
    "assert_greater_equal": (lambda: debugging.assert_greater_equal([2, 3], [2, 4]), r"x >= y.*\[1\].*3.*4"),
    "assert_less_equal": (lambda: debugging.assert_less_equal([2, 4], [2, 3]), r"x <= y.*\[1\].*4.*3"),
    "assert_none_equal": (lambda: debugging.assert_none_equal([1, 2], [2, 2]), r"x != y.*\[1\].*2"),
    "assert_positive": (
        lambda: debugging.assert_positive([1, 0], "mine"),
        r"mine: assert_positive: x > y.*\[1\]",
    ),
    "assert_non_negative": (lambda: debugging.assert_non_negative([0.0, -1e-9]), r"non_negative.*\[1\]"),
    "assert_negative": (lambda: debugging.assert_negative([-1.0, 0.0]), r"assert_negative.*\[1\]"),
    "assert_non_positive": (lambda: debugging.assert_non_positive([0.0, 1e-9]), r"non_positive.*\[1\]"),
    "NaN is not positive": (lambda: debugging.assert_positive([1.0, np.nan]), r"\[1\]: x is nan"),
    "assert_near": (lambda: debugging.assert_near([1.0], [1.00001]), r"assert_near.*\[0\].*1\.0"),
    "assert_near of doubles": (
        lambda: debugging.assert_near(np.float64(1), np.float64(1 + 6e-15)),
        "assert_near",
    ),
    "assert_near of integers": (lambda: debugging.assert_near(1, 1), "assert_near.*int32; use assert_equal"),
    "check_numerics": (
        lambda: debugging.check_numerics([1.0, np.nan, -np.inf], "mine"),
        r"mine: Tensor had Inf and NaN values \(shape \(3,\)",
    ),
    "assert_all_finite": (
        lambda: debugging.assert_all_finite([np.nan], "mine"),
        "mine: Tensor had NaN values",
    ),
    "assert_rank_at_least": (
        lambda: debugging.assert_rank_at_least([1], 2),
        r"\(1,\) has rank 1, not at least 2",
    ),
    "assert_rank_in": (lambda: debugging.assert_rank_in([1], [0, 2]), r"rank 1, not one of \[0, 2\]"),
    "assert_scalar": (lambda: debugging.assert_scalar([1], "mine"), r"mine: assert_scalar.*rank 1, not 0"),
    "assert_type": (lambda: debugging.assert_type(1.0, tf.int32), "dtype float32, not int32"),
    "assert_integer": (lambda: debugging.assert_integer(1.0), "dtype float32, no integers"),
    "assert_same_float_dtype": (
        lambda: debugging.assert_same_float_dtype([tf.constant(1.0)], tf.float64),
        "not float32, float64",
    ),
    "assert_same_float_dtype of integers": (lambda: debugging.assert_same_float_dtype([1]), "not int32"),
    "assert_proper_iterable": (lambda: debugging.assert_proper_iterable(tf.ones(2)), "not a Tensor"),
    "assert_shapes": (
        lambda: debugging.assert_shapes([(tf.ones([2, 3]), ("N", "N"))]),
        r"assert_shapes: a tensor of shape \(2, 3\) where \('N', 'N'\) is required: 'N' is 2, not 3",
    ),
    "assert_shapes with too few axes": (
        lambda: debugging.assert_shapes([(tf.ones([2]), (..., 1, 2))]),
        r"\(2,\).*it has 1 axes",
    ),
    "assert_shapes of a number": (
        lambda: debugging.assert_shapes([(tf.ones([2]), 2)]),
        "a sequence of sizes",
    ),
}


@pytest.mark.parametrize("name", HOLDING)
def test_what_holds_says_nothing(name):
    assert HOLDING[name]() is None


@pytest.mark.parametrize("name", FAILING)
def test_what_does_not_hold_is_shown(name):
    run, message = FAILING[name]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run()


def test_what_holds_is_handed_on():
    assert debugging.check_numerics([1.0], "mine").numpy().tolist() == [1.0]
    assert debugging.assert_scalar(2.0).numpy() == 2.0
    assert debugging.assert_same_float_dtype([tf.ones(2, tf.float64)]) == tf.float64
    assert debugging.assert_same_float_dtype() == tf.float32
    assert [debugging.is_numeric_tensor(x) for x in (tf.constant(1), tf.constant(True), 1.0)] == [
        True,
        False,
        False,
    ]
    x = tf.constant([2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = debugging.check_numerics(x * x, "mine")
    assert tape.gradient(y, x).numpy().tolist() == [4.0, 6.0]


@pytest.mark.parametrize("backend", ["llvm", "reference"])
def test_in_a_recorded_program_an_assertion_is_a_guard(backend):
    """Arrays that hold go one road; one that does not raises from its line, and nothing breaks."""

    @tf.function(backend=backend)
    def root(x, limit):
        debugging.assert_non_negative(x, "root")
        debugging.assert_less(x, limit)
        return debugging.check_numerics(tf.sqrt(x) / limit, "root")

    limit = tf.constant(100.0, tf.float64)
    for k in range(4):
        x = np.array([1.0, 4.0, 9.0]) + k
        np.testing.assert_allclose(root(x, limit).numpy(), np.sqrt(x) / 100, rtol=1e-15)
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=r"root: assert_non_negative.*\[1\]: x is -4.0"
        ):
            root(np.array([1.0, -4.0, 9.0]), limit)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"assert_less: x < y.*\[2\]: x is 900.0"):
            root(np.array([1.0, 4.0, 900.0]), limit)
    assert root.stats()["roads"] == 1
