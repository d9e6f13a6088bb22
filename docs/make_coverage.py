"""Write `coverage.md`: every public name of TensorFlow in the modules that are followed, and what it is here.

    python3 docs/make_coverage.py

TensorFlow's names are those stored in tests/tensorflow_values/names.json. A name is covered if gradtape has it; what
rows of the vocabulary it is made of is found by listening to the calls of tests/tensorflow_values, which are compared
with TensorFlow's own answers. A name that is not covered has its reason in `not_covered.py`; the page cannot be
written where one is missing, or stands for a name that is there.
"""

import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE / "coverage.md"
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from not_covered import REASONS  # noqa: E402 - the path is set first
from tensorflow_values.calls import CALLS  # noqa: E402 - the path is set first
from tensorflow_values.names import module_of, read  # noqa: E402 - the path is set first

import gradtape  # noqa: E402 - the path is set first
from gradtape.core.listen import Listener, paused  # noqa: E402 - the path is set first

INTRODUCTION = """\
Every public name of TensorFlow {version} in the modules that gradtape follows: {covered} of {total} are covered. A
*row* is one primitive of the vocabulary, a *composite* is made of several; the rows named are those that the calls of
`tests/tensorflow_values` apply, whose values and derivatives are compared with TensorFlow's. Names without rows are
classes, modules, control, random numbers or constants. What is not covered says why.
"""
# What only reshapes, casts or wraps says little of what a function is made of.
PLUMBING = {"astype", "cast", "identity", "broadcast_to", "reshape", "stop_gradient"}


class Ear(Listener):
    """A listener that remembers which primitives it heard of."""

    def __init__(self):
        super().__init__()
        self.names = []

    def hear(self, primitive, *_told):
        self.names.append(primitive.name)


def rows_of(one):
    """The primitives that a call applies, in order, each once."""
    dtype = one.dtypes[0] if one.dtypes else "float64"
    _, run = one.outputs(gradtape, dtype)
    ear = Ear()
    with paused((ear,)):
        run()
    return list(dict.fromkeys(ear.names))


def has(module, name):
    """Whether gradtape offers a public name of a module of TensorFlow's."""
    if not module:
        return name in gradtape.__all__ or name.startswith("__")
    try:
        return hasattr(module_of(gradtape, module), name)
    except AttributeError:
        return False


def made_of():
    """The rows behind each function that has calls, by the object, so that its other names find them."""
    found = {}
    for one in CALLS:
        module, _, name = one.name.rpartition(".")
        if has(module, name):
            function = getattr(module_of(gradtape, module), name)
            rows = found.setdefault(id(function), [])
            rows += [row for row in rows_of(one) if row not in rows]
    return found


def status(module, name, rows):
    """What stands in the second column for a name that is there."""
    value = getattr(module_of(gradtape, module), name)
    parts = rows.get(id(value))
    if parts is None:
        return "covered"
    if len(parts) == 1:
        return f"row `{parts[0]}`"
    shown = [part for part in parts if part not in PLUMBING] or parts
    if not shown:
        return "covered; computes no derivative"
    return "composite of " + ", ".join(f"`{part}`" for part in shown)


def page():
    """The text of the page; ValueError for a name without a reason, or a reason without need."""
    stored, rows, unexplained, lines = read(), made_of(), [], []
    needed, total, covered = set(), 0, 0
    for module, names in stored["modules"].items():
        title = "tf" + ("." + module if module else "")
        lines += ["", f"## `{title}`", "", "| name | here |", "|---|---|"]
        for name in names:
            full = f"{module}.{name}".lstrip(".")
            total += 1
            if has(module, name):
                covered += 1
                text = status(module, name, rows)
            else:
                reason = next((r for r, which in REASONS.items() if full in which), None)
                needed.add(full)
                if reason is None:
                    unexplained.append(full)
                text = f"not covered: {reason}"
            lines.append(f"| `{name}` | {text} |")
    idle = sorted({name for which in REASONS.values() for name in which} - needed)
    if unexplained or idle:
        raise ValueError(f"docs/not_covered.py: no reason for {unexplained}; reasons without need for {idle}")
    opening = INTRODUCTION.format(version=stored["version"], covered=covered, total=total)
    head = [
        "# What is covered",
        "",
        "<!-- Written by docs/make_coverage.py. -->",
        "",
        *textwrap.wrap(opening, 118),
    ]
    return "\n".join([*head, *lines]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
