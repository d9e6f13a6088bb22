"""Convolutions of `tf.nn` against SciPy's correlation: values, gradients entry by entry, and second derivatives.

A convolution is linear in the input and in the filters, so every derivative is again a sum of values of the oracle.
"""

import numpy as np
import pytest
import scipy.signal

import gradtape as gt

RNG = np.random.default_rng(7)


def zeros_around(length, size, stride, dilation, padding, axis):
    """The zeros before and behind an axis, from TensorFlow's description of its padding."""
    if padding == "VALID":
        return (0, 0)
    if padding != "SAME":
        return padding[axis]
    reach = (size - 1) * dilation + 1
    count = int(np.ceil(length / stride))
    total = max((count - 1) * stride + reach - length, 0)
    return total // 2, total - total // 2


def correlated(x, w, strides, padding, dilations):
    """Channels last, groups from the channels: SciPy's correlation, channel by channel."""
    space, rank = x.shape[1:-1], x.ndim - 2
    around = [zeros_around(space[i], w.shape[i], strides[i], dilations[i], padding, i) for i in range(rank)]
    wide = np.pad(x, [(0, 0), *around, (0, 0)])
    kernel = np.zeros((*((w.shape[i] - 1) * dilations[i] + 1 for i in range(rank)), *w.shape[-2:]))
    kernel[tuple(slice(None, None, d) for d in dilations)] = w
    groups = x.shape[-1] // w.shape[-2]
    outputs = w.shape[-1] // groups
    cut = tuple(slice(None, None, s) for s in strides)
    return np.stack(
        [
            np.stack(
                [
                    sum(
                        scipy.signal.correlate(
                            sample[..., o // outputs * w.shape[-2] + c], kernel[..., c, o], "valid", "direct"
                        )
                        for c in range(w.shape[-2])
                    )[cut]
                    for o in range(w.shape[-1])
                ],
                -1,
            )
            for sample in wide
        ]
    )


CASES = [
    # shape of x, shape of w, strides, padding, dilations
    ((2, 6, 2), (3, 2, 2), (1,), "VALID", (1,)),
    ((1, 7, 1), (2, 1, 2), (3,), "SAME", (1,)),
    ((1, 7, 2), (3, 2, 1), (1,), "SAME", (2,)),
    ((1, 5, 2), (2, 2, 1), (2,), ((1, 2),), (1,)),
    ((2, 4, 5, 2), (3, 2, 2, 2), (1, 1), "SAME", (1, 1)),
    ((1, 5, 4, 2), (2, 3, 2, 1), (2, 1), "VALID", (1, 1)),
    ((1, 5, 4, 1), (2, 2, 1, 2), (1, 1), ((1, 0), (2, 1)), (2, 1)),
    ((1, 4, 4, 4), (2, 2, 2, 2), (1, 2), "SAME", (1, 1)),
    ((1, 3, 4, 3, 1), (2, 2, 2, 1, 2), (1, 2, 1), "SAME", (1, 1, 1)),
]
NAMES = {1: gt.nn.conv1d, 2: gt.nn.conv2d, 3: gt.nn.conv3d}


def explicit(padding):
    return padding if isinstance(padding, str) else [(0, 0), *padding, (0, 0)]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("function", ["named", "convolution"])
def test_value(case, function):
    x_shape, w_shape, strides, padding, dilations = case
    x, w = RNG.standard_normal(x_shape), RNG.standard_normal(w_shape)
    conv = NAMES[len(strides)] if function == "named" else gt.nn.convolution
    y = conv(gt.constant(x), gt.constant(w), strides, explicit(padding), dilations=dilations)
    np.testing.assert_allclose(y.numpy(), correlated(x, w, strides, padding, dilations), atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_gradient_and_second_derivatives(case):
    """Of f = sum(y^2) / 2: f(x + t u, w + t v) is a polynomial in t whose coefficients are values of the oracle."""
    x_shape, w_shape, strides, padding, dilations = case
    x, u = RNG.standard_normal((2, *x_shape))
    w, v = RNG.standard_normal((2, *w_shape))

    def oracle(a, b):
        return correlated(a, b, strides, padding, dilations)

    y0, y1, y2 = oracle(x, w), oracle(u, w) + oracle(x, v), oracle(u, v)
    first, second = np.sum(y0 * y1), np.sum(y1 * y1) + 2 * np.sum(y0 * y2)

    xt, wt, ut, vt = map(gt.constant, (x, w, u, v))
    with gt.GradientTape(persistent=True) as outer:
        outer.watch([xt, wt])
        with gt.GradientTape() as inner:
            inner.watch([xt, wt])
            y = NAMES[len(strides)](xt, wt, strides, explicit(padding), dilations=dilations)
            f = gt.reduce_sum(y * y) / 2
        gx, gw = inner.gradient(f, [xt, wt])
        along = gt.reduce_sum(gx * ut) + gt.reduce_sum(gw * vt)
    hx, hw = outer.gradient(along, [xt, wt])
    np.testing.assert_allclose(along.numpy(), first, rtol=1e-10)
    np.testing.assert_allclose(np.sum(hx.numpy() * u) + np.sum(hw.numpy() * v), second, rtol=1e-10)

    place = tuple(n // 2 for n in x_shape)
    one = np.zeros(x_shape)
    one[place] = 1
    np.testing.assert_allclose(gx.numpy()[place], np.sum(y0 * oracle(one, w)), rtol=1e-9, atol=1e-12)
    place = tuple(n - 1 for n in w_shape)
    one = np.zeros(w_shape)
    one[place] = 1
    np.testing.assert_allclose(gw.numpy()[place], np.sum(y0 * oracle(x, one)), rtol=1e-9, atol=1e-12)

    with gt.autodiff.ForwardAccumulator([xt, wt], [ut, vt]) as accumulator:
        y = NAMES[len(strides)](xt, wt, strides, explicit(padding), dilations=dilations)
    np.testing.assert_allclose(accumulator.jvp(y).numpy(), y1, atol=1e-12)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(("padding", "stride"), [("VALID", 2), ("SAME", 2), ("SAME", 1), ("VALID", 3)])
def test_the_transpose_is_adjoint(rank, padding, stride):
    """<g, conv(x)> = <conv_transpose(g), x> with the convolution by SciPy."""
    x, w = RNG.standard_normal((2, *(7, 6, 5)[:rank], 2)), RNG.standard_normal((*(3, 2, 2)[:rank], 2, 3))
    y = correlated(x, w, (stride,) * rank, padding, (1,) * rank)
    g = RNG.standard_normal(y.shape)
    name = getattr(gt.nn, f"conv{rank}d_transpose")
    for function in (name, gt.nn.conv_transpose):
        back = function(gt.constant(g), gt.constant(w), x.shape, stride, padding)
        assert back.shape == x.shape
        np.testing.assert_allclose(np.sum(back.numpy() * x), np.sum(g * y), rtol=1e-10)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_channels_first(rank):
    x, w = RNG.standard_normal((2, *(7, 6, 5)[:rank], 2)), RNG.standard_normal((*(3, 2, 2)[:rank], 2, 3))
    form = ("NCW", "NCHW", "NCDHW")[rank - 1]
    strides = [1, 1, *(2,) * rank]
    wanted = correlated(x, w, (2,) * rank, "SAME", (1,) * rank)
    first = gt.constant(np.moveaxis(x, -1, 1))
    y = NAMES[rank](first, gt.constant(w), strides, "SAME", form)
    np.testing.assert_allclose(y.numpy(), np.moveaxis(wanted, -1, 1), atol=1e-12)
    back = getattr(gt.nn, f"conv{rank}d_transpose")(y, gt.constant(w), first.shape, strides, "SAME", form)
    np.testing.assert_allclose(np.sum(back.numpy() * first.numpy()), np.sum(y.numpy() ** 2), rtol=1e-10)


def test_several_axes_of_batch():
    x, w = RNG.standard_normal((2, 3, 5, 4, 2)), RNG.standard_normal((2, 2, 2, 1))
    wanted = correlated(x.reshape(6, 5, 4, 2), w, (1, 1), "SAME", (1, 1)).reshape(2, 3, 5, 4, 1)
    np.testing.assert_allclose(gt.nn.conv2d(x, gt.constant(w), 1, "SAME").numpy(), wanted, atol=1e-12)


def test_depthwise_is_channel_by_channel():
    x, w = RNG.standard_normal((2, 5, 6, 3)), RNG.standard_normal((2, 3, 3, 2))
    wanted = np.concatenate(
        [correlated(x[..., c : c + 1], w[:, :, c : c + 1], (2, 2), "SAME", (1, 1)) for c in range(3)], -1
    )
    xt, wt = gt.constant(x), gt.constant(w)
    y = gt.nn.depthwise_conv2d(xt, wt, [1, 2, 2, 1], "SAME")
    np.testing.assert_allclose(y.numpy(), wanted, atol=1e-12)
    g = RNG.standard_normal(wanted.shape)
    back_x = gt.nn.depthwise_conv2d_backprop_input(x.shape, wt, gt.constant(g), [1, 2, 2, 1], "SAME")
    back_w = gt.nn.depthwise_conv2d_backprop_filter(xt, w.shape, gt.constant(g), [1, 2, 2, 1], "SAME")
    assert (back_x.shape, back_w.shape) == (x.shape, w.shape)
    for back, start in ((back_x, x), (back_w, w)):
        np.testing.assert_allclose(np.sum(back.numpy() * start), np.sum(g * wanted), rtol=1e-10)
    pointwise = RNG.standard_normal((1, 1, 6, 4))
    both = gt.nn.separable_conv2d(xt, wt, gt.constant(pointwise), [1, 2, 2, 1], "SAME")
    np.testing.assert_allclose(both.numpy(), wanted @ pointwise[0, 0], atol=1e-12)


def test_atrous_is_dilated():
    x, w = RNG.standard_normal((1, 7, 6, 2)), RNG.standard_normal((2, 2, 2, 3))
    wanted = correlated(x, w, (1, 1), "VALID", (2, 2))
    xt, wt = gt.constant(x), gt.constant(w)
    np.testing.assert_allclose(gt.nn.atrous_conv2d(xt, wt, 2, "VALID").numpy(), wanted, atol=1e-12)
    back = gt.nn.atrous_conv2d_transpose(gt.constant(wanted), wt, x.shape, 2, "VALID")
    np.testing.assert_allclose(np.sum(back.numpy() * x), np.sum(wanted**2), rtol=1e-10)


def test_what_no_window_fits_into_is_empty():
    x, w = gt.ones((2, 2, 1)), gt.ones((3, 1, 4))
    with gt.GradientTape() as tape:
        tape.watch([x, w])
        y = gt.nn.conv1d(x, w, 1, "VALID")
    assert y.shape == (2, 0, 4)
    gx, gw = tape.gradient(y, [x, w])
    assert gx.numpy().tolist() == np.zeros((2, 2, 1)).tolist()
    assert gw.numpy().tolist() == np.zeros((3, 1, 4)).tolist()


def test_measured_with_tensorflow():
    """The odd zero of SAME stands behind: TensorFlow 2.21 gives these numbers."""
    x = gt.reshape(gt.range(1.0, 5.0), (1, 4, 1))
    w = gt.reshape(gt.constant([1.0, 10.0]), (2, 1, 1))
    assert gt.nn.conv1d(x, w, 1, "SAME").numpy().ravel().tolist() == [21, 32, 43, 4]
    assert gt.nn.conv1d(x, w, 3, "SAME").numpy().ravel().tolist() == [21, 4]
    assert gt.nn.conv1d_transpose(x, w, (1, 5, 1), 1, "VALID").numpy().ravel().tolist() == [1, 12, 23, 34, 40]
