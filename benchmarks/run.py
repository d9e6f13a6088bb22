"""Measure, and write the page: `python benchmarks/run.py` or `python -m benchmarks`.

--only chain,start         these workloads; the results of the others stay
--peers torch,autograd     these peers; "none" for gradtape alone; all that are installed by default
--python tensorflow=PATH   the interpreter in which a system is installed; this one by default
--rounds 5 --threads 2     how often each system is started, and the threads it may use
--dry                      print, but write nothing
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __package__ in (None, ""):  # run as a file
    sys.path[0] = str(ROOT)

from benchmarks import measure, table  # noqa: E402  # the line above finds it
from benchmarks.machine import cores  # noqa: E402 - the path is set first
from benchmarks.workload import SYSTEMS, names, workload  # noqa: E402 - the path is set first

RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "performance.md"


def options(arguments: list[str] | None) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", metavar="NAMES")
    parser.add_argument("--peers", default=",".join(SYSTEMS[1:]), metavar="NAMES")
    parser.add_argument("--python", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=min(2, cores()))
    parser.add_argument("--dry", action="store_true")
    return parser.parse_args(arguments)


def chosen(text: str, known: list[str], what: str) -> list[str]:
    """The names in a list with commas, in the order in which they are known."""
    wanted = [name for name in text.split(",") if name]
    if unknown := set(wanted).difference(known):
        raise SystemExit(f"no {what} {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return [name for name in known if name in wanted]


def main(arguments: list[str] | None = None) -> None:
    """Measure what is asked for and write the results and the page."""
    given = options(arguments)
    order = ORDER + [name for name in names() if name not in ORDER]
    peers = "" if given.peers == "none" else given.peers
    systems = ["gradtape", *chosen(peers, list(SYSTEMS[1:]), "peer")]
    pythons = dict(pair.split("=", 1) for pair in given.python)
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    fresh = {}
    for name in chosen(given.only, order, "workload") or order:
        print(f"{name} ...", file=sys.stderr, flush=True)
        fresh[name] = measure.run(workload(name), systems, pythons, given.rounds, given.threads)
        print("\n".join(table.section(name, fresh[name])), flush=True)
    if not given.dry:
        results |= fresh
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        table.write(PAGE, table.page(results, order))
    faults = [
        f"{name}: {system}: {measured['status']}: {measured['said']}"
        for name, result in fresh.items()
        for system, measured in result["systems"].items()
        if measured["status"] in ("wrong", "failed")
    ]
    if faults:
        raise SystemExit("\n".join(faults))


ORDER = [
    "start",
    "seed_eager",
    "seed_compiled",
    "seed_floats",
    "wide",
    "logsumexp",
    "monte_carlo",
    "burgers",
    "rk4",
    "lstm",
    "batch_sizes",
    "gmm",
    "kmeans",
    "least_squares",
    "rosen",
    "sparse_rosen",
    "sparse_differences",
    "chain",
    "hessian",
    "batch_jacobian",
    "orders",
    "plate",
    "laplacian",
    "mixed",
    "compiling",
]

if __name__ == "__main__":
    main()
