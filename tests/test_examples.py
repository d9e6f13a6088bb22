"""Every example runs through the command and prints what stands at its end."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))
MARKER = "\n# Prints:\n"


def printed_by(path):
    """The text that the comment at the end of an example promises."""
    promised = path.read_text(encoding="utf-8").rpartition(MARKER)[2]
    return "".join(line.removeprefix("#").removeprefix(" ") for line in promised.splitlines(keepends=True))


def without_trailing_space(text):
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


def test_there_are_examples():
    assert "first_and_second_partials.py" in [path.name for path in EXAMPLES]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_prints_what_it_promises(path):
    assert MARKER in path.read_text(encoding="utf-8")
    command = [sys.executable, "-m", "gradtape", "run", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stderr
    assert without_trailing_space(ran.stdout) == printed_by(path)


def test_the_tutorial_prints_its_three_derivatives():
    values = ["3.0", "6.0", "2.0"]
    expected = "".join(f"Tensor({value}, shape=(), dtype=float32)\n" for value in values)
    assert printed_by(FOLDER / "first_and_second_partials.py") == expected
