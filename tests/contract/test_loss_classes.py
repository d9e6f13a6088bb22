"""The classes of `tf.losses`: values of TensorFlow 2.21 (Keras 3), NumPy formulas, weights, reductions, derivatives."""

import numpy as np
import pytest

import gradtape as gt
from gradtape import losses

T = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.1, 0.9, 0.0]])
P = np.array([[0.3, 0.4, 0.3], [0.7, 0.2, 0.1], [0.2, 0.0, 0.9], [1.0, 0.0, 0.5]])
X = np.array([[0.3, -2.4, 1.3], [3.7, 0.2, -0.1], [0.2, 0.0, 2.9], [1.0, 0.0, -1.5]])
LABELS = np.array([2, 0, 1, 2])
WEIGHT = np.array([0.5, 0.0, 2.0, 1.0])

TENSORFLOW = {
    "mse": (0.1733333, 0.165, 0.1885714),
    "mae": (0.2833333, 0.25, 0.2857143),
    "huber": (0.055, 0.05083333, 0.05809524),
    "kl": (3.668428, 3.60179, 4.116331),
    "bce": (2.700985, 2.594155, 2.964749),
    "bcel": (0.7222357, 0.5917599, 0.6762971),
    "cce": (4.041078, 3.86956, 4.422354),
    "ccel": (1.056899, 0.7671482, 0.8767408),
    "scce": (4.718166, 8.531853, 9.750689),
    "sccel": (1.533275, 3.015317, 3.015317),
}
"""Of each case the mean, the weighted mean, and the weighted sum over the sum of weights: TensorFlow 2.21."""


def kept(p, top=1 - 1e-7):
    return np.clip(p, 1e-7, top)


def log_softmax(x):
    return x - np.log(np.sum(np.exp(x), -1, keepdims=True))


def at(lines, labels):
    return np.take_along_axis(lines, labels[:, None], -1)[:, 0]


def entropy(t, p):
    return -(t * np.log(p) + (1 - t) * np.log(1 - p))


HUBER = np.where(abs(P - T) <= 0.3, (P - T) ** 2 / 2, 0.3 * abs(P - T) - 0.3**2 / 2)
CASES = {
    "mse": (losses.MeanSquaredError, {}, T, P, np.mean((P - T) ** 2, -1)),
    "mae": (losses.MeanAbsoluteError, {}, T, P, np.mean(abs(P - T), -1)),
    "huber": (losses.Huber, {"delta": 0.3}, T, P, np.mean(HUBER, -1)),
    "kl": (losses.KLDivergence, {}, T, P, np.sum(kept(T, 1) * np.log(kept(T, 1) / kept(P, 1)), -1)),
    "bce": (losses.BinaryCrossentropy, {}, T, P, np.mean(entropy(T, kept(P)), -1)),
    "bcel": (
        losses.BinaryCrossentropy,
        {"from_logits": True, "label_smoothing": 0.1},
        T,
        X,
        np.mean(entropy(0.9 * T + 0.05, 1 / (1 + np.exp(-X))), -1),
    ),
    "cce": (
        losses.CategoricalCrossentropy,
        {},
        T,
        P,
        -np.sum(T * np.log(kept(P / P.sum(-1, keepdims=True))), -1),
    ),
    "ccel": (
        losses.CategoricalCrossentropy,
        {"from_logits": True, "label_smoothing": 0.1},
        T,
        X,
        -np.sum((0.9 * T + 0.1 / 3) * log_softmax(X), -1),
    ),
    "scce": (
        losses.SparseCategoricalCrossentropy,
        {},
        LABELS,
        P,
        -at(log_softmax(np.log(kept(P))), LABELS),
    ),
    "sccel": (
        losses.SparseCategoricalCrossentropy,
        {"from_logits": True, "ignore_class": 2},
        LABELS,
        X,
        np.where(LABELS == 2, 0, -at(log_softmax(X), LABELS)),
    ),
}
VALID = {"sccel": LABELS != 2}


def reduced(values, valid, weight, reduction):
    """The reduction by its formula; means are of the samples that are not ignored."""
    w = np.ones(len(values)) if weight is None else weight
    count = {"sum": 1, "mean_with_sample_weight": np.sum(w * valid)}.get(reduction, np.sum(valid))
    return np.sum(values * w * valid) / count


@pytest.mark.parametrize("case", CASES)
def test_values_are_tensorflows(case):
    kind, options, y_true, y_pred, _ = CASES[case]
    plain, relative = kind(**options), kind(**options, reduction="mean_with_sample_weight")
    found = (
        plain(y_true, y_pred),
        plain(y_true, y_pred, WEIGHT),
        relative(y_true, y_pred, sample_weight=WEIGHT),
    )
    assert all(loss.dtype == gt.float32 and loss.shape == () for loss in found)
    np.testing.assert_allclose([loss.numpy() for loss in found], TENSORFLOW[case], rtol=2e-5)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_values_are_the_formulas(case, reduction, weight):
    kind, options, y_true, y_pred, values = CASES[case]
    found = kind(**options, reduction=reduction, dtype="float64")(y_true, y_pred, weight)
    assert found.dtype == gt.float64
    expected = reduced(values, VALID.get(case, np.ones(4, bool)), weight, reduction)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("reduction", ["none", None])
def test_without_reduction_each_sample_has_its_loss(case, reduction):
    kind, options, y_true, y_pred, values = CASES[case]
    found = kind(**options, reduction=reduction, dtype="float64")(y_true, y_pred, WEIGHT)
    np.testing.assert_allclose(found.numpy(), values * WEIGHT, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
def test_derivatives(compiled):
    """Of the cross-entropy of logits: softmax less target, in eager code and in functions."""
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64")

    def slope(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = loss(LABELS, x, sample_weight=WEIGHT)
        return tape.gradient(y, x)

    expected = (np.exp(log_softmax(X)) - np.eye(3)[LABELS]) * WEIGHT[:, None] / 4
    run = gt.function(slope) if compiled else slope
    for _ in range(2):
        np.testing.assert_allclose(run(gt.constant(X, gt.float64)).numpy(), expected, rtol=1e-12, atol=1e-15)


def test_probabilities_outside_have_no_slope():
    x = gt.constant([0.0, 0.5])
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = losses.BinaryCrossentropy()([1.0, 1.0], x)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), [0.0, -1.0])


def test_targets_of_one_axis_less():
    """Of predictions in one column the targets are a column too, and do not make a table."""
    loss = losses.MeanSquaredError(dtype="float64")
    expected = np.mean((P[:, 0] - T[:, 0]) ** 2)
    assert loss(T[:, 0], P[:, :1]).numpy() == pytest.approx(expected, rel=1e-14)
    assert loss(T[:, :1], P[:, 0]).numpy() == pytest.approx(expected, rel=1e-14)
    labels = losses.SparseCategoricalCrossentropy(reduction=None)
    np.testing.assert_array_equal(labels(LABELS[:, None], P).numpy(), labels(LABELS, P).numpy())


def test_no_weight_is_no_loss():
    """Zero over zero is zero, as in Keras."""
    loss = losses.MeanAbsoluteError(reduction="mean_with_sample_weight")
    assert loss(T, P, np.zeros(4)).numpy() == 0
    assert losses.SparseCategoricalCrossentropy(ignore_class=0)([0, 0], P[:2]).numpy() == 0


def test_names():
    names = [kind(**options).name for kind, options, *_ in CASES.values()]
    assert names[:5] == [
        *("mean_squared_error", "mean_absolute_error", "huber_loss", "kl_divergence"),
        "binary_crossentropy",
    ]
    assert names[6::2] == ["categorical_crossentropy", "sparse_categorical_crossentropy"]
    assert losses.Huber(name="mine").name == "mine"
    assert gt.keras.losses is losses


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda: losses.Huber(reduction="average"), gt.errors.ChoiceError, "not 'average'"),
        (lambda: losses.Loss()([0.0], [0.0]), gt.errors.UnfinishedError, "Loss has no call"),
        (lambda: losses.BinaryCrossentropy()(T, P[:2]), gt.errors.ShapeError, "must have one shape"),
        (lambda: losses.CategoricalCrossentropy()(LABELS, P), gt.errors.ShapeError, "must have one shape"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=2)(T, P), gt.errors.RangeError, r"in \[0, 1\]"),
        (lambda: losses.SparseCategoricalCrossentropy(axis=0)(LABELS, P), gt.errors.RangeError, "the last"),
        (lambda: losses.SparseCategoricalCrossentropy()([3], P[:1]), gt.errors.RangeError, "no|not in"),
        (lambda: losses.MeanSquaredError()(T, P[:, :2]), gt.errors.ShapeError, "broadcast"),
    ],
)
def test_errors(run, error, message):
    with pytest.raises(error, match=message):
        run()
