"""SciPy's functions on tensors with SCIPY_ARRAY_API=1: the page says what comes of each, and it is so."""

import importlib.metadata
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

import make_array_api


@pytest.fixture(scope="module")
def found():
    return make_array_api.findings()


def on_page(heading):
    """The functions that the page has under a heading."""
    text = (
        make_array_api.PAGE.read_text(encoding="utf-8")
        .partition(f"\n## {heading} (")[2]
        .partition("\n## ")[0]
    )
    rows = re.findall(r"^\| `scipy\.([\w.]+)` \| ([^|]*)", text, flags=re.MULTILINE)
    return {f"{room}.{name}" for room, names in rows for name in re.findall(r"`(\w+)`", names)}


def test_what_the_page_calls_recorded_is(found):
    recorded = on_page("Recorded")
    assert len(recorded) > 190
    assert {name: found[name] for name in recorded if found[name][0] != "recorded"} == {}


def test_no_value_differs_and_every_other_function_has_a_reason(found):
    assert make_array_api.tables(found)


def test_the_page_is_up_to_date(found):
    """To the letter for the SciPy that it was written with; another may record more."""
    text = make_array_api.PAGE.read_text(encoding="utf-8")
    same = f"SciPy {importlib.metadata.version('scipy')}," in text
    lost = on_page("Where the tape is left") | on_page("Raise")
    assert text == make_array_api.page(found) if same else lost


def test_leaving_the_tape_is_never_silent(found):
    left = {name: detail for name, (status, detail) in found.items() if status in ("leaves", "wrong")}
    assert left
    assert {name: detail for name, detail in left.items() if "nothing warns" in detail} == {}


def test_a_function_that_leaves_the_tape_is_not_called_recorded(found):
    assert found["signal.lfilter"][0] == "leaves"
    assert found["special.lpmv"][0] == "raises"
    assert "signal.lfilter" in on_page("Where the tape is left")


def test_a_function_without_a_reason_stops_the_page():
    with pytest.raises(ValueError, match=r"no reason why scipy\.stats\.tomorrow is not recorded"):
        make_array_api.tables({"stats.tomorrow": ["raises", "some error"]})
    with pytest.raises(ValueError, match="values differ"):
        make_array_api.tables({"stats.tomorrow": ["differs", "1 instead of 2"]})
