"""The benchmarks: every workload computes the right values, and the page says what was measured. Nothing is timed."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import measure, memory, run, table, worker  # noqa: E402  # the line above finds them
from benchmarks.workload import SYSTEMS, names, workload  # noqa: E402 - the path is set first
from benchmarks.workloads import monte_carlo  # noqa: E402 - the path is set first


# The tutorial takes a gradient inside its persistent tape on purpose.
@pytest.mark.filterwarnings("ignore::gradtape.PersistentTapeWarning")
@pytest.mark.parametrize("name", names())
def test_gradtape_does_the_work(name):
    work = workload(name)
    assert work.name == name
    assert set(work.systems) <= set(SYSTEMS)
    call = work.systems["gradtape"](work.tiny)
    assert measure.agrees(call(), work.expected(work.tiny), max(work.tolerance, 1e-12))
    assert measure.agrees(call(), work.expected(work.tiny), max(work.tolerance, 1e-12))


@pytest.mark.parametrize("name", names())
def test_the_probes_give_amounts(name, monkeypatch):
    monkeypatch.setattr(worker, "BATCH", 0.0)  # nothing is timed here, so one call says as much as a batch
    work = workload(name)
    for probe in work.probes.values():
        assert probe(work.tiny) > 0
    probed = {goal.measured for goal in work.goals} - {"seconds", *(f"seconds at {n}" for n in work.sizes)}
    assert {part for text in probed for part in text.split(" - ")} <= set(work.probes)


def test_the_work_is_that_of_the_issue():
    assert workload("start").expected(1) == workload("seed_eager").expected(1) == [3.0, 6.0, 2.0]
    # y = 0.5, then sin(0.5) + 0.5; dy/dx = cos(0.5) + 1
    assert workload("chain").expected(1) == pytest.approx([0.979425538604203, 1.8775825618903728], rel=1e-15)


def test_the_greeks_of_the_paths_are_near_those_of_black_and_scholes():
    work = workload("monte_carlo")
    # Thrice the standard error of the worst of the five, gamma, is 0.3 % at a million paths.
    assert work.expected(1_000_000) == pytest.approx(monte_carlo.closed_form(), rel=5e-3)


def test_memory_counts_what_the_size_needs_and_not_what_was_there():
    def prepare(size):
        kept = bytearray(size)
        return lambda: [float(len(bytearray(size) + kept))]  # three times the size at its most, and the kept

    assert 3.9 < memory.growth(prepare, 1, 1 << 25) / (1 << 25) < 4.5
    assert memory.growth(prepare, 1 << 25, 1) < 1 << 20
    left = [
        bytearray(1 << 20) for _ in range(48)
    ]  # blocks of a size that the C library keeps when they are freed
    del left
    assert 3.9 < memory.growth(prepare, 1, 1 << 25) / (1 << 25) < 4.5


def test_memory_and_further_sizes_show_beside_the_peers():
    measured = result()
    for system, amount, seconds in (("gradtape", 2**20, 1e-3), ("torch", 3 * 2**20, 2e-3)):
        measured["systems"][system] |= {"memory": [amount], "sized": {"1": [seconds]}}
    text = "\n".join(table.section("burgers", measured))
    assert "| PyTorch | 3 MiB | 3 |" in text
    measured["systems"]["gradtape"]["sized"] = {"1": [1e-3], "1000000": [4e-3]}
    text = "\n".join(table.section("batch_sizes", measured))
    assert "| 1 | 1 ms | 2 ms (2 times) |" in text
    assert "| under PyTorch at 1 row | 1/2 | met |" in text
    assert "| under PyTorch at 1,000,000 rows | not measured |" in text


def test_a_wrong_value_at_a_further_size_is_no_measurement():
    work, measured = workload("batch_sizes"), measure.Measured()
    answer = {"status": "measured", "values": [1.0], "version": "1", "seconds": 1.0, "first": 1.0}
    right = answer | {"sized": {"1": {"values": [2.0], "seconds": 0.5}}}
    measure.take(work, {work.size: [1.0], 1: [2.0]}, right, measured)
    assert (measured.status, measured.sized) == ("measured", {"1": [0.5]})
    measure.take(work, {work.size: [1.0], 1: [2.5]}, right, measured)
    assert measured.status == "wrong"
    assert "at size 1" in measured.said


def test_a_wrong_value_shows():
    assert measure.agrees([1.0, 2.0], [1.0, 2.0], 0.0)
    assert not measure.agrees([1.0, 2.0], [1.0, 2.0 + 1e-9], 1e-12)
    assert not measure.agrees([1.0], [1.0, 2.0], 1e-12)
    assert not measure.agrees([float("nan")], [float("nan")], 1e-12)


def result(ours=(1e-3, 2e-3, 4e-3), theirs=(4e-3, 4e-3, 4e-3), status="measured"):
    systems = {
        "gradtape": {
            "status": "measured",
            "version": "0.1",
            "values": [1.5],
            "first": [2e-3],
            "seconds": list(ours),
        },
        "torch": {
            "status": status,
            "version": "2",
            "values": [1.5],
            "first": [1.0],
            "seconds": list(theirs),
            "said": "",
        },
    }
    machine = {"processor": "P", "cores": "2", "system": "S", "python": "Y", "numpy": "N"}
    return {
        "measured": "2026-01-02",
        "machine": machine,
        "threads": 2,
        "rounds": 3,
        "systems": systems,
        "probes": {"bytes an operation": [390.0, 410.0, 420.0]},
    }


def test_a_section_says_ratios_goals_and_values():
    text = "\n".join(table.section("chain", result()))
    # The ratio is the median over rounds of 1/4, 2/4, 4/4, and not the ratio of two medians.
    assert "| 1/3 of PyTorch | 1/2 | missed |" in text
    assert "| at most 400 bytes an operation | 410 | missed |" in text
    assert "| gradtape 0.1 | 2 ms (1 ms to 4 ms) | 2 ms | 1 | 1.5 |" in text
    assert "| PyTorch 2 | 4 ms (4 ms to 4 ms) | 1 s | 2 | 1.5 |" in text
    met = "\n".join(table.section("chain", result(ours=(1e-3, 1e-3, 1e-3))))
    assert "| 1/3 of PyTorch | 1/4 | met |" in met


def test_an_absent_peer_is_reported_as_absent():
    text = "\n".join(table.section("chain", result(status="absent", theirs=())))
    assert "| PyTorch 2 | absent |" in text
    assert "| 1/3 of PyTorch | not measured |" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.5, "2.5 s"), (0.0999, "99.9 ms"), (0.99999, "1 s"), (1.234e-5, "12.3 µs"), (-0.17, "-170 ms")],
)
def test_durations(seconds, text):
    assert table.duration(seconds) == text


def test_the_page_is_written_between_its_markers(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n", encoding="utf-8")
    table.write(page, "new")
    table.write(page, "newer")
    assert page.read_text(encoding="utf-8") == f"before\n{table.BEGIN}\nnewer\n{table.END}\nafter\n"
    page.write_text("no markers", encoding="utf-8")
    with pytest.raises(ValueError, match="markers|needs the lines"):
        table.write(page, "new")


def test_the_page_in_the_docs_is_that_of_the_results():
    results = json.loads(run.RESULTS.read_text(encoding="utf-8"))
    written = run.PAGE.read_text(encoding="utf-8").partition(table.BEGIN)[2].partition(table.END)[0]
    assert written.strip() == table.page(results, run.ORDER).strip()
    assert set(results) <= set(names())
    for name in names():
        assert results[name]["systems"]["gradtape"]["status"] == "measured"


def test_a_process_measures_and_a_missing_system_is_absent():
    ran = measure.run(workload("start"), ["gradtape", "autograd"], {}, rounds=1, threads=1)
    assert ran["systems"]["gradtape"]["status"] == "measured"
    assert ran["systems"]["gradtape"]["values"] == [3.0, 6.0, 2.0]
    assert ran["systems"]["autograd"]["status"] in ("absent", "measured")
    assert ran["probes"]["import numpy"][0] > 0


def test_a_fast_wrong_answer_is_no_measurement():
    wrong = replace(workload("start"), expected=lambda size: [3.0, 6.0, 2.5])
    ran = measure.run(wrong, ["gradtape"], {}, rounds=1, threads=1)
    assert ran["systems"]["gradtape"]["status"] == "wrong"
    assert ran["systems"]["gradtape"]["seconds"] == []
    assert "2.5" in ran["systems"]["gradtape"]["said"]


def test_names_that_are_not_there_are_refused():
    with pytest.raises(SystemExit, match="no workload chian; there are start"):
        run.main(["--only", "chian"])
    with pytest.raises(SystemExit, match="no peer tensorflow2"):
        run.main(["--peers", "tensorflow2"])
