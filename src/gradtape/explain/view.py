"""What `tape.show` gives: a story that a notebook displays, that can be saved as a page, and whose text is a table."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any

from .drawing import cell, page
from .story import Story
from .summary import columns, counted
from .writing import written

TITLE = "What the tape has recorded"
ROWS = 40  # rows of the text
WIDTH = 44  # characters of a line of the program in the text


class View:
    """A recorded graph, to be looked at.

    >>> import gradtape as gt
    >>> x = gt.constant(2.0)
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = gt.sin(x)
    >>> view = tape.show(y, x)
    >>> view.data["sites"][1]["name"]
    'y = sin'
    """

    def __init__(self, story: Story) -> None:
        self._story = story

    @cached_property
    def data(self) -> dict[str, Any]:
        """What is shown, as dictionaries and lists."""
        return written(self._story, TITLE)

    @property
    def html(self) -> str:
        """The page: one HTML file that needs nothing else."""
        return page(self.data)

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write the page to a file, in place of one that is there; returns its path."""
        path = Path(file)
        path.write_text(self.html, encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        return cell(self.data)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    def __str__(self) -> str:
        sites = [site for site in self._story.sites if site.role != "walk"]
        made = sum(site.count for site in sites if site.role in ("operation", "derived"))
        values, adjoints = {}, {}
        for moment in self.data["moments"]:
            if moment["kind"] in ("value", "adjoint"):
                values[moment["at"]] = moment.get("value", "")
                if moment["kind"] == "adjoint":
                    adjoints[moment["at"]] = moment["adjoint"]
        rows, last = [], None
        for site in sites[:ROWS]:
            if site.spot is not None and site.spot.line != last:
                last = site.spot.line
                text = site.spot.text
                rows.append((f"line {last}: {text[:WIDTH]}", "", "", ""))
            name = f"  {site.name}" if site.spot is not None else site.name
            times = f"×{site.count:,}" if site.count > 1 else ""
            rows.append((name, times, values.get(site.index, ""), adjoints.get(site.index, "")))
        heads = ("operation", "times", "value", "adjoint")
        wanted = [i for i, head in enumerate(heads) if i == 0 or any(row[i] for row in rows)]
        table = [tuple([row[i] for i in wanted]) for row in [heads, *rows]]
        lines = [counted(made, "operation"), *(line.rstrip() for line in columns(table))]
        if len(sites) > ROWS:
            lines.append(f"and {counted(len(sites) - ROWS, 'other')}")
        lines += [f"∂{end.target}/∂{end.source} is None: {end.text}" for end in self._story.ends.values()]
        return "\n".join(lines)

    __repr__ = __str__
