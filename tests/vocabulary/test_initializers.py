"""Initializers: their distributions by moments and bounds, as Keras 3 states them and TensorFlow 2.21 gave them."""

import math

import numpy as np
import pytest

import gradtape as gt

MAKE = gt.initializers
SHAPE = (400, 300)
MEAN = (400 + 300) / 2


@pytest.mark.parametrize(
    ("kind", "deviation", "bound"),
    [
        ("GlorotNormal", math.sqrt(1 / MEAN), 2 * math.sqrt(1 / MEAN) / 0.87962566103423978),
        ("HeNormal", math.sqrt(2 / 400), 2 * math.sqrt(2 / 400) / 0.87962566103423978),
        ("LecunNormal", math.sqrt(1 / 400), 2 * math.sqrt(1 / 400) / 0.87962566103423978),
        ("GlorotUniform", math.sqrt(1 / MEAN), math.sqrt(3 / MEAN)),
        ("HeUniform", math.sqrt(2 / 400), math.sqrt(6 / 400)),
        ("LecunUniform", math.sqrt(1 / 400), math.sqrt(3 / 400)),
        ("RandomUniform", 0.1 / math.sqrt(12), 0.05),
        ("TruncatedNormal", 0.05 * 0.87962566103423978, 0.1),
        ("RandomNormal", 0.05, math.inf),
    ],
)
def test_deviation_and_bounds(kind, deviation, bound):
    values = getattr(MAKE, kind)(seed=1)(SHAPE)
    x = values.numpy().astype(float)
    assert (x.shape, values.dtype) == (SHAPE, gt.float32)
    assert abs(x.std() / deviation - 1) < 0.01  # 120,000 numbers: a fifth of a percent is one deviation
    assert abs(x.mean()) < 4 * deviation / math.sqrt(x.size)
    assert abs(x).max() <= bound * (1 + 1e-6)
    if bound < math.inf:
        assert abs(x).max() > 0.99 * bound


def test_scaled_variances():
    for mode, count in (("fan_in", 400), ("fan_out", 300), ("fan_avg", MEAN)):
        for distribution in ("truncated_normal", "untruncated_normal", "uniform"):
            x = MAKE.VarianceScaling(2.0, mode, distribution, seed=3)(SHAPE).numpy()
            assert abs(x.astype(float).var() * count / 2 - 1) < 0.02
    convolution = MAKE.GlorotUniform(seed=1)((3, 3, 20, 30)).numpy()
    assert 0.99 < convolution.max() / math.sqrt(6 / (9 * 50)) <= 1
    assert abs(MAKE.GlorotUniform(seed=1)((5000,)).numpy()).max() <= math.sqrt(3 / 5000)
    assert MAKE.GlorotUniform(seed=1)(()).shape == ()


def test_seeds():
    one, other = MAKE.GlorotUniform(seed=1), MAKE.GlorotUniform(seed=2)
    assert one((2, 2)).numpy().tolist() == one((2, 2)).numpy().tolist()
    assert one((2, 2)).numpy().tolist() != other((2, 2)).numpy().tolist()
    free = MAKE.HeNormal()
    assert (
        free((2,)).numpy().tolist() == free((2,)).numpy().tolist() != MAKE.HeNormal()((2,)).numpy().tolist()
    )
    drawn = []
    for _ in range(2):
        gt.random.set_seed(7)
        drawn.append(MAKE.RandomNormal()((3,)).numpy().tolist())
    assert drawn[0] == drawn[1]


def test_constants():
    assert MAKE.Zeros()((2,), dtype="int32").dtype == gt.int32
    assert gt.zeros_initializer()([2]).numpy().tolist() == [0.0, 0.0]
    assert gt.ones_initializer()([2], gt.float64).numpy().tolist() == [1.0, 1.0]
    assert gt.constant_initializer([1.0, 2.0, 3.0, 4.0])((2, 2)).numpy().tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert MAKE.Constant([1.0, 2.0])((2, 2)).numpy().tolist() == [[1.0, 2.0], [1.0, 2.0]]
    assert MAKE.Identity(3.0)((2, 3)).numpy().tolist() == [[3.0, 0.0, 0.0], [0.0, 3.0, 0.0]]


def test_orthogonal_matrices():
    q = MAKE.Orthogonal(seed=1)((4, 6), gt.float64).numpy()
    np.testing.assert_allclose(q @ q.T, np.eye(4), atol=1e-14)
    q = MAKE.Orthogonal(gain=2.0, seed=1)((2, 3, 4), gt.float64).numpy().reshape(6, 4)
    np.testing.assert_allclose(q.T @ q, 4.0 * np.eye(4), atol=1e-14)


def test_names():
    assert type(MAKE.get("glorot_uniform")) is MAKE.GlorotUniform is gt.keras.initializers.GlorotUniform
    assert type(MAKE.get("HeNormal")) is MAKE.HeNormal
    assert type(MAKE.get(MAKE.Ones)) is MAKE.Ones
    assert MAKE.get(None) is None
    assert MAKE.get(len) is len
    w = gt.Variable(gt.random_normal_initializer(stddev=0.1)(shape=(4, 3), dtype="float32"), trainable=True)
    assert w.shape == (4, 3)
    assert abs(gt.random_uniform_initializer(-1.0, 1.0)((100,)).numpy()).max() <= 1.0


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda: MAKE.get("nonsense"), ValueError),
        (lambda: MAKE.get(3), ValueError),
        (lambda: MAKE.VarianceScaling(scale=-1.0), ValueError),
        (lambda: MAKE.VarianceScaling(mode="x"), ValueError),
        (lambda: MAKE.VarianceScaling(distribution="x"), ValueError),
        (lambda: MAKE.Identity()((2,)), ValueError),
        (lambda: MAKE.Orthogonal()((2,)), ValueError),
        (lambda: MAKE.Constant([1.0, 2.0])((3,)), ValueError),
        (lambda: MAKE.GlorotUniform(seed=1.5), TypeError),
        (lambda: MAKE.GlorotUniform()((2,), dtype="int32"), TypeError),
    ],
)
def test_what_is_refused(ask, kind):
    with pytest.raises(kind):
        ask()


def test_further_names():
    assert gt.dtypes.cast(1.5, gt.int32).numpy() == 1
    assert gt.dtypes.float32 is gt.float32
    assert gt.keras.losses.MSE is gt.keras.losses.mse
    (cpu,) = gt.config.experimental.list_physical_devices("CPU")
    assert cpu.device_type == "CPU"


def test_questions_to_a_shape():
    shape = gt.ones((2, 3)).shape
    assert shape.is_fully_defined()
    assert shape.dims == [2, 3]
    assert shape.concatenate([4]) == (2, 3, 4)
    assert shape.concatenate([4]).rank == 3
    assert shape.is_compatible_with([None, 3])
    assert shape.is_compatible_with(None)
    assert not shape.is_compatible_with([2, 4])
    assert not shape.is_compatible_with([2])
    shape.assert_is_compatible_with([2, 3])
    with pytest.raises(ValueError, match="incompatible"):
        shape.assert_is_compatible_with([3, 3])


def test_a_function_returns_the_value_of_a_variable():
    """As in TensorFlow: what comes back does not change with later calls."""
    v = gt.Variable(0)

    @gt.function
    def count():
        return v.assign_add(1), v

    first, second = count(), count()
    assert [x.numpy() for x in (*first, *second)] == [1, 1, 2, 2]
    assert isinstance(first[0], gt.Tensor)
    w = gt.Variable(3.0)
    same = gt.function(lambda: w)
    with gt.GradientTape() as tape:
        y = same() * same()
    assert tape.gradient(y, w).numpy() == 6.0
