"""Mathematics as MathML, written while the pages are built: browsers show it with no script and no server."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

# A prime is a raised letter in text fonts already, and would be raised twice in a superscript.
PRIME = re.compile(r"<msup>(<mi>.</mi>)<mi>(&#x02032;)</mi></msup>")

# The name of a function stands apart from an argument without brackets: sin x, sin^2 x.
NAME = re.compile(r"(<mi>[a-z]{2,}</mi>|<msup><mi>[a-z]{2,}</mi><mn>\d</mn></msup>)(?=<m[in]>|<mi )")


def mathml(formula: str, display: str) -> str:
    """The formula as an element of a page."""
    written: str = convert(formula, display=display)
    spaced = NAME.sub(r'\1<mspace width="0.17em"/>', written)
    return PRIME.sub(r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>', spaced)


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """A formula within a line."""
    translator.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def displayed(translator: HTML5Translator, node: nodes.math_block) -> None:
    """A formula on a line of its own."""
    translator.body.append(f'<div class="math">{mathml(node.astext(), "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Make it the renderer of this site."""
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
