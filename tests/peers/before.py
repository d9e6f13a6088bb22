"""The programs of `docs/howto/migrating.md` as they were before, under the other libraries' names.

    python3 -m pip install ".[peers]" && python3 tests/peers/before.py

Each runs in an interpreter of its own, and its numbers are compared with those that the page shows for gradtape, which
tests/test_docs.py holds to what gradtape prints. A program whose library is not installed is passed over, and that is
said; so it is a job of its own and no test of the suite.
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from markdown_blocks import fenced_blocks  # the line above finds it

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "migrating.md"
TOLERANCE = 1e-4  # of pages that show four digits
MODULES = {"PyTorch": "torch"}  # others are imported under their name


@dataclass(frozen=True, slots=True)
class Program:
    """A program under another library's name, and what gradtape's prints."""

    library: str
    source: str
    shown: str

    @property
    def module(self) -> str:
        """What the program imports."""
        return MODULES.get(self.library, self.library.lower())


def programs(page: str) -> list[Program]:
    """The `py` blocks of a page, which begin with a library's name, each with the next `text` block."""
    blocks, found = fenced_blocks(page), []
    for place, block in enumerate(blocks):
        if block.language == "py":
            library = block.text.splitlines()[0].removeprefix("# ")
            shown = next(after.text for after in blocks[place:] if after.language == "text")
            found.append(Program(library, block.text, shown))
    return found


def numbers(text: str) -> list[float]:
    """All numbers in a text."""
    return [float(found) for found in re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?", text)]


def agree(theirs: str, ours: str) -> bool:
    """Whether two texts have the same numbers, to what a page shows of them."""
    one, two = numbers(theirs), numbers(ours)
    return len(one) == len(two) > 0 and all(
        abs(a - b) <= TOLERANCE * max(1.0, abs(b)) for a, b in zip(one, two, strict=True)
    )


def main() -> int:
    """Run all programs; the number of those that differ."""
    wrong = 0
    for program in programs(PAGE.read_text(encoding="utf-8")):
        if find_spec(program.module) is None:
            sys.stdout.write(f"{program.library}: skipped, as {program.module} is not installed\n")
            continue
        ran = subprocess.run(
            [sys.executable, "-c", program.source], capture_output=True, text=True, check=False
        )
        good = ran.returncode == 0 and agree(ran.stdout, program.shown)
        wrong += not good
        said = "the numbers of the page" if good else f"not the page's\n{ran.stdout}{ran.stderr}"
        sys.stdout.write(f"{program.library}: {said}\n")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
