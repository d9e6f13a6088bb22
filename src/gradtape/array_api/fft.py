"""The extension `fft`: discrete Fourier transforms and their frequencies, under the standard's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.spec import float64
from ..core.tensor import Tensor
from ..ops.fourier import FUNCTIONS_FFT
from .arrays import described, exported, tensor_of
from .dtypes import on_device


def _along_one(name: str, text: str) -> Callable[..., Any]:
    def function(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
        return FUNCTIONS_FFT[name](tensor_of(x), n, axis, norm)

    return described(function, name, text)


def _along_many(name: str, text: str) -> Callable[..., Any]:
    def function(x: Any, /, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Any:
        return FUNCTIONS_FFT[name](tensor_of(x), s, axes, norm)

    return described(function, name, text)


fft = _along_one("fft", "The spectrum along an axis.")
hfft = _along_one("hfft", "The real spectrum of a symmetric signal of which half is given.")
ifft = _along_one("ifft", "The signal of a spectrum.")
ihfft = _along_one("ihfft", "Half of the symmetric signal of a real spectrum.")
irfft = _along_one("irfft", "The real signal of half a spectrum.")
rfft = _along_one("rfft", "Half of the spectrum of a real signal.")
fftn = _along_many("fftn", "The spectrum over axes.")
ifftn = _along_many("ifftn", "The signal of a spectrum over axes.")
irfftn = _along_many("irfftn", "The real signal of half a spectrum over axes.")
rfftn = _along_many("rfftn", "Half of the spectrum of a real signal over axes.")


def _frequencies(name: str, text: str) -> Callable[..., Any]:
    def function(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Any:
        on_device(device)
        return Tensor(getattr(np.fft, name)(n, d).astype(float64 if dtype is None else dtype))

    return described(function, name, text)


fftfreq = _frequencies("fftfreq", "The frequencies of a spectrum of n entries.")
rfftfreq = _frequencies("rfftfreq", "The frequencies of half a spectrum of n entries.")


@exported
def fftshift(x: Any, /, *, axes: Any = None) -> Any:
    """The zero frequency moved to the middle of each axis."""
    return FUNCTIONS_FFT["fftshift"](tensor_of(x), axes)


@exported
def ifftshift(x: Any, /, *, axes: Any = None) -> Any:
    """The inverse of `fftshift`."""
    return FUNCTIONS_FFT["ifftshift"](tensor_of(x), axes)


__all__ = [
    "fft",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfftn",
    "rfft",
    "rfftfreq",
    "rfftn",
]
