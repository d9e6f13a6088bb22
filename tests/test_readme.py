"""The README holds: its program prints what it shows, CI runs its commands, and there is one version."""

import re
import runpy
import tomllib
from pathlib import Path

import pytest
from markdown_blocks import Block, fenced_blocks, run_page

import gradtape

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
KOREAN = (ROOT / "README.ko.md").read_text(encoding="utf-8")
readme_commands = runpy.run_path(str(ROOT / ".ci" / "readme_commands.py"))["readme_commands"]


def code(page):
    return [(block.language, block.text) for block in fenced_blocks(page)]


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_the_program_prints_what_the_page_shows(name):
    ran = run_page(ROOT / name)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert int(ran.stdout) == 1


def test_the_program_shows_the_three_derivatives():
    (shown,) = [block.text for block in fenced_blocks(README) if block.language == "text"]
    assert shown.split("\n") == [
        f"Tensor({value}, shape=(), dtype=float32)" for value in ("3.0", "6.0", "2.0")
    ] + [""]


def test_the_program_is_the_example():
    """The README's program is the example's, gradtape's name apart."""
    example = (ROOT / "examples" / "first_and_second_partials.py").read_text(encoding="utf-8")
    (program,) = [block.text for block in fenced_blocks(README) if block.language == "python"]

    def statements(text):
        body = text.split('"""')[-1].replace("import tensorflow as tf", "import gradtape as tf")
        return [line.split("#")[0].rstrip() for line in body.splitlines() if line.split("#")[0].strip()]

    assert statements(program) == statements(example)


def test_the_korean_page_has_the_same_blocks():
    assert code(KOREAN) == code(README)


def test_the_pages_link_to_each_other_and_to_files_that_exist():
    assert "(README.ko.md)" in README
    assert "(README.md)" in KOREAN
    for page in (README, KOREAN):
        targets = [target for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page) if "://" not in target]
        assert len(targets) >= 5
        assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_two_commands():
    first, second = readme_commands(README)
    assert first.startswith("python3 -m pip install . && ")
    assert first.endswith(" run examples/first_and_second_partials.py")
    assert second == 'python3 -m pip install ".[test]" && python3 -m pytest'


@pytest.mark.parametrize("lines", [[], ["one"], ["one", "two", "three"], ["one", "two\nlines"], ["one", ""]])
def test_another_number_of_commands_is_refused(lines):
    """Blocks in other sections and of other languages don't count."""
    blocks = "".join(f"```sh\n{line}\n```\n" for line in lines)
    page = f"```sh\nbefore\n```\n## The two commands\n\n{blocks}```text\n1\n```\n## Next\n```sh\nafter\n```\n"
    with pytest.raises(ValueError, match="expected two sh blocks"):
        readme_commands(page)


def test_a_second_heading_is_refused():
    with pytest.raises(ValueError, match="expected one heading"):
        readme_commands("## The two commands\n\n## The two commands\n")


def test_one_version_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^## \[([^\]]+)\]", changelog, flags=re.MULTILINE)[0] == project
    assert re.findall(r"^version: (\S+)$", citation, flags=re.MULTILINE) == [project]
    assert gradtape.__version__ == project


def test_blocks_are_found_with_their_lines():
    page = "text\n\n```python\nx = 1\n```\n\n```text\n```\n"
    assert fenced_blocks(page) == [Block("python", "x = 1\n", 4), Block("text", "", 8)]


@pytest.mark.parametrize(
    "page",
    [
        "```python\nprint(1)\n```\n```text\n2\n```\n",
        "```python\n>>> 1 + 1\n3\n\n```\n",
        "```python\n1 / 0\n```\n",
    ],
)
def test_a_wrong_page_is_caught(tmp_path, page):
    path = tmp_path / "page.md"
    path.write_text(page, encoding="utf-8")
    assert run_page(path).returncode == 1


def links(page):
    """The files of the docs that a page leads to, seen from the root."""
    found = re.findall(r"\]\(([^)#]+\.md)", (ROOT / page).read_text(encoding="utf-8"))
    return {str((ROOT / page).parent.joinpath(target).resolve().relative_to(ROOT)) for target in found}


@pytest.mark.parametrize("page", ["README.md", "README.ko.md"])
def test_the_pages_at_the_top_of_the_docs_are_linked(page):
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} - {"docs/index.md"}
    assert len(pages) > 8
    assert pages - links(page) == set()


def test_every_page_of_the_docs_is_linked():
    pages = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")} - {"docs/index.md"}
    lists = ["docs/index.md", "docs/reference/index.md", "docs/ko/index.md"]
    assert pages - set().union(*map(links, lists)) == set()
