"""The subcommands partials, check, doctor and examples: what they print against formulas, NumPy and the files."""

import contextlib
import json
import math
import os
import pty
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from markdown_blocks import fenced_blocks
from test_docs import difference

from gradtape import cli
from gradtape.commands import doctor, examples
from gradtape.commands.expression import evaluate, names_in, parse, symbolic
from gradtape.commands.partials import partials_of
from gradtape.commands.values import values_at

ROOT = Path(__file__).parents[1]


# partials


def test_the_tutorials_partials(gradtape):
    status, out, err = gradtape("partials", "x**3 + 2*t", "--at", "x=1,t=1", "--order", 2)
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines()[1:]]
    assert rows == [
        ["y", "3", "2*t", "+", "x**3"],
        ["y_x", "3", "3*x**2"],
        ["y_t", "2", "2"],
        ["y_xx", "6", "6*x"],
        ["y_xt", "0", "0"],
        ["y_tt", "0", "0"],
    ]
    assert out.splitlines()[0].split() == ["at", "x", "=", "1,", "t", "=", "1", "formula"]


def test_chosen_partials_in_latex_and_json(gradtape):
    arguments = ["partials", "sin(x)*exp(-2*t)", "--at", "x=pi/2, t=0.1", "--wanted", "xx xxt"]
    status, out, _ = gradtape(*arguments, "--latex")
    assert status == 0
    assert "e^{- 2 t}" in out
    status, out, _ = gradtape(*arguments, "--json")
    found = json.loads(out)
    assert found["at"] == {"x": math.pi / 2, "t": 0.1}
    assert [row["name"] for row in found["partials"]] == ["y", "y_xx", "y_xxt"]
    values = [row["value"] for row in found["partials"]]
    np.testing.assert_allclose(values, np.array([1, -1, 2]) * math.exp(-0.2), rtol=1e-14)
    x, t = sp.symbols("x t")
    assert sp.simplify(sp.sympify(found["partials"][2]["formula"]) - 2 * sp.sin(x) * sp.exp(-2 * t)) == 0


@pytest.mark.parametrize(
    "text",
    ["x^2*y/(1+y)", "atan2(y, x) + hypot(x, y)", "ln(x)**2 - max(x, y)", "erf(x) + lgamma(y) - sqrt(x+y)"],
)
def test_numbers_agree_with_sympy(text):
    x, y = sp.symbols("x y", real=True)
    whole = symbolic(sp, parse(text), {"x": x, "y": y})
    for row in partials_of(text, "x=1.25,y=0.5", order=3).rows[1:]:
        names = row.name[2:]
        exact = sp.diff(whole, *[{"x": x, "y": y}[name] for name in names])
        assert row.value == pytest.approx(float(exact.subs({x: 1.25, y: 0.5})), rel=1e-9, abs=1e-12), row
        formula = sp.sympify(row.written("plain"), {"x": x, "y": y})
        assert float(formula.subs({x: 1.25, y: 0.5})) == pytest.approx(row.value, rel=1e-9, abs=1e-12)


def test_formulas_in_every_format(gradtape):
    x = sp.Symbol("x", real=True)
    arguments = ["partials", "x**3/2", "--at", "x=2"]
    for form, expected in [
        ("plain", "3*x**2/2"),
        ("latex", r"\frac{3 x^{2}}{2}"),
        ("sympy", sp.srepr(sp.Rational(3, 2) * x**2)),
        ("mathml", sp.mathml(sp.Rational(3, 2) * x**2, printer="presentation")),
    ]:
        status, out, _ = gradtape(*arguments, "--format", form)
        assert status == 0
        assert out.splitlines()[2] == f"y_x         6  {expected}"
        row = json.loads(gradtape(*arguments, "--json")[1])["partials"][1]
        assert row["formula" if form == "plain" else form] == expected
    assert gradtape(*arguments, "--latex")[1] == gradtape(*arguments, "--format", "latex")[1]


def test_a_long_formula_is_only_counted_in_a_table(gradtape):
    arguments = ["partials", "sin(exp(x*t)+x)/(t+cos(x))**3", "--at", "x=1,t=1", "--wanted", "xxxt"]
    out = gradtape(*arguments)[1]
    assert "operations; --json writes them out)" in out
    assert len(json.loads(gradtape(*arguments, "--json")[1])["partials"][1]["formula"]) > 1000


def test_without_sympy_there_are_numbers(monkeypatch, gradtape):
    monkeypatch.setitem(sys.modules, "sympy", None)
    status, out, _ = gradtape("partials", "x*x*x", "--at", "x=2", "-n", 2)
    assert status == 0
    assert [line.split() for line in out.splitlines()[1:]] == [["y", "8"], ["y_x", "12"], ["y_xx", "12"]]
    assert "formula" not in out


def test_constants_are_in_double_precision():
    assert float(evaluate(parse("sin(1.0) + pi"), {})) == math.sin(1.0) + math.pi
    assert names_in(parse("b*sin(a) + e - b")) == ["b", "a"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x +", "--at", "x=1"], "is no formula"),
        (["sinn(x)", "--at", "x=1"], "did you mean sin?"),
        (["x*__import__(x)", "--at", "x=1"], "there is no function __import__"),
        (["x.real", "--at", "x=1"], "is not taken in a formula"),
        (["sin(x, x)", "--at", "x=1"], "takes 1 argument, not 2"),
        (["x + y", "--at", "x=1"], "y has no value; give it one with --at y=1.0"),
        (["x", "--at", "x=1,z=2"], "z, which the formula does not have"),
        (["x", "--at", "1"], "--at names its values"),
        (["x", "--at", "x=[1]"], "x takes a number"),
        (["x", "--at", "x=="], "is no list of values"),
        (["x", "--at", "x=1", "--order", "0"], "--order is between 1 and 10"),
        (["x", "--at", "x=1", "--wanted", "t"], "t"),
        (["2.0", "--at", ""], "has no variable"),
        (["x + 1/0", "--at", "x=1"], "1 / 0"),
        (["x + 9**9**9**9", "--at", "x=1"], "9"),
        (["x + (-8)**0.5", "--at", "x=1"], "is no real number"),
    ],
)
def test_partials_refuses(gradtape, arguments, words):
    status, out, err = gradtape("partials", *arguments)
    assert (status, out) == (2, "")
    assert words in err


# check


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        "import tensorflow as tf\n"
        "def loss(x, w):\n"
        "    return tf.reduce_sum(tf.sin(x * w))\n"
        "@tf.custom_gradient\n"
        "def wrong(x):\n"
        "    return x * x, lambda g: 2.002 * x * g\n"
        "class holder:\n"
        "    square = staticmethod(lambda x: x * x)\n"
        "number = 3.0\n"
    )
    return path


def test_check_of_a_function_that_is_right(gradtape, model):
    status, out, _ = gradtape("check", f"{model}:loss", "--at", "0.5, [1.0, 2.0]")
    assert status == 0
    assert out.startswith("check of loss: right in all")
    assert gradtape("check", f"{model}:loss", "--at", "w=[1.0, 2.0], x=0.5")[0] == 0
    assert gradtape("check", f"{model}:holder.square", "--at", "0.5", "--orders", "1")[0] == 0
    assert "model" not in sys.modules
    assert "tensorflow" not in sys.modules


def test_check_of_a_function_that_is_wrong(gradtape, model):
    status, out, _ = gradtape("check", f"{model}:wrong", "--at", "3.0", "--orders", "1")
    assert status == 1
    assert "wrong in" in out
    status, out, _ = gradtape("check", f"{model}:wrong", "--at", "3.0", "--orders", "1", "--json")
    found = json.loads(out)
    assert status == 1
    assert found["ok"] is False
    assert found["findings"][0]["expected"] == pytest.approx(6.0)
    assert found["findings"][0]["got"] == pytest.approx(6.006)
    assert gradtape("check", f"{model}:wrong", "--at", "3.0", "--orders", "1", "--rtol", "0.01")[0] == 0


@pytest.mark.parametrize(
    ("place", "at", "words"),
    [
        ("model.py", "1.0", "write it as model.py:loss"),
        ("nowhere.py:loss", "1.0", "there is no file"),
        ("model.py:nothing", "1.0", "has no 'nothing'"),
        ("model.py:number", "1.0", "is no function but of type 'float'"),
        ("model.py:loss", "1.0", "missing 1 required positional argument"),
        ("model.py:loss", "1.0,", "missing 1 required"),
        ("model.py:loss", "x=", "is no list of values"),
    ],
)
def test_check_refuses(gradtape, model, monkeypatch, place, at, words):
    monkeypatch.chdir(model.parent)
    status, out, err = gradtape("check", place, "--at", at)
    assert (status, out) == (2, "")
    assert words in err


def test_check_refuses_unknown_orders(gradtape, model):
    status, _, err = gradtape("check", f"{model}:loss", "--at", "1.0, 2.0", "--orders", "three")
    assert status == 2
    assert "--orders is 1, 2 or 1,2" in err


def test_values():
    assert values_at("1, [2.5, -3], t=pi/2, flag=True") == (
        [1, [2.5, -3.0]],
        {"t": math.pi / 2, "flag": True},
    )
    assert values_at("") == ([], {})


# doctor


def test_doctor(gradtape):
    status, out, _ = gradtape("doctor")
    assert status == 0
    for words in (np.__version__, version("sympy"), "backend reference", "derivatives", "right"):
        assert words in out
    status, out, _ = gradtape("doctor", "--json")
    found = json.loads(out)
    assert status == 0
    assert found["numpy"] == np.__version__
    assert found["cpus"] == os.cpu_count()
    assert found["packages"]["sympy"] == version("sympy")
    assert found["derivatives"] == "right"


def test_doctor_says_what_is_broken_and_what_is_missing(gradtape, monkeypatch, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise RuntimeError('half installed')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    monkeypatch.setitem(doctor.OPTIONAL, "no_such_package", "nothing")
    _, out, _ = gradtape("doctor")
    assert "broken: half installed" in out
    assert "not installed (nothing): pip install no_such_package" in out


# examples


def test_examples_are_listed_shown_and_copied(gradtape, tmp_path):
    files = {path.stem: path for path in (ROOT / "examples").glob("*.py")}
    status, out, _ = gradtape("examples")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == sorted(files)
    assert set(json.loads(gradtape("examples", "list", "--json")[1])) == set(files)
    assert gradtape("examples", "show", "hessian")[1] == files["hessian"].read_text()
    status, out, _ = gradtape("examples", "copy", "hessian.py", tmp_path)
    assert status == 0
    assert (tmp_path / "hessian.py").read_text() == files["hessian"].read_text()
    status, _, err = gradtape("examples", "copy", "hessian", tmp_path)
    assert status == 2
    assert "exists already" in err
    assert gradtape("examples", "copy", "hessian", tmp_path, "--force")[0] == 0
    assert gradtape("examples", "copy", "hessian", tmp_path / "mine.py")[0] == 0
    status, _, err = gradtape("examples", "copy", "hessian", tmp_path / "nowhere" / "mine.py")
    assert "there is no folder" in err


def test_examples_that_are_not_there(gradtape, monkeypatch, tmp_path):
    status, _, err = gradtape("examples", "show", "hesian")
    assert status == 2
    assert "did you mean hessian?" in err
    monkeypatch.setattr(examples, "PACKAGE", tmp_path / "a" / "b")
    status, _, err = gradtape("examples")
    assert status == 2
    assert "did not come with this installation" in err


# the whole


SUBCOMMANDS = [
    *("run", "report", "partials", "check", "plot", "bench", "doctor", "cache", "examples"),
    *("examples list", "examples show", "examples copy"),
]


def test_every_subcommand_is_known():
    import typer.main

    whole = typer.main.get_command(cli.application())
    found = set(whole.commands) | {f"examples {name}" for name in whole.commands["examples"].commands}
    assert found == set(SUBCOMMANDS)


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_help_has_an_example(gradtape, subcommand):
    status, out, _ = gradtape(*subcommand.split(), "--help")
    assert status == 0
    assert " ".join(out.split()).count(f"gradtape {subcommand}") >= 2  # usage, and an example


@pytest.mark.parametrize("subcommand", [name for name in SUBCOMMANDS if name not in ("run", "examples show")])
def test_json_is_offered_wherever_there_is_data(gradtape, subcommand):
    _, out, _ = gradtape(*subcommand.split(), "--help")
    assert ("--json" in out) == (subcommand != "examples copy")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["doctor"], 0),
        (["check", "{model}:loss", "--at", "0.5, [1.0, 2.0]"], 0),
        (["check", "{model}:wrong", "--at", "3.0"], 1),
        (["check", "{model}:nothing", "--at", "3.0"], 2),
        (["partials", "x +", "--at", "x=1"], 2),
        (["partials", "x", "--at", "x=1", "--format", "word"], 2),
        (["no_such_command"], 2),
        (["doctor", "--no-such-option"], 2),
        (["run", "nowhere.py"], 2),
        (["examples", "show", "nothing"], 2),
        (["--version"], 0),
    ],
)
def test_exit_statuses(gradtape, model, arguments, status):
    assert gradtape(*[each.format(model=model) for each in arguments])[0] == status


def test_a_script_that_is_interrupted(tmp_path):
    script = tmp_path / "slow.py"
    # A shell's background processes ignore the signal, and so do their children.
    script.write_text(
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); signal.raise_signal(signal.SIGINT)"
    )
    ran = subprocess.run([sys.executable, "-m", "gradtape", "run", script], capture_output=True, check=False)
    assert ran.returncode == 130


# colours and completion


def on_a_terminal(arguments, **settings):
    """What a process writes to a pseudo-terminal."""
    main, side = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    subprocess.run(
        [sys.executable, "-m", "gradtape", *arguments],
        stdout=side,
        stderr=side,
        check=True,
        timeout=60,
        env=environment | {"TERM": "xterm-256color", "COLUMNS": "100"} | settings,
    )
    os.close(side)
    shown = b""
    with contextlib.suppress(OSError):  # the end of a pseudo-terminal
        while part := os.read(main, 65536):
            shown += part
    os.close(main)
    return shown.decode()


COLOURED = re.compile(r"\x1b\[[0-9;]*3[0-9]")


def test_colours_only_on_terminals_that_want_them():
    assert COLOURED.search(on_a_terminal(["--help"]))
    assert not COLOURED.search(on_a_terminal(["--help"], NO_COLOR="1"))
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    ran = subprocess.run(
        [sys.executable, "-m", "gradtape", "--help"],
        capture_output=True,
        check=True,
        env=environment,
        timeout=60,
    )
    assert b"\x1b" not in ran.stdout


@pytest.fixture
def shell_path(tmp_path):
    """A folder with the command in it, as an installation puts it there."""
    command = tmp_path / "bin" / "gradtape"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gradtape "$@"\n')
    command.chmod(0o755)
    return f"{command.parent}:{os.environ['PATH']}"


def test_bash_completes_commands_options_and_names(shell_path):
    program = """
        eval "$(_GRADTAPE_COMPLETE=source_bash gradtape)"
        try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gradtape_completion "$@"; echo "${COMPREPLY[@]}"; }
        try gradtape p
        try gradtape partials --format m
        try gradtape examples show hessian_
    """
    environment = {**os.environ, "PATH": shell_path}
    ran = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, env=environment, timeout=100
    )
    assert ran.stdout.split("\n")[:3] == ["partials plot", "mathml", "hessian_vector_product"], ran.stderr


@pytest.mark.parametrize(
    ("shell", "words"), [("zsh", "#compdef gradtape"), ("fish", "complete --command gradtape")]
)
def test_other_shells_get_their_scripts(shell_path, shell, words):
    environment = {**os.environ, "PATH": shell_path, "_GRADTAPE_COMPLETE": f"source_{shell}"}
    ran = subprocess.run(
        ["gradtape"], capture_output=True, text=True, env=environment, timeout=60, check=True
    )
    assert words in ran.stdout


def test_as_a_process():
    ran = subprocess.run(
        [sys.executable, "-m", "gradtape", "partials", "x**2", "--at", "x=3", "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(ran.stdout)["partials"][1]["value"] == 6.0
    assert ran.stderr == ""


def test_a_number_that_is_not_finite_in_json(gradtape):
    status, out, _ = gradtape("partials", "1/x", "--at", "x=0.0", "--json")
    assert status == 0
    assert json.loads(out)["partials"][0]["value"] == "inf"


def test_the_page_shows_what_is_printed(gradtape):
    page = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    _, out, _ = gradtape("partials", "x**3 + 2*t", "--at", "x=1,t=1", "--order", 2)
    assert f"```text\n{out}```" in page


# the page


def command_blocks():
    """The commands of docs/command.md with what the page says they print, None where it shows a picture."""
    blocks = fenced_blocks((ROOT / "docs" / "command.md").read_text(encoding="utf-8"))
    for block, after in zip(blocks, [*blocks[1:], blocks[0]], strict=True):
        if block.language == "sh":
            yield block.text.strip(), after.text if after.language == "text" else None


@pytest.mark.parametrize(("command", "printed"), list(command_blocks()), ids=lambda each: str(each)[:40])
def test_the_commands_of_the_page(gradtape, monkeypatch, tmp_path, command, printed):
    blocks = fenced_blocks((ROOT / "docs" / "command.md").read_text(encoding="utf-8"))
    (tmp_path / "model.py").write_text(next(b.text for b in blocks if "def loss" in b.text))
    monkeypatch.chdir(tmp_path)
    status, out, err = gradtape(*shlex.split(command)[1:])
    assert (status, err) == ("wrong" in command, "")
    assert out == (printed or "")
    for picture in tmp_path.glob("*.png"):
        assert difference(picture, ROOT / "docs" / "pictures" / picture.name) < 0.02


def test_the_page_has_every_command():
    page = (ROOT / "docs" / "command.md").read_text(encoding="utf-8")
    assert all(f"\n## {name}\n" in page for name in SUBCOMMANDS if " " not in name and name != "cache")
    assert len(list(command_blocks())) >= 8
