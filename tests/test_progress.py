"""`gt.progress`: seen on terminals and in notebooks, silent elsewhere, and cheap."""

import io
import os
import pty
import re
import subprocess
import sys
import time
import types

import numpy as np
import pytest

import gradtape as gt
from gradtape import optimize
from gradtape.meter import Progress, is_seen


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def lines(stream):
    return [line.rstrip() for line in re.split(r"[\r\n]+", stream.getvalue()) if line.strip()]


def test_a_loop_on_a_terminal(terminal):
    bar = gt.progress(range(4), "fit", file=terminal)
    seen = []
    for step in bar:
        seen.append(step)
        bar.show(loss=gt.constant(0.123456), note="ok")
    assert seen == [0, 1, 2, 3]
    assert bar.count == 4
    last = lines(terminal)[-1]
    assert last.startswith("fit  100% ████████████████████████  4/4  0.0 s  ")
    assert last.endswith("loss 0.1235  note ok")
    assert terminal.getvalue().endswith("\n")


def test_silent_where_nobody_sees(capsys):
    assert list(gt.progress(range(3))) == [0, 1, 2]
    with gt.progress(3) as bar:
        bar.advance()
        bar.show(loss=1.0)
    assert capsys.readouterr() == ("", "")
    assert list(gt.progress(iter("ab"), shown=False, file=Terminal())) == ["a", "b"]


def test_the_line_in_words():
    bar = Progress(200, "fit", None, True, io.StringIO())
    bar.count = 50
    assert bar.line(10.0) == "fit   25% ██████                    50/200  10.0 s + 30.0 s  5/s"
    bar.count = 1
    assert bar.line(3000.0).endswith("1/200  50:00 + 165:50:00  3e+03 s each")
    assert Progress(None, "", None, True, io.StringIO()).line(0.0) == "0  0.0 s"
    empty = Progress([], "", None, True, io.StringIO())
    assert empty.line(1.0) == "0/0  1.0 s"


def test_the_line_is_written_seldom(terminal):
    for _ in gt.progress(range(20_000), file=terminal):
        pass
    assert terminal.getvalue().count("\r") < 30


def test_a_step_is_cheap(terminal):
    """A law on work, not on time: a step looks at the clock once and nowhere else."""
    looks = 0
    clock = time.perf_counter

    def counted():
        nonlocal looks
        looks += 1
        return clock()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "perf_counter", counted)
        for _ in gt.progress(range(1000), file=terminal):
            pass
    assert looks <= 1010


def test_loops_inside_loops_share_the_line(terminal):
    for _ in gt.progress(range(2), "epoch", file=terminal):
        for _ in gt.progress(range(3), "batch", file=terminal):
            pass
    assert terminal.getvalue().count("\n") == 1
    assert any("epoch" in line and "batch" in line for line in lines(terminal))


def test_an_error_ends_the_line_and_goes_on(terminal):
    with pytest.raises(ZeroDivisionError):
        for step in gt.progress(range(5), file=terminal):
            1 / (step - 2)
    import gc

    gc.collect()
    assert terminal.getvalue().endswith("\n")
    assert lines(terminal)[-1].split()[1] == "2/5" or "2/5" in lines(terminal)[-1]


def test_solvers_take_the_callback(terminal):
    rosen = lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    for method in ("BFGS", "trust-exact", "Nelder-Mead"):
        with gt.progress(description=method, file=terminal) as bar:
            found = optimize.minimize(rosen, [1.3, 0.7], method=method, callback=bar.callback)
        assert abs(bar.count - found.nit) <= 1  # Nelder-Mead does not report its first step
        last = lines(terminal)[-1]
        assert last.startswith(f"{method}  {bar.count}  ")
        assert re.search(r"value \S+$", last)


def test_it_does_not_disturb_recordings(terminal):
    @gt.function
    def total(x):
        bar = gt.progress(range(3), file=terminal)
        y = x
        for _ in bar:
            y = y * x
            bar.show(y=y)
        return y

    assert total(gt.constant(2.0)).numpy() == 16.0
    assert total(gt.constant(3.0)).numpy() == 81.0
    assert total.stats()["guards"] == 0


def test_streams(monkeypatch):
    assert not is_seen(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not is_seen(Terminal())
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    notebook = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    assert is_seen(notebook)
    assert not is_seen(io.StringIO())


def test_a_stream_that_cannot_write_blocks_and_one_that_has_gone(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    raw = io.BytesIO()
    plain = io.TextIOWrapper(raw, "ascii")
    list(gt.progress(range(2), shown=True, file=plain))
    assert b"########################  2/2" in raw.getvalue()
    gone = Terminal()
    bar = gt.progress(range(5), file=gone)
    seen = []
    for step in bar:
        seen.append(step)
        gone.close()
    assert seen == [0, 1, 2, 3, 4]


def test_on_a_real_terminal():
    """Through a pseudo-terminal, in a process of its own."""
    main, side = pty.openpty()
    program = "import gradtape as gt\nfor _ in gt.progress(range(7), 'run'): pass\nprint('out')"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=side,
        check=True,
        timeout=60,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(side)
    shown = os.read(main, 10_000).decode()
    os.close(main)
    assert ran.stdout == b"out\n"
    assert "7/7" in shown
    assert "run" in shown


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: gt.progress(total=-1), ValueError, "not -1"),
        (lambda: gt.progress(3, total=4), TypeError, "is the total"),
        (lambda: list(gt.progress(3)), TypeError, "nothing to go through"),
        (lambda: len(gt.progress()), TypeError, "not known"),
    ],
)
def test_calls_that_mean_nothing(call, error, words):
    with pytest.raises(error, match=words):
        call()
