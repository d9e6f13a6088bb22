"""What `Checkpoint.restore` gives: what file and objects have in common, and the values that wait for objects."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import ref

from ..core.listen import paused
from ..faces.module import WAITING, Holder
from .errors import PartialRestoreWarning, UnrestoredError
from .files import Content
from .state import difference, lacking, match
from .walk import State, has_state, state_of

_OWN = "save_counter"  # a checkpoint's own count, which it may have or not


class Restored:
    """The outcome of a restore, which goes on while the objects grow.

    Values of the file that no object has yet wait. A variable, module or optimiser that is set later as an attribute of
    the checkpoint, or of a module in it, gets its values at that moment; where one of them does not fit, the attribute
    is as before and nothing has changed. What is put into a plain list or dictionary gets its values at the next such
    moment, or when this object is asked.

    Ask it: `assert_consumed`, `assert_existing_objects_matched` or `expect_partial`. If nobody asks and something was
    left over, it warns when it goes away together with the checkpoint and the modules for which it waits.
    """

    def __init__(self, path: str | None, root: Any = None, content: Content | None = None) -> None:
        """Put what fits; `root` is the checkpoint, `content` the file.

        Raises:
            ValueError: if a shape, a dtype or the class of an optimiser differs; nothing has changed.
        """
        self.path = path
        self._asked = True  # until everything fits
        self._root: Callable[[], Any] = lambda: None
        self._waits = True
        self._objects: dict[str, Any] = {}
        self._left: dict[str, Any] = {}
        self._holders: list[ref[Holder]] = []
        if content is None:
            return
        self._root = ref(root)
        state = self._state()
        matched = match(content, state)
        matched.refuse(path)
        with paused():
            matched.put()
        self._names = frozenset(content.tensors)
        self._description = content.description
        self._left = {name: content.tensors[name] for name in matched.unused if name != _OWN}
        self._wait(state)
        self._asked = False

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of values of the objects, as they are now, that the file does not have."""
        if self.path is None:
            return ()
        missing, _ = lacking(self._names, self._description["optimizers"], self._state())
        return tuple([name for name in missing if name != _OWN])

    @property
    def unused(self) -> tuple[str, ...]:
        """Names in the file that no object has had yet."""
        return tuple(self._left)

    def assert_consumed(self) -> Restored:
        """Raise AssertionError unless every value of the file and of the objects was restored by now."""
        self._ask()
        self._require(self.missing, self.unused)
        return self

    def assert_existing_objects_matched(self) -> Restored:
        """Raise AssertionError unless every value of the objects that there are by now was in the file."""
        self._ask()
        self._require(self.missing, ())
        return self

    assert_nontrivial_match = assert_existing_objects_matched

    def expect_partial(self) -> Restored:
        """Say that it is meant that one of the two has more than the other; values go on waiting."""
        self._asked = True
        return self

    def due(self, value: Any) -> Callable[[], None]:
        """What puts the values that are due now that an attribute was set to this value.

        Raises:
            ValueError: if one of them does not fit.
        """
        return self._look() if has_state(value) else _nothing

    def belongs_to(self, root: Any) -> bool:
        """Whether it is a restore of this checkpoint."""
        return self._root() is root

    def end(self) -> None:
        """Wait no longer: everything has its value, or another restore takes over."""
        self._waits = False
        for reference in self._holders:
            holder = reference()
            if holder is not None:
                others = [each for each in vars(holder)[WAITING] if each is not self]
                vars(holder)[WAITING] = others
                if not others:
                    del vars(holder)[WAITING]
        self._holders = []

    def _ask(self) -> None:
        self._asked = True
        if self.path is None:
            raise UnrestoredError("restore(None): there was no checkpoint to restore")
        if self._waits:
            self._look()()

    def _look(self) -> Callable[[], None]:
        """What puts the values of the objects that have come: of all, or where one does not fit, of none."""
        state = self._state()
        matched = match(Content("state", self._left, self._description), state)
        matched.refuse(self.path)

        def put() -> None:
            with paused():
                matched.fill()
            self._left = {name: self._left[name] for name in matched.unused}
            self._wait(state)

        return put

    def _wait(self, state: State) -> None:
        """Be told what is set on the checkpoint and on all modules that there are by now."""
        if not self._left:
            self.end()
            return
        for holder in state.holders:
            waiting = vars(holder).setdefault(WAITING, [])
            if not any(each is self for each in waiting):
                waiting.append(self)
                self._holders.append(ref(holder))

    def _state(self) -> State:
        """The values that there are; of a checkpoint that is gone, those of the objects that it had."""
        root = self._root()
        if root is None:
            return state_of(self._objects)
        self._objects = dict(root._parts())
        return state_of(root)

    def _require(self, missing: tuple[str, ...], unused: tuple[str, ...]) -> None:
        if missing or unused:
            raise UnrestoredError(f"{self.path}: {difference(missing, unused)}")

    def __repr__(self) -> str:
        return f"Restored(path={self.path!r}, missing={self.missing!r}, unused={self.unused!r})"

    def __del__(self) -> None:
        if self._asked:
            return
        with suppress(TypeError):  # an object that lost its state since
            missing = self.missing
            if missing or self._left:
                warnings.warn(
                    f"{self.path} was restored in part: {difference(missing, self.unused)}. Say "
                    ".expect_partial() if that is meant, .assert_consumed() if not",
                    PartialRestoreWarning,
                    stacklevel=2,
                )


def _nothing() -> None:
    """Put nothing."""
