"""The page of `gradtape report` and `tape.show` in a real browser: its slider, its graph, its keyboard.

This file is not among those that pytest finds by itself, for it needs Chromium:

    python3 -m pytest -n 0 tests/browser/report_in_chromium.py
"""

import json
import sys
from pathlib import Path

import pytest

import gradtape as gt
from gradtape import cli

sys.path.insert(0, str(Path(__file__).parent))
from chromium import Chromium, installed

ROOT = Path(__file__).parents[2]
CUT = """import tensorflow as tf

x = tf.Variable(3.0, name="x")
with tf.GradientTape() as tape:
    y = tf.stop_gradient(x) + 1.0
print(tape.gradient(y, x))
"""
LOOP = """import tensorflow as tf

x = tf.Variable(0.5)
with tf.GradientTape() as tape:
    y = x
    for _ in range(33_334):
        y = tf.sin(y) * 0.9 + x
print(tape.gradient(y, x))
"""
pytestmark = pytest.mark.filterwarnings("ignore::gradtape.errors.PersistentTapeWarning")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    path = installed()
    assert path is not None, "this test needs Chromium (Debian: apt-get install chromium)"
    with Chromium(path, tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The page of a script, by its name."""
    folder = tmp_path_factory.mktemp("pages")
    scripts = {
        "tutorial": TUTORIAL,
        "cut": CUT,
        "loop": LOOP,
    }
    made = {}

    def page(name):
        if name not in made:
            script = folder / f"{name}.py"
            script.write_text(scripts[name], encoding="utf-8")
            with pytest.raises(SystemExit):
                cli.application()(["report", str(script), "-o", str(folder / f"{name}.html")])
            made[name] = folder / f"{name}.html"
        return made[name]

    return page


@pytest.fixture
def tutorial(browser, pages):
    browser.open(pages("tutorial"))
    yield browser
    assert browser.errors == []


def status(browser):
    return browser.value("document.getElementById('status').textContent")


def node(text):
    """A selector for the box with this text on its first line; it gets a mark of its own."""
    return f"[data-test={json.dumps(text)}]"


def marked(browser, text):
    """Mark the box with this text, for selectors."""
    found = browser.value(
        "(() => { const all = [...document.querySelectorAll('#graph .node')];"
        f" const e = all.find((n) => n.querySelector('text').textContent === {json.dumps(text)});"
        f" if (e) e.dataset.test = {json.dumps(text)}; return Boolean(e); }})()"
    )
    assert found, text
    return node(text)


def texts(browser, text):
    """The lines of a box."""
    selector = marked(browser, text)
    return browser.value(f"[...document.querySelectorAll('{selector} > text')].map((t) => t.textContent)")


LINE = "y = x * x * x + 2 * t"
TUTORIAL = (ROOT / "examples" / "first_and_second_partials.py").read_text(encoding="utf-8")


def number(text):
    """The number of the tutorial's first line with this text."""
    return next(i for i, line in enumerate(TUTORIAL.splitlines(), 1) if text in line)


def test_it_opens_without_errors_and_asks_for_nothing(browser, pages):
    for scheme in ("light", "dark"):
        browser.open(pages("tutorial"), scheme=scheme)
        assert browser.value("document.querySelectorAll('#graph .node').length") == 6  # x, t and four lines
        ground = browser.value("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
        assert browser.errors == []
        assert browser.requests == [pages("tutorial").as_uri()]


def test_the_slider_goes_forward_and_backward(tutorial):
    total = int(tutorial.value("document.getElementById('slider').max"))
    tutorial.value("document.getElementById('slider').focus()")
    tutorial.press("Home")
    assert status(tutorial) == f"0 of {total} · nothing has happened yet"
    assert texts(tutorial, LINE)[2] == ""
    seen = []
    for _ in range(total):
        tutorial.press("ArrowRight")
        seen.append(status(tutorial).split(" · ", 1)[1])
    assert seen[1] == f"multiply line {number(LINE)} = 1"
    assert seen[5] == f"add line {number(LINE)} = 3"
    assert seen[6] == f"asked: tape.gradient(y; x) line {number('y_x = tape')}"
    assert [line for line in seen if line.startswith("back at x ")] == [
        f"back at x line {number(LINE)}: value 1, adjoint 3",
        f"back at x line {number(LINE)}: value 1, adjoint 6",
    ]
    assert f"back at t line {number(LINE)}: value 1, adjoint 2" in seen
    assert tutorial.value("document.getElementById('slider').getAttribute('aria-valuetext')") == status(
        tutorial
    )
    tutorial.press("ArrowLeft")
    assert status(tutorial).startswith(f"{total - 1} of {total}")


def test_adjoints_stand_on_the_boxes(tutorial):
    data = json.loads(tutorial.value("document.getElementById('story').textContent"))
    answers = [i for i, moment in enumerate(data["moments"]) if moment["kind"] == "answer"]
    found = []
    for step in answers:
        tutorial.value(
            f"(() => {{ const s = document.getElementById('slider'); s.value = {step + 1};"
            " s.dispatchEvent(new Event('input')); })()"
        )
        found.append((texts(tutorial, "x")[3], texts(tutorial, "t")[3]))
    assert found == [("∂ 3", ""), ("∂ 6", ""), ("", "∂ 2")]


def test_the_mouse_shows_values(tutorial):
    hidden = "document.getElementById('card').hidden"
    assert tutorial.value(hidden) is True
    tutorial.hover(marked(tutorial, "t"))
    assert tutorial.value(hidden) is False
    card = tutorial.value("document.getElementById('card').innerText").split()
    assert card[card.index("value") + 1] == "1"
    assert card[card.index("adjoint") + 1] == "2"
    tutorial.leave()
    assert tutorial.value(hidden) is True


def test_a_line_opens_into_its_operations(tutorial):
    line = marked(tutorial, LINE)
    expanded = f"document.querySelector('{line}').getAttribute('aria-expanded')"
    assert tutorial.value(expanded) == "false"
    tutorial.click(line)
    marked(tutorial, LINE)
    assert tutorial.value(expanded) == "true"
    operations = (
        "[...document.querySelectorAll('#graph .node')].map((n) => n.querySelectorAll('text')[1].textContent)"
    )
    assert {"x * x", "x * x * x", "2 * t", "x * x * x + 2 * t"} <= set(tutorial.value(operations))
    tutorial.click(line)
    marked(tutorial, LINE)
    assert tutorial.value(expanded) == "false"
    tutorial.click("#open-all")
    data = json.loads(tutorial.value("document.getElementById('story').textContent"))
    derived = sum(site["role"] == "derived" for site in data["sites"])
    everything = tutorial.value("document.querySelectorAll('#graph .node').length")
    assert everything == 6 + 4 + derived  # the line's operations, and those of rules in its first derivative
    assert derived > 1
    tutorial.click("#open-all")
    assert tutorial.value("document.querySelectorAll('#graph .node').length") == 6


def test_everything_by_keyboard(tutorial):
    focused = "(document.activeElement.querySelector('text') || {}).textContent"
    tutorial.value("document.querySelector('#graph .node[tabindex=\"0\"]').focus()")
    assert tutorial.value("document.querySelectorAll('#graph .node[tabindex=\"0\"]').length") == 1
    seen = {tutorial.value(focused)}
    for key in ("ArrowRight", "ArrowLeft", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        tutorial.press(key)
        seen.add(tutorial.value(focused))
    assert {"x", "t", LINE} <= seen
    assert tutorial.value("document.getElementById('card').hidden") is False
    tutorial.press("Escape")
    assert tutorial.value("document.getElementById('card').hidden") is True
    tutorial.value(f"document.querySelector('{marked(tutorial, LINE)}').focus()")
    tutorial.press("Enter")
    assert tutorial.value("document.activeElement.getAttribute('aria-expanded')") == "true"
    tutorial.press(" ")
    assert tutorial.value("document.activeElement.getAttribute('aria-expanded')") == "false"
    assert "value 3" in tutorial.value("document.activeElement.getAttribute('aria-label')")
    tutorial.value("document.activeElement.blur()")
    tutorial.press("Home")
    assert status(tutorial).startswith("0 of ")
    tutorial.press("ArrowRight", 3)
    assert status(tutorial).startswith("3 of ")


def test_source_and_graph_belong_together(tutorial):
    tutorial.click("#source li.passed")
    assert tutorial.value("document.activeElement.querySelector('text').textContent") == LINE
    tutorial.value("document.getElementById('slider').focus()")
    tutorial.press("Home")
    tutorial.press("ArrowRight", 2)
    assert tutorial.value("document.querySelector('#source li.now mark').textContent") == "x * x"
    tutorial.press("ArrowRight")
    assert tutorial.value("document.querySelector('#source li.now mark').textContent") == "x * x * x"


def test_a_question_can_be_gone_to(tutorial):
    tutorial.click('button[data-asked="1"]')
    assert status(tutorial).endswith(f"asked: tape.gradient(y_x; x) line {number('y_xx = tape')}")
    tutorial.press("ArrowRight")
    assert "adjoint 1" in status(tutorial)


def test_it_plays(tutorial):
    tutorial.click("#first")
    tutorial.click("#play")
    tutorial.value("new Promise((done) => setTimeout(done, 1200))")
    tutorial.click("#play")
    reached = status(tutorial)
    assert not reached.startswith("0 of ")
    tutorial.value("new Promise((done) => setTimeout(done, 700))")
    assert status(tutorial) == reached


def test_a_cut_is_red_and_says_why(browser, pages):
    browser.open(pages("cut"))
    line = marked(browser, "y = tf.stop_gradient(x) + 1.0")
    assert browser.value(f"document.querySelector('{line}').classList.contains('cut')")
    assert browser.value("document.querySelectorAll('#graph .edge.none').length") == 1
    browser.hover(line)
    assert "ends at stop_gradient" in browser.value("document.querySelector('#card .none').textContent")
    assert browser.value("document.querySelector('#source li.cut .number').textContent") == "5"
    assert browser.errors == []


def test_a_hundred_thousand_operations(browser, pages):
    path = pages("loop")
    assert path.stat().st_size < 500_000
    browser.open(path)
    assert browser.value("document.querySelectorAll('#graph .node').length") == 3
    assert "×33,334" in texts(browser, "y = tf.sin(y) * 0.9 + x")[1]
    browser.value("document.getElementById('slider').focus()")
    browser.press("End")
    browser.press("ArrowLeft", 5)
    assert "adjoint" in status(browser)
    took = browser.value(
        "(() => { const s = document.getElementById('slider'); const t = performance.now();"
        " for (let i = 0; i < 20; i += 1) { s.value = (i * 97) % s.max; s.dispatchEvent(new Event('input')); }"
        " return (performance.now() - t) / 20; })()"
    )
    assert took < 250  # milliseconds for a jump; a few on a machine that is not busy
    assert "after " in browser.value(
        "(() => { const s = document.getElementById('slider'); s.value = 2001; s.dispatchEvent(new Event('input'));"
        " return document.getElementById('status').textContent; })()"
    )
    assert browser.errors == []


@pytest.mark.parametrize("width", [360, 700, 1300])
def test_nothing_sticks_out(browser, pages, width):
    browser.open(pages("tutorial"), width=width)
    assert browser.value("document.documentElement.scrollWidth <= innerWidth")
    browser.hover(marked(browser, "x"))
    card = browser.value(
        "(() => { const r = document.getElementById('card').getBoundingClientRect();"
        " return [r.left, r.right]; })()"
    )
    assert card[0] >= 0
    assert card[1] <= width
    assert browser.errors == []


def test_a_notebooks_cell(browser, tmp_path):
    x = gt.constant(1.0)
    with gt.GradientTape(lines=True) as tape:
        tape.watch(x)
        y = x * x * x
    cell = tmp_path / "cell.html"
    cell.write_text("<!doctype html><meta charset='utf-8'>" + tape.show(y, x)._repr_html_(), encoding="utf-8")
    browser.open(cell)
    shown = browser.value_in_frame(
        "[...document.querySelectorAll('#graph .adjoint')].map((t) => t.textContent)"
    )
    assert "∂ 3" in shown
    assert browser.errors == []
