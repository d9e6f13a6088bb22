"""What holds for every test: the vocabulary after it is the one before it, and no compiled code is kept on disk."""

import itertools
import os

import pytest

from gradtape import arguments, cli
from gradtape.core.tensor import FUNCTIONS, ROWS

os.environ["GRADTAPE_CACHE"] = "off"  # tests of the cache name a folder of their own
ROWS.load()  # laws go over the whole vocabulary
FUNCTIONS.load()


@pytest.fixture(autouse=True)
def vocabulary_as_before():
    """Take out the primitives that a test registers, so that laws over the vocabulary do not meet them."""
    before = set(ROWS)
    yield
    for name in set(ROWS) - before:
        del ROWS[name]


@pytest.fixture(autouse=True)
def warnings_as_before(monkeypatch):
    """Only the first few watches of integers in a process are warned about; each test has these few."""
    monkeypatch.setattr(arguments, "_warned", itertools.count())


@pytest.fixture
def gradtape(capsys):
    """Run the command in this process; its status, output and errors."""

    def run(*arguments):
        try:
            cli.application()([str(a) for a in arguments], prog_name="gradtape")
            status = 0
        except SystemExit as leaving:
            status = leaving.code or 0
        out, err = capsys.readouterr()
        return status, out, " ".join(err.replace("│", " ").split())

    return run
