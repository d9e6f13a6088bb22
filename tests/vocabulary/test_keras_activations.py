"""Keras's activations: the values that TensorFlow 2.21 gave, and their derivatives by differences."""

import numpy as np
import pytest

import gradtape as gt

K = gt.keras.activations
X = np.array([-7.0, -2.5, -0.5, 0.0, 0.3, 1.5, 6.5])

VALUES = {
    "linear": X,
    "relu": [0.0, 0.0, 0.0, 0.0, 0.3, 1.5, 6.5],
    "elu": [-0.99909, -0.91791, -0.39347, 0.0, 0.3, 1.5, 6.5],
    "selu": [-1.7565, -1.61379, -0.69176, 0.0, 0.31521, 1.57605, 6.82956],
    "softplus": [0.00091, 0.07889, 0.47408, 0.69315, 0.85436, 1.70141, 6.5015],
    "softsign": [-0.875, -0.71429, -0.33333, 0.0, 0.23077, 0.6, 0.86667],
    "silu": [-0.00638, -0.18965, -0.18877, 0.0, 0.17233, 1.22636, 6.49024],
    "gelu": [-0.0, -0.01552, -0.15427, 0.0, 0.18537, 1.39979, 6.5],
    "relu6": [0.0, 0.0, 0.0, 0.0, 0.3, 1.5, 6.0],
    "leaky_relu": [-1.4, -0.5, -0.1, 0.0, 0.3, 1.5, 6.5],
    "exponential": [0.00091, 0.08208, 0.60653, 1.0, 1.34986, 4.48169, 665.14166],
    "mish": [-0.00638, -0.19682, -0.22074, 0.0, 0.208, 1.40338, 6.49997],
    "hard_sigmoid": [0.0, 0.08333, 0.41667, 0.5, 0.55, 0.75, 1.0],
    "sigmoid": [0.00091, 0.07586, 0.37754, 0.5, 0.57444, 0.81757, 0.9985],
    "tanh": [-1.0, -0.98661, -0.46212, 0.0, 0.29131, 0.90515, 1.0],
    "softmax": [0.0, 0.00012, 0.0009, 0.00149, 0.00201, 0.00666, 0.98882],
    "log_softmax": [-13.51124, -9.01124, -7.01124, -6.51124, -6.21124, -5.01124, -0.01124],
}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_values_and_derivatives(name):
    function = K.get(name)
    assert function is getattr(K, name)
    x = gt.constant(X)
    np.testing.assert_allclose(function(x).numpy(), VALUES[name], atol=6e-6, rtol=1e-5)
    smooth = gt.constant(X + 0.01)  # beside the kinks
    with gt.GradientTape() as tape:
        tape.watch(smooth)
        y = gt.reduce_sum(function(smooth) * gt.constant(X))
    step = 1e-6
    slopes = [
        np.sum((function(smooth + step * e).numpy() - function(smooth - step * e).numpy()) * X) / (2 * step)
        for e in np.eye(len(X))
    ]
    np.testing.assert_allclose(tape.gradient(y, smooth).numpy(), slopes, rtol=1e-6, atol=1e-7)


def test_arguments():
    x = gt.constant(X)
    found = K.relu(x, negative_slope=0.1, max_value=4.0, threshold=1.0).numpy()
    np.testing.assert_allclose(found, [-0.8, -0.35, -0.15, -0.1, -0.07, 1.5, 4.0], rtol=1e-12)
    assert K.elu(gt.constant(-0.5), alpha=0.5).numpy() == np.float32(0.5) * np.expm1(np.float32(-0.5))
    assert K.leaky_relu(gt.constant(-2.0), negative_slope=0.5).numpy() == -1.0
    assert K.swish is K.silu


def test_names():
    assert K.get(None) is K.linear
    assert K.get(len) is len
    with pytest.raises(ValueError, match="Could not interpret"):
        K.get("nonsense")
    with pytest.raises(ValueError, match="Could not interpret"):
        K.get("get")
    with pytest.raises(TypeError, match="must be floating"):
        K.relu(gt.constant([1]))
