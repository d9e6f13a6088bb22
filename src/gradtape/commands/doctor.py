"""`gradtape doctor`: what the library runs on, and whether it computes what it should."""

from __future__ import annotations

import os
import platform
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..backends import NAMES, llvm
from ..core.spec import default_float
from ..explain.summary import columns
from ..testing import check

OPTIONAL = {
    "scipy": "special functions, L-BFGS, solvers",
    "llvmlite": "machine code for gt.function",
    "sympy": "formulas",
    "matplotlib": "pictures",
    "safetensors": "gt.save and gt.load",
}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def examined(own_version: str) -> dict[str, Any]:
    """Versions, backends, linear algebra, threads, and the outcome of a check of derivatives."""
    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    report = check(lambda x, t: x**3 + 2.0 * t, 1.0, 1.0, raise_on_failure=False)
    return {
        "gradtape": own_version,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        "numpy": np.__version__,
        "blas": " ".join(str(blas[key]) for key in ("name", "version") if blas.get(key)) or "unknown",
        "cpus": os.cpu_count(),
        "threads": llvm.get_threads(),
        "thread_settings": {name: os.environ[name] for name in THREADS if name in os.environ},
        "default_float": default_float().name,
        "packages": {name: installed(name) for name in OPTIONAL},
        "backends": {name: llvm.missing() if name == "llvm" else None for name in NAMES},
        "derivatives": "right" if report.ok else str(report),
        "ok": report.ok,
    }


def installed(name: str) -> str | None:
    """The version of a package, None if it is not installed; what is wrong with one that cannot be loaded."""
    if find_spec(name) is None:
        return None
    try:
        return str(import_module(name).__version__)
    except Exception as error:  # whatever a broken installation raises
        return f"broken: {error}"


def described(found: dict[str, Any]) -> str:
    """The same as text."""
    rows = [
        ("gradtape", found["gradtape"]),
        ("Python", f"{found['python']} on {found['platform']}"),
        ("executable", sys.executable),
        ("NumPy", f"{found['numpy']}, linear algebra by {found['blas']}"),
        ("processors", f"{found['cpus']}; gt.function uses {found['threads']} threads"),
    ]
    rows += [(name, f"set to {value}") for name, value in found["thread_settings"].items()]
    rows += [("default float", found["default_float"])]
    for name, use in OPTIONAL.items():
        there = found["packages"][name]
        rows.append((name, f"{there} ({use})" if there else f"not installed ({use}): pip install {name}"))
    for name, fault in found["backends"].items():
        rows.append((f"backend {name}", "ready" if fault is None else fault))
    rows.append(("derivatives", found["derivatives"]))
    return "\n".join(line.rstrip() for line in columns(rows, numbers=set()))
