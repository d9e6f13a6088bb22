"""A function in a file, named as `FILE:FUNCTION`."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from ..faces.tensorflow import standing_in
from .output import CommandError


def function_at(place: str, library: ModuleType | None = None) -> Any:
    """The function that a place names; its file is run as a module."""
    file, colon, path = place.rpartition(":")
    if not colon or not path:
        raise CommandError(f"{place!r} names no function; write it as model.py:loss")
    if not Path(file).is_file():
        raise CommandError(f"there is no file {file!r}")
    name = Path(file).stem
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise CommandError(f"{file!r} is no Python file")
    module = module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    sys.path.insert(0, str(Path(file).resolve().parent))
    try:
        if library is None:
            spec.loader.exec_module(module)
        else:
            with standing_in(library):
                spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
    found: Any = module
    for part in path.split("."):
        if not hasattr(found, part):
            raise CommandError(f"{file} has no {path!r}")
        found = getattr(found, part)
    if not callable(found):
        raise CommandError(f"{path} in {file} is no function but of type {type(found).__name__!r}")
    return found
