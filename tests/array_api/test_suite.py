"""The job that runs the public suite: it names the module, gives the expected failures, and says what is missing."""

import os

import pytest
import suite

FAKE_CONFTEST = """
import os, pytest
def pytest_addoption(parser):
    parser.addoption("--xfails-file")
def pytest_collection_modifyitems(config, items):
    lines = open(config.getoption("--xfails-file")).read().splitlines()
    for item in items:
        if any(line and not line.startswith("#") and line in item.nodeid for line in lines):
            item.add_marker(pytest.mark.xfail())
"""
FAKE_TEST = """
import importlib, os
def test_module():
    xp = importlib.import_module(os.environ["ARRAY_API_TESTS_MODULE"])
    assert xp.__array_api_version__ == os.environ["ARRAY_API_TESTS_VERSION"]
    assert float(xp.sum(xp.ones(3))) == {answer}
def {expected}():
    assert False
"""


@pytest.mark.parametrize(("answer", "status"), [("3.0", 0), ("4.0", 1)])
def test_it_runs_what_lies_at_the_place(tmp_path, monkeypatch, answer, status):
    folder = tmp_path / "array_api_tests"
    folder.mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts =\n")
    (tmp_path / "conftest.py").write_text(FAKE_CONFTEST)
    expected = next(iter(suite.reasons())).rpartition("::")[2].partition("[")[0]
    (folder / "test_fake.py").write_text(FAKE_TEST.format(answer=answer, expected=expected))
    monkeypatch.setattr(suite, "EXPECTED", tmp_path / "expected.txt")
    suite.EXPECTED.write_text(f"# a reason\n{expected}\n")
    assert suite.run(tmp_path, ["-q"]) == status


@pytest.mark.parametrize("place", [None, os.path.dirname(__file__)])
def test_it_says_what_is_missing(place):
    with pytest.raises(SystemExit, match="GRADTAPE_ARRAY_API_TESTS must name a checkout"):
        suite.run(place)


def test_every_expected_failure_has_a_reason():
    assert suite.reasons()
    assert all(len(why) > 30 for why in suite.reasons().values())
