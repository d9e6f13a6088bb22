"""`gradtape bench`: how long a function and its derivatives take here, as they stand and compiled."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from ..core.errors import said
from ..core.spec import float64
from ..core.tensor import Tensor, as_tensor
from ..explain.summary import columns
from ..functions import function as compiled
from ..meter import Progress, progress
from ..ops.composite import astype
from ..ops.elementwise import exp, tanh
from ..ops.linear import sum_
from ..transforms import grad, hessian
from .expression import evaluate, names_in, parse
from .output import CommandError
from .source import function_at
from .values import values_at

LARGEST_HESSIAN = 2000  # inputs


@dataclass(frozen=True, slots=True)
class Timing:
    """One thing measured: seconds of the quickest call, eager and compiled; NaN for what is not there.

    `compiling` is the time of the two calls that record and compile.
    """

    name: str
    eager: float
    compiled: float = math.nan
    compiling: float = math.nan

    def data(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "name": self.name,
            "eager_s": self.eager,
            "compiled_s": self.compiled,
            "compiling_s": self.compiling,
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """Timings of one function; `ratios` says how many values a derivative costs, eager and compiled."""

    what: str
    timings: tuple[Timing, ...]
    notes: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {"function": self.what, "timings": [t.data() for t in self.timings], "notes": list(self.notes)}

    def text(self) -> str:
        """The table."""
        first = self.timings[0]
        rows: list[tuple[str, ...]] = [
            ("", "eager", "compiled", "to compile", "eager / value", "compiled / value")
        ]
        for timing in self.timings:
            ratios = [_ratio(timing.eager, first.eager), _ratio(timing.compiled, first.compiled)]
            rows.append(
                (
                    timing.name,
                    _seconds(timing.eager),
                    _seconds(timing.compiled),
                    _seconds(timing.compiling),
                    *ratios,
                )
            )
        table = [line.rstrip() for line in columns(rows, numbers={1, 2, 3, 4, 5})]
        return "\n".join([self.what, *table, *self.notes])


def of_function(
    what: str,
    at: str = "",
    seconds: float = 0.3,
    library: ModuleType | None = None,
    shown: bool | None = None,
) -> Measured:
    """Time the value, gradient and Hessian of a formula or of FILE:FUNCTION, the sum of its results.

    Args:
        what: a formula such as "x**3*sin(t)", or a file and a function in it.
        at: the arguments: "x=1.0,t=0.5" or "0.5,[1.0,2.0]".
        seconds: how long each is repeated; the quickest call counts.
        library: what `tensorflow` means while the file runs.
        shown: whether to show progress; by default on a terminal.

    Raises:
        ValueError: for what does not fit together.
    """
    by_place, named = values_at(at)
    if ".py:" in what:
        function = function_at(what, library)
        given = [*by_place, *named.values()]
        split, keys = len(by_place), list(named)

        def value(*xs: Tensor) -> Tensor:
            return total(function(*xs[:split], **dict(zip(keys, xs[split:], strict=True))))
    else:
        tree = parse(what)
        names = names_in(tree)
        if by_place or set(named) != set(names):
            raise CommandError(f"--at gives every variable a number or a list by name: {', '.join(names)}")
        given = [named[name] for name in names]

        def value(*xs: Tensor) -> Tensor:
            return total(evaluate(tree, dict(zip(names, xs, strict=True))))

    if not given:
        raise CommandError("--at gives the arguments; without any there is nothing to differentiate in")
    if not seconds > 0:
        raise CommandError(f"--seconds is positive, not {seconds}")
    return measured(what, value, [as_tensor(np.asarray(x, np.float64)) for x in given], seconds, shown)


def total(y: Any) -> Tensor:
    """The sum of a result's entries, in double precision."""
    y = astype(as_tensor(y), float64)
    return sum_(y, axis=tuple(range(y.ndim)), keepdims=False) if y.ndim else y  # type: ignore[no-any-return]


def measured(
    what: str, value: Callable[..., Tensor], xs: list[Tensor], seconds: float, shown: bool | None = None
) -> Measured:
    """Time a function of tensors that returns one number."""
    places = tuple(range(len(xs)))
    size = sum(x.size for x in xs)
    tasks: dict[str, Callable[..., Any]] = {"value": value, "gradient": grad(value, places)}
    notes = []
    if size <= LARGEST_HESSIAN:
        tasks["Hessian"] = hessian(value, places)
    else:
        notes.append(f"no Hessian: it would have {size:,} rows")
    timings = []
    bar: Progress[int] = progress(2 * len(tasks), f"bench {what}", shown=shown)
    with bar:
        for name, task in tasks.items():
            eager = quickest(lambda task=task: task(*xs), seconds)  # type: ignore[misc]
            bar.advance()
            fast, begun = compiled(task), time.perf_counter()
            quick = compiling = math.nan
            try:
                fast(*xs)  # records
                fast(*xs)  # compiles
                compiling = time.perf_counter() - begun
                quick = quickest(lambda fast=fast: fast(*xs), seconds)  # type: ignore[misc]
            except Exception as error:
                notes.append(f"{name} is not compiled: {said(error).splitlines()[0]}")
            bar.advance()
            timings.append(Timing(name, eager, quick, compiling))
    return Measured(what, tuple(timings), tuple(notes))


def quickest(call: Callable[[], Any], seconds: float) -> float:
    """The seconds of the quickest of many calls, after a first that records or warms up.

    The quickest is the call that the rest of the machine disturbed least.
    """
    call()
    clock = time.perf_counter
    best, end = math.inf, clock() + seconds
    while True:
        start = clock()
        call()
        now = clock()
        best = min(best, now - start)
        if now >= end:
            return best


# without a function: what this machine does


def cases() -> dict[str, tuple[Callable[..., Tensor], list[Tensor]]]:
    """Programs of small, long and wide computations, with their arguments."""

    def seed(x: Any, t: Any) -> Any:
        return x**3 + 2.0 * t

    def chain(x: Any) -> Any:
        for _ in range(100):
            x = x - 0.01 * x * x
        return x

    def wide(x: Any) -> Any:
        return sum_(tanh(x) * exp(-x * x), axis=(0,), keepdims=False)

    def network(x: Any, w: Any, v: Any) -> Any:
        return sum_(tanh(tanh(x @ w) @ w) @ v, axis=(0, 1), keepdims=False)

    draw = np.random.default_rng(0)
    number = [as_tensor(np.float64(1.0)), as_tensor(np.float64(1.0))]
    return {
        "two numbers: x**3 + 2*t": (seed, number),
        "chain of 300 operations": (chain, number[:1]),
        "100,000 numbers: tanh(x)*exp(-x*x)": (wide, [as_tensor(draw.normal(size=100_000))]),
        "network 500 x 20, two layers": (
            network,
            [as_tensor(draw.normal(size=shape)) for shape in ((500, 20), (20, 20), (20, 1))],
        ),
    }


def start(seconds: float) -> float:
    """The seconds that a process takes which imports gradtape, less those of one that imports NumPy."""

    def process(module: str) -> float:
        return quickest(
            lambda: subprocess.run([sys.executable, "-c", f"import {module}"], check=True), seconds
        )

    return max(process("gradtape") - process("numpy"), 0.0)


def of_machine(seconds: float = 0.3, shown: bool | None = None) -> Iterator[Measured]:
    """The built-in cases, one after the other; the first is the start."""
    yield Measured("start, beyond NumPy's", (Timing("import gradtape", start(seconds)),))
    for name, (value, xs) in cases().items():
        yield measured(name, value, xs, seconds, shown)


def _seconds(number: float) -> str:
    """0.4 us, 12.3 us, 4.56 ms, 1.2 s."""
    if math.isnan(number):
        return "-"
    unit, size = next((u, s) for u, s in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)) if number >= s or u == "us")
    return f"{number / size:.3g} {unit}"


def _ratio(number: float, value: float) -> str:
    return "-" if math.isnan(number) or not value else f"{number / value:.2g}"


__all__: list[str] = ["Measured", "Timing", "cases", "measured", "of_function", "of_machine", "quickest"]
