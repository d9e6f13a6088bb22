"""Write `numpy_coverage.md`: every name that NumPy lets other libraries answer, and what it is on a tensor.

    python3 docs/make_numpy_coverage.py

The names are those of `numpy.testing.overrides`; what each is comes from `gradtape.faces`, and what a function is made
of is found by listening to the calls of tests/numpy_face, whose values and derivatives are compared with NumPy's.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE / "numpy_coverage.md"
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "numpy_face")]

import numpy as np  # noqa: E402 - the path is set first
import numpy.char  # noqa: E402 - the path is set first; its functions are counted once it is loaded
import numpy.lib.recfunctions  # noqa: E402 - the path is set first
import numpy.polynomial  # noqa: E402 - the path is set first
import numpy.strings  # noqa: E402 - the path is set first
from make_coverage import PLUMBING, Ear  # noqa: E402 - the path is set first
from numpy.testing.overrides import (  # noqa: E402 - the path is set first
    get_overridable_numpy_array_functions,
    get_overridable_numpy_ufuncs,
)
from numpy_calls import CALLS, NEWER, NUMPY  # noqa: E402 - the path is set first

import gradtape  # noqa: E402 - the path is set first
from gradtape.core.listen import paused  # noqa: E402 - the path is set first
from gradtape.faces.numpy_protocol import full_name, function_named, ufunc_for  # noqa: E402 - the path is set first
from gradtape.faces.numpy_words import MAKERS, PLAIN, REFUSED  # noqa: E402 - the path is set first


def made_of(name):
    """The rows that the calls of a function apply, each once."""
    found = []
    for function, arguments in CALLS.get(name, ()):
        tensors = [gradtape.constant(np.asarray(argument)) for argument in arguments]
        ear = Ear()
        with paused((ear,)):
            function(*tensors)
        found += [row for row in ear.names if row not in PLUMBING]
    return list(dict.fromkeys(found))


def status(name, function):
    """What stands in the second column."""
    if name in PLAIN:
        return f"without derivative: {PLAIN[name]}"
    if name in MAKERS:
        return MAKERS[name]
    if name in REFUSED:
        return f"raises: {REFUSED[name]}"
    if function is None:
        raise ValueError(f"there is no word on np.{name}")
    rows = made_of(name)
    return "recorded: " + ", ".join(f"`{row}`" for row in rows) if rows else "recorded"


def table(title, functions):
    """A heading and one line for each name, with what it is on tensors."""
    lines = ["", f"## {title}", "", "| name | on a tensor |", "|---|---|"]
    return lines + [f"| `{name}` | {status(name, functions[name])} |" for name in sorted(functions)]


def ufuncs():
    """What each ufunc is on tensors, but for those that a function of the same name is made of."""
    found = {ufunc.__name__: ufunc for ufunc in get_overridable_numpy_ufuncs()}
    return {name: ufunc_for(found[name]) for name in found if name[0] != "_" and name not in functions()}


def functions():
    """What each array function is on tensors, those included that only a newer NumPy than the one at hand has."""
    names = {full_name(function) for function in get_overridable_numpy_array_functions()} | set(NEWER)
    return {name: function_named(name) for name in names}


def page():
    """The text of the page; ValueError for a name that there is no word on."""
    head = [
        "# NumPy on tensors",
        "",
        "<!-- Written by docs/make_numpy_coverage.py. -->",
        "",
        f"Every name that NumPy {NUMPY} lets other libraries answer. *Recorded* functions go through rows of the",
        "vocabulary, those named, and differentiate wherever these do. What is *without derivative* answers as NumPy",
        "does. What *raises* does so on a tensor that is recorded, and says what to write; on any other it computes.",
    ]
    lines = table("Ufuncs", ufuncs()) + table("Functions", functions())
    return "\n".join([*head, *lines]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
