"""Leaving the tape: an event for every way out, a warning for those that nobody asked for, and silence elsewhere."""

import inspect
import math
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
import scipy.linalg

import gradtape as gt

X = np.array([1.0, 2.0])


def line():
    return inspect.currentframe().f_back.f_lineno


def caught(use, x=None):
    """The warnings of a use of a recorded tensor, and the tape's events."""
    x = gt.constant(X) if x is None else x
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        with gt.GradientTape(persistent=True) as tape:
            tape.watch(x)
            use(x * x)
    return [w for w in given if w.category is gt.DetachedTensorWarning], tape.detach_events()


def fill(t):
    array = np.zeros(3)
    array[1] = t


NUMBER = gt.constant(3.0)
UNASKED = {
    "np.asarray": (lambda t: np.asarray(t), "array", None),
    "np.array": (lambda t: np.array(t), "array", None),
    "np.array of several": (lambda t: np.array([t, t]), "array", None),
    "float": (float, "float", NUMBER),
    "int": (int, "int", NUMBER),
    "complex": (complex, "complex", NUMBER),
    "math.sin": (math.sin, "float", NUMBER),
    "arr[i] = t": (fill, "float", NUMBER),
    "round(float)": (lambda t: round(float(t)), "float", NUMBER),
    "from_dlpack": (np.from_dlpack, "dlpack", None),
}
ASKED = {
    "numpy": (lambda t: t.numpy(), "numpy", None),
    "item": (lambda t: t.item(), "item", NUMBER),
    "tolist": (lambda t: t.tolist(), "tolist", None),
    "if": (lambda t: 1 if t > 0 else 0, None, NUMBER),  # it is the comparison's result that leaves
    "bool": (bool, "bool", NUMBER),
}
SEEN = {
    "str": str,
    "repr": repr,
    "f-string": lambda t: f"{t}",
    "formatted": lambda t: f"{t[0]:.3f}",
    "shape": lambda t: (t.shape, t.dtype, len(t), t.ndim),
    "comparison": lambda t: (t > 1.0).numpy().all(),
    "np.testing": lambda t: np.testing.assert_array_equal(gt.stop_gradient(t), X * X),
    "np.allclose": lambda t: np.allclose(t, X * X),
}


@pytest.mark.parametrize(("use", "how", "x"), UNASKED.values(), ids=UNASKED)
def test_a_way_out_that_nobody_asked_for_warns_and_leaves_an_event(use, how, x):
    given, events = caught(use, x)
    assert given
    assert "has no derivative" in str(given[0].message)
    assert {event.how for event in events} == {how}
    assert all(w.filename == __file__ for w in given)


@pytest.mark.parametrize(("use", "how", "x"), ASKED.values(), ids=ASKED)
def test_a_way_out_that_says_so_leaves_an_event_alone(use, how, x):
    given, events = caught(use, x)
    assert given == []
    if how is not None:
        assert [event.how for event in events] == [how]
    assert all(event.place.file == __file__ for event in events)


@pytest.mark.parametrize("use", SEEN.values(), ids=SEEN)
def test_what_only_looks_does_not_warn(use):
    given, _ = caught(use)
    assert given == []


def test_the_event_has_file_line_and_function():
    x = gt.constant(3.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        x.item()
        at = line() - 1
    (event,) = tape.detach_events()
    assert (event.place.file, event.place.line) == (__file__, at)
    assert event.place.function == "test_the_event_has_file_line_and_function"
    assert str(event) == f".item() in {event.place.function} at {__file__}:{at}"


def test_the_warning_points_at_the_program_and_names_the_library():
    x = gt.constant(np.eye(2))
    given, (event,) = caught(scipy.linalg.expm, x)
    assert given[0].filename == __file__
    assert "scipy" in event.place.file
    assert f"in {event.place.function} at" in str(given[0].message)


def test_it_is_given_once_for_each_line(recwarn):
    warnings.simplefilter("default")
    x = gt.constant(3.0)
    for _ in range(5):
        with gt.GradientTape() as tape:
            tape.watch(x)
            float(x)
            float(x * x)
    assert len(recwarn) == 2


def test_two_tapes_warn_once_and_both_have_the_event(recwarn):
    warnings.simplefilter("always")
    x = gt.constant(3.0)
    with gt.GradientTape() as outer, gt.GradientTape() as inner:
        outer.watch(x)
        inner.watch(x)
        float(x)
    assert len(recwarn) == 1
    assert [event.how for tape in (outer, inner) for event in tape.detach_events()] == ["float", "float"]


def test_it_can_be_an_error_or_silent():
    x = gt.constant(3.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        with warnings.catch_warnings():
            warnings.simplefilter("error", gt.DetachedTensorWarning)
            with pytest.raises(gt.DetachedTensorWarning, match=r"through float\(\)"):
                math.sin(x)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", gt.DetachedTensorWarning)
            assert math.sin(x) == math.sin(3.0)


def test_nothing_is_said_where_nobody_follows():
    x, y = gt.constant(3.0), gt.constant(4.0)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        z = x * x
        assert float(y) == 4.0
        assert float(gt.stop_gradient(z)) == 9.0
        with tape.stop_recording():
            assert float(z) == 9.0
    assert float(z) == 9.0  # a result
    assert float(tape.gradient(z, x)) == 6.0
    assert np.asarray(gt.constant(1)) == 1
    assert [event.how for event in tape.detach_events()] == ["float"]  # of what is made of z, on purpose


def test_every_mode_that_would_lose_a_derivative_warns():
    square = lambda x: x * float(x)
    for ask in (gt.grad(square), gt.jacobian(square), lambda x: gt.jvp(square, [x], [x])):
        with pytest.warns(gt.DetachedTensorWarning):
            ask(gt.constant(3.0))
    with gt.autodiff.ForwardAccumulator(NUMBER, gt.constant(1.0)) as accumulator:
        with pytest.warns(gt.DetachedTensorWarning):
            y = NUMBER * float(NUMBER)
    assert accumulator.jvp(y).numpy() == 3.0


def test_a_tape_without_a_record_has_no_events():
    with pytest.raises(RuntimeError, match="never entered, or it is used up"):
        gt.GradientTape().detach_events()


def test_a_plain_run_prints_the_warning_once(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(
        textwrap.dedent(
            """
            import gradtape as gt
            import numpy as np
            x = gt.constant([1.0, 2.0])
            for step in range(3):
                with gt.GradientTape() as tape:
                    tape.watch(x)
                    y = np.sum(np.asarray(x) ** 2) + gt.reduce_sum(x)
            """
        )
    )
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert ran.stderr.count("DetachedTensorWarning") == 1
    assert f"{script}:8: DetachedTensorWarning: a tensor of shape (2,)" in ran.stderr
