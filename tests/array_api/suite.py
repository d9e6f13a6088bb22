"""The public test suite of the array API standard (data-apis/array-api-tests) on our namespace: a job of its own.

    GRADTAPE_ARRAY_API_TESTS=/path/to/array-api-tests python tests/array_api/suite.py [arguments of pytest]

The place is a checkout of the suite with its submodule and its requirements installed. Tests that are expected to fail
stand in `expected_failures.txt`, each under its reason.
"""

import os
import subprocess
import sys
from pathlib import Path

PLACE = "GRADTAPE_ARRAY_API_TESTS"
EXPECTED = Path(__file__).with_name("expected_failures.txt")


def command(place, arguments=()):
    """The command that runs the suite, its folder and what it needs of the environment."""
    wanted = [sys.executable, "-m", "pytest", "array_api_tests", "-p", "no:cacheprovider"]
    wanted += [f"--xfails-file={EXPECTED}", *arguments]
    own = {"ARRAY_API_TESTS_MODULE": "gradtape.array_api", "ARRAY_API_TESTS_VERSION": "2024.12"}
    return wanted, Path(place), own


def run(place, arguments=()):
    """Run the suite; its exit status.

    Raises:
        SystemExit: if the place holds no suite; it says how to get one.
    """
    if not place or not (Path(place) / "array_api_tests").is_dir():
        raise SystemExit(
            f"{PLACE} must name a checkout of data-apis/array-api-tests (with its submodule, and with its "
            f"requirements.txt installed); it is {place or 'not set'}"
        )
    wanted, folder, own = command(place, arguments)
    return subprocess.run(wanted, cwd=folder, env={**os.environ, **own}, check=False).returncode


def reasons():
    """The expected failures: the id of a test, and the comment above it."""
    found, why = {}, []
    for line in EXPECTED.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            why.append(line.removeprefix("#").strip())
        elif line.strip():
            found[line.strip()] = " ".join(why)
        else:
            why = []
    return found


if __name__ == "__main__":
    sys.exit(run(os.environ.get(PLACE), sys.argv[1:]))
