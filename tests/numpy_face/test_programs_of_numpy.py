"""The programs `examples/numpy_*.py` import NumPy alone and run unchanged on tensors: values, and two derivatives."""

import ast
import importlib.util
from pathlib import Path

import numpy as np
import pytest

import gradtape as gt

FOLDER = Path(__file__).parents[2] / "examples"
FILES = sorted(FOLDER.glob("numpy_*.py"))
GENERATOR = np.random.default_rng(11)
POINTS = np.linspace(0, 1, 7)[1:-1]
BODIES = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
DATA = GENERATOR.normal(size=(6, 2))
NODES = np.array([0.0, 1.0, 2.5, 3.0, 4.0])

CALLS = {
    "heat_equation.final_temperature": (np.sin(np.pi * POINTS), 0.8),
    "kalman_filter.log_likelihood": (np.log([0.5, 0.1]), np.array([0.1, 0.4, 1.2, 1.9])),
    "robot_arm.cost": (np.array([0.3, 0.5, -0.4]), np.array([1.0, 0.8, 0.5]), np.array([1.2, 1.1])),
    "robot_arm.joints": (np.array([0.3, 0.5, -0.4]), np.array([1.0, 0.8, 0.5])),
    "black_scholes.call_price": (105.0, 0.25, 0.03, 0.5),
    "n_body.final_places": (BODIES, BODIES[:, ::-1] * 0.3, np.array([1.0, 0.1, 0.2])),
    "k_means.cost": (DATA[:2] + 0.1, DATA),
    "k_means.soft_cost": (DATA[:2] + 0.1, DATA),
    "logistic_regression.loss": (np.array([0.7, -0.3, 0.1]), DATA, np.array([1.0, 0, 1, 0, 0, 1])),
    "spline.spline": (np.array([0.5, 1.7, 3.9]), NODES, np.sin(NODES)),
}


def program(name):
    """A function of an example, loaded from its file."""
    file, _, function = name.partition(".")
    spec = importlib.util.spec_from_file_location(file, FOLDER / f"numpy_{file}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, function)


def test_every_program_is_called():
    assert {path.stem.removeprefix("numpy_") for path in FILES} == {name.partition(".")[0] for name in CALLS}
    assert len(FILES) == 8


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_they_import_numpy_alone(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [ast.unparse(node) for node in imported] == ["import numpy as np"]


@pytest.mark.parametrize("name", CALLS)
def test_values_under_a_tape_are_numpys(name):
    function, arguments = program(name), CALLS[name]
    tensors = [gt.constant(np.asarray(a, np.float64)) for a in arguments]
    with gt.GradientTape() as tape:
        for tensor in tensors:
            tape.watch(tensor)
        found = function(*tensors)
    assert isinstance(found, gt.Tensor)
    np.testing.assert_allclose(found.numpy(), function(*arguments), rtol=1e-13)
    assert all(g is not None for g in tape.gradient(found, tensors))


@pytest.mark.parametrize("name", CALLS)
def test_first_and_second_derivatives_are_those_of_the_values(name):
    gt.testing.check(program(name), *CALLS[name], limit=6, atol=1e-6)
