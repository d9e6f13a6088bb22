"""`gradtape bench`: it measures what it says, and prints tables and JSON."""

import json
import math

import numpy as np
import pytest

from gradtape.commands import bench
from gradtape.commands.bench import cases, measured, of_function, quickest


def test_the_quickest_call_counts(monkeypatch):
    times = iter([0.0, 0.0, 5.0, 5.0, 7.0, 7.0, 10.0])  # an end at 6 s; calls of 5 s and 2 s
    monkeypatch.setattr(bench.time, "perf_counter", lambda: next(times))
    calls = []
    assert quickest(lambda: calls.append(1), 6.0) == 2.0
    assert len(calls) == 3  # the first is not timed


def test_a_formula(gradtape):
    status, out, err = gradtape("bench", "x**3*sin(t)", "--at", "x=1,t=0.5", "--seconds", "0.01")
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["x**3*sin(t)"]
    assert [row[0] for row in rows[2:]] == ["value", "gradient", "Hessian"]
    assert rows[2][-2:] == ["1", "1"]  # a value costs one value


def test_a_function_in_a_file_as_json(gradtape, tmp_path):
    path = tmp_path / "model.py"
    path.write_text("import tensorflow as tf\ndef loss(x, w): return tf.sin(x * w)\n")
    status, out, _ = gradtape(
        "bench", f"{path}:loss", "--at", "0.5, w=[1.0, 2.0]", "--seconds", "0.01", "--json"
    )
    assert status == 0
    found = json.loads(out)
    assert found["notes"] == []
    for timing in found["timings"]:
        assert 0 < timing["eager_s"] < 10
        assert 0 < timing["compiled_s"] < timing["compiling_s"]


def test_a_large_function_has_no_hessian_and_what_cannot_be_compiled_says_so():
    found = of_function("x*x", "x=" + str([1.0] * 2001), 0.001)
    assert [timing.name for timing in found.timings] == ["value", "gradient"]
    assert found.notes == ("no Hessian: it would have 2,001 rows",)
    escaping = measured(
        "f", lambda x: bench.total(x * float(x.numpy()[0])), [bench.as_tensor(np.ones(2))], 0.001
    )
    assert math.isnan(escaping.timings[0].compiled)
    assert "value is not compiled" in escaping.notes[0]
    assert escaping.text().splitlines()[2].split()[3] == "-"


def test_the_cases_compute():
    """Each against NumPy."""
    found = {name: float(value(*xs)) for name, (value, xs) in cases().items()}
    names = list(found)
    assert found[names[0]] == 3.0
    x = 1.0
    for _ in range(100):
        x -= 0.01 * x * x
    assert found[names[1]] == pytest.approx(x)
    wide = np.asarray(cases()[names[2]][1][0])
    assert found[names[2]] == pytest.approx(np.sum(np.tanh(wide) * np.exp(-wide * wide)))
    x, w, v = (np.asarray(each) for each in cases()[names[3]][1])
    assert found[names[3]] == pytest.approx(np.sum(np.tanh(np.tanh(x @ w) @ w) @ v))


def test_this_machine(gradtape, monkeypatch):
    monkeypatch.setattr(bench, "start", lambda seconds: 0.05)
    monkeypatch.setattr(bench, "cases", lambda: dict(list(cases().items())[:1]))
    status, out, _ = gradtape("bench", "--seconds", "0.001")
    assert status == 0
    assert "import gradtape" in out
    assert "50 ms" in out
    assert "two numbers: x**3 + 2*t" in out
    assert len(json.loads(gradtape("bench", "--seconds", "0.001", "--json")[1])) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x*t", "--at", "x=1"], "gives every variable a number or a list by name: x, t"),
        (["2.0"], "nothing to differentiate in"),
        (["x", "--at", "x=1", "--seconds", "0"], "--seconds is positive"),
        (["--at", "x=1"], "name one"),
        (["nowhere.py:f", "--at", "1"], "there is no file"),
    ],
)
def test_bench_refuses(gradtape, arguments, words):
    status, out, err = gradtape("bench", *arguments)
    assert (status, out) == (2, "")
    assert words in err
