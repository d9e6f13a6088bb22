"""Activations, losses and normalisations of `tf.nn`: against mpmath, SciPy and NumPy's formulas."""

import mpmath
import numpy as np
import pytest
import scipy.special

import gradtape as gt

RNG = np.random.default_rng(11)
mp = mpmath.mp


def orders(function, x, count):
    """The value of an entrywise function and its derivatives up to an order, each by the tape on the one before."""
    x = gt.constant(x)

    def derivative(order):
        if not order:
            return function(x)
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = derivative(order - 1)
        return tape.gradient(y, x, unconnected_gradients="zero")

    return [derivative(order).numpy() for order in range(count + 1)]


# activations, away from their kinks, to fourth order

ALPHA, SCALE = mp.mpf("1.6732632423543772"), mp.mpf("1.0507009873554805")
ACTIVATIONS = [
    (gt.nn.relu, lambda x: max(x, mp.mpf(0))),
    (gt.nn.relu6, lambda x: min(max(x, mp.mpf(0)), mp.mpf(6))),
    (gt.nn.leaky_relu, lambda x: x if x > 0 else x * mp.mpf(0.2)),
    (gt.nn.elu, lambda x: x if x > 0 else mp.expm1(x)),
    (gt.nn.selu, lambda x: SCALE * (x if x > 0 else ALPHA * mp.expm1(x))),
    (gt.nn.silu, lambda x: x / (1 + mp.exp(-x))),
    (lambda x: gt.nn.swish(x, 1.5), lambda x: x / (1 + mp.exp(-1.5 * x))),
    (gt.nn.gelu, lambda x: x * mp.ncdf(x)),
    (
        lambda x: gt.nn.gelu(x, approximate=True),
        lambda x: x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf(0.044715) * x**3))),
    ),
    (gt.nn.softplus, lambda x: mp.log1p(mp.exp(x))),
    (gt.nn.softsign, lambda x: x / (1 + abs(x))),
    (gt.nn.log_sigmoid, lambda x: -mp.log1p(mp.exp(-x))),
    (gt.nn.sigmoid, lambda x: 1 / (1 + mp.exp(-x))),
    (gt.nn.tanh, mp.tanh),
]


@pytest.mark.parametrize("number", range(len(ACTIVATIONS)))
def test_activations_to_fourth_order(number):
    function, formula = ACTIVATIONS[number]
    points = np.array([-7.5, -2.0, -0.4, 0.3, 1.9, 7.5])
    for order, found in enumerate(orders(function, points, 4)):
        with mp.workdps(50):
            expected = [float(mp.diff(formula, mp.mpf(float(x)), order)) for x in points]
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


# x -> derivative; TensorFlow 2.21 gives these
AT_KINKS = [
    (gt.nn.relu, 0.0, 0.0),
    (gt.nn.relu6, 0.0, 0.0),
    (gt.nn.relu6, 6.0, 0.0),
    (gt.nn.elu, 0.0, 1.0),
    (gt.nn.selu, 0.0, 1.0507009873554805),
    (gt.nn.leaky_relu, 0.0, 0.2),
    (gt.nn.softsign, 0.0, 1.0),
]


@pytest.mark.parametrize(("function", "x", "expected"), AT_KINKS)
def test_derivatives_at_kinks(function, x, expected):
    assert orders(function, np.float64(x), 1)[1] == pytest.approx(expected, abs=0)


def test_far_away_nothing_overflows():
    x = np.array([-1e4, -800.0, 800.0, 1e4])
    for function in (gt.nn.softplus, gt.nn.gelu, gt.nn.silu, gt.nn.elu, gt.nn.selu, gt.nn.log_sigmoid):
        for part in orders(function, x, 2):
            assert np.isfinite(part).all()


def test_softmax_and_its_hessian():
    """The Jacobian of softmax is diag(p) - p p'; log_softmax' is 1 - p summed, its Hessian minus that Jacobian."""
    x = RNG.standard_normal((2, 4))
    p = scipy.special.softmax(x, 1)
    np.testing.assert_allclose(gt.nn.softmax(x).numpy(), p, rtol=1e-14)
    np.testing.assert_allclose(gt.nn.softmax(x, 0).numpy(), scipy.special.softmax(x, 0), rtol=1e-14)
    np.testing.assert_allclose(gt.nn.log_softmax(x).numpy(), scipy.special.log_softmax(x, 1), rtol=1e-13)
    at = gt.constant(x[0])
    with gt.GradientTape(persistent=True) as outer:
        outer.watch(at)
        with gt.GradientTape() as inner:
            inner.watch(at)
            y = gt.nn.log_softmax(at)[1]
        g = inner.gradient(y, at)
        q = gt.nn.softmax(at)
    jacobian = np.diag(p[0]) - np.outer(p[0], p[0])
    np.testing.assert_allclose(outer.jacobian(q, at).numpy(), jacobian, atol=1e-14)
    np.testing.assert_allclose(outer.jacobian(g, at).numpy(), -jacobian, atol=1e-14)


def test_large_logits_lose_no_digits():
    x = gt.constant([1e5, -1e5, 1e5])
    assert gt.nn.softmax(x).numpy().tolist() == [0.5, 0, 0.5]
    losses = [
        gt.nn.softmax_cross_entropy_with_logits([1.0, 0.0, 0.0], x),
        gt.nn.sparse_softmax_cross_entropy_with_logits(2, x),
        -gt.nn.log_softmax(x)[0],
    ]
    np.testing.assert_allclose([loss.numpy() for loss in losses], np.log(2), rtol=1e-6)


def test_crelu():
    x = RNG.standard_normal((2, 3))
    for axis in (0, 1):
        expected = np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis)
        np.testing.assert_array_equal(gt.nn.crelu(gt.constant(x), axis).numpy(), expected)


# losses


def gradient_and_hessian(function, x):
    x = gt.constant(x)
    with gt.GradientTape() as outer:
        outer.watch(x)
        with gt.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        g = inner.gradient(y, x)
    return y.numpy(), g.numpy(), outer.jacobian(g, x, unconnected_gradients="zero").numpy()


def test_softmax_cross_entropy():
    """-sum z log p; in the logits the gradient is (sum z) p - z and the Hessian (sum z)(diag p - p p')."""
    x, z = RNG.standard_normal(4), np.array([0.1, 0.0, 0.3, 0.4])
    p = scipy.special.softmax(x)
    y, g, h = gradient_and_hessian(lambda t: gt.nn.softmax_cross_entropy_with_logits(z, t), x)
    assert y == pytest.approx(-np.sum(z * np.log(p)), rel=1e-13)
    np.testing.assert_allclose(g, z.sum() * p - z, atol=1e-14)
    np.testing.assert_allclose(h, z.sum() * (np.diag(p) - np.outer(p, p)), atol=1e-14)
    y, g, h = gradient_and_hessian(lambda t: gt.nn.softmax_cross_entropy_with_logits(t, x), z)
    np.testing.assert_allclose(g, -np.log(p), rtol=1e-12)
    assert not np.any(h)
    wide, labels = RNG.standard_normal((3, 4, 5)), RNG.random((3, 1, 5))
    for axis in (0, 1, -1):
        found = gt.nn.softmax_cross_entropy_with_logits(labels, gt.constant(wide), axis)
        expected = -np.sum(labels * scipy.special.log_softmax(wide, axis), axis)
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


def test_sparse_softmax_cross_entropy():
    x, labels = RNG.standard_normal((2, 3, 4)), np.array([[0, 3, 1], [2, 2, 0]])
    found = gt.nn.sparse_softmax_cross_entropy_with_logits(labels, gt.constant(x))
    expected = -np.take_along_axis(scipy.special.log_softmax(x, -1), labels[..., None], -1)[..., 0]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    p = scipy.special.softmax(x[0, 0])
    y, g, h = gradient_and_hessian(
        lambda t: gt.nn.sparse_softmax_cross_entropy_with_logits(gt.constant(2), t), x[0, 0]
    )
    assert y == pytest.approx(-np.log(p[2]))
    np.testing.assert_allclose(g, p - np.eye(4)[2], atol=1e-14)
    np.testing.assert_allclose(h, np.diag(p) - np.outer(p, p), atol=1e-14)


@pytest.mark.parametrize("x", [-800.0, -3.0, 0.0, 0.7, 800.0])
@pytest.mark.parametrize("z", [0.0, 0.3, 1.0])
def test_sigmoid_cross_entropies(x, z):
    p = scipy.special.expit(x)
    y, g, h = gradient_and_hessian(
        lambda t: gt.nn.sigmoid_cross_entropy_with_logits(np.float64(z), t), np.float64(x)
    )
    expected = -z * scipy.special.log_expit(x) - (1 - z) * scipy.special.log_expit(-x)
    np.testing.assert_allclose([y, g, h], [expected, p - z, p * (1 - p)], rtol=1e-12, atol=1e-15)
    q = 2.5
    y, g, h = gradient_and_hessian(
        lambda t: gt.nn.weighted_cross_entropy_with_logits(np.float64(z), t, q), np.float64(x)
    )
    expected = -q * z * scipy.special.log_expit(x) - (1 - z) * scipy.special.log_expit(-x)
    first = -q * z * (1 - p) + (1 - z) * p
    second = (q * z + 1 - z) * p * (1 - p)
    np.testing.assert_allclose([y, g, h], [expected, first, second], rtol=1e-11, atol=1e-14)


def test_log_poisson_loss():
    z, c = np.array([0.0, 0.5, 1.0, 2.0, 9.0]), RNG.standard_normal(5)
    plain = gt.nn.log_poisson_loss(gt.constant(z), gt.constant(c))
    np.testing.assert_allclose(plain.numpy(), np.exp(c) - z * c, rtol=1e-13)
    with np.errstate(all="ignore"):
        stirling = np.where(z > 1, z * np.log(z) - z + 0.5 * np.log(2 * np.pi * z), 0)
        slope = np.where(z > 1, np.log(z) + 0.5 / z, 0)
    zt = gt.constant(z)
    with gt.GradientTape() as tape:
        tape.watch(zt)
        full = gt.nn.log_poisson_loss(zt, c, compute_full_loss=True)
    np.testing.assert_allclose(full.numpy(), np.exp(c) - z * c + stirling, rtol=1e-13)
    np.testing.assert_allclose(tape.gradient(full, zt).numpy(), -c + slope, rtol=1e-13)


def test_l2_loss_and_averages():
    x, w = RNG.standard_normal((4, 3)), RNG.random(4)
    y, g, _ = gradient_and_hessian(gt.nn.l2_loss, x)
    assert y == pytest.approx(np.sum(x**2) / 2)
    np.testing.assert_allclose(g, x)
    assert gt.nn.compute_average_loss(x).numpy() == pytest.approx(x.sum() / 4)
    assert gt.nn.compute_average_loss(x, w, 10).numpy() == pytest.approx((w @ x).sum() / 10)
    assert gt.nn.scale_regularization_loss(x).numpy() == pytest.approx(x.sum())


def test_distances():
    e = RNG.standard_normal((2, 5)) * 2
    zero = np.zeros(5)
    for delta in (1.0, 0.7):
        size = np.abs(e)
        expected = np.where(size <= delta, e**2 / 2, delta * size - delta**2 / 2)
        found, g, h = gradient_and_hessian(lambda t, d=delta: gt.losses.huber(zero, t, d), e[0])
        assert found == pytest.approx(expected[0].mean())
        np.testing.assert_allclose(g, np.clip(e[0], -delta, delta) / 5)
        np.testing.assert_allclose(h, np.diag(size[0] <= delta) / 5)
        np.testing.assert_allclose(gt.losses.huber(zero, e, delta).numpy(), expected.mean(-1))
    found, g, h = gradient_and_hessian(lambda t: gt.losses.logcosh(zero, t), e[0])
    assert found == pytest.approx(np.log(np.cosh(e[0])).mean())
    np.testing.assert_allclose(g, np.tanh(e[0]) / 5, atol=1e-15)
    np.testing.assert_allclose(h, np.diag(1 / np.cosh(e[0]) ** 2) / 5, atol=1e-15)
    assert gt.losses.logcosh([0.0], gt.constant([-2000.0])).numpy() == np.float32(2000 - np.log(2))
    np.testing.assert_allclose(gt.keras.losses.mse(zero, e).numpy(), (e**2).mean(-1))
    np.testing.assert_allclose(gt.keras.losses.mae(zero, e).numpy(), np.abs(e).mean(-1))


def test_huber_measured_with_keras():
    """Keras 3.15.1."""
    a, b = [[0.0, 1.0, 2.0], [3.0, -1.0, 0.5]], [[0.5, -1.0, 2.0], [1.0, 1.0, 4.0]]
    np.testing.assert_allclose(gt.losses.huber(a, b).numpy(), [0.5416666666666666, 2.0], rtol=1e-6)
    found = gt.losses.huber(a, b, 0.7).numpy()
    np.testing.assert_allclose(found, [0.4266666666666667, 1.505], rtol=1e-6)


# normalisations


def test_moments_and_their_hessian():
    """Var = sum (x - m)^2 / n: its gradient is 2 (x - m) / n and its Hessian 2 (I - 1/n) / n, mean included."""
    x = RNG.standard_normal((3, 4, 5))
    for axes, keep in (([0, 2], False), ([1], True), ([0, 1, 2], False)):
        mean, variance = gt.nn.moments(gt.constant(x), axes, keepdims=keep)
        np.testing.assert_allclose(mean.numpy(), x.mean(tuple(axes), keepdims=keep), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(variance.numpy(), x.var(tuple(axes), keepdims=keep), rtol=1e-12)
    line = x[0, 0]
    _, g, h = gradient_and_hessian(lambda t: gt.nn.moments(t, [0]).variance, line)
    np.testing.assert_allclose(g, 2 * (line - line.mean()) / 5, atol=1e-14)
    np.testing.assert_allclose(h, 2 * (np.eye(5) - 1 / 5) / 5, atol=1e-14)
    half = gt.nn.moments(gt.constant([60000.0, 60000.0], gt.float16), [0])
    assert half.mean.dtype == gt.float16
    assert half.mean.numpy() == np.float16(60000)


def test_weighted_moments():
    x, w = RNG.standard_normal((3, 4)), RNG.random((3, 1))
    wide = np.broadcast_to(w, x.shape)
    mean, variance = gt.nn.weighted_moments(gt.constant(x), [0, 1], gt.constant(w))
    average = np.average(x, weights=wide)
    np.testing.assert_allclose(mean.numpy(), average)
    np.testing.assert_allclose(variance.numpy(), np.average((x - average) ** 2, weights=wide))
    mean, variance = gt.nn.weighted_moments(gt.constant(x), 1, w, keepdims=True)
    np.testing.assert_allclose(mean.numpy(), x.mean(1, keepdims=True), atol=1e-15)
    np.testing.assert_allclose(variance.numpy(), x.var(1, keepdims=True))


def test_moments_from_sums():
    x = RNG.standard_normal((3, 4))
    for shift in (None, 0.5):
        sums = gt.nn.sufficient_statistics(gt.constant(x), [0], shift)
        mean, variance = gt.nn.normalize_moments(*sums)
        np.testing.assert_allclose(mean.numpy(), x.mean(0), atol=1e-14)
        np.testing.assert_allclose(variance.numpy(), x.var(0), atol=1e-13)


def test_batch_and_layer_normalisation():
    x, offset, scale = RNG.standard_normal((4, 3)), RNG.standard_normal(3), RNG.standard_normal(3)
    for axes in (0, 1):
        mean, variance = gt.nn.moments(gt.constant(x), [axes], keepdims=True)
        found = gt.nn.batch_normalization(gt.constant(x), mean, variance, offset, scale, 1e-3)
        spread = np.sqrt(x.var(axes, keepdims=True) + 1e-3)
        expected = scale * (x - x.mean(axes, keepdims=True)) / spread + offset
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    older = gt.nn.batch_norm_with_global_normalization
    found = older(gt.constant(x), x.mean(0), x.var(0), offset, scale, 1e-3, False)
    expected = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3) + offset
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


def test_normalised_batches_do_not_feel_shift_and_scale():
    """So the gradient of any function of them is orthogonal to both, at second order too."""
    x = RNG.standard_normal(6)

    def function(t):
        mean, variance = gt.nn.moments(t, [0])
        return gt.reduce_sum(gt.nn.batch_normalization(t, mean, variance, None, None, 0.0) ** 3)

    _, g, h = gradient_and_hessian(function, x)
    np.testing.assert_allclose([g.sum(), g @ x], 0, atol=1e-13)
    np.testing.assert_allclose(h.sum(0), 0, atol=1e-12)
    np.testing.assert_allclose(h @ x, -g, atol=1e-12)  # the gradient is homogeneous of degree -1


def test_local_response_normalisation():
    x = RNG.standard_normal((1, 2, 2, 7))
    expected = np.empty_like(x)
    for i in range(7):
        total = np.sum(x[..., max(i - 2, 0) : i + 3] ** 2, -1)
        expected[..., i] = x[..., i] / (1.5 + 0.3 * total) ** 0.75
    found = gt.nn.local_response_normalization(gt.constant(x), 2, 1.5, 0.3, 0.75)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-13)
    assert gt.nn.lrn is gt.nn.local_response_normalization


def test_bias_add():
    x, b = RNG.standard_normal((2, 3, 4)), RNG.standard_normal(4)
    np.testing.assert_array_equal(gt.nn.bias_add(x, gt.constant(b)).numpy(), x + b)
    found = gt.nn.bias_add(x, gt.constant(b[:3]), "NCW")
    np.testing.assert_array_equal(found.numpy(), x + b[:3, None])


# dropout


def test_dropout_keeps_the_mean_and_its_gradient_is_its_mask():
    x = gt.constant(np.full(20_000, 3.0))
    drops = [
        lambda t: gt.nn.dropout(t, 0.3, seed=4),
        lambda t: gt.nn.experimental.stateless_dropout(t, 0.3, [1, 2]),
        lambda t: gt.nn.experimental.general_dropout(
            t, 0.3, lambda shape, dtype: gt.random.stateless_uniform(shape, [1, 2], dtype=dtype)
        ),
    ]
    for drop in drops:
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = drop(x)
        kept = y.numpy() != 0
        assert abs(kept.mean() - 0.7) < 0.015
        np.testing.assert_allclose(y.numpy()[kept], 3 / 0.7)
        np.testing.assert_allclose(tape.gradient(y, x).numpy(), kept / 0.7)
    assert gt.nn.dropout(x, 0).numpy().tolist() == x.numpy().tolist()
    one, two = (gt.nn.experimental.stateless_dropout(x, 0.3, [1, 2]).numpy() for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_choices_of_dropout_broadcast():
    y = gt.nn.dropout(gt.ones((50, 4)), 0.5, noise_shape=(None, 1), seed=1).numpy()
    assert np.all(y == y[:, :1])
    assert 0 < y[:, 0].mean() < 2


# what is refused

M, V = gt.ones((2, 3)), gt.ones((3,))
IMAGE, KERNEL = gt.ones((1, 4, 4, 2)), gt.ones((2, 2, 2, 3))
LINE = gt.ones((1, 5, 2))
WHOLE = gt.constant([1, 2])
nn = gt.nn
REFUSED = [
    (lambda: nn.elu(WHOLE), TypeError, ["elu", "features", "int32"]),
    (lambda: nn.selu(WHOLE), TypeError, ["selu", "int32"]),
    (lambda: nn.gelu(WHOLE), TypeError, ["gelu", "int32"]),
    (lambda: nn.crelu(M, 2), ValueError, ["crelu", "axis 2"]),
    (lambda: nn.softmax(1.0), ValueError, ["softmax", "logits", "()"]),
    (lambda: nn.softmax(M, 2), ValueError, ["softmax", "axis 2"]),
    (lambda: nn.log_softmax(WHOLE), TypeError, ["log_softmax", "logits", "int32"]),
    (
        lambda: nn.softmax_cross_entropy_with_logits(V, gt.ones((2, 4))),
        ValueError,
        ["(3,)", "(2, 4)", "labels"],
    ),
    (lambda: nn.softmax_cross_entropy_with_logits(M, M, 2), ValueError, ["softmax_cross_entropy", "axis 2"]),
    (lambda: nn.softmax_cross_entropy_with_logits(1.0, 1.0), ValueError, ["logits", "()"]),
    (lambda: nn.sparse_softmax_cross_entropy_with_logits([0], M), ValueError, ["labels", "(1,)", "(2, 3)"]),
    (
        lambda: nn.sparse_softmax_cross_entropy_with_logits([0, 3], M),
        ValueError,
        ["label", "[0, 3)", "(2, 3)"],
    ),
    (lambda: nn.sparse_softmax_cross_entropy_with_logits([0.0, 1.0], M), TypeError, ["labels", "float32"]),
    (lambda: nn.sigmoid_cross_entropy_with_logits(V, M), ValueError, ["sigmoid", "(3,)", "(2, 3)"]),
    (lambda: nn.sigmoid_cross_entropy_with_logits(V), ValueError, ["sigmoid", "logits"]),
    (lambda: nn.weighted_cross_entropy_with_logits(V, M, 1.0), ValueError, ["weighted", "(3,)", "(2, 3)"]),
    (lambda: nn.weighted_cross_entropy_with_logits(V, V), ValueError, ["weighted", "pos_weight"]),
    (lambda: nn.log_poisson_loss(V, M), ValueError, ["log_poisson_loss", "(3,)", "(2, 3)"]),
    (lambda: nn.l2_loss(WHOLE), TypeError, ["l2_loss", "int32"]),
    (lambda: nn.compute_average_loss(1.0), ValueError, ["compute_average_loss", "()"]),
    (lambda: nn.compute_average_loss(V, None, 0), ValueError, ["global_batch_size", "0"]),
    (lambda: nn.moments(V, [1]), ValueError, ["moments", "axis 1"]),
    (lambda: nn.moments(WHOLE, [0]), TypeError, ["moments", "int32"]),
    (lambda: nn.weighted_moments(M, [0], gt.ones(2)), ValueError, ["frequency_weights", "(2, 3)", "(2,)"]),
    (lambda: nn.sufficient_statistics(V, [1]), ValueError, ["sufficient_statistics", "axis 1"]),
    (
        lambda: nn.batch_normalization(M, gt.ones(2), V, None, None, 0.0),
        ValueError,
        ["batch_normalization", "mean", "(2,)", "(2, 3)"],
    ),
    (lambda: nn.batch_normalization(M, V, V, None, gt.ones(2), 0.0), ValueError, ["scale", "(2,)", "(2, 3)"]),
    (lambda: nn.local_response_normalization(M), ValueError, ["local_response", "rank 4", "(2, 3)"]),
    (lambda: nn.bias_add(M, gt.ones(2)), ValueError, ["bias_add", "(2, 3)", "(2,)"]),
    (lambda: nn.bias_add(M, V, "CN"), ValueError, ["bias_add", "data_format", "CN"]),
    (lambda: nn.dropout(M, 1.0), ValueError, ["dropout", "rate", "1.0"]),
    (lambda: nn.dropout(WHOLE, 0.5), TypeError, ["dropout", "int32"]),
    (lambda: nn.dropout(M, 0.5, (3, 1)), ValueError, ["dropout", "noise_shape", "(3, 1)", "(2, 3)"]),
    (lambda: nn.experimental.stateless_dropout(M, 0.5, [1]), ValueError, ["seed", "two integers"]),
    (lambda: gt.losses.huber(V, V, 0.0), ValueError, ["huber", "delta", "0.0"]),
    (lambda: gt.losses.mse(V, gt.ones(2)), ValueError, ["mse", "(3,)", "(2,)"]),
    (lambda: gt.losses.mae(1.0, 2.0), ValueError, ["mae", "()"]),
    # convolution
    (lambda: nn.conv2d(M, KERNEL, 1, "SAME"), ValueError, ["conv2d", "input", "rank 4", "(2, 3)"]),
    (lambda: nn.conv2d(IMAGE, M, 1, "SAME"), ValueError, ["conv2d", "filters", "rank 4", "(2, 3)"]),
    (lambda: nn.conv2d(IMAGE, gt.ones((2, 2, 3, 3)), 1, "SAME"), ValueError, ["conv2d", "(2, 2, 3, 3)"]),
    (lambda: nn.conv2d(IMAGE, KERNEL, 1, "FULL"), ValueError, ["conv2d", "padding", "FULL"]),
    (lambda: nn.conv2d(IMAGE, KERNEL, 1, [[1, 1]]), ValueError, ["conv2d", "padding", "[[1, 1]]"]),
    (lambda: nn.conv2d(IMAGE, KERNEL, 1, [[1, 1]] * 4), ValueError, ["conv2d", "padding", "channels"]),
    (lambda: nn.conv2d(IMAGE, KERNEL, 1, [[-1, 1]] * 2), ValueError, ["conv2d", "padding", "negative"]),
    (lambda: nn.conv2d(IMAGE, KERNEL, 0, "SAME"), ValueError, ["conv2d", "strides", "0"]),
    (lambda: nn.conv2d(IMAGE, KERNEL, 1.5, "SAME"), TypeError, ["conv2d", "strides", "1.5"]),
    (lambda: nn.conv2d(IMAGE, KERNEL, [2, 1, 1, 1], "SAME"), ValueError, ["conv2d", "strides", "batch"]),
    (lambda: nn.conv2d(IMAGE, KERNEL, 1, "SAME", "HWC"), ValueError, ["conv2d", "data_format", "HWC"]),
    (lambda: nn.conv2d(IMAGE, KERNEL, 1, "SAME", dilations=[1, 2, 3]), ValueError, ["conv2d", "dilations"]),
    (lambda: nn.conv1d(LINE, V, 1, "SAME"), ValueError, ["conv1d", "filters", "(3,)"]),
    (lambda: nn.conv3d(IMAGE, KERNEL, 1, "SAME"), ValueError, ["conv3d", "input", "(1, 4, 4, 2)"]),
    (lambda: nn.convolution(IMAGE, V), ValueError, ["convolution", "-1"]),
    (lambda: nn.conv2d(gt.cast(IMAGE, gt.int32), KERNEL, 1, "SAME"), TypeError, ["conv2d", "int32"]),
    (
        lambda: nn.conv2d_transpose(IMAGE, KERNEL, (1, 4, 4, 2), 1),
        ValueError,
        ["conv2d_transpose", "channels", "(1, 4, 4, 2)", "(2, 2, 2, 3)"],
    ),
    (
        lambda: nn.conv2d_transpose(gt.ones((1, 4, 4, 3)), KERNEL, (1, 4, 4, 5), 1),
        ValueError,
        ["conv2d_transpose", "output_shape", "(1, 4, 4, 5)"],
    ),
    (
        lambda: nn.conv2d_transpose(gt.ones((1, 4, 4, 3)), KERNEL, (1, 9, 9, 2), 2),
        ValueError,
        ["conv2d_transpose", "(1, 4, 4, 3)", "(1, 9, 9, 2)", "(5, 5)"],
    ),
    (
        lambda: nn.depthwise_conv2d(IMAGE, gt.ones((2, 2, 3, 1)), [1] * 4, "SAME"),
        ValueError,
        ["(2, 2, 3, 1)"],
    ),
    (
        lambda: nn.separable_conv2d(IMAGE, gt.ones((2, 2, 2, 1)), gt.ones((1, 1, 3, 1)), [1] * 4, "SAME"),
        ValueError,
        ["separable_conv2d", "(1, 1, 3, 1)"],
    ),
    # pooling
    (lambda: nn.max_pool2d(M, 2, 2, "SAME"), ValueError, ["max_pool2d", "input", "(2, 3)"]),
    (lambda: nn.avg_pool1d(WHOLE, 2, 2, "SAME"), ValueError, ["avg_pool1d", "(2,)"]),
    (lambda: nn.max_pool(IMAGE, [2, 2, 2], 2, "SAME"), ValueError, ["max_pool", "ksize", "[2, 2, 2]"]),
    (lambda: nn.max_pool(IMAGE, 2, 2, [[2, 0], [0, 0]]), ValueError, ["max_pool", "padding", "(2, 2)"]),
    (lambda: nn.pool(IMAGE, 2, "SUM"), ValueError, ["pool", "pooling_type", "SUM"]),
    (
        lambda: nn.max_pool2d(gt.cast(IMAGE, gt.complex64), 2, 2, "SAME"),
        TypeError,
        ["max_pool2d", "complex64"],
    ),
    (lambda: nn.max_pool_with_argmax(IMAGE, 2, 2, "SAME", "NCHW"), ValueError, ["argmax", "NCHW"]),
    (
        lambda: nn.dilation2d(IMAGE, gt.ones((2, 2, 3)), 1, "SAME", "NHWC", 1),
        ValueError,
        ["dilation2d", "(1, 4, 4, 2)", "(2, 2, 3)"],
    ),
    (lambda: nn.erosion2d(IMAGE, M, 1, "SAME", "NHWC", 1), ValueError, ["erosion2d", "(2, 3)"]),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_refused(number):
    function, kind, words = REFUSED[number]
    with pytest.raises(kind) as caught:
        function()
    assert all(word in str(caught.value) for word in words), str(caught.value)
