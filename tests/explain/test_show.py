"""`tape.show()`: what is recorded as a page and as a text, against the program's values and derivatives."""

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import gradtape as gt

pytestmark = pytest.mark.filterwarnings("ignore::gradtape.errors.PersistentTapeWarning")
TEXT = Path(__file__).read_text(encoding="utf-8").splitlines()


def expression(site):
    return TEXT[site["line"] - 1][site["start"] : site["stop"]]


def kept(view, kind):
    """What the page shows last at each site: {(name, expression): text}."""
    sites = {site["id"]: site for site in view.data["sites"]}
    return {
        (sites[m["at"]]["name"], expression(sites[m["at"]])): m.get(
            "adjoint" if kind == "adjoint" else "value"
        )
        for m in view.data["moments"]
        if m["kind"] == kind
    }


def tutorial(**options):
    x, t = gt.constant(1.0), gt.constant(1.0)
    with gt.GradientTape(persistent=True, **options) as tape:
        tape.watch([x, t])
        y = x * x * x + 2 * t
        y_x = tape.gradient(y, x)
    return tape, x, t, y, y_x


def test_values_and_adjoints_by_line():
    tape, x, t, y, y_x = tutorial(lines=True)
    first = tape.show(y, [x, t])
    assert kept(first, "value")[("add", "x * x * x + 2 * t")] == "3"
    adjoints = kept(first, "adjoint")
    assert adjoints[("add", "x * x * x + 2 * t")] == "1"
    assert adjoints[("x", "")] == "3"  # 3 x^2
    assert adjoints[("t", "")] == "2"
    second = tape.show(y_x, x)
    assert kept(second, "adjoint")[("x", "")] == "6"  # 6 x
    assert second.data["asked"][0]["results"] == ["6"]
    lines = {site["line"] for site in first.data["sites"] if site["role"] == "operation"}
    assert [TEXT[line - 1].strip() for line in lines] == ["y = x * x * x + 2 * t"]
    assert float(tape.gradient(y_x, x)) == 6.0  # the record is still there


def test_the_text_has_the_lines():
    tape, x, t, y, _ = tutorial(lines=True)
    text = str(tape.show(y, [x, t]))
    rows = [line.split() for line in text.splitlines()]
    assert rows[0] == ["7", "operations"]  # four, and the three of y_x
    assert ["x", "1", "3"] in rows
    assert ["t", "1", "2"] in rows
    assert "y = x * x * x + 2 * t" in text
    assert repr(tape.show(y, [x, t])) == text


def test_without_lines_each_operation_stands_alone():
    tape, x, t, y, _ = tutorial()
    view = tape.show(y, [x, t])
    names = [site["name"] for site in view.data["sites"]]
    assert names[:3] == ["x", "t", "multiply"]
    assert "y = add" in names
    assert view.data["sources"] == []
    assert ["x", "1", "3"] in [line.split() for line in str(view).splitlines()]


def test_a_long_loop_folds_without_lines():
    x = gt.constant(0.5)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(500):
            y = gt.sin(y) * 0.9
    view = tape.show(y, x)
    assert len(view.data["sites"]) <= 5
    assert sum(site["count"] for site in view.data["sites"] if site["role"] == "operation") == 1000
    slope = np.prod([0.9 * np.cos(v) for v in _sines(0.5, 500)])
    assert float(view.data["asked"][0]["results"][0]) == pytest.approx(slope, rel=1e-4)


def _sines(value, count):
    values = []
    for _ in range(count):
        values.append(value)
        value = 0.9 * np.sin(value)
    return values


def test_values_that_no_rule_keeps_are_computed_again():
    x = gt.constant([1.0, 2.0])
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.reduce_sum(gt.transpose(x) + x)
    values = [m.get("value") for m in tape.show().data["moments"]]
    assert values == ["[1, 2]", "[1, 2]", "[2, 4]", "6"]
    del y


def test_operations_with_several_results():
    a = gt.Variable([[2.0, 0.0], [0.0, 3.0]], name="a")
    for lines in (False, True):
        with gt.GradientTape(lines=lines) as tape:
            values, _vectors = gt.linalg.eigh(a)
            y = gt.reduce_sum(values**2)
        view = tape.show(y)
        found = {site["name"].split(" = ")[-1]: site for site in view.data["sites"]}
        assert found["eigh"]["shape"] == [2]
        moments = {m["at"]: m for m in view.data["moments"] if m["kind"] == "value"}
        assert moments[found["eigh"]["id"]]["value"] == "[2, 3]"
        (result,) = view.data["asked"][0]["results"]
        assert result == "[[4, 0], [0, 6]]"  # the gradient of trace(a^2) is 2 a


def test_why_a_derivative_is_none():
    x = gt.constant(3.0)
    with gt.GradientTape(lines=True) as tape:
        tape.watch(x)
        z = gt.stop_gradient(x) * 2.0 + x * 0.0
        y = gt.stop_gradient(x * 1.0) * 2.0
    view = tape.show(y, x)
    (end,) = view.data["ends"]
    assert end["cause"] == tape.explain(y, x).cause.value == "stop_gradient"
    assert "is None: " + end["text"] in str(view)
    assert "is None: stop_gradient" in view.html
    assert tape.show(z, x).data["ends"] == []


def test_lines_after_results_have_gone():
    x = gt.constant(1.0)
    with gt.GradientTape(lines=True) as tape:
        tape.watch(x)
        for _ in range(5000):
            y = gt.sin(x)  # replaced in the next round, and so is its note
    assert len(tape._record.noted) <= 4097
    (line,) = tape.summary().lines
    assert (line.operations, line.number) == (
        1,
        next(i for i, t in enumerate(TEXT, 1) if "gt.sin(x)  #" in t),
    )
    del y


def test_lines_in_the_summary():
    w = gt.Variable(np.ones((10, 10)))
    with gt.GradientTape(lines=True) as tape:
        h = gt.tanh(w @ w)
        y = gt.reduce_sum(h * h)
    first, second = tape.summary().lines
    assert (first.operations, first.bytes) == (2, 800 + 800)  # both factors are w, and the output of tanh
    assert (second.operations, second.bytes) == (2, 0)  # h counts where it was kept first
    text = str(tape.summary())
    assert f"{first.number}: h = gt.tanh(w @ w)" in text
    assert gt.GradientTape()._lines is False
    del y


def test_a_used_up_tape():
    x = gt.constant(1.0)
    tape = gt.GradientTape()
    with pytest.raises(RuntimeError, match="never entered"):
        tape.show()
    assert "nothing is recorded" in tape._repr_html_()
    with tape:
        tape.watch(x)
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="used up"):
        tape.show(y, x)
    assert "&lt;gradtape.tape.GradientTape" in tape._repr_html_()


@pytest.mark.parametrize(("target", "sources"), [("y", None), (None, "x")])
def test_what_is_no_tensor_is_refused(target, sources):
    x = gt.constant(1.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    with pytest.raises(TypeError, match="should hold tensors"):
        tape.show(target or y, sources)
    assert float(tape.gradient(y, x)) == 2.0


def test_nobody_hears_of_it():
    x = gt.constant(2.0)
    with gt.GradientTape() as outer:
        outer.watch(x)
        with gt.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x * x
        before = outer.summary().count
        tape.show(y, x)
        assert outer.summary().count == before


class Frames(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_a_notebook_gets_a_frame():
    tape, x, _, y, _ = tutorial(lines=True)
    view = tape.show(y, x)
    bundle = view._repr_mimebundle_()
    assert bundle["text/plain"] == str(view)
    assert bundle["text/html"] == view._repr_html_()
    parser = Frames()
    parser.feed(bundle["text/html"])
    ((tag, attributes),) = parser.found
    assert tag == "iframe"
    assert attributes["sandbox"] == "allow-scripts"
    inside = attributes["srcdoc"]
    assert inside.startswith("<!doctype html>")
    start = inside.index('id="story">') + len('id="story">')
    assert json.loads(inside[start : inside.index("</script>", start)]) == view.data
    parser = Frames()
    parser.feed(tape._repr_html_())
    assert parser.found[0][0] == "iframe"


def test_it_is_saved(tmp_path):
    tape, x, _, y, _ = tutorial()
    path = tape.show(y, x).save(tmp_path / "tape.html")
    assert path == tmp_path / "tape.html"
    assert path.read_text(encoding="utf-8") == tape.show(y, x).html


def test_large_values_are_not_computed_again():
    x = gt.constant(np.ones(2000))
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.reduce_sum(gt.reshape(x, (40, 50)))
    values = {m["at"]: m.get("value") for m in tape.show().data["moments"]}
    assert values == {0: "float64[2000] 1 … 1, mean 1", 1: None, 2: "2000"}  # x and y have names here
    del y
