"""The two commands that README.md promises.

They stand under the heading "The two commands", each the one line of an `sh` block of its own. `.ci/run` runs
them, tests/test_readme.py holds their shape. As a script: print them, one a line.
"""

import re
import sys
from pathlib import Path

HEADING = "## The two commands"


def readme_commands(text: str) -> list[str]:
    """The two command lines in the text of a README; ValueError if there are not exactly two of them."""
    sections = re.findall(rf"^{re.escape(HEADING)}$(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    if len(sections) != 1:
        raise ValueError(f"expected one heading {HEADING!r}, found {len(sections)}")
    blocks = re.findall(r"^```sh\n(.*?)^```$", sections[0], flags=re.MULTILINE | re.DOTALL)
    lines = [block.strip() for block in blocks]
    if len(lines) != 2 or any("\n" in line or not line for line in lines):
        raise ValueError(f"expected two sh blocks of one line each under {HEADING!r}, found {lines}")
    return lines


if __name__ == "__main__":
    print("\n".join(readme_commands(Path(sys.argv[1]).read_text(encoding="utf-8"))))
