"""Checking derivatives: `check` for any function, and TensorFlow's `compute_gradient`.

`check(function, *inputs)` compares every first and second derivative that the modes give with one made of values alone,
entry by entry, in float64. It is built on the tape and the accumulator as a user would be, so what it finds is what a
user gets, and a custom rule is checked like any other.

The way of one check: `checking.coordinates` lays inputs and outputs out as real coordinates;
`checking.readings` fills a table for each mode; `expected` fills one from values (`checking.differences`); `compare`
judges entry by entry; `checking.report` prints.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .checking.coordinates import Problem, coordinates
from .checking.differences import EPSILON, Estimate, Vector, first, first_complex, second, second_complex
from .checking.readings import Table, first_order, second_order
from .checking.report import CheckError, Finding, Report
from .core.errors import ArgumentTypeError, DtypeError
from .core.further_errors import ChoiceError
from .core.tensor import as_tensor
from .tape import GradientTape

__all__ = ["CheckError", "Finding", "Report", "check", "compute_gradient"]

MODES = ("reverse", "forward")
# An expected value is too rough to judge by when it may be off by more than this part: half of 0.1 %.
ROUGH = 5e-4


def check(
    function: Callable[..., Any],
    *inputs: Any,
    orders: Iterable[int] = (1, 2),
    modes: Sequence[str] = MODES,
    rtol: float = 1e-5,
    atol: float = 0.0,
    limit: int = 10,
    raise_on_failure: bool = True,
) -> Report:
    """Check the first and second derivatives of a function at a point against values alone.

    Args:
        function: takes the inputs as tensors and returns a tensor or a nest of tensors of any shape.
        inputs: tensors, variables, arrays, numbers or nests of them. Floating and complex ones become float64 and
            complex128 and are differentiated; all others are handed on as they are.
        orders: 1, 2 or both.
        modes: "reverse", "forward" or both; at second order all their compositions are checked.
        rtol: the part of a derivative by which it may be off, beside what the check itself may be off by.
        atol: an amount by which any derivative may be off.
        limit: at most so many input coordinates and so many output coordinates are looked at, spread evenly.
        raise_on_failure: raise if something is wrong or undecided; else the report tells.

    Returns:
        A report that prints as a table and whose `findings` hold every entry that was compared.

    Raises:
        CheckError: an AssertionError with the report, if a derivative is wrong, or if the numerical derivative is too
            rough here to decide (at a kink, at the edge of the domain, or where rounding swallows the function).

    >>> import gradtape as gt
    >>> report = check(lambda x: x * gt.sin(x), 2.0)
    >>> report.ok, len(report.findings)
    (True, 6)
    """
    wanted = sorted(set(orders))
    if not wanted or not {1, 2}.issuperset(wanted):
        raise ChoiceError(f"orders are 1, 2 or both, got {wanted}")
    if not modes or not set(MODES).issuperset(modes):
        raise ChoiceError(f"modes are 'reverse', 'forward' or both, got {modes!r}")
    problem = Problem.of(function, inputs, limit)
    with np.errstate(all="ignore"):  # steps may leave the function's domain
        first_values, second_values, method = expected(problem, 2 in wanted)
    findings: list[Finding] = []
    if 1 in wanted:
        for mode, table in first_order(problem, modes):
            findings += compare(problem, 1, mode, first_values, table, rtol, atol)
    if second_values is not None:
        for mode, table in second_order(problem, modes):
            findings += compare(problem, 2, mode, second_values, table, rtol, atol)
    name = getattr(function, "__name__", type(function).__name__)
    report = Report(name, method, tuple(findings), problem.left_out)
    if raise_on_failure and not report.ok:
        raise CheckError(report)
    return report


@dataclass(frozen=True, slots=True)
class Expected:
    """Derivatives from values alone: outputs along the first axis, one more axis for each order."""

    value: Vector
    doubt: Vector
    """How far they, or a derivative computed without fault, may be off."""
    floor: Vector
    """The size below which an entry counts as zero when its doubt is weighed."""


def expected(problem: Problem, with_second: bool) -> tuple[Expected, Expected | None, str]:
    """The derivatives from values alone, and the name of the method."""
    x, count = problem.point(), len(problem.inputs)
    slopes = [first(problem.values, x, j) for j in range(count)]
    exact = complex_slopes(problem, x, slopes) if problem.real else None
    values = np.stack([slope.value for slope in slopes] if exact is None else exact, axis=1)
    errors = np.stack(
        [slope.error for slope in slopes]
        if exact is None
        else [np.zeros_like(slope.value) for slope in slopes],
        axis=1,
    )
    # The steps that served tell the length on which the function changes, and so the size of its derivatives.
    length = np.array([slope.step for slope in slopes])
    size = np.abs(problem.values(x))
    natural = size[:, None] / length
    first_values = Expected(values, 10 * errors + 64 * EPSILON * natural, floor_of(values, natural))
    name = "central differences, extrapolated" if exact is None else "complex step"
    if not with_second:
        return first_values, None, name
    # Second differences start a little above the step at which the first ones had settled.
    steps = np.minimum(10 * length, np.maximum(np.abs(x), 1.0))
    shape = (*natural.shape, count)
    values, errors = np.empty(shape), np.empty(shape)
    for j in range(count):
        for k in range(j, count):
            if exact is None:
                estimate = second(problem.values, x, j, k, (steps[j], steps[k]))
            else:
                estimate = second_complex(problem.values, x, j, k, steps[k])
            values[:, j, k] = values[:, k, j] = estimate.value
            errors[:, j, k] = errors[:, k, j] = estimate.error
    natural = np.maximum(natural, np.abs(first_values.value))[:, :, None] / length
    natural = np.maximum(natural, np.swapaxes(natural, 1, 2))
    second_values = Expected(values, 10 * errors + 64 * EPSILON * natural, floor_of(values, natural))
    return first_values, second_values, name


def complex_slopes(problem: Problem, x: Vector, slopes: Sequence[Estimate]) -> list[Vector] | None:
    """First derivatives by the complex step; None unless the function takes complex numbers and is analytic.

    Analytic means that the step into the complex plane and the differences along the real line agree.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # dropping an imaginary part is a warning in NumPy
        try:
            found = [first_complex(problem.values, x, j) for j in range(len(x))]
            beside = problem.values(x.astype(np.complex128)).real
        except Exception:  # whatever the function does not like about complex numbers
            return None
    size = np.abs(problem.values(x))
    agree = all(
        np.all(
            np.abs(one - other.value)
            <= 10 * other.error + 1e-6 * np.abs(other.value) + 1e-9 * size / other.step
        )
        for one, other in zip(found, slopes, strict=True)
    )
    return found if agree and np.allclose(beside, problem.values(x), rtol=1e-9, atol=0.0) else None


def floor_of(values: Vector, natural: Vector) -> Vector:
    """What counts as zero beside an output's largest derivative and its own size."""
    axes = tuple(range(1, values.ndim))
    largest = np.max(np.where(np.isfinite(values), np.abs(values), 0.0), axis=axes, keepdims=True)
    return np.asarray(1e-6 * largest + 1e-6 * natural)


def compare(
    problem: Problem, order: int, mode: str, wanted: Expected, table: Table, rtol: float, atol: float
) -> Iterator[Finding]:
    """Judge every entry of a table."""
    for place, got in sorted(table.items()):
        value, doubt = float(wanted.value[place]), float(wanted.doubt[place])
        allowed = rtol * abs(value) + doubt + atol
        off = abs((got or 0.0) - value)
        if not np.isfinite(value) or doubt > max(ROUGH * max(abs(value), float(wanted.floor[place])), atol):
            verdict = "undecided"
        else:
            verdict = "right" if off <= allowed else "wrong"
        yield Finding(order, mode, entry_name(problem, place), value, got, allowed, verdict)


def entry_name(problem: Problem, place: tuple[int, ...]) -> str:
    """An entry as one would write it: `d y[0] / d x[1]`, `d2 y / d x[0] d x[1]`."""
    below = " ".join(f"d {problem.inputs[j].name}" for j in place[1:])
    return f"d{'' if len(place) == 2 else len(place) - 1} {problem.outputs[place[0]].name} / {below}"


class _UngradedError(DtypeError, AssertionError):
    """A DtypeError that is an AssertionError too, as TensorFlow raises."""


def compute_gradient(
    f: Callable[..., Any], x: Sequence[Any], delta: float | None = None
) -> tuple[tuple[Vector, ...], tuple[Vector, ...]]:
    """The Jacobians of `f` by the tape and by central differences, as TensorFlow's `tf.test.compute_gradient`.

    Args:
        f: takes as many arguments as `x` has and returns one tensor.
        x: a list or tuple of values that become tensors; their dtypes are kept.
        delta: the step of the differences, 1/1024 by default.

    Returns:
        The theoretical and the numerical Jacobians, one of each for every argument: arrays of two axes, an entry of
        `f(*x)` along the first and an entry of the argument along the second, in the argument's dtype. A complex
        entry counts as two, its real part and its imaginary part.

    Raises:
        ValueError: if `x` is not a list or tuple.
        AssertionError: if an argument is not floating or complex.

    >>> import gradtape as gt
    >>> theoretical, numerical = compute_gradient(lambda x: x * x, [[1.0, 2.0]])
    >>> theoretical[0].tolist(), numerical[0].tolist()
    ([[2.0, 0.0], [0.0, 4.0]], [[2.0, 0.0], [0.0, 4.0]])
    """
    if not isinstance(x, (list, tuple)):
        raise ArgumentTypeError(
            f"`x` must be a list or tuple of values convertible to a Tensor (arguments to `f`), not a {type(x)}"
        )
    step = 1 / 1024 if delta is None else delta
    arguments = [as_tensor(value) for value in x]
    for number, argument in enumerate(arguments):
        if np.dtype(argument.dtype).kind not in "fc":
            raise _UngradedError(
                f"Cannot compute gradient for unsupported type {argument.dtype} of argument {number}"
            )
    with GradientTape(persistent=True) as tape:
        tape.watch(arguments)
        y = as_tensor(f(*arguments))
    rows = coordinates([y], ["y"])
    theoretical, numerical = [], []
    for number, argument in enumerate(arguments):
        value = np.array(argument.numpy())
        columns = coordinates([value], ["x"])
        exact, rough = (np.zeros((len(rows), len(columns)), value.real.dtype) for _ in range(2))
        for i, row in enumerate(rows):
            gradient = tape.gradient(y, argument, output_gradients=row.basis([y])[0])
            exact[i] = [column.read([gradient]) or 0.0 for column in columns]
        for j, column in enumerate(columns):
            move = (column.basis([value])[0] * step).astype(value.dtype)
            ahead, behind = (
                as_tensor(f(*arguments[:number], as_tensor(value + sign * move), *arguments[number + 1 :]))
                for sign in (1, -1)
            )
            change = [(np.asarray(ahead.numpy()) - np.asarray(behind.numpy())) / (2 * step)]
            rough[:, j] = [row.read(change) for row in rows]
        theoretical.append(exact)
        numerical.append(rough)
    return tuple(theoretical), tuple(numerical)
