"""What the namespace says of itself, under the standard's name for it."""

from __future__ import annotations

from typing import Any

from ..core.further_errors import ChoiceError
from ..core.spec import complex128, float64, int64
from .dtypes import KINDS, on_device

_MAX_AXES = 64  # NumPy 2's; NPY_MAXDIMS


class __array_namespace_info__:
    """Capabilities, devices and dtypes of the namespace.

    >>> import gradtape as gt
    >>> gt.array_api.__array_namespace_info__().default_dtypes()["real floating"]
    dtype('float64')
    """

    def capabilities(self) -> dict[str, Any]:
        """Boolean indices and shapes that depend on values are supported."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": _MAX_AXES}

    def default_device(self) -> str:
        """Where arrays live."""
        return "cpu"

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """The dtypes that Python's numbers take: double precision, as programs for the standard expect."""
        on_device(device)
        return {
            "real floating": float64,
            "complex floating": complex128,
            "integral": int64,
            "indexing": int64,
        }

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """The dtypes of a kind, of several kinds, or all, by their names."""
        on_device(device)
        asked = ("bool", "numeric") if kind is None else kind if isinstance(kind, tuple) else (kind,)
        for one in asked:
            if one not in KINDS:
                raise ChoiceError(f"dtypes: the kinds are {', '.join(KINDS)}, not {one!r}")
        return {dtype.name: dtype for one in asked for dtype in KINDS[one]}

    def devices(self) -> list[str]:
        """The devices that there are."""
        return ["cpu"]
