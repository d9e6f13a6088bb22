"""What is loaded when: a fixed list with `import gradtape`, and everything else at the first name that needs it."""

import ast
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

import gradtape
from gradtape import ops
from gradtape.core.vocabulary import Vocabulary

SOURCE = Path(gradtape.__file__).parent
FIRST = """
    . arguments indexed_slices jacobians operators tape whole
    core core.absent core.bundle core.define core.detach core.errors core.forking core.holder core.lead core.listen
    core.methods core.naming core.nest core.place core.primitive core.reads core.spec core.tensor core.values
    core.variable core.vocabulary
    explain explain.on_tape
    faces faces.arrays faces.einops faces.elementary faces.spelling
    modes modes.batch modes.cuts modes.mask modes.numbers modes.record modes.reverse modes.rows
    ops ops.arranging ops.composing ops.composite ops.constant ops.contraction ops.elementwise ops.leading
    ops.linear ops.reduction
"""
"""The files that `import gradtape` loads. One more costs every program: has it a place behind a name in `_LATER`?"""
PYTHONS = {"__future__", "copy", "dataclasses", "sysconfig", "threading"}
"""What it loads of Python's library beyond what NumPy does."""

BASICS = """
x, t, w = gt.constant(1.0), gt.constant(1.0), gt.Variable([1.0, 2.0])
with gt.GradientTape() as outer:
    outer.watch([x, t])
    with gt.GradientTape() as inner:
        inner.watch([x, t])
        y = x**3 + 2 * gt.sin(t) + gt.reduce_sum(gt.exp(w * w[0]) @ gt.ones((2, 1)))
    slope, _, _ = inner.gradient(y, [x, t, w])
assert outer.gradient(slope, x).numpy() == 6.0
w.assign_sub(0.1 * w)
"""


def told(code, environment=None):
    """What a fresh interpreter finds after this code, in which `say(...)` hands an answer over."""
    begin = "import json, sys\nsay = lambda answer: print(json.dumps(answer))\n"
    ran = subprocess.run(
        [sys.executable, "-c", begin + code], capture_output=True, text=True, check=False, env=environment
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def first():
    return {f"gradtape.{name}".removesuffix("..") for name in FIRST.split()}


def test_import_loads_a_fixed_list():
    numpys = set(told("import numpy; say(list(sys.modules))"))
    loaded = set(told("import gradtape; say(list(sys.modules))")) - numpys
    assert {name for name in loaded if name.startswith("gradtape")} == first()
    assert {name for name in loaded if not name.startswith(("gradtape", "_"))} <= PYTHONS


def test_a_program_of_basics_loads_nothing_more():
    loaded = told(
        f"import gradtape as gt\n{BASICS}\nsay([name for name in sys.modules if 'gradtape' in name])"
    )
    assert set(loaded) == first()


# names


def test_types_are_read_where_names_are_found():
    """The imports for those who read types, and the tables by which names are loaded, say the same."""
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    typed = {
        alias.asname or alias.name: (statement.module, alias.name)
        for statement in block.body
        for alias in statement.names
    }
    modules = {
        name: (".".join(file.split(".")[:-1]) or None, file.split(".")[-1])
        for name, file in gradtape._NAMESPACES.items()
    }
    assert typed == modules | gradtape._FOUND
    assert set(typed) <= set(gradtape.__all__)


def test_no_file_takes_a_name():
    """Python would put a file that is loaded in the place of a name that is not."""
    files = {path.stem for path in SOURCE.iterdir() if path.name != "__pycache__"}
    assert files & set(gradtape._FOUND) == set()
    assert all(gradtape._NAMESPACES[name] == name for name in files & set(gradtape._NAMESPACES))


def test_a_name_is_what_its_file_has():
    for name, (file, own) in gradtape._FOUND.items():
        assert getattr(gradtape, name) is getattr(sys.modules[f"gradtape.{file}"], own)
    for name, file in gradtape._NAMESPACES.items():
        assert getattr(gradtape, name) is sys.modules[f"gradtape.{file}"]


def test_names_show_before_they_are_loaded():
    assert set(gradtape.__all__) <= set(told("import gradtape; say(dir(gradtape))"))
    with pytest.raises(AttributeError, match="no attribute 'sinus'"):
        gradtape.sinus


def test_loading_computes_nothing():
    """A file that is loaded inside a tape leaves nothing there."""
    heard = told(
        """
import importlib, pkgutil, gradtape
from gradtape.core.listen import Listener, activate

class Told(Listener):
    names = []
    def hear(self, primitive, *told):
        self.names.append(primitive.name)

activate(Told())
files = [one.name for one in pkgutil.walk_packages(gradtape.__path__, "gradtape.") if "__main__" not in one.name]
for file in files:
    importlib.import_module(file)
say([len(files), Told.names])
"""
    )
    assert heard[0] > 250
    assert heard[1] == []


# the vocabulary


def test_every_file_of_rows_is_listed():
    assert ops.FILES.split() == sorted(path.stem for path in SOURCE.glob("ops/[a-z]*.py"))


def test_no_row_changes_its_meaning_later():
    """A composite comes before a row of its name; so no file that is loaded later has one for a row that is there."""
    early, late = told(
        """
import gradtape
from gradtape.core.tensor import FUNCTIONS, ROWS
early = [name for name in ROWS if name not in FUNCTIONS]
FUNCTIONS.load()
say([early, list(FUNCTIONS)])
"""
    )
    assert len(early) > 50
    assert set(early) & set(late) == set()


ASKED = {
    "a row": "ROWS['gammaln'](2.0)",
    "a composite": "FUNCTIONS['sort'](gt.constant([1.0, 0.0]))[0]",
    "a function of NumPy's": "np.sinc(gt.constant(1.0, gt.float64)) // 1",
    "linear algebra": "np.linalg.det(gt.constant([[0.0]]))",
    "a transform": "np.fft.fft(gt.constant([0.0]))[0].real",
    "a function of SciPy's that is a row": "scipy.special.gammaln(gt.constant(2.0))",
    "one that is made of rows": "scipy.special.exprel(gt.constant(0.0)) - 1",
    "an update": "gt.constant([0.0, 1.0]).at[1].set(0.0)[1]",
    "the array namespace": "gt.constant([0.0]).__array_namespace__().sum(gt.constant([0.0]))",
}


@pytest.mark.parametrize("what", ASKED)
def test_what_is_asked_for_first_is_found(what):
    scipys = "import scipy.special\n" * ("scipy" in ASKED[what])
    head = f"{scipys}import numpy as np, gradtape as gt\nfrom gradtape.core.tensor import FUNCTIONS, ROWS\n"
    assert told(f"{head}say(float({ASKED[what]}))") == 0.0


def test_a_name_of_ours_is_taken_before_it_is_loaded():
    said = told(
        """
import numpy as np, gradtape as gt
try:
    gt.register_primitive("gammaln", np.sin)
except ValueError as error:
    say(str(error))
"""
    )
    assert said.startswith("a primitive named 'gammaln' exists already")


def test_a_vocabulary_loads_at_the_first_name_that_is_missing(monkeypatch):
    words, loads = Vocabulary(), []

    def load(file):
        loads.append(file)
        words[file] = file.upper()

    monkeypatch.setattr("gradtape.core.vocabulary.import_module", load)
    words.files = ("one", "two")
    words["zero"] = "ZERO"
    assert words["zero"] == words.find("zero") == "ZERO"
    assert words.get("one") is None
    assert "one" not in words
    assert loads == []
    assert words["two"] == "TWO"
    assert words.find("three") is None
    with pytest.raises(KeyError, match="three"):
        words["three"]
    assert loads == ["one", "two"]


def test_memory_that_arrays_free_serves_the_next_ones():
    if platform.libc_ver()[0] != "glibc":
        return  # others know no such threshold
    faults = told(
        "import resource, gradtape as gt\n"
        "faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "x = gt.ones([100, 1000], gt.float64)\n"
        "for _ in range(3): held = [x * x for _ in range(8)]; del held\n"
        "before = faults()\n"
        "for _ in range(10): held = [x * x for _ in range(8)]; del held\n"
        "say(faults() - before)",
        {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")},
    )
    assert faults < 100  # each result has 196 pages
