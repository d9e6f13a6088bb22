"""Names and what they mean, entered by files of the library as these are loaded.

A program knows few of the names, so most files are loaded at the first name that is not there. Which name is in which
file stands nowhere but there: all files are loaded at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import Generic, TypeVar

Meaning = TypeVar("Meaning")


class Vocabulary(dict[str, Meaning], Generic[Meaning]):
    """A dictionary by name. `vocabulary[name]` and `find` know all names, `get` and `in` those that are loaded.

    Attributes:
        files: the modules that enter names here when they are loaded.
    """

    __slots__ = ("files",)

    def __init__(self) -> None:
        super().__init__()
        self.files: tuple[str, ...] = ()

    def __missing__(self, name: str) -> Meaning:
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        return found

    def find(self, name: str) -> Meaning | None:
        """What stands under a name; None if nothing does."""
        if name not in self:
            self.load()
        return self.get(name)

    def load(self) -> None:
        """Load every file, so that every name is there."""
        for file in self.files:
            import_module(file)
        self.files = ()  # not before they are loaded: another thread may ask meanwhile
