"""Windows of `tf.signal` and its mel weights: constants, computed in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import DtypeError
from ..core.further_errors import RangeError
from ..core.spec import as_dtype, float32
from ..core.tensor import Tensor


def _window(values: Any, dtype: Any, name: str) -> Tensor:
    chosen = as_dtype(dtype)
    if chosen.kind != "f":
        raise DtypeError(f"{name}: dtype must be floating, not {chosen.name}")
    return Tensor(np.asarray(values).astype(chosen))


def _raised_cosine(length: int, periodic: bool, a: float, dtype: Any, name: str) -> Tensor:
    count = int(length)
    # As in TensorFlow, only an even window is made periodic.
    span = count if periodic and count % 2 == 0 else count - 1
    values = (
        np.ones(count) if count == 1 else a - (1 - a) * np.cos(2 * np.pi * np.arange(count) / max(span, 1))
    )
    return _window(values, dtype, name)


def hann_window(
    window_length: int, periodic: bool = True, dtype: Any = float32, name: str | None = None
) -> Tensor:
    """The Hann window: (1 - cos) / 2 over one period."""
    return _raised_cosine(window_length, periodic, 0.5, dtype, "hann_window")


def hamming_window(
    window_length: int, periodic: bool = True, dtype: Any = float32, name: str | None = None
) -> Tensor:
    """The Hamming window: 0.54 - 0.46 cos over one period."""
    return _raised_cosine(window_length, periodic, 0.54, dtype, "hamming_window")


def kaiser_window(
    window_length: int, beta: float = 12.0, dtype: Any = float32, name: str | None = None
) -> Tensor:
    """The Kaiser window of a shape parameter."""
    return _window(np.kaiser(int(window_length), float(beta)), dtype, "kaiser_window")


def kaiser_bessel_derived_window(
    window_length: int, beta: float = 12.0, dtype: Any = float32, name: str | None = None
) -> Tensor:
    """The square root of running sums of a Kaiser window, up and down."""
    sums = np.cumsum(np.kaiser(int(window_length) // 2 + 1, float(beta)))
    half = np.sqrt(sums[:-1] / sums[-1])
    return _window(np.concatenate([half, half[::-1]]), dtype, "kaiser_bessel_derived_window")


def vorbis_window(window_length: int, dtype: Any = float32, name: str | None = None) -> Tensor:
    """The power-complementary window of the Vorbis codec."""
    places = (np.arange(int(window_length)) + 0.5) / int(window_length)
    return _window(np.sin(np.pi / 2 * np.sin(np.pi * places) ** 2), dtype, "vorbis_window")


def _mel(hertz: Any) -> Any:
    """O'Shaughnessy's mel scale."""
    return 1127 * np.log1p(np.asarray(hertz) / 700)


def linear_to_mel_weight_matrix(
    num_mel_bins: int = 20,
    num_spectrogram_bins: int = 129,
    sample_rate: float = 8000,
    lower_edge_hertz: float = 125.0,
    upper_edge_hertz: float = 3800.0,
    dtype: Any = float32,
    name: str | None = None,
) -> Tensor:
    """Triangular weights from frequencies to bands that are even on the mel scale; a constant (bins, bands)."""
    low, high, rate = float(lower_edge_hertz), float(upper_edge_hertz), float(sample_rate)
    if num_mel_bins <= 0 or not 0 <= low < high <= rate / 2:
        raise RangeError(
            f"linear_to_mel_weight_matrix: {num_mel_bins} bands from {low} to {high} hertz "
            f"do not fit a sample rate of {rate}"
        )
    places = _mel(np.linspace(0, rate / 2, num_spectrogram_bins))[:, None]
    edges = np.linspace(_mel(low), _mel(high), num_mel_bins + 2)
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    weights = np.maximum(
        0, np.minimum((places - left) / (middle - left), (right - places) / (right - middle))
    )
    weights[0] = 0  # HTK leaves the constant part out
    return _window(weights, dtype, "linear_to_mel_weight_matrix")
