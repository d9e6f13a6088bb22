"""Imports go one way only: the order of the rooms, no cycle anywhere, and nothing imported late.

The order is that of docs/how-it-works.md. A late import, inside a function, is for a heavy third party in its own
room, and for what lies behind the entrances of the compiler and of explanations. Imports for types alone (`if
TYPE_CHECKING:`) never run: they make no cycle, but they keep the order.
"""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "gradtape"
# The package's own `__init__` is "": all that it gathers stands below it, the command that uses it above.
ORDER = [
    ["core"],
    ["ops"],
    ["modes"],
    ["backends"],
    [
        *[
            "accumulator",
            "arguments",
            "blocks",
            "capture",
            "coloring",
            "columns",
            "combining",
            "checkpoints",
            "compressed",
            "concrete",
            "custom",
            "explain",
            "fields",
            "functions",
            "implicit",
            "indexed_slices",
            "jacobians",
            "kinds",
            "loops",
            "optimize",
            "operators",
            "partial",
            "planning",
            "meter",
            "replay",
        ],
        *["rows", "series", "sparse", "tape", "transforms", "vectorized", "whole"],
    ],
    ["checking"],
    ["laws", "testing"],
    ["faces"],
    ["array_api", "saving", "scipy"],
    ["commands"],
    ["errors"],
    [""],
    ["cli"],
    ["__main__"],
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
# Entrances, and the rooms behind them that are loaded with the first call: compiled programs, explanations, operators
# on fields, partial derivatives and the choice for recorded Jacobians belong to what every program holds.
ENTRANCES = {
    "gradtape.jacobians": "gradtape.compressed",
    "gradtape.backends.llvm": "gradtape.backends.llvm.",
    "gradtape.explain.on_tape": "gradtape.explain.",
    "gradtape.operators": "gradtape.fields.",
    "gradtape.tape": ("gradtape.columns.", "gradtape.partial.", "gradtape.planning."),
}
HEAVY = {
    "scipy": (
        "ops",
        "faces.lbfgs",
        "implicit",
        "optimize",
        "sparse",
    ),
    "llvmlite": "backends.llvm",
    "concurrent": "backends.llvm",
    "cyipopt": "optimize.ipopt",
    "jax": "backends.xla",
    "sympy": "explain",
    "matplotlib": ("explain", "commands"),
    "safetensors": "saving",
    "typer": ("cli", "commands"),
    "rich": "cli",
}


def module_name(path, source):
    parts = path.relative_to(source.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module):
    return [*module.split("."), ""][1]


def imports(path, module):
    """(full name, the statement's kind: "late", "types" or "plain") for each name that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {"late": set(), "types": set()}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside["late"] |= set(ast.walk(node))
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            inside["types"] |= set(ast.walk(node))
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(tree):
        kind = next((kind for kind in inside if node in inside[kind]), "plain")
        if isinstance(node, ast.Import):
            yield from ((alias.name, kind) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join(base + ([node.module] if node.module else []))
            yield from ((f"{origin}.{alias.name}", kind) for alias in node.names)


def faults(source):
    """Every breach of the order below `source`, in words."""
    files = {module_name(path, source): path for path in sorted(source.rglob("*.py"))}
    found, edges = [], {name: set() for name in files}
    for module, path in files.items():
        if room(module) not in RANK:
            return [f"{module} has no place in the order"]
        for name, kind in imports(path, module):
            owner = HEAVY.get(name.split(".")[0])
            rooms = (owner,) if isinstance(owner, str) else owner or ()
            own = module in ENTRANCES and name.startswith(ENTRANCES[module])
            allowed = own or module.startswith(tuple(f"gradtape.{room}" for room in rooms))
            if kind == "late" and not allowed:
                found.append(f"{module} imports {name} inside a function")
            target = name if name in files else name.rpartition(".")[0]
            if target not in files or target == module:
                continue
            if kind != "types":
                edges[module].add(target)
            above = RANK[room(target)] > RANK[room(module)]
            if above or (room(module) == "backends" and room(target) in ("ops", "modes")):
                found.append(f"{module} imports {target}, which is out of its reach")
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        found.append("cycle: " + " < ".join(error.args[1]))
    return found


def test_imports_go_one_way():
    assert faults(SOURCE) == []


def test_the_files_are_found():
    names = {module_name(path, SOURCE) for path in SOURCE.rglob("*.py")}
    assert {"gradtape", "gradtape.tape", "gradtape.cli"} <= names


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("core/spec.py", "from gradtape.ops import linear", "imports gradtape.ops.linear, which is out of"),
        ("core/spec.py", "from ..ops.linear import add", "imports gradtape.ops.linear, which is out of"),
        (
            "core/spec.py",
            "if TYPE_CHECKING:\n    from ..ops import linear",
            "imports gradtape.ops.linear, which",
        ),
        ("core/spec.py", "import gradtape", "imports gradtape, which is out of its reach"),
        ("backends/reference.py", "from gradtape.ops import linear", "which is out of its reach"),
        ("core/spec.py", "from .tensor import Tensor", "cycle: "),
        ("corner.py", "", "gradtape.corner has no place in the order"),
        ("core/spec.py", "def f():\n    import json", "imports json inside a function"),
        ("core/spec.py", "def f():\n    import sympy", "imports sympy inside a function"),
    ],
)
def test_it_bites(tmp_path, file, text, fault):
    good = {
        "__init__.py": "from gradtape.ops import linear",
        "core/spec.py": "if TYPE_CHECKING:\n    from .tensor import Tensor",
        "core/tensor.py": "from . import spec",
        "ops/linear.py": "from ..core.tensor import Tensor",
        "backends/reference.py": "import numpy",
        "explain/formula.py": "def f():\n    import sympy",
        "cli.py": "import gradtape",
    }
    source = tmp_path / "gradtape"
    for name, content in good.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(content, encoding="utf-8")
    assert faults(source) == []
    (source / file).write_text(text, encoding="utf-8")
    assert fault in "\n".join(faults(source))
