"""The docs run: every python block of each page in order, and the examples in public docstrings."""

import doctest
import inspect
import io
import re
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from markdown_blocks import FLAGS, fenced_blocks, run_page
from peers import before
from test_exports import OBJECTS

import gradtape
from gradtape.core.tensor import ROWS

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
WITH_EXAMPLES = {"how-it-works.md", "notation.md", "nonsmooth.md", "errors.md", "tutorial/tape.md"}


def docstring_tests():
    """One doctest for each public object whose docstring has examples."""
    finder = doctest.DocTestFinder(recurse=False, exclude_empty=False)
    names = {"tf": gradtape, "gt": gradtape, "np": np}  # beside those of the object's own module
    found = {}
    for name, value in OBJECTS.items():
        target = value.fget if isinstance(value, property) else value
        target = inspect.unwrap(getattr(target, "__func__", target))
        if isinstance(getattr(target, "__doc__", None), str):
            module = target if inspect.ismodule(target) else inspect.getmodule(target)
            (test,) = finder.find(target, name, module=False, globs=vars(module or gradtape) | names)
            if test.examples:
                found[name] = test
    return found


DOCSTRINGS = docstring_tests()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_the_blocks_of_a_page_run(path, tmp_path):
    """They print what the page says, and draw the pictures that are kept in docs/pictures."""
    ran = run_page(path, tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for drawn in tmp_path.glob("*.png"):
        assert difference(drawn, DOCS / "pictures" / drawn.name) < 0.02, "python3 docs/make_pictures.py"
    has_python = any(block.language == "python" for block in fenced_blocks(path.read_text(encoding="utf-8")))
    assert (int(ran.stdout) > 0) == has_python


def difference(one, other):
    """How far two pictures of one size are apart, from 0 to 1: the mean over fields of eight by eight pixels."""
    first, second = (blurred(matplotlib.image.imread(path)) for path in (one, other))
    assert first.shape == second.shape
    return float(np.mean(np.abs(first - second)))


def blurred(picture, field=8):
    rows, columns = (size // field * field for size in picture.shape[:2])
    fields = picture[:rows, :columns, :3].reshape(rows // field, field, columns // field, field, 3)
    return fields.mean(axis=(1, 3))


def test_another_picture_would_be_seen(tmp_path):
    heat = matplotlib.image.imread(DOCS / "pictures" / "heat.png")
    matplotlib.image.imsave(tmp_path / "turned.png", heat[::-1].copy())
    assert difference(tmp_path / "turned.png", DOCS / "pictures" / "heat.png") > 0.02


def test_each_picture_is_small_and_shown():
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    pictures = sorted((DOCS / "pictures").iterdir())
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < 60_000
        assert (
            f'savefig("{picture.name}"' in text or f"-o {picture.name}" in text
        )  # by a page, or by the command
        assert f"pictures/{picture.name})" in text


@pytest.mark.parametrize(
    ("english", "korean"), [("tutorial/tape.md", "ko/tape.md"), ("index.md", "ko/index.md")]
)
def test_a_korean_page_keeps_step_with_the_english_one(english, korean):
    """The same code, the same sections, and the rest is Korean."""
    pages = [(DOCS / name).read_text(encoding="utf-8") for name in (english, korean)]
    programs = [
        [
            (block.language, block.text)
            for block in fenced_blocks(page)
            if block.language in ("python", "text")
        ]
        for page in pages
    ]
    assert programs[0] == programs[1]
    prose = [re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL) for page in pages]
    levels = [re.findall(r"^#+(?= )", page, flags=re.MULTILINE) for page in prose]
    assert levels[0] == levels[1]
    assert len(re.findall(r"[가-힣]", prose[1])) > 400


def test_the_pages_that_teach_have_examples():
    pages = {str(path.relative_to(DOCS)): fenced_blocks(path.read_text(encoding="utf-8")) for path in PAGES}
    assert {
        name for name in pages if any(block.language == "python" for block in pages[name])
    } >= WITH_EXAMPLES


def test_every_section_about_another_library_has_a_program_that_is_whole():
    """They run where the libraries are: tests/peers/before.py."""
    page = before.PAGE.read_text(encoding="utf-8")
    programs = before.programs(page)
    assert [program.library for program in programs] == re.findall(r"^## (.+)$", page, flags=re.MULTILINE)
    for program in programs:
        assert (
            f"import {program.module}" in program.source or f"from {program.module} import" in program.source
        )
        assert "print(" in program.source
        assert before.numbers(program.shown)


def test_other_numbers_would_be_seen():
    assert before.agree("DM([1, 1])", "[1. 1.]\n")
    assert before.agree("-7.35758882343", "-7.3575888234\n")
    assert not before.agree("0.2391", "0.2393")
    assert not before.agree("1.0 2.0", "1.0")
    assert not before.agree("", "")


@pytest.fixture
def own_vocabulary():
    """An example may register a primitive; it is gone afterwards."""
    rows = dict(ROWS)
    yield
    ROWS.clear()
    ROWS.update(rows)


@pytest.mark.parametrize("name", sorted(DOCSTRINGS))
@pytest.mark.usefixtures("own_vocabulary")
def test_the_examples_of_a_docstring(name):
    report = io.StringIO()
    result = doctest.DocTestRunner(optionflags=FLAGS, verbose=False).run(DOCSTRINGS[name], out=report.write)
    assert result.attempted > 0
    assert result.failed == 0, report.getvalue()


def test_the_main_names_have_examples():
    expected = {"GradientTape", "Variable", "custom_gradient", "autodiff.ForwardAccumulator"}
    assert expected <= set(DOCSTRINGS)
