"""The page that shows a story: one HTML file that needs nothing else, and the same inside a notebook's cell.

Style and behaviour are the files in `page/`. What the page says is in it twice: as data that the script draws, and as
tables that are there without it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from .summary import counted, size

FOLDER = files(__package__) / "page"
ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
ROWS = 400  # rows of the table of operations
CLASS = ' class="number"'
SCRIPTS = (
    "layout.js",
    "story.js",
    "graph.js",
    "panes.js",
    "controls.js",
)  # one after the other, in one function


def page(data: Mapping[str, Any], embedded: bool = False) -> str:
    """The page for the data of a story as HTML."""
    parts = {
        "style": _read("page.css"),
        "script": "\n".join(map(_read, SCRIPTS)),
        "title": escaped(data["title"]),
        "class": "embedded" if embedded else "",
        "facts": escaped(facts(data)),
        "error": _error(data),
        "sections": "\n".join(section for make in (_asked, _ends, _tapes) if (section := make(data))),
        "table": _operations(data),
        "left_out": _left_out(data["left_out"]),
        # "<" could end the element that the data stand in.
        "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _read("page.html"))


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8").strip()


def cell(data: Mapping[str, Any]) -> str:
    """The page inside a frame of its own, for the output cell of a notebook; its style and script stay in there."""
    lines = sum(len(run["lines"]) for source in data["sources"] for run in source["runs"])
    height = min(760, 420 + 30 * max(len(data["sites"]), lines // 2))
    inside = escaped(page(data, embedded=True))
    return (
        f'<iframe title="{escaped(data["title"])}" sandbox="allow-scripts" srcdoc="{inside}" '
        f'style="width:100%;height:{height}px;border:0"></iframe>'
    )


def escaped(text: str) -> str:
    """A text inside HTML, also between quotation marks. Python's `html` loads a table of 2,000 names beside this."""
    return text.translate(ESCAPES)


def facts(data: Mapping[str, Any]) -> str:
    """A line on how much there is."""
    sites = [site for site in data["sites"] if site["role"] in ("operation", "derived")]
    made = counted(sum(site["count"] for site in sites), "operation")
    parts = [
        f"{made} at {counted(len(sites), 'place')} of the program",
        counted(sum(asked["count"] for asked in data["asked"]), "call") + " for derivatives",
    ]
    flops = sum(site["flops"] for site in sites)
    if flops:
        parts.append(f"about {flops:,} floating-point operations")
    run = data["run"]
    if run is not None:
        parts += [
            f"{run['seconds']:.3g} s while watched",
            f"gradtape {run['gradtape']}, Python {run['python']}",
        ]
    return " · ".join(parts)


def _error(data: Mapping[str, Any]) -> str:
    run = data["run"]
    if run is None or (run["error"] is None and not run["status"]):
        return ""
    error = run["error"]
    if error is None:
        return f'<p class="error" role="alert">The script left with status {run["status"]}.</p>'
    where = f" at line {error['line']}" if error["line"] else ""
    text = escaped(f"{error['type']}{where}: {error['message']}")
    return f'<p class="error" role="alert">{text}</p>'


def _rows(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    numeric = rows[0] if rows else ()
    head = "".join(
        f'<th scope="col"{CLASS if cell.startswith(f"<td{CLASS}") else ""}>{name}</th>'
        for name, cell in zip(heads, numeric, strict=False)
    )
    body = "\n".join("<tr>" + "".join(row) + "</tr>" for row in rows)
    table = f'<table aria-label="{caption}"><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>'
    return f'<div class="wide">{table}</div>'


def _cell(text: object, code: bool = False) -> str:
    inside = escaped(str(text))
    return f"<td><code>{inside}</code></td>" if code and inside else f"<td>{inside}</td>"


def _count(value: int, text: Callable[[int], str] = "{:,}".format) -> str:
    return f"<td{CLASS}>{text(value)}</td>"


def _line(place: Mapping[str, Any]) -> str:
    return f"<td{CLASS}>{place['line'] or ''}</td>"


def _asked(data: Mapping[str, Any]) -> str:
    """The calls for derivatives, one row for each line that asked."""
    if not data["asked"]:
        return ""
    tapes = {tape["id"]: tape for tape in data["tapes"]}
    rows = []
    for asked in data["asked"]:
        tape = tapes.get(asked["tape"], {"name": "tape", "thread": ""})
        call = f"{tape['name']}.{asked['method']}" + (f" in {tape['thread']}" if tape["thread"] else "")
        answers = "; ".join("None" if result is None else result for result in asked["results"])
        if not asked["answered"]:
            answers = "no answer: an error came first"
        said = f'data-asked="{asked["id"]}" aria-label="Go to {call}, line {asked["line"]}"'
        button = f'<td><button type="button" {said}>show</button></td>'
        rows.append(
            [
                _line(asked),
                _cell(call, True),
                _cell(", ".join(asked["targets"]), True),
                _cell(", ".join(asked["sources"]), True),
                _cell(answers, True),
                _count(asked["count"]),
                _count(asked["operations"]),
                button,
            ]
        )
    heads = (
        "line",
        "call",
        "of",
        "with respect to",
        "answer, the last time",
        "times",
        "operations of rules",
        "",
    )
    return "<h2>Derivatives that were asked for</h2>\n" + _rows(
        heads, rows, "Derivatives that were asked for"
    )


def _ends(data: Mapping[str, Any]) -> str:
    """Why derivatives were None."""
    if not data["ends"]:
        return ""
    found = [
        f'<div class="end"><strong>∂{escaped(end["target"])}/∂{escaped(end["source"])} is None: '
        f"{escaped(end['cause'])}</strong><p>{escaped(end['text'])} {escaped(end['remedy'])}</p></div>"
        for end in data["ends"]
    ]
    return "<h2>Why derivatives are None</h2>\n" + "\n".join(found)


def _tapes(data: Mapping[str, Any]) -> str:
    """The tapes, one row for each line that opened some."""
    if not data["tapes"]:
        return ""
    threads = any(tape["thread"] for tape in data["tapes"])
    rows = [
        [
            _line(tape),
            _cell(tape["name"], True),
            *([_cell(tape["thread"])] if threads else []),
            _count(tape["count"]),
            _count(tape["operations"]),
        ]
        for tape in data["tapes"]
    ]
    heads = ("line", "tape", *(["thread"] if threads else []), "times", "operations followed")
    return "<h2>Tapes</h2>\n" + _rows(heads, rows, "Tapes")


def _operations(data: Mapping[str, Any]) -> str:
    """Every operation with its last value and adjoint."""
    values: dict[int, str] = {}
    adjoints: dict[int, str] = {}
    for moment in data["moments"]:
        if moment["kind"] in ("value", "adjoint"):
            values[moment["at"]] = moment.get("value", "")
            adjoints[moment["at"]] = moment.get("adjoint", adjoints.get(moment["at"], ""))
    shown = [site for site in data["sites"] if site["role"] != "walk"]
    rows = [
        [
            _line(site),
            _cell(site["name"], True),
            _cell(site["kind"] or site["role"]),
            _cell(f"{site['dtype']}{site['shape']}" if site["shape"] is not None else "", True),
            _cell(values.get(site["id"], ""), True),
            _cell(adjoints.get(site["id"], ""), True),
            _count(site["count"]),
            _count(site["bytes"], size),
            _count(site["flops"]),
        ]
        for site in shown[:ROWS]
    ]
    heads = (
        "line",
        "operation",
        "rule",
        "type",
        "last value",
        "last adjoint",
        "times",
        "bytes made",
        "flops",
    )
    more = (
        "" if len(shown) <= ROWS else f"<p>{len(shown) - ROWS:,} further operations are not in the table.</p>"
    )
    return _rows(heads, rows, "Operations") + more


def _left_out(sentences: Sequence[str]) -> str:
    if not sentences:
        return "<p>Nothing was left out.</p>"
    items = "".join(f"<li>{escaped(sentence)}</li>" for sentence in sentences)
    return f"<p>Left out of this page:</p><ul>{items}</ul>"
