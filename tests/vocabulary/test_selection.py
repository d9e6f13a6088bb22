"""Shapes, selection, padding, sorting, order statistics on tensors: NumPy's values, derivatives in both modes."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.ops import ordering as sorting
from gradtape.ops import padding
from gradtape.ops import selection as moving

RNG = np.random.default_rng(7)
X = RNG.permutation(24).reshape(3, 4, 2) / 7.0
T = gt.constant(X)
nan, inf = np.nan, np.inf


def weighted(y):
    """A number that depends on every entry of y, nonlinearly and with a weight of its own."""
    weights = gt.constant(1.0 + np.arange(y.size).reshape(tuple(y.shape)), y.dtype)
    return gt.reduce_sum(weights * y + y * y * y)


def assert_derivatives(function, *inputs):
    """Both modes against central differences in double precision, and a symmetric second derivative."""
    xs = [gt.constant(np.asarray(x, float)) for x in inputs]
    rng = np.random.default_rng(1)
    directions = [rng.standard_normal(x.shape) for x in xs]
    with gt.GradientTape(persistent=True) as outer:
        outer.watch(xs)
        with gt.GradientTape() as tape:
            tape.watch(xs)
            y = weighted(function(*xs))
        gradients = tape.gradient(y, xs, unconnected_gradients="zero")
        along = gt.add_n([gt.reduce_sum(g * d) for g, d in zip(gradients, directions, strict=True)])
    with gt.autodiff.ForwardAccumulator(xs, [gt.constant(d) for d in directions]) as accumulator:
        y = weighted(function(*xs))
    step = 1e-5
    ends = [
        float(weighted(function(*(x + s * d for x, d in zip(xs, directions, strict=True)))))
        for s in (step, -step)
    ]
    expected = (ends[0] - ends[1]) / (2 * step)
    assert float(along) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert float(accumulator.jvp(y)) == pytest.approx(float(along), rel=1e-12, abs=1e-12)
    second = outer.gradient(along, xs, unconnected_gradients="zero")
    slopes = []
    for sign in (step, -step):
        moved = [x + sign * d for x, d in zip(xs, directions, strict=True)]
        with gt.GradientTape() as tape:
            tape.watch(moved)
            y = weighted(function(*moved))
        slopes.append(tape.gradient(y, moved, unconnected_gradients="zero"))
    for found, ahead, behind in zip(second, *slopes, strict=True):
        difference = (ahead.numpy() - behind.numpy()) / (2 * step)
        np.testing.assert_allclose(found.numpy(), difference, rtol=1e-5, atol=1e-5)


def gradient(function, *inputs):
    """The value and the gradients of the sum of its entries, weighted."""
    xs = [gt.constant(x) for x in inputs]
    with gt.GradientTape() as tape:
        tape.watch(xs)
        y = function(*xs)
    return y.numpy().tolist(), [None if g is None else g.numpy().tolist() for g in tape.gradient(y, xs)]


# NumPy's functions on tensors give NumPy's values

BY_AXIS = {
    "sort": lambda x, axis: np.sort(x, axis=axis),
    "argsort": lambda x, axis: np.argsort(x, axis=axis),
    "partition": lambda x, axis: np.partition(x, 1, axis=axis),
    "argpartition": lambda x, axis: np.argpartition(x, (0, -1), axis=axis),
    "roll": lambda x, axis: np.roll(x, 3, axis=axis),
    "repeat": lambda x, axis: np.repeat(x, 2, axis=axis),
    "delete": lambda x, axis: np.delete(x, [0, -1], axis=axis),
    "median": lambda x, axis: np.median(x, axis=axis),
    "percentile": lambda x, axis: np.percentile(x, [10, 55.5, 100], axis=axis, keepdims=True),
}
LIKE_NUMPY = {
    "tile": lambda x: np.tile(x, 2),
    "tile more axes": lambda x: np.tile(x, (2, 1, 3, 1)),
    "repeat each": lambda x: np.repeat(x, [1, 0, 2], axis=0),
    "roll axes": lambda x: np.roll(x, (1, -2), axis=(0, 1)),
    "roll one axis twice": lambda x: np.roll(x, (1, 2), axis=0),
    "rot90": lambda x: np.rot90(x, 1, (2, 1)),
    "rot270": lambda x: np.rot90(x, -1),
    "rot180": lambda x: np.rot90(x, 2),
    "rot0": lambda x: np.rot90(x, 4),
    "fliplr": np.fliplr,
    "flipud": np.flipud,
    "rollaxis": lambda x: np.rollaxis(x, 0, 3),
    "take_along_axis": lambda x: np.take_along_axis(x, np.array([[[0], [1], [-1]]]), axis=1),
    "take_along_axis flat": lambda x: np.take_along_axis(x, np.array([3, -24]), axis=None),
    "compress": lambda x: np.compress([True, False, True], x, axis=0),
    "extract": lambda x: np.extract(np.arange(24) % 5 == 0, x),
    "select": lambda x: np.select([x > 2.05, x > 1.05], [x, x * 2], 5.0),
    "delete a slice": lambda x: np.delete(x, slice(0, 2)),
    "digitize": lambda x: np.digitize(x, [0.0, 1.0, 2.0]),
    "digitize down": lambda x: np.digitize(x, [2.0, 1.0, 0.0], right=True),
    "searchsorted": lambda x: np.searchsorted(np.sort(x[0, 0]), x, side="right"),
    "searchsorted sorter": lambda x: np.searchsorted(x[:, 0, 0], [1.0], sorter=np.argsort(X[:, 0, 0])),
    "bincount": lambda x: np.bincount([1, 2, 1], weights=x[:, 0, 0], minlength=5),
    "unique": lambda x: np.unique(x * 0 + [1.0, 0.0]),
    "quantile of axes": lambda x: np.quantile(x, [[0.25], [0.6]], axis=(0, 2)),
    "meshgrid": lambda x: np.meshgrid(x[0, 0], x[1, :, 0], [5.0])[1],
    "meshgrid sparse ij": lambda x: np.meshgrid(x[0, 0], x[1, :, 0], indexing="ij", sparse=True)[1],
    "atleast_3d": lambda x: np.atleast_3d(x[0]),
    "atleast_2d": lambda x: np.atleast_2d(x[0, 0]),
    "array_split": lambda x: np.array_split(x, 3, axis=1)[0],
    "hsplit": lambda x: np.hsplit(x, 2)[1],
    "vsplit": lambda x: np.vsplit(x, 3)[1],
    "dsplit": lambda x: np.dsplit(x, 2)[1],
    "hstack": lambda x: np.hstack((x[0], x[1])),
    "hstack vectors": lambda x: np.hstack((x[0, 0], x[1, 1])),
    "vstack": lambda x: np.vstack((x[0, 0], x[1])),
    "dstack": lambda x: np.dstack((x[0], x[1])),
    "column_stack": lambda x: np.column_stack((x[0, :, 0], x[1])),
    "append": lambda x: np.append(x, x[:1], axis=0),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x, x[:, :1])[1],
}


@pytest.mark.parametrize("axis", [0, 1, -1, None])
@pytest.mark.parametrize("name", BY_AXIS)
def test_along_an_axis_as_numpy(name, axis):
    y = BY_AXIS[name](T, axis)
    assert isinstance(y, gt.Tensor)
    np.testing.assert_allclose(y.numpy(), BY_AXIS[name](X, axis), rtol=1e-15)
    if y.dtype.kind == "f":
        assert_derivatives(lambda x: BY_AXIS[name](x, axis), X)


@pytest.mark.parametrize("name", LIKE_NUMPY)
def test_as_numpy(name):
    y = LIKE_NUMPY[name](T)
    assert isinstance(y, gt.Tensor)
    np.testing.assert_allclose(y.numpy(), LIKE_NUMPY[name](X), rtol=1e-15)
    if y.dtype.kind == "f":
        assert_derivatives(LIKE_NUMPY[name], X)


def test_unique_with_its_extras():
    for axis, x in ((None, X * 0 + [1.0, 0.0]), (1, X[0, [0, 1, 0]])):
        for found, expected in zip(
            np.unique(gt.constant(x), True, True, True, axis=axis),
            np.unique(x, True, True, True, axis=axis),
            strict=True,
        ):
            np.testing.assert_array_equal(found.numpy(), expected)
    values, gradients = gradient(lambda x: np.unique(x) * [1.0, 10.0], [2.0, 1.0, 2.0])
    assert (values, gradients) == ([1.0, 20.0], [[10.0, 1.0, 0.0]])


PADS = [
    ("constant", {"constant_values": (1, -2)}),
    ("edge", {}),
    ("linear_ramp", {"end_values": (1, -2)}),
    ("maximum", {}),
    ("mean", {"stat_length": 2}),
    ("median", {"stat_length": ((1, 3),)}),
    ("minimum", {}),
    ("reflect", {}),
    ("reflect", {"reflect_type": "odd"}),
    ("symmetric", {}),
    ("symmetric", {"reflect_type": "odd"}),
    ("wrap", {}),
]


@pytest.mark.parametrize(("mode", "settings"), PADS)
@pytest.mark.parametrize("shape", [(1,), (4,), (2, 3), (1, 4), (2, 1, 3)])
def test_pad_as_numpy(mode, settings, shape):
    rng = np.random.default_rng(len(shape))
    for _ in range(6):
        widths = [tuple(int(n) for n in rng.integers(0, 8, 2)) for _ in shape]
        x = rng.standard_normal(shape)
        y = np.pad(gt.constant(x), widths, mode, **settings)
        np.testing.assert_allclose(y.numpy(), np.pad(x, widths, mode, **settings), rtol=1e-12, atol=1e-13)
        if "reflect_type" not in settings:
            whole = rng.integers(-9, 9, shape)
            expected = np.pad(whole, widths, mode, **settings)
            np.testing.assert_array_equal(
                np.pad(gt.constant(whole), widths, mode, **settings).numpy(), expected
            )
    assert_derivatives(lambda t: np.pad(t, widths, mode, **settings), x)


def test_pad_takes_a_dictionary_and_differentiates_its_numbers():
    np.testing.assert_array_equal(np.pad(T, {1: (1, 0)}).numpy(), np.pad(X, [(0, 0), (1, 0), (0, 0)]))
    assert np.pad(gt.constant([1.0]), 1, "empty").numpy().tolist() == [0.0, 1.0, 0.0]
    assert gradient(lambda v: padding.pad([1.0], (2, 1), constant_values=v), 4.0) == (
        [4.0, 4.0, 1.0, 4.0],
        [3.0],
    )


@pytest.mark.parametrize("method", sorting.sorted_names())
def test_quantiles_as_numpy(method):
    for count in (1, 2, 5, 8):
        x = RNG.standard_normal((count, 2))
        for q in (0, 0.5, 1, [0.1, 0.3, 0.9], RNG.random((2, 5))):
            y = np.quantile(gt.constant(x), q, axis=0, method=method)
            np.testing.assert_allclose(
                y.numpy(), np.quantile(x, q, axis=0, method=method), rtol=1e-13, atol=1e-14
            )
    assert_derivatives(lambda t: np.quantile(t, [0.15, 0.6], method=method), X)


def test_quantiles_where_they_are_delicate():
    wrong = X.copy()
    wrong[1, 2, 1] = nan
    for axis in (0, None, (0, 2)):
        found = np.quantile(gt.constant(wrong), [0.3, 0.5], axis).numpy()
        np.testing.assert_allclose(found, np.quantile(wrong, [0.3, 0.5], axis), rtol=1e-14)
    assert np.median(gt.constant([1.0, 2.0, inf])).numpy() == 2.0
    assert np.median(gt.constant([3.0, 1.0], gt.float32)).dtype == np.float32
    assert gradient(np.median, [4.0, 1.0, 2.0, 9.0]) == (3.0, [[0.5, 0.0, 0.5, 0.0]])
    # In q: linear between neighbours, 2 * (5 - 1) there.
    assert gradient(lambda q: np.quantile([1.0, 5.0, 9.0], q), np.float64(0.3)) == (pytest.approx(3.4), [8.0])


def test_put_along_axis_gives_a_new_tensor():
    places, values = RNG.integers(-4, 4, (3, 6, 2)), RNG.standard_normal((3, 6, 2))
    expected = X.copy()
    np.put_along_axis(expected, places, values, 1)
    np.testing.assert_array_equal(moving.put_along_axis(T, places, values, 1).numpy(), expected)
    assert_derivatives(lambda x, v: moving.put_along_axis(x, places, v, 1), X, values)


@pytest.mark.parametrize("name", ["copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"])
def test_nothing_writes_into_a_tensor(name):
    x = gt.constant(np.eye(2))
    arguments = {
        "copyto": (0.0,),
        "fill_diagonal": (5.0,),
        "put": ([0], 5.0),
        "put_along_axis": ([[0]], 5.0, 1),
    }
    with pytest.raises(TypeError, match=f"np.{name} on a tensor: it writes into its argument.*use "):
        getattr(np, name)(x, *arguments.get(name, (np.eye(2) > 0, [5.0])))
    assert x.numpy().tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_questions_are_answered_on_a_tape_too():
    with gt.GradientTape() as tape:
        tape.watch(T)
        assert np.shape(T) == (3, 4, 2)
        assert np.size(T, 1) == 4
        assert np.count_nonzero(T > 1) == np.count_nonzero(X > 1)
        assert np.allclose(T, X)
        np.testing.assert_array_equal(np.argwhere(T > 2), np.argwhere(X > 2))
