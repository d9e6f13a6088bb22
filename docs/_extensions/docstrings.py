"""Docstrings as nodes of a page: paragraphs, sections such as `Args:`, examples with prompts, set-off lines.

The text is not read as markup, save for `code` between backticks: `**kwargs` and `|x|` mean what they say.
"""

import re
from collections.abc import Iterator

from docutils import nodes

SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):")
ENTRY = re.compile(r"    ([\w*, .]+): (.*)")


def body_of(text: str) -> list[nodes.Node]:
    """The nodes of a cleaned docstring."""
    return [node for chunk in chunks(text) for node in chunk_nodes(chunk)]


def chunks(text: str) -> list[list[str]]:
    """Groups of lines between empty lines; an example goes on over empty lines in its output's place."""
    return [part.splitlines() for part in re.split(r"\n\s*\n", text.strip("\n")) if part.strip()]


def chunk_nodes(lines: list[str]) -> Iterator[nodes.Node]:
    """What one group of lines is."""
    section = SECTION.fullmatch(lines[0])
    if section:
        yield from section_nodes(section[1], lines[1:])
    elif lines[0].startswith(">>>"):
        yield nodes.literal_block("", "\n".join(lines), language="pycon")
    elif all(line.startswith("    ") for line in lines):
        yield nodes.literal_block("", "\n".join(line[4:] for line in lines), language="text")
    elif lines[0].startswith("- "):
        entries = re.split(r"\n- ", "\n".join(lines)[2:])
        yield nodes.bullet_list("", *(nodes.list_item("", paragraph(entry)) for entry in entries))
    else:
        yield paragraph(" ".join(lines))


def section_nodes(title: str, lines: list[str]) -> Iterator[nodes.Node]:
    """A section: a list of what is named in it, or its text."""
    entries: list[tuple[str, list[str]]] = []
    for line in lines:
        found = ENTRY.fullmatch(line) if title != "Returns" else None
        if found:
            entries.append((found[1], [found[2]]))
        elif entries:
            entries[-1][1].append(line.strip())
        else:
            entries.append(("", [line.strip()]))
    yield nodes.paragraph(
        "", "", nodes.strong("", {"Args": "Arguments"}.get(title, title)), classes=["section"]
    )
    if [name for name, _ in entries] == [""]:
        yield nodes.block_quote("", paragraph(" ".join(entries[0][1])), classes=["section"])
        return
    items = []
    for name, words in entries:
        term = nodes.term("", "", nodes.literal(text=name))
        items.append(nodes.definition_list_item("", term, nodes.definition("", paragraph(" ".join(words)))))
    yield nodes.definition_list("", *items, classes=["section"])


def paragraph(text: str) -> nodes.paragraph:
    """A paragraph in which what stands between backticks is code."""
    parts = re.split(r"``?([^`]+)``?", " ".join(text.split()))
    return nodes.paragraph(
        "", "", *(nodes.literal(text=part) if i % 2 else nodes.Text(part) for i, part in enumerate(parts))
    )
