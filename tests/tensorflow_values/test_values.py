"""Values, gradients and second derivatives equal those that TensorFlow gave, call by call (see `__init__.py`)."""

import inspect

import numpy as np
import pytest

import gradtape

from .calls import CALLS
from .deviations import (
    DIFFERENT_ARGUMENTS,
    DIFFERENT_FIRST,
    DIFFERENT_SECOND,
    MORE_DERIVATIVES,
    SINGLE_PRECISION,
)
from .generate import stored
from .names import module_of, read
from .sampling import ask

VERSIONS, NAMES, ANSWERS = stored()
MODULES = read()["modules"]
TABLES = (DIFFERENT_FIRST, DIFFERENT_SECOND, MORE_DERIVATIVES, SINGLE_PRECISION)
TOLERANCE = {"float32": 2e-5, "float64": 1e-9, "complex128": 1e-9}


def offers(module, name):
    """Whether gradtape has a public name of TensorFlow's."""
    try:
        return hasattr(module_of(gradtape, module), name)
    except AttributeError:
        return False


def offered(dotted):
    return offers(*dotted.rpartition(".")[::2])


def difference(got, wanted, precision):
    """How an array differs from another beyond what the precision gives, in words; integers may not at all."""
    if got is None or wanted is None:
        return None if got is wanted else f"{got} for {wanted}"
    got, wanted = np.asarray(got), np.asarray(wanted)
    if (got.shape, got.dtype) != (wanted.shape, wanted.dtype):
        return f"{got.dtype}{got.shape} for {wanted.dtype}{wanted.shape}"
    share = size = 0.0
    if wanted.dtype.kind in "fc":
        share = TOLERANCE["float32" if wanted.dtype in (np.float32, np.complex64) else precision]
        size = np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted))
    same = np.allclose(got, wanted, rtol=share, atol=share * size, equal_nan=wanted.dtype.kind in "fc")
    return None if same else f"{got} for {wanted}"


def zeros_for_none(parts, likes):
    return [np.zeros_like(like) if part is None else part for part, like in zip(parts, likes, strict=True)]


ASKED = [(number, dtype) for number, dtype in ANSWERS if offered(CALLS[number].name)]


def label(key):
    return f"{key[0]}-{CALLS[key[0]].name}-{key[1]}"


def name_in_tables(one, inputs):
    return one.name + " (complex)" * any(x.dtype.kind == "c" for x in inputs)


@pytest.mark.parametrize("key", ASKED, ids=label)
def test_values_and_derivatives_are_tensorflows(key):
    number, dtype = key
    assert differences(CALLS[number], dtype, ANSWERS[key]) == []


def differences(one, dtype, wanted, tables=TABLES):
    """Which parts of a call differ from TensorFlow's answer, in words; those in the tables are not looked at."""
    first, second, more, single = tables
    found = ask(gradtape, one, dtype)
    inputs = one.outputs(gradtape, dtype)[0]
    name = one.name + " (complex)" * any(x.dtype.kind == "c" for x in inputs)
    precision = "float32" if one.name in single else dtype
    parts = {"values": (found.value, wanted.value)}
    if wanted.first is not None and name not in first:
        pairs = zip(found.first, wanted.first, strict=True)
        known = [(got, expected) for got, expected in pairs if expected is not None or one.name not in more]
        parts["first derivatives"] = tuple(zip(*known, strict=True)) or ((), ())
        if wanted.second is not None and name not in {*second, *more}:
            parts["second derivatives"] = tuple(zeros_for_none(a.second, inputs) for a in (found, wanted))
    return [
        f"{what}: {fault}"
        for what, (gots, expecteds) in parts.items()
        for got, expected in zip(gots, expecteds, strict=True)
        if (fault := difference(got, expected, precision))
    ]


@pytest.mark.parametrize("kind", range(len(TABLES)))
def test_every_deviation_is_one(kind):
    """A row of the tables whose calls have become equal is taken out."""
    for name in TABLES[kind]:
        without = [dict(table) for table in TABLES]
        del without[kind][name]
        keys = [key for key in ASKED if CALLS[key[0]].name == name.removesuffix(" (complex)")]
        assert any(differences(CALLS[key[0]], key[1], ANSWERS[key], without) for key in keys), name


def test_the_stored_answers_are_those_of_the_calls():
    assert [one.name for one in CALLS] == NAMES
    assert {key for number, one in enumerate(CALLS) for key in [(number, d) for d in one.dtypes]} == set(
        ANSWERS
    )
    assert VERSIONS["tensorflow"] == read()["version"]


def test_a_wrong_value_is_caught():
    assert difference(np.float64(1.0), np.float64(1.0), "float64") is None
    for got in (np.float64(1.001), np.float32(1.0), np.ones(1), None):
        assert difference(got, np.float64(1.0), "float64")


FUNCTIONS = [
    f"{module}.{name}".lstrip(".")
    for module, names in MODULES.items()
    for name, (kind, *_) in names.items()
    if kind == "function" and offers(module, name)
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_are_tensorflows(name):
    """The same names in the same order; gradtape may take more after them."""
    module, _, last = name.rpartition(".")
    wanted = [argument.rstrip("=") for argument in MODULES[module][last][1:]]
    parameters = inspect.signature(getattr(module_of(gradtape, module), last)).parameters
    kinds = {p.kind for p in parameters.values()}
    if name in DIFFERENT_ARGUMENTS:
        assert list(parameters)[: len(wanted)] != wanted, (
            "it does not differ any more: take it out of the table"
        )
        return
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return
    assert list(parameters)[: len(wanted)] == wanted
    optional = [a.endswith("=") for a in MODULES[module][last][1:]]
    for parameter, may_miss in zip(parameters.values(), optional, strict=False):
        assert not may_miss or parameter.default is not parameter.empty, f"{parameter.name} may be left out"


@pytest.mark.parametrize("table", [DIFFERENT_ARGUMENTS, *TABLES])
def test_every_deviation_has_its_reason(table):
    assert all(len(reason) > 20 for reason in table.values())
