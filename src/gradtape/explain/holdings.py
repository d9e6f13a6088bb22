"""The bytes of the values that are alive while a program is watched, and which operations made them.

An array counts once, whole where only a view of it is seen, from when it is first seen until it goes; a number counts
for as long as the node that stands for it. Nothing is kept alive by being counted.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Any
from weakref import ref

import numpy as np

from ..core.listen import Node
from .story import Site, Story

NAMED = 8  # sites named at the peak
GROWN = 1.05  # growth of the peak after which it is looked at who holds the memory


class Holdings:
    """Counts values; `held` has, for the highest point, the sites that held most and their bytes."""

    def __init__(self, story: Story) -> None:
        self.held: list[tuple[int, int]] = []
        self._story = story
        self._seen: dict[int, Any] = {}
        self._alive: Counter[int] = Counter()
        self._gone: deque[tuple[int, int]] = deque()  # what went since; any thread may let go of an array
        self._looked_at = 0.0

    def hold(self, value: Any, node: Node | None, site: Site) -> int:
        """Count a value for its site; returns the bytes, 0 where they are counted already."""
        self._settle()
        while isinstance(getattr(value, "base", None), np.ndarray):
            value = value.base
        holder: Any = value if isinstance(value, np.ndarray) else node
        key = id(holder)
        if holder is None or key in self._seen:
            return 0
        count = int(value.nbytes)
        seen, gone, memory, index = self._seen, self._gone, self._story.memory, site.index

        def forget(_: Any) -> None:
            if seen.pop(key, None) is not None:
                gone.append((index, count))

        seen[key] = ref(holder, forget)
        self._alive[index] += count
        if memory.change(self._story.clock, count) and memory.peak > GROWN * self._looked_at:
            self._looked_at = memory.peak
            self.held = [(site, held) for site, held in self._alive.most_common(NAMED) if held > 0]
        return count

    def _settle(self) -> None:
        """Take off what has gone."""
        while self._gone:
            index, count = self._gone.popleft()
            self._story.memory.change(0, -count)
            self._alive[index] -= count

    def let_go(self) -> None:
        """Stop counting."""
        self._seen.clear()
