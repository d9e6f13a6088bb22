"""Without a package that gradtape does not bring along: the error says what it is for and what to install."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gradtape as gt
from gradtape.core.packages import needed

X = [1.0, 2.0]
CALLS = {
    "minimize": lambda: gt.optimize.minimize(lambda x: gt.reduce_sum(x * x), X),
    "least_squares": lambda: gt.optimize.least_squares(lambda x: x, X),
    "root": lambda: gt.optimize.root(lambda x: x, X),
    "curve_fit": lambda: gt.optimize.curve_fit(lambda x, a: a * x, X, X, [1.0]),
    "solve_ivp": lambda: gt.optimize.solve_ivp(lambda t, y: -y, (0.0, 1.0), X),
    "minimize_ipopt": lambda: gt.optimize.minimize_ipopt(lambda x: gt.reduce_sum(x * x), X),
    "implicit.root": lambda: gt.implicit.root(lambda x: x * x - 2, 1.0),
    "implicit.fixed_point": lambda: gt.implicit.fixed_point(gt.cos, 1.0),
    "implicit.minimize": lambda: gt.implicit.minimize(lambda x: gt.reduce_sum(x * x), X),
    "implicit.solve_ivp": lambda: gt.implicit.solve_ivp(lambda t, y: -y, X, [0.0, 1.0]),
    "implicit.quad": lambda: gt.implicit.quad(lambda x: x, 0.0, 1.0),
    "lbfgs_minimize": lambda: gt.optimizers.lbfgs_minimize(lambda: V * V, [V]),
    "sparse_jacobian": lambda: gt.sparse_jacobian(lambda x: x * x)(gt.constant(X)),
}
V = gt.Variable(2.0)


@pytest.mark.parametrize("name", CALLS)
def test_without_scipy_the_error_says_what_to_install(name, monkeypatch):
    for module in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(
        gt.errors.MissingPackageError, match="SciPy.*: python3 -m pip install scipy"
    ) as caught:
        CALLS[name]()
    assert caught.value.name == "scipy"


def test_what_an_installed_package_lacks_itself_is_its_own_error():
    with pytest.raises(ModuleNotFoundError, match="^No module named 'another'$"), needed("scipy", "it"):
        raise ModuleNotFoundError("No module named 'another'", name="another")


def test_reports_are_written_from_a_wheel_on_the_path(tmp_path):
    archive = shutil.make_archive(tmp_path / "wheel", "zip", Path(gt.__file__).parents[1], "gradtape")
    script = tmp_path / "square.py"
    script.write_text("import gradtape as gt\nx = gt.constant(2.0)\nprint(x * x)")
    ran = subprocess.run(
        [sys.executable, "-m", "gradtape", "report", script, "-o", tmp_path / "page.html"],
        env=os.environ | {"PYTHONPATH": archive},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "x * x" in (tmp_path / "page.html").read_text()
