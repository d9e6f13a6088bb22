"""What a function uses beside its arguments, and how a run of it is differentiated: for rules that run it again.

A rule that calls the user's function again (`checkpoints.py`, `implicit/`) owes gradients to all that the function
depends on: its arguments, the variables that it reads, and tensors that it closes over. `Captures` listens while the
function runs and finds the last two; these are *held*: they enter the operation as inputs of their own, and a
rerun watches them where they stand.

`pulled` and `pushed` run a function once more, under a private record or accumulator. What they do is heard by the
listeners outside, so a rule made of them can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .core.further_errors import ClosureError, RecordingError
from .core.listen import Listener, Node, listeners, paused
from .core.tensor import Tensor
from .core.variable import Variable
from .modes.forward import Pusher
from .modes.record import Record
from .modes.reverse import Pullback
from .ops.linear import identity

Run = Callable[..., Sequence[Tensor]]
Held = tuple[Tensor | Variable, ...]


def followed(x: Tensor | Variable) -> bool:
    """Whether a listener knows x, or will do again with other values what is done now: if not, x is a constant."""
    node = x._node
    return any(listener.replays or (node is not None and listener.follows(node)) for listener in listeners())


class Captures(Listener):
    """Hears which variables are read and which tensors are used that a listener knows already.

    Args:
        operation: who runs the function, for errors.
        listening: who else listens while the function runs; a tensor made inside is known to these.
    """

    __slots__ = ("_held", "_listening", "_nodes", "_seeded", "operation")

    def __init__(self, operation: str, listening: Sequence[Listener] = ()) -> None:
        super().__init__()
        self.operation = operation
        self._listening = [listener for listener in listeners() if listener not in listening]
        self._held: dict[int, Tensor | Variable] = {}
        self._nodes: set[Node] = set()
        self._seeded: list[Any] = []

    @property
    def held(self) -> Held:
        """The tensors and variables found, in the order in which they were first used."""
        return tuple(self._held.values())

    def hear(
        self, primitive: Any, inputs: tuple[Tensor, ...], params: Any, result: Any, outside: Any
    ) -> None:
        for x in inputs:
            node = x._node
            if node is not None and any(listener.follows(node) for listener in self._listening):
                self._hold(x)

    def hear_read(self, variable: Variable, tensor: Tensor) -> None:
        if variable.trainable or variable._node is not None:
            self._hold(variable)

    def hear_write(self, variable: Any, tensor: Tensor | None, given: Tensor | None = None) -> None:
        raise RecordingError(
            f"{self.operation}: the function assigns to a variable, and would do it again in every rerun for a "
            "derivative; return the new value as part of the result"
        )

    def hear_draw(self, tensor: Tensor, source: Any, draw: Any) -> None:
        if not any(source is other for other in self._seeded):
            raise RecordingError(
                f"{self.operation}: the function draws random numbers, and a rerun for a derivative would draw others; "
                "use gt.random.stateless_* with a seed that is an argument"
            )

    def hear_seed(self, source: Any) -> None:
        self._seeded.append(source)

    def _hold(self, what: Tensor | Variable) -> None:
        if what._node is None or what._node not in self._nodes:
            self._held.setdefault(id(what), what)
        if what._node is not None:
            self._nodes.add(what._node)


def unchanged(operation: str, held: Held, values: Sequence[Any]) -> None:
    """Raise if what a function closes over has another value than when the operation was done."""
    for what, value in zip(held, values, strict=True):
        if what._value is not value and not _equal(what._value, value):
            name = what.name if isinstance(what, Variable) else f"a tensor of shape {tuple(what.shape)}"
            raise ClosureError(
                f"{operation}: the function reads {name}, which has another value now; a rerun for a derivative, a "
                "batch or a replay needs the value of its own run. Pass it to the function as an argument"
            )


def _equal(first: Any, second: Any) -> bool:
    return bool(first.shape == second.shape and ((first == second) | (first != first)).all())


def pulled(
    run: Run, primals: Sequence[Tensor], held: Held, cotangents: Sequence[Tensor | None]
) -> tuple[list[Tensor], list[Tensor | None]]:
    """Run a function and walk back: its results, and the shares of the primals and of what it holds."""
    record = Record()
    sources: list[Any] = [*(identity(x) for x in primals), *held]
    for source in sources:
        record.watch(source)
    with paused((*listeners(), record)):
        ys = list(run(*sources[: len(primals)]))
    seeds = [
        (y._node, g)
        for y, g in zip(ys, cotangents, strict=True)
        if g is not None and y._node is not None and record.knows(y)
    ]
    nodes = [source._node if record.knows(source) else None for source in sources]
    found = Pullback(record, [node for node, _ in seeds], [n for n in nodes if n is not None])(seeds)
    return ys, [None if node is None else found.get(node) for node in nodes]


def pushed(
    run: Run, primals: Sequence[Tensor], held: Held, tangents: Sequence[Tensor | None]
) -> tuple[list[Tensor], list[Tensor | None]]:
    """Run a function along with tangents of the primals and of what it holds: its results and their tangents."""
    pusher = Pusher()
    sources: list[Any] = [*(identity(x) for x in primals), *held]
    for source, tangent in zip(sources, tangents, strict=True):
        if tangent is not None:
            pusher.watch(source, tangent)
    with paused((*listeners(), pusher)):
        ys = list(run(*sources[: len(primals)]))
    return ys, [pusher.tangent(y) for y in ys]
