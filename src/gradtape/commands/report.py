"""`gradtape report`: run a script while it is watched, and write a page, or data, about what it did."""

from __future__ import annotations

import json
import os
import platform
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..core.place import PACKAGE
from ..explain.drawing import page
from ..explain.watching import Watch
from ..explain.writing import written
from .output import CommandError


class Reporting:
    """Watches the run of one script; a context manager. `status` is to be set to what the script left with."""

    def __init__(self, script: str, arguments: Sequence[str], version: str) -> None:
        self.status = 0
        self._script = os.path.abspath(script)  # the script may go to another folder
        self._arguments = list(arguments)
        self._version = version
        self._error: dict[str, Any] | None = None
        self._watch = Watch()
        self._began = self._seconds = 0.0

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        self._watch.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._watch.__exit__(*exception)
        self._seconds = time.perf_counter() - self._began

    def failed(self, error: BaseException) -> None:
        """Remember the error that ends the script, with the last of the script's lines that it came through."""
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if not frame.filename.startswith(PACKAGE)]
        script = [frame for frame in own if frame.filename == self._script]
        found = script or own
        last = found[-1] if found else None
        self._error = {
            "type": type(error).__name__,
            "message": str(error),
            "file": None if last is None else last.filename,
            "line": None if last is None else last.lineno,
        }

    def data(self) -> dict[str, Any]:
        """What the script did."""
        run = {
            "script": self._script,
            "arguments": self._arguments,
            "status": self.status,
            "error": self._error,
            "seconds": self._seconds,
            "gradtape": self._version,
            "python": platform.python_version(),
            "numpy": np.__version__,
        }
        title = " ".join([os.path.basename(self._script), *self._arguments])
        return written(self._watch.story, title, self._watch.holdings.held, run)


def destination(script: str, output: str | None, as_json: bool) -> Path | None:
    """Where the page is to go; None for JSON that is printed.

    Raises:
        ValueError: for a folder, a folder that is not there, and the script itself.
    """
    if output is None and as_json:
        return None
    file = Path(output if output is not None else Path(script).with_suffix(".html").name).absolute()
    if file.is_dir():
        raise CommandError(f"-o: '{output}' is a folder; give the name of a file in it")
    if not file.parent.is_dir():
        raise CommandError(f"-o: there is no folder '{Path(output or '').parent}'")
    if file.exists() and file.samefile(script):
        raise CommandError(f"-o: '{output}' is the script itself")
    return file


def delivered(data: Any, file: Path, as_json: bool) -> None:
    """Write the page, or the data; a file that is there is replaced only when the new one is whole."""
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n" if as_json else page(data)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", errors="backslashreplace")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise CommandError(f"'{file}' cannot be written: {error.strerror or error}") from None
