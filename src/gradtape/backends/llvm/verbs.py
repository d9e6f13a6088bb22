"""The verbs of `element` rules: those of the emitter, and the functions of mathematics as vector code."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .emit import Emitter, Lane
from .further_mathematics import acos, acosh, asin, asinh, atan, atan2, atanh, cosh, erf, erfc, pow, sinh
from .mathematics import cos, exp, expm1, log, log1p, sigmoid, sin, softplus, tan, tanh

OWN: dict[str, Callable[..., Lane]] = {
    function.__name__: function
    for function in (
        *(exp, expm1, log, log1p, tanh, sigmoid, softplus, sin, cos, tan),
        *(sinh, cosh, asinh, acosh, atanh, asin, acos, atan, atan2, erf, erfc, pow),
    )
}
LIBRARY = ("cbrt", "exp2", "hypot", "log10", "log2")
"""What the C library computes, lane by lane; scalar code, so these are the slow ones."""


class Verbs(Emitter):
    """The emitter with the elementary functions among its verbs."""

    inline = True
    """Whether the text of a function stands where it is used; else it is called, which keeps long programs short."""

    def __getattr__(self, name: str) -> Any:
        if name in OWN:
            return (
                functools.partial(OWN[name], self) if self.inline else functools.partial(self._called, name)
            )
        if name in LIBRARY:
            return functools.partial(self.library, name)
        raise AttributeError(f"an emitter has no verb {name!r}")

    def _called(self, name: str, *arguments: Lane) -> Lane:
        """A call of a function of our own, which is written into the module once for each kind and width."""
        kind = self._floating(arguments[0]).kind
        vector = self.type(kind)
        full = f"{name}_{kind}_{self.width}"
        if full not in self.module.declarations:
            inner = Verbs(self.module, self.width)
            names = [f"%x{i}" for i in range(len(arguments))]
            y = OWN[name](inner, *[Lane(x, kind) for x in names])
            parameters = ", ".join(f"{vector} {x}" for x in names)
            lines = [f"define internal {vector} @{full}({parameters}) noinline {{", *inner.lines]
            self.module.declare(full, "", "", "\n".join([*lines, f"  ret {vector} {y.name}", "}"]))
        return self._op(f"call {vector} @{full}({', '.join(f'{vector} {x.name}' for x in arguments)})", kind)
