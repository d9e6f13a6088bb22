"""A story as data: dictionaries, lists, texts and numbers, of bounded size. `gradtape report --json` prints them.

The data have: `title`; `run` (script, arguments, status, error, seconds, versions) or None; `sources` (files with the
lines that were passed, and some around them); `sites` (operations and sources of values, with the expression they stand
at and their inputs); `moments` (what happened, in order); `tapes`; `asked` (the lines that asked for derivatives);
`ends` (why derivatives were None); `memory`; and `left_out`, sentences on what is not in them.
"""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterable, Sequence
from typing import Any

from .digest import shown
from .places import Spot
from .story import LAST, SITES, WALK, WHOLE, End, Moment, Site, Story

FORMAT = 1
LINES = 3000  # lines of source text in all
AROUND = 8  # lines shown around those that were passed, where a file is too long to be shown whole
TEXT = 400  # characters of a line
HIDDEN = frozenset({"walk"})  # roles that only count


def written(
    story: Story, title: str, held: Sequence[tuple[int, int]] = (), run: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The data of a story."""
    moments = story.told()
    spots = [site.spot for site in story.sites] + [asked.spot for asked in story.asked.values()]
    spots += [tape.spot for tape in story.tapes.values()]
    files, left = _files(spots, None if run is None else run["script"])
    order = {source["file"]: index for index, source in enumerate(files)}
    return {
        "format": FORMAT,
        "title": title,
        "run": run,
        "sources": files,
        "sites": [_site(site, order) for site in story.sites],
        "moments": [_moment(moment) for moment in moments],
        "tapes": [
            {
                "id": tape.index,
                "name": tape.name or "tape",
                "thread": tape.thread,
                **_place(tape.spot, order),
                "count": tape.count,
                "operations": tape.operations,
            }
            for tape in story.tapes.values()
        ],
        "asked": [
            {
                "id": asked.index,
                "method": asked.method,
                "tape": asked.tape,
                **_place(asked.spot, order),
                "targets": list(asked.targets),
                "sources": list(asked.sources),
                "results": [shown(result) if result is not None else None for result in asked.results],
                "count": asked.count,
                "answered": asked.answered,
                "operations": asked.operations,
                "none": asked.missing,
            }
            for asked in story.asked.values()
        ],
        "ends": [_end(end, order) for end in story.ends.values()],
        "memory": {
            "points": [list(point) for point in story.memory.points],
            "peak": story.memory.peak,
            "peak_clock": story.memory.peak_clock,
            "held": [{"site": site, "bytes": count} for site, count in held],
        },
        "left_out": left + _left_out(story),
    }


def _site(site: Site, order: dict[str, int]) -> dict[str, Any]:
    return {
        "id": site.index,
        "name": site.name,
        "role": site.role,
        "kind": site.kind,
        **_place(site.spot, order),
        "asked": site.asked,
        "count": site.count,
        "shape": None if site.shape is None else list(site.shape),
        "dtype": site.dtype,
        "bytes": site.bytes,
        "flops": round(site.flops),
        "followed": site.followed,
        "ended": site.ended,
        "left": dict(site.left),
        "inputs": [[slot, other, count] for (slot, other), count in site.inputs.items()],
        "numbers": {str(slot): text for slot, text in site.numbers.items()},
    }


def _moment(moment: Moment) -> dict[str, Any]:
    data = {"clock": moment.clock, "kind": moment.kind, "at": moment.site, "time": moment.time}
    if moment.kind == "answer":
        data["value"] = "; ".join("None" if result is None else shown(result) for result in moment.value)
    elif moment.value is not None:
        data["value"] = shown(moment.value)
    if moment.adjoint is not None:
        data["adjoint"] = shown(moment.adjoint)
    return data


def _end(end: End, order: dict[str, int]) -> dict[str, Any]:
    place = end.place or ("", 0)
    return {
        "asked": end.asked,
        "target": end.target,
        "source": end.source,
        "cause": end.cause,
        "text": end.text,
        "remedy": end.remedy,
        "file": order.get(place[0]),
        "line": place[1],
        "from": end.from_site,
        "to": end.to_site,
    }


def _place(spot: Spot | None, order: dict[str, int]) -> dict[str, Any]:
    if spot is None:
        return {"file": None, "line": 0, "start": 0, "stop": 0, "function": ""}
    return {
        "file": order.get(spot.file),
        "line": spot.line,
        "start": spot.start,
        "stop": spot.stop,
        "function": spot.function,
    }


def _files(spots: Iterable[Spot | None], script: str | None) -> tuple[list[dict[str, Any]], list[str]]:
    """The files of a story, the script first, each as runs of lines; and what was left out of them."""
    passed: dict[str, set[int]] = {} if script is None else {os.path.abspath(script): set()}
    for spot in spots:
        if spot is not None:
            passed.setdefault(spot.file, set()).add(spot.line)
    files, left, room = [], [], LINES
    for file, numbers in passed.items():
        lines = linecache.getlines(file)
        if not lines:
            continue
        wanted: Sequence[int] = range(1, len(lines) + 1)
        if len(lines) > room:
            near = {number for line in numbers for number in range(line - AROUND, line + AROUND + 1)}
            wanted = sorted(near.intersection(wanted))[: max(room, 0)]
            left.append(f"{file}: {len(lines) - len(wanted):,} of its {len(lines):,} lines.")
        room -= len(wanted)
        runs: list[dict[str, Any]] = []
        for number in wanted:
            if not runs or runs[-1]["first"] + len(runs[-1]["lines"]) != number:
                runs.append({"first": number, "lines": []})
            runs[-1]["lines"].append(lines[number - 1].rstrip("\n")[:TEXT])
        files.append({"file": file, "name": os.path.basename(file), "runs": runs})
    return files, left


def _left_out(story: Story) -> list[str]:
    """Sentences on what a story has not kept."""
    found = []
    if story.passed_over:
        found.append(
            f"{story.passed_over:,} of {story.clock:,} moments: kept are the first {WHOLE:,}, the first {WALK} of each "
            f"walk back while there is room, and the last {LAST} of each operation."
        )
    if story.crowded:
        found.append(
            f"What tells {story.crowded:,} operations apart: the first {SITES:,} are shown one by one, further ones "
            "together with others of their line."
        )
    return found
