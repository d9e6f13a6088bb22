"""A trial: what a program does while one listens can be taken back, as if it had not been done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from ..core.draws import Stream
from ..core.listen import Listener, activate, deactivate, listeners
from ..core.primitive import Primitive
from ..core.recording import Cell, Recording
from ..core.showing import let_out
from ..core.tensor import Tensor
from ..core.variable import Variable
from .spy import restore


class Trial(Listener):
    """Keeps what variables and sources of random numbers were before, and holds back what is to be shown."""

    __slots__ = ("_before", "_held_back", "_marks")

    def __init__(self) -> None:
        super().__init__()
        self._marks = [(x, x.mark()) for x in listeners() if isinstance(x, Recording)]
        self._before: dict[Cell, Any] = {}
        self._held_back: list[tuple[Any, Any]] = []

    def __enter__(self) -> Self:
        activate(self)
        return self

    def __exit__(self, *exception: object) -> None:
        deactivate(self)

    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: Mapping[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        """Operations leave nothing behind."""

    def hear_ahead(self, what: Any) -> None:
        if isinstance(what, np.random.Generator):
            what = Stream(what)
            if type(what.source.bit_generator) is not np.random.PCG64:
                return
        if isinstance(what, (Variable, Stream)):
            self._before.setdefault(Cell(what), what._value)

    def hold_show(self, show: Any, values: Any) -> bool:
        self._held_back.append((show, values))
        return True

    def take_back(self) -> None:
        """Undo all that was done."""
        self._held_back.clear()
        for recording, mark in self._marks:
            recording.withdraw(mark)
        restore(self._before)

    def let_out(self) -> None:
        """Show what was to be shown: it stays."""
        held_back, self._held_back = self._held_back, []
        for show, values in held_back:
            let_out(show, values)


__all__ = ["Trial"]
