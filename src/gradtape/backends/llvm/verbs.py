"""The verbs of `element` rules: those of the emitter, and the functions of mathematics as vector code."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .division import floor_divide, remainder
from .emit import Emitter, Lane
from .further_mathematics import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cosh,
    erf,
    erfc,
    hypot,
    pow,
    sinh,
)
from .kinds import FLOATS
from .mathematics import cos, exp, exp2, expm1, log, log1p, log2, sigmoid, sin, softplus, tan, tanh

OWN: dict[str, Callable[..., Lane]] = {
    function.__name__: function
    for function in (
        *(exp, exp2, expm1, log, log1p, log2, tanh, sigmoid, softplus, sin, cos, tan),
        *(sinh, cosh, asinh, acosh, atanh, asin, acos, atan, atan2, erf, erfc, hypot, pow),
        *(floor_divide, remainder),
    )
}
LIBRARY = ("cbrt", "log10")
"""What the C library computes, lane by lane; scalar code, so these are the slow ones."""


class Verbs(Emitter):
    """The emitter with the elementary functions among its verbs."""

    inline = True
    """Whether the text of a function stands where it is used; else it is called, which keeps long programs short."""

    def __getattr__(self, name: str) -> Any:
        if name in OWN:
            return functools.partial(self._own, OWN[name])
        if name in LIBRARY:
            return functools.partial(self.library, name)
        raise AttributeError(f"an emitter has no verb {name!r}")

    def _own(self, function: Callable[..., Lane], *lanes: Lane) -> Lane:
        written = self.inline or lanes[0].kind not in FLOATS
        return function(self, *lanes) if written else self.called(function, *lanes)
