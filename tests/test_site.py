"""The pages as a browser gets them: built without a warning, whole without any server, every public name findable."""

import base64
import doctest
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_blocks import fenced_blocks
from test_exports import OBJECTS

DOCS = Path(__file__).parents[1] / "docs"
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "object": "data"}


class Loaded(HTMLParser):
    """The addresses that a browser fetches by itself when it shows a page, and the mathematics on it."""

    def __init__(self):
        super().__init__()
        self.addresses, self.formulas = [], 0

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in LOADS and given.get("rel") not in ("index", "search", "next", "prev"):
            self.addresses.append(given.get(LOADS[tag]) or "")
        self.formulas += tag == "math"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built pages."""
    folder = tmp_path_factory.mktemp("site")
    command = ["-m", "sphinx", "-W", "-E", "-q", "-b", "html", "-d", str(folder / "trees"), str(DOCS)]
    ran = subprocess.run(
        [sys.executable, *command, str(folder / "html")], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return folder / "html"


def loaded(text):
    parser = Loaded()
    parser.feed(text)
    return parser


def outside(addresses):
    return [address for address in addresses if re.match(r"[a-z]+:|//", address)]


def test_each_page_is_built(site):
    for page in DOCS.rglob("*.md"):
        assert (site / page.relative_to(DOCS)).with_suffix(".html").exists()


def test_nothing_is_fetched_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        found = loaded(page.read_text(encoding="utf-8"))
        assert outside(found.addresses) == [], page
        assert any(address.endswith(".css") for address in found.addresses), page
    for sheet in site.rglob("*.css"):
        assert outside(re.findall(r"url\(['\"]?([^'\")]+)", sheet.read_text(encoding="utf-8"))) == [], sheet


def test_an_address_elsewhere_would_be_seen():
    page = '<script src="https://a.example.org/m.js"></script><link rel="stylesheet" href="//b.example.org/a.css">'
    assert len(outside(loaded(page).addresses)) == 2


def programs(page):
    """The statements of a page's programs, in order."""
    found = []
    for block in fenced_blocks(page):
        if block.language == "python" and re.search(r"^>>> ", block.text, flags=re.MULTILINE):
            found += [
                example.source.rstrip("\n") for example in doctest.DocTestParser().get_examples(block.text)
            ]
        elif block.language == "python":
            found.append(block.text.rstrip("\n"))
    return found


def test_each_page_with_programs_is_a_notebook_too(site):
    for page in DOCS.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        file = (site / page.relative_to(DOCS)).with_suffix(".ipynb")
        assert file.exists() == bool(programs(text)), page
        linked = f'<a href="{file.name}" download>' in file.with_suffix(".html").read_text(encoding="utf-8")
        assert linked == file.exists()
        if file.exists():
            notebook = json.loads(file.read_text(encoding="utf-8"))
            is_whole(notebook)
            cells = notebook["cells"]
            assert [cell["source"] for cell in cells if cell["cell_type"] == "code"] == programs(text)
            prose = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
            assert prose.startswith("# ")
            assert re.findall(r"^## .*$", prose, flags=re.MULTILINE) == re.findall(
                r"^## .*$",
                re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL),
                flags=re.MULTILINE,
            )
            assert prose.count("attachment:") == len(re.findall(r"!\[[^\]]*\]\(\S*pictures/", text))
            assert not re.search(r"\]\([^)]*\.md\b", prose)


def is_whole(notebook):
    """What the format asks of a notebook (nbformat 4.5)."""
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"].keys() == {"display_name", "language", "name"}
    identities = [cell["id"] for cell in notebook["cells"]]
    assert len(set(identities)) == len(identities)
    for cell in notebook["cells"]:
        assert re.fullmatch(r"[\w-]{1,64}", cell["id"])
        assert cell["source"]
        keys = {"cell_type", "id", "metadata", "source"}
        if cell["cell_type"] == "code":
            assert cell.keys() == keys | {"execution_count", "outputs"}
            for output in cell["outputs"]:
                assert output.keys() == {"output_type", "name", "text"}
        else:
            assert cell["cell_type"] == "markdown"
            assert cell.keys() - {"attachments"} == keys
            for name, data in cell.get("attachments", {}).items():
                assert f"(attachment:{name})" in cell["source"]
                assert base64.b64decode(data["image/png"], validate=True).startswith(b"\x89PNG")


def test_a_notebook_shows_what_the_page_shows(site):
    (first, *_) = [
        cell
        for cell in json.loads((site / "index.ipynb").read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    assert first["outputs"] == [
        {"output_type": "stream", "name": "stdout", "text": "Tensor(6.0, shape=(), dtype=float32)\n"}
    ]


def test_formulas_are_mathml(site):
    page = (site / "how-it-works.html").read_text(encoding="utf-8")
    assert loaded(page).formulas > 10
    assert "\\(" not in page
    assert "\\frac" not in page
    assert "<mrow><mi>y</mi><mo" in page  # a prime beside its letter, not raised once more


def test_every_public_name_has_its_place(site):
    anchors = set()
    for page in (site / "reference").glob("*.html"):
        anchors.update(re.findall(r'id="gradtape\.([\w.]+)"', page.read_text(encoding="utf-8")))
    described = {name for name in OBJECTS if name in anchors}
    elsewhere = {name for name in OBJECTS if name not in anchors}
    # The parts of a class or namespace that has a shorter name are described under that.
    twice = {name for name in elsewhere if any(name.startswith(f"{alias}.") for alias in aliases())}
    assert len(described) > 600
    assert elsewhere - twice == set()


def test_every_error_leads_to_its_section(site):
    page = (site / "reference" / "checks.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'<section id="([^"]+)"', (site / "errors.html").read_text(encoding="utf-8")))
    shown |= set(re.findall(r'<span id="([^"]+)"', (site / "errors.html").read_text(encoding="utf-8")))
    named = re.findall(r'Failing and mended: <a [^>]*href="\.\./errors\.html#([^"]+)"', page)
    assert len(named) > 50
    assert set(named) <= shown


def aliases():
    """Names of classes and namespaces that have a shorter one."""
    sys.path.insert(0, str(DOCS / "_extensions"))
    try:
        from names import main_name
    finally:
        sys.path.pop(0)
    return [
        name for name, value in OBJECTS.items() if main_name(value, f"gradtape.{name}") != f"gradtape.{name}"
    ]


def test_the_index_for_searching_has_the_names(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert "vectorized_map" in index
    assert "GradientTape" in index
