"""What holds for every test: the vocabulary after it is the one before it."""

import pytest

from gradtape.core.tensor import ROWS


@pytest.fixture(autouse=True)
def vocabulary_as_before():
    """Take out the primitives that a test registers, so that laws over the vocabulary do not meet them."""
    before = set(ROWS)
    yield
    for name in set(ROWS) - before:
        del ROWS[name]
