"""docs/errors.md is complete: every error and warning of a class of ours is shown there, failing and mended."""

import re
import warnings
from pathlib import Path

import pytest
from markdown_blocks import fenced_blocks

import gradtape as gt
from gradtape.core.errors import Documented, InvalidIndexError, said

PAGE = (Path(__file__).parents[1] / "docs" / "errors.md").read_text(encoding="utf-8")


def descendants(kind):
    """All classes below one."""
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


for _name in gt.__all__:  # some rooms are loaded when they are first asked for
    getattr(gt, _name)
CLASSES = sorted(set(descendants(Documented)), key=lambda kind: kind.__name__)


def section(title):
    """What stands under a heading, to the next of the same level."""
    found = re.search(
        rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,3}} |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL
    )
    return found and found[2]


# Cases of an error class whose section is another one.
UNNAMED = {
    "A None in arithmetic",
    "Tensors of a turn that are used outside their loop",
    "A saved program for other arguments",
}


def test_the_classes_are_found():
    names = {kind.__name__ for kind in CLASSES}
    assert {
        "InvalidArgumentError",
        "ConvergenceError",
        "NonFiniteError",
        "CheckError",
        "PrecisionWarning",
    } <= names


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_is_shown_failing_and_mended(kind):
    shown = section(kind.section)
    assert shown, f"docs/errors.md has no section {kind.section!r}"
    if kind is gt.GradtapeWarning:
        return  # the heading of all warnings
    assert kind.__name__ in shown
    blocks = [block.text for block in fenced_blocks(shown) if block.language == "python"]
    raised = rf"^{re.escape(kind.__module__)}\.{kind.__name__}: "
    failing = [re.search(raised, text, flags=re.MULTILINE) is not None for text in blocks]
    assert any(failing), f"no block raises {kind.__name__}"
    last_step = re.split(r"^>>> ", blocks[-1], flags=re.MULTILINE)[-1]
    assert "Traceback" not in last_step, "the section ends with a failure, not with the mended program"


def test_every_section_has_code_that_fails():
    """Each heading of the third level shows what Python prints, and ends with something that works."""
    titles = re.findall(r"^### (.+)$", PAGE, flags=re.MULTILINE)
    assert len(titles) > 30
    shows = ("Traceback", "Warning: ")
    without = [title for title in titles if not any(word in section(title) for word in shows)]
    assert without == []


def test_the_message_of_every_section_names_it():
    """What the doctests of the page compare ends with the section's own name."""
    titles = re.findall(r"^### (.+)$", PAGE, flags=re.MULTILINE)
    silent = [
        title
        for title in titles
        if f"[docs/errors.md: {title}]" not in " ".join(section(title).split()) and title not in UNNAMED
    ]
    assert silent == []


def test_a_message_ends_with_its_place():
    table = gt.constant([[1.0, 2.0]])
    with pytest.raises(
        IndexError, match=r"out of bounds .*\[docs/errors.md: An index outside a tensor\]$"
    ) as caught:
        table[5]
    assert type(caught.value) is InvalidIndexError
    assert "docs/" not in said(caught.value)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with gt.GradientTape() as tape:  # left again: an open tape would hear every later test
            tape.watch(gt.constant(1))
    assert str(heard[0].message).endswith("[docs/errors.md: Watching integers]")


def test_an_error_that_quotes_another_names_one_place():
    def outer(x):
        return x if x > 0 else -x

    v = gt.constant([1.0, 2.0])
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(v)
        y = gt.constant([1.0]) * v
    assert y is not None
    with pytest.warns(gt.errors.LoopedMapWarning) as heard:
        gt.vectorized_map(outer, v)
    assert str(heard[0].message).count("[docs/errors.md") == 1
    with pytest.raises(gt.errors.InvalidArgumentError) as caught:
        gt.add(gt.constant([1.0, 2.0]), gt.constant([1.0, 2.0, 3.0]))
    assert str(caught.value).count("[docs/errors.md") == 1
