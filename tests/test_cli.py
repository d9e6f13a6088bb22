"""The command: a script written for TensorFlow runs as `python SCRIPT` would run it, on gradtape."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import gradtape
from gradtape import cli
from gradtape.faces.tensorflow import COVERED_PAGE, Face, standing_in

ROOT = Path(__file__).parents[1]


def command(*arguments, cwd=None):
    """Run `python -m gradtape` with the arguments in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "gradtape", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        timeout=120,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
    )


@pytest.fixture
def script(tmp_path):
    """Write a script and return its path."""

    def write(text, name="program.py"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return path

    return write


@pytest.fixture
def run(script, capsys):
    """Run a script in this process and return its status, output and errors."""

    def call(text, *arguments):
        status = cli.run_script(str(script(text)), arguments)
        return status, *capsys.readouterr()

    return call


# A script's own world


def test_the_tutorial_program():
    ran = command("run", ROOT / "examples" / "first_and_second_partials.py")
    assert ran.returncode == 0, ran.stderr
    # As TensorFlow, we advise once against a gradient inside a persistent tape's own context.
    assert [line for line in ran.stderr.splitlines() if "Warning" in line] == [
        line for line in ran.stderr.splitlines() if "PersistentTapeWarning" in line
    ]
    assert "Traceback" not in ran.stderr
    assert ran.stdout.splitlines() == [
        "Tensor(3.0, shape=(), dtype=float32)",
        "Tensor(6.0, shape=(), dtype=float32)",
        "Tensor(2.0, shape=(), dtype=float32)",
    ]


def test_arguments_reach_the_script_untouched(script):
    path = script("import sys; print(sys.argv[1:])")
    ran = command("run", path, "--help", "-x", "--version", "--", "a b", "")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "['--help', '-x', '--version', '--', 'a b', '']"


def test_the_world_is_that_of_python_itself(script):
    path = script(
        """
        print(sorted(set(globals()) - {"__annotations__"}), __name__, __file__, __package__, __spec__, __doc__)
        import sys
        print(sys.argv, sys.path[0], sys.modules["__main__"].__dict__ is globals(), type(__builtins__))
        """
    )
    ours = command("run", path.name, "one", cwd=path.parent)
    pythons = subprocess.run(
        [sys.executable, path.name, "one"], capture_output=True, text=True, cwd=path.parent, check=True
    )
    assert ours.stdout == pythons.stdout
    assert f"'{path.name}', 'one'" in ours.stdout


def test_imports_from_the_folder_of_the_script(run, script):
    script("import tensorflow as tf\nvalue = tf.constant(2.0)", "beside_the_script.py")
    status, out, _ = run("from beside_the_script import value; print(float(value * value))")
    sys.modules.pop("beside_the_script")
    assert (status, out) == (0, "4.0\n")


def test_classes_of_main_can_be_pickled(run):
    status, out, err = run(
        """
        import pickle
        class Point:
            x = 3
        print(pickle.loads(pickle.dumps(Point())).x)
        """
    )
    assert (status, out) == (0, "3\n"), err


def test_nothing_of_ours_is_inherited(run):
    """No `from __future__` of the runner's, and a line about the encoding counts."""
    status, out, _ = run(
        "# coding: latin-1\ndef f(x: 1 + 1): 'é'\nprint(f.__annotations__, f.__doc__)".encode("latin-1")
    )
    assert (status, out) == (0, "{'x': 2} é\n")


def test_everything_is_put_back(run):
    before = (sys.argv, sys.path[:], sys.modules["__main__"], sys.meta_path[:])
    status, _, _ = run("import sys, tensorflow.math; sys.path.append('x'); sys.argv.append('y')", "a")
    assert status == 0
    assert (sys.argv, sys.path, sys.modules["__main__"], sys.meta_path) == before
    assert not [name for name in sys.modules if name.split(".")[0] == "tensorflow"]


def test_a_thread_that_outlives_the_script_still_finds_tensorflow(run):
    status, out, err = run(
        """
        import threading, time
        def late():
            time.sleep(0.2)
            import tensorflow as tf
            print(float(tf.constant(5.0)))
        threading.Thread(target=late).start()
        """
    )
    assert (status, out, err) == (0, "5.0\n", "")


def test_a_plain_run_loads_no_command_line_library(script):
    ran = command(
        "run", script("import sys; print(sorted({'typer', 'click', 'rich', 'argparse'} & set(sys.modules)))")
    )
    assert ran.stdout == "[]\n"


# TensorFlow's name


def test_the_ways_to_import(run):
    status, out, err = run(
        """
        import tensorflow as tf
        import tensorflow.math as tfm
        import tensorflow.compat.v2 as tf2
        from tensorflow import nn
        from tensorflow.linalg import matmul
        from tensorflow.compat.v2.math import sin
        from tensorflow import *
        import gradtape
        assert tf is not gradtape and tfm is not gradtape.math
        assert tf.math is tfm and tf.nn is nn and tf.compat.v2 is tf2
        assert tf.GradientTape is gradtape.GradientTape is tf2.GradientTape is GradientTape
        assert tfm.sin is gradtape.math.sin is sin and matmul is gradtape.linalg.matmul
        assert "constant" in dir(tf) and "sin" in dir(tf.math)
        assert not hasattr(tf, "core") and not hasattr(tf.math, "np")
        print(tf.__name__, tfm.__name__, tf2.__name__)
        """
    )
    assert (status, out) == (0, "")  # the star brought TensorFlow's print, which writes to the error stream
    assert err == "tensorflow tensorflow.math tensorflow.compat.v2\n"


def test_the_version_is_of_tensorflow_2_and_says_whose_it_is(run):
    _, out, _ = run("import tensorflow as tf; print(tf.__version__, tf.version.VERSION)")
    one, two = out.split()
    assert one == two == f"2.21.0+gradtape.{gradtape.__version__}"


def test_setting_a_name_stays_with_the_alias(run):
    status, _, _ = run("import tensorflow as tf; tf.constant = None; tf.math.sin = None; tf.novelty = 1")
    assert status == 0
    assert callable(gradtape.constant)
    assert callable(gradtape.math.sin)
    assert not hasattr(gradtape, "novelty")


def test_an_installed_tensorflow_is_shadowed_for_the_run_alone(run, tmp_path, monkeypatch):
    package = tmp_path / "installed" / "tensorflow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("real = True")
    (package / "distribute.py").write_text("real = True")
    monkeypatch.syspath_prepend(str(package.parent))
    import tensorflow.distribute

    real = (tensorflow, tensorflow.distribute)
    try:
        status, out, err = run(
            """
            import tensorflow as tf
            print(hasattr(tf, "real"), hasattr(tf, "GradientTape"))
            try:
                import tensorflow.distribute
            except ModuleNotFoundError as error:
                print(error.name)
            """
        )
        assert (status, out, err) == (0, "False True\ntensorflow.distribute\n", "")
        assert (sys.modules["tensorflow"], sys.modules["tensorflow.distribute"]) == real
        assert tensorflow.real
    finally:
        del sys.modules["tensorflow"], sys.modules["tensorflow.distribute"]


def test_the_context_closes_after_an_error():
    before = sys.meta_path[:]
    with pytest.raises(ModuleNotFoundError), standing_in(gradtape):
        importlib.import_module("tensorflow.math.nowhere")
    assert sys.meta_path == before
    assert "tensorflow" not in sys.modules


# What is missing


def test_a_missing_attribute_is_named_with_its_relatives(run):
    status, _, err = run("import tensorflow as tf\nx = tf.constant(1.0)\ntf.math.sinn(x)\n")
    last = err.strip().splitlines()[-1]
    assert status == 1
    assert last.startswith("AttributeError: module 'tensorflow.math' has no attribute 'sinn'")
    assert "tensorflow.math.sinn" in last
    assert "tensorflow.sin" in last.partition("Nearest here: ")[2] or "tensorflow.math.sin" in last
    assert f"'{COVERED_PAGE}'" in last
    assert "Did you mean" not in last
    assert err.count("File ") == 1, err


def test_a_name_kept_elsewhere_is_found_by_its_last_part():
    assert any(name.endswith("reduce_sum") for name in Face(gradtape).relatives("nn.reduce_sum"))
    assert any(name.endswith("matmul") for name in Face(gradtape).relatives("sparse.matmul"))
    assert Face(gradtape).relatives("zqxwvk") == []
    assert "Nothing here has a name near it" in Face(gradtape).missing("zqxwvk")


@pytest.mark.parametrize(
    ("statement", "kind", "name"),
    [
        ("from tensorflow import sinn", "ImportError: cannot import name 'sinn'", "sinn"),
        ("from tensorflow.math import sinn", "ImportError: cannot import name 'sinn'", "math.sinn"),
        ("import tensorflow.maths", "ModuleNotFoundError: No module named 'tensorflow.maths'", "maths"),
        (
            "import tensorflow.distribute.experimental",
            "ModuleNotFoundError: No module named 'tensorflow.distribute'",
            "distribute",
        ),
        ("import tensorflow.compat.v1 as tf", "ModuleNotFoundError: No module named", "compat.v1"),
    ],
)
def test_a_missing_import_is_named_with_its_relatives(run, statement, kind, name):
    status, _, err = run(statement)
    error, note = err.strip().splitlines()[-2:]
    assert status == 1
    assert error.startswith(kind)
    assert f"does not have tensorflow.{name}." in note
    assert "Nearest here: tensorflow." in note or "Nothing here has a name near it" in note
    assert f"'{COVERED_PAGE}'" in note
    assert "faces" not in err


def test_programs_can_ask_whether_a_name_is_there(run):
    status, out, err = run(
        """
        import importlib.util
        import tensorflow as tf
        print(hasattr(tf, "distribute"), hasattr(tf, "constant"), getattr(tf, "distribute", "none"))
        print(importlib.util.find_spec("tensorflow.distribute"), importlib.util.find_spec("tensorflow.math").name)
        try:
            from tensorflow import distribute
        except ImportError as error:
            print(type(error).__name__)
        try:
            import tensorflow.distribute
        except ModuleNotFoundError as error:
            print(error.name)
        try:
            tf.distribute
        except AttributeError as error:
            print(error.name)
        """
    )
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "False True none",
        "None tensorflow.math",
        "ImportError",
        "tensorflow.distribute",
        "distribute",
    ]


# Errors and exits


def test_a_traceback_begins_and_ends_in_the_script(script):
    path = script(
        """
        import tensorflow as tf
        def inner():
            raise ValueError("mine")
        try:
            tf.nonsense
        except AttributeError as error:
            try:
                inner()
            except ValueError as other:
                raise KeyError("last") from other
        """
    )
    ran = command("run", path)
    assert (ran.returncode, ran.stdout) == (1, "")
    frames = [line for line in ran.stderr.splitlines() if line.startswith("  File ")]
    assert len(frames) == 4
    assert all(str(path) in frame for frame in frames), ran.stderr
    assert ran.stderr.startswith(f'Traceback (most recent call last):\n  File "{path}", line 6')
    assert ran.stderr.rstrip().endswith("KeyError: 'last'")


def test_errors_inside_the_library_keep_its_frames(run):
    status, _, err = run("import tensorflow as tf\nwith tf.GradientTape() as tape:\n    tape.watch(3)\n")
    lines = [line for line in err.splitlines() if line.startswith("  File ")]
    assert status == 1
    assert "program.py" in lines[0]
    assert len(lines) > 1
    assert "WatchError" in err


@pytest.mark.parametrize(
    ("statement", "status", "error"),
    [
        ("sys.exit()", 0, ""),
        ("sys.exit(7)", 7, ""),
        ("sys.exit(True)", 1, ""),
        ("sys.exit('a reason')", 1, "a reason\n"),
        ("raise SystemExit([1])", 1, "[1]\n"),
    ],
)
def test_exit_statuses_are_kept(script, statement, status, error):
    ran = command("run", script(f"import sys\nprint('before')\n{statement}\nprint('after')"))
    assert (ran.returncode, ran.stdout, ran.stderr) == (status, "before\n", error)


def test_an_interrupt_has_the_status_of_shells(run):
    status, _, err = run("raise KeyboardInterrupt")
    assert status == 130
    assert err.rstrip().endswith("KeyboardInterrupt")


def test_a_hook_of_the_script_is_asked(run, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back afterwards
    status, out, err = run("import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__)\n1 / 0")
    assert (status, out, err) == (1, "hook ZeroDivisionError\n", "")


@pytest.mark.parametrize(
    "text", [b"x = (\n", b"x = '\xff'\n", b"x = 1\0\n"], ids=["unfinished", "not utf-8", "null byte"]
)
def test_a_script_that_is_not_python(run, text):
    status, out, err = run(text)
    assert (status, out) == (1, "")
    # Before 3.11.4 Python has another word for a null byte.
    assert err.rstrip().splitlines()[-1].startswith(("SyntaxError: ", "ValueError: source code string"))
    assert "cli.py" not in err


def test_a_script_that_is_not_there(tmp_path):
    ran = command("run", tmp_path / "none.py")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "there is no file" in ran.stderr
    assert "none.py" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_folder_for_a_script(tmp_path):
    ran = command("run", tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "is a folder" in ran.stderr


def test_a_script_that_may_not_be_read():
    error = PermissionError(13, "Permission denied")
    assert cli.describe(error, "secret.py") == "'secret.py' cannot be read: Permission denied"


def test_the_version():
    ran = command("--version")
    assert (ran.returncode, ran.stdout) == (0, f"gradtape {gradtape.__version__}\n")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["run"], []])
def test_help(arguments):
    ran = command(*arguments)
    text = ran.stdout + ran.stderr
    assert ran.returncode == (0 if "--help" in arguments else 2)
    assert ("SCRIPT" if arguments[:1] == ["run"] else "--version") in text
    assert "Traceback" not in text


def test_the_application_runs_scripts_too(script, capsys):
    """The way through typer, which `main` leaves aside, passes arguments on in the same way."""
    path = script("import sys; print(sys.argv[1:]); sys.exit(4)")
    with pytest.raises(SystemExit) as leaving:
        cli.application()(["run", str(path), "--help", "-x", "y"])
    assert leaving.value.code == 4
    assert capsys.readouterr().out == "['--help', '-x', 'y']\n"
