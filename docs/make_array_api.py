"""Write the tables of `array_api.md`: what comes of SciPy's functions on tensors when SCIPY_ARRAY_API=1.

    python3 docs/make_array_api.py

The findings are those of tests/array_api/scipy_calls.py, which compares values with NumPy's and derivatives with
difference quotients. What stands before the first heading that is written here is kept as it is.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE / "array_api.md"
CALLS = HERE.parent / "tests" / "array_api" / "scipy_calls.py"
MARK = "<!-- What follows is written by docs/make_array_api.py. -->"

_COMPILED = "SciPy turns the tensor into a NumPy array and computes in compiled code"
LEAVES = {
    "integrate.simpson": "SciPy turns the tensor into a NumPy array",
    "integrate.nsum": "the sum is evaluated by `tanhsinh` on arrays of NumPy's",
    "fft.": "the cosine and sine transforms are computed by SciPy's own compiled code",
    "signal.": _COMPILED,
    "ndimage.": _COMPILED,
    "interpolate.": _COMPILED,
    "cluster.vq.vq": _COMPILED,
}
PARTLY = {
    "signal.wiener": "part of the filter is compiled code: the gradient lacks that part",
    "signal.savgol_filter": "the inside is compiled code, the edges are recorded: the gradient lacks the inside",
}
INSTEAD = {
    "integrate.simpson": "`scipy.integrate.cumulative_simpson`, `scipy.integrate.trapezoid`",
    "signal.convolve": "`scipy.signal.fftconvolve`, `np.convolve`",
    "signal.correlate": "`np.correlate`",
    "interpolate.RegularGridInterpolator": "`np.interp` along one axis",
    "fft.dct": "`scipy.fft.rfft` of the even continuation",
}
RAISES = {
    "special.": "no rule: recorded tensors are refused by name",
    "differentiate.hessian": "SciPy calls a method `.sum` that arrays of the standard lack",
    "interpolate.RBFInterpolator": "SciPy calls a method `.view` that arrays of the standard lack",
}


def findings(names=()):
    """What comes of each call, found in a process of its own, as SciPy reads the variable when it is imported."""
    ran = subprocess.run(
        [sys.executable, str(CALLS), *names],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    return json.loads(ran.stdout)


def reason(name, reasons):
    """The reason under the name itself or under the beginning of it."""
    found = [
        why for key, why in reasons.items() if name == key or (key.endswith(".") and name.startswith(key))
    ]
    if not found:
        raise ValueError(f"there is no reason why scipy.{name} is not recorded")
    return found[0]


def rooms(names):
    """One line for each module of SciPy: the names of its functions."""
    found = {}
    for name in names:
        room, _, own = name.rpartition(".")
        found.setdefault(room, []).append(f"`{own}`")
    return [f"| `scipy.{room}` | {', '.join(sorted(own))} |" for room, own in sorted(found.items())]


def grouped(reasons):
    """One line for each module and reason."""
    lines = []
    for why in dict.fromkeys(reasons.values()):
        lines += [f"{line} {why} |" for line in rooms([name for name in reasons if reasons[name] == why])]
    return sorted(lines)


def table(heading, *lines):
    """A heading and what stands under it."""
    return ["", f"## {heading}", "", *lines]


def tables(found):
    """The text below the mark.

    Raises:
        ValueError: for a value that differs, or a function without a word on why it is not recorded.
    """
    of = {status: [name for name in found if found[name][0] == status] for status in
          ("recorded", "constant", "leaves", "raises", "wrong", "differs")}  # fmt: skip
    if of["differs"]:
        raise ValueError(f"values differ: {of['differs']}")
    version = importlib.metadata.version("scipy")
    lines = ["", f"SciPy {version}, {len(found)} functions of it."]
    lines += table(
        f"Recorded ({len(of['recorded'])})",
        "Values are those on NumPy arrays, first and second derivatives those of difference quotients.",
        "",
        "| module | functions |",
        "|---|---|",
        *rooms(of["recorded"]),
    )
    lines += table(
        f"Without a derivative ({len(of['constant'])})",
        "They run on tensors, and what they answer with is locally constant: ranks, counts, signs.",
        "",
        "| module | functions |",
        "|---|---|",
        *rooms(of["constant"]),
    )
    lost = {name: reason(name, LEAVES) for name in of["leaves"]}
    lost |= {name: reason(name, PARTLY) for name in of["wrong"]}
    lines += table(
        f"Where the tape is left ({len(lost)})",
        "They run on tensors and the values are right, but SciPy hands the values to NumPy: the derivative is None,",
        "or lacks what was computed there. A `DetachedTensorWarning` says so and names the line.",
        "",
        "| module | functions | why |",
        "|---|---|---|",
        *grouped(lost),
        "",
        "| instead of | write |",
        "|---|---|",
        *(f"| `scipy.{name}` | {way} |" for name, way in INSTEAD.items() if name in lost),
    )
    lines += table(
        f"Raise ({len(of['raises'])})",
        "| module | functions | why |",
        "|---|---|---|",
        *grouped({name: reason(name, RAISES) for name in of["raises"]}),
    )
    return "\n".join(lines) + "\n"


def page(found):
    """The whole page, the first part as it stands."""
    head = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    return head + MARK + "\n" + tables(found)


if __name__ == "__main__":
    PAGE.write_text(page(findings()), encoding="utf-8")
