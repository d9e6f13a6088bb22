"""Fourier and cosine transforms, as `tf.signal` spells them.

Transforms are over the last axes. A real tensor given to a complex transform becomes complex; TensorFlow refuses it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import DtypeError, InvalidArgumentError, ShapeError
from ..core.further_errors import ChoiceError, RangeError
from ..core.tensor import Tensor, as_tensor
from ..ops import arranging, composite, fourier, linear
from .spelling import named

# Fourier transforms


def _fixed(many: Callable[..., Tensor], name: str, rank: int, says: str) -> Callable[..., Tensor]:
    def transform(input: Any, name: str | None = None) -> Tensor:
        return many(ranked(input, rank, own), None, tuple(range(-rank, 0)))

    own = name
    text = (
        f"{says}\n\nArgs:\n    input: complex tensor; {_axes(rank)} transformed.\n\n"
        "Raises:\n    ValueError: for too few axes."
    )
    return named(transform, name, text)


def _sized(many: Callable[..., Tensor], name: str, rank: int, says: str) -> Callable[..., Tensor]:
    def transform(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
        return many(ranked(input_tensor, rank, own), fft_length, tuple(range(-rank, 0)))

    own = name
    text = (
        f"{says}\n\nArgs:\n    input_tensor: tensor; {_axes(rank)} transformed.\n"
        "    fft_length: lengths to cut or fill up with zeros to.\n\nRaises:\n    ValueError: for too few axes."
    )
    return named(transform, name, text)


def _free(many: Callable[..., Tensor], name: str, says: str) -> Callable[..., Tensor]:
    def transform(
        input_tensor: Any,
        fft_length: Any = None,
        axes: Any = None,
        norm: str | None = None,
        name: str | None = None,
    ) -> Tensor:
        return many(input_tensor, fft_length, axes, norm)

    text = (
        f"{says}\n\nArgs:\n    input_tensor: tensor.\n    fft_length: lengths to cut or fill up with zeros to.\n"
        "    axes: the axes, all by default.\n    norm: 'backward', 'ortho' or 'forward', as in NumPy."
    )
    return named(transform, name, text)


def _axes(rank: int) -> str:
    return "the last axis is" if rank == 1 else f"the last {rank} axes are"


def ranked(x: Any, rank: int, name: str) -> Tensor:
    """A tensor with at least so many axes."""
    y = as_tensor(x)
    if y.ndim < rank:
        raise ShapeError(f"{name}: a tensor of shape {y.shape} has fewer than {rank} axes")
    return y


_FFT, _IFFT, _RFFT, _IRFFT = (
    fourier.forward_many,
    fourier.inverse_many,
    fourier.half_many,
    fourier.inverse_half,
)
fft = _fixed(_FFT, "fft", 1, "The discrete Fourier transform.")
fft2d = _fixed(_FFT, "fft2d", 2, "The discrete Fourier transform in two dimensions.")
fft3d = _fixed(_FFT, "fft3d", 3, "The discrete Fourier transform in three dimensions.")
ifft = _fixed(_IFFT, "ifft", 1, "The inverse Fourier transform.")
ifft2d = _fixed(_IFFT, "ifft2d", 2, "The inverse Fourier transform in two dimensions.")
ifft3d = _fixed(_IFFT, "ifft3d", 3, "The inverse Fourier transform in three dimensions.")
rfft = _sized(_RFFT, "rfft", 1, "The half of the Fourier transform of real numbers that says it all.")
rfft2d = _sized(
    _RFFT, "rfft2d", 2, "The telling half of the Fourier transform of real numbers in two dimensions."
)
rfft3d = _sized(
    _RFFT, "rfft3d", 3, "The telling half of the Fourier transform of real numbers in three dimensions."
)
irfft = _sized(_IRFFT, "irfft", 1, "The inverse of rfft; by default of even length.")
irfft2d = _sized(_IRFFT, "irfft2d", 2, "The inverse of rfft2d; by default of even length in the last axis.")
irfft3d = _sized(_IRFFT, "irfft3d", 3, "The inverse of rfft3d; by default of even length in the last axis.")
fftnd = _free(_FFT, "fftnd", "The discrete Fourier transform over any axes.")
ifftnd = _free(_IFFT, "ifftnd", "The inverse Fourier transform over any axes.")
rfftnd = _free(
    _RFFT, "rfftnd", "The telling half, along the last of the axes, of a transform of real numbers."
)
irfftnd = _free(
    _IRFFT, "irfftnd", "The inverse of rfftnd; by default of even length in the last of the axes."
)


def fftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """The zero frequency moved from the first place to the middle of each axis."""
    return fourier.shift(x, axes)


def ifftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """The inverse of `fftshift`."""
    return fourier.shift_back(x, axes)


# cosine transforms


def dct(
    input: Any,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The discrete cosine transform of type 1, 2, 3 or 4 of real numbers, by a Fourier transform of twice the length.

    Args:
        input: real floating tensor.
        type: 1, 2, 3 or 4, as SciPy numbers them.
        n: length to cut or fill up with zeros to.
        axis: the last one only.
        norm: None, or "ortho" for an orthogonal matrix (not for type 1).

    >>> import gradtape as gt
    >>> gt.signal.dct(gt.constant([1.0, 1.0])).numpy().round(6).tolist()
    [4.0, 0.0]
    """
    x = as_tensor(input)
    if x._value.dtype.kind != "f":
        raise DtypeError(f"dct: it takes real floating tensors, not {x.dtype.name}")
    if axis not in (-1, x.ndim - 1) or x.ndim == 0:
        raise ShapeError(f"dct: axis must be the last one of the shape {x.shape}, not {axis}")
    if norm not in (None, "ortho"):
        raise ChoiceError(f"dct: norm must be None or 'ortho', not {norm!r}")
    if n is not None and int(n) < 1:
        raise RangeError(f"dct: n must be positive, not {n}")
    if type not in _COSINE:
        raise ChoiceError(f"dct: type must be 1, 2, 3 or 4, not {type!r}")
    if n is not None:
        x = fourier.resized(x, x.ndim - 1, int(n))
    if type == 1 and (norm is not None or x._value.shape[-1] < 2):
        raise InvalidArgumentError(
            f"dct: type 1 takes no norm and at least two entries; norm is {norm!r}, the shape {x.shape}"
        )
    return _COSINE[type](x, norm == "ortho")


def idct(
    input: Any,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The inverse of `dct` of this type; without norm up to the factor 2n (2(n - 1) for type 1), as in TensorFlow."""
    return dct(input, {2: 3, 3: 2}.get(type, type), n, axis, norm)


def _phases(x: Tensor, places: Any, scale: Any = 1.0) -> Tensor:
    """scale exp(-i pi places) in the complex dtype of x."""
    return Tensor((scale * np.exp(-1j * np.pi * places)).astype(np.result_type(x.dtype, np.complex64)))


def _scale(x: Tensor, first: float, others: float) -> Tensor:
    """Each entry of the last axis times `others`, the first times `first`."""
    w = np.full(x._value.shape[-1], others, x.dtype)
    w[:1] = first
    return x * Tensor(w)  # type: ignore[no-any-return]


def _dct_1(x: Tensor, ortho: bool) -> Tensor:
    whole = arranging.concatenate([x, x[..., -2:0:-1]], -1)
    return composite.real(rfft(whole))


def _dct_2(x: Tensor, ortho: bool) -> Tensor:
    n = x._value.shape[-1]
    y = composite.real(rfft(x, [2 * n])[..., :n] * _phases(x, np.arange(n) / (2 * n), 2.0))
    return _scale(y, 0.5 / math.sqrt(n), math.sqrt(0.5 / n)) if ortho else y


def _dct_3(x: Tensor, ortho: bool) -> Tensor:
    n = x._value.shape[-1]
    x = _scale(x, 1 / math.sqrt(n), math.sqrt(0.5 / n)) if ortho else x
    half = linear.cast(x, dtype=np.result_type(x.dtype, np.complex64)) * _phases(x, -np.arange(n) / (2 * n))
    return _IRFFT(half, [2 * n], (-1,), "forward")[..., :n]


def _dct_4(x: Tensor, ortho: bool) -> Tensor:
    n = x._value.shape[-1]
    i = np.arange(n)
    turned = linear.cast(x, dtype=np.result_type(x.dtype, np.complex64)) * _phases(x, i / (2 * n))
    y = _FFT(turned, (2 * n,), (-1,))[..., :n] * _phases(x, (2 * i + 1) / (4 * n), 2.0)
    return composite.real(y) * (1 / math.sqrt(2 * n)) if ortho else composite.real(y)


_COSINE: dict[int, Callable[[Tensor, bool], Tensor]] = {1: _dct_1, 2: _dct_2, 3: _dct_3, 4: _dct_4}
