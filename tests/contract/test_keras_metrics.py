"""The metrics of `tf.keras.metrics`: values of TensorFlow 2.21 (Keras 3), NumPy formulas, weights, functions, state."""

import numpy as np
import pytest

import gradtape as gt

metrics = gt.keras.metrics
T = np.array([[0.25, 0.5, 0.25], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.125, 0.75, 0.125]], np.float32)
P = np.array([[0.5, 0.375, 0.125], [0.75, 0.25, 0.0], [0.25, 0.0, 0.75], [0.625, 0.25, 0.125]], np.float32)
FLAGS, LABELS = np.array([0, 1, 1, 0]), np.array([1, 0, 2, 0])
WEIGHT = np.array([0.5, 0.0, 2.0, 1.0], np.float32)

CASES = {
    "Sum": (lambda: metrics.Sum(), (P,), P.sum(-1)),
    "Mean": (lambda: metrics.Mean(), (P,), P.mean(-1)),
    "MeanSquaredError": (lambda: metrics.MeanSquaredError(), (T, P), np.mean((T - P) ** 2, -1)),
    "MeanAbsoluteError": (lambda: metrics.MeanAbsoluteError(), (T, P), np.mean(abs(T - P), -1)),
    "BinaryAccuracy": (lambda: metrics.BinaryAccuracy(), (FLAGS, P[:, 0]), (P[:, 0] > 0.5) == FLAGS),
    "above 0.7": (
        lambda: metrics.BinaryAccuracy(threshold=0.7),
        (FLAGS[:, None], P[:, :1]),
        (P[:, 0] > 0.7) == FLAGS,
    ),
    "CategoricalAccuracy": (lambda: metrics.CategoricalAccuracy(), (T, P), T.argmax(-1) == P.argmax(-1)),
    "SparseCategoricalAccuracy": (
        lambda: metrics.SparseCategoricalAccuracy(),
        (LABELS, P),
        P.argmax(-1) == LABELS,
    ),
    "of a column": (
        lambda: metrics.SparseCategoricalAccuracy(),
        (LABELS[:, None], P),
        P.argmax(-1) == LABELS,
    ),
}
TENSORFLOW = {
    "Sum": (4, 7.5),
    "Mean": (0.33333334, 0.33333334),
    "MeanSquaredError": (0.0703125, 0.072916664),
    "MeanAbsoluteError": (0.20833334, 0.21111111),
    "BinaryAccuracy": (0.5, 0.33333334),
    "above 0.7": (0.75, 0.60000002),
    "CategoricalAccuracy": (0.5, 0.53333336),
    "SparseCategoricalAccuracy": (0.75, 0.80000001),
    "of a column": (0.75, 0.80000001),
}
"""Of each case the result after the whole batch, and after the same with weights too: TensorFlow 2.21."""


def run(case, wrap=lambda step: step):
    make, batch, _ = CASES[case]
    metric = make()
    plain = wrap(lambda *given: metric.update_state(*given))
    plain(*batch)
    first = metric.result().numpy()
    wrap(lambda *given: metric.update_state(*given[:-1], sample_weight=given[-1]))(*batch, WEIGHT)
    return metric, first, metric.result().numpy()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("wrap", [lambda step: step, gt.function], ids=["eager", "compiled"])
def test_values(case, wrap):
    values = CASES[case][2].astype(np.float64)
    totals = [values.sum(), values.sum() + (values * WEIGHT).sum()]
    counts = [1, 1] if case == "Sum" else [4, 4 + WEIGHT.sum()]
    metric, *found = run(case, wrap)
    np.testing.assert_allclose(found, np.divide(totals, counts), rtol=1e-6)
    np.testing.assert_allclose(found, TENSORFLOW[case], rtol=1e-6)
    metric.reset_state()
    assert metric.result().numpy() == 0
    batch = CASES[case][1]
    np.testing.assert_allclose(metric(*batch).numpy(), totals[0] / counts[0], rtol=1e-6)


def test_a_function_goes_on_with_its_state():
    mean = metrics.Mean(name="loss", dtype="float64")

    @gt.function
    def step(x):
        mean.update_state(x)
        return mean.result()

    seen = [1.0, 5.0, 3.0, 7.0]
    found = [step(gt.constant(x, gt.float64)).numpy() for x in seen]
    np.testing.assert_allclose(found, np.cumsum(seen) / [1, 2, 3, 4], rtol=1e-15)
    assert (mean.name, mean.result().dtype) == ("loss", gt.float64)


def test_a_mean_takes_the_means_of_samples():
    """Weights of samples and of steps: TensorFlow averages a sample's steps, and their weights, before it sums."""
    steps, weight = np.arange(12.0).reshape(2, 3, 2), np.array([[1.0, 0.0, 2.0], [0.5, 1.0, 1.0]])
    mean = metrics.Mean(dtype="float64")
    expected = (steps.mean(-1) * weight).mean(-1).sum() / weight.mean(-1).sum()
    assert mean(steps, sample_weight=weight).numpy() == pytest.approx(expected, rel=1e-14)
    total = metrics.Sum(dtype="float64")
    assert total(steps, weight).numpy() == pytest.approx((steps.sum(-1) * weight).sum(), rel=1e-14)


def test_state_is_variables_that_no_tape_watches():
    mean = metrics.Mean()
    x = gt.constant(3.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        mean.update_state(y)
        mean.result()
    assert tape.watched_variables() == ()
    assert tape.gradient(y, x).numpy() == 6
    assert [v.numpy() for v in mean.variables] == [9, 1]
    assert mean.trainable_variables == ()


def test_targets_of_one_axis_less():
    error = metrics.MeanSquaredError(dtype="float64")
    assert error(T[:, 0], P[:, :1]).numpy() == pytest.approx(np.mean((T[:, 0] - P[:, 0]) ** 2), rel=1e-7)
    accuracy = metrics.SparseCategoricalAccuracy()
    assert accuracy([[1], [0]], [[[0.0, 1.0]], [[0.0, 1.0]]]).numpy() == 0.5


@pytest.mark.parametrize(
    ("name", "batch"),
    [
        ("Mean", (P, [1.0, 2.0])),
        ("Sum", (P[:, 0], P)),
        ("MeanSquaredError", (T, P[:, :2])),
        ("SparseCategoricalAccuracy", ([1, 2, 0], P)),
        ("CategoricalAccuracy", (T[:3], P)),
    ],
)
def test_an_error_leaves_the_state(name, batch):
    metric = getattr(metrics, name)()
    with pytest.raises(ValueError, match=r"shape|broadcast"):
        metric.update_state(*batch)
    assert all(variable.numpy() == 0 for variable in metric.variables)
