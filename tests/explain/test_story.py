"""The story of a watched program against what the program says: its values, its lines, the bytes that are alive."""

import asyncio
import functools
import gc
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest

import gradtape as gt
from gradtape.core.listen import EVERYWHERE, paused
from gradtape.explain import story as limits
from gradtape.explain import threads as following
from gradtape.explain.digest import digest, shown
from gradtape.explain.places import spot_of, trail
from gradtape.explain.watching import Watch
from gradtape.explain.writing import written

TEXT = Path(__file__).read_text(encoding="utf-8").splitlines()
pytestmark = pytest.mark.filterwarnings("ignore::gradtape.errors.PersistentTapeWarning")


def watched(program):
    """The data of a program's story."""
    with Watch() as watch:
        program()
    return written(watch.story, "test", watch.holdings.held)


def passages(data):
    """(kind, name of the site, value, adjoint) of each moment at a site."""
    names = {site["id"]: site["name"] for site in data["sites"]}
    return [
        (m["kind"], names[m["at"]], m.get("value"), m.get("adjoint"))
        for m in data["moments"]
        if m["kind"] in ("value", "adjoint")
    ]


def expression(site):
    return TEXT[site["line"] - 1][site["start"] : site["stop"]]


def tutorial():
    x, t = gt.constant(1.0), gt.constant(1.0)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch([x, t])
        y = x * x * x + 2 * t
        y_x = tape.gradient(y, x)
    return tape.gradient(y_x, x), tape.gradient(y, t)


def test_the_tutorials_program():
    data = watched(tutorial)
    told = passages(data)
    # Forward: x, x^2, x^3, t, 2 t, y.
    assert [entry[:3] for entry in told[:6]] == [
        ("value", "x", "1"),
        ("value", "multiply", "1"),
        ("value", "multiply", "1"),
        ("value", "t", "1"),
        ("value", "multiply", "2"),
        ("value", "add", "3"),
    ]
    at_sources = [(name, adjoint) for kind, name, _, adjoint in told if kind == "adjoint" and name in "xt"]
    assert at_sources == [("x", "3"), ("x", "6"), ("t", "2")]  # 3 x^2, 6 x, 2
    assert [asked["results"] for asked in data["asked"]] == [["3"], ["6"], ["2"]]
    assert [(a["targets"], a["sources"]) for a in data["asked"]] == [
        (["y"], ["x"]),
        (["y_x"], ["x"]),
        (["y"], ["t"]),
    ]
    assert [tape["name"] for tape in data["tapes"]] == ["tape"]
    assert data["left_out"] == []


def test_every_operation_stands_at_its_expression():
    sites = watched(tutorial)["sites"]
    own = [(site["name"], expression(site)) for site in sites if site["role"] == "operation"]
    assert own == [
        ("multiply", "x * x"),
        ("multiply", "x * x * x"),
        ("multiply", "2 * t"),
        ("add", "x * x * x + 2 * t"),
    ]
    derived = [site for site in sites if site["role"] == "derived"]
    assert {expression(site) for site in derived} == {"tape.gradient(y, x)"}
    assert {sites[site["asked"]]["name"] for site in derived} == {"multiply"}


def test_inputs_are_edges():
    sites = watched(tutorial)["sites"]
    names = [site["name"] for site in sites]
    add = sites[names.index("add")]
    assert [(slot, expression(sites[other])) for slot, other, _ in add["inputs"]] == [
        (0, "x * x * x"),
        (1, "2 * t"),
    ]
    double = next(site for site in sites if site["role"] == "operation" and expression(site) == "2 * t")
    assert double["numbers"] == {"0": "2"}


def test_a_composite_stands_at_its_call():
    def program():
        x = gt.Variable([1.0, 3.0])
        with gt.GradientTape() as tape:
            y = gt.reduce_mean(x)
        tape.gradient(y, x)

    sites = [site for site in watched(program)["sites"] if site["role"] == "operation"]
    assert [site["name"] for site in sites] == ["sum", "divide"]
    assert {expression(site) for site in sites} == {"gt.reduce_mean(x)"}


def test_an_operation_inside_scipy_stands_at_the_users_line():
    from scipy.optimize import brentq

    seen = []

    def program():
        x = gt.constant(2.0)
        brentq(lambda s: float(x * s - 1.0), 0.0, 1.0)
        seen.append(0)

    sites = [site for site in watched(program)["sites"] if site["role"] == "operation"]
    assert [expression(site) for site in sites] == ["x * s", "x * s - 1.0"]
    assert sites[1]["left"].keys() == {f"float at line {sites[1]['line']}"}
    assert seen


LENGTH = 4000


def test_a_long_loop_is_folded_and_bounded():
    answers = []

    def program():
        x = gt.constant(0.5, gt.float64)
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in range(LENGTH):
                y = gt.sin(y) * 0.9 + x
        answers.append((float(y), float(tape.gradient(y, x))))

    data = watched(program)
    operations = [site for site in data["sites"] if site["role"] == "operation"]
    assert [(site["name"], site["count"]) for site in operations] == [
        ("sin", LENGTH),
        ("multiply", LENGTH),
        ("add", LENGTH),
    ]
    assert len(data["moments"]) < limits.WHOLE + limits.WALK + 30
    left = (
        2 * 3 * LENGTH + 2 + 3 - len(data["moments"])
    )  # values and adjoints, x twice, question, answer, result
    assert data["left_out"][0].startswith(f"{left:,} of ")
    # NumPy's loop, and the derivative by the chain rule.
    y, slope, values = 0.5, 1.0, []
    for _ in range(LENGTH):
        y, slope = np.sin(y) * 0.9 + 0.5, np.cos(y) * slope * 0.9 + 1
        values.append(y)
    assert answers[0] == pytest.approx((y, slope))
    add = operations[2]["id"]
    kept = {m["time"]: m["value"] for m in data["moments"] if m["at"] == add and m["kind"] == "value"}
    assert len(kept) > 600
    assert {1, 2, LENGTH - 2, LENGTH - 1, LENGTH} <= kept.keys()
    assert all(float(kept[time]) == pytest.approx(values[time - 1], rel=1e-5) for time in kept)
    adjoints = [m for m in data["moments"] if m["kind"] == "adjoint" and m["at"] == add]
    assert adjoints[0]["time"] == LENGTH
    assert adjoints[-1]["time"] == 1
    assert all(float(m["value"]) == pytest.approx(values[m["time"] - 1], rel=1e-5) for m in adjoints)


def test_many_lines_are_bounded_too(monkeypatch):
    monkeypatch.setattr(limits, "SITES", 10)
    names: dict = {"gt": gt}
    text = "x = gt.constant([1.0])\n" + "".join(f"y{i} = x + x - x\n" for i in range(30))

    data = watched(lambda: exec(compile(text, "generated.py", "exec"), names))
    assert len(data["sites"]) <= 21
    assert sum(site["count"] for site in data["sites"] if site["role"] == "operation") == 60
    assert "operations apart" in data["left_out"][0]


def test_memory_is_that_of_arrays():
    kilo = 8 * 1000

    def program():
        x = gt.constant(np.ones(1000))
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.sin(x)
            z = gt.reduce_sum(y * y)
            gt.exp(x)  # dropped at once
        del y, z, tape
        gt.exp(x)

    data = watched(program)
    # x, its sine, the square and the exponential at once; the sum is a number.
    assert data["memory"]["peak"] == 4 * kilo + 8 - kilo  # the square goes before the exponential is made
    assert data["memory"]["points"][-1][1] >= 2 * kilo
    assert max(count for _, count in data["memory"]["points"]) == data["memory"]["peak"]
    held = {data["sites"][entry["site"]]["name"]: entry["bytes"] for entry in data["memory"]["held"]}
    assert held["x"] == kilo


def test_memory_of_derivatives_counts_for_the_line_that_asks():
    def program():
        x = gt.constant(np.ones(1000))
        with gt.autodiff.ForwardAccumulator(x, gt.ones_like(x)) as accumulator:
            y = gt.sin(x)
        accumulator.jvp(y)
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.sin(x)
        tape.gradient(y, x)

    data = watched(program)
    walks = {expression(site): site["bytes"] for site in data["sites"] if site["role"] == "walk"}
    assert walks == {
        "gt.sin(x)": 16000,
        "tape.gradient(y, x)": 16000,
    }  # the cosine, and its product, each time


def test_the_curve_of_memory_keeps_its_highest_points():
    memory = limits.Memory()
    rng = np.random.default_rng(0)
    now = highest = 0
    for clock in range(10 * limits.POINTS):
        change = int(rng.integers(-now, 100 + 1)) if now else 50
        now += change
        highest = max(highest, now)
        memory.change(clock, change)
        memory.sample(clock)
    assert memory.peak == highest
    assert len(memory.points) <= limits.POINTS
    assert max(count for _, count in memory.points) == highest
    assert [clock for clock, _ in memory.points] == sorted(clock for clock, _ in memory.points)


def test_why_derivatives_are_none():
    def program():
        x = gt.constant(3.0)
        with gt.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = gt.constant(2.0 * gt.exp(x).numpy())
            s = gt.stop_gradient(gt.sin(x)) * x
            s = s - x * gt.stop_gradient(gt.sin(x))
            k = gt.stop_gradient(x) * 2.0
        tape.gradient(y, x)
        tape.gradient(k, x)
        tape.gradient(s, x)

    data = watched(program)
    first, second = data["ends"]
    assert (first["cause"], second["cause"]) == ("left through Python or NumPy", "stop_gradient")
    assert "gt.exp(x).numpy()" in TEXT[first["line"] - 1]
    assert "gt.stop_gradient(x) * 2.0" in TEXT[second["line"] - 1]
    assert data["sites"][second["from"]]["name"] == "x"
    assert expression(data["sites"][second["to"]]) == "gt.stop_gradient(x) * 2.0"
    assert [asked["none"] for asked in data["asked"]] == [1, 1, 0]
    ended = [expression(site) for site in data["sites"] if site["ended"]]
    assert "gt.stop_gradient(x)" in ended


def test_a_variable_is_one_source_whose_value_changes():
    def program():
        w = gt.Variable(1.0, name="weight")
        optimizer = gt.optimizers.SGD(0.5)
        for _ in range(3):
            with gt.GradientTape() as tape:
                loss = w * w
            optimizer.apply_gradients([(tape.gradient(loss, w), w)])
        w.assign(7.0)
        gt.exp(w)

    data = watched(program)
    (site,) = [site for site in data["sites"] if site["role"] == "variable"]
    assert (site["name"], site["count"]) == ("w", 4)
    values = [m["value"] for m in data["moments"] if m["kind"] == "value" and m["at"] == site["id"]]
    assert values == ["1", "0", "0", "7"]  # a step of 0.5 along 2 w leads to zero
    (asked,) = data["asked"]
    assert (asked["count"], asked["results"]) == (3, ["0"])


def mixed(results):
    """A program that goes through every mode."""
    x, w = gt.constant([0.3, 0.7, 1.1]), gt.Variable([[1.0, 2.0], [0.5, 1.5], [2.0, 1.0]])

    def inside(x):
        return gt.reduce_sum(gt.tanh(gt.linalg.matvec(w, x, transpose_a=True)) ** 2)

    with gt.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = inside(x) + gt.reduce_max(x)
        g = tape.gradient(y, [x, w])
    results += [y, *g, outer.jacobian(g[0], x), outer.gradient(g[0], w)]
    with gt.GradientTape() as tape:
        tape.watch(x)
        z = gt.reduce_sum(gt.linalg.eigvalsh(gt.tensordot(x, x, 0) + gt.eye(3)) * x)
    results.append(tape.hessian(z, x))
    with gt.GradientTape() as tape:
        tape.watch(x)
        u = x**3 * gt.exp(x)
    results += tape.partials(u, {"x": x}, "x xx xxx")
    with gt.autodiff.ForwardAccumulator(x, gt.ones_like(x)) as accumulator:
        v = gt.sin(x) * inside(x)
    results.append(accumulator.jvp(v))
    results.append(gt.vectorized_map(lambda a: inside(gt.stack([a, a, a])), x))
    return results


def test_watching_changes_no_result():
    alone, seen = [], []
    mixed(alone)
    watched(lambda: mixed(seen))
    assert [y.numpy().tobytes() for y in seen] == [y.numpy().tobytes() for y in alone]
    assert [y.dtype for y in seen] == [y.dtype for y in alone]


def test_compiled_functions_are_seen_line_by_line():
    @gt.function
    def inside(x):
        return gt.sin(x) * x

    def program():
        inside(gt.constant([1.0, 2.0]))
        found.append(inside(gt.constant([1.0, 2.0])))

    found = []
    program()
    sites = [site for site in watched(program)["sites"] if site["role"] == "operation"]
    assert [(expression(site), site["count"]) for site in sites] == [("gt.sin(x)", 2), ("gt.sin(x) * x", 2)]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)  # machine code may round in another way


def test_watching_keeps_nothing_alive():
    gone = []

    def program():
        x = gt.constant(np.ones(1000))
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.sin(x) * 2.0
        gone.append(weakref.ref(y.numpy().base if y.numpy().base is not None else y._value))
        del y, tape
        gc.collect()
        assert gone[0]() is None

    watched(program)


def test_an_error_in_the_middle_of_a_walk():
    @gt.custom_gradient
    def broken(x):
        def gradient(_upstream):
            raise ArithmeticError("no")

        return x * 1.0, gradient

    def program():
        x = gt.Variable(1.0)
        with gt.GradientTape() as tape:
            y = broken(x)
        with pytest.raises(ArithmeticError):
            tape.gradient(y, x)
        with gt.GradientTape() as tape:
            y = x * x
        tape.gradient(y, x)

    data = watched(program)
    assert [(asked["count"], asked["answered"]) for asked in data["asked"]] == [(1, 0), (1, 1)]
    assert data["asked"][1]["results"] == ["2"]


def test_an_error_of_the_program_ends_the_watching():
    watch = Watch()
    with pytest.raises(ZeroDivisionError), watch:
        gt.constant(1.0) * 2.0
        1 / 0
    before = watch.story.clock
    gt.constant(1.0) * 2.0
    assert watch.story.clock == before


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float32(3.0), "3"),
        (np.float64(1 / 3), "0.333333"),
        (np.int32(7), "7"),
        (np.bool_(True), "True"),
        (np.complex64(1 + 2j), "1+2j"),
        (np.array([1.0, -2.0]), "[1, -2]"),
        (np.array([[1.5, np.nan]]), "[[1.5, nan]]"),
        (np.arange(10.0), "float64[10] 0 … 9, mean 4.5"),
        (np.array([1.0, np.inf, np.nan] * 3), "float64[9] 1 … inf, mean nan, 6 not finite"),
        (np.arange(8) % 2 == 0, "bool[8] mean 0.5"),
        (np.full(7, 3 + 4j), "complex128[7] absolute values 5 … 5, mean 5"),
        (np.zeros((0, 3)), "[]"),
        (None, ""),
    ],
)
def test_digests(value, text):
    assert shown(digest(value)) == text


def test_a_digest_holds_no_array():
    value = np.ones(4)
    kept = digest(value)
    value[0] = 9
    assert kept[0] == 1


def test_spots():
    way = (lambda: trail())()
    assert way.frame.f_code.co_name == "test_spots"

    def letters():
        ä = gt.constant(1.0)
        return ä * ä - ä

    code = letters.__code__
    texts = {
        TEXT[spot.line - 1][spot.start : spot.stop]
        for at in range(0, len(code.co_code), 2)
        if (spot := spot_of(code, at)).start
    }
    assert {"ä * ä", "ä * ä - ä"} <= texts  # columns are characters, not bytes


# other threads


def in_threads(*works):
    threads = [threading.Thread(target=work, name=f"worker {n}") for n, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)


def test_a_tape_of_another_thread_is_followed_under_its_name():
    x = gt.constant(3.0)

    def work():
        _ = x * 100.0  # before the first tape of the thread
        with gt.GradientTape() as theirs:
            theirs.watch(x)
            y = gt.sin(x)
        theirs.gradient(y, x)

    def program():
        with gt.GradientTape() as tape:
            tape.watch(x)
            in_threads(work)
            y = x * x
        tape.gradient(y, x)

    data = watched(program)
    assert [(tape["name"], tape["thread"], tape["operations"]) for tape in data["tapes"]] == [
        ("tape", "", 1),
        ("theirs", "worker 0", 1),
    ]
    assert {(asked["tape"], *asked["results"]) for asked in data["asked"]} == {
        (0, "6"),
        (1, shown(digest(np.float32(np.cos(3.0))))),
    }
    # The tensor that both read is one source.
    told = [entry for entry in passages(data) if entry[1] != "x"]
    assert ("value", "multiply", "300", None) not in told
    assert ("value", "multiply", "9", None) in told
    (sine,) = [site for site in data["sites"] if site["name"] == "sin"]
    assert expression(sine) == "gt.sin(x)"


def test_threads_tell_side_by_side():
    v = gt.Variable(2.0)
    barrier = threading.Barrier(4)

    def work(number):
        for _ in range(5):
            with gt.GradientTape() as tape:
                barrier.wait(timeout=60)
                y = v * v * float(number)
                barrier.wait(timeout=60)
            tape.gradient(y, v)

    data = watched(lambda: in_threads(*(functools.partial(work, number) for number in range(4))))
    assert {(t["thread"], t["count"], t["operations"]) for t in data["tapes"]} == {
        (f"worker {number}", 5, 10) for number in range(4)
    }
    names = {tape["id"]: tape["thread"] for tape in data["tapes"]}
    assert {(names[a["tape"]], *a["results"], a["count"]) for a in data["asked"]} == {
        (f"worker {number}", f"{4 * number}", 5) for number in range(4)
    }


def test_an_executor_of_asyncio_is_followed_at_each_call():
    x = gt.constant(3.0)

    def work():
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        return tape.gradient(y, x)

    async def program():
        for _ in range(3):
            await asyncio.to_thread(work)

    data = watched(lambda: asyncio.run(program()))
    assert sum(tape["count"] for tape in data["tapes"]) == 3
    assert all(tape["thread"] for tape in data["tapes"])


def test_after_the_end_a_thread_tells_nothing():
    x, begun, ended = gt.constant(3.0), threading.Event(), threading.Event()
    found = []

    def work():
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = x * x
            begun.set()
            ended.wait(timeout=60)
            y = y * x
        found.append(tape.gradient(y, x).numpy())

    thread = threading.Thread(target=work)
    with Watch() as watch:
        thread.start()
        begun.wait(timeout=60)
    clock = watch.story.clock
    ended.set()
    thread.join(timeout=60)
    assert found == [27.0]
    assert watch.story.clock == clock
    assert EVERYWHERE == []


def test_who_pauses_in_another_thread_is_not_heard():
    def work():
        with paused(), gt.GradientTape():
            pass

    assert watched(lambda: in_threads(work))["tapes"] == []


def test_threads_beyond_a_number_go_under_one_name(monkeypatch):
    monkeypatch.setattr(following, "THREADS", 2)

    def work():
        with gt.GradientTape():
            pass

    data = watched(lambda: [in_threads(lambda: None, work, work, work, work) for _ in range(2)])
    assert {(tape["thread"], tape["count"]) for tape in data["tapes"]} == {
        ("worker 1", 2),
        ("worker 2", 2),
        ("further threads", 4),
    }
