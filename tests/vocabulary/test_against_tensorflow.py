"""Values and dtypes that TensorFlow 2.21 gave where random calls of both were compared, and ours had differed."""

import operator

import numpy as np
import pytest

import gradtape as gt
from gradtape.errors import DtypeError, RangeError

F64 = gt.float64


def test_bounds_out_of_order_clip_to_the_least():
    x = gt.constant([-1.0, 0.5, 3.0])
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.clip_by_value(x, 2.0, 1.0)
    assert y.numpy().tolist() == [2.0, 2.0, 2.0]
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 0.0, 0.0]


def test_the_derivative_of_a_clip_is_one_on_its_edges():
    x = gt.constant([-1.0, -0.5, 0.0, 0.7, 1.0])
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.clip_by_value(x, -0.5, 0.7)
    assert y.numpy().tolist() == [-0.5, -0.5, 0.0, np.float32(0.7), np.float32(0.7)]
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]


def test_integers_stay_integers_when_rounded():
    assert gt.round(gt.constant([3, -4])).dtype == gt.int32
    assert gt.math.round([0.5, 1.5, -2.5]).numpy().tolist() == [0.0, 2.0, -2.0]


@pytest.mark.parametrize(
    ("given", "mean"), [([-3, -2, 0], -1), ([5, 4], 4), ([-5, -4], -4), ([1, 2, 2], 1), ([-1, 0], 0)]
)
def test_a_mean_of_integers_is_rounded_towards_zero(given, mean):
    for dtype in ("int16", "int32", "int64"):
        found = gt.reduce_mean(gt.constant(given, dtype))
        assert (found.numpy(), found.dtype) == (mean, np.dtype(dtype))
    assert gt.reduce_mean(gt.constant([5, 4], "uint8")).numpy() == 4


def test_the_dtype_of_one_hot_is_that_of_the_value_given():
    assert gt.one_hot([0, 2], 3).dtype == gt.float32
    assert gt.one_hot([0, 2], 3, off_value=0).dtype == gt.int32
    assert gt.one_hot([0, 2], 3, on_value=5).numpy().tolist() == [[5, 0, 0], [0, 0, 5]]
    assert gt.one_hot([1], 2, on_value=True).numpy().tolist() == [[False, True]]
    assert gt.one_hot([1], 2, on_value=2.0, off_value=-1.0).numpy().tolist() == [[-1.0, 2.0]]
    assert gt.one_hot([1], 2, dtype=gt.int64).dtype == gt.int64


def test_numbers_of_python_keep_their_digits_beside_double_precision():
    x = gt.constant([[1.0, 2.0], [0.5, -1.0]], F64)
    assert gt.range(0.0, 1.0, 0.3, dtype=F64).numpy().tolist() == np.arange(0.0, 1.0, 0.3).tolist()
    assert gt.one_hot([0], 1, on_value=0.1, off_value=gt.constant(0.0, F64)).numpy() == 0.1
    a = x.numpy()
    expected = np.linalg.solve(a.T @ a + 0.1 * np.eye(2), a.T @ a)
    found = gt.linalg.lstsq(x, x, l2_regularizer=0.1).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-15)
    draws = [
        gt.random.stateless_gamma([3], [1, 2], alpha=p, beta=p, dtype=F64)
        for p in (0.1, gt.constant(0.1, F64))
    ]
    assert draws[0].numpy().tolist() == draws[1].numpy().tolist()


def test_targets_take_the_dtype_of_the_predictions():
    for loss in (gt.losses.mse, gt.losses.mae, gt.losses.huber, gt.losses.logcosh):
        found = loss(gt.constant([3, 1]), gt.constant([0.5, 2.0]))
        assert found.dtype == gt.float32
        assert found.numpy() == loss(gt.constant([3.0, 1.0]), gt.constant([0.5, 2.0])).numpy()
        assert loss(gt.constant([3.0, 1.0], F64), gt.constant([0.5, 2.0])).dtype == gt.float32
    assert gt.losses.mse(gt.constant([3, 1]), gt.constant([0.5, 2.0])).numpy() == 3.625


def test_integers_divide_without_nan():
    found = gt.math.divide_no_nan(gt.constant([4, 3]), gt.constant([-2, 0]))
    assert (found.numpy().tolist(), found.dtype) == ([-2.0, 0.0], gt.float64)


def test_logarithms_of_sums_of_integers():
    np.testing.assert_allclose(gt.reduce_logsumexp([1, 2]).numpy(), np.log(np.exp(1) + np.exp(2)), rtol=1e-15)
    with pytest.raises(DtypeError, match="must be floating"):
        gt.math.cumulative_logsumexp([1, 2])
    with pytest.raises(DtypeError, match="must be floating or complex"):
        gt.math.l2_normalize([1, 2])


def test_a_number_that_an_integer_dtype_does_not_hold():
    for ask in (lambda x: x + 300, lambda x: x >= -1, lambda x: gt.maximum(x, -1)):
        with pytest.raises(RangeError, match="does not fit uint8, which holds 0 to 255"):
            ask(gt.constant([1], "uint8"))


def test_a_shape_takes_part_in_lists():
    shape = gt.ones((2, 3)).shape
    assert shape == [2, 3]
    assert shape == (2, 3)
    assert shape == (2, 3)
    assert shape != [2, 4]
    assert operator.add(shape[:-1], [5]) == [2, 5]
    assert operator.add([7], shape).as_list() == [7, 2, 3]
    assert operator.add((7,), shape).as_list() == [7, 2, 3]
    assert operator.add(shape, (4,)).rank == 3
    assert shape[1:].as_list() == [3]
    assert hash(shape) == hash((2, 3))
    assert gt.TensorShape([2, None]).num_elements() is None


def test_the_rate_of_a_schedule_steps_a_variable():
    rate = gt.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5)
    w = gt.Variable([1.0])
    w.assign_sub(rate(3) * gt.constant([2.0]))
    assert w.numpy() == np.float32(0.9)
    assert rate(3).dtype == gt.optimizers.SGD(rate).learning_rate.dtype == gt.float32
    v = gt.Variable([1.0], dtype=F64)
    gt.optimizers.SGD(rate).apply_gradients([(gt.constant([1.0], F64), v)])
    assert v.numpy() == 0.9  # an optimiser takes it in double precision

    class Own(gt.optimizers.schedules.ExponentialDecay):
        def __call__(self, step):
            return 0.25

    v.assign([1.0])
    gt.optimizers.SGD(Own(0.1, 3, 0.5)).apply_gradients([(gt.constant([1.0], F64), v)])
    assert v.numpy() == 0.75


def test_numbers_of_python_in_a_list_of_numpys():
    assert gt.constant([np.float32(1.0), 2.0]).dtype == gt.float32
    assert gt.constant([[np.float32(1.0), 2], [3.0, 4.0]]).dtype == gt.float32
    assert gt.constant([np.float64(1.0), 2.0]).dtype == F64
    assert gt.constant([np.float32(1.0), np.float64(2.0)]).dtype == F64
    assert gt.constant([np.int64(1), 2.0]).dtype == F64


def test_a_hint_is_taken_where_it_can_be():
    assert gt.convert_to_tensor(1, dtype_hint=F64).dtype == F64
    assert gt.convert_to_tensor(1.5, dtype_hint=gt.int32).dtype == gt.float32
    assert gt.convert_to_tensor(gt.constant(1), dtype_hint=F64).dtype == gt.int32


Q = gt.constant(np.arange(24.0).reshape(4, 3, 2))


def summed(function):
    """The value of a function of numbers and places, and the derivative of its weighted sum in the numbers."""

    def run(x, places):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = function(x, places)
            total = gt.reduce_sum(y * gt.cast(gt.reshape(gt.range(gt.size(y)) + 1, y.shape), y.dtype))
        return y, tape.gradient(total, x)

    return run


@pytest.mark.parametrize(
    ("function", "places"),
    [
        (gt.gather_nd, [[[1, 2], [3, 0], [1, 2]], [[0, 0], [2, 1], [3, 2]]]),
        (gt.gather_nd, [[[3], [0]], [[1], [1]]]),
        (lambda x, i: gt.gather_nd(x, i, batch_dims=1), [[[2], [0]], [[0], [1]]] * 4),
        (lambda x, i: gt.scatter_nd(i, x, [5, 3, 2]), [[[4], [0], [4], [1]], [[1], [1], [2], [3]]]),
        (lambda x, i: gt.tensor_scatter_nd_add(x, i, 2.0 * x[:2]), [[[3], [0]], [[1], [1]]]),
        (lambda x, i: gt.tensor_scatter_nd_sub(x, i, 2.0 * x[:2]), [[[3], [0]], [[1], [1]]]),
        (lambda x, i: gt.tensor_scatter_nd_update(x, i, 2.0 * x[:2]), [[[3], [0]], [[1], [1]]]),
        (lambda x, i: gt.tensor_scatter_nd_update(x, i, 7.0), [[[3], [0]], [[1], [1]]]),
        (lambda x, i: gt.tensor_scatter_nd_max(x, i, 3.0 * x[:2]), [[[3], [0]], [[1], [1]]]),
        (lambda x, i: gt.math.unsorted_segment_sum(x, i, 5), [[3, 0, 3, 4], [1, 1, 0, 2]]),
        (lambda x, i: gt.math.unsorted_segment_mean(x, i, 5), [[3, 0, 3, 4], [1, 1, 0, 2]]),
        (lambda x, i: gt.math.unsorted_segment_max(x, i, 5)[:2], [[1, 0, 1, 1], [1, 1, 0, 0]]),
    ],
)
def test_places_that_differ_from_call_to_call_in_a_function(function, places):
    run = summed(function)
    recorded = gt.function(run)
    first = places[0] if len(places) == 2 else places[:4]
    second = places[1] if len(places) == 2 else places[4:]
    for now in (first, second, first):
        for found, wanted in zip(recorded(Q, gt.constant(now)), run(Q, gt.constant(now)), strict=True):
            np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-14)
    assert recorded.stats()["roads"] == 1


def test_places_outside_are_refused_in_a_function():
    pick = gt.function(lambda x, i: gt.gather_nd(x, i))
    assert pick(Q, gt.constant([[1, 2, 1]])).numpy().tolist() == [11.0]
    for bad in ([[4, 0, 0]], [[0, 3, 0]], [[0, 0, -1]]):
        with pytest.raises(RangeError, match="does not index into the shape"):
            pick(Q, gt.constant(bad))
