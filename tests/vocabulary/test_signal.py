"""`tf.signal`: transforms, frames and windows against NumPy and SciPy; derivatives against values alone."""

import numpy as np
import pytest
import scipy.fft
import scipy.signal

import gradtape as gt

X = np.sin(np.arange(48.0) ** 1.3).reshape(2, 4, 6)
Z = X + 1j * np.cos(X * 3)


def over(function, rank, **settings):
    axes = tuple(range(-rank, 0))
    return lambda x: function(x, axes=axes, **settings)


TRANSFORMS = {
    "fft": (lambda x: np.fft.fft(x), Z),
    "fft2d": (over(np.fft.fftn, 2), Z),
    "fft3d": (over(np.fft.fftn, 3), Z),
    "fftnd": (lambda x: np.fft.fftn(x), Z),
    "ifft": (lambda x: np.fft.ifft(x), Z),
    "ifft2d": (over(np.fft.ifftn, 2), Z),
    "ifft3d": (over(np.fft.ifftn, 3), Z),
    "ifftnd": (lambda x: np.fft.ifftn(x), Z),
    "rfft": (lambda x: np.fft.rfft(x), X),
    "rfft2d": (over(np.fft.rfftn, 2), X),
    "rfft3d": (over(np.fft.rfftn, 3), X),
    "rfftnd": (lambda x: np.fft.rfftn(x), X),
    "irfft": (lambda x: np.fft.irfft(x), Z),
    "irfft2d": (over(np.fft.irfftn, 2), Z),
    "irfft3d": (over(np.fft.irfftn, 3), Z),
    "irfftnd": (lambda x: np.fft.irfftn(x), Z),
    "fftshift": (lambda x: np.fft.fftshift(x), Z),
    "ifftshift": (lambda x: np.fft.ifftshift(x), Z),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms_are_those_of_numpy(name):
    reference, x = TRANSFORMS[name]
    function = getattr(gt.signal, name)
    np.testing.assert_allclose(function(gt.constant(x)).numpy(), reference(x), rtol=1e-12, atol=1e-13)
    gt.testing.check(function, x, limit=4, orders=(1,))
    gt.testing.check(lambda z: gt.abs(function(z)) ** 2, x, limit=3, atol=1e-6)


@pytest.mark.parametrize("length", [3, 4, 5, 6, 8])
@pytest.mark.parametrize("name", ["rfft", "irfft"])
def test_lengths_cut_and_fill(name, length):
    x = X if name == "rfft" else Z
    function, reference = getattr(gt.signal, name), getattr(np.fft, name)
    found = function(gt.constant(x), [length])
    np.testing.assert_allclose(found.numpy(), reference(x, length), rtol=1e-12, atol=1e-13)
    gt.testing.check(lambda z: function(z, [length]), x, limit=4, orders=(1,))


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward", None])
def test_transforms_over_any_axes_in_every_norm(norm):
    for name in ("fftnd", "ifftnd", "rfftnd"):
        function, reference = getattr(gt.signal, name), getattr(np.fft, name[:-1])
        x = X if name == "rfftnd" else Z
        found = function(gt.constant(x), fft_length=[3, 5], axes=[0, 2], norm=norm)
        np.testing.assert_allclose(
            found.numpy(), reference(x, s=(3, 5), axes=(0, 2), norm=norm), rtol=1e-12, atol=1e-13
        )
        gt.testing.check(lambda z, f=function: f(z, axes=[0, 2], norm=norm), x, limit=3, orders=(1,))


def test_single_precision_is_kept():
    x = gt.constant(X, dtype="float32")
    assert gt.signal.rfft(x).dtype == np.complex64
    assert gt.signal.irfft(gt.signal.rfft(x)).dtype == np.float32
    assert gt.signal.fft(gt.cast(x, "complex64")).dtype == np.complex64


@pytest.mark.parametrize("norm", [None, "ortho"])
@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_cosine_transforms_are_those_of_scipy(kind, norm):
    if kind == 1 and norm == "ortho":
        with pytest.raises(ValueError, match="dct.*type 1"):
            gt.signal.dct(gt.constant(X), type=1, norm="ortho")
        return
    found = gt.signal.dct(gt.constant(X), type=kind, norm=norm)
    np.testing.assert_allclose(found.numpy(), scipy.fft.dct(X, kind, norm=norm), rtol=1e-11, atol=1e-12)
    gt.testing.check(lambda x: gt.signal.dct(x, type=kind, norm=norm), X[0, :2], orders=(1,))
    back = gt.signal.idct(found, type=kind, norm=norm).numpy()
    count = X.shape[-1]
    np.testing.assert_allclose(
        back, X * (1 if norm else 2 * (count - 1) if kind == 1 else 2 * count), rtol=1e-11, atol=1e-12
    )


WINDOWS = {
    "hann_window": lambda n, periodic: scipy.signal.get_window("hann", n, fftbins=periodic),
    "hamming_window": lambda n, periodic: scipy.signal.get_window("hamming", n, fftbins=periodic),
}


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("length", [1, 4, 8, 7])
def test_windows_are_those_of_scipy(name, length):
    for periodic in (True, False):
        if periodic and length % 2:
            continue  # TensorFlow's periodic windows of odd length follow a convention of their own
        found = getattr(gt.signal, name)(length, periodic=periodic, dtype=gt.float64)
        np.testing.assert_allclose(found.numpy(), WINDOWS[name](length, periodic), atol=1e-14)
    np.testing.assert_allclose(
        gt.signal.kaiser_window(8, 5.0, gt.float64).numpy(), np.kaiser(8, 5.0), atol=1e-14
    )


def test_frames_and_their_sum():
    x = gt.constant(np.arange(10.0))
    found = gt.signal.frame(x, 4, 3)
    np.testing.assert_array_equal(
        found.numpy(), np.lib.stride_tricks.sliding_window_view(np.arange(10.0), 4)[::3]
    )
    padded = gt.signal.frame(x, 4, 3, pad_end=True, pad_value=-1.0)
    assert padded.numpy()[-1].tolist() == [9.0, -1.0, -1.0, -1.0]
    y = gt.signal.overlap_and_add(found, 3)
    wanted = np.zeros(10)
    for i, part in enumerate(found.numpy()):
        wanted[3 * i : 3 * i + 4] += part
    np.testing.assert_array_equal(y.numpy(), wanted)
    gt.testing.check(
        lambda z: gt.signal.overlap_and_add(gt.signal.frame(z, 4, 3) ** 2, 3), np.arange(1.0, 11.0), limit=5
    )


def test_short_time_transform_is_undone():
    x = np.sin(np.arange(64.0) / 3)
    spectrum = gt.signal.stft(gt.constant(x), 16, 4)
    window = scipy.signal.get_window("hann", 16)
    wanted = np.stack([np.fft.rfft(window * x[4 * i : 4 * i + 16]) for i in range(13)])
    np.testing.assert_allclose(spectrum.numpy(), wanted, atol=1e-12)
    back = gt.signal.inverse_stft(spectrum, 16, 4, window_fn=gt.signal.inverse_stft_window_fn(4))
    np.testing.assert_allclose(back.numpy()[12:-12], x[12:-12], atol=1e-12)
    gt.testing.check(lambda z: gt.abs(gt.signal.stft(z, 16, 8)) ** 2, x[:32], limit=3, atol=1e-6)


def test_modified_cosine_transform_is_undone():
    x = np.sin(np.arange(64.0) / 3)
    parts = gt.signal.mdct(gt.constant(x), 16, norm="ortho")
    back = gt.signal.inverse_mdct(parts, norm="ortho").numpy()
    np.testing.assert_allclose(back[8:-8], x[8:-8], atol=1e-12)
    gt.testing.check(lambda z: gt.signal.mdct(z, 16) ** 2, x[:32], limit=3, atol=1e-6)


BAD = {
    "fft": (lambda: gt.signal.fft(gt.constant(1.0 + 0j)), r"fft.*\(\)"),
    "fft2d": (lambda: gt.signal.fft2d(gt.constant([1.0 + 0j])), r"fft2d.*\(1,\)"),
    "rfft3d": (lambda: gt.signal.rfft3d(gt.ones((2, 2))), r"rfft3d.*\(2, 2\)"),
    "length": (lambda: gt.signal.rfft(gt.ones(4), [0]), r"rfft.*0"),
    "norm": (lambda: gt.signal.fftnd(gt.ones(4), norm="loud"), "fft.*norm.*loud"),
    "axis": (lambda: gt.signal.fftnd(gt.ones(4), axes=[3]), "fft.*3"),
    "dct type": (lambda: gt.signal.dct(gt.ones(4), type=7), "dct.*7"),
    "dct axis": (lambda: gt.signal.dct(gt.ones((4, 4)), axis=0), r"dct.*axis.*\(4, 4\)"),
    "frame": (lambda: gt.signal.frame(gt.ones(4), 0, 1), "frame"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_by_name(name):
    call, says = BAD[name]
    with pytest.raises(ValueError, match=says):
        call()


def test_complex_numbers_have_no_half_spectrum():
    with pytest.raises(TypeError, match="rfft.*real.*complex128"):
        gt.signal.rfft(gt.constant(Z))
    with pytest.raises(TypeError, match="dct.*complex128"):
        gt.signal.dct(gt.constant(Z))
