"""Object code kept on disk between processes: a folder of the user's, a file for each piece of code.

The name of a file is the hash of all that its content depends on: the text that LLVM is given (what the passes, the
rows and the dtypes of NumPy make of a program, to the letter), the processor and its features, and the versions of
LLVM and llvmlite. So nothing has to be declared stale; what is not used goes with time. (One more file holds what LLVM
says of the processor, see `engine.py`.)

What is loaded is executed. Therefore the folder must belong to the user and be writable by nobody else, and so must
each file; where this is not so, nothing is read or written, and a warning says so once. A file begins with the hash of
its name and content, which finds what was cut off or damaged. It is no signature: who can write as the user can change
the library as well. Nothing is unpickled.

A file is written under another name and then renamed, so that processes never see half of one. Where the disk is full
or cannot be written to, there is no cache, and nothing else changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ...core.further_errors import CacheWarning

VARIABLE = "GRADTAPE_CACHE"
"""Names another folder, or `off`."""

LIMIT = 256 << 20
"""Bytes on disk; beyond it the files that were not used for longest are removed, down to three quarters."""

_MAGIC = b"gradtape 1\n"
_NAME = re.compile(r"[0-9a-f]{64}\.code")
_BLOCK = 4096  # what a small file takes on disk
_HOUR = 3600.0  # an unfinished file of this age was left by a process that died
_written = [LIMIT]  # by this process since it looked at the size of the folder; so it looks at its first file


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the cache: path, bytes on disk, and when it was used last (seconds since the epoch)."""

    path: str
    size: int
    used: float


def folder() -> Path | None:
    """Where code is kept; None if the cache is switched off or there is no place for it."""
    return _folder(os.environ.get(VARIABLE))


@lru_cache(maxsize=8)
def _folder(named: str | None) -> Path | None:
    if named is not None:
        return None if named.lower() in ("", "0", "off", "no", "false") else Path(named).expanduser()
    try:
        home = Path.home()
    except RuntimeError:  # nobody's
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "gradtape" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "gradtape"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "gradtape"


def key(*parts: str) -> str:
    """The name of what these texts determine."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def find(name: str) -> bytes | None:
    """The object code of this name; None if it is not there or damaged."""
    place = _usable(make=False)
    if place is None:
        return None
    path = place / f"{name}.code"
    try:
        # A link could lead to another's file.
        with open(
            os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "rb"
        ) as file:
            if _fault(os.fstat(file.fileno())):
                return None
            content = file.read()
        code = content[len(_MAGIC) + 32 :]
        if content == _sealed(name, code):
            os.utime(path)
            return code
        path.unlink()
    except OSError:
        pass
    return None


def keep(name: str, code: bytes) -> None:
    """Keep object code under a name, if that can be."""
    place = _usable(make=True)
    if place is None:
        return
    unfinished = place / f"{secrets.token_hex(16)}.part"
    try:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            with open(os.open(unfinished, flags, 0o600), "wb") as file:
                file.write(_sealed(name, code))
            unfinished.replace(place / f"{name}.code")
        except BaseException:  # also when somebody presses Ctrl-C
            unfinished.unlink(missing_ok=True)
            raise
        _written[0] += len(code)
        if _written[0] > LIMIT // 16:
            _written[0] = 0
            _trim(place)
    except OSError:
        pass


def drop(name: str) -> None:
    """Remove what is kept under a name."""
    place = _usable(make=False)
    if place is not None:
        with contextlib.suppress(OSError):
            (place / f"{name}.code").unlink()


def entries() -> list[Entry]:
    """All that is kept, what was not used for longest first."""
    place = folder()
    return [] if place is None else sorted(_entries(place), key=lambda entry: entry.used)


def clear() -> int:
    """Remove all that is kept; how many files there were. Other files in the folder stay."""
    found = entries()
    for entry in found:
        with contextlib.suppress(OSError):
            os.unlink(entry.path)
    return len(found)


def fault() -> str | None:
    """Why the folder is not used, or None."""
    place = folder()
    if place is None:
        return f"switched off ({VARIABLE})" if VARIABLE in os.environ else "no folder of the user's own"
    try:
        return _fault(os.stat(place))
    except FileNotFoundError:
        return None  # it is made with the first file
    except OSError as error:
        return str(error)


def _sealed(name: str, code: bytes) -> bytes:
    """The content of a file."""
    return _MAGIC + hashlib.sha256(name.encode() + code).digest() + code


def _fault(found: os.stat_result) -> str | None:
    """Why code from a folder or file of this sort is not to be executed, or None."""
    if not hasattr(os, "geteuid"):
        return None  # Windows: the folder of a user's local data is closed to others
    if found.st_uid != os.geteuid():
        return f"it belongs to another user (number {found.st_uid})"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others may write to it"
    return None


def _usable(make: bool) -> Path | None:
    """The folder, made if asked for; None where it cannot or must not be used."""
    place = folder()
    if place is None:
        return None
    try:
        if make:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.mkdir(mode=0o700, exist_ok=True)
        found = os.stat(place)
    except OSError:
        return None
    why = _fault(found)
    if why is None:
        return place
    if str(place) not in _told:
        _told.add(str(place))
        warnings.warn(
            f"gt.function keeps no compiled code in {place}: {why}. Remove that folder, set {VARIABLE} to one that is "
            f"yours alone (chmod 700), or set {VARIABLE}=off",
            CacheWarning,
            stacklevel=2,
        )
    return None


_told: set[str] = set()


def _entries(place: Path) -> Iterator[Entry]:
    with contextlib.suppress(OSError), os.scandir(place) as files:
        for file in files:
            if _NAME.fullmatch(file.name):
                with contextlib.suppress(OSError):
                    found = file.stat(follow_symlinks=False)
                    yield Entry(file.path, max(found.st_size, _BLOCK), found.st_mtime)


def _trim(place: Path) -> None:
    """Remove what was not used for longest where there is too much, and what dead processes left."""
    found = sorted(_entries(place), key=lambda entry: entry.used)
    total = sum(entry.size for entry in found)
    goal = LIMIT * 3 // 4 if total > LIMIT else total
    for entry in found:
        if total <= goal:
            break
        with contextlib.suppress(OSError):
            os.unlink(entry.path)
        total -= entry.size
    for path in place.glob("*.part"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _HOUR:
                path.unlink()
