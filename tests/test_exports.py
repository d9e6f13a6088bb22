"""What `import gradtape` gives: names sorted and complete, each with its docstring, and no heavy import."""

import inspect
import json
import subprocess
import sys
import types

import numpy as np
import pytest

import gradtape

HEAVY = {"scipy", "sympy", "matplotlib", "llvmlite", "jax", "typer", "rich", "asyncio"} | {
    *("einops", "jaxtyping", "pandas", "xarray")
}


def public_names(namespace):
    return [name for name in vars(namespace) if not name.startswith("_")]


def public_objects():
    """Full name to object: the public names, those of public namespaces (`math`), and public methods."""
    found = {}

    def visit(full_name, value):
        found[full_name] = value
        if inspect.ismodule(value):
            for name in getattr(value, "__all__", ()):
                visit(f"{full_name}.{name}", getattr(value, name))
        elif inspect.isclass(value) and value.__module__.startswith("gradtape"):
            own = [part for part in value.__mro__ if part.__module__.startswith("gradtape")]
            members = {name: member for part in reversed(own) for name, member in vars(part).items()}
            for name, member in members.items():
                if not name.startswith("_") and isinstance(
                    member, types.FunctionType | property | classmethod | staticmethod
                ):
                    found[f"{full_name}.{name}"] = member

    for name in gradtape.__all__:
        visit(name, getattr(gradtape, name))
    return found


OBJECTS = public_objects()


def is_documented(value):
    """Whether it is of a sort that carries a docstring of its own."""
    return (
        callable(value) or inspect.ismodule(value) or isinstance(value, property | classmethod | staticmethod)
    )


def loaded_by(statement):
    """The top-level modules in a fresh interpreter after the statement."""
    code = f"{statement}; import json, sys; print(json.dumps(list(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(ran.stdout)}


def test_names_are_sorted_and_unique():
    assert gradtape.__all__ == sorted(set(gradtape.__all__))


@pytest.mark.parametrize("name", [name for name, value in OBJECTS.items() if inspect.ismodule(value)])
def test_a_namespace_says_what_it_offers(name):
    namespace = OBJECTS[name]
    assert namespace.__all__ == sorted(set(namespace.__all__))
    assert all(hasattr(namespace, public) for public in namespace.__all__)


def test_names_are_complete():
    """Every public name is exported, save the rooms of the house, which appear when they are imported."""
    unlisted = set(public_names(gradtape)) - set(gradtape.__all__)
    rooms = {name for name in unlisted if inspect.ismodule(getattr(gradtape, name))}
    assert unlisted - rooms == set()
    assert all(getattr(gradtape, name).__name__.startswith("gradtape.") for name in rooms)


def test_the_names_that_programs_rely_on():
    expected = """
        GradientTape IndexedSlices Module Tensor UnconnectedGradients Variable autodiff cast constant
        convert_to_tensor custom_gradient errors float32 float64 function grad_pass_through linalg math
        nest nn random recompute_grad register_primitive set_default_float stop_gradient testing
        GradtapeWarning InactiveTapeWarning NonDifferentiableDtypeWarning PersistentTapeWarning
    """
    assert set(expected.split()) <= set(gradtape.__all__)


@pytest.mark.parametrize("name", sorted(name for name, value in OBJECTS.items() if is_documented(value)))
def test_each_has_a_docstring(name):
    value = OBJECTS[name]
    doc = (
        vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    )  # a class inherits its base's
    assert (doc or "").strip(), f"{name} has no docstring"


def test_what_needs_no_docstring_is_a_constant():
    """Dtypes, numbers and None say themselves."""
    silent = {name for name, value in OBJECTS.items() if not is_documented(value)}
    assert {"float32", "int64"} <= silent
    assert all(isinstance(OBJECTS[name], np.dtype | str | float | None) for name in silent)


def test_import_loads_nothing_heavy():
    ours, numpys = loaded_by("import gradtape"), loaded_by("import numpy")
    assert "gradtape" in ours
    assert (ours - numpys) & HEAVY == set()


def test_the_heavy_ones_would_be_seen():
    assert "asyncio" in loaded_by("import asyncio")
