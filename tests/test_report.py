"""`gradtape report`: the page, its data, what the script sees of it. tests/browser clicks through the page."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "src" / "gradtape" / "explain" / "page"
TUTORIAL = ROOT / "examples" / "first_and_second_partials.py"
EMPTY = {"meta", "input", "br", "img", "link", "hr"}  # elements that have no end


@pytest.fixture
def gradtape(gradtape, monkeypatch, tmp_path):
    """Run the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return gradtape


@pytest.fixture
def script(tmp_path):
    def write(text, name="program.py"):
        path = tmp_path / name
        path.write_text("import tensorflow as tf\n" + text, encoding="utf-8")
        return path

    return write


class Elements(HTMLParser):
    """A page's elements; every one is closed in the order in which it was opened."""

    def __init__(self, text):
        super().__init__()
        self.open, self.found, self.texts = [], [], {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if self.open and self.open[-1] in ("script", "style", "td", "code", "p", "strong", "h1"):
            self.texts.setdefault(self.open[-1], []).append(text)

    def identified(self):
        return [attributes["id"] for _, attributes in self.found if "id" in attributes]


def story_of(text):
    start = text.index('id="story">') + len('id="story">')
    return json.loads(text[start : text.index("</script>", start)])


@pytest.mark.filterwarnings("ignore::gradtape.errors.PersistentTapeWarning")
def test_the_tutorials_page(gradtape, tmp_path):
    status, out, err = gradtape("report", TUTORIAL)
    assert status == 0
    assert (
        out.splitlines()[0] == "Tensor(3.0, shape=(), dtype=float32)"
    )  # what the script prints, and nothing else
    assert len(out.splitlines()) == 3
    assert err.endswith("gradtape report: first_and_second_partials.html")
    text = (tmp_path / "first_and_second_partials.html").read_text(encoding="utf-8")
    page = Elements(text)
    assert page.texts["h1"] == ["first_and_second_partials.py"]
    data = story_of(text)
    assert [asked["results"] for asked in data["asked"]] == [["3"], ["6"], ["2"]]
    source = TUTORIAL.read_text(encoding="utf-8").splitlines()
    assert data["sources"][0]["runs"] == [{"first": 1, "lines": source}]
    cells = [text for text in page.texts["code"] if text in ("3", "6", "2")]
    assert cells[:3] == ["3", "6", "2"]  # the table of answers stands on the page without any script


def test_the_page_needs_nothing_else(gradtape, script, tmp_path):
    gradtape("report", script("y = tf.constant(1.0) * 2.0  # </script><b>&\n"), "-o", "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = Elements(text)
    for tag, attributes in page.found:
        assert tag not in ("link", "img", "iframe", "object", "embed")
        assert not {"src", "srcset", "data", "action"} & attributes.keys()
        assert attributes.get("href", "#graph").startswith("#")
        assert not any(name.startswith("on") for name in attributes)  # the policy would not run them
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "@import" not in text
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
    assert story_of(text)["sources"][0]["runs"][0]["lines"][1].endswith("# </script><b>&")
    identified = page.identified()
    assert len(identified) == len(set(identified))


def test_the_script_finds_its_elements(gradtape, script, tmp_path):
    gradtape("report", script("y = tf.constant(1.0) * 2.0\n"), "-o", "page.html")
    identified = set(Elements((tmp_path / "page.html").read_text(encoding="utf-8")).identified())
    wanted = {
        name for file in PAGE.glob("*.js") for name in re.findall(r'\bget\("([\w-]+)"\)', file.read_text())
    }
    assert wanted
    assert wanted <= identified
    style = (PAGE / "page.css").read_text(encoding="utf-8")
    assert set(re.findall(r"var\((--[\w-]+)\)", style)) <= set(re.findall(r"(--[\w-]+):", style))


def luminance(colour):
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read(scheme):
    style = (PAGE / "page.css").read_text(encoding="utf-8")
    light, dark = [dict(re.findall(r"(--[\w-]+): (#\w{6});", part)) for part in style.split("@media", 2)[:2]]
    colours = light if scheme == "light" else dark
    assert light.keys() == dark.keys()
    grounds = ("--ground", "--panel")
    pairs = [
        (text, ground)
        for text in ("--text", "--quiet", "--value", "--adjoint", "--none")
        for ground in grounds
    ]
    pairs += [(f"--{name}", f"--{name}-ground") for name in ("value", "adjoint", "none")]
    pairs += [("--text", f"--{name}-ground") for name in ("value", "adjoint", "none")] + [
        ("--text", "--mark")
    ]
    pairs += [("--quiet", "--adjoint-ground"), ("--quiet", "--value-ground"), ("--value", "--adjoint-ground")]
    for text, ground in pairs:
        high, low = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)  # WCAG 2.2, 1.4.3


def test_a_script_that_raises_has_a_page_up_to_there(gradtape, script, tmp_path):
    status, _, err = gradtape(
        "report",
        script(
            "x = tf.Variable(2.0)\nwith tf.GradientTape() as tape:\n    y = tf.exp(x)\n    z = y.missing\n"
        ),
        "-o",
        "page.html",
    )
    assert status == 1
    assert "AttributeError" in err
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    data = story_of(text)
    assert data["run"]["status"] == 1
    assert data["run"]["error"] | {"message": ""} == {
        "type": "AttributeError",
        "message": "",
        "file": str(tmp_path / "program.py"),
        "line": 5,
    }
    assert [site["name"] for site in data["sites"]] == ["x", "exp"]
    assert any("AttributeError at line 5: " in text for text in Elements(text).texts["p"])


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("raise KeyboardInterrupt", 130, "KeyboardInterrupt"),
        ("raise SystemExit(3)", 3, "status 3"),
        ("raise SystemExit", 0, ""),
        ("syntax error", 1, "SyntaxError"),
    ],
)
def test_other_ways_to_leave(gradtape, script, tmp_path, code, status, said):
    assert gradtape("report", script(code), "-o", "page.html")[0] == status
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert ('class="error"' in text) == bool(said)
    assert said in text


def test_arguments_of_the_script(gradtape, script):
    path = script("import sys\nprint(sys.argv[1:])\n")
    page = "page.html"
    assert gradtape("report", path, "--epochs", "3", "-o", page)[1] == "['--epochs', '3']\n"
    assert gradtape("report", "-o", page, path, "--", "-o", "--json")[1] == "['-o', '--json']\n"


def test_a_script_that_goes_elsewhere(gradtape, script, tmp_path):
    (tmp_path / "other").mkdir()
    code = "import os\nos.chdir('other')\nx = tf.constant(1.0) * 2.0\nraise ValueError\n"
    script(code)
    gradtape("report", "program.py", "-o", "page.html")
    data = story_of((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert data["sources"][0]["runs"][0]["lines"][1:] == code.splitlines()
    assert data["run"]["error"]["line"] == 5
    assert list((tmp_path / "other").iterdir()) == []


def test_json(gradtape, script, tmp_path):
    path = script("print('hello')\nx = tf.constant(float('inf')) * 1.0\n")
    status, out, err = gradtape("report", path, "--json")
    assert status == 0
    assert "hello" in err
    data = json.loads(out)
    assert data["format"] == 1
    assert data["title"] == "program.py"
    assert [site["name"] for site in data["sites"]] == ["multiply"]
    assert data["moments"][0]["value"] == "inf"
    assert [path.name for path in tmp_path.glob("*.html")] == []
    gradtape("report", path, "--json", "-o", "data.json")
    again = json.loads((tmp_path / "data.json").read_text(encoding="utf-8"))
    assert again["moments"] == data["moments"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.py"], "there is no file 'missing.py'"),
        (["."], "is a folder"),
        (["program.py", "-o", "."], "give the name of a file in it"),
        (["program.py", "-o", "nowhere/page.html"], "there is no folder 'nowhere'"),
        (["program.py", "-o", "program.py"], "is the script itself"),
    ],
)
def test_refusals_come_before_the_run(gradtape, script, arguments, words):
    script("print('ran')\n")
    status, out, err = gradtape("report", *arguments)
    assert status == 2
    assert out == ""
    assert words in err


def test_a_page_replaces_an_older_one_whole(gradtape, script, tmp_path):
    path = script("tf.constant(1.0) * 2.0\n")
    page = tmp_path / "page.html"
    page.write_text("old", encoding="utf-8")
    gradtape("report", path, "-o", "page.html")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["page.html", "program.py"]


def test_a_script_without_tensors(gradtape, script, tmp_path):
    status, out, _ = gradtape("report", script("print(1 + 1)\n"), "-o", "page.html")
    assert (status, out) == (0, "2\n")
    data = story_of((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert data["sites"] == data["moments"] == []
    assert data["sources"][0]["name"] == "program.py"


def test_a_long_run_has_a_page_of_bounded_size(gradtape, script, tmp_path):
    code = "x = tf.Variable(0.5)\nwith tf.GradientTape() as tape:\n    y = x\n"
    code += "    for _ in range(3000):\n        y = tf.sin(y) + x\nprint(tape.gradient(y, x).numpy())\n"
    gradtape("report", script(code), "-o", "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert len(text) < 400_000
    Elements(text)
    assert "moments: kept are the first 2,000" in text


def test_a_cut_is_explained_on_the_page(gradtape, script, tmp_path):
    code = "x = tf.Variable(3.0)\nwith tf.GradientTape() as tape:\n    y = tf.stop_gradient(x * 2.0) + 1.0\n"
    gradtape("report", script(code + "print(tape.gradient(y, x))\n"), "-o", "page.html")
    page = Elements((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "∂y/∂x is None: stop_gradient" in page.texts["strong"]


def test_a_thread_has_its_name_on_the_page(gradtape, script, tmp_path):
    code = "import threading\nx = tf.Variable(3.0)\ndef work():\n    with tf.GradientTape() as tape:\n"
    code += "        y = x * x\n    print(tape.gradient(y, x).numpy())\n"
    path = script(code + "t = threading.Thread(target=work, name='worker')\nt.start()\nt.join()\n")
    assert gradtape("report", path, "-o", "page.html")[1] == "6.0\n"
    page = Elements((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "tape.gradient in worker" in page.texts["code"]
    assert "worker" in page.texts["td"]
    gradtape("report", script(code + "work()\n"), "-o", "page.html")
    page = Elements((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "tape.gradient" in page.texts["code"]
    assert "" not in page.texts["td"]


@pytest.mark.parametrize("name", ["hessian", "hessian_vector_product", "log1pexp", "fit_a_line"])
def test_an_example_prints_what_it_prints_alone(gradtape, name):
    path = ROOT / "examples" / f"{name}.py"
    _, alone, _ = gradtape("run", path)
    status, out, _ = gradtape("report", path)
    assert status == 0
    assert out == alone


def test_as_a_process(script, tmp_path):
    path = script("x = tf.constant(1.0)\nprint(float(x * 2.0))\n")
    ran = subprocess.run(
        [sys.executable, "-m", "gradtape", "report", path, "-o", tmp_path / "page.html"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert ran.stdout == "2.0\n"
    assert ran.stderr == f"gradtape report: {tmp_path / 'page.html'}\n"


def test_the_files_of_the_page_are_small():
    for file in PAGE.iterdir():
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 350
