"""`gradtape plot`: its numbers against formulas, its pictures as files and as what is drawn in them."""

import json
import struct
import sys

import matplotlib.figure
import numpy as np
import pytest

import gradtape as tf
from gradtape.commands.picture import LOOKS, _fill, draw, heading
from gradtape.commands.sampling import Surface, sampled


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        "import tensorflow as tf\n"
        "def smooth(w, b): return tf.sin(w * b)\n"
        "def bent(x): return x * x if x > 0 else -x\n"
        "def vector(x): return tf.stack([x, x])\n"
        "def fixed(x, power=2): return x ** power\n"
    )
    return path


def drawn(samples, log=(), labels=None, title=None):
    """The figure, looked into."""
    figure = matplotlib.figure.Figure()
    with matplotlib.rc_context(LOOKS):
        _fill(figure, samples, set(log), labels or {}, title)
    return figure


def values(samples):
    return {surface.name: surface.values for surface in samples.surfaces}


# numbers


def test_a_line_against_formulas():
    samples = sampled("x**3 - 2*x", "x=-2:2", order=3)
    x = samples.axes["x"]
    np.testing.assert_array_equal(x, np.linspace(-2, 2, 401))
    found = values(samples)
    assert list(found) == ["y", "y_x", "y_xx", "y_xxx"]
    for name, expected in {"y": x**3 - 2 * x, "y_x": 3 * x**2 - 2, "y_xx": 6 * x, "y_xxx": 6 + 0 * x}.items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-13, atol=1e-13)


def test_a_plane_against_formulas():
    samples = sampled("a*sin(x)*exp(-t)", "x=0:pi,t=0:1", "a=2", wanted="x xt tt", points=7)
    x, t = np.meshgrid(samples.axes["x"], samples.axes["t"], indexing="ij")
    found = values(samples)
    np.testing.assert_allclose(found["y_xt"], -2 * np.cos(x) * np.exp(-t), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found["y_tt"], 2 * np.sin(x) * np.exp(-t), rtol=1e-12, atol=1e-13)


def test_functions_in_files(model):
    samples = sampled(f"{model}:smooth", "w=0:1", "b=3", points=11, library=tf)
    np.testing.assert_allclose(values(samples)["y_w"], 3 * np.cos(3 * samples.axes["w"]), rtol=1e-6)
    bent = values(sampled(f"{model}:bent", "x=-1:2", points=31, library=tf))  # Python decides point by point
    x = np.linspace(-1, 2, 31)
    np.testing.assert_allclose(bent["y_x"], np.where(x > 0, 2 * x, -1.0), atol=1e-12)
    assert values(sampled(f"{model}:fixed", "x=0:2", points=3, library=tf))["y_x"].tolist() == [0.0, 2.0, 4.0]


def test_where_there_is_no_number_there_is_nan():
    found = values(sampled("sqrt(x) + 1/(x-1)", "x=-1:2", points=31))
    x = np.linspace(-1, 2, 31)
    np.testing.assert_array_equal(np.isnan(found["y"]), (x < 0) | np.isclose(x, 1))


def test_equal_ratios():
    axis = sampled("log(x)", "x=0.1:10", geometric=["x"], points=5).axes["x"]
    np.testing.assert_allclose(axis[1:] / axis[:-1], 100**0.25)


# pictures


def test_files_of_every_kind_are_written_and_svg_the_same_again(tmp_path):
    samples = sampled("x**3 - 2*x", "x=-2:2", points=21)
    for ending, begins in {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}.items():
        one, two = (tmp_path / f"{name}.{ending}" for name in "ab")
        draw(samples, str(one), dpi=50)
        assert one.read_bytes()[: len(begins)] == begins
        if ending == "svg":
            draw(samples, str(two))
            assert one.read_bytes() == two.read_bytes()
    width, height = struct.unpack(">II", (tmp_path / "a.png").read_bytes()[16:24])
    assert (width, height) == (320, 240)


def test_what_is_on_a_line(tmp_path):
    figure = drawn(
        sampled("1/x + a*sqrt(x+1)", "x=-2:2", "a=3", order=2),
        labels={"x": "time [s]", "value": "height [m]"},
    )
    panels = figure.axes
    assert [panel.get_title("left")[:4] for panel in panels] == ["$y =", r"$\pa", r"$\pa"]
    assert panels[-1].get_xlabel() == "time [s]"
    assert panels[0].get_ylabel() == "height [m]"
    assert figure.get_suptitle() == "1/x + a*sqrt(x+1)   at a = 3"
    (line,) = [line for line in panels[0].lines if len(line.get_xdata()) > 2]
    x, y = line.get_data()
    assert np.isnan(y[x < -1]).all()  # no number
    assert np.isnan(y[np.isclose(x, 0.0)]).all()  # a pole
    assert panels[0].patches  # the grey band
    low, high = panels[1].get_ylim()
    assert low > -3000  # the pole does not flatten the rest: the values go to -10,000
    assert high < 3000


def test_a_pole_between_two_points_is_no_line():
    figure = drawn(sampled("1/x", "x=-1:1", points=1000))
    (line,) = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    x, y = line.get_data()
    gap = np.flatnonzero(np.isnan(y))
    assert len(gap) == 1
    assert abs(x[gap[0]]) < 0.002


def test_what_is_on_a_plane():
    figure = drawn(sampled("sin(x)*exp(-t)", "x=0:2*pi,t=0:2", order=2, points=21), title="Wave")
    panels = [panel for panel in figure.axes if panel.get_title("left")]
    assert [panel.get_title("left").split("=")[0].strip("$ ") for panel in panels] == [
        "y",
        r"\partial y/\partial x",
        r"\partial y/\partial t",
        r"\partial^2 y/\partial x^2",
        r"\partial^2 y/\partial x\,\partial t",
        r"\partial^2 y/\partial t^2",
    ]
    assert figure.get_suptitle() == "Wave"
    assert len(figure.axes) == 12  # with a colour bar each
    assert (panels[3].get_xlabel(), panels[3].get_ylabel()) == ("x", "t")


def test_logarithmic_axes():
    figure = drawn(sampled("exp(x)/x", "x=0.01:10", geometric=["x"]), log=["x", "value"])
    first, second = figure.axes
    assert (first.get_xscale(), first.get_yscale(), second.get_yscale()) == ("log", "log", "symlog")
    assert second.get_yticklabels()
    plane = drawn(sampled("exp(x*t)", "x=0:3,t=1:2", points=9), log=["value"])
    assert len(plane.axes) == 6
    drawn(sampled("x*t", "x=-3:3,t=-1:2", points=9), log=["value"])
    drawn(sampled("x*t*0", "x=-3:3,t=-1:2", points=9))
    drawn(sampled("sqrt(-1-x*x-t*t)", "x=-3:3,t=-1:2", points=9))  # no number anywhere
    drawn(sampled("sqrt(-1-x*x)", "x=-3:3", points=9))


def test_headings():
    assert heading(Surface("y", None, None), ("x",)) == "$y$"
    assert heading(Surface("y_xx", "6 x", None), ("x",)) == r"$\partial^2 y/\partial x^2 = 6 x$"
    assert heading(Surface("y_mass,t", None, None), ("mass", "t")) == (
        r"$\partial^2 y/\partial \mathrm{mass}\,\partial t$"
    )
    assert heading(Surface("y", r"\begin{cases} 1 \end{cases}", None), ("x",)) == "$y$"  # cannot be drawn
    assert heading(Surface("y", "x" * 200, None), ("x",)) == "$y$"
    assert heading(Surface("y_y", None, None), ("x", "y")) == r"$\partial f/\partial y$"


# the command


def test_plot(gradtape, tmp_path):
    path = tmp_path / "cubic.png"
    status, out, err = gradtape("plot", "x**3", "--over", "x=-2:2", "--order", 2, "-o", path, "--dpi", 40)
    assert (status, out, err) == (0, "", "")
    assert path.read_bytes()[:4] == b"\x89PNG"
    status, out, _ = gradtape("plot", "x/(x-1)", "--over", "x=0:2", "--points", 3, "--json")
    assert status == 0
    found = json.loads(out)
    assert found["axes"] == {"x": [0.0, 1.0, 2.0]}
    assert found["values"] == {"y": [0.0, "nan", 2.0], "y_x": [-1.0, "nan", -1.0]}


def test_without_a_screen_there_is_a_way_out(gradtape, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    status, _, err = gradtape("plot", "x", "--over", "x=0:1", "--points", 3)
    assert status == 2
    assert "write a file with -o picture.png" in err


def test_a_window(gradtape, monkeypatch):
    import matplotlib.pyplot

    shown = []
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "tkagg")
    monkeypatch.setattr(matplotlib.pyplot, "show", lambda: shown.append(matplotlib.pyplot.get_fignums()))
    assert gradtape("plot", "x", "--over", "x=0:1", "--points", 3)[0] == 0
    assert [len(each) for each in shown] == [1]
    assert matplotlib.pyplot.get_fignums() == []


def test_without_matplotlib(gradtape, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    status, _, err = gradtape("plot", "x", "--over", "x=0:1", "-o", tmp_path / "a.png")
    assert status == 2
    assert 'pip install "gradtape[plots]"' in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x", "--over", "x"], "is no interval; write it as x=-2:2"),
        (["x", "--over", "t=0:1"], "t, which is no variable: there are x"),
        (["x", "--over", "x=1:0"], "from 1 to 0, which is no interval"),
        (["x", "--over", "x=0:inf"], "inf has no value"),
        (["x*t", "--over", "x=0:1"], "t has no value; give it one with --at t=1.0, or an interval"),
        (["x", "--over", "x=0:1", "--at", "x=2"], "--over gives it already"),
        (["x", "--over", "x=0:1", "--at", "z=2"], "the variables are x"),
        (["x", "--over", "x=0:1", "--at", "2"], "--at names its values"),
        (["x*y*z", "--over", "x=0:1,y=0:1,z=0:1"], "one variable or two, not 3"),
        (["x", "--over", "x=0:1", "--points", "1"], "--points is at least 2"),
        (["x*t", "--over", "x=0:1,t=0:1", "--order", "4"], "at most 8 are drawn"),
        (["x", "--over", "x=0:1", "--order", "11"], "--order is between 1 and 10"),
        (["x", "--over", "x=0:1", "--log", "x"], "numbers that are not positive"),
        (["x", "--over", "x=0:1", "--log", "t"], "'t' is no axis of this picture"),
        (["x", "--over", "x=0:1", "--label", "time"], "names no axis"),
        (["x", "--over", "x=0:1", "-o", "a.gif"], "one of png, svg, pdf"),
        (["x", "--over", "x=0:1", "-o", "no/where/a.png"], "there is no such folder"),
    ],
)
def test_plot_refuses(gradtape, arguments, words):
    status, out, err = gradtape("plot", *arguments)
    assert (status, out) == (2, "")
    assert words in err


def test_plot_refuses_what_is_no_number(gradtape, model):
    status, _, err = gradtape("plot", f"{model}:vector", "--over", "x=0:1", "--points", 3)
    assert status == 2
    assert "gives a tensor of shape (2,) at one point" in err
