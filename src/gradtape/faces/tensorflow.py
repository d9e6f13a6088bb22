"""TensorFlow's module name, lent to gradtape for the time of one run.

`standing_in(library)` puts a finder before all others. It answers for `tensorflow` and everything under it with
modules of its own (`Alias`), which look each name up in the library the first time it is asked for. A TensorFlow that
is installed is out of sight while the context is open and back, untouched, when it closes.

A name that the library lacks stays an ordinary AttributeError or ImportError, so that `hasattr` and `try: import` in
a program go on working. `Face.missing` words the first; `Face.annotate` adds the same words as a note to an
ImportError, because Python itself writes the message of `from tensorflow import name`.

The library is a parameter: faces do not import the package that gathers them.
"""

from __future__ import annotations

import contextlib
import difflib
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType

NAME = "tensorflow"
# The release whose behaviour the tape's contract was taken from. Programs compare `tensorflow.__version__` with "2";
# the label after "+" tells a reader whose version it really is (PEP 440, local version identifiers).
FOLLOWED_RELEASE = "2.21.0"
COVERED_PAGE = "What is covered"
CANNOT_IMPORT = re.compile(r"cannot import name '(?P<name>[^']+)' from '(?P<module>[^']+)'")


def is_tensorflow(name: str) -> bool:
    """Whether a module of this name is TensorFlow's or lies under it."""
    return name == NAME or name.startswith(NAME + ".")


def public_names(module: ModuleType) -> list[str]:
    """The names a module offers: its `__all__`, else what it defines without an underscore."""
    declared = getattr(module, "__all__", None)
    if declared is not None:
        return list(declared)
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name != "annotations"
    ]


class Alias(ModuleType):
    """One module under TensorFlow's name; every attribute is found in the library, once."""

    def __init__(self, name: str, target: ModuleType, face: Face) -> None:
        super().__init__(name, target.__doc__)
        self.__path__: list[str] = []  # empty, so that Python asks the finder for submodules and nobody else
        self.__all__ = public_names(target)
        self._face = face

    def __getattr__(self, name: str) -> object:
        value = self._face.attribute(self.__name__, name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*self.__all__, *super().__dir__()})


class Face(Loader):
    """The finder and loader behind the name, and what it says about a name that is not there."""

    def __init__(self, library: ModuleType) -> None:
        self.library = library
        self.version = f"{FOLLOWED_RELEASE}+gradtape.{getattr(library, '__version__', '0')}"
        self.aliases: dict[str, Alias] = {}
        compat = ModuleType("compat", "The library itself, as TensorFlow 2 names it.")
        compat.__dict__.update(__all__=["v2"], v2=library)
        version = ModuleType("version", "The release that is followed, and the library's own version.")
        version.__dict__.update(__all__=["VERSION"], VERSION=self.version)
        self.additions = {"compat": compat, "version": version}

    # Looking a name up

    def lookup(self, dotted: str) -> object:
        """What a dotted name (without "tensorflow.") means in the library; LookupError where it means nothing."""
        found: object = self.library
        for depth, name in enumerate(dotted.split(".") if dotted else ()):
            if isinstance(found, ModuleType) and name in public_names(found):
                found = getattr(found, name)
            elif depth == 0 and name in self.additions:
                found = self.additions[name]
            else:
                raise LookupError(dotted)
        return found

    def attribute(self, module: str, name: str) -> object:
        """The value of `module.name`; AttributeError that says what stands near it, where there is none."""
        full = f"{module}.{name}"
        dotted = full.removeprefix(NAME + ".")
        if name.startswith("__"):
            if name == "__version__":
                return self.version
            raise AttributeError(f"module '{module}' has no attribute '{name}'")
        try:
            value = self.lookup(dotted)
        except LookupError:
            # `name` without `obj` keeps Python from adding a second, poorer "Did you mean".
            raise AttributeError(
                f"module '{module}' has no attribute '{name}': {self.missing(dotted)}", name=name
            ) from None
        return self.alias(full, value) if isinstance(value, ModuleType) else value

    def alias(self, full: str, target: ModuleType) -> Alias:
        """The one alias of this full name."""
        if full not in self.aliases:
            self.aliases[full] = Alias(full, target, self)
        return self.aliases[full]

    # Python's import protocol

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Claim `tensorflow` and each module under it that the library has."""
        if not is_tensorflow(fullname):
            return None
        try:
            found = self.lookup(fullname.removeprefix(NAME).removeprefix("."))
        except LookupError:
            return None
        if not isinstance(found, ModuleType):
            return None
        return ModuleSpec(fullname, self, origin="gradtape", is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The alias that an attribute look-up of the same name gives too."""
        target = self.lookup(spec.name.removeprefix(NAME).removeprefix("."))
        assert isinstance(target, ModuleType)
        return self.alias(spec.name, target)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run: an alias fills itself as its names are asked for."""

    # Saying what is missing

    def dotted_names(self) -> dict[str, object]:
        """Every public name of the library with its modules' names before it."""
        names: dict[str, object] = {}
        seen = {id(self.library)}
        waiting = [("", self.library)]
        while waiting:
            prefix, module = waiting.pop(0)
            for name in public_names(module):
                value = getattr(module, name, None)
                names[prefix + name] = value
                if isinstance(value, ModuleType) and id(value) not in seen:
                    seen.add(id(value))
                    waiting.append((f"{prefix}{name}.", value))
        return names

    def relatives(self, dotted: str, most: int = 4) -> list[str]:
        """The library's names nearest to one it lacks: by the whole name or by its last part, each object once."""
        names = self.dotted_names()
        last = dotted.rpartition(".")[2]

        def likeness(name: str) -> float:
            tail = name.rpartition(".")[2]
            return max(
                difflib.SequenceMatcher(None, name.lower(), dotted.lower()).ratio(),
                difflib.SequenceMatcher(None, tail.lower(), last.lower()).ratio(),
            )

        scored = sorted((-likeness(name), len(name), name) for name in names)
        chosen: dict[int, str] = {}
        for score, _, name in scored:
            if -score < 0.6 or len(chosen) == most:  # 0.6 is what difflib itself calls a close match
                break
            chosen.setdefault(id(names[name]), name)
        return [f"{NAME}.{name}" for name in chosen.values()]

    def missing(self, dotted: str) -> str:
        """The sentence about a name that the library lacks."""
        near = self.relatives(dotted)
        nearest = f"Nearest here: {', '.join(near)}." if near else "Nothing here has a name near it."
        return (
            f"gradtape runs this program in TensorFlow's place and does not have {NAME}.{dotted}. "
            f"{nearest} The page '{COVERED_PAGE}' lists every name there is."
        )

    def annotate(self, error: BaseException) -> None:
        """Add that sentence to an ImportError about a name under `tensorflow`."""
        if not isinstance(error, ImportError):
            return
        match = CANNOT_IMPORT.match(str(error))
        if isinstance(error, ModuleNotFoundError) and error.name:
            full = error.name
        elif match:
            full = f"{match['module']}.{match['name']}"
        else:
            return
        if full.startswith(NAME + "."):
            error.add_note(self.missing(full.removeprefix(NAME + ".")))


@contextlib.contextmanager
def standing_in(library: ModuleType) -> Iterator[Face]:
    """Let `tensorflow` mean the library until the context closes; then everything is as it was."""
    face = Face(library)
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if is_tensorflow(name)}
    sys.meta_path.insert(0, face)
    try:
        yield face
    finally:
        with contextlib.suppress(ValueError):  # the program may have taken the finder out itself
            sys.meta_path.remove(face)
        for name in [name for name in sys.modules if is_tensorflow(name)]:
            del sys.modules[name]
        sys.modules.update(hidden)
