"""The pages as a browser gets them: built without a warning, whole without any server, every public name findable."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
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
