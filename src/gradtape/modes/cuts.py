"""What a tape remembers of the places where its path ends, so that a None can be explained afterwards.

A path ends where an operation does not vary with what the tape follows (`stop_gradient`, a cast to integers, a
comparison), where a value leaves for Python or NumPy, where it is assigned to a variable, and where a derivative came
out that no longer depends on the source. Each such place is one `Cut`, however often the program passes it. The results
carry a mark, a note with the cuts behind them, and whatever is computed from marked tensors carries it on. A record
looks for marks only on inputs that have a node which it does not follow, so that ordinary operations cost nothing.

A derivative that depends on something is not marked, which would cost too much: it is noted in a list, and whoever asks
afterwards finds out whether it depends on the source (`Derivatives`).

Nothing is kept alive: a cut refers weakly to the nodes on its near side, and to some of those that they were made of,
for the near ones are often temporary.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import ReferenceType, ref

from ..core.bundle import bundle_of
from ..core.listen import Key, Listener, Node, leaf
from ..core.place import Place, place_at, place_of, user_frame

NEAR = 16  # nodes remembered when a place is passed, as long as it is new
NEW = 4  # passes for which a place is new
LATER = 16  # inputs remembered of the latest passes
CARRIED = 8  # cuts that one mark names
LATEST = 256  # derivatives remembered
EARLY = 64  # operations remembered before anything is watched

LEAVINGS = frozenset(
    {"bool", "int", "float", "complex", "index", "item", "tolist", "numpy", "array", "dlpack"}
)


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """One place where values stop depending on what they were made of, as far as a tape can follow.

    `kind` is "operation" (`how` is its name), "leave" (`how` as `Listener.hear_leave` has it), "assign" (`how` is the
    variable's name) or "derivative". `behind` refers to nodes on the near side in the first passes, `latest` to
    those of later ones.
    """

    kind: str
    how: str
    place: Place
    behind: list[ReferenceType[Node]] = field(default_factory=list)
    latest: deque[ReferenceType[Node]] = field(default_factory=lambda: deque(maxlen=LATER))

    def nodes(self) -> list[Node]:
        """The nodes on the near side that are still alive."""
        return [node for reference in (*self.behind, *self.latest) if (node := reference()) is not None]


class Derivatives:
    """The latest derivatives that tapes inside gave, each a node of the result, one of the source, and a line."""

    __slots__ = ("_latest",)

    def __init__(self) -> None:
        self._latest: list[Any] = []  # a deque takes longer to make than all that most tapes hear of

    def note(self, result: Node, source: Node) -> None:
        """Remember one, as cheaply as that can be done. Called by `Record.hear_derivative`, and that by the tape."""
        frame, latest = user_frame(4), self._latest
        latest.append((ref(result), ref(source), frame.f_code, frame.f_lasti))
        if len(latest) >= 2 * LATEST:
            del latest[:-LATEST]

    def among(self, nodes: Container[Node]) -> list[Cut]:
        """Those whose results are among these nodes, as cuts."""
        return [
            Cut("derivative", "gradient", place_at(code, instruction), [source])
            for result, source, code, instruction in self._latest[-LATEST:]
            if result() in nodes
        ]


class Cuts(Listener):
    """All cuts that one record has come by; its notes are marks. It is told by the record and never listens itself."""

    __slots__ = ("found", "passes")

    forward = True  # its notes are no parents

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[tuple[str, str, str, int], Cut] = {}
        self.passes: dict[Cut, int] = {}

    def remember_cut(self, kind: str, how: str, known: Sequence[Node], key: Key) -> Cut:
        """The cut of this place, entered where it is new, with these nodes of the record of this key behind it."""
        frame = user_frame()
        place = (kind, how, frame.f_code.co_filename, frame.f_lineno)
        cut = self.found.get(place)
        if cut is None:
            cut = self.found[place] = Cut(kind, how, place_of(frame))
            self.passes[cut] = 0
        elif self.passes[cut] >= NEW:
            for node in known:
                cut.latest.append(ref(node))
            return cut
        self.passes[cut] += 1
        near = list(known)
        for node in near:  # grows while it is read
            cut.behind.append(ref(node))
            if len(near) < NEAR and node.knows(key):
                near += [parent for parent in node.read(key) if parent is not None]
        return cut

    def carried(self, tensors: Iterable[Any]) -> tuple[Cut, ...]:
        """The cuts that these tensors or variables carry."""
        key = self.key
        found: tuple[Cut, ...] = ()
        for tensor in tensors:
            node = tensor._node
            if node is not None and node.knows(key):
                cuts = node.read(key)
                found = cuts if not found or found is cuts else tuple(dict.fromkeys(found + cuts))
        return found

    def of(self, node: Node | None) -> tuple[Cut, ...]:
        """The cuts that a node is marked with."""
        return node.read(self.key) if node is not None and node.knows(self.key) else ()

    def mark(self, result: Any, cuts: tuple[Cut, ...]) -> None:
        """Let a tensor, a variable or each entry of a tuple of tensors carry these cuts."""
        if type(result) is tuple:
            bundle_of(result)
            for part in result:
                self.mark(part, cuts)
            return
        node = result._node
        cuts = cuts[:CARRIED]
        if node is None:
            node = result._node = leaf(result._value, self.key, cuts)
            self.remember(node)
        elif not node.knows(self.key):
            self.attach(node, cuts)
        elif (marked := node.read(self.key)) is not cuts:
            merged = tuple(dict.fromkeys(cuts + marked))[:CARRIED]
            if node.key is self.key:
                node.note = merged
            else:
                node.more[self.key] = merged


class Early:
    """The first results of operations that a tape heard of before it followed anything, and what they were made of.

    All references are weak. Who asks why a derivative is None learns here that `watch` came after the computation.
    """

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: list[tuple[ReferenceType[Any], tuple[ReferenceType[Any], ...]]] = []

    def note(self, inputs: Sequence[Any], result: Any) -> None:
        """Remember one operation, as long as there is room."""
        if len(self._made) >= EARLY:
            return
        made_of = tuple([ref(x) for x in inputs])
        for part in result if type(result) is tuple else (result,):
            self._made.append((ref(part), made_of))

    def made_of(self, target: Any, source: Any) -> bool:
        """Whether a target was made of a source here; steps between that are gone are known by their references."""
        wanted, start = [ref(target)], ref(source)
        for made, made_of in reversed(self._made):
            if any(made is each for each in wanted):
                wanted += made_of
        return any(each is start for each in wanted[1:])
