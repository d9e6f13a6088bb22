"""Long loops in little memory: binomial checkpointing, with exact derivatives of every order.

Reverse mode needs the states of a loop latest first. With room for few of them the others are computed again from the
nearest one kept. `revolve` is the schedule that does so with the least recomputation (A. Griewank, A. Walther,
"Algorithm 799: revolve", ACM TOMS 26, 2000, 19-45): a generator of actions, pure data. With s snapshots, n steps take

    t(n, s) = r n - C(s + r, r - 1),  r the smallest with C(s + r, s) >= n

plain steps beside the n that are recorded one at a time and walked back at once.

Higher orders. The loop L is one operation, and so is its gradient P. With A the loop of the steps and their tangents,
`A: (x, x') -> (L, L')`, everything closes (since <g, L'> is the same number forwards and backwards):

    tangent of L along x'    the second part of A(x, x')
    pull of L by g           P(g, x)
    tangent of P             P(g', x) + the share of x in the pull of A by (0, g), at x'
    pull of P by w           to g: the second part of A(x, w); to x: the share of x in the pull of A by (0, g), at w

A is a loop of the same kind, so no order keeps more than its snapshots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from math import comb
from typing import Any

from .arguments import short
from .capture import Captures, Held, followed, pulled, pushed, unchanged
from .core import nest
from .core.errors import ArgumentTypeError, said
from .core.further_errors import RangeError, StepStateError
from .core.listen import listeners, paused
from .core.tensor import Tensor, as_tensor
from .core.variable import Variable
from .custom import _with_gradient
from .modes.reverse import zeros
from .ops.constant import stop_gradient
from .ops.linear import add

Tensors = Sequence[Tensor]


class What(Enum):
    """What an action of the schedule does with the current state, that before step `at`."""

    STORE = "keep the current state, the one before step `at`, as a snapshot"
    RESTORE = "make the snapshot of step `at` the current state"
    DROP = "let go of the snapshot of step `at`"
    ADVANCE = "do the steps from `at` to before `to`"
    REVERSE = "record step `at` and walk it back"


@dataclass(frozen=True, slots=True)
class Action:
    """One action of the schedule; `to` belongs to ADVANCE alone."""

    what: What
    at: int
    to: int = -1


def revolve(count: int, memory: int) -> Iterator[Action]:
    """The actions that walk back a loop of so many steps with so many snapshots, with the fewest steps done again.

    The current state is the one before step 0 at the start. The first snapshot is this one.

    >>> [(a.what.name, a.at) for a in revolve(2, 1)]
    [('STORE', 0), ('ADVANCE', 0), ('REVERSE', 1), ('RESTORE', 0), ('REVERSE', 0), ('DROP', 0)]
    """
    if not count:
        return
    yield Action(What.STORE, 0)
    current = 0
    # What is still to do, last first: stretches (first, last, snapshots) and snapshots to let go of, (position,).
    ahead: list[tuple[int, ...]] = [(0,), (0, count, memory)]
    while ahead:
        if len(ahead[-1]) == 1:
            yield Action(What.DROP, *ahead.pop())
            continue
        first, last, free = ahead.pop()
        if current != first:
            yield Action(What.RESTORE, first)
            current = first
        if last - first == 1:
            yield Action(What.REVERSE, first)
            current = -1  # reversing leaves no state behind
        elif free == 1:
            yield Action(What.ADVANCE, first, last - 1)
            current = last - 1
            yield Action(What.REVERSE, current)
            current = -1
            ahead.append((first, last - 1, 1))
        else:
            middle = first + _split(last - first, free)
            yield Action(What.ADVANCE, first, middle)
            yield Action(What.STORE, middle)
            current = middle
            ahead += [(first, middle, free), (middle,), (middle, last, free - 1)]


def repetitions(count: int, memory: int) -> int:
    """r: how often, at most, a step is done again."""
    r = 0
    while comb(memory + r, memory) < count:
        r += 1
    return r


def _split(count: int, memory: int) -> int:
    """Where the next snapshot goes: both parts stay within what their snapshots reach in r - 1 and r repetitions."""
    r = repetitions(count, memory)
    least = comb(memory + r - 2, memory) if r > 1 else 1
    return max(least, count - comb(memory - 1 + r, memory - 1), 1)


def checkpoint(step: Callable[..., Any], n: int, *, memory: int) -> Callable[..., Any]:
    """A loop `state = step(state, i, *args)` for i in 0..n-1 whose gradient keeps at most `memory` states at a time.

    Binomial checkpointing recomputes the others with the fewest steps possible: with s snapshots, a loop of up to
    C(s + r, s) steps does each step at most r + 1 times beside the recorded one. Beside the snapshots, of which the
    initial state is one, only the current state lives.

    Args:
        step: takes the state, the number of the step and the arguments; returns the next state, of the structure,
            shapes and dtypes of the state. It runs many times, so it must not draw random numbers or assign variables.
        n: how many steps.
        memory: how many snapshots, at least 1.

    Returns:
        a function `(state, *args)`. State and arguments are nests of tensors, variables and what else `step` takes.
        The final state is differentiable to any order in the initial state, in the arguments, in trainable variables
        that `step` reads and in tensors that it closes over. Under tapes the bound on memory holds for every order;
        where accumulators alone listen, and inside `gt.function`, the loop runs plainly.

    Raises:
        ValueError: for n < 0 or memory < 1; at the call, if `step` changes structure, shape or dtype of the state.
        TypeError: if n or memory is no integer, or `step` no function.

    >>> import gradtape as gt
    >>> x = gt.constant(0.5, dtype="float64")
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = gt.checkpoint(lambda state, i: state + 0.001 * gt.sin(state), 1000, memory=10)(x)
    >>> print(f"{y.numpy():.6f} {tape.gradient(y, x).numpy():.6f}")
    1.213185 1.954386
    """
    if not callable(step):
        raise ArgumentTypeError(f"checkpoint takes a function first, not {short(step)}")
    for name, given, least in (("n", n, 0), ("memory", memory, 1)):
        if isinstance(given, bool) or not isinstance(given, int):
            raise ArgumentTypeError(f"checkpoint: {name} must be an integer, not {short(given)}")
        if given < least:
            raise RangeError(f"checkpoint: {name} must be at least {least}, not {given}")

    def run(state: Any, *args: Any) -> Any:
        leaves = nest.flatten(args)
        places = [
            i
            for i, leaf in enumerate(leaves)
            if isinstance(leaf, Variable) or (isinstance(leaf, Tensor) and followed(leaf))
        ]
        first = [as_tensor(leaf) for leaf in nest.flatten(state)]

        def advance(now: Tensors, index: int, extra: Tensors) -> Tensors:
            given = list(leaves)
            for place, tensor in zip(places, extra, strict=True):
                given[place] = tensor
            result = step(nest.pack_sequence_as(state, now), index, *nest.pack_sequence_as(args, given))
            return _next_state(state, now, result, index)

        extra = [as_tensor(leaves[i]) for i in places]
        active = listeners()
        if all(listener.forward for listener in active) or any(listener.replays for listener in active):
            now: Tensors = first
            for index in range(n):
                now = advance(now, index, extra)
        else:
            now = _loop(_Loop(advance, n, memory), first, extra) if n else first
        return nest.pack_sequence_as(state, list(now))

    return run


def _next_state(state: Any, now: Tensors, result: Any, index: int) -> list[Tensor]:
    """The leaves of what a step returned, which must be as those of the state."""
    try:
        nest.assert_same_structure(state, result)
    except (TypeError, ValueError) as error:
        raise StepStateError(
            f"checkpoint: step {index} returned another structure than the state: {said(error)}"
        ) from None
    found = [as_tensor(leaf) for leaf in nest.flatten(result)]
    for number, (old, new) in enumerate(zip(now, found, strict=True)):
        if old._value.shape != new._value.shape or old._value.dtype != new._value.dtype:
            raise StepStateError(
                f"checkpoint: step {index} returned shape {tuple(new.shape)} of {new.dtype.name} for "
                f"leaf {number} of the state, which has shape {tuple(old.shape)} of {old.dtype.name}"
            )
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Loop:
    """`advance(state, index, extra)` so many times, with so many snapshots."""

    advance: Callable[[Tensors, int, Tensors], Tensors]
    count: int
    memory: int

    def with_tangents(self, state: int, extra: int, held: Held) -> _Loop:
        """The loop A of the steps and their tangents: twice the state, and tangents behind the extra inputs."""

        def advance(now: Tensors, index: int, given: Tensors) -> Tensors:
            primals = [*now[:state], *given[:extra]]
            tangents = [*now[state:], *given[extra:]]
            ys, moved = pushed(lambda *z: self.advance(z[:state], index, z[state:]), primals, held, tangents)
            return [*ys, *(zeros(y) if dy is None else dy for y, dy in zip(ys, moved, strict=True))]

        return _Loop(advance, self.count, self.memory)


class _Sweep:
    """A schedule under way: the current state and the snapshots."""

    __slots__ = ("_actions", "_snapshots", "current")

    def __init__(self, loop: _Loop, state: Tensors) -> None:
        self._actions = revolve(loop.count, loop.memory)
        self._snapshots: dict[int, Tensors] = {}
        self.current: Tensors = state

    def to_reverse(self, loop: _Loop, extra: Tensors) -> int | None:
        """Go on to the next step that is to be reversed, before which the current state stands; None at the end."""
        for action in self._actions:
            if action.what is What.REVERSE:
                return action.at
            if action.what is What.STORE:
                self._snapshots[action.at] = self.current
            elif action.what is What.RESTORE:
                self.current = self._snapshots[action.at]
            elif action.what is What.DROP:
                del self._snapshots[action.at]
            else:
                for index in range(action.at, action.to):
                    self.current = loop.advance(self.current, index, extra)
        return None


def _standing() -> tuple[Any, ...]:
    """The listeners that go on while states are computed again: batches, whose examples are values."""
    return tuple([listener for listener in listeners() if listener.stands])


def _loop(loop: _Loop, state: Tensors, extra: Tensors) -> Tensors:
    """The final state, as the outputs of one operation L."""
    captures = Captures("checkpoint", _standing())
    with paused(_standing()):
        free, alone = [stop_gradient(x) for x in extra], [stop_gradient(x) for x in state]
    with paused((*_standing(), captures)):
        sweep = _Sweep(loop, alone)
        sweep.to_reverse(loop, free)
        final = list(loop.advance(sweep.current, loop.count - 1, free))
    held = captures.held
    values = [what._value for what in held]
    kept, count = [sweep], len(state)
    del sweep

    def pull(*g: Tensor) -> Tensors:
        return _gradient(loop, g, state, extra, held, values, kept)

    def tangent(dx: Sequence[Any], y: Any, *_x: Any) -> Any:
        unchanged("checkpoint", held, values)
        rates = _rates(dx, [*state, *extra, *held])
        both = loop.with_tangents(count, len(extra), held)
        found = _loop(both, [*state, *rates[:count]], [*extra, *rates[count:]])[count:]
        return list(found) if type(y) is tuple else found[0]

    return _with_gradient("checkpoint", final, [*state, *extra, *held], [], pull, tangent)  # type: ignore[no-any-return]


def _rates(tangents: Sequence[Any], likes: Sequence[Any]) -> list[Tensor]:
    """Tangents with zeros where there is none."""
    return [zeros(x) if dx is None else dx for dx, x in zip(tangents[: len(likes)], likes, strict=True)]


def _gradient(
    loop: _Loop,
    g: Tensors,
    state: Tensors,
    extra: Tensors,
    held: Held,
    values: Sequence[Any],
    kept: list[_Sweep] | None = None,
) -> Tensors:
    """The shares of state, extra and held, as the outputs of one operation P.

    `kept` has the sweep that computed the final state, which the first walk back goes on with and uses up.
    """
    unchanged("checkpoint", held, values)
    with paused(_standing()):
        shares = _walk(loop, g, state, extra, held, kept.pop() if kept else None)
    count, more = len(state), len(extra)

    def second(rates: Tensors) -> Tensors:
        """The shares of state, extra and held in the pull of A by (0, g) at these rates."""
        both = loop.with_tangents(count, more, held)
        cotangents = [*(zeros(x) for x in g), *g]
        found = _gradient(both, cotangents, [*state, *rates[:count]], [*extra, *rates[count:]], held, values)
        behind = found[2 * count :]
        return [*found[:count], *behind[:more], *behind[2 * more + len(held) :]]

    def pull(*w: Tensor) -> Tensors:
        both = loop.with_tangents(count, more, held)
        moved = _loop(both, [*state, *w[:count]], [*extra, *w[count:]])[count:]
        return [*moved, *second(w)]

    def tangent(dx: Sequence[Any], y: Any, *_x: Any) -> Any:
        rates = _rates(dx, [*g, *state, *extra, *held])
        found = list(second(rates[count:]))
        if any(part is not None for part in dx[:count]):
            linear = _gradient(loop, rates[:count], state, extra, held, values)
            found = [add(a, b) for a, b in zip(linear, found, strict=True)]
        return found if type(y) is tuple else found[0]

    return _with_gradient(  # type: ignore[no-any-return]
        "checkpoint_gradient", shares, [*g, *state, *extra, *held], [], pull, tangent
    )


def _walk(
    loop: _Loop, g: Tensors, state: Tensors, extra: Tensors, held: Held, sweep: _Sweep | None
) -> list[Tensor]:
    """Take cotangents of the final state back through the schedule."""
    free = [stop_gradient(x) for x in extra]
    at: int | None = loop.count - 1
    if sweep is None:
        sweep = _Sweep(loop, [stop_gradient(x) for x in state])
        at = sweep.to_reverse(loop, free)
    cotangents, count = list(g), len(state)
    totals = [zeros(x) for x in (*extra, *held)]
    while at is not None:
        found = pulled(
            lambda *z, i=at: loop.advance(z[:count], i, z[count:]), [*sweep.current, *free], held, cotangents
        )[1]
        cotangents = [zeros(x) if f is None else f for f, x in zip(found, state, strict=False)]
        totals = [t if f is None else add(t, f) for t, f in zip(totals, found[count:], strict=True)]
        at = sweep.to_reverse(loop, free)
    return [*cotangents, *totals]
