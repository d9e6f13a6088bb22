"""`gradtape cache`: what compiled code is kept on disk, and clearing it."""

from __future__ import annotations

from typing import Any

from ..backends.llvm import cache
from ..explain.summary import columns


def kept() -> dict[str, Any]:
    """The folder, how many pieces of code are in it, their bytes and the limit, and why it is not used (or None)."""
    entries = cache.entries()
    place = cache.folder()
    return {
        "folder": None if place is None else str(place),
        "entries": len(entries),
        "bytes": sum(entry.size for entry in entries),
        "limit": cache.LIMIT,
        "fault": cache.fault(),
    }


def described(found: dict[str, Any]) -> str:
    """The same as text."""
    rows = [
        ("folder", found["folder"] or "none"),
        ("entries", str(found["entries"])),
        ("size", f"{found['bytes'] / 2**20:.1f} MiB of at most {found['limit'] / 2**20:.0f}"),
    ]
    if found["fault"] is not None:
        rows.append(("not used", found["fault"]))
    return "\n".join(line.rstrip() for line in columns(rows, numbers=set()))


def cleared() -> int:
    """Remove what is kept; how many pieces of code there were."""
    return cache.clear()
