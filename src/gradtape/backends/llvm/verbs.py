"""The verbs of `element` rules: those of the emitter, and the functions of mathematics as vector code.

A function that is called, not written where it is used, is machine code of its own: compiled once for all programs,
kept on disk as theirs, and there for as long as the process lives.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .division import floor_divide, remainder
from .emit import Emitter, Lane, Module
from .engine import Code
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

    def called(self, function: Callable[..., Lane], *arguments: Lane) -> Lane:
        """A call of a function of lanes, which is written once for each kind and width."""
        kind = self._floating(arguments[0]).kind
        module, vector, count = self.module, self.type(kind), len(arguments)
        name = f"{function.__name__.strip('_')}_{kind}_{self.width}"
        if name not in module.declarations:
            if module.complete:
                text = _written(module, function, name, kind, self.width, count)
                module.declare(name, "", "", f"define internal {text}")
            else:
                key = function, name, kind, self.width, count
                _module(*key)  # written now, so that it is known whether it can be
                module.shared[name] = functools.partial(_place, key)
                module.declare(name, vector, ", ".join([vector] * count))
        given = ", ".join(f"{vector} {x.name}" for x in arguments)
        return self._op(f"call {vector} @{name}({given})", kind)


def _written(
    module: Module, function: Callable[..., Lane], name: str, kind: str, width: int, count: int
) -> str:
    """A function of so many arguments as text, without its first word."""
    e = Verbs(module, width)
    given = [Lane(f"%x{i}", kind) for i in range(count)]
    made, vector = function(e, *given), e.type(kind)
    head = f"{vector} @{name}({', '.join(f'{vector} {x.name}' for x in given)}) {{"
    return "\n".join([head, "entry:", *e.lines, f"  ret {vector} {made.name}", "}"])


@functools.cache
def _module(function: Callable[..., Lane], name: str, kind: str, width: int, count: int) -> Module:
    """The module of a function alone, with those that it calls."""
    module = Module(complete=True)
    module.functions.append(f"define {_written(module, function, name, kind, width, count)}")
    return module


_CODES: dict[Any, Code] = {}


def _place(key: tuple[Callable[..., Lane], str, str, int, int]) -> int:
    """Where the function of `_module(*key)` is; compiled when it is first asked for."""
    code = _CODES.get(key)
    if code is None:  # two threads may make one each, of which one stays
        code = _CODES.setdefault(key, Code(_module(*key), (key[1],)))
    return code.address(key[1])
