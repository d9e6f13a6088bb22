"""Rolling: a long stretch of equal turns, as a Python loop leaves in a recording, becomes one loop.

Where the inputs of the turns come from is found out in `turns.py`; where they do not come from the same places in all
turns, the first two turns are left out, and if that does not help the stretch stays as it is. What is used outside the
turns is stacked. A later stretch that uses it turn by turn, forwards or backwards (as the way back along a loop does),
takes the stack as it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..core.graph import Builder, Graph, Operation, check
from ..core.loop import Loop, value_of
from ..core.primitive import Kind, Primitive
from ..core.spec import Spec
from ..core.tensor import ROWS, Tensor
from .periods import Stretch, signatures, stretches, weights
from .turns import Origin, Place, Turn, understood

TURNS = 32
"""Loops of fewer turns are left unrolled, which lets their turns fuse,"""
OPERATIONS = 1000
"""and so are those of fewer operations: they compile in no time."""
WIDE, LONG = 1 << 12, 20_000
"""Over many entries, tiles of rows through all turns are the better way up to so many operations."""
ROLLED = Primitive("loop", Kind.TANGENT, value_of, lambda *_specs, loop: loop.spec(), ())


def rolled(graph: Graph) -> Graph:
    """The graph with its long stretches of equal turns as loops."""
    own = weights(graph)
    if own.sum() < OPERATIONS:
        return graph
    origin = Origin(graph)
    found = []
    for stretch in stretches(signatures(graph), TURNS, OPERATIONS, own):
        if _is_wide(graph, stretch):
            continue
        turn = next(
            (t for skip in range(3) if (t := understood(graph, origin, stretch, skip, TURNS)) is not None),
            None,
        )
        if turn is not None:
            found.append(turn)
    if not found:
        return graph
    return check(_Writer(graph, origin, sorted(found, key=lambda turn: turn.stretch.start)).graph())


def _is_wide(graph: Graph, stretch: Stretch) -> bool:
    turn = graph.operations[stretch.start : stretch.start + stretch.period]
    widest = max(int(np.prod(graph.specs[i].shape, dtype=np.int64)) for op in turn for i in op.outputs)
    return widest >= WIDE and stretch.end - stretch.start < LONG


class _Writer:
    """Writes the graph with loops in the place of stretches."""

    def __init__(self, graph: Graph, origin: Origin, turns: Sequence[Turn]) -> None:
        self.source, self.origin, self.turns = graph, origin, turns
        self.starts = [turn.stretch.start for turn in turns]
        self.builder = Builder()
        self.place: dict[int, int] = {}
        self.stacks = self._wanted()
        self.made: dict[int, dict[Place, int]] = {}  # the stacks of each loop, by identity
        self.backwards: dict[int, bool] = {}

    def _home(self, index: int) -> tuple[Turn, int, Place] | None:
        """Of a value made in a stretch: which, in which turn, where in the turn."""
        maker = int(self.origin.maker[index])
        number = bisect_right(self.starts, maker) - 1
        if number < 0 or maker >= self.turns[number].stretch.end:
            return None
        stretch = self.turns[number].stretch
        done, q = divmod(maker - stretch.start, stretch.period)
        return self.turns[number], done, (q, int(self.origin.output[index]))

    def _wanted(self) -> dict[int, list[Place]]:
        """What each loop has to stack: what is used outside its turns."""
        inside = np.zeros(len(self.source.operations), bool)
        for turn in self.turns:
            inside[turn.stretch.start : turn.stretch.end] = True
        used = set(self.source.outputs)
        for place, operation in enumerate(self.source.operations):
            if not inside[place]:
                used.update(operation.inputs)
        for turn in self.turns:
            used.update(turn.outside())
            used.update(int(v) for kind, values, *_ in turn.slices if kind == "values" for v in values)
        wanted: dict[int, dict[Place, None]] = {id(turn): {} for turn in self.turns}
        for index in sorted(used):
            home = self._home(index)
            if home is not None:
                turn, _, where = home
                wanted[id(turn)][where] = None
        return {key: list(places) for key, places in wanted.items()}

    def graph(self) -> Graph:
        source, builder = self.source, self.builder
        for index in source.inputs:
            self.place[index] = builder.input(source.specs[index])
        done = 0
        for turn in self.turns:
            self._copy(source.operations[done : turn.stretch.start])
            self._loop(turn)
            done = turn.stretch.end
        self._copy(source.operations[done:])
        return builder.graph([self._find(index) for index in source.outputs])

    def _copy(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            if operation.primitive is ROWS["stack"] and operation.params["axis"] == 0:
                entry = "values", np.array(operation.inputs)
                way = self._way(entry) if len(operation.inputs) > 1 else None
                if way is not None:
                    self.place[operation.outputs[0]] = self._sliced(entry, way, False, len(operation.inputs))
                    continue
            inputs = [self._find(i) for i in operation.inputs]
            specs = [self.source.specs[i] for i in operation.outputs]
            made = self.builder.add(
                operation.primitive, operation.params, inputs, specs, operation.line, operation.joint
            )
            self.place.update(zip(operation.outputs, made, strict=True))

    def _apply(self, name: str, inputs: Sequence[int], spec: Spec, **params: Any) -> int:
        return self.builder.add(ROWS[name], params, inputs, [spec])[0]

    def _find(self, index: int) -> int:
        """A value of the source in the new graph; one of a turn is an entry of the loop's stack."""
        if index in self.place:
            return self.place[index]
        if index in self.source.constants:
            found = self.builder.constant(self.source.constants[index])
        else:
            home = self._home(index)
            assert home is not None
            turn, number, where = home
            row = self._row(turn, number)
            found = self._apply(
                "getitem", [self.made[id(turn)][where]], self.source.specs[index], index=(row,)
            )
        self.place[index] = found
        return found

    def _row(self, turn: Turn, number: int) -> int:
        """Where the entry of a turn lies in what its loop stacks."""
        return turn.stretch.turns - 1 - number if self.backwards[id(turn)] else number

    # slices

    def _way(self, entry: Any) -> tuple[int, int, int, int] | None:
        """Of a slice that is a stack, or another axis, read row by row: the value, its first row, step and size."""
        if entry[0] == "row":
            _, index, start, step = entry
            whole = self._find(index)
            return whole, start, step, self.builder.specs[whole].shape[0]
        homes = [self._home(int(value)) for value in entry[1]]
        if homes[0] is None or any(
            h is None or h[0] is not homes[0][0] or h[2] != homes[0][2] for h in homes
        ):
            return None
        turn, _, where = homes[0]
        rows = np.array([self._row(turn, h[1]) for h in homes if h is not None])
        steps = np.diff(rows)
        if (steps != steps[0]).any() or not steps[0]:
            return None
        return self.made[id(turn)][where], int(rows[0]), int(steps[0]), turn.stretch.turns

    def _sliced(self, entry: Any, way: tuple[int, int, int, int] | None, backwards: bool, count: int) -> int:
        """A value with an entry for each turn, in the order in which the loop counts them."""
        if way is None:
            values = [int(v) for v in (entry[1][::-1] if backwards else entry[1])]
            spec = self.source.specs[values[0]]
            if all(v in self.source.constants for v in values):
                table = np.stack([self.source.constants[v]._value for v in values])
                return self.builder.constant(Tensor(table))
            places = [self._find(v) for v in values]
            return self._apply("stack", places, Spec((count, *spec.shape), spec.dtype), axis=0)
        whole, start, step, size = way
        if backwards:
            start, step = start + (count - 1) * step, -step
        if (start, step, count) == (0, 1, size):
            return whole
        spec = self.builder.specs[whole]
        stop = start + count * step
        part = slice(start, stop if stop >= 0 else None, step)
        return self._apply("getitem", [whole], Spec((count, *spec.shape[1:]), spec.dtype), index=(part,))

    # the loop

    def _loop(self, turn: Turn) -> None:
        """Write the loop of a stretch."""
        stretch, count = turn.stretch, turn.stretch.turns
        ways = [self._way(entry) for entry in turn.slices]
        backwards = sum(way[2] < 0 for way in ways if way is not None) * 2 > len(ways)
        self.backwards[id(turn)] = backwards
        body = _Body(self.source, turn)
        given = [self._find(begun[lag]) for begun in turn.states.values() for lag in range(len(begun))[::-1]]
        fixed = body.fixed()
        given += [self._find(index) for index in fixed]
        given += [
            self._sliced(entry, way, backwards, count) for entry, way in zip(turn.slices, ways, strict=True)
        ]
        places = self.stacks[id(turn)]
        if not body.carried and not places:
            return  # nothing of it is used
        loop = Loop(body.graph(fixed, places), body.carried, len(turn.slices), 0, count, backwards)
        loop = replace(loop, body=rolled(loop.body))
        line = self.source.operations[stretch.start].line
        made = self.builder.add(ROLLED, {"loop": loop}, given, loop.spec(), line, True)
        self.made[id(turn)] = dict(zip(places, made[body.carried :], strict=True))
        final = stretch.end - stretch.period
        for where, index in zip(body.next_states, made, strict=False):
            if where is not None:
                self.place[self.source.operations[final + where[0]].outputs[where[1]]] = index


class _Body:
    """The graph of one turn."""

    def __init__(self, source: Graph, turn: Turn) -> None:
        self.source, self.turn = source, turn
        self.builder = Builder()
        start, period = turn.stretch.start, turn.stretch.period
        self.operations = source.operations[start : start + period]
        self.carried = sum(len(begun) for begun in turn.states.values())
        # The first state of a key is what the turn before made; each further one is older by a turn (None).
        self.next_states: list[Place | None] = []

    def fixed(self) -> list[int]:
        """The values that are the same in every turn."""
        lines = self.turn.sources
        return list(dict.fromkeys(source[1] for line in lines for source in line if source[0] == "fixed"))

    def graph(self, fixed: Sequence[int], stacks: Sequence[Place]) -> Graph:
        source, turn, builder = self.source, self.turn, self.builder
        states: dict[Any, list[int]] = {}
        for key, begun in turn.states.items():
            states[key] = [builder.input(source.specs[begun[0]]) for _ in begun]
        known = {index: builder.input(source.specs[index]) for index in fixed}
        entries = [builder.input(self._entry(slice_)) for slice_ in turn.slices]
        constants: dict[int, int] = {}
        made: dict[Place, int] = {}

        def find(origin: tuple[Any, ...]) -> int:
            if origin[0] == "inside":
                return made[(origin[1][0], origin[1][1])]
            if origin[0] == "carried":
                own = states[origin[3]]
                return own[int(origin[2]) - 1]
            if origin[0] == "sliced":
                return entries[int(origin[1])]
            if origin[0] == "fixed":
                return known[int(origin[1])]
            if origin[1] not in constants:
                constants[origin[1]] = builder.constant(source.constants[origin[1]])
            return constants[origin[1]]

        for q, operation in enumerate(self.operations):
            specs = [source.specs[i] for i in operation.outputs]
            if q in turn.rows:
                rest = operation.params["index"][1:]
                entry = entries[turn.rows[q]]
                if rest:
                    (entry,) = builder.add(
                        operation.primitive, {"index": rest}, [entry], specs, operation.line
                    )
                made[(q, 0)] = entry
                continue
            inputs = [find(origin) for origin in turn.sources[q]]
            outputs = builder.add(
                operation.primitive, operation.params, inputs, specs, operation.line, operation.joint
            )
            made.update({(q, k): index for k, index in enumerate(outputs)})
        results = []
        for key, own in states.items():
            results += [made[key[0]], *own[:-1]]
            self.next_states += [key[0], *[None] * (len(own) - 1)]
        return builder.graph([*results, *(made[place] for place in stacks)])

    def _entry(self, slice_: Any) -> Spec:
        """The spec of an entry of a slice."""
        if slice_[0] == "values":
            return self.source.specs[int(slice_[1][0])]
        spec = self.source.specs[slice_[1]]
        return Spec(spec.shape[1:], spec.dtype)


__all__ = ["rolled"]
