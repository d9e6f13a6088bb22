"""Discrete Fourier transforms: four rows, and NumPy's functions composed of them.

The rows take whole axes; lengths are brought about by cutting and padding before. The adjoint of a transform is the
inverse transform scaled the other way: with F the matrix without a factor, `fft` is F ("backward"), F/n ("forward")
or F/sqrt(n) ("ortho"), `ifft` the same of F^H with the first two exchanged, so that `_OTHER` names the norm of the
adjoint. The transforms of real numbers keep half of a spectrum that is symmetric; their adjoints, linear over the
reals, count the frequencies that stand for two, all but the first and, for an even length, the last, once or twice.

`FUNCTIONS_FFT` leads from NumPy's name of a function of `numpy.fft` to ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.define import linear
from ..core.errors import DtypeError, ShapeError
from ..core.further_errors import ChoiceError, RangeError
from ..core.lead import axes as leading_axes
from ..core.primitive import Primitive, Sample
from ..core.reads import lines
from ..core.spec import Spec, is_differentiable
from ..core.tensor import FUNCTIONS, Tensor, as_tensor
from .composing import axes_of, shape_of
from .composite import astype, conjugate
from .linear import concatenate, getitem
from .matrix import real_of

NORMS = ("backward", "ortho", "forward")
_OTHER = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


def _transform(function: Callable[..., Any], kind: str) -> Callable[..., Any]:
    """A value function that keeps the precision and refuses other kinds of dtype."""

    def value(x: Any, *, axes: tuple[int, ...], norm: str, **params: Any) -> Any:
        if not is_differentiable(x.dtype) or x.dtype.itemsize < 4 or (kind == "f" and x.dtype.kind != "f"):
            raise DtypeError(
                f"it takes {'real' if kind == 'f' else 'complex'} floating tensors, not {x.dtype.name}; use gt.cast"
            )
        if kind == "c" and x.dtype.kind == "f":
            x = x.astype(np.result_type(x.dtype, np.complex64))
        if "size" in params:
            params = {"s": (*(x.shape[i] for i in axes[:-1]), params["size"])}
        return function(x, axes=axes, norm=norm, **params)

    return value


def _complex_spec(x: Spec, **_params: Any) -> Spec:
    return Spec(tuple(x.shape), np.result_type(x.dtype, np.complex64))


def _half_spec(x: Spec, *, axes: tuple[int, ...], norm: str) -> Spec:
    shape = tuple(n // 2 + 1 if i == axes[-1] else n for i, n in enumerate(x.shape))
    return Spec(shape, np.result_type(x.dtype, np.complex64))


def _whole_spec(x: Spec, *, axes: tuple[int, ...], norm: str, size: int) -> Spec:
    return Spec(tuple(size if i == axes[-1] else n for i, n in enumerate(x.shape)), real_of(x.dtype))


def _weights(g: Any, axis: int, size: int, doubled: float) -> Tensor:
    """`doubled` for the frequencies of a half spectrum that stand for two of the whole one, 1 for the others."""
    w = np.full(size // 2 + 1, doubled, real_of(g.dtype))
    w[0] = 1
    if size % 2 == 0:
        w[-1] = 1
    return Tensor(w.reshape([-1 if i == axis else 1 for i in range(g.ndim)]))


def _rfftn_transpose(g: Any, _x: Any, *, axes: tuple[int, ...], norm: str) -> Any:
    """Re F^H g over the half that was kept: what `irfftn` gives when it meets each doubled frequency halved."""
    size = _x.shape[axes[-1]]
    return irfftn(g * _weights(g, axes[-1], size, 0.5), axes=axes, norm=_OTHER[norm], size=size)


def _irfftn_transpose(g: Any, *, axes: tuple[int, ...], norm: str, size: int) -> Any:
    y = rfftn(g, axes=axes, norm=_OTHER[norm])
    return y * _weights(y, axes[-1], size, 2.0)


_SAMPLES: tuple[Sample, ...] = (
    (((4,),), {"axes": (0,), "norm": "backward"}),
    (((2, 3),), {"axes": (1,), "norm": "forward"}),
    (((2, 3, 2),), {"axes": (0, 1), "norm": "ortho"}),
)
_SIZED: tuple[Sample, ...] = (
    (((3,),), {"axes": (0,), "norm": "backward", "size": 4}),
    (((2, 3),), {"axes": (1,), "norm": "forward", "size": 5}),
    (((2, 3, 2),), {"axes": (0, 1), "norm": "ortho", "size": 5}),
)
fftn: Primitive = linear(
    "fftn",
    _transform(np.fft.fftn, "c"),
    lambda g, *, axes, norm: ifftn(g, axes=axes, norm=_OTHER[norm]),
    spec=_complex_spec,
    samples=_SAMPLES,
    lead=leading_axes("axes"),
    reads=lines("axes"),
)
ifftn: Primitive = linear(
    "ifftn",
    _transform(np.fft.ifftn, "c"),
    lambda g, *, axes, norm: fftn(g, axes=axes, norm=_OTHER[norm]),
    spec=_complex_spec,
    samples=_SAMPLES,
    lead=leading_axes("axes"),
    reads=lines("axes"),
)
rfftn: Primitive = linear(
    "rfftn",
    _transform(np.fft.rfftn, "f"),
    _rfftn_transpose,
    spec=_half_spec,
    samples=_SAMPLES,
    lead=leading_axes("axes"),
    reads=lines("axes"),
)
irfftn: Primitive = linear(
    "irfftn",
    _transform(np.fft.irfftn, "c"),
    _irfftn_transpose,
    spec=_whole_spec,
    samples=_SIZED,
    lead=leading_axes("axes"),
    reads=lines("axes"),
)


# lengths, axes and norms as users give them


def resized(x: Tensor, axis: int, size: int) -> Tensor:
    """Cut or filled up with zeros at the end of an axis."""
    have = x._value.shape[axis]
    if size < have:
        return getitem(x, index=(slice(None),) * axis + (slice(0, size),))  # type: ignore[no-any-return]
    if size == have:
        return x
    shape = tuple(size - have if i == axis else n for i, n in enumerate(x._value.shape))
    return concatenate(x, Tensor(np.zeros(shape, x.dtype)), axis=axis)  # type: ignore[no-any-return]


def _settled(
    name: str, a: Any, s: Any, axes: Any, norm: str | None
) -> tuple[Tensor, list[int], list[int], str]:
    """The tensor, the axes, their lengths and the norm of a transform."""
    x = as_tensor(a)
    if x._value.dtype.kind in "biu":
        x = astype(x, np.float64)
    sizes = None if s is None else shape_of(s)
    if axes is None:
        places = list(range(x.ndim)) if sizes is None else list(range(x.ndim - len(sizes), x.ndim))
    else:
        places = [axes_of((i,), x.ndim, name)[0] for i in shape_of(axes)]
    if places and min(places) < 0:
        raise ShapeError(f"{name}: lengths {sizes} are given for a tensor of shape {x.shape}")
    lengths = [x._value.shape[i] for i in places] if sizes is None else list(sizes)
    if len(lengths) != len(places):
        raise ShapeError(f"{name}: {len(lengths)} lengths are given for {len(places)} axes")
    lengths = [x._value.shape[i] if n == -1 else n for i, n in zip(places, lengths, strict=True)]
    if not places or min(lengths) < 1:
        raise RangeError(
            f"{name}: the lengths {lengths} of axes {places} of the shape {x.shape} must be positive"
        )
    chosen = "backward" if norm is None else norm
    if chosen not in NORMS:
        raise ChoiceError(f"{name}: norm must be one of {NORMS}, not {norm!r}")
    return x, places, lengths, chosen


def _every(row: Primitive, name: str, x: Tensor, places: list[int], norm: str, **params: Any) -> Tensor:
    """A row over axes; one that is given more than once is transformed as often."""
    if len(set(places)) == len(places):
        return row(x, axes=tuple(places), norm=norm, **params)  # type: ignore[no-any-return]
    if params or row is rfftn:
        raise ShapeError(f"{name}: an axis is given twice in {places}")
    for i in places[::-1]:
        x = row(x, axes=(i,), norm=norm)
    return x


def _whole(row: Primitive, name: str) -> Callable[..., Tensor]:
    def function(
        a: Any, s: Any = None, axes: Any = None, norm: str | None = None, out: None = None
    ) -> Tensor:
        x, places, lengths, chosen = _settled(name, a, s, axes, norm)
        for i, n in zip(places, lengths, strict=True):
            x = resized(x, i, n)
        return _every(row, name, x, places, chosen)

    function.__name__ = name
    return function


def inverse_half(
    a: Any, s: Any = None, axes: Any = None, norm: str | None = None, out: None = None, name: str = "irfftn"
) -> Tensor:
    """Real numbers from half a spectrum along the last of the axes; by default their number is even."""
    x, places, lengths, chosen = _settled(name, a, s, axes, norm)
    if s is None or shape_of(s)[-1] == -1:
        lengths[-1] = 2 * (x._value.shape[places[-1]] - 1)
        if lengths[-1] < 1:
            raise ShapeError(
                f"{name}: a half spectrum of one entry, in the shape {x.shape}, leaves no entries"
            )
    for i, n in zip(places, [*lengths[:-1], lengths[-1] // 2 + 1], strict=True):
        x = resized(x, i, n)
    return _every(irfftn, name, x, places, chosen, size=lengths[-1])


def _along_one(many: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def function(a: Any, n: Any = None, axis: int = -1, norm: str | None = None, out: None = None) -> Tensor:
        return many(a, None if n is None else (n,), (axis,), norm)

    return function


def _along_two(many: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def function(
        a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None, out: None = None
    ) -> Tensor:
        return many(a, s, axes, norm)

    return function


forward_many, inverse_many, half_many = _whole(fftn, "fftn"), _whole(ifftn, "ifftn"), _whole(rfftn, "rfftn")


def hermitian(a: Any, n: Any = None, axis: int = -1, norm: str | None = None, out: None = None) -> Tensor:
    """The real spectrum of a signal that is symmetric and of which half is given."""
    return inverse_half(
        conjugate(a), None if n is None else (n,), (axis,), _OTHER[norm or "backward"], name="hfft"
    )


def inverse_hermitian(
    a: Any, n: Any = None, axis: int = -1, norm: str | None = None, out: None = None
) -> Tensor:
    """Half of the symmetric signal of a real spectrum."""
    return conjugate(half_many(a, None if n is None else (n,), (axis,), _OTHER[norm or "backward"]))


# moving the zero frequency to the middle and back


def _rolled(x: Any, axes: Any, back: bool) -> Tensor:
    y = as_tensor(x)
    for i in axes_of(axes, y.ndim, "ifftshift" if back else "fftshift"):
        n = y._value.shape[i]
        cut = n // 2 if back else (n + 1) // 2
        lead = (slice(None),) * i
        y = concatenate(
            getitem(y, index=(*lead, slice(cut, None))), getitem(y, index=(*lead, slice(0, cut))), axis=i
        )
    return y


def shift(x: Any, axes: Any = None) -> Tensor:
    """The zero frequency moved from the first place to the middle of each axis."""
    return _rolled(x, axes, False)


def shift_back(x: Any, axes: Any = None) -> Tensor:
    """The inverse of `shift`."""
    return _rolled(x, axes, True)


FUNCTIONS_FFT: dict[str, Callable[..., Any]] = {
    "fft": _along_one(forward_many),
    "fft2": _along_two(forward_many),
    "fftn": forward_many,
    "fftshift": shift,
    "hfft": hermitian,
    "ifft": _along_one(inverse_many),
    "ifft2": _along_two(inverse_many),
    "ifftn": inverse_many,
    "ifftshift": shift_back,
    "ihfft": inverse_hermitian,
    "irfft": _along_one(inverse_half),
    "irfft2": _along_two(inverse_half),
    "irfftn": inverse_half,
    "rfft": _along_one(half_many),
    "rfft2": _along_two(half_many),
    "rfftn": half_many,
}
FUNCTIONS.update({f"fft.{name}": function for name, function in FUNCTIONS_FFT.items()})
