"""`gradtape examples`: the example programs that come with the library, listed, shown and copied."""

from __future__ import annotations

import ast
import difflib
import shutil
from pathlib import Path

from .output import CommandError

PACKAGE = Path(__file__).parents[1]


def folder() -> Path:
    """Where the examples lie: inside the installed package, or beside `src` in a checkout.

    Raises:
        ValueError: if they are in neither place.
    """
    for place in (PACKAGE / "examples", PACKAGE.parents[1] / "examples"):
        if place.is_dir():
            return place
    raise CommandError("the examples did not come with this installation")


def listed() -> dict[str, str]:
    """Name and first sentence of each example."""
    found = {}
    for path in sorted(folder().glob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[path.stem] = text.split("\n\n")[0].replace("\n", " ")
    return found


def example(name: str) -> Path:
    """The file of an example.

    Raises:
        ValueError: if there is none of this name, with the one that is meant.
    """
    stem = name.removesuffix(".py")
    names = list(listed())
    if stem in names:
        return folder() / f"{stem}.py"
    close = difflib.get_close_matches(stem, names, 1)
    raise CommandError(
        f"there is no example {name!r}"
        + (f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names)}")
    )


def copied(name: str, destination: str = ".", force: bool = False) -> Path:
    """Copy an example into a folder or under a file name, and return where it is now.

    Raises:
        ValueError: if there is no such example, or a file is in its place already.
    """
    source, target = example(name), Path(destination)
    if target.is_dir():
        target = target / source.name
    if target.exists() and not force:
        raise CommandError(f"{target} exists already; --force writes over it")
    if not target.parent.is_dir():
        raise CommandError(f"there is no folder {str(target.parent)!r}")
    shutil.copyfile(source, target)
    return target
