"""The page of what is covered: up to date, without a gap, and the one that the command's errors point to."""

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
sys.path.insert(0, str(DOCS))

import make_coverage  # noqa: E402 - the path is set first
import not_covered  # noqa: E402 - the path is set first

from gradtape.faces.tensorflow import COVERED_PAGE  # noqa: E402 - the path is set first


def test_the_page_is_up_to_date():
    assert make_coverage.PAGE.read_text(encoding="utf-8") == make_coverage.page(), (
        "run python3 docs/make_coverage.py"
    )


def test_errors_point_to_it():
    assert make_coverage.PAGE.read_text(encoding="utf-8").startswith(f"# {COVERED_PAGE}\n")


def test_a_name_without_a_reason_is_found(monkeypatch):
    reasons = {
        reason: [n for n in which if n != "nn.ctc_loss"] for reason, which in not_covered.REASONS.items()
    }
    monkeypatch.setattr(make_coverage, "REASONS", reasons)
    with pytest.raises(ValueError, match=r"no reason for \['nn.ctc_loss'\]"):
        make_coverage.page()


def test_a_reason_without_need_is_found(monkeypatch):
    monkeypatch.setattr(make_coverage, "REASONS", not_covered.REASONS | {"none": ["math.sin"]})
    with pytest.raises(ValueError, match=r"without need for \['math.sin'\]"):
        make_coverage.page()


def test_rows_are_heard():
    rows = make_coverage.made_of()
    assert make_coverage.status("math", "tanh", rows) == "row `tanh`"
    assert make_coverage.status("nn", "softmax", rows).startswith("composite of ")
