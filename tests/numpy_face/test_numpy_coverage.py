"""The page of NumPy's names is the one that its script writes."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

import make_numpy_coverage


def test_the_page_is_up_to_date():
    assert make_numpy_coverage.PAGE.read_text(encoding="utf-8") == make_numpy_coverage.page(), (
        "run python3 docs/make_numpy_coverage.py"
    )


def test_a_name_without_a_word_stops_it():
    with pytest.raises(ValueError, match="there is no word on np.a_name_of_tomorrow"):
        make_numpy_coverage.status("a_name_of_tomorrow", None)
