"""The core can be read in an hour: the files that docs/how-it-works.md names are short, and programs need no others."""

import re
import sys
from pathlib import Path

import gradtape as tf

SOURCE = Path(tf.__file__).parent
PAGE = (Path(__file__).parents[1] / "docs" / "how-it-works.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## The house in an hour")[2].partition("\n## ")[0]
TABLE, _, BESIDE = SECTION.partition("A program with the tape enters beside these")
READ = re.findall(r"^\| `([a-z/_]+\.py)` \|", TABLE, re.MULTILINE)


def program():
    """Every mode of the tape: second derivatives, a time derivative, a tangent."""
    x, t = tf.constant([1.0, 2.0]), tf.constant(1.0)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch([x, t])
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.exp(x) * x * x + 2 * t
        y_x = inner.gradient(y, x)
    found = outer.gradient(y_x, x), outer.gradient(y, t)
    with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 0.0])) as accumulator:
        y = tf.exp(x) * x * x
    return *found, accumulator.jvp(y)


def entered(run):
    """The files of the library in which Python runs, at a second call: what is loaded is loaded."""
    run()
    found, before = set(), sys.gettrace()

    def note(frame, event, argument):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(SOURCE):
            found.add(path.relative_to(SOURCE).as_posix())

    sys.settrace(note)
    try:
        run()
    finally:
        sys.settrace(before)
    return found


def test_the_files_are_as_many_lines_as_can_be_read_in_an_hour():
    assert len(READ) == 11
    lines = sum(len((SOURCE / name).read_text(encoding="utf-8").splitlines()) for name in READ)
    assert lines <= 3500
    assert f"{round(lines, -2):,} lines" in TABLE


def test_a_program_enters_these_files_and_those_named_beside_them():
    beside = set(re.findall(r"`([a-z/_]+\.py)`", BESIDE))
    beside |= {f"modes/{name}" for name in beside if "/" not in name and (SOURCE / "modes" / name).exists()}
    assert entered(program) <= {*READ, *beside}


def test_every_file_named_is_entered():
    """Rows and their makings run when they are imported; all else does in the program."""
    assert {*READ} - entered(program) <= {"core/define.py", "core/primitive.py"}
