"""Write `scipy_coverage.md`: SciPy's special functions and distributions, and what they are on a tensor.

    python3 docs/make_scipy_coverage.py

Functions are those of `scipy.special` that are ufuncs; what each is made of is found by listening to the calls of
tests/numpy_face, whose values and derivatives are compared with SciPy's. Distributions are run.
"""

import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE / "scipy_coverage.md"
sys.path[:0] = [str(HERE), str(HERE.parent / "tests"), str(HERE.parent / "tests" / "numpy_face")]

import numpy as np  # noqa: E402 - the path is set first
import scipy  # noqa: E402 - the path is set first
from make_coverage import PLUMBING, Ear  # noqa: E402 - the path is set first
from special_calls import DISTRIBUTIONS, METHODS, UFUNCS, arguments, outcome  # noqa: E402 - the path is set first

import gradtape  # noqa: E402 - the path is set first
from gradtape.core.listen import paused  # noqa: E402 - the path is set first
from gradtape.faces.numpy_protocol import ufunc_for  # noqa: E402 - the path is set first
from gradtape.faces.scipy_words import LACKING  # noqa: E402 - the path is set first


def made_of(name):
    """The rows that a function applies, each once."""
    given, places = arguments(name)
    full = [gradtape.constant(np.float64(x)) if i in places else x for i, x in enumerate(given)]
    ear = Ear()
    with paused((ear,)):
        UFUNCS[name](*full)
    return list(dict.fromkeys(row for row in ear.names if row not in PLUMBING))


def status(name):
    """What stands in the second column."""
    if ufunc_for(UFUNCS[name]):
        return "recorded: " + ", ".join(f"`{row}`" for row in made_of(name))
    return f"raises: {LACKING[name]}"


def short(found):
    """An outcome in a cell: an error says what is in the way."""
    if found in ("recorded", "leaves"):
        return found
    if "do not change" in found or "out=" in found:
        return "raises: it writes into arrays"
    return f"raises: `{found.split()[0]}`"


def page():
    """The text of the page."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        cells = {name: [outcome(name, method) for method in METHODS] for name in sorted(DISTRIBUTIONS)}
    counts = [sum(row[i] == "recorded" for row in cells.values()) for i in range(len(METHODS))]
    said = ", ".join(
        f"{count} of {len(cells)} run for `{method}`" for method, count in zip(METHODS, counts, strict=True)
    )
    recorded = sum(ufunc_for(ufunc) is not None for ufunc in UFUNCS.values())
    lines = [
        "# SciPy on tensors",
        "",
        "<!-- Written by docs/make_scipy_coverage.py. -->",
        "",
        f"What SciPy {scipy.__version__} does on tensors: *recorded* functions go through the rows of the vocabulary",
        "that are named. What *raises* does so on a tensor that is recorded, and says what to write; on any other it",
        "computes. What *leaves* makes plain arrays of its arguments first, and warns: see [NumPy](numpy.md).",
        "",
        "## Special functions",
        "",
        f"{recorded} of the {len(UFUNCS)} ufuncs of `scipy.special` are recorded.",
        "",
        "| name | on a tensor |",
        "|---|---|",
        *(f"| `{name}` | {status(name)} |" for name in sorted(UFUNCS)),
        "",
        "## Continuous distributions",
        "",
        "The public methods of `scipy.stats` turn their arguments into arrays. Those that they call are SciPy's",
        "formulas, and run on tensors: `scipy.stats.gamma._cdf((x - loc) / scale, a)` is recorded, and its derivative",
        f"in `x` is the density. With the first parameters that SciPy tests: {said}.",
        "",
        "| distribution | " + " | ".join(f"`{method}`" for method in METHODS) + " |",
        "|---" * (1 + len(METHODS)) + "|",
        *(f"| `{name}` | " + " | ".join(map(short, row)) + " |" for name, row in cells.items()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
