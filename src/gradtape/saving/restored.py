"""What `Checkpoint.restore` tells: whether the file and the objects had the same values."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

from .errors import PartialRestoreWarning, UnrestoredError
from .state import difference


@dataclass(eq=False, slots=True)
class Restored:
    """The outcome of a restore.

    Ask it: `assert_consumed`, `assert_existing_objects_matched` or `expect_partial`. If nobody asks and something was
    left over, it warns when it goes away.

    Attributes:
        path: the file, None if there was none to restore.
        missing: names of values that the file did not have.
        unused: names in the file that no object had.
    """

    path: str | None
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    _asked: bool = field(default=False, repr=False)

    def assert_consumed(self) -> Restored:
        """Raise AssertionError unless every value of the file and of the objects was restored."""
        self._asked = True
        if self.path is None:
            raise UnrestoredError("restore(None): there was no checkpoint to restore")
        self._require(self.missing, self.unused)
        return self

    def assert_existing_objects_matched(self) -> Restored:
        """Raise AssertionError unless every value of the objects was in the file."""
        self._asked = True
        if self.path is None:
            raise UnrestoredError("restore(None): there was no checkpoint to restore")
        self._require(self.missing, ())
        return self

    assert_nontrivial_match = assert_existing_objects_matched

    def expect_partial(self) -> Restored:
        """Say that it is meant that one of the two has more than the other."""
        self._asked = True
        return self

    def _require(self, missing: tuple[str, ...], unused: tuple[str, ...]) -> None:
        if missing or unused:
            raise UnrestoredError(f"{self.path}: {difference(missing, unused)}")

    def __del__(self) -> None:
        if not self._asked and (self.missing or self.unused):
            warnings.warn(
                f"{self.path} was restored in part: {difference(self.missing, self.unused)}. Say "
                ".expect_partial() if that is meant, .assert_consumed() if not",
                PartialRestoreWarning,
                stacklevel=2,
            )
