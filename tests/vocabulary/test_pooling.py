"""Pooling of `tf.nn` against plain loops over windows, with gradients; ties go to the first entry, as in TensorFlow."""

import itertools

import numpy as np
import pytest

import gradtape as gt
from gradtape.faces.nn import avg_pool2d, dilation2d, erosion2d, max_pool2d

RNG = np.random.default_rng(3)


def starts(length, size, stride, padding, dilation=1):
    """For each window of an axis the places it reads in the input."""
    reach = (size - 1) * dilation + 1
    before, count = 0, (length - reach) // stride + 1
    if padding == "SAME":
        count = -(-length // stride)
        before = max((count - 1) * stride + reach - length, 0) // 2
    return [
        [p for p in (i * stride - before + k * dilation for k in range(size)) if 0 <= p < length]
        for i in range(count)
    ]


def pooled(x, size, strides, padding, dilations, reduce):
    """(value, weights of the entries) for each window of each sample and channel."""
    space = x.shape[1:-1]
    axes = [starts(*each[:3], padding, each[3]) for each in zip(space, size, strides, dilations, strict=True)]
    y = np.zeros((x.shape[0], *map(len, axes), x.shape[-1]))
    g = np.zeros_like(x)
    for b, c in itertools.product(range(x.shape[0]), range(x.shape[-1])):
        for place in np.ndindex(*map(len, axes)):
            entries = list(itertools.product(*(axis[i] for axis, i in zip(axes, place, strict=True))))
            values = [x[(b, *entry, c)] for entry in entries]
            y[(b, *place, c)] = reduce(values)
            if reduce is np.mean:
                for entry in entries:
                    g[(b, *entry, c)] += 1 / len(entries)
            else:
                g[(b, *entries[int(np.argmax(values))], c)] += 1
    return y, g


CASES = [
    ((2, 7, 2), (2,), (2,), "VALID"),
    ((1, 7, 2), (3,), (2,), "SAME"),
    ((1, 7, 1), (2,), (3,), "SAME"),
    ((1, 5, 6, 2), (2, 3), (2, 1), "SAME"),
    ((1, 5, 6, 1), (3, 2), (1, 2), "VALID"),
    ((1, 3, 4, 5, 1), (2, 2, 2), (1, 2, 2), "SAME"),
]


@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize("case", CASES)
def test_value_and_gradient(case, kind):
    shape, size, strides, padding = case
    x = RNG.permutation(np.prod(shape)).reshape(shape).astype(float)
    y, g = pooled(x, size, strides, padding, (1,) * len(size), np.mean if kind == "avg" else np.max)
    for name in (f"{kind}_pool", f"{kind}_pool{len(size)}d"):
        xt = gt.constant(x)
        with gt.GradientTape() as tape:
            tape.watch(xt)
            found = getattr(gt.nn, name)(xt, size, strides, padding)
        np.testing.assert_allclose(found.numpy(), y, rtol=1e-14)
        np.testing.assert_allclose(tape.gradient(found, xt).numpy(), g, rtol=1e-14)
    first = ("NCW", "NCHW", "NCDHW")[len(size) - 1]
    found = getattr(gt.nn, f"{kind}_pool")(np.moveaxis(x, -1, 1), size, strides, padding, first)
    np.testing.assert_allclose(found.numpy(), np.moveaxis(y, -1, 1), rtol=1e-14)


@pytest.mark.parametrize("kind", ["AVG", "MAX"])
def test_pool_with_dilations(kind):
    x = RNG.standard_normal((1, 7, 6, 2))
    wanted, _ = pooled(x, (2, 3), (2, 1), "VALID", (3, 2), np.mean if kind == "AVG" else np.max)
    found = gt.nn.pool(x, [2, 3], kind, [2, 1], "VALID", dilations=[3, 2])
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-14)


def test_second_derivative():
    """Of sum(max^3): 6 max where an entry is the largest, once for each window, on the diagonal."""
    x = gt.constant(RNG.permutation(8).reshape(1, 8, 1) + 1.0)
    with gt.GradientTape() as outer:
        outer.watch(x)
        with gt.GradientTape() as inner:
            inner.watch(x)
            y = gt.nn.max_pool1d(x, 3, 1, "VALID") ** 3
        g = inner.gradient(y, x)
    _, often = pooled(x.numpy(), (3,), (1,), "VALID", (1,), np.max)
    np.testing.assert_allclose(outer.gradient(g, x).numpy(), 6 * x.numpy() * often)


def test_the_first_of_equal_entries_takes_the_derivative():
    x = gt.ones((1, 2, 2, 1))
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = max_pool2d(x, 2, 2, "VALID")
    assert tape.gradient(y, x).numpy().ravel().tolist() == [1, 0, 0, 0]


def test_nan_is_passed_on_and_padding_is_not_seen():
    x = np.full((1, 3, 1), -5.0)
    assert gt.nn.max_pool1d(gt.constant(x), 2, 2, "SAME").numpy().ravel().tolist() == [-5, -5]
    assert gt.nn.avg_pool1d(gt.constant(x), 2, 2, "SAME").numpy().ravel().tolist() == [-5, -5]
    x[0, 1] = np.nan
    assert np.isnan(gt.nn.max_pool1d(gt.constant(x), 2, 1, "VALID").numpy()).all()


@pytest.mark.parametrize("padding", ["VALID", "SAME"])
def test_places_of_the_largest(padding):
    x = RNG.permutation(2 * 5 * 4 * 3).reshape(2, 5, 4, 3).astype(float)
    found = gt.nn.max_pool_with_argmax(gt.constant(x), [2, 3], 2, padding)
    wanted, _ = pooled(x, (2, 3), (2, 2), padding, (1, 1), np.max)
    np.testing.assert_array_equal(found.output.numpy(), wanted)
    for sample, places, values in zip(x, found.argmax.numpy(), wanted, strict=True):
        np.testing.assert_array_equal(sample.ravel()[places], values)
    whole = gt.nn.max_pool_with_argmax(gt.constant(x), [2, 3], 2, padding, include_batch_in_index=True)
    np.testing.assert_array_equal(x.ravel()[whole.argmax.numpy()], wanted)


def test_morphology():
    x, w = RNG.standard_normal((1, 5, 6, 2)), RNG.standard_normal((2, 3, 2))
    wanted = np.zeros((1, 4, 4, 2))
    smallest = np.zeros_like(wanted)
    for i, j, c in np.ndindex(4, 4, 2):
        part = x[0, i : i + 2, j : j + 3, c]
        wanted[0, i, j, c] = np.max(part + w[..., c])
        smallest[0, i, j, c] = np.min(part - w[::-1, ::-1, c])
    xt, wt = gt.constant(x), gt.constant(w)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch([xt, wt])
        up = dilation2d(xt, wt, [1, 1, 1, 1], "VALID", "NHWC", [1, 1, 1, 1])
        down = erosion2d(xt, wt, [1, 1, 1, 1], "VALID", "NHWC", [1, 1, 1, 1])
    np.testing.assert_allclose(up.numpy(), wanted)
    np.testing.assert_allclose(down.numpy(), smallest)
    # Moving all of the input or all of the filters moves every result as much.
    for y, sign in ((up, 1), (down, -1)):
        gx, gw = tape.gradient(y, [xt, wt])
        assert gx.numpy().sum() == pytest.approx(32)
        assert gw.numpy().sum() == pytest.approx(sign * 32)


def test_explicit_padding():
    x = gt.reshape(gt.range(1.0, 5.0), (1, 2, 2, 1))
    pairs = [[0, 0], [1, 0], [0, 1], [0, 0]]
    assert max_pool2d(x, 2, 1, pairs).numpy().ravel().tolist() == [2, 2, 4, 4]
    assert avg_pool2d(x, 2, 1, pairs).numpy().ravel().tolist() == [1.5, 2, 2.5, 3]


def test_several_axes_of_batch():
    x = RNG.standard_normal((2, 3, 5, 4, 1))
    flat = max_pool2d(x.reshape(6, 5, 4, 1), 2, 2, "SAME").numpy()
    np.testing.assert_array_equal(max_pool2d(x, 2, 2, "SAME").numpy(), flat.reshape(2, 3, 3, 2, 1))
