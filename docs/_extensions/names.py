"""The directive `names`: public names of gradtape with their signatures and docstrings, as the library has them.

    ```{names}
    GradientTape custom_gradient math
    ```

A class comes with its public methods, a namespace with all that it offers. `*` stands for every public name at the top
that no page of the folder lists. A thing that has several names is described under the
shortest; the others point there.
"""

import inspect
import re
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from docstrings import body_of
from docutils import nodes
from myst_parser.slugs import github_slugify
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import gradtape

LISTED = re.compile(r"^```\{names\}\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
METHODS = types.FunctionType | property | classmethod | staticmethod


def listed(page: str) -> list[str]:
    """The names that the directives of a page have, in order."""
    return [name for block in LISTED.findall(page) for name in block.split()]


def top_names(words: list[str], folder: Path) -> list[str]:
    """The words of a directive, with `*` replaced by what no page of its folder lists."""
    named = {name for page in folder.glob("*.md") for name in listed(page.read_text(encoding="utf-8"))}
    rest = [name for name in gradtape.__all__ if name not in named]
    return [name for word in words for name in (rest if word == "*" else [word])]


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """The public parts of a namespace or of a class of gradtape's, with their names."""
    if inspect.ismodule(value):
        yield from ((name, getattr(value, name)) for name in value.__all__)
    elif inspect.isclass(value) and value.__module__.startswith("gradtape"):
        own = [part for part in value.__mro__ if part.__module__.startswith("gradtape")]
        found = {name: member for part in reversed(own) for name, member in vars(part).items()}
        public = [(name, member) for name, member in found.items() if not name.startswith("_")]
        yield from ((name, member) for name, member in public if isinstance(member, METHODS))


def parameters(value: Any) -> str:
    """What stands in the brackets of a call: names and defaults; "" for what is not called."""
    target = value.__func__ if isinstance(value, classmethod | staticmethod) else value
    if isinstance(target, property) or inspect.ismodule(target) or not callable(target):
        return ""
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return ""
    shown = [p.replace(annotation=p.empty) for name, p in signature.parameters.items() if name != "self"]
    if isinstance(value, classmethod):
        shown = shown[1:]
    text = str(signature.replace(parameters=shown, return_annotation=signature.empty))
    text = re.sub(r"<(\w+\.\w+): [^<>]*>", r"\1", text)  # a member of an enumeration
    return re.sub(r"<[^<>]* at 0x[0-9a-f]+>", "...", text)


def kind(value: Any, inside: bool) -> str:
    """The kind of object, in the words of Sphinx's Python domain."""
    if inspect.ismodule(value):
        return "module"
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    if isinstance(value, property):
        return "property"
    return ("method" if inside else "function") if callable(value) or inside else "data"


def docstring(value: Any) -> str:
    """The docstring of its own; "" for a constant."""
    if inspect.isclass(value):
        return inspect.cleandoc(vars(value).get("__doc__") or "")
    documented = callable(value) or inspect.ismodule(value) or isinstance(value, METHODS)
    return (inspect.getdoc(value) or "") if documented else f"`{value!r}`"


@cache
def main_names() -> dict[int, str]:
    """The name under which each function, class and namespace is described, by identity."""
    found: dict[int, str] = {}
    level = [(f"gradtape.{name}", getattr(gradtape, name)) for name in gradtape.__all__]
    while level:
        for name, value in level:
            found.setdefault(id(value), name)
        spaces = [(name, value) for name, value in level if inspect.ismodule(value)]
        level = [(f"{name}.{part}", member) for name, value in spaces for part, member in members(value)]
    return found


def main_name(value: Any, name: str) -> str:
    """The name under which a thing is described that is met under another."""
    several = inspect.isfunction(value) or inspect.isclass(value) or inspect.ismodule(value)
    return main_names().get(id(value), name) if several else name


class Names(SphinxDirective):
    """Describes public names; see the top of this file."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """One description for each name."""
        words = " ".join(self.content).split()
        folder = Path(self.env.doc2path(self.env.docname)).parent
        return [self.described(name, getattr(gradtape, name), False) for name in top_names(words, folder)]

    def described(self, name: str, value: Any, inside: bool) -> nodes.Node:
        """The description of one thing, and within it those of its parts."""
        what, anchor = kind(value, inside), f"gradtape.{name}"
        signature = addnodes.desc_signature(ids=[anchor], **{"class": "", "fullname": anchor})
        prefix, _, last = anchor.rpartition(".")
        signature += [
            addnodes.desc_addname("", f"{prefix}."),
            addnodes.desc_name("", last),
            addnodes.desc_sig_space("", "") if what == "property" else nodes.inline("", parameters(value)),
        ]
        content = addnodes.desc_content()
        described = addnodes.desc("", signature, content, domain="py", objtype=what, desctype=what)
        described["classes"] += ["py", what]
        self.state.document.note_explicit_target(signature)
        python: Any = self.env.get_domain("py")
        if what == "module":
            python.note_module(anchor, anchor, "", "", False)
        elsewhere = main_name(value, anchor)
        python.note_object(anchor, what, anchor, aliased=elsewhere != anchor, location=signature)
        if elsewhere != anchor:
            content += self.pointer(elsewhere)
            return described
        content += body_of(docstring(value))
        if title := getattr(value, "section", None):
            content += self.example(title)
        content += [
            self.described(f"{name}.{part}", member, inspect.isclass(value))
            for part, member in members(value)
        ]
        return described

    def example(self, title: str) -> nodes.Node:
        """A line that leads to where an error is shown: the section of errors.md that its messages name."""
        page = self.env.app.builder.get_relative_uri(self.env.docname, "errors")
        reference = nodes.reference(
            "", title, internal=True, refuri=f"{page}#{github_slugify(title.replace('`', ''))}"
        )
        return nodes.paragraph("", "Failing and mended: ", reference, nodes.Text("."))

    def pointer(self, name: str) -> nodes.Node:
        """A line that leads to the description."""
        reference = addnodes.pending_xref(
            "", nodes.literal(text=name), refdomain="py", reftype="obj", reftarget=name, refwarn=True
        )
        return nodes.paragraph("", "The same as ", reference, nodes.Text("."))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("names", Names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
