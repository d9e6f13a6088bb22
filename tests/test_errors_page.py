"""docs/errors.md is complete: every error is of a class of ours, and each class is shown there, failing and mended."""

import ast
import builtins
import copy
import importlib
import pickle
import pkgutil
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from markdown_blocks import fenced_blocks

import gradtape as gt
from gradtape.commands.output import sentence
from gradtape.core.errors import Documented, InvalidIndexError, retold, said

SOURCE = Path(gt.__file__).parent
PAGE = (Path(__file__).parents[1] / "docs" / "errors.md").read_text(encoding="utf-8")


def descendants(kind):
    """All classes below one."""
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


for _module in pkgutil.walk_packages(
    gt.__path__, "gradtape."
):  # some rooms are loaded when they are first asked for
    if not _module.name.endswith("__main__"):
        importlib.import_module(_module.name)
OURS = {kind for kind in descendants(BaseException) if kind.__module__.startswith("gradtape.")}
# Those that have a section; one that has its base's is told there.
CLASSES = sorted(
    (kind for kind in OURS if issubclass(kind, Documented) and "section" in vars(kind)),
    key=lambda kind: kind.__name__,
)

# What is caught where it is raised, or a few calls above, and reaches no user.
INTERNAL = {
    "Documented",  # the base
    "MixedError",  # a step on scalars that is taken on tensors instead
    "_UnreadableError",  # a rule that cannot be read for scalars
    "Undecided",  # a choice that cannot be one operation, and is made by Python
    "Unlinkable",  # machine code from the disk that is compiled anew instead
    "Unsupported",  # what the compiler leaves to NumPy, with a RecordingWarning
}

# Where an exception of Python's own is raised, and why: a file, or "" for all, and a class.
PROTOCOL = {
    (
        "",
        "AttributeError",
    ): "Python's protocol of names: hasattr, getattr and `import` rely on the type, and name it",
    ("", "raise NotImplementedError"): "the place of a method that every class of ours below has",
    ("core/vocabulary.py", "KeyError"): "the protocol of a mapping",
    ("faces/tensorflow.py", "LookupError"): "a name that means nothing, told to the callers in the same file",
}


PYTHONS = {
    kind for kind in vars(builtins).values() if isinstance(kind, type) and issubclass(kind, BaseException)
}
_NAMES = "|".join(sorted(kind.__name__ for kind in PYTHONS))
MENTIONED = re.compile(rf"\braise\s+(builtins\.)?({_NAMES})\b|\b({_NAMES})\s*\(")


def raised_by_python_name(text):
    """The line and name of each exception of Python's own that a source makes (`X(...)`) or raises as it is."""
    if not MENTIONED.search(text):  # most files, which need not be parsed
        return
    for node in ast.walk(ast.parse(text)):
        bare = isinstance(node, ast.Raise)
        made = node.exc if isinstance(node, ast.Raise) else node.func if isinstance(node, ast.Call) else None
        if (
            isinstance(made, ast.Attribute)
            and isinstance(made.value, ast.Name)
            and made.value.id == "builtins"
        ):
            made = ast.Name(made.attr)
        kind = getattr(builtins, made.id, None) if isinstance(made, ast.Name) else None
        if isinstance(kind, type) and kind in PYTHONS:
            yield node.lineno, f"raise {kind.__name__}" if bare else kind.__name__


def caught(action):
    """The error that an action raises."""
    try:
        action()
    except Exception as error:
        return error
    raise AssertionError


def not_finite():
    """A NaN inside gt.debug."""
    with gt.debug.nan():
        gt.math.log(gt.constant(-1.0))


def undecided():
    """A check of a derivative that fails."""
    gt.testing.check(lambda x: gt.stop_gradient(x) * x, 2.0)


# The classes that are made of more than a text.
EXAMPLES = {
    "CheckError": lambda: caught(undecided),
    "LawError": lambda: gt.errors.LawError("value", "sin", "what was found"),
    "NonFiniteError": lambda: caught(not_finite),
}


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


def test_no_error_is_of_a_class_that_has_no_section():
    """Whatever is raised by design has a class of ours, except where Python's protocols ask for a type."""
    found = [
        f"{path.relative_to(SOURCE).as_posix()}:{line}: {name}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line, name in raised_by_python_name(path.read_text(encoding="utf-8"))
        if not {("", name), (path.relative_to(SOURCE).as_posix(), name)} & set(PROTOCOL)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("raise ValueError('x')", ["ValueError"]),
        ("raise ValueError", ["raise ValueError"]),
        ("def f():\n    return TypeError('x')", ["TypeError"]),
        ("raise builtins.KeyError(1) from None", ["KeyError"]),
        ("raise ShapeError('x')", []),
        ("try:\n    f()\nexcept ValueError:\n    raise", []),
        ("isinstance(x, ValueError)", []),
    ],
)
def test_the_law_bites(text, names):
    assert [name for _line, name in raised_by_python_name(text)] == names


def test_the_exceptions_to_the_law_are_in_use():
    """A line of the list that nothing needs is taken out."""
    used = {
        (file, name)
        for path in SOURCE.rglob("*.py")
        for _line, name in raised_by_python_name(path.read_text(encoding="utf-8"))
        for file in ("", path.relative_to(SOURCE).as_posix())
    }
    assert set(PROTOCOL) <= used
    assert {kind.__name__ for kind in OURS} >= INTERNAL


def test_every_class_names_its_section():
    silent = {kind.__name__ for kind in OURS if not issubclass(kind, Documented)} | {"Documented"}
    assert silent == INTERNAL
    titles = re.findall(r"^### (.+)$", PAGE, flags=re.MULTILINE)
    sections = [kind.section for kind in CLASSES]
    assert len(sections) == len(set(sections))
    assert set(titles) == (set(sections) - {"Warnings"}) | UNNAMED


def test_the_namespace_of_errors_has_them_all():
    public = {kind.__name__ for kind in OURS if not kind.__name__.startswith("_")} - INTERNAL
    assert public == set(gt.errors.__all__)


def test_an_error_is_what_python_calls_it():
    """Each class derives from one of Python's own that is more than an Exception."""
    plain = [
        kind.__name__ for kind in CLASSES if not set(kind.__mro__) & (PYTHONS - {Exception, BaseException})
    ]
    assert plain == []


@pytest.mark.parametrize(
    "kind", sorted(OURS - {Documented}, key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__
)
def test_errors_are_copied_and_sent(kind):
    """By `copy` and `pickle`, with type, message and what they carry."""
    error = EXAMPLES[kind.__name__]() if kind.__name__ in EXAMPLES else kind("what happened")
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(other) is kind
        assert str(other) == str(error)
        assert said(other) == said(error)
        assert sorted(vars(other)) == sorted(vars(error))


def test_the_place_stands_on_a_line_of_its_own_below_several():
    assert str(gt.errors.ShapeError("one\ntwo\n")) == "one\ntwo\n[docs/errors.md: Shapes that do not fit]"
    assert str(gt.errors.ShapeError("one ")) == "one [docs/errors.md: Shapes that do not fit]"


def test_the_terminal_is_told_the_place_without_brackets():
    """Brackets mean styles there, and would not be seen."""
    assert sentence(gt.errors.RangeError("n is 0")) == "n is 0\nSee docs/errors.md: A number out of its range"
    assert sentence(ValueError("n is 0")) == "n is 0"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("operands could not be broadcast together"), gt.errors.ShapeError),
        (ValueError("Singular matrix"), gt.errors.InvalidArgumentError),
        (np.linalg.LinAlgError("Singular matrix"), gt.errors.InvalidArgumentError),
        (TypeError("no loop"), gt.errors.DtypeError),
        (IndexError("out of bounds"), InvalidIndexError),
        (gt.errors.RangeError("below zero"), gt.errors.RangeError),
    ],
)
def test_an_error_of_numpy_is_told_again_in_a_class_of_ours(error, kind):
    told = retold(error, "again", gt.errors.DtypeError)
    assert type(told) is kind
    assert said(told) == "again"


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), gt.errors.RecordingError("x"), KeyError("x")])
def test_other_errors_are_left(error):
    assert retold(error, "again", gt.errors.DtypeError) is error


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


@pytest.mark.parametrize(
    "run",
    [
        lambda word: gt.constant(1.0, dtype=word),
        lambda word: gt.cast(gt.constant(1.0), word),
        lambda word: gt.range(3, dtype=word),
        lambda word: gt.array_api.asarray([1.0], dtype=word),
        gt.as_dtype,
        gt.set_default_float,
    ],
)
def test_a_word_that_is_no_dtype(run):
    with pytest.raises(gt.errors.DtypeError, match="'nonsense' is no dtype"):
        run("nonsense")
