"""Loops whose ends are known, written around what a turn does.

LLVM does not see that a counter goes up in equal steps: `llvm.expect`, which leaves a number as it is, stands between
one turn and the next. Else it would write all addresses of a loop anew in terms of one another (strength reduction).
That takes a quarter of its code generator's time, and makes no better code of ours: addresses are pointers that stay,
and one counter, as the instructions take them; where it would be multiplied in each turn, a second one runs along.
"""

from __future__ import annotations

from collections.abc import Sequence

from .emit import Emitter


class Turns:
    """A loop from where it is made to `close`; its `counter` is 0, `step`, 2 `step`, ... below `end`.

    One turn is written without a loop, and its counter is a number.
    """

    def __init__(self, e: Emitter, end: int, step: int = 1) -> None:
        self.e, self.end = e, end
        self._once = end <= step
        self._counters: dict[int, str] = {}  # by their steps
        self._phis: dict[
            str, tuple[int, str, str]
        ] = {}  # where its line is, its type, and what it is at first
        if not self._once:
            self._before, self._head = e.block, e.label()
            e.lines.append(f"  br label %{self._head}")
            e.begin(self._head)
        self.counter = self.counting(step)

    def counting(self, step: int) -> str:
        """A number that is 0 at first and grows by so much each turn."""
        if step not in self._counters:
            self._counters[step] = self.carried("i64", "0")
        return self._counters[step]

    def carried(self, kind: str, first: str) -> str:
        """A value of an LLVM type that turns hand on, this one at first."""
        if self._once:
            return first
        name = self.e.fresh()
        self._phis[name] = len(self.e.lines), kind, first
        self.e.lines.append("")
        return name

    def close(self, ends: Sequence[str] = ()) -> None:
        """End the turn, which hands on these values, in the order in which `carried` was asked for them."""
        if self._once:
            return
        e, latch, given = self.e, self.e.block, iter(ends)
        following = {name: self._next(name, step) for step, name in self._counters.items()}
        more = e.line(f"icmp ult i64 {following[self.counter]}, {self.end}")
        done = e.label()
        e.lines.append(f"  br i1 {more}, label %{self._head}, label %{done}")
        for name, (place, kind, first) in self._phis.items():
            then = following.get(name) or next(given)
            e.lines[place] = f"  {name} = phi {kind} [ {first}, %{self._before} ], [ {then}, %{latch} ]"
        e.begin(done)

    def _next(self, counter: str, step: int) -> str:
        """A counter of the next turn, of which LLVM does not know whence it comes."""
        e = self.e
        e.module.declare("llvm.expect.i64", "i64", "i64, i64")
        return e.line(f"call i64 @llvm.expect.i64(i64 {e.line(f'add i64 {counter}, {step}')}, i64 0)")


__all__ = ["Turns"]
