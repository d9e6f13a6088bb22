"""Who hears of an operation: nodes, listeners and the stack of those that are active.

A `Node` stands for one tensor that somebody knows. It says which operation made the tensor and holds one note per
listener: a tape notes the parents through which the tensor depends on what it watches, an accumulator notes the
tangent. Tensors own their node and a node owns its parents, so a result that nobody needs any more goes away with its
whole history by reference count alone. A listener holds its nodes only weakly and takes its notes back when it dies,
so `del tape` frees what the tape kept even while its tensors live on. There are no cycles.

Order of telling (apply in `tensor.py`): outermost first; what a listener computes while it is told is heard only by
the listeners outside it. This one sentence gives every mixture of modes and every order of derivative.
"""

from __future__ import annotations

import itertools
import sys
from _thread import get_ident
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self
from weakref import ReferenceType, ref

import numpy as np

from .forking import lasting_lock

if TYPE_CHECKING:
    from .primitive import Primitive
    from .spec import DType
    from .tensor import Tensor

Parents = tuple["Node | None", ...]


class Key(ReferenceType["Listener"]):
    """A listener as nodes see it: a weak reference, known by identity, that says what the listener's notes are."""

    __slots__ = ("forward", "stands")
    __hash__, __eq__ = object.__hash__, object.__eq__

    forward: bool
    stands: bool


class Node:
    """One tensor that listeners know: its making, its spec, and a note for each listener.

    The making is `primitive`, its `params`, what was `saved` of the inputs (None: nothing) and `kept` of the output;
    `primitive` is None for a leaf. `spec` is the type of a NumPy scalar, or shape and dtype of an array. `serial`
    counts nodes, so that a node comes after its parents.

    The first listener's note lies in `key` and `note`; those of further listeners in the dictionary `more`. A note
    never moves, so that a listener of one thread is not disturbed by one of another on the node of a shared variable.

    `made` makes one. There is no `__init__`: Python's detour to it costs more than all that it would do, and a record
    makes a node for every operation (`Record.hear`).
    """

    __slots__ = (
        "__weakref__",
        "kept",
        "key",
        "more",
        "note",
        "params",
        "primitive",
        "saved",
        "serial",
        "spec",
    )

    primitive: Primitive | None
    params: Any
    saved: Any
    kept: Any
    spec: Any
    key: Key | None
    note: Any
    more: dict[Key, Any] | None
    serial: int

    @classmethod
    def made(
        cls,
        primitive: Primitive | None,
        params: Any,
        saved: Any,
        kept: Any,
        spec: Any,
        key: Key | None = None,
        note: Any = None,
    ) -> Self:
        """A new node, with a first note if one is given."""
        node = cls()
        node.primitive = primitive
        node.params = params
        node.saved = saved
        node.kept = kept
        node.spec = spec
        node.key = key
        node.note = note
        node.more = None
        node.serial = next(SERIALS)
        return node

    @property
    def shape(self) -> tuple[int, ...]:
        spec = self.spec
        return spec[0] if type(spec) is tuple else ()

    @property
    def dtype(self) -> DType:
        spec = self.spec
        return spec[1] if type(spec) is tuple else np.dtype(spec)  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def knows(self, key: Key) -> bool:
        """Whether the listener of this key has a note here."""
        return self.key is key or (self.more is not None and key in self.more)

    def read(self, key: Key) -> Any:
        """The note of a listener that has one here."""
        return self.note if self.key is key else self.more[key]  # type: ignore[index]  # the caller asked `knows`

    def notes(self) -> list[tuple[Key, Any]]:
        """All notes with their listeners' keys."""
        own = [] if self.key is None else [(self.key, self.note)]
        return own + list((self.more or {}).items())

    def write(self, key: Key, note: Any) -> None:
        """Leave a first note of this listener."""
        with _WRITING:
            if self.key is None:
                self.note = note
                self.key = key
            elif self.more is None:
                self.more = {key: note}
            else:
                self.more[key] = note

    def erase(self, key: Key) -> None:
        """Take back a listener's note; what was saved for the operation goes with the last one."""
        with _WRITING:
            if self.key is key:
                self.note = None
                self.key = None
            elif self.more is not None:
                self.more.pop(key, None)
                if not self.more:
                    self.more = None
            if self.key is None and self.more is None:
                self.primitive = self.params = self.saved = self.kept = None


def leaf(value: Any, key: Key | None = None, note: Any = None) -> Node:
    """A node for a tensor that no operation known to a listener made, with a first note if one is given."""
    kind = type(value)
    node = Node()  # `Node.made`, in line
    node.primitive = node.params = node.saved = node.kept = node.more = None
    node.spec = kind if kind is not np.ndarray else (value.shape, value.dtype)
    node.key = key
    node.note = note
    node.serial = next(SERIALS)
    return node


def spec_of(value: Any) -> Any:
    """The spec of a value as nodes hold it: a NumPy scalar's type, or shape and dtype."""
    kind = type(value)
    return kind if kind is not np.ndarray else (value.shape, value.dtype)


SERIALS = itertools.count()

# Reentrant: erasing a note can drop the last reference to another listener, which then erases its own.
_WRITING = lasting_lock(4)


class Listener:
    """Base of everything that is told of operations; owns notes on nodes and takes them back when it dies.

    `forward`: a note belongs to the result and is computed from those of the inputs; a tape's says the parents.
    `differentiates`: a derivative is lost where the value of a tensor that it follows leaves for Python or NumPy.
    `stands`: a note holds further values that the tensor stands for, so whoever asks about all entries asks there too.
    """

    __slots__ = ("__weakref__", "_limit", "home", "key", "nodes", "task")

    differentiates = False
    forward = False
    opens = False
    """Whether compiled functions are to run operation by operation, so that each is heard."""
    replays = False
    """Whether what is heard will be done again with other values, so that no decision may rest on a value."""
    stands = False
    walks = False
    """Whether to be told of questions to tapes, of the cotangents on the walk back, and of the answers."""

    def __init__(self) -> None:
        self.home: int | None = None  # nowhere, until it listens for the first time
        self.task: ReferenceType[Any] | None = None
        key = self.key = Key(self)
        key.forward, key.stands = self.forward, self.stands
        self.nodes: list[ReferenceType[Node]] = []
        self._limit = 4096

    def settle(self) -> None:
        """Belong to this thread and, inside one, to this asyncio task: `home` is the thread's number, 0 in a task."""
        if "asyncio" in sys.modules and (task := current_task()) is not None:
            self.task, self.home = ref(task), 0
        else:
            self.task, self.home = None, get_ident()

    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        """Be told that `result` (a tensor, or a tuple of tensors) was computed; `outside` listens to one's own work."""
        raise NotImplementedError

    def varies(self, _tensor: Tensor) -> bool:
        """Whether a tensor will have other values when what is heard is done again."""
        return self.replays

    def hear_read(self, variable: Any, tensor: Tensor) -> None:
        """Be told that a variable is read as this tensor, which takes the variable's node once all are told."""

    def hear_write(self, variable: Any, tensor: Tensor | None, given: Tensor | None = None) -> None:
        """Be told that the value of a tensor was put into a variable; None when the variable was just made.

        `given` is what the program assigned, added or subtracted.
        """

    def hear_start(self, other: Listener) -> None:
        """Be told that another listener begins to listen beside this one."""

    def hear_question(self, record: Listener, target: Any, sources: Any) -> None:
        """Be told, where `walks`, that the tape of this record is asked for derivatives of what was given."""

    def hear_cotangent(self, node: Node, cotangent: Any) -> None:
        """Be told, where `walks`, what has gathered at a node on a walk back before it goes on to the node's inputs."""

    def hear_answer(self, record: Listener, results: Any) -> None:
        """Be told, where `walks`, the answer to the question that was asked last of this record."""

    def hear_derivative(self, source: Any, result: Tensor) -> None:
        """Be told that a tape inside gave this result for the derivative with respect to a source."""

    def hear_ahead(self, what: Any) -> None:
        """Be told that a variable is about to be assigned to, a source of random numbers to be drawn from, or something
        else (None) to be done for the world to see."""

    def hear_draw(self, tensor: Tensor, source: Any, draw: Any) -> None:
        """Be told that a source of random numbers gave this tensor, and that `draw()` gives the next value."""

    def hear_seed(self, source: Any) -> None:
        """Be told that a source of random numbers was made from a seed, so that it gives the same in every run."""

    def hear_show(self, show: Any, tensors: Any) -> None:
        """Be told that `show(*values)` is called with the values of these tensors, to let the world see them."""

    def hold_show(self, show: Any, values: Any) -> bool:
        """Whether this listener holds back what is to be shown until it is known whether the program does it."""
        return False

    def hear_effect(self, what: str, source: Any = None) -> None:
        """Be told of something that is done for its effect and leaves no trace among the operations.

        `source` is the source of random numbers on which it is done, if it is one.
        """

    def hear_leave(self, holder: Any, how: Any) -> None:
        """Be told that the value of a tensor or variable leaves for Python or NumPy.

        `how` is "bool", "int", "float", "complex", "index", "item", "tolist", "numpy", "array", "dlpack" or "format",
        or the name of an operation whose result has a shape or places that depend on the values, or a
        question (a function of the value) to which a rule asks the answer.
        """

    def hear_leave_each(self, whole: Tensor, how: Any) -> None:
        """Be told that all examples of a batch inside, along the first axis of `whole`, give a question one answer."""

    def follows(self, node: Node) -> bool:
        """Whether this listener knows the tensor of a node, so that what is computed from it concerns it."""
        return node.knows(self.key)

    def attach(self, node: Node, note: Any) -> None:
        """Leave a first note on a node."""
        node.write(self.key, note)
        self.remember(node)

    def remember(self, node: Node) -> None:
        """Keep a weak reference to a node that holds a note of this listener."""
        self.nodes.append(ref(node))
        if len(self.nodes) > self._limit:
            self._forget_dead()

    def _forget_dead(self) -> None:
        """Drop references to dead nodes; doubling the limit makes this cost a constant per operation."""
        self.nodes[:] = [reference for reference in self.nodes if reference() is not None]
        self._limit = max(4096, 2 * len(self.nodes))

    def release(self) -> None:
        """Take back every note, latest first: what only a later result kept is then gone when its turn comes.

        A long chain of nodes dies at once then, without recursion, as that of any dead result does.
        """
        key, nodes = self.key, self.nodes
        self.nodes = []
        for reference in reversed(nodes):
            node = reference()
            if node is None:
                continue
            if node.key is key and node.more is None:
                # As `erase`, without the lock: the note goes before the key, so another thread never loses one.
                node.note = node.saved = node.kept = node.params = node.primitive = None
                node.key = None
            else:
                node.erase(key)

    def __del__(self) -> None:
        self.release()


def values_of(tensor: Any) -> Iterator[Any]:
    """Every value that a tensor stands for: its own, and those of all examples of a batch."""
    yield tensor._value
    node = tensor._node
    if node is not None:
        for key, note in node.notes():
            if key.stands:
                yield from values_of(note)


ACTIVE: ContextVar[tuple[Listener, ...]] = ContextVar("gradtape_active_listeners", default=())
EVERYWHERE: list[Callable[[], Listener]] = []
"""Those who follow all threads: each gives the listener that hears the present one, from its first tape on."""


def current_task() -> Any:
    """The asyncio task that runs in this thread, None if there is none."""
    asyncio = sys.modules.get("asyncio")
    return None if asyncio is None or asyncio._get_running_loop() is None else asyncio.current_task()


def listeners() -> tuple[Listener, ...]:
    """The active listeners of this thread and task.

    A task or thread may start with a copy of its maker's context, and so find its maker's stack in `ACTIVE`. That
    stack is inherited whole, so its innermost listener tells whose it is.
    """
    active = ACTIVE.get()
    if not active:
        return active
    own = active[-1]
    if own.task is None:
        return active if own.home == get_ident() else ()
    return active if own.task() is current_task() else ()


def activate(listener: Listener, outermost: bool = False) -> None:
    """Put a listener innermost in this thread or task, or outermost, where it hears what all others do."""
    listener.settle()
    others = listeners() or (joined() if EVERYWHERE else ())
    ACTIVE.set((listener, *others) if outermost else (*others, listener))
    for other in others:
        other.hear_start(listener)


def joined() -> tuple[Listener, ...]:
    """Those who follow all threads, as listeners of this one; none where somebody has paused."""
    return () if ACTIVE.get(None) == () else tuple([join() for join in EVERYWHERE])


def opened() -> bool:
    """Whether somebody listens who wants to hear the operations inside compiled functions."""
    for listener in listeners():  # noqa: SIM110  # a generator takes three times as long where nobody listens
        if listener.opens:
            return True
    return False


def replayed() -> bool:
    """Whether somebody listens who will do again what is done now, with other values."""
    for listener in listeners():  # noqa: SIM110  # as in `opened`
        if listener.replays:
            return True
    return False


def tell_draw(active: tuple[Listener, ...], tensor: Tensor, source: Any, draw: Any) -> None:
    """Tell these of a draw; those outside a batch hear from it what all examples draw, and not what one does."""
    first = max((k for k, listener in enumerate(active) if listener.stands), default=0)
    for listener in active[first:]:
        listener.hear_draw(tensor, source, draw)


def deactivate(listener: Listener) -> None:
    """Take a listener off the stack, wherever in it it stands; nothing happens if it is not there."""
    active = ACTIVE.get()
    if active and active[-1] is listener:  # tapes mostly end in the order of their blocks
        ACTIVE.set(active[:-1])
    else:
        ACTIVE.set(tuple([other for other in active if other is not listener]))


class paused:
    """Context in which nobody listens; with listeners given, in which exactly these do."""

    __slots__ = ("_listeners", "_token")

    def __init__(self, listeners: tuple[Listener, ...] = ()) -> None:
        self._listeners = listeners

    def __enter__(self) -> None:
        if self._listeners and self._listeners[-1].home is None:
            self._listeners[-1].settle()
        self._token = ACTIVE.set(self._listeners)

    def __exit__(self, *exception: object) -> None:
        ACTIVE.reset(self._token)
