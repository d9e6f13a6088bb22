"""Random programs: 200 in the ordinary run, 2,000 and more where GRADTAPE_PROGRAMS says so (CONTRIBUTING.md)."""

import os

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings

import gradtape as gt

from .judging import judge
from .operations import OPERATIONS, Operation, anything
from .writing import Program, Step, inputs_of, programs

COUNT = int(os.environ.get("GRADTAPE_PROGRAMS", "200"))
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
CALM = settings(
    deadline=None,
    suppress_health_check=QUIET,
    database=None,
    derandomize="GRADTAPE_PROGRAMS" not in os.environ,
    phases=[Phase.generate, Phase.shrink],
)
SHARES = {"float64": 0.7, "complex128": 0.2, "float32": 0.1}


@pytest.mark.parametrize("dtype", SHARES)
def test_programs(dtype):
    judged = []

    @settings(CALM, max_examples=max(1, round(COUNT * SHARES[dtype])))
    @given(programs(dtype))
    def run(program):
        settled = judge(program)
        judged.append(settled)
        event("differences settle" if settled else "differences do not settle")

    run()
    assert sum(judged) >= 0.8 * len(judged), "differences judge too few programs"


# Programs that once failed

ONCE_FAILED = {
    "NumPy's determinant left the tape": ("float32", [(2, 2)], [Step("determinant", (0,))]),
    "NumPy's slogdet left the tape": (
        "float64",
        [(2, 2)],
        [Step("log_determinant", (0,)), Step("sin", (1,))],
    ),
    "NumPy's rfft left the tape": ("float64", [(2,)], [Step("rfft_power", (0,)), Step("sum", (1,), None)]),
    "forward mode: zero beside a triangle times infinity": (
        "float64",
        [(2, 2)],
        [Step("square", (0,)), Step("triangle", (1,)), Step("sqrt", (2,))],
    ),
    "forward mode: zero around a padded vector times infinity": (
        "float64",
        [(3,)],
        [Step("square", (0,)), Step("pad", (1,)), Step("sqrt", (2,))],
    ),
    "lists could not be joined": ("float64", [(2, 3)], [Step("concatenate", (0, 0)), Step("square", (1,))]),
}


@pytest.mark.parametrize("name", ONCE_FAILED)
def test_programs_that_once_failed(name):
    dtype, shapes, steps = ONCE_FAILED[name]
    assert judge(Program(inputs_of(*shapes, dtype=dtype), tuple(steps)))


# The judge bites


def twice_wrong(x):
    """The identity, whose cotangent carries a dependence on x that the tangent has not: H is not symmetric."""

    @gt.custom_gradient
    def run(a):
        return gt.identity(
            a
        ), lambda upstream: upstream * gt.stop_gradient(gt.ones_like(a)) + 0.001 * (a - gt.stop_gradient(a))

    return run(x)


WRONG = {
    "derivative": (lambda x: 1.001 * x - gt.stop_gradient(0.001 * x), "differences give"),
    "value": (lambda x: 1.001 * x, "Not equal to tolerance"),
    "dtype": (lambda x: gt.cast(x, "float32"), "value 1"),
    "shape": (lambda x: gt.expand_dims(x, 0), "value 1"),
    "second derivative": (twice_wrong, "u H v and"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_operation_is_caught(monkeypatch, wrong):
    run, message = WRONG[wrong]
    faulty = Operation(run, lambda x: x, (anything,), (None,))
    monkeypatch.setitem(OPERATIONS, "faulty", faulty)
    steps = (Step("faulty", (0,)), Step("sin", (1,)), Step("multiply", (1, 2)))
    with pytest.raises(AssertionError, match=message):
        judge(Program(inputs_of((3,)), steps))
