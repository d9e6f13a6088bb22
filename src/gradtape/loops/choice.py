"""How a recording comes to have a choice: each branch becomes a loop of at most one turn.

A branch on a value that a recording may see differ is no decision of Python's. Each branch is done once while a spy
writes its graph, the one that is taken as ever, the others to be known only; then the recordings outside withdraw what
was written and hear one loop for each branch: a single turn behind the gate that says whether the branch is taken, with
the results for its sums. So a choice has the derivatives, batches, passes and machine code that loops have, and what
is not taken is neither computed nor part of a derivative.

    results -> [branch 0 if gate 0] -> [branch 1 if gate 1] -> ... -> results

A variable that any branch assigns to is part of the state, and so is the state of a generator that any branch draws
from. What a branch prints comes out of its loop, and is shown where the gate holds. A branch that does what a graph has
no words for (a value that Python looks at) leaves the decision to Python: it is guarded, and the other way is another
road.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..core import nest
from ..core.draws import Stream
from ..core.errors import said
from ..core.further_errors import BranchError
from ..core.graph import Builder, check
from ..core.listen import Listener, activate, deactivate, listeners, paused
from ..core.loop import Loop
from ..core.questions import goes_on
from ..core.recording import Cell, Recording
from ..core.showing import Branch, tell_show
from ..core.spec import Spec
from ..core.tensor import Tensor, apply, as_tensor, decide
from ..core.variable import Variable
from ..ops.constant import not_equal
from ..ops.linear import add, cast, reshape
from .forms import known, with_entries
from .recorded import captured_tensor
from .row import LOOP
from .spy import Spy, asks_for_room, is_closed, restore

DEEPEST = 8
"""So many branches that are not taken may stand in one another: one that calls its own function has no end."""


class Undecided(Exception):
    """A branch that is not taken needs more than its operations to be known."""


class _Branch(Spy):
    """Writes one branch.

    Args:
        outside: who listens too.
        taken: whether this is what the program does.
    """

    __slots__ = ("open",)

    def __init__(self, outside: tuple[Listener, ...], taken: bool) -> None:
        super().__init__(outside, follows=True)
        self.taken = taken
        self.open = False
        """Whether it does what a graph has no words for."""

    def hear_ahead(self, what: Any) -> None:
        super().hear_ahead(what)
        known = isinstance(what, (Variable, Stream)) or any(what is source for source in self.seeded)
        if not known and not (isinstance(what, np.random.Generator) and self.is_followed(what)):
            self._beyond()

    def hear_leave(self, holder: Any, how: Any) -> None:
        if asks_for_room(how):
            super().hear_leave(holder, how)
        elif (
            how != "format"
            and self.find(holder if isinstance(holder, Tensor) else as_tensor(holder)) is not None
        ):
            self._beyond()

    def hear_effect(self, what: str, source: Any = None) -> None:
        if not self.has_seeded(Stream(source)):
            self._beyond()

    def _beyond(self) -> None:
        self.open = True
        if not self.taken:
            raise Undecided

    def is_pure(self) -> bool:
        # What variables hold behind it is given out, and a source with a seed gives constants.
        return not (self.open or self.guards or self.shows_many() or self.made) and all(
            source.draw is None for source in self.sources
        )


@dataclass(frozen=True, eq=False, slots=True)
class _Done:
    """A branch that has been done: its result, the leaves of it, and what was assigned to variables."""

    spy: _Branch
    result: Any
    leaves: list[Any]
    after: dict[Cell, Any]


def may_differ(tensors: Sequence[Tensor]) -> bool:
    """Whether a recording or a batch knows any of these, so that what is decided by them may be decided otherwise."""
    for listener in listeners():
        if isinstance(listener, Recording):
            if any(listener.find(x) is not None for x in tensors):
                return True
        elif listener.stands and any(x._node is not None and listener.follows(x._node) for x in tensors):
            return True
    return False


def chosen(
    name: str,
    gates: Sequence[Tensor],
    branches: Sequence[Callable[[], Any]],
    names: Sequence[str],
    taken: int,
    ask: Callable[[], Any],
) -> Any:
    """The result of the one branch whose gate holds, recorded as a choice.

    Args:
        name: who asks, for errors.
        gates: truth values, of which one holds; shape ().
        branches: functions without arguments.
        names: how they are called in errors.
        taken: which one is taken now.
        ask: lets Python ask for the decision, where it is to be guarded.

    Raises:
        TypeError: if the branches return different structures or dtypes.
    """
    marks = [(x, x.mark()) for x in listeners() if isinstance(x, Recording)]
    first = _done(branches[taken], True)
    kept = [(x, x.mark()) for x, _ in marks]
    others: list[_Done] | None = None
    try:
        if _is_whole(first):
            restore(first.spy.before)
            others = _supposed(branches, taken)
        if others is not None:
            done = [*others[:taken], first, *others[taken:]]
            found = _matched(name, names, done)
            if found is not None:
                for recording, mark in marks:
                    recording.withdraw(mark)
                return _formed(gates, done, found)
    except BaseException:  # an error, or an interrupt, behind what the program has done
        restore(first.after)
        first.spy.let_out()
        raise
    for recording, mark in kept:
        recording.withdraw(mark)
    restore(first.after)
    ask()
    first.spy.let_out()  # where Python may not decide, it has shown nothing
    return first.result


def _done(branch: Callable[[], Any], taken: bool) -> _Done:
    """Do a branch while a spy writes it down."""
    spy = _Branch(listeners(), taken)
    try:
        activate(spy)
        result = branch()
        leaves = [as_tensor(x) if _is_array(x) else x for x in nest.flatten(result)]
    except BaseException:
        deactivate(spy)
        if taken:
            spy.let_out()
        else:
            restore(spy.before)
        raise
    finally:
        deactivate(spy)
    return _Done(spy, result, leaves, {cell: cell.content._value for cell in spy.before})


def _supposed(branches: Sequence[Callable[[], Any]], taken: int) -> list[_Done] | None:
    """The branches that are not taken, done to be known; None if one cannot be."""
    if sum(isinstance(x, _Branch) and not x.taken for x in listeners()) >= DEEPEST:
        return None
    found = []
    for number, branch in enumerate(branches):
        if number == taken:
            continue
        try:
            done = _done(branch, False)
        except Exception:  # whatever it is, it may not happen where the branch is taken
            return None
        restore(done.spy.before)
        if not _is_whole(done):
            return None
        found.append(done)
    return found


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, (np.ndarray, np.generic)) or hasattr(type(leaf), "_as_tensor")


def _is_whole(done: _Done) -> bool:
    """Whether a branch is operations alone, and gives tensors, numbers and None."""
    return (
        done.spy.is_pure()
        and is_closed(done.spy.builder.graph(()))
        and all(isinstance(leaf, (Tensor, bool, int, float, complex, type(None))) for leaf in done.leaves)
    )


def _matched(name: str, names: Sequence[str], done: Sequence[_Done]) -> list[list[Any]] | None:
    """The leaves of all branches as tensors of the same specs; None where shapes differ."""
    first = done[0]
    for other, called in zip(done[1:], names[1:], strict=True):
        try:
            nest.assert_same_structure(first.result, other.result)
        except (TypeError, ValueError) as error:
            raise BranchError(
                f"{name}: {names[0]} and {called} must return the same structure, as the choice is made anew at "
                f"every call of the recorded program: {said(error)}"
            ) from None
    columns = []
    for place, column in enumerate(zip(*[x.leaves for x in done], strict=True)):
        if all(leaf is None for leaf in column):
            columns.append(list(column))
            continue
        dtype = next((x._value.dtype for x in column if isinstance(x, Tensor)), None)
        tensors = [_as_leaf(x, dtype) for x in column]
        for tensor, called in zip(tensors[1:], names[1:], strict=True):
            if tensor._value.dtype != tensors[0]._value.dtype:
                raise BranchError(
                    f"{name}: {names[0]} returns {tensors[0].dtype.name} where {called} returns "
                    f"{tensor.dtype.name} (result {place}), and the choice is made anew at every call of the "
                    "recorded program: gt.cast one of them"
                )
        if any(x._value.shape != tensors[0]._value.shape for x in tensors):
            return None
        columns.append(tensors)
    return columns


def _as_leaf(leaf: Any, dtype: Any) -> Tensor:
    """A tensor; of a number the constant in the dtype that another branch has, where that can hold it."""
    if isinstance(leaf, Tensor):
        return leaf
    fits = dtype is not None and np.result_type(dtype, leaf) == dtype
    return as_tensor(leaf, dtype if fits else None)


# the loops


def _formed(gates: Sequence[Tensor], done: Sequence[_Done], columns: list[list[Any]]) -> Any:
    """Do the loops; what the choice gives, in the structure of the branches."""
    present = [column for column in columns if column[0] is not None]
    cells = list(dict.fromkeys(cell for branch in done for cell in branch.after))
    parts: list[list[Tensor]] = []
    shown: list[list[Tensor]] = []
    room = max(branch.spy.room for branch in done)
    for place, (gate, branch) in enumerate(zip(gates, done, strict=True)):
        leaves = [column[place] for column in present]
        loop, fixed = with_entries(*_loop(branch.spy, leaves, cells, room > 0))
        given = (*fixed, reshape(gate, shape=(1,)))
        found = list(apply(LOOP, given, {"loop": known(loop)})) if loop.summed else []
        own = len(found) - sum(len(places) for _, places in branch.spy.shown)
        parts.append(found[:own])
        shown.append(found[own:])
    results = iter([_joined(part) for part in zip(*parts, strict=True)])
    truths = [column[0]._value.dtype.kind == "b" for column in present]
    values = iter([not_equal(y, _ZERO) if truth else y for truth, y in zip(truths, results, strict=False)])
    leaves = [None if column[0] is None else next(values) for column in columns]
    for cell, value in zip(cells, results, strict=False):
        truth = cell.content.dtype.kind == "b"
        cell.content.assign(not_equal(value, _ZERO) if truth else value)
    for gate, branch, values_shown in zip(gates, done, shown, strict=True):
        branch.spy.held_back.clear()
        if branch.spy.shown:
            tell_show(Branch(branch.spy.shows()), [gate, *values_shown])
    if room:
        decide(not_equal(next(results), _ZERO), partial(goes_on, room))
    return nest.pack_sequence_as(done[0].result, leaves)


def _joined(parts: Sequence[Tensor]) -> Tensor:
    """What one of several branches gives and the others do not: adding to their sums changes nothing."""
    total = parts[0]
    for part in parts[1:]:
        total = add(total, part)
    return total


def _loop(
    spy: _Branch, leaves: Sequence[Tensor], cells: Sequence[Cell], guarded: bool
) -> tuple[Loop, list[Tensor]]:
    """A branch as a loop of one turn at most, which sums its results and what the variables hold behind it.

    Where it is `guarded`, also whether a loop inside would go on; and last what it shows.
    """
    with paused((spy,)):
        held = [spy.written[c] if c in spy.written else spy.index(as_tensor(c.content)) for c in cells]
    unfinished = (spy.whether_unfinished() or [spy.index(_ZERO)]) if guarded else []
    shown = [place for _, places in spy.shown for place in places]
    given = (*(spy.index(leaf) for leaf in leaves), *held, *unfinished, *shown)
    outputs = [_summable(spy.builder, index) for index in given]
    body, fixed = spy.body(outputs)
    gate = Spec((), np.dtype(bool))
    body = replace(body, specs=(*body.specs, gate), inputs=(*body.inputs, len(body.specs)))
    return Loop(check(body), 0, 1, len(outputs), 1, gate="sliced"), [captured_tensor(x) for x in fixed]


def _summable(builder: Builder, index: int) -> int:
    """A value as one that can be added to: of truth values, one or zero."""
    spec = builder.specs[index]
    if spec.dtype.kind != "b":
        return index
    return builder.add(cast, {"dtype": _COUNT}, [index], [Spec(spec.shape, _COUNT)])[0]


_COUNT = np.dtype("int32")
_ZERO = Tensor(np.int32(0))

__all__ = ["chosen", "may_differ"]
