"""Each page with programs as a Jupyter notebook beside it, with a link at the top of the page.

The notebook has the page's text and code, and what the page shows as output, written while the site is built; pictures
lie in it. Links to other pages become plain words, as a notebook is read on its own. The format is nbformat 4.5
(https://nbformat.readthedocs.io/en/latest/format_description.html). None runs inside the page: that would take a NumPy
built for browsers, from a server of others.
"""

import base64
import doctest
import json
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from sphinx.application import Sphinx

PROMPT = re.compile(r"^>>> ", flags=re.MULTILINE)
LINK = re.compile(r"(?P<code>`+[^`]*`+)|(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
OUTSIDE = re.compile(r"[a-z]+:")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook(page: str, folder: Path) -> dict[str, Any] | None:
    """The notebook of a page that lies in a folder; None for a page without programs."""
    cells = list(cells_of(page, folder))
    if not any(cell["cell_type"] == "code" for cell in cells):
        return None
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def cells_of(page: str, folder: Path) -> Iterator[dict[str, Any]]:
    """Text and code by turns, in the order of the page."""
    lines = page.splitlines(keepends=True)
    written: list[str] = []  # Markdown since the last code
    pictures: dict[str, dict[str, str]] = {}
    place = 0
    fences = [token for token in MarkdownIt().parse(page) if token.type == "fence"]
    for token, after in zip_longest(fences, fences[1:]):
        begin, end = token.map or (0, 0)
        if begin < place:  # an output that is in its cell
            continue
        written.append(alone("".join(lines[place:begin]), folder, pictures))
        place = end
        if token.info == "python":
            yield from markdown(written, pictures)
            written, pictures = [], {}
            shown = output(token, after, lines)
            yield from code(token.content, "" if shown is None else shown.content)
            if shown is not None and shown.map:
                place = shown.map[1]
        elif not token.info.startswith("{"):
            written.append("".join(lines[begin:end]))
    written.append(alone("".join(lines[place:]), folder, pictures))
    yield from markdown(written, pictures)


def output(token: Token, after: Token | None, lines: list[str]) -> Token | None:
    """The block right after a program that shows what it prints."""
    if after is None or after.info != "text" or token.map is None or after.map is None:
        return None
    return None if "".join(lines[token.map[1] : after.map[0]]).strip() else after


def markdown(written: list[str], pictures: dict[str, dict[str, str]]) -> Iterator[dict[str, Any]]:
    """A cell of text, if there is any."""
    text = "".join(written).strip()
    if text:
        cell: dict[str, Any] = {"cell_type": "markdown", "metadata": {}, "source": text}
        yield cell | ({"attachments": pictures} if pictures else {})


def code(source: str, shown: str) -> Iterator[dict[str, Any]]:
    """A cell of code with its output; one for each example of a block with prompts."""
    if not PROMPT.search(source):
        outputs = [{"output_type": "stream", "name": "stdout", "text": shown}] if shown else []
        yield code_cell(source, outputs, {})
        return
    for example in doctest.DocTestParser().get_examples(source):
        yield code_cell(example.source, [], {"tags": ["raises-exception"]} if example.exc_msg else {})


def code_cell(source: str, outputs: list[Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """One cell of code."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": outputs,
        "source": source.rstrip("\n"),
    }


def alone(text: str, folder: Path, pictures: dict[str, dict[str, str]]) -> str:
    """Text without links to other files; pictures become attachments."""

    def put(found: re.Match[str]) -> str:
        target = found["target"]
        if found["code"] or OUTSIDE.match(target or ""):
            return found[0]
        if not found["picture"]:
            return found["text"]
        file = folder / target
        pictures[file.name] = {"image/png": base64.b64encode(file.read_bytes()).decode("ascii")}
        return f"![{found['text']}](attachment:{file.name})"

    return LINK.sub(put, text)


def beside(app: Sphinx, name: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Write a page's notebook beside it, and the link."""
    source = Path(app.env.doc2path(name)) if name in app.env.found_docs else None
    if app.builder.format != "html" or source is None or source.suffix != ".md":
        return
    found = notebook(source.read_text(encoding="utf-8"), source.parent)
    if found is None:
        return
    file = Path(app.outdir) / f"{name}.ipynb"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    words = "노트북으로 내려받기" if name.startswith("ko/") else "Download as a notebook"
    link = f'<p class="notebook"><a href="{file.name}" download>{words}</a></p>\n'
    context["body"] = link + context["body"]


def setup(app: Sphinx) -> dict[str, bool]:
    """Write notebooks with every build of the site."""
    app.connect("html-page-context", beside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
