"""Code blocks of Markdown pages, and how they are run: shared by the tests of the README and of the docs.

The python blocks of a page run in order, in one namespace, as a reader would type them. A block with
`>>>` prompts is a doctest; any other prints, and the `text` block right after it, if there is one, is
what it prints. A page runs in an interpreter of its own (`python tests/markdown_blocks.py PAGE`),
because some advice is given once a process.
"""

import contextlib
import doctest
import io
import linecache
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its text, and the line of the page on which the text begins."""

    language: str
    text: str
    line: int


def fenced_blocks(page: str) -> list[Block]:
    """All fenced blocks of a page, in order."""
    found = re.finditer(r"^```([^\n`]*)\n(.*?)^```[ ]*$", page, flags=re.MULTILINE | re.DOTALL)
    return [Block(m[1].strip(), m[2], page.count("\n", 0, m.start(2)) + 1) for m in found]


def run_blocks(page: str, name: str) -> int:
    """Run the python blocks of a page; AssertionError at the first that does not do what the page says.

    Returns how many outputs were compared.
    """
    namespace: dict[str, object] = {"__name__": "__main__"}
    blocks = fenced_blocks(page)
    program = [""] * page.count("\n")  # the blocks that ran, each at its line: what explanations read
    compared = 0
    for block, after in zip(blocks, [*blocks, Block("", "", 0)][1:], strict=True):
        if block.language != "python":
            continue
        if re.search(r"^>>> ", block.text, flags=re.MULTILINE):
            compared += run_doctest(block, name, namespace)
            continue
        printed = io.StringIO()
        source = "\n" * (block.line - 1) + block.text
        lines = block.text.splitlines()
        program[block.line - 1 : block.line - 1 + len(lines)] = lines
        linecache.cache[name] = (len(source), None, [f"{line}\n" for line in program], name)
        with contextlib.redirect_stdout(printed):
            exec(compile(source, name, "exec"), namespace)
        if after.language == "text":
            compared += 1
            assert printed.getvalue() == after.text, f"{name}:{after.line}: printed\n{printed.getvalue()}"
    return compared


def run_doctest(block: Block, name: str, namespace: dict[str, object]) -> int:
    """Run one block of prompts in the namespace, which keeps what it defines."""
    test = doctest.DocTestParser().get_doctest(block.text, namespace, name, name, block.line - 1)
    test.globs = namespace
    report = io.StringIO()
    result = doctest.DocTestRunner(optionflags=FLAGS, verbose=False).run(
        test, out=report.write, clear_globs=False
    )
    assert result.failed == 0, report.getvalue()
    return sum(bool(example.want or example.exc_msg) for example in test.examples)


def run_page(path: Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run one page in an interpreter of its own. It prints the number of outputs compared.

    What the page saves, pictures for example, goes to the folder.
    """
    return subprocess.run(
        [sys.executable, __file__, str(path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "Agg"},
    )


if __name__ == "__main__":
    sys.stdout.write(f"{run_blocks(Path(sys.argv[1]).read_text(encoding='utf-8'), sys.argv[1])}\n")
