"""Signals in pieces: frames, short-time Fourier transforms, modified cosine transforms, mel coefficients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import ShapeError
from ..core.further_errors import RangeError
from ..core.tensor import Tensor, as_tensor
from ..ops import arranging, fourier, linear
from ..ops.composing import axes_of
from .transforms import dct, irfft, ranked, rfft
from .windows import hann_window, vorbis_window


def frame(
    signal: Any,
    frame_length: int,
    frame_step: int,
    pad_end: bool = False,
    pad_value: Any = 0,
    axis: int = -1,
    name: str | None = None,
) -> Tensor:
    """Overlapping pieces of an axis, which becomes two: so many pieces of `frame_length` entries.

    >>> import gradtape as gt
    >>> gt.signal.frame(gt.range(5), 3, 2).numpy().tolist()
    [[0, 1, 2], [2, 3, 4]]
    """
    x, length, step = as_tensor(signal), int(frame_length), int(frame_step)
    (place,) = axes_of((axis,), x.ndim, "frame")
    if length < 1 or step < 1:
        raise RangeError(f"frame: frame_length and frame_step must be positive, not {length} and {step}")
    size = x._value.shape[place]
    count = -(-size // step) if pad_end else max(0, 1 + (size - length) // step)
    missing = length + step * (count - 1) - size
    if pad_end and missing > 0:
        shape = tuple(missing if i == place else n for i, n in enumerate(x._value.shape))
        fill = linear.broadcast_to(as_tensor(pad_value, x.dtype), shape=shape)
        x = arranging.concatenate([x, fill], place)
    index = np.arange(count)[:, None] * step + np.arange(length)
    return linear.take(x, Tensor(index), axis=place)  # type: ignore[no-any-return]


def overlap_and_add(signal: Any, frame_step: int, name: str | None = None) -> Tensor:
    """The sum of pieces, in the last two axes, each a step further than the one before.

    >>> import gradtape as gt
    >>> gt.signal.overlap_and_add(gt.ones((2, 3)), 2).numpy().tolist()
    [1.0, 1.0, 2.0, 1.0, 1.0]
    """
    x, step = ranked(signal, 2, "overlap_and_add"), int(frame_step)
    count, length = x._value.shape[-2:]
    index = np.arange(count)[:, None] * step + np.arange(length)
    size = step * (count - 1) + length if count else 0
    return linear.scatter(x, index=(Ellipsis, index), shape=(*x._value.shape[:-2], size))  # type: ignore[no-any-return]


# short-time transforms


def _power_of_two(length: int) -> int:
    return 1 << max(0, int(length) - 1).bit_length()


def stft(
    signals: Any,
    frame_length: int,
    frame_step: int,
    fft_length: int | None = None,
    window_fn: Callable[..., Any] | None = hann_window,
    pad_end: bool = False,
    name: str | None = None,
) -> Tensor:
    """The short-time Fourier transform: frames, windowed, and the rfft of each (to a power of two by default)."""
    frames = frame(signals, frame_length, frame_step, pad_end)
    if window_fn is not None:
        frames = frames * window_fn(int(frame_length), dtype=frames.dtype)
    return rfft(frames, [_power_of_two(frame_length) if fft_length is None else int(fft_length)])


def inverse_stft_window_fn(
    frame_step: int, forward_window_fn: Callable[..., Any] = hann_window, name: str | None = None
) -> Callable[..., Tensor]:
    """The window for `inverse_stft` that makes it the inverse of `stft` (Griffin and Lim 1984, equation 7)."""

    def window(frame_length: int, dtype: Any) -> Tensor:
        forward = forward_window_fn(int(frame_length), dtype=dtype)._value
        step, length = int(frame_step), int(frame_length)
        squares = np.concatenate([forward**2, np.zeros(-length % step, forward.dtype)]).reshape(-1, step)
        total = np.tile(squares.sum(0), len(squares))[:length]
        return Tensor(np.where(total == 0, 0, forward / np.where(total == 0, 1, total)).astype(forward.dtype))

    return window


def inverse_stft(
    stfts: Any,
    frame_length: int,
    frame_step: int,
    fft_length: int | None = None,
    window_fn: Callable[..., Any] | None = hann_window,
    name: str | None = None,
) -> Tensor:
    """Frames from their short-time transforms, windowed and added where they overlap."""
    x = ranked(stfts, 2, "inverse_stft")
    frames = irfft(x, [_power_of_two(frame_length) if fft_length is None else int(fft_length)])
    frames = fourier.resized(frames, frames.ndim - 1, int(frame_length))
    if window_fn is not None:
        frames = frames * window_fn(int(frame_length), dtype=frames.dtype)
    return overlap_and_add(frames, frame_step)


def mdct(
    signals: Any,
    frame_length: int,
    window_fn: Callable[..., Any] | None = vorbis_window,
    pad_end: bool = False,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The modified cosine transform: frames that overlap by half, folded, and the dct of type 4 of each."""
    length = int(frame_length)
    if length % 4:
        raise RangeError(f"mdct: frame_length must be a multiple of 4, not {length}")
    frames = frame(signals, length, length // 2, pad_end)
    frames = frames * (math.sqrt(0.5) if window_fn is None else window_fn(length, dtype=frames.dtype))
    a, b, c, d = arranging.split(frames, 4, -1)
    folded = arranging.concatenate([-arranging.flip(c, -1) - d, a - arranging.flip(b, -1)], -1)
    return dct(folded, 4, norm=norm)


def inverse_mdct(
    mdcts: Any,
    window_fn: Callable[..., Any] | None = vorbis_window,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The signal of a modified cosine transform: each frame unfolded, windowed and added where they overlap."""
    x = ranked(mdcts, 2, "inverse_mdct")
    half = x._value.shape[-1]
    y = dct(x, 4, norm=norm)
    a, b = arranging.split(y if norm == "ortho" else y * (0.5 / half), 2, -1)
    frames = arranging.concatenate([b, -arranging.flip(b, -1), -arranging.flip(a, -1), -a], -1)
    frames = frames * (math.sqrt(0.5) if window_fn is None else window_fn(2 * half, dtype=frames.dtype))
    return overlap_and_add(frames, half)


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Any, name: str | None = None) -> Tensor:
    """Cepstral coefficients: the dct of type 2 over sqrt(2n), as the HTK toolkit scales it."""
    x = as_tensor(log_mel_spectrograms)
    if x.ndim == 0 or x._value.shape[-1] == 0:
        raise ShapeError(f"mfccs_from_log_mel_spectrograms: the shape {x.shape} has no mel bins")
    return dct(x) * (1 / math.sqrt(2 * x._value.shape[-1]))  # type: ignore[no-any-return]
